"""Xero's settings as books: time zones, accounts, rates, currencies, themes; and what cannot be trusted."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from remote_tools import XeroBench
from tzlocal.windows_tz import win_tz

from zoho_xero_sync.errors import RemoteError
from zoho_xero_sync.remote.xero.desk import XeroDesk
from zoho_xero_sync.remote.xero.settings import SETTINGS, parse_books, time_zone

ORGANISATION: dict[str, Any] = {
    "Name": "Example Books",
    "Timezone": "AUSEASTERNSTANDARDTIME",
    "BaseCurrency": "AUD",
    "ShortCode": "!ex",
}


@pytest.mark.parametrize("windows", sorted(win_tz))
def test_every_windows_zone_has_a_place_in_the_world(windows: str) -> None:
    for spelling in (windows, windows.upper(), windows.replace(" ", "").upper(), windows.lower()):
        zone = time_zone(spelling)
        assert zone == win_tz[windows]
    assert datetime(2026, 11, 20, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset() is not None


def test_no_two_windows_zones_run_together() -> None:
    assert len({"".join(name.split()).upper() for name in win_tz}) == len(win_tz)


@pytest.mark.parametrize(
    ("xero", "zone"),
    [
        ("AUSEASTERNSTANDARDTIME", "Australia/Sydney"),
        ("NEWZEALANDSTANDARDTIME", "Pacific/Auckland"),
        ("GMTSTANDARDTIME", "Europe/London"),
        ("EASTERNSTANDARDTIME", "America/New_York"),
        ("UTC", "Etc/UTC"),
        ("SINGAPORESTANDARDTIME", "Asia/Singapore"),
    ],
)
def test_zones_as_xero_spells_them(xero: str, zone: str) -> None:
    assert ZoneInfo(time_zone(xero)).key == zone or time_zone(xero).rpartition("/")[2] == zone.rpartition("/")[2]


@pytest.mark.parametrize("name", ["", "NARNIASTANDARDTIME", "Australia/Sydney", "+10:00"])
def test_a_zone_that_is_not_known_dates_no_invoice_by_guess(name: str) -> None:
    with pytest.raises(RemoteError, match="time zone") as caught:
        time_zone(name)
    assert name in caught.value.message and caught.value.hint


def test_the_books_survive_being_kept_as_text() -> None:
    bench = XeroBench({"currencies": ["USD", "NZD"]})
    desk = XeroDesk(bench.client, lambda: bench.wire.calls)
    texts = {name: desk.fetch_setting(name) for name in SETTINGS}
    books = desk.read_books(texts)
    assert books == desk.read_books(dict(texts))
    assert (books.time_zone, books.base_currency) == ("Australia/Sydney", "AUD")
    assert books.accounts["200"].account_class == "REVENUE" and not books.accounts["200"].system
    assert books.accounts["610"].system
    assert books.tax_rates["OUTPUT"].rate == Decimal(10) and isinstance(books.tax_rates["OUTPUT"].rate, Decimal)
    assert books.currencies == frozenset({"AUD", "USD", "NZD"})
    assert books.branding_themes is not None and "Standard" in books.branding_themes
    assert desk.calls == len(SETTINGS)


def parsed(**changes: Any) -> Any:
    settings: dict[str, Any] = {
        "xero.organisation": ({**ORGANISATION, **changes.pop("organisation", {})},),
        "xero.accounts": (),
        "xero.tax_rates": (),
    }
    return parse_books({**settings, **changes})


def test_currencies_and_themes_that_were_not_read_are_not_known() -> None:
    books = parsed()
    assert (books.currencies, books.branding_themes) == (None, None)
    assert parsed(**{"xero.currencies": ()}).currencies == frozenset()


@pytest.mark.parametrize(
    ("account", "code", "system"),
    [
        ({"Code": "200", "Status": "ACTIVE", "Class": "REVENUE", "TaxType": "OUTPUT"}, "200", False),
        ({"Code": "610", "SystemAccount": "DEBTORS"}, "610", True),
        ({"Code": "200", "SystemAccount": ""}, "200", False),
        ({"Code": "200", "SystemAccount": None}, "200", False),
        ({"Name": "A bank account without a code"}, None, None),
    ],
)
def test_accounts(account: dict[str, Any], code: str | None, system: bool | None) -> None:
    books = parsed(**{"xero.accounts": (account,)})
    assert list(books.accounts) == ([code] if code else [])
    assert not code or books.accounts[code].system is system


@pytest.mark.parametrize(
    ("rate", "percent", "revenue"),
    [
        ({"EffectiveRate": Decimal("10.0000"), "CanApplyToRevenue": True}, "10.0000", True),
        ({"EffectiveRate": 15, "CanApplyToRevenue": False}, "15", False),
        ({"EffectiveRate": Decimal("8.8750")}, "8.8750", False),
        ({"EffectiveRate": None, "CanApplyToRevenue": "true"}, "0", False),
    ],
)
def test_rates_are_exact_and_sales_only_where_xero_says_so(rate: dict[str, Any], percent: str, revenue: bool) -> None:
    books = parsed(**{"xero.tax_rates": ({"TaxType": "X", "Status": "ACTIVE", **rate},)})
    assert (books.tax_rates["X"].rate, books.tax_rates["X"].for_revenue) == (Decimal(percent), revenue)


def test_a_rate_in_words_is_refused() -> None:
    with pytest.raises(RemoteError, match="EffectiveRate"):
        parsed(**{"xero.tax_rates": ({"TaxType": "X", "EffectiveRate": "ten"},)})


@pytest.mark.parametrize("count", [0, 2])
def test_anything_but_one_organisation_is_refused(count: int) -> None:
    with pytest.raises(RemoteError, match=f"{count} organisations instead of one"):
        parsed(**{"xero.organisation": (ORGANISATION,) * count})


@pytest.mark.parametrize(
    ("locks", "expected"),
    [
        ({}, None),
        ({"PeriodLockDate": "/Date(1761868800000+0000)/"}, "2025-10-31"),
        ({"EndOfYearLockDate": "/Date(1751241600000+0000)/"}, "2025-06-30"),
        (
            {"PeriodLockDate": "/Date(1761868800000+0000)/", "EndOfYearLockDate": "/Date(1751241600000+0000)/"},
            "2025-10-31",
        ),
    ],
)
def test_the_books_are_locked_up_to_the_later_of_two_dates(locks: dict[str, str], expected: str | None) -> None:
    until = parsed(organisation=locks).locked_until
    assert (until.isoformat() if until else None) == expected


def test_items_are_known_by_their_codes_and_only_when_read() -> None:
    bench = XeroBench({"items": [{"Code": "B-1", "Name": "Bench"}]})
    desk = XeroDesk(bench.client, lambda: bench.wire.calls)
    texts = {name: desk.fetch_setting(name) for name in SETTINGS}
    assert desk.read_books(texts).items == frozenset({"B-1"})
    del texts["xero.items"]
    assert desk.read_books(texts).items is None
