"""The values the rules work on: what Zoho sold, what Xero should hold, what the ledger remembers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as calendar_date
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a deal (or a run) waits, and the command or change that settles it."""

    code: str
    subject: str
    message: str
    hint: str
    path: str | None = None


# ---- Zoho: what was sold, and to whom ----


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address as Zoho holds it; empty parts are empty strings."""

    street: str = ""
    city: str = ""
    state: str = ""
    code: str = ""
    country: str = ""

    @property
    def is_empty(self) -> bool:
        """True when no part is filled."""
        return not (self.street or self.city or self.state or self.code or self.country)


@dataclass(frozen=True, slots=True)
class Person:
    """A Zoho contact person."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    mailing: Address = Address()
    other: Address = Address()

    @property
    def full_name(self) -> str:
        """First and last name with one space, or the one that is there."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)


@dataclass(frozen=True, slots=True)
class Account:
    """A Zoho account; it has no e-mail of its own. `fields` are the columns that the customer rules name, as text."""

    id: str
    name: str = ""
    phone: str = ""
    fax: str = ""
    billing: Address = Address()
    shipping: Address = Address()
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deal:
    """A Zoho deal as last read. `fields` holds every selected column as text, for templates."""

    id: str
    name: str
    stage: str
    pipeline: str | None
    amount: Decimal | None
    currency: str | None
    modified_at: datetime
    account: Account | None
    person: Person | None
    fields: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tax:
    """One Zoho tax: its name, and its rate in percent."""

    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One row of a Zoho document. `taxes` is None when the rows were read without their Line_Tax.

    `account_key` is the text of the column that `invoice.account_field` names.
    """

    id: str
    product_id: str | None
    product_name: str
    product_code: str
    category: str
    quantity: Decimal
    price: Decimal
    discount: Decimal
    net: Decimal
    tax: Decimal
    description: str = ""
    taxes: tuple[Tax, ...] | None = None
    account_key: str = ""


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """What the invoice is made from: a quote (or another document) with its rows, or the deal's own Amount.

    `discount`, `tax` (of `taxes`) and `adjustment` are the document's own, beside those of its rows. `exchange_rate`
    is units of `currency` for one of the Zoho organisation's; None when it was not read.
    """

    source: str
    id: str
    number: str
    currency: str | None
    lines: tuple[SourceLine, ...]
    grand_total: Decimal | None
    discount: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    adjustment: Decimal = Decimal(0)
    modified_at: datetime | None = None
    taxes: tuple[Tax, ...] = ()
    exchange_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DealRow:
    """A deal as one read found it. `snapshot` is the canonical text of the whole row, Modified_Time included.

    `content` is the deal, or the problem that names the field which could not be read.
    """

    id: str
    name: str
    stage: str
    pipeline: str | None
    modified_at: datetime | None
    snapshot: str
    content: Deal | Problem


@dataclass(frozen=True, slots=True)
class Fetched:
    """Rows of one pass, each deal once; `read_at` is Zoho's clock when the pass began."""

    rows: tuple[DealRow, ...]
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Deletions:
    """When deals were deleted, by id; `read_at` is Zoho's clock when it was asked. A merged deal counts as deleted."""

    at: Mapping[str, datetime]
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class SeenRecord:
    """A record beside the deals (a document, an account, a contact person) as it was when it was taken into account.

    `modified_at` is None when that cannot be told to the second; `deal_id` is a document's deal, else empty.
    """

    module: str
    id: str
    modified_at: datetime | None
    deal_id: str = ""


@dataclass(frozen=True, slots=True)
class Touched:
    """Records that were modified since an instant; `read_at` is Zoho's clock when the reading began."""

    records: tuple[SeenRecord, ...]
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class ZohoOrganisation:
    """The Zoho organisation a login belongs to. `number` is the one in its web addresses."""

    id: str
    number: str
    name: str
    currency: str
    multi_currency: bool


# ---- Xero: what should be there ----


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


# ---- Xero: what is there ----


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


# ---- The ledger: what this program remembers ----


