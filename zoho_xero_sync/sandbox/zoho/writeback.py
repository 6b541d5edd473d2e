"""Updating records: per-item results, unknown fields dropped without a word, Modified_Time always moved.

Source: www.zoho.com/crm/developer/docs/api/v8/update-records.html.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from .errors import ZohoError
from .people import INTEGRATION
from .records import listable
from .render import instant_json, user_json
from .rule import rules
from .schema import Field, Module
from .store import Record
from .values import parse_instant, read_json
from .writing import Given

if TYPE_CHECKING:
    from .state import ZohoState

Json = dict[str, Any]
RULES = rules(
    "update-records.html",
    "An update has 1 to 100 records, each with its own result in order; a mix of good and refused answers 207.",
    "An unknown or read-only field is dropped without a word, under SUCCESS.",
    "Every update moves Modified_Time to now and makes the token's user Modified_By, also when no value changes.",
    "With If-Unmodified-Since a record changed later answers 412 ALREADY_MODIFIED.",
    "Workflows run unless `trigger` is an empty list.",
    "Refused are: a locked record (RECORD_LOCKED), an id that is gone, a value of the wrong type or too long "
    "(INVALID_DATA), an empty mandatory field (MANDATORY_NOT_FOUND), a unique value twice (DUPLICATE_DATA), a stage "
    "outside the deal's pipeline (MAPPING_MISMATCH).",
)


MAX_RECORDS = 100


def update(
    state: ZohoState, name: str, record_id: str | None, body: Any, unmodified_since: str | None
) -> tuple[Json, int]:
    """PUT /{module} or /{module}/{id}: the body of the answer and its HTTP status.

    200 when every item succeeded, 207 on a mix, else the items' own status. Raises ZohoError when the request as a
    whole is refused.
    """
    module = listable(state, name)
    items = _items(body)
    edge = _edge(unmodified_since)
    named = {} if record_id is None else {"id": record_id}
    results, statuses = [], []
    for position, item in enumerate(items):
        try:
            results.append(_update_one(state, module, {**item, **named}, position, edge))
            statuses.append(200)
        except ZohoError as error:
            results.append(error.body())
            statuses.append(error.status)
    if 200 in statuses and not (isinstance(body, dict) and body.get("trigger") == []):
        state.workflow_runs += statuses.count(200)
    return {"data": results}, _status(statuses)


def count_items(body: Any) -> int:
    """How many records a request wants written; 1 when that cannot be told."""
    data = body.get("data") if isinstance(body, dict) else None
    return len(data) if isinstance(data, list) else 1


def _status(statuses: list[int]) -> int:
    if len(set(statuses)) == 1:
        return statuses[0]
    return 207 if 200 in statuses else 400


def _items(body: Any) -> list[Json]:
    where = {"api_name": "data", "json_path": "$.data"}
    data = body.get("data") if isinstance(body, dict) else None
    if data is None:
        raise ZohoError("MANDATORY_NOT_FOUND", where)
    if not isinstance(data, list) or not data or not all(isinstance(item, dict) for item in data):
        raise ZohoError("INVALID_DATA", {"expected_data_type": "jsonarray", **where})
    if len(data) > MAX_RECORDS:
        raise ZohoError("INVALID_DATA", {"maximum_length": MAX_RECORDS, **where})
    return data


def _edge(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_instant(text, None)
    except ValueError as error:
        raise ZohoError("INVALID_DATA", {"header_name": "If-Unmodified-Since"}) from error


def _update_one(state: ZohoState, module: Module, item: Json, position: int, edge: datetime | None) -> Json:
    path = f"$.data[{position}]"
    record = _record(state, module, item, path)
    if edge is not None and record.values["Modified_Time"] > edge:
        raise ZohoError("ALREADY_MODIFIED", _changed_details(state, record), status=412)
    if record.values.get("Locked__s"):
        raise ZohoError("RECORD_LOCKED", {"id": record.id})
    values = {
        field.api_name: _value(state, module, record, field, raw, f"{path}.{name}")
        for name, raw in item.items()
        if (field := module.fields.get(name)) is not None and _writable(field)
    }
    _check_stage(state, module, record, values, path)
    state.write(module.api_name, record, Given(values, {}, None), by=INTEGRATION)
    return {"code": "SUCCESS", "details": _details(state, record), "message": "record updated", "status": "success"}


def _writable(field: Field) -> bool:
    return not field.read_only and field.kind not in {"subform", "json"}


def _record(state: ZohoState, module: Module, item: Json, path: str) -> Record:
    where = {"api_name": "id", "json_path": f"{path}.id"}
    given = item.get("id")
    if given is None:
        raise ZohoError("MANDATORY_NOT_FOUND", where)
    record = state.find_record(module.api_name, str(given))
    if record is None:
        raise ZohoError("INVALID_DATA", where, message="the id given seems to be invalid")
    return record


def _value(state: ZohoState, module: Module, record: Record, field: Field, raw: Any, path: str) -> Any:
    value = read_json(field, raw, path)
    where = {"api_name": field.api_name, "json_path": path}
    if value is None and field.mandatory:
        raise ZohoError("MANDATORY_NOT_FOUND", where)
    if field.kind == "lookup" and value is not None and state.find_record(field.target or "", value) is None:
        raise ZohoError("INVALID_DATA", where, message="the id given seems to be invalid")
    if field.unique and value is not None:
        _check_unique(state, module, record, field, value, where)
    return value


def _check_unique(state: ZohoState, module: Module, record: Record, field: Field, value: Any, where: Json) -> None:
    for other in state.tables[module.api_name].records.values():
        if other.id != record.id and other.values.get(field.api_name) == value:
            duplicate = {"id": other.id, "module": {"api_name": module.api_name}}
            raise ZohoError("DUPLICATE_DATA", {**where, "duplicate_record": duplicate})


def _check_stage(state: ZohoState, module: Module, record: Record, values: Json, path: str) -> None:
    if module.api_name != "Deals" or not {"Stage", "Pipeline"} & values.keys():
        return
    pipeline = values.get("Pipeline") or record.values["Pipeline"]
    if values.get("Stage", record.values["Stage"]) not in state.org.pipelines.get(pipeline, ()):
        raise ZohoError("MAPPING_MISMATCH", {"api_name": "Stage", "json_path": f"{path}.Stage"})


def _details(state: ZohoState, record: Record) -> Json:
    values = record.values
    return {
        **_changed_details(state, record),
        "Created_Time": instant_json(state, values["Created_Time"]),
        "Created_By": user_json(state, values["Created_By"], email=False),
        "$approval_state": "approved",
    }


def _changed_details(state: ZohoState, record: Record) -> Json:
    return {
        "id": record.id,
        "Modified_Time": instant_json(state, record.values["Modified_Time"]),
        "Modified_By": user_json(state, record.values["Modified_By"], email=False),
    }
