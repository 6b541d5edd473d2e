"""Control totals: what the deals of a run sold, and where every cent of it went, currency by currency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from zoho_xero_sync.core.model import Deal, InvoiceDraft, Problem, SourceDocument, Worth, XeroInvoice
from zoho_xero_sync.core.report import DealResult
from zoho_xero_sync.core.rules import Share
from zoho_xero_sync.core.shares import part_of_total

_ZERO = Decimal(0)
_INVOICED = ("create", "update", "adopt", "unchanged", "contact_only")
_HELD = ("hold", "reject")


@dataclass(frozen=True, slots=True)
class Sum:
    """A number of deals and what they come to."""

    deals: int = 0
    amount: Decimal = _ZERO

    def plus(self, amount: Decimal) -> Sum:
        """The sum with one more deal in it."""
        return Sum(self.deals + 1, self.amount + amount)


@dataclass(frozen=True, slots=True)
class ControlTotal:
    """One currency of a run: sold = invoiced + held + pending + uncertain + difference, always.

    `invoiced` is what the invoices total (would total, in a dry run), every other sum what the documents do.
    """

    currency: str
    sold: Sum
    invoiced: Sum
    held: Sum
    pending: Sum
    uncertain: Sum
    difference: Decimal


def worth(
    deal: Deal,
    document: SourceDocument | Problem | None,
    invoice: InvoiceDraft | Problem | None,
    home: str,
    share: Share | None = None,
    billed: XeroInvoice | None = None,
) -> Worth | None:
    """What the deal was sold for: its document's total, tax included; None where that or its currency cannot be read.

    A deal's own Amount and a subform bear no total: theirs is what the invoice comes to, or else what their rows do.
    Where a part of the deal is billed, it is that part: a `share`, or what the share's invoice (`billed`) left.
    """
    if not isinstance(document, SourceDocument):
        return None
    currency = (document.currency or deal.currency or home).upper()
    if not currency:
        return None
    if isinstance(invoice, InvoiceDraft) and invoice.part is not None:
        return Worth(invoice.total, currency)
    if document.grand_total is not None:
        return Worth(part_of_total(document.grand_total, share, billed), currency)
    if isinstance(invoice, InvoiceDraft):
        return Worth(invoice.total, currency)
    return Worth(part_of_total(sum((line.net for line in document.lines), _ZERO), share, billed), currency)


def control_totals(deals: Iterable[DealResult]) -> tuple[ControlTotal, ...]:
    """The totals of a report's deals by currency; deals that wait since earlier runs, or sold nothing, are no part."""
    by_currency: dict[str, list[DealResult]] = {}
    for deal in deals:
        if deal.worth is not None:
            by_currency.setdefault(deal.worth.currency, []).append(deal)
    return tuple(_total(currency, found) for currency, found in sorted(by_currency.items()))


def _total(currency: str, deals: Iterable[DealResult]) -> ControlTotal:
    sold, invoiced, held, pending, uncertain = (Sum(),) * 5
    difference = _ZERO
    for deal in deals:
        amount = deal.worth.amount if deal.worth else _ZERO
        sold = sold.plus(amount)
        if deal.action in _INVOICED and deal.invoice is not None:
            invoiced = invoiced.plus(deal.invoice.total)
            difference += amount - deal.invoice.total
        elif deal.action in _HELD:
            held = held.plus(amount)
        elif deal.action == "uncertain":
            uncertain = uncertain.plus(amount)
        else:
            pending = pending.plus(amount)
    return ControlTotal(currency, sold, invoiced, held, pending, uncertain, difference)
