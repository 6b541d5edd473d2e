"""Plain values of the trade for the tests of the rules: a deal, its customer, its quote, the books, the drafts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from zoho_xero_sync.core.invoices import Setting
from zoho_xero_sync.core.lines import draft_lines
from zoho_xero_sync.core.model import (
    Account,
    Address,
    Books,
    ContactDraft,
    CustomerKey,
    CustomerLink,
    Deal,
    DealRecord,
    DealState,
    InvoiceDraft,
    InvoiceLine,
    InvoiceLink,
    InvoiceStatus,
    Person,
    Problem,
    SourceDocument,
    SourceLine,
    Tax,
    XeroAccount,
    XeroContact,
    XeroInvoice,
    XeroTaxRate,
)
from zoho_xero_sync.core.pricing import predicted_totals
from zoho_xero_sync.core.rules import InvoiceRules, Rules, StageRule

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
DEAL = "572500000000123456"
ACCOUNT = CustomerKey("Accounts", "572500000000200001")
LINK = "https://crm.zoho.com.au/crm/org70001/tab/Potentials/"
GST = Tax("GST", Decimal(10))
CONFIRMED = StageRule(("Confirmed",), "draft")
WON = StageRule(("Closed Won",), "authorised")


def an_account(**changes: Any) -> Account:
    return Account(**({"id": ACCOUNT.id, "name": "Example Trading"} | changes))


def a_person(**changes: Any) -> Person:
    values = {"id": "572500000000300001", "first_name": "Pat", "last_name": "Buyer", "email": "buyer@example.com"}
    return Person(**(values | changes))


def a_deal(**changes: Any) -> Deal:
    values: dict[str, Any] = {
        "id": DEAL,
        "name": "Workshop fit-out",
        "stage": "Closed Won",
        "pipeline": None,
        "amount": Decimal("1234.50"),
        "currency": "AUD",
        "modified_at": NOON,
        "account": an_account(),
        "person": a_person(),
    }
    values |= changes
    fields = {"id": values["id"], "Deal_Name": values["name"], "Closing_Date": "2026-11-30"}
    values["fields"] = fields | dict(changes.get("fields", {}))
    return Deal(**values)


def a_row(quantity: str = "1", price: str = "100", discount: str = "0", **changes: Any) -> SourceLine:
    """A row whose net is what Zoho computes: quantity by price to the cent, less its discount."""
    net = (Decimal(quantity) * Decimal(price)).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP") - Decimal(discount)
    values: dict[str, Any] = {
        "id": "1",
        "product_id": "572500000000400001",
        "product_name": "Bench",
        "product_code": "B-1",
        "category": "Furniture",
        "quantity": Decimal(quantity),
        "price": Decimal(price),
        "discount": Decimal(discount),
        "net": net,
        "tax": Decimal(0),
        "taxes": (),
    }
    return SourceLine(**(values | changes))


def a_document(*rows: SourceLine, **changes: Any) -> SourceDocument:
    """A quote over the rows whose Grand_Total is the sum of their nets and taxes."""
    lines = rows or (a_row(),)
    total = sum((row.net + row.tax for row in lines), Decimal(0))
    values: dict[str, Any] = {"source": "quote", "id": "572500000000500001", "number": "Q-1", "currency": "AUD"}
    return SourceDocument(**(values | {"lines": lines, "grand_total": total} | changes))


def an_account_of_xero(code: str = "200", **changes: Any) -> XeroAccount:
    values: dict[str, Any] = {
        "code": code,
        "name": f"Account {code}",
        "status": "ACTIVE",
        "type": "REVENUE",
        "account_class": "REVENUE",
        "tax_type": "EXEMPTOUTPUT",
        "system": False,
    }
    return XeroAccount(**(values | changes))


def a_rate(tax_type: str, percent: str, **changes: Any) -> XeroTaxRate:
    values: dict[str, Any] = {"name": tax_type.title(), "status": "ACTIVE", "for_revenue": True}
    return XeroTaxRate(tax_type=tax_type, rate=Decimal(percent), **(values | changes))


def some_books(accounts: Sequence[XeroAccount] = (), rates: Sequence[XeroTaxRate] = (), **changes: Any) -> Books:
    """An Australian organisation: accounts 200 and 260 for sales, GST, exempt and none; more where given."""
    chart = (an_account_of_xero("200"), an_account_of_xero("260"), *accounts)
    known = (a_rate("OUTPUT", "10"), a_rate("EXEMPTOUTPUT", "0"), a_rate("NONE", "0"), *rates)
    values: dict[str, Any] = {
        "organisation": "Example Books",
        "time_zone": "Australia/Sydney",
        "base_currency": "AUD",
        "accounts": {account.code: account for account in chart},
        "tax_rates": {rate.tax_type: rate for rate in known},
    }
    return Books(**(values | changes))


def some_rules(invoice: InvoiceRules | None = None, **changes: Any) -> Rules:
    """Confirmed makes a draft, Closed Won an approved invoice, Lost Deal is not invoiced; GST is OUTPUT."""
    values: dict[str, Any] = {"stages": (CONFIRMED, WON), "invoice": invoice or invoice_rules()}
    return Rules(**(values | changes))


def invoice_rules(**changes: Any) -> InvoiceRules:
    return InvoiceRules(**({"tax": {"GST": "OUTPUT"}, "account": "200"} | changes))


def a_setting(invoice: InvoiceRules | None = None, books: Books | None = None, **changes: Any) -> Setting:
    values: dict[str, Any] = {
        "rules": some_rules(invoice),
        "books": books or some_books(),
        "today": TODAY,
        "home_currency": "AUD",
        "link_prefix": LINK,
    }
    return Setting(**(values | changes))


def priced(rows: Sequence[SourceLine], rules: InvoiceRules, books: Books | None = None) -> tuple[InvoiceLine, ...]:
    """The rows as Xero lines; fails the test when the rules hold them."""
    lines = draft_lines(a_deal(), a_document(*rows), rules, books or some_books())
    assert not isinstance(lines, Problem), lines
    return lines


def a_contact_draft(**changes: Any) -> ContactDraft:
    values: dict[str, Any] = {
        "customer": ACCOUNT,
        "number": ACCOUNT.id,
        "name": "Example Trading",
        "first_name": "Pat",
        "last_name": "Buyer",
        "email": "buyer@example.com",
        "addresses": {"POBOX": Address("1 Example Street", "Sydney", "NSW", "2000", "Australia")},
    }
    return ContactDraft(**(values | changes))


def an_invoice_line(amount: str = "100.00", tax: str = "10.00", **changes: Any) -> InvoiceLine:
    values: dict[str, Any] = {
        "description": "Bench",
        "quantity": Decimal(1),
        "unit_amount": Decimal(amount),
        "account_code": "200",
        "tax_type": "OUTPUT",
        "line_amount": Decimal(amount),
        "tax_amount": Decimal(tax),
    }
    return InvoiceLine(**(values | changes))


def an_invoice_draft(**changes: Any) -> InvoiceDraft:
    lines = changes.get("lines", (an_invoice_line(),))
    sub_total, total_tax, total = predicted_totals(lines, "exclusive")
    values: dict[str, Any] = {
        "deal_id": DEAL,
        "customer": ACCOUNT,
        "number": None,
        "reference": "Workshop fit-out",
        "date": TODAY,
        "due_date": date(2026, 12, 4),
        "currency": "AUD",
        "amounts": "Exclusive",
        "status": InvoiceStatus.AUTHORISED,
        "url": LINK + DEAL,
        "lines": lines,
        "sub_total": sub_total,
        "total_tax": total_tax,
        "total": total,
    }
    return InvoiceDraft(**(values | changes))


def a_xero_invoice(**changes: Any) -> XeroInvoice:
    values: dict[str, Any] = {
        "id": "11111111-2222-3333-4444-555555555555",
        "number": "INV-0001",
        "status": "AUTHORISED",
        "contact_id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "reference": "Workshop fit-out",
        "url": LINK + DEAL,
        "currency": "AUD",
        "date": TODAY,
        "due_date": date(2026, 12, 4),
        "sub_total": Decimal("100.00"),
        "total_tax": Decimal("10.00"),
        "total": Decimal("110.00"),
        "amount_paid": Decimal(0),
        "amount_credited": Decimal(0),
        "updated_at": NOON,
    }
    return XeroInvoice(**(values | changes))


def a_link(**changes: Any) -> InvoiceLink:
    values: dict[str, Any] = {
        "deal_id": DEAL,
        "invoice_id": "11111111-2222-3333-4444-555555555555",
        "number": "INV-0001",
        "status": "DRAFT",
        "currency": "AUD",
        "total": Decimal("110.00"),
        "sent": None,
        "updated_at": NOON,
    }
    return InvoiceLink(**(values | changes))


def a_customer_link(**changes: Any) -> CustomerLink:
    values: dict[str, Any] = {
        "customer": ACCOUNT,
        "contact_id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "number": ACCOUNT.id,
        "name": "Example Trading",
        "sent": None,
    }
    return CustomerLink(**(values | changes))


def a_xero_contact(**changes: Any) -> XeroContact:
    values: dict[str, Any] = {
        "id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "name": "Example Trading",
        "number": "",
        "email": "",
        "status": "ACTIVE",
    }
    return XeroContact(**(values | changes))


def a_record(**changes: Any) -> DealRecord:
    values: dict[str, Any] = {
        "deal_id": DEAL,
        "name": "Workshop fit-out",
        "stage": "Closed Won",
        "state": DealState.PENDING,
        "baseline": False,
        "modified_at": NOON,
        "snapshot": "{}",
    }
    return DealRecord(**(values | changes))
