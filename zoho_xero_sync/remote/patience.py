"""When a request is tried again, and after how long."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Protocol


class Clock(Protocol):
    """Time as the program sees it, so that tests need not wait."""

    def now(self) -> datetime:
        """The current instant, aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The current instant, aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        time.sleep(seconds)


class Verdict(Enum):
    """What an answer's status means for the request that got it."""

    RETURN = auto()
    LOGIN = auto()
    SLOW_DOWN = auto()
    TRY_AGAIN = auto()
    REFUSE = auto()


def verdict(status: int, *, writing: bool) -> Verdict:
    """What to do with `status`. A write is tried again only when it certainly was not processed (401, 429)."""
    if status in (401, 403):
        return Verdict.LOGIN
    if status == 429:
        return Verdict.SLOW_DOWN
    if status < 200 or (300 <= status < 400 and status != 304):
        return Verdict.REFUSE
    # 501 says the method does not exist: asking again cannot help.
    if not writing and (status == 408 or (status >= 500 and status != 501)):
        return Verdict.TRY_AGAIN
    return Verdict.RETURN


class Patience:
    """How long one request has been tried, and how long it may still be."""

    def __init__(self, clock: Clock, budget: float, random: Callable[[], float]) -> None:
        self._clock, self._budget, self._random = clock, budget, random
        self._started: float | None = None
        self._attempts = 0

    def start(self) -> None:
        """Begin counting at the first attempt: waiting for our own pace is not the service's failure."""
        if self._started is None:
            self._started = self._clock.monotonic()

    @property
    def spent(self) -> float:
        """Seconds since the first attempt."""
        return 0.0 if self._started is None else self._clock.monotonic() - self._started

    def back_off(self, *, first: float = 1.0, longest: float = 16.0, budget: float | None = None) -> bool:
        """Wait first, 2 × first, 4 × first … with jitter; False, at once, when the budget does not reach that far."""
        step = min(longest, first * 2.0**self._attempts)
        return self.wait(step * (1 + self._random() / 4), budget=budget)

    def wait(self, seconds: float, *, budget: float | None = None) -> bool:
        """Wait `seconds`; False, at once, when the budget does not reach that far."""
        if self.spent + seconds > (self._budget if budget is None else budget):
            return False
        self._attempts += 1
        self._clock.sleep(seconds)
        return True
