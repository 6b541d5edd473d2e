"""Zoho taxes to Xero tax types, and which taxes a row must have had when only their sum was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations

from zoho_xero_sync.core.model import SourceLine, Tax
from zoho_xero_sync.core.money import AMOUNT_PLACES, minor_units, rounded

# Zoho allows several taxes on a row; more than three on one row is not a real document, and bounds the search.
_MOST_TAXES_ON_A_ROW = 3


def tax_key(taxes: Sequence[Tax]) -> str:
    """The name under which `invoice.tax` maps these taxes: `GST`, or `GST + PST` in alphabetical order for several."""
    return " + ".join(sorted(tax.name for tax in taxes))


def row_tax(net: Decimal, taxes: Sequence[Tax], decimals: int = AMOUNT_PLACES) -> Decimal:
    """The tax Zoho shows for a row: each tax rounded, to two decimals unless told otherwise, then added."""
    return sum((rounded(net * tax.percent / 100, decimals) for tax in taxes), Decimal(0))


def is_tax_of(line: SourceLine, currency: str | None) -> bool:
    """Whether the row's tax is what its taxes give, rounded to cents or as the currency is written."""
    return _gives(line.net, line.taxes or (), line.tax, currency)


def _gives(net: Decimal, taxes: Sequence[Tax], tax: Decimal, currency: str | None) -> bool:
    decimals = {AMOUNT_PLACES, minor_units(currency or "")}
    return any(tax == row_tax(net, taxes, number) for number in decimals)


def tax_percent(taxes: Sequence[Tax]) -> Decimal:
    """The taxes together, in percent; all are charged on the same amount."""
    return sum((tax.percent for tax in taxes), Decimal(0))


def charged_percent(row: Sequence[Tax], document: Sequence[Tax]) -> Decimal:
    """What Zoho charges on a row's net, in percent: its own taxes, and on both the document's."""
    inner, outer = tax_percent(row), tax_percent(document)
    return inner + outer + inner * outer / 100


def infer_taxes(
    line: SourceLine,
    organisation: Sequence[Tax],
    mapped: Mapping[str, str],
    untaxed: str | None,
    currency: str | None = None,
) -> tuple[Tax, ...] | None:
    """The taxes of a row read without its Line_Tax, or None when its tax amount does not tell.

    COQL returns a row's tax amount but not its Line_Tax list. Every combination of the organisation's taxes that
    gives exactly that amount is a candidate (a zero-rate tax only by itself: beside another it changes nothing). The
    row's taxes are known when all candidates lead to the same Xero tax type, `untaxed` being the one of rows without
    any. Anything else must be read from the record itself.
    """
    candidates = [taxes for taxes in _combinations(organisation) if _gives(line.net, taxes, line.tax, currency)]
    if not candidates:
        return None
    if len(candidates) == 1:
        return candidates[0]
    targets = {mapped.get(tax_key(taxes)) if taxes else untaxed for taxes in candidates}
    return candidates[0] if len(targets) == 1 and None not in targets else None


def _combinations(organisation: Sequence[Tax]) -> Iterator[tuple[Tax, ...]]:
    charged = [tax for tax in organisation if tax.percent]
    yield ()
    yield from ((tax,) for tax in organisation if not tax.percent)
    for size in range(1, min(_MOST_TAXES_ON_A_ROW, len(charged)) + 1):
        yield from combinations(charged, size)
