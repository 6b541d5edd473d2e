"""Strict reading of single values in a Zoho row: what is not of its documented type says which field it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from dateutil.parser import isoparse

from zoho_xero_sync.core.money import AMOUNT_PLACES, rounded

# More than any currency or number field of Zoho holds (www.zoho.com/crm/developer/docs/api/v8/field-meta.html).
_DIGITS = 18


class BadValueError(ValueError):
    """A value that is not of its documented type; `path` is the field's API name."""

    def __init__(self, path: str, found: object, wanted: str) -> None:
        super().__init__(f"{path} should be {wanted} and is {_shown(found)}")
        self.path = path


def text_of(row: Mapping[str, object], field: str) -> str:
    """Text; empty for null or absent. Numbers become their own text, because ids must never pass through a float."""
    value = row.get(field)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise BadValueError(field, value, "text")
    return str(value)


def decimal_of(row: Mapping[str, object], field: str) -> Decimal:
    """A number, exact; zero for null or absent."""
    value = optional_decimal(row, field)
    return Decimal(0) if value is None else value


def optional_decimal(row: Mapping[str, object], field: str) -> Decimal | None:
    """A number, exact, or None for null. Numbers written as text are accepted, nothing else is."""
    value = row.get(field)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise BadValueError(field, value, "a number")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise BadValueError(field, value, "a number") from None
    if not number.is_finite():
        raise BadValueError(field, value, "a number")
    if number.adjusted() >= _DIGITS or len(number.as_tuple().digits) > 2 * _DIGITS:
        raise BadValueError(field, value, f"a number of at most {_DIGITS} digits")
    return number


def discount_of(row: Mapping[str, object], field: str, base: Decimal, decimals: int = AMOUNT_PLACES) -> Decimal:
    """A discount as an amount. Zoho keeps it as one, but some organisations read it as it was typed: "12.5%"."""
    value = row.get(field)
    if not isinstance(value, str) or not value.strip().endswith("%"):
        return decimal_of(row, field)
    percent = optional_decimal({field: value.strip().removesuffix("%").strip()}, field)
    if percent is None:
        raise BadValueError(field, value, "an amount or a percentage")
    return rounded(base * percent / 100, decimals)


def instant_of(row: Mapping[str, object], field: str) -> datetime:
    """An instant with its offset, as aware UTC."""
    value = row.get(field)
    if not isinstance(value, str):
        raise BadValueError(field, value, "a date-time with its offset")
    try:
        instant = isoparse(value)
        utc = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValueError(field, value, "a date-time with its offset") from None
    if instant.tzinfo is None:
        raise BadValueError(field, value, "a date-time with its offset")
    return utc


def lookup_of(row: Mapping[str, object], field: str) -> tuple[str, str] | None:
    """A lookup as (id, name), name empty where Zoho left it out; None for null."""
    value = row.get(field)
    if value is None:
        return None
    if isinstance(value, str) and value.isdigit():
        return value, ""
    if isinstance(value, dict) and isinstance(value.get("id"), str) and value["id"]:
        name = value.get("name")
        return value["id"], name if isinstance(name, str) else ""
    raise BadValueError(field, value, "a link to another record")


def shown_of(row: Mapping[str, object], field: str) -> str:
    """Any value as a template shows it: a lookup by its name, a list joined, null as nothing."""
    value = row.get(field)
    if value is None:
        return ""
    if isinstance(value, dict):
        name = value.get("name") or value.get("id")
        return name if isinstance(name, str) else ""
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _shown(value: object) -> str:
    kind = {dict: "an object", list: "a list", bool: "a boolean", type(None): "empty"}.get(type(value))
    return kind or repr(str(value)[:40])
