"""XML at the edge: a request's XML read into the dict form of its JSON, an answer's JSON written as XML.

Source: developer.xero.com/documentation/api/accounting/requests-and-responses (XML is the default form of an answer,
dates are ISO 8601 there). A document type declaration is refused, so no entity is ever expanded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from .errors import post_data_invalid
from .rule import rules

RULES = rules(
    "api/accounting/requests-and-responses",
    "A write may come as XML; without Accept: application/json the answer is XML, with ISO dates.",
)

_SINGULAR: Mapping[str, str] = {
    "Addresses": "Address",
    "BankTransactions": "BankTransaction",
    "Currencies": "Currency",
    "Elements": "DataContractBase",
    "SalesTrackingCategories": "SalesTrackingCategory",
    "PurchasesTrackingCategories": "PurchasesTrackingCategory",
    "Tracking": "TrackingCategory",
    "TrackingCategories": "TrackingCategory",
}
_LISTS = frozenset(
    {
        *_SINGULAR,
        "Accounts",
        "Allocations",
        "Attachments",
        "ContactPersons",
        "Contacts",
        "CreditNotes",
        "HistoryRecords",
        "Invoices",
        "Items",
        "LineItems",
        "Options",
        "Payments",
        "Phones",
    }
)
_KINDS = ("Payment", "CreditNote", "Invoice", "Contact", "Item")
_DEEPEST = 40
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STAMP = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Node:
    name: str
    texts: list[str] = field(default_factory=list)
    children: list[_Node] = field(default_factory=list)


def is_xml(mime: str, body: bytes) -> bool:
    """Whether a request's body is XML: by its content type, or by its first character when that says nothing."""
    return mime.endswith("xml") or (not mime and body.lstrip()[:1] == b"<")


def wants_xml(accept: str, undecided: str) -> bool:
    """Whether the answer is to be XML; `undecided` (xml or json) is taken when Accept asks for neither."""
    kinds = [part.split(";")[0].strip().lower() for part in accept.split(",")]
    for kind in kinds:
        if kind.endswith("json"):
            return False
        if kind.endswith("xml"):
            return True
    return undecided == "xml"


def read_xml(body: bytes) -> dict[str, object]:
    """The JSON form: {"Invoices": [...]} or one bare element. Raises ApiError (400) for what is not plain XML."""
    root = _parsed(body)
    value = _value(root)
    if isinstance(value, list):
        return {root.name: value}
    return value if isinstance(value, dict) else {}


def write_xml(content: Mapping[str, object]) -> bytes:
    """The XML form of an answer's JSON; an error's root is ApiException."""
    root = "ApiException" if "ErrorNumber" in content else "Response"
    spaces = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    inner = "".join(_element(name, value) for name, value in content.items())
    return f'<?xml version="1.0" encoding="utf-8"?><{root} {spaces}>{inner}</{root}>'.encode()


def _parsed(body: bytes) -> _Node:
    document = _Node("")
    path = [document]
    parser = expat.ParserCreate()

    def start(name: str, attributes: Mapping[str, str]) -> None:
        node = _Node(name.rpartition(":")[2])
        path[-1].children.append(node)
        path.append(node)
        if len(path) > _DEEPEST:
            raise post_data_invalid("The XML is nested too deeply")

    def doctype(*_: object) -> None:
        raise post_data_invalid("For security reasons DTD is prohibited in this XML document.")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: path.pop()
    parser.CharacterDataHandler = lambda text: path[-1].texts.append(text)
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise post_data_invalid(f"The XML for post data was invalid, {error}") from None
    return document.children[0]


def _value(node: _Node) -> object:
    if node.name in _LISTS:
        return [_value(child) for child in node.children]
    if node.children:
        return {child.name: _value(child) for child in node.children}
    text = "".join(node.texts)
    return text if text.strip() else ({} if node.name in _KINDS else text.strip())


def _element(name: str, value: object) -> str:
    if value is None or (name in ("DateString", "DueDateString") and isinstance(value, str)):
        return ""
    if isinstance(value, list):
        inner = "".join(_item(name, item) for item in value)
        return f"<{name}>{inner}</{name}>" if inner else f"<{name} />"
    if isinstance(value, dict):
        return f"<{name}>{''.join(_element(str(key), item) for key, item in value.items())}</{name}>"
    return f"<{name}>{escape(_text(value))}</{name}>"


def _item(name: str, item: object) -> str:
    single = _SINGULAR.get(name, name.removesuffix("s"))
    if not isinstance(item, dict):
        return _element(single, item)
    inner = "".join(_element(str(key), value) for key, value in item.items())
    kind = next((kind for kind in _KINDS if f"{kind}ID" in item), "") if name == "Elements" else ""
    return f"<{single}{f' xsi:type={quoteattr(kind)}' if kind else ''}>{inner}</{single}>"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = str(value)
    stamp = _STAMP.fullmatch(text)
    if stamp:
        moment = _EPOCH + timedelta(milliseconds=int(stamp[1]))
        return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{moment:%f}"[:4] if moment.microsecond else "")
    return _ILLEGAL.sub("", text)
