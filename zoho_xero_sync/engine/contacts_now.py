"""Customers that people merged, archived or rewrote: what Xero and Zoho say of them now, before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from zoho_xero_sync.core.contact_now import last_survivor, next_links
from zoho_xero_sync.core.drafted import Drafted
from zoho_xero_sync.core.matching import ARCHIVED
from zoho_xero_sync.core.model import (
    Action,
    ContactDraft,
    ContactNow,
    CustomerKey,
    CustomerLink,
    DealRecord,
    DealState,
    Event,
    InvoiceLink,
    Problem,
)
from zoho_xero_sync.core.plan import needs_contact_now
from zoho_xero_sync.engine.ports import Context, LedgerDesk, LedgerView

# A contact may have been merged into one that was merged later; further than this nobody goes.
_MERGES = 5


def with_contacts_now(context: Context, items: Sequence[Drafted]) -> list[Drafted]:
    """The items, those whose contact would be updated with the contact as Xero has it now. A call per 40 contacts."""
    due = {
        item.customer_link.customer: item.customer_link.contact_id
        for item in items
        if item.customer_link and needs_contact_now(item, context.rules)
    }
    if not due:
        return list(items)
    survivors = _read_following(context, list(dict.fromkeys(due.values())))
    return [
        replace(item, contact_now=survivors.get(due[item.customer_link.customer]))
        if item.customer_link and item.customer_link.customer in due
        else item
        for item in items
    ]


def _read_following(context: Context, contact_ids: Sequence[str]) -> dict[str, ContactNow]:
    """By each of these ids the contact, or the one it was merged into."""
    known: dict[str, ContactNow] = {}
    wanted = list(contact_ids)
    for _ in range(_MERGES):
        if not wanted:
            break
        known |= context.xero.read_contacts(wanted)
        wanted = [contact_id for contact_id in next_links(contact_ids, known) if contact_id not in wanted]
    found = {contact_id: last_survivor(contact_id, known) for contact_id in contact_ids}
    return {contact_id: survivor for contact_id, survivor in found.items() if survivor is not None}


# ---- contacts that were merged in Xero while an invoice was due ----


def follow_merged(context: Context, ledger: LedgerDesk, actions: Sequence[Action]) -> list[DealRecord]:
    """Move the links of contacts that turned out to be merged into others; the deals that can go on with those.

    `actions` are those whose writes Xero refused because their contact is archived. The deals are pending again.
    """
    keys = {action.deal_id: action.contact.draft.customer for action in actions if action.contact}
    links = ledger.find_customer_links(set(keys.values()))
    if not links:
        return []
    survivors = _read_following(context, sorted({link.contact_id for link in links.values()}))
    moved: dict[CustomerKey, CustomerLink] = {}
    events: list[Event] = []
    for deal_id, key in keys.items():
        link = links.get(key)
        now = survivors.get(link.contact_id) if link else None
        if link is None or now is None or now.id == link.contact_id or now.status == ARCHIVED:
            continue
        if key not in moved:
            detail = {"contact": now.name, "contact_id": now.id, "merged_from": link.contact_id}
            events.append(Event(context.clock.now(), context.run_id, deal_id, "contact_merged", detail))
        moved[key] = replace(link, contact_id=now.id, number=now.number or link.number)
    if not moved:
        return []
    ledger.record_links(list(moved.values()), [], events)
    records = ledger.find_deals([deal_id for deal_id, key in keys.items() if key in moved])
    free = [replace(record, state=DealState.PENDING, problem=None) for record in records.values()]
    ledger.stage(free, None)
    return free


# ---- accounts that were merged in Zoho ----


def with_merged_accounts(context: Context, ledger: LedgerView, items: Sequence[Drafted]) -> list[Drafted]:
    """The items, those held whose invoice is another customer's that is gone from Zoho, most likely merged away.

    Two contacts in Xero are then one customer, and which of them stays is not for this program to say. Nothing is
    asked unless an invoice changes hands: then one call to Zoho per 50 customers, and one to Xero per 40 contacts.
    """
    before = {item.deal.id: key for item in items if (key := _changed_hands(item)) is not None}
    if not before:
        return list(items)
    links = ledger.find_customer_links(set(before.values()))
    apart = [item for item in items if item.deal.id in before and _is_apart(item, links.get(before[item.deal.id]))]
    gone = _gone(context, {before[item.deal.id] for item in apart})
    merged = [links[before[item.deal.id]] for item in apart if before[item.deal.id] in gone]
    if not merged:
        return list(items)
    survivors = _read_following(context, sorted({link.contact_id for link in merged}))
    held: dict[str, Problem] = {}
    for item in apart:
        old = links[before[item.deal.id]]
        now = survivors.get(old.contact_id)
        settled = now is not None and item.customer_link is not None and now.id == item.customer_link.contact_id
        if old.customer in gone and not settled:
            held[item.deal.id] = _two_contacts(item, old)
    return [replace(item, contact=held.get(item.deal.id, item.contact)) for item in items]


def merged_away(
    context: Context, ledger: LedgerView, invoice: InvoiceLink | None, chosen: CustomerLink
) -> list[CustomerLink]:
    """The customer an invoice was made for, when Zoho has it no more, linked to the contact that a person chose."""
    before = _made_for(invoice)
    if before is None or before == chosen.customer:
        return []
    old = ledger.find_customer_links([before]).get(before)
    if old is None or not _gone(context, {before}):
        return []
    return [replace(old, contact_id=chosen.contact_id, number=chosen.number or old.number)]


def _changed_hands(item: Drafted) -> CustomerKey | None:
    """The customer the live invoice was made for, when the deal has another one now."""
    if not isinstance(item.contact, ContactDraft):
        return None
    before = _made_for(item.link)
    return before if before != item.contact.customer else None


def _made_for(link: InvoiceLink | None) -> CustomerKey | None:
    if link is None or not link.live or not link.sent:
        return None
    sent: Mapping[str, str] = json.loads(link.sent)
    module, _, record_id = sent.get("Contact", "").partition(":")
    return CustomerKey(module, record_id) if record_id else None


def _is_apart(item: Drafted, old: CustomerLink | None) -> bool:
    return old is not None and (item.customer_link is None or item.customer_link.contact_id != old.contact_id)


def _gone(context: Context, keys: set[CustomerKey]) -> set[CustomerKey]:
    found: set[CustomerKey] = set()
    for module in sorted({key.module for key in keys}):
        ids = sorted(key.id for key in keys if key.module == module)
        there = context.zoho.fetch_existing(module, ids)
        found |= {CustomerKey(module, record_id) for record_id in ids if record_id not in there}
    return found


def _two_contacts(item: Drafted, old: CustomerLink) -> Problem:
    draft, own = item.contact, item.customer_link
    name = draft.name if isinstance(draft, ContactDraft) else ""
    deal = item.deal.id
    theirs = f"{old.name} ({old.contact_id})"
    link = f"zoho-xero-sync resolve {deal} --link-contact"
    if own is None:
        advice = f"If both are one customer, type: {link} {old.contact_id}  else link another contact the same way"
    else:
        advice = (
            f"Merge the two in Xero, then type: zoho-xero-sync resolve {deal} --retry  "
            f"or keep one of them: {link} {own.contact_id} or {link} {old.contact_id}"
        )
    beside = f", and {name} is {own.name} ({own.contact_id})" if own else ""
    return Problem(
        "contact_ambiguous",
        f"deal {deal}",
        f"The invoice of this deal is for {theirs} in Xero, whose Zoho record is gone, as after a merge{beside}.",
        advice,
        "Contact",
    )
