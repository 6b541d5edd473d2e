"""The arithmetic of quotes, sales orders and invoices: what Zoho stores for a row and for the whole document.

Source: www.zoho.com/crm/developer/docs/api/v8/insert-records.html, inventory modules; the help page on inventory
("Sub Total" is the sum of the rows' net totals, so it includes the rows' tax).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .rule import rules

RULES = rules(
    "insert-records.html",
    "A row's Total is Quantity times List_Price; the discount comes off before its taxes; each tax is rounded to cents "
    "on its own.",
    "A document's Sub_Total is the sum of its rows' Net_Total, with their tax; Grand_Total is Sub_Total less discount, "
    "plus tax, plus adjustment.",
    "A discount typed as a percentage is stored as an amount.",
)


_CENT = Decimal("0.01")
_HUNDRED = Decimal(100)
_NOTHING = Decimal(0)
COMPUTED_ROW = ("Total", "Discount", "Total_After_Discount", "Tax", "Line_Tax", "Net_Total")
COMPUTED_HEADER = ("Sub_Total", "Discount", "Tax", "Adjustment", "Grand_Total", "$line_tax")


@dataclass(frozen=True, slots=True)
class Tax:
    """An organisation tax: `percent` as Zoho states it, 10 for ten per cent."""

    id: str
    name: str
    percent: Decimal


def rounded(amount: Decimal) -> Decimal:
    """To cents, half away from zero."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def discount_amount(given: Any, base: Decimal) -> Decimal:
    """A discount as an amount: a number stays, "12.5%" is taken of `base` and rounded, nothing is 0.

    Raises ValueError when it is neither.
    """
    if given is None or given == "":
        return _NOTHING
    text = str(given).strip()
    try:
        if text.endswith("%"):
            return rounded(base * Decimal(text[:-1]) / _HUNDRED)
        return Decimal(text)
    except ArithmeticError as error:
        raise ValueError(f"Discount: {given!r} is neither an amount nor a percentage like '12.5%'") from error


def tax_entries(taxes: Sequence[Tax], base: Decimal) -> list[dict[str, Any]]:
    """Line_Tax (or $line_tax) for `base`: one entry per tax, each value rounded on its own."""
    return [
        {
            "percentage": tax.percent,
            "name": tax.name,
            "id": tax.id,
            "value": rounded(base * tax.percent / _HUNDRED),
            "display_name": f"{tax.name} - {tax.percent} %",
        }
        for tax in taxes
    ]


def row_values(given: Mapping[str, Any], taxes: Sequence[Tax]) -> dict[str, Any]:
    """The computed fields of one row from Quantity, List_Price, Discount and its taxes; what `given` states wins."""
    quantity, price = given.get("Quantity") or _NOTHING, given.get("List_Price") or _NOTHING
    total = _stated(given, "Total", rounded(quantity * price))
    discount = discount_amount(given.get("Discount"), total)
    after = _stated(given, "Total_After_Discount", total - discount)
    line_tax = _stated(given, "Line_Tax", tax_entries(taxes, after))
    tax = _stated(given, "Tax", _sum(line_tax))
    return {
        "Total": total,
        "Discount": discount,
        "Total_After_Discount": after,
        "Line_Tax": line_tax,
        "Tax": tax,
        "Net_Total": _stated(given, "Net_Total", after + tax),
    }


def header_values(given: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], taxes: Sequence[Tax]) -> dict[str, Any]:
    """The computed fields of a document from its rows, discount, header taxes and adjustment; stated ones win."""
    sub_total = _stated(given, "Sub_Total", sum((row["Net_Total"] for row in rows), _NOTHING))
    discount = discount_amount(given.get("Discount"), sub_total)
    line_tax = _stated(given, "$line_tax", tax_entries(taxes, sub_total - discount))
    tax = _stated(given, "Tax", _sum(line_tax))
    adjustment = given.get("Adjustment") or _NOTHING
    return {
        "Sub_Total": sub_total,
        "Discount": discount,
        "$line_tax": line_tax,
        "Tax": tax,
        "Adjustment": adjustment,
        "Grand_Total": _stated(given, "Grand_Total", sub_total - discount + tax + adjustment),
    }


def _stated(given: Mapping[str, Any], name: str, computed: Any) -> Any:
    stated = given.get(name)
    return computed if stated is None else stated


def _sum(entries: Sequence[Mapping[str, Any]]) -> Decimal:
    return sum((Decimal(str(entry["value"])) for entry in entries), _NOTHING)
