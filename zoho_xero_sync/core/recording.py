"""What is remembered of a write: before it is sent, enough to record its answer from the journal alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from zoho_xero_sync.core.describe import as_sent, contact_fields, noted_time, sent_invoice
from zoho_xero_sync.core.model import (
    Action,
    ContactStep,
    CustomerKey,
    CustomerLink,
    DealState,
    EmailNote,
    EmailState,
    Event,
    InvoiceLink,
    InvoiceStep,
    NewOperation,
    Operation,
    OperationKind,
    OperationState,
    Problem,
    XeroContact,
    XeroInvoice,
    XeroItem,
)
from zoho_xero_sync.core.money import money_text
from zoho_xero_sync.core.outcome import AnyOutcome, NotSent, Rejected, Unknown
from zoho_xero_sync.core.settlement import DealSettlement, OperationAnswer
from zoho_xero_sync.core.stages import CLOSED
from zoho_xero_sync.core.standing import worked_on

_EVENTS = {
    OperationKind.CREATE_INVOICE: "invoice_created",
    OperationKind.UPDATE_INVOICE: "invoice_updated",
    OperationKind.VOID_INVOICE: "invoice_voided",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """Which run records, under which rules, and when."""

    run_id: str
    rules: str
    at: datetime


def customer_subject(customer: CustomerKey) -> str:
    """The journal's name of a customer."""
    return f"{customer.module}:{customer.id}"


def contact_operation(step: ContactStep) -> NewOperation:
    """The journal's line for a contact step that writes."""
    kind = OperationKind.CREATE_CONTACT if step.contact_id is None else OperationKind.UPDATE_CONTACT
    draft = step.draft
    effect = {
        "module": draft.customer.module,
        "id": draft.customer.id,
        "number": draft.number,
        "name": draft.name,
        "sent": as_sent(contact_fields(draft)),
        "person": draft.person,
    }
    return NewOperation(kind, customer_subject(draft.customer), step.contact_id or draft.number, effect)


def contact_events(actions: Sequence[Action], moment: Moment) -> list[Event]:
    """What is told once of customers that people changed or merged in Xero, with the first of their deals."""
    told: dict[CustomerKey, list[Event]] = {}
    for action in actions:
        step = action.contact
        if step is None or step.draft.customer in told:
            continue
        events: list[Event] = []
        if step.merged_from:
            detail = {"contact": step.draft.name, "contact_id": step.contact_id or "", "merged_from": step.merged_from}
            events.append(Event(moment.at, moment.run_id, action.deal_id, "contact_merged", detail))
        if step.kept:
            left = {change.field: f"{change.before} (Zoho: {change.after or 'empty'})" for change in step.kept}
            events.append(Event(moment.at, moment.run_id, action.deal_id, "contact_kept", left))
        told[step.draft.customer] = events
    return [event for events in told.values() for event in events]


def invoice_operation(
    deal_id: str, step: InvoiceStep, contact_id: str, link: InvoiceLink | None = None
) -> NewOperation:
    """The journal's line for an invoice step that writes. `link` is that of the invoice which is changed."""
    kind = OperationKind(f"{step.action}_invoice")
    effect = {"total": str(step.total), "currency": step.currency, "status": step.status, "contact_id": contact_id}
    if step.draft is not None and (step.content or step.adopting or step.current is None):
        effect["sent"] = sent_invoice(step.draft)
    if step.delivery == "email":
        effect["email"] = EmailState.WANTED.value
    if step.draft is not None and step.draft.part_number > 1:
        effect["part"] = str(step.draft.part_number)
    if step.more:
        effect["more"] = "true"
    if link is not None and worked_on(link, step.current):
        effect["worked_on"] = "true"
    if step.current is None and step.draft is not None:
        return NewOperation(kind, deal_id, step.draft.url, effect | {"number": step.draft.number or ""})
    return NewOperation(kind, deal_id, step.invoice_id or "", effect)


def answer_for(
    operation: Operation, outcome: AnyOutcome, previous: InvoiceLink | None, moment: Moment
) -> OperationAnswer | None:
    """What the ledger records for this outcome; None for an unknown one, which stays in flight.

    That of an e-mail has rules of its own (core/emailing.py).
    """
    if isinstance(outcome, Unknown):
        return None
    if isinstance(outcome, NotSent):
        return OperationAnswer(operation.id, OperationState.NOT_SENT, message=outcome.reason)
    if isinstance(outcome, Rejected):
        return _rejected(operation, outcome.message, moment)
    if isinstance(outcome.item, XeroContact):
        return _contact_applied(operation, outcome.item)
    if isinstance(outcome.item, XeroItem):
        return OperationAnswer(operation.id, OperationState.APPLIED, remote_id=outcome.item.id)
    if isinstance(outcome.item, XeroInvoice):
        return _invoice_applied(operation, outcome.item, previous, moment)
    raise ValueError(f"{outcome.item} is no answer to {operation.kind}")


def _rejected(operation: Operation, message: str, moment: Moment) -> OperationAnswer:
    if operation.kind not in _EVENTS:
        return OperationAnswer(operation.id, OperationState.REJECTED, message=message)
    problem = refusal(operation.subject, message)
    event = Event(moment.at, moment.run_id, operation.subject, "invoice_refused", {"message": message})
    settlement = DealSettlement(operation.subject, refused_state(problem), problem, moment.rules, event)
    return OperationAnswer(operation.id, OperationState.REJECTED, message=message, settlement=settlement)


