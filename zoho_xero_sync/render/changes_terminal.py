"""Field by field what changes, before and after side by side; deals with the very same changes share one block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from zoho_xero_sync.core.model import Change
from zoho_xero_sync.core.report import DealResult, Report
from zoho_xero_sync.render.clean import clean

_INDENT = 2
_LISTED = 5


def changes_parts(report: Report, *, width: int, verbosity: int) -> Iterator[RenderableType]:
    """The heading and the blocks; nothing when no field of anything that exists changes.

    Every field of what is new is left out below verbosity 1.
    """
    groups: dict[tuple[Change, ...], list[DealResult]] = {}
    for deal in report.deals:
        changes = _worth_showing(deal, verbosity)
        if changes:
            groups.setdefault(changes, []).append(deal)
    if not groups:
        return
    field_width = min(max(cell_len(clean(change.field)) for changes in groups for change in changes), width // 3)
    before_width = min(max(cell_len(_shown(change.before)) for changes in groups for change in changes), width // 3)
    heading = "What changes" if report.mode == "dry_run" else "What changed"
    blocks = [_block(changes, deals, field_width, before_width) for changes, deals in groups.items()]
    yield Group(Text(heading, style="bold"), *blocks)


def _worth_showing(deal: DealResult, verbosity: int) -> tuple[Change, ...]:
    if deal.action != "create" or verbosity >= 1:
        return deal.changes
    return tuple(change for change in deal.changes if change.before is not None)


def _block(
    changes: tuple[Change, ...], deals: Sequence[DealResult], field_width: int, before_width: int
) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0), pad_edge=False)
    grid.add_column("indent", width=2 * _INDENT - 1)
    grid.add_column("field", width=field_width, overflow="fold")
    grid.add_column("before", width=before_width, overflow="fold")
    grid.add_column("arrow", width=1)
    grid.add_column("after", overflow="fold")
    for change in changes:
        grid.add_row(
            Text(),
            Text(clean(change.field), style="dim"),
            Text(_shown(change.before), style="red" if change.before is not None else "dim"),
            Text("→", style="dim"),
            Text(_shown(change.after), style="green" if change.after is not None else "dim"),
        )
    return Group(_header(deals), grid)


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
    return "(none)" if value is None else clean(value)
