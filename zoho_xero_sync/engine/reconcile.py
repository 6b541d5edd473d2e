"""Reading the three sides of a period and judging every deal of it; only `record_repairs` stores anything."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from zoho_xero_sync.core.marks import deal_of, part_of, tag_of
from zoho_xero_sync.core.matching import ARCHIVED, Recognised, recognise
from zoho_xero_sync.core.model import (
    ContactDraft,
    CustomerKey,
    CustomerLink,
    Deal,
    DealRecord,
    DealRow,
    DealState,
    Event,
    InvoiceDraft,
    InvoiceLink,
    Problem,
    SourceDocument,
    XeroContact,
    XeroInvoice,
)
from zoho_xero_sync.core.parts import REMAINDER, WHOLE, link_of, newest, others
from zoho_xero_sync.core.plan import Drafted, Triage
from zoho_xero_sync.core.plan_linked import needs_look
from zoho_xero_sync.core.rebuild import as_it_stands, draftable, known_record, live_ones
from zoho_xero_sync.core.reconcile import (
    Case,
    Dossier,
    Pair,
    Period,
    Reconciliation,
    Repair,
    Standing,
    Undecided,
    in_period,
)
from zoho_xero_sync.core.reconcile_pairs import (
    propose_pairs,
    unbilled,
    unclaimed,
    with_likely_invoices,
    with_probable_doubles,
)
from zoho_xero_sync.core.reconcile_rules import judge
from zoho_xero_sync.core.reconcile_totals import control_totals
from zoho_xero_sync.core.rules import ContactMatch, StageRule
from zoho_xero_sync.core.shares import part_of_total
from zoho_xero_sync.core.stages import CLOSED, covers, match_rule
from zoho_xero_sync.core.staging import is_known
from zoho_xero_sync.core.window import Window, poll_window
from zoho_xero_sync.engine.billed import with_billing
from zoho_xero_sync.engine.books import BookKeeper
from zoho_xero_sync.engine.busy import busy_subjects, is_busy
from zoho_xero_sync.engine.owners import own_invoices, owners
from zoho_xero_sync.engine.poll_xero import events_of, meet, to_plan
from zoho_xero_sync.engine.ports import CLOCK_MARGIN, Context, LedgerDesk
from zoho_xero_sync.engine.prepare import Documents, draft_deals
from zoho_xero_sync.engine.writers import EARLIER_LEDGERS

# More than a small page holds: a period is read in whole pages.
_MANY = 10_000
# What the history says of the invoice in Xero, and of what Zoho was told of it: nothing of it is a word on the deal.
_NO_WORD = frozenset({
    "invoice_part_paid", "invoice_paid", "invoice_status_in_xero", "invoice_renumbered_in_xero",
    "invoice_edited_in_xero", "written_back", "write_back_refused", "write_back_retried", "write_back_kept",
    "contact_merged", "email_seen", "email_dropped",
})  # fmt: skip


class History(LedgerDesk, Protocol):
    """A ledger that also tells what happened to a deal."""

    def events(self, deal_id: str) -> list[Event]: ...


@dataclass(frozen=True, slots=True)
class _Seen:
    """Both services' side of the period: its deals, the ids of those that Zoho no longer shows, Xero's sales invoices.

    `carrying` are, by deal id, the invoices with its mark.
    """

    rows: Mapping[str, DealRow]
    gone: tuple[str, ...]
    sales: Sequence[XeroInvoice]
    carrying: Mapping[str, tuple[XeroInvoice, ...]]
    prefix: str

    @property
    def deals(self) -> tuple[str, ...]:
        """The ids of every deal concerned."""
        return (*self.rows, *self.gone)


@dataclass(frozen=True, slots=True)
class _Known:
    """The ledger's side. `links` are the live ones of all deals, `by_deal` those of the deals concerned.

    `invoices` are those of Xero by id, `tags` the ledgers that may have marked one, `covered` the stages that have a
    baseline.
    """

    links: Sequence[InvoiceLink]
    by_deal: Mapping[str, tuple[InvoiceLink, ...]]
    records: Mapping[str, DealRecord]
    customers: Mapping[CustomerKey, CustomerLink]
    invoices: Mapping[str, XeroInvoice]
    busy: set[str]
    checkpoint: datetime | None
    tags: frozenset[str]
    covered: frozenset[tuple[str, str]]


def reconcile(context: Context, ledger: History, period: Period, *, pairing: bool) -> Reconciliation:
    """Every deal of the period with its standing and findings; with `pairing`, invoices made by hand that fit deals.

    A deal belongs to the period when it was modified in it, or when an invoice of it is dated or was updated in it.
    """
    seen = _read_services(context, ledger, period)
    drafted, documents = _drafted(context, ledger, seen)
    known = _read_ledger(context, ledger, seen, drafted)
    dossiers = [_dossier(context, ledger, seen, known, documents, drafted, deal_id) for deal_id in seen.deals]
    dossiers += [other for dossier in dossiers for other in _beside(seen, known, dossier)]
    dossiers.sort(key=lambda dossier: (dossier.name, dossier.deal_id))
    at = context.clock.now()
    cases = [judge(dossier, context.rules, at, seen.prefix) for dossier in dossiers]
    marked = {invoice.id for found in seen.carrying.values() for invoice in found}
    strange = unclaimed(seen.sales, marked, known.links)
    cases = with_probable_doubles(cases, [invoice for invoice in strange if in_period(period, invoice)])
    pairs: tuple[Pair, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    wanted = [case for case in cases if unbilled(case) and (pairing or case.standing is Standing.MISSING)]
    if wanted and strange:
        pairs, undecided = propose_pairs(wanted, _contacts(context, ledger, wanted), strange)
        cases = [with_likely_invoices(case, pairs, undecided) for case in cases]
    return Reconciliation(
        run_id=context.run_id,
        at=at,
        period=period,
        cases=tuple(cases),
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
            _take_over(ledger, repair, found.at)
        fixed = tuple(replace(finding, fixed=finding.repair is not None) for finding in case.findings)
        cases.append(replace(case, findings=fixed) if repairs else case)
    return replace(found, cases=tuple(cases))


def _take_over(ledger: History, repair: Repair, at: datetime) -> None:
    """The repair in the ledger. A deal that a run would plan again for what became of its invoice is left to the next:
    once the ledger knows the invoice, no poll finds anything to tell.
    """
    sightings = meet(ledger, repair.met) if repair.met else []
    touched = ledger.find_deals(to_plan(ledger, sightings)) if sightings else {}
    again = [replace(record, state=DealState.PENDING) for record in touched.values() if _is_planned(record)]
    ledger.stage([*repair.records, *again], None)
    ledger.record_links([], repair.links, repair.events)
    links, edits = [sighting.link for sighting in sightings], [sighting.edits for sighting in sightings]
    ledger.record_sightings(links, edits, list(events_of(sightings, at, None)))


def _is_planned(record: DealRecord) -> bool:
    return not record.baseline and record.state is not DealState.SKIPPED


# ---- reading ----


def _read_services(context: Context, ledger: History, period: Period) -> _Seen:
    """The deals of the period, Xero's sales invoices since then, and the older deals that these concern."""
    fetched = context.zoho.fetch_changed(period.window, expected=_MANY)
    rows = {row.id: row for row in fetched.rows}
    prefix = context.link_prefix(context.zoho.organisation())
    sales = context.xero.fetch_sales(_since(period.window, fetched.rows))
    marked: dict[str, list[XeroInvoice]] = {}
    for invoice in sales:
        deal_id = deal_of(invoice.url, prefix)
        if deal_id is not None:
            marked.setdefault(deal_id, []).append(invoice)
    linked = owners(ledger)
    carrying = own_invoices(linked, marked)
    touched = (invoice for invoice in sales if in_period(period, invoice))
    concerned = (deal_of(invoice.url, prefix) or linked.get(invoice.id) for invoice in touched)
    older = list(dict.fromkeys(deal_id for deal_id in concerned if deal_id is not None and deal_id not in rows))
    rows |= {row.id: row for row in (context.zoho.fetch_deals(older).rows if older else ())}
    of_period = {row.id: row for row in rows.values() if _belongs(context, row, carrying.keys() | linked.values())}
    gone = tuple(deal_id for deal_id in older if deal_id not in rows)
    return _Seen(of_period, gone, sales, carrying, prefix)


