"""A share of a deal's lines, and what is left of them once a share was billed: exact to the cent, line by line.

The share is a line for each line of the deal. The remainder is the deal in full, less each line of what was billed: so
both invoices together come to the deal, net amounts and taxes alike, whatever changed in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from zoho_xero_sync.core.model import Deal, InvoiceLine, LineRole, Part, Problem, XeroInvoice, XeroLine, XeroTaxRate
from zoho_xero_sync.core.money import AMOUNT_PLACES, minor_units, money_text, rounded
from zoho_xero_sync.core.parts import REMAINDER, WHOLE, share_text
from zoho_xero_sync.core.pricing import predicted_totals, xero_line_tax
from zoho_xero_sync.core.rules import Share

_ZERO = Decimal(0)
# developer.xero.com/documentation/api/accounting/invoices: Description 4000 characters.
_DESCRIPTION_MAX = 4000


@dataclass(frozen=True, slots=True)
class Whole:
    """A deal's lines in full, proven, and what they are computed with: rates by tax type, and the kind of amounts."""

    lines: tuple[InvoiceLine, ...]
    rates: Mapping[str, XeroTaxRate]
    amounts: str
    currency: str


def in_part(
    deal: Deal, whole: Whole, share: Share, billed: XeroInvoice | None
) -> tuple[tuple[InvoiceLine, ...], Part] | Problem:
    """The lines of the part and what it is; or why what is left cannot be billed.

    `billed` is the live invoice of the share, as Xero has it. The lines are empty when nothing is left.
    """
    _, total_tax, total = predicted_totals(whole.lines, whole.amounts)
    said = share_text(share)
    if isinstance(share, Decimal):
        shared = _shared(whole, share)
        due = predicted_totals(shared, whole.amounts)[2]
        if due <= 0:
            return _too_little(deal, whole, said, total, due)
        return shared, Part(WHOLE, said, whole.lines, total)
    if billed is None:
        return whole.lines, Part(REMAINDER, said, whole.lines, total)
    if billed.currency != whole.currency:
        return _unlike(deal, billed, f"is in {billed.currency}, and the deal is in {whole.currency}")
    part = Part(REMAINDER, said, whole.lines, total, (billed.number,), billed.total)
    left = total - billed.total
    if left == 0:
        return (), part
    if left < 0:
        return _overbilled(deal, billed, total)
    lines = (*whole.lines, *_taken_off(whole, billed))
    if predicted_totals(lines, whole.amounts)[1:] != (total_tax - billed.total_tax, left):
        return _unlike(deal, billed, "bears a tax that its rates do not give, so it cannot be taken off exactly")
    return lines, part


def part_of_total(total: Decimal, share: Share | None, billed: XeroInvoice | None) -> Decimal:
    """What a part of `total` comes to, a share only to the cents of its tax."""
    if isinstance(share, Decimal):
        return rounded(total * share / 100)
    return total - billed.total if share is not None and billed is not None else total


def _shared(whole: Whole, percent: Decimal) -> tuple[InvoiceLine, ...]:
    """A line for each, one unit at its share; together they are the share of all to the cent.

    They name no items: a deposit takes nothing from stock, the remainder bills the quantities in full.
    """
    lines: list[InvoiceLine] = []
    before, reached = _ZERO, _ZERO
    cents = min(AMOUNT_PLACES, minor_units(whole.currency))
    for line in whole.lines:
        before += line.line_amount
        amount = rounded(before * percent / 100, cents) - reached
        reached += amount
        tax = xero_line_tax(amount, whole.rates[line.tax_type].rate, whole.amounts) if line.tax_type else _ZERO
        note = f"{share_text(percent)} of {money_text(line.line_amount, whole.currency)}"
        lines.append(
            InvoiceLine(
                description=_noted(line.description, note),
                quantity=Decimal(1),
                unit_amount=amount,
                account_code=line.account_code,
                tax_type=line.tax_type,
                line_amount=amount,
                tax_amount=tax,
                tracking=line.tracking,
                role=line.role,
            )
        )
    return tuple(lines)


def _taken_off(whole: Whole, billed: XeroInvoice) -> tuple[InvoiceLine, ...]:
    tracking = next((line.tracking for line in whole.lines if line.tracking), ())
    inclusive = _is_inclusive(billed, whole.amounts)
    lines: list[InvoiceLine] = []
    for line in billed.lines or ():
        amount = -_amount(line, whole.amounts, inclusive=inclusive)
        if not amount:
            continue
        rate = whole.rates.get(line.tax_type)
        lines.append(
            InvoiceLine(
                description=_noted(line.description, f"billed with {billed.number}"),
                quantity=Decimal(1),
                unit_amount=amount,
                account_code=line.account_code,
                tax_type=line.tax_type,
                line_amount=amount,
                tax_amount=xero_line_tax(amount, rate.rate, whole.amounts) if rate else _ZERO,
                tracking=tracking,
                role=LineRole.BILLED,
            )
        )
    return tuple(lines)


def _is_inclusive(billed: XeroInvoice, amounts: str) -> bool:
    """Whether the invoice's line amounts have their tax in them; Xero's SubTotal is always without.

    Where its taxes come to nothing, both kinds look alike, and it counts as the deal's own kind.
    """
    if not billed.total_tax:
        return amounts == "inclusive"
    return sum((line.line_amount for line in billed.lines or ()), _ZERO) == billed.total


def _amount(line: XeroLine, amounts: str, *, inclusive: bool) -> Decimal:
    """The line's amount as an invoice with these amounts states it."""
    if amounts == "inclusive":
        return line.line_amount if inclusive else line.line_amount + line.tax_amount
    return line.line_amount - line.tax_amount if inclusive else line.line_amount


def _noted(description: str, note: str) -> str:
    room = _DESCRIPTION_MAX - len(note) - 1
    return f"{description[:room]}\n{note}" if description else note


def _unlike(deal: Deal, billed: XeroInvoice, why: str) -> Problem:
    return Problem(
        "total_mismatch",
        f"deal {deal.id}",
        f"The remainder would not be exact: invoice {billed.number}, which billed a share of the deal, {why}.",
        f"Correct that invoice in Xero, or bill the rest by hand; then type: zoho-xero-sync resolve {deal.id} --retry "
        "(or --skip)",
        "Total",
    )


def _too_little(deal: Deal, whole: Whole, said: str, total: Decimal, due: Decimal) -> Problem:
    ours, theirs = (money_text(value, whole.currency) for value in (total, due))
    return Problem(
        "zero_total" if due == 0 else "negative_total",
        f"deal {deal.id}",
        f"{said} of the deal's {ours} {whole.currency} comes to {theirs}. Only positive totals are invoiced.",
        "Nothing is owed yet: the stage of the remainder bills the deal in full. Or correct the amounts in Zoho, then "
        f"type: zoho-xero-sync resolve {deal.id} --retry",
        "Amount",
    )


def _overbilled(deal: Deal, billed: XeroInvoice, total: Decimal) -> Problem:
    theirs, ours = (money_text(value, billed.currency) for value in (billed.total, total))
    return Problem(
        "negative_total",
        f"deal {deal.id}",
        f"The deal comes to {ours} {billed.currency}, and invoice {billed.number} billed {theirs} of it already. Only "
        "positive totals are invoiced.",
        f"Correct the deal in Zoho, or credit the difference in Xero and type: zoho-xero-sync resolve {deal.id} --skip",
        "Amount",
    )
