"""A status and a deal to render."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from zoho_xero_sync.core.model import (
    Action,
    Change,
    ContactDraft,
    ContactStep,
    CustomerKey,
    CustomerLink,
    DealRecord,
    DealState,
    Event,
    Identity,
    InvoiceDraft,
    InvoiceLine,
    InvoiceLink,
    InvoiceStatus,
    InvoiceStep,
    Operation,
    OperationKind,
    OperationState,
    Problem,
    RunRecord,
    SourceDocument,
    SourceLine,
    Tax,
    TrackingOption,
    Write,
    WriteState,
)
from zoho_xero_sync.core.views import DealView, StatusView

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
DEAL = "5725767000000411001"
CONTACT_ID = "0b5a2c1e-7f0d-4d0e-9a57-1d6c1b0f0001"
INVOICE_ID = "0b5a2c1e-7f0d-4d0e-9a57-1d6c1b0f0007"
CUSTOMER = CustomerKey("Accounts", "5725767000000300001")
BODY = b'{"Invoices":[{"Reference":"body-canary"}]}'
IDENTITY = Identity("60001234", "Example Shelving", "3f2a6b1c-0000-4000-8000-00000000abcd", "Example Shelving AU", NOW)


def operation(state: OperationState = OperationState.APPLIED, message: str | None = None) -> Operation:
    return Operation(1, 1, 0, OperationKind.CREATE_INVOICE, DEAL, "https://crm.example.com/1", {}, state, None, message)


def write(state: WriteState = WriteState.SETTLED, *operations: Operation) -> Write:
    items = operations or (operation(),)
    path = "/api.xro/2.0/Invoices?unitdp=4&summarizeErrors=false"
    return Write(1, "run-1", "key-canary", "PUT", path, BODY, state, NOW - timedelta(minutes=9), 2, items)


def held_record(position: int = 0, problem: Problem | None = None, state: DealState = DealState.HELD) -> DealRecord:
    deal_id = str(int(DEAL) + position)
    found = problem or Problem(
        "customer_missing",
        f"deal {deal_id}",
        "The deal has neither an account nor a contact person.",
        f"Add one in Zoho, then type: zoho-xero-sync resolve {deal_id} --retry",
    )
    return DealRecord(deal_id, f"Repair {position}", "Closed Won", state, False, NOW, "{}", problem=found)


def status(**more: Any) -> StatusView:
    counts = '{"counts": {"seen": 3, "invoices_created": 2, "contacts_created": 1, "held": 1}}'
    values: dict[str, Any] = {
        "identity": IDENTITY,
        "ledger": "sqlite:///ledger.db",
        "now": NOW,
        "checkpoint": NOW - timedelta(minutes=3),
        "runs": (
            RunRecord(
                "run-2",
                "apply",
                NOW - timedelta(minutes=3),
                NOW - timedelta(minutes=3) + timedelta(seconds=4),
                3,
                counts,
            ),
            RunRecord(
                "run-1", "baseline", NOW - timedelta(days=2), NOW - timedelta(days=2) + timedelta(seconds=75), 0, None
            ),
            RunRecord("run-0", "apply", NOW - timedelta(days=3), None, None, None),
        ),
        "waiting": (held_record(0), held_record(1), held_record(2, state=DealState.REJECTED)),
        "pending": (DealRecord("77", "Later order", "Confirmed", DealState.PENDING, False, NOW, "{}"),),
        "uncertain": (write(WriteState.IN_FLIGHT, operation(OperationState.IN_FLIGHT)),),
        "allowances": {"zoho": "4,900 of 5,000 credits", "xero": "980 of 1,000 today"},
    }
    return StatusView(**{**values, **more})


GST = Tax("GST", Decimal("10"))


def source_line(name: str, quantity: str, price: str, discount: str, net: str, tax: str, code: str = "") -> SourceLine:
    figures = [Decimal(value) for value in (quantity, price, discount, net, tax)]
    return SourceLine("1", "2", name, code, "", *figures, taxes=(GST,))


def invoice_line(name: str, quantity: str, price: str, discount: str, net: str, tax: str) -> InvoiceLine:
    amounts = [Decimal(value) for value in (quantity, price)]
    return InvoiceLine(
        name,
        *amounts,
        "200",
        "OUTPUT",
        Decimal(net),
        Decimal(tax),
        Decimal(discount),
        tracking=(TrackingOption("Region", "North"),),
    )


DOCUMENT = SourceDocument(
    "quote",
    "5725767000000500001",
    "Q-17",
    "AUD",
    (
        source_line("Shelving bay, heavy duty", "10", "120", "0", "1200", "120", "SH-1"),
        source_line("Installation", "7.5", "95.3333", "12.5", "702.50", "70.25"),
    ),
    Decimal("2092.75"),
)
DRAFT = InvoiceDraft(
    DEAL,
    CUSTOMER,
    None,
    "Warehouse shelving",
    date(2026, 11, 20),
    date(2026, 12, 4),
    "AUD",
    "Exclusive",
    InvoiceStatus.AUTHORISED,
    "https://crm.example.com/1",
    (
        invoice_line("Shelving bay, heavy duty", "10", "120", "0", "1200", "120"),
        invoice_line("Installation\n7.5 × 95.3333 less 12.5", "1", "702.50", "0", "702.50", "70.25"),
    ),
    Decimal("1902.50"),
    Decimal("190.25"),
    Decimal("2092.75"),
)
LINK = InvoiceLink(DEAL, INVOICE_ID, "INV-0007", "DRAFT", "AUD", Decimal("2092.75"), None, NOW)


def deal_view(**more: Any) -> DealView:
    step = InvoiceStep(
        "update",
        DRAFT,
        "AUTHORISED",
        Decimal("2092.75"),
        "AUD",
        INVOICE_ID,
        "INV-0007",
        advance=True,
        changes=(Change("Status", "DRAFT", "AUTHORISED"),),
    )
    contact = ContactStep("unchanged", ContactDraft(CUSTOMER, CUSTOMER.id, "Harbour Freight Pty Ltd"), CONTACT_ID)
    values: dict[str, Any] = {
        "deal_id": DEAL,
        "name": "Warehouse shelving",
        "stage": "Closed Won",
        "state": "seen",
        "record": DealRecord(DEAL, "Warehouse shelving", "Closed Won", DealState.SEEN, False, NOW, "{}"),
        "customer": CustomerLink(CUSTOMER, CONTACT_ID, CUSTOMER.id, "Harbour Freight Pty Ltd", None),
        "invoice": LINK,
        "document": DOCUMENT,
        "action": Action(DEAL, "Warehouse shelving", "Closed Won", "update", "moved on to Closed Won", contact, step),
        "events": (
            Event(NOW, "run-1", DEAL, "invoice_created", {"number": "INV-0007", "status": "DRAFT", "total": "2092.75"}),
        ),
        "writes": (write(),),
        "zoho_link": "https://crm.example.com/org1/tab/Potentials/5725767000000411001",
        "xero_link": "https://go.example.com/app/!abc12/invoicing/view/0b5a2c1e-7f0d-4d0e-9a57-1d6c1b0f0007",
    }
    return DealView(**{**values, **more})
