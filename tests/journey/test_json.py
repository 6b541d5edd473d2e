"""`sync --json`: the contract's report, whatever happens. Every report a journey reads is checked by the schema."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from jsonschema import ValidationError
from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, check_report, order

from zoho_xero_sync.ledger.lock import RunLock

TOP = ["schema", "run_id", "mode", "started_at", "finished_at", "window", "checkpoint", "counts", "api_calls", "deals",
       "problems", "exit_code"]  # fmt: skip
COUNTS = ["seen", "unchanged", "contacts_created", "contacts_updated", "invoices_created", "invoices_updated",
          "invoices_voided", "adopted", "held", "rejected", "uncertain", "pending"]  # fmt: skip
DEAL = ["deal_id", "deal_name", "stage", "action", "reason", "contact", "invoice", "changes"]


def in_contract_order(found: Any, wanted: list[str]) -> bool:
    """Whether the keys begin as the contract lists them; additions come behind."""
    return list(found)[: len(wanted)] == wanted


@pytest.fixture
def mixed(desk_of: OpenDesk) -> Desk:
    """One deal to make, one to hold, one that moved on, one with an emoji and a control character in its name."""
    desk = desk_of(order("moved"))
    desk.sync()
    desk.move("moved", "Confirmed")
    desk.sync()
    desk.move("moved", "Closed Won")
    desk.add(order("made", "Closed Won", lines=[("hours", 1, "1122.27")]))
    desk.add(order("party", "Closed Won", account="birch", Deal_Name='Fête 🎉 \u001b[31m<b>\u202eparty & "more"'))
    desk.add(order("held", "Closed Won", account=None))
    return desk


def test_both_modes_have_the_contracts_shape(mixed: Desk) -> None:
    preview = mixed.sync("--dry-run", code=3)
    real = mixed.sync(code=3)
    for report, mode in ((preview, "dry_run"), (real, "apply")):
        assert in_contract_order(report, TOP)
        assert in_contract_order(report["counts"], COUNTS)
        assert in_contract_order(report["api_calls"], ["zoho", "xero"])
        assert all(in_contract_order(deal, DEAL) for deal in report["deals"])
        assert (report["schema"], report["mode"]) == (1, mode)
        assert re.fullmatch(r"2026-11-20T01:\d\d:\d\dZ", report["started_at"])
        assert report["started_at"] <= report["finished_at"]
        made = next(deal for deal in report["deals"] if deal["deal_name"] == "Order made")
        assert (made["invoice"]["total"], made["invoice"]["currency"]) == ("1234.50", "AUD")
        held = next(deal for deal in report["deals"] if deal["action"] == "hold")
        assert held["reason"] == report["problems"][0]["message"]
        assert report["problems"][0]["subject"] == f"deal {held['deal_id']}"
    numbers = {deal["action"]: deal["invoice"] and deal["invoice"]["number"] for deal in preview["deals"]}
    assert numbers["create"] is None
    assert all(deal["invoice"]["id"] and deal["invoice"]["number"] for deal in real["deals"] if deal["invoice"])
    assert real["api_calls"]["xero"] <= mixed.box.calls.api_calls("xero")
    assert_promises(mixed)


def test_the_counts_of_calls_are_what_the_wire_saw(mixed: Desk) -> None:
    mixed.box.calls.reset()
    report = mixed.sync(code=3)
    seen = {service: mixed.box.calls.api_calls(service) for service in ("zoho", "xero")}
    assert report["api_calls"] == seen


def test_stdout_is_one_object_and_nothing_else(mixed: Desk) -> None:
    for argv in (["sync", "--dry-run", "--json"], ["sync", "--json"], ["sync", "--json"]):
        result = mixed.run(*argv)
        assert result.out.isascii()
        assert result.out.startswith("{\n")
        assert result.out.endswith("}\n")
        json.loads(result.out)
        assert result.err == ""


def test_the_baseline_has_a_report_too(desk_of: OpenDesk) -> None:
    report = desk_of(order("old", "Closed Won")).sync()
    assert in_contract_order(report, TOP)
    assert (report["mode"], report["baseline"], report["deals"]) == ("baseline", 1, [])
    assert report["checkpoint"]["before"] is None
    assert report["checkpoint"]["after"] is not None


# ---- runs that fail still answer in JSON ----


def break_config(desk: Desk) -> None:
    desk.configure(stages=[{"stage": "Closed Won", "invoice": "sent"}], colour="blue")


def break_login(desk: Desk) -> None:
    desk.box.zoho.oauth.revoke_everything()


def break_ledger(desk: Desk) -> None:
    desk.ledger.write_bytes(b"not a ledger at all" * 50)


def break_service(desk: Desk) -> None:
    desk.box.stop()


@pytest.mark.parametrize("mode", ["apply", "dry_run"])
@pytest.mark.parametrize(
    ("harm", "code", "problem"),
    [
        (break_config, 10, "config_invalid"),
        (break_login, 12, "login_needed"),
        (break_ledger, 13, "ledger_unusable"),
        (break_service, 4, "service_unavailable"),
    ],
    ids=["config", "login", "ledger", "service"],
)
def test_a_run_that_fails(desk: Desk, harm: Callable[[Desk], None], code: int, problem: str, mode: str) -> None:
    desk.add(order("one", "Closed Won"))
    harm(desk)
    argv = ["--dry-run"] if mode == "dry_run" else []
    with desk.nothing_sent():
        report = desk.sync(*argv, code=code)
    assert (report["mode"], report["exit_code"]) == (mode, code)
    (only,) = report["problems"]
    assert (only["code"], only["subject"]) == (problem, "run")
    assert only["message"]


def test_a_run_that_finds_the_lock_taken(desk: Desk) -> None:
    with RunLock(desk.ledger):
        report = desk.sync(code=11)
    assert [problem["code"] for problem in report["problems"]] == ["locked"]


def test_a_run_that_stops_for_safety(desk: Desk) -> None:
    desk.configure(limits={"invoices_per_run": 1})
    for key in ("one", "two"):
        desk.add(order(key, "Closed Won"))
    report = desk.sync(code=15)
    assert [problem["code"] for problem in report["problems"]] == ["safety_stop"]
    assert report["counts"]["pending"] == 2


# ---- the schema itself refuses what is wrong ----


SPOILED: dict[str, Callable[[Record], object]] = {
    "a missing key": lambda report: report.pop("counts"),
    "another version": lambda report: report.update(schema=2),
    "an unknown mode": lambda report: report.update(mode="real"),
    "an instant without zone": lambda report: report.update(started_at="2026-11-20 01:00:00"),
    "an unknown action": lambda report: report["deals"][0].update(action="make"),
    "money as a number": lambda report: report["deals"][-1]["invoice"].update(total=396.0),
    "money of another country": lambda report: report["deals"][-1]["invoice"].update(total="396,00"),
    "an unknown problem": lambda report: report["problems"][0].update(code="oops"),
    "a count as text": lambda report: report["counts"].update(seen="3"),
    "an unknown exit code": lambda report: report.update(exit_code=99),
}


def test_the_schema_notices(mixed: Desk) -> None:
    report = mixed.sync("--dry-run", code=3)
    report["deals"].sort(key=lambda deal: deal["invoice"] is not None)
    check_report(report)
    for name, spoil in SPOILED.items():
        spoiled = copy.deepcopy(report)
        spoil(spoiled)
        with pytest.raises(ValidationError):
            check_report(spoiled)
            pytest.fail(f"the schema lets {name} pass")


def test_money_keeps_the_currencys_decimals(desk: Desk) -> None:
    desk.add(order("round", "Closed Won", lines=(), Amount=Decimal("1200")))
    report = desk.sync()
    assert report["deals"][0]["invoice"]["total"] == "1200.00"
    assert_promises(desk)
