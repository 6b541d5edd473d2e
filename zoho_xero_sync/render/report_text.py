"""The report for people: tables on a terminal, plain lines for cron and pipes."""

from __future__ import annotations

from rich.console import Console

from zoho_xero_sync.core.report import Report
from zoho_xero_sync.render.report_plain import plain_lines
from zoho_xero_sync.render.report_terminal import terminal_report
from zoho_xero_sync.render.wording import print_plain


def render_report(report: Report, console: Console, *, verbosity: int, interactive: bool, all_problems: bool) -> None:
    """Print the report to `console`.

    `interactive` gives tables and colour that fit the console's width. Otherwise each line is one fact, never
    wrapped, and nothing at all is printed when nothing happened and no problem is new; `all_problems` prints the
    known ones too. `verbosity` from 1 adds deals that need nothing and every field of new invoices.
    """
    if interactive:
        for part in terminal_report(report, width=console.width, verbosity=verbosity):
            console.print(part, highlight=False)
        return
    print_plain(console, plain_lines(report, verbosity=verbosity, all_problems=all_problems))
