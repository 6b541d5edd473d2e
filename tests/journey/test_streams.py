"""Where the output goes: closed, full or broken streams, odd widths, and a disk without room."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import pytest
from world_tools import Desk, OpenDesk, check_report, order

pytestmark = pytest.mark.slow

PROGRAM = f'"{sys.executable}" -m zoho_xero_sync'


def shell(desk: Desk, line: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """What a shell says of a line; `$ZXS` is the program."""
    known = {"PATH": os.environ["PATH"], "HOME": str(desk.folder), **desk.environ, **environ}
    return subprocess.run(
        ["bash", "-c", line.replace("$ZXS", PROGRAM)],
        cwd=desk.folder, env=known, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def waiting(desk_of: OpenDesk) -> Desk:
    """A desk where one deal waits to be invoiced."""
    desk = desk_of(running=True)
    desk.process("sync", code=0)
    desk.add(order("one", "Confirmed"))
    return desk


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", ">&- 2>&- <&-"])
def test_a_closed_stream_is_written_to_nowhere(waiting: Desk, closed: str) -> None:
    told = shell(waiting, f"$ZXS sync {closed}")
    assert (told.returncode, told.stderr) == (0, "")
    assert ("Order one" in told.stdout) is (">&-" not in closed.replace("2>&-", ""))
    assert len(waiting.invoices("one")) == 1


@pytest.mark.parametrize("argv", ["sync", "sync --json", "sync --dry-run"])
def test_output_that_cannot_be_written_is_one_sentence(waiting: Desk, argv: str) -> None:
    told = shell(waiting, f"$ZXS {argv} > /dev/full")
    assert told.returncode == 1
    assert told.stderr.splitlines() == [
        "The output could not be written: No space left on device.",
        "What was done is recorded: see zoho-xero-sync status",
    ]
    assert len(waiting.invoices("one")) == (0 if "dry" in argv else 1)
    shell(waiting, "$ZXS sync")
    assert len(waiting.invoices("one")) == 1


def test_nothing_can_be_told_where_no_stream_takes_it(waiting: Desk) -> None:
    told = shell(waiting, "$ZXS sync > /dev/full 2>&1")
    assert (told.returncode, told.stdout, told.stderr) == (1, "", "")


@pytest.mark.parametrize("argv", ["sync --dry-run", "sync --dry-run --json", "--help"])
def test_a_reader_who_goes_away_is_no_error(waiting: Desk, argv: str) -> None:
    told = shell(waiting, f"$ZXS {argv} | true; exit ${{PIPESTATUS[0]}}")
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("columns", ["0", "1", "20", "999999999"])
def test_a_width_nobody_has_changes_no_line(waiting: Desk, columns: str) -> None:
    wanted = shell(waiting, "$ZXS sync --dry-run").stdout
    assert "Order one" in wanted
    assert shell(waiting, "$ZXS sync --dry-run", COLUMNS=columns).stdout == wanted


@pytest.mark.parametrize("columns", ["0", "1", "999999999"])
def test_a_terminal_is_taken_for_forty_columns_at_least(
    desk: Desk, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    desk.add(order("one", "Confirmed"))
    told = desk.run("sync", "--dry-run", interactive=True, code=0).out
    assert 30 <= max(map(len, told.splitlines())) <= 1000
    assert len(told.splitlines()) < 60


def test_a_disk_without_room_for_the_lock_is_a_report_of_its_own(desk: Desk) -> None:
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    with desk.nothing_sent():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))  # no file may grow: the same as a full disk
        try:
            told = desk.run("sync", "--json", code=13)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
    report = json.loads(told.out)
    check_report(report)
    assert "lock" in report["problems"][0]["message"]
    assert desk.sync()["exit_code"] == 0
