"""Invoices: dates, currency, number, the proof of the total, limits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from core_samples import (
    ACCOUNT,
    DEAL,
    GST,
    LINK,
    TODAY,
    WON,
    a_deal,
    a_document,
    a_rate,
    a_row,
    a_setting,
    an_account_of_xero,
    invoice_rules,
    some_books,
    some_rules,
)

from zoho_xero_sync.core.invoices import Setting, deal_url, draft_invoice
from zoho_xero_sync.core.model import Deal, InvoiceDraft, InvoiceStatus, Problem, SourceDocument
from zoho_xero_sync.core.rules import DueDays, DueEndOfNextMonth, DueField, LimitRules, RoundingRules
from zoho_xero_sync.core.templates import Template

D = Decimal


def drafted(
    deal: Deal | None = None, document: SourceDocument | None = None, setting: Setting | None = None
) -> InvoiceDraft:
    draft = attempted(deal, document, setting)
    assert isinstance(draft, InvoiceDraft), draft
    return draft


def refused(
    deal: Deal | None = None, document: SourceDocument | None = None, setting: Setting | None = None
) -> Problem:
    problem = attempted(deal, document, setting)
    assert isinstance(problem, Problem), problem
    assert problem.subject == f"deal {DEAL}" and problem.message.endswith(".") and problem.hint
    return problem


def attempted(deal: Deal | None, document: SourceDocument | None, setting: Setting | None) -> InvoiceDraft | Problem:
    return draft_invoice(
        deal or a_deal(), ACCOUNT, document or a_document(), InvoiceStatus.AUTHORISED, setting or a_setting()
    )


def test_an_invoice_says_whose_it_is() -> None:
    draft = drafted(document=a_document(a_row("3", "9.99", "3.75", tax=D("2.62"), taxes=(GST,))))
    assert (draft.deal_id, draft.customer, draft.url) == (DEAL, ACCOUNT, LINK + DEAL)
    assert deal_url(LINK, DEAL) == draft.url
    assert (draft.number, draft.reference) == (None, "Workshop fit-out")
    assert (draft.amounts, draft.currency, draft.status) == ("Exclusive", "AUD", InvoiceStatus.AUTHORISED)
    assert (draft.sub_total, draft.total_tax, draft.total) == (D("26.22"), D("2.62"), D("28.84"))


# ---- dates ----


@pytest.mark.parametrize(
    ("today", "due"),
    [
        (date(2026, 11, 20), date(2026, 12, 31)),
        (date(2026, 12, 1), date(2027, 1, 31)),
        (date(2026, 12, 31), date(2027, 1, 31)),
        (date(2027, 1, 31), date(2027, 2, 28)),
        (date(2028, 1, 15), date(2028, 2, 29)),
        (date(2100, 1, 15), date(2100, 2, 28)),
        (date(2027, 10, 31), date(2027, 11, 30)),
        (date(2027, 11, 30), date(2027, 12, 31)),
    ],
)
def test_due_at_the_end_of_next_month(today: date, due: date) -> None:
    assert drafted(setting=a_setting(invoice_rules(due=DueEndOfNextMonth()), today=today)).due_date == due


@pytest.mark.parametrize(
    ("today", "days", "due"),
    [
        (date(2026, 12, 25), 14, date(2027, 1, 8)),
        (date(2028, 2, 15), 14, date(2028, 2, 29)),
        (date(2027, 2, 15), 14, date(2027, 3, 1)),
        (TODAY, 0, TODAY),
    ],
)
def test_due_after_so_many_days(today: date, days: int, due: date) -> None:
    assert drafted(setting=a_setting(invoice_rules(due=DueDays(days)), today=today)).due_date == due


@pytest.mark.parametrize(
    ("rule", "fields", "expected", "follows"),
    [
        ("today", {}, TODAY, False),
        ("closing_date", {}, date(2026, 11, 30), True),
        ("Invoice_Date", {"Invoice_Date": "2026-10-01"}, date(2026, 10, 1), True),
        ("Invoice_Date", {"Invoice_Date": "2026-10-01T23:30:00+11:00"}, date(2026, 10, 1), True),
    ],
)
def test_the_invoice_date(rule: str, fields: dict[str, str], expected: date, follows: bool) -> None:
    draft = drafted(a_deal(fields=fields), setting=a_setting(invoice_rules(date=rule)))
    assert (draft.date, draft.dates_follow_deal) == (expected, follows)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-02-30", "20-11-2026", "2026-1-1", "2026-W47-5"])
def test_a_date_field_that_is_no_date_holds_the_deal(text: str) -> None:
    for rules in (invoice_rules(date="Invoice_Date"), invoice_rules(due=DueField("Invoice_Date"))):
        problem = refused(a_deal(fields={"Invoice_Date": text}), setting=a_setting(rules))
        assert (problem.code, problem.path) == ("date_missing", "Invoice_Date")
        assert ("is empty" in problem.message) is (not text)


def test_the_due_date_may_come_from_a_field() -> None:
    draft = drafted(a_deal(fields={"Pay_By": "2026-12-24"}), setting=a_setting(invoice_rules(due=DueField("Pay_By"))))
    assert (draft.date, draft.due_date) == (TODAY, date(2026, 12, 24))


def test_a_due_field_makes_the_due_date_follow_the_deal() -> None:
    """What a person moves in Zoho is a change of the invoice, also when only the due date comes from there."""
    before, after = (
        drafted(
            a_deal(fields={"Pay_By": day}),
            setting=a_setting(invoice_rules(date="closing_date", due=DueField("Pay_By"))),
        )
        for day in ("2026-12-24", "2026-12-31")
    )
    assert before.dates_follow_deal and after.dates_follow_deal and before.due_date != after.due_date


# ---- currency ----


@pytest.mark.parametrize(
    ("document", "deal", "home", "enabled", "expected"),
    [
        ("USD", "NZD", "EUR", {"USD"}, "USD"),
        (None, "NZD", "EUR", {"NZD"}, "NZD"),
        (None, None, "EUR", {"EUR"}, "EUR"),
        ("usd", None, "", {"USD"}, "USD"),
        ("AUD", None, "", None, "AUD"),
    ],
)
def test_the_currency_is_the_document_s_then_the_deal_s_then_the_home_one(
    document: str | None, deal: str | None, home: str, enabled: set[str] | None, expected: str
) -> None:
    setting = a_setting(books=some_books(currencies=frozenset(enabled) if enabled else None), home_currency=home)
    assert drafted(a_deal(currency=deal), a_document(currency=document), setting).currency == expected


def test_a_currency_that_xero_does_not_have_holds_the_deal() -> None:
    for currencies in (None, frozenset({"USD"})):
        problem = refused(
            document=a_document(currency="NZD"), setting=a_setting(books=some_books(currencies=currencies))
        )
        assert problem.code == "currency_disabled" and "NZD" in problem.message and "Add NZD in Xero" in problem.hint


def test_no_currency_anywhere_holds_the_deal() -> None:
    problem = refused(a_deal(currency=None), a_document(currency=None), a_setting(home_currency=""))
    assert problem.code == "currency_missing"


# ---- number, reference, theme ----


@pytest.mark.parametrize(
    ("template", "fields", "number"),
    [
        (None, {}, None),
        ("ZC-{id}", {}, f"ZC-{DEAL}"),
        (" {PO_Number} ", {"PO_Number": " 4711/A "}, "4711/A"),
        ("{Deal_Name}", {"Deal_Name": "x" * 255}, "x" * 255),
    ],
)
def test_numbers(template: str | None, fields: dict[str, str], number: str | None) -> None:
    rules = invoice_rules(number=Template.parse(template) if template else None)
    assert drafted(a_deal(fields=fields), setting=a_setting(rules)).number == number


@pytest.mark.parametrize("name", ["", "  ", "x" * 256, "Müller", "A,B", "tab\there", "emoji 🌞", "new\nline"])
def test_numbers_that_xero_refuses_hold_the_deal(name: str) -> None:
    rules = invoice_rules(number=Template.parse("{PO_Number}"))
    problem = refused(a_deal(fields={"PO_Number": name}), setting=a_setting(rules))
    assert (problem.code, problem.path) == ("number_invalid", "invoice.number")


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("  Fit-out ", "Fit-out"),
        ("", ""),
        ("x" * 300, "x" * 255),
        ('O\'Brien & "Co" <1> 🌞', 'O\'Brien & "Co" <1> 🌞'),
        ("Fit-out \r\n\t level 2\x1b[31m\u2028east\x00", "Fit-out level 2 [31m east"),
        ("Fit-out  two", "Fit-out  two"),
    ],
)
def test_references(name: str, reference: str) -> None:
    assert drafted(a_deal(name=name)).reference == reference


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [(None, None), ("Standard", "t-1"), ("STANDARD", "t-1"), ("t-2", "t-2"), ("Fancy", "config_invalid")],
)
def test_branding_themes_by_name_or_id(wanted: str | None, expected: str | None) -> None:
    books = some_books(branding_themes={"Standard": "t-1", "Very orange": "t-2"})
    found = attempted(None, None, a_setting(invoice_rules(branding_theme=wanted), books))
    assert (found.code if isinstance(found, Problem) else found.branding_theme) == expected


# ---- the total ----


@pytest.mark.parametrize(
    ("changes", "difference", "named"),
    [
        ({"grand_total": D("103.50"), "tax": D("3.50")}, "3.5", "the document's own tax is on no line (3.5)"),
        ({"grand_total": D("100.01"), "adjustment": D("0.01")}, "0.01", "adjustment is on no line (0.01)"),
        ({"grand_total": D("99.99")}, "-0.01", None),
        ({"grand_total": D("100.005")}, "0.005", None),
        ({"grand_total": D("0")}, "-100", None),
    ],
)
def test_a_total_that_lines_do_not_make_holds_the_deal_with_the_arithmetic(
    changes: Any, difference: str, named: str | None
) -> None:
    problem = refused(document=a_document(**changes))
    assert (problem.code, problem.path) == ("total_mismatch", "Grand_Total")
    assert f"the difference is {difference} AUD." in problem.message
    assert (named or "the document's own figures do not add up to its Grand_Total") in problem.message
    assert "the document carries" not in problem.message, "each figure is named once"
    assert "--retry" in problem.hint and "--skip" in problem.hint


def test_a_difference_that_is_tax_says_which_setting_to_look_at() -> None:
    document = a_document(a_row(tax=D("15.00"), taxes=(GST,)))
    problem = refused(document=document)
    assert problem.code == "total_mismatch"
    assert "Zoho's rows carry 15 of tax and Xero would compute 10" in problem.hint
    assert "invoice.tax or invoice.tax_default" in problem.hint


ROUNDING = RoundingRules("860", D("0.05"))
ROUNDED_BOOKS = some_books([an_account_of_xero("860")])


@pytest.mark.parametrize(
    ("off", "lines"),
    [("0.01", 2), ("-0.01", 2), ("0.05", 2), ("-0.05", 2), ("0.06", None), ("-5", None), ("0.005", None), ("0", 1)],
)
@pytest.mark.parametrize("amounts", ["exclusive", "inclusive", "no_tax"])
def test_a_small_difference_goes_to_the_rounding_account(off: str, lines: int | None, amounts: Any) -> None:
    setting = a_setting(invoice_rules(rounding=ROUNDING, amounts=amounts), ROUNDED_BOOKS)
    found = attempted(None, a_document(grand_total=D(100) + D(off)), setting)
    if lines is None:
        assert isinstance(found, Problem) and found.code == "total_mismatch"
        return
    assert isinstance(found, InvoiceDraft)
    assert (len(found.lines), found.total) == (lines, D(100) + D(off))
    if lines == 2:
        last = found.lines[-1]
        assert (last.description, last.account_code, last.tax_type) == ("Rounding", "860", "NONE")
        assert (last.quantity, last.unit_amount, last.tax_amount) == (D(1), D(off), D(0))


@pytest.mark.parametrize(
    ("tax_type", "rates", "expected"),
    [
        ("BASEXCLUDED", {"BASEXCLUDED": "0"}, "BASEXCLUDED"),
        ("BASEXCLUDED", {"BASEXCLUDED": "0", "NONE": "0"}, "NONE"),
        ("OUTPUT", {"BASEXCLUDED": "0"}, None),
        ("BASEXCLUDED", {"BASEXCLUDED": "10"}, None),
    ],
)
def test_a_rounding_line_bears_no_tax_by_whatever_name_the_organisation_has_for_it(
    tax_type: str, rates: dict[str, str], expected: str | None
) -> None:
    """Australia has no NONE: there an account outside of GST is BASEXCLUDED."""
    known = {"OUTPUT": "10", "EXEMPTOUTPUT": "0"} | rates
    books = some_books(
        [an_account_of_xero("860", tax_type=tax_type)],
        tax_rates={name: a_rate(name, percent) for name, percent in known.items()},
    )
    found = attempted(None, a_document(grand_total=D("100.01")), a_setting(invoice_rules(rounding=ROUNDING), books))
    assert (found.lines[-1].tax_type if isinstance(found, InvoiceDraft) else None) == expected


@pytest.mark.parametrize(
    ("rounding", "books"),
    [
        (RoundingRules(None), ROUNDED_BOOKS),
        (RoundingRules("861"), ROUNDED_BOOKS),
        (ROUNDING, some_books([an_account_of_xero("860")], tax_rates={"OUTPUT": ROUNDED_BOOKS.tax_rates["OUTPUT"]})),
        (ROUNDING, some_books([an_account_of_xero("860", status="ARCHIVED")])),
    ],
    ids=["none configured", "not in Xero", "no rate NONE", "archived"],
)
def test_no_rounding_account_no_rounding_line(rounding: RoundingRules, books: Any) -> None:
    document = a_document(a_row(taxes=(GST,), tax=D(10)), grand_total=D("110.01"))
    assert (
        refused(document=document, setting=a_setting(invoice_rules(rounding=rounding), books)).code == "total_mismatch"
    )


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (a_document(a_row(price="0")), "zero_total"),
        (a_document(a_row(discount="100")), "zero_total"),
        (a_document(a_row(), a_row(price="-100")), "zero_total"),
        (a_document(a_row("-1", "100")), "negative_total"),
        (a_document(a_row(price="-0.01")), "negative_total"),
        (a_document(a_row(price="0"), source="Amount", grand_total=None), "zero_total"),
        (a_document(a_row(price="-5"), source="Amount", grand_total=None), "negative_total"),
    ],
)
def test_only_positive_totals_are_invoiced(document: SourceDocument, code: str) -> None:
    problem = refused(document=document)
    assert problem.code == code and f"resolve {DEAL} --skip" in problem.hint


@pytest.mark.parametrize(("limit", "held"), [(None, False), ("110.00", False), ("109.99", True), ("0", True)])
def test_the_limit_is_on_the_total_with_tax(limit: str | None, held: bool) -> None:
    rules = some_rules(limits=LimitRules(invoice_total=D(limit) if limit else None), stages=(WON,))
    setting = Setting(rules, some_books(), TODAY, "AUD", LINK)
    found = attempted(None, a_document(a_row(tax=D(10), taxes=(GST,))), setting)
    if held:
        assert isinstance(found, Problem) and found.code == "total_limit"
        assert "110.00 AUD" in found.message
    else:
        assert isinstance(found, InvoiceDraft)


@pytest.mark.parametrize("price", ["10000000000", "99999999999999", "1E+27", "1E+40"])
def test_an_amount_that_xero_cannot_hold_holds_the_deal(price: str) -> None:
    """Xero: LineAmount at most 9,999,999,999.99."""
    for source, total in (("Amount", None), ("quote", D(price))):
        row = a_row(price="1", net=D(price))
        document = a_document(row, source=source, grand_total=total)
        assert refused(document=document).code == "amount_inexact"


def test_the_largest_line_xero_holds_passes() -> None:
    assert drafted(document=a_document(a_row(price="9999999999.99"))).total == D("9999999999.99")
