"""What a deal is invoiced from: the right document, its rows and taxes, in few calls; or why it cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from remote_tools import ZohoBench, exactly

from zoho_xero_sync.core.model import Deal, Problem, SourceDocument, Tax
from zoho_xero_sync.core.rules import InvoiceRules, LineRules, Rules, StageRule, SubformRules
from zoho_xero_sync.core.templates import Template
from zoho_xero_sync.errors import RemoteError
from zoho_xero_sync.remote.zoho.client import Page
from zoho_xero_sync.remote.zoho.documents import fetch_documents

D = Decimal
GST = Tax("GST", D(10))
STAGES = (StageRule(("Closed Won",), "authorised"),)
MAPPED = InvoiceRules(tax={"GST": "OUTPUT", "GST Free": "EXEMPTOUTPUT"}, tax_default="EXEMPTOUTPUT")


def rules(invoice: InvoiceRules = MAPPED, **lines: Any) -> Rules:
    return Rules(stages=STAGES, lines=LineRules(**lines), invoice=invoice)


WORLD: dict[str, Any] = {
    "taxes": {"GST": "10", "GST Free": "0"},
    "products": [
        {"key": "bench", "Product_Name": "Bench", "Product_Code": "B-1", "Product_Category": "Hardware"},
        {"key": "desk", "Product_Name": "Desk"},
    ],
}


def a_deal(key: str, **fields: Any) -> dict[str, Any]:
    return {"key": key, "Deal_Name": f"Deal {key}", "Stage": "Closed Won", "Amount": "500", **fields}


def a_quote(
    deal: str, *lines: Mapping[str, Any], key: str = "q", stage: str = "Closed Won", **more: Any
) -> dict[str, Any]:
    return {"key": key, "Subject": "Quote", "deal": deal, "Quote_Stage": stage, "lines": list(lines), **more}


LINE = {"product": "bench", "Quantity": 3, "List_Price": "9.99", "Discount": "12.5%", "taxes": ["GST"]}
FREE = {"product": "desk", "Quantity": "1.5", "List_Price": "10.333", "Description": "Labour", "taxes": ["GST Free"]}


def bench_of(*deals: dict[str, Any], **more: Any) -> ZohoBench:
    return ZohoBench({**WORLD, "deals": list(deals), **more})


def deals_of(bench: ZohoBench) -> list[Deal]:
    return [
        Deal(
            record["id"],
            record["Deal_Name"],
            record["Stage"],
            None,
            None if record["Amount"] is None else D(str(record["Amount"])),
            record.get("Currency"),
            datetime(2026, 11, 20, tzinfo=UTC),
            None,
            None,
            {"id": record["id"], "Deal_Name": record["Deal_Name"]},
        )
        for record in bench.state.records("Deals")
    ]


def read(bench: ZohoBench, given: Rules | None = None, **options: Any) -> dict[str, SourceDocument | Problem]:
    """What was found, by the deal's key."""
    deals = deals_of(bench)
    found = fetch_documents(bench.client, deals, given or rules(), multi_currency=options.get("multi_currency", False))
    assert set(found) == {deal.id for deal in deals}
    return {deal.name.removeprefix("Deal "): found[deal.id] for deal in deals}


def document(found: SourceDocument | Problem) -> SourceDocument:
    assert isinstance(found, SourceDocument), found
    return found


def problem(found: SourceDocument | Problem, code: str) -> Problem:
    assert isinstance(found, Problem) and found.code == code, found
    assert found.message.endswith(".") and found.hint
    return found


def test_a_quote_is_read_to_the_cent() -> None:
    quote = document(read(bench_of(a_deal("a"), quotes=[a_quote("a", LINE, FREE)]))["a"])
    assert (quote.source, quote.number, quote.grand_total) == ("quote", "000001", D("44.34"))
    first, second = quote.lines
    assert (first.product_name, first.quantity, first.price, first.discount) == ("Bench", D(3), D("9.99"), D("3.75"))
    assert (first.net, first.tax, first.taxes) == (D("26.22"), D("2.62"), (GST,))
    assert (second.product_name, second.description, second.net, second.tax) == ("Desk", "Labour", D("15.50"), D(0))
    assert (quote.discount, quote.tax, quote.adjustment) == (D(0), D(0), D(0))
    assert all(exactly(value).is_finite() for value in (first.price, first.net, second.quantity, quote.grand_total))


