"""Zoho, the ledger and Xero compared: what was planted is found, nothing else is, and the totals add up."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from promises import assert_promises
from world_tools import ROOT, Desk, OpenDesk, Record, order, priced, world

KINDS = (
    "missing", "held", "drifted", "status", "unlinked", "doubled", "probable_double", "orphaned", "absent",
)  # fmt: skip


def reconciled(desk: Desk, *argv: str, code: int = 3) -> Record:
    """`reconcile --json`, which writes to neither service, checked against its schema and its own arithmetic."""
    with desk.nothing_sent():
        found = desk.run("reconcile", "--json", *argv, code=code).json
    schema = json.loads((ROOT / "docs" / "reconcile.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(json.loads(desk.said[-2]))
    assert found["exit_code"] == code
    assert_adds_up(desk, found)
    return found


def assert_adds_up(desk: Desk, found: Record) -> None:
    """The control totals add up, and are what the two services hold."""
    for totals in found["totals"]:
        zoho, xero = totals["zoho"], totals["xero"]
        parts = [zoho[name] for name in ("invoiced", "held", "pending", "excluded", "missing")]
        assert sum(part["count"] for part in parts) == zoho["qualifying"]["count"]
        assert sum(Decimal(part["total"]) for part in parts) == Decimal(zoho["qualifying"]["total"])
        sides = [
            xero["invoiced"],
            xero["drifted"],
            *(xero[name]["total"] for name in ("doubled", "orphaned", "unpriced")),
        ]
        assert sum(map(Decimal, sides)) == Decimal(xero["ours"]["total"])
    ours = {one["id"]: Decimal(one["total"]) for deal in found["deals"] for one in deal["invoices"]}
    held = {invoice["InvoiceID"]: invoice for invoice in desk.invoices()}
    assert {key: held[key]["Total"] for key in ours} == ours
    assert sum(ours.values()) == sum(Decimal(totals["xero"]["ours"]["total"]) for totals in found["totals"])


def kinds(found: Record) -> Counter[tuple[str, str]]:
    """Each finding's kind and its deal's key."""
    return Counter((item["kind"], item["deal_name"].removeprefix("Order ")) for item in found["findings"])


def one(found: Record, kind: str, key: str) -> Record:
    """The one finding of this kind about this deal."""
    (only,) = [item for item in found["findings"] if (item["kind"], item["deal_name"]) == (kind, f"Order {key}")]
    return dict(only)


def number_of(desk: Desk, key: str) -> str:
    """The number of a deal's invoice."""
    return str(desk.invoice(key)["InvoiceNumber"])


def in_ledger(desk: Desk, sql: str, *values: str) -> None:
    """Somebody restores an old backup, or worse: the ledger changes behind the program's back."""
    with closing(sqlite3.connect(desk.ledger)) as connection:
        connection.execute(sql, values)
        connection.commit()


def forget(desk: Desk, key: str) -> None:
    """The ledger never heard of this deal."""
    for table in ("invoice_link", "deal", "event"):
        in_ledger(desk, f"DELETE FROM {table} WHERE deal_id = ?", desk.deal(key))


def by_hand(desk: Desk, like: str, **fields: Any) -> str:
    """Somebody writes in Xero by hand what bills the same as a deal's quote: its customer, its total. Its number."""
    deal = desk.box.zoho.find("Deals", like)
    quotes = [quote for quote in desk.box.zoho.records("Quotes") if (quote["Deal_Name"] or {}).get("id") == deal["id"]]
    line = {
        "Description": "By hand", "Quantity": 1, "UnitAmount": quotes[0]["Grand_Total"], "AccountCode": "200",
        "TaxType": "EXEMPTOUTPUT",
    }  # fmt: skip
    contact = {"ContactID": contact_of(desk, deal["Account_Name"]["name"])}
    made = desk.box.xero.write_invoice({"Contact": contact, "LineItems": [line], "DueDate": "2026-12-24", **fields})
    return str(made["InvoiceNumber"])


