"""What a command touches of the world around it: streams, environment, directory, clock, signals."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import IO, TextIO

from rich.console import Console

from zoho_xero_sync.errors import ExitCode, Interrupted
from zoho_xero_sync.remote.patience import Clock, SystemClock

# Columns: what no terminal folds may be wide, and what a terminal says of itself (COLUMNS) must be a usable width.
_WIDE = 200
_TERMINAL = (40, 1000)

# How late a sleeping program may notice a signal, in seconds.
_NAP = 0.2


class _Console(Console):
    """A console whose reader may go away: `| head` is no error."""

    def on_broken_pipe(self) -> None:
        """Write the rest to nowhere, so that closing the stream is quiet too, and tell the caller."""
        self.quiet = True
        discard(self.file)
        raise BrokenPipeError


def discard(stream: IO[str]) -> None:
    """Send what `stream` still holds, and all that follows, to nowhere, so that closing it cannot fail."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        stream.flush()


class Stopper:
    """Remembers that a signal asked to stop; a second one stops at once."""

    def __init__(self) -> None:
        self._code: ExitCode | None = None

    def install(self) -> None:
        """Take over SIGINT and SIGTERM, so that a run ends between two operations."""
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._code is not None:
            raise KeyboardInterrupt
        self._code = ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED

    def check(self) -> None:
        """Raise Interrupted once a signal has come."""
        if self._code is not None:
            raise Interrupted(self._code)

    def sleep(self, seconds: float) -> None:
        """Sleep, but not long past a signal."""
        # A handler may not touch a lock that the interrupted code could hold, so there is no event to wait for.
        end = time.monotonic() + seconds
        self.check()
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _NAP))
            self.check()


@dataclass(frozen=True, slots=True)
class StoppableClock:
    """The real clock, whose sleep ends when a signal comes."""

    stopper: Stopper
    real: Clock = field(default_factory=SystemClock)

    def now(self) -> datetime:
        """Aware UTC."""
        return self.real.now()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self.real.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; raises Interrupted when a signal comes."""
        self.stopper.sleep(seconds)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _open_page(address: str) -> None:
    import webbrowser

    # A browser in the foreground would never see this program answer it, so nobody waits for it to end.
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


@dataclass(frozen=True, slots=True)
class Hands:
    """The world as a command sees it; tests hand in another one.

    `interactive` says that results go to a terminal, `asks` that a person is at it and can answer. `open_page` shows
    a web page in the person's browser and returns at once.
    """

    out: TextIO
    err: TextIO
    environ: Mapping[str, str]
    cwd: Path
    clock: Clock
    check_stop: Callable[[], None]
    interactive: bool
    asks: bool = False
    open_page: Callable[[str], None] = _open_page

    @staticmethod
    def real() -> Hands:
        """This process's own streams, environment, directory, clock and signals."""
        stopper = Stopper()
        if threading.current_thread() is threading.main_thread():
            stopper.install()
        clock = StoppableClock(stopper)
        # Started with a closed stream (`>&-`), Python has None in its place.
        sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
        if isinstance(sys.stdout, TextIOWrapper):
            # In a locale that cannot write an arrow or somebody's name, a done run must not end in an error.
            sys.stdout.reconfigure(errors="backslashreplace")
        interactive = sys.stdout.isatty()
        asks = interactive and sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
        return Hands(sys.stdout, sys.stderr, os.environ, Path.cwd(), clock, stopper.check, interactive, asks)

    def console(self, *, stderr: bool = False) -> Console:
        """A console on stdout or stderr; NO_COLOR and the terminal's own abilities are honoured by it."""
        stream = self.err if stderr else self.out
        if not self.interactive:
            return _Console(file=stream, highlight=False, soft_wrap=True, emoji=False, width=_WIDE)
        console = _Console(file=stream, highlight=False, emoji=False)
        least, most = _TERMINAL
        if not least <= console.width <= most:
            console.width = min(max(console.width, least), most)
        return console