def test_the_parts_of_a_header_are_read() -> None:
    header: dict[str, Any] = {"Discount": "5.00", "Adjustment": "-0.02", "taxes": ["GST"]}
    quote = document(read(bench_of(a_deal("a"), quotes=[a_quote("a", LINE, **header)]))["a"])
    assert (quote.discount, quote.tax, quote.adjustment) == (D("5.00"), D("2.38"), D("-0.02"))
    assert quote.grand_total == D("28.84") - D("5.00") + D("2.38") - D("0.02")


def test_product_names_do_not_depend_on_what_a_lookup_carries() -> None:
    bench = bench_of(a_deal("a"), quotes=[a_quote("a", LINE)], switches={"lookup_names": False})
    assert document(read(bench)["a"]).lines[0].product_name == "Bench"


@pytest.mark.parametrize("invoice", [replace(MAPPED, accounts={"B-1": "260"}), replace(MAPPED, items="match")])
def test_codes_and_categories_are_read_where_the_rules_need_them(invoice: InvoiceRules) -> None:
    bench = bench_of(a_deal("a"), quotes=[a_quote("a", LINE, FREE)])
    lines = document(read(bench, rules(invoice))["a"]).lines
    assert [(line.product_code, line.category) for line in lines] == [("B-1", "Hardware"), ("", "")]


def test_rows_come_in_the_document_s_order() -> None:
    lines = [{"product": "bench", "Quantity": number, "List_Price": "1"} for number in range(1, 31)]
    quote = document(read(bench_of(a_deal("a"), quotes=[a_quote("a", *lines)]))["a"])
    assert [line.quantity for line in quote.lines] == list(range(1, 31))


# ---- which document ----


def made(time: str, key: str, price: str, **more: Any) -> dict[str, Any]:
    line = {"product": "bench", "Quantity": 1, "List_Price": price}
    return a_quote("a", line, key=key, Created_Time=time, Modified_Time=time, **more)


@pytest.mark.parametrize(
    ("quotes", "expected"),
    [
        ([made("2026-11-01T00:00:00Z", "x", "1"), made("2026-11-02T00:00:00Z", "y", "2")], "2"),
        ([made("2026-11-02T00:00:00Z", "x", "1"), made("2026-11-01T00:00:00Z", "y", "2")], "1"),
        # Sydney puts its clocks back on 5 April 2026: 02:30 +11:00 is before 02:10 +10:00.
        ([made("2026-04-04T15:30:00Z", "x", "1"), made("2026-04-04T16:10:00Z", "y", "2")], "2"),
        ([made("2026-04-04T16:10:00Z", "x", "1"), made("2026-04-04T15:30:00Z", "y", "2")], "1"),
        ([made("2026-11-02T00:00:00Z", "x", "1"), made("2026-11-03T00:00:00Z", "y", "2", stage="Draft")], "1"),
        ([made("2026-11-02T00:00:00Z", "x", "1", stage="Draft")], None),
    ],
)
def test_the_newest_quote_that_qualifies_counts(quotes: list[dict[str, Any]], expected: str | None) -> None:
    bench = bench_of(a_deal("a"), quotes=quotes, org={"time_zone": "Australia/Sydney"})
    found = document(read(bench)["a"])
    if expected is None:
        assert found.source == "Amount"
    else:
        assert (found.source, found.lines[0].price) == ("quote", D(expected))


