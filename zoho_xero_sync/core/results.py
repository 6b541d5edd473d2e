"""From actions to the report's lines: what a deal would come to, and what it came to."""

from __future__ import annotations

from dataclasses import replace

from zoho_xero_sync.core.model import Action, ContactStep, DealRecord, DealState, InvoiceStep, Problem, XeroInvoice
from zoho_xero_sync.core.report import ContactResult, DealResult, InvoiceResult


def planned(
    action: Action, outcome: str | None = None, *, reason: str | None = None, contact_id: str | None = None
) -> DealResult:
    """The report's line for an action as planned, or with another outcome and reason than it was planned with."""
    contact, invoice = action.contact, action.invoice
    changes = (*(contact.changes if contact else ()), *(invoice.changes if invoice else ()))
    return DealResult(
        deal_id=action.deal_id,
        deal_name=action.deal_name,
        stage=action.stage,
        action=outcome or action.action,
        reason=reason or action.reason,
        contact=_contact(contact, contact_id) if contact else None,
        invoice=_invoice(invoice) if invoice else None,
        changes=changes if action.action != "unchanged" else (),
        worth=action.worth,
    )


def _contact(step: ContactStep, contact_id: str | None) -> ContactResult:
    return ContactResult(contact_id or step.contact_id, step.draft.name, step.action)


def _invoice(step: InvoiceStep) -> InvoiceResult:
    return InvoiceResult(step.invoice_id, step.number, step.status, step.total, step.currency, step.action)


def with_invoice(result: DealResult, invoice: XeroInvoice) -> DealResult:
    """The line with the invoice as Xero returned it."""
    if result.invoice is None:
        return result
    total = result.invoice.total if result.action == "void" else invoice.total
    number = invoice.number or result.invoice.number
    known = replace(result.invoice, id=invoice.id, number=number, status=invoice.status, total=total)
    return replace(result, invoice=known)


def with_problem(result: DealResult, problem: Problem) -> DealResult:
    """The line of a deal that waits for a person. Its invoice was not made, so it shows none that does not exist."""
    kept = result.invoice if result.invoice and result.invoice.id else None
    return replace(result, reason=problem.message, next_step=problem.hint, invoice=kept, changes=())


def uncertain(result: DealResult) -> DealResult:
    """The line of a deal whose write got no answer."""
    return replace(
        result,
        action="uncertain",
        reason="the answer from Xero was lost; Xero is asked before anything is sent again",
        next_step="Run sync again: it settles this first.",
    )


def waiting(record: DealRecord) -> DealResult:
    """The line of a deal that has been waiting since an earlier run."""
    problem = record.problem
    return DealResult(
        record.deal_id,
        record.name,
        record.stage,
        "reject" if record.state is DealState.REJECTED else "hold",
        problem.message if problem else None,
        next_step=problem.hint if problem else None,
    )
