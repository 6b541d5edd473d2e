"""When something is wrong: which exit code it has, that nothing is sent twice, and that the next run goes on."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest
from promises import assert_promises
from test_reconcile import by_hand
from world_tools import Desk, OpenDesk, actions, order, orders, problem_codes, world

from zoho_xero_sync.engine.send import BATCH_ITEMS
from zoho_xero_sync.errors import ExitCode, Interrupted

CONTACTS, INVOICES = "/Contacts$", "/Invoices$"


def unsettled(desk: Desk) -> int:
    """How many writes the ledger has no whole answer for."""
    return len(desk.rows("SELECT id FROM write WHERE state = 'in_flight'"))


# ---- a write without an answer ----

LOST = ("drop_after", "status_500_after", "half_body", "empty", "html", "wrong_shape")
NEVER_DONE = ("refuse_before", "status_500_before", "status_503", "html_502", "rate_minute", "rate_concurrent")


@pytest.mark.parametrize("kind", [*LOST, *NEVER_DONE])
def test_one_bad_answer_makes_no_double(desk: Desk, kind: str) -> None:
    """The answer to a new contact, to new invoices and to a move goes wrong; each is settled by the run or the next."""

    def sync_twice(method: str, path: str) -> None:
        desk.fault(kind, method=method, path=path)
        first = desk.run("sync", "--json")
        assert first.code in (0, 4)
        assert first.code == 4 or not unsettled(desk), "an unknown outcome never exits 0"
        assert first.code == 4 or first.json["counts"]["pending"] == 0, "and neither does work that was left"
        desk.sync()

    desk.add(order("one", "Closed Won"))
    sync_twice("PUT", CONTACTS)
    assert desk.invoice("one")["Status"] == "AUTHORISED"
    desk.add(order("two", "Confirmed"))
    desk.add(order("three", "Confirmed"))
    sync_twice("PUT", INVOICES)
    assert desk.invoice("two")["Status"] == "DRAFT"
    desk.move("two", "Closed Won")
    sync_twice("POST", INVOICES)
    assert desk.invoice("two")["Status"] == "AUTHORISED"
    assert len(desk.invoices(closed=True)) == 3
    assert len(desk.contacts()) == 1
    assert_promises(desk)


@pytest.mark.parametrize(
    ("kind", "path", "minutes"),
    [
        *((kind, path, minutes) for kind in ("drop_after", "status_500_before") for path in (CONTACTS, INVOICES)
          for minutes in (0, 7)),
        ("status_500_after", INVOICES, 4),
        ("drop_after", INVOICES, 600),
    ],
)  # fmt: skip
def test_an_answer_that_stays_away_is_settled_later(desk: Desk, kind: str, path: str, minutes: int) -> None:
    """The write, and asking again at the end of the run, both go wrong; the next run comes soon or much later."""
    desk.add(order("one", "Closed Won"))
    desk.fault(kind, method="PUT", path=path, times=2)
    desk.fault("status_503", method="GET", path=path, times=200)
    report = desk.sync(code=4)
    assert problem_codes(report)
    assert len(desk.invoices(closed=True)) <= 1
    assert desk.run("status").code == (4 if unsettled(desk) else 0)
    desk.box.faults.clear()
    desk.wait(minutes=minutes)
    for _ in range(2):
        desk.run("sync")
        desk.wait(minutes=6)
    assert unsettled(desk) == 0
    assert len(desk.invoices(closed=True)) == 1
    assert_promises(desk)


def test_what_never_arrived_and_was_made_by_hand_meanwhile_is_adopted(desk: Desk) -> None:
    """The request is lost, the keys are forgotten, and somebody gives the deal's address to an invoice of their own."""
    desk.add(order("helper", "Closed Won"))
    desk.sync()
    job = desk.add(order("job", "Closed Won"))
    desk.fault("status_500_before", method="PUT", path=INVOICES, times=2)
    desk.fault("status_503", method="GET", path=INVOICES, times=200)
    desk.sync(code=4)
    desk.box.faults.clear()
    url = str(desk.invoice("helper")["Url"]).replace(desk.deal("helper"), job)
    number = by_hand(desk, "job", Url=url, Status="AUTHORISED")
    desk.wait(hours=2)
    desk.run("sync")
    desk.sync()
    assert [invoice["InvoiceNumber"] for invoice in desk.invoices("job")] == [number]


