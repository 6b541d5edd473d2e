"""Reading the three sides of a period and judging every deal of it. Reads only, but for what `record_repairs` stores."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from zoho_xero_sync.core.marks import deal_of, tag_of
from zoho_xero_sync.core.matching import ARCHIVED, Recognised, recognise
from zoho_xero_sync.core.model import (
    ContactDraft,
    CustomerKey,
    CustomerLink,
    Deal,
    DealRecord,
    DealRow,
    Event,
    InvoiceDraft,
    InvoiceLink,
    Problem,
    SourceDocument,
    XeroInvoice,
)
from zoho_xero_sync.core.plan import Drafted, Triage
from zoho_xero_sync.core.rebuild import draftable, known_record, live_ones
from zoho_xero_sync.core.reconcile import Case, Dossier, Pair, Reconciliation, Standing, Undecided, in_period
from zoho_xero_sync.core.reconcile_pairs import (
    propose_pairs,
    unbilled,
    unclaimed,
    with_likely_invoices,
    with_probable_doubles,
)
from zoho_xero_sync.core.reconcile_rules import judge
from zoho_xero_sync.core.reconcile_totals import control_totals
from zoho_xero_sync.core.stages import match_rule
from zoho_xero_sync.core.window import Window, poll_window
from zoho_xero_sync.engine.books import BookKeeper
from zoho_xero_sync.engine.busy import busy_subjects, is_busy
from zoho_xero_sync.engine.ports import CLOCK_MARGIN, Context, LedgerDesk
from zoho_xero_sync.engine.prepare import Documents, draft_deals
from zoho_xero_sync.engine.writers import EARLIER_LEDGERS

# More than a small page holds: a period is read in whole pages.
_MANY = 10_000


class History(LedgerDesk, Protocol):
    """A ledger that also tells what happened to a deal."""

    def events(self, deal_id: str) -> list[Event]: ...


@dataclass(frozen=True, slots=True)
class _Seen:
    """Both services' side of the period. `carrying` are, by deal id, the invoices with its mark."""

    rows: Mapping[str, DealRow]
    sales: Sequence[XeroInvoice]
    carrying: Mapping[str, tuple[XeroInvoice, ...]]
    prefix: str


@dataclass(frozen=True, slots=True)
class _Known:
    """The ledger's side. `links` are the live ones of all deals, `by_deal` those of the deals concerned."""

    links: Sequence[InvoiceLink]
    by_deal: Mapping[str, InvoiceLink]
    records: Mapping[str, DealRecord]
    linked: Mapping[str, XeroInvoice]
    busy: set[str]
    checkpoint: datetime | None