def contact_of(desk: Desk, name: str) -> str:
    """The ContactID of a customer by its name."""
    (only,) = [contact["ContactID"] for contact in desk.contacts() if contact["Name"] == name]
    return str(only)


# ---- a world of differences ----

DRAFTS = {
    "reworded", "repriced", "readdressed", "unmarked", "requoted", "approved_by_hand", "draft", "moved_away", "differs",
    "kept",
}  # fmt: skip
INVOICED = (
    "after_approval", "reworded", "repriced", "readdressed", "unmarked", "requoted", "paid", "voided",
    "approved_by_hand", "renumbered", "forgotten", "differs", "twice", "doubled_by_hand", "deleted", "moved_away",
    "never_there", "lost", "fine", "draft", "kept",
)  # fmt: skip
LINE = {
    "Description": "By hand",
    "Quantity": 1,
    "UnitAmount": Decimal("5.00"),
    "AccountCode": "200",
    "TaxType": "OUTPUT",
}

# What is planted, by the deal it is about: the kind it is found as.
PLANTED: Mapping[str, str] = {
    "overlooked": "missing",
    "lost": "missing",
    "nothing": "held",
    "empty": "held",
    "after_approval": "held",
    "reworded": "drifted",
    "repriced": "drifted",
    "readdressed": "drifted",
    "unmarked": "drifted",
    "requoted": "drifted",
    "paid": "status",
    "voided": "status",
    "approved_by_hand": "status",
    "renumbered": "status",
    "forgotten": "unlinked",
    "differs": "unlinked",
    "twice": "doubled",
    "doubled_by_hand": "probable_double",
    "deleted": "orphaned",
    "moved_away": "orphaned",
    "never_there": "absent",
}


@pytest.fixture
def busy_desk(desk_of: OpenDesk) -> Desk:
    """A desk at work for a while: every standing a deal can have, and nothing wrong."""
    return at_work(desk_of, [""])


def at_work(desk_of: OpenDesk, tags: Sequence[str]) -> Desk:
    """Such a desk, with the deals of `INVOICED` once for each tag, which ends their keys."""
    history = order("history", "Closed Won", account="cedar", modified="2026-11-10T00:00:00Z")
    desk = desk_of(history)
    stages = [{"stage": "Qualification", "invoice": "none"}, *desk.settings["stages"]]
    desk.configure(stages=stages)
    desk.sync()
    for place, (tag, key) in enumerate(product(tags, INVOICED)):
        stage = "Confirmed" if key in DRAFTS else "Closed Won"
        account = ("alpine", "birch", "cedar")[place % 3]
        lines = [("hours", place + 1, "99.95"), ("food", 2, "5", "GST Free")]
        desk.add(order(f"{key}{tag}", stage, account=account, lines=lines))
    desk.add(order("customer_only", "Qualification"))
    desk.add(order("set_aside", "Closed Won", lines=(), Amount=Decimal(0)))
    desk.sync("--allow-many", code=3)
    desk.run("resolve", desk.deal("set_aside"), "--skip", code=0)
    for tag in tags:
        desk.move(f"kept{tag}", "Proposal")
    desk.sync(code=3)
    for tag in tags:
        desk.run("resolve", desk.deal(f"kept{tag}"), "--skip", code=0)
    desk.wait(minutes=20)
    desk.sync()
    return desk


def planted(desk: Desk, tags: Sequence[str] = ("",)) -> None:
    """People, backups and other apps at their worst."""
    for tag in tags:
        _waiting(desk, tag)
    desk.sync(code=3)
    desk.wait(minutes=20)
    desk.sync(code=3)
    for tag in tags:
        _planted(desk, tag)


