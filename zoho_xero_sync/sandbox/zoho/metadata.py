"""What the organisation says about itself: modules, fields, layouts, pipelines, currencies, taxes, users.

Source: www.zoho.com/crm/developer/docs/api/v8/modules-api.html, .../field-meta.html, .../layouts-meta.html,
.../get-pipelines.html, .../get-org-data.html, .../get-currencies.html, .../get-taxes.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .errors import ZohoError
from .ids import record_id
from .rule import rules
from .schema import Field, Module

if TYPE_CHECKING:
    from .state import ZohoState

Json = dict[str, Any]


RULES = (
    *rules("get-currencies.html", "An organisation with one currency answers 204 for its currencies."),
    *rules(
        "field-meta.html",
        "Fields are told by module, with the data type, length, pick list and lookup of each; Currency and "
        "Exchange_Rate exist in a multi-currency organisation only.",
    ),
    *rules(
        "get-pipelines.html",
        "Pipelines need the layout_id of the layout of Deals.",
        "A stage has an actual value that stays and a display value that can be renamed or translated; records and "
        "queries have the display value, and renaming a stage modifies no deal.",
    ),
)


def org(state: ZohoState) -> Json:
    """GET /org."""
    about = state.org
    return {
        "org": [
            {
                "id": about.id,
                "zgid": about.zgid,
                "company_name": about.company_name,
                "time_zone": about.time_zone,
                "iso_code": about.iso_code,
                "currency_symbol": about.symbol,
                "currency": about.iso_code,
                "mc_status": about.multi_currency,
                "country_code": about.country_code,
                "primary_email": "owner@example.com",
                "type": "Production",
                "license_details": {
                    "paid": about.edition != "free",
                    "paid_type": about.edition,
                    "users_license_purchased": 1,
                },
            }
        ]
    }


def currencies(state: ZohoState) -> Json | None:
    """GET /org/currencies; None (204) when multi-currency is off."""
    if not state.org.multi_currency:
        return None
    return {
        "currencies": [
            {
                "id": currency.id,
                "iso_code": currency.iso_code,
                "name": currency.iso_code,
                "symbol": currency.symbol,
                "exchange_rate": currency.rate,
                "is_base": currency.is_base,
                "is_active": True,
            }
            for currency in state.org.currencies
        ]
    }


def taxes(state: ZohoState) -> Json:
    """GET /org/taxes."""
    return {
        "taxes": [
            {
                "id": tax.id,
                "name": tax.name,
                "display_label": tax.name,
                "value": tax.percent,
                "sequence_number": position,
            }
            for position, tax in enumerate(state.org.taxes.values(), start=1)
        ]
    }


def users(state: ZohoState) -> Json:
    """GET /users."""
    names = ("id", "first_name", "last_name", "full_name", "email")
    return {
        "users": [
            {**{name: user.values[name] for name in names}, "status": "active", "time_zone": state.org.time_zone}
            for user in state.tables["users"].records.values()
        ]
    }


def modules(state: ZohoState) -> Json:
    """GET /settings/modules."""
    return {"modules": [module_meta(module) for module in state.schema.values() if module.api_name != "users"]}


def module_by_name(state: ZohoState, api_name: str) -> Json:
    """GET /settings/modules/{api_name}. Raises ZohoError INVALID_MODULE."""
    return {"modules": [module_meta(_module(state, api_name))]}


def fields(state: ZohoState, arguments: Mapping[str, str]) -> Json:
    """GET /settings/fields?module=. Raises ZohoError."""
    module = _module_argument(state, arguments)
    return {"fields": [field_meta(state, module, field) for field in module.fields.values()]}


def layouts(state: ZohoState, arguments: Mapping[str, str]) -> Json:
    """GET /settings/layouts?module=: every module has one layout here. Raises ZohoError."""
    module = _module_argument(state, arguments)
    listed = [{**field_meta(state, module, f), "required": f.mandatory} for f in module.fields.values()]
    section = {
        "api_name": f"{module.api_name}_Information",
        "display_label": f"{module.singular} Information",
        "fields": listed,
    }
    return {
        "layouts": [
            {
                "id": layout_id(module.api_name),
                "name": "Standard",
                "display_label": "Standard",
                "status": "active",
                "visible": True,
                "sections": [section],
            }
        ]
    }


def pipelines(state: ZohoState, arguments: Mapping[str, str]) -> Json:
    """GET /settings/pipeline?layout_id=, which belongs to the Deals layout. Raises ZohoError."""
    given = arguments.get("layout_id")
    if not given:
        raise ZohoError("REQUIRED_PARAM_MISSING", {"param": "layout_id"})
    if given != layout_id("Deals"):
        raise ZohoError("INVALID_DATA", {"param_name": "layout_id"}, message="the layout id given seems to be invalid")
    field = state.schema["Deals"].fields["Stage"]
    return {
        "pipeline": [
            {
                "display_value": name,
                "actual_value": name,
                "default": position == 0,
                "id": record_id("pipelines", name),
                "maps": [
                    _stage_meta(stage, field.shown(stage), number) for number, stage in enumerate(stages, start=1)
                ],
            }
            for position, (name, stages) in enumerate(state.org.pipelines.items())
        ]
    }


def layout_id(module: str) -> str:
    """The id of a module's only layout."""
    return record_id("layouts", module)


