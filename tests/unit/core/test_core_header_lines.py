"""Lines for a document's own figures, and what an account or a tax must be to stand on them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from core_samples import a_deal, a_document, a_rate, a_row, an_account_of_xero, invoice_rules, some_books

from zoho_xero_sync.core.header_lines import header_lines
from zoho_xero_sync.core.model import InvoiceLine, LineRole, Problem, Tax

D = Decimal
BOOKS = some_books(
    [
        an_account_of_xero("270", account_class="EXPENSE", type="EXPENSE"),
        an_account_of_xero("300", status="ARCHIVED"),
        an_account_of_xero("320", system=True),
        an_account_of_xero("090", type="BANK", account_class="ASSET"),
    ]
)


def made(books: Any = BOOKS, *, discount: str = "0", adjustment: str = "0", taxes: Any = (), **rules: Any) -> Any:
    document = a_document(a_row(), discount=D(discount), adjustment=D(adjustment), taxes=taxes)
    return header_lines(a_deal(), document, invoice_rules(**rules), books)


@pytest.mark.parametrize(
    ("figures", "rules", "expected"),
    [
        ({}, {"header_discount": "line", "adjustment_account": "270"}, []),
        ({"discount": "5"}, {}, []),
        ({"discount": "5"}, {"header_discount": "hold"}, []),
        ({"discount": "5"}, {"header_discount": "line"}, [("discount", "200", "-5", "NONE")]),
        (
            {"discount": "5"},
            {"header_discount": "line", "header_discount_account": "270"},
            [("discount", "270", "-5", "NONE")],
        ),
        ({"adjustment": "-2"}, {}, []),
        ({"adjustment": "-2"}, {"adjustment_account": "270"}, [("adjustment", "270", "-2", "NONE")]),
        ({"adjustment": "0.125"}, {"adjustment_account": "270"}, []),
        (
            {"discount": "5", "adjustment": "1"},
            {"header_discount": "line", "adjustment_account": "270"},
            [("discount", "200", "-5", "NONE"), ("adjustment", "270", "1", "NONE")],
        ),
        (
            {"discount": "5", "taxes": (Tax("GST", D(10)),)},
            {"header_discount": "line"},
            [("discount", "200", "-5", "OUTPUT")],
        ),
    ],
)
def test_the_lines_of_a_document_s_own_figures(figures: Any, rules: Any, expected: Any) -> None:
    lines = made(**figures, **rules)
    assert [(line.role, line.account_code, plain(line), line.tax_type) for line in lines] == expected
    assert all(line.quantity == 1 and line.unit_amount == line.line_amount for line in lines)


def plain(line: InvoiceLine) -> str:
    return str(line.line_amount)


@pytest.mark.parametrize(
    ("code", "problem"),
    [("999", "account_unknown"), ("300", "account_unusable"), ("320", "account_unusable"), ("090", "account_unusable")],
)
@pytest.mark.parametrize("key", ["header_discount_account", "adjustment_account"])
def test_an_account_that_cannot_be_on_an_invoice_holds_the_deal(key: str, code: str, problem: str) -> None:
    found = made(discount="5", adjustment="1", header_discount="line", **{key: code})
    assert isinstance(found, Problem)
    assert (found.code, found.path) == (problem, f"invoice.{key}") and f"invoice.{key}" in found.hint


def test_a_discount_by_the_usual_account_names_the_usual_key() -> None:
    found = made(discount="5", header_discount="line", account="999")
    assert isinstance(found, Problem) and found.path == "invoice.account"


def test_without_an_untaxed_type_there_is_no_line_and_the_key_is_named() -> None:
    books = some_books([an_account_of_xero("270", tax_type="OUTPUT")], tax_rates={"OUTPUT": a_rate("OUTPUT", "10")})
    found = made(books, adjustment="1", adjustment_account="270")
    assert isinstance(found, Problem)
    assert (found.code, found.path) == ("tax_unknown", "invoice.adjustment_account")


def test_a_document_s_own_tax_that_is_not_mapped_holds_the_deal() -> None:
    found = made(discount="5", taxes=(Tax("Levy", D(3)),), header_discount="line")
    assert isinstance(found, Problem) and found.code == "tax_unmapped" and "'Levy' on the quote" in found.message


def test_roles_tell_the_lines_apart() -> None:
    lines = made(discount="5", adjustment="1", header_discount="line", adjustment_account="270")
    assert [line.role for line in lines] == [LineRole.DISCOUNT, LineRole.ADJUSTMENT]
