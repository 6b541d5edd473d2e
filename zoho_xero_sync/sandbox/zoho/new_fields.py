"""Custom fields made through the API, up to five in a call, under API names Zoho derives.

Source: www.zoho.com/crm/developer/docs/api/v8/create-custom-fields.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .errors import ZohoError
from .ids import record_id
from .records import listable
from .rule import rules
from .schema import Field, Module

if TYPE_CHECKING:
    from .state import ZohoState

Json = dict[str, Any]
RULES = rules(
    "create-custom-fields.html",
    "A call makes 1 to 5 custom fields of one module, all or none, and its answer is a list.",
    "A field needs `field_label`, at most 25 characters and not taken in the module, and `data_type`.",
    "The API name is derived: the label with underscores, and a number behind it when that is taken.",
    "Types are text, textarea, email, phone, website, picklist, multiselectpicklist, date, datetime, boolean, integer, "
    "bigint, double, currency, percent; a text has at most 255 characters, a pick list its pick_list_values.",
    "The Free edition has no custom fields.",
)
MAX_FIELDS = 5
LABEL_LENGTH = 25
_TYPES = (
    "text", "textarea", "email", "phone", "website", "picklist", "multiselectpicklist", "date", "datetime", "boolean",
    "integer", "bigint", "double", "currency", "percent",
)  # fmt: skip
_LONGEST = {"text": 255, "textarea": 32000, "email": 100, "phone": 30, "website": 450, "integer": 9, "bigint": 18}


def create_fields(state: ZohoState, arguments: Mapping[str, str], body: Any) -> tuple[Json, int]:
    """POST /settings/fields?module=: the answer and its status, 201 when all were made. Raises ZohoError."""
    name = arguments.get("module")
    if not name:
        raise ZohoError("REQUIRED_PARAM_MISSING", {"param_name": "module"})
    module = listable(state, name)
    if state.org.edition == "free":
        raise ZohoError("FEATURE_NOT_SUPPORTED", {}, message="this feature is not supported in your edition")
    try:
        wanted = _wanted(module, _items(body))
    except ZohoError as error:
        return {"fields": [error.body()]}, error.status
    made = [new_field(state, module, field) for field in wanted]
    results = [
        {
            "code": "SUCCESS",
            "details": {"id": record_id("fields", f"{module.api_name}.{api_name}")},
            "message": "field created",
            "status": "success",
        }
        for api_name in made
    ]
    return {"fields": results}, 201


def new_field(state: ZohoState, module: Module, field: Field) -> str:
    """Add a field to a module under an API name derived from its label, which is returned."""
    stem = re.sub(r"\W+", "_", field.label).strip("_") or "Custom_Field"
    taken = {name.lower() for name in module.fields}
    api_name = next(n for n in (stem, *(f"{stem}{number}" for number in range(1, 1000))) if n.lower() not in taken)
    state.schema[module.api_name].fields[api_name] = replace(field, api_name=api_name)
    return api_name


def _items(body: Any) -> list[Json]:
    where = {"api_name": "fields", "json_path": "$.fields"}
    found = body.get("fields") if isinstance(body, dict) else None
    if found is None:
        raise ZohoError("MANDATORY_NOT_FOUND", where)
    if not isinstance(found, list) or not found or not all(isinstance(item, dict) for item in found):
        raise ZohoError("INVALID_DATA", {"expected_data_type": "jsonarray", **where})
    if len(found) > MAX_FIELDS:
        raise ZohoError("LIMIT_EXCEEDED", {"limit": MAX_FIELDS, "limit_due_to": [where]})
    return found


def _wanted(module: Module, items: list[Json]) -> list[Field]:
    wanted: list[Field] = []
    for position, item in enumerate(items):
        wanted.append(_field(module, item, f"$.fields[{position}]", {field.label.lower() for field in wanted}))
    return wanted


def _field(module: Module, item: Json, path: str, beside: set[str]) -> Field:
    label = _text(item, "field_label", path)
    where = {"api_name": "field_label", "json_path": f"{path}.field_label"}
    if len(label) > LABEL_LENGTH:
        raise ZohoError("INVALID_DATA", {"maximum_length": LABEL_LENGTH, **where})
    if label.lower() in {field.label.lower() for field in module.fields.values()} | beside:
        raise ZohoError("DUPLICATE_DATA", where)
    data_type = _text(item, "data_type", path)
    if data_type not in _TYPES:
        kinds = {"api_name": "data_type", "json_path": f"{path}.data_type", "supported_values": list(_TYPES)}
        raise ZohoError("INVALID_DATA", kinds)
    return Field(
        "",
        data_type,
        label=label,
        length=_length(item, data_type, path),
        values=_pick_list(item, data_type, path),
        unique=isinstance(item.get("unique"), dict) and bool(item["unique"]),
        custom=True,
    )


def _text(item: Json, name: str, path: str) -> str:
    where = {"api_name": name, "json_path": f"{path}.{name}"}
    value = item.get(name)
    if value is None or value == "":
        raise ZohoError("MANDATORY_NOT_FOUND", where)
    if not isinstance(value, str):
        raise ZohoError("INVALID_DATA", {"expected_data_type": "string", **where})
    return value


def _length(item: Json, data_type: str, path: str) -> int:
    """The length asked for, 0 for the type's own."""
    where = {"api_name": "length", "json_path": f"{path}.length"}
    value = item.get("length")
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ZohoError("INVALID_DATA", {"expected_data_type": "integer", **where})
    most = _LONGEST.get(data_type)
    if most is not None and value > most:
        raise ZohoError("INVALID_DATA", {"maximum_length": most, **where})
    return value


def _pick_list(item: Json, data_type: str, path: str) -> tuple[str, ...]:
    if data_type not in {"picklist", "multiselectpicklist"}:
        return ()
    where = {"api_name": "pick_list_values", "json_path": f"{path}.pick_list_values"}
    values = item.get("pick_list_values")
    if not values:
        raise ZohoError("MANDATORY_NOT_FOUND", where)
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise ZohoError("INVALID_DATA", {"expected_data_type": "jsonarray", **where})
    return tuple(str(value.get("actual_value") or value.get("display_value")) for value in values)
