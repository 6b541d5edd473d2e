"""Pricing: rows as Xero figures, the totals Xero computes, and never a silent difference."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import pytest
from core_samples import (
    GST,
    a_deal,
    a_document,
    a_rate,
    a_row,
    a_setting,
    an_account_of_xero,
    an_invoice_line,
    invoice_rules,
    priced,
    some_books,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from zoho_xero_sync.core.invoices import draft_invoice
from zoho_xero_sync.core.model import (
    CustomerKey,
    InvoiceDraft,
    InvoiceStatus,
    Problem,
    SourceDocument,
    SourceLine,
    Tax,
)
from zoho_xero_sync.core.pricing import (
    encode,
    expected_total,
    predicted_totals,
    xero_line_amount,
    xero_line_tax,
)
from zoho_xero_sync.core.proof import explain_difference
from zoho_xero_sync.core.rules import RoundingRules
from zoho_xero_sync.sandbox.xero import arithmetic

D = Decimal


@pytest.mark.parametrize(
    ("quantity", "unit", "discount", "expected"),
    [
        ("3", "33.3333", "0", "100.00"),
        ("10000", "0.1648", "0", "1648.00"),
        ("10000", "0.16484", "0", "1648.00"),
        ("1.5", "10.95", "0", "16.43"),
        ("2", "10.50", "0", "21.00"),
        ("3", "9.99", "3.75", "26.22"),
        ("1", "-25.50", "0", "-25.50"),
        ("0", "99.99", "0", "0.00"),
    ],
)
def test_line_amounts_xero_computes(quantity: str, unit: str, discount: str, expected: str) -> None:
    assert str(xero_line_amount(D(quantity), D(unit), D(discount))) == expected


@pytest.mark.parametrize(
    ("amount", "rate", "amounts", "expected"),
    [
        ("25.06", "15", "exclusive", "3.76"),
        ("25.61", "15", "exclusive", "3.84"),
        ("25.63", "15", "exclusive", "3.84"),
        ("110.00", "10", "inclusive", "10.00"),
        ("9.99", "10", "inclusive", "0.91"),
        ("9.99", "20", "inclusive", "1.67"),
        ("100.00", "12.5", "exclusive", "12.50"),
        ("0.05", "10", "exclusive", "0.01"),
        ("0.04", "10", "exclusive", "0.00"),
        ("-25.06", "15", "exclusive", "-3.76"),
        ("100.00", "10", "no_tax", "0"),
        ("100.00", "0", "inclusive", "0.00"),
    ],
)
def test_tax_xero_computes_for_a_line(amount: str, rate: str, amounts: str, expected: str) -> None:
    assert str(xero_line_tax(D(amount), D(rate), amounts)) == expected


def test_tax_is_rounded_per_line_and_then_added() -> None:
    """Xero's rounding guide: 25.06, 25.61 and 25.63 at 15 % bear 11.44 of tax, where their sum would bear 11.45."""
    lines = [
        an_invoice_line(net, str(xero_line_tax(D(net), D(15), "exclusive"))) for net in ("25.06", "25.61", "25.63")
    ]
    assert predicted_totals(lines, "exclusive") == (D("76.30"), D("11.44"), D("87.74"))
    assert xero_line_tax(D("76.30"), D(15), "exclusive") == D("11.45")


def test_inclusive_totals_take_the_tax_out_of_the_lines() -> None:
    lines = [an_invoice_line("110.00", "10.00"), an_invoice_line("9.99", "0.91")]
    assert predicted_totals(lines, "inclusive") == (D("109.08"), D("10.91"), D("119.99"))


# ---- encoding ----

