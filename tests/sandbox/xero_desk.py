"""A logged-in caller of the Xero half, over Flask's test client and a clock that stands still."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from werkzeug.test import TestResponse

from zoho_xero_sync.sandbox.clock import VirtualClock
from zoho_xero_sync.sandbox.xero.app import create_app
from zoho_xero_sync.sandbox.xero.state import XeroState

BASE = "/api.xro/2.0"
NOON = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
SECRET = "sandbox-xero-secret"
BUYER = "Harbour Events Pty Ltd"


class Desk:
    """`call` sends one request; `put`, `post` and `get` also parse the answer with decimals."""

    def __init__(self, world: Mapping[str, object] | None = None, *, scope: str | None = None) -> None:
        self.clock = VirtualClock(NOON, running=False)
        self.state = XeroState.from_world({"xero": {**(world or {})}}, self.clock)
        self.client = create_app(self.state).test_client()
        self.headers: dict[str, str] = {"Accept": "application/json"}
        if self.state.tokens.client.connection == "custom":
            self.log_in(scope)

    def token(self, **form: str) -> TestResponse:
        return self.client.post("/connect/token", data=form)

    def log_in(self, scope: str | None = None) -> None:
        form = {"grant_type": "client_credentials", "client_id": "SANDBOXXERO", "client_secret": SECRET}
        answer = self.token(**form, **({"scope": scope} if scope else {}))
        assert answer.status_code == 200, answer.text
        self.headers = {"Accept": "application/json", "Authorization": f"Bearer {answer.json['access_token']}"}

    def call(self, method: str, path: str, body: object = None, **headers: str) -> TestResponse:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body, default=str).encode()
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(
            BASE + path, method=method, data=data, headers={**self.headers, **extra}, content_type="application/json"
        )

    def get(self, path: str, **headers: str) -> dict[str, Any]:
        return self._parsed(self.call("GET", path, **headers))

    def put(self, path: str, body: object, **headers: str) -> dict[str, Any]:
        return self._parsed(self.call("PUT", path, body, **headers))

    def post(self, path: str, body: object, **headers: str) -> dict[str, Any]:
        return self._parsed(self.call("POST", path, body, **headers))

    def refusals(self, method: str, path: str, body: object) -> list[str]:
        """The messages of a summarised 400 with one refused element."""
        answer = self.call(method, path, body)
        assert answer.status_code == 400, answer.text
        assert answer.json["Type"] == "ValidationException", answer.text
        (element,) = answer.json["Elements"]
        return [error["Message"] for error in element["ValidationErrors"]]

    def contact(self, name: str = BUYER, **fields: object) -> str:
        """A new contact's id."""
        return str(self.put("/Contacts", {"Name": name, **fields})["Contacts"][0]["ContactID"])

    def invoice(self, **fields: object) -> dict[str, Any]:
        """A new invoice as the PUT answered it; a draft of 100.00 plus GST unless `fields` say otherwise."""
        return dict(self.put("/Invoices?unitdp=4", self.draft(**fields))["Invoices"][0])

    def draft(self, **fields: object) -> dict[str, object]:
        """The body of a valid draft for the contact BUYER."""
        try:
            contact_id = self.state.contact(BUYER)["ContactID"]
        except KeyError:
            contact_id = self.contact()
        return {"Type": "ACCREC", "Contact": {"ContactID": contact_id}, "LineItems": [line()], **fields}

    def _parsed(self, answer: TestResponse) -> dict[str, Any]:
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        parsed = json.loads(answer.data, parse_float=Decimal)
        assert isinstance(parsed, dict)
        return parsed


def line(**fields: object) -> dict[str, object]:
    """A valid line of 100.00 on account 200."""
    given = {"Description": "Catering", "Quantity": "1", "UnitAmount": "100.00", "AccountCode": "200", **fields}
    return {name: value for name, value in given.items() if value is not None}
