"""Fields of an invoice that Xero does not give back as they were sent: that it shows no difference says nothing."""

from __future__ import annotations

from typing import Any

import pytest
from world_tools import Desk, OpenDesk, Record, actions, order, world

BOOKS = {
    "branding_themes": ["Standard", "Services"],
    "tracking_categories": [{"Name": "Region", "Options": ["North", "South"]}],
}
NORTH, SOUTH = ([{"category": "Region", "option": name}] for name in ("North", "South"))
CHANGES: list[Record] = [{"branding_theme": "Services"}, {"tracking": SOUTH}]


def a_desk(desk_of: OpenDesk, stage: str) -> Desk:
    desk = desk_of(on=world(xero=BOOKS))
    desk.configure(when={"changed_after_approval": "update"}, invoice={"tracking": NORTH})
    desk.sync()
    desk.add(order("job", stage))
    desk.sync()
    return desk


def unseen(desk: Desk) -> tuple[Any, Any]:
    """The theme and the tracking of the job's invoice."""
    invoice = desk.invoice("job")
    return invoice.get("BrandingThemeID"), [line["Tracking"][0]["Option"] for line in invoice["LineItems"]]


@pytest.mark.parametrize("stage", ["Confirmed", "Closed Won"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_a_change_of_them_alone_is_carried_over(desk_of: OpenDesk, stage: str, change: Record) -> None:
    desk = a_desk(desk_of, stage)
    before = unseen(desk)
    desk.configure(invoice=change)
    desk.edit("job", Next_Step="as the office wants it")
    assert actions(desk, desk.sync()) == {"job": "update"}
    assert unseen(desk) != before
    desk.edit("job", Next_Step="touched")
    assert actions(desk, desk.sync()) == {"job": "unchanged"}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
@pytest.mark.parametrize("fault", ["refuse_before", "drop_after"])
def test_a_change_of_them_whose_answer_was_lost_is_sent_again(desk_of: OpenDesk, change: Record, fault: str) -> None:
    desk = a_desk(desk_of, "Closed Won")
    before = unseen(desk)
    desk.box.xero.edit_invoice(str(desk.invoice("job")["InvoiceID"]), {"SentToContact": True})
    desk.configure(invoice=change)
    desk.edit("job", Next_Step="as the office wants it")
    desk.fault(fault, method="POST", path="Invoices", times=9)
    desk.sync(code=None)
    desk.box.faults.clear()
    desk.wait(minutes=10)
    desk.sync()
    assert unseen(desk) != before
