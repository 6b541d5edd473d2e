"""Where the e-mail of each invoice stands, written with the answer that asks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ledger_samples import NOON, a_deal, an_operation

from zoho_xero_sync.core.model import EmailNote, EmailState, Event, OperationState
from zoho_xero_sync.core.settlement import OperationAnswer
from zoho_xero_sync.errors import BugError
from zoho_xero_sync.ledger.store import Ledger

NOTE = EmailNote("invoice-1", "1", EmailState.WANTED)


def answered(ledger: Ledger, key: str, note: EmailNote) -> None:
    """An answer brings this note along."""
    write = ledger.begin_write(
        run_id="r", key=key, method="PUT", path="/Invoices", body=b"{}", operations=[an_operation("1")], at=NOON
    )
    answer = OperationAnswer(write.operations[0].id, OperationState.APPLIED, remote_id=note.invoice_id, email=note)
    ledger.record_answers(write.id, [answer], status=200, request_id=None, at=NOON)


@pytest.mark.parametrize("state", [EmailState.SENT, EmailState.DROPPED, EmailState.DOUBTFUL])
def test_what_was_settled_once_is_never_wanted_again_by_an_answer(ledger: Ledger, state: EmailState) -> None:
    answered(ledger, "k1", NOTE)
    assert ledger.open_emails() == [NOTE]
    answered(ledger, "k2", replace(NOTE, state=state))
    answered(ledger, "k3", NOTE)
    expected = [replace(NOTE, state=state)] if state is EmailState.DOUBTFUL else []
    assert ledger.open_emails() == expected


def test_only_what_is_open_is_listed_in_the_order_it_was_noted(ledger: Ledger) -> None:
    second, third = EmailNote("b", "2", EmailState.WANTED), EmailNote("a", "3", EmailState.DOUBTFUL)
    ledger.record_emails([second, third, EmailNote("c", "4", EmailState.SENT)])
    assert ledger.open_emails() == [second, third]
    ledger.record_emails([replace(second, state=EmailState.DROPPED), replace(third, state=EmailState.WANTED)])
    assert ledger.open_emails() == [replace(third, state=EmailState.WANTED)]


def test_a_note_and_its_event_are_stored_together(ledger: Ledger) -> None:
    ledger.stage([a_deal("1")], None)
    ledger.record_emails([NOTE], [Event(NOON, "r", "1", "email_dropped", {"number": "INV-1"})])
    assert [event.kind for event in ledger.events("1")] == ["email_dropped"]
    with pytest.raises(BugError):
        ledger.record_emails([replace(NOTE, invoice_id="")], [Event(NOON, "r", "1", "email_seen", {})])
    assert [event.kind for event in ledger.events("1")] == ["email_dropped"]
