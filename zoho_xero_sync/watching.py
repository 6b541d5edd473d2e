"""Being watched: each run is told to a dead-man's switch and to a metrics file, and neither can harm it."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from zoho_xero_sync.app import App
from zoho_xero_sync.config import WatchConfig
from zoho_xero_sync.core.report import Report
from zoho_xero_sync.engine.ports import Options
from zoho_xero_sync.errors import ExitCode, Interrupted, RemoteError, SyncError
from zoho_xero_sync.log import redact, register_secret
from zoho_xero_sync.metrics import write_metrics
from zoho_xero_sync.remote.http import Clock

log = logging.getLogger(__name__)

GOOD = frozenset({ExitCode.OK, ExitCode.ATTENTION})
# Nobody is to act on these: a lost minute is made good by the next run. When it is not, the watcher hears no success
# for too long, which is what a dead-man's switch is for.
_NO_NEWS = frozenset({ExitCode.RETRY, ExitCode.LOCKED, ExitCode.INTERRUPTED, ExitCode.TERMINATED})


class Watch:
    """Who is told of the runs of one process.

    `loud` makes the first trouble with telling a warning, for where a person or a journal reads it; cron would mail
    it every minute.
    """

    def __init__(self, config: WatchConfig, clock: Clock, *, loud: bool) -> None:
        self._config, self._clock, self._loud = config, clock, loud
        self._troubled: set[str] = set()
        self._began = clock.monotonic()
        if config.ping is not None:
            # With its slash, as request lines have it: the path alone may be a word that other lines need.
            register_secret(urlsplit(config.ping).path)

    def sync(self, app: App, options: Options, *, detailed: bool = False) -> Report:
        """`app.sync`, told to whoever watches; a dry run is nobody's business. Raises what `app.sync` raises."""
        if options.dry_run:
            return app.sync(options, detailed=detailed)
        self._began = self._clock.monotonic()
        self._ping("start", "")
        try:
            report = app.sync(options, detailed=detailed)
        except SyncError as error:
            code = error.signal_exit_code if isinstance(error, Interrupted) else error.exit_code
            self._tell(app, int(code), None)
            raise
        except Exception:
            self._tell(app, int(ExitCode.BUG), None)
            raise
        self._tell(app, report.exit_code, report)
        return report

    def _tell(self, app: App, code: int, report: Report | None) -> None:
        if code in GOOD:
            self._ping("", _sentence(code, report))
        elif code not in _NO_NEWS:
            self._ping("fail", _sentence(code, report))
        self._write(app, code, report)

    def _ping(self, event: str, text: str) -> None:
        if self._config.ping is None:
            return
        # Imported here: most runs have nobody to ping.
        from zoho_xero_sync.remote.ping import send_ping

        try:
            send_ping(self._config.ping, event, text, self._clock)
        except RemoteError as error:
            self._trouble("ping", f"watch.ping was not told: {error.message}")
        else:
            self._troubled.discard("ping")

    def _write(self, app: App, code: int, report: Report | None) -> None:
        path = self._config.textfile
        if path is None or code == ExitCode.LOCKED:
            return
        try:
            status = app.status(1)
        except SyncError:
            status = None
        seconds = self._clock.monotonic() - self._began
        good, now = code in GOOD, self._clock.now()
        try:
            write_metrics(path, code=code, good=good, at=now, seconds=seconds, report=report, status=status)
        except OSError as error:
            self._trouble("textfile", f"watch.textfile cannot be written at {path}: {error.strerror}.")
        else:
            self._troubled.discard("textfile")

    def _trouble(self, what: str, sentence: str) -> None:
        news = self._loud and what not in self._troubled
        log.log(logging.WARNING if news else logging.INFO, "%s", redact(sentence))
        self._troubled.add(what)


def _sentence(code: int, report: Report | None) -> str:
    """What a ping says: the exit code and how many of what, never a name."""
    counts = {} if report is None else report.counts
    told = [f"{number} {name.replace('_', ' ')}" for name, number in counts.items() if number and name != "seen"]
    return f"exit {code}: {', '.join(told) or 'nothing done'}"
