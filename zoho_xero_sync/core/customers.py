"""A deal's customer as a Xero contact, by Xero's own rules for names, addresses and e-mail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from zoho_xero_sync.core.model import Account, Address, ContactDraft, CustomerKey, Deal, Person, Problem
from zoho_xero_sync.core.rules import CustomerRules

# Field sizes: developer.xero.com/documentation/api/accounting/contacts.
NAME_MAX = 255
NUMBER_MAX = 50
PHONE_MAX = 50
PERSONS_MAX = 5
# Xero's fields that customer.fields may fill, and TaxNumber, with their sizes; the others are Xero's own or read only.
EXTRA_MAX: Mapping[str, int] = {"TaxNumber": 50, "CompanyNumber": 50, "AccountNumber": 50, "DefaultCurrency": 3}

ACCOUNTS = "Accounts"
CONTACTS = "Contacts"

# Xero refuses umlauts in e-mail addresses, so only ASCII addresses pass; unquoted ones (RFC 5322, atext and dots).
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def contact_name(name: str) -> str:
    """`name` as Xero accepts it: no angle brackets or control characters, single spaces, trimmed, 255 characters."""
    without = "".join(" " if character in "<>" or not character.isprintable() else character for character in name)
    return " ".join(without.split())[:NAME_MAX].rstrip()


def customer_key(deal: Deal, rules: CustomerRules) -> CustomerKey | None:
    """Which Zoho record is invoiced: the first of the configured sources that the deal has."""
    return chosen_customer(deal.account.id if deal.account else None, deal.person.id if deal.person else None, rules)


def chosen_customer(account: str | None, person: str | None, rules: CustomerRules) -> CustomerKey | None:
    """The first of the configured sources that is there; the ids of a deal's account and of its contact person."""
    known = {"account": CustomerKey(ACCOUNTS, account or ""), "contact": CustomerKey(CONTACTS, person or "")}
    return next((known[source] for source in rules.sources if known[source].id), None)


def draft_contact(deal: Deal, rules: CustomerRules) -> ContactDraft | Problem:
    """The Xero contact for the deal's customer, or why there can be none."""
    key = customer_key(deal, rules)
    if key is None:
        wanted = " or ".join("account" if source == "account" else "contact person" for source in rules.sources)
        return Problem(
            "customer_missing",
            f"deal {deal.id}",
            f"The deal has no {wanted}, so there is nobody to invoice.",
            f"Fill in the deal's account or contact in Zoho, then type: zoho-xero-sync resolve {deal.id} --retry",
            "Account_Name",
        )
    return _from_account(deal, rules) if key.module == ACCOUNTS else _from_person(deal, rules)


def _from_account(deal: Deal, rules: CustomerRules) -> ContactDraft | Problem:
    account, person = deal.account, deal.person
    if account is None:
        raise ValueError("a customer key of Accounts needs the deal's account")
    return _draft(
        deal,
        rules,
        CustomerKey(ACCOUNTS, account.id),
        account.name,
        person,
        {"POBOX": account.billing, "STREET": account.shipping},
        _phones(account, person),
    )


def _from_person(deal: Deal, rules: CustomerRules) -> ContactDraft | Problem:
    person = deal.person
    if person is None:
        raise ValueError("a customer key of Contacts needs the deal's contact person")
    addresses = {"POBOX": person.mailing, "STREET": person.other}
    return _draft(
        deal, rules, CustomerKey(CONTACTS, person.id), person.full_name, person, addresses, _phones(None, person)
    )


