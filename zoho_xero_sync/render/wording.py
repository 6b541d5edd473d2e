"""How figures, instants and commands are written for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from zoho_xero_sync.core.money import minor_units, places
from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.render.clean import clean

# A command ends where the sentence goes on; hints part them by punctuation, two spaces or one of these words.
_COMMAND = re.compile(
    r"`(?P<quoted>[^`]+)`|(?P<plain>zoho-xero-sync(?: (?!(?:then|and|or|to|which|if|in)\b)[\w=./-]*[\w=/-])+)"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a hint: words, or a command to type. `alone` when it belongs on a line of its own."""

    text: str
    command: bool = False
    alone: bool = False


def figure(value: Decimal, currency: str) -> str:
    """`1,234.50`: the currency's decimals (more only where the value has more), thousands parted by commas."""
    return f"{value:,.{max(minor_units(currency), places(value))}f}"


def money(value: Decimal, currency: str) -> str:
    """`AUD 1,234.50`."""
    return f"{clean(currency)} {figure(value, currency)}".strip()


def plain_figure(value: Decimal) -> str:
    """`1,234.5`: no trailing zeros, thousands parted by commas."""
    return f"{value:,.{places(value)}f}"


def when(at: datetime) -> str:
    """`2026-11-20 01:00 UTC`; seconds only where there are some."""
    moment = at.astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment.second else f"{moment:%Y-%m-%d %H:%M} UTC"


def age(at: datetime, now: datetime) -> str:
    """`3 minutes ago`, in the largest unit that fits; `just now` below a minute and for the future."""
    seconds = int((now - at).total_seconds())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{counted(seconds // size, unit)} ago"
    return "just now"


def joined(parts: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`; empty for nothing."""
    *front, last = list(parts) or [""]
    return f"{', '.join(front)} and {last}" if front else last


def hint_pieces(hint: str) -> Iterator[Piece]:
    """The hint's words and the commands in it, in order; a command after a colon stands alone."""
    # Two spaces end a command, so they are looked at before the text is brought to single ones.
    text = "  ".join(clean(part) for part in hint.split("  ") if part.strip())
    position = 0
    for found in _COMMAND.finditer(text):
        before = text[position : found.start()]
        if before.strip():
            yield Piece(clean(before))
        command = found["quoted"] or found["plain"]
        yield Piece(command, command=True, alone=before.rstrip().endswith(":"))
        position = found.end()
    if text[position:].strip():
        yield Piece(clean(text[position:]))


def print_plain(console: Console, lines: Iterable[str]) -> None:
    """Print each line as it is: no colour, no wrapping, no cutting."""
    for line in lines:
        console.print(Text(line), soft_wrap=True, highlight=False)
