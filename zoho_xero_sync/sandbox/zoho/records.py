"""Reading records: one by id, lists with paging, and what was deleted.

Source: www.zoho.com/crm/developer/docs/api/v8/get-records.html and .../get-deleted-records.html.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .errors import ZohoError
from .people import ADMIN
from .render import full_json, instant_json, listed_json, user_json
from .rule import rules
from .schema import Module
from .store import Record
from .values import parse_instant

if TYPE_CHECKING:
    from .state import ZohoState

Json = dict[str, Any]
RULES = (
    *rules(
        "get-records.html",
        "A list needs `fields`, at most 50, and answers the id and those fields only; subforms come with GET by id.",
        "`per_page` is at most 200, and pages reach the first 2000 records; beyond it takes the page_token.",
        "A page_token is bound to the other parameters, lives 24 hours, excludes `page` and reaches 100,000 records.",
        "Lists are sorted by id, Created_Time or Modified_Time, by default id, newest first.",
        "If-Modified-Since with nothing newer answers 304.",
        "A module that does not exist is refused as INVALID_MODULE, and so is a row of a subform by its id.",
        "Date-times have whole seconds and the offset of the organisation's zone on that day.",
        "A lookup is {name, id}; a deleted record keeps its name in it.",
        "A record that is not shared with the login's user is in no list and no query; by its id it is refused with "
        "403 NO_PERMISSION.",
    ),
    *rules("subforms.html", "The rows of a subform are a list under the name of its module."),
    *rules(
        "get-deleted-records.html",
        "Deleted records are listed for 60 days in the recycle bin and for 120 days when gone for good, then without "
        "name and user.",
        "`type` is all, recycle or permanent; anything else is PATTERN_NOT_MATCHED.",
    ),
)


PER_PAGE = 200
MAX_FIELDS = 50
PAGED_REACH = 2000
TOKEN_REACH = 100_000
TOKEN_LIFE = timedelta(hours=24)
RECYCLED_FOR = timedelta(days=60)
LISTED_FOR = timedelta(days=120)
_SORTS = ("id", "Created_Time", "Modified_Time")
_NOT_BOUND = frozenset({"page", "page_token"})


@dataclass(frozen=True, slots=True)
class PageToken:
    """What a list's next_page_token stands for: its parameters, how many rows were given, the last row's place."""

    parameters: tuple[tuple[str, str], ...]
    given: int
    after: tuple[Any, int]
    expires: datetime


def get_one(state: ZohoState, name: str, record_id: str, arguments: Mapping[str, str]) -> Json | None:
    """GET /{module}/{id}: the full record or the named fields; None (204) when it is gone. Raises ZohoError."""
    module = listable(state, name)
    record = state.find_record(name, record_id)
    if record is None:
        status = state.switches["missing_record_status"]
        if status == 204:
            return None
        raise ZohoError("INVALID_DATA", {"resource_path_index": 1}, status=404 if status == 404 else 400)
    check_readable(record, name)
    answer = full_json(state, module, record)
    wanted = _names(arguments.get("fields", ""))
    if wanted:
        answer = {key: value for key, value in answer.items() if key == "id" or key in wanted}
    return {"data": [answer]}


def get_list(state: ZohoState, name: str, arguments: Mapping[str, str], since: str | None) -> Json | None:
    """GET /{module}: a page of the named fields; None (204) when empty. Raises ZohoError."""
    held = state.schema.get(name)
    module = held if held is not None and held.parent is not None else listable(state, name)
    if name == "Notes":
        raise ZohoError("NOT_SUPPORTED", {"resource_path_index": 0}, status=403)
    names = list_fields(state, module, arguments)
    records = _chosen(state, name, arguments)
    if since is not None:
        records = _newer(state, records, since)
    sort_by, descending = _sorting(arguments)
    records.sort(key=lambda record: _place(record, sort_by), reverse=descending)
    per_page = whole(arguments, "per_page", PER_PAGE, most=PER_PAGE)
    given, page = _start(state, name, arguments, per_page)
    if given is None:
        rest = records[(page - 1) * per_page :]
        before = (page - 1) * per_page
    else:
        after = given.after
        rest = [r for r in records if (_place(r, sort_by) < after if descending else _place(r, sort_by) > after)]
        before = given.given
    rows, more = rest[:per_page], len(rest) > per_page
    if not rows:
        return None
    token = None
    if more:
        token = _next_token(state, name, arguments, before + len(rows), _place(rows[-1], sort_by))
    info = {
        "per_page": per_page,
        "count": len(rows),
        "page": before // per_page + 1,
        "sort_by": sort_by,
        "sort_order": "desc" if descending else "asc",
        "more_records": more,
        "next_page_token": token,
        "previous_page_token": None,
        "page_token_expiry": instant_json(state, state.page_tokens[token].expires) if token else None,
    }
    return {"data": [listed_json(state, module, record, names) for record in rows], "info": info}


def get_deleted(state: ZohoState, name: str, arguments: Mapping[str, str], since: str | None) -> Json | None:
    """GET /{module}/deleted: newest first; None (204) when there is none. Raises ZohoError."""
    listable(state, name)
    kind = arguments.get("type", "all")
    if kind not in {"all", "recycle", "permanent"}:
        raise ZohoError("PATTERN_NOT_MATCHED", {"param_name": "type"})
    edge = _since(since) if since is not None else None
    now = state.now()
    found = [
        gone
        for gone in reversed(state.deleted[name])
        if kind in {"all", "permanent" if gone.permanent else "recycle"}
        and gone.when > now - (LISTED_FOR if gone.permanent else RECYCLED_FOR)
        and (edge is None or gone.when >= edge)
    ]
    per_page = whole(arguments, "per_page", PER_PAGE, most=PER_PAGE)
    page = whole(arguments, "page", 1)
    rows = found[(page - 1) * per_page : page * per_page]
    if not rows:
        return None
    data = [
        {
            "id": gone.id,
            "display_name": gone.name,
            "type": "permanent" if gone.permanent else "recycle",
            "deleted_time": instant_json(state, gone.when),
            "deleted_by": None if gone.permanent else user_json(state, ADMIN, email=False),
            "created_by": None if gone.permanent else user_json(state, gone.created_by, email=False),
        }
        for gone in rows
    ]
    more = len(found) > page * per_page
    return {"data": data, "info": {"per_page": per_page, "count": len(data), "page": page, "more_records": more}}


def listable(state: ZohoState, name: str) -> Module:
    """A module the records API serves. Raises ZohoError INVALID_MODULE for unknown ones and subform modules."""
    module = state.schema.get(name)
    if module is None or module.parent is not None or name == "users":
        raise ZohoError("INVALID_MODULE", {"resource_path_index": 0})
    return module


def check_readable(record: Record, module: str) -> None:
    """Raises ZohoError 403 NO_PERMISSION for a record that the login's user may not see."""
    if not record.readable:
        raise ZohoError("NO_PERMISSION", {"permissions": [f"Crm_Implied_View_{module}"]}, status=403)


