"""An approved invoice leaves by e-mail once, ever: when it is wanted, and what each answer of Xero means for it.

Sending is not idempotent in Xero: each call sends again, whatever its key. What may have been sent is never sent again
by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zoho_xero_sync.core.model import (
    Change,
    DealState,
    EmailNote,
    EmailState,
    Event,
    InvoiceStatus,
    InvoiceStep,
    NewOperation,
    Operation,
    OperationKind,
    OperationState,
    Problem,
)
from zoho_xero_sync.core.outcome import AnyOutcome, NotSent, Rejected, Unknown
from zoho_xero_sync.core.recording import Moment
from zoho_xero_sync.core.rules import StageRule
from zoho_xero_sync.core.settlement import DealSettlement, OperationAnswer

# The problem codes of deals whose invoice did not leave, or perhaps did.
REFUSED, UNKNOWN = "email_refused", "email_unknown"


def with_delivery(step: InvoiceStep, rule: StageRule | None) -> InvoiceStep:
    """The step with what its rule says about e-mail, where this very step approves the invoice.

    An invoice that stands approved already, whoever did it, is left alone, and so is one that left already.
    """
    approves = step.action == "create" or (step.action == "update" and step.advance)
    left = step.current is not None and step.current.sent_to_contact
    if rule is None or not rule.email or not approves or left or step.status != InvoiceStatus.AUTHORISED:
        return step
    if rule.email == "sent":
        return replace(step, delivery="sent", changes=(*step.changes, Change("SentToContact", None, "true")))
    return replace(step, delivery="email")


def emails(rules: Sequence[StageRule]) -> bool:
    """Whether any rule has invoices e-mailed."""
    return any(rule.email is True for rule in rules)


def email_operation(note: EmailNote, number: str) -> NewOperation:
    """The journal's line for an invoice that is about to be e-mailed."""
    return NewOperation(OperationKind.EMAIL_INVOICE, note.deal_id, note.invoice_id, {"number": number})


def email_answer(operation: Operation, outcome: AnyOutcome, moment: Moment) -> OperationAnswer | None:
    """What the ledger records for this outcome; None for an unknown one, which stays in flight.

    One that was refused stays wanted: it is tried again once a person has let the deal go on.
    """
    if isinstance(outcome, Unknown):
        return None
    if isinstance(outcome, NotSent):
        return OperationAnswer(operation.id, OperationState.NOT_SENT, message=outcome.reason)
    if isinstance(outcome, Rejected) and says_limit(outcome.message):
        return OperationAnswer(operation.id, OperationState.NOT_SENT, message=outcome.message)
    if isinstance(outcome, Rejected):
        problem = email_refused(operation, outcome.message)
        settlement = _held(operation, problem, moment)
        return OperationAnswer(operation.id, OperationState.REJECTED, message=outcome.message, settlement=settlement)
    return OperationAnswer(
        operation.id,
        OperationState.APPLIED,
        remote_id=operation.identity,
        event=Event(moment.at, moment.run_id, operation.subject, "invoice_emailed", dict(operation.effect)),
        email=EmailNote(operation.identity, operation.subject, EmailState.SENT),
    )


def doubt(operation: Operation, moment: Moment, *, hold: bool) -> OperationAnswer:
    """The answer of an e-mail that stays unknown for good: it waits for a person, and the deal too if it is to."""
    problem = email_unknown(operation.subject, operation.effect.get("number", ""))
    return OperationAnswer(
        operation.id,
        OperationState.REVIEW,
        message=problem.message,
        settlement=_held(operation, problem, moment) if hold else None,
        email=EmailNote(operation.identity, operation.subject, EmailState.DOUBTFUL),
    )


def ended(operation: Operation) -> OperationAnswer:
    """The answer of an e-mail whose invoice was voided or deleted meanwhile: nothing is left to send."""
    note = EmailNote(operation.identity, operation.subject, EmailState.DROPPED)
    return OperationAnswer(operation.id, OperationState.NOT_SENT, message="the invoice was ended", email=note)


def says_limit(message: str) -> bool:
    """Whether Xero refused because as many e-mails left today as the organisation may send.

    1,000 a day, 20 from a trial organisation, none from a demo company
    (developer.xero.com/documentation/api/accounting/invoices, emailing an invoice); the sentence is not documented.
    """
    said = message.casefold()
    return "limit" in said and ("daily" in said or "day" in said or "email" in said)


def email_refused(operation: Operation, message: str) -> Problem:
    """Why a deal waits whose invoice Xero did not e-mail, in Xero's own words."""
    deal_id, number = operation.subject, operation.effect.get("number", "")
    advice = "Correct the cause in Xero"
    if "address" in message.casefold():
        advice = "Give the contact an e-mail address in Xero (or the customer in Zoho)"
    return Problem(
        REFUSED,
        f"deal {deal_id}",
        f"Invoice {number} stands, but Xero did not e-mail it: {message}",
        f"{advice}, then type: zoho-xero-sync resolve {deal_id} --retry  or send it by hand and type: "
        f"zoho-xero-sync resolve {deal_id} --skip",
    )


def email_unknown(deal_id: str, number: str) -> Problem:
    """Why a deal waits whose invoice was perhaps e-mailed."""
    return Problem(
        UNKNOWN,
        f"deal {deal_id}",
        f"Invoice {number} was perhaps e-mailed: Xero's answer was lost, and Xero does not call the invoice sent.",
        "Look at the invoice's history in Xero. If it was sent, or should not be, type: "
        f"zoho-xero-sync resolve {deal_id} --skip  and to have it sent once more: "
        f"zoho-xero-sync resolve {deal_id} --retry",
    )


def _held(operation: Operation, problem: Problem, moment: Moment) -> DealSettlement:
    told = {"code": problem.code, "message": problem.message}
    event = Event(moment.at, moment.run_id, operation.subject, "held", told)
    return DealSettlement(operation.subject, DealState.HELD, problem, moment.rules, event)
