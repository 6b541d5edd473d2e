"""Desks for journeys; see world_tools."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from world_tools import Desk, Order, open_desk, world

OpenDesk = Callable[..., Desk]


@pytest.fixture
def desk_of(tmp_path: Path) -> Iterator[OpenDesk]:
    """Opens a desk on a world (or on orders put into the standard one): `desk_of(order("a", "Closed Won"))`."""
    with ExitStack() as stack:

        def opened(*placed: Order | dict[str, object], running: bool = False) -> Desk:
            given = placed[0] if placed and isinstance(placed[0], dict) else world(*placed)  # type: ignore[arg-type]
            folder = tmp_path / f"desk{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            return stack.enter_context(open_desk(given, folder, running=running))

        yield opened


@pytest.fixture
def desk(desk_of: OpenDesk) -> Desk:
    """The standard world without any deal, and a ledger whose baseline is recorded."""
    opened = desk_of()
    opened.sync()
    return opened
