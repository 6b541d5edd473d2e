"""Customers in full: linked by a person, numbered by others, with more fields and persons, shared by several deals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, actions, line_of, order, problem_codes, world

NAME = "Alpine Joinery Pty Ltd"


def contact(desk: Desk, name: str = NAME) -> Record:
    """The active contact of this name in Xero."""
    (only,) = [row for row in desk.contacts() if row["Name"] == name and row["ContactStatus"] == "ACTIVE"]
    return only


def twins() -> Record:
    """Two active contacts in Xero that have the customer's e-mail address."""
    email = "accounts@alpine.example.com"
    return {
        "contacts": [{"Name": "Alpine North", "EmailAddress": email}, {"Name": "Alpine South", "EmailAddress": email}]
    }


# ---- a person says which contact it is ----


@pytest.mark.parametrize("by", ["ContactID", "ContactNumber"])
def test_several_hits_are_listed_and_one_is_linked(desk_of: OpenDesk, by: str) -> None:
    xero = twins()
    xero["contacts"][1]["ContactNumber"] = "SHOP-7"
    desk = desk_of(on=world(xero=xero))
    desk.sync()
    job = desk.add(order("job", "Closed Won"))
    report = desk.sync(code=3)
    assert problem_codes(report) == ["contact_ambiguous"]
    (problem,) = report["problems"]
    south = contact(desk, "Alpine South")
    for row in (contact(desk, "Alpine North"), south):
        assert f"{row['Name']} ({row['ContactID']}, accounts@alpine.example.com)" in problem["message"]
        assert f"zoho-xero-sync resolve {job} --link-contact {row['ContactID']}" in problem["hint"]
    with desk.nothing_sent():
        said = desk.run("resolve", job, "--link-contact", str(south[by]), code=0)
    assert f"is the Xero contact Alpine South ({south['ContactID']})" in said.out
    assert line_of(desk.sync(), job)["action"] == "create"
    assert desk.invoice("job")["Contact"]["ContactID"] == south["ContactID"]
    # Somebody else's number and everything else in the contact stay as they are.
    assert contact(desk, "Alpine South") == south | {
        "IsCustomer": contact(desk, "Alpine South")["IsCustomer"],
        "UpdatedDateUTC": contact(desk, "Alpine South")["UpdatedDateUTC"],
    }
    assert contact(desk, "Alpine South")["ContactNumber"] == "SHOP-7"
    assert_promises(desk)


def test_a_linked_contact_without_a_number_gets_ours_and_nothing_else(desk_of: OpenDesk) -> None:
    desk = desk_of(on=world(xero=twins()))
    desk.sync()
    job = desk.add(order("job", "Closed Won"))
    desk.sync(code=3)
    desk.run("resolve", job, "--link-contact", str(contact(desk, "Alpine North")["ContactID"]), code=0)
    desk.sync()
    linked = contact(desk, "Alpine North")
    assert linked["ContactNumber"] == desk.box.zoho.find("Accounts", "alpine")["id"]
    assert linked["Phones"] == contact(desk, "Alpine South")["Phones"]
    # A later change in Zoho is carried over, and only what changed then counts as a change.
    desk.box.zoho.update("Accounts", "alpine", {"Phone": "02 5550 0999"})
    desk.edit("job", Next_Step="call")
    changes = line_of(desk.sync(), job)["changes"]
    assert [change["field"] for change in changes] == ["Phones[DEFAULT]"]
    assert_promises(desk)


def test_an_archived_contact_holds_and_another_is_linked(desk_of: OpenDesk) -> None:
    account = desk_of().box.zoho.find("Accounts", "alpine")["id"]
    fresh = desk_of(on=world(xero={"contacts": [{"Name": "Old Alpine", "ContactNumber": account}, {"Name": "Alpine"}]}))
    fresh.sync()
    fresh.box.xero.archive_contact(account)
    job = fresh.add(order("job", "Closed Won"))
    report = fresh.sync(code=3)
    assert problem_codes(report) == ["contact_archived"]
    assert "Old Alpine" in report["problems"][0]["message"]
    assert f"resolve {job} --link-contact CONTACT" in report["problems"][0]["hint"]
    refused = fresh.run("resolve", job, "--link-contact", account, code=2)
    assert "is archived" in refused.err
    fresh.run("resolve", job, "--link-contact", str(contact(fresh, "Alpine")["ContactID"]), code=0)
    assert line_of(fresh.sync(), job)["action"] == "create"
    # The archived contact still has our number, and Xero gives a number to one contact only.
    assert not contact(fresh, "Alpine").get("ContactNumber")
    assert_promises(fresh)


