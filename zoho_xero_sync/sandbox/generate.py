"""Worlds of any size from a seed: the same arguments always give the same world."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

_CENT = Decimal("0.01")
_FIRST = (
    "Harbour", "Southern", "Blue Gum", "Northside", "Summit", "Riverbend", "Coastal", "Eastgate", "Wattle", "Ironbark",
    "Pacific", "Redgum", "Silverton", "Highland", "Bayside", "Sunrise", "Westfield", "Granite", "Lakeside", "Kurrajong",
    "Banksia", "Outback", "Stonebridge", "Ferny Creek", "Clearwater", "Old Mill", "Boulevard", "Capital", "Meridian",
)  # fmt: skip
_SECOND = (
    "Catering", "Joinery", "Print", "Freight", "Events", "Landscapes", "Software", "Interiors", "Foods", "Electrical",
    "Engineering", "Dental", "Wines", "Physio", "Timber", "Roofing", "Media", "Fitness", "Nurseries", "Logistics",
    "Plumbing", "Travel", "Optical", "Flooring", "Signs", "Café", "Bakehouse", "Security", "Marine", "Pumps & Valves",
)  # fmt: skip
_LAST = ("Pty Ltd", "Group", "& Co", "Services", "Partners Pty Ltd", "Australia Pty Ltd", "Supplies", "Holdings")
_STREETS = ("George Street", "High Street", "Station Road", "Beach Road", "Church Street", "Railway Parade")
_PLACES = (
    ("Sydney", "NSW", "2000"), ("Newcastle", "NSW", "2300"), ("Melbourne", "VIC", "3000"), ("Geelong", "VIC", "3220"),
    ("Brisbane", "QLD", "4000"), ("Cairns", "QLD", "4870"), ("Adelaide", "SA", "5000"), ("Perth", "WA", "6000"),
    ("Hobart", "TAS", "7000"), ("Canberra", "ACT", "2600"), ("Darwin", "NT", "0800"),
)  # fmt: skip
_GOODS = (
    "Site visit", "Consulting hour", "Installation", "Annual support", "Marquee hire", "Delivery", "Training day",
    "Design work", "Steel bracket", "LED panel", "Cable per metre", "Oak board", "Printed banner", "Catering per head",
    "Safety inspection", "Replacement filter", "Software licence", "Spare pump", "Hand tool set", "Project management",
)  # fmt: skip
_SUBJECTS = ("fit-out", "upgrade", "annual renewal", "spring order", "opening night", "stage two", "refurbishment")
_IDS = {"account": 1, "contact": 2, "product": 3, "deal": 4, "quote": 5}


def generate_world(
    seed: int | str,
    deals: int = 1000,
    customers: int | None = None,
    lines: int = 3,
    stage: str = "Closed Won",
    quotes: bool = True,
    known_customers: bool = False,
    *,
    products: int = 60,
    clock: str = "2026-11-20T01:00:00Z",
    days: float = 5,
    discounts: float = 0.2,
    untaxed: float = 0.1,
    four_decimals: float = 0.1,
) -> dict[str, Any]:
    """A world dict with `deals` deals in `stage`, ready for `Sandbox`; equal arguments give equal worlds.

    `customers` accounts (None: one per deal), each with a billing address and one contact with an e-mail, share the
    deals in turn. With `quotes` every deal has one quote in Quote_Stage "Confirmed" with `lines` lines, else its Amount
    alone. `known_customers` puts a contact into Xero for every account, with the account's id as ContactNumber. The
    deals were modified in the `days` before `clock`. `discounts`, `untaxed` and `four_decimals` are the shares (0 to 1)
    of lines with a discount, of lines without GST, and of products priced to four decimals. Amount is the quote's exact
    Grand_Total.

    Raises ValueError when a count is negative, or when there are deals but no customer, or quotes without lines.
    """
    count = deals if customers is None else customers
    if min(deals, count, lines, products) < 0 or (deals and not count):
        raise ValueError("A world needs counts of at least 0, and at least one customer when it has deals.")
    if quotes and deals and not (lines and products):
        raise ValueError("A world with quotes needs at least one line per quote and one product.")
    chance = random.Random(f"zoho-xero-sync {seed}")  # noqa: S311  (test data, nothing secret)
    now = datetime.fromisoformat(clock).astimezone(UTC)
    names = _names(chance, count)
    accounts = [_account(chance, number, name) for number, name in enumerate(names, 1)]
    catalogue = [_product(chance, number, four_decimals) for number in range(1, products + 1)]
    zoho: dict[str, Any] = {
        "accounts": accounts,
        "contacts": [_contact(number, account) for number, account in enumerate(accounts, 1)],
        "products": catalogue,
        "deals": [],
        "quotes": [],
    }
    for number in range(1, deals + 1):
        owner = (number - 1) % count
        moment = _iso(now - timedelta(seconds=chance.randint(60, max(60, int(days * 86400)))))
        deal = _deal(chance, number, accounts[owner], stage, moment)
        if quotes:
            rows, deal["Amount"] = _rows(chance, catalogue, lines, discounts, untaxed)
            zoho["quotes"].append(_quote(number, deal, moment, rows))
        else:
            deal["Amount"] = Decimal(chance.randint(5_000, 2_500_000)).scaleb(-2)
        zoho["deals"].append(deal)
    world: dict[str, Any] = {"clock": clock, "zoho": zoho, "xero": {}}
    if known_customers:
        world["xero"]["contacts"] = [_xero_contact(account, number) for number, account in enumerate(accounts, 1)]
    return world


def _id(kind: str, number: int) -> str:
    return f"5725767{_IDS[kind]:03d}{number:09d}"


def _names(chance: random.Random, count: int) -> Iterator[str]:
    sizes = len(_FIRST), len(_SECOND), len(_LAST)
    combinations = sizes[0] * sizes[1] * sizes[2]
    order = chance.sample(range(combinations), min(count, combinations))
    for number in range(count):
        place = order[number % combinations]
        first, rest = place % sizes[0], place // sizes[0]
        name = f"{_FIRST[first]} {_SECOND[rest % sizes[1]]} {_LAST[rest // sizes[1]]}"
        again = number // combinations
        yield f"{name} {again + 1}" if again else name


def _account(chance: random.Random, number: int, name: str) -> dict[str, Any]:
    city, state, code = chance.choice(_PLACES)
    return {
        "key": f"a{number}",
        "id": _id("account", number),
        "Account_Name": name,
        "Phone": f"02 5550 {number % 10_000:04d}",
        "Billing_Street": f"{chance.randint(1, 480)} {chance.choice(_STREETS)}",
        "Billing_City": city,
        "Billing_State": state,
        "Billing_Code": code,
        "Billing_Country": "Australia",
    }


def _contact(number: int, account: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": f"c{number}",
        "id": _id("contact", number),
        "First_Name": "Accounts",
        "Last_Name": f"Team {number}",
        "Email": f"accounts{number}@example.com",
        "account": account["key"],
    }


def _product(chance: random.Random, number: int, four_decimals: float) -> dict[str, Any]:
    exact = chance.random() < four_decimals
    lowest, highest, places = (1_000, 99_999, 4) if exact else (250, 180_000, 2)
    price = Decimal(chance.randint(lowest, highest)).scaleb(-places)
    return {
        "key": f"p{number}",
        "id": _id("product", number),
        "Product_Name": f"{_GOODS[(number - 1) % len(_GOODS)]} {number}",
        "Product_Code": f"P-{number:04d}",
        "Unit_Price": price,
    }


def _deal(chance: random.Random, number: int, account: dict[str, Any], stage: str, moment: str) -> dict[str, Any]:
    return {
        "key": f"d{number}",
        "id": _id("deal", number),
        "Deal_Name": f"{account['Account_Name']} {chance.choice(_SUBJECTS)} {number}"[:120],
        "Stage": stage,
        "Pipeline": "Standard",
        "Closing_Date": moment[:10],
        "account": account["key"],
        "contact": f"c{account['key'][1:]}",
        "Created_Time": moment,
        "Modified_Time": moment,
    }


def _quote(number: int, deal: dict[str, Any], moment: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "key": f"q{number}",
        "id": _id("quote", number),
        "Subject": deal["Deal_Name"],
        "deal": deal["key"],
        "Quote_Stage": "Confirmed",
        "Created_Time": moment,
        "Modified_Time": moment,
        "lines": rows,
    }


def _rows(
    chance: random.Random, catalogue: list[dict[str, Any]], count: int, discounts: float, untaxed: float
) -> tuple[list[dict[str, Any]], Decimal]:
    """The lines of one quote and its Grand_Total: per line rounded to cents, 10 % GST rounded per line, then summed."""
    rows: list[dict[str, Any]] = []
    grand_total = Decimal(0)
    for _ in range(count):
        product = chance.choice(catalogue)
        quantity = chance.randint(20, 900) if product["Unit_Price"] < 10 else chance.randint(1, 12)
        total = _cents(product["Unit_Price"] * quantity)
        row = {"product": product["key"], "Quantity": quantity, "List_Price": product["Unit_Price"]}
        if chance.random() < discounts:
            row["Discount"] = _cents(total * chance.randint(1, 20) / 100)
        net = total - row.get("Discount", Decimal(0))
        tax = "GST Free" if chance.random() < untaxed else "GST"
        row["taxes"] = [tax]
        grand_total += net + (_cents(net / 10) if tax == "GST" else 0)
        rows.append(row)
    return rows, grand_total


def _xero_contact(account: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "Name": account["Account_Name"],
        "ContactNumber": account["id"],
        "EmailAddress": f"accounts{number}@example.com",
    }


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
