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
from zoho_xero_sync.core.rules import InvoiceRules
from zoho_xero_sync.core.spreading import fitting_nets, shares
from zoho_xero_sync.core.taxes import is_tax_of, tax_percent

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


@dataclass(frozen=True, slots=True)
class Target:
    """What a Xero line must total; `share` is the part of the document's own discount that was taken off it."""

    amount: Decimal
    share: Decimal = ZERO


def line_target(line: SourceLine, amounts: str) -> Decimal:
    """What the Xero line totals by itself: the row's net, or with its tax when amounts are tax inclusive."""
    return line.net + line.tax if amounts == "inclusive" else line.net


def line_targets(
    document: SourceDocument, rates: Sequence[Decimal], rules: InvoiceRules, header_rate: Decimal = ZERO
) -> tuple[Target, ...]:
    """What each row's Xero line must total, the document's own discount and its inclusive tax spread over them.

    `rates` are the percents that Xero charges on the rows; `header_rate` is that of the document's own taxes. Where a
    discount cannot be spread the lines are left as they are, and the proof of the total names it.
    """
    plain = [line_target(line, rules.amounts) for line in document.lines]
    spread = rules.header_discount == "spread" and document.discount and _can_spread(document, rates, rules)
    if rules.amounts == "inclusive":
        discounts = shares(document.discount, plain) if spread else (ZERO,) * len(plain)
        left = [amount - share for amount, share in zip(plain, discounts, strict=True)]
        taxes = _header_tax_shares(document, left, rules, header_rate)
        return tuple(Target(amount + tax, share) for amount, tax, share in zip(left, taxes, discounts, strict=True))
    if not spread:
        return tuple(Target(amount) for amount in plain)
    nets = _discounted_nets(document, plain, rates, rules)
    return tuple(Target(net, amount - net) for net, amount in zip(nets, plain, strict=True))


def _can_spread(document: SourceDocument, rates: Sequence[Decimal], rules: InvoiceRules) -> bool:
    """Whether the discount is whole cents of what the rows come to, and their tax is what their rates give."""
    weights = [_weight(line, rules.amounts) for line in document.lines]
    figures = [*weights, document.discount, *(line_target(line, rules.amounts) for line in document.lines)]
    if any(places(figure) > AMOUNT_PLACES for figure in figures):
        return False
    if not 0 < document.discount <= sum(weights, ZERO):
        return False
    if rules.amounts != "exclusive":
        return True
    # A discount must not hide that a row's tax is another than its rate gives.
    return all(
        is_tax_of(line, document.currency) and (line.taxes or document.taxes or not rate)
        for line, rate in zip(document.lines, rates, strict=True)
    )


def _weight(line: SourceLine, amounts: str) -> Decimal:
    """What Zoho takes a document's discount off: the row with its tax, of which there is none for `no_tax`."""
    return line.net if amounts == "no_tax" else line.net + line.tax


def _discounted_nets(
    document: SourceDocument, nets: Sequence[Decimal], rates: Sequence[Decimal], rules: InvoiceRules
) -> tuple[Decimal, ...]:
    if rules.amounts == "no_tax":
        return tuple(net - share for net, share in zip(nets, shares(document.discount, nets), strict=True))
    grosses = [line.net + line.tax for line in document.lines]
    wanted = [gross - share for gross, share in zip(grosses, shares(document.discount, grosses), strict=True)]
    # The document's own taxes come on top of what the rows come to; only the rows' taxes are inside of it.
    inside = [tax_percent(line.taxes or ()) for line in document.lines] if document.taxes else rates
    return fitting_nets(nets, inside, wanted)


def _header_tax_shares(
    document: SourceDocument, amounts: Sequence[Decimal], rules: InvoiceRules, header_rate: Decimal
) -> tuple[Decimal, ...]:
    tax = document.tax
    if rules.header_discount == "line" and document.discount:
        tax += rounded(document.discount * header_rate / 100)
    whole = sum(amounts, ZERO)
    if not document.taxes or any(places(figure) > AMOUNT_PLACES for figure in (tax, *amounts)) or not 0 <= tax <= whole:
        return (ZERO,) * len(amounts)
    return shares(tax, amounts)


def encode(line: SourceLine, amounts: str, target: Target | None = None) -> Encoding | None:
    """The row as Xero fields whose LineAmount is exactly its target, or None when a LineAmount cannot hold it.

    The row's own quantity and price are kept where they multiply exactly; otherwise one unit at the row's total,
    with the figures kept as text. Xero refuses negative quantities, so a returned item is one unit at a negative
    price.
    """
    aim = target or Target(line_target(line, amounts))
    if places(aim.amount) > AMOUNT_PLACES or abs(aim.amount) > LARGEST_LINE:
        return None
    for candidate in _own_figures(line, amounts, aim):
        if _is_exact(candidate, aim.amount):
            return candidate
    return Encoding(Decimal(1), aim.amount, ZERO, _figures(line, aim.share))


def _own_figures(line: SourceLine, amounts: str, aim: Target) -> list[Encoding]:
    if line.quantity <= 0:
        return []
    before = aim.amount + aim.share
    if amounts == "inclusive" and before != line.net:
        unit, less = before / line.quantity, aim.amount / line.quantity
        return [Encoding(line.quantity, unit, aim.share), Encoding(line.quantity, less, ZERO)]
    return [Encoding(line.quantity, line.price, line.discount + aim.share)]


def _is_exact(encoding: Encoding, target: Decimal) -> bool:
    if places(encoding.quantity) > UNIT_PLACES or places(encoding.unit_amount) > UNIT_PLACES:
        return False
    # Xero refuses a discount that is larger than what it is taken off.
    gross = xero_line_amount(encoding.quantity, encoding.unit_amount, ZERO)
    if places(encoding.discount) > AMOUNT_PLACES or not 0 <= encoding.discount <= max(gross, ZERO):
        return False
    return xero_line_amount(encoding.quantity, encoding.unit_amount, encoding.discount) == target


def _figures(line: SourceLine, share: Decimal) -> str:
    discount = line.discount + share
    if line.quantity == 1 and not discount:
        return ""
    text = f"{plain_text(line.quantity)} × {plain_text(line.price)}"
    return f"{text} less {plain_text(discount)}" if discount else text


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