# ---- services that are down, logins that are refused ----


def test_a_service_that_is_down_costs_nothing_but_time(desk: Desk) -> None:
    desk.add(order("one", "Closed Won"))
    before = desk.status()["checkpoint"]
    desk.box.stop()
    report = desk.sync(code=4)
    assert problem_codes(report) == ["service_unavailable"]
    assert desk.status()["checkpoint"] == before
    desk.box.start()
    assert actions(desk, desk.sync()) == {"one": "create"}
    assert_promises(desk)


@pytest.mark.parametrize("service", ["zoho", "xero"])
def test_one_service_that_answers_nonsense(desk: Desk, service: str) -> None:
    desk.add(order("one", "Closed Won"))
    for kind in ("html", "wrong_shape"):
        desk.fault(kind, service=service, path="/(coql|Contacts|Invoices|settings)", times=1)
        with desk.nothing_sent():
            assert problem_codes(desk.sync(code=4)) == ["service_unavailable"]
    assert actions(desk, desk.sync()) == {"one": "create"}
    assert_promises(desk)


def test_the_days_allowance_ends_and_the_next_day_goes_on(desk: Desk) -> None:
    desk.add(order("one", "Closed Won"))
    desk.fault("rate_day", path=INVOICES, method="PUT", seconds=3 * 3600)
    report = desk.sync(code=4)
    assert problem_codes(report) == ["allowance_used"]
    xero = desk.box.calls.count("xero")
    desk.run("sync", code=4)
    assert desk.box.calls.count("xero") == xero, "Xero is left alone until its allowance is back"
    assert desk.status()["wait_until"] is not None
    desk.wait(hours=3)
    assert actions(desk, desk.sync()) == {"one": "create"}
    assert_promises(desk)


def test_a_refused_zoho_login(desk: Desk) -> None:
    desk.add(order("one", "Closed Won"))
    desk.box.zoho.oauth.revoke_everything()
    with desk.nothing_sent():
        report = desk.sync(code=12)
    assert problem_codes(report) == ["login_needed"]
    assert "zoho-xero-sync auth zoho" in report["problems"][0]["hint"]


def test_a_refused_xero_login(desk: Desk) -> None:
    desk.add(order("one", "Closed Won"))
    right = desk.environ["ZXS_XERO_CLIENT_SECRET"]
    desk.environ["ZXS_XERO_CLIENT_SECRET"] = "not the secret"
    desk.wait(hours=1)
    with desk.nothing_sent():
        report = desk.sync(code=12)
    assert problem_codes(report) == ["login_needed"]
    assert "zoho-xero-sync auth xero" in report["problems"][0]["hint"]
    desk.environ["ZXS_XERO_CLIENT_SECRET"] = right
    assert actions(desk, desk.sync()) == {"one": "create"}
    assert_promises(desk)


def test_a_missing_login_names_the_command(desk_of: OpenDesk) -> None:
    desk = desk_of(order("one", "Closed Won"))
    desk.environ.clear()
    assert problem_codes(desk.sync(code=12)) == ["login_needed"]
    assert not desk.ledger.exists()


def test_a_disconnected_organisation(desk: Desk) -> None:
    desk.add(order("one", "Closed Won"))
    desk.box.xero.disconnect()
    desk.wait(hours=1)
    with desk.nothing_sent():
        code = desk.run("sync").code
    assert code in (12, 13)
    desk.box.xero.reconnect()
    assert actions(desk, desk.sync()) == {"one": "create"}
    assert_promises(desk)


