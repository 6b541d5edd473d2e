"""Faults on request: what the network and the services do on a bad day, played to chosen calls."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from .clock import VirtualClock

KINDS: Mapping[str, str] = {
    "refuse_before": "connection closed, the service never sees the request",
    "drop_after": "the service does the work, the connection closes without an answer",
    "half_body": "the service does the work, half of the body arrives",
    "empty": "the service does the work, the answer is 200 with an empty body",
    "html": "the service does the work, the answer is 200 with a page of HTML",
    "wrong_shape": 'the service does the work, the answer is 200 {"unexpected": true}',
    "status_500_before": "500, the service never sees the request",
    "status_500_after": "500, although the service did the work",
    "status_503": "503, the service never sees the request",
    "html_502": "502 with a gateway's HTML page, the service never sees the request",
    "rate_minute": "429 for the minute's allowance, not processed",
    "rate_day": "429 for the day's allowance, not processed",
    "rate_concurrent": "429 for too many calls in flight, not processed",
    "slow": "`seconds` of virtual time pass, then the service answers normally",
    "drip": "the service does the work, `seconds` of virtual time pass while its answer arrives in small pieces",
    "token_expired": "every access token of the service ends, so that it refuses this call",
    "connection_revoked": "a person removes the connection, so that the service refuses this call and all that follow",
}
# Kinds that are a change in the service, which then answers by itself.
CHANGES = frozenset({"token_expired", "connection_revoked"})
_SERVICES = ("zoho", "xero")


class Cut(Enum):
    """How much of an answer reaches the client."""

    NOTHING = "the whole answer is delivered"
    ALL = "the connection closes without an answer"
    HALF = "the connection closes in the middle of the body"
    PIECES = "the whole answer is delivered, in small pieces"


@dataclass(frozen=True, slots=True)
class Fault:
    """One scripted fault: the call it waits for and what happens to it.

    `service` is "zoho" or "xero", `method` an HTTP verb, `path` and `body` regular expressions searched for in the path
    and in the request's body; None matches everything. `skip` matching calls pass unharmed first, then `times` are
    hit. `seconds` is the virtual time a slow call or answer takes, or the Retry-After of a Xero 429. Raises ValueError
    when a value makes no sense.
    """

    kind: str
    service: str | None = None
    method: str | None = None
    path: str | None = None
    skip: int = 0
    times: int = 1
    seconds: float | None = None
    body: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"There is no fault of kind {self.kind!r}. Use one of: {', '.join(KINDS)}.")
        if self.service not in (None, *_SERVICES):
            raise ValueError(f"A fault cannot wait for service {self.service!r}. Use zoho or xero.")
        if self.skip < 0 or self.times < 1:
            raise ValueError("A fault needs skip of at least 0 and times of at least 1.")
        if self.seconds is not None and self.seconds < 0:
            raise ValueError("A fault's seconds cannot be negative.")
        for name, pattern in (("path", self.path), ("body", self.body)):
            try:
                re.compile(pattern or "")
            except re.error as error:
                raise ValueError(f"A fault's {name} {pattern!r} is not a regular expression: {error}.") from None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Fault:
        """A fault from its JSON form; ValueError for an unknown key, a wrong type or a value that makes no sense."""
        wanted: dict[str, tuple[type, ...]] = {
            "kind": (str,), "service": (str,), "method": (str,), "path": (str,),
            "skip": (int,), "times": (int,), "seconds": (int, float), "body": (str,),
        }  # fmt: skip
        for key, value in values.items():
            if key not in wanted:
                raise ValueError(f"A fault has no key {key!r}. Use: {', '.join(wanted)}.")
            if value is not None and (isinstance(value, bool) or not isinstance(value, wanted[key])):
                raise ValueError(f"A fault's {key} cannot be {value!r}.")
        given = {key: value for key, value in values.items() if value is not None}
        if "kind" not in given:
            raise ValueError("A fault needs a kind.")
        return cls(**given)

    def to_dict(self) -> dict[str, object]:
        """JSON-able form that `from_dict` reads back."""
        return {name: getattr(self, name) for name in self.__slots__}

    def waits_for(self, service: str, method: str, path: str, body: str = "") -> bool:
        """Whether this call is one the fault is looking for."""
        return (
            self.service in (None, service)
            and (self.method is None or self.method.upper() == method)
            and (self.path is None or re.search(self.path, path) is not None)
            and (self.body is None or re.search(self.body, body) is not None)
        )


class FaultScript:
    """A thread-safe queue of faults; each call is hit by at most one, the first that waits for it and is due."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        """Queue faults behind those that are still pending."""
        with self._lock:
            self._faults.extend(faults)

    def pending(self) -> list[Fault]:
        """Faults not used up, with the `skip` and `times` they have left."""
        with self._lock:
            return list(self._faults)

    def clear(self) -> None:
        """Forget every pending fault."""
        with self._lock:
            self._faults.clear()

    def take(self, service: str, method: str, path: str, body: str = "") -> Fault | None:
        """The fault to play on this call, or None. A call uses up one `skip` of each fault it passes on the way."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if not fault.waits_for(service, method, path, body):
                    continue
                if fault.skip:
                    self._faults[index] = replace(fault, skip=fault.skip - 1)
                    continue
                if fault.times > 1:
                    self._faults[index] = replace(fault, times=fault.times - 1)
                else:
                    del self._faults[index]
                return fault
        return None


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status code, headers, body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a call: the service's own answer (None when it was not asked), what is sent, how much of it."""

    served: Answer | None
    sent: Answer
    cut: Cut = Cut.NOTHING


