"""Writing invoices back into the fields of their deals, after everything else of a run.

Setting the same values once more changes nothing, so these writes need no journal: what was not recorded is sent again.
A note would be there twice, so it is marked as sent before it is, and never sent again on doubt. A deal that is gone
was told nothing: it may come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from zoho_xero_sync.core.model import Event
from zoho_xero_sync.core.rules import WriteBackRules
from zoho_xero_sync.core.write_back import (
    DueWriteBack,
    FieldValue,
    WriteBack,
    Written,
    as_told,
    missing_fields_problem,
    note_of,
    refused_problem,
    rules_stamp,
    told_fields,
    untold,
    wants_note,
)
from zoho_xero_sync.engine.ports import Context, LedgerDesk, LedgerView
from zoho_xero_sync.engine.tally import Tally
from zoho_xero_sync.errors import SyncError

# Zoho takes 100 records in a call (www.zoho.com/crm/developer/docs/api/v8/update-records.html).
BATCH = 100
# Zoho's times are whole seconds: what was modified within the one of the read may not have been read.
_GRAIN = timedelta(seconds=1)
# Other fields, or a new ledger, have every deal told anew; what is beyond this is told by the next runs.
_MOST_IN_A_RUN = 1000
# Since when notes are made; what was invoiced before gets none.
_NOTES_FACT = "write_back.notes_since"
# The rules whose fields were seen to be there.
_FIELDS_FACT = "write_back.fields"


@dataclass(frozen=True, slots=True)
class _Telling:
    """A deal that is due: all that its fields are to say, what of it they were not told, and its row once told."""

    due: DueWriteBack
    values: Mapping[str, FieldValue]
    news: Mapping[str, FieldValue]
    row: WriteBack

    @property
    def deal_id(self) -> str:
        return self.due.link.deal_id

    @property
    def sent_before(self) -> Mapping[str, str]:
        """What the fields were told until now."""
        return self.due.before.sent if self.due.before else {}


def write_back(context: Context, ledger: LedgerDesk, tally: Tally) -> None:
    """Tell the deals that are due, and report those that Zoho refused, also earlier."""
    rules = context.rules.write_back
    if not rules.active:
        return
    note_refused(ledger, tally)
    since = notes_since(context, ledger, tally)
    if since is not None and ledger.fact(_NOTES_FACT) is None:
        ledger.record_fact(_NOTES_FACT, since.isoformat(), context.clock.now())
    due = due_now(context, ledger, tally)
    if due:
        context.zoho.confirm()
        missing = _missing_fields(context, ledger)
        if missing:
            tally.run_problems.append(missing_fields_problem(missing))
            due = []
    for start in range(0, len(due), BATCH):
        context.check_stop()
        context.progress("writing back to Zoho", start, len(due))
        telling = [_telling(context, item) for item in due[start : start + BATCH]]
        told = _tell(context, ledger, telling, tally.read_at)
        if since is not None:
            _add_notes(context, ledger, [item for item in told if wants_note(item.due, since)])
    report_refused(ledger, tally)


def due_now(context: Context, view: LedgerView, tally: Tally) -> list[DueWriteBack]:
    """The deals that are due, of those that the run read.

    Of the others, what people did to them is not known yet: their new Modified_Time would hide it.
    """
    due = view.due_write_backs(rules_stamp(context.rules.write_back), _MOST_IN_A_RUN, _zoho_now(context))
    return [item for item in due if tally.read is None or item.link.deal_id in tally.read]


# ---- fields ----


def _missing_fields(context: Context, ledger: LedgerDesk) -> tuple[str, ...]:
    """Fields that Zoho would not write, looked up once: it drops what it does not know without a word."""
    rules = context.rules.write_back
    if fields_seen(rules, ledger):
        return ()
    missing = context.zoho.unwritable_fields(tuple(rules.fields.values()))
    if not missing:
        ledger.record_fact(_FIELDS_FACT, rules_stamp(rules), context.clock.now())
    return missing


def fields_seen(rules: WriteBackRules, view: LedgerView) -> bool:
    """Whether an earlier run saw that Zoho has the fields of these rules, or they name none."""
    kept = view.fact(_FIELDS_FACT)
    return not rules.fields or (kept is not None and kept[0] == rules_stamp(rules))


def _telling(context: Context, due: DueWriteBack) -> _Telling:
    values = told_fields(due.link, due.edits, context.rules.write_back)
    noted = due.before.noted if due.before else None
    row = WriteBack(due.link.deal_id, due.stamp, as_told(values), noted)
    return _Telling(due, values, untold(values, due.before), row)


def _tell(
    context: Context, ledger: LedgerDesk, telling: Sequence[_Telling], read_at: datetime | None
) -> list[_Telling]:
    """Write what is news, and record what came of it; what is no news is only noted as told. Returns who was told.

    A deal that somebody changed since `read_at` is told by a run that has read it: the time that Zoho gives it for
    what is written would hide a change that nothing else shows, as that of a subform's rows.
    """
    changed = [item for item in telling if item.news]
    news = [(item.deal_id, item.news) for item in changed]
    since = read_at - _GRAIN if read_at is not None else None
    answers = context.zoho.update_deals(news, unmodified_since=since) if changed else []
    answered = list(zip(changed, answers, strict=True))
    told = [(item, answer) for item, answer in answered if not answer.changed]
    rows = [item.row for item in telling if not item.news]
    rows += [_answered(context, item, answer) for item, answer in told]
    told_at = {item.deal_id: answer.modified_at for item, answer in told if answer.modified_at is not None}
    ledger.record_write_backs(rows, list(_events(context, told)), told_at=told_at)
    missed = {item.deal_id for item, answer in answered if answer.changed or answer.gone}
    return [item for item in telling if item.deal_id not in missed]


def _answered(context: Context, item: _Telling, answer: Written) -> WriteBack:
    if answer.gone:
        return _untold_row(context, item)
    if answer.problem is not None:
        return replace(item.row, sent=item.sent_before, problem=answer.problem)
    return item.row


def _untold_row(context: Context, item: _Telling) -> WriteBack:
    """The row of a deal that was not there."""
    now, before = _zoho_now(context), item.due.before
    since = before.gone_since if before is not None and before.gone_since is not None else now
    return replace(item.row, stamp="", sent=item.sent_before, gone_since=since, gone_at=now)


def _zoho_now(context: Context) -> datetime:
    """Zoho's time, with which the times of its records are compared."""
    return context.zoho.read_at or context.clock.now()


