"""What `reconcile` looks at and what it finds: deals with their standing, and differences with what settles them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as calendar_date
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from zoho_xero_sync.core.model import (
    DealRecord,
    DealRow,
    Event,
    InvoiceDraft,
    InvoiceLink,
    Problem,
    SourceDocument,
    XeroInvoice,
)
from zoho_xero_sync.core.plan import Drafted
from zoho_xero_sync.core.rules import StageRule
from zoho_xero_sync.core.window import Window


@dataclass(frozen=True, slots=True)
class Period:
    """The instants that a person named, and the days these are where that person is: an invoice is dated by the day.

    `last` is the last day, and None while the window is open.
    """

    window: Window
    first: calendar_date
    last: calendar_date | None = None


class Standing(StrEnum):
    """Where a deal in an invoiced stage stands; each has exactly one.

    `invoiced` has a live invoice of ours in Xero; of the others, `held` waits for a person, `pending` for the next
    run, `excluded` is left alone by a rule or by a person's word, and `missing` is what nobody can explain.
    """

    INVOICED = "invoiced"
    HELD = "held"
    PENDING = "pending"
    EXCLUDED = "excluded"
    MISSING = "missing"


class Kind(StrEnum):
    """What a finding is about; docs/reconcile.md explains each."""

    MISSING = "missing"
    HELD = "held"
    DRIFTED = "drifted"
    STATUS = "status"
    UNLINKED = "unlinked"
    DOUBLED = "doubled"
    PROBABLE_DOUBLE = "probable_double"
    ORPHANED = "orphaned"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of an invoice as the deal asks for it, as it was last carried over, and as Xero has it."""

    field: str
    zoho: str | None
    ledger: str | None
    xero: str | None


@dataclass(frozen=True, slots=True)
class Repair:
    """What the ledger takes over to settle a finding; nothing is ever written to a service. `said` tells it.

    `met` are linked invoices as Xero has them, from which follows what follows when a run meets them.
    """

    said: str
    records: tuple[DealRecord, ...] = ()
    links: tuple[InvoiceLink, ...] = ()
    events: tuple[Event, ...] = ()
    met: tuple[tuple[InvoiceLink, XeroInvoice], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to see, with what settles it. `repair` is there when `--fix` may do it, `fixed` once it has."""

    kind: Kind
    deal_id: str
    deal_name: str
    stage: str
    message: str
    hint: str
    invoices: tuple[XeroInvoice, ...] = ()
    differences: tuple[Difference, ...] = ()
    repair: Repair | None = None
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of one deal, from the three sides.

    `row` is None for a deal that Zoho no longer shows, `rule` for a stage that is not invoiced. `carrying` are Xero's
    invoices with the deal's mark, `linked` is the one the ledger names. `amount` is None when the source document
    does not say one. `awaited` says that the next run reads the deal anyway, `busy` that a write of it has no answer
    yet, `kept` that a person has said the invoice stays as it is, `stranger` that another ledger marked an invoice,
    `unwatched` that no baseline covers its stage yet. `beside` says that it is about the other invoice of a deal that
    is billed in two, not the one that its stage is about.
    `contact_id` is the customer's contact as the ledger links it.
    """

    deal_id: str
    row: DealRow | None
    rule: StageRule | None
    record: DealRecord | None
    link: InvoiceLink | None
    carrying: tuple[XeroInvoice, ...]
    linked: XeroInvoice | None
    item: Drafted | None
    document: SourceDocument | Problem | None
    amount: Decimal | None
    currency: str
    contact_id: str | None = None
    awaited: bool = False
    busy: bool = False
    kept: bool = False
    stranger: bool = False
    unwatched: bool = False
    beside: bool = False

    @property
    def name(self) -> str:
        """The deal's name as last seen, or what its invoice calls it."""
        if self.row is not None:
            return self.row.name
        named = self.record.name if self.record else ""
        return named or next((invoice.reference for invoice in self.carrying), "")

    @property
    def stage(self) -> str:
        """The deal's stage as last seen."""
        return self.row.stage if self.row is not None else self.record.stage if self.record else ""

    @property
    def draft(self) -> InvoiceDraft | None:
        """The invoice that the deal asks for now, when it can be drafted."""
        return self.item.invoice if self.item is not None and isinstance(self.item.invoice, InvoiceDraft) else None


@dataclass(frozen=True, slots=True)
class Case:
    """One deal as judged. `standing` is None for a deal that is in no invoiced stage, or gone.

    `invoice` is its live invoice of ours, and `extras` are more of them.
    """

    dossier: Dossier
    standing: Standing | None
    reason: str
    invoice: XeroInvoice | None = None
    extras: tuple[XeroInvoice, ...] = ()
    findings: tuple[Finding, ...] = ()


class Certainty(StrEnum):
    """How sure it is that an invoice made by hand is a deal's."""

    CERTAIN = "certain"
    PROBABLE = "probable"


@dataclass(frozen=True, slots=True)
class Pair:
    """A deal without an invoice of ours, and an invoice made by hand that seems to be its own; `why` in words.

    `snapshot` is the deal as it was when the two were found to fit.
    """

    certainty: Certainty
    deal_id: str
    deal_name: str
    stage: str
    invoice: XeroInvoice
    why: str
    snapshot: str | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """A deal that several invoices, or an invoice that several deals, would fit: a person names the pair."""

    deal_id: str
    deal_name: str
    invoices: tuple[XeroInvoice, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """So many deals or invoices, and what they come to."""

    count: int = 0
    total: Decimal = Decimal(0)

    def plus(self, total: Decimal, count: int = 1) -> Sum:
        """One more of them; with no `count`, more of one that is there already."""
        return Sum(self.count + count, self.total + total)


@dataclass(frozen=True, slots=True)
class Totals:
    """The control totals of one currency; both sides add up.

    `qualifying` is the sum of `standings`. `ours` is what the live invoices of ours come to in Xero, and equals
    invoiced (of `standings`) + `drifted` + `doubled` + `orphaned` + `unpriced`. A deal whose source document says no
    total counts as zero in `standings`, and is one of `without_amount`.
    """

    currency: str
    qualifying: Sum
    standings: Mapping[Standing, Sum]
    without_amount: int
    ours: Sum
    drifted: Decimal
    doubled: Sum
    orphaned: Sum
    unpriced: Sum


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Everything one `reconcile` saw. `strangers` are findings about invoices that are nobody's deal of ours."""

    run_id: str
    at: datetime
    period: Period
    cases: tuple[Case, ...]
    totals: tuple[Totals, ...]
    pairs: tuple[Pair, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    adopted: tuple[Pair, ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict)

    @property
    def window(self) -> Window:
        """The instants of the period."""
        return self.period.window

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, by kind in the order of `Kind`, then by deal."""
        order = list(Kind)
        found = [finding for case in self.cases for finding in case.findings]
        return tuple(sorted(found, key=lambda item: (order.index(item.kind), item.deal_name, item.deal_id)))

    @property
    def exit_code(self) -> int:
        """3 when something is left to see, else 0."""
        left = any(not finding.fixed for finding in self.findings)
        return 3 if left or self.pairs or self.undecided else 0


def in_period(period: Period, invoice: XeroInvoice) -> bool:
    """Whether the invoice is dated, or was last updated in Xero, in the period."""
    if invoice.updated_at is not None and period.window.contains(invoice.updated_at):
        return True
    return invoice.date is not None and _has_day(period, invoice.date)


def _has_day(period: Period, day: calendar_date) -> bool:
    return period.first <= day and (period.last is None or day <= period.last)
