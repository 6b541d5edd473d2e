"""What the engine is handed: the ledger, the two services, the clock, and ways to tell and to stop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from zoho_xero_sync.core.marks import Swept
from zoho_xero_sync.core.model import (
    Books,
    ContactDraft,
    ContactStep,
    CustomerKey,
    CustomerLink,
    Deal,
    DealRecord,
    DealRow,
    Event,
    Fetched,
    InvoiceLink,
    InvoiceStep,
    NewOperation,
    Operation,
    OperationKind,
    Person,
    Problem,
    SourceDocument,
    Write,
    XeroContact,
    XeroInvoice,
    ZohoOrganisation,
)
from zoho_xero_sync.core.outcome import Reply
from zoho_xero_sync.core.rules import ContactMatch, Rules
from zoho_xero_sync.core.settlement import DealSettlement, OperationAnswer
from zoho_xero_sync.core.unanswered import Attempt
from zoho_xero_sync.core.window import Window

# How far apart the clocks of this machine, Zoho and Xero may be when what changed since an instant is asked for.
CLOCK_MARGIN = timedelta(days=1)


class Clock(Protocol):
    """This machine's time."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


class LedgerView(Protocol):
    """What planning reads from a ledger."""

    def covered_stages(self) -> frozenset[tuple[str, str]]: ...
    def checkpoint(self) -> datetime | None: ...
    def find_deals(self, ids: Collection[str]) -> dict[str, DealRecord]: ...
    def pending_deals(self) -> list[DealRecord]: ...
    def waiting_deals(self) -> list[DealRecord]: ...
    def count_modified_since(self, instant: datetime) -> int: ...
    def find_customer_links(self, keys: Collection[CustomerKey]) -> dict[CustomerKey, CustomerLink]: ...
    def find_contact_links(self, contact_ids: Collection[str]) -> dict[str, CustomerKey]: ...
    def find_invoice_links(self, deal_ids: Collection[str]) -> dict[str, InvoiceLink]: ...
    def has_live_work(self) -> bool: ...
    def live_invoices(self) -> list[InvoiceLink]: ...
    def unsettled_writes(self) -> list[Write]: ...
    def fact(self, name: str) -> tuple[str, datetime] | None: ...


class LedgerDesk(LedgerView, Protocol):
    """A ledger that may be written; every method is one committed transaction."""

    def unanswered(self, subjects: Collection[str]) -> dict[str, tuple[Attempt, ...]]: ...
    def was_answered_since(self, instant: datetime) -> bool: ...
    def find_writes(self, subject: str) -> list[Write]: ...
    def record_baseline(
        self, deals: Sequence[DealRecord], covered: frozenset[tuple[str, str]], checkpoint: datetime | None
    ) -> int: ...
    def stage(self, deals: Sequence[DealRecord], checkpoint: datetime | None) -> None: ...
    def settle_deals(self, settlements: Sequence[DealSettlement]) -> None: ...
    def record_links(
        self,
        customers: Sequence[CustomerLink],
        invoices: Sequence[InvoiceLink],
        events: Sequence[Event] = (),
    ) -> None: ...
    def begin_write(
        self,
        *,
        run_id: str,
        key: str,
        method: str,
        path: str,
        body: bytes,
        operations: Sequence[NewOperation],
        at: datetime,
    ) -> Write: ...
    def record_attempt(self, write_id: int, at: datetime) -> None: ...
    def record_answers(
        self,
        write_id: int,
        answers: Sequence[OperationAnswer],
        *,
        status: int | None,
        request_id: str | None,
        at: datetime,
    ) -> None: ...
    def record_fact(self, name: str, value: str, at: datetime) -> None: ...
    def begin_run(self, run_id: str, mode: str, at: datetime) -> None: ...
    def finish_run(self, run_id: str, at: datetime, exit_code: int, report: str | None) -> None: ...


class Zoho(Protocol):
    """Reads of the Zoho organisation."""

    @property
    def calls(self) -> int: ...
    @property
    def read_at(self) -> datetime | None: ...
    def confirm(self) -> None: ...
    def organisation(self) -> ZohoOrganisation: ...
    def fetch_changed(self, window: Window, *, expected: int) -> Fetched: ...
    def fetch_deals(self, ids: Sequence[str]) -> Fetched: ...
    def deal_stages(self) -> list[str] | None: ...
    def fetch_in_stages(self, stages: Sequence[str]) -> Fetched: ...
    def read_snapshot(self, snapshot: str) -> DealRow: ...
    def fetch_documents(self, deals: Sequence[Deal]) -> dict[str, SourceDocument | Problem]: ...
    def fetch_persons(self, account_ids: Sequence[str]) -> dict[str, tuple[Person, ...]]: ...


class Xero(Protocol):
    """Reads of, and writes to, the Xero organisation."""

    @property
    def calls(self) -> int: ...
    def probe(self) -> None: ...
    def fetch_setting(self, name: str) -> str: ...
    def read_books(self, texts: Mapping[str, str]) -> Books: ...
    def find_contacts(
        self, drafts: Sequence[ContactDraft], order: Sequence[ContactMatch]
    ) -> dict[CustomerKey, tuple[XeroContact, ...]]: ...
    def fetch_contacts(self) -> tuple[XeroContact, ...]: ...
    def find_contact(self, named: str) -> tuple[XeroContact, ...]: ...
    def fetch_invoices(self, ids: Sequence[str]) -> dict[str, XeroInvoice]: ...
    def fetch_sales(self, since: datetime | None) -> tuple[XeroInvoice, ...]: ...
    def find_invoice(self, named: str) -> tuple[XeroInvoice, ...]: ...
    def sweep(
        self,
        link_prefix: str,
        deals: Collection[str] | None,
        *,
        numbers: Collection[str] = (),
        since: datetime | None = None,
    ) -> Swept: ...
    def find_carrying(
        self, urls: Sequence[str], since: datetime | None = None
    ) -> dict[str, tuple[XeroInvoice, ...]]: ...
    def contact_element(self, step: ContactStep) -> bytes: ...
    def invoice_element(self, step: InvoiceStep, contact_id: str) -> bytes: ...
    def request(self, kind: OperationKind, elements: Sequence[bytes]) -> tuple[str, str, bytes]: ...
    def send(self, method: str, path: str, body: bytes, key: str, operations: Sequence[Operation]) -> Reply: ...


def _silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def _never() -> None:
    """Nobody asks to stop."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asked of this run. `since` and `until` are instants; `deals` are ids."""

    dry_run: bool = False
    since: datetime | None = None
    until: datetime | None = None
    deals: tuple[str, ...] = ()
    limit: int | None = None
    allow_many: bool = False

    @property
    def requested(self) -> bool:
        """True when a person asks for deals by window or by id, history included."""
        return self.since is not None or bool(self.deals)


@dataclass(frozen=True, slots=True)
class Context:
    """One run's hands. `check_stop` raises Interrupted between operations once a signal has come.

    `tag` is the ledger's, which its invoices carry; empty without a ledger.
    """

    run_id: str
    rules: Rules
    zoho: Zoho
    xero: Xero
    clock: Clock
    link_prefix: Callable[[ZohoOrganisation], str]
    new_key: Callable[[], str]
    progress: Callable[[str, int, int], None] = field(default=_silent)
    check_stop: Callable[[], None] = field(default=_never)
    tag: str = ""
