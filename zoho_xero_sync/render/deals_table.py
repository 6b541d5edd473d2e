"""The table of deals: a line of figures and a line of reasons each, ordinary news folded when there is a lot of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rich.cells import cell_len, set_cell_size
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from zoho_xero_sync.core.model import Problem
from zoho_xero_sync.core.report import DealResult, Report
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.findings import problem_by_deal
from zoho_xero_sync.render.wording import money

# Every action in the order it is shown, with its word and colour.
WORDS = {
    "create": ("create", "green"),
    "adopt": ("adopt", "cyan"),
    "update": ("update", "blue"),
    "void": ("void", "magenta"),
    "contact_only": ("contact", "green"),
    "pending": ("pending", "yellow"),
    "uncertain": ("UNCERTAIN", "bold magenta"),
    "reject": ("REJECT", "bold red"),
    "hold": ("HOLD", "bold yellow"),
    "unchanged": ("unchanged", "dim"),
    "skip": ("skip", "dim"),
}
_MARKS = {"create": ("new", "green"), "update": ("updated", "blue"), "adopt": ("found in Xero", "cyan")}
_QUIET = ("unchanged", "skip")
# What changes an existing invoice is never folded. What waits for a person is listed in full below the table.
_NEVER_FOLDED = ("update", "void")
_LISTED_BELOW = ("uncertain", "reject", "hold")
_MOST_ROWS = 40
_SHOWN_OF_FOLDED = 15
_GAP = 2
# Longer names are cut in the table, longer invoice numbers and amounts wrap; `show` and the JSON report are whole.
_LONGEST_NAME = 60
_WIDEST_INVOICE = 14
_WIDEST_AMOUNT = 20


@dataclass(frozen=True, slots=True)
class _Widths:
    """Columns of the table; `middle` holds deal and customer side by side."""

    what: int
    deal: int
    customer: int
    invoice: int
    amount: int

    @property
    def middle(self) -> int:
        return self.deal + _GAP + self.customer


@dataclass(frozen=True, slots=True)
class _Row:
    what: Text
    deal: Text
    customer: Text
    invoice: Text
    amount: Text
    note: Text


_HEAD = _Row(
    Text("What", "dim"),
    Text("Deal", "dim"),
    Text("Customer", "dim"),
    Text("Invoice", "dim"),
    Text("Amount", "dim"),
    Text(),
)


def deals_table(report: Report, *, width: int, verbosity: int) -> RenderableType | None:
    """The table, or None when no deal is worth a row. Deals that need nothing are only counted below verbosity 1."""
    shown = [deal for deal in report.deals if verbosity >= 1 or deal.action not in _QUIET]
    quiet = len(report.deals) - len(shown)
    if not shown:
        return _quiet_line(quiet) if quiet else None
    rows = list(_rows(shown, problem_by_deal(report), fold=verbosity < 1 and len(shown) > _MOST_ROWS))
    widths = _widths(rows, width)
    parts: list[RenderableType] = [_line(_HEAD, widths), Text("─" * width, style="dim")]
    parts += [_line(row, widths) for row in rows]
    return Group(*parts, _quiet_line(quiet)) if quiet else Group(*parts)


def _quiet_line(quiet: int) -> Text:
    needs = "needs" if quiet == 1 else "need"
    return Text(f"{quiet:,} {needs} nothing (zoho-xero-sync -v sync lists them)", style="dim")


def _rows(shown: Sequence[DealResult], problems: dict[str, Problem], *, fold: bool) -> Iterator[_Row]:
    for action in WORDS:
        deals = [deal for deal in shown if deal.action == action]
        cut = fold and action not in _NEVER_FOLDED and len(deals) > _SHOWN_OF_FOLDED
        for deal in deals[:_SHOWN_OF_FOLDED] if cut else deals:
            yield _row(deal, problems.get(deal.deal_id))
        if cut:
            yield _more(deals[_SHOWN_OF_FOLDED:])


def _row(deal: DealResult, problem: Problem | None) -> _Row:
    invoice = deal.invoice
    return _Row(
        Text(*WORDS[deal.action]),
        Text(_cut(deal.deal_name) or "(no name)"),
        _customer(deal),
        _two_lines(clean(invoice.number or "new"), clean(invoice.status)) if invoice else Text("–", style="dim"),
        Text(money(invoice.total, invoice.currency)) if invoice else Text(),
        _note(deal, problem),
    )


def _customer(deal: DealResult) -> Text:
    if deal.contact is None:
        return Text("–", style="dim")
    text = Text(_cut(deal.contact.name))
    mark, style = _MARKS.get(deal.contact.action, ("", ""))
    return text.append(f" {mark}", style=style) if mark else text


def _note(deal: DealResult, problem: Problem | None) -> Text:
    """Id, stage and reason; what holds a deal is told in full further down, so here its code will do."""
    why = problem.code.replace("_", " ") if problem else clean(deal.reason or "")
    stage = clean(deal.stage)
    parts = [clean(deal.deal_id), "" if stage in why else stage, why]
    return Text("  ".join(part for part in parts if part), style="dim")


def _more(deals: Sequence[DealResult]) -> _Row:
    """The row that stands for the folded ones, with their sum per currency, so that nothing goes uncounted."""
    sums: dict[str, Decimal] = {}
    for deal in deals:
        if deal.invoice:
            sums[deal.invoice.currency] = sums.get(deal.invoice.currency, Decimal(0)) + deal.invoice.total
    amount = "\n".join(money(total, currency) for currency, total in sorted(sums.items()))
    action = deals[0].action
    word, style = WORDS[action]
    where = "listed below" if action in _LISTED_BELOW else "zoho-xero-sync -v sync lists them"
    name = Text(f"… and {len(deals):,} more", style="italic")
    return _Row(Text(word, style=style), name, Text(), Text(), Text(amount), Text(where, style="dim"))


def _widths(rows: Sequence[_Row], width: int) -> _Widths:
    what = max(_widest(row.what) for row in rows)
    invoice = max(len("Invoice"), min(_WIDEST_INVOICE, max(_widest(row.invoice) for row in rows)))
    amount = max(len("Amount"), min(_WIDEST_AMOUNT, max(_widest(row.amount) for row in rows)))
    # On a terminal too narrow for anything the names keep a few letters, and the right edge is lost.
    middle = max(width - what - invoice - amount - 3 * _GAP, 2 * _GAP + 8)
    deal_needs = max(_widest(row.deal) for row in rows)
    customer_needs = max(len("Customer"), *(_widest(row.customer) for row in rows))
    half, left = (middle - _GAP) // 2, middle - _GAP - deal_needs
    # Half each, unless one needs more and the other can spare it.
    customer = max(min(customer_needs, max(half, left)), min(half, left))
    return _Widths(what, middle - _GAP - customer, customer, invoice, amount)


def _widest(text: Text) -> int:
    return max((cell_len(line) for line in text.plain.split("\n")), default=0)


def _line(row: _Row, widths: _Widths) -> RenderableType:
    flat = _flat(row, widths)
    if flat is not None:
        return flat
    if not row.note.plain:
        return _cells(row, widths)
    if row.invoice.plain.count("\n"):
        return _cells(row, widths, row.note)
    # No status stands under the invoice, so the reason may run on to the right edge.
    return Group(_cells(row, widths), Padding(row.note, (0, 0, 0, widths.what + _GAP)))


def _flat(row: _Row, widths: _Widths) -> Text | None:
    """The row without any wrapping, which is a hundred times quicker; None when something does not fit."""
    number, _, status = row.invoice.plain.partition("\n")
    fits = (
        _widest(row.deal) <= widths.deal
        and _widest(row.customer) <= widths.customer
        and cell_len(number) <= widths.invoice
        and cell_len(status) <= widths.invoice
        and cell_len(row.note.plain) <= widths.middle
        and cell_len(row.amount.plain) <= widths.amount
        and "\n" not in row.amount.plain
    )
    if not fits:
        return None
    text = Text(no_wrap=True)
    for cell, width in ((row.what, widths.what), (row.deal, widths.deal), (row.customer, widths.customer)):
        text.append_text(cell).append(" " * (width - _widest(cell) + _GAP))
    text.append(number, style=row.invoice.style if not status else "")
    text.append(" " * (widths.invoice - cell_len(number) + _GAP + widths.amount - cell_len(row.amount.plain)))
    text.append_text(row.amount)
    if row.note.plain:
        text.append("\n" + " " * (widths.what + _GAP)).append_text(row.note)
    if status:
        text.append(" " * (widths.middle - cell_len(row.note.plain) + _GAP)).append(status, style="dim")
    return text


def _cells(row: _Row, widths: _Widths, note: Text | None = None) -> RenderableType:
    names = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False)
    names.add_column("deal", width=widths.deal, overflow="fold")
    names.add_column("customer", width=widths.customer, overflow="fold")
    names.add_row(row.deal, row.customer)
    grid = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False)
    grid.add_column("what", width=widths.what, overflow="fold")
    grid.add_column("names", width=widths.middle, overflow="fold")
    grid.add_column("invoice", width=widths.invoice, overflow="fold")
    grid.add_column("amount", width=widths.amount, justify="right", overflow="fold")
    grid.add_row(row.what, Group(names, note) if note else names, row.invoice, row.amount)
    return grid


def _two_lines(first: str, second: str) -> Text:
    return Text(first).append(f"\n{second}", style="dim") if second else Text(first)


def _cut(name: str) -> str:
    text = clean(name)
    return text if cell_len(text) <= _LONGEST_NAME else set_cell_size(text, _LONGEST_NAME - 1).rstrip() + "…"
