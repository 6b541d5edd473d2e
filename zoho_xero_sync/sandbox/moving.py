"""A world moved in time, so that what was modified yesterday there was modified yesterday here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)")


def move_world(world: Mapping[str, Any], to: datetime) -> dict[str, Any]:
    """A copy of `world` whose clock starts at `to` (aware), every date and instant in it moved by as much.

    Dates move by whole days. A world that says no time starts at `to` as it is.
    """
    written = world.get("clock")
    clock = to.astimezone(UTC).isoformat()
    if written is None:
        return {**world, "clock": clock}
    distance = to - datetime.fromisoformat(str(written))
    moved = {name: _moved(part, distance) for name, part in world.items()}
    return {**moved, "clock": clock}


def _moved(value: Any, distance: timedelta) -> Any:
    if isinstance(value, Mapping):
        return {name: _moved(part, distance) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_moved(part, distance) for part in value]
    if not isinstance(value, str):
        return value
    try:
        if _DATE.fullmatch(value):
            return (date.fromisoformat(value) + timedelta(days=round(distance / timedelta(days=1)))).isoformat()
        if _INSTANT.fullmatch(value):
            return (datetime.fromisoformat(value) + distance).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        # It only looks like a time, such as a part number; or it would leave the calendar.
        return value
    return value