def _waiting(desk: Desk, tag: str) -> None:
    desk.add(order(f"nothing{tag}", "Closed Won", lines=(), Amount=Decimal(0)))
    desk.add(order(f"empty{tag}", "Closed Won", lines=(), Amount=None))
    desk.edit(f"after_approval{tag}", Deal_Name=f"Order after_approval{tag}", Next_Step="call")
    requote(desk, f"after_approval{tag}", "111.00")
    desk.edit(f"after_approval{tag}", Next_Step="call again")


def _planted(desk: Desk, tag: str) -> None:
    xero, zoho = desk.box.xero, desk.box.zoho
    desk.add(order(f"overlooked{tag}", "Closed Won", modified="2026-11-15T00:00:00Z"))
    in_ledger(desk, "DELETE FROM invoice_link WHERE deal_id = ?", desk.deal(f"lost{tag}"))
    xero.edit_invoice(number_of(desk, f"lost{tag}"), {"Url": "https://example.com/"})
    xero.edit_invoice(number_of(desk, f"reworded{tag}"), {"Reference": "my own words"})
    xero.edit_invoice(number_of(desk, f"repriced{tag}"), {"LineItems": [LINE]})
    other = contact_of(desk, "Birch & Stone Interiors")
    xero.edit_invoice(number_of(desk, f"readdressed{tag}"), {"Contact": {"ContactID": other}})
    xero.edit_invoice(number_of(desk, f"unmarked{tag}"), {"Url": "https://example.com/"})
    requote(desk, f"requoted{tag}", "77.00")
    xero.pay(number_of(desk, f"paid{tag}"), desk.invoice(f"paid{tag}")["Total"])
    xero.void(number_of(desk, f"voided{tag}"))
    xero.approve(number_of(desk, f"approved_by_hand{tag}"))
    xero.rename(number_of(desk, f"renumbered{tag}"), f"BY-HAND-7{tag}")
    forget(desk, f"forgotten{tag}")
    forget(desk, f"differs{tag}")
    xero.edit_invoice(number_of(desk, f"differs{tag}"), {"LineItems": [LINE]})
    by_hand(desk, f"twice{tag}", Url=desk.invoice(f"twice{tag}")["Url"], Status="AUTHORISED")
    by_hand(
        desk, f"doubled_by_hand{tag}", InvoiceNumber=f"X-1{tag}", Reference=f"Order doubled_by_hand{tag}, as agreed"
    )
    by_hand(desk, f"fine{tag}", InvoiceNumber=f"X-2{tag}", Reference="something else altogether")
    zoho.delete("Deals", desk.deal(f"deleted{tag}"))
    forget(desk, f"moved_away{tag}")
    desk.move(f"moved_away{tag}", "Proposal")
    in_ledger(
        desk,
        "UPDATE invoice_link SET invoice_id = ? WHERE deal_id = ?",
        GHOST[: len(GHOST) - len(tag)] + tag,
        desk.deal(f"never_there{tag}"),
    )
    xero.edit_invoice(number_of(desk, f"never_there{tag}"), {"Url": "https://example.com/"})
    desk.add(order(f"fresh{tag}", "Closed Won"))


GHOST = "11111111-2222-3333-4444-555555555555"


def requote(desk: Desk, key: str, price: str) -> None:
    """Somebody changes the price on a quote, and not its deal."""
    quote = desk.box.zoho.find("Quotes", f"q_{key}")
    desk.box.zoho.update("Quotes", quote["id"], {"lines": [priced("hours", 1, price)]})


