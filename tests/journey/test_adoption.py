"""Invoices made by hand before this program took over: found, checked, linked with a yes, and never made again."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from promises import assert_promises
from test_reconcile import by_hand, forget, kinds, number_of, reconciled, requote
from world_tools import Desk, DeskClock, OpenDesk, Record, Result, actions, order, world

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import run as run_command

OLD = "2026-11-10T00:00:00Z"
NAMES = {"alpine": "Alpine Joinery Pty Ltd", "birch": "Birch & Stone Interiors", "cedar": "Cedar Freight Services"}
CONTACTS: Record = {"contacts": [{"Name": name} for name in NAMES.values()]}


def settled(desk: Desk, key: str, named: str, *argv: str, code: int = 0) -> Result:
    """`resolve DEAL --adopt NAMED`, which writes to neither service."""
    with desk.nothing_sent():
        return desk.run("resolve", desk.deal(key), "--adopt", named, *argv, code=code)


def linked(desk: Desk) -> dict[str, str]:
    """By deal key, the number of the live invoice that the ledger has for it."""
    names = {deal["id"]: deal["Deal_Name"].removeprefix("Order ") for deal in desk.box.zoho.records("Deals")}
    rows = desk.rows("SELECT deal_id, number FROM invoice_link WHERE live = 1")
    return {names[row["deal_id"]]: row["number"] for row in rows}


# ---- resolve --adopt ----


@pytest.fixture
def office(desk_of: OpenDesk) -> Desk:
    """A deal that waits because its rows do not make its total, another customer's, one that is invoiced."""
    desk = desk_of(on=world(xero=CONTACTS))
    desk.sync()
    for key, account in (("waits", "alpine"), ("other", "birch"), ("done", "alpine")):
        desk.add(order(key, "Closed Won", account=account))
    for key in ("waits", "other"):
        desk.box.zoho.update("Quotes", f"q_{key}", {"Adjustment": Decimal("-6.00")})
    desk.sync(code=3)
    return desk


@pytest.mark.parametrize(("named", "status"), [("number", "DRAFT"), ("id", "AUTHORISED")])
def test_an_invoice_made_by_hand_becomes_the_deals(office: Desk, named: str, status: str) -> None:
    number = by_hand(office, "waits", Status=status)
    invoice = office.box.xero.invoice(number)
    told = settled(office, "waits", number if named == "number" else str(invoice["InvoiceID"])).out
    assert f"has invoice {number} now" in told and status in told
    assert linked(office)["waits"] == number
    assert office.box.xero.invoice(number) == invoice
    office.edit("waits", Next_Step="thank them")
    report = office.sync(code=3)
    assert office.box.xero.invoice(number)["LineItems"] == invoice["LineItems"]
    assert len([one for one in office.invoices() if one["Contact"] == invoice["Contact"]]) == 2
    assert "create" not in actions(office, report).values()
    events = office.run("show", office.deal("waits"), "--json").json["events"]
    assert "invoice_adopted" in [event["kind"] for event in events]


def refused(desk: Desk) -> Mapping[str, tuple[str, str]]:
    """What must not be linked to the deal that waits, and what is said."""
    xero = desk.box.xero
    voided, deleted = by_hand(desk, "waits", Status="AUTHORISED"), by_hand(desk, "waits")
    xero.void(voided)
    xero.delete(deleted)
    dearer = by_hand(desk, "waits")
    line = {"Description": "x", "Quantity": 1, "UnitAmount": 5, "AccountCode": "200", "TaxType": "EXEMPTOUTPUT"}
    xero.edit_invoice(dearer, {"LineItems": [line]})
    bill = by_hand(desk, "waits", Type="ACCPAY", InvoiceNumber="BILL-1")
    marked = by_hand(desk, "waits", Url=str(desk.invoice("done")["Url"]).replace(desk.deal("done"), desk.deal("other")))
    return {
        "nowhere": ("NOPE-1", "no sales invoice"),
        "nowhere by id": ("11111111-2222-3333-4444-555555555555", "no sales invoice"),
        "voided": (voided, "is VOIDED"),
        "deleted": (deleted, "is DELETED"),
        "another total": (dearer, "totals 5.00 AUD and the deal comes to 390.00 AUD"),
        "a bill": (bill, "no sales invoice"),
        "another deal's": (number_of(desk, "done"), f"another deal ({desk.deal('done')})"),
        "another deal's mark": (marked, f"another deal ({desk.deal('other')})"),
        "empty": (" ", "needs the number"),
    }


