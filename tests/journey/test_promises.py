"""The witnesses themselves: each broken promise is noticed; and the promises hold over a long, bad day."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal

import pytest
from promises import assert_promises
from world_tools import SECRETS, Desk, OpenDesk, order, orders, priced

from zoho_xero_sync.sandbox import Fault


def write_in_ledger(desk: Desk, sql: str) -> None:
    """Change the ledger behind the program's back."""
    with closing(sqlite3.connect(desk.ledger)) as connection:
        connection.execute(sql)
        connection.commit()


def second_invoice(desk: Desk) -> None:
    desk.add(order("two", "Confirmed"))
    desk.sync()
    desk.box.xero.edit_invoice(str(desk.invoice("two")["InvoiceID"]), {"Url": str(desk.invoice("one")["Url"])})


def lost_deal(desk: Desk) -> None:
    write_in_ledger(desk, "DELETE FROM invoice_link")


def forgotten_deal(desk: Desk) -> None:
    desk.add(order("late", "Closed Won", modified="2026-11-01T00:00:00Z"))


def other_total(desk: Desk) -> None:
    write_in_ledger(desk, "UPDATE invoice_link SET total = '395.99'")


def other_quote(desk: Desk) -> None:
    desk.box.zoho.replace_lines("Quotes", "q_one", [priced("hours", 4, "120.00")])


def leaked_secret(desk: Desk) -> None:
    (desk.folder / "debug.txt").write_text(SECRETS["ZXS_ZOHO_REFRESH_TOKEN"], encoding="utf-8")


def said_secret(desk: Desk) -> None:
    desk.said.append(f"login with {SECRETS['ZXS_XERO_CLIENT_SECRET']}")


def open_file(desk: Desk) -> None:
    (desk.folder / "secrets.json").chmod(0o644)


def unmet_fault(desk: Desk) -> None:
    desk.fault("drop_after", method="DELETE")


def still_to_send(desk: Desk) -> None:
    desk.add(order("next", "Closed Won"))


@pytest.mark.parametrize(
    "breach",
    [second_invoice, lost_deal, forgotten_deal, other_total, other_quote, leaked_secret, said_secret, open_file,
     unmet_fault, still_to_send],
    ids=lambda breach: breach.__name__,
)  # fmt: skip
def test_a_broken_promise_is_noticed(desk: Desk, breach: Callable[[Desk], None]) -> None:
    desk.add(order("one", "Closed Won"))
    desk.sync()
    assert_promises(desk)
    breach(desk)
    with pytest.raises(AssertionError):
        assert_promises(desk, again=breach in (still_to_send,))


KINDS = ("refuse_before", "drop_after", "half_body", "empty", "html", "wrong_shape", "status_500_before",
         "status_500_after", "status_503", "html_502", "rate_minute", "rate_concurrent")  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_a_bad_day_breaks_no_promise(desk_of: OpenDesk, seed: int) -> None:
    """Deals enter, change, move on and leave while any call may fail in any way; in the end everything is in order."""
    chance = random.Random(f"a bad day {seed}")
    desk = desk_of(*orders(8, "Proposal"), *orders(3, "Closed Won", prefix="old"))
    desk.configure(when={"leaves_stages": chance.choice(["hold", "void", "keep"])})
    desk.sync()
    deals = [f"d{number}" for number in range(8)]
    for _ in range(12):
        for key in chance.sample(deals, 3):
            match chance.randrange(6):
                case 0:
                    desk.move(key, "Confirmed")
                case 1 | 2:
                    desk.move(key, "Closed Won")
                case 3:
                    desk.move(key, "Closed Lost")
                case 4:
                    desk.box.zoho.replace_lines("Quotes", f"q_{key}", [priced("hire", chance.randint(1, 9), "19.99")])
                    desk.edit(key, Amount=Decimal(chance.randint(1, 999)))
                case _:
                    desk.box.zoho.update("Accounts", "cedar", {"Account_Name": f"Cedar Freight {chance.randint(1, 9)}"})
        for _ in range(chance.randrange(4)):
            kind, service = chance.choice(KINDS), chance.choice(["zoho", "xero", "xero"])
            method = chance.choice([None, "PUT", "POST"]) if service == "xero" else None
            desk.box.faults.add(Fault(kind, service=service, method=method, skip=chance.randrange(3)))
        result = desk.run("sync", "--json")
        assert result.code in (0, 3, 4), result.out
        in_flight = desk.rows("SELECT id FROM write WHERE state = 'in_flight'")
        assert result.code == 4 or not in_flight, "an unknown outcome never exits 0"
        desk.wait(minutes=chance.choice([0, 1, 4, 7, 90]))
    desk.box.faults.clear()
    for _ in range(3):
        desk.wait(minutes=7)
        desk.run("sync")
    assert_promises(desk)
