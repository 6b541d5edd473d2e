"""Reading what a caller posted: names in any case, numbers as numbers or strings, enums exact.

A value of the wrong form raises the 400 PostDataInvalidException of the whole request.
Source: developer.xero.com/documentation/api/accounting/requests-and-responses.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from . import wire
from .errors import ApiError, post_data_invalid
from .rule import rules

RULES = rules(
    "api/accounting/requests-and-responses",
    'A write carries {"Contacts": [...]} or one bare element; property names match in any case.',
    "Numbers and booleans may be JSON values or strings; an enum must be spelled exactly, or the whole request is a "
    "400 PostDataInvalidException.",
)

_LARGEST_EXPONENT = 14
_SMALLEST_EXPONENT = -30


class Posted:
    """One JSON object of a request, with the path Xero names in its error messages."""

    def __init__(self, raw: Mapping[str, object], path: str) -> None:
        self.raw = raw
        self.path = path
        self._values = {name.lower(): value for name, value in raw.items()}

    def has(self, name: str) -> bool:
        """Whether the property is there and not null."""
        return self._values.get(name.lower()) is not None

    def value(self, name: str) -> object:
        """The raw value, None when absent."""
        return self._values.get(name.lower())

    def text(self, name: str) -> str | None:
        """A string; numbers and booleans are written out."""
        value = self.value(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, Decimal)):
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        raise self._wrong(name, value, "System.String")

    def decimal(self, name: str) -> Decimal | None:
        """A number given as a JSON number or as a string; an empty string counts as absent."""
        value = self.value(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
            raise self._wrong(name, value, "System.Decimal")
        try:
            number = Decimal(value)
        except (InvalidOperation, ValueError):
            raise self._wrong(name, value, "System.Decimal") from None
        in_range = number.is_finite() and (not number or _SMALLEST_EXPONENT < number.adjusted() <= _LARGEST_EXPONENT)
        if not in_range:
            raise self._wrong(name, value, "System.Decimal")
        return number

    def day(self, name: str) -> date | None:
        """A calendar date; an empty string counts as absent."""
        value = self.value(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self._wrong(name, value, "System.DateTime")
        try:
            return wire.parse_day(value)
        except ValueError:
            raise self._wrong(name, value, "System.DateTime") from None

    def flag(self, name: str) -> bool | None:
        """A boolean, or "true"/"false" in any case."""
        value = self.value(name)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise self._wrong(name, value, "System.Boolean")

    def choice(self, name: str, allowed: Collection[str]) -> str | None:
        """One of `allowed`, spelled exactly; an empty string counts as absent."""
        value = self.value(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str) or value not in allowed:
            raise self._wrong(name, value, f"Xero.{name}")
        return value

    def guid(self, name: str) -> str | None:
        """A GUID in lower case; an empty string or the zero GUID counts as absent."""
        value = self.value(name)
        if value is None or value in ("", wire.ZERO_GUID):
            return None
        if not isinstance(value, str) or not wire.is_guid(value):
            raise self._wrong(name, value, "System.Guid")
        return value.lower()

    def child(self, name: str) -> Posted | None:
        """A nested object."""
        value = self.value(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self._wrong(name, value, f"Xero.{name}")
        return Posted(value, f"{self.path}.{name}")

    def children(self, name: str) -> list[Posted] | None:
        """A nested list of objects; None when the property is absent."""
        value = self.value(name)
        if value is None:
            return None
        return _objects(value, f"{self.path}.{name}")

    def _wrong(self, name: str, value: object, kind: str) -> ApiError:
        return _conversion(value, kind, f"{self.path}.{name}")


def read_envelope(body: bytes, collection: str) -> list[Posted]:
    """The elements of {"Contacts": [...]} or of one bare object. Raises ApiError for anything else."""
    if not body.strip():
        raise post_data_invalid("JSON for post data was empty")
    try:
        parsed = wire.loads(body)
    except ValueError as error:
        raise post_data_invalid(f"JSON for post data was invalid,{error}") from None
    if not isinstance(parsed, dict):
        raise _conversion(parsed, f"Xero.{collection}", "")
    envelope = Posted(parsed, "")
    inner = envelope.value(collection)
    if inner is None and collection.lower() in {str(name).lower() for name in parsed}:
        raise post_data_invalid("JSON for post data was empty")
    if inner is None:
        return [Posted(parsed, collection[:-1])]
    elements = _objects(inner, collection)
    if not elements:
        raise post_data_invalid("JSON for post data was empty")
    return elements


def _objects(value: object, path: str) -> list[Posted]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _conversion(value, "System.Collections.Generic.List", path)
    found = []
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise _conversion(item, "System.Object", f"{path}[{index}]")
        found.append(Posted(item, f"{path}[{index}]"))
    return found


def _conversion(value: object, kind: str, path: str) -> ApiError:
    shown = str(value)[:200]
    return post_data_invalid(f"Error converting value \"{shown}\" to type '{kind}'. Path '{path}'.")
