"""A person settles what Zoho refused to be told of an invoice: nothing else of the deal is settled with it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from share_tools import CONFIRMED, WON
from world_tools import Desk, OpenDesk, order, polled, priced, problem_codes
from write_back_tools import fields, told


def refused(desk: Desk, job: str) -> None:
    """Zoho refuses to write into the deal: it waits for approval."""
    desk.box.zoho.hold("Deals", job, "approval")


def settle(desk: Desk, job: str, how: str) -> str:
    """What is said to a person who settles the words; Zoho takes them from now on."""
    desk.box.zoho.release("Deals", job)
    return desk.run("resolve", job, how, code=0).out


def test_to_tell_again_brings_back_no_remainder_that_was_set_aside(desk_of: OpenDesk) -> None:
    desk = told(desk_of, limits={"invoice_total": "150.00"}, stages=[CONFIRMED, WON])
    job = desk.add(order("job", "Confirmed", lines=[("hours", 3, "120.00")]))
    desk.sync()
    desk.move("job", "Closed Won")
    desk.sync(code=3)
    desk.run("resolve", job, "--skip", code=0)
    desk.configure(limits={"invoice_total": None})
    refused(desk, job)
    desk.box.xero.pay(str(desk.invoice("job")["InvoiceID"]), "10.00")
    polled(desk)
    assert problem_codes(desk.sync(code=3)) == ["write_back_refused"]
    assert "is told of its invoice by the next run" in settle(desk, job, "--retry")
    desk.sync()
    assert fields(desk)["due"] == Decimal("108.80")
    assert len(desk.invoices("job")) == 1
    desk.run("resolve", job, "--retry", code=0)
    desk.sync()
    assert len(desk.invoices("job")) == 2


def test_to_leave_the_fields_sets_no_lost_deal_aside(desk_of: OpenDesk) -> None:
    desk = told(desk_of, when={"leaves_stages": "void"})
    job = desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.move("job", "Closed Lost")
    refused(desk, job)
    assert problem_codes(desk.sync(code=3)) == ["write_back_refused"]
    assert "keeps its fields in Zoho as they are" in settle(desk, job, "--skip")
    desk.sync()
    assert fields(desk)["status"] == "AUTHORISED"
    desk.move("job", "Closed Won")
    desk.sync()
    assert (len(desk.invoices("job")), fields(desk)["number"]) == (1, desk.invoice("job")["InvoiceNumber"])


@pytest.mark.slow
def test_to_leave_the_fields_sets_aside_nothing_that_is_sold_later(desk_of: OpenDesk) -> None:
    desk = told(desk_of, stages=[CONFIRMED, WON])
    job = desk.add(order("job", "Confirmed", lines=[("hours", 10, "100.00")]))
    desk.sync()
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 3, "100.00")])
    desk.move("job", "Closed Won")
    desk.sync()
    refused(desk, job)
    desk.box.xero.pay(str(desk.invoice("job")["InvoiceID"]), "330.00")
    polled(desk, 4)
    settle(desk, job, "--skip")
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 10, "100.00")])
    desk.edit("job", Description="and more")
    desk.sync()
    assert len(desk.invoices("job")) == 2


@pytest.mark.slow
def test_to_leave_the_fields_gives_up_no_invoice_that_is_still_to_be_made(desk_of: OpenDesk) -> None:
    desk = told(desk_of, stages=[CONFIRMED, WON])
    job = desk.add(order("job", "Confirmed", lines=[("hours", 3, "120.00")]))
    refused(desk, job)
    desk.sync(code=3)
    desk.move("job", "Closed Won")
    desk.fault("rate_day", path="/api.xro/2.0", times=50)
    desk.sync(code=4)
    desk.box.faults.clear()
    settle(desk, job, "--skip")
    desk.wait(hours=30)
    desk.sync()
    assert len(desk.invoices("job")) == 2


def test_to_leave_the_fields_leaves_what_else_the_deal_waits_for(desk_of: OpenDesk) -> None:
    desk = told(desk_of)
    job = desk.add(order("job", "Closed Won"))
    refused(desk, job)
    desk.sync(code=3)
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 5, "120.00")])
    desk.edit("job", Amount=Decimal("660.00"))
    assert problem_codes(desk.sync(code=3)) == ["changed_after_approval", "write_back_refused"]
    assert "The deal still waits: The deal changed after invoice" in settle(desk, job, "--skip")
    assert problem_codes(desk.sync(code=3)) == ["changed_after_approval"]
    assert "nothing waits any more" in desk.run("resolve", job, "--skip", code=0).out
    desk.sync()


@pytest.mark.slow
def test_to_leave_the_fields_gives_up_no_email(desk_of: OpenDesk) -> None:
    desk = told(desk_of, stages=[{"stage": "Closed Won", "invoice": "authorised", "email": True}])
    job = desk.add(order("job", "Closed Won"))
    refused(desk, job)
    desk.fault("rate_day", method="POST", path="/Email", times=400)
    desk.sync(code=4)
    desk.box.faults.clear()
    desk.sync(code=None)
    settle(desk, job, "--skip")
    desk.wait(hours=30)
    desk.sync()
    assert len(desk.box.xero.emails()) == 1
