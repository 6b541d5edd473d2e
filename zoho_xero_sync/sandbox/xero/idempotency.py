"""Idempotency-Key: one memory per app, absolute lifetime, identical replay.

Source: developer.xero.com/documentation/guides/idempotent-requests/idempotency. A key is bound to method, URL and
body; whatever was answered first (a 4xx and a partly refused batch too) is answered again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from zoho_xero_sync.sandbox.clock import VirtualClock

from .errors import Answer

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
