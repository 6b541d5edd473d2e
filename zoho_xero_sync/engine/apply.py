"""Carrying out a plan: customers first, then invoices, and what became of every deal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zoho_xero_sync.core.describe import as_sent, contact_fields, noted_time, sent_invoice
from zoho_xero_sync.core.items import item_refused, item_subject, needed_items
from zoho_xero_sync.core.model import (
    Action,
    ContactStep,
    CustomerKey,
    CustomerLink,
    DealState,
    Event,
    InvoiceLink,
    InvoiceStep,
    OperationKind,
    Problem,
    XeroContact,
    XeroInvoice,
)
from zoho_xero_sync.core.outcome import AnyOutcome, Applied, NotSent, Rejected
from zoho_xero_sync.core.recording import (
    archived_contact,
    contact_events,
    contact_operation,
    customer_subject,
    invoice_operation,
    refusal,
    refused_state,
    says_archived,
    total_difference,
)
from zoho_xero_sync.core.report import DealResult
from zoho_xero_sync.core.results import planned, uncertain, with_invoice, with_problem
from zoho_xero_sync.core.settlement import DealSettlement
from zoho_xero_sync.core.stages import CLOSED
from zoho_xero_sync.engine.items import items_note, make_items
from zoho_xero_sync.engine.ports import Context, LedgerDesk
from zoho_xero_sync.engine.send import Item, Sender
from zoho_xero_sync.errors import SAFE_TO_RERUN, RemoteError

_WRITES = ("create", "update", "void")


class Application:
    """One plan being carried out. After `run` (also one that raised) `results` has an entry for every action."""

    def __init__(self, context: Context, ledger: LedgerDesk, actions: Sequence[Action]) -> None:
        self._context, self._ledger = context, ledger
        self._actions = actions
        self._sender = Sender(context, ledger)
        self._links: Mapping[str, InvoiceLink] = {}
        self._contact_ids: dict[CustomerKey, str] = {}
        self._contact_troubles: dict[CustomerKey, AnyOutcome] = {}
        self.results: dict[str, DealResult] = {}
        self.notes: list[str] = []

    def run(self) -> None:
        """Carry out every action. Raises SyncError when the service takes no more; the rest is then pending."""
        parts = self._ledger.find_parts([action.deal_id for action in self._actions])
        self._links = {link.invoice_id: link for found in parts.values() for link in found}
        try:
            self._settle_quiet_ones()
            self._apply_items()
            self._apply_contacts()
            self._apply_invoices()
        finally:
            for action in self._actions:
                reason = action.reason if action.action == "pending" else "waits for the next run"
                waiting = planned(action, "pending", reason=reason)
                begun = uncertain(planned(action, "uncertain"))
                self.results.setdefault(action.deal_id, begun if self._is_open(action) else waiting)

    def _is_open(self, action: Action) -> bool:
        customer = customer_subject(action.contact.draft.customer) if action.contact else None
        items = {item_subject(draft.code) for draft in needed_items(action)}
        return not self._sender.open.isdisjoint({action.deal_id, customer or "", *items})

    # ---- what needs no write ----

    def _settle_quiet_ones(self) -> None:
        """Holds, deals that need nothing, adoptions and refreshed links: recorded without asking Xero anything."""
        moment = self._sender.moment
        settlements: list[DealSettlement] = []
        for action in self._actions:
            if action.problem is not None:
                settlements.append(
                    DealSettlement(
                        action.deal_id,
                        DealState.HELD,
                        action.problem,
                        moment.rules,
                        Event(moment.at, moment.run_id, action.deal_id, "held", _told(action.problem)),
                    )
                )
                self.results[action.deal_id] = with_problem(planned(action, "hold"), action.problem)
            elif action.action in ("skip", "unchanged") and not _writes_contact(action.contact):
                settlements.append(DealSettlement(action.deal_id, DealState.SEEN))
                self.results[action.deal_id] = planned(action)
        self._record_links()
        self._ledger.settle_deals(settlements)

    def _record_links(self) -> None:
        customers = [
            _adopted_contact(action.contact)
            for action in self._actions
            if action.contact and action.contact.action == "adopt"
        ]
        invoices = [
            adopted_invoice(action.deal_id, action.invoice, self._links)
            for action in self._actions
            if action.invoice and action.invoice.current and action.invoice.action in ("adopt", "unchanged")
        ]
        invoices += [action.ended for action in self._actions if action.ended is not None]
        moment = self._sender.moment
        events = [
            Event(moment.at, moment.run_id, action.deal_id, "invoice_adopted", {"number": action.invoice.number or ""})
            for action in self._actions
            if action.invoice and action.invoice.action == "adopt"
        ]
        events += contact_events(self._actions, moment)
        if customers or invoices or events:
            self._ledger.record_links(customers, invoices, events)

    # ---- items ----

    def _apply_items(self) -> None:
        """Make the items that invoices need; deals whose item is not there wait for it."""
        waiting = [action for action in self._actions if action.deal_id not in self.results]
        troubles, made = make_items(self._context, self._ledger, self._sender, waiting)
        if made:
            self.notes.append(items_note("Made", made))
        moment = self._sender.moment
        settlements: list[DealSettlement] = []
        for action in waiting if troubles else ():
            code = next((draft.code for draft in needed_items(action) if draft.code in troubles), None)
            if code is None:
                continue
            trouble = troubles[code]
            if isinstance(trouble, Rejected):
                problem = item_refused(action.deal_id, code, trouble.message)
                event = Event(moment.at, moment.run_id, action.deal_id, "held", _told(problem))
                settlements.append(DealSettlement(action.deal_id, DealState.HELD, problem, moment.rules, event))
                self.results[action.deal_id] = with_problem(planned(action, "hold"), problem)
            elif isinstance(trouble, NotSent):
                self.results[action.deal_id] = planned(action, "pending", reason=trouble.reason)
            else:
                self.results[action.deal_id] = uncertain(planned(action, "uncertain"))
        self._ledger.settle_deals(settlements)

    # ---- customers ----

    def _apply_contacts(self) -> None:
        steps: dict[CustomerKey, ContactStep] = {}
        for action in self._actions:
            step = action.contact
            if step is None:
                continue
            if step.contact_id is not None:
                self._contact_ids[step.draft.customer] = step.contact_id
            # Deals of one customer share one contact; the deal that changed last says what it looks like.
            if _writes_contact(step):
                steps[step.draft.customer] = step
        ordered = sorted(steps.values(), key=lambda step: step.contact_id is not None)
        items = [Item(contact_operation(step), self._context.xero.contact_element(step)) for step in ordered]
        by_subject = {customer_subject(key): key for key in steps}
        for item, outcome in self._sender.send_all("contacts", items, {}):
            key = by_subject[item.operation.subject]
            if isinstance(outcome, Applied) and isinstance(outcome.item, XeroContact):
                self._contact_ids[key] = outcome.item.id
            else:
                self._contact_troubles[key] = outcome
        self._settle_by_contact()

    def _settle_by_contact(self) -> None:
        """Deals whose customer could not be made wait for it; deals that only needed their customer are done."""
        moment = self._sender.moment
        settlements: list[DealSettlement] = []
        for action in self._actions:
            if action.contact is None or action.deal_id in self.results:
                continue
            trouble = self._contact_troubles.get(action.contact.draft.customer)
            if isinstance(trouble, Rejected):
                problem = _contact_refused(action, trouble.message)
                event = Event(moment.at, moment.run_id, action.deal_id, "contact_refused", _told(problem))
                settlements.append(DealSettlement(action.deal_id, refused_state(problem), problem, moment.rules, event))
                self.results[action.deal_id] = with_problem(planned(action, _word(problem)), problem)
            elif isinstance(trouble, NotSent):
                self.results[action.deal_id] = planned(action, "pending", reason=trouble.reason)
            elif trouble is not None:
                self.results[action.deal_id] = uncertain(planned(action, "uncertain"))
            elif action.action not in _WRITES:
                settlements.append(DealSettlement(action.deal_id, DealState.SEEN))
                self.results[action.deal_id] = planned(action)
        self._ledger.settle_deals(settlements)

    # ---- invoices ----

    def _apply_invoices(self) -> None:
        waiting = [
            action
            for action in self._actions
            if action.invoice and action.action in _WRITES and action.deal_id not in self.results
        ]
        waiting.sort(key=lambda action: _WRITES.index(action.action))
        by_deal = {action.deal_id: action for action in waiting}
        items = [self._item(action) for action in waiting]
        unreached: str | None = None
        for item, outcome in self._sender.send_all("invoices", items, self._links):
            action = by_deal[item.operation.subject]
            self.results[action.deal_id] = self._result(action, outcome)
            if isinstance(outcome, NotSent):
                unreached = outcome.reason
        if unreached:
            raise RemoteError(unreached, SAFE_TO_RERUN)

    def _item(self, action: Action) -> Item:
        step = action.invoice
        if step is None:
            raise ValueError(f"deal {action.deal_id} has no invoice step to send")
        contact_id = self._contact_ids.get(action.contact.draft.customer, "") if action.contact else ""
        element = self._context.xero.invoice_element(step, contact_id)
        link = self._links.get(step.invoice_id or "")
        return Item(invoice_operation(action.deal_id, step, contact_id, link), element)

    def _result(self, action: Action, outcome: AnyOutcome) -> DealResult:
        result = planned(action, contact_id=self._contact_id(action))
        if isinstance(outcome, Applied) and isinstance(outcome.item, XeroInvoice) and action.invoice:
            made, step = with_invoice(result, outcome.item), action.invoice
            kind = OperationKind(f"{step.action}_invoice")
            differs = total_difference(action.deal_id, kind, step.total, step.currency, outcome.item)
            return with_problem(replace(made, action="hold"), differs) if differs else made
        if isinstance(outcome, Rejected):
            problem = refusal(action.deal_id, outcome.message)
            return with_problem(planned(action, _word(problem)), problem)
        if isinstance(outcome, NotSent):
            return planned(action, "pending", reason=outcome.reason)
        return uncertain(planned(action, "uncertain"))

    def _contact_id(self, action: Action) -> str | None:
        return self._contact_ids.get(action.contact.draft.customer) if action.contact else None


def _writes_contact(step: ContactStep | None) -> bool:
    return step is not None and (step.action in ("create", "update") or (step.action == "adopt" and step.stamp))


def _told(problem: Problem) -> dict[str, str]:
    return {"code": problem.code, "message": problem.message}


def _adopted_contact(step: ContactStep) -> CustomerLink:
    if step.contact_id is None:
        raise ValueError("an adopted contact has an id")
    draft, sent = step.draft, as_sent(contact_fields(step.draft))
    # A number of ours counts once Xero has taken it: a link without one is stamped, after a cut too.
    return CustomerLink(draft.customer, step.contact_id, step.number, draft.name, sent, draft.person or None)


def adopted_invoice(deal_id: str, step: InvoiceStep, links: Mapping[str, InvoiceLink]) -> InvoiceLink:
    """The link of an invoice as Xero has it now. An adopted one counts as carried over as it stands."""
    current = step.current
    if current is None or step.draft is None:
        raise ValueError(f"deal {deal_id}: only an invoice that was read can be linked")
    link = links.get(current.id)
    sent = link.sent if link and not step.adopting else sent_invoice(step.draft)
    return InvoiceLink(
        deal_id,
        current.id,
        current.number,
        current.status,
        current.currency,
        current.total,
        sent,
        noted_time(sent, current) if link is None or step.adopting else link.updated_at,
        live=current.status not in CLOSED,
        due=current.due,
        paid_on=current.paid_on,
        part=step.draft.part_number,
        document=link.document if link else None,
    )


def _word(problem: Problem) -> str:
    return "hold" if refused_state(problem) is DealState.HELD else "reject"


def _contact_refused(action: Action, message: str) -> Problem:
    if says_archived(message):
        return archived_contact(action.deal_id, message)
    return Problem(
        "contact_refused",
        f"deal {action.deal_id}",
        f"Xero refused the customer's contact: {message}",
        f"Correct the customer in Zoho or Xero, then type: zoho-xero-sync resolve {action.deal_id} --retry",
    )
