"""The mark in an invoice's Url: whose deal, and which ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from zoho_xero_sync.core.marks import deal_of, ledger_tag, marked_url, plain_url, tag_of
from zoho_xero_sync.core.model import Identity

PREFIX = "https://crm.zoho.com.au/crm/org70001/tab/Potentials/"
LEDGER = Identity("1", "Zoho", "t", "Xero", datetime(2026, 11, 20, 1, tzinfo=UTC))


def test_a_tag_is_of_one_ledger_only_and_a_backup_has_the_same() -> None:
    tags = {
        ledger_tag(LEDGER),
        ledger_tag(replace(LEDGER, created_at=LEDGER.created_at + timedelta(microseconds=1))),
        ledger_tag(replace(LEDGER, xero_tenant_id="u")),
        ledger_tag(replace(LEDGER, zoho_org_id="2")),
    }
    assert len(tags) == 4
    sydney = LEDGER.created_at.astimezone(timezone(timedelta(hours=11)))
    assert ledger_tag(replace(LEDGER, created_at=sydney, xero_org_name="Renamed")) == ledger_tag(LEDGER)


def test_a_mark_is_read_as_it_was_written() -> None:
    url = marked_url(f"{PREFIX}5725767", ledger_tag(LEDGER))
    assert (deal_of(url, PREFIX), tag_of(url), plain_url(url)) == ("5725767", ledger_tag(LEDGER), f"{PREFIX}5725767")
    assert marked_url(PREFIX, "") == PREFIX


@pytest.mark.parametrize(
    ("url", "deal", "tag"),
    [
        (f"{PREFIX}5725767", "5725767", ""),
        (f"{PREFIX}5725767#notes", "5725767", ""),
        (f"{PREFIX}5725767#zxs-123", "5725767", ""),
        (f"{PREFIX}5725767/edit", None, ""),
        (f"{PREFIX}", None, ""),
        (f"{PREFIX}x", None, ""),
        ("https://example.com/5725767#zxs-0123abcd", None, "0123abcd"),
        ("", None, ""),
    ],
)
def test_what_is_no_mark_of_ours(url: str, deal: str | None, tag: str) -> None:
    assert (deal_of(url, PREFIX), tag_of(url)) == (deal, tag)
