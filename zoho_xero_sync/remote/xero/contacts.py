"""Contacts in Xero: finding the customers by the cheapest way, and the bodies that create and update them.

developer.xero.com/documentation/api/accounting/contacts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from zoho_xero_sync.core.customers import EXTRA_MAX, address_lines, contact_name
from zoho_xero_sync.core.describe import PERSONS
from zoho_xero_sync.core.model import Address, ContactDraft, ContactNow, CustomerKey, Person, XeroContact
from zoho_xero_sync.core.rules import ContactMatch
from zoho_xero_sync.remote.xero import wire
from zoho_xero_sync.remote.xero.client import PAGE_SIZE, XeroClient

PATH = "/Contacts"
COLLECTION = "Contacts"
# Per-element mode: without it one bad element fails the call although good ones may be saved.
QUERY = "?summarizeErrors=false"

_SLOT = re.compile(r"(Addresses|Phones)\[(\w+)\]")
_ADDRESS_KEYS = (*(f"AddressLine{row}" for row in range(1, 5)), "City", "Region", "PostalCode", "Country")

# One customer is looked up field by field; for more, the first page of a sweep says which way is cheaper.
TARGETED_MAX = 1


def parse_contact(element: wire.Element) -> XeroContact | None:
    """The contact, or None for an element without a real id."""
    contact_id = wire.real_id(element, "ContactID")
    if contact_id is None:
        return None
    return XeroContact(
        contact_id,
        wire.text(element, "Name"),
        wire.text(element, "ContactNumber"),
        wire.text(element, "EmailAddress"),
        wire.text(element, "ContactStatus"),
    )


def find_candidates(
    client: XeroClient, drafts: Sequence[ContactDraft], order: Sequence[ContactMatch]
) -> dict[CustomerKey, tuple[XeroContact, ...]]:
    """For each customer the Xero contacts, archived ones included, that share a field it is recognised by.

    One is looked up by itself; more are matched against one sweep of all contacts, a call per 1000, unless the first
    page shows that the sweep would cost more calls than looking each of them up.
    """
    if not drafts:
        return {}
    if len(drafts) > TARGETED_MAX:
        swept = _sweep(client, most_pages=len(drafts) * len(order))
        if swept is not None:
            return _index(drafts, swept)
    return {draft.customer: _look_up(client, draft, order) for draft in drafts}


def _sweep(client: XeroClient, most_pages: int) -> list[XeroContact] | None:
    params: dict[str, str | int] = {"summaryOnly": "true", "includeArchived": "true", "pageSize": PAGE_SIZE}
    found: list[XeroContact] = []
    page = 1
    while True:
        payload = client.read(PATH, {**params, "page": page})
        found += _parsed(wire.elements(payload, COLLECTION))
        pages = wire.page_count(payload)
        if pages > most_pages:
            return None
        if page >= pages:
            return found
        page += 1


def _index(
    drafts: Sequence[ContactDraft], contacts: Iterable[XeroContact]
) -> dict[CustomerKey, tuple[XeroContact, ...]]:
    by_value: dict[tuple[str, str], list[XeroContact]] = {}
    for contact in contacts:
        for field, value in (("number", contact.number), ("email", contact.email), ("name", contact.name)):
            if value:
                by_value.setdefault((field, _folded(value)), []).append(contact)
    return {draft.customer: _shared(draft, by_value) for draft in drafts}


def _shared(draft: ContactDraft, by_value: Mapping[tuple[str, str], list[XeroContact]]) -> tuple[XeroContact, ...]:
    wanted = (("number", draft.number), ("email", draft.email), ("name", draft.name))
    hits = [contact for field, value in wanted for contact in by_value.get((field, _folded(value)), [])]
    return tuple({contact.id: contact for contact in hits}.values())


def _folded(value: str) -> str:
    return " ".join(value.split()).casefold()


def _look_up(client: XeroClient, draft: ContactDraft, order: Sequence[ContactMatch]) -> tuple[XeroContact, ...]:
    """Field by field in the configured order, until one of them finds something."""
    for field in order:
        value = {"number": draft.number, "email": draft.email, "name": draft.name}[field]
        if not value:
            continue
        column = {"number": "ContactNumber", "email": "EmailAddress", "name": "Name"}[field]
        params: dict[str, str | int] = {"where": f"{column}=={wire.quoted(value)}", "includeArchived": "true"}
        hits = tuple(_parsed(client.pages(PATH, COLLECTION, params)))
        if any(field == "number" or hit.status != "ARCHIVED" for hit in hits):
            return hits
    return ()


def fetch_all(client: XeroClient) -> tuple[XeroContact, ...]:
    """Every contact, archived ones included: a call per 1000."""
    params: dict[str, str | int] = {"summaryOnly": "true", "includeArchived": "true"}
    return tuple(_parsed(client.pages(PATH, COLLECTION, params)))


def find_named(client: XeroClient, named: str) -> tuple[XeroContact, ...]:
    """The contacts, archived ones included, whose ContactID or ContactNumber is `named`."""
    if wire.is_guid(named):
        return tuple(_parsed(client.by_ids(PATH, COLLECTION, "IDs", [named], {"includeArchived": "true"})))
    params: dict[str, str | int] = {"where": f"ContactNumber=={wire.quoted(named)}", "includeArchived": "true"}
    return tuple(_parsed(client.pages(PATH, COLLECTION, params)))


def read_full(client: XeroClient, ids: Sequence[str]) -> dict[str, ContactNow]:
    """The contacts with these ids in full, archived ones included: a call per 40.

    Contact persons and MergedToContactID are in paged answers only.
    """
    found = client.by_ids(PATH, COLLECTION, "IDs", ids, {"includeArchived": "true"})
    contacts = (_in_full(element) for element in found)
    return {contact.id: contact for contact in contacts if contact is not None}


def _in_full(element: wire.Element) -> ContactNow | None:
    known = parse_contact(element)
    if known is None:
        return None
    texts = ("Name", "ContactNumber", "FirstName", "LastName", "EmailAddress", *EXTRA_MAX)
    fields = {name: wire.text(element, name) for name in texts}
    for slot in _slots(element, "Addresses"):
        fields[f"Addresses[{wire.text(slot, 'AddressType')}]"] = ", ".join(
            text for text in (wire.text(slot, key) for key in _ADDRESS_KEYS) if text.strip()
        )
    for slot in _slots(element, "Phones"):
        parts = (wire.text(slot, f"Phone{part}") for part in ("CountryCode", "AreaCode", "Number"))
        fields[f"Phones[{wire.text(slot, 'PhoneType')}]"] = " ".join(part for part in parts if part)
    for position, person in enumerate(_slots(element, PERSONS), start=1):
        email = f" <{wire.text(person, 'EmailAddress')}>" if wire.text(person, "EmailAddress") else ""
        name = " ".join(part for part in (wire.text(person, "FirstName"), wire.text(person, "LastName")) if part)
        fields[f"{PERSONS}[{position}]"] = f"{name}{email}"
    filled = {name: value for name, value in fields.items() if value.strip()}
    merged_to = wire.real_id(element, "MergedToContactID") or ""
    return ContactNow(known.id, known.name, known.number, known.status, filled, merged_to)


def _slots(element: wire.Element, name: str) -> list[wire.Element]:
    found = element.get(name)
    return [slot for slot in found if isinstance(slot, dict)] if isinstance(found, list) else []


def _parsed(found: Iterable[wire.Element]) -> list[XeroContact]:
    contacts = (parse_contact(element) for element in found)
    return [contact for contact in contacts if contact is not None]


def create_element(draft: ContactDraft) -> dict[str, object]:
    """The element of a PUT that creates the contact."""
    return _fields(draft) | {"ContactNumber": draft.number}


def update_element(draft: ContactDraft, contact_id: str, changed: Collection[str]) -> dict[str, object]:
    """The element of a POST that updates exactly this contact: the fields in `changed`, named as `contact_fields` does.

    Xero keeps what is left out, so what a person wrote into another field stays; what was emptied is sent as "". Its
    number is another app's business by now.
    """
    return {"ContactID": contact_id} | _changed_texts(draft, changed) | _changed_lists(draft, changed)


def stamp_element(draft: ContactDraft, contact_id: str) -> dict[str, object]:
    """The element of a POST that only gives an adopted contact our number."""
    return {"ContactID": contact_id, "ContactNumber": draft.number}


def _fields(draft: ContactDraft) -> dict[str, object]:
    fields: dict[str, object] = {"Name": draft.name}
    person = {"FirstName": draft.first_name, "LastName": draft.last_name, "EmailAddress": draft.email}
    fields |= {key: value for key, value in person.items() if value}
    if draft.addresses:
        fields["Addresses"] = [_address(kind, address) for kind, address in draft.addresses.items()]
    if draft.phones:
        phones = draft.phones.items()
        fields["Phones"] = [{"PhoneType": kind, "PhoneNumber": phone} for kind, phone in phones]
    fields |= draft.extra
    if draft.persons:
        # The list replaces the one in Xero, so it is sent whole or not at all.
        fields["ContactPersons"] = [_person(person) for person in draft.persons]
    return fields


def _changed_texts(draft: ContactDraft, changed: Collection[str]) -> dict[str, object]:
    texts = {
        "Name": draft.name,
        "FirstName": draft.first_name,
        "LastName": draft.last_name,
        "EmailAddress": draft.email,
        **{name: draft.extra.get(name, "") for name in EXTRA_MAX},
    }
    # A currency is a code and not a text: there is no empty one.
    return {name: text for name, text in texts.items() if name in changed and (text or name != "DefaultCurrency")}


def _changed_lists(draft: ContactDraft, changed: Collection[str]) -> dict[str, object]:
    slots = [match.groups() for match in map(_SLOT.fullmatch, changed) if match]
    # Every part of a changed address is sent, for a shorter one must not keep lines of the longer one before.
    addresses = [
        dict.fromkeys(_ADDRESS_KEYS, "") | _address(kind, draft.addresses.get(kind, Address()))
        for name, kind in slots
        if name == "Addresses"
    ]
    phones = [
        {"PhoneType": kind, "PhoneNumber": draft.phones.get(kind, "")} for name, kind in slots if name == "Phones"
    ]
    lists: dict[str, list[object]] = {"Addresses": [*addresses], "Phones": [*phones]}
    if draft.persons and any(name.startswith(f"{PERSONS}[") for name in changed):
        lists[PERSONS] = [_person(person) for person in draft.persons]
    return {name: items for name, items in lists.items() if items}


def _person(person: Person) -> dict[str, object]:
    texts = {
        "FirstName": contact_name(person.first_name),
        "LastName": contact_name(person.last_name),
        "EmailAddress": person.email,
    }
    return {key: value for key, value in texts.items() if value} | {"IncludeInEmails": False}


def _address(kind: str, address: Address) -> dict[str, str]:
    # Sizes: AddressLine 500, City and Region 255, PostalCode and Country 50.
    lines = {f"AddressLine{row}": line for row, line in enumerate(address_lines(address.street), start=1)}
    rest = {
        "City": address.city[:255],
        "Region": address.state[:255],
        "PostalCode": address.code[:50],
        "Country": address.country[:50],
    }
    return {"AddressType": kind} | lines | {key: value for key, value in rest.items() if value}
