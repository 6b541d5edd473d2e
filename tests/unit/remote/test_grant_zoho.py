"""Zoho's consent page, the data centres, and what a grant code becomes."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses

from zoho_xero_sync.config.addresses import ZOHO_HOSTS
from zoho_xero_sync.core.rules import Rules, StageRule
from zoho_xero_sync.core.scopes import Scope, zoho_scopes
from zoho_xero_sync.errors import LoginError, RemoteError
from zoho_xero_sync.remote import grant_zoho
from zoho_xero_sync.remote.callback import Returned
from zoho_xero_sync.remote.oauth_zoho import ZohoAuthorizer
from zoho_xero_sync.remote.secrets import open_store

AU = ZOHO_HOSTS["au"]
SCOPES = zoho_scopes(Rules((StageRule(("Closed Won",), "draft"),)))
ENVIRON = {"ZXS_ZOHO_CLIENT_ID": "1000.CLIENT", "ZXS_ZOHO_CLIENT_SECRET": "canary-secret"}
GIVEN = {
    "access_token": "canary-access",
    "refresh_token": "canary-refresh",
    "api_domain": AU.api_url,
    "scope": " ".join(scope.name for scope in SCOPES),
    "expires_in": 3600,
}


@pytest.fixture
def net() -> Any:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def authorizer(clock: Any, tmp_path: Path) -> ZohoAuthorizer:
    credentials = open_store("file", tmp_path / "s.json", ENVIRON, register=str)
    return ZohoAuthorizer(credentials, AU.accounts_url, clock, contextlib.nullcontext)


def exchange(net: Any, authorizer: ZohoAuthorizer, back: str | None = None, **changes: Any) -> Any:
    body = {name: value for name, value in {**GIVEN, **changes}.items() if value is not None}
    net.add(responses.POST, f"{AU.accounts_url}/oauth/v2/token", json=body)
    return grant_zoho.grant(authorizer, "canary-code", back, SCOPES, AU.api_url)


def test_the_consent_page_is_asked_for_a_lasting_login() -> None:
    address = grant_zoho.consent_address(AU.accounts_url, "1000.CLIENT", SCOPES[:2], "http://localhost:1/callback", "S")
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://accounts.zoho.com.au/oauth/v2/auth"
    assert dict(parse_qsl(parts.query)) == {
        "response_type": "code",
        "client_id": "1000.CLIENT",
        "scope": "ZohoCRM.coql.READ,ZohoCRM.modules.deals.READ",
        "redirect_uri": "http://localhost:1/callback",
        "access_type": "offline",
        "prompt": "consent",
        "state": "S",
    }


@pytest.mark.parametrize("center", ZOHO_HOSTS)
def test_every_data_centre_is_known(center: str) -> None:
    accounts = ZOHO_HOSTS[center].accounts_url
    assert grant_zoho.returned_code(Returned("code", None, accounts), accounts) == "code"
    assert grant_zoho.returned_code(Returned("code", None, f"{accounts}/"), accounts) == "code"
    assert grant_zoho.returned_code(Returned("code", None), accounts) == "code"
    with pytest.raises(LoginError) as told:
        grant_zoho.returned_code(Returned("code", None, accounts), "http://127.0.0.1:1")
    assert told.value.hint.startswith(f"Set zoho.data_center: {center} ")


@pytest.mark.parametrize(
    "server",
    [
        "http://accounts.zoho.com.au",
        "https://accounts.zoho.com.au.example.com",
        "https://accounts.zoho.example.com",
        "https://example.com/accounts.zoho.com.au",
        "https://accounts.zoho.com.au@example.com",
        "https://accounts.zoho.com.au:8443",
        "https://accounts.zohocloud.com",
        "javascript:alert(1)",
    ],
)
def test_another_server_is_never_trusted(server: str) -> None:
    with pytest.raises(LoginError, match=r"not one of Zoho's\. Nothing was sent"):
        grant_zoho.returned_code(Returned("code", None, server), AU.accounts_url)


@pytest.mark.parametrize("back", [None, "http://localhost:8742/callback"])
def test_the_code_is_exchanged_in_the_body(net: Any, authorizer: ZohoAuthorizer, back: str | None) -> None:
    tokens = exchange(net, authorizer, back)
    assert tokens.refresh is not None
    assert tokens.refresh.reveal() == "canary-refresh"
    assert tokens.extra["api_domain"] == AU.api_url
    request = net.calls[0].request
    assert "?" not in request.url
    sent = dict(parse_qsl(request.body.decode()))
    assert sent.pop("redirect_uri", None) == back
    assert sent == {
        "grant_type": "authorization_code",
        "code": "canary-code",
        "client_id": "1000.CLIENT",
        "client_secret": "canary-secret",
    }
    assert "canary" not in repr(tokens)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"access_token": None, "error": "invalid_code"}, "does not accept the code"),
        ({"access_token": None, "error": "invalid_client"}, "does not know the client id"),
        ({"access_token": None, "error": "invalid_client_secret"}, "does not accept the client secret"),
        ({"access_token": None, "error": "invalid_redirect_uri"}, "among its authorized redirect URIs"),
        ({"access_token": None, "error": "<b>"}, "(unknown error)"),
        ({"refresh_token": None}, "without a refresh token"),
        ({"api_domain": "https://www.zohoapis.com.au.example.com"}, "not one of Zoho's"),
        ({"api_domain": "http://www.zohoapis.com.au"}, "not one of Zoho's"),
        ({"scope": "ZohoCRM.coql.READ"}, "lacks ZohoCRM.modules.deals.READ"),
    ],
)
def test_what_is_no_login(net: Any, authorizer: ZohoAuthorizer, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LoginError) as told:
        exchange(net, authorizer, **changes)
    assert sentence in told.value.message
    assert "zoho-xero-sync auth zoho" in told.value.hint
    assert "canary" not in f"{told.value.message}{told.value.hint}"


def test_the_throttle_is_not_a_dead_login(net: Any, authorizer: ZohoAuthorizer) -> None:
    why = "You have made too many requests continuously. Please try again after some time."
    body = {"error": "Access Denied", "error_description": why, "status": "failure"}
    net.add(responses.POST, f"{AU.accounts_url}/oauth/v2/token", json=body, status=400)
    with pytest.raises(RemoteError, match="too many were asked for"):
        grant_zoho.grant(authorizer, "code", None, SCOPES, AU.api_url)


def test_an_answer_without_scopes_is_believed(net: Any, authorizer: ZohoAuthorizer) -> None:
    assert exchange(net, authorizer, scope=None).refresh is not None


def test_scopes_are_written_with_commas() -> None:
    assert grant_zoho.scope_list([Scope("a", ""), Scope("b", "")]) == "a,b"