Figures = tuple[str, str, str]
KEPT = [
    ("3", "33.3333", "0", ("3", "33.3333", "0")),
    ("10000", "0.1648", "0", ("10000", "0.1648", "0")),
    ("3", "9.99", "3.75", ("3", "9.99", "3.75")),
    ("1.2345", "80", "0", ("1.2345", "80", "0")),
    ("1", "0.01", "0", ("1", "0.01", "0")),
    ("2", "50", "100", ("2", "50", "100")),
]
FOLDED = [
    ("1.23456", "80", "0", "1.23456 × 80"),
    ("3", "33.33333", "0", "3 × 33.33333"),
    ("10000", "0.16484", "0", "10000 × 0.16484"),
    ("-2", "50", "0", "-2 × 50"),
    ("0", "50", "0", "0 × 50"),
    ("2", "50", "-10", "2 × 50 less -10"),
    ("1", "33.33333", "0", ""),
]


@pytest.mark.parametrize(("quantity", "price", "discount", "figures"), KEPT)
def test_a_row_that_multiplies_exactly_keeps_its_own_figures(
    quantity: str, price: str, discount: str, figures: Figures
) -> None:
    encoding = encode(a_row(quantity, price, discount), "exclusive")
    assert encoding is not None
    assert (str(encoding.quantity), str(encoding.unit_amount), str(encoding.discount)) == figures
    assert encoding.note == ""


@pytest.mark.parametrize(("quantity", "price", "discount", "note"), FOLDED)
def test_a_row_that_does_not_becomes_one_unit_at_its_total_with_its_figures_in_words(
    quantity: str, price: str, discount: str, note: str
) -> None:
    row = a_row(quantity, price, discount)
    encoding = encode(row, "exclusive")
    assert encoding is not None
    assert (encoding.quantity, encoding.unit_amount, encoding.discount, encoding.note) == (D(1), row.net, D(0), note)


@pytest.mark.parametrize(
    ("percent", "price", "net"),
    [("12.5", "9.99", "26.22"), ("12.5", "33.33", "87.49"), ("33.333", "0.07", "0.14"), ("100", "9.99", "0.00")],
)
def test_a_discount_in_per_cent_of_odd_cents_is_the_amount_zoho_took_off(percent: str, price: str, net: str) -> None:
    total = (3 * D(price)).quantize(D("0.01"))
    discount = (total * D(percent) / 100).quantize(D("0.01"), rounding="ROUND_HALF_UP")
    row = a_row("3", price, str(discount))
    encoding = encode(row, "exclusive")
    assert encoding is not None
    assert row.net == D(net) == xero_line_amount(encoding.quantity, encoding.unit_amount, encoding.discount)
    assert encoding.note == ""


@pytest.mark.parametrize(
    ("quantity", "price", "tax", "unit"),
    [("2", "50", "10.00", "55"), ("4", "25", "10.00", "27.5"), ("8", "12.50", "10.00", "13.75")],
)
def test_inclusive_prices_carry_their_tax_when_they_divide_exactly(
    quantity: str, price: str, tax: str, unit: str
) -> None:
    encoding = encode(a_row(quantity, price, tax=D(tax)), "inclusive")
    assert encoding is not None and encoding.note == ""
    assert (encoding.quantity, encoding.unit_amount) == (D(quantity), D(unit))


def test_an_inclusive_price_that_does_not_divide_is_one_unit() -> None:
    encoding = encode(a_row("3", "33.3333", tax=D("10.00")), "inclusive")
    assert encoding is not None
    assert (encoding.quantity, encoding.unit_amount, encoding.note) == (D(1), D("110.00"), "3 × 33.3333")


@pytest.mark.parametrize("net", ["1.005", "0.001", "-0.125"])
def test_a_total_of_three_decimals_is_no_xero_amount(net: str) -> None:
    assert encode(a_row(net=D(net)), "exclusive") is None


# ---- the whole: any document of one tax rate ----

CUSTOMER = CustomerKey("Accounts", "1")
Amounts = Literal["exclusive", "inclusive", "no_tax"]


def _cents(value: Fraction) -> Fraction:
    """To whole cents, half away from zero, in exact fractions."""
    scaled = abs(value) * 100
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    whole += 2 * rest >= scaled.denominator
    return Fraction(whole if value >= 0 else -whole, 100)


