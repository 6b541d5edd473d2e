"""Every constraint bites, and only where it should."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from ledger_samples import raw
from sqlalchemy import CheckConstraint

from zoho_xero_sync.ledger import tables
from zoho_xero_sync.ledger.store import Ledger

AT = "2026-11-20T12:00:00.000000+00:00"
HASH = "0" * 64

GOOD: dict[str, dict[str, object]] = {
    "ledger": {
        "one": 1,
        "zoho_org_id": "7",
        "zoho_org_name": "Example Sales",
        "xero_tenant_id": "t",
        "xero_org_name": "Example Books",
        "created_at": AT,
    },
    "checkpoint": {"one": 1, "reached": AT},
    "covered_stage": {"stage": "Closed Won", "pipeline": ""},
    "deal": {
        "deal_id": "1",
        "name": "",
        "stage": "",
        "state": "pending",
        "baseline": 0,
        "modified_at": AT,
        "requested": 0,
        "customer_only": 0,
        "told_at": None,
        "set_aside": 0,
        "problem_code": None,
        "problem_subject": None,
        "problem_message": None,
        "problem_hint": None,
        "problem_path": None,
    },
    "seen_record": {"module": "Quotes", "record_id": "7", "modified_at": AT, "deal_id": "1"},
    "customer_link": {"module": "Accounts", "zoho_id": "9", "contact_id": "c", "number": "", "name": ""},
    "invoice_link": {
        "deal_id": "1",
        "part": 1,
        "invoice_id": "i",
        "number": "",
        "status": "DRAFT",
        "currency": "AUD",
        "total": "0.00",
        "updated_at": AT,
        "live": 1,
    },
    "edit": {"invoice_id": "i", "updated_at": AT, "changes": "[]"},
    "write_back": {
        "deal_id": "1",
        "stamp": "",
        "sent": "{}",
        "noted": None,
        "problem": None,
        "gone_since": None,
        "gone_at": None,
    },
    "write": {
        "id": 2,
        "run_id": "r",
        "key": "k2",
        "method": "PUT",
        "path": "/Invoices",
        "body": b"{}",
        "body_hash": HASH,
        "state": "in_flight",
        "created_at": AT,
        "attempts": 0,
        "last_sent_at": AT,
        "settled_at": None,
    },
    "operation": {
        "id": 2,
        "write_id": 1,
        "position": 0,
        "kind": "create_invoice",
        "subject": "1",
        "identity": "",
        "effect": "{}",
        "state": "in_flight",
        "remote_id": None,
        "answered_at": None,
    },
    "email": {"invoice_id": "i", "deal_id": "1", "state": "wanted"},
    "event": {"at": AT, "deal_id": "1", "kind": "staged", "detail": "{}"},
    "run": {"run_id": "r", "mode": "apply", "started_at": AT, "finished_at": AT, "exit_code": 0},
    "fact": {"name": "organisation", "value": "{}", "read_at": AT},
}

ANSWERED = {"answered_at": AT}
PROBLEM = {"problem_code": "c", "problem_subject": "s", "problem_message": "m", "problem_hint": "h"}
WRONG_INSTANTS = ["", "2026-11-20T12:00:00+00:00", "2026-11-20T12:00:00.000000+10:00", "2026-11-20", AT + " "]
WRONG_MONEY = ["", "-", ".", "1.", ".5", "-.5", "1e3", "1,000.00", "$1", "1-2", "--1", "1.2.3", " 1", "NaN", "Infinity"]
GUIDS = ["", tables.ZERO_GUID]

# constraint: changes of a good row that must each be refused under its name
BROKEN: dict[str, list[dict[str, object]]] = {
    "ledger_has_one_row": [{"one": 2}],
    "ledger_zoho_org_id_is_filled": [{"zoho_org_id": ""}],
    "ledger_xero_tenant_id_is_filled": [{"xero_tenant_id": ""}],
    "ledger_created_at_is_utc": [{"created_at": text} for text in WRONG_INSTANTS],
    "checkpoint_has_one_row": [{"one": 2}],
    "checkpoint_reached_is_utc": [{"reached": text} for text in WRONG_INSTANTS],
    "deal_state_is_known": [{"state": ""}, {"state": "paid"}],
    "deal_baseline_is_flag": [{"baseline": 2}],
    "deal_customer_only_is_flag": [{"customer_only": 2}],
    "deal_set_aside_is_flag": [{"set_aside": 2}],
    "deal_requested_is_flag": [{"requested": -1}],
    "deal_problem_is_whole": [PROBLEM | {name: None} for name in PROBLEM] + [{"problem_path": "Amount"}],
    "deal_waits_with_a_reason": [{"state": "held"}, {"state": "rejected"}],
    "deal_deal_id_is_filled": [{"deal_id": ""}],
    "deal_modified_at_is_utc": [{"modified_at": text} for text in WRONG_INSTANTS],
    "seen_record_module_is_filled": [{"module": ""}],
    "seen_record_record_id_is_filled": [{"record_id": ""}],
    "seen_record_modified_at_is_utc": [{"modified_at": text} for text in WRONG_INSTANTS],
    "customer_link_contact_id_is_real": [{"contact_id": guid} for guid in GUIDS],
    "customer_link_module_is_filled": [{"module": ""}],
    "customer_link_zoho_id_is_filled": [{"zoho_id": ""}],
    "invoice_link_invoice_id_is_real": [{"invoice_id": guid} for guid in GUIDS],
    "invoice_link_part_is_positive": [{"part": 0}],
    "invoice_link_status_is_known": [{"status": "draft"}, {"status": "SENT"}],
    "invoice_link_live_is_flag": [{"live": 2}],
    "invoice_link_total_is_money": [{"total": text} for text in WRONG_MONEY],
    "invoice_link_due_is_money": [{"due": text} for text in WRONG_MONEY],
    "invoice_link_deal_id_is_filled": [{"deal_id": ""}],
    "invoice_link_updated_at_is_utc": [{"updated_at": text} for text in WRONG_INSTANTS],
    "edit_invoice_id_is_filled": [{"invoice_id": ""}],
    "edit_changes_is_filled": [{"changes": ""}],
    "edit_updated_at_is_utc": [{"updated_at": text} for text in WRONG_INSTANTS],
    "write_back_deal_id_is_filled": [{"deal_id": ""}],
    "deal_told_at_is_utc": [{"told_at": text} for text in WRONG_INSTANTS],
    "write_back_gone_since_is_utc": [{"gone_since": text} for text in WRONG_INSTANTS],
    "write_back_gone_at_is_utc": [{"gone_at": text} for text in WRONG_INSTANTS],
    "write_method_is_known": [{"method": "GET"}, {"method": "put"}],
    "write_attempts_is_a_count": [{"attempts": -1}],
    "write_body_hash_is_sha256": [{"body_hash": ""}, {"body_hash": HASH[1:]}],
    "write_is_settled_at_an_instant": [{"state": "settled"}, {"state": "not_sent"}, {"settled_at": AT}],
    "write_state_is_known": [{"state": "sent", "settled_at": AT}],
    "write_run_id_is_filled": [{"run_id": ""}],
    "write_key_is_filled": [{"key": ""}],
    "write_path_is_filled": [{"path": ""}],
    "write_created_at_is_utc": [{"created_at": text} for text in WRONG_INSTANTS],
    "write_last_sent_at_is_utc": [{"last_sent_at": text} for text in WRONG_INSTANTS],
    "write_settled_at_is_utc": [{"state": "settled", "settled_at": text} for text in WRONG_INSTANTS],
    "operation_position_is_an_index": [{"position": -1}],
    "operation_applied_has_a_remote_id": [
        {"state": "applied", "remote_id": guid} | ANSWERED for guid in [None, *GUIDS]
    ],
    "operation_is_answered_at_an_instant": [ANSWERED, {"state": "rejected"}],
    "operation_kind_is_known": [{"kind": "delete_contact"}],
    "operation_state_is_known": [{"state": "sent"} | ANSWERED],
    "operation_subject_is_filled": [{"subject": ""}],
    "operation_answered_at_is_utc": [{"state": "rejected", "answered_at": text} for text in WRONG_INSTANTS],
    "email_invoice_id_is_real": [{"invoice_id": guid} for guid in GUIDS],
    "email_state_is_known": [{"state": ""}, {"state": "refused"}],
    "email_deal_id_is_filled": [{"deal_id": ""}],
    "event_deal_id_is_filled": [{"deal_id": ""}],
    "event_kind_is_filled": [{"kind": ""}],
    "event_at_is_utc": [{"at": text} for text in WRONG_INSTANTS],
    "run_finishes_with_a_code": [{"exit_code": None}, {"finished_at": None}],
    "run_run_id_is_filled": [{"run_id": ""}],
    "run_mode_is_filled": [{"mode": ""}],
    "run_started_at_is_utc": [{"started_at": text} for text in WRONG_INSTANTS],
    "run_finished_at_is_utc": [{"finished_at": text} for text in WRONG_INSTANTS],
    "fact_name_is_filled": [{"name": ""}],
    "fact_read_at_is_utc": [{"read_at": text} for text in WRONG_INSTANTS],
}

TABLE_OF = {
    str(constraint.name): table.name
    for table in tables.metadata.tables.values()
    for constraint in table.constraints
    if isinstance(constraint, CheckConstraint)
}


@pytest.fixture
def connection(ledger: Ledger, path: Path) -> sqlite3.Connection:
    """A connection to an empty ledger with one write, foreign keys on, everything rolled back afterwards."""
    connection = raw(path)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM ledger")
    _insert(connection, "write", {"id": 1, "key": "k1"})
    yield connection
    connection.close()


def _insert(connection: sqlite3.Connection, table: str, changes: dict[str, object]) -> None:
    row = GOOD[table] | changes
    marks = ", ".join("?" * len(row))
    connection.execute(f'INSERT INTO "{table}" ({", ".join(row)}) VALUES ({marks})', list(row.values()))


def test_every_check_has_its_cases() -> None:
    assert set(BROKEN) == set(TABLE_OF)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_is_refused_by_name(connection: sqlite3.Connection, name: str) -> None:
    for changes in BROKEN[name]:
        with pytest.raises(sqlite3.IntegrityError, match=f"CHECK constraint failed: {name}$"):
            _insert(connection, TABLE_OF[name], changes)


ALLOWED: list[tuple[str, dict[str, object]]] = [
    *((name, {}) for name in GOOD),
    *(("deal", {"state": state}) for state in ("seen", "pending", "skipped")),
    *(("deal", {"state": state} | PROBLEM) for state in ("held", "rejected", "pending")),
    ("deal", {"modified_at": None}),
    ("seen_record", {"modified_at": None, "deal_id": ""}),
    *(("invoice_link", {"total": text}) for text in ("0", "1234.50", "-12.3456", "10000000000000000000.01")),
    *(("operation", {"state": state} | ANSWERED) for state in ("rejected", "not_sent", "review")),
    ("operation", {"state": "applied", "remote_id": "i"} | ANSWERED),
    ("run", {"finished_at": None, "exit_code": None}),
    ("write", {"state": "settled", "settled_at": AT}),
]


@pytest.mark.parametrize(("table", "changes"), ALLOWED)
def test_a_good_row_is_taken(connection: sqlite3.Connection, table: str, changes: dict[str, object]) -> None:
    _insert(connection, table, changes)
    assert connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] >= 1


TWICE: list[tuple[str, dict[str, object], str]] = [
    ("ledger", {}, "ledger.one"),
    ("checkpoint", {}, "checkpoint.one"),
    ("covered_stage", {}, "covered_stage.stage, covered_stage.pipeline"),
    ("deal", {}, "deal.deal_id"),
    ("customer_link", {}, "customer_link.module, customer_link.zoho_id"),
    ("invoice_link", {"deal_id": "2"}, "invoice_link.invoice_id"),
    ("invoice_link", {"invoice_id": "j"}, "invoice_link.deal_id, invoice_link.part"),
    ("write", {"id": 3}, "write.key"),
    ("operation", {"id": 3, "subject": "2"}, "operation.write_id, operation.position"),
    ("operation", {"id": 3, "position": 1}, "operation.subject, operation.kind"),
    ("email", {"deal_id": "2", "state": "sent"}, "email.invoice_id"),
    ("run", {}, "run.run_id"),
    ("fact", {}, "fact.name"),
]


@pytest.mark.parametrize(("table", "changes", "columns"), TWICE)
def test_what_may_be_there_once_is_refused_twice(
    connection: sqlite3.Connection, table: str, changes: dict[str, object], columns: str
) -> None:
    _insert(connection, table, {})
    with pytest.raises(sqlite3.IntegrityError, match=f"UNIQUE constraint failed: {columns}$"):
        _insert(connection, table, changes)


BESIDE: list[tuple[str, dict[str, object], dict[str, object]]] = [
    ("invoice_link", {"live": 0}, {"invoice_id": "j"}),
    ("invoice_link", {"live": 0}, {"invoice_id": "j", "live": 0}),
    ("invoice_link", {}, {"invoice_id": "j", "part": 2}),
    ("operation", {"state": "not_sent"} | ANSWERED, {"id": 3, "position": 1}),
    ("operation", {}, {"id": 3, "position": 1, "kind": "void_invoice"}),
    ("customer_link", {}, {"zoho_id": "10"}),
    ("email", {}, {"invoice_id": "j"}),
]


@pytest.mark.parametrize(("table", "first", "second"), BESIDE)
def test_what_may_stand_beside_it_is_taken(
    connection: sqlite3.Connection, table: str, first: dict[str, object], second: dict[str, object]
) -> None:
    _insert(connection, table, first)
    _insert(connection, table, second)
    assert connection.execute(f'SELECT count(*) FROM "{table}"').fetchone() == (2,)


def test_an_operation_belongs_to_a_write(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        _insert(connection, "operation", {"write_id": 99})


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("invoice_link", {"total": b"1.5"}),
        ("deal", {"name": b"bytes"}),
        ("write", {"body": "text"}),
        ("write", {"attempts": "many"}),
        ("run", {"exit_code": 0.5}),
    ],
)
def test_a_value_of_another_type_is_refused(
    connection: sqlite3.Connection, table: str, changes: dict[str, object]
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="cannot store"):
        _insert(connection, table, changes)
