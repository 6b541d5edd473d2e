"""PUT and POST /Contacts: who is meant, what is refused and with which sentence."""

from __future__ import annotations

import pytest
from xero_desk import Desk

from zoho_xero_sync.sandbox.xero.contact_rules import (
    ACCOUNT_NUMBER_TAKEN,
    ARCHIVED,
    BAD_EMAIL,
    NO_IDENTIFIER,
    NO_NAME,
    name_taken,
    number_taken,
)
from zoho_xero_sync.sandbox.xero.errors import too_long

COUNTRY = "The Country of an address can only contain letters."
PERSONS = "A contact can have at most 5 contact persons."
ZERO = "00000000-0000-0000-0000-000000000000"
UNKNOWN = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ({}, [NO_IDENTIFIER]),
        ({"EmailAddress": "a@example.com"}, [NO_IDENTIFIER]),
        ({"ContactNumber": "n9"}, [NO_NAME]),
        ({"Name": "Taken"}, [name_taken("Taken")]),
        ({"Name": "TAKEN"}, [name_taken("TAKEN")]),
        ({"Name": "Free", "ContactNumber": "n1"}, [number_taken("n1")]),
        ({"Name": "Taken", "ContactNumber": "n1"}, [name_taken("Taken"), number_taken("n1")]),
        ({"Name": "Free", "AccountNumber": "A1"}, [ACCOUNT_NUMBER_TAKEN]),
        ({"Name": "Free", "EmailAddress": "no at sign"}, [BAD_EMAIL]),
        ({"Name": "Free", "EmailAddress": "jürgen@example.com"}, [BAD_EMAIL]),
        ({"Name": "x" * 256}, [too_long("Name", 255)]),
        ({"Name": "a<b"}, ["The contact name cannot contain < or >."]),
        ({"Name": "two  spaces"}, ["The contact name cannot have leading, trailing or double spaces."]),
        ({"Name": " edge"}, ["The contact name cannot have leading, trailing or double spaces."]),
        ({"Name": "Free", "ContactNumber": "x" * 51}, [too_long("ContactNumber", 50)]),
        ({"Name": "Free", "Addresses": [{"AddressType": "POBOX", "Country": "Region 9"}]}, [COUNTRY]),
        ({"Name": "Free", "ContactPersons": [{"FirstName": "A"}] * 6}, [PERSONS]),
    ],
)
def test_put_refuses(body: dict[str, object], messages: list[str]) -> None:
    desk = Desk()
    desk.contact("Taken", ContactNumber="n1", AccountNumber="A1")
    assert desk.refusals("PUT", "/Contacts", body) == messages
    assert len(desk.state.contacts()) == 1


def test_put_creates_with_the_fixed_slots() -> None:
    desk = Desk()
    address = {"AddressType": "POBOX", "AddressLine1": "1 Quay St", "City": "Sydney", "Country": "New Zealand"}
    body = {"Name": "Café & Söhne", "addresses": [address], "phones": [{"PhoneType": "MOBILE", "PhoneNumber": 42}]}
    (made,) = desk.put("/Contacts", {"contacts": [body]})["Contacts"]
    assert made["ContactStatus"] == "ACTIVE"
    assert made["HasValidationErrors"] is False
    assert "StatusAttributeString" not in made
    assert made["UpdatedDateUTC"] == "/Date(1795136400000+0000)/"
    assert [slot["AddressType"] for slot in made["Addresses"]] == ["STREET", "POBOX"]
    assert made["Addresses"][1]["AddressLine1"] == "1 Quay St"
    assert {slot["PhoneType"]: slot["PhoneNumber"] for slot in made["Phones"]} == {
        "DDI": "", "DEFAULT": "", "FAX": "", "MOBILE": "42",
    }  # fmt: skip
    assert (made["IsCustomer"], made["IsSupplier"]) == (False, False)


def test_post_is_a_partial_update() -> None:
    desk = Desk()
    contact_id = desk.contact(
        "Kept", EmailAddress="a@example.com", Addresses=[{"AddressType": "STREET", "City": "Perth"}]
    )
    desk.clock.advance(60)
    change = {"ContactID": contact_id, "FirstName": "Kim", "Addresses": [{"AddressType": "POBOX", "City": "Cairns"}]}
    (made,) = desk.post("/Contacts", {"Contacts": [change]})["Contacts"]
    assert (made["Name"], made["EmailAddress"], made["FirstName"]) == ("Kept", "a@example.com", "Kim")
    assert [slot["City"] for slot in made["Addresses"]] == ["Perth", "Cairns"]
    assert made["UpdatedDateUTC"] == "/Date(1795136460000+0000)/"
    cleared = desk.post(f"/Contacts/{contact_id}", {"EmailAddress": ""})["Contacts"][0]
    assert (cleared["EmailAddress"], cleared["FirstName"]) == ("", "Kim")


@pytest.mark.parametrize(
    ("body", "touched"),
    [
        ({"Name": "one"}, "One"),
        ({"ContactNumber": "N1", "Name": "One more"}, "One"),
        ({"ContactNumber": "n1"}, "One"),
        ({"ContactNumber": "new", "Name": "Two"}, "Two"),
        ({"Name": "Three"}, None),
    ],
)
def test_post_finds_by_number_then_name(body: dict[str, object], touched: str | None) -> None:
    desk = Desk()
    ids = {"One": desk.contact("One", ContactNumber="n1"), "Two": desk.contact("Two")}
    (made,) = desk.post("/Contacts", {**body, "EmailAddress": "new@example.com"})["Contacts"]
    assert made["EmailAddress"] == "new@example.com"
    if touched:
        assert made["ContactID"] == ids[touched]
        assert len(desk.state.contacts()) == 2
    else:
        assert made["ContactID"] not in ids.values()


