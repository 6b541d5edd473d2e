"""Where a ledger URL points; free of SQLAlchemy, so that the lock can be taken before it is loaded."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from zoho_xero_sync.errors import LedgerError

_SQLITE = "sqlite:///"


def ledger_path(url: str) -> Path | None:
    """The file a `sqlite:///…` URL names, or None for a ledger on a database server.

    Raises LedgerError for a SQLite URL that names no file or carries options: the way a ledger is opened is not for
    the URL to decide.
    """
    if not url.startswith("sqlite"):
        return None
    name = url.removeprefix(_SQLITE)
    if name == url or name in {"", ":memory:"} or "?" in name or name.startswith("file:"):
        raise LedgerError(
            "The ledger's URL names no plain file.",
            "Write it as `ledger: sqlite:///ledger.db` or `sqlite:////absolute/path/ledger.db` in the configuration.",
        )
    return Path(name)


def require_path(url: str) -> Path:
    """The file of a SQLite ledger. Raises LedgerError for every other kind of URL, without showing it."""
    path = ledger_path(url)
    if path is None:
        raise LedgerError(
            f"A ledger of the kind `{urlsplit(url).scheme or 'unknown'}` is not supported.",
            "Write it as `ledger: sqlite:///ledger.db` in the configuration.",
        )
    return path
