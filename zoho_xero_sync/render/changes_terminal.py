"""Field by field what changes, before and after side by side; deals with the very same changes share one block."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from zoho_xero_sync.core.model import Change
from zoho_xero_sync.core.report import DealResult, Report
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.field_changes import NONE, worth_showing

_INDENT = 2
_LISTED = 5


def changes_parts(report: Report, *, width: int, verbosity: int) -> Iterator[RenderableType]:
    """The heading and the blocks; nothing when no field of anything that exists changes.

    Every field of what is new is left out below verbosity 1.
    """
    groups: dict[tuple[Change, ...], list[DealResult]] = {}
    for deal in report.deals:
        changes = worth_showing(deal, verbosity)
        if changes:
            groups.setdefault(changes, []).append(deal)
    if not groups:
        return
    widths = _widths(groups.keys(), width)
    heading = "What changes" if report.mode == "dry_run" else "What changed"
    blocks: list[RenderableType] = [Text(heading, style="bold")]
    for changes, deals in groups.items():
        blocks += [_header(deals), *(_line(change, widths) for change in changes)]
    yield Group(*blocks)


@dataclass(frozen=True, slots=True)
class _Widths:
    field: int
    before: int
    after: int


def _widths(groups: Collection[tuple[Change, ...]], width: int) -> _Widths:
    changes = [change for changes in groups for change in changes]
    field = min(max(cell_len(clean(change.field)) for change in changes), width // 3)
    before = min(max(cell_len(_shown(change.before)) for change in changes), width // 3)
    return _Widths(field, before, max(1, width - 2 * _INDENT - field - before - len("  → ")))


def _line(change: Change, widths: _Widths) -> RenderableType:
    cells = (
        Text(clean(change.field), style="dim"),
        Text(_shown(change.before), style="dim" if change.before is None else "red"),
        Text("→", style="dim"),
        Text(_shown(change.after), style="dim" if change.after is None else "green"),
    )
    room = (widths.field, widths.before, 1, widths.after)
    lengths = [cell_len(cell.plain) for cell in cells]
    if all(length <= most for length, most in zip(lengths, room, strict=True)):
        # What fits needs no table, which takes a hundred times as long.
        line = Text(" " * 2 * _INDENT, no_wrap=True)
        for cell, length, most in zip(cells[:-1], lengths, room, strict=False):
            line.append_text(cell).append(" " * (most - length + 1))
        return line.append_text(cells[-1])
    grid = Table.grid(padding=(0, 1, 0, 0), pad_edge=False)
    grid.add_column(width=2 * _INDENT - 1)
    for most in room:
        grid.add_column(width=most, overflow="fold")
    grid.add_row(Text(), *cells)
    return grid


def _header(deals: Sequence[DealResult]) -> Text:
    text = Text(f"{' ' * _INDENT}")
    for position, deal in enumerate(deals[:_LISTED]):
        text.append(", " if position else "")
        number = deal.invoice.number if deal.invoice else None
        text.append(clean(number or deal.deal_name))
        text.append(f" {clean(deal.deal_name)}" if number else "", style="dim")
    if len(deals) > _LISTED:
        text.append(f" and {len(deals) - _LISTED:,} more", style="italic")
    return text


def _shown(value: str | None) -> str:
    return NONE if value is None else clean(value)
