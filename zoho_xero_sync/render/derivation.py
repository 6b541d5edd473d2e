"""Each row of the source document beside the invoice line it becomes, and the proof that both total the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest

from zoho_xero_sync.core.invoices import AMOUNTS
from zoho_xero_sync.core.model import InvoiceDraft, InvoiceLine, SourceDocument, SourceLine
from zoho_xero_sync.core.pricing import expected_total
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.wording import plain_figure

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Figures:
    """One side of a row: what it is, and its figures. `rule` is the tax in Zoho, account and tax type in Xero."""

    side: str
    what: str
    rule: str
    quantity: Decimal
    price: Decimal
    discount: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Sums:
    """A named sum on both sides; None where a side has no such figure."""

    name: str
    zoho: Decimal | None
    xero: Decimal | None


def rows(document: SourceDocument, draft: InvoiceDraft | None) -> Iterator[tuple[Figures | None, Figures | None]]:
    """Document row and invoice line side by side; lines without a row (rounding) come last, alone."""
    lines = draft.lines if draft else ()
    for row, line in zip_longest(document.lines, lines):
        yield (_zoho(row) if row else None), (_xero(line) if line else None)


def sums(document: SourceDocument, draft: InvoiceDraft | None) -> tuple[Sums, ...]:
    """The parts of both totals in the order in which they add up; parts that are zero in Zoho and absent in Xero go."""
    net = sum((row.net for row in document.lines), _ZERO)
    row_tax = sum((row.tax for row in document.lines), _ZERO)
    listed = (
        Sums("Lines before tax", net, draft.sub_total if draft else None),
        Sums("Tax of the lines", row_tax, draft.total_tax if draft else None),
        Sums("Header discount", -document.discount, None),
        Sums("Header tax", document.tax, None),
        Sums("Adjustment", document.adjustment, None),
    )
    return tuple(part for part in listed if part.zoho or part.xero)


def document_total(document: SourceDocument, draft: InvoiceDraft | None) -> Decimal | None:
    """What Zoho says the invoice must total: the document's Grand_Total, else what a deal's Amount comes to."""
    if draft is None:
        return document.grand_total
    amounts = {name: setting for setting, name in AMOUNTS.items()}[draft.amounts]
    return expected_total(document, draft.sub_total, draft.total_tax, amounts)


def document_name(document: SourceDocument) -> str:
    """`quote Q-17`, or the source alone where it has no number (a deal's own Amount)."""
    source = clean(document.source).replace("_", " ")
    return f"{source} {clean(document.number)}" if document.number else source


def _zoho(row: SourceLine) -> Figures:
    code = f" ({clean(row.product_code)})" if row.product_code else ""
    taxes = ", ".join(f"{clean(tax.name)} {plain_figure(tax.percent)}%" for tax in row.taxes or ())
    name = clean(row.product_name) or clean(row.description) or "(no name)"
    return Figures("Zoho", f"{name}{code}", taxes, row.quantity, row.price, row.discount, row.net, row.tax)


def _xero(line: InvoiceLine) -> Figures:
    rule = f"account {clean(line.account_code)}, {clean(line.tax_type)}"
    if line.item_code:
        rule = f"item {clean(line.item_code)}, {rule}"
    tracking = "; ".join(f"{clean(option.category)}: {clean(option.option)}" for option in line.tracking)
    rule = f"{rule}, {tracking}" if tracking else rule
    figures = (line.quantity, line.unit_amount, line.discount, line.line_amount, line.tax_amount)
    return Figures("Xero", clean(line.description), rule, *figures)
