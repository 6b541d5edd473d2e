"""The plan: every branch of what a run does about a deal, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from core_samples import (
    ACCOUNT,
    DEAL,
    LATER,
    NOON,
    a_contact_draft,
    a_customer_link,
    a_deal,
    a_record,
    a_xero_contact,
    a_xero_invoice,
    an_invoice_draft,
    some_rules,
)
from plan_samples import (
    CONTACT,
    CONTACT_ONLY,
    CREDITED,
    CURRENT,
    DEARER,
    DRAFT,
    DRAFT_LINK,
    KEEPS,
    KNOWN,
    LINK,
    PAID,
    PROBLEM,
    RULES,
    VOIDS,
    D,
    held,
    item,
    linked,
)

from zoho_xero_sync.core.describe import as_sent, contact_fields
from zoho_xero_sync.core.matching import Recognised
from zoho_xero_sync.core.model import (
    Change,
    CustomerKey,
    InvoiceStatus,
    Problem,
    XeroInvoice,
)
from zoho_xero_sync.core.plan import (
    Drafted,
    Triage,
    count_new_invoices,
    needs_contact,
    needs_current,
    needs_search,
    plan_deal,
    triage,
)
from zoho_xero_sync.core.report import ACTIONS
from zoho_xero_sync.core.rules import CustomerRules, Rules

# ---- triage ----


@pytest.mark.parametrize(
    ("stage", "record", "link", "expected"),
    [
        ("Closed Won", a_record(), None, Triage.BILL),
        ("Closed Won", a_record(), LINK, Triage.BILL),
        ("Closed Won", a_record(baseline=True), None, Triage.HISTORY),
        ("Closed Won", a_record(baseline=True, requested=True), None, Triage.BILL),
        ("Prospect", a_record(), None, Triage.CONTACT),
        ("Prospect", a_record(), LINK, Triage.CONTACT),
        ("Proposal", a_record(), None, Triage.IGNORE),
        ("Proposal", a_record(baseline=True), None, Triage.IGNORE),
        ("Proposal", a_record(), LINK, Triage.RETREAT),
        ("Proposal", a_record(), replace(LINK, live=False), Triage.IGNORE),
    ],
)
def test_what_a_stage_asks_for(stage: str, record: Any, link: Any, expected: Triage) -> None:
    rules = some_rules(stages=(*RULES.stages, CONTACT_ONLY))
    kind, rule = triage(a_deal(stage=stage), record, link, rules)
    assert kind is expected
    assert (rule is None) is (expected in (Triage.IGNORE, Triage.RETREAT))


def test_what_is_not_invoiced_is_left_alone() -> None:
    action = plan_deal(item(Triage.IGNORE, deal=a_deal(stage="Proposal")), RULES)
    assert (action.action, action.reason) == ("skip", "stage Proposal is not one that is invoiced")
    action = plan_deal(item(Triage.HISTORY, record=a_record(baseline=True)), RULES)
    assert (action.action, action.reason) == ("unchanged", "was already in its stage when the baseline was recorded")


# ---- what is asked of Xero ----


@pytest.mark.parametrize(
    ("found", "rules", "current", "search", "contact"),
    [
        (item(), RULES, False, True, False),
        (item(customer_link=None), RULES, False, True, True),
        (item(link=LINK), RULES, False, False, False),
        (item(link=DRAFT_LINK), RULES, True, False, False),
        (item(link=LINK, invoice=DEARER), RULES, True, False, False),
        (item(link=replace(LINK, sent=None), invoice=DEARER), RULES, True, False, False),
        (item(link=replace(LINK, sent=None)), RULES, False, False, False),
        (item(link=replace(LINK, live=False), invoice=DEARER), RULES, False, True, False),
        (item(link=DRAFT_LINK, current=replace(CURRENT, status="VOIDED")), RULES, True, True, False),
        (item(link=LINK, invoice=PROBLEM), RULES, False, False, False),
        (item(invoice=PROBLEM, customer_link=None), RULES, False, False, False),
        (item(contact=PROBLEM, customer_link=None, invoice=None), RULES, False, False, False),
        (item(Triage.CONTACT, contact=CONTACT), RULES, False, False, True),
        (item(Triage.RETREAT, link=LINK), RULES, False, False, False),
        (item(Triage.RETREAT, link=LINK), KEEPS, False, False, False),
        (item(Triage.RETREAT, link=LINK), VOIDS, True, False, False),
        (item(Triage.RETREAT, link=LINK, current=CURRENT), VOIDS, True, True, False),
        (item(Triage.HISTORY), RULES, False, False, False),
    ],
)
def test_xero_is_asked_only_what_the_plan_needs(
    found: Drafted, rules: Rules, current: bool, search: bool, contact: bool
) -> None:
    assert needs_current(found, rules) is current
    assert needs_search(found) is search
    assert needs_contact(found) is contact


# ---- a new invoice ----


def test_a_new_deal_makes_an_invoice() -> None:
    action = plan_deal(item(), RULES)
    assert (action.action, action.reason) == ("create", "entered Closed Won")
    step = action.invoice
    assert step is not None and step.invoice_id is None and step.current is None
    assert (step.status, step.total, step.currency, step.number) == ("AUTHORISED", D("110.00"), "AUD", None)
    changes = {change.field: change.after for change in step.changes}
    assert changes["Status"] == "AUTHORISED" and changes["Total"] == "110.00"
    assert all(change.before is None for change in step.changes)
    assert action.contact is not None and action.contact.action == "unchanged"
    assert count_new_invoices([action, action]) == 2


def test_an_invoice_that_was_asked_for_says_so() -> None:
    action = plan_deal(item(record=a_record(requested=True, baseline=True)), RULES)
    assert (action.action, action.reason) == ("create", "is in Closed Won, asked for")


def test_a_template_number_is_part_of_the_step() -> None:
    action = plan_deal(item(invoice=an_invoice_draft(number="ZC-1")), RULES)
    assert action.invoice is not None and action.invoice.number == "ZC-1"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"contact": PROBLEM}, "customer_missing"),
        ({"contact": PROBLEM, "invoice": replace(PROBLEM, code="no_lines")}, "customer_missing"),
        ({"invoice": replace(PROBLEM, code="no_lines")}, "no_lines"),
        ({"invoice": replace(PROBLEM, code="total_mismatch"), "link": LINK}, "total_mismatch"),
    ],
)
def test_a_problem_of_a_draft_holds_the_deal(changes: Any, code: str) -> None:
    held(plan_deal(item(**changes), RULES), code)


# ---- invoices that Xero already holds for the deal ----

VOIDED, DELETED = a_xero_invoice(status="VOIDED", number="INV-7"), a_xero_invoice(status="DELETED", number="INV-8")


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED"])
def test_an_equal_invoice_behind_its_stage_is_adopted_and_moved_on(status: str) -> None:
    found = a_xero_invoice(status=status, number="INV-9", updated_at=LATER)
    action = plan_deal(item(found=(found,)), RULES)
    step = action.invoice
    assert action.action == "update" and step is not None and step.adopting
    assert (step.status, step.invoice_id, step.current) == ("AUTHORISED", found.id, found)
    assert step.advance and not step.content
    assert step.changes == (Change("Status", status, "AUTHORISED"),)
    assert count_new_invoices([action]) == 0


@pytest.mark.parametrize("status", ["AUTHORISED", "PAID"])
def test_an_equal_invoice_is_adopted_as_it_stands(status: str) -> None:
    found = a_xero_invoice(status=status, number="INV-9", updated_at=LATER)
    action = plan_deal(item(found=(found,)), RULES)
    assert (action.action, action.reason) == ("adopt", "Xero already has invoice INV-9 for this deal")
    step = action.invoice
    assert step is not None and (step.status, step.invoice_id, step.current) == (status, found.id, found)
    assert not step.content and not step.advance and not step.changes
    assert count_new_invoices([action]) == 0


def test_closed_invoices_beside_a_live_one_do_not_matter() -> None:
    action = plan_deal(item(found=(VOIDED, a_xero_invoice(number="INV-9"), DELETED)), RULES)
    assert action.action == "adopt" and action.invoice is not None and action.invoice.number == "INV-9"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (a_xero_invoice(total=D("109.99")), ("109.99 AUD", "110.00 AUD")),
        (a_xero_invoice(currency="NZD"), ("110.00 NZD", "110.00 AUD")),
    ],
)
def test_another_total_or_currency_is_a_person_s_decision(found: XeroInvoice, said: tuple[str, str]) -> None:
    problem = held(plan_deal(item(found=(found,)), RULES), "invoice_found_different")
    assert all(text in problem.message for text in said) and f"resolve {DEAL} --retry" in problem.hint


def test_several_live_invoices_are_a_person_s_decision() -> None:
    found = (a_xero_invoice(number="INV-1"), a_xero_invoice(number="INV-2", status="DRAFT"), VOIDED)
    problem = held(plan_deal(item(found=found), RULES), "several_invoices")
    assert "2 invoices for this deal: INV-1 (AUTHORISED), INV-2 (DRAFT)." in problem.message


@pytest.mark.parametrize(("found", "number"), [((VOIDED,), "INV-7"), ((DELETED, VOIDED), "INV-8")])
def test_an_invoice_that_a_person_ended_is_not_made_again(found: tuple[XeroInvoice, ...], number: str) -> None:
    problem = held(plan_deal(item(found=found), RULES), "invoice_gone")
    assert number in problem.message and f"resolve {DEAL} --skip" in problem.hint


@pytest.mark.parametrize("status", ["VOIDED", "DELETED"])
def test_a_link_that_ended_holds_the_deal(status: str) -> None:
    action = plan_deal(linked(replace(LINK, live=False, status=status), None), RULES)
    assert status in held(action, "invoice_gone").message


# ---- customers ----


def test_a_known_customer_that_is_the_same_is_left_alone() -> None:
    action = plan_deal(item(), RULES)
    assert action.contact is not None
    assert (action.contact.action, action.contact.contact_id) == ("unchanged", KNOWN.contact_id)


@pytest.mark.parametrize(
    ("link", "rules", "expected"),
    [
        (a_customer_link(sent=as_sent({"Name": "Old Name"})), RULES, "update"),
        (a_customer_link(sent=None), RULES, "unchanged"),
        (a_customer_link(sent=as_sent({"Name": "Old"})), some_rules(customer=CustomerRules(update=False)), "unchanged"),
    ],
)
def test_a_known_customer_that_changed_is_carried_over_where_the_rules_say_so(
    link: Any, rules: Rules, expected: str
) -> None:
    action = plan_deal(item(customer_link=link), rules)
    assert action.contact is not None and action.contact.action == expected
    assert bool(action.contact.changes) is (expected == "update")


def test_a_new_customer_is_made_with_every_field_shown() -> None:
    action = plan_deal(item(customer_link=None), RULES)
    step = action.contact
    assert step is not None and (step.action, step.contact_id) == ("create", None)
    assert {change.field for change in step.changes} == set(contact_fields(CONTACT))


@pytest.mark.parametrize(("number", "stamp"), [("", True), ("SHOP-77", False), (CONTACT.number, False)])
def test_a_recognised_customer_is_adopted_and_numbered_only_where_nobody_did(number: str, stamp: bool) -> None:
    found = a_xero_contact(number=number)
    action = plan_deal(item(customer_link=None, recognised=Recognised(found, "email")), RULES)
    step = action.contact
    assert step is not None and (step.action, step.contact_id) == ("adopt", found.id)
    assert (step.stamp, step.number) == (stamp, number)
    assert [change.field for change in step.changes] == (["ContactNumber"] if stamp else [])
    assert action.action == "create"


def test_a_customer_that_a_person_must_choose_holds_the_deal_and_names_it() -> None:
    choose = Problem(
        "contact_ambiguous", "customer Accounts:1", "Two contacts.", "Merge; zoho-xero-sync resolve DEAL --retry"
    )
    problem = held(plan_deal(item(customer_link=None, recognised=choose), RULES), "contact_ambiguous")
    assert problem.hint == f"Merge; zoho-xero-sync resolve {DEAL} --retry"


CONTACT_CASES = [
    ("new", None, None, "contact_only", "create"),
    ("changed", a_customer_link(sent=as_sent({"Name": "Old"})), None, "contact_only", "update"),
    ("adopted", None, Recognised(a_xero_contact(), "email"), "contact_only", "adopt"),
    ("the same", KNOWN, None, "unchanged", "unchanged"),
]


@pytest.mark.parametrize("case", CONTACT_CASES, ids=[case[0] for case in CONTACT_CASES])
def test_a_stage_for_the_customer_only(case: Any) -> None:
    _, link, recognised, action, contact = case
    found = item(Triage.CONTACT, contact=CONTACT, customer_link=link, recognised=recognised)
    planned = plan_deal(found, RULES)
    assert planned.action == action and planned.invoice is None
    assert planned.contact is not None and planned.contact.action == contact
    assert planned.reason == "stage Closed Won asks for the customer only"


def test_a_customer_that_changed_under_an_invoice_that_did_not() -> None:
    link = a_customer_link(sent=as_sent({"Name": "Old Name"}))
    action = plan_deal(linked(current=None, customer_link=link), RULES)
    assert (action.action, action.reason) == ("contact_only", "the customer changed")
    assert action.contact is not None and action.contact.action == "update"
    assert action.invoice is not None and action.invoice.action == "unchanged"


def test_a_deal_that_changes_hands_changes_the_invoice_s_contact() -> None:
    other = CustomerKey("Accounts", "572500000000200009")
    draft = replace(DRAFT, customer=other, status=InvoiceStatus.DRAFT)
    contact = a_contact_draft(customer=other)
    found = linked(DRAFT_LINK, a_xero_invoice(status="DRAFT"), invoice=draft, contact=contact, customer_link=None)
    action = plan_deal(found, RULES)
    assert action.action == "update" and action.invoice is not None
    assert [change.field for change in action.invoice.changes] == ["Contact"]
    assert f"Accounts:{ACCOUNT.id}" == action.invoice.changes[0].before


# ---- retreats ----

RETREATS = [
    ("hold", RULES, None, "left_stages", None),
    ("keep", KEEPS, None, None, "unchanged"),
    ("void a draft", VOIDS, {"status": "DRAFT"}, None, "DELETED"),
    ("void a submitted one", VOIDS, {"status": "SUBMITTED"}, None, "DELETED"),
    ("void an approved one", VOIDS, {"status": "AUTHORISED"}, None, "VOIDED"),
    ("void a part paid one", VOIDS, {"status": "AUTHORISED"} | PAID, "left_stages", None),
    ("void a credited one", VOIDS, {"status": "AUTHORISED"} | CREDITED, "left_stages", None),
    ("void a paid one", VOIDS, {"status": "PAID", "amount_paid": D("110.00")}, "left_stages", None),
    ("void what is voided", VOIDS, {"status": "VOIDED"}, None, "unchanged"),
    ("void what is deleted", VOIDS, {"status": "DELETED"}, None, "unchanged"),
    ("void what xero does not show", VOIDS, None, "left_stages", None),
]


@pytest.mark.parametrize("case", RETREATS, ids=[case[0] for case in RETREATS])
def test_a_deal_that_leaves_the_stages(case: Any) -> None:
    _, rules, now, code, outcome = case
    current = a_xero_invoice(**now) if now else None
    left = item(Triage.RETREAT, deal=a_deal(stage="Closed Lost"), rule=None, link=LINK, current=current)
    action = plan_deal(left, rules)
    if code:
        problem = held(action, code)
        assert "Closed Lost" in problem.message and f"resolve {DEAL} --skip" in problem.hint
        assert ("has payments" in problem.message) is bool(now)
    elif outcome == "unchanged":
        assert action.action == "unchanged" and action.invoice is None
    else:
        assert action.action == "void" and action.invoice is not None
        step = action.invoice
        assert (step.status, step.draft, step.advance, step.content) == (outcome, None, True, False)
        assert [(change.before, change.after) for change in step.changes] == [(now["status"], outcome)]
        assert step.invoice_id == CURRENT.id and step.total == D("110.00")


def test_every_action_of_the_plan_is_one_the_report_knows() -> None:
    kinds = {
        plan_deal(found, rules).action
        for found, rules in [
            (item(), RULES),
            (item(found=(a_xero_invoice(),)), RULES),
            (linked(current=None), RULES),
            (linked(DRAFT_LINK, a_xero_invoice(status="DRAFT")), RULES),
            (item(contact=PROBLEM), RULES),
            (item(Triage.IGNORE), RULES),
            (item(Triage.CONTACT, contact=CONTACT), RULES),
            (item(Triage.RETREAT, deal=a_deal(stage="Closed Lost"), link=LINK, current=CURRENT), VOIDS),
        ]
    }
    assert kinds == {"create", "adopt", "unchanged", "update", "hold", "skip", "contact_only", "void"}
    assert kinds <= set(ACTIONS)


def test_the_samples_are_of_one_moment() -> None:
    assert LINK.updated_at == CURRENT.updated_at == NOON and LINK.total == CURRENT.total == DRAFT.total