def test_a_linked_contact_that_is_archived_later(desk: Desk) -> None:
    desk.add(order("first", "Closed Won"))
    desk.sync()
    known = contact(desk)
    desk.box.xero.archive_contact(str(known["ContactID"]))
    job = desk.add(order("job", "Closed Won"))
    report = desk.sync(code=3)
    assert line_of(report, job)["action"] == "hold"
    assert problem_codes(report) == ["contact_archived"]
    assert f"zoho-xero-sync resolve {job} --link-contact CONTACT" in report["problems"][0]["hint"]
    desk.box.xero.restore_contact(str(known["ContactID"]))
    desk.run("resolve", job, "--retry", code=0)
    assert line_of(desk.sync(), job)["action"] == "create"
    assert_promises(desk)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--link-contact", "NOBODY-1"], "Xero has no contact with the ContactID or ContactNumber NOBODY-1"),
        (["--link-contact", "0b5a2c1e-7f0d-4d0e-9a57-1d6c1b0f0001"], "Xero has no contact"),
        (["--link-contact", " "], "needs a ContactID or a ContactNumber"),
        (["--link-contact", "X", "--retry"], "Say one thing to do with the deal"),
        ([], "Say one thing to do with the deal"),
    ],
)
def test_what_cannot_be_linked_is_said_and_changes_nothing(desk: Desk, argv: list[str], said: str) -> None:
    job = desk.add(order("job", "Closed Won"))
    desk.sync()
    before = desk.rows("SELECT * FROM customer_link"), desk.rows("SELECT * FROM deal")
    assert said in " ".join(desk.run("resolve", job, *argv, code=2).err.split())
    assert (desk.rows("SELECT * FROM customer_link"), desk.rows("SELECT * FROM deal")) == before


def test_a_customer_whose_contact_is_unsettled_is_not_linked(desk: Desk) -> None:
    job = desk.add(order("job", "Closed Won"))
    desk.fault("drop_after", method="PUT", path="/Contacts", times=20)
    # The look-ups before the write (number, e-mail, name) pass; asking afterwards does not.
    desk.fault("status_503", method="GET", path="/Contacts", skip=3, times=200)
    desk.sync(code=4)
    assert desk.rows("SELECT subject FROM operation WHERE state = 'in_flight'")
    desk.box.faults.clear()
    assert "has not answered yet" in desk.run("resolve", job, "--link-contact", "X", code=2).err
    desk.run("sync")
    desk.sync()
    assert len(desk.invoices("job")) == 1
    assert_promises(desk)


def test_a_deal_the_ledger_does_not_know_cannot_be_linked(desk: Desk) -> None:
    assert (
        "does not know deal 5725767000000410003"
        in desk.run("resolve", "5725767000000410003", "--link-contact", "X", code=2).err
    )


# ---- more fields, and contact persons ----


def full_world() -> Record:
    """An account with a tax number of its own field, and six persons beside the deal's."""
    placed = world()
    placed["zoho"]["fields"] = {"Accounts": {"ABN": "text", "ACN": "text"}}
    placed["zoho"]["accounts"][0] |= {"ABN": " 51 824  753 556 ", "ACN": "824 753 556"}
    placed["zoho"]["contacts"] += [
        {"key": f"p{number}", "First_Name": "Buyer", "Last_Name": f"Number {number}", "account": "alpine",
         "Email": f"buyer{number}@example.com"}
        for number in range(6)
    ]  # fmt: skip
    return placed


FULL = {"tax_number": "ABN", "fields": {"CompanyNumber": "ACN"}, "persons": "contact"}


def test_tax_number_fields_and_persons_are_carried_over(desk_of: OpenDesk) -> None:
    desk = desk_of(on=full_world())
    desk.configure(customer=FULL)
    desk.sync()
    job = desk.add(order("job", "Closed Won"))
    changes = {change["field"]: change["after"] for change in line_of(desk.sync(), job)["changes"]}
    assert changes["TaxNumber"] == "51 824 753 556"
    assert changes["ContactPersons[1]"] == "Accounts Alpine <accounts@alpine.example.com>"
    made = contact(desk)
    assert (made["TaxNumber"], made["CompanyNumber"]) == ("51 824 753 556", "824 753 556")
    # The deal's own person first, then the others by their ids, until there are five.
    others = sorted(row["id"] for row in desk.box.zoho.records("Contacts") if row["First_Name"] == "Buyer")
    expected = ["Accounts Alpine", *(desk.box.zoho.find("Contacts", other)["Full_Name"] for other in others[:4])]
    assert [f"{person['FirstName']} {person['LastName']}" for person in made["ContactPersons"]] == expected
    assert not any(person["IncludeInEmails"] for person in made["ContactPersons"])
    # A deal that is touched changes nothing; a changed account brings its persons along.
    with desk.nothing_sent():
        desk.edit("job", Next_Step="call")
        desk.sync()
    desk.box.zoho.update("Accounts", "alpine", {"ABN": "53 004 085 616"})
    desk.box.zoho.update("Contacts", others[0], {"Email": "new@example.com"})
    desk.edit("job", Next_Step="write")
    fields = [change["field"] for change in line_of(desk.sync(), job)["changes"]]
    assert fields == ["TaxNumber", "ContactPersons[2]"]
    assert contact(desk)["ContactPersons"][1]["EmailAddress"] == "new@example.com"
    assert_promises(desk)


