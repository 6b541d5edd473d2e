"""What documents of some time name (taxes, currencies, products, accounts), and which of it no rule covers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from zoho_xero_sync.core.header_lines import mapped_rate, usable_rate
from zoho_xero_sync.core.model import Books, Deal, Problem, SourceDocument, SourceLine, Tax, XeroTaxRate
from zoho_xero_sync.core.money import plain_text, rounded
from zoho_xero_sync.core.rules import InvoiceRules
from zoho_xero_sync.core.taxes import charged_percent, tax_key

# In the order in which they are told.
KINDS = ("tax", "currency", "account", "product")
_NO_TAX = "(no tax)"
_ITEM_CODE_MAX = 30
_RATE_PLACES = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that documents name. `trouble` says why no rule covers it; `holds` that deals are held for it."""

    kind: str
    name: str
    documents: int
    deal_id: str
    trouble: str | None = None
    holds: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class CoverageView:
    """What `check --coverage` found. `unread` are the deals whose document was not or could not be read."""

    since: datetime
    deals: int
    documents: int
    unread: int
    seen: tuple[Seen, ...]
    calls: Mapping[str, int]

    @property
    def gaps(self) -> tuple[Seen, ...]:
        """What no rule covers."""
        return tuple(seen for seen in self.seen if seen.trouble)

    @property
    def exit_code(self) -> int:
        """3 when deals would be held for what no rule covers, else 0."""
        return 3 if any(gap.holds for gap in self.gaps) else 0


@dataclass(frozen=True, slots=True)
class _Verdict:
    trouble: str | None = None
    holds: bool = False
    hint: str = ""


_COVERED = _Verdict()


def coverage(
    documents: Iterable[tuple[Deal, SourceDocument]], rules: InvoiceRules, books: Books, home: str
) -> tuple[Seen, ...]:
    """Everything the documents name, each thing once, what is seen most often first within its kind."""
    found: dict[tuple[str, str, _Verdict], list[str]] = {}
    for deal, document in documents:
        named = {(kind, name, verdict) for kind, name, verdict in _named(deal, document, rules, books, home)}
        for key in named:
            found.setdefault(key, []).append(deal.id)
    seen = (
        Seen(kind, name, len(deals), deals[0], verdict.trouble, verdict.holds, verdict.hint)
        for (kind, name, verdict), deals in found.items()
    )
    return tuple(sorted(seen, key=lambda item: (KINDS.index(item.kind), -item.documents, item.name)))


def _named(
    deal: Deal, document: SourceDocument, rules: InvoiceRules, books: Books, home: str
) -> Iterator[tuple[str, str, _Verdict]]:
    currency = (document.currency or deal.currency or home).upper()
    if currency:
        yield "currency", currency, _currency(currency, books)
    for row in document.lines:
        code = _account_code(row, rules)
        yield "account", code, _account(code, books)
        taxes = (*(row.taxes or ()), *document.taxes)
        yield "tax", _tax_name(taxes), _tax(deal, row, document, code, rules, books)
        if row.product_code or row.product_name:
            yield "product", row.product_code or row.product_name, _product(row, rules, books)


def _currency(code: str, books: Books) -> _Verdict:
    if code in {books.base_currency} | (books.currencies or frozenset()):
        return _COVERED
    return _Verdict("is not enabled in Xero", True, f"Add {code} in Xero (Settings, Currencies).")


def _account_code(row: SourceLine, rules: InvoiceRules) -> str:
    keys = (row.product_code, row.account_key, row.category)
    return next((rules.accounts[key] for key in keys if rules.accounts.get(key)), rules.account)


def _account(code: str, books: Books) -> _Verdict:
    account = books.accounts.get(code)
    hint = "Correct it in invoice.account or invoice.accounts."
    if account is None:
        return _Verdict("does not exist in Xero", True, hint)
    if account.status != "ACTIVE" or account.account_class != "REVENUE" or account.system:
        return _Verdict("is not an active account for sales", True, hint)
    return _COVERED


def _tax_name(taxes: tuple[Tax, ...]) -> str:
    return tax_key(taxes) if taxes else _NO_TAX


def _tax(
    deal: Deal, row: SourceLine, document: SourceDocument, code: str, rules: InvoiceRules, books: Books
) -> _Verdict:
    taxes = (*(row.taxes or ()), *document.taxes)
    if not taxes:
        account = books.accounts.get(code)
        rate = usable_rate(deal, rules.tax_default or (account.tax_type if account else ""), books)
        return _untaxed(rate, rules)
    rate = mapped_rate(deal, taxes, "a row", rules, books)
    if isinstance(rate, Problem):
        missing = rate.code == "tax_unmapped"
        hint = f"Add it to invoice.tax, such as {tax_key(taxes)}: OUTPUT." if missing else "Correct it in invoice.tax."
        return _Verdict("has no entry in invoice.tax" if missing else rate.message.rstrip("."), True, hint)
    charged = rounded(charged_percent(row.taxes or (), document.taxes), _RATE_PLACES)
    if rules.amounts == "no_tax" or charged == rounded(rate.rate, _RATE_PLACES):
        return _COVERED
    differs = f"is {plain_text(charged)} % in Zoho, and {rate.tax_type} is {plain_text(rate.rate)} % in Xero"
    return _Verdict(differs, True, "Map it to a tax type of the same rate.")


def _untaxed(rate: XeroTaxRate | Problem, rules: InvoiceRules) -> _Verdict:
    if isinstance(rate, Problem):
        return _Verdict(rate.message.rstrip("."), True, "Set invoice.tax_default to a tax type of 0 %.")
    if rules.amounts == "no_tax" or rate.rate == Decimal(0):
        return _COVERED
    said = f"would bear {plain_text(rate.rate)} % ({rate.tax_type})"
    return _Verdict(said, True, "Set invoice.tax_default to a tax type of 0 %.")


def _product(row: SourceLine, rules: InvoiceRules, books: Books) -> _Verdict:
    if rules.items != "ignore" and row.product_code:
        if len(row.product_code) > _ITEM_CODE_MAX:
            return _Verdict(f"is longer than a Xero item code ({_ITEM_CODE_MAX})", True, "Shorten it in Zoho.")
        if rules.items == "match" and row.product_code not in (books.items or frozenset()):
            return _Verdict("is no item in Xero", True, "Add it in Xero (Products and services).")
    keys = (row.product_code, row.account_key, row.category)
    if rules.accounts and not any(rules.accounts.get(key) for key in keys):
        where = f"has no account of its own, and goes to {rules.account}"
        return _Verdict(where, False, "Name it in invoice.accounts if it should have one.")
    return _COVERED
