"""Customers change without their deals: renamed, moved, merged, archived; and what a person wrote in Xero stays."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, line_of, order, priced, problem_codes, world

NAME = "Alpine Joinery Pty Ltd"


def contact(desk: Desk, name: str = NAME) -> Record:
    """The active contact of this name in Xero."""
    (only,) = [row for row in desk.contacts() if row["Name"] == name and row["ContactStatus"] == "ACTIVE"]
    return only


def phone(row: Record, kind: str = "DEFAULT") -> str:
    """One of a contact's phone numbers."""
    return next(str(slot["PhoneNumber"]) for slot in row["Phones"] if slot["PhoneType"] == kind)


def invoiced(desk: Desk, key: str = "job", stage: str = "Confirmed", account: str = "alpine") -> str:
    """A deal that was invoiced a while ago, and whose polls have been asked since; its id."""
    deal = desk.add(order(key, stage, account=account))
    desk.sync()
    later(desk)
    return deal


def later(desk: Desk, code: int = 0) -> list[Record]:
    """Runs of the next 39 minutes, so that every poll has its turn; their reports."""
    reports = []
    for _ in range(3):
        desk.wait(minutes=13)
        reports.append(desk.sync(code=None))
    assert {report["exit_code"] for report in reports} <= {0, code}
    return reports


def in_xero(desk: Desk, name: str = NAME, **texts: str) -> None:
    """A person edits the texts of a contact in Xero."""
    books = desk.box.xero.books
    stored = books.contacts.get(str(contact(desk, name)["ContactID"]))
    assert stored is not None
    books.contacts.put(replace(stored, texts={**stored.texts, **texts}, updated=books.now()))


# ---- Zoho changes ----


@pytest.mark.slow
def test_a_renamed_account_updates_its_contact_at_the_poll_s_pace(desk: Desk) -> None:
    job = invoiced(desk)
    known = contact(desk)
    desk.box.zoho.update("Accounts", "alpine", {"Account_Name": "Alpine Works", "Billing_Street": "2 Low Street"})
    desk.wait(minutes=16)
    with desk.nothing_sent():
        preview = desk.sync("--dry-run")
        files = desk.rows("SELECT * FROM seen_record"), desk.rows("SELECT * FROM customer_link")
    before = desk.writes()
    report = desk.sync()
    assert (desk.rows("SELECT * FROM seen_record"), desk.rows("SELECT * FROM customer_link")) != files
    assert line_of(preview, job)["changes"] == line_of(report, job)["changes"]
    assert line_of(report, job)["action"] == "contact_only"
    assert [change["field"] for change in line_of(report, job)["changes"]] == ["Name", "Addresses[POBOX]"]
    now = contact(desk, "Alpine Works")
    assert now["ContactID"] == known["ContactID"] and desk.writes() - before == 1
    # No extra rounds.
    with desk.nothing_sent():
        assert all(report["counts"]["seen"] == 0 for report in later(desk))
    assert_promises(desk)


@pytest.mark.slow
def test_a_new_e_mail_address_of_the_deal_s_person_is_carried_over(desk: Desk) -> None:
    invoiced(desk)
    desk.box.zoho.update("Contacts", "alpine_office", {"Email": "office@alpine.example.com"})
    later(desk)
    assert contact(desk)["EmailAddress"] == "office@alpine.example.com"
    assert_promises(desk)


@pytest.mark.slow
def test_one_of_many_deals_is_read_for_a_renamed_account(desk: Desk) -> None:
    for key in range(8):
        desk.add(order(f"d{key}", "Confirmed"))
    desk.sync()
    later(desk)
    desk.box.zoho.update("Accounts", "alpine", {"Account_Name": "Alpine Works"})
    reports = later(desk)
    assert sum(report["counts"]["seen"] for report in reports) == 1
    assert contact(desk, "Alpine Works")


@pytest.mark.slow
def test_every_invoice_follows_when_it_names_the_customer(desk: Desk) -> None:
    desk.configure(invoice={"reference": "For {Account_Name}"})
    for key in range(3):
        desk.add(order(f"d{key}", "Confirmed"))
    desk.sync()
    later(desk)
    desk.box.zoho.update("Accounts", "alpine", {"Account_Name": "Alpine Works"})
    later(desk)
    assert {row["Reference"] for row in desk.invoices()} == {"For Alpine Works"}
    assert_promises(desk)


@pytest.mark.slow
def test_a_deal_that_waits_for_a_valid_address_goes_on_by_itself(desk: Desk) -> None:
    desk.box.zoho.update("Contacts", "alpine_office", {"Email": "büro@alpine.example.com"})
    job = desk.add(order("job", "Closed Won"))
    assert problem_codes(desk.sync(code=3)) == ["customer_email_invalid"]
    later(desk, code=3)
    desk.box.zoho.update("Contacts", "alpine_office", {"Email": "office@alpine.example.com"})
    reports = later(desk, code=3)
    assert job in {line["deal_id"] for report in reports for line in report["deals"] if line["action"] == "create"}
    assert_promises(desk)


