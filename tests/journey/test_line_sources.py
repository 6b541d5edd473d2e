"""Where an invoice's lines come from: sales orders, Zoho's own invoices, a custom subform; totals to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, line_of, order, priced, problem_codes, world

D = Decimal
LINES = [priced("hours", "2.5", "119.99"), priced("food", 3, "10.05", "GST Free"), priced("hire", 1, "0.33")]
# 299.98 and 0.33 with GST of 30.00 and 0.03, and 30.15 without.
TOTAL = D("360.49")
MODULES = {"sales_order": "Sales_Orders", "zoho_invoice": "Invoices"}


def document(desk: Desk, source: str, deal: str, key: str, lines: Sequence[Record] = LINES, **fields: object) -> str:
    """Somebody writes a sales order or a Zoho invoice for a deal; its id."""
    made = {"key": key, "Subject": f"For {deal}", "deal": deal, "Status": "Approved", "lines": list(lines)}
    return str(desk.box.zoho.create(MODULES[source], {**made, **fields}))


@pytest.mark.parametrize("source", list(MODULES))
def test_lines_of_a_document_to_the_cent(desk: Desk, source: str) -> None:
    desk.configure(lines={"from": [source, "amount"]})
    job = desk.add(order("job", "Closed Won", lines=(), Amount=TOTAL))
    document(desk, source, "job", "paper")
    plain = desk.add(order("plain", "Closed Won", account="birch", lines=(), Amount=D("50.00")))
    report = desk.sync()
    assert line_of(report, job)["invoice"]["total"] == str(TOTAL)
    assert line_of(report, plain)["invoice"]["total"] == "50.00"
    made = desk.invoice("job")
    assert (made["Total"], made["TotalTax"]) == (TOTAL, D("30.03"))
    rows = [(row["Description"], row["Quantity"], row["UnitAmount"], row["LineAmount"]) for row in made["LineItems"]]
    assert rows == [
        ("Consulting hour", D("2.5"), D("119.99"), D("299.98")),
        ("Produce hamper", D(3), D("10.05"), D("30.15")),
        ("Equipment hire", D(1), D("0.33"), D("0.33")),
    ]
    assert_promises(desk)


@pytest.mark.parametrize("source", list(MODULES))
@pytest.mark.parametrize("several", ["newest", "hold"])
def test_several_documents(desk: Desk, source: str, several: str) -> None:
    desk.configure(lines={"from": [source], "several": several})
    newest = [priced("hire", 2, "80.00")]
    job = desk.add(order("job", "Closed Won", lines=(), Amount=D("176.00")))
    document(desk, source, "job", "first")
    desk.wait(minutes=1)
    document(desk, source, "job", "second", newest)
    if several == "newest":
        assert line_of(desk.sync(), job)["invoice"]["total"] == "176.00"
    else:
        report = desk.sync(code=3)
        assert problem_codes(report) == ["several_documents"]
        desk.box.zoho.delete(MODULES[source], "first")
        desk.run("resolve", job, "--retry", code=0)
        assert line_of(desk.sync(), job)["invoice"]["total"] == "176.00"
    assert_promises(desk)


def test_the_first_source_that_has_rows_wins(desk: Desk) -> None:
    desk.configure(lines={"from": ["zoho_invoice", "sales_order", "quote", "amount"]})
    both = desk.add(order("both", "Closed Won", lines=(), Amount=D("176.00")))
    document(desk, "sales_order", "both", "ordered")
    document(desk, "zoho_invoice", "both", "billed", [priced("hire", 2, "80.00")])
    one = desk.add(order("one", "Closed Won", account="birch", lines=(), Amount=TOTAL))
    document(desk, "sales_order", "one", "only")
    quoted = desk.add(order("quoted", "Closed Won", account="cedar", lines=[("hours", 3, "120.00")]))
    report = desk.sync()
    totals = {deal: line_of(report, deal)["invoice"]["total"] for deal in (both, one, quoted)}
    assert totals == {both: "176.00", one: "360.49", quoted: "396.00"}
    assert_promises(desk)


def test_no_document_and_no_amount_to_fall_back_on_holds(desk: Desk) -> None:
    desk.configure(lines={"from": ["sales_order"]})
    job = desk.add(order("job", "Closed Won", lines=(), Amount=TOTAL))
    assert problem_codes(desk.sync(code=3)) == ["no_lines"]
    document(desk, "sales_order", "job", "paper")
    desk.run("resolve", job, "--retry", code=0)
    assert line_of(desk.sync(), job)["invoice"]["total"] == str(TOTAL)
    assert_promises(desk)


# ---- a custom subform ----

# The ids of rows as Zoho gives them: in the order of entry, which is all that orders the rows of a subform.
ROW = "572576700000091000"
FORM = {
    "module": "Billing_Lines",
    "product": "What",
    "quantity": "Qty",
    "price": "Rate",
    "discount": "Less",
    "description": "Note",
}


def world_with_form() -> Record:
    """Deals have a subform of their own for what is billed."""
    placed = world()
    columns = {"What": "text", "Qty": "double", "Rate": "currency", "Less": "currency", "Note": "text"}
    form = {"type": "subform", "module": "Billing_Lines", "fields": columns}
    placed["zoho"]["fields"] = {"Deals": {"Billing_Lines": form}}
    return placed


@pytest.fixture
def form_desk(desk_of: OpenDesk) -> Desk:
    """Lines come from the subform, else from the Amount; without a Zoho tax they are GST."""
    desk = desk_of(on=world_with_form())
    desk.configure(lines={"from": ["subform", "amount"], "subform": FORM}, invoice={"tax_default": "OUTPUT"})
    desk.sync()
    return desk


def test_a_subform_with_mapped_columns(form_desk: Desk) -> None:
    rows = [
        {"id": f"{ROW}1", "What": "Setup", "Qty": D("1.5"), "Rate": D("10.33"), "Note": "by phone"},
        {"id": f"{ROW}2", "What": "Visit", "Qty": 2, "Rate": D("50.00"), "Less": D("10.00")},
        {"id": f"{ROW}3", "What": "Return", "Qty": -1, "Rate": D("5.25")},
    ]
    # 15.50 + 90.00 - 5.25 = 100.25, and the taxes of its rows: 1.55 + 9.00 - 0.53.
    job = form_desk.add(order("job", "Closed Won", lines=(), Amount=D("110.27"), Billing_Lines=rows))
    assert line_of(form_desk.sync(), job)["invoice"]["total"] == "110.27"
    made = form_desk.invoice("job")
    assert (made["SubTotal"], made["TotalTax"], made["Total"]) == (D("100.25"), D("10.02"), D("110.27"))
    assert [row["Description"].split("\n")[0] for row in made["LineItems"]] == ["Setup", "Visit", "Return"]
    assert [row["LineAmount"] for row in made["LineItems"]] == [D("15.50"), D("90.00"), D("-5.25")]
    assert_promises(form_desk)


def test_a_subform_row_without_a_price_holds_its_deal_only(form_desk: Desk) -> None:
    bad = form_desk.add(order("bad", "Closed Won", lines=(), Billing_Lines=[{"What": "Setup", "Qty": 1}]))
    rows = [{"What": "Setup", "Qty": 1, "Rate": D("100.00")}]
    good = form_desk.add(order("good", "Closed Won", account="birch", lines=(), Amount=D("110.00"), Billing_Lines=rows))
    report = form_desk.sync(code=3)
    assert (line_of(report, bad)["action"], line_of(report, good)["action"]) == ("hold", "create")
    assert [(problem["code"], problem["path"]) for problem in report["problems"]] == [("document_unreadable", "Rate")]
    assert_promises(form_desk)


def test_a_column_that_the_subform_does_not_have_is_named(form_desk: Desk) -> None:
    form_desk.configure(lines={"subform": {**FORM, "price": "Prize"}})
    form_desk.add(order("job", "Closed Won", lines=(), Billing_Lines=[{"What": "Setup", "Qty": 1, "Rate": D("9")}]))
    problem = form_desk.sync(code=10)["problems"][0]
    assert (problem["code"], "Prize" in problem["message"]) == ("config_invalid", True)


# ---- permissions ----


@pytest.mark.parametrize(
    ("source", "scope"), [("quote", "quotes"), ("sales_order", "salesorders"), ("zoho_invoice", "invoices")]
)
def test_a_module_this_login_may_not_read_is_named_by_its_scope(desk: Desk, source: str, scope: str) -> None:
    desk.configure(lines={"from": [source, "amount"]})
    modules = ("deals", "accounts", "contacts", "products", "quotes", "salesorders", "invoices")
    granted = [f"ZohoCRM.modules.{module}.READ" for module in modules if module != scope]
    others = ["ZohoCRM.coql.READ", "ZohoCRM.org.READ", "ZohoCRM.settings.ALL"]
    desk.box.zoho.oauth.set_scopes([*granted, *others])
    desk.add(order("job", "Closed Won", lines=(), Amount=D("50.00")))
    with desk.nothing_sent():
        report = desk.sync(code=12)
    assert problem_codes(report) == ["login_needed"]
    assert f"ZohoCRM.modules.{scope}.READ" in report["problems"][0]["message"]
    assert "zoho-xero-sync auth zoho" in report["problems"][0]["hint"]
    # Once it is granted, the deal that was staged meanwhile is invoiced.
    desk.box.zoho.oauth.set_scopes([*granted, *others, f"ZohoCRM.modules.{scope}.READ"])
    assert desk.sync()["counts"]["invoices_created"] == 1
    assert_promises(desk)


# ---- currencies ----


@pytest.mark.parametrize("enabled", [True, False])
def test_a_document_in_another_currency_than_its_deal(desk_of: OpenDesk, enabled: bool) -> None:
    placed = world(xero={"currencies": ["AUD", "USD"] if enabled else ["AUD"]})
    placed["zoho"] |= {"org": {"multi_currency": True}, "currencies": ["AUD", "USD"]}
    desk = desk_of(on=placed)
    desk.sync()
    job = desk.add(order("job", "Closed Won", lines=(), Currency="AUD", Amount=D("176.00")))
    made = {"key": "q", "Subject": "For job", "deal": "job", "Quote_Stage": "Confirmed", "Currency": "USD"}
    desk.box.zoho.create("Quotes", {**made, "lines": [priced("hire", 2, "80.00")]})
    if enabled:
        invoice = line_of(desk.sync(), job)["invoice"]
        assert (invoice["total"], invoice["currency"]) == ("176.00", "USD")
        assert (desk.invoice("job")["CurrencyCode"], desk.invoice("job")["Total"]) == ("USD", D("176.00"))
    else:
        report = desk.sync(code=3)
        assert problem_codes(report) == ["currency_disabled"]
        assert "The quote is in USD" in report["problems"][0]["message"]
    assert_promises(desk)
