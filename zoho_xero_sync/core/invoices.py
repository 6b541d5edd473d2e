"""A deal and its source document as a Xero invoice whose total is proven, or the problem that holds it."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from zoho_xero_sync.core.lines import draft_lines
from zoho_xero_sync.core.model import (
    Books,
    CustomerKey,
    Deal,
    InvoiceDraft,
    InvoiceLine,
    InvoiceStatus,
    Problem,
    SourceDocument,
)
from zoho_xero_sync.core.money import AMOUNT_PLACES, money_text, places, plain_text
from zoho_xero_sync.core.pricing import expected_total, explain_difference, predicted_totals
from zoho_xero_sync.core.rules import Due, DueDays, DueEndOfNextMonth, InvoiceRules, Rules

# developer.xero.com/documentation/api/accounting/invoices: InvoiceNumber and Reference, 255 characters.
_TEXT_MAX = 255
AMOUNTS = {"exclusive": "Exclusive", "inclusive": "Inclusive", "no_tax": "NoTax"}
_NO_TAX = "NONE"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Setting:
    """What an invoice depends on besides its deal: the rules, the books, today there, and the deal's link."""

    rules: Rules
    books: Books
    today: date
    home_currency: str
    link_prefix: str


def draft_invoice(
    deal: Deal, customer: CustomerKey, document: SourceDocument, status: InvoiceStatus, setting: Setting
) -> InvoiceDraft | Problem:
    """The invoice for the deal with the totals Xero will compute, equal to the document's; else the problem."""
    currency = _currency(deal, document, setting)
    if isinstance(currency, Problem):
        return currency
    dates = _dates(deal, setting)
    if isinstance(dates, Problem):
        return dates
    number = _number(deal, setting.rules.invoice)
    if isinstance(number, Problem):
        return number
    theme = _theme(deal, setting)
    if isinstance(theme, Problem):
        return theme
    lines = draft_lines(deal, document, setting.rules.invoice, setting.books)
    if isinstance(lines, Problem):
        return lines
    lines = _proven(deal, document, lines, setting, currency)
    if isinstance(lines, Problem):
        return lines
    sub_total, total_tax, total = predicted_totals(lines, setting.rules.invoice.amounts)
    limit = _over_limit(deal, total, currency, setting.rules)
    if limit:
        return limit
    invoice_date, due_date, follow = dates
    return InvoiceDraft(
        deal_id=deal.id,
        customer=customer,
        number=number,
        reference=_reference(deal, setting.rules.invoice),
        date=invoice_date,
        due_date=due_date,
        currency=currency,
        amounts=AMOUNTS[setting.rules.invoice.amounts],
        status=status,
        url=deal_url(setting.link_prefix, deal.id),
        lines=lines,
        sub_total=sub_total,
        total_tax=total_tax,
        total=total,
        branding_theme=theme,
        dates_follow_deal=follow,
    )


def deal_url(link_prefix: str, deal_id: str) -> str:
    """The deal's page in Zoho CRM: the invoice's Url, and the durable mark that says whose invoice it is."""
    return f"{link_prefix}{deal_id}"


def _currency(deal: Deal, document: SourceDocument, setting: Setting) -> str | Problem:
    currency = (document.currency or deal.currency or setting.home_currency).upper()
    if not currency:
        return Problem(
            "currency_missing",
            f"deal {deal.id}",
            "Neither the document, the deal nor the Zoho organisation names a currency.",
            f"Set the deal's currency in Zoho, then type: zoho-xero-sync resolve {deal.id} --retry",
            "Currency",
        )
    books = setting.books
    enabled = {books.base_currency} | (books.currencies or frozenset())
    if currency in enabled:
        return currency
    return Problem(
        "currency_disabled",
        f"deal {deal.id}",
        f"The {document.source} is in {currency}, which is not enabled in Xero ({books.organisation}).",
        f"Add {currency} in Xero (Settings, Currencies), then type: zoho-xero-sync resolve {deal.id} --retry",
        "Currency",
    )


def _dates(deal: Deal, setting: Setting) -> tuple[date, date, bool] | Problem:
    rules = setting.rules.invoice
    invoice_date = setting.today if rules.date_field is None else _date_field(deal, rules.date_field)
    if isinstance(invoice_date, Problem):
        return invoice_date
    due_date = _due(deal, rules.due, invoice_date)
    if isinstance(due_date, Problem):
        return due_date
    return invoice_date, due_date, rules.date_field is not None


def _due(deal: Deal, due: Due, invoice_date: date) -> date | Problem:
    if isinstance(due, DueDays):
        return invoice_date + timedelta(days=due.days)
    if isinstance(due, DueEndOfNextMonth):
        year, month = divmod(invoice_date.year * 12 + invoice_date.month, 12)
        return date(year, month + 1, calendar.monthrange(year, month + 1)[1])
    return _date_field(deal, due.api_name)


def _date_field(deal: Deal, api_name: str) -> date | Problem:
    text = deal.fields.get(api_name, "")
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        found = None
    # Zoho writes dates in one form only; fromisoformat knows more.
    if found is not None and found.isoformat() == text[:10]:
        return found
    return Problem(
        "date_missing",
        f"deal {deal.id}",
        f"The deal's field {api_name}, which gives the invoice a date, is {'empty' if not text else repr(text)}.",
        f"Fill in {api_name} in Zoho, then type: zoho-xero-sync resolve {deal.id} --retry",
        api_name,
    )


