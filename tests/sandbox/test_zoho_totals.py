"""Line and document arithmetic, as Zoho stores it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from zoho_bench import exact, make_bench

D = Decimal
WIDGET = {"product": "widget", "Quantity": 3, "List_Price": "9.99"}
ROW = ("Total", "Discount", "Total_After_Discount", "Tax", "Net_Total")
HEADER = ("Sub_Total", "Discount", "Tax", "Adjustment", "Grand_Total")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (WIDGET, ("29.97", "0", "29.97", "0", "29.97")),
        ({**WIDGET, "Discount": "1.97"}, ("29.97", "1.97", "28.00", "0", "28.00")),
        ({**WIDGET, "Discount": "12.5%"}, ("29.97", "3.75", "26.22", "0", "26.22")),
        ({**WIDGET, "taxes": ["GST"]}, ("29.97", "0", "29.97", "3.00", "32.97")),
        ({**WIDGET, "taxes": ["GST", "Levy"]}, ("29.97", "0", "29.97", "3.75", "33.72")),
        ({**WIDGET, "Discount": "10%", "taxes": ["GST"]}, ("29.97", "3.00", "26.97", "2.70", "29.67")),
        ({"Quantity": "1.5", "List_Price": "10.333"}, ("15.50", "0", "15.50", "0", "15.50")),
        ({"Quantity": 1, "List_Price": "0.005"}, ("0.01", "0", "0.01", "0", "0.01")),
        ({"Quantity": -2, "List_Price": "1.0025"}, ("-2.01", "0", "-2.01", "0", "-2.01")),
        ({"Quantity": 1, "List_Price": "5", "Net_Total": "4.99"}, ("5", "0", "5", "0", "4.99")),
        ({"Quantity": 1, "List_Price": "5", "Tax": "0.51", "taxes": ["GST"]}, ("5", "0", "5", "0.51", "5.51")),
        ({}, ("0", "0", "0", "0", "0")),
    ],
)
def test_rows(line: dict[str, Any], expected: tuple[str, ...]) -> None:
    state = make_bench().state
    quote = state.find("Quotes", state.create("Quotes", {"Subject": "Q", "deal": "d1"}, lines=[line]))
    (row,) = quote["Quoted_Items"]
    assert [row[name] for name in ROW] == [D(value) for value in expected]
    assert quote["Grand_Total"] == quote["Sub_Total"] == row["Net_Total"]


def test_line_tax_entries_are_rounded_each() -> None:
    bench = make_bench()
    line = {"Quantity": 1, "List_Price": "0.45", "taxes": ["GST", "Levy"]}
    row = bench.state.find("Quotes", bench.state.create("Quotes", {"Subject": "Q"}, lines=[line]))["Quoted_Items"][0]
    assert [(t["name"], t["percentage"], t["value"]) for t in row["Line_Tax"]] == [
        ("GST", D("10"), D("0.05")),
        ("Levy", D("2.5"), D("0.01")),
    ]
    ids = {tax["name"]: tax["id"] for tax in bench.get("org/taxes").get_json()["taxes"]}
    assert [t["id"] for t in row["Line_Tax"]] == [ids["GST"], ids["Levy"]]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({}, ("32.97", "0", "0", "0", "32.97")),
        ({"Discount": "2.97"}, ("32.97", "2.97", "0", "0", "30.00")),
        ({"Discount": "10%"}, ("32.97", "3.30", "0", "0", "29.67")),
        ({"Adjustment": "-0.97"}, ("32.97", "0", "0", "-0.97", "32.00")),
        ({"taxes": ["Levy"]}, ("32.97", "0", "0.82", "0", "33.79")),
        ({"Discount": "2.97", "taxes": ["GST"], "Adjustment": "1"}, ("32.97", "2.97", "3.00", "1", "34.00")),
        ({"Grand_Total": "33.00"}, ("32.97", "0", "0", "0", "33.00")),
        ({"Sub_Total": "30"}, ("30", "0", "0", "0", "30")),
    ],
)
@pytest.mark.parametrize(
    ("module", "items"), [("Quotes", "Quoted_Items"), ("Sales_Orders", "Ordered_Items"), ("Invoices", "Invoiced_Items")]
)
def test_headers(module: str, items: str, header: dict[str, Any], expected: tuple[str, ...]) -> None:
    bench = make_bench()
    new = bench.state.create(module, {"Subject": "Doc", "deal": "d1", **header}, lines=[{**WIDGET, "taxes": ["GST"]}])
    document = exact(bench.get(f"{module}/{new}"))["data"][0]
    assert [document[name] for name in HEADER] == [D(value) for value in expected]
    assert len(document[items]) == 1


def test_totals_follow_new_lines_and_new_headers() -> None:
    state = make_bench().state
    state.update("Quotes", "q1", {"Discount": "10%", "taxes": ["GST"]})
    first = state.find("Quotes", "q1")
    assert (first["Sub_Total"], first["Discount"], first["Tax"]) == (D("44.34"), D("4.43"), D("3.99"))
    state.replace_lines("Quotes", "q1", [{"Quantity": 1, "List_Price": "100"}])
    second = state.find("Quotes", "q1")
    assert (second["Sub_Total"], second["Discount"], second["Tax"]) == (D("100.00"), D("4.43"), D("9.56"))
    assert second["Grand_Total"] == D("105.13")
    state.update("Quotes", "q1", {"Subject": "Renamed"})
    assert state.find("Quotes", "q1")["Grand_Total"] == D("105.13")


def test_an_empty_document_totals_nothing() -> None:
    state = make_bench().state
    quote = state.find("Quotes", state.create("Quotes", {"Subject": "Empty"}))
    assert (quote["Quoted_Items"], quote["Grand_Total"]) == ([], 0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"Quantity": "three"}, "Quoted_Items: Quantity: 'three' is not a double"),
        ({"taxes": ["VAT"]}, "Quoted_Items: there is no tax 'VAT' under zoho.taxes"),
        ({"product": "gadget"}, "Quoted_Items: Products: there is no 'gadget'"),
        ({"Price": 1}, "Quoted_Items: there is no field 'Price'"),
        ({"Quantity": 1, "List_Price": 1, "Discount": "x%"}, "Discount: 'x%' is neither an amount nor a percentage"),
    ],
)
def test_lines_that_cannot_be(line: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_bench().state.replace_lines("Quotes", "q1", [line])
