"""Settling writes whose answers were never recorded, by asking Xero before anything is sent again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from zoho_xero_sync.core.describe import differences, drift, shows
from zoho_xero_sync.core.marks import part_of
from zoho_xero_sync.core.model import (
    DealRecord,
    DealState,
    Event,
    InvoiceLink,
    Operation,
    OperationKind,
    OperationState,
    Problem,
    Write,
    XeroInvoice,
)
from zoho_xero_sync.core.money import money_text
from zoho_xero_sync.core.outcome import AnyOutcome, Applied, NotSent, Refused, Reply, Unknown
from zoho_xero_sync.core.settlement import DealSettlement, OperationAnswer
from zoho_xero_sync.core.unanswered import ABSENT, AGAIN, NEVER, is_given_up, never_answered
from zoho_xero_sync.engine.busy import subject_of_customer
from zoho_xero_sync.engine.carrying import carrying_since
from zoho_xero_sync.engine.email import settle_email
from zoho_xero_sync.engine.linking import released
from zoho_xero_sync.engine.ports import Context, LedgerDesk
from zoho_xero_sync.engine.second_look import contacts_by_number, items_by_code
from zoho_xero_sync.engine.send import Sender
from zoho_xero_sync.errors import RemoteError

# Xero keeps an Idempotency-Key for six minutes from the first call
# (developer.xero.com/documentation/guides/idempotent-requests/idempotency). A replay may itself wait for Xero's minute
# limit (a minute) and for a 429 (a minute and a half), and must still arrive while the key lives.
KEY_LIFE = timedelta(minutes=3)


_CREATES = (OperationKind.CREATE_ITEM, OperationKind.CREATE_CONTACT, OperationKind.CREATE_INVOICE)
_ABSENT = NotSent(ABSENT)
_STILL = Unknown("Xero does not show it yet")


def recover(context: Context, ledger: LedgerDesk) -> None:
    """Settle every unsettled write that can be settled now; what is still unknown stays in flight.

    Raises SyncError when Xero cannot be asked.
    """
    writes = ledger.unsettled_writes()
    for done, write in enumerate(writes, start=1):
        context.check_stop()
        _settle(context, ledger, write)
        context.progress("recovering", done, len(writes))


def _settle(context: Context, ledger: LedgerDesk, write: Write) -> None:
    """Look in Xero first: what is there is adopted, whatever the clocks say; only what is absent is sent again."""
    parts = ledger.find_parts([operation.subject for operation in write.operations])
    links = {link.invoice_id: link for found in parts.values() for link in found}
    sender = Sender(context, ledger)
    now = context.clock.now()
    fresh = _is_fresh(write.last_sent_at or write.created_at, now)
    if write.operations[0].kind is OperationKind.EMAIL_INVOICE:
        settle_email(context, ledger, write, fresh=fresh)
        return
    settled = _look(context, ledger, sender, write, links, fresh=fresh)
    creates = write.operations[0].kind in _CREATES
    whole = all(operation.state is OperationState.IN_FLIGHT for operation in write.operations)
    if settled or not (creates and whole and _is_fresh(write.created_at, now)):
        _give_up(context, ledger, write)
        return
    # Nothing of it is there and the key still lives: the identical request is answered from memory, or done once.
    ledger.record_attempt(write.id, context.clock.now())
    reply = sender.deliver(write)
    if not _says_nothing(reply):
        sender.record(write, _outcomes(write, reply), reply, links)


def _is_fresh(sent_at: datetime, now: datetime) -> bool:
    return timedelta(0) <= now - sent_at < KEY_LIFE


def _give_up(context: Context, ledger: LedgerDesk, write: Write) -> None:
    """Have the deals of a write wait for a person when its one item was sent alone often enough without an answer."""
    if len(write.operations) != 1:
        return
    subject, now = write.operations[0].subject, context.clock.now()
    attempts = ledger.unanswered([subject]).get(subject, ())
    if not attempts or attempts[-1].at != write.created_at:
        return
    if not is_given_up(attempts, now, others=ledger.was_answered_since(attempts[0].at)):
        return
    is_contact = write.operations[0].kind in (OperationKind.CREATE_CONTACT, OperationKind.UPDATE_CONTACT)
    what = "customer's contact" if is_contact else "invoice"
    settlements: list[DealSettlement] = []
    for record in ledger.pending_deals():
        if subject == (subject_of_customer(context, record) if is_contact else record.deal_id):
            problem = never_answered(record.deal_id, what, attempts)
            told = {"code": problem.code, "message": problem.message}
            event = Event(now, context.run_id, record.deal_id, "held", told)
            held = DealState.HELD
            settlements.append(DealSettlement(record.deal_id, held, problem, context.rules.fingerprint(), event))
    ledger.settle_deals(settlements)


def look_again(context: Context, ledger: LedgerDesk) -> None:
    """Release the deals that were given up and that Xero does have: their invoice is adopted by this run.

    One call for all of them; nothing is asked when there are none, and a service that fails is asked by the next run.
    """
    given_up = [record for record in ledger.waiting_deals() if record.problem and record.problem.code == NEVER]
    parts = ledger.find_parts([record.deal_id for record in given_up]) if given_up else {}
    ended = ledger.ended_invoices(list(parts))
    before = {link.invoice_id for found in ended.values() for link in found}
    links = (link for found in parts.values() for link in found)
    billed = {(link.deal_id, link.part) for link in links if link.invoice_id not in before}
    marks: dict[str, DealRecord] = {}
    begun: list[datetime] = []
    for record in given_up:
        for write in ledger.find_writes(record.deal_id):
            for operation in write.operations:
                made = operation.kind is OperationKind.CREATE_INVOICE and operation.subject == record.deal_id
                if made and (record.deal_id, part_of(operation.identity)) not in billed:
                    marks[operation.identity] = record
                    begun.append(write.created_at)
    if not marks:
        return
    try:
        found = carrying_since(context, list(marks), min(begun))
    except RemoteError:
        return
    theirs = {url: [hit for hit in hits if hit.id not in before] for url, hits in found.items() if url in marks}
    ledger.stage([released(marks[url]) for url, hits in theirs.items() if hits], None)


def _outcomes(write: Write, reply: Reply) -> Sequence[AnyOutcome]:
    """A refusal of several items as a whole names none of them: they are planned and sent anew."""
    if isinstance(reply.verdict, Refused):
        return [NotSent(reply.verdict.message) for _ in write.operations]
    return reply.verdict


def _says_nothing(reply: Reply) -> bool:
    """True for an answer that leaves the outcome open: an error kept under the key, or a quarrel about the key."""
    return not isinstance(reply.verdict, Refused) and any(isinstance(outcome, Unknown) for outcome in reply.verdict)


def _look(
    context: Context,
    ledger: LedgerDesk,
    sender: Sender,
    write: Write,
    links: Mapping[str, InvoiceLink],
    *,
    fresh: bool,
) -> bool:
    """Ask Xero what it holds; True when that settled any item.

    What is absent right after sending may still appear, so it stays unknown for a while.
    """
    kind = write.operations[0].kind
    if kind is OperationKind.CREATE_INVOICE:
        return _look_for_invoices(context, ledger, sender, write, links, fresh=fresh)
    if kind is OperationKind.CREATE_CONTACT:
        outcomes = _contact_outcomes(context, write, fresh=fresh)
    elif kind is OperationKind.CREATE_ITEM:
        outcomes = _item_outcomes(context, write, fresh=fresh)
    elif kind is OperationKind.UPDATE_CONTACT:
        # The link still says what was carried over last, so the same update is planned and sent again: it is the same.
        outcomes = [NotSent(AGAIN) for _ in write.operations]
    else:
        outcomes = _changed_outcomes(context, ledger, write, links)
    sender.record(write, outcomes, Reply(tuple(outcomes)), links)
    return any(outcome is not _STILL for outcome in outcomes)


def _contact_outcomes(context: Context, write: Write, *, fresh: bool) -> list[AnyOutcome]:
    found = contacts_by_number(context, write.operations)
    absent = _STILL if fresh else _ABSENT
    return [Applied(found[item.id]) if item.id in found else absent for item in write.operations]


def _item_outcomes(context: Context, write: Write, *, fresh: bool) -> list[AnyOutcome]:
    found = items_by_code(context, write.operations)
    absent = _STILL if fresh else _ABSENT
    return [Applied(found[item.id]) if item.id in found else absent for item in write.operations]


def _look_for_invoices(
    context: Context,
    ledger: LedgerDesk,
    sender: Sender,
    write: Write,
    links: Mapping[str, InvoiceLink],
    *,
    fresh: bool,
) -> bool:
    urls = [operation.identity for operation in write.operations]
    found = carrying_since(context, urls, write.created_at)
    outcomes: list[AnyOutcome] = []
    ended = ledger.ended_invoices([operation.subject for operation in write.operations])
    for operation in write.operations:
        before = {link.invoice_id for link in ended.get(operation.subject, ())}
        hits = [hit for hit in found.get(operation.identity, ()) if hit.id not in before]
        if len(hits) > 1:
            _review(context, ledger, write, operation, _several(operation, hits))
            outcomes.append(_STILL)
        else:
            outcomes.append(Applied(hits[0]) if hits else _STILL if fresh else _ABSENT)
    remaining = _still_in_flight(ledger, write)
    sender.record(remaining, outcomes, Reply(tuple(outcomes)), links)
    return bool(found) or any(outcome is not _STILL for outcome in outcomes)


def _changed_outcomes(
    context: Context, ledger: LedgerDesk, write: Write, links: Mapping[str, InvoiceLink]
) -> list[AnyOutcome]:
    """An update either left no trace, or shows in the invoice; anything else waits for a person."""
    found = context.xero.fetch_invoices([operation.identity for operation in write.operations])
    outcomes: list[AnyOutcome] = []
    for operation in write.operations:
        current, link = found.get(operation.identity), links.get(operation.identity)
        if current is None or (link is not None and current.updated_at == link.updated_at):
            outcomes.append(_ABSENT)
        elif _is_done(operation, link, current):
            outcomes.append(Applied(current))
        else:
            outcomes.append(NotSent("the invoice was changed by somebody else; it is planned anew"))
    return outcomes


def _is_done(operation: Operation, link: InvoiceLink | None, current: XeroInvoice) -> bool:
    """Whether Xero shows that the write has landed. One that changed nothing which Xero shows is sent again."""
    effect = operation.effect
    if operation.kind is OperationKind.VOID_INVOICE or current.status != effect["status"]:
        return current.status == effect["status"]
    if current.total != Decimal(effect["total"]) or effect["contact_id"] not in ("", current.contact_id):
        return False
    if "sent" not in effect:
        return True
    changed = differences(link.sent, json.loads(effect["sent"])) if link is not None else ()
    told = link is None or link.status != effect["status"] or shows(changed)
    return told and not drift(effect["sent"], current)


def _several(operation: Operation, hits: Sequence[XeroInvoice]) -> Problem:
    listed = ", ".join(
        f"{invoice.number} ({invoice.status}, {money_text(invoice.total, invoice.currency)} {invoice.currency})"
        for invoice in hits
    )
    return Problem(
        "several_invoices",
        f"deal {operation.subject}",
        f"Xero holds {len(hits)} invoices for this deal: {listed}.",
        f"Void the wrong ones in Xero, then type: zoho-xero-sync resolve {operation.subject} --retry",
    )


def _review(context: Context, ledger: LedgerDesk, write: Write, operation: Operation, problem: Problem) -> None:
    at = context.clock.now()
    event = Event(at, context.run_id, operation.subject, "held", {"code": problem.code, "message": problem.message})
    settlement = DealSettlement(operation.subject, DealState.HELD, problem, context.rules.fingerprint(), event)
    answer = OperationAnswer(operation.id, OperationState.REVIEW, message=problem.message, settlement=settlement)
    ledger.record_answers(write.id, [answer], status=None, request_id=None, at=at)


def _still_in_flight(ledger: LedgerDesk, write: Write) -> Write:
    return next((found for found in ledger.unsettled_writes() if found.id == write.id), write)
