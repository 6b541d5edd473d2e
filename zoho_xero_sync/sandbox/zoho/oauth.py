"""The accounts server of the sandbox: grant codes, refresh tokens, access tokens and the throttle on minting them.

Source: www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html,
www.zoho.com/crm/developer/docs/api/v8/refresh.html, .../token-validity.html, .../scopes.html.
"""

from __future__ import annotations

import re
import secrets
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..clock import VirtualClock
from .rule import rules

RULES = (
    *rules(
        "refresh.html",
        "The token endpoint answers a refusal with 200 and an `error`; only the throttle of minting is a 400.",
        "A refresh answers without a refresh token; the first one stays good until it is revoked.",
        "A client id, a client secret, a grant code or a refresh token that is unknown is refused: invalid_client, "
        "invalid_client_secret, invalid_code.",
    ),
    *rules(
        "www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html",
        "An access token lives 3600 seconds; at most 10 are minted in 10 minutes with one refresh token, and further "
        "ones answer Access Denied until the window has passed.",
        "A refresh token keeps its newest 30 access tokens and a user the newest 20 refresh tokens; the oldest dies.",
    ),
    *rules(
        "auth-request.html",
        "A grant code is good once: for 10 minutes from a self client, for 2 minutes from the consent page, and then "
        "with the same redirect URI only.",
        "The consent page refuses an unknown client, redirect URI or scope with a page that does not redirect.",
        "A consent brings a refresh token with access_type=offline only, and again only with prompt=consent.",
    ),
    *rules("multi-dc.html", "The way back from the consent page names the data centre and its accounts server."),
)


ACCESS_LIFE = timedelta(seconds=3600)
GRANT_LIFE = timedelta(minutes=10)
# The code of the browser's way lives shorter (.../auth-request.html).
BROWSER_CODE_LIFE = timedelta(minutes=2)
MINT_WINDOW = timedelta(minutes=10)
MINTS_PER_WINDOW = 10
REFRESH_TOKENS_PER_USER = 20
ACCESS_TOKENS_PER_REFRESH = 30

DEFAULT_REDIRECTS = ("http://localhost:8742/callback",)
_SCOPE = re.compile(r"(?:AaaServer|ZohoCRM|ZohoSearch)(?:\.\w+){1,3}", re.IGNORECASE)

# The longest answers for what a deal-to-invoice program needs, named as the scopes page spells them.
DEFAULT_SCOPES = (
    "ZohoCRM.coql.READ",
    "ZohoCRM.modules.ALL",
    "ZohoCRM.notifications.ALL",
    "ZohoCRM.org.READ",
    "ZohoCRM.settings.ALL",
    "ZohoCRM.users.READ",
)


class TokenError(Exception):
    """A refusal of the token endpoint. Zoho sends most under HTTP 200; only the throttle is a 400."""

    def __init__(self, error: str, *, throttled: bool = False) -> None:
        super().__init__(error)
        self.error = error
        self.throttled = throttled

    def body(self) -> dict[str, str]:
        """The answer's JSON value."""
        if not self.throttled:
            return {"error": self.error}
        return {
            "error": "Access Denied",
            "error_description": "You have made too many requests continuously. Please try again after some time.",
            "status": "failure",
        }


@dataclass(slots=True)
class _Refresh:
    scopes: tuple[str, ...]
    minted: deque[datetime] = field(default_factory=deque)
    access: deque[str] = field(default_factory=deque)


@dataclass(frozen=True, slots=True)
class _Access:
    scopes: tuple[str, ...]
    expires: datetime


@dataclass(frozen=True, slots=True)
class _Grant:
    scopes: tuple[str, ...]
    expires: datetime
    redirect_uri: str | None = None
    offline: bool = True