def test_several_quotes_are_held_where_the_rules_say_so() -> None:
    quotes = [made("2026-11-01T00:00:00Z", "x", "1"), made("2026-11-02T00:00:00Z", "y", "2")]
    held = problem(read(bench_of(a_deal("a"), quotes=quotes), rules(several="hold"))["a"], "several_documents")
    assert "2 quotes" in held.message and "000001, 000002" in held.message
    assert document(read(bench_of(a_deal("a"), quotes=quotes[:1]), rules(several="hold"))["a"]).source == "quote"


def test_the_first_source_that_has_rows_wins_for_each_deal() -> None:
    line = {"product": "bench", "Quantity": 1, "List_Price": "10"}
    bench = bench_of(
        *(a_deal(key) for key in ("quoted", "empty", "ordered", "billed", "plain")),
        a_deal("nothing", Amount=None),
        quotes=[a_quote("quoted", line, key="q1"), a_quote("empty", key="q2")],
        sales_orders=[{"key": "s1", "Subject": "Order", "deal": "ordered", "lines": [line]}],
        invoices=[{"key": "i1", "Subject": "Invoice", "deal": "billed", "lines": [line]}],
    )
    every = rules(sources=("quote", "sales_order", "zoho_invoice", "amount"))
    found = read(bench, every)
    problem(found.pop("nothing"), "no_lines")
    sources = {key: document(item).source for key, item in found.items()}
    assert sources == {
        "quoted": "quote",
        "empty": "Amount",
        "ordered": "sales order",
        "billed": "Zoho invoice",
        "plain": "Amount",
    }


@pytest.mark.parametrize("amount", ["0", "-5", "1234.50"])
def test_an_amount_is_one_line_without_a_total_of_its_own(amount: str) -> None:
    bench = bench_of(a_deal("a", Amount=amount))
    words = rules(sources=("amount",), amount_description=Template.parse("Project {Deal_Name}"))
    found = document(read(bench, words)["a"])
    (line,) = found.lines
    assert (found.grand_total, line.net, line.taxes, line.product_name) == (None, D(amount), (), "Project Deal a")
    assert bench.queries() == []


def test_an_amount_without_words_is_described_by_the_deal() -> None:
    words = rules(sources=("amount",), amount_description=Template.parse("{Nothing}"))
    assert document(read(bench_of(a_deal("a")), words)["a"]).lines[0].product_name == "Deal a"


@pytest.mark.parametrize("multi", [True, False])
def test_the_document_s_own_currency_is_read_where_there_is_one(multi: bool) -> None:
    org = {"multi_currency": True, "currencies": {"USD": "0.65"}} if multi else {}
    currency = {"Currency": "USD"} if multi else {}
    bench = bench_of(a_deal("a"), quotes=[a_quote("a", LINE, **currency)], org=org)
    assert document(read(bench, multi_currency=multi)["a"]).currency == ("USD" if multi else None)


# ---- taxes ----


def records_read(bench: ZohoBench) -> int:
    return sum(1 for method, path, _ in bench.wire.asked if method == "GET" and "/Quotes/" in path)


@pytest.mark.parametrize(
    ("taxes", "invoice", "line", "expected", "records"),
    [
        ({"GST": "10", "GST Free": "0"}, MAPPED, LINE, "GST", 0),
        ({"GST": "10", "GST Free": "0"}, MAPPED, FREE, "", 0),
        ({"GST": "10", "GST Free": "0"}, replace(MAPPED, tax_default=None), FREE, "GST Free", 1),
        ({"GST": "10", "Old GST": "10"}, MAPPED, {**LINE, "taxes": ["Old GST"]}, "Old GST", 1),
        ({"GST": "10", "Levy": "2.5"}, MAPPED, {**LINE, "taxes": ["GST", "Levy"]}, "GST + Levy", 0),
        ({"GST": "10"}, MAPPED, {**LINE, "taxes": [{"name": "GST", "percentage": "8"}]}, "GST", 1),
    ],
)
def test_taxes_are_told_from_amounts_and_read_only_where_they_cannot_be(
    taxes: dict[str, str], invoice: InvoiceRules, line: dict[str, Any], expected: str, records: int
) -> None:
    bench = bench_of(a_deal("a"), quotes=[a_quote("a", line)], taxes=taxes)
    found = document(read(bench, rules(invoice))["a"]).lines[0].taxes
    assert found is not None and " + ".join(sorted(tax.name for tax in found)) == expected
    assert records_read(bench) == records


