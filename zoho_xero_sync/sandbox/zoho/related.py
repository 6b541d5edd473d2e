"""Related lists: what hangs on a record, be it records that point at it, notes, its stages, products or roles.

Source: www.zoho.com/crm/developer/docs/api/v8/get-related-records.html and .../update-related-records.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .catalogue import HISTORY
from .errors import ZohoError
from .ids import record_id as made_id
from .notes import MODULE as NOTES
from .notes import notes_of
from .records import PER_PAGE, check_readable, list_fields, listable, whole
from .render import listed_json
from .rule import rules
from .schema import Module
from .store import Record
from .writeback import combined, items_of

if TYPE_CHECKING:
    from .state import ZohoState

Json = dict[str, Any]
RULES = (
    *rules(
        "get-related-records.html",
        "A related list needs `fields` as a list does, answers 204 when it is empty, and never has subforms.",
        "A record that is gone, or a list the module does not have, is INVALID_DATA with the place in the path.",
        "Reading it needs the scope of both modules.",
        "A deal's Products are records of the catalogue, without quantity or price of the deal; its Contact_Roles are "
        "contacts with the role of each.",
    ),
    *rules(
        "update-related-records.html",
        "Products are linked to a deal by their ids, at most 100 in a call; the deal's Modified_Time does not move.",
    ),
    *rules("related-list-meta.html", "The related lists of a module are told with the module each one shows."),
)
ROLES, PRODUCTS, STAGES = "Contact_Roles", "Products", "Stage_History"
# Lists of a deal that are no lookups of another module, and the module whose records they show.
_OF_DEALS = {STAGES: HISTORY, ROLES: "Contacts", PRODUCTS: "Products"}


def get_related(
    state: ZohoState, name: str, record_id: str, related: str, arguments: Mapping[str, str]
) -> dict[str, Any] | None:
    """GET /{module}/{id}/{related list}: a page, newest id first; None (204) when empty. Raises ZohoError."""
    target = related_module(state, listable(state, name).api_name, related)
    record = _record(state, name, record_id)
    names = list_fields(state, target, arguments)
    per_page = whole(arguments, "per_page", PER_PAGE, most=PER_PAGE)
    page = whole(arguments, "page", 1)
    found = (row for row in _found(state, name, record, related, target) if row.listed)
    ordered = sorted(found, key=lambda row: row.number, reverse=True)
    rows = ordered[(page - 1) * per_page : page * per_page]
    if not rows:
        return None
    more = len(ordered) > page * per_page
    info = {"per_page": per_page, "count": len(rows), "page": page, "more_records": more}
    data = [listed_json(state, target, row, names) for row in rows]
    if related == ROLES and "Contact_Role" in names:
        roles = state.contact_roles[record.id]
        data = [{**shown, "Contact_Role": _role(roles[shown["id"]])} for shown in data]
    return {"data": data, "info": info}


def link(state: ZohoState, name: str, record_id: str, related: str, body: Any) -> tuple[Json, int]:
    """PUT /{module}/{id}/{related list}: only the products of a deal can be linked so. Raises ZohoError."""
    record = _record(state, listable(state, name).api_name, record_id)
    if (name, related) != ("Deals", PRODUCTS):
        raise ZohoError("NOT_SUPPORTED", {"resource_path_index": 2})
    held = state.linked_products.setdefault(record.id, [])
    results, statuses = [], []
    for position, item in enumerate(items_of(body)):
        product = str(item.get("id"))
        if state.find_record("Products", product) is None:
            where = {"api_name": "id", "json_path": f"$.data[{position}].id"}
            results.append(ZohoError("INVALID_DATA", where, message="the id given seems to be invalid").body())
            statuses.append(400)
            continue
        held += [] if product in held else [product]
        results.append(
            {"code": "SUCCESS", "details": {"id": product}, "message": "relation added", "status": "success"}
        )
        statuses.append(200)
    return {"data": results}, combined(statuses)


def related_lists(state: ZohoState, arguments: Mapping[str, str]) -> Json:
    """GET /settings/related_lists?module=. Raises ZohoError."""
    name = arguments.get("module")
    if not name:
        raise ZohoError("REQUIRED_PARAM_MISSING", {"param_name": "module"})
    listed = {
        other.api_name: other.api_name
        for other in state.schema.values()
        if _lists(other) and listable(state, name).api_name in other.lookups.values() and other.api_name != HISTORY
    }
    special = _OF_DEALS if name == "Deals" else {}
    rows = [
        {
            "id": made_id("related_lists", f"{name}.{api_name}"),
            "api_name": api_name,
            "display_label": api_name.replace("_", " "),
            "name": api_name,
            "module": {"api_name": module, "id": made_id("modules", module)},
            "sequence_number": str(number),
        }
        for number, (api_name, module) in enumerate({NOTES: NOTES, **special, **listed}.items(), start=1)
    ]
    return {"related_lists": rows}


def related_module(state: ZohoState, name: str, related: str) -> Module:
    """The module a related list shows. Raises ZohoError when the module `name` has no such list."""
    if name == "Deals" and related in _OF_DEALS:
        return state.schema[_OF_DEALS[related]]
    target = state.schema.get(related)
    if target is not None and (related == NOTES or (_lists(target) and name in target.lookups.values())):
        return target
    raise ZohoError("INVALID_DATA", {"resource_path_index": 2}, message="the related list name given is invalid")


def _lists(module: Module) -> bool:
    return module.parent is None and module.api_name not in {"users", HISTORY}


def _record(state: ZohoState, name: str, record_id: str) -> Record:
    record = state.find_record(name, record_id)
    if record is None:
        raise ZohoError("INVALID_DATA", {"resource_path_index": 1}, message="the id given seems to be invalid")
    check_readable(record, name)
    return record


def _found(state: ZohoState, name: str, record: Record, related: str, target: Module) -> Iterable[Record]:
    if related == NOTES:
        return notes_of(state, name, record.id)
    table = state.tables[target.api_name]
    if name == "Deals" and related == PRODUCTS:
        return [table.records[i] for i in state.linked_products.get(record.id, ()) if i in table.records]
    if name == "Deals" and related == ROLES:
        return [table.records[i] for i in state.contact_roles.get(record.id, ()) if i in table.records]
    pointing = [field for field, leads_to in target.lookups.items() if leads_to == name]
    return {row.id: row for field in pointing for row in table.linked(field, (record.id,))}.values()


def _role(name: str) -> Json:
    return {"name": name, "id": made_id("contact_roles", name)}
