"""The rules a person set: which deals are invoiced, from what, to whom, how. Defaults are the configuration's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from zoho_xero_sync.core.templates import Template

InvoiceChoice = Literal["none", "draft", "submitted", "authorised"]
Retreat = Literal["hold", "void", "keep"]
Emailing = bool | Literal["sent"]
LineSource = Literal["quote", "sales_order", "zoho_invoice", "subform", "amount"]
Share = Decimal | Literal["remainder"]
CustomerSource = Literal["account", "contact"]
ContactMatch = Literal["number", "email", "name"]
Amounts = Literal["exclusive", "inclusive", "no_tax"]
ItemPolicy = Literal["ignore", "match", "create"]
HeaderDiscount = Literal["spread", "line", "hold"]
RateSource = Literal["xero", "document"]
LockedDate = Literal["hold", "first_open_day"]

_DEAL_NAME = Template.parse("{Deal_Name}")
_RECORD_ID = Template.parse("{id}")


@dataclass(frozen=True, slots=True)
class StageRule:
    """What a deal in one of `stages` gets. `pipeline` None means any pipeline; the first rule that matches wins.

    `email` has Xero send the invoice once it is approved, or ("sent") only marks it as sent. `share` is the percentage
    of the deal that is billed, or what earlier invoices left of it; None for the whole.
    """

    stages: tuple[str, ...]
    invoice: InvoiceChoice
    pipeline: str | None = None
    email: Emailing = False
    share: Share | None = None

    @property
    def part(self) -> int:
        """Which of a deal's invoices the rule is about: 2 for the remainder, else 1."""
        return 2 if self.share == "remainder" else 1


@dataclass(frozen=True, slots=True)
class WhenRules:
    """What happens to an invoice when its deal retreats or changes."""

    leaves_stages: Retreat = "hold"
    deal_deleted: Retreat = "hold"
    changed_after_approval: Literal["hold", "update"] = "hold"


@dataclass(frozen=True, slots=True)
class SubformRules:
    """A subform of the deal that holds its lines, and the API names of its columns."""

    module: str | None = None
    product: str = "Product_Name"
    quantity: str = "Quantity"
    price: str = "List_Price"
    discount: str = "Discount"
    description: str = "Description"


@dataclass(frozen=True, slots=True)
class LineRules:
    """Where invoice lines come from: the first of `sources` that has rows."""

    sources: tuple[LineSource, ...] = ("quote", "amount")
    quote_stages: tuple[str, ...] = ("Confirmed", "Closed Won")
    several: Literal["newest", "hold"] = "newest"
    subform: SubformRules = SubformRules()
    amount_description: Template = _DEAL_NAME


@dataclass(frozen=True, slots=True)
class CustomerRules:
    """Who is invoiced: the first of `sources` that the deal has, recognised in Xero by `match` in this order.

    `number` is the ContactNumber; its `{id}` is the id of the customer's own Zoho record, not of the deal.
    `tax_number` and the values of `fields` are API names of the account's fields; the keys of `fields` are Xero's.
    `persons` says whether the account's contact persons are carried over as Xero's ContactPersons.
    """

    sources: tuple[CustomerSource, ...] = ("account", "contact")
    match: tuple[ContactMatch, ...] = ("number", "email", "name")
    number: Template = _RECORD_ID
    update: bool = True
    tax_number: str | None = None
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    persons: bool = False

    @property
    def account_fields(self) -> Mapping[str, str]:
        """By Xero field, the API name of the account's field that fills it."""
        return {**({"TaxNumber": self.tax_number} if self.tax_number else {}), **self.fields}


@dataclass(frozen=True, slots=True)
class DueDays:
    """Due so many days after the invoice date."""

    days: int


@dataclass(frozen=True, slots=True)
class DueEndOfNextMonth:
    """Due on the last day of the month after the invoice date's."""


@dataclass(frozen=True, slots=True)
class DueField:
    """Due on the date in this field of the deal."""

    api_name: str


Due = DueDays | DueEndOfNextMonth | DueField


@dataclass(frozen=True, slots=True)
class TrackingRule:
    """A Xero tracking category, and the option chosen in it."""

    category: str
    option: Template


