"""Invoice lines for a document's own figures (discount, adjustment, a rounding difference), and tax rates by name."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from zoho_xero_sync.core.model import (
    Books,
    Deal,
    InvoiceLine,
    LineRole,
    Problem,
    SourceDocument,
    Tax,
    XeroAccount,
    XeroTaxRate,
)
from zoho_xero_sync.core.money import AMOUNT_PLACES, places, rounded
from zoho_xero_sync.core.pricing import xero_line_tax
from zoho_xero_sync.core.rules import InvoiceRules
from zoho_xero_sync.core.taxes import tax_key, tax_percent

_NO_TAX = "NONE"
_ZERO = Decimal(0)


def header_lines(
    deal: Deal, document: SourceDocument, rules: InvoiceRules, books: Books
) -> tuple[InvoiceLine, ...] | Problem:
    """The discount as a line of its own where the rules say so, and the adjustment where it has an account."""
    lines: list[InvoiceLine] = []
    if rules.header_discount == "line" and _whole_cents(document.discount):
        discount = _discount_line(deal, document, rules, books)
        if isinstance(discount, Problem):
            return discount
        lines.append(discount)
    if rules.adjustment_account is not None and _whole_cents(document.adjustment):
        key = "invoice.adjustment_account"
        account = _account(deal, rules.adjustment_account, key, books)
        if isinstance(account, Problem):
            return account
        untaxed = _untaxed(deal, account, key, rules, books)
        if isinstance(untaxed, Problem):
            return untaxed
        lines.append(_line("Adjustment", document.adjustment, account, untaxed, _ZERO, LineRole.ADJUSTMENT))
    return tuple(lines)


def _whole_cents(amount: Decimal) -> bool:
    return bool(amount) and places(amount) <= AMOUNT_PLACES


def _discount_line(deal: Deal, document: SourceDocument, rules: InvoiceRules, books: Books) -> InvoiceLine | Problem:
    """Zoho leaves the rows' taxes as they are, so the line bears none of them; the document's own lessen with it."""
    key = "invoice.header_discount_account" if rules.header_discount_account else "invoice.account"
    account = _account(deal, rules.header_discount_account or rules.account, key, books)
    if isinstance(account, Problem):
        return account
    if not document.taxes:
        rate = _untaxed(deal, account, key, rules, books)
    else:
        rate = mapped_rate(deal, document.taxes, f"the {document.source}", rules, books)
    if isinstance(rate, Problem):
        return rate
    amount = -document.discount
    if rules.amounts == "inclusive":
        amount -= rounded(document.discount * tax_percent(document.taxes) / 100)
    tax = xero_line_tax(amount, rate.rate, rules.amounts)
    return _line("Discount", amount, account, rate, tax, LineRole.DISCOUNT)


def _line(
    description: str, amount: Decimal, account: XeroAccount, rate: XeroTaxRate, tax: Decimal, role: LineRole
) -> InvoiceLine:
    return InvoiceLine(description, Decimal(1), amount, account.code, rate.tax_type, amount, tax, role=role)


def rounding_line(difference: Decimal, rules: InvoiceRules, books: Books) -> InvoiceLine | None:
    """The line that takes a difference up to the limit; None where the rules, the account or the cents do not allow it.

    Xero would round a difference finer than a cent itself, and the total with it.
    """
    account = books.accounts.get(rules.rounding.account or "")
    if account is None or account.status != "ACTIVE" or abs(difference) > rules.rounding.limit:
        return None
    untaxed = _untaxed_rate(account, rules, books)
    if places(difference) > AMOUNT_PLACES or untaxed is None:
        return None
    return _line("Rounding", difference, account, untaxed, _ZERO, LineRole.ROUNDING)


def _account(deal: Deal, code: str, key: str, books: Books) -> XeroAccount | Problem:
    account = books.accounts.get(code)
    if account is None:
        return Problem(
            "account_unknown",
            f"deal {deal.id}",
            f"Xero ({books.organisation}) has no account {code}.",
            f"Correct {key} in the configuration, then type: zoho-xero-sync sync",
            key,
        )
    if account.status == "ACTIVE" and not account.system and account.type != "BANK":
        return account
    return Problem(
        "account_unusable",
        f"deal {deal.id}",
        f"The Xero account {code} ({account.name}) cannot be on an invoice.",
        f"Choose another account in {key}, then type: zoho-xero-sync sync",
        key,
    )


def _untaxed(deal: Deal, account: XeroAccount, key: str, rules: InvoiceRules, books: Books) -> XeroTaxRate | Problem:
    return _untaxed_rate(account, rules, books) or Problem(
        "tax_unknown",
        f"deal {deal.id}",
        f"Xero ({books.organisation}) has no tax type NONE, and that of account {account.code} bears tax.",
        f"Set invoice.tax_default to a tax type of 0 %, or {key} to an account that has one; "
        "then type: zoho-xero-sync sync",
        key,
    )


def _untaxed_rate(account: XeroAccount, rules: InvoiceRules, books: Books) -> XeroTaxRate | None:
    """NONE, which not every organisation has; else the account's own type or that of untaxed rows, if it is 0 %."""
    rates = (books.tax_rates.get(name) for name in (_NO_TAX, account.tax_type, rules.tax_default or ""))
    return next((rate for rate in rates if rate and _is_usable(rate) and not rate.rate), None)


def mapped_rate(
    deal: Deal, taxes: Sequence[Tax], bearer: str, rules: InvoiceRules, books: Books
) -> XeroTaxRate | Problem:
    """The Xero rate that `invoice.tax` gives these Zoho taxes as a set."""
    key = tax_key(taxes)
    tax_type = rules.tax.get(key)
    if tax_type is None:
        return Problem(
            "tax_unmapped",
            f"deal {deal.id}",
            f"The Zoho tax {key!r} on {bearer} has no entry in invoice.tax.",
            f"Add it to the configuration, such as  tax: {{{key}: OUTPUT}}  , then type: zoho-xero-sync sync",
            "invoice.tax",
        )
    return usable_rate(deal, tax_type, books)


def usable_rate(deal: Deal, tax_type: str, books: Books) -> XeroTaxRate | Problem:
    """The active rate for sales of this tax type."""
    rate = books.tax_rates.get(tax_type)
    if rate is not None and _is_usable(rate):
        return rate
    why = "does not exist" if rate is None else "is not an active tax rate for sales"
    return Problem(
        "tax_unknown",
        f"deal {deal.id}",
        f"The tax type {tax_type or '(none)'} {why} in Xero ({books.organisation}).",
        "Correct invoice.tax or invoice.tax_default in the configuration, then type: zoho-xero-sync sync",
        "invoice.tax",
    )


def _is_usable(rate: XeroTaxRate) -> bool:
    return rate.status == "ACTIVE" and rate.for_revenue
