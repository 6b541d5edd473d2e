"""The pace: as fast as Xero allows, never faster, whatever kind of window Xero counts in."""

from __future__ import annotations

import random
from typing import Any

import pytest

from zoho_xero_sync.errors import AllowanceError
from zoho_xero_sync.remote.http import Answer
from zoho_xero_sync.remote.pace import XeroPace


def told(status: int = 200, **headers: object) -> Answer:
    return Answer(status, {name.replace("_", "-"): str(value) for name, value in headers.items()}, b"")


class Counted:
    """Xero's minute, counted by itself: `sliding` over the last 60 s, else in fixed windows that start at `phase`."""

    def __init__(self, clock: Any, *, sliding: bool, phase: float = 0.0, limit: int = 60) -> None:
        self.clock, self.sliding, self.phase, self.limit = clock, sliding, phase, limit
        self.accepted: list[float] = []
        self.refused = 0

    def _used(self) -> int:
        now = self.clock.monotonic()
        self.accepted = [at for at in self.accepted if at > now - 60]
        if self.sliding:
            return sum(at > now - 60 for at in self.accepted)
        start = now - (now - self.phase) % 60
        return sum(at >= start for at in self.accepted)

    def call(self) -> Answer:
        if self._used() >= self.limit:
            self.refused += 1
            return told(429, X_MinLimit_Remaining=0, Retry_After=10, X_Rate_Limit_Problem="minute")
        self.accepted.append(self.clock.monotonic())
        return told(X_MinLimit_Remaining=self.limit - self._used(), X_DayLimit_Remaining=4000)


def play(clock: Any, xero: Counted, pace: XeroPace, calls: int, rng: random.Random) -> None:
    for _ in range(calls):
        pace.before()
        clock.pass_time(rng.uniform(0.01, 0.2))
        answer = xero.call()
        clock.pass_time(rng.uniform(0.01, 0.2))
        pace.after(answer)


@pytest.mark.parametrize("sliding", [True, False], ids=["sliding", "fixed"])
@pytest.mark.parametrize("phase", [0.0, 7.5, 31.0, 59.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_long_backfill_is_fast_and_never_refused(clock: Any, sliding: bool, phase: float, seed: int) -> None:
    xero = Counted(clock, sliding=sliding, phase=phase)
    started = clock.monotonic()
    play(clock, xero, XeroPace(clock, 100), 1200, random.Random(seed))
    minutes = (clock.monotonic() - started) / 60
    assert xero.refused == 0
    assert 1200 / minutes >= 0.9 * 60


@pytest.mark.parametrize("sliding", [True, False], ids=["sliding", "fixed"])
@pytest.mark.parametrize("used", [1, 20, 59])
@pytest.mark.parametrize("ago", [1.0, 20.0, 45.0])
def test_what_an_earlier_process_used_is_respected(clock: Any, sliding: bool, used: int, ago: float) -> None:
    xero = Counted(clock, sliding=sliding, phase=clock.monotonic() - ago)
    xero.accepted = [clock.monotonic() - ago + 0.01 * number for number in range(used)]
    play(clock, xero, XeroPace(clock, 100), 300, random.Random(1))
    assert xero.refused == 0


@pytest.mark.parametrize("sliding", [True, False], ids=["sliding", "fixed"])
def test_calls_with_pauses_between_them_are_never_refused(clock: Any, sliding: bool) -> None:
    xero, pace, rng = Counted(clock, sliding=sliding), XeroPace(clock, 100), random.Random(3)
    for _ in range(40):
        play(clock, xero, pace, rng.randint(1, 70), rng)
        clock.pass_time(rng.uniform(0, 50))
    assert xero.refused == 0


def test_the_first_call_is_always_allowed(clock: Any) -> None:
    XeroPace(clock, 100_000).before()
    assert clock.slept == []


def test_a_minute_already_used_up_is_waited_for(clock: Any) -> None:
    pace = XeroPace(clock, 0)
    pace.before()
    pace.after(told(X_MinLimit_Remaining=0))
    assert pace.minute_remaining == 0
    clock.pass_time(15)
    pace.before()
    assert clock.slept == [pytest.approx(45.25)]


def test_an_old_reading_does_not_keep_the_gate_shut(clock: Any) -> None:
    pace = XeroPace(clock, 0)
    pace.before()
    pace.after(told(X_MinLimit_Remaining=0))
    clock.pass_time(61)
    pace.before()
    assert clock.slept == []


@pytest.mark.parametrize(
    ("headers", "opens_after"),
    [
        ({"Retry_After": 26, "X_MinLimit_Remaining": 0}, 26.25),
        ({"retry_after": 3}, 3.25),
        ({"X_MinLimit_Remaining": 0}, 60.25),
        ({"X_MinLimit_Remaining": 12, "X_Rate_Limit_Problem": "concurrent"}, 0),
    ],
)
def test_a_429_says_how_long(clock: Any, headers: dict[str, object], opens_after: float) -> None:
    pace = XeroPace(clock, 0)
    pace.before()
    pace.after(told(429, **headers))
    pace.before()
    assert sum(clock.slept) == pytest.approx(opens_after)


def test_a_call_without_an_answer_counts(clock: Any) -> None:
    pace = XeroPace(clock, 0)
    for remaining in (1, None, 0):
        pace.before()
        clock.pass_time(10)
        if remaining is not None:
            pace.after(told(X_MinLimit_Remaining=remaining))
    pace.before()
    # Two calls fit the minute; the unanswered one may have arrived until 10 s before the last.
    assert clock.slept == [pytest.approx(50.25)]


@pytest.mark.parametrize(("left", "kept", "stops"), [(101, 100, False), (100, 100, True), (0, 0, True), (1, 0, False)])
def test_the_kept_calls_are_left_alone(clock: Any, left: int, kept: int, stops: bool) -> None:
    pace = XeroPace(clock, kept)
    pace.before()
    pace.after(told(x_daylimit_remaining=left, X_MinLimit_Remaining=30))
    assert (pace.day_remaining, pace.minute_remaining) == (left, 30)
    if not stops:
        pace.before()
        return
    with pytest.raises(
        AllowanceError, match=f"{left} Xero calls are left today.*keeps {kept} for other apps"
    ) as caught:
        pace.before()
    assert caught.value.exit_code == 4
    assert "limits.xero_calls_kept" in caught.value.hint


def test_after_an_hour_the_day_is_asked_for_again(clock: Any) -> None:
    pace = XeroPace(clock, 100)
    pace.before()
    pace.after(told(X_DayLimit_Remaining=5))
    clock.pass_time(3601)
    pace.before()
    pace.after(told(X_DayLimit_Remaining=4))
    with pytest.raises(AllowanceError, match="4 Xero calls"):
        pace.before()


@pytest.mark.parametrize("value", ["", "many", "-1", "1.5", "²"])
def test_absent_or_odd_headers_are_unknown_not_zero(clock: Any, value: str) -> None:
    pace = XeroPace(clock, 100)
    pace.before()
    pace.after(told(X_DayLimit_Remaining=value, X_MinLimit_Remaining=value))
    pace.after(told(X_AppMinLimit_Remaining=9000))
    assert (pace.day_remaining, pace.minute_remaining) == (None, None)
    pace.before()
    assert clock.slept == []


def test_memory_stays_flat(clock: Any) -> None:
    pace = XeroPace(clock, 0)
    for _ in range(2000):
        pace.before()
        pace.after(told(X_MinLimit_Remaining=59))
        clock.pass_time(30)
    assert len(pace._calls) <= 3
