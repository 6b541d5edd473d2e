"""A dry run is the sync that follows it, without its traces."""

from __future__ import annotations

from decimal import Decimal

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, actions, order, priced


@pytest.fixture
def busy(desk_of: OpenDesk) -> Desk:
    """A desk where a sync would do nearly everything: make, move on, change, void, hold, leave alone."""
    stages = ("advance", "change", "leave", "calm")
    desk = desk_of(*(order(key) for key in stages), order("history", "Closed Won"), order("late"))
    desk.configure(when={"leaves_stages": "void"})
    desk.sync()
    for key in stages:
        desk.move(key, "Confirmed")
    desk.sync()
    desk.move("advance", "Closed Won")
    desk.box.zoho.replace_lines(
        "Quotes", "q_change", [priced("hire", 2, "80.00"), priced("food", 1, "45.50", "GST Free")]
    )
    desk.edit("change", Amount=Decimal("221.50"))
    desk.move("leave", "Closed Lost")
    desk.edit("calm", Description="Nothing the invoice depends on")
    desk.edit("history", Description="Still history")
    desk.box.zoho.update("Accounts", "birch", {"Account_Name": "Birch & Stone Pty Ltd"})
    desk.add(order("new", "Closed Won", account="birch"))
    desk.add(order("second", "Confirmed", account="birch", lines=[("food", 3, "10.05", "GST Free")]))
    desk.add(order("nobody", "Closed Won", account=None))
    desk.box.xero.edit_invoice(str(desk.invoice("calm")["InvoiceID"]), {"Reference": "Seen by the bookkeeper"})
    return desk


EXPECTED = {
    "advance": "update",
    "change": "update",
    "leave": "void",
    "calm": "unchanged",
    "history": "unchanged",
    "new": "create",
    "second": "create",
    "nobody": "hold",
}


def plan_of(report: Record) -> list[Record]:
    """What a report says about each deal, without the ids and numbers that do not exist before a sync."""
    lines = []
    for deal in report["deals"]:
        invoice, contact = deal["invoice"], deal["contact"]
        if invoice is not None:
            invoice = {**invoice, "id": None, "number": None} if invoice["action"] == "create" else invoice
        if contact is not None:
            contact = {**contact, "id": None} if contact["action"] == "create" else contact
        lines.append({**deal, "invoice": invoice, "contact": contact})
    return sorted(lines, key=lambda deal: str(deal["deal_id"]))


def test_the_plan_is_what_the_sync_does(busy: Desk) -> None:
    preview = busy.sync("--dry-run", code=3)
    assert actions(busy, preview) == EXPECTED
    real = busy.sync(code=3)
    assert plan_of(preview) == plan_of(real)
    assert preview["counts"] == real["counts"]
    assert preview["problems"] == real["problems"]
    assert preview["window"]["from"] == real["window"]["from"]
    assert_promises(busy)


def test_a_dry_run_leaves_no_trace(busy: Desk) -> None:
    checkpoint = busy.status()["checkpoint"]
    files, xero, zoho = busy.files(), busy.box.xero.snapshot()["invoices"], busy.box.zoho.snapshot()["modules"]
    with busy.nothing_sent():
        report = busy.sync("--dry-run", code=3)
        busy.run("sync", "--dry-run", code=3)
        busy.run("sync", "--dry-run", "--since", "4w", "--allow-many", code=3)
        busy.run("sync", "--dry-run", "--deal", busy.deal("history"), code=0)
        busy.run("sync", "--dry-run", "--limit", "1", code=3)
        busy.run("sync", "--dry-run", "--detailed-exitcode", code=5)
    assert report["checkpoint"] == {"before": checkpoint, "after": checkpoint}
    assert busy.files() == files
    assert busy.box.xero.snapshot()["invoices"] == xero
    assert busy.box.zoho.snapshot()["modules"] == zoho
    assert not [call for call in busy.box.calls if call.service == "xero" and call.is_write and call.status >= 400]


def test_a_dry_run_reads_while_a_sync_holds_the_lock(busy: Desk) -> None:
    from zoho_xero_sync.ledger.lock import RunLock

    with RunLock(busy.ledger):
        assert actions(busy, busy.sync("--dry-run", code=3)) == EXPECTED


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["--dry-run"], 3),
        (["--dry-run", "--detailed-exitcode"], 5),
    ],
)
def test_the_detailed_exit_code_says_that_something_is_to_do(busy: Desk, argv: list[str], code: int) -> None:
    assert busy.sync(*argv, code=code)["exit_code"] == code


def test_the_detailed_exit_code_is_zero_when_nothing_is_to_do(desk: Desk) -> None:
    desk.sync("--dry-run", "--detailed-exitcode", code=0)
    desk.add(order("a", "Closed Won"))
    desk.sync("--dry-run", code=0)
    desk.sync("--dry-run", "--detailed-exitcode", code=5)
    desk.sync()
    desk.sync("--dry-run", "--detailed-exitcode", code=0)


def test_a_dry_run_tells_what_would_happen_field_by_field(busy: Desk) -> None:
    said = busy.run("sync", "--dry-run", code=3).out
    for words in (
        "Order advance",
        "DRAFT → AUTHORISED",
        "Order new",
        "Order nobody",
        "no account or contact",
        "396.00",
    ):
        assert words in said
    assert "Nothing was written" in said


def test_a_dry_run_without_network_says_so_and_leaves_the_ledger_alone(busy: Desk) -> None:
    files = busy.files()
    busy.box.stop()
    report = busy.sync("--dry-run", code=4)
    assert [problem["code"] for problem in report["problems"] if problem["subject"] == "run"] == ["service_unavailable"]
    assert busy.files() == files
    busy.box.start()
    busy.sync(code=3)
    assert_promises(busy)
