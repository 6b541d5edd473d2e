"""A ledger that is replaced while it can be read: what no mark in Xero tells of its invoices is carried over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest
from promises import assert_promises
from share_tools import CONFIRMED, WON
from test_adoption import CONTACTS
from test_rebuild import known, number_of, rebuilt
from test_reconcile import by_hand, requote
from world_tools import Desk, OpenDesk, Record, actions, history_at, order, problem_codes, world

ELSEWHERE = {"Url": "https://example.com/"}


def adopted(desk: Desk, key: str = "job", **fields: str) -> str:
    """A deal above the limit, linked to an invoice that was made by hand; the invoice's number."""
    desk.configure(limits={"invoice_total": "100.00"})
    desk.add(order(key, "Closed Won"))
    desk.sync(code=3)
    number = by_hand(desk, key, **{"Status": "AUTHORISED", **fields})
    desk.run("resolve", desk.deal(key), "--adopt", number, code=0)
    desk.configure(limits={"invoice_total": None})
    return number


@pytest.fixture
def office(desk_of: OpenDesk) -> Desk:
    """A desk whose customers have their contacts in Xero."""
    desk = desk_of(on=world(xero=CONTACTS))
    desk.sync()
    return desk


def dearer(desk: Desk, code: int = 3) -> Record:
    """The quote comes to more, the deal is touched, and a run meets it."""
    requote(desk, "job", "99.00")
    desk.edit("job", Next_Step="call them")
    return desk.sync(code=code)


def later(desk: Desk) -> Record:
    """The last of two runs; it asks for what people did in Xero since the first."""
    for _ in range(2):
        desk.wait(hours=1)
        report = desk.sync(code=None)
    return report


def settled(desk: Desk) -> None:
    """A deal that was invoiced by hand needs nothing more."""
    adopted(desk)


def waits(desk: Desk) -> None:
    """It comes to another total by now."""
    adopted(desk)
    assert problem_codes(dearer(desk)) == ["xero_total_differs"]


def unmarked(desk: Desk) -> None:
    """A person takes the link of an invoice away."""
    desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.box.xero.edit_invoice(number_of(desk, "job"), ELSEWHERE)


def unmarked_waits(desk: Desk) -> None:
    """And the deal changes after that."""
    unmarked(desk)
    assert problem_codes(dearer(desk)) == ["changed_after_approval"]


def marked_as_anothers(desk: Desk) -> None:
    """Somebody copies the link of another invoice into it."""
    for key in ("other", "job"):
        desk.add(order(key, "Closed Won"))
    desk.sync()
    desk.box.xero.edit_invoice(number_of(desk, "job"), {"Url": str(desk.invoice("other")["Url"])})


def voided(desk: Desk) -> None:
    """The adopted invoice is voided by a person, and the deal waits for it."""
    number = adopted(desk)
    desk.sync()
    desk.box.xero.void(number)
    assert problem_codes(later(desk)) == ["invoice_gone"]


def beside_a_voided_one(desk: Desk) -> None:
    """The invoice that was made for the deal was voided, and one made by hand is its own."""
    desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.box.xero.void(number_of(desk, "job"))
    later(desk)
    desk.run("resolve", desk.deal("job"), "--adopt", by_hand(desk, "job", Status="AUTHORISED"), code=0)


def away(desk: Desk) -> None:
    """The deal left its stage, which ended its invoice."""
    desk.configure(when={"leaves_stages": "void"})
    desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.move("job", "Closed Lost")
    desk.sync()


def back_above_the_limit(desk: Desk) -> None:
    """It is back in its stage, and waits because it is above the limit."""
    away(desk)
    desk.configure(limits={"invoice_total": "100.00"})
    desk.move("job", "Closed Won")
    assert problem_codes(desk.sync(code=3)) == ["total_limit"]


def ended_by_hand(desk: Desk) -> None:
    """A person voided its invoice, and the deal waits for a word on that."""
    desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.box.xero.void(number_of(desk, "job"))
    assert problem_codes(later(desk)) == ["invoice_gone"]


