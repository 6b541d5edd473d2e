"""Records as the JSON values Zoho answers with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .catalogue import DOCUMENTS
from .ids import record_id
from .schema import Field, Module
from .store import Record
from .values import instant_text

if TYPE_CHECKING:
    from .state import ZohoState

_ROW_MARKS: dict[str, Any] = {"$in_merge": False, "$field_states": None, "$zia_visions": None}


def full_json(state: ZohoState, module: Module, record: Record) -> dict[str, Any]:
    """A record as GET by id answers it: every field, subform rows in order, and the `$` fields.

    Source: www.zoho.com/crm/developer/docs/api/v8/get-records.html ("subforms only in the single record").
    """
    answer = {
        name: field_json(state, field, record) for name, field in module.fields.items() if field.kind != "subform"
    }
    for name, items in module.subforms.items():
        answer[name] = [row_json(state, state.tables[items].module, row) for row in state.rows_of(items, record.id)]
    if module.api_name == "Notes":
        return {**answer, "$editable": True}
    answer |= {
        "$currency_symbol": state.org.symbol,
        "$approval_state": approval_state(record),
        "$approved": record.process != "approval",
        "$editable": True,
        "$in_merge": record.process == "merge",
        "$state": "save",
        "$locked_for_me": False,
        "$has_more": dict.fromkeys(module.subforms, False),
    }
    if module.api_name in DOCUMENTS:
        answer["$line_tax"] = record.values.get("$line_tax") or []
    return answer


def row_json(state: ZohoState, module: Module, row: Record) -> dict[str, Any]:
    """A subform row as it appears inside its parent."""
    answer = {name: field_json(state, field, row) for name, field in module.fields.items()}
    product = state.find_record("Products", row.values.get("Product_Name"))
    if product is not None and answer.get("Product_Name"):
        answer["Product_Name"] = {**answer["Product_Name"], "Product_Code": product.values.get("Product_Code")}
    return {**answer, **_ROW_MARKS}


def listed_json(state: ZohoState, module: Module, record: Record, names: Iterable[str]) -> dict[str, Any]:
    """A record as lists answer it: `id` and the named fields that exist."""
    answer: dict[str, Any] = {"id": record.id}
    for name in names:
        field = module.fields.get(name)
        if field is not None and field.kind != "subform":
            answer[name] = field_json(state, field, record)
        elif name == "$approval_state":
            answer[name] = approval_state(record)
    return answer


def field_json(state: ZohoState, field: Field, record: Record) -> Any:
    """One field of a record; users come with name, id and email, other lookups with name and id."""
    value = record.values.get(field.api_name)
    if field.kind == "lookup" and field.target == "users" and value is not None:
        return user_json(state, value)
    return value_json(state, field, value)


def value_json(state: ZohoState, field: Field, value: Any) -> Any:
    """A typed value as JSON: instants in the organisation's zone, lookups as {name, id}."""
    if value is None:
        return [] if field.kind == "json" else None
    if field.kind == "datetime":
        return instant_text(value, state.zone)
    if field.kind == "date":
        return value.isoformat()
    if field.kind == "lookup":
        return {"name": display_name(state, field.target or "", value), "id": value}
    if field.kind == "any_lookup":
        module, record_id = value
        return {"name": display_name(state, module, record_id), "id": record_id, "module": module_json(module)}
    if field.labels and field.kind == "text":
        return field.shown(value)
    if field.labels and field.kind == "multi":
        return [field.shown(item) for item in value]
    return value


def module_json(module: str) -> dict[str, str]:
    """A module as a lookup that may point at several names it."""
    return {"api_name": module, "id": record_id("modules", module)}


def approval_state(record: Record) -> str:
    """`$approval_state`: approved, or waiting for it."""
    return "approval_process_pending" if record.process == "approval" else "approved"


def display_name(state: ZohoState, module: str, found_by: str) -> str | None:
    """What a lookup shows for a record; a deleted one keeps its name."""
    record = state.find_record(module, found_by)
    if record is None:
        return state.deleted_names.get(found_by)
    name: str | None = record.values.get(state.schema[module].name_field)
    return name


def user_json(state: ZohoState, user_id: str, *, email: bool = True) -> dict[str, Any]:
    """A user as owner or modifier."""
    user = state.tables["users"].records[user_id]
    answer = {"name": user.values["full_name"], "id": user_id}
    return {**answer, "email": user.values["email"]} if email else answer


def instant_json(state: ZohoState, value: datetime) -> str:
    """An instant in the organisation's zone."""
    return instant_text(value, state.zone)
