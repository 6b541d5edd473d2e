"""Deals as people really leave them: each is invoiced right or held with its field, its reason and its next step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, Order, Record, line_of, open_desk, order, priced, world

Hand = Callable[[Desk], None]
LONG_NAME = "Very Long Trading Name " * 14
DESCRIPTION = 'Line of text & more, with "quotes" and <tags>; ' * 43
NAMES: Mapping[str, tuple[str, str]] = {
    "quotes": ('O\'Neil "The Baker" Pty Ltd', 'O\'Neil "The Baker" Pty Ltd'),
    "ampersand": ("Salt & Pepper && Co", "Salt & Pepper && Co"),
    "emoji": ("Sunny 🌞 Kiosk", "Sunny 🌞 Kiosk"),
    "accents": ("Žižkov Łódź Müller ApS", "Žižkov Łódź Müller ApS"),
    "spaces": ("  Double  Spaced   Timber ", "Double Spaced Timber"),
    "brackets": ("Less <and> More", "Less and More"),
    "newline": ("Two\nLines\tTrading", "Two Lines Trading"),
    "long": (LONG_NAME, LONG_NAME[:255].strip()),
    "script": ("<script>alert(1)</script>", "script alert(1) /script"),
    "percent": ("100% % %s {0} {id} Pure", "100% % %s {0} {id} Pure"),
    "backslash": ("Back\\slash // Works", "Back\\slash // Works"),
}


def patched(module: str, key: str, **values: object) -> Hand:
    """Put raw values into a record, past every check that Zoho's own forms would make."""

    def spoil(desk: Desk) -> None:
        table = desk.box.zoho.tables[module]
        table.change(table.records[table.keys[key]], values)

    return spoil


def row_patched(key: str, **values: object) -> Hand:
    """The same for the first row of a deal's quote."""

    def spoil(desk: Desk) -> None:
        zoho = desk.box.zoho
        row = zoho.rows_of("Quoted_Items", zoho.find("Quotes", f"q_{key}")["id"])[0]
        zoho.tables["Quoted_Items"].change(row, values)

    return spoil


def relined(key: str, *lines: Record) -> Hand:
    """Somebody gives a deal's quote other rows."""
    return lambda desk: desk.box.zoho.replace_lines("Quotes", f"q_{key}", lines)


def in_currency(key: str, code: str) -> Hand:
    """A deal and its quote are in another currency, which Zoho's own forms would not change."""

    def spoil(desk: Desk) -> None:
        patched("Deals", key, Currency=code)(desk)
        patched("Quotes", f"q_{key}", Currency=code)(desk)

    return spoil


def edited(key: str, **fields: Any) -> Hand:
    """Somebody edits a deal in Zoho."""

    def mend(desk: Desk) -> None:
        desk.edit(key, **fields)

    return mend


@dataclass(frozen=True, slots=True)
class Bad:
    """A deal that cannot be invoiced: how it is spoilt, what it is held for, and how a person mends it."""

    key: str
    code: str
    path: str | None
    spoil: Hand | None = None
    mend: Hand | None = None
    lines: bool = True
    amount: str | None = "250.00"
    says: str = ""
    account: str | None = "alpine"
    action: str = "hold"

    def order(self) -> Order:
        """The deal as it is entered."""
        lines = [("hours", 3, "120.00")] if self.lines else []
        amount = None if self.amount is None else Decimal(self.amount)
        return order(self.key, account=self.account, lines=lines, Amount=amount)


