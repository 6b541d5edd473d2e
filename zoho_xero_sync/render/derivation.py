"""How an invoice comes about, line by line, as a table, as plain lines and as JSON values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from zoho_xero_sync.core.derivation import Derivation, DerivedLine, Figure, Step, Times, derive
from zoho_xero_sync.core.model import SourceDocument
from zoho_xero_sync.core.money import money_text, plain_text
from zoho_xero_sync.core.rules import InvoiceRules
from zoho_xero_sync.core.views import DealView
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.wording import figure, money, plain_figure


def derived(view: DealView) -> Derivation | None:
    """The derivation of a deal's invoice; None where there is no document to derive it from."""
    if view.document is None:
        return None
    draft = view.action.invoice.draft if view.action and view.action.invoice else None
    returned = view.invoice.total if view.invoice else None
    return derive(view.document, draft, view.rules or InvoiceRules(), returned)


def currency_of(view: DealView) -> str:
    """The currency its figures are in."""
    draft = view.action.invoice.draft if view.action and view.action.invoice else None
    if draft:
        return draft.currency
    return (view.document.currency if view.document else None) or ""


def document_name(document: SourceDocument) -> str:
    """`quote Q-17`, or the source alone where it has no number (a deal's own Amount)."""
    source = clean(document.source).replace("_", " ")
    return f"{source} {clean(document.number)}" if document.number else source


# ---- on a terminal ----


_GAP = 2
_NARROW_RULE = 14


