"""What `check` found out, before it is judged: both organisations, the logins, and this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal, TypeVar

from zoho_xero_sync.core.model import Tax, XeroAccount, XeroTaxRate, ZohoOrganisation
from zoho_xero_sync.core.rules import LineSource

T = TypeVar("T")

State = Literal["ok", "problem", "note", "unchecked"]
# What a problem means for a run; decides the exit code of `check`.
Gravity = Literal["config", "login", "ledger", "retry", "deals"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `check`. `code` is the risk (see docs/check.md); `gravity` is set for problems only."""

    code: str
    state: State
    subject: str
    message: str
    hint: str = ""
    gravity: Gravity | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A fact that could not be learned, and why.

    With a `gravity` the failure is a finding of its own; without one its cause is reported elsewhere, or there is none.
    """

    why: str
    hint: str = ""
    gravity: Gravity | None = None


@dataclass(frozen=True, slots=True)
class FieldMeta:
    """A field of a Zoho module. `values` are those of a picklist: display value, and whether it is in use."""

    api_name: str
    data_type: str
    values: Mapping[str, bool] = field(default_factory=dict)
    visible: bool = True
    writable: bool = True


Fields = Mapping[str, FieldMeta]


@dataclass(frozen=True, slots=True)
class ZohoFacts:
    """The Zoho organisation. None for what these rules do not need; a module is None when Zoho has none of its name.

    `currencies` are the active ones; `pipelines` name to stages, by display value; `account_fields` those of Accounts.
    """

    organisation: ZohoOrganisation | Unread
    deal_fields: Fields | Unread | None
    taxes: tuple[Tax, ...] | Unread
    modules: Mapping[LineSource, Fields | Unread | None] = field(default_factory=dict)
    currencies: tuple[str, ...] | Unread | None = None
    pipelines: Mapping[str, tuple[str, ...]] | Unread | None = None
    account_fields: Fields | Unread | None = None
    calls_left: int | None = None
    skew: timedelta | None = None


@dataclass(frozen=True, slots=True)
class XeroOrganisation:
    """The Xero organisation. `time_zone` is the IANA name, None when `zone_name` (Xero's own) is not known.

    `locked` is the later of its two lock dates.
    """

    name: str
    base_currency: str
    zone_name: str
    time_zone: str | None
    plan: str
    status: str
    demo: bool
    locked: date | None


@dataclass(frozen=True, slots=True)
class TrackingCategory:
    """A tracking category; `options` name to whether the option is active."""

    name: str
    active: bool
    options: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class LinkedContact:
    """A Xero contact that a customer at hand is linked to."""

    contact_id: str
    name: str
    email: str
    status: str
    merged: bool


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """The contacts of the customers linked last. `missing` are names that Xero no longer has.

    `sharing` is by e-mail the names of all active contacts that have it; None when that was not looked up.
    """

    linked: tuple[LinkedContact, ...]
    missing: tuple[str, ...]
    sharing: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class XeroFacts:
    """The Xero organisation's books. None for what these rules do not need; `today` is its own date."""

    organisation: XeroOrganisation | Unread
    accounts: Mapping[str, XeroAccount] | Unread
    tax_rates: Mapping[str, XeroTaxRate] | Unread
    today: date
    currencies: frozenset[str] | Unread | None = None
    themes: frozenset[str] | Unread | None = None
    tracking: tuple[TrackingCategory, ...] | Unread | None = None
    contacts: ContactFacts | Unread | None = None
    calls_left: int | None = None
    skew: timedelta | None = None


@dataclass(frozen=True, slots=True)
class LoginFacts:
    """One login. `trouble` is why it does not work; `lacking` are scopes the rules need and it has not.

    `pinned` is the organisation the ledger belongs to; `lapse` the warning ahead of a lapse.
    """

    service: str
    organisation: str | None
    trouble: Unread | None = None
    lacking: tuple[str, ...] = ()
    pinned: str | None = None
    lapse: str = ""


@dataclass(frozen=True, slots=True)
class CronFacts:
    """How cron would run this program. `places` are where a job was found.

    `missing` are by service the variables or secrets cron would not find though this shell does; `program` is None
    when no job names the program without its folder, else whether cron's PATH finds it.
    """

    places: tuple[str, ...]
    missing: Mapping[str, tuple[str, ...]] | Unread
    program: bool | None = None


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """The ledger. `uncovered` are stages whose deals the baseline has not recorded yet."""

    place: str
    exists: bool
    trouble: Unread | None = None
    baseline: bool = False
    uncovered: tuple[str, ...] = ()
    unsettled: int = 0


@dataclass(frozen=True, slots=True)
class HereFacts:
    """This machine: the ledger and its lock, disk space in bytes, the secrets and cron.

    `lock_holder` is the process of a run that is at work now, empty when nobody is. `textfile` is watch.textfile, empty
    when it is not used, and `textfile_trouble` why it could not be written.
    """

    ledger: LedgerFacts
    lock_holder: str
    disk_free: int | Unread
    secrets_place: str
    secrets: Unread | None
    cron: CronFacts
    textfile: str = ""
    textfile_trouble: Unread | None = None


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """Everything `check` learned, and how many calls it took, tokens included."""

    here: HereFacts
    zoho_login: LoginFacts
    xero_login: LoginFacts
    zoho: ZohoFacts
    xero: XeroFacts
    calls: Mapping[str, int]
