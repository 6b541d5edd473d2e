"""Lists: filters, orders, pages, shapes, and the settings resources."""

from __future__ import annotations

from decimal import Decimal as D
from urllib.parse import quote, urlencode

import pytest
from xero_desk import Desk, line

CONTACTS = [
    {"Name": "Alpha", "ContactNumber": "n1", "EmailAddress": "alpha@example.com", "FirstName": "Ann"},
    {"Name": 'The "Big" Tent', "ContactNumber": "n2", "AccountNumber": "A2"},
    {"Name": "Café Olé & Co", "ContactNumber": "n3"},
    {"Name": "Zulu", "ContactNumber": "n4", "ContactStatus": "ACTIVE"},
]
INVOICES = [
    {
        "Contact": "Alpha",
        "InvoiceNumber": "A-1",
        "Reference": "Spring fair",
        "Status": "DRAFT",
        "Date": "2026-11-01",
        "LineItems": [line()],
    },
    {
        "Contact": "Alpha",
        "InvoiceNumber": "A-2",
        "Status": "PAID",
        "Date": "2026-11-05",
        "DueDate": "2026-11-30",
        "LineItems": [line()],
    },
    {
        "Contact": "Zulu",
        "InvoiceNumber": "Z-1",
        "Status": "VOIDED",
        "Date": "2026-11-09",
        "DueDate": "2026-11-30",
        "LineItems": [line()],
    },
    {
        "Contact": "Zulu",
        "InvoiceNumber": "Z-2",
        "Status": "AUTHORISED",
        "Date": "2026-11-12",
        "DueDate": "2026-12-30",
        "AmountPaid": 10.0,
        "LineItems": [line(UnitAmount=50.5)],
    },
]
GUID_FORM = "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx)."
WORLD: dict[str, object] = {"contacts": CONTACTS, "invoices": INVOICES}


def ask(desk: Desk, resource: str, **args: object) -> list[str]:
    """The names or numbers a list answers with."""
    rows = desk.get(f"/{resource}?{urlencode(args)}")[resource]
    return [row["Name" if resource == "Contacts" else "InvoiceNumber"] for row in rows]


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ('Name=="alpha"', ["Alpha"]),
        ('Name="ALPHA"', ["Alpha"]),
        ('Name=="cafe ole & co"', ["Café Olé & Co"]),
        ('Name=="The ""big"" tent"', ['The "Big" Tent']),
        ('Name.Contains("ent")', ['The "Big" Tent']),
        ('Name.StartsWith("Z") OR Name.EndsWith("HA")', ["Alpha", "Zulu"]),
        ('Name.StartsWith("Z") == false AND ContactNumber != "n1"', ['The "Big" Tent', "Café Olé & Co"]),
        ('EmailAddress!=null AND EmailAddress.StartsWith("alpha")', ["Alpha"]),
        ("EmailAddress==null", ['The "Big" Tent', "Café Olé & Co", "Zulu"]),
        ('ContactNumber=="n2" || ContactNumber=="n4"', ['The "Big" Tent', "Zulu"]),
        ('(ContactNumber=="n1" || ContactNumber=="n4") && IsCustomer==true', ["Alpha", "Zulu"]),
        ("IsCustomer", ["Alpha", "Zulu"]),
        ("!IsCustomer", ['The "Big" Tent', "Café Olé & Co"]),
        ("UpdatedDateUTC >= DateTime(2026, 11, 20)", ["Alpha", 'The "Big" Tent', "Café Olé & Co", "Zulu"]),
        ("UpdatedDateUTC < DateTime(2026,11,20,1,0,0)", []),
        ('AccountNumber="A2"', ['The "Big" Tent']),
    ],
)
def test_contact_filters(where: str, names: list[str]) -> None:
    assert sorted(ask(Desk(WORLD), "Contacts", where=where)) == sorted(names)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ('Name=="a\\"b"', "Unterminated string literal"),
        ('Name=="', "Unterminated string literal"),
        ("Name=='Alpha'", "Character literal must contain exactly one character"),
        ("Colour==1", "No property or field 'Colour' exists in type 'Contact'"),
        ("Name==", "Syntax error"),
        ("Name", "Syntax error"),
        ('Name=="a" Name=="b"', "Syntax error"),
        ('(Name=="a"', "Syntax error"),
        ('ContactID=="x"', "Operator '==' incompatible with operand types 'Guid' and 'String'"),
        ("IsCustomer > true", "Operator '>' incompatible with operand types 'Bool' and 'Bool'"),
        ('ContactID==guid("12")', GUID_FORM),
        ("UpdatedDateUTC > DateTime(2026,13,1)", "Syntax error"),
        ("UpdatedDateUTC > DateTime(2026)", "Syntax error"),
        ('IsCustomer.Contains("x")', "No applicable method 'Contains' exists in type 'bool'"),
        ("(" * 500, "Syntax error"),
    ],
)
def test_filters_that_do_not_parse(where: str, message: str) -> None:
    answer = Desk(WORLD).call("GET", f"/Contacts?where={quote(where)}")
    assert answer.status_code == 400
    assert answer.json == {"ErrorNumber": 16, "Type": "QueryParseException", "Message": message}


