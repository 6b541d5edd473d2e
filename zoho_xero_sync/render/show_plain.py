"""Everything about one deal as plain lines, fields parted by two spaces."""

from __future__ import annotations

from collections.abc import Iterator

from zoho_xero_sync.core.model import Change, Write
from zoho_xero_sync.core.sighting import still_due
from zoho_xero_sync.core.views import DealView
from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.derivation import currency_of, derived, document_name, plain_lines
from zoho_xero_sync.render.field_changes import NONE
from zoho_xero_sync.render.wording import money, when


def show_lines(view: DealView) -> Iterator[str]:
    """One fact a line: the deal, what a sync would do, each figure, and what happened when."""
    yield f"deal  {clean(view.deal_id)}  {clean(view.name)}"
    yield f"stage  {clean(view.stage)}"
    yield f"state  {clean(view.state)}"
    if view.customer:
        yield f"customer  {clean(view.customer.name)}  {clean(view.customer.number)}  {view.customer.contact_id}"
    if view.invoice:
        link = view.invoice
        total = money(link.total, link.currency)
        yield f"invoice  {clean(link.number)}  {clean(link.status)}  {total}  {link.invoice_id}"
        if link.live:
            paid = f"  paid on {link.paid_on.isoformat()}" if link.paid_on else ""
            yield f"due  {money(still_due(link), link.currency)}{paid}"
    for link in view.others:
        yield f"also  {clean(link.number)}  {clean(link.status)}  {money(link.total, link.currency)}  {link.invoice_id}"
    for change in view.drift:
        yield f"drift  {drift_text(change)}"
    yield f"zoho  {clean(view.zoho_link)}"
    if view.xero_link:
        yield f"xero  {clean(view.xero_link)}"
    if view.note:
        yield f"note  {clean(view.note)}"
    yield from _would(view)
    derivation = derived(view)
    if view.document and derivation:
        yield f"document  {document_name(view.document)}"
        yield from plain_lines(derivation, currency_of(view))
    for event in view.events:
        detail = "  ".join(clean(value) for value in event.detail.values() if value)
        yield f"event  {when(event.at)}  {clean(event.kind)}{'  ' if detail else ''}{detail}"
    for write in view.writes:
        yield f"write  {write_text(write, view.deal_id)}"


def drift_text(change: Change) -> str:
    """A field that a person changed in Xero: as it was sent, and as it is there."""
    before = NONE if change.before is None else clean(change.before)
    after = NONE if change.after is None else clean(change.after)
    return f"{clean(change.field)}  {before} → {after}"


def write_text(write: Write, deal_id: str) -> str:
    """When and how the write went out, and what came of the deal's own part of it; never what it carried."""
    request = f"{write.method} {clean(write.path.partition('?')[0])}"
    parts = [when(write.created_at), request, _words(write.state), counted(write.attempts, "attempt")]
    for operation in write.operations:
        if operation.subject == deal_id:
            told = f": {clean(operation.message)}" if operation.message else ""
            parts.append(f"{_words(operation.kind)}: {_words(operation.state)}{told}")
    return "  ".join(parts)


def _words(name: str) -> str:
    return str(name).replace("_", " ")


def _would(view: DealView) -> Iterator[str]:
    action = view.action
    problem = (action.problem if action else None) or (view.record.problem if view.record else None)
    if action:
        reason = f"  {clean(action.reason)}" if action.reason and not action.problem else ""
        yield f"action  {action.action}{reason}"
        changes = [*(action.contact.changes if action.contact else ())]
        changes += action.invoice.changes if action.invoice else ()
        for change in changes if action.action != "unchanged" else ():
            before = NONE if change.before is None else clean(change.before)
            after = NONE if change.after is None else clean(change.after)
            yield f"change  {clean(change.field)}  {before} → {after}"
    if problem:
        hint = f"  Next: {clean(problem.hint)}" if problem.hint else ""
        yield f"problem  {problem.code}  {clean(problem.message)}{hint}"
