"""What the Zoho organisation says of itself, for `check`: fields, pipelines, currencies.

www.zoho.com/crm/developer/docs/api/v8/field-meta.html, layouts-meta.html, get-pipelines.html, get-currencies.html.
"""

from __future__ import annotations

from collections.abc import Mapping

from zoho_xero_sync.core.check_facts import FieldMeta, Fields
from zoho_xero_sync.remote.zoho.client import Row, ZohoClient
from zoho_xero_sync.remote.zoho.values import text_of


def read_fields(client: ZohoClient, module: str) -> Fields | None:
    """The fields of a module by API name; None when Zoho has no such module or does not show it. One call."""
    entries = client.metadata("fields", "fields", {"module": module})
    if entries is None:
        return None
    return {field.api_name: field for field in map(_field, entries)}


def read_pipelines(client: ZohoClient) -> Mapping[str, tuple[str, ...]]:
    """Each pipeline of the deals' layouts with its stages, by display value. One call, and one for each layout."""
    pipelines: dict[str, tuple[str, ...]] = {}
    for layout in client.metadata("layouts", "layouts", {"module": "Deals"}) or []:
        if layout.get("status") == "inactive":
            continue
        for entry in client.metadata("pipeline", "pipeline", {"layout_id": text_of(layout, "id")}) or []:
            stages = tuple(text_of(stage, "display_value") for stage in _objects(entry, "maps"))
            name = text_of(entry, "display_value")
            pipelines[name] = tuple(dict.fromkeys((*pipelines.get(name, ()), *stages)))
    return pipelines


def read_currencies(client: ZohoClient) -> tuple[str, ...]:
    """The ISO codes of the active currencies; empty when there is only the organisation's own. One call."""
    entries = client.currencies()
    return tuple(text_of(entry, "iso_code").upper() for entry in entries if entry.get("is_active") is not False)


def _field(entry: Row) -> FieldMeta:
    # Records and queries carry the display value of a picklist (.../COQL-Overview.html).
    options = _objects(entry, "pick_list_values")
    values = {text_of(option, "display_value"): option.get("type") != "unused" for option in options}
    may = entry.get("operation_type")
    updates = may.get("api_update") is not False if isinstance(may, dict) else True
    return FieldMeta(
        text_of(entry, "api_name"),
        text_of(entry, "data_type"),
        values,
        visible=entry.get("visible") is not False,
        writable=updates and entry.get("read_only") is not True,
    )


def _objects(entry: Row, key: str) -> list[Row]:
    found = entry.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
