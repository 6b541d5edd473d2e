"""Real documents with figures computed by hand, each with where its arithmetic comes from."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from core_samples import (
    ACCOUNT,
    a_deal,
    a_document,
    a_rate,
    a_row,
    a_setting,
    an_account_of_xero,
    invoice_rules,
    some_books,
)

from zoho_xero_sync.core.invoices import draft_invoice
from zoho_xero_sync.core.model import InvoiceDraft, InvoiceStatus, Problem, SourceLine, Tax
from zoho_xero_sync.core.rules import RoundingRules
from zoho_xero_sync.sandbox.xero import arithmetic

D = Decimal
GUIDE = "developer.xero.com/documentation/guides/how-to-guides/rounding-in-xero"
INVOICES = "developer.xero.com/documentation/api/accounting/invoices"
ZOHO = "www.zoho.com/crm/developer/docs/api/v8/inventory-records.html"
PERCENTS = {
    "GST": "10", "GST15": "15", "VAT": "20", "Free": "0",
    "State": "6.25", "County": "1.5", "Service": "12.5", "Levy": "3",
}  # fmt: skip
TYPES = {name: f"T-{name.upper()}" for name in PERCENTS} | {"County + State": "T-BOTH", "Levy + Service": "T-COMPOUND"}
RATES = {TYPES[name]: percent for name, percent in PERCENTS.items()}
RATES |= {"T-BOTH": "7.75", "T-COMPOUND": "15.875", "NONE": "0"}


class Case(NamedTuple):
    """A document by its rows, its own figures and the rules; then what the invoice is, line by line."""

    name: str
    source: str
    rows: tuple[SourceLine, ...]
    # Quantity, UnitAmount, DiscountAmount, LineAmount, TaxAmount; or the problem's code and words of its message.
    lines: tuple[str, ...] | tuple[str, tuple[str, ...]]
    totals: str = ""
    own: Mapping[str, Any] = MappingProxyType({})
    rules: Mapping[str, Any] = MappingProxyType({})


def row(quantity: str, price: str, discount: str, net: str, tax: str, *names: str) -> SourceLine:
    taxes = tuple(Tax(name, D(PERCENTS[name])) for name in names)
    return a_row(quantity, price, discount, net=D(net), tax=D(tax), taxes=taxes)


def own(discount: str = "0", tax: str = "0", adjustment: str = "0", total: str = "", *names: str, **more: Any) -> Any:
    taxes = tuple(Tax(name, D(PERCENTS[name])) for name in names)
    figures = {"discount": D(discount), "tax": D(tax), "adjustment": D(adjustment), "taxes": taxes}
    return figures | ({"grand_total": D(total)} if total else {}) | more


TO_THE_CENT = RoundingRules("860", D("0.05"))
CASES = (
    Case("three lines at 15 %", GUIDE,
         (row("1", "25.06", "0", "25.06", "3.76", "GST15"), row("1", "25.61", "0", "25.61", "3.84", "GST15"),
          row("1", "25.63", "0", "25.63", "3.84", "GST15")),
         ("1 25.06 0 25.06 3.76", "1 25.61 0 25.61 3.84", "1 25.63 0 25.63 3.84"), "76.30 11.44 87.74"),
    Case("a third of a hundred", INVOICES, (row("3", "33.3333", "0", "100.00", "10.00", "GST"),),
         ("3 33.3333 0 100.00 10.00",), "100.00 10.00 110.00"),
    Case("a third with five decimals", INVOICES, (row("3", "33.33333", "0", "100.00", "10.00", "GST"),),
         ("1 100.00 0 100.00 10.00",), "100.00 10.00 110.00"),
    Case("a tariff of four decimals", "github.com/XeroAPI/xero-mcp-server/issues/157",
         (row("10000", "0.1648", "0", "1648.00", "164.80", "GST"),),
         ("10000 0.1648 0 1648.00 164.80",), "1648.00 164.80 1812.80"),
    Case("a tariff of five decimals", INVOICES, (row("10000", "0.16484", "0", "1648.40", "164.84", "GST"),),
         ("1 1648.40 0 1648.40 164.84",), "1648.40 164.84 1813.24"),
    Case("12.5 % off 29.97", ZOHO, (row("3", "9.99", "3.75", "26.22", "2.62", "GST"),),
         ("3 9.99 3.75 26.22 2.62",), "26.22 2.62 28.84"),
    Case("12.5 % off seven cents", ZOHO, (row("1", "0.07", "0.01", "0.06", "0.01", "GST"),),
         ("1 0.07 0.01 0.06 0.01",), "0.06 0.01 0.07"),
    Case("half a cent of a line", INVOICES, (row("1.5", "10.95", "0", "16.43", "1.64", "GST"),),
         ("1.5 10.95 0 16.43 1.64",), "16.43 1.64 18.07"),
    Case("10 % inclusive", GUIDE, (row("2", "50", "0", "100.00", "10.00", "GST"),),
         ("2 55 0 110.00 10.00",), "100.00 10.00 110.00", rules={"amounts": "inclusive"}),
    Case("10 % inclusive of odd cents", GUIDE, (row("1", "9.99", "0", "9.99", "1.00", "GST"),),
         ("1 10.99 0 10.99 1.00",), "9.99 1.00 10.99", rules={"amounts": "inclusive"}),
    Case("20 % inclusive, ten pounds", GUIDE, (row("1", "8.33", "0", "8.33", "1.67", "VAT"),),
         ("1 10.00 0 10.00 1.67",), "8.33 1.67 10.00", rules={"amounts": "inclusive"}),
    Case("no tax at all", INVOICES, (row("7", "14.29", "0.03", "100.00", "0"),),
         ("7 14.29 0.03 100.00 0",), "100.00 0 100.00", rules={"amounts": "no_tax"}),
    Case("taxed, and no_tax in the rules", INVOICES, (row("1", "100", "0", "100.00", "10.00", "GST"),),
         ("total_mismatch", ("the document charges tax, and invoice.amounts is no_tax (10)",)),
         rules={"amounts": "no_tax"}),
    Case("a returned item", INVOICES,
         (row("3", "50", "0", "150.00", "15.00", "GST"), row("-2", "50", "0", "-100.00", "-10.00", "GST")),
         ("3 50 0 150.00 15.00", "1 -100.00 0 -100.00 -10.00"), "50.00 5.00 55.00"),
    Case("a discount larger than its line", INVOICES,
         (row("1", "5", "8", "-3.00", "-0.30", "GST"), row("1", "10", "0", "10.00", "1.00", "GST")),
         ("1 -3.00 0 -3.00 -0.30", "1 10 0 10.00 1.00"), "7.00 0.70 7.70"),
    # ---- taxes ----
    Case("two taxes on a line, one rate in Xero", ZOHO, (row("1", "19.99", "0", "19.99", "1.55", "State", "County"),),
         ("1 19.99 0 19.99 1.55",), "19.99 1.55 21.54"),
    Case("two taxes rounded apart", ZOHO, (row("1", "0.40", "0", "0.40", "0.04", "State", "County"),),
         ("total_mismatch", ("Zoho and Xero round the tax at different places (0.01)",))),
    Case("two taxes rounded apart, with a rounding account", ZOHO,
         (row("1", "0.40", "0", "0.40", "0.04", "State", "County"),),
         ("1 0.40 0 0.40 0.03", "1 0.01 0 0.01 0"), "0.41 0.03 0.44", rules={"rounding": TO_THE_CENT}),
    Case("a document's own tax", ZOHO, (row("1", "100", "0", "100.00", "0"), row("1", "50", "0", "50.00", "0")),
         ("1 100 0 100.00 6.25", "1 50 0 50.00 3.13"), "150.00 9.38 159.38", own("0", "9.38", "0", "159.38", "State")),
    Case("a document's own tax rounded once", ZOHO, tuple(row("1", "10.04", "0", "10.04", "0") for _ in range(3)),
         ("1 10.04 0 10.04 0.63", "1 10.04 0 10.04 0.63", "1 10.04 0 10.04 0.63", "1 -0.01 0 -0.01 0"),
         "30.11 1.89 32.00", own("0", "1.88", "0", "32.00", "State"), {"rounding": TO_THE_CENT}),
    Case("a document's own tax on its rows' tax", ZOHO, (row("1", "80", "0", "80.00", "10.00", "Service"),),
         ("1 80 0 80.00 12.70",), "80.00 12.70 92.70", own("0", "2.70", "0", "92.70", "Levy")),
    Case("a document's own tax, inclusive", ZOHO,
         (row("1", "80", "0", "80.00", "0"), row("1", "20", "0", "20.00", "0")),
         ("1 85.00 0 85.00 5.00", "1 21.25 0 21.25 1.25"), "100.00 6.25 106.25",
         own("0", "6.25", "0", "106.25", "State"), {"amounts": "inclusive"}),
    Case("a tax typed by hand", ZOHO, (row("1", "100", "0", "100.00", "9.99", "GST"),),
         ("total_mismatch", ("a row's tax is not what its rate gives (-0.01)", "the difference is -0.01"))),
    Case("a rate that is another in Xero", INVOICES, (row("1", "100", "0", "100.00", "20.00", "VAT"),),
         ("tax_rate_differs", ("taxed at 20 % in Zoho, and T-GST15 is 15 % in Xero",)),
         rules={"tax": {"VAT": "T-GST15"}, "amounts": "inclusive"}),
    Case("rows without a tax that would bear one", INVOICES, (row("1", "100", "0", "100.00", "0"),),
         ("total_mismatch", ("rows without a tax in Zoho would bear one in Xero (-10)",)),
         rules={"tax_default": "T-GST"}),
    # ---- the document's own discount and adjustment ----
    Case("10 % off the whole, spread", ZOHO, (row("2", "50", "0", "100.00", "20.00", "VAT"),),
         ("2 50 10.00 90.00 18.00",), "90.00 18.00 108.00", own("12.00", total="108.00")),
    Case("10 % off the whole, as a line", ZOHO, (row("2", "50", "0", "100.00", "20.00", "VAT"),),
         ("2 50 0 100.00 20.00", "1 -12.00 0 -12.00 0.00"), "88.00 20.00 108.00", own("12.00", total="108.00"),
         {"header_discount": "line"}),
    Case("10 % off taxed and untaxed", ZOHO,
         (row("1", "100", "0", "100.00", "10.00", "GST"), row("1", "50", "0", "50.00", "0", "Free")),
         ("1 100 10.00 90.00 9.00", "1 50 5.00 45.00 0.00"), "135.00 9.00 144.00", own("16.00", total="144.00")),
    Case("a dollar over three lines", ZOHO, tuple(row("1", "10", "0", "10.00", "0") for _ in range(3)),
         ("1 10 0.34 9.66 0", "1 10 0.33 9.67 0", "1 10 0.33 9.67 0"), "29.00 0 29.00", own("1.00", total="29.00"),
         {"amounts": "no_tax"}),
    Case("off the whole, inclusive", ZOHO, (row("2", "50", "0", "100.00", "10.00", "GST"),),
         ("2 55 11.00 99.00 9.00",), "90.00 9.00 99.00", own("11.00", total="99.00"), {"amounts": "inclusive"}),
    Case("off the whole beside its own tax", ZOHO, (row("1", "100", "0", "100.00", "0"),),
         ("1 100 20.00 80.00 5.00",), "80.00 5.00 85.00", own("20.00", "5.00", "0", "85.00", "State")),
    Case("as a line beside its own tax", ZOHO, (row("1", "100", "0", "100.00", "0"),),
         ("1 100 0 100.00 6.25", "1 -20.00 0 -20.00 -1.25"), "80.00 5.00 85.00",
         own("20.00", "5.00", "0", "85.00", "State"), {"header_discount": "line"}),
    Case("as a line beside its own tax, inclusive", ZOHO, (row("1", "100", "0", "100.00", "0"),),
         ("1 106.25 0 106.25 6.25", "1 -21.25 0 -21.25 -1.25"), "80.00 5.00 85.00",
         own("20.00", "5.00", "0", "85.00", "State"), {"header_discount": "line", "amounts": "inclusive"}),
    Case("109.94 is no gross at 10 %", GUIDE, (row("1", "100", "0", "100.00", "10.00", "GST"),),
         ("total_mismatch", ("no whole cents of discount make the total", "(0.01)", "header discount -0.06")),
         own=own("0.06", total="109.94")),
    Case("109.94 with a rounding account", GUIDE, (row("1", "100", "0", "100.00", "10.00", "GST"),),
         ("1 100 0.06 99.94 9.99", "1 0.01 0 0.01 0"), "99.95 9.99 109.94", own("0.06", total="109.94"),
         {"rounding": TO_THE_CENT}),
    Case("held, as the rules say", ZOHO, (row("1", "100", "0", "100.00", "10.00", "GST"),),
         ("total_mismatch", ("the document's own discount is on no line (-5)",)), own=own("5.00", total="105.00"),
         rules={"header_discount": "hold"}),
    Case("more off than there is", ZOHO, (row("1", "100", "0", "100.00", "10.00", "GST"),),
         ("total_mismatch", ("the document's own discount is on no line (-120)",)), own=own("120.00", total="-10.00")),
    Case("an adjustment", ZOHO, (row("1", "100", "0", "100.00", "10.00", "GST"),),
         ("1 100 0 100.00 10.00", "1 -25.00 0 -25.00 0"), "75.00 10.00 85.00", own(adjustment="-25.00", total="85.00"),
         {"adjustment_account": "270"}),
    Case("an adjustment without an account", ZOHO, (row("1", "100", "0", "100.00", "10.00", "GST"),),
         ("total_mismatch", ("the document's adjustment is on no line (-25)",)),
         own=own(adjustment="-25.00", total="85.00")),
    Case("a total that is not its parts'", ZOHO, (row("1", "100", "0", "100.00", "10.00", "GST"),),
         ("total_mismatch", ("do not add up to its Grand_Total (1.01)",)), own=own(total="111.01")),
    # ---- currencies ----
    Case("whole yen", ZOHO, (row("3", "980", "0", "2940", "294", "GST"),),
         ("3 980 0 2940.00 294.00",), "2940.00 294.00 3234.00", {"currency": "JPY"}),
    Case("a tax rounded to whole yen", INVOICES, (row("1", "1235", "0", "1235", "124", "GST"),),
         ("total_mismatch", ("Zoho and Xero round the tax at different places (0.5)",)), own={"currency": "JPY"}),
    Case("a tax rounded to whole yen, with a limit for it", INVOICES, (row("1", "1235", "0", "1235", "124", "GST"),),
         ("1 1235 0 1235.00 123.50", "1 0.50 0 0.50 0"), "1235.50 123.50 1359.00", {"currency": "JPY"},
         {"rounding": RoundingRules("860", D("0.99"))}),
    Case("dinars with two decimals", INVOICES, (row("2", "10.505", "0", "21.010", "0"),),
         ("2 10.505 0 21.01 0.00",), "21.01 0.00 21.01", {"currency": "KWD"}),
    Case("dinars with three", INVOICES, (row("1", "10.505", "0", "10.505", "0"),),
         ("amount_inexact", ("totals 10.505, and Xero keeps two decimals",)), own={"currency": "KWD"}),
)  # fmt: skip


def attempted(case: Case) -> InvoiceDraft | Problem:
    books = some_books(
        [an_account_of_xero("270", account_class="EXPENSE", type="EXPENSE"), an_account_of_xero("860")],
        tax_rates={name: a_rate(name, percent) for name, percent in RATES.items()},
        currencies=frozenset({"AUD", "JPY", "KWD"}),
    )
    rules = invoice_rules(**({"tax": TYPES, "tax_default": "NONE"} | dict(case.rules)))
    document = a_document(*case.rows, **case.own)
    return draft_invoice(a_deal(), ACCOUNT, document, InvoiceStatus.DRAFT, a_setting(rules, books))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_invoice_is_what_a_bookkeeper_computes(case: Case) -> None:
    found = attempted(case)
    if not case.totals:
        code, words = case.lines
        assert isinstance(found, Problem) and found.code == code, found
        assert all(word in found.message for word in words), found.message
        return
    assert isinstance(found, InvoiceDraft), found
    lines = [
        (line.quantity, line.unit_amount, line.discount, line.line_amount, line.tax_amount) for line in found.lines
    ]
    assert lines == [tuple(map(D, str(line).split())) for line in case.lines]
    totals = (found.sub_total, found.total_tax, found.total)
    assert totals == tuple(map(D, case.totals.split()))
    assert totals == _of_the_sandbox(found)


def _of_the_sandbox(draft: InvoiceDraft) -> tuple[Decimal, Decimal, Decimal]:
    lines = []
    for line in draft.lines:
        amount = arithmetic.line_amount(line.quantity, line.unit_amount, discount_amount=line.discount)
        lines.append((amount, arithmetic.tax_on(amount, D(RATES[line.tax_type]), draft.amounts)))
    totals = arithmetic.totals(lines, draft.amounts)
    return totals.sub_total, totals.total_tax, totals.total


def test_what_did_not_fit_stays_in_the_description() -> None:
    said = {case.name: attempted(case) for case in CASES}
    folded = {
        "a third with five decimals": "Bench\n3 × 33.33333",
        "a tariff of five decimals": "Bench\n10000 × 0.16484",
        "a discount larger than its line": "Bench\n1 × 5 less 8",
    }
    for name, description in folded.items():
        draft = said[name]
        assert isinstance(draft, InvoiceDraft) and draft.lines[0].description == description