def module_meta(module: Module) -> Json:
    """One module as /settings/modules lists it."""
    return {
        "id": record_id("modules", module.api_name),
        "api_name": module.api_name,
        "module_name": module.api_name,
        "singular_label": module.singular,
        "plural_label": module.plural,
        "api_supported": True,
        "visible": module.parent is None,
        "generated_type": "default" if module.parent is None else "subform",
    }


def field_meta(state: ZohoState, module: Module, field: Field) -> Json:
    """One field as /settings/fields lists it."""
    writable = not field.read_only
    meta: Json = {
        "id": record_id("fields", f"{module.api_name}.{field.api_name}"),
        "api_name": field.api_name,
        "field_label": field.label,
        "display_label": field.label,
        "data_type": field.data_type,
        "json_type": field.json_type,
        "length": field.length,
        "decimal_place": 2 if field.data_type in {"currency", "double", "formula"} else None,
        "system_mandatory": field.mandatory,
        "custom_field": field.custom,
        "read_only": field.read_only,
        "field_read_only": field.read_only,
        "visible": True,
        "filterable": field.kind not in {"long_text", "subform", "json"},
        "sortable": field.kind not in {"long_text", "subform", "json"},
        "operation_type": {
            "web_create": writable,
            "web_update": writable,
            "api_create": writable,
            "api_update": writable,
        },
        "unique": {"case_sensitive": "false"} if field.unique else {},
        "pick_list_values": _pick_list(state, module, field),
        "lookup": {},
    }
    if field.target and field.kind == "lookup":
        meta["lookup"] = {"module": {"api_name": field.target, "id": record_id("modules", field.target)}}
    if field.target and field.kind == "subform":
        meta["associated_module"] = {"module": field.target, "id": record_id("modules", field.target)}
    if field.data_type == "currency":
        meta["currency"] = {"precision": 2, "rounding_option": "round_half_up"}
    if field.returns:
        meta["formula"] = {"return_type": field.returns}
    return meta


def _pick_list(state: ZohoState, module: Module, field: Field) -> list[Json]:
    if field.data_type not in {"picklist", "multiselectpicklist"}:
        return []
    blank = [] if field.mandatory or field.data_type != "picklist" else ["-None-"]
    options = [*blank, *(state.org.taxes if (module.api_name, field.api_name) == ("Products", "Tax") else field.values)]
    key = f"{module.api_name}.{field.api_name}"
    return [
        {
            "id": record_id("picklist", f"{key}.{value}"),
            "display_value": field.shown(value),
            "actual_value": value,
            "reference_value": value,
            "sequence_number": position,
            "type": "unused" if value in field.unused else "used",
        }
        for position, value in enumerate([*options, *field.unused], start=1)
    ]


def _stage_meta(stage: str, shown: str, number: int) -> Json:
    closed = stage if stage in {"Closed Won", "Closed Lost"} else "Open"
    return {
        "id": record_id("stages", stage),
        "display_value": shown,
        "actual_value": stage,
        "sequence_number": number,
        "forecast_type": closed,
        "forecast_category": {"id": record_id("forecast", closed), "name": closed},
        "colour_code": "#ced9ff",
    }


def _module_argument(state: ZohoState, arguments: Mapping[str, str]) -> Module:
    name = arguments.get("module")
    if not name:
        raise ZohoError("REQUIRED_PARAM_MISSING", {"param_name": "module"})
    return _module(state, name)


def _module(state: ZohoState, name: str) -> Module:
    module = state.schema.get(name)
    if module is None or name == "users":
        raise ZohoError("INVALID_MODULE", {"param_name": "module"})
    return module
