"""Questions to the person at the terminal: asked on stderr, checked at once, ended by a signal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

import click

from zoho_xero_sync.errors import ExitCode, Interrupted

T = TypeVar("T")


def ask(text: str, check: Callable[[str], T], *, default: str | None = None, hidden: bool = False) -> T:
    """The answer as `check` returns it; a click.UsageError that `check` raises is told and the question asked again.

    Enter alone takes `default`; without one the question stays. Raises Interrupted for a signal and click.Abort at the
    end of the input.
    """
    with _signals_end_it():
        return click.prompt(
            text, default=default, hide_input=hidden, value_proc=check, show_default=bool(default), err=True
        )


def not_blank(text: str) -> str:
    """The answer without blanks around it; a blank one is asked for again."""
    if not text.strip():
        raise click.UsageError("An answer is needed; Ctrl-C stops.")
    return text.strip()


def ask_one(text: str, labels: Sequence[str], usual: int | None) -> int:
    """The place, from 0, of the label whose number a person types; Enter alone takes `usual`. Raises as `ask`."""

    def check(answer: str) -> int:
        (place,) = _places(answer, labels, most=1)
        return place

    return ask(text, check, default=None if usual is None else str(usual + 1))


def ask_several(text: str, labels: Sequence[str], usual: Sequence[int]) -> tuple[int, ...]:
    """The places, from 0 and each once, of the labels whose numbers a person types. Raises as `ask`."""
    default = ",".join(str(place + 1) for place in usual)
    return ask(text, lambda answer: _places(answer, labels, most=len(labels)), default=default or None)


def _places(answer: str, labels: Sequence[str], most: int) -> tuple[int, ...]:
    words = answer.replace(",", " ").split()
    numbers = [int(word) for word in words if word.isdecimal()]
    if not words or len(numbers) != len(words) or not all(1 <= number <= len(labels) for number in numbers):
        several = ", or several with commas" if most > 1 else ""
        raise click.UsageError(f"Type a number from 1 to {len(labels)}{several}.")
    places = tuple(dict.fromkeys(number - 1 for number in numbers))
    if len(places) > most:
        raise click.UsageError("Type one number.")
    return places


@contextmanager
def _signals_end_it() -> Iterator[None]:
    """A run's signals wait for the end of an operation; nothing is under way while a person thinks."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except Interrupted:
        click.echo(err=True)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Interrupted(ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED)
