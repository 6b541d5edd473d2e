"""COQL: what is accepted, what comes back, and what is refused with which code and details."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from zoho_bench import Bench, exact, make_bench


@pytest.fixture(scope="module")
def bench() -> Bench:
    return make_bench()


A = "Deal_Name = 'First'"
B = "Amount > 1"
C = "Stage in ('Closed Won','Confirmed')"


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("id is not null", ["First", "Second", "third"]),
        (A, ["First"]),
        ('Deal_Name = "First"', ["First"]),
        ("(Deal_Name = 'First')", ["First"]),
        (f"{A} and {B}", ["First"]),
        (f"({A} and {B})", ["First"]),
        (f"(({A} and {B}) and {C})", ["First"]),
        (f"({A} and ({B} and {C}))", ["First"]),
        (f"{A} and ({B} and {C})", ["First"]),
        (f"({A} and {B}) and {C}", ["First"]),
        (f"({A} and {B}) or ({C} and Amount = 0)", ["First", "Second"]),
        ("Deal_Name = 'first'", []),
        ("Deal_Name != 'First'", ["Second", "third"]),
        ("Deal_Name like '%ir%'", ["First", "third"]),
        ("Deal_Name like 'Sec%'", ["Second"]),
        ("Deal_Name not like '%ir%'", ["Second"]),
        ("Deal_Name in ('First','third')", ["First", "third"]),
        ("Deal_Name not in ('First','third')", ["Second"]),
        ("Amount = 1234.50", ["First"]),
        ("Amount between 0 and 1", ["Second"]),
        ("Amount not between 0 and 1", ["First"]),
        ("Amount != 0", ["First"]),
        ("Amount not in (0)", ["First"]),
        ("Amount is null", ["third"]),
        ("Amount >= -1", ["First", "Second"]),
        ("Closing_Date = '2026-11-30'", ["First"]),
        ("Closing_Date < '2026-12-01'", ["First"]),
        ("Closing_Date is null", ["Second", "third"]),
        ("Modified_Time >= '2026-11-19T10:00:00Z'", ["First", "third"]),
        ("Modified_Time > '2026-11-19T10:00:00+00:00'", []),
        ("Modified_Time = '2026-11-19T20:00:00+10:00'", ["First", "third"]),
        ("Modified_Time < '2026-11-19T03:00:00-07:00'", ["Second"]),
        ("Modified_Time between '2026-09-01T10:00:00Z' and '2026-09-02T00:00:00Z'", ["Second"]),
        ("Modified_Time >= '2026-01-01T00:00:00Z' and Modified_Time < '2026-10-01T00:00:00Z'", ["Second"]),
        ("Modified_Time = '2026-11-19T10:00:00Z' or Deal_Name = 'Second'", ["First", "Second", "third"]),
        ("Regions = 'North;South'", ["First"]),
        ("Locked__s = false", ["First", "Second", "third"]),
        ("Locked__s = 'true'", []),
        ("Account_Name is null", ["third"]),
        ("Account_Name is not null", ["First", "Second"]),
        ("Account_Name.Account_Name = 'O''Brien & Co'", ["Second"]),
        ("Account_Name.Parent_Account.Account_Name = 'Acme Pty Ltd'", ["First"]),
        ("Owner.last_name = 'Desk'", ["First", "Second", "third"]),
        ("'Deal_Name' = 'First'", ["First"]),
    ],
)
def test_accepted_criteria(bench: Bench, where: str, names: list[str]) -> None:
    rows = bench.rows(f"SELECT Deal_Name FROM Deals WHERE {where}")
    assert sorted(row["Deal_Name"] for row in rows) == names


def test_ids_quoted_or_bare_in_both_directions(bench: Bench) -> None:
    acme, first = bench.id("Accounts", "acme_west"), bench.id("Deals", "d1")
    for literal in (acme, f"'{acme}'"):
        assert [row["id"] for row in bench.rows(f"select id from Deals where Account_Name = {literal}")] == [first]
    ids = sorted(int(bench.id("Deals", key)) for key in ("d1", "d2", "d3"))
    assert [int(r["id"]) for r in bench.rows(f"select id from Deals where id > {ids[0]} order by id asc")] == ids[1:]
    assert [int(r["id"]) for r in bench.rows(f"select id from Deals where id in ('{ids[1]}', {ids[0]})")] == ids[:2]


def test_shape_of_a_row(bench: Bench) -> None:
    query = (
        "select Deal_Name, Amount, Closing_Date, Modified_Time, Regions, Account_Name, Owner, Contact_Name.Email,"
        " Account_Name.Parent_Account.Account_Name from Deals where Deal_Name = 'First'"
    )
    answer = exact(bench.coql(query))
    assert answer == {
        "data": [
            {
                "Deal_Name": "First",
                "Amount": Decimal("1234.50"),
                "Closing_Date": "2026-11-30",
                "Modified_Time": "2026-11-19T21:00:00+11:00",
                "Regions": ["North", "South"],
                "Account_Name": {"name": "Acme West", "id": bench.id("Accounts", "acme_west")},
                "Owner": {"name": "Desk", "id": "5725767000000000101"},
                "Contact_Name.Email": "pat@example.com",
                "Account_Name.Parent_Account.Account_Name": "Acme Pty Ltd",
                "id": bench.id("Deals", "d1"),
            }
        ],
        "info": {"count": 1, "more_records": False},
    }


def test_numbers_keep_their_digits_on_the_wire(bench: Bench) -> None:
    assert '"Amount":1234.50' in bench.coql("select Amount from Deals where Amount > 1").text
    assert '"Amount":0.0' in bench.coql("select Amount from Deals where Amount = 0").text


def test_offset_follows_daylight_saving(bench: Bench) -> None:
    rows = bench.rows("select Modified_Time from Deals where Deal_Name = 'Second'")
    assert rows[0]["Modified_Time"] == "2026-09-01T20:00:00+10:00"


def test_null_lookup_is_null_in_both_forms(bench: Bench) -> None:
    row = bench.rows("select Account_Name, Account_Name.Account_Name from Deals where Deal_Name = 'third'")[0]
    assert (row["Account_Name"], row["Account_Name.Account_Name"]) == (None, None)


def test_empty_is_204_without_body(bench: Bench) -> None:
    answer = bench.coql("select id from Deals where Deal_Name = 'nobody'")
    assert (answer.status_code, answer.data) == (204, b"")


@pytest.mark.parametrize(
    ("tail", "names", "more"),
    [
        ("order by Modified_Time asc, Deal_Name asc", ["Second", "First", "third"], False),
        ("order by Modified_Time desc, Deal_Name asc", ["First", "third", "Second"], False),
        ("order by Amount", ["third", "Second", "First"], False),
        ("order by Account_Name.Account_Name desc, Deal_Name", ["Second", "First", "third"], False),
        ("order by Deal_Name limit 2", ["First", "Second"], True),
        ("order by Deal_Name limit 2 offset 1", ["Second", "third"], False),
        ("order by Deal_Name limit 1, 1", ["Second"], True),
        ("order by Deal_Name LIMIT 0, 2000", ["First", "Second", "third"], False),
    ],
)
def test_order_and_pages(bench: Bench, tail: str, names: list[str], more: bool) -> None:
    answer = bench.coql(f"select Deal_Name from Deals where id is not null {tail}").get_json()
    assert [row["Deal_Name"] for row in answer["data"]] == names
    assert answer["info"] == {"count": len(names), "more_records": more}


def test_default_order_is_by_id(bench: Bench) -> None:
    ids = [int(row["id"]) for row in bench.rows("select Deal_Name from Deals where id is not null")]
    assert ids == sorted(ids)


def test_aliases(bench: Bench) -> None:
    rows = bench.rows("select 'Deal_Name' as 'n', Amount as a from Deals where Amount is not null order by a desc")
    assert [(row["n"], row["a"]) for row in rows] == [("First", Decimal("1234.50")), ("Second", Decimal("0.0"))]


def test_subform_rows_by_parent(bench: Bench) -> None:
    quote = bench.id("Quotes", "q1")
    rows = bench.rows(
        "select Parent_Id, Product_Name, Product_Name.Product_Code, Quantity, List_Price, Discount, Tax, Net_Total"
        f" from Quoted_Items where Parent_Id in ('{quote}') order by Sequence_Number asc"
    )
    assert [row["Parent_Id"] for row in rows] == [{"name": "Quote one", "id": quote}] * 2
    assert [row["Product_Name"] and row["Product_Name"]["name"] for row in rows] == ["Widget", None]
    assert [row["Product_Name.Product_Code"] for row in rows] == ["W-1", None]
    assert [row["Net_Total"] for row in rows] == [Decimal("28.84"), Decimal("15.50")]
    by_deal = bench.rows(f"select id from Quoted_Items where Parent_Id.Deal_Name in ({bench.id('Deals', 'd1')})")
    assert {row["id"] for row in by_deal} == {row["id"] for row in rows}


def _value(column: str, kind: str) -> dict[str, Any]:
    return {"column_name": column, "expected_data_type": kind}


@pytest.mark.parametrize(
    ("query", "code", "details"),
    [
        ("select id from Deals", "SYNTAX_ERROR", {"clause": "where"}),
        ("select id from Nothing", "SYNTAX_ERROR", {"clause": "where"}),
        ("select id from Deals order by id", "SYNTAX_ERROR", {"clause": "where"}),
        ("select id where id is not null", "SYNTAX_ERROR", {"clause": "from"}),
        ("", "SYNTAX_ERROR", {"clause": "select"}),
        ("select * from Deals where id is not null", "SYNTAX_ERROR", {"line": 1, "column": 8, "near": "*"}),
        (
            "select id from Deals where Amount = 1 and Amount = 2 and Amount = 3",
            "SYNTAX_ERROR",
            {"line": 1, "column": 54, "near": "and"},
        ),
        (
            "select id from Deals\nwhere (Amount = 1 or Amount = 2 or Amount = 3)",
            "SYNTAX_ERROR",
            {"line": 2, "column": 33, "near": "or"},
        ),
        (
            "select id from Deals where Deal_Name = 'O\\'Brien'",
            "SYNTAX_ERROR",
            {"line": 1, "column": 44, "near": "Brien'"},
        ),
        ("select id from Deals where Deal_Name = Stage", "SYNTAX_ERROR", {"line": 1, "column": 40, "near": "Stage"}),
        ("select id from Deals where Deal_Name in ()", "SYNTAX_ERROR", {"line": 1, "column": 42, "near": ")"}),
        ("select id from Deals where id is not null limit x", "SYNTAX_ERROR", {"line": 1, "column": 49, "near": "x"}),
        ("select id from Deals where id is not null;", "SYNTAX_ERROR", {"line": 1, "column": 42, "near": ";"}),
        ("select id from Deals where Modified_Time > 2026-01-01T00:00:00Z", "SYNTAX_ERROR", None),
        ("delete from Deals where id is not null", "SYNTAX_ERROR", None),
        ("select from from Deals where id is not null", "SYNTAX_ERROR", None),
        ("select id from Potentials where id is not null", "INVALID_MODULE", {}),
        ("select id from users where id is not null", "INVALID_MODULE", {}),
        ("select Nope from Deals where id is not null", "INVALID_QUERY", {"column_name": "Nope", "clause": "select"}),
        (
            "select Currency from Deals where id is not null",
            "INVALID_QUERY",
            {"column_name": "Currency", "clause": "select"},
        ),
        ("select Exchange_Rate from Deals where id is not null", "INVALID_QUERY", None),
        ("select id from Deals where Nope = 1", "INVALID_QUERY", {"column_name": "Nope", "clause": "where"}),
        (
            "select id from Deals where id = 1 order by Nope",
            "INVALID_QUERY",
            {"column_name": "Nope", "clause": "order by"},
        ),
        (
            "select Deal_Name.id from Deals where id = 1",
            "INVALID_QUERY",
            {"column_name": "Deal_Name.id", "clause": "select"},
        ),
        (
            "select Quoted_Items from Quotes where id = 1",
            "INVALID_QUERY",
            {"column_name": "Quoted_Items", "clause": "select"},
        ),
        (
            "select $line_tax from Quotes where id = 1",
            "INVALID_QUERY",
            {"column_name": "$line_tax", "clause": "select"},
        ),
        (
            "select Line_Tax from Quoted_Items where id = 1",
            "INVALID_QUERY",
            {"column_name": "Line_Tax", "clause": "select"},
        ),
        (
            "select id from Deals where Modified_Time >= '2026-10-01T00:00:00.000Z'",
            "INVALID_QUERY",
            _value("Modified_Time", "datetime"),
        ),
        (
            "select id from Deals where Modified_Time >= '2026-10-01T00:00:00'",
            "INVALID_QUERY",
            _value("Modified_Time", "datetime"),
        ),
        (
            "select id from Deals where Modified_Time >= '2026-10-01'",
            "INVALID_QUERY",
            _value("Modified_Time", "datetime"),
        ),
        ("select id from Deals where Closing_Date = '2026-02-30'", "INVALID_QUERY", _value("Closing_Date", "date")),
        ("select id from Deals where Closing_Date != null", "INVALID_QUERY", _value("Closing_Date", "date")),
        ("select id from Deals where Account_Name != null", "INVALID_QUERY", _value("Account_Name", "lookup")),
        ("select id from Deals where Account_Name = 'Acme West'", "INVALID_QUERY", _value("Account_Name", "lookup")),
        ("select id from Deals where Amount = 'many'", "INVALID_QUERY", _value("Amount", "currency")),
        ("select id from Deals where Deal_Name = 5", "INVALID_QUERY", _value("Deal_Name", "text")),
        ("select id from Deals where Locked__s = 'maybe'", "INVALID_QUERY", _value("Locked__s", "boolean")),
        ("select id from Deals where Deal_Name not like 'First%'", "INVALID_QUERY", _value("Deal_Name", "text")),
        (
            "select id from Deals where Account_Name > 5",
            "INVALID_QUERY",
            {"reason": "operator not supported", "column_name": "Account_Name", "operator": ">"},
        ),
        (
            "select id from Deals where Stage between 'a' and 'b'",
            "INVALID_QUERY",
            {"reason": "operator not supported", "column_name": "Stage", "operator": "between"},
        ),
        (
            "select id from Deals where Amount like '%1%'",
            "INVALID_QUERY",
            {"reason": "operator not supported", "column_name": "Amount", "operator": "like"},
        ),
        (
            "select id from Deals where Description = 'x'",
            "INVALID_QUERY",
            {"column_name": "Description", "clause": "where"},
        ),
        ("select id, id from Deals where id = 1", "DUPLICATE_DATA", {"column_name": "id"}),
        ("select id from Deals where id = 1 order by id, id desc", "DUPLICATE_DATA", {"column_name": "id"}),
        ("select id as x, Stage as x from Deals where id = 1", "DUPLICATE_ALIAS", {"alias": "x"}),
        ("select id as 'a b' from Deals where id = 1", "INVALID_ALIAS", {"alias": "a b"}),
        ("select id from Deals where id is not null limit 2001", "LIMIT_EXCEEDED", {"limit": 2000}),
        ("select id from Deals where id is not null limit 200 offset 99801", "LIMIT_EXCEEDED", {"limit": 100000}),
        ("select id from Deals where id is not null limit 0", "INVALID_QUERY", {"limit": 0}),
    ],
)
def test_refused(bench: Bench, query: str, code: str, details: dict[str, Any] | None) -> None:
    answer = bench.coql(query)
    body = answer.get_json()
    assert (answer.status_code, body["code"], body["status"]) == (400, code, "error")
    if details is not None:
        assert body["details"] == details


def _nested(count: int) -> str:
    text = "Amount = 0"
    for number in range(1, count):
        text = f"({text} or Amount = {number})"
    return text


@pytest.mark.parametrize(
    ("fits", "exceeds", "limit"),
    [
        (_nested(25), _nested(26), 25),
        (f"id in ({','.join(['1'] * 50)})", f"id in ({','.join(['1'] * 51)})", 50),
    ],
)
def test_sizes_of_where(bench: Bench, fits: str, exceeds: str, limit: int) -> None:
    assert bench.coql(f"select id from Deals where {fits}").status_code in {200, 204}
    body = bench.coql(f"select id from Deals where {exceeds}").get_json()
    assert (body["code"], body["details"]) == ("LIMIT_EXCEEDED", {"limit": limit})


def test_sizes_of_select_order_and_joins() -> None:
    extra = {f"F{number}": "text" for number in range(501)}
    bench = make_bench({"fields": {"Deals": extra, "Accounts": {f"L{n}": "lookup:Accounts" for n in range(16)}}})

    def code(query: str) -> Any:
        return (bench.coql(query).get_json(silent=True) or {}).get("code")

    def select(count: int) -> str:
        return f"select {','.join(list(extra)[:count])} from Deals where id = 1"

    def order(count: int) -> str:
        return f"select id from Deals where id = 1 order by {','.join(list(extra)[:count])}"

    def joined(count: int) -> str:
        return f"select {','.join(f'L{n}.Phone' for n in range(count))} from Accounts where id = 1"

    def based(count: int) -> str:
        return f"select id from Accounts where id = 1 order by {','.join(f'L{n}.Phone' for n in range(count))}"

    for build, most in ((select, 500), (order, 10), (joined, 15), (based, 5)):
        assert (code(build(most)), code(build(most + 1))) == (None, "LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("body", "code", "details"),
    [
        ({}, "MANDATORY_NOT_FOUND", {"api_name": "select_query", "json_path": "$.select_query"}),
        ({"select_query": 5}, "INVALID_DATA", None),
        ([], "INVALID_DATA", None),
        ({"select_query": "select id from Deals where id = 1", "include_meta": ["all"]}, "INVALID_DATA", None),
    ],
)
def test_body_of_the_call(bench: Bench, body: Any, code: str, details: dict[str, str] | None) -> None:
    answer = bench.http.post("/crm/v8/coql", json=body, headers=bench.headers)
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)
    assert details is None or answer.get_json()["details"] == details


def test_body_that_is_not_json(bench: Bench) -> None:
    answer = bench.http.post("/crm/v8/coql", data="select id from Deals", headers=bench.headers)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "INVALID_DATA")


def test_include_meta_describes_the_columns(bench: Bench) -> None:
    body = bench.coql("select id, Stage from Deals where id is not null", include_meta=["fields"]).get_json()
    assert {name: meta["data_type"] for name, meta in body["fields"].items()} == {"id": "bigint", "Stage": "picklist"}


def test_switches_change_what_sources_disagree_on() -> None:
    bench = make_bench(switches={"lookup_names": False, "text_case_sensitive": False, "duplicate_column_status": 401})
    row = bench.rows("select Account_Name, Owner from Deals where Deal_Name = 'FIRST'")[0]
    assert (set(row["Account_Name"]), set(row["Owner"])) == ({"id"}, {"id"})
    assert bench.coql("select id, id from Deals where id = 1").status_code == 401
    bench.state.switches["negative_offsets"] = False
    assert bench.coql("select id from Deals where Modified_Time > '2026-01-01T00:00:00-07:00'").status_code == 400


def test_currency_is_a_column_when_the_organisation_has_several() -> None:
    bench = make_bench(
        org={"multi_currency": True}, currencies=["AUD", {"iso_code": "USD", "exchange_rate": "0.650000000"}]
    )
    bench.state.update("Deals", "d1", {"Currency": "USD"})
    rows = bench.rows("select Currency from Deals where Currency = 'USD'")
    assert [row["id"] for row in rows] == [bench.id("Deals", "d1")]
