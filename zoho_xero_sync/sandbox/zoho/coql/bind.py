"""A query's meaning: names become fields, values get their types, limits and scopes are checked.

Source: www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html (operators per data type, date-time format),
.../COQL-Limitations.html (rows, columns, criteria, joins), .../Get-Records-through-COQL-Query.html (errors).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..catalogue import scope_name
from ..errors import ZohoError
from ..oauth import allows
from ..rule import rules
from ..schema import Field, Module
from ..values import parse_date, parse_instant, read_boolean
from .grammar import Condition, Criteria, Literal, Query, conditions

RULES = (
    *rules(
        "COQL-Limitations.html",
        "A query has at most 500 columns, 25 conditions, 10 columns to order by, 2000 rows, and reaches 100,000 rows "
        "by offset; at most 15 joins in the selection and 5 in the conditions.",
        "Columns ordered by, grouped by or aggregated twice and aliases used twice are refused.",
        "At most 4 columns to group by and 5 functions; every other column of such a query must be grouped by.",
        "SUM and AVG take numbers, MAX and MIN also dates, COUNT numbers, ids, lookups and pick lists.",
        "`not like` needs % at both ends.",
    ),
    *rules(
        "Get-Records-through-COQL-Query.html",
        "Each type of column has its own operators: no `like` on a lookup, no `<` on text, `=` alone on a boolean.",
        "A date-time in a condition has whole seconds and an offset; a fraction of a second is refused.",
        "Reading needs the scope of COQL and of every module the query touches.",
        "Subforms are no columns of their parent: their module is queried by Parent_Id.",
        "A function comes back under its text, as COUNT(id), without an id beside it.",
        "A pick list is compared by what it shows, not by the actual value behind a renamed or translated one.",
        "A query with no rows answers 204; a dotted column comes back under its dotted name.",
    ),
)


MAX_ROWS = 2000
MAX_REACH = 100_000
MAX_CRITERIA = 25
MAX_COLUMNS = 500
MAX_ORDER = 10
MAX_SELECT_JOINS = 15
MAX_BASE_JOINS = 5
MAX_GROUP = 4
MAX_FUNCTIONS = 5

_NULL = frozenset({"is null", "is not null"})
_EQUAL = frozenset({"=", "!=", "in", "not in"})
_RANGE = frozenset({"<", "<=", ">", ">=", "between", "not between"})
_LIKE = frozenset({"like", "not like"})
_OPERATORS = {
    "text": _EQUAL | _LIKE | _NULL,
    "multi": _EQUAL | _LIKE | _NULL,
    "lookup": _EQUAL | _NULL,
    "any_lookup": _EQUAL | _NULL,
    "id": _EQUAL | _RANGE | _NULL,
    "number": _EQUAL | _RANGE | _NULL,
    "date": _EQUAL | _RANGE | _NULL,
    "datetime": _EQUAL | _RANGE | _NULL,
    "boolean": frozenset({"="}),
}
_ALIAS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})")


@dataclass(frozen=True, slots=True)
class Path:
    """A column: the lookups on the way from the base module (field and the module it leads to), then the field."""

    hops: tuple[tuple[str, str], ...]
    field: Field


@dataclass(frozen=True, slots=True)
class Test:
    """One condition with typed operands: int for ids, Decimal, date, aware datetime, bool or text."""

    path: Path
    operator: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """Two criteria joined by `and` or `or`."""

    joint: str
    left: Bound
    right: Bound


Bound = Test | Joined


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the answer: its key, where it is read, and the function over it if there is one."""

    key: str
    path: Path
    function: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A query ready to run. With `grouped` its rows are groups, by the columns of `group` or all in one."""

    module: Module
    columns: tuple[Column, ...]
    where: Bound
    group: tuple[Path, ...]
    order: tuple[tuple[Path, bool], ...]
    limit: int
    offset: int

    @property
    def grouped(self) -> bool:
        """Whether rows are put together."""
        return bool(self.group) or any(column.function for column in self.columns)


def bind(query: Query, schema: Mapping[str, Module], switches: Mapping[str, object], scopes: tuple[str, ...]) -> Plan:
    """The plan of a query.

    Raises ZohoError: INVALID_MODULE, INVALID_QUERY with column_name, LIMIT_EXCEEDED with limit, DUPLICATE_DATA,
    INVALID_ALIAS, DUPLICATE_ALIAS, and 401 OAUTH_SCOPE_MISMATCH when a module in the query is not in `scopes`.
    """
    module = schema.get(query.module)
    if module is None or module.api_name == "users":
        raise ZohoError("INVALID_MODULE")
    return _Binder(query, module, schema, switches, scopes).plan()


class _Binder:
    def __init__(
        self,
        query: Query,
        module: Module,
        schema: Mapping[str, Module],
        switches: Mapping[str, object],
        scopes: tuple[str, ...],
    ) -> None:
        self._query = query
        self._module = module
        self._schema = schema
        self._switches = switches
        self._scopes = scopes
        self._joins: dict[str, set[tuple[tuple[str, str], ...]]] = {"select": set(), "base": set()}

    def plan(self) -> Plan:
        query = self._query
        self._check_scope(self._module)
        self._check_sizes()
        aliases = self._aliases()
        columns = tuple(
            Column(item.key, self._column(item.column, "select", {}, joins="select"), item.function)
            for item in query.columns
        )
        group = tuple(self._column(column, "group by", {}, joins="base") for column in query.group)
        self._check_functions(columns)
        where = self._criteria(query.where)
        order = tuple((self._order_column(item.column, aliases), item.descending) for item in query.order)
        self._check_joins()
        plan = Plan(self._module, columns, where, group, order, query.limit, query.offset)
        if plan.grouped:
            self._check_grouped(aliases)
        return plan

    def _check_sizes(self) -> None:
        query = self._query
        if query.limit < 1:
            raise ZohoError("INVALID_QUERY", {"limit": query.limit})
        sizes = (
            (len(query.columns), MAX_COLUMNS),
            (len(conditions(query.where)), MAX_CRITERIA),
            (len(query.order), MAX_ORDER),
            (len(query.group), MAX_GROUP),
            (sum(item.function is not None for item in query.columns), MAX_FUNCTIONS),
            (query.limit, MAX_ROWS),
            (query.offset + query.limit, MAX_REACH),
        )
        for size, most in sizes:
            if size > most:
                raise ZohoError("LIMIT_EXCEEDED", {"limit": most})

    def _aliases(self) -> dict[str, str]:
        """Alias -> column; also refuses columns selected or ordered twice."""
        aliases: dict[str, str] = {}
        for item in self._query.columns:
            if item.alias is None:
                continue
            if not _ALIAS.fullmatch(item.alias):
                raise ZohoError("INVALID_ALIAS", {"alias": item.alias})
            if item.alias in aliases:
                raise ZohoError("DUPLICATE_ALIAS", {"alias": item.alias})
            aliases[item.alias] = item.column
        plain = [item.column for item in self._query.columns if item.function is None]
        made = [f"{item.function}({item.column})" for item in self._query.columns if item.function]
        for twice in (_first_twice(made), _first_twice(list(self._query.group))):
            if twice is not None:
                raise ZohoError("DUPLICATE_DATA", {"column_name": twice})
        twice = _first_twice(plain)
        if twice is not None:
            status = self._switches["duplicate_column_status"]
            raise ZohoError("DUPLICATE_DATA", {"column_name": twice}, status=400 if status == 400 else 401)
        twice = _first_twice([aliases.get(item.column, item.column) for item in self._query.order])
        if twice is not None:
            raise ZohoError("DUPLICATE_DATA", {"column_name": twice})
        return aliases

    def _check_functions(self, columns: tuple[Column, ...]) -> None:
        for column in columns:
            field = column.path.field
            allowed = {
                None: True,
                "COUNT": field.kind in {"number", "id", "lookup"} or field.data_type == "picklist",
                "MAX": field.kind in {"number", "date", "datetime"},
                "MIN": field.kind in {"number", "date", "datetime"},
            }.get(column.function, field.kind == "number")
            if not allowed:
                raise _bad_column(field.api_name, "select", "data type not supported")

    def _check_grouped(self, aliases: Mapping[str, str]) -> None:
        """Every plain column, selected or ordered by, is one of those that are grouped by."""
        group = self._query.group
        loose = [item.column for item in self._query.columns if item.function is None and item.column not in group]
        if loose:
            raise _bad_column(loose[0], "group by")
        ordered = [aliases.get(item.column, item.column) for item in self._query.order]
        unordered = [column for column in ordered if column not in group]
        if unordered:
            raise _bad_column(unordered[0], "order by")

    def _criteria(self, criteria: Criteria) -> Bound:
        if isinstance(criteria, Condition):
            return self._condition(criteria)
        return Joined(criteria.joint, self._criteria(criteria.left), self._criteria(criteria.right))

    def _condition(self, condition: Condition) -> Test:
        path = self._column(condition.column, "where", {}, joins="base")
        allowed = _OPERATORS.get(path.field.kind)
        if allowed is None:
            raise _bad_column(condition.column, "where", "data type not supported")
        many = self._switches["in_list_limit"]
        if isinstance(many, int) and len(condition.operands) > many:
            raise ZohoError("LIMIT_EXCEEDED", {"limit": many})
        if condition.operator not in allowed:
            reason = {
                "reason": "operator not supported",
                "column_name": condition.column,
                "operator": condition.operator,
            }
            raise ZohoError("INVALID_QUERY", reason)
        return Test(path, condition.operator, self._operands(condition, path.field))

    def _operands(self, condition: Condition, field: Field) -> tuple[Any, ...]:
        wrong = ZohoError(
            "INVALID_QUERY",
            {"column_name": condition.column, "expected_data_type": field.returns or field.data_type},
            message="value given seems to be invalid for the column",
        )
        try:
            values = tuple(self._value(literal, field.kind) for literal in condition.operands)
        except (ValueError, ArithmeticError) as error:
            raise wrong from error
        pattern = values[0] if condition.operator == "not like" else "%%"
        if len(pattern) < 2 or not (pattern.startswith("%") and pattern.endswith("%")):
            raise wrong
        return values

    def _value(self, literal: Literal, kind: str) -> Any:
        match kind, literal.kind:
            case (("text" | "multi"), "string"):
                return literal.text
            case (("id" | "lookup" | "any_lookup"), ("string" | "number")):
                return int(literal.text)
            case "number", "number":
                return Decimal(literal.text)
            case "boolean", ("string" | "boolean"):
                return read_boolean(literal.text)
            case "date", "string":
                return parse_date(literal.text)
            case "datetime", "string":
                return self._instant(literal)
            case _:
                return _refuse(literal)

    def _instant(self, literal: Literal) -> Any:
        """Whole seconds and an offset; a fraction of a second is refused by Zoho itself."""
        if not _INSTANT.fullmatch(literal.text):
            return _refuse(literal)
        if literal.text[-6] == "-" and not self._switches["negative_offsets"]:
            return _refuse(literal)
        return parse_instant(literal.text, None)

    def _order_column(self, column: str, aliases: Mapping[str, str]) -> Path:
        return self._column(column, "order by", aliases, joins="base")

    def _column(self, written: str, clause: str, aliases: Mapping[str, str], *, joins: str) -> Path:
        *lookups, name = aliases.get(written, written).split(".")
        module = self._module
        hops: list[tuple[str, str]] = []
        for lookup in lookups:
            via = module.fields.get(lookup)
            target = self._schema.get(via.target or "") if via is not None and via.kind == "lookup" else None
            if target is None:
                raise _bad_column(written, clause)
            module = target
            self._check_scope(module)
            hops.append((lookup, module.api_name))
            self._joins[joins].add(tuple(hops))
        field = module.fields.get(name)
        if field is None:
            raise _bad_column(written, clause)
        if field.kind in {"subform", "json"}:
            raise _bad_column(written, clause, "data type not supported")
        return Path(tuple(hops), field)

    def _check_scope(self, module: Module) -> None:
        if module.api_name != "users" and not self._may_read(module):
            raise ZohoError("OAUTH_SCOPE_MISMATCH", status=401)

    def _may_read(self, module: Module) -> bool:
        return allows(self._scopes, "modules", scope_name(module, self._switches), "READ")

    def _check_joins(self) -> None:
        for clause, most in (("select", MAX_SELECT_JOINS), ("base", MAX_BASE_JOINS)):
            if len(self._joins[clause]) > most:
                raise ZohoError("LIMIT_EXCEEDED", {"limit": most})


def _bad_column(name: str, clause: str, message: str = "column given seems to be invalid") -> ZohoError:
    return ZohoError("INVALID_QUERY", {"column_name": name, "clause": clause}, message=message)


def _first_twice(names: list[str]) -> str | None:
    return next((name for position, name in enumerate(names) if name in names[:position]), None)


def _refuse(literal: Literal) -> Any:
    raise ValueError(literal.text)
