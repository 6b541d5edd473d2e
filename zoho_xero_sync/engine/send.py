"""Sending a batch: its intent is committed, it is sent, and each item's own answer is committed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from zoho_xero_sync.core.emailing import email_answer
from zoho_xero_sync.core.model import (
    DealState,
    InvoiceLink,
    NewOperation,
    Operation,
    OperationKind,
    OperationState,
    Write,
)
from zoho_xero_sync.core.outcome import AnyOutcome, NotSent, Refused, Rejected, Reply, Unknown
from zoho_xero_sync.core.recording import Moment, answer_for
from zoho_xero_sync.core.settlement import OperationAnswer
from zoho_xero_sync.core.unanswered import batch_limit
from zoho_xero_sync.engine.ports import Context, LedgerDesk
from zoho_xero_sync.engine.second_look import made_all_the_same, with_own_numbers
from zoho_xero_sync.errors import LedgerError, RemoteError, SyncError, UnrecordedError

# Xero sets no number of elements a call, advises about 50, and refuses bodies over 3.5 MB
# (developer.xero.com/documentation/guides/oauth2/limits). 60 keep a back-fill of 1,000 new customers, with everything
# that an empty ledger has to read first, within one minute's calls.
BATCH_ITEMS = 60
BATCH_BYTES = 3_000_000
# Requests in a row without an answer, after which the trouble is taken for Xero's and not for one item's.
SILENCE = 3

_OF_A_DEAL = (OperationKind.CREATE_INVOICE, OperationKind.UPDATE_INVOICE)


@dataclass(frozen=True, slots=True)
class Item:
    """One element ready to be sent, exactly as it will be; `most` is how many may share its request."""

    operation: NewOperation
    element: bytes
    most: int = BATCH_ITEMS


class Sender:
    """Sends items of one run in batches. No transaction is open while a request is on its way."""

    def __init__(self, context: Context, ledger: LedgerDesk) -> None:
        self._context, self._ledger = context, ledger
        self._silent = 0
        # Deals and customers in requests that were begun and of which nothing is recorded yet.
        self.open: set[str] = set()

    @property
    def moment(self) -> Moment:
        """This run, its rules, and now."""
        return Moment(self._context.run_id, self._context.rules.fingerprint(), self._context.clock.now())

    def send_all(
        self, what: str, items: Sequence[Item], links: Mapping[str, InvoiceLink]
    ) -> Iterator[tuple[Item, AnyOutcome]]:
        """Each item with its outcome, batch by batch. Items of one kind share a request; `links` are by InvoiceID.

        What spoiled a request before is sent last, and with fewer others. Raises SyncError when the service will not
        take more now; what was not sent is then simply not yielded.
        """
        done = 0
        past = self._ledger.unanswered([item.operation.subject for item in items])
        tries = {subject: len(attempts) for subject, attempts in past.items()}
        limited = [replace(it, most=batch_limit(past.get(it.operation.subject, ()), BATCH_ITEMS)) for it in items]
        for batch in batches(sorted(limited, key=lambda item: tries.get(item.operation.subject, 0))):
            yield from self._send(batch, links)
            if self._silent >= SILENCE:
                raise RemoteError(
                    f"Xero gave no answer that can be read to {SILENCE} requests in a row.",
                    "It is safe to run it again: Xero is asked what it has before anything is sent again.",
                )
            done += len(batch)
            self._context.progress(what, done, len(items))

    def _send(self, batch: Sequence[Item], links: Mapping[str, InvoiceLink]) -> Iterator[tuple[Item, AnyOutcome]]:
        self._context.check_stop()
        method, path, body = self._context.xero.request(batch[0].operation.kind, [item.element for item in batch])
        write = self._begin([item.operation for item in batch], method, path, body)
        reply = self.deliver(write)
        if isinstance(reply.verdict, Refused) and len(batch) > 1:
            made = made_all_the_same(self._context, write)
            unsent = NotSent(reply.verdict.message)
            self.record(write, [made.get(operation.id, unsent) for operation in write.operations], reply, links)
            told = [(item, made.get(operation.id)) for item, operation in zip(batch, write.operations, strict=True)]
            yield from ((item, outcome) for item, outcome in told if outcome is not None)
            # One of them spoils the request and Xero does not say which: halves, until it is alone.
            rest = [item for item, outcome in told if outcome is None]
            middle = len(rest) // 2
            for half in (rest[:middle], rest[middle:]):
                if half:
                    yield from self._send(half, links)
            return
        outcomes = self.settle(write, reply, links)
        self._silent = self._silent + 1 if all(isinstance(outcome, Unknown) for outcome in outcomes) else 0
        yield from zip(batch, outcomes, strict=True)

    def send_alone(self, operation: NewOperation, request: tuple[str, str, bytes]) -> AnyOutcome:
        """The outcome of one request (method, path, body) that is about a single thing."""
        self._context.check_stop()
        write = self._begin([operation], *request)
        return self.settle(write, self.deliver(write), {})[0]

    def _begin(self, operations: Sequence[NewOperation], method: str, path: str, body: bytes) -> Write:
        write = self._ledger.begin_write(
            run_id=self._context.run_id,
            key=self._context.new_key(),
            method=method,
            path=path,
            body=body,
            operations=operations,
            at=self._context.clock.now(),
        )
        self.open.update(operation.subject for operation in operations)
        return write

    def deliver(self, write: Write) -> Reply:
        """Send a journalled write. An error of the service that proves it did nothing is recorded as not sent."""
        try:
            reply = self._context.xero.send(write.method, write.path, write.body, write.key, write.operations)
        except SyncError as error:
            unsent = NotSent(error.message)
            self.record(write, _every(write, unsent), Reply(_every(write, unsent)), {})
            raise
        return with_own_numbers(self._context, write, reply)

    def settle(self, write: Write, reply: Reply, links: Mapping[str, InvoiceLink]) -> tuple[AnyOutcome, ...]:
        """Record every known outcome of the reply in one transaction and return them all, in the items' order."""
        verdict = reply.verdict
        outcomes = _every(write, Rejected(verdict.message)) if isinstance(verdict, Refused) else verdict
        self.record(write, outcomes, reply, links)
        return outcomes

    def record(
        self, write: Write, outcomes: Sequence[AnyOutcome], reply: Reply, links: Mapping[str, InvoiceLink]
    ) -> None:
        """Commit what is known of the write's items that are still in flight; an unknown outcome leaves its item so."""
        pairs = [
            (operation, outcome)
            for operation, outcome in zip(write.operations, outcomes, strict=True)
            if operation.state is OperationState.IN_FLIGHT
        ]
        moment, vanished = self.moment, self._vanished(operation for operation, _ in pairs)
        answers: list[OperationAnswer] = []
        for operation, outcome in pairs:
            if operation.kind is OperationKind.EMAIL_INVOICE:
                answer = email_answer(operation, outcome, moment)
            else:
                answer = answer_for(operation, outcome, links.get(operation.identity), moment)
            if answer is not None:
                answers.append(_still_to_plan(answer) if operation.subject in vanished else answer)
        if answers:
            try:
                self._ledger.record_answers(
                    write.id, answers, status=reply.status, request_id=reply.request_id, at=moment.at
                )
            except LedgerError as error:
                raise UnrecordedError(error) from error
        answered = {answer.operation_id for answer in answers}
        self.open -= {operation.subject for operation in write.operations if operation.id in answered}

    def _vanished(self, operations: Iterable[Operation]) -> set[str]:
        """The deals of these invoices that Zoho stopped showing while Xero's answer was awaited."""
        subjects = [operation.subject for operation in operations if operation.kind in _OF_A_DEAL]
        found = self._ledger.find_deals(subjects) if subjects else {}
        return {deal_id for deal_id, record in found.items() if record.snapshot is None}


def _still_to_plan(answer: OperationAnswer) -> OperationAnswer:
    """The answer, with the deal left pending: what becomes of the invoice of a deleted deal is still to be planned."""
    if answer.settlement is None:
        return answer
    pending = replace(answer.settlement, state=DealState.PENDING, problem=None, rules=None)
    return replace(answer, settlement=pending)


def _every(write: Write, outcome: NotSent | Rejected) -> tuple[AnyOutcome, ...]:
    return tuple(outcome for _ in write.operations)


def batches(items: Sequence[Item]) -> Iterator[list[Item]]:
    """The items in order, cut by kind, count and size."""
    batch: list[Item] = []
    size, most = 0, BATCH_ITEMS
    kind: OperationKind | None = None
    for item in items:
        full = len(batch) >= min(most, item.most) or size + len(item.element) > BATCH_BYTES
        if batch and (full or item.operation.kind is not kind):
            yield batch
            batch, size, most = [], 0, BATCH_ITEMS
        kind, most = item.operation.kind, min(most, item.most)
        batch.append(item)
        size += len(item.element) + 1
    if batch:
        yield batch
