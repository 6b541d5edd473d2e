"""From drafts and what is known to actions: what a run does about each deal, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zoho_xero_sync.core.contact_plan import plan_contact
from zoho_xero_sync.core.customers import ACCOUNTS
from zoho_xero_sync.core.describe import is_share
from zoho_xero_sync.core.drafted import Drafted, Triage
from zoho_xero_sync.core.emailing import with_delivery
from zoho_xero_sync.core.holding import gone, hold, plain, rival_of, several_invoices, waiting
from zoho_xero_sync.core.model import (
    Action,
    ContactDraft,
    ContactStep,
    Deal,
    DealRecord,
    InvoiceDraft,
    InvoiceLink,
    InvoiceStep,
    Problem,
    Worth,
)
from zoho_xero_sync.core.parts import REMAINDER
from zoho_xero_sync.core.plan_linked import needs_look, plan_linked
from zoho_xero_sync.core.plan_new import has_successor, plan_new, unknown_part
from zoho_xero_sync.core.plan_retreat import plan_retreat
from zoho_xero_sync.core.rules import Rules, StageRule
from zoho_xero_sync.core.stages import CLOSED, Step, match_rule, status_step
from zoho_xero_sync.core.staging import why_left_alone

__all__ = [
    "Drafted",
    "Triage",
    "after_ends",
    "count_ended_invoices",
    "count_new_invoices",
    "needs_contact",
    "needs_current",
    "needs_persons",
    "needs_search",
    "plan_deal",
    "several_invoices",
    "triage",
    "waits_for_rival",
]

# Where a deal is in no stage that is invoiced.
_AWAY = (Triage.IGNORE, Triage.RETREAT, Triage.DELETED)


def triage(deal: Deal, record: DealRecord, link: InvoiceLink | None, rules: Rules) -> tuple[Triage, StageRule | None]:
    """What the deal's stage asks for, and the rule that says so."""
    rule = match_rule(rules.stages, deal.stage, deal.pipeline)
    if rule is None:
        return (Triage.RETREAT if link and link.live else Triage.IGNORE), None
    if record.baseline and not record.requested:
        return Triage.HISTORY, rule
    return (Triage.CONTACT if rule.invoice == "none" else Triage.BILL), rule


def needs_current(item: Drafted, rules: Rules) -> bool:
    """Whether Xero must be asked what the linked invoice looks like now: only before it would be changed."""
    if item.link is None or not item.link.live:
        return False
    if item.triage is Triage.RETREAT:
        return rules.when.leaves_stages == "void"
    if item.triage is Triage.DELETED:
        return rules.when.deal_deleted == "void"
    return isinstance(item.invoice, InvoiceDraft) and needs_look(item.link, item.invoice)


def needs_search(item: Drafted) -> bool:
    """Whether Xero must be searched for an invoice that already carries the deal: always before one is made or ended,
    before the share of a deal is changed, and where a person seems to have ended one.

    The ledger may be an old backup, or not the only one; Xero knows.
    """
    if item.triage in _AWAY:
        forgotten = item.held_before if item.link is None else _is_over(item) and not item.is_fresh
        return forgotten or item.current is not None
    if not isinstance(item.invoice, InvoiceDraft) or not item.invoice.lines:
        return False
    return item.is_fresh or _is_over(item) or bool(item.gone) or _changes_share(item, item.invoice)


def _changes_share(item: Drafted, draft: InvoiceDraft) -> bool:
    """Whether a share is about to be changed: a remainder that the ledger forgot would be wrong after that."""
    parted = draft.part is not None and draft.part_number < REMAINDER
    return parted and item.link is not None and item.link.live and needs_look(item.link, draft)


def _is_over(item: Drafted) -> bool:
    """Whether the invoice that the ledger knows was ended, as far as that is known."""
    ended = item.current is not None and item.current.status in CLOSED
    return item.link is not None and (ended or not item.link.live)


def needs_contact(item: Drafted) -> bool:
    """Whether the customer must be looked for among Xero's contacts."""
    drafted = isinstance(item.contact, ContactDraft) and not isinstance(item.invoice, Problem)
    return drafted and item.customer_link is None


