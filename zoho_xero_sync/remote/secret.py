"""Text that must not be seen, and the tokens made of it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn

# A token this close to its end is not used: the request must arrive before it.
EXPIRY_MARGIN = timedelta(seconds=60)
# No access token of either service lives longer; a later end means that the clock was wrong when it was got.
LONGEST_LIFE = timedelta(hours=1)


class Secret:
    """Text that shows itself as *** everywhere but in `reveal()`, which first tells `register` what to redact."""

    __slots__ = ("_register", "_value")

    def __init__(self, value: str, register: Callable[[str], None] | None = None) -> None:
        self._value = value
        self._register = register

    def reveal(self) -> str:
        """The text itself, for use at the edge of the program only."""
        if self._register is not None:
            self._register(self._value)
        return self._value

    def fingerprint(self) -> str:
        """A short one-way mark, to tell whether two secrets are the same one."""
        return hashlib.sha256(b"zoho-xero-sync\0" + self._value.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is never pickled")


@dataclass(frozen=True, slots=True)
class TokenSet:
    """What a service gave at the last login or renewal. Times are aware UTC.

    `extra` holds what is no secret: api_domain and scope, and which login the access token belongs to.
    """

    access: Secret | None = None
    expires_at: datetime | None = None
    refresh: Secret | None = None
    previous_refresh: Secret | None = None
    rotated_at: datetime | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def alive(self, now: datetime) -> bool:
        """True when the access token can still be used at `now`."""
        if self.access is None or self.expires_at is None:
            return False
        return now + EXPIRY_MARGIN < self.expires_at <= now + LONGEST_LIFE + EXPIRY_MARGIN
