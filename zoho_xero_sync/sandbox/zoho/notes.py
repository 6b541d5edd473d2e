"""Notes: written one by one or many at a time, read from the record they are on.

Source: www.zoho.com/crm/developer/docs/api/v8/create-notes.html and .../get-notes.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import ZohoError
from .people import INTEGRATION
from .records import listable
from .render import instant_json, user_json
from .rule import rules
from .store import Record
from .values import read_json
from .writing import Given

if TYPE_CHECKING:
    from .office import Office
    from .state import ZohoState

Json = dict[str, Any]
RULES = (
    *rules(
        "create-notes.html",
        "A note needs Note_Content and, unless its address names the record, a Parent_Id of id and module; at most 100 "
        "in a call, each with its own result, and a mix of good and refused ones answers 207.",
        "Note_Title has at most 120 characters, Note_Content 65,535.",
        "A note moves its record's Last_Activity_Time, never its Modified_Time; a note sent twice is there twice.",
    ),
    *rules(
        "get-notes.html",
        "Listing all notes is refused with 403 NOT_SUPPORTED; those of one record are a related list of it.",
    ),
)
MODULE = "Notes"


def create_note(state: ZohoState, item: Json, path: str, parent: tuple[str, str] | None) -> Json:
    """One note of a POST: its result. `parent` is (module, record id) when the address names it. Raises ZohoError."""
    fields = state.schema[MODULE].fields
    where = {"api_name": "Note_Content", "json_path": f"{path}.Note_Content"}
    if not item.get("Note_Content"):
        raise ZohoError("MANDATORY_NOT_FOUND", where)
    on = parent or _parent(state, item, path)
    values: Json = {
        name: read_json(fields[name], item.get(name), f"{path}.{name}") for name in ("Note_Title", "Note_Content")
    }
    note = state.add(MODULE, Given({**values, "Parent_Id": on}, {}, None), by=INTEGRATION)
    held = state.find_record(*on)
    if held is not None:
        held.values["Last_Activity_Time"] = state.now()
    told = {
        "Created_Time": instant_json(state, note.values["Created_Time"]),
        "Modified_Time": instant_json(state, note.values["Modified_Time"]),
        "Created_By": user_json(state, INTEGRATION, email=False),
        "Modified_By": user_json(state, INTEGRATION, email=False),
        "id": note.id,
    }
    return {"code": "SUCCESS", "details": told, "message": "record added", "status": "success"}


def notes_of(state: Office, module: str, record_id: str) -> list[Record]:
    """The notes on a record, oldest first."""
    return [note for note in state.tables[MODULE].records.values() if note.values["Parent_Id"] == (module, record_id)]


def _parent(state: ZohoState, item: Json, path: str) -> tuple[str, str]:
    """Parent_Id as {id, module: {api_name}}; the older form has the id alone beside `$se_module`."""
    where = {"api_name": "Parent_Id", "json_path": f"{path}.Parent_Id"}
    given = item.get("Parent_Id")
    if given is None:
        raise ZohoError("MANDATORY_NOT_FOUND", where)
    flat = isinstance(given, str)
    record_id = given if flat else given.get("id") if isinstance(given, dict) else None
    named = item.get("$se_module") if flat else (given.get("module") or {}) if isinstance(given, dict) else None
    module = named if flat else named.get("api_name") if isinstance(named, dict) else None
    if not isinstance(module, str):
        raise ZohoError("EXPECTED_FIELD_MISSING", {**where, "expected_fields": [{"api_name": "module"}]})
    listable(state, module)
    record = state.find_record(module, str(record_id))
    if record is None:
        raise ZohoError("INVALID_DATA", where, message="the id given seems to be invalid")
    if not record.readable:
        raise ZohoError("NO_PERMISSION", {"permissions": [f"Crm_Implied_View_{module}"]}, status=403)
    return module, record.id
