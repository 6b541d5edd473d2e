"""Virtual time that forked processes share: whoever sleeps moves it for all of them."""

from __future__ import annotations

import mmap
import struct
from datetime import UTC, datetime, timedelta

from zoho_xero_sync.sandbox import VirtualClock

_CELL = struct.Struct("d")


class SharedClock(VirtualClock):
    """A clock that stands still until it is advanced, in this process or in one forked after `detach`."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start, running=False)
        self._start = start.astimezone(UTC)
        self._cell = mmap.mmap(-1, _CELL.size)

    def now(self) -> datetime:
        """The current instant, aware UTC."""
        return self._start + timedelta(seconds=_CELL.unpack(self._cell[:])[0])

    def advance(self, seconds: float) -> datetime:
        """Move forward by `seconds` and return the new instant."""
        self._cell[:] = _CELL.pack(_CELL.unpack(self._cell[:])[0] + seconds)
        return self.now()

    def set(self, instant: datetime) -> None:
        """Jump to `instant` (aware)."""
        self._cell[:] = _CELL.pack((instant - self._start).total_seconds())

    def detach(self) -> None:
        """Go on from here alone: what this process was forked from keeps its own time."""
        content = self._cell[:]
        self._cell = mmap.mmap(-1, _CELL.size)
        self._cell[:] = content
