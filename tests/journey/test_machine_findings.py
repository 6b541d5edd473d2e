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
    assert problem_codes(report) == ["deal_not_found", "outcome_unknown"]
    desk.wait(minutes=10)
    assert problem_codes(desk.sync(code=3)) == ["deal_not_found"]
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
