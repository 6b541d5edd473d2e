"""Where things stand, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Console, RenderableType
from rich.text import Text

from zoho_xero_sync.core.model import DealRecord, DealState, Problem, RunRecord, Write
from zoho_xero_sync.core.views import StatusView
from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.facts import columns, facts, section, spaced
from zoho_xero_sync.render.findings import Finding, collapsed
from zoho_xero_sync.render.report_json import instant, problem_value
from zoho_xero_sync.render.runs import exit_word, run_deeds
from zoho_xero_sync.render.waiting_terminal import findings_section
from zoho_xero_sync.render.wording import age, print_plain, when

_ACTIONS = {DealState.HELD: "hold", DealState.REJECTED: "reject"}
# Pending deals need nobody; beyond this many their number says enough.
_PENDING_SHOWN = 10
_SUBJECTS_SHOWN = 3


def render_status(view: StatusView, console: Console, interactive: bool) -> None:
    """Print where things stand: tables on a terminal, otherwise one fact a line."""
    if interactive:
        for part in _parts(view):
            console.print(part, highlight=False)
        return
    print_plain(console, _lines(view))


def status_json(view: StatusView) -> str:
    """Where things stand as one JSON object, indented and ASCII, without a final newline."""
    value = {
        "schema": 1,
        "now": instant(view.now),
        "zoho": {"id": view.identity.zoho_org_id, "name": view.identity.zoho_org_name},
        "xero": {"id": view.identity.xero_tenant_id, "name": view.identity.xero_org_name},
        "ledger": view.ledger,
        "ledger_created_at": instant(view.identity.created_at),
        "checkpoint": instant(view.checkpoint),
        "runs": [_run_value(run) for run in view.runs],
        "waiting": [_deal_value(record) for record in view.waiting],
        "pending": [_deal_value(record) for record in view.pending],
        "uncertain": [_write_value(write) for write in view.uncertain],
        "write_back_refused": [problem_value(problem) for problem in view.refused],
        "allowances": dict(view.allowances),
        "wait_until": instant(view.wait_until),
    }
    return json.dumps(value, indent=2, ensure_ascii=True)


def _run_value(run: RunRecord) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "mode": run.mode,
        "started_at": instant(run.started_at),
        "finished_at": instant(run.finished_at),
        "exit_code": run.exit_code,
    }


def _deal_value(record: DealRecord) -> dict[str, object]:
    return {
        "deal_id": record.deal_id,
        "deal_name": record.name,
        "stage": record.stage,
        "state": str(record.state),
        "modified_at": instant(record.modified_at),
        "problem": problem_value(record.problem) if record.problem else None,
    }


def _write_value(write: Write) -> dict[str, object]:
    return {
        "id": write.id,
        "created_at": instant(write.created_at),
        "attempts": write.attempts,
        "operations": [
            {"kind": str(operation.kind), "subject": operation.subject, "state": str(operation.state)}
            for operation in write.operations
        ],
    }


# ---- on a terminal ----


def _parts(view: StatusView) -> Iterator[RenderableType]:
    yield facts((name, Text(value)) for name, value in _facts(view))
    if view.wait_until and view.wait_until > view.now:
        yield spaced(Text(_wait_text(view.wait_until), style="yellow"))
    yield section("Last runs", _runs_table(view) if view.runs else Text("none yet", style="dim"))
    if view.uncertain:
        yield section("Outcome still unknown", *(Text(_write_text(write, view.now)) for write in view.uncertain))
    waiting = [*_waiting(view.waiting), *_refused(view.refused)]
    yield spaced(
        findings_section("Waiting for a person", waiting) if waiting else Text("Nothing waits for a person.", "green")
    )
    if view.pending:
        yield section(f"Pending: {counted(len(view.pending), 'deal')}", *_pending(view.pending))


def _facts(view: StatusView) -> Iterator[tuple[str, str]]:
    identity = view.identity
    yield "Zoho", f"{clean(identity.zoho_org_name)} ({clean(identity.zoho_org_id)})"
    yield "Xero", f"{clean(identity.xero_org_name)} ({clean(identity.xero_tenant_id)})"
    yield "Ledger", clean(view.ledger)
    checked = f"{when(view.checkpoint)}, {age(view.checkpoint, view.now)}" if view.checkpoint else "none yet"
    yield "Checkpoint", checked
    for service, left in view.allowances.items():
        yield f"{clean(service).capitalize()} calls", clean(left)


def _runs_table(view: StatusView) -> RenderableType:
    table = columns(
        ("Started (UTC)", "fixed"), ("Mode", "fixed"), ("Took", "right"), ("Ended", "left"), ("Did", "left")
    )
    for run in view.runs:
        good = run.exit_code == 0
        table.add_row(
            Text(when(run.started_at).removesuffix(" UTC")),
            Text(clean(run.mode).replace("_", " ")),
            Text(_took(run), style="dim"),
            Text(exit_word(run.exit_code), style="green" if good else "yellow"),
            Text(run_deeds(run), style="dim"),
        )
    return table


def _pending(records: Sequence[DealRecord]) -> Iterator[Text]:
    for record in records[:_PENDING_SHOWN]:
        yield Text(f"{clean(record.name)} ").append(f"{clean(record.deal_id)}  {clean(record.stage)}", style="dim")
    if len(records) > _PENDING_SHOWN:
        yield Text(f"… and {len(records) - _PENDING_SHOWN:,} more", style="italic")


def _waiting(records: Sequence[DealRecord]) -> Iterator[tuple[str, Finding]]:
    for state, action in _ACTIONS.items():
        held = [record for record in records if record.state is state]
        for finding in collapsed((record.deal_id, record.name, _problem(record)) for record in held):
            yield action, finding


def _refused(problems: Sequence[Problem]) -> Iterator[tuple[str, Finding]]:
    """The deals whose fields in Zoho could not be written, in the words of a refusal."""
    told = ((problem.subject.removeprefix("deal "), "", problem) for problem in problems)
    yield from (("reject", finding) for finding in collapsed(told))


def _problem(record: DealRecord) -> Problem:
    return record.problem or Problem("", f"deal {record.deal_id}", f"The deal is {record.state}.", "")


# ---- elsewhere ----


def _lines(view: StatusView) -> Iterator[str]:
    for name, value in _facts(view):
        yield f"{name.lower()}  {value}"
    if view.wait_until and view.wait_until > view.now:
        yield f"wait  {_wait_text(view.wait_until)}"
    for run in view.runs:
        deeds = run_deeds(run)
        ended = "unfinished" if run.exit_code is None else f"exit {run.exit_code}"
        yield "  ".join(filter(None, ("run", when(run.started_at), clean(run.mode), ended, deeds)))
    for write in view.uncertain:
        yield f"uncertain  {_write_text(write, view.now)}"
    for record in view.waiting:
        problem = _problem(record)
        hint = f"Next: {clean(problem.hint)}" if problem.hint else ""
        parts = (
            _ACTIONS.get(record.state, str(record.state)),
            problem.code,
            _name(record),
            clean(problem.message),
            hint,
        )
        yield "  ".join(part for part in parts if part)
    for problem in view.refused:
        yield f"reject  {problem.code}  {clean(problem.message)}  Next: {clean(problem.hint)}"
    for record in view.pending:
        yield f"pending  {_name(record)}  {clean(record.stage)}"


def _name(record: DealRecord) -> str:
    return f"{clean(record.name)} ({clean(record.deal_id)})" if record.name else clean(record.deal_id)


def _wait_text(until: datetime) -> str:
    return f"Xero is asked again after {when(until)}: its allowance of calls is used or kept for other apps."


def _write_text(write: Write, now: datetime) -> str:
    listed = [f"{operation.kind} {clean(operation.subject)}".replace("_", " ") for operation in write.operations]
    more = f" and {len(listed) - _SUBJECTS_SHOWN:,} more" if len(listed) > _SUBJECTS_SHOWN else ""
    items = f"{', '.join(listed[:_SUBJECTS_SHOWN])}{more}"
    return f"write {write.id}: {items}; sent {counted(write.attempts, 'time')}, first {age(write.created_at, now)}"


def _took(run: RunRecord) -> str:
    if run.finished_at is None:
        return ""
    seconds = (run.finished_at - run.started_at).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60):02} s"
