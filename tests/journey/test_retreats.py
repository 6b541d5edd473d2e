"""Deals that leave, are lost, come back, are deleted, restored or merged, and what becomes of their invoices."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from promises import assert_promises
from world_tools import Desk, Record, line_of, order, priced, problem_codes

NUMBERED = {"number": "ZC-{Deal_Name}"}
IN_TWO = [
    {"stage": "Confirmed", "invoice": "authorised", "share": "30%"},
    {"stage": "Closed Won", "invoice": "authorised", "share": "remainder"},
]


def invoiced(desk: Desk, stage: str = "Closed Won", key: str = "job") -> str:
    """A deal that has just been invoiced; its id."""
    deal = desk.add(order(key, stage))
    assert line_of(desk.sync(), deal)["action"] == "create"
    return deal


def move_both(desk: Desk, stage: str) -> None:
    """The deals a and b enter the stage."""
    for key in ("a", "b"):
        desk.move(key, stage)


def gone(desk: Desk, *, code: int | None = 0) -> Record:
    """The next run that asks Zoho what was deleted; its report."""
    desk.wait(minutes=20)
    return desk.sync(code=code)


def numbers(desk: Desk, key: str = "job") -> list[tuple[str, str]]:
    """Every invoice the deal ever had: number and status, in order."""
    return [(str(invoice["InvoiceNumber"]), str(invoice["Status"])) for invoice in desk.invoices(key, closed=True)]


# ---- many at once ----


@pytest.mark.parametrize("event", ["lost", "deleted"])
def test_many_invoices_are_not_ended_in_one_run_unless_somebody_says_so(desk: Desk, event: str) -> None:
    desk.configure(when={"leaves_stages": "void", "deal_deleted": "void"}, limits={"invoices_per_run": 2})
    for number in range(3):
        invoiced(desk, key=f"job{number}")
    for number in range(3):
        if event == "lost":
            desk.move(f"job{number}", "Closed Lost")
        else:
            desk.box.zoho.delete("Deals", f"job{number}")
    desk.wait(minutes=20)
    preview = desk.sync("--dry-run")
    assert preview["counts"]["invoices_voided"] == 3
    assert any("would void or delete 3 invoices" in note and "--allow-many" in note for note in preview["notes"])
    with desk.nothing_sent():
        report = desk.sync(code=15)
        assert problem_codes(report) == ["safety_stop"]
        assert "void or delete 3 invoices" in report["problems"][0]["message"]
        assert "--limit" not in report["problems"][0]["hint"]
        desk.sync(code=15)
    assert desk.sync("--allow-many")["counts"]["invoices_voided"] == 3
    assert_promises(desk)


def test_both_invoices_of_a_deal_count_and_one_word_ends_them(desk: Desk) -> None:
    desk.configure(stages=IN_TWO, when={"leaves_stages": "void"}, limits={"invoices_per_run": 3})
    for key in ("a", "b"):
        desk.add(order(key, "Confirmed"))
    desk.sync()
    move_both(desk, "Closed Won")
    desk.sync()
    move_both(desk, "Closed Lost")
    assert "would void or delete 4 invoices" in desk.sync(code=15)["problems"][0]["message"]
    assert desk.sync("--allow-many")["counts"]["invoices_voided"] == 2
    assert desk.sync()["counts"]["invoices_voided"] == 2
    assert not desk.invoices("a")
    assert not desk.invoices("b")
    assert_promises(desk)


def test_a_retreat_of_deals_that_once_lost_their_remainder_is_counted(desk: Desk) -> None:
    desk.configure(stages=IN_TWO, when={"leaves_stages": "void"}, limits={"invoices_per_run": 1})
    for key in ("a", "b"):
        desk.add(order(key, "Confirmed"))
    desk.sync("--allow-many")
    for stage in ("Closed Won", "Closed Lost", "Confirmed"):
        desk.wait(minutes=1)
        move_both(desk, stage)
        desk.sync("--allow-many")
    desk.wait(days=1)
    move_both(desk, "Closed Lost")
    assert "void or delete 2 invoices" in desk.sync(code=15)["problems"][0]["message"]


def test_a_deposit_that_was_paid_is_not_counted_as_ended(desk: Desk) -> None:
    desk.configure(stages=IN_TWO, when={"leaves_stages": "void"}, limits={"invoices_per_run": 2})
    for key in ("a", "b"):
        desk.add(order(key, "Confirmed"))
    desk.sync()
    for invoice in (*desk.invoices("a"), *desk.invoices("b")):
        desk.box.xero.pay(str(invoice["InvoiceID"]), str(invoice["Total"]))
    for _ in range(3):
        desk.wait(minutes=20)
        desk.sync()
    for stage in ("Closed Won", "Closed Lost"):
        move_both(desk, stage)
        report = desk.sync()
    assert report["counts"]["invoices_voided"] == 2
    desk.wait(seconds=1)
    assert problem_codes(desk.sync(code=3)) == ["left_stages", "left_stages"]
    assert_promises(desk)


def test_a_stop_that_stands_is_said_again_without_asking_xero(desk: Desk) -> None:
    """Runs of a weekend on which nobody looks must not use up the day's calls."""
    desk.configure(when={"leaves_stages": "void"}, limits={"invoices_per_run": 1})
    for key in ("a", "b"):
        desk.add(order(key, "Closed Won"))
        desk.sync()
    move_both(desk, "Closed Lost")
    desk.wait(minutes=20)
    # What is polled beside the deals comes a few polls in a run.
    for _ in range(3):
        desk.wait(seconds=1)
        stopped = desk.sync(code=15)
    spent = desk.box.calls.api_calls("xero"), desk.box.calls.api_calls("zoho")
    for _ in range(5):
        desk.wait(seconds=1)
        again = desk.sync(code=15)
        assert (again["problems"], again["counts"]) == (stopped["problems"], stopped["counts"])
    assert desk.box.calls.api_calls("xero") == spent[0]
    assert desk.box.calls.api_calls("zoho") <= spent[1] + 6
    desk.wait(minutes=16)
    desk.sync(code=15)
    assert desk.box.calls.api_calls("xero") > spent[0], "a quarter of an hour later it is planned anew"
    desk.wait(seconds=1)
    desk.move("a", "Closed Won")
    assert desk.sync()["counts"]["invoices_voided"] == 1
    assert_promises(desk)


