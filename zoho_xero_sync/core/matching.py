"""Recognising a customer among Xero's contacts: certain, absent, or a person decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zoho_xero_sync.core.customers import contact_name
from zoho_xero_sync.core.model import ContactDraft, Problem, XeroContact
from zoho_xero_sync.core.rules import ContactMatch

ARCHIVED = "ARCHIVED"
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
    them. A hit that carries another integration's ContactNumber is still the same customer: its number is kept.
    """
    for field in order:
        hits = [contact for contact in candidates if _agrees(draft, contact, field)]
        if field == "number" and any(contact.status == ARCHIVED for contact in hits):
            return _archived(draft, hits)
        active = [contact for contact in hits if contact.status != ARCHIVED]
        if len(active) > 1:
            return _ambiguous(draft, active, field)
        if active:
            return Recognised(active[0], field)
    return None


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
