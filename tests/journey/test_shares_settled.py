"""Deals billed in two that wait, were set aside or left: each hint settles, and nothing comes back by itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from promises import assert_promises
from share_tools import CONFIRMED, LINES, WON, billed, opened, set_price, sums, won
from world_tools import Desk, OpenDesk, Record, order, polled, priced, problem_codes, world

EMAILED = CONFIRMED | {"email": True}
VOID = {"leaves_stages": "void"}
WHOLE = [{"stage": "Confirmed", "invoice": "draft"}, {"stage": "Closed Won", "invoice": "authorised"}]


def seen(desk: Desk) -> Record:
    """The last of some runs in which every poll had its turn."""
    for _ in range(3):
        desk.wait(hours=3)
        desk.sync(code=None)
    return desk.sync(code=None)


def by_hand(desk: Desk, amount: str, like: Record) -> str:
    """A person invoices this much to the customer of another invoice; the number."""
    line = {"Description": "By hand", "Quantity": 1, "UnitAmount": Decimal(amount), "AccountCode": "200",
            "TaxType": "OUTPUT"}  # fmt: skip
    contact = {"ContactID": like["Contact"]["ContactID"]}
    wanted = {"Contact": contact, "LineItems": [line], "DueDate": "2026-12-24"}
    return str(desk.box.xero.write_invoice(wanted)["InvoiceNumber"])


# ---- set aside ----


@pytest.mark.parametrize("policy", ["hold", "void", "keep"])
def test_the_share_of_a_deal_that_was_set_aside_and_is_deleted_is_not_forgotten(desk: Desk, policy: str) -> None:
    desk.configure(stages=[CONFIRMED, WON], limits={"invoice_total": "150.00"}, when={"deal_deleted": policy})
    job = opened(desk)
    desk.move("job", "Closed Won")
    desk.sync(code=3)
    desk.run("resolve", job, "--skip", code=0)
    desk.sync()
    desk.box.zoho.delete("Deals", "job")
    desk.wait(minutes=20)
    report = desk.sync(code=None)
    assert problem_codes(report) == (["deal_deleted"] if policy == "hold" else [])
    assert len(desk.invoices()) == (0 if policy == "void" else 1)
    if policy == "hold":
        desk.run("resolve", job, "--skip", code=0)
    stood = len(desk.invoices())
    desk.configure(limits={"invoice_total": None})
    desk.box.zoho.restore("Deals", job)
    desk.edit("job", Description="back")
    desk.sync()
    assert len(desk.invoices()) == stood
    desk.run("resolve", job, "--retry", code=0)
    desk.sync()
    assert sum(invoice["Total"] for invoice in desk.invoices("job")) == Decimal("307.50")


def test_a_remainder_that_a_lost_ledger_asked_about_stays_set_aside(desk: Desk) -> None:
    job = opened(desk)
    desk.ledger.unlink()
    desk.move("job", "Closed Won")
    desk.run("rebuild", code=3)
    desk.run("resolve", job, "--skip", code=0)
    desk.edit("job", Description="touched")
    with desk.nothing_sent():
        desk.sync()


def test_the_remainder_of_an_adopted_share_stays_set_aside(desk: Desk) -> None:
    desk.configure(stages=[CONFIRMED, WON], limits={"invoice_total": "150.00"})
    desk.add(order("first", "Confirmed", lines=[("hours", 1, "10.00")]))
    job = desk.add(order("job", "Confirmed", lines=[("hours", 10, "100.00")]))
    desk.sync(code=3)
    number = by_hand(desk, "300.00", desk.invoice("first"))
    desk.run("resolve", job, "--adopt", number, code=0)
    desk.move("job", "Closed Won")
    desk.sync(code=3)
    desk.run("resolve", job, "--skip", code=0)
    desk.configure(limits={"invoice_total": "10000.00"})
    desk.edit("job", Description="touched")
    with desk.nothing_sent():
        desk.sync()


def test_the_remainder_is_billed_beside_a_share_that_was_invoiced_by_hand_after_the_first_was_voided(
    desk: Desk,
) -> None:
    opened(desk)
    share = desk.invoice("job")
    desk.box.xero.void(str(share["InvoiceID"]))
    polled(desk)
    line = {"Description": "Deposit", "Quantity": 1, "UnitAmount": share["Total"], "AccountCode": "200",
            "TaxType": "EXEMPTOUTPUT"}  # fmt: skip
    wanted = {"Contact": share["Contact"], "LineItems": [line], "DueDate": "2026-12-24", "Status": "AUTHORISED"}
    number = str(desk.box.xero.write_invoice(wanted)["InvoiceNumber"])
    desk.run("resolve", desk.deal("job"), "--adopt", number, code=0)
    desk.move("job", "Closed Won")
    desk.sync()
    assert [invoice["Total"] for invoice in desk.invoices("job")] == [Decimal("215.25")]


def test_a_share_is_kept_though_its_stage_is_another_pipelines_remainder(desk_of: OpenDesk) -> None:
    stages = {"A": ["Proposal", "Confirmed", "Closed Won"], "B": ["Proposal", "Closed Won", "Delivered"]}
    desk = desk_of(on=world(pipelines=stages))
    first = {"stage": "Closed Won", "pipeline": "B", "invoice": "authorised", "share": "40%"}
    rest = {"stage": "Delivered", "pipeline": "B", "invoice": "authorised", "share": "remainder"}
    desk.configure(stages=[CONFIRMED | {"pipeline": "A"}, WON | {"pipeline": "A"}, first, rest])
    desk.sync()
    job = desk.add(order("job", "Closed Won", lines=LINES, Pipeline="B"))
    desk.sync()
    set_price(desk, "50.00")
    assert problem_codes(desk.sync(code=3)) == ["changed_after_approval"]
    assert "keeps its invoice" in desk.run("resolve", job, "--skip").out
    desk.move("job", "Delivered")
    desk.sync()
    assert sums(desk)[2] == desk.box.zoho.find("Quotes", "q_job")["Grand_Total"]
    assert_promises(desk)


# ---- lost ----


def test_a_lost_deal_whose_remainder_a_person_voided_has_its_share_ended(desk: Desk) -> None:
    opened(desk, when=VOID)
    won(desk)
    desk.box.xero.void("INV-0002")
    desk.move("job", "Closed Lost")
    desk.sync()
    desk.sync()
    assert [status for _, status, _ in billed(desk, closed=True)] == ["VOIDED", "VOIDED"]
    assert_promises(desk)


def test_a_lost_deal_that_waits_names_both_invoices(desk: Desk) -> None:
    opened(desk)
    won(desk)
    desk.move("job", "Closed Lost")
    (problem,) = desk.sync(code=3)["problems"]
    assert "invoice INV-0002 is AUTHORISED" in problem["message"]
    assert "Its other invoice INV-0001 is AUTHORISED too." in problem["message"]


def test_a_lost_deal_whose_remainder_was_set_aside_has_its_share_ended(desk: Desk) -> None:
    job = opened(desk, limits={"invoice_total": "150.00"}, when=VOID)
    won(desk, code=3)
    desk.run("resolve", job, "--skip", code=0)
    desk.move("job", "Closed Lost")
    desk.sync()
    assert billed(desk) == []
    assert_promises(desk)


def test_a_remainder_that_was_kept_beside_a_voided_share_is_no_difference(desk: Desk) -> None:
    job = opened(desk, when=VOID)
    won(desk)
    desk.box.xero.void("INV-0001")
    assert problem_codes(seen(desk)) == ["invoice_gone"]
    desk.run("resolve", job, "--skip", code=0)
    assert desk.run("reconcile", "--since", "2026-11-01", "--json", code=0).json["findings"] == []
    desk.move("job", "Closed Lost")
    desk.sync()
    assert billed(desk) == []


# ---- e-mail of the share, once the remainder stands ----


@pytest.mark.parametrize("how", ["--skip", "--retry"])
def test_an_e_mail_of_the_share_in_doubt_is_settled(desk: Desk, how: str) -> None:
    desk.configure(stages=[EMAILED, WON])
    desk.fault("refuse_before", path="/Email$")
    job = desk.add(order("job", "Confirmed", lines=LINES))
    desk.sync(code=4)
    desk.move("job", "Closed Won")
    desk.wait(minutes=5)
    assert problem_codes(desk.sync(code=3)) == ["email_unknown"]
    desk.run("resolve", job, how, code=0)
    assert desk.sync()["problems"] == []
    assert [bool(invoice["SentToContact"]) for invoice in desk.invoices("job")] == [how == "--retry", False]
    assert_promises(desk)


def test_an_e_mail_of_the_share_that_was_refused_is_settled(desk_of: OpenDesk) -> None:
    placed = world()
    placed["zoho"]["contacts"] = [{**person, "Email": None} for person in placed["zoho"]["contacts"]]
    desk = desk_of(on=placed)
    desk.sync()
    desk.configure(stages=[EMAILED, WON])
    job = desk.add(order("job", "Confirmed", lines=LINES))
    desk.sync(code=3)
    desk.move("job", "Closed Won")
    assert problem_codes(desk.sync(code=3)) == ["email_refused"]
    desk.run("resolve", job, "--skip", code=0)
    assert desk.sync()["problems"] == []
    assert_promises(desk)


# ---- billed whole before there were shares ----


def test_a_touch_does_not_cut_an_approved_whole_invoice(desk: Desk) -> None:
    whole = [{"stage": "Confirmed", "invoice": "authorised"}, WHOLE[1]]
    desk.configure(stages=whole, when={"changed_after_approval": "update"})
    desk.add(order("job", "Confirmed", lines=LINES))
    desk.sync()
    desk.configure(stages=[CONFIRMED, WON])
    with desk.nothing_sent():
        desk.sync()
        desk.edit("job", Next_Step="call")
        desk.sync()
    assert billed(desk) == [("INV-0001", "AUTHORISED", "307.50")]


def approved_by_hand(desk: Desk, job: str, amount: str) -> None:
    """A person invoices this much to the deal's customer and approves it, and it is adopted."""
    number = by_hand(desk, amount, desk.invoice("first"))
    desk.box.xero.approve(number)
    desk.run("resolve", job, "--adopt", number, code=0)


