"""Judges the fields of deals that invoices are written back to: there, writable, of a type that fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zoho_xero_sync.core.check_facts import FieldMeta, Finding, Unread, ZohoFacts
from zoho_xero_sync.core.model import InvoiceStatus
from zoho_xero_sync.core.rules import Rules

CODE = "write_back"
_SUBJECT = "Fields to write back"
# Data types as www.zoho.com/crm/developer/docs/api/v8/field-meta.html names them.
_TEXT, _MONEY = ("text", "textarea"), ("currency", "double")
TYPES: Mapping[str, tuple[str, ...]] = {
    "number": _TEXT,
    "status": (*_TEXT, "picklist"),
    "total": _MONEY,
    "due": _MONEY,
    "link": ("website", *_TEXT),
    "paid_on": ("date",),
}
_MAKE = "Make the field in Zoho (Setup, Modules and Fields, Deals), or correct"


def judge_write_back(rules: Rules, facts: ZohoFacts) -> Iterator[Finding]:
    """One finding when everything is well or nothing is written back, else one for each field in trouble."""
    wanted = rules.write_back.fields
    if not wanted:
        yield Finding(CODE, "ok", _SUBJECT, "not used: write_back names no field")
        return
    fields = facts.deal_fields
    if fields is None or isinstance(fields, Unread):
        yield Finding(CODE, "unchecked", _SUBJECT, "the fields of deals could not be looked at; see deal_fields.")
        return
    troubles = [trouble for key, name in wanted.items() if (trouble := _trouble(key, name, fields.get(name)))]
    yield from troubles or [Finding(CODE, "ok", _SUBJECT, f"exist and can be written: {', '.join(wanted.values())}")]


def _trouble(key: str, name: str, field: FieldMeta | None) -> Finding | None:
    hint = f"{_MAKE} write_back.{key}. docs/write-back.md says of which type."
    if field is None or not field.visible:
        message = f"Deals have no field {name} that this login may see, which write_back.{key} names."
    elif not field.writable:
        message = f"The field {name} of Deals cannot be written by this login (write_back.{key})."
    elif field.data_type not in TYPES[key]:
        message = f"The field {name} of Deals is a {field.data_type} and cannot hold what write_back.{key} says."
        hint = f"It takes {' or '.join(TYPES[key])}. {hint}"
    elif field.data_type == "picklist" and (missing := [each for each in InvoiceStatus if each not in field.values]):
        message = f"The pick list {name} of Deals has no {', '.join(missing)}, which Zoho would refuse then."
        hint = f"Add these values to the pick list in Zoho. Or name a text field in write_back.{key}."
    else:
        return None
    return Finding(CODE, "problem", name, message, hint, "config")