def test_what_does_not_belong_to_the_deal_is_refused(office: Desk) -> None:
    before = linked(office)
    for what, (named, said) in refused(office).items():
        told = settled(office, "waits", named, code=2)
        assert said in told.err, what
        assert "--yes" not in told.err, what
    assert linked(office) == before
    assert "has no deal 99999" in office.run("resolve", "99999", "--adopt", "X", code=2).err
    assert "Say one thing" in office.run("resolve", "99999", "--adopt", "X", "--skip", code=2).err
    assert "--adopt" in office.run("resolve", "99999", "--retry", "--yes", code=2).err
    spare = by_hand(office, "waits")
    assert "already" in settled(office, "done", spare, code=2).err
    assert "already" in settled(office, "done", number_of(office, "done"), code=2).err
    forget(office, "done")
    assert number_of(office, "done") in settled(office, "done", spare, code=2).err
    office.move("waits", "Proposal")
    assert "not invoiced" in settled(office, "waits", spare, code=2).err


def test_another_customers_contact_needs_a_yes(office: Desk) -> None:
    contact = next(one for one in office.contacts() if one["Name"] == NAMES["cedar"])
    number = by_hand(office, "waits", Contact={"ContactID": contact["ContactID"]})
    told = settled(office, "waits", number, code=2).err
    assert f"made out to {NAMES['cedar']}" in told and NAMES["alpine"] in told
    assert f"--adopt {number} --yes" in told
    assert settled(office, "waits", number, "--yes").out.count(NAMES["cedar"]) == 1
    assert linked(office)["waits"] == number


def test_a_deal_without_a_total_needs_a_yes(office: Desk) -> None:
    office.add(order("empty", "Closed Won", lines=(), Amount=None))
    office.sync(code=3)
    number = by_hand(office, "waits")
    assert "no total to compare" in settled(office, "empty", number, code=2).err
    settled(office, "empty", number, "--yes")
    assert linked(office)["empty"] == number


# ---- what an adopted invoice settles ----

REST: Record = {"stage": "Confirmed", "invoice": "authorised", "share": "remainder"}
HALF: Record = {"stage": "Closed Won", "invoice": "authorised", "share": "50%"}


def above_the_limit(desk: Desk) -> None:
    """The deal comes to more than the configuration allows."""
    desk.configure(limits={"invoice_total": "100.00"})
    desk.add(order("job", "Closed Won"))


def above_its_share(desk: Desk) -> None:
    """The half of the deal that is billed first is more than the configuration allows."""
    desk.configure(stages=[HALF, REST])
    desk.sync()
    above_the_limit(desk)


def rows_differ(desk: Desk) -> None:
    """The rows of the quote do not make its total."""
    desk.add(order("job", "Closed Won"))
    desk.box.zoho.update("Quotes", "q_job", {"Adjustment": Decimal("-6.00")})


def no_customer(desk: Desk) -> None:
    """The deal names no account and no contact."""
    desk.add(order("job", "Closed Won", account=None))


WAITS = {
    above_the_limit: "total_limit",
    above_its_share: "total_limit",
    rows_differ: "total_mismatch",
    no_customer: "customer_missing",
}


def codes(report: Record) -> list[str]:
    """The codes of what waits."""
    return [problem["code"] for problem in report["problems"]]


def waiting(desk_of: OpenDesk, why: Callable[[Desk], None]) -> Desk:
    """A desk with one deal, which waits."""
    desk = desk_of(on=world(xero=CONTACTS))
    desk.sync()
    why(desk)
    assert codes(desk.sync(code=3)) == [WAITS[why]]
    return desk


def made(desk: Desk, status: str = "AUTHORISED") -> str:
    """What somebody invoices by hand for the deal, as much of it as its stage asks for; the invoice's number."""
    whole = desk.box.zoho.find("Quotes", "q_job")["Grand_Total"]
    contact = next(one for one in desk.contacts() if one["Name"] == NAMES["alpine"])
    line = {
        "Description": "By hand", "Quantity": 1, "AccountCode": "200", "TaxType": "EXEMPTOUTPUT",
        "UnitAmount": whole / 2 if HALF in desk.settings["stages"] else whole,
    }  # fmt: skip
    wanted = {"Contact": {"ContactID": contact["ContactID"]}, "LineItems": [line], "DueDate": "2026-12-24"}
    return str(desk.box.xero.write_invoice(wanted | {"Status": status})["InvoiceNumber"])


