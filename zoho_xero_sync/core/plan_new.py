"""The plan for a deal without an invoice: a new one, or one that Xero already holds for it."""

from __future__ import annotations

from zoho_xero_sync.core.describe import differences, invoice_fields
from zoho_xero_sync.core.drafted import Drafted
from zoho_xero_sync.core.holding import document_invoiced, gone, several_invoices
from zoho_xero_sync.core.life import Do, Event, State, decide
from zoho_xero_sync.core.marks import part_of
from zoho_xero_sync.core.model import Change, InvoiceDraft, InvoiceStep, Problem, XeroInvoice
from zoho_xero_sync.core.money import money_text
from zoho_xero_sync.core.parts import REMAINDER
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.core.stages import CLOSED, Step, status_step


def plan_new(item: Drafted, draft: InvoiceDraft, rules: Rules) -> InvoiceStep | Problem:
    """A new invoice, unless Xero has one that carries the deal: that is adopted, or waits for a person.

    What this program ended itself when the deal left does not count as there.
    """
    found = [invoice for invoice in item.found if not item.was_ended(invoice.id)]
    stray = unknown_part(item, draft)
    if stray is not None:
        return stray
    theirs = [invoice for invoice in found if part_of(invoice.url) == draft.part_number]
    live = [invoice for invoice in theirs if invoice.status not in CLOSED]
    if len(live) > 1:
        return several_invoices(item.deal.id, live)
    if live:
        return _plan_adoption(item, live[0], draft)
    state = State.ENDED if item.ended_before else State.NONE
    if theirs:
        state = State(State.VOIDED if theirs[0].status == "VOIDED" else State.DELETED)
    event = Event.REENTERED if item.ended_before else Event.MOVED_ON
    if decide(event, state, rules.when).do is not Do.CREATE:
        return gone(item, theirs[0].number, theirs[0].status)
    if item.rival is not None:
        return document_invoiced(item, draft.document, item.rival)
    return InvoiceStep(
        "create",
        draft,
        draft.status,
        draft.total,
        draft.currency,
        number=draft.number,
        changes=differences(None, invoice_fields(draft) | {"Status": draft.status.value}),
    )


def has_successor(item: Drafted, draft: InvoiceDraft) -> bool:
    """Whether Xero has another live invoice for the part that is asked for than the one the ledger knows."""
    known = item.link.invoice_id if item.link is not None else None
    others = (one for one in item.found if one.id != known and part_of(one.url) == draft.part_number)
    return any(one.status not in CLOSED for one in others)


def unknown_part(item: Drafted, draft: InvoiceDraft) -> Problem | None:
    """Why the deal waits when Xero holds an invoice for another part of it that the ledger does not know."""
    strays = [one for one in item.found if not item.was_ended(one.id) and _is_stray(item, draft, one)]
    stray = next((one for one in strays if one.status not in CLOSED), strays[0] if strays else None)
    if stray is None:
        return None
    return gone(item, stray.number, stray.status) if stray.status in CLOSED else _unknown_part(item, stray)


def _is_stray(item: Drafted, draft: InvoiceDraft, invoice: XeroInvoice) -> bool:
    """Whether the invoice bills another part of the deal, and the ledger does not know it.

    One that was ended is over once the ledger knows another invoice in its place.
    """
    part = part_of(invoice.url)
    known = {link.invoice_id for link in (*item.others, *item.gone)}
    replaced = invoice.status in CLOSED and any(link.part == part for link in item.others)
    return part != draft.part_number and invoice.id not in known and not replaced


def _share_unknown(item: Drafted, found: XeroInvoice, draft: InvoiceDraft) -> Problem:
    """A remainder that is less than the deal took off an invoice which does not carry the deal."""
    theirs, ours = money_text(found.total, found.currency), money_text(draft.total, draft.currency)
    return Problem(
        "invoice_found_different",
        f"deal {item.deal.id}",
        f"Xero already holds invoice {found.number} for the remainder of this deal, of {theirs} {found.currency}; the "
        f"ledger knows no invoice of its share, and the deal comes to {ours} {draft.currency}.",
        "Move the deal back to the share's stage in Zoho, link the share's invoice with zoho-xero-sync resolve "
        f"{item.deal.id} --adopt INVOICE  move it on again, and type: zoho-xero-sync resolve {item.deal.id} --retry",
        "Total",
    )


def _unknown_part(item: Drafted, stray: XeroInvoice) -> Problem:
    return Problem(
        "invoice_found_different",
        f"deal {item.deal.id}",
        f"Xero holds invoice {stray.number} for another part of this deal, which this ledger does not know "
        f"({money_text(stray.total, stray.currency)} {stray.currency}).",
        "Have the ledger take it over: zoho-xero-sync reconcile --fix --since DATE (before it was made), then type: "
        f"zoho-xero-sync resolve {item.deal.id} --retry",
        "Total",
    )


def _plan_adoption(item: Drafted, found: XeroInvoice, draft: InvoiceDraft) -> InvoiceStep | Problem:
    if found.total == draft.total and found.currency == draft.currency:
        if status_step(found.status, draft.status) is not Step.ADVANCE:
            return InvoiceStep(
                "adopt", draft, found.status, found.total, found.currency, found.id, found.number, current=found
            )
        return InvoiceStep(
            "update",
            draft,
            draft.status,
            found.total,
            found.currency,
            found.id,
            found.number,
            current=found,
            advance=True,
            adopting=True,
            changes=(Change("Status", found.status, draft.status.value),),
        )
    if draft.part_number == REMAINDER and item.billed is None:
        return _share_unknown(item, found, draft)
    theirs, ours = money_text(found.total, found.currency), money_text(draft.total, draft.currency)
    return Problem(
        "invoice_found_different",
        f"deal {item.deal.id}",
        f"Xero already holds invoice {found.number} for this deal, of {theirs} {found.currency}; "
        f"the deal comes to {ours} {draft.currency}.",
        "Correct one of them so that they agree, "
        f"then type: zoho-xero-sync resolve {item.deal.id} --retry (or --skip to leave it as it is)",
        "Total",
    )
