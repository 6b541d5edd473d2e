"""Canonical text of a value, and its hash: what tells a change from a touch."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from zoho_xero_sync.core.money import plain_text

_WRITTEN_OUT = 100


def canonical(value: object) -> object:
    """`value` as JSON types only: decimals without trailing zeros, mappings with text keys, times as ISO text."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        # Written out, a number like 1E+999999999 would fill the memory; no amount is near it.
        return plain_text(value) if abs(value.adjusted()) < _WRITTEN_OUT else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: canonical(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): canonical(item) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset):
        items = [canonical(item) for item in value]
        return sorted(items, key=repr) if isinstance(value, set | frozenset) else items
    raise TypeError(f"{type(value).__name__} has no canonical form")


def canonical_json(value: object) -> str:
    """The one JSON text of `value`: sorted keys, no spaces. Equal values give equal text."""
    return json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(value: object) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
