"""The witness of write-ahead: when a write arrives in Xero, the ledger already holds it, whatever happens next."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from world_tools import Desk

Row = tuple[str, str, bytes, str, str]
_ASKED = 'SELECT method, path, body, body_hash, state FROM "write" WHERE key = ?'


class _Seen(Protocol):
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def key(self) -> str | None: ...
    @property
    def body_sha256(self) -> str: ...


@dataclass
class WriteAhead:
    """Asks a desk's ledger, from the sandbox's side, about every write that arrives before it is processed.

    `count` says how many were checked; `broken` lists what was not in the ledger, or not as it arrived.
    """

    desk: Desk
    count: int = 0
    broken: list[str] = field(default_factory=list)

    def watch(self) -> WriteAhead:
        """Look at every write from here on."""
        self.desk.box.xero.on_write.append(self._look)
        return self

    def check(self) -> None:
        """Raise AssertionError when a write arrived that the ledger did not have."""
        assert not self.broken, "\n".join(self.broken)

    def _look(self, seen: _Seen) -> None:
        self.count += 1
        said = f"{seen.method} {seen.path} arrived with the key {seen.key}"
        try:
            found = _find(self.desk.ledger, seen.key) or self._elsewhere(seen.key)
        except sqlite3.Error as error:
            self.broken.append(f"{said}, and the ledger could not be read: {error}")
            return
        if found is None:
            self.broken.append(f"{said}, and the ledger does not know it")
            return
        method, path, body, noted, state = found
        hashed = hashlib.sha256(body).hexdigest()
        arrived = (seen.method, seen.path, seen.body_sha256, seen.body_sha256)
        if (method, path.partition("?")[0], hashed, noted) != arrived:
            self.broken.append(f"{said}, and the ledger has another request under it")
        if state != "in_flight":
            self.broken.append(f"{said}, and the ledger calls it {state}")

    def _elsewhere(self, key: str | None) -> Row | None:
        """In another ledger of the same test: two of them may meet at one organisation."""
        others = (path for path in self.desk.folder.parent.rglob("*.db") if path != self.desk.ledger)
        return next((row for path in others if (row := _find(path, key))), None)


def _find(ledger: Path, key: str | None) -> Row | None:
    if not ledger.is_file():
        return None
    with closing(sqlite3.connect(f"file:{quote(str(ledger))}?mode=ro", uri=True)) as connection:
        row: Row | None = connection.execute(_ASKED, (key,)).fetchone()
    return row