def test_guid_filter_and_lists_of_ids() -> None:
    desk = Desk(WORLD)
    ids = {name: desk.state.contact(name)["ContactID"] for name in ("Alpha", "Zulu")}
    assert ask(desk, "Contacts", where=f'ContactID==Guid("{ids["Zulu"]}")') == ["Zulu"]
    assert sorted(ask(desk, "Contacts", IDs=f"{ids['Alpha']},{ids['Zulu']}")) == ["Alpha", "Zulu"]
    assert sorted(ask(desk, "Invoices", ContactIDs=ids["Alpha"])) == ["A-1", "A-2"]
    assert sorted(ask(desk, "Invoices", where=f'Contact.ContactID==guid("{ids["Zulu"]}")')) == ["Z-1", "Z-2"]


def test_a_wide_or_over_contact_numbers_is_refused() -> None:
    desk = Desk(WORLD)
    terms = [f'ContactNumber=="n{index}"' for index in range(11)]
    assert desk.call("GET", f"/Contacts?where={quote(' OR '.join(terms[:10]))}").status_code == 200
    answer = desk.call("GET", f"/Contacts?where={quote(' OR '.join(terms))}")
    assert (answer.status_code, answer.json["Type"]) == (400, "HighVolumeException")


def test_long_urls_are_not_found() -> None:
    desk = Desk(WORLD)
    some_id = str(desk.state.contact("Alpha")["ContactID"])
    for count, status in ((52, 200), (53, 404)):
        answer = desk.call("GET", f"/Contacts?IDs={'%2C'.join([some_id] * count)}")
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("args", "numbers"),
    [
        ({"where": 'Reference=="SPRING FAIR"'}, ["A-1"]),
        ({"where": 'InvoiceNumber=="a-2"'}, ["A-2"]),
        ({"where": 'Type=="ACCREC" AND Status=="PAID"'}, ["A-2"]),
        ({"where": "AmountDue > 0 AND AmountPaid >= 10"}, ["Z-2"]),
        ({"where": "Total == 110.00"}, ["A-1", "A-2", "Z-1"]),
        ({"where": "Date >= DateTime(2026,11,05) AND Date < DateTime(2026,11,12)"}, ["A-2", "Z-1"]),
        ({"where": "DueDate == null"}, ["A-1"]),
        ({"where": 'Contact.Name=="zulu"'}, ["Z-1", "Z-2"]),
        ({"where": 'Contact.ContactNumber=="n1"'}, ["A-1", "A-2"]),
        ({"InvoiceNumbers": "a-1,Z-2,none"}, ["A-1", "Z-2"]),
        ({"Statuses": "DRAFT,VOIDED"}, ["A-1", "Z-1"]),
        ({"searchTerm": "fair"}, ["A-1"]),
        ({"SearchTerm": "z-"}, ["Z-1", "Z-2"]),
        ({"createdByMyApp": "true"}, []),
        ({"order": "Date DESC"}, ["Z-2", "Z-1", "A-2", "A-1"]),
        ({"order": "AmountDue, Date desc"}, ["Z-1", "A-2", "Z-2", "A-1"]),
    ],
)
def test_invoice_lists(args: dict[str, str], numbers: list[str]) -> None:
    found = ask(Desk(WORLD), "Invoices", **args)
    assert (found if "order" in args else sorted(found)) == numbers


