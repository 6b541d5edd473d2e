"""Tables of records by id with secondary indexes, and the undo that makes an element or a request atomic."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

R = TypeVar("R")

_NAMESPACE = uuid.UUID("5f0f6f0a-9a54-4b0c-9d5b-0d4c7f2d6e11")


def stable_id(kind: str, key: object) -> str:
    """The same GUID for the same kind and key, in every process."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}:{key}"))


class Table(Generic[R]):
    """Records in order of creation. Index functions return the key of a record, or None to leave it out."""

    def __init__(self, id_of: Callable[[R], str], indexes: Mapping[str, Callable[[R], str | None]]) -> None:
        self._id_of = id_of
        self._index_of = indexes
        self._rows: dict[str, R] = {}
        self._found: dict[str, dict[str, dict[str, None]]] = {name: {} for name in indexes}
        self._undo: list[tuple[str, R | None]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, record_id: str) -> R | None:
        """The record with that id."""
        return self._rows.get(record_id)

    def all(self) -> Iterable[R]:
        """Every record, oldest first."""
        return self._rows.values()

    def find(self, index: str, key: str) -> list[R]:
        """The records with that key in that index, in the order they got it."""
        return [self._rows[record_id] for record_id in self._found[index].get(key, ())]

    def put(self, record: R) -> None:
        """Store a new record or the new state of an old one."""
        record_id = self._id_of(record)
        self._undo.append((record_id, self._rows.get(record_id)))
        self._set(record_id, record)

    def mark(self) -> int:
        """A point that `rollback` can return to."""
        return len(self._undo)

    def rollback(self, mark: int) -> None:
        """Undo every `put` since `mark`."""
        while len(self._undo) > mark:
            self._set(*self._undo.pop())

    def commit(self) -> None:
        """Forget how to undo."""
        self._undo.clear()

    def _set(self, record_id: str, record: R | None) -> None:
        before = self._rows.get(record_id)
        for name, key_of in self._index_of.items():
            old = key_of(before) if before is not None else None
            new = key_of(record) if record is not None else None
            if old == new:
                continue
            if old is not None:
                del self._found[name][old][record_id]
            if new is not None:
                self._found[name].setdefault(new, {})[record_id] = None
        if record is None:
            self._rows.pop(record_id, None)
        else:
            self._rows[record_id] = record