GOOD_ROW = priced("hours", 2, "80.00")
BAD = (
    Bad("null_amount", "no_lines", "Amount", None, edited("null_amount", Amount=Decimal(80)), lines=False, amount=None),
    Bad("no_rows", "no_lines", "Amount", relined("no_rows"), relined("no_rows", GOOD_ROW), amount=None),
    Bad("nobody", "customer_missing", "Account_Name", None, edited("nobody", account="birch"), account=None,
        says="nobody to invoice"),
    Bad("zero", "zero_total", "Amount", None, edited("zero", Amount=Decimal("0.01")), lines=False, amount="0"),
    Bad("zero_rows", "zero_total", "Amount", relined("zero_rows", priced("hours", 3, "0.00")),
        relined("zero_rows", GOOD_ROW)),
    Bad("negative", "negative_total", "Amount", None, edited("negative", Amount=Decimal(5)), lines=False, amount="-40"),
    Bad("fraction", "amount_inexact", "Total_After_Discount", None, edited("fraction", Amount=Decimal("10.01")),
        lines=False, amount="10.005", says="10.005"),
    Bad("text_amount", "deal_unreadable", "Amount", patched("Deals", "text_amount", Amount="12,000 approx"),
        edited("text_amount", Amount=Decimal(12)), lines=False, says="12,000 approx"),
    Bad("object_amount", "deal_unreadable", "Amount", patched("Deals", "object_amount", Amount={"value": 1}),
        edited("object_amount", Amount=Decimal(12)), lines=False),
    Bad("nan_amount", "deal_unreadable", "Amount", patched("Deals", "nan_amount", Amount="NaN"),
        edited("nan_amount", Amount=Decimal(12)), lines=False),
    Bad("list_name", "deal_unreadable", "Deal_Name", patched("Deals", "list_name", Deal_Name=["a", "b"]),
        edited("list_name", Deal_Name="Mended")),
    Bad("text_quantity", "document_unreadable", "Quantity", row_patched("text_quantity", Quantity="a dozen"),
        relined("text_quantity", GOOD_ROW), says="a dozen"),
    Bad("null_price", "document_unreadable", "List_Price", row_patched("null_price", List_Price=None),
        relined("null_price", GOOD_ROW)),
    Bad("null_total", "document_unreadable", "Grand_Total", patched("Quotes", "q_null_total", Grand_Total=None),
        relined("null_total", GOOD_ROW), says="Grand_Total"),
    Bad("text_total", "document_unreadable", "Grand_Total", patched("Quotes", "q_text_total", Grand_Total="tbc"),
        relined("text_total", GOOD_ROW), says="tbc"),
    Bad("wrong_total", "total_mismatch", "Grand_Total",
        patched("Quotes", "q_wrong_total", Grand_Total=Decimal("396.01")), relined("wrong_total", GOOD_ROW),
        says="0.01"),
    Bad("currency", "currency_disabled", "Currency", in_currency("currency", "ZZZ"), in_currency("currency", "AUD"),
        says="ZZZ"),
    Bad("tax", "tax_unmapped", "invoice.tax", relined("tax", priced("hours", 1, "100.00", "Luxury")),
        relined("tax", GOOD_ROW), says="Luxury"),
    Bad("email", "customer_email_invalid", "Contact_Name.Email", patched("Contacts", "mail_office", Email="büro@@mail"),
        patched("Contacts", "mail_office", Email="office@mail.example.com"), account="mail", says="büro@@mail"),
    Bad("noname", "customer_name_missing", "Account_Name", patched("Accounts", "noname", Account_Name=" <> "),
        patched("Accounts", "noname", Account_Name="Named Now"), account="noname"),
    Bad("huge", "amount_inexact", "Total_After_Discount", None, edited("huge", Amount=Decimal(77)), lines=False,
        amount="99999999999.00", says="99999999999"),
    Bad("country", "contact_refused", None, patched("Accounts", "country", Billing_Country="Australia 2000"),
        patched("Accounts", "country", Billing_Country="Australia"), account="country", action="reject"),
)  # fmt: skip


def customer(key: str, name: str) -> tuple[Record, Record]:
    """An account and its contact person."""
    account = {"key": key, "Account_Name": name, "Billing_Street": "2 High Street", "Billing_City": "Hobart"}
    person = {"key": f"{key}_office", "Last_Name": "Office", "Email": f"{key}@example.com", "account": key}
    return account, person


def bad_world() -> Record:
    """Every bad deal, and three good ones, all of them not ripe yet."""
    placed = world(*(bad.order() for bad in BAD), *(order(key) for key in ("good1", "good2", "good3")))
    people = [customer(key, f"{key} Trading") for key in ("mail", "noname", "country")]
    zoho = placed["zoho"]
    zoho["accounts"] += [account for account, _ in people]
    zoho["contacts"] += [person for _, person in people]
    zoho["taxes"] = {"GST": "10", "GST Free": "0", "Luxury": "25"}
    zoho["org"] = {"multi_currency": True}
    zoho["currencies"] = ["AUD", "NZD"]
    return placed


