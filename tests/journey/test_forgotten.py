"""What a ledger forgot (it is a restored backup) and Xero has: found before an invoice is given up, ended or let go."""

from __future__ import annotations

import pytest
from promises import assert_promises
from share_tools import billed, opened, won
from test_reconcile import by_hand, forget, requote
from world_tools import Desk, actions, order, polled, problem_codes


def voided_by_a_person(desk: Desk, number: str) -> None:
    """A person does and types what the deal's hint says."""
    desk.box.xero.void(number)
    desk.run("resolve", desk.deal("job"), "--retry", code=0)


def back_again(desk: Desk) -> bytes:
    """The deal left and came back, which ended its invoice and made another; a backup from before that."""
    desk.configure(when={"leaves_stages": "void"})
    desk.add(order("job", "Closed Won"))
    desk.sync()
    backup = desk.ledger.read_bytes()
    for stage in ("Proposal", "Closed Won"):
        desk.move("job", stage)
        desk.sync()
    return backup


@pytest.mark.parametrize("touched", [False, True])
@pytest.mark.parametrize("numbers", [{}, {"number": "ZC-{id}"}], ids=["xero", "template"])
def test_the_invoice_that_followed_the_one_it_knows_is_adopted(
    desk: Desk, touched: bool, numbers: dict[str, str]
) -> None:
    desk.configure(invoice=numbers)
    backup = back_again(desk)
    live = desk.invoice("job")["InvoiceNumber"]
    desk.ledger.write_bytes(backup)
    if touched:
        desk.configure(when={"leaves_stages": "void", "changed_after_approval": "update"})
        desk.edit("job", Deal_Name="Order renamed")
    polled(desk)
    assert desk.status()["waiting"] == []
    assert [invoice["InvoiceNumber"] for invoice in desk.invoices("job")] == [live]
    assert_promises(desk)


def test_a_deal_that_leaves_waits_for_the_invoice_it_forgot(desk: Desk) -> None:
    backup = back_again(desk)
    desk.ledger.write_bytes(backup)
    desk.move("job", "Closed Lost")
    (problem,) = desk.sync(code=3)["problems"]
    assert problem["code"] == "left_stages" and "INV-0002" in problem["message"]
    voided_by_a_person(desk, "INV-0002")
    desk.sync()
    assert desk.invoices("job") == [] and desk.status()["waiting"] == []
    assert_promises(desk)


@pytest.mark.parametrize("deleted", [False, True])
def test_it_waits_for_it_as_long_as_xero_has_it(desk: Desk, deleted: bool) -> None:
    """The poll of the invoices finds the one that the ledger knows voided, and the deal is planned again."""
    backup = back_again(desk)
    desk.configure(when={"leaves_stages": "hold", "deal_deleted": "void"})
    desk.ledger.write_bytes(backup)
    if deleted:
        desk.box.zoho.delete("Deals", "job")
    else:
        desk.move("job", "Closed Lost")
    polled(desk)
    (waits,) = desk.status()["waiting"]
    assert "INV-0002" in waits["problem"]["message"]
    desk.box.xero.void("INV-0002")
    desk.run("resolve", waits["deal_id"], "--retry", code=0)
    polled(desk)
    assert desk.status()["waiting"] == []


def test_a_share_is_not_ended_under_the_remainder_it_forgot(desk: Desk) -> None:
    desk.configure(when={"leaves_stages": "void"})
    opened(desk)
    backup = desk.ledger.read_bytes()
    won(desk)
    desk.ledger.write_bytes(backup)
    desk.move("job", "Closed Lost")
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=3)) == ["left_stages"]
    voided_by_a_person(desk, billed(desk)[1][0])
    desk.sync()
    assert billed(desk) == [] and desk.status()["waiting"] == []
    assert_promises(desk)


