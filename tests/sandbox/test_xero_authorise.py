"""The authorisation page, PKCE, several organisations, and taking consent back."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse
from xero_desk import SECRET, Desk

HOME = "http://localhost:8742/callback"
PATH = "/identity/connect/authorize"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SECOND, THIRD = "Second Harbour Pty Ltd", "Third Harbour Pty Ltd"
MANY: dict[str, Any] = {
    "connection": "web",
    "organisations": [{"Name": SECOND, "connected": False}, {"Name": THIRD, "connected": False, "CountryCode": "NZ"}],
}
CLIENT = {"client_id": "SANDBOXXERO", "client_secret": SECRET}


def query(**changed: str | None) -> dict[str, str]:
    given: dict[str, str | None] = {
        "response_type": "code",
        "client_id": "SANDBOXXERO",
        "redirect_uri": HOME,
        "scope": "offline_access accounting.contacts",
        "state": "a&b",
        **changed,
    }
    return {name: value for name, value in given.items() if value is not None}


def page(desk: Desk, **changed: str | None) -> TestResponse:
    return desk.client.get(f"{PATH}?{urlencode(query(**changed))}")


def decide(desk: Desk, decision: str, tenants: list[str], **changed: str | None) -> TestResponse:
    return desk.client.post(PATH, data={**query(**changed), "decision": decision, "tenant": tenants})


def told(answer: TestResponse) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    address = answer.headers["Location"]
    assert address.startswith(f"{HOME}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def ids(desk: Desk, *names: str) -> list[str]:
    return [desk.state.tenant(name).tenant_id for name in names]


def log_in(desk: Desk, answer: TestResponse, **form: str) -> dict[str, Any]:
    given = {"grant_type": "authorization_code", "code": told(answer)["code"], "redirect_uri": HOME}
    grant = desk.token(**given, **(form or CLIENT))
    assert grant.status_code == 200, grant.text
    desk.headers["Authorization"] = f"Bearer {grant.json['access_token']}"
    return dict(grant.json)


def test_the_page_names_who_asks_for_what() -> None:
    desk = Desk(MANY)
    answer = page(desk)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Sandbox-Kind"] == "authorize"
    for name in (SECOND, THIRD, "offline_access", "accounting.contacts", "Allow access", "Deny"):
        assert name in answer.text
    assert re.findall(r'name="tenant" value="([^"]+)"', answer.text) == list(desk.state.tenants)


def test_allowing_connects_what_was_chosen() -> None:
    desk = Desk(MANY)
    answer = decide(desk, "allow", ids(desk, SECOND, THIRD))
    assert told(answer)["state"] == "a&b"
    grant = log_in(desk, answer)
    assert grant["refresh_token"]
    rows = desk.client.get("/connections", headers=desk.headers).json
    assert [row["tenantName"] for row in rows] == ["Sandbox Trading Pty Ltd", SECOND, THIRD]
    claims = json.loads(base64.urlsafe_b64decode(grant["access_token"].split(".")[1] + "=="))
    event = claims["authentication_event_id"]
    mine = desk.client.get(f"/connections?authEventId={event}", headers=desk.headers).json
    assert [row["tenantName"] for row in mine] == [SECOND, THIRD]
    for tenant_id in ids(desk, SECOND, THIRD):
        assert desk.get("/Contacts", xero_tenant_id=tenant_id)["Contacts"] == []


def test_each_organisation_has_its_own_books_and_limits() -> None:
    desk = Desk(
        {**MANY, "organisations": [{"Name": SECOND, "limits": {"minute": 1}, "contacts": [{"Name": "Theirs"}]}]}
    )
    log_in(desk, decide(desk, "allow", list(desk.state.tenants)))
    (second,) = ids(desk, SECOND)
    assert desk.get("/Contacts", xero_tenant_id=desk.state.tenant_id)["Contacts"] == []
    assert desk.get("/Contacts", xero_tenant_id=second)["Contacts"][0]["Name"] == "Theirs"
    assert desk.call("GET", "/Contacts", xero_tenant_id=second).status_code == 429
    assert desk.call("GET", "/Contacts", xero_tenant_id=desk.state.tenant_id).status_code == 200
    assert desk.state.people(SECOND).contacts()[0]["Name"] == "Theirs"


def test_disconnecting_one_organisation() -> None:
    desk = Desk(MANY)
    log_in(desk, decide(desk, "allow", ids(desk, SECOND)))
    second = next(
        row for row in desk.client.get("/connections", headers=desk.headers).json if row["tenantName"] == SECOND
    )
    assert desk.client.delete(f"/connections/{second['id']}", headers=desk.headers).status_code == 204
    assert desk.call("GET", "/Contacts", xero_tenant_id=second["tenantId"]).status_code == 403
    assert desk.call("GET", "/Contacts", xero_tenant_id=desk.state.tenant_id).status_code == 200


def test_revoking_drops_every_connection() -> None:
    desk = Desk(MANY)
    grant = log_in(desk, decide(desk, "allow", ids(desk, SECOND)))
    form = {"token": grant["refresh_token"], **CLIENT}
    assert desk.client.post("/connect/revocation", data=form).status_code == 200
    assert [tenant.connection for tenant in desk.state.tenants.values()] == [None, None, None]


def test_denying_says_so() -> None:
    desk = Desk(MANY)
    back = told(decide(desk, "deny", []))
    assert (back["error"], back["state"]) == ("access_denied", "a&b")
    assert "code" not in back
    assert desk.state.tenant(SECOND).connection is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"client_id": "OTHER"}, "unauthorized_client"),
        ({"redirect_uri": f"{HOME}/"}, "invalid_request_uri"),
        ({"redirect_uri": "http://127.0.0.1:8742/callback"}, "invalid_request_uri"),
        ({"redirect_uri": None}, "invalid_request_uri"),
        ({"scope": "accounting.transactions"}, "invalid_scope"),
        ({"scope": "accounting.reports.read"}, "invalid_scope"),
        ({"scope": "accounting.nonsense"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": CHALLENGE}, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_a_bad_request_never_redirects(changed: dict[str, str | None], code: str) -> None:
    desk = Desk(MANY)
    for answer in (page(desk, **changed), decide(desk, "allow", list(desk.state.tenants), **changed)):
        assert (answer.status_code, answer.mimetype) == (500, "text/html")
        assert f"<code>{code}</code>" in answer.text
        assert "Location" not in answer.headers
    assert desk.state.tenant(SECOND).connection is None


def test_what_the_page_asks_back() -> None:
    desk = Desk(MANY)
    assert "Choose at least one organisation." in decide(desk, "allow", []).text
    desk.state.switches["connection_cap"] = 2
    full = decide(desk, "allow", list(desk.state.tenants))
    assert "at most 2 organisations" in full.text
    assert desk.state.tenant(SECOND).connection is None


def test_other_redirect_addresses_are_registered_in_the_world() -> None:
    other = "https://app.example.com/callback"
    desk = Desk({"connection": "web", "client": {"redirect_uris": [other]}})
    assert page(desk, redirect_uri=other).status_code == 200
    assert page(desk).status_code == 500


def test_a_custom_connection_has_no_page() -> None:
    assert "unauthorized_client" in page(Desk()).text


@pytest.mark.parametrize(
    ("verifier", "status"), [(VERIFIER, 200), ("w" * 64, 400), ("v" * 42, 400), ("v" * 129, 400), ("", 400)]
)
def test_pkce(verifier: str, status: int) -> None:
    desk = Desk({"connection": "pkce"})
    assert page(desk).status_code == 500
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    assert page(desk, **asked).status_code == 200
    code = told(decide(desk, "allow", list(desk.state.tenants), **asked))["code"]
    form = {"grant_type": "authorization_code", "client_id": "SANDBOXXERO", "code": code, "redirect_uri": HOME}
    assert desk.token(**form, code_verifier=verifier).status_code == status
    assert desk.token(**form, code_verifier=VERIFIER).json.get("error") == "invalid_grant"


def test_a_code_lives_five_minutes() -> None:
    desk = Desk(MANY)
    code = told(decide(desk, "allow", ids(desk, SECOND)))["code"]
    desk.clock.advance(300)
    answer = desk.token(grant_type="authorization_code", code=code, redirect_uri=HOME, **CLIENT)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")


def test_an_id_token_only_with_openid() -> None:
    desk = Desk(MANY)
    chosen = ids(desk, SECOND)
    assert "id_token" not in log_in(desk, decide(desk, "allow", chosen))
    assert log_in(desk, decide(desk, "allow", chosen, scope="openid accounting.contacts"))["id_token"].count(".") == 2


def test_nothing_from_the_address_becomes_markup() -> None:
    answer = page(Desk(MANY), state='"><script>alert(1)</script>')
    assert answer.status_code == 200
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ({"Name": "A"}, "xero.organisations: must be a list."),
        ([{"CountryCode": "AU"}], "xero.organisations[0]: must be a mapping with a Name."),
        ([{"Name": "Sandbox Trading Pty Ltd"}], "xero.organisations: two organisations have the same"),
        ([{"Name": "A", "contacts": [{"Name": ""}]}], "xero.contacts[0]"),
    ],
)
def test_organisations_that_are_wrong(more: object, part: str) -> None:
    with pytest.raises(ValueError, match=re.escape(part)):
        Desk({"organisations": more})
