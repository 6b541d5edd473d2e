"""The token endpoint, connections, and what a bad token, scope or organisation is answered."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from xero_desk import SECRET, Desk

WEB: dict[str, object] = {"connection": "web", "refresh_token": "first-refresh"}
PKCE: dict[str, object] = {"connection": "pkce", "refresh_token": "first-refresh"}
CLIENT = {"client_id": "SANDBOXXERO", "client_secret": SECRET}
HOME = "http://localhost:8742/callback"


def error_of(desk: Desk, **form: str) -> str:
    answer = desk.token(**form)
    assert answer.status_code == 400
    return str(answer.json["error"])


def bearer(desk: Desk, token: str, tenant: bool = True) -> None:
    desk.headers = {"Authorization": f"Bearer {token}"}
    if tenant:
        desk.headers["xero-tenant-id"] = desk.state.tenant_id


def test_client_credentials() -> None:
    desk = Desk()
    answer = desk.token(grant_type="client_credentials", scope="accounting.contacts.read accounting.invoices", **CLIENT)
    assert answer.json["expires_in"] == 1800
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["scope"] == "accounting.contacts.read accounting.invoices"
    assert "refresh_token" not in answer.json
    claims = json.loads(base64.urlsafe_b64decode(answer.json["access_token"].split(".")[1] + "=="))
    assert claims["authentication_event_id"] == desk.state.tokens.auth_event_id


def test_basic_authentication() -> None:
    desk = Desk()
    for secret, status in ((SECRET, 200), ("wrong", 400)):
        coded = base64.b64encode(f"SANDBOXXERO:{secret}".encode()).decode()
        answer = desk.client.post(
            "/connect/token", data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {coded}"}
        )
        assert answer.status_code == status
        assert answer.headers["X-Sandbox-Kind"] == "token"


@pytest.mark.parametrize(
    ("world", "form", "error"),
    [
        ({}, {}, "invalid_request"),
        ({}, {"grant_type": "client_credentials"}, "invalid_request"),
        ({}, {"grant_type": "client_credentials", **CLIENT, "client_secret": "wrong"}, "invalid_client"),
        ({}, {"grant_type": "client_credentials", **CLIENT, "client_id": "wrong"}, "invalid_client"),
        ({}, {"grant_type": "password", **CLIENT}, "unsupported_grant_type"),
        ({}, {"grant_type": "refresh_token", "refresh_token": "x", **CLIENT}, "unauthorized_client"),
        ({}, {"grant_type": "client_credentials", "scope": "accounting.transactions", **CLIENT}, "invalid_scope"),
        ({}, {"grant_type": "client_credentials", "scope": "offline_access", **CLIENT}, "invalid_scope"),
        (WEB, {"grant_type": "client_credentials", **CLIENT}, "unauthorized_client"),
        (WEB, {"grant_type": "refresh_token", "refresh_token": "unknown", **CLIENT}, "invalid_grant"),
        (
            WEB,
            {"grant_type": "refresh_token", "refresh_token": "first-refresh", "client_id": "SANDBOXXERO"},
            "invalid_client",
        ),
        (WEB, {"grant_type": "authorization_code", "code": "x", "redirect_uri": HOME, **CLIENT}, "invalid_grant"),
        (WEB, {"grant_type": "authorization_code", "code": "x", **CLIENT}, "invalid_request"),
    ],
)
def test_token_errors(world: dict[str, object], form: dict[str, str], error: str) -> None:
    assert error_of(Desk(world), **form) == error


def test_refresh_rotates_and_the_previous_token_has_thirty_minutes() -> None:
    desk = Desk(PKCE)
    form = {"grant_type": "refresh_token", "client_id": "SANDBOXXERO", "refresh_token": "first-refresh"}
    first = desk.token(**form).json
    assert first["refresh_token"] != "first-refresh"
    desk.clock.advance(30 * 60 - 1)
    again = desk.token(**form).json
    assert again["refresh_token"] not in ("first-refresh", first["refresh_token"])
    desk.clock.advance(1)
    assert error_of(desk, **form) == "invalid_grant"
    assert desk.token(**{**form, "refresh_token": again["refresh_token"]}).status_code == 200


def test_a_refresh_token_lapses_after_sixty_days() -> None:
    desk = Desk(PKCE)
    desk.clock.advance(60 * 24 * 3600)
    form = {"grant_type": "refresh_token", "client_id": "SANDBOXXERO", "refresh_token": "first-refresh"}
    assert error_of(desk, **form) == "invalid_grant"


def test_authorisation_code_is_single_use_and_bound() -> None:
    desk = Desk(WEB)
    scope = "offline_access accounting.contacts"
    form = {"grant_type": "authorization_code", "redirect_uri": HOME, **CLIENT}
    code = desk.state.tokens.make_code(HOME, scope)
    answer = desk.token(**form, code=code).json
    assert answer["refresh_token"]
    assert error_of(desk, **form, code=code) == "invalid_grant"
    elsewhere = desk.state.tokens.make_code(f"{HOME}/", scope)
    assert error_of(desk, **form, code=elsewhere) == "invalid_grant"
    late = desk.state.tokens.make_code(HOME, scope)
    desk.clock.advance(300)
    assert error_of(desk, **form, code=late) == "invalid_grant"
    online = desk.state.tokens.make_code(HOME, "accounting.contacts")
    assert "refresh_token" not in desk.token(**form, code=online).json


def test_pkce_verifier_is_checked() -> None:
    desk = Desk(PKCE)
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    form = {"grant_type": "authorization_code", "client_id": "SANDBOXXERO", "redirect_uri": HOME}
    for sent, status in (("w" * 43, 400), ("v" * 42, 400), (verifier, 200)):
        code = desk.state.tokens.make_code(HOME, "offline_access", challenge)
        assert desk.token(**form, code=code, code_verifier=sent).status_code == status


def test_connections_and_disconnecting() -> None:
    desk = Desk()
    (row,) = desk.client.get("/connections", headers=desk.headers).json
    assert row["tenantId"] == desk.state.tenant_id
    assert row["tenantType"] == "ORGANISATION"
    assert row["createdDateUtc"] == "2026-11-20T01:00:00.0000000"
    for event, found in ((row["authEventId"], 1), ("11111111-2222-3333-4444-555555555555", 0)):
        assert len(desk.client.get(f"/connections?authEventId={event}", headers=desk.headers).json) == found
    assert desk.client.delete(f"/connections/{row['tenantId']}", headers=desk.headers).status_code == 404
    assert desk.call("GET", "/Organisation").status_code == 200
    assert desk.client.delete(f"/connections/{row['id']}", headers=desk.headers).status_code == 204
    assert desk.client.get("/connections", headers=desk.headers).json == []
    gone = desk.call("GET", "/Organisation")
    assert (gone.status_code, gone.json["Detail"]) == (403, "AuthenticationUnsuccessful")
    desk.state.reconnect()
    assert desk.call("GET", "/Organisation").status_code == 200
    assert desk.client.get("/connections").status_code == 401


def test_revocation_drops_the_consent() -> None:
    desk = Desk(WEB)
    form = {"grant_type": "refresh_token", "refresh_token": "first-refresh", **CLIENT}
    bearer(desk, desk.token(**form).json["access_token"])
    assert desk.call("GET", "/Organisation").status_code == 200
    assert desk.client.post("/connect/revocation", data={"token": "first-refresh", **CLIENT}).status_code == 200
    assert desk.call("GET", "/Organisation").status_code == 401
    assert error_of(desk, **form) == "invalid_grant"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic abc"])
def test_unknown_token(header: str) -> None:
    desk = Desk()
    desk.headers = {"Authorization": header} if header else {}
    answer = desk.call("GET", "/Contacts")
    assert (answer.status_code, answer.json["Title"]) == (401, "Unauthorized")
    assert answer.json["Detail"] == "AuthenticationUnsuccessful"
    assert "X-MinLimit-Remaining" not in answer.headers


def test_expired_token() -> None:
    desk = Desk()
    desk.clock.advance(1799)
    assert desk.call("GET", "/Organisation").status_code == 200
    desk.clock.advance(1)
    answer = desk.call("GET", "/Organisation")
    assert answer.status_code == 401
    assert answer.json["Detail"] == "TokenExpired: token expired at 11/20/2026 01:30:00"


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("accounting.contacts.read", "GET", "/Contacts", 200),
        ("accounting.contacts.read", "PUT", "/Contacts", 401),
        ("accounting.contacts", "GET", "/Contacts", 200),
        ("accounting.contacts", "GET", "/Invoices", 401),
        ("accounting.invoices", "GET", "/Accounts", 401),
        ("accounting.settings.read", "GET", "/TaxRates", 200),
    ],
)
def test_scopes(scope: str, method: str, path: str, status: int) -> None:
    answer = Desk(scope=scope).call(method, path, {"Name": "A"} if method == "PUT" else None)
    assert answer.status_code == status
    if status == 401:
        assert answer.json["Detail"] == "AuthorizationUnsuccessful"
        assert answer.headers["WWW-Authenticate"] == "insufficient_scope"
        assert answer.headers["X-AppMinLimit-Remaining"]
        assert "X-DayLimit-Remaining" not in answer.headers


@pytest.mark.parametrize(
    ("world", "tenant", "status"),
    [
        ({}, None, 200),
        ({}, "", 200),
        ({}, "own", 200),
        ({}, "other", 403),
        (WEB, "own", 200),
        (WEB, None, 403),
        (WEB, "other", 403),
    ],
)
def test_tenant_header(world: dict[str, object], tenant: str | None, status: int) -> None:
    desk = Desk(world)
    if world:
        grant = desk.token(grant_type="refresh_token", refresh_token="first-refresh", **CLIENT).json
        bearer(desk, grant["access_token"], tenant=False)
    sent = {"own": desk.state.tenant_id, "other": "11111111-2222-3333-4444-555555555555"}.get(tenant or "", tenant)
    answer = desk.call("GET", "/Organisation", **({} if sent is None else {"xero_tenant_id": sent}))
    assert answer.status_code == status


def test_no_secret_in_reprs_and_snapshots() -> None:
    desk = Desk({"client": {"id": "APP", "secret": "canary-secret"}, **WEB, "refresh_token": "canary-refresh"})
    seen = f"{desk.state.tokens.client!r}{desk.state!r}{vars(desk.state)!r}{json.dumps(desk.state.snapshot())}"
    assert "canary" not in seen


def test_unknown_paths_and_methods() -> None:
    desk = Desk()
    answer = desk.call("GET", "/Nonsense")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert desk.call("DELETE", "/Invoices").status_code == 501
