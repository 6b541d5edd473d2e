"""Lists and numbers in sentences."""

from __future__ import annotations

from collections.abc import Sequence


def some_of(names: Sequence[str], most: int) -> str:
    """The names with commas, the first ones where they are many: `A, B and 3 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 invoice`, `1,200 invoices`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
