"""`sync --every`: runs one after the other until a signal ends them between two operations."""

from __future__ import annotations

import json
import logging
import re

from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.start import start_logging
from zoho_xero_sync.config import load_config
from zoho_xero_sync.core.report import Report
from zoho_xero_sync.engine.ports import Options
from zoho_xero_sync.errors import ConfigError, ExitCode, Interrupted, LockedError, SyncError
from zoho_xero_sync.log import redact
from zoho_xero_sync.render.progress import Progress
from zoho_xero_sync.render.report_json import report_value
from zoho_xero_sync.render.report_text import render_report
from zoho_xero_sync.rounds import Rounds
from zoho_xero_sync.watching import Watch

log = logging.getLogger("zoho_xero_sync.cli")

_DIGITS = re.compile(r"\d+")
_DONE = ("contacts_created", "contacts_updated", "invoices_created", "invoices_updated", "invoices_voided", "adopted")


class _Teller:
    """Says a trouble when it appears and when it changes, not in every round."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._told = ""

    def say(self, message: str, hint: str = "") -> None:
        """A sentence and what to type next, on stderr."""
        err = self._session.hands.err
        err.write(redact(f"{message}\n{hint}\n" if hint else f"{message}\n"))
        err.flush()

    def trouble(self, message: str, hint: str = "") -> None:
        """A run that could not begin, or broke."""
        mark = _DIGITS.sub("#", message)
        if mark != self._told:
            self.say(message, hint)
        self._told = mark

    def fine(self) -> None:
        """A run that came to its end."""
        if self._told and self._session.verbosity >= 0:
            self.say("Runs go on again.")
        self._told = ""


def run_rounds(session: Session, options: Options, seconds: float, *, as_json: bool) -> int:
    """Run until a signal comes, and return its exit code. Raises ConfigError when the first configuration is wrong."""
    hands = session.hands
    start_logging(session)
    config = load_config(session.config, environ=hands.environ, cwd=hands.cwd)
    teller = _Teller(session)
    watch = Watch(config.watch, hands.clock, loud=True)
    with Rounds(config, seconds, hands.environ, hands.clock) as rounds:
        try:
            while True:
                hands.check_stop()
                code = _round(session, rounds, watch, options, teller, as_json=as_json)
                if code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
                    return code
                rounds.rest(code)
                hands.check_stop()
                if _reread(rounds, teller, session):
                    watch = Watch(rounds.config.watch, hands.clock, loud=True)
        except Interrupted as error:
            return int(error.signal_exit_code)


def _round(session: Session, rounds: Rounds, watch: Watch, options: Options, teller: _Teller, *, as_json: bool) -> int:
    hands = session.hands
    try:
        with Progress(hands.console(stderr=True)) as progress:
            report = watch.sync(rounds.app(progress, hands.check_stop), options)
    except Interrupted:
        raise
    except LockedError:
        return int(ExitCode.LOCKED)
    except SyncError as error:
        teller.trouble(error.message, error.hint)
        return int(error.exit_code)
    except BrokenPipeError:
        raise
    except Exception as error:
        log.error("unexpected error", exc_info=error)
        teller.trouble(f"Unexpected error in this program: {type(error).__name__}.", "Report the traceback in the log.")
        return int(ExitCode.BUG)
    teller.fine()
    _show(session, report, as_json=as_json)
    return report.exit_code


def _show(session: Session, report: Report, *, as_json: bool) -> None:
    hands = session.hands
    if as_json:
        hands.out.write(json.dumps(report_value(report), ensure_ascii=True) + "\n")
    elif not hands.interactive or session.verbosity > 0 or _is_news(report):
        render_report(
            report,
            hands.console(),
            verbosity=session.verbosity,
            interactive=hands.interactive,
            all_problems=session.verbosity > 0,
        )
    hands.out.flush()


def _is_news(report: Report) -> bool:
    """True when a person at a terminal would want to see it: what merely goes on waiting is no news."""
    done = any(report.counts[name] for name in _DONE)
    return done or bool(report.new_problems or report.notes) or report.baseline is not None


def _reread(rounds: Rounds, teller: _Teller, session: Session) -> bool:
    name = rounds.config.file.name
    try:
        changed = rounds.reread()
    except ConfigError as error:
        teller.say(error.message, f"{name} was changed and cannot be used; runs go on as it was before.")
        return False
    if changed and session.verbosity >= 0:
        teller.say(f"{name} was changed; runs go by it from now on.")
    return changed
