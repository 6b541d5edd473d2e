"""What may be written to a contact, and which contact a request means.

Source: developer.xero.com/documentation/api/accounting/contacts (PUT creates, POST creates or updates, omitted elements
keep their value, field lengths). The uniqueness sentences are the service's own; sentences for lengths and for the
characters of a name are not published and are worded here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from .books import Books, fold
from .errors import RefusedError, not_found, too_long
from .model import CONTACT_STATUSES, Contact
from .posted import Posted
from .rule import rules

RULES = rules(
    "api/accounting/contacts",
    "PUT /Contacts creates only; a Name or ContactNumber that a contact has already is refused.",
    "POST /Contacts updates the contact that ContactID, else ContactNumber, else Name identifies, or creates one.",
    "A contact's elements that are left out keep their value; contact persons that are sent replace the whole list.",
    "The contact name must be unique across all active contacts, without regard to case.",
    "The contact number must be unique across all contacts, archived ones included.",
    "The account number must be unique.",
    "A contact has a Name of at most 255 characters, without < and > and without leading, trailing or double spaces.",
    "A contact's texts have their documented lengths; the e-mail address must be valid, without umlauts.",
    "A contact has at most 5 contact persons.",
    "An archived contact cannot be edited; an unknown ContactID answers 404.",
    "IsCustomer and IsSupplier are read only; Xero sets them after the first invoice or bill.",
)

NO_IDENTIFIER = (
    "The Contact must contain at least 1 of the following elements to identify the contact: "
    "Name, ContactID, ContactNumber"
)
NO_NAME = "Contact Name cannot be empty."
ARCHIVED = (
    "The specified contact details matched an archived contact. "
    "Archived contacts cannot currently be edited via the API."
)
BAD_EMAIL = "Email address must be valid."
ACCOUNT_NUMBER_TAKEN = "The Account Number already exists. Please enter a different Account Number."

ADDRESS_TYPES = ("POBOX", "STREET", "DELIVERY")
PHONE_TYPES = ("DEFAULT", "DDI", "MOBILE", "FAX", "OFFICE")
TEXT_LIMITS: Mapping[str, int] = {
    "ContactNumber": 50,
    "AccountNumber": 50,
    "FirstName": 255,
    "LastName": 255,
    "CompanyNumber": 50,
    "EmailAddress": 255,
    "TaxNumber": 50,
}
ADDRESS_LIMITS: Mapping[str, int] = {
    "AddressLine1": 500,
    "AddressLine2": 500,
    "AddressLine3": 500,
    "AddressLine4": 500,
    "City": 255,
    "Region": 255,
    "PostalCode": 50,
    "Country": 50,
    "AttentionTo": 255,
}
PHONE_LIMITS: Mapping[str, int] = {"PhoneNumber": 50, "PhoneAreaCode": 10, "PhoneCountryCode": 20}
OTHERS = (
    "AccountsPayableTaxType",
    "AccountsReceivableTaxType",
    "BankAccountDetails",
    "DefaultCurrency",
    "PaymentTerms",
    "PurchasesDefaultAccountCode",
    "PurchasesDefaultLineAmountType",
    "PurchasesTrackingCategories",
    "SalesDefaultAccountCode",
    "SalesDefaultLineAmountType",
    "SalesTrackingCategories",
    "TaxNumberType",
    "XeroNetworkKey",
)
WRITABLE = (*TEXT_LIMITS, *OTHERS, "Name", "ContactStatus", "Addresses", "Phones", "ContactPersons")
_LONGEST_NAME = 255
_MOST_PERSONS = 5
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_COUNTRY = re.compile(r"[A-Za-z ]*")


def put_contact(books: Books, posted: Posted) -> Contact:
    """PUT: create only. Raises RefusedError when the name, the number or the id belongs to a contact already."""
    contact_id = posted.guid("ContactID")
    if contact_id and books.contacts.get(contact_id):
        raise RefusedError(name_taken(posted.text("Name") or contact_id))
    return create_contact(books, posted)


def post_contact(books: Books, posted: Posted) -> Contact:
    """POST: update the contact that ContactID, else ContactNumber, else Name identifies; create when there is none.

    An unknown ContactID ends the whole request with 404 (ApiError)."""
    contact_id = posted.guid("ContactID")
    if contact_id:
        return update_contact(books, posted, _existing(books, contact_id))
    numbered, named = by_number(books, posted.text("ContactNumber")), by_name(books, posted.text("Name"))
    first, second = (numbered, named) if books.word("post_match") == "number_first" else (named, numbered)
    found = first or second
    if found is None:
        return create_contact(books, posted)
    if found is named and found is not numbered and books.word("post_name_collision") == "refuse":
        raise RefusedError(name_taken(found.name))
    return update_contact(books, posted, found)


def post_contact_to(books: Books, contact_id: str, posted: Posted) -> Contact:
    """POST /Contacts/{ContactID}."""
    return update_contact(books, posted, _existing(books, contact_id))


def create_contact(books: Books, posted: Posted) -> Contact:
    """Store and return a new contact. Raises RefusedError."""
    name = posted.text("Name")
    if not name and not posted.text("ContactNumber"):
        raise RefusedError(NO_IDENTIFIER)
    if not name:
        raise RefusedError(NO_NAME)
    contact_id = posted.guid("ContactID") or books.next_id("contact")
    fresh = Contact(contact_id=contact_id, name="", updated=books.now())
    contact = _checked(books, posted, fresh)
    books.contacts.put(contact)
    books.note(contact.contact_id, "Created", f"{contact.name} was created.")
    return contact


def update_contact(books: Books, posted: Posted, current: Contact, *, replace_persons: bool = False) -> Contact:
    """Store and return the changed contact; what is not posted stays. Raises RefusedError.

    `replace_persons` drops the contact persons that are not posted, as naming a contact inside an invoice does."""
    if current.status != "ACTIVE":
        raise RefusedError(ARCHIVED)
    drops = replace_persons or not books.flag("omitted_persons_survive")
    if drops and not posted.has("ContactPersons"):
        current = replace(current, persons=())
    contact = _checked(books, posted, current)
    books.contacts.put(contact)
    books.note(contact.contact_id, "Edited" if contact.status == current.status else contact.status.capitalize())
    return contact


def by_number(books: Books, number: str | None) -> Contact | None:
    """The contact with that ContactNumber, an active one first; archived ones keep their number."""
    found = books.contacts.find("number", fold(number)) if number else []
    return min(found, key=lambda contact: contact.status != "ACTIVE", default=None)


def by_name(books: Books, name: str | None) -> Contact | None:
    """The active contact with that name."""
    found = books.same_name(name) if name else []
    return found[0] if found else None


def name_taken(name: str) -> str:
    """The sentence for a name an active contact has."""
    return (
        f"The contact name {name} is already assigned to another contact. "
        "The contact name must be unique across all active contacts."
    )


def number_taken(number: str) -> str:
    """The sentence for a ContactNumber another contact has, archived ones included."""
    return (
        f"The contact number {number} is already assigned to another contact. "
        "The contact number must be unique across all contacts."
    )


def _existing(books: Books, contact_id: str) -> Contact:
    contact = books.contacts.get(contact_id)
    if contact is None:
        raise not_found()
    return contact


def _checked(books: Books, posted: Posted, current: Contact) -> Contact:
    problems: list[str] = []
    name = posted.text("Name")
    contact = replace(
        current,
        name=current.name if name is None else name,
        status=posted.choice("ContactStatus", CONTACT_STATUSES) or current.status,
        texts=_texts(books, posted, current.texts, TEXT_LIMITS, problems),
        addresses=_addresses(books, posted, current, problems),
        phones=_slots(books, posted, _PHONES, current.phones, problems),
        persons=_persons(posted, current, problems),
        others={**current.others, **{other: posted.value(other) for other in OTHERS if posted.has(other)}},
        updated=books.now(),
    )
    problems[:0] = [*_name_problems(contact.name), *_taken(books, contact)]
    email = contact.texts.get("EmailAddress", "")
    if email and not _EMAIL.fullmatch(email):
        problems.append(BAD_EMAIL)
    if problems:
        raise RefusedError(*problems)
    return contact


def _name_problems(name: str) -> list[str]:
    if not name.strip():
        return [NO_NAME]
    problems = []
    if len(name) > _LONGEST_NAME:
        problems.append(too_long("Name", _LONGEST_NAME))
    if "<" in name or ">" in name:
        problems.append("The contact name cannot contain < or >.")
    if name != name.strip() or "  " in name:
        problems.append("The contact name cannot have leading, trailing or double spaces.")
    return problems


def _taken(books: Books, contact: Contact) -> list[str]:
    problems = []
    named = books.same_name(contact.name) if contact.status == "ACTIVE" else []
    if _others(named, contact):
        problems.append(name_taken(contact.name))
    if contact.number and _others(books.contacts.find("number", fold(contact.number)), contact):
        problems.append(number_taken(contact.number))
    account_number = contact.texts.get("AccountNumber", "")
    if account_number and _others(books.contacts.find("account_number", fold(account_number)), contact):
        problems.append(ACCOUNT_NUMBER_TAKEN)
    return problems


def _others(found: list[Contact], contact: Contact) -> bool:
    return any(other.contact_id != contact.contact_id for other in found)


def _texts(
    books: Books, posted: Posted, current: Mapping[str, str], limits: Mapping[str, int], problems: list[str]
) -> dict[str, str]:
    texts = dict(current)
    clears = books.flag("empty_text_clears")
    for name, limit in limits.items():
        value = posted.text(name)
        if value is None or not (value or clears):
            continue
        if len(value) > limit:
            problems.append(too_long(name, limit))
        texts[name] = value
    return texts


class _Slots(NamedTuple):
    """A list of a contact that has one place per kind: addresses and phones."""

    collection: str
    kind_name: str
    kinds: tuple[str, ...]
    limits: Mapping[str, int]


_ADDRESSES = _Slots("Addresses", "AddressType", ADDRESS_TYPES, ADDRESS_LIMITS)
_PHONES = _Slots("Phones", "PhoneType", PHONE_TYPES, PHONE_LIMITS)


def _slots(
    books: Books, posted: Posted, what: _Slots, current: Mapping[str, Mapping[str, str]], problems: list[str]
) -> Mapping[str, Mapping[str, str]]:
    slots = dict(current)
    for slot in posted.children(what.collection) or []:
        kind = slot.choice(what.kind_name, what.kinds) or what.kinds[0]
        slots[kind] = _texts(books, slot, slots.get(kind, {}), what.limits, problems)
    return slots


def _addresses(books: Books, posted: Posted, current: Contact, problems: list[str]) -> Mapping[str, Mapping[str, str]]:
    found = _slots(books, posted, _ADDRESSES, current.addresses, problems)
    odd = [address for address in found.values() if not _COUNTRY.fullmatch(address.get("Country", ""))]
    if odd and books.flag("country_letters_only"):
        problems.append("The Country of an address can only contain letters.")
    return found


def _persons(posted: Posted, current: Contact, problems: list[str]) -> tuple[Mapping[str, object], ...]:
    given = posted.children("ContactPersons")
    if given is None:
        return current.persons
    if len(given) > _MOST_PERSONS:
        problems.append(f"A contact can have at most {_MOST_PERSONS} contact persons.")
    persons = []
    for person in given:
        email = person.text("EmailAddress") or ""
        if email and not _EMAIL.fullmatch(email):
            problems.append(BAD_EMAIL)
        persons.append(
            {
                "FirstName": person.text("FirstName") or "",
                "LastName": person.text("LastName") or "",
                "EmailAddress": email,
                "IncludeInEmails": person.flag("IncludeInEmails") or False,
            }
        )
    return tuple(persons)