def list_fields(state: ZohoState, module: Module, arguments: Mapping[str, str]) -> list[str]:
    """The fields a list asks for. Raises ZohoError when it asks for none or for too many."""
    names = _names(arguments.get("fields", ""))
    if not names:
        raise ZohoError("REQUIRED_PARAM_MISSING", {"param_name": "fields"})
    if len(names) > MAX_FIELDS:
        raise ZohoError("LIMIT_EXCEEDED", {"param_name": "fields", "limit": MAX_FIELDS})
    if state.switches["list_subform"] == "error" and any(name in module.subforms for name in names):
        raise ZohoError("INVALID_DATA", {"param_name": "fields"})
    return names


def _chosen(state: ZohoState, name: str, arguments: Mapping[str, str]) -> list[Record]:
    records = {record.id: record for record in state.tables[name].records.values() if record.listed}
    if "ids" not in arguments:
        return list(records.values())
    ids = _names(arguments["ids"])
    most = state.switches["ids_limit"]
    if isinstance(most, int) and len(ids) > most:
        raise ZohoError("LIMIT_EXCEEDED", {"param_name": "ids", "limit": most})
    if not all(record_id.isdigit() for record_id in ids):
        raise ZohoError("INVALID_DATA", {"param_name": "ids"})
    return [records[record_id] for record_id in dict.fromkeys(ids) if record_id in records]


