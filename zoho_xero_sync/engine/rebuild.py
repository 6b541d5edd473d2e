"""Making a lost ledger again from what both services hold. Reads only; nothing is written to either."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from zoho_xero_sync.core.carried_over import Remembered, carry_over, links_to_carry, with_documents, without
from zoho_xero_sync.core.contact_plan import Voice, agreed_draft
from zoho_xero_sync.core.customers import draft_contact
from zoho_xero_sync.core.describe import as_sent, contact_fields
from zoho_xero_sync.core.marks import deal_of
from zoho_xero_sync.core.matching import ARCHIVED
from zoho_xero_sync.core.model import (
    ContactDraft,
    CustomerKey,
    CustomerLink,
    Deal,
    DealRecord,
    DealRow,
    DealState,
    Event,
    XeroContact,
    XeroInvoice,
)
from zoho_xero_sync.core.plan import Drafted
from zoho_xero_sync.core.rebuild import (
    Found,
    Rebuilt,
    Restored,
    draftable,
    known_record,
    live_ones,
    restore,
    restore_unseen,
)
from zoho_xero_sync.core.rules import StageRule
from zoho_xero_sync.core.stages import CLOSED, covered_stages, match_rule
from zoho_xero_sync.core.staging import wants_customer_only
from zoho_xero_sync.engine.books import BookKeeper
from zoho_xero_sync.engine.ports import Context, LedgerDesk
from zoho_xero_sync.engine.prepare import draft_deals
from zoho_xero_sync.engine.writers import EARLIER_LEDGERS, earlier_ledgers
from zoho_xero_sync.errors import RemoteError

Invoices = Mapping[str, tuple[XeroInvoice, ...]]

# A day begins so long before it does in UTC where it begins first.
_EASTERNMOST = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What both services answered: every deal concerned, and by deal id the invoices that are its own.

    `carried` are those of deals of which the replaced ledger knew more.
    """

    rows: Mapping[str, DealRow]
    read_at: datetime
    invoices: Invoices
    carried: Invoices
    contacts: Sequence[XeroContact]
    tags: tuple[str, ...]


def rebuild(context: Context, keeper: BookKeeper, remembered: Remembered) -> Rebuilt:
    """The ledger as it must have been, in memory. `remembered` is what the ledger that is replaced still says.

    Raises RemoteError when Zoho does not say when it was read: no later change could be told from an earlier one.
    """
    waiting = remembered.waiting
    seen = _read(context, remembered)
    drafted = {item.deal.id: item for item in _drafted(context, keeper, seen)}
    restored = (with_documents(item, remembered) for item in _restored(context, seen, drafted))
    told = tuple(_awaited(item, waiting) for item in restored)
    carried = tuple(
        carry_over(deal_id, seen.rows.get(deal_id), remembered, invoices, context.rules)
        for deal_id, invoices in seen.carried.items()
    )
    customers = tuple(_customers(context, seen))
    linked = {link.customer for link in customers}
    unmarked = [row for row in seen.rows.values() if row.id not in seen.invoices and row.id not in seen.carried]
    customers_only = [row for row in unmarked if _customer_only(context, row) in linked]
    only = tuple(replace(known_record(row), customer_only=True) for row in customers_only)
    awaited = [known_record(row) for row in unmarked if row.id in waiting]
    pending = tuple(replace(record, state=DealState.PENDING) for record in awaited)
    known = {record.deal_id for record in (*only, *pending)}
    history = [row for row in unmarked if row.id not in known]
    # With its content, so that what is read again after this is recognised.
    baseline = tuple(replace(known_record(row), baseline=True) for row in history)
    first = _first_invoice(seen)
    return Rebuilt(
        checkpoint=seen.read_at,
        covered=covered_stages(context.rules.stages),
        restored=(*told, *carried),
        customers_only=tuple(record for record in only if record.deal_id not in waiting),
        pending=pending,
        baseline=baseline,
        may_have_waited=_changed_since(baseline, first),
        customers=customers,
        earlier=seen.tags,
        first_invoice=first,
    )


def record_rebuilt(context: Context, ledger: LedgerDesk, keeper: BookKeeper, rebuilt: Rebuilt) -> None:
    """Store it in a new ledger that nobody else sees yet."""
    now = context.clock.now()
    ledger.stage([*(item.record for item in rebuilt.restored), *rebuilt.customers_only, *rebuilt.pending], None)
    links = [link for item in rebuilt.restored for link in (item.link, *item.others) if link is not None]
    events = [
        Event(now, context.run_id, link.deal_id, "invoice_adopted", {"number": link.number, "status": link.status})
        for link in links
    ]
    ledger.record_links(rebuilt.customers, links, events)
    for name, text in keeper.fetched.items():
        ledger.record_fact(name, text, now)
    ledger.record_fact(EARLIER_LEDGERS, earlier_ledgers(rebuilt.earlier), now)
    ledger.record_baseline(rebuilt.baseline, rebuilt.covered, rebuilt.checkpoint)


