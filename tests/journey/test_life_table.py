"""Every cell of the table of life, lived by a deal of its own through the real command line and the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from life_world import Case, Life, live_through
from world_tools import CLOSED, Record

from zoho_xero_sync.core.life import TABLE, Do, Event, State, every_case

CASES = [Case(*found) for found in every_case()]
Lived = Callable[[str], Life]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """What became of the deals under these rules; each world is lived through once."""

    @cache
    def live(rules: str) -> Life:
        return live_through(tmp_path_factory.mktemp(rules), rules, [case for case in CASES if case.rules == rules])

    return live


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.key}-{case.value or 'always'}")
def test_a_cell_of_the_table(case: Case, lived: Lived) -> None:
    life = lived(case.rules)
    line, problem = life.lines.get(case.key), life.problems.get(case.key)
    before, after = life.before[case.key], life.after[case.key]
    _stands(case.state, before)
    assert sum(invoice["Status"] not in CLOSED for invoice in after) <= 1
    if case.deed.do is not Do.HOLD:
        assert problem is None, problem
    WITNESSES[case.deed.do](case, line, problem, before, after)


Invoices = tuple[Record, ...]

STATUSES = {
    State.DRAFT: "DRAFT",
    State.SUBMITTED: "SUBMITTED",
    State.PAID: "PAID",
    State.VOIDED: "VOIDED",
    State.DELETED: "DELETED",
    State.ENDED: "DELETED",
    State.LOCKED_DRAFT: "DRAFT",
    State.REWORDED: "DRAFT",
    State.RECOUNTED: "DRAFT",
}
HAND = "As agreed by phone"


def _stands(state: State, before: Invoices) -> None:
    """The deal's invoice was where the cell says before anything happened."""
    if state is State.NONE:
        assert before == ()
        return
    (invoice,) = before
    assert invoice["Status"] == STATUSES.get(state, "AUTHORISED")
    assert bool(invoice["AmountPaid"]) is (state in (State.PART_PAID, State.PAID))
    assert bool(invoice["AmountCredited"]) is (state is State.CREDITED)
    assert bool(invoice.get("SentToContact")) is (state is State.SENT)
    assert (invoice["Reference"] == HAND) is (state in (State.REWORDED, State.EDITED))
    assert (str(invoice["Total"]) == "330.00") is (state is State.RECOUNTED)
    assert (str(invoice["DateString"])[:7] == "2026-06") is (state in (State.LOCKED_DRAFT, State.LOCKED))


def _created(case: Case, line: Record | None, problem: Record | None, before: Invoices, after: Invoices) -> None:
    assert line is not None and line["action"] == "create"
    assert after[: len(before)] == before and len(after) == len(before) + 1
    assert len({invoice["InvoiceNumber"] for invoice in after}) == len(after)


def _advanced(case: Case, line: Record | None, problem: Record | None, before: Invoices, after: Invoices) -> None:
    assert line is not None and line["action"] == "update"
    assert [change["field"] for change in line["changes"]] == ["Status"]
    assert [invoice["Status"] for invoice in after] == ["AUTHORISED"]
    assert _but(after[0], "Status") == _but(before[0], "Status")


def _updated(case: Case, line: Record | None, problem: Record | None, before: Invoices, after: Invoices) -> None:
    assert line is not None and line["action"] == "update" and line["changes"]
    (was,), (now,) = before, after
    assert (now["InvoiceID"], now["InvoiceNumber"], now["Status"]) == (
        was["InvoiceID"],
        was["InvoiceNumber"],
        was["Status"],
    )
    named = {change["field"] for change in line["changes"]}
    said, seen = SHOWN[case.event]
    assert said in named
    assert seen(now) != seen(was)
    if case.event is not Event.DOCUMENT:
        assert [row["LineItemID"] for row in now["LineItems"]] == [row["LineItemID"] for row in was["LineItems"]]


def _ended(case: Case, line: Record | None, problem: Record | None, before: Invoices, after: Invoices) -> None:
    assert line is not None and line["action"] == "void"
    ended = "DELETED" if before[0]["Status"] in ("DRAFT", "SUBMITTED") else "VOIDED"
    assert [invoice["Status"] for invoice in after] == [ended]


def _kept(case: Case, line: Record | None, problem: Record | None, before: Invoices, after: Invoices) -> None:
    assert line is not None and line["action"] == "unchanged" and line["reason"]
    assert after == before


def _nothing(case: Case, line: Record | None, problem: Record | None, before: Invoices, after: Invoices) -> None:
    assert line is None or (line["action"] in ("skip", "unchanged") and line["reason"])
    if case.state is State.NONE:
        assert line is not None, "a deal that waited for its invoice goes without a word"
    assert after == before


def _held(case: Case, line: Record | None, problem: Record | None, before: Invoices, after: Invoices) -> None:
    assert line is not None and line["action"] == "hold"
    assert problem is not None and problem["code"] == case.deed.code
    assert "zoho-xero-sync resolve " in problem["hint"]
    assert after == before


WITNESSES = {
    Do.CREATE: _created,
    Do.ADVANCE: _advanced,
    Do.UPDATE: _updated,
    Do.END: _ended,
    Do.KEEP: _kept,
    Do.NOTHING: _nothing,
    Do.HOLD: _held,
}

# By event: the field that the report names, and what of the invoice must be different.
SHOWN: dict[Event, tuple[str, Callable[[Record], object]]] = {
    Event.LINES: ("Total", lambda invoice: invoice["Total"]),
    Event.HEADER: ("Reference", lambda invoice: invoice["Reference"]),
    Event.CUSTOMER: ("Contact", lambda invoice: invoice["Contact"]["ContactID"]),
    Event.CURRENCY: ("CurrencyCode", lambda invoice: invoice["CurrencyCode"]),
    Event.DOCUMENT: ("Document", lambda invoice: invoice["LineItems"][0]["Description"]),
}


def _but(invoice: Record, *names: str) -> Record:
    """The invoice without these fields, and without the stamps of its last change."""
    left_out = (*names, "UpdatedDateUTC", "UpdatedDateUTCString")
    return {key: value for key, value in invoice.items() if key not in left_out}


def test_the_table_has_a_cell_for_everything() -> None:
    assert set(TABLE) == {(event, state) for event in Event for state in State}
    assert {(case.event, case.state) for case in CASES} == set(TABLE)
