"""The three-way rule field by field: as last carried over, as Zoho has it, as Xero has it."""

from __future__ import annotations

import pytest

from zoho_xero_sync.core.contact_now import carry_over, last_survivor, next_links
from zoho_xero_sync.core.describe import as_sent
from zoho_xero_sync.core.model import (
    Change,
    ContactDraft,
    ContactNow,
    ContactStep,
    CustomerKey,
    CustomerLink,
    Problem,
)

KEY = CustomerKey("Accounts", "11")
DRAFT = ContactDraft(KEY, "11", "Alpine Works")


def outcome(field: str, sent: str | None, zoho: str | None, xero: str | None, **now: str) -> ContactStep | Problem:
    """What becomes of an update of one field."""
    fields = {} if xero is None else {field: xero}
    found = ContactNow(
        now.get("id", "C1"), "Alpine Works", now.get("number", "11"), now.get("status", "ACTIVE"), fields
    )
    link = CustomerLink(KEY, "C1", "11", "Alpine", as_sent({} if sent is None else {field: sent}))
    return carry_over(ContactStep("update", DRAFT, "C1", (Change(field, sent, zoho),)), link, found)


@pytest.mark.parametrize(
    ("field", "sent", "zoho", "xero", "verdict"),
    [
        # nobody touched Xero
        ("EmailAddress", "a@example.com", "b@example.com", "a@example.com", "carried"),
        ("EmailAddress", "a@example.com", None, "a@example.com", "carried"),
        ("EmailAddress", None, "b@example.com", None, "carried"),
        # a person did
        ("EmailAddress", "a@example.com", "b@example.com", "x@example.com", "kept"),
        ("EmailAddress", "a@example.com", None, "x@example.com", "kept"),
        ("EmailAddress", None, "b@example.com", "x@example.com", "kept"),
        # an empty field says nothing
        ("EmailAddress", "a@example.com", "b@example.com", None, "carried"),
        # both came to say the same
        ("EmailAddress", "a@example.com", "b@example.com", "B@Example.com", "agreed"),
        ("EmailAddress", "a@example.com", None, None, "agreed"),
        # spacing, commas, case and how a number is cut are nobody's edit
        ("Name", "Alpine  Joinery", "Alpine Works", "ALPINE JOINERY", "carried"),
        ("Addresses[POBOX]", "1 High St Level 2, Sydney", "2 Low Street", "1 High St, Level 2, Sydney", "carried"),
        ("Phones[DEFAULT]", "+61 2 5550 0100", "02 5550 0999", "+61 2 55500100", "carried"),
        ("Phones[DEFAULT]", "02 5550 0100", "02 5550 0999", "02 5550 0111", "kept"),
        ("Phones[DEFAULT]", "02 5550 0100", "02 5550-0999", "0255500999", "agreed"),
    ],
)  # fmt: skip
def test_one_field(field: str, sent: str | None, zoho: str | None, xero: str | None, verdict: str) -> None:
    step = outcome(field, sent, zoho, xero)
    assert isinstance(step, ContactStep)
    assert step.action == ("update" if verdict == "carried" else "adopt")
    assert bool(step.changes) == (verdict == "carried")
    assert [(change.field, change.before) for change in step.kept] == ([(field, xero)] if verdict == "kept" else [])
    assert not step.stamp and step.merged_from == ""


def test_contact_persons_are_one_list() -> None:
    changes = tuple(Change(f"ContactPersons[{row}]", f"Old {row}", f"New {row}") for row in (1, 2))
    changes = (*changes, Change("FirstName", "Old", "New"))
    link = CustomerLink(KEY, "C1", "11", "Alpine", as_sent({change.field: change.before or "" for change in changes}))
    now = ContactNow("C1", "Alpine", "11", "ACTIVE", {"ContactPersons[1]": "Old 1", "ContactPersons[2]": "Else"})
    step = carry_over(ContactStep("update", DRAFT, "C1", changes), link, now)
    assert isinstance(step, ContactStep)
    assert [change.field for change in step.changes] == ["FirstName"]
    assert [change.field for change in step.kept] == ["ContactPersons[1]", "ContactPersons[2]"]


def test_a_survivor_keeps_its_number_and_gets_the_link() -> None:
    step = outcome("EmailAddress", "a@example.com", "b@example.com", "a@example.com", id="C2", number="SHOP-7")
    assert isinstance(step, ContactStep)
    assert (step.contact_id, step.merged_from, step.number) == ("C2", "C1", "SHOP-7")


def test_an_archived_contact_is_a_problem() -> None:
    problem = outcome("EmailAddress", "a@example.com", "b@example.com", "a@example.com", status="ARCHIVED")
    assert isinstance(problem, Problem) and problem.code == "contact_archived"


def merged(*pairs: tuple[str, str]) -> dict[str, ContactNow]:
    """Contacts by id, each merged into another; "" for none."""
    return {one: ContactNow(one, one, "", "ARCHIVED" if into else "ACTIVE", {}, into) for one, into in pairs}


@pytest.mark.parametrize(
    ("known", "survivor", "wanted"),
    [
        (merged(), None, ["a"]),
        (merged(("a", "")), "a", []),
        (merged(("a", "b")), None, ["b"]),
        (merged(("a", "b"), ("b", "c"), ("c", "")), "c", []),
        (merged(("a", "b"), ("b", "a")), None, []),
    ],
)
def test_merges_are_followed(known: dict[str, ContactNow], survivor: str | None, wanted: list[str]) -> None:
    found = last_survivor("a", known)
    assert (found.id if found else None) == survivor
    assert next_links(["a"], known) == wanted
