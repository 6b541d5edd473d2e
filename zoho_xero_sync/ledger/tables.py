"""The ledger's tables and the constraints that guard them; `migrations/` creates the same, frozen per version."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from zoho_xero_sync.core.model import (
    DealState,
    EmailState,
    InvoiceStatus,
    OperationKind,
    OperationState,
    WriteState,
)
from zoho_xero_sync.ledger.column_types import Exact, Instant, StringMap

# Every schema this program can read or bring up to date, oldest first; the last is the one it writes.
SCHEMA_VERSIONS = ("0001",)

# The id Xero echoes for an item it refused (Xero API: HTTP response codes and errors).
ZERO_GUID = "00000000-0000-0000-0000-000000000000"

_SQLITE_INSTANT = "[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].{}+00:00".format(
    "[0-9]" * 6
)
_POSTGRES_INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\+00:00$"

metadata = MetaData()


def _either(name: str, sqlite: str, postgresql: str) -> tuple[CheckConstraint, CheckConstraint]:
    """One rule in the pattern language of each database; only the fitting one is created."""
    return (
        CheckConstraint(sqlite, name=name).ddl_if(dialect="sqlite"),
        CheckConstraint(postgresql, name=name).ddl_if(dialect="postgresql"),
    )


def _money(table: str, column: str) -> tuple[CheckConstraint, CheckConstraint]:
    sqlite = (
        f"{column} NOT GLOB '*[^0-9.-]*' AND ({column} GLOB '[0-9]*' OR {column} GLOB '-[0-9]*') "
        f"AND {column} NOT GLOB '?*-*' AND {column} NOT GLOB '*.*.*' AND {column} NOT GLOB '*.'"
    )
    return _either(f"{table}_{column}_is_money", sqlite, rf"{column} ~ '^-?[0-9]+(\.[0-9]+)?$'")


def _instants(table: str, *columns: str) -> list[CheckConstraint]:
    pairs = (
        _either(f"{table}_{name}_is_utc", f"{name} GLOB '{_SQLITE_INSTANT}'", f"{name} ~ '{_POSTGRES_INSTANT}'")
        for name in columns
    )
    return [constraint for pair in pairs for constraint in pair]


def _one_of(table: str, column: str, values: Iterable[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{table}_{column}_is_known")


def _flag(table: str, column: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN (0, 1)", name=f"{table}_{column}_is_flag")


def _filled(table: str, *columns: str) -> list[CheckConstraint]:
    return [CheckConstraint(f"{name} <> ''", name=f"{table}_{name}_is_filled") for name in columns]


ledger = Table(
    "ledger",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("zoho_org_id", Text, nullable=False),
    Column("zoho_org_name", Text, nullable=False),
    Column("xero_tenant_id", Text, nullable=False),
    Column("xero_org_name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("one = 1", name="ledger_has_one_row"),
    *_filled("ledger", "zoho_org_id", "xero_tenant_id"),
    *_instants("ledger", "created_at"),
    sqlite_strict=True,
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("reached", Instant, nullable=False),
    CheckConstraint("one = 1", name="checkpoint_has_one_row"),
    *_instants("checkpoint", "reached"),
    sqlite_strict=True,
)

# The stages whose deals the baseline recorded; an empty pipeline stands for any.
covered_stage = Table(
    "covered_stage",
    metadata,
    Column("stage", Text, primary_key=True),
    Column("pipeline", Text, primary_key=True),
    sqlite_strict=True,
)

deal = Table(
    "deal",
    metadata,
    Column("deal_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("baseline", Integer, nullable=False),
    Column("modified_at", Instant),
    Column("snapshot", Text),
    Column("requested", Integer, nullable=False),
    Column("problem_code", Text),
    Column("problem_subject", Text),
    Column("problem_message", Text),
    Column("problem_hint", Text),
    Column("problem_path", Text),
    Column("rules", Text),
    Column("person", Text),
    Column("person_before", Text),
    Column("account", Text),
    Column("customer_only", Integer, nullable=False),
    Column("told_at", Instant),
    Column("set_aside", Integer, nullable=False),
    _one_of("deal", "state", DealState),
    _flag("deal", "baseline"),
    _flag("deal", "requested"),
    _flag("deal", "customer_only"),
    _flag("deal", "set_aside"),
    CheckConstraint(
        "(problem_code IS NULL) = (problem_subject IS NULL) AND (problem_code IS NULL) = (problem_message IS NULL) "
        "AND (problem_code IS NULL) = (problem_hint IS NULL) AND (problem_path IS NULL OR problem_code IS NOT NULL)",
        name="deal_problem_is_whole",
    ),
    CheckConstraint("state NOT IN ('held', 'rejected') OR problem_code IS NOT NULL", name="deal_waits_with_a_reason"),
    *_filled("deal", "deal_id"),
    *_instants("deal", "modified_at", "told_at"),
    Index("deal_by_state", "state"),
    Index("deal_by_modified_at", "modified_at"),
    Index("deal_by_account", "account"),
    Index("deal_by_person", "person"),
    sqlite_strict=True,
)

# Records beside the deals as they were when last taken into account; `deal_id` is a document's deal, else empty.
seen_record = Table(
    "seen_record",
    metadata,
    Column("module", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("modified_at", Instant),
    Column("deal_id", Text, nullable=False),
    *_filled("seen_record", "module", "record_id"),
    *_instants("seen_record", "modified_at"),
    sqlite_strict=True,
)

customer_link = Table(
    "customer_link",
    metadata,
    Column("module", Text, primary_key=True),
    Column("zoho_id", Text, primary_key=True),
    Column("contact_id", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sent", Text),
    Column("person", Text),
    CheckConstraint(f"contact_id NOT IN ('', '{ZERO_GUID}')", name="customer_link_contact_id_is_real"),
    *_filled("customer_link", "module", "zoho_id"),
    Index("customer_link_by_contact", "contact_id"),
    sqlite_strict=True,
)

invoice_link = Table(
    "invoice_link",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("deal_id", Text, nullable=False),
    Column("part", Integer, nullable=False, server_default=text("1")),
    Column("invoice_id", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("total", Exact, nullable=False),
    Column("sent", Text),
    Column("updated_at", Instant),
    Column("live", Integer, nullable=False),
    Column("due", Exact),
    Column("paid_on", Text),
    Column("document", Text),
    UniqueConstraint("invoice_id", name="invoice_is_linked_once"),
    CheckConstraint(f"invoice_id NOT IN ('', '{ZERO_GUID}')", name="invoice_link_invoice_id_is_real"),
    CheckConstraint("part > 0", name="invoice_link_part_is_positive"),
    _one_of("invoice_link", "status", InvoiceStatus),
    _flag("invoice_link", "live"),
    *_money("invoice_link", "total"),
    *_money("invoice_link", "due"),
    *_filled("invoice_link", "deal_id"),
    *_instants("invoice_link", "updated_at"),
    Index("invoice_link_by_deal", "deal_id"),
    Index(
        "one_live_invoice_per_deal",
        "deal_id",
        "part",
        unique=True,
        sqlite_where=text("live = 1"),
        postgresql_where=text("live = 1"),
    ),
    sqlite_strict=True,
)

# What people changed in the fields of an invoice since it was last written, as a JSON list of [field, before, now].
edit = Table(
    "edit",
    metadata,
    Column("invoice_id", Text, primary_key=True),
    Column("updated_at", Instant),
    Column("changes", Text, nullable=False),
    *_filled("edit", "invoice_id", "changes"),
    *_instants("edit", "updated_at"),
    sqlite_strict=True,
)

# What the fields of a deal in Zoho were last told; `stamp` is the invoice it came from, `noted` the one of its note,
# `gone_since` and `gone_at` when there was no such deal for the first and the last time.
write_back = Table(
    "write_back",
    metadata,
    Column("deal_id", Text, primary_key=True),
    Column("stamp", Text, nullable=False),
    Column("sent", StringMap, nullable=False),
    Column("noted", Text),
    Column("problem", Text),
    Column("gone_since", Instant),
    Column("gone_at", Instant),
    *_filled("write_back", "deal_id"),
    *_instants("write_back", "gone_since", "gone_at"),
    sqlite_strict=True,
)

write = Table(
    "write",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_sent_at", Instant),
    Column("status", Integer),
    Column("request_id", Text),
    Column("settled_at", Instant),
    UniqueConstraint("key", name="write_key_is_used_once"),
    CheckConstraint("method IN ('PUT', 'POST')", name="write_method_is_known"),
    CheckConstraint("attempts >= 0", name="write_attempts_is_a_count"),
    CheckConstraint("length(body_hash) = 64", name="write_body_hash_is_sha256"),
    CheckConstraint("(state = 'in_flight') = (settled_at IS NULL)", name="write_is_settled_at_an_instant"),
    _one_of("write", "state", WriteState),
    *_filled("write", "run_id", "key", "path"),
    *_instants("write", "created_at", "last_sent_at", "settled_at"),
    Index("write_by_state", "state"),
    sqlite_strict=True,
)

operation = Table(
    "operation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("write_id", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("effect", StringMap, nullable=False),
    Column("state", Text, nullable=False),
    Column("remote_id", Text),
    Column("message", Text),
    Column("answered_at", Instant),
    ForeignKeyConstraint(["write_id"], ["write.id"], name="operation_belongs_to_a_write"),
    UniqueConstraint("write_id", "position", name="operation_has_its_own_position"),
    CheckConstraint("position >= 0", name="operation_position_is_an_index"),
    CheckConstraint(
        f"state <> 'applied' OR (remote_id IS NOT NULL AND remote_id NOT IN ('', '{ZERO_GUID}'))",
        name="operation_applied_has_a_remote_id",
    ),
    CheckConstraint("(state = 'in_flight') = (answered_at IS NULL)", name="operation_is_answered_at_an_instant"),
    _one_of("operation", "kind", OperationKind),
    _one_of("operation", "state", OperationState),
    *_filled("operation", "subject"),
    *_instants("operation", "answered_at"),
    Index("operation_by_subject", "subject"),
    Index(
        "one_operation_in_flight",
        "subject",
        "kind",
        unique=True,
        sqlite_where=text("state = 'in_flight'"),
        postgresql_where=text("state = 'in_flight'"),
    ),
    sqlite_strict=True,
)

# Invoices that are to leave by e-mail: one row for each, so that none is ever sent twice.
email = Table(
    "email",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("invoice_id", Text, nullable=False),
    Column("deal_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    UniqueConstraint("invoice_id", name="invoice_is_emailed_once"),
    CheckConstraint(f"invoice_id NOT IN ('', '{ZERO_GUID}')", name="email_invoice_id_is_real"),
    _one_of("email", "state", EmailState),
    *_filled("email", "deal_id"),
    Index("email_by_state", "state"),
    Index("email_by_deal", "deal_id"),
    sqlite_strict=True,
)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("run_id", Text),
    Column("deal_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("detail", StringMap, nullable=False),
    *_filled("event", "deal_id", "kind"),
    *_instants("event", "at"),
    Index("event_by_deal", "deal_id"),
    sqlite_strict=True,
)

run = Table(
    "run",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("mode", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("exit_code", Integer),
    Column("report", Text),
    CheckConstraint("(finished_at IS NULL) = (exit_code IS NULL)", name="run_finishes_with_a_code"),
    *_filled("run", "run_id", "mode"),
    *_instants("run", "started_at", "finished_at"),
    Index("run_by_started_at", "started_at"),
    sqlite_strict=True,
)

fact = Table(
    "fact",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("read_at", Instant, nullable=False),
    *_filled("fact", "name"),
    *_instants("fact", "read_at"),
    sqlite_strict=True,
)
