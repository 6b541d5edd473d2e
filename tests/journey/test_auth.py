"""`auth`: every way in, against both services over HTTP; what lapses, is refused, or belongs to somebody else."""

from __future__ import annotations

import html
import io
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

import click
import pytest
import yaml
from click.testing import CliRunner
from world_tools import CONFIG, SECRETS, DeskClock, Result, order, world

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import run
from zoho_xero_sync.errors import ExitCode, Interrupted
from zoho_xero_sync.sandbox import Fault, Sandbox, VirtualClock

ZOHO_CLIENT = (SECRETS["ZXS_ZOHO_CLIENT_ID"], SECRETS["ZXS_ZOHO_CLIENT_SECRET"])
XERO_CLIENT = (SECRETS["ZXS_XERO_CLIENT_ID"], SECRETS["ZXS_XERO_CLIENT_SECRET"])
# What the configuration of these tests needs, as the API console takes it.
SCOPES = (
    "ZohoCRM.coql.READ,ZohoCRM.modules.deals.READ,ZohoCRM.modules.accounts.READ,ZohoCRM.modules.contacts.READ,"
    "ZohoCRM.modules.quotes.READ,ZohoCRM.org.READ,ZohoCRM.settings.taxes.READ,ZohoCRM.settings.modules.READ,"
    "ZohoCRM.settings.fields.READ,ZohoCRM.settings.layouts.READ,ZohoCRM.settings.pipeline.READ,"
    "ZohoCRM.settings.currencies.READ"
)
HOME = "Sandbox Pty Ltd"
OTHER = "Second Harbour Trading"

Page = Callable[[str], None]