def test_post_to_an_unknown_id_is_404_and_undoes_the_batch() -> None:
    desk = Desk()
    for method, path, body in (
        (
            "POST",
            "/Contacts?summarizeErrors=false",
            {"Contacts": [{"Name": "New"}, {"ContactID": UNKNOWN, "Name": "X"}]},
        ),
        ("POST", f"/Contacts/{UNKNOWN}", {"Name": "X"}),
        ("GET", f"/Contacts/{UNKNOWN}", None),
    ):
        answer = desk.call(method, path, body)
        assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert desk.state.contacts() == []


def test_renaming_onto_another_contact_is_refused() -> None:
    desk = Desk()
    desk.contact("One")
    two = desk.contact("Two")
    assert desk.refusals("POST", "/Contacts", {"ContactID": two, "Name": "One"}) == [name_taken("One")]


def test_archiving_frees_the_name_but_not_the_number() -> None:
    desk = Desk()
    old = desk.contact("Old", ContactNumber="n1")
    (gone,) = desk.post("/Contacts", {"ContactID": old, "ContactStatus": "ARCHIVED"})["Contacts"]
    assert gone["ContactStatus"] == "ARCHIVED"
    for body in ({"FirstName": "X"}, {"ContactStatus": "ACTIVE"}):
        assert desk.refusals("POST", "/Contacts", {"ContactID": old, **body}) == [ARCHIVED]
    assert desk.refusals("POST", "/Contacts", {"ContactNumber": "n1", "Name": "Z"}) == [ARCHIVED]
    assert desk.refusals("PUT", "/Contacts", {"Name": "Old", "ContactNumber": "n1"}) == [number_taken("n1")]
    assert desk.contact("Old") != old


def test_contact_persons_are_replaced_as_a_list() -> None:
    desk = Desk()
    people = [{"FirstName": "A", "EmailAddress": "a@example.com", "IncludeInEmails": "true"}, {"FirstName": "B"}]
    contact_id = desk.contact("Group", ContactPersons=people)
    kept = desk.post(f"/Contacts/{contact_id}", {"FirstName": "X"})["Contacts"][0]["ContactPersons"]
    assert [person["IncludeInEmails"] for person in kept] == [True, False]
    made = desk.post(f"/Contacts/{contact_id}", {"ContactPersons": [{"FirstName": "C"}]})["Contacts"][0]
    assert [person["FirstName"] for person in made["ContactPersons"]] == ["C"]


def test_per_element_mode_keeps_the_good_ones() -> None:
    desk = Desk()
    batch = {"Contacts": [{"Name": "A"}, {"Name": "a"}, {"Name": "B"}]}
    rows = desk.put("/Contacts?summarizeErrors=false", batch)["Contacts"]
    assert [row["StatusAttributeString"] for row in rows] == ["OK", "ERROR", "OK"]
    assert [row["HasValidationErrors"] for row in rows] == [False, True, False]
    assert rows[1]["ContactID"] == ZERO
    assert rows[1]["Name"] == "a"
    assert rows[1]["ValidationErrors"] == [{"Message": name_taken("a")}]
    assert [contact["Name"] for contact in desk.state.contacts()] == ["A", "B"]


@pytest.mark.parametrize(
    ("switches", "kept", "listed"),
    [({}, 0, 1), ({"summarised_error_keeps_good": True, "elements_of_400": "all"}, 2, 3)],
)
def test_summarised_mode(switches: dict[str, object], kept: int, listed: int) -> None:
    desk = Desk()
    desk.state.switches.update(switches)
    answer = desk.call("PUT", "/Contacts", {"Contacts": [{"Name": "A"}, {"Name": "a"}, {"Name": "B"}]})
    assert answer.status_code == 400
    assert (answer.json["ErrorNumber"], answer.json["Message"]) == (10, "A validation exception occurred")
    assert len(answer.json["Elements"]) == listed
    assert all("StatusAttributeString" not in element for element in answer.json["Elements"])
    assert len(desk.state.contacts()) == kept


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"", "empty"),
        (b"not json", "invalid"),
        (b'{"Contacts": []}', "empty"),
        (b'{"Contacts": null}', "empty"),
        (b'{"Contacts": {"Name": "A"}}', "Path 'Contacts'"),
        (b'{"Contacts": ["A"]}', "Path 'Contacts[0]'"),
        (b"[1]", "Error converting"),
        (b'{"Name": "A", "ContactStatus": "active"}', "Path 'Contact.ContactStatus'"),
        (b'{"Contacts": [{"Name": "B"}, {"Name": "A", "ContactID": "12"}]}', "Path 'Contacts[1].ContactID'"),
        (b'{"Name": {"a": 1}}', "Path 'Contact.Name'"),
        (b"[" * 100_000, "nested"),
        (b'{"Name": NaN}', "NaN"),
        (b"\xff\xfe", "invalid"),
    ],
)
def test_a_body_that_does_not_parse(body: bytes, part: str) -> None:
    desk = Desk()
    answer = desk.call("PUT", "/Contacts?summarizeErrors=false", body)
    assert answer.status_code == 400
    assert (answer.json["ErrorNumber"], answer.json["Type"]) == (14, "PostDataInvalidException")
    assert part in answer.json["Message"]
    assert desk.state.contacts() == []
