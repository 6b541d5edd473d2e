"""How Xero writes values: exact JSON numbers, /Date(ms+0000)/ dates, GUIDs."""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NoReturn

ZERO_GUID = "00000000-0000-0000-0000-000000000000"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY_MS = 86_400_000
# json has no hook that writes a Decimal as a bare number, so decimals travel as marked strings and lose their quotes
# at the end. The mark is random per process: no text from outside can carry it.
_MARK = f"decimal-{secrets.token_hex(8)}:"
_MARKED = re.compile(rf'"{_MARK}([^"]*)"')
_MS_DATE = re.compile(r"/Date\((-?\d{1,15})([+-]\d{2,4})?\)/")
_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?(Z|[+-]\d{2}:?\d{2})?)?")
_BARE_GUID = re.compile(r"[0-9a-f]{32}")
_GUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


def dumps(value: object) -> bytes:
    """JSON as UTF-8; a Decimal becomes a bare number with exactly its digits (24.15, 0.00)."""
    text = json.dumps(value, default=_mark, ensure_ascii=False, separators=(",", ":"))
    return _MARKED.sub(r"\1", text).encode("utf-8", errors="replace")


def loads(body: bytes) -> object:
    """The parsed JSON, fractions as Decimal. Raises ValueError for anything that is not JSON in UTF-8."""
    try:
        value: object = json.loads(body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    return value


def plain(value: object) -> object:
    """The same tree with every Decimal as a string and every date as ISO text: safe for any JSON writer."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value


def day_stamp(day: date) -> str:
    """A calendar date as Xero writes it: its UTC midnight in milliseconds."""
    return f"/Date({(day.toordinal() - _EPOCH_DAY) * _DAY_MS}+0000)/"


def instant_stamp(moment: datetime, offset: str = "+0000") -> str:
    """An instant as /Date(ms+0000)/; `offset` is empty in the envelope's DateTimeUTC."""
    return f"/Date({(moment - _EPOCH) // timedelta(milliseconds=1)}{offset})/"


def day_string(day: date) -> str:
    """The DateString companion of a calendar date."""
    return f"{day.isoformat()}T00:00:00"


def long_day(day: date) -> str:
    """A date in words, as in the lock date messages: 30 June 2026."""
    return f"{day.day} {day:%B %Y}"


def parse_day(text: str) -> date:
    """A calendar date from YYYY-MM-DD, an ISO date-time, or /Date(ms)/. Raises ValueError."""
    stamp = _MS_DATE.fullmatch(text)
    if stamp:
        try:
            return (_EPOCH + timedelta(milliseconds=int(stamp[1]))).date()
        except OverflowError as error:
            raise ValueError(f"{text} is out of range") from error
    iso = _ISO_DATE.fullmatch(text)
    if not iso:
        raise ValueError(f"{text} is not a date")
    return date.fromisoformat(iso[1])


def is_guid(text: str) -> bool:
    """Whether `text` has the 8-4-4-4-12 form."""
    return _GUID.fullmatch(text) is not None


def as_guid(text: str) -> str:
    """A GUID in lower case with its dashes, which a caller may leave out; any other text in lower case."""
    lower = text.lower()
    if not _BARE_GUID.fullmatch(lower):
        return lower
    return "-".join((lower[:8], lower[8:12], lower[12:16], lower[16:20], lower[20:]))


def _mark(value: object) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return f"{_MARK}{value:f}"
    raise TypeError(f"{value!r} has no JSON form")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
