"""Which field changes of a deal are worth a person's eye."""

from __future__ import annotations

from zoho_xero_sync.core.model import Change
from zoho_xero_sync.core.report import DealResult

NONE = "(none)"
_DONE = ("create", "adopt", "update", "void", "contact_only")
# Fields of a contact by their Xero names, to tell them from the invoice's
# (developer.xero.com/documentation/api/accounting/contacts).
_CONTACT_FIELDS = ("Name", "ContactNumber", "FirstName", "LastName", "EmailAddress")
_CONTACT_LISTS = ("Addresses[", "Phones[")


def worth_showing(deal: DealResult, verbosity: int) -> tuple[Change, ...]:
    """The changes of what existed before; from verbosity 1 also every field of what is new.

    What was not done (waiting, unknown) changes nothing.
    """
    if deal.action not in _DONE:
        return ()
    if deal.action != "create" or verbosity >= 1:
        return deal.changes
    known_contact = deal.contact is not None and deal.contact.action != "create"
    return tuple(
        change for change in deal.changes if change.before is not None or (known_contact and _is_contacts(change))
    )


def _is_contacts(change: Change) -> bool:
    return change.field in _CONTACT_FIELDS or change.field.startswith(_CONTACT_LISTS)
