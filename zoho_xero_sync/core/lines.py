"""The rows of a document as Xero invoice lines: account, tax, item, description and exact figures."""

from __future__ import annotations

from dataclasses import dataclass

from zoho_xero_sync.core.header_lines import header_lines, mapped_rate, usable_rate
from zoho_xero_sync.core.items import CODE_MAX, NAME_MAX
from zoho_xero_sync.core.model import (
    Books,
    Deal,
    InvoiceLine,
    ItemDraft,
    Problem,
    SourceDocument,
    SourceLine,
    TrackingOption,
    XeroAccount,
    XeroTaxRate,
)
from zoho_xero_sync.core.money import plain_text, rounded
from zoho_xero_sync.core.pricing import (
    LARGEST_LINE,
    Target,
    encode,
    line_targets,
    xero_line_amount,
    xero_line_tax,
)
from zoho_xero_sync.core.rules import InvoiceRules
from zoho_xero_sync.core.taxes import charged_percent, is_tax_of, tax_key, tax_percent

# developer.xero.com/documentation/api/accounting/invoices: Description 4000 characters.
_DESCRIPTION_MAX = 4000
# developer.xero.com/documentation/api/accounting/taxrates: rates have at most four decimals.
_RATE_PLACES = 4


@dataclass(frozen=True, slots=True)
class _Mapping:
    """Where a row goes in Xero."""

    account: XeroAccount
    tax: XeroTaxRate
    item_code: str | None


def draft_lines(
    deal: Deal, document: SourceDocument, rules: InvoiceRules, books: Books
) -> tuple[InvoiceLine, ...] | Problem:
    """One Xero line per row, in the rows' order, then those of the document's own figures; or the first problem."""
    mappings: list[_Mapping] = []
    for row in document.lines:
        mapping = _mapping(deal, row, document, rules, books)
        if isinstance(mapping, Problem):
            return mapping
        mappings.append(mapping)
    if not mappings:
        return Problem(
            "no_lines",
            f"deal {deal.id}",
            f"The deal's {document.source} has no rows to invoice.",
            f"Add rows to it in Zoho (or an Amount to the deal); then type: zoho-xero-sync resolve {deal.id} --retry",
        )
    header_rate = tax_percent(document.taxes)
    targets = line_targets(document, [mapping.tax.rate for mapping in mappings], rules, header_rate)
    tracking = _tracking(deal, rules)
    lines: list[InvoiceLine] = []
    for row, mapping, target in zip(document.lines, mappings, targets, strict=True):
        line = _draft_line(deal, row, document, rules, books, mapping, target, tracking)
        if isinstance(line, Problem):
            return line
        lines.append(line)
    own = header_lines(deal, document, rules, books)
    return own if isinstance(own, Problem) else (*lines, *own)


def _mapping(
    deal: Deal, row: SourceLine, document: SourceDocument, rules: InvoiceRules, books: Books
) -> _Mapping | Problem:
    account = _account(deal, row, rules, books)
    if isinstance(account, Problem):
        return account
    tax = _tax_rate(deal, row, document, account, rules, books)
    if isinstance(tax, Problem):
        return tax
    item_code = _item_code(deal, row, rules, books)
    return item_code if isinstance(item_code, Problem) else _Mapping(account, tax, item_code)


def _draft_line(
    deal: Deal,
    row: SourceLine,
    document: SourceDocument,
    rules: InvoiceRules,
    books: Books,
    mapping: _Mapping,
    target: Target,
    tracking: tuple[TrackingOption, ...],
) -> InvoiceLine | Problem:
    encoding = encode(row, rules.amounts, target)
    if encoding is None:
        return Problem(
            "amount_inexact",
            f"deal {deal.id}",
            f"A row of the {document.source} totals {plain_text(target.amount)}, "
            f"and Xero keeps two decimals of at most {LARGEST_LINE:,}.",
            f"Correct the row in Zoho, then type: zoho-xero-sync resolve {deal.id} --retry",
            "Total_After_Discount",
        )
    amount = xero_line_amount(encoding.quantity, encoding.unit_amount, encoding.discount)
    return InvoiceLine(
        description=_description(row, encoding.note),
        quantity=encoding.quantity,
        unit_amount=encoding.unit_amount,
        account_code=mapping.account.code,
        tax_type=mapping.tax.tax_type,
        line_amount=amount,
        tax_amount=xero_line_tax(amount, mapping.tax.rate, rules.amounts),
        discount=encoding.discount,
        item_code=mapping.item_code,
        tracking=tracking,
        share=target.share,
        new_item=_new_item(row, mapping, books),
    )


