"""Xero's arithmetic, by itself and through PUT /Invoices."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from xero_desk import Desk, line

from zoho_xero_sync.sandbox.xero import arithmetic

TOO_MUCH = "is invalid. Discount must not be greater than the line total."
NZ = {"tax_rates": [{"Name": "GST", "TaxType": "OUTPUT", "EffectiveRate": "15"}]}


@pytest.mark.parametrize(
    ("value", "places", "ties", "expected"),
    [
        ("0.165", 2, "half_up", "0.17"),
        ("0.165", 2, "half_even", "0.16"),
        ("-0.165", 2, "half_up", "-0.17"),
        ("0.1648", 2, "half_up", "0.16"),
        ("0.1648", 4, "half_up", "0.1648"),
        ("16.425", 2, "half_up", "16.43"),
        ("7", 2, "half_up", "7.00"),
    ],
)
def test_rounding(value: str, places: int, ties: str, expected: str) -> None:
    assert str(arithmetic.rounded(D(value), places, ties)) == expected


@pytest.mark.parametrize(
    ("line_amount", "rate", "amounts", "expected"),
    [
        ("25.06", "15", "Exclusive", "3.76"),
        ("25.61", "15", "Exclusive", "3.84"),
        ("25.63", "15", "Exclusive", "3.84"),
        ("110.00", "10", "Inclusive", "10.00"),
        ("99.99", "10", "Inclusive", "9.09"),
        ("100.00", "10", "NoTax", "0.00"),
        ("100.00", "0", "Exclusive", "0.00"),
    ],
)
def test_tax_of_a_line(line_amount: str, rate: str, amounts: str, expected: str) -> None:
    assert str(arithmetic.tax_on(D(line_amount), D(rate), amounts)) == expected


# World, LineAmountTypes, lines; then SubTotal, TotalTax, Total.
TOTALS = [
    # Xero's rounding guide: tax rounded per line, then summed.
    (
        NZ,
        "Exclusive",
        [line(UnitAmount="25.06"), line(UnitAmount="25.61"), line(UnitAmount="25.63")],
        "76.30",
        "11.44",
        "87.74",
    ),
    (NZ, "Exclusive", [line(Quantity=2, UnitAmount="10.50")], "21.00", "3.15", "24.15"),
    ({}, "Exclusive", [line(Quantity=10000, UnitAmount="0.1648")], "1648.00", "164.80", "1812.80"),
    ({}, "Inclusive", [line(UnitAmount="110")], "100.00", "10.00", "110.00"),
    ({}, "Inclusive", [line(UnitAmount="99.99"), line(UnitAmount="0.05")], "90.95", "9.09", "100.04"),
    ({}, "NoTax", [line(UnitAmount="99.99")], "99.99", "0.00", "99.99"),
    ({}, "Exclusive", [line(Quantity=3, UnitAmount="33.3333")], "100.00", "10.00", "110.00"),
    ({}, "Exclusive", [line(Quantity="1.5", UnitAmount="10.95", TaxType="EXEMPTOUTPUT")], "16.43", "0.00", "16.43"),
    ({}, "Exclusive", [line(Quantity=3, UnitAmount="9.99", DiscountRate="12.5")], "26.22", "2.62", "28.84"),
    ({}, "Exclusive", [line(Quantity=3, UnitAmount="9.99", DiscountAmount="3.75")], "26.22", "2.62", "28.84"),
    ({}, "Exclusive", [line(), line(UnitAmount="-30")], "70.00", "7.00", "77.00"),
    ({}, "Exclusive", [line(TaxAmount="9.99")], "100.00", "9.99", "109.99"),
    ({}, "Exclusive", [line(UnitAmount=None, LineAmount="50")], "50.00", "5.00", "55.00"),
    ({}, "Exclusive", [line(Quantity=4, UnitAmount=None, LineAmount="50")], "50.00", "5.00", "55.00"),
    ({}, "Exclusive", [line(Quantity=3, UnitAmount=None, LineAmount="100")], "100.00", "10.00", "110.00"),
    ({}, "Exclusive", [line(Quantity=None, UnitAmount="30", LineAmount="100")], "100.00", "10.00", "110.00"),
    ({}, "Exclusive", [line(), {"Description": "Thank you"}], "100.00", "10.00", "110.00"),
]


@pytest.mark.parametrize(("world", "amounts", "lines", "sub_total", "tax", "total"), TOTALS)
def test_totals_of_an_invoice(
    world: dict[str, object], amounts: str, lines: list[object], sub_total: str, tax: str, total: str
) -> None:
    made = Desk(world).invoice(LineAmountTypes=amounts, LineItems=lines)
    assert [str(made[name]) for name in ("SubTotal", "TotalTax", "Total")] == [sub_total, tax, total]
    assert made["AmountDue"] == D(total)


def test_unit_prices_are_rounded_first_unless_unitdp_is_4() -> None:
    desk = Desk()
    body = desk.draft(LineItems=[line(Quantity=10000, UnitAmount="0.1648")])
    assert desk.put("/Invoices", body)["Invoices"][0]["SubTotal"] == D("1600.00")
    exact = desk.put("/Invoices?unitdp=4", body)["Invoices"][0]
    assert exact["SubTotal"] == D("1648.00")
    path = f"/Invoices/{exact['InvoiceID']}"
    assert str(desk.get(path)["Invoices"][0]["LineItems"][0]["UnitAmount"]) == "0.16"
    assert str(desk.get(f"{path}?unitdp=4")["Invoices"][0]["LineItems"][0]["UnitAmount"]) == "0.1648"


def test_half_even_is_a_switch() -> None:
    desk = Desk()
    desk.state.switches["ties"] = "half_even"
    made = desk.invoice(LineItems=[line(Quantity="1.5", UnitAmount="10.95", TaxType="EXEMPTOUTPUT")])
    assert made["Total"] == D("16.42")


def test_line_amount_must_agree() -> None:
    desk = Desk()
    body = desk.draft(LineItems=[line(LineAmount="1.00")])
    expected = "The line total 1.00 does not match the expected line total 100.00"
    assert desk.refusals("PUT", "/Invoices", body) == [expected]
    desk.state.switches["line_amount_tolerance"] = "99"
    assert desk.invoice(LineItems=[line(LineAmount="1.00")])["Total"] == D("110.00")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"DiscountAmount": "100.01"}, f"The discount rate '100.01' {TOO_MUCH}"),
        ({"UnitAmount": "-5", "DiscountAmount": 0}, f"The discount rate '0.00' {TOO_MUCH}"),
        ({"DiscountRate": "101"}, "The discount rate '101' is invalid. Discount must be between 0 and 100."),
        ({"DiscountRate": 1, "DiscountAmount": 1}, "Only one of DiscountRate and DiscountAmount can be specified."),
    ],
)
def test_discounts_that_make_no_sense(fields: dict[str, object], message: str) -> None:
    desk = Desk()
    lines = [line(UnitAmount="100"), line(**fields)]
    assert desk.refusals("PUT", "/Invoices", desk.draft(LineItems=lines)) == [message]


def test_discount_is_reported() -> None:
    made = Desk().invoice(LineItems=[line(Quantity=3, UnitAmount="9.99", DiscountRate="12.5")])
    assert (made["IsDiscounted"], made["TotalDiscount"]) == (True, D("3.75"))
