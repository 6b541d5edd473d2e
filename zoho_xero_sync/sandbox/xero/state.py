"""The Xero half of the sandbox as an object: the service's whole state, and what people do in its web pages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from zoho_xero_sync.sandbox.clock import VirtualClock

from . import wire
from .enforced import RULES
from .idempotency import KeyMemory
from .limits import Limits
from .people import People
from .rule import Rule
from .store import stable_id
from .switches import read_switches
from .tenants import Connection, Tenant, read_tenants
from .tokens import DEFAULT_REDIRECTS, DEFAULT_SCOPES, GRANTS, Client, Tokens
from .world import section

_DEFAULT_CLIENT = {"id": "SANDBOXXERO", "secret": "sandbox-xero-secret"}


class WriteSeen(NamedTuple):
    """A PUT, POST or DELETE that arrived at the API; `status` is None until it is answered."""

    method: str
    path: str
    key: str | None
    body_sha256: str
    status: int | None


class XeroState(People):
    """One app and its organisations, one in most worlds; people's hands are on the first, `people(name)` on another's.

    Every method takes the lock; the app holds it while it handles a request. `switches` are the disputed rules (see
    `switches.SWITCHES`); change them at any time. `writes` lists the writes that arrived, in order of their answers;
    `on_write` hooks run before a write is processed."""

    def __init__(self, tenants: Iterable[Tenant], tokens: Tokens, switches: dict[str, object]) -> None:
        self.tenants = {tenant.tenant_id: tenant for tenant in tenants}
        self.first = next(iter(self.tenants.values()))
        super().__init__(threading.RLock(), self.first.books)
        self.tokens = tokens
        self.switches = switches
        self.keys = KeyMemory(self.books.clock, switches)
        self.writes: list[WriteSeen] = []
        self.on_write: list[Callable[[WriteSeen], None]] = []
        self._breakdowns: list[bool] = []

    @classmethod
    def from_world(cls, d: Mapping[str, object], clock: VirtualClock) -> XeroState:
        """The state a world describes (the whole world or its xero section). Raises ValueError naming what is wrong.

        A custom connection reaches the first organisation only; with a web or pkce app every organisation is connected
        unless it says `connected: false`, in which case a person must allow it on the consent page."""
        world = section(d)
        switches = read_switches(world)
        tenants = list(read_tenants(world, clock, switches))
        tokens = Tokens(clock, _client(world), stable_id("consent", tenants[0].tenant_id))
        if world.get("refresh_token"):
            tokens.adopt_refresh_token(str(world["refresh_token"]))
        state = cls(tenants, tokens, switches)
        if len(state.tenants) < len(tenants):
            raise ValueError("xero.organisations: two organisations have the same OrganisationID or Name.")
        entries = [world, *_entries(world)]
        reached = tenants[:1] if tokens.client.connection == "custom" else tenants
        for tenant, entry in zip(reached, entries, strict=False):
            if entry.get("connected", True):
                state.connect(tenant, tokens.auth_event_id)
        return state

    @property
    def limits(self) -> Limits:
        """The limits of the first organisation."""
        return self.first.limits

    @property
    def tenant_id(self) -> str:
        """The first organisation's id."""
        return self.first.tenant_id

    def rules(self) -> list[Rule]:
        """Every rule the sandbox enforces, with the official page it is from."""
        return list(RULES)

    def tenant(self, name_or_id: str | None = None) -> Tenant:
        """An organisation by name or tenant id, the first by default. Raises KeyError."""
        if name_or_id is None:
            return self.first
        for tenant in self.tenants.values():
            if name_or_id.lower() in (tenant.tenant_id, tenant.name.lower()):
                return tenant
        raise KeyError(f"There is no organisation {name_or_id} in Xero.")

    def people(self, name_or_id: str) -> People:
        """The hands of people in another organisation. Raises KeyError."""
        return People(self.lock, self.tenant(name_or_id).books)

    def snapshot(self) -> dict[str, object]:
        """Everything a person may see, as plain JSON with decimals as strings; no secret and no token."""
        with self.lock:
            view = {
                "organisation": dict(self.books.settings.organisation),
                "tenant_id": self.tenant_id,
                "connected": self.first.connection is not None,
                "organisations": [
                    {"tenant_id": row.tenant_id, "name": row.name, "connected": row.connection is not None}
                    for row in self.tenants.values()
                ],
                "contacts": self.contacts(),
                "invoices": self.invoices(),
                "payments": self.payments(),
                "emails": self.emails(),
                "limits": {
                    "minute": self.limits.minute,
                    "concurrent": self.limits.concurrent,
                    "day": self.limits.day,
                    "remaining": self.limits.remaining(),
                },
                "rate_limited": dict(self.limits.refused),
                "writes": len(self.writes),
                "switches": dict(self.switches),
            }
            plain = wire.plain(view)
            return plain if isinstance(plain, dict) else {}

    def use_calls(self, count: int) -> None:
        """Spend `count` calls of the day's allowance."""
        self.limits.use_calls(count)

    def forget_keys(self) -> None:
        """Lose every idempotency key early."""
        with self.lock:
            self.keys.forget()

    def break_writes(self, times: int = 1, *, after_commit: bool = False) -> None:
        """The next writes end in an internal error (500), before or after they are done; kept under their key."""
        with self.lock:
            self._breakdowns.extend([after_commit] * times)

    def take_breakdown(self) -> bool | None:
        """None when the write at hand goes well, else whether it is done before it breaks."""
        return self._breakdowns.pop(0) if self._breakdowns else None

    def connect(self, tenant: Tenant, auth_event_id: str) -> None:
        """A consent connects the app to the organisation, or renews its connection."""
        with self.lock:
            now = self.books.now()
            known = tenant.connection
            connection_id = known.connection_id if known else stable_id("connection", tenant.tenant_id)
            tenant.connection = Connection(connection_id, auth_event_id, known.created if known else now, now)

    def disconnect(self, name_or_id: str | None = None) -> None:
        """A person removes the app from an organisation: API calls answer 403 from now on. Raises KeyError."""
        with self.lock:
            self.tenant(name_or_id).connection = None

    def disconnect_all(self) -> None:
        """The consent is revoked: no organisation is connected."""
        with self.lock:
            for tenant in self.tenants.values():
                tenant.connection = None

    def reconnect(self, name_or_id: str | None = None) -> None:
        """A person consents again. Raises KeyError."""
        self.connect(self.tenant(name_or_id), self.tokens.auth_event_id)


def _entries(world: Mapping[str, object]) -> list[Mapping[str, object]]:
    more = world.get("organisations") or []
    return [entry for entry in more if isinstance(entry, dict)] if isinstance(more, list) else []


def _client(world: Mapping[str, object]) -> Client:
    given = world.get("client") or {}
    if not isinstance(given, dict):
        raise ValueError("xero.client: must be a mapping.")
    connection = str(world.get("connection", "custom"))
    if connection not in GRANTS:
        raise ValueError(f"xero.connection: '{connection}' is not one of {', '.join(GRANTS)}.")
    fields = {**_DEFAULT_CLIENT, **given}
    return Client(
        str(fields["id"]),
        str(fields["secret"]),
        connection,
        frozenset(str(scope) for scope in fields.get("scopes", DEFAULT_SCOPES)),
        frozenset(str(uri) for uri in fields.get("redirect_uris", DEFAULT_REDIRECTS)),
        str(fields.get("name", "Zoho to Xero sandbox app")),
    )