def test_beside_a_stop_what_waits_for_a_person_is_told(desk: Desk) -> None:
    desk.configure(when={"leaves_stages": "void"}, limits={"invoices_per_run": 1})
    for key in ("a", "b"):
        desk.add(order(key, "Closed Won"))
        desk.sync()
    bad = desk.add(order("bad", "Closed Won", account=None))
    move_both(desk, "Closed Lost")
    with desk.nothing_sent():
        report = desk.sync(code=15)
        assert set(problem_codes(report)) == {"safety_stop", "customer_missing"}
        assert (line_of(report, bad)["action"], report["counts"]["pending"]) == ("hold", 2)
        desk.wait(seconds=1)
        desk.edit("bad", Next_Step="Call on Monday")
        assert line_of(desk.sync(code=15), bad)["action"] == "hold"
        assert [item["deal_id"] for item in desk.status()["waiting"]] == [bad]


def test_what_was_deleted_by_mistake_and_put_back_ends_the_stop(desk: Desk) -> None:
    desk.configure(when={"deal_deleted": "void"}, limits={"invoices_per_run": 1})
    deals = [invoiced(desk, key=key) for key in ("a", "b")]
    for deal in deals:
        desk.box.zoho.delete("Deals", deal)
    gone(desk, code=15)
    for deal in deals:
        desk.box.zoho.restore("Deals", deal)
    desk.wait(minutes=16)
    with desk.nothing_sent():
        desk.sync()
    assert_promises(desk)


def test_a_note_of_a_stop_that_cannot_be_read_is_none(desk: Desk) -> None:
    desk.configure(when={"leaves_stages": "void"}, limits={"invoices_per_run": 1})
    for key in ("a", "b"):
        invoiced(desk, key=key)
    move_both(desk, "Closed Lost")
    desk.sync(code=15)
    for text in ("", "x", "{}", "\n\n"):
        with closing(sqlite3.connect(desk.ledger)) as connection, connection:
            connection.execute("UPDATE fact SET value = ? WHERE name = 'safety_stop'", (text,))
        assert problem_codes(desk.sync(code=15)) == ["safety_stop"]


# ---- lost ----


