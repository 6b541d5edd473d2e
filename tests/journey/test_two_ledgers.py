"""Two ledgers on one pair of organisations: one of them stops before it sends anything. A restored backup goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, actions, order, problem_codes

OLD = "2026-11-10T00:00:00Z"


def another(desk: Desk, folder: Path, *, copied: bool = False) -> Desk:
    """A second machine with the same logins and rules: a ledger of its own, or a copy of the first one's."""
    folder.mkdir()
    second = Desk(desk.box, folder)
    if copied:
        second.ledger.write_bytes(desk.ledger.read_bytes())
        second.ledger.chmod(0o600)
    else:
        second.sync()
    return second


@pytest.fixture
def pair(desk_of: OpenDesk, tmp_path: Path) -> tuple[Desk, Desk]:
    """Two machines, of which each has made an invoice; the first one has not run since the second's."""
    first = desk_of(order("old", "Closed Won", modified=OLD))
    first.sync()
    first.add(order("one", "Closed Won"))
    first.sync()
    second = another(first, tmp_path / "second")
    first.add(order("two", "Closed Won"))
    second.sync()
    return first, second


def test_the_older_of_two_ledgers_stops_before_it_sends_anything(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    first.add(order("three", "Closed Won"))
    made = str(first.invoice("two")["InvoiceNumber"])
    with first.nothing_sent():
        assert problem_codes(first.sync("--dry-run", code=13)) == ["two_ledgers"]
        report = first.sync(code=13)
        (problem,) = report["problems"]
        assert problem["code"] == "two_ledgers" and made in problem["message"]
        assert "rebuild --replace" in problem["hint"]
        # Cron is told once.
        assert first.run("sync", code=13).out == ""
        first.run("show", first.deal("three"), code=0)
    assert actions(second, second.sync()) == {"three": "create"}
    assert_promises(second)


@pytest.mark.slow
def test_the_ledger_to_keep_is_chosen_by_rebuilding_it(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    first.add(order("three", "Closed Won"))
    first.sync(code=13)
    assert first.run("rebuild", "--replace", "--json", code=0).json["counts"]["pending"] == 1
    assert actions(first, first.sync()) == {"three": "create"}
    first.add(order("four", "Closed Won"))
    with second.nothing_sent():
        assert problem_codes(second.sync(code=13)) == ["two_ledgers"]
    assert actions(first, first.sync()) == {"four": "create"}
    assert_promises(first)


@pytest.mark.slow
def test_a_ledger_that_took_the_place_of_a_lost_one_goes_on_beside_its_marks(desk_of: OpenDesk) -> None:
    desk = desk_of(order("old", "Closed Won", modified=OLD))
    desk.sync()
    for key in ("one", "two"):
        desk.add(order(key, "Closed Won"))
    desk.sync()
    desk.ledger.unlink()
    desk.sync()
    desk.add(order("three", "Closed Won"))
    desk.sync()
    # What happens to the lost ledger's invoices later is nobody's second ledger.
    desk.box.xero.pay(str(desk.invoice("one")["InvoiceNumber"]), desk.invoice("one")["Total"])
    assert actions(desk, desk.sync("--deal", desk.deal("two"))) == {"two": "adopt"}
    desk.add(order("four", "Closed Won"))
    assert actions(desk, desk.sync()) == {"four": "create"}
    assert_promises(desk)


@pytest.mark.slow
def test_links_that_other_hands_put_on_invoices_stop_nothing(desk: Desk) -> None:
    for key in ("one", "two", "three"):
        desk.add(order(key, "Closed Won"))
        desk.sync()
    url = str(desk.invoice("three")["Url"]).partition("#")[0]
    elsewhere = url.replace("org", "org9") + "#zxs-00000000"
    desk.box.xero.edit_invoice(str(desk.invoice("one")["InvoiceNumber"]), {"Url": elsewhere})
    desk.box.xero.edit_invoice(str(desk.invoice("two")["InvoiceNumber"]), {"Url": f"{url}0#from-a-report"})
    desk.add(order("four", "Closed Won"))
    assert actions(desk, desk.sync()) == {"four": "create"}


@pytest.mark.slow
def test_a_backup_restored_after_a_rebuild_stops(desk: Desk) -> None:
    desk.add(order("one", "Closed Won"))
    desk.sync()
    backup = desk.ledger.read_bytes()
    desk.ledger.unlink()
    desk.run("rebuild", code=0)
    desk.add(order("two", "Closed Won"))
    desk.sync()
    desk.ledger.write_bytes(backup)
    desk.add(order("three", "Closed Won"))
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=13)) == ["two_ledgers"]


@pytest.mark.slow
def test_a_copy_of_the_ledger_makes_no_double(desk: Desk, tmp_path: Path) -> None:
    desk.add(order("one", "Closed Won"))
    desk.sync()
    copy = another(desk, tmp_path / "copy", copied=True)
    for key in ("two", "three"):
        desk.add(order(key, "Closed Won"))
        desk.sync()
        copy.sync()
    assert len(desk.invoices()) == 3
    assert_promises(desk)


@pytest.mark.slow
def test_a_restored_backup_catches_up_with_updates_voids_and_customers(desk_of: OpenDesk) -> None:
    desk = desk_of()
    desk.configure(when={"leaves_stages": "void"})
    desk.sync()
    for key, account in (("moves", "alpine"), ("changes", "birch"), ("leaves", "cedar"), ("both", "alpine")):
        desk.add(order(key, "Confirmed", account=account))
    desk.sync()
    backup = desk.ledger.read_bytes()
    desk.move("moves", "Closed Won")
    desk.edit("changes", Deal_Name="Order changes, twice")
    desk.move("leaves", "Proposal")
    desk.edit("both", Deal_Name="Order both, twice", Stage="Closed Won")
    birch = str(desk.box.zoho.find("Accounts", "birch")["id"])
    desk.box.zoho.update("Accounts", birch, {"Phone": "02 5550 0177"})
    desk.add(order("new", "Closed Won"))
    desk.sync()
    before = desk.invoices(closed=True)
    contacts = len(desk.contacts())
    desk.ledger.write_bytes(backup)
    desk.wait(days=2)
    report = desk.sync()
    assert {name: what for name, what in actions(desk, report).items() if what != "unchanged"} in (
        {"new": "adopt"}, {"new": "adopt", "changes, twice": "contact_only"},
    )  # fmt: skip
    assert [(row["InvoiceID"], row["Status"], row["Total"]) for row in desk.invoices(closed=True)] == [
        (row["InvoiceID"], row["Status"], row["Total"]) for row in before
    ]
    assert len(desk.contacts()) == contacts
    assert_promises(desk)
