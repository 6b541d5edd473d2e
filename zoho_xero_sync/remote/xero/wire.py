"""Xero's JSON: exact numbers out, lenient and exact reading in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from dateutil.parser import isoparse

from zoho_xero_sync.errors import RemoteError

ZERO_ID = "00000000-0000-0000-0000-000000000000"
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# developer.xero.com/documentation/api/accounting/requests-and-responses: /Date(1419937200000+0000)/, UTC.
_DATE = re.compile(r"^/Date\((-?\d+)([+-]\d{2,4})?\)/$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Element = Mapping[str, object]


def dump(value: object) -> bytes:
    """`value` as UTF-8 JSON; a Decimal becomes a bare number with exactly its digits."""
    return _text(value).encode()


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:zf}"
    if isinstance(value, Mapping):
        members = (f"{json.dumps(str(key))}:{_text(item)}" for key, item in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(_text(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def text(element: Element, field: str) -> str:
    """Text; empty for null, absent or another type."""
    value = element.get(field)
    return value if isinstance(value, str) else ""


def number(element: Element, field: str) -> Decimal:
    """A number, exact; zero for null or absent. Raises RemoteError for anything else."""
    value = element.get(field)
    if value is None:
        return Decimal(0)
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise RemoteError(f"Xero answered {field} with something that is not a number.", "Run again.")
    return Decimal(value)


def real_id(element: Element, field: str) -> str | None:
    """A real id, or None: Xero fills the id of a failed element with zeros."""
    value = text(element, field)
    return value if is_guid(value) else None


def is_guid(value: str) -> bool:
    """Whether this text has the form of a Xero id."""
    return _ID.fullmatch(value) is not None and value != ZERO_ID


def instant(element: Element, field: str) -> datetime | None:
    """An instant, aware UTC, from either of Xero's spellings; None when absent or unreadable."""
    value = text(element, field)
    match = _DATE.match(value)
    if match:
        try:
            return _EPOCH + timedelta(milliseconds=int(match.group(1)))
        except OverflowError:
            return None
    try:
        parsed = isoparse(value)
        # Xero's ISO times carry no zone and mean UTC.
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def calendar_date(element: Element, field: str) -> date | None:
    """A calendar date: Xero encodes it as midnight UTC, so it is read in UTC only."""
    moment = instant(element, field)
    return None if moment is None else moment.date()


def elements(payload: object, collection: str) -> tuple[Element, ...]:
    """The elements of an answer's collection. Raises RemoteError when they are not there."""
    found = payload.get(collection) if isinstance(payload, dict) else None
    if not isinstance(found, list) or not all(isinstance(element, dict) for element in found):
        raise RemoteError(f"Xero answered without its {collection}.", "It is safe to run again.")
    return tuple(found)


def page_count(payload: object) -> int:
    """How many pages a paged answer has; 1 when it does not say."""
    paging = payload.get("pagination") if isinstance(payload, dict) else None
    count = paging.get("pageCount") if isinstance(paging, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) else 1


def messages(element: Element) -> tuple[str, ...]:
    """Every validation message of an element, its lines and addresses included, each once."""
    found: list[str] = []
    _collect(element, found)
    return tuple(dict.fromkeys(found))


def _collect(value: object, found: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _collect(item, found)
    elif isinstance(value, dict):
        errors = value.get("ValidationErrors")
        if isinstance(errors, list):
            said = [text(error, "Message") for error in errors if isinstance(error, dict)]
            found.extend(message for message in said if message)
        for key, item in value.items():
            if key != "ValidationErrors":
                _collect(item, found)


def quoted(value: str) -> str:
    """A text literal of a `where` filter: double quotes, doubled inside (a backslash is refused)."""
    doubled = value.replace('"', '""')
    return f'"{doubled}"'
