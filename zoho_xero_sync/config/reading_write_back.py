"""The section `write_back`: which fields of a deal are told of its invoice."""

from __future__ import annotations

from collections.abc import Collection

from zoho_xero_sync.config.section import Section
from zoho_xero_sync.config.values import api_name, boolean, optional
from zoho_xero_sync.core.rules import WriteBackRules

# What a run reads of every deal: written to, it would look like a change of the deal.
_READ = (
    "id",
    "Deal_Name",
    "Stage",
    "Pipeline",
    "Amount",
    "Currency",
    "Closing_Date",
    "Account_Name",
    "Contact_Name",
    "Created_Time",
    "Modified_Time",
)


def read_write_back(section: Section, read: Collection[str]) -> WriteBackRules:
    """The rules; a field that is among those `read` from deals, or that is named twice, is reported."""
    field = optional(api_name)
    rules = WriteBackRules(
        number=section.read("number", field, None),
        status=section.read("status", field, None),
        total=section.read("total", field, None),
        due=section.read("due", field, None),
        link=section.read("link", field, None),
        paid_on=section.read("paid_on", field, None),
        note=section.read("note", boolean, False),
    )
    taken: dict[str, str] = {}
    for key, name in rules.fields.items():
        if name in _READ or name in read:
            section.report(key, f"is {name}, which the invoice itself depends on.", "Make a field for it in Zoho.")
        elif name in taken:
            section.report(key, f"is {name}, as write_back.{taken[name]} is.", "Name a field of its own.")
        taken.setdefault(name, key)
    return rules
