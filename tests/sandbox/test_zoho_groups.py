"""COQL's GROUP BY and functions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from zoho_bench import exact, make_bench

DEALS = [
    {"Deal_Name": "A", "Stage": "Proposal", "Amount": 10, "Closing_Date": "2026-11-01", "account": "acme"},
    {"Deal_Name": "B", "Stage": "Proposal", "Amount": "2.55", "Closing_Date": "2026-12-01", "account": "acme"},
    {"Deal_Name": "C", "Stage": "Confirmed", "account": "obrien"},
    {"Deal_Name": "D", "Stage": "Closed Won", "Amount": 7},
]


def _rows(query: str) -> list[dict[str, Any]]:
    answer = make_bench(deals=DEALS, quotes=[], fields={}).coql(query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = exact(answer)["data"]
    return found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select COUNT(id) from Deals where id is not null", [{"COUNT(id)": 4}]),
        ("select COUNT(Amount) from Deals where Stage = 'Confirmed'", [{"COUNT(Amount)": 0}]),
        (
            "select SUM(Amount), MAX(Amount), MIN(Amount) as 'low' from Deals where id is not null",
            [{"SUM(Amount)": Decimal("19.55"), "MAX(Amount)": 10, "low": Decimal("2.55")}],
        ),
        ("select AVG(Amount) from Deals where Stage = 'Proposal'", [{"AVG(Amount)": Decimal("6.275")}]),
        ("select MAX(Closing_Date) from Deals where id is not null", [{"MAX(Closing_Date)": "2026-12-01"}]),
        (
            "select Stage, COUNT(id), SUM(Amount) from Deals where id is not null group by Stage order by Stage desc",
            [
                {"Stage": "Proposal", "COUNT(id)": 2, "SUM(Amount)": Decimal("12.55")},
                {"Stage": "Confirmed", "COUNT(id)": 1, "SUM(Amount)": None},
                {"Stage": "Closed Won", "COUNT(id)": 1, "SUM(Amount)": 7},
            ],
        ),
        (
            "select Account_Name.Account_Name as 'who', COUNT(Stage) from Deals where Account_Name is not null "
            "group by Account_Name.Account_Name order by who asc",
            [{"who": "Acme Pty Ltd", "COUNT(Stage)": 2}, {"who": "O'Brien & Co", "COUNT(Stage)": 1}],
        ),
        ("select Stage from Deals where id is not null group by Stage order by Stage asc limit 1, 1",
         [{"Stage": "Confirmed"}]),
    ],
)  # fmt: skip
def test_groups(query: str, expected: list[dict[str, Any]]) -> None:
    assert _rows(query) == expected


def test_no_rows_and_more_rows() -> None:
    bench = make_bench(deals=DEALS, quotes=[], fields={})
    assert bench.coql("select COUNT(id) from Deals where id = '1'").status_code == 204
    told = bench.coql("select Stage from Deals where id is not null group by Stage limit 2").get_json()
    assert told["info"] == {"count": 2, "more_records": True}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("select count(id) from Deals where id is not null", "SYNTAX_ERROR"),
        ("select COUNT() from Deals where id is not null", "SYNTAX_ERROR"),
        ("select COUNT(id from Deals where id is not null", "SYNTAX_ERROR"),
        ("select Stage, COUNT(id) from Deals where id is not null", "INVALID_QUERY"),
        ("select Deal_Name from Deals where id is not null group by Stage", "INVALID_QUERY"),
        ("select Stage from Deals where id is not null group by Stage order by Amount", "INVALID_QUERY"),
        ("select Stage from Deals where id is not null group by Nope", "INVALID_QUERY"),
        ("select COUNT(Deal_Name) from Deals where id is not null", "INVALID_QUERY"),
        ("select SUM(Closing_Date) from Deals where id is not null", "INVALID_QUERY"),
        ("select MAX(Stage) from Deals where id is not null", "INVALID_QUERY"),
        ("select SUM(Amount), SUM(Amount) from Deals where id is not null", "DUPLICATE_DATA"),
        ("select Stage from Deals where id is not null group by Stage, Stage", "DUPLICATE_DATA"),
        (
            "select Stage from Deals where id is not null group by Stage, Type, Amount, Pipeline, Closing_Date",
            "LIMIT_EXCEEDED",
        ),
        (
            "select COUNT(id), SUM(Amount), MAX(Amount), MIN(Amount), AVG(Amount), COUNT(Amount) from Deals "
            "where id is not null",
            "LIMIT_EXCEEDED",
        ),
    ],
)
def test_refused_groups(query: str, code: str) -> None:
    answer = make_bench(deals=DEALS, quotes=[], fields={}).coql(query)
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)
