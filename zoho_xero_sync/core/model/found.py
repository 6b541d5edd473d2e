"""Xero's side as it is: what the organisation holds and how it is set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as calendar_date
from datetime import datetime
from decimal import Decimal

from zoho_xero_sync.core.model.wanted import InvoiceStatus


@dataclass(frozen=True, slots=True)
class XeroContact:
    """A contact as Xero returned it, as far as recognising it needs."""

    id: str
    name: str
    number: str
    email: str
    status: str


@dataclass(frozen=True, slots=True)
class ContactNow:
    """A contact in full as Xero has it now. `fields` are named as the drafts' are; empty ones are left out.

    `merged_to` is the contact that a person merged this one into, which archived it.
    """

    id: str
    name: str
    number: str
    status: str
    fields: Mapping[str, str]
    merged_to: str = ""


@dataclass(frozen=True, slots=True)
class XeroItem:
    """An item of Xero's price list."""

    id: str
    code: str


@dataclass(frozen=True, slots=True)
class XeroLine:
    """A line of an invoice as Xero returned it."""

    id: str
    description: str
    quantity: Decimal
    unit_amount: Decimal
    line_amount: Decimal
    tax_amount: Decimal
    account_code: str
    tax_type: str


@dataclass(frozen=True, slots=True)
class XeroInvoice:
    """An invoice as Xero returned it. `lines` is None when the answer left them out."""

    id: str
    number: str
    status: str
    contact_id: str
    reference: str
    url: str
    currency: str
    date: calendar_date | None
    due_date: calendar_date | None
    sub_total: Decimal
    total_tax: Decimal
    total: Decimal
    amount_paid: Decimal
    amount_credited: Decimal
    updated_at: datetime | None
    lines: tuple[XeroLine, ...] | None = None
    paid_on: calendar_date | None = None
    sent_to_contact: bool = False

    @property
    def due(self) -> Decimal:
        """What is still to be paid; nothing of an invoice that was voided or deleted."""
        if self.status in (InvoiceStatus.VOIDED, InvoiceStatus.DELETED):
            return Decimal(0)
        return self.total - self.amount_paid - self.amount_credited


@dataclass(frozen=True, slots=True)
class XeroAccount:
    """An account of Xero's chart."""

    code: str
    name: str
    status: str
    type: str
    account_class: str
    tax_type: str
    system: bool


@dataclass(frozen=True, slots=True)
class XeroTaxRate:
    """A tax rate of the organisation; `rate` in percent."""

    tax_type: str
    name: str
    rate: Decimal
    status: str
    for_revenue: bool


@dataclass(frozen=True, slots=True)
class Books:
    """The Xero organisation's settings that pricing and mapping depend on."""

    organisation: str
    time_zone: str
    base_currency: str
    accounts: Mapping[str, XeroAccount]
    tax_rates: Mapping[str, XeroTaxRate]
    # None until a document needs another currency than the base one: reading them costs a call.
    currencies: frozenset[str] | None = None
    # Theme name to id, read only when the configuration names a theme.
    branding_themes: Mapping[str, str] | None = None
    short_code: str = ""
    # The last day that is locked: the later of the period's and the year's lock date.
    locked_until: calendar_date | None = None
    # Codes of the organisation's items, read only when lines name items.
    items: frozenset[str] | None = None