def test_persons_are_left_alone_unless_configured(desk_of: OpenDesk) -> None:
    desk = desk_of(on=full_world())
    desk.sync()
    desk.add(order("job", "Closed Won"))
    desk.sync()
    made = contact(desk)
    assert not made["ContactPersons"] and not made.get("TaxNumber")
    assert_promises(desk)


def test_a_tax_number_that_is_too_long_holds_its_deal(desk_of: OpenDesk) -> None:
    placed = full_world()
    placed["zoho"]["accounts"][0]["ABN"] = "9" * 51
    desk = desk_of(on=placed)
    desk.configure(customer=FULL)
    desk.sync()
    held, made = desk.add(order("job", "Closed Won")), desk.add(order("other", "Closed Won", account="birch"))
    report = desk.sync(code=3)
    assert (line_of(report, held)["action"], line_of(report, made)["action"]) == ("hold", "create")
    assert problem_codes(report) == ["customer_field_invalid"]
    assert report["problems"][0]["path"] == "Account_Name.ABN"
    assert_promises(desk)


def test_a_field_that_zoho_does_not_have_is_a_problem_of_the_configuration(desk: Desk) -> None:
    desk.configure(customer={"tax_number": "No_Such_Field"})
    problem = desk.sync(code=10)["problems"][0]
    assert (problem["code"], "No_Such_Field" in problem["message"]) == ("config_invalid", True)


# ---- several deals of one account ----


def person(desk: Desk, key: str) -> str:
    """A second contact person of the account; the key."""
    desk.box.zoho.create(
        "Contacts",
        {"key": key, "First_Name": key.title(), "Last_Name": "Person", "account": "alpine",
         "Email": f"{key}@alpine.example.com", "Mobile": "0491 570 006"},
    )  # fmt: skip
    return key


def email(desk: Desk) -> Any:
    """The e-mail address of the customer in Xero."""
    return contact(desk)["EmailAddress"]


def test_the_deal_changed_last_decides_and_an_unchanged_person_never_takes_back(desk: Desk) -> None:
    person(desk, "second"), person(desk, "third")
    desk.add(order("old", "Closed Won"))
    desk.wait(minutes=5)
    desk.add(order("new", "Closed Won", contact="second"))
    desk.sync()
    assert email(desk) == "second@alpine.example.com"
    # The older deal is edited again and again; its person is not new, so nothing is sent.
    for step in ("call", "write"):
        desk.edit("old", Next_Step=step)
        with desk.nothing_sent():
            assert actions(desk, desk.sync()) == {"old": "unchanged"}
    # Edited after the other one in the same run: the same.
    desk.edit("new", Next_Step="call")
    desk.wait(minutes=5)
    desk.edit("old", Next_Step="visit")
    with desk.nothing_sent():
        desk.sync()
    # A deal that changes its person decides from then on.
    desk.edit("old", Contact_Name="third")
    desk.sync()
    assert email(desk) == "third@alpine.example.com"
    desk.edit("new", Next_Step="visit")
    with desk.nothing_sent():
        desk.sync()
    assert_promises(desk)


def test_a_change_of_the_account_keeps_the_person_another_deal_brought(desk: Desk) -> None:
    person(desk, "second")
    old = desk.add(order("old", "Closed Won"))
    desk.sync()
    desk.add(order("new", "Closed Won", contact="second"))
    desk.sync()
    desk.box.zoho.update("Accounts", "alpine", {"Billing_Street": "2 Low Street"})
    desk.edit("old", Next_Step="call")
    changes = line_of(desk.sync(), old)["changes"]
    assert [change["field"] for change in changes] == ["Addresses[POBOX]"]
    now = contact(desk)
    mobile = next(phone for phone in now["Phones"] if phone["PhoneType"] == "MOBILE")
    assert (now["EmailAddress"], mobile["PhoneNumber"]) == ("second@alpine.example.com", "0491 570 006")
    # The person that is carried over is still followed when it changes itself.
    desk.box.zoho.update("Contacts", "second", {"Email": "moved@alpine.example.com"})
    desk.edit("new", Next_Step="call")
    desk.sync()
    assert email(desk) == "moved@alpine.example.com"
    assert_promises(desk)


