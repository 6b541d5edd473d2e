"""Runs a plan over the tables: narrow by index, test, order, cut, project."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ..store import Record, Table
from .bind import Bound, Column, Path, Plan, Test

Getter = Callable[[Record], Any]
Predicate = Callable[[Record], bool]
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of one page, in order, and whether the query has more."""

    rows: list[Record]
    more: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that are alike in the columns they are grouped by; one of them stands for those columns."""

    rows: list[Record]

    @property
    def first(self) -> Record:
        """The row with the lowest id."""
        return self.rows[0]


def run_groups(plan: Plan, tables: Mapping[str, Table], *, case_sensitive: bool) -> tuple[list[Group], bool]:
    """The plan's page of groups, in the order asked for (else of the lowest id), and whether there are more."""
    every = replace(plan, order=(), offset=0, limit=len(tables[plan.module.api_name].records) + 1)
    keys = [getter(path, tables) for path in plan.group]
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for record in run(every, tables, case_sensitive=case_sensitive).rows:
        found = tuple(get(record) for get in keys)
        groups.setdefault(tuple(";".join(v) if isinstance(v, list) else v for v in found), []).append(record)
    made = [Group(rows) for rows in groups.values()]
    for path, descending in reversed(plan.order):
        made.sort(key=_of_first(_order_key(getter(path, tables))), reverse=descending)
    end = plan.offset + plan.limit
    return made[plan.offset : end], len(made) > end


def aggregate(column: Column, group: Group, tables: Mapping[str, Table]) -> Any:
    """What a function makes of a column over a group; rows without a value do not count, and none at all gives null."""
    get = getter(column.path, tables)
    values = [value for value in map(get, group.rows) if value is not None]
    match column.function:
        case "COUNT":
            return len(values)
        case "SUM":
            return sum(values, Decimal(0)) if values else None
        case "AVG":
            return sum(values, Decimal(0)) / len(values) if values else None
        case "MAX":
            return max(values, default=None)
        case _:
            return min(values, default=None)


def run(plan: Plan, tables: Mapping[str, Table], *, case_sensitive: bool) -> Answer:
    """The plan's page. Rows without an order come by id; equal rows too."""
    table = tables[plan.module.api_name]
    narrowed = _candidates(plan.where, tables, plan.module.api_name)
    pool: Iterable[Record] = table.records.values() if narrowed is None else narrowed
    test = _predicate(plan.where, tables, case_sensitive=case_sensitive)
    found = [record for record in pool if record.listed and test(record)]
    found.sort(key=lambda record: record.number)
    for path, descending in reversed(plan.order):
        found.sort(key=_order_key(getter(path, tables)), reverse=descending)
    end = plan.offset + plan.limit
    return Answer(found[plan.offset : end], len(found) > end)


def getter(path: Path, tables: Mapping[str, Table]) -> Getter:
    """A function from a record of the base module to the typed value of a column; null along the way gives null."""
    name = path.field.api_name
    if not path.hops:
        return lambda record: record.values.get(name)
    hops = [(lookup, tables[module].records) for lookup, module in path.hops]

    def follow(record: Record) -> Any:
        here: Record | None = record
        for lookup, records in hops:
            target = here.values.get(lookup) if here is not None else None
            here = records.get(target) if target is not None else None
            here = here if here is not None and here.readable else None
        return here.values.get(name) if here is not None else None

    return follow


def _order_key(get: Getter) -> Callable[[Record], tuple[bool, Any]]:
    def key(record: Record) -> tuple[bool, Any]:
        value = get(record)
        if value is None:
            return (False, 0)
        return (True, ";".join(value) if isinstance(value, list) else value)

    return key


def _of_first(key: Callable[[Record], Any]) -> Callable[[Group], Any]:
    return lambda group: key(group.first)


def _predicate(where: Bound, tables: Mapping[str, Table], *, case_sensitive: bool) -> Predicate:
    if isinstance(where, Test):
        return _test(where, tables, case_sensitive=case_sensitive)
    left = _predicate(where.left, tables, case_sensitive=case_sensitive)
    right = _predicate(where.right, tables, case_sensitive=case_sensitive)
    if where.joint == "and":
        return lambda record: left(record) and right(record)
    return lambda record: left(record) or right(record)


