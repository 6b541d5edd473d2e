"""Deals ready to be planned, and what is asked of a plan that holds one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core_samples import (
    DEAL,
    a_contact_draft,
    a_customer_link,
    a_deal,
    a_link,
    a_record,
    a_xero_invoice,
    an_invoice_draft,
    an_invoice_line,
    some_rules,
)

from zoho_xero_sync.core.describe import as_sent, contact_fields, invoice_fields
from zoho_xero_sync.core.model import (
    Action,
    InvoiceLink,
    Problem,
    XeroInvoice,
)
from zoho_xero_sync.core.plan import (
    Drafted,
    Triage,
)
from zoho_xero_sync.core.rules import StageRule, WhenRules

D = Decimal
RULES = some_rules()
UPDATES = some_rules(when=WhenRules(changed_after_approval="update"))
VOIDS = some_rules(when=WhenRules(leaves_stages="void"))
KEEPS = some_rules(when=WhenRules(leaves_stages="keep"))
CONTACT_ONLY = StageRule(("Prospect",), "none")

DRAFT = an_invoice_draft()
DEARER = an_invoice_draft(lines=(an_invoice_line("120.00", "12.00"),))
SENT = as_sent(invoice_fields(DRAFT))
CONTACT = a_contact_draft()
CONTACT_SENT = as_sent(contact_fields(CONTACT))
KNOWN = a_customer_link(sent=CONTACT_SENT)
LINK = a_link(sent=SENT, status="AUTHORISED")
DRAFT_LINK = a_link(sent=SENT, status="DRAFT")
PAID = {"amount_paid": D("10.00")}
CREDITED = {"amount_credited": D("10.00")}
CURRENT = a_xero_invoice()
PROBLEM = Problem("customer_missing", f"deal {DEAL}", "Nobody.", "Fill it in.")


def item(kind: Triage = Triage.BILL, **changes: Any) -> Drafted:
    values: dict[str, Any] = {"deal": a_deal(), "record": a_record(), "triage": kind, "rule": RULES.stages[1]}
    if kind is Triage.BILL:
        values |= {"contact": CONTACT, "invoice": DRAFT, "customer_link": KNOWN}
    return Drafted(**(values | changes))


def linked(link: InvoiceLink = LINK, current: XeroInvoice | None = CURRENT, **changes: Any) -> Drafted:
    return item(link=link, current=current, **changes)


def held(action: Action, code: str) -> Problem:
    assert action.action == "hold" and action.problem is not None, action
    assert action.problem.code == code, action.problem
    assert action.problem.subject == f"deal {DEAL}"
    assert action.reason == action.problem.message and action.problem.hint
    assert action.contact is None and action.invoice is None
    return action.problem
