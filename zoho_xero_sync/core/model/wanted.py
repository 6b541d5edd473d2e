"""Xero's side as it should be: contacts, items and invoices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as calendar_date
from decimal import Decimal
from enum import StrEnum

from zoho_xero_sync.core.model.sold import Address, Person


@dataclass(frozen=True, slots=True)
class CustomerKey:
    """Which Zoho record the customer is: module API name and record id."""

    module: str
    id: str


@dataclass(frozen=True, slots=True)
class ContactDraft:
    """A Xero contact as it should be. Addresses and phones are keyed by Xero's own type names, `extra` by its fields'.

    `person` is the Zoho id of the contact person whose name, e-mail and phones these are. `persons` are the contact
    persons in order; None when they were not read, and then nothing is said about them.
    """

    customer: CustomerKey
    number: str
    name: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    addresses: Mapping[str, Address] = field(default_factory=dict)
    phones: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    person: str = ""
    persons: tuple[Person, ...] | None = None


class InvoiceStatus(StrEnum):
    """Xero's invoice statuses (developer.xero.com/documentation/api/accounting/invoices)."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    AUTHORISED = "AUTHORISED"
    PAID = "PAID"
    VOIDED = "VOIDED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class TrackingOption:
    """A Xero tracking category and the option chosen in it, by name."""

    category: str
    option: str


class LineRole(StrEnum):
    """What an invoice line is made from: a row of the document, or one of the document's own figures."""

    ROW = "row"
    DISCOUNT = "discount"
    ADJUSTMENT = "adjustment"
    ROUNDING = "rounding"
    BILLED = "billed"


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """A Xero item as it is made. The account and tax type are those its first row is billed with; it has no price."""

    code: str
    name: str
    account_code: str
    tax_type: str


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line as sent to Xero; `line_amount` and `tax_amount` are what Xero is predicted to compute.

    `new_item` is the item of `item_code` when Xero does not have it and it is to be made first.

    `share` is the part of the document's own discount that was taken off this line, tax not counted unless amounts
    are inclusive.
    """

    description: str
    quantity: Decimal
    unit_amount: Decimal
    account_code: str
    tax_type: str
    line_amount: Decimal
    tax_amount: Decimal
    discount: Decimal = Decimal(0)
    item_code: str | None = None
    tracking: tuple[TrackingOption, ...] = ()
    role: LineRole = LineRole.ROW
    share: Decimal = Decimal(0)
    new_item: ItemDraft | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What an invoice bills of its deal: part 1, a share of it, or part 2, what is left of it.

    `said` is the rule's own word, such as "30%". `whole` are the lines of the deal in full and `total` what they come
    to; `less` are the numbers of invoices whose amounts are taken off, `billed` what those come to.
    """

    number: int
    said: str
    whole: tuple[InvoiceLine, ...]
    total: Decimal
    less: tuple[str, ...] = ()
    billed: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """A Xero sales invoice as it should be, with the totals Xero is predicted to compute.

    `part` is None for an invoice of the whole deal.
    """

    deal_id: str
    customer: CustomerKey
    number: str | None
    reference: str
    date: calendar_date
    due_date: calendar_date
    currency: str
    amounts: str
    status: InvoiceStatus
    url: str
    lines: tuple[InvoiceLine, ...]
    sub_total: Decimal
    total_tax: Decimal
    total: Decimal
    branding_theme: str | None = None
    # True when the dates come from the deal, so that a later change of them is a change of the invoice.
    dates_follow_deal: bool = False
    # Units of `currency` for one of the organisation's own; None lets Xero take the day's rate.
    currency_rate: Decimal | None = None
    # The document it is made from, such as "quote 5725…01"; empty when it is the deal itself.
    document: str = ""
    part: Part | None = None

    @property
    def part_number(self) -> int:
        """Which of its deal's invoices it is; one for the whole deal is the first."""
        return self.part.number if self.part else 1