def _zoho_row(quantity: Decimal, price: Decimal, discount: Decimal, percent: Decimal, *, taxed: bool) -> SourceLine:
    """A row as Zoho computes it, in fractions."""
    total = _cents(Fraction(quantity) * Fraction(price))
    net = total - Fraction(discount)
    tax = _cents(net * Fraction(percent) / 100) if taxed else Fraction(0)
    return a_row(
        quantity=str(quantity),
        price=str(price),
        discount=str(discount),
        net=_decimal(net),
        tax=_decimal(tax),
        taxes=(Tax("GST", percent),) if taxed else (),
    )


def _decimal(value: Fraction) -> Decimal:
    assert value.denominator in (1, 2, 4, 5, 10, 20, 25, 50, 100)
    return Decimal(int(value * 100)) / 100


def _reference_total(draft: InvoiceDraft, percents: dict[str, Decimal]) -> Fraction:
    """What Xero adds up from the figures that are sent, in fractions and with no help from the product."""
    total = Fraction(0)
    for line in draft.lines:
        unit = Fraction(int(Fraction(line.unit_amount) * 10000), 10000)
        assert unit == Fraction(line.unit_amount), "a unit price of more than four decimals would be rounded first"
        amount = _cents(Fraction(line.quantity) * unit - Fraction(line.discount))
        rate = Fraction(percents[line.tax_type])
        total += amount + (_cents(amount * rate / 100) if draft.amounts == "Exclusive" else 0)
    return total


def _sandbox_total(draft: InvoiceDraft, percents: dict[str, Decimal]) -> Decimal:
    lines = []
    for line in draft.lines:
        unit = arithmetic.rounded(line.unit_amount, 4)
        amount = arithmetic.line_amount(line.quantity, unit, discount_amount=line.discount)
        lines.append((amount, arithmetic.tax_on(amount, percents[line.tax_type], draft.amounts)))
    return arithmetic.totals(lines, draft.amounts).total


quantities = st.one_of(
    st.integers(-3, 500).map(Decimal),
    st.decimals(min_value="0.00001", max_value=1000, places=5, allow_nan=False),
    st.decimals(min_value="0.01", max_value=1000, places=2, allow_nan=False),
)
prices = st.one_of(
    st.decimals(min_value="-100", max_value=10000, places=2, allow_nan=False),
    st.decimals(min_value="0.00001", max_value=100, places=5, allow_nan=False),
    st.sampled_from([D("33.3333"), D("0.1648"), D("0.01"), D("0.005"), D("999999.99")]),
)
discounts = st.decimals(min_value=0, max_value=50, places=2, allow_nan=False)
percents = st.sampled_from([D("0"), D("2.5"), D("8.25"), D("10"), D("12.5"), D("15"), D("20"), D("8.875")])


@st.composite
def documents(draw: st.DrawFn) -> tuple[SourceDocument, Decimal]:
    """A quote of up to eight rows with one tax rate, whose Grand_Total may be off by what a header can carry."""
    percent = draw(percents)
    rows: list[SourceLine] = []
    for _ in range(draw(st.integers(1, 8))):
        figures = draw(quantities), draw(prices), draw(st.one_of(st.just(D(0)), discounts))
        rows.append(_zoho_row(*figures, percent, taxed=draw(st.booleans())))
    off = draw(st.sampled_from([D(0), D(0), D(0), D("0.01"), D("-0.03"), D("12.34"), D("0.005")]))
    total = sum((row.net + row.tax for row in rows), D(0)) + off
    return a_document(*rows, grand_total=total, adjustment=off), percent