def _account(deal: Deal, row: SourceLine, rules: InvoiceRules, books: Books) -> XeroAccount | Problem:
    keys = (row.product_code, row.account_key, row.category)
    code = next((rules.accounts[key] for key in keys if rules.accounts.get(key)), rules.account)
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
    deal: Deal,
    row: SourceLine,
    document: SourceDocument,
    account: XeroAccount,
    rules: InvoiceRules,
    books: Books,
) -> XeroTaxRate | Problem:
    taxes = (*(row.taxes or ()), *document.taxes)
    if not taxes:
        return usable_rate(deal, rules.tax_default or account.tax_type, books)
    rate = mapped_rate(deal, taxes, row.product_name or "a row", rules, books)
    if isinstance(rate, Problem) or rules.amounts == "no_tax":
        return rate
    differs = _rate_difference(row, document, rate, rules)
    if not differs:
        return rate
    return Problem(
        "tax_rate_differs",
        f"deal {deal.id}",
        differs,
        "Map the tax in invoice.tax to a tax type of the same rate, or correct it in Zoho; "
        f"then type: zoho-xero-sync resolve {deal.id} --retry",
        "invoice.tax",
    )


def _rate_difference(row: SourceLine, document: SourceDocument, rate: XeroTaxRate, rules: InvoiceRules) -> str | None:
    name = row.product_name or "A row"
    charged = charged_percent(row.taxes or (), document.taxes)
    if rounded(charged, _RATE_PLACES) != rounded(rate.rate, _RATE_PLACES):
        return (
            f"{name} is taxed at {plain_text(rounded(charged, _RATE_PLACES))} % in Zoho, "
            f"and {rate.tax_type} is {plain_text(rate.rate)} % in Xero."
        )
    # With exclusive amounts the proof of the total finds it; inclusive ones total the same whatever the tax is.
    if rules.amounts == "inclusive" and not is_tax_of(row, document.currency):
        return (
            f"{name} carries {plain_text(row.tax)} of tax in Zoho, which is not what "
            f"{tax_key(row.taxes or ()) or 'no tax'} on {plain_text(row.net)} gives."
        )
    return None


def _item_code(deal: Deal, row: SourceLine, rules: InvoiceRules, books: Books) -> str | Problem | None:
    if rules.items == "ignore" or not row.product_code:
        return None
    if len(row.product_code) <= CODE_MAX and (books.items is None or row.product_code in books.items):
        return row.product_code
    if len(row.product_code) <= CODE_MAX and rules.items == "create":
        return row.product_code
    if len(row.product_code) <= CODE_MAX:
        return Problem(
            "item_unknown",
            f"deal {deal.id}",
            f"Xero ({books.organisation}) has no item with the product code {row.product_code}.",
            "Add the item in Xero (Business, Products and services), or set invoice.items: ignore; "
            f"then type: zoho-xero-sync resolve {deal.id} --retry",
            "Product_Code",
        )
    return Problem(
        "item_unsupported",
        f"deal {deal.id}",
        f"The product code {row.product_code} has {len(row.product_code)} characters; "
        f"Xero item codes have at most {CODE_MAX}.",
        f"Shorten the code in Zoho, or set invoice.items: ignore; then type: zoho-xero-sync resolve {deal.id} --retry",
        "Product_Code",
    )


def _new_item(row: SourceLine, mapping: _Mapping, books: Books) -> ItemDraft | None:
    """The item that is to be made because Xero has none of the row's code."""
    code = mapping.item_code
    if code is None or books.items is None or code in books.items:
        return None
    name = " ".join((row.product_name or code).split())[:NAME_MAX]
    return ItemDraft(code, name, mapping.account.code, mapping.tax.tax_type)


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
