"""A person says which Xero contact a deal's customer is: checked in Xero, then remembered, and the deal released."""

from __future__ import annotations

from dataclasses import replace

from zoho_xero_sync.core.customers import draft_contact
from zoho_xero_sync.core.describe import as_sent, contact_fields
from zoho_xero_sync.core.matching import ARCHIVED, listed
from zoho_xero_sync.core.model import (
    ContactDraft,
    CustomerLink,
    Deal,
    DealRecord,
    DealState,
    Event,
    OperationState,
    Problem,
    XeroContact,
)
from zoho_xero_sync.core.recording import customer_subject
from zoho_xero_sync.engine.contacts_now import merged_away
from zoho_xero_sync.engine.ports import Context, LedgerDesk
from zoho_xero_sync.errors import UsageError


def link_contact(context: Context, ledger: LedgerDesk, record: DealRecord, named: str) -> CustomerLink:
    """Link the customer of the deal to the contact with this ContactID or ContactNumber, and let the next run go on.

    What Zoho says now counts as carried over, so that nothing in the contact is overwritten. Nothing is written to
    Xero; a contact without a ContactNumber gets ours from the next run, unless another contact has it. Raises
    UsageError when the deal has no customer, a write to its contact is still unanswered, or Xero has no such active
    contact.
    """
    draft = _draft(context, record)
    _require_settled(ledger, draft)
    contact = _chosen(context, named)
    number = contact.number or _taken_number(context, draft)
    sent, person = as_sent(contact_fields(draft)), draft.person or None
    link = CustomerLink(draft.customer, contact.id, number, contact.name, sent, person)
    detail = {"contact": contact.name, "contact_id": contact.id}
    merged = merged_away(context, ledger, ledger.find_invoice_links([record.deal_id]).get(record.deal_id), link)
    ledger.record_links(
        [link, *merged], [], [Event(context.clock.now(), None, record.deal_id, "contact_linked", detail)]
    )
    if record.state is not DealState.SEEN:
        ledger.stage([released(record)], None)
    return link


def released(record: DealRecord) -> DealRecord:
    """The deal as the next run takes it up: read afresh, as if a person had asked for it."""
    return replace(
        record,
        state=DealState.PENDING,
        snapshot=None,
        requested=True,
        problem=None,
        rules=None,
        customer_only=False,
    )


def _draft(context: Context, record: DealRecord) -> ContactDraft:
    row = next(iter(context.zoho.fetch_deals([record.deal_id]).rows), None)
    if row is None:
        raise UsageError(
            f"Zoho no longer shows deal {record.deal_id} ({record.name}) to this login.",
            f"If it was deleted, set it aside: zoho-xero-sync resolve {record.deal_id} --skip",
        )
    draft = draft_contact(row.content, context.rules.customer) if isinstance(row.content, Deal) else row.content
    if isinstance(draft, Problem):
        raise UsageError(f"Deal {record.deal_id} has no customer to link: {draft.message}", draft.hint)
    return draft


def _require_settled(ledger: LedgerDesk, draft: ContactDraft) -> None:
    subject = customer_subject(draft.customer)
    operations = (operation for write in ledger.unsettled_writes() for operation in write.operations)
    if any(found.subject == subject and found.state is OperationState.IN_FLIGHT for found in operations):
        raise UsageError(
            f"Xero has not answered yet what became of the contact of {draft.name}.",
            "Let a run settle that first: zoho-xero-sync sync",
        )


def _chosen(context: Context, named: str) -> XeroContact:
    hits = context.xero.find_contact(named)
    active = [hit for hit in hits if hit.status != ARCHIVED]
    if len(active) == 1:
        return active[0]
    if active:
        raise UsageError(
            f"{len(active)} Xero contacts have the number {named}: {listed(active)}.", "Give the ContactID instead."
        )
    if hits:
        raise UsageError(
            f"The Xero contact {listed(hits)} is archived; Xero takes no invoice for it.",
            "Restore it in Xero (Contacts, Archived), or name another contact.",
        )
    raise UsageError(
        f"Xero has no contact with the ContactID or ContactNumber {named}.",
        "The ContactID is at the end of the contact's web address in Xero.",
    )


def _taken_number(context: Context, draft: ContactDraft) -> str:
    """Our number when another contact has it already, so that no run tries to give it twice; else empty."""
    return draft.number if context.xero.find_contact(draft.number) else ""
