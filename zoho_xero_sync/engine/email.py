"""E-mails that are due: sent one by one after everything else, each once, and never again on doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from zoho_xero_sync.core.emailing import (
    doubt,
    email_operation,
    email_unknown,
    emails,
    ended,
    says_limit,
)
from zoho_xero_sync.core.model import (
    Action,
    DealRecord,
    DealState,
    EmailNote,
    EmailState,
    Event,
    Problem,
    Write,
    XeroInvoice,
)
from zoho_xero_sync.core.outcome import AnyOutcome, Applied, Emailed, NotSent, Rejected, Reply, Unknown
from zoho_xero_sync.core.results import waiting, with_problem
from zoho_xero_sync.core.settlement import DealSettlement
from zoho_xero_sync.core.stages import CLOSED, match_rule
from zoho_xero_sync.core.wording import some_of
from zoho_xero_sync.engine.allowance import waiting_until
from zoho_xero_sync.engine.busy import busy_subjects
from zoho_xero_sync.engine.ports import Context, LedgerDesk, LedgerView, Options
from zoho_xero_sync.engine.send import SILENCE, Sender
from zoho_xero_sync.engine.tally import Tally
from zoho_xero_sync.errors import SAFE_TO_RERUN, RemoteError

# One call each, and 60 calls a minute (developer.xero.com/documentation/guides/oauth2/limits): what is left is sent by
# the next runs, so that new invoices do not wait long behind e-mails.
MOST = 60
# Numbers that a note lists.
_SHOWN = 10
# The ledger's note of when Xero last said that no more e-mails leave today.
_LIMIT_FACT = "xero.email_limit"
# Xero does not say when its day ends; one call an hour tells.
_LIMIT_WAIT = timedelta(hours=1)


def send_emails(context: Context, ledger: LedgerDesk, options: Options, tally: Tally) -> None:
    """Send what is due, as far as this run may. A deal whose e-mail is refused or in doubt waits for a person.

    Raises SyncError when Xero takes no more; what was not sent is sent by a later run.
    """
    due, stale = _open(context, ledger, options, tally)
    now = context.clock.now()
    ledger.record_emails(
        [replace(note, state=EmailState.DROPPED) for note in stale],
        [Event(now, context.run_id, note.deal_id, "email_dropped", {}) for note in stale],
    )
    if not due or waiting_until(ledger, context.clock) is not None:
        return
    if _is_limited(context, ledger):
        tally.notes.append(_limited(len(due)))
        return
    batch = due[: MOST if options.limit is None else min(MOST, options.limit)]
    found = context.xero.fetch_invoices([note.invoice_id for note in batch])
    sending = _Sending(context, ledger, tally, found)
    try:
        sending.run(batch)
    finally:
        if sending.sent:
            tally.notes.append(f"E-mailed {_invoices(sending.sent)}.")
        left = len(due) - sending.done
        if left:
            tally.notes.append(_limited(left) if sending.limited else f"{_emails(left)} left for the next run.")


def preview_emails(
    context: Context, ledger: LedgerView, options: Options, actions: Sequence[Action], tally: Tally
) -> None:
    """Say in the report which e-mails a sync would send."""
    due, _ = _open(context, ledger, options, tally)
    parts = ledger.find_parts([note.deal_id for note in due])
    known = {link.invoice_id: link.number for links in parts.values() for link in links}
    wanted = [note.invoice_id for note in due if note.state is EmailState.WANTED]
    numbers = [known[invoice_id] for invoice_id in wanted if invoice_id in known]
    steps = [action.invoice for action in actions if action.invoice and action.invoice.delivery == "email"]
    numbers += [step.number or "one with Xero's next number" for step in steps]
    if numbers:
        tally.notes.append(f"Would e-mail {_invoices(numbers)}.")


def settle_email(context: Context, ledger: LedgerDesk, write: Write, *, fresh: bool) -> None:
    """Ask Xero what became of an e-mail without an answer. What is not sent right after may still leave."""
    operation = write.operations[0]
    current = context.xero.fetch_invoices([operation.identity]).get(operation.identity)
    sender = Sender(context, ledger)
    if current is not None and current.sent_to_contact:
        outcome = Applied(Emailed(operation.identity))
        sender.record(write, [outcome], Reply((outcome,)), {})
    elif current is None or current.status in CLOSED:
        ledger.record_answers(write.id, [ended(operation)], status=None, request_id=None, at=context.clock.now())
    elif not fresh:
        record = ledger.find_deals([operation.subject]).get(operation.subject)
        # A deal with a change of its own goes on first; it is held for its e-mail after that.
        hold = record is not None and record.state is not DealState.PENDING
        answer = doubt(operation, sender.moment, hold=hold)
        ledger.record_answers(write.id, [answer], status=None, request_id=None, at=context.clock.now())


class _Sending:
    """The e-mails of one run. `done` counts those that need nothing more from this run, `sent` are numbers."""

    def __init__(self, context: Context, ledger: LedgerDesk, tally: Tally, found: Mapping[str, XeroInvoice]) -> None:
        self._context, self._ledger, self._tally, self._found = context, ledger, tally, found
        self._sender = Sender(context, ledger)
        self.sent: list[str] = []
        self.done = 0
        self.limited = False

    def run(self, batch: Sequence[EmailNote]) -> None:
        """Send in order. Returns early at the day's limit of e-mails, and when Xero gives no answers."""
        silent = 0
        for place, note in enumerate(batch, start=1):
            self._context.check_stop()
            current = self._found.get(note.invoice_id)
            if current is not None and not self._is_settled(note, current):
                outcome = self._send(note, current)
                silent = silent + 1 if isinstance(outcome, Unknown) else 0
            if self.limited:
                return
            self.done += 1
            if silent >= SILENCE:
                return
            self._context.progress("e-mails", place, len(batch))

    def _is_settled(self, note: EmailNote, current: XeroInvoice) -> bool:
        """Whether nothing is to be sent: what Xero says by now tells. The invoice may have left by another hand."""
        if current.sent_to_contact:
            self._settle(note, EmailState.SENT, "email_seen", current.number)
        elif current.status in CLOSED:
            self._settle(note, EmailState.DROPPED, "email_dropped", current.number)
        elif note.state is EmailState.DOUBTFUL:
            self._hold(note, email_unknown(note.deal_id, current.number))
        else:
            return False
        return True

    def _settle(self, note: EmailNote, state: EmailState, kind: str, number: str) -> None:
        event = Event(self._context.clock.now(), self._context.run_id, note.deal_id, kind, {"number": number})
        self._ledger.record_emails([replace(note, state=state)], [event])

    def _hold(self, note: EmailNote, problem: Problem) -> None:
        moment = self._sender.moment
        told = {"code": problem.code, "message": problem.message}
        event = Event(moment.at, moment.run_id, note.deal_id, "held", told)
        self._ledger.settle_deals([DealSettlement(note.deal_id, DealState.HELD, problem, moment.rules, event)])
        self._tell(note.deal_id)

    def _send(self, note: EmailNote, current: XeroInvoice) -> AnyOutcome:
        request = self._context.xero.email_request(note.invoice_id)
        outcome = self._sender.send_alone(email_operation(note, current.number), request)
        if isinstance(outcome, Applied):
            self.sent.append(current.number)
        elif isinstance(outcome, NotSent):
            raise RemoteError(outcome.reason, SAFE_TO_RERUN)
        elif isinstance(outcome, Rejected) and says_limit(outcome.message):
            self.limited = True
            self._ledger.record_fact(_LIMIT_FACT, "reached", self._context.clock.now())
        elif isinstance(outcome, Rejected):
            self._tell(note.deal_id)
        else:
            self._tally.run_problems.append(_no_answer(current.number))
        return outcome

    def _tell(self, deal_id: str) -> None:
        """The report says that the deal waits, and keeps what was done for it before."""
        record = self._ledger.find_deals([deal_id])[deal_id]
        result = self._tally.results.get(deal_id)
        if record.problem is None:
            return
        self._tally.problems[deal_id] = record.problem
        held = with_problem(replace(result, action="hold"), record.problem) if result else waiting(record)
        self._tally.results[deal_id] = held