@pytest.mark.parametrize("why", WAITS)
def test_what_kept_a_deal_from_being_invoiced_is_settled_by_its_adopted_invoice(
    desk_of: OpenDesk, why: Callable[[Desk], None]
) -> None:
    desk = waiting(desk_of, why)
    settled(desk, "job", made(desk), "--yes")
    with desk.nothing_sent():
        assert desk.sync()["deals"] == []
        for step in ("thank them", "call them"):
            desk.edit("job", Next_Step=step)
            assert actions(desk, desk.sync()) == {"job": "unchanged"}
        (deal,) = desk.sync("--deal", desk.deal("job"))["deals"]
    assert WAITS[why] in deal["reason"] and "was adopted" in deal["reason"]
    assert desk.status()["waiting"] == []
    desk.run("show", desk.deal("job"), code=0)


@pytest.mark.parametrize("why", [above_the_limit, above_its_share, rows_differ])
def test_a_deal_that_comes_to_another_total_than_its_adopted_invoice_waits_again(
    desk_of: OpenDesk, why: Callable[[Desk], None]
) -> None:
    desk = waiting(desk_of, why)
    settled(desk, "job", made(desk))
    requote(desk, "job", "999.00")
    desk.edit("job", Next_Step="call them")
    assert codes(desk.sync(code=3)) == [WAITS[why]]


def test_an_adopted_draft_that_is_to_be_approved_waits_until_somebody_approves_it(desk_of: OpenDesk) -> None:
    desk = waiting(desk_of, rows_differ)
    number = made(desk, "DRAFT")
    settled(desk, "job", number)
    desk.edit("job", Next_Step="call them")
    assert codes(desk.sync(code=3)) == ["total_mismatch"]
    desk.box.xero.approve(number)
    for _ in range(2):
        desk.wait(hours=1)
        desk.sync(code=None)
    assert desk.status()["waiting"] == []


# ---- the document of an adopted invoice ----


def merged(desk: Desk) -> None:
    """The deal goes, and its quote becomes another deal's."""
    desk.box.zoho.merge("Deals", "waits", "stays")


def quote_moved(desk: Desk) -> None:
    """Somebody gives the deal's quote to another deal."""
    desk.box.zoho.update("Quotes", "q_waits", {"Deal_Name": desk.deal("stays")})


def approved_later(desk: Desk) -> None:
    """The adopted draft is approved by a run before its deal goes."""
    desk.edit("waits", Next_Step="approve")
    desk.sync(code=None)
    assert desk.rows("SELECT status FROM invoice_link WHERE sent IS NULL") == [{"status": "AUTHORISED"}]
    merged(desk)


@pytest.mark.parametrize("how", [merged, quote_moved, approved_later])
def test_a_document_whose_invoice_was_adopted_is_not_invoiced_for_another_deal(
    office: Desk, how: Callable[[Desk], None]
) -> None:
    office.box.zoho.update("Quotes", "q_waits", {"Adjustment": Decimal(0)})
    office.add(order("stays", "Proposal", lines=()))
    number = by_hand(office, "waits")
    settled(office, "waits", number)
    how(office)
    office.move("stays", "Closed Won")
    with office.nothing_sent():
        problems = {problem["subject"]: problem for problem in office.sync(code=3)["problems"]}
    problem = problems[f"deal {office.deal('stays')}"]
    assert problem["code"] == "document_invoiced" and number in problem["message"]


def test_a_document_whose_invoice_was_adopted_at_cut_over_is_not_invoiced_again(desk_of: OpenDesk) -> None:
    history = order("history", "Closed Won", modified=OLD, Closing_Date="2026-11-09")
    desk = desk_of(on=world(history, order("stays", lines=()), xero=CONTACTS))
    desk.sync()
    by_hand(desk, "history", Reference="Order history", Status="AUTHORISED")
    reconciled(desk, "--since", "2026-01-01", "--adopt", "--yes", code=0)
    desk.box.zoho.merge("Deals", "history", "stays")
    stays = desk.move("stays", "Closed Won")
    with desk.nothing_sent():
        problems = {problem["subject"]: problem["code"] for problem in desk.sync(code=3)["problems"]}
    assert problems[f"deal {stays}"] == "document_invoiced"


