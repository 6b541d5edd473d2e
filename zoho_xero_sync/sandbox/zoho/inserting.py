"""Inserting records, and updating or inserting by what makes a duplicate.

Source: www.zoho.com/crm/developer/docs/api/v8/insert-records.html and .../upsert-records.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .catalogue import DOCUMENTS
from .errors import ZohoError
from .notes import MODULE as NOTES
from .notes import create_note
from .people import INTEGRATION
from .records import check_readable, listable
from .rule import rules
from .schema import Field, Module
from .store import Record
from .writeback import check_stage, combined, items_of, run_workflows, success, typed_values, update_one
from .writing import Given, read_fields, row_record

if TYPE_CHECKING:
    from .state import ZohoState

Json = dict[str, Any]
RULES = (
    *rules(
        "insert-records.html",
        "An insert has 1 to 100 records, each with its own result in order: 201 when all are made, 207 on a mix.",
        "There is no idempotency key: what is sent twice is there twice.",
        "A new record needs the mandatory fields of its module, a quote, order or invoice at least one row; a unique "
        "value twice is DUPLICATE_DATA, unknown fields are dropped.",
    ),
    *rules(
        "upsert-records.html",
        "An upsert updates the record that has the same value in one of duplicate_check_fields (else in Account_Name, "
        "Email, Deal_Name, Product_Name or a unique field), and inserts when there is none; its result says which.",
    ),
)
_CHECKED: Mapping[str, tuple[str, ...]] = {
    "Accounts": ("Account_Name",),
    "Contacts": ("Email",),
    "Deals": ("Deal_Name",),
    "Products": ("Product_Name",),
}


def insert(state: ZohoState, name: str, body: Any, parent: tuple[str, str] | None = None) -> tuple[Json, int]:
    """POST /{module}: the body of the answer and its status. `parent` is the record a note's address names.

    Raises ZohoError when the request as a whole is refused.
    """
    module = listable(state, name)
    results, statuses = [], []
    for position, item in enumerate(items_of(body)):
        path = f"$.data[{position}]"
        try:
            made = create_note(state, item, path, parent) if name == NOTES else _insert_one(state, module, item, path)
            results.append(made)
            statuses.append(201)
        except ZohoError as error:
            results.append(error.body())
            statuses.append(error.status)
    run_workflows(state, body, statuses.count(201))
    return {"data": results}, combined(statuses)


def upsert(state: ZohoState, name: str, body: Any) -> tuple[Json, int]:
    """POST /{module}/upsert: the body of the answer and its status, 200 when all went well. Raises ZohoError."""
    module = listable(state, name)
    items = items_of(body)
    checked = _checked_fields(module, body)
    results, statuses = [], []
    for position, item in enumerate(items):
        try:
            results.append(_upsert_one(state, module, item, position, checked))
            statuses.append(200)
        except ZohoError as error:
            results.append(error.body())
            statuses.append(error.status)
    run_workflows(state, body, statuses.count(200))
    return {"data": results}, combined(statuses)


def note_parent(state: ZohoState, name: str, record_id: str) -> tuple[str, str]:
    """The record a note's address names, as (module, id). Raises ZohoError."""
    module = listable(state, name)
    record = state.find_record(module.api_name, record_id)
    if record is None:
        raise ZohoError("INVALID_DATA", {"resource_path_index": 1}, message="the id given seems to be invalid")
    check_readable(record, name)
    return module.api_name, record.id


def _upsert_one(state: ZohoState, module: Module, item: Json, position: int, checked: tuple[str, ...]) -> Json:
    field, found = _duplicate(state, module, item, checked)
    if found is None:
        return {**_insert_one(state, module, item, f"$.data[{position}]"), "action": "insert", "duplicate_field": None}
    updated = update_one(state, module, {**item, "id": found.id}, position, None)
    return {**updated, "action": "update", "duplicate_field": field}


