"""Deals that are billed in two: a share when they are confirmed, and the remainder when they are won."""

from __future__ import annotations

from decimal import Decimal

import pytest
from promises import assert_promises
from share_tools import CONFIRMED, LINES, NUMBERED, WON, billed, opened, set_price, sums, won
from world_tools import Desk, line_of, order, problem_codes

# ---- exact ----


@pytest.mark.parametrize("amounts", ["exclusive", "inclusive"])
@pytest.mark.parametrize("percent", ["30%", "33.33%", "1%", "99.99 %"])
def test_the_share_and_the_remainder_are_the_deal_to_the_cent(desk: Desk, percent: str, amounts: str) -> None:
    opened(desk, share={"share": percent}, invoice={"amounts": amounts})
    desk.move("job", "Closed Won")
    preview, line = (line_of(desk.sync(*argv), desk.deal("job")) for argv in (["--dry-run"], []))
    assert preview["invoice"]["total"] == line["invoice"]["total"]
    whole = desk.box.zoho.find("Quotes", "q_job")["Grand_Total"]
    assert sums(desk)[2] == whole
    desk.add(order("twin", "Closed Won", lines=LINES))
    desk.sync()
    twin = desk.invoice("twin")
    assert sums(desk) == (twin["SubTotal"], twin["TotalTax"], twin["Total"])
    assert_promises(desk)


def test_what_both_invoices_say(desk: Desk) -> None:
    opened(desk, invoice={"items": "create"})
    (share,) = desk.invoices("job")
    assert (share["SubTotal"], share["Total"]) == (Decimal("86.25"), Decimal("92.25"))
    assert [line["Description"].splitlines()[-1] for line in share["LineItems"]] == [
        "30% of 100.05",
        "30% of 100.01",
        "30% of 87.43",
    ]
    # A deposit takes nothing from stock; the remainder bills the quantities.
    assert not any(line.get("ItemCode") for line in share["LineItems"])
    line = won(desk)
    assert line["reason"] == "entered Closed Won; the remainder is billed, after invoice INV-0001"
    rest = max(desk.invoices("job"), key=lambda invoice: str(invoice["InvoiceNumber"]))
    assert [line.get("ItemCode") for line in rest["LineItems"][:3]] == ["HOURS", "HIRE", "FOOD"]
    assert [line["Description"].splitlines()[-1] for line in rest["LineItems"][3:]] == ["billed with INV-0001"] * 3
    assert [line["LineAmount"] for line in rest["LineItems"][3:]] == [
        -line["LineAmount"] for line in share["LineItems"]
    ]


def test_a_share_that_changes_later_is_named(desk: Desk) -> None:
    """Words are nobody's business; an amount that moved under an approved remainder is a person's to settle."""
    opened(desk)
    won(desk)
    share = desk.invoices("job")[0]
    keep = ("LineItemID", "Quantity", "UnitAmount", "AccountCode", "TaxType")
    lines = [{**{name: line[name] for name in keep}, "Description": "Deposit"} for line in share["LineItems"]]
    desk.box.xero.edit_invoice(str(share["InvoiceNumber"]), {"LineItems": lines})
    desk.edit("job", Description="touched")
    with desk.nothing_sent():
        assert line_of(desk.sync(), desk.deal("job"))["action"] == "unchanged"
        lines[0]["UnitAmount"] += Decimal("1.00")
        desk.box.xero.edit_invoice(str(share["InvoiceNumber"]), {"LineItems": lines})
        desk.edit("job", Description="touched again")
        (problem,) = desk.sync(code=3)["problems"]
    assert problem["code"] == "changed_after_approval"
    assert problem["message"].startswith("Invoice INV-0001, which bills a share of the deal, changed after invoice")


def test_a_whole_draft_of_before_is_not_forgotten(desk: Desk) -> None:
    desk.configure(stages=[{"stage": "Confirmed", "invoice": "draft"}])
    desk.add(order("job", "Confirmed", lines=LINES))
    desk.sync()
    desk.configure(stages=[CONFIRMED, WON])
    desk.sync()
    desk.move("job", "Closed Won")
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=3)) == ["zero_total"]


