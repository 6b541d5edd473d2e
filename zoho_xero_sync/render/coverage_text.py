"""What documents name and no rule covers, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from zoho_xero_sync.core.coverage import CoverageView, Seen
from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.facts import columns
from zoho_xero_sync.render.report_json import instant
from zoho_xero_sync.render.wording import joined, print_plain, when


def render_coverage(view: CoverageView, console: Console, interactive: bool, *, quiet: bool = False) -> None:
    """Print a line for each gap and the sum; `quiet` leaves the sum out when there is no gap."""
    if not interactive:
        lines = [*map(_line, view.gaps)]
        print_plain(console, lines if quiet and not lines else [*lines, *_sum(view)])
        return
    if view.gaps:
        table = columns(("", "left"), ("", "left"), ("Seen", "right"), ("", "left"), ("Example", "fixed"))
        for gap in view.gaps:
            mark = Text("✗", "bold red") if gap.holds else Text("!", "yellow")
            name = Text(f"{gap.kind} {clean(gap.name)}", "bold" if gap.holds else "")
            said = Text.assemble(clean(gap.trouble or ""), "\n", (clean(gap.hint), "cyan"))
            table.add_row(mark, name, Text(str(gap.documents)), said, Text(gap.deal_id, "dim"))
        console.print(table, highlight=False)
    for line in _sum(view):
        console.print(Text(line, style="bold"), highlight=False)


def coverage_json(view: CoverageView) -> str:
    """Everything seen, covered or not, as one JSON object, indented and ASCII, without a final newline."""
    value = {
        "schema": 1,
        "since": instant(view.since),
        "deals": view.deals,
        "documents": view.documents,
        "unread": view.unread,
        "api_calls": dict(view.calls),
        "seen": [
            {
                "kind": seen.kind,
                "name": seen.name,
                "documents": seen.documents,
                "deal_id": seen.deal_id,
                "state": _state(seen),
                "trouble": seen.trouble,
                "hint": seen.hint,
            }
            for seen in view.seen
        ],
        "exit_code": view.exit_code,
    }
    return json.dumps(value, indent=2, ensure_ascii=True)


def _state(seen: Seen) -> str:
    return "ok" if seen.trouble is None else "problem" if seen.holds else "note"


def _line(gap: Seen) -> str:
    word = "PROBLEM" if gap.holds else "note"
    where = f"{counted(gap.documents, 'document')}, such as that of deal {gap.deal_id}"
    return f"{word}: {gap.kind} {clean(gap.name)}: {clean(gap.trouble or '')} ({where}).  {clean(gap.hint)}"


def _sum(view: CoverageView) -> Iterator[str]:
    calls = joined(f"{number} to {service.capitalize()}" for service, number in view.calls.items())
    read = f"{counted(view.documents, 'document')} of {counted(view.deals, 'deal')} changed since {when(view.since)}"
    verdict = f"{counted(len(view.gaps), 'gap')} in" if view.gaps else "Every rule is there for"
    unread = f" {view.unread} could not be read, or were beyond what is looked at." if view.unread else ""
    yield f"{verdict} {read}.{unread} Calls made: {calls}."