class OAuthBook:
    """All credentials of one sandbox organisation. Not printed anywhere: `repr` and snapshots leave it out."""

    def __init__(self, clock: VirtualClock, client: Mapping[str, Any]) -> None:
        self._clock = clock
        self._client_id = str(client.get("id", "1000.SANDBOX"))
        self._client_secret = str(client.get("secret", "sandbox-zoho-secret"))
        self._refresh: dict[str, _Refresh] = {}
        self._access: dict[str, _Access] = {}
        self._grants: dict[str, _Grant] = {}
        scopes = tuple(str(scope) for scope in client.get("scopes", DEFAULT_SCOPES))
        self._redirect_uris = frozenset(str(uri) for uri in client.get("redirect_uris", DEFAULT_REDIRECTS))
        # Where the user lives, as the way back from the consent page tells it; None is this very server.
        self.location = str(client.get("location", "au"))
        self.accounts_server: str | None = client.get("accounts_server")
        self._consented = False
        self._refresh[str(client.get("refresh_token", "1000.sandbox.refresh"))] = _Refresh(scopes)

    def issue_grant_code(self, scopes: Iterable[str]) -> str:
        """A self-client grant code, good once and for ten minutes."""
        code = _secret()
        self._grants[code] = _Grant(tuple(scopes), self._clock.now() + GRANT_LIFE)
        return code

    def problem_of(self, asked: Mapping[str, str]) -> str | None:
        """What the consent page shows an error for, without ever redirecting; None when all is well."""
        if asked.get("client_id") != self._client_id:
            return "Invalid Client Id"
        if asked.get("redirect_uri") not in self._redirect_uris:
            return "Invalid Redirect Uri"
        if asked.get("response_type") != "code":
            return "Invalid Response Type"
        if not all(_SCOPE.fullmatch(scope) for scope in asked.get("scope", "").split(",")):
            return "Invalid OAuth Scope"
        return None

    def issue_browser_code(self, asked: Mapping[str, str]) -> str:
        """The code a consent sends back, good once and for two minutes, with that redirect URI only.

        It brings a refresh token when access_type is offline, and on later consents only with prompt=consent.
        """
        offline = asked.get("access_type") == "offline" and (not self._consented or asked.get("prompt") == "consent")
        self._consented = True
        code = _secret()
        scopes = tuple(asked["scope"].split(","))
        expires = self._clock.now() + BROWSER_CODE_LIFE
        self._grants[code] = _Grant(scopes, expires, asked["redirect_uri"], offline)
        return code

    def answer(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The token endpoint: the success body without api_domain. Raises TokenError."""
        if form.get("client_id") != self._client_id:
            raise TokenError("invalid_client")
        if form.get("client_secret") != self._client_secret:
            raise TokenError("invalid_client_secret")
        match form.get("grant_type"):
            case "refresh_token":
                return self._from_refresh(form.get("refresh_token", ""))
            case "authorization_code":
                return self._from_grant(form.get("code", ""), form.get("redirect_uri"))
            case _:
                raise TokenError("unsupported_grant_type")

    def revoke(self, token: str) -> None:
        """Forget a refresh token with all its access tokens, or one access token. Raises TokenError when unknown."""
        if self._access.pop(token, None) is not None:
            return
        holder = self._refresh.pop(token, None)
        if holder is None:
            raise TokenError("invalid_code")
        for access in holder.access:
            self._access.pop(access, None)

    def revoke_everything(self) -> None:
        """A person's hand: the connection is removed in Zoho; every token is dead."""
        self._refresh.clear()
        self._access.clear()

    def connect_again(self, refresh_token: str, scopes: Iterable[str] = DEFAULT_SCOPES) -> None:
        """A person's hand: the connection is there again, and this refresh token is good."""
        self._refresh.setdefault(refresh_token, _Refresh(tuple(scopes)))

    def expire_access_tokens(self) -> None:
        """A person's hand: every access token ends now; refresh tokens live on."""
        self._access.clear()

    def set_scopes(self, scopes: Iterable[str]) -> None:
        """A person's hand: all refresh tokens carry these scopes; access tokens minted before are dead."""
        granted = tuple(scopes)
        for holder in self._refresh.values():
            holder.scopes = granted
        self._access.clear()

    def scopes_of(self, access_token: str) -> tuple[str, ...] | None:
        """The scopes of a live access token, else None."""
        found = self._access.get(access_token)
        if found is None or found.expires <= self._clock.now():
            return None
        return found.scopes

    def _from_grant(self, code: str, redirect_uri: str | None) -> dict[str, Any]:
        grant = self._grants.pop(code, None)
        if grant is None or grant.expires <= self._clock.now():
            raise TokenError("invalid_code")
        if grant.redirect_uri is not None and grant.redirect_uri != redirect_uri:
            raise TokenError("invalid_redirect_uri")
        if not grant.offline:
            return self._mint(_Refresh(grant.scopes))
        while len(self._refresh) >= REFRESH_TOKENS_PER_USER:
            self.revoke(next(iter(self._refresh)))
        refresh_token = _secret()
        self._refresh[refresh_token] = _Refresh(grant.scopes)
        answer = self._mint(self._refresh[refresh_token])
        return {"access_token": answer.pop("access_token"), "refresh_token": refresh_token, **answer}

    def _from_refresh(self, refresh_token: str) -> dict[str, Any]:
        holder = self._refresh.get(refresh_token)
        if holder is None:
            raise TokenError("invalid_code")
        return self._mint(holder)

    def _mint(self, holder: _Refresh) -> dict[str, Any]:
        now = self._clock.now()
        while holder.minted and holder.minted[0] <= now - MINT_WINDOW:
            holder.minted.popleft()
        if len(holder.minted) >= MINTS_PER_WINDOW:
            raise TokenError("Access Denied", throttled=True)
        holder.minted.append(now)
        access_token = _secret()
        self._access[access_token] = _Access(holder.scopes, now + ACCESS_LIFE)
        holder.access.append(access_token)
        if len(holder.access) > ACCESS_TOKENS_PER_REFRESH:
            self._access.pop(holder.access.popleft(), None)
        return {
            "access_token": access_token,
            "scope": " ".join(holder.scopes),
            "token_type": "Bearer",
            "expires_in": int(ACCESS_LIFE.total_seconds()),
        }


def allows(granted: Iterable[str], family: str, thing: str | None, operation: str) -> bool:
    """Whether scopes cover ZohoCRM.<family>[.<thing>].<operation>; ALL covers every operation, no thing all things.

    Scope names are compared without case, as the scopes page itself varies it.
    """
    held = {scope.lower() for scope in granted}
    stems = [f"zohocrm.{family}"] + ([f"zohocrm.{family}.{thing}"] if thing else [])
    return any(f"{stem}.{end}".lower() in held for stem in stems for end in (operation, "all"))


def _secret() -> str:
    return f"1000.{secrets.token_hex(16)}.{secrets.token_hex(16)}"
