"""Related lists: the records of one module that point at a record of another.

Source: www.zoho.com/crm/developer/docs/api/v8/get-related-records.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .errors import ZohoError
from .records import PER_PAGE, list_fields, listable, whole
from .render import listed_json
from .rule import rules
from .schema import Module

if TYPE_CHECKING:
    from .state import ZohoState

RULES = rules(
    "get-related-records.html",
    "A related list needs `fields` as a list does, answers 204 when it is empty, and never has subforms.",
    "A record that is gone, or a list the module does not have, is INVALID_DATA with the place in the path.",
    "Reading it needs the scope of both modules.",
)


def get_related(
    state: ZohoState, name: str, record_id: str, related: str, arguments: Mapping[str, str]
) -> dict[str, Any] | None:
    """GET /{module}/{id}/{related list}: a page, newest id first; None (204) when empty. Raises ZohoError."""
    module = listable(state, name)
    if state.find_record(module.api_name, record_id) is None:
        raise ZohoError("INVALID_DATA", {"resource_path_index": 1}, message="the id given seems to be invalid")
    target = related_module(state, name, related)
    names = list_fields(state, target, arguments)
    per_page = whole(arguments, "per_page", PER_PAGE, most=PER_PAGE)
    page = whole(arguments, "page", 1)
    table = state.tables[target.api_name]
    found = {
        record.id: record
        for field, leads_to in target.lookups.items()
        if leads_to == name
        for record in table.linked(field, (record_id,))
    }
    ordered = sorted(found.values(), key=lambda record: record.number, reverse=True)
    rows = ordered[(page - 1) * per_page : page * per_page]
    if not rows:
        return None
    more = len(ordered) > page * per_page
    info = {"per_page": per_page, "count": len(rows), "page": page, "more_records": more}
    return {"data": [listed_json(state, target, record, names) for record in rows], "info": info}


def related_module(state: ZohoState, name: str, related: str) -> Module:
    """The module a related list shows. Raises ZohoError when the module `name` has no such list."""
    target = state.schema.get(related)
    listed = target is not None and target.parent is None and related != "users"
    if target is None or not listed or name not in target.lookups.values():
        raise ZohoError("INVALID_DATA", {"resource_path_index": 2}, message="the related list name given is invalid")
    return target
