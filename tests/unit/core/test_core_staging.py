"""Staging: what a deal that was just read becomes in the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from core_samples import DEAL, LATER, NOON, a_deal, a_record, some_rules

from zoho_xero_sync.core.model import DealRecord, DealRow, DealState, Problem
from zoho_xero_sync.core.staging import baseline_record, is_known, stage_row

RULES = some_rules()
UNREADABLE = Problem("deal_unreadable", f"deal {DEAL}", "Amount should be a number.", "Correct it.", "Amount")
SEEN, PENDING, HELD, SKIPPED = DealState.SEEN, DealState.PENDING, DealState.HELD, DealState.SKIPPED
REJECTED = DealState.REJECTED


def a_row(stage: str = "Closed Won", snapshot: str = '{"new":1}', **changes: Any) -> DealRow:
    values: dict[str, Any] = {"id": DEAL, "name": "Fit-out", "stage": stage, "pipeline": None, "modified_at": LATER}
    return DealRow(**(values | {"snapshot": snapshot, "content": a_deal(stage=stage)} | changes))


def known(state: DealState = SEEN, **changes: Any) -> DealRecord:
    problem = UNREADABLE if state in (HELD, REJECTED) else None
    return a_record(**({"state": state, "snapshot": '{"old":1}', "problem": problem} | changes))


NEW, OLD = '{"new":1}', '{"old":1}'
TABLE = [
    # name, row's stage, row's snapshot, what the ledger knows, asked for by a person -> state and baseline, or nothing
    ("new, not invoiced", "Proposal", NEW, None, False, None),
    ("new, not invoiced, asked for", "Proposal", NEW, None, True, None),
    ("new, invoiced", "Closed Won", NEW, None, False, (PENDING, False)),
    ("new, invoiced, asked for", "Closed Won", NEW, None, True, (PENDING, False)),
    ("seen, the same", "Closed Won", OLD, known(), False, None),
    ("seen, the same, asked for", "Closed Won", OLD, known(), True, (PENDING, False)),
    ("seen, changed", "Closed Won", NEW, known(), False, (PENDING, False)),
    ("seen, left the stages", "Proposal", NEW, known(), False, (PENDING, False)),
    ("pending, the same", "Closed Won", OLD, known(PENDING), False, None),
    ("pending, changed", "Closed Won", NEW, known(PENDING), False, (PENDING, False)),
    ("held, the same", "Closed Won", OLD, known(HELD), False, None),
    ("held, changed", "Closed Won", NEW, known(HELD), False, (PENDING, False)),
    ("rejected, changed", "Closed Won", NEW, known(REJECTED), False, (PENDING, False)),
    ("baseline, edited", "Closed Won", NEW, known(baseline=True, snapshot=None), False, (SEEN, True)),
    ("baseline, edited again", "Closed Won", NEW, known(baseline=True), False, (SEEN, True)),
    ("baseline, the same", "Closed Won", OLD, known(baseline=True), False, None),
    ("baseline, moved on within the stages", "Confirmed", NEW, known(baseline=True), False, (SEEN, True)),
    ("baseline, left the stages", "Proposal", NEW, known(baseline=True), False, (PENDING, False)),
    ("was baseline, came back", "Closed Won", NEW, known(baseline=False), False, (PENDING, False)),
    ("baseline, asked for", "Closed Won", NEW, known(baseline=True), True, (PENDING, False)),
    ("baseline, the same, asked for", "Closed Won", OLD, known(baseline=True), True, (PENDING, False)),
    ("skipped, the same", "Closed Won", OLD, known(SKIPPED), False, None),
    ("skipped, changed", "Closed Won", NEW, known(SKIPPED), False, (SKIPPED, False)),
    ("skipped, left the stages", "Proposal", NEW, known(SKIPPED), False, (SKIPPED, False)),
    ("skipped, asked for", "Closed Won", NEW, known(SKIPPED), True, (PENDING, False)),
    ("customer only, billed by now", "Closed Won", NEW, known(customer_only=True), False, (SEEN, False)),
    ("customer only, moved on", "Confirmed", NEW, known(customer_only=True), False, (PENDING, False)),
    ("customer only, left the stages", "Proposal", NEW, known(customer_only=True), False, (PENDING, False)),
    ("customer only, asked for", "Closed Won", NEW, known(customer_only=True), True, (PENDING, False)),
    ("customer only, not settled", "Closed Won", NEW, known(PENDING, customer_only=True), False, (SEEN, False)),
    (
        "customer only, not settled, the same",
        "Closed Won",
        OLD,
        known(PENDING, customer_only=True),
        False,
        (SEEN, False),
    ),
    (
        "customer only, asked for earlier",
        "Closed Won",
        NEW,
        known(PENDING, customer_only=True, requested=True),
        False,
        (SEEN, False),
    ),
    ("customer only, held", "Closed Won", NEW, known(HELD, customer_only=True), False, (PENDING, False)),
    ("asked for earlier, the same", "Closed Won", OLD, known(PENDING, requested=True), False, (PENDING, False)),
    ("asked for earlier, changed", "Closed Won", NEW, known(PENDING, requested=True), False, (PENDING, False)),
]


@pytest.mark.parametrize("case", TABLE, ids=[case[0] for case in TABLE])
def test_what_a_readable_row_becomes(case: Any) -> None:
    _, stage, snapshot, before, requested, expected = case
    record = stage_row(a_row(stage, snapshot), before, RULES, requested=requested)
    if expected is None:
        assert record is None
        return
    assert record is not None
    assert (record.state, record.baseline) == expected
    assert (record.stage, record.snapshot, record.modified_at) == (stage, snapshot, LATER)
    assert record.problem is None
    asked = requested or bool(before and before.requested)
    assert record.requested is (asked and record.state is not SEEN)


UNREADABLES = [
    ("new, not invoiced", "Proposal", None, None),
    ("new, invoiced", "Closed Won", None, HELD),
    ("new, its stage unreadable too", "", None, HELD),
    ("seen", "Closed Won", known(), HELD),
    ("pending", "Closed Won", known(PENDING), HELD),
    ("held", "Closed Won", known(HELD), HELD),
    ("left the stages", "Proposal", known(), HELD),
    ("history", "Closed Won", known(baseline=True), SEEN),
    ("set aside", "Closed Won", known(SKIPPED), SKIPPED),
]


@pytest.mark.parametrize("case", UNREADABLES, ids=[case[0] for case in UNREADABLES])
def test_what_an_unreadable_row_becomes(case: Any) -> None:
    """Held with the field's path; but what is history, or was set aside, stays so."""
    _, stage, before, state = case
    record = stage_row(a_row(stage, content=UNREADABLE), before, RULES, requested=False)
    if state is None:
        assert record is None
        return
    assert record is not None and record.state is state
    assert record.problem == (UNREADABLE if state is HELD else None)
    assert record.baseline is bool(before and before.baseline)


