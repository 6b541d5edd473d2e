"""Recognising a customer among Xero's contacts: certain, absent, or a person decides."""

from __future__ import annotations

from typing import Any

import pytest
from core_samples import a_contact_draft, a_xero_contact

from zoho_xero_sync.core.matching import Recognised, recognise, without_double_claims
from zoho_xero_sync.core.model import CustomerKey, Problem, XeroContact
from zoho_xero_sync.core.rules import ContactMatch

DRAFT = a_contact_draft()
ALL: tuple[ContactMatch, ...] = ("number", "email", "name")


def contact(letter: str, **changes: Any) -> XeroContact:
    values = {"id": f"{letter * 8}-0000-0000-0000-000000000000", "name": f"Contact {letter}"}
    return a_xero_contact(**(values | changes))


NUMBERED = contact("a", number=DRAFT.number)
MAILED = contact("b", email=DRAFT.email)
NAMED = contact("c", name=DRAFT.name)
STRANGER = contact("d", number="4711", email="other@example.com", name="Other Trading")


@pytest.mark.parametrize(
    ("candidates", "order", "expected"),
    [
        ([], ALL, None),
        ([STRANGER], ALL, None),
        ([NUMBERED], ALL, (NUMBERED, "number")),
        ([NAMED, MAILED, NUMBERED], ALL, (NUMBERED, "number")),
        ([NAMED, MAILED], ALL, (MAILED, "email")),
        ([NAMED], ALL, (NAMED, "name")),
        ([NAMED, MAILED, NUMBERED], ("name", "email", "number"), (NAMED, "name")),
        ([NAMED, MAILED, NUMBERED], ("email", "name"), (MAILED, "email")),
        ([NAMED, MAILED], ("number",), None),
        ([NUMBERED], ("email", "name"), None),
        ([NUMBERED], (), None),
    ],
)
def test_the_first_field_of_the_order_that_agrees_decides(
    candidates: list[XeroContact],
    order: tuple[ContactMatch, ...],
    expected: tuple[XeroContact, ContactMatch] | None,
) -> None:
    assert recognise(DRAFT, candidates, order) == (Recognised(*expected) if expected else None)


@pytest.mark.parametrize(
    ("found", "by"),
    [
        (contact("a", number="zc-1"), "number"),
        (contact("a", email="BUYER@Example.COM"), "email"),
        (contact("a", name="EXAMPLE trading"), "name"),
        (contact("a", name=" Example   Trading "), "name"),
    ],
)
def test_case_and_spacing_make_no_difference(found: XeroContact, by: ContactMatch) -> None:
    draft = a_contact_draft(number="ZC-1")
    assert recognise(draft, [found], ALL) == Recognised(found, by)


@pytest.mark.parametrize(
    "draft",
    [a_contact_draft(email=""), a_contact_draft(number=""), a_contact_draft(email="", number="")],
    ids=["no e-mail", "no number", "neither"],
)
def test_what_is_empty_on_both_sides_is_no_agreement(draft: Any) -> None:
    assert recognise(draft, [contact("a", number="", email="", name="Other")], ALL) is None


def test_a_contact_numbered_by_another_integration_is_still_the_customer() -> None:
    theirs = contact("a", number="SHOP-77", email=DRAFT.email)
    assert recognise(DRAFT, [theirs], ALL) == Recognised(theirs, "email")


@pytest.mark.parametrize(
    ("candidates", "code"),
    [
        ([contact("a", number=DRAFT.number, status="ARCHIVED")], "contact_archived"),
        ([contact("a", number=DRAFT.number, status="ARCHIVED"), MAILED, NAMED], "contact_archived"),
        ([contact("a", number=DRAFT.number, status="ARCHIVED"), NUMBERED], "contact_archived"),
        ([NUMBERED, contact("e", number=DRAFT.number)], "contact_ambiguous"),
        ([MAILED, contact("e", email=DRAFT.email)], "contact_ambiguous"),
        ([NAMED, contact("e", name=DRAFT.name)], "contact_ambiguous"),
        ([MAILED, contact("e", email=DRAFT.email), NAMED], "contact_ambiguous"),
    ],
)
def test_a_dead_end_or_a_choice_is_a_person_s(candidates: list[XeroContact], code: str) -> None:
    problem = recognise(DRAFT, candidates, ALL)
    assert isinstance(problem, Problem) and problem.code == code
    assert "resolve DEAL --retry" in problem.hint
    assert problem.subject == f"customer Accounts:{DRAFT.customer.id}"


def test_an_ambiguity_names_the_contacts_five_at_most() -> None:
    seven = [contact(letter, email=DRAFT.email) for letter in "abcdef7"]
    problem = recognise(DRAFT, seven, ALL)
    assert isinstance(problem, Problem)
    assert problem.message.startswith("7 active Xero contacts have the email of Example Trading: Contact a (aaaaaaaa-")
    assert problem.message.count("-0000-0000-0000-") == 5
    assert problem.path == "email"


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([contact("e", email=DRAFT.email, status="ARCHIVED")], None),
        ([contact("e", name=DRAFT.name, status="ARCHIVED")], None),
        ([contact("e", email=DRAFT.email, status="ARCHIVED"), MAILED], MAILED),
        ([contact("e", email=DRAFT.email, status="ARCHIVED"), NAMED], NAMED),
    ],
)
def test_archived_contacts_count_only_for_their_number(
    candidates: list[XeroContact], expected: XeroContact | None
) -> None:
    found = recognise(DRAFT, candidates, ALL)
    assert (found.contact if isinstance(found, Recognised) else found) == expected


# ---- a contact is one customer's ----

ANOTHER = "5725767000000777001"


@pytest.mark.parametrize("number", [ANOTHER, f"ZC-{ANOTHER}"])
def test_a_shared_e_mail_does_not_make_two_zoho_records_one_customer(number: str) -> None:
    own = number.replace(ANOTHER, DRAFT.customer.id)
    theirs = contact("a", number=number, email=DRAFT.email)
    assert recognise(a_contact_draft(number=own), [theirs], ALL) is None


def test_a_name_that_another_zoho_record_has_in_xero_waits_for_a_person() -> None:
    draft = a_contact_draft(number=DRAFT.customer.id)
    problem = recognise(draft, [contact("a", number=ANOTHER, name=draft.name)], ALL)
    assert isinstance(problem, Problem) and problem.code == "contact_ambiguous"
    assert ANOTHER in problem.message and "--link-contact" in problem.hint and "resolve DEAL --retry" in problem.hint


def test_a_contact_is_claimed_once() -> None:
    first, second = CustomerKey("Accounts", "1"), CustomerKey("Accounts", "2")
    drafts = {first: a_contact_draft(customer=first), second: a_contact_draft(customer=second)}
    match = Recognised(MAILED, "email")
    settled = without_double_claims({first: match, second: match}, drafts, {})
    problem = settled[second]
    assert settled[first] == match
    assert isinstance(problem, Problem) and problem.code == "contact_ambiguous" and "Accounts 1" in problem.message


def test_a_contact_linked_in_an_earlier_run_stays_its_customer_s() -> None:
    first, second = CustomerKey("Accounts", "1"), CustomerKey("Contacts", "2")
    drafts = {second: a_contact_draft(customer=second)}
    match = Recognised(MAILED, "email")
    assert isinstance(without_double_claims({second: match}, drafts, {MAILED.id: first})[second], Problem)
    assert without_double_claims({second: match}, drafts, {MAILED.id: second}) == {second: match}
    assert without_double_claims({second: None}, drafts, {MAILED.id: first}) == {second: None}
