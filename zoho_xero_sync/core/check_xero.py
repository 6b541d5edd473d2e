"""Judges what the configuration names in Xero, against what Zoho has: accounts, taxes, money, tracking, dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain, combinations

from zoho_xero_sync.core.check_facts import Finding, Unread, XeroFacts, ZohoFacts
from zoho_xero_sync.core.check_zoho import green_unless, listed, near, unread
from zoho_xero_sync.core.model import Tax, XeroAccount, XeroTaxRate
from zoho_xero_sync.core.money import plain_text
from zoho_xero_sync.core.rules import InvoiceRules, Rules
from zoho_xero_sync.core.taxes import charged_percent, tax_percent

# Documents of Zoho that carry their own total with tax; a deal's Amount has none to differ from.
_WITH_TOTAL = ("quote", "sales_order", "zoho_invoice")


def judge_books(rules: Rules, zoho: ZohoFacts, xero: XeroFacts) -> Iterator[Finding]:
    """The findings on the Xero organisation, in the order a person meets the keys in the file."""
    yield from _accounts(rules.invoice, xero)
    yield from _rounding(rules.invoice, xero)
    yield from _zoho_taxes(rules.invoice, zoho)
    yield from _tax_types(rules.invoice, xero)
    yield from _tax_rates(rules.invoice, zoho, xero)
    yield from _tax_default(rules, xero)
    yield from _currencies(zoho, xero)


# ---- accounts ----


def _used_accounts(invoice: InvoiceRules) -> Mapping[str, str]:
    """Account code to the key of the configuration that names it first."""
    by_product = {code: f"invoice.accounts ({name})" for name, code in invoice.accounts.items()}
    return {**by_product, invoice.account: "invoice.account"}


def _accounts(invoice: InvoiceRules, xero: XeroFacts) -> Iterator[Finding]:
    code, subject = "accounts", "Sales accounts"
    if isinstance(xero.accounts, Unread):
        yield unread(code, subject, xero.accounts)
        return
    used = _used_accounts(invoice)
    fine = f"active, for sales: {listed(used)}"
    troubles = (*_bad_accounts(used, xero.accounts), *_bad_own_accounts(invoice, xero.accounts))
    yield from green_unless(troubles, code, subject, fine)


def _bad_accounts(used: Mapping[str, str], chart: Mapping[str, XeroAccount]) -> Iterator[Finding]:
    sales = [account.code for account in chart.values() if for_sales(account)]
    hint = f"Choose a sales account: {listed(sales)}."
    for code, key in used.items():
        account = chart.get(code)
        if account is None:
            message = f"Xero has no account {code}, which {key} names."
            yield Finding("accounts", "problem", code, message, hint, "config")
        elif account.status != "ACTIVE":
            message = f"The Xero account {code} ({account.name}) is not active ({key})."
            yield Finding("accounts", "problem", code, message, f"Restore it in Xero, or: {hint}", "deals")
        elif not for_sales(account):
            message = f"The Xero account {code} ({account.name}) is of type {account.type}, not one for sales ({key})."
            yield Finding("accounts", "problem", code, message, hint, "deals")


def _bad_own_accounts(invoice: InvoiceRules, chart: Mapping[str, XeroAccount]) -> Iterator[Finding]:
    """The accounts of a document's own discount and adjustment need not be for sales."""
    named = {
        "invoice.header_discount_account": invoice.header_discount_account,
        "invoice.adjustment_account": invoice.adjustment_account,
    }
    for key, wanted in named.items():
        account = chart.get(wanted or "")
        if wanted is not None and account is None:
            message, hint = f"Xero has no account {wanted}, which {key} names.", "Name one of the chart's, or null."
            yield Finding("accounts", "problem", wanted, message, hint, "config")
        elif account is not None and (account.status != "ACTIVE" or account.system or account.type == "BANK"):
            message = f"The Xero account {account.code} ({account.name}) cannot be on an invoice ({key})."
            hint = "Choose an active account that is neither a bank's nor Xero's own."
            yield Finding("accounts", "problem", account.code, message, hint, "deals")


def for_sales(account: XeroAccount) -> bool:
    """Whether lines of sales invoices may go to the account."""
    return account.status == "ACTIVE" and account.account_class == "REVENUE" and not account.system


