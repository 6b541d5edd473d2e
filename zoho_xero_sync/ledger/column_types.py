"""How exact money, instants and string maps become text, the same on every database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from zoho_xero_sync.core.fingerprint import canonical_json
from zoho_xero_sync.errors import BugError


def as_utc(value: datetime) -> datetime:
    """The same instant in UTC. Raises BugError for a datetime without a time zone."""
    if value.tzinfo is None:
        raise BugError(f"The instant {value.isoformat()} has no time zone.")
    return value.astimezone(UTC)


class Instant(TypeDecorator[datetime]):
    """An aware datetime as UTC text of one fixed width, so that the order of the texts is the order in time."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """The text of `value`. Raises BugError for a datetime without a time zone."""
        if value is None:
            return None
        return as_utc(value).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """The instant, in UTC."""
        return None if value is None else datetime.fromisoformat(value)


class Exact(TypeDecorator[Decimal]):
    """A decimal amount as plain decimal text: no exponent, trailing zeros kept."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """The text of `value`. Raises BugError for a float, a NaN or an infinity."""
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite():
            raise BugError(f"The amount {value!r} is not an exact decimal.")
        return format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """The amount with the digits it was stored with."""
        return None if value is None else Decimal(value)


class StringMap(TypeDecorator[Mapping[str, str]]):
    """A map of strings as canonical JSON text: sorted keys, no spaces."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, str] | None, dialect: Dialect) -> str | None:
        """The JSON text. Raises BugError when a value is not a string."""
        if value is None:
            return None
        if not all(isinstance(item, str) for pair in value.items() for item in pair):
            raise BugError(f"Only text is kept in a detail, not {sorted(value)}.")
        return canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, str] | None:
        """The map."""
        return None if value is None else dict(json.loads(value))
