"""When a lapse is announced, and in which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from zoho_xero_sync.core.logins import lapse_note, threshold

NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(days=60), None),
        (timedelta(days=14, seconds=1), None),
        (timedelta(days=14), 14),
        (timedelta(days=7, seconds=1), 14),
        (timedelta(days=7), 7),
        (timedelta(days=2, seconds=1), 7),
        (timedelta(days=2), 2),
        (timedelta(seconds=1), 2),
        (timedelta(0), None),
        (timedelta(days=-1), None),
    ],
)
def test_the_threshold_that_is_reached(left: timedelta, expected: int | None) -> None:
    assert threshold(NOW + left, NOW) == expected


@pytest.mark.parametrize(
    ("left", "words"),
    [(timedelta(days=14), "in 14 days, on 2026-12-04"), (timedelta(hours=30), "in 1 day"), (timedelta(1), "in 1 day,")],
)
def test_the_words(left: timedelta, words: str) -> None:
    assert words in lapse_note(NOW + left, NOW)
