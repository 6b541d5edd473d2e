"""Lines of an invoice that changes keep their identity in Xero, and a paid one is sent what Xero takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from zoho_xero_sync.core.model import CustomerKey, InvoiceDraft, InvoiceLine, InvoiceStatus, XeroInvoice, XeroLine
from zoho_xero_sync.remote.xero.invoices import matched_ids, update_element

D = Decimal


def wanted(*texts: str) -> list[InvoiceLine]:
    return [InvoiceLine(text, D(1), D(1), "200", "OUTPUT", D(1), D(0)) for text in texts]


def there(*texts: str) -> list[XeroLine]:
    return [XeroLine(f"id of {text}", text, D(1), D(1), D(1), D(0), "200", "OUTPUT") for text in texts]


@pytest.mark.parametrize(
    ("now", "before", "ids"),
    [
        ("a b", "a b", ["a", "b"]),
        ("b a", "a b", ["b", "a"]),
        ("new a b", "a b", [None, "a", "b"]),
        ("b", "a b", ["b"]),
        ("changed b", "a b", ["a", "b"]),
        ("a changed", "a b", ["a", "b"]),
        ("changed a", "a", [None, "a"]),
        ("x y z", "a b", ["a", "b", None]),
        ("a", "", [None]),
        ("", "a", []),
    ],
)
def test_a_line_takes_the_place_of_the_one_it_was(now: str, before: str, ids: list[str | None]) -> None:
    found = matched_ids(wanted(*now.split()), there(*before.split()))
    assert found == [text and f"id of {text}" for text in ids]


def test_equal_lines_keep_an_id_each() -> None:
    twins = [replace(line, id=name) for line, name in zip(there("a", "a"), ("one", "two"), strict=True)]
    assert matched_ids(wanted("a", "a", "a"), twins) == ["one", "two", None]


@pytest.mark.parametrize("money", [{"amount_paid": D(1)}, {"amount_credited": D(1)}])
@pytest.mark.parametrize("follows", [True, False])
def test_a_paid_invoice_is_sent_its_wording_alone(money: dict[str, Decimal], follows: bool) -> None:
    day = date(2026, 11, 20)
    customer = CustomerKey("Accounts", "572500000000200001")
    status = InvoiceStatus.AUTHORISED
    draft = InvoiceDraft(
        "1", customer, None, "Reference", day, day, "AUD", "Exclusive", status, "https://example.com", (), D(1), D(0),
        D(1), branding_theme="theme", dates_follow_deal=follows,
    )  # fmt: skip
    current = XeroInvoice(
        "id", "INV-1", status, "contact", "Old", "https://example.com", "AUD", day, day, D(1), D(0), D(1), D(0), D(0),
        None, (),
    )  # fmt: skip
    element = update_element(draft, replace(current, **money), "contact", content=True, advance=False)
    due = {"DueDate": "2026-11-20"} if follows else {}
    assert element == {"InvoiceID": "id", "Reference": "Reference", "BrandingThemeID": "theme", **due}
