"""What `check` found, one line a risk, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from zoho_xero_sync.core.check_facts import Finding, State
from zoho_xero_sync.core.checks import CheckView
from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.report_json import instant
from zoho_xero_sync.render.wording import hint_pieces, joined, print_plain

_WORDS: dict[State, str] = {"ok": "ok", "problem": "PROBLEM", "note": "note", "unchecked": "not checked"}
_MARKS: dict[State, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "problem": ("✗", "bold red"),
    "note": ("!", "yellow"),
    "unchecked": ("–", "dim"),
}
_INDENT = "  "


def render_check(view: CheckView, console: Console, interactive: bool, *, quiet: bool = False) -> None:
    """Print each finding with its hint below it, then the sum. `quiet` leaves out what is green."""
    shown = [finding for finding in view.findings if not quiet or finding.state != "ok"]
    if not interactive:
        print_plain(console, _lines(view, shown, quiet=quiet))
        return
    for finding in shown:
        for line in _coloured(finding):
            console.print(line, highlight=False)
    console.print(Text(f"\n{_sum(view)}", style="bold"), highlight=False)


def check_json(view: CheckView) -> str:
    """The findings as one JSON object, indented and ASCII, without a final newline."""
    value = {
        "schema": 1,
        "checked_at": instant(view.at),
        "counts": {state: _count(view, state) for state in _WORDS},
        "api_calls": dict(view.calls),
        "findings": [
            {
                "code": finding.code,
                "state": finding.state,
                "subject": finding.subject,
                "message": finding.message,
                "hint": finding.hint,
            }
            for finding in view.findings
        ],
        "exit_code": view.exit_code,
    }
    return json.dumps(value, indent=2, ensure_ascii=True)


def _coloured(finding: Finding) -> Iterator[Text]:
    mark, style = _MARKS[finding.state]
    name = (clean(finding.subject), "bold" if finding.state == "problem" else "")
    said = (clean(finding.message), "dim" if finding.state == "unchecked" else "")
    yield Text.assemble((mark, style), " ", name, ": ", said)
    if finding.hint:
        hint = Text(_INDENT)
        for place, piece in enumerate(hint_pieces(finding.hint)):
            hint.append(" " if place else "").append(piece.text, style="cyan" if piece.command else "")
        yield hint


def _lines(view: CheckView, shown: list[Finding], *, quiet: bool) -> Iterator[str]:
    for finding in shown:
        yield f"{_WORDS[finding.state]}: {clean(finding.subject)}: {clean(finding.message)}"
        if finding.hint:
            yield f"{_INDENT}{clean(finding.hint)}"
    if shown or not quiet:
        yield _sum(view)


def _sum(view: CheckView) -> str:
    problems, notes, unchecked = (_count(view, state) for state in ("problem", "note", "unchecked"))
    parts = [counted(problems, "problem")] if problems else []
    parts += [counted(notes, "note")] if notes else []
    parts += [f"{unchecked} not checked"] if unchecked else []
    calls = joined(f"{number} to {service.capitalize()}" for service, number in view.calls.items())
    verdict = joined(parts) if parts else "All green"
    return f"{verdict}, {_count(view, 'ok')} of {len(view.findings)} fine. Calls made: {calls}."


def _count(view: CheckView, state: State) -> int:
    return sum(1 for finding in view.findings if finding.state == state)
