"""The records of one module in memory, with the three orders queries need: by id, by lookup, by Modified_Time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .schema import Module

_HIGHEST = 10**30


class Record:
    """One record: typed values (Decimal, date, aware UTC datetime, id strings for lookups) under their API names.

    `listed`: the login finds it in lists and queries; `readable`: also by its id. `process` is what holds the record:
    approval, blueprint or merge, else empty.
    """

    __slots__ = ("id", "key", "listed", "number", "process", "readable", "values")

    def __init__(self, record_id: str, values: dict[str, Any], key: str | None = None) -> None:
        self.id = record_id
        self.number = int(record_id)
        self.key = key
        self.values = values
        self.listed = True
        self.readable = True
        self.process = ""
        values["id"] = record_id


@dataclass(frozen=True, slots=True)
class Deleted:
    """A record that is gone; `name` stays readable in the recycle bin and is null when gone for good.

    `record` and its subform `rows` (module, row) are what a restoring brings back.
    """

    id: str
    name: str | None
    permanent: bool
    when: datetime
    created_by: str
    record: Record
    rows: tuple[tuple[str, Record], ...]


class Table:
    """All live records of a module. Lookups are indexed, so children of fifty parents cost fifty steps, not a scan."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.records: dict[str, Record] = {}
        self.keys: dict[str, str] = {}
        self._lookups = tuple(module.lookups)
        self._links: dict[str, dict[str, dict[str, Record]]] = {name: defaultdict(dict) for name in self._lookups}
        self._order: list[tuple[datetime, int, str]] = []
        self._sorted = True

    def insert(self, record: Record) -> None:
        """Add a record. Raises ValueError when its id or key is taken."""
        if record.id in self.records:
            raise ValueError(f"{self.module.api_name}: the id {record.id} is used twice")
        if record.key is not None and record.key in self.keys:
            raise ValueError(f"{self.module.api_name}: the key {record.key!r} is used twice")
        self.records[record.id] = record
        if record.key is not None:
            self.keys[record.key] = record.id
        for name in self._lookups:
            self._link(record, name)
        self._order.append(_place(record))
        self._sorted = False

    def change(self, record: Record, values: Mapping[str, Any]) -> None:
        """Write `values` into a record and keep the indexes true."""
        moved = values.get("Modified_Time", record.values["Modified_Time"]) != record.values["Modified_Time"]
        if moved:
            self._sort()
            del self._order[bisect_left(self._order, _place(record))]
        relinked = [name for name in self._lookups if name in values]
        for name in relinked:
            self._unlink(record, name)
        record.values.update(values)
        for name in relinked:
            self._link(record, name)
        if moved:
            insort(self._order, _place(record))

    def remove(self, record: Record) -> None:
        """Take a record out."""
        self._sort()
        del self._order[bisect_left(self._order, _place(record))]
        for name in self._lookups:
            self._unlink(record, name)
        del self.records[record.id]
        if record.key is not None:
            del self.keys[record.key]

    def linked(self, name: str, targets: Iterable[str]) -> list[Record]:
        """The records whose lookup `name` points at one of `targets`."""
        links = self._links[name]
        return [record for target in targets if target in links for record in links[target].values()]

    def modified(self, low: datetime | None, high: datetime | None) -> list[Record]:
        """The records with low <= Modified_Time <= high, oldest first; None leaves a side open."""
        self._sort()
        first = 0 if low is None else bisect_left(self._order, (low, -1, ""))
        last = len(self._order) if high is None else bisect_right(self._order, (high, _HIGHEST, ""))
        return [self.records[record_id] for _, _, record_id in self._order[first:last]]

    def _sort(self) -> None:
        if not self._sorted:
            self._order.sort()
            self._sorted = True

    def _link(self, record: Record, name: str) -> None:
        target = record.values.get(name)
        if target is not None:
            self._links[name][target][record.id] = record

    def _unlink(self, record: Record, name: str) -> None:
        target = record.values.get(name)
        if target is None:
            return
        links = self._links[name][target]
        links.pop(record.id, None)
        if not links:
            del self._links[name][target]


def _place(record: Record) -> tuple[datetime, int, str]:
    return (record.values["Modified_Time"], record.number, record.id)