# ---- reading ----


def _read(context: Context, remembered: Remembered) -> _Seen:
    """Deals in the invoiced stages, then Xero's invoices, then the deals they carry that are in no such stage."""
    rules = context.rules
    names = sorted({stage for stage, _ in covered_stages(rules.stages)})
    fetched = context.zoho.fetch_in_stages(names)
    if fetched.read_at is None:
        raise RemoteError("Zoho's answer has no Date, so the ledger has no time to go on from.", "Run it again.")
    here = {row.id: row for row in fetched.rows if match_rule(rules.stages, row.stage, row.pipeline)}
    numbers = _numbers(context, list(here.values()))
    prefix = context.link_prefix(context.zoho.organisation())
    swept = context.xero.sweep(prefix, None, numbers=numbers)
    invoices = dict(swept.carrying)
    for number, found in swept.numbered.items():
        unmarked = tuple(invoice for invoice in found if deal_of(invoice.url, prefix) is None)
        if unmarked:
            invoices.setdefault(numbers[number], unmarked)
    told, carried = _with_carried(context, remembered, invoices)
    elsewhere = [deal_id for deal_id in (*told, *carried) if deal_id not in here]
    others = context.zoho.fetch_deals(elsewhere).rows if elsewhere else ()
    rows = here | {row.id: row for row in others}
    return _Seen(rows, fetched.read_at, told, carried, context.xero.fetch_contacts(), tuple(sorted(swept.tags)))


def _with_carried(context: Context, remembered: Remembered, marked: Invoices) -> tuple[Invoices, Invoices]:
    """The marked invoices of deals that marks alone tell, and all invoices of the others; each is read once."""
    links = links_to_carry(remembered, marked)
    if not links:
        return marked, {}
    swept = {invoice.id: invoice for invoices in marked.values() for invoice in invoices}
    missing = [link.invoice_id for link in links if link.invoice_id not in swept]
    found = swept | (context.xero.fetch_invoices(missing) if missing else {})
    told = without(marked, links)
    carried: dict[str, tuple[XeroInvoice, ...]] = {}
    for link in links:
        before = carried.get(link.deal_id) or told.pop(link.deal_id, ())
        carried[link.deal_id] = (*before, *([found[link.invoice_id]] if link.invoice_id in found else []))
    return told, carried


def _numbers(context: Context, rows: Sequence[DealRow]) -> dict[str, str]:
    """By invoice number, the deal whose number it is: an invoice is still its own when somebody took its link away."""
    template = context.rules.invoice.number
    if template is None:
        return {}
    readable = (row.content for row in rows if isinstance(row.content, Deal))
    numbers = {template.render(deal.fields).strip(): deal.id for deal in readable}
    return {number: deal_id for number, deal_id in numbers.items() if number}


def _drafted(context: Context, keeper: BookKeeper, seen: _Seen) -> list[Drafted]:
    """The drafts of the deals that one live invoice carries."""
    items: list[Drafted] = []
    for deal_id, invoices in seen.invoices.items():
        row = seen.rows.get(deal_id)
        if row is None:
            continue
        item = draftable(row, known_record(row), invoices, context.rules)
        items += [item] if item is not None else []
    return draft_deals(context, keeper, items)[0] if items else []


def _restored(context: Context, seen: _Seen, drafted: Mapping[str, Drafted]) -> Iterator[Restored]:
    for deal_id, invoices in seen.invoices.items():
        row = seen.rows.get(deal_id)
        if row is None:
            yield restore_unseen(deal_id, invoices)
        else:
            yield restore(row, known_record(row), drafted.get(deal_id), invoices, context.rules)


def _awaited(item: Restored, waiting: Collection[str]) -> Restored:
    """A remainder that the replaced ledger had still to bill is billed."""
    problem = item.record.problem
    if problem is None or problem.code != "remainder_open" or item.record.deal_id not in waiting:
        return item
    pending = replace(item.record, state=DealState.PENDING, problem=None, rules=None)
    return replace(item, found=Found.BEHIND, record=pending)


# ---- customers ----


