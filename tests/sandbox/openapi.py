"""Checking recorded HTTP exchanges against Xero's OpenAPI files: paths, parameters, request and answer bodies.

The schemas are read strictly: a property that the schema does not name is a mistake. Where the live service is known to
differ from the file, the difference is listed in DEVIATIONS with its reason and nothing else is let through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import yaml
from jsonschema import Draft202012Validator

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs"
ACCOUNTING, IDENTITY = SPECS / "xero_accounting.yaml", SPECS / "xero-identity.yaml"
BASE = "/api.xro/2.0"

# schema -> property -> why the live service sends it although the file does not name it.
_ENVELOPE = "requests-and-responses: every answer carries the envelope, the collection schemas leave it out"
_TWIN = "invoices: DateString companions stand beside every /Date()/"
DEVIATIONS: Mapping[str, Mapping[str, str]] = {
    "Invoice": {"DateString": _TWIN, "DueDateString": _TWIN},
    "CreditNote": {"DateString": _TWIN, "ID": "creditnotes: the examples of the file itself carry ID"},
    "LineItem": {"ValidationErrors": "requests-and-responses: nested elements carry their own ValidationErrors"},
    "HistoryRecord": {"DateUTCString": "historyandnotes: the examples of the file itself carry DateUTCString"},
}
_ENVELOPE_NAMES = ("Id", "Status", "ProviderName", "DateTimeUTC")
# 400: Elements are the refused elements themselves, of any resource; the file types them as bare ValidationErrors.
_ANY_ELEMENT = ("Element",)


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    mime: str
    answer: bytes

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}{'?' + self.query if self.query else ''} -> {self.status}"


@dataclass(frozen=True)
class Operation:
    """One operation of a file: its template, its parameters (lower case) and its schemas by status."""

    template: str
    parameters: frozenset[str]
    body: Mapping[str, Any] | None
    answers: Mapping[str, Mapping[str, Any] | None]


class Api:
    """One OpenAPI file."""

    def __init__(self, file: Path, base: str) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._document = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)
        self._base = base
        components = self._document["components"]
        self._schemas = {name: _strict(name, schema) for name, schema in components["schemas"].items()}
        self._shared = components.get("responses", {})
        self._operations = [
            (re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path)), re.IGNORECASE), path, entry)
            for path, entry in self._document["paths"].items()
        ]

    def names(self, schema: str) -> frozenset[str]:
        """The properties that the file itself names."""
        return frozenset(self._document["components"]["schemas"][schema]["properties"])

    def problems(self, exchange: Exchange) -> Iterator[str]:
        """Everything about `exchange` that the file does not allow."""
        operation = self._find(exchange)
        if operation is None:
            yield f"{exchange.name}: there is no such operation."
            return
        for name, _ in parse_qsl(exchange.query):
            if name.lower() not in operation.parameters:
                yield f"{exchange.name}: unknown parameter {name}."
        if exchange.headers.get("idempotency-key") and "idempotency-key" not in operation.parameters:
            yield f"{exchange.name}: takes no Idempotency-Key."
        if operation.body and "json" in exchange.headers.get("content-type", ""):
            yield from self._checked(exchange, "request", json.loads(exchange.body), operation.body)
        if str(exchange.status) not in operation.answers and exchange.status < 400:
            yield f"{exchange.name}: the file knows no such answer."
        schema = operation.answers.get(str(exchange.status))
        if schema and "json" in exchange.mime:
            yield from self._checked(exchange, "answer", json.loads(exchange.answer), schema)

    def _find(self, exchange: Exchange) -> Operation | None:
        path = exchange.path.removeprefix(self._base).rstrip("/")
        fits = [(template, entry) for pattern, template, entry in self._operations if pattern.fullmatch(path)]
        for template, entry in sorted(fits, key=lambda fit: fit[0].count("{")):
            found = entry.get(exchange.method.lower())
            if found:
                return self._read(template, entry, found)
        return None

    def _read(self, template: str, entry: Mapping[str, Any], found: Mapping[str, Any]) -> Operation:
        given = [self._resolved(item) for item in (*entry.get("parameters", ()), *found.get("parameters", ()))]
        body = found.get("requestBody")
        answers = {str(code): self._resolved(answer) for code, answer in found["responses"].items()}
        return Operation(
            template,
            frozenset(item["name"].lower() for item in given),
            _json_schema(body) if body else None,
            {code: _json_schema(answer) for code, answer in answers.items()},
        )

    def _resolved(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in item:
            return item
        found = self._document
        for part in item["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return found

    def _checked(self, exchange: Exchange, what: str, value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
        if what == "request" and "$ref" in schema:
            value = _wrapped(value, self._schemas[schema["$ref"].rpartition("/")[2]])
        root = {**_strict("", schema), "components": {"schemas": self._schemas}}
        for error in Draft202012Validator(root).iter_errors(value):
            where = ".".join(str(part) for part in error.absolute_path)
            yield f"{exchange.name}: {what} {where}: {error.message[:300]}"


@cache
def accounting() -> Api:
    """The Accounting API."""
    return Api(ACCOUNTING, BASE)


@cache
def identity() -> Api:
    """The connections."""
    return Api(IDENTITY, "")


def problems(exchanges: list[Exchange]) -> list[str]:
    """Everything the files do not allow in these exchanges; token calls are no part of either file."""
    found: list[str] = []
    for exchange in exchanges:
        if exchange.path.startswith(BASE):
            found.extend(accounting().problems(exchange))
        elif exchange.path.lower().startswith("/connections"):
            lowered = Exchange(**{**vars(exchange), "path": "/Connections" + exchange.path[len("/connections") :]})
            found.extend(identity().problems(lowered))
    return found


def _wrapped(value: Any, schema: Mapping[str, Any]) -> Any:
    """A bare element where the file wants the collection, or the collection where it wants one: both are documented."""
    names = list(schema.get("properties", {}))
    if isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value.values())), list):
        key, rows = next(iter(value.items()))
        return value if key in names or not rows else rows[0]
    collection = next((name for name in names if schema["properties"][name].get("type") == "array"), None)
    return {collection: [value]} if collection and not set(value) & set(names) and len(names) <= 3 else value


def _json_schema(part: Mapping[str, Any]) -> Mapping[str, Any] | None:
    content = part.get("content", {}).get("application/json")
    return content.get("schema") if content else None


def _strict(name: str, schema: Any) -> Any:
    """The schema for jsonschema: null where nullable, no property beyond those named and the known deviations."""
    if isinstance(schema, list):
        return [_strict("", item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _strict("", value) for key, value in schema.items() if key not in ("example", "examples", "default")}
    if "properties" in schema and name not in _ANY_ELEMENT:
        known = {key: _strict("", value) for key, value in schema["properties"].items()}
        extra = {key: {} for key in DEVIATIONS.get(name, ())}
        if _is_collection(name, schema):
            extra |= {key: {} for key in _ENVELOPE_NAMES}
        made |= {"properties": {**extra, **known}, "additionalProperties": False}
    if schema.get("nullable") and "type" in schema:
        made["type"] = [schema["type"], "null"]
        if "enum" in schema:
            made["enum"] = [*schema["enum"], None]
    return made


def _is_collection(name: str, schema: Mapping[str, Any]) -> bool:
    return name in schema["properties"] or name in ("TrackingOptions", "Organisations", "Allocation")
