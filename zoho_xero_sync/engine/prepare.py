"""From pending deals to planned actions: documents, drafts, and only the look-ups that the plan needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from zoho_xero_sync.core.contact_plan import Voice, agreed_draft
from zoho_xero_sync.core.control_totals import worth
from zoho_xero_sync.core.customers import ACCOUNTS, draft_contact, ordered_persons
from zoho_xero_sync.core.dates import dates_sent
from zoho_xero_sync.core.drafted import Drafted, Triage
from zoho_xero_sync.core.invoices import Setting, draft_invoice
from zoho_xero_sync.core.matching import Recognised, recognise, without_double_claims
from zoho_xero_sync.core.model import (
    Action,
    Books,
    ContactDraft,
    CustomerKey,
    CustomerLink,
    Deal,
    DealRecord,
    DealRow,
    InvoiceDraft,
    Person,
    Problem,
    SourceDocument,
    Worth,
    XeroInvoice,
)
from zoho_xero_sync.core.parts import newest, others
from zoho_xero_sync.core.plan import (
    after_ends,
    needs_contact,
    needs_current,
    needs_persons,
    plan_deal,
    triage,
)
from zoho_xero_sync.core.shares import part_of_total
from zoho_xero_sync.core.staging import stage_row
from zoho_xero_sync.engine.billed import with_billed, with_billing
from zoho_xero_sync.engine.books import CURES, ITEMS, BookKeeper
from zoho_xero_sync.engine.contacts_now import with_contacts_now, with_merged_accounts
from zoho_xero_sync.engine.poll_deleted import explains
from zoho_xero_sync.engine.ports import Context, LedgerView
from zoho_xero_sync.engine.search import with_found
from zoho_xero_sync.engine.stage_names import lost_stages

Documents = Mapping[str, SourceDocument | Problem]


def plan_deals(
    context: Context,
    ledger: LedgerView,
    keeper: BookKeeper,
    records: Sequence[DealRecord],
) -> list[Action]:
    """One action for each record, oldest change first. Reads both services, writes nothing anywhere."""
    return _planned(context, ledger, keeper, records)[0]


def _planned(
    context: Context, ledger: LedgerView, keeper: BookKeeper, records: Sequence[DealRecord]
) -> tuple[list[Action], Documents]:
    """The actions, and the documents they were planned from."""
    readable, unreadable = _read(context, ledger, records)
    items = _triaged(context, ledger, readable)
    drafted, documents = draft_deals(context, keeper, items)
    looked_up = _with_lost_stages(context, _looked_up(context, ledger, keeper, drafted))
    actions = after_ends([plan_deal(item, context.rules) for item in looked_up], looked_up)
    planned = [_with_document(action, documents) for action in actions]
    return [*unreadable, *_with_worth(context, planned, looked_up)], documents


def _with_worth(context: Context, actions: Sequence[Action], items: Sequence[Drafted]) -> Iterator[Action]:
    """The actions with what each deal was sold for; reads nothing that was not read for the plan."""
    for action, item in zip(actions, items, strict=True):
        document = action.document
        home = context.zoho.organisation().currency if document is not None else ""
        share = item.billing.share if item.billing is not None else None
        yield replace(action, worth=worth(item.deal, document, item.invoice, home, share, item.billed))


def _with_document(action: Action, documents: Documents) -> Action:
    document = documents.get(action.deal_id)
    return replace(action, document=document) if isinstance(document, SourceDocument) else action


def draft_deals(context: Context, keeper: BookKeeper, items: Sequence[Drafted]) -> tuple[list[Drafted], Documents]:
    """The items with the contact and the invoice that each should have, and the documents these come from."""
    documents = context.zoho.fetch_documents([item.deal for item in items if item.triage is Triage.BILL])
    return _drafted(context, keeper, items, documents), documents


def explain_deal(
    context: Context, ledger: LedgerView, keeper: BookKeeper, row: DealRow
) -> tuple[SourceDocument | None, Action | None]:
    """What this deal is invoiced from, and what a sync asked for it would do; None where there is nothing."""
    known = ledger.find_deals([row.id]).get(row.id)
    record = stage_row(row, known, context.rules, requested=True)
    if record is None or not isinstance(row.content, Deal):
        return None, None
    actions, documents = _planned(context, ledger, keeper, [record])
    document = documents.get(row.id)
    return document if isinstance(document, SourceDocument) else None, actions[0] if actions else None


def _read(
    context: Context, ledger: LedgerView, records: Sequence[DealRecord]
) -> tuple[list[tuple[DealRecord, Deal]], list[Action]]:
    vanished = [record.deal_id for record in records if record.snapshot is None]
    deletions = ledger.find_deletions(vanished) if vanished else {}
    readable: list[tuple[DealRecord, Deal]] = []
    unreadable: list[Action] = []
    for record in records:
        content = (
            context.zoho.read_snapshot(record.snapshot).content
            if record.snapshot
            else _vanished(record, deletions.get(record.deal_id))
        )
        if isinstance(content, Deal):
            readable.append((record, content))
        else:
            held = Action(record.deal_id, record.name, record.stage, "hold", content.message, problem=content)
            unreadable.append(held)
    return readable, unreadable


def _vanished(record: DealRecord, deleted_at: datetime | None) -> Deal | Problem:
    """A deal that Zoho deleted, as far as it is remembered; a problem when it is only known not to be there."""
    if deleted_at is not None and explains(deleted_at, record):
        return Deal(record.deal_id, record.name, record.stage, None, None, None, deleted_at, None, None)
    return Problem(
        "deal_not_found",
        f"deal {record.deal_id}",
        f"Zoho no longer shows deal {record.deal_id} ({record.name or 'no name'}) to this login.",
        f"If it was deleted, set it aside: zoho-xero-sync resolve {record.deal_id} --skip",
    )


def _triaged(context: Context, ledger: LedgerView, deals: Sequence[tuple[DealRecord, Deal]]) -> list[Drafted]:
    parts = ledger.find_parts([deal.id for _, deal in deals])
    ended = ledger.ended_invoices(list(parts)) if parts else {}
    burned = ledger.invoice_numbers(list(parts)) if context.rules.invoice.number and parts else {}
    items: list[Drafted] = []
    for record, deal in deals:
        links = parts.get(deal.id, ())
        link = newest(links)
        kind, rule = triage(deal, record, link, context.rules) if record.snapshot else (Triage.DELETED, None)
        item = Drafted(
            deal,
            record,
            kind,
            rule,
            link,
            ended=ended.get(deal.id, ()),
            others=others(links, link),
            burned=burned.get(deal.id, frozenset()),
        )
        items.append(with_billing(item, links) if kind is Triage.BILL else item)
    return sorted(_with_holds(ledger, items), key=lambda item: (item.deal.modified_at, item.deal.id))


def _with_holds(ledger: LedgerView, items: Sequence[Drafted]) -> list[Drafted]:
    """The items; of those that leave without an invoice, with whether they waited once."""
    leaving = [item.deal.id for item in items if _leaves_unbilled(item)]
    waited = ledger.held_before(leaving) if leaving else frozenset()
    return [replace(item, held_before=item.deal.id in waited) if _leaves_unbilled(item) else item for item in items]


def _leaves_unbilled(item: Drafted) -> bool:
    return item.link is None and item.triage in (Triage.IGNORE, Triage.DELETED)


def _drafted(context: Context, keeper: BookKeeper, items: Sequence[Drafted], documents: Documents) -> list[Drafted]:
    """The items with their contact and invoice drafts; settings kept from before are read again where that may help."""
    with_contacts = [_with_contact(context, item) for item in items]
    if not any(item.triage is Triage.BILL for item in items):
        return with_contacts
    home = context.zoho.organisation().currency
    currencies = {_currency(documents[item.deal.id], item.deal, home) for item in items if item.triage is Triage.BILL}
    books = keeper.books(context.rules, currencies)
    billed = with_billed(context, with_contacts)
    drafted = [_with_invoice(context, item, documents, books) for item in billed]
    if keeper.refresh(_cures(drafted, documents)):
        books = keeper.books(context.rules, currencies)
        drafted = [_with_invoice(context, item, documents, books) for item in billed]
    return [_with_stated(item, documents, home) for item in drafted]


def _with_stated(item: Drafted, documents: Documents, home: str) -> Drafted:
    """The item with what its document says that it comes to, unless a draft says so."""
    document, asked = documents.get(item.deal.id), item.billing
    if isinstance(item.invoice, InvoiceDraft) or asked is None:
        return item
    if not isinstance(document, SourceDocument) or document.grand_total is None:
        return item
    amount = part_of_total(document.grand_total, asked.share, item.billed)
    return replace(item, stated=Worth(amount, _currency(document, item.deal, home).upper()))


def _cures(drafted: Sequence[Drafted], documents: Documents) -> set[str]:
    """Which settings to read again because a deal would be held for what they say."""
    names: set[str] = set()
    for item in drafted:
        document = documents.get(item.deal.id)
        if isinstance(item.invoice, Problem) and not _explains_itself(item.invoice, document):
            names.update(CURES.get(item.invoice.code, ()))
        if isinstance(item.invoice, InvoiceDraft) and any(line.new_item for line in item.invoice.lines):
            names.add(ITEMS)
    return names


def _explains_itself(problem: Problem, document: SourceDocument | Problem | None) -> bool:
    """A document whose total does not come from its rows alone differs whatever Xero's rates are."""
    if problem.code != "total_mismatch" or not isinstance(document, SourceDocument):
        return False
    return bool(document.discount or document.tax or document.adjustment)


