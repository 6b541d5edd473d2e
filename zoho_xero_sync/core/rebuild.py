"""What a lost ledger must have known of a deal, judged by what Zoho and Xero hold now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from zoho_xero_sync.core.describe import as_sent, noted_time, sent_invoice
from zoho_xero_sync.core.marks import part_of
from zoho_xero_sync.core.model import (
    CustomerLink,
    DealRecord,
    DealRow,
    DealState,
    InvoiceDraft,
    InvoiceLink,
    InvoiceStatus,
    Problem,
    XeroInvoice,
)
from zoho_xero_sync.core.parts import REMAINDER, WHOLE, percentage
from zoho_xero_sync.core.plan import Drafted, Triage, plan_deal, several_invoices
from zoho_xero_sync.core.rules import InvoiceChoice, Rules, Share, StageRule
from zoho_xero_sync.core.stages import CLOSED, match_rule


class Found(StrEnum):
    """How a deal that an invoice in Xero carries comes back.

    `linked` as it was; `behind` has moved on since, and the next sync takes it up; `ended` has an invoice
    that was voided or deleted; `left` left the stages and keeps its invoice; `unseen` is one Zoho no longer shows;
    `held` waits for a person.
    """

    LINKED = "linked"
    BEHIND = "behind"
    ENDED = "ended"
    LEFT = "left"
    UNSEEN = "unseen"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Restored:
    """One deal as the new ledger holds it, and its invoice; `others` are its further ones.

    A held deal that marks alone told of has none: its invoice is looked for when it is tried again.
    """

    found: Found
    record: DealRecord
    link: InvoiceLink | None = None
    others: tuple[InvoiceLink, ...] = ()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A whole ledger made again, in memory. `checkpoint` is Zoho's clock when its deals began to be read.

    Of the deals in an invoiced stage that no invoice carries, `customers_only` ask for their customer and have it,
    `pending` waited in a ledger that could still be read, and all others are `baseline`; `may_have_waited` are those
    of them that changed since this program made its first invoice, or all of them when it made none. `first_invoice`
    is no later than that. `earlier` are the tags of the ledgers whose marks were found.
    """

    checkpoint: datetime
    covered: frozenset[tuple[str, str]]
    restored: tuple[Restored, ...]
    customers_only: tuple[DealRecord, ...]
    pending: tuple[DealRecord, ...]
    baseline: tuple[DealRecord, ...]
    may_have_waited: tuple[DealRecord, ...]
    customers: tuple[CustomerLink, ...]
    earlier: tuple[str, ...]
    first_invoice: datetime | None

    @property
    def held(self) -> tuple[DealRecord, ...]:
        """The deals that wait for a person."""
        return tuple(item.record for item in self.restored if item.found is Found.HELD)

    @property
    def not_invoiced_again(self) -> tuple[Restored, ...]:
        """The deals in an invoiced stage whose invoice was ended, that wait for nothing and that nobody set aside."""
        stages = {stage for stage, _ in self.covered}
        ended = (item for item in self.restored if item.found is Found.ENDED and item.record.stage in stages)
        return tuple(item for item in ended if item.record.state is DealState.SEEN)

    @property
    def exit_code(self) -> int:
        """0, or 3 when deals wait for a person."""
        return 3 if self.held else 0


@dataclass(frozen=True, slots=True)
class RebuildView:
    """What `rebuild` found and did, or would do. `set_aside` is where the ledger that was there goes."""

    run_id: str
    at: datetime
    dry_run: bool
    ledger: str
    rebuilt: Rebuilt
    set_aside: str | None = None
    calls: Mapping[str, int] = field(default_factory=dict)


def live_ones(invoices: Sequence[XeroInvoice]) -> list[XeroInvoice]:
    """The invoices that are neither voided nor deleted."""
    return [invoice for invoice in invoices if invoice.status not in CLOSED]


def of_part(invoices: Sequence[XeroInvoice], rule: StageRule | None) -> tuple[list[XeroInvoice], list[XeroInvoice]]:
    """A deal's invoices of the part that its stage is about, and of its other parts those that count: the live ones,
    or the last. In no invoiced stage it is about the last part that is there.
    """
    live = {part_of(invoice.url) for invoice in live_ones(invoices)}
    there = live or {part_of(invoice.url) for invoice in invoices}
    part = max(there, default=WHOLE)
    if REMAINDER not in live and rule is not None and rule.invoice != "none":
        part = rule.part
    beside: list[XeroInvoice] = []
    for other in {part_of(invoice.url) for invoice in invoices} - {part}:
        found = [invoice for invoice in invoices if part_of(invoice.url) == other]
        beside += live_ones(found) or _newest_first(found)[:1]
    return [invoice for invoice in invoices if part_of(invoice.url) == part], beside


