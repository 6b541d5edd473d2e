"""The journal's lines: what is remembered before a write, and what its answer becomes, kind by kind."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from core_samples import (
    ACCOUNT,
    DEAL,
    LATER,
    LINK,
    NOON,
    a_contact_draft,
    a_link,
    a_xero_contact,
    a_xero_invoice,
    an_invoice_draft,
)

from zoho_xero_sync.core.describe import as_sent, contact_fields, invoice_fields
from zoho_xero_sync.core.model import (
    ContactStep,
    DealState,
    InvoiceStep,
    Operation,
    OperationKind,
    OperationState,
    XeroLine,
)
from zoho_xero_sync.core.outcome import Applied, NotSent, Rejected, Unknown
from zoho_xero_sync.core.recording import (
    Moment,
    answer_for,
    contact_operation,
    customer_subject,
    invoice_operation,
)

D = Decimal
MOMENT = Moment("run-1", "rules-1", LATER)
DRAFT = an_invoice_draft()
# The draft's lines as Xero gives them back, and what was sent before them: other words, in nothing that Xero shows.
LINES = tuple(
    XeroLine("", line.description, line.quantity, line.unit_amount, D(0), D(0), line.account_code, line.tax_type)
    for line in DRAFT.lines
)
BEFORE = as_sent(invoice_fields(DRAFT) | {"BrandingThemeID": "before"})
CURRENT = a_xero_invoice(status="DRAFT")
CONTACT_ID = a_xero_contact().id
INVOICES = (OperationKind.CREATE_INVOICE, OperationKind.UPDATE_INVOICE, OperationKind.VOID_INVOICE)
CONTACTS = (OperationKind.CREATE_CONTACT, OperationKind.UPDATE_CONTACT)

CREATE = InvoiceStep("create", DRAFT, "AUTHORISED", DRAFT.total, "AUD", number=None)
UPDATE = InvoiceStep(
    "update", DRAFT, "AUTHORISED", DRAFT.total, "AUD", CURRENT.id, "INV-0001", CURRENT, content=True, advance=True
)
ADVANCE = InvoiceStep(
    "update", DRAFT, "AUTHORISED", DRAFT.total, "AUD", CURRENT.id, "INV-0001", CURRENT, content=False, advance=True
)
VOID = InvoiceStep("void", None, "VOIDED", D("110.00"), "AUD", CURRENT.id, "INV-0001", CURRENT, advance=True)
STEPS = {OperationKind.CREATE_INVOICE: CREATE, OperationKind.UPDATE_INVOICE: UPDATE, OperationKind.VOID_INVOICE: VOID}


def operation(kind: OperationKind, step: InvoiceStep | None = None) -> Operation:
    if kind in CONTACTS:
        contact_id = None if kind is OperationKind.CREATE_CONTACT else CONTACT_ID
        new = contact_operation(ContactStep("create", a_contact_draft(), contact_id))
    else:
        new = invoice_operation(DEAL, step or STEPS[kind], CONTACT_ID)
    assert new.kind is kind
    return Operation(7, 1, 0, new.kind, new.subject, new.identity, new.effect, OperationState.IN_FLIGHT)


# ---- before a write ----


@pytest.mark.parametrize(
    ("kind", "identity"),
    [
        (OperationKind.CREATE_INVOICE, LINK + DEAL),
        (OperationKind.UPDATE_INVOICE, CURRENT.id),
        (OperationKind.VOID_INVOICE, CURRENT.id),
        (OperationKind.CREATE_CONTACT, ACCOUNT.id),
        (OperationKind.UPDATE_CONTACT, CONTACT_ID),
    ],
)
def test_an_operation_is_found_again_by_its_own_mark(kind: OperationKind, identity: str) -> None:
    line = operation(kind)
    assert line.identity == identity
    assert line.subject == (DEAL if kind in INVOICES else f"Accounts:{ACCOUNT.id}") != ""
    assert all(isinstance(value, str) for value in line.effect.values())
    assert json.loads(json.dumps(dict(line.effect))) == dict(line.effect)


def test_a_customer_is_named_by_module_and_id() -> None:
    assert customer_subject(ACCOUNT) == f"Accounts:{ACCOUNT.id}"


@pytest.mark.parametrize(
    ("step", "sent"),
    [(CREATE, True), (UPDATE, True), (ADVANCE, False), (VOID, False)],
    ids=["create", "update", "advance", "void"],
)
def test_what_was_carried_over_is_remembered_only_when_it_is_sent(step: InvoiceStep, sent: bool) -> None:
    effect = invoice_operation(DEAL, step, CONTACT_ID).effect
    assert effect.get("sent") == (as_sent(invoice_fields(DRAFT)) if sent else None)
    assert (effect["total"], effect["currency"], effect["status"]) == ("110.00", "AUD", step.status)


# ---- answers ----


@pytest.mark.parametrize("kind", [*INVOICES, *CONTACTS])
def test_an_unknown_outcome_records_nothing(kind: OperationKind) -> None:
    assert answer_for(operation(kind), Unknown("cut off"), None, MOMENT) is None


@pytest.mark.parametrize("kind", [*INVOICES, *CONTACTS])
def test_what_was_not_sent_settles_nothing(kind: OperationKind) -> None:
    answer = answer_for(operation(kind), NotSent("status 429"), a_link(), MOMENT)
    assert answer is not None
    assert (answer.operation_id, answer.state, answer.message) == (7, OperationState.NOT_SENT, "status 429")
    assert (answer.remote_id, answer.customer, answer.invoice, answer.settlement) == (None, None, None, None)


@pytest.mark.parametrize("kind", INVOICES)
def test_a_refused_invoice_rejects_its_deal_in_xero_s_words_and_keeps_no_echo(kind: OperationKind) -> None:
    words = "Account code '999' is not a valid code for this document."
    answer = answer_for(operation(kind), Rejected(words), a_link(), MOMENT)
    assert answer is not None and answer.state is OperationState.REJECTED
    assert (answer.remote_id, answer.invoice, answer.message) == (None, None, words)
    settled = answer.settlement
    assert settled is not None and settled.problem is not None and settled.event is not None
    assert (settled.deal_id, settled.state, settled.rules) == (DEAL, DealState.REJECTED, "rules-1")
    assert settled.problem.code == "xero_refused" and words in settled.problem.message
    assert f"resolve {DEAL} --retry" in settled.problem.hint
    assert (settled.event.kind, settled.event.at, settled.event.run_id) == ("invoice_refused", LATER, "run-1")


@pytest.mark.parametrize(
    ("words", "code", "state"),
    [
        ("Invoice # must be unique.", "number_taken", DealState.HELD),
        ("Invoice Number must be unique", "number_taken", DealState.HELD),
        ("The contact name must be unique across all active contacts.", "xero_refused", DealState.REJECTED),
        ("Invoice not of valid status for modification", "xero_refused", DealState.REJECTED),
    ],
)
def test_a_number_that_is_taken_is_told_from_other_refusals(words: str, code: str, state: DealState) -> None:
    answer = answer_for(operation(INVOICES[0]), Rejected(words), None, MOMENT)
    assert answer is not None and answer.settlement is not None and answer.settlement.problem is not None
    assert (answer.settlement.problem.code, answer.settlement.state) == (code, state)


@pytest.mark.parametrize("kind", CONTACTS)
def test_a_refused_contact_is_only_noted(kind: OperationKind) -> None:
    answer = answer_for(operation(kind), Rejected("no"), None, MOMENT)
    assert answer is not None and answer.state is OperationState.REJECTED
    assert (answer.customer, answer.settlement, answer.message) == (None, None, "no")


@pytest.mark.parametrize("kind", CONTACTS)
@pytest.mark.parametrize(("theirs", "number"), [("", ACCOUNT.id), ("SHOP-77", "SHOP-77"), (ACCOUNT.id, ACCOUNT.id)])
def test_an_applied_contact_becomes_a_link(kind: OperationKind, theirs: str, number: str) -> None:
    contact = a_xero_contact(number=theirs, name="Example Trading (Xero)")
    answer = answer_for(operation(kind), Applied(contact), None, MOMENT)
    assert answer is not None and answer.customer is not None
    assert (answer.state, answer.remote_id, answer.settlement) == (OperationState.APPLIED, contact.id, None)
    link = answer.customer
    assert (link.customer, link.contact_id, link.number, link.name) == (ACCOUNT, contact.id, number, contact.name)
    assert link.sent == as_sent(contact_fields(a_contact_draft()))


INVOICE_CASES = [
    # kind, step, what Xero returned -> status, live, event
    ("created", CREATE, {"status": "AUTHORISED"}, "AUTHORISED", True, "invoice_created"),
    ("created as a draft", CREATE, {"status": "DRAFT"}, "DRAFT", True, "invoice_created"),
    ("updated", UPDATE, {"status": "AUTHORISED"}, "AUTHORISED", True, "invoice_updated"),
    ("moved on", ADVANCE, {"status": "AUTHORISED"}, "AUTHORISED", True, "invoice_updated"),
    ("moved on and paid at once", ADVANCE, {"status": "PAID"}, "PAID", True, "invoice_updated"),
    ("voided", VOID, {"status": "VOIDED"}, "VOIDED", False, "invoice_voided"),
    ("deleted", VOID, {"status": "DELETED"}, "DELETED", False, "invoice_voided"),
    ("voided, total gone", VOID, {"status": "VOIDED", "total": D(0)}, "VOIDED", False, "invoice_voided"),
]


@pytest.mark.parametrize("case", INVOICE_CASES, ids=[case[0] for case in INVOICE_CASES])
def test_an_applied_invoice_becomes_a_link_and_settles_its_deal(case: Any) -> None:
    _, step, returned, status, live, event = case
    kind = OperationKind(f"{step.action}_invoice")
    invoice = a_xero_invoice(**({"updated_at": LATER, "lines": LINES} | returned))
    answer = answer_for(operation(kind, step), Applied(invoice), a_link(sent=BEFORE), MOMENT)
    assert answer is not None and answer.invoice is not None and answer.settlement is not None
    link, settled = answer.invoice, answer.settlement
    assert (answer.state, answer.remote_id) == (OperationState.APPLIED, invoice.id)
    assert (link.deal_id, link.invoice_id, link.number) == (DEAL, invoice.id, "INV-0001")
    assert (link.status, link.live, link.updated_at) == (status, live, LATER)
    assert (link.total, link.currency) == (D("110.00"), "AUD")
    carried = step in (CREATE, UPDATE)
    assert link.sent == (as_sent(invoice_fields(DRAFT)) if carried else BEFORE)
    assert (settled.state, settled.problem, settled.rules) == (DealState.SEEN, None, None)
    assert settled.event is not None and settled.event.kind == event
    assert settled.event.detail == {"number": "INV-0001", "status": status, "total": "110.00"}


@pytest.mark.parametrize(
    ("returned", "previous", "number", "currency"),
    [
        ({"number": "INV-0002"}, None, "INV-0002", "AUD"),
        ({"number": ""}, None, "ZC-1", "AUD"),
        ({"number": ""}, a_link(number="INV-0003"), "INV-0003", "AUD"),
        ({"currency": ""}, None, "INV-0001", "AUD"),
        ({"currency": "NZD"}, None, "INV-0001", "NZD"),
    ],
)
def test_what_xero_leaves_out_is_what_was_sent_or_known(
    returned: Any, previous: Any, number: str, currency: str
) -> None:
    step = InvoiceStep("create", an_invoice_draft(number="ZC-1"), "AUTHORISED", D("110.00"), "AUD", number="ZC-1")
    line = operation(OperationKind.CREATE_INVOICE, step)
    answer = answer_for(line, Applied(a_xero_invoice(**returned)), previous, MOMENT)
    assert answer is not None and answer.invoice is not None
    assert (answer.invoice.number, answer.invoice.currency) == (number, currency)


@pytest.mark.parametrize("step", [CREATE, UPDATE, ADVANCE], ids=["create", "update", "advance"])
@pytest.mark.parametrize("total", ["109.99", "110.01", "0", "-110.00"])
def test_another_total_in_xero_s_answer_holds_the_deal_and_keeps_the_link(step: InvoiceStep, total: str) -> None:
    invoice = a_xero_invoice(total=D(total))
    line = operation(OperationKind(f"{step.action}_invoice"), step)
    answer = answer_for(line, Applied(invoice), a_link(sent=BEFORE), MOMENT)
    assert answer is not None and answer.invoice is not None and answer.settlement is not None
    settled = answer.settlement
    assert (settled.state, settled.rules) == (DealState.HELD, "rules-1")
    assert settled.problem is not None and settled.problem.code == "xero_total_differs"
    assert "and 110.00 was expected" in settled.problem.message and f"{D(total):.2f} AUD" in settled.problem.message
    assert answer.invoice.total == D(total) and answer.invoice.live
    assert answer.state is OperationState.APPLIED


@pytest.mark.parametrize("step", [CREATE, UPDATE, ADVANCE, VOID], ids=["create", "update", "advance", "void"])
def test_no_time_is_noted_of_an_invoice_that_a_person_edited_too(step: InvoiceStep) -> None:
    """With the time noted, their version would count as what was sent, and be written over."""
    line = operation(OperationKind(f"{step.action}_invoice"), step)
    edited = a_xero_invoice(lines=LINES, reference="PO 4711", status=step.status)
    answer = answer_for(line, Applied(edited), a_link(sent=BEFORE), MOMENT)
    assert answer is not None and answer.invoice is not None
    assert answer.invoice.updated_at is None


@pytest.mark.parametrize("total", ["110", "110.0", "110.0000", "1.1E+2"])
def test_the_same_total_written_differently_is_the_same(total: str) -> None:
    line = operation(OperationKind.CREATE_INVOICE)
    answer = answer_for(line, Applied(a_xero_invoice(total=D(total))), None, MOMENT)
    assert answer is not None and answer.settlement is not None and answer.settlement.state is DealState.SEEN


def test_the_moment_is_the_run_s() -> None:
    assert MOMENT.at != NOON
