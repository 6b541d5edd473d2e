"""The first schema: identity, checkpoint, deals, links, the journal of writes, history, runs, facts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ZERO_GUID = "00000000-0000-0000-0000-000000000000"
_SQLITE_INSTANT = "[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].{}+00:00".format(
    "[0-9]" * 6
)
_POSTGRES_INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\+00:00$"


def _text(name: str, *, null: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, primary_key=primary_key)


def _integer(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=null)


def _either(name: str, sqlite: str, postgresql: str) -> tuple[sa.CheckConstraint, sa.CheckConstraint]:
    return (
        sa.CheckConstraint(sqlite, name=name).ddl_if(dialect="sqlite"),
        sa.CheckConstraint(postgresql, name=name).ddl_if(dialect="postgresql"),
    )


def _money(table: str, column: str) -> tuple[sa.CheckConstraint, sa.CheckConstraint]:
    sqlite = (
        f"{column} NOT GLOB '*[^0-9.-]*' AND ({column} GLOB '[0-9]*' OR {column} GLOB '-[0-9]*') "
        f"AND {column} NOT GLOB '?*-*' AND {column} NOT GLOB '*.*.*' AND {column} NOT GLOB '*.'"
    )
    return _either(f"{table}_{column}_is_money", sqlite, rf"{column} ~ '^-?[0-9]+(\.[0-9]+)?$'")


def _instants(table: str, *columns: str) -> list[sa.CheckConstraint]:
    pairs = (
        _either(f"{table}_{name}_is_utc", f"{name} GLOB '{_SQLITE_INSTANT}'", f"{name} ~ '{_POSTGRES_INSTANT}'")
        for name in columns
    )
    return [constraint for pair in pairs for constraint in pair]


def _one_of(table: str, column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{table}_{column}_is_known")


def _flag(table: str, column: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN (0, 1)", name=f"{table}_{column}_is_flag")


def _filled(table: str, *columns: str) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(f"{name} <> ''", name=f"{table}_{name}_is_filled") for name in columns]


def upgrade() -> None:
    """Create every table of the first schema in an empty database."""
    _create_identity()
    _create_deals()
    _create_links()
    _create_journal()
    _create_seen_and_told()
    _create_emails()
    _create_history()


def _create_identity() -> None:
    op.create_table(
        "ledger",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        _text("zoho_org_id"),
        _text("zoho_org_name"),
        _text("xero_tenant_id"),
        _text("xero_org_name"),
        _text("created_at"),
        sa.CheckConstraint("one = 1", name="ledger_has_one_row"),
        *_filled("ledger", "zoho_org_id", "xero_tenant_id"),
        *_instants("ledger", "created_at"),
        sqlite_strict=True,
    )
    op.create_table(
        "checkpoint",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        _text("reached"),
        sa.CheckConstraint("one = 1", name="checkpoint_has_one_row"),
        *_instants("checkpoint", "reached"),
        sqlite_strict=True,
    )
    op.create_table(
        "covered_stage",
        _text("stage", primary_key=True),
        _text("pipeline", primary_key=True),
        sqlite_strict=True,
    )


def _create_deals() -> None:
    op.create_table(
        "deal",
        _text("deal_id", primary_key=True),
        _text("name"),
        _text("stage"),
        _text("state"),
        _integer("baseline"),
        _text("modified_at", null=True),
        _text("snapshot", null=True),
        _integer("requested"),
        _text("problem_code", null=True),
        _text("problem_subject", null=True),
        _text("problem_message", null=True),
        _text("problem_hint", null=True),
        _text("problem_path", null=True),
        _text("rules", null=True),
        _text("person", null=True),
        _text("person_before", null=True),
        _text("account", null=True),
        _integer("customer_only"),
        _text("told_at", null=True),
        _integer("set_aside"),
        _one_of("deal", "state", "seen", "pending", "held", "rejected", "skipped"),
        _flag("deal", "baseline"),
        _flag("deal", "requested"),
        _flag("deal", "customer_only"),
        _flag("deal", "set_aside"),
        sa.CheckConstraint(
            "(problem_code IS NULL) = (problem_subject IS NULL) AND (problem_code IS NULL) = (problem_message IS NULL) "
            "AND (problem_code IS NULL) = (problem_hint IS NULL) "
            "AND (problem_path IS NULL OR problem_code IS NOT NULL)",
            name="deal_problem_is_whole",
        ),
        sa.CheckConstraint(
            "state NOT IN ('held', 'rejected') OR problem_code IS NOT NULL", name="deal_waits_with_a_reason"
        ),
        *_filled("deal", "deal_id"),
        *_instants("deal", "modified_at", "told_at"),
        sqlite_strict=True,
    )
    op.create_index("deal_by_state", "deal", ["state"])
    op.create_index("deal_by_modified_at", "deal", ["modified_at"])
    op.create_index("deal_by_account", "deal", ["account"])
    op.create_index("deal_by_person", "deal", ["person"])
    op.create_table(
        "seen_record",
        _text("module", primary_key=True),
        _text("record_id", primary_key=True),
        _text("modified_at", null=True),
        _text("deal_id"),
        *_filled("seen_record", "module", "record_id"),
        *_instants("seen_record", "modified_at"),
        sqlite_strict=True,
    )


def _create_links() -> None:
    op.create_table(
        "customer_link",
        _text("module", primary_key=True),
        _text("zoho_id", primary_key=True),
        _text("contact_id"),
        _text("number"),
        _text("name"),
        _text("sent", null=True),
        _text("person", null=True),
        sa.CheckConstraint(f"contact_id NOT IN ('', '{_ZERO_GUID}')", name="customer_link_contact_id_is_real"),
        *_filled("customer_link", "module", "zoho_id"),
        sqlite_strict=True,
    )
    op.create_index("customer_link_by_contact", "customer_link", ["contact_id"])
    op.create_table(
        "invoice_link",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("deal_id"),
        sa.Column("part", sa.Integer, nullable=False, server_default=sa.text("1")),
        _text("invoice_id"),
        _text("number"),
        _text("status"),
        _text("currency"),
        _text("total"),
        _text("sent", null=True),
        _text("updated_at", null=True),
        _integer("live"),
        _text("due", null=True),
        _text("paid_on", null=True),
        _text("document", null=True),
        sa.UniqueConstraint("invoice_id", name="invoice_is_linked_once"),
        sa.CheckConstraint(f"invoice_id NOT IN ('', '{_ZERO_GUID}')", name="invoice_link_invoice_id_is_real"),
        sa.CheckConstraint("part > 0", name="invoice_link_part_is_positive"),
        _one_of("invoice_link", "status", "DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED"),
        _flag("invoice_link", "live"),
        *_money("invoice_link", "total"),
        *_money("invoice_link", "due"),
        *_filled("invoice_link", "deal_id"),
        *_instants("invoice_link", "updated_at"),
        sqlite_strict=True,
    )
    op.create_index("invoice_link_by_deal", "invoice_link", ["deal_id"])
    op.create_index(
        "one_live_invoice_per_deal",
        "invoice_link",
        ["deal_id", "part"],
        unique=True,
        sqlite_where=sa.text("live = 1"),
        postgresql_where=sa.text("live = 1"),
    )


def _create_journal() -> None:
    op.create_table(
        "write",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("run_id"),
        _text("key"),
        _text("method"),
        _text("path"),
        sa.Column("body", sa.LargeBinary, nullable=False),
        _text("body_hash"),
        _text("state"),
        _text("created_at"),
        _integer("attempts"),
        _text("last_sent_at", null=True),
        _integer("status", null=True),
        _text("request_id", null=True),
        _text("settled_at", null=True),
        sa.UniqueConstraint("key", name="write_key_is_used_once"),
        sa.CheckConstraint("method IN ('PUT', 'POST')", name="write_method_is_known"),
        sa.CheckConstraint("attempts >= 0", name="write_attempts_is_a_count"),
        sa.CheckConstraint("length(body_hash) = 64", name="write_body_hash_is_sha256"),
        sa.CheckConstraint("(state = 'in_flight') = (settled_at IS NULL)", name="write_is_settled_at_an_instant"),
        _one_of("write", "state", "in_flight", "settled", "not_sent"),
        *_filled("write", "run_id", "key", "path"),
        *_instants("write", "created_at", "last_sent_at", "settled_at"),
        sqlite_strict=True,
    )
    op.create_index("write_by_state", "write", ["state"])
    op.create_table(
        "operation",
        sa.Column("id", sa.Integer, primary_key=True),
        _integer("write_id"),
        _integer("position"),
        _text("kind"),
        _text("subject"),
        _text("identity"),
        _text("effect"),
        _text("state"),
        _text("remote_id", null=True),
        _text("message", null=True),
        _text("answered_at", null=True),
        sa.ForeignKeyConstraint(["write_id"], ["write.id"], name="operation_belongs_to_a_write"),
        sa.UniqueConstraint("write_id", "position", name="operation_has_its_own_position"),
        sa.CheckConstraint("position >= 0", name="operation_position_is_an_index"),
        sa.CheckConstraint(
            f"state <> 'applied' OR (remote_id IS NOT NULL AND remote_id NOT IN ('', '{_ZERO_GUID}'))",
            name="operation_applied_has_a_remote_id",
        ),
        sa.CheckConstraint("(state = 'in_flight') = (answered_at IS NULL)", name="operation_is_answered_at_an_instant"),
        _one_of(
            "operation",
            "kind",
            "create_contact",
            "update_contact",
            "create_invoice",
            "update_invoice",
            "void_invoice",
            "email_invoice",
            "create_item",
        ),
        _one_of("operation", "state", "in_flight", "applied", "rejected", "not_sent", "review"),
        *_filled("operation", "subject"),
        *_instants("operation", "answered_at"),
        sqlite_strict=True,
    )
    op.create_index("operation_by_subject", "operation", ["subject"])
    op.create_index(
        "one_operation_in_flight",
        "operation",
        ["subject", "kind"],
        unique=True,
        sqlite_where=sa.text("state = 'in_flight'"),
        postgresql_where=sa.text("state = 'in_flight'"),
    )


def _create_emails() -> None:
    op.create_table(
        "email",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("invoice_id"),
        _text("deal_id"),
        _text("state"),
        sa.UniqueConstraint("invoice_id", name="invoice_is_emailed_once"),
        sa.CheckConstraint(f"invoice_id NOT IN ('', '{_ZERO_GUID}')", name="email_invoice_id_is_real"),
        _one_of("email", "state", "wanted", "sent", "doubtful", "dropped"),
        *_filled("email", "deal_id"),
        sqlite_strict=True,
    )
    op.create_index("email_by_state", "email", ["state"])
    op.create_index("email_by_deal", "email", ["deal_id"])


def _create_seen_and_told() -> None:
    op.create_table(
        "edit",
        _text("invoice_id", primary_key=True),
        _text("updated_at", null=True),
        _text("changes"),
        *_filled("edit", "invoice_id", "changes"),
        *_instants("edit", "updated_at"),
        sqlite_strict=True,
    )
    op.create_table(
        "write_back",
        _text("deal_id", primary_key=True),
        _text("stamp"),
        _text("sent"),
        _text("noted", null=True),
        _text("problem", null=True),
        _text("gone_since", null=True),
        _text("gone_at", null=True),
        *_filled("write_back", "deal_id"),
        *_instants("write_back", "gone_since", "gone_at"),
        sqlite_strict=True,
    )


def _create_history() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("at"),
        _text("run_id", null=True),
        _text("deal_id"),
        _text("kind"),
        _text("detail"),
        *_filled("event", "deal_id", "kind"),
        *_instants("event", "at"),
        sqlite_strict=True,
    )
    op.create_index("event_by_deal", "event", ["deal_id"])
    op.create_table(
        "run",
        _text("run_id", primary_key=True),
        _text("mode"),
        _text("started_at"),
        _text("finished_at", null=True),
        _integer("exit_code", null=True),
        _text("report", null=True),
        sa.CheckConstraint("(finished_at IS NULL) = (exit_code IS NULL)", name="run_finishes_with_a_code"),
        *_filled("run", "run_id", "mode"),
        *_instants("run", "started_at", "finished_at"),
        sqlite_strict=True,
    )
    op.create_index("run_by_started_at", "run", ["started_at"])
    op.create_table(
        "fact",
        _text("name", primary_key=True),
        _text("value"),
        _text("read_at"),
        *_filled("fact", "name"),
        *_instants("fact", "read_at"),
        sqlite_strict=True,
    )
