"""A person puts the mark of one deal on another deal's invoice: the ledger knows better whose it is."""

from __future__ import annotations

import pytest
from test_reconcile import number_of
from world_tools import Desk, order, polled, problem_codes


@pytest.fixture(name="marked")
def _marked(desk: Desk) -> tuple[str, str]:
    """The numbers of the other deal's invoice and of the job's, which carries the other's mark by now."""
    desk.configure(when={"leaves_stages": "void"})
    for key in ("other", "job"):
        desk.add(order(key, "Closed Won"))
    desk.sync()
    theirs, ours = number_of(desk, "other"), number_of(desk, "job")
    desk.box.xero.edit_invoice(ours, {"Url": str(desk.invoice("other")["Url"])})
    return theirs, ours


def linked(desk: Desk) -> dict[str, str]:
    return {row["deal_id"]: row["number"] for row in desk.rows("SELECT * FROM invoice_link WHERE live = 1")}


def test_it_does_not_take_the_place_of_one_that_a_person_voided(desk: Desk, marked: tuple[str, str]) -> None:
    theirs, ours = marked
    desk.box.xero.void(theirs)
    polled(desk)
    desk.edit("job", Next_Step="thank them")
    polled(desk)
    assert linked(desk) == {desk.deal("job"): ours} and len(desk.invoices()) == 1
    assert [waits["problem"]["code"] for waits in desk.status()["waiting"]] == ["invoice_gone"]


def test_nobody_is_told_to_void_it_when_the_other_deal_leaves(desk: Desk, marked: tuple[str, str]) -> None:
    theirs, ours = marked
    desk.move("other", "Closed Lost")
    assert problem_codes(desk.sync()) == []
    assert [invoice["InvoiceNumber"] for invoice in desk.invoices()] == [ours] and theirs != ours


def test_reconcile_does_not_give_it_to_the_other_deal(desk: Desk, marked: tuple[str, str]) -> None:
    theirs, ours = marked
    desk.box.xero.void(theirs)
    desk.run("reconcile", "--since", "30d", "--fix")
    assert linked(desk) == {desk.deal("job"): ours}
