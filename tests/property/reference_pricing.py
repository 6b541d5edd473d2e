"""Zoho's and Xero's arithmetic in exact fractions, written from their documentation and from nothing of this program.

Zoho: www.zoho.com/crm/developer/docs/api/v8/inventory-records.html (a row's total, its discount, each tax on its own;
Grand_Total is Sub_Total less discount, plus tax, plus adjustment). Xero:
developer.xero.com/documentation/guides/how-to-guides/rounding-in-xero and
developer.xero.com/documentation/api/accounting/invoices (unit price to four decimals, line
to cents, tax for each line).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

NOTHING = Fraction(0)


def half_up(value: Fraction, decimals: int = 2) -> Fraction:
    """`value` to so many decimals, ties away from zero."""
    scaled = abs(value) * 10**decimals
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    whole += 2 * rest >= scaled.denominator
    return Fraction(whole if value >= 0 else -whole, 10**decimals)


# ---- Zoho ----


@dataclass(frozen=True, slots=True)
class ZohoRow:
    """What Zoho stores for a row."""

    total: Fraction
    discount: Fraction
    net: Fraction
    taxes: tuple[Fraction, ...]

    @property
    def tax(self) -> Fraction:
        """All of the row's taxes."""
        return sum(self.taxes, NOTHING)


@dataclass(frozen=True, slots=True)
class ZohoTotals:
    """What Zoho stores for a document."""

    sub_total: Fraction
    discount: Fraction
    tax: Fraction
    grand_total: Fraction


def taken_off(discount: str, base: Fraction, decimals: int) -> Fraction:
    """A discount as typed, an amount or "12.5%" of `base`."""
    if discount.endswith("%"):
        return half_up(base * Fraction(discount[:-1]) / 100, decimals)
    return Fraction(discount)


def zoho_row(quantity: str, price: str, discount: str, percents: Sequence[str], decimals: int = 2) -> ZohoRow:
    """One row as Zoho computes it."""
    total = half_up(Fraction(quantity) * Fraction(price), decimals)
    off = taken_off(discount, total, decimals)
    net = total - off
    taxes = tuple(half_up(net * Fraction(percent) / 100, decimals) for percent in percents)
    return ZohoRow(total, off, net, taxes)


def zoho_totals(
    rows: Sequence[ZohoRow], discount: str, percents: Sequence[str], adjustment: str, decimals: int = 2
) -> ZohoTotals:
    """The totals of a document of these rows, with its own discount, taxes and adjustment."""
    sub_total = sum((row.net + row.tax for row in rows), NOTHING)
    off = taken_off(discount, sub_total, decimals)
    tax = sum((half_up((sub_total - off) * Fraction(percent) / 100, decimals) for percent in percents), NOTHING)
    return ZohoTotals(sub_total, off, tax, sub_total - off + tax + Fraction(adjustment))


# ---- Xero ----


@dataclass(frozen=True, slots=True)
class SentLine:
    """What Xero is told of a line, and the rate of its tax type in percent."""

    quantity: Fraction
    unit_amount: Fraction
    discount: Fraction
    percent: Fraction


@dataclass(frozen=True, slots=True)
class XeroTotals:
    """What Xero answers."""

    sub_total: Fraction
    total_tax: Fraction
    total: Fraction


def xero_totals(lines: Sequence[SentLine], amounts: str) -> XeroTotals:
    """The totals Xero computes; `amounts` is exclusive, inclusive or no_tax."""
    line_sum = tax_sum = NOTHING
    for line in lines:
        amount = half_up(half_up(line.quantity, 4) * half_up(line.unit_amount, 4) - half_up(line.discount))
        line_sum += amount
        if amounts == "exclusive":
            tax_sum += half_up(amount * line.percent / 100)
        elif amounts == "inclusive":
            tax_sum += half_up(amount * line.percent / (100 + line.percent))
    sub_total = line_sum - tax_sum if amounts == "inclusive" else line_sum
    return XeroTotals(sub_total, tax_sum, sub_total + tax_sum)
