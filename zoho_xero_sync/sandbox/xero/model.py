"""The records of the Xero half: contacts, invoices, credit notes, payments and what hangs on them.

Frozen; a change is a new record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from .arithmetic import Totals

CONTACT_STATUSES = ("ACTIVE", "ARCHIVED", "GDPRREQUEST")
INVOICE_STATUSES = ("DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED")
TERMINAL = frozenset({"VOIDED", "DELETED"})
AMOUNT_TYPES = ("Exclusive", "Inclusive", "NoTax")

NOTHING = Decimal("0.00")
NO_TOTALS = Totals(NOTHING, NOTHING, NOTHING)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact. `texts` holds the plain string fields by their Xero name, `others` what is kept as it was posted."""

    contact_id: str
    name: str
    updated: datetime
    status: str = "ACTIVE"
    texts: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    phones: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    persons: tuple[Mapping[str, object], ...] = ()
    others: Mapping[str, object] = field(default_factory=dict)
    is_customer: bool = False
    is_supplier: bool = False
    merged_to: str | None = None
    attached: bool = False

    @property
    def number(self) -> str:
        """ContactNumber, empty when unset."""
        return self.texts.get("ContactNumber", "")


@dataclass(frozen=True, slots=True)
class Tracking:
    """One tracking choice of a line."""

    category_id: str
    option_id: str
    name: str
    option: str


@dataclass(frozen=True, slots=True)
class Line:
    """One invoice line, already priced. `quantity` None marks a line that is only a description."""

    line_id: str
    description: str | None
    quantity: Decimal | None = None
    unit_amount: Decimal = Decimal(0)
    discount_rate: Decimal | None = None
    discount_amount: Decimal | None = None
    line_amount: Decimal = NOTHING
    tax_amount: Decimal = NOTHING
    tax_type: str | None = None
    account_code: str | None = None
    account_id: str | None = None
    item_code: str | None = None
    tracking: tuple[Tracking, ...] = ()

    @property
    def money(self) -> tuple[object, ...]:
        """What a document with payments may no longer change."""
        discount = (self.discount_rate, self.discount_amount)
        return (self.line_id, self.quantity, self.unit_amount, *discount, self.line_amount, self.tax_amount)


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received on an invoice, or paid on a bill; `status` is AUTHORISED or DELETED."""

    payment_id: str
    day: date
    amount: Decimal
    invoice_id: str
    updated: datetime
    account_id: str | None = None
    reference: str = ""
    currency_rate: Decimal = Decimal(1)
    status: str = "AUTHORISED"


@dataclass(frozen=True, slots=True)
class Credit:
    """Part of a credit note, set against an invoice."""

    allocation_id: str
    credit_note_id: str
    invoice_id: str
    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """A sales invoice (ACCREC) or a bill (ACCPAY) with its totals."""

    invoice_id: str
    type: str
    contact_id: str
    day: date
    updated: datetime
    number: str = ""
    reference: str = ""
    url: str = ""
    status: str = "DRAFT"
    due: date | None = None
    expected: date | None = None
    amounts: str = "Exclusive"
    currency: str = ""
    currency_rate: Decimal = Decimal(1)
    branding_theme_id: str = ""
    sent: bool = False
    lines: tuple[Line, ...] = ()
    totals: Totals = NO_TOTALS
    total_discount: Decimal | None = None
    payments: tuple[Payment, ...] = ()
    credits: tuple[Credit, ...] = ()
    paid_on: date | None = None
    by_app: bool = False
    attached: bool = False

    @property
    def amount_paid(self) -> Decimal:
        """The sum of the payments."""
        return sum((payment.amount for payment in self.payments), NOTHING)

    @property
    def amount_credited(self) -> Decimal:
        """The sum of the credit notes set against it."""
        return sum((credit.amount for credit in self.credits), NOTHING)

    @property
    def amount_due(self) -> Decimal:
        """What is still to be paid; nothing on a voided or deleted document."""
        return NOTHING if self.status in TERMINAL else self.totals.total - self.amount_paid - self.amount_credited

    @property
    def allocated(self) -> bool:
        """Whether a payment or a credit note is allocated to it, which ends most edits."""
        return bool(self.payments or self.credits)


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A credit note to a customer (ACCRECCREDIT) or from a supplier (ACCPAYCREDIT)."""

    credit_note_id: str
    type: str
    contact_id: str
    day: date
    updated: datetime
    number: str = ""
    reference: str = ""
    status: str = "DRAFT"
    amounts: str = "Exclusive"
    currency: str = ""
    currency_rate: Decimal = Decimal(1)
    branding_theme_id: str = ""
    lines: tuple[Line, ...] = ()
    totals: Totals = NO_TOTALS
    allocations: tuple[Credit, ...] = ()
    attached: bool = False

    @property
    def remaining(self) -> Decimal:
        """What can still be set against invoices."""
        if self.status in TERMINAL:
            return NOTHING
        return self.totals.total - sum((credit.amount for credit in self.allocations), NOTHING)


@dataclass(frozen=True, slots=True)
class Note:
    """One line of a document's history."""

    note_id: str
    record_id: str
    at: datetime
    user: str
    changes: str
    details: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file attached to a document."""

    attachment_id: str
    record_id: str
    name: str
    mime: str
    content: bytes
    include_online: bool


@dataclass(frozen=True, slots=True)
class Email:
    """An invoice that left by e-mail."""

    email_id: str
    invoice_id: str
    at: datetime
    recipients: tuple[str, ...]
