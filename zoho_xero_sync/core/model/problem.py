"""Why something waits, and what settles it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a deal (or a run) waits, and the command or change that settles it."""

    code: str
    subject: str
    message: str
    hint: str
    path: str | None = None
