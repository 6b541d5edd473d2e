"""Recognising a customer among Xero's contacts: certain, absent, or a person decides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zoho_xero_sync.core.customers import contact_name
from zoho_xero_sync.core.model import ContactDraft, CustomerKey, Problem, XeroContact
from zoho_xero_sync.core.rules import ContactMatch

ARCHIVED = "ARCHIVED"
# Zoho's record ids have 17 to 19 digits today (www.zoho.com/crm/developer/docs/api/v8/get-records.html).
_RECORD_ID = re.compile(r"[0-9]{15,20}")
_LISTED = 5


@dataclass(frozen=True, slots=True)
class Recognised:
    """A Xero contact that is the customer, and by which of its fields."""

    contact: XeroContact
    by: ContactMatch


def recognise(
    draft: ContactDraft, candidates: Sequence[XeroContact], order: Sequence[ContactMatch]
) -> Recognised | Problem | None:
    """The contact that is this customer, a problem when a person must choose, or None when there is none.

    A ContactNumber is unique across all of Xero's contacts, archived ones too, so an archived hit is a dead end
    until somebody restores it. E-mail and name count only among active contacts, and only when exactly one has
    them. A hit that carries another integration's ContactNumber is still the same customer: its number is kept. One
    that carries our number of another Zoho record is that record's: two customers may share an e-mail address, and
    never a contact.
    """
    for field in order:
        hits = [contact for contact in candidates if _agrees(draft, contact, field)]
        others = [contact for contact in hits if _is_anothers(draft, contact)]
        if field == "name" and any(contact.status != ARCHIVED for contact in others):
            return _taken(draft, others[0])
        hits = [contact for contact in hits if contact not in others]
        if field == "number" and any(contact.status == ARCHIVED for contact in hits):
            return _archived(draft, hits)
        active = [contact for contact in hits if contact.status != ARCHIVED]
        if len(active) > 1:
            return _ambiguous(draft, active, field)
        if active:
            return Recognised(active[0], field)
    return None


def without_double_claims(
    found: Mapping[CustomerKey, Recognised | Problem | None],
    drafts: Mapping[CustomerKey, ContactDraft],
    linked: Mapping[str, CustomerKey],
) -> dict[CustomerKey, Recognised | Problem | None]:
    """The matches, each contact for one customer at most; `linked` says whose a contact is already.

    A contact that is another customer's, by an earlier run or earlier in this one, waits for a person.
    """
    owners = dict(linked)
    settled: dict[CustomerKey, Recognised | Problem | None] = {}
    for key, match in found.items():
        if isinstance(match, Recognised) and owners.setdefault(match.contact.id, key) != key:
            settled[key] = _claimed(drafts[key], match, owners[match.contact.id])
        else:
            settled[key] = match
    return settled


def _claimed(draft: ContactDraft, match: Recognised, owner: CustomerKey) -> Problem:
    return Problem(
        "contact_ambiguous",
        f"customer {draft.customer.module}:{draft.customer.id}",
        f"The Xero contact {listed([match.contact])} has the {match.by} of {draft.name} "
        f"and is already the contact of another Zoho record ({owner.module} {owner.id}).",
        f"If both are one customer, type: {link_command(match.contact)}. "
        "If not, make their names and e-mail addresses differ in Zoho, then type: zoho-xero-sync resolve DEAL --retry",
        match.by,
    )


def listed(hits: Sequence[XeroContact]) -> str:
    """The contacts as a person tells them apart: name, ContactID and e-mail; five at most."""
    return "; ".join(
        f"{hit.name} ({', '.join(part for part in (hit.id, hit.email) if part)})" for hit in hits[:_LISTED]
    )


def link_command(contact: XeroContact) -> str:
    """What to type to make this contact the customer; DEAL stands for the deal's id."""
    return f"zoho-xero-sync resolve DEAL --link-contact {contact.id}"


def _agrees(draft: ContactDraft, contact: XeroContact, field: ContactMatch) -> bool:
    # Xero compares text without regard to case (developer.xero.com/documentation/api/accounting/contacts).
    if field == "number":
        return bool(draft.number) and contact.number.casefold() == draft.number.casefold()
    if field == "email":
        return bool(draft.email) and contact.email.casefold() == draft.email.casefold()
    return contact_name(contact.name).casefold() == draft.name.casefold()


def _is_anothers(draft: ContactDraft, contact: XeroContact) -> bool:
    """True when the contact carries the number this program would give to another Zoho record."""
    before, _, after = draft.number.partition(draft.customer.id)
    inner = contact.number.removeprefix(before).removesuffix(after)
    return f"{before}{inner}{after}" == contact.number != draft.number and _RECORD_ID.fullmatch(inner) is not None


def _taken(draft: ContactDraft, other: XeroContact) -> Problem:
    return Problem(
        "contact_ambiguous",
        f"customer {draft.customer.module}:{draft.customer.id}",
        f"The Xero contact {listed([other])} has the name {draft.name} and belongs to another Zoho record "
        f"(number {other.number}); Xero allows a name once.",
        "Give the two customers different names in Zoho, then type: zoho-xero-sync resolve DEAL --retry. "
        f"If they are the same, link it: {link_command(other)}",
        "name",
    )


def _ambiguous(draft: ContactDraft, hits: Sequence[XeroContact], field: ContactMatch) -> Problem:
    return Problem(
        "contact_ambiguous",
        f"customer {draft.customer.module}:{draft.customer.id}",
        f"{len(hits)} active Xero contacts have the {field} of {draft.name}: {listed(hits)}.",
        f"Link the right one: {' or '.join(link_command(hit) for hit in hits[:_LISTED])}. "
        "Or merge them in Xero, then type: zoho-xero-sync resolve DEAL --retry",
        field,
    )


def _archived(draft: ContactDraft, hits: Sequence[XeroContact]) -> Problem:
    return Problem(
        "contact_archived",
        f"customer {draft.customer.module}:{draft.customer.id}",
        f"The Xero contact of {draft.name} with number {draft.number} is archived: {listed(hits)}.",
        "Restore it in Xero (Contacts, Archived), then type: zoho-xero-sync resolve DEAL --retry. "
        "Or link another one: zoho-xero-sync resolve DEAL --link-contact CONTACT (its ContactID or ContactNumber)",
        "number",
    )
