"""Zoho taxes to Xero tax types, and which taxes a row must have had when only their sum was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations

from zoho_xero_sync.core.model import SourceLine, Tax
from zoho_xero_sync.core.money import rounded

# Zoho allows several taxes on a row; more than three on one row is not a real document, and bounds the search.
_MOST_TAXES_ON_A_ROW = 3


def tax_key(taxes: Sequence[Tax]) -> str:
    """The name under which `invoice.tax` maps these taxes: `GST`, or `GST + PST` in alphabetical order for several."""
    return " + ".join(sorted(tax.name for tax in taxes))


def row_tax(net: Decimal, taxes: Sequence[Tax]) -> Decimal:
    """The tax Zoho shows for a row: each tax rounded to two decimals, then added."""
    return sum((rounded(net * tax.percent / 100) for tax in taxes), Decimal(0))


def infer_taxes(
    line: SourceLine, organisation: Sequence[Tax], mapped: Mapping[str, str], untaxed: str | None
) -> tuple[Tax, ...] | None:
    """The taxes of a row read without its Line_Tax, or None when its tax amount does not tell.

    COQL returns a row's tax amount but not its Line_Tax list. Every combination of the organisation's taxes that
    gives exactly that amount is a candidate (a zero-rate tax only by itself: beside another it changes nothing). The
    row's taxes are known when all candidates lead to the same Xero tax type, `untaxed` being the one of rows without
    any. Anything else must be read from the record itself.
    """
    candidates = [taxes for taxes in _combinations(organisation) if row_tax(line.net, taxes) == line.tax]
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