def test_a_share_that_was_made_again_is_taken_off(desk: Desk) -> None:
    opened(desk, when={"leaves_stages": "void"}, invoice=NUMBERED)
    for stage in ("Closed Lost", "Confirmed", "Closed Won"):
        desk.move("job", stage)
        desk.sync()
    assert [number for number, _, _ in billed(desk)] == ["ZC-Order job-2", "ZC-Order job-R"]
    assert_promises(desk)


def test_an_old_backup_does_not_change_a_share_under_its_remainder(desk: Desk) -> None:
    opened(desk, share={"invoice": "draft"})
    backup = desk.ledger.read_bytes()
    won(desk)
    desk.ledger.write_bytes(backup)
    desk.move("job", "Confirmed")
    set_price(desk, "50.00")
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=3)) == ["invoice_found_different"]
    desk.run("reconcile", "--since", "2026-11-01", "--fix", code=None)
    desk.run("resolve", desk.deal("job"), "--retry", code=0)
    desk.sync(code=None)
    assert len(billed(desk)) == 2


def test_a_remainder_that_is_set_aside_stays_so(desk: Desk) -> None:
    job = opened(desk, limits={"invoice_total": "150.00"})
    won(desk, code=3)
    desk.run("resolve", job, "--skip", code=0)
    desk.configure(limits={"invoice_total": "10000.00"})
    desk.edit("job", Description="by hand")
    with desk.nothing_sent():
        desk.sync()
    assert len(billed(desk)) == 1


def test_show_derives_both(desk: Desk) -> None:
    job = opened(desk)
    derived = desk.run("show", job, "--json").json["derivation"]
    whole = str(desk.box.zoho.find("Quotes", "q_job")["Grand_Total"])
    assert (derived["expected"], derived["predicted"], derived["billed"]) == (whole, whole, "92.25")
    assert "share: 30%" in desk.run("show", job).out
    won(desk)
    said = desk.run("show", job).out
    assert "less invoice INV-0001" in said
    assert "Total of this invoice" in said
    assert "INV-0002" in said


# ---- never twice ----


def test_a_deal_that_is_won_at_once_is_billed_whole(desk: Desk) -> None:
    desk.configure(stages=[CONFIRMED, WON])
    desk.add(order("job", "Closed Won", lines=LINES))
    desk.sync()
    assert sums(desk)[2] == desk.invoice("job")["Total"]
    desk.move("job", "Confirmed")
    with desk.nothing_sent():
        assert line_of(desk.sync(), desk.deal("job"))["action"] == "unchanged"
    assert_promises(desk)


def test_a_deal_that_goes_back_and_forth_is_billed_once_each(desk: Desk) -> None:
    opened(desk)
    won(desk)
    for stage in ("Confirmed", "Closed Won", "Confirmed"):
        desk.move("job", stage)
        with desk.nothing_sent():
            desk.sync()
    assert len(billed(desk)) == 2
    assert_promises(desk)


@pytest.mark.parametrize("kind", ["drop_after", "refuse_before", "status_500_before", "status_500_after"])
@pytest.mark.parametrize("number", [None, "ZC-{Deal_Name}"])
def test_the_answer_to_the_remainder_is_lost(desk: Desk, kind: str, number: str | None) -> None:
    opened(desk, invoice={"number": number} if number else {})
    desk.fault(kind, method="PUT", path="/api.xro/2.0/Invoices")
    desk.move("job", "Closed Won")
    desk.sync(code=None)
    desk.wait(minutes=10)
    desk.sync()
    names = ["ZC-Order job", "ZC-Order job-R"] if number else ["INV-0001", "INV-0002"]
    assert [name for name, _, _ in billed(desk)] == names
    assert_promises(desk)


def test_an_old_backup_does_not_bill_the_share_again(desk: Desk) -> None:
    """The ledger forgot the share: nothing is billed until it knows what Xero holds."""
    before = desk.ledger
    desk.configure(stages=[CONFIRMED, WON])
    desk.sync()
    backup = before.read_bytes()
    desk.add(order("job", "Confirmed", lines=LINES))
    desk.sync()
    before.write_bytes(backup)
    desk.move("job", "Closed Won")
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=3)) == ["invoice_found_different"]
    desk.run("rebuild", "--replace")
    desk.sync()
    assert len(billed(desk)) == 2
    assert_promises(desk)


