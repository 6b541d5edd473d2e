"""What Xero will compute for an invoice, and the proof that it is what Zoho sold.

Xero rounds the unit price (four decimals with unitdp=4), then the line, then the line's tax, and adds the lines up
(developer.xero.com/documentation/api/accounting/invoices; Xero's rounding guide: 25.06 + 25.61 + 25.63 at 15 % is
11.44 of tax, not 11.45).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from zoho_xero_sync.core.model import InvoiceLine, SourceDocument, SourceLine
from zoho_xero_sync.core.money import AMOUNT_PLACES, UNIT_PLACES, places, plain_text, rounded

ZERO = Decimal(0)
# developer.xero.com/documentation/api/accounting/invoices: LineAmount.
LARGEST_LINE = Decimal("9999999999.99")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a row is expressed as Quantity, UnitAmount and DiscountAmount; `note` keeps figures that did not fit."""

    quantity: Decimal
    unit_amount: Decimal
    discount: Decimal
    note: str = ""


def xero_line_amount(quantity: Decimal, unit_amount: Decimal, discount: Decimal) -> Decimal:
    """The LineAmount Xero computes, to two decimals."""
    return rounded(quantity * rounded(unit_amount, UNIT_PLACES) - discount)


def xero_line_tax(line_amount: Decimal, rate: Decimal, amounts: str) -> Decimal:
    """The TaxAmount Xero computes for one line; `rate` in percent, `amounts` exclusive, inclusive or no_tax."""
    if amounts == "no_tax":
        return ZERO
    if amounts == "inclusive":
        return rounded(line_amount * rate / (100 + rate))
    return rounded(line_amount * rate / 100)


def line_target(line: SourceLine, amounts: str) -> Decimal:
    """What the Xero line must total: the row's net, or with its tax when amounts are tax inclusive."""
    return line.net + line.tax if amounts == "inclusive" else line.net


def encode(line: SourceLine, amounts: str) -> Encoding | None:
    """The row as Xero fields whose LineAmount is exactly the row's total, or None when a LineAmount cannot hold it.

    The row's own quantity and price are kept where they multiply exactly; otherwise one unit at the row's total,
    with the figures kept as text. Xero refuses negative quantities, so a returned item is one unit at a negative
    price.
    """
    target = line_target(line, amounts)
    if places(target) > AMOUNT_PLACES or abs(target) > LARGEST_LINE:
        return None
    for candidate in _own_figures(line, amounts, target):
        if _is_exact(candidate, target):
            return candidate
    return Encoding(Decimal(1), target, ZERO, _figures(line))


def _own_figures(line: SourceLine, amounts: str, target: Decimal) -> list[Encoding]:
    if line.quantity <= 0:
        return []
    if amounts == "inclusive" and line.tax:
        return [Encoding(line.quantity, target / line.quantity, ZERO)]
    return [Encoding(line.quantity, line.price, line.discount)]


def _is_exact(encoding: Encoding, target: Decimal) -> bool:
    if places(encoding.quantity) > UNIT_PLACES or places(encoding.unit_amount) > UNIT_PLACES:
        return False
    if places(encoding.discount) > AMOUNT_PLACES or encoding.discount < 0:
        return False
    return xero_line_amount(encoding.quantity, encoding.unit_amount, encoding.discount) == target


def _figures(line: SourceLine) -> str:
    if line.quantity == 1 and not line.discount:
        return ""
    text = f"{plain_text(line.quantity)} × {plain_text(line.price)}"
    return f"{text} less {plain_text(line.discount)}" if line.discount else text


def predicted_totals(lines: Sequence[InvoiceLine], amounts: str) -> tuple[Decimal, Decimal, Decimal]:
    """SubTotal, TotalTax and Total as Xero adds them up."""
    amount = sum((line.line_amount for line in lines), ZERO)
    tax = sum((line.tax_amount for line in lines), ZERO)
    if amounts == "inclusive":
        return amount - tax, tax, amount
    return amount, tax, amount + tax


def expected_total(document: SourceDocument, sub_total: Decimal, total_tax: Decimal, amounts: str) -> Decimal:
    """What the invoice must total. A document has its own Grand_Total; a deal's Amount is net unless inclusive."""
    if document.grand_total is not None:
        return document.grand_total
    amount = sum((line.net for line in document.lines), ZERO)
    return amount + total_tax if amounts == "exclusive" else amount


def explain_difference(document: SourceDocument, total: Decimal, expected: Decimal) -> str:
    """The arithmetic of a difference as one sentence, naming the parts of the document that lines do not carry."""
    parts = [f"its lines come to {plain_text(total)} in Xero and the {document.source} says {plain_text(expected)}"]
    named = (("header discount", -document.discount), ("header tax", document.tax), ("adjustment", document.adjustment))
    extra = [f"{name} {plain_text(value)}" for name, value in named if value]
    if extra:
        parts.append(f"the document carries {', '.join(extra)}")
    difference = expected - total
    return f"{'; '.join(parts)}; the difference is {plain_text(difference)}"
