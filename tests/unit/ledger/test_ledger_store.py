"""Staging, baseline, links, runs and history through the ledger's own methods."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from ledger_samples import NOON, PROBLEM, a_customer, a_deal, an_event, an_invoice, begin, minutes, raw

from zoho_xero_sync.core.model import CustomerKey, DealState, Problem, RunRecord
from zoho_xero_sync.core.settlement import DealSettlement
from zoho_xero_sync.errors import BugError, LedgerError
from zoho_xero_sync.ledger.statements import chunks
from zoho_xero_sync.ledger.store import Ledger

NAIVE = minutes(1).replace(tzinfo=None)

# ---- staging and the checkpoint ----


@pytest.mark.parametrize(
    "deal",
    [
        a_deal(),
        a_deal(state=DealState.HELD, problem=PROBLEM, rules="r1"),
        a_deal(state=DealState.REJECTED, problem=replace(PROBLEM, path=None)),
        a_deal(state=DealState.SEEN, baseline=True, modified_at=None, snapshot=None),
        a_deal(state=DealState.SKIPPED, requested=True, name="Ünï “quoted” 'n' 🎉", snapshot='{"a":"\\u0000"}'),
    ],
    ids=lambda deal: deal.state.value,
)
def test_a_deal_comes_back_as_it_was_staged(ledger: Ledger, deal: object) -> None:
    ledger.stage([deal], None)
    assert ledger.find_deals(["1", "unknown"]) == {"1": deal}
    assert ledger.checkpoint() is None


def test_staging_replaces_everything_known_of_a_deal(ledger: Ledger) -> None:
    ledger.stage([a_deal(state=DealState.HELD, problem=PROBLEM, baseline=True, requested=True, rules="r1")], NOON)
    ledger.stage([a_deal(name="Renamed", modified_at=minutes(1)), a_deal("2")], minutes(1))
    assert ledger.find_deals({"1", "2"}) == {"1": a_deal(name="Renamed", modified_at=minutes(1)), "2": a_deal("2")}
    assert ledger.waiting_deals() == []


@pytest.mark.parametrize(
    ("moves", "reached"),
    [
        ([None], None),
        ([NOON], NOON),
        ([NOON, minutes(1)], minutes(1)),
        ([minutes(1), NOON], minutes(1)),
        ([NOON, None], NOON),
        ([NOON, NOON + timedelta(microseconds=1)], NOON + timedelta(microseconds=1)),
        ([NOON.astimezone(timezone(timedelta(hours=10)))], NOON),
        ([NOON, datetime(2026, 11, 20, 21, 59, tzinfo=timezone(timedelta(hours=10)))], NOON),
    ],
)
def test_the_checkpoint_never_moves_back(
    ledger: Ledger, moves: list[datetime | None], reached: datetime | None
) -> None:
    for move in moves:
        ledger.stage([], move)
    assert ledger.checkpoint() == reached


@pytest.mark.parametrize(
    ("deals", "checkpoint"),
    [
        ([a_deal("1"), a_deal("")], minutes(1)),
        ([a_deal("1"), a_deal("2", state=DealState.HELD)], minutes(1)),
        ([a_deal("1"), a_deal("2", modified_at=NAIVE)], minutes(1)),
        ([a_deal("1")], NAIVE),
    ],
    ids=["no id", "held without a reason", "naive instant", "naive checkpoint"],
)
def test_deals_and_checkpoint_are_stored_together_or_not_at_all(
    ledger: Ledger, deals: list[object], checkpoint: datetime
) -> None:
    ledger.stage([], NOON)
    with pytest.raises(BugError):
        ledger.stage(deals, checkpoint)
    assert ledger.find_deals(["1", "2", ""]) == {}
    assert ledger.checkpoint() == NOON


def test_pending_deals_come_oldest_first_and_waiting_ones_apart(ledger: Ledger) -> None:
    problem = {"problem": PROBLEM}
    ledger.stage(
        [
            a_deal("5", modified_at=minutes(2)),
            a_deal("4", modified_at=minutes(1)),
            a_deal("3", modified_at=minutes(2)),
            a_deal("2", modified_at=None),
            a_deal("6", DealState.SEEN),
            a_deal("7", DealState.REJECTED, modified_at=minutes(1), **problem),
            a_deal("8", DealState.HELD, modified_at=NOON, **problem),
            a_deal("9", DealState.SKIPPED),
        ],
        None,
    )
    assert [deal.deal_id for deal in ledger.pending_deals()] == ["2", "4", "3", "5"]
    assert [deal.deal_id for deal in ledger.waiting_deals()] == ["8", "7"]


def test_modified_since_counts_the_instant_itself(ledger: Ledger) -> None:
    ledger.stage([a_deal(str(n), modified_at=minutes(n)) for n in range(5)] + [a_deal("x", modified_at=None)], None)
    assert [ledger.count_modified_since(minutes(n)) for n in (-1, 0, 3, 3.5, 9)] == [5, 5, 2, 1, 0]


def test_more_ids_than_one_statement_takes(ledger: Ledger) -> None:
    ids = [str(number) for number in range(1201)]
    ledger.stage([a_deal(deal_id) for deal_id in ids], None)
    ledger.record_links([a_customer(i) for i in ids], [an_invoice(i, f"invoice-{i}") for i in ids])
    assert ledger.find_deals([*ids, "no"]).keys() == set(ids)
    assert ledger.find_invoice_links([*ids, "no"]).keys() == set(ids)
    keys = {CustomerKey("Accounts", i) for i in [*ids, "no"]}
    assert len(ledger.find_customer_links(keys)) == len(ids)


def test_no_list_in_a_statement_is_longer_than_an_old_sqlite_takes() -> None:
    ids = [str(number) for number in range(2000)]
    lists = list(chunks(ids + ids))
    assert max(map(len, lists)) < 999
    assert sorted(item for part in lists for item in part) == sorted(ids)


# ---- settling ----


def test_settling_ends_a_request_and_keeps_the_snapshot(ledger: Ledger) -> None:
    ledger.stage([a_deal("1", requested=True, baseline=True), a_deal("2", DealState.HELD, problem=PROBLEM)], None)
    other = Problem("rejected_by_xero", "deal 1", "Refused.", "Correct it.")
    ledger.settle_deals(
        [
            DealSettlement("1", DealState.REJECTED, other, "r2", an_event("1", "rejected", why="no")),
            DealSettlement("2", DealState.SEEN),
        ]
    )
    assert ledger.find_deals(["1", "2"]) == {
        "1": a_deal("1", DealState.REJECTED, baseline=True, problem=other, rules="r2"),
        "2": a_deal("2", DealState.SEEN),
    }
    assert ledger.events("1") == [an_event("1", "rejected", why="no")]
    assert ledger.events("2") == []


def test_settling_an_unknown_deal_names_it_and_changes_nothing(ledger: Ledger) -> None:
    ledger.stage([a_deal("1")], None)
    event = an_event("1")
    with pytest.raises(BugError, match="`deal` for deal_id 404, 405"):
        ledger.settle_deals([DealSettlement(i, DealState.SEEN, event=event) for i in ("1", "404", "405")])
    assert ledger.find_deals(["1"]) == {"1": a_deal("1")}
    assert ledger.events("1") == []


# ---- the baseline ----


def test_the_baseline_takes_unknown_deals_only(ledger: Ledger) -> None:
    ledger.stage([a_deal("1")], None)
    added = ledger.record_baseline(
        [a_deal("1", DealState.SEEN), a_deal("2", DealState.SEEN), a_deal("2", DealState.SEEN)],
        frozenset({("Closed Won", ""), ("Confirmed", "Standard")}),
        NOON,
    )
    assert added == 1
    assert ledger.find_deals(["1", "2"]) == {"1": a_deal("1"), "2": a_deal("2", DealState.SEEN, baseline=True)}
    assert ledger.covered_stages() == {("Closed Won", ""), ("Confirmed", "Standard")}
    assert ledger.checkpoint() == NOON


def test_a_later_baseline_takes_known_deals_that_need_nothing_and_have_no_live_invoice(ledger: Ledger) -> None:
    idle = {"idle": DealState.SEEN, "ended": DealState.SEEN}
    others = {"billed": DealState.SEEN, "pending": DealState.PENDING, "skipped": DealState.SKIPPED}
    ledger.stage([a_deal(name, state) for name, state in (idle | others).items()], None)
    ended = replace(an_invoice(), deal_id="ended", invoice_id="i-ended", live=False)
    ledger.record_links([], [ended, replace(an_invoice(), deal_id="billed", invoice_id="i-billed")])
    found = [a_deal(name, DealState.SEEN) for name in (*idle, *others)]
    assert ledger.record_baseline(found, frozenset(), None) == 2
    assert ledger.record_baseline(found, frozenset(), None) == 0
    known = ledger.find_deals([*idle, *others])
    assert {name for name, deal in known.items() if deal.baseline} == set(idle)
    assert {name: deal.state for name, deal in known.items()} == idle | others


def test_a_later_baseline_replaces_the_stages_and_leaves_the_checkpoint(ledger: Ledger) -> None:
    ledger.record_baseline([], frozenset({("Closed Won", "")}), None)
    assert ledger.checkpoint() is None
    ledger.stage([], NOON)
    assert ledger.record_baseline([], frozenset({("Confirmed", "")}), minutes(5)) == 0
    assert ledger.covered_stages() == {("Confirmed", "")}
    assert ledger.checkpoint() == NOON
    ledger.record_baseline([], frozenset(), None)
    assert ledger.covered_stages() == frozenset()


def test_a_baseline_that_fails_records_nothing(ledger: Ledger) -> None:
    with pytest.raises(BugError):
        ledger.record_baseline([a_deal("1"), a_deal("")], frozenset({("Closed Won", "")}), NOON)
    assert ledger.find_deals(["1"]) == {}
    assert ledger.covered_stages() == frozenset()
    assert ledger.checkpoint() is None


# ---- links ----


def test_links_are_stored_over_what_was_known(ledger: Ledger) -> None:
    ledger.record_links([a_customer(), a_customer("9", "Contacts", sent=None)], [an_invoice()], [an_event()])
    later = an_invoice(status="AUTHORISED", total=Decimal("10.0000"), sent="{}", updated_at=None)
    ledger.record_links([a_customer(name="Renamed Ltd", contact_id="merged")], [later])
    accounts, contacts, unknown = (
        CustomerKey(*pair) for pair in (("Accounts", "9"), ("Contacts", "9"), ("Leads", "9"))
    )
    assert ledger.find_customer_links([accounts, contacts, unknown]) == {
        accounts: a_customer(name="Renamed Ltd", contact_id="merged"),
        contacts: a_customer("9", "Contacts", sent=None),
    }
    found = ledger.find_invoice_links(["1", "2"])
    assert found == {"1": later}
    assert str(found["1"].total) == "10.0000"
    assert ledger.events("1") == [an_event()]


@pytest.mark.parametrize(
    ("recorded", "wanted"),
    [
        ([("a", False), ("b", False)], "b"),
        ([("b", False), ("a", False)], "a"),
        ([("a", True)], "a"),
        ([("a", False), ("b", True), ("c", False)], "b"),
    ],
)
def test_the_live_invoice_is_found_else_the_newest(
    ledger: Ledger, recorded: list[tuple[str, bool]], wanted: str
) -> None:
    for invoice_id, live in recorded:
        ledger.record_links([], [an_invoice("1", invoice_id, live=live)])
    assert ledger.find_invoice_links(["1"])["1"].invoice_id == wanted


def test_the_invoice_that_was_linked_last_is_known_whether_it_lives_or_not(ledger: Ledger) -> None:
    ledger.record_links([], [an_invoice("1", "a"), an_invoice("2", "c")])
    ledger.record_links([], [an_invoice("1", "b", live=False)])
    ledger.record_links([], [an_invoice("1", "a", number="INV-9")])
    assert ledger.last_linked(["1", "2", "3"]) == {"1": "b", "2": "c"}


def test_only_what_xero_voided_or_deleted_is_known_to_be_ended(ledger: Ledger) -> None:
    """An invoice whose place another one took may still stand in Xero."""
    ended = [an_invoice("1", "v", status="VOIDED", live=False), an_invoice("2", "d", status="DELETED", live=False)]
    replaced = an_invoice("3", "r", status="AUTHORISED", live=False)
    ledger.record_links([], [*ended, replaced, an_invoice("4", "l")])
    assert ledger.ended_among(["v", "d", "r", "l", "unknown"]) == {"v", "d"}


def test_a_second_live_invoice_is_a_bug_and_a_successor_is_not(ledger: Ledger) -> None:
    ledger.record_links([], [an_invoice("1", "a")])
    with pytest.raises(BugError, match=r"invoice_link\.deal_id"):
        ledger.record_links([a_customer()], [an_invoice("1", "b")])
    assert ledger.find_customer_links([CustomerKey("Accounts", "9")]) == {}
    ledger.record_links([], [an_invoice("1", "b"), an_invoice("1", "a", status="VOIDED", live=False)])
    assert ledger.find_invoice_links(["1"])["1"] == an_invoice("1", "b")


@pytest.mark.parametrize("total", [1.5, Decimal("NaN"), Decimal("Infinity"), "1.50"])
def test_an_amount_that_is_not_exact_is_refused(ledger: Ledger, total: object) -> None:
    with pytest.raises(BugError, match="not an exact decimal"):
        ledger.record_links([], [an_invoice(total=total)])


@pytest.mark.parametrize("text", ["0", "0.00", "-12.30", "1E+3", "1E-7", "99999999999999999999.9999"])
def test_an_amount_keeps_its_value_and_its_decimals(ledger: Ledger, text: str) -> None:
    ledger.record_links([], [an_invoice(total=Decimal(text))])
    found = ledger.find_invoice_links(["1"])["1"].total
    assert str(format(found, "f")) == format(Decimal(text), "f")


# ---- facts, runs, events ----


def test_a_fact_is_kept_with_its_time_and_replaced(ledger: Ledger) -> None:
    assert ledger.fact("organisation") is None
    ledger.record_fact("organisation", '{"name":"Example"}', NOON)
    ledger.record_fact("accounts", "[]", NOON)
    ledger.record_fact("organisation", "{}", minutes(1))
    assert ledger.fact("organisation") == ("{}", minutes(1))
    assert ledger.fact("accounts") == ("[]", NOON)


def test_runs_come_newest_first(ledger: Ledger) -> None:
    for number in range(12):
        ledger.begin_run(f"run-{number}", "apply", minutes(number))
    ledger.finish_run("run-11", minutes(20), 3, '{"schema":1}')
    assert [run.run_id for run in ledger.runs()] == [f"run-{number}" for number in range(11, 1, -1)]
    assert ledger.runs(limit=2) == [
        RunRecord("run-11", "apply", minutes(11), minutes(20), 3, '{"schema":1}'),
        RunRecord("run-10", "apply", minutes(10), None, None, None),
    ]


def test_idle_runs_are_forgotten_after_thirty_days(ledger: Ledger) -> None:
    day = timedelta(days=1)
    for name, age, report in [("old", 31, None), ("told", 31, "{}"), ("young", 29, None)]:
        ledger.begin_run(name, "apply", NOON - age * day)
        ledger.finish_run(name, NOON - age * day, 0, report)
    ledger.begin_run("now", "apply", NOON)
    ledger.finish_run("now", NOON, 0, None)
    assert [run.run_id for run in ledger.runs()] == ["now", "young", "told"]


def test_finishing_an_unknown_run_is_a_bug(ledger: Ledger) -> None:
    with pytest.raises(BugError, match="`run` for run_id nobody touched 0 rows"):
        ledger.finish_run("nobody", NOON, 0, None)


def test_history_is_told_in_order(ledger: Ledger) -> None:
    ledger.record_events([an_event("1", "staged", stage="Confirmed"), an_event("2"), an_event("1", "invoiced")])
    ledger.record_events([replace(an_event("1", "held", path="Zeilen[0].Größe"), run_id=None)])
    assert [event.kind for event in ledger.events("1")] == ["staged", "invoiced", "held"]
    assert ledger.events("1")[2] == replace(an_event("1", "held", path="Zeilen[0].Größe"), run_id=None)


def test_only_text_is_kept_in_a_detail(ledger: Ledger) -> None:
    with pytest.raises(BugError, match="Only text"):
        ledger.record_events([replace(an_event(), detail={"total": Decimal(1)})])


# ---- transactions ----

CALLS: list[Callable[[Ledger], object]] = [
    lambda ledger: ledger.identity(),
    lambda ledger: ledger.find_deals(["1"]),
    lambda ledger: ledger.stage([a_deal()], NOON),
    lambda ledger: ledger.record_baseline([a_deal("3")], frozenset(), NOON),
    lambda ledger: ledger.record_links([a_customer()], [an_invoice()]),
    lambda ledger: begin(ledger),
    lambda ledger: ledger.unsettled_writes(),
    lambda ledger: ledger.record_fact("a", "b", NOON),
]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_no_transaction_stays_open(ledger: Ledger, path: Path, number: int) -> None:
    CALLS[number](ledger)
    other = raw(path)
    other.execute("BEGIN EXCLUSIVE")
    other.execute("ROLLBACK")
    other.close()


def test_nothing_is_written_for_nothing(ledger: Ledger, path: Path) -> None:
    before = path.read_bytes()
    ledger.stage([], None)
    ledger.settle_deals([])
    ledger.record_links([], [])
    ledger.record_events([])
    assert path.read_bytes() == before


def test_a_full_disk_is_said_and_changes_nothing(ledger: Ledger) -> None:
    ledger.stage([a_deal("1")], NOON)
    with ledger._reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerError, match="disk is full"):
        ledger.stage([a_deal(str(number), snapshot="x" * 5000) for number in range(2, 9)], minutes(1))
    assert ledger.checkpoint() == NOON
    assert [deal.deal_id for deal in ledger.pending_deals()] == ["1"]
    assert ledger.stage([a_deal("1", name="Smaller")], minutes(1)) is None


def test_damage_found_under_way_is_said(ledger: Ledger, path: Path) -> None:
    ledger.stage([a_deal(str(number), snapshot="x" * 3000) for number in range(50)], NOON)
    ledger._engine.dispose()
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xa5" * len(content[8192:])
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="damaged") as caught:
        ledger.pending_deals()
    assert "rebuild" in caught.value.hint


def test_a_refusal_shows_no_values(ledger: Ledger) -> None:
    with pytest.raises(BugError) as caught:
        ledger.stage([a_deal("1", name="Confidential Holdings", state=DealState.HELD)], None)
    assert "deal_waits_with_a_reason" in caught.value.message
    assert "Confidential" not in caught.value.message + str(caught.value.__cause__)


def test_a_closed_ledger_lets_go_of_its_file(ledger: Ledger, path: Path) -> None:
    ledger.checkpoint()
    ledger.close()
    open_files = [link.resolve() for link in Path("/proc/self/fd").iterdir()] if Path("/proc/self/fd").is_dir() else []
    assert path.resolve() not in open_files
    other = sqlite3.connect(path)
    other.execute("VACUUM")
    other.close()