def draftable(row: DealRow, record: DealRecord, invoices: Sequence[XeroInvoice], rules: Rules) -> Drafted | None:
    """The deal as one to be drafted, so that it can be compared with its invoice; None when it cannot be read, or has
    not one live invoice of the part that its stage is about. A remainder that is not billed is drafted too.

    A deal that is in no invoiced stage is drafted as its invoice stands.
    """
    if isinstance(row.content, Problem):
        return None
    rule = match_rule(rules.stages, row.stage, row.pipeline)
    main, beside = of_part(invoices, rule)
    others = tuple(_link(row.id, other, None) for other in live_ones(beside))
    live = live_ones(main)
    if not main and len(others) == 1:
        return Drafted(row.content, record, Triage.BILL, rule, others=others)
    if len(live) != 1:
        return None
    invoice = live[0]
    if rule is None or rule.invoice == "none":
        share: Share | None = "remainder" if part_of(invoice.url) == REMAINDER else percentage(rules, row.pipeline)
        rule = StageRule((row.stage,), as_it_stands(invoice), row.pipeline, share=share)
    dates = {"Date": invoice.date, "DueDate": invoice.due_date} if rules.invoice.date_field else {}
    sent = as_sent({name: day.isoformat() for name, day in dates.items() if day is not None})
    link = replace(_link(row.id, invoice, None), sent=sent)
    return Drafted(row.content, record, Triage.BILL, rule, link, others=others)


def as_it_stands(invoice: XeroInvoice) -> InvoiceChoice:
    """What a rule says that asks for the invoice as it is."""
    choices: dict[str, InvoiceChoice] = {"DRAFT": "draft", "SUBMITTED": "submitted"}
    return choices.get(invoice.status, "authorised")


def known_record(row: DealRow) -> DealRecord:
    """The record of a deal that a run has settled as it is now."""
    content = row.content
    person = content.person.id if not isinstance(content, Problem) and content.person else None
    account = content.account.id if not isinstance(content, Problem) and content.account else None
    return DealRecord(
        row.id,
        row.name,
        row.stage,
        DealState.SEEN,
        False,
        row.modified_at,
        row.snapshot,
        person=person,
        person_before=person,
        account=account,
    )


def restore_unseen(deal_id: str, invoices: Sequence[XeroInvoice]) -> Restored:
    """A deal that Zoho no longer shows: what is there of its invoice, so that no other is made if it comes back."""
    main, beside = of_part(invoices, None)
    kept = (live_ones(main) or _newest_first(main))[0]
    record = DealRecord(deal_id, kept.reference, "", DealState.SEEN, False, None, None)
    others = tuple(_link(deal_id, invoice, None) for invoice in beside)
    return Restored(Found.UNSEEN, record, _link(deal_id, kept, None), others)


def restore(
    row: DealRow, record: DealRecord, item: Drafted | None, invoices: Sequence[XeroInvoice], rules: Rules
) -> Restored:
    """The deal with the invoice or invoices that carry it; `item` is its draft, when it could be drafted."""
    main, beside = of_part(invoices, match_rule(rules.stages, row.stage, row.pipeline))
    others = tuple(_link(row.id, invoice, None) for invoice in beside)
    if not main and not live_ones(beside):
        return Restored(Found.ENDED, record, others=others)
    parts = [part_of(invoice.url) for invoice in live_ones(beside)]
    if len(parts) > len(set(parts)):
        return _held(record, several_invoices(row.id, live_ones(beside)), rules)
    restored = _restore(row, record, item, main, rules)
    return replace(restored, others=others)


