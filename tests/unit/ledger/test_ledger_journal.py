"""The life of a write: noted, sent, answered in one go or in parts."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from ledger_samples import (
    IDENTITY,
    NOON,
    PROBLEM,
    a_customer,
    a_deal,
    an_event,
    an_invoice,
    an_operation,
    begin,
    minutes,
    raw,
)

from zoho_xero_sync.core.model import (
    CustomerKey,
    DealState,
    Operation,
    OperationKind,
    OperationState,
    Write,
    WriteState,
)
from zoho_xero_sync.core.settlement import DealSettlement, OperationAnswer
from zoho_xero_sync.errors import BugError
from zoho_xero_sync.ledger.store import Ledger
from zoho_xero_sync.ledger.tables import ZERO_GUID

IN_FLIGHT, APPLIED, REJECTED, NOT_SENT, REVIEW = OperationState


def answer(ledger: Ledger, write: Write, *answers: OperationAnswer, status: int | None = 200) -> None:
    ledger.record_answers(write.id, answers, status=status, request_id="request-1", at=minutes(1))


def outcome(operation: Operation, state: OperationState) -> OperationAnswer:
    return OperationAnswer(operation.id, state, remote_id="invoice-1" if state is APPLIED else None)


def row_of(path: Path, write: Write) -> dict[str, object]:
    connection = raw(path)
    cursor = connection.execute("SELECT * FROM write WHERE id = ?", (write.id,))
    names = [column[0] for column in cursor.description]
    row = dict(zip(names, cursor.fetchone(), strict=True))
    connection.close()
    return row


def test_a_write_is_on_disk_before_it_is_sent(ledger: Ledger, path: Path, url: str) -> None:
    body = b'{"Invoices":[{"Total":1.10}]}\x00\xff'
    made = ledger.begin_write(
        run_id="run-1",
        key="key-1",
        method="POST",
        path="/Contacts",
        body=body,
        operations=[an_operation("1"), an_operation("Accounts:9", OperationKind.UPDATE_CONTACT)],
        at=NOON,
    )
    first, second = made.operations
    assert made == Write(
        made.id, "run-1", "key-1", "POST", "/Contacts", body, WriteState.IN_FLIGHT, NOON, 1, (first, second), NOON
    )
    assert first == Operation(
        first.id,
        made.id,
        0,
        OperationKind.CREATE_INVOICE,
        "1",
        "https://crm.example.com/1",
        {"total": "1234.50"},
        IN_FLIGHT,
    )
    assert (second.position, second.kind, second.subject) == (1, OperationKind.UPDATE_CONTACT, "Accounts:9")
    assert row_of(path, made)["body_hash"] == hashlib.sha256(body).hexdigest()
    with Ledger.open(url, read_only=True) as another:
        assert another.unsettled_writes() == [made]


def test_attempts_are_counted(ledger: Ledger, path: Path) -> None:
    write = begin(ledger)
    ledger.record_attempt(write.id, minutes(1))
    ledger.record_attempt(write.id, minutes(2))
    assert ledger.unsettled_writes() == [replace(write, attempts=3, last_sent_at=minutes(2))]
    assert row_of(path, write)["last_sent_at"] == "2026-11-20T12:02:00.000000+00:00"


def test_a_key_is_never_used_twice(ledger: Ledger) -> None:
    write = begin(ledger, "1")
    answer(ledger, write, outcome(write.operations[0], NOT_SENT))
    with pytest.raises(BugError, match=r"write\.key"):
        begin(ledger, "1")
    assert begin(ledger, "1", key="key-2").id != write.id


def test_a_second_operation_in_flight_is_refused_whole(ledger: Ledger) -> None:
    write = begin(ledger, "1", "2")
    with pytest.raises(BugError, match=r"operation\.subject, operation\.kind"):
        begin(ledger, "3", "2", key="key-2")
    assert ledger.unsettled_writes() == [write]
    assert ledger.find_operations("3") == []


def test_a_write_without_operations_is_refused(ledger: Ledger) -> None:
    with pytest.raises(BugError, match="no operations"):
        ledger.begin_write(run_id="r", key="k", method="PUT", path="/x", body=b"", operations=[], at=NOON)
    assert ledger.unsettled_writes() == []


def test_an_answer_brings_everything_along(ledger: Ledger, path: Path) -> None:
    ledger.stage([a_deal("1", requested=True), a_deal("2")], None)
    write = begin(ledger, "1", "2")
    one, two = write.operations
    answer(
        ledger,
        write,
        OperationAnswer(
            one.id,
            APPLIED,
            remote_id="invoice-1",
            customer=a_customer(),
            invoice=an_invoice("1", total=Decimal("99.9900")),
            settlement=DealSettlement("1", DealState.SEEN, rules="r1", event=an_event("1", "settled")),
            event=an_event("1", "invoiced", number="INV-0001"),
        ),
        OperationAnswer(
            two.id,
            REJECTED,
            message="Account code 200 is archived",
            settlement=DealSettlement("2", DealState.REJECTED, PROBLEM),
        ),
    )
    assert ledger.unsettled_writes() == []
    assert ledger.find_operations("1") == [replace(one, state=APPLIED, remote_id="invoice-1")]
    assert ledger.find_operations("2") == [replace(two, state=REJECTED, message="Account code 200 is archived")]
    assert ledger.find_deals(["1", "2"]) == {
        "1": a_deal("1", DealState.SEEN, rules="r1"),
        "2": a_deal("2", DealState.REJECTED, problem=PROBLEM),
    }
    assert ledger.find_invoice_links(["1"]) == {"1": an_invoice("1", total=Decimal("99.9900"))}
    assert ledger.find_customer_links([CustomerKey("Accounts", "9")]) == {CustomerKey("Accounts", "9"): a_customer()}
    assert [event.kind for event in ledger.events("1")] == ["invoiced", "settled"]
    row = row_of(path, write)
    assert (row["state"], row["status"], row["request_id"], row["settled_at"]) == (
        "settled",
        200,
        "request-1",
        "2026-11-20T12:01:00.000000+00:00",
    )


@pytest.mark.parametrize(
    ("states", "write_state"),
    [
        ([NOT_SENT, NOT_SENT], WriteState.NOT_SENT),
        ([APPLIED, NOT_SENT], WriteState.SETTLED),
        ([REJECTED, REVIEW], WriteState.SETTLED),
        ([APPLIED], WriteState.IN_FLIGHT),
        ([NOT_SENT], WriteState.IN_FLIGHT),
        ([], WriteState.IN_FLIGHT),
    ],
)
def test_a_write_is_settled_with_its_last_answer(
    ledger: Ledger, states: list[OperationState], write_state: WriteState
) -> None:
    write = begin(ledger, "1", "2")
    answer(ledger, write, *(outcome(*pair) for pair in zip(write.operations, states, strict=False)), status=None)
    (found,) = ledger.find_writes("1")
    assert found.state is write_state
    assert [operation.state for operation in found.operations] == states + [IN_FLIGHT] * (2 - len(states))
    assert len(ledger.unsettled_writes()) == (write_state is WriteState.IN_FLIGHT)


def test_answers_may_come_in_parts_and_in_any_order(ledger: Ledger) -> None:
    write = begin(ledger, "1", "2", "3")
    one, two, three = write.operations
    answer(ledger, write, outcome(three, REJECTED))
    assert [operation.state for operation in ledger.unsettled_writes()[0].operations] == [
        IN_FLIGHT,
        IN_FLIGHT,
        REJECTED,
    ]
    answer(ledger, write, outcome(two, REVIEW), outcome(one, APPLIED))
    assert ledger.unsettled_writes() == []


@pytest.mark.parametrize(
    "wrong",
    [
        lambda write, other: OperationAnswer(write.operations[1].id, APPLIED),
        lambda write, other: OperationAnswer(write.operations[1].id, APPLIED, remote_id=""),
        lambda write, other: OperationAnswer(write.operations[1].id, APPLIED, remote_id=ZERO_GUID),
        lambda write, other: OperationAnswer(write.operations[1].id, IN_FLIGHT),
        lambda write, other: outcome(write.operations[0], APPLIED),
        lambda write, other: outcome(other.operations[0], APPLIED),
        lambda write, other: OperationAnswer(9999, REJECTED),
        lambda write, other: replace(
            outcome(write.operations[1], REJECTED), settlement=DealSettlement("404", DealState.SEEN)
        ),
        lambda write, other: replace(outcome(write.operations[1], APPLIED), invoice=an_invoice("1", "second")),
    ],
    ids=[
        "applied without an id",
        "applied with an empty id",
        "applied with the zero guid",
        "no answer at all",
        "answered twice in one call",
        "another write's operation",
        "unknown operation",
        "settles an unknown deal",
        "second live invoice",
    ],
)
def test_one_wrong_answer_refuses_them_all(ledger: Ledger, wrong: object) -> None:
    ledger.stage([a_deal("1")], None)
    ledger.record_links([], [an_invoice("1", "first")])
    write = begin(ledger, "1", "2")
    other = begin(ledger, "3", key="key-2")
    good = OperationAnswer(
        write.operations[0].id, APPLIED, remote_id="invoice-1", event=an_event(), customer=a_customer()
    )
    with pytest.raises(BugError):
        answer(ledger, write, good, wrong(write, other))
    assert ledger.unsettled_writes() == [write, other]
    assert ledger.events("1") == []
    assert ledger.find_customer_links([CustomerKey("Accounts", "9")]) == {}


def test_nothing_is_answered_twice(ledger: Ledger) -> None:
    write = begin(ledger)
    answer(ledger, write, outcome(write.operations[0], REJECTED))
    with pytest.raises(BugError, match="already answered"):
        answer(ledger, write, outcome(write.operations[0], APPLIED))
    for late in (
        lambda: ledger.record_attempt(write.id, NOON),
        lambda: answer(ledger, write),
        lambda: ledger.record_attempt(404, NOON),
        lambda: ledger.record_answers(404, [], status=None, request_id=None, at=NOON),
    ):
        with pytest.raises(BugError, match="`write`"):
            late()
    assert ledger.find_operations("1")[0].state is REJECTED


def test_unsettled_writes_come_oldest_first(ledger: Ledger) -> None:
    for subject, age in (("1", 5), ("2", 3), ("3", 4), ("4", 3)):
        begin(ledger, subject, key=f"key-{subject}", at=minutes(age))
    assert [write.key for write in ledger.unsettled_writes()] == ["key-2", "key-4", "key-3", "key-1"]


def test_the_history_of_one_subject(ledger: Ledger) -> None:
    first = begin(ledger, "1", "2")
    answer(ledger, first, *(outcome(operation, NOT_SENT) for operation in first.operations))
    second = begin(ledger, "1", key="key-2")
    third = begin(ledger, "3", key="key-3")
    assert [write.key for write in ledger.find_writes("1")] == ["key-1", "key-2"]
    assert [len(write.operations) for write in ledger.find_writes("1")] == [2, 1]
    assert [operation.write_id for operation in ledger.find_operations("1")] == [first.id, second.id]
    assert ledger.find_writes("3") == [third]
    assert ledger.find_writes("404") == ledger.find_operations("404") == []


def test_a_batch_of_fifty_is_one_transaction(url: str, path: Path) -> None:
    with Ledger.create(url, IDENTITY) as ledger:
        subjects = [str(number) for number in range(50)]
        ledger.stage([a_deal(subject) for subject in subjects], None)
        write = begin(ledger, *subjects)
        statements: list[str] = []
        with ledger._reading() as connection:
            connection.connection.driver_connection.set_trace_callback(statements.append)
        answer(
            ledger,
            write,
            *(
                OperationAnswer(
                    operation.id,
                    APPLIED,
                    remote_id=f"invoice-{operation.subject}",
                    invoice=an_invoice(operation.subject, f"invoice-{operation.subject}"),
                    settlement=DealSettlement(operation.subject, DealState.SEEN),
                )
                for operation in write.operations
            ),
        )
        assert [line for line in statements if line.split()[0] in {"BEGIN", "COMMIT", "ROLLBACK"}][-2:] == [
            "BEGIN IMMEDIATE",
            "COMMIT",
        ]
        assert sum(line.startswith("BEGIN IMMEDIATE") for line in statements) == 1
        assert len(ledger.find_invoice_links(subjects)) == 50
        assert ledger.pending_deals() == ledger.unsettled_writes() == []
