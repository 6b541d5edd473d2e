"""Single values of a Zoho row: read exactly, or refused with the field that was wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoho_xero_sync.remote.zoho.values import (
    BadValueError,
    decimal_of,
    instant_of,
    lookup_of,
    optional_decimal,
    shown_of,
    text_of,
)

D = Decimal
ABSENT = object()


def row(value: object) -> dict[str, Any]:
    return {} if value is ABSENT else {"Field": value}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (ABSENT, ""),
        (None, ""),
        ("", ""),
        (" kept ", " kept "),
        ("O'Brien & Co 🌞", "O'Brien & Co 🌞"),
        (572500000000123456, "572500000000123456"),
        (D("12.50"), "12.50"),
    ],
)
def test_texts(value: object, text: str) -> None:
    assert text_of(row(value), "Field") == text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (ABSENT, None),
        (None, None),
        ("", None),
        (0, D(0)),
        (D("1234.50"), D("1234.50")),
        (-5, D(-5)),
        ("12.5", D("12.5")),
        (D("1E+3"), D(1000)),
        (D("0.00001"), D("0.00001")),
        (D("999999999999999.99"), D("999999999999999.99")),
    ],
)
def test_numbers(value: object, number: Decimal | None) -> None:
    assert optional_decimal(row(value), "Field") == number
    assert decimal_of(row(value), "Field") == (number or 0)


@given(st.decimals(min_value=-(10**13), max_value=10**13, places=6, allow_nan=False))
def test_numbers_are_exact(value: Decimal) -> None:
    parsed = json.loads(f'{{"Field": {value}}}', parse_float=Decimal)
    assert optional_decimal(parsed, "Field") == value == optional_decimal({"Field": str(value)}, "Field")


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2026-11-20T01:00:00+00:00", datetime(2026, 11, 20, 1, 0, tzinfo=UTC)),
        ("2026-11-20T12:00:00+11:00", datetime(2026, 11, 20, 1, 0, tzinfo=UTC)),
        ("2026-11-19T20:00:00-05:00", datetime(2026, 11, 20, 1, 0, tzinfo=UTC)),
        ("2026-11-20T06:30:00+05:30", datetime(2026, 11, 20, 1, 0, tzinfo=UTC)),
        ("2026-11-20T01:00:00Z", datetime(2026, 11, 20, 1, 0, tzinfo=UTC)),
    ],
)
def test_instants_are_utc_whatever_their_offset(value: str, instant: datetime) -> None:
    found = instant_of(row(value), "Field")
    assert found == instant and found.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "lookup"),
    [
        (ABSENT, None),
        (None, None),
        ({"id": "5725", "name": "Acme"}, ("5725", "Acme")),
        ({"id": "5725"}, ("5725", "")),
        ({"id": "5725", "name": None}, ("5725", "")),
        ("5725", ("5725", "")),
    ],
)
def test_lookups(value: object, lookup: tuple[str, str] | None) -> None:
    assert lookup_of(row(value), "Field") == lookup


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (ABSENT, ""),
        (None, ""),
        ({"id": "5725", "name": "Acme"}, "Acme"),
        ({"id": "5725"}, "5725"),
        ({}, ""),
        (["North", "South"], "North, South"),
        ([], ""),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (D("12.50"), "12.50"),
        ("Text", "Text"),
    ],
)
def test_what_a_template_shows(value: object, shown: str) -> None:
    assert shown_of(row(value), "Field") == shown


Reader = Callable[[dict[str, Any], str], object]
BAD: dict[Reader, list[object]] = {
    text_of: [{}, [], True, {"id": "1"}],
    optional_decimal: [
        *("12.5%", "1,234.50", "abc", {}, [], True, "NaN", "Infinity", "-inf", "sNaN", "1e\uff15\uff10"),
        *(D("1E+18"), D("-1E+400"), "1E+30", 10**18, D("1E+999999999"), D("0." + "1" * 60)),
    ],
    instant_of: [
        *(ABSENT, None, "", "soon", "2026-11-20", "2026-11-20T01:00:00", 1700000000, {}, True),
        *("2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-20T25:00:00Z"),
    ],
    lookup_of: [{}, {"id": None}, {"id": 5725}, {"id": ""}, [], "Acme", 5725, True, ""],
}


@pytest.mark.parametrize(("reader", "value"), [(reader, value) for reader in BAD for value in BAD[reader]])
def test_what_is_not_of_its_type_names_its_field(reader: Reader, value: object) -> None:
    with pytest.raises(BadValueError) as caught:
        reader(row(value), "Field")
    assert caught.value.path == "Field"
    assert str(caught.value).startswith("Field should be ") and len(str(caught.value)) < 120


def test_a_refused_value_is_shown_in_short() -> None:
    with pytest.raises(BadValueError, match=r"Field should be a number and is 'xxxxx") as caught:
        optional_decimal(row("x" * 5000), "Field")
    assert len(str(caught.value)) < 100
