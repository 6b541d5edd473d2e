"""The two services as one configuration reaches them: transports, logins, and whose organisations they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import timedelta
from types import TracebackType
from typing import Self

from zoho_xero_sync.config import Config
from zoho_xero_sync.core.model import Identity, ZohoOrganisation
from zoho_xero_sync.engine.ports import LedgerView
from zoho_xero_sync.errors import ConfigError, ConfigProblem, LedgerError, LoginError
from zoho_xero_sync.log import register_secret
from zoho_xero_sync.remote.http import Clock, Heard, Transport, by_status_alone
from zoho_xero_sync.remote.oauth_xero import XeroAuthorizer
from zoho_xero_sync.remote.oauth_zoho import ZohoAuthorizer
from zoho_xero_sync.remote.pace import XeroPace
from zoho_xero_sync.remote.secrets import open_store, token_lock
from zoho_xero_sync.remote.watch import WatchedLogin
from zoho_xero_sync.remote.xero import wire
from zoho_xero_sync.remote.xero.client import XeroClient
from zoho_xero_sync.remote.xero.desk import XeroDesk
from zoho_xero_sync.remote.zoho.client import ZohoClient
from zoho_xero_sync.remote.zoho.source import ZohoSource
from zoho_xero_sync.remote.zoho.throttle import asks_to_slow_down

ZOHO_FACT = "zoho.organisation"
# The organisation's name, number and currency hardly change; once a day is often enough to notice.
_ZOHO_KEPT_FOR = timedelta(hours=24)


# What each way of logging in needs, by service and, for Xero, kind of connection.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "zoho": ("zoho_client_id", "zoho_client_secret", "zoho_refresh_token"),
    "custom": ("xero_client_id", "xero_client_secret"),
    "web": ("xero_client_id", "xero_client_secret", "xero_refresh_token"),
    "pkce": ("xero_client_id", "xero_refresh_token"),
}


class Logins:
    """What one configuration needs to log in to "zoho" and "xero", by names such as `zoho_client_id`.

    Every method may raise LoginError: no keyring, or a secrets file that others can read.
    """

    def __init__(self, config: Config, environ: Mapping[str, str]) -> None:
        self._config = config
        self._credentials = open_store(config.secrets.store, config.secrets.file, environ, register=register_secret)

    def needed(self, service: str) -> tuple[str, ...]:
        """The names this service's login is made of."""
        return _NEEDED["zoho" if service == "zoho" else self._config.xero.connection]

    def missing(self, service: str) -> tuple[str, ...]:
        """Those that are neither in the environment nor in the store."""
        return tuple(name for name in self.needed(service) if not self._has(service, name))

    def in_environment(self, service: str) -> tuple[str, ...]:
        """Those that the environment gives, which then counts and not the store."""
        return tuple(name for name in self.needed(service) if self._credentials.seed(name) is not None)

    def keep(self, name: str, value: str) -> None:
        """Store one of them; log lines are redacted of it from now on."""
        self._credentials.save_credential(name, self._credentials.protect(value))

    def keep_environment(self, service: str) -> None:
        """Store what the environment gives, so that later runs need no variable."""
        for name in self.in_environment(service):
            found = self._credentials.seed(name)
            if found is not None:
                self.keep(name, found.reveal())

    def _has(self, service: str, name: str) -> bool:
        if self._credentials.credential(name) is not None:
            return True
        return name.endswith("refresh_token") and self._credentials.load_tokens(service).refresh is not None


