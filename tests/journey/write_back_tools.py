"""Desks whose deals have fields for everything that can be written back, and what became of these fields."""

from __future__ import annotations

from typing import Any

from world_tools import Desk, OpenDesk, Record, world

FIELDS = {
    "number": "Xero_No",
    "status": "Xero_Status",
    "total": "Xero_Total",
    "due": "Xero_Due",
    "link": "Xero_Link",
    "paid_on": "Xero_Paid_On",
}
TYPES = {
    "Xero_No": "text",
    "Xero_Status": "text",
    "Xero_Total": "currency",
    "Xero_Due": "currency",
    "Xero_Link": "website",
    "Xero_Paid_On": "date",
}
# Nothing is asked but the deals, and the invoices at their pace.
QUIET = {"documents": 0, "customers": 0, "deleted": 0}


def placed() -> Record:
    """The standard world with a field for everything."""
    made = world()
    made["zoho"]["fields"] = {"Deals": TYPES}
    return made


def told(desk_of: OpenDesk, on: Record | None = None, **settings: Any) -> Desk:
    """A desk whose configuration writes everything back, after its first run."""
    opened = desk_of(on=on or placed())
    opened.configure(**{"write_back": FIELDS, "poll": QUIET, **settings})
    opened.sync()
    return opened


def fields(desk: Desk, key: str = "job") -> Record:
    """What the deal's own fields say."""
    deal = desk.box.zoho.find("Deals", key)
    return {key: deal[name] for key, name in FIELDS.items() if deal.get(name) is not None}


def puts(desk: Desk) -> int:
    """How many requests wrote to Zoho so far."""
    return len(desk.box.calls.writes("zoho"))