def _belongs(context: Context, row: DealRow, invoiced: Collection[str]) -> bool:
    return row.id in invoiced or match_rule(context.rules.stages, row.stage, row.pipeline) is not None


def _since(window: Window, rows: Sequence[DealRow]) -> datetime | None:
    """From when Xero's invoices are read: no invoice of a deal is older than the deal. None: all of them.

    A deal in no invoiced stage counts as well: its invoice is the one that nobody else looks for.
    """
    made: list[datetime] = [window.start]
    for row in rows:
        created = row.content.created_at if isinstance(row.content, Deal) else None
        if created is None:
            return None
        made.append(created)
    return min(made) - CLOCK_MARGIN


def _drafted(context: Context, ledger: History, seen: _Seen) -> tuple[dict[str, Drafted], Documents]:
    """By deal id, each deal with the invoice it asks for now; and the documents these come from."""
    parts, records = ledger.find_parts(seen.deals), ledger.find_deals(seen.deals)
    items = [
        item
        for row in seen.rows.values()
        if (item := _item(context, row, seen, parts.get(row.id, ()), records.get(row.id))) is not None
    ]
    if not items:
        return {}, {}
    keeper = BookKeeper(context, ledger)
    drafted, documents = draft_deals(context, keeper, items)
    locked = keeper.books(context.rules, ()).locked_until
    return {item.deal.id: replace(item, locked_until=locked) for item in drafted}, documents


