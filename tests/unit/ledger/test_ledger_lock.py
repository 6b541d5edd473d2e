"""One run at a time: held, busy, dead, planted."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from zoho_xero_sync.errors import ExitCode, LedgerError, LockedError
from zoho_xero_sync.ledger.lock import RunLock

HOLDER = """
import sys
from pathlib import Path
from zoho_xero_sync.ledger.lock import RunLock
with RunLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def lock_file(path: Path) -> Path:
    return path.with_name("ledger.db.lock")


def test_the_lock_is_private_names_its_holder_and_can_be_taken_again(path: Path, lock_file: Path) -> None:
    before = os.umask(0)
    try:
        for _ in range(2):
            with RunLock(path):
                assert lock_file.read_text() == f"{os.getpid()}\n"
                assert stat.S_IMODE(lock_file.stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert lock_file.read_bytes() == b""
    assert not path.exists()


def test_a_disk_without_room_for_the_lock_is_said_and_leaves_it_free(path: Path, lock_file: Path) -> None:
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))  # no file may grow: the same as a full disk
    try:
        with pytest.raises(LedgerError) as caught, RunLock(path):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
    assert str(lock_file) in caught.value.message
    assert "has room" in caught.value.hint
    with RunLock(path):
        assert lock_file.read_text() == f"{os.getpid()}\n"


def test_the_lock_of_another_process_is_respected_and_dies_with_it(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError) as caught, RunLock(path):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert f"process {holder.pid}" in caught.value.message
    assert caught.value.hint == "Nothing to do: the next run goes on."
    assert caught.value.exit_code is ExitCode.LOCKED
    with RunLock(path) as lock:
        assert lock.path.read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize(("written", "named"), [("123\n", True), ("", False), ("someone\n", False), ("9" * 40, True)])
def test_a_busy_lock_names_its_holder_when_it_can(path: Path, lock_file: Path, written: str, named: bool) -> None:
    with RunLock(path):
        lock_file.write_text(written)
        with pytest.raises(LockedError) as caught, RunLock(path):
            pass
        assert ("process" in caught.value.message) is named
        assert "someone" not in caught.value.message


def test_the_lock_is_let_go_when_the_run_fails(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), RunLock(path):
        raise ZeroDivisionError
    with RunLock(path):
        pass


def test_two_names_of_a_ledger_share_a_lock(path: Path, tmp_path: Path) -> None:
    path.touch()
    alias = tmp_path / "alias.db"
    alias.symlink_to(path)
    with RunLock(path), pytest.raises(LockedError), RunLock(alias):
        pass


def test_a_planted_link_is_not_followed(path: Path, lock_file: Path, tmp_path: Path) -> None:
    treasure = tmp_path / "treasure.txt"
    treasure.write_text("untouched")
    lock_file.symlink_to(treasure)
    with pytest.raises(LedgerError, match="symbolic link"), RunLock(path):
        pass
    assert treasure.read_text() == "untouched"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "fifo"])
def test_what_is_no_plain_file_is_refused(path: Path, lock_file: Path, make: Callable[[Path], None]) -> None:
    make(lock_file)
    with pytest.raises(LedgerError) as caught, RunLock(path):
        pass
    assert caught.value.hint


def test_a_missing_folder_is_named(path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be used") as caught, RunLock(path.parent / "nowhere" / "ledger.db"):
        pass
    assert "folder exists" in caught.value.hint


def test_a_system_without_flock_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(LedgerError, match="flock"), RunLock(path):
        pass


def test_the_lock_of_a_url(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert RunLock.for_url(f"sqlite:///{path}").path == RunLock(path).path
    one = RunLock.for_url("postgresql://books:hunter2@db.example.com/ledger")
    assert one.path == RunLock.for_url("postgresql://other:changed@db.example.com/ledger").path
    assert one.path != RunLock.for_url("postgresql://books:hunter2@db.example.com/other").path
    assert tmp_path in one.path.parents
    with one, pytest.raises(LockedError), RunLock.for_url("postgresql://db.example.com/ledger"):
        pass