def _number(deal: Deal, rules: InvoiceRules) -> str | Problem | None:
    if rules.number is None:
        return None
    number = rules.number.render(deal.fields).strip()
    # InvoiceNumber is printable ASCII of at most 255 characters; a comma breaks Xero's InvoiceNumbers filter.
    if number and len(number) <= _TEXT_MAX and number.isascii() and number.isprintable() and "," not in number:
        return number
    return Problem(
        "number_invalid",
        f"deal {deal.id}",
        f"The template {rules.number.text!r} gives the invoice number {number!r}, which Xero refuses.",
        "Use letters, digits and dashes only in invoice.number, such as ZC-{id}, then type: zoho-xero-sync sync",
        "invoice.number",
    )


def _reference(deal: Deal, rules: InvoiceRules) -> str:
    """The rendered reference on one line: names in Zoho may hold line breaks and control characters."""
    parts = (part.strip() for part in _CONTROL.split(rules.reference.render(deal.fields)))
    return " ".join(part for part in parts if part)[:_TEXT_MAX]


def _theme(deal: Deal, setting: Setting) -> str | Problem | None:
    wanted = setting.rules.invoice.branding_theme
    if wanted is None:
        return None
    themes = setting.books.branding_themes or {}
    by_name = {name.casefold(): theme_id for name, theme_id in themes.items()}
    found = wanted if wanted in themes.values() else by_name.get(wanted.casefold())
    return found or Problem(
        "config_invalid",
        f"deal {deal.id}",
        f"Xero has no branding theme called {wanted}.",
        "Correct invoice.branding_theme in the configuration, then type: zoho-xero-sync sync",
        "invoice.branding_theme",
    )


def _proven(
    deal: Deal, document: SourceDocument, lines: tuple[InvoiceLine, ...], setting: Setting, currency: str
) -> tuple[InvoiceLine, ...] | Problem:
    """The lines, with a rounding line where the rules allow one, once their total is the document's total."""
    rules = setting.rules.invoice
    sub_total, total_tax, total = predicted_totals(lines, rules.amounts)
    expected = expected_total(document, sub_total, total_tax, rules.amounts)
    difference = expected - total
    if difference:
        rounding = _rounding_line(difference, rules, setting.books)
        if rounding is None:
            return Problem(
                "total_mismatch",
                f"deal {deal.id}",
                f"The invoice would not be exact: {explain_difference(document, total, expected)} {currency}.",
                _mismatch_hint(deal, document, total_tax),
                "Grand_Total" if document.grand_total is not None else "Amount",
            )
        lines = (*lines, rounding)
    if expected < 0:
        return _unbillable(deal, "negative_total", f"The {document.source} totals {money_text(expected, currency)}.")
    if expected == 0:
        return _unbillable(deal, "zero_total", f"The {document.source} totals zero.")
    return lines


def _mismatch_hint(deal: Deal, document: SourceDocument, total_tax: Decimal) -> str:
    zoho_tax = sum((line.tax for line in document.lines), Decimal(0))
    retry = f"then type: zoho-xero-sync resolve {deal.id} --retry"
    if document.grand_total is not None and total_tax != zoho_tax:
        return (
            f"Zoho's rows carry {plain_text(zoho_tax)} of tax and Xero would compute "
            f"{plain_text(total_tax)}: set invoice.tax or invoice.tax_default so that they agree, {retry}"
        )
    return f"Make the document's rows carry its whole total, or invoice it by hand; {retry} (or --skip)"


def _rounding_line(difference: Decimal, rules: InvoiceRules, books: Books) -> InvoiceLine | None:
    account = books.accounts.get(rules.rounding.account or "")
    if account is None or account.status != "ACTIVE" or abs(difference) > rules.rounding.limit:
        return None
    # Xero would round a finer difference itself, and the total with it.
    if places(difference) > AMOUNT_PLACES:
        return None
    # Organisations name their untaxed type differently (NONE, BASEXCLUDED): the account's own serves where it is one.
    untaxed = next((name for name in (_NO_TAX, account.tax_type) if _bears_no_tax(name, books)), None)
    if untaxed is None:
        return None
    return InvoiceLine("Rounding", Decimal(1), difference, account.code, untaxed, difference, Decimal(0))


def _bears_no_tax(tax_type: str, books: Books) -> bool:
    rate = books.tax_rates.get(tax_type)
    return rate is not None and rate.status == "ACTIVE" and rate.for_revenue and rate.rate == 0


def _unbillable(deal: Deal, code: str, message: str) -> Problem:
    return Problem(
        code,
        f"deal {deal.id}",
        f"{message} Only positive totals are invoiced.",
        f"Correct the deal in Zoho, or set it aside: zoho-xero-sync resolve {deal.id} --skip",
        "Amount",
    )


def _over_limit(deal: Deal, total: Decimal, currency: str, rules: Rules) -> Problem | None:
    limit = rules.limits.invoice_total
    if limit is None or total <= limit:
        return None
    return Problem(
        "total_limit",
        f"deal {deal.id}",
        f"The invoice would total {money_text(total, currency)} {currency}, "
        f"above limits.invoice_total ({money_text(limit, currency)}).",
        f"Invoice it by hand, or raise the limit and type: zoho-xero-sync resolve {deal.id} --retry",
        "limits.invoice_total",
    )
