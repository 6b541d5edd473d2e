"""Desks for journeys; see world_tools."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from world_tools import Desk, OpenDesk, Order, Record, open_desk, world
from write_ahead import WriteAhead

from zoho_xero_sync import log


@pytest.fixture(autouse=True)
def _no_secret_known_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test meets a program that has not learned from another test what to mask."""
    monkeypatch.setattr(log, "_secrets", log._Secrets())


@pytest.fixture
def desk_of(tmp_path: Path) -> Iterator[OpenDesk]:
    """Opens desks: `desk_of(order("a", "Closed Won"))`. Every write that reaches them must be in a ledger before."""
    with ExitStack() as stack:

        def opened(*placed: Order, on: Record | None = None, running: bool = False) -> Desk:
            folder = tmp_path / f"desk{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            ready = stack.enter_context(open_desk(on or world(*placed), folder, running=running))
            stack.callback(WriteAhead(ready).watch().check)
            return ready

        yield opened


@pytest.fixture
def desk(desk_of: OpenDesk) -> Desk:
    """The standard world without any deal, and a ledger whose baseline is recorded."""
    opened = desk_of()
    opened.sync()
    return opened
