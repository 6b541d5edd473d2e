"""Traps that other synchronisers fell into while reading: dry runs, watermarks, look-ups, long lists.

The numbers are those of the list this project was planned with.
"""

from __future__ import annotations

import pytest
from promises import assert_promises
from trap_tools import CONTACTS, INVOICES, also, ask_nobody, links
from world_tools import Desk, OpenDesk, actions, line_of, order, orders, problem_codes, world

from zoho_xero_sync.remote.xero import client, contacts
from zoho_xero_sync.remote.zoho import source


def test_trap_01_a_dry_run_is_no_successful_run(desk_of: OpenDesk) -> None:
    """A dry run must not stand for a run: what it saw as history is still history, what it saw as news is made."""
    desk = desk_of(order("old", "Closed Won"))
    desk.sync("--dry-run")
    assert not desk.ledger.exists()
    desk.sync()
    desk.add(order("new", "Closed Won"))
    before = desk.status()["checkpoint"]
    desk.sync("--dry-run")
    desk.sync("--dry-run", "--since", "30d")
    assert desk.status()["checkpoint"] == before
    assert actions(desk, desk.sync()) == {"old": "unchanged", "new": "create"}
    assert_promises(desk)


def test_trap_02_a_dry_run_writes_nothing_down(desk: Desk) -> None:
    """No mapping, no cleared problem, no invented id."""
    held = desk.add(order("held", "Closed Won", account=None))
    desk.sync(code=3)
    desk.add(order("new", "Closed Won"))
    before = desk.files()
    with desk.nothing_sent():
        report = desk.sync("--dry-run", "--deal", held, "--deal", desk.deal("new"), code=3)
    assert line_of(report, desk.deal("new"))["invoice"]["id"] is None
    assert desk.files() == before
    assert problem_codes(desk.sync(code=3)) == ["customer_missing"]


def test_trap_03_what_changes_during_a_run_is_not_lost(desk: Desk) -> None:
    desk.add(order("first", "Closed Won"))
    met: list[str] = []

    def meanwhile(seen: object) -> None:
        if not met:
            met.append(desk.add(order("during", "Closed Won")))

    desk.box.xero.on_write.append(meanwhile)
    assert actions(desk, desk.sync()) == {"first": "create"}
    desk.box.xero.on_write.clear()
    assert met and actions(desk, desk.sync()) == {"during": "create"}
    assert_promises(desk)


def test_trap_04_a_checkpoint_that_moves_leaves_no_failure_behind(desk: Desk) -> None:
    """The checkpoint does not wait for Xero; the deal that failed is in the ledger, and needs no touch in Zoho."""
    desk.add(order("one", "Closed Won"))
    before = desk.status()["checkpoint"]
    desk.fault("status_503", method="GET", path="/(Contacts|Invoices)$", times=100)
    report = desk.sync(code=4)
    assert desk.status()["checkpoint"] > before
    assert report["exit_code"] == 4 and not links(desk)
    desk.box.faults.clear()
    desk.wait(days=3)
    assert actions(desk, desk.sync()) == {"one": "create"}
    assert_promises(desk)


