"""From drafts and what is known to actions: what a run does about each deal, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from zoho_xero_sync.core.contact_plan import plan_contact
from zoho_xero_sync.core.customers import ACCOUNTS
from zoho_xero_sync.core.describe import as_sent, differences, drift, invoice_fields
from zoho_xero_sync.core.matching import Recognised
from zoho_xero_sync.core.model import (
    Action,
    Change,
    ContactDraft,
    ContactStep,
    CustomerLink,
    Deal,
    DealRecord,
    InvoiceDraft,
    InvoiceLink,
    InvoiceStatus,
    InvoiceStep,
    Problem,
    XeroInvoice,
)
from zoho_xero_sync.core.money import money_text
from zoho_xero_sync.core.rules import Rules, StageRule
from zoho_xero_sync.core.stages import CLOSED, Step, match_rule, status_step


class Triage(StrEnum):
    """What a deal's stage asks for, before any document is read."""

    IGNORE = "ignore"
    HISTORY = "history"
    RETREAT = "retreat"
    CONTACT = "contact"
    BILL = "bill"


@dataclass(frozen=True, slots=True)
class Drafted:
    """A deal with all that planning it needs. `found` are Xero invoices that carry the deal, when they were looked for.

    `current` is the linked invoice as Xero has it now, when the plan depends on it.
    """

    deal: Deal
    record: DealRecord
    triage: Triage
    rule: StageRule | None
    link: InvoiceLink | None = None
    customer_link: CustomerLink | None = None
    contact: ContactDraft | Problem | None = None
    invoice: InvoiceDraft | Problem | None = None
    recognised: Recognised | Problem | None = None
    current: XeroInvoice | None = None
    found: tuple[XeroInvoice, ...] = ()


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
    if not isinstance(item.invoice, InvoiceDraft):
        return False
    advance = status_step(item.link.status, item.invoice.status) is Step.ADVANCE
    return advance or _content_changed(item.link, item.invoice) or _differs(item.link, item.invoice)


def needs_search(item: Drafted) -> bool:
    """Whether Xero must be searched for an invoice that already carries the deal: always before one is made.

    The ledger may be an old backup, or not the only one; Xero knows.
    """
    return item.link is None and isinstance(item.invoice, InvoiceDraft)


def needs_contact(item: Drafted) -> bool:
    """Whether the customer must be looked for among Xero's contacts."""
    drafted = isinstance(item.contact, ContactDraft) and not isinstance(item.invoice, Problem)
    return drafted and item.customer_link is None


def needs_persons(item: Drafted, rules: Rules) -> bool:
    """Whether the customer's contact persons must be read: only when its contact would be written in full."""
    if not rules.customer.persons or isinstance(item.invoice, Problem) or not isinstance(item.contact, ContactDraft):
        return False
    step = plan_contact(item.contact, item.customer_link, item.recognised, rules.customer)
    full = isinstance(step, ContactStep) and step.action in ("create", "update")
    return full and item.contact.customer.module == ACCOUNTS


def plan_deal(item: Drafted, rules: Rules) -> Action:
    """The action for one deal. Every path names its reason; a problem names the command that settles it."""
    if item.triage is Triage.IGNORE:
        return _plain(item, "skip", f"stage {item.deal.stage} is not one that is invoiced")
    if item.triage is Triage.HISTORY:
        return _plain(item, "unchanged", "was already in its stage when the baseline was recorded")
    if item.triage is Triage.RETREAT:
        return _plan_retreat(item, rules)
    if isinstance(item.contact, Problem):
        return _hold(item, item.contact)
    if isinstance(item.invoice, Problem):
        return _hold(item, item.invoice)
    invoice = _plan_invoice(item, rules)
    if isinstance(invoice, Problem):
        return _hold(item, invoice)
    contact = plan_contact(item.contact, item.customer_link, item.recognised, rules.customer)
    if isinstance(contact, Problem):
        return _hold(item, replace(contact, hint=contact.hint.replace("DEAL", item.deal.id)))
    return _combine(item, contact, invoice)


def _combine(item: Drafted, contact: ContactStep | None, invoice: InvoiceStep | None) -> Action:
    if invoice is None or (invoice.action == "unchanged" and contact and contact.action in ("create", "update")):
        changed = contact is not None and contact.action != "unchanged"
        reason = f"stage {item.deal.stage} asks for the customer only" if invoice is None else "the customer changed"
        return replace(
            _plain(item, "contact_only" if changed else "unchanged", reason), contact=contact, invoice=invoice
        )
    return replace(_plain(item, invoice.action, _reason(item, invoice)), contact=contact, invoice=invoice)