def test_a_deal_without_a_person_takes_none_away(desk: Desk) -> None:
    desk.add(order("old", "Closed Won"))
    desk.sync()
    desk.add(order("new", "Closed Won", contact=None))
    desk.sync()
    assert email(desk) == "accounts@alpine.example.com"
    desk.edit("old", Next_Step="call")
    with desk.nothing_sent():
        desk.sync()
    assert_promises(desk)


def test_two_changes_in_one_run_are_one_update(desk: Desk) -> None:
    person(desk, "second"), person(desk, "third")
    desk.add(order("old", "Closed Won"))
    desk.add(order("new", "Closed Won"))
    desk.sync()
    before = desk.writes()
    desk.edit("new", Contact_Name="second")
    desk.wait(minutes=5)
    desk.edit("old", Contact_Name="third")
    desk.sync()
    assert desk.writes() - before == 1
    assert email(desk) == "third@alpine.example.com"
    assert_promises(desk)


# ---- a person's work in Xero ----


def edit_in_xero(desk: Desk, **texts: str) -> None:
    """A person edits the texts of the only contact in Xero."""
    (known,) = desk.contacts()
    books = desk.box.xero.books
    stored = books.contacts.get(str(known["ContactID"]))
    assert stored is not None
    books.contacts.put(replace(stored, texts={**stored.texts, **texts}, updated=books.now()))


def test_an_update_never_reverts_what_a_person_wrote_into_another_field(desk: Desk) -> None:
    desk.add(order("job", "Confirmed"))
    desk.sync()
    edit_in_xero(desk, EmailAddress="billing@alpine.example.com", LastName="Office")
    desk.box.zoho.update("Accounts", "alpine", {"Phone": "02 5550 9999"})
    job = desk.edit("job", Next_Step="call")
    assert [change["field"] for change in line_of(desk.sync(), job)["changes"]] == ["Phones[DEFAULT]"]
    kept = contact(desk)
    assert (kept["EmailAddress"], kept["LastName"]) == ("billing@alpine.example.com", "Office")
    assert "02 5550 9999" in [phone["PhoneNumber"] for phone in kept["Phones"]]
    assert_promises(desk)


def test_a_text_that_is_emptied_in_zoho_is_emptied_in_xero(desk: Desk) -> None:
    desk.add(order("job", "Confirmed"))
    desk.sync()
    buyer = contact(desk)["EmailAddress"]
    (person,) = [row for row in desk.box.zoho.records("Contacts") if row["Email"] == buyer]
    desk.box.zoho.update("Contacts", person["id"], {"Email": ""})
    desk.edit("job", Next_Step="call")
    desk.sync()
    assert contact(desk)["EmailAddress"] == ""
    assert_promises(desk)


# ---- one e-mail address, two customers ----


@pytest.mark.parametrize("apart", [False, True], ids=["in one run", "one run after the other"])
def test_two_accounts_with_one_e_mail_address_are_billed_each(desk_of: OpenDesk, apart: bool) -> None:
    built = world()
    for person in built["zoho"]["contacts"]:
        person["Email"] = "bookkeeper@example.com"
    desk = desk_of(on=built)
    desk.sync()
    desk.add(order("first", "Closed Won", account="alpine"))
    if apart:
        desk.sync()
        desk.wait(seconds=60)
    desk.add(order("second", "Closed Won", account="birch"))
    desk.sync()
    assert desk.invoice("first")["Contact"]["ContactID"] != desk.invoice("second")["Contact"]["ContactID"]
    assert_promises(desk)


def test_a_contact_without_our_number_is_still_only_one_customer_s(desk_of: OpenDesk) -> None:
    email = "bookkeeper@example.com"
    built = world(xero={"contacts": [{"Name": "The Bookkeepers", "EmailAddress": email, "ContactNumber": "SHOP-7"}]})
    for person in built["zoho"]["contacts"]:
        person["Email"] = email
    desk = desk_of(on=built)
    desk.sync()
    desk.add(order("first", "Closed Won", account="alpine"))
    desk.sync()
    desk.wait(seconds=60)
    second = desk.add(order("second", "Closed Won", account="birch"))
    report = desk.sync(code=3)
    assert problem_codes(report) == ["contact_ambiguous"]
    assert "already the contact of another Zoho record" in report["problems"][0]["message"]
    found = contact(desk, "The Bookkeepers")["ContactID"]
    assert f"resolve {second} --link-contact {found}" in report["problems"][0]["hint"]
    assert_promises(desk)
