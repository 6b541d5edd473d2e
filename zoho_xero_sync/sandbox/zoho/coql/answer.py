"""The COQL call: request body in, answer out.

Source: www.zoho.com/crm/developer/docs/api/v8/Get-Records-through-COQL-Query.html.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import ZohoError
from ..limits import coql_cost
from ..metadata import field_meta
from ..oauth import allows
from ..render import value_json
from ..schema import Field
from ..store import Record
from .bind import Path, Plan, bind
from .evaluate import aggregate, getter, run, run_groups
from .grammar import parse

if TYPE_CHECKING:
    from ..state import ZohoState


# Kinds whose stored value is what the answer shows.
_PLAIN = frozenset({"text", "long_text", "id", "number", "boolean"})


def answer(state: ZohoState, body: Any, scopes: tuple[str, ...]) -> tuple[dict[str, Any] | None, int]:
    """The answer's JSON value, or None when nothing matches (204), and the credits it costs. Raises ZohoError."""
    text, wants_meta = _read_body(body)
    plan = bind(parse(text), state.schema, state.switches, scopes)
    if wants_meta and not allows(scopes, "settings", "fields", "READ"):
        raise ZohoError("OAUTH_SCOPE_MISMATCH", status=401)
    cost = coql_cost(plan.limit)
    case_sensitive = bool(state.switches["text_case_sensitive"])
    rows, more = _grouped(state, plan, case_sensitive) if plan.grouped else _listed(state, plan, case_sensitive)
    if not rows:
        return None, cost
    payload: dict[str, Any] = {"data": rows, "info": {"count": len(rows), "more_records": more}}
    if wants_meta:
        payload["fields"] = {c.key: field_meta(state, plan.module, c.path.field) for c in plan.columns}
    return payload, cost


def _read_body(body: Any) -> tuple[str, bool]:
    if not isinstance(body, dict):
        raise ZohoError("INVALID_DATA", {"expected_data_type": "jsonobject", "api_name": "body", "json_path": "$"})
    where = {"api_name": "select_query", "json_path": "$.select_query"}
    if body.get("select_query") is None:
        raise ZohoError("MANDATORY_NOT_FOUND", where)
    if not isinstance(body["select_query"], str):
        raise ZohoError("INVALID_DATA", {"expected_data_type": "string", **where})
    meta = body.get("include_meta", [])
    if not isinstance(meta, list) or any(item != "fields" for item in meta):
        supported = {"api_name": "include_meta", "json_path": "$.include_meta", "supported_values": ["fields"]}
        raise ZohoError("INVALID_DATA", supported)
    return body["select_query"], bool(meta)


def _listed(state: ZohoState, plan: Plan, case_sensitive: bool) -> tuple[list[dict[str, Any]], bool]:
    page = run(plan, state.tables, case_sensitive=case_sensitive)
    columns = [(column.key, _column(state, column.path)) for column in plan.columns]
    rows = [{key: read(record) for key, read in columns} for record in page.rows]
    for row, record in zip(rows, page.rows, strict=True):
        row.setdefault("id", record.id)
    return rows, page.more


def _grouped(state: ZohoState, plan: Plan, case_sensitive: bool) -> tuple[list[dict[str, Any]], bool]:
    groups, more = run_groups(plan, state.tables, case_sensitive=case_sensitive)
    rows: list[dict[str, Any]] = []
    for group in groups:
        row: dict[str, Any] = {}
        for column in plan.columns:
            if column.function is None:
                row[column.key] = _column(state, column.path)(group.first)
            else:
                made = aggregate(column, group, state.tables)
                row[column.key] = made if column.function == "COUNT" else value_json(state, column.path.field, made)
        rows.append(row)
    return rows, more


def _column(state: ZohoState, path: Path) -> Callable[[Record], Any]:
    get, shown = getter(path, state.tables), _shown(state, path.field)
    return lambda record: shown(get(record))


def _shown(state: ZohoState, field: Field) -> Callable[[Any], Any]:
    if field.kind in _PLAIN and not field.labels:
        return lambda value: value
    if field.kind == "any_lookup":
        # Lookups that may point at several modules stay id-only.
        return lambda value: None if value is None else {"id": value[1]}
    if field.kind != "lookup":
        return lambda value: value_json(state, field, value)
    if not state.switches["lookup_names"]:
        return lambda value: None if value is None else {"id": value}
    if field.target == "users":
        return lambda value: None if value is None else _user(state, value)
    return lambda value: value_json(state, field, value)


def _user(state: ZohoState, user_id: str) -> dict[str, Any]:
    """COQL shows a user by last name only, unlike the records API."""
    return {"name": state.tables["users"].records[user_id].values["last_name"], "id": user_id}
