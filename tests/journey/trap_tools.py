"""What the tests of the traps share: what was written, and Xero answering otherwise than it did."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet
from world_tools import Desk, Record

from zoho_xero_sync.remote.answer import Answer
from zoho_xero_sync.remote.xero.client import XeroClient
from zoho_xero_sync.sandbox.xero import listing

CONTACTS, INVOICES = "/Contacts$", "/Invoices$"


def also(*values: object) -> ParameterSet:
    """One more case of a trap, for the longer run."""
    return pytest.param(*values, marks=pytest.mark.slow)


def written(desk: Desk, method: str | None = None, collection: str = "Invoices") -> list[list[Record]]:
    """The elements of each journalled write, exactly as sent."""
    rows = desk.rows("SELECT method, path, body FROM write ORDER BY id")
    bodies = [json.loads(row["body"]) for row in rows if method in (None, row["method"])]
    return [body[collection] for body in bodies if collection in body]


def links(desk: Desk) -> dict[str, str]:
    """The live invoice of each deal, as the ledger knows it."""
    rows = desk.rows("SELECT deal_id, invoice_id FROM invoice_link WHERE live = 1")
    return {row["deal_id"]: row["invoice_id"] for row in rows}


def ask_nobody(desk: Desk, path: str = INVOICES) -> None:
    """From now on Xero cannot be asked what it holds."""
    desk.fault("status_503", method="GET", path=path, times=500)


def answered(monkeypatch: pytest.MonkeyPatch, change: Callable[[Answer], Answer], collection: str = "Invoices") -> None:
    """The next answer to a PUT of invoices (or contacts) reaches the program changed; Xero did its work."""
    send, left = XeroClient.send, [1]

    def changed(client: XeroClient, method: str, path: str, body: bytes, key: str) -> Answer:
        answer = send(client, method, path, body, key)
        if method != "PUT" or collection not in path or not left[0]:
            return answer
        left[0] -= 1
        return change(answer)

    monkeypatch.setattr(XeroClient, "send", changed)


def late_lists(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """The next lists of invoices do not show what was made already."""
    chosen, left = listing._chosen, [times]

    def late(found: Any, query: Any) -> Sequence[Any]:
        if left[0]:
            left[0] -= 1
            return []
        return chosen(found, query)

    monkeypatch.setattr(listing, "_chosen", late)
