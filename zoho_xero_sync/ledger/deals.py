"""Deals as last seen, the baseline and the checkpoint. Every function works inside its caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Exists, Row, Select, delete, func, insert, or_, select

from zoho_xero_sync.core.model import DealRecord, DealState, Problem
from zoho_xero_sync.core.settlement import DealSettlement
from zoho_xero_sync.core.staging import new_history
from zoho_xero_sync.ledger import tables
from zoho_xero_sync.ledger.column_types import as_utc
from zoho_xero_sync.ledger.links import find_invoice_links
from zoho_xero_sync.ledger.statements import chunks, update_each, upsert


def read_checkpoint(connection: Connection) -> datetime | None:
    """The checkpoint, or None before the first."""
    return connection.execute(select(tables.checkpoint.c.reached)).scalar_one_or_none()


def advance_checkpoint(connection: Connection, reached: datetime) -> None:
    """Move the checkpoint to `reached`, unless it is already there or beyond."""
    current = read_checkpoint(connection)
    if current is None or current < as_utc(reached):
        upsert(connection, tables.checkpoint, ["one"], [{"one": 1, "reached": reached}])


def read_covered_stages(connection: Connection) -> frozenset[tuple[str, str]]:
    """The (stage, pipeline) pairs the baseline covers."""
    rows = connection.execute(select(tables.covered_stage.c.stage, tables.covered_stage.c.pipeline))
    return frozenset((row.stage, row.pipeline) for row in rows)


def replace_covered_stages(connection: Connection, covered: frozenset[tuple[str, str]]) -> None:
    """Make `covered` the pairs the baseline covers."""
    connection.execute(delete(tables.covered_stage))
    if covered:
        rows = [{"stage": stage, "pipeline": pipeline} for stage, pipeline in sorted(covered)]
        connection.execute(insert(tables.covered_stage), rows)


def insert_baseline(connection: Connection, deals: Sequence[DealRecord]) -> int:
    """Mark as baseline those of the deals that become history (see new_history); returns how many."""
    ids = {deal.deal_id for deal in deals}
    history = new_history(deals, find_deals(connection, ids), find_invoice_links(connection, ids))
    upsert_deals(connection, history)
    return len(history)


def find_deals(connection: Connection, ids: Collection[str]) -> dict[str, DealRecord]:
    """The known ones among `ids`, by id."""
    table = tables.deal
    found: dict[str, DealRecord] = {}
    for chunk in chunks(ids):
        for record in _records(connection, select(table).where(table.c.deal_id.in_(chunk))):
            found[record.deal_id] = record
    return found


def find_in_state(connection: Connection, *states: DealState) -> list[DealRecord]:
    """The deals in these states, the longest unchanged first."""
    table = tables.deal
    query = select(table).where(table.c.state.in_([state.value for state in states]))
    return _records(connection, query)


def find_customers_only(connection: Connection) -> list[DealRecord]:
    """The settled deals of which only the customer was wanted, without a live invoice, the longest unchanged first."""
    table = tables.deal
    query = select(table).where(table.c.state == DealState.SEEN.value, table.c.customer_only == 1, ~_billed())
    return _records(connection, query)


def find_live_beside(connection: Connection, column: str, ids: Collection[str]) -> list[DealRecord]:
    """The deals with a live invoice, and those that wait for a person, whose `column` is one of the ids."""
    table = tables.deal
    waits = table.c.state.in_([DealState.HELD.value, DealState.REJECTED.value])
    found: list[DealRecord] = []
    for chunk in chunks(ids):
        query = select(table).where(table.c[column].in_(chunk), or_(waits, _billed()))
        found += _records(connection, query)
    return found


def _billed() -> Exists:
    """That a deal has a live invoice."""
    links = tables.invoice_link
    return select(links.c.id).where(links.c.deal_id == tables.deal.c.deal_id, links.c.live == 1).exists()


def count_modified_since(connection: Connection, instant: datetime) -> int:
    """How many known deals were last modified at `instant` or later, by people or by this program."""
    table = tables.deal
    modified = or_(table.c.modified_at >= instant, table.c.told_at >= instant)
    query = select(func.count()).select_from(table).where(modified)
    return connection.execute(query).scalar_one()


def upsert_deals(connection: Connection, deals: Sequence[DealRecord]) -> None:
    """Store the records entirely, over what was known of them."""
    upsert(connection, tables.deal, ["deal_id"], [_values(deal) for deal in deals])


def note_told(connection: Connection, told_at: Mapping[str, datetime]) -> None:
    """Note the time of modification that this program gave deals; everything else of them stays."""
    changes = [{"deal_id": deal_id, "told_at": at} for deal_id, at in told_at.items()]
    update_each(connection, tables.deal, "deal_id", changes)


def settle(connection: Connection, settlements: Sequence[DealSettlement]) -> None:
    """Set state, problem and rules of the deals, and end a person's request; the snapshot stays."""
    changes = [
        {
            "deal_id": settlement.deal_id,
            "state": settlement.state.value,
            "requested": 0,
            "rules": settlement.rules,
            **_problem_values(settlement.problem),
        }
        for settlement in settlements
    ]
    update_each(connection, tables.deal, "deal_id", changes)


def _values(deal: DealRecord) -> dict[str, Any]:
    return {
        "deal_id": deal.deal_id,
        "name": deal.name,
        "stage": deal.stage,
        "state": deal.state.value,
        "baseline": int(deal.baseline),
        "modified_at": deal.modified_at,
        "snapshot": deal.snapshot,
        "requested": int(deal.requested),
        "rules": deal.rules,
        "person": deal.person,
        "person_before": deal.person_before,
        "account": deal.account,
        "customer_only": int(deal.customer_only),
        "told_at": deal.told_at,
        "set_aside": int(deal.set_aside),
        **_problem_values(deal.problem),
    }


def _problem_values(problem: Problem | None) -> dict[str, str | None]:
    return {
        "problem_code": problem.code if problem else None,
        "problem_subject": problem.subject if problem else None,
        "problem_message": problem.message if problem else None,
        "problem_hint": problem.hint if problem else None,
        "problem_path": problem.path if problem else None,
    }


def _records(connection: Connection, query: Select[Any]) -> list[DealRecord]:
    """The records of a query of deals, the longest unchanged first."""
    table = tables.deal
    ordered = query.order_by(table.c.modified_at.nulls_first(), table.c.deal_id)
    return [_record(row) for row in connection.execute(ordered)]


def _record(row: Row[Any]) -> DealRecord:
    problem = None
    if row.problem_code is not None:
        problem = Problem(
            row.problem_code, row.problem_subject, row.problem_message, row.problem_hint, row.problem_path
        )
    return DealRecord(
        deal_id=row.deal_id,
        name=row.name,
        stage=row.stage,
        state=DealState(row.state),
        baseline=bool(row.baseline),
        modified_at=row.modified_at,
        snapshot=row.snapshot,
        requested=bool(row.requested),
        problem=problem,
        rules=row.rules,
        person=row.person,
        person_before=row.person_before,
        account=row.account,
        customer_only=bool(row.customer_only),
        told_at=row.told_at,
        set_aside=bool(row.set_aside),
    )