@settings(deadline=None, max_examples=400)
@given(documents(), st.sampled_from(["exclusive", "inclusive", "no_tax"]), st.booleans())
def test_any_document_totals_exactly_or_is_a_problem(
    sold: tuple[SourceDocument, Decimal], amounts: Amounts, rounds: bool
) -> None:
    document, percent = sold
    rounding = RoundingRules("860", D("0.05")) if rounds else RoundingRules()
    rules = invoice_rules(amounts=amounts, tax={"GST": "OUTPUT"}, tax_default="EXEMPTOUTPUT", rounding=rounding)
    books = some_books([an_account_of_xero("860")], [a_rate("OUTPUT", str(percent))])
    draft = draft_invoice(a_deal(), CUSTOMER, document, InvoiceStatus.DRAFT, a_setting(rules, books))
    if isinstance(draft, Problem):
        assert draft.code in ("total_mismatch", "negative_total", "zero_total")
        assert draft.hint and draft.message
        return
    known = {"OUTPUT": percent, "EXEMPTOUTPUT": D(0), "NONE": D(0)}
    assert document.grand_total is not None
    assert Fraction(draft.total) == Fraction(document.grand_total)
    assert Fraction(draft.total) == _reference_total(draft, known)
    assert draft.total == _sandbox_total(draft, known)
    assert draft.sub_total + draft.total_tax == draft.total
    assert len(draft.lines) - len(document.lines) in (0, 1)
    assert all(line.quantity > 0 for line in draft.lines)


@settings(deadline=None, max_examples=200)
@given(documents())
def test_a_plain_document_with_exclusive_amounts_is_never_held_for_its_total(
    sold: tuple[SourceDocument, Decimal],
) -> None:
    """Zoho and Xero compute rows the same way, so only what the header adds can make a difference."""
    document, percent = sold
    plain = sum((row.net + row.tax for row in document.lines), D(0))
    rules = invoice_rules(tax_default="EXEMPTOUTPUT")
    books = some_books(rates=[a_rate("OUTPUT", str(percent))])
    clean = a_document(*document.lines, grand_total=plain)
    draft = draft_invoice(a_deal(), CUSTOMER, clean, InvoiceStatus.DRAFT, a_setting(rules, books))
    if plain > 0:
        assert isinstance(draft, InvoiceDraft) and draft.total == plain
    else:
        assert isinstance(draft, Problem) and draft.code in ("negative_total", "zero_total")


# ---- what is expected, and why it differs ----


@pytest.mark.parametrize(
    ("amounts", "expected"), [("exclusive", "110.00"), ("inclusive", "100.00"), ("no_tax", "100.00")]
)
def test_a_deal_s_amount_is_net_unless_amounts_say_otherwise(amounts: Amounts, expected: str) -> None:
    """The Amount carries no tax of its own, so the account's tax is added, or taken out, or left away."""
    document = a_document(a_row(price="100"), source="Amount", grand_total=None)
    rules = invoice_rules(amounts=amounts, tax_default="OUTPUT")
    lines = priced(document.lines, rules)
    sub_total, total_tax, total = predicted_totals(lines, amounts)
    assert total == expected_total(document, sub_total, total_tax, amounts) == D(expected)


def test_a_document_s_own_total_is_what_counts() -> None:
    document = a_document(grand_total=D("87.65"))
    assert expected_total(document, D(80), D(8), "exclusive") == D("87.65")


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, []),
        ({"discount": D("5.00")}, ["header discount -5"]),
        ({"tax": D("1.50"), "adjustment": D("-0.25")}, ["header tax 1.5", "adjustment -0.25"]),
    ],
)
def test_a_difference_is_explained_to_the_cent(parts: dict[str, Decimal], said: Sequence[str]) -> None:
    text = explain_difference(a_document(**parts), D("110.00"), D("104.99"))
    assert text.endswith("; the difference is -5.01")
    assert "come to 110 in Xero and the quote says 104.99" in text
    assert all(part in text for part in said)
    assert ("the document carries" in text) is bool(said)


def test_two_rates_on_one_document_are_each_line_s_own() -> None:
    rows = (
        a_row("3", "33.3333", tax=D("10.00"), taxes=(GST,)),
        a_row("1", "99.99", tax=D("2.50"), taxes=(Tax("Levy", D("2.5")),)),
        a_row("1", "50.00"),
    )
    rules = invoice_rules(tax={"GST": "OUTPUT", "Levy": "TAX001"})
    books = some_books(rates=[a_rate("TAX001", "2.5")])
    lines = priced(rows, rules, books)
    assert [(line.tax_type, str(line.tax_amount)) for line in lines] == [
        ("OUTPUT", "10.00"),
        ("TAX001", "2.50"),
        ("EXEMPTOUTPUT", "0.00"),
    ]
