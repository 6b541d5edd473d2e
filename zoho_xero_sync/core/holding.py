"""The words of a plan: actions with their reason, and deals that wait with the command that settles them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zoho_xero_sync.core.drafted import Drafted
from zoho_xero_sync.core.model import Action, Change, InvoiceLink, Problem, XeroInvoice


def plain(item: Drafted, action: str, reason: str) -> Action:
    """An action of this name, with its reason."""
    return Action(item.deal.id, item.deal.name, item.deal.stage, action, reason)


def hold(item: Drafted, problem: Problem) -> Action:
    """The deal waits for a person."""
    subject = f"deal {item.deal.id}"
    settled = problem if problem.subject == subject else replace(problem, subject=subject)
    return replace(plain(item, "hold", settled.message), problem=settled)


def waiting(item: Drafted, code: str, message: str, advice: str, *, settle: str = "--retry") -> Problem:
    """Why the deal waits, what to do, and the command that settles it after that."""
    command = f"zoho-xero-sync resolve {item.deal.id} {settle}"
    return Problem(code, f"deal {item.deal.id}", message, f"{advice}, then type: {command}")


def gone(item: Drafted, number: str, status: str) -> Problem:
    """Why a deal waits whose invoice a person ended."""
    return waiting(
        item,
        "invoice_gone",
        f"Invoice {number} of this deal is {status} in Xero; it is not made again.",
        "Invoice the deal by hand if it still should be",
        settle="--skip",
    )


def document_invoiced(item: Drafted, document: str, rival: InvoiceLink) -> Problem:
    """Why a deal waits whose document another deal's invoice bills; its path is that invoice's id."""
    command = f"zoho-xero-sync resolve {item.deal.id}"
    return Problem(
        "document_invoiced",
        f"deal {item.deal.id}",
        f"The deal's {document} is already invoiced: invoice {rival.number} bills it for deal {rival.deal_id}, "
        "which may have been merged into this one.",
        f"Void invoice {rival.number} in Xero if this deal should get its own, then type: {command} --retry; "
        f"or leave it at that invoice: {command} --skip",
        rival.invoice_id,
    )


def rival_of(problem: Problem | None) -> str | None:
    """The id of the invoice that bills the document of a deal which waits for that; None for what else it waits for."""
    return problem.path if problem is not None and problem.code == "document_invoiced" else None


def several_invoices(deal_id: str, live: Sequence[XeroInvoice]) -> Problem:
    """Why a deal waits that several live invoices carry."""
    numbers = ", ".join(f"{invoice.number} ({invoice.status})" for invoice in live)
    return Problem(
        "several_invoices",
        f"deal {deal_id}",
        f"Xero holds {len(live)} invoices for this deal: {numbers}.",
        f"Void the wrong ones in Xero, then type: zoho-xero-sync resolve {deal_id} --retry",
    )


def listed(changes: Sequence[Change]) -> str:
    """The changes in one line, the last ones when they are many."""
    shown = [f"{change.field} {change.before or '(none)'} → {change.after or '(none)'}" for change in changes[-3:]]
    more = f" and {len(changes) - 3} more fields" if len(changes) > 3 else ""
    return "; ".join(shown) + more
