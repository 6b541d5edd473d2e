"""The straight line: recover, fetch, stage, plan, apply, report. The caller holds the lock and opens the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zoho_xero_sync.core.contact_now import kept_notes
from zoho_xero_sync.core.items import new_items
from zoho_xero_sync.core.model import Action, DealRecord, DealState, Problem
from zoho_xero_sync.core.report import DealResult, Report
from zoho_xero_sync.core.results import planned, uncertain, waiting
from zoho_xero_sync.core.stages import covered_stages
from zoho_xero_sync.core.staging import new_history
from zoho_xero_sync.engine.allowance import forget_wait, remember_wait, wait_problem, waiting_until, was_waiting
from zoho_xero_sync.engine.books import BookKeeper
from zoho_xero_sync.engine.busy import busy_subjects, is_busy
from zoho_xero_sync.engine.carry_out import carry_out
from zoho_xero_sync.engine.customers_only import notes_of_left_alone, tell_left_alone
from zoho_xero_sync.engine.email import preview_emails, send_emails
from zoho_xero_sync.engine.fetch import (
    Baseline,
    Work,
    left_alone,
    read_again,
    read_baseline,
    read_changes,
    uncovered,
)
from zoho_xero_sync.engine.items import items_note
from zoho_xero_sync.engine.news import News, read_news, record_news
from zoho_xero_sync.engine.overlay import Overlay
from zoho_xero_sync.engine.poll_deleted import with_deletions
from zoho_xero_sync.engine.poll_zoho import seen_documents
from zoho_xero_sync.engine.polls import polls_for
from zoho_xero_sync.engine.ports import Context, LedgerDesk, LedgerView, Options
from zoho_xero_sync.engine.prepare import plan_deals
from zoho_xero_sync.engine.recover import look_again, recover
from zoho_xero_sync.engine.safety import forget_stop, remember_stop, say_again, stop_if_too_many
from zoho_xero_sync.engine.stage_names import FACT as STAGES_FACT
from zoho_xero_sync.engine.stage_names import stage_problem, watched_stages
from zoho_xero_sync.engine.tally import Tally
from zoho_xero_sync.engine.write_back import write_back
from zoho_xero_sync.engine.write_back_preview import preview_write_back
from zoho_xero_sync.errors import AllowanceError, SafetyError, SyncError


def record_baseline(context: Context, ledger: LedgerDesk, baseline: Baseline) -> Report:
    """The first run of a new ledger: note which deals are history, and do nothing else."""
    return _guarded(context, ledger, "baseline", lambda tally: _store_baseline(context, ledger, baseline, tally))


def apply_changes(context: Context, ledger: LedgerDesk, options: Options) -> Report:
    """The whole line, writing to Xero and to the ledger. Always ends in a report.

    A ledger whose first run was cut short gets its baseline and, unless deals were asked for, nothing else.
    """
    mode = "baseline" if ledger.checkpoint() is None and not options.requested else "apply"
    return _guarded(context, ledger, mode, lambda tally: _apply_and_tell(context, ledger, options, tally))


def preview_changes(context: Context, ledger: LedgerView | None, options: Options, *, detailed: bool) -> Report:
    """The same plan over a staging in memory: nothing is written to either service or to the ledger."""
    overlay = Overlay(ledger)
    work = lambda tally: _preview(context, overlay, options, tally)  # noqa: E731 - the twin of the two above
    return _guarded(context, overlay, "dry_run", work, detailed=detailed)


def _guarded(
    context: Context, ledger: LedgerView, mode: str, work: Callable[[Tally], None], *, detailed: bool = False
) -> Report:
    tally = Tally(context, context.clock.now())
    try:
        work(tally)
    except SyncError as error:
        tally.fail(error)
    return tally.report(mode, ledger, detailed=detailed)


def _record_baseline(context: Context, ledger: LedgerDesk, tally: Tally) -> None:
    before, now = ledger.covered_stages(), covered_stages(context.rules.stages)
    if uncovered(context, ledger):
        _store_baseline(context, ledger, read_baseline(context, before), tally)
    elif now != before:
        # A stage that is no longer named is not watched from here on: named again, it has a history of its own.
        ledger.record_baseline((), now, None)


def _store_baseline(context: Context, ledger: LedgerDesk, baseline: Baseline, tally: Tally) -> None:
    before = ledger.checkpoint()
    covered = covered_stages(context.rules.stages)
    tally.baseline = ledger.record_baseline(baseline.deals, covered, baseline.read_at)
    _note_stages(context, baseline, tally)
    _keep_stages(context, ledger, baseline.stages)
    tally.checkpoint = (before, ledger.checkpoint())


def _apply_and_tell(context: Context, ledger: LedgerDesk, options: Options, tally: Tally) -> None:
    _apply(context, ledger, options, tally)
    write_back(context, ledger, tally)


def _apply(context: Context, ledger: LedgerDesk, options: Options, tally: Tally) -> None:
    before = ledger.checkpoint()
    tally.checkpoint = (before, before)
    try:
        if waiting_until(ledger, context.clock) is None:
            recover(context, ledger)
            look_again(context, ledger)
        _record_baseline(context, ledger, tally)
        if tally.baseline is not None and before is None and not options.requested:
            return
        work = read_changes(context, ledger, options)
        _note(ledger, work, options, tally)
        _keep_stages(context, ledger, _watch_stages(context, ledger, tally))
        # A poll is staged before it is planned, so that no poison deal can hold up the checkpoint. What a person
        # asked for is staged once the safety stop has let it pass: a mistaken back-fill leaves nothing behind.
        if not options.requested:
            ledger.stage(work.staged, work.checkpoint)
        tally.checkpoint = (before, ledger.checkpoint())
        if not options.requested:
            news = read_news(context, ledger, polls_for(context.rules), before)
            changed = news.deals or news.deletions or news.invoices
            stop = None if changed else say_again(context, ledger, options, tally)
            # Staged first: an invoice that is known to be ended is not met again, and its deal would stay unplanned.
            again = _waiting_again(context, ledger, work, news, tally) if stop is None else []
            news = with_deletions(context, ledger, news, again)
            ledger.stage(again, None)
            ledger.record_sightings(news.invoices, news.edits, news.events)
            record_news(context, ledger, news)
            tally.announced += tell_left_alone(context, ledger)
            if stop is not None:
                raise stop
        view: LedgerView = ledger
        if options.requested:
            view = overlay = Overlay(ledger)
            overlay.lay(work.staged)
        keeper = BookKeeper(context, view)
        planned_actions = _plan(context, view, keeper, work, options, tally)
        actions = _without_backlog(context, view, planned_actions, options, tally)
        _hold_back(context, ledger, actions, options, tally)
        if options.requested:
            ledger.stage(work.staged, None)
        ledger.record_seen(seen_documents(planned_actions, context.zoho.read_at))
        for name, text in keeper.fetched.items():
            ledger.record_fact(name, text, context.clock.now())
        if actions:
            forget_wait(ledger, context.clock)
        carry_out(context, ledger, _within_limit(actions, options, tally), tally)
        send_emails(context, ledger, options, tally)
    except AllowanceError as error:
        remember_wait(ledger, context.clock, error)
        raise


def _hold_back(context: Context, ledger: LedgerDesk, actions: Sequence[Action], options: Options, tally: Tally) -> None:
    try:
        stop_if_too_many(context, actions, options, tally)
    except SafetyError as stop:
        if not options.requested:
            # What waits for a person is told whether or not anything may be sent.
            carry_out(context, ledger, [action for action in actions if action.problem is not None], tally)
            remember_stop(context, ledger, options, stop)
        raise
    if not options.requested:
        forget_stop(context, ledger)


def _preview(context: Context, overlay: Overlay, options: Options, tally: Tally) -> None:
    before = overlay.checkpoint()
    tally.checkpoint = (before, before)
    if uncovered(context, overlay):
        baseline = read_baseline(context, overlay.covered_stages())
        _note_stages(context, baseline, tally)
        found = baseline.deals
        ids = [record.deal_id for record in found]
        history = new_history(found, overlay.find_deals(ids), overlay.find_invoice_links(ids))
        tally.baseline = len(history)
        overlay.lay(history)
    if before is None and not options.requested:
        return
    work = read_changes(context, overlay, options)
    _note(overlay, work, options, tally)
    if tally.baseline is None:
        _watch_stages(context, overlay, tally)
    overlay.lay(work.staged)
    if not options.requested:
        news = read_news(context, overlay, polls_for(context.rules), before)
        again = _waiting_again(context, overlay, work, news, tally)
        overlay.lay_deletions(with_deletions(context, overlay, news, again).deletions)
        overlay.lay(again)
        overlay.lay_invoices(news.invoices, news.edits)
        tally.announced += notes_of_left_alone(context, overlay)
    planned_actions = _plan(context, overlay, BookKeeper(context, overlay), work, options, tally)
    actions = _without_backlog(context, overlay, planned_actions, options, tally)
    stop_if_too_many(context, actions, options, tally)
    kept = _within_limit(actions, options, tally)
    for action in kept:
        tally.add_planned(action)
    codes = list(new_items(kept))
    if codes:
        tally.notes.append(items_note("Would make", codes))
    preview_emails(context, overlay, options, kept, tally)
    preview_write_back(context, overlay, kept, tally)


def _note_stages(context: Context, baseline: Baseline, tally: Tally) -> None:
    if baseline.stages:
        _tell(stage_problem(context.rules, baseline.stages), tally)


def _watch_stages(context: Context, ledger: LedgerView, tally: Tally) -> str | None:
    problem, told = watched_stages(context, ledger)
    _tell(problem, tally)
    return told


def _tell(problem: Problem | None, tally: Tally) -> None:
    if problem is not None and problem not in tally.run_problems:
        tally.run_problems.append(problem)


def _keep_stages(context: Context, ledger: LedgerDesk, told: str | None) -> None:
    if told is not None:
        ledger.record_fact(STAGES_FACT, told, context.clock.now())


def _waiting_again(context: Context, ledger: LedgerView, work: Work, news: News, tally: Tally) -> list[DealRecord]:
    """Deals that waited and are tried again, read after the poll is safe in the ledger."""
    if waiting_until(ledger, context.clock) is None and ledger.pending_deals():
        _probe_after_wait(context, ledger)
    staged = {record.deal_id for record in work.staged}
    again = read_again(context, ledger, staged, news.deals, news.deletions)
    tally.remember(ledger.find_deals([record.deal_id for record in again]))
    _note_held(again, tally)
    _note_left_alone(again, tally)
    return again


def _probe_after_wait(context: Context, ledger: LedgerView) -> None:
    """One call to Xero tells whether it takes more; the deals and documents of all that waits cost Zoho many."""
    if was_waiting(ledger):
        context.xero.probe()


def _note(ledger: LedgerView, work: Work, options: Options, tally: Tally) -> None:
    tally.window, tally.read_at = work.window, work.read_at
    tally.read = frozenset(record.deal_id for record in work.staged) if options.requested else None
    tally.run_problems += work.missing
    tally.remember(ledger.find_deals([record.deal_id for record in work.staged]))
    for record in ledger.waiting_deals():
        tally.remember({record.deal_id: record})
    _note_held(work.staged, tally)
    _note_left_alone(work.staged, tally)


def _note_left_alone(records: Sequence[DealRecord], tally: Tally) -> None:
    for record, reason in left_alone(records):
        tally.results[record.deal_id] = DealResult(record.deal_id, record.name, record.stage, "unchanged", reason)


def _note_held(records: Sequence[DealRecord], tally: Tally) -> None:
    """Deals that could not even be read are held from the start."""
    for record in records:
        if record.state is DealState.HELD and record.problem is not None:
            tally.results[record.deal_id] = waiting(record)
            tally.problems[record.deal_id] = record.problem


# ---- plan ----


def _plan(
    context: Context, view: LedgerView, keeper: BookKeeper, work: Work, options: Options, tally: Tally
) -> list[Action]:
    records = _to_plan(context, view, work, options, tally)
    if not records:
        return []
    until = waiting_until(view, context.clock)
    if until is None:
        if options.requested:
            _probe_after_wait(context, view)
        actions = plan_deals(context, view, keeper, records)
        tally.notes += kept_notes(actions)
        return actions
    tally.run_problems.append(wait_problem(until))
    for record in records:
        reason = "waits for Xero's next allowance of calls"
        tally.results[record.deal_id] = DealResult(record.deal_id, record.name, record.stage, "pending", reason)
    return []


def _to_plan(context: Context, view: LedgerView, work: Work, options: Options, tally: Tally) -> list[DealRecord]:
    """Pending deals, leaving out those for which a write is still unanswered."""
    pending = view.pending_deals()
    if options.requested:
        asked = {record.deal_id for record in work.staged}
        pending = [record for record in pending if record.deal_id in asked]
    busy = busy_subjects(view)
    free: list[DealRecord] = []
    for record in pending:
        if is_busy(context, record, busy):
            unknown = DealResult(record.deal_id, record.name, record.stage, "uncertain")
            tally.results[record.deal_id] = uncertain(unknown)
        else:
            free.append(record)
    return free


def _without_backlog(
    context: Context, view: LedgerView, actions: Sequence[Action], options: Options, tally: Tally
) -> list[Action]:
    """The actions of a poll, with what a limited back-fill left pending only as far as the safety stop has room.

    Otherwise what a person left for later would stop the invoices of today, run after run.
    """
    if options.requested or options.allow_many:
        return list(actions)
    records = view.find_deals([action.deal_id for action in actions if action.action == "create"])
    backlog = {deal_id for deal_id, record in records.items() if record.requested}
    limit = context.rules.limits.invoices_per_run
    room = max(0, limit - sum(action.action == "create" and action.deal_id not in backlog for action in actions))
    kept: list[Action] = []
    for action in actions:
        if action.deal_id in backlog and room <= 0:
            reason = f"waits for a later run: at most {limit} invoices in one (limits.invoices_per_run)"
            tally.results[action.deal_id] = planned(action, "pending", reason=reason)
            continue
        room -= action.deal_id in backlog
        kept.append(action)
    return kept


def _within_limit(actions: Sequence[Action], options: Options, tally: Tally) -> list[Action]:
    """At most `--limit` new invoices, oldest change first; the rest stay pending."""
    if options.limit is None:
        return list(actions)
    left = options.limit
    kept: list[Action] = []
    for action in actions:
        if action.action == "create" and left <= 0:
            tally.results[action.deal_id] = planned(action, "pending", reason="beyond --limit; stays pending")
            continue
        left -= action.action == "create"
        kept.append(action)
    return kept
