"""Every point where a run touches the ledger's file, the token store or the network, counted from outside.

The program has no hook for this: SQLAlchemy's events, and wrappers around requests' adapter and the calls of `os` that
change files, are put in place in a process that was forked to be killed.
"""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

# What makes, fills, names or removes a file, or makes it durable.
_FILE_CALLS = ("open", "write", "pwrite", "ftruncate", "fchmod", "fsync", "replace", "rename", "link", "unlink")
_SHOWN_WORDS = 3


class Boundaries:
    """Counts boundaries in the order they are reached; this process kills itself at the one numbered `kill_at`."""

    def __init__(self, kill_at: int) -> None:
        self.names: list[str] = []
        self._kill_at = kill_at

    def reach(self, name: str) -> None:
        """One boundary; it may be the last thing that this process does."""
        self.names.append(name)
        if len(self.names) == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """`call` with a boundary before it and one after its answer."""

        @functools.wraps(call)
        def bounded(*args: Any, **kwargs: Any) -> Any:
            self.reach(f"before {name}")
            answer = call(*args, **kwargs)
            self.reach(f"after {name}")
            return answer

        return bounded

    def install(self) -> None:
        """Watch this process from here on."""

        def before(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            self.reach(f"before {_sentence(statement)}")

        def after(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            self.reach(f"after {_sentence(statement)}")

        event.listen(Engine, "before_cursor_execute", before)
        event.listen(Engine, "after_cursor_execute", after)
        setattr(DefaultDialect, "do_commit", self.around("COMMIT", DefaultDialect.do_commit))  # noqa: B010
        setattr(DefaultDialect, "do_rollback", self.around("ROLLBACK", DefaultDialect.do_rollback))  # noqa: B010
        for name in _FILE_CALLS:
            setattr(os, name, self._around_file_call(name, getattr(os, name)))
        self._watch_requests()

    def _around_file_call(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        watched = self.around(f"os.{name}", call)
        if name != "open":
            return watched

        @functools.wraps(call)
        def opened(path: Any, flags: int, *args: Any, **kwargs: Any) -> Any:
            return (watched if flags & os.O_CREAT else call)(path, flags, *args, **kwargs)

        return opened

    def _watch_requests(self) -> None:
        send = HTTPAdapter.send

        def sent(adapter: HTTPAdapter, request: Any, *args: Any, **kwargs: Any) -> Any:
            name = f"{request.method} {urlsplit(request.url).path}"
            return self.around(name, send)(adapter, request, *args, **kwargs)

        setattr(HTTPAdapter, "send", sent)  # noqa: B010


def _sentence(statement: str) -> str:
    return " ".join(statement.replace('"', "").split()[:_SHOWN_WORDS])
