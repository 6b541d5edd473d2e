"""The ledger as the rest of the program sees it: each method is one whole transaction, none stays open between."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, select

from zoho_xero_sync.core.model import (
    CustomerKey,
    CustomerLink,
    DealRecord,
    DealState,
    EmailNote,
    Event,
    Identity,
    InvoiceLink,
    NewOperation,
    Operation,
    RunRecord,
    SeenRecord,
    Write,
)
from zoho_xero_sync.core.settlement import DealSettlement, OperationAnswer
from zoho_xero_sync.core.sighting import Edits
from zoho_xero_sync.core.unanswered import Attempt
from zoho_xero_sync.core.write_back import DueWriteBack, WriteBack
from zoho_xero_sync.errors import BugError
from zoho_xero_sync.ledger import deals as _deals
from zoho_xero_sync.ledger import edits as _edits
from zoho_xero_sync.ledger import emails as _emails
from zoho_xero_sync.ledger import journal as _journal
from zoho_xero_sync.ledger import links as _links
from zoho_xero_sync.ledger import opening as _opening
from zoho_xero_sync.ledger import runs as _runs
from zoho_xero_sync.ledger import seen as _seen
from zoho_xero_sync.ledger import tables
from zoho_xero_sync.ledger import write_backs as _write_backs
from zoho_xero_sync.ledger.engine import for_writing
from zoho_xero_sync.ledger.faults import translated
from zoho_xero_sync.ledger.place import require_path


class Ledger:
    """What this program remembers: which deal has which invoice, and what is under way.

    Every method may raise LedgerError (damaged, disk full), LockedError (another program holds the database) and
    BugError (a change the constraints forbid); a method that raises has changed nothing. Instants are aware datetimes
    and come back in UTC.
    """

    def __init__(self, engine: Engine, path: Path | None, *, read_only: bool) -> None:
        self._engine = engine
        self._writer = for_writing(engine)
        self._read_only = read_only
        self.path = path

    @staticmethod
    def create(url: str, identity: Identity) -> Ledger:
        """Make a new ledger for this pair of organisations. Raises LedgerError when something is already there."""
        _opening.create_file(require_path(url), identity)
        return Ledger.open(url)

    @staticmethod
    def open(url: str, *, read_only: bool = False) -> Ledger:
        """The sound ledger at `url`; with `read_only`, not one byte of it or its folder changes.

        Raises LedgerError, with what to do, when it is missing, foreign, damaged, empty, newer than this program,
        readable by others, or not writable though it must be.
        """
        path = require_path(url)
        return Ledger(_opening.open_engine(path, read_only=read_only), path, read_only=read_only)

    @staticmethod
    def exists(url: str) -> bool:
        """True when anything is at the ledger's place, sound or not."""
        path = require_path(url)
        return path.exists() or path.is_symlink()

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with translated(str(self.path)), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        if self._read_only:
            raise BugError("A ledger opened for reading only was asked to change.")
        with translated(str(self.path)), self._writer.begin() as connection:
            yield connection

    # ---- identity, baseline, checkpoint ----

    def identity(self) -> Identity:
        """The pair of organisations this ledger belongs to."""
        with self._reading() as connection:
            row = connection.execute(select(tables.ledger)).one()
        return Identity(row.zoho_org_id, row.zoho_org_name, row.xero_tenant_id, row.xero_org_name, row.created_at)

    def covered_stages(self) -> frozenset[tuple[str, str]]:
        """The (stage, pipeline) pairs the baseline covers; pipeline "" is any."""
        with self._reading() as connection:
            return _deals.read_covered_stages(connection)

    def record_baseline(
        self, deals: Sequence[DealRecord], covered: frozenset[tuple[str, str]], checkpoint: datetime | None
    ) -> int:
        """Record deals that are never invoiced by themselves; returns how many became history.

        Known deals that wait, were set aside or have a live invoice are left alone, `covered` replaces what the
        baseline covered, and the checkpoint is set only when there is none yet.
        """
        with self._writing() as connection:
            added = _deals.insert_baseline(connection, deals)
            _deals.replace_covered_stages(connection, covered)
            if checkpoint is not None and _deals.read_checkpoint(connection) is None:
                _deals.advance_checkpoint(connection, checkpoint)
            return added

    def checkpoint(self) -> datetime | None:
        """Up to when Zoho's changes are staged, or None before the baseline."""
        with self._reading() as connection:
            return _deals.read_checkpoint(connection)

    # ---- staging ----

    def find_deals(self, ids: Collection[str]) -> dict[str, DealRecord]:
        """The known ones among `ids`, by id."""
        with self._reading() as connection:
            return _deals.find_deals(connection, ids)

    def pending_deals(self) -> list[DealRecord]:
        """The deals that wait for a run, by modification and id."""
        with self._reading() as connection:
            return _deals.find_in_state(connection, DealState.PENDING)

    def waiting_deals(self) -> list[DealRecord]:
        """The deals that wait for a person: held and rejected, by modification and id."""
        with self._reading() as connection:
            return _deals.find_in_state(connection, DealState.HELD, DealState.REJECTED)

    def customers_only(self) -> list[DealRecord]:
        """The deals settled with their customer only that have no live invoice, by modification and id."""
        with self._reading() as connection:
            return _deals.find_customers_only(connection)

    def count_modified_since(self, instant: datetime) -> int:
        """How many known deals were last modified at `instant` or later."""
        with self._reading() as connection:
            return _deals.count_modified_since(connection, instant)

    def live_deals_of(self, *, accounts: Collection[str] = (), persons: Collection[str] = ()) -> list[DealRecord]:
        """The deals of these Zoho accounts and contact persons that have a live invoice or wait for a person."""
        with self._reading() as connection:
            of_accounts = _deals.find_live_beside(connection, "account", accounts)
            of_persons = _deals.find_live_beside(connection, "person", persons)
        return list({record.deal_id: record for record in (*of_accounts, *of_persons)}.values())

    def find_seen(self, module: str, ids: Collection[str]) -> dict[str, SeenRecord]:
        """The records of a Zoho module beside the deals that were taken into account before, by id."""
        with self._reading() as connection:
            return _seen.find_seen(connection, module, ids)

    def record_seen(self, records: Sequence[SeenRecord]) -> None:
        """Note these records as taken into account as they are."""
        if not records:
            return
        with self._writing() as connection:
            _seen.upsert_seen(connection, records)

    def stage(self, deals: Sequence[DealRecord], checkpoint: datetime | None) -> None:
        """Store the records entirely and move the checkpoint, both or neither; the checkpoint never moves back.

        A deal that was gone when it was to be told of its invoice is due again once it was read.
        """
        if not deals and checkpoint is None:
            return
        with self._writing() as connection:
            _deals.upsert_deals(connection, deals)
            _write_backs.note_there(connection, [deal.deal_id for deal in deals if deal.snapshot is not None])
            if checkpoint is not None:
                _deals.advance_checkpoint(connection, checkpoint)

    def settle_deals(self, settlements: Sequence[DealSettlement]) -> None:
        """Record where the deals stand after their turn, with their events. Raises BugError for an unknown deal."""
        if not settlements:
            return
        with self._writing() as connection:
            _deals.settle(connection, settlements)
            _runs.insert_events(connection, [item.event for item in settlements if item.event])

    # ---- links ----

    def find_customer_links(self, keys: Collection[CustomerKey]) -> dict[CustomerKey, CustomerLink]:
        """The contacts of the known ones among these customers."""
        with self._reading() as connection:
            return _links.find_customer_links(connection, keys)

    def newest_customers(self, limit: int) -> list[CustomerLink]:
        """The `limit` customers that were linked last, newest first."""
        with self._reading() as connection:
            return _links.newest_customers(connection, limit)

    def find_contact_links(self, contact_ids: Collection[str]) -> dict[str, CustomerKey]:
        """By ContactID, the Zoho customer it already is the contact of."""
        with self._reading() as connection:
            return _links.find_contact_links(connection, contact_ids)

    def find_invoice_links(self, deal_ids: Collection[str]) -> dict[str, InvoiceLink]:
        """By deal: its live invoice, else the one that was linked last."""
        with self._reading() as connection:
            return _links.find_invoice_links(connection, deal_ids)

    def last_linked(self, deal_ids: Collection[str]) -> dict[str, str]:
        """By deal, the invoice that was linked last, live or not."""
        with self._reading() as connection:
            return _links.last_linked(connection, deal_ids)

    def find_parts(self, deal_ids: Collection[str]) -> dict[str, tuple[InvoiceLink, ...]]:
        """By deal, of each part its live invoice, else the one that was linked last; part 1 first."""
        with self._reading() as connection:
            return _links.find_parts(connection, deal_ids)

    def all_parts(self) -> dict[str, tuple[InvoiceLink, ...]]:
        """By every deal that has an invoice or had one, what `find_parts` says of it."""
        with self._reading() as connection:
            return _links.find_parts(connection, _links.linked_deals(connection))

    def invoice_numbers(self, deal_ids: Collection[str]) -> dict[str, frozenset[str]]:
        """By deal, the number of every invoice that was ever linked to it."""
        with self._reading() as connection:
            return _links.invoice_numbers(connection, deal_ids)

    def has_live_work(self) -> bool:
        """Whether any deal has a live invoice, or waits for a person."""
        with self._reading() as connection:
            waits = _deals.find_in_state(connection, DealState.HELD, DealState.REJECTED)
            return bool(waits) or _links.has_live_invoice(connection)

    def live_invoices(self) -> list[InvoiceLink]:
        """Every live invoice, in the order they were linked."""
        with self._reading() as connection:
            return _links.live_invoices(connection)

    def ended_among(self, invoice_ids: Collection[str]) -> frozenset[str]:
        """Those of the invoices that are known to be voided or deleted in Xero."""
        with self._reading() as connection:
            return _links.ended_among(connection, invoice_ids)

    def ended_invoices(self, deal_ids: Collection[str]) -> dict[str, tuple[InvoiceLink, ...]]:
        """By deal, its invoices that this program voided or deleted itself, in the order they were linked."""
        with self._reading() as connection:
            return _links.ended_invoices(connection, deal_ids)

    def held_before(self, deal_ids: Collection[str]) -> frozenset[str]:
        """Those of the deals that waited for a person once."""
        with self._reading() as connection:
            return _runs.held_before(connection, deal_ids)

    def find_deletions(self, deal_ids: Collection[str]) -> dict[str, datetime]:
        """By deal, when its last deletion that was seen happened."""
        with self._reading() as connection:
            return _runs.find_deletions(connection, deal_ids)

    def record_links(
        self, customers: Sequence[CustomerLink], invoices: Sequence[InvoiceLink], events: Sequence[Event] = ()
    ) -> None:
        """Store links found or refreshed without a write, over what was known. A second live invoice is a BugError."""
        if not (customers or invoices or events):
            return
        with self._writing() as connection:
            _links.upsert_customers(connection, customers)
            _links.upsert_invoices(connection, invoices)
            _runs.insert_events(connection, events)

    # ---- e-mails ----

    def open_emails(self) -> list[EmailNote]:
        """The invoices that are to leave by e-mail, or perhaps did, in the order they were noted."""
        with self._reading() as connection:
            return _emails.find_open(connection)

    def record_emails(self, notes: Sequence[EmailNote], events: Sequence[Event] = ()) -> None:
        """Store where the e-mails of these invoices stand, over what was known."""
        if not (notes or events):
            return
        with self._writing() as connection:
            _emails.store(connection, notes)
            _runs.insert_events(connection, events)

    # ---- what people did in Xero, and what Zoho was told ----

    def find_edits(self, invoice_ids: Collection[str]) -> dict[str, Edits]:
        """By invoice, the fields in which Xero was last seen to differ from what was sent."""
        with self._reading() as connection:
            return _edits.find_edits(connection, invoice_ids)

    def record_sightings(
        self, invoices: Sequence[InvoiceLink], edits: Sequence[Edits], events: Sequence[Event]
    ) -> None:
        """Store linked invoices as Xero has them now, what people changed in them, and that it is told."""
        if not (invoices or edits or events):
            return
        with self._writing() as connection:
            _links.upsert_invoices(connection, invoices)
            _edits.upsert_edits(connection, edits)
            _runs.insert_events(connection, events)

    def due_write_backs(self, rules: str, limit: int, at: datetime) -> list[DueWriteBack]:
        """The deals to tell at this time, whose invoice is not as Zoho was last told by these rules, newest first."""
        with self._reading() as connection:
            return _write_backs.find_due(connection, rules, limit, at)

    def find_write_backs(self, deal_ids: Collection[str]) -> dict[str, WriteBack]:
        """By deal, what its fields were last told."""
        with self._reading() as connection:
            return _write_backs.find(connection, deal_ids)

    def refused_write_backs(self) -> list[WriteBack]:
        """Those that Zoho refused and that nobody settled."""
        with self._reading() as connection:
            return _write_backs.find_refused(connection)

    def record_write_backs(
        self,
        rows: Sequence[WriteBack],
        events: Sequence[Event] = (),
        *,
        told_at: Mapping[str, datetime] | None = None,
    ) -> None:
        """Store what deals were told, with its history; `told_at` is the time of modification that Zoho gave them."""
        if not rows:
            return
        with self._writing() as connection:
            _write_backs.upsert(connection, rows)
            _deals.note_told(connection, told_at or {})
            _runs.insert_events(connection, events)

    # ---- the journal of writes ----

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
    ) -> Write:
        """Note a request before it is sent; once this returns it survives a power cut.

        Raises BugError for a key used before, and for a second operation in flight on one subject and kind.
        """
        with self._writing() as connection:
            return _journal.insert_write(
                connection, run_id=run_id, key=key, method=method, path=path, body=body, operations=operations, at=at
            )

    def record_attempt(self, write_id: int, at: datetime) -> None:
        """Note that the request is being sent once more. Raises BugError unless it is in flight."""
        with self._writing() as connection:
            _journal.count_attempt(connection, write_id, at)

    def record_answers(
        self,
        write_id: int,
        answers: Sequence[OperationAnswer],
        *,
        status: int | None,
        request_id: str | None,
        at: datetime,
    ) -> None:
        """Store the answers with the links, settlements and events they bring, all or none.

        The write becomes settled with its last answer, or not_sent when none of its items was sent. Raises BugError
        for an answer to what is not in flight.
        """
        with self._writing() as connection:
            _journal.record_answers(connection, write_id, answers, status=status, request_id=request_id, at=at)

    def unsettled_writes(self) -> list[Write]:
        """The writes of which at least one item has no answer, oldest first, with all their operations."""
        with self._reading() as connection:
            return _journal.find_unsettled(connection)

    def unanswered(self, subjects: Collection[str]) -> dict[str, tuple[Attempt, ...]]:
        """By deal id or `Module:id`, its requests that got no answer and came to nothing, since its last answer."""
        with self._reading() as connection:
            return _journal.find_unanswered(connection, subjects)

    def was_answered_since(self, instant: datetime) -> bool:
        """Whether Xero did or refused anything since then."""
        with self._reading() as connection:
            return _journal.was_answered_since(connection, instant)

    def find_operations(self, subject: str) -> list[Operation]:
        """Every operation on a deal id or `Module:id`, oldest first."""
        with self._reading() as connection:
            return _journal.find_operations(connection, subject)

    def find_writes(self, subject: str) -> list[Write]:
        """Every write with an operation on a deal id or `Module:id`, oldest first."""
        with self._reading() as connection:
            return _journal.find_writes(connection, subject)

    # ---- facts, runs, history ----

    def fact(self, name: str) -> tuple[str, datetime] | None:
        """A value kept from an earlier run and when it was read, or None."""
        with self._reading() as connection:
            return _runs.find_fact(connection, name)

    def record_fact(self, name: str, value: str, at: datetime) -> None:
        """Keep a value for later runs, over an earlier one."""
        with self._writing() as connection:
            _runs.upsert_fact(connection, name, value, at)

    def begin_run(self, run_id: str, mode: str, at: datetime) -> None:
        """Note that a run began."""
        with self._writing() as connection:
            _runs.insert_run(connection, run_id, mode, at)

    def finish_run(self, run_id: str, at: datetime, exit_code: int, report: str | None) -> None:
        """Note how a run ended; runs without a report are forgotten after 30 days."""
        with self._writing() as connection:
            _runs.finish_run(connection, run_id, at, exit_code, report)

    def runs(self, limit: int = 10) -> list[RunRecord]:
        """The last `limit` runs, newest first."""
        with self._reading() as connection:
            return _runs.find_runs(connection, limit)

    def record_events(self, events: Sequence[Event]) -> None:
        """Append to the history of deals."""
        if not events:
            return
        with self._writing() as connection:
            _runs.insert_events(connection, events)

    def events(self, deal_id: str) -> list[Event]:
        """A deal's history, oldest first."""
        with self._reading() as connection:
            return _runs.find_events(connection, deal_id)
