"""What waits for a person: one block per cause, with the next command on a line of its own."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from zoho_xero_sync.core.report import Report
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.deals_table import WORDS
from zoho_xero_sync.render.findings import Finding, findings, unlisted_findings
from zoho_xero_sync.render.wording import hint_pieces

COMMAND_STYLE = "bold cyan"
_LABEL_WIDTH = max(len(word) for word, _ in WORDS.values()) - 3
_LISTED = 10


def waiting_parts(report: Report, *, verbosity: int) -> Iterator[RenderableType]:
    """The sections that have something in them: unknown outcomes, then what waits for a person."""
    unknown = [("uncertain", found) for found in findings(report, frozenset({"uncertain"}))]
    if unknown:
        yield _section("Outcome still unknown", unknown, verbosity)
    waiting = [("reject", found) for found in findings(report, frozenset({"reject"}))]
    waiting += [("hold", found) for found in findings(report, frozenset({"hold"}))]
    waiting += [("", found) for found in unlisted_findings(report)]
    if waiting:
        yield _section("Waiting for a person", waiting, verbosity)


def hint_lines(hint: str, *, lead: str = "") -> list[Text | Padding]:
    """The hint as lines; a command after a colon gets a line of its own, what follows it stays beside it."""
    lines: list[Text | Padding] = []
    current = Text(lead, style="dim")
    after_command = False
    for piece in hint_pieces(hint):
        if piece.command and piece.alone:
            lines.append(current)
            current = Text(piece.text, style=COMMAND_STYLE)
            after_command = True
            continue
        if after_command and piece.command is False and not piece.text.startswith("("):
            lines.append(Padding(current, (0, 0, 0, 2)))
            current, after_command = Text(), False
        gap = "" if not current.plain or current.plain.endswith(" ") or piece.text[:1] in ",.;:)" else " "
        style = COMMAND_STYLE if piece.command else "not bold dim" if after_command else "not dim"
        current.append(gap).append(piece.text, style=style)
    if current.plain.strip():
        lines.append(Padding(current, (0, 0, 0, 2)) if after_command else current)
    return lines


def _section(heading: str, entries: list[tuple[str, Finding]], verbosity: int) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column("what", width=_LABEL_WIDTH, no_wrap=True)
    grid.add_column("why", overflow="fold")
    for position, (action, finding) in enumerate(entries):
        if position:
            grid.add_row()
        word, style = WORDS.get(action, ("", ""))
        grid.add_row(Text(word, style=style), Group(*_finding(finding, verbosity)))
    return Group(Text(heading, style="bold"), grid)


def _finding(finding: Finding, verbosity: int) -> Iterator[RenderableType]:
    listed = finding.deals if verbosity >= 1 else finding.deals[:_LISTED]
    heading = Text(f"{len(finding.deals):,} deals: " if len(finding.deals) > 1 else "")
    for position, (deal_id, name) in enumerate(listed):
        heading.append(", " if position else "")
        heading.append(clean(name) or "deal", style="bold").append(f" {clean(deal_id)}", style="dim")
    if len(listed) < len(finding.deals):
        heading.append(f" and {len(finding.deals) - len(listed):,} more (-v lists them)", style="italic")
    if finding.code:
        heading.append(f"  {finding.code}", style="dim")
    yield heading
    yield Text(clean(finding.message))
    yield from hint_lines(finding.hint)
