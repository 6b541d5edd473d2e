"""What changes in Zoho though no deal does: documents, accounts and contact persons of deals that are live.

Editing a quote, an order or an account moves that record's Modified_Time and not its deal's, so each module is asked
by itself (www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html). Editing rows of a deal's own subform moves the
deal's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from zoho_xero_sync.core.customers import ACCOUNTS, CONTACTS, chosen_customer
from zoho_xero_sync.core.document_modules import MODULES
from zoho_xero_sync.core.model import (
    Action,
    CustomerKey,
    DealRecord,
    SeenRecord,
    SourceDocument,
    Touched,
)
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.engine.news import Found, Poll
from zoho_xero_sync.engine.ports import Context, LedgerView

Ask = Callable[[Context, LedgerView, datetime], Found]

# By what a document calls itself: the module it is in.
_BY_LABEL = {module.label: module.module for module in MODULES.values()}
# Zoho's times have whole seconds: what changed within this of being read may have changed again in the same second.
_GRAIN = timedelta(seconds=2)
# With one of these in a template every invoice of the customer says what it is called.
_CUSTOMER_FIELDS = frozenset({"Account_Name", "Contact_Name"})


def document_polls(rules: Rules) -> tuple[Poll, ...]:
    """One poll for each module that lines come from."""
    modules = [MODULES[source].module for source in rules.lines.sources if source in MODULES]
    every = timedelta(minutes=rules.poll.documents)
    return tuple(Poll(f"documents.{module}", every, _ask_documents(module)) for module in modules)


def customer_polls(rules: Rules) -> tuple[Poll, ...]:
    """One poll for each module that says what a customer looks like; none when contacts are not updated."""
    if not rules.customer.update:
        return ()
    modules = [ACCOUNTS, CONTACTS] if "account" in rules.customer.sources else [CONTACTS]
    every = timedelta(minutes=rules.poll.customers)
    return tuple(Poll(f"customers.{module}", every, _ask_customers(module)) for module in modules)


def seen_documents(actions: Iterable[Action], read_at: datetime | None) -> list[SeenRecord]:
    """The documents these actions were planned from, so that a poll need not bring them up as they are."""
    return [
        _seen(SeenRecord(_BY_LABEL[document.source], document.id, document.modified_at, action.deal_id), read_at)
        for action in actions
        if isinstance(document := action.document, SourceDocument) and document.source in _BY_LABEL
    ]


def _seen(record: SeenRecord, read_at: datetime | None) -> SeenRecord:
    """The record, its time left out when another change could still get the same one."""
    sure = read_at is not None and record.modified_at is not None and record.modified_at < read_at - _GRAIN
    return record if sure else replace(record, modified_at=None)


def _fresh(ledger: LedgerView, module: str, touched: Touched) -> list[tuple[SeenRecord, SeenRecord | None]]:
    """The records that were not taken into account as they are now, each with what was known of it."""
    known = ledger.find_seen(module, [record.id for record in touched.records])
    pairs = ((record, known.get(record.id)) for record in touched.records)
    return [(now, before) for now, before in pairs if before is None or before.modified_at is None or before != now]


# ---- documents ----


def _ask_documents(module: str) -> Ask:
    def ask(context: Context, ledger: LedgerView, since: datetime) -> Found:
        touched = context.zoho.fetch_touched(module, since)
        fresh = _fresh(ledger, module, touched)
        # A document that was moved to another deal concerns both.
        deals = {deal_id for pair in fresh for record in pair if record for deal_id in [record.deal_id] if deal_id}
        live = _live(ledger, deals)
        seen = [_seen(now, touched.read_at) for now, before in fresh if now.deal_id in live or before is not None]
        return Found(touched.read_at, live, seen=tuple(seen))

    return ask


def _live(ledger: LedgerView, deal_ids: Iterable[str]) -> frozenset[str]:
    """Of these deals those that have a live invoice, or wait for a person."""
    records = ledger.find_deals(list(deal_ids))
    links = ledger.find_invoice_links(list(records))
    return frozenset(
        deal_id
        for deal_id, record in records.items()
        if record.waits_for_person or (deal_id in links and links[deal_id].live)
    )


# ---- customers ----


def _ask_customers(module: str) -> Ask:
    def ask(context: Context, ledger: LedgerView, since: datetime) -> Found:
        touched = context.zoho.fetch_touched(module, since)
        fresh = [now for now, _ in _fresh(ledger, module, touched)]
        ids = [record.id for record in fresh]
        live = ledger.live_deals_of(accounts=ids) if module == ACCOUNTS else ledger.live_deals_of(persons=ids)
        concerned = {record.account if module == ACCOUNTS else record.person for record in live}
        seen = [_seen(record, touched.read_at) for record in fresh if record.id in concerned]
        return Found(touched.read_at, _spokesmen(context.rules, ledger, live), seen=tuple(seen))

    return ask


def _spokesmen(rules: Rules, ledger: LedgerView, live: Sequence[DealRecord]) -> frozenset[str]:
    """Of the deals of changed customers those to be read: all that wait, and one for each customer with invoices.

    One is enough to carry a customer over; it is the one whose person the contact has, or else the one changed last.
    Where invoices themselves name the customer, all are read.
    """
    if rules.deal_fields() & _CUSTOMER_FIELDS:
        return frozenset(record.deal_id for record in live)
    stages = {stage for rule in rules.stages for stage in rule.stages}
    waiting = {record.deal_id for record in live if record.waits_for_person}
    by_customer: dict[CustomerKey, list[DealRecord]] = {}
    for record in live:
        key = chosen_customer(record.account, record.person, rules.customer)
        if key is not None and record.stage in stages and record.deal_id not in waiting:
            by_customer.setdefault(key, []).append(record)
    links = ledger.find_customer_links(by_customer.keys())
    chosen = set()
    for key, records in by_customer.items():
        speaks = links[key].person if key in links else None
        chosen.add(([record for record in records if record.person == speaks] or records)[-1].deal_id)
    return frozenset(waiting | chosen)