@dataclass
class Office:
    """A sandbox, a configuration, a terminal, a browser: all that a login needs. Nobody is logged in at first."""

    box: Sandbox
    folder: Path
    port: int
    environ: dict[str, str] = field(default_factory=lambda: {"DISPLAY": ":0"})
    said: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    visits: list[tuple[int, str]] = field(default_factory=list)
    screen: io.StringIO = field(default_factory=io.StringIO)
    browsing: threading.Thread = field(default_factory=threading.Thread)

    def configure(self, **changes: Any) -> None:
        zoho, xero = self.box.zoho_url, self.box.xero_url
        settings = {
            **CONFIG,
            "zoho": {"data_center": "au", "accounts_url": zoho, "api_url": zoho},
            "xero": {
                "connection": self.box.world["xero"]["connection"],
                **dict.fromkeys(("identity_url", "login_url", "api_url"), xero),
            },
        }
        for key, value in changes.items():
            settings[key] = {**settings[key], **value} if isinstance(settings.get(key), dict) else value
        (self.folder / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")

    def run(
        self,
        *argv: str,
        typed: Sequence[str] | None = None,
        piped: str = "",
        page: Page | None = None,
        stop: Callable[[], None] = lambda: None,
        code: int = 0,
        tty: bool = False,
    ) -> Result:
        """One command line; `typed` is what a person at the terminal answers, `page` what the browser does."""
        out, err = io.StringIO(), io.StringIO()
        self.screen = err
        clock, asks = DeskClock(self.box.clock), typed is not None
        hands = Hands(out, err, self.environ, self.folder, clock, stop, tty, asks, open_page=page or self.nobody)
        with CliRunner().isolation(input="".join(f"{line}\n" for line in typed or (piped,))) as streams:
            exited = run(list(argv), hands)
            asked = (streams[0].getvalue() + streams[1].getvalue()).decode()
        result = Result(exited, out.getvalue(), err.getvalue() + asked)
        self.said += [result.out, err.getvalue()]
        assert exited == code, f"{' '.join(argv)} exited {exited}\n{result.out}\n{result.err}"
        assert "Traceback" not in result.err
        return result

    # ---- people ----

    def nobody(self, address: str) -> None:
        """Nobody looks at the page; an hour passes."""
        self.box.clock.advance(3600)

    def browser(self, decision: str = "allow", *, tenants: Sequence[str] | None = None) -> Page:
        """A person who opens the page, decides, and follows where it leads; time passes if it leads nowhere."""

        def act(address: str) -> None:
            try:
                back = self.decide(address, decision, tenants)
                self.visit(back) if back else self.nobody(address)
            except (OSError, AssertionError):
                self.nobody(address)
                raise

        return lambda address: threading.Thread(target=act, args=(address,), daemon=True).start()

    def decide(self, address: str, decision: str = "allow", tenants: Sequence[str] | None = None) -> str | None:
        """Where the login page sends the browser; None when it shows an error."""
        try:
            with urlopen(address, timeout=10) as answer:
                page = answer.read().decode()
        except URLError:
            return None
        target, fields, chosen = self.filled(address, page, decision, tenants)
        request = Request(target, data=urlencode([*fields, chosen]).encode())
        try:
            build_opener(_Stay).open(request, timeout=10)
        except URLError as answered:
            location = answered.headers["Location"]
            self.codes += [value for name, value in parse_qsl(urlsplit(location).query) if name == "code"]
            return str(location)
        return None

    def filled(
        self, address: str, page: str, decision: str, tenants: Sequence[str] | None = None
    ) -> tuple[str, list[tuple[str, str]], tuple[str, str]]:
        """The login page's form: where it goes, its fields with the organisations ticked, and the button pressed."""
        parts = urlsplit(address)
        fields = parse_qsl(parts.query)
        for value, name in re.findall(r'value="([^"]+)" checked>\s*([^<(\n]+)', page):
            fields += [("tenant", value)] if tenants is None or name.strip() in tenants else []
        words = {"allow": "accept", "deny": "reject"} if parts.path.startswith("/oauth") else {}
        target = f"{parts.scheme}://{parts.netloc}{parts.path}"
        return target, fields, ("decision", words.get(decision, decision))

    def visit(self, address: str) -> None:
        """The browser follows; what it saw is kept."""
        try:
            with urlopen(address, timeout=10) as answer:
                self.visits.append((answer.status, answer.read().decode()))
        except URLError as refused:
            self.visits.append((getattr(refused, "code", 0), ""))

    # ---- shortcuts ----

    def grant_code(self, scopes: str = SCOPES) -> str:
        """What the API console shows under Generate Code."""
        code = self.box.zoho.issue_grant_code(scopes.split(","))
        self.codes.append(code)
        return code

    def log_in_zoho(self, scopes: str = SCOPES, code: int = 0) -> Result:
        return self.run("auth", "zoho", typed=[*ZOHO_CLIENT, self.grant_code(scopes)], code=code)

    def log_in_xero(self, *argv: str, code: int = 0, **browser: Any) -> Result:
        connection = self.box.world["xero"]["connection"]
        typed = XERO_CLIENT[:1] if connection == "pkce" else XERO_CLIENT
        port = () if connection == "custom" else ("--port", str(self.port))
        return self.run("auth", "xero", *port, *argv, typed=typed, page=self.browser(**browser), code=code)

    def status(self, *argv: str, code: int = 0) -> dict[str, dict[str, Any]]:
        found = json.loads(self.run("auth", "status", "--json", *argv, code=code).out)
        return {login["service"]: login for login in found["logins"]}

    def secrets(self) -> dict[str, Any]:
        file = self.folder / "secrets.json"
        stored = json.loads(file.read_text("utf-8")) if file.exists() else {}
        return {name: json.loads(text) if name.endswith("_tokens") else text for name, text in stored.items()}

    def wait(self, **time: float) -> None:
        self.box.clock.advance(timedelta(**time).total_seconds())


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Let the redirect be seen."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def office_in(folder: Path, connection: str = "custom", *, running: bool = False, **xero: Any) -> Iterator[Office]:
    port = free_port()
    backs = [f"http://localhost:{port}/callback"]
    placed = world(order("old", "Closed Won"), xero={"connection": connection, **xero})
    placed["zoho"]["client"]["redirect_uris"] = placed["xero"]["client"]["redirect_uris"] = backs
    start = datetime.now(UTC) if running else datetime.fromisoformat(str(placed["clock"]))
    with Sandbox(placed, clock=VirtualClock(start, running=running)) as box:
        office = Office(box, folder, port)
        office.configure()
        yield office
        _assert_no_secret_told(office)
        assert not box.calls.writes() or {call.path.split("/")[1] for call in box.calls.writes()} == {"connections"}


def _assert_no_secret_told(office: Office) -> None:
    known = [SECRETS["ZXS_ZOHO_CLIENT_SECRET"], SECRETS["ZXS_XERO_CLIENT_SECRET"], *office.codes]
    for value in office.secrets().values():
        known += (
            [str(value[name]) for name in ("access", "refresh") if name in value] if isinstance(value, dict) else []
        )
    others = [path.read_bytes().decode("latin-1") for path in office.folder.iterdir() if path.name != "secrets.json"]
    for secret in known:
        assert not any(secret in text for text in (*office.said, *others))


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
        result = office.run("auth", "zoho", "--code", office.grant_code(), code=13)
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
    result = both.log_in_xero(tenants=[OTHER], code=13)
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
        login = office.status("--check", code=13)["zoho"]
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
    for day in range(45, 60):
        pkce.wait(days=1)
        for _ in range(2):
            notes = json.loads(pkce.run("sync", "--json").out)["notes"]
            told += [(day, note) for note in notes]
    assert [day for day, _ in told] == [46, 53, 58]
    assert "lapses in 14 days, on 2027-01-19" in told[0][1]
    assert "auth status --check" in told[2][1]
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


# ---- real browsers ----

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--virtual-time-budget=10000", "--dump-dom",
)  # fmt: skip


