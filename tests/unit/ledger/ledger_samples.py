"""Plain values for the ledger's tests."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from zoho_xero_sync.core.model import (
    CustomerKey,
    CustomerLink,
    DealRecord,
    DealState,
    Event,
    Identity,
    InvoiceLink,
    NewOperation,
    OperationKind,
    Problem,
    Write,
)
from zoho_xero_sync.ledger.store import Ledger

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
IDENTITY = Identity("70001", "Example Sales", "3f0c-tenant", "Example Books", NOON)
PROBLEM = Problem("total_mismatch", "deal 1", "The totals differ.", "Correct the quote.", "Grand_Total")


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def a_deal(deal_id: str = "1", state: DealState = DealState.PENDING, **changes: object) -> DealRecord:
    values = {
        "name": f"Deal {deal_id}",
        "stage": "Closed Won",
        "baseline": False,
        "modified_at": NOON,
        "snapshot": "{}",
    }
    return DealRecord(deal_id=deal_id, state=state, **(values | changes))


def a_customer(zoho_id: str = "9", module: str = "Accounts", **changes: object) -> CustomerLink:
    values = {"contact_id": f"contact-{zoho_id}", "number": zoho_id, "name": "Example Ltd", "sent": "{}"}
    return CustomerLink(CustomerKey(module, zoho_id), **(values | changes))


def an_invoice(deal_id: str = "1", invoice_id: str = "invoice-1", **changes: object) -> InvoiceLink:
    values = {
        "number": "INV-0001",
        "status": "DRAFT",
        "currency": "AUD",
        "total": Decimal("1234.50"),
        "sent": None,
        "updated_at": NOON,
    }
    return InvoiceLink(deal_id=deal_id, invoice_id=invoice_id, **(values | changes))


def an_event(deal_id: str = "1", kind: str = "invoiced", **detail: str) -> Event:
    return Event(NOON, "run-1", deal_id, kind, detail)


def an_operation(subject: str = "1", kind: OperationKind = OperationKind.CREATE_INVOICE) -> NewOperation:
    return NewOperation(kind, subject, f"https://crm.example.com/{subject}", {"total": "1234.50"})


def begin(ledger: Ledger, *subjects: str, key: str = "key-1", at: datetime = NOON) -> Write:
    return ledger.begin_write(
        run_id="run-1",
        key=key,
        method="PUT",
        path="/Invoices?unitdp=4",
        body=b'{"Invoices":[]}',
        operations=[an_operation(subject) for subject in subjects or ("1",)],
        at=at,
    )


def raw(path: Path) -> sqlite3.Connection:
    """A connection of another program."""
    return sqlite3.connect(path, isolation_level=None, timeout=0)


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below `folder` with its bytes and time of change."""
    return {
        str(file.relative_to(folder)): (file.read_bytes() if file.is_file() else b"", file.lstat().st_mtime_ns)
        for file in sorted(folder.rglob("*"))
    }