def _checked_fields(module: Module, body: Json) -> tuple[str, ...]:
    given = body.get("duplicate_check_fields")
    if given is None:
        unique = tuple(field.api_name for field in module.fields.values() if field.unique)
        return (*_CHECKED.get(module.api_name, ()), *unique)
    where = {"api_name": "duplicate_check_fields", "json_path": "$.duplicate_check_fields"}
    if not isinstance(given, list) or not all(isinstance(field, str) for field in given):
        raise ZohoError("INVALID_DATA", {"expected_data_type": "jsonarray", **where})
    if any(name not in module.fields for name in given):
        raise ZohoError("INVALID_DATA", where)
    return tuple(given)


def _duplicate(
    state: ZohoState, module: Module, item: Json, checked: tuple[str, ...]
) -> tuple[str | None, Record | None]:
    records = state.tables[module.api_name].records
    if item.get("id") is not None and str(item["id"]) in records:
        return "id", records[str(item["id"])]
    for name in checked:
        wanted = item.get(name)
        for record in records.values() if wanted is not None else ():
            if record.values.get(name) == wanted:
                return name, record
    return None, None


def _insert_one(state: ZohoState, module: Module, item: Json, path: str) -> Json:
    values = typed_values(state, module, None, item, path)
    rows = {name: _rows(state, items, item[name], f"{path}.{name}") for name, items in _subforms(module, item)}
    _check_mandatory(module, values, rows, path)
    check_stage(state, module, {}, item, values, path)
    return success(state, state.add(module.api_name, Given(values, rows, None), by=INTEGRATION), "record added")


def _subforms(module: Module, item: Json) -> list[tuple[str, str]]:
    return [(name, items) for name, items in module.subforms.items() if item.get(name) is not None]


def _rows(state: ZohoState, items: str, given: Any, path: str) -> list[Mapping[str, Any]]:
    """Rows as people's hands write them: known columns only, the taxes of a row by name."""
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        raise ZohoError("INVALID_DATA", {"expected_data_type": "jsonarray", "json_path": path})
    columns = state.schema[items].fields
    taxes = [_tax_names(row.get("Line_Tax")) for row in given]
    for position, names in enumerate(taxes):
        if not set(names) <= set(state.org.taxes):
            where = {"api_name": "Line_Tax", "json_path": f"{path}[{position}].Line_Tax"}
            raise ZohoError("INVALID_DATA", {**where, "supported_values": list(state.org.taxes)})
    rows: list[Mapping[str, Any]] = [
        {**{n: v for n, v in row.items() if n in columns and n not in {"id", "Line_Tax"}}, "taxes": names}
        for row, names in zip(given, taxes, strict=True)
    ]
    for position, row in enumerate(rows):
        try:
            row_record(read_fields(state.schema[items], row, state.org, state.resolve), priced=True)
        except ValueError as error:
            raise ZohoError("INVALID_DATA", {"json_path": f"{path}[{position}]"}, message=str(error)) from error
    return rows


def _tax_names(given: Any) -> list[str]:
    """The names in a row's Line_Tax."""
    entries = given if isinstance(given, list) else []
    return [str(entry["name"]) for entry in entries if isinstance(entry, dict) and "name" in entry]


def _check_mandatory(module: Module, values: Json, rows: Mapping[str, Any], path: str) -> None:
    document = module.api_name in DOCUMENTS
    # The stage of a document has a default; a document without rows is refused.
    needed = [f.api_name for f in module.fields.values() if _needed(f) and not (document and f.data_type == "picklist")]
    missing = [name for name in needed if values.get(name) is None]
    if document and not rows.get(DOCUMENTS[module.api_name]):
        missing.append(DOCUMENTS[module.api_name])
    if missing:
        raise ZohoError("MANDATORY_NOT_FOUND", {"api_name": missing[0], "json_path": f"{path}.{missing[0]}"})


def _needed(field: Field) -> bool:
    return field.mandatory and not field.read_only
