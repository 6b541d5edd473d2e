"""The first use: history is never invoiced, and from then on a stage makes an invoice once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, actions, line_of, order, orders

HISTORY = 500
NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)


@pytest.mark.parametrize("begin", [["init", "--yes"], ["sync"]], ids=" ".join)
def test_the_whole_line(desk_of: OpenDesk, begin: list[str]) -> None:
    """Baseline, dry run, sync, sync, a stage move, sync: one invoice, which moves on."""
    desk = desk_of(order("old", "Closed Won", modified="2026-11-01T00:00:00Z"), order("roof"))
    with desk.nothing_sent():
        assert "1 deal is already in an invoiced stage" in desk.run(*begin, code=0).out
        assert actions(desk, desk.sync()) == {}

    roof = desk.move("roof", "Confirmed")
    with desk.nothing_sent():
        preview = desk.sync("--dry-run")
    assert actions(desk, preview) == {"roof": "create"}
    assert preview["deals"][0]["invoice"]["id"] is None

    made = desk.sync()
    assert actions(desk, made) == {"roof": "create"}
    draft = desk.invoice("roof")
    assert (draft["Status"], draft["Total"], draft["Reference"]) == ("DRAFT", Decimal("396.00"), "Order roof")
    assert draft["Url"].partition("#")[0].endswith(f"/{roof}")

    with desk.nothing_sent():
        assert desk.sync()["counts"]["seen"] == 0

    desk.move("roof", "Closed Won")
    moved = line_of(desk.sync(), roof)
    assert (moved["action"], moved["reason"]) == ("update", "moved on to Closed Won")
    assert moved["changes"] == [{"field": "Status", "before": "DRAFT", "after": "AUTHORISED"}]
    approved = desk.invoice("roof")
    assert approved["Status"] == "AUTHORISED"
    assert (approved["InvoiceID"], approved["InvoiceNumber"]) == (draft["InvoiceID"], draft["InvoiceNumber"])
    assert approved["Total"] == draft["Total"]

    with desk.nothing_sent():
        assert desk.sync()["counts"]["seen"] == 0
    assert len(desk.invoices(closed=True)) == 1
    assert_promises(desk)


def test_five_hundred_deals_of_history(desk_of: OpenDesk) -> None:
    """500 deals already won: none is invoiced, not even an edited one, until a person asks for a window of them."""
    hours = {number: NOW - timedelta(hours=number, minutes=30) for number in range(HISTORY)}
    desk = desk_of(*orders(HISTORY, "Closed Won", modified=lambda number: hours[number].strftime("%Y-%m-%dT%H:%M:%SZ")))

    with desk.nothing_sent():
        first = desk.sync()
        assert (first["mode"], first["baseline"]) == ("baseline", HISTORY)
        assert first["exit_code"] == 0
        assert desk.sync()["counts"]["invoices_created"] == 0
        edited = desk.edit("d400", Amount=Decimal("990.00"), Deal_Name="Order d400, renamed")
        line = line_of(desk.sync(), edited)
        assert (line["action"], line["invoice"]) == ("unchanged", None)
        assert desk.invoices() == []

    # 36 hours back from a few minutes past one o'clock: those modified half past 0 to 35 hours ago, and the edited one.
    wanted = {desk.deal(f"d{number}") for number in range(36)} | {edited}
    asked = desk.sync("--since", "36h")
    assert {deal["deal_id"] for deal in asked["deals"]} == wanted
    assert asked["counts"]["invoices_created"] == len(wanted)
    assert {invoice["Url"].partition("#")[0].rpartition("/")[2] for invoice in desk.invoices()} == wanted
    assert asked["checkpoint"]["before"] == asked["checkpoint"]["after"]

    with desk.nothing_sent():
        again = desk.sync("--since", "36h")
    assert set(actions(desk, again).values()) == {"unchanged"}
    assert len(desk.invoices(closed=True)) == len(wanted)
    assert_promises(desk)


def test_a_first_backfill_records_history_and_then_makes_what_was_asked_for(desk_of: OpenDesk) -> None:
    desk = desk_of(
        order("recent", "Closed Won", modified="2026-11-19T10:00:00Z"),
        order("ancient", "Closed Won", modified="2026-01-19T10:00:00Z"),
    )
    report = desk.sync("--since", "7d")
    assert actions(desk, report) == {"recent": "create"}
    assert [invoice["Reference"] for invoice in desk.invoices()] == ["Order recent"]
    baseline = {row["name"]: row["baseline"] for row in desk.rows("SELECT name, baseline FROM deal")}
    assert baseline == {"Order recent": 0, "Order ancient": 1}
    assert desk.status()["checkpoint"] is not None
    assert_promises(desk)


def test_a_dry_run_without_a_ledger_makes_none(desk_of: OpenDesk) -> None:
    desk = desk_of(order("a", "Closed Won"), order("b", "Confirmed"), order("c", "Proposal"))
    with desk.nothing_sent():
        report = desk.sync("--dry-run")
    assert (report["mode"], report["baseline"], report["deals"]) == ("dry_run", 2, [])
    assert not [path for path in desk.folder.iterdir() if path.name.startswith("ledger.db")]
    said = desk.run("sync", "--dry-run", code=0).out
    assert "2 deals" in said
    assert "would" in said

    backfill = desk.sync("--dry-run", "--since", "2w")
    assert actions(desk, backfill) == {"a": "create", "b": "create"}
    assert not desk.ledger.exists()


def test_the_first_sync_says_what_it_did(desk_of: OpenDesk) -> None:
    desk = desk_of(order("a", "Closed Won"), order("b", "Confirmed"))
    said = desk.run("sync", code=0)
    assert "2 deals" in said.out
    assert desk.invoices() == []
    assert_promises(desk)


def test_a_history_deal_that_leaves_and_comes_back_is_new(desk_of: OpenDesk) -> None:
    desk = desk_of(order("back", "Closed Won", modified="2026-11-01T00:00:00Z"))
    desk.sync()
    desk.move("back", "Proposal")
    with desk.nothing_sent():
        desk.sync()
    desk.move("back", "Closed Won")
    assert actions(desk, desk.sync()) == {"back": "create"}
    assert desk.invoice("back")["Status"] == "AUTHORISED"
    assert_promises(desk)


@pytest.mark.parametrize("step", ["Confirmed", "Closed Won"])
def test_a_history_deal_that_moves_between_invoiced_stages_stays_history(desk_of: OpenDesk, step: str) -> None:
    other = {"Confirmed": "Closed Won", "Closed Won": "Confirmed"}[step]
    desk = desk_of(order("still", other))
    desk.sync()
    desk.move("still", step)
    with desk.nothing_sent():
        desk.sync()
    assert_promises(desk)


def test_a_stage_added_later_has_its_own_history(desk_of: OpenDesk) -> None:
    desk = desk_of(order("won", "Closed Won"), order("early", "Proposal"), order("next", "Qualification"))
    desk.sync()
    desk.configure(stages=[{"stage": "Proposal", "invoice": "draft"}, *desk.settings["stages"]])
    with desk.nothing_sent():
        report = desk.sync()
    assert report["baseline"] == 1
    desk.edit("early", Amount=Decimal("1.00"))
    with desk.nothing_sent():
        desk.sync()
    desk.move("next", "Proposal")
    assert actions(desk, desk.sync()) == {"next": "create"}
    assert_promises(desk)


def test_a_deal_that_enters_while_the_first_run_reads_is_not_lost(desk: Desk) -> None:
    """What is modified in the very second of the checkpoint is read by the next run."""
    reached = desk.status()["checkpoint"]
    desk.add(order("edge", "Closed Won", modified=reached))
    assert actions(desk, desk.sync()) == {"edge": "create"}
    assert_promises(desk)
