"""What `reconcile` found, for people: what there is to see with what settles it, then totals that add up."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from zoho_xero_sync.core.model import XeroInvoice
from zoho_xero_sync.core.reconcile import Finding, Kind, Pair, Reconciliation, Standing, Sum, Totals
from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.field_changes import NONE
from zoho_xero_sync.render.wording import figure, hint_pieces, joined, money, print_plain, when

_TITLES = {
    Kind.MISSING: "Missing: no invoice, and nothing says why",
    Kind.HELD: "Held: wait for a person",
    Kind.DRIFTED: "Drifted: the invoice and the deal differ",
    Kind.STATUS: "Changed in Xero, unknown to the ledger",
    Kind.UNLINKED: "Ours, unknown to the ledger",
    Kind.DOUBLED: "Doubled: several live invoices for one deal",
    Kind.PROBABLE_DOUBLE: "Probably doubled by somebody else",
    Kind.ORPHANED: "Orphaned: an invoice without a deal that is invoiced",
    Kind.ABSENT: "In the ledger and not in Xero",
}
_STANDINGS = {
    Standing.INVOICED: "invoiced",
    Standing.HELD: "held",
    Standing.PENDING: "pending",
    Standing.EXCLUDED: "left alone by rule",
    Standing.MISSING: "missing",
}
_FIELDS_SHOWN = 8
Line = tuple[str, str]


def render_reconciliation(found: Reconciliation, console: Console, interactive: bool) -> None:
    """Print the findings, the proposals and the control totals."""
    _print(_lines(found), console, interactive)


def _print(lines: Iterator[Line], console: Console, interactive: bool) -> None:
    if not interactive:
        print_plain(console, (line for line, _ in lines))
        return
    for line, style in lines:
        console.print(_coloured(line) if style == "hint" else Text(line, style=style), highlight=False)


def _lines(found: Reconciliation) -> Iterator[Line]:
    until = when(found.window.end or found.at)
    deals = {case.dossier.deal_id for case in found.cases}
    yield f"{counted(len(deals), 'deal')} from {when(found.window.start)} to {until}", "bold"
    findings = found.findings
    for kind in Kind:
        those = [finding for finding in findings if finding.kind is kind]
        if those:
            yield "", ""
            yield f"{_TITLES[kind]} ({len(those)})", "bold"
        for finding in those:
            yield from _finding(finding)
    yield from _proposals(found)
    for totals in found.totals:
        yield from _totals(totals)
    yield "", ""
    yield from _end(found)


def _finding(finding: Finding) -> Iterator[Line]:
    yield f"{clean(finding.deal_name) or '(no name)'} {finding.deal_id}  {clean(finding.stage)}".rstrip(), "yellow"
    yield f"  {clean(finding.message)}", ""
    shown = finding.differences[:_FIELDS_SHOWN] if finding.kind is Kind.DRIFTED else ()
    for item in shown:
        zoho, xero = clean(item.zoho or NONE), clean(item.xero or NONE)
        yield f"    {item.field}: Zoho {zoho} | Xero {xero}", ""
    if len(finding.differences) > len(shown) > 0:
        yield f"    and {len(finding.differences) - len(shown)} more fields", "dim"
    if finding.fixed and finding.repair is not None:
        yield f"  Fixed: {finding.repair.said}.", "green"
    elif finding.hint:
        yield f"  {finding.hint}", "hint"


# ---- adoption ----


def render_pairs(pairs: tuple[Pair, ...], console: Console, interactive: bool) -> None:
    """Print deals and the invoices that seem to be theirs, one pair a line."""
    _print(_pairs(pairs), console, interactive)


def _pairs(pairs: tuple[Pair, ...]) -> Iterator[Line]:
    names = [clean(pair.deal_name) for pair in pairs]
    wide = max((len(name) for name in names), default=0)
    numbers = max((len(clean(pair.invoice.number)) for pair in pairs), default=0)
    amounts = [money(pair.invoice.total, pair.invoice.currency) for pair in pairs]
    broad = max((len(amount) for amount in amounts), default=0)
    for pair, name, amount in zip(pairs, names, amounts, strict=True):
        day = pair.invoice.date.isoformat() if pair.invoice.date else "no date"
        number = clean(pair.invoice.number)
        left = f"  {pair.certainty.value:8}  {pair.deal_id}  {name:{wide}}  {number:{numbers}}  {amount:>{broad}}"
        yield f"{left}  {day}  {pair.invoice.status}  {clean(pair.why)}", ""


def _proposals(found: Reconciliation) -> Iterator[Line]:
    if found.adopted:
        yield "", ""
        yield (
            f"Linked ({len(found.adopted)}); as they stand; later changes of these deals' lines are not carried over",
            "bold",
        )
        yield from _pairs(found.adopted)
    if found.pairs:
        yield "", ""
        yield f"Invoices without a mark that seem to be a deal's ({len(found.pairs)})", "bold"
        yield from _pairs(found.pairs)
        yield "  To link the certain ones, type: zoho-xero-sync reconcile --adopt --yes", "hint"
        yield "  To link one, type: zoho-xero-sync resolve DEAL --adopt INVOICE", "hint"
    if found.undecided:
        yield "", ""
        yield f"Deals that several invoices fit, or that share one ({len(found.undecided)})", "bold"
        for item in found.undecided:
            yield f"  {item.deal_id}  {clean(item.deal_name)}: {_numbers(item.invoices)}", ""
        yield "  To choose, type: zoho-xero-sync resolve DEAL --adopt INVOICE", "hint"


def _numbers(invoices: tuple[XeroInvoice, ...]) -> str:
    return joined(f"{clean(one.number) or one.id} ({money(one.total, one.currency)})" for one in invoices)


# ---- totals ----


def _totals(totals: Totals) -> Iterator[Line]:
    currency = totals.currency
    yield "", ""
    yield f"Control totals in {clean(currency)}", "bold"
    rows: list[tuple[str, Sum | None, str]] = [("deals in invoiced stages (Zoho)", totals.qualifying, "=")]
    rows += [(name, totals.standings[standing], "+") for standing, name in _STANDINGS.items()]
    yield from _column(rows, currency)
    if totals.without_amount:
        those = counted(totals.without_amount, "deal comes", "deals come")
        yield f"  {those} to nobody knows what, and to 0 in these sums", "dim"
    yield "", ""
    rows = [("live invoices of ours (Xero)", totals.ours, "=")]
    rows.append(("invoiced, as Zoho says", totals.standings[Standing.INVOICED], "+"))
    rows.append(("differences of these invoices", Sum(0, totals.drifted), "+"))
    rows.append(("more than one for a deal", totals.doubled, "+"))
    rows.append(("without a deal that is invoiced", totals.orphaned, "+"))
    rows.append(("of deals without a total", totals.unpriced, "+"))
    yield from _column(rows, currency)


def _column(rows: list[tuple[str, Sum | None, str]], currency: str) -> Iterator[Line]:
    figures = [figure(value.total, currency) if value else "" for _, value, _ in rows]
    wide, broad = max(len(name) for name, _, _ in rows), max(len(text) for text in figures)
    for (name, value, sign), text in zip(rows, figures, strict=True):
        count = f"{value.count:>6,}" if value and value.count else " " * 6
        yield f"  {sign} {name:{wide}}  {count}  {text:>{broad}}", "" if sign == "+" else "bold"


def _end(found: Reconciliation) -> Iterator[Line]:
    findings = found.findings
    fixed, left = sum(item.fixed for item in findings), sum(not item.fixed for item in findings)
    said = f"{counted(left, 'difference')} to see" if left else "Nothing to see"
    yield f"{said}{f'; {fixed} fixed in the ledger' if fixed else ''}.", "bold" if left else "green"
    calls = joined(f"{number} to {service.capitalize()}" for service, number in found.calls.items())
    yield f"Calls made: {calls}, all of them reads.", "dim"
    if any(item.repair is not None and not item.fixed for item in findings):
        yield "To have the ledger take over what is safe, type: zoho-xero-sync reconcile --fix", "hint"


def _coloured(line: str) -> Text:
    text = Text("  " if line.startswith("  ") else "")
    for place, piece in enumerate(hint_pieces(line)):
        text.append(" " if place else "").append(piece.text, style="cyan" if piece.command else "")
    return text