@pytest.mark.parametrize(
    ("stage", "paid", "action", "status"),
    [
        ("Confirmed", None, "void", "DELETED"),
        ("Closed Won", None, "void", "VOIDED"),
        ("Closed Won", "100.00", "hold", "AUTHORISED"),
        ("Closed Won", "396.00", "hold", "PAID"),
    ],
    ids=["draft", "approved", "part paid", "paid"],
)
def test_a_lost_deal(desk: Desk, stage: str, paid: str | None, action: str, status: str) -> None:
    desk.configure(when={"leaves_stages": "void"})
    job = invoiced(desk, stage)
    if paid:
        desk.box.xero.pay(str(desk.invoice("job")["InvoiceID"]), paid)
    desk.move("job", "Closed Lost")
    report = desk.sync(code=3 if paid else 0)
    assert line_of(report, job)["action"] == action
    assert problem_codes(report) == (["left_stages"] if paid else [])
    assert [found["Status"] for found in desk.invoices("job", closed=True)] == [status]
    assert_promises(desk)
    if paid:
        assert "has payments" in report["problems"][0]["message"]
        desk.run("resolve", job, "--skip", code=0)
        with desk.nothing_sent():
            assert desk.sync()["problems"] == []
        assert_promises(desk)


# ---- and back again ----


def test_a_deal_that_comes_back_gets_the_next_revision_of_its_number(desk: Desk) -> None:
    """The number of a voided invoice is burned: Xero does not give it twice."""
    desk.configure(when={"leaves_stages": "void"}, invoice=NUMBERED)
    job = invoiced(desk)
    for _ in range(2):
        desk.move("job", "Closed Lost")
        assert line_of(desk.sync(), job)["action"] == "void"
        assert_promises(desk)
        desk.move("job", "Closed Won")
        preview = line_of(desk.sync("--dry-run"), job)
        line = line_of(desk.sync(), job)
        assert (preview["action"], preview["invoice"]["number"]) == (line["action"], line["invoice"]["number"])
        assert (line["action"], line["invoice"]["status"]) == ("create", "AUTHORISED")
        assert line["reason"].startswith("is back in Closed Won; invoice ZC-Order job")
        assert_promises(desk)
    assert numbers(desk) == [
        ("ZC-Order job", "VOIDED"),
        ("ZC-Order job-2", "VOIDED"),
        ("ZC-Order job-3", "AUTHORISED"),
    ]
    # The third is the deal's own from here on.
    desk.edit("job", Description="touched")
    with desk.nothing_sent():
        assert line_of(desk.sync(), job)["action"] == "unchanged"


def test_a_deal_that_comes_back_gets_xeros_next_number(desk: Desk) -> None:
    desk.configure(when={"leaves_stages": "void"})
    job = invoiced(desk, "Confirmed")
    desk.move("job", "Proposal")
    desk.sync()
    desk.move("job", "Confirmed")
    assert line_of(desk.sync(), job)["action"] == "create"
    assert [status for _, status in numbers(desk)] == ["DELETED", "DRAFT"]
    assert_promises(desk)


def test_a_person_who_voided_the_new_one_is_respected(desk: Desk) -> None:
    desk.configure(when={"leaves_stages": "void"})
    invoiced(desk)
    for stage in ("Proposal", "Closed Won"):
        desk.move("job", stage)
        desk.sync()
    desk.box.xero.void(str(desk.invoice("job")["InvoiceID"]))
    desk.edit("job", Deal_Name="Order job, once more")
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=3)) == ["invoice_gone"]
    assert_promises(desk)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["drop_after", "status_500_before"])
def test_the_answer_to_a_new_invoice_is_lost_when_a_deal_comes_back(desk: Desk, kind: str) -> None:
    """The voided invoice carries the deal's link too, and is not taken for the new one."""
    desk.configure(when={"leaves_stages": "void"}, invoice=NUMBERED)
    invoiced(desk)
    desk.move("job", "Proposal")
    desk.sync()
    desk.move("job", "Closed Won")
    desk.fault(kind, method="PUT", path="/api.xro/2.0/Invoices")
    desk.sync(code=None)
    desk.wait(minutes=10)
    desk.sync()
    assert numbers(desk) == [("ZC-Order job", "VOIDED"), ("ZC-Order job-2", "AUTHORISED")]
    assert_promises(desk)


# ---- deleted ----


