"""The `where` and `order` parameters: a small recursive descent parser that yields a predicate and a sort key.

Source: developer.xero.com/documentation/api/accounting/requests-and-responses (filtering, ordering). Strings compare
without case and accents; a quote inside a string is doubled; anything not understood is a QueryParseException.

    or     := and (("OR" | "||") and)*
    and    := factor (("AND" | "&&") factor)*
    factor := "!" factor | "(" or ")" | field "." method "(" string ")" [("==" | "!=") bool] | operand [op operand]
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from . import wire
from .books import fold_accents
from .errors import ApiError, query_parse

R = TypeVar("R")
Getter = Callable[[R], object]
Predicate = Callable[[R], bool]


@dataclass(frozen=True, slots=True)
class Field(Generic[R]):
    """A property that can be filtered and sorted by; `kind` is guid, string, number, date or bool."""

    kind: str
    get: Getter[R]


@dataclass(frozen=True, slots=True)
class Filter(Generic[R]):
    """A parsed `where`: the predicate, and how often each field (lower case) is compared under an OR."""

    accepts: Predicate[R]
    terms: Mapping[str, int]
    has_or: bool


@dataclass(frozen=True, slots=True)
class _Operand(Generic[R]):
    kind: str
    get: Getter[R]
    name: str = ""


_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"]|"")*")|(?P<number>-?\d+(?:\.\d+)?)[mM]?|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"""
    r"""|(?P<op>==|!=|<>|>=|<=|&&|\|\||[=<>!(),])|(?P<bad>.))""",
    re.DOTALL,
)
_METHODS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ORDERED = ("number", "date", "string")


def parse_where(text: str, fields: Mapping[str, Field[R]], entity: str) -> Filter[R]:
    """The filter that `text` means over `fields` (names in lower case). Raises ApiError (400)."""
    parser = _Parser(_tokens(text), fields, entity)
    accepts = parser.alternatives()
    if not parser.at_end():
        raise query_parse("Syntax error")
    return Filter(accepts, parser.terms, parser.has_or)


def parse_order(text: str, fields: Mapping[str, Field[R]], entity: str) -> list[tuple[Field[R], bool]]:
    """[(field, descending)] in order of weight. Raises ApiError (400)."""
    found = []
    for part in text.split(","):
        words = part.split()
        if not 1 <= len(words) <= 2 or words[-1].upper() not in ("ASC", "DESC", words[0].upper()):
            raise query_parse("Syntax error")
        found.append((_field(words[0], fields, entity), words[-1].upper() == "DESC" and len(words) == 2))
    return found


def sort_records(records: Sequence[R], order: Sequence[tuple[Field[R], bool]]) -> list[R]:
    """Records sorted by every field of `order`, absent values first."""
    result = list(records)
    for field, descending in reversed(order):
        result.sort(key=_sort_key(field), reverse=descending)
    return result


def _sort_key(field: Field[R]) -> Callable[[R], tuple[bool, Any]]:
    return lambda record: _sortable(field.get(record))


def _sortable(value: object) -> tuple[bool, Any]:
    if value is None:
        return False, 0
    return True, fold_accents(value) if isinstance(value, str) else value


def _field(name: str, fields: Mapping[str, Field[R]], entity: str) -> Field[R]:
    field = fields.get(name.lower())
    if field is None:
        raise query_parse(f"No property or field '{name}' exists in type '{entity}'")
    return field


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        kind = match.lastgroup if match else None
        if match is None or kind is None or kind == "bad":
            raise _bad_character(match["bad"] if match else "")
        found.append((kind, match[kind]))
        position = match.end()
    return found


def _bad_character(character: str) -> ApiError:
    if character == '"':
        return query_parse("Unterminated string literal")
    if character == "'":
        return query_parse("Character literal must contain exactly one character")
    return query_parse("Syntax error")