# ---- what is due ----


def _open(
    context: Context, ledger: LedgerView, options: Options, tally: Tally
) -> tuple[list[EmailNote], list[EmailNote]]:
    """The notes that are due in this run, and those whose e-mail the configuration no longer asks for.

    A deal that waits, for a person or for a run, has its e-mail wait too: the invoice may not be what it should be.
    """
    notes = ledger.open_emails()
    if options.requested:
        notes = [note for note in notes if note.deal_id in tally.results]
    if not notes:
        return [], []
    records, busy = ledger.find_deals([note.deal_id for note in notes]), busy_subjects(ledger)
    due: list[EmailNote] = []
    stale: list[EmailNote] = []
    for note in notes:
        record = records.get(note.deal_id)
        if record is None or record.state is not DealState.SEEN or note.deal_id in busy:
            continue
        (due if _is_asked(context, record) else stale).append(note)
    return due, stale


def _is_asked(context: Context, record: DealRecord) -> bool:
    """Whether the deal is still in a stage that is invoiced, and invoices are still e-mailed at all."""
    if not emails(context.rules.stages) or record.snapshot is None:
        return False
    row = context.zoho.read_snapshot(record.snapshot)
    rule = match_rule(context.rules.stages, row.stage, row.pipeline)
    return rule is not None and rule.invoice != "none"


def _is_limited(context: Context, ledger: LedgerView) -> bool:
    noted = ledger.fact(_LIMIT_FACT)
    return noted is not None and timedelta(0) <= context.clock.now() - noted[1] < _LIMIT_WAIT


# ---- words ----


def _no_answer(number: str) -> Problem:
    return Problem(
        "outcome_unknown",
        "run",
        f"Xero gave no answer when invoice {number} was to be e-mailed.",
        "Run sync again: it asks Xero whether the invoice was sent. It is not sent a second time by itself.",
    )


def _limited(count: int) -> str:
    return (
        f"{_emails(count)} left: Xero sends no more of them today (1,000 a day, 20 from a trial organisation, none "
        "from a demo company). It is tried again every hour."
    )


def _emails(count: int) -> str:
    return "1 e-mail is" if count == 1 else f"{count} e-mails are"


def _invoices(numbers: Sequence[str]) -> str:
    return f"{'1 invoice' if len(numbers) == 1 else f'{len(numbers)} invoices'}: {some_of(numbers, _SHOWN)}"