# ---- cut-over ----

# Deals that were invoiced by hand before, and the reference their invoice got.
CERTAIN = {"by_name": "Order by_name", "by_quote": "as quoted in {quote}", "by_id": "CRM {id}"}
PROBABLE = {"dated": "thank you", "blank": ""}


@pytest.fixture
def cut_over(desk_of: OpenDesk) -> Desk:
    """Deals of the time before, invoiced by hand, and a ledger that knows them as history."""
    placed: list[Any] = []
    for place, key in enumerate((*CERTAIN, *PROBABLE, "same_a", "same_b", "unbilled", "far")):
        price = "50.00" if key.startswith("same") else f"{100 + place}.00"
        placed.append(order(key, "Closed Won", lines=[("hours", 1, price)], modified=OLD, Closing_Date="2026-11-09"))
    desk = desk_of(on=world(*placed, xero=CONTACTS))
    desk.sync()
    for key, reference in (CERTAIN | PROBABLE).items():
        quote = desk.box.zoho.find("Quotes", f"q_{key}")
        said = reference.format(id=desk.deal(key), quote=quote["Quote_Number"])
        by_hand(desk, key, Reference=said, Date="2026-11-12", Status="AUTHORISED")
    for key in ("same_a", "same_b"):
        by_hand(desk, key, Reference="hours", Date="2026-11-12", Status="AUTHORISED")
    by_hand(desk, "far", Reference="something", Date="2026-02-01", Status="AUTHORISED")
    return desk


def proposed(found: Record) -> dict[str, str]:
    """The proposals' certainty by deal key."""
    return {pair["deal_name"].removeprefix("Order "): pair["certainty"] for pair in found["proposals"]}


WANTED = dict.fromkeys(CERTAIN, "certain") | dict.fromkeys(PROBABLE, "probable")


def test_pairs_are_proposed_and_nothing_is_linked_without_a_yes(cut_over: Desk) -> None:
    desk = cut_over
    before = desk.ledger.read_bytes()
    found = reconciled(desk, "--since", "2026-01-01", "--adopt")
    assert proposed(found) == WANTED
    assert {item["deal_name"] for item in found["undecided"]} == {"Order same_a", "Order same_b"}
    told = desk.run("reconcile", "--since", "2026-01-01", "--adopt", code=3).out
    assert all(f"Order {key}" in told for key in WANTED)
    assert desk.ledger.read_bytes() == before
    assert reconciled(desk, "--since", "2026-01-01", code=0)["proposals"] == []


def test_the_certain_ones_are_linked_with_a_yes_and_never_made_again(cut_over: Desk) -> None:
    desk = cut_over
    found = reconciled(desk, "--since", "2026-01-01", "--adopt", "--yes")
    assert {pair["deal_name"].removeprefix("Order ") for pair in found["adopted"]} == set(CERTAIN)
    assert proposed(found) == dict.fromkeys(PROBABLE, "probable")
    assert set(linked(desk)) == set(CERTAIN)
    invoices = desk.invoices()
    with desk.nothing_sent():
        assert desk.sync()["deals"] == []
    for key in CERTAIN:
        desk.edit(key, Next_Step="call them")
    assert "create" not in actions(desk, desk.sync()).values()
    requote(desk, "by_name", "999.00")
    desk.edit("by_name", Next_Step="call again")
    assert [problem["code"] for problem in desk.sync(code=3)["problems"]] == ["xero_total_differs"]
    desk.run("sync", "--since", "2026-01-01", "--limit", "0", code=3)
    assert desk.invoices() == invoices
    assert kinds(reconciled(desk, "--since", "2026-01-01")) == {("held", "by_name"): 1}


ANSWERS = {"y n y": {*CERTAIN, "dated"}, "n y y": set(PROBABLE), "n n n": set()}