def _newer(state: ZohoState, records: list[Record], since: str) -> list[Record]:
    edge, inclusive = _since(since), bool(state.switches["modified_since_inclusive"])
    newer = [r for r in records if (t := r.values["Modified_Time"]) > edge or (inclusive and t == edge)]
    if not newer:
        raise ZohoError("NOT_MODIFIED", status=304)
    return newer


def _since(text: str) -> datetime:
    try:
        return parse_instant(text, None)
    except ValueError as error:
        raise ZohoError("INVALID_DATA", {"header_name": "If-Modified-Since"}) from error


def _sorting(arguments: Mapping[str, str]) -> tuple[str, bool]:
    sort_by, order = arguments.get("sort_by", "id"), arguments.get("sort_order", "desc")
    if sort_by not in _SORTS:
        raise ZohoError("INVALID_DATA", {"param_name": "sort_by", "supported_values": list(_SORTS)})
    if order not in {"asc", "desc"}:
        raise ZohoError("INVALID_DATA", {"param_name": "sort_order", "supported_values": ["asc", "desc"]})
    return sort_by, order == "desc"


def _place(record: Record, sort_by: str) -> tuple[Any, int]:
    return (record.number if sort_by == "id" else record.values[sort_by], record.number)


def _start(state: ZohoState, name: str, arguments: Mapping[str, str], per_page: int) -> tuple[PageToken | None, int]:
    """The page token the list goes on from, or the page number it starts at."""
    text = arguments.get("page_token")
    if text is None:
        page = whole(arguments, "page", 1)
        if page * per_page > PAGED_REACH:
            raise ZohoError("DISCRETE_PAGINATION_LIMIT_EXCEEDED", {"limit": PAGED_REACH})
        return None, page
    if "page" in arguments:
        details = {"ambiguity_due_to": [{"param_name": "page"}, {"param_name": "page_token"}]}
        raise ZohoError("AMBIGUITY_DURING_PROCESSING", details)
    token = state.page_tokens.get(text)
    if token is None or token.parameters != _parameters(name, arguments):
        raise ZohoError("TOKEN_BOUND_DATA_MISMATCH", {"param_name": "page_token"})
    if token.expires <= state.clock.now():
        raise ZohoError("EXPIRED_VALUE", {"param_name": "page_token"})
    if token.given >= TOKEN_REACH:
        raise ZohoError("PAGINATION_LIMIT_EXCEEDED", {"limit": TOKEN_REACH})
    return token, 0


def _next_token(state: ZohoState, name: str, arguments: Mapping[str, str], given: int, after: tuple[Any, int]) -> str:
    text = secrets.token_hex(32)
    state.page_tokens[text] = PageToken(_parameters(name, arguments), given, after, state.now() + TOKEN_LIFE)
    return text


def _parameters(name: str, arguments: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return (("", name), *sorted((key, value) for key, value in arguments.items() if key not in _NOT_BOUND))


def _names(text: str) -> list[str]:
    return [name for name in (part.strip() for part in text.split(",")) if name]


def whole(arguments: Mapping[str, str], name: str, default: int, *, most: int | None = None) -> int:
    """A parameter that is a whole number from 1 to `most`. Raises ZohoError."""
    text = arguments.get(name)
    if text is None:
        return default
    if not text.isdigit() or int(text) < 1 or (most is not None and int(text) > most):
        raise ZohoError("INVALID_DATA", {"param_name": name, **({"maximum_value": most} if most else {})})
    return int(text)
