"""The report: what is counted, and what a deal's line says after each outcome."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from core_samples import (
    DEAL,
    a_contact_draft,
    a_record,
    a_xero_invoice,
    an_invoice_draft,
)

from zoho_xero_sync.core.model import Action, Change, ContactStep, DealState, InvoiceStep, Problem
from zoho_xero_sync.core.report import ACTIONS, COUNTS, ContactResult, DealResult, InvoiceResult, count
from zoho_xero_sync.core.results import planned, uncertain, waiting, with_invoice, with_problem

D = Decimal
PROBLEM = Problem("total_mismatch", f"deal {DEAL}", "The totals differ.", f"zoho-xero-sync resolve {DEAL} --retry")


def a_result(action: str, deal_id: str = DEAL, contact: Any = None, invoice: bool = False) -> DealResult:
    made = InvoiceResult(None, None, "DRAFT", D("110.00"), "AUD", action) if invoice else None
    return DealResult(deal_id, "Fit-out", "Closed Won", action, contact=contact, invoice=made)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], {}),
        ([a_result("create", invoice=True), a_result("create", "2", invoice=True)], {"invoices_created": 2}),
        ([a_result("update", invoice=True)], {"invoices_updated": 1}),
        ([a_result("void", invoice=True)], {"invoices_voided": 1}),
        ([a_result("adopt", invoice=True)], {"adopted": 1}),
        ([a_result("hold"), a_result("reject", "2")], {"held": 1, "rejected": 1}),
        ([a_result("uncertain", invoice=True)], {"uncertain": 1}),
        ([a_result("pending", invoice=True)], {"pending": 1}),
        ([a_result("unchanged"), a_result("skip", "2")], {"unchanged": 1}),
        ([a_result("contact_only", contact=ContactResult("c", "A", "update"))], {"contacts_updated": 1}),
        ([a_result("create", contact=ContactResult(None, "A", "create"), invoice=True)],
         {"contacts_created": 1, "invoices_created": 1}),
        ([a_result("create", contact=ContactResult("c", "A", "adopt"), invoice=True)], {"invoices_created": 1}),
    ],
)  # fmt: skip
def test_what_is_counted(results: list[DealResult], expected: dict[str, int]) -> None:
    assert count(tuple(results)) == dict.fromkeys(COUNTS, 0) | {"seen": len(results)} | expected


@pytest.mark.parametrize("contact_id", [None, "c-1"], ids=["in a dry run", "made"])
def test_a_contact_that_deals_share_counts_once(contact_id: str | None) -> None:
    shared = ContactResult(contact_id, "Example Trading", "create")
    results = tuple(a_result("create", str(number), shared, invoice=True) for number in range(3))
    assert count(results)["contacts_created"] == 1 and count(results)["invoices_created"] == 3


def an_action(**changes: Any) -> Action:
    draft = an_invoice_draft()
    values: dict[str, Any] = {
        "deal_id": DEAL,
        "deal_name": "Fit-out",
        "stage": "Closed Won",
        "action": "create",
        "reason": "entered Closed Won",
        "contact": ContactStep("create", a_contact_draft(), None, (Change("Name", None, "Example Trading"),)),
        "invoice": InvoiceStep(
            "create", draft, "AUTHORISED", draft.total, "AUD", changes=(Change("Total", None, "110.00"),)
        ),
    }
    return Action(**(values | changes))


def test_a_planned_line_has_everything_but_ids() -> None:
    result = planned(an_action())
    assert result.contact == ContactResult(None, "Example Trading", "create")
    assert result.invoice == InvoiceResult(None, None, "AUTHORISED", D("110.00"), "AUD", "create")
    assert [change.field for change in result.changes] == ["Name", "Total"]
    assert (result.action, result.reason, result.next_step) == ("create", "entered Closed Won", None)


def test_an_applied_line_shows_what_xero_returned() -> None:
    found = a_xero_invoice(number="INV-0042", status="PAID", total=D("109.00"))
    result = with_invoice(planned(an_action(), contact_id="c-1"), found)
    assert result.contact is not None and result.contact.id == "c-1"
    assert result.invoice == InvoiceResult(found.id, "INV-0042", "PAID", D("109.00"), "AUD", "create")


def test_a_voided_line_keeps_the_total_that_was_voided() -> None:
    step = InvoiceStep("void", None, "VOIDED", D("110.00"), "AUD", "i-1", "INV-1", advance=True)
    result = with_invoice(planned(an_action(action="void", invoice=step)), a_xero_invoice(status="VOIDED", total=D(0)))
    assert result.invoice is not None
    assert (result.invoice.total, result.invoice.status) == (D("110.00"), "VOIDED")


def test_a_held_line_shows_no_invoice_that_does_not_exist() -> None:
    result = with_problem(planned(an_action(), "hold"), PROBLEM)
    assert (result.action, result.invoice, result.changes) == ("hold", None, ())
    assert (result.reason, result.next_step) == (PROBLEM.message, PROBLEM.hint)
    step = InvoiceStep("update", an_invoice_draft(), "DRAFT", D("110.00"), "AUD", "i-1", "INV-1")
    kept = with_problem(planned(an_action(invoice=step), "reject"), PROBLEM)
    assert kept.invoice is not None and kept.invoice.id == "i-1"


def test_an_unchanged_line_shows_no_changes() -> None:
    assert planned(an_action(action="unchanged")).changes == ()


def test_an_unknown_outcome_says_that_xero_is_asked_first() -> None:
    result = uncertain(planned(an_action()))
    assert result.action == "uncertain" and "Xero is asked before anything is sent again" in (result.reason or "")
    assert result.next_step


@pytest.mark.parametrize(("state", "action"), [(DealState.HELD, "hold"), (DealState.REJECTED, "reject")])
def test_a_deal_that_waits_says_why_and_what_to_type(state: DealState, action: str) -> None:
    result = waiting(a_record(state=state, problem=PROBLEM))
    assert (result.action, result.reason, result.next_step) == (action, PROBLEM.message, PROBLEM.hint)
    assert action in ACTIONS