def test_a_record_that_is_gone_when_its_taxes_are_read_holds_only_its_deal() -> None:
    """Deleted by a person between the two reads."""
    plain = {"product": "bench", "Quantity": 1, "List_Price": "10"}
    bench = bench_of(
        a_deal("a"),
        a_deal("b"),
        quotes=[a_quote("a", {**LINE, "taxes": ["Old GST"]}, key="q1"), a_quote("b", plain, key="q2")],
        taxes={"GST": "10", "Old GST": "10"},
    )

    def delete(number: int) -> None:
        if "/Quotes/" in bench.wire.asked[-1][1]:
            bench.state.delete("Quotes", "q1")

    bench.wire.before = delete
    found = read(bench)
    held = problem(found["a"], "document_unreadable")
    assert held.path == "Line_Tax" and "taxes are not in Zoho's answer" in held.message
    assert document(found["b"]).source == "quote"


# ---- a custom subform ----

FORM = SubformRules(
    module="Billing_Lines", product="What", quantity="Qty", price="Rate", discount="Less", description="Note"
)
FORM_FIELDS = {
    "Deals": {
        "Billing_Lines": {
            "type": "subform",
            "module": "Billing_Lines",
            "fields": {"What": "text", "Qty": "double", "Rate": "currency", "Less": "currency", "Note": "text"},
        }
    }
}


def test_rows_of_a_custom_subform_are_rounded_as_zoho_s_are() -> None:
    rows = [
        {"What": "Setup", "Qty": "1.5", "Rate": "10.333", "Note": "by phone"},
        {"What": "Visit", "Qty": 2, "Rate": "50", "Less": "10.00"},
    ]
    bench = bench_of(a_deal("a", Billing_Lines=rows), a_deal("b"), fields=FORM_FIELDS)
    found = read(bench, rules(sources=("subform", "amount"), subform=FORM))
    form = document(found["a"])
    assert (form.source, form.grand_total) == ("subform", None)
    assert {(line.product_name, line.net, line.discount, line.description, line.taxes) for line in form.lines} == {
        ("Setup", D("15.50"), D(0), "by phone", ()),
        ("Visit", D("90.00"), D("10.00"), "", ()),
    }
    assert document(found["b"]).source == "Amount"


@pytest.mark.parametrize(("row", "path"), [({"What": "X", "Rate": "5"}, "Qty"), ({"What": "X", "Qty": 1}, "Rate")])
def test_a_row_of_a_subform_without_its_figures_holds_its_deal(row: dict[str, Any], path: str) -> None:
    bench = bench_of(a_deal("a", Billing_Lines=[row]), fields=FORM_FIELDS)
    found = read(bench, rules(sources=("subform", "amount"), subform=FORM))
    assert problem(found["a"], "document_unreadable").path == path


# ---- cost ----


def test_a_thousand_quotes_cost_forty_queries_and_one_list_of_taxes() -> None:
    count = 200
    line = {"product": "bench", "Quantity": 1, "List_Price": "10", "taxes": ["GST"]}
    bench = bench_of(
        *(a_deal(f"d{n}") for n in range(count)),
        quotes=[a_quote(f"d{n}", line, line, line, key=f"q{n}") for n in range(count)],
    )
    found = read(bench)
    assert all(len(document(item).lines) == 3 for item in found.values())
    assert len(bench.queries()) == 2 * count // 50 and len(bench.wire.asked) == 2 * count // 50 + 1


def test_nothing_to_read_costs_nothing() -> None:
    bench = bench_of()
    assert fetch_documents(bench.client, [], rules(), multi_currency=False) == {}
    assert bench.wire.asked == []


# ---- what cannot be read ----