def set_aside(desk: Desk) -> None:
    """Which a person gave."""
    ended_by_hand(desk)
    desk.run("resolve", desk.deal("job"), "--skip", code=0)


def part_by_hand(desk: Desk, words: str, net: str) -> None:
    """The job waits because it is above the limit; a person invoices this part of it, and the limit is lifted."""
    line = {"Description": words, "Quantity": 1, "UnitAmount": Decimal(net), "AccountCode": "200",
            "TaxType": "OUTPUT"}  # fmt: skip
    number = by_hand(desk, "job", Status="AUTHORISED", LineItems=[line])
    desk.run("resolve", desk.deal("job"), "--adopt", number, code=0)
    desk.configure(limits={"invoice_total": None})


def share_of_a_remainder(desk: Desk) -> None:
    """The share was invoiced by hand, and the remainder by the program."""
    desk.configure(stages=[CONFIRMED, WON], limits={"invoice_total": "50.00"})
    desk.add(order("job", "Confirmed"))
    desk.sync(code=3)
    part_by_hand(desk, "Deposit", "108.00")
    desk.move("job", "Closed Won")
    desk.sync()


def remainder_of_a_share(desk: Desk) -> None:
    """The share was invoiced by the program, and the remainder by hand."""
    desk.configure(stages=[CONFIRMED, WON])
    desk.add(order("job", "Confirmed"))
    desk.sync()
    desk.configure(limits={"invoice_total": "50.00"})
    desk.move("job", "Closed Won")
    desk.sync(code=3)
    part_by_hand(desk, "The rest", "252.00")


BEFORE: Mapping[str, Callable[[Desk], object]] = {
    done.__name__: done
    for done in (
        settled,
        waits,
        unmarked,
        unmarked_waits,
        marked_as_anothers,
        voided,
        beside_a_voided_one,
        away,
        back_above_the_limit,
        ended_by_hand,
        set_aside,
        share_of_a_remainder,
        remainder_of_a_share,
    )
}


def remembered(desk: Desk) -> Record:
    """What the ledger holds of deals and of their live invoices."""
    held = known(desk)
    invoices = sorted(held["invoices"], key=lambda row: str(row["invoice_id"]))
    return {"deals": held["deals"], "invoices": [row for row in invoices if row["live"]]}


@pytest.mark.parametrize("before", BEFORE)
def test_what_only_the_ledger_knew_comes_back_and_no_invoice_is_made_again(office: Desk, before: str) -> None:
    BEFORE[before](office)
    held, invoices = remembered(office), office.invoices()
    waiting = office.status()["waiting"]
    told = rebuilt(office, "--replace", code=3 if waiting else 0)
    assert told["may_have_waited"] == told["not_invoiced_again"] == [] and told["counts"]["pending"] == 0
    assert remembered(office) == held
    assert office.status()["waiting"] == waiting
    with office.nothing_sent():
        first = office.sync(code=None)
    office.edit("job", Next_Step="thank them")
    report = office.sync(code=None)
    office.run("sync", "--deal", office.deal("job"), code=None)
    assert set(actions(office, first).values()) <= ({"hold"} if waiting else set())
    assert "create" not in actions(office, report).values()
    assert len(office.invoices()) == len(invoices)


def test_a_change_that_the_replaced_ledger_did_not_see_is_met_by_the_next_run(office: Desk) -> None:
    adopted(office)
    requote(office, "job", "99.00")
    office.edit("job", Next_Step="call them")
    assert rebuilt(office, "--replace")["counts"]["behind"] == 1
    with office.nothing_sent():
        assert problem_codes(office.sync(code=3)) == ["xero_total_differs"]


def test_what_xero_says_of_a_carried_invoice_counts(office: Desk) -> None:
    number = adopted(office)
    office.box.xero.pay(number, "396.00")
    assert rebuilt(office, "--replace")["totals"] == {"AUD": "396.00"}
    assert office.rows("SELECT number, status, due FROM invoice_link") == [
        {"number": number, "status": "PAID", "due": "0.00"}
    ]


