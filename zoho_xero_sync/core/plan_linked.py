"""The plan for a deal that has its invoice: it moves on, is changed, stays, or waits for a person."""

from __future__ import annotations

from zoho_xero_sync.core.describe import as_sent, differences, drift, invoice_fields, is_share, shows
from zoho_xero_sync.core.drafted import Drafted
from zoho_xero_sync.core.holding import gone, listed, waiting
from zoho_xero_sync.core.life import WITH_PAYMENTS, Deed, Do, Event, State, decide
from zoho_xero_sync.core.model import (
    Change,
    InvoiceDraft,
    InvoiceLink,
    InvoiceStatus,
    InvoiceStep,
    Problem,
    XeroInvoice,
)
from zoho_xero_sync.core.money import money_text
from zoho_xero_sync.core.parts import REMAINDER
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.core.stages import Step, status_step
from zoho_xero_sync.core.standing import (
    content_changes,
    edits,
    events_of,
    replaced_document,
    state_of,
    total_differs,
)


def needs_look(link: InvoiceLink, draft: InvoiceDraft) -> bool:
    """Whether Xero must be asked what the invoice looks like now: only before it would be changed."""
    if _billed_whole(link, draft):
        return False
    advance = status_step(link.status, draft.status) is Step.ADVANCE
    adopted_otherwise = link.sent is None and (link.total, link.currency) != (draft.total, draft.currency)
    return advance or adopted_otherwise or bool(content_changes(link, draft)) or total_differs(link, draft)


def plan_linked(item: Drafted, link: InvoiceLink, draft: InvoiceDraft, rules: Rules) -> InvoiceStep | Problem:
    """What becomes of the linked invoice: what the table of life says of everything that happened to its deal."""
    current = item.current
    if not link.live:
        return _ended(item, link.number, link.status, state_of(link, None, None), rules)
    if _billed_whole(link, draft):
        return _unread(link, draft)
    if current is None:
        return gone(item, link.number, "not to be found") if needs_look(link, draft) else _unread(link, draft)
    # Where both came to say the same, whoever changed what, there is nothing to carry over and nothing to ask.
    agreed = _agrees(item, link, current, draft)
    content = not agreed and (bool(content_changes(link, draft)) or total_differs(link, draft))
    state = _state(item, link, current, agreed=agreed or _stands(link, current, draft))
    if state in (State.VOIDED, State.DELETED):
        return _ended(item, current.number, current.status, state, rules)
    if link.sent is None and current.total == link.total and not _stands(link, current, draft):
        # Adopted as it stood, and the deal comes to another total by now.
        return _counted_otherwise(item, current, draft)
    events = events_of(link, current.status, draft, content=content)
    deeds = [_deed(event, state, link, current, rules) for event in events]
    if all(deed.do is Do.KEEP for deed in deeds):
        return _unchanged(draft, current, agreed=agreed)
    if content and _xero_counts_otherwise(link, current, draft):
        return _counted_otherwise(item, current, draft)
    held = next((deed for deed in deeds if deed.do is Do.HOLD), None)
    if held is not None:
        return _held(item, link, current, draft, state, events, held)
    if link.sent is None and not _stands(link, current, draft):
        # Adopted as it stood; it does not move on under a total that the deal no longer has.
        return _counted_otherwise(item, current, draft)
    return _update(link, current, draft, deeds, agreed=agreed)


def _deed(event: Event, state: State, link: InvoiceLink, current: XeroInvoice, rules: Rules) -> Deed:
    """What the table says; where nothing but the header would be sent, a person's edit counts before a payment."""
    edited = event is Event.HEADER and state in WITH_PAYMENTS and bool(edits(link, current))
    return decide(event, State.EDITED if edited else state, rules.when)


def _billed_whole(link: InvoiceLink, draft: InvoiceDraft) -> bool:
    """Whether a share is asked for of a deal whose approved invoice bills all of it: that invoice stays as it is."""
    if draft.part is None or draft.part_number >= REMAINDER:
        return False
    approved = link.status not in (InvoiceStatus.DRAFT, InvoiceStatus.SUBMITTED)
    # What an adopted invoice bills is told by its total alone.
    adopted_whole = (link.total, link.currency) == (draft.part.total, draft.currency)
    return approved and (adopted_whole if link.sent is None else not is_share(link))


def _state(item: Drafted, link: InvoiceLink, current: XeroInvoice, *, agreed: bool) -> State:
    if not agreed:
        return state_of(link, current, item.locked_until)
    # What a person changed is what the deal asks for by now.
    same = InvoiceLink(
        link.deal_id,
        link.invoice_id,
        link.number,
        link.status,
        current.currency,
        current.total,
        None,
        current.updated_at,
    )
    return state_of(same, current, item.locked_until)


def _ended(item: Drafted, number: str, status: str, state: State, rules: Rules) -> Problem:
    """An invoice that a person ended is never made again, whatever happens to its deal."""
    deed = decide(Event.REENTERED, state, rules.when)
    problem = gone(item, number, status)
    if deed.code != problem.code:
        raise ValueError(f"the table holds an ended invoice as {deed.code}")
    return problem


def _unread(link: InvoiceLink, draft: InvoiceDraft) -> InvoiceStep:
    return InvoiceStep("unchanged", draft, link.status, link.total, link.currency, link.invoice_id, link.number)


