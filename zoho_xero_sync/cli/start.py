"""From a session to a running app: configuration, logging, progress."""

from __future__ import annotations

from collections.abc import Callable

from zoho_xero_sync.app import App
from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.config import load_config
from zoho_xero_sync.log import configure
from zoho_xero_sync.run_reports import new_run_id


def start_logging(session: Session) -> None:
    """Send the log to stderr, and to --log-file when it is given."""
    configure(session.verbosity, session.log_file, new_run_id(), session.hands.err, as_json=session.json_log)


def open_app(session: Session, progress: Callable[[str, int, int], None] | None = None) -> App:
    """The app of the session's configuration. Raises ConfigError with every problem of the file."""
    start_logging(session)
    hands = session.hands
    config = load_config(session.config, environ=hands.environ, cwd=hands.cwd)
    if progress is None:
        return App(config, hands.environ, hands.clock, check_stop=hands.check_stop)
    return App(config, hands.environ, hands.clock, progress, hands.check_stop)
