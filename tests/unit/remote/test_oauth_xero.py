"""Xero's login: client credentials, and a refresh token that changes at each use and must never be lost."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
import responses

from zoho_xero_sync.errors import LoginError, RemoteError, SyncError
from zoho_xero_sync.remote.http import Answer, Transport
from zoho_xero_sync.remote.oauth_xero import XeroAuthorizer
from zoho_xero_sync.remote.secrets import TokenSet, open_store

IDENTITY = "https://identity.xero.com"
TOKEN = f"{IDENTITY}/connect/token"
API = "https://api.xero.com"
CLIENT = {"ZXS_XERO_CLIENT_ID": "CLIENT", "ZXS_XERO_CLIENT_SECRET": "canary:secret/é"}
SEEDED = {**CLIENT, "ZXS_XERO_REFRESH_TOKEN": "r0"}


class Rotating:
    """Xero's token endpoint: each refresh token works once, and the one before it while `grace` is set.

    `lose` answers are processed and then lost; `failing` ones are 503 and not processed.
    """

    def __init__(self, first: str = "r0") -> None:
        self.current, self.previous, self.count = first, "", 0
        self.grace, self.lose, self.failing = True, 0, 0
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: Any) -> tuple[int, dict[str, str], str]:
        form = dict(parse_qsl(request.body.decode()))
        self.asked.append(form)
        if self.failing:
            self.failing -= 1
            return 503, {}, ""
        used = form.get("refresh_token")
        if used != self.current and not (self.grace and used == self.previous):
            return 400, {}, '{"error":"invalid_grant"}'
        self.count += 1
        self.previous, self.current = str(used), f"r{self.count}"
        if self.lose:
            self.lose -= 1
            raise requests.ConnectionError("closed")
        body = {
            "access_token": f"a{self.count}",
            "refresh_token": self.current,
            "expires_in": 1800,
            "scope": "offline_access",
        }
        return 200, {}, json.dumps(body)


@pytest.fixture
def net() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def xero(net: responses.RequestsMock) -> Rotating:
    endpoint = Rotating()
    net.add_callback(responses.POST, TOKEN, endpoint)
    return endpoint


@pytest.fixture
def run(clock: Any, tmp_path: Path) -> Callable[..., XeroAuthorizer]:
    """Each call is what a fresh process would build."""

    def build(connection: str = "web", environ: dict[str, str] | None = None, **options: Any) -> XeroAuthorizer:
        given = environ if environ is not None else CLIENT if connection == "custom" else SEEDED
        credentials = open_store("env", tmp_path / "s.json", given, register=options.get("register", str))
        tenant = options.get("tenant")
        return XeroAuthorizer(credentials, IDENTITY, clock, contextlib.nullcontext, connection, lambda: tenant)

    return build


def stored(tmp_path: Path) -> TokenSet:
    return open_store("env", tmp_path / "s.json", {}, register=str).load_tokens("xero")


def secret_of(value: Any) -> str | None:
    return None if value is None else value.reveal()


# ---- custom connection ----


def test_client_credentials(run: Any, net: Any, clock: Any) -> None:
    for token in ("one", "two"):
        net.add(responses.POST, TOKEN, json={"access_token": token, "expires_in": 1800, "token_type": "Bearer"})
    told: list[str] = []
    first = run("custom", register=told.append)
    assert first.headers() == {"Authorization": "Bearer one", "Accept": "application/json"}
    request = net.calls[0].request
    assert dict(parse_qsl(request.body.decode())) == {"grant_type": "client_credentials"}
    basic = request.headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(basic).decode() == "CLIENT:canary%3Asecret%2F%C3%A9"
    assert {basic, "canary:secret/é", "one"} <= set(told)
    clock.pass_time(1700)
    second = run("custom")
    assert second.headers()["Authorization"] == "Bearer one"
    clock.pass_time(60)
    assert second.headers()["Authorization"] == "Bearer two"
    assert (first.minted, second.minted) == (1, 1)


def test_the_tenant_is_named_when_known(run: Any, xero: Rotating) -> None:
    assert run(tenant="11111111-aaaa").headers() == {
        "Authorization": "Bearer a1",
        "Accept": "application/json",
        "xero-tenant-id": "11111111-aaaa",
    }
    assert "xero-tenant-id" not in run().headers()


def test_changed_credentials_do_not_use_the_old_token(run: Any, net: Any) -> None:
    for token in ("one", "two"):
        net.add(responses.POST, TOKEN, json={"access_token": token, "expires_in": 1800})
    run("custom").headers()
    changed = run("custom", {**CLIENT, "ZXS_XERO_CLIENT_SECRET": "other"})
    assert changed.headers()["Authorization"] == "Bearer two"


# ---- rotation ----


def test_each_renewal_stores_the_new_token_before_use(run: Any, xero: Rotating, clock: Any, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        assert run().headers()["Authorization"] == f"Bearer a{number}"
        tokens = stored(tmp_path)
        assert (secret_of(tokens.refresh), secret_of(tokens.previous_refresh)) == (f"r{number}", f"r{number - 1}")
        assert tokens.rotated_at == clock.now()
        clock.pass_time(3600)
    assert [form["refresh_token"] for form in xero.asked] == ["r0", "r1", "r2"]


def test_pkce_sends_its_client_id_and_no_secret(run: Any, xero: Rotating, net: Any) -> None:
    run("pkce", {"ZXS_XERO_CLIENT_ID": "CLIENT", "ZXS_XERO_REFRESH_TOKEN": "r0"}).headers()
    assert xero.asked == [{"grant_type": "refresh_token", "refresh_token": "r0", "client_id": "CLIENT"}]
    assert "Authorization" not in net.calls[0].request.headers


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_lost_answer_is_asked_for_again_with_the_same_token(
    run: Any, xero: Rotating, lost: int, tmp_path: Path
) -> None:
    xero.lose = lost
    assert run().headers()["Authorization"] == f"Bearer a{lost + 1}"
    assert {form["refresh_token"] for form in xero.asked} == {"r0"}
    assert secret_of(stored(tmp_path).refresh) == f"r{lost + 1}"


def test_a_run_that_died_before_storing_is_made_good(run: Any, xero: Rotating, tmp_path: Path) -> None:
    run().headers()
    kept = (tmp_path / "s.json").read_text()
    for _ in ("killed before storing", "next run"):
        (tmp_path / "s.json").write_text(kept)
        login = run()
        login.headers()
        assert login.renew(Answer(401, {}, b"{}")) is True
    assert login.headers()["Authorization"] == "Bearer a3"
    assert [form["refresh_token"] for form in xero.asked] == ["r0", "r1", "r1"]


@pytest.mark.parametrize(("minutes", "works"), [(29, True), (31, False)])
def test_the_token_before_is_tried_once_while_its_grace_lasts(
    run: Any, xero: Rotating, clock: Any, minutes: int, works: bool
) -> None:
    run().headers()
    # What r0 gave never became valid at Xero's side: only r0 still counts.
    xero.current, xero.previous = "unknown", "r0"
    clock.pass_time(minutes * 60)
    if works:
        assert run().headers()["Authorization"] == "Bearer a2"
        assert [form["refresh_token"] for form in xero.asked] == ["r0", "r1", "r0"]
        return
    with pytest.raises(LoginError, match="no longer accepts the stored login"):
        run().headers()
    assert [form["refresh_token"] for form in xero.asked] == ["r0", "r1"]


def test_a_dead_login_keeps_what_is_stored(run: Any, xero: Rotating, clock: Any, tmp_path: Path) -> None:
    run().headers()
    clock.pass_time(3600)
    xero.current = xero.previous = "elsewhere"
    before = (tmp_path / "s.json").read_bytes()
    with pytest.raises(LoginError):
        run().headers()
    assert (tmp_path / "s.json").read_bytes() == before


def test_a_new_first_token_in_the_environment_is_tried_when_the_stored_one_died(
    run: Any, xero: Rotating, clock: Any
) -> None:
    run().headers()
    clock.pass_time(3600)
    xero.current, xero.previous = "new", ""
    environ = {**CLIENT, "ZXS_XERO_REFRESH_TOKEN": "new"}
    assert run("web", environ).headers()["Authorization"] == "Bearer a2"
    clock.pass_time(3600)
    assert run("web", environ).headers()["Authorization"] == "Bearer a3"
    assert [form["refresh_token"] for form in xero.asked] == ["r0", "r1", "new", "r2"]


def test_an_unwell_endpoint_costs_no_token(run: Any, xero: Rotating, clock: Any) -> None:
    xero.failing = 3
    assert run().headers()["Authorization"] == "Bearer a1"
    xero.failing = 100
    clock.pass_time(3600)
    with pytest.raises(RemoteError):
        run().headers()
    xero.failing = 0
    assert run().headers()["Authorization"] == "Bearer a2"


def test_no_token_is_asked_for_while_none_could_be_stored(run: Any, xero: Rotating, tmp_path: Path) -> None:
    login = run()
    (tmp_path / ".s.json.lock").mkdir()
    with pytest.raises(LoginError, match="could not be written"):
        login.headers()
    assert xero.asked == []
    (tmp_path / ".s.json.lock").rmdir()
    assert login.headers()["Authorization"] == "Bearer a1"


def test_a_token_that_cannot_be_stored_is_not_used(
    run: Any, xero: Rotating, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    login = run()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(LoginError, match="could not be written"):
            login.headers()
    clock.pass_time(60)
    assert login.headers()["Authorization"] == "Bearer a2"
    assert [form["refresh_token"] for form in xero.asked] == ["r0", "r0"]


# ---- refusals ----


@pytest.mark.parametrize("connection", ["custom", "web", "pkce"])
@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("invalid_grant", "no longer accepts the stored login"),
        ("invalid_client", "does not accept the client id"),
        ("unauthorized_client", "does not allow this app"),
        ("invalid_scope", "does not have the scopes"),
        ("unsupported_grant_type", r"refused the login \(unsupported_grant_type\)"),
        ("canary\nline", r"refused the login \(unknown error\)"),
    ],
)
def test_a_refused_login_says_how(
    run: Any, net: Any, clock: Any, connection: str, status: int, error: str, message: str
) -> None:
    net.add(responses.POST, TOKEN, status=status, json={"error": error, "error_description": "canary"})
    with pytest.raises(LoginError, match=message) as caught:
        run(connection).headers()
    assert caught.value.exit_code == 12
    assert "zoho-xero-sync auth xero" in caught.value.hint
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    assert (len(net.calls), clock.slept) == (1, [])


@pytest.mark.parametrize("connection", ["custom", "web"])
@pytest.mark.parametrize(
    ("status", "body"), [(200, ""), (200, "<html>"), (200, "{}"), (403, "<html>Access Denied"), (404, "")]
)
def test_no_token_and_no_reason_is_later(run: Any, net: Any, connection: str, status: int, body: str) -> None:
    net.add(responses.POST, TOKEN, status=status, body=body)
    with pytest.raises(RemoteError, match="no token") as caught:
        run(connection).headers()
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("connection", "environ", "hint"),
    [
        ("custom", {}, "ZXS_XERO_CLIENT_ID"),
        ("custom", {"ZXS_XERO_CLIENT_ID": "a"}, "ZXS_XERO_CLIENT_SECRET"),
        ("web", CLIENT, "Log in: zoho-xero-sync auth xero"),
        ("pkce", {"ZXS_XERO_CLIENT_ID": "a"}, "Log in: zoho-xero-sync auth xero"),
    ],
)
def test_what_is_missing_is_named(run: Any, net: Any, connection: str, environ: dict[str, str], hint: str) -> None:
    with pytest.raises(LoginError) as caught:
        run(connection, environ).headers()
    assert hint in caught.value.hint
    assert len(net.calls) == 0


# ---- what a 401 and a 403 mean ----


@pytest.mark.parametrize(
    "body",
    [
        b'{"Title":"Unauthorized","Status":401,"Detail":"TokenExpired: token expired at 01/23/2020 18:21:16"}',
        b'{"title":"Unauthorized","status":401,"detail":"AuthenticationUnsuccessful"}',
        b"",
    ],
)
def test_an_expired_token_is_renewed_once(run: Any, xero: Rotating, body: bytes) -> None:
    login = run()
    login.headers()
    assert login.renew(Answer(401, {}, body)) is True
    assert login.headers()["Authorization"] == "Bearer a2"
    with pytest.raises(LoginError, match="even with a new token"):
        login.renew(Answer(401, {}, body))
    assert login.minted == 2


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"WWW-Authenticate": "insufficient_scope"}, b'{"Detail":"AuthorizationUnsuccessful"}'),
        ({"www-authenticate": 'Bearer error="insufficent_scope"'}, b"{}"),
        ({}, b'{"detail":"AuthorizationUnsuccessful"}'),
    ],
)
def test_a_missing_scope_is_never_renewed(run: Any, xero: Rotating, headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(LoginError, match=r"lacks the scope for PUT /api\.xro/2\.0/Invoices"):
        run().renew(Answer(401, headers, body, "Xero", "PUT /api.xro/2.0/Invoices"))
    assert xero.asked == []


@pytest.mark.parametrize(
    "body", [b'{"title":"Forbidden","detail":"AuthenticationUnsuccessful"}', b'{"Detail":"AuthenticationUnsuccessful"}']
)
def test_a_lost_connection_says_so(run: Any, xero: Rotating, body: bytes) -> None:
    with pytest.raises(LoginError, match="refuses this organisation"):
        run().renew(Answer(403, {}, body))
    assert xero.asked == []


def test_another_403_is_the_callers(run: Any, xero: Rotating) -> None:
    assert run().renew(Answer(403, {}, b"<html>Access Denied</html>")) is False


# ---- together with the transport ----


def test_no_canary_in_any_error_log_or_repr(run: Any, net: Any, clock: Any, caplog: Any) -> None:
    net.add(responses.POST, TOKEN, json={"access_token": "canary-access", "refresh_token": "canary-refresh"})
    net.add(responses.PUT, f"{API}/api.xro/2.0/Invoices", status=401, json={"Detail": "AuthenticationUnsuccessful"})
    login = run(environ={**SEEDED, "ZXS_XERO_REFRESH_TOKEN": "canary-first"})
    with caplog.at_level(logging.DEBUG), Transport("Xero", API, clock=clock, authorizer=login) as transport:
        with pytest.raises(SyncError) as caught:
            transport.write("PUT", "/api.xro/2.0/Invoices", body=b"".join([b"canary", b"-body"]))
        assert transport.calls == 2
    seen = caplog.text + "".join(traceback.format_exception(caught.value)) + repr(vars(login)) + repr(vars(transport))
    assert "POST /connect/token: 200" in caplog.text
    canaries = ("canary-access", "canary-refresh", "canary-first", "canary-body", "canary:secret")
    assert [canary for canary in canaries if canary in seen] == []