def _customers(context: Context, seen: _Seen) -> Iterator[CustomerLink]:
    """Customers of deals that were worked on, each with its Xero contact: by our number, else by its invoice's."""
    voices: dict[CustomerKey, list[Voice]] = {}
    for row in sorted(seen.rows.values(), key=lambda row: (row.modified_at is not None, row.modified_at, row.id)):
        invoiced = row.id in seen.invoices or row.id in seen.carried
        worked_on = invoiced or wants_customer_only(row, context.rules)
        draft = draft_contact(row.content, context.rules.customer) if isinstance(row.content, Deal) else None
        if worked_on and isinstance(draft, ContactDraft) and isinstance(row.content, Deal):
            voices.setdefault(draft.customer, []).append(Voice(row.content, known_record(row), draft))
    by_id = {contact.id: contact for contact in seen.contacts}
    by_number = _by_number(seen.contacts)
    claimed: set[str] = set()
    numbers = {key: said[-1].draft.number for key, said in voices.items()}
    numbered = {key: by_number[number] for key, number in numbers.items() if number in by_number}
    for key, said in sorted(voices.items(), key=lambda item: item[0] not in numbered):
        contact = numbered.get(key) or _invoiced(said, seen.invoices, by_id)
        if contact is None or contact.id in claimed:
            continue
        claimed.add(contact.id)
        yield _customer_link(key, said, contact)


def _customer_link(key: CustomerKey, said: Sequence[Voice], contact: XeroContact) -> CustomerLink:
    # The deal whose person the contact has now is the one whose word was carried over last.
    same = [voice for voice in said if voice.draft.email and voice.draft.email.casefold() == contact.email.casefold()]
    draft = agreed_draft([*(voice for voice in said if voice not in same), *same], None)
    sent = as_sent(contact_fields(draft))
    return CustomerLink(key, contact.id, contact.number, contact.name, sent, draft.person or None)


def _by_number(contacts: Sequence[XeroContact]) -> dict[str, XeroContact]:
    """Contacts by ContactNumber, active ones before archived ones."""
    ordered = sorted(contacts, key=lambda contact: contact.status != ARCHIVED)
    return {contact.number: contact for contact in ordered if contact.number}


def _invoiced(said: Sequence[Voice], invoices: Invoices, by_id: Mapping[str, XeroContact]) -> XeroContact | None:
    """The active contact that the newest of the customer's live invoices is made out to."""
    for voice in reversed(said):
        for invoice in live_ones(invoices.get(voice.deal.id, ())):
            contact = by_id.get(invoice.contact_id)
            if contact is not None and contact.status != ARCHIVED:
                return contact
    return None


def _rule(context: Context, row: DealRow) -> StageRule | None:
    return match_rule(context.rules.stages, row.stage, row.pipeline)


def _customer_only(context: Context, row: DealRow) -> CustomerKey | None:
    """The customer of a deal whose stage asks for the customer alone."""
    if not wants_customer_only(row, context.rules) or not isinstance(row.content, Deal):
        return None
    draft = draft_contact(row.content, context.rules.customer)
    return draft.customer if isinstance(draft, ContactDraft) else None


# ---- what may have waited ----


def _first_invoice(seen: _Seen) -> datetime | None:
    """No later than when the first invoice was made; None when there is none.

    An invoice's date is a day of the organisation's own, or one that the deal names and that may be long after.
    """
    found = [invoice for invoices in seen.invoices.values() for invoice in invoices]
    # One that still stands and that only the replaced ledger could tell was made by hand.
    found += [invoice for invoices in seen.carried.values() for invoice in invoices if invoice.status in CLOSED]
    days = (invoice.date for invoice in found if invoice.date is not None)
    began = [datetime.combine(day, time(), UTC) - _EASTERNMOST for day in days]
    began += [invoice.updated_at for invoice in found if invoice.updated_at is not None]
    rows = (seen.rows.get(deal_id) for deal_id in seen.invoices)
    began += [row.modified_at for row in rows if row is not None and row.modified_at is not None]
    return min(began, default=None)


def _changed_since(baseline: Sequence[DealRecord], first: datetime | None) -> tuple[DealRecord, ...]:
    """Deals that changed since the first invoice was made, newest first: the ledger may have had plans for them.

    Without any invoice nothing tells when the ledger began, and it may have had plans for each of them.
    """
    if first is None:
        changed = list(baseline)
    else:
        changed = [record for record in baseline if record.modified_at is None or record.modified_at >= first]
    changed.sort(key=lambda record: record.deal_id)
    latest = datetime.max.replace(tzinfo=UTC)
    return tuple(sorted(changed, key=lambda record: record.modified_at or latest, reverse=True))
