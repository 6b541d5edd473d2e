"""The desk the demo is given on: chapters, commands typed and run for real, small tables, and facts checked."""

from __future__ import annotations

import io
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.errors import ExitCode, Interrupted

_SIGNALS = (ExitCode.INTERRUPTED, ExitCode.TERMINATED)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    right: bool = False
    dim: bool = False


@dataclass(slots=True)
class DemoDesk:
    """Prints through `outer` and runs commands with `inner`, the hands of a person beside the sandbox.

    `wrong` collects every fact that was not as it should be; `checked` counts all of them.
    """

    outer: Hands
    inner: Hands
    checked: int = 0
    wrong: list[str] = field(default_factory=list)
    _chapter: int = 0

    def chapter(self, title: str, sentence: str) -> None:
        """Start a chapter. Raises Interrupted when a signal has come."""
        self.outer.check_stop()
        self._chapter += 1
        self._print(Text(f"\n{self._chapter}  {title}", style="bold cyan"))
        self.say(sentence)

    def say(self, *sentences: str) -> None:
        """Sentences between the commands, each on its own line."""
        for sentence in sentences:
            self._print(Text(sentence))

    def note(self, sentence: str) -> None:
        """What to see in the output above."""
        self._print(Text(f"→ {sentence}", style="green"))

    def type(self, *arguments: str, as_cron: bool = False, code: ExitCode = ExitCode.OK) -> str:
        """Show a command as a person types it, run it for real, show its output, and check its exit code.

        `as_cron` gives it a pipe for its output instead of this terminal, and returns what it wrote there. Raises
        Interrupted when a signal ended it.
        """
        from zoho_xero_sync.cli.main import run

        self._print(Text("\n$ ", style="dim").append(shlex.join(["zoho-xero-sync", *arguments]), style="bold"))
        pipe = io.StringIO()
        hands = replace(self.inner, out=pipe, interactive=False) if as_cron else self.inner
        got = run(arguments, hands)
        if got in _SIGNALS:
            raise Interrupted(ExitCode(got))
        self.say(*pipe.getvalue().splitlines())
        self.expect(got == code, f"`{arguments[0]}` ends with exit code {int(code)}, not {got}")
        return pipe.getvalue()

    def expect(self, fact: bool, sentence: str) -> None:
        """Check a fact; when it is none, say the sentence and remember it."""
        self.checked += 1
        if not fact:
            self.wrong.append(sentence)
            self._print(Text(f"Not as it should be: {sentence}.", style="bold red"))

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """A table: as wide as it needs on a terminal, padded lines in a pipe."""
        self._print(Text())
        if self.outer.interactive:
            self._print(_drawn(columns, rows))
            return
        for line in _lines(columns, rows):
            self._print(Text(line))

    def _print(self, part: Text | Table) -> None:
        self.outer.console().print(part)


def _drawn(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(
            column.name, justify="right" if column.right else "left", style="dim" if column.dim else "", overflow="fold"
        )
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _lines(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    everything = [[column.name for column in columns], *rows]
    widths = [max(cell_len(row[place]) for row in everything) for place in range(len(columns))]
    return ["  ".join(map(_padded, row, widths, columns)).rstrip() for row in everything]


def _padded(cell: str, width: int, column: Column) -> str:
    gap = " " * (width - cell_len(cell))
    return gap + cell if column.right else cell + gap