@pytest.mark.parametrize("stage", ["Confirmed", "Closed Won"])
def test_a_lost_ledger_is_made_again(desk: Desk, stage: str) -> None:
    opened(desk)
    won(desk)
    desk.move("job", stage)
    desk.sync()
    links = "SELECT deal_id, part, invoice_id, number, status, total, live FROM invoice_link ORDER BY part"
    before = desk.rows(links)
    desk.ledger.unlink()
    made = desk.run("rebuild", "--json", code=0).json
    assert desk.rows(links) == before
    assert made["totals"] == {"AUD": str(sums(desk)[2])}
    with desk.nothing_sent():
        desk.sync()
    assert_promises(desk)


def test_a_ledger_lost_before_the_remainder(desk: Desk) -> None:
    opened(desk)
    desk.ledger.unlink()
    desk.move("job", "Closed Won")
    desk.run("rebuild", code=3)
    with desk.nothing_sent():
        assert "remainder_open" in [row["problem"]["code"] for row in desk.status()["waiting"]]
        desk.sync(code=3)
    desk.run("resolve", desk.deal("job"), "--retry", code=0)
    desk.sync()
    assert len(billed(desk)) == 2
    assert_promises(desk)


# ---- changes ----


def test_a_price_that_changed_in_between_is_the_remainders(desk: Desk) -> None:
    opened(desk)
    set_price(desk, "50.00")
    desk.move("job", "Closed Won")
    desk.sync()
    assert billed(desk)[0] == ("INV-0001", "AUTHORISED", "92.25")
    assert_promises(desk)


def test_the_remainder_follows_the_deal_and_the_share_stays(desk: Desk) -> None:
    opened(desk, rest={"invoice": "draft"})
    won(desk)
    set_price(desk, "50.00")
    line = line_of(desk.sync(), desk.deal("job"))
    assert (line["action"], line["invoice"]["number"]) == ("update", "INV-0002")
    assert billed(desk)[0] == ("INV-0001", "AUTHORISED", "92.25")
    assert_promises(desk)
    # Back in the earlier stage too; but that stage does not approve it.
    desk.move("job", "Confirmed")
    set_price(desk, "40.00")
    assert line_of(desk.sync(), desk.deal("job"))["invoice"]["status"] == "DRAFT"
    assert_promises(desk)


def test_the_share_is_updated_while_it_may_be(desk: Desk) -> None:
    opened(desk, share={"invoice": "draft"})
    set_price(desk, "50.00")
    assert line_of(desk.sync(), desk.deal("job"))["action"] == "update"
    assert_promises(desk)


def test_what_a_person_made_of_the_share_counts(desk: Desk) -> None:
    """A share that a person edited or voided is taken off as it is in Xero, and never put right again."""
    opened(desk, share={"invoice": "draft"})
    share = str(desk.invoice("job")["InvoiceNumber"])
    line = {"Description": "A round sum", "Quantity": 1, "UnitAmount": Decimal("100.00"), "AccountCode": "200",
            "TaxType": "OUTPUT"}  # fmt: skip
    desk.box.xero.edit_invoice(share, {"LineItems": [line]})
    won(desk)
    assert billed(desk)[0][2] == "110.00"
    assert sums(desk)[2] == desk.box.zoho.find("Quotes", "q_job")["Grand_Total"]
    with desk.nothing_sent():
        desk.sync()


@pytest.mark.parametrize("known", [True, False])
def test_a_share_that_a_person_voided_is_not_billed_by_the_remainder(desk: Desk, known: bool) -> None:
    """Nobody knows why it was voided, so a person says what is still to be billed."""
    opened(desk)
    share = desk.invoice("job")
    desk.box.xero.void(str(share["InvoiceID"]))
    if known:
        desk.wait(minutes=20)
        desk.sync(code=None)
    desk.move("job", "Closed Won")
    with desk.nothing_sent():
        report = desk.sync(code=3)
    assert problem_codes(report) == ["invoice_gone"]
    assert str(share["InvoiceNumber"]) in report["problems"][0]["message"]
    desk.run("resolve", desk.deal("job"), "--skip", code=0)
    assert_promises(desk)