# ---- a ledger that cannot be trusted ----


def cut(desk: Desk) -> None:
    desk.ledger.write_bytes(desk.ledger.read_bytes()[:-4096])


def scribbled(desk: Desk) -> None:
    content = bytearray(desk.ledger.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    desk.ledger.write_bytes(content)


def emptied(desk: Desk) -> None:
    desk.ledger.write_bytes(b"")


def foreign(desk: Desk) -> None:
    desk.ledger.unlink()
    with closing(sqlite3.connect(desk.ledger)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.commit()
    desk.ledger.chmod(0o600)


def from_the_future(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.ledger)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


def readable_by_all(desk: Desk) -> None:
    desk.ledger.chmod(0o644)


def a_folder(desk: Desk) -> None:
    desk.ledger.unlink()
    desk.ledger.mkdir()


@pytest.mark.parametrize(
    "harm",
    [cut, scribbled, emptied, foreign, from_the_future, readable_by_all, a_folder],
    ids=lambda harm: harm.__name__,
)
def test_nothing_is_sent_from_a_ledger_that_cannot_be_trusted(desk: Desk, harm: Callable[[Desk], None]) -> None:
    desk.add(order("one", "Closed Won"))
    harm(desk)
    with desk.nothing_sent():
        report = desk.sync(code=13)
        desk.sync("--since", "7d", code=13)
        desk.sync("--dry-run", code=13)
        assert desk.run("status", code=13).err
        assert desk.run("show", desk.deal("one"), code=13).err
    assert problem_codes(report) == ["ledger_unusable"]
    assert report["problems"][0]["hint"]
    assert desk.invoices() == []


@pytest.mark.parametrize("service", ["zoho", "xero"])
def test_a_ledger_of_another_pair_of_organisations(desk: Desk, desk_of: OpenDesk, service: str) -> None:
    other = world(order("one", "Closed Won"))
    if service == "zoho":
        other["zoho"]["org"] = {"id": "5725767000000000999", "zgid": "7009999999", "company_name": "Another Pty Ltd"}
    else:
        other["xero"]["organisation"] = {
            "OrganisationID": "aaaaaaaa-0000-4000-8000-0a5a4d9b7e01", "Name": "Another Pty Ltd"
        }  # fmt: skip
    there = desk_of(on=other)
    shutil.copy2(desk.ledger, there.ledger)
    with there.nothing_sent():
        report = there.sync("--since", "30d", code=13)
    assert problem_codes(report) == ["ledger_unusable"]
    assert "Another Pty Ltd" in report["problems"][0]["message"]
    assert there.invoices() == []


def test_a_lost_ledger_makes_no_double(desk: Desk) -> None:
    """Nothing but Xero remembers; the marks of its invoices are enough."""
    for key in ("one", "two"):
        desk.add(order(key, "Closed Won"))
    desk.sync()
    desk.ledger.unlink()
    with desk.nothing_sent():
        assert desk.sync()["baseline"] == 2
        desk.sync()
        report = desk.sync("--since", "30d")
    assert set(actions(desk, report).values()) == {"adopt"}
    assert len(desk.invoices(closed=True)) == 2
    assert_promises(desk)


def test_a_ledger_from_a_backup_makes_no_double(desk: Desk) -> None:
    """The backup was made before two deals were invoiced."""
    backup = desk.ledger.read_bytes()
    desk.add(order("one", "Closed Won"))
    desk.add(order("two", "Confirmed"))
    desk.sync()
    desk.ledger.write_bytes(backup)
    with desk.nothing_sent():
        assert actions(desk, desk.sync()) == {"one": "adopt", "two": "adopt"}
    desk.move("two", "Closed Won")
    assert actions(desk, desk.sync()) == {"two": "update"}
    assert desk.invoice("two")["Status"] == "AUTHORISED"
    assert len(desk.invoices(closed=True)) == 2
    assert_promises(desk)


@pytest.mark.parametrize("hours", [-30, -2, 2, 30], ids=lambda hours: f"{hours:+} h")
def test_a_clock_that_is_wrong_loses_and_doubles_nothing(desk_of: OpenDesk, hours: int) -> None:
    desk = desk_of(order("old", "Closed Won"))
    desk.skew = timedelta(hours=hours)
    desk.sync()
    for key in ("one", "two", "three"):
        desk.add(order(key, "Closed Won"))
        desk.fault("drop_after", method="PUT", path=INVOICES)
        desk.run("sync")
        desk.wait(minutes=9)
    desk.sync()
    assert len(desk.invoices(closed=True)) == 3
    assert_promises(desk)


# ---- two runs at once, and runs that are stopped ----


@pytest.fixture
def live(desk_of: OpenDesk) -> Desk:
    """A desk under the machine's clock, for processes of their own."""
    desk = desk_of(running=True)
    desk.process("sync", code=0)
    return desk


def test_a_second_run_leaves_at_once(live: Desk) -> None:
    live.add(order("one", "Closed Won"))
    arrived, go_on = threading.Event(), threading.Event()

    def hold(seen: object) -> None:
        arrived.set()
        go_on.wait(30)

    live.box.xero.on_write.append(hold)
    first = live.start("sync")
    try:
        assert arrived.wait(30)
        second = live.process("sync", code=11)
        assert (second.out, second.err) == ("", ""), "nobody has to act on a busy lock"
        assert problem_codes(live.sync(code=11)) == ["locked"]
        assert "run" in live.process("-v", "sync", code=11).err
        assert live.process("resolve", live.deal("one"), "--skip", code=11).err
        assert "uncertain" in live.process("status", code=4).out
    finally:
        live.box.xero.on_write.clear()
        go_on.set()
    live.finish(first, "sync", code=0)
    assert_promises(live)


@pytest.mark.parametrize(
    ("number", "code", "path", "made"),
    [
        (signal.SIGTERM, 143, "Contacts", 0),
        (signal.SIGTERM, 143, "Invoices", BATCH_ITEMS),
        (signal.SIGINT, 130, "Invoices", BATCH_ITEMS),
    ],
)
def test_a_signal_ends_the_run_between_two_writes(
    live: Desk, number: signal.Signals, code: int, path: str, made: int
) -> None:
    for placed in orders(BATCH_ITEMS + 10, "Closed Won", modified=lambda number: None):
        live.add(placed)
    running: list[subprocess.Popen[str]] = []

    def interrupt(seen: object) -> None:
        if path in str(seen) and running:
            os.kill(running.pop().pid, number)

    live.box.xero.on_write.append(interrupt)
    process = live.start("sync")
    running.append(process)
    ended = live.finish(process, "sync", code=code)
    assert "everything already sent is recorded" in ended.out + ended.err
    assert len(live.invoices()) == made
    assert unsettled(live) == 0
    report = live.sync()
    assert report["counts"]["invoices_created"] == BATCH_ITEMS + 10 - made
    assert_promises(live)


@pytest.mark.parametrize("chances", range(1, 9))
def test_a_run_that_is_stopped_anywhere_is_finished_by_the_next(desk: Desk, chances: int) -> None:
    """The program looks for a signal now and then; whichever of these moments it is, the next run completes it all."""
    desk.add(order("old", "Confirmed"))
    desk.sync()
    desk.move("old", "Closed Won")
    desk.add(order("new", "Closed Won", account="birch"))
    left = chances

    def stop() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise Interrupted(ExitCode.TERMINATED)

    ended = desk.run("sync", "--json", stop=stop)
    assert ended.code in (0, 143)
    assert ended.code == 143 or left > 0
    desk.sync()
    assert desk.invoice("old")["Status"] == desk.invoice("new")["Status"] == "AUTHORISED"
    assert_promises(desk)
