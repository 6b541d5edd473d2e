"""Exact money: rounding as both services round, and decimals as each currency writes them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

# ISO 4217 minor units that are not two.
_MINOR_UNITS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)

# Xero keeps amounts to two decimals and, with unitdp=4, unit prices to four
# (developer.xero.com/documentation/api/accounting/invoices).
AMOUNT_PLACES = 2
UNIT_PLACES = 4

# Wide enough for the product of any two numbers that were read, so that rounding never fails.
_WIDE = Context(prec=80)


def minor_units(currency: str) -> int:
    """How many decimals ISO 4217 gives `currency`; 2 for one it does not name otherwise."""
    return _MINOR_UNITS.get(currency.upper(), 2)


def rounded(value: Decimal, places: int = AMOUNT_PLACES) -> Decimal:
    """`value` to `places` decimals, ties away from zero.

    Xero does not publish its tie rule; half-up is what its rounding guide's examples agree with.
    """
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=_WIDE)


def places(value: Decimal) -> int:
    """How many decimals `value` needs, trailing zeros not counted."""
    exponent = value.normalize(_WIDE).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def money_text(value: Decimal, currency: str) -> str:
    """`value` with the currency's decimals, and more only where it truly has more: `1234.50`, `980`, `1.500`."""
    return f"{value:z.{max(minor_units(currency), places(value))}f}"


def plain_text(value: Decimal) -> str:
    """`value` without exponent, trailing zeros or a sign on zero: `3`, `12.5`, `0.1648`."""
    return f"{value:z.{places(value)}f}"
