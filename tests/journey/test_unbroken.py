"""What once broke: doubles after old backups, other organisations, wrong clocks, stale reads, totals that differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, line_of, order, problem_codes


def live(desk: Desk) -> list[str]:
    """The numbers of the sales invoices that are neither voided nor deleted."""
    return [str(row["InvoiceNumber"]) for row in desk.invoices() if row["Status"] not in ("VOIDED", "DELETED")]


def test_a_backup_restored_days_ago_makes_no_double_when_the_deal_comes_back(desk: Desk) -> None:
    backup = desk.ledger.read_bytes()
    desk.add(order("job", "Confirmed"))
    desk.sync()
    desk.move("job", "Proposal")
    desk.sync(code=3)
    desk.ledger.write_bytes(backup)
    for _ in range(3):
        desk.wait(days=2)
        desk.sync()
    desk.move("job", "Confirmed")
    report = desk.sync()
    assert [deal["action"] for deal in report["deals"]] == ["adopt"]
    assert len(live(desk)) == 1
    assert_promises(desk)


def test_a_login_of_another_organisation_is_refused_every_time(desk: Desk, desk_of: OpenDesk) -> None:
    other = desk_of(order("theirs", "Closed Won"))
    other.box.zoho.org = type(other.box.zoho.org)(
        **{**{name: getattr(desk.box.zoho.org, name) for name in _fields(desk)}, "id": "5725767000000009999"}
    )
    zoho = {"data_center": "au", "accounts_url": other.box.zoho_url, "api_url": other.box.zoho_url}
    desk.configure(zoho=zoho)
    other.move("theirs", "Confirmed")
    other.move("theirs", "Closed Won")
    for _ in range(3):
        other.box.clock.advance(60)
        desk.box.clock.advance(60)
        with desk.nothing_sent():
            report = desk.sync(code=13)
        assert problem_codes(report) == ["ledger_unusable"]
    assert live(desk) == []


def _fields(desk: Desk) -> tuple[str, ...]:
    return tuple(type(desk.box.zoho.org).__dataclass_fields__)


def test_a_clock_put_back_after_a_lost_answer_makes_no_double(desk: Desk) -> None:
    desk.add(order("job", "Closed Won"))
    desk.skew = timedelta(hours=1)
    for kind in ("drop_after", "status_503", "status_503"):
        desk.fault(kind, service="xero", method="PUT", path="/Invoices$")
    for _ in range(2):
        desk.fault("status_503", service="xero", method="GET", path="/Invoices$", times=60)
    desk.sync(code=4)
    desk.box.faults.clear()
    desk.skew = timedelta(0)
    desk.wait(minutes=61)
    desk.sync()
    assert len(live(desk)) == 1
    assert_promises(desk)


def test_a_pending_deal_that_zoho_no_longer_shows_is_not_invoiced(desk: Desk) -> None:
    first, second = desk.add(order("first", "Closed Won")), desk.add(order("second", "Closed Won"))
    desk.sync("--limit", "1")
    left = second if len([row for row in desk.invoices() if first in str(row["Url"])]) else first
    desk.box.zoho.delete("Deals", left)
    report = desk.sync()
    assert problem_codes(report) == [] and line_of(report, left)["action"] == "skip"
    assert len(live(desk)) == 1


def test_a_field_that_a_new_template_names_is_read_for_deals_that_waited(desk_of: OpenDesk) -> None:
    desk = desk_of(order("one"), order("two"))
    desk.sync()
    for key in ("one", "two"):
        desk.edit(key, Next_Step=f"step {key}", Stage="Closed Won")
    desk.sync("--limit", "1")
    done = str(desk.invoices()[0]["Url"])
    for _ in range(2):
        desk.wait(minutes=10)
        desk.sync("--limit", "0")
    desk.configure(invoice={"reference": "{Next_Step}"})
    desk.sync()
    (late,) = [row for row in desk.invoices() if row["Url"] != done]
    assert late["Reference"] in ("step one", "step two")
    assert_promises(desk)


def test_a_total_that_xero_made_different_is_held_and_stays_held_until_it_agrees(desk: Desk) -> None:
    desk.add(order("warm", "Closed Won"))
    desk.sync()
    job = desk.add(order("job", "Closed Won"))
    rates = desk.box.xero.books.settings.tax_rates
    before = rates["OUTPUT"]
    rates["OUTPUT"] = replace(before, rate=before.rate + 5)
    report = desk.sync(code=3)
    assert problem_codes(report) == ["xero_total_differs"] and line_of(report, job)["action"] == "hold"
    rates["OUTPUT"] = before
    desk.run("resolve", job, "--retry", code=0)
    assert problem_codes(desk.sync(code=3)) == ["xero_total_differs"]
    number = str(desk.invoice("job")["InvoiceNumber"])
    keep = ("LineItemID", "Description", "Quantity", "UnitAmount", "AccountCode", "TaxType", "DiscountAmount")
    lines = desk.invoice("job")["LineItems"]
    desk.box.xero.edit_invoice(number, {"LineItems": [{k: line[k] for k in keep if line.get(k)} for line in lines]})
    desk.run("resolve", job, "--retry", code=0)
    assert [deal["action"] for deal in desk.sync()["deals"]] == ["unchanged"]
    assert_promises(desk)


@pytest.mark.parametrize("stage", ["Confirmed", "Closed Won"])
def test_a_person_who_made_both_sides_agree_settles_the_hold(desk: Desk, stage: str) -> None:
    job = desk.add(order("job", stage))
    desk.sync()
    number = str(desk.invoice("job")["InvoiceNumber"])
    lines = desk.invoice("job")["LineItems"]
    changed = [{**line, "Quantity": 7} for line in lines[:1]] + lines[1:]
    keep = ("LineItemID", "Description", "Quantity", "UnitAmount", "AccountCode", "TaxType", "DiscountAmount")
    edited = [{k: line[k] for k in keep if k in line and line[k] not in (None, 0)} for line in changed]
    rows = desk.box.zoho.find("Quotes", "q_job")["Quoted_Items"]
    desk.box.zoho.replace_lines(
        "Quotes",
        "q_job",
        [
            {
                "product": row["Product_Name"]["id"],
                "Quantity": 7 if place == 0 else row["Quantity"],
                "List_Price": row["List_Price"],
                "Discount": row["Discount"],
                "taxes": [tax["name"] for tax in row["Line_Tax"]],
                "Description": row["Description"],
            }
            for place, row in enumerate(rows)
        ],
    )
    desk.box.xero.edit_invoice(number, {"LineItems": edited})
    desk.edit("job", Next_Step="quote revised")
    assert [deal["action"] for deal in desk.sync()["deals"]] == ["unchanged"]
    desk.edit("job", Next_Step="nothing else")
    assert [deal["action"] for deal in desk.sync()["deals"]] == ["unchanged"]
    assert job
    assert_promises(desk)


def test_what_a_limited_backfill_left_does_not_stop_todays_invoices(desk_of: OpenDesk) -> None:
    desk = desk_of(*[order(f"old{number}", "Closed Won") for number in range(8)])
    desk.configure(limits={"invoices_per_run": 3})
    desk.sync()
    desk.sync("--since", "2020-01-01", "--limit", "1")
    desk.add(order("today", "Closed Won"))
    report = desk.sync()
    assert line_of(report, desk.deal("today"))["action"] == "create"
    assert report["counts"]["invoices_created"] == 3
    for _ in range(3):
        desk.wait(minutes=1)
        desk.sync()
    assert len(live(desk)) == 9
    assert_promises(desk)


def test_an_edited_invoice_is_not_voided_when_its_deal_leaves(desk: Desk) -> None:
    desk.configure(when={"leaves_stages": "void"})
    desk.add(order("job", "Confirmed"))
    desk.sync()
    desk.box.xero.edit_invoice(str(desk.invoice("job")["InvoiceNumber"]), {"Reference": "my own words"})
    desk.move("job", "Proposal")
    assert problem_codes(desk.sync(code=3)) == ["left_stages"]
    assert desk.invoice("job")["Status"] == "DRAFT"


def test_the_invoice_date_is_not_this_machines(desk: Desk) -> None:
    desk.skew = timedelta(days=1)
    desk.add(order("job", "Closed Won"))
    desk.sync()
    assert str(desk.invoice("job")["DateString"]).startswith("2026-11-20")
