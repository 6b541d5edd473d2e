"""What came back from a service, read without trusting it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime

from zoho_xero_sync.errors import SAFE_TO_RERUN, RemoteError


class NotSent(Exception):  # noqa: N818 - one of the four outcomes of a write, named like the others
    """The request certainly never reached the service. `final` is True when trying again cannot help."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


class NoAnswer(Exception):  # noqa: N818 - one of the four outcomes of a write, named like the others
    """The request may or may not have been processed: its outcome is unknown."""

    final = False


class BadAnswer(RemoteError):  # noqa: N818 - named for what came back, like NoAnswer
    """The service answered something that cannot be read."""


class Headers(Mapping[str, str]):
    """Response headers, looked up in any case; printing them shows their names only."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._values = {name.lower(): value for name, value in headers.items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({', '.join(self._values)})"


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers (looked up in any case) and the exact body bytes.

    `service` and `request` (method and path, no query) only serve the sentences of errors.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    service: str = "The service"
    request: str = "the request"

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", Headers(self.headers))

    def json(self) -> object:
        """The body as JSON with every fraction a Decimal, and U+FFFD for half a character (an escaped lone surrogate).

        Raises BadAnswer for a body that is empty, HTML, cut off, not UTF-8, or holds one key twice with two values.
        """
        try:
            text = self.body.decode("utf-8-sig")
            if text.strip():
                content: object = json.loads(
                    text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys
                )
                return _whole_text(content) if "\\ud" in text.lower() else content
        except (ValueError, ArithmeticError, RecursionError):
            pass
        raise BadAnswer(f"{self.service} answered {self.request} with {self._looks_like()}.", SAFE_TO_RERUN)

    def fields(self) -> dict[str, object]:
        """The body's top-level JSON fields by lower-case name; empty when it is no JSON object.

        For errors only, whose spelling differs between the services' gateways (`Title` and `title`).
        """
        try:
            content = self.json()
        except BadAnswer:
            return {}
        return {name.lower(): value for name, value in content.items()} if isinstance(content, dict) else {}

    @property
    def date(self) -> datetime | None:
        """The service's own clock (the `Date` header), aware UTC; None when absent or unreadable."""
        return _http_date(self.headers.get("Date"))

    @property
    def request_id(self) -> str | None:
        """The id the service's support asks for; None when it sent none."""
        for name in ("Xero-Correlation-Id", "X-Correlation-Id", "X-Request-Id"):
            if value := self.headers.get(name):
                return value[:100]
        return None

    def retry_after(self, now: datetime) -> float | None:
        """Seconds to wait by the `Retry-After` header (RFC 9110: seconds or a date); None when absent or absurd."""
        value = (self.headers.get("Retry-After") or "").strip()
        if value.isascii() and value.isdigit():
            return float(value[:9])
        until = _http_date(value)
        return None if until is None else max(0.0, (until - (self.date or now)).total_seconds())

    def _looks_like(self) -> str:
        start = self.body[:200].lstrip().lower()
        if not start:
            return f"an empty body (status {self.status})"
        if start.startswith(b"<"):
            return f"a web page instead of data (status {self.status})"
        return f"data that is cut off or malformed (status {self.status})"


@dataclass(frozen=True)
class Heard:
    """What the newest answer told besides its body: headers, the service's own time, and ours when it came."""

    headers: Mapping[str, str] = field(repr=False)
    date: datetime | None
    at: datetime

    @property
    def skew(self) -> timedelta | None:
        """How far the service's clock is ahead of ours; None when it did not tell."""
        return None if self.date is None else self.date - self.at


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, value in pairs:
        if key in result and result[key] != value:
            raise ValueError("one key with two values")
        result[key] = value
    return result


def _whole_text(value: object) -> object:
    """`value` without lone surrogates, which JSON can escape and neither UTF-8 nor a database can hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole_text(item) for item in value]
    if isinstance(value, dict):
        return {_whole_text(key): _whole_text(item) for key, item in value.items()}
    return value


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _http_date(value: str | None) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
