"""The versions of the schema: from nothing, from an older one, all or nothing."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from ledger_samples import IDENTITY, NOON, a_deal, contents, raw
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from zoho_xero_sync.errors import LedgerError
from zoho_xero_sync.ledger import opening, tables
from zoho_xero_sync.ledger.store import Ledger

NEXT = """
from alembic import op
revision = "0002"
down_revision = "0001"

def upgrade():
    op.execute("CREATE TABLE note (text TEXT) STRICT")
    op.execute("INSERT INTO note VALUES ('carried over')")
    {then}
"""


def _schema(connection: sqlite3.Connection) -> dict[str, str]:
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
    return {name: " ".join(sql.split()) for name, sql in rows}


def test_the_migrations_make_exactly_the_tables_the_program_works_on(ledger: Ledger, path: Path) -> None:
    ours = raw(path)
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        tables.metadata.create_all(connection)
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        assert _schema(ours) == _schema(driver)
    engine.dispose()
    ours.close()


def test_every_table_is_strict(ledger: Ledger, path: Path) -> None:
    connection = raw(path)
    strict = {row[1]: row[5] for row in connection.execute("PRAGMA table_list") if row[0] == "main"}
    connection.close()
    assert {name for name, flag in strict.items() if flag} == set(tables.metadata.tables)


def test_the_known_versions_are_those_of_the_migrations() -> None:
    script = ScriptDirectory(str(opening._MIGRATIONS))
    chain = [revision.revision for revision in script.walk_revisions()]
    assert tuple(reversed(chain)) == tables.SCHEMA_VERSIONS


@pytest.mark.parametrize("name", sorted(tables.metadata.tables))
def test_the_tables_can_be_said_in_postgresql(name: str) -> None:
    said = str(CreateTable(tables.metadata.tables[name]).compile(dialect=postgresql.dialect()))
    assert "GLOB" not in said
    assert "STRICT" not in said


def _release(monkeypatch: pytest.MonkeyPatch, folder: Path, then: str = "") -> None:
    """A program one schema version later than this one."""
    migrations = folder / "migrations 100%"
    shutil.copytree(opening._MIGRATIONS, migrations)
    (migrations / "versions" / "v0002_next.py").write_text(NEXT.format(then=then))
    monkeypatch.setattr(opening, "_MIGRATIONS", migrations)
    monkeypatch.setattr(tables, "SCHEMA_VERSIONS", ("0001", "0002"))


def test_an_older_ledger_is_brought_up_to_date_and_keeps_its_content(
    ledger: Ledger, path: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.stage([a_deal()], NOON)
    ledger.close()
    _release(monkeypatch, tmp_path)
    before = contents(path.parent)
    with pytest.raises(LedgerError, match="older version"):
        Ledger.open(url, read_only=True)
    assert contents(path.parent) == before
    with Ledger.open(url) as upgraded:
        assert upgraded.find_deals(["1"]) == {"1": a_deal()}
        assert upgraded.identity() == IDENTITY
    with Ledger.open(url, read_only=True) as reader:
        assert reader.checkpoint() == NOON
    connection = raw(path)
    assert connection.execute("SELECT text, version_num FROM note, alembic_version").fetchall() == [
        ("carried over", "0002")
    ]
    connection.close()


def test_a_migration_that_fails_changes_nothing(
    ledger: Ledger, path: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.close()
    connection = raw(path)
    before = list(connection.iterdump())
    with monkeypatch.context() as later:
        _release(later, tmp_path, then="raise KeyboardInterrupt")
        with pytest.raises(KeyboardInterrupt):
            Ledger.open(url)
    assert list(connection.iterdump()) == before
    connection.close()
    with Ledger.open(url) as still:
        assert still.identity() == IDENTITY
