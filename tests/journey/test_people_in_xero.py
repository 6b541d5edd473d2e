"""What people do to invoices in Xero is seen in one call, told once, shown with both values and never written over."""

from __future__ import annotations

from decimal import Decimal

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, line_of, order, problem_codes


def invoiced(desk: Desk, key: str = "job", stage: str = "Closed Won") -> tuple[str, str]:
    """A deal that has just been invoiced; its id and its invoice's. Of the polls only the invoices' is on."""
    desk.configure(poll={"documents": 0, "customers": 0, "deleted": 0})
    deal = desk.add(order(key, stage))
    assert line_of(desk.sync(), deal)["action"] == "create"
    return deal, str(desk.invoice(key)["InvoiceID"])


def later(desk: Desk, *, code: int = 0) -> Record:
    """A sync after the polls' pace has passed."""
    desk.wait(minutes=16)
    return desk.sync(code=code)


def told(desk: Desk, deal: str) -> dict[str, Record]:
    """The history of a deal: the details of its events by kind; each kind at most once."""
    events = desk.run("show", deal, "--json", code=0).json["events"]
    kinds = [event["kind"] for event in events]
    assert len(kinds) == len(set(kinds)), kinds
    return {event["kind"]: event["detail"] for event in events}


def xero_calls(desk: Desk) -> int:
    return desk.box.calls.api_calls("xero")


def test_payments_are_seen_by_one_call_of_the_poll(desk: Desk) -> None:
    deal, invoice = invoiced(desk)
    desk.box.xero.pay(invoice, "96.00")
    before = xero_calls(desk)
    with desk.nothing_sent():
        later(desk)
    assert xero_calls(desk) - before == 1
    assert told(desk, deal)["invoice_part_paid"] == {
        "number": desk.invoice("job")["InvoiceNumber"],
        "paid": "96.00 paid",
        "due": "300.00 due",
    }
    desk.box.xero.pay(invoice, "300.00")
    with desk.nothing_sent():
        later(desk)
    assert told(desk, deal)["invoice_paid"]["paid_on"] == desk.box.clock.now().date().isoformat()
    assert desk.rows("SELECT status, due, live FROM invoice_link") == [{"status": "PAID", "due": "0.00", "live": 1}]
    assert_promises(desk)


def test_what_was_paid_between_a_backfill_and_the_first_ordinary_run_is_seen(desk_of: OpenDesk) -> None:
    desk = desk_of(order("job", "Closed Won"))
    desk.sync()
    desk.sync("--since", "30d")
    desk.box.xero.pay(str(desk.invoice("job")["InvoiceID"]), "96.00")
    desk.wait(days=2)
    for _ in range(3):
        later(desk)
    assert told(desk, desk.deal("job"))["invoice_part_paid"]["due"] == "300.00 due"
    assert_promises(desk)


@pytest.mark.slow
def test_a_payment_taken_back_is_seen(desk: Desk) -> None:
    deal, invoice = invoiced(desk)
    desk.box.xero.pay(invoice, "396.00")
    later(desk)
    desk.box.xero.unpay(invoice)
    later(desk)
    assert told(desk, deal)["invoice_status_in_xero"]["status"] == "PAID → AUTHORISED"
    assert desk.rows("SELECT status, due, paid_on FROM invoice_link") == [
        {"status": "AUTHORISED", "due": "396.00", "paid_on": None}
    ]


def test_an_invoice_ended_in_xero_holds_its_deal_once(desk: Desk) -> None:
    deal, invoice = invoiced(desk)
    desk.box.xero.void(invoice)
    with desk.nothing_sent():
        report = later(desk, code=3)
    assert problem_codes(report) == ["invoice_gone"]
    assert told(desk, deal)["invoice_voided_in_xero"]["status"] == "VOIDED"
    with desk.nothing_sent():
        later(desk, code=3)
    told(desk, deal)
    assert len(desk.invoices("job", closed=True)) == 1
    desk.run("resolve", deal, "--skip", code=0)
    later(desk)
    assert_promises(desk)


def test_edits_are_drift_with_both_values_and_stay(desk: Desk) -> None:
    deal, invoice = invoiced(desk, stage="Confirmed")
    desk.box.xero.edit_invoice(invoice, {"Reference": "Their own words"})
    with desk.nothing_sent():
        later(desk)
        later(desk)
    assert told(desk, deal)["invoice_edited_in_xero"]["Reference"] == "Order job → Their own words"
    shown = desk.run("show", deal, "--json", code=0).json
    assert shown["drift"] == [{"field": "Reference", "before": "Order job", "after": "Their own words"}]
    assert "Order job → Their own words" in desk.run("show", deal, code=0).out
    assert desk.invoice("job")["Reference"] == "Their own words"
    assert_promises(desk)


@pytest.mark.slow
def test_a_number_changed_in_xero_is_followed(desk: Desk) -> None:
    deal, invoice = invoiced(desk)
    number = desk.invoice("job")["InvoiceNumber"]
    desk.box.xero.rename(invoice, "A-2026-77")
    later(desk)
    assert told(desk, deal)["invoice_renumbered_in_xero"] == {"number": f"{number} → A-2026-77"}
    assert desk.run("show", deal, "--json", code=0).json["invoice"]["number"] == "A-2026-77"


@pytest.mark.slow
def test_a_held_deal_goes_on_by_itself_once_xero_agrees(desk: Desk) -> None:
    deal, invoice = invoiced(desk)
    desk.box.zoho.replace_lines("Quotes", "q_job", [
        {"product": "hours", "Quantity": Decimal(4), "List_Price": Decimal("120.00"), "taxes": ["GST"]}
    ])  # fmt: skip
    desk.edit("job", Amount=Decimal("528.00"))
    assert problem_codes(desk.sync(code=3)) == ["changed_after_approval"]
    (line,) = desk.invoice("job")["LineItems"]
    desk.box.xero.edit_invoice(
        invoice, {"LineItems": [{**line, "Quantity": "4", "LineAmount": "480.00", "TaxAmount": "48.00"}]}
    )
    with desk.nothing_sent():
        later(desk)
    assert desk.status()["waiting"] == []
    assert desk.invoice("job")["Total"] == Decimal("528.00")
    assert "invoice_edited_in_xero" in told(desk, deal)


@pytest.mark.slow
def test_a_dry_run_sees_it_and_remembers_nothing(desk: Desk) -> None:
    _, invoice = invoiced(desk)
    desk.box.xero.void(invoice)
    desk.wait(minutes=16)
    before = desk.rows("SELECT * FROM event")
    report = desk.sync("--dry-run", code=3)
    assert problem_codes(report) == ["invoice_gone"]
    assert desk.rows("SELECT * FROM event") == before
    assert problem_codes(desk.sync(code=3)) == ["invoice_gone"]
