"""What the outside clients need: a sandbox with two organisations, and a person who says yes on the consent page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from zoho_xero_sync.sandbox import Sandbox, VirtualClock

NOON = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
CLIENT_ID, CLIENT_SECRET = "SANDBOXXERO", "sandbox-xero-secret"
CALLBACK = "http://localhost:8742/callback"
SCOPES = (
    "offline_access",
    "accounting.attachments",
    "accounting.contacts",
    "accounting.invoices",
    "accounting.payments",
    "accounting.settings",
)
SECOND = "Second Harbour Pty Ltd"
BANK = {"Code": "090", "Name": "Business Bank Account", "Type": "BANK", "TaxType": "BASEXCLUDED"}
ACCOUNTS = [
    BANK,
    {"Code": "200", "Name": "Sales", "Type": "REVENUE", "TaxType": "OUTPUT"},
    {"Code": "400", "Name": "Advertising", "Type": "EXPENSE", "TaxType": "INPUT"},
]


def sandbox_for_clients(connection: str = "web", **xero: Any) -> Sandbox:
    """A sandbox, not started yet, whose clock stands still and whose limits are out of the way."""
    world = {
        "zoho": {},
        "xero": {
            "connection": connection,
            "accounts": ACCOUNTS,
            "currencies": ["AUD", "USD"],
            "items": [{"Code": "CHAIR", "Name": "Chair", "SalesDetails": {"UnitPrice": 12, "AccountCode": "200"}}],
            "tracking_categories": [{"Name": "Region", "Options": ["North", "South"]}],
            "limits": {"minute": 10_000, "day": 10_000},
            "organisations": [{"Name": SECOND, "connected": False}],
            **xero,
        },
    }
    return Sandbox(world, clock=VirtualClock(NOON, running=False))


def consent(page_url: str, decision: str = "allow", tenants: list[str] | None = None) -> str:
    """Open the authorisation page, choose, press the button; the address the browser is sent to."""
    page = requests.get(page_url, timeout=10)
    assert page.status_code == 200, page.text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))
    offered = re.findall(r'name="tenant" value="([^"]+)"', page.text)
    form: dict[str, Any] = {**{name: unescape(value) for name, value in hidden.items()}, "decision": decision}
    form["tenant"] = offered if tenants is None else tenants
    action = re.search(r'action="([^"]+)"', page.text)
    assert action
    parts = urlsplit(page_url)
    answer = requests.post(f"{parts.scheme}://{parts.netloc}{action[1]}", data=form, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def told(address: str) -> Mapping[str, str]:
    """The query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
