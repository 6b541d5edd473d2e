"""Payments: against what, how much, from which account, and taking them back."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from xero_desk import Desk

NOT_AUTHORISED = "Payments can only be made against Authorised documents"
TOO_MUCH = "Payment amount exceeds the amount outstanding on this document"
NO_ACCOUNT = "The payment must name an account of type BANK, or one with payments enabled."
UNKNOWN = "An existing Invoice with the specified InvoiceID could not be found"


def approved(desk: Desk) -> str:
    return str(desk.invoice(Status="AUTHORISED", DueDate="2026-12-04")["InvoiceID"])


def payment(invoice_id: str, amount: str = "110.00", **fields: Any) -> dict[str, Any]:
    return {"Invoice": {"InvoiceID": invoice_id}, "Account": {"Code": "090"}, "Amount": amount, **fields}


def test_a_payment_settles_its_invoice() -> None:
    desk = Desk()
    invoice_id = approved(desk)
    first = desk.put("/Payments", {"Payments": [payment(invoice_id, "10.00", Reference="R1", Date="2026-11-19")]})
    made = first["Payments"][0]
    assert (made["Status"], made["PaymentType"], made["Amount"]) == ("AUTHORISED", "ACCRECPAYMENT", D("10.00"))
    assert (made["Reference"], made["Account"]["Code"]) == ("R1", "090")
    assert made["Invoice"]["InvoiceNumber"] == "INV-0001"
    assert desk.state.invoice(invoice_id)["AmountDue"] == D("100.00")
    desk.put("/Payments", payment(invoice_id, "100"))
    paid = desk.get(f"/Invoices/{invoice_id}")["Invoices"][0]
    assert (paid["Status"], paid["AmountPaid"], paid["FullyPaidOnDate"]) == (
        "PAID",
        D("110.00"),
        "/Date(1795132800000+0000)/",
    )
    assert [row["Amount"] for row in paid["Payments"]] == [D("10.00"), D("100.00")]


def test_the_same_payment_twice_is_two_payments() -> None:
    desk = Desk()
    invoice_id = approved(desk)
    for _ in range(2):
        desk.put("/Payments", payment(invoice_id, "50"))
    assert desk.state.invoice(invoice_id)["AmountPaid"] == D("100.00")


@pytest.mark.parametrize(
    ("fields", "messages"),
    [
        ({"Amount": "110.01"}, [TOO_MUCH]),
        ({"Amount": "0"}, ["The payment amount must be greater than zero."]),
        ({"Amount": "-5"}, ["The payment amount must be greater than zero."]),
        ({"Amount": None}, ["The payment amount must be greater than zero."]),
        ({"Account": None}, [NO_ACCOUNT]),
        ({"Account": {"Code": "200"}}, [NO_ACCOUNT]),
        ({"Account": {"Code": "999"}}, [NO_ACCOUNT]),
        ({"Invoice": {"InvoiceID": "11111111-2222-3333-4444-555555555555"}}, [UNKNOWN]),
        ({"Invoice": None}, [UNKNOWN]),
        (
            {"Date": "2026-06-30"},
            ["The document date cannot be before the period lock date, currently set at 30 June 2026"],
        ),
    ],
)
def test_refused_payments(fields: dict[str, Any], messages: list[str]) -> None:
    desk = Desk({"organisation": {"PeriodLockDate": "2026-06-30"}})
    invoice_id = approved(desk)
    assert desk.refusals("PUT", "/Payments", {"Payments": [{**payment(invoice_id), **fields}]}) == messages
    assert desk.state.invoice(invoice_id)["AmountDue"] == D("110.00")
    assert desk.state.payments() == []


@pytest.mark.parametrize(
    ("steps", "messages"),
    [
        ((), [NOT_AUTHORISED]),
        (("approve", "pay"), [NOT_AUTHORISED, TOO_MUCH]),
        (("approve", "void"), [NOT_AUTHORISED, TOO_MUCH]),
    ],
)
def test_only_authorised_documents_are_paid(steps: tuple[str, ...], messages: list[str]) -> None:
    desk = Desk()
    invoice_id = desk.invoice(DueDate="2026-12-04")["InvoiceID"]
    for step in steps:
        getattr(desk.state, step)(invoice_id, *(["110"] if step == "pay" else []))
    assert desk.refusals("PUT", "/Payments", payment(invoice_id)) == messages


def test_an_account_that_payments_are_enabled_for() -> None:
    accounts = [
        {"Code": "200", "Name": "Sales", "Type": "REVENUE", "TaxType": "OUTPUT"},
        {
            "Code": "880",
            "Name": "Drawings",
            "Type": "EQUITY",
            "TaxType": "BASEXCLUDED",
            "EnablePaymentsToAccount": True,
        },
    ]
    desk = Desk({"accounts": accounts})
    made = desk.put("/Payments", {**payment(approved(desk)), "Account": {"Code": "880"}})
    assert made["Payments"][0]["Account"]["Name"] == "Drawings"


def test_a_payment_is_deleted_and_never_edited() -> None:
    desk = Desk()
    invoice_id = approved(desk)
    key = desk.put("/Payments", payment(invoice_id))["Payments"][0]["PaymentID"]
    assert desk.refusals("POST", f"/Payments/{key}", {"Payments": [{"Amount": "5"}]}) == [
        "Payment not of valid status for modification"
    ]
    gone = desk.post(f"/Payments/{key}", {"Payments": [{"Status": "DELETED"}]})
    assert gone["Payments"][0]["Status"] == "DELETED"
    assert desk.state.invoice(invoice_id)["Status"] == "AUTHORISED"
    assert desk.refusals("POST", f"/Payments/{key}", {"Status": "DELETED"}) == [
        "Payment not of valid status for modification"
    ]
    assert desk.call("POST", "/Payments/11111111-2222-3333-4444-555555555555", {"Status": "DELETED"}).status_code == 404


def test_lists_of_payments() -> None:
    desk = Desk()
    ids = []
    for amount in ("10", "20", "30"):
        desk.clock.advance(1)
        ids.append(desk.put("/Payments", payment(approved(desk), amount))["Payments"][0]["PaymentID"])
    desk.post(f"/Payments/{ids[0]}", {"Status": "DELETED"})
    live = desk.get('/Payments?where=Status=="AUTHORISED"&order=Amount%20DESC')["Payments"]
    assert [row["PaymentID"] for row in live] == ids[:0:-1]
    page = desk.get("/Payments?page=2&pageSize=2")
    assert page["pagination"] == {"page": 2, "pageSize": 2, "pageCount": 2, "itemCount": 3}
    assert desk.get(f"/Payments/{ids[1]}")["Payments"][0]["Amount"] == D("20.00")
    assert desk.call("GET", "/Payments/nope").status_code == 404
    assert desk.get('/Payments?where=Invoice.InvoiceNumber=="INV-0002"')["Payments"][0]["PaymentID"] == ids[1]


def test_payments_need_their_scope() -> None:
    desk = Desk(scope="accounting.invoices accounting.contacts")
    answer = desk.call("GET", "/Payments")
    assert (answer.status_code, answer.json["Detail"]) == (401, "AuthorizationUnsuccessful")


def test_a_person_takes_payments_back() -> None:
    desk = Desk()
    invoice_id = approved(desk)
    desk.state.pay(invoice_id, "60")
    desk.state.pay(invoice_id, "50")
    assert desk.state.unpay(invoice_id)["AmountDue"] == D("110.00")
    assert [row["Status"] for row in desk.state.payments()] == ["DELETED", "DELETED"]
