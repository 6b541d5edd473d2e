"""A document's own figures and its rows' extra columns: header taxes, percentages as text, rates, account fields."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from test_zoho_documents import FREE, LINE, MAPPED, a_deal, a_quote, bench_of, document, read, rules

from zoho_xero_sync.core.model import Tax
from zoho_xero_sync.remote.zoho.values import BadValueError, discount_of

D = Decimal
GST = Tax("GST", D(10))


@pytest.mark.parametrize(
    ("value", "base", "expected"),
    [
        (D("3.75"), "29.97", "3.75"),
        ("3.75", "29.97", "3.75"),
        ("12.5%", "29.97", "3.75"),
        (" 12.5 % ", "29.97", "3.75"),
        ("100%", "0.07", "0.07"),
        (None, "29.97", "0"),
        ("", "29.97", "0"),
    ],
)
def test_a_discount_is_an_amount_however_it_is_read(value: Any, base: str, expected: str) -> None:
    assert discount_of({"Discount": value}, "Discount", D(base)) == D(expected)


def test_a_percentage_is_rounded_as_the_currency_is_written() -> None:
    assert discount_of({"Discount": "12.5%"}, "Discount", D("999"), 0) == D("125")
    assert discount_of({"Discount": "12.5%"}, "Discount", D("1.004"), 3) == D("0.126")


@pytest.mark.parametrize("value", ["%", "a tenth%", "1,5%", [], True])
def test_what_is_no_discount_names_its_field(value: Any) -> None:
    with pytest.raises(BadValueError, match="Discount"):
        discount_of({"Discount": value}, "Discount", D(1))


def test_the_document_s_own_taxes_are_told_from_their_amount() -> None:
    bench = bench_of(a_deal("a"), quotes=[a_quote("a", LINE, Discount="5.00", taxes=["GST"])])
    before = bench.client.calls
    quote = document(read(bench)["a"])
    assert (quote.taxes, quote.tax) == ((GST,), D("2.38"))
    assert bench.client.calls - before == 3, "headers, rows and taxes, and no record by itself"


def test_own_taxes_that_several_could_have_made_are_read_from_the_record() -> None:
    """Two taxes of one rate: only the record says which it was."""
    taxes = {"GST": "10", "Levy": "10"}
    bench = bench_of(a_deal("a"), quotes=[a_quote("a", {**LINE, "taxes": []}, taxes=["Levy"])], taxes=taxes)
    quote = document(read(bench)["a"])
    assert quote.taxes == (Tax("Levy", D(10)),) and quote.lines[0].taxes == ()


def test_a_document_without_its_own_tax_has_none() -> None:
    assert document(read(bench_of(a_deal("a"), quotes=[a_quote("a", LINE)]))["a"]).taxes == ()


def test_the_exchange_rate_is_read_only_where_the_rules_take_it() -> None:
    world = {
        "org": {"multi_currency": True},
        "currencies": ["AUD", {"iso_code": "USD", "exchange_rate": "0.661200000"}],
    }
    for policy, expected in (("xero", None), ("document", D("0.6612"))):
        bench = bench_of(a_deal("a", Currency="USD"), quotes=[a_quote("a", LINE, Currency="USD")], **world)
        given = rules(replace(MAPPED, exchange_rate=policy))
        assert document(read(bench, given, multi_currency=True)["a"]).exchange_rate == expected


def test_a_column_of_the_rows_may_choose_the_account() -> None:
    fields = {"Quoted_Items": {"Revenue_Kind": "text"}}
    row = {**LINE, "Revenue_Kind": "Retail"}
    bench = bench_of(a_deal("a"), quotes=[a_quote("a", row, FREE)], fields=fields)
    given = rules(replace(MAPPED, account_field="Revenue_Kind", accounts={"Retail": "260"}))
    assert [line.account_key for line in document(read(bench, given)["a"]).lines] == ["Retail", ""]
