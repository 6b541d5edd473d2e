"""Which polls the rules ask for."""

from __future__ import annotations

from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.engine.news import Poll


def polls_for(rules: Rules) -> tuple[Poll, ...]:
    """The polls of these rules; an interval of 0 minutes leaves a poll out."""
    return ()
