"""A contact's further fields and persons as Xero takes them, and contacts looked up by what a person types."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from zoho_xero_sync.core.model import Address, ContactDraft, CustomerKey, Person
from zoho_xero_sync.remote.xero import wire
from zoho_xero_sync.remote.xero.contacts import create_element, stamp_element, update_element

DRAFT = ContactDraft(
    CustomerKey("Accounts", "1"), "1", "Example", extra={"TaxNumber": "51 824", "AccountNumber": "A-1"}
)
PAT = Person("7", "Pat <b>", "Buyer", "pat@example.com")
CONTACT = "0b5a2c1e-7f0d-4d0e-9a57-1d6c1b0f0001"


def test_further_fields_are_sent_by_their_own_names() -> None:
    assert create_element(DRAFT) == {
        "Name": "Example", "ContactNumber": "1", "TaxNumber": "51 824", "AccountNumber": "A-1",
    }  # fmt: skip
    assert update_element(DRAFT, CONTACT, ["TaxNumber"]) == {"ContactID": CONTACT, "TaxNumber": "51 824"}
    assert stamp_element(DRAFT, CONTACT) == {"ContactID": CONTACT, "ContactNumber": "1"}


@pytest.mark.parametrize("persons", [None, ()])
def test_a_list_of_persons_that_is_not_known_or_empty_is_not_sent(persons: tuple[Person, ...] | None) -> None:
    draft = ContactDraft(CustomerKey("Accounts", "1"), "1", "Example", persons=persons)
    assert "ContactPersons" not in update_element(draft, CONTACT, ["Name", "ContactPersons[1]"])


def test_persons_are_sent_as_a_whole_list() -> None:
    draft = ContactDraft(CustomerKey("Accounts", "1"), "1", "Example", persons=(PAT, Person("8", "", "Kim")))
    assert update_element(draft, CONTACT, ["ContactPersons[2]"])["ContactPersons"] == [
        {"FirstName": "Pat b", "LastName": "Buyer", "EmailAddress": "pat@example.com", "IncludeInEmails": False},
        {"LastName": "Kim", "IncludeInEmails": False},
    ]


@pytest.mark.parametrize(
    ("changed", "sent"),
    [
        (["Name"], {"Name": "Example"}),
        (["EmailAddress"], {"EmailAddress": ""}),
        (["FirstName", "LastName"], {"FirstName": "Pat", "LastName": ""}),
        (["TaxNumber", "CompanyNumber"], {"TaxNumber": "51 824", "CompanyNumber": ""}),
        (["Phones[DEFAULT]"], {"Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "02 9000 0000"}]}),
        (["Phones[MOBILE]"], {"Phones": [{"PhoneType": "MOBILE", "PhoneNumber": ""}]}),
        (["ContactNumber", "DefaultCurrency", "ContactPersons[1]"], {}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_update_sends_what_differs_and_empties_what_was_emptied(changed: list[str], sent: dict[str, object]) -> None:
    draft = replace(DRAFT, first_name="Pat", phones={"DEFAULT": "02 9000 0000", "FAX": "02 9000 0001"})
    assert update_element(draft, CONTACT, changed) == {"ContactID": CONTACT} | sent


@pytest.mark.parametrize("kind", ["POBOX", "STREET"])
def test_a_changed_address_keeps_no_line_of_the_one_before(kind: str) -> None:
    draft = replace(DRAFT, addresses={"POBOX": Address("1 Example Street", "Sydney", "NSW", "2000", "Australia")})
    (address,) = cast(list[dict[str, str]], update_element(draft, CONTACT, [f"Addresses[{kind}]"])["Addresses"])
    assert set(address) == {
        "AddressType", "AddressLine1", "AddressLine2", "AddressLine3", "AddressLine4", "City", "Region", "PostalCode",
        "Country",
    }  # fmt: skip
    filled = {name: text for name, text in address.items() if text}
    street = {"AddressLine1": "1 Example Street", "City": "Sydney", "Region": "NSW", "PostalCode": "2000"}
    assert filled == {"AddressType": kind} | (street | {"Country": "Australia"} if kind == "POBOX" else {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [(CONTACT, True), (CONTACT.upper(), True), (wire.ZERO_ID, False), ("5725767000000123456", False), ("", False)],
)
def test_a_contact_id_is_told_from_a_number(text: str, expected: bool) -> None:
    assert wire.is_guid(text) is expected