def a_bad_day(desk: Desk) -> Record:
    """The baseline, then every deal is moved to Closed Won, spoilt, and synced once."""
    desk.sync()
    for bad in BAD:
        desk.move(bad.key, "Closed Won")
        if bad.spoil:
            bad.spoil(desk)
    for key in ("good1", "good2", "good3"):
        desk.move(key, "Closed Won")
    return desk.sync(code=3)


@pytest.fixture(scope="module")
def bad_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Record]]:
    """A desk after its bad day, and the report of it; the tests only look."""
    folder: Path = tmp_path_factory.mktemp("bad_day")
    with open_desk(bad_world(), folder) as desk:
        yield desk, a_bad_day(desk)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.key)
def test_a_bad_deal_waits_with_its_field_its_reason_and_a_command(bad: Bad, bad_day: tuple[Desk, Record]) -> None:
    desk, report = bad_day
    deal = desk.deal(bad.key)
    line = line_of(report, deal)
    (problem,) = [problem for problem in report["problems"] if problem["subject"] == f"deal {deal}"]
    assert (line["action"], problem["code"], problem["path"]) == (bad.action, bad.code, bad.path), problem
    assert bad.says in problem["message"]
    assert problem["message"].endswith((".", "!", "?"))
    assert "zoho-xero-sync " in problem["hint"], problem
    assert (line["reason"], line["next_step"]) == (problem["message"], problem["hint"])
    assert not desk.invoices(bad.key, closed=True)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.key)
def test_show_explains_a_bad_deal(bad: Bad, bad_day: tuple[Desk, Record]) -> None:
    desk, report = bad_day
    deal = desk.deal(bad.key)
    (problem,) = [problem for problem in report["problems"] if problem["subject"] == f"deal {deal}"]
    shown = desk.run("show", deal, code=0).out
    assert deal in shown
    assert problem["message"].split(":")[0] in " ".join(shown.split())


def test_the_good_deals_are_not_delayed_by_the_bad(bad_day: tuple[Desk, Record]) -> None:
    desk, report = bad_day
    assert report["counts"]["invoices_created"] == 3
    assert {line_of(report, desk.deal(key))["action"] for key in ("good1", "good2", "good3")} == {"create"}
    assert all(desk.invoice(key)["Status"] == "AUTHORISED" for key in ("good1", "good2", "good3"))


def test_a_bad_deal_is_announced_once_and_asks_nothing_of_xero_again(desk_of: OpenDesk) -> None:
    desk = desk_of(on=bad_world())
    a_bad_day(desk)
    desk.box.calls.reset()
    again = desk.run("sync", code=3)
    assert (again.out, again.err) == ("", "")
    assert desk.box.calls.api_calls("xero") == 0
    desk.box.calls.reset()
    desk.run("sync", code=3)
    assert desk.box.calls.api_calls("zoho") == 1


def test_mended_deals_are_invoiced_and_the_rest_can_be_set_aside(desk_of: OpenDesk) -> None:
    desk = desk_of(on=bad_world())
    a_bad_day(desk)
    assert_promises(desk)
    for bad in BAD:
        if bad.mend:
            bad.mend(desk)
        desk.run("resolve", desk.deal(bad.key), "--retry" if bad.mend else "--skip", code=0)
    report = desk.sync(code=0)
    assert report["counts"]["invoices_created"] == len(BAD)
    assert all(len(desk.invoices(bad.key)) == 1 for bad in BAD)
    assert_promises(desk)


# ---- what looks bad and is not ----


def test_names_reach_xero_as_xero_takes_them(desk_of: OpenDesk) -> None:
    placed = world(*(order(key, account=key, Deal_Name=name) for key, (name, _) in NAMES.items()))
    people = [customer(key, name) for key, (name, _) in NAMES.items()]
    placed["zoho"]["accounts"] += [account for account, _ in people]
    placed["zoho"]["contacts"] += [person for _, person in people]
    desk = desk_of(on=placed)
    desk.sync()
    for key in NAMES:
        desk.move(key, "Closed Won")
    report = desk.sync(code=0)
    assert report["counts"]["invoices_created"] == len(NAMES)
    for key, (raw, wanted) in NAMES.items():
        invoice = desk.invoice(key)
        assert invoice["Contact"]["Name"] == wanted
        assert invoice["Reference"] == raw.strip().replace("\n", " ").replace("\t", " ")[:255]
    assert_promises(desk)


