"""From a person's consent to a login that is stored, or taken away again: the one place that changes logins.

A new login is stored before it is used, judged with its own token, and gives way to the one before it when it belongs
to another organisation than the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace

from zoho_xero_sync.config import Config
from zoho_xero_sync.core.model import Identity, ZohoOrganisation
from zoho_xero_sync.core.scopes import Scope, xero_scopes, zoho_scopes
from zoho_xero_sync.errors import ConfigError, ConfigProblem, LoginError, UsageError
from zoho_xero_sync.ledger.store import Ledger
from zoho_xero_sync.log import register_secret
from zoho_xero_sync.remote import grant_xero, grant_zoho
from zoho_xero_sync.remote.callback import Returned
from zoho_xero_sync.remote.grant_xero import Attempt, Tenant
from zoho_xero_sync.remote.oauth_xero import XeroAuthorizer
from zoho_xero_sync.remote.oauth_zoho import ZohoAuthorizer, trusted_api
from zoho_xero_sync.remote.patience import Clock
from zoho_xero_sync.remote.secret import TokenSet
from zoho_xero_sync.remote.secrets import open_store, token_lock, variable

# Asks a person for one of several organisations, given as (name, id); its place, or None when nobody can be asked.
Chooser = Callable[[Sequence[tuple[str, str]]], int | None]

_CLIENT: Mapping[str, tuple[str, ...]] = {
    "zoho": ("zoho_client_id", "zoho_client_secret"),
    "custom": ("xero_client_id", "xero_client_secret"),
    "web": ("xero_client_id", "xero_client_secret"),
    "pkce": ("xero_client_id",),
}


class Consent:
    """The logins of one configuration, to be made anew or forgotten. Every method may raise LoginError.

    `typed` are client ids and secrets a person just gave, by names such as `zoho_client_id`; they are stored once a
    login with them has worked.
    """

    def __init__(
        self, config: Config, environ: Mapping[str, str], clock: Clock, typed: Mapping[str, str] | None = None
    ) -> None:
        self._config, self._clock = config, clock
        self._typed = dict(typed or {})
        known = {**environ, **{variable(name): value for name, value in self._typed.items()}}
        self._credentials = open_store(config.secrets.store, config.secrets.file, known, register=register_secret)
        self._lock = token_lock(config.secrets.file)
        for value in self._typed.values():
            register_secret(value)

    def client_names(self, service: str) -> tuple[str, ...]:
        """What identifies this program to "zoho" or "xero"."""
        return _CLIENT["zoho" if service == "zoho" else self._config.xero.connection]

    def client_missing(self, service: str) -> tuple[str, ...]:
        """Those of `client_names` that are known nowhere."""
        return tuple(name for name in self.client_names(service) if self._credentials.credential(name) is None)

    def from_environment(self, service: str) -> tuple[str, ...]:
        """Those of `client_names` that the environment gives, which then counts and not the store."""
        return tuple(name for name in self.client_names(service) if self._credentials.seed(name) is not None)

    def client_id(self, service: str) -> str:
        """The client id, which is no secret."""
        return self._credentials.require(f"{service}_client_id").reveal()

    def scopes(self, service: str) -> tuple[Scope, ...]:
        """What the login must be allowed."""
        rules = self._config.rules
        return zoho_scopes(rules) if service == "zoho" else xero_scopes(self._config.xero.connection, rules)

    # ---- Zoho ----

    def require_no_fixed_zoho(self) -> None:
        """Raises UsageError when the environment holds a refresh token, which a new login could not replace."""
        if self._credentials.seed("zoho_refresh_token") is not None:
            name = variable("zoho_refresh_token")
            raise UsageError(
                f"{name} is set and counts before whatever is stored, so a new login would not be used.",
                f"Unset {name} here and for cron, then: zoho-xero-sync auth zoho",
            )

    def zoho_address(self, back: str, state: str) -> str:
        """The page where a person allows the login, for a browser that is to come back to `back`."""
        scopes = self.scopes("zoho")
        return grant_zoho.consent_address(self._config.zoho.accounts_url, self.client_id("zoho"), scopes, back, state)

    def zoho_code(self, returned: Returned) -> str:
        """The grant code that a browser came back with, its data centre checked. Raises LoginError."""
        return grant_zoho.returned_code(returned, self._config.zoho.accounts_url)

    def log_in_zoho(self, code: str, back: str | None) -> ZohoOrganisation:
        """Exchange a grant code, store the login and give its organisation.

        Raises LoginError for a login that is refused, lacks a scope, or belongs to another organisation than the ledger
        (the login before stays), and RemoteError when Zoho is down.
        """
        zoho = self._config.zoho
        authorizer = ZohoAuthorizer(self._credentials, zoho.accounts_url, self._clock, nullcontext)
        tokens = grant_zoho.grant(authorizer, code, back, self.scopes("zoho"), zoho.api_url)
        with self._taking_over("zoho", tokens):
            base = trusted_api(tokens.extra.get("api_domain"), zoho.api_url)
            found = grant_zoho.find_organisation(tokens, base, self._clock, self._config.file.name)
            pinned = self._identity()
            if pinned is not None and pinned.zoho_org_id != found.id:
                raise _foreign("Zoho", pinned.zoho_org_name, found.name)
            self._store("zoho", tokens, {"organisation_id": found.id, "organisation": found.name})
        return found

    def log_out_zoho(self, *, revoke: bool) -> bool:
        """Forget the login; with `revoke` end it at Zoho first. True when Zoho ended it."""
        tokens = self._credentials.load_tokens("zoho")
        if revoke and tokens.refresh is None:
            raise LoginError("Nobody is logged in to Zoho, so there is nothing to revoke.", _LOG_IN.format("zoho"))
        ended = False
        if revoke and tokens.refresh is not None:
            authorizer = ZohoAuthorizer(self._credentials, self._config.zoho.accounts_url, self._clock, nullcontext)
            ended = authorizer.revoke(tokens.refresh)
        self._forget("zoho")
        return ended

    # ---- Xero ----

    def xero_attempt(self, back: str) -> tuple[str, Attempt]:
        """The page where a person allows the login, and what the way back from it to `back` is checked with."""
        attempt = Attempt.new(back, self._config.xero.connection)
        register_secret(attempt.verifier or "")
        address = attempt.address(self._config.xero.login_url, self.client_id("xero"), self.scopes("xero"))
        return address, attempt

    def log_in_xero(self, form: Mapping[str, str] | None, wanted: str | None, choose: Chooser) -> Tenant:
        """Exchange what `form` holds (None: a custom connection), store the login and give its organisation.

        `wanted` is a name or id, else the configuration's; `choose` is asked when several are left. Raises LoginError
        as `log_in_zoho`, and ConfigError when nobody chose: the login is stored then all the same.
        """
        authorizer = self._xero_authorizer()
        tokens = grant_xero.grant(authorizer, form or grant_xero.CUSTOM, self.scopes("xero"))
        with self._taking_over("xero", tokens):
            tenants = grant_xero.find_tenants(tokens, self._config.xero.api_url, self._clock)
            tenant = self._choose(tenants, wanted, choose)
            told = {"organisation_id": tenant.id, "organisation": tenant.name, "connection_id": tenant.connection_id}
            self._store("xero", tokens, told)
        return tenant

    def _xero_authorizer(self) -> XeroAuthorizer:
        xero = self._config.xero
        return XeroAuthorizer(
            self._credentials, xero.identity_url, self._clock, self._lock, xero.connection, lambda: None
        )

    def _choose(self, tenants: Sequence[Tenant], wanted: str | None, choose: Chooser) -> Tenant:
        if not tenants:
            raise LoginError("The Xero login reaches no organisation.", "Connect one: zoho-xero-sync auth xero")
        pinned = self._identity()
        if pinned is not None:
            ours = grant_xero.chosen(tenants, pinned.xero_tenant_id)
            if not ours:
                raise _foreign("Xero", pinned.xero_org_name, ", ".join(tenant.name for tenant in tenants))
            return ours[0]
        wanted = wanted or self._config.xero.tenant
        left = grant_xero.chosen(tenants, wanted)
        if len(left) == 1:
            return left[0]
        place = choose([(tenant.name, tenant.id) for tenant in left]) if left else None
        if place is not None:
            return left[place]
        trouble = f"reaches no organisation called {wanted!r}" if wanted and not left else "reaches several"
        listed = "; ".join(f"{tenant.name} ({tenant.id})" for tenant in tenants)
        message = f"the Xero login {trouble}: {listed}."
        raise ConfigError((ConfigProblem(self._config.file.name, 0, "xero.tenant", message, "Name one of them."),))

    def log_out_xero(self, *, keep_connection: bool) -> str:
        """Forget the login and, unless told otherwise, remove the connection of this one organisation.

        Returns the organisation's name when its connection was removed, else "". Raises RemoteError, with nothing
        forgotten, when Xero is down. Other organisations' connections stay as they are.
        """
        removed = ""
        if not keep_connection:
            tokens = self._living_xero()
            tenant = self._our_tenant(grant_xero.find_tenants(tokens, self._config.xero.api_url, self._clock), tokens)
            if tenant is not None and grant_xero.disconnect(tokens, tenant, self._config.xero.api_url, self._clock):
                removed = tenant.name
        self._forget("xero")
        return removed

    def _living_xero(self) -> TokenSet:
        self._xero_authorizer().headers()
        return self._credentials.load_tokens("xero")

    def _our_tenant(self, tenants: Sequence[Tenant], tokens: TokenSet) -> Tenant | None:
        """The organisation this configuration works in; None when it is not, or not clearly, among them."""
        pinned = self._identity()
        wanted = pinned.xero_tenant_id if pinned else tokens.extra.get("organisation_id") or self._config.xero.tenant
        left = grant_xero.chosen(tenants, wanted)
        return left[0] if len(left) == 1 else None

    def forget_xero(self) -> None:
        """Forget the login without asking Xero."""
        self._forget("xero")

    # ---- storing ----

    @contextmanager
    def _taking_over(self, service: str, tokens: TokenSet) -> Iterator[None]:
        """Put the new login in the place of the old one while it is judged; the old one comes back when it is wrong.

        Its access token is left out until then, so that a run after a crash gets its own and asks whose it is.
        """
        self._keep_client(service)
        with self._lock():
            before = self._stored(service)
            self._credentials.save_tokens(service, replace(tokens, access=None, expires_at=None))
            try:
                yield
            except LoginError:
                if before is None:
                    self._credentials.forget_tokens(service)
                else:
                    self._credentials.save_tokens(service, before)
                raise

    def _stored(self, service: str) -> TokenSet | None:
        try:
            tokens = self._credentials.load_tokens(service)
        except LoginError:
            # Damaged tokens are what logging in again is for.
            return None
        return None if tokens == TokenSet() else tokens

    def _store(self, service: str, tokens: TokenSet, told: Mapping[str, str]) -> None:
        since = {"granted_at": self._clock.now().isoformat()}
        self._credentials.save_tokens(service, replace(tokens, extra={**tokens.extra, **told, **since}))

    def _keep_client(self, service: str) -> None:
        """Store the client as the declared store allows: with `env` the environment stays its only place."""
        if self._config.secrets.store == "env":
            return
        for name in self.client_names(service):
            found = self._credentials.seed(name)
            if found is not None:
                self._credentials.save_credential(name, found)

    def _forget(self, service: str) -> None:
        with self._lock():
            self._credentials.forget_tokens(service)
            self._credentials.forget_credential(f"{service}_refresh_token")

    def still_set(self, service: str) -> str | None:
        """The variable that logs in all the same after a logout; None when there is none."""
        name = f"{service}_refresh_token"
        return variable(name) if self._credentials.seed(name) is not None else None

    def _identity(self) -> Identity | None:
        if not Ledger.exists(self._config.ledger):
            return None
        with Ledger.open(self._config.ledger, read_only=True) as ledger:
            return ledger.identity()


_LOG_IN = "Log in: zoho-xero-sync auth {}"


def _foreign(service: str, ours: str, theirs: str) -> LoginError:
    return LoginError(
        f"This ledger belongs to the {service} organisation {ours} and the login reaches {theirs}. "
        "The login was not stored.",
        f"Log in to the right one: zoho-xero-sync auth {service.lower()}",
    )
