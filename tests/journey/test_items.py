"""Items that invoices need are made once each, before anything else, and never twice."""

from __future__ import annotations

from collections import Counter

import pytest
from promises import assert_promises
from trap_tools import written
from world_tools import Desk, OpenDesk, Record, line_of, order, problem_codes, world

from zoho_xero_sync.sandbox import Fault

ITEMS = "/Items$"
# The product codes of the standard world.
HOURS, HIRE = "HOURS", "HIRE"


@pytest.fixture
def making(desk_of: OpenDesk) -> Desk:
    """A desk that makes items, with two deals about to be won that share a product."""
    lines = [("hours", 3, "120.00"), ("hire", 1, "80.00")]
    desk = desk_of(order("a", lines=lines), order("b", account="birch"), order("free", account="cedar", lines=()))
    desk.configure(invoice={"items": "create"})
    desk.sync()
    for key in ("a", "b", "free"):
        desk.move(key, "Closed Won")
    return desk


def items(desk: Desk) -> list[str]:
    """The codes of Xero's items, sorted."""
    return sorted(desk.box.xero.books.settings.items)


def put_item(desk: Desk, code: str) -> None:
    """Somebody adds an item in Xero."""
    books = desk.box.xero.books
    books.settings = books.settings.with_item({"ItemID": books.next_id("item"), "Code": code, "Name": code})


def codes_of(invoice: Record) -> list[str | None]:
    return [line.get("ItemCode") for line in invoice["LineItems"]]


def test_each_code_is_made_once_before_the_invoices(making: Desk) -> None:
    preview = making.run("sync", "--dry-run", code=0)
    assert "Would make 2 items in Xero: HOURS, HIRE." in preview.out
    assert items(making) == []
    report = making.sync()
    assert report["notes"] == ["Made 2 items in Xero: HOURS, HIRE."]
    assert items(making) == [HIRE, HOURS]
    assert [codes_of(making.invoice(key)) for key in ("a", "b")] == [[HOURS, HIRE], [HOURS]]
    ((hours, hire),) = written(making, "PUT", "Items")
    assert (hours["Code"], hours["Name"], hire["SalesDetails"]) == (
        HOURS,
        "Consulting hour",
        {"AccountCode": "200", "TaxType": "OUTPUT"},
    )
    making.add(order("c", "Closed Won"))
    calls = len(making.box.calls.all())
    making.sync()
    paths = [call.path for call in list(making.box.calls.all())[calls:]]
    assert not [path for path in paths if path.endswith("/Items")], "what was just made is known"
    assert_promises(making)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["drop_after", "status_500_after", "html", "refuse_before", "status_500_before"])
def test_whatever_is_cut_no_item_is_made_twice(kind: str, making: Desk) -> None:
    making.fault(kind, path=ITEMS, method="PUT")
    for _ in range(4):
        if making.sync(code=None)["exit_code"] == 0:
            break
        making.wait(minutes=5)
    assert Counter(items(making)) == {HOURS: 1, HIRE: 1}
    assert len(making.invoices()) == 3
    assert_promises(making)


@pytest.mark.slow
def test_an_item_somebody_made_meanwhile_is_taken(making: Desk) -> None:
    put_item(making, HIRE)
    making.sync()
    assert [[item["Code"] for item in sent] for sent in written(making, "PUT", "Items")] == [[HOURS]]
    assert codes_of(making.invoice("a")) == [HOURS, HIRE]


@pytest.mark.slow
def test_a_refused_item_holds_its_deals_and_no_others(making: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoho_xero_sync.sandbox.xero.setting_writes._ITEM_LIMITS", {"Code": 4})
    report = making.sync(code=3)
    assert problem_codes(report) == ["item_refused", "item_refused"]
    assert f"product code {HOURS}" in str(line_of(report, making.deal("b"))["reason"])
    assert [len(making.invoices(key)) for key in ("a", "b", "free")] == [0, 0, 1]
    monkeypatch.undo()
    for key in ("a", "b"):
        making.run("resolve", making.deal(key), "--retry", code=0)
    making.sync()
    assert_promises(making)


@pytest.mark.slow
def test_a_code_that_is_too_long_is_held(desk_of: OpenDesk) -> None:
    placed = world(order("long"))
    placed["zoho"]["products"][0]["Product_Code"] = "H" * 31
    desk = desk_of(on=placed)
    desk.configure(invoice={"items": "create"})
    desk.sync()
    desk.move("long", "Closed Won")
    assert problem_codes(desk.sync(code=3)) == ["item_unsupported"]
    assert items(desk) == []


@pytest.mark.slow
def test_without_the_scope_the_run_asks_for_a_login_and_sends_no_invoice(desk_of: OpenDesk) -> None:
    placed = world(order("a"))
    reading = ["accounting.contacts", "accounting.invoices", "accounting.settings.read"]
    placed["xero"]["client"] = {**placed["xero"]["client"], "scopes": reading}
    desk = desk_of(on=placed)
    desk.sync()
    desk.configure(invoice={"items": "create"})
    desk.move("a", "Closed Won")
    report = desk.sync(code=12)
    assert problem_codes(report) == ["login_needed"]
    assert (items(desk), desk.invoices()) == ([], [])


@pytest.mark.slow
def test_an_item_without_any_answer_holds_its_deal_in_the_end_and_no_other(making: Desk) -> None:
    never = Fault("status_500_before", "xero", "PUT", ITEMS, times=100_000, body=HIRE)
    making.box.faults.add(never)
    first = making.sync(code=4)
    assert [len(making.invoices(key)) for key in ("a", "b", "free")] == [0, 1, 1]
    assert line_of(first, making.deal("a"))["action"] == "pending"
    for _ in range(40):
        making.wait(minutes=10)
        report = making.sync(code=None)
        if report["exit_code"] == 3:
            break
    assert problem_codes(report) == ["item_refused"]
    making.box.faults.clear()
    put_item(making, HIRE)
    making.run("resolve", making.deal("a"), "--retry", code=0)
    making.sync()
    assert codes_of(making.invoice("a")) == [HOURS, HIRE]
    assert_promises(making)