@pytest.mark.parametrize(
    ("policy", "stage", "action", "status"),
    [
        ("hold", "Confirmed", "hold", "DRAFT"),
        ("void", "Confirmed", "void", "DELETED"),
        ("void", "Closed Won", "void", "VOIDED"),
        ("keep", "Closed Won", "unchanged", "AUTHORISED"),
    ],
)
def test_a_deleted_deal(desk: Desk, policy: str, stage: str, action: str, status: str) -> None:
    desk.configure(when={"deal_deleted": policy})
    job = invoiced(desk, stage)
    before = desk.invoice("job")["InvoiceID"]
    desk.box.zoho.delete("Deals", "job")
    report = gone(desk, code=3 if policy == "hold" else 0)
    assert line_of(report, job)["action"] == action
    assert problem_codes(report) == (["deal_deleted"] if policy == "hold" else [])
    assert [invoice["Status"] for invoice in desk.invoices(closed=True)] == [status]
    assert desk.box.xero.invoice(str(before))["Status"] == status
    shown = desk.run("show", job, code=0).out
    assert "deleted" in shown
    # It is told once, not with every poll.
    with desk.nothing_sent():
        again = gone(desk, code=3 if policy == "hold" else 0)
    assert [line["deal_id"] for line in again["deals"]] == ([job] if policy == "hold" else [])
    if policy == "hold":
        desk.run("resolve", job, "--skip", code=0)
        assert gone(desk)["deals"] == []
    assert_promises(desk)


def test_a_deleted_deal_that_waited_is_closed_without_ado(desk: Desk) -> None:
    job = desk.add(order("job", "Closed Won", account=None))
    assert problem_codes(desk.sync(code=3)) == ["customer_missing"]
    desk.box.zoho.delete("Deals", "job")
    report = gone(desk)
    line = line_of(report, job)
    assert (line["action"], line["reason"]) == ("skip", "was deleted in Zoho; it has no invoice")
    assert desk.status()["waiting"] == []
    assert {row["kind"] for row in desk.rows("SELECT kind FROM event")} >= {"deal_deleted"}
    assert_promises(desk)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["hold", "keep"])
def test_a_restored_deal_goes_on_with_its_invoice(desk: Desk, policy: str) -> None:
    desk.configure(when={"deal_deleted": policy})
    job = invoiced(desk, "Confirmed")
    desk.box.zoho.delete("Deals", "job")
    gone(desk, code=None)
    desk.box.zoho.restore("Deals", job)
    if policy == "hold":
        desk.run("resolve", job, "--retry", code=0)
        assert line_of(desk.sync(), job)["action"] == "unchanged"
    desk.move("job", "Closed Won")
    assert line_of(desk.sync(), job)["action"] == "update"
    assert [status for _, status in numbers(desk)] == ["AUTHORISED"]
    assert_promises(desk)


@pytest.mark.slow
def test_a_deal_restored_after_its_invoice_was_voided_gets_a_new_one(desk: Desk) -> None:
    desk.configure(when={"deal_deleted": "void"}, invoice=NUMBERED)
    job = invoiced(desk)
    desk.box.zoho.delete("Deals", "job")
    gone(desk)
    desk.box.zoho.restore("Deals", job)
    desk.edit("job", Description="wanted after all")
    assert line_of(desk.sync(), job)["action"] == "create"
    assert [status for _, status in numbers(desk)] == ["VOIDED", "AUTHORISED"]
    assert_promises(desk)


def test_a_deleted_deal_whose_invoice_is_over_is_not_set_aside(desk: Desk) -> None:
    """As one that left: it would stay set aside when it comes back."""
    job = invoiced(desk)
    desk.box.zoho.delete("Deals", "job")
    assert problem_codes(gone(desk, code=3)) == ["deal_deleted"]
    desk.box.xero.void(str(desk.invoices()[0]["InvoiceID"]))
    for _ in range(3):
        report = gone(desk, code=None)
    assert problem_codes(report) == []
    assert "does not wait any more: invoice INV-0001 is VOIDED" in desk.run("resolve", job, "--skip", code=2).err
    desk.box.zoho.restore("Deals", job)
    desk.edit("job", Description="wanted after all")
    assert problem_codes(desk.sync(code=3)) == ["invoice_gone"]


