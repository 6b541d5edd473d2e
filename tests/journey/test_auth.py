"""`auth`: every way in, against both services over HTTP; what lapses, is refused, or belongs to somebody else."""

from __future__ import annotations

import json
import re
import socket
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from auth_tools import HOME, OTHER, SCOPES, XERO_CLIENT, ZOHO_CLIENT, Office, free_port, office_in
from world_tools import SECRETS, Result

from zoho_xero_sync.errors import ExitCode, Interrupted
from zoho_xero_sync.sandbox import Fault, Sandbox


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with office_in(tmp_path) as ready:
        yield ready


@pytest.fixture
def pkce(tmp_path: Path) -> Iterator[Office]:
    with office_in(tmp_path, "pkce") as ready:
        yield ready


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Office]:
    """A web app that two organisations may be connected to."""
    with office_in(tmp_path, "web", organisations=[{"Name": OTHER}]) as ready:
        yield ready


# ---- Zoho: the self client ----


def test_a_self_client_logs_in_and_the_run_needs_nothing_more(office: Office) -> None:
    result = office.log_in_zoho()
    assert result.out == f"Logged in to Zoho: {HOME} (5725767000000000001). It works until it is revoked.\n"
    assert SCOPES in result.err.splitlines()
    assert "api-console.zoho.com.au" in result.err
    assert stat.S_IMODE((office.folder / "secrets.json").stat().st_mode) == 0o600
    office.log_in_xero()
    office.run("sync")
    tokens = [call for call in office.box.calls.all() if call.kind == "token"]
    assert [call.service for call in tokens] == ["zoho", "xero"]


def test_the_code_may_come_from_stdin_and_the_client_from_the_environment(office: Office) -> None:
    office.environ |= {name: SECRETS[name] for name in ("ZXS_ZOHO_CLIENT_ID", "ZXS_ZOHO_CLIENT_SECRET")}
    office.run("auth", "zoho", "--code", "-", piped=office.grant_code())
    office.environ.clear()
    assert office.status(code=12)["zoho"]["state"] == "ok"
    office.run("auth", "zoho", "--code", "-", code=2)


def test_without_a_terminal_the_scopes_are_told_and_the_code_is_asked_for_as_an_option(office: Office) -> None:
    assert "ZXS_ZOHO_CLIENT_ID, ZXS_ZOHO_CLIENT_SECRET" in office.run("auth", "zoho", code=12).err
    office.environ |= {name: SECRETS[name] for name in ("ZXS_ZOHO_CLIENT_ID", "ZXS_ZOHO_CLIENT_SECRET")}
    result = office.run("auth", "zoho", code=2)
    assert SCOPES in result.err
    assert "--code" in result.err


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ((*ZOHO_CLIENT, "1000.wrong"), "Zoho does not accept the code"),
        (("1000.OTHER", ZOHO_CLIENT[1], "CODE"), "Zoho does not know the client id"),
        ((ZOHO_CLIENT[0], "wrong", "CODE"), "Zoho does not accept the client secret"),
    ],
)
def test_what_zoho_refuses_is_told_apart(office: Office, typed: tuple[str, ...], sentence: str, status: int) -> None:
    office.box.zoho.switches["token_error_status"] = status
    result = office.run("auth", "zoho", typed=[*typed[:2], typed[2].replace("CODE", office.grant_code())], code=12)
    assert sentence in result.err
    assert office.secrets() == {}
    office.log_in_zoho()


def test_a_code_that_waited_too_long_is_refused(office: Office) -> None:
    code = office.grant_code()
    office.wait(minutes=10)
    assert "good once" in office.run("auth", "zoho", typed=[*ZOHO_CLIENT, code], code=12).err


def test_a_throttled_login_is_no_dead_login(office: Office) -> None:
    office.log_in_zoho()
    before = office.secrets()["zoho_tokens"]["refresh"]
    office.box.faults.add(Fault("rate_minute", service="zoho", path="oauth/v2/token", times=50))
    office.run("auth", "zoho", "--code", office.grant_code(), code=4)
    assert office.secrets()["zoho_tokens"]["refresh"] == before


