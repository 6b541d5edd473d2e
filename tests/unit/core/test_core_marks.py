"""The mark in an invoice's Url: whose deal, which ledger, and which part of the deal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from zoho_xero_sync.core.marks import deal_of, ledger_tag, marked_url, part_of, plain_url, same_mark, tag_of
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
    ("tag", "part", "mark"),
    [("0123abcd", 1, "#zxs-0123abcd"), ("0123abcd", 2, "#zxs-0123abcd-2"), ("", 1, ""), ("", 2, "#zxs--2")],
)
def test_a_mark_says_which_part_of_the_deal_it_is(tag: str, part: int, mark: str) -> None:
    url = marked_url(f"{PREFIX}5725767", tag, part)
    assert url == f"{PREFIX}5725767{mark}"
    assert (deal_of(url, PREFIX), tag_of(url), part_of(url)) == ("5725767", tag, part)
    assert same_mark(url) == (f"{PREFIX}5725767", part)


def test_the_marks_of_two_ledgers_differ_by_deal_and_part_only() -> None:
    share, rest = (marked_url(f"{PREFIX}5725767", "0123abcd", part) for part in (1, 2))
    assert same_mark(share) == same_mark(marked_url(f"{PREFIX}5725767", "ffffffff")) == same_mark(f"{PREFIX}5725767")
    assert same_mark(rest) == same_mark(marked_url(f"{PREFIX}5725767", "ffffffff", 2)) != same_mark(share)
    assert same_mark(rest) != same_mark(marked_url(f"{PREFIX}5725768", "0123abcd", 2))


@pytest.mark.parametrize(
    ("url", "deal", "tag"),
    [
        (f"{PREFIX}5725767", "5725767", ""),
        (f"{PREFIX}5725767#notes", "5725767", ""),
        (f"{PREFIX}5725767#zxs-123", "5725767", ""),
        (f"{PREFIX}5725767#zxs-0123abcd-1", "5725767", ""),
        (f"{PREFIX}5725767#zxs-0123abcd-22", "5725767", ""),
        (f"{PREFIX}5725767#zxs-0123abcd-", "5725767", ""),
        (f"{PREFIX}5725767/edit", None, ""),
        (f"{PREFIX}", None, ""),
        (f"{PREFIX}x", None, ""),
        ("https://example.com/5725767#zxs-0123abcd", None, "0123abcd"),
        ("", None, ""),
    ],
)
def test_what_is_no_mark_of_ours(url: str, deal: str | None, tag: str) -> None:
    assert (deal_of(url, PREFIX), tag_of(url), part_of(url)) == (deal, tag, 1)
