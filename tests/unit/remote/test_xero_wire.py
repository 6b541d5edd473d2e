"""Xero's JSON: exact digits out, strict numbers and lenient dates in, whatever an answer holds."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from remote_tools import an_answer

from zoho_xero_sync.errors import RemoteError
from zoho_xero_sync.remote.answer import BadAnswer
from zoho_xero_sync.remote.xero import wire

D = Decimal
GUID = "11111111-2222-3333-4444-555555555555"


# ---- out ----


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (D("1234.50"), "1234.50"),
        (D("1E+3"), "1000"),
        (D("1E-7"), "0.0000001"),
        (D("0.00"), "0.00"),
        (D("-0.00"), "0.00"),
        (D("9999999999.99"), "9999999999.99"),
        (D("-5"), "-5"),
        (12, "12"),
        (True, "true"),
        (None, "null"),
        ("plain", '"plain"'),
        ('O\'Brien & "Söhne" 🌞\n\\', '"O\'Brien & \\"Söhne\\" 🌞\\n\\\\"'),
        ([], "[]"),
        ({}, "{}"),
        ((D("1.0"), "x"), '[1.0,"x"]'),
        ({"a": D("1.10"), 'b"': [{"c": None}]}, '{"a":1.10,"b\\"":[{"c":null}]}'),
    ],
)
def test_exact_bytes(value: object, text: str) -> None:
    assert wire.dump(value) == text.encode()


values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**15), 10**15),
        st.text(max_size=20),
        st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)


@given(values)
def test_what_is_written_reads_back_as_the_same_values(value: Any) -> None:
    assert json.loads(wire.dump(value), parse_float=Decimal) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_a_decimal_is_never_written_with_an_exponent_and_never_changed(value: Decimal) -> None:
    text = wire.dump(value).decode()
    assert Decimal(text) == value and not set(text) & set("eE+")


# ---- in ----


@pytest.mark.parametrize(("value", "number"), [(None, D(0)), (0, D(0)), (D("24.15"), D("24.15")), (-3, D(-3))])
def test_numbers(value: object, number: Decimal) -> None:
    found = wire.number({"Total": value}, "Total")
    assert found == number and isinstance(found, Decimal)
    assert wire.number({}, "Total") == 0


@pytest.mark.parametrize("value", ["24.15", True, [], {}, ""])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(RemoteError, match="Total with something that is not a number"):
        wire.number({"Total": value}, "Total")


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("/Date(1763600400000+0000)/", datetime(2025, 11, 20, 1, 0, tzinfo=UTC)),
        ("/Date(1763600400000)/", datetime(2025, 11, 20, 1, 0, tzinfo=UTC)),
        ("/Date(1763600400123+1300)/", datetime(2025, 11, 20, 1, 0, 0, 123000, tzinfo=UTC)),
        ("/Date(-86400000+0000)/", datetime(1969, 12, 31, tzinfo=UTC)),
        ("2026-11-20T01:00:00", datetime(2026, 11, 20, 1, 0, tzinfo=UTC)),
        ("2026-11-20T01:00:00Z", datetime(2026, 11, 20, 1, 0, tzinfo=UTC)),
        ("2026-11-20T12:00:00+11:00", datetime(2026, 11, 20, 1, 0, tzinfo=UTC)),
        ("", None),
        ("soon", None),
        ("/Date(soon)/", None),
        ("/Date(99999999999999999999)/", None),
        ("/Date(999999999999999)/", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2026-13-01", None),
        (5, None),
        (None, None),
    ],
)
def test_instants(value: object, instant: datetime | None) -> None:
    assert wire.instant({"At": value}, "At") == instant


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("/Date(1763596800000+0000)/", date(2025, 11, 20)),
        ("/Date(1763596800000+1300)/", date(2025, 11, 20)),
        ("2026-11-20T00:00:00", date(2026, 11, 20)),
        ("", None),
    ],
)
def test_calendar_dates_are_read_in_utc_only(value: str, day: date | None) -> None:
    assert wire.calendar_date({"Date": value}, "Date") == day


@pytest.mark.parametrize(
    ("value", "real"),
    [(GUID, True), (GUID.upper(), True), (wire.ZERO_ID, False), ("", False), ("42", False), (None, False), (7, False)],
)
def test_real_ids(value: object, real: bool) -> None:
    assert wire.real_id({"InvoiceID": value}, "InvoiceID") == (value if real else None)


@pytest.mark.parametrize("payload", [None, [], "x", {}, {"Invoices": None}, {"Invoices": {}}, {"Invoices": [1]}])
def test_an_answer_without_its_collection_is_refused(payload: object) -> None:
    with pytest.raises(RemoteError, match="without its Invoices"):
        wire.elements(payload, "Invoices")


@pytest.mark.parametrize(
    ("payload", "count"),
    [
        ({"pagination": {"pageCount": 3}}, 3),
        ({"pagination": {}}, 1),
        ({"pagination": {"pageCount": "3"}}, 1),
        ({"pagination": {"pageCount": True}}, 1),
        ({}, 1),
        ([], 1),
    ],
)
def test_page_counts(payload: object, count: int) -> None:
    assert wire.page_count(payload) == count


def test_messages_are_gathered_from_everywhere_once() -> None:
    element = {
        "ValidationErrors": [{"Message": "First."}, {"Message": "First."}, {"Message": ""}, {"Other": 1}, None],
        "LineItems": [{"ValidationErrors": [{"Message": "In a line."}]}, {"ValidationErrors": "none"}],
        "Contact": {"Addresses": [{"ValidationErrors": [{"Message": "In an address."}, {"Message": {"x": 1}}]}]},
        "Warnings": [{"Message": "Only a warning."}],
    }
    assert wire.messages(element) == ("First.", "In a line.", "In an address.")


@pytest.mark.parametrize(
    ("value", "literal"), [("Acme", '"Acme"'), ('5" pipe', '"5"" pipe"'), ('""', '""""""'), ("", '""')]
)
def test_text_in_a_filter(value: str, literal: str) -> None:
    assert wire.quoted(value) == literal


# ---- answers of either service ----


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "an empty body"),
        (b"  \r\n ", "an empty body"),
        (b"<!DOCTYPE html><html><body>Sorry</body></html>", "a web page"),
        (b"  <html>", "a web page"),
        (b'{"Invoices": [', "cut off or malformed"),
        (b'{"Total": NaN}', "cut off or malformed"),
        (b'{"Total": 1, "Total": 2}', "cut off or malformed"),
        (b"\xff\xfe{}", "cut off or malformed"),
        (b"[" * 100_000, "cut off or malformed"),
        (b"The Organisation is offline", "cut off or malformed"),
    ],
)
def test_a_body_that_is_no_json_is_never_half_read(body: bytes, said: str) -> None:
    with pytest.raises(BadAnswer, match=said) as caught:
        an_answer(200, body).json()
    assert caught.value.hint and "PUT /Invoices" in caught.value.message


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (rb'{"n": "Half \ud83d"}', {"n": "Half \ufffd"}),
        (rb'{"n": "\udc00 other half"}', {"n": "\ufffd other half"}),
        (rb'{"n": "whole \ud83c\udf1e"}', {"n": "whole 🌞"}),
        (
            rb'{"\ud83d": ["\ud83d", {"a": "\uD83D"}], "t": 1.10}',
            {"\ufffd": ["\ufffd", {"a": "\ufffd"}], "t": D("1.10")},
        ),
        (rb'{"n": "a\\ud83d"}', {"n": "a\\ud83d"}),
        (b'\xef\xbb\xbf{"n": 1}', {"n": 1}),
        ('{"n": "Müller 🌞"}'.encode(), {"n": "Müller 🌞"}),
    ],
)
def test_text_that_nothing_could_store_is_made_whole(body: bytes, content: object) -> None:
    found = an_answer(200, body).json()
    assert found == content
    json.dumps(found, ensure_ascii=False, default=str).encode()


def test_every_fraction_is_exact() -> None:
    found = an_answer(200, b'{"Total": 0.1, "Deep": [{"Rate": 33.3333}], "Whole": 3}').json()
    assert found == {"Total": D("0.1"), "Deep": [{"Rate": D("33.3333")}], "Whole": 3}
