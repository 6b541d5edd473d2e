"""What a person wrote on an invoice in Xero stays, however this program came to know that invoice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from promises import assert_promises
from test_adoption import CONTACTS
from test_reconcile import by_hand, requote
from world_tools import Desk, OpenDesk, order, problem_codes, world

THEIRS = {"Reference": "PO 4711 by hand"}


def written_on(desk: Desk) -> None:
    """A person changes the reference of the job's invoice in Xero."""
    desk.box.xero.edit_invoice(str(desk.invoice("job")["InvoiceID"]), THEIRS)


def approved_after_it(desk: Desk) -> None:
    desk.add(order("job", "Confirmed"))
    desk.sync()
    written_on(desk)
    desk.move("job", "Closed Won")
    desk.sync()


def adopted_from_a_backup(desk: Desk) -> None:
    backup = desk.ledger.read_bytes()
    desk.add(order("job", "Closed Won"))
    desk.sync()
    written_on(desk)
    desk.ledger.write_bytes(backup)
    desk.sync()


def made_by_a_write_whose_answer_was_lost(desk: Desk) -> None:
    desk.add(order("job", "Closed Won"))
    desk.fault("drop_after", method="PUT", path="Invoices")
    desk.fault("status_503", method="GET", path="Invoices", skip=1, times=9)
    desk.sync(code=4)
    desk.box.faults.clear()
    written_on(desk)
    desk.sync()


CAME = [approved_after_it, adopted_from_a_backup, made_by_a_write_whose_answer_was_lost]


@pytest.mark.parametrize("came", CAME)
def test_a_change_of_the_deal_is_not_written_over_it(desk: Desk, came: Callable[[Desk], None]) -> None:
    desk.configure(when={"changed_after_approval": "update"})
    came(desk)
    requote(desk, "job", "99.00")
    desk.edit("job", Next_Step="new price")
    assert problem_codes(desk.sync(code=3)) == ["changed_in_xero"]
    assert desk.invoice("job")["Reference"] == THEIRS["Reference"]
    assert_promises(desk)


@pytest.mark.parametrize("came", CAME)
def test_an_invoice_with_it_is_not_voided(desk: Desk, came: Callable[[Desk], None]) -> None:
    desk.configure(when={"leaves_stages": "void"})
    came(desk)
    desk.move("job", "Closed Lost")
    assert problem_codes(desk.sync(code=3)) == ["left_stages"]
    assert desk.invoice("job")["Status"] == "AUTHORISED"


def test_an_update_that_never_arrived_is_not_taken_for_done(desk: Desk) -> None:
    """Where status and total stay, only the words tell whether a write of which nothing is known has landed."""
    desk.configure(when={"changed_after_approval": "update"})
    desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.box.xero.pay(str(desk.invoice("job")["InvoiceID"]), "100.00")
    desk.edit("job", Deal_Name="Order renamed")
    desk.fault("refuse_before", method="POST", path="Invoices", times=9)
    desk.sync(code=4)
    desk.box.faults.clear()
    desk.wait(minutes=10)
    desk.sync()
    assert desk.invoice("job")["Reference"] == "Order renamed"
    assert_promises(desk)


@pytest.mark.parametrize("touch", ["due date of a draft", "marked as sent"])
def test_a_change_of_the_customer_that_never_arrived_is_sent_again(desk: Desk, touch: str) -> None:
    """A person worked on the invoice too, so that only its contact tells what became of the write."""
    desk.configure(when={"changed_after_approval": "update"})
    sent = touch == "marked as sent"
    desk.add(order("job", "Closed Won" if sent else "Confirmed"))
    desk.add(order("other", "Closed Won", account="birch"))
    desk.sync()
    fields: dict[str, object] = {"SentToContact": True} if sent else {"DueDate": "2026-12-30"}
    desk.box.xero.edit_invoice(str(desk.invoice("job")["InvoiceID"]), fields)
    desk.edit("job", Account_Name="birch", Contact_Name="birch_office")
    desk.fault("refuse_before", method="POST", path="Invoices", times=9)
    desk.sync(code=4)
    desk.box.faults.clear()
    desk.wait(minutes=10)
    desk.sync()
    assert desk.invoice("job")["Contact"]["Name"] == "Birch & Stone Interiors"
    assert_promises(desk)


def test_on_a_part_paid_invoice_it_is_not_written_over_by_a_change_of_the_header(desk: Desk) -> None:
    desk.configure(when={"changed_after_approval": "update"})
    desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.box.xero.pay(str(desk.invoice("job")["InvoiceID"]), "100.00")
    written_on(desk)
    desk.edit("job", Deal_Name="Order renamed")
    assert problem_codes(desk.sync(code=3)) == ["changed_in_xero"]
    assert desk.invoice("job")["Reference"] == THEIRS["Reference"]


@pytest.mark.parametrize("approved", [False, True])
def test_an_invoice_made_by_hand_that_was_worked_on_since_it_was_linked_is_not_voided(
    desk_of: OpenDesk, approved: bool
) -> None:
    """Whether it was approved by hand, or by a run after that."""
    desk = desk_of(on=world(xero=CONTACTS))
    desk.configure(limits={"invoice_total": "100.00"}, when={"leaves_stages": "void"})
    desk.sync()
    desk.add(order("job", "Confirmed"))
    desk.sync(code=3)
    number = by_hand(desk, "job", Status="DRAFT" if approved else "AUTHORISED")
    desk.run("resolve", desk.deal("job"), "--adopt", number, code=0)
    desk.configure(limits={"invoice_total": None})
    desk.box.xero.edit_invoice(number, THEIRS)
    if approved:
        desk.move("job", "Closed Won")
        desk.sync()
    desk.move("job", "Closed Lost")
    (problem,) = desk.sync(code=3)["problems"]
    assert problem["code"] == "left_stages" and "a person changed invoice" in problem["message"]
    assert desk.box.xero.invoice(number)["Status"] == "AUTHORISED"
