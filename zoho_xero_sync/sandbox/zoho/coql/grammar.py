"""The grammar of COQL: text in, syntax tree out. Knows no modules and no fields.

Source: www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html and .../COQL-Limitations.html
("SELECT ... FROM ... WHERE", AND and OR join exactly two conditions, more must be bracketed in pairs).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ZohoError
from ..rule import rules
from .tokens import Token, syntax_error, tokenize

RULES = rules(
    "COQL-Overview.html",
    "A query is SELECT, FROM, WHERE, then ORDER BY and LIMIT; without WHERE it is refused, and so is `*`.",
    "AND and OR join two conditions; three or more are nested in pairs with brackets.",
    "A quote inside a text is doubled; a backslash does not escape it.",
    "Without LIMIT a query answers 200 rows, ordered by id.",
    "GROUP BY stands between WHERE and ORDER BY; the functions COUNT, SUM, MAX, MIN, AVG are written in capitals.",
)


DEFAULT_LIMIT = 200
FUNCTIONS = frozenset({"AVG", "COUNT", "MAX", "MIN", "SUM"})
_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_RESERVED = frozenset(
    [
        "and",
        "as",
        "asc",
        "between",
        "by",
        "desc",
        "external",
        "from",
        "group",
        "in",
        "is",
        "like",
        "limit",
        "not",
        "null",
        "offset",
        "or",
        "order",
        "select",
        "where",
    ]
)
_AFTER_WHERE = ("group", "order", "limit", "offset")


@dataclass(frozen=True, slots=True)
class Literal:
    """A written value: `kind` is string, number, boolean or null."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Condition:
    """`column operator operands`; operators are lower case with single spaces."""

    column: str
    operator: str
    operands: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two criteria joined by `and` or `or`."""

    joint: str
    left: Criteria
    right: Criteria


Criteria = Condition | Pair


@dataclass(frozen=True, slots=True)
class Selected:
    """A column of the SELECT clause, or what a function makes of it."""

    column: str
    alias: str | None
    function: str | None = None

    @property
    def key(self) -> str:
        """The name in the answer."""
        return self.alias or (f"{self.function}({self.column})" if self.function else self.column)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A column of the ORDER BY clause."""

    column: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query as written."""

    columns: tuple[Selected, ...]
    module: str
    where: Criteria
    group: tuple[str, ...]
    order: tuple[Ordered, ...]
    limit: int
    offset: int


def parse(text: str) -> Query:
    """The syntax tree. Raises ZohoError SYNTAX_ERROR: {line, column, near}, or {clause} when a clause is missing."""
    return _Parser(text).query()


def conditions(criteria: Criteria) -> list[Condition]:
    """All conditions of a tree, left to right."""
    if isinstance(criteria, Condition):
        return [criteria]
    return conditions(criteria.left) + conditions(criteria.right)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenize(text)
        self._at = 0

    def query(self) -> Query:
        self._clause("select")
        columns = [self._selected()]
        while self._take_mark(","):
            columns.append(self._selected())
        self._clause("from")
        module = self._name()
        self._clause("where")
        where = self._criteria()
        group = self._group_by()
        order = self._order_by()
        limit, offset = self._limit()
        if self._now.kind != "end":
            raise self._wrong()
        return Query(tuple(columns), module, where, group, order, limit, offset)

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._now
        self._at += 1
        return token

    def _wrong(self) -> ZohoError:
        return syntax_error(self._text, self._now.start)

    def _take_word(self, *words: str) -> Token | None:
        return self._next() if self._now.is_word(*words) else None

    def _take_mark(self, mark: str) -> bool:
        if self._now.kind != "mark" or self._now.value != mark:
            return False
        self._at += 1
        return True

    def _need_mark(self, mark: str) -> None:
        if not self._take_mark(mark):
            raise self._wrong()

    def _need_word(self, word: str) -> None:
        if self._take_word(word) is None:
            raise self._wrong()

    def _clause(self, word: str) -> None:
        if self._take_word(word) is not None:
            return
        if self._now.kind == "end" or self._now.is_word("from", "where", *_AFTER_WHERE):
            raise ZohoError("SYNTAX_ERROR", {"clause": word}, message="missing clause")
        raise self._wrong()

    def _name(self) -> str:
        """A column or module: a word that is not reserved, or any quoted text."""
        token = self._now
        if token.kind == "string" or (token.kind == "word" and token.value.lower() not in _RESERVED):
            return self._next().value
        raise self._wrong()

    def _selected(self) -> Selected:
        column, function = self._name(), None
        if column in FUNCTIONS and self._take_mark("("):
            column, function = self._name(), column
            self._need_mark(")")
        alias = self._name() if self._take_word("as") else None
        return Selected(column, alias, function)

    def _criteria(self) -> Criteria:
        left = self._operand()
        joint = self._take_word("and", "or")
        if joint is None:
            return left
        return Pair(joint.value.lower(), left, self._operand())

    def _operand(self) -> Criteria:
        if not self._take_mark("("):
            return self._condition()
        inner = self._criteria()
        self._need_mark(")")
        return inner

    def _condition(self) -> Condition:
        column = self._name()
        token = self._now
        if token.kind == "mark" and token.value in _COMPARISONS:
            self._at += 1
            return Condition(column, token.value, (self._literal(),))
        if self._take_word("is"):
            operator = "is not null" if self._take_word("not") else "is null"
            self._need_word("null")
            return Condition(column, operator, ())
        negated = "not " if self._take_word("not") else ""
        if self._take_word("like"):
            return Condition(column, f"{negated}like", (self._literal(),))
        if self._take_word("in"):
            return Condition(column, f"{negated}in", self._list())
        if self._take_word("between"):
            low = self._literal()
            self._need_word("and")
            return Condition(column, f"{negated}between", (low, self._literal()))
        raise self._wrong()

    def _list(self) -> tuple[Literal, ...]:
        self._need_mark("(")
        items = [self._literal()]
        while self._take_mark(","):
            items.append(self._literal())
        self._need_mark(")")
        return tuple(items)

    def _literal(self) -> Literal:
        token = self._now
        if token.kind in {"string", "number"}:
            return Literal(token.kind, self._next().value)
        if token.is_word("true", "false"):
            return Literal("boolean", self._next().value.lower())
        if token.is_word("null"):
            return Literal("null", self._next().value.lower())
        raise self._wrong()

    def _group_by(self) -> tuple[str, ...]:
        if self._take_word("group") is None:
            return ()
        self._need_word("by")
        columns = [self._name()]
        while self._take_mark(","):
            columns.append(self._name())
        return tuple(columns)

    def _order_by(self) -> tuple[Ordered, ...]:
        if self._take_word("order") is None:
            return ()
        self._need_word("by")
        fields = [self._ordered()]
        while self._take_mark(","):
            fields.append(self._ordered())
        return tuple(fields)

    def _ordered(self) -> Ordered:
        column = self._name()
        direction = self._take_word("asc", "desc")
        return Ordered(column, direction is not None and direction.value.lower() == "desc")

    def _limit(self) -> tuple[int, int]:
        if self._take_word("limit") is None:
            return DEFAULT_LIMIT, self._offset()
        first = self._whole_number()
        if self._take_mark(","):
            return self._whole_number(), first
        return first, self._offset()

    def _offset(self) -> int:
        return self._whole_number() if self._take_word("offset") else 0

    def _whole_number(self) -> int:
        if self._now.kind != "number" or not self._now.value.isdigit():
            raise self._wrong()
        return int(self._next().value)
