"""Deals: every changed one is read, whatever moves under the reader; a bad row holds itself, a bad page the run."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from remote_tools import NOW, ZohoBench

from zoho_xero_sync.core.model import Deal, Problem
from zoho_xero_sync.core.rules import CustomerRules, DueField, InvoiceRules, Rules, StageRule
from zoho_xero_sync.core.templates import Template
from zoho_xero_sync.core.window import Window
from zoho_xero_sync.errors import ConfigError, RemoteError
from zoho_xero_sync.remote.zoho import coql
from zoho_xero_sync.remote.zoho.changed import SMALL_PAGE
from zoho_xero_sync.remote.zoho.deals import DealReader, deal_columns, parse_deal

RULES = Rules(stages=(StageRule(("Closed Won",), "authorised"),))
START = datetime(2026, 11, 19, 0, 0, tzinfo=UTC)


def world(times: list[datetime], **more: Any) -> dict[str, Any]:
    """Deals modified at these times, in the order of their ids."""
    deals = [
        {"key": f"d{n}", "Deal_Name": f"Deal {n}", "Stage": "Closed Won", "Modified_Time": time.isoformat()}
        for n, time in enumerate(times)
    ]
    return {"deals": deals, **more}


def reader(bench: ZohoBench, rules: Rules = RULES) -> DealReader:
    return DealReader(bench.client, rules, multi_currency=False)


def seconds(*after: float) -> list[datetime]:
    return [START + timedelta(seconds=second) for second in after]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Pages of a few rows, so that a world of a dozen deals has many."""

    def use(rows: int) -> None:
        monkeypatch.setattr(coql, "ROWS_MAX", rows)

    return use


# ---- paging ----

SPREADS = {
    "one": [0],
    "all in one second": [5] * 23,
    "one a second": list(range(23)),
    "seconds that straddle pages": [0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3, 4, 4],
    "a full second first, then others": [0] * 9 + [1, 2, 3],
    "others, then a full second last": [1, 2, 3] + [4] * 9,
    "full seconds back to back": [0] * 7 + [1] * 7 + [2] * 7,
    "exactly one page": [0, 1, 2, 3],
    "exactly one page of one second": [0] * 4,
    "exactly two pages": [0, 0, 0, 0, 1, 1, 1, 1],
}


@pytest.mark.parametrize("spread", SPREADS.values(), ids=SPREADS)
@pytest.mark.parametrize("rows", [2, 3, 4, 5])
def test_every_changed_deal_is_read_once(small_pages: Callable[[int], None], spread: list[int], rows: int) -> None:
    bench = ZohoBench(world(seconds(*spread)))
    small_pages(rows)
    fetched = reader(bench).changed(Window(START), first_page=rows)
    names = sorted(row.name for row in fetched.rows)
    assert names == sorted(f"Deal {n}" for n in range(len(spread)))
    assert len({row.id for row in fetched.rows}) == len(spread)
    assert fetched.read_at == NOW
    assert all("limit 0, " in query for query in bench.queries())


def test_an_idle_poll_is_one_small_query() -> None:
    bench = ZohoBench(world(seconds(-60)))
    fetched = reader(bench).changed(Window(START), first_page=SMALL_PAGE)
    assert fetched.rows == () and fetched.read_at == NOW
    assert len(bench.queries()) == 1 and bench.queries()[0].endswith("limit 0, 200")


def test_a_full_first_page_goes_on_with_large_ones() -> None:
    bench = ZohoBench(world(seconds(*range(450))))
    fetched = reader(bench).changed(Window(START), first_page=SMALL_PAGE)
    assert len(fetched.rows) == 450
    assert [query.rpartition("limit ")[2] for query in bench.queries()] == ["0, 200", "0, 2000"]


def test_2500_deals_in_one_second_are_all_read() -> None:
    """What a mass update leaves behind: more deals in one second than one query can return."""
    bench = ZohoBench(world([START] * 2500 + seconds(1)))
    fetched = reader(bench).changed(Window(START), first_page=SMALL_PAGE)
    assert len({row.id for row in fetched.rows}) == 2501
    assert len(bench.queries()) <= 5


