"""What becomes of the invoice of a deal that left the stages, was lost, or was deleted."""

from __future__ import annotations

from dataclasses import replace

from zoho_xero_sync.core.drafted import Drafted, Triage
from zoho_xero_sync.core.holding import hold, plain, waiting
from zoho_xero_sync.core.life import WITH_PAYMENTS, Do, Event, State, decide
from zoho_xero_sync.core.model import Action, Change, InvoiceLink, InvoiceStatus, InvoiceStep, Problem, XeroInvoice
from zoho_xero_sync.core.parts import REMAINDER
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.core.sighting import still_due
from zoho_xero_sync.core.stages import CLOSED
from zoho_xero_sync.core.standing import state_of, worked_on

_ADVICE = {
    "left_stages": "Void or keep the invoice in Xero as it should be",
    "deal_deleted": "Void or keep the invoice in Xero as it should be",
}
_CODES = {Event.LEFT: "left_stages", Event.LOST: "left_stages", Event.DELETED: "deal_deleted"}

# Where an invoice stands that a person changed.
_EDITED = {
    State.DRAFT: State.REWORDED,
    State.SUBMITTED: State.REWORDED,
    State.AUTHORISED: State.EDITED,
    State.SENT: State.EDITED,
}


def plan_retreat(item: Drafted, rules: Rules) -> Action:
    """The invoice is ended, kept, or waits for a person; a deal without one simply stops being one to invoice."""
    event, link = _event(item), item.link
    stray = next((one for one in item.found if one.status not in CLOSED and not _is_known(item, one)), None)
    if stray is not None and decide(event, State.AUTHORISED, rules.when).do is not Do.KEEP:
        return hold(item, _unknown(item, event, stray))
    if link is None:
        return _nothing(item, event)
    state = _state(item, link)
    deed = decide(event, state, rules.when)
    if deed.do is Do.NOTHING:
        return _over(item, event, link)
    if deed.do is Do.KEEP:
        return plain(item, "unchanged", f"{_departed(item, event)}; its invoice is kept")
    if deed.do is Do.END and item.current is not None:
        doubt = _not_moved(item, event, link, rules)
        return hold(item, doubt) if doubt else _end(item, event, item.current, rules)
    return hold(item, _held(item, event, state, link, deed.code or "left_stages"))


def _is_known(item: Drafted, invoice: XeroInvoice) -> bool:
    links = (*((item.link,) if item.link else ()), *item.others, *item.ended)
    return any(link.invoice_id == invoice.id for link in links)


def _unknown(item: Drafted, event: Event, stray: XeroInvoice) -> Problem:
    """Nothing is ended while Xero holds an invoice of the deal that the ledger forgot: it would be left alone."""
    return waiting(
        item,
        _CODES[event],
        f"The deal {_gone_where(item, event)}, and Xero {'also ' if item.link else ''}holds invoice {stray.number} "
        f"({stray.status}) for it, which this ledger does not know.",
        f"Void invoice {stray.number} in Xero if it should end{' too' if item.link else ''}",
        settle="--retry (or --skip to keep what there is)",
    )


def _gone_where(item: Drafted, event: Event) -> str:
    if event is Event.DELETED:
        return "was deleted in Zoho (or merged into another one)"
    return f"moved to {item.deal.stage}, which is not invoiced"


def _event(item: Drafted) -> Event:
    if item.triage is Triage.DELETED:
        return Event.DELETED
    # A stage of this kind closes a deal without a sale; both are treated the same.
    return Event.LOST if "lost" in item.deal.stage.casefold() else Event.LEFT


def _not_moved(item: Drafted, event: Event, link: InvoiceLink, rules: Rules) -> Problem | None:
    """Why the deal may be where it was, under another name: nothing is ended for a name that changed."""
    if event is Event.DELETED:
        return None
    if item.lost_stages:
        named = ", ".join(f"'{stage}'" for stage in item.lost_stages)
        why = f"the configuration names {named}, which Zoho no longer has: perhaps it was renamed"
    elif any(item.deal.stage in rule.stages for rule in rules.stages):
        why = f"only its pipeline is not one that is invoiced ({item.deal.pipeline or 'none'})"
    else:
        return None
    message = f"The deal is in {item.deal.stage} and {why}; invoice {link.number} is {link.status} in Xero."
    return waiting(item, "left_stages", message, "Correct `stages` in the configuration, or void the invoice in Xero")


