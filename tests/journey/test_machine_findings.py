"""What the state machine (tests/property/test_machine.py) found, each as the shortest story that shows it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from promises import assert_promises
from world_tools import Desk, order, problem_codes


def test_an_unknown_outcome_of_a_deal_that_was_deleted_is_still_said_to_be_unknown(desk: Desk) -> None:
    desk.add(order("job", "Confirmed"))
    desk.box.xero.break_writes()
    desk.sync(code=4)
    desk.box.zoho.delete("Deals", "job")
    report = desk.sync(code=4)
    assert problem_codes(report) == ["outcome_unknown"]
    desk.wait(minutes=10)
    assert problem_codes(desk.sync()) == []
    assert_promises(desk)


def test_an_invoice_that_turns_out_to_be_made_after_its_deal_was_deleted_is_not_forgotten(desk: Desk) -> None:
    """Recovery finds the invoice of a deal that was already seen to be gone while Xero's answer was awaited."""
    desk.configure(when={"deal_deleted": "void"})
    desk.add(order("other", "Confirmed"))
    desk.sync()
    job = desk.add(order("job", "Closed Won"))
    desk.fault("drop_after", method="PUT", path="/Invoices")
    desk.fault("status_503", method="GET", path="/Invoices", skip=1, times=99)
    desk.sync(code=4)
    desk.box.faults.clear()
    desk.box.zoho.delete("Deals", "job")
    with closing(sqlite3.connect(desk.ledger)) as ledger, ledger:
        ledger.execute("UPDATE deal SET snapshot = NULL WHERE deal_id = ?", (job,))
    desk.sync()
    (ended,) = [row for row in desk.invoices(closed=True) if job in str(row["Url"])]
    assert ended["Status"] == "VOIDED"
    assert_promises(desk)


def test_a_run_asked_for_another_deal_says_that_an_outcome_is_unknown(desk: Desk) -> None:
    desk.add(order("job", "Confirmed"))
    desk.box.xero.break_writes()
    desk.sync(code=4)
    other = desk.add(order("other", "Confirmed", account="birch"))
    report = desk.sync("--deal", other, code=4)
    assert problem_codes(report) == ["outcome_unknown"]
    assert [deal["action"] for deal in report["deals"]] == ["create"]
    desk.wait(minutes=10)
    desk.sync()
    assert_promises(desk)


def test_what_a_person_does_to_an_invoice_that_was_asked_for_is_noticed_by_ordinary_runs(desk: Desk) -> None:
    """Only these poll; they ask from before the invoice was made, not from when cron first came."""
    job = desk.add(order("job", "Confirmed"))
    desk.sync("--deal", job)
    desk.box.xero.delete(str(desk.invoice("job")["InvoiceID"]))
    desk.wait(hours=30)
    desk.sync()
    desk.wait(minutes=20)
    assert {code for _ in range(3) for code in problem_codes(desk.sync(code=None))} == {"invoice_gone"}


def test_a_remainder_is_approved_by_a_stage_that_bills_deals_whole_again(desk: Desk) -> None:
    """The rules bill in two no longer; the deal is in the stage that has its invoice approved."""
    share = {"stage": "Confirmed", "invoice": "authorised", "share": "30%"}
    desk.configure(stages=[share, {"stage": "Closed Won", "invoice": "draft", "share": "remainder"}])
    desk.add(order("job", "Confirmed"))
    desk.sync()
    desk.move("job", "Closed Won")
    desk.sync()
    desk.configure(stages=[{"stage": "Closed Won", "invoice": "authorised"}])
    desk.sync()
    desk.edit("job", Description="all of it now")
    desk.sync()
    assert [invoice["Status"] for invoice in desk.invoices("job")] == ["AUTHORISED", "AUTHORISED"]
    assert_promises(desk)


def test_a_clock_that_is_days_ahead_does_not_hide_what_was_made(desk: Desk) -> None:
    """Asked for what changed since a time that it has not reached, Xero answers with nothing."""
    desk.add(order("known", "Closed Won"))
    desk.sync()
    desk.skew = timedelta(days=3)
    desk.add(order("job", "Closed Won"))
    desk.box.xero.break_writes(after_commit=True)
    desk.sync(code=None)
    desk.box.xero.forget_keys()
    desk.sync()
    assert len(desk.invoices("job", closed=True)) == 1
    desk.skew = timedelta(0)
    desk.sync()
    assert_promises(desk)


@pytest.mark.parametrize(("then", "now"), [(3, 0), (400, 0), (-3, 0), (0, -3), (3, -3)])
def test_a_clock_put_right_before_recovery_makes_no_double(desk: Desk, then: int, now: int) -> None:
    """A write is journaled by a clock that is `then` days ahead, its answer lost; recovery's is `now` days ahead."""
    desk.add(order("known", "Closed Won"))
    desk.sync()
    desk.skew = timedelta(days=then)
    desk.add(order("job", "Closed Won"))
    desk.fault("drop_after", method="PUT")
    desk.fault("status_503", method="GET", path="/api.xro/2.0/Invoices", skip=1, times=40)
    desk.sync(code=4)
    assert len(desk.invoices("job")) == 1
    desk.box.faults.clear()
    desk.box.xero.forget_keys()
    desk.skew = timedelta(days=now)
    desk.wait(seconds=1)
    desk.sync()
    assert len(desk.invoices("job", closed=True)) == 1
    desk.skew = timedelta(0)
    desk.wait(minutes=10)
    desk.sync()
    assert_promises(desk)
