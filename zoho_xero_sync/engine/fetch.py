"""Reading what changed in Zoho, and what of it becomes work."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from zoho_xero_sync.core.holding import rival_of
from zoho_xero_sync.core.model import DealRecord, DealRow, DealState, Fetched, Problem
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.core.stages import covers, match_rule, uncovered_stages
from zoho_xero_sync.core.staging import (
    baseline_record,
    stage_row,
    stays_outside,
    stays_unbilled,
    wants_customer_only,
    why_left_alone,
)
from zoho_xero_sync.core.window import Window, next_checkpoint, poll_window
from zoho_xero_sync.engine.allowance import waiting_until
from zoho_xero_sync.engine.customers_only import with_invoices
from zoho_xero_sync.engine.ports import Context, LedgerView, Options
from zoho_xero_sync.engine.stage_names import stages_text
from zoho_xero_sync.errors import LedgerError, RemoteError


@dataclass(frozen=True, slots=True)
class Work:
    """What one read came to. `staged` are the records to store; `checkpoint` where the next poll starts (None: stay).

    `missing` are problems of deals that were asked for by id and are not there; `read_at` is Zoho's clock when the
    first deal was read.
    """

    staged: tuple[DealRecord, ...]
    window: tuple[datetime | None, datetime | None]
    checkpoint: datetime | None
    missing: tuple[Problem, ...] = ()
    read_at: datetime | None = None


def read_changes(context: Context, ledger: LedgerView, options: Options) -> Work:
    """What the run works on: what changed in the poll's window, or what a person asked for."""
    if options.requested:
        return _requested(context, ledger, options)
    checkpoint = ledger.checkpoint()
    if checkpoint is None:
        raise LedgerError("The ledger has no checkpoint.", "Restore a backup, or move it away and run init again.")
    window = poll_window(checkpoint)
    fetched = context.zoho.fetch_changed(window, expected=ledger.count_modified_since(window.start))
    staged = _stage(context, ledger, fetched, requested=False)
    if staged:
        context.zoho.confirm()
    reached = next_checkpoint(checkpoint, fetched.read_at)
    return Work(tuple(staged), (window.start, fetched.read_at), reached, read_at=fetched.read_at)


def _requested(context: Context, ledger: LedgerView, options: Options) -> Work:
    staged: dict[str, DealRecord] = {}
    missing: tuple[Problem, ...] = ()
    read_at: datetime | None = None
    if options.since is not None:
        window = Window(options.since, options.until)
        fetched = context.zoho.fetch_changed(window, expected=ledger.count_modified_since(window.start))
        read_at = fetched.read_at
        staged |= {record.deal_id: record for record in _stage(context, ledger, fetched, requested=True)}
    if options.deals:
        fetched = context.zoho.fetch_deals(options.deals)
        staged |= {record.deal_id: record for record in _stage(context, ledger, fetched, requested=True, named=True)}
        read_at = read_at or fetched.read_at
        found = {row.id for row in fetched.rows}
        missing = tuple(_not_found(deal_id) for deal_id in options.deals if deal_id not in found)
    if staged:
        context.zoho.confirm()
    return Work(tuple(staged.values()), (options.since, options.until), None, missing, read_at)


def _stage(
    context: Context, ledger: LedgerView, fetched: Fetched, *, requested: bool, named: bool = False
) -> list[DealRecord]:
    rows = {row.id: row for row in fetched.rows}
    known = with_invoices(ledger, context.rules, ledger.find_deals(list(rows)), rows)
    # A window does not bring back what a person set aside; its name, or `resolve --retry`, does.
    aside = {deal_id for deal_id, record in known.items() if record.state is DealState.SKIPPED and not named}
    records = (
        stage_row(row, known.get(row.id), context.rules, requested=requested and row.id not in aside)
        for row in fetched.rows
    )
    staged = _with_retreats(context, ledger, fetched, [record for record in records if record is not None])
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


def read_again(
    context: Context,
    ledger: LedgerView,
    staged: Collection[str],
    touched: Collection[str] = (),
    deleted: Collection[str] = (),
) -> list[DealRecord]:
    """Deals that are tried again now, as Zoho has them now.

    They are those that an earlier run left pending, those that a person released, those held under other rules than
    today's or for an invoice that was ended since, and those `touched` by a change beside them. One that Zoho no longer
    shows keeps no snapshot, and is held for that; so is one that a person set aside and that was `deleted`: what it has
    in Xero is still to be planned.
    """
    if waiting_until(ledger, context.clock) is not None:
        return []
    aside = set() if context.rules.when.deal_deleted == "keep" else set(deleted)
    tried = [*_tried_again(context, ledger), *_touched(ledger, touched, aside)]
    waiting = {record.deal_id: record for record in tried if record.deal_id not in staged}
    if not waiting:
        return []
    context.zoho.confirm()
    rows = {row.id: row for row in context.zoho.fetch_deals(list(waiting)).rows}
    known = with_invoices(ledger, context.rules, waiting, rows)
    return [_as_of_now(record, rows.get(deal_id), context.rules) for deal_id, record in known.items()]