def _reason(item: Drafted, invoice: InvoiceStep) -> str:
    if invoice.action == "create":
        return f"entered {item.deal.stage}" if not item.record.requested else f"is in {item.deal.stage}, asked for"
    if invoice.action == "adopt":
        return f"Xero already has invoice {invoice.number} for this deal"
    if invoice.action == "unchanged":
        return "nothing that the invoice depends on changed"
    if invoice.adopting and item.link is None:
        return f"Xero already has invoice {invoice.number} for this deal, which is in {item.deal.stage}"
    if invoice.advance and not invoice.content:
        return f"moved on to {item.deal.stage}"
    return f"moved on to {item.deal.stage} and changed" if invoice.advance else "the deal changed"


def _plan_invoice(item: Drafted, rules: Rules) -> InvoiceStep | Problem | None:
    draft = item.invoice
    if not isinstance(draft, InvoiceDraft):
        return None
    if item.link is None:
        return _plan_new(item, draft)
    if not item.link.live:
        return _gone(item, item.link.number, item.link.status)
    return _plan_linked(item, item.link, draft, rules)


def _plan_new(item: Drafted, draft: InvoiceDraft) -> InvoiceStep | Problem:
    live = [invoice for invoice in item.found if invoice.status not in CLOSED]
    if len(live) > 1:
        return several_invoices(item.deal.id, live)
    if live:
        return _plan_adoption(item, live[0], draft)
    if item.found:
        return _gone(item, item.found[0].number, item.found[0].status)
    return InvoiceStep(
        "create",
        draft,
        draft.status,
        draft.total,
        draft.currency,
        number=draft.number,
        changes=differences(None, invoice_fields(draft) | {"Status": draft.status.value}),
    )