def test_a_login_that_lacks_a_scope_is_not_stored(office: Office) -> None:
    result = office.log_in_zoho(SCOPES.replace("ZohoCRM.modules.quotes.READ,", ""), code=12)
    assert "lacks ZohoCRM.modules.quotes.READ (quotes, whose rows become invoice lines)" in result.err
    assert "zoho_tokens" not in office.secrets()
    office.log_in_zoho("ZohoCRM.coql.READ,ZohoCRM.modules.READ,ZohoCRM.org.ALL,ZohoCRM.settings.READ")


def test_a_login_of_another_organisation_is_refused_and_the_one_before_stays(office: Office) -> None:
    office.log_in_zoho()
    office.log_in_xero()
    office.run("sync")
    before = office.secrets()["zoho_tokens"]
    with _other_zoho(office):
        result = office.run("auth", "zoho", "--code", office.grant_code(), code=12)
    assert f"This ledger belongs to the Zoho organisation {HOME} and the login reaches Foreign Traders" in result.err
    assert office.secrets()["zoho_tokens"] == before
    office.run("sync")


@contextmanager
def _other_zoho(office: Office) -> Iterator[None]:
    """For a while Zoho answers as another organisation, as a login of another portal would make it."""
    ours = office.box.zoho.org
    office.box.zoho.org = replace(ours, id="99", company_name="Foreign Traders")
    yield
    office.box.zoho.org = ours


def test_a_fixed_token_in_the_environment_is_told_before_anything_is_asked(office: Office) -> None:
    office.environ["ZXS_ZOHO_REFRESH_TOKEN"] = SECRETS["ZXS_ZOHO_REFRESH_TOKEN"]
    result = office.run("auth", "zoho", typed=[], code=2)
    assert "Unset ZXS_ZOHO_REFRESH_TOKEN" in result.err
    assert office.box.calls.all() == ()


def test_a_login_whose_judging_was_cut_short_asks_whose_it_is_before_it_is_used(office: Office) -> None:
    office.box.faults.add(Fault("status_500_before", service="zoho", path="/org", times=99))
    office.log_in_zoho(code=4)
    assert "access" not in office.secrets()["zoho_tokens"]
    office.box.faults.clear()
    assert office.status("--check", code=12)["zoho"]["organisation"] == HOME


# ---- Zoho: by the browser ----


def test_a_browser_logs_in_to_zoho(office: Office) -> None:
    office.run("auth", "zoho", "--browser", "--port", str(office.port), typed=ZOHO_CLIENT, page=office.browser())
    ((status, page),) = office.visits
    assert (status, "Close this page" in page) == (200, True)
    assert office.status(code=12)["zoho"]["organisation"] == HOME


def test_a_second_consent_brings_a_refresh_token_too(office: Office) -> None:
    for _ in range(2):
        office.run("auth", "zoho", "--browser", "--port", str(office.port), typed=ZOHO_CLIENT, page=office.browser())
    assert office.status(code=12)["zoho"]["state"] == "ok"


def test_a_refusal_on_the_page_is_told(office: Office) -> None:
    result = office.run(
        "auth", "zoho", "--browser", "--port", str(office.port), typed=ZOHO_CLIENT, page=office.browser("deny"), code=12
    )
    assert "somebody chose not to allow it" in result.err


@pytest.mark.parametrize(
    ("server", "sentence"),
    [
        ("https://accounts.zoho.eu", "Set zoho.data_center: eu"),
        ("https://accounts.zohocloud.ca", "Set zoho.data_center: ca"),
        ("https://accounts.zoho.com", "Set zoho.data_center: us"),
        ("https://accounts.zoho.eu.example.com", "not one of Zoho's. Nothing was sent"),
        ("http://accounts.zoho.eu", "not one of Zoho's. Nothing was sent"),
    ],
)
def test_an_accounts_server_elsewhere_is_sent_nothing(office: Office, server: str, sentence: str) -> None:
    office.box.zoho.oauth.accounts_server = server
    result = office.run(
        "auth", "zoho", "--browser", "--port", str(office.port), typed=ZOHO_CLIENT, page=office.browser(), code=12
    )
    assert sentence in result.err
    assert not [call for call in office.box.calls.all() if call.kind == "token"]


