"""The limits of one app on one organisation: calls in flight, calls a minute, calls a day.

Source: developer.xero.com/documentation/guides/oauth2/limits. The headers are the truth for a caller; whether the
windows roll or are fixed is disputed, so the minute is a switch (`minute_window`: rolling | fixed) and the day is
fixed from its first call.
"""

from __future__ import annotations

import math
import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from zoho_xero_sync.sandbox.clock import VirtualClock

from .rule import rules

RULES = rules(
    "guides/oauth2/limits",
    "At most 60 calls a minute, 5 at once, and 1000 (Starter) or 5000 a day, for each app and organisation.",
    "A call over a limit answers 429 without a body, with X-Rate-Limit-Problem; Retry-After is whole seconds, and "
    "absent when too many calls are in flight.",
    "Every answer tells what is left of the day and of the minute; one refused before the organisation is known tells "
    "only the app's minute.",
)

APP_MINUTE = 10_000
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Breach:
    """Why a call was refused; `retry_after` in whole seconds, None for concurrency."""

    problem: str
    retry_after: int | None


class Limits:
    """Counts calls on the virtual clock. Thread-safe."""

    def __init__(
        self,
        clock: VirtualClock,
        switches: Mapping[str, object],
        *,
        minute: int = 60,
        concurrent: int = 5,
        day: int = 5000,
    ) -> None:
        self.minute = minute
        self.concurrent = concurrent
        self.day = day
        self.refused: Counter[str] = Counter()
        self._clock = clock
        self._switches = switches
        self._lock = threading.Lock()
        self._recent: deque[datetime] = deque()
        self._day_started: datetime | None = None
        self._day_used = 0
        self._in_flight = 0

    def enter(self) -> Breach | None:
        """Count one call in, or say why not; a refused call is counted in `refused` only. Pair with `leave`."""
        with self._lock:
            now = self._clock.now()
            self._forget_before(now)
            breach = self._breach(now)
            if breach:
                self.refused[breach.problem] += 1
                return breach
            self._recent.append(now)
            self._day_started = self._day_started or now
            self._day_used += 1
            self._in_flight += 1
            return None

    def leave(self) -> None:
        """One call that `enter` let in has been answered."""
        with self._lock:
            self._in_flight -= 1

    def use_calls(self, count: int) -> None:
        """Spend `count` calls of the day's allowance, as another run of the same app would."""
        with self._lock:
            now = self._clock.now()
            self._forget_before(now)
            self._day_started = self._day_started or now
            self._day_used += count

    def headers(self) -> dict[str, str]:
        """The remaining-calls headers of an answer."""
        left = self.remaining()
        return {
            "X-DayLimit-Remaining": str(left["day"]),
            "X-MinLimit-Remaining": str(left["minute"]),
            "X-AppMinLimit-Remaining": str(left["app_minute"]),
        }

    def remaining(self) -> dict[str, int]:
        """Calls left in the day, in the minute, and in the app-wide minute."""
        with self._lock:
            self._forget_before(self._clock.now())
            used = len(self._recent)
            return {
                "day": max(0, self.day - self._day_used),
                "minute": max(0, self.minute - used),
                "app_minute": max(0, APP_MINUTE - used),
            }

    def _breach(self, now: datetime) -> Breach | None:
        if self._day_used >= self.day and self._day_started:
            return Breach("day", _seconds(self._day_started + _DAY - now))
        if len(self._recent) >= self.minute:
            return Breach("minute", _seconds(self._recent[0] + _MINUTE - now) if self._recent else 60)
        if self._in_flight >= self.concurrent:
            return Breach("concurrent", None)
        return None

    def _forget_before(self, now: datetime) -> None:
        if self._day_started and now - self._day_started >= _DAY:
            self._day_started, self._day_used = None, 0
        if self._switches["minute_window"] == "fixed":
            if self._recent and now - self._recent[0] >= _MINUTE:
                self._recent.clear()
            return
        while self._recent and now - self._recent[0] >= _MINUTE:
            self._recent.popleft()


def _seconds(left: timedelta) -> int:
    return max(1, math.ceil(left.total_seconds()))
