"""Making a ledger, and refusing everything that is not a sound one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ledger_samples import IDENTITY, NOON, a_deal, contents, raw
from sqlalchemy import event

from zoho_xero_sync.core.model import CustomerKey
from zoho_xero_sync.errors import BugError, ExitCode, LedgerError, LockedError
from zoho_xero_sync.ledger import engine as engine_module
from zoho_xero_sync.ledger import opening
from zoho_xero_sync.ledger.store import Ledger


def _close_after(connection: sqlite3.Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(statement)
    connection.close()


def _sound(path: Path) -> None:
    Ledger.create(f"sqlite:///{path}", IDENTITY).close()


def _changed(*statements: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        _sound(path)
        _close_after(raw(path), *statements)

    return make


def _with_bytes(content: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.touch(0o600)
        path.write_bytes(content)

    return make


def _other_program(path: Path) -> None:
    path.touch(0o600)
    _close_after(raw(path), "CREATE TABLE bookmarks (url TEXT)")


def _truncated(path: Path) -> None:
    _sound(path)
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)


def _flipped(path: Path) -> None:
    _sound(path)
    content = bytearray(path.read_bytes())
    for offset in range(len(content) // 2, len(content) // 2 + 4096):
        content[offset] ^= 0xFF
    path.write_bytes(content)


def _flipped_schema(path: Path) -> None:
    _sound(path)
    content = bytearray(path.read_bytes())
    content[100:150] = bytes(byte ^ 0xFF for byte in content[100:150])
    path.write_bytes(content)


def _zeroed_header(path: Path) -> None:
    _sound(path)
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


def _wide(mode: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        _sound(path)
        path.chmod(mode)

    return make


def _read_only_folder(path: Path) -> None:
    _sound(path)
    path.parent.chmod(0o500)


REFUSED: list[tuple[str, Callable[[Path], None], str]] = [
    ("missing", lambda path: None, "There is no ledger"),
    ("missing folder", lambda path: path.parent.rmdir(), "There is no ledger"),
    ("dangling link", lambda path: path.symlink_to("gone.db"), "cannot be reached"),
    ("directory", lambda path: path.mkdir(), "is a directory"),
    ("fifo", lambda path: os.mkfifo(path, 0o600), "not a plain file"),
    ("empty", _with_bytes(b""), "empty file"),
    ("text", _with_bytes(b'{"deals": []}\n' * 100), "no SQLite database"),
    ("only a magic", _with_bytes(b"SQLite format 3\x00"), "no SQLite database"),
    ("zeroed header", _zeroed_header, "no SQLite database"),
    ("another program's", _other_program, "another program"),
    ("truncated", _truncated, "damaged"),
    ("flipped page", _flipped, "damaged"),
    ("flipped schema", _flipped_schema, "damaged"),
    ("no identity", _changed("DELETE FROM ledger"), "does not say whose it is"),
    ("no tables", _changed("DROP TABLE ledger"), "does not say whose it is"),
    ("no version", _changed("DELETE FROM alembic_version"), "does not say whose it is"),
    ("newer", _changed("UPDATE alembic_version SET version_num = '9999'"), "newer version of this program"),
    ("readable by group", _wide(0o640), "mode 0640"),
    ("writable by others", _wide(0o602), "mode 0602"),
]
REFUSED_FOR_WRITING: list[tuple[str, Callable[[Path], None], str]] = [
    ("read-only file", _wide(0o400), "its file is read-only"),
    ("read-only folder", _read_only_folder, "its folder is read-only"),
]


@pytest.mark.parametrize(
    ("make", "said", "read_only"),
    [
        pytest.param(make, said, read_only, id=f"{name}-{'ro' if read_only else 'rw'}")
        for rows, modes in ((REFUSED, (False, True)), (REFUSED_FOR_WRITING, (False,)))
        for name, make, said in rows
        for read_only in modes
    ],
)
def test_what_is_no_sound_ledger_is_refused_and_left_alone(
    path: Path, url: str, make: Callable[[Path], None], said: str, read_only: bool
) -> None:
    make(path)
    before = contents(path.parent.parent)
    with pytest.raises(LedgerError) as caught:
        Ledger.open(url, read_only=read_only)
    path.parent.exists() and path.parent.chmod(0o700)
    assert said in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code is ExitCode.LEDGER
    assert contents(path.parent.parent) == before


def test_a_new_ledger_is_private_whatever_the_umask_and_alone_in_its_folder(path: Path, url: str) -> None:
    before = os.umask(0)
    try:
        Ledger.create(url, IDENTITY).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["ledger.db"]


def test_a_new_ledger_is_private_before_sqlite_opens_it(path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    connect = sqlite3.connect

    def watched(*args: object, **options: object) -> sqlite3.Connection:
        modes.extend(stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir())
        return connect(*args, **options)

    monkeypatch.setattr(sqlite3, "connect", watched)
    Ledger.create(url, IDENTITY).close()
    assert set(modes) == {0o600}


def test_the_journal_beside_it_is_private_too(ledger: Ledger, path: Path) -> None:
    with ledger._writing() as connection:
        connection.exec_driver_sql("DELETE FROM fact")
        connection.exec_driver_sql("INSERT INTO fact VALUES ('a', 'b', '2026-11-20T12:00:00.000000+00:00')")
        journal = path.with_name("ledger.db-journal")
        assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert not journal.exists()


def test_a_new_ledger_knows_its_organisations(ledger: Ledger, path: Path) -> None:
    assert ledger.identity() == IDENTITY
    assert ledger.path == path
    assert ledger.checkpoint() is None
    assert ledger.covered_stages() == frozenset()


@pytest.mark.parametrize(
    "make",
    [
        _sound,
        _with_bytes(b""),
        _with_bytes(b"notes"),
        lambda path: path.mkdir(),
        lambda path: path.symlink_to("gone.db"),
    ],
    ids=["a ledger", "an empty file", "a text", "a folder", "a dangling link"],
)
def test_a_ledger_is_never_made_over_something(path: Path, url: str, make: Callable[[Path], None]) -> None:
    make(path)
    before = contents(path.parent)
    assert Ledger.exists(url)
    with pytest.raises(LedgerError, match="already something"):
        Ledger.create(url, IDENTITY)
    assert contents(path.parent) == before


def test_no_ledger_is_made_beside_the_journal_of_one_that_is_gone(path: Path, url: str) -> None:
    journal = path.with_name(f"{path.name}-journal")
    journal.write_bytes(b"half of a change")
    with pytest.raises(LedgerError, match="removed or moved") as refused:
        Ledger.create(url, IDENTITY)
    assert "rebuild" in refused.value.hint
    assert [left.name for left in path.parent.iterdir()] == [journal.name]


def test_what_appears_while_a_ledger_is_made_is_not_replaced(
    path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill = opening._fill

    def slow(scratch: Path, identity: object) -> None:
        fill(scratch, IDENTITY)
        path.write_bytes(b"another run's")

    monkeypatch.setattr(opening, "_fill", slow)
    with pytest.raises(LedgerError, match="already something"):
        Ledger.create(url, IDENTITY)
    assert [(file.name, file.read_bytes()) for file in path.parent.iterdir()] == [("ledger.db", b"another run's")]


def test_a_ledger_half_made_leaves_nothing(path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate = opening._migrate

    def cut(connection: object) -> None:
        migrate(connection)
        raise KeyboardInterrupt

    monkeypatch.setattr(opening, "_migrate", cut)
    with pytest.raises(KeyboardInterrupt):
        Ledger.create(url, IDENTITY)
    assert list(path.parent.iterdir()) == []
    assert not Ledger.exists(url)


def test_a_missing_folder_is_named(path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be created"):
        Ledger.create(f"sqlite:///{path.parent}/nowhere/ledger.db", IDENTITY)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///ledger.db?mode=memory",
        "sqlite:///file:ledger.db",
        "postgresql://books:hunter2@db.example.com/ledger",
        "mysql://books:hunter2@db.example.com/ledger",
        "ledger.db",
        "",
    ],
)
@pytest.mark.parametrize("ask", [Ledger.exists, Ledger.open, lambda url: Ledger.create(url, IDENTITY)])
def test_a_url_that_names_no_file_is_refused_without_its_secrets(url: str, ask: Callable[[str], object]) -> None:
    with pytest.raises(LedgerError) as caught:
        ask(url)
    assert "sqlite:///ledger.db" in caught.value.hint
    assert "hunter2" not in caught.value.message + caught.value.hint


def test_a_path_with_odd_characters_works(tmp_path: Path) -> None:
    odd = tmp_path / "100% #1 'books' é"
    odd.mkdir()
    with Ledger.create(f"sqlite:///{odd}/my ledger%20.db", IDENTITY) as ledger:
        assert ledger.identity() == IDENTITY
    assert [file.name for file in odd.iterdir()] == ["my ledger%20.db"]


def test_reading_only_changes_no_byte_and_makes_no_file(ledger: Ledger, path: Path, url: str) -> None:
    ledger.stage([a_deal()], NOON)
    ledger.close()
    before = contents(path.parent)
    with Ledger.open(url, read_only=True) as reader:
        assert reader.identity() == IDENTITY
        assert reader.checkpoint() == NOON
        assert len(reader.find_deals(["1"])) == len(reader.pending_deals()) == 1
        assert reader.waiting_deals() == reader.unsettled_writes() == reader.runs() == reader.events("1") == []
        assert reader.find_customer_links([CustomerKey("Accounts", "9")]) == reader.find_invoice_links(["1"]) == {}
        assert reader.fact("organisation") is None
        assert contents(path.parent) == before
        with pytest.raises(BugError, match="reading only"):
            reader.stage([a_deal("2")], NOON)
        with pytest.raises(LedgerError, match="read-only"), opening.translated(str(path)), reader._engine.begin() as c:
            c.exec_driver_sql("DELETE FROM deal")
    assert contents(path.parent) == before


def test_a_read_only_file_in_a_read_only_folder_can_be_read(ledger: Ledger, path: Path, url: str) -> None:
    ledger.close()
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        with Ledger.open(url, read_only=True) as reader:
            assert reader.identity() == IDENTITY
    finally:
        path.parent.chmod(0o700)


def _cut_off(path: Path, elsewhere: Path) -> None:
    """A copy of the ledger and its rollback journal as a power cut in the middle of a commit would leave them."""
    connection = raw(path)
    connection.execute("PRAGMA cache_size = 2")
    connection.execute("BEGIN IMMEDIATE")
    filler = "x" * 20_000
    for number in range(40):
        connection.execute("INSERT INTO covered_stage VALUES (?, ?)", (f"half {number}", filler))
    for name in ("ledger.db", "ledger.db-journal"):
        shutil.copy(path.with_name(name), elsewhere / name)
    connection.execute("ROLLBACK")
    connection.close()


@pytest.mark.parametrize(("denied", "kind"), [("ledger.db", "file"), ("books", "folder")])
def test_what_this_user_may_not_write_is_refused(
    ledger: Ledger, url: str, monkeypatch: pytest.MonkeyPatch, denied: str, kind: str
) -> None:
    # Stands in for a file of another user: the superuser, who often runs tests, is never denied.
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place).name != denied)
    with pytest.raises(LedgerError, match=f"its {kind} is read-only"):
        Ledger.open(url)


def test_a_change_cut_off_is_undone_by_a_writer_and_refused_by_a_reader(
    ledger: Ledger, path: Path, tmp_path: Path
) -> None:
    ledger.record_baseline([], frozenset({("Closed Won", "")}), NOON)
    folder = tmp_path / "after the crash"
    folder.mkdir()
    _cut_off(path, folder)
    damaged = contents(folder)
    url = f"sqlite:///{folder}/ledger.db"
    with pytest.raises(LedgerError, match="cut off") as caught:
        Ledger.open(url, read_only=True)
    assert "zoho-xero-sync sync" in caught.value.hint
    assert contents(folder) == damaged
    with Ledger.open(url) as repaired:
        assert repaired.covered_stages() == {("Closed Won", "")}
    assert [file.name for file in folder.iterdir()] == ["ledger.db"]


def test_wal_is_switched_back_by_a_writer_and_refused_by_a_reader(ledger: Ledger, path: Path, url: str) -> None:
    ledger.close()
    _close_after(raw(path), "PRAGMA journal_mode = WAL")
    before = contents(path.parent)
    with pytest.raises(LedgerError, match="WAL"):
        Ledger.open(url, read_only=True)
    assert contents(path.parent) == before
    Ledger.open(url).close()
    with Ledger.open(url, read_only=True) as reader:
        assert reader.identity() == IDENTITY


def test_a_big_ledger_gets_the_quick_check(ledger: Ledger, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    make = opening.make_engine

    def watched(path: Path, *, read_only: bool) -> object:
        made = make(path, read_only=read_only)
        event.listen(made, "before_cursor_execute", lambda conn, cursor, statement, *rest: asked.append(statement))
        return made

    monkeypatch.setattr(opening, "make_engine", watched)
    Ledger.open(url).close()
    monkeypatch.setattr(opening, "_FULL_CHECK_BYTES", 1)
    Ledger.open(url).close()
    assert [statement for statement in asked if "check" in statement] == [
        "PRAGMA integrity_check(1)",
        "PRAGMA quick_check(1)",
    ]


def test_an_old_sqlite_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 1))
    for ask in (Ledger.open, lambda url: Ledger.create(url, IDENTITY)):
        with pytest.raises(LedgerError, match=r"3\.37"):
            ask(url)


def test_every_commit_is_durable(ledger: Ledger) -> None:
    with ledger._reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("synchronous", "journal_mode", "foreign_keys", "trusted_schema", "application_id")
        }
    extra = 3
    assert found == {
        "synchronous": extra,
        "journal_mode": "delete",
        "foreign_keys": 1,
        "trusted_schema": 0,
        "application_id": opening.APPLICATION_ID,
    }


def test_a_writer_locks_before_its_first_statement_and_a_reader_does_not(ledger: Ledger, path: Path) -> None:
    other = raw(path)
    with ledger._writing(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    with ledger._reading():
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    other.close()


def test_a_busy_ledger_is_somebody_elses_turn(path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_BUSY_SECONDS", 0)
    other_statements = "BEGIN IMMEDIATE", "ROLLBACK"
    with Ledger.create(url, IDENTITY) as ledger:
        other = raw(path)
        other.execute(other_statements[0])
        assert ledger.checkpoint() is None
        with pytest.raises(LockedError, match="Another program"):
            ledger.stage([a_deal()], NOON)
        other.execute(other_statements[1])
        other.close()
        assert ledger.find_deals(["1"]) == {}
        ledger.stage([a_deal()], NOON)
        assert ledger.checkpoint() == NOON


def test_opening_a_current_ledger_leaves_alembic_alone(ledger: Ledger, url: str) -> None:
    script = (
        "import sys; from zoho_xero_sync.ledger.store import Ledger; "
        "Ledger.open(sys.argv[1]).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script, url], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("False", "")
