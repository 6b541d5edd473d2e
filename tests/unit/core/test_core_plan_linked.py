"""The plan for a deal that has its invoice: moved on, changed, or changed by a person in Xero."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from core_samples import (
    DEAL,
    LATER,
    a_link,
    a_xero_invoice,
    an_invoice_draft,
)
from plan_samples import (
    CREDITED,
    DEARER,
    DRAFT,
    DRAFT_LINK,
    LINK,
    PAID,
    RULES,
    SENT,
    UPDATES,
    D,
    held,
    linked,
)

from zoho_xero_sync.core.describe import as_sent, invoice_fields
from zoho_xero_sync.core.model import (
    InvoiceDraft,
    InvoiceLink,
    InvoiceStatus,
    XeroLine,
)
from zoho_xero_sync.core.plan import (
    needs_current,
    plan_deal,
)


def test_a_touched_deal_changes_nothing_and_asks_nothing() -> None:
    action = plan_deal(linked(current=None), RULES)
    assert (action.action, action.reason) == ("unchanged", "nothing that the invoice depends on changed")
    assert action.invoice is not None and action.invoice.invoice_id == LINK.invoice_id


@pytest.mark.parametrize("status", ["VOIDED", "DELETED"])
@pytest.mark.parametrize("draft", [DRAFT, DEARER])
def test_a_linked_invoice_that_a_person_ended_is_not_made_again(status: str, draft: InvoiceDraft) -> None:
    found = linked(DRAFT_LINK, a_xero_invoice(status=status), invoice=draft)
    assert status in held(plan_deal(found, RULES), "invoice_gone").message


@pytest.mark.parametrize("link", [DRAFT_LINK, replace(LINK, sent="{}")], ids=["to move on", "to change"])
def test_a_linked_invoice_that_xero_does_not_show_is_not_passed_over(link: InvoiceLink) -> None:
    """The look-up was needed and found nothing: the deal waits with a reason, it is not called unchanged."""
    found = linked(link, None)
    assert needs_current(found, UPDATES)
    assert link.number in held(plan_deal(found, UPDATES), "invoice_gone").message


@pytest.mark.parametrize(
    ("now", "target"),
    [("DRAFT", "SUBMITTED"), ("DRAFT", "AUTHORISED"), ("SUBMITTED", "AUTHORISED")],
)
def test_a_deal_that_moves_on_moves_its_invoice_on(now: str, target: str) -> None:
    draft = an_invoice_draft(status=InvoiceStatus(target))
    action = plan_deal(linked(DRAFT_LINK, a_xero_invoice(status=now), invoice=draft), RULES)
    assert (action.action, action.reason) == ("update", "moved on to Closed Won")
    step = action.invoice
    assert step is not None and (step.content, step.advance, step.status) == (False, True, target)
    assert [(change.field, change.before, change.after) for change in step.changes] == [("Status", now, target)]


@pytest.mark.parametrize(
    ("now", "target"),
    [("AUTHORISED", "AUTHORISED"), ("PAID", "AUTHORISED"), ("AUTHORISED", "DRAFT"), ("SUBMITTED", "SUBMITTED")],
)
def test_a_status_that_a_person_reached_already_is_never_posted_again(now: str, target: str) -> None:
    """The ledger still says DRAFT, so Xero was asked; there the invoice is as far already, or further."""
    draft = an_invoice_draft(status=InvoiceStatus(target))
    action = plan_deal(linked(DRAFT_LINK, a_xero_invoice(status=now), invoice=draft), RULES)
    assert action.action == "unchanged"
    assert action.invoice is not None and not action.invoice.advance and action.invoice.status == now


@pytest.mark.parametrize(("now", "target"), [("DRAFT", "DRAFT"), ("SUBMITTED", "DRAFT")])
def test_a_changed_deal_changes_its_draft_and_leaves_the_status(now: str, target: str) -> None:
    draft = replace(DEARER, status=InvoiceStatus(target))
    action = plan_deal(linked(DRAFT_LINK, a_xero_invoice(status=now), invoice=draft), RULES)
    assert (action.action, action.reason) == ("update", "the deal changed")
    step = action.invoice
    assert step is not None and (step.content, step.advance, step.status) == (True, False, now)
    assert {change.field: (change.before, change.after) for change in step.changes} == {
        "LineItems[1].UnitAmount": ("100", "120"),
        "Total": ("110.00", "132.00"),
    }


def test_a_deal_that_moved_on_and_changed_does_both() -> None:
    action = plan_deal(linked(DRAFT_LINK, a_xero_invoice(status="DRAFT"), invoice=DEARER), RULES)
    assert (action.action, action.reason) == ("update", "moved on to Closed Won and changed")
    step = action.invoice
    assert step is not None and step.content and step.advance and step.total == D("132.00")
    assert step.changes[-1].field == "Status"


CHANGED_CASES = [
    # rules, invoice in Xero -> held under this code, or updated
    ("approved, hold", RULES, {"status": "AUTHORISED"}, "changed_after_approval"),
    ("approved, update", UPDATES, {"status": "AUTHORISED"}, None),
    ("part paid, update", UPDATES, {"status": "AUTHORISED"} | PAID, "changed_after_approval"),
    ("credited, update", UPDATES, {"status": "AUTHORISED"} | CREDITED, "changed_after_approval"),
    ("paid, update", UPDATES, {"status": "PAID", "amount_paid": D("110.00")}, "changed_after_approval"),
    ("paid by credit, update", UPDATES, {"status": "PAID", "amount_credited": D("110.00")}, "changed_after_approval"),
    ("paid, hold", RULES, {"status": "PAID", "amount_paid": D("110.00")}, "changed_after_approval"),
    ("another total, update", UPDATES, {"status": "AUTHORISED", "total": D("99.00")}, "changed_in_xero"),
    ("another total in a draft", RULES, {"status": "DRAFT", "total": D("99.00")}, "changed_in_xero"),
    ("reworded, update", UPDATES, {"reference": "By hand", "updated_at": LATER}, "changed_in_xero"),
    ("another due date, update", UPDATES, {"updated_at": LATER}, None),
]


@pytest.mark.parametrize("case", CHANGED_CASES, ids=[case[0] for case in CHANGED_CASES])
def test_a_deal_that_changed_after_its_invoice_was_made(case: Any) -> None:
    _, rules, now, code = case
    lines = {"lines": _as_lines(DRAFT)}
    action = plan_deal(linked(current=a_xero_invoice(**(lines | now)), invoice=DEARER), rules)
    if code:
        problem = held(action, code)
        assert "INV-0001" in problem.message and f"resolve {DEAL} --retry" in problem.hint
    else:
        assert action.action == "update"
        assert action.invoice is not None and action.invoice.content and not action.invoice.advance


def _as_lines(draft: InvoiceDraft) -> Any:
    return tuple(
        XeroLine(
            f"line-{number}",
            line.description,
            line.quantity,
            line.unit_amount,
            line.line_amount,
            line.tax_amount,
            line.account_code,
            line.tax_type,
        )
        for number, line in enumerate(draft.lines)
    )


def test_a_held_change_says_what_differs() -> None:
    problem = held(plan_deal(linked(invoice=DEARER), RULES), "changed_after_approval")
    assert "LineItems[1].UnitAmount 100 → 120; Total 110.00 → 132.00" in problem.message


EDITS = [
    ("reference", {"reference": "Reworded by hand"}, "Reference"),
    ("currency", {"currency": "NZD"}, "CurrencyCode"),
    ("description", {"lines": ("description", "Bench, by hand")}, "Description"),
    ("quantity", {"lines": ("quantity", D(2))}, "Quantity"),
    ("price", {"lines": ("unit_amount", D("99.00"))}, "UnitAmount"),
    ("account", {"lines": ("account_code", "260")}, "AccountCode"),
    ("tax type", {"lines": ("tax_type", "EXEMPTOUTPUT")}, "TaxType"),
    ("a line more", {"lines": "more"}, "LineItems[2].UnitAmount"),
    ("a line less", {"lines": "none"}, "LineItems[1]"),
]


@pytest.mark.parametrize("case", EDITS, ids=[case[0] for case in EDITS])
def test_what_a_person_edited_in_xero_is_never_written_over(case: Any) -> None:
    _, edit, said = case
    lines = _as_lines(DRAFT)
    if edit.get("lines") == "more":
        edit = {"lines": (*lines, replace(lines[0], id="by hand"))}
    elif edit.get("lines") == "none":
        edit = {"lines": ()}
    elif "lines" in edit:
        edit = {"lines": (replace(lines[0], **dict([edit["lines"]])),)}
    current = a_xero_invoice(**({"status": "DRAFT", "lines": lines, "updated_at": LATER} | edit))
    draft = replace(DEARER, status=InvoiceStatus.DRAFT)
    problem = held(plan_deal(linked(DRAFT_LINK, current, invoice=draft), RULES), "changed_in_xero")
    assert said in problem.message and "132.00 AUD" in problem.message


def test_dates_that_follow_the_deal_are_not_written_over_a_person_s() -> None:
    drafts = [an_invoice_draft(dates_follow_deal=True, status=InvoiceStatus.DRAFT)]
    drafts.append(replace(DEARER, dates_follow_deal=True, status=InvoiceStatus.DRAFT))
    link = a_link(sent=as_sent(invoice_fields(drafts[0])), status="DRAFT")
    lines = _as_lines(DRAFT)
    moved = a_xero_invoice(status="DRAFT", lines=lines, updated_at=LATER, due_date=drafts[0].due_date.replace(day=31))
    problem = held(plan_deal(linked(link, moved, invoice=drafts[1]), RULES), "changed_in_xero")
    assert "DueDate 2026-12-04 → 2026-12-31" in problem.message
    kept = plan_deal(linked(link, replace(moved, due_date=drafts[0].due_date), invoice=drafts[1]), RULES)
    assert kept.action == "update"


def test_what_a_person_reworded_may_still_be_approved() -> None:
    """Only the status is sent, so nothing of theirs is lost."""
    reworded = a_xero_invoice(status="DRAFT", reference="By hand", updated_at=LATER, lines=_as_lines(DRAFT))
    action = plan_deal(linked(DRAFT_LINK, reworded), RULES)
    assert action.action == "update" and action.invoice is not None
    assert (action.invoice.content, action.invoice.advance) == (False, True)


@pytest.mark.parametrize("sent", [SENT, None], ids=["made by us", "adopted"])
def test_another_amount_is_never_approved_unseen(sent: str | None) -> None:
    current = a_xero_invoice(status="DRAFT", total=D("99.00"), updated_at=LATER, lines=_as_lines(DRAFT))
    problem = held(plan_deal(linked(replace(DRAFT_LINK, sent=sent), current), RULES), "changed_in_xero")
    assert "99.00" in problem.message and "110.00 AUD" in problem.message and "()" not in problem.message


def test_an_adopted_invoice_is_as_it_stood() -> None:
    """Nothing was carried over into it, so a difference of wording is no change; another total is."""
    adopted = replace(LINK, sent=None, status="AUTHORISED")
    reworded = replace(DRAFT, reference="Another reference")
    assert plan_deal(linked(adopted, None, invoice=reworded), RULES).action == "unchanged"
    held(plan_deal(linked(adopted, a_xero_invoice(status="AUTHORISED"), invoice=DEARER), RULES), "xero_total_differs")
    moved = plan_deal(linked(replace(adopted, status="DRAFT"), a_xero_invoice(status="DRAFT")), RULES)
    assert moved.invoice is not None and (moved.action, moved.invoice.content) == ("update", False)