def _restore(
    row: DealRow, record: DealRecord, item: Drafted | None, invoices: Sequence[XeroInvoice], rules: Rules
) -> Restored:
    """The deal with the invoices of the part that its stage is about."""
    live = live_ones(invoices)
    if len(live) > 1:
        return _held(record, several_invoices(row.id, live), rules)
    if not invoices:
        asked = item.invoice if item is not None else None
        nothing_left = isinstance(asked, InvoiceDraft) and not asked.lines
        return Restored(Found.LINKED, record) if nothing_left else _held(record, _rest_unknown(row.id), rules)
    if not live:
        return Restored(Found.ENDED, record, _link(row.id, _newest_first(invoices)[0], None))
    current = live[0]
    if isinstance(row.content, Problem):
        return _held(record, row.content, rules)
    draft = item.invoice if item is not None and isinstance(item.invoice, InvoiceDraft) else None
    link = _link(row.id, current, draft)
    rule = match_rule(rules.stages, row.stage, row.pipeline)
    if current.status == InvoiceStatus.PAID:
        # Whatever became of the deal, Xero takes no more changes of what it owes.
        return Restored(Found.LINKED if rule else Found.LEFT, record, link)
    if item is not None and rule is None:
        return _restore_left(record, item, current, link, rules)
    trouble = _trouble(item)
    if item is None or trouble is not None:
        return _held(record, trouble, rules) if trouble else Restored(Found.LINKED, record, link)
    if rule is not None and rule.invoice == "none":
        return Restored(Found.LINKED, record, link)
    action = plan_deal(replace(item, link=None, found=(current,)), rules)
    if action.problem is not None:
        return _held(record, action.problem, rules)
    if action.action == "update":
        return Restored(Found.BEHIND, replace(record, state=DealState.PENDING), link)
    return Restored(Found.LINKED, record, link)


def _rest_unknown(deal_id: str) -> Problem:
    """Whether a remainder was still to be billed, or a person had said no to it, only the lost ledger knew."""
    command = f"zoho-xero-sync resolve {deal_id}"
    return Problem(
        "remainder_open",
        f"deal {deal_id}",
        "A share of this deal is billed and its remainder is not; the lost ledger may have known why.",
        f"To have it billed, type: {command} --retry; to leave it: {command} --skip",
    )


def _trouble(item: Drafted | None) -> Problem | None:
    if item is None:
        return None
    return next((part for part in (item.contact, item.invoice) if isinstance(part, Problem)), None)


def _restore_left(record: DealRecord, item: Drafted, current: XeroInvoice, link: InvoiceLink, rules: Rules) -> Restored:
    action = plan_deal(replace(item, triage=Triage.RETREAT, link=link, current=current), rules)
    if action.action == "void":
        # Somebody may have decided to keep it, and only the lost ledger knew.
        subject = f"deal {record.deal_id}"
        message = f"The deal is in {record.stage}, which is not invoiced; invoice {current.number} is {current.status}."
        command = f"zoho-xero-sync resolve {record.deal_id}"
        hint = f"To have it ended as when.leaves_stages says, type: {command} --retry; to keep it: {command} --skip"
        held = _held(record, Problem("left_stages", subject, message, hint), rules)
        return replace(held, link=link)
    if action.problem is not None:
        return replace(_held(record, action.problem, rules), link=link)
    return Restored(Found.LEFT, record, link)


def _held(record: DealRecord, problem: Problem, rules: Rules) -> Restored:
    subject = replace(problem, subject=f"deal {record.deal_id}")
    waiting = replace(record, state=DealState.HELD, problem=subject, rules=rules.fingerprint())
    return Restored(Found.HELD, waiting)


def linked_as_it_stands(deal_id: str, invoice: XeroInvoice) -> InvoiceLink:
    """The link of an invoice that is the deal's, whatever the deal asks for now."""
    return _link(deal_id, invoice, None)


def _link(deal_id: str, invoice: XeroInvoice, draft: InvoiceDraft | None) -> InvoiceLink:
    """The invoice as linked. What the deal asks for now counts as carried over."""
    sent = sent_invoice(draft) if draft is not None else None
    return InvoiceLink(
        deal_id,
        invoice.id,
        invoice.number,
        invoice.status,
        invoice.currency,
        invoice.total,
        sent,
        noted_time(sent, invoice),
        live=invoice.status not in CLOSED,
        due=invoice.due,
        paid_on=invoice.paid_on,
        part=part_of(invoice.url),
    )


def _newest_first(invoices: Sequence[XeroInvoice]) -> list[XeroInvoice]:
    return sorted(invoices, key=lambda invoice: (invoice.updated_at is not None, invoice.updated_at), reverse=True)


def invoiced_totals(items: Sequence[Restored]) -> dict[str, Decimal]:
    """By currency, what the live invoices come to: a figure to compare with Xero's own."""
    totals: dict[str, Decimal] = {}
    links = (link for item in items for link in (item.link, *item.others) if link is not None)
    for link in links:
        if link.live:
            totals[link.currency] = totals.get(link.currency, Decimal(0)) + link.total
    return totals
