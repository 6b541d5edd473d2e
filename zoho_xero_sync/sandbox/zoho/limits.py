"""Credits per rolling day and calls in flight, as Zoho counts them.

Source: www.zoho.com/crm/developer/docs/api/v8/api-limits.html and .../COQL-Overview.html (cost by LIMIT).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from ..clock import VirtualClock
from .errors import ZohoError
from .rule import rules

RULES = rules(
    "api-limits.html",
    "An organisation has a number of credits for any 24 hours by its edition; a call without credits answers 429.",
    "At most 5 (Free) to 25 (Ultimate) calls of an app run at once, and 10 of those that are costly: COQL, sorted "
    "lists, custom views, writes of more than 10 records.",
    "A COQL query costs 1 credit up to LIMIT 200, 2 up to 1000, 3 beyond; a write 1 for every 10 records; a list by "
    "custom view 3; deleted records 2; any other call 1.",
    "X-API-CREDITS-REMAINING appears once half of the credits are used.",
)


_DAY = timedelta(hours=24)
SUB_CONCURRENCY = 10
# Edition -> (credits of an organisation with one user, simultaneous calls per app).
EDITIONS = {
    "free": (5_000, 5),
    "standard": (50_250, 10),
    "professional": (50_500, 15),
    "enterprise": (51_000, 20),
    "ultimate": (52_000, 25),
}
DELETED_COST = 2
CUSTOM_VIEW_COST = 3


def coql_cost(limit: int) -> int:
    """Credits of a query with this LIMIT."""
    if limit <= 200:
        return 1
    return 2 if limit <= 1000 else 3


def write_cost(records: int) -> int:
    """Credits of inserting or updating this many records: one for every ten begun."""
    return max(1, -(-records // 10))


class Limits:
    """Counts credits against the clock and calls in flight against each other; safe to use from several threads."""

    def __init__(self, clock: VirtualClock, *, credits: int, concurrent: int, sub_concurrent: int) -> None:
        self.credits = credits
        self.concurrent = concurrent
        self.sub_concurrent = sub_concurrent
        self._clock = clock
        self._lock = threading.Lock()
        self._spent: deque[tuple[datetime, int]] = deque()
        self._used = 0
        self._running = 0
        self._running_costly = 0

    @property
    def used(self) -> int:
        """Credits spent in the last 24 hours."""
        with self._lock:
            return self._settle()

    @property
    def remaining(self) -> int:
        """Credits left now."""
        return max(0, self.credits - self.used)

    @property
    def announced(self) -> int | None:
        """What X-API-CREDITS-REMAINING says: nothing before half of the credits are used."""
        used = self.used
        return max(0, self.credits - used) if used * 2 >= self.credits else None

    def spend(self, cost: int) -> None:
        """Count `cost` credits now."""
        with self._lock:
            self._spent.append((self._clock.now(), cost))
            self._used += cost

    @contextmanager
    def slot(self, *, costly: bool) -> Iterator[None]:
        """One call in flight. Raises ZohoError 429 when the credits, the calls or the costly calls are used up."""
        self._enter(costly=costly)
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1
                self._running_costly -= costly

    def _enter(self, *, costly: bool) -> None:
        with self._lock:
            full = self._running >= self.concurrent or (costly and self._running_costly >= self.sub_concurrent)
            if full or self._settle() >= self.credits:
                raise ZohoError("TOO_MANY_REQUESTS", status=429)
            self._running += 1
            self._running_costly += costly

    def _settle(self) -> int:
        edge = self._clock.now() - _DAY
        while self._spent and self._spent[0][0] <= edge:
            self._used -= self._spent.popleft()[1]
        return self._used
