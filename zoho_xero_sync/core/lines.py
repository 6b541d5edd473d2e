"""The rows of a document as Xero invoice lines: account, tax, item, description and exact figures."""

from __future__ import annotations

from zoho_xero_sync.core.model import (
    Books,
    Deal,
    InvoiceLine,
    Problem,
    SourceDocument,
    SourceLine,
    TrackingOption,
    XeroAccount,
    XeroTaxRate,
)
from zoho_xero_sync.core.money import plain_text
from zoho_xero_sync.core.pricing import LARGEST_LINE, encode, line_target, xero_line_amount, xero_line_tax
from zoho_xero_sync.core.rules import InvoiceRules
from zoho_xero_sync.core.taxes import tax_key

# developer.xero.com/documentation/api/accounting/invoices: Description 4000 characters; items: Code 30 characters.
_DESCRIPTION_MAX = 4000
_ITEM_CODE_MAX = 30


def draft_lines(
    deal: Deal, document: SourceDocument, rules: InvoiceRules, books: Books
) -> tuple[InvoiceLine, ...] | Problem:
    """One Xero line per row, in the rows' order, or the first problem among them."""
    tracking = _tracking(deal, rules)
    lines: list[InvoiceLine] = []
    for row in document.lines:
        line = _draft_line(deal, row, document.source, rules, books, tracking)
        if isinstance(line, Problem):
            return line
        lines.append(line)
    if lines:
        return tuple(lines)
    return Problem(
        "no_lines",
        f"deal {deal.id}",
        f"The deal's {document.source} has no rows to invoice.",
        f"Add rows to it in Zoho (or an Amount to the deal); then type: zoho-xero-sync resolve {deal.id} --retry",
    )


def _draft_line(
    deal: Deal,
    row: SourceLine,
    source: str,
    rules: InvoiceRules,
    books: Books,
    tracking: tuple[TrackingOption, ...],
) -> InvoiceLine | Problem:
    account = _account(deal, row, rules, books)
    if isinstance(account, Problem):
        return account
    tax = _tax_rate(deal, row, account, rules, books)
    if isinstance(tax, Problem):
        return tax
    item_code = _item_code(deal, row, rules)
    if isinstance(item_code, Problem):
        return item_code
    encoding = encode(row, rules.amounts)
    if encoding is None:
        return Problem(
            "amount_inexact",
            f"deal {deal.id}",
            f"A row of the {source} totals {plain_text(line_target(row, rules.amounts))}, "
            f"and Xero keeps two decimals of at most {LARGEST_LINE:,}.",
            f"Correct the row in Zoho, then type: zoho-xero-sync resolve {deal.id} --retry",
            "Total_After_Discount",
        )
    amount = xero_line_amount(encoding.quantity, encoding.unit_amount, encoding.discount)
    return InvoiceLine(
        description=_description(row, encoding.note),
        quantity=encoding.quantity,
        unit_amount=encoding.unit_amount,
        account_code=account.code,
        tax_type=tax.tax_type,
        line_amount=amount,
        tax_amount=xero_line_tax(amount, tax.rate, rules.amounts),
        discount=encoding.discount,
        item_code=item_code,
        tracking=tracking,
    )


def _account(deal: Deal, row: SourceLine, rules: InvoiceRules, books: Books) -> XeroAccount | Problem:
    code = rules.accounts.get(row.product_code) or rules.accounts.get(row.category) or rules.account
    account = books.accounts.get(code)
    if account is None:
        return Problem(
            "account_unknown",
            f"deal {deal.id}",
            f"Xero ({books.organisation}) has no account {code} for {row.product_name or 'a row'}.",
            "Correct invoice.account or invoice.accounts in the configuration, then type: zoho-xero-sync sync",
            "invoice.account",
        )
    if account.status != "ACTIVE" or account.account_class != "REVENUE" or account.system:
        why = "is not active" if account.status != "ACTIVE" else "is not an account for sales"
        return Problem(
            "account_unusable",
            f"deal {deal.id}",
            f"The Xero account {code} ({account.name}) {why}.",
            "Choose a sales account in invoice.account or invoice.accounts, then type: zoho-xero-sync sync",
            "invoice.account",
        )
    return account


def _tax_rate(
    deal: Deal, row: SourceLine, account: XeroAccount, rules: InvoiceRules, books: Books
) -> XeroTaxRate | Problem:
    tax_type: str | None = rules.tax_default or account.tax_type
    if row.taxes:
        key = tax_key(row.taxes)
        tax_type = rules.tax.get(key)
        if tax_type is None:
            return Problem(
                "tax_unmapped",
                f"deal {deal.id}",
                f"The Zoho tax {key!r} on {row.product_name or 'a row'} has no entry in invoice.tax.",
                f"Add it to the configuration, such as  tax: {{{key}: OUTPUT}}  , then type: zoho-xero-sync sync",
                "invoice.tax",
            )
    rate = books.tax_rates.get(tax_type or "")
    if rate is None or rate.status != "ACTIVE" or not rate.for_revenue:
        why = "does not exist" if rate is None else "is not an active tax rate for sales"
        return Problem(
            "tax_unknown",
            f"deal {deal.id}",
            f"The tax type {tax_type or '(none)'} {why} in Xero ({books.organisation}).",
            "Correct invoice.tax or invoice.tax_default in the configuration, then type: zoho-xero-sync sync",
            "invoice.tax",
        )
    return rate


def _item_code(deal: Deal, row: SourceLine, rules: InvoiceRules) -> str | Problem | None:
    if rules.items == "ignore" or not row.product_code:
        return None
    if len(row.product_code) <= _ITEM_CODE_MAX:
        return row.product_code
    return Problem(
        "item_unsupported",
        f"deal {deal.id}",
        f"The product code {row.product_code} has {len(row.product_code)} characters; "
        f"Xero item codes have at most {_ITEM_CODE_MAX}.",
        f"Shorten the code in Zoho, or set invoice.items: ignore; then type: zoho-xero-sync resolve {deal.id} --retry",
        "Product_Code",
    )


def _description(row: SourceLine, note: str) -> str:
    # A description is required on every line that names no item, so a row without any text still says something.
    name, text = row.product_name.strip(), row.description.strip()
    words = "\n".join(part for part in (name, text if text != name else "") if part)
    if not note:
        return (words or "Item")[:_DESCRIPTION_MAX]
    room = _DESCRIPTION_MAX - len(note) - 1
    return f"{words[:room]}\n{note}" if words else note


def _tracking(deal: Deal, rules: InvoiceRules) -> tuple[TrackingOption, ...]:
    options = ((rule.category, rule.option.render(deal.fields).strip()) for rule in rules.tracking)
    return tuple(TrackingOption(category, option) for category, option in options if option)
