"""Which polls the rules ask for."""

from __future__ import annotations

from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.engine.news import Poll
from zoho_xero_sync.engine.poll_deleted import deleted_poll
from zoho_xero_sync.engine.poll_xero import invoices_poll
from zoho_xero_sync.engine.poll_zoho import customer_polls, document_polls


def polls_for(rules: Rules) -> tuple[Poll, ...]:
    """The polls of these rules; an interval of 0 minutes leaves a poll out."""
    polls = (
        *document_polls(rules),
        *customer_polls(rules),
        deleted_poll(rules.poll.deleted),
        invoices_poll(rules.poll.invoices),
    )
    return tuple(poll for poll in polls if poll.every)
