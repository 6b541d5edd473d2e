"""The fetch window and the checkpoint: Zoho's clock only, never back, never past what was read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoho_xero_sync.core.window import OVERLAP, Window, next_checkpoint, poll_window

T = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
instants = st.integers(-(10**8), 10**8).map(lambda seconds: T + timedelta(seconds=seconds, microseconds=seconds % 7))
offsets = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(("seconds", "inside"), [(-1, False), (0, True), (1, True), (60, True), (61, False)])
def test_a_window_is_closed_at_both_ends(seconds: int, inside: bool) -> None:
    window = Window(T, T + timedelta(seconds=60))
    assert window.contains(T + timedelta(seconds=seconds)) is inside
    assert Window(T).contains(T + timedelta(seconds=seconds)) is (seconds >= 0)


@given(instants, offsets)
def test_windows_compare_instants_whatever_the_offset(instant: datetime, offset: timezone) -> None:
    assert Window(instant, instant).contains(instant.astimezone(offset))


@given(instants)
def test_a_poll_reads_again_what_may_have_become_visible_late(checkpoint: datetime) -> None:
    window = poll_window(checkpoint)
    assert window.end is None
    assert OVERLAP <= checkpoint - window.start < OVERLAP + timedelta(seconds=1)
    assert window.start.microsecond == 0
    assert window.contains(checkpoint)


@given(st.lists(st.one_of(st.none(), instants), min_size=1, max_size=12))
def test_a_checkpoint_never_goes_back_and_never_past_what_was_read(read: list[datetime | None]) -> None:
    checkpoint: datetime | None = None
    seen: list[datetime] = []
    for read_at in read:
        before = checkpoint
        checkpoint = next_checkpoint(before, read_at)
        seen += [read_at] if read_at else []
        assert before is None or (checkpoint is not None and checkpoint >= before)
        assert checkpoint == (max(seen) if seen else None)


def test_without_zoho_s_clock_the_checkpoint_stays() -> None:
    assert next_checkpoint(T, None) == T
    assert next_checkpoint(None, None) is None
    assert next_checkpoint(None, T) == T
    assert next_checkpoint(T, T - timedelta(hours=1)) == T
