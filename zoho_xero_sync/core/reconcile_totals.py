"""Control totals per currency: what Zoho says was sold, what Xero says was billed, and why the two may differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from zoho_xero_sync.core.model import XeroInvoice
from zoho_xero_sync.core.reconcile import Case, Standing, Sum, Totals


@dataclass
class _Count:
    standings: dict[Standing, Sum] = field(default_factory=lambda: dict.fromkeys(Standing, Sum()))
    without_amount: int = 0
    ours: Sum = field(default_factory=Sum)
    drifted: Decimal = Decimal(0)
    doubled: Sum = field(default_factory=Sum)
    orphaned: Sum = field(default_factory=Sum)
    unpriced: Sum = field(default_factory=Sum)


def control_totals(cases: Sequence[Case]) -> tuple[Totals, ...]:
    """The totals of every currency that occurs, by its code. Amounts are never added across currencies."""
    counts: defaultdict[str, _Count] = defaultdict(_Count)
    for case in cases:
        _add_deal(counts, case)
        _add_invoices(counts, case)
    return tuple(_totals(currency, counts[currency]) for currency in sorted(counts))


def _add_deal(counts: defaultdict[str, _Count], case: Case) -> None:
    if case.standing is None:
        return
    dossier = case.dossier
    count = counts[dossier.currency]
    # The other invoice of a deal that is billed in two makes no second deal of it.
    deals = 0 if dossier.beside else 1
    count.standings[case.standing] = count.standings[case.standing].plus(dossier.amount or Decimal(0), deals)
    count.without_amount += dossier.amount is None


def _add_invoices(counts: defaultdict[str, _Count], case: Case) -> None:
    if case.invoice is None:
        return
    for invoice in (case.invoice, *case.extras):
        counts[invoice.currency].ours = counts[invoice.currency].ours.plus(invoice.total)
    for extra in case.extras:
        counts[extra.currency].doubled = counts[extra.currency].doubled.plus(extra.total)
    _explain(counts, case, case.invoice)


def _explain(counts: defaultdict[str, _Count], case: Case, invoice: XeroInvoice) -> None:
    amount, count = case.dossier.amount, counts[invoice.currency]
    if case.standing is None:
        count.orphaned = count.orphaned.plus(invoice.total)
    elif amount is None:
        count.unpriced = count.unpriced.plus(invoice.total)
    else:
        count.drifted += invoice.total
        counts[case.dossier.currency].drifted -= amount


def _totals(currency: str, count: _Count) -> Totals:
    return Totals(
        currency,
        _all(count.standings.values()),
        count.standings,
        count.without_amount,
        count.ours,
        count.drifted,
        count.doubled,
        count.orphaned,
        count.unpriced,
    )


def _all(parts: Iterable[Sum]) -> Sum:
    listed = list(parts)
    return Sum(sum(part.count for part in listed), sum((part.total for part in listed), Decimal(0)))