@pytest.mark.parametrize(("end", "expected"), [(0, 1), (1, 2), (2, 5), (9, 6), (100, 6)])
@pytest.mark.parametrize("rows", [2, 2000])
def test_a_window_is_closed_at_both_ends(
    small_pages: Callable[[int], None], rows: int, end: int, expected: int
) -> None:
    bench = ZohoBench(world(seconds(-1, 0, 1, 2, 2, 2, 9)))
    small_pages(rows)
    fetched = reader(bench).changed(Window(START, START + timedelta(seconds=end)), first_page=rows)
    assert len(fetched.rows) == expected


def test_paging_ends_where_the_window_does(small_pages: Callable[[int], None]) -> None:
    bench = ZohoBench(world(seconds(*range(40))))
    small_pages(4)
    reader(bench).changed(Window(START, START + timedelta(seconds=5)), first_page=4)
    assert len(bench.queries()) <= 3


# ---- under the reader ----


@pytest.mark.parametrize("rows", [2, 3])
@pytest.mark.parametrize("call", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize(
    "spread", [list(range(9)), [0] * 9, [0, 0, 0, 1, 1, 1, 2, 2, 2]], ids=["apart", "one", "threes"]
)
def test_a_deal_edited_while_reading_is_neither_missed_nor_stale(
    small_pages: Callable[[int], None], spread: list[int], call: int, rows: int
) -> None:
    """Before each query a person edits the oldest deals, which so move behind the reader and to the end of the list."""
    bench = ZohoBench(world(seconds(*spread)))
    small_pages(rows)
    edited: dict[str, str] = {}

    def edit(number: int) -> None:
        if number != call:
            return
        for key in ("d0", "d1", "d8"):
            bench.state.update("Deals", bench.id("Deals", key), {"Deal_Name": f"{key} edited"})
            edited[bench.id("Deals", key)] = f"{key} edited"

    bench.wire.before = edit
    fetched = reader(bench).changed(Window(START), first_page=rows)
    assert len({row.id for row in fetched.rows}) == len(fetched.rows) == 9
    names = {row.id: row.name for row in fetched.rows}
    if len(bench.queries()) > call:
        assert {deal_id: names[deal_id] for deal_id in edited} == edited
    assert fetched.read_at is not None and fetched.read_at <= NOW


def test_read_at_is_zoho_s_clock_before_the_first_row_was_read(small_pages: Callable[[int], None]) -> None:
    """What changes while the pages are read lies after it, so the next run's window covers it."""
    bench = ZohoBench(world(seconds(*range(9))))
    small_pages(2)

    def pass_a_minute(number: int) -> None:
        if number > 1:
            bench.clock.advance(60)

    bench.wire.before = pass_a_minute
    fetched = reader(bench).changed(Window(START), first_page=2)
    assert fetched.read_at == NOW and bench.client.read_at is not None and bench.client.read_at > NOW


def test_a_deal_deleted_while_reading_does_not_stop_the_others(small_pages: Callable[[int], None]) -> None:
    bench = ZohoBench(world(seconds(*range(9))))
    small_pages(2)
    bench.wire.before = lambda number: bench.state.delete("Deals", "d5") if number == 2 else None
    fetched = reader(bench).changed(Window(START), first_page=2)
    assert {row.name for row in fetched.rows} == {f"Deal {n}" for n in range(9) if n != 5}


# ---- by id and by stage ----


def test_deals_by_id_are_asked_for_fifty_at_a_time() -> None:
    bench = ZohoBench(world(seconds(*range(120))))
    wanted = [bench.id("Deals", f"d{n}") for n in range(120)] + ["999999999999999999"]
    fetched = reader(bench).with_ids(wanted)
    assert sorted(row.id for row in fetched.rows) == sorted(wanted[:-1])
    assert len(bench.queries()) == 3
    assert reader(bench).with_ids([]).rows == ()


def test_deals_in_stages_are_paged_by_id(small_pages: Callable[[int], None]) -> None:
    bench = ZohoBench(world(seconds(*[0] * 11)))
    bench.state.update("Deals", "d3", {"Stage": "Proposal"})
    small_pages(3)
    fetched = reader(bench).in_stages(["Closed Won", "O'Brien's stage"])
    assert len(fetched.rows) == 10 and "Deal 3" not in {row.name for row in fetched.rows}


# ---- columns ----


@pytest.mark.parametrize(
    ("rules", "multi", "present", "absent"),
    [
        (RULES, False, ["Amount", "Account_Name.Billing_Code", "Contact_Name.Mailing_Zip"], ["Currency", "Pipeline"]),
        (RULES, True, ["Currency"], ["Pipeline"]),
        (Rules(stages=(StageRule(("Won",), "draft", pipeline="Retail"),)), False, ["Pipeline"], ["Currency"]),
        (Rules(stages=(), customer=CustomerRules(sources=("contact",))), False, ["Contact_Name"], ["Account_Name"]),
        (
            Rules(
                stages=(), invoice=InvoiceRules(number=Template.parse("{PO}-{id}"), date="When", due=DueField("Pay"))
            ),
            False,
            ["PO", "When", "Pay", "Deal_Name"],
            ["id"],
        ),
    ],
)
def test_only_columns_that_are_there_or_needed_are_asked_for(
    rules: Rules, multi: bool, present: list[str], absent: list[str]
) -> None:
    columns = deal_columns(rules, multi_currency=multi)
    assert set(present) <= set(columns) and not set(absent) & set(columns)
    assert len(columns) == len(set(columns))
    assert {column.partition(".")[0] for column in columns if "." in column} <= {"Account_Name", "Contact_Name"}


def test_a_field_that_zoho_does_not_have_is_a_configuration_error_that_names_it() -> None:
    rules = Rules(stages=RULES.stages, invoice=InvoiceRules(reference=Template.parse("{PO_Nmber}")))
    with pytest.raises(ConfigError, match="PO_Nmber"):
        reader(ZohoBench(world(seconds(0))), rules).changed(Window(START), first_page=200)


# ---- rows ----

ROW: dict[str, Any] = {
    "id": "572500000000123456",
    "Deal_Name": "Fit-out",
    "Stage": "Closed Won",
    "Amount": Decimal("1234.50"),
    "Closing_Date": "2026-11-30",
    "Modified_Time": "2026-11-20T12:00:00+11:00",
    "Account_Name": {"id": "572500000000200001", "name": "Example"},
    "Account_Name.Account_Name": "Example Trading",
    "Account_Name.Billing_Street": " 1 Example Street\nLevel 2 ",
    "Account_Name.Billing_Code": "2000",
    "Contact_Name": {"id": "572500000000300001", "name": "Pat Buyer"},
    "Contact_Name.Last_Name": " Buyer ",
    "Contact_Name.Email": " buyer@example.com ",
    "Contact_Name.Mailing_Zip": "2001",
}


def test_one_row_is_a_deal_with_its_customer() -> None:
    deal = parse_deal(ROW, RULES)
    assert isinstance(deal, Deal) and deal.account is not None and deal.person is not None
    assert (deal.amount, deal.currency, deal.pipeline) == (Decimal("1234.50"), None, None)
    assert deal.modified_at == datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    assert (deal.account.name, deal.account.billing.code) == ("Example Trading", "2000")
    assert deal.account.billing.street == "1 Example Street\nLevel 2"
    assert (deal.person.last_name, deal.person.email, deal.person.mailing.code) == (
        "Buyer",
        "buyer@example.com",
        "2001",
    )
    assert deal.fields == {"id": ROW["id"], "Deal_Name": "Fit-out", "Closing_Date": "2026-11-30"}


@pytest.mark.parametrize(
    ("changes", "account", "person"),
    [
        ({"Account_Name": None, "Contact_Name": None}, None, None),
        ({"Account_Name.Account_Name": None}, "Example", "572500000000300001"),
        ({"Account_Name": {"id": "5"}, "Account_Name.Account_Name": None}, "", "572500000000300001"),
        ({"Contact_Name": "572500000000300001"}, "Example Trading", "572500000000300001"),
    ],
)
def test_lookups_with_and_without_names(changes: dict[str, Any], account: str | None, person: str | None) -> None:
    deal = parse_deal({**ROW, **changes}, RULES)
    assert isinstance(deal, Deal)
    assert (deal.account.name if deal.account else None) == account
    assert (deal.person.id if deal.person else None) == person


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"Amount": "lots"}, "Amount"),
        ({"Amount": Decimal("1E+300")}, "Amount"),
        ({"Modified_Time": None}, "Modified_Time"),
        ({"Modified_Time": "0001-01-01T00:00:00+14:00"}, "Modified_Time"),
        ({"Account_Name": {"name": "no id"}}, "Account_Name"),
        ({"Contact_Name": []}, "Contact_Name"),
        ({"Stage": {"id": "1"}}, "Stage"),
        ({"Deal_Name": ["a"]}, "Deal_Name"),
        ({"Contact_Name.Email": {}}, "Contact_Name.Email"),
        ({"Currency": True}, "Currency"),
    ],
)
def test_a_row_that_is_not_of_its_type_is_a_problem_with_the_field_s_path(changes: dict[str, Any], path: str) -> None:
    problem = parse_deal({**ROW, **changes}, RULES)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.path, problem.subject) == ("deal_unreadable", path, f"deal {ROW['id']}")
    assert path in problem.message and f"resolve {ROW['id']} --retry" in problem.hint