def needs_contact_now(item: Drafted, rules: Rules) -> bool:
    """Whether the customer's contact must be read: only when it would be updated."""
    if isinstance(item.invoice, Problem) or not isinstance(item.contact, ContactDraft) or item.customer_link is None:
        return False
    step = plan_contact(item.contact, item.customer_link, item.recognised, rules.customer)
    return isinstance(step, ContactStep) and step.action == "update"


def needs_persons(item: Drafted, rules: Rules) -> bool:
    """Whether the customer's contact persons must be read: only when its contact would be written in full."""
    if not rules.customer.persons or isinstance(item.invoice, Problem) or not isinstance(item.contact, ContactDraft):
        return False
    step = plan_contact(item.contact, item.customer_link, item.recognised, rules.customer)
    full = isinstance(step, ContactStep) and step.action in ("create", "update")
    return full and item.contact.customer.module == ACCOUNTS


def plan_deal(item: Drafted, rules: Rules) -> Action:
    """The action for one deal. Every path names its reason; a problem names the command that settles it."""
    if item.triage is Triage.HISTORY:
        return plain(item, "unchanged", why_left_alone(item.record))
    if item.triage in _AWAY:
        return plan_retreat(item, rules)
    ended = _ended_by_a_person(item)
    trouble = item.contact if isinstance(item.contact, Problem) else item.invoice
    if isinstance(trouble, Problem):
        adopted = _standing(item) if ended is None else None
        return hold(item, trouble) if adopted is None else _left_as_it_stands(item, adopted, trouble)
    if ended is not None:
        stray = unknown_part(item, item.invoice) if isinstance(item.invoice, InvoiceDraft) else None
        return hold(item, stray or gone(item, ended.number, ended.status))
    nothing = isinstance(item.invoice, InvoiceDraft) and not item.invoice.lines
    invoice = _still_open(item) if nothing else _plan_invoice(item, rules)
    if isinstance(invoice, Problem):
        return hold(item, invoice)
    contact = plan_contact(item.contact, item.customer_link, item.recognised, rules.customer, item.contact_now)
    if isinstance(contact, Problem):
        return hold(item, replace(contact, hint=contact.hint.replace("DEAL", item.deal.id)))
    action = _without_predecessor(item, _combine(item, contact, invoice))
    if not nothing or item.billed is None:
        return action
    return replace(action, reason=f"nothing is left to bill: invoice {item.billed.number} billed all of it")


def waits_for_rival(item: Drafted, rules: Rules) -> bool:
    """Whether the deal would wait because its rival stands."""
    return item.rival is not None and rival_of(plan_deal(item, rules).problem) is not None


def after_ends(actions: Sequence[Action], items: Sequence[Drafted]) -> list[Action]:
    """The actions; a deal that would wait for an invoice of a deal that loses one in this run is left to the next."""
    ending = {action.deal_id for action in actions if action.action == "void"}
    return [
        _left_to_next(item, item.rival)
        if item.rival is not None and item.rival.deal_id in ending and rival_of(action.problem) is not None
        else action
        for action, item in zip(actions, items, strict=True)
    ]


def _left_to_next(item: Drafted, rival: InvoiceLink) -> Action:
    reason = f"invoice {rival.number} bills its document for deal {rival.deal_id}, which loses its invoice in this run"
    return plain(item, "pending", f"{reason}; the next run goes on")


def _standing(item: Drafted) -> InvoiceLink | None:
    """The deal's adopted invoice while nothing more is asked of it: no further status, and by all that is known no
    other total. It needs no draft.
    """
    link, asked = item.link, item.billing
    if link is None or asked is None or not link.live or link.sent is not None:
        return None
    if status_step(link.status, asked.status) is Step.ADVANCE:
        return None
    return link if item.stated in (None, Worth(link.total, link.currency)) else None


def _left_as_it_stands(item: Drafted, link: InvoiceLink, trouble: Problem) -> Action:
    step = InvoiceStep("unchanged", None, link.status, link.total, link.currency, link.invoice_id, link.number)
    reason = f"invoice {link.number} was adopted and stays as it stands; without it: {trouble.code}"
    return replace(plain(item, "unchanged", reason), invoice=step)


