"""A deal and its source document as a Xero invoice whose total is proven, or the problem that holds it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from zoho_xero_sync.core.dates import Dates, invoice_dates
from zoho_xero_sync.core.lines import draft_lines
from zoho_xero_sync.core.marks import marked_url
from zoho_xero_sync.core.model import (
    Books,
    CustomerKey,
    Deal,
    InvoiceDraft,
    InvoiceStatus,
    Part,
    Problem,
    SourceDocument,
    XeroInvoice,
)
from zoho_xero_sync.core.money import money_text, rounded
from zoho_xero_sync.core.parts import REMAINDER
from zoho_xero_sync.core.pricing import predicted_totals
from zoho_xero_sync.core.proof import proven
from zoho_xero_sync.core.rules import InvoiceRules, Rules, Share
from zoho_xero_sync.core.shares import Whole, in_part

# developer.xero.com/documentation/api/accounting/invoices: InvoiceNumber and Reference, 255 characters.
_TEXT_MAX = 255
AMOUNTS = {"exclusive": "Exclusive", "inclusive": "Inclusive", "no_tax": "NoTax"}
# The number of a remainder is that of its deal with this behind it.
_REST = "-R"
# developer.xero.com/documentation/api/accounting/invoices: CurrencyRate, [18].[6].
_RATE_PLACES = 6
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Setting:
    """What an invoice depends on besides its deal: rules, books, today there, the deal's link, the ledger's tag.

    `made` says that the deal has its invoice already, and `sent_dates` are those of the deal that it was sent with.
    `burned` are the numbers of other invoices it has or had, which Xero does not give twice. `part` says
    which of its invoices it is, `share` what of the deal that bills, `billed` is the one of a share as Xero has it.
    """

    rules: Rules
    books: Books
    today: date
    home_currency: str
    link_prefix: str
    tag: str = ""
    made: bool = False
    sent_dates: Dates | None = None
    burned: frozenset[str] = frozenset()
    part: int = 1
    share: Share | None = None
    billed: XeroInvoice | None = None


def draft_invoice(
    deal: Deal, customer: CustomerKey, document: SourceDocument, status: InvoiceStatus, setting: Setting
) -> InvoiceDraft | Problem:
    """The invoice for the deal with the totals Xero will compute, equal to the document's; else the problem.

    Of a deal that is billed in two it has the part that is asked for; its lines are empty when nothing is left of it.
    """
    currency = _currency(deal, document, setting)
    if isinstance(currency, Problem):
        return currency
    rules, books = setting.rules.invoice, setting.books
    dates = invoice_dates(deal, rules, setting.today, books.locked_until, setting.sent_dates, made=setting.made)
    if isinstance(dates, Problem):
        return dates
    rate = _currency_rate(deal, document, setting, currency)
    if isinstance(rate, Problem):
        return rate
    number = _number(deal, rules, setting)
    if isinstance(number, Problem):
        return number
    theme = _theme(deal, setting)
    if isinstance(theme, Problem):
        return theme
    lines = draft_lines(deal, document, rules, books)
    if isinstance(lines, Problem):
        return lines
    lines = proven(deal, document, lines, rules, books, currency)
    if isinstance(lines, Problem):
        return lines
    part: Part | None = None
    if setting.share is not None:
        whole = Whole(lines, books.tax_rates, rules.amounts, currency)
        parted = in_part(deal, whole, setting.share, setting.billed)
        if isinstance(parted, Problem):
            return parted
        lines, part = parted
    sub_total, total_tax, total = predicted_totals(lines, rules.amounts)
    limit = _over_limit(deal, total, currency, setting.rules)
    if limit:
        return limit
    return InvoiceDraft(
        deal_id=deal.id,
        customer=customer,
        number=number,
        reference=_reference(deal, rules),
        date=dates.issued,
        due_date=dates.due,
        currency=currency,
        amounts=AMOUNTS[rules.amounts],
        status=status,
        url=marked_url(deal_url(setting.link_prefix, deal.id), setting.tag, setting.part),
        lines=lines,
        sub_total=sub_total,
        total_tax=total_tax,
        total=total,
        branding_theme=theme,
        dates_follow_deal=dates.follow_deal,
        currency_rate=rate,
        document=document_name(document, deal),
        part=part,
    )


def document_name(document: SourceDocument, deal: Deal) -> str:
    """The document by its kind and Zoho id; empty when the deal itself is invoiced."""
    own = document.id in ("", deal.id)
    return "" if own else f"{document.source.replace('_', ' ')} {document.id}"


def deal_url(link_prefix: str, deal_id: str) -> str:
    """The deal's page in Zoho CRM: in the invoice's Url the durable mark that says whose invoice it is."""
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


def _currency_rate(deal: Deal, document: SourceDocument, setting: Setting, currency: str) -> Decimal | Problem | None:
    """The document's rate for Xero's CurrencyRate, to its six decimals; None lets Xero take the day's rate."""
    base, home = setting.books.base_currency, setting.home_currency.upper()
    if setting.rules.invoice.exchange_rate == "xero" or currency == base:
        return None
    rate = rounded(document.exchange_rate or Decimal(0), _RATE_PLACES)
    if home == base and rate > 0:
        return rate
    why = f"counts from {home}, and the books are in {base}" if home != base else "is empty"
    return Problem(
        "exchange_rate_unusable",
        f"deal {deal.id}",
        f"The exchange rate of the {document.source} {why}.",
        "Set invoice.exchange_rate: xero, or give the document its rate in Zoho; "
        f"then type: zoho-xero-sync resolve {deal.id} --retry",
        "Exchange_Rate",
    )


def _number(deal: Deal, rules: InvoiceRules, setting: Setting) -> str | Problem | None:
    if rules.number is None:
        return None
    number = rules.number.render(deal.fields).strip()
    if number and setting.part == REMAINDER and setting.billed is not None:
        number = number[: _TEXT_MAX - len(_REST)] + _REST
    # InvoiceNumber is printable ASCII of at most 255 characters; a comma breaks Xero's InvoiceNumbers filter.
    if number and len(number) <= _TEXT_MAX and number.isascii() and number.isprintable() and "," not in number:
        return _revision(number, setting.burned)
    return Problem(
        "number_invalid",
        f"deal {deal.id}",
        f"The template {rules.number.text!r} gives the invoice number {number!r}, which Xero refuses.",
        "Use letters, digits and dashes only in invoice.number, such as ZC-{id}, then type: zoho-xero-sync sync",
        "invoice.number",
    )


def _revision(number: str, burned: frozenset[str]) -> str:
    """The number, or the first revision of it (ZC-7-2, ZC-7-3 …) that no earlier invoice of the deal had.

    An InvoiceNumber is unique among sales invoices, voided ones included, whatever the case of its letters
    (developer.xero.com/documentation/api/accounting/invoices).
    """
    taken = {used.casefold() for used in burned}
    candidate, revision = number, 1
    while candidate.casefold() in taken:
        revision += 1
        suffix = f"-{revision}"
        candidate = number[: _TEXT_MAX - len(suffix)] + suffix
    return candidate


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