def _currency(document: SourceDocument | Problem, deal: Deal, home: str) -> str:
    own = document.currency if isinstance(document, SourceDocument) else None
    return own or deal.currency or home


def _with_contact(context: Context, item: Drafted) -> Drafted:
    if item.triage not in (Triage.BILL, Triage.CONTACT):
        return item
    return replace(item, contact=draft_contact(item.deal, context.rules.customer))


def _with_invoice(context: Context, item: Drafted, documents: Documents, books: Books) -> Drafted:
    if item.triage is not Triage.BILL or item.rule is None or not isinstance(item.contact, ContactDraft):
        return item
    document, asked = documents[item.deal.id], item.billing
    if isinstance(document, Problem) or asked is None:
        return replace(item, invoice=document if isinstance(document, Problem) else None)
    link = None if item.is_fresh else item.link
    setting = replace(
        _setting(context, books),
        made=link is not None,
        sent_dates=dates_sent(link.sent) if link else None,
        burned=item.burned - {link.number} if link else item.burned,
        part=asked.part,
        share=asked.share,
        billed=item.billed,
    )
    return replace(item, invoice=draft_invoice(item.deal, item.contact.customer, document, asked.status, setting))


def _setting(context: Context, books: Books) -> Setting:
    organisation = context.zoho.organisation()
    # Zoho's clock and not this machine's, which may be off by a day.
    now = context.zoho.read_at or context.clock.now()
    today = now.astimezone(ZoneInfo(books.time_zone)).date()
    prefix = context.link_prefix(organisation)
    return Setting(context.rules, books, today, organisation.currency, prefix, context.tag)


