"""What is sent to Xero: exact bytes, only what is ours to say, and the totals that were promised."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from remote_tools import XeroBench

from zoho_xero_sync.core.invoices import Setting, draft_invoice
from zoho_xero_sync.core.model import (
    Address,
    Change,
    ContactDraft,
    ContactStep,
    CustomerKey,
    Deal,
    Delivery,
    InvoiceDraft,
    InvoiceLine,
    InvoiceStatus,
    InvoiceStep,
    OperationKind,
    SourceDocument,
    SourceLine,
    Tax,
    TrackingOption,
    XeroInvoice,
    XeroLine,
)
from zoho_xero_sync.core.rules import Amounts, InvoiceRules, Rules
from zoho_xero_sync.remote.xero import invoices
from zoho_xero_sync.remote.xero.desk import XeroDesk

D = Decimal
CUSTOMER = CustomerKey("Accounts", "572500000000200001")
CONTACT_ID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
INVOICE_ID = "11111111-2222-3333-4444-555555555555"
LINK = "https://crm.zoho.com.au/crm/org70001/tab/Potentials/"
LINE = InvoiceLine("Bench", D("3"), D("33.3333"), "200", "OUTPUT", D("100.00"), D("10.00"))
CONTACT = ContactDraft(
    CUSTOMER,
    CUSTOMER.id,
    'O\'Brien & "Söhne" 🌞',
    "Pat",
    "Buyer",
    "buyer@example.com",
    {"POBOX": Address("Level 2\n1 Example Street\n\nYard", "Sydney", "NSW", "2000", "Australia")},
    {"DEFAULT": "02 9000 0000"},
)


def a_draft(*lines: InvoiceLine, **changes: Any) -> InvoiceDraft:
    values: dict[str, Any] = {
        "deal_id": "5725",
        "customer": CUSTOMER,
        "number": None,
        "reference": "Fit-out",
        "date": date(2026, 11, 20),
        "due_date": date(2026, 12, 4),
        "currency": "AUD",
        "amounts": "Exclusive",
        "status": InvoiceStatus.AUTHORISED,
        "url": LINK + "5725",
        "lines": lines or (LINE,),
        "sub_total": D("100.00"),
        "total_tax": D("10.00"),
        "total": D("110.00"),
    }
    return InvoiceDraft(**(values | changes))


def in_xero(*line_ids: str, **changes: Any) -> XeroInvoice:
    lines = tuple(XeroLine(line, "", D(1), D(1), D(1), D(0), "200", "OUTPUT") for line in line_ids)
    values: dict[str, Any] = {
        "id": INVOICE_ID,
        "number": "INV-0001",
        "status": "DRAFT",
        "contact_id": CONTACT_ID,
        "reference": "",
        "url": LINK + "5725",
        "currency": "AUD",
        "date": None,
        "due_date": None,
        "sub_total": D(0),
        "total_tax": D(0),
        "total": D(0),
        "amount_paid": D(0),
        "amount_credited": D(0),
        "updated_at": datetime(2026, 11, 20, tzinfo=UTC),
        "lines": lines,
    }
    return XeroInvoice(**(values | changes))


def desk() -> XeroDesk:
    bench = XeroBench()
    return XeroDesk(bench.client, lambda: bench.wire.calls)


def element(step: InvoiceStep | ContactStep, contact_id: str = CONTACT_ID) -> dict[str, Any]:
    maker = desk()
    raw = maker.contact_element(step) if isinstance(step, ContactStep) else maker.invoice_element(step, contact_id)
    parsed: dict[str, Any] = json.loads(raw, parse_float=Decimal)
    return parsed


def create(draft: InvoiceDraft) -> InvoiceStep:
    return InvoiceStep("create", draft, draft.status, draft.total, draft.currency, number=draft.number)


def update(
    draft: InvoiceDraft, current: XeroInvoice, *, content: bool, advance: bool, changes: Any = ()
) -> InvoiceStep:
    return InvoiceStep(
        "update",
        draft,
        draft.status,
        draft.total,
        "AUD",
        current.id,
        current.number,
        current,
        content,
        advance,
        changes,
    )


# ---- invoices ----


def test_a_new_invoice_to_the_byte() -> None:
    line = replace(
        LINE,
        description='Bench\n"Oak" 🌞',
        discount=D("1.50"),
        item_code="B-1",
        tracking=(TrackingOption("Region", "N"),),
    )
    draft = a_draft(line, number="ZC-1", branding_theme="t-1")
    assert (
        desk().invoice_element(create(draft), CONTACT_ID)
        == (
            '{"Reference":"Fit-out","Url":"https://crm.zoho.com.au/crm/org70001/tab/Potentials/5725","CurrencyCode":"AUD",'
            '"LineAmountTypes":"Exclusive","BrandingThemeID":"t-1","Type":"ACCREC",'
            f'"Contact":{{"ContactID":"{CONTACT_ID}"}},"Date":"2026-11-20","DueDate":"2026-12-04","Status":"AUTHORISED",'
            '"LineItems":[{"Description":"Bench\\n\\"Oak\\" 🌞","Quantity":3,"UnitAmount":33.3333,"AccountCode":"200",'
            '"TaxType":"OUTPUT","DiscountAmount":1.50,"ItemCode":"B-1","Tracking":[{"Name":"Region","Option":"N"}]}],'
            '"InvoiceNumber":"ZC-1"}'
        ).encode()
    )


@pytest.mark.parametrize("figure", ["1E+3", "1E-4", "0.0001", "1000", "1.50", "9999999999.99"])
def test_no_figure_is_ever_sent_with_an_exponent(figure: str) -> None:
    line = replace(LINE, quantity=D(figure), unit_amount=D(figure), discount=D(figure))
    raw = desk().invoice_element(create(a_draft(line)), CONTACT_ID).decode()
    sent = raw[raw.index('"LineItems"') :]
    assert sent.count(f":{D(figure):f}") == 3 and "E+" not in sent and "E-" not in sent


def test_a_new_invoice_says_nothing_that_xero_computes_and_names_the_contact_by_id_only() -> None:
    sent = element(create(a_draft()))
    assert sent["Contact"] == {"ContactID": CONTACT_ID}
    assert not {"Total", "SubTotal", "TotalTax", "InvoiceNumber", "InvoiceID", "SentToContact"} & set(sent)
    assert not {"LineAmount", "TaxAmount", "LineItemID", "DiscountAmount", "ItemCode", "Tracking"} & set(
        sent["LineItems"][0]
    )


@pytest.mark.parametrize(
    ("content", "advance", "keys"),
    [
        (False, True, {"InvoiceID", "Status"}),
        (True, False, {"InvoiceID", "Reference", "Url", "CurrencyCode", "LineAmountTypes", "LineItems"}),
        (True, True, {"InvoiceID", "Reference", "Url", "CurrencyCode", "LineAmountTypes", "LineItems", "Status"}),
    ],
)
def test_an_update_says_only_what_changes(content: bool, advance: bool, keys: set[str]) -> None:
    sent = element(update(a_draft(), in_xero("l1"), content=content, advance=advance))
    assert set(sent) == keys and sent["InvoiceID"] == INVOICE_ID


@pytest.mark.parametrize(("follow", "dated"), [(True, True), (False, False)])
def test_dates_are_sent_again_only_where_they_are_the_deal_s(follow: bool, dated: bool) -> None:
    sent = element(update(a_draft(dates_follow_deal=follow), in_xero("l1"), content=True, advance=False))
    assert ({"Date", "DueDate"} <= set(sent)) is dated


@pytest.mark.parametrize(
    ("lines", "ids", "sent_ids"),
    [
        (2, ["l1", "l2"], ["l1", "l2"]),
        (3, ["l1", "l2"], ["l1", "l2", None]),
        (1, ["l1", "l2"], ["l1"]),
        (2, [], [None, None]),
        (2, ["l1", ""], ["l1", None]),
    ],
)
def test_lines_keep_their_ids_by_position(lines: int, ids: list[str], sent_ids: list[str | None]) -> None:
    draft = a_draft(*[replace(LINE, description=f"Line {number}") for number in range(lines)])
    sent = element(update(draft, in_xero(*ids), content=True, advance=False))["LineItems"]
    assert [line.get("LineItemID") for line in sent] == sent_ids
    assert [line["Description"] for line in sent] == [f"Line {number}" for number in range(lines)]


@pytest.mark.parametrize(
    ("changes", "current_contact", "sent"),
    [
        ((), CONTACT_ID, None),
        ((), "merged in Xero", None),
        ((Change("Total", "1", "2"),), "merged in Xero", None),
        ((Change("Contact", "Accounts:1", "Accounts:2"),), "the former customer", {"ContactID": CONTACT_ID}),
        ((Change("Contact", "Accounts:1", "Accounts:2"),), CONTACT_ID, None),
    ],
)
def test_the_contact_is_sent_again_only_when_the_deal_changed_hands(
    changes: Any, current_contact: str, sent: Any
) -> None:
    """An invoice that a person moved to another contact, or whose contact was merged, stays where it is."""
    current = in_xero("l1", contact_id=current_contact)
    found = element(update(a_draft(), current, content=True, advance=False, changes=changes))
    assert found.get("Contact") == sent


@pytest.mark.parametrize("status", ["VOIDED", "DELETED"])
def test_ending_an_invoice_says_nothing_else(status: str) -> None:
    step = InvoiceStep("void", None, status, D(0), "AUD", INVOICE_ID, "INV-0001", in_xero("l1"), advance=True)
    assert desk().invoice_element(step, "") == f'{{"InvoiceID":"{INVOICE_ID}","Status":"{status}"}}'.encode()


# ---- contacts ----


def test_a_new_contact_to_the_byte() -> None:
    assert (
        desk().contact_element(ContactStep("create", CONTACT, None))
        == (
            '{"Name":"O\'Brien & \\"Söhne\\" 🌞","FirstName":"Pat","LastName":"Buyer",'
            '"EmailAddress":"buyer@example.com",'
            '"Addresses":[{"AddressType":"POBOX","AddressLine1":"Level 2","AddressLine2":"1 Example Street",'
            '"AddressLine3":"Yard","City":"Sydney","Region":"NSW","PostalCode":"2000","Country":"Australia"}],'
            '"Phones":[{"PhoneType":"DEFAULT","PhoneNumber":"02 9000 0000"}],"ContactNumber":"572500000000200001"}'
        ).encode()
    )


def test_a_bare_contact_is_a_name_and_a_number() -> None:
    bare = ContactDraft(CUSTOMER, CUSTOMER.id, "Example")
    assert element(ContactStep("create", bare, None)) == {"Name": "Example", "ContactNumber": CUSTOMER.id}


def test_an_update_leaves_the_number_alone_and_a_stamp_sends_nothing_else() -> None:
    changes = (Change("Name", "Example", CONTACT.name), Change("ContactNumber", "1", CUSTOMER.id))
    sent = element(ContactStep("update", CONTACT, CONTACT_ID, changes))
    assert sent == {"ContactID": CONTACT_ID, "Name": CONTACT.name}
    stamp = element(ContactStep("adopt", CONTACT, CONTACT_ID, stamp=True))
    assert stamp == {"ContactID": CONTACT_ID, "ContactNumber": CUSTOMER.id}


def test_addresses_fit_xero_s_fields() -> None:
    long = Address("\n".join("x" * 600 for _ in range(6)), "c" * 300, "s" * 300, "p" * 60, "n" * 60)
    (address,) = element(ContactStep("create", replace(CONTACT, addresses={"STREET": long}), None))["Addresses"]
    assert address.pop("AddressType") == "STREET"
    sizes = {field: len(text) for field, text in address.items()}
    assert sizes == {
        "AddressLine1": 500,
        "AddressLine2": 500,
        "AddressLine3": 500,
        "AddressLine4": 500,
        "City": 255,
        "Region": 255,
        "PostalCode": 50,
        "Country": 50,
    }


# ---- requests ----


@pytest.mark.parametrize(
    ("kind", "method", "path"),
    [
        (OperationKind.CREATE_CONTACT, "PUT", "/api.xro/2.0/Contacts?summarizeErrors=false"),
        (OperationKind.UPDATE_CONTACT, "POST", "/api.xro/2.0/Contacts?summarizeErrors=false"),
        (OperationKind.CREATE_INVOICE, "PUT", "/api.xro/2.0/Invoices?summarizeErrors=false&unitdp=4"),
        (OperationKind.UPDATE_INVOICE, "POST", "/api.xro/2.0/Invoices?summarizeErrors=false&unitdp=4"),
        (OperationKind.VOID_INVOICE, "POST", "/api.xro/2.0/Invoices?summarizeErrors=false&unitdp=4"),
        (OperationKind.CREATE_ITEM, "PUT", "/api.xro/2.0/Items?summarizeErrors=false"),
    ],
)
def test_a_batch_is_its_elements_to_the_byte(kind: OperationKind, method: str, path: str) -> None:
    collection = {"contact": b"Contacts", "invoice": b"Invoices", "item": b"Items"}[kind.value.partition("_")[2]]
    found = desk().request(kind, [b'{"a":1.10}', b'{"b":2}'])
    assert found == (method, path, b'{"' + collection + b'":[{"a":1.10},{"b":2}]}')


def test_an_e_mail_is_a_request_of_its_own() -> None:
    assert desk().email_request("i-1") == ("POST", "/api.xro/2.0/Invoices/i-1/Email", b"{}")


@pytest.mark.parametrize("delivery", [None, "email", "sent"])
def test_only_marked_as_sent_goes_with_the_invoice(delivery: Delivery | None) -> None:
    made = element(replace(create(a_draft(status=InvoiceStatus.AUTHORISED)), delivery=delivery))
    assert made.get("SentToContact") is (True if delivery == "sent" else None)


# ---- what the sandbox's Xero makes of it ----


def _rows(chance: random.Random) -> tuple[SourceLine, ...]:
    rows = []
    for number in range(chance.randint(1, 5)):
        quantity = D(chance.choice(["1", "2", "3", "7", "12.5", "0.3333", "1.23456"]))
        price = D(chance.choice(["33.3333", "0.1648", "9.99", "10.95", "1234.5", "0.07", "19.995", "99.99999"]))
        gross = (quantity * price).quantize(D("0.01"), rounding="ROUND_HALF_UP")
        discount = min(gross, D(chance.choice(["0", "0", "0.01", "1.25"])))
        taxed = chance.random() < 0.7
        net = gross - discount
        tax = (net / 10).quantize(D("0.01"), rounding="ROUND_HALF_UP") if taxed else D(0)
        taxes = (Tax("GST", D(10)),) if taxed else ()
        rows.append(
            SourceLine(str(number), None, f"Row {number}", "", "", quantity, price, discount, net, tax, taxes=taxes)
        )
    return tuple(rows)


@pytest.mark.parametrize("amounts", ["exclusive", "inclusive", "no_tax"])
def test_xero_computes_the_totals_that_were_predicted(amounts: Amounts) -> None:
    """Fifty quotes a mode, sent as one batch and read back with their lines."""
    bench = XeroBench({"contacts": [{"Name": "Example Trading"}]})
    maker = XeroDesk(bench.client, lambda: bench.wire.calls)
    names = ("xero.organisation", "xero.accounts", "xero.tax_rates")
    books = maker.read_books({name: maker.fetch_setting(name) for name in names})
    rules = Rules((), invoice=InvoiceRules(tax={"GST": "OUTPUT"}, tax_default="EXEMPTOUTPUT", amounts=amounts))
    setting = Setting(rules, books, date(2026, 11, 20), "AUD", LINK)
    contact_id = str(bench.state.contact("Example Trading")["ContactID"])
    chance = random.Random(f"quotes {amounts}")
    drafts: list[InvoiceDraft] = []
    while len(drafts) < 50:
        rows, deal_id = _rows(chance), str(len(drafts))
        total = sum((row.net + (row.tax if amounts != "no_tax" else 0) for row in rows), D(0))
        document = SourceDocument("quote", "1", "Q", "AUD", rows, total)
        deal = Deal(deal_id, "Deal", "Won", None, None, "AUD", datetime(2026, 11, 20, tzinfo=UTC), None, None)
        draft = draft_invoice(deal, CUSTOMER, document, InvoiceStatus.AUTHORISED, setting)
        if total > 0:
            assert isinstance(draft, InvoiceDraft), draft
            drafts.append(draft)
    elements = [maker.invoice_element(create(draft), contact_id) for draft in drafts]
    method, path, body = maker.request(OperationKind.CREATE_INVOICE, elements)
    answer = bench.client.send(method, path, body, "key-1")
    assert answer.status == 200
    found = invoices.find_by_urls(bench.client, [draft.url for draft in drafts])
    for draft in drafts:
        (made,) = found[draft.url]
        assert (made.total, made.total_tax, made.sub_total) == (draft.total, draft.total_tax, draft.sub_total)
        assert made.lines is not None
        assert [line.line_amount for line in made.lines] == [line.line_amount for line in draft.lines]
        assert [line.unit_amount for line in made.lines] == [line.unit_amount for line in draft.lines]
        assert (made.date, made.due_date) == (draft.date, draft.due_date)


def test_a_rate_is_sent_exactly_and_only_where_there_is_one() -> None:
    for rate in (None, D("0.6612"), D("0.661235")):
        step = InvoiceStep("create", a_draft(currency="USD", currency_rate=rate), "DRAFT", D("110.00"), "USD")
        made = element(step)
        assert made.get("CurrencyRate") == rate and ("CurrencyRate" in made) is (rate is not None)
