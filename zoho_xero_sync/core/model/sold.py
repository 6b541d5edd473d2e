"""Zoho's side: what was sold, and to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from zoho_xero_sync.core.model.problem import Problem


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
