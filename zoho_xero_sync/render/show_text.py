"""Everything about one deal, for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.style import Style
from rich.text import Text

from zoho_xero_sync.core.model import Event
from zoho_xero_sync.core.sighting import still_due
from zoho_xero_sync.core.views import DealView
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.deals_table import WORDS
from zoho_xero_sync.render.derivation import (
    DerivationTable,
    currency_of,
    derived,
    document_name,
    verdict,
)
from zoho_xero_sync.render.facts import columns, facts, section
from zoho_xero_sync.render.field_changes import NONE
from zoho_xero_sync.render.show_json import show_json
from zoho_xero_sync.render.show_plain import drift_text, show_lines, write_text
from zoho_xero_sync.render.waiting_terminal import hint_lines
from zoho_xero_sync.render.wording import money, print_plain, when

__all__ = ["render_show", "show_json"]


def render_show(view: DealView, console: Console, interactive: bool) -> None:
    """Print the deal, what a sync would do, how the invoice comes about, and its history."""
    if not interactive:
        print_plain(console, show_lines(view))
        return
    for part in _parts(view):
        console.print(part, highlight=False)


def _parts(view: DealView) -> Iterator[RenderableType]:
    yield Text(clean(view.name) or "(no name)", style="bold cyan").append(
        f"  {clean(view.deal_id)}", style="not bold dim default"
    )
    yield facts(_facts(view))
    yield section("A sync of this deal would", *_would(view))
    yield from _derivation(view)
    if view.drift:
        yield section("Changed by a person in Xero", *(Text(drift_text(change)) for change in view.drift))
    if view.events:
        yield section("History", _history(view.events))
    if view.writes:
        yield section("Sent to Xero", *(Text(write_text(write, view.deal_id)) for write in view.writes))


def _facts(view: DealView) -> Iterator[tuple[str, Text]]:
    yield "Stage", Text(clean(view.stage))
    yield "State", Text(clean(view.state))
    if view.customer:
        contact = Text(clean(view.customer.name) or "(no name)")
        yield "Customer", contact.append(f"  number {clean(view.customer.number)}", style="dim")
    if view.invoice:
        link = view.invoice
        text = Text(f"{clean(link.number) or '(no number)'}  {clean(link.status)}  {money(link.total, link.currency)}")
        yield "Invoice", text if link.live else text.append("  no longer live", style="dim")
        if link.live:
            paid = f"  paid on {link.paid_on.isoformat()}" if link.paid_on else ""
            yield "Due", Text(money(still_due(link), link.currency)).append(paid, style="dim")
    for link in view.others:
        due = money(still_due(link), link.currency)
        text = Text(f"{clean(link.number)}  {clean(link.status)}  {money(link.total, link.currency)}")
        yield "Also", text.append(f"  due {due}", style="dim")
    yield "Zoho", _link(view.zoho_link)
    if view.xero_link:
        yield "Xero", _link(view.xero_link)


def _link(address: str) -> Text:
    """The address, which terminals that can open it as a whole even where it wraps."""
    shown = clean(address)
    return Text(shown, style=Style(color="blue", link=shown if shown.startswith("https://") else None))


def _would(view: DealView) -> Iterator[RenderableType]:
    action = view.action
    if view.note:
        yield Text(clean(view.note), style="yellow")
    if action is None:
        # Without a plan, what the ledger remembers is the best there is.
        problem = view.record.problem if view.record else None
    else:
        word, style = WORDS.get(action.action, (action.action, ""))
        reason = "" if action.problem else clean(action.reason or "")
        yield Text(word, style=style).append(f"  {reason}" if reason else "", style="not bold default")
        problem = action.problem or (view.record.problem if view.record else None)
    if problem is not None:
        yield Text(clean(problem.message)).append(f"  {problem.code}", style="dim")
        yield from hint_lines(problem.hint)
    if action is not None:
        yield from _steps(view)


def _steps(view: DealView) -> Iterator[RenderableType]:
    action = view.action
    contact, invoice = (action.contact, action.invoice) if action else (None, None)
    changes = [*(contact.changes if contact else ()), *(invoice.changes if invoice else ())]
    table = columns(("", "left"), ("", "left"), ("", "left"), ("", "left"))
    for change in changes:
        before = NONE if change.before is None else clean(change.before)
        after = NONE if change.after is None else clean(change.after)
        table.add_row(Text(clean(change.field), "dim"), Text(before, "red"), Text("→", "dim"), Text(after, "green"))
    if changes and action and action.action != "unchanged":
        yield table


def _derivation(view: DealView) -> Iterator[RenderableType]:
    derivation, currency = derived(view), currency_of(view)
    if derivation is None or view.document is None:
        return
    said = [Text(told, style) for told, style in verdict(derivation, currency)]
    heading = f"How the figures come about: {document_name(view.document)}"
    yield section(heading, DerivationTable(derivation, currency), *said)


def _history(events: tuple[Event, ...]) -> RenderableType:
    table = columns(("", "left"), ("", "left"), ("", "left"))
    for event in events:
        detail = "  ".join(clean(value) for value in event.detail.values() if value)
        table.add_row(Text(when(event.at), "dim"), Text(clean(event.kind).replace("_", " ")), Text(detail))
    return table
