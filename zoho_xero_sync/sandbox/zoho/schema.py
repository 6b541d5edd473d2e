"""What a Zoho module is made of: fields with data types, subforms, and the metadata answers are made from.

Source: www.zoho.com/crm/developer/docs/api/v8/field-meta.html and .../modules-api.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_KINDS = {
    "text": "text",
    "picklist": "text",
    "email": "text",
    "phone": "text",
    "website": "text",
    "autonumber": "text",
    "textarea": "long_text",
    "multiselectpicklist": "multi",
    "lookup": "lookup",
    "ownerlookup": "lookup",
    "bigint": "id",
    "integer": "number",
    "double": "number",
    "currency": "number",
    "percent": "number",
    "date": "date",
    "datetime": "datetime",
    "boolean": "boolean",
    "subform": "subform",
    "jsonarray": "json",
    "multi_module_lookup": "any_lookup",
}
_LENGTHS = {
    "text": 255,
    "email": 100,
    "phone": 30,
    "website": 450,
    "picklist": 120,
    "textarea": 32000,
    "bigint": 18,
    "integer": 9,
    "double": 16,
    "currency": 16,
    "percent": 5,
}
_JSON_TYPES = {
    "text": "string",
    "long_text": "string",
    "id": "string",
    "multi": "jsonarray",
    "lookup": "jsonobject",
    "any_lookup": "jsonobject",
    "number": "double",
    "date": "string",
    "datetime": "string",
    "boolean": "boolean",
    "subform": "jsonarray",
    "json": "jsonarray",
}
DATA_TYPES = frozenset(_KINDS)


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `target` is the module a lookup or subform points at; `returns` the result type of a formula.

    A pick list keeps actual values; `labels` are those that are shown under another name (renamed, translated),
    `unused` those that can no longer be picked.
    """

    api_name: str
    data_type: str
    label: str = ""
    length: int = 0
    target: str | None = None
    values: tuple[str, ...] = ()
    returns: str = ""
    read_only: bool = False
    mandatory: bool = False
    unique: bool = False
    custom: bool = False
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)
    unused: tuple[str, ...] = ()
    kind: str = field(init=False, default="")

    def __post_init__(self) -> None:
        plain = self.returns if self.data_type == "formula" else self.data_type
        if plain not in _KINDS:
            raise ValueError(f"{self.api_name}: {self.data_type!r} is not a Zoho data type of this sandbox")
        object.__setattr__(self, "kind", _KINDS[plain])
        object.__setattr__(self, "label", self.label or self.api_name.replace("__s", "").replace("_", " "))
        object.__setattr__(self, "length", self.length or _LENGTHS.get(plain, 120))

    def shown(self, value: str) -> str:
        """What a pick list shows for an actual value."""
        return self.labels.get(value, value)

    def stored(self, shown: str) -> str:
        """The actual value a pick list keeps for what it shows."""
        return next((actual for actual, label in self.labels.items() if label == shown), shown)

    @property
    def json_type(self) -> str:
        """The JSON type Zoho's metadata states for the field."""
        return "integer" if self.data_type == "integer" else _JSON_TYPES[self.kind]


@dataclass(frozen=True, slots=True)
class Module:
    """One module. `scope` is its name inside OAuth scopes; `name_field` what a lookup to it shows.

    `parent` is set for subform modules, which COQL can read and the records API cannot list.
    """

    api_name: str
    singular: str
    plural: str
    scope: str
    name_field: str
    fields: dict[str, Field]
    parent: str | None = None

    @property
    def subforms(self) -> dict[str, str]:
        """Subform field -> subform module."""
        return {f.api_name: f.target for f in self.fields.values() if f.kind == "subform" and f.target}

    @property
    def lookups(self) -> dict[str, str]:
        """Lookup field -> module it points at."""
        return {f.api_name: f.target for f in self.fields.values() if f.kind == "lookup" and f.target}

    def with_fields(self, *more: Field) -> Module:
        """The module with fields added or replaced."""
        return replace(self, fields={**self.fields, **{f.api_name: f for f in more}})


def parse_fields(table: str) -> dict[str, Field]:
    """Fields from a table of lines `Api_Name type[:target] [length] [mandatory] [read_only] [unique]`."""
    found = [_parse_field(line.split()) for line in table.splitlines() if line.strip()]
    return {f.api_name: f for f in found}


def custom_field(api_name: str, spec: Any) -> Field:
    """A custom field from a world: a data type, or a mapping of type, length, values, module, unique and label.

    Raises ValueError naming the field when the type is unknown.
    """
    options: dict[str, Any] = {"type": spec} if isinstance(spec, str) else dict(spec)
    data_type, _, target = str(options.get("type", "text")).partition(":")
    target = target or str(options.get("module") or "")
    if data_type in {"lookup", "subform"} and not target:
        raise ValueError(f"{api_name}: a {data_type} field needs `module`")
    return Field(
        api_name,
        data_type,
        label=str(options.get("label", "")),
        length=int(options.get("length", 0)),
        target=target or None,
        values=tuple(str(v) for v in options.get("values", ())),
        unique=bool(options.get("unique", False)),
        custom=True,
    )


def _parse_field(words: list[str]) -> Field:
    api_name, spec, *rest = words
    data_type, _, detail = spec.partition(":")
    formula = data_type == "formula"
    return Field(
        api_name,
        data_type,
        target=None if formula or not detail else detail,
        returns=detail if formula else "",
        length=next((int(word) for word in rest if word.isdigit()), 0),
        mandatory="mandatory" in rest,
        read_only="read_only" in rest or formula,
        unique="unique" in rest,
    )