@pytest.mark.slow
def test_contacts_that_are_not_updated_are_not_asked_about(desk: Desk) -> None:
    desk.configure(customer={"update": False})
    invoiced(desk)
    before = len(desk.box.calls)
    desk.box.zoho.update("Accounts", "alpine", {"Account_Name": "Alpine Works"})
    later(desk)
    assert contact(desk)
    # Deals, quotes and what was deleted, each run; an account or a person never.
    assert not desk.rows("SELECT * FROM fact WHERE name LIKE 'poll.customers.%'")
    assert len(desk.box.calls) > before


# ---- people in Xero come first ----


def test_a_field_that_a_person_wrote_in_xero_stays_and_is_told_once(desk: Desk) -> None:
    job = invoiced(desk)
    in_xero(desk, EmailAddress="billing@alpine.example.com", FirstName="Billing")
    desk.box.zoho.update("Contacts", "alpine_office", {"Email": "office@alpine.example.com"})
    desk.box.zoho.update("Accounts", "alpine", {"Phone": "02 5550 0999"})
    desk.wait(minutes=16)
    with desk.nothing_sent():
        preview = desk.sync("--dry-run")
    reports = [desk.sync(), *later(desk)]
    now = contact(desk)
    assert (now["EmailAddress"], now["FirstName"]) == ("billing@alpine.example.com", "Billing")
    assert phone(now) == "02 5550 0999"
    notes = [note for report in reports for note in report["notes"]]
    assert preview["notes"] == notes[:1] and len(notes) == 1
    assert "EmailAddress billing@alpine.example.com (Zoho: office@alpine.example.com)" in notes[0]
    assert "billing@alpine.example.com" in desk.run("show", job, code=0).out
    # Once the person takes Xero back to what Zoho says, later changes go over again.
    in_xero(desk, EmailAddress="office@alpine.example.com")
    desk.box.zoho.update("Contacts", "alpine_office", {"Email": "third@alpine.example.com"})
    later(desk)
    assert contact(desk)["EmailAddress"] == "third@alpine.example.com"
    assert_promises(desk)


@pytest.mark.slow
def test_what_both_came_to_say_is_not_sent(desk: Desk) -> None:
    invoiced(desk)
    in_xero(desk, EmailAddress="office@alpine.example.com")
    desk.box.zoho.update("Contacts", "alpine_office", {"Email": "Office@alpine.example.com"})
    with desk.nothing_sent():
        assert all(not report["notes"] for report in later(desk))
    assert_promises(desk)


@pytest.mark.slow
def test_an_adopted_contact_keeps_the_name_it_has_in_xero(desk_of: OpenDesk) -> None:
    desk = desk_of(
        on=world(xero={"contacts": [{"Name": "Alpine (main)", "EmailAddress": "accounts@alpine.example.com"}]})
    )
    desk.sync()
    invoiced(desk)
    desk.box.zoho.update("Accounts", "alpine", {"Account_Name": "Alpine Works", "Phone": "02 5550 0999"})
    later(desk)
    assert phone(contact(desk, "Alpine (main)")) == "02 5550 0999"
    assert_promises(desk)


# ---- contacts that were merged or archived in Xero ----


def test_a_contact_that_was_merged_in_xero_is_followed_when_an_invoice_is_due(desk: Desk) -> None:
    invoiced(desk)
    invoiced(desk, "other", account="birch")
    desk.box.xero.merge_contacts(str(contact(desk)["ContactID"]), "Birch & Stone Interiors")
    jobs = [desk.add(order(f"next{number}", "Closed Won")) for number in range(3)]
    report = desk.sync()
    assert [line_of(report, job)["action"] for job in jobs] == ["create"] * 3
    survivor = contact(desk, "Birch & Stone Interiors")["ContactID"]
    assert {row["Contact"]["ContactID"] for row in desk.invoices()} == {survivor}
    assert [row["kind"] for row in desk.rows("SELECT kind FROM event WHERE kind LIKE 'contact%'")] == ["contact_merged"]
    later(desk)
    # The survivor is another customer's: nothing of it is overwritten.
    desk.box.zoho.update("Accounts", "alpine", {"Phone": "02 5550 0999", "Account_Name": "Alpine Works"})
    later(desk)
    assert contact(desk, "Birch & Stone Interiors")
    assert_promises(desk)


