"""Traps that other synchronisers fell into with batches, contacts and the life of an invoice.

The numbers are those of the list this project was planned with.
"""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from promises import assert_promises
from trap_tools import INVOICES, answered, links, written
from world_tools import Desk, OpenDesk, actions, line_of, order, orders, problem_codes, world

from zoho_xero_sync.core.model import NewOperation, OperationKind
from zoho_xero_sync.engine.send import BATCH_BYTES, BATCH_ITEMS, Item, batches
from zoho_xero_sync.remote.answer import Answer
from zoho_xero_sync.remote.xero import wire


def one_bad_of_three(desk: Desk) -> str:
    """Three deals that are ready at once; Xero refuses the element of the one whose customer was archived."""
    desk.add(order("known", "Confirmed", account="birch"))
    desk.sync()
    desk.box.xero.archive_contact("Birch & Stone Interiors")
    for key, account in (("good", "alpine"), ("bad", "birch"), ("fine", "cedar")):
        desk.add(order(key, "Closed Won", account=account))
    return desk.deal("bad")


@pytest.mark.slow
def test_trap_06_a_retry_is_not_forgetting(desk: Desk) -> None:
    job = desk.add(order("job", "Closed Won", account=None))
    desk.sync(code=3)
    desk.run("resolve", job, "--retry", code=0)
    assert problem_codes(desk.sync(code=3)) == ["customer_missing"]
    assert [deal["deal_id"] for deal in desk.status()["waiting"]] == [job]
    assert_promises(desk)


@pytest.mark.parametrize(("fault", "code"), [(None, 3), ("drop_after", 4)])
def test_trap_07_the_exit_code_speaks_of_invoices_too(desk: Desk, fault: str | None, code: int) -> None:
    """Every contact is made; an invoice is refused, or its outcome unknown."""
    if fault is None:
        one_bad_of_three(desk)
    else:
        desk.add(order("job", "Closed Won"))
        desk.fault(fault, method="PUT", path=INVOICES)
        desk.fault("status_503", method="PUT", path=INVOICES, skip=1)
        desk.fault("status_503", method="GET", path=INVOICES, skip=1, times=300)
    report = desk.sync(code=code)
    assert report["counts"]["contacts_created"] >= 1


def test_trap_20_a_refused_element_is_no_invoice(desk: Desk) -> None:
    """Xero echoes it with an id of zeros and the status that was wished for."""
    bad = one_bad_of_three(desk)
    report = desk.sync(code=3)
    assert line_of(report, bad)["action"] == "hold" and bad not in links(desk)
    kept = [*links(desk).values(), *(row["remote_id"] for row in desk.rows("SELECT remote_id FROM operation"))]
    assert wire.ZERO_ID not in kept and desk.rows("SELECT * FROM operation WHERE state = 'rejected'")
    assert wire.ZERO_ID not in json.dumps(report, default=str)
    assert_promises(desk)


def test_trap_21_answers_are_not_paired_by_their_place(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def reversed_(answer: Answer) -> Answer:
        payload = answer.json()
        assert isinstance(payload, dict)
        return replace(answer, body=wire.dump({"Invoices": payload["Invoices"][::-1]}))

    answered(monkeypatch, reversed_)
    for placed in orders(4, "Closed Won", modified=lambda number: None):
        desk.add(placed)
    desk.sync()
    assert links(desk) == {desk.deal(f"d{n}"): desk.invoice(f"d{n}")["InvoiceID"] for n in range(4)}
    assert_promises(desk)


@pytest.mark.slow
def test_trap_22_one_bad_record_stops_no_other(desk: Desk) -> None:
    bad = one_bad_of_three(desk)
    assert actions(desk, desk.sync(code=3)) == {"good": "create", "bad": "hold", "fine": "create"}
    assert bad not in links(desk)


def test_trap_23_no_batch_is_without_bounds() -> None:
    def item(number: int, size: int) -> Item:
        return Item(NewOperation(OperationKind.CREATE_INVOICE, str(number), str(number), {}), b"x" * size)

    small = [item(number, 2_000) for number in range(1_000)]
    large = [item(number, 700_000) for number in range(10)]
    for items in (small, large):
        cut = list(batches(items))
        assert [one for batch in cut for one in batch] == items
        assert max(len(batch) for batch in cut) <= BATCH_ITEMS
        assert max(sum(len(one.element) for one in batch) for batch in cut) <= BATCH_BYTES


@pytest.mark.slow
def test_trap_24_the_first_of_several_contacts_is_not_taken(desk_of: OpenDesk) -> None:
    email = "accounts@alpine.example.com"
    twins = [{"Name": name, "EmailAddress": email} for name in ("Alpine North", "Alpine South")]
    desk = desk_of(on=world(xero={"contacts": twins}))
    desk.sync()
    desk.add(order("job", "Closed Won"))
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=3)) == ["contact_ambiguous"]
    assert_promises(desk)


