"""Looking things up in Xero: the right contacts and invoices, whatever their spelling, by the cheapest way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from remote_tools import NOW, XeroBench

from zoho_xero_sync.core.matching import Recognised, recognise
from zoho_xero_sync.core.model import ContactDraft, CustomerKey
from zoho_xero_sync.core.rules import ContactMatch
from zoho_xero_sync.errors import LoginError, RemoteError
from zoho_xero_sync.remote.xero.contacts import TARGETED_MAX, find_candidates
from zoho_xero_sync.remote.xero.invoices import fetch_invoices, find_by_urls, sweep

ALL: tuple[ContactMatch, ...] = ("number", "email", "name")
LINK = "https://crm.zoho.com.au/crm/org70001/tab/Potentials/"


def draft(number: int, **changes: Any) -> ContactDraft:
    values: dict[str, Any] = {
        "customer": CustomerKey("Accounts", str(number)),
        "number": f"ZC-{number}",
        "name": f"Customer {number}",
        "email": f"customer{number}@example.com",
    }
    return ContactDraft(**(values | changes))


def others(count: int) -> list[ContactDraft]:
    """Customers that Xero does not have, enough for a sweep."""
    return [draft(number) for number in range(900, 900 + count)]


NASTY = [
    "O'Brien & Sons",
    '5" Pipe "Best"',
    "Plus + Minus # 100 %",
    "Müller & Söhne",
    "東京 🌞",
    "Back\\slash",
    "AND OR NOT",
    'Name=="x" OR 1==1',
    "A (B) [C] {D}",
]
CASES = [
    ("by number", {"Name": "Other", "ContactNumber": "ZC-1"}, {}, "number"),
    ("by number, other case", {"Name": "Other", "ContactNumber": "zc-1"}, {}, "number"),
    ("by e-mail", {"Name": "Other", "EmailAddress": "customer1@example.com"}, {}, "email"),
    ("by e-mail, other case", {"Name": "Other", "EmailAddress": "Customer1@Example.COM"}, {}, "email"),
    ("by name", {"Name": "Customer 1"}, {}, "name"),
    ("by name, other case", {"Name": "CUSTOMER 1"}, {}, "name"),
    *((f"by name: {name}", {"Name": name}, {"name": name}, "name") for name in NASTY),
]


@pytest.mark.parametrize("more", [0, TARGETED_MAX], ids=["targeted", "sweep"])
@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_customer_is_found_by_either_way(case: Any, more: int) -> None:
    _, contact, changes, by = case
    bench = XeroBench({"contacts": [contact, {"Name": "Stranger", "EmailAddress": "x@example.com"}]})
    wanted = draft(1, **changes)
    found = find_candidates(bench.client, [wanted, *others(more)], ALL)
    recognised = recognise(wanted, found[wanted.customer], ALL)
    assert isinstance(recognised, Recognised) and recognised.by == by
    assert recognised.contact.name == contact["Name"]
    assert all(not found[stranger.customer] for stranger in others(more))


@pytest.mark.parametrize("more", [0, TARGETED_MAX], ids=["targeted", "sweep"])
def test_archived_contacts_are_seen(more: int) -> None:
    """Their number stays taken, so a customer must not be made under it again."""
    bench = XeroBench({"contacts": [{"Name": "Gone", "ContactNumber": "ZC-1", "ContactStatus": "ARCHIVED"}]})
    found = find_candidates(bench.client, [draft(1), *others(more)], ALL)
    (contact,) = found[draft(1).customer]
    assert (contact.number, contact.status) == ("ZC-1", "ARCHIVED")


@pytest.mark.parametrize("more", [0, TARGETED_MAX], ids=["targeted", "sweep"])
def test_an_archived_e_mail_does_not_hide_an_active_name(more: int) -> None:
    bench = XeroBench(
        {
            "contacts": [
                {"Name": "Gone", "EmailAddress": "customer1@example.com", "ContactStatus": "ARCHIVED"},
                {"Name": "Customer 1"},
            ]
        }
    )
    found = find_candidates(bench.client, [draft(1), *others(more)], ALL)
    recognised = recognise(draft(1), found[draft(1).customer], ALL)
    assert isinstance(recognised, Recognised) and recognised.by == "name"


@pytest.mark.parametrize("more", [0, TARGETED_MAX], ids=["targeted", "sweep"])
@pytest.mark.parametrize("blank", ["email", "number"])
def test_an_empty_field_finds_nobody(more: int, blank: str) -> None:
    bench = XeroBench({"contacts": [{"Name": "No number, no e-mail"}]})
    wanted = replace(draft(1), email="") if blank == "email" else replace(draft(1), number="")
    assert find_candidates(bench.client, [wanted, *others(more)], ALL)[wanted.customer] == ()


@pytest.mark.parametrize(
    ("drafts", "contacts", "calls"),
    [
        (0, 5, 0),
        (1, 5, 3),
        (2, 5, 1),
        (3, 5, 1),
        (50, 1500, 2),
        (4, 1500, 2),
    ],
)
def test_look_ups_are_chosen_by_cost(drafts: int, contacts: int, calls: int) -> None:
    bench = XeroBench({"contacts": [{"Name": f"Contact {number}"} for number in range(contacts)]})
    find_candidates(bench.client, others(drafts), ALL)
    assert bench.wire.calls == calls


def test_a_sweep_that_would_cost_more_than_the_look_ups_is_given_up_after_its_first_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from zoho_xero_sync.remote.xero import contacts

    monkeypatch.setattr(contacts, "PAGE_SIZE", 1)
    world = [{"Name": f"Contact {number}"} for number in range(30)] + [{"Name": "Customer 901"}]
    bench = XeroBench({"contacts": world})
    wanted = others(TARGETED_MAX + 1)
    found = find_candidates(bench.client, wanted, ALL)
    assert len(found[wanted[1].customer]) == 1
    assert bench.wire.calls == 1 + 3 * len(wanted)


@pytest.mark.parametrize("order", [("number",), ("email", "name"), ("name", "number", "email")])
def test_only_fields_of_the_order_are_asked_for(order: tuple[ContactMatch, ...]) -> None:
    bench = XeroBench()
    find_candidates(bench.client, [draft(1)], order)
    columns = {"number": "ContactNumber", "email": "EmailAddress", "name": "Name"}
    asked = [params["where"].partition("==")[0] for _, _, params in bench.wire.asked]
    assert asked == [columns[field] for field in order]


# ---- invoices ----


def books(count: int = 3, **changes: Any) -> XeroBench:
    line = {"Description": "Row", "Quantity": 1, "UnitAmount": "33.3333", "AccountCode": "200"}
    invoices = [
        {"Contact": "Buyer", "Url": f"{LINK}{number}", "LineItems": [line], "DueDate": "2026-12-04", **changes}
        for number in range(count)
    ]
    return XeroBench({"contacts": [{"Name": "Buyer"}], "invoices": invoices})


def test_invoices_are_found_by_the_deal_they_carry() -> None:
    bench = books(5)
    found = find_by_urls(bench.client, [f"{LINK}1", f"{LINK}3", f"{LINK}77"])
    assert sorted(found) == [f"{LINK}1", f"{LINK}3"]
    (invoice,) = found[f"{LINK}1"]
    assert invoice.url == f"{LINK}1" and invoice.lines is not None
    assert str(invoice.lines[0].unit_amount) == "33.3333"
    assert bench.wire.calls == 1


def test_a_link_that_begins_like_another_is_another() -> None:
    assert find_by_urls(books(12).client, [f"{LINK}1"]).keys() == {f"{LINK}1"}


def test_a_sweep_tells_the_deals_their_invoices_and_who_marked_them() -> None:
    bench = books(3, Url=f"{LINK}5725767#zxs-0123abcd")
    swept = sweep(bench.client, LINK, None)
    assert [len(found) for found in swept.carrying.values()] == [3] and list(swept.carrying) == ["5725767"]
    assert list(swept.tags) == ["0123abcd"] and swept.numbered == {}
    others = sweep(bench.client, LINK, {"9999999"})
    assert others.carrying == {} and list(others.tags) == ["0123abcd"]
    elsewhere = sweep(bench.client, f"{LINK}elsewhere/", None)
    assert (elsewhere.carrying, elsewhere.tags) == ({}, {})
    assert len(find_by_urls(bench.client, [f"{LINK}5725767#zxs-99999999"])) == 1


@pytest.mark.parametrize("status", ["DRAFT", "AUTHORISED", "VOIDED", "DELETED"])
def test_ended_invoices_are_found_too(status: str) -> None:
    (invoice,) = find_by_urls(books(1, Status=status).client, [f"{LINK}0"])[f"{LINK}0"]
    assert invoice.status == status


def test_two_invoices_of_one_deal_are_both_found() -> None:
    bench = books(2, Url=f"{LINK}same")
    assert len(find_by_urls(bench.client, [f"{LINK}same"])[f"{LINK}same"]) == 2


@pytest.mark.parametrize(("days", "found"), [(-1, 1), (1, 0)])
def test_a_search_may_begin_at_an_instant(days: int, found: int) -> None:
    bench = books(1, UpdatedDateUTC=NOW.isoformat())
    assert len(find_by_urls(bench.client, [f"{LINK}0"], NOW + timedelta(days=days))) == found


def test_invoices_by_id_are_asked_for_forty_at_a_time() -> None:
    bench = books(90)
    ids = [invoice.id for invoices in find_by_urls(bench.client, [f"{LINK}{n}" for n in range(90)]).values()
           for invoice in invoices]  # fmt: skip
    before = bench.wire.calls
    found = fetch_invoices(bench.client, [*ids, "99999999-0000-0000-0000-000000000000"])
    assert sorted(found) == sorted(ids) and bench.wire.calls - before == 3
    assert all(invoice.lines for invoice in found.values())
    longest = max(len(params["IDs"]) for _, _, params in bench.wire.asked if "IDs" in params)
    assert longest <= 40 * 37


@pytest.mark.parametrize(
    ("status", "error"), [(401, LoginError), (403, LoginError), (400, RemoteError), (404, RemoteError)]
)
def test_a_refused_read_is_an_error_and_not_an_absence(
    status: int, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    from remote_tools import an_answer

    bench = books(1)
    monkeypatch.setattr(bench.wire, "read", lambda *args, **options: an_answer(status, "{}"))
    for ask in (
        lambda: find_by_urls(bench.client, [f"{LINK}0"]),
        lambda: fetch_invoices(bench.client, ["x"]),
        lambda: find_candidates(bench.client, [draft(1)], ALL),
    ):
        with pytest.raises(error):
            ask()
