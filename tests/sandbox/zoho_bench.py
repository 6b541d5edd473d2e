"""One small Zoho organisation and a client for it, shared by the sandbox tests of the Zoho half."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from zoho_xero_sync.sandbox.clock import VirtualClock
from zoho_xero_sync.sandbox.zoho import jsonout
from zoho_xero_sync.sandbox.zoho.app import create_app
from zoho_xero_sync.sandbox.zoho.state import ZohoState

NOW = datetime(2026, 11, 20, 1, 0, 0, tzinfo=UTC)
CREDENTIALS = {"client_id": "1000.SANDBOX", "client_secret": "sandbox-zoho-secret"}
REFRESH = {**CREDENTIALS, "grant_type": "refresh_token", "refresh_token": "1000.sandbox.refresh"}
WORLD: dict[str, Any] = {
    "taxes": {"GST": "10", "Levy": "2.5"},
    "fields": {"Deals": {"Territory": "picklist", "Invoice_Date": "date", "Regions": "multiselectpicklist"}},
    "accounts": [
        {"key": "acme", "Account_Name": "Acme Pty Ltd", "Billing_City": "Sydney"},
        {"key": "acme_west", "Account_Name": "Acme West", "parent": "acme"},
        {"key": "obrien", "Account_Name": "O'Brien & Co"},
    ],
    "contacts": [
        {"key": "buyer", "First_Name": "Pat", "Last_Name": "Buyer", "Email": "pat@example.com", "account": "acme"}
    ],
    "products": [{"key": "widget", "Product_Name": "Widget", "Product_Code": "W-1", "Unit_Price": "9.99"}],
    "deals": [
        {
            "key": "d1",
            "Deal_Name": "First",
            "Stage": "Closed Won",
            "Amount": "1234.50",
            "Closing_Date": "2026-11-30",
            "account": "acme_west",
            "contact": "buyer",
            "Regions": ["North", "South"],
            "Modified_Time": "2026-11-19T10:00:00+00:00",
        },
        {
            "key": "d2",
            "Deal_Name": "Second",
            "Stage": "Confirmed",
            "Amount": "0.0",
            "account": "obrien",
            "Modified_Time": "2026-09-01T10:00:00+00:00",
        },
        {"key": "d3", "Deal_Name": "third", "Stage": "Proposal", "Modified_Time": "2026-11-19T10:00:00+00:00"},
    ],
    "quotes": [
        {
            "key": "q1",
            "Subject": "Quote one",
            "deal": "d1",
            "Quote_Stage": "Confirmed",
            "lines": [
                {"product": "widget", "Quantity": 3, "List_Price": "9.99", "Discount": "12.5%", "taxes": ["GST"]},
                {"Quantity": "1.5", "List_Price": "10.333", "Description": "Labour"},
            ],
        }
    ],
}


@dataclass
class Bench:
    """The organisation, its clock and an authorised client."""

    state: ZohoState
    clock: VirtualClock
    http: FlaskClient
    headers: dict[str, str]

    def id(self, module: str, key: str) -> str:
        """The id of a world record."""
        return str(self.state.find(module, key)["id"])

    def coql(self, query: str, **more: Any) -> TestResponse:
        """Ask; `more` joins the body."""
        return self.http.post("/crm/v8/coql", json={"select_query": query, **more}, headers=self.headers)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of an accepted query."""
        answer = self.coql(query)
        assert answer.status_code in {200, 204}, answer.text
        found: list[dict[str, Any]] = [] if answer.status_code == 204 else exact(answer)["data"]
        return found

    def get(self, path: str, **arguments: Any) -> TestResponse:
        """GET below /crm/v8."""
        return self.http.get(f"/crm/v8/{path}", query_string=arguments or None, headers=self.headers)

    def put(self, path: str, body: Any, **headers: str) -> TestResponse:
        """PUT below /crm/v8; header names with _ for -."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.put(f"/crm/v8/{path}", json=body, headers={**self.headers, **more})

    def post(self, path: str, body: Any, **arguments: Any) -> TestResponse:
        """POST below /crm/v8."""
        return self.http.post(f"/crm/v8/{path}", json=body, query_string=arguments or None, headers=self.headers)

    def login(self, *scopes: str) -> None:
        """Ask from now on with a token of these scopes (none: as before)."""
        if scopes:
            self.state.oauth.set_scopes(scopes)
        token = self.http.post("/oauth/v2/token", data=REFRESH).get_json()["access_token"]
        self.headers["Authorization"] = f"Zoho-oauthtoken {token}"


def make_bench(world: dict[str, Any] | None = None, **overrides: Any) -> Bench:
    """A bench over WORLD (or `world`) with top-level overrides."""
    clock = VirtualClock(NOW, running=False)
    state = ZohoState.from_world({"zoho": {**(WORLD if world is None else world), **overrides}}, clock)
    http = create_app(state).test_client()
    token = http.post("/oauth/v2/token", data=REFRESH).get_json()["access_token"]
    return Bench(state, clock, http, {"Authorization": f"Zoho-oauthtoken {token}"})


def exact(answer: TestResponse) -> Any:
    """The answer's JSON with Decimals."""
    return jsonout.loads(answer.get_data())