def whole_by_hand(desk: Desk) -> None:
    """A deal whose invoice of the whole was made by hand and adopted before there were shares."""
    whole = [{"stage": "Confirmed", "invoice": "authorised"}, WHOLE[1]]
    desk.configure(stages=whole, limits={"invoice_total": "200.00"})
    desk.add(order("first", "Confirmed", lines=[("hours", 1, "10.00")]))
    job = desk.add(order("job", "Confirmed", lines=[("hours", 3, "120.00")]))
    desk.sync(code=3)
    approved_by_hand(desk, job, "360.00")
    desk.configure(stages=[CONFIRMED, WON], limits={"invoice_total": None})


def test_a_touch_does_not_question_an_approved_whole_invoice_that_was_adopted(desk: Desk) -> None:
    whole_by_hand(desk)
    with desk.nothing_sent():
        desk.edit("job", Next_Step="call")
        assert desk.sync()["problems"] == []
        desk.move("job", "Closed Won")
        report = desk.sync()
    assert [deal["reason"].partition(":")[0] for deal in report["deals"]] == ["nothing is left to bill"]


def test_an_adopted_share_is_not_taken_for_the_whole(desk: Desk) -> None:
    desk.configure(stages=[CONFIRMED, WON], limits={"invoice_total": "50.00"})
    desk.add(order("first", "Confirmed", lines=[("hours", 1, "10.00")]))
    job = desk.add(order("job", "Confirmed", lines=[("hours", 10, "100.00")]))
    desk.sync(code=3)
    approved_by_hand(desk, job, "300.00")
    desk.configure(limits={"invoice_total": None})
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 11, "100.00")])
    desk.edit("job", Description="one hour more")
    assert problem_codes(desk.sync(code=3)) == ["xero_total_differs"]