def _test(test: Test, tables: Mapping[str, Table], *, case_sensitive: bool) -> Predicate:
    """Comparisons never match null: `!=` and `not in` leave nulls out, as COQL does."""
    get = _comparable(test.path, tables)
    if test.operator == "is null":
        return lambda record: get(record) is None
    if test.operator == "is not null":
        return lambda record: get(record) is not None
    fold = test.path.field.kind in {"text", "multi"} and not case_sensitive
    values = tuple(value.casefold() for value in test.values) if fold else test.values
    matches = _matcher(test.operator, values)

    def check(record: Record) -> bool:
        value = get(record)
        if value is None:
            return False
        return matches(value.casefold() if fold else value)

    return check


def _matcher(name: str, values: tuple[Any, ...]) -> Callable[[Any], bool]:
    if name in {"in", "not in"}:
        wanted = frozenset(values)
        return (lambda value: value in wanted) if name == "in" else (lambda value: value not in wanted)
    if name in {"between", "not between"}:
        low, high = values
        return (lambda v: low <= v <= high) if name == "between" else (lambda v: not low <= v <= high)
    if name in {"like", "not like"}:
        pattern = re.compile(".*".join(re.escape(part) for part in values[0].split("%")), re.DOTALL)
        found = pattern.fullmatch
        return (lambda v: found(v) is not None) if name == "like" else (lambda v: found(v) is None)
    compare, wanted_value = _COMPARE[name], values[0]
    return lambda value: compare(value, wanted_value)


def _comparable(path: Path, tables: Mapping[str, Table]) -> Getter:
    """The value in the form conditions compare: ids as integers, multi-select values as `A;B`, empty text as null."""
    get = getter(path, tables)
    match path.field.kind:
        case "id" | "lookup":
            return _converted(get, int)
        case "any_lookup":
            return _converted(get, lambda value: int(value[1]))
        case "multi":
            return _converted(get, lambda value: ";".join(map(path.field.shown, value)))
        case "text" if path.field.labels:
            return _converted(get, path.field.shown)
        case _:
            return get


def _converted(get: Getter, convert: Callable[[Any], Any]) -> Getter:
    def converted(record: Record) -> Any:
        value = get(record)
        return None if value is None else convert(value)

    return converted


def _candidates(where: Bound, tables: Mapping[str, Table], base: str) -> list[Record] | None:
    """Records that can match, from an index; None when only a scan can tell."""
    if isinstance(where, Test):
        return _indexed(where, tables, base)
    left, right = _candidates(where.left, tables, base), _candidates(where.right, tables, base)
    if where.joint == "and":
        known = [side for side in (left, right) if side is not None]
        return min(known, key=len) if known else None
    if left is None or right is None:
        return None
    return list({record.id: record for record in left + right}.values())


def _indexed(test: Test, tables: Mapping[str, Table], base: str) -> list[Record] | None:
    modules = [base, *(module for _, module in test.path.hops)]
    found = _indexed_here(test, tables[modules[-1]])
    if found is None:
        return None
    for (lookup, _), module in zip(reversed(test.path.hops), reversed(modules[:-1]), strict=True):
        found = tables[module].linked(lookup, {record.id for record in found})
    return found


def _indexed_here(test: Test, table: Table) -> list[Record] | None:
    field = test.path.field
    if test.operator in {"=", "in"} and field.api_name == "id":
        wanted = {str(value) for value in test.values}
        return [table.records[record_id] for record_id in wanted if record_id in table.records]
    if test.operator in {"=", "in"} and field.kind == "lookup":
        return table.linked(field.api_name, {str(value) for value in test.values})
    if field.api_name == "Modified_Time" and test.operator in {"=", ">", ">=", "<", "<=", "between"}:
        return table.modified(*_bounds(test))
    return None


def _bounds(test: Test) -> tuple[datetime | None, datetime | None]:
    low = test.values[0].astimezone(UTC)
    match test.operator:
        case ">" | ">=":
            return low, None
        case "<" | "<=":
            return None, low
        case "=":
            return low, low
        case _:
            return low, test.values[1].astimezone(UTC)
