"""Virtual time for the sandbox: the one clock both services read."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Aware UTC time that runs with the real clock, or stands still until it is advanced.

    `running=True` follows real seconds from `start`; `running=False` moves only through `advance` and `set`.
    """

    def __init__(self, start: datetime | None = None, *, running: bool = True) -> None:
        self._lock = threading.Lock()
        self._running = running
        self._base = (start or datetime.now(UTC)).astimezone(UTC)
        self._anchor = time.monotonic()

    def now(self) -> datetime:
        """The sandbox's current instant, aware UTC."""
        with self._lock:
            return self._base + self._elapsed()

    def advance(self, seconds: float) -> datetime:
        """Move forward by `seconds` and return the new instant."""
        with self._lock:
            self._base += timedelta(seconds=seconds)
            return self._base + self._elapsed()

    def set(self, instant: datetime) -> None:
        """Jump to `instant` (aware)."""
        with self._lock:
            self._base = instant.astimezone(UTC)
            self._anchor = time.monotonic()

    def _elapsed(self) -> timedelta:
        if not self._running:
            return timedelta(0)
        return timedelta(seconds=time.monotonic() - self._anchor)
