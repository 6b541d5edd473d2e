"""Credit notes and what they do to an invoice."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from xero_desk import Desk, line

SENT = {"Status": "AUTHORISED", "DueDate": "2026-12-04"}


def credit_note(desk: Desk, contact_id: str, **fields: Any) -> dict[str, Any]:
    given = {
        "Type": "ACCRECCREDIT",
        "Contact": {"ContactID": contact_id},
        "Status": "AUTHORISED",
        "LineItems": [line(UnitAmount="40.00")],
        **fields,
    }
    return dict(desk.put("/CreditNotes", {"CreditNotes": [given]})["CreditNotes"][0])


def both(desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    invoice = desk.invoice(**SENT)
    return invoice, credit_note(desk, invoice["Contact"]["ContactID"])


def use(invoice: dict[str, Any], amount: str) -> dict[str, Any]:
    return {"Allocations": [{"Amount": amount, "Date": "2026-11-20", "Invoice": {"InvoiceID": invoice["InvoiceID"]}}]}


def test_a_credit_note_moves_what_is_due() -> None:
    desk = Desk()
    invoice, note = both(desk)
    assert (note["CreditNoteNumber"], note["Total"], note["RemainingCredit"]) == ("CN-0001", D("44.00"), D("44.00"))
    path = f"/CreditNotes/{note['CreditNoteID']}"
    first = desk.put(f"{path}/Allocations", use(invoice, "4"))["Allocations"][0]
    desk.put(f"{path}/Allocations", use(invoice, "40.00"))
    read = desk.get(f"/Invoices/{invoice['InvoiceID']}")["Invoices"][0]
    assert (read["AmountCredited"], read["AmountDue"], read["Total"]) == (D("44.00"), D("66.00"), D("110.00"))
    assert [row["AppliedAmount"] for row in read["CreditNotes"]] == [D("4.00"), D("40.00")]
    assert desk.get(path)["CreditNotes"][0]["Status"] == "PAID"
    gone = desk.call("DELETE", f"{path}/Allocations/{first['AllocationID']}")
    assert (gone.status_code, gone.json["IsDeleted"]) == (200, True)
    assert desk.state.invoice(invoice["InvoiceID"])["AmountDue"] == D("70.00")
    assert desk.get(path)["CreditNotes"][0]["RemainingCredit"] == D("4.00")
    assert desk.call("DELETE", f"{path}/Allocations/{first['AllocationID']}").status_code == 404


def test_an_invoice_that_is_credited_in_full_is_paid() -> None:
    desk = Desk()
    invoice = desk.invoice(**SENT)
    credited = desk.state.credit(invoice["InvoiceID"], "110")
    assert (credited["Status"], credited["AmountDue"], credited["AmountPaid"]) == ("PAID", D("0.00"), D("0.00"))
    assert desk.refusals("POST", f"/Invoices/{invoice['InvoiceID']}", {"Status": "VOIDED"}) == [
        "The status VOIDED cannot be applied to the invoice because it has payments or credit notes allocated to it."
    ]
    edited = {"LineItems": [line(UnitAmount="5")]}
    assert desk.refusals("POST", f"/Invoices/{invoice['InvoiceID']}", edited) == [
        "This document cannot be edited as it has a payment or credit note allocated to it."
    ]


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        ("44.01", "The allocation amount exceeds the amount outstanding on the credit note or the invoice."),
        ("0", "The allocation amount must be greater than zero."),
    ],
)
def test_refused_allocations(amount: str, message: str) -> None:
    desk = Desk()
    invoice, note = both(desk)
    path = f"/CreditNotes/{note['CreditNoteID']}/Allocations"
    assert desk.refusals("PUT", path, use(invoice, amount)) == [message]
    assert desk.state.invoice(invoice["InvoiceID"])["AmountCredited"] == D("0.00")


def test_only_for_the_same_customer_and_when_both_are_approved() -> None:
    desk = Desk()
    invoice = desk.invoice(**SENT)
    other = credit_note(desk, desk.contact("Someone Else"))
    assert desk.refusals("PUT", f"/CreditNotes/{other['CreditNoteID']}/Allocations", use(invoice, "1")) == [
        "A credit note can only be allocated to an invoice of the same contact and currency."
    ]
    draft = credit_note(desk, invoice["Contact"]["ContactID"], Status="DRAFT")
    assert desk.refusals("PUT", f"/CreditNotes/{draft['CreditNoteID']}/Allocations", use(invoice, "1")) == [
        "Credit notes can only be allocated when they and the invoice are AUTHORISED."
    ]
    missing = "/CreditNotes/11111111-2222-3333-4444-555555555555/Allocations"
    assert desk.refusals("PUT", missing, use(invoice, "1")) == [
        "An existing CreditNote with the specified CreditNoteID could not be found"
    ]


def test_states_of_a_credit_note() -> None:
    desk = Desk()
    contact_id = desk.contact()
    note = credit_note(desk, contact_id, Status="DRAFT", CreditNoteNumber="C-1")
    path = f"/CreditNotes/{note['CreditNoteID']}"
    assert desk.post(path, {"Reference": "R"})["CreditNotes"][0]["Reference"] == "R"
    assert (
        desk.post("/CreditNotes", {"CreditNoteNumber": "c-1", "Status": "AUTHORISED"})["CreditNotes"][0]["Total"] == 44
    )
    assert desk.refusals("POST", path, {"Status": "DELETED"}) == ["Invoice not of valid status for modification"]
    taken = {"Type": "ACCRECCREDIT", "CreditNoteNumber": "C-1", "LineItems": [line()]}
    assert desk.refusals("PUT", "/CreditNotes", {**taken, "Contact": {"ContactID": contact_id}}) == [
        "Credit Note # must be unique."
    ]
    assert desk.post(path, {"Status": "VOIDED"})["CreditNotes"][0]["RemainingCredit"] == D("0.00")
    assert [row["Status"] for row in desk.get('/CreditNotes?where=Type=="ACCRECCREDIT"')["CreditNotes"]] == ["VOIDED"]
    assert desk.call("GET", "/CreditNotes/nope").status_code == 404
