"""Zoho's login: minted rarely, shared by runs, and each refusal told from the others."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import responses

from zoho_xero_sync.errors import LoginError, RemoteError, SyncError
from zoho_xero_sync.remote.http import Answer, Transport
from zoho_xero_sync.remote.oauth_zoho import ZohoAuthorizer
from zoho_xero_sync.remote.secrets import Secret, TokenSet, open_store

ACCOUNTS = "https://accounts.zoho.com.au"
TOKEN = f"{ACCOUNTS}/oauth/v2/token"
API = "https://www.zohoapis.com.au"
ENVIRON = {
    "ZXS_ZOHO_CLIENT_ID": "1000.CLIENT",
    "ZXS_ZOHO_CLIENT_SECRET": "canary-zoho-secret",
    "ZXS_ZOHO_REFRESH_TOKEN": "canary-zoho-refresh",
}
CANARIES = ("canary-zoho-secret", "canary-zoho-refresh", "canary-zoho-access")


@pytest.fixture
def net() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def run(clock: Any, tmp_path: Path) -> Callable[..., ZohoAuthorizer]:
    """Each call is what a fresh process would build."""

    def build(environ: dict[str, str] | None = None, accounts: str = ACCOUNTS, **options: Any) -> ZohoAuthorizer:
        credentials = open_store("env", tmp_path / "s.json", ENVIRON if environ is None else environ, register=str)
        return ZohoAuthorizer(credentials, accounts, clock, options.get("lock", contextlib.nullcontext))

    return build


def gives(net: responses.RequestsMock, *tokens: str, **more: object) -> None:
    for token in tokens:
        body = {"access_token": token, "api_domain": API, "scope": "ZohoCRM.coql.READ", "expires_in": 3600, **more}
        net.add(responses.POST, TOKEN, json=body)


def refused(status: int = 401, code: str = "INVALID_TOKEN") -> Answer:
    return Answer(
        status, {}, f'{{"code":"{code}","details":{{}},"status":"error"}}'.encode(), "Zoho", "POST /crm/v8/coql"
    )


def test_the_token_is_asked_for_in_the_body_and_sent_as_zoho_wants(run: Any, net: Any) -> None:
    gives(net, "canary-zoho-access")
    assert run().headers() == {"Authorization": "Zoho-oauthtoken canary-zoho-access"}
    request = net.calls[0].request
    assert "?" not in request.url
    assert dict(parse_qsl(request.body.decode())) == {
        "grant_type": "refresh_token",
        "client_id": "1000.CLIENT",
        "client_secret": "canary-zoho-secret",
        "refresh_token": "canary-zoho-refresh",
    }


def test_a_token_lives_through_many_runs_and_an_hour(run: Any, net: Any, clock: Any) -> None:
    gives(net, "one", "two")
    first = run()
    for _ in range(3):
        first.headers()
    assert first.minted == 1
    clock.pass_time(3600 - 61)
    second = run()
    assert second.headers() == {"Authorization": "Zoho-oauthtoken one"}
    assert second.minted == 0
    clock.pass_time(2)
    assert second.headers() == {"Authorization": "Zoho-oauthtoken two"}
    assert len(net.calls) == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"environ": {**ENVIRON, "ZXS_ZOHO_CLIENT_ID": "other"}},
        {"environ": {**ENVIRON, "ZXS_ZOHO_REFRESH_TOKEN": "other"}},
        {"accounts": "https://accounts.zoho.eu"},
    ],
)
def test_another_logins_token_is_not_used(run: Any, net: Any, changed: dict[str, Any]) -> None:
    gives(net, "one", "two")
    net.add(responses.POST, "https://accounts.zoho.eu/oauth/v2/token", json={"access_token": "two"})
    run().headers()
    assert run(**changed).headers() == {"Authorization": "Zoho-oauthtoken two"}


@pytest.mark.parametrize(
    ("life", "lives"),
    [
        ({"expires_in": 3600}, 3600),
        ({"expires_in": 600}, 600),
        ({"expires_in": 3600000, "expires_in_sec": 1800}, 1800),
        ({"expires_in": 3600000}, 3600),
        ({"expires_in": None}, 3600),
        ({"expires_in": "soon"}, 3600),
        ({"expires_in": -5}, 0),
    ],
)
def test_how_long_a_token_lives(run: Any, net: Any, clock: Any, life: dict[str, object], lives: int) -> None:
    gives(net, "one", "two", **life)
    login = run()
    login.headers()
    clock.pass_time(max(0, lives - 61))
    login.headers()
    early = login.minted
    clock.pass_time(2)
    login.headers()
    assert (early, login.minted) == ((1, 2) if lives else (2, 3))


def test_under_the_lock_the_store_is_read_again(run: Any, net: Any) -> None:
    gives(net, "other process", "mine")

    @contextlib.contextmanager
    def busy() -> Iterator[None]:
        run().headers()
        yield

    login = run(lock=busy)
    assert login.headers() == {"Authorization": "Zoho-oauthtoken other process"}
    assert (login.minted, len(net.calls)) == (0, 1)


# ---- refusals ----


@pytest.mark.parametrize("status", [200, 400, 401])
@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("invalid_code", "no longer accepts the stored login"),
        ("invalid_client", "does not know the client id in this data centre"),
        ("invalid_client_secret", "does not accept the client secret"),
        ("invalid_scope", r"refused the login \(invalid_scope\)"),
        ("<script>canary-zoho-secret", r"refused the login \(unknown error\)"),
    ],
)
def test_a_dead_login_says_how(run: Any, net: Any, clock: Any, status: int, error: str, message: str) -> None:
    net.add(responses.POST, TOKEN, status=status, json={"error": error})
    with pytest.raises(LoginError, match=message) as caught:
        run().headers()
    assert caught.value.exit_code == 12
    assert "zoho-xero-sync auth zoho" in caught.value.hint
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    assert (len(net.calls), clock.slept) == (1, [])


def test_too_many_mints_is_later_not_dead(run: Any, net: Any) -> None:
    body = {
        "error": "Access Denied",
        "error_description": "You have made too many requests continuously.",
        "status": "failure",
    }
    net.add(responses.POST, TOKEN, status=400, json=body)
    with pytest.raises(RemoteError, match="too many were asked for") as caught:
        run().headers()
    assert caught.value.exit_code == 4
    assert "Wait ten minutes" in caught.value.hint


@pytest.mark.parametrize(
    "body", ["", "<html>down</html>", "[]", '{"status": "ok"}', '{"access_token": ""}', '{"error": "general_error"}']
)
def test_no_token_and_no_reason_is_later(run: Any, net: Any, body: str) -> None:
    net.add(responses.POST, TOKEN, body=body)
    with pytest.raises(RemoteError, match="no token") as caught:
        run().headers()
    assert caught.value.exit_code == 4


def test_an_unwell_token_endpoint_is_tried_a_few_times(run: Any, net: Any, clock: Any) -> None:
    net.add(responses.POST, TOKEN, status=503)
    with pytest.raises(RemoteError, match="not working"):
        run().headers()
    assert len(net.calls) <= 6
    assert sum(clock.slept) <= 45


@pytest.mark.parametrize("missing", list(ENVIRON))
def test_what_is_missing_is_named(run: Any, net: Any, missing: str) -> None:
    with pytest.raises(LoginError) as caught:
        run({name: value for name, value in ENVIRON.items() if name != missing}).headers()
    assert "zoho-xero-sync auth zoho" in caught.value.hint
    assert len(net.calls) == 0


def test_a_token_that_cannot_be_stored_is_not_used(run: Any, net: Any, tmp_path: Path) -> None:
    gives(net, "one")
    (tmp_path / "s.json").write_text("{}")
    (tmp_path / "s.json").chmod(0o600)
    login = run()
    (tmp_path / ".s.json.lock").mkdir()
    with pytest.raises(LoginError, match="could not be written"):
        login.headers()
    assert "one" not in (tmp_path / "s.json").read_text()


# ---- renewing ----


@pytest.mark.parametrize("code", ["INVALID_TOKEN", "AUTHENTICATION_FAILURE", "invalid_token"])
def test_a_refused_token_is_renewed_once(run: Any, net: Any, code: str) -> None:
    gives(net, "one", "two", "three")
    login = run()
    login.headers()
    assert login.renew(refused(code=code)) is True
    assert login.headers() == {"Authorization": "Zoho-oauthtoken two"}
    with pytest.raises(LoginError, match="even with a new token"):
        login.renew(refused(code=code))
    assert login.minted == 2


def test_a_token_another_run_renewed_is_taken(run: Any, net: Any) -> None:
    gives(net, "one", "two", "three")
    one, other = run(), run()
    one.headers()
    other.headers()
    assert one.renew(refused()) is True
    assert other.renew(refused()) is True
    assert other.headers() == {"Authorization": "Zoho-oauthtoken two"}
    assert len(net.calls) == 2


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [b'{"code":"OAUTH_SCOPE_MISMATCH"}', b'{"data":[{"code":"OAUTH_SCOPE_MISMATCH"}]}'])
def test_a_missing_scope_is_never_renewed(run: Any, net: Any, status: int, body: bytes) -> None:
    with pytest.raises(LoginError, match="lacks the scope for POST /crm/v8/coql"):
        run().renew(Answer(status, {}, body, "Zoho", "POST /crm/v8/coql"))
    assert len(net.calls) == 0


@pytest.mark.parametrize(
    "answer", [refused(403, "NO_PERMISSION"), refused(401, "NO_PERMISSION"), Answer(403, {}, b"<html>")]
)
def test_other_refusals_are_the_callers(run: Any, net: Any, answer: Answer) -> None:
    assert run().renew(answer) is False
    assert len(net.calls) == 0


def test_a_401_that_is_no_json_is_worth_a_new_token(run: Any, net: Any) -> None:
    gives(net, "one", "two")
    login = run()
    login.headers()
    assert login.renew(Answer(401, {}, b"<html>")) is True


# ---- the API's address ----


@pytest.mark.parametrize(
    ("told", "default", "expected"),
    [
        ("https://www.zohoapis.eu", API, "https://www.zohoapis.eu"),
        ("https://sandbox.zohoapis.com.au", API, "https://sandbox.zohoapis.com.au"),
        ("https://www.zohoapis.com.au.evil.example.com", API, API),
        ("http://www.zohoapis.eu", API, API),
        ("https://www.zohoapis.eu/x", API, API),
        ("https://evil.example.com", API, API),
        ("", API, API),
        ("https://www.zohoapis.eu", "http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001", "http://127.0.0.1:8001"),
    ],
)
def test_the_api_is_where_zoho_says_if_that_is_zohos(
    run: Any, net: Any, told: str, default: str, expected: str
) -> None:
    gives(net, "one", api_domain=told)
    assert run().api_base(default) == default
    run().headers()
    assert run().api_base(default) == expected


# ---- together with the transport ----


def test_no_canary_in_any_error_log_or_repr(run: Any, net: Any, clock: Any, caplog: Any) -> None:
    gives(net, "canary-zoho-access", "canary-zoho-access-2")
    net.add(responses.GET, f"{API}/crm/v8/org", status=401, json={"code": "INVALID_TOKEN"})
    login = run()
    with caplog.at_level(logging.DEBUG), Transport("Zoho", API, clock=clock, authorizer=login) as transport:
        with pytest.raises(SyncError) as caught:
            transport.read("GET", "/crm/v8/org")
        assert transport.calls == 2
    seen = caplog.text + "".join(traceback.format_exception(caught.value)) + repr(vars(login)) + repr(vars(transport))
    assert "POST /oauth/v2/token: 200" in caplog.text
    assert [canary for canary in CANARIES if canary in seen] == []


def test_tokens_written_by_a_login_command_are_used(run: Any, net: Any, clock: Any, tmp_path: Path) -> None:
    gives(net, "one")
    environ = {name: value for name, value in ENVIRON.items() if "REFRESH" not in name}
    open_store("env", tmp_path / "s.json", environ, register=str).save_tokens(
        "zoho", TokenSet(refresh=Secret("stored"))
    )
    run(environ).headers()
    assert dict(parse_qsl(net.calls[0].request.body.decode()))["refresh_token"] == "stored"
