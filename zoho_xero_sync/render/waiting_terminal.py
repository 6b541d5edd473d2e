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
_LABEL_WIDTH = max(len(word) for word, _ in WORDS.values())


def waiting_parts(report: Report) -> Iterator[RenderableType]:
    """The sections that have something in them: unknown outcomes, then what waits for a person."""
    unknown = [("uncertain", found) for found in findings(report, frozenset({"uncertain"}))]
    if unknown:
        yield findings_section("Outcome still unknown", unknown)
    waiting = [("reject", found) for found in findings(report, frozenset({"reject"}))]
    waiting += [("hold", found) for found in findings(report, frozenset({"hold"}))]
    waiting += [("problem", found) for found in unlisted_findings(report)]
    if waiting:
        yield findings_section("Waiting for a person", waiting)


def hint_lines(hint: str, *, lead: str = "") -> list[Text | Padding]:
    """The hint as lines; a command after a colon gets a line of its own, with what follows it in brackets."""
    lines: list[Text | Padding] = []
    words, command = Text().append(lead, style="dim"), Text()
    for piece in hint_pieces(hint):
        if piece.alone:
            lines += _filled(words, command)
            words, command = Text(), Text().append(piece.text, style=COMMAND_STYLE)
        elif command.plain and piece.text.startswith("("):
            command.append(f" {piece.text}", style="dim")
        else:
            lines += _filled(Text(), command)
            command = Text()
            gap = "" if not words.plain or words.plain.endswith(" ") or piece.text[0] in ",.;:)" else " "
            words.append(gap).append(piece.text, style=COMMAND_STYLE if piece.command else "")
    return [*lines, *_filled(words, command)] if hint else []


def _filled(words: Text, command: Text) -> list[Text | Padding]:
    """The lines that have something on them; the command is indented."""
    lines: list[Text | Padding] = [words] if words.plain else []
    return [*lines, Padding(command, (0, 0, 0, 2))] if command.plain else lines


def findings_section(heading: str, entries: list[tuple[str, Finding]]) -> RenderableType:
    """A heading and one block per finding; each comes with the action that its deals ended with, or `problem`."""
    grid = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column("what", width=_LABEL_WIDTH, no_wrap=True)
    grid.add_column("why", overflow="fold")
    for position, (action, finding) in enumerate(entries):
        if position:
            grid.add_row()
        word, style = WORDS.get(action, (action, "bold red"))
        grid.add_row(Text(word, style=style), Group(*_finding(finding)))
    return Group(Text(heading, style="bold"), grid)


def _finding(finding: Finding) -> Iterator[RenderableType]:
    one = finding.deals[0] if len(finding.deals) == 1 else None
    heading = _named(*one, style="bold") if one else Text().append(f"{len(finding.deals):,} deals", style="bold")
    yield heading.append(f"  {finding.code}", style="dim") if finding.code else heading
    yield Text(clean(finding.message))
    yield from hint_lines(finding.hint)
    if not one:
        yield Text(", ").join(_named(*deal, style="") for deal in finding.deals)


def _named(deal_id: str, name: str, *, style: str) -> Text:
    return Text().append(clean(name) or "deal", style=style).append(f" {clean(deal_id)}", style="dim")
