"""What planning knows of one deal: the deal, its drafts, its links, and what was looked up in Xero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from zoho_xero_sync.core.matching import Recognised
from zoho_xero_sync.core.model import (
    ContactDraft,
    ContactNow,
    CustomerLink,
    Deal,
    DealRecord,
    InvoiceDraft,
    InvoiceLink,
    Problem,
    Worth,
    XeroInvoice,
)
from zoho_xero_sync.core.parts import WHOLE, Billing, billing
from zoho_xero_sync.core.rules import StageRule


class Triage(StrEnum):
    """What a deal's stage asks for, before any document is read. DELETED deals are in no stage any more."""

    IGNORE = "ignore"
    HISTORY = "history"
    RETREAT = "retreat"
    DELETED = "deleted"
    CONTACT = "contact"
    BILL = "bill"


@dataclass(frozen=True, slots=True)
class Drafted:
    """A deal with all that planning it needs. `found` are Xero invoices that carry the deal, when they were looked for.

    `current` is the linked invoice as Xero has it now, when the plan depends on it; `locked_until` is the last day
    that is locked in Xero. `ended` are the deal's invoices that this program voided or deleted, oldest first.
    `rival` is another deal's live invoice that was made from this deal's document. `contact_now` is the customer's
    contact as Xero has it now, read before it would be updated. `lost_stages` are stages of the rules that Zoho does
    not have by these names. `others` are its live invoices of other parts, `gone` those of other parts that a person
    ended, and `billed` is the one that billed a share of it, as Xero has it now. `burned` are the numbers of all
    invoices it ever had. `stated` is what its document says that it comes to, where no draft does. `held_before`
    says that it waited once, where it leaves without an invoice.
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
    ended: tuple[InvoiceLink, ...] = ()
    locked_until: date | None = None
    rival: InvoiceLink | None = None
    contact_now: ContactNow | None = None
    lost_stages: tuple[str, ...] = ()
    others: tuple[InvoiceLink, ...] = ()
    gone: tuple[InvoiceLink, ...] = ()
    burned: frozenset[str] = frozenset()
    billed: XeroInvoice | None = None
    stated: Worth | None = None
    held_before: bool = False

    @property
    def billing(self) -> Billing | None:
        """What the deal's stage asks to be billed; None for a customer only."""
        links = self.others if self.link is None else (self.link, *self.others)
        return billing(self.rule, links) if self.rule is not None and self.triage is Triage.BILL else None

    @property
    def ended_before(self) -> tuple[InvoiceLink, ...]:
        """The invoices of the part that is asked for which this program ended."""
        part = self.billing.part if self.billing else WHOLE
        return tuple(link for link in self.ended if link.part == part)

    @property
    def is_fresh(self) -> bool:
        """Whether the deal's next invoice would be a new one: it has none, or this program ended the one it had."""
        return self.link is None or (not self.link.live and self.was_ended(self.link.invoice_id))

    def was_ended(self, invoice_id: str) -> bool:
        """Whether this program voided or deleted that invoice, rather than a person."""
        return any(link.invoice_id == invoice_id for link in self.ended)