def refusal(deal_id: str, message: str) -> Problem:
    """The problem of a deal whose invoice Xero refused, in Xero's own words."""
    if says_archived(message):
        return archived_contact(deal_id, message)
    if says_number_taken(message):
        return Problem(
            "number_taken",
            f"deal {deal_id}",
            f"Xero has another invoice with the number this deal would get, and it does not carry this deal: {message}",
            "Change the number of that invoice in Xero, or invoice.number in the configuration ({id} is always "
            f"unique), then type: zoho-xero-sync resolve {deal_id} --retry",
        )
    if says_locked(message):
        return Problem(
            "date_locked",
            f"deal {deal_id}",
            f"Xero refused the invoice, which is dated in a locked period: {message}",
            f"Move the lock date in Xero, then type: zoho-xero-sync resolve {deal_id} --retry "
            "(or --skip to leave it as it is)",
        )
    return Problem(
        "xero_refused",
        f"deal {deal_id}",
        f"Xero refused the invoice: {message}",
        f"Correct the cause, then type: zoho-xero-sync resolve {deal_id} --retry",
    )


def refused_state(problem: Problem) -> DealState:
    """Where a deal stands whose write Xero refused: held when a person has to choose, else rejected."""
    return DealState.HELD if problem.code in ("contact_archived", "number_taken") else DealState.REJECTED


def says_number_taken(message: str) -> bool:
    """Whether Xero refused a new invoice because another one has its number: "Invoice # must be unique".

    developer.xero.com/documentation/api/accounting/invoices, InvoiceNumber: unique among sales invoices.
    """
    said = message.casefold()
    return "unique" in said and ("invoice #" in said or "invoice number" in said or "invoicenumber" in said)


def says_locked(message: str) -> bool:
    """Whether Xero refused a write because the document is dated before a lock date."""
    said = message.casefold()
    return "period lock date" in said or "end of year lock date" in said


def says_archived(message: str) -> bool:
    """Whether Xero refused a write because its contact is archived, which a merged contact is too."""
    said = message.casefold()
    return "contact" in said and "archived" in said and "account code" not in said


def archived_contact(deal_id: str, message: str) -> Problem:
    """The problem of a deal whose customer is linked to a contact that was archived or merged away since."""
    return Problem(
        "contact_archived",
        f"deal {deal_id}",
        f"The Xero contact of the deal's customer was archived, or merged into another one: {message}",
        "Link the contact that took its place (its ContactID or ContactNumber): zoho-xero-sync resolve "
        f"{deal_id} --link-contact CONTACT  or restore it in Xero and type: zoho-xero-sync resolve {deal_id} --retry",
    )


def _contact_applied(operation: Operation, contact: XeroContact) -> OperationAnswer:
    effect = operation.effect
    customer = CustomerKey(effect["module"], effect["id"])
    number, person = contact.number or effect["number"], effect.get("person") or None
    link = CustomerLink(customer, contact.id, number, contact.name, effect["sent"], person)
    return OperationAnswer(operation.id, OperationState.APPLIED, remote_id=contact.id, customer=link)


def _invoice_applied(
    operation: Operation, invoice: XeroInvoice, previous: InvoiceLink | None, moment: Moment
) -> OperationAnswer:
    effect = operation.effect
    sent = effect.get("sent") or (previous.sent if previous else None)
    link = InvoiceLink(
        deal_id=operation.subject,
        invoice_id=invoice.id,
        number=invoice.number or (previous.number if previous else effect.get("number", "")),
        status=invoice.status,
        currency=invoice.currency or effect["currency"],
        total=Decimal(effect["total"]) if operation.kind is OperationKind.VOID_INVOICE else invoice.total,
        sent=sent,
        updated_at=None if "worked_on" in effect else noted_time(sent, invoice),
        live=invoice.status not in CLOSED,
        due=invoice.due,
        paid_on=invoice.paid_on,
        part=previous.part if previous else int(effect.get("part", "1")),
        document=previous.document if previous else None,
    )
    expected, currency = Decimal(effect["total"]), effect["currency"]
    problem = total_difference(operation.subject, operation.kind, expected, currency, invoice)
    detail = {"number": link.number, "status": link.status, "total": money_text(link.total, link.currency)}
    event = Event(moment.at, moment.run_id, operation.subject, _EVENTS[operation.kind], detail)
    state = DealState.HELD if problem else DealState.PENDING if "more" in effect else DealState.SEEN
    settlement = DealSettlement(operation.subject, state, problem, moment.rules if problem else None, event)
    return OperationAnswer(
        operation.id,
        OperationState.APPLIED,
        remote_id=invoice.id,
        invoice=link,
        settlement=settlement,
        email=_email_wanted(operation, invoice),
    )


def _email_wanted(operation: Operation, invoice: XeroInvoice) -> EmailNote | None:
    """The note of an invoice that was approved to be e-mailed, unless it left already."""
    if "email" not in operation.effect or invoice.sent_to_contact or invoice.status in CLOSED:
        return None
    return EmailNote(invoice.id, operation.subject, EmailState.WANTED)


def total_difference(
    deal_id: str, kind: OperationKind, total: Decimal, currency: str, invoice: XeroInvoice
) -> Problem | None:
    """The returned total is compared again: what Xero computed is what counts. None when it is as expected."""
    if kind is OperationKind.VOID_INVOICE or invoice.total == total:
        return None
    return Problem(
        "xero_total_differs",
        f"deal {deal_id}",
        f"Invoice {invoice.number} totals {money_text(invoice.total, currency)} {currency} in Xero "
        f"and {money_text(total, currency)} was expected.",
        f"Correct the invoice in Xero, then type: zoho-xero-sync resolve {deal_id} --retry",
        "Total",
    )