def test_an_invoice_of_another_ledger_beside_an_adopted_one_waits_for_a_person(office: Desk) -> None:
    number = adopted(office)
    office.add(order("other", "Closed Won"))
    office.sync()
    mark = str(office.invoice("other")["Url"]).replace(office.deal("other"), office.deal("job"))
    other = by_hand(office, "job", Status="AUTHORISED", Url=mark)
    (problem,) = rebuilt(office, "--replace", code=3)["problems"]
    assert problem["code"] == "several_invoices"
    assert number in problem["message"] and other in problem["message"]
    with office.nothing_sent():
        office.sync(code=3)
    office.run("resolve", office.deal("job"), "--retry", code=0)
    office.sync(code=None)
    assert len(office.invoices()) == 3


def test_a_carried_deal_that_zoho_no_longer_shows_keeps_its_invoice(office: Desk) -> None:
    number = adopted(office)
    office.box.zoho.delete("Deals", office.deal("job"))
    assert rebuilt(office, "--replace")["counts"]["unseen"] == 1
    assert [row["number"] for row in office.rows("SELECT number FROM invoice_link WHERE live = 1")] == [number]


def test_a_deal_that_was_back_and_waited_stays_listed_when_its_cause_is_gone(office: Desk) -> None:
    """The new ledger cannot tell who ended the invoice, so a person says what becomes of the deal."""
    back_above_the_limit(office)
    rebuilt(office, "--replace", code=3)
    office.configure(limits={"invoice_total": None})
    with office.nothing_sent():
        assert problem_codes(office.sync(code=3)) == ["invoice_gone"]
    assert_promises(office)


@pytest.mark.parametrize("seen", [True, False], ids=["seen", "unseen"])
def test_a_deal_that_came_back_as_its_ledger_was_replaced_is_listed(office: Desk, seen: bool) -> None:
    away(office)
    office.move("job", "Closed Won")
    if seen:
        office.fault("status_503", method="GET", path="/api.xro/2.0/Invoices", times=40)
        office.sync(code=4)
        office.box.faults.clear()
    rebuilt(office, "--replace")
    with office.nothing_sent():
        assert problem_codes(office.sync(code=3)) == ["invoice_gone"]
    assert_promises(office)


def test_an_invoice_that_followed_an_ended_one_is_the_deals_again(office: Desk) -> None:
    """The ledger that is replaced is a backup from before the deal came back."""
    away(office)
    backup = office.ledger.read_bytes()
    office.move("job", "Closed Won")
    office.sync()
    office.ledger.write_bytes(backup)
    rebuilt(office, "--replace")
    number = number_of(office, "job")
    assert [row["number"] for row in office.rows("SELECT number FROM invoice_link WHERE live = 1")] == [number]
    with office.nothing_sent():
        assert office.sync()["problems"] == []


def test_history_is_not_said_to_have_waited_where_every_invoice_was_ended(desk_of: OpenDesk) -> None:
    desk = desk_of(order("old", "Closed Won", modified=history_at(0)))
    desk.sync()
    away(desk)
    told = rebuilt(desk, "--replace")
    assert (told["counts"]["baseline"], told["counts"]["ended"], told["may_have_waited"]) == (1, 1, [])


def test_a_lost_ledger_names_the_deals_whose_invoice_ended(office: Desk) -> None:
    back_above_the_limit(office)
    office.add(order("left", "Closed Won", lines=[("hours", 1, "5.00")]))
    office.sync(code=3)
    office.move("left", "Closed Lost")
    office.sync(code=3)
    office.ledger.unlink()
    command = f"zoho-xero-sync sync --deal {office.deal('job')}"
    told = office.run("rebuild", "--dry-run", "--json").json
    assert [(deal["deal_name"], deal["command"]) for deal in told["not_invoiced_again"]] == [("Order job", command)]
    said = office.run("rebuild", code=0).out
    assert command in said and "Order job" in said and "Order left" not in said
    office.configure(limits={"invoice_total": None})
    with office.nothing_sent():
        assert problem_codes(office.sync("--deal", office.deal("job"), code=3)) == ["invoice_gone"]
