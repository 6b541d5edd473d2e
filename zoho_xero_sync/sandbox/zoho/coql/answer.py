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
from .evaluate import getter, run
from .grammar import parse

if TYPE_CHECKING:
    from ..state import ZohoState


def answer(state: ZohoState, body: Any, scopes: tuple[str, ...]) -> tuple[dict[str, Any] | None, int]:
    """The answer's JSON value, or None when nothing matches (204), and the credits it costs. Raises ZohoError."""
    text, wants_meta = _read_body(body)
    plan = bind(parse(text), state.schema, state.switches, scopes)
    if wants_meta and not allows(scopes, "settings", "fields", "READ"):
        raise ZohoError("OAUTH_SCOPE_MISMATCH", status=401)
    cost = coql_cost(plan.limit)
    page = run(plan, state.tables, case_sensitive=bool(state.switches["text_case_sensitive"]))
    if not page.rows:
        return None, cost
    rows = _rows(state, plan, page.rows)
    payload: dict[str, Any] = {"data": rows, "info": {"count": len(rows), "more_records": page.more}}
    if wants_meta:
        payload["fields"] = {key: field_meta(state, plan.module, path.field) for key, path in plan.columns}
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


def _rows(state: ZohoState, plan: Plan, records: list[Record]) -> list[dict[str, Any]]:
    columns = [(key, _column(state, path)) for key, path in plan.columns]
    rows = [{key: read(record) for key, read in columns} for record in records]
    for row, record in zip(rows, records, strict=True):
        row.setdefault("id", record.id)
    return rows


def _column(state: ZohoState, path: Path) -> Callable[[Record], Any]:
    get, shown = getter(path, state.tables), _shown(state, path.field)
    return lambda record: shown(get(record))


def _shown(state: ZohoState, field: Field) -> Callable[[Any], Any]:
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