def test_nothing_is_found_where_nothing_is_wrong(busy_desk: Desk) -> None:
    found = reconciled(busy_desk, code=0)
    assert found["findings"] == []
    standings = Counter(deal["standing"] for deal in found["deals"])
    assert standings == {"invoiced": len(INVOICED) - 1, "excluded": 3, None: 1}
    (totals,) = found["totals"]
    assert totals["xero"]["drifted"] == "0.00" and totals["xero"]["orphaned"]["count"] == 1
    assert found["api_calls"]["xero"] <= 3 and found["api_calls"]["zoho"] <= 4
    told = busy_desk.run("reconcile", code=0).out
    assert "Nothing to see." in told
    assert busy_desk.run("--quiet", "reconcile", code=0).out == ""
    # A run beside it is not disturbed, and neither is this one.
    with (busy_desk.folder / "ledger.db.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert reconciled(busy_desk, code=0)["findings"] == []
        busy_desk.run("reconcile", "--fix", code=11)
    assert_promises(busy_desk)


def test_exactly_what_was_planted_is_found(busy_desk: Desk) -> None:
    planted(busy_desk)
    before = busy_desk.ledger.read_bytes()
    found = reconciled(busy_desk)
    assert kinds(found) == {(kind, key): 1 for key, kind in PLANTED.items()}
    assert set(PLANTED.values()) == set(found["counts"])
    assert busy_desk.ledger.read_bytes() == before
    standings = {deal["deal_name"].removeprefix("Order "): deal["standing"] for deal in found["deals"]}
    assert standings["fresh"] == "pending" and standings["history"] == "excluded" and standings["fine"] == "invoiced"
    fields = {key: {item["field"] for item in one(found, "drifted", key)["differences"]} for key in
              ("reworded", "readdressed", "unmarked")}  # fmt: skip
    assert fields == {"reworded": {"Reference"}, "readdressed": {"ContactID"}, "unmarked": {"Url"}}
    reference = one(found, "drifted", "reworded")["differences"][0]
    assert (reference["zoho"], reference["xero"]) == ("Order reworded", "my own words")
    assert "sync --deal" in one(found, "drifted", "requoted")["hint"]
    assert "--adopt" in one(found, "missing", "lost")["hint"]
    for item in found["findings"]:
        assert "zoho-xero-sync " in item["hint"], item
    told = busy_desk.run("reconcile", code=3).out
    assert f"{len(PLANTED)} differences to see" in told
    busy_desk.edit("fresh", Deal_Name='=HYPERLINK("http://example.com")')
    busy_desk.box.xero.edit_invoice(number_of(busy_desk, "doubled_by_hand"), {"Reference": "+61 2 5550 0100\r\n=1+1"})
    assert_spreadsheet(busy_desk, reconciled(busy_desk))


@pytest.mark.slow
def test_twenty_of_every_kind_are_found(desk_of: OpenDesk) -> None:
    tags = [f"{number:03}" for number in range(20)]
    desk = at_work(desk_of, tags)
    planted(desk, tags)
    found = reconciled(desk)
    assert kinds(found) == {(kind, f"{key}{tag}"): 1 for key, kind in PLANTED.items() for tag in tags}
    assert min(Counter(item["kind"] for item in found["findings"]).values()) >= 20


# ---- what --fix does ----


@pytest.mark.slow
def test_what_is_safe_is_fixed_and_the_rest_stays(busy_desk: Desk) -> None:
    desk = busy_desk
    planted(desk)
    fixed = reconciled(desk, "--fix")
    repaired = {item["deal_name"].removeprefix("Order ") for item in fixed["findings"] if item["fixed"]}
    assert repaired == {"overlooked", "paid", "voided", "approved_by_hand", "renumbered", "forgotten", "moved_away"}
    links = {row["deal_id"]: row for row in desk.rows("SELECT * FROM invoice_link")}
    assert links[desk.deal("paid")]["status"] == "PAID" and links[desk.deal("renumbered")]["number"] == "BY-HAND-7"
    assert (links[desk.deal("voided")]["status"], links[desk.deal("voided")]["live"]) == ("VOIDED", 0)
    assert links[desk.deal("forgotten")]["invoice_id"] == desk.invoice("forgotten")["InvoiceID"]

    left = {key: kind for key, kind in PLANTED.items() if key not in repaired} | {"moved_away": "held"}
    found = reconciled(desk)
    assert kinds(found) == {(kind, key): 1 for key, kind in left.items()}
    for kind, key in (("held", "moved_away"), ("orphaned", "deleted")):
        desk.run("resolve", one(found, kind, key)["deal_id"], "--skip", code=0)
    assert not {"moved_away", "deleted"} & {key for _, key in kinds(reconciled(desk))}

    before = {invoice["InvoiceID"] for invoice in desk.invoices(closed=True)}
    desk.sync(code=3)
    made = [invoice for invoice in desk.invoices(closed=True) if invoice["InvoiceID"] not in before]
    assert sorted(invoice["Reference"] for invoice in made) == ["Order fresh", "Order overlooked"]


def test_a_double_is_settled_by_voiding_the_one_the_ledger_has(desk: Desk) -> None:
    desk.add(order("twice", "Closed Won"))
    desk.sync()
    first = number_of(desk, "twice")
    second = by_hand(desk, "twice", Url=desk.invoice("twice")["Url"], Status="AUTHORISED")
    assert kinds(reconciled(desk)) == {("doubled", "twice"): 1}
    desk.box.xero.void(first)
    assert kinds(reconciled(desk, "--fix", code=0)) == {("status", "twice"): 1, ("unlinked", "twice"): 1}
    links = desk.rows(
        f"SELECT number, status, live FROM invoice_link WHERE deal_id = '{desk.deal('twice')}' ORDER BY id"
    )
    assert [(row["number"], row["status"], row["live"]) for row in links] == [
        (first, "VOIDED", 0), (second, "AUTHORISED", 1),
    ]  # fmt: skip
    # The one by hand has other words and lines of the same total.
    assert kinds(reconciled(desk)) == {("drifted", "twice"): 1}
    assert_promises(desk)


def deleted(desk: Desk) -> None:
    desk.box.zoho.delete("Deals", desk.deal("job"))


def moved_away(desk: Desk) -> None:
    desk.move("job", "Proposal")


@pytest.mark.parametrize("left", [deleted, moved_away])
def test_an_invoice_that_a_person_kept_is_no_orphan_whatever_is_paid_of_it(
    desk: Desk, left: Callable[[Desk], None]
) -> None:
    deal = desk.add(order("job", "Closed Won"))
    desk.sync()
    number = number_of(desk, "job")
    left(desk)
    desk.wait(hours=1)
    desk.sync(code=3)
    desk.run("resolve", deal, "--skip", code=0)
    acts = (
        lambda: desk.box.xero.pay(number, "100.00"),
        lambda: desk.box.xero.edit_invoice(number, {"Reference": "my own words"}),
        lambda: desk.box.xero.pay(number, "296.00"),
    )
    for act in acts:
        act()
        desk.wait(minutes=20)
        desk.sync()
        assert reconciled(desk, code=0)["findings"] == []


# ---- the period, the files, the words ----


def names(found: Record) -> set[str]:
    """The names of every deal that was looked at."""
    return {deal["deal_name"] for deal in found["deals"]}


def test_a_period_has_its_own_deals(desk: Desk) -> None:
    desk.add(order("early", "Closed Won"))
    desk.sync()
    desk.wait(days=40)
    desk.add(order("late", "Closed Won"))
    desk.sync()
    assert names(reconciled(desk, code=0)) == {"Order early", "Order late"}
    assert names(reconciled(desk, "--since", "30d", code=0)) == {"Order late"}
    assert names(reconciled(desk, "--since", "2026-11-01", "--until", "2026-12-01", code=0)) == {"Order early"}
    desk.box.xero.pay(number_of(desk, "early"), "1.00")
    assert names(reconciled(desk, "--since", "30d", code=0)) == {"Order early", "Order late"}
    assert "is before --since" in desk.run("reconcile", "--since", "1d", "--until", "2026-01-01", code=2).err
    assert "in the future" in desk.run("reconcile", "--since", "2030-01-01", code=2).err


@pytest.fixture
def at_home_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Has this machine stand in another time zone until the test ends."""

    def moved(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield moved
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Australia/Sydney", "Pacific/Kiritimati"])
def test_an_invoice_belongs_to_the_period_that_has_its_date(
    desk: Desk, zone: str, at_home_in: Callable[[str], None]
) -> None:
    """The days are those that were typed, wherever midnight is on this machine."""
    desk.add(order("before", "Closed Won"))
    desk.sync()
    desk.wait(days=3, hours=10)
    desk.add(order("after", "Closed Won"))
    desk.sync()
    day = date.fromisoformat(str(desk.invoice("after")["DateString"])[:10])
    past = str(day - timedelta(days=1))
    at_home_in(zone)
    assert names(reconciled(desk, "--since", "2026-11-01", "--until", past, code=0)) == {"Order before"}
    assert names(reconciled(desk, "--since", str(day - timedelta(days=2)), code=0)) == {"Order after"}
    assert names(reconciled(desk, "--since", "2026-11-01", code=0)) == {"Order before", "Order after"}


def test_an_invoice_older_than_the_period_is_found_with_a_deal_of_the_period(desk: Desk) -> None:
    desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.wait(days=100)
    forget(desk, "job")
    desk.move("job", "Closed Lost")
    desk.sync()
    assert kinds(reconciled(desk)) == {("orphaned", "job"): 1}


def assert_spreadsheet(desk: Desk, found: Record) -> None:
    """`--csv` holds the same findings and sums, and no formula; what a stranger wrote is in the names."""
    file = desk.folder / "all.csv"
    desk.run("reconcile", "--csv", str(file), code=3)
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    (totals,) = found["totals"]
    assert sum(Decimal(row["zoho_total"] or 0) for row in rows) == Decimal(totals["zoho"]["qualifying"]["total"])
    ours = [Decimal(row["xero_total"]) for row in rows if row["ours"] == "yes"]
    assert (len(ours), sum(ours)) == (totals["xero"]["ours"]["count"], Decimal(totals["xero"]["ours"]["total"]))
    cells = {cell for row in rows for cell in row.values()}
    assert [cell for cell in cells if cell.startswith(("=", "+", "@"))] == []
    assert {'\'=HYPERLINK("http://example.com")', "'+61 2 5550 0100 =1+1"} <= cells
    assert {kind for row in rows for kind in row["findings"].split()} == set(KINDS)
    assert "cannot be written" in desk.run("reconcile", "--csv", "/nowhere/at/all.csv", code=2).err


@pytest.mark.slow
def test_two_currencies_are_never_added(desk_of: OpenDesk) -> None:
    placed = world(
        order("home", "Confirmed", modified="2026-11-10T00:00:00Z"), xero={"currencies": ["AUD", "EUR"]}
    )  # fmt: skip
    placed["zoho"] |= {"org": {"multi_currency": True}, "currencies": ["AUD", "EUR"]}
    desk = desk_of(on=placed)
    desk.sync()
    desk.add(order("at_home", "Closed Won"))
    desk.add(order("abroad", "Closed Won", lines=(), Currency="EUR", Amount=Decimal("70.00")))
    desk.sync()
    found = reconciled(desk, code=0)
    sums = {totals["currency"]: totals["xero"]["ours"] for totals in found["totals"]}
    assert sums == {"AUD": {"count": 1, "total": "396.00"}, "EUR": {"count": 1, "total": "70.00"}}


def test_without_a_ledger_it_says_what_to_do(desk_of: OpenDesk) -> None:
    desk = desk_of()
    assert "zoho-xero-sync init" in desk.run("reconcile", code=13).err
    assert "two steps" in desk.run("reconcile", "--fix", "--adopt", code=2).err
    assert "--adopt" in desk.run("reconcile", "--yes", code=2).err