def several_invoices(deal_id: str, live: Sequence[XeroInvoice]) -> Problem:
    """Why a deal waits that several live invoices carry."""
    numbers = ", ".join(f"{invoice.number} ({invoice.status})" for invoice in live)
    return Problem(
        "several_invoices",
        f"deal {deal_id}",
        f"Xero holds {len(live)} invoices for this deal: {numbers}.",
        f"Void the wrong ones in Xero, then type: zoho-xero-sync resolve {deal_id} --retry",
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


def _plan_linked(item: Drafted, link: InvoiceLink, draft: InvoiceDraft, rules: Rules) -> InvoiceStep | Problem:
    current = item.current
    if current is None and needs_current(item, rules):
        return _gone(item, link.number, "not to be found")
    if current is None:
        return InvoiceStep("unchanged", draft, link.status, link.total, link.currency, link.invoice_id, link.number)
    if current.status in CLOSED:
        return _gone(item, current.number, current.status)
    # Where both came to say the same, whoever changed what, there is nothing to carry over and nothing to ask.
    agreed = _agrees(link, current, draft)
    content = not agreed and (_content_changed(link, draft) or _differs(link, draft))
    advance = status_step(current.status, draft.status) is Step.ADVANCE
    if not content and not advance:
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
    trouble = None if agreed else _obstacle(item, link, current, draft, content, rules)
    if trouble:
        return trouble
    changes = differences(link.sent, invoice_fields(draft)) if content else ()
    if advance:
        changes = (*changes, Change("Status", current.status, draft.status.value))
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


def _agrees(link: InvoiceLink, current: XeroInvoice, draft: InvoiceDraft) -> bool:
    """Whether a person made the invoice in Xero what the deal asks for by now, its status aside."""
    changed = differences(link.sent, invoice_fields(draft)) if link.sent else ()
    if current.lines is None or any(change.field == "Contact" for change in changed):
        return False
    same_total = current.total == draft.total and current.currency == draft.currency
    return bool(changed or _differs(link, draft)) and same_total and not drift(as_sent(invoice_fields(draft)), current)


def _differs(link: InvoiceLink, draft: InvoiceDraft) -> bool:
    """Whether Xero computed another total than the deal comes to. An adopted invoice is as it stood."""
    return link.sent is not None and link.total != draft.total


def _content_changed(link: InvoiceLink, draft: InvoiceDraft) -> bool:
    """Whether the deal now asks for another invoice than was last carried over. An adopted one is as it stood.

    The number is given once: Xero keeps the one the invoice was made with, whatever the template says now.
    """
    if link.sent is None:
        return False
    changed = differences(link.sent, invoice_fields(draft))
    return any(change.field != "InvoiceNumber" for change in changed)


def _obstacle(
    item: Drafted, link: InvoiceLink, current: XeroInvoice, draft: InvoiceDraft, content: bool, rules: Rules
) -> Problem | None:
    """Why the linked invoice must not be changed: people's work in Xero comes first."""
    edits = _edits(link, current)
    approved = current.status in (InvoiceStatus.AUTHORISED, InvoiceStatus.PAID)
    has_payments = bool(current.amount_paid or current.amount_credited)
    if not _content_changed(link, draft) and current.total == link.total != draft.total:
        return _waiting(
            item,
            "xero_total_differs",
            f"Invoice {current.number} totals {money_text(current.total, current.currency)} {current.currency} in Xero "
            f"and the deal comes to {money_text(draft.total, draft.currency)} {draft.currency}.",
            "Correct the invoice in Xero",
        )
    if content and approved and (rules.when.changed_after_approval == "hold" or has_payments):
        paid = " and has payments" if has_payments else ""
        return _waiting(
            item,
            "changed_after_approval",
            f"The deal changed after invoice {current.number} was approved{paid}: {_summary(link, draft)}.",
            "Correct the invoice in Xero or the deal in Zoho",
        )
    # Approving what a person reworded is fine; approving another amount, or writing over any edit, is not.
    if (content and edits) or current.total != link.total:
        return _waiting(
            item,
            "changed_in_xero",
            f"A person changed invoice {current.number} in Xero ({_listed(edits)}), "
            f"and the deal comes to {money_text(draft.total, draft.currency)} {draft.currency}.",
            "Make the two agree",
        )
    return None


def _edits(link: InvoiceLink, current: XeroInvoice) -> tuple[Change, ...]:
    """What a person changed in Xero since the invoice was last written: fields, or at least another total."""
    same_stamp = current.updated_at is not None and current.updated_at == link.updated_at
    found = () if link.sent is None or same_stamp else drift(link.sent, current)
    if found or current.total == link.total:
        return found
    before, now = (money_text(total, current.currency) for total in (link.total, current.total))
    return (Change("Total", before, now),)


def _summary(link: InvoiceLink, draft: InvoiceDraft) -> str:
    return _listed(differences(link.sent, invoice_fields(draft)))


def _listed(changes: Sequence[Change]) -> str:
    shown = [f"{change.field} {change.before or '(none)'} → {change.after or '(none)'}" for change in changes[-3:]]
    more = f" and {len(changes) - 3} more fields" if len(changes) > 3 else ""
    return "; ".join(shown) + more


def _gone(item: Drafted, number: str, status: str) -> Problem:
    return _waiting(
        item,
        "invoice_gone",
        f"Invoice {number} of this deal is {status} in Xero; it is not made again.",
        "Invoice the deal by hand if it still should be",
        settle="--skip",
    )


def _waiting(item: Drafted, code: str, message: str, advice: str, *, settle: str = "--retry") -> Problem:
    command = f"zoho-xero-sync resolve {item.deal.id} {settle}"
    return Problem(code, f"deal {item.deal.id}", message, f"{advice}, then type: {command}")


def _plan_retreat(item: Drafted, rules: Rules) -> Action:
    link = item.link
    if link is None:
        return _plain(item, "skip", f"stage {item.deal.stage} is not one that is invoiced")
    if rules.when.leaves_stages == "keep":
        return _plain(item, "unchanged", f"left the invoiced stages for {item.deal.stage}; its invoice is kept")
    current = item.current
    paid = current is not None and bool(current.amount_paid or current.amount_credited)
    if current and current.status in CLOSED:
        return _plain(item, "unchanged", f"left the invoiced stages; invoice {current.number} is {current.status}")
    edited = current is not None and bool(_edits(link, current))
    held = rules.when.leaves_stages == "hold" or current is None or paid or edited
    if held or current is None or current.status == InvoiceStatus.PAID:
        state = f" and invoice {link.number} has payments" if paid else f"; invoice {link.number} is {link.status}"
        state = f" and a person changed invoice {link.number}" if edited and not paid else state
        return _hold(
            item,
            _waiting(
                item,
                "left_stages",
                f"The deal moved to {item.deal.stage}, which is not invoiced{state} in Xero.",
                "Void or keep the invoice in Xero as it should be",
                settle="--skip",
            ),
        )
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
    )
    return replace(_plain(item, "void", f"left the invoiced stages for {item.deal.stage}"), invoice=step)


def _plain(item: Drafted, action: str, reason: str) -> Action:
    return Action(item.deal.id, item.deal.name, item.deal.stage, action, reason)


def _hold(item: Drafted, problem: Problem) -> Action:
    subject = f"deal {item.deal.id}"
    settled = problem if problem.subject == subject else replace(problem, subject=subject)
    return replace(_plain(item, "hold", settled.message), problem=settled)


def count_new_invoices(actions: Sequence[Action]) -> int:
    """How many invoices the actions would make."""
    return sum(action.action == "create" for action in actions)
