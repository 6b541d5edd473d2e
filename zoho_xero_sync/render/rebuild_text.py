"""What `rebuild` found, for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from zoho_xero_sync.core.rebuild import RebuildView, invoiced_totals
from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.rebuild_json import ask_for, rebuild_counts
from zoho_xero_sync.render.wording import hint_pieces, joined, money, print_plain, when

_SHOWN = 10
_COUNTED = (
    ("linked", "deal has its invoice again", "deals have their invoices again"),
    ("behind", "deal has moved on since: the next sync takes it up", "deals have moved on since: the next sync takes "
     "them up"),
    ("ended", "deal has an invoice that was voided or deleted; it is not made again", "deals have invoices that were "
     "voided or deleted; they are not made again"),
    ("left", "deal left the invoiced stages and keeps its invoice", "deals left the invoiced stages and keep their "
     "invoices"),
    ("unseen", "invoice belongs to a deal that Zoho no longer shows", "invoices belong to deals that Zoho no longer "
     "shows"),
    ("customers", "customer has its contact again", "customers have their contacts again"),
    ("customers_only", "deal is in a stage that asks for its customer only", "deals are in a stage that asks for "
     "their customer only"),
    ("pending", "deal waited in the old ledger: the next sync takes it up", "deals waited in the old ledger: the next "
     "sync takes them up"),
    ("baseline", "deal in an invoiced stage has no invoice of ours: history, left alone", "deals in an invoiced stage "
     "have no invoice of ours: history, left alone"),
    ("held", "deal waits for a person", "deals wait for a person"),
)  # fmt: skip


def render_rebuild(view: RebuildView, console: Console, interactive: bool) -> None:
    """Print what came back, what may have been waiting, what waits, and what to type next."""
    if not interactive:
        print_plain(console, (line for line, _ in _lines(view)))
        return
    for line, style in _lines(view):
        console.print(_coloured(line) if style == "hint" else Text(line, style=style), highlight=False)


def _lines(view: RebuildView) -> Iterator[tuple[str, str]]:
    done = "The ledger would be made again" if view.dry_run else f"The ledger is made again: {clean(view.ledger)}"
    yield f"{done}, up to {when(view.rebuilt.checkpoint)} of Zoho's clock.", "bold"
    if view.set_aside:
        kept = "is there would be" if view.dry_run else "was there is"
        yield f"The one that {kept} kept as {clean(view.set_aside)}.", ""
    counts = rebuild_counts(view)
    for name, one, several in _COUNTED:
        if counts[name] or name == "linked":
            yield f"  {counted(counts[name], one, several)}", "yellow" if name == "held" else ""
    totals = invoiced_totals(view.rebuilt.restored)
    if totals:
        sums = joined(money(total, currency) for currency, total in sorted(totals.items()))
        yield f"  The live invoices total {sums}.", ""
    yield from _waited(view)
    yield from _not_invoiced_again(view)
    for record in view.rebuilt.held:
        if record.problem is not None:
            yield f"{clean(record.name) or record.deal_id}: {clean(record.problem.message)}", "yellow"
            yield f"  {record.problem.hint}", "hint"
    calls = joined(f"{number} to {service.capitalize()}" for service, number in view.calls.items())
    yield f"Calls made: {calls}, all of them reads.", "dim"
    again = "rebuild --replace" if view.set_aside else "rebuild"
    yield f"Next, type: zoho-xero-sync {again if view.dry_run else 'sync --dry-run'}", "hint"


def _waited(view: RebuildView) -> Iterator[tuple[str, str]]:
    waited, first = view.rebuilt.may_have_waited, view.rebuilt.first_invoice
    if not waited:
        return
    if first is None:
        those = counted(len(waited), "deal", "deals")
        yield f"No invoice is ours, so any of {those} may have been waiting. To have one looked at:", ""
    else:
        those = counted(len(waited), "deal without an invoice has changed", "deals without an invoice have changed")
        since = f"since our first one ({first:%Y-%m-%d} or later)"
        yield f"{those} {since} and may have been waiting. To have one looked at:", ""
    for record in waited[:_SHOWN]:
        yield f"  {ask_for(record.deal_id)}   {clean(record.name)} ({clean(record.stage)})", "cyan"
    if len(waited) > _SHOWN:
        window = f"zoho-xero-sync sync --since {first:%Y-%m-%d} --dry-run" if first else ""
        how = f"; all at once, to look at first: {window}" if window else ""
        yield f"  and {len(waited) - _SHOWN} more{how}", "hint"
    yield "  One that was invoiced by hand is linked first: zoho-xero-sync resolve DEAL --adopt INVOICE", "hint"


def _not_invoiced_again(view: RebuildView) -> Iterator[tuple[str, str]]:
    ended = [item.record for item in view.rebuilt.not_invoiced_again]
    if not ended:
        return
    one = "deal whose invoice was voided or deleted is in an invoiced stage. To have it listed with what to do:"
    several = "deals whose invoice was voided or deleted are in an invoiced stage. To have one listed with what to do:"
    yield counted(len(ended), one, several), ""
    for record in ended[:_SHOWN]:
        yield f"  {ask_for(record.deal_id)}   {clean(record.name)} ({clean(record.stage)})", "cyan"
    if len(ended) > _SHOWN:
        yield f"  and {len(ended) - _SHOWN} more; all of them: the same command with --json", "hint"


def _coloured(line: str) -> Text:
    text = Text("  " if line.startswith("  ") else "")
    for place, piece in enumerate(hint_pieces(line)):
        text.append(" " if place else "").append(piece.text, style="cyan" if piece.command else "")
    return text
