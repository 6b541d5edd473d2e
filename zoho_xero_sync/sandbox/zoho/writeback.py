"""Updating records: per-item results, unknown fields dropped without a word, Modified_Time always moved.

Source: www.zoho.com/crm/developer/docs/api/v8/update-records.html.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from .errors import ZohoError
from .people import INTEGRATION
from .records import listable
from .render import approval_state, instant_json, user_json
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
    "Refused are also: a record that waits for approval (NOT_APPROVED), that is being merged (RECORD_LOCKED), that the "
    "user may not see (403 NO_PERMISSION), and another stage for a deal that a blueprint holds (RECORD_IN_BLUEPRINT), "
    "whose other fields can be written.",
    "A text or a number longer than its field, and an address or e-mail that is none, is INVALID_DATA.",
    "`trigger` names approval, workflow, blueprint, pathfinder, orchestration, or nothing.",
)
TRIGGERS = ("approval", "workflow", "blueprint", "pathfinder", "orchestration")


MAX_RECORDS = 100


def update(
    state: ZohoState, name: str, record_id: str | None, body: Any, unmodified_since: str | None
) -> tuple[Json, int]:
    """PUT /{module} or /{module}/{id}: the body of the answer and its HTTP status.

    200 when every item succeeded, 207 on a mix, else the items' own status. Raises ZohoError when the request as a
    whole is refused.
    """
    module = listable(state, name)
    items = items_of(body)
    edge = _edge(unmodified_since)
    named = {} if record_id is None else {"id": record_id}
    results, statuses = [], []
    for position, item in enumerate(items):
        try:
            results.append(update_one(state, module, {**item, **named}, position, edge))
            statuses.append(200)
        except ZohoError as error:
            results.append(error.body())
            statuses.append(error.status)
    run_workflows(state, body, statuses.count(200))
    return {"data": results}, combined(statuses)


def count_items(body: Any) -> int:
    """How many records a request wants written; 1 when that cannot be told."""
    data = body.get("data") if isinstance(body, dict) else None
    return len(data) if isinstance(data, list) else 1


def combined(statuses: list[int]) -> int:
    """The status of a request from those of its items."""
    if len(set(statuses)) == 1:
        return statuses[0]
    return 207 if {200, 201} & set(statuses) else 400


def run_workflows(state: ZohoState, body: Any, changed: int) -> None:
    """Count what the organisation's automation runs for, unless the request says `trigger: []`."""
    if not (isinstance(body, dict) and body.get("trigger") == []):
        state.workflow_runs += changed


def items_of(body: Any) -> list[Json]:
    """The records of a request, 1 to 100. Raises ZohoError when the request as a whole is refused."""
    where = {"api_name": "data", "json_path": "$.data"}
    data = body.get("data") if isinstance(body, dict) else None
    if data is None:
        raise ZohoError("MANDATORY_NOT_FOUND", where)
    if not isinstance(data, list) or not data or not all(isinstance(item, dict) for item in data):
        raise ZohoError("INVALID_DATA", {"expected_data_type": "jsonarray", **where})
    if len(data) > MAX_RECORDS:
        raise ZohoError("INVALID_DATA", {"maximum_length": MAX_RECORDS, **where})
    trigger = body.get("trigger", [])
    if not isinstance(trigger, list) or not set(map(str, trigger)) <= set(TRIGGERS):
        wrong = {"api_name": "trigger", "json_path": "$.trigger", "supported_values": list(TRIGGERS)}
        raise ZohoError("INVALID_DATA", wrong)
    return data


