"""Money: rounding, minor units, texts, and no binary fraction anywhere in the model."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Iterator
from decimal import Decimal
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoho_xero_sync.core import (
    describe,
    fingerprint,
    invoices,
    matching,
    model,
    outcome,
    plan,
    pricing,
    recording,
    report,
    rules,
    settlement,
    views,
)
from zoho_xero_sync.core.money import minor_units, money_text, places, plain_text, rounded

amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=6, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "to", "expected"),
    [
        ("2.345", 2, "2.35"),
        ("2.3449999", 2, "2.34"),
        ("-2.345", 2, "-2.35"),
        ("2.355", 2, "2.36"),
        ("1.005", 2, "1.01"),
        ("0.00005", 4, "0.0001"),
        ("33.33335", 4, "33.3334"),
        ("100", 2, "100.00"),
        ("1E+3", 2, "1000.00"),
        ("0.004", 2, "0.00"),
        ("9999999999.995", 2, "10000000000.00"),
    ],
)
def test_ties_go_away_from_zero(value: str, to: int, expected: str) -> None:
    assert str(rounded(Decimal(value), to)) == expected


@pytest.mark.parametrize("value", ["-0.001", "-0.0", "-0.00"])
def test_nothing_is_never_negative(value: str) -> None:
    assert money_text(rounded(Decimal(value)), "AUD") == "0.00"
    assert plain_text(rounded(Decimal(value))) == "0"


@given(amounts, st.integers(0, 4))
def test_rounding_is_symmetric_and_never_further_than_half_a_unit(value: Decimal, to: int) -> None:
    result = rounded(value, to)
    assert result == -rounded(-value, to)
    assert abs(result - value) <= Decimal(5).scaleb(-to - 1)
    assert places(result) <= to


@pytest.mark.parametrize(
    ("currency", "units"),
    [
        *(("AUD", 2), ("aud", 2), ("JPY", 0), ("jpy", 0), ("KRW", 0), ("CLP", 0), ("KWD", 3), ("BHD", 3), ("TND", 3)),
        *(("GBP", 2), ("HUF", 2), ("XYZ", 2), ("", 2)),
    ],
)
def test_minor_units(currency: str, units: int) -> None:
    assert minor_units(currency) == units


@pytest.mark.parametrize(
    ("value", "currency", "expected"),
    [
        ("1234.5", "AUD", "1234.50"),
        ("980", "JPY", "980"),
        ("980.00", "JPY", "980"),
        ("1.5", "KWD", "1.500"),
        ("10.5", "JPY", "10.5"),
        ("1.005", "AUD", "1.005"),
        ("1E+4", "AUD", "10000.00"),
        ("-3.1", "AUD", "-3.10"),
        ("0", "AUD", "0.00"),
    ],
)
def test_money_is_written_with_the_currency_s_decimals_and_never_cut(value: str, currency: str, expected: str) -> None:
    assert money_text(Decimal(value), currency) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("3", "3"), ("3.00", "3"), ("12.50", "12.5"), ("0.1648", "0.1648"), ("1E+5", "100000"), ("1E-7", "0.0000001")],
)
def test_plain_text_has_no_exponent_and_no_trailing_zero(value: str, expected: str) -> None:
    assert plain_text(Decimal(value)) == expected


@given(amounts)
def test_texts_keep_the_value_and_equal_values_have_one_text(value: Decimal) -> None:
    assert Decimal(plain_text(value)) == value
    assert Decimal(money_text(value, "AUD")) == value
    assert plain_text(value) == plain_text(value * 1) == plain_text(value + Decimal("0.000"))


# ---- no float ----

ROOMS = (
    model,
    describe,
    fingerprint,
    invoices,
    matching,
    outcome,
    plan,
    pricing,
    recording,
    report,
    rules,
    settlement,
    views,
)


def _dataclasses(module: ModuleType) -> list[type]:
    # A package's door shows the values of its files.
    inside = (module.__name__, f"{module.__name__}.")
    found = [
        item
        for _, item in inspect.getmembers(module, inspect.isclass)
        if item.__module__ == inside[0] or item.__module__.startswith(inside[1])
    ]
    return [item for item in found if dataclasses.is_dataclass(item)]


def _parts(annotation: object) -> Iterator[object]:
    yield annotation
    for part in typing.get_args(annotation):
        yield from _parts(part)


@pytest.mark.parametrize("module", ROOMS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_no_value_of_the_trade_holds_a_binary_fraction(module: ModuleType) -> None:
    for kind in _dataclasses(module):
        hints = typing.get_type_hints(kind, include_extras=True)
        for field in dataclasses.fields(kind):
            kinds = set(map(str, _parts(hints[field.name])))
            assert str(float) not in kinds and "typing.Any" not in kinds, f"{kind.__name__}.{field.name}"


def test_the_walk_sees_the_money_of_the_model() -> None:
    kinds = {kind.__name__: typing.get_type_hints(kind) for kind in _dataclasses(model)}
    money = {
        f"{name}.{field}" for name, hints in kinds.items() for field, hint in hints.items() if Decimal in _parts(hint)
    }
    assert {"InvoiceDraft.total", "SourceLine.net", "Deal.amount", "InvoiceLink.total", "XeroInvoice.total"} <= money
    assert len(kinds) > 30


def test_a_binary_fraction_has_no_canonical_form() -> None:
    with pytest.raises(TypeError):
        fingerprint.canonical({"total": 0.1})
