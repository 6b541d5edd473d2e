"""A desk whose deals are billed in two, for journeys: what people set, what they do, and what came of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from world_tools import Desk, Line, Record, line_of, order, priced

CONFIRMED: Record = {"stage": "Confirmed", "invoice": "authorised", "share": "30%"}
WON: Record = {"stage": "Closed Won", "invoice": "authorised", "share": "remainder"}
LINES: list[Line] = [("hours", 3, "33.35"), ("hire", 1, "100.01"), ("food", 7, "12.49", "GST Free")]
NUMBERED = {"number": "ZC-{Deal_Name}"}


def opened(desk: Desk, *, share: Record | None = None, rest: Record | None = None, **settings: Any) -> str:
    """A desk whose deals are billed in two, with one that has just been billed its share; the deal's id."""
    desk.configure(stages=[CONFIRMED | (share or {}), WON | (rest or {})], **settings)
    desk.add(order("job", "Confirmed", lines=LINES))
    desk.sync()
    return desk.deal("job")


def won(desk: Desk, *, code: int = 0) -> Record:
    """The deal is won; the report's line of it."""
    desk.move("job", "Closed Won")
    return line_of(desk.sync(code=code), desk.deal("job"))


def billed(desk: Desk, *, closed: bool = False) -> list[tuple[str, str, str]]:
    """The deal's invoices in the order they were made: number, status and total."""
    found = sorted(desk.invoices("job", closed=closed), key=lambda invoice: str(invoice["InvoiceNumber"]))
    return [(str(one["InvoiceNumber"]), str(one["Status"]), str(one["Total"])) for one in found]


def sums(desk: Desk) -> tuple[Decimal, Decimal, Decimal]:
    """Net, tax and total of all live invoices of the deal."""
    net, tax, total = (
        sum((invoice[name] for invoice in desk.invoices("job")), Decimal(0))
        for name in ("SubTotal", "TotalTax", "Total")
    )
    return net, tax, total


def set_price(desk: Desk, price: str) -> None:
    """Somebody changes the price of the deal's first row, and touches the deal."""
    rows = [("hours", 3, price), *LINES[1:]]
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced(*row) for row in rows])
    desk.edit("job", Description=f"now at {price}")
