"""Every key the configuration knows, by section; `[]` stands for an item of a list."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

KEYS: Mapping[str, tuple[str, ...]] = {
    "": (
        "version",
        "zoho",
        "xero",
        "secrets",
        "ledger",
        "stages",
        "when",
        "lines",
        "customer",
        "invoice",
        "limits",
        "poll",
        "write_back",
        "watch",
    ),
    "zoho": ("data_center", "accounts_url", "api_url"),
    "xero": ("connection", "tenant", "identity_url", "login_url", "api_url"),
    "secrets": ("store", "file"),
    "stages[]": ("stage", "pipeline", "invoice", "email", "share"),
    "when": ("leaves_stages", "deal_deleted", "changed_after_approval"),
    "lines": ("from", "quote_stages", "several", "subform", "amount_description"),
    "lines.subform": ("module", "product", "quantity", "price", "discount", "description"),
    "customer": ("from", "match", "number", "update", "tax_number", "fields", "persons"),
    "invoice": (
        "number",
        "reference",
        "date",
        "due",
        "amounts",
        "account",
        "accounts",
        "account_field",
        "items",
        "tax",
        "tax_default",
        "branding_theme",
        "tracking",
        "header_discount",
        "header_discount_account",
        "adjustment_account",
        "rounding",
        "exchange_rate",
        "locked_date",
    ),
    "invoice.due": ("days", "end_of_next_month", "field"),
    "invoice.tracking[]": ("category", "option"),
    "invoice.rounding": ("account", "limit"),
    "limits": ("invoices_per_run", "invoice_total", "xero_calls_kept"),
    "poll": ("documents", "customers", "deleted", "invoices"),
    "write_back": ("number", "status", "total", "due", "link", "paid_on", "note"),
    "watch": ("ping", "textfile"),
}


def dotted_keys() -> Iterator[str]:
    """Every key in full, such as `invoice.rounding.limit` or `stages[].email`."""
    for section, names in KEYS.items():
        yield from (f"{section}.{name}" if section else name for name in names)


def advise(section: str, name: str) -> str:
    """What to do about a key that `section` does not know."""
    known = KEYS[section]
    near = difflib.get_close_matches(name.lower(), known, n=1)
    if near:
        return f"Did you mean {near[0]}?"
    owners = [other for other, names in KEYS.items() if name in names and other]
    if owners:
        return f"It belongs under {' or '.join(owners)}."
    return f"Known here: {', '.join(known)}."
