"""What a second pair of fresh eyes broke, each as the shortest story that shows it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, actions, order, priced, problem_codes

VOID = {"leaves_stages": "void"}
ONE_PIPELINE = [{"stage": "Closed Won", "pipeline": "Standard", "invoice": "authorised"}]


def test_a_stage_renamed_in_zoho_voids_no_invoice(desk: Desk) -> None:
    desk.configure(when=VOID)
    desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.box.zoho.rename_stage("Closed Won", "Won")
    desk.edit("job", Next_Step="call them")
    with desk.nothing_sent():
        report = desk.sync(code=3)
    assert problem_codes(report) == ["left_stages"] and "'Closed Won'" in report["problems"][0]["message"]
    desk.configure(stages=[{"stage": "Confirmed", "invoice": "draft"}, {"stage": "Won", "invoice": "authorised"}])
    assert actions(desk, desk.sync()) == {"job": "unchanged"}
    assert_promises(desk)
    # A deal that did leave has its invoice voided as before.
    desk.move("job", "Proposal")
    assert actions(desk, desk.sync()) == {"job": "void"}


RULES: Mapping[str, tuple[list[Record], int]] = {
    "stage": ([{"stage": "Confirmed", "invoice": "draft"}], 0),
    "pipeline": ([{"stage": "Closed Won", "pipeline": "Standart", "invoice": "authorised"}], 3),
}


@pytest.mark.parametrize("forgotten", RULES)
def test_a_rule_that_is_taken_away_voids_no_invoice(desk: Desk, forgotten: str) -> None:
    desk.configure(when=VOID, stages=ONE_PIPELINE)
    desk.sync()
    desk.add(order("job", "Closed Won"))
    desk.sync()
    stages, code = RULES[forgotten]
    desk.configure(stages=stages)
    desk.edit("job", Next_Step="call them")
    with desk.nothing_sent():
        desk.sync(code=code)
        desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 4, "120.00")])
        desk.wait(hours=1)
        desk.sync(code=code)
    # Where it goes from there is leaving.
    desk.move("job", "Proposal")
    assert actions(desk, desk.sync()) == {"job": "void"}


def test_a_reconcile_between_a_new_rule_and_its_baseline_invoices_no_history(desk_of: OpenDesk) -> None:
    desk = desk_of(order("history", "Confirmed"))
    closed = {"stage": "Closed Won", "invoice": "authorised"}
    desk.configure(stages=[closed])
    desk.sync()
    desk.configure(stages=[{"stage": "Confirmed", "invoice": "draft"}, closed])
    desk.run("reconcile", "--fix", code=0)
    with desk.nothing_sent():
        desk.sync()
    assert_promises(desk)


@pytest.mark.parametrize("case", ["no invoice", "a day that began before UTC's", "an invoice dated long after"])
def test_a_deal_that_waited_is_listed_by_a_rebuild(desk_of: OpenDesk, case: str) -> None:
    desk = desk_of()
    if case == "an invoice dated long after":
        desk.configure(invoice={"date": "closing_date"})
    if case == "a day that began before UTC's":
        desk.wait(hours=21)
    desk.sync()
    waits = desk.add(order("waits", "Closed Won", account=None, Closing_Date="2026-12-15"))
    if case != "no invoice":
        desk.add(order("job", "Closed Won", Closing_Date="2026-12-15"))
    desk.sync(code=3)
    desk.ledger.unlink()
    assert f"sync --deal {waits}" in desk.run("rebuild", "--dry-run", code=0).out
    made = desk.run("rebuild", "--json", code=0).json
    assert [deal["deal_id"] for deal in made["may_have_waited"]] == [waits]


def test_an_adopted_draft_is_not_approved_once_the_deal_comes_to_something_else(desk: Desk) -> None:
    job = desk.add(order("job", "Confirmed", account=None))
    desk.sync(code=3)
    line = {"Description": "By hand", "Quantity": "3", "UnitAmount": "120", "AccountCode": "200", "TaxType": "OUTPUT"}
    head = {"Contact": {"Name": "Alpine Joinery Pty Ltd"}, "DueDate": "2026-12-04", "LineAmountTypes": "Exclusive"}
    made = desk.box.xero.write_invoice(head | {"LineItems": [line]})
    desk.run("resolve", job, "--adopt", str(made["InvoiceID"]), "--yes", code=0)
    desk.edit("job", Account_Name="alpine")
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 4, "120.00")])
    desk.move("job", "Closed Won")
    report = desk.sync(code=3)
    assert problem_codes(report) == ["xero_total_differs"]
    assert desk.box.xero.invoice(str(made["InvoiceID"]))["Status"] == "DRAFT"
    # The two are made to agree, and it moves on.
    desk.box.xero.edit_invoice(str(made["InvoiceID"]), {"LineItems": [line | {"Quantity": "4"}]})
    desk.run("resolve", job, "--retry", code=0)
    desk.sync()
    assert desk.box.xero.invoice(str(made["InvoiceID"]))["Status"] == "AUTHORISED"