class DealState(StrEnum):
    """Where a deal stands in the ledger.

    `seen` needs nothing; `pending` waits for a run; `held` and `rejected` wait for a person; `skipped` was set
    aside by a person.
    """

    SEEN = "seen"
    PENDING = "pending"
    HELD = "held"
    REJECTED = "rejected"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class DealRecord:
    """What the ledger knows of a deal. `snapshot` is the row as Zoho sent it, canonical JSON text.

    `person` and `account` are the ids of its contact person and account then, `person_before` of the person it had
    when it was last settled.
    """

    deal_id: str
    name: str
    stage: str
    state: DealState
    baseline: bool
    modified_at: datetime | None
    snapshot: str | None
    requested: bool = False
    problem: Problem | None = None
    rules: str | None = None
    person: str | None = None
    person_before: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerLink:
    """A Zoho customer and the Xero contact it is. `sent` is the text of what was last carried over.

    `number` is empty for a contact that has none and may get ours; `person` is whose name and e-mail were carried over.
    """

    customer: CustomerKey
    contact_id: str
    number: str
    name: str
    sent: str | None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceLink:
    """A deal and a Xero invoice it has. `live` is False once the invoice is voided or deleted.

    `part` is 1, or 2 for the remainder of a deal that is billed in two; a deal has one live invoice of each at most.

    `sent` is the text of what was last carried over; None for an invoice that was adopted as it stood. `total`, `sent`
    and `updated_at` are as of the last write; number, status, `due` and `paid_on` as Xero was last seen to have them.
    """

    deal_id: str
    invoice_id: str
    number: str
    status: str
    currency: str
    total: Decimal
    sent: str | None
    updated_at: datetime | None
    live: bool = True
    due: Decimal | None = None
    paid_on: calendar_date | None = None
    part: int = 1


class WriteState(StrEnum):
    """A write is `in_flight` until every item of it has its own answer (`settled`), or it was never sent."""

    IN_FLIGHT = "in_flight"
    SETTLED = "settled"
    NOT_SENT = "not_sent"


class OperationState(StrEnum):
    """An item of a write: waiting for its answer, or what the answer was; `review` waits for a person."""

    IN_FLIGHT = "in_flight"
    APPLIED = "applied"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    REVIEW = "review"


class OperationKind(StrEnum):
    """What one item of a write does in Xero."""

    CREATE_CONTACT = "create_contact"
    UPDATE_CONTACT = "update_contact"
    CREATE_INVOICE = "create_invoice"
    UPDATE_INVOICE = "update_invoice"
    VOID_INVOICE = "void_invoice"
    EMAIL_INVOICE = "email_invoice"
    CREATE_ITEM = "create_item"


@dataclass(frozen=True, slots=True)
class Operation:
    """One item of a write. `subject` is the deal id, `Module:id` of the customer, or `Item:code`.

    `identity` is what finds the item again in Xero: the invoice's Url or number, the ContactNumber, the item's Code, or
    the id of what is updated or e-mailed.
    `effect` is canonical JSON of what the ledger records once it is applied (fingerprint, names, totals).
    """

    id: int
    write_id: int
    position: int
    kind: OperationKind
    subject: str
    identity: str
    effect: Mapping[str, str]
    state: OperationState
    remote_id: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class NewOperation:
    """One item of a write about to be journalled."""

    kind: OperationKind
    subject: str
    identity: str
    effect: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Write:
    """One HTTP request that changes Xero, exactly as it is sent."""

    id: int
    run_id: str
    key: str
    method: str
    path: str
    body: bytes
    state: WriteState
    created_at: datetime
    attempts: int
    operations: tuple[Operation, ...]
    last_sent_at: datetime | None = None


class EmailState(StrEnum):
    """Where the e-mail of an invoice stands: to be sent, sent, perhaps sent (a person has to look), or given up."""

    WANTED = "wanted"
    SENT = "sent"
    DOUBTFUL = "doubtful"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class EmailNote:
    """That an invoice is to leave by e-mail, once, and what became of it. One for each invoice, ever."""

    invoice_id: str
    deal_id: str
    state: EmailState


# The event of a deal that Zoho lists among its deleted records; its detail says when (`deleted_at`, ISO).
DELETED_EVENT: Final = "deal_deleted"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a deal's history."""

    at: datetime
    run_id: str | None
    deal_id: str
    kind: str
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the ledger keeps it. `report` is the JSON report without its deals."""

    run_id: str
    mode: str
    started_at: datetime
    finished_at: datetime | None
    exit_code: int | None
    report: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Which pair of organisations a ledger belongs to."""

    zoho_org_id: str
    zoho_org_name: str
    xero_tenant_id: str
    xero_org_name: str
    created_at: datetime


# ---- The plan ----

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
    another live invoice, which is planned once this step is done.
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


@dataclass(frozen=True, slots=True)
class Worth:
    """What a deal was sold for, tax included, in the currency of its document."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Action:
    """What the run does about one deal, with its reason in plain words. `document` is what it was planned from."""

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