@pytest.mark.parametrize("kind", ["half_body", also("html"), also("wrong_shape")])
def test_trap_05_a_truncated_read_moves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The second page of what changed cannot be read."""
    monkeypatch.setattr(source, "SMALL_PAGE", 4)
    for placed in orders(7, "Closed Won", modified=lambda number: None):
        desk.add(placed)
    before = desk.status()["checkpoint"]
    desk.fault(kind, service="zoho", path="/coql", skip=1, times=100)
    with desk.nothing_sent():
        desk.sync("--limit", "1", code=4)
    assert desk.status()["checkpoint"] == before
    assert desk.rows("SELECT deal_id FROM deal") == []
    desk.box.faults.clear()
    report = desk.sync("--limit", "1")
    assert report["counts"]["invoices_created"] + report["counts"]["pending"] == 7


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("wrong_shape", CONTACTS),
        ("html", INVOICES),
        *(also(kind, path) for kind in ("status_500_before", "half_body") for path in (CONTACTS, INVOICES)),
        also("html", CONTACTS),
        also("wrong_shape", INVOICES),
    ],
)
def test_trap_08_a_look_up_that_failed_is_not_an_absence(desk: Desk, kind: str, path: str) -> None:
    desk.add(order("one", "Closed Won"))
    desk.fault(kind, method="GET", path=path, times=500)
    with desk.nothing_sent():
        desk.sync(code=4)
    desk.box.faults.clear()
    assert actions(desk, desk.sync()) == {"one": "create"}
    assert_promises(desk)


@pytest.mark.parametrize(
    ("service", "kinds"),
    [
        ("zoho", ("wrong_shape", "empty")),
        ("xero", ("wrong_shape", "empty")),
        also("zoho", ("status_500_before", "html", "half_body")),
        also("xero", ("status_500_before", "html", "half_body")),
    ],
)
def test_trap_09_a_read_that_failed_is_not_a_deletion(desk: Desk, service: str, kinds: tuple[str, ...]) -> None:
    """Voiding is on for everything that can be voided, and every read goes wrong in every way."""
    desk.configure(when={"leaves_stages": "void", "deal_deleted": "void"})
    for key in ("kept", "moved"):
        desk.add(order(key, "Confirmed"))
    desk.sync()
    desk.move("moved", "Closed Won")
    for kind in kinds:
        desk.wait(hours=2)
        desk.fault(kind, service=service, path="/(coql|Deals|deleted|Invoices)", times=500)
        with desk.nothing_sent():
            desk.run("sync", code=4)
        desk.box.faults.clear()
    assert {invoice["Status"] for invoice in desk.invoices()} == {"DRAFT"}
    assert actions(desk, desk.sync()) == {"moved": "update"}
    assert_promises(desk)


def test_trap_27_no_list_of_ids_is_longer_than_a_url_takes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Urls with 53 ids were answered 404: forty are the most, and what is beyond them is asked for too."""
    assert client.IDS_MAX <= 40
    monkeypatch.setattr(client, "IDS_MAX", 2)
    for placed in orders(5, "Confirmed", modified=lambda number: None):
        desk.add(placed)
    desk.sync()
    for number in range(5):
        desk.move(f"d{number}", "Closed Won")
    assert set(actions(desk, desk.sync()).values()) == {"update"}
    assert {invoice["Status"] for invoice in desk.invoices()} == {"AUTHORISED"}
    assert_promises(desk)


@pytest.mark.parametrize("customers", [("alpine", "birch", "cedar"), also(("alpine",))])
def test_trap_28_a_contact_on_the_last_page_is_found(
    desk_of: OpenDesk, monkeypatch: pytest.MonkeyPatch, customers: tuple[str, ...]
) -> None:
    for module in (client, contacts):
        monkeypatch.setattr(module, "PAGE_SIZE", 2)
    known = [{"Name": f"Customer {number}"} for number in range(5)] + [{"Name": "Alpine Joinery Pty Ltd"}]
    desk = desk_of(on=world(xero={"contacts": known}))
    desk.sync()
    for key in customers:
        desk.add(order(key, "Closed Won", account=key))
    report = desk.sync()
    assert line_of(report, desk.deal("alpine"))["contact"]["action"] == "adopt"
    assert report["counts"]["contacts_created"] == len(customers) - 1
    assert_promises(desk)


def test_trap_29_no_filter_joins_many_contact_numbers(desk: Desk) -> None:
    """Xero refuses such a filter in a big organisation; here already one with two numbers."""
    desk.box.xero.switches["contact_number_terms"] = 1
    for key in ("alpine", "birch", "cedar"):
        desk.add(order(key, "Closed Won", account=key))
    assert desk.sync()["counts"]["contacts_created"] == 3
    assert {call.status for call in desk.box.calls if call.service == "xero"} == {200}
    assert_promises(desk)


@pytest.mark.slow
def test_trap_41_an_old_reading_of_the_allowance_does_not_keep_the_gate_shut(desk: Desk) -> None:
    desk.add(order("one", "Closed Won"))
    desk.fault("rate_day", path=INVOICES, method="PUT", seconds=3 * 3600)
    desk.sync(code=4)
    desk.wait(hours=3)
    assert actions(desk, desk.sync()) == {"one": "create"}
    assert_promises(desk)


@pytest.mark.slow
def test_trap_42_nobody_sleeps_until_tomorrow(desk: Desk) -> None:
    """The day's limit ends the run at once and says until when; the minute's is waited out."""
    desk.add(order("one", "Closed Won"))
    desk.fault("rate_day", path=INVOICES, method="PUT")
    began = desk.box.clock.now()
    report = desk.sync(code=4)
    assert (desk.box.clock.now() - began).total_seconds() < 300
    assert problem_codes(report) == ["allowance_used"] and report["counts"]["pending"] == 1
    ask_nobody(desk)
    assert desk.run("status").out
