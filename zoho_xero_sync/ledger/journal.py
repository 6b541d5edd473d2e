"""The journal of writes: what is about to be sent, and what came back. Works inside its caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from zoho_xero_sync.core.model import NewOperation, Operation, OperationKind, OperationState, Write, WriteState
from zoho_xero_sync.core.settlement import OperationAnswer
from zoho_xero_sync.core.unanswered import ABSENT, AGAIN, Attempt
from zoho_xero_sync.errors import BugError
from zoho_xero_sync.ledger import deals, emails, links, tables
from zoho_xero_sync.ledger.runs import insert_events
from zoho_xero_sync.ledger.statements import chunks, update_each, update_one


def insert_write(
    connection: Connection,
    *,
    run_id: str,
    key: str,
    method: str,
    path: str,
    body: bytes,
    operations: Sequence[NewOperation],
    at: datetime,
) -> Write:
    """Note a request that is sent next, with the SHA-256 of its exact bytes; all its operations are in flight."""
    if not operations:
        raise BugError(f"The write {key} has no operations.")
    result = connection.execute(
        insert(tables.write).values(
            run_id=run_id,
            key=key,
            method=method,
            path=path,
            body=body,
            body_hash=hashlib.sha256(body).hexdigest(),
            state=WriteState.IN_FLIGHT.value,
            created_at=at,
            attempts=1,
            last_sent_at=at,
        )
    )
    primary_key = result.inserted_primary_key
    if primary_key is None:
        raise BugError(f"The ledger gave the write {key} no id.")
    rows = [
        {
            "write_id": primary_key.id,
            "position": position,
            "kind": operation.kind.value,
            "subject": operation.subject,
            "identity": operation.identity,
            "effect": operation.effect,
            "state": OperationState.IN_FLIGHT.value,
        }
        for position, operation in enumerate(operations)
    ]
    connection.execute(insert(tables.operation), rows)
    return _find(connection, tables.write.c.id == primary_key.id)[0]


def count_attempt(connection: Connection, write_id: int, at: datetime) -> None:
    """Note that the request is being sent once more. Raises BugError unless it is in flight."""
    table = tables.write
    result = connection.execute(
        update(table)
        .where(table.c.id == write_id, table.c.state == WriteState.IN_FLIGHT.value)
        .values(attempts=table.c.attempts + 1, last_sent_at=at)
    )
    if result.rowcount != 1:
        raise BugError(f"The ledger has no row in `write` in flight with id {write_id}.")


def record_answers(
    connection: Connection,
    write_id: int,
    answers: Sequence[OperationAnswer],
    *,
    status: int | None,
    request_id: str | None,
    at: datetime,
) -> None:
    """Store the answers and all they bring along; the write is settled with the last of them.

    Raises BugError for an answer to anything that is not an operation of this write and in flight.
    """
    states = _states(connection, write_id)
    if not states:
        raise BugError(f"The ledger has no row in `write` with id {write_id}.")
    for answer in answers:
        _require_answerable(write_id, answer, states.get(answer.operation_id))
        states[answer.operation_id] = answer.state
    _store(connection, answers, at)
    heard: dict[str, Any] = {"status": status, "request_id": request_id}
    if OperationState.IN_FLIGHT not in states.values():
        sent = set(states.values()) != {OperationState.NOT_SENT}
        heard |= {"state": (WriteState.SETTLED if sent else WriteState.NOT_SENT).value, "settled_at": at}
    update_one(connection, tables.write, {"id": write_id, "state": WriteState.IN_FLIGHT.value}, heard)


def find_unsettled(connection: Connection) -> list[Write]:
    """The writes of which at least one item has no answer, oldest first."""
    return _find(connection, tables.write.c.state == WriteState.IN_FLIGHT.value)


def find_writes(connection: Connection, subject: str) -> list[Write]:
    """Every write with an operation on `subject`, oldest first."""
    of_subject = select(tables.operation.c.write_id).where(tables.operation.c.subject == subject)
    return _find(connection, tables.write.c.id.in_(of_subject))


def find_operations(connection: Connection, subject: str) -> list[Operation]:
    """Every operation on `subject`, oldest first."""
    table = tables.operation
    return [
        _operation(row)
        for row in connection.execute(select(table).where(table.c.subject == subject).order_by(table.c.id))
    ]


def find_unanswered(connection: Connection, subjects: Collection[str]) -> dict[str, tuple[Attempt, ...]]:
    """By subject, its requests that got no answer and came to nothing, since its last item that was answered."""
    operation, write, others = tables.operation, tables.write, tables.operation.alias()
    items = select(func.count()).where(others.c.write_id == write.c.id).scalar_subquery()
    columns = (operation.c.subject, operation.c.state, operation.c.message, write.c.created_at, items.label("items"))
    query = select(*columns).join(write, operation.c.write_id == write.c.id).order_by(operation.c.id)
    found: dict[str, list[Attempt]] = {}
    for chunk in chunks(subjects):
        for row in connection.execute(query.where(operation.c.subject.in_(chunk))):
            if row.state == OperationState.NOT_SENT and row.message in (ABSENT, AGAIN):
                found.setdefault(row.subject, []).append(Attempt(row.created_at, row.items))
            elif row.state in (OperationState.APPLIED, OperationState.REJECTED):
                found.pop(row.subject, None)
    return {subject: tuple(attempts) for subject, attempts in found.items()}


def was_answered_since(connection: Connection, instant: datetime) -> bool:
    """Whether Xero did or refused anything since then."""
    table = tables.operation
    done = table.c.state.in_([OperationState.APPLIED.value, OperationState.REJECTED.value])
    query = select(table.c.id).where(done, table.c.answered_at >= instant).limit(1)
    return connection.execute(query).first() is not None


def _states(connection: Connection, write_id: int) -> dict[int, OperationState]:
    table = tables.operation
    rows = connection.execute(select(table.c.id, table.c.state).where(table.c.write_id == write_id))
    return {row.id: OperationState(row.state) for row in rows}


def _require_answerable(write_id: int, answer: OperationAnswer, state: OperationState | None) -> None:
    if state is None:
        raise BugError(f"The write {write_id} has no operation {answer.operation_id} in `operation`.")
    if state is not OperationState.IN_FLIGHT:
        raise BugError(f"The row in `operation` with id {answer.operation_id} is already answered ({state}).")


def _store(connection: Connection, answers: Sequence[OperationAnswer], at: datetime) -> None:
    changes = [
        {
            "id": answer.operation_id,
            "state": answer.state.value,
            "remote_id": answer.remote_id,
            "message": answer.message,
            "answered_at": at,
        }
        for answer in answers
    ]
    update_each(connection, tables.operation, "id", changes)
    links.upsert_customers(connection, [answer.customer for answer in answers if answer.customer])
    links.upsert_invoices(connection, [answer.invoice for answer in answers if answer.invoice])
    emails.store_answered(connection, [answer.email for answer in answers if answer.email])
    settlements = [answer.settlement for answer in answers if answer.settlement]
    deals.settle(connection, settlements)
    happened = [event for answer in answers for event in (answer.event, answer.settlement and answer.settlement.event)]
    insert_events(connection, [event for event in happened if event])


def _find(connection: Connection, which: ColumnElement[bool]) -> list[Write]:
    write, operation = tables.write, tables.operation
    chosen = select(write).where(which).order_by(write.c.created_at, write.c.id)
    items = (
        select(operation)
        .join(write, operation.c.write_id == write.c.id)
        .where(which)
        .order_by(operation.c.write_id, operation.c.position)
    )
    found = (_operation(row) for row in connection.execute(items))
    by_write = {write_id: tuple(group) for write_id, group in groupby(found, key=attrgetter("write_id"))}
    return [_write(row, by_write[row.id]) for row in connection.execute(chosen)]


def _write(row: Row[Any], operations: tuple[Operation, ...]) -> Write:
    return Write(
        id=row.id,
        run_id=row.run_id,
        key=row.key,
        method=row.method,
        path=row.path,
        body=row.body,
        state=WriteState(row.state),
        created_at=row.created_at,
        attempts=row.attempts,
        operations=operations,
        last_sent_at=row.last_sent_at,
    )


def _operation(row: Row[Any]) -> Operation:
    return Operation(
        id=row.id,
        write_id=row.write_id,
        position=row.position,
        kind=OperationKind(row.kind),
        subject=row.subject,
        identity=row.identity,
        effect=row.effect,
        state=OperationState(row.state),
        remote_id=row.remote_id,
        message=row.message,
    )
