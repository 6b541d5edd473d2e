"""docs/drills.md: each disaster happens, and what the page says is typed, to the letter; it exits as the page says."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from auth_tools import HOME, OTHER, Office, office_in
from promises import assert_promises
from sqlalchemy import event
from sqlalchemy.pool import Pool
from world_tools import ROOT, Desk, OpenDesk, Result, order

from zoho_xero_sync.cli.main import COMMANDS

PAGE = (ROOT / "docs" / "drills.md").read_text(encoding="utf-8")
_PROGRAM = "zoho-xero-sync "


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a drill: what is typed, and the exit code the page says."""

    typed: str
    code: int


def drills() -> dict[str, list[list[Step]]]:
    """Each drill's blocks of commands, in order."""
    parts = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)
    blocks = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return {
        name: [[_step(line) for line in block.splitlines()] for block in blocks.findall(body)]
        for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def _step(line: str) -> Step:
    typed, _, remark = line.partition("  #")
    exits = re.search(r"exits (\d+)", remark)
    return Step(typed.strip(), int(exits[1]) if exits else 0)


def play(desk: Desk, steps: Sequence[Step], *, places: dict[str, Path] | None = None) -> list[Result]:
    """Type the steps: this program's at the desk, a shell's in the desk's folder."""
    said = []
    for step in steps:
        if step.typed.startswith(_PROGRAM):
            said.append(desk.run(*shlex.split(step.typed)[1:], code=step.code))
            continue
        typed = step.typed
        for place, here in (places or {}).items():
            typed = typed.replace(place, str(here))
        done = subprocess.run(["sh", "-c", typed], cwd=desk.folder, capture_output=True, text=True, check=False)
        assert done.returncode == step.code, done.stderr
        said.append(Result(done.returncode, done.stdout, done.stderr))
    return said


def at_work(desk: Desk) -> None:
    """A draft and an approved invoice."""
    desk.add(order("draft", "Confirmed"))
    desk.add(order("approved", "Closed Won", account="birch"))
    desk.sync()


def goes_on(desk: Desk) -> None:
    """The business goes on as if nothing had happened."""
    desk.move("draft", "Closed Won")
    desk.add(order("next", "Closed Won"))
    report = desk.sync()
    assert sorted(deal["action"] for deal in report["deals"] if deal["action"] != "unchanged") == ["create", "update"]
    assert_promises(desk)


def test_the_page_has_a_test_for_each_drill() -> None:
    played = re.findall(r'drills\(\)\["([A-Z][a-z ]+)"\]', Path(__file__).read_text(encoding="utf-8"))
    assert sorted(set(played)) == sorted(drills())
    typed = [step.typed for blocks in drills().values() for block in blocks for step in block]
    assert len(typed) > 20
    assert {line.split()[1] for line in typed if line.startswith(_PROGRAM)} <= set(COMMANDS)


def test_a_lost_ledger(desk: Desk) -> None:
    at_work(desk)
    desk.ledger.unlink()
    with desk.nothing_sent():
        said = play(desk, drills()["Lost ledger"][0])
    assert "2 deals have their invoices again" in said[1].out and "2 deals have their invoices again" in said[2].out
    goes_on(desk)


@pytest.mark.slow
def test_a_damaged_ledger(desk: Desk) -> None:
    at_work(desk)
    damaged = desk.ledger.read_bytes()[:3000]
    desk.ledger.write_bytes(damaged)
    with desk.nothing_sent():
        play(desk, drills()["Damaged ledger"][0])
    assert [path.read_bytes() for path in desk.folder.glob("ledger.db.until-*")] == [damaged]
    goes_on(desk)


@pytest.mark.slow
def test_a_restored_backup(desk: Desk) -> None:
    backup = desk.folder.parent / "backup.db"
    backup.write_bytes(desk.ledger.read_bytes())
    backup.chmod(0o600)
    at_work(desk)
    with desk.nothing_sent():
        dry, _, _ = play(desk, drills()["Restored backup"][0], places={"/var/backups/zoho-xero-sync.db": backup})[1:]
    assert dry.out.count("adopt") >= 2 and "create" not in dry.out
    goes_on(desk)


@pytest.mark.slow
def test_a_machine_that_moved(desk: Desk, tmp_path: Path) -> None:
    at_work(desk)
    old, new = drills()["Machine moved"]
    folder = tmp_path / "new-machine"
    folder.mkdir()
    play(desk, old, places={"/mnt/new-machine/": folder})
    moved = Desk(desk.box, folder)
    with desk.nothing_sent():
        play(moved, new)
    goes_on(moved)


@contextmanager
def logged_in(folder: Path, connection: str, **xero: object) -> Iterator[Office]:
    """An office that has run before."""
    with office_in(folder, connection, **xero) as office:
        office.log_in_zoho()
        office.log_in_xero(*(["--tenant", HOME] if xero else []))
        office.run("sync")
        yield office


def play_office(office: Office, steps: Sequence[Step]) -> list[Result]:
    """Type the steps in an office, where a login is a conversation."""
    said = []
    for step in steps:
        argv = shlex.split(step.typed.replace("Your Company Pty Ltd", HOME))[1:]
        logins: dict[str, Callable[[], Result]] = {
            "auth zoho": office.log_in_zoho,
            "auth xero": lambda argv=argv: office.log_in_xero(*argv[2:]),
        }
        ordinary = lambda argv=argv, step=step: office.run(*argv, code=step.code)  # noqa: E731 - one of three ways
        said.append(logins.get(" ".join(argv[:2]), ordinary)())
        office.wait(minutes=1)
    return said


@pytest.mark.slow
def test_lost_tokens(tmp_path: Path) -> None:
    with logged_in(tmp_path, "custom") as office:
        (office.folder / "secrets.json").unlink()
        said = play_office(office, drills()["Token lost"][0])
        assert "zoho-xero-sync auth zoho" in said[0].out + said[0].err


@pytest.mark.slow
def test_the_wrong_tenant(tmp_path: Path) -> None:
    with logged_in(tmp_path, "web", organisations=[{"Name": OTHER}]) as office:
        office.box.xero.disconnect(HOME)
        office.wait(hours=2)
        said = play_office(office, drills()["Wrong tenant"][0])
        assert HOME in said[0].out + said[0].err and OTHER in said[0].out + said[0].err


@pytest.mark.slow
def test_two_machines(desk_of: OpenDesk, tmp_path: Path) -> None:
    desk = desk_of(order("old", "Closed Won", modified="2026-11-10T00:00:00Z"))
    desk.sync()
    at_work(desk)
    folder = tmp_path / "second"
    folder.mkdir()
    second = Desk(desk.box, folder)
    second.sync()
    desk.add(order("theirs", "Closed Won"))
    second.sync()
    desk.add(order("waits", "Closed Won"))
    stopped, chosen = drills()["Two machines at once"]
    with desk.nothing_sent():
        (told,) = play(desk, stopped)
    assert str(desk.invoice("theirs")["InvoiceNumber"]) in told.out + told.err
    play(desk, chosen)
    assert desk.invoice("waits")["Status"] == "AUTHORISED"
    goes_on(desk)


@contextmanager
def full_disk() -> Iterator[None]:
    """SQLite's own "database or disk is full": no ledger may grow by a page."""

    def limit(connection: object, record: object) -> None:
        connection.execute("PRAGMA max_page_count=1").fetchall()  # type: ignore[attr-defined]  # sqlite3's

    event.listen(Pool, "connect", limit)
    try:
        yield
    finally:
        event.remove(Pool, "connect", limit)


@pytest.mark.slow
def test_a_full_disk(desk: Desk) -> None:
    for number in range(40):
        desk.add(order(f"job{number}", "Closed Won"))
    before, check, after = drills()["Disk full"][0]
    with full_disk(), desk.nothing_sent():
        (told,) = play(desk, [before])
    assert "disk is full" in told.out + told.err
    play(desk, [check, after])
    assert len(desk.invoices()) == 40
    assert_promises(desk)
