"""Runs that are watched: a dead-man's switch, a metrics file, JSON logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from ping_server import TOKEN, Watcher, ping_server
from world_tools import Desk, OpenDesk, order

from zoho_xero_sync.errors import ExitCode, Interrupted
from zoho_xero_sync.ledger.lock import RunLock


@contextmanager
def watched(desk: Desk) -> Iterator[Watcher]:
    with ping_server() as watcher:
        desk.configure(watch={"ping": watcher.url, "textfile": "sync.prom"})
        yield watcher


def test_a_good_run_is_told_with_counts_and_without_names(desk: Desk) -> None:
    desk.add(order("a", "Closed Won"))
    desk.add(order("b", "Closed Won", account=None))
    with watched(desk) as watcher:
        desk.run("sync", code=3)
    assert watcher.events == ["/start", ""]
    body = watcher.told[1][1]
    assert body.startswith("exit 3: ")
    assert "1 invoices created" in body
    assert "1 held" in body
    assert "Order" not in body
    metrics = (desk.folder / "sync.prom").read_text(encoding="utf-8")
    assert "\nzoho_xero_sync_waiting_deals 1\n" in metrics
    assert '\nzoho_xero_sync_deals{action="invoices_created"} 1\n' in metrics


def test_the_run_that_records_the_baseline_is_told(desk_of: OpenDesk) -> None:
    desk = desk_of()
    with watched(desk) as watcher:
        desk.sync()
    assert watcher.events == ["/start", ""]


def test_a_refused_login_is_told_as_a_failure(desk: Desk) -> None:
    desk.wait(hours=2)
    desk.environ["ZXS_ZOHO_CLIENT_SECRET"] = "mistyped"
    with watched(desk) as watcher:
        desk.run("sync", code=12)
    assert watcher.events == ["/start", "/fail"]
    assert "\nzoho_xero_sync_exit_code 12\n" in (desk.folder / "sync.prom").read_text(encoding="utf-8")


def test_an_untrusted_ledger_is_told_as_a_failure(desk: Desk) -> None:
    desk.ledger.write_bytes(b"not a ledger" * 20)
    with watched(desk) as watcher:
        desk.run("sync", code=13)
    assert watcher.events == ["/start", "/fail"]


def test_a_lost_minute_wakes_nobody(desk: Desk) -> None:
    desk.fault("status_503", service="zoho", times=40)
    with watched(desk) as watcher:
        desk.run("sync", code=4)
    assert watcher.events == ["/start"]


def test_a_busy_lock_wakes_nobody(desk: Desk) -> None:
    with watched(desk) as watcher, RunLock.for_url(f"sqlite:///{desk.ledger}"):
        desk.run("sync", code=11)
    assert watcher.events == ["/start"]
    assert not (desk.folder / "sync.prom").exists()


def test_an_interrupted_run_wakes_nobody(desk: Desk) -> None:
    desk.add(order("a", "Closed Won"))

    def stop() -> None:
        raise Interrupted(ExitCode.TERMINATED)

    with watched(desk) as watcher:
        desk.run("sync", code=143, stop=stop)
    assert watcher.events == ["/start"]


def test_a_dry_run_is_nobodys_business(desk: Desk) -> None:
    with watched(desk) as watcher:
        desk.run("sync", "--dry-run", code=0)
    assert watcher.events == []
    assert not (desk.folder / "sync.prom").exists()


@pytest.mark.parametrize("status", [404, 429, 500, 302])
def test_a_watcher_that_refuses_changes_nothing(desk: Desk, status: int) -> None:
    with watched(desk) as watcher:
        watcher.status = status
        told = desk.run("sync", code=0)
    assert (told.out, told.err) == ("", "")
    assert watcher.events == ["/start", ""]


def test_a_watcher_that_is_away_is_named_when_asked_and_its_path_never(desk: Desk) -> None:
    with watched(desk) as watcher:
        pass
    quiet, loud = desk.run("sync", code=0), desk.run("-vv", "sync", code=0)
    assert (quiet.out, quiet.err) == ("", "")
    assert "watch.ping was not told" in loud.err
    assert watcher.events == []
    assert TOKEN not in loud.err


def test_a_textfile_that_cannot_be_written_changes_nothing(desk: Desk) -> None:
    desk.configure(watch={"textfile": "gone/sync.prom"})
    quiet, loud = desk.run("sync", code=0), desk.run("-v", "sync", code=0)
    assert (quiet.out, quiet.err) == ("", "")
    assert "watch.textfile cannot be written" in loud.err


def test_json_logs_are_one_object_a_line(desk: Desk) -> None:
    with watched(desk):
        told = desk.run("-vv", "--log-format", "json", "--log-file", str(desk.folder / "sync.log"), "sync", code=0)
    lines = [json.loads(line) for line in told.err.splitlines()]
    assert lines
    assert {tuple(line) for line in lines} == {("at", "level", "run", "logger", "message")}
    assert TOKEN not in told.err
    in_file = [json.loads(line) for line in (desk.folder / "sync.log").read_text("utf-8").splitlines()]
    assert in_file == lines