def _state(item: Drafted, link: InvoiceLink) -> State:
    if item.was_ended(link.invoice_id):
        return State.ENDED
    state = state_of(link, item.current, item.locked_until)
    return _EDITED.get(state, state) if worked_on(link, item.current) else state


def _departed(item: Drafted, event: Event) -> str:
    if event is Event.DELETED:
        return "was deleted in Zoho"
    return f"left the invoiced stages for {item.deal.stage}"


def _nothing(item: Drafted, event: Event) -> Action:
    if event is Event.DELETED:
        return plain(item, "skip", "was deleted in Zoho; it has no invoice")
    return plain(item, "skip", f"stage {item.deal.stage} is not one that is invoiced")


def _over(item: Drafted, event: Event, link: InvoiceLink) -> Action:
    status = item.current.status if item.current else link.status
    if item.others and item.current is not None:
        ended = replace(link, status=status, live=False)
        rest = f"its other invoice {item.others[0].number} is the next run's"
        return replace(plain(item, "pending", f"invoice {link.number} is {status} in Xero; {rest}"), ended=ended)
    if not link.live and event is not Event.DELETED:
        return plain(item, "skip", f"stage {item.deal.stage} is not one that is invoiced")
    said = "was deleted in Zoho" if event is Event.DELETED else "left the invoiced stages"
    return plain(item, "unchanged", f"{said}; invoice {link.number} is {status}")


def _end(item: Drafted, event: Event, current: XeroInvoice, rules: Rules) -> Action:
    # Xero: a draft is deleted, an approved invoice is voided
    # (developer.xero.com/documentation/api/accounting/invoices, status changes).
    ended = InvoiceStatus.VOIDED if current.status == InvoiceStatus.AUTHORISED else InvoiceStatus.DELETED
    step = InvoiceStep(
        "void",
        None,
        ended,
        current.total,
        current.currency,
        current.id,
        current.number,
        current,
        advance=True,
        changes=(Change("Status", current.status, ended.value),),
        more=bool(item.others),
        ends=0 if _goes_on(item) else 1 + _more_to_end(item, event, rules),
    )
    rest = "".join(f"; invoice {link.number} is the next run's" for link in item.others)
    return replace(plain(item, "void", _departed(item, event) + rest), invoice=step)


def _goes_on(item: Drafted) -> bool:
    """Whether an earlier run ended the deal's remainder for the same retreat: nobody worked on the deal since."""
    if item.link is None or item.link.part == REMAINDER or item.record.modified_at is None:
        return False
    before = [link for link in item.ended if link.part == REMAINDER]
    return any(link.updated_at is not None and link.updated_at >= item.record.modified_at for link in before)


def _more_to_end(item: Drafted, event: Event, rules: Rules) -> int:
    """How many invoices beside this one the next run would end, as far as the ledger knows how they stand."""
    unpaid = [link for link in item.others if still_due(link) == link.total]
    states = [state_of(link, None, item.locked_until) for link in unpaid]
    return sum(decide(event, state, rules.when).do is Do.END for state in states)


def _held(item: Drafted, event: Event, state: State, link: InvoiceLink, code: str) -> Problem:
    status = item.current.status if item.current else link.status
    paid = state in WITH_PAYMENTS or bool(item.current and (item.current.amount_paid or item.current.amount_credited))
    if paid and item.current is not None:
        why = f" and invoice {link.number} has payments"
    elif state in (State.REWORDED, State.RECOUNTED, State.EDITED):
        why = f" and a person changed invoice {link.number}"
    elif state in (State.LOCKED, State.LOCKED_DRAFT):
        why = f"; invoice {link.number} is {status} and dated in a locked period"
    else:
        why = f"; invoice {link.number} is {status}"
    beside = "".join(f" Its other invoice {other.number} is {other.status} too." for other in item.others)
    message = f"The deal {_gone_where(item, event)}{why} in Xero.{beside}"
    problem = waiting(item, code, message, _ADVICE[code], settle="--skip")
    if event is not Event.DELETED:
        return problem
    again = f"; if the deal was restored in Zoho: zoho-xero-sync resolve {item.deal.id} --retry"
    return replace(problem, hint=problem.hint + again)
