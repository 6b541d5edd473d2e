"""One deal for which Xero never answers: the others are invoiced in the same run, and it ends with a person."""

from __future__ import annotations

from collections import Counter

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, actions, line_of, order, orders

from zoho_xero_sync.sandbox import Fault

FOREVER = 100_000


def poison(desk: Desk, body: str, kind: str, path: str = "/Invoices$", method: str | None = None) -> Fault:
    """Every request to Xero whose body says this meets this fault."""
    fault = Fault(kind, "xero", method, path, times=FOREVER, body=body)
    desk.box.faults.add(fault)
    return fault


def until_a_person_is_asked(desk: Desk) -> Record:
    """Runs every ten minutes until nothing is unknown any more; the last report."""
    for _ in range(40):
        desk.wait(minutes=10)
        report = desk.sync(code=None)
        assert report["exit_code"] in (3, 4), report
        if report["exit_code"] == 3:
            return report
    raise AssertionError("the deal is still unknown")


def ended(desk: Desk) -> None:
    desk.box.faults.clear()
    assert_promises(desk)


@pytest.mark.parametrize("kind", ["status_500_before", "refuse_before"])
def test_of_fifty_deals_one_is_refused_and_one_never_answered(kind: str, desk_of: OpenDesk) -> None:
    desk = desk_of(*orders(50, "Proposal"))
    desk.configure(invoice={"date": "closing_date", "due": {"days": 14}})
    desk.box.xero.set_lock_date("2026-06-30")
    desk.sync()
    for number in range(50):
        desk.edit(f"d{number}", Stage="Closed Won", Closing_Date="2026-06-01" if number == 13 else "2026-11-19")
    refused, unanswered = desk.deal("d13"), desk.deal("d31")
    poison(desk, rf"/{unanswered}\b", kind)

    first = desk.sync(code=4)
    assert Counter(actions(desk, first).values()) == {"create": 48, "reject": 1, "uncertain": 1}
    assert line_of(first, refused)["action"] == "reject"
    assert line_of(first, unanswered)["action"] == "uncertain"
    assert len(desk.invoices()) == 48

    last = until_a_person_is_asked(desk)
    told = {problem["subject"]: problem for problem in last["problems"]}
    assert told[f"deal {refused}"]["code"] == "xero_refused"
    assert told[f"deal {unanswered}"]["code"] == "never_answered"
    assert f"resolve {unanswered} --retry" in told[f"deal {unanswered}"]["hint"]
    with desk.nothing_sent():
        desk.sync(code=3)
    assert len(desk.invoices()) == 48

    ended(desk)
    desk.run("resolve", unanswered, "--retry", code=0)
    assert line_of(desk.sync(code=3), unanswered)["action"] == "create"
    assert len(desk.invoices()) == 49
    assert_promises(desk)