class Services:
    """Both services of one configuration. Use as a context manager: leaving it closes the connections.

    `identity` is the ledger's pair of organisations, None while there is no ledger; a login that reaches another one
    raises LedgerError before anything else is asked.
    """

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        clock: Clock,
        ledger: LedgerView | None,
        identity: Identity | None,
    ) -> None:
        self._config, self._clock, self._identity = config, clock, identity
        self._credentials = open_store(config.secrets.store, config.secrets.file, environ, register=register_secret)
        self._lock = token_lock(config.secrets.file)
        self._connections: tuple[wire.Element, ...] | None = None
        self._chosen_tenant: str | None = None
        self._transports: list[Transport] = []
        self._earlier = {"zoho": 0, "xero": 0}
        self._counted: dict[str, tuple[ZohoClient | XeroClient, ...]] = {}
        self._kept = _kept_organisation(ledger, clock)
        self.read_organisation: ZohoOrganisation | None = None
        self.zoho = self._build_zoho()
        self.xero = self._build_xero()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for transport in self._transports:
            transport.close()

    def begin_run(self) -> None:
        """Another run of this process: calls count from zero, and what earlier ones read is known, not news."""
        self._kept, self.read_organisation = self.read_organisation or self._kept, None
        self._earlier = {service: self._total(service) for service in self._counted}

    def _total(self, service: str) -> int:
        return sum(client.calls for client in self._counted[service])

    # ---- Zoho ----

    def _build_zoho(self) -> ZohoSource:
        login = ZohoAuthorizer(self._credentials, self._config.zoho.accounts_url, self._clock, self._lock)
        base = login.api_base(self._config.zoho.api_url)
        asking = self._transport("Zoho", base, login)
        plain = ZohoClient(asking, config_file=self._config.file.name)
        watched = WatchedLogin(login, lambda: self._check_zoho(plain))
        self._zoho_login = watched
        self._zoho_wire = self._transport("Zoho", base, watched)
        self.zoho_client = client = ZohoClient(self._zoho_wire, config_file=self._config.file.name)
        self._minting: list[ZohoAuthorizer | XeroAuthorizer] = [login]
        self._counted["zoho"] = (client, plain)
        return ZohoSource(
            client,
            self._config.rules,
            self._known_organisation,
            self._confirm_zoho,
            lambda: self._total("zoho") - self._earlier["zoho"],
        )

    def _known_organisation(self, client: ZohoClient) -> ZohoOrganisation:
        if self.read_organisation is None and self._kept is None:
            # A new token has its organisation read on the way.
            self._zoho_login.headers()
        if self.read_organisation is None and self._kept is None:
            self._check_zoho(client)
        found = self.read_organisation or self._kept
        if found is None:
            raise LoginError("Zoho did not say whose login this is.", "Run again.")
        return found

    def _confirm_zoho(self, client: ZohoClient) -> None:
        """What is kept says whose login it was; before anything is staged, Zoho says whose it is."""
        if self.read_organisation is None:
            self._check_zoho(client)

    def _check_zoho(self, client: ZohoClient) -> None:
        found = client.organisation()
        if self._identity is not None and found.id != self._identity.zoho_org_id:
            raise LedgerError(
                f"This ledger belongs to the Zoho organisation {self._identity.zoho_org_name} "
                f"({self._identity.zoho_org_id}) and the login reaches {found.name} ({found.id}). Nothing was sent.",
                "Log in to the right one (zoho-xero-sync auth zoho), or use another ledger.",
            )
        self.read_organisation = found

    # ---- Xero ----

    def _build_xero(self) -> XeroDesk:
        xero = self._config.xero
        login = XeroAuthorizer(
            self._credentials, xero.identity_url, self._clock, self._lock, xero.connection, self._tenant_id
        )
        asking = XeroClient(self._transport("Xero", xero.api_url, login, XeroPace(self._clock, 0)))
        watched = WatchedLogin(login, lambda: self._check_xero(asking))
        self._xero_login = watched
        self.pace = XeroPace(self._clock, self._config.rules.limits.xero_calls_kept)
        self._xero_wire = self._transport("Xero", xero.api_url, watched, self.pace)
        self.xero_client = client = XeroClient(self._xero_wire)
        self._minting.append(login)
        self._xero_asking = asking
        self._counted["xero"] = (client, asking)
        return XeroDesk(client, lambda: self._total("xero") - self._earlier["xero"])

    def _tenant_id(self) -> str | None:
        return self._identity.xero_tenant_id if self._identity is not None else self._chosen_tenant

    def _check_xero(self, client: XeroClient) -> None:
        self._connections = client.connections()
        pinned = self._identity
        if pinned is None or any(wire.text(entry, "tenantId") == pinned.xero_tenant_id for entry in self._connections):
            return
        if not any(wire.text(entry, "tenantType") == "ORGANISATION" for entry in self._connections):
            raise LoginError(
                f"The Xero login reaches no organisation any more; it was connected to {pinned.xero_org_name}.",
                "Connect it again: zoho-xero-sync auth xero",
            )
        names = ", ".join(wire.text(entry, "tenantName") for entry in self._connections)
        raise LedgerError(
            f"This ledger belongs to the Xero organisation {pinned.xero_org_name} and the login reaches {names}. "
            "Nothing was sent.",
            "Log in to the right one (zoho-xero-sync auth xero), or use another ledger.",
        )

    # ---- whose organisations ----

    def identify(self) -> Identity:
        """The pair of organisations these logins reach. Raises ConfigError when xero.tenant must choose one."""
        zoho = self.zoho.organisation()
        tenant = self._choose_tenant()
        identity = Identity(
            zoho.id, zoho.name, wire.text(tenant, "tenantId"), wire.text(tenant, "tenantName"), self._clock.now()
        )
        self._identity = identity
        return identity

    def reach(self, service: str) -> str:
        """Log in to "zoho" or "xero" and give the name of the organisation there.

        Raises LoginError, RemoteError, or ConfigError when xero.tenant must choose one of several.
        """
        if service == "zoho":
            return self.zoho.organisation().name
        tenant = self._choose_tenant()
        self._chosen_tenant = wire.text(tenant, "tenantId")
        return wire.text(tenant, "tenantName")

    def calls(self) -> dict[str, int]:
        """How many calls reached each service so far, those for tokens included."""
        zoho, xero = (login.token_calls for login in self._minting)
        return {"zoho": self.zoho.calls + zoho, "xero": self.xero.calls + xero}

    def heard(self, service: str) -> Heard | None:
        """What the newest answer to a read of "zoho" or "xero" told besides its body."""
        return (self._zoho_wire if service == "zoho" else self._xero_wire).heard

    def _choose_tenant(self) -> wire.Element:
        if self._connections is None:
            # A new token has its connections read on the way.
            self._xero_login.headers()
        if self._connections is None:
            self._check_xero(self._xero_asking)
        organisations = [entry for entry in self._connections or () if wire.text(entry, "tenantType") == "ORGANISATION"]
        wanted = self._wanted_tenant(organisations)
        chosen = [
            entry
            for entry in organisations
            if wanted in (None, wire.text(entry, "tenantId"), wire.text(entry, "tenantName"))
        ]
        if len(chosen) == 1:
            return chosen[0]
        if not organisations:
            raise LoginError("The Xero login reaches no organisation.", "Connect one: zoho-xero-sync auth xero")
        listed = "; ".join(
            f"{wire.text(entry, 'tenantName')} ({wire.text(entry, 'tenantId')})" for entry in organisations
        )
        trouble = f"reaches no organisation called {wanted!r}" if wanted else "reaches several organisations"
        problem = ConfigProblem(
            self._config.file.name, 0, "xero.tenant", f"the Xero login {trouble}: {listed}.", "Name one of them."
        )
        raise ConfigError((problem,))

    def _wanted_tenant(self, organisations: list[wire.Element]) -> str | None:
        """The ledger's organisation, else the configuration's, else the one a person chose at the login."""
        if self._identity is not None:
            return self._identity.xero_tenant_id
        if self._config.xero.tenant is not None:
            return self._config.xero.tenant
        picked = self._credentials.load_tokens("xero").extra.get("organisation_id")
        return picked if any(wire.text(entry, "tenantId") == picked for entry in organisations) else None

    def _transport(
        self,
        service: str,
        base: str,
        login: ZohoAuthorizer | XeroAuthorizer | WatchedLogin,
        pace: XeroPace | None = None,
    ) -> Transport:
        throttled = asks_to_slow_down if service == "Zoho" else by_status_alone
        transport = Transport(service, base, clock=self._clock, authorizer=login, pace=pace, throttled=throttled)
        self._transports.append(transport)
        return transport


# How a run comes by its services: new ones that are closed after it, or those a process keeps for all its runs.
OpenServices = Callable[
    [Config, Mapping[str, str], Clock, LedgerView | None, Identity | None], AbstractContextManager[Services]
]


def _kept_organisation(ledger: LedgerView | None, clock: Clock) -> ZohoOrganisation | None:
    noted = ledger.fact(ZOHO_FACT) if ledger is not None else None
    if noted is None or not timedelta(0) <= clock.now() - noted[1] < _ZOHO_KEPT_FOR:
        return None
    return ZohoOrganisation(**json.loads(noted[0]))


def organisation_text(organisation: ZohoOrganisation) -> str:
    """The organisation as the ledger keeps it."""
    return json.dumps(asdict(organisation), sort_keys=True)
