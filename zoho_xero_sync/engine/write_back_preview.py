"""What a sync would write back to Zoho, said by a dry run: the plan is laid over what was read, and the due deals told.

Nothing is written and nothing is kept; whether Zoho has the fields is asked only where a deal is due.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from zoho_xero_sync.core.model import Action, Change, InvoiceLink, InvoiceStep
from zoho_xero_sync.core.parts import WHOLE
from zoho_xero_sync.core.rules import WriteBackRules
from zoho_xero_sync.core.sighting import Edits
from zoho_xero_sync.core.stages import CLOSED
from zoho_xero_sync.core.standing import worked_on
from zoho_xero_sync.core.write_back import (
    DueWriteBack,
    changes_line,
    missing_fields_problem,
    note_of,
    told_changes,
    told_fields,
    wants_note,
)
from zoho_xero_sync.engine.apply import adopted_invoice
from zoho_xero_sync.engine.overlay import Overlay
from zoho_xero_sync.engine.ports import Context, LedgerView
from zoho_xero_sync.engine.tally import Tally
from zoho_xero_sync.engine.write_back import due_now, fields_seen, note_refused, notes_since, report_refused

_SHOWN = 20
_WRITES = ("create", "update", "void")
# What only Xero's answer tells of a new invoice.
_NEXT_NUMBER = "(Xero's next)"
_NEXT_PAGE = "(its page)"


def preview_write_back(context: Context, view: LedgerView, actions: Sequence[Action], tally: Tally) -> None:
    """Note what a sync that carries out these actions would write back, as far as it is known before Xero's answers.

    Where Zoho lacks a field nothing would be told, and the report has that as its problem.
    """
    rules = context.rules.write_back
    if not rules.active:
        return
    note_refused(view, tally)
    gone = _gone(view, actions)
    due = [item for item in due_now(context, _carried_out(view, actions), tally) if item.link.deal_id not in gone]
    missing = _missing_fields(context, view) if due else ()
    if missing:
        tally.run_problems.append(missing_fields_problem(missing))
    else:
        since = notes_since(context, view, tally)
        made = {action.deal_id for action in actions if action.action == "create"}
        items = (replace(item, made_at=tally.started) if item.link.deal_id in made else item for item in due)
        lines = [line for item in items if (line := _line(item, rules, since))]
        tally.words = bool(lines)
        tally.notes += lines[:_SHOWN]
        if len(lines) > _SHOWN:
            tally.notes.append(f"Zoho would be told of {len(lines) - _SHOWN} more invoices.")
    report_refused(view, tally)


def _gone(view: LedgerView, actions: Sequence[Action]) -> frozenset[str]:
    """The deals of the plan that Zoho does not have any more."""
    records = view.find_deals([action.deal_id for action in actions])
    return frozenset(deal_id for deal_id, record in records.items() if record.snapshot is None)


def _missing_fields(context: Context, view: LedgerView) -> tuple[str, ...]:
    rules = context.rules.write_back
    if fields_seen(rules, view):
        return ()
    context.zoho.confirm()
    return context.zoho.unwritable_fields(tuple(rules.fields.values()))


def _line(item: DueWriteBack, rules: WriteBackRules, since: datetime | None) -> str:
    """What the deal would be told, on one line; empty when nothing of it is news."""
    said = [changes_line(changes)] if (changes := _changes(item, rules)) else []
    if since is not None and wants_note(item, since):
        said.append(f"with the note “{note_of(item.link).title}”")
    return f"Zoho would be told in deal {item.link.deal_id}: {'; '.join(said)}" if said else ""


def _changes(item: DueWriteBack, rules: WriteBackRules) -> tuple[Change, ...]:
    values = told_fields(item.link, item.edits, rules)
    if "link" in rules.fields and not item.link.invoice_id:
        values[rules.fields["link"]] = _NEXT_PAGE
    return told_changes(values, item.before)


# ---- the invoices as the plan leaves them ----


def _carried_out(view: LedgerView, actions: Sequence[Action]) -> Overlay:
    """The view with the invoices as they are once the actions are carried out."""
    after = Overlay(view)
    parts = view.find_parts([action.deal_id for action in actions])
    for action in actions:
        known = {link.invoice_id: link for link in parts.get(action.deal_id, ())}
        after.lay_invoices(tuple(_links_after(action, known)), tuple(_edits_after(action, known)))
    return after


def _links_after(action: Action, known: Mapping[str, InvoiceLink]) -> Iterator[InvoiceLink]:
    """The deal's invoices that the action changes, ends or meets in Xero, as it leaves them."""
    if action.ended is not None:
        yield action.ended
    step = action.invoice
    if step is None:
        return
    if action.action in _WRITES:
        yield _written(action.deal_id, step, known.get(step.invoice_id or ""))
    elif step.current is not None and step.action in ("adopt", "unchanged"):
        yield adopted_invoice(action.deal_id, step, known)


def _written(deal_id: str, step: InvoiceStep, link: InvoiceLink | None) -> InvoiceLink:
    """The invoice as Xero has it after the step; a number and an id that Xero gives are not known yet."""
    written = replace(step.current, status=step.status, total=step.total) if step.current is not None else None
    part = step.draft.part_number if step.draft is not None else WHOLE
    return InvoiceLink(
        deal_id,
        step.invoice_id or "",
        step.number or _NEXT_NUMBER,
        step.status,
        step.currency,
        step.total,
        None,
        None,
        live=step.status not in CLOSED,
        due=written.due if written is not None else None,
        paid_on=written.paid_on if written is not None else None,
        part=link.part if link is not None else part,
    )


def _edits_after(action: Action, known: Mapping[str, InvoiceLink]) -> Iterator[Edits]:
    """A write leaves no edits of the invoice, but for one that was adopted as it stood and changed since."""
    step = action.invoice
    if step is None or step.invoice_id is None or action.action not in _WRITES:
        return
    link = known.get(step.invoice_id)
    if link is None or not worked_on(link, step.current):
        yield Edits(step.invoice_id, None)
