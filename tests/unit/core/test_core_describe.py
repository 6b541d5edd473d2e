"""Drafts in words: flat fields in Xero's names, what differs, and one text for equal content."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from core_samples import (
    ACCOUNT,
    DEAL,
    LINK,
    a_contact_draft,
    an_invoice_draft,
    an_invoice_line,
)
from hypothesis import given
from hypothesis import strategies as st

from zoho_xero_sync.core.describe import DOCUMENT, SHARE, as_sent, contact_fields, differences, invoice_fields
from zoho_xero_sync.core.fingerprint import canonical_json, fingerprint
from zoho_xero_sync.core.model import Address, Change, InvoiceStatus, TrackingOption

D = Decimal


def test_an_invoice_in_xero_s_words() -> None:
    line = an_invoice_line(
        "1234.50", "123.45", discount=D("1.50"), item_code="B-1", tracking=(TrackingOption("Region", "North"),)
    )
    draft = an_invoice_draft(lines=(line,), number="ZC-1", branding_theme="t-1", dates_follow_deal=True)
    assert invoice_fields(draft) == {
        "Contact": f"Accounts:{ACCOUNT.id}",
        "InvoiceNumber": "ZC-1",
        "Reference": "Workshop fit-out",
        "Url": LINK + DEAL,
        "CurrencyCode": "AUD",
        "LineAmountTypes": "Exclusive",
        "BrandingThemeID": "t-1",
        "Date": "2026-11-20",
        "DueDate": "2026-12-04",
        "LineItems[1].Description": "Bench",
        "LineItems[1].Quantity": "1",
        "LineItems[1].UnitAmount": "1234.5",
        "LineItems[1].DiscountAmount": "1.5",
        "LineItems[1].AccountCode": "200",
        "LineItems[1].TaxType": "OUTPUT",
        "LineItems[1].ItemCode": "B-1",
        "LineItems[1].Tracking": "Region: North",
        "Total": "1357.95",
    }


def test_a_customer_in_xero_s_words() -> None:
    addresses = {"POBOX": Address("Level 2\n 1 Example  Street", "Sydney", "", "2000"), "STREET": Address(city=" ")}
    fields = contact_fields(a_contact_draft(addresses=addresses, phones={"MOBILE": "0400 000 000"}))
    assert fields["Addresses[POBOX]"] == "Level 2 1 Example Street, Sydney, 2000"
    assert fields["Phones[MOBILE]"] == "0400 000 000"
    assert "Addresses[STREET]" not in fields
    assert list(fields)[:2] == ["Name", "ContactNumber"]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": InvoiceStatus.DRAFT},
        {"date": date(2027, 1, 1)},
        {"due_date": date(2027, 1, 1)},
        {"lines": (an_invoice_line(quantity=D("1.000"), unit_amount=D("1E+2")),)},
    ],
    ids=["status", "today", "due", "the same numbers otherwise written"],
)
def test_what_is_not_the_deal_s_or_is_equal_is_no_change(changes: Any) -> None:
    assert as_sent(invoice_fields(an_invoice_draft(**changes))) == as_sent(invoice_fields(an_invoice_draft()))


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "Other"},
        {"currency": "NZD"},
        {"amounts": "Inclusive"},
        {"branding_theme": "t-2"},
        {"lines": (an_invoice_line(quantity=D("2")),)},
        {"lines": (an_invoice_line(), an_invoice_line())},
        {"lines": (an_invoice_line(description="Chair"),)},
        {"lines": (an_invoice_line(tax_type="NONE"),)},
        {"lines": (an_invoice_line(tracking=(TrackingOption("Region", "North"),)),)},
        {"dates_follow_deal": True},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_the_invoice_depends_on_is_a_change(changes: Any) -> None:
    before, now = an_invoice_draft(), an_invoice_draft(**changes)
    assert as_sent(invoice_fields(now)) != as_sent(invoice_fields(before))
    assert differences(as_sent(invoice_fields(before)), invoice_fields(now))


def test_differences_are_in_the_fields_order_and_the_gone_come_last() -> None:
    sent = as_sent({"B": "1", "C": "2", "D": "3"})
    assert differences(sent, {"A": "0", "C": "2", "B": "9"}) == (
        Change("A", None, "0"),
        Change("B", "1", "9"),
        Change("D", "3", None),
    )
    assert differences(None, {"A": "0"}) == (Change("A", None, "0"),)
    assert differences(sent, json.loads(sent)) == ()


names = st.text(max_size=8).filter(lambda name: name not in (DOCUMENT, SHARE))
fields = st.dictionaries(names, st.text(max_size=8), max_size=6)


@given(fields, fields)
def test_differences_lead_from_what_was_sent_to_what_is(before: dict[str, str], now: dict[str, str]) -> None:
    result = dict(before)
    for change in differences(as_sent(before), now):
        assert result.get(change.field) == change.before != change.after
        if change.after is None:
            del result[change.field]
        else:
            result[change.field] = change.after
    assert result == now
    assert (as_sent(before) == as_sent(now)) is (before == now)


def test_equal_values_have_one_text_whatever_their_order_or_spelling() -> None:
    left = {"b": D("1.50"), "a": (1, None, True), "c": {"x", "y"}, "d": InvoiceStatus.DRAFT, "e": date(2026, 1, 2)}
    right = {"e": date(2026, 1, 2), "d": "DRAFT", "c": {"y", "x"}, "a": [1, None, True], "b": D("1.5")}
    assert canonical_json(left) == canonical_json(right)
    assert fingerprint(left) == fingerprint(right) != fingerprint({"b": D("1.51")})
    assert canonical_json({"n": "Müller 🌞"}) == '{"n":"Müller 🌞"}'
