"""Where an invoice stands, what happened to its deal, and what several things at once come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from core_samples import LATER, NOON, a_deal, a_document, a_link, a_row, a_setting, a_xero_invoice
from plan_samples import DEARER, DRAFT, DRAFT_LINK, LINK, RULES, UPDATES, D, held, item, linked

from zoho_xero_sync.core.describe import invoice_fields, sent_invoice
from zoho_xero_sync.core.holding import rival_of
from zoho_xero_sync.core.invoices import draft_invoice
from zoho_xero_sync.core.life import OVER, RETREATS, TABLE, Do, Event, State
from zoho_xero_sync.core.model import CustomerKey, InvoiceDraft, InvoiceStatus, XeroLine
from zoho_xero_sync.core.plan import Triage, plan_deal
from zoho_xero_sync.core.rules import WhenRules
from zoho_xero_sync.core.standing import events_of, state_of
from zoho_xero_sync.core.templates import Template

DAY = date(2026, 11, 20)
LINES = tuple(
    XeroLine("a", line.description, line.quantity, line.unit_amount, D(100), D(10), line.account_code, line.tax_type)
    for line in DRAFT.lines
)

STATES: list[tuple[State, dict[str, Any]]] = [
    (State.DRAFT, {"status": "DRAFT"}),
    (State.SUBMITTED, {"status": "SUBMITTED"}),
    (State.AUTHORISED, {"status": "AUTHORISED"}),
    (State.SENT, {"status": "AUTHORISED", "sent_to_contact": True}),
    (State.PART_PAID, {"status": "AUTHORISED", "amount_paid": D(1), "sent_to_contact": True}),
    (State.PAID, {"status": "PAID", "amount_paid": D(110)}),
    (State.CREDITED, {"status": "AUTHORISED", "amount_credited": D(1), "amount_paid": D(1)}),
    (State.CREDITED, {"status": "PAID", "amount_credited": D(110)}),
    (State.VOIDED, {"status": "VOIDED", "date": date(2026, 1, 1)}),
    (State.DELETED, {"status": "DELETED"}),
    (State.LOCKED_DRAFT, {"status": "SUBMITTED", "date": date(2026, 6, 30), "total": D(1)}),
    (State.LOCKED, {"status": "PAID", "date": date(2026, 6, 30), "amount_paid": D(110)}),
    (State.DRAFT, {"status": "DRAFT", "date": date(2026, 7, 1)}),
    (State.REWORDED, {"status": "DRAFT", "reference": "By hand", "updated_at": LATER}),
    (State.RECOUNTED, {"status": "SUBMITTED", "total": D(99), "updated_at": LATER}),
    (State.EDITED, {"status": "AUTHORISED", "reference": "By hand", "updated_at": LATER, "sent_to_contact": True}),
]


@pytest.mark.parametrize(("state", "now"), STATES)
def test_where_an_invoice_stands(state: State, now: dict[str, Any]) -> None:
    current = a_xero_invoice(**({"date": DAY, "lines": LINES, "updated_at": NOON} | now))
    assert state_of(LINK, current, date(2026, 6, 30)) is state


def test_the_ledger_alone_says_where_an_invoice_stands() -> None:
    found = [state_of(a_link(status=status.value), None, None) for status in InvoiceStatus]
    plain = [State.DRAFT, State.SUBMITTED, State.AUTHORISED, State.PAID, State.VOIDED, State.DELETED]
    assert found == plain


OTHER = CustomerKey("Accounts", "572500000000200009")
QUOTED = replace(DRAFT, document="quote 1")

EVENTS = [
    ((Event.REENTERED,), DRAFT, "AUTHORISED"),
    ((Event.MOVED_ON,), DRAFT, "DRAFT"),
    ((Event.LINES,), DEARER, "AUTHORISED"),
    ((Event.LINES, Event.MOVED_ON), DEARER, "DRAFT"),
    ((Event.HEADER,), replace(DRAFT, reference="Another"), "AUTHORISED"),
    ((Event.HEADER,), replace(DRAFT, reference="Another", branding_theme="x"), "AUTHORISED"),
    ((Event.LINES,), replace(DEARER, reference="Another"), "AUTHORISED"),
    ((Event.CUSTOMER,), replace(DRAFT, customer=OTHER), "AUTHORISED"),
    ((Event.CURRENCY, Event.CUSTOMER), replace(DRAFT, currency="NZD", customer=OTHER), "AUTHORISED"),
    ((Event.DOCUMENT, Event.LINES), replace(DEARER, document="quote 2"), "AUTHORISED"),
]


@pytest.mark.parametrize(("events", "draft", "status"), EVENTS)
def test_what_happened_to_a_deal(events: tuple[Event, ...], draft: InvoiceDraft, status: str) -> None:
    link = a_link(sent=sent_invoice(QUOTED), status=status)
    changed = draft is not DRAFT
    assert events_of(link, status, draft, content=changed) == events


def test_one_thing_to_hold_holds_the_rest_back() -> None:
    """The draft would move on, and a person recounted it."""
    recounted = a_xero_invoice(status="DRAFT", total=D(99), updated_at=LATER, date=DAY, lines=LINES)
    assert "99.00" in held(plan_deal(linked(DRAFT_LINK, recounted), RULES), "changed_in_xero").message


def test_the_currency_of_an_approved_invoice_is_a_person_s_matter() -> None:
    foreign = replace(DRAFT, currency="NZD")
    problem = held(plan_deal(linked(invoice=foreign), UPDATES), "changed_after_approval")
    assert "CurrencyCode AUD → NZD" in problem.message
    draft = replace(foreign, status=InvoiceStatus.DRAFT)
    action = plan_deal(linked(DRAFT_LINK, a_xero_invoice(status="DRAFT"), invoice=draft), RULES)
    assert action.action == "update" and action.invoice is not None and action.invoice.content


@pytest.mark.parametrize("status", ["DRAFT", "AUTHORISED"])
def test_a_locked_period_holds_and_says_what_to_do(status: str) -> None:
    locked = a_xero_invoice(status=status, date=date(2026, 6, 15))
    draft = replace(DEARER, status=InvoiceStatus(status))
    found = linked(a_link(sent=LINK.sent, status=status), locked, invoice=draft, locked_until=date(2026, 6, 30))
    problem = held(plan_deal(found, UPDATES), "date_locked")
    assert "2026-06-15" in problem.message and "Total 110.00 → 132.00" in problem.message
    assert "Move the lock date" in problem.hint and "--skip" in problem.hint


# ---- coming back ----


def test_what_the_program_ended_is_made_again_and_what_a_person_ended_is_not() -> None:
    before = replace(LINK, live=False, status="VOIDED")
    voided = a_xero_invoice(status="VOIDED")
    back = item(link=before, ended=(before,), found=(voided,))
    action = plan_deal(back, RULES)
    assert (action.action, action.reason) == (
        "create",
        f"is back in Closed Won; invoice {before.number} was VOIDED when it left",
    )
    another = replace(voided, id="99999999-0000-0000-0000-000000000000", number="INV-9")
    assert "INV-9" in held(plan_deal(replace(back, found=(voided, another)), RULES), "invoice_gone").message
    assert before.number in held(plan_deal(replace(back, ended=()), RULES), "invoice_gone").message


def test_a_document_is_invoiced_once() -> None:
    rival = replace(LINK, deal_id="572500000000999999", number="INV-77")
    problem = held(plan_deal(item(invoice=QUOTED, rival=rival), RULES), "document_invoiced")
    assert "quote 1" in problem.message and "INV-77" in problem.message and rival.deal_id in problem.message
    assert rival_of(problem) == rival.invoice_id


@pytest.mark.parametrize(
    ("burned", "number"),
    [
        ((), "ZC-1"),
        (("INV-0001",), "ZC-1"),
        (("ZC-1",), "ZC-1-2"),
        (("zc-1", "ZC-1-2"), "ZC-1-3"),
        (("ZC-1", "ZC-1-3"), "ZC-1-2"),
        (("ZC-1-2",), "ZC-1"),
    ],
)
def test_a_burned_number_gets_a_revision(burned: tuple[str, ...], number: str) -> None:
    assert _numbered("ZC-1", frozenset(burned)) == number


def test_a_revision_stays_within_what_xero_takes() -> None:
    longest = "Z" * 255
    assert _numbered(longest, frozenset({longest})) == f"{'Z' * 253}-2"


def _numbered(template: str, burned: frozenset[str]) -> str | None:
    setting = a_setting(burned=burned)
    rules = replace(setting.rules, invoice=replace(setting.rules.invoice, number=Template.parse(template)))
    document = a_document(a_row(), grand_total=None)
    made = draft_invoice(a_deal(), DRAFT.customer, document, InvoiceStatus.DRAFT, replace(setting, rules=rules))
    assert isinstance(made, InvoiceDraft), made
    return made.number


# ---- the table itself ----


def test_a_retreat_never_touches_what_has_payments_or_a_person_s_work() -> None:
    ends = {state for (event, state), cell in TABLE.items() for deed in cell.deeds.values() if deed.do is Do.END}
    assert ends == {State.DRAFT, State.SUBMITTED, State.AUTHORISED, State.SENT}
    where = {event for (event, _), cell in TABLE.items() for deed in cell.deeds.values() if deed.do is Do.END}
    assert where == set(RETREATS)


def test_what_is_made_was_not_there_or_was_ended_by_us() -> None:
    made = {state for (_, state), cell in TABLE.items() for deed in cell.deeds.values() if deed.do is Do.CREATE}
    assert made == {State.NONE, State.ENDED}


def test_what_is_over_is_never_changed() -> None:
    deeds = {deed.do for (_, state), cell in TABLE.items() if state in OVER for deed in cell.deeds.values()}
    assert deeds == {Do.NOTHING, Do.HOLD, Do.CREATE}


def test_a_merged_deal_is_a_deleted_one() -> None:
    assert all(TABLE[Event.MERGED, state] == TABLE[Event.DELETED, state] for state in State)


@pytest.mark.parametrize("policy", ["hold", "void", "keep"])
def test_a_deleted_deal_without_an_invoice_is_closed(policy: Any) -> None:
    rules = replace(RULES, when=WhenRules(deal_deleted=policy))
    action = plan_deal(item(Triage.DELETED, rule=None), rules)
    assert (action.action, action.reason) == ("skip", "was deleted in Zoho; it has no invoice")


def test_the_document_is_remembered_and_no_change_by_itself() -> None:
    link = a_link(sent=sent_invoice(QUOTED), status="AUTHORISED")
    again = replace(DRAFT, document="quote 2")
    assert "Document" not in invoice_fields(again)
    assert plan_deal(linked(link, None, invoice=again), RULES).action == "unchanged"
