"""Searching records by criteria, e-mail or word, over an index that may lag behind.

Source: www.zoho.com/crm/developer/docs/api/v8/search-records.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .errors import ZohoError
from .records import PER_PAGE, listable, whole
from .render import display_name, field_json
from .rule import rules
from .schema import Field, Module
from .store import Record
from .values import read_given

if TYPE_CHECKING:
    from .state import ZohoState

RULES = rules(
    "search-records.html",
    "A search needs `criteria`, `email` or `word`, and the scope ZohoSearch.securesearch.READ beside the module's.",
    "Criteria are (Field:operator:value), joined in brackets by and, or; at most 15.",
    "A search reaches 2000 records and answers 204 when it finds none; subforms are left out.",
)
SCOPE = "zohosearch.securesearch.read"
REACH = 2000
MAX_CONDITIONS = 15
Judge = Callable[[Record], bool]

_PIECE = re.compile(r"\(|\)|\s+|\band\b|\bor\b|[A-Za-z]\w*:[a-z_]+:(?:\\.|[^\\()])*")
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "greater_than": lambda held, given: bool(held > given),
    "greater_equal": lambda held, given: bool(held >= given),
    "less_than": lambda held, given: bool(held < given),
    "less_equal": lambda held, given: bool(held <= given),
}
_ORDERED = frozenset({"number", "date", "datetime"})


def search(state: ZohoState, name: str, arguments: Mapping[str, str], scopes: Iterable[str]) -> dict[str, Any] | None:
    """GET /{module}/search: a page, newest id first; None (204) when nothing is found. Raises ZohoError."""
    if SCOPE not in {scope.lower() for scope in scopes}:
        raise ZohoError("OAUTH_SCOPE_MISMATCH", status=401)
    module = listable(state, name)
    judge = _judge(state, module, arguments)
    per_page = whole(arguments, "per_page", PER_PAGE, most=PER_PAGE)
    page = whole(arguments, "page", 1)
    if page * per_page > REACH:
        raise ZohoError("LIMIT_REACHED", {"limit": REACH})
    indexed = state.now() - timedelta(seconds=int(str(state.switches["search_lag_seconds"])))
    held = (record for record in state.tables[name].records.values() if record.listed)
    known = (record for record in held if record.values["Modified_Time"] <= indexed)
    found = sorted((record for record in known if judge(record)), key=lambda r: r.number, reverse=True)[:REACH]
    rows = found[(page - 1) * per_page : page * per_page]
    if not rows:
        return None
    wanted = {name.strip() for name in arguments.get("fields", "").split(",") if name.strip()}
    fields = [
        f for f in module.fields.values() if f.kind != "subform" and (not wanted or f.api_name in {"id", *wanted})
    ]
    more = len(found) > page * per_page
    info = {"per_page": per_page, "count": len(rows), "page": page, "more_records": more}
    return {"data": [{f.api_name: field_json(state, f, row) for f in fields} for row in rows], "info": info}


def _judge(state: ZohoState, module: Module, arguments: Mapping[str, str]) -> Judge:
    if arguments.get("criteria"):
        return _Criteria(state, module, arguments["criteria"]).judge()
    if arguments.get("email"):
        wanted = arguments["email"].lower()
        mails = [f.api_name for f in module.fields.values() if f.data_type == "email"]
        return lambda record: any(str(record.values.get(mail) or "").lower() == wanted for mail in mails)
    if arguments.get("word"):
        word = arguments["word"].lower()
        texts = [f.api_name for f in module.fields.values() if f.kind == "text"]
        return lambda record: any(word in str(record.values.get(text) or "").lower() for text in texts)
    raise ZohoError("EXPECTED_PARAM_MISSING", {"param_names": ["criteria", "email", "phone", "word"]})


class _Criteria:
    """A recursive-descent reader of one criteria text."""

    def __init__(self, state: ZohoState, module: Module, text: str) -> None:
        self._state = state
        self._module = module
        self._pieces = [piece for piece in self._split(text) if piece.strip()]
        self._place = 0
        if sum(":" in piece for piece in self._pieces) > MAX_CONDITIONS:
            raise ZohoError("CRITERIA_LIMIT_EXCEEDED", {"limit": MAX_CONDITIONS})

    def judge(self) -> Judge:
        """The whole text as a judgement. Raises ZohoError."""
        found = self._bracket()
        if self._place != len(self._pieces):
            raise _invalid()
        return found

    def _split(self, text: str) -> list[str]:
        pieces = _PIECE.findall(text)
        if "".join(pieces) != text:
            raise _invalid()
        return pieces

    def _bracket(self) -> Judge:
        self._take("(")
        found = self._bracket() if self._next() == "(" else self._condition(self._take())
        while self._next() in {"and", "or"}:
            joint = self._take()
            found = _joined(joint, found, self._bracket())
        self._take(")")
        return found

    def _next(self) -> str:
        return self._pieces[self._place] if self._place < len(self._pieces) else ""

    def _take(self, wanted: str | None = None) -> str:
        piece = self._next()
        if not piece or (wanted is not None and piece != wanted):
            raise _invalid()
        self._place += 1
        return piece

    def _condition(self, piece: str) -> Judge:
        name, _, rest = piece.partition(":")
        operator, _, text = rest.partition(":")
        field = self._module.fields.get(name)
        if field is None or field.kind in {"subform", "json", "any_lookup"}:
            raise _invalid()
        try:
            given = [_typed(self._state, field, part) for part in (text.split(",") if operator == "in" else [text])]
        except (ValueError, ArithmeticError) as error:
            raise _invalid() from error
        compare = _comparison(field, operator, given)
        return lambda record: compare(_held(self._state, field, record))


def _typed(state: ZohoState, field: Field, text: str) -> Any:
    plain = re.sub(r"\\(.)", r"\1", text)
    return read_given(field, plain, state.zone) if field.kind in _ORDERED else plain.lower()


def _held(state: ZohoState, field: Field, record: Record) -> Any:
    """What a record holds, comparable with what `_typed` makes: a text alone, a lookup as id and name."""
    value = record.values.get(field.api_name)
    if value is None or field.kind in _ORDERED:
        return value
    if field.kind == "lookup":
        return (value, str(display_name(state, field.target or "", value)).lower())
    if field.labels and isinstance(value, str):
        value = field.shown(value)
    return (str(value).lower(),)


def _comparison(field: Field, operator: str, given: list[Any]) -> Callable[[Any], bool]:
    """How one field is judged. Raises ZohoError for an operator its type does not have."""
    ordered = field.kind in _ORDERED
    if operator in {"equals", "in"}:
        return lambda held: held in given if ordered else any(value in given for value in held or ())
    if operator == "not_equal":
        return lambda held: held not in given if ordered else not any(value in given for value in held or ())
    if operator == "starts_with" and not ordered:
        return lambda held: any(value.startswith(given[0]) for value in held or ())
    if operator in _ORDER and ordered:
        return lambda held: held is not None and _ORDER[operator](held, given[0])
    raise _invalid()


def _joined(joint: str, left: Judge, right: Judge) -> Judge:
    if joint == "and":
        return lambda record: left(record) and right(record)
    return lambda record: left(record) or right(record)


def _invalid() -> ZohoError:
    return ZohoError("INVALID_QUERY", {"reason": "the criteria given is invalid"})
