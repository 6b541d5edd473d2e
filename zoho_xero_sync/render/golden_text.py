"""How golden cases came out, one line a case, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.text import Text

from zoho_xero_sync.core.golden import GoldenResult, GoldenView
from zoho_xero_sync.core.model import Change
from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.facts import columns
from zoho_xero_sync.render.field_changes import NONE
from zoho_xero_sync.render.report_json import change_value
from zoho_xero_sync.render.wording import joined, print_plain


def render_golden(view: GoldenView, console: Console, interactive: bool, *, quiet: bool = False) -> None:
    """Print each case, below it what differs, then the sum. `quiet` leaves out the cases that came out as written."""
    shown = [result for result in view.results if not quiet or result.differences]
    if not interactive:
        print_plain(console, _lines(view, shown, quiet=quiet))
        return
    for result in shown:
        mark, style = ("✗", "bold red") if result.differences else ("✓", "green")
        where = f"  {_where(result)}" if result.differences else ""
        console.print(Text.assemble((mark, style), " ", clean(result.name), (where, "dim")), highlight=False)
        if result.differences:
            console.print(_table(result.differences), highlight=False)
    console.print(Text(f"\n{_sum(view)}", style="bold"), highlight=False)


def golden_json(view: GoldenView) -> str:
    """The cases as one JSON object, indented and ASCII, without a final newline.

    In a difference `before` is what the file says and `after` what came out.
    """
    value = {
        "schema": 1,
        "counts": {"ok": _count(view, different=False), "different": _count(view, different=True)},
        "api_calls": dict(view.calls),
        "cases": [
            {
                "file": result.file,
                "line": result.line,
                "name": result.name,
                "state": "different" if result.differences else "ok",
                "differences": [change_value(change) for change in result.differences],
            }
            for result in view.results
        ],
        "exit_code": view.exit_code,
    }
    return json.dumps(value, indent=2, ensure_ascii=True)


def _table(differences: tuple[Change, ...]) -> RenderableType:
    table = columns(("", "left"), ("", "left"), ("", "left"), ("", "left"), ("", "left"))
    for change in differences:
        before, after = Text(_said(change.before), "red"), Text(_said(change.after), "green")
        table.add_row("  " + clean(change.field), Text("file says", "dim"), before, Text("comes to", "dim"), after)
    return table


def _lines(view: GoldenView, shown: list[GoldenResult], *, quiet: bool) -> Iterator[str]:
    for result in shown:
        if not result.differences:
            yield f"ok: {clean(result.name)}"
            continue
        yield f"DIFFERENT: {clean(result.name)}  {_where(result)}"
        for change in result.differences:
            yield f"  {clean(change.field)}: file says {_said(change.before)}, comes to {_said(change.after)}"
    if shown or not quiet:
        yield _sum(view)


def _said(text: str | None) -> str:
    return NONE if text is None else clean(text) or "(empty)"


def _where(result: GoldenResult) -> str:
    return f"{clean(result.file)}:{result.line}"


def _sum(view: GoldenView) -> str:
    different = _count(view, different=True)
    calls = joined(f"{number} to {service.capitalize()}" for service, number in view.calls.items())
    verdict = f"{different} of {counted(len(view.results), 'case')} differ" if different else "As written"
    counts = "" if different else f": {counted(len(view.results), 'case')}"
    return f"{verdict}{counts}. Calls made: {calls}."


def _count(view: GoldenView, *, different: bool) -> int:
    return sum(1 for result in view.results if bool(result.differences) is different)