def test_a_snapshot_reads_back_as_the_same_deal_and_changes_only_with_content() -> None:
    bench = ZohoBench(
        world(
            seconds(0),
            accounts=[{"key": "a", "Account_Name": 'O\'Brien & "Söhne" 🌞', "Billing_Street": "1\n2"}],
        )
    )
    bench.state.update("Deals", "d0", {"account": "a", "Amount": "1234.50", "Modified_Time": START.isoformat()})
    rules = Rules(stages=RULES.stages, invoice=InvoiceRules(reference=Template.parse("{Account_Name}/{Amount}")))
    deals = reader(bench, rules)
    (first,) = deals.changed(Window(START), first_page=200).rows
    (again,) = deals.changed(Window(START), first_page=200).rows
    assert first == again and json.loads(first.snapshot)["Amount"] == "1234.5"
    stored = deals.row(first.snapshot)
    assert stored.snapshot == first.snapshot
    assert isinstance(stored.content, Deal) and isinstance(first.content, Deal)
    assert stored.content.amount == first.content.amount == Decimal("1234.50")
    assert stored.content.fields["Account_Name"] == 'O\'Brien & "Söhne" 🌞'
    bench.state.update("Deals", "d0", {"Amount": "1234.51", "Modified_Time": START.isoformat()})
    assert deals.changed(Window(START), first_page=200).rows[0].snapshot != first.snapshot


