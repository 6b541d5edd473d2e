"""Writes that never get an answer: how small they are sent again, and when a person is asked instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from zoho_xero_sync.core.model import Problem

# What the journal says of an item whose request got no usable answer and which Xero, asked later, does not have.
ABSENT = "Xero was asked and does not have it"
AGAIN = "sent again from the plan"

# The problem code of a deal that is given up.
NEVER = "never_answered"

# An item that spoils its request is alone after two rounds of this: 60, 8, 1.
PIECES = 8
# Alone and unanswered this often, over at least this long, while Xero answered for others: it is the item. When there
# were no others, Xero itself may be in trouble, and that may take a day.
TRIES = 5
PATIENCE = timedelta(hours=1)
LONG_PATIENCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request without an answer that carried the item: when it was made, and how many items it had."""

    at: datetime
    items: int


def batch_limit(attempts: Sequence[Attempt], most: int) -> int:
    """How many items a request may have that carries this one; `most` for an item without such a past."""
    return min(most, -(-attempts[-1].items // PIECES)) if attempts else most


def is_given_up(attempts: Sequence[Attempt], now: datetime, *, others: bool) -> bool:
    """Whether the item was sent alone so often and for so long that a person has to look at it.

    `others` says whether Xero answered for any other item since the first attempt.
    """
    alone = [attempt for attempt in attempts if attempt.items == 1]
    return len(alone) >= TRIES and now - alone[0].at >= (PATIENCE if others else LONG_PATIENCE)


def never_answered(deal_id: str, what: str, attempts: Sequence[Attempt]) -> Problem:
    """The problem of a deal whose `what` ("invoice", "customer's contact") is given up."""
    times = sum(attempt.items == 1 for attempt in attempts)
    return Problem(
        NEVER,
        f"deal {deal_id}",
        f"Xero was sent the {what} {times} times alone and never gave an answer that can be read; it does not have it.",
        "Look for something unusual in the deal, its rows and its customer, then type: "
        f"zoho-xero-sync resolve {deal_id} --retry  or invoice it by hand and type: "
        f"zoho-xero-sync resolve {deal_id} --skip",
    )
