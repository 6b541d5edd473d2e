"""A disk that is full from some commit of a run on: nothing is doubled, what was sent is said, and it is settled."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from promises import assert_promises
from sqlalchemy import Connection, Engine, event
from world_tools import Desk, Record, order, problem_codes


@contextmanager
def full_from_commit(number: int) -> Iterator[list[int]]:
    """From the ledger's commit of this number on (0 is the first) there is no room; yields a list of those tried.

    The error is SQLite's own, of a database that may not grow (www.sqlite.org/rescode.html#full).
    """
    tried: list[int] = []

    def fill(connection: Connection) -> None:
        if not connection.get_execution_options().get("ledger_writes"):
            return
        tried.append(len(tried))
        driver = connection.connection.driver_connection
        if len(tried) > number and isinstance(driver, sqlite3.Connection):
            driver.execute("PRAGMA max_page_count = 1")
            driver.execute("CREATE TABLE filler (piece BLOB)")
            driver.execute("INSERT INTO filler VALUES (zeroblob(10000000))")

    event.listen(Engine, "commit", fill)
    try:
        yield tried
    finally:
        event.remove(Engine, "commit", fill)


def add_job(desk: Desk, number: int) -> str:
    """A new customer with a deal that is won; its key."""
    key = f"job{number}"
    desk.box.zoho.create("Accounts", {"key": key, "Account_Name": f"Customer {key}"})
    person = {"Last_Name": "Office", "Email": f"{key}@example.com", "account": key}
    desk.box.zoho.create("Contacts", {"key": f"{key}_office", **person})
    desk.add(order(key, "Closed Won", account=key))
    return key


def linked(desk: Desk, key: str) -> bool:
    """Whether the ledger knows the deal's invoice."""
    return desk.deal(key) in {row["deal_id"] for row in desk.rows("SELECT deal_id FROM invoice_link")}


def run_out_of_room(desk: Desk, number: int) -> tuple[Record, int]:
    """One run on a disk that is full from that commit on: its report, and how many commits it tried."""
    with full_from_commit(number) as tried:
        return desk.run("sync", "--json").json, len(tried)


def assert_honest(desk: Desk, key: str, report: Record) -> None:
    """What was sent and could not be recorded is unknown, and says so; what never left was not sent."""
    lost = bool(desk.invoices(key)) and not linked(desk, key)
    said = {deal["deal_id"]: deal["action"] for deal in report["deals"]}.get(desk.deal(key))
    if lost:
        assert (report["exit_code"], said) == (4, "uncertain"), report
        assert "disk is full" in str(report["problems"])
    elif linked(desk, key):
        assert report["exit_code"] == 0, report
    else:
        assert report["exit_code"] in (4, 13), report
        assert set(problem_codes(report)) <= {"ledger_unusable", "outcome_unknown"}


@pytest.mark.slow
def test_a_disk_that_fills_at_any_commit_costs_nothing(desk: Desk) -> None:
    desk.sync()
    for number in count():
        key = add_job(desk, number)
        report, tried = run_out_of_room(desk, number)
        assert_honest(desk, key, report)
        desk.wait(minutes=10)
        desk.sync(code=0)
        assert desk.invoice(key)["Status"] == "AUTHORISED"
        if tried <= number:
            break
    assert number > 8
    assert_promises(desk)


def test_an_answer_that_finds_no_room_is_unknown_and_settled_by_the_next_run(desk: Desk) -> None:
    # The polls beside the deals note where they begin, which later runs do not.
    desk.sync()
    key = add_job(desk, 0)
    with full_from_commit(10_000) as tried:
        desk.sync("--limit", "0")
    for number in range(len(tried), 100):
        report, _ = run_out_of_room(desk, number)
        if desk.invoices(key):
            break
    assert not linked(desk, key)
    assert_honest(desk, key, report)
    with desk.nothing_sent():
        desk.sync(code=0)
    assert linked(desk, key)
    assert_promises(desk)
