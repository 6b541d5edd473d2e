"""Logins as a person sees them: whose they are, how each lapses, and when to say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

LoginState = Literal["ok", "missing", "lapsed", "lacks_scope", "refused", "elsewhere", "unreachable"]

# A refresh token that is not used for 60 days ends (developer.xero.com/documentation/guides/oauth2/token-types).
XERO_UNUSED = timedelta(days=60)
# Days before a lapse at which it is announced, once each.
WARNED_AT = (14, 7, 2)


@dataclass(frozen=True, slots=True)
class LoginView:
    """One service's login. `checked` when the service itself was asked, else it is from memory.

    `since` is when a person logged in, `used` when Xero's refresh token last changed, `lapses` when it ends unless it
    is used; None where that is not known or does not apply. `trouble` and `hint` are empty for a login that is fine.
    """

    service: str
    kind: str
    state: LoginState
    organisation: str | None
    organisation_id: str | None
    kept: str
    lapse_rule: str
    since: datetime | None = None
    used: datetime | None = None
    lapses: datetime | None = None
    trouble: str = ""
    hint: str = ""
    checked: bool = False


def threshold(lapses: datetime, now: datetime) -> int | None:
    """The smallest of WARNED_AT that is reached, in days; None while none is, and once the login has lapsed."""
    left = lapses - now
    if left <= timedelta(0):
        return None
    return min((days for days in WARNED_AT if left <= timedelta(days=days)), default=None)


def lapse_note(lapses: datetime, now: datetime) -> str:
    """What a run says ahead of a lapse, and after it."""
    if lapses <= now:
        return (
            f"The Xero login lapsed on {lapses:%Y-%m-%d}, after 60 days without use, so nothing can be invoiced. "
            "Log in again: zoho-xero-sync auth xero"
        )
    days = max(1, (lapses - now).days)
    left = "1 day" if days == 1 else f"{days} days"
    return (
        f"The Xero login lapses in {left}, on {lapses:%Y-%m-%d}, unless Xero is used before. "
        "To renew it: zoho-xero-sync auth status --check"
    )
