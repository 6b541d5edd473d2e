"""Strangers' text made safe, and how figures, instants and commands are written."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.wording import Piece, age, figure, hint_pieces, joined, money, plain_figure, when

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("  two   spaces ", "two spaces"),
        ("line\nbreak\r\ntab\tend", "line break tab end"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("a\x1bb\x00c\x7fd", "abcd"),
        ("\u202etxt.exe\u202c", "txt.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("[red]markup[/red]", "[red]markup[/red]"),
        ("é 日本 🚚 👩‍🔧", "é 日本 🚚 👩‍🔧"),
        ("", ""),
    ],
)
def test_text_is_one_safe_line(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text(st.characters()))
def test_no_text_steers_a_terminal(text: str) -> None:
    shown = clean(text)
    assert shown == shown.strip()
    assert len(shown.splitlines()) <= 1
    assert not [char for char in shown if unicodedata.category(char) in ("Cc", "Cs")]
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert clean(shown) == shown


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("1234567.5", "AUD", "1,234,567.50"),
        ("980", "JPY", "980"),
        ("1.5", "KWD", "1.500"),
        ("95.3333", "AUD", "95.3333"),
        ("-0.01", "EUR", "-0.01"),
        ("1E+6", "USD", "1,000,000.00"),
    ],
)
def test_figures_have_the_currencys_decimals(value: str, currency: str, text: str) -> None:
    assert figure(Decimal(value), currency) == text
    assert money(Decimal(value), currency) == f"{currency} {text}"


@pytest.mark.parametrize(
    ("value", "text"), [("7.50", "7.5"), ("10", "10"), ("10000.0", "10,000"), ("0.1648", "0.1648")]
)
def test_plain_figures_have_no_trailing_zeros(value: str, text: str) -> None:
    assert plain_figure(Decimal(value)) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=3), "3 days ago"),
    ],
)
def test_ages(ago: timedelta, text: str) -> None:
    assert age(NOW - ago, NOW) == text


def test_instants_and_counts() -> None:
    assert when(NOW) == "2026-11-20 01:00 UTC"
    assert when(NOW + timedelta(seconds=7)) == "2026-11-20 01:00:07 UTC"
    assert [counted(number, "invoice") for number in (0, 1, 1200)] == ["0 invoices", "1 invoice", "1,200 invoices"]


@pytest.mark.parametrize(
    ("parts", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_read_as_sentences(parts: list[str], text: str) -> None:
    assert joined(parts) == text


def words(text: str) -> Piece:
    return Piece(text)


def typed(text: str, *, alone: bool = True) -> Piece:
    return Piece(text, command=True, alone=alone)


@pytest.mark.parametrize(
    ("hint", "pieces"),
    [
        ("Check the id.", [words("Check the id.")]),
        ("", []),
        (
            "Correct the cause, then type: zoho-xero-sync resolve 57 --retry",
            [words("Correct the cause, then type:"), typed("zoho-xero-sync resolve 57 --retry")],
        ),
        (
            "Agree, then type: zoho-xero-sync resolve 57 --retry (or --skip to leave it)",
            [words("Agree, then type:"), typed("zoho-xero-sync resolve 57 --retry"), words("(or --skip to leave it)")],
        ),
        (
            "Review with: zoho-xero-sync sync --dry-run  then type: zoho-xero-sync sync --allow-many (or --limit N)",
            [
                words("Review with:"),
                typed("zoho-xero-sync sync --dry-run"),
                words("then type:"),
                typed("zoho-xero-sync sync --allow-many"),
                words("(or --limit N)"),
            ],
        ),
        (
            "Run `zoho-xero-sync sync`, which upgrades it.",
            [words("Run"), typed("zoho-xero-sync sync", alone=False), words(", which upgrades it.")],
        ),
        (
            "Log in with zoho-xero-sync auth xero, or set ZXS_XERO_CLIENT_ID.",
            [
                words("Log in with"),
                typed("zoho-xero-sync auth xero", alone=False),
                words(", or set ZXS_XERO_CLIENT_ID."),
            ],
        ),
        ("Write version: 1, or update zoho-xero-sync.", [words("Write version: 1, or update zoho-xero-sync.")]),
    ],
)
def test_commands_are_found_in_hints(hint: str, pieces: list[Piece]) -> None:
    assert list(hint_pieces(hint)) == pieces
