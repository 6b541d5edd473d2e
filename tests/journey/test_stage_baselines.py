"""Stages and pipelines that come and go in the configuration: what is history then, and what is news."""

from __future__ import annotations

from decimal import Decimal

from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, actions, line_of, order, world

CONFIRMED: Record = {"stage": "Confirmed", "invoice": "draft"}
WON: Record = {"stage": "Closed Won", "invoice": "authorised"}
PIPELINES = {"Standard": ["Proposal", "Confirmed", "Closed Won"], "Retail": ["Proposal", "Closed Won"]}


def won_in(pipeline: str) -> Record:
    """The rule for deals of one pipeline only."""
    return {**WON, "pipeline": pipeline}


def history(desk: Desk) -> set[str]:
    """The deals that the ledger holds as history, without the word "Order"."""
    return {row["name"].removeprefix("Order ") for row in desk.rows("SELECT name FROM deal WHERE baseline = 1")}


# ---- pipelines ----


def test_a_rule_that_is_split_by_pipeline_loses_no_deal(desk_of: OpenDesk) -> None:
    desk = desk_of(on=world(pipelines=PIPELINES))
    desk.sync()
    desk.add(order("a", "Closed Won", Pipeline="Standard"))
    desk.add(order("b", "Closed Won", Pipeline="Retail"))
    desk.wait(days=2)
    desk.configure(stages=[CONFIRMED, won_in("Standard"), won_in("Retail")])
    report = desk.sync()
    assert (report["baseline"], actions(desk, report)) == (None, {"a": "create", "b": "create"})
    assert_promises(desk)


def test_a_pipeline_added_to_a_stage_has_its_own_history_and_leaves_the_others_alone(desk_of: OpenDesk) -> None:
    desk = desk_of(on=world(pipelines=PIPELINES))
    desk.configure(stages=[CONFIRMED, won_in("Standard")])
    desk.sync()
    desk.add(order("news", "Closed Won", Pipeline="Standard"))
    desk.add(order("old", "Closed Won", Pipeline="Retail"))
    desk.configure(stages=[CONFIRMED, won_in("Standard"), won_in("Retail")])
    with desk.nothing_sent():
        preview = desk.sync("--dry-run")
    assert preview["baseline"] == 1
    report = desk.sync()
    assert report["baseline"] == 1
    assert history(desk) == {"old"}
    assert actions(desk, preview) == actions(desk, report) == {"news": "create", "old": "unchanged"}
    assert_promises(desk)


def test_a_rule_for_the_other_pipelines_keeps_the_news_of_the_first(desk_of: OpenDesk) -> None:
    desk = desk_of(on=world(pipelines=PIPELINES))
    desk.configure(stages=[won_in("Standard")])
    desk.sync()
    desk.add(order("news", "Closed Won", Pipeline="Standard"))
    desk.add(order("old", "Closed Won", Pipeline="Retail"))
    desk.configure(stages=[won_in("Standard"), WON])
    assert actions(desk, desk.sync()) == {"news": "create", "old": "unchanged"}
    assert history(desk) == {"old"}
    assert_promises(desk)


# ---- stages that go and come back ----


def test_a_stage_that_is_taken_out_and_put_back_has_a_new_history(desk: Desk) -> None:
    desk.configure(stages=[CONFIRMED])
    assert desk.sync()["baseline"] is None
    desk.add(order("between", "Closed Won"))
    desk.sync()
    desk.wait(days=3)
    desk.configure(stages=[CONFIRMED, WON])
    with desk.nothing_sent():
        assert desk.sync()["baseline"] == 1
        desk.edit("between", Amount=Decimal("1.00"))
        assert actions(desk, desk.sync()) == {"between": "unchanged"}
    desk.add(order("after", "Closed Won"))
    assert actions(desk, desk.sync()) == {"after": "create"}
    assert_promises(desk)


def test_a_dry_run_forgets_no_stage(desk: Desk) -> None:
    desk.configure(stages=[CONFIRMED])
    before = desk.files()["ledger.db"]
    desk.sync("--dry-run")
    assert desk.files()["ledger.db"] == before
    assert [row["stage"] for row in desk.rows("SELECT stage FROM covered_stage ORDER BY stage")] == [
        "Closed Won",
        "Confirmed",
    ]


# ---- deals that are known already ----


def test_history_that_moved_on_before_its_stage_was_added_stays_history(desk_of: OpenDesk) -> None:
    desk = desk_of(order("old", "Confirmed"))
    desk.configure(stages=[CONFIRMED])
    desk.sync()
    desk.move("old", "Closed Won")
    desk.sync()
    assert history(desk) == set(), "it left the stages"
    desk.configure(stages=[CONFIRMED, WON])
    with desk.nothing_sent():
        assert desk.sync("--dry-run")["baseline"] == 1
        assert desk.sync()["baseline"] == 1
        desk.edit("old", Amount=Decimal("1.00"))
        assert actions(desk, desk.sync()) == {"old": "unchanged"}
    assert_promises(desk)


def test_a_deal_with_an_invoice_moves_on_into_a_stage_that_was_added(desk: Desk) -> None:
    desk.configure(stages=[CONFIRMED], when={"leaves_stages": "keep"})
    job = desk.add(order("job", "Confirmed"))
    desk.sync()
    desk.move("job", "Closed Won")
    desk.sync()
    desk.configure(stages=[CONFIRMED, WON])
    assert desk.sync()["baseline"] == 0
    desk.edit("job", Next_Step="Call on Monday")
    assert line_of(desk.sync(), job)["action"] == "update"
    assert desk.invoice("job")["Status"] == "AUTHORISED"
    assert_promises(desk)


def test_what_waits_for_a_person_is_not_made_history_by_a_stage_that_is_added(desk: Desk) -> None:
    desk.configure(stages=[CONFIRMED])
    held = desk.add(order("held", "Confirmed", account=None))
    desk.sync(code=3)
    desk.edit("held", Stage="Closed Won", Account_Name="alpine")
    desk.configure(stages=[CONFIRMED, WON])
    assert line_of(desk.sync(), held)["action"] == "create"
    assert history(desk) == set()
    assert_promises(desk)


# ---- stages renamed in Zoho ----


def test_a_stage_renamed_in_zoho_is_told_until_the_configuration_follows(desk_of: OpenDesk) -> None:
    desk = desk_of(on=world(order("a", "Proposal")))
    desk.sync()
    desk.box.zoho.rename_stage("Confirmed", "Order placed")
    desk.sync()
    desk.wait(days=1)
    report = desk.sync(code=3)
    assert [problem["code"] for problem in report["problems"]] == ["stage_unknown"]
    assert "'Confirmed'" in report["problems"][0]["message"]
    assert "Order placed" in report["problems"][0]["hint"]
    desk.wait(minutes=1)
    assert desk.sync(code=3)["api_calls"] == {"zoho": 1, "xero": 0}
    desk.configure(stages=[{**CONFIRMED, "stage": "Order placed"}, WON])
    assert desk.sync()["problems"] == []
    desk.move("a", "Order placed")
    assert actions(desk, desk.sync()) == {"a": "create"}
    assert_promises(desk)


def test_a_wrong_stage_name_is_told_by_the_first_run(desk_of: OpenDesk) -> None:
    desk = desk_of(on=world(order("a", "Closed Won")))
    desk.configure(stages=[{**WON, "stage": "Closed Wonn"}])
    report = desk.sync(code=3)
    assert [problem["code"] for problem in report["problems"]] == ["stage_unknown"]