def _ended_by_a_person(item: Drafted) -> InvoiceLink | None:
    """The deal's other invoice that a person ended, where the one that is asked for would bill it once more."""
    if item.billing is None or not item.gone:
        return None
    grows = item.billing.share is None and item.link is not None and is_share(item.link)
    return item.gone[0] if item.is_fresh or grows or item.billing.part == REMAINDER else None


def _still_open(item: Drafted) -> Problem | None:
    """What is left to a person where the share billed all that the deal comes to by now."""
    billed, asked = item.billed, item.billing
    if billed is None or asked is None:
        return None
    ended = item.current is not None and item.current.status in CLOSED
    if item.link is not None and item.link.live and not ended:
        return waiting(
            item,
            "zero_total",
            f"Invoice {billed.number} billed all that the deal comes to; invoice {item.link.number} is for the rest.",
            f"Void invoice {item.link.number} in Xero if nothing more is to be paid",
            settle="--skip",
        )
    if status_step(billed.status, asked.status) is Step.ADVANCE:
        return waiting(
            item,
            "zero_total",
            f"Invoice {billed.number} billed all that the deal comes to, and is {billed.status}; nothing is left.",
            f"Approve invoice {billed.number} in Xero if it should be",
            settle="--skip",
        )
    return None


def _plan_invoice(item: Drafted, rules: Rules) -> InvoiceStep | Problem | None:
    draft = item.invoice
    if not isinstance(draft, InvoiceDraft):
        return None
    if item.link is None or item.is_fresh or (_is_over(item) and has_successor(item, draft)):
        return plan_new(item, draft, rules)
    return unknown_part(item, draft) or plan_linked(item, item.link, draft, rules)


def _without_predecessor(item: Drafted, action: Action) -> Action:
    """The action that also ends the link of the invoice whose place another one of Xero's takes."""
    step, link = action.invoice, item.link
    if step is None or link is None or not link.live or step.current is None or step.current.id == link.invoice_id:
        return action
    status = item.current.status if item.current is not None else link.status
    return replace(action, ended=replace(link, status=status, live=False))


def _combine(item: Drafted, contact: ContactStep | None, invoice: InvoiceStep | None) -> Action:
    if invoice is None or (invoice.action == "unchanged" and contact and contact.action in ("create", "update")):
        changed = contact is not None and contact.action != "unchanged"
        reason = f"stage {item.deal.stage} asks for the customer only" if invoice is None else "the customer changed"
        return replace(
            plain(item, "contact_only" if changed else "unchanged", reason), contact=contact, invoice=invoice
        )
    step = with_delivery(invoice, item.rule)
    return replace(plain(item, step.action, _reason(item, step)), contact=contact, invoice=step)


def _reason(item: Drafted, invoice: InvoiceStep) -> str:
    if invoice.action == "create":
        return _reason_to_create(item)
    if invoice.action == "adopt":
        return f"Xero already has invoice {invoice.number} for this deal"
    if invoice.action == "unchanged":
        return "nothing that the invoice depends on changed"
    if invoice.adopting and item.is_fresh:
        return f"Xero already has invoice {invoice.number} for this deal, which is in {item.deal.stage}"
    if invoice.advance and not invoice.content:
        return f"moved on to {item.deal.stage}"
    return f"moved on to {item.deal.stage} and changed" if invoice.advance else "the deal changed"


def _reason_to_create(item: Drafted) -> str:
    if item.ended_before:
        before = item.ended_before[-1]
        return f"is back in {item.deal.stage}; invoice {before.number} was {before.status} when it left"
    asked = f"entered {item.deal.stage}" if not item.record.requested else f"is in {item.deal.stage}, asked for"
    return asked + _part_said(item)


def _part_said(item: Drafted) -> str:
    part = item.invoice.part if isinstance(item.invoice, InvoiceDraft) else None
    if part is None:
        return ""
    what = "the remainder" if part.number == REMAINDER else part.said
    return f"; {what} is billed" + (f", after invoice {' and '.join(part.less)}" if part.less else "")


def count_new_invoices(actions: Sequence[Action]) -> int:
    """How many invoices the actions would make."""
    return sum(action.action == "create" for action in actions)


def count_ended_invoices(actions: Sequence[Action]) -> int:
    """How many invoices the retreats that begin with these actions would void or delete."""
    return sum(action.invoice.ends for action in actions if action.invoice is not None)
