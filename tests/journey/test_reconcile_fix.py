"""What `reconcile --fix` takes over has the same consequences as when a run had seen it itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from promises import assert_promises
from share_tools import billed, opened, won
from test_reconcile import kinds, number_of, reconciled
from world_tools import Desk, OpenDesk, Record, order, polled, problem_codes, world


def waiting(desk: Desk) -> list[str]:
    """Why deals wait, three runs later."""
    polled(desk)
    return [deal["problem"]["code"] for deal in desk.status()["waiting"]]


def fixed(desk: Desk) -> Record:
    """`reconcile --fix`, which settles everything there is to see."""
    return reconciled(desk, "--fix", code=0)


@pytest.mark.parametrize("polled", [15, 0])
def test_a_deal_whose_invoice_a_person_voided_waits_as_if_a_run_had_seen_it(desk: Desk, polled: int) -> None:
    desk.configure(poll={"invoices": polled})
    desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.box.xero.void(number_of(desk, "job"))
    assert kinds(fixed(desk)) == {("status", "job"): 1}
    assert waiting(desk) == ["invoice_gone"]
    assert len(desk.invoices("job", closed=True)) == 1
    desk.run("resolve", desk.deal("job"), "--skip", code=0)
    assert reconciled(desk, code=0)["findings"] == []
    assert_promises(desk)


def test_a_share_that_a_person_voided_beside_its_remainder_holds_the_deal(desk: Desk) -> None:
    opened(desk)
    won(desk)
    desk.box.xero.void(billed(desk)[0][0])
    assert kinds(reconciled(desk, "--fix"))["status", "job"] == 1
    assert waiting(desk) == ["invoice_gone"]
    assert len(billed(desk, closed=True)) == 2


def test_a_deal_that_left_and_waits_is_settled_by_the_voided_invoice(desk: Desk) -> None:
    desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.move("job", "Proposal")
    assert problem_codes(desk.sync(code=3)) == ["left_stages"]
    desk.box.xero.void(number_of(desk, "job"))
    assert kinds(reconciled(desk, "--fix")) == {("held", "job"): 1, ("status", "job"): 1}
    assert waiting(desk) == []
    assert reconciled(desk, code=0)["findings"] == []


def test_a_paid_invoice_is_taken_over_with_what_is_due_and_its_day(desk_of: OpenDesk) -> None:
    placed = world()
    placed["zoho"]["fields"] = {"Deals": {"Xero_Status": "text", "Xero_Due": "currency", "Xero_Paid_On": "date"}}
    desk = desk_of(on=placed)
    told = {"status": "Xero_Status", "due": "Xero_Due", "paid_on": "Xero_Paid_On"}
    desk.configure(write_back=told, poll={"invoices": 0})
    desk.sync()
    deal = desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.box.xero.pay(number_of(desk, "job"), "396.00")
    fixed(desk)
    assert waiting(desk) == []
    record = desk.box.zoho.find("Deals", "job")
    day = desk.box.clock.now().date().isoformat()
    assert (record["Xero_Status"], record["Xero_Due"], record["Xero_Paid_On"]) == ("PAID", Decimal("0.00"), day)
    events = desk.run("show", deal, "--json", code=0).json["events"]
    assert [event["kind"] for event in events].count("invoice_paid") == 1