def _rounding(invoice: InvoiceRules, xero: XeroFacts) -> Iterator[Finding]:
    code, subject, wanted = "rounding_account", "Rounding account", invoice.rounding.account
    if wanted is None:
        yield Finding(code, "ok", subject, "none: a deal whose total differs by a cent is held")
        return
    if isinstance(xero.accounts, Unread):
        yield unread(code, subject, xero.accounts)
        return
    account = xero.accounts.get(wanted)
    if account is None:
        message = f"Xero has no account {wanted}, which invoice.rounding.account names."
        yield Finding(code, "problem", wanted, message, "Name one of the chart's, or set it to null.", "config")
    elif account.status != "ACTIVE" or account.type == "BANK":
        message = f"The Xero account {wanted} ({account.name}) cannot take a line of an invoice."
        hint = "Choose an active account that is no bank account."
        yield Finding(code, "problem", wanted, message, hint, "deals")
    else:
        most = plain_text(invoice.rounding.limit)
        yield Finding(code, "ok", subject, f"{wanted} ({account.name}) takes up to {most}")


# ---- taxes ----


def _zoho_taxes(invoice: InvoiceRules, zoho: ZohoFacts) -> Iterator[Finding]:
    code, subject = "zoho_taxes", "Taxes of Zoho"
    if isinstance(zoho.taxes, Unread):
        yield unread(code, subject, zoho.taxes)
        return
    names = [tax.name for tax in zoho.taxes]
    mapped = {part for key in invoice.tax for part in key.split(" + ")}
    troubles = [_unmapped(name) for name in names if name not in mapped]
    troubles += [_no_such_tax(name, names) for name in sorted(mapped - set(names))]
    fine = f"all mapped in invoice.tax: {listed(names)}" if names else "Zoho has none"
    yield from green_unless(troubles, code, subject, fine)


def _unmapped(name: str) -> Finding:
    message = f"The Zoho tax '{name}' has no entry in invoice.tax, so a deal with it would be held."
    hint = f"Add it to the configuration, such as  tax: {{{name}: OUTPUT}}"
    return Finding("zoho_taxes", "problem", name, message, hint, "deals")


def _no_such_tax(name: str, names: list[str]) -> Finding:
    message = f"Zoho has no tax '{name}', which invoice.tax maps."
    return Finding("zoho_taxes", "problem", name, message, f"Correct invoice.tax. {near(name, names)}", "config")


def _tax_types(invoice: InvoiceRules, xero: XeroFacts) -> Iterator[Finding]:
    code, subject = "tax_types", "Tax types of Xero"
    if isinstance(xero.tax_rates, Unread):
        yield unread(code, subject, xero.tax_rates)
        return
    used = dict.fromkeys(invoice.tax.values())
    fine = f"active, for sales: {listed(used)}" if used else "none mapped in invoice.tax"
    rates = xero.tax_rates
    troubles = (_bad_tax_type(code, tax_type, "invoice.tax", rates) for tax_type in used)
    yield from green_unless((trouble for trouble in troubles if trouble), code, subject, fine)


def usable_on_sales(rate: XeroTaxRate) -> bool:
    """Whether lines on sales accounts may carry the tax rate: active, CanApplyToRevenue (Xero API: Tax Rates)."""
    return rate.status == "ACTIVE" and rate.for_revenue


def _bad_tax_type(code: str, tax_type: str, key: str, rates: Mapping[str, XeroTaxRate]) -> Finding | None:
    """Whether lines on a sales account may carry it: Xero's CanApplyToRevenue (API: Tax Rates)."""
    rate = rates.get(tax_type)
    usable = [each.tax_type for each in rates.values() if usable_on_sales(each)]
    hint = f"Correct {key}. Tax types for sales: {listed(usable)}."
    if rate is None:
        message = f"Xero has no tax type {tax_type}, which {key} names."
        return Finding(code, "problem", tax_type, message, hint, "config")
    if rate.status != "ACTIVE":
        message = f"The Xero tax type {tax_type} ({rate.name}) is not active ({key})."
        return Finding(code, "problem", tax_type, message, hint, "deals")
    if not rate.for_revenue:
        message = f"The Xero tax type {tax_type} ({rate.name}) is not allowed on sales accounts ({key})."
        return Finding(code, "problem", tax_type, message, hint, "deals")
    return None


def _tax_rates(invoice: InvoiceRules, zoho: ZohoFacts, xero: XeroFacts) -> Iterator[Finding]:
    code, subject = "tax_rates", "Tax rates"
    if invoice.amounts == "no_tax":
        yield Finding(code, "ok", subject, "not used: invoice.amounts is no_tax")
        return
    if isinstance(zoho.taxes, Unread) or isinstance(xero.tax_rates, Unread):
        yield Finding(code, "unchecked", subject, "the taxes of both services are needed for it.")
        return
    percents = {tax.name: tax for tax in zoho.taxes}
    troubles = _different_rates(invoice, percents, xero.tax_rates)
    yield from green_unless(troubles, code, subject, "the same in both services")


