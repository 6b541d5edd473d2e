"""What people did to an invoice: told once, with both values, and never mixed up with what this program wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from core_samples import NOON, a_link, a_xero_invoice

from zoho_xero_sync.core.describe import as_sent
from zoho_xero_sync.core.model import Change, XeroInvoice
from zoho_xero_sync.core.sighting import Edits, changes_text, read_changes, see, standing_edits, still_due

LATER = NOON + timedelta(minutes=5)
SENT = as_sent({"Reference": "Workshop fit-out", "Total": "110.00", "CurrencyCode": "AUD"})
LINK = a_link(status="AUTHORISED", sent=SENT, updated_at=NOON, total=Decimal("110.00"), due=Decimal("110.00"))
EDIT = (Change("Reference", "Workshop fit-out", "Mine"),)


def met(**changes: Any) -> XeroInvoice:
    return a_xero_invoice(**{"updated_at": LATER, "number": LINK.number, **changes})


@pytest.mark.parametrize(
    ("invoice", "kinds"),
    [
        (met(), []),
        (met(updated_at=NOON), []),
        (met(status="PAID", amount_paid=Decimal("110.00"), paid_on=date(2026, 11, 20)), ["invoice_paid"]),
        (met(amount_paid=Decimal("10.00")), ["invoice_part_paid"]),
        (met(amount_credited=Decimal("10.00")), ["invoice_part_paid"]),
        (met(status="VOIDED"), ["invoice_voided_in_xero"]),
        (met(status="DELETED"), ["invoice_voided_in_xero"]),
        (met(status="SUBMITTED"), ["invoice_status_in_xero"]),
        (met(number="A-1"), ["invoice_renumbered_in_xero"]),
        (met(reference="Mine"), ["invoice_edited_in_xero"]),
        (met(total=Decimal("120.00")), ["invoice_edited_in_xero"]),
        (met(reference="Mine", status="PAID", amount_paid=Decimal(110)), ["invoice_edited_in_xero", "invoice_paid"]),
    ],
)
def test_news_of_an_invoice(invoice: XeroInvoice, kinds: list[str]) -> None:
    sighting = see(LINK, None, invoice)
    assert [kind for kind, _ in sighting.news] == kinds if sighting else kinds == []
    if sighting is not None:
        assert sighting.link.live == (invoice.status not in ("VOIDED", "DELETED"))
        kept = (sighting.link.sent, sighting.link.total, sighting.link.updated_at)
        assert kept == (LINK.sent, LINK.total, LINK.updated_at)
        assert see(sighting.link, sighting.edits, invoice) is None


def test_edits_name_both_values_and_their_taking_back() -> None:
    edited = see(LINK, None, met(reference="Mine"))
    assert edited is not None
    assert edited.edits.changes == EDIT
    assert edited.news[0][1]["Reference"] == "Workshop fit-out → Mine"
    undone = see(edited.link, edited.edits, met(updated_at=LATER + timedelta(minutes=1)))
    assert undone is not None
    assert (undone.edits.changes, undone.news[0][1]["edits"]) == ((), "taken back")


def test_a_write_of_ours_ends_what_was_seen_before_it() -> None:
    seen = Edits(LINK.invoice_id, LATER, EDIT)
    assert standing_edits(LINK, seen) == EDIT
    assert standing_edits(replace(LINK, updated_at=LATER), seen) == ()
    assert standing_edits(replace(LINK, updated_at=None), seen) == EDIT


def test_nothing_is_compared_while_a_write_is_under_way() -> None:
    sighting = see(LINK, None, met(reference="Mine", amount_paid=Decimal("10.00")), busy=True)
    assert sighting is not None
    assert [kind for kind, _ in sighting.news] == ["invoice_part_paid"]
    assert sighting.edits.changes == ()


def test_an_adopted_invoice_is_compared_by_its_total() -> None:
    adopted = replace(LINK, sent=None)
    assert see(adopted, None, met(reference="Mine")) is None
    sighting = see(adopted, None, met(total=Decimal("99.00")))
    assert sighting is not None
    assert sighting.edits.changes == (Change("Total", "110.00", "99.00"),)


@pytest.mark.parametrize(
    ("due", "status", "expected"),
    [("12.50", "AUTHORISED", "12.50"), (None, "AUTHORISED", "110.00"), (None, "PAID", "0"), (None, "VOIDED", "0")],
)
def test_what_is_due(due: str | None, status: str, expected: str) -> None:
    link = replace(LINK, status=status, due=Decimal(due) if due else None)
    assert still_due(link) == Decimal(expected)


def test_changes_survive_as_text() -> None:
    changes = (*EDIT, Change("LineItems[2].UnitAmount", None, "5"), Change("DueDate", "2026-12-04", None))
    assert read_changes(changes_text(changes)) == changes
