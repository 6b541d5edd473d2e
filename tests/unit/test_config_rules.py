"""The rules as one value: their fingerprint, and the deal fields they need."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from zoho_xero_sync.core.rules import (
    CustomerRules,
    DueDays,
    DueEndOfNextMonth,
    DueField,
    InvoiceRules,
    LimitRules,
    LineRules,
    RoundingRules,
    Rules,
    StageRule,
    SubformRules,
    TrackingRule,
    WhenRules,
)
from zoho_xero_sync.core.templates import Template

T = Template.parse
RULES = Rules(stages=(StageRule(("Won",), "draft"),))
INVOICE = RULES.invoice


def invoice(changed: InvoiceRules) -> Rules:
    return replace(RULES, invoice=changed)


VARIANTS = [
    RULES,
    Rules(stages=()),
    Rules(stages=(StageRule(("Won", "Done"), "draft"),)),
    Rules(stages=(StageRule(("Won",), "draft"), StageRule(("Done",), "draft"))),
    Rules(stages=(StageRule(("Won",), "authorised"),)),
    Rules(stages=(StageRule(("Won",), "authorised", email=True),)),
    Rules(stages=(StageRule(("Won",), "draft", "Standard"),)),
    replace(RULES, when=WhenRules(leaves_stages="void")),
    replace(RULES, when=WhenRules(deal_deleted="void")),
    replace(RULES, when=WhenRules(changed_after_approval="update")),
    replace(RULES, lines=LineRules(sources=("amount", "quote"))),
    replace(RULES, lines=LineRules(quote_stages=("Won",))),
    replace(RULES, lines=LineRules(several="hold")),
    replace(RULES, lines=LineRules(subform=SubformRules(module="Items"))),
    replace(RULES, lines=LineRules(subform=SubformRules(price="Rate"))),
    replace(RULES, lines=LineRules(amount_description=T("x"))),
    replace(RULES, customer=CustomerRules(sources=("contact",))),
    replace(RULES, customer=CustomerRules(match=("name",))),
    replace(RULES, customer=CustomerRules(number=T("C{id}"))),
    replace(RULES, customer=CustomerRules(update=False)),
    invoice(replace(INVOICE, number=T("ZC-{id}"))),
    invoice(replace(INVOICE, reference=T("{id}"))),
    invoice(replace(INVOICE, date="closing_date")),
    invoice(replace(INVOICE, due=DueDays(7))),
    invoice(replace(INVOICE, due=DueEndOfNextMonth())),
    invoice(replace(INVOICE, due=DueField("Due"))),
    invoice(replace(INVOICE, amounts="inclusive")),
    invoice(replace(INVOICE, account="201")),
    invoice(replace(INVOICE, accounts={"A": "1"})),
    invoice(replace(INVOICE, accounts={"A": "2"})),
    invoice(replace(INVOICE, items="match")),
    invoice(replace(INVOICE, tax={"GST": "OUTPUT"})),
    invoice(replace(INVOICE, tax_default="NONE")),
    invoice(replace(INVOICE, branding_theme="Events")),
    invoice(replace(INVOICE, tracking=(TrackingRule("Region", T("{Territory}")),))),
    invoice(replace(INVOICE, rounding=RoundingRules("860"))),
    invoice(replace(INVOICE, account_field="Revenue_Kind")),
    invoice(replace(INVOICE, header_discount="line")),
    invoice(replace(INVOICE, header_discount_account="260")),
    invoice(replace(INVOICE, adjustment_account="260")),
    invoice(replace(INVOICE, exchange_rate="document")),
    invoice(replace(INVOICE, locked_date="first_open_day")),
    invoice(replace(INVOICE, rounding=RoundingRules(None, Decimal("0.02")))),
    replace(RULES, limits=LimitRules(invoices_per_run=1)),
    replace(RULES, limits=LimitRules(invoice_total=Decimal(200))),
    replace(RULES, limits=LimitRules(xero_calls_kept=1)),
]


def test_every_change_of_a_rule_changes_the_fingerprint() -> None:
    prints = [rules.fingerprint() for rules in VARIANTS]
    assert len(set(prints)) == len(VARIANTS)
    assert all(len(text) == 64 and int(text, 16) for text in prints)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (RULES, Rules(stages=(StageRule(("Won",), "draft"),))),
        (
            invoice(replace(INVOICE, accounts={"A": "1", "B": "2"})),
            invoice(replace(INVOICE, accounts={"B": "2", "A": "1"})),
        ),
        (
            invoice(replace(INVOICE, rounding=RoundingRules(None, Decimal("0.5")))),
            invoice(replace(INVOICE, rounding=RoundingRules(None, Decimal("0.50")))),
        ),
        (
            replace(RULES, limits=LimitRules(invoice_total=Decimal("1E+2"))),
            replace(RULES, limits=LimitRules(invoice_total=Decimal("100.00"))),
        ),
    ],
)
def test_the_same_rules_have_the_same_fingerprint(one: Rules, same: Rules) -> None:
    assert one.fingerprint() == same.fingerprint()


@pytest.mark.parametrize(
    ("rules", "fields"),
    [
        (RULES, {"Deal_Name"}),
        (invoice(replace(INVOICE, number=T("{id}-{Code}"))), {"Deal_Name", "id", "Code"}),
        (invoice(replace(INVOICE, date="closing_date")), {"Deal_Name", "Closing_Date"}),
        (invoice(replace(INVOICE, date="Event_Date", due=DueField("Pay_By"))), {"Deal_Name", "Event_Date", "Pay_By"}),
        (invoice(replace(INVOICE, tracking=(TrackingRule("R", T("{Territory}")),))), {"Deal_Name", "Territory"}),
        (replace(RULES, lines=LineRules(amount_description=T("{Note}"))), {"Deal_Name", "Note"}),
        (replace(RULES, customer=CustomerRules(number=T("C{id}"))), {"Deal_Name"}),
    ],
)
def test_deal_fields_are_what_the_rules_mention(rules: Rules, fields: set[str]) -> None:
    assert rules.deal_fields() == fields
