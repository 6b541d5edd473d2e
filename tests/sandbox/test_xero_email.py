"""Invoices sent by e-mail, and their online address."""

from __future__ import annotations

from typing import Any

import pytest
from xero_desk import BUYER, Desk

SENT = {"Status": "AUTHORISED", "DueDate": "2026-12-04"}


def refusal(desk: Desk, path: str, method: str = "POST") -> list[str]:
    return desk.refusals(method, path, {} if method == "POST" else None)


def desk_with(**contact: Any) -> Desk:
    desk = Desk()
    desk.contact(EmailAddress="accounts@example.com", **contact)
    return desk


def test_an_invoice_goes_to_the_contact_and_to_those_who_are_included() -> None:
    persons = [
        {"FirstName": "Events", "EmailAddress": "events@example.com", "IncludeInEmails": True},
        {"FirstName": "Stock", "EmailAddress": "stock@example.com", "IncludeInEmails": False},
    ]
    desk = desk_with(ContactPersons=persons)
    made = desk.invoice(**SENT)
    assert made["SentToContact"] is False
    desk.clock.advance(5)
    answer = desk.call("POST", f"/Invoices/{made['InvoiceNumber']}/Email", {})
    assert (answer.status_code, answer.data) == (204, b"")
    assert desk.state.emails() == [(made["InvoiceID"], ("accounts@example.com", "events@example.com"))]
    read = desk.get(f"/Invoices/{made['InvoiceID']}")["Invoices"][0]
    assert read["SentToContact"] is True
    assert read["UpdatedDateUTC"] != made["UpdatedDateUTC"]


def test_every_call_sends_again_whatever_its_key() -> None:
    desk = desk_with()
    path = f"/Invoices/{desk.invoice(**SENT)['InvoiceID']}/Email"
    for _ in range(5):
        assert desk.call("POST", path, b"", Idempotency_Key="same").status_code == 204
    assert len(desk.state.emails()) == 5
    assert desk.call("PUT", "/Contacts", {"Name": "Free"}, Idempotency_Key="same").status_code == 200


@pytest.mark.parametrize("steps", [(), ("approve", "void"), ("delete",)])
def test_what_cannot_be_sent(steps: tuple[str, ...]) -> None:
    desk = desk_with()
    invoice_id = desk.invoice(DueDate="2026-12-04")["InvoiceID"]
    for step in steps:
        getattr(desk.state, step)(invoice_id)
    assert refusal(desk, f"/Invoices/{invoice_id}/Email") == ["Draft, voided or deleted invoices cannot be emailed"]
    assert desk.state.emails() == []


def test_a_paid_and_a_submitted_one_can() -> None:
    desk = desk_with()
    paid = desk.invoice(**SENT)["InvoiceID"]
    desk.state.pay(paid, "110")
    submitted = desk.invoice(Status="SUBMITTED", DueDate="2026-12-04")["InvoiceID"]
    for key in (paid, submitted):
        assert desk.call("POST", f"/Invoices/{key}/Email", {}).status_code == 204


def test_a_contact_without_an_address() -> None:
    desk = Desk()
    invoice_id = desk.invoice(**SENT)["InvoiceID"]
    assert refusal(desk, f"/Invoices/{invoice_id}/Email") == [
        "Invoices for contacts with no email address assigned cannot be emailed"
    ]


@pytest.mark.parametrize(
    ("organisation", "allowed"), [({"IsDemoCompany": True}, 0), ({"Class": "TRIAL"}, 20), ({"Class": "STANDARD"}, 25)]
)
def test_the_limit_of_a_day(organisation: dict[str, Any], allowed: int) -> None:
    desk = Desk({"organisation": organisation, "contacts": [{"Name": BUYER, "EmailAddress": "a@example.com"}]})
    path = f"/Invoices/{desk.invoice(**SENT)['InvoiceID']}/Email"
    for _ in range(allowed):
        assert desk.call("POST", path, {}).status_code == 204
    if allowed == 25:
        return
    assert refusal(desk, path) == ["The daily limit of emails for this organisation has been reached."]
    desk.clock.advance(24 * 3600)
    desk.log_in()
    assert desk.call("POST", path, {}).status_code == (204 if allowed else 400)


def test_online_address() -> None:
    desk = desk_with()
    draft = desk.invoice(DueDate="2026-12-04")["InvoiceID"]
    assert refusal(desk, f"/Invoices/{draft}/OnlineInvoice", "GET") == [
        "An online invoice is not available for draft invoices."
    ]
    desk.state.approve(draft)
    (row,) = desk.get(f"/Invoices/{draft}/OnlineInvoice")["OnlineInvoices"]
    assert row["OnlineInvoiceUrl"].startswith("https://in.xero.com/")


def test_unknown_invoices_and_missing_scope() -> None:
    desk = desk_with()
    for method, sub in (("POST", "Email"), ("GET", "OnlineInvoice")):
        answer = desk.call(method, f"/Invoices/NOPE/{sub}")
        assert (answer.status_code, answer.mimetype) == (404, "text/html")
    desk.log_in("accounting.invoices.read")
    assert desk.call("POST", "/Invoices/NOPE/Email").status_code == 401
    assert desk.call("GET", "/Invoices/NOPE/Email").status_code == 501
