"""Xero's identity service: client authentication, the grants, rotation with its grace, scopes.

Sources: developer.xero.com/documentation/guides/oauth2/auth-flow, .../pkce-flow, .../custom-connections,
.../token-types, .../scopes. Token strings are random and never leave this module but in the answers themselves.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from zoho_xero_sync.sandbox.clock import VirtualClock

from .rule import rules

RULES = (
    *rules(
        "guides/oauth2/auth-flow",
        "An authorisation code is single use and lives 5 minutes; it is bound to the redirect_uri, byte for byte.",
        "A redirect_uri must be a registered one; a bad client_id, redirect_uri or scope shows an error page and never "
        "redirects.",
        "Every refresh gives a new refresh token; the one before stays valid for 30 minutes after its first use.",
        "A refresh token lapses after 60 days unused; without offline_access there is none.",
        "Revoking a refresh token drops every connection of the user to the app.",
    ),
    *rules(
        "guides/oauth2/pkce-flow",
        "A PKCE app has no secret; it sends a S256 challenge, and the verifier of 43 to 128 characters must match.",
    ),
    *rules(
        "guides/oauth2/custom-connections",
        "A custom connection uses client credentials, reaches one organisation, and has no refresh token.",
        "A scope that is not selected on the connection is refused with invalid_scope.",
    ),
    *rules("guides/oauth2/token-types", "An access token lives 1800 seconds; an expired one answers 401 TokenExpired."),
    *rules("guides/oauth2/scopes", "Only granular scopes are granted; the broad ones are refused with invalid_scope."),
)

ACCESS_LIFETIME = timedelta(seconds=1800)
CODE_LIFETIME = timedelta(minutes=5)
REFRESH_LIFETIME = timedelta(days=60)
GRACE = timedelta(minutes=30)

GRANTS: Mapping[str, frozenset[str]] = {
    "custom": frozenset({"client_credentials"}),
    "web": frozenset({"authorization_code", "refresh_token"}),
    "pkce": frozenset({"authorization_code", "refresh_token"}),
}
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
BROAD_SCOPES = frozenset({"accounting.transactions", "accounting.transactions.read", "accounting.reports.read"})
ID_TOKEN_LIFETIME = timedelta(minutes=5)
DEFAULT_REDIRECTS = ("http://localhost:8742/callback",)
DEFAULT_SCOPES = (
    "accounting.attachments",
    "accounting.contacts",
    "accounting.invoices",
    "accounting.payments",
    "accounting.settings",
)


class GrantError(Exception):
    """The token endpoint answers 400 with {"error": code}."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Client:
    """One app: its id and secret (never shown), its kind of connection, its scopes and redirect URIs, its name."""

    client_id: str
    secret: str
    connection: str
    scopes: frozenset[str]
    redirect_uris: frozenset[str] = frozenset(DEFAULT_REDIRECTS)
    name: str = "Zoho to Xero sandbox app"

    def __repr__(self) -> str:
        return f"Client({self.client_id!r}, {self.connection!r})"


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token stands for."""

    scopes: frozenset[str]
    expires_at: datetime
    auth_event_id: str


@dataclass(frozen=True, slots=True)
class _Code:
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str | None
    expires_at: datetime
    auth_event_id: str


@dataclass(frozen=True, slots=True)
class _Refresh:
    scopes: frozenset[str]
    issued_at: datetime
    auth_event_id: str
    spent_at: datetime | None = None


class Tokens:
    """Codes, access tokens and refresh tokens of one client."""

    def __init__(self, clock: VirtualClock, client: Client, auth_event_id: str) -> None:
        self.client = client
        self.auth_event_id = auth_event_id
        self._user_id = str(uuid.uuid5(uuid.NAMESPACE_URL, auth_event_id))
        self._clock = clock
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, Access] = {}
        self._refresh: dict[str, _Refresh] = {}

    def grant(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> dict[str, object]:
        """The token endpoint's success body. Raises GrantError."""
        grant_type = form.get("grant_type", "")
        if not grant_type:
            raise GrantError("invalid_request")
        self._check_client(form, basic)
        if grant_type not in set().union(*GRANTS.values()):
            raise GrantError("unsupported_grant_type")
        if grant_type not in GRANTS[self.client.connection]:
            raise GrantError("unauthorized_client")
        if grant_type == "client_credentials":
            return self._issue(self._requested_scopes(form.get("scope")), self.auth_event_id, refreshable=False)
        if grant_type == "authorization_code":
            code = self._spend_code(form)
            return self._issue(code.scopes, code.auth_event_id, refreshable="offline_access" in code.scopes)
        known = self._spend_refresh(form.get("refresh_token", ""))
        return self._issue(known.scopes, known.auth_event_id, refreshable=True)

    def make_code(
        self, redirect_uri: str, scope: str, challenge: str | None = None, auth_event_id: str | None = None
    ) -> str:
        """A single-use authorisation code, as the browser's consent page hands out. Raises GrantError."""
        code = secrets.token_urlsafe(24)
        scopes = self._requested_scopes(scope)
        event = auth_event_id or self.auth_event_id
        self._codes[code] = _Code(scopes, redirect_uri, challenge, self._clock.now() + CODE_LIFETIME, event)
        return code

    def new_consent(self) -> str:
        """The authentication event of a consent that a person gives now; the newest is `auth_event_id`."""
        self.auth_event_id = str(uuid.uuid4())
        return self.auth_event_id

    def check_request(self, client_id: str, redirect_uri: str, scope: str, challenge: str, method: str) -> None:
        """Raise GrantError for what the authorisation page shows an error for and never redirects."""
        if not _same(client_id, self.client.client_id) or "authorization_code" not in GRANTS[self.client.connection]:
            raise GrantError("unauthorized_client")
        if redirect_uri not in self.client.redirect_uris:
            raise GrantError("invalid_request_uri")
        if not scope.split():
            raise GrantError("invalid_scope")
        self._requested_scopes(scope)
        if self.client.connection == "pkce" and not challenge:
            raise GrantError("invalid_request")
        if challenge and (method != "S256" or not CHALLENGE.fullmatch(challenge)):
            raise GrantError("invalid_request")

    def adopt_refresh_token(self, token: str) -> None:
        """Make `token`, given by the world, a valid refresh token with all the client's scopes."""
        scopes = self.client.scopes | {"offline_access"}
        self._refresh[token] = _Refresh(scopes, self._clock.now(), self.auth_event_id)

    def access(self, token: str) -> Access | None:
        """What `token` allows, expired or not; None when it was never issued or is revoked."""
        return self._access.get(token)

    def revoke(self, refresh_token: str) -> bool:
        """Forget everything when `refresh_token` is known; the revocation endpoint drops the whole consent."""
        if refresh_token not in self._refresh:
            return False
        self._refresh.clear()
        self._access.clear()
        return True

    def expire_access_tokens(self) -> None:
        """Every access token ends now; refresh tokens live on."""
        now = self._clock.now()
        for text, access in self._access.items():
            self._access[text] = replace(access, expires_at=min(now, access.expires_at))

    def lapse(self) -> None:
        """Every refresh token becomes invalid, as after 60 idle days or a disconnect by the user."""
        self._refresh.clear()

    def authenticates(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> bool:
        """Whether the request proves to come from the client: Basic or body for a secret, client_id for PKCE."""
        client_id, secret = basic or (form.get("client_id", ""), form.get("client_secret", ""))
        if not _same(client_id, self.client.client_id):
            return False
        return self.client.connection == "pkce" or _same(secret, self.client.secret)

    def _check_client(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> None:
        if basic is None and not form.get("client_id"):
            raise GrantError("invalid_request")
        if not self.authenticates(form, basic):
            raise GrantError("invalid_client")

    def _requested_scopes(self, wanted: str | None) -> frozenset[str]:
        if not wanted:
            return self.client.scopes
        names = frozenset(wanted.split())
        if names & BROAD_SCOPES:
            raise GrantError("invalid_scope")
        allowed = self.client.scopes | {"openid", "profile", "email"}
        if self.client.connection != "custom":
            allowed |= {"offline_access"}
        if not all(scope in allowed or scope.removesuffix(".read") in allowed for scope in names):
            raise GrantError("invalid_scope")
        return names

    def _spend_code(self, form: Mapping[str, str]) -> _Code:
        if not form.get("code") or not form.get("redirect_uri"):
            raise GrantError("invalid_request")
        code = self._codes.pop(form["code"], None)
        if code is None or self._clock.now() >= code.expires_at or form["redirect_uri"] != code.redirect_uri:
            raise GrantError("invalid_grant")
        if (code.challenge is not None or self.client.connection == "pkce") and not _verifies(
            form.get("code_verifier", ""), code.challenge
        ):
            raise GrantError("invalid_grant")
        return code

    def _spend_refresh(self, token: str) -> _Refresh:
        if not token:
            raise GrantError("invalid_request")
        known = self._refresh.get(token)
        now = self._clock.now()
        if known is None or now - known.issued_at >= REFRESH_LIFETIME:
            raise GrantError("invalid_grant")
        if known.spent_at is None:
            self._refresh[token] = replace(known, spent_at=now)
        elif now - known.spent_at >= GRACE:
            raise GrantError("invalid_grant")
        return known

    def _issue(self, scopes: frozenset[str], event: str, *, refreshable: bool) -> dict[str, object]:
        now = self._clock.now()
        expires_at = now + ACCESS_LIFETIME
        claims = {"client_id": self.client.client_id, "authentication_event_id": event, "scope": sorted(scopes)}
        token = _jwt({**claims, "xero_userid": self._user_id, "jti": secrets.token_hex(16)}, now, expires_at)
        self._access[token] = Access(scopes, expires_at, event)
        body: dict[str, object] = {
            "access_token": token,
            "expires_in": int(ACCESS_LIFETIME.total_seconds()),
            "token_type": "Bearer",
            "scope": " ".join(sorted(scopes)),
        }
        if refreshable:
            fresh = secrets.token_urlsafe(32)
            self._refresh[fresh] = _Refresh(scopes, now, event)
            body["refresh_token"] = fresh
        if "openid" in scopes:
            claims = {"aud": self.client.client_id, "sub": self._user_id, "xero_userid": self._user_id}
            body["id_token"] = _jwt(claims, now, now + ID_TOKEN_LIFETIME)
        return body


def _jwt(claims: Mapping[str, object], now: datetime, expires_at: datetime) -> str:
    whole = {"nbf": int(now.timestamp()), "exp": int(expires_at.timestamp()), **claims}
    parts = [json.dumps({"alg": "RS256", "typ": "JWT"}).encode(), json.dumps(whole).encode()]
    return ".".join(_base64url(part) for part in [*parts, secrets.token_bytes(32)])


def _verifies(verifier: str, challenge: str | None) -> bool:
    if challenge is None or not 43 <= len(verifier) <= 128:
        return False
    return _same(_base64url(hashlib.sha256(verifier.encode()).digest()), challenge)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())