def _edge(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_instant(text, None)
    except ValueError as error:
        raise ZohoError("INVALID_DATA", {"header_name": "If-Unmodified-Since"}) from error


def update_one(state: ZohoState, module: Module, item: Json, position: int, edge: datetime | None) -> Json:
    """One record of a request: its result. Raises ZohoError, and nothing is changed then."""
    path = f"$.data[{position}]"
    record = _record(state, module, item, path)
    if edge is not None and record.values["Modified_Time"] > edge:
        raise ZohoError("ALREADY_MODIFIED", _changed_details(state, record), status=412)
    _check_process(record, item, path)
    values = typed_values(state, module, record, item, path)
    check_stage(state, module, record.values, item, values, path)
    state.write(module.api_name, record, Given(values, {}, None), by=INTEGRATION)
    return success(state, record, "record updated")


def success(state: ZohoState, record: Record, message: str) -> Json:
    """The result of a record that was written."""
    return {"code": "SUCCESS", "details": _details(state, record), "message": message, "status": "success"}


def typed_values(state: ZohoState, module: Module, record: Record | None, item: Json, path: str) -> Json:
    """What a request says about the writable fields of a record (None: of a new one). Raises ZohoError."""
    return {
        field.api_name: _value(state, module, record, field, raw, f"{path}.{name}")
        for name, raw in item.items()
        if (field := module.fields.get(name)) is not None and _writable(field)
    }


def _check_process(record: Record, item: Json, path: str) -> None:
    if record.values.get("Locked__s"):
        raise ZohoError("RECORD_LOCKED", {"id": record.id})
    if record.process == "merge":
        raise ZohoError("RECORD_LOCKED", {"id": record.id}, message="The record under merge is locked")
    if record.process == "approval":
        raise ZohoError("NOT_APPROVED", {"id": record.id})
    if record.process == "blueprint" and "Stage" in item:
        raise ZohoError("RECORD_IN_BLUEPRINT", {"api_name": "Stage", "json_path": f"{path}.Stage", "id": record.id})


def _writable(field: Field) -> bool:
    return not field.read_only and field.kind not in {"subform", "json", "any_lookup"}


def _record(state: ZohoState, module: Module, item: Json, path: str) -> Record:
    where = {"api_name": "id", "json_path": f"{path}.id"}
    given = item.get("id")
    if given is None:
        raise ZohoError("MANDATORY_NOT_FOUND", where)
    record = state.find_record(module.api_name, str(given))
    if record is None:
        raise ZohoError("INVALID_DATA", where, message="the id given seems to be invalid")
    if not record.readable:
        raise ZohoError("NO_PERMISSION", {"permissions": [f"Crm_Implied_Edit_{module.api_name}"]}, status=403)
    return record


def _value(state: ZohoState, module: Module, record: Record | None, field: Field, raw: Any, path: str) -> Any:
    value = read_json(field, raw, path)
    where = {"api_name": field.api_name, "json_path": path}
    if value is None and field.mandatory:
        raise ZohoError("MANDATORY_NOT_FOUND", where)
    if field.kind == "lookup" and value is not None and state.find_record(field.target or "", value) is None:
        raise ZohoError("INVALID_DATA", where, message="the id given seems to be invalid")
    if field.unique and value is not None:
        _check_unique(state, module, record, field, value, where)
    return value


def _check_unique(
    state: ZohoState, module: Module, record: Record | None, field: Field, value: Any, where: Json
) -> None:
    for other in state.tables[module.api_name].records.values():
        if other is not record and other.values.get(field.api_name) == value:
            duplicate = {"id": other.id, "module": {"api_name": module.api_name}}
            raise ZohoError("DUPLICATE_DATA", {**where, "duplicate_record": duplicate})


def check_stage(state: ZohoState, module: Module, held: Json, item: Json, values: Json, path: str) -> None:
    """Raises ZohoError for a stage that the deal's pipeline does not have, or no longer under that name."""
    if module.api_name != "Deals" or not {"Stage", "Pipeline"} & values.keys():
        return
    pipeline = values.get("Pipeline") or held.get("Pipeline")
    known = state.org.stages if pipeline is None else state.org.pipelines.get(pipeline, ())
    labels = module.fields["Stage"].labels
    renamed = item.get("Stage") in labels and item.get("Stage") not in labels.values()
    if renamed or values.get("Stage", held.get("Stage")) not in known:
        raise ZohoError("MAPPING_MISMATCH", {"api_name": "Stage", "json_path": f"{path}.Stage"})


def _details(state: ZohoState, record: Record) -> Json:
    values = record.values
    return {
        **_changed_details(state, record),
        "Created_Time": instant_json(state, values["Created_Time"]),
        "Created_By": user_json(state, values["Created_By"], email=False),
        "$approval_state": approval_state(record),
    }


def _changed_details(state: ZohoState, record: Record) -> Json:
    return {
        "id": record.id,
        "Modified_Time": instant_json(state, record.values["Modified_Time"]),
        "Modified_By": user_json(state, record.values["Modified_By"], email=False),
    }
