"""Whose invoice it is: the Contact element of an invoice, and what naming a contact there does to the contact.

Source: developer.xero.com/documentation/api/accounting/invoices (Contact). Only ContactID or ContactNumber identify;
any other contact field sent inside an invoice is written to the contact, and contact persons not sent are deleted.
"""

from __future__ import annotations

from .books import Books
from .contact_rules import NO_IDENTIFIER, WRITABLE, by_name, by_number, create_contact, update_contact
from .errors import RefusedError
from .model import Contact
from .posted import Posted
from .rule import rules

RULES = rules(
    "api/accounting/invoices",
    "A contact named inside an invoice by more than its id is updated with what is sent there, and its contact persons "
    "that are not sent are deleted.",
    "An invoice cannot be made for an archived contact.",
    "An unknown Name inside an invoice creates a contact; an unknown ContactID or ContactNumber is refused.",
)

NO_CONTACT = "A Contact must be specified for this type of transaction"
ARCHIVED_FOR_INVOICE = (
    "The contact with the specified contact details has been archived. "
    "The contact must be un-archived before creating new invoices or credit notes."
)


def contact_for(books: Books, posted: Posted | None) -> Contact:
    """The contact an invoice is for, created or updated when its fields say so. Raises RefusedError."""
    if posted is None:
        raise RefusedError(NO_CONTACT)
    contact_id, number, name = posted.guid("ContactID"), posted.text("ContactNumber"), posted.text("Name")
    if not (contact_id or number or name):
        raise RefusedError(NO_IDENTIFIER)
    found = books.contacts.get(contact_id) if contact_id else by_number(books, number) or by_name(books, name)
    if found is None and (contact_id or not name):
        raise RefusedError(NO_IDENTIFIER)
    if found is None:
        return create_contact(books, posted)
    if found.status != "ACTIVE":
        raise RefusedError(ARCHIVED_FOR_INVOICE)
    return _carried_over(books, posted, found)


def _carried_over(books: Books, posted: Posted, found: Contact) -> Contact:
    name = posted.text("Name")
    new_number = posted.has("ContactNumber") and posted.text("ContactNumber") != found.number
    renames = name is not None and name != found.name
    more = any(posted.has(field) for field in WRITABLE if field not in ("Name", "ContactNumber"))
    if not (new_number or renames or more):
        return found
    other = by_name(books, name)
    if renames and other and other.contact_id != found.contact_id:
        raise RefusedError(
            f"The existing contact with name '{found.name}' cannot be updated to use new name '{name}'. "
            "There is an existing contact with that name."
        )
    return update_contact(books, posted, found, replace_persons=True)
