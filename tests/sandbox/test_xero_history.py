"""The history of documents: what Xero writes there itself, and the notes a caller adds."""

from __future__ import annotations

import pytest
from xero_desk import Desk

SENT = {"Status": "AUTHORISED", "DueDate": "2026-12-04"}


def changes(desk: Desk, path: str) -> list[str]:
    return [row["Changes"] for row in desk.get(f"{path}/History")["HistoryRecords"]]


def test_what_happens_to_an_invoice_is_written_down() -> None:
    desk = Desk()
    invoice_id = desk.invoice(DueDate="2026-12-04")["InvoiceID"]
    desk.post(f"/Invoices/{invoice_id}", {"Reference": "R"})
    desk.state.approve(invoice_id)
    desk.state.pay(invoice_id, "10")
    desk.state.unpay(invoice_id)
    desk.state.void(invoice_id)
    rows = desk.get(f"/Invoices/{invoice_id}/History")["HistoryRecords"]
    assert [row["Changes"] for row in rows] == ["Voided", "Payment Removed", "Paid", "Approved", "Edited", "Created"]
    assert {row["User"] for row in rows[-2:]} == {"System Generated"}
    assert {row["User"] for row in rows[:-2]} == {"A person in Xero"}


def test_a_note_on_each_kind_of_document() -> None:
    desk = Desk()
    invoice = desk.invoice(**SENT)
    note = {"Type": "ACCRECCREDIT", "Contact": {"ContactID": invoice["Contact"]["ContactID"]}}
    lines = [{"Description": "Credit", "Quantity": 1, "UnitAmount": 5, "AccountCode": "200"}]
    credit = desk.put("/CreditNotes", {**note, "LineItems": lines})["CreditNotes"][0]["CreditNoteID"]
    for path in (
        f"/Invoices/{invoice['InvoiceNumber']}",
        f"/Contacts/{invoice['Contact']['ContactID']}",
        f"/CreditNotes/{credit}",
    ):
        (made,) = desk.put(f"{path}/History", {"HistoryRecords": [{"Details": "Called"}]})["HistoryRecords"]
        assert (made["Details"], made["User"]) == ("Called", "System Generated")
        assert made["DateUTC"] == "/Date(1795136400000+0000)/"
        assert changes(desk, path) == ["Note", "Created"]


def test_a_refused_edit_leaves_no_trace() -> None:
    desk = Desk()
    invoice_id = desk.invoice()["InvoiceID"]
    desk.refusals("POST", f"/Invoices/{invoice_id}", {"Status": "AUTHORISED"})
    assert changes(desk, f"/Invoices/{invoice_id}") == ["Created"]


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ("", "The Details field must be specified."),
        ("x" * 2501, "The Details of a note can have at most 2500 characters."),
    ],
)
def test_refused_notes(details: str, message: str) -> None:
    desk = Desk()
    path = f"/Invoices/{desk.invoice()['InvoiceID']}/History"
    assert desk.refusals("PUT", path, {"HistoryRecords": [{"Details": details}]}) == [message]


def test_unknown_documents() -> None:
    desk = Desk()
    answer = desk.call("PUT", "/Invoices/NOPE/History", {"HistoryRecords": [{"Details": "x"}]})
    assert answer.status_code == 400
    assert answer.json["Message"] == "The document with the supplied id was not found for this endpoint."
    assert desk.call("GET", "/Invoices/NOPE/History").status_code == 404
    assert desk.call("POST", "/Invoices/NOPE/History").status_code == 501


def test_notes_cannot_be_written_with_the_reading_scope() -> None:
    desk = Desk(scope="accounting.invoices.read")
    assert desk.call("PUT", "/Invoices/X/History", {"Details": "x"}).status_code == 401
