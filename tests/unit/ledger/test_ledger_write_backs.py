"""Which deals are due to be told of their invoice: those whose newest or live invoice is not as they were last told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from ledger_samples import NOON, a_deal, an_invoice, minutes

from zoho_xero_sync.core.model import Change, Event, InvoiceLink
from zoho_xero_sync.core.sighting import Edits
from zoho_xero_sync.core.write_back import WriteBack
from zoho_xero_sync.ledger.store import Ledger


def due(ledger: Ledger, rules: str = "r", limit: int = 9) -> list[str]:
    return [item.link.deal_id for item in ledger.due_write_backs(rules, limit, NOON)]


def tell(ledger: Ledger, rules: str = "r") -> None:
    """Note every deal that is due as told."""
    found = ledger.due_write_backs(rules, 99, NOON)
    ledger.record_write_backs([WriteBack(item.link.deal_id, item.stamp, {"Due": "1"}) for item in found])


@pytest.fixture
def told(ledger: Ledger) -> Ledger:
    """Three deals with an invoice each, all of them told."""
    ledger.record_links((), [an_invoice(str(number), f"invoice-{number}") for number in (1, 2, 3)])
    assert due(ledger) == ["3", "2", "1"]
    assert due(ledger, limit=2) == ["3", "2"]
    tell(ledger)
    assert due(ledger) == []
    return ledger


LINK = an_invoice("2", "invoice-2")


@pytest.mark.parametrize(
    "changed",
    [
        replace(LINK, status="AUTHORISED"),
        replace(LINK, number="A-1"),
        replace(LINK, total=Decimal("1.00")),
        replace(LINK, due=Decimal("1.00")),
        replace(LINK, paid_on=date(2026, 11, 20)),
        replace(LINK, live=False, status="VOIDED"),
    ],
)
def test_what_is_told_makes_a_deal_due(told: Ledger, changed: InvoiceLink) -> None:
    told.record_links((), [changed])
    assert due(told) == ["2"]
    assert told.find_invoice_links(["2"])["2"] == changed
    tell(told)
    assert due(told) == []


def test_a_touch_makes_nothing_due_and_other_fields_everything(told: Ledger) -> None:
    told.record_links((), [replace(LINK, updated_at=minutes(5), sent="{}")])
    assert due(told) == []
    assert due(told, "other") == ["3", "2", "1"]


def test_edits_make_due_and_come_back(told: Ledger) -> None:
    edits = Edits("invoice-2", minutes(1), (Change("Total", "1.00", "2.00"),))
    told.record_sightings([LINK], [edits], [])
    (item,) = told.due_write_backs("r", 9, NOON)
    assert (item.edits, item.before) == (edits, told.find_write_backs(["2"])["2"])
    assert told.find_edits(["invoice-1", "invoice-2"]) == {"invoice-2": edits}


def test_the_live_invoice_of_a_deal_counts(told: Ledger) -> None:
    told.record_links((), [replace(LINK, live=False, status="VOIDED"), an_invoice("2", "invoice-2b", number="INV-2-2")])
    (item,) = told.due_write_backs("r", 9, NOON)
    assert item.link.invoice_id == "invoice-2b"
    tell(told)
    assert due(told) == []


def test_when_the_invoice_was_made_is_known(told: Ledger) -> None:
    told.record_events([Event(NOON, None, "2", "invoice_created", {}), Event(minutes(9), None, "2", "held", {})])
    told.record_links((), [replace(LINK, status="PAID")])
    assert told.due_write_backs("r", 9, NOON)[0].made_at == NOON


@pytest.mark.parametrize(
    ("live", "hours", "expected"),
    [(True, 23, []), (True, 24, ["2"]), (True, 1439, ["2"]), (True, 1440, []), (False, 24, [])],
)
def test_one_that_was_gone_is_due_after_a_day(told: Ledger, live: bool, hours: int, expected: list[str]) -> None:
    gone = WriteBack("2", "", {"Due": "1"}, gone_since=NOON, gone_at=NOON)
    told.record_write_backs([gone])
    told.record_links((), [replace(LINK, live=live)])
    assert told.find_write_backs(["2"]) == {"2": gone}
    found = told.due_write_backs("r", 9, NOON + timedelta(hours=hours))
    assert [item.link.deal_id for item in found] == expected


def test_one_that_was_gone_is_due_once_it_was_read(told: Ledger) -> None:
    told.record_write_backs([WriteBack("2", "", {"Due": "1"}, gone_since=NOON, gone_at=NOON)])
    told.stage([a_deal("2", snapshot=None), a_deal("3")], None)
    assert due(told) == []
    told.stage([a_deal("2")], None)
    assert due(told) == ["2"]


def test_refused_ones_are_listed_and_the_time_is_noted(told: Ledger) -> None:
    told.stage([a_deal("2"), a_deal("3")], None)
    refused = WriteBack("2", "x", {}, noted="invoice-2", problem="RECORD_LOCKED")
    told.record_write_backs([refused], told_at={"3": minutes(7)})
    assert told.refused_write_backs() == [refused]
    found = told.find_deals(["2", "3"])
    assert found["2"] == a_deal("2")
    assert found["3"] == replace(a_deal("3"), told_at=minutes(7))
