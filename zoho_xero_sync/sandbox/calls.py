"""What went over the wire: every call either sandbox service received, and its counters."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

# Requests that use a write verb and change no business data: logins, token grants and Zoho's query language.
_NOT_A_WRITE = re.compile(
    r"^/(oauth/v2/(auth|token(/revoke)?)|connect/(token|revocation)|identity/connect/authorize|crm/v\d+/coql)/?$"
)
_TOKEN = re.compile(r"^/(oauth/v2/token|connect/token)/?$")
_WRITE_VERBS = frozenset({"DELETE", "PATCH", "POST", "PUT"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request that arrived.

    `status` is the HTTP status the service gave, or 0 when the connection was closed before it saw the request; `fault`
    names the fault that was played on the call, so that a lost answer can be told from a delivered one.
    """

    service: str
    kind: str
    method: str
    path: str
    status: int
    at: datetime
    fault: str | None = None

    @property
    def is_write(self) -> bool:
        """Whether the request asked for a change of business data (a token grant or a COQL query does not)."""
        return self.method in _WRITE_VERBS and not _NOT_A_WRITE.match(self.path)

    def to_dict(self) -> dict[str, object]:
        """JSON-able form; the instant is ISO 8601, UTC."""
        return {
            "service": self.service,
            "kind": self.kind,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "at": self.at.isoformat(),
            "fault": self.fault,
        }


def kind_of_unserved(path: str) -> str:
    """The kind of a call that never reached its service: `token` for a token grant, else `unserved`."""
    return "token" if _TOKEN.match(path) else "unserved"


class CallLog:
    """Thread-safe log of `Call` values in order of arrival, with the counts tests and people ask for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def __iter__(self) -> Iterator[Call]:
        return iter(self.all())

    def __len__(self) -> int:
        with self._lock:
            return len(self._calls)

    def record(self, call: Call) -> None:
        """Append one call."""
        with self._lock:
            self._calls.append(call)

    def all(self) -> tuple[Call, ...]:
        """Every call since the start or the last `reset`."""
        with self._lock:
            return tuple(self._calls)

    def count(self, service: str | None = None, kind: str | None = None, method: str | None = None) -> int:
        """How many calls match every argument that is given."""
        return sum(
            1
            for call in self.all()
            if service in (None, call.service) and kind in (None, call.kind) and method in (None, call.method)
        )

    def api_calls(self, service: str) -> int:
        """Calls that a service's allowance would count: everything but token grants."""
        return self.count(service) - self.count(service, "token")

    def table(self) -> dict[str, int]:
        """Counts by "service.kind", sorted by that name."""
        return dict(sorted(Counter(f"{call.service}.{call.kind}" for call in self.all()).items()))

    def writes(self, service: str | None = None) -> list[Call]:
        """Calls that asked either service (or only `service`) to change business data."""
        return [call for call in self.all() if call.is_write and service in (None, call.service)]

    def reset(self) -> None:
        """Forget every call."""
        with self._lock:
            self._calls.clear()
