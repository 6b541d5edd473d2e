"""Reads one fact after the other within the calls `check` may make; a failure costs its own fact only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from zoho_xero_sync.core.check_facts import Gravity, Unread
from zoho_xero_sync.core.checks import MOST_CALLS
from zoho_xero_sync.errors import ConfigError, LedgerError, LoginError, RemoteError, SyncError
from zoho_xero_sync.services import Services

T = TypeVar("T")

_NAMES = {"zoho": "Zoho", "xero": "Xero"}


def trouble(error: SyncError) -> Unread:
    """The failure as a finding of its own."""
    gravity: Gravity = "deals"
    for kind, found in _GRAVITIES:
        if isinstance(error, kind):
            gravity = found
            break
    return Unread(error.message, error.hint, gravity)


_GRAVITIES: tuple[tuple[type[SyncError], Gravity], ...] = (
    (LedgerError, "ledger"),
    (LoginError, "login"),
    (ConfigError, "config"),
    (RemoteError, "retry"),
)


class Asking:
    """Asks both services. `down` are those that do not answer or do not let us in, which are not asked again."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.down: set[str] = set()

    def reach(self, service: str) -> str | Unread:
        """The name of the organisation the login reaches, or why it reaches none."""
        try:
            return self.services.reach(service)
        except SyncError as error:
            self.down.add(service)
            return trouble(error)

    def read(self, service: str, fact: Callable[[], T], *, calls: int = 1) -> T | Unread:
        """The fact, or why it could not be learned; `calls` is what it costs."""
        if service in self.down:
            return Unread(f"{_NAMES[service]} could not be asked; see {service}_login.")
        if sum(self.services.calls().values()) + calls > MOST_CALLS:
            return Unread(f"it would take more than the {MOST_CALLS} calls this command may make.")
        try:
            return fact()
        except RemoteError as error:
            self.down.add(service)
            return trouble(error)
        except SyncError as error:
            return trouble(error)