def _looked_up(context: Context, ledger: LedgerView, keeper: BookKeeper, items: Sequence[Drafted]) -> list[Drafted]:
    keys = {item.contact.customer for item in items if isinstance(item.contact, ContactDraft)}
    links = ledger.find_customer_links(keys)
    linked = with_merged_accounts(context, ledger, _agreed([_with_link(item, links) for item in items]))
    recognised = _with_persons(context, _with_contacts(context, ledger, linked))
    current = _with_current(context, keeper, with_contacts_now(context, recognised))
    return with_found(context, ledger, keeper, current)


def _with_link(item: Drafted, links: Mapping[CustomerKey, CustomerLink]) -> Drafted:
    if not isinstance(item.contact, ContactDraft):
        return item
    return replace(item, customer_link=links.get(item.contact.customer))


def _agreed(items: Sequence[Drafted]) -> list[Drafted]:
    """The items, those of one customer with one and the same draft of its contact."""
    voices: dict[CustomerKey, list[Voice]] = {}
    links: dict[CustomerKey, CustomerLink | None] = {}
    for item in items:
        if isinstance(item.contact, ContactDraft):
            voices.setdefault(item.contact.customer, []).append(Voice(item.deal, item.record, item.contact))
            links[item.contact.customer] = item.customer_link
    agreed = {key: agreed_draft(said, links[key]) for key, said in voices.items()}
    return [
        replace(item, contact=agreed[item.contact.customer]) if isinstance(item.contact, ContactDraft) else item
        for item in items
    ]


