"""The sandbox's two services behind the product's own clients, in one process and without sockets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from flask.testing import FlaskClient

from zoho_xero_sync.remote.answer import Answer
from zoho_xero_sync.remote.http import Transport
from zoho_xero_sync.remote.xero.client import XeroClient
from zoho_xero_sync.remote.zoho.client import ZohoClient
from zoho_xero_sync.sandbox.clock import VirtualClock
from zoho_xero_sync.sandbox.xero.app import create_app as xero_app
from zoho_xero_sync.sandbox.xero.state import XeroState
from zoho_xero_sync.sandbox.zoho.app import create_app as zoho_app
from zoho_xero_sync.sandbox.zoho.state import ZohoState

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


class Wire:
    """Carries requests into a Flask app as the product's transport does into a socket.

    `asked` are the requests so far; `before` is called with each one's number (from 1) before it is handled.
    """

    def __init__(self, http: FlaskClient, headers: Mapping[str, str], service: str) -> None:
        self._http, self._headers, self._service = http, dict(headers), service
        self.asked: list[tuple[str, str, Any]] = []
        self.before: Callable[[int], None] = lambda number: None

    @property
    def calls(self) -> int:
        return len(self.asked)

    def read(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        self.asked.append((method, path, json if json is not None else dict(params or {})))
        self.before(self.calls)
        answer = self._http.open(
            path, method=method, query_string=params, json=json, headers={**self._headers, **(headers or {})}
        )
        return Answer(answer.status_code, dict(answer.headers), answer.get_data(), self._service, f"{method} {path}")

    def write(
        self,
        method: str,
        path: str,
        *,
        body: bytes,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        self.asked.append((method, path, dict(params or {})))
        answer = self._http.open(
            path,
            method=method,
            query_string=params,
            data=body,
            content_type="application/json",
            headers={**self._headers, **(headers or {})},
        )
        return Answer(answer.status_code, dict(answer.headers), answer.get_data(), self._service, f"{method} {path}")


class ZohoBench:
    """A Zoho organisation, its virtual clock, and the product's client for it."""

    def __init__(self, world: Mapping[str, Any]) -> None:
        self.clock = VirtualClock(NOW, running=False)
        self.state = ZohoState.from_world({"zoho": dict(world)}, self.clock)
        http = zoho_app(self.state).test_client()
        form = {
            "client_id": "1000.SANDBOX",
            "client_secret": "sandbox-zoho-secret",
            "grant_type": "refresh_token",
            "refresh_token": "1000.sandbox.refresh",
        }
        token = http.post("/oauth/v2/token", data=form).get_json()["access_token"]
        self.wire = Wire(http, {"Authorization": f"Zoho-oauthtoken {token}"}, "Zoho")
        self.client = ZohoClient(cast(Transport, self.wire), config_file="config.yaml")

    def queries(self) -> list[str]:
        """The COQL statements asked so far."""
        return [asked["select_query"] for _, path, asked in self.wire.asked if path.endswith("/coql")]

    def id(self, module: str, key: str) -> str:
        """The id of a world's record."""
        return str(self.state.find(module, key)["id"])


class XeroBench:
    """A Xero organisation, its virtual clock, and the product's client for it."""

    def __init__(self, world: Mapping[str, Any] | None = None) -> None:
        self.clock = VirtualClock(NOW, running=False)
        self.state = XeroState.from_world({"xero": dict(world or {})}, self.clock)
        http = xero_app(self.state).test_client()
        form = {
            "grant_type": "client_credentials",
            "client_id": "SANDBOXXERO",
            "client_secret": "sandbox-xero-secret",
        }
        token = http.post("/connect/token", data=form).get_json()["access_token"]
        self.wire = Wire(http, {"Authorization": f"Bearer {token}", "Accept": "application/json"}, "Xero")
        self.client = XeroClient(cast(Transport, self.wire))


def an_answer(status: int, body: bytes | str, **headers: str) -> Answer:
    """An answer of Xero as it came off the wire."""
    raw = body.encode() if isinstance(body, str) else body
    return Answer(status, headers, raw, "Xero", "PUT /Invoices")


def exactly(value: object) -> Decimal:
    """The value as the Decimal it must already be."""
    assert isinstance(value, Decimal)
    return value
