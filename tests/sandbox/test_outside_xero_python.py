"""Xero's official SDK for Python, over real HTTP, against the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from outside import CALLBACK, CLIENT_ID, CLIENT_SECRET, SCOPES, SECOND, consent, sandbox_for_clients, told
from xero_python.accounting import (
    Account,
    AccountingApi,
    Allocation,
    Allocations,
    Contact,
    ContactPerson,
    Contacts,
    CreditNote,
    CreditNotes,
    Currency,
    CurrencyCode,
    HistoryRecord,
    HistoryRecords,
    Invoice,
    Invoices,
    Item,
    Items,
    LineItem,
    LineItemTracking,
    Payment,
    PaymentDelete,
    Purchase,
    RequestEmpty,
    TrackingOption,
)
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token, TokenApi
from xero_python.exceptions import ApiException
from xero_python.exceptions.http_status_exceptions import HTTPStatusException
from xero_python.identity import IdentityApi

from zoho_xero_sync.sandbox import Sandbox


class Sdk:
    """The SDK, logged in through the consent page as a web app."""

    def __init__(self, box: Sandbox, monkeypatch: pytest.MonkeyPatch, scopes: tuple[str, ...] = SCOPES) -> None:
        self.box = box
        for name in ("client_credentials_token_url", "refresh_token_url"):
            monkeypatch.setattr(TokenApi, name, f"{box.xero_url}/connect/token")
        monkeypatch.setattr(TokenApi, "revoke_token_url", f"{box.xero_url}/connect/revocation")
        self.token: dict[str, Any] = {}
        oauth = OAuth2Token(client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        self.client = ApiClient(
            Configuration(oauth2_token=oauth),
            oauth2_token_getter=lambda: self.token,
            oauth2_token_saver=self.token_changed,
        )
        self.oauth = oauth
        self.identity = IdentityApi(self.client, base_url=box.xero_url)
        self.api = AccountingApi(self.client, base_url=f"{box.xero_url}/api.xro/2.0")
        if box.xero.tokens.client.connection == "custom":
            self.client.get_client_credentials_token()
        else:
            self.log_in(scopes)
        self.tenant = box.xero.tenant_id

    def token_changed(self, token: dict[str, Any]) -> None:
        self.token = token

    def log_in(self, scopes: tuple[str, ...]) -> None:
        query = requests.compat.urlencode(
            {
                "response_type": "code",
                "client_id": CLIENT_ID,
                "redirect_uri": CALLBACK,
                "scope": " ".join(scopes),
                "state": "s-1",
            }
        )
        back = told(consent(f"{self.box.xero_url}/identity/connect/authorize?{query}"))
        assert back["state"] == "s-1"
        form = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": CALLBACK}
        answer = requests.post(
            f"{self.box.xero_url}/connect/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=10
        )
        assert answer.status_code == 200, answer.text
        self.token = {**answer.json(), "scope": list(scopes)}

    def contact(self, name: str = "Harbour Events Pty Ltd", **fields: Any) -> Contact:
        found = self.api.create_contacts(self.tenant, Contacts(contacts=[Contact(name=name, **fields)]))
        return found.contacts[0]

    def invoice(self, status: str = "AUTHORISED", **fields: Any) -> Invoice:
        buyer = Contact(contact_id=fields.pop("contact_id", None) or self.contact(f"Buyer {len(self.invoices()) + 1}",
                        email_address="accounts@example.com").contact_id)  # fmt: skip
        given = {"line_items": [a_line()], "due_date": date(2026, 12, 4), **fields}
        invoice = Invoice(type="ACCREC", contact=buyer, status=status, **given)
        return self.api.create_invoices(self.tenant, Invoices(invoices=[invoice]), unitdp=4).invoices[0]

    def invoices(self) -> list[Any]:
        return self.box.xero.invoices()


def a_line(**fields: Any) -> LineItem:
    given = {"description": "Catering", "quantity": 2, "unit_amount": 50, "account_code": "200", **fields}
    return LineItem(**given)


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sdk]:
    with sandbox_for_clients() as box:
        made = Sdk(box, monkeypatch)
        yield made
        made.client.rest_client.pool_manager.clear()


def refused(call: Callable[[], object]) -> tuple[int, dict[str, Any]]:
    with pytest.raises((ApiException, HTTPStatusException)) as caught:
        call()
    body = caught.value.body
    text = body.decode() if isinstance(body, bytes) else body or "{}"
    return int(caught.value.status), json.loads(text)


def messages(body: dict[str, Any]) -> list[str]:
    return [error["Message"] for element in body["Elements"] for error in element["ValidationErrors"]]


def test_connections_are_listed_refreshed_and_deleted(sdk: Sdk) -> None:
    rows = sdk.identity.get_connections()
    assert [(row.tenant_name, row.tenant_type) for row in rows] == [
        ("Sandbox Pty Ltd", "ORGANISATION"),
        (SECOND, "ORGANISATION"),
    ]
    first = sdk.token["refresh_token"]
    assert sdk.oauth.refresh_access_token(sdk.client)
    assert sdk.token["refresh_token"] != first
    assert sdk.api.get_organisations(rows[1].tenant_id).organisations[0].name == SECOND
    sdk.identity.delete_connection(rows[1].id)
    assert [row.tenant_id for row in sdk.identity.get_connections()] == [sdk.tenant]
    status, body = refused(lambda: sdk.api.get_organisations(rows[1].tenant_id))
    assert (status, body["Detail"]) == (403, "AuthenticationUnsuccessful")
    assert sdk.oauth.revoke_access_token(sdk.client)
    assert sdk.box.xero.tenant().connection is None


def test_a_custom_connection_needs_no_tenant(monkeypatch: pytest.MonkeyPatch) -> None:
    with sandbox_for_clients("custom") as box:
        sdk = Sdk(box, monkeypatch)
        assert sdk.api.get_organisations("").organisations[0].name == "Sandbox Pty Ltd"
        sdk.client.rest_client.pool_manager.clear()


def test_contacts(sdk: Sdk) -> None:
    person = ContactPerson(first_name="Events", last_name="Desk", email_address="e@example.com", include_in_emails=True)
    made = sdk.contact(contact_number="zoho:1", email_address="a@example.com", contact_persons=[person])
    assert made.contact_number == "zoho:1"
    assert made.contact_persons[0].include_in_emails is True
    read = sdk.api.get_contact(sdk.tenant, made.contact_id).contacts[0]
    assert (read.name, read.email_address) == ("Harbour Events Pty Ltd", "a@example.com")
    assert read.updated_date_utc == datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    change = Contacts(contacts=[Contact(contact_id=made.contact_id, email_address="b@example.com")])
    assert sdk.api.update_contact(sdk.tenant, made.contact_id, change).contacts[0].name == read.name
    found = sdk.api.get_contacts(sdk.tenant, where='EmailAddress="B@EXAMPLE.com"', order="Name ASC", page=1)
    assert [row.contact_id for row in found.contacts] == [made.contact_id]
    assert found.pagination.item_count == 1
    assert sdk.api.get_contacts(sdk.tenant, search_term="harbour").contacts[0].contact_id == made.contact_id
    assert sdk.api.get_contacts(sdk.tenant, i_ds=[made.contact_id]).contacts[0].contact_id == made.contact_id
    gone = Contacts(contacts=[Contact(contact_id=made.contact_id, contact_status="ARCHIVED")])
    sdk.api.update_or_create_contacts(sdk.tenant, gone)
    assert not sdk.api.get_contacts(sdk.tenant).contacts
    assert sdk.api.get_contacts(sdk.tenant, include_archived=True).contacts[0].contact_status == "ARCHIVED"


def test_an_invoice_from_draft_to_paid(sdk: Sdk) -> None:
    tracking = LineItemTracking(name="Region", option="North")
    line = a_line(quantity=3, unit_amount=Decimal("19.9875"), discount_rate=10, tracking=[tracking])
    draft = sdk.invoice("DRAFT", line_items=[line], reference="Gala dinner", url="https://crm.example.com/deal/1")
    assert (draft.status, draft.sub_total, draft.total_tax, draft.total) == (
        "DRAFT",
        Decimal("53.97"),
        Decimal("5.40"),
        Decimal("59.37"),
    )
    assert draft.date == date(2026, 11, 20)
    assert draft.line_items[0].unit_amount == Decimal("19.9875")
    change = Invoices(invoices=[Invoice(invoice_id=draft.invoice_id, status="AUTHORISED")])
    done = sdk.api.update_invoice(sdk.tenant, draft.invoice_id, change, unitdp=4).invoices[0]
    assert (done.status, done.amount_due) == ("AUTHORISED", Decimal("59.37"))
    payment = Payment(
        invoice=Invoice(invoice_id=draft.invoice_id),
        account=Account(code="090"),
        date=date(2026, 11, 20),
        amount=Decimal("59.37"),
    )
    paid = sdk.api.create_payment(sdk.tenant, payment).payments[0]
    assert (paid.status, paid.payment_type, paid.amount) == ("AUTHORISED", "ACCRECPAYMENT", Decimal("59.37"))
    read = sdk.api.get_invoice(sdk.tenant, draft.invoice_number).invoices[0]
    assert (read.status, read.amount_due, read.fully_paid_on_date) == ("PAID", 0, date(2026, 11, 20))
    assert sdk.api.get_payment(sdk.tenant, paid.payment_id).payments[0].invoice.invoice_number == "INV-0001"
    sdk.api.delete_payment(sdk.tenant, paid.payment_id, PaymentDelete(status="DELETED"))
    assert sdk.api.get_payments(sdk.tenant, where='Status=="DELETED"').payments[0].payment_id == paid.payment_id
    void = Invoices(invoices=[Invoice(invoice_id=draft.invoice_id, status="VOIDED")])
    assert sdk.api.update_invoice(sdk.tenant, draft.invoice_id, void).invoices[0].status == "VOIDED"


def test_lists_of_invoices(sdk: Sdk) -> None:
    numbers = []
    for index in range(3):
        numbers.append(sdk.invoice(reference=f"Deal {index}").invoice_number)
        sdk.box.clock.advance(1)
    every = sdk.api.get_invoices(sdk.tenant)
    assert [row.invoice_number for row in every.invoices] == numbers
    assert every.invoices[0].line_items == []
    page = sdk.api.get_invoices(sdk.tenant, page=2, page_size=2)
    assert [row.invoice_number for row in page.invoices] == numbers[2:]
    assert page.invoices[0].line_items[0].description == "Catering"
    found = sdk.api.get_invoices(sdk.tenant, where='Reference=="deal 1" AND Status=="AUTHORISED"')
    assert [row.invoice_number for row in found.invoices] == numbers[1:2]
    assert len(sdk.api.get_invoices(sdk.tenant, invoice_numbers=numbers[:2], created_by_my_app=True).invoices) == 2
    later = datetime(2026, 11, 20, 1, 0, tzinfo=UTC) + timedelta(seconds=3)
    assert not sdk.api.get_invoices(sdk.tenant, if_modified_since=later.strftime("%Y-%m-%dT%H:%M:%S")).invoices


def test_refusals(sdk: Sdk) -> None:
    sdk.contact("Taken")
    status, body = refused(lambda: sdk.contact("taken"))
    assert (status, body["Type"]) == (400, "ValidationException")
    assert messages(body) == [
        "The contact name taken is already assigned to another contact. "
        "The contact name must be unique across all active contacts."
    ]
    both = Contacts(contacts=[Contact(name="One"), Contact(name="Taken")])
    mixed = sdk.api.create_contacts(sdk.tenant, both, summarize_errors=False).contacts
    assert [row.status_attribute_string for row in mixed] == ["OK", "ERROR"]
    assert mixed[1].validation_errors[0].message.startswith("The contact name Taken is already")
    status, body = refused(lambda: sdk.invoice(due_date=None))
    assert (status, messages(body)) == (400, ["The document DueDate field must be specified."])
    status, body = refused(lambda: sdk.api.get_invoices(sdk.tenant, where="Nonsense === 1"))
    assert (status, body["Type"]) == (400, "QueryParseException")
    with pytest.raises((ApiException, HTTPStatusException)) as caught:
        sdk.api.get_contact(sdk.tenant, "6f8e1c2a-1234-4abc-9def-1234567890ab")
    assert caught.value.status == 404


def test_a_scope_that_was_not_granted(sdk: Sdk) -> None:
    sdk.log_in(("offline_access", "accounting.settings.read"))
    assert sdk.api.get_accounts(sdk.tenant).accounts[0].code == "090"
    status, body = refused(lambda: sdk.contact("Nobody"))
    assert (status, body["Detail"]) == (401, "AuthorizationUnsuccessful")


def test_the_limit_of_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    with sandbox_for_clients(limits={"minute": 1}) as box:
        sdk = Sdk(box, monkeypatch)
        # Else urllib3 itself waits out Retry-After, in real seconds.
        sdk.client.rest_client.pool_manager.connection_pool_kw["retries"] = False
        sdk.api.get_organisations(sdk.tenant)
        with pytest.raises((ApiException, HTTPStatusException)) as caught:
            sdk.api.get_organisations(sdk.tenant)
        assert caught.value.status == 429
        assert caught.value.headers["Retry-After"] == "60"
        sdk.client.rest_client.pool_manager.clear()


def test_an_idempotency_key_makes_one_record(sdk: Sdk) -> None:
    contacts = Contacts(contacts=[Contact(name="Once Only Ltd")])
    ids = {
        sdk.api.create_contacts(sdk.tenant, contacts, idempotency_key="k-1").contacts[0].contact_id for _ in range(2)
    }
    assert len(ids) == len(sdk.box.xero.contacts()) == 1
    other = Contacts(contacts=[Contact(name="Another Ltd")])
    status, body = refused(lambda: sdk.api.create_contacts(sdk.tenant, other, idempotency_key="k-1"))
    assert (status, body["Message"]) == (400, "Idempotency Key: k-1 is used with a different request.")


def test_email_history_and_online_address(sdk: Sdk) -> None:
    invoice_id = sdk.invoice().invoice_id
    sdk.api.email_invoice(sdk.tenant, invoice_id, RequestEmpty())
    assert sdk.api.get_invoice(sdk.tenant, invoice_id).invoices[0].sent_to_contact is True
    url = sdk.api.get_online_invoice(sdk.tenant, invoice_id).online_invoices[0].online_invoice_url
    assert url.startswith("https://in.xero.com/")
    note = HistoryRecords(history_records=[HistoryRecord(details="Called the customer")])
    sdk.api.create_invoice_history(sdk.tenant, invoice_id, note)
    history = sdk.api.get_invoice_history(sdk.tenant, invoice_id).history_records
    assert next((row.changes, row.details) for row in history) == ("Note", "Called the customer")
    assert [row.changes for row in history][1:] == ["Invoice Sent", "Created"]
    draft = sdk.invoice("DRAFT").invoice_id
    status, body = refused(lambda: sdk.api.email_invoice(sdk.tenant, draft, RequestEmpty()))
    assert (status, messages(body)) == (400, ["Draft, voided or deleted invoices cannot be emailed"])


def test_attachments(sdk: Sdk) -> None:
    invoice_id = sdk.invoice().invoice_id
    content = bytes(range(256))
    made = sdk.api.create_invoice_attachment_by_file_name(
        sdk.tenant, invoice_id, "menu & wine.bin", content, include_online=True
    ).attachments[0]
    assert (made.file_name, made.content_length, made.include_online) == ("menu & wine.bin", 256, True)
    listed = sdk.api.get_invoice_attachments(sdk.tenant, invoice_id).attachments
    assert [row.attachment_id for row in listed] == [made.attachment_id]
    assert sdk.api.get_invoice(sdk.tenant, invoice_id).invoices[0].has_attachments is True
    file = Path(
        sdk.api.get_invoice_attachment_by_file_name(
            sdk.tenant, invoice_id, "menu & wine.bin", "application/octet-stream"
        )
    )
    assert file.read_bytes() == content
    file.unlink()


def test_a_credit_note_is_set_against_an_invoice(sdk: Sdk) -> None:
    invoice = sdk.invoice()
    note = CreditNote(
        type="ACCRECCREDIT",
        contact=Contact(contact_id=invoice.contact.contact_id),
        status="AUTHORISED",
        line_items=[a_line(quantity=1, unit_amount=20)],
    )
    made = sdk.api.create_credit_notes(sdk.tenant, CreditNotes(credit_notes=[note])).credit_notes[0]
    assert (made.credit_note_number, made.remaining_credit) == ("CN-0001", 22)
    use = Allocation(amount=10, date=date(2026, 11, 20), invoice=Invoice(invoice_id=invoice.invoice_id))
    done = sdk.api.create_credit_note_allocation(sdk.tenant, made.credit_note_id, Allocations(allocations=[use]))
    read = sdk.api.get_invoice(sdk.tenant, invoice.invoice_id).invoices[0]
    assert (read.amount_credited, read.amount_due, read.total) == (10, 100, 110)
    assert sdk.api.get_credit_note(sdk.tenant, made.credit_note_id).credit_notes[0].remaining_credit == 12
    allocation_id = done.allocations[0].allocation_id
    sdk.api.delete_credit_note_allocations(sdk.tenant, made.credit_note_id, allocation_id)
    assert sdk.box.xero.invoice(invoice.invoice_id)["AmountDue"] == Decimal("110.00")


def test_the_lists_a_sync_reads_and_their_writes(sdk: Sdk) -> None:
    api, tenant = sdk.api, sdk.tenant
    assert {row.tax_type for row in api.get_tax_rates(tenant).tax_rates} >= {"OUTPUT", "EXEMPTOUTPUT"}
    assert api.get_branding_themes(tenant).branding_themes[0].name == "Standard"
    assert {row.name for row in api.get_organisation_actions(tenant).actions} >= {"CreateDraftInvoice"}
    category = api.get_tracking_categories(tenant).tracking_categories[0]
    assert [option.name for option in category.options] == ["North", "South"]
    option = api.create_tracking_options(tenant, category.tracking_category_id, TrackingOption(name="West")).options[0]
    assert option.name == "West"
    api.create_currency(tenant, Currency(code=CurrencyCode.NZD))
    assert {row.code.value for row in api.get_currencies(tenant).currencies} == {"AUD", "USD", "NZD"}
    table = Item(code="TABLE", name="Table", sales_details=Purchase(unit_price=Decimal("20.1234"), account_code="200"))
    made = api.create_items(tenant, Items(items=[table]), unitdp=4).items[0]
    assert made.sales_details.unit_price == Decimal("20.1234")
    status, body = refused(lambda: api.create_items(tenant, Items(items=[table])))
    assert (status, messages(body)) == (400, ["Price List Item with Code 'TABLE' already exists"])
    change = Items(items=[Item(code="TABLE", name="Long table")])
    assert api.update_item(tenant, made.item_id, change).items[0].name == "Long table"
    assert [row.code for row in api.get_items(tenant, where='Code=="TABLE"').items] == ["TABLE"]
    line = LineItem(item_code="TABLE", quantity=1)
    assert sdk.invoice(line_items=[line]).line_items[0].unit_amount == Decimal("20.1234")