def _unchanged(draft: InvoiceDraft, current: XeroInvoice, *, agreed: bool) -> InvoiceStep:
    return InvoiceStep(
        "unchanged",
        draft,
        current.status,
        current.total,
        current.currency,
        current.id,
        current.number,
        current,
        adopting=agreed,
    )


def _update(
    link: InvoiceLink, current: XeroInvoice, draft: InvoiceDraft, deeds: list[Deed], *, agreed: bool
) -> InvoiceStep:
    content = any(deed.do is Do.UPDATE for deed in deeds)
    advance = any(deed.do is Do.ADVANCE for deed in deeds)
    replaced = replaced_document(link, draft) if content else None
    changes: tuple[Change, ...] = (replaced,) if replaced else ()
    changes += differences(link.sent, invoice_fields(draft)) if content else ()
    changes += (Change("Status", current.status, draft.status.value),) if advance else ()
    return InvoiceStep(
        "update",
        draft,
        draft.status if advance else current.status,
        draft.total,
        draft.currency,
        current.id,
        current.number,
        current,
        content=content,
        advance=advance,
        changes=changes,
        adopting=agreed,
    )


def _agrees(item: Drafted, link: InvoiceLink, current: XeroInvoice, draft: InvoiceDraft) -> bool:
    """Whether a person made the invoice in Xero what the deal asks for by now, its status aside.

    Where nothing changed but what Xero does not show as it was sent, that it shows no difference says nothing.
    """
    changed = differences(link.sent, invoice_fields(draft)) if link.sent else ()
    theirs = item.customer_link.contact_id if item.customer_link else None
    if any(change.field == "Contact" for change in changed) and current.contact_id != theirs:
        return False
    if current.lines is None:
        return False
    same_total = current.total == draft.total and current.currency == draft.currency
    told = total_differs(link, draft) or shows(changed)
    return told and same_total and not drift(_as_sent(draft), current)


def _stands(link: InvoiceLink, current: XeroInvoice, draft: InvoiceDraft) -> bool:
    """Whether an invoice that was adopted as it stood comes to what the deal comes to; nothing else of it is ours."""
    return link.sent is None and (current.total, current.currency) == (draft.total, draft.currency)


def _as_sent(draft: InvoiceDraft) -> str:
    return as_sent(invoice_fields(draft))


def _xero_counts_otherwise(link: InvoiceLink, current: XeroInvoice, draft: InvoiceDraft) -> bool:
    return not content_changes(link, draft) and current.total == link.total != draft.total


# ---- why a deal waits ----


def _counted_otherwise(item: Drafted, current: XeroInvoice, draft: InvoiceDraft) -> Problem:
    return waiting(
        item,
        "xero_total_differs",
        f"Invoice {current.number} totals {money_text(current.total, current.currency)} {current.currency} in Xero "
        f"and the deal comes to {money_text(draft.total, draft.currency)} {draft.currency}.",
        "Correct the invoice in Xero",
    )


def _held(
    item: Drafted,
    link: InvoiceLink,
    current: XeroInvoice,
    draft: InvoiceDraft,
    state: State,
    events: tuple[Event, ...],
    deed: Deed,
) -> Problem:
    said = _summary(link, current, draft, events)
    if deed.code == "date_locked":
        return waiting(
            item,
            "date_locked",
            f"Invoice {current.number} is dated {current.date}, in a period that is locked in Xero, "
            f"and the deal asks for a change: {said}.",
            "Move the lock date in Xero",
            settle="--retry (or --skip to leave the invoice as it is)",
        )
    if deed.code == "changed_after_approval":
        paid = " and has payments" if state in WITH_PAYMENTS else ""
        advice = "Correct the invoice in Xero or the deal in Zoho"
        if Event.CURRENCY in events:
            advice = "Put the deal back into its currency, or void the invoice in Xero and invoice the deal by hand"
        return waiting(
            item,
            "changed_after_approval",
            f"{_who_changed(item, link, draft)} changed after invoice {current.number} was approved{paid}: {said}.",
            advice,
        )
    return waiting(
        item,
        "changed_in_xero",
        f"A person changed invoice {current.number} in Xero ({listed(edits(link, current))}), "
        f"and the deal comes to {money_text(draft.total, draft.currency)} {draft.currency}.",
        "Make the two agree",
    )


def _who_changed(item: Drafted, link: InvoiceLink, draft: InvoiceDraft) -> str:
    """The deal, or the invoice of its share where only what is taken off differs."""
    if item.billed is None or draft.part is None:
        return "The deal"
    own = tuple(f"LineItems[{position}]." for position in range(1, len(draft.part.whole) + 1))
    names = {change.field for change in content_changes(link, draft)} - {"Total"}
    taken_off = all(name.startswith("LineItems[") and not name.startswith(own) for name in names)
    return f"Invoice {item.billed.number}, which bills a share of the deal," if names and taken_off else "The deal"


def _summary(link: InvoiceLink, current: XeroInvoice, draft: InvoiceDraft, events: tuple[Event, ...]) -> str:
    replaced = replaced_document(link, draft)
    changes = [change for change in (*content_changes(link, draft), replaced) if change is not None]
    if Event.CURRENCY in events:
        changes.append(Change("CurrencyCode", link.currency, draft.currency))
    if Event.MOVED_ON in events:
        changes.append(Change("Status", current.status, draft.status.value))
    return listed(changes)