def test_a_rebuilt_ledger_does_not_ask_about_deals_that_were_billed_whole(desk: Desk) -> None:
    desk.configure(stages=WHOLE)
    for key in "abc":
        desk.add(order(key, "Closed Won", lines=LINES))
    desk.sync()
    desk.configure(stages=[CONFIRMED, WON])
    desk.sync()
    desk.run("rebuild", "--replace", code=0)
    with desk.nothing_sent():
        desk.sync()


# ---- hints that settle ----


@pytest.mark.parametrize("how", ["--skip", "--retry"])
def test_a_remainder_of_nothing_is_voided_as_the_hint_says(desk: Desk, how: str) -> None:
    job = opened(desk)
    won(desk)
    # 83.86 and its tax are what the share billed.
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 1, "83.86")])
    desk.edit("job", Description="cut down")
    assert problem_codes(desk.sync(code=3)) == ["zero_total"]
    desk.box.xero.void("INV-0002")
    desk.run("resolve", job, how, code=0)
    assert seen(desk)["problems"] == []


def test_what_is_taken_off_takes_no_discounted_lines_place(desk: Desk) -> None:
    """Xero would keep the discount of the line whose id is given."""
    desk.configure(stages=[CONFIRMED, WON | {"invoice": "draft"}])
    placed = order("job", "Confirmed", lines=LINES)
    assert placed.quote is not None
    placed.quote["lines"] = [priced("hours", 3, "100.00"), priced("hire", 1, "100.00") | {"Discount": Decimal("10.00")}]
    desk.add(placed)
    desk.sync()
    won(desk)
    share = next(invoice for invoice in desk.invoices("job") if invoice["InvoiceNumber"] == "INV-0001")
    keep = ("LineItemID", "Quantity", "UnitAmount", "AccountCode", "TaxType")
    worded = [
        {name: line[name] for name in keep} | {"Description": f"Deposit {place}"}
        for place, line in enumerate(share["LineItems"])
    ]
    desk.box.xero.edit_invoice("INV-0001", {"LineItems": worded})
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 3, "100.00")])
    desk.edit("job", Description="one row less")
    desk.sync()
    assert sums(desk)[2] == desk.box.zoho.find("Quotes", "q_job")["Grand_Total"]
