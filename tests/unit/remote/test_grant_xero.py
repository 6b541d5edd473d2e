"""Xero's consent page and PKCE, what a grant becomes, and leaving one organisation only."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses

from zoho_xero_sync.core.rules import Rules, StageRule
from zoho_xero_sync.core.scopes import xero_scopes
from zoho_xero_sync.errors import LoginError, RemoteError
from zoho_xero_sync.remote import grant_xero
from zoho_xero_sync.remote.callback import Returned
from zoho_xero_sync.remote.grant_xero import Attempt, Tenant
from zoho_xero_sync.remote.oauth_xero import XeroAuthorizer
from zoho_xero_sync.remote.secret import Secret, TokenSet
from zoho_xero_sync.remote.secrets import open_store

IDENTITY, API = "https://identity.xero.com", "https://api.xero.com"
BACK = "http://localhost:8742/callback"
RULES = Rules((StageRule(("Closed Won",), "draft"),))
ENVIRON = {"ZXS_XERO_CLIENT_ID": "CLIENT", "ZXS_XERO_CLIENT_SECRET": "canary-secret"}
HELD = TokenSet(access=Secret("canary-access"))


@pytest.fixture
def net() -> Any:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def authorizer(clock: Any, folder: Path, connection: str, **environ: str) -> XeroAuthorizer:
    credentials = open_store("file", folder / "s.json", {**ENVIRON, **environ}, register=str)
    return XeroAuthorizer(credentials, IDENTITY, clock, contextlib.nullcontext, connection, lambda: None)


def test_pkce_sends_the_hash_and_keeps_the_verifier() -> None:
    attempt = Attempt.new(BACK, "pkce")
    address = attempt.address("https://login.xero.com", "CLIENT", xero_scopes("pkce", RULES))
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://login.xero.com/identity/connect/authorize"
    asked = dict(parse_qsl(parts.query))
    assert attempt.verifier is not None
    digest = hashlib.sha256(attempt.verifier.encode()).digest()
    assert asked.pop("code_challenge") == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert asked == {
        "response_type": "code",
        "client_id": "CLIENT",
        "redirect_uri": BACK,
        "scope": "accounting.contacts accounting.invoices accounting.settings.read offline_access",
        "state": attempt.state,
        "code_challenge_method": "S256",
    }
    assert 43 <= len(attempt.verifier) <= 128
    assert attempt.verifier not in address
    assert attempt.verifier not in repr(attempt)
    assert attempt.form(Returned("c", None))["code_verifier"] == attempt.verifier


def test_an_app_with_a_secret_sends_no_challenge() -> None:
    attempt = Attempt.new(BACK, "web")
    assert "code_challenge" not in attempt.address("https://login.xero.com", "CLIENT", xero_scopes("web", RULES))
    form = {"grant_type": "authorization_code", "code": "c", "redirect_uri": BACK}
    assert attempt.form(Returned("c", None)) == form


def test_two_attempts_have_nothing_in_common() -> None:
    one, two = Attempt.new(BACK, "pkce"), Attempt.new(BACK, "pkce")
    assert one.state != two.state
    assert one.verifier != two.verifier


def test_a_refusal_has_no_form() -> None:
    with pytest.raises(LoginError, match="not to allow it"):
        Attempt.new(BACK, "pkce").form(Returned(None, "access_denied"))


@pytest.mark.parametrize(
    ("connection", "answer", "status", "sentence"),
    [
        ("pkce", {"error": "invalid_grant"}, 400, "does not accept the code: it is good once and for five minutes"),
        ("web", {"error": "invalid_client"}, 400, "does not accept the client id or the client secret"),
        ("web", {"error": "unauthorized_client"}, 400, "log in the way xero.connection says"),
        ("pkce", {"error": "invalid_scope"}, 400, "does not have the scopes it asks for"),
        ("pkce", {"access_token": "canary-access", "expires_in": 1800}, 200, "without a refresh token"),
        (
            "pkce",
            {"access_token": "canary-access", "refresh_token": "canary-refresh", "scope": "accounting.contacts"},
            200,
            "lacks accounting.invoices, accounting.settings.read",
        ),
    ],
)
def test_what_is_no_login(
    net: Any, clock: Any, tmp_path: Path, connection: str, answer: dict[str, Any], status: int, sentence: str
) -> None:
    net.add(responses.POST, f"{IDENTITY}/connect/token", json=answer, status=status)
    form = Attempt.new(BACK, connection).form(Returned("canary-code", None))
    with pytest.raises(LoginError) as told:
        grant_xero.grant(authorizer(clock, tmp_path, connection), form, xero_scopes(connection, RULES))
    assert sentence in told.value.message
    assert "canary" not in f"{told.value.message}{told.value.hint}"
    assert "auth xero" in told.value.hint


def test_a_login_is_newer_than_the_token_of_the_environment(net: Any, clock: Any, tmp_path: Path) -> None:
    given = {"access_token": "canary-access", "refresh_token": "canary-refresh", "expires_in": 1800}
    net.add(responses.POST, f"{IDENTITY}/connect/token", json=given)
    xero = authorizer(clock, tmp_path, "pkce", ZXS_XERO_REFRESH_TOKEN="older")
    form = Attempt.new(BACK, "pkce").form(Returned("c", None))
    tokens = grant_xero.grant(xero, form, xero_scopes("pkce", RULES))
    assert tokens.extra["seed"] == Secret("older").fingerprint()
    assert tokens.rotated_at == clock.now()
    assert tokens.previous_refresh is None


def test_a_custom_connection_has_no_refresh_token(net: Any, clock: Any, tmp_path: Path) -> None:
    net.add(responses.POST, f"{IDENTITY}/connect/token", json={"access_token": "canary-access", "expires_in": 1800})
    xero = authorizer(clock, tmp_path, "custom")
    tokens = grant_xero.grant(xero, grant_xero.CUSTOM, xero_scopes("custom", RULES))
    assert (tokens.refresh, tokens.rotated_at) == (None, None)
    assert net.calls[0].request.body == b"grant_type=client_credentials"


def test_only_organisations_are_tenants(net: Any, clock: Any) -> None:
    entries = [
        {"id": "c1", "tenantId": "t1", "tenantType": "ORGANISATION", "tenantName": "Example Books"},
        {"id": "c2", "tenantId": "t2", "tenantType": "PRACTICE", "tenantName": "Example Practice"},
        {"id": "c3", "tenantId": "t3", "tenantType": "ORGANISATION", "tenantName": None},
    ]
    net.add(responses.GET, f"{API}/connections", json=entries)
    found = grant_xero.find_tenants(HELD, API, clock)
    assert found == (Tenant("t1", "Example Books", "c1"), Tenant("t3", "", "c3"))
    assert grant_xero.chosen(found, "Example Books") == grant_xero.chosen(found, "t1") == found[:1]
    assert grant_xero.chosen(found, None) == found
    assert grant_xero.chosen(found, "example books") == ()


@pytest.mark.parametrize(("status", "removed"), [(204, True), (404, False)])
def test_one_connection_is_removed_and_no_token_revoked(net: Any, clock: Any, status: int, removed: bool) -> None:
    net.add(responses.DELETE, f"{API}/connections/c1", status=status)
    assert grant_xero.disconnect(HELD, Tenant("t1", "Example Books", "c1"), API, clock) is removed
    assert [call.request.url for call in net.calls] == [f"{API}/connections/c1"]


def test_a_connection_that_stays_is_told(net: Any, clock: Any) -> None:
    net.add(responses.DELETE, f"{API}/connections/c1", status=409)
    with pytest.raises(RemoteError, match="did not remove the connection to Example Books"):
        grant_xero.disconnect(HELD, Tenant("t1", "Example Books", "c1"), API, clock)


def test_a_login_that_is_refused_at_once_is_told(net: Any, clock: Any) -> None:
    net.add(responses.GET, f"{API}/connections", status=401, json={"Detail": "TokenExpired"})
    with pytest.raises(LoginError, match="gave a login and refuses it"):
        grant_xero.find_tenants(HELD, API, clock)