def _draft(
    deal: Deal,
    rules: CustomerRules,
    key: CustomerKey,
    raw_name: str,
    person: Person | None,
    addresses: Mapping[str, Address],
    phones: Mapping[str, str],
) -> ContactDraft | Problem:
    name = contact_name(raw_name)
    what = "account" if key.module == ACCOUNTS else "contact person"
    if not name:
        return Problem(
            "customer_name_missing",
            f"deal {deal.id}",
            f"The deal's {what} has no name that Xero accepts.",
            f"Give the {what} a name in Zoho, then type: zoho-xero-sync resolve {deal.id} --retry",
            "Account_Name" if key.module == ACCOUNTS else "Contact_Name",
        )
    email = person.email.strip() if person else ""
    if email and not _EMAIL.fullmatch(email):
        return Problem(
            "customer_email_invalid",
            f"deal {deal.id}",
            f"Xero would refuse the e-mail address of the deal's contact person ({email}).",
            "Correct the address in Zoho (letters without accents) or empty it, "
            f"then type: zoho-xero-sync resolve {deal.id} --retry",
            "Contact_Name.Email",
        )
    number = rules.number.render({"id": key.id})
    if len(number) > NUMBER_MAX:
        # Never cut: two customers would share what is left.
        return Problem(
            "config_invalid",
            f"deal {deal.id}",
            f"customer.number makes the ContactNumber {number}, and Xero takes {NUMBER_MAX} characters.",
            "Shorten customer.number in the configuration, then type: zoho-xero-sync sync",
            "customer.number",
        )
    extra = _extra(deal, rules) if key.module == ACCOUNTS else {}
    if isinstance(extra, Problem):
        return extra
    return ContactDraft(
        customer=key,
        number=number,
        name=name,
        first_name=contact_name(person.first_name) if person else "",
        last_name=contact_name(person.last_name) if person else "",
        email=email,
        addresses={kind: address for kind, address in addresses.items() if not address.is_empty},
        phones={kind: phone for kind, phone in phones.items() if phone},
        extra=extra,
        person=person.id if person else "",
    )


def _extra(deal: Deal, rules: CustomerRules) -> dict[str, str] | Problem:
    """The account's own fields that the rules carry over. Numbers that identify a customer are never cut."""
    found: dict[str, str] = {}
    for name, api_name in rules.account_fields.items():
        value = " ".join(deal.account.fields.get(api_name, "").split()) if deal.account else ""
        if len(value) > EXTRA_MAX[name]:
            return Problem(
                "customer_field_invalid",
                f"deal {deal.id}",
                f"The account's field {api_name} has {len(value)} characters, and Xero takes {EXTRA_MAX[name]} "
                f"as a contact's {name}.",
                f"Shorten it in Zoho, then type: zoho-xero-sync resolve {deal.id} --retry",
                f"Account_Name.{api_name}",
            )
        if value:
            found[name] = value.upper() if name == "DefaultCurrency" else value
    return found


def ordered_persons(persons: Sequence[Person], primary: str) -> tuple[Person, ...]:
    """The contact persons as Xero takes them: at most five, `primary` first, the others as they came.

    A person without a name is left out, and so is an e-mail address that Xero would refuse.
    """
    named = [person for person in persons if person.full_name]
    first = [person for person in named if person.id == primary]
    chosen = [*first, *(person for person in named if person.id != primary)][:PERSONS_MAX]
    return tuple(replace(person, email=person.email if _EMAIL.fullmatch(person.email) else "") for person in chosen)


def _phones(account: Account | None, person: Person | None) -> dict[str, str]:
    """Phones by Xero's types; the account's own line is the default one, the person's fills in for it."""
    main = (account.phone if account else "") or (person.phone if person else "")
    phones = {
        "DEFAULT": main,
        "MOBILE": person.mobile if person else "",
        "FAX": account.fax if account else "",
    }
    return {kind: " ".join(phone.split())[:PHONE_MAX] for kind, phone in phones.items()}


def address_lines(street: str) -> Sequence[str]:
    """A street text as at most four address lines of 500 characters (Xero: AddressLine1 to AddressLine4)."""
    lines = [" ".join(line.split()) for line in street.splitlines()]
    lines = [line for line in lines if line]
    return tuple(line[:500] for line in [*lines[:3], ", ".join(lines[3:])] if line)
