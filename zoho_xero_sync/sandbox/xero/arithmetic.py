"""Xero's arithmetic: unit price, line, tax per line, then the sums. All money is Decimal, two places.

Sources: developer.xero.com/documentation/guides/how-to-guides/rounding-in-xero (tax is rounded per line and then
summed) and developer.xero.com/documentation/api/accounting/invoices (LineAmount, DiscountRate, unitdp).
Xero does not publish its tie rule; half-up is the default, `half_even` a switch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext

from .rule import rules

RULES = rules(
    "guides/how-to-guides/rounding-in-xero",
    "Tax is rounded to the cent on each line and then summed, never computed on the sum.",
    "SubTotal is the sum of the line amounts, less their tax when amounts are inclusive; Total is SubTotal and tax.",
)

CENTS = 2
QUANTITY_PLACES = 4
LARGEST_LINE = Decimal("9999999999.99")

_TIES = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}
_QUANTA = {places: Decimal(1).scaleb(-places) for places in range(11)}
_DIGITS = 80


@dataclass(frozen=True, slots=True)
class Totals:
    """The three sums of an invoice; `total` is always `sub_total + total_tax`."""

    sub_total: Decimal
    total_tax: Decimal
    total: Decimal


def rounded(value: Decimal, places: int = CENTS, ties: str = "half_up") -> Decimal:
    """`value` with exactly `places` decimals; ties away from zero unless `ties` is "half_even"."""
    with localcontext() as context:
        context.prec = _DIGITS
        return value.quantize(_QUANTA[places], rounding=_TIES[ties])


def gross_amount(quantity: Decimal, unit_amount: Decimal, ties: str = "half_up") -> Decimal:
    """Quantity times unit price before any discount, to the cent."""
    with localcontext() as context:
        context.prec = _DIGITS
        return rounded(quantity * unit_amount, CENTS, ties)


def line_amount(
    quantity: Decimal,
    unit_amount: Decimal,
    discount_rate: Decimal | None = None,
    discount_amount: Decimal | None = None,
    ties: str = "half_up",
) -> Decimal:
    """Quantity x UnitAmount x (100 - DiscountRate) / 100, or less DiscountAmount, rounded once, to the cent."""
    with localcontext() as context:
        context.prec = _DIGITS
        exact = quantity * unit_amount
        if discount_rate is not None:
            exact = exact * (100 - discount_rate) / 100
        if discount_amount is not None:
            exact -= discount_amount
        return rounded(exact, CENTS, ties)


def missing_factor(line: Decimal, factor: Decimal, rate: Decimal | None, amount: Decimal | None) -> Decimal | None:
    """The quantity or unit price that makes `line` with the other `factor`; None when there is no such number."""
    with localcontext() as context:
        context.prec = _DIGITS
        share = (100 - (rate or Decimal(0))) / Decimal(100)
        if not factor or not share:
            return None
        return (line + (amount or Decimal(0))) / factor / share


def tax_on(line: Decimal, rate: Decimal, amounts: str, ties: str = "half_up") -> Decimal:
    """Tax of one line to the cent; `rate` in percent, `amounts` is Exclusive, Inclusive or NoTax."""
    if amounts == "NoTax" or not rate:
        return Decimal("0.00")
    with localcontext() as context:
        context.prec = _DIGITS
        base = 100 + rate if amounts == "Inclusive" else Decimal(100)
        return rounded(line * rate / base, CENTS, ties)


def totals(lines: Iterable[tuple[Decimal, Decimal]], amounts: str) -> Totals:
    """Sums over (line amount, tax amount); inclusive lines already contain their tax."""
    line_sum = tax_sum = Decimal("0.00")
    for line, tax in lines:
        line_sum += line
        tax_sum += tax
    sub_total = line_sum - tax_sum if amounts == "Inclusive" else line_sum
    return Totals(sub_total, tax_sum, sub_total + tax_sum)
