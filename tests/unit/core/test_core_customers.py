"""Customers: who is invoiced, and names, addresses, phones and e-mail as Xero takes them."""

from __future__ import annotations

from typing import Any

import pytest
from core_samples import DEAL, a_deal, a_person, an_account
from hypothesis import given
from hypothesis import strategies as st

from zoho_xero_sync.core.customers import address_lines, contact_name, customer_key, draft_contact
from zoho_xero_sync.core.model import Address, ContactDraft, CustomerKey, Deal, Problem
from zoho_xero_sync.core.rules import CustomerRules
from zoho_xero_sync.core.templates import Template

RULES = CustomerRules()


def drafted(deal: Deal, rules: CustomerRules = RULES) -> ContactDraft:
    draft = draft_contact(deal, rules)
    assert isinstance(draft, ContactDraft), draft
    return draft


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Example Trading", "Example Trading"),
        ("  Example   Trading  ", "Example Trading"),
        ("Example\tTrading\nPty\r\nLtd", "Example Trading Pty Ltd"),
        ("Example <West>", "Example West"),
        ("<>", ""),
        ("A<B>C", "A B C"),
        ('O\'Brien & Sons "Best"', 'O\'Brien & Sons "Best"'),
        ("Müller & Café Ñandú GmbH", "Müller & Café Ñandú GmbH"),
        ("東京 株式会社", "東京 株式会社"),
        ("Bright 🌞 Ideas", "Bright 🌞 Ideas"),
        ("Bell\x07 Ltd\x00", "Bell Ltd"),
        ("No\u00a0break", "No break"),
        ("Zero\u200bwidth", "Zero width"),
        ("Half \ud83d", "Half"),
        ("\u3000wide\u3000space\u3000", "wide space"),
        ("x" * 255, "x" * 255),
        ("x" * 300, "x" * 255),
        ("x" * 254 + " " + "y" * 20, "x" * 254),
        ("<" * 400 + "Late", "Late"),
        ("", ""),
        (" \t ", ""),
    ],
)
def test_names_as_xero_accepts_them(name: str, expected: str) -> None:
    assert contact_name(name) == expected


@given(st.text(max_size=400))
def test_every_name_is_within_xero_s_rules_and_stays_as_it_is(name: str) -> None:
    clean = contact_name(name)
    assert len(clean) <= 255
    assert clean == clean.strip() and "  " not in clean
    assert not set(clean) & set("<>\t\r\n\x00\u200b")
    assert clean == contact_name(clean)
    clean.encode()


@pytest.mark.parametrize(
    ("sources", "account", "person", "key"),
    [
        (("account", "contact"), True, True, ("Accounts", an_account().id)),
        (("account", "contact"), False, True, ("Contacts", a_person().id)),
        (("contact", "account"), True, True, ("Contacts", a_person().id)),
        (("contact", "account"), True, False, ("Accounts", an_account().id)),
        (("account",), False, True, None),
        (("contact",), True, False, None),
        (("account", "contact"), False, False, None),
    ],
)
def test_who_is_invoiced(sources: Any, account: bool, person: bool, key: tuple[str, str] | None) -> None:
    deal = a_deal(account=an_account() if account else None, person=a_person() if person else None)
    rules = CustomerRules(sources=sources)
    assert customer_key(deal, rules) == (CustomerKey(*key) if key else None)
    draft = draft_contact(deal, rules)
    if key:
        assert isinstance(draft, ContactDraft) and draft.number == key[1]
    else:
        assert isinstance(draft, Problem) and draft.code == "customer_missing"
        assert DEAL in draft.hint
        assert ("account" in draft.message) is ("account" in sources)
        assert ("contact person" in draft.message) is ("contact" in sources)


def test_an_account_borrows_the_deal_s_person() -> None:
    account = an_account(
        name="Example  Trading <AU>",
        phone=" 02  9000 0000 ",
        fax="02 9000 0001",
        billing=Address("1 Example Street", "Sydney", "NSW", "2000", "Australia"),
        shipping=Address("2 Dock Road", "Botany"),
    )
    person = a_person(phone="02 9000 0002", mobile="0400 000 000", mailing=Address("9 Home Street"))
    draft = drafted(a_deal(account=account, person=person))
    assert draft.name == "Example Trading AU"
    assert (draft.first_name, draft.last_name, draft.email) == ("Pat", "Buyer", "buyer@example.com")
    assert draft.addresses == {"POBOX": account.billing, "STREET": account.shipping}
    assert draft.phones == {"DEFAULT": "02 9000 0000", "MOBILE": "0400 000 000", "FAX": "02 9000 0001"}


def test_an_account_without_a_person_or_a_phone_is_a_name_and_a_number() -> None:
    draft = drafted(a_deal(person=None))
    assert (draft.first_name, draft.last_name, draft.email) == ("", "", "")
    assert draft.addresses == {} and draft.phones == {}