def _events(context: Context, told: Iterable[tuple[_Telling, Written]]) -> Iterator[Event]:
    for item, answer in told:
        if answer.gone:
            continue
        kind, detail = "written_back", as_told(item.news)
        if answer.problem is not None:
            kind, detail = "write_back_refused", {"message": answer.problem}
        yield Event(context.clock.now(), context.run_id, item.deal_id, kind, detail)


# ---- notes ----


def notes_since(context: Context, view: LedgerView, tally: Tally) -> datetime | None:
    """From when on an invoice gets a note: the first run that makes any; None without notes."""
    if not context.rules.write_back.note:
        return None
    kept = view.fact(_NOTES_FACT)
    return datetime.fromisoformat(kept[0]) if kept is not None else tally.started


def _add_notes(context: Context, ledger: LedgerDesk, telling: Sequence[_Telling]) -> None:
    if not telling:
        return
    rows = ledger.find_write_backs([item.deal_id for item in telling])
    ledger.record_write_backs(
        [replace(rows[item.deal_id], noted=item.due.link.invoice_id) for item in telling],
    )
    try:
        answers = context.zoho.add_notes([(item.deal_id, note_of(item.due.link)) for item in telling])
    except SyncError:
        # Nothing was sent, so the deals are due once more.
        ledger.record_write_backs([replace(rows[item.deal_id], stamp="") for item in telling])
        raise
    told = list(zip(telling, answers, strict=True))
    refused = [
        replace(rows[item.deal_id], problem=answer.problem) for item, answer in told if answer.problem is not None
    ]
    gone = [_untold_row(context, item) for item, answer in told if answer.gone]
    ledger.record_write_backs([*refused, *gone])


# ---- settling ----


def settle_refused(ledger: LedgerDesk, deal_id: str, *, retry: bool) -> bool:
    """Have a refused deal told once more by the next run, or leave it as it is; whether there was one."""
    row = ledger.find_write_backs([deal_id]).get(deal_id)
    if row is None or row.problem is None:
        return False
    ledger.record_write_backs([replace(row, problem=None, stamp="" if retry else row.stamp)])
    return True


# ---- the report ----


def note_refused(view: LedgerView, tally: Tally) -> None:
    """Note what was refused before this run: it was told then."""
    problems = (refused_problem(row) for row in view.refused_write_backs())
    tally.told |= {(problem.code, problem.subject, problem.message) for problem in problems}


def report_refused(view: LedgerView, tally: Tally) -> None:
    """Report the deals that Zoho refused, also earlier."""
    tally.run_problems += [refused_problem(row) for row in view.refused_write_backs()]
