"""The state by itself: worlds, what people do in Xero, snapshots, and the table underneath."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest
from xero_desk import BUYER, NOON, Desk, line

from zoho_xero_sync.sandbox.clock import VirtualClock
from zoho_xero_sync.sandbox.xero import wire
from zoho_xero_sync.sandbox.xero.state import XeroState

LATER = "/Date(1795136460000+0000)/"


def state(**xero: object) -> XeroState:
    return XeroState.from_world({"xero": xero}, VirtualClock(NOON, running=False))


def test_the_empty_world_works_in_every_spelling() -> None:
    for world in ({}, {"xero": None}, {"xero": {}}, {"zoho": {}}, {"clock": "2026-11-20T01:00:00Z"}):
        made = XeroState.from_world(world, VirtualClock(NOON, running=False))
        assert made.invoices() == made.contacts() == []


def test_a_world_of_yaml_values() -> None:
    made = state(
        organisation={"EndOfYearLockDate": date(2026, 6, 30)},
        contacts=[{"Name": "Old friend", "UpdatedDateUTC": datetime(2025, 1, 1, tzinfo=UTC)}],
        invoices=[
            {"Contact": "Old friend", "InvoiceNumber": "L-1", "Status": "PAID", "Date": date(2025, 3, 1),
             "DueDate": date(2025, 3, 15), "LineItems": [line(Quantity=2.5, UnitAmount=19.99)]},
        ],
    )  # fmt: skip
    paid = made.invoice("L-1")
    assert (paid["Status"], paid["SubTotal"], paid["DateString"]) == ("PAID", D("49.98"), "2025-03-01T00:00:00")
    assert made.contact("Old friend")["UpdatedDateUTC"] == "/Date(1735689600000+0000)/"


def test_ids_are_the_same_every_time() -> None:
    def ids() -> list[object]:
        desk = Desk({"contacts": [{"Name": "A"}]})
        known = desk.state.contact("A")["ContactID"]
        return [desk.state.tenant_id, known, desk.contact("B"), desk.invoice()["InvoiceID"]]

    assert ids() == ids()


@pytest.mark.parametrize(
    ("world", "part"),
    [
        ({"connection": "magic"}, "xero.connection: 'magic'"),
        ({"limits": {"hour": 3}}, "xero.limits"),
        ({"switches": {"typo": 1}}, "xero.switches"),
        ({"organisation": {"Timezone": "Mars"}}, "xero.organisation.Timezone: 'Mars'"),
        ({"organisation": {"PeriodLockDate": "soon"}}, "xero.organisation.PeriodLockDate: 'soon'"),
        ({"organisation": ["x"]}, "xero.organisation: must be a mapping."),
        ({"accounts": [{"Code": "1", "Type": "MONEY"}]}, "xero.accounts 1: Type 'MONEY'"),
        ({"accounts": ["200"]}, "xero.accounts: every entry must be a mapping."),
        ({"contacts": [{"Name": "A"}, {"Name": "a"}]}, "xero.contacts[1]: The contact name a is already assigned"),
        ({"contacts": "A"}, "xero.contacts: must be a list of mappings."),
        ({"invoices": [{"Contact": "Nobody", "LineItems": [line()]}]}, "xero.invoices[0]: Contact 'Nobody'"),
        ({"contacts": [{"Name": "A"}], "invoices": [{"Contact": "A"}]}, "xero.invoices[0]: One or more line items"),
        ({"contacts": [{"Name": "A"}], "invoices": [{"Contact": "A", "Date": "x"}]}, "xero.invoices[0]: "),
    ],
)
def test_worlds_that_are_wrong(world: dict[str, object], part: str) -> None:
    with pytest.raises(ValueError, match="xero") as caught:
        state(**world)
    assert str(caught.value).startswith(part)


def test_people_work_on_an_invoice() -> None:
    desk = Desk()
    desk.invoice(DueDate="2026-12-04")
    desk.clock.advance(60)
    assert desk.state.edit_invoice("INV-0001", {"Reference": "by hand"})["UpdatedDateUTC"] == LATER
    assert desk.state.approve("INV-0001")["Status"] == "AUTHORISED"
    assert desk.state.rename("INV-0001", "HAND-1")["InvoiceNumber"] == "HAND-1"
    assert desk.state.pay("HAND-1", "100")["AmountDue"] == D("10.00")
    with pytest.raises(ValueError, match="Payment amount exceeds"):
        desk.state.pay("HAND-1", D("10.01"))
    with pytest.raises(ValueError, match="The status VOIDED cannot be applied"):
        desk.state.void("HAND-1")
    with pytest.raises(KeyError, match="no invoice INV-0001"):
        desk.state.invoice("INV-0001")
    assert desk.state.pay("HAND-1", "10")["Status"] == "PAID"
    desk.invoice(InvoiceNumber="OTHER")
    with pytest.raises(ValueError, match="cannot be renumbered"):
        desk.state.rename("OTHER", "hand-1")
    assert desk.state.delete("OTHER")["Status"] == "DELETED"


def test_a_refused_edit_changes_nothing() -> None:
    desk = Desk()
    desk.invoice()
    before = desk.state.snapshot()
    with pytest.raises(ValueError, match="DueDate"):
        desk.state.edit_invoice("INV-0001", {"Status": "AUTHORISED", "Contact": {"Name": "Ghost"}})
    with pytest.raises(ValueError, match="Error converting"):
        desk.state.edit_invoice("INV-0001", {"Contact": {"Name": "Ghost"}, "LineItems": [{"Quantity": "x"}]})
    assert desk.state.snapshot() == before


def test_merging_moves_the_invoices_and_not_the_clock() -> None:
    desk = Desk()
    invoice = desk.invoice()
    winner = desk.contact("Winner")
    stamp = desk.state.contact(BUYER)["UpdatedDateUTC"]
    desk.clock.advance(60)
    desk.state.merge_contacts(BUYER, "Winner")
    lost = desk.state.contact(str(invoice["Contact"]["ContactID"]))
    assert (lost["ContactStatus"], lost["MergedToContactID"], lost["UpdatedDateUTC"]) == ("ARCHIVED", winner, stamp)
    moved = desk.state.invoice("INV-0001")
    assert (moved["Contact"]["ContactID"], moved["Contact"]["Name"]) == (winner, "Winner")
    assert moved["UpdatedDateUTC"] == invoice["UpdatedDateUTC"]


def test_archive_and_restore() -> None:
    desk = Desk()
    desk.contact("A", ContactNumber="n1")
    desk.state.archive_contact("n1")
    desk.contact("A")
    with pytest.raises(ValueError, match="already assigned"):
        desk.state.restore_contact("n1")
    desk.state.archive_contact("A")
    assert desk.state.restore_contact("n1")["ContactStatus"] == "ACTIVE"
    with pytest.raises(KeyError, match="no contact nobody"):
        desk.state.contact("nobody")


def test_snapshot_is_plain_json() -> None:
    desk = Desk()
    desk.invoice()
    shown = json.loads(json.dumps(desk.state.snapshot()))
    assert shown["invoices"][0]["Total"] == "110.00"
    assert shown["limits"]["remaining"]["minute"] == 58
    assert shown["writes"] == 2
    assert shown["connected"] is True


def test_exact_numbers_on_the_wire() -> None:
    body = wire.dumps([D("24.15"), D("0.0"), D("1E+2"), D("-0.1648"), "decimal-x:1", 'q"\u2028é'])
    assert body.decode() == '[24.15,0.0,100,-0.1648,"decimal-x:1","q\\"\u2028é"]'
    assert wire.loads(b'{"a": 0.10}') == {"a": D("0.10")}
    with pytest.raises(TypeError, match="no JSON form"):
        wire.dumps(D("NaN"))
