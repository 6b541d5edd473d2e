"""A cron job starts every minute: what a command does not need, it does not load."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from zoho_xero_sync.core.model import Identity
from zoho_xero_sync.ledger.store import Ledger

_TELL = """
import json, sys
from zoho_xero_sync.cli.main import run
code = run(sys.argv[1:])
sys.stderr.write("\\n" + json.dumps({"code": code, "loaded": sorted(sys.modules)}))
"""
CONFIG = "version: 1\nstages: [{stage: Closed Won, invoice: draft}]\n"


def _loaded(folder: Path, *arguments: str) -> tuple[int, set[str], str]:
    """Exit code, loaded modules and stdout of one command line in a process of its own."""
    environ = {"HOME": str(folder), "PATH": "", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _TELL, *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told = json.loads(done.stderr.splitlines()[-1])
    return told["code"], set(told["loaded"]), done.stdout


@pytest.mark.parametrize(
    ("arguments", "needless"),
    [
        (("--version",), {"alembic", "flask", "keyring", "requests", "sqlalchemy", "werkzeug"}),
        (("--help",), {"alembic", "flask", "keyring", "werkzeug"}),
        (("sync", "--help"), {"alembic", "flask", "keyring", "werkzeug"}),
    ],
)
def test_help_is_light(tmp_path: Path, arguments: tuple[str, ...], needless: set[str]) -> None:
    code, loaded, out = _loaded(tmp_path, *arguments)
    assert code == 0
    assert "zoho-xero-sync" in out
    assert loaded & needless == set()


def test_status_is_light(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    identity = Identity("1", "Example CRM", "2", "Example Books", datetime(2026, 11, 20, tzinfo=UTC))
    Ledger.create(f"sqlite:///{tmp_path}/ledger.db", identity).close()
    code, loaded, out = _loaded(tmp_path, "status")
    assert (code, "Example Books" in out) == (0, True)
    assert "sqlalchemy" in loaded
    assert loaded & {"alembic", "flask", "keyring", "werkzeug"} == set()


def test_a_command_without_configuration_says_so_before_anything_heavy_happens(tmp_path: Path) -> None:
    code, loaded, _ = _loaded(tmp_path, "status")
    assert code == 10
    assert loaded & {"alembic", "flask", "keyring", "werkzeug"} == set()