@pytest.mark.parametrize("answers", ANSWERS)
def test_a_person_is_asked(cut_over: Desk, answers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = cut_over
    order_of = sorted(PROBABLE)
    first, *others = answers.split()
    yes = {key for key, answer in zip(order_of, others, strict=True) if answer == "y"} | (
        set(CERTAIN) if first == "y" else set()
    )
    monkeypatch.setattr(sys, "stdin", io.StringIO("what\n" + "\n".join(answers.split()) + "\n"))
    out, err = io.StringIO(), io.StringIO()
    hands = Hands(out, err, desk.environ, desk.folder, DeskClock(desk.box.clock), lambda: None, True, True)
    assert run_command(["reconcile", "--since", "2026-01-01", "--adopt"], hands) == 3
    assert set(linked(desk)) == yes


def test_a_pair_that_changed_meanwhile_is_left(cut_over: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = cut_over
    number = next(one["InvoiceNumber"] for one in desk.invoices() if one["Reference"] == "Order by_name")

    def thinking(text: str, check: object, *, default: str) -> bool:
        """Somebody voids the invoice while a person thinks, who then takes the certain ones."""
        if desk.box.xero.invoice(number)["Status"] != "VOIDED":
            desk.box.xero.void(number)
        return "certain" in text

    monkeypatch.setattr("zoho_xero_sync.cli.reconcile.ask", thinking)
    out, err = io.StringIO(), io.StringIO()
    hands = Hands(out, err, desk.environ, desk.folder, DeskClock(desk.box.clock), lambda: None, True, True)
    assert run_command(["reconcile", "--since", "2026-01-01", "--adopt"], hands) == 3
    assert set(linked(desk)) == set(CERTAIN) - {"by_name"}
    assert "Order by_name" in err.getvalue() and "changed meanwhile" in err.getvalue()


def moved_out(desk: Desk, key: str) -> None:
    desk.move(key, "Closed Lost")


def requoted(desk: Desk, key: str) -> None:
    """The price on its quote is another one, and Zoho does not say that the deal changed."""
    requote(desk, key, "999.00")


def renamed(desk: Desk, key: str) -> None:
    desk.edit(key, Deal_Name="Another order altogether")


@pytest.mark.parametrize("changed", [moved_out, requoted, renamed])
def test_a_pair_whose_deal_changed_meanwhile_is_left(
    cut_over: Desk, monkeypatch: pytest.MonkeyPatch, changed: Callable[[Desk, str], None]
) -> None:
    desk = cut_over
    done: list[str] = []

    def thinking(text: str, check: object, *, default: str) -> bool:
        """Somebody works on the deal while a person thinks, who then takes the certain ones."""
        if not done:
            done.append(text)
            changed(desk, "by_id")
        return "certain" in text

    monkeypatch.setattr("zoho_xero_sync.cli.reconcile.ask", thinking)
    out, err = io.StringIO(), io.StringIO()
    hands = Hands(out, err, desk.environ, desk.folder, DeskClock(desk.box.clock), lambda: None, True, True)
    assert run_command(["reconcile", "--since", "2026-01-01", "--adopt"], hands) == 3
    number = next(one["InvoiceNumber"] for one in desk.invoices() if one["Reference"] == f"CRM {desk.deal('by_id')}")
    linked_numbers = {row["number"] for row in desk.rows("SELECT number FROM invoice_link WHERE live = 1")}
    assert len(linked_numbers) == len(CERTAIN) - 1 and number not in linked_numbers
    assert "Order by_id" in err.getvalue() and "changed meanwhile" in err.getvalue()


def test_a_missing_deal_that_was_invoiced_by_hand_is_not_staged(desk: Desk) -> None:
    desk.add(order("known", "Closed Won"))
    desk.sync()
    desk.wait(minutes=20)
    desk.sync()
    desk.add(order("overlooked", "Closed Won", modified="2026-11-15T00:00:00Z", lines=[("hours", 9, "10.00")]))
    number = by_hand(desk, "overlooked", Reference="Order overlooked")
    found = reconciled(desk, "--fix")
    (missing,) = found["findings"]
    assert (missing["kind"], missing["fixed"], missing["repair"]) == ("missing", False, None)
    command = f"resolve {desk.deal('overlooked')} --adopt {number}"
    assert command in missing["hint"]
    desk.run(*command.split(), code=0)
    assert reconciled(desk, code=0)["findings"] == []
    assert_promises(desk)