def test_a_page_that_never_redirects_ends_the_wait(office: Office) -> None:
    wrong = ("1000.OTHER", ZOHO_CLIENT[1])
    result = office.run(
        "auth", "zoho", "--browser", "--port", str(office.port), typed=wrong, page=office.browser(), code=12
    )
    assert "within 5 minutes" in result.err
    assert "shows an error and goes nowhere means" in result.err
    assert f"http://localhost:{office.port}/callback" in result.err


def test_a_pasted_address_logs_in(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    result = paste(office, monkeypatch, "zoho", ZOHO_CLIENT)
    assert "belongs to another login" in result.err
    assert "not the address the browser was sent back to" in result.err
    assert office.status(code=12)["zoho"]["state"] == "ok"


def paste(office: Office, monkeypatch: pytest.MonkeyPatch, service: str, client: Sequence[str]) -> Result:
    """Log in with --paste; the person first pastes two wrong addresses."""
    real = click.prompt
    told: list[str] = []

    def prompt(text: str, **options: Any) -> Any:
        if not text.startswith("Address"):
            return real(text, **options)
        (address,) = re.findall(r"^(http://\S+/auth(?:orize)?\?\S+)$", office.screen.getvalue(), flags=re.MULTILINE)
        back = str(office.decide(address))
        for wrong in ("https://example.com/callback?code=1", re.sub("state=[^&]+", "state=other", back)):
            with pytest.raises(click.UsageError) as refused:
                options["value_proc"](wrong)
            told.append(refused.value.message)
        return options["value_proc"](f"  {back}  ")

    monkeypatch.setattr(click, "prompt", prompt)
    result = office.run("auth", service, "--paste", "--port", str(office.port), typed=client)
    return Result(result.code, result.out, result.err + "\n".join(told))


def test_pasting_needs_a_terminal(office: Office) -> None:
    office.environ |= {name: SECRETS[name] for name in ("ZXS_ZOHO_CLIENT_ID", "ZXS_ZOHO_CLIENT_SECRET")}
    assert "--paste needs a terminal" in office.run("auth", "zoho", "--paste", code=2).err
    assert "cannot be combined" in office.run("auth", "zoho", "--paste", "--browser", code=2).err


def test_a_port_that_is_taken_is_named(office: Office) -> None:
    with socket.create_server(("127.0.0.1", office.port)):
        result = office.run("auth", "zoho", "--browser", "--port", str(office.port), typed=ZOHO_CLIENT, code=2)
    assert f"Port {office.port} on this machine cannot be listened on" in result.err
    assert "--paste" in result.err


# ---- Xero ----


def test_a_custom_connection_needs_no_browser(office: Office) -> None:
    result = office.run("auth", "xero", typed=XERO_CLIENT)
    assert result.out.startswith(f"Logged in to Xero: {HOME} (")
    assert "accounting.settings.read  accounts, taxes" in result.err
    assert "offline_access" not in result.err
    login = office.status(code=12)["xero"]
    assert (login["state"], login["lapses_at"], login["organisation"]) == ("ok", None, HOME)


def test_a_custom_connection_without_a_scope_is_refused(tmp_path: Path) -> None:
    with office_in(tmp_path) as office:
        client = office.box.xero.tokens.client
        office.box.xero.tokens.client = replace(client, scopes=client.scopes - {"accounting.invoices"})
        result = office.run("auth", "xero", typed=XERO_CLIENT, code=12)
        assert "lacks accounting.invoices (invoices are looked for, made and updated)" in result.err
        assert "xero_tokens" not in office.secrets()


@pytest.mark.parametrize(
    "typed", [(XERO_CLIENT[0], "wrong"), ("OTHER", XERO_CLIENT[1])], ids=["wrong secret", "unknown client"]
)
def test_what_xero_refuses_is_told(office: Office, typed: tuple[str, ...]) -> None:
    result = office.run("auth", "xero", typed=typed, code=12)
    assert "Xero does not accept the client id or the client secret" in result.err
    assert office.secrets() == {}


def test_a_wrong_secret_that_was_stored_can_be_typed_again(office: Office) -> None:
    office.run("auth", "xero", typed=XERO_CLIENT)
    client = office.box.xero.tokens.client
    office.box.xero.tokens.client = replace(client, secret="a-new-secret")
    office.run("auth", "xero", typed=[], code=12)
    office.run("auth", "xero", "--new-client", typed=(XERO_CLIENT[0], "a-new-secret"))
    assert office.secrets()["xero_client_secret"] == "a-new-secret"


def test_an_app_of_another_type_is_told(both: Office) -> None:
    both.configure(xero={"connection": "custom"})
    result = both.run("auth", "xero", typed=XERO_CLIENT, code=12)
    assert "Set xero.connection to the app's own type" in result.err


@pytest.mark.parametrize("connection", ["pkce", "web"])
def test_a_browser_logs_in_to_xero(tmp_path: Path, connection: str) -> None:
    with office_in(tmp_path, connection) as office:
        office.log_in_zoho()
        result = office.log_in_xero()
        assert "It lapses after 60 days without use." in result.out
        assert ("code_challenge=" in result.err) == (connection == "pkce")
        assert office.status()["xero"]["lapses_at"] == "2027-01-19T01:00:00Z"
        office.run("sync")
        office.wait(days=1)
        assert office.status("--check")["xero"]["lapses_at"] == "2027-01-20T01:00:00Z"


def test_a_pasted_address_logs_in_to_xero(pkce: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    paste(pkce, monkeypatch, "xero", XERO_CLIENT[:1])
    assert pkce.status(code=12)["xero"]["state"] == "ok"


def test_xero_refusals_by_the_browser(pkce: Office) -> None:
    assert "somebody chose not to allow it" in pkce.log_in_xero(decision="deny", code=12).err
    # A port that is not registered: Xero's page shows an error and never redirects.
    port = str(free_port())
    result = pkce.run("auth", "xero", "--port", port, typed=XERO_CLIENT[:1], page=pkce.browser(), code=12)
    assert "redirect URI is not as the app has it" in result.err
    assert pkce.secrets() == {}


def test_no_window_is_opened_where_there_is_none(pkce: Office) -> None:
    opened: list[str] = []
    for environ, windows in (({}, 0), ({"TERM": "xterm"}, 0), ({"WAYLAND_DISPLAY": "w"}, 1), ({"BROWSER": "b"}, 2)):
        pkce.environ = dict(environ)
        result = pkce.run(
            "auth", "xero", "--port", str(pkce.port), typed=XERO_CLIENT[:1], page=opened.append,
            stop=lambda: pkce.wait(minutes=2), code=12,
        )  # fmt: skip
        assert "/identity/connect/authorize?" in result.err
        assert len(opened) == windows


def test_a_signal_ends_the_wait(pkce: Office) -> None:
    def stop() -> None:
        raise Interrupted(ExitCode.INTERRUPTED)

    pkce.run(
        "auth", "xero", "--port", str(pkce.port), typed=XERO_CLIENT[:1], stop=stop, page=pkce.said.append, code=130
    )


# ---- which organisation ----


def test_several_organisations_are_asked_about_and_the_choice_is_kept(both: Office) -> None:
    both.log_in_zoho()
    result = both.run("auth", "xero", "--port", str(both.port), typed=[*XERO_CLIENT, "3", "2"], page=both.browser())
    assert "Type a number from 1 to 2." in result.err
    assert result.out.startswith(f"Logged in to Xero: {OTHER} (")
    both.run("sync")
    assert json.loads(both.run("status", "--json").out)["xero"]["name"] == OTHER


def test_the_organisation_may_be_named(both: Office) -> None:
    assert f"Logged in to Xero: {OTHER} (" in both.log_in_xero("--tenant", OTHER).out
    assert "reaches no organisation called 'Nobody'" in both.log_in_xero("--tenant", "Nobody", code=10).err


def test_where_nobody_can_choose_the_login_is_kept_and_the_configuration_asked_for(both: Office) -> None:
    both.log_in_zoho()
    names = ("ZXS_XERO_CLIENT_ID", "ZXS_XERO_CLIENT_SECRET")
    both.environ |= {name: SECRETS[name] for name in names}
    result = both.run("auth", "xero", "--port", str(both.port), page=both.browser(), code=10)
    assert f"xero.tenant: the Xero login reaches several: {HOME} (" in result.err
    both.configure(xero={"tenant": OTHER})
    both.run("sync")
    assert json.loads(both.run("status", "--json").out)["xero"]["name"] == OTHER


def test_a_xero_login_of_another_organisation_is_refused_and_the_one_before_stays(both: Office) -> None:
    both.log_in_zoho()
    both.box.xero.disconnect(OTHER)
    both.log_in_xero(tenants=[HOME])
    both.run("sync")
    before = both.secrets()["xero_tokens"]
    both.box.xero.disconnect(HOME)
    result = both.log_in_xero(tenants=[OTHER], code=12)
    assert f"belongs to the Xero organisation {HOME} and the login reaches {OTHER}" in result.err
    assert both.secrets()["xero_tokens"] == before


# ---- how they stand ----


def test_nobody_is_logged_in_at_first(office: Office) -> None:
    views = office.status(code=12)
    assert {view["state"] for view in views.values()} == {"missing"}
    assert views["zoho"]["hint"] == "Type: zoho-xero-sync auth zoho"
    assert office.box.calls.all() == ()
    office.status("--check", code=12)
    assert office.box.calls.all() == ()


def test_status_is_from_memory_unless_asked(pkce: Office) -> None:
    pkce.log_in_zoho()
    pkce.log_in_xero()
    before = len(pkce.box.calls.all())
    pkce.wait(days=3)
    views = pkce.status()
    assert len(pkce.box.calls.all()) == before
    assert {view["checked"] for view in views.values()} == {False}
    assert views["zoho"]["logged_in_at"] == "2026-11-20T01:00:00Z"
    text = pkce.run("auth", "status").out
    assert "since: 2026-11-20 01:00 UTC, 3 days ago" in text
    assert text.count("\n") == 2
    screen = pkce.run("auth", "status", tty=True).out
    assert "lapses after 60 days without use" in " ".join(screen.split())


@pytest.mark.parametrize(
    ("happens", "service", "state", "code"),
    [
        (lambda box: box.zoho.oauth.revoke_everything(), "zoho", "refused", 12),
        (lambda box: box.zoho.oauth.set_scopes(["ZohoCRM.coql.READ"]), "zoho", "refused", 12),
        (lambda box: box.xero.tokens.lapse(), "xero", "refused", 12),
        (lambda box: box.faults.add(Fault("status_503", service="zoho", times=999)), "zoho", "unreachable", 4),
    ],
)
def test_what_became_of_a_login_is_told_when_asked(
    pkce: Office, happens: Callable[[Sandbox], None], service: str, state: str, code: int
) -> None:
    pkce.log_in_zoho()
    pkce.log_in_xero()
    happens(pkce.box)
    pkce.wait(hours=2)
    login = pkce.status("--check", code=code)[service]
    assert login["state"] == state
    assert login["trouble"]
    if code == 12:
        assert f"zoho-xero-sync auth {service}" in login["hint"]


def test_a_login_of_another_organisation_is_told_when_asked(office: Office) -> None:
    office.log_in_zoho()
    office.log_in_xero()
    office.run("sync")
    with _other_zoho(office):
        login = office.status("--check", code=12)["zoho"]
    assert (login["state"], "Foreign Traders" in login["trouble"]) == ("elsewhere", True)


def test_a_scope_that_the_configuration_needs_by_now_is_told(office: Office) -> None:
    office.log_in_zoho()
    office.log_in_xero()
    office.configure(lines={"from": ["sales_order", "amount"]})
    login = office.status(code=12)["zoho"]
    assert (login["state"], login["trouble"]) == (
        "lacks_scope",
        "The Zoho login lacks ZohoCRM.modules.salesorders.READ.",
    )


def test_sixty_days_without_use(pkce: Office) -> None:
    pkce.log_in_zoho()
    pkce.log_in_xero()
    pkce.wait(days=60)
    login = pkce.status(code=12)["xero"]
    assert login["trouble"] == "The Xero login lapsed on 2027-01-19, after 60 days without use."
    assert login["hint"] == "Type: zoho-xero-sync auth xero"
    pkce.status("--check", code=12)
    assert "lapsed after 60 days unused" in pkce.run("sync", code=12).err
    pkce.log_in_xero()
    assert pkce.status()["xero"]["state"] == "ok"


def test_sync_warns_fourteen_seven_and_two_days_ahead_once_each(pkce: Office) -> None:
    pkce.log_in_zoho()
    pkce.log_in_xero()
    pkce.run("sync")
    told: list[tuple[int, str]] = []
    pkce.wait(days=44)
    for day in range(45, 62):
        pkce.wait(days=1)
        for _ in range(2):
            notes = json.loads(pkce.run("sync", "--json").out)["notes"]
            told += [(day, note) for note in notes]
    assert [day for day, _ in told] == [46, 53, 58, 60]
    assert "lapses in 14 days, on 2027-01-19" in told[0][1]
    assert "auth status --check" in told[2][1]
    assert "lapsed on 2027-01-19, after 60 days without use, so nothing can be invoiced" in told[3][1]
    assert told[3][1].endswith("zoho-xero-sync auth xero")


def test_use_renews_a_login_that_is_about_to_lapse(pkce: Office) -> None:
    pkce.log_in_zoho()
    pkce.log_in_xero()
    pkce.wait(days=59)
    assert "--check" in pkce.status()["xero"]["hint"]
    pkce.status("--check")
    assert pkce.status()["xero"]["hint"] is None


def test_the_warning_reaches_crons_mail(pkce: Office) -> None:
    pkce.log_in_zoho()
    pkce.log_in_xero()
    pkce.run("sync")
    pkce.wait(days=50)
    first, second = pkce.run("sync"), pkce.run("sync")
    assert (first.out, second.out, second.err) == ("", "", "")
    assert "The Xero login lapses in 10 days, on 2027-01-19" in first.err
    assert first.err.count("\n") == 1


# ---- logging out ----


def test_logging_out_of_xero_leaves_the_other_organisation_connected(both: Office) -> None:
    both.log_in_zoho()
    both.log_in_xero("--tenant", HOME)
    result = both.run("auth", "logout", "xero")
    assert f"{HOME} is disconnected from the app; no other organisation is." in result.out
    assert [tenant.connection is not None for tenant in both.box.xero.tenants.values()] == [False, True]
    assert not [call for call in both.box.calls.all() if call.path.endswith("revocation")]
    assert both.status(code=12)["xero"]["state"] == "missing"
    assert "auth xero" in both.run("sync", code=12).err


def test_the_connection_may_stay(pkce: Office) -> None:
    pkce.log_in_xero()
    before = len(pkce.box.calls.all())
    assert "The app stays connected." in pkce.run("auth", "logout", "xero", "--keep-connection").out
    assert len(pkce.box.calls.all()) == before
    assert "xero_tokens" not in pkce.secrets()


def test_a_dead_xero_login_can_be_forgotten(pkce: Office) -> None:
    pkce.log_in_xero()
    pkce.wait(days=61)
    result = pkce.run("auth", "logout", "xero")
    assert "No connection was removed" in result.out
    assert "xero_tokens" not in pkce.secrets()


def test_while_xero_is_down_nothing_is_forgotten(pkce: Office) -> None:
    pkce.log_in_xero()
    pkce.box.faults.add(Fault("status_503", service="xero", times=999))
    pkce.run("auth", "logout", "xero", code=4)
    assert "xero_tokens" in pkce.secrets()


@pytest.mark.parametrize("revoke", [False, True])
def test_logging_out_of_zoho(office: Office, revoke: bool) -> None:
    office.log_in_zoho()
    refresh = office.secrets()["zoho_tokens"]["refresh"]
    result = office.run("auth", "logout", "zoho", *(["--revoke"] if revoke else []))
    assert ("ended at Zoho too" in result.out) == revoke
    assert (refresh in office.box.zoho.oauth._refresh) != revoke
    assert "zoho_tokens" not in office.secrets()
    assert refresh not in result.out + result.err


def test_a_variable_that_logs_in_again_is_told(office: Office) -> None:
    office.environ |= SECRETS
    assert "ZXS_ZOHO_REFRESH_TOKEN is still set" in office.run("auth", "logout", "zoho").out


@pytest.mark.parametrize("argv", [("xero", "--revoke"), ("zoho", "--keep-connection"), ("nobody",)])
def test_logouts_that_make_no_sense(office: Office, argv: tuple[str, ...]) -> None:
    office.run("auth", "logout", *argv, code=2)
