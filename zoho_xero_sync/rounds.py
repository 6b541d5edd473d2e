"""Runs of one process, one after the other: what outlives a run, and how long to wait for the next."""

from __future__ import annotations

import random as randomlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from zoho_xero_sync.app import App
from zoho_xero_sync.config import Config, load_config
from zoho_xero_sync.core.model import Identity
from zoho_xero_sync.engine.ports import LedgerView
from zoho_xero_sync.errors import ExitCode
from zoho_xero_sync.remote.http import Clock
from zoho_xero_sync.services import Services

# Connections are made anew and logins read from their store again after this long, so that a change of either is seen.
_SERVICES_LIVE = timedelta(hours=1)
_JITTER = 0.1
# Seconds. What the next run may settle by itself is tried again soon, what a person must settle hardly ever: asking for
# a token with a refused login counts against Zoho's ten per ten minutes
# (www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html).
_LONGEST_FOR_SERVICE = 300.0
_FIRST_FOR_PERSON, _LONGEST_FOR_PERSON = 60.0, 900.0
_ORDINARY = frozenset({ExitCode.OK, ExitCode.ATTENTION, ExitCode.LOCKED})


class KeptServices:
    """Services that stay open from run to run, tokens and connections with them; an error closes them."""

    def __init__(self) -> None:
        self._services: Services | None = None
        self._made_for: tuple[Config, Identity | None] | None = None
        self._until: datetime | None = None

    @contextmanager
    def __call__(
        self,
        config: Config,
        environ: Mapping[str, str],
        clock: Clock,
        ledger: LedgerView | None,
        identity: Identity | None,
    ) -> Iterator[Services]:
        """The services of one run: those of the run before while they fit, are young, and nothing went wrong."""
        now = clock.now()
        fitting = self._made_for == (config, identity) and self._until is not None and now < self._until
        if self._services is None or not fitting:
            self.close()
            self._services = Services(config, environ, clock, ledger, identity)
            self._made_for, self._until = (config, identity), now + _SERVICES_LIVE
        self._services.begin_run()
        try:
            yield self._services
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connections; the next run opens others."""
        if self._services is not None:
            self._services.__exit__(None, None, None)
        self._services = None


@dataclass(slots=True)
class Rounds:
    """One configuration file's runs in one process. Use as a context manager.

    `seconds` lie between a run's end and the next one's start, give or take a tenth, and more after trouble.
    """

    config: Config
    seconds: float
    environ: Mapping[str, str]
    clock: Clock
    random: Callable[[], float] = randomlib.random
    _kept: KeptServices = field(default_factory=KeptServices)
    _seen: tuple[int, int, int] | None = None
    _failures: int = 0

    def __post_init__(self) -> None:
        self._seen = _signature(self.config.file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kept.close()

    def app(self, progress: Callable[[str, int, int], None], check_stop: Callable[[], None]) -> App:
        """The app of the configuration as it is now; its runs share logins and connections."""
        return App(self.config, self.environ, self.clock, progress, check_stop, self._kept)

    def reread(self) -> bool:
        """Read the configuration again if its file was touched; True when it says something else now.

        Raises ConfigError, once for each broken version of the file; the one before goes on counting.
        """
        found = _signature(self.config.file)
        if found == self._seen:
            return False
        self._seen = found
        config = load_config(self.config.file, environ=self.environ, cwd=self.config.base)
        if config == self.config:
            return False
        self.config = config
        return True

    def rest(self, code: int) -> None:
        """Wait for the next run after one that ended with exit code `code`; a touched configuration ends the wait."""
        if code not in (ExitCode.OK, ExitCode.ATTENTION):
            self._kept.close()
        left = self._pause(code) * (1 + _JITTER * (2 * self.random() - 1))
        while left > 0 and _signature(self.config.file) == self._seen:
            step = min(left, self.seconds)
            self.clock.sleep(step)
            left -= step

    def _pause(self, code: int) -> float:
        if code in _ORDINARY:
            self._failures = 0
            return self.seconds
        first, longest = self.seconds, _LONGEST_FOR_SERVICE
        if code != ExitCode.RETRY:
            first, longest = max(first, _FIRST_FOR_PERSON), _LONGEST_FOR_PERSON
        # The exponent is bounded because a year of trouble would not fit into a float.
        pause = first * 2.0 ** min(self._failures, 10)
        self._failures += 1
        return max(self.seconds, min(pause, longest))


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
