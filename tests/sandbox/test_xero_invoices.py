"""PUT and POST /Invoices: defaults, refusals with their sentences, states, lines, payments, locks."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from xero_desk import BUYER, Desk, line

from zoho_xero_sync.sandbox.xero.contact_rules import NO_IDENTIFIER
from zoho_xero_sync.sandbox.xero.errors import too_long
from zoho_xero_sync.sandbox.xero.invoice_contact import ARCHIVED_FOR_INVOICE, NO_CONTACT
from zoho_xero_sync.sandbox.xero.invoice_rules import DUPLICATE, NO_DUE_DATE, UNKNOWN_INVOICE
from zoho_xero_sync.sandbox.xero.invoice_status import HAS_PAYMENT, NOT_VALID
from zoho_xero_sync.sandbox.xero.line_rules import NO_ACCOUNT, NO_LINES

UNKNOWN = "11111111-2222-3333-4444-555555555555"
APPROVED = {"Status": "AUTHORISED", "DueDate": "2026-12-04"}
WORLD: dict[str, object] = {
    "currencies": ["AUD", "USD"],
    "currency_rates": {"USD": "0.65"},
    "accounts": [
        {"Code": "200", "Name": "Sales", "Type": "REVENUE", "TaxType": "OUTPUT"},
        {"Code": "250", "Name": "Old sales", "Type": "REVENUE", "TaxType": "OUTPUT", "Status": "ARCHIVED"},
        {"Code": "400", "Name": "Advertising", "Type": "EXPENSE", "TaxType": "INPUT"},
        {"Code": "610", "Name": "Debtors", "Type": "CURRENT", "TaxType": "BASEXCLUDED", "SystemAccount": "DEBTORS"},
        {"Code": "860", "Name": "Rounding", "Type": "EXPENSE", "TaxType": "BASEXCLUDED", "SystemAccount": "ROUNDING"},
        {"Code": "090", "Name": "Bank", "Type": "BANK", "TaxType": "BASEXCLUDED"},
    ],
    "items": [
        {"Code": "TABLE", "Description": "Trestle table", "SalesDetails": {"UnitPrice": 12.5, "AccountCode": "200"}}
    ],
    "tracking_categories": [{"Name": "Region", "Options": ["East", {"Name": "West", "Status": "ARCHIVED"}]}],
    "branding_themes": ["Standard", "Events"],
}


def status_refused(status: str) -> str:
    reason = "because it has payments or credit notes allocated to it."
    return f"The status {status} cannot be applied to the invoice {reason}"


def test_a_draft_gets_its_defaults() -> None:
    made = Desk(WORLD).invoice()
    assert (made["Status"], made["InvoiceNumber"], made["CurrencyCode"]) == ("DRAFT", "INV-0001", "AUD")
    assert made["DateString"] == "2026-11-20T00:00:00"
    assert made["Date"] == "/Date(1795132800000+0000)/"
    assert made["LineAmountTypes"] == "Exclusive"
    assert "DueDate" not in made
    (only,) = made["LineItems"]
    assert (only["TaxType"], only["AccountCode"], only["TaxAmount"]) == ("OUTPUT", "200", D("10.00"))
    assert only["LineItemID"]
    assert only["AccountID"]
    assert made["HasErrors"] is False
    assert made["Contact"]["IsCustomer"] is True


def test_today_is_the_organisations_today() -> None:
    desk = Desk(WORLD)
    desk.clock.advance(12.5 * 3600)
    desk.log_in()
    assert desk.invoice()["DateString"] == "2026-11-21T00:00:00"


@pytest.mark.parametrize(
    "day", ["2026-11-02", "2026-11-02T00:00:00", "/Date(1793577600000)/", "/Date(1793577600000+0000)/"]
)
def test_dates_in_every_form(day: str) -> None:
    assert Desk(WORLD).invoice(Date=day)["DateString"] == "2026-11-02T00:00:00"


REFUSED: list[tuple[dict[str, object], list[str]]] = [
    ({"Contact": None}, [NO_CONTACT]),
    ({"Contact": {}}, [NO_IDENTIFIER]),
    ({"Contact": {"ContactID": UNKNOWN}}, [NO_IDENTIFIER]),
    ({"Contact": {"ContactNumber": "nobody"}}, [NO_IDENTIFIER]),
    ({"LineItems": []}, [NO_LINES]),
    ({"LineItems": None}, [NO_LINES]),
    ({"Type": None}, ["The Type field must be specified."]),
    ({"Status": "PAID"}, [NOT_VALID]),
    ({"Status": "VOIDED"}, [NOT_VALID]),
    ({"Status": "AUTHORISED"}, [NO_DUE_DATE]),
    ({**APPROVED, "LineItems": [line(AccountCode=None)]}, [NO_ACCOUNT, "The TaxType field is mandatory"]),
    ({"LineItems": [line(AccountCode="999")]}, ["Account code '999' is not a valid code for this document."]),
    ({"LineItems": [line(AccountCode="610")]}, ["Account code '610' is not a valid code for this document."]),
    ({"LineItems": [line(AccountCode="090")]}, ["Account code '090' is not a valid code for this document."]),
    (
        {"LineItems": [line(AccountCode="250")]},
        ["Account code '250' has been archived, or has been deleted. Each line item must reference a valid account."],
    ),
    (
        {"LineItems": [line(TaxType="OUTPUT9")]},
        ["The TaxType code OUTPUT9 does not exist or cannot be used for this type of transaction."],
    ),
    (
        {"LineItems": [line(AccountCode=None, TaxType="INPUT")]},
        ["The TaxType code INPUT does not exist or cannot be used for this type of transaction."],
    ),
    ({"LineItems": [line(TaxType="INPUT")]}, ["The TaxType code 'INPUT' cannot be used with account code '200'."]),
    ({"CurrencyCode": "EUR"}, ["Organisation is not subscribed to currency EUR"]),
    ({"InvoiceNumber": "TAKEN"}, [DUPLICATE]),
    ({"InvoiceNumber": "taken"}, [DUPLICATE]),
    ({"InvoiceNumber": "Nº 7"}, ["Invoice # can only contain printable ASCII characters."]),
    ({"Reference": "x" * 256}, [too_long("Reference", 255)]),
    ({"Url": "crm.example.com/7"}, ["Url must be a valid absolute URL."]),
    ({"Url": "https://go.Xero.example.com/7"}, ["Url must not contain the word Xero."]),
    ({"InvoiceID": UNKNOWN}, [UNKNOWN_INVOICE]),
    ({"BrandingThemeID": UNKNOWN}, ["The branding theme with the specified BrandingThemeID could not be found."]),
    ({"LineItems": [line(UnitAmount="-1")]}, ["The document total cannot be negative."]),
    ({"LineItems": [line(Description=None)]}, ["The Description field must be specified."]),
    ({"LineItems": [line(Description="x" * 4001)]}, [too_long("Description", 4000)]),
    ({"LineItems": [line(ItemCode="CHAIR")]}, ["Item code 'CHAIR' is not valid"]),
    (
        {"LineItems": [line(Tracking=[{"Name": "Country", "Option": "East"}])]},
        ["There is no ACTIVE tracking category with the name 'Country'"],
    ),
    (
        {"LineItems": [line(Tracking=[{"Name": "Region", "Option": "West"}])]},
        ["There is no ACTIVE tracking option with the name 'West'"],
    ),
    (
        {"LineItems": [line(Quantity="100000000000")]},
        ["The line total 10000000000000.00 is larger than 9999999999.99."],
    ),
]


@pytest.mark.parametrize(("fields", "messages"), REFUSED)
def test_put_refuses(fields: dict[str, object], messages: list[str]) -> None:
    desk = Desk(WORLD)
    desk.invoice(InvoiceNumber="TAKEN")
    assert desk.refusals("PUT", "/Invoices", desk.draft(**fields)) == messages
    assert len(desk.state.invoices()) == 1


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"LineAmountTypes": "NO_TAX"}, "Invoice.LineAmountTypes"),
        ({"Type": "INVOICE"}, "Invoice.Type"),
        ({"Status": "APPROVED"}, "Invoice.Status"),
        ({"DueDate": "20/11/2026"}, "Invoice.DueDate"),
        ({"Date": "2026-02-30"}, "Invoice.Date"),
        ({"LineItems": [line(Quantity="two")]}, "Invoice.LineItems[0].Quantity"),
        ({"LineItems": [line(), line(UnitAmount="1e999999")]}, "Invoice.LineItems[1].UnitAmount"),
        ({"LineItems": [line(UnitAmount=True)]}, "Invoice.LineItems[0].UnitAmount"),
        ({"LineItems": [line(Tracking={"Name": "Region"})]}, "Invoice.LineItems[0].Tracking"),
        ({"Contact": "Acme"}, "Invoice.Contact"),
        ({"SentToContact": "perhaps"}, "Invoice.SentToContact"),
    ],
)
def test_values_of_the_wrong_form(fields: dict[str, object], path: str) -> None:
    desk = Desk(WORLD)
    answer = desk.call("PUT", "/Invoices?summarizeErrors=false", desk.draft(**fields))
    assert answer.status_code == 400
    assert answer.json["ErrorNumber"] == 14
    assert answer.json["Message"].endswith(f"Path '{path}'.")


def test_every_problem_is_listed_once() -> None:
    desk = Desk(WORLD)
    body = desk.draft(Status="AUTHORISED", CurrencyCode="EUR", LineItems=[line(AccountCode="9"), line(AccountCode="9")])
    assert desk.refusals("PUT", "/Invoices", body) == [
        "Organisation is not subscribed to currency EUR",
        "Account code '9' is not a valid code for this document.",
        NO_DUE_DATE,
    ]


def test_unknown_account_on_a_draft_may_be_a_warning() -> None:
    desk = Desk(WORLD)
    desk.state.switches["unknown_account_on_draft"] = "warning"
    made = desk.put("/Invoices?summarizeErrors=false", desk.draft(LineItems=[line(AccountCode="999")]))["Invoices"][0]
    expected = "Account code '999' has been removed as it does not match a recognised account."
    assert (made["StatusAttributeString"], made["Warnings"]) == ("WARNING", [{"Message": expected}])
    assert "AccountCode" not in made["LineItems"][0]


def test_item_tracking_theme_and_rounding_account() -> None:
    desk = Desk(WORLD)
    theme = desk.get("/BrandingThemes")["BrandingThemes"][1]["BrandingThemeID"]
    item = {"ItemCode": "TABLE", "Quantity": 2, "Tracking": [{"Name": "region", "Option": "east"}]}
    cent = {"Description": "Rounding", "UnitAmount": "-0.01", "AccountCode": "860", "TaxType": "BASEXCLUDED"}
    made = desk.invoice(LineItems=[item, cent], BrandingThemeID=theme)
    first = made["LineItems"][0]
    assert (first["Description"], first["UnitAmount"], first["AccountCode"]) == ("Trestle table", D("12.5"), "200")
    assert (first["Tracking"][0]["Name"], first["Tracking"][0]["Option"]) == ("Region", "East")
    assert (made["Total"], made["BrandingThemeID"]) == (D("27.49"), theme)


def test_foreign_currency_has_a_rate() -> None:
    desk = Desk(WORLD)
    assert desk.invoice(CurrencyCode="USD")["CurrencyRate"] == D("0.65")
    assert desk.invoice(CurrencyCode="USD", CurrencyRate="0.7")["CurrencyRate"] == D("0.7")
    assert desk.invoice()["CurrencyRate"] == 1


def test_naming_a_contact_inside_an_invoice_rewrites_the_contact() -> None:
    desk = Desk(WORLD)
    contact_id = desk.contact(EmailAddress="a@example.com", ContactPersons=[{"FirstName": "A"}])
    desk.contact("Other")
    desk.invoice(Contact={"ContactID": contact_id})
    assert desk.state.contact(contact_id)["ContactPersons"]
    desk.invoice(Contact={"ContactID": contact_id, "EmailAddress": "b@example.com"})
    after = desk.state.contact(contact_id)
    assert (after["EmailAddress"], after["ContactPersons"]) == ("b@example.com", [])
    desk.invoice(Contact={"Name": "Newcomer"})
    assert desk.state.contact("Newcomer")["IsCustomer"] is True
    assert desk.invoice(Contact={"Name": BUYER.upper()})["Contact"]["ContactID"] == contact_id
    body = desk.draft(Contact={"ContactID": contact_id, "Name": "Other"})
    (message,) = desk.refusals("PUT", "/Invoices", body)
    assert "cannot be updated to use new name 'Other'. There is an existing contact with that name." in message


def test_a_refused_invoice_leaves_no_contact_and_no_number_behind() -> None:
    desk = Desk(WORLD)
    batch = [desk.draft(Contact={"Name": "Ghost"}, Status="AUTHORISED"), desk.draft()]
    rows = desk.put("/Invoices?summarizeErrors=false", {"Invoices": batch})["Invoices"]
    assert [row["StatusAttributeString"] for row in rows] == ["ERROR", "OK"]
    assert rows[0]["InvoiceID"] == "00000000-0000-0000-0000-000000000000"
    assert rows[0]["Contact"] == {"Name": "Ghost"}
    assert rows[1]["InvoiceNumber"] == "INV-0001"
    assert [contact["Name"] for contact in desk.state.contacts()] == [BUYER]


def test_archived_contact_cannot_be_invoiced() -> None:
    desk = Desk(WORLD)
    body = desk.draft()
    desk.state.archive_contact(BUYER)
    assert desk.refusals("PUT", "/Invoices", body) == [ARCHIVED_FOR_INVOICE]


# From, to, allowed.
MOVES = [
    ("DRAFT", "DRAFT", True),
    ("DRAFT", "SUBMITTED", True),
    ("DRAFT", "AUTHORISED", True),
    ("DRAFT", "DELETED", True),
    ("DRAFT", "VOIDED", False),
    ("SUBMITTED", "DRAFT", True),
    ("SUBMITTED", "AUTHORISED", True),
    ("SUBMITTED", "DELETED", True),
    ("SUBMITTED", "VOIDED", False),
    ("AUTHORISED", "AUTHORISED", True),
    ("AUTHORISED", "VOIDED", True),
    ("AUTHORISED", "DRAFT", False),
    ("AUTHORISED", "SUBMITTED", False),
    ("AUTHORISED", "DELETED", False),
    ("AUTHORISED", "PAID", False),
    ("VOIDED", "AUTHORISED", False),
    ("VOIDED", "VOIDED", False),
    ("DELETED", "DRAFT", False),
]


@pytest.mark.parametrize(("before", "after", "allowed"), MOVES)
def test_status_moves(before: str, after: str, allowed: bool) -> None:
    desk = Desk(WORLD)
    birth = {"VOIDED": "AUTHORISED", "DELETED": "DRAFT"}.get(before, before)
    invoice_id = desk.invoice(Status=birth, DueDate="2026-12-04")["InvoiceID"]
    if birth != before:
        desk.state.edit_invoice(invoice_id, {"Status": before})
    body = {"InvoiceID": invoice_id, "Status": after}
    if allowed:
        made = desk.post("/Invoices", {"Invoices": [body]})["Invoices"][0]
        assert (made["Status"], len(made["LineItems"])) == (after, 1)
    else:
        assert desk.refusals("POST", "/Invoices", body) == [NOT_VALID]
        assert desk.state.invoice(invoice_id)["Status"] == before


def test_a_refused_update_echoes_the_request_not_the_record() -> None:
    desk = Desk(WORLD)
    made = desk.invoice(**APPROVED)
    body = {"InvoiceID": made["InvoiceID"], "InvoiceNumber": made["InvoiceNumber"], "Status": "DELETED"}
    (row,) = desk.post("/Invoices?summarizeErrors=false", body)["Invoices"]
    assert (row["InvoiceID"], row["Status"], row["HasErrors"]) == (made["InvoiceID"], "DELETED", True)
    assert "InvoiceNumber" not in row
    assert "AmountDue" not in row


def test_void_keeps_lines_and_shows_nothing_due_later() -> None:
    desk = Desk(WORLD)
    made = desk.invoice(**APPROVED)
    number = made["InvoiceNumber"]
    (voided,) = desk.post(f"/Invoices/{number}", {"InvoiceNumber": number, "Status": "VOIDED"})["Invoices"]
    assert voided["AmountDue"] == voided["Total"] == D("110.00")
    (read,) = desk.get(f"/Invoices/{number}")["Invoices"]
    assert (read["Status"], read["AmountDue"], len(read["LineItems"])) == ("VOIDED", 0, 1)


def test_approving_checks_what_the_draft_left_open() -> None:
    desk = Desk(WORLD)
    made = desk.invoice(LineItems=[line(AccountCode=None)])
    path = f"/Invoices/{made['InvoiceID']}"
    refused = desk.refusals("POST", path, {"Status": "AUTHORISED"})
    assert refused == [NO_ACCOUNT, "The TaxType field is mandatory", NO_DUE_DATE]
    body = {**APPROVED, "LineItems": [{"LineItemID": made["LineItems"][0]["LineItemID"], "AccountCode": "200"}]}
    (after,) = desk.post(path, body)["Invoices"]
    assert (after["Status"], after["Total"], after["LineItems"][0]["Description"]) == (
        "AUTHORISED",
        D("110.00"),
        "Catering",
    )


def test_a_zero_invoice_is_paid_when_approved() -> None:
    made = Desk(WORLD).invoice(**APPROVED, LineItems=[line(UnitAmount=0)])
    assert (made["Status"], made["AmountDue"]) == ("PAID", 0)


def test_lines_are_updated_added_and_deleted() -> None:
    desk = Desk(WORLD)
    first, second = desk.invoice(LineItems=[line(Description="A"), line(Description="B")])["LineItems"]
    number = "INV-0001"
    lines = [{"LineItemID": second["LineItemID"], "UnitAmount": "5"}, line(Description="C")]
    (made,) = desk.post(f"/Invoices/{number}", {"LineItems": lines})["Invoices"]
    assert [item["Description"] for item in made["LineItems"]] == ["B", "C"]
    assert made["LineItems"][0]["LineItemID"] == second["LineItemID"]
    assert made["LineItems"][1]["LineItemID"] not in (first["LineItemID"], second["LineItemID"])
    assert made["Total"] == D("115.50")
    twice = [{"LineItemID": second["LineItemID"]}, {**line(), "LineItemID": second["LineItemID"]}]
    (copied,) = desk.post(f"/Invoices/{number}", {"LineItems": twice})["Invoices"]
    assert len({item["LineItemID"] for item in copied["LineItems"]}) == 2
    (made,) = desk.post(f"/Invoices/{number}", {"LineItems": [line(UnitAmount="5"), line()]})["Invoices"]
    (again,) = desk.post(f"/Invoices/{number}", {"Reference": "R"})["Invoices"]
    assert [item["LineItemID"] for item in again["LineItems"]] == [item["LineItemID"] for item in made["LineItems"]]
    (inclusive,) = desk.post(f"/Invoices/{number}", {"LineAmountTypes": "Inclusive"})["Invoices"]
    assert (inclusive["Total"], inclusive["TotalTax"]) == (D("105.00"), D("9.54"))
    assert desk.refusals("POST", f"/Invoices/{number}", {"LineItems": []}) == [NO_LINES]


def test_stored_four_decimal_prices_survive_an_update_without_unitdp() -> None:
    desk = Desk(WORLD)
    made = desk.invoice(LineItems=[line(Quantity=10000, UnitAmount="0.1648")])
    change = {"LineItemID": made["LineItems"][0]["LineItemID"], "Description": "New words"}
    (after,) = desk.post(f"/Invoices/{made['InvoiceID']}", {"LineItems": [change]})["Invoices"]
    assert after["SubTotal"] == D("1648.00")


def test_post_upserts_by_number_and_put_does_not() -> None:
    desk = Desk(WORLD)
    made = desk.invoice(InvoiceNumber="Z-1")
    (after,) = desk.post("/Invoices", desk.draft(InvoiceNumber="z-1", Reference="again"))["Invoices"]
    assert (after["InvoiceID"], after["Reference"]) == (made["InvoiceID"], "again")
    (new,) = desk.post("/Invoices", desk.draft(InvoiceNumber="Z-2"))["Invoices"]
    assert new["InvoiceID"] != made["InvoiceID"]
    assert desk.refusals("POST", "/Invoices", desk.draft(InvoiceID=UNKNOWN)) == [UNKNOWN_INVOICE]
    assert desk.call("POST", f"/Invoices/{UNKNOWN}", {"Status": "DRAFT"}).status_code == 404


@pytest.mark.parametrize(
    ("switches", "voided", "deleted"),
    [({}, False, True), ({"voided_number_taken": False, "deleted_number_taken": True}, True, False)],
)
def test_reuse_of_burned_numbers(switches: dict[str, object], voided: bool, deleted: bool) -> None:
    desk = Desk(WORLD)
    desk.state.switches.update(switches)
    desk.invoice(**APPROVED, InvoiceNumber="V")
    desk.state.void("V")
    desk.invoice(InvoiceNumber="D")
    desk.state.delete("D")
    for number, free in (("V", voided), ("D", deleted)):
        assert (desk.call("PUT", "/Invoices", desk.draft(InvoiceNumber=number)).status_code == 200) is free


def test_automatic_numbers_step_over_taken_ones() -> None:
    desk = Desk(WORLD)
    desk.invoice(InvoiceNumber="INV-0002")
    assert [desk.invoice()["InvoiceNumber"] for _ in range(2)] == ["INV-0001", "INV-0003"]


# Fields posted to an invoice of 110.00 with 10.00 paid, and the refusals.
PART_PAID: list[tuple[dict[str, object], list[str]]] = [
    ({"Reference": "R", "DueDate": "2027-01-01", "Url": "https://crm.example.com/1", "InvoiceNumber": "N"}, []),
    ({"Status": "AUTHORISED"}, [status_refused("AUTHORISED")]),
    ({"Status": "DRAFT"}, [status_refused("DRAFT")]),
    ({"Status": "VOIDED"}, [status_refused("VOIDED")]),
    ({"Status": "DELETED"}, [NOT_VALID]),
    ({"Date": "2026-11-01"}, [HAS_PAYMENT]),
    ({"CurrencyCode": "USD"}, [HAS_PAYMENT]),
    ({"LineAmountTypes": "NoTax"}, [HAS_PAYMENT]),
    ({"LineItems": [line()]}, [HAS_PAYMENT]),
]


@pytest.mark.parametrize(("fields", "messages"), PART_PAID)
def test_a_part_paid_invoice_allows_little(fields: dict[str, object], messages: list[str]) -> None:
    desk = Desk(WORLD)
    invoice_id = desk.invoice(**APPROVED)["InvoiceID"]
    desk.state.pay(invoice_id, "10")
    if messages:
        assert desk.refusals("POST", f"/Invoices/{invoice_id}", fields) == messages
        return
    (made,) = desk.post(f"/Invoices/{invoice_id}", fields)["Invoices"]
    assert (made["Reference"], made["AmountDue"], made["Status"]) == ("R", D("100.00"), "AUTHORISED")


def test_words_accounts_and_tracking_of_a_paid_line_may_change() -> None:
    desk = Desk(WORLD)
    made = desk.invoice(**APPROVED)
    paid: dict[str, Any] = desk.state.pay("INV-0001", "110.00")
    assert (paid["Status"], paid["AmountDue"], paid["FullyPaidOnDate"]) == ("PAID", 0, "/Date(1795132800000+0000)/")
    keep = {"LineItemID": made["LineItems"][0]["LineItemID"]}
    ok = {**keep, "Description": "New", "Tracking": [{"Name": "Region", "Option": "East"}]}
    assert desk.post("/Invoices/INV-0001", {"LineItems": [ok]})["Invoices"][0]["LineItems"][0]["Description"] == "New"
    assert desk.refusals("POST", "/Invoices/INV-0001", {"LineItems": [{**keep, "UnitAmount": 1}]}) == [HAS_PAYMENT]
    assert desk.state.unpay("INV-0001")["Status"] == "AUTHORISED"
    assert desk.state.void("INV-0001")["Status"] == "VOIDED"


PERIOD = "The document date cannot be before the period lock date, currently set at 31 October 2026"
YEAR = "The document date cannot be before the end of year lock date, currently set at 30 June 2026"


@pytest.mark.parametrize(("day", "messages"), [("2026-11-01", []), ("2026-10-31", [PERIOD]), ("2026-06-30", [YEAR])])
def test_lock_dates(day: str, messages: list[str]) -> None:
    locks = {"PeriodLockDate": "2026-10-31", "EndOfYearLockDate": "2026-06-30"}
    desk = Desk({**WORLD, "organisation": locks})
    body = desk.draft(Date=day)
    if messages:
        assert desk.refusals("PUT", "/Invoices", body) == messages
        desk.state.switches["lock_dates_bind_drafts"] = False
    assert desk.call("PUT", "/Invoices", body).status_code == 200


def test_nothing_in_a_locked_period_can_be_edited() -> None:
    desk = Desk(WORLD)
    invoice_id = desk.invoice(**APPROVED)["InvoiceID"]
    desk.state.set_lock_date(period="2026-11-30")
    for body in ({"Reference": "R"}, {"Status": "VOIDED"}):
        (message,) = desk.refusals("POST", f"/Invoices/{invoice_id}", body)
        assert message.endswith("30 November 2026")