@pytest.mark.slow
def test_a_contact_that_was_merged_in_xero_is_followed_when_the_customer_changes(desk_of: OpenDesk) -> None:
    desk = desk_of(on=world(xero={"contacts": [{"Name": "Alpine Group", "EmailAddress": "group@example.com"}]}))
    desk.sync()
    job = invoiced(desk)
    desk.box.xero.merge_contacts(NAME, "Alpine Group")
    desk.box.zoho.update("Accounts", "alpine", {"Phone": "02 5550 0999", "Account_Name": "Alpine Works"})
    reports = later(desk)
    assert phone(contact(desk, "Alpine Group")) == "02 5550 0999"
    (note,) = [note for report in reports for note in report["notes"]]
    assert "Name Alpine Group (Zoho: Alpine Works)" in note
    kinds = {row["kind"] for row in desk.rows(f"SELECT kind FROM event WHERE deal_id = '{job}'")}
    assert {"contact_merged", "contact_kept"} <= kinds
    assert_promises(desk)


@pytest.mark.slow
def test_a_changed_customer_whose_contact_is_archived_holds_with_advice(desk: Desk) -> None:
    job = invoiced(desk)
    known = str(contact(desk)["ContactID"])
    desk.box.xero.archive_contact(known)
    desk.box.zoho.update("Accounts", "alpine", {"Phone": "02 5550 0999"})
    with desk.nothing_sent():
        reports = later(desk, code=3)
    assert "contact_archived" in {code for report in reports for code in problem_codes(report)}
    desk.box.xero.restore_contact(known)
    desk.run("resolve", job, "--retry", code=0)
    desk.sync()
    assert phone(contact(desk)) == "02 5550 0999"
    assert_promises(desk)


# ---- accounts that were merged in Zoho ----


def merged_accounts(desk: Desk) -> str:
    """Two customers with an invoice each become one in Zoho; the id of the loser's deal, which was edited since."""
    invoiced(desk)
    invoiced(desk, "other", account="birch")
    desk.box.zoho.merge("Accounts", "alpine", "birch")
    return desk.edit("job", Next_Step="call")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["merged in Xero", "linked to the survivor's", "linked to its own"])
def test_merged_accounts_with_two_contacts_wait_for_a_person(desk: Desk, how: str) -> None:
    job = merged_accounts(desk)
    with desk.nothing_sent():
        report = desk.sync(code=3)
    assert problem_codes(report) == ["contact_ambiguous"]
    own, theirs = contact(desk)["ContactID"], contact(desk, "Birch & Stone Interiors")["ContactID"]
    assert f"resolve {job} --link-contact {theirs} or" in report["problems"][0]["hint"]
    if how == "merged in Xero":
        desk.box.xero.merge_contacts(str(own), str(theirs))
        desk.run("resolve", job, "--retry", code=0)
    else:
        desk.run("resolve", job, "--link-contact", str(theirs if "survivor" in how else own), code=0)
    desk.sync()
    chosen = own if how == "linked to its own" else theirs
    assert desk.invoice("job")["Contact"]["ContactID"] == chosen
    later(desk)
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 5, "120.00")])
    later(desk)
    assert desk.invoice("job")["Total"] == Decimal("660.00")
    assert_promises(desk)


@pytest.mark.slow
def test_an_approved_invoice_of_merged_accounts_needs_nobody_once_the_contacts_are_merged(desk: Desk) -> None:
    job = invoiced(desk, stage="Closed Won")
    invoiced(desk, "other", account="birch")
    desk.box.zoho.merge("Accounts", "alpine", "birch")
    desk.box.xero.merge_contacts(NAME, "Birch & Stone Interiors")
    desk.edit("job", Next_Step="call")
    with desk.nothing_sent():
        assert line_of(desk.sync(), job)["action"] == "unchanged"
    assert_promises(desk)


@pytest.mark.slow
def test_the_survivor_of_merged_accounts_without_a_contact_of_its_own_waits(desk: Desk) -> None:
    job = invoiced(desk)
    known = contact(desk)["ContactID"]
    desk.box.zoho.merge("Accounts", "alpine", "birch")
    desk.edit("job", Next_Step="call")
    with desk.nothing_sent():
        report = desk.sync(code=3)
    assert problem_codes(report) == ["contact_ambiguous"]
    assert f"resolve {job} --link-contact {known}" in report["problems"][0]["hint"]
    desk.run("resolve", job, "--link-contact", str(known), code=0)
    desk.sync()
    assert desk.invoice("job")["Contact"]["ContactID"] == known
    assert len(desk.contacts()) == 1
    assert_promises(desk)


@pytest.mark.slow
def test_a_deal_that_changes_hands_between_two_customers_is_no_merge(desk: Desk) -> None:
    job = invoiced(desk)
    invoiced(desk, "other", account="birch")
    desk.edit("job", Account_Name="birch")
    report = desk.sync(code=None)
    assert "contact_ambiguous" not in problem_codes(report)
    assert line_of(report, job)
