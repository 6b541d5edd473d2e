"""What the demo's sandbox holds, read behind the program's back: the deals in Zoho and the invoices in Xero."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoho_xero_sync.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class MadeInvoice:
    """An invoice as Xero has it; `deal_id` is what its Url ends with, `total` and `due` what Xero says."""

    invoice_id: str
    number: str
    contact: str
    status: str
    currency: str
    total: Decimal
    due: str
    deal_id: str


def made_invoices(box: Sandbox) -> list[MadeInvoice]:
    """Every invoice in Xero, oldest first."""
    return [_invoice(view) for view in box.xero.invoices()]


def invoice_of(box: Sandbox, deal: str) -> MadeInvoice | None:
    """The invoice of the deal with this key; None when there is none or, what must never be, several."""
    deal_id = deal_named(box, deal)["id"]
    found = [invoice for invoice in made_invoices(box) if invoice.deal_id == deal_id]
    return found[0] if len(found) == 1 else None


def deal_named(box: Sandbox, key: str) -> dict[str, Any]:
    """The deal with this key of the world, as Zoho has it."""
    return box.zoho.find("Deals", key)


def wanted_total(box: Sandbox, deal: str) -> Decimal:
    """What the deal's invoice must come to: its accepted quote's total, else its Amount."""
    record = deal_named(box, deal)
    totals = [
        quote["Grand_Total"]
        for quote in box.zoho.records("Quotes")
        if quote["Quote_Stage"] == "Confirmed" and (quote["Deal_Name"] or {}).get("id") == record["id"]
    ]
    return Decimal(str(totals[0] if totals else record["Amount"]))


def wrong_invoices(box: Sandbox, deals: Collection[str]) -> list[str]:
    """One sentence for each way in which Xero's invoices are not one exact invoice for each of these deals."""
    wrong = []
    for key in deals:
        invoice, total, name = invoice_of(box, key), wanted_total(box, key), deal_named(box, key)["Deal_Name"]
        if invoice is None:
            wrong.append(f"{name} has exactly one invoice")
        elif invoice.total != total:
            wrong.append(f"the invoice of {name} comes to {total}, not {invoice.total}")
    others = len(made_invoices(box)) - len(deals)
    return [*wrong, f"Xero holds {len(deals)} invoices, not {len(deals) + others}"] if others else wrong


def _invoice(view: dict[str, Any]) -> MadeInvoice:
    return MadeInvoice(
        invoice_id=view["InvoiceID"],
        number=view["InvoiceNumber"],
        contact=view["Contact"]["Name"],
        status=view["Status"],
        currency=view["CurrencyCode"],
        total=view["Total"],
        due=view.get("DueDateString", "")[:10],
        deal_id=view.get("Url", "").partition("#")[0].rpartition("/")[2],
    )