def test_a_long_description_arrives_whole(desk_of: OpenDesk) -> None:
    desk = desk_of(order("long"))
    desk.sync()
    row = {**GOOD_ROW, "Description": DESCRIPTION[:2000]}
    desk.box.zoho.replace_lines("Quotes", "q_long", [row, {**GOOD_ROW, "Description": "x" * 5000}])
    desk.move("long", "Closed Won")
    desk.sync(code=0)
    first, second = (line["Description"] for line in desk.invoice("long")["LineItems"])
    assert DESCRIPTION[:2000].strip() in first
    assert len(second) == 4000
    assert_promises(desk)


def test_a_deleted_product_is_still_on_the_invoice(desk_of: OpenDesk) -> None:
    desk = desk_of(order("gone", lines=[("hire", 2, "45.00"), ("food", 1, "10.00")]))
    desk.sync()
    desk.box.zoho.delete("Products", "hire", permanent=True)
    desk.move("gone", "Closed Won")
    desk.sync(code=0)
    assert desk.invoice("gone")["Total"] == Decimal("110.00")
    assert len(desk.invoice("gone")["LineItems"]) == 2
    assert_promises(desk)


def test_a_deleted_customer_leaves_the_deal_waiting_and_not_the_others(desk_of: OpenDesk) -> None:
    desk = desk_of(order("orphan", account="birch"), order("good"))
    desk.sync()
    desk.move("orphan", "Closed Won")
    desk.move("good", "Closed Won")
    patched("Deals", "orphan", Account_Name=None, Contact_Name=None)(desk)
    desk.box.zoho.delete("Accounts", "birch")
    report = desk.sync(code=3)
    assert line_of(report, desk.deal("orphan"))["action"] == "hold"
    assert line_of(report, desk.deal("good"))["action"] == "create"
    assert_promises(desk)


@pytest.mark.parametrize("discount", ["10%", "12.5%", "33.33%", "100.00", Decimal("0.01")])
def test_a_row_discount_is_carried_exactly(discount: str | Decimal, desk_of: OpenDesk) -> None:
    desk = desk_of(order("sale"))
    desk.sync()
    row = {**priced("hours", 7, "119.95"), "Discount": discount}
    desk.box.zoho.replace_lines("Quotes", "q_sale", [row, GOOD_ROW])
    desk.move("sale", "Closed Won")
    desk.sync(code=0)
    assert desk.invoice("sale")["Total"] == desk.box.zoho.find("Quotes", "q_sale")["Grand_Total"]
    assert_promises(desk)


def test_a_quote_without_rows_gives_way_to_the_amount(desk_of: OpenDesk) -> None:
    desk = desk_of(order("empty"))
    desk.sync()
    desk.box.zoho.replace_lines("Quotes", "q_empty", [])
    desk.move("empty", "Closed Won")
    desk.sync(code=0)
    (line,) = desk.invoice("empty")["LineItems"]
    assert (line["UnitAmount"], line["Description"]) == (Decimal("250.00"), "Order empty")


def test_a_null_amount_does_not_matter_when_there_are_rows(desk_of: OpenDesk) -> None:
    desk = desk_of(order("rows", Amount=None))
    desk.sync()
    desk.move("rows", "Closed Won")
    desk.sync(code=0)
    assert desk.invoice("rows")["Total"] == Decimal("396.00")
    assert_promises(desk)


def test_two_customers_of_one_name_do_not_share_a_contact(desk_of: OpenDesk) -> None:
    placed = world(order("first"), order("second", account="twin"))
    account, person = customer("twin", "Alpine Joinery Pty Ltd")
    placed["zoho"]["accounts"].append(account)
    placed["zoho"]["contacts"].append(person)
    desk = desk_of(on=placed)
    desk.sync()
    desk.move("first", "Closed Won")
    desk.move("second", "Closed Won")
    report = desk.sync(code=3)
    assert sorted(deal["action"] for deal in report["deals"]) == ["create", "reject"]
    assert [problem["code"] for problem in report["problems"]] == ["contact_refused"]
    assert_promises(desk)