HEADER: dict[str, Any] = {
    "id": "90",
    "Deal_Name": {"id": "1", "name": "Deal a"},
    "Quote_Number": "Q-1",
    "Grand_Total": D("10.00"),
    "Created_Time": "2026-11-20T12:00:00+11:00",
    "Modified_Time": "2026-11-20T12:00:00+11:00",
}
ROW: dict[str, Any] = {
    "id": "91",
    "Parent_Id": {"id": "90"},
    "Product_Name": {"id": "92", "name": "Bench"},
    "Quantity": D(1),
    "List_Price": D("10.00"),
    "Total_After_Discount": D("10.00"),
    "Sequence_Number": 1,
}
OTHER_HEADER = {**HEADER, "id": "80", "Deal_Name": {"id": "2"}}
OTHER_ROW = {**ROW, "id": "81", "Parent_Id": {"id": "80"}}


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, SourceDocument | Problem]]:
    """Reads deals 1 and 2 from answers made up for headers and rows."""

    def run(headers: list[Any], rows: list[Any]) -> dict[str, SourceDocument | Problem]:
        bench = bench_of(a_deal("a"))

        def query(statement: str) -> Page:
            return Page(tuple(headers if " from Quotes " in statement else rows), False, None)

        monkeypatch.setattr(bench.client, "query", query)
        (deal,) = deals_of(bench)
        deals = [replace(deal, id="1"), replace(deal, id="2")]
        return fetch_documents(bench.client, deals, rules(), multi_currency=False)

    return run


@pytest.mark.parametrize(
    ("header", "row", "path"),
    [
        ({"Grand_Total": None}, {}, "Grand_Total"),
        ({"Grand_Total": "a lot"}, {}, "Grand_Total"),
        ({"Grand_Total": D("1E+99")}, {}, "Grand_Total"),
        ({"Discount": {}}, {}, "Discount"),
        ({"Modified_Time": None}, {}, "Modified_Time"),
        ({"Created_Time": None}, {}, "Created_Time"),
        ({"Created_Time": {"at": "noon"}}, {}, "Created_Time"),
        ({}, {"Quantity": None}, "Quantity"),
        ({}, {"List_Price": None}, "List_Price"),
        ({}, {"Total_After_Discount": None}, "Total_After_Discount"),
        ({}, {"Total_After_Discount": True}, "Total_After_Discount"),
        ({}, {"List_Price": D("1E+40")}, "List_Price"),
        ({}, {"Discount": "a tenth%"}, "Discount"),
        ({}, {"Discount": "%"}, "Discount"),
        ({}, {"Sequence_Number": "first"}, "Sequence_Number"),
        ({}, {"Product_Name": "Bench"}, "Product_Name"),
        ({}, {"Tax": []}, "Tax"),
    ],
)
def test_a_document_of_the_wrong_type_holds_its_deal_and_no_other(
    scripted: Callable[..., dict[str, SourceDocument | Problem]],
    header: dict[str, Any],
    row: dict[str, Any],
    path: str,
) -> None:
    found = scripted([{**HEADER, **header}, OTHER_HEADER], [{**ROW, **row}, OTHER_ROW])
    held = problem(found["1"], "document_unreadable")
    assert held.path == path and path in held.message and "resolve 1 --retry" in held.hint
    assert document(found["2"]).lines[0].net == D("10.00")


@pytest.mark.parametrize("link", [None, {}, {"name": "no id"}, [], "Deal a"])
@pytest.mark.parametrize("where", ["header", "row"])
def test_an_answer_that_hides_whose_a_row_is_ends_the_run(
    scripted: Callable[..., dict[str, SourceDocument | Problem]], link: Any, where: str
) -> None:
    """Dropping the row instead would invoice a part of the quote, or the Amount in its place."""
    headers = [HEADER, {**OTHER_HEADER, "Deal_Name": link}] if where == "header" else [HEADER, OTHER_HEADER]
    rows = [ROW, {**OTHER_ROW, "Parent_Id": link}] if where == "row" else [ROW, OTHER_ROW]
    with pytest.raises(RemoteError, match="does not say its"):
        scripted(headers, rows)
