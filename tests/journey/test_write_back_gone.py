"""Deals that were deleted before they were told of their invoice, and came back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, idle, line_of, order, polled, problem_codes
from write_back_tools import QUIET, fields, placed, puts, told


@pytest.fixture
def telling(desk_of: OpenDesk) -> Desk:
    """A desk whose configuration writes everything back."""
    return told(desk_of)


def deleted_before_told(desk: Desk) -> str:
    """A deal that was deleted between its invoice and the words about it; its id."""
    job = desk.add(order("job", "Closed Won"))
    desk.fault("status_503", service="zoho", method="PUT", path="/crm/v8/Deals", times=99)
    desk.sync(code=4)
    desk.box.faults.clear()
    desk.box.zoho.delete("Deals", "job")
    return job


def gone_before_told(desk: Desk) -> str:
    """Such a deal, which a run wanted to tell; its id."""
    job = deleted_before_told(desk)
    desk.sync()
    assert puts(desk) > 0
    idle(desk)
    return job


def test_a_deal_that_comes_back_is_told_within_a_day(telling: Desk) -> None:
    """Nothing shows that it is back: it keeps its Modified_Time."""
    job = gone_before_told(telling)
    with telling.nothing_sent():
        assert telling.sync("--dry-run")["notes"] == []
    telling.box.zoho.restore("Deals", job)
    idle(telling)
    assert fields(telling) == {}
    telling.wait(hours=24)
    telling.sync()
    assert (fields(telling)["status"], fields(telling)["due"]) == ("AUTHORISED", Decimal("396"))
    idle(telling)
    assert_promises(telling)


def test_a_deal_that_comes_back_is_told_at_once_when_somebody_works_on_it(telling: Desk) -> None:
    job = gone_before_told(telling)
    telling.box.zoho.restore("Deals", job)
    telling.edit("job", Description="wanted after all")
    assert "Xero_Status (none) → AUTHORISED" in telling.sync("--dry-run")["notes"][0]
    telling.sync()
    assert fields(telling)["status"] == "AUTHORISED"
    idle(telling)


def test_a_deal_that_stays_away_costs_one_write_a_day(telling: Desk) -> None:
    gone_before_told(telling)
    telling.wait(hours=24)
    for _ in range(3):
        had = puts(telling)
        telling.sync()
        assert puts(telling) == had + 1
        idle(telling)
        telling.wait(hours=24)


@pytest.mark.slow
def test_all_that_stay_away_are_tried_together_and_not_for_ever(telling: Desk) -> None:
    for key in ("a", "b", "c"):
        telling.add(order(key, "Closed Won"))
    telling.sync()
    for key in ("a", "b", "c"):
        telling.box.xero.pay(str(telling.invoice(key)["InvoiceID"]), "396.00")
        telling.box.zoho.delete("Deals", key)
        telling.wait(hours=5)
        telling.sync()
    had = puts(telling)
    for _ in range(36):
        telling.wait(hours=2)
        telling.sync()
    assert puts(telling) - had == 3
    telling.wait(days=60)
    had = puts(telling)
    for _ in range(3):
        telling.wait(hours=24)
        telling.sync()
    assert puts(telling) == had


def test_what_became_of_the_invoice_meanwhile_is_told_too(telling: Desk) -> None:
    job = gone_before_told(telling)
    telling.box.zoho.restore("Deals", job)
    telling.box.xero.pay(str(telling.invoice("job")["InvoiceID"]), "396.00")
    telling.wait(hours=24)
    telling.sync()
    assert (fields(telling)["status"], fields(telling)["due"]) == ("PAID", Decimal(0))
    idle(telling)


def test_the_note_of_a_deal_that_was_gone_is_written_once_it_is_back(desk_of: OpenDesk) -> None:
    desk = desk_of(on=placed())
    desk.configure(write_back={"note": True}, poll=QUIET)
    desk.sync()
    job = desk.add(order("job", "Closed Won"))
    desk.fault("rate_day", service="zoho", method="POST", path="/crm/v8/Notes", times=40)
    desk.sync(code=4)
    desk.box.faults.clear()
    desk.box.zoho.delete("Deals", "job")
    desk.sync()
    idle(desk)
    desk.box.zoho.restore("Deals", job)
    desk.wait(hours=24)
    desk.sync()
    assert len(desk.box.zoho.notes("Deals", job)) == 1
    idle(desk)


def test_a_new_invoice_of_a_restored_deal_is_told_by_the_run_that_makes_it(desk_of: OpenDesk) -> None:
    desk = told(desk_of, when={"deal_deleted": "void"}, poll={**QUIET, "deleted": 15})
    job = desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.box.zoho.delete("Deals", "job")
    polled(desk, 4)
    desk.box.zoho.restore("Deals", job)
    assert line_of(desk.sync("--deal", job), job)["action"] == "create"
    assert fields(desk)["number"] == desk.invoice("job")["InvoiceNumber"]


def test_a_held_deal_that_is_back_and_tried_again_is_told_at_once(desk_of: OpenDesk) -> None:
    desk = told(desk_of, poll={**QUIET, "deleted": 15})
    job = deleted_before_told(desk)
    assert problem_codes(polled(desk, 4)) == ["deal_deleted"]
    desk.box.zoho.restore("Deals", job)
    desk.run("resolve", job, "--retry", code=0)
    assert line_of(desk.sync(), job)["action"] == "unchanged"
    assert fields(desk)["status"] == "AUTHORISED"
