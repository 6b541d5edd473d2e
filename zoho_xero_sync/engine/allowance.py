"""Xero's allowance of calls from one run to the next: when it is used up, it is not asked every minute."""

from __future__ import annotations

from datetime import datetime, timedelta

from zoho_xero_sync.core.model import Problem
from zoho_xero_sync.engine.ports import Clock, LedgerDesk, LedgerView
from zoho_xero_sync.errors import AllowanceError

# The ledger's note of until when Xero must not be asked.
WAIT_FACT = "xero.wait_until"
# An allowance kept for other apps has no announced end; a quarter of an hour later the first call tells.
_RESERVE_WAIT = timedelta(minutes=15)
# Xero counts its days in 24 hours; a note that reaches further is not believed.
_LONGEST = timedelta(days=1)


def waiting_until(ledger: LedgerView, clock: Clock) -> datetime | None:
    """Until when Xero must not be asked, or None.

    A note written by a clock that was since put back must not keep the gate shut.
    """
    noted = ledger.fact(WAIT_FACT)
    if noted is None or not noted[0]:
        return None
    until, now = datetime.fromisoformat(noted[0]), clock.now()
    return until if noted[1] <= now < until else None


def was_waiting(ledger: LedgerView) -> bool:
    """True when the last that is known of the allowance is that it was used up, whatever the time is now."""
    noted = ledger.fact(WAIT_FACT)
    return noted is not None and bool(noted[0])


def forget_wait(ledger: LedgerDesk, clock: Clock) -> None:
    """Note that Xero takes calls again."""
    if was_waiting(ledger):
        ledger.record_fact(WAIT_FACT, "", clock.now())


def remember_wait(ledger: LedgerDesk, clock: Clock, error: AllowanceError) -> None:
    """Note until when Xero must not be asked: as long as it said, or a quarter of an hour."""
    asked = getattr(error, "retry_after", None)
    wait = timedelta(seconds=asked) if isinstance(asked, int) else _RESERVE_WAIT
    now = clock.now()
    ledger.record_fact(WAIT_FACT, (now + min(wait, _LONGEST)).isoformat(), now)


def wait_problem(until: datetime) -> Problem:
    """The problem of a run that leaves its work pending because Xero must not be asked."""
    return Problem(
        AllowanceError.code,
        "run",
        f"Xero's allowance of calls is used up; it is asked again after {until:%Y-%m-%d %H:%M} UTC.",
        "Nothing to do: what is pending goes on by itself.",
    )
