"""Deals whose document is invoiced for another deal: they wait for as long as that invoice stands, and no longer."""

from __future__ import annotations

import pytest
from promises import assert_promises
from share_tools import CONFIRMED, WON
from world_tools import CLOSED, Desk, idle, line_of, order, polled, problem_codes


def invoiced(desk: Desk, stage: str = "Closed Won") -> str:
    """The deal `lost` has its invoice, and the deal `kept` nothing yet; the number of the invoice."""
    desk.add(order("kept", lines=()))
    desk.add(order("lost", stage))
    desk.sync()
    return str(desk.invoice("lost")["InvoiceNumber"])


def merged(desk: Desk) -> str:
    """`lost` is merged into `kept`, which has its quote from then on and is won; the id of `kept`."""
    desk.box.zoho.merge("Deals", "lost", "kept")
    return desk.move("kept", "Closed Won")


def waits(desk: Desk) -> str:
    """A run holds `kept` for the invoice of `lost`; its id."""
    desk.box.zoho.merge("Deals", "lost", "kept")
    polled(desk)
    kept = desk.move("kept", "Closed Won")
    assert problem_codes(desk.sync(code=3)) == ["deal_deleted", "document_invoiced"]
    return kept


def live(desk: Desk) -> list[str]:
    """The deals that have an invoice which stands, by their names."""
    return [str(invoice["Reference"]).removeprefix("Order ") for invoice in desk.invoices()]


# ---- the other deal's invoice is ended by this program ----


def test_a_merge_that_ends_an_invoice_frees_its_document(desk: Desk) -> None:
    desk.configure(when={"deal_deleted": "void"})
    invoiced(desk)
    kept = merged(desk)
    desk.wait(minutes=20)
    preview = desk.sync("--dry-run")
    report = desk.sync()
    for told in (preview, report):
        assert line_of(told, kept)["action"] == "pending"
        assert "INV-0001" in line_of(told, kept)["reason"]
        assert told["problems"] == []
    assert line_of(desk.sync(), kept)["action"] == "create"
    assert live(desk) == ["kept"]
    assert_promises(desk)


def test_a_deal_that_waited_goes_on_once_the_invoice_is_ended(desk: Desk) -> None:
    desk.configure(when={"deal_deleted": "void"}, poll={"deleted": 60})
    invoiced(desk)
    polled(desk, 1)
    kept = merged(desk)
    assert problem_codes(desk.sync(code=3)) == ["document_invoiced"]
    assert polled(desk, 4)["problems"] == []
    assert live(desk) == ["kept"]
    assert len(desk.invoices(closed=True)) == 2
    assert line_of(desk.sync("--deal", kept), kept)["action"] == "unchanged"
    assert_promises(desk)


def test_both_invoices_of_a_deal_that_is_merged_are_ended_first(desk: Desk) -> None:
    desk.configure(stages=[CONFIRMED, WON], when={"deal_deleted": "void"})
    invoiced(desk, "Confirmed")
    desk.move("lost", "Closed Won")
    desk.sync()
    kept = merged(desk)
    desk.wait(minutes=20)
    for _ in range(2):
        report = desk.sync()
        assert (line_of(report, kept)["action"], report["counts"]["invoices_voided"]) == ("pending", 1)
    assert line_of(desk.sync(), kept)["action"] == "create"
    assert live(desk) == ["kept"]
    assert_promises(desk)


@pytest.mark.parametrize("kind", ["refuse_before", "drop_after"])
def test_an_unanswered_void_frees_nothing_until_xero_says_that_it_was_done(desk: Desk, kind: str) -> None:
    desk.configure(when={"deal_deleted": "void"})
    number = invoiced(desk)
    merged(desk)
    desk.wait(minutes=20)
    desk.fault(kind, method="POST", path="/api.xro/2.0/Invoices")
    desk.fault("status_503", method="GET", path="/api.xro/2.0/Invoices", skip=2, times=40)
    for _ in range(3):
        desk.sync(code=4)
        assert [invoice["InvoiceNumber"] for invoice in desk.invoices(closed=True)] == [number]
    desk.box.faults.clear()
    polled(desk, 4)
    assert live(desk) == ["kept"]
    assert [invoice["Status"] in CLOSED for invoice in desk.invoices(closed=True)].count(False) == 1
    assert_promises(desk)


# ---- by a person ----


@pytest.mark.parametrize("again", [True, False], ids=["retried", "left alone"])
def test_the_hint_of_a_document_that_is_invoiced_settles_it(desk: Desk, again: bool) -> None:
    number = invoiced(desk)
    kept = waits(desk)
    desk.box.xero.void(number)
    if again:
        # Before any poll of the invoices: only Xero knows of it.
        desk.run("resolve", kept, "--retry", code=0)
        assert line_of(desk.sync(code=None), kept)["action"] == "create"
    assert polled(desk, 4)["problems"] == []
    assert live(desk) == ["kept"]
    assert_promises(desk)


def test_a_retry_looks_at_the_invoice_once_and_the_deal_then_waits_without_calls(desk: Desk) -> None:
    invoiced(desk)
    kept = waits(desk)
    polled(desk)
    desk.configure(poll={"documents": 0, "customers": 0, "deleted": 0, "invoices": 60})
    desk.run("resolve", kept, "--retry", code=0)
    before = len(desk.box.calls)
    with desk.nothing_sent():
        report = desk.sync(code=3)
    assert line_of(report, kept)["action"] == "hold"
    asked = [f"{call.method} {call.path}" for call in list(desk.box.calls)[before:]]
    assert asked.count("GET /api.xro/2.0/Invoices") == 2, "the search for the deal's own, and the other deal's"
    for _ in range(3):
        idle(desk, code=3)
    (problem,) = [deal["problem"] for deal in desk.status()["waiting"] if deal["deal_id"] == kept]
    assert problem["path"] == desk.invoices()[0]["InvoiceID"]


def test_what_was_set_aside_stays_so_when_the_other_invoice_ends(desk: Desk) -> None:
    number = invoiced(desk)
    kept = waits(desk)
    desk.run("resolve", kept, "--skip", code=0)
    desk.box.xero.void(number)
    polled(desk, 4)
    assert desk.invoices() == []


def test_a_paid_invoice_keeps_its_document(desk: Desk) -> None:
    desk.configure(when={"deal_deleted": "void"})
    number = invoiced(desk)
    desk.box.xero.pay(number, "396.00")
    kept = waits(desk)
    with desk.nothing_sent():
        assert problem_codes(polled(desk, 4)) == ["deal_deleted", "document_invoiced"]
    desk.run("resolve", kept, "--retry", code=0)
    with desk.nothing_sent():
        assert line_of(desk.sync(code=3), kept)["action"] == "hold"


# ---- a ledger that is made again ----


def test_a_ledger_that_replaces_another_knows_which_document_was_billed(desk: Desk) -> None:
    """The merged deal is gone, and the mark of its invoice names no quote."""
    invoiced(desk)
    kept = waits(desk)
    desk.run("rebuild", "--replace", code=None)
    assert "document_invoiced" in problem_codes(polled(desk, 4))
    desk.edit("kept", Description="looked at")
    desk.sync(code=3)
    desk.sync("--deal", kept, code=3)
    assert live(desk) == ["lost"]
