"""The report on a terminal: what needs attention first, then the table, the changes, the sums and what waits."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from zoho_xero_sync.core.model import Problem
from zoho_xero_sync.core.report import Report
from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.render.changes_terminal import changes_parts
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.deals_table import deals_table
from zoho_xero_sync.render.facts import spaced
from zoho_xero_sync.render.findings import run_problems
from zoho_xero_sync.render.summary import (
    baseline_text,
    control_lines,
    ending,
    has_doings,
    summary,
    title,
    totals,
    window_text,
)
from zoho_xero_sync.render.waiting_terminal import hint_lines, waiting_parts
from zoho_xero_sync.render.wording import figure


def terminal_report(report: Report, *, width: int, verbosity: int) -> Iterator[RenderableType]:
    """What to print, in order; every part fits `width` columns."""
    yield _title(report)
    for problem in run_problems(report):
        yield spaced(_panel(problem))
    if baseline_text(report):
        yield spaced(Text(baseline_text(report)))
    for note in report.notes:
        yield spaced(Text(clean(note), style="yellow"))
    table = deals_table(report, width=width, verbosity=verbosity)
    if table is not None:
        yield spaced(table)
    yield from map(spaced, changes_parts(report, width=width, verbosity=verbosity))
    if totals(report.deals):
        yield spaced(_totals(report))
        yield from (Text(line, style="dim") for line in control_lines(report.deals))
    yield from map(spaced, waiting_parts(report))
    yield spaced(_summary(report))


def _title(report: Report) -> Text:
    text = Text(title(report), style="bold cyan")
    window = window_text(report)
    return text.append(f"  {window}", style="not bold dim default") if window else text


def _panel(problem: Problem) -> RenderableType:
    lines = [Text(clean(problem.message)), *hint_lines(problem.hint, lead="Next: ")]
    name = problem.code.replace("_", " ")
    return Panel(
        Group(*lines), title=Text(name, style="bold red"), title_align="left", border_style="red", box=box.ROUNDED
    )


def _totals(report: Report) -> RenderableType:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column("kind", no_wrap=True)
    grid.add_column("invoices", justify="right", no_wrap=True)
    grid.add_column("currency", no_wrap=True)
    grid.add_column("amount", justify="right", no_wrap=True)
    for total in totals(report.deals):
        grid.add_row(
            Text(total.label, style="bold"),
            Text(counted(total.invoices, "invoice")),
            Text(clean(total.currency)),
            Text(figure(total.amount, total.currency), style="bold"),
        )
    return grid


def _summary(report: Report) -> Text:
    text = Text(summary(report), style="bold")
    last = ending(report)
    if not last:
        return text
    return text.append(f"\n{last}", style="not bold green" if has_doings(report) else "not bold dim")
