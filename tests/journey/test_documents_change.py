"""A document changes and its deal does not: the invoice follows at the poll's pace, and idling costs little."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, line_of, order, orders, priced, problem_codes, world

D = Decimal
MORE = [priced("hours", 5, "120.00")]


@contextmanager
def calls_of(desk: Desk) -> Iterator[dict[str, int]]:
    """By kind, the calls made in this block."""
    before = len(list(desk.box.calls))
    counted: dict[str, int] = {}
    yield counted
    for call in list(desk.box.calls)[before:]:
        key = call.service if "token" not in call.kind else "token"
        counted[key] = counted.get(key, 0) + 1


def invoiced(desk: Desk, key: str = "job", stage: str = "Confirmed") -> str:
    """A deal that was invoiced a while ago, and polls that have been asked since; its id."""
    deal = desk.add(order(key, stage))
    desk.sync()
    desk.wait(minutes=20)
    desk.sync()
    desk.wait(minutes=20)
    return deal


def test_a_quote_that_is_revised_alone_updates_the_draft(desk: Desk) -> None:
    job = invoiced(desk)
    desk.box.zoho.replace_lines("Quotes", "q_job", MORE)
    desk.wait(minutes=6)
    with desk.nothing_sent():
        preview = desk.sync("--dry-run")
    report = desk.sync()
    assert line_of(preview, job)["changes"] == line_of(report, job)["changes"]
    assert line_of(report, job)["action"] == "update"
    assert desk.invoice("job")["Total"] == D("660.00")
    # What was carried over is not looked into again, though the overlap reads the quote once more.
    desk.wait(minutes=6)
    with calls_of(desk) as calls, desk.nothing_sent():
        assert desk.sync()["counts"]["seen"] == 0
    assert calls["zoho"] + calls.get("xero", 0) <= 5
    assert_promises(desk)


@pytest.mark.slow
def test_a_quote_that_is_revised_after_approval_holds_its_deal(desk: Desk) -> None:
    job = invoiced(desk, stage="Closed Won")
    desk.box.zoho.replace_lines("Quotes", "q_job", MORE)
    desk.wait(minutes=6)
    with desk.nothing_sent():
        report = desk.sync(code=3)
    assert problem_codes(report) == ["changed_after_approval"]
    assert line_of(report, job)["action"] == "hold"
    assert desk.invoice("job")["Total"] == D("396.00")
    # Taken back, the deal needs nobody.
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 3, "120.00")])
    desk.wait(minutes=6)
    with desk.nothing_sent():
        assert line_of(desk.sync(), job)["action"] == "unchanged"
    assert_promises(desk)


@pytest.mark.slow
@pytest.mark.parametrize(("source", "module"), [("sales_order", "Sales_Orders"), ("zoho_invoice", "Invoices")])
def test_orders_and_zoho_invoices_are_followed_too(desk: Desk, source: str, module: str) -> None:
    desk.configure(lines={"from": [source, "amount"]})
    desk.sync()
    job = desk.add(order("job", lines=(), Amount=D("132.00")))
    paper = {"key": "paper", "Subject": "For job", "deal": "job", "Status": "Approved"}
    desk.box.zoho.create(module, {**paper, "lines": [priced("hours", 1, "120.00")]})
    desk.move("job", "Confirmed")
    assert line_of(desk.sync(), job)["action"] == "create"
    desk.wait(minutes=20)
    desk.box.zoho.replace_lines(module, "paper", MORE)
    desk.wait(minutes=6)
    assert line_of(desk.sync(), job)["action"] == "update"
    assert desk.invoice("job")["Total"] == D("660.00")


@pytest.mark.slow
def test_rows_of_the_deal_s_own_subform_move_the_deal(desk_of: OpenDesk) -> None:
    placed = world()
    columns = {"What": "text", "Qty": "double", "Rate": "currency"}
    form = {"type": "subform", "module": "Billing_Lines", "fields": columns}
    placed["zoho"]["fields"] = {"Deals": {"Billing_Lines": form}}
    columns |= {"Less": "currency", "Note": "text"}
    desk = desk_of(on=placed)
    mapped = {"module": "Billing_Lines", "product": "What", "quantity": "Qty", "price": "Rate"}
    mapped |= {"discount": "Less", "description": "Note"}
    desk.configure(lines={"from": ["subform"], "subform": mapped}, invoice={"tax_default": "OUTPUT"})
    desk.sync()
    rows = [{"What": "Setup", "Qty": 1, "Rate": D("100.00")}]
    job = desk.add(order("job", "Confirmed", lines=(), Amount=D("110.00"), Billing_Lines=rows))
    desk.sync()
    desk.edit("job", Billing_Lines=[{"What": "Setup", "Qty": 2, "Rate": D("100.00")}], Amount=D("220.00"))
    assert line_of(desk.sync(), job)["action"] == "update"
    assert desk.invoice("job")["Total"] == D("220.00")
    assert_promises(desk)


def test_a_held_deal_is_tried_again_once_its_quote_is_corrected(desk: Desk) -> None:
    job = desk.add(order("job", "Closed Won", lines=[("hours", 0, "120.00")]))
    desk.sync(code=3)
    desk.wait(minutes=20)
    desk.box.zoho.replace_lines("Quotes", "q_job", MORE)
    desk.wait(minutes=6)
    assert line_of(desk.sync(), job)["action"] == "create"
    assert_promises(desk)


@pytest.mark.slow
def test_a_quote_that_moves_to_another_deal_concerns_both(desk: Desk) -> None:
    one = invoiced(desk, "one")
    other = desk.add(order("other", "Confirmed", account="birch", lines=(), Amount=D("250.00")))
    desk.sync()
    desk.wait(minutes=20)
    desk.box.zoho.update("Quotes", "q_one", {"Deal_Name": "other"})
    desk.wait(minutes=6)
    reports = [desk.sync(code=None), desk.sync(code=None)]
    assert {line["deal_id"] for report in reports for line in report["deals"]} == {one, other}


@pytest.mark.slow
def test_a_quote_that_is_not_of_a_live_deal_costs_nothing(desk: Desk) -> None:
    invoiced(desk)
    desk.add(order("open"))
    desk.box.zoho.replace_lines("Quotes", "q_open", MORE)
    desk.wait(minutes=6)
    with calls_of(desk) as calls, desk.nothing_sent():
        assert desk.sync()["counts"]["seen"] == 0
    assert calls["zoho"] + calls.get("xero", 0) <= 5


@pytest.mark.slow
def test_polls_can_be_left_out(desk: Desk) -> None:
    desk.configure(poll={"documents": 0, "customers": 0, "deleted": 0, "invoices": 0})
    invoiced(desk)
    desk.box.zoho.replace_lines("Quotes", "q_job", MORE)
    desk.box.zoho.update("Accounts", "alpine", {"Account_Name": "Alpine Works"})
    desk.wait(hours=2)
    with calls_of(desk) as calls:
        desk.sync()
    # The deals, and once an hour whose login it is.
    assert calls == {"zoho": 2, "token": 1}


@pytest.mark.slow
def test_what_changes_while_xero_takes_no_calls_is_not_forgotten(desk: Desk) -> None:
    job = invoiced(desk)
    desk.add(order("next", "Confirmed", account="birch"))
    desk.fault("rate_day", times=1)
    desk.sync(code=4)
    desk.box.zoho.replace_lines("Quotes", "q_job", MORE)
    for _ in range(3):
        desk.wait(minutes=10)
        desk.sync(code=4)
    desk.wait(hours=25)
    reports = [desk.sync(), desk.sync()]
    assert "update" in {line["action"] for report in reports for line in report["deals"] if line["deal_id"] == job}
    assert desk.invoice("job")["Total"] == D("660.00")
    assert_promises(desk)


@pytest.mark.slow
def test_many_live_deals_idle(desk_of: OpenDesk) -> None:
    desk = desk_of(on=world(*orders(60, "Proposal", modified=lambda _: None)))
    desk.sync()
    for key in range(60):
        desk.move(f"d{key}", "Confirmed")
    desk.sync("--allow-many")
    # Accounts and persons that were entered just before their deal are looked into once.
    for _ in range(4):
        desk.wait(minutes=5)
        desk.sync()
    most, total = 0, 0
    for _ in range(24):
        desk.wait(minutes=5)
        with calls_of(desk) as calls, desk.nothing_sent():
            assert desk.sync()["counts"]["seen"] == 0
        made = calls.get("zoho", 0) + calls.get("xero", 0)
        most, total = max(most, made), total + made
    assert most <= 5
    assert total <= 24 * 4