@dataclass(frozen=True, slots=True)
class DerivationTable:
    """Each line under its name: Zoho's field and figure, the rule, Xero's field and figure; then both totals."""

    derivation: Derivation
    currency: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The blocks, their columns below each other; where the screen is narrow, the rules wrap first."""
        lines = self.derivation.lines
        blocks = [[*self._steps(line)] for line in lines]
        totals = [*self._totals()]
        widths = _widths([row for block in (*blocks, totals) for row in block], options.max_width)
        yield _block([[Text("Zoho", "dim"), Text(), Text("Rule", "dim"), Text("Xero", "dim"), Text()]], widths)
        for number, (line, block) in enumerate(zip(lines, blocks, strict=True), start=1):
            yield Text(f"{number}  {clean(line.name)}", "bold")
            yield _block(block, widths)
            yield Text()
        yield Text("Totals", "bold")
        yield _block(totals, widths)

    def _steps(self, line: DerivedLine) -> Iterator[list[Text]]:
        yield from (_cells(step, self.currency) for step in line.steps)
        zoho, xero = (Text(_shown(value, self.currency), "cyan") for value in (line.zoho, line.xero))
        yield [Text("   comes to", "dim"), zoho, Text(), Text(), xero]

    def _totals(self) -> Iterator[list[Text]]:
        derivation, currency = self.derivation, self.currency
        yield from (_cells(step, currency) for step in derivation.totals)
        expected, predicted, returned = (
            Text(_money(value, currency), "bold")
            for value in (derivation.expected, derivation.predicted, derivation.returned)
        )
        yield [Text("   Total"), expected, Text(), Text("Total" if predicted else ""), predicted]
        yield from (_cells(step, currency) for step in derivation.part)
        if returned:
            yield [Text(), Text(), Text(), Text("returned by Xero"), returned]


def _widths(rows: list[list[Text]], most: int) -> list[int]:
    widths = [max(row[place].cell_len for row in rows) for place in range(5)]
    for place, least in ((2, _NARROW_RULE), (3, _NARROW_RULE), (0, _NARROW_RULE)):
        over = sum(widths) + _GAP * 4 - most
        widths[place] -= max(0, min(over, widths[place] - least))
    return widths


def _block(rows: list[list[Text]], widths: list[int]) -> Table:
    table = Table.grid(padding=(0, _GAP, 0, 0))
    for place, width in enumerate(widths):
        table.add_column(width=width, justify="right" if place in (1, 4) else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _cells(step: Step, currency: str) -> list[Text]:
    zoho, xero = _shown(step.zoho, currency), _shown(step.xero, currency)
    named = Text(f"   {clean(step.zoho_field)}" if step.zoho_field else "")
    return [named, Text(zoho), Text(clean(step.rule), "dim"), Text(clean(step.xero_field)), Text(xero)]


def verdict(derivation: Derivation, currency: str) -> Iterator[tuple[str, str]]:
    """Whether both totals are one, and whether Xero holds another, as sentences with their styles."""
    expected, predicted, returned = derivation.expected, derivation.predicted, derivation.returned
    if expected is None or predicted is None:
        return
    if expected == predicted:
        yield "Equal to the cent.", "green"
    else:
        yield f"They differ by {money(predicted - expected, currency)}.", "bold red"
    if returned is not None and returned != derivation.billed:
        yield f"Xero holds {money(returned, currency)}.", "yellow"


# ---- plain and as JSON ----


def plain_lines(derivation: Derivation, currency: str) -> Iterator[str]:
    """One step a line, fields parted by two spaces."""
    for number, line in enumerate(derivation.lines, start=1):
        yield f"line {number}  {clean(line.name)}"
        yield from (_plain(f"line {number}", step, currency) for step in line.steps)
        yield f"line {number}  comes to  zoho {_or_dash(line.zoho, currency)}  xero {_or_dash(line.xero, currency)}"
    yield from (_plain("sum", step, currency) for step in derivation.totals)
    if derivation.expected is not None:
        yield f"total  zoho  {money(derivation.expected, currency)}"
    if derivation.predicted is not None:
        yield f"total  xero  {money(derivation.predicted, currency)}"
    yield from (_plain("part", step, currency) for step in derivation.part)
    if derivation.returned is not None:
        yield f"total  returned by xero  {money(derivation.returned, currency)}"


def _plain(lead: str, step: Step, currency: str) -> str:
    zoho = " ".join(part for part in ("zoho", clean(step.zoho_field), _shown(step.zoho, currency)) if part)
    xero = " ".join(part for part in ("xero", clean(step.xero_field), _shown(step.xero, currency)) if part)
    parts = (lead, zoho if zoho != "zoho" else "", clean(step.rule), xero if xero != "xero" else "")
    return "  ".join(part for part in parts if part)


def derivation_value(derivation: Derivation, currency: str) -> dict[str, object]:
    """The derivation as plain JSON values; money with the currency's decimals, null on a side that has none."""
    return {
        "lines": [
            {
                "name": line.name,
                "steps": [_step_value(step, currency) for step in line.steps],
                "zoho": _exact(line.zoho, currency),
                "xero": _exact(line.xero, currency),
            }
            for line in derivation.lines
        ],
        "totals": [_step_value(step, currency) for step in derivation.totals],
        "expected": _exact(derivation.expected, currency),
        "predicted": _exact(derivation.predicted, currency),
        "part": [_step_value(step, currency) for step in derivation.part],
        "billed": _exact(derivation.billed, currency),
        "returned": _exact(derivation.returned, currency),
    }


def _step_value(step: Step, currency: str) -> dict[str, object]:
    return {
        "zoho_field": step.zoho_field or None,
        "zoho": _exact(step.zoho, currency),
        "rule": step.rule or None,
        "xero_field": step.xero_field or None,
        "xero": _exact(step.xero, currency),
    }


def _exact(value: Figure, currency: str) -> str | None:
    if isinstance(value, Times):
        return f"{plain_text(value.quantity)} × {plain_text(value.price)}"
    return money_text(value, currency) if isinstance(value, Decimal) else value


def _shown(value: Figure, currency: str) -> str:
    if value is None:
        return ""
    if isinstance(value, Times):
        return f"{plain_figure(value.quantity)} × {figure(value.price, currency)}"
    return figure(value, currency) if isinstance(value, Decimal) else clean(value)


def _or_dash(value: Decimal | None, currency: str) -> str:
    return _shown(value, currency) or "-"


def _money(value: Decimal | None, currency: str) -> str:
    return "" if value is None else money(value, currency)
