"""pyxero, the community's client, over real HTTP, against the sandbox: it writes XML and reads JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import requests
import xero.auth
from outside import CALLBACK, CLIENT_ID, CLIENT_SECRET, SCOPES, SECOND, consent, sandbox_for_clients
from xero import Xero
from xero.auth import OAuth2Credentials
from xero.exceptions import (
    XeroBadRequest,
    XeroForbidden,
    XeroNotFound,
    XeroNotImplemented,
    XeroRateLimitExceeded,
    XeroUnauthorized,
)

from zoho_xero_sync.sandbox import Sandbox


class Pyxero:
    """pyxero with `Xero` managers, logged in through the consent page as a web app."""

    def __init__(self, box: Sandbox, monkeypatch: pytest.MonkeyPatch, scopes: tuple[str, ...] = SCOPES) -> None:
        monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        monkeypatch.setattr(xero.auth, "XERO_OAUTH2_TOKEN_URL", f"{box.xero_url}/connect/token")
        monkeypatch.setattr(xero.auth, "XERO_OAUTH2_AUTHORIZE_URL", f"{box.xero_url}/identity/connect/authorize")
        self.box = box
        self.credentials = OAuth2Credentials(
            CLIENT_ID, CLIENT_SECRET, callback_uri=CALLBACK, scope=list(scopes), relax_token_scope=True
        )
        self.credentials.base_url = box.xero_url
        back = consent(self.credentials.generate_url())
        self.credentials.verify(back)
        self.credentials.set_default_tenant()
        self.xero = Xero(self.credentials, unit_price_4dps=True)

    def buyer(self, name: str = "Harbour Events Pty Ltd", **fields: Any) -> str:
        (made,) = self.xero.contacts.put({"Name": name, "EmailAddress": "accounts@example.com", **fields})
        return str(made["ContactID"])

    def invoice(self, **fields: Any) -> dict[str, Any]:
        given = {
            "Type": "ACCREC",
            "Contact": {"ContactID": fields.pop("buyer", None) or self.buyer(f"Buyer {len(self.box.xero.invoices())}")},
            "DueDate": date(2026, 12, 4),
            "Status": "AUTHORISED",
            "LineItems": [a_line()],
            **fields,
        }
        (made,) = self.xero.invoices.put(given)
        return dict(made)


def a_line(**fields: Any) -> dict[str, Any]:
    return {
        "Description": "Bread & butter <fresh>",
        "Quantity": "2",
        "UnitAmount": "50",
        "AccountCode": "200",
        **fields,
    }


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pyxero]:
    with sandbox_for_clients() as box:
        yield Pyxero(box, monkeypatch)


def test_tenants_and_refreshing(client: Pyxero) -> None:
    rows = client.credentials.get_tenants()
    assert [row["tenantName"] for row in rows] == ["Sandbox Pty Ltd", SECOND]
    assert client.credentials.get_tenants(rows[0]["authEventId"]) == rows
    before = client.credentials.token["refresh_token"]
    client.credentials.refresh()
    assert client.credentials.token["refresh_token"] != before
    assert client.xero.organisations.all()[0]["Name"] == "Sandbox Pty Ltd"
    assert {row["Name"] for row in client.xero.organisations.actions()["Actions"]} >= {"CreateContact"}
    client.credentials.tenant_id = rows[1]["tenantId"]
    other = Xero(client.credentials)
    assert other.organisations.all()[0]["Name"] == SECOND
    client.box.xero.disconnect(SECOND)
    with pytest.raises(XeroForbidden):
        other.organisations.all()


def test_contacts(client: Pyxero) -> None:
    persons = [{"FirstName": "Events", "LastName": "Desk", "EmailAddress": "e@example.com", "IncludeInEmails": True}]
    addresses = [{"AddressType": "POBOX", "AddressLine1": "1 Quay St", "City": "Sydney", "Country": "Australia"}]
    key = client.buyer(ContactNumber="zoho:1", ContactPersons=persons, Addresses=addresses)
    (read,) = client.xero.contacts.get(key)
    assert (read["ContactNumber"], read["ContactPersons"][0]["IncludeInEmails"]) == ("zoho:1", True)
    assert [row["City"] for row in read["Addresses"] if row["AddressType"] == "POBOX"] == ["Sydney"]
    read["EmailAddress"] = "new@example.com"
    (saved,) = client.xero.contacts.save({"ContactID": key, "EmailAddress": "new@example.com"})
    assert (saved["EmailAddress"], saved["Name"]) == ("new@example.com", "Harbour Events Pty Ltd")
    assert [row["ContactID"] for row in client.xero.contacts.filter(Name__contains="HARBOUR")] == [key]
    assert [row["ContactID"] for row in client.xero.contacts.filter(IDs=[key])] == [key]
    assert client.xero.contacts.filter(EmailAddress="nobody@example.com") == []
    client.xero.contacts.save({"ContactID": key, "ContactStatus": "ARCHIVED"})
    assert client.xero.contacts.all() == []
    assert len(client.xero.contacts.filter(includeArchived=True)) == 1


def test_invoices_are_made_listed_changed_and_voided(client: Pyxero) -> None:
    tracking = [{"Name": "Region", "Option": "South"}]
    draft = client.invoice(Status="DRAFT", Reference="Tea & cake", LineItems=[a_line(Tracking=tracking)])
    assert (draft["Status"], draft["Total"], draft["InvoiceNumber"]) == ("DRAFT", 110.0, "INV-0001")
    (read,) = client.xero.invoices.get("INV-0001")
    assert read["LineItems"][0]["Description"] == "Bread & butter <fresh>"
    assert read["LineItems"][0]["Tracking"][0]["Option"] == "South"
    assert str(read["Date"])[:10] == "2026-11-20"
    (saved,) = client.xero.invoices.save({"InvoiceID": draft["InvoiceID"], "Status": "AUTHORISED"})
    assert saved["Status"] == "AUTHORISED"
    found = client.xero.invoices.filter(Status="AUTHORISED", Reference="tea & CAKE")
    assert [row["InvoiceNumber"] for row in found] == ["INV-0001"]
    assert client.xero.invoices.filter(Contact_ContactID=draft["Contact"]["ContactID"])[0]["InvoiceID"]
    assert client.xero.invoices.filter(raw="Total>1000") == []
    assert len(client.xero.invoices.filter(InvoiceNumbers=["INV-0001"], page=1, pageSize=10)) == 1
    (gone,) = client.xero.invoices.save({"InvoiceID": draft["InvoiceID"], "Status": "VOIDED"})
    assert gone["Status"] == "VOIDED"
    assert client.box.xero.invoice("INV-0001")["Status"] == "VOIDED"


def test_a_batch_of_invoices(client: Pyxero) -> None:
    buyer = {"ContactID": client.buyer()}
    good = {"Type": "ACCREC", "Contact": buyer, "LineItems": [a_line()], "InvoiceNumber": "B-1"}
    mixed = client.xero.invoices.put([good, {**good, "LineItems": []}], summarize_errors=False)
    assert [row["StatusAttributeString"] for row in mixed] == ["OK", "ERROR"]
    with pytest.raises(XeroBadRequest) as caught:
        client.xero.invoices.put(good)
    assert caught.value.errors == ["Invoice # must be unique."]


def test_payments(client: Pyxero) -> None:
    invoice_id = client.invoice()["InvoiceID"]
    pay = {"Invoice": {"InvoiceID": invoice_id}, "Account": {"Code": "090"}, "Date": date(2026, 11, 20)}
    with pytest.raises(XeroBadRequest) as caught:
        client.xero.payments.put({**pay, "Amount": "110.01"})
    assert caught.value.errors == ["Payment amount exceeds the amount outstanding on this document"]
    (made,) = client.xero.payments.put({**pay, "Amount": "110.00"})
    assert client.box.xero.invoice(invoice_id)["Status"] == "PAID"
    with pytest.raises(XeroBadRequest, match="status VOIDED cannot be applied"):
        client.xero.invoices.save({"InvoiceID": invoice_id, "Status": "VOIDED"})
    (gone,) = client.xero.payments.delete(made["PaymentID"])
    assert gone["Status"] == "DELETED"
    assert client.box.xero.invoice(invoice_id)["Status"] == "AUTHORISED"


def test_credit_notes(client: Pyxero) -> None:
    invoice = client.invoice()
    note = {"Type": "ACCRECCREDIT", "Status": "AUTHORISED", "LineItems": [a_line(Quantity="1")]}
    (made,) = client.xero.creditnotes.put({**note, "Contact": {"ContactID": invoice["Contact"]["ContactID"]}})
    use = {"Amount": "30", "Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Date": date(2026, 11, 20)}
    client.xero.creditnotes.put_allocation(made["CreditNoteID"], use)
    assert client.box.xero.invoice(invoice["InvoiceID"])["AmountCredited"] == 30
    (read,) = client.xero.creditnotes.get(made["CreditNoteID"])
    client.xero.creditnotes.delete_allocation(made["CreditNoteID"], read["Allocations"][0]["AllocationID"])
    assert client.box.xero.invoice(invoice["InvoiceID"])["AmountCredited"] == 0


def test_email_online_address_history_and_files(client: Pyxero) -> None:
    invoice_id = client.invoice()["InvoiceID"]
    assert client.xero.invoices.email(invoice_id) == b""
    assert client.xero.invoices.online_invoice(invoice_id)["OnlineInvoices"][0]["OnlineInvoiceUrl"]
    client.xero.invoices.put_history(invoice_id, "Called & waiting")
    history = client.xero.invoices.get_history(invoice_id)["HistoryRecords"]
    assert next((row["Changes"], row["Details"]) for row in history) == ("Note", "Called & waiting")
    client.xero.invoices.put_attachment_data(invoice_id, "menu.txt", b"<menu/>", "text/plain")
    listed = client.xero.invoices.get_attachments(invoice_id)["Attachments"]
    assert [(row["FileName"], row["ContentLength"]) for row in listed] == [("menu.txt", 7)]
    assert client.xero.invoices.get_attachment_data(invoice_id, "menu.txt") == b"<menu/>"


def test_items_currencies_and_lists(client: Pyxero) -> None:
    client.xero.items.put({"Code": "TABLE", "SalesDetails": {"UnitPrice": "20.1234", "AccountCode": "200"}})
    assert client.invoice(LineItems=[{"ItemCode": "TABLE", "Quantity": "1"}])["SubTotal"] == 20.12
    with pytest.raises(XeroBadRequest, match="Price List Item with Code 'TABLE' already exists"):
        client.xero.items.put({"Code": "TABLE"})
    client.xero.currencies.put({"Code": "NZD"})
    assert [row["Code"] for row in client.xero.currencies.all()] == ["AUD", "USD", "NZD"]
    assert client.xero.accounts.filter(Type="BANK")[0]["Code"] == "090"
    assert client.xero.taxrates.filter(TaxType="OUTPUT")[0]["EffectiveRate"] == 10
    assert [row["Name"] for row in client.xero.trackingcategories.all()] == ["Region"]


def test_errors(client: Pyxero, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(XeroNotFound):
        client.xero.invoices.get("NOPE-1")
    with pytest.raises(XeroBadRequest, match="QueryParseException"):
        client.xero.contacts.filter(raw="Name==")
    with pytest.raises(XeroNotImplemented):
        client.xero.contacts.delete("6f8e1c2a-1234-4abc-9def-1234567890ab")
    client.box.clock.advance(1800)
    with pytest.raises(XeroUnauthorized, match="TokenExpired"):
        client.xero.contacts.all()
    reader = Pyxero(client.box, monkeypatch, ("accounting.contacts.read",))
    assert reader.xero.contacts.all() == []
    with pytest.raises(XeroUnauthorized, match="AuthorizationUnsuccessful"):
        reader.buyer()


def test_the_limit_of_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    with sandbox_for_clients(limits={"minute": 1}) as box:
        client = Pyxero(box, monkeypatch)
        client.xero.contacts.all()
        with pytest.raises(XeroRateLimitExceeded, match="minute"):
            client.xero.contacts.all()


def test_an_answer_in_xml(client: Pyxero) -> None:
    client.invoice(Reference="Salt & pepper")
    headers = {
        "Authorization": f"Bearer {client.credentials.token['access_token']}",
        "xero-tenant-id": client.credentials.tenant_id,
        "Accept": "application/xml",
    }
    answer = requests.get(f"{client.box.xero_url}/api.xro/2.0/Invoices/INV-0001", headers=headers, timeout=10)
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert "<Reference>Salt &amp; pepper</Reference>" in answer.text
    assert "<Date>2026-11-20T00:00:00</Date>" in answer.text
    assert "<LineItems><LineItem>" in answer.text
    refused = requests.put(
        f"{client.box.xero_url}/api.xro/2.0/Contacts", data="<Contact><Name /></Contact>", timeout=10,
        headers={**headers, "Content-Type": "text/xml"},
    )  # fmt: skip
    assert refused.status_code == 400
    assert '<DataContractBase xsi:type="Contact">' in refused.text
    assert "<ValidationError><Message>" in refused.text


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><Contact><Name>&e;</Name></Contact>', "DTD is"),
        ("<Contact><Name>A", "The XML for post data was invalid"),
        ("<a>" * 60 + "</a>" * 60, "nested too deeply"),
    ],
)
def test_bad_xml(client: Pyxero, body: str, sentence: str) -> None:
    headers = {
        "Authorization": f"Bearer {client.credentials.token['access_token']}",
        "xero-tenant-id": client.credentials.tenant_id,
        "Accept": "application/json",
        "Content-Type": "application/xml",
    }
    answer = requests.put(f"{client.box.xero_url}/api.xro/2.0/Contacts", data=body, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["Type"]) == (400, "PostDataInvalidException")
    assert sentence in answer.json()["Message"]
    assert client.box.xero.contacts() == []
