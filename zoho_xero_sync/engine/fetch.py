"""Reading what changed in Zoho, and what of it becomes work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from zoho_xero_sync.core.model import DealRecord, DealState, Fetched, Problem
from zoho_xero_sync.core.stages import covered_stages, match_rule
from zoho_xero_sync.core.staging import baseline_record, stage_row
from zoho_xero_sync.core.window import Window, next_checkpoint, poll_window
from zoho_xero_sync.engine.ports import Context, LedgerView, Options
from zoho_xero_sync.errors import LedgerError, RemoteError


@dataclass(frozen=True, slots=True)
class Work:
    """What one read came to. `staged` are the records to store; `checkpoint` where the next poll starts (None: stay).

    `missing` are problems of deals that were asked for by id and are not there.
    """

    staged: tuple[DealRecord, ...]
    window: tuple[datetime | None, datetime | None]
    checkpoint: datetime | None
    missing: tuple[Problem, ...] = ()


def read_changes(context: Context, ledger: LedgerView, options: Options) -> Work:
    """What the run works on: the poll's window, or what a person asked for, plus held deals that new rules may free."""
    if options.requested:
        return _requested(context, ledger, options)
    checkpoint = ledger.checkpoint()
    if checkpoint is None:
        raise LedgerError("The ledger has no checkpoint.", "Restore a backup, or move it away and run init again.")
    window = poll_window(checkpoint)
    fetched = context.zoho.fetch_changed(window, expected=ledger.count_modified_since(window.start))
    staged = _stage(context, ledger, fetched, requested=False)
    again = _to_read_again(context, ledger, {record.deal_id for record in staged})
    freed = _freed_by_rules(context, ledger, {record.deal_id for record in (*staged, *again)})
    reached = next_checkpoint(checkpoint, fetched.read_at)
    return Work((*staged, *again, *freed), (window.start, fetched.read_at), reached)


def _requested(context: Context, ledger: LedgerView, options: Options) -> Work:
    staged: dict[str, DealRecord] = {}
    missing: tuple[Problem, ...] = ()
    if options.since is not None:
        window = Window(options.since, options.until)
        fetched = context.zoho.fetch_changed(window, expected=ledger.count_modified_since(window.start))
        staged |= {record.deal_id: record for record in _stage(context, ledger, fetched, requested=True)}
    if options.deals:
        fetched = context.zoho.fetch_deals(options.deals)
        staged |= {record.deal_id: record for record in _stage(context, ledger, fetched, requested=True, named=True)}
        found = {row.id for row in fetched.rows}
        missing = tuple(_not_found(deal_id) for deal_id in options.deals if deal_id not in found)
    return Work(tuple(staged.values()), (options.since, options.until), None, missing)


def _stage(
    context: Context, ledger: LedgerView, fetched: Fetched, *, requested: bool, named: bool = False
) -> list[DealRecord]:
    known: Mapping[str, DealRecord] = ledger.find_deals([row.id for row in fetched.rows])
    # A window does not bring back what a person set aside; its name, or `resolve --retry`, does.
    aside = {deal_id for deal_id, record in known.items() if record.state is DealState.SKIPPED and not named}
    records = (
        stage_row(row, known.get(row.id), context.rules, requested=requested and row.id not in aside)
        for row in fetched.rows
    )
    staged = [record for record in records if record is not None]
    if not named:
        return staged
    # A deal asked for by name is answered by name, also when its stage asks for nothing.
    have = {record.deal_id for record in staged}
    others = [row for row in fetched.rows if row.id not in have]
    asked = DealState.PENDING
    return staged + [
        replace(baseline_record(row), state=asked, baseline=False, requested=True, snapshot=row.snapshot)
        for row in others
    ]


def _to_read_again(context: Context, ledger: LedgerView, staged: set[str]) -> list[DealRecord]:
    """Deals a person asked to try again: read afresh, because what held them may have been corrected since."""
    ids = [record.deal_id for record in ledger.pending_deals() if record.snapshot is None]
    ids = [deal_id for deal_id in ids if deal_id not in staged]
    if not ids:
        return []
    return _stage(context, ledger, context.zoho.fetch_deals(ids), requested=True)


def _freed_by_rules(context: Context, ledger: LedgerView, staged: set[str]) -> list[DealRecord]:
    """Held and rejected deals to try again because the rules are not those under which they were held."""
    fingerprint = context.rules.fingerprint()
    return [
        replace(record, state=DealState.PENDING)
        for record in ledger.waiting_deals()
        if record.deal_id not in staged and record.rules not in (None, fingerprint) and record.snapshot
    ]


def _not_found(deal_id: str) -> Problem:
    return Problem(
        "deal_not_found",
        f"deal {deal_id}",
        f"Zoho has no deal {deal_id}, or this login may not see it.",
        "Check the id: it is the long number at the end of the deal's web address.",
    )


@dataclass(frozen=True, slots=True)
class Baseline:
    """Deals that are history, and Zoho's clock when their reading began: the checkpoint of a new ledger."""

    deals: tuple[DealRecord, ...]
    read_at: datetime | None


def read_baseline(context: Context, covered: frozenset[tuple[str, str]]) -> Baseline:
    """The deals that are in an invoiced stage now and are not covered yet.

    Raises RemoteError when Zoho does not say when that was: without it no later change could be told from history.
    """
    wanted = covered_stages(context.rules.stages) - covered
    names = sorted({stage for stage, _ in wanted})
    if not names:
        return Baseline((), None)
    fetched = context.zoho.fetch_in_stages(names)
    if fetched.read_at is None:
        raise RemoteError("Zoho's answer has no Date, so the baseline has no time.", "Nothing was recorded; run again.")
    rows = [row for row in fetched.rows if match_rule(context.rules.stages, row.stage, row.pipeline)]
    return Baseline(tuple(baseline_record(row) for row in rows), fetched.read_at)


def uncovered(context: Context, ledger: LedgerView) -> bool:
    """True when the configuration names a stage that the ledger's baseline does not cover."""
    return bool(covered_stages(context.rules.stages) - ledger.covered_stages())


def touched_history(records: Sequence[DealRecord]) -> list[DealRecord]:
    """Staged deals that stay history: seen, and left alone."""
    return [record for record in records if record.state is DealState.SEEN and record.baseline]