def chromium(office: Office, folder: Path, decision: str = "allow") -> Page:
    """A headless Chromium that sends the login page's own form and follows where it leads."""
    profile, form, seen = folder / "profile", folder / "person.html", folder / "seen.html"

    def act(address: str) -> None:
        try:
            with urlopen(address, timeout=10) as answer:
                page = answer.read().decode()
            target, fields, chosen = office.filled(address, page, decision)
            inputs = "".join(f'<input name="{name}" value="{html.escape(value)}">' for name, value in [*fields, chosen])
            form.write_text(
                f'<form method="post" action="{target}">{inputs}</form><script>document.forms[0].submit()</script>'
            )
            done = subprocess.run(
                [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", form.as_uri()],
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            seen.write_text(done.stdout, encoding="utf-8")
        finally:
            # Has it not come back by now, it never will.
            office.nobody(address)

    def show(address: str) -> None:
        office.browsing = threading.Thread(target=act, args=(address,))
        office.browsing.start()

    return show


def shown(office: Office, folder: Path) -> str:
    """The page that Chromium ended at."""
    office.browsing.join()
    return (folder / "seen.html").read_text(encoding="utf-8")


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the browser's own."""
    return tmp_path_factory.mktemp("browser")


needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed on this machine")


@needs_chromium
@pytest.mark.parametrize("connection", ["pkce", "web"])
def test_chromium_logs_in_to_xero(tmp_path: Path, elsewhere: Path, connection: str) -> None:
    with office_in(tmp_path, connection) as office:
        typed = XERO_CLIENT[:1] if connection == "pkce" else XERO_CLIENT
        page = chromium(office, elsewhere)
        result = office.run("auth", "xero", "--port", str(office.port), typed=typed, page=page)
        assert f"Logged in to Xero: {HOME}" in result.out
        assert "Logged in. Close this page" in shown(office, elsewhere)


@needs_chromium
def test_chromium_logs_in_to_zoho(office: Office, elsewhere: Path) -> None:
    page = chromium(office, elsewhere)
    result = office.run("auth", "zoho", "--browser", "--port", str(office.port), typed=ZOHO_CLIENT, page=page)
    assert f"Logged in to Zoho: {HOME}" in result.out
    assert "Logged in. Close this page" in shown(office, elsewhere)


@needs_chromium
def test_chromium_brings_a_refusal_back(pkce: Office, elsewhere: Path) -> None:
    page = chromium(pkce, elsewhere, "deny")
    result = pkce.run("auth", "xero", "--port", str(pkce.port), typed=XERO_CLIENT[:1], page=page, code=12)
    assert "somebody chose not to allow it" in result.err
    assert "The login was refused. Close this page" in shown(pkce, elsewhere)


def test_the_program_itself_opens_the_browser_that_is_set(tmp_path: Path, elsewhere: Path) -> None:
    """As a process of its own, under the machine's clock, with $BROWSER."""
    with office_in(tmp_path, "pkce", running=True) as office:
        note = elsewhere / "address"
        script = elsewhere / "person.py"
        script.write_text(f"import sys, pathlib; pathlib.Path({str(note)!r}).write_text(sys.argv[1])\n")
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "BROWSER": f"{sys.executable} {script} %s",
            "ZXS_XERO_CLIENT_ID": XERO_CLIENT[0],
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "zoho_xero_sync", "auth", "xero", "--port", str(office.port), "--timeout", "60"],
            cwd=tmp_path, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        pause = threading.Event()
        for _ in range(300):
            if process.poll() is not None or (note.exists() and note.read_text()):
                break
            pause.wait(0.1)
        if process.poll() is None:
            office.visit(str(office.decide(note.read_text())))
        out, err = process.communicate(timeout=60)
        office.said += [out, err]
        assert (process.returncode, out.startswith(f"Logged in to Xero: {HOME}")) == (0, True), err
