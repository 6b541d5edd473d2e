"""From what people write (a world, a person's hand) to the typed values of a record and of its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .catalogue import DEAL_FIELD, DOCUMENTS
from .documents import Tax, header_values, row_values, tax_entries
from .organisation import Organisation
from .schema import Module
from .values import read_given

_SHORTHANDS = {
    "account": "Account_Name",
    "contact": "Contact_Name",
    "product": "Product_Name",
    "parent": "Parent_Account",
    "quote": "Quote_Name",
    "sales_order": "Sales_Order",
}
_NOT_FIELDS = frozenset({"id", "key", "lines", "taxes"})
_MONEY_FIELDS = frozenset({"Currency", "Exchange_Rate"})
_TAX_LISTS = frozenset({"Line_Tax", "$line_tax"})
_ROW_INPUTS = frozenset({"Sub_Total", "Discount", "Tax", "Adjustment", "Grand_Total", "$line_tax"})

Resolve = Callable[[str, Any], str | None]


@dataclass(frozen=True, slots=True)
class Given:
    """What was written about one record, typed: its values, its subform rows by subform field, its taxes if stated."""

    values: dict[str, Any]
    rows: dict[str, list[Mapping[str, Any]]]
    taxes: tuple[Tax, ...] | None

    @property
    def touches_totals(self) -> bool:
        """Whether a document's totals must be computed again."""
        return self.taxes is not None or not _ROW_INPUTS.isdisjoint(self.values)


def read_fields(module: Module, fields: Mapping[str, Any], org: Organisation, resolve: Resolve) -> Given:
    """Type what is given. Lookups may be a key, an id, a name or {"id": ...}.

    Raises ValueError naming module and field for an unknown field or a value of the wrong type.
    """
    values: dict[str, Any] = {}
    rows: dict[str, list[Mapping[str, Any]]] = {}
    try:
        for name, raw in fields.items():
            _read_field(module, name, raw, org, resolve, values, rows)
        taxes = None if fields.get("taxes") is None else tuple(_tax(t, org) for t in fields["taxes"])
    except ValueError as error:
        raise ValueError(f"{module.api_name}: {error}") from error
    if fields.get("lines") is not None:
        rows[_line_field(module)] = list(fields["lines"])
    return Given(values, rows, taxes)


def row_record(given: Given, *, priced: bool) -> dict[str, Any]:
    """The values of one row; rows of quotes, orders and invoices (`priced`) get their computed fields."""
    if not priced:
        return dict(given.values)
    return {**given.values, **row_values(given.values, given.taxes or ())}


def totals(
    stated: Mapping[str, Any],
    current: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    taxes: tuple[Tax, ...] | None,
) -> dict[str, Any]:
    """A document's computed header: from its rows, with its present discount, adjustment and taxes unless restated."""
    kept = {name: current.get(name) for name in ("Discount", "Adjustment")}
    if taxes is None and "$line_tax" not in stated:
        taxes = tuple(Tax(t["id"], t["name"], Decimal(str(t["percentage"]))) for t in current.get("$line_tax") or ())
    return header_values({**kept, **stated}, rows, taxes or ())


def is_priced(module: Module) -> bool:
    """Whether rows of this subform module follow Zoho's line arithmetic."""
    return module.api_name in DOCUMENTS.values()


def _read_field(
    module: Module,
    name: str,
    raw: Any,
    org: Organisation,
    resolve: Resolve,
    values: dict[str, Any],
    rows: dict[str, Any],
) -> None:
    if name in _NOT_FIELDS:
        return
    api_name = DEAL_FIELD.get(module.api_name, "Deal_Name") if name == "deal" else _SHORTHANDS.get(name, name)
    if name == "product" and raw is None:
        return
    if api_name in _TAX_LISTS:
        values[api_name] = None if raw is None else [_tax_entry(entry, org) for entry in raw]
        return
    field = module.fields.get(api_name)
    if field is None:
        _check_home_currency(name, raw, org)
        return
    if field.kind == "lookup":
        values[api_name] = resolve(field.target or "", raw)
    elif field.kind == "subform":
        rows[api_name] = list(raw or ())
    elif api_name == "Discount" and isinstance(raw, str) and raw.strip().endswith("%"):
        values[api_name] = raw.strip()
    else:
        values[api_name] = read_given(field, raw, org.zone)


def _check_home_currency(name: str, raw: Any, org: Organisation) -> None:
    if name not in _MONEY_FIELDS:
        raise ValueError(f"there is no field {name!r}; declare custom fields under zoho.fields")
    if name == "Currency" and raw not in (None, org.iso_code):
        raise ValueError(f"Currency {raw!r} needs zoho.org.multi_currency: true")


def _line_field(module: Module) -> str:
    name = DOCUMENTS.get(module.api_name)
    if name is None:
        raise ValueError(f"{module.api_name} has no lines; name the subform instead")
    return name


def _tax(spec: Any, org: Organisation) -> Tax:
    name = str(spec["name"]) if isinstance(spec, Mapping) else str(spec)
    known = org.taxes.get(name)
    if known is None:
        raise ValueError(f"there is no tax {name!r} under zoho.taxes")
    if isinstance(spec, Mapping) and "percentage" in spec:
        return Tax(known.id, name, Decimal(str(spec["percentage"])))
    return known


def _tax_entry(spec: Mapping[str, Any], org: Organisation) -> dict[str, Any]:
    name = str(spec["name"])
    known = org.taxes.get(name) or Tax(str(spec.get("id", "")), name, Decimal(str(spec.get("percentage", 0))))
    percent = Decimal(str(spec.get("percentage", known.percent)))
    entry = tax_entries((Tax(known.id, name, percent),), Decimal(0))[0]
    return {**entry, "value": Decimal(str(spec["value"]))}
