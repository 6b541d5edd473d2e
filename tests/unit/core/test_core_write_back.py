"""What a deal is told of its invoice: only news, exact, and recognised when it is read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from core_samples import NOON, a_link

from zoho_xero_sync.core.model import Change
from zoho_xero_sync.core.rules import WriteBackRules
from zoho_xero_sync.core.sighting import Edits
from zoho_xero_sync.core.write_back import (
    WriteBack,
    as_told,
    note_of,
    refused_problem,
    rules_stamp,
    told_changes,
    told_fields,
    untold,
    xero_url,
)

RULES = WriteBackRules("No", "State", "Sum", "Due", "Page", "Paid")
LINK = a_link(number="INV-0007", status="AUTHORISED", total=Decimal("110.00"), due=Decimal("10.00"), updated_at=NOON)


def test_every_field_says_what_its_key_promises() -> None:
    assert told_fields(LINK, None, RULES) == {
        "No": "INV-0007",
        "State": "AUTHORISED",
        "Sum": Decimal("110.00"),
        "Due": Decimal("10.00"),
        "Page": xero_url(LINK.invoice_id),
        "Paid": None,
    }
    paid = replace(LINK, status="PAID", due=Decimal(0), paid_on=date(2026, 11, 20))
    assert told_fields(paid, None, WriteBackRules(paid_on="Paid")) == {"Paid": "2026-11-20"}


def test_a_total_that_a_person_changed_is_told_as_it_is_in_xero() -> None:
    edits = Edits(LINK.invoice_id, NOON + timedelta(minutes=1), (Change("Total", "110.00", "120.00"),))
    assert told_fields(LINK, edits, WriteBackRules(total="Sum")) == {"Sum": Decimal("120.00")}
    ours = replace(LINK, updated_at=NOON + timedelta(minutes=1))
    assert told_fields(ours, edits, WriteBackRules(total="Sum")) == {"Sum": Decimal("110.00")}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, {"No": "INV-0007", "Due": Decimal("10.00")}),
        ({"No": "INV-0007"}, {"Due": Decimal("10.00")}),
        ({"No": "INV-0007", "Due": "10"}, {}),
        ({"No": "INV-0007", "Due": "10", "Old": "x"}, {}),
        ({"No": "INV-0007", "Due": "10", "Paid": "2026-11-20"}, {"Paid": None}),
    ],
)
def test_only_news_is_written(sent: dict[str, str], expected: dict[str, object]) -> None:
    values = told_fields(LINK, None, WriteBackRules(number="No", due="Due", paid_on="Paid"))
    assert untold(values, WriteBack("1", "", sent)) == expected
    assert [change.field for change in told_changes(values, WriteBack("1", "", sent))] == list(expected)
    assert untold(values, WriteBack("1", "", as_told(values))) == {}


def test_words() -> None:
    assert "110.00 AUD" in note_of(LINK).text
    problem = refused_problem(WriteBack("77", "", {}, problem="RECORD_LOCKED: locked."))
    assert (problem.code, problem.subject) == ("write_back_refused", "deal 77")
    assert "resolve 77 --retry" in problem.hint
    assert rules_stamp(RULES) != rules_stamp(replace(RULES, due=None))
    assert rules_stamp(RULES) == rules_stamp(replace(RULES, note=True))
