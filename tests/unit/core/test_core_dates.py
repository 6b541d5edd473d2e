"""Dates in a period that is locked in Xero: held, or moved to the first open day; never changed once sent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from core_samples import ACCOUNT, TODAY, a_deal, a_document, a_setting, invoice_rules, some_books

from zoho_xero_sync.core.dates import Dates, dates_sent
from zoho_xero_sync.core.describe import as_sent, invoice_fields
from zoho_xero_sync.core.invoices import draft_invoice
from zoho_xero_sync.core.model import InvoiceDraft, InvoiceStatus, Problem
from zoho_xero_sync.core.rules import DueDays, DueEndOfNextMonth, DueField

CLOSING = {"Closing_Date": "2026-11-30", "Pay_By": "2026-12-10"}


def drafted(locked: date | None, document: Any = None, setting: Any = (), **rules: Any) -> InvoiceDraft | Problem:
    made = a_setting(invoice_rules(**rules), some_books(locked_until=locked), **dict(setting))
    return draft_invoice(a_deal(fields=CLOSING), ACCOUNT, document or a_document(), InvoiceStatus.DRAFT, made)


def dates_of(draft: InvoiceDraft | Problem) -> tuple[date, date]:
    assert isinstance(draft, InvoiceDraft), draft
    return draft.date, draft.due_date


@pytest.mark.parametrize("locked", [None, date(2026, 11, 19), date(2025, 12, 31)])
@pytest.mark.parametrize("policy", ["hold", "first_open_day"])
def test_an_open_day_stays_as_it_is(locked: date | None, policy: str) -> None:
    assert dates_of(drafted(locked, locked_date=policy)) == (TODAY, date(2026, 12, 4))


@pytest.mark.parametrize(("rule", "locked"), [("today", TODAY), ("closing_date", date(2026, 11, 30))])
def test_a_lock_date_locks_its_own_day_too(rule: str, locked: date) -> None:
    problem = drafted(locked, date=rule)
    assert isinstance(problem, Problem) and (problem.code, problem.path) == ("date_locked", "invoice.date")
    assert f"the books are locked up to {locked.isoformat()}" in problem.message
    assert "first_open_day" in problem.hint and "--retry" in problem.hint


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (DueDays(14), date(2027, 1, 15)),
        (DueDays(0), date(2027, 1, 1)),
        (DueEndOfNextMonth(), date(2027, 2, 28)),
        (DueField("Pay_By"), date(2027, 1, 1)),
    ],
)
def test_the_first_open_day_is_the_day_after_and_due_counts_from_it(due: Any, expected: date) -> None:
    found = drafted(date(2026, 12, 31), locked_date="first_open_day", date="closing_date", due=due)
    assert dates_of(found) == (date(2027, 1, 1), expected)


@pytest.mark.parametrize("policy", ["hold", "first_open_day"])
def test_an_invoice_that_exists_keeps_the_dates_it_was_sent_with(policy: str) -> None:
    """Its books were locked since; nothing about it is to be changed or asked for that."""
    before = drafted(None, date="closing_date", locked_date=policy)
    assert isinstance(before, InvoiceDraft)
    sent = dates_sent(as_sent(invoice_fields(before)))
    assert sent == Dates(date(2026, 11, 30), date(2026, 12, 14), follow_deal=True)
    setting = {"made": True, "sent_dates": sent}
    after = drafted(date(2027, 6, 30), setting=setting, date="closing_date", locked_date=policy)
    assert isinstance(after, InvoiceDraft) and invoice_fields(after) == invoice_fields(before)


def test_an_invoice_that_was_adopted_has_no_dates_of_ours() -> None:
    assert dates_sent(None) is None and dates_sent("{}") is None
    found = drafted(date(2027, 6, 30), setting={"made": True}, date="closing_date")
    assert dates_of(found) == (date(2026, 11, 30), date(2026, 12, 14))


# ---- the rate of a foreign currency ----


@pytest.mark.parametrize(
    ("rate", "policy", "home", "currency", "expected"),
    [
        ("0.6612", "document", "AUD", "USD", "0.6612"),
        ("0.66123456789", "document", "AUD", "USD", "0.661235"),
        ("0.6612", "xero", "AUD", "USD", None),
        ("1", "document", "AUD", "AUD", None),
        (None, "xero", "EUR", "USD", None),
    ],
)
def test_the_exchange_rate(rate: str | None, policy: str, home: str, currency: str, expected: str | None) -> None:
    document = a_document(currency=currency, exchange_rate=Decimal(rate) if rate else None)
    setting = a_setting(
        invoice_rules(exchange_rate=policy), some_books(currencies=frozenset({"USD"})), home_currency=home
    )
    draft = draft_invoice(a_deal(), ACCOUNT, document, InvoiceStatus.DRAFT, setting)
    assert isinstance(draft, InvoiceDraft)
    assert draft.currency_rate == (Decimal(expected) if expected else None)
    assert invoice_fields(draft).get("CurrencyRate") == expected


@pytest.mark.parametrize(
    ("rate", "home", "said"), [(None, "AUD", "is empty"), ("0", "AUD", "is empty"), ("0.66", "EUR", "counts from EUR")]
)
def test_an_exchange_rate_that_says_nothing_holds_the_deal(rate: str | None, home: str, said: str) -> None:
    document = a_document(currency="USD", exchange_rate=Decimal(rate) if rate else None)
    setting = a_setting(
        invoice_rules(exchange_rate="document"), some_books(currencies=frozenset({"USD"})), home_currency=home
    )
    problem = draft_invoice(a_deal(), ACCOUNT, document, InvoiceStatus.DRAFT, setting)
    assert isinstance(problem, Problem) and problem.code == "exchange_rate_unusable"
    assert said in problem.message and "invoice.exchange_rate: xero" in problem.hint
