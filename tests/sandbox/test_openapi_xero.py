"""Every request of this product and every answer of the sandbox, against Xero's own OpenAPI files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openapi
import pytest
import requests
from openapi import Exchange
from outside import CLIENT_ID, CLIENT_SECRET, sandbox_for_clients
from sync_bench import Program, recorded

from zoho_xero_sync.sandbox import Sandbox, generate_world, load_world

pytestmark = pytest.mark.skipif(not openapi.ACCOUNTING.exists(), reason="Xero's OpenAPI files are not here")


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> list[Exchange]:
    """What goes over the wire to and from the Xero half of every sandbox, from now on."""
    return recorded(monkeypatch, "xero")


def kinds(exchanges: list[Exchange]) -> set[tuple[str, str]]:
    return {(row.method, row.path.removeprefix(openapi.BASE).split("/")[1]) for row in exchanges if row.status < 300}


@pytest.mark.parametrize("world", ["demo", "generated"])
def test_a_whole_sync_keeps_to_the_file(wire: list[Exchange], tmp_path: Path, world: str) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    with Sandbox(load_world("demo") if world == "demo" else generate_world(7, deals=60, stage="Confirmed")) as box:
        program = Program(box, tmp_path)
        program.sync()
        program.sync(dry_run=True, since=start)
        report = program.sync(since=start)
        assert report.counts["invoices_created"] > 5
        deals = {deal.deal_id: deal for deal in report.deals if deal.invoice and deal.invoice.id}
        drafts = [key for key, deal in deals.items() if deal.invoice.status == "DRAFT"]
        box.clock.advance(60)
        box.zoho.update("Deals", drafts[0], {"Stage": "Closed Won"})
        box.zoho.update("Deals", drafts[1], {"Stage": "Qualification"})
        changed = program.sync()
        assert changed.counts["invoices_updated"] + changed.counts["invoices_voided"] == 2
        paid = next(row for row in box.xero.invoices() if row["Status"] == "AUTHORISED")
        box.xero.pay(str(paid["InvoiceID"]), str(paid["AmountDue"]))
        program.sync(since=start, dry_run=True)
    assert kinds(wire) >= {("PUT", "Contacts"), ("PUT", "Invoices"), ("POST", "Invoices"), ("GET", "Organisation")}
    assert openapi.problems(wire) == []


class _Caller:
    """Plain requests to a sandbox with everything in it."""

    def __init__(self, box: Sandbox) -> None:
        self.url = box.xero_url
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        token = requests.post(f"{self.url}/connect/token", data=form, timeout=10).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        given = {"data": body} if isinstance(body, bytes) else {"json": body}
        answer = requests.request(method, f"{self.url}{path}", headers=self.headers, timeout=10, **given)
        assert answer.status_code == status, answer.text
        return answer.json() if "json" in answer.headers.get("Content-Type", "") else answer.content

    def api(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        return self(method, f"{openapi.BASE}{path}", body, status)


LINE = {"Description": "Catering", "Quantity": 2, "UnitAmount": 50, "AccountCode": "200", "TaxType": "OUTPUT"}


@pytest.fixture
def caller() -> Iterator[_Caller]:
    with sandbox_for_clients("custom") as box:
        yield _Caller(box)


def test_every_resource_answers_as_the_file_says(wire: list[Exchange], caller: _Caller) -> None:
    api = caller.api
    caller("GET", "/connections")
    person = {"FirstName": "E", "LastName": "D", "EmailAddress": "e@example.com", "IncludeInEmails": True}
    contact = {
        "Name": "Harbour Events Pty Ltd",
        "EmailAddress": "a@example.com",
        "ContactNumber": "zoho:1",
        "ContactPersons": [person],
        "Addresses": [{"AddressType": "POBOX", "City": "Sydney", "Country": "Australia"}],
        "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "5550100"}],
        "PaymentTerms": {"Sales": {"Day": 14, "Type": "DAYSAFTERBILLDATE"}},
        "DefaultCurrency": "AUD",
    }
    buyer = {"ContactID": api("PUT", "/Contacts", {"Contacts": [contact]})["Contacts"][0]["ContactID"]}
    for path in (
        "",
        "?page=1",
        "?page=1&pageSize=5&includeArchived=true",
        "?summaryOnly=true",
        f"/{buyer['ContactID']}",
    ):
        api("GET", f"/Contacts{path}")
    api("POST", f"/Contacts/{buyer['ContactID']}", {"Contacts": [{"FirstName": "Ada"}]})
    tracking = [{"Name": "Region", "Option": "North"}]
    invoice = {"Type": "ACCREC", "Contact": buyer, "Status": "AUTHORISED", "DueDate": "2026-12-04", "Reference": "R",
               "Url": "https://crm.example.com/1", "LineItems": [{**LINE, "DiscountRate": 5, "Tracking": tracking},
               {"ItemCode": "CHAIR", "Quantity": 1}, {"Description": "Thank you"}]}  # fmt: skip
    made = api("PUT", "/Invoices?unitdp=4&summarizeErrors=false", {"Invoices": [invoice]})["Invoices"][0]
    at = f"/Invoices/{made['InvoiceID']}"
    for path in (at, "/Invoices", "/Invoices?page=1", "/Invoices?summaryOnly=true", "/Invoices?Statuses=AUTHORISED"):
        api("GET", path)
    api("POST", f"{at}/Email", {}, 204)
    api("GET", f"{at}/OnlineInvoice")
    api("PUT", f"{at}/History", {"HistoryRecords": [{"Details": "Called"}]})
    api("GET", f"{at}/History")
    api("PUT", f"{at}/Attachments/menu.txt?IncludeOnline=true", b"menu")
    api("GET", f"{at}/Attachments")
    pay = {"Invoice": {"InvoiceID": made["InvoiceID"]}, "Account": {"Code": "090"}, "Amount": 20, "Date": "2026-11-20"}
    payment = api("PUT", "/Payments", {"Payments": [pay]})["Payments"][0]["PaymentID"]
    api("GET", "/Payments")
    api("GET", f"/Payments/{payment}")
    note = {"Type": "ACCRECCREDIT", "Contact": buyer, "Status": "AUTHORISED", "LineItems": [LINE]}
    credit = api("PUT", "/CreditNotes", {"CreditNotes": [note]})["CreditNotes"][0]["CreditNoteID"]
    use = {"Invoice": {"InvoiceID": made["InvoiceID"]}, "Amount": 10, "Date": "2026-11-20"}
    row = api("PUT", f"/CreditNotes/{credit}/Allocations", {"Allocations": [use]})["Allocations"][0]
    api("GET", f"/CreditNotes/{credit}")
    api("GET", "/CreditNotes?page=1")
    api("GET", at)
    api("DELETE", f"/CreditNotes/{credit}/Allocations/{row['AllocationID']}")
    api("POST", f"/Payments/{payment}", {"Payments": [{"Status": "DELETED"}]})
    api("POST", at, {"Invoices": [{"InvoiceID": made["InvoiceID"], "Status": "VOIDED"}]})
    api("PUT", "/Items", {"Items": [{"Code": "TABLE", "SalesDetails": {"UnitPrice": 20, "AccountCode": "200"}}]})
    category = api("GET", "/TrackingCategories?includeArchived=true")["TrackingCategories"][0]["TrackingCategoryID"]
    api("PUT", f"/TrackingCategories/{category}/Options", {"Name": "West"})
    api("PUT", "/Currencies", {"Code": "NZD"})
    for path in ("/Organisation", "/Organisation/Actions", "/Accounts", "/TaxRates", "/Currencies", "/BrandingThemes",
                 "/TrackingCategories", "/Items", "/Items/TABLE"):  # fmt: skip
        api("GET", path)
    assert openapi.problems(wire) == []


def test_refusals_answer_as_the_file_says(wire: list[Exchange], caller: _Caller) -> None:
    contact = {"Contacts": [{"Name": "Twice Ltd"}, {"Name": "Twice Ltd"}]}
    caller.api("PUT", "/Contacts?summarizeErrors=false", contact)
    caller.api("PUT", "/Contacts", contact, 400)
    caller.api("PUT", "/Invoices", {"Invoices": [{"Type": "ACCREC", "LineItems": []}]}, 400)
    caller.api("PUT", "/Payments", {"Payments": [{"Amount": 1}]}, 400)
    caller.api("POST", "/CreditNotes", {"CreditNotes": [{"Type": "ACCRECCREDIT"}]}, 400)
    caller.api("PUT", "/Items", {"Items": [{"Code": "CHAIR"}]}, 400)
    caller.api("GET", "/Invoices?where=Nonsense", None, 400)
    assert len(wire) > 7
    assert openapi.problems(wire) == []


def exchange(answer: dict[str, Any], path: str = "/Contacts", query: str = "") -> Exchange:
    return Exchange("GET", openapi.BASE + path, query, {}, b"", 200, "application/json", json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("seen", "part"),
    [
        (exchange({"Contacts": [{"Nmae": "A"}]}), "'Nmae' was unexpected"),
        (exchange({"Contacts": [{"Name": 5}]}), "Contacts.0.Name: 5 is not of type 'string'"),
        (exchange({"Contacts": [{"ContactStatus": "GONE"}]}), "'GONE' is not one of"),
        (exchange({"Contacts": [{"Name": "x" * 256}]}), "is too long"),
        (exchange({}, "/Conatcts"), "there is no such operation"),
        (exchange({}, query="pgae=1"), "unknown parameter pgae"),
        (replace(exchange({}), status=202), "the file knows no such answer"),
        (replace(exchange({}), method="PUT", headers={"content-type": "application/json"}, body=b'{"Contacts": 1}'),
         "request Contacts: 1 is not of type 'array'"),
    ],
)  # fmt: skip
def test_the_check_finds_what_is_wrong(seen: Exchange, part: str) -> None:
    (problem,) = openapi.problems([seen])
    assert part in problem


def test_every_deviation_is_one() -> None:
    for schema, properties in openapi.DEVIATIONS.items():
        assert not openapi.accounting().names(schema) & set(properties)