@pytest.mark.parametrize("order", ["Colour", "Date DOWN", "Date ASC, ", "Date ASC DESC"])
def test_orders_that_do_not_parse(order: str) -> None:
    answer = Desk(WORLD).call("GET", f"/Invoices?order={quote(order)}")
    assert (answer.status_code, answer.json["ErrorNumber"]) == (400, 16)


@pytest.mark.parametrize(
    ("args", "lines", "paged"),
    [
        ("", 0, False),
        ("?page=1", 1, True),
        ("?Statuses=DRAFT", 1, True),
        ("?where=Status==%22DRAFT%22", 0, False),
        ("?summaryOnly=true", None, True),
    ],
)
def test_invoice_shapes(args: str, lines: int | None, paged: bool) -> None:
    answer = Desk(WORLD).get(f"/Invoices{args}")
    assert ("pagination" in answer) is paged
    row = answer["Invoices"][0]
    assert (len(row["LineItems"]) if "LineItems" in row else None) == lines
    assert "EmailAddress" not in row["Contact"]
    assert ("Payments" in row) is (lines is not None)


def test_single_invoice_has_lines_and_the_contact() -> None:
    desk = Desk(WORLD)
    (row,) = desk.get("/Invoices/A-1")["Invoices"]
    assert row["Contact"]["EmailAddress"] == "alpha@example.com"
    assert row["LineItems"][0]["TaxAmount"] == D("10.00")
    assert desk.get(f"/Invoices/{row['InvoiceID']}")["Invoices"][0]["InvoiceNumber"] == "A-1"


def test_contact_shapes() -> None:
    desk = Desk({"contacts": [{"Name": "A", "ContactPersons": [{"FirstName": "P"}], "SalesDefaultAccountCode": "200"}]})
    unpaged = desk.get("/Contacts")["Contacts"][0]
    paged = desk.get("/Contacts?page=1")["Contacts"][0]
    summary = desk.get("/Contacts?summaryOnly=true")
    assert (unpaged["ContactPersons"], "SalesDefaultAccountCode" in unpaged) == ([], False)
    assert (len(paged["ContactPersons"]), paged["SalesDefaultAccountCode"]) == (1, "200")
    assert not {"Addresses", "IsCustomer", "ContactPersons"} & set(summary["Contacts"][0])
    assert summary["pagination"]["itemCount"] == 1


@pytest.mark.parametrize(
    ("args", "page", "size", "pages", "rows"),
    [
        ("page=1", 1, 100, 2, 100),
        ("page=2", 2, 100, 2, 50),
        ("page=3", 3, 100, 2, 0),
        ("page=1&pageSize=1000", 1, 1000, 1, 150),
        ("page=1&pageSize=5000", 1, 1000, 1, 150),
        ("page=2&pageSize=0", 2, 1, 150, 1),
        ("page=0&pageSize=40", 1, 40, 4, 40),
    ],
)
def test_pages(args: str, page: int, size: int, pages: int, rows: int) -> None:
    desk = Desk({"contacts": [{"Name": f"Customer {index}"} for index in range(150)]})
    answer = desk.get(f"/Contacts?{args}")
    assert answer["pagination"] == {"page": page, "pageSize": size, "pageCount": pages, "itemCount": 150}
    assert len(answer["Contacts"]) == rows


def test_pages_cover_everything_once() -> None:
    desk = Desk({"contacts": [{"Name": f"Customer {index}"} for index in range(150)]})
    pages = [desk.get(f"/Contacts?page={page}&pageSize=40")["Contacts"] for page in (1, 2, 3, 4)]
    seen = [row["ContactID"] for rows in pages for row in rows]
    assert len(seen) == len(set(seen)) == 150
    assert desk.call("GET", "/Contacts?page=one").status_code == 400