def _item(
    context: Context, row: DealRow, seen: _Seen, links: Sequence[InvoiceLink], record: DealRecord | None
) -> Drafted | None:
    """The deal as one to be drafted: with its links, or as the one invoice that carries it stands."""
    if isinstance(row.content, Problem):
        return None
    rule = match_rule(context.rules.stages, row.stage, row.pipeline)
    link = newest(links)
    item = Drafted(row.content, record or known_record(row), Triage.BILL, rule, link, others=others(links, link))
    if rule is not None:
        item = with_billing(item, links)
    if item.link is None or not item.link.live:
        marked = draftable(row, known_record(row), seen.carrying.get(row.id, ()), context.rules)
        if marked is not None:
            return marked
    return item if rule is not None else None


def _read_ledger(context: Context, ledger: History, seen: _Seen, drafted: Mapping[str, Drafted]) -> _Known:
    """What the ledger says by now: it is read after both services, so that a run beside this one explains itself."""
    by_deal = ledger.find_parts(seen.deals)
    invoices = {invoice.id: invoice for invoice in seen.sales}
    links = [link for found in by_deal.values() for link in found if link.live]
    unseen = [link.invoice_id for link in links if link.invoice_id not in invoices]
    invoices |= context.xero.fetch_invoices(unseen) if unseen else {}
    keys = {item.contact.customer for item in drafted.values() if isinstance(item.contact, ContactDraft)}
    noted = ledger.fact(EARLIER_LEDGERS)
    return _Known(
        links=ledger.live_invoices(),
        by_deal=by_deal,
        records=ledger.find_deals(seen.deals),
        customers=ledger.find_customer_links(keys),
        invoices=invoices,
        busy=busy_subjects(ledger),
        checkpoint=ledger.checkpoint(),
        tags=frozenset({"", context.tag, *(json.loads(noted[0]) if noted else ())}),
        covered=ledger.covered_stages(),
    )


def _dossier(
    context: Context,
    ledger: History,
    seen: _Seen,
    known: _Known,
    documents: Documents,
    drafted: Mapping[str, Drafted],
    deal_id: str,
) -> Dossier:
    row, record, links = seen.rows.get(deal_id), known.records.get(deal_id), known.by_deal.get(deal_id, ())
    rule = match_rule(context.rules.stages, row.stage, row.pipeline) if row is not None else None
    item, document = drafted.get(deal_id), documents.get(deal_id)
    part = _part(rule, links, seen.carrying.get(deal_id, ()))
    link, carrying = link_of(links, part), _of_part(seen.carrying.get(deal_id, ()), part)
    linked = known.invoices.get(link.invoice_id) if link is not None else None
    amount, currency = source_total(context, row, item, document)
    key = item.contact.customer if item is not None and isinstance(item.contact, ContactDraft) else None
    customer = known.customers.get(key) if key is not None else None
    return Dossier(
        deal_id=deal_id,
        row=row,
        rule=rule,
        record=record,
        link=link,
        carrying=carrying,
        linked=linked,
        item=item,
        document=document,
        amount=amount,
        currency=currency,
        contact_id=customer.contact_id if customer is not None else None,
        awaited=row is not None
        and (rule is not None or record is not None)
        and _awaited(row, record, known.checkpoint),
        busy=deal_id in known.busy or (record is not None and is_busy(context, record, known.busy)),
        kept=(rule is None or (link is not None and link.live and _is_behind(link, item))) and _kept(ledger, deal_id),
        stranger=any(tag_of(invoice.url) not in known.tags for invoice in carrying),
        unwatched=row is not None and not covers(known.covered, row.stage, row.pipeline),
    )


def _part(rule: StageRule | None, links: Sequence[InvoiceLink], carrying: Sequence[XeroInvoice]) -> int:
    """The part of the deal that its stage is about; in no invoiced stage, that of its last invoice."""
    live = {link.part for link in links if link.live} | {part_of(invoice.url) for invoice in live_ones(carrying)}
    if REMAINDER in live:
        return REMAINDER
    last = newest(links)
    return rule.part if rule is not None and rule.invoice != "none" else last.part if last is not None else WHOLE


def _of_part(invoices: Sequence[XeroInvoice], part: int) -> tuple[XeroInvoice, ...]:
    return tuple(invoice for invoice in invoices if part_of(invoice.url) == part)


