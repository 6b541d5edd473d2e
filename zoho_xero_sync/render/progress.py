"""A progress bar for long work; a person at a terminal sees it, nobody else does."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from zoho_xero_sync.render.clean import clean


class Progress:
    """Tells how far work has come: `progress("invoices", 50, 1000)`.

    Shown only while `console` is an interactive terminal, and only for work of more than one batch: the first report
    of a kind of work that is already complete starts no bar. Leaving the context removes the bars.
    """

    def __init__(self, console: Console, *, interactive: bool | None = None) -> None:
        self._shown = console.is_terminal if interactive is None else interactive
        self._console = console
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Work of the kind `what` has come to `done` of `total`."""
        if not self._shown:
            return
        task = self._tasks.get(what)
        if task is not None and self._bars is not None:
            self._bars.update(task, completed=done, total=total)
            return
        if done >= total:
            return
        bars = self._started()
        self._tasks[what] = bars.add_task(clean(what).capitalize(), completed=done, total=total)

    def close(self) -> None:
        """Remove the bars; the next report starts anew."""
        if self._bars is not None:
            self._bars.stop()
        self._bars, self._tasks = None, {}

    def _started(self) -> Bars:
        if self._bars is None:
            self._bars = Bars(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._bars.start()
        return self._bars
