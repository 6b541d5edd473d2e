"""Customers in full: whose person a shared contact carries, more fields, contact persons, what a link asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from core_samples import (
    ACCOUNT,
    a_contact_draft,
    a_customer_link,
    a_deal,
    a_person,
    a_record,
    a_xero_contact,
    an_account,
)

from zoho_xero_sync.core.contact_plan import Voice, agreed_draft, plan_contact
from zoho_xero_sync.core.customers import draft_contact, ordered_persons
from zoho_xero_sync.core.describe import as_sent, contact_fields
from zoho_xero_sync.core.matching import Recognised, link_command, listed
from zoho_xero_sync.core.model import ContactDraft, ContactStep, CustomerLink, DealRow, DealState, Person, Problem
from zoho_xero_sync.core.recording import archived_contact, refusal, says_archived
from zoho_xero_sync.core.rules import CustomerRules, Rules, StageRule
from zoho_xero_sync.core.staging import stage_row

RULES = CustomerRules(tax_number="ABN", fields={"CompanyNumber": "ACN", "DefaultCurrency": "Bills_In"})
PAT, KIM, LEE = (
    Person(f"57250000000030000{number}", name, "Buyer", f"{name.lower()}@example.com", mobile=f"0491 570 00{number}")
    for number, name in ((1, "Pat"), (2, "Kim"), (3, "Lee"))
)


# ---- whose person it is ----


def voice(person: Person | None, before: Person | None = None, **account: Any) -> Voice:
    """A deal with this person, which was last settled with another (None: never)."""
    deal = a_deal(person=person, account=an_account(**account))
    draft = draft_contact(deal, CustomerRules())
    assert isinstance(draft, ContactDraft)
    return Voice(
        deal, a_record(person=person.id if person else None, person_before=before.id if before else None), draft
    )


def carried(person: Person | None) -> CustomerLink:
    """The link of a contact that carries this person."""
    said = voice(person)
    return a_customer_link(sent=as_sent(contact_fields(said.draft)), person=person.id if person else None)


@pytest.mark.parametrize(
    ("voices", "link", "expected"),
    [
        pytest.param([voice(PAT)], None, PAT, id="a first deal"),
        pytest.param([voice(PAT), voice(KIM)], None, KIM, id="two first deals: the later one"),
        pytest.param([voice(PAT), voice(None)], None, PAT, id="one that has no person says nothing"),
        pytest.param([voice(None)], None, None, id="nobody has a person"),
        pytest.param([voice(PAT, PAT)], carried(PAT), PAT, id="nothing new"),
        pytest.param([voice(PAT, PAT)], carried(KIM), KIM, id="an unchanged person never takes back"),
        pytest.param([voice(PAT)], carried(KIM), PAT, id="a new deal brings its person"),
        pytest.param([voice(LEE, PAT)], carried(KIM), LEE, id="a changed person is carried over"),
        pytest.param([voice(LEE, PAT), voice(KIM, KIM)], carried(KIM), KIM, id="the later of two that may say"),
        pytest.param([voice(LEE, PAT), voice(PAT, PAT)], carried(KIM), LEE, id="the later one may not say"),
        pytest.param([voice(None, PAT)], carried(KIM), KIM, id="a person taken off a deal takes none away"),
        pytest.param([voice(None)], carried(KIM), KIM, id="a new deal without a person"),
        pytest.param([voice(PAT, PAT)], replace(carried(KIM), person=None), PAT, id="nobody is known to be carried"),
    ],
)
def test_whose_person_the_contact_carries(
    voices: list[Voice], link: CustomerLink | None, expected: Person | None
) -> None:
    agreed = agreed_draft(voices, link)
    assert (agreed.first_name, agreed.email, agreed.phones.get("MOBILE")) == (
        (expected.first_name, expected.email, expected.mobile) if expected else ("", "", None)
    )
    assert agreed.person == (expected.id if expected else "")


def test_a_person_that_changes_itself_is_followed() -> None:
    moved = replace(PAT, email="moved@example.com")
    assert agreed_draft([voice(moved, moved)], carried(PAT)).email == "moved@example.com"


def test_the_account_is_the_one_read_last_and_its_phone_the_main_one() -> None:
    early, late = voice(KIM, name="Old Name", phone="1"), voice(PAT, PAT, name="New Name", phone="2", fax="3")
    agreed = agreed_draft([early, late], carried(PAT))
    assert (agreed.name, agreed.first_name) == ("New Name", "Pat")
    again = agreed_draft([early, late], carried(LEE))
    assert (again.name, again.first_name) == ("New Name", "Kim")
    assert list(again.phones.items()) == [("DEFAULT", "2"), ("MOBILE", KIM.mobile), ("FAX", "3")]


def test_what_was_carried_over_stays_to_the_letter() -> None:
    person = replace(KIM, phone="02 5550 0100")
    link = carried(person)
    agreed = agreed_draft([voice(PAT, PAT)], link)
    assert as_sent(contact_fields(agreed)) == link.sent


def test_a_customer_that_is_a_person_has_no_second_one() -> None:
    rules = CustomerRules(sources=("contact",))
    deal = a_deal(person=PAT)
    draft = draft_contact(deal, rules)
    assert isinstance(draft, ContactDraft)
    agreed = agreed_draft([Voice(deal, a_record(person_before=PAT.id), draft)], carried(KIM))
    assert agreed == draft


@pytest.mark.parametrize(
    ("state", "person", "before", "expected"),
    [
        (None, None, None, None),
        (DealState.SEEN, KIM.id, PAT.id, KIM.id),
        (DealState.PENDING, KIM.id, PAT.id, PAT.id),
        (DealState.HELD, KIM.id, None, None),
        (DealState.SKIPPED, KIM.id, PAT.id, PAT.id),
    ],
)
def test_staging_remembers_the_person_a_deal_was_settled_with(
    state: DealState | None, person: str | None, before: str | None, expected: str | None
) -> None:
    deal = a_deal(person=LEE)
    row = DealRow(deal.id, deal.name, deal.stage, None, deal.modified_at, '{"new":1}', deal)
    known = a_record(state=state, person=person, person_before=before) if state else None
    staged = stage_row(row, known, Rules((StageRule(("Closed Won",), "draft"),)), requested=False)
    assert staged is not None
    assert (staged.person, staged.person_before) == (LEE.id, expected)


# ---- what a link asks for ----


DRAFT = a_contact_draft()
SENT = as_sent(contact_fields(DRAFT))


@pytest.mark.parametrize(
    ("link", "draft", "update", "expected"),
    [
        (a_customer_link(sent=SENT), DRAFT, True, ("unchanged", False)),
        (a_customer_link(sent=SENT, number=""), DRAFT, True, ("adopt", True)),
        (a_customer_link(sent=SENT), replace(DRAFT, name="Other"), True, ("update", False)),
        (a_customer_link(sent=SENT), replace(DRAFT, name="Other"), False, ("unchanged", False)),
        (a_customer_link(sent=None), replace(DRAFT, name="Other"), True, ("unchanged", False)),
        # Persons that were not read this time are no change; persons that were are.
        (
            a_customer_link(sent=as_sent(contact_fields(replace(DRAFT, persons=(PAT,))))),
            DRAFT,
            True,
            ("unchanged", False),
        ),
        (a_customer_link(sent=SENT), replace(DRAFT, persons=(PAT,)), True, ("update", False)),
    ],
)
def test_what_a_linked_contact_needs(
    link: CustomerLink, draft: ContactDraft, update: bool, expected: tuple[str, bool]
) -> None:
    step = plan_contact(draft, link, None, CustomerRules(update=update))
    assert isinstance(step, ContactStep)
    assert (step.action, step.stamp) == expected
    assert step.contact_id == link.contact_id


@pytest.mark.parametrize(("number", "stamp"), [("", True), ("SHOP-7", False)])
def test_only_an_empty_number_is_stamped(number: str, stamp: bool) -> None:
    found = Recognised(a_xero_contact(number=number), "email")
    step = plan_contact(DRAFT, None, found, CustomerRules())
    assert isinstance(step, ContactStep)
    assert (step.action, step.stamp, step.number) == ("adopt", stamp, number)
    assert [change.field for change in step.changes] == (["ContactNumber"] if stamp else [])


# ---- more fields and persons ----


def test_more_fields_are_tidied_and_empty_ones_left_out() -> None:
    fields = {"ABN": " 51 824  753 556 ", "ACN": "  ", "Bills_In": "aud"}
    draft = draft_contact(a_deal(account=an_account(fields=fields)), RULES)
    assert isinstance(draft, ContactDraft)
    assert draft.extra == {"TaxNumber": "51 824 753 556", "DefaultCurrency": "AUD"}
    assert contact_fields(draft)["TaxNumber"] == "51 824 753 556"


@pytest.mark.parametrize(
    ("name", "most"), [("ABN", 50), ("ACN", 50), ("Bills_In", 3)], ids=["TaxNumber", "CompanyNumber", "DefaultCurrency"]
)
def test_more_fields_are_never_cut(name: str, most: int) -> None:
    fits = draft_contact(a_deal(account=an_account(fields={name: "X" * most})), RULES)
    held = draft_contact(a_deal(account=an_account(fields={name: "X" * (most + 1)})), RULES)
    assert isinstance(fits, ContactDraft)
    assert isinstance(held, Problem)
    assert (held.code, held.path) == ("customer_field_invalid", f"Account_Name.{name}")


@pytest.mark.parametrize(
    ("persons", "primary", "expected"),
    [
        ((), PAT.id, []),
        ((PAT, KIM, LEE), "", ["Pat", "Kim", "Lee"]),
        ((PAT, KIM, LEE), LEE.id, ["Lee", "Pat", "Kim"]),
        ((PAT, KIM), LEE.id, ["Pat", "Kim"]),
        (tuple(replace(PAT, id=str(n), first_name=f"P{n}") for n in range(7)), "6", ["P6", "P0", "P1", "P2", "P3"]),
        ((a_person(first_name="", last_name=""), KIM), "", ["Kim"]),
    ],
)
def test_persons_are_five_at_most_the_deals_own_first(
    persons: tuple[Person, ...], primary: str, expected: list[str]
) -> None:
    assert [person.first_name for person in ordered_persons(persons, primary)] == expected


@pytest.mark.parametrize(("email", "kept"), [("a@example.com", "a@example.com"), ("jörg@example.com", ""), ("x", "")])
def test_a_persons_address_that_xero_refuses_is_left_out(email: str, kept: str) -> None:
    assert [person.email for person in ordered_persons([replace(PAT, email=email)], "")] == [kept]


# ---- archived ----


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("The specified contact details matched an archived contact. Archived contacts cannot be edited.", True),
        ("The contact must be un-archived before creating new invoices or credit notes.", True),
        ("Account code '200' has been archived, or deleted.", False),
        ("A Contact must be specified for this type of transaction", False),
    ],
)
def test_a_refusal_that_is_about_an_archived_contact(message: str, expected: bool) -> None:
    assert says_archived(message) is expected
    assert (refusal("1", message) == archived_contact("1", message)) is expected
    assert refusal("1", message).code == ("contact_archived" if expected else "xero_refused")


def test_contacts_are_listed_so_that_a_person_tells_them_apart() -> None:
    bare, full = a_xero_contact(name="A"), a_xero_contact(id="b-1", name="B", email="b@example.com")
    assert listed([bare, full]) == f"A ({bare.id}); B (b-1, b@example.com)"
    assert link_command(full) == "zoho-xero-sync resolve DEAL --link-contact b-1"
    assert ACCOUNT.module == "Accounts"
