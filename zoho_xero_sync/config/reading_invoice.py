"""The section `invoice`: how an invoice is written."""

from __future__ import annotations

from typing import get_args

from yaml import Node

from zoho_xero_sync.config.section import Section
from zoho_xero_sync.config.values import (
    WrongValueError,
    account_code,
    api_name,
    boolean,
    choice,
    is_null,
    kind,
    money,
    optional,
    tax_type,
    template,
    template_or_blank,
    text,
    whole,
)
from zoho_xero_sync.core.rules import (
    Amounts,
    Due,
    DueDays,
    DueEndOfNextMonth,
    DueField,
    HeaderDiscount,
    InvoiceRules,
    ItemPolicy,
    LockedDate,
    RateSource,
    RoundingRules,
    TrackingRule,
)
from zoho_xero_sync.core.templates import Template

_AMOUNTS: tuple[Amounts, ...] = get_args(Amounts)
_ITEMS: tuple[ItemPolicy, ...] = get_args(ItemPolicy)
_HEADER_DISCOUNTS: tuple[HeaderDiscount, ...] = get_args(HeaderDiscount)
_RATE_SOURCES: tuple[RateSource, ...] = get_args(RateSource)
_LOCKED_DATES: tuple[LockedDate, ...] = get_args(LockedDate)
_DATE_WORDS = ("today", "closing_date")
# Xero API: Invoices, LineItems: "up to 2" tracking categories.
_MOST_TRACKING = 2
_LONGEST_DUE = 3650


def read_invoice(section: Section) -> InvoiceRules:
    """The section's rules; whatever is wrong is reported and replaced by its default."""
    default = InvoiceRules()
    rules = InvoiceRules(
        number=section.read("number", _invoice_number, default.number),
        reference=section.read("reference", template_or_blank, default.reference),
        date=section.read("date", _date, default.date),
        due=_due(section, default.due),
        amounts=section.read("amounts", choice(_AMOUNTS), default.amounts),
        account=section.read("account", account_code, default.account),
        accounts=section.pairs("accounts", account_code),
        items=section.read("items", choice(_ITEMS), default.items),
        tax=section.pairs("tax", tax_type),
        tax_default=section.read("tax_default", optional(tax_type), default.tax_default),
        branding_theme=section.read("branding_theme", optional(text), default.branding_theme),
        tracking=_tracking(section),
        rounding=_rounding(section.section("rounding")),
        account_field=section.read("account_field", optional(api_name), default.account_field),
        header_discount=section.read("header_discount", choice(_HEADER_DISCOUNTS), default.header_discount),
        header_discount_account=section.read(
            "header_discount_account", optional(account_code), default.header_discount_account
        ),
        adjustment_account=section.read("adjustment_account", optional(account_code), default.adjustment_account),
        exchange_rate=section.read("exchange_rate", choice(_RATE_SOURCES), default.exchange_rate),
        locked_date=section.read("locked_date", choice(_LOCKED_DATES), default.locked_date),
    )
    return _without_contradictions(section, rules)


def _without_contradictions(section: Section, rules: InvoiceRules) -> InvoiceRules:
    if rules.account_field is not None and not rules.accounts:
        section.report(
            "account_field", "is set, but invoice.accounts is empty.", "Name an account for its values there."
        )
    if rules.header_discount_account is not None and rules.header_discount != "line":
        section.report("header_discount_account", "is set, but no line is made of it.", "Set header_discount: line.")
    return rules


def _invoice_number(node: Node) -> Template | None:
    if not is_null(node) and text(node) == "xero":
        return None
    number = template(node)
    if not number.fields:
        raise WrongValueError("is the same for every deal.", 'Write xero, or a template such as "ZC-{id}".')
    return number


def _date(node: Node) -> str:
    word = text(node)
    if word in _DATE_WORDS:
        return word
    if word.lower() == "today":
        raise WrongValueError(f"'{word}' is not a field.", "Write today in small letters.")
    return api_name(node)


def _due(section: Section, default: Due) -> Due:
    node = section.find("due")
    if node is None:
        return default
    forms = "{days: 14}, {end_of_next_month: true} or {field: Api_Name}"
    if is_null(node) or kind(node) != "a mapping":
        section.report("due", f"is {kind(node)}, not one of its three forms.", f"Write {forms}.")
        return default
    due = section.section("due")
    given = [name for name in ("days", "end_of_next_month", "field") if due.has(name)]
    if not given and node.value:
        return default  # what is written instead is reported as an unknown key
    if len(given) != 1:
        section.report("due", f"has {len(given)} of its three forms, not one.", f"Write {forms}.")
        return default
    if given == ["field"]:
        return DueField(due.read("field", api_name, "Closing_Date"))
    if given == ["days"]:
        return DueDays(due.read("days", whole(0, _LONGEST_DUE), 14))
    if not due.read("end_of_next_month", boolean, True):
        due.report("end_of_next_month", "is false, which says nothing about the due date.", f"Write {forms}.")
    return DueEndOfNextMonth()


def _tracking(section: Section) -> tuple[TrackingRule, ...]:
    node = section.find("tracking")
    if node is None or is_null(node):
        return ()
    items = section.items("tracking", '[{category: Region, option: "{Territory}"}]') or ()
    rules = tuple(_tracking_rule(Section(section.problems, node, key, "invoice.tracking[]")) for key, node in items)
    if len(rules) > _MOST_TRACKING:
        section.report("tracking", f"has {len(rules)} categories; Xero allows two on a line.", "Keep two of them.")
    if len({rule.category for rule in rules if rule.category}) < sum(1 for rule in rules if rule.category):
        section.report("tracking", "names one category twice.", "Remove one.")
    return rules


def _tracking_rule(section: Section) -> TrackingRule:
    category = section.require("category", text, "", "Name the tracking category as in Xero.")
    option = section.require("option", template, Template.parse(""), 'Give the option, such as "{Territory}".')
    return TrackingRule(category, option)


def _rounding(section: Section) -> RoundingRules:
    default = RoundingRules()
    account = section.read("account", optional(account_code), default.account)
    limit = section.read("limit", money, default.limit)
    if account is not None and limit == 0:
        section.report("limit", "is 0, so the rounding account would never be used.", "Raise it, or set account: null.")
    return RoundingRules(account, limit)