def reconcile(context: Context, ledger: History, window: Window, *, pairing: bool) -> Reconciliation:
    """Every deal of the period with its standing and findings; with `pairing`, invoices made by hand that fit deals.

    A deal belongs to the period when it was modified in it, or when an invoice of it is dated or was updated in it.
    """
    seen = _read_services(context, ledger, window)
    known = _read_ledger(context, ledger, seen)
    dossiers = _dossiers(context, ledger, seen, known)
    at = context.clock.now()
    cases = [judge(dossier, context.rules, at, seen.prefix) for dossier in dossiers]
    marked = {invoice.id for found in seen.carrying.values() for invoice in found}
    strange = unclaimed(seen.sales, marked, known.links)
    cases = with_probable_doubles(cases, [invoice for invoice in strange if in_period(window, invoice)])
    pairs: tuple[Pair, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    wanted = [case for case in cases if unbilled(case) and (pairing or case.standing is Standing.MISSING)]
    if wanted and strange:
        pairs, undecided = propose_pairs(wanted, _contacts(context, ledger, wanted), strange)
        cases = [with_likely_invoices(case, pairs, undecided) for case in cases]
    return Reconciliation(
        run_id=context.run_id,
        at=at,
        window=window,
        cases=tuple(sorted(cases, key=lambda case: (case.dossier.name, case.dossier.deal_id))),
        totals=control_totals(cases),
        pairs=pairs if pairing else (),
        undecided=undecided if pairing else (),
    )


def record_repairs(ledger: History, found: Reconciliation) -> Reconciliation:
    """Store every repair, deal by deal, and say of its finding that it is fixed. Nothing reaches a service."""
    cases = []
    for case in found.cases:
        repairs = [finding.repair for finding in case.findings if finding.repair is not None]
        for repair in repairs:
            ledger.stage(repair.records, None)
            ledger.record_links([], repair.links, repair.events)
        fixed = tuple(replace(finding, fixed=finding.repair is not None) for finding in case.findings)
        cases.append(replace(case, findings=fixed) if repairs else case)
    return replace(found, cases=tuple(cases))


# ---- reading ----


def _read_services(context: Context, ledger: History, window: Window) -> _Seen:
    """The deals of the period, Xero's sales invoices since then, and the older deals that these concern."""
    fetched = context.zoho.fetch_changed(window, expected=_MANY)
    rows = {row.id: row for row in fetched.rows}
    prefix = context.link_prefix(context.zoho.organisation())
    context.progress("reading Xero", 0, 1)
    sales = context.xero.fetch_sales(_since(context, window, fetched.rows))
    carrying: dict[str, list[XeroInvoice]] = {}
    for invoice in sales:
        deal_id = deal_of(invoice.url, prefix)
        if deal_id is not None:
            carrying.setdefault(deal_id, []).append(invoice)
    linked = {link.invoice_id: link.deal_id for link in ledger.live_invoices()}
    touched = [invoice for invoice in sales if in_period(window, invoice)]
    concerned = {deal_of(invoice.url, prefix) or linked.get(invoice.id) for invoice in touched} - {None}
    older = sorted(deal_id for deal_id in concerned if deal_id is not None and deal_id not in rows)
    rows |= {row.id: row for row in (context.zoho.fetch_deals(older).rows if older else ())}
    of_period = {deal_id: rows[deal_id] for deal_id in rows if _belongs(context, rows[deal_id], carrying, linked)}
    gone = {deal_id: tuple(carrying.get(deal_id, ())) for deal_id in older if deal_id not in rows}
    here = {deal_id: tuple(carrying[deal_id]) for deal_id in of_period if deal_id in carrying}
    return _Seen(of_period, sales, here | gone, prefix)


def _belongs(
    context: Context, row: DealRow, carrying: Collection[str], linked: Mapping[str, str]
) -> bool:
    rule = match_rule(context.rules.stages, row.stage, row.pipeline)
    return rule is not None or row.id in carrying or row.id in linked.values()


def _since(context: Context, window: Window, rows: Sequence[DealRow]) -> datetime | None:
    """From when Xero's invoices are read: no invoice of a deal is older than the deal. None: all of them."""
    made: list[datetime] = [window.start]
    for row in rows:
        if match_rule(context.rules.stages, row.stage, row.pipeline) is None:
            continue
        created = row.content.created_at if isinstance(row.content, Deal) else None
        if created is None:
            return None
        made.append(created)
    return min(made) - CLOCK_MARGIN


def _read_ledger(context: Context, ledger: History, seen: _Seen) -> _Known:
    """What the ledger says by now: it is read after both services, so that a run beside this one explains itself."""
    ids = [*seen.rows, *(deal_id for deal_id in seen.carrying if deal_id not in seen.rows)]
    links = ledger.live_invoices()
    gone = _linked_gone(seen, links)
    ids += [deal_id for deal_id in gone if deal_id not in ids]
    by_deal = ledger.find_invoice_links(ids)
    swept = {invoice.id: invoice for invoice in seen.sales}
    unseen = [link.invoice_id for link in by_deal.values() if link.live and link.invoice_id not in swept]
    linked = swept | (context.xero.fetch_invoices(unseen) if unseen else {})
    return _Known(links, by_deal, ledger.find_deals(ids), linked, busy_subjects(ledger), ledger.checkpoint())


def _linked_gone(seen: _Seen, links: Sequence[InvoiceLink]) -> list[str]:
    return [link.deal_id for link in links if link.deal_id in seen.carrying]


def _dossiers(context: Context, ledger: History, seen: _Seen, known: _Known) -> list[Dossier]:
    rows = seen.rows
    items = [item for row in rows.values() if (item := _item(context, row, seen, known)) is not None]
    keeper = BookKeeper(context, ledger)
    context.progress("reading documents", 0, 1)
    drafted, documents = draft_deals(context, keeper, items) if items else ([], {})
    by_deal = {item.deal.id: item for item in drafted}
    links = _customer_links(ledger, drafted)
    ids = [*rows, *(deal_id for deal_id in known.by_deal if deal_id not in rows)]
    ids += [deal_id for deal_id in seen.carrying if deal_id not in ids]
    home = context.zoho.organisation().currency
    tags = _known_tags(context, ledger)
    return [_dossier(context, ledger, seen, known, deal_id, by_deal.get(deal_id), documents, links, home, tags)
            for deal_id in ids]


def _item(context: Context, row: DealRow, seen: _Seen, known: _Known) -> Drafted | None:
    """The deal as one to be drafted: with its link, or as the one invoice that carries it stands."""
    if isinstance(row.content, Problem):
        return None
    link, live = known.by_deal.get(row.id), live_ones(seen.carrying.get(row.id, ()))
    if (link is None or not link.live) and len(live) == 1:
        return draftable(row, known_record(row), live[0], context.rules)
    rule = match_rule(context.rules.stages, row.stage, row.pipeline)
    if rule is None:
        return None
    record = known.records.get(row.id) or known_record(row)
    return Drafted(row.content, record, Triage.BILL, rule, link)