class _Parser(Generic[R]):
    def __init__(self, tokens: list[tuple[str, str]], fields: Mapping[str, Field[R]], entity: str) -> None:
        self._tokens = tokens
        self._position = 0
        self._fields = fields
        self._entity = entity
        self._depth = 0
        self.terms: dict[str, int] = {}
        self.has_or = False

    def at_end(self) -> bool:
        return self._position >= len(self._tokens)

    def alternatives(self) -> Predicate[R]:
        parts = [self._conjunction()]
        while self._take_word("OR", "||"):
            self.has_or = True
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else lambda record: any(part(record) for part in parts)

    def _conjunction(self) -> Predicate[R]:
        parts = [self._factor()]
        while self._take_word("AND", "&&"):
            parts.append(self._factor())
        return parts[0] if len(parts) == 1 else lambda record: all(part(record) for part in parts)

    def _factor(self) -> Predicate[R]:
        self._depth += 1
        if self._depth > 200:
            raise query_parse("Syntax error")
        try:
            if self._take("op", "!"):
                inner = self._factor()
                return lambda record: not inner(record)
            if self._take("op", "("):
                inner = self.alternatives()
                self._expect(")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Predicate[R]:
        method = self._method()
        if method:
            return method
        left = self._operand()
        symbol = self._peek()
        if symbol[0] != "op" or symbol[1] not in _COMPARE:
            if left.kind == "bool":
                return lambda record: bool(left.get(record))
            raise query_parse("Syntax error")
        self._position += 1
        right = self._operand()
        self._count(left, right)
        return _compared(left, symbol[1], right)

    def _method(self) -> Predicate[R] | None:
        kind, text = self._peek()
        path, _, method = text.rpartition(".")
        if kind != "name" or method.lower() not in _METHODS or not path:
            return None
        self._position += 1
        field = _field(path, self._fields, self._entity)
        self._expect("(")
        literal = self._next("string")
        self._expect(")")
        if field.kind != "string":
            raise query_parse(f"No applicable method '{method}' exists in type '{field.kind}'")
        wanted, test = fold_accents(_unquoted(literal)), _METHODS[method.lower()]
        wants_true = self._truth()

        def accepts(record: R) -> bool:
            value = field.get(record)
            return (isinstance(value, str) and test(fold_accents(value), wanted)) is wants_true

        return accepts

    def _truth(self) -> bool:
        kind, symbol = self._peek()
        if kind != "op" or symbol not in ("==", "=", "!=", "<>"):
            return True
        self._position += 1
        word = self._next("name").lower()
        if word not in ("true", "false"):
            raise query_parse("Syntax error")
        return (word == "true") is (symbol in ("==", "="))

    def _operand(self) -> _Operand[R]:
        kind, text = self._peek()
        self._position += 1
        if kind == "string":
            literal = fold_accents(_unquoted(text))
            return _Operand("string", lambda record: literal)
        if kind == "number":
            number = Decimal(text)
            return _Operand("number", lambda record: number)
        if kind != "name":
            raise query_parse("Syntax error")
        return self._named(text)

    def _named(self, text: str) -> _Operand[R]:
        word = text.lower()
        if word in ("null", "true", "false"):
            value = {"null": None, "true": True, "false": False}[word]
            return _Operand("null" if value is None else "bool", lambda record: value)
        if word == "guid":
            guid = self._guid()
            return _Operand("guid", lambda record: guid)
        if word in ("datetime", "datetime.parse"):
            moment = self._date_time()
            return _Operand("date", lambda record: moment)
        field = _field(text, self._fields, self._entity)
        return _Operand(field.kind, _comparable(field), word)

    def _guid(self) -> str:
        self._expect("(")
        text = _unquoted(self._next("string"))
        self._expect(")")
        if not wire.is_guid(text):
            raise query_parse("Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).")
        return text.lower()

    def _date_time(self) -> datetime:
        self._expect("(")
        kind, text = self._peek()
        try:
            if kind == "string":
                self._position += 1
                parsed = datetime.fromisoformat(_unquoted(text)).replace(tzinfo=UTC)
            else:
                year, month, day, hour, minute, second = self._numbers()
                parsed = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            raise query_parse("Syntax error") from None
        self._expect(")")
        return parsed

    def _numbers(self) -> list[int]:
        numbers = [int(self._next("number"))]
        while self._take("op", ","):
            numbers.append(int(self._next("number")))
        return numbers + [0] * (6 - len(numbers)) if len(numbers) >= 3 else numbers

    def _count(self, *operands: _Operand[R]) -> None:
        for operand in operands:
            if operand.name:
                self.terms[operand.name] = self.terms.get(operand.name, 0) + 1

    def _peek(self) -> tuple[str, str]:
        return ("end", "") if self.at_end() else self._tokens[self._position]

    def _take(self, kind: str, text: str) -> bool:
        if self._peek() != (kind, text):
            return False
        self._position += 1
        return True

    def _take_word(self, word: str, symbol: str) -> bool:
        kind, text = self._peek()
        if (kind == "op" and text == symbol) or (kind == "name" and text.upper() == word):
            self._position += 1
            return True
        return False

    def _expect(self, symbol: str) -> None:
        if not self._take("op", symbol):
            raise query_parse("Syntax error")

    def _next(self, kind: str) -> str:
        found, text = self._peek()
        if found != kind:
            raise query_parse("Syntax error")
        self._position += 1
        return text


def _compared(left: _Operand[R], symbol: str, right: _Operand[R]) -> Predicate[R]:
    kinds = {left.kind, right.kind} - {"null"}
    orders = symbol not in ("==", "=", "!=", "<>")
    if len(kinds) > 1 or (orders and not kinds <= set(_ORDERED)):
        names = f"'{left.kind.title()}' and '{right.kind.title()}'"
        raise query_parse(f"Operator '{symbol}' incompatible with operand types {names}")
    test, take_left, take_right = _COMPARE[symbol], left.get, right.get
    if not orders:
        return lambda record: test(take_left(record), take_right(record))

    def accepts(record: R) -> bool:
        one, other = take_left(record), take_right(record)
        return one is not None and other is not None and test(one, other)

    return accepts


def _comparable(field: Field[R]) -> Getter[R]:
    get = field.get
    if field.kind == "string":
        return lambda record: _folded(get(record))
    if field.kind == "date":
        return lambda record: _moment(get(record))
    return get


def _folded(value: object) -> str | None:
    return fold_accents(value) if isinstance(value, str) and value else None


def _moment(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return None


def _unquoted(literal: str) -> str:
    return literal[1:-1].replace('""', '"')