@pytest.mark.parametrize("before", [known(baseline=True), known(SKIPPED)], ids=["history", "set aside"])
def test_an_unreadable_row_that_was_asked_for_is_held(before: DealRecord) -> None:
    record = stage_row(a_row(content=UNREADABLE), before, RULES, requested=True)
    assert record is not None and (record.state, record.problem) == (HELD, UNREADABLE)


def test_an_unreadable_row_is_held_once_and_freed_by_a_change() -> None:
    held = stage_row(a_row(content=UNREADABLE), None, RULES, requested=False)
    assert held is not None
    assert stage_row(a_row(content=UNREADABLE), held, RULES, requested=False) is None
    freed = stage_row(a_row(snapshot='{"corrected":1}'), held, RULES, requested=False)
    assert freed is not None and freed.state is PENDING and freed.problem is None


def test_a_baseline_deal_is_remembered_without_its_content() -> None:
    record = baseline_record(a_row(modified_at=NOON))
    assert (record.state, record.baseline, record.snapshot, record.modified_at) == (SEEN, True, None, NOON)
    assert not record.requested


BEFORE = '{"Amount":10.50,"Created_Time":"2026-09-10T10:00:00+10:00","Modified_Time":"2026-09-10T10:00:00+10:00"}'
TOLD = '{"Amount":10.50,"Created_Time":"2026-09-10T11:00:00+11:00","Modified_Time":"2026-11-20T13:00:00+11:00"}'


@pytest.mark.parametrize(
    ("before", "now", "told_at", "expected"),
    [
        (BEFORE, BEFORE, None, True),
        (BEFORE, TOLD, LATER, True),
        (BEFORE, TOLD, None, False),
        (BEFORE, TOLD, NOON, False),
        (None, TOLD, LATER, False),
        (BEFORE, TOLD.replace("10.50", "10.51"), LATER, False),
        (BEFORE, TOLD.replace("11:00:00+11:00", "11:00:01+11:00"), LATER, False),
        (BEFORE, TOLD.replace('{"Amount"', '{"Next_Step":"PO 77","Amount"'), LATER, True),
        (BEFORE.replace('{"Amount"', '{"Next_Step":"PO 77","Amount"'), TOLD, LATER, True),
    ],
)
def test_a_deal_is_known_but_for_what_it_was_told(
    before: str | None, now: str, told_at: datetime | None, expected: bool
) -> None:
    assert is_known(a_row(snapshot=now), known(snapshot=before, told_at=told_at)) is expected
