"""Checking recorded HTTP exchanges against Zoho's OpenAPI files: paths, parameters, request and answer bodies.

The schemas are read strictly: a property that the schema does not name is a mistake,
unless the schema is open (records).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator
from openapi import SPECS, Exchange
from referencing import Registry
from referencing.jsonschema import DRAFT202012

FILES = SPECS / "zoho"
NAMES = ("coql", "org", "currencies", "fields", "pipeline", "notes", "record", "related_records")
# Paths whose files are not among these; everything else must be known.
ELSEWHERE = ("/crm/v8/org/taxes", "/crm/v8/users", "/crm/v8/settings/modules", "/crm/v8/settings/layouts")
# Files whose schemas mark nearly every property as required, some under two spellings. The sandbox answers the part
# that is documented on the pages; what it answers must be named and typed as in the file.
PARTIAL = ("org", "currencies", "fields", "pipeline", "notes")
# Files that give every write the answer 200. update-records and insert-records: made is 201, some refused 207, all
# refused 400, with the same body.
WRITTEN = ("record", "related_records", "notes")
# Property -> why null is answered although the file does not say so.
NULLS: Mapping[str, str] = {
    "next_page_token": "get-records: the samples have null on the last page",
    "previous_page_token": "get-records: the samples have null on the first page",
    "page_token_expiry": "get-records: the samples have null without a token",
    "duplicate_field": "upsert-records: null for a record that was inserted",
    "display_name": "get-deleted-records: null once a record is gone for good",
}
# (file, code) -> why a refusal is answered although the file does not name it; its envelope is checked all the same.
REFUSALS: Mapping[tuple[str, str], str] = {
    ("coql", "INVALID_MODULE"): "Get-Records-through-COQL-Query: in the page's list of errors",
    ("related_records", "INVALID_DATA"): "get-related-records: in the page's list of errors",
    ("record", "REQUIRED_PARAM_MISSING"): "get-records: in the page's list of errors",
    ("record", "DISCRETE_PAGINATION_LIMIT_EXCEEDED"): "get-records: in the page's list of errors",
}
# Where the files name each other, and those that are named here and are at hand.
_WHERE = "https://raw.githubusercontent.com/Zohocorp-Pvt-Ltd/crm-oas/refs/heads/main/v8.0/"
_BESIDE = ("record.json",)
_ENVELOPE = {
    "type": "object",
    "required": ["code", "details", "message", "status"],
    "properties": {"code": {"type": "string"}, "details": {"type": "object"}, "message": {"type": "string"},
                   "status": {"enum": ["error"]}},
    "additionalProperties": False,
}  # fmt: skip


@cache
def document(name: str) -> Any:
    """One file, with its references to other files made local and its schemas made strict."""
    return _strict(json.loads((FILES / f"{name}.json").read_text(encoding="utf-8")), partial=name in PARTIAL)


@cache
def _files() -> Registry[Any]:
    named = [(_WHERE + file, document(file.removesuffix(".json"))) for file in _BESIDE]
    return Registry().with_resources((url, DRAFT202012.create_resource(found)) for url, found in named)


def problems(exchanges: list[Exchange]) -> list[str]:
    """Everything the files do not allow in these exchanges; the accounts server is no part of them."""
    covered = [row for row in exchanges if row.path.startswith("/crm/") and not row.path.startswith(ELSEWHERE)]
    return [text for row in covered for text in _problems(row)]


def _problems(exchange: Exchange) -> Iterator[str]:
    found = _operation(exchange)
    if found is None:
        yield f"{exchange.name}: there is no such operation."
        return
    name, operation = found
    root = document(name)
    known = {_resolved(root, item)["name"] for item in operation["parameters"]}
    yield from (f"{exchange.name}: unknown parameter {n}." for n, _ in parse_qsl(exchange.query) if n not in known)
    body = operation.get("requestBody")
    if body:
        yield from _checked(exchange, "request", exchange.body, _schema(root, body))
    if exchange.status == 204:
        yield from ([f"{exchange.name}: 204 with a body."] if exchange.answer else [])
    elif exchange.status >= 400 and (name, json.loads(exchange.answer).get("code")) in REFUSALS:
        yield from _checked(exchange, "answer", exchange.answer, _ENVELOPE)
    else:
        told = 200 if name in WRITTEN and exchange.method != "GET" else exchange.status
        answer = operation["responses"].get(str(told))
        unknown = [] if answer else [f"{exchange.name}: the file knows no such answer."]
        yield from (_checked(exchange, "answer", exchange.answer, _schema(root, answer)) if answer else unknown)


def _operation(exchange: Exchange) -> tuple[str, Any] | None:
    """The file and the operation of an exchange."""
    for name in NAMES:
        root = document(name)
        for template, entry in root["paths"].items():
            # A record named by another field than its id (X-EXTERNAL) is nothing this program asks for.
            if "external" in template:
                continue
            pattern = re.sub(r"\\\{\w*id\\\}", r"\\d+", re.escape(template))
            pattern = re.sub(r"\\\{[^}]+\\\}", "[A-Za-z]\\\\w*", pattern)
            if re.fullmatch(pattern, exchange.path) and exchange.method.lower() in entry:
                operation = entry[exchange.method.lower()]
                parameters = [*entry.get("parameters", ()), *operation.get("parameters", ())]
                return name, {**operation, "parameters": parameters}
    return None


def _resolved(root: Any, item: Mapping[str, Any]) -> Any:
    if "$ref" not in item:
        return item
    found = root
    for part in item["$ref"].removeprefix("#/").split("/"):
        # The file of notes refers to a header it does not describe.
        found = found.get(part, {"name": part})
    return found


def _schema(root: Any, part: Mapping[str, Any]) -> Any:
    """The schema of a request or an answer, with what it refers to; None when it has none."""
    schema = _resolved(root, part).get("content", {}).get("application/json", {}).get("schema")
    return None if schema is None else {**schema, "components": root["components"]}


def _checked(exchange: Exchange, what: str, body: bytes, schema: Any) -> Iterator[str]:
    if schema is None:
        return
    for error in Draft202012Validator(schema, registry=_files()).iter_errors(json.loads(body)):
        for deep in _deepest(error):
            where = ".".join(str(step) for step in deep.absolute_path)
            yield f"{exchange.name}: {what} {where}: {deep.message[:200]}"


def _deepest(error: Any) -> list[Any]:
    """Of alternatives that all fail, what is wrong with the one that fails deepest."""
    if not error.context:
        return [error]
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).extend(_deepest(inner))
    return max(branches.values(), key=lambda found: max(len(deep.absolute_path) for deep in found))


def _strict(value: Any, *, partial: bool) -> Any:
    if isinstance(value, list):
        return [_strict(item, partial=partial) for item in value]
    if not isinstance(value, dict):
        return value
    file, _, _ = str(value.get("$ref", "")).partition("#")
    if file and file.removeprefix(_WHERE) not in _BESIDE:
        return {}
    made = {key: _strict(item, partial=partial) for key, item in value.items()}
    # The alternatives overlap, so that "exactly one" of them would refuse what fits two.
    if "oneOf" in made:
        made["anyOf"] = made.pop("oneOf")
    if made.get("type") == "object" and isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
        for name in NULLS.keys() & made["properties"].keys():
            made["properties"][name] = {"anyOf": [made["properties"][name], {"type": "null"}]}
    if partial and isinstance(made.get("required"), list) and "code" not in made["required"]:
        del made["required"]
    # The patterns are a generator's: that of an exchange rate refuses 1.000000000.
    if isinstance(made.get("pattern"), str):
        del made["pattern"]
    if made.pop("nullable", False) and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    if isinstance(made.get("enum"), list) and isinstance(made.get("type"), list):
        made["enum"] = [*made["enum"], None]
    return made
