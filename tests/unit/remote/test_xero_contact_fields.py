"""A contact's further fields and persons as Xero takes them, and contacts looked up by what a person types."""

from __future__ import annotations

import pytest

from zoho_xero_sync.core.model import ContactDraft, CustomerKey, Person
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
    assert update_element(DRAFT, CONTACT)["TaxNumber"] == "51 824"
    assert stamp_element(DRAFT, CONTACT) == {"ContactID": CONTACT, "ContactNumber": "1"}


@pytest.mark.parametrize("persons", [None, ()])
def test_a_list_of_persons_that_is_not_known_or_empty_is_not_sent(persons: tuple[Person, ...] | None) -> None:
    draft = ContactDraft(CustomerKey("Accounts", "1"), "1", "Example", persons=persons)
    assert "ContactPersons" not in update_element(draft, CONTACT)


def test_persons_are_sent_as_a_whole_list() -> None:
    draft = ContactDraft(CustomerKey("Accounts", "1"), "1", "Example", persons=(PAT, Person("8", "", "Kim")))
    assert update_element(draft, CONTACT)["ContactPersons"] == [
        {"FirstName": "Pat b", "LastName": "Buyer", "EmailAddress": "pat@example.com", "IncludeInEmails": False},
        {"LastName": "Kim", "IncludeInEmails": False},
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [(CONTACT, True), (CONTACT.upper(), True), (wire.ZERO_ID, False), ("5725767000000123456", False), ("", False)],
)
def test_a_contact_id_is_told_from_a_number(text: str, expected: bool) -> None:
    assert wire.is_guid(text) is expected
