"""Where a run may be cut or joined: before each SQL statement and commit, and before and after each HTTP request.

A cut raises `Killed` at the chosen boundary and at every one after it, so that no `finally` of the program can write
or send anything more: what was not committed is gone, as after SIGKILL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from requests.adapters import HTTPAdapter
from sqlalchemy import Engine, create_engine, event

from zoho_xero_sync.ledger import engine as ledger_engine

Happening = Callable[[], None]


class Killed(BaseException):
    """The process is gone."""


class Boundaries:
    """Counts the boundaries of one command, cuts it at one of them, and lets things happen at requests."""

    def __init__(self) -> None:
        self.passed = 0
        self._cut: int | None = None
        self._meanwhile: dict[int, Happening] = {}
        self._requests = 0

    def begin(self, cut: int | None, meanwhile: dict[int, Happening]) -> None:
        """A command begins: cut it at its boundary `cut`, and let things happen before its requests by number."""
        self.passed, self._requests = 0, 0
        self._cut, self._meanwhile = cut, dict(meanwhile)

    def end(self) -> None:
        """No command runs any more."""
        self._cut, self._meanwhile = None, {}

    def step(self, *_: Any) -> None:
        """One boundary. Raises Killed at the chosen one, and ever after."""
        self.passed += 1
        if self._cut is not None and self.passed > self._cut:
            raise Killed

    def request(self) -> None:
        """A request is about to leave."""
        self._requests += 1
        happening = self._meanwhile.pop(self._requests, None)
        if happening is not None:
            happening()

    @contextmanager
    def installed(self) -> Iterator[Boundaries]:
        """Watch every ledger and every request of this process."""
        send = HTTPAdapter.send

        def watched(adapter: HTTPAdapter, *args: Any, **options: Any) -> Any:
            self.step()
            self.request()
            answer = send(adapter, *args, **options)
            self.step()
            return answer

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(HTTPAdapter, "send", watched)
            patch.setattr(ledger_engine, "create_engine", _quick_engines())
            for name in ("before_cursor_execute", "commit"):
                event.listen(Engine, name, self.step)
            try:
                yield self
            finally:
                for name in ("before_cursor_execute", "commit"):
                    event.remove(Engine, name, self.step)


def _quick_engines() -> Callable[..., Engine]:
    """`create_engine` whose engines share what they compile: a third of a run that is one of thousands."""
    engines: list[Engine] = []

    def made(*args: Any, **options: Any) -> Engine:
        engine = create_engine(*args, **options)
        if engines:
            engine.dialect, engine._compiled_cache = engines[0].dialect, engines[0]._compiled_cache
        else:
            engines.append(engine)
        return engine

    return made