def test_a_whole_invoice_that_a_person_voided_is_not_billed_in_parts(desk: Desk) -> None:
    desk.configure(stages=[CONFIRMED, WON])
    desk.add(order("job", "Closed Won", lines=LINES))
    desk.sync()
    desk.box.xero.void(str(desk.invoice("job")["InvoiceID"]))
    desk.wait(minutes=20)
    desk.sync()
    desk.move("job", "Confirmed")
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=3)) == ["invoice_gone"]
    assert_promises(desk)


def test_a_remainder_that_a_person_voided_is_not_billed_by_rules_without_shares(desk: Desk) -> None:
    opened(desk, share={"invoice": "draft"})
    won(desk)
    desk.box.xero.void("INV-0002")
    desk.wait(minutes=20)
    desk.sync(code=None)
    desk.configure(stages=[{"stage": "Closed Won", "invoice": "authorised"}])
    with desk.nothing_sent():
        desk.sync(code=None)
        desk.edit("job", Description="touched")
        assert problem_codes(desk.sync(code=3)) == ["invoice_gone"]


def test_nothing_is_left_to_bill(desk: Desk) -> None:
    """Deals that were invoiced whole before the rules billed in two owe nothing more."""
    desk.configure(stages=[{"stage": "Confirmed", "invoice": "authorised"}])
    desk.add(order("other", "Confirmed", lines=LINES))
    desk.sync()
    whole = desk.invoice("other")
    desk.configure(stages=[CONFIRMED, WON])
    desk.sync()
    desk.move("other", "Closed Won")
    with desk.nothing_sent():
        report = desk.sync()
    line = line_of(report, desk.deal("other"))
    assert (line["action"], line["reason"]) == (
        "unchanged",
        f"nothing is left to bill: invoice {whole['InvoiceNumber']} billed all of it",
    )
    assert_promises(desk)


def test_a_share_larger_than_the_deal_waits(desk: Desk) -> None:
    opened(desk, share={"share": "90%"})
    set_price(desk, "1.00")
    desk.move("job", "Closed Won")
    with desk.nothing_sent():
        report = desk.sync(code=3)
    assert problem_codes(report) == ["negative_total"]
    assert_promises(desk)


def test_a_share_of_nothing_is_no_invoice(desk: Desk) -> None:
    desk.configure(stages=[CONFIRMED | {"share": "1%"}, WON])
    desk.add(order("job", "Confirmed", lines=[("hours", 1, "0.40")]))
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=3)) == ["zero_total"]
    won(desk)
    assert [(status, total) for _, status, total in billed(desk)] == [("AUTHORISED", "0.44")]
    assert_promises(desk)


# ---- retreats ----


@pytest.mark.parametrize("number", [None, "ZC-{Deal_Name}"])
def test_a_lost_deal_has_both_ended_the_newer_one_first(desk: Desk, number: str | None) -> None:
    opened(desk, when={"leaves_stages": "void"}, invoice={"number": number} if number else {})
    won(desk)
    desk.move("job", "Closed Lost")
    line = line_of(desk.sync(), desk.deal("job"))
    assert line["action"] == "void"
    assert line["reason"].endswith("is the next run's")
    assert line_of(desk.sync(), desk.deal("job"))["action"] == "void"
    assert [status for _, status, _ in billed(desk, closed=True)] == ["VOIDED", "VOIDED"]
    assert_promises(desk)
    # And once more from the start, under new numbers.
    desk.move("job", "Confirmed")
    desk.sync()
    won(desk)
    assert len(billed(desk)) == 2
    assert_promises(desk)


def test_a_paid_share_stays_when_the_deal_is_lost(desk: Desk) -> None:
    opened(desk, when={"leaves_stages": "void"})
    desk.box.xero.pay(str(desk.invoice("job")["InvoiceID"]), "92.25")
    won(desk)
    desk.move("job", "Closed Lost")
    desk.sync()
    assert problem_codes(desk.sync(code=3)) == ["left_stages"]
    assert [status for _, status, _ in billed(desk, closed=True)] == ["PAID", "VOIDED"]
    assert_promises(desk)


