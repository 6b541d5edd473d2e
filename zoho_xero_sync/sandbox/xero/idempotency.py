"""Idempotency-Key: one memory per app, absolute lifetime, identical replay.

Source: developer.xero.com/documentation/guides/idempotent-requests/idempotency. A key is bound to method, URL and
body; whatever was answered first (a 4xx and a partly refused batch too) is answered again.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from zoho_xero_sync.sandbox.clock import VirtualClock

from .errors import Answer
from .rule import rules

RULES = rules(
    "guides/idempotent-requests/idempotency",
    "An Idempotency-Key has at most 128 characters and counts on PUT, POST and PATCH; GET ignores it.",
    "Keys belong to the app: the same key for another endpoint or organisation is the same key.",
    "A key is bound to method, URL and body; the first answer, refused or not, is given again for as long as it lives.",
    "A live key with a different request answers 400 and does nothing; an expired one is a new request.",
    "A replay counts against the limits like any call.",
)

LONGEST_KEY = 128


@dataclass(frozen=True, slots=True)
class _Kept:
    request: tuple[str, str, str]
    answer: Answer
    until: datetime


class KeyReusedError(Exception):
    """The key is alive and belongs to a different request."""


class KeyMemory:
    """Answers by key. The lifetime in seconds is the switch `idempotency_seconds` (documented 6 minutes)."""

    def __init__(self, clock: VirtualClock, switches: Mapping[str, object]) -> None:
        self._clock = clock
        self._switches = switches
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()
        self._in_flight: Counter[str] = Counter()

    def arrive(self, key: str) -> bool:
        """Note a request with `key`; True when another one with it is not answered yet. Pair with `depart`."""
        with self._lock:
            self._in_flight[key] += 1
            return self._in_flight[key] > 1

    def depart(self, key: str) -> None:
        """The request noted by `arrive` is answered."""
        with self._lock:
            self._in_flight[key] -= 1
            if not self._in_flight[key]:
                del self._in_flight[key]

    def recall(self, key: str, request: tuple[str, str, str]) -> Answer | None:
        """The first answer given under `key`, None when the key is new or lapsed. Raises KeyReusedError."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if self._clock.now() >= kept.until:
            del self._kept[key]
            return None
        if kept.request != request:
            raise KeyReusedError
        return kept.answer

    def remember(self, key: str, request: tuple[str, str, str], answer: Answer) -> None:
        """Keep `answer` for `key`; lapsed keys are dropped on the way."""
        now = self._clock.now()
        self._kept = {name: kept for name, kept in self._kept.items() if now < kept.until}
        lifetime = timedelta(seconds=int(str(self._switches["idempotency_seconds"])))
        self._kept[key] = _Kept(request, answer, now + lifetime)

    def forget(self) -> None:
        """Lose every key, as an expiry would."""
        self._kept.clear()