@dataclass(frozen=True, slots=True)
class RoundingRules:
    """Where a difference of up to `limit` (in the invoice's currency) may go; `account` None holds the deal instead."""

    account: str | None = None
    limit: Decimal = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class InvoiceRules:
    """How an invoice is written. `number` None means Xero's own sequence; `tax_default` None the account's own tax.

    `header_discount_account` None means `account`; `adjustment_account` None holds a document that has an adjustment.
    """

    number: Template | None = None
    reference: Template = _DEAL_NAME
    date: str = "today"
    due: Due = DueDays(14)
    amounts: Amounts = "exclusive"
    account: str = "200"
    accounts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    items: ItemPolicy = "ignore"
    tax: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tax_default: str | None = None
    branding_theme: str | None = None
    tracking: tuple[TrackingRule, ...] = ()
    rounding: RoundingRules = RoundingRules()
    account_field: str | None = None
    header_discount: HeaderDiscount = "spread"
    header_discount_account: str | None = None
    adjustment_account: str | None = None
    exchange_rate: RateSource = "xero"
    locked_date: LockedDate = "hold"

    @property
    def date_field(self) -> str | None:
        """The deal's field that gives the invoice date; None for today in the organisation's time zone."""
        if self.date == "today":
            return None
        return "Closing_Date" if self.date == "closing_date" else self.date


@dataclass(frozen=True, slots=True)
class LimitRules:
    """Where a run stops or a deal is held: invoices per run, total of one invoice, daily Xero calls left to others."""

    invoices_per_run: int = 200
    invoice_total: Decimal | None = None
    xero_calls_kept: int = 100


@dataclass(frozen=True, slots=True)
class PollRules:
    """Every how many minutes what changes beside the deals is asked for; 0 means never."""

    documents: int = 5
    customers: int = 15
    deleted: int = 15
    invoices: int = 15


@dataclass(frozen=True, slots=True)
class WriteBackRules:
    """API names of the deal's fields that are told of its invoice; None leaves one out. `note` adds a note, once."""

    number: str | None = None
    status: str | None = None
    total: str | None = None
    due: str | None = None
    link: str | None = None
    paid_on: str | None = None
    note: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        """By key of the configuration, the fields that are written."""
        named = {member.name: getattr(self, member.name) for member in fields(self) if member.name != "note"}
        return {key: name for key, name in named.items() if name}

    @property
    def active(self) -> bool:
        """Whether anything is written to Zoho at all."""
        return bool(self.fields) or self.note


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of a configuration; what is not named is as the contract's defaults say."""

    stages: tuple[StageRule, ...]
    when: WhenRules = WhenRules()
    lines: LineRules = LineRules()
    customer: CustomerRules = CustomerRules()
    invoice: InvoiceRules = field(default_factory=InvoiceRules)
    limits: LimitRules = LimitRules()
    poll: PollRules = PollRules()
    write_back: WriteBackRules = WriteBackRules()

    def fingerprint(self) -> str:
        """SHA-256, in hex, of the rules in a canonical form: different as soon as any rule means something else."""
        canonical = json.dumps(_plain(self), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()

    def deal_fields(self) -> frozenset[str]:
        """API names of every deal field that a template, the invoice date or the due date takes.

        `customer.number` is not among them: it takes the customer's own id.
        """
        return frozenset(self._deal_fields())

    def _deal_fields(self) -> Iterator[str]:
        templates = [self.lines.amount_description, self.invoice.reference]
        templates += [rule.option for rule in self.invoice.tracking]
        templates += [self.invoice.number] if self.invoice.number else []
        for template in templates:
            yield from template.fields
        if self.invoice.date_field:
            yield self.invoice.date_field
        if isinstance(self.invoice.due, DueField):
            yield self.invoice.due.api_name


def _plain(value: object) -> object:
    """`value` as JSON can hold it; equal rules give equal results, different ones different results."""
    if isinstance(value, Template):
        return value.text
    if is_dataclass(value) and not isinstance(value, type):
        members = {member.name: _plain(getattr(value, member.name)) for member in fields(value)}
        return {"kind": type(value).__name__, **members}
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