def test_modified_since() -> None:
    desk = Desk(WORLD)
    desk.clock.advance(90.5)
    desk.state.edit_invoice("A-1", {"Reference": "later"})
    for header, numbers in (
        ("2026-11-20T01:00:00", ["A-1"]),
        ("2026-11-20T00:59:59", ["A-1", "A-2", "Z-1", "Z-2"]),
        ("2026-11-20T01:01:30.900", ["A-1"]),
        ("2026-11-20T01:01:31Z", []),
        ("Fri, 20 Nov 2026 01:00:00 GMT", ["A-1"]),
    ):
        rows = desk.get("/Invoices", If_Modified_Since=header)["Invoices"]
        assert sorted(row["InvoiceNumber"] for row in rows) == numbers
    desk.state.switches["modified_since_inclusive"] = True
    assert len(desk.get("/Invoices", If_Modified_Since="2026-11-20T01:00:00")["Invoices"]) == 4
    assert desk.call("GET", "/Invoices", If_Modified_Since="yesterday").status_code == 412


def test_archived_contacts_are_hidden_from_lists_only() -> None:
    desk = Desk(WORLD)
    archived = desk.state.archive_contact("Zulu")
    where = 'ContactNumber=="n4"'
    assert ask(desk, "Contacts", where=where) == []
    assert ask(desk, "Contacts", where=where, includeArchived="true", page=1) == ["Zulu"]
    assert ask(desk, "Contacts", IDs=archived["ContactID"]) == []
    assert desk.get("/Contacts/n4")["Contacts"][0]["ContactStatus"] == "ARCHIVED"
    assert ask(desk, "Contacts", searchTerm="alpha@") == ["Alpha"]


def test_organisation() -> None:
    desk = Desk({"organisation": {"Name": "Quay Events", "PeriodLockDate": "2026-06-30"}})
    (row,) = desk.get("/Organisation")["Organisations"]
    assert (row["Name"], row["BaseCurrency"], row["Timezone"]) == ("Quay Events", "AUD", "AUSEASTERNSTANDARDTIME")
    assert row["PeriodLockDate"] == "/Date(1782777600000+0000)/"
    assert "EndOfYearLockDate" not in row
    assert {action["Name"] for action in desk.get("/Organisation/Actions")["Actions"]} >= {"CreateDraftInvoice"}


@pytest.mark.parametrize(
    ("path", "collection", "field", "values"),
    [
        ("/Accounts", "Accounts", "Code", ["090", "200", "260", "404", "610", "820", "860"]),
        ("/Accounts?where=Class==%22REVENUE%22%20AND%20Status==%22ACTIVE%22", "Accounts", "Code", ["200", "260"]),
        ("/TaxRates", "TaxRates", "TaxType", ["OUTPUT", "EXEMPTOUTPUT", "INPUT", "EXEMPTEXPENSES", "BASEXCLUDED"]),
        ("/TaxRates/OUTPUT", "TaxRates", "EffectiveRate", [D("10")]),
        ("/TaxRates?where=CanApplyToRevenue==false", "TaxRates", "TaxType", ["INPUT", "EXEMPTEXPENSES"]),
        ("/Currencies", "Currencies", "Code", ["AUD", "USD"]),
        ("/BrandingThemes", "BrandingThemes", "Name", ["Standard"]),
        ("/TrackingCategories", "TrackingCategories", "Name", ["Region"]),
        ("/TrackingCategories?includeArchived=true", "TrackingCategories", "Name", ["Region", "Old"]),
        ("/Items", "Items", "Code", ["TABLE"]),
        ("/Items/TABLE", "Items", "Name", ["TABLE"]),
        ("/Items?where=Code==%22TABLE%22", "Items", "Code", ["TABLE"]),
    ],
)
def test_settings(path: str, collection: str, field: str, values: list[object]) -> None:
    world: dict[str, object] = {
        "currencies": ["AUD", "USD"],
        "tracking_categories": [{"Name": "Region", "Options": ["East"]}, {"Name": "Old", "Status": "ARCHIVED"}],
        "items": [{"Code": "TABLE"}],
    }
    answer = Desk(world).get(path)
    assert [row[field] for row in answer[collection]] == values
    assert (answer["Status"], answer["DateTimeUTC"]) == ("OK", "/Date(1795136400000)/")


def test_settings_that_do_not_exist() -> None:
    desk = Desk()
    for path in ("/TaxRates/NOPE", "/Currencies/AUD", "/Organisation/Users", "/Items/NOPE"):
        assert desk.call("GET", path).status_code == 404