def forgotten_at_another_price(desk: Desk, code: str = "invoice_found_different") -> None:
    """The job waits for what Xero has of it: the ledger never heard of the job, which comes to another total by now."""
    forget(desk, "job")
    requote(desk, "job", "99.00")
    desk.edit("job", Next_Step="new price")
    assert problem_codes(desk.sync(code=3)) == [code]


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("deleted", [False, True])
def test_a_deal_held_for_what_xero_has_goes_on_waiting_when_it_leaves(desk: Desk, several: bool, deleted: bool) -> None:
    desk.add(order("job", "Closed Won"))
    desk.sync()
    if several:
        by_hand(desk, "job", Url=desk.invoice("job")["Url"], Status="AUTHORISED")
    forgotten_at_another_price(desk, "several_invoices" if several else "invoice_found_different")
    if deleted:
        desk.box.zoho.delete("Deals", "job")
    else:
        desk.move("job", "Closed Lost")
    polled(desk)
    (waits,) = desk.status()["waiting"]
    assert waits["problem"]["code"] == ("deal_deleted" if deleted else "left_stages")
    desk.run("resolve", waits["deal_id"], "--skip", code=0)
    polled(desk)
    assert desk.status()["waiting"] == []


def test_where_invoices_are_kept_it_waits_for_nothing(desk: Desk) -> None:
    desk.configure(when={"leaves_stages": "keep"})
    desk.add(order("job", "Closed Won"))
    desk.sync()
    forgotten_at_another_price(desk)
    desk.move("job", "Closed Lost")
    assert actions(desk, desk.sync()) == {"job": "skip"} and desk.status()["waiting"] == []


def left_while_it_waited(desk: Desk) -> None:
    """The deal waited for an invoice of it that Xero has, left, and waits for that."""
    desk.add(order("job", "Closed Won"))
    desk.sync()
    forgotten_at_another_price(desk)
    desk.move("job", "Proposal")
    (problem,) = desk.sync(code=3)["problems"]
    assert problem["code"] == "left_stages" and "holds invoice INV-0001 (AUTHORISED)" in problem["message"]


def test_voiding_it_settles_a_deal_that_left(desk: Desk) -> None:
    left_while_it_waited(desk)
    voided_by_a_person(desk, "INV-0001")
    polled(desk)
    assert desk.status()["waiting"] == []


@pytest.mark.parametrize("voided", [False, True])
def test_a_deal_that_left_and_keeps_what_xero_has_is_looked_at_when_it_comes_back(desk: Desk, voided: bool) -> None:
    left_while_it_waited(desk)
    said = desk.run("resolve", desk.deal("job"), "--skip", code=0).out
    assert "keeps what Xero has for it as it is" in said
    polled(desk)
    assert desk.status()["waiting"] == []
    if voided:
        desk.box.xero.void("INV-0001")
    desk.move("job", "Closed Won")
    expected = "invoice_gone" if voided else "invoice_found_different"
    assert problem_codes(desk.sync(code=3)) == [expected]


def test_a_later_hold_does_not_hide_what_xero_has(desk: Desk) -> None:
    desk.add(order("job", "Closed Won"))
    desk.sync()
    forgotten_at_another_price(desk)
    desk.configure(limits={"invoice_total": "50.00"})
    desk.edit("job", Next_Step="touched")
    assert problem_codes(desk.sync(code=3)) == ["total_limit"]
    desk.move("job", "Closed Lost")
    assert problem_codes(desk.sync(code=3)) == ["left_stages"]


def test_a_second_share_and_its_remainder_are_taken_over_by_what_the_hint_says(desk: Desk) -> None:
    opened(desk, when={"leaves_stages": "void"})
    backup = desk.ledger.read_bytes()
    for stage in ("Closed Lost", "Confirmed", "Closed Won"):
        desk.move("job", stage)
        desk.sync()
    desk.ledger.write_bytes(backup)
    desk.edit("job", Next_Step="touched")
    (problem,) = desk.sync(code=3)["problems"]
    assert problem["code"] == "invoice_found_different" and "reconcile --fix" in problem["hint"]
    desk.run("reconcile", "--since", "30d", "--fix")
    desk.run("resolve", desk.deal("job"), "--retry", code=0)
    desk.sync()
    assert len(billed(desk)) == 2 and desk.status()["waiting"] == []
    assert_promises(desk)
