"""Keeps calls inside Xero's minute and day allowances, by what Xero's own headers say."""

from __future__ import annotations

import logging
from collections import deque

from zoho_xero_sync.errors import AllowanceError
from zoho_xero_sync.remote.answer import Answer
from zoho_xero_sync.remote.http import LONGEST_WAIT
from zoho_xero_sync.remote.patience import Clock

log = logging.getLogger(__name__)

# The minute allowance is counted over 60 seconds and the day's over 24 hours; how many calls fit is told by
# X-MinLimit-Remaining and X-DayLimit-Remaining
# (developer.xero.com/documentation/guides/oauth2/limits, "API rate limits").
MINUTE = 60.0
# Keeps us behind the edge of Xero's window, whose clock is not ours.
MARGIN = 0.25
# The day's allowance comes back at an hour nobody tells, so an old reading is tried again with one call.
DAY_READING_LIVES = 3600.0


class XeroPace:
    """Waits when the minute is used up, and stops when the day's calls are down to those kept for other apps.

    `minute_remaining` and `day_remaining` are the newest readings, None while Xero has not told.
    """

    def __init__(self, clock: Clock, kept_day_calls: int) -> None:
        """`kept_day_calls` calls a day are left for other apps."""
        self.minute_remaining: int | None = None
        self.day_remaining: int | None = None
        self._clock = clock
        self._kept = kept_day_calls
        self._calls: deque[float] = deque()
        self._answered = True
        self._capacity = 1
        self._open_at = 0.0
        self._day_read_at = 0.0

    def before(self) -> None:
        """Return when a call is allowed; waits at most about a minute, or what a 429 asked for.

        Raises AllowanceError, without sending, when no more of the day's calls are left than are kept. The first call
        of a process is always allowed: only Xero's answer tells what others have used.
        """
        self._check_day()
        wait = self._open_at - self._clock.monotonic()
        if wait > 0:
            log.info("Xero's calls for this minute are used up; going on in %.0f s.", wait)
            self._clock.sleep(wait)
        now = self._clock.monotonic()
        if not self._answered and self._calls:
            # A call that got no answer may have reached Xero at any moment until now.
            self._calls[-1] = now
        self._forget_old(now)
        self._calls.append(now)
        self._answered = False

    def after(self, answer: Answer) -> None:
        """Learn from an answer's headers; what they leave out stays as it was known."""
        now = self._clock.monotonic()
        self._answered = True
        if self._calls:
            self._calls[-1] = now
        day = _count(answer.headers.get("X-DayLimit-Remaining"))
        if day is not None:
            self.day_remaining, self._day_read_at = day, now
        asked = answer.retry_after(self._clock.now()) if answer.status == 429 else None
        minute = _count(answer.headers.get("X-MinLimit-Remaining"))
        if minute is not None:
            self.minute_remaining = minute
            self._capacity = max(self._capacity, minute + 1)
        if asked is not None:
            self._open_at = now + (asked if asked <= LONGEST_WAIT else 0.0) + MARGIN
        elif minute == 0:
            self._open_at = self._first_slot(now)

    def _check_day(self) -> None:
        left = self.day_remaining
        if left is None or left > self._kept or self._clock.monotonic() - self._day_read_at > DAY_READING_LIVES:
            return
        raise AllowanceError(
            f"{left} Xero calls are left today, and limits.xero_calls_kept keeps {self._kept} for other apps.",
            "Nothing is lost: the next run goes on when Xero allows more, or lower limits.xero_calls_kept.",
        )

    def _first_slot(self, now: float) -> float:
        """When the next call fits, given that none does now.

        The minute holds at least `_capacity` calls, so the newest that many of ours are all in it (a window that starts
        afresh) or the oldest of them is the next to leave it (one that slides): a minute after that one a call fits
        either way. With fewer of our own, others used the rest, and our oldest stands for theirs.
        """
        self._forget_old(now)
        oldest = self._calls[max(0, len(self._calls) - self._capacity)] if self._calls else now
        return oldest + MINUTE + MARGIN

    def _forget_old(self, now: float) -> None:
        while self._calls and self._calls[0] <= now - MINUTE:
            self._calls.popleft()


def _count(value: str | None) -> int | None:
    text = (value or "").strip()
    return int(text[:9]) if text.isascii() and text.isdigit() else None
