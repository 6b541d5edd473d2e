"""Worlds into organisations, and the hands of the people who work in them."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from zoho_bench import WORLD, make_bench

from zoho_xero_sync.sandbox.clock import VirtualClock
from zoho_xero_sync.sandbox.zoho import jsonout
from zoho_xero_sync.sandbox.zoho.ids import record_id
from zoho_xero_sync.sandbox.zoho.state import ZohoState


def test_ids_are_derived_or_stated() -> None:
    state = make_bench(
        {"accounts": [{"key": "a", "Account_Name": "A"}, {"id": "5725767000000123456", "Account_Name": "B"}]}
    ).state
    assert [account["id"] for account in state.records("Accounts")] == sorted(
        [record_id("Accounts", "a"), "5725767000000123456"], key=int
    )
    assert len(record_id("Deals", "x")) == 19


def test_two_worlds_alike_are_the_same() -> None:
    assert make_bench().state.snapshot() == make_bench().state.snapshot()


def test_references_may_come_before_what_they_name() -> None:
    world = {"accounts": [{"key": "child", "Account_Name": "C", "parent": "top"}, {"key": "top", "Account_Name": "T"}]}
    assert make_bench(world).state.find("Accounts", "child")["Parent_Account"]["name"] == "T"


@pytest.mark.parametrize(
    ("deal", "shown"),
    [
        ({"Amount": 12.5}, {"Amount": Decimal("12.5")}),
        ({"Amount": "1e3"}, {"Amount": Decimal("1000")}),
        ({"Amount": None}, {"Amount": None}),
        ({"Closing_Date": date(2026, 1, 2)}, {"Closing_Date": "2026-01-02"}),
        ({"Modified_Time": datetime(2026, 7, 1, tzinfo=UTC)}, {"Modified_Time": "2026-07-01T10:00:00+10:00"}),
        ({"Modified_Time": "2026-07-01T10:00:00"}, {"Modified_Time": "2026-07-01T10:00:00+10:00"}),
        ({"Modified_Time": "2026-07-01T00:00:00.900Z"}, {"Modified_Time": "2026-07-01T10:00:00+10:00"}),
        ({}, {"Modified_Time": "2026-11-20T12:00:00+11:00", "Created_Time": "2026-11-20T12:00:00+11:00"}),
        ({"Created_Time": "2026-01-01T00:00:00Z"}, {"Modified_Time": "2026-11-20T12:00:00+11:00"}),
        ({"Currency": "AUD"}, {}),
        ({"contact": "buyer"}, {"Account_Name": None}),
        ({"Contact_Name": {"id": record_id("Contacts", "buyer")}}, {}),
        ({"account": "Acme Pty Ltd"}, {}),
    ],
)
def test_spellings(deal: dict[str, Any], shown: dict[str, Any]) -> None:
    state = make_bench().state
    found = state.find("Deals", state.create("Deals", {"Deal_Name": "D", **deal}))
    assert {name: found[name] for name in shown} == shown


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (
            {"deals": [{"key": "x", "Deal_Name": "X", "account": "nobody"}]},
            r"zoho\.deals\[x\]: Deals: Accounts: there is no 'nobody'",
        ),
        (
            {"deals": [{"Deal_Name": "X", "Nope": 1}]},
            r"zoho\.deals\[0\]: Deals: there is no field 'Nope'; declare custom",
        ),
        ({"deals": [{"Deal_Name": "X", "Amount": "much"}]}, "Amount: 'much' is not a currency"),
        ({"deals": [{"Deal_Name": "X", "Currency": "USD"}]}, "needs zoho.org.multi_currency: true"),
        ({"deals": [{"key": "x", "Deal_Name": "X"}, {"key": "x", "Deal_Name": "Y"}]}, "the key 'x' is used twice"),
        ({"deals": [{"id": "1", "Deal_Name": "X"}, {"id": "1", "Deal_Name": "Y"}]}, "the id 1 is used twice"),
        ({"fields": {"Deals": {"F": "colour"}}}, "'colour' is not a Zoho data type"),
        ({"fields": {"Potentials": {"F": "text"}}}, "Zoho has no module 'Potentials'"),
        ({"org": {"time_zone": "Mars/Base"}}, "'Mars/Base' is not an IANA time zone"),
        ({"org": {"edition": "gold"}}, "'gold' is none of free"),
        ({"switches": {"nope": 1}}, "there is no switch nope"),
    ],
)
def test_worlds_that_cannot_be(part: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_bench({**WORLD, "quotes": [], **part})


def test_custom_subform_on_the_deal() -> None:
    subform = {
        "type": "subform",
        "module": "Deal_Lines",
        "fields": {"Product_Name": "lookup:Products", "Price": "currency"},
    }
    rows = [{"product": "widget", "Price": "5.5"}, {"Price": 7}]
    world = {
        **WORLD,
        "fields": {"Deals": {"Deal_Lines": subform}},
        "quotes": [],
        "deals": [{"key": "d", "Deal_Name": "D", "Deal_Lines": rows}],
    }
    bench = make_bench(world)
    deal = bench.get(f"Deals/{bench.id('Deals', 'd')}").get_json()["data"][0]
    assert [row["Price"] for row in deal["Deal_Lines"]] == [5.5, 7]
    found = bench.rows(f"select Product_Name, Price from Deal_Lines where Parent_Id = {deal['id']} order by Price")
    assert found[0]["Product_Name"]["name"] == "Widget"


def test_edits_move_only_what_they_touch() -> None:
    bench = make_bench()
    state, clock = bench.state, bench.clock
    before = state.find("Deals", "d1")
    clock.advance(90.7)
    state.replace_lines("Quotes", "q1", [{"product": "widget", "Quantity": 1, "List_Price": 1}])
    assert state.find("Deals", "d1") == before
    assert state.find("Quotes", "q1")["Modified_Time"] == "2026-11-20T12:01:30+11:00"
    state.update("Deals", "First", {"Stage": "Closed Lost"})
    after = state.find("Deals", "d1")
    assert (after["Stage"], after["Modified_Time"]) == ("Closed Lost", "2026-11-20T12:01:30+11:00")
    found = bench.rows("select id from Deals where Modified_Time >= '2026-11-20T01:01:30Z'")
    assert [row["id"] for row in found] == [before["id"]]
    state.update("Deals", "d1", {"Modified_Time": "2026-01-01T00:00:00Z"})
    assert bench.rows("select id from Deals where Modified_Time >= '2026-11-20T01:01:30Z'") == []


def test_links_follow_edits() -> None:
    bench = make_bench()
    acme = bench.id("Accounts", "acme")
    bench.state.update("Deals", "d2", {"account": "acme"})
    found = [row["Deal_Name"] for row in bench.rows(f"select Deal_Name from Deals where Account_Name = {acme}")]
    assert found == ["Second"]
    bench.state.update("Deals", "d2", {"Account_Name": None})
    assert bench.rows(f"select id from Deals where Account_Name = {acme}") == []


def test_contacts_have_a_full_name() -> None:
    state = make_bench().state
    state.update("Contacts", "buyer", {"Last_Name": "Purchaser"})
    assert state.find("Contacts", "buyer")["Full_Name"] == "Pat Purchaser"


@pytest.mark.parametrize(
    ("module", "name", "message"),
    [
        ("Deals", "nobody", "Deals: there is no 'nobody'"),
        ("Potentials", "d1", "Zoho has no module 'Potentials'"),
        ("Deals", "Twin", "several records are named 'Twin'"),
    ],
)
def test_finding_nothing(module: str, name: str, message: str) -> None:
    state = make_bench().state
    for _ in range(2):
        state.create("Deals", {"Deal_Name": "Twin"})
    with pytest.raises(LookupError, match=message):
        state.find(module, name)


def test_new_ids_rise_and_deleted_keys_are_gone() -> None:
    state = make_bench().state
    first, second = (int(state.create("Deals", {"Deal_Name": "N"})) for _ in range(2))
    assert max(int(deal["id"]) for deal in state.records("Deals")) == second > first
    state.delete("Accounts", "obrien")
    with pytest.raises(ValueError, match="there is no 'obrien'"):
        state.create("Deals", {"Deal_Name": "N", "account": "obrien"})


def test_snapshot_is_plain_json_without_secrets() -> None:
    bench = make_bench()
    text = json.dumps(bench.state.snapshot())
    assert '"Amount": "1234.50"' in text
    for secret in ("sandbox-zoho-secret", "1000.sandbox.refresh", bench.headers["Authorization"].split()[1]):
        assert secret not in text
        assert secret not in repr(bench.state.oauth)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": Decimal("24.15"), "b": [Decimal("0.0"), 1, None, True]}, '{"a":24.15,"b":[0.0,1,null,true]}'),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.1000000000000000055511"), "0.1000000000000000055511"),
        ({"é": 'quote " and 😀', "empty": {}, "none": []}, '{"é":"quote \\" and 😀","empty":{},"none":[]}'),
    ],
)
def test_json_is_exact(value: Any, text: str) -> None:
    assert jsonout.dumps(value) == text
    assert jsonout.loads(text) == value


def test_json_refuses_floats() -> None:
    with pytest.raises(TypeError, match="float"):
        jsonout.dumps({"a": 0.1})


def test_a_big_world_is_quick() -> None:
    size = 3000
    world = {
        "products": [{"key": "p", "Product_Name": "P"}],
        "deals": [{"key": f"d{n}", "Deal_Name": f"Deal {n}", "Stage": "Closed Won"} for n in range(size)],
        "quotes": [
            {
                "key": f"q{n}",
                "Subject": "Q",
                "deal": f"d{n}",
                "lines": [{"product": "p", "Quantity": 1, "List_Price": 1}] * 3,
            }
            for n in range(size)
        ],
    }
    started = time.process_time()
    state = ZohoState.from_world({"zoho": world}, VirtualClock(running=False))
    assert len(state.tables["Quoted_Items"].records) == 3 * size
    assert time.process_time() - started < 5
