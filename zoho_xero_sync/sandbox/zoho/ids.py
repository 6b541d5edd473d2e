"""Record ids of the sandbox's Zoho: 19 digits, always the same for the same module and key."""

from __future__ import annotations

import hashlib
from collections.abc import Container

_PREFIX = "5725767"
_KEYED_SPACE = 800_000_000_000
_FIRST_COUNTED = 900_000_000_000


def record_id(module: str, key: str) -> str:
    """The id a world record gets when it states none: a pure function of module and key, so worlds can refer to it."""
    digest = hashlib.blake2b(f"{module}\x00{key}".encode(), digest_size=8).digest()
    return f"{_PREFIX}{int.from_bytes(digest, 'big') % _KEYED_SPACE:012d}"


class IdSource:
    """Hands out ids that are free: derived ones for keyed records, ascending ones for records made at run time."""

    def __init__(self, first: int = _FIRST_COUNTED) -> None:
        self._next = first

    def keyed(self, module: str, key: str, taken: Container[str]) -> str:
        """The derived id, or the next free one after it when two keys collide."""
        candidate = record_id(module, key)
        while candidate in taken:
            candidate = str(int(candidate) + 1)
        return candidate

    def fresh(self) -> str:
        """A new id above every earlier one."""
        self._next += 1
        return f"{_PREFIX}{self._next:012d}"