def play(fault: Fault | None, service: str, serve: Callable[[], Answer], clock: VirtualClock) -> Played:
    """Run one call through `fault` (None: unharmed). `serve` asks the real service and is called at most once.

    What `CHANGES` names has been done to the service already.
    """
    if fault is None or fault.kind in CHANGES:
        answer = serve()
        return Played(answer, answer)
    if fault.kind == "slow":
        clock.advance(fault.seconds or 0.0)
        answer = serve()
        return Played(answer, answer)
    if fault.kind == "refuse_before":
        return Played(None, Answer(0, (), b""), Cut.ALL)
    unserved = _without_service(fault, service)
    if unserved is not None:
        return Played(None, unserved)
    answer = serve()
    if fault.kind == "drip":
        clock.advance(fault.seconds or 0.0)
        return Played(answer, answer, Cut.PIECES)
    if fault.kind == "drop_after":
        return Played(answer, answer, Cut.ALL)
    if fault.kind == "half_body":
        return Played(answer, answer, Cut.HALF if len(answer.body) > 1 else Cut.ALL)
    return Played(answer, _instead_of(fault.kind, service))


def _without_service(fault: Fault, service: str) -> Answer | None:
    if fault.kind == "status_500_before":
        return _server_error(service)
    if fault.kind == "status_503":
        return _unavailable(service)
    if fault.kind == "html_502":
        return _html(502, "<h1>502 Bad Gateway</h1>")
    if fault.kind.startswith("rate_"):
        return _xero_429(fault) if service == "xero" else _zoho_429(fault)
    return None


def _instead_of(kind: str, service: str) -> Answer:
    if kind == "empty":
        return Answer(200, (("Content-Type", "application/json"),), b"")
    if kind == "html":
        return _html(200, "<h1>Please sign in</h1>")
    if kind == "wrong_shape":
        return _json(200, {"unexpected": True})
    return _server_error(service)


def _zoho_429(fault: Fault) -> Answer:
    """Zoho spells exhausted credits and too much concurrency alike and sends no Retry-After.

    Zoho CRM API v8: API Limits, www.zoho.com/crm/developer/docs/api/v8/api-limits.html.
    """
    body = {
        "code": "TOO_MANY_REQUESTS",
        "details": {},
        "message": "You have exceeded the number of requests you can make. Please try again later",
        "status": "error",
    }
    answer = _json(429, body)
    if fault.kind != "rate_day":
        return answer
    return replace(answer, headers=(*answer.headers, ("X-API-CREDITS-REMAINING", "0")))


def _xero_429(fault: Fault) -> Answer:
    """Xero's 429 has an empty body and no content type; Retry-After is absent when too many calls are in flight.

    Xero API: OAuth 2.0 API limits, developer.xero.com/documentation/guides/oauth2/limits.
    """
    problem = fault.kind.removeprefix("rate_")
    retry_after = {"minute": 26.0, "day": 66975.0}.get(problem)
    if retry_after is not None and fault.seconds is not None:
        retry_after = fault.seconds
    headers = [
        ("X-Rate-Limit-Problem", problem),
        ("X-DayLimit-Remaining", "0" if problem == "day" else "344"),
        ("X-MinLimit-Remaining", "0" if problem == "minute" else "34"),
        ("X-AppMinLimit-Remaining", "9900"),
    ]
    if retry_after is not None:
        headers.append(("Retry-After", str(int(retry_after))))
    return Answer(429, tuple(headers), b"")


def _server_error(service: str) -> Answer:
    """A JSON 500 from Zoho (API v8: Status Codes); an empty one from Xero, whose 500 has no fixed body."""
    if service == "xero":
        return Answer(500, (), b"")
    body = {"code": "INTERNAL_ERROR", "details": {}, "message": "Internal Server Error", "status": "error"}
    return _json(500, body)


def _unavailable(service: str) -> Answer:
    if service == "xero":
        text = b"The Xero API is temporarily unavailable"
        return Answer(503, (("Content-Type", "text/plain; charset=utf-8"),), text)
    body = {"code": "SERVICE_UNAVAILABLE", "details": {}, "message": "Service is unavailable", "status": "error"}
    return _json(503, body)


def _json(status: int, body: object) -> Answer:
    return Answer(status, (("Content-Type", "application/json;charset=UTF-8"),), json.dumps(body).encode())


def _html(status: int, text: str) -> Answer:
    page = f"<!doctype html><html><head><title>{status}</title></head><body>{text}</body></html>"
    return Answer(status, (("Content-Type", "text/html; charset=utf-8"),), page.encode())