# ---- bad pages ----


def answers(bench: ZohoBench, rows: list[Any], monkeypatch: pytest.MonkeyPatch, *, more: bool = False) -> DealReader:
    """A reader whose queries return these rows."""
    from zoho_xero_sync.remote.zoho.client import Page

    monkeypatch.setattr(bench.client, "query", lambda statement: Page(tuple(rows), more, NOW))
    return reader(bench)


@pytest.mark.parametrize("deal_id", [None, "", 572500000000123456, "abc", {"id": "1"}])
def test_a_page_with_a_row_without_an_id_is_not_used_at_all(deal_id: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = answers(ZohoBench(world([])), [ROW, {**ROW, "id": deal_id}], monkeypatch)
    with pytest.raises(RemoteError, match="deal that has no id"):
        found.changed(Window(START), first_page=200)


def test_a_page_that_hides_its_time_cannot_be_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = answers(ZohoBench(world([])), [ROW, {**ROW, "id": "2", "Modified_Time": None}], monkeypatch, more=True)
    with pytest.raises(RemoteError, match="Modified_Time"):
        found.changed(Window(START), first_page=200)


def test_a_row_without_a_time_is_kept_to_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    found = answers(ZohoBench(world([])), [ROW, {**ROW, "id": "2", "Modified_Time": None}], monkeypatch)
    fetched = found.changed(Window(START, NOW), first_page=200)
    assert [isinstance(row.content, Problem) for row in fetched.rows] == [False, True]
    assert fetched.rows[1].modified_at is None


def test_a_monstrous_number_neither_fills_the_memory_nor_stops_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{**ROW, "id": "1", "Amount": Decimal("1E+999999999")}, {**ROW, "id": "2"}]
    fetched = answers(ZohoBench(world([])), rows, monkeypatch).changed(Window(START), first_page=200)
    assert [isinstance(row.content, Problem) for row in fetched.rows] == [True, False]
    assert len(fetched.rows[0].snapshot) < 2000


def test_the_page_sizes_are_those_that_zoho_prices() -> None:
    assert (SMALL_PAGE, coql.ROWS_MAX) == (200, 2000)