def _beside(seen: _Seen, known: _Known, dossier: Dossier) -> Iterator[Dossier]:
    """The other invoice of a deal that is billed in two, as a dossier of its own: it stays as it is."""
    links, carrying = known.by_deal.get(dossier.deal_id, ()), seen.carrying.get(dossier.deal_id, ())
    main = {invoice.id for invoice in (*dossier.carrying, *((dossier.linked,) if dossier.linked else ()))}
    for part in (WHOLE, REMAINDER):
        link = link_of(links, part)
        theirs = tuple(invoice for invoice in _of_part(carrying, part) if invoice.id not in main)
        live = link is not None and link.live
        if (link is not None and link == dossier.link) or not (live or live_ones(theirs)):
            continue
        linked = known.invoices.get(link.invoice_id) if link is not None and live else None
        shown = next(iter(live_ones((*((linked,) if linked is not None else ()), *theirs))), linked)
        yield replace(
            dossier,
            link=link,
            carrying=theirs,
            linked=linked,
            rule=replace(dossier.rule, invoice=as_it_stands(shown)) if dossier.rule and shown else dossier.rule,
            record=None,
            item=None,
            document=None,
            amount=_billed_of(link, shown),
            currency=shown.currency if shown is not None else link.currency if link is not None else dossier.currency,
            contact_id=None,
            awaited=False,
            beside=True,
        )


def _billed_of(link: InvoiceLink | None, shown: XeroInvoice | None) -> Decimal | None:
    """What the other invoice bills of its deal: nothing once it was ended, as the other one comes to the whole then."""
    if shown is not None:
        return Decimal(0) if shown.status in CLOSED else shown.total
    return link.total if link is not None else None


def source_total(
    context: Context, row: DealRow | None, item: Drafted | None, document: SourceDocument | Problem | None
) -> tuple[Decimal | None, str]:
    """What the source document comes to, or the part of it that is billed, and its currency; None when it says no
    total and none can be worked out.
    """
    own = row.content.currency if row is not None and isinstance(row.content, Deal) else None
    home = (own or context.zoho.organisation().currency).upper()
    share = item.billing.share if item is not None and item.billing is not None else None
    if share is not None and item is not None and isinstance(item.invoice, InvoiceDraft):
        return item.invoice.total, item.invoice.currency
    if isinstance(document, SourceDocument) and document.grand_total is not None:
        part = part_of_total(document.grand_total, share, item.billed if item is not None else None)
        return part, (document.currency or home).upper()
    if item is not None and isinstance(item.invoice, InvoiceDraft):
        return item.invoice.total, item.invoice.currency
    return None, home


def _awaited(row: DealRow, record: DealRecord | None, checkpoint: datetime | None) -> bool:
    """Whether the next run reads the deal and finds it other than it was: no run has had the chance to act on it."""
    if record is not None and is_known(row, record):
        return False
    return checkpoint is None or row.modified_at is None or poll_window(checkpoint).contains(row.modified_at)


def _is_behind(link: InvoiceLink, item: Drafted | None) -> bool:
    return item is not None and isinstance(item.invoice, InvoiceDraft) and needs_look(link, item.invoice)


def _kept(ledger: History, deal_id: str) -> bool:
    """Whether the last word on the deal is that its invoice stays."""
    said = [event.kind for event in ledger.events(deal_id) if event.kind not in _NO_WORD]
    return said[-1:] == ["kept"]


# ---- customers ----


def _contacts(context: Context, ledger: History, cases: Sequence[Case]) -> dict[str, frozenset[str]]:
    """By deal id, the Xero contacts that are its customer: the linked one, else those that would be recognised."""
    drafts = {
        case.dossier.deal_id: item.contact
        for case in cases
        if (item := case.dossier.item) is not None and isinstance(item.contact, ContactDraft)
    }
    links = ledger.find_customer_links({draft.customer for draft in drafts.values()})
    unknown = {draft.customer: draft for draft in drafts.values() if draft.customer not in links}
    order = context.rules.customer.match
    candidates = context.xero.find_contacts(list(unknown.values()), order)
    found: dict[str, frozenset[str]] = {}
    for deal_id, draft in drafts.items():
        link = links.get(draft.customer)
        found[deal_id] = (
            frozenset({link.contact_id}) if link else contacts_of(draft, candidates.get(draft.customer, ()), order)
        )
    return found


def contacts_of(
    draft: ContactDraft, candidates: Sequence[XeroContact], order: Sequence[ContactMatch]
) -> frozenset[str]:
    """The ContactIDs that may be this customer: the one recognised, or all active ones that a person chooses from."""
    match = recognise(draft, candidates, order)
    if isinstance(match, Recognised):
        return frozenset({match.contact.id})
    if match is None:
        return frozenset()
    return frozenset(contact.id for contact in candidates if contact.status != ARCHIVED)
