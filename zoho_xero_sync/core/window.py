"""The fetch window and the checkpoint: instants of Zoho's clock only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# Modified_Time has one-second grain and a record may become visible after a later one; reading this much again is
# free because what was seen is recognised by content.
OVERLAP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Window:
    """Deals modified from `start` on (inclusive), up to and including `end` when it is given."""

    start: datetime
    end: datetime | None = None

    def contains(self, instant: datetime) -> bool:
        """True when `instant` lies in the window."""
        return self.start <= instant and (self.end is None or instant <= self.end)


def poll_window(checkpoint: datetime) -> Window:
    """What a cron run reads: from the overlap before the checkpoint, open at the top."""
    return Window((checkpoint - OVERLAP).replace(microsecond=0))


def next_checkpoint(checkpoint: datetime | None, read_at: datetime | None) -> datetime | None:
    """Where the next run starts: Zoho's clock when this one began to read, and never back.

    `read_at` is the Date header of the first page; without one the checkpoint stays, because no other clock counts.
    """
    if read_at is None:
        return checkpoint
    return read_at if checkpoint is None else max(checkpoint, read_at)
