from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_samples import IDENTITY

from zoho_xero_sync.ledger.store import Ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger is, alone in its folder."""
    folder = tmp_path / "books"
    folder.mkdir()
    return folder / "ledger.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def new_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a ledger just created, made once because creating takes longer than copying."""
    path = tmp_path_factory.mktemp("new") / "ledger.db"
    Ledger.create(f"sqlite:///{path}", IDENTITY).close()
    return path


@pytest.fixture
def ledger(new_ledger: Path, path: Path, url: str) -> Iterator[Ledger]:
    """A new ledger."""
    shutil.copy(new_ledger, path)
    with Ledger.open(url) as ledger:
        yield ledger
