"""The organisations of a world: each with its own books, limits and connection to the app.

Source: developer.xero.com/documentation/guides/oauth2/tenants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from zoho_xero_sync.sandbox.clock import VirtualClock

from .books import Books
from .limits import Limits
from .organisation import read_settings
from .rule import rules
from .world import fill

RULES = rules(
    "guides/oauth2/tenants",
    "GET /connections lists the organisations this login reaches, as a bare array in camel case, times without zone.",
    "DELETE /connections/{id} takes the connection's id, not the tenant's, and answers 204; calls answer 403 then.",
    "The header xero-tenant-id names the organisation of a call; only a custom connection may leave it out. A wrong or "
    "missing one, or an organisation that is not connected, answers 403 AuthenticationUnsuccessful.",
)

_SHARED = ("accounts", "tax_rates", "currencies", "currency_rates")
_LIKE_FIRST = ("BaseCurrency", "CountryCode", "Timezone", "Class")
_LIMITS = frozenset({"minute", "concurrent", "day"})


@dataclass(frozen=True, slots=True)
class Connection:
    """The consent that ties the app to one organisation."""

    connection_id: str
    auth_event_id: str
    created: datetime
    updated: datetime


class Tenant:
    """One organisation as the app sees it. `connection` is None while the app is not connected."""

    def __init__(self, books: Books, limits: Limits, kind: str = "ORGANISATION") -> None:
        self.books = books
        self.limits = limits
        self.kind = kind
        self.tenant_id = str(books.settings.organisation["OrganisationID"]).lower()
        self.connection: Connection | None = None

    @property
    def name(self) -> str:
        """The organisation's name."""
        return str(self.books.settings.organisation["Name"])

    def view(self) -> dict[str, object]:
        """Its row of GET /connections. Raises ValueError when the app is not connected."""
        if self.connection is None:
            raise ValueError(f"{self.name} is not connected.")
        return {
            "id": self.connection.connection_id,
            "authEventId": self.connection.auth_event_id,
            "tenantId": self.tenant_id,
            "tenantType": self.kind,
            "tenantName": self.name,
            "createdDateUtc": f"{self.connection.created:%Y-%m-%dT%H:%M:%S.%f}0",
            "updatedDateUtc": f"{self.connection.updated:%Y-%m-%dT%H:%M:%S.%f}0",
        }


def read_tenants(world: Mapping[str, object], clock: VirtualClock, switches: dict[str, object]) -> Iterator[Tenant]:
    """The world's organisation, then those of `organisations`. Raises ValueError naming what is wrong.

    An entry there holds the organisation's own fields (Name, CountryCode ...) and, in small letters, its own lists as
    in the xero section; accounts, tax rates and currencies are those of the first one unless given.
    """
    yield _tenant(world, clock, switches)
    first = world.get("organisation")
    like = {name: first[name] for name in _LIKE_FIRST if name in first} if isinstance(first, dict) else {}
    shared = {name: world[name] for name in _SHARED if name in world}
    more = world.get("organisations") or []
    if not isinstance(more, list):
        raise ValueError("xero.organisations: must be a list.")
    for index, entry in enumerate(more):
        if not isinstance(entry, dict) or not entry.get("Name"):
            raise ValueError(f"xero.organisations[{index}]: must be a mapping with a Name.")
        fields = {name: value for name, value in entry.items() if name[:1].isupper()}
        own = {name: value for name, value in entry.items() if name not in fields}
        yield _tenant({**shared, **own, "organisation": {**like, **fields}}, clock, switches)


def _tenant(world: Mapping[str, object], clock: VirtualClock, switches: dict[str, object]) -> Tenant:
    given = world.get("limits")
    limits = {str(name): int(str(value)) for name, value in given.items()} if isinstance(given, dict) else {}
    if not set(limits) <= _LIMITS:
        raise ValueError("xero.limits: knows minute, concurrent and day only.")
    books = Books(read_settings(world), clock, switches)
    fill(books, world)
    return Tenant(books, Limits(clock, switches, **limits), str(world.get("tenant_type", "ORGANISATION")))