def test_trap_25_a_similar_name_is_another_customer(desk_of: OpenDesk) -> None:
    names = ("Alpine Joinery", "Alpine Joinery Pty", "The Alpine Joinery Pty Ltd", "Alpine Joinery Pty Ltd (old)")
    desk = desk_of(on=world(xero={"contacts": [{"Name": name} for name in names]}))
    desk.sync()
    job = desk.add(order("job", "Closed Won"))
    assert line_of(desk.sync(), job)["contact"]["action"] == "create"
    assert desk.invoice("job")["Contact"]["Name"] == "Alpine Joinery Pty Ltd"
    assert_promises(desk)


def test_trap_26_an_invoice_renames_nobody(desk: Desk) -> None:
    """A contact's name beside its id, inside an invoice, would change the contact."""
    desk.add(order("one", "Confirmed"))
    desk.sync()
    books = desk.box.xero.books
    stored = books.contacts.get(str(desk.contacts()[0]["ContactID"]))
    assert stored is not None
    books.contacts.put(replace(stored, name="As the bookkeeper calls them"))
    desk.add(order("two", "Closed Won"))
    desk.move("one", "Closed Won")
    desk.sync()
    sent = [element["Contact"] for batch in written(desk) for element in batch if "Contact" in element]
    assert sent and all(set(contact) == {"ContactID"} for contact in sent)
    assert [contact["Name"] for contact in desk.contacts()] == ["As the bookkeeper calls them"]


def test_trap_30_a_long_item_code_is_not_cut(desk_of: OpenDesk) -> None:
    """Two codes that share their first thirty characters would become one item."""
    placed = world(order("job"))
    for number, product in enumerate(placed["zoho"]["products"]):
        product["Product_Code"] = "A" * 30 + str(number)
    desk = desk_of(on=placed)
    desk.configure(invoice={"items": "match"})
    desk.sync()
    desk.move("job", "Closed Won")
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=3)) == ["item_unsupported"]


def test_trap_31_account_tax_and_currency_are_the_configurations(desk_of: OpenDesk) -> None:
    placed = world(order("job"), xero={"organisation": {"BaseCurrency": "NZD", "CountryCode": "NZ"}})
    placed["zoho"]["org"] = {"iso_code": "NZD"}
    desk = desk_of(on=placed)
    desk.configure(invoice={"account": "260", "tax": {"GST": "OUTPUT", "GST Free": "EXEMPTOUTPUT"}})
    desk.sync()
    desk.move("job", "Closed Won")
    desk.sync()
    invoice = desk.invoice("job")
    assert invoice["CurrencyCode"] == "NZD"
    assert {(row["AccountCode"], row["TaxType"]) for row in invoice["LineItems"]} == {("260", "OUTPUT")}
    assert_promises(desk)


def test_trap_33_an_old_invoice_is_voided_like_a_new_one(desk: Desk) -> None:
    desk.configure(when={"leaves_stages": "void"})
    job = desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.wait(days=400)
    desk.move("job", "Closed Lost")
    assert line_of(desk.sync(), job)["action"] == "void"
    assert [invoice["Status"] for invoice in desk.invoices("job", closed=True)] == ["VOIDED"]


def test_trap_34_a_void_counts_when_xero_did_it(desk: Desk) -> None:
    """A payment arrives between the look and the void: Xero refuses, and the ledger does not say voided."""
    desk.configure(when={"leaves_stages": "void"})
    job = desk.add(order("job", "Closed Won"))
    desk.sync()
    paid: list[str] = []

    def pay(seen: object) -> None:
        if not paid:
            paid.append(str(desk.invoice("job")["InvoiceID"]))
            desk.box.xero.pay(paid[0], "100.00")

    desk.box.xero.on_write.append(pay)
    desk.move("job", "Closed Lost")
    report = desk.sync(code=3)
    assert line_of(report, job)["action"] == "reject"
    assert links(desk) == {job: paid[0]}
    assert desk.invoice("job")["Status"] == "AUTHORISED"
    assert_promises(desk)


@pytest.mark.slow
def test_trap_36_what_counts_in_the_total_is_what_is_sent(desk: Desk) -> None:
    """A row that the document's own total leaves out would be billed all the same: the deal is held."""
    job = desk.add(order("job", "Closed Won", lines=[("hours", 3, "120.00"), ("hire", 1, "80.00")]))
    table = desk.box.zoho.tables["Quotes"]
    table.change(table.records[table.keys["q_job"]], {"Grand_Total": Decimal("396.00")})
    with desk.nothing_sent():
        report = desk.sync(code=3)
    assert line_of(report, job)["action"] == "hold" and problem_codes(report) == ["total_mismatch"]


def test_trap_46_ending_an_invoice_rewrites_nothing(desk: Desk) -> None:
    desk.configure(when={"leaves_stages": "void"})
    desk.add(order("job", "Closed Won"))
    desk.sync()
    before = desk.invoice("job")
    desk.move("job", "Closed Lost")
    desk.sync()
    ((sent,),) = written(desk, "POST")
    assert set(sent) == {"InvoiceID", "Status"}
    (after,) = desk.invoices("job", closed=True)
    same = ("InvoiceNumber", "Reference", "Date", "Total", "LineItems")
    assert [after[name] for name in same] == [before[name] for name in same]
