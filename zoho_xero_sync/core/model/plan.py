"""What a run does about each deal, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from zoho_xero_sync.core.model.found import XeroInvoice
from zoho_xero_sync.core.model.memory import InvoiceLink
from zoho_xero_sync.core.model.problem import Problem
from zoho_xero_sync.core.model.sold import SourceDocument
from zoho_xero_sync.core.model.wanted import ContactDraft, InvoiceDraft

Delivery = Literal["email", "sent"]


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs, as text on both sides."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class ContactStep:
    """What happens to the customer's contact: create, update, adopt or unchanged.

    `stamp` asks that our ContactNumber be written on an adopted contact that has none; `number` is the one an
    adopted contact keeps. `kept` are fields that stay as a person wrote them in Xero: before as they are there, after
    as Zoho has them. `merged_from` is the contact that a person merged into this one.
    """

    action: str
    draft: ContactDraft
    contact_id: str | None
    changes: tuple[Change, ...] = ()
    stamp: bool = False
    number: str = ""
    kept: tuple[Change, ...] = ()
    merged_from: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceStep:
    """What happens to the invoice: create, update, void, adopt or unchanged.

    For an update `content` says whether the lines and the header are sent, and `advance` whether the status is; a
    status that stays is never sent again, because Xero refuses it on an invoice with payments. `adopting` is set when
    the invoice was found in Xero and is only now linked. `delivery` says that Xero is to e-mail the invoice afterwards,
    or to mark it as sent with this step; only a step that approves the invoice has one. `more` says that the deal has
    another live invoice, which is planned once this step is done. `ends` is how many invoices come to their end by a
    retreat that begins with this step; the steps that go on with it have 0.
    """

    action: str
    draft: InvoiceDraft | None
    status: str
    total: Decimal
    currency: str
    invoice_id: str | None = None
    number: str | None = None
    current: XeroInvoice | None = None
    content: bool = False
    advance: bool = False
    changes: tuple[Change, ...] = ()
    adopting: bool = False
    delivery: Delivery | None = None
    more: bool = False
    ends: int = 0


@dataclass(frozen=True, slots=True)
class Worth:
    """What a deal was sold for, tax included, in the currency of its document."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Action:
    """What the run does about one deal, with its reason in plain words. `document` is what it was planned from.

    `ended` is the deal's invoice where it was met ended in Xero, and another one of the deal is still to be planned.
    """

    deal_id: str
    deal_name: str
    stage: str
    action: str
    reason: str | None = None
    contact: ContactStep | None = None
    invoice: InvoiceStep | None = None
    problem: Problem | None = None
    document: SourceDocument | None = None
    worth: Worth | None = None
    ended: InvoiceLink | None = None