def _tried_again(context: Context, ledger: LedgerView) -> Iterator[DealRecord]:
    fingerprint, waiting = context.rules.fingerprint(), ledger.waiting_deals()
    yield from ledger.pending_deals()
    yield from (record for record in waiting if record.rules not in (None, fingerprint))
    rivals = {record.deal_id: rival for record in waiting if (rival := rival_of(record.problem)) is not None}
    ended = ledger.ended_among(rivals.values()) if rivals else frozenset()
    yield from (record for record in waiting if rivals.get(record.deal_id) in ended)


def _touched(ledger: LedgerView, touched: Collection[str], aside: Collection[str]) -> Iterator[DealRecord]:
    """The deals among those touched that are looked at; what was set aside is when it is one of `aside`."""
    for record in ledger.find_deals(touched).values():
        if not record.baseline and (record.state is not DealState.SKIPPED or record.deal_id in aside):
            yield record


def _as_of_now(record: DealRecord, row: DealRow | None, rules: Rules) -> DealRecord:
    if row is None:
        aside = record.set_aside or record.state is DealState.SKIPPED
        return replace(record, state=DealState.PENDING, snapshot=None, set_aside=aside)
    if record.state is DealState.SKIPPED or stays_outside(row, record, rules):
        return record
    staged = stage_row(row, record, rules, requested=False)
    if staged is not None:
        return staged
    if stays_unbilled(record, row, rules):
        return record
    # Known as it is, the deal is planned as it was read now: an earlier read may not have asked for every column.
    only = wants_customer_only(row, rules)
    return replace(record, state=DealState.PENDING, snapshot=row.snapshot, customer_only=only)


def _with_retreats(
    context: Context, ledger: LedgerView, fetched: Fetched, staged: Sequence[DealRecord]
) -> list[DealRecord]:
    """The records, with those pending that were set aside, have a live invoice, and left the stages.

    Of a deal that is billed in two only the remainder is set aside; what becomes of its share is still to be planned.
    """
    rules = context.rules.stages
    outside = {row.id for row in fetched.rows if match_rule(rules, row.stage, row.pipeline) is None}
    left = [record.deal_id for record in staged if record.state is DealState.SKIPPED and record.deal_id in outside]
    links = ledger.find_invoice_links(left) if left else {}
    live = {deal_id for deal_id, link in links.items() if link.live}
    return [replace(record, state=DealState.PENDING) if record.deal_id in live else record for record in staged]


def _not_found(deal_id: str) -> Problem:
    return Problem(
        "deal_not_found",
        f"deal {deal_id}",
        f"Zoho has no deal {deal_id}, or this login may not see it.",
        "Check the id: it is the long number at the end of the deal's web address.",
    )


@dataclass(frozen=True, slots=True)
class Baseline:
    """Deals that are history, and Zoho's clock when their reading began: the checkpoint of a new ledger.

    `stages` is the text of the stages Zoho has; None when nothing was read.
    """

    deals: tuple[DealRecord, ...]
    read_at: datetime | None
    stages: str | None = None


def read_baseline(context: Context, covered: frozenset[tuple[str, str]]) -> Baseline:
    """The deals that are now in an invoiced stage which, in their pipeline, is not covered yet.

    Raises RemoteError when Zoho does not say when that was: without it no later change could be told from history.
    """
    rules = context.rules.stages
    names = sorted({stage for stage, _ in uncovered_stages(rules, covered)})
    if not names:
        return Baseline((), None)
    fetched = context.zoho.fetch_in_stages(names)
    if fetched.read_at is None:
        raise RemoteError("Zoho's answer has no Date, so the baseline has no time.", "Nothing was recorded; run again.")
    billed = [row for row in fetched.rows if match_rule(rules, row.stage, row.pipeline)]
    # What entered a stage in a pipeline that was watched already is news, also when the stage gained another pipeline.
    history = [row for row in billed if not covers(covered, row.stage, row.pipeline)]
    return Baseline(tuple(baseline_record(row) for row in history), fetched.read_at, stages_text(context))


def uncovered(context: Context, ledger: LedgerView) -> bool:
    """True when the configuration names a stage that the ledger's baseline does not cover."""
    return bool(uncovered_stages(context.rules.stages, ledger.covered_stages()))


def left_alone(records: Sequence[DealRecord]) -> Iterator[tuple[DealRecord, str]]:
    """Staged deals that are seen and left alone though their stage is invoiced, each with the reason."""
    for record in records:
        if record.state is DealState.SEEN and (record.baseline or record.customer_only):
            yield record, why_left_alone(record)
