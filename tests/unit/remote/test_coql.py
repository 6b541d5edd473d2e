"""COQL: whatever text goes into a query comes out of Zoho's parser as the same text, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zoho_xero_sync.remote.zoho import coql
from zoho_xero_sync.sandbox.zoho.coql.grammar import Condition, Literal, Pair, Query, conditions, parse

texts = st.text(max_size=60)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,12}(\.[A-Za-z][A-Za-z0-9_]{0,12})?", fullmatch=True)
NASTY = [
    "O'Brien & Sons",
    "''",
    "'",
    "' or id is not null or Deal_Name = '",
    "x') or (id is not null",
    "\\'",
    'say "hello"',
    "100 %",
    "a\nb\tc\x00d",
    "Müller 🌞 東京",
    "select id from Deals where id is not null limit 0, 2000",
    "",
    " ",
    "{id}",
]


def parsed(where: str) -> Query:
    return parse(coql.select(["id", "Deal_Name"], "Deals", where, order=["Modified_Time", "id"], limit=200))


@given(texts)
@example("' or id is not null or Deal_Name = '")
@example("\\'")
def test_any_text_survives_the_round_trip_as_one_literal(value: str) -> None:
    query = parsed(coql.equals("Deal_Name", value))
    assert query.where == Condition("Deal_Name", "=", (Literal("string", value),))
    assert (query.module, query.limit, query.offset) == ("Deals", 200, 0)


@pytest.mark.parametrize("value", NASTY)
def test_nasty_texts(value: str) -> None:
    assert parsed(coql.equals("Deal_Name", value)).where == Condition("Deal_Name", "=", (Literal("string", value),))


@given(st.lists(texts, min_size=1, max_size=coql.IN_MAX))
def test_any_list_survives_in_its_order(values: list[str]) -> None:
    where = parsed(coql.one_of("Stage", values)).where
    assert where == Condition("Stage", "in", tuple(Literal("string", value) for value in values))


@pytest.mark.parametrize("count", [0, 51, 200])
def test_a_list_that_zoho_would_refuse_is_never_built(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 50 values"):
        coql.one_of("id", ["1"] * count)


@pytest.mark.parametrize("limit", [0, -1, 2001])
def test_a_page_that_zoho_would_refuse_is_never_asked(limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 2000 rows"):
        coql.select(["id"], "Deals", coql.beyond("1"), order=["id"], limit=limit)


@given(st.lists(names, min_size=1, max_size=6, unique=True))
def test_plain_and_dotted_names_pass(columns: list[str]) -> None:
    words = {"select", "from", "where", "order", "group", "limit", "offset", "and", "or", "not", "in", "is", "like"}
    words |= {"between", "null", "as", "by", "asc", "desc", "external"}
    usable = [column for column in columns if column.lower() not in words] or ["id"]
    query = parse(coql.select(usable, "Deals", coql.beyond("1"), order=["id"], limit=1))
    assert [item.column for item in query.columns] == usable


@pytest.mark.parametrize(
    "bad",
    ["", "*", "id, Stage", "Deal Name", "id;", "1st", ".id", "id.", "a..b", "id'", "Näme", "id\n", "count(id)", "-"],
)
def test_what_is_no_api_name_reaches_no_query(bad: str) -> None:
    builders: list[Callable[[], str]] = [
        lambda: coql.select([bad], "Deals", coql.beyond("1"), order=["id"], limit=1),
        lambda: coql.select(["id"], bad, coql.beyond("1"), order=["id"], limit=1),
        lambda: coql.select(["id"], "Deals", coql.beyond("1"), order=[bad], limit=1),
        lambda: coql.equals(bad, "x"),
        lambda: coql.one_of(bad, ["x"]),
        lambda: coql.after(bad, datetime(2026, 1, 1, tzinfo=UTC)),
    ]
    for build in builders:
        with pytest.raises(ValueError, match="is not an API name"):
            build()


minutes = st.integers(-12 * 60, 14 * 60)
moments = st.datetimes(
    datetime.fromisoformat("2000-01-02"),
    datetime.fromisoformat("2100-01-01"),
    timezones=minutes.map(lambda offset: timezone(timedelta(minutes=offset))),
)


@given(moments)
def test_an_instant_is_written_in_utc_with_whole_seconds_and_its_offset(moment: datetime) -> None:
    literal = coql.instant(moment)
    assert literal.endswith("+00:00'") and "." not in literal and len(literal) == len("'2026-11-20T01:00:00+00:00'")
    back = datetime.fromisoformat(literal.strip("'"))
    assert timedelta(0) <= moment - back < timedelta(seconds=1)


def test_comparisons() -> None:
    moment = datetime(2026, 11, 20, 11, 0, 0, 999999, tzinfo=timezone(timedelta(hours=10)))
    for build, operator in ((coql.at_or_after, ">="), (coql.after, ">"), (coql.at, "=")):
        condition = parsed(build("Modified_Time", moment)).where
        assert condition == Condition("Modified_Time", operator, (Literal("string", "2026-11-20T01:00:00+00:00"),))


def test_conditions_are_joined_in_pairs_however_many() -> None:
    where = coql.both(coql.both(coql.equals("A", "1"), coql.one_of("B", ["2", "3"])), coql.beyond("4"))
    tree = parsed(where).where
    assert isinstance(tree, Pair) and [item.column for item in conditions(tree)] == ["A", "B", "id"]


def test_a_whole_statement() -> None:
    statement = coql.select(
        ["id", "Account_Name.Phone"], "Deals", coql.equals("Deal_Name", "O'B"), order=["Modified_Time", "id"], limit=200
    )
    assert statement == (
        "select id, Account_Name.Phone from Deals where Deal_Name = 'O''B' "
        "order by Modified_Time asc, id asc limit 0, 200"
    )
