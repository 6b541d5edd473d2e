"""One field's value: read from a world or a person's hand, read from a request, written into an answer."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from .errors import ZohoError
from .schema import Field

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "long_text": (str,),
    "id": (str, int),
    "number": (int, Decimal),
    "date": (str,),
    "datetime": (str,),
    "boolean": (bool,),
    "multi": (list,),
    "json": (list,),
    "subform": (list,),
    "lookup": (dict, str),
    "any_lookup": (dict, str),
}
_URL = re.compile(r"(https?://)?[^\s/?#.]+(\.[^\s/?#.]+)+([/?#]\S*)?", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_PATTERNS = {"website": _URL, "email": _EMAIL}


def read_given(field: Field, raw: Any, zone: ZoneInfo) -> Any:
    """A value as people write it in a world: numbers as text or number, times with or without offset (then in `zone`).

    Raises ValueError naming the field when the value cannot be one of its type.
    """
    if raw is None or raw == "":
        return None
    try:
        return _given(field, raw, zone)
    except (ValueError, InvalidOperation, TypeError) as error:
        raise ValueError(f"{field.api_name}: {raw!r} is not a {field.data_type}") from error


def read_json(field: Field, raw: Any, json_path: str) -> Any:
    """A value as the records API takes it.

    Raises ZohoError INVALID_DATA with api_name and json_path, and expected_data_type or maximum_length.
    """
    where = {"api_name": field.api_name, "json_path": json_path}
    if raw is None:
        return None
    wrong = ZohoError("INVALID_DATA", {**where, "expected_data_type": field.json_type})
    if not isinstance(raw, _JSON_TYPES[field.kind]) or (isinstance(raw, bool) and field.kind != "boolean"):
        raise wrong
    if isinstance(raw, str) and field.kind in {"text", "long_text"} and len(raw) > field.length:
        raise ZohoError("INVALID_DATA", {**where, "maximum_length": field.length})
    if isinstance(raw, int | Decimal) and field.kind == "number" and len(str(abs(int(raw)))) > field.length:
        raise ZohoError("INVALID_DATA", {**where, "maximum_length": field.length})
    pattern = _PATTERNS.get(field.data_type)
    if pattern is not None and raw and not pattern.fullmatch(str(raw)):
        raise wrong
    if field.kind == "lookup":
        raw = raw.get("id") if isinstance(raw, dict) else raw
        if not isinstance(raw, str) or not raw.isdigit():
            raise wrong
    try:
        return _given(field, raw, None) if raw != "" else None
    except (ValueError, InvalidOperation) as error:
        raise wrong from error


def parse_date(text: str) -> date:
    """`YYYY-MM-DD` as a date. Raises ValueError for any other form and for days that do not exist."""
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def parse_instant(raw: Any, zone: ZoneInfo | None) -> datetime:
    """An instant in UTC, whole seconds. Without offset it is read in `zone`; ValueError when `zone` is None."""
    value = raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw))
    if value.tzinfo is None:
        if zone is None:
            raise ValueError(f"{raw} has no offset")
        value = value.replace(tzinfo=zone)
    return value.astimezone(UTC).replace(microsecond=0)


def instant_text(value: datetime, zone: ZoneInfo) -> str:
    """An instant as Zoho writes it: whole seconds, with the offset the zone has on that day."""
    return value.astimezone(zone).isoformat(timespec="seconds")


def _given(field: Field, raw: Any, zone: ZoneInfo | None) -> Any:
    match field.kind:
        case "text":
            return field.stored(str(raw))
        case "long_text" | "id":
            return str(raw)
        case "number":
            return _number(field, raw)
        case "date":
            return raw if isinstance(raw, date) and not isinstance(raw, datetime) else parse_date(str(raw))
        case "datetime":
            return parse_instant(raw, zone)
        case "boolean":
            return read_boolean(raw)
        case "multi":
            return [field.stored(str(item)) for item in (raw.split(";") if isinstance(raw, str) else raw)]
        case _:
            return raw


def _number(field: Field, raw: Any) -> Decimal | int:
    if isinstance(raw, bool):
        raise ValueError("a boolean is not a number")
    value = Decimal(str(raw))
    if not value.is_finite():
        raise ValueError("not finite")
    if field.data_type != "integer":
        return value
    if value != value.to_integral_value():
        raise ValueError("not whole")
    return int(value)


def read_boolean(raw: Any) -> bool:
    """True or false, as such or as text in any case. Raises ValueError for anything else."""
    if isinstance(raw, bool):
        return raw
    known = {"true": True, "false": False}.get(str(raw).lower())
    if known is None:
        raise ValueError("neither true nor false")
    return known