def _with_persons(context: Context, items: Sequence[Drafted]) -> list[Drafted]:
    """Contact persons are read only for customers that would be created or updated."""
    wanted = {
        item.contact.customer.id
        for item in items
        if needs_persons(item, context.rules) and isinstance(item.contact, ContactDraft)
    }
    if not wanted:
        return list(items)
    found = context.zoho.fetch_persons(sorted(wanted))
    return [_with_these(item, found) for item in items]


def _with_these(item: Drafted, found: Mapping[str, Sequence[Person]]) -> Drafted:
    draft = item.contact
    if not isinstance(draft, ContactDraft) or draft.customer.module != ACCOUNTS or draft.customer.id not in found:
        return item
    persons = ordered_persons(found[draft.customer.id], draft.person)
    return replace(item, contact=replace(draft, persons=persons))


def _with_contacts(context: Context, ledger: LedgerView, items: Sequence[Drafted]) -> list[Drafted]:
    wanted = {
        item.contact.customer: item.contact
        for item in items
        if needs_contact(item) and isinstance(item.contact, ContactDraft)
    }
    order = context.rules.customer.match
    candidates = context.xero.find_contacts(list(wanted.values()), order)
    matched = {key: recognise(draft, candidates.get(key, ()), order) for key, draft in wanted.items()}
    hits = [match.contact.id for match in matched.values() if isinstance(match, Recognised)]
    found = without_double_claims(matched, wanted, ledger.find_contact_links(hits))
    return [
        replace(item, recognised=found[item.contact.customer])
        if needs_contact(item) and isinstance(item.contact, ContactDraft)
        else item
        for item in items
    ]


def _with_current(context: Context, keeper: BookKeeper, items: Sequence[Drafted]) -> list[Drafted]:
    """The items with their invoices as Xero has them now, where it is asked, and with what is locked there."""
    ids = [item.link.invoice_id for item in items if item.link and needs_current(item, context.rules)]
    if not ids:
        return list(items)
    found = context.xero.fetch_invoices(ids)
    locked = keeper.books(context.rules, ()).locked_until
    # Settings are kept for a day, and a lock date that was moved since would leave deals waiting.
    if _any_locked(found.values(), locked) and keeper.refresh(CURES["date_locked"]):
        locked = keeper.books(context.rules, ()).locked_until
    return [
        replace(item, current=found.get(item.link.invoice_id), locked_until=locked) if item.link else item
        for item in items
    ]


def _with_lost_stages(context: Context, items: Sequence[Drafted]) -> list[Drafted]:
    """Before an invoice is ended because its deal left, Zoho is asked whether the stages still have their names."""
    leaving = [item for item in items if item.triage is Triage.RETREAT and item.current is not None]
    lost = lost_stages(context) if leaving else ()
    return [replace(item, lost_stages=lost) if item.triage is Triage.RETREAT else item for item in items]


def _any_locked(invoices: Iterable[XeroInvoice], locked: date | None) -> bool:
    return locked is not None and any(found.date is not None and found.date <= locked for found in invoices)
