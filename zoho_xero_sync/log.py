"""Logging: where it goes, how a line looks, and that no secret is ever in one."""

from __future__ import annotations

import contextlib
import json
import logging
import logging.handlers
import os
import re
import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO
from urllib.parse import quote, quote_plus

from zoho_xero_sync.errors import UsageError

ROOT = "zoho_xero_sync"
MASK = "***"

# A process that stays up gets two tokens an hour, and those of yesterday open nothing any more.
_SECRETS_KEPT = 256

_LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}
# What looks like a credential even when nobody registered it; group 1 stays.
_PATTERNS = (
    re.compile(
        r"((?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?)(?:(?:bearer|basic|zoho-oauthtoken)\s+)?[^\s\"',}]+", re.I
    ),
    re.compile(r"((?:bearer|basic|zoho-oauthtoken)\s+)[\w.~+/-]{8,}=*", re.I),
    re.compile(
        r"((?:client_?secret|(?:refresh_?|access_?|id_?)?token|password|code_verifier)[\"']?\s*[:=]\s*[\"']?)"
        r"[^\s\"'&,;}]+",
        re.I,
    ),
    re.compile(r"([?&](?:code|state)=)[^\s\"'&,;}]+", re.I),
    re.compile(r"(://)[^/@\s:]*:[^/@\s]*(?=@)"),
    re.compile(r"()\b1000\.[0-9a-f]{16,}\.[0-9a-f]{16,}\b", re.I),
    re.compile(r"()\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"),
)


class _Secrets:
    """The values that may never be printed, in every spelling they could take on the way."""

    def __init__(self) -> None:
        self._spellings: dict[str, frozenset[str]] = {}
        self._pattern: re.Pattern[str] | None = None

    def add(self, value: str) -> None:
        if not value.strip():
            return
        if value in self._spellings:
            # Used again: it moves behind those that only wait to be forgotten.
            self._spellings[value] = self._spellings.pop(value)
            return
        while len(self._spellings) >= _SECRETS_KEPT:
            del self._spellings[next(iter(self._spellings))]
        in_code = (json.dumps(value)[1:-1], repr(value)[1:-1], repr(value.encode(errors="replace"))[2:-1])
        in_urls = (quote(value, safe="", errors="replace"), quote_plus(value, errors="replace"))
        self._spellings[value] = frozenset({value, value.strip(), *in_code, *in_urls})
        self._pattern = None

    def mask(self, text: str) -> str:
        if not self._spellings:
            return text
        if self._pattern is None:
            # Compiled when a text needs it: secrets come more often than lines do.
            longest_first = sorted(frozenset().union(*self._spellings.values()), key=len, reverse=True)
            self._pattern = re.compile("|".join(re.escape(spelling) for spelling in longest_first))
        return self._pattern.sub(MASK, text)


_secrets = _Secrets()
_installed: list[logging.Handler] = []


def register_secret(value: str) -> None:
    """From now on `value` is *** in every log line and in `redact`, in any of its usual spellings. Blank is ignored."""
    _secrets.add(value)


def redact(text: str) -> str:
    """`text` with registered secrets, and whatever looks like a credential, replaced by ***."""
    text = _secrets.mask(text)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{MASK}", text)
    return text


def configure(verbosity: int, log_file: Path | None, run_id: str, stream: TextIO, *, as_json: bool = False) -> None:
    """Sends log lines to `stream`, and to `log_file` when given (mode 0600 from its creation).

    `verbosity` is -1 for errors only, 0 for warnings, 1 for information, 2 and more for everything; a file always gets
    at least information. With `as_json` each line is one JSON object. Other libraries' lines are shown from warnings
    on. Called again, it replaces the earlier set-up. Raises UsageError when the file cannot be opened.
    """
    shutdown()
    level = _LEVELS.get(max(verbosity, -1), logging.DEBUG)
    handlers: list[tuple[logging.Handler, int]] = [(_StreamHandler(stream), level)]
    if log_file is not None:
        handlers.append((_open_file(log_file), min(level, logging.INFO)))
    for handler, least in handlers:
        handler.setLevel(least)
        handler.setFormatter(_JsonFormatter(run_id) if as_json else _Formatter(run_id))
        logging.getLogger().addHandler(handler)
        _installed.append(handler)
    logging.getLogger(ROOT).setLevel(min(least for _, least in handlers))


def shutdown() -> None:
    """Takes the set-up of `configure` away again and closes the file."""
    for handler in _installed:
        logging.getLogger().removeHandler(handler)
        with contextlib.suppress(OSError):  # a full disk was told when the line was written
            handler.close()
    _installed.clear()
    logging.getLogger(ROOT).setLevel(logging.NOTSET)


class _Formatter(logging.Formatter):
    """`2026-01-31T09:30:00.000Z warning 1f2e3d engine.run: message`: UTC, one line but for tracebacks, redacted."""

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self.run_id = run_id

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_at(record)} {record.levelname.lower()} {self.run_id} {_name(record)}: {_one_line(_message(record))}"
        return redact("\n".join(part for part in (line, self.trace(record), record.stack_info) if part))

    def trace(self, record: logging.LogRecord) -> str:
        """The exception's traceback; the record is shared with other handlers, so it is made afresh and not kept."""
        return self.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else ""


class _JsonFormatter(_Formatter):
    """The same as one JSON object a line, with `trace` where there is one; ASCII only."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "run": self.run_id,
            "logger": _name(record),
            "message": _message(record),
        }
        trace = "\n".join(part for part in (self.trace(record), record.stack_info) if part)
        # Each text by itself: what looks like a credential ends at a quote, and the braces must stay.
        return json.dumps({name: redact(text) for name, text in (told | ({"trace": trace} if trace else {})).items()})


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _name(record: logging.LogRecord) -> str:
    return record.name.removeprefix(f"{ROOT}.")


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} (its values do not fit it)"


def _one_line(message: str) -> str:
    """`message` without line breaks and control characters, so that nobody's deal name can forge a line."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in message)


class _StreamHandler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """Says nothing: the stream that failed is where it would be said, and a traceback could hold secrets."""


class _FileHandler(logging.handlers.WatchedFileHandler):
    """Appends to a file, opening it again when logrotate moved it."""

    _failed = False

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", errors="backslashreplace", opener=_open_private)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """Says once that the file cannot be written; the run goes on."""
        if not self._failed and sys.stderr:
            sys.stderr.write(f"zoho-xero-sync: the log file {self.baseFilename} cannot be written.\n")
        self._failed = True


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _open_file(path: Path) -> logging.Handler:
    try:
        return _FileHandler(path.expanduser())
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not a file name"
        raise UsageError(
            f"The log file {path} cannot be opened: {reason}.", "Name a file in a directory this user may write to."
        ) from None
