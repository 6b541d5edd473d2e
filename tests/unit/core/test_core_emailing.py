"""When an invoice is to leave by e-mail, and what each answer of Xero means for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from zoho_xero_sync.core.emailing import doubt, email_answer, email_operation, ended, says_limit, with_delivery
from zoho_xero_sync.core.model import (
    DealState,
    EmailNote,
    EmailState,
    InvoiceStatus,
    InvoiceStep,
    Operation,
    OperationKind,
    OperationState,
    XeroInvoice,
)
from zoho_xero_sync.core.outcome import AnyOutcome, Applied, Emailed, NotSent, Rejected, Unknown
from zoho_xero_sync.core.recording import Moment, invoice_operation
from zoho_xero_sync.core.rules import Emailing, StageRule

MOMENT = Moment("r1", "rules", datetime(2026, 11, 20, tzinfo=UTC))
NOTE = EmailNote("i1", "d1", EmailState.WANTED)
OPERATION = Operation(7, 1, 0, OperationKind.EMAIL_INVOICE, "d1", "i1", {"number": "INV-1"}, OperationState.IN_FLIGHT)
NOTHING = Decimal(0)
CURRENT = XeroInvoice(
    "i1", "INV-1", "DRAFT", "c", "", "", "AUD", None, None, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, None
)
CREATE = InvoiceStep("create", None, InvoiceStatus.AUTHORISED, NOTHING, "AUD")
APPROVE = replace(CREATE, action="update", current=CURRENT, advance=True)


@pytest.mark.parametrize(
    ("step", "email", "delivery"),
    [
        (CREATE, True, "email"),
        (CREATE, "sent", "sent"),
        (CREATE, False, None),
        (APPROVE, True, "email"),
        (APPROVE, "sent", "sent"),
        (replace(APPROVE, content=True), True, "email"),
        (replace(APPROVE, adopting=True), True, "email"),
        (replace(APPROVE, advance=False, content=True), True, None),
        (replace(APPROVE, current=replace(CURRENT, sent_to_contact=True)), True, None),
        (replace(CREATE, status=InvoiceStatus.DRAFT), True, None),
        (replace(CREATE, status=InvoiceStatus.SUBMITTED), True, None),
        (replace(CREATE, action="adopt"), True, None),
        (replace(CREATE, action="unchanged"), True, None),
        (replace(CREATE, action="void", status=InvoiceStatus.VOIDED), True, None),
    ],
)
def test_only_the_step_that_approves_delivers(step: InvoiceStep, email: Emailing, delivery: str | None) -> None:
    planned = with_delivery(step, StageRule(("Won",), "authorised", email=email))
    assert planned.delivery == delivery
    assert [change.field for change in planned.changes] == (["SentToContact"] if delivery == "sent" else [])
    if planned.action in ("create", "update"):
        assert ("email" in invoice_operation("d1", planned, "c").effect) is (delivery == "email")


def test_a_deal_without_a_rule_delivers_nothing() -> None:
    assert with_delivery(CREATE, None).delivery is None


def test_the_journal_names_deal_invoice_and_number() -> None:
    line = email_operation(NOTE, "INV-1")
    assert (line.kind, line.subject, line.identity, line.effect) == (
        OperationKind.EMAIL_INVOICE,
        "d1",
        "i1",
        {"number": "INV-1"},
    )


REFUSED = Rejected("Invoices for contacts with no email address assigned cannot be emailed")
LIMIT = Rejected("The daily limit of emails for this organisation has been reached.")


@pytest.mark.parametrize(
    ("outcome", "state", "email", "code"),
    [
        (Applied(Emailed("i1")), OperationState.APPLIED, EmailState.SENT, None),
        (REFUSED, OperationState.REJECTED, None, "email_refused"),
        (LIMIT, OperationState.NOT_SENT, None, None),
        (NotSent("no connection"), OperationState.NOT_SENT, None, None),
    ],
)
def test_what_an_answer_means(
    outcome: AnyOutcome, state: OperationState, email: EmailState | None, code: str | None
) -> None:
    answer = email_answer(OPERATION, outcome, MOMENT)
    assert answer is not None
    settled = answer.settlement
    assert (answer.state, answer.email.state if answer.email else None) == (state, email)
    assert (settled.problem.code if settled and settled.problem else None) == code
    assert (settled is None) or settled.state is DealState.HELD
    assert (answer.event is not None) == (state is OperationState.APPLIED)


def test_an_unknown_outcome_stays_in_flight() -> None:
    assert email_answer(OPERATION, Unknown("cut"), MOMENT) is None


@pytest.mark.parametrize("hold", [True, False])
def test_a_doubt_waits_for_a_person(hold: bool) -> None:
    answer = doubt(OPERATION, MOMENT, hold=hold)
    assert (answer.state, answer.email) == (OperationState.REVIEW, replace(NOTE, state=EmailState.DOUBTFUL))
    told = answer.settlement.problem if answer.settlement else None
    assert (told.code if told else None) == ("email_unknown" if hold else None)
    assert told is None or "resolve d1 --retry" in told.hint


def test_an_invoice_that_ended_leaves_nothing_to_send() -> None:
    answer = ended(OPERATION)
    assert (answer.state, answer.email) == (OperationState.NOT_SENT, replace(NOTE, state=EmailState.DROPPED))


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        (LIMIT.message, True),
        ("Daily Email Rate Limit Exceeded", True),
        (REFUSED.message, False),
        ("Draft, voided or deleted invoices cannot be emailed", False),
        ("status 404", False),
    ],
)
def test_a_limit_is_recognised_by_its_words(message: str, limit: bool) -> None:
    assert says_limit(message) is limit
