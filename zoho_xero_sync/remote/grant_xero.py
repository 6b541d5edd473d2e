"""Logging in to Xero: the address of its consent page, PKCE, which organisations a login reaches, and leaving one.

developer.xero.com/documentation/guides/oauth2/auth-flow, .../pkce-flow, .../custom-connections, .../tenants.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from zoho_xero_sync.core.scopes import Scope, missing_scopes
from zoho_xero_sync.errors import LoginError, RemoteError
from zoho_xero_sync.remote.callback import Returned, refusal
from zoho_xero_sync.remote.held import HeldLogin
from zoho_xero_sync.remote.http import Transport
from zoho_xero_sync.remote.oauth_xero import XeroAuthorizer
from zoho_xero_sync.remote.patience import Clock
from zoho_xero_sync.remote.secret import TokenSet
from zoho_xero_sync.remote.xero import wire
from zoho_xero_sync.remote.xero.client import XeroClient


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organisation the login reaches. `connection_id` names the tie between it and this app."""

    id: str
    name: str
    connection_id: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One walk to the consent page and back. `verifier` is PKCE's (RFC 7636), None for an app with a secret."""

    back: str
    state: str = field(repr=False)
    verifier: str | None = field(repr=False)

    @staticmethod
    def new(back: str, connection: str) -> Attempt:
        """An attempt that nobody can guess."""
        verifier = secrets.token_urlsafe(64) if connection == "pkce" else None
        return Attempt(back, secrets.token_urlsafe(24), verifier)

    def address(self, login_url: str, client_id: str, scopes: Iterable[Scope]) -> str:
        """The page where a person allows the login."""
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": self.back,
            "scope": " ".join(scope.name for scope in scopes),
            "state": self.state,
        }
        if self.verifier is not None:
            digest = hashlib.sha256(self.verifier.encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        return f"{login_url}/identity/connect/authorize?{urlencode(asked)}"

    def form(self, returned: Returned) -> Mapping[str, str]:
        """The token request for what came back. Raises LoginError for a refusal."""
        if returned.error is not None or returned.code is None:
            raise refusal("Xero", returned)
        form = {"grant_type": "authorization_code", "code": returned.code, "redirect_uri": self.back}
        return form if self.verifier is None else {**form, "code_verifier": self.verifier}


CUSTOM: Mapping[str, str] = {"grant_type": "client_credentials"}


def grant(authorizer: XeroAuthorizer, form: Mapping[str, str], scopes: Iterable[Scope]) -> TokenSet:
    """The tokens for `form`, not stored, with every scope, and with a refresh token unless the connection is custom.

    Raises LoginError, or RemoteError when Xero gives no answer.
    """
    tokens = authorizer.grant(form)
    lacking = missing_scopes([scope for scope in scopes if scope.name != "offline_access"], tokens.extra.get("scope"))
    if lacking:
        raise LoginError(
            f"The Xero login lacks {', '.join(scope.name for scope in lacking)} "
            f"({'; '.join(scope.reason for scope in lacking)}).",
            "Add the scopes to the app in developer.xero.com, then: zoho-xero-sync auth xero",
        )
    if form["grant_type"] == "authorization_code" and tokens.refresh is None:
        raise LoginError(
            "Xero gave a login that ends within half an hour, without a refresh token.",
            "Allow offline access for the app, then: zoho-xero-sync auth xero",
        )
    return tokens


def find_tenants(tokens: TokenSet, api_url: str, clock: Clock) -> tuple[Tenant, ...]:
    """The organisations these tokens reach, asked with them alone. Raises LoginError or RemoteError."""
    with _transport(tokens, api_url, clock) as transport:
        entries = XeroClient(transport).connections()
    return tuple(
        Tenant(wire.text(entry, "tenantId"), wire.text(entry, "tenantName"), wire.text(entry, "id"))
        for entry in entries
        if wire.text(entry, "tenantType") == "ORGANISATION"
    )


def disconnect(tokens: TokenSet, tenant: Tenant, api_url: str, clock: Clock) -> bool:
    """Remove the tie between one organisation and this app; False when it was gone already.

    The revocation endpoint is never used: it would end every connection of the same user.
    """
    with _transport(tokens, api_url, clock) as transport:
        answer = transport.read("DELETE", f"/connections/{tenant.connection_id}")
    if answer.status not in (200, 204, 404):
        raise RemoteError(
            f"Xero did not remove the connection to {tenant.name}: status {answer.status}.",
            "Run the same command again, or remove it in Xero under Settings, Connected apps.",
        )
    return answer.status != 404


def _transport(tokens: TokenSet, api_url: str, clock: Clock) -> Transport:
    return Transport("Xero", api_url, clock=clock, authorizer=HeldLogin("Xero", "Bearer", tokens))


def chosen(tenants: Sequence[Tenant], wanted: str | None) -> tuple[Tenant, ...]:
    """Those that `wanted` (an id or a name) means; all of them when it is None."""
    return tuple(tenant for tenant in tenants if wanted in (None, tenant.id, tenant.name))