# ---- beside it ----


def test_each_is_emailed_once(desk: Desk) -> None:
    opened(desk, share={"email": True}, rest={"email": True})
    won(desk)
    assert [invoice["SentToContact"] for invoice in desk.invoices("job")] == [True, True]
    with desk.nothing_sent():
        desk.sync()
    assert_promises(desk)


def test_zoho_is_told_of_the_newest(desk: Desk) -> None:
    desk.box.zoho.add_field("Deals", "Invoice No", "text")
    opened(desk, write_back={"number": "Invoice_No"})
    assert desk.box.zoho.find("Deals", "job")["Invoice_No"] == "INV-0001"
    won(desk)
    assert desk.box.zoho.find("Deals", "job")["Invoice_No"] == "INV-0002"
    assert_promises(desk)


def test_reconcile_sees_two_that_add_up(desk: Desk) -> None:
    opened(desk)
    won(desk)
    found = desk.run("reconcile", "--since", "2026-11-01", "--json", code=0).json
    assert found["findings"] == []
    (total,) = found["totals"]
    assert total["zoho"]["qualifying"]["total"] == total["xero"]["ours"]["total"] == str(sums(desk)[2])


@pytest.mark.parametrize("which", [0, 1])
def test_reconcile_counts_the_deal_once_when_a_person_voided_one_of_the_two(desk: Desk, which: int) -> None:
    opened(desk)
    won(desk)
    whole = str(sums(desk)[2])
    desk.box.xero.void(billed(desk)[which][0])

    def qualifying(*argv: str) -> tuple[int, str]:
        (total,) = desk.run("reconcile", "--since", "2026-11-01", "--json", *argv).json["totals"]
        return total["zoho"]["qualifying"]["count"], total["zoho"]["qualifying"]["total"]

    assert qualifying() == (1, whole)
    assert qualifying("--fix") == (1, whole)
    assert qualifying() == (1, whole)
    assert problem_codes(desk.sync(code=3)) == ["invoice_gone"]
    assert qualifying() == (1, whole)


def test_reconcile_finds_a_third(desk: Desk) -> None:
    opened(desk)
    won(desk)
    rest = max(desk.invoices("job"), key=lambda invoice: str(invoice["InvoiceNumber"]))
    copied = {name: rest[name] for name in ("Url", "Reference", "DueDate")}
    contact = {"ContactID": rest["Contact"]["ContactID"]}
    line = {"Description": "Again", "Quantity": 1, "UnitAmount": rest["Total"], "AccountCode": "200"}
    desk.box.xero.write_invoice({"Contact": contact, "LineItems": [line], **copied})
    found = desk.run("reconcile", "--since", "2026-11-01", "--json", code=3).json
    assert [finding["kind"] for finding in found["findings"]] == ["doubled"]


def test_a_deposit_made_by_hand_is_adopted_as_the_share(desk: Desk) -> None:
    """A deposit that was invoiced by hand is taken off the remainder, and no other is made."""
    desk.configure(stages=[CONFIRMED, WON], limits={"invoice_total": "150.00"})
    desk.add(order("first", "Confirmed", lines=[("hours", 1, "10.00")]))
    job = desk.add(order("job", "Confirmed", lines=[("hours", 10, "100.00")]))
    assert problem_codes(desk.sync(code=3)) == ["total_limit"]
    desk.configure(limits={"invoice_total": "1000.00"})
    contact = {"ContactID": desk.invoice("first")["Contact"]["ContactID"]}
    line = {"Description": "A deposit", "Quantity": 1, "UnitAmount": Decimal("300.00"), "AccountCode": "200",
            "TaxType": "OUTPUT"}  # fmt: skip
    number = str(desk.box.xero.write_invoice({"Contact": contact, "LineItems": [line]})["InvoiceNumber"])
    desk.run("resolve", job, "--adopt", number, code=0)
    desk.move("job", "Closed Won")
    desk.sync()
    assert desk.invoice("job")["Total"] == Decimal("770.00")
    with desk.nothing_sent():
        desk.sync()
