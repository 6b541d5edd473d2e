"""Carrying out a plan to its end: what got no answer is settled at once, and what spoils a request is set apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zoho_xero_sync.core.model import Action, DealRecord, DealState, InvoiceLink, OperationState, Problem, Write
from zoho_xero_sync.core.parts import newest
from zoho_xero_sync.core.report import DealResult
from zoho_xero_sync.core.results import waiting
from zoho_xero_sync.engine.apply import Application
from zoho_xero_sync.engine.books import BookKeeper
from zoho_xero_sync.engine.busy import busy_subjects, is_busy, subject_of_customer
from zoho_xero_sync.engine.contacts_now import follow_merged
from zoho_xero_sync.engine.ports import Context, LedgerDesk
from zoho_xero_sync.engine.prepare import plan_deals
from zoho_xero_sync.engine.recover import KEY_LIFE, recover
from zoho_xero_sync.engine.send import BATCH_ITEMS
from zoho_xero_sync.engine.tally import Tally
from zoho_xero_sync.errors import SAFE_TO_RERUN

# 60 items, then 8, then 1: after two rounds an item that spoils its request is alone.
ROUNDS = 2


def carry_out(context: Context, ledger: LedgerDesk, actions: Sequence[Action], tally: Tally) -> None:
    """Apply the actions; the tally has a result for each, also when this raises.

    An item for which Xero never answers costs the others of its request no more than some minutes: once Xero, asked
    again, provably has none of them, they are sent in smaller requests until that item is alone.
    """
    _apply(context, ledger, actions, tally)
    _go_on_with_survivors(context, ledger, actions, tally)
    uncertain = _uncertain(tally, actions)
    if not uncertain:
        return
    recover(context, ledger)
    for _ in range(ROUNDS):
        _wait_for_proof(context, ledger)
        again = _set_apart(context, ledger, uncertain)
        if not again:
            break
        _apply(context, ledger, plan_deals(context, ledger, BookKeeper(context, ledger), again), tally)
        recover(context, ledger)
        uncertain = _uncertain(tally, actions)
    _note_settled(context, ledger, tally)


def _apply(context: Context, ledger: LedgerDesk, actions: Sequence[Action], tally: Tally) -> None:
    application = Application(context, ledger, actions)
    try:
        application.run()
    finally:
        tally.results |= application.results
        tally.notes += application.notes


def _go_on_with_survivors(context: Context, ledger: LedgerDesk, actions: Sequence[Action], tally: Tally) -> None:
    """Deals that Xero refused because people merged their contact into another one go on with that one, once."""
    refused = [
        action
        for action in actions
        if action.contact is not None and action.contact.contact_id and _says_archived(ledger, action.deal_id, tally)
    ]
    again = follow_merged(context, ledger, refused) if refused else []
    if again:
        _apply(context, ledger, plan_deals(context, ledger, BookKeeper(context, ledger), again), tally)


def _says_archived(ledger: LedgerDesk, deal_id: str, tally: Tally) -> bool:
    if tally.results[deal_id].action != "hold":
        return False
    record = ledger.find_deals([deal_id]).get(deal_id)
    return record is not None and record.problem is not None and record.problem.code == "contact_archived"


def _uncertain(tally: Tally, actions: Sequence[Action]) -> list[str]:
    return [action.deal_id for action in actions if tally.results[action.deal_id].action == "uncertain"]


def _wait_for_proof(context: Context, ledger: LedgerDesk) -> None:
    """Let what several items wait for become old enough that not to be found means not to be there."""
    crowds = [write for write in ledger.unsettled_writes() if _is_crowd(write)]
    if not crowds:
        return
    begun = context.clock.now()
    until = max(write.last_sent_at or write.created_at for write in crowds) + KEY_LIFE
    seconds = min((until - begun).total_seconds(), KEY_LIFE.total_seconds())
    for passed in range(max(0, int(seconds)) + 1):
        context.check_stop()
        context.progress("waiting for Xero", passed, int(seconds))
        context.clock.sleep(1)
    recover(context, ledger)


def _is_crowd(write: Write) -> bool:
    return sum(operation.state is OperationState.IN_FLIGHT for operation in write.operations) > 1


def _set_apart(context: Context, ledger: LedgerDesk, deal_ids: Sequence[str]) -> list[DealRecord]:
    """Of these deals those that are free again, and whose last request had others in it.

    A deal that only waited for its customer, whom Xero turned out to have, was in no request yet and goes on too.
    """
    busy = busy_subjects(ledger)
    records = [record for record in ledger.find_deals(deal_ids).values() if record.state is DealState.PENDING]
    free = [record for record in records if not is_busy(context, record, busy)]
    names = {record.deal_id: (record.deal_id, subject_of_customer(context, record)) for record in free}
    past = ledger.unanswered([name for pair in names.values() for name in pair if name])
    # A customer who was alone is not sent again in the same run, and neither is the deal.
    last = {deal_id: [past[name][-1].items for name in pair if name in past] for deal_id, pair in names.items()}
    return [record for record in free if min(last[record.deal_id], default=BATCH_ITEMS) > 1]


def _note_settled(context: Context, ledger: LedgerDesk, tally: Tally) -> None:
    """What asking Xero has settled is no longer uncertain; the ledger says what it came to."""
    unsettled = [deal_id for deal_id, result in tally.results.items() if result.action == "uncertain"]
    parts, records, busy = ledger.find_parts(unsettled), ledger.find_deals(unsettled), busy_subjects(ledger)
    left = 0
    for deal_id in unsettled:
        result, record = tally.results[deal_id], records.get(deal_id)
        link = _of_result(result, parts.get(deal_id, ()))
        if deal_id in busy or (record is not None and is_busy(context, record, busy)):
            continue
        if record is not None and record.problem is not None and record.state is not DealState.PENDING:
            tally.results[deal_id] = replace(waiting(record), worth=result.worth)
        elif link is not None and result.invoice is not None and record is not None and record.state is DealState.SEEN:
            made = replace(result.invoice, id=link.invoice_id, number=link.number, status=link.status)
            reason = "the answer was lost; Xero was asked again and has it"
            tally.results[deal_id] = replace(result, action=made.action, invoice=made, reason=reason, next_step=None)
        else:
            left += 1
            reason = "an answer from Xero was lost; it was asked again, and the next run goes on from there"
            tally.results[deal_id] = replace(result, action="pending", reason=reason, next_step=None)
    _note_left(left, tally)


def _of_result(result: DealResult, links: Sequence[InvoiceLink]) -> InvoiceLink | None:
    """The invoice that the result is about: the one it names, else the one that was to be made, which is the last."""
    named = result.invoice.id if result.invoice is not None else None
    return next((link for link in links if link.invoice_id == named), newest(links))


def _note_left(left: int, tally: Tally) -> None:
    if left:
        deals = "1 deal is" if left == 1 else f"{left} deals are"
        message = f"An answer from Xero was lost. Xero was asked again; {deals} left for the next run."
        tally.run_problems.append(Problem("service_unavailable", "run", message, SAFE_TO_RERUN))