def test_a_dry_run_sees_a_deletion_and_notes_nothing(desk: Desk) -> None:
    desk.configure(when={"deal_deleted": "void"})
    job = invoiced(desk)
    desk.box.zoho.delete("Deals", "job")
    desk.wait(minutes=20)
    before = desk.ledger.read_bytes()
    with desk.nothing_sent():
        assert line_of(desk.sync("--dry-run"), job)["action"] == "void"
    assert desk.ledger.read_bytes() == before
    assert line_of(desk.sync(), job)["action"] == "void"


# ---- merged ----


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["hold", "void", "keep"])
def test_two_invoiced_deals_are_merged(desk: Desk, policy: str) -> None:
    """The deal that stays keeps its invoice, and never gets a second one."""
    desk.configure(when={"deal_deleted": policy})
    invoiced(desk, key="kept")
    lost = invoiced(desk, key="lost")
    before = desk.invoice("kept")
    desk.box.zoho.merge("Deals", "lost", "kept")
    report = gone(desk, code=None)
    assert line_of(report, lost)["action"] == {"hold": "hold", "void": "void", "keep": "unchanged"}[policy]
    assert desk.box.xero.invoice(str(before["InvoiceID"])) == before
    assert len(desk.invoices(closed=True)) == 2
    assert_promises(desk, again=False)


@pytest.mark.slow
def test_the_deal_that_stays_is_not_invoiced_from_a_document_that_is(desk: Desk) -> None:
    desk.add(order("kept", "Proposal", lines=[]))
    lost = invoiced(desk, key="lost")
    number = desk.invoice("lost")["InvoiceNumber"]
    desk.box.zoho.merge("Deals", "lost", "kept")
    gone(desk, code=3)
    kept = desk.move("kept", "Closed Won")
    with desk.nothing_sent():
        report = desk.sync(code=3)
    assert problem_codes(report) == ["deal_deleted", "document_invoiced"]
    (problem,) = [found for found in report["problems"] if found["code"] == "document_invoiced"]
    assert number in problem["message"] and lost in problem["message"]
    assert_promises(desk)

    # A person decides that the survivor gets its own.
    desk.box.xero.void(str(number))
    desk.run("resolve", lost, "--skip", code=0)
    desk.wait(minutes=20)
    desk.sync(code=3)
    desk.run("resolve", kept, "--retry", code=0)
    assert line_of(desk.sync(), kept)["action"] == "create"
    assert_promises(desk)


# ---- changes of what is there ----


def test_lines_are_updated_and_not_remade(desk: Desk) -> None:
    invoiced(desk, "Confirmed")
    (hours,) = desk.invoice("job")["LineItems"]
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hire", 2, "80.00"), priced("hours", 5, "120.00")])
    desk.edit("job", Description="a row more, at the top")
    desk.sync()
    first, second = desk.invoice("job")["LineItems"]
    assert (second["LineItemID"], second["Quantity"]) == (hours["LineItemID"], 5)
    assert first["LineItemID"] != hours["LineItemID"]
    assert_promises(desk)


def test_a_newer_quote_is_named_in_the_change(desk: Desk) -> None:
    job = invoiced(desk, "Confirmed")
    placed = order("job", lines=[("hire", 1, "90.00")])
    assert placed.quote is not None
    desk.box.zoho.create("Quotes", {**placed.quote, "key": "q_new"})
    desk.edit("job", Description="a newer quote")
    changes = {change["field"]: change for change in line_of(desk.sync(), job)["changes"]}
    quotes = [str(desk.box.zoho.find("Quotes", key)["id"]) for key in ("q_job", "q_new")]
    assert [changes["Document"]["before"], changes["Document"]["after"]] == [f"quote {found}" for found in quotes]
    assert_promises(desk)


@pytest.mark.slow
def test_a_lock_date_that_the_ledger_does_not_know_yet_refuses_and_says_so(desk: Desk) -> None:
    desk.configure(invoice={"date": "closing_date"})
    job = desk.add(order("job", "Confirmed", Closing_Date="2026-06-15"))
    desk.sync()
    desk.box.xero.set_lock_date("2026-06-30")
    desk.move("job", "Closed Won")
    report = desk.sync(code=3)
    assert (line_of(report, job)["action"], problem_codes(report)) == ("reject", ["date_locked"])
    assert "currently set at 30 June 2026" in report["problems"][0]["message"]
    desk.box.xero.set_lock_date(None)
    desk.run("resolve", job, "--retry", code=0)
    assert line_of(desk.sync(), job)["action"] == "update"
    assert_promises(desk)