def test_a_person_without_an_account_is_the_customer() -> None:
    person = a_person(phone="02 9000 0002", mailing=Address("9 Home Street"), other=Address(city="Perth"))
    draft = drafted(a_deal(account=None, person=person))
    assert draft.name == "Pat Buyer"
    assert draft.customer == CustomerKey("Contacts", person.id)
    assert draft.addresses == {"POBOX": person.mailing, "STREET": person.other}
    assert draft.phones == {"DEFAULT": "02 9000 0002"}


def test_the_person_s_phone_fills_in_for_the_account_s() -> None:
    assert drafted(a_deal(person=a_person(phone="02 9000 0002"))).phones == {"DEFAULT": "02 9000 0002"}


@pytest.mark.parametrize(
    ("first", "last", "name"), [("", "Buyer", "Buyer"), ("Pat", "", "Pat"), (" Pat ", "B <x>", "Pat B x")]
)
def test_a_person_s_name_is_what_there_is_of_it(first: str, last: str, name: str) -> None:
    assert drafted(a_deal(account=None, person=a_person(first_name=first, last_name=last))).name == name


@pytest.mark.parametrize(
    ("account", "person", "path"),
    [
        (an_account(name=" <> "), a_person(), "Account_Name"),
        (an_account(name=""), a_person(), "Account_Name"),
        (None, a_person(first_name="", last_name="\x07"), "Contact_Name"),
    ],
)
def test_a_customer_without_a_name_is_a_problem(account: Any, person: Any, path: str) -> None:
    problem = draft_contact(a_deal(account=account, person=person), RULES)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.path) == ("customer_name_missing", path)


@pytest.mark.parametrize(
    "email",
    [
        "buyer@example.com",
        "first.last+tag@mail.example.com",
        "o'brien@example.com",
        "under_score@ex-ample.co.uk",
        "UPPER@EXAMPLE.COM",
        "  padded@example.com  ",
        "",
    ],
)
def test_good_addresses_pass(email: str) -> None:
    assert drafted(a_deal(person=a_person(email=email))).email == email.strip()


@pytest.mark.parametrize(
    "email",
    [
        "buyer",
        "buyer@",
        "@example.com",
        "buyer@example",
        "buyer@@example.com",
        "a b@example.com",
        "müller@example.com",
        "buyer@exämple.com",
        "a@example.com, b@example.com",
        "a@example.com;b@example.com",
        "Pat <buyer@example.com>",
        "<buyer@example.com>",
        "buyer@example..com",
        "buyer@.example.com",
        "a,b@example.com",
        "a;b@example.com",
        "a:b@example.com",
        'a"b@example.com',
        "a(b)@example.com",
        "a\\b@example.com",
        "buyer@example.com\nBcc: other@example.com",
    ],
)
def test_addresses_that_xero_would_refuse_are_a_problem(email: str) -> None:
    problem = draft_contact(a_deal(person=a_person(email=email)), RULES)
    assert isinstance(problem, Problem) and problem.code == "customer_email_invalid"
    assert problem.path == "Contact_Name.Email" and DEAL in problem.hint


@pytest.mark.parametrize(
    ("street", "lines"),
    [
        ("", []),
        ("1 Example Street", ["1 Example Street"]),
        ("Level 2\n1 Example Street", ["Level 2", "1 Example Street"]),
        ("a\r\nb\rc\nd", ["a", "b", "c", "d"]),
        ("a\nb\nc\nd\ne\nf", ["a", "b", "c", "d, e, f"]),
        ("\n\n  a   b \n\n c\n", ["a b", "c"]),
        ("x" * 600, ["x" * 500]),
        ("a\nb\nc\n" + "y" * 400 + "\n" + "z" * 400, ["a", "b", "c", "y" * 400 + ", " + "z" * 98]),
    ],
)
def test_streets_are_at_most_four_lines_of_500(street: str, lines: list[str]) -> None:
    assert list(address_lines(street)) == lines


@pytest.mark.parametrize(("template", "number"), [("{id}", an_account().id), ("ZC-{id}", f"ZC-{an_account().id}")])
def test_the_number_is_the_customer_s_own_id(template: str, number: str) -> None:
    assert drafted(a_deal(), CustomerRules(number=Template.parse(template))).number == number


def test_a_number_that_is_too_long_is_never_cut_into_another_customer_s() -> None:
    rules = CustomerRules(number=Template.parse("x" * 45 + "{id}"))
    drafts = [draft_contact(a_deal(account=an_account(id=f"57250000000020000{last}")), rules) for last in "12"]
    numbers = [draft.number for draft in drafts if isinstance(draft, ContactDraft)]
    assert len(set(numbers)) == len(numbers)
    assert all(isinstance(draft, Problem) or len(draft.number) <= 50 for draft in drafts)


def test_phones_are_single_spaced_and_at_most_50_characters() -> None:
    phones = drafted(a_deal(account=an_account(phone=" +61  2\t9000 " + "0" * 60, fax="  "))).phones
    assert list(phones) == ["DEFAULT"] and len(phones["DEFAULT"]) == 50
    assert phones["DEFAULT"].startswith("+61 2 9000 0")
