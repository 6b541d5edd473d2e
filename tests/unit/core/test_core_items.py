"""Which items invoices need, and what Xero's refusals of them mean."""

from __future__ import annotations

import pytest
from core_samples import a_deal, a_document, a_row, an_invoice_draft, an_invoice_line, invoice_rules, some_books

from zoho_xero_sync.core.items import item_operation, item_refused, new_items, says_item_exists
from zoho_xero_sync.core.lines import draft_lines
from zoho_xero_sync.core.model import Action, InvoiceLine, InvoiceStep, ItemDraft, OperationKind
from zoho_xero_sync.core.rules import ItemPolicy

HOUR = ItemDraft("HOUR", "Consulting hour", "200", "OUTPUT")


def an_action(deal_id: str, action: str, *items: ItemDraft | None, content: bool = False) -> Action:
    lines = tuple(an_invoice_line(new_item=item) for item in items)
    draft = an_invoice_draft(lines=lines)
    step = InvoiceStep(action, draft, "AUTHORISED", draft.total, "AUD", content=content)
    return Action(deal_id, "Order", "Won", action, invoice=step)


@pytest.mark.parametrize(
    ("policy", "known", "made"),
    [
        ("create", frozenset({"B-1"}), True),
        ("create", frozenset({"HOUR"}), False),
        ("create", None, False),
        ("match", None, False),
        ("ignore", frozenset(), False),
    ],
)
def test_a_line_says_which_item_is_missing(policy: ItemPolicy, known: frozenset[str] | None, made: bool) -> None:
    row = a_row(
        product_code="HOUR", product_name="Consulting  hour\nat a desk, by the window, in the first half of June"
    )
    found = draft_lines(a_deal(), a_document(row), invoice_rules(items=policy), some_books(items=known))
    assert isinstance(found, tuple)
    (line,) = found
    assert isinstance(line, InvoiceLine)
    assert (line.new_item is not None) is made
    assert line.item_code == (None if policy == "ignore" else "HOUR")
    if line.new_item:
        assert line.new_item.name == "Consulting hour at a desk, by the window, in the f"
        assert (line.new_item.account_code, line.new_item.tax_type) == (line.account_code, line.tax_type)


def test_each_code_is_needed_once_and_only_where_lines_are_sent() -> None:
    other, third = ItemDraft("B", "B", "200", "OUTPUT"), ItemDraft("C", "C", "200", "OUTPUT")
    actions = [
        an_action("1", "create", HOUR, None, HOUR),
        an_action("2", "update", ItemDraft("HOUR", "another name", "260", "EXEMPTOUTPUT"), other, content=True),
        an_action("3", "update", third),
        an_action("4", "adopt", third),
        Action("5", "Order", "Won", "hold"),
    ]
    assert list(new_items(actions).values()) == [HOUR, other]


def test_the_journal_finds_an_item_by_its_code() -> None:
    line = item_operation(HOUR)
    assert (line.kind, line.subject, line.identity) == (OperationKind.CREATE_ITEM, "Item:HOUR", "HOUR")


@pytest.mark.parametrize(
    ("message", "exists"),
    [
        ("Price List Item with Code 'HOUR' already exists", True),
        ("The Code field is too long", False),
        ("Account code '999' is not a valid code for this document.", False),
    ],
)
def test_a_taken_code_is_recognised(message: str, exists: bool) -> None:
    assert says_item_exists(message) is exists


def test_a_refusal_names_the_code_and_the_way_out() -> None:
    problem = item_refused("7", "HOUR", "The Name is too long.")
    assert problem.code == "item_refused"
    assert "HOUR" in problem.message
    assert "resolve 7 --retry" in problem.hint
