"""A stage that asks for customers only and is invoiced later: what is in it by then did not enter it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, actions, line_of, order, problem_codes, world

ONLY: Record = {"stage": "Confirmed", "invoice": "none"}
CONFIRMED: Record = {"stage": "Confirmed", "invoice": "draft"}
WON: Record = {"stage": "Closed Won", "invoice": "authorised"}
SHARE: Record = {"stage": "Confirmed", "invoice": "authorised", "share": "30%"}
PIPELINES = {"Standard": ["Proposal", "Confirmed", "Closed Won"], "Retail": ["Proposal", "Closed Won"]}


def won_in(pipeline: str, invoice: str = "authorised") -> Record:
    """The rule for deals of one pipeline."""
    return {"stage": "Closed Won", "invoice": invoice, "pipeline": pipeline}


def only_customers(desk: Desk, *keys: str) -> list[str]:
    """These deals in Confirmed, carried over as customers; their ids."""
    desk.configure(stages=[ONLY, WON])
    ids = [desk.add(order(key, "Confirmed")) for key in keys]
    assert set(actions(desk, desk.sync()).values()) == {"contact_only"}
    return ids


# ---- a touch is not an entry ----


def test_what_entered_for_its_customer_only_is_not_invoiced_by_a_touch(desk: Desk) -> None:
    """The careful way to begin: customers first, invoices once they look right."""
    old, _ = only_customers(desk, "old", "won")
    desk.configure(stages=[CONFIRMED, WON])
    with desk.nothing_sent():
        desk.edit("old", Next_Step="Call on Monday")
        preview, report = desk.sync("--dry-run"), desk.sync()
        assert preview["notes"] == report["notes"]
        assert report["notes"][0].startswith("2 deals are in Confirmed since the rule asked for the customer only")
        assert f"Order old ({old})" in report["notes"][0]
        assert line_of(preview, old)["reason"] == line_of(report, old)["reason"]
        assert (line_of(report, old)["action"], report["problems"]) == ("unchanged", [])
        assert f"sync --deal {old}" in line_of(report, old)["reason"]
        desk.edit("old", Next_Step="Call on Tuesday")
        again = desk.sync()
        assert (line_of(again, old)["action"], again["notes"]) == ("unchanged", [])
        shown = json.loads(desk.run("show", old, "--json", code=0).out)
        assert shown["note"].startswith("A run by itself leaves it alone: it entered Confirmed")
        assert "asked for the customer only" in desk.run("reconcile", "--since", "7d", "--json", code=0).out
    desk.move("won", "Closed Won")
    desk.add(order("new", "Confirmed"))
    assert actions(desk, desk.sync()) == {"won": "create", "new": "create"}
    assert line_of(desk.sync("--deal", old), old)["action"] == "create"
    assert json.loads(desk.run("show", old, "--json", code=0).out)["note"] is None
    assert_promises(desk)


def test_what_is_left_alone_is_told_by_cron_once(desk: Desk) -> None:
    only_customers(desk, "old")
    desk.configure(stages=[CONFIRMED, WON])
    assert "note  1 deal is in Confirmed since" in desk.run("sync", code=0).out
    desk.configure(limits={"invoices_per_run": 50})
    assert desk.run("sync", code=0).out == ""


def test_history_deleted_deals_and_invoices_that_wait_are_not_told_as_left_alone(desk_of: OpenDesk) -> None:
    desk = desk_of(order("hist", "Confirmed"))
    desk.sync()
    job = desk.add(order("job", "Confirmed"))
    desk.sync()
    desk.configure(stages=[ONLY, WON])
    gone = desk.add(order("gone", "Confirmed"))
    for key in ("hist", "job"):
        desk.edit(key, Next_Step="Call on Monday")
    desk.sync()
    desk.box.xero.delete(str(desk.invoice("job")["InvoiceID"]))
    desk.box.zoho.delete("Deals", gone)
    for _ in range(4):
        desk.wait(minutes=20)
        desk.sync(code=None)
    desk.configure(stages=[CONFIRMED, WON])
    assert json.loads(desk.run("show", job, "--json", code=0).out)["note"] is None
    assert desk.sync(code=None)["notes"] == []


def test_what_an_outage_leaves_alone_is_told_when_it_is_over(desk: Desk) -> None:
    desk.configure(stages=[ONLY, WON])
    desk.add(order("a", "Confirmed"))
    desk.fault("rate_day", path="/Contacts$", seconds=6 * 3600)
    desk.sync(code=4)
    desk.wait(hours=1)
    desk.configure(stages=[CONFIRMED, WON])
    assert desk.sync(code=None)["notes"] == []
    desk.wait(hours=7)
    desk.box.faults.clear()
    assert desk.sync()["notes"][0].startswith("1 deal is in Confirmed")
    assert desk.sync()["notes"] == []
    assert_promises(desk)


def test_rules_that_go_back_and_forth(desk: Desk) -> None:
    (old,) = only_customers(desk, "old")
    for number, rule in enumerate((CONFIRMED, ONLY, CONFIRMED)):
        desk.configure(stages=[rule, WON])
        desk.edit("old", Next_Step=f"Call {number}")
        report = desk.sync()
        assert line_of(report, old)["action"] == "unchanged"
    assert not desk.invoices("old", closed=True)
    assert_promises(desk)


def test_a_ledger_made_again_knows_whose_customer_only_was_wanted(desk: Desk) -> None:
    (old,) = only_customers(desk, "old")
    desk.run("rebuild", "--replace", code=0)
    desk.configure(stages=[CONFIRMED, WON])
    desk.edit("old", Next_Step="Call on Monday")
    with desk.nothing_sent():
        assert line_of(desk.sync(), old)["action"] == "unchanged"
    desk.move("old", "Closed Won")
    assert line_of(desk.sync(), old)["action"] == "create"
    assert_promises(desk)


# ---- what is pending, held or asked for when the rule changes ----


def test_what_was_pending_for_an_invoice_becomes_one_of_a_customer_only(desk: Desk) -> None:
    for key in "ab":
        desk.add(order(key, "Confirmed"))
        desk.wait(seconds=1)
    assert desk.sync("--limit", "1")["counts"]["pending"] == 1
    desk.configure(stages=[ONLY, WON])
    desk.sync()
    desk.configure(stages=[CONFIRMED, WON])
    assert desk.sync()["notes"][0].startswith("1 deal is in Confirmed")
    desk.edit("b", Next_Step="Call on Monday")
    with desk.nothing_sent():
        assert actions(desk, desk.sync()) == {"b": "unchanged"}
    assert_promises(desk)


@pytest.mark.parametrize("asked", [(), ("--since", "30d"), ("--deal",)])
def test_what_an_outage_left_pending_is_not_billed_by_another_rule(desk_of: OpenDesk, asked: tuple[str, ...]) -> None:
    """Contract, section 5: history is not invoiced unless somebody asked for invoices of it."""
    desk = desk_of(order("hist", "Confirmed"))
    desk.configure(stages=[ONLY, WON])
    desk.sync()
    deal = desk.deal("hist")
    if not asked:
        deal = desk.add(order("new", "Confirmed"))
    desk.wait(days=1)
    desk.fault("status_503", service="xero", method="PUT", path="/Contacts$", times=90)
    desk.sync(*(*asked, deal) if asked == ("--deal",) else asked, code=4)
    desk.box.faults.clear()
    desk.configure(stages=[CONFIRMED, WON])
    desk.wait(minutes=30)
    report = desk.sync()
    assert line_of(report, deal)["action"] == "unchanged"
    assert report["counts"]["invoices_created"] == 0
    assert line_of(desk.sync("--deal", deal), deal)["action"] == "create"
    assert_promises(desk)


def held_for_its_customer(desk: Desk) -> str:
    """A deal that waits for its customer since only that was wanted, in a stage that is billed by now; its id."""
    desk.configure(stages=[ONLY, WON])
    held = desk.add(order("held", "Confirmed", account=None))
    desk.sync(code=3)
    desk.configure(stages=[CONFIRMED, WON])
    return held


def test_what_waited_for_a_person_is_invoiced_once_it_is_right(desk: Desk) -> None:
    held = held_for_its_customer(desk)
    assert problem_codes(desk.sync(code=3)) == ["customer_missing"]
    desk.edit("held", Account_Name="alpine")
    assert line_of(desk.sync(), held)["action"] == "create"
    assert_promises(desk)


def test_a_person_who_says_retry_under_the_new_rule_asks_for_an_invoice(desk: Desk) -> None:
    held = held_for_its_customer(desk)
    desk.edit("held", Account_Name="alpine")
    desk.run("resolve", held, "--retry", code=0)
    assert line_of(desk.sync(), held)["action"] == "create"
    assert_promises(desk)


# ---- invoices from before ----


def test_an_invoice_follows_into_a_stage_of_customers_only_that_is_invoiced_later(desk: Desk) -> None:
    ready: Record = {"stage": "Qualification", "invoice": "none"}
    desk.configure(stages=[CONFIRMED, ready])
    job = desk.add(order("job", "Confirmed"))
    desk.sync()
    desk.move("job", "Qualification")
    desk.sync()
    desk.configure(stages=[CONFIRMED, {**ready, "invoice": "authorised"}])
    desk.edit("job", Next_Step="Call on Monday")
    assert line_of(desk.sync(), job)["action"] == "update"
    assert desk.invoice("job")["Status"] == "AUTHORISED"
    assert_promises(desk)


@pytest.mark.parametrize("touched", [False, True])
def test_an_invoice_that_a_person_ended_meanwhile_waits_for_a_person(desk: Desk, touched: bool) -> None:
    job = desk.add(order("job", "Confirmed"))
    desk.sync()
    desk.configure(stages=[ONLY, WON])
    desk.edit("job", Next_Step="Call on Monday")
    desk.sync()
    desk.box.xero.delete(str(desk.invoice("job")["InvoiceID"]))
    desk.wait(minutes=20)
    if touched:
        desk.sync(code=None)
    desk.configure(stages=[CONFIRMED, WON])
    desk.edit("job", Next_Step="Call on Tuesday")
    for _ in range(4):
        preview, report = desk.sync("--dry-run", code=None), desk.sync(code=None)
        assert problem_codes(preview) == problem_codes(report)
        desk.wait(minutes=7)
    assert [row["problem_code"] for row in desk.rows("SELECT * FROM deal") if row["deal_id"] == job] == ["invoice_gone"]
    assert not desk.invoices("job")
    assert_promises(desk)


def test_a_remainder_is_another_invoice_and_waits_for_the_deal_to_enter(desk: Desk) -> None:
    stages: list[Record] = [SHARE, {"stage": "Closed Won", "invoice": "none"}]
    last: Record = {"stage": "Qualification", "invoice": "authorised", "share": "remainder"}
    desk.configure(stages=[*stages, last])
    job = desk.add(order("job", "Confirmed"))
    desk.sync()
    desk.move("job", "Closed Won")
    desk.sync()
    desk.configure(stages=[SHARE, {**last, "stage": ["Closed Won", "Qualification"]}])
    desk.edit("job", Next_Step="Call on Monday")
    with desk.nothing_sent():
        assert line_of(desk.sync(), job)["action"] == "unchanged"
        desk.wait(minutes=30)
        desk.sync()
    desk.move("job", "Qualification")
    assert line_of(desk.sync(), job)["action"] == "create"
    assert sum(Decimal(str(row["Total"])) for row in desk.invoices("job")) == Decimal("396.00")
    assert_promises(desk)


# ---- pipelines ----


def test_a_deal_that_comes_from_a_pipeline_of_customers_only_enters(desk_of: OpenDesk) -> None:
    desk = desk_of(on=world(pipelines=PIPELINES))
    desk.configure(stages=[won_in("Standard"), won_in("Retail", "none")])
    desk.sync()
    job, stays = (desk.add(order(key, "Closed Won", Pipeline="Retail")) for key in ("job", "stays"))
    assert set(actions(desk, desk.sync()).values()) == {"contact_only"}
    desk.configure(stages=[won_in("Standard"), won_in("Retail")])
    desk.edit("job", Pipeline="Standard")
    desk.edit("stays", Next_Step="Call on Monday")
    report = desk.sync()
    assert (line_of(report, job)["action"], line_of(report, stays)["action"]) == ("create", "unchanged")
    assert_promises(desk)


def test_a_deal_without_a_pipeline_enters_one(desk_of: OpenDesk) -> None:
    desk = desk_of(on=world(pipelines=PIPELINES))
    desk.configure(stages=[won_in("Standard"), {**WON, "invoice": "none"}])
    desk.sync()
    job = desk.add(order("job", "Closed Won", Pipeline=None))
    desk.sync()
    desk.edit("job", Pipeline="Standard")
    assert line_of(desk.sync(), job)["action"] == "create"
    assert_promises(desk)


def test_the_last_pipeline_taken_out_of_the_rules_invoices_nobody(desk_of: OpenDesk) -> None:
    desk = desk_of(on=world(pipelines=PIPELINES))
    desk.configure(stages=[won_in("Retail", "none"), WON])
    desk.sync()
    job = desk.add(order("job", "Closed Won", Pipeline="Retail"))
    desk.sync()
    desk.configure(stages=[WON])
    with desk.nothing_sent():
        desk.sync()
        desk.edit("job", Next_Step="Call on Monday")
        assert line_of(desk.sync(), job)["action"] == "unchanged"
        desk.run("reconcile", "--since", "7d", code=0)
    assert_promises(desk)
