"""Invoice lines: account, tax type, item, description and tracking of every row."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from core_samples import (
    DEAL,
    GST,
    a_deal,
    a_document,
    a_rate,
    a_row,
    an_account_of_xero,
    invoice_rules,
    priced,
    some_books,
)

from zoho_xero_sync.core.lines import draft_lines
from zoho_xero_sync.core.model import InvoiceLine, Problem, Tax, TrackingOption
from zoho_xero_sync.core.rules import TrackingRule
from zoho_xero_sync.core.templates import Template

BOOKS = some_books(
    [
        an_account_of_xero("300", status="ARCHIVED"),
        an_account_of_xero("310", account_class="EXPENSE", type="EXPENSE"),
        an_account_of_xero("320", system=True),
        an_account_of_xero("330", tax_type="OUTPUT"),
        an_account_of_xero("340", tax_type="INPUT"),
        an_account_of_xero("350", tax_type=""),
    ],
    [a_rate("INPUT", "10", for_revenue=False), a_rate("OLD", "10", status="DELETED"), a_rate("TAX012", "12.5000")],
)


def only(row: Any = None, **rules: Any) -> InvoiceLine | Problem:
    lines = draft_lines(a_deal(), a_document(row or a_row()), invoice_rules(**rules), BOOKS)
    return lines if isinstance(lines, Problem) else lines[0]


@pytest.mark.parametrize(
    ("row", "accounts", "code"),
    [
        (a_row(), {}, "200"),
        (a_row(), {"B-1": "260"}, "260"),
        (a_row(), {"Furniture": "260"}, "260"),
        (a_row(), {"Furniture": "330", "B-1": "260"}, "260"),
        (a_row(product_code="", category=""), {"B-1": "260"}, "200"),
        (a_row(product_code="b-1"), {"B-1": "260"}, "200"),
        (a_row(account_key="Retail"), {"Retail": "260"}, "260"),
        (a_row(account_key="Retail"), {"Retail": "330", "B-1": "260"}, "260"),
        (a_row(account_key="Retail"), {"Retail": "260", "Furniture": "330"}, "260"),
    ],
)
def test_the_account_is_the_product_s_then_the_field_s_then_the_category_s_then_the_usual(
    row: Any, accounts: Any, code: str
) -> None:
    line = only(row, accounts=accounts)
    assert isinstance(line, InvoiceLine) and line.account_code == code


@pytest.mark.parametrize(
    ("code", "problem", "said"),
    [
        ("999", "account_unknown", "no account 999"),
        ("300", "account_unusable", "is not active"),
        ("310", "account_unusable", "not an account for sales"),
        ("320", "account_unusable", "not an account for sales"),
    ],
)
def test_an_account_that_cannot_take_sales_holds_the_deal(code: str, problem: str, said: str) -> None:
    for rules in ({"account": code}, {"accounts": {"B-1": code}}):
        found = only(**rules)
        assert isinstance(found, Problem) and found.code == problem
        assert said in found.message and found.path == "invoice.account"
        assert found.subject == f"deal {DEAL}"


@pytest.mark.parametrize(
    ("row", "rules", "tax_type", "tax"),
    [
        (a_row(), {}, "EXEMPTOUTPUT", "0.00"),
        (a_row(), {"account": "330"}, "OUTPUT", "10.00"),
        (a_row(), {"tax_default": "NONE"}, "NONE", "0.00"),
        (a_row(tax=Decimal(10), taxes=(GST,)), {}, "OUTPUT", "10.00"),
        (a_row(tax=Decimal(10), taxes=(GST,)), {"tax_default": "NONE"}, "OUTPUT", "10.00"),
        (
            a_row(tax=Decimal("12.5"), taxes=(Tax("Levy", Decimal("2.5")), GST)),
            {"tax": {"GST + Levy": "TAX012"}},
            "TAX012",
            "12.50",
        ),
        (a_row(taxes=(GST,)), {"amounts": "no_tax"}, "OUTPUT", "0"),
        (a_row(tax=Decimal(10), taxes=(GST,)), {"amounts": "inclusive"}, "OUTPUT", "10.00"),
    ],
)
def test_the_tax_is_the_row_s_else_the_default_s_else_the_account_s(
    row: Any, rules: Any, tax_type: str, tax: str
) -> None:
    line = only(row, **rules)
    assert isinstance(line, InvoiceLine)
    assert (line.tax_type, str(line.tax_amount)) == (tax_type, tax)


@pytest.mark.parametrize(
    ("row", "rules", "code", "said"),
    [
        (a_row(taxes=(Tax("PST", Decimal(7)),)), {}, "tax_unmapped", "'PST'"),
        (a_row(taxes=(Tax("gst", Decimal(10)),)), {}, "tax_unmapped", "'gst'"),
        (a_row(taxes=(GST, Tax("Levy", Decimal(2)))), {"tax": {"GST": "OUTPUT"}}, "tax_unmapped", "'GST + Levy'"),
        (a_row(taxes=(GST,)), {"tax": {"GST": "OUTPUT9"}}, "tax_unknown", "OUTPUT9 does not exist"),
        (a_row(taxes=(GST,)), {"tax": {"GST": "INPUT"}}, "tax_unknown", "INPUT is not an active tax rate for sales"),
        (a_row(taxes=(GST,)), {"tax": {"GST": "OLD"}}, "tax_unknown", "OLD is not an active tax rate for sales"),
        (a_row(), {"tax_default": "NOPE"}, "tax_unknown", "NOPE does not exist"),
        (
            a_row(taxes=(GST,)),
            {"tax": {"GST": "TAX012"}},
            "tax_rate_differs",
            "taxed at 10 % in Zoho, and TAX012 is 12.5 %",
        ),
        (
            a_row(taxes=(GST,)),
            {"tax": {"GST": "TAX012"}, "amounts": "inclusive"},
            "tax_rate_differs",
            "Bench is taxed at 10 % in Zoho, and TAX012 is 12.5 % in Xero",
        ),
        (
            a_row(tax=Decimal("9.99"), taxes=(GST,)),
            {"amounts": "inclusive"},
            "tax_rate_differs",
            "Bench carries 9.99 of tax in Zoho, which is not what GST on 100 gives",
        ),
        (a_row(), {"account": "340"}, "tax_unknown", "INPUT is not an active tax rate for sales"),
        (a_row(), {"account": "350"}, "tax_unknown", "(none) does not exist"),
    ],
)
def test_a_tax_that_cannot_be_used_holds_the_deal(row: Any, rules: Any, code: str, said: str) -> None:
    problem = only(row, **rules)
    assert isinstance(problem, Problem) and problem.code == code
    assert said in problem.message and problem.path == "invoice.tax"


@pytest.mark.parametrize(
    ("policy", "code", "expected"),
    [
        ("ignore", "B-1", None),
        ("match", "B-1", "B-1"),
        ("match", "", None),
        ("match", "x" * 30, "x" * 30),
        ("ignore", "x" * 31, None),
    ],
)
def test_item_codes(policy: str, code: str, expected: str | None) -> None:
    line = only(a_row(product_code=code), items=policy)
    assert isinstance(line, InvoiceLine) and line.item_code == expected


def test_an_item_code_over_30_characters_is_held_and_never_cut() -> None:
    problem = only(a_row(product_code="x" * 31), items="match")
    assert isinstance(problem, Problem) and problem.code == "item_unsupported"


@pytest.mark.parametrize(
    ("items", "held"),
    [(None, False), (frozenset({"B-1"}), False), (frozenset({"B-2"}), True), (frozenset[str](), True)],
)
def test_a_product_that_is_no_item_in_xero_is_held(items: frozenset[str] | None, held: bool) -> None:
    found = draft_lines(a_deal(), a_document(), invoice_rules(items="match"), some_books(items=items))
    assert isinstance(found, Problem) is held
    if isinstance(found, Problem):
        assert found.code == "item_unknown" and "B-1" in found.message and "--retry" in found.hint


@pytest.mark.parametrize(
    ("row", "description"),
    [
        (a_row(), "Bench"),
        (a_row(description="Oak, 2 m"), "Bench\nOak, 2 m"),
        (a_row(description="  Bench "), "Bench"),
        (a_row(product_name="", description="Labour"), "Labour"),
        (a_row(product_name=" ", description=""), "Item"),
        (a_row("-2", "50", description="Returned"), "Bench\nReturned\n-2 × 50"),
        (a_row("3", "33.33333", "1.50"), "Bench\n3 × 33.33333 less 1.5"),
        (a_row(description="Line one\nLine two & <b>bold</b> 🌞"), "Bench\nLine one\nLine two & <b>bold</b> 🌞"),
        (a_row(product_name="x" * 5000), "x" * 4000),
    ],
)
def test_descriptions(row: Any, description: str) -> None:
    line = only(row)
    assert isinstance(line, InvoiceLine) and line.description == description


def test_the_figures_of_a_folded_row_survive_the_longest_description() -> None:
    line = only(a_row("3", "33.33333", description="y" * 5000))
    assert isinstance(line, InvoiceLine)
    assert len(line.description) == 4000
    assert line.description.startswith("Bench\nyyy") and line.description.endswith("y\n3 × 33.33333")


def test_a_row_of_three_decimals_is_held() -> None:
    problem = only(a_row(net=Decimal("10.005")))
    assert isinstance(problem, Problem) and problem.code == "amount_inexact"
    assert "10.005" in problem.message


def test_lines_keep_the_rows_order_and_the_first_problem_wins() -> None:
    rows = [a_row(product_name=name) for name in ("One", "Two", "Three")]
    assert [line.description for line in priced(rows, invoice_rules())] == ["One", "Two", "Three"]
    bad = [a_row(), a_row(taxes=(Tax("PST", Decimal(7)),)), a_row(net=Decimal("0.001"))]
    problem = draft_lines(a_deal(), a_document(*bad), invoice_rules(), BOOKS)
    assert isinstance(problem, Problem) and problem.code == "tax_unmapped"


def test_no_rows_is_a_problem() -> None:
    problem = draft_lines(a_deal(), a_document(a_row(), lines=()), invoice_rules(), BOOKS)
    assert isinstance(problem, Problem) and problem.code == "no_lines"


@pytest.mark.parametrize(
    ("territory", "expected"),
    [("North", (TrackingOption("Region", "North"),)), (" North ", (TrackingOption("Region", "North"),)), ("", ())],
)
def test_tracking_is_left_out_where_the_deal_says_nothing(territory: str, expected: Any) -> None:
    rules = invoice_rules(tracking=(TrackingRule("Region", Template.parse("{Territory}")),))
    lines = draft_lines(a_deal(fields={"Territory": territory}), a_document(), rules, BOOKS)
    assert not isinstance(lines, Problem) and lines[0].tracking == expected
