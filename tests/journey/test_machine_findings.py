"""What the state machine (tests/property/test_machine.py) found, each as the shortest story that shows it."""

from __future__ import annotations

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
    """Xero does not list it yet when the deal is found to be deleted; the run that finds it is a later one."""
    desk.configure(when={"deal_deleted": "void"})
    desk.add(order("other", "Confirmed"))
    desk.sync()
    job = desk.add(order("job", "Closed Won"))
    desk.fault("drop_after", method="PUT", path="/Invoices")
    desk.fault("status_503", times=40)
    desk.sync(code=4)
    desk.box.zoho.delete("Deals", "job")
    desk.wait(minutes=16)
    assert "outcome_unknown" in problem_codes(desk.sync(code=4)) or desk.box.faults.pending()
    desk.box.faults.clear()
    desk.wait(minutes=16)
    for _ in range(3):
        desk.wait(minutes=1)
        desk.sync(code=None)
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