def _different_rates(
    invoice: InvoiceRules, taxes: Mapping[str, Tax], rates: Mapping[str, XeroTaxRate]
) -> Iterator[Finding]:
    for key, tax_type in invoice.tax.items():
        parts = [taxes.get(name) for name in key.split(" + ")]
        rate = rates.get(tax_type)
        if rate is None or None in parts:
            continue
        known = [part for part in parts if part]
        percent = tax_percent(known)
        if rate.rate not in _possible_percents(known):
            message = (
                f"'{key}' is {plain_text(percent)} % in Zoho and {tax_type} is {plain_text(rate.rate)} % in Xero, "
                "so the totals would differ and each deal be held."
            )
            hint = "Map it in invoice.tax to the tax type of the same rate, or correct the rate in one of the services."
            yield Finding("tax_rates", "problem", key, message, hint, "deals")


def _possible_percents(taxes: Sequence[Tax]) -> set[Decimal]:
    """What the taxes can come to: all on a row, or some of them the document's own, charged on the others too."""
    splits = chain.from_iterable(combinations(taxes, size) for size in range(len(taxes) + 1))
    return {charged_percent(row, [tax for tax in taxes if tax not in row]) for row in splits}


def _tax_default(rules: Rules, xero: XeroFacts) -> Iterator[Finding]:
    code, subject, invoice = "tax_default", "Lines without a tax", rules.invoice
    rates = xero.tax_rates
    if isinstance(rates, Unread):
        yield unread(code, subject, rates)
        return
    used = {invoice.tax_default: "invoice.tax_default"} if invoice.tax_default else _own_tax_types(invoice, xero)
    if isinstance(used, Unread):
        yield unread(code, subject, used)
        return
    found = [_bad_tax_type(code, tax_type, key, rates) for tax_type, key in used.items()]
    troubles = [trouble for trouble in found if trouble]
    if invoice.amounts != "no_tax" and any(source in _WITH_TOTAL for source in rules.lines.sources):
        troubles += [_taxed(rates[name], key) for name, key in used.items() if name in rates and rates[name].rate]
    yield from green_unless(troubles, code, subject, f"get {listed(used)}")


def _own_tax_types(invoice: InvoiceRules, xero: XeroFacts) -> Mapping[str, str] | Unread:
    """The tax types of the accounts themselves, which a line gets when there is no invoice.tax_default."""
    if isinstance(xero.accounts, Unread):
        return Unread("the accounts could not be read.")
    accounts = [xero.accounts[code] for code in _used_accounts(invoice) if code in xero.accounts]
    return {account.tax_type or "(none)": f"account {account.code}; invoice.tax_default" for account in accounts}


def _taxed(rate: XeroTaxRate, key: str) -> Finding:
    message = (
        f"A row without a tax in Zoho would get {rate.tax_type} ({plain_text(rate.rate)} %) in Xero ({key}); "
        "its total would differ and the deal be held."
    )
    hint = "Set invoice.tax_default to a tax type of 0 % when there are such rows."
    return Finding("tax_default", "note", rate.tax_type, message, hint)


# ---- currencies ----


def _currencies(zoho: ZohoFacts, xero: XeroFacts) -> Iterator[Finding]:
    code, subject = "currencies", "Currencies"
    if isinstance(zoho.organisation, Unread) or isinstance(xero.organisation, Unread):
        yield Finding(code, "unchecked", subject, "both organisations are needed for it.")
        return
    if isinstance(zoho.currencies, Unread):
        yield unread(code, subject, zoho.currencies)
        return
    base = xero.organisation.base_currency
    wanted = zoho.currencies or (zoho.organisation.currency,)
    if set(wanted) <= {base}:
        yield Finding(code, "ok", subject, f"{base} in both")
        return
    if xero.currencies is None or isinstance(xero.currencies, Unread):
        yield unread(code, subject, xero.currencies or Unread("Xero was not asked for its currencies."))
        return
    enabled = {base, *xero.currencies}
    troubles = (_disabled(currency) for currency in wanted if currency not in enabled)
    yield from green_unless(troubles, code, subject, f"enabled in Xero: {listed(wanted)}")


def _disabled(currency: str) -> Finding:
    message = f"{currency} is active in Zoho and not enabled in Xero, so a deal in {currency} would be held."
    hint = f"Add {currency} in Xero (Settings, Currencies), or make it inactive in Zoho."
    return Finding("currencies", "problem", currency, message, hint, "deals")
