"""Xero's login: client credentials, or a refresh token that changes at each use and is stored before it counts."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

from zoho_xero_sync.errors import SAFE_TO_RERUN, LoginError
from zoho_xero_sync.remote.answer import Answer, BadAnswer
from zoho_xero_sync.remote.http import Transport
from zoho_xero_sync.remote.login import Login, error_word
from zoho_xero_sync.remote.patience import Clock
from zoho_xero_sync.remote.secret import Secret, TokenSet
from zoho_xero_sync.remote.secrets import Credentials

TOKEN_PATH = "/connect/token"  # noqa: S105 - a path, not a password
# developer.xero.com/documentation/guides/oauth2/token-types: an access token lives 30 minutes.
TOKEN_LIFE = 1800
# developer.xero.com/documentation/guides/oauth2/auth-flow, "Refreshing access tokens": when the answer was lost, the
# token before may be sent again for 30 minutes.
GRACE = timedelta(minutes=30)
MINT_BUDGET = 45.0

_LOG_IN = "Log in again: zoho-xero-sync auth xero"

# developer.xero.com/documentation/guides/oauth2/troubleshooting, "Token endpoint".
_REFUSALS: Mapping[str, tuple[str, str]] = {
    "invalid_grant": (
        "Xero no longer accepts the stored login: it lapsed after 60 days unused, was revoked, or was used elsewhere.",
        _LOG_IN,
    ),
    "invalid_client": (
        "Xero does not accept the client id or the client secret.",
        "Copy both from the app's page in developer.xero.com, then: zoho-xero-sync auth xero",
    ),
    "unauthorized_client": (
        "Xero does not allow this app to log in the way xero.connection says.",
        "Set xero.connection to the app's own type (custom, pkce or web), then: zoho-xero-sync auth xero",
    ),
    "invalid_scope": (
        "The Xero app does not have the scopes it asks for.",
        "Add the scopes to the app in developer.xero.com, then: zoho-xero-sync auth xero",
    ),
}
# The same word means something else for an authorisation code
# (developer.xero.com/documentation/guides/oauth2/auth-flow).
_CODE_REFUSALS: Mapping[str, tuple[str, str]] = {
    **_REFUSALS,
    "invalid_grant": (
        "Xero does not accept the code: it is good once and for five minutes.",
        _LOG_IN,
    ),
}


class XeroAuthorizer:
    """Puts Xero's token and tenant on each request (developer.xero.com/documentation/guides/oauth2/overview)."""

    def __init__(
        self,
        credentials: Credentials,
        identity_url: str,
        clock: Clock,
        lock: Callable[[], AbstractContextManager[object]],
        connection: str,
        tenant_id: Callable[[], str | None],
    ) -> None:
        """`connection` is custom, pkce or web; `lock` keeps other processes from renewing at the same time.

        `token_calls` counts the requests for tokens, refused ones included.
        """
        self.token_calls = 0
        self._credentials, self._identity_url, self._clock = credentials, identity_url, clock
        self._connection, self._tenant_id = connection, tenant_id
        self._login = Login("Xero", credentials, clock, lock, mark=self._mark, mint=self._mint)

    @property
    def minted(self) -> int:
        """How many access tokens this process got."""
        return self._login.minted

    def headers(self) -> dict[str, str]:
        """The login for one request. Raises LoginError when it is missing or dead, RemoteError when Xero is."""
        headers = {"Authorization": f"Bearer {self._login.access().reveal()}", "Accept": "application/json"}
        tenant = self._tenant_id()
        return headers if tenant is None else {**headers, "xero-tenant-id": tenant}

    def renew(self, answer: Answer) -> bool:
        """True when a 401 was about the token and a new one was got.

        LoginError when a scope is missing, which a new token never has, and when the connection itself is gone.
        """
        detail = str(answer.fields().get("detail") or "").lower()
        if answer.status == 401:
            if detail.startswith("authorizationunsuccessful") or _lacks_scope(answer):
                raise LoginError(
                    f"The Xero login lacks the scope for {answer.request}.",
                    "Add the scope to the app in developer.xero.com, then: zoho-xero-sync auth xero",
                )
            self._login.renew()
            return True
        if answer.status == 403 and detail.startswith("authenticationunsuccessful"):
            raise LoginError(
                "Xero refuses this organisation: it was disconnected, its trial is over, or the user lost access.",
                "Check xero.tenant and the organisation's connected apps, then: zoho-xero-sync auth xero",
            )
        return False

    def grant(self, form: Mapping[str, str]) -> TokenSet:
        """The tokens for a grant of the token endpoint, not stored; `form` is all of it but the client's own login.

        The refresh token is there only when Xero gave one. Raises LoginError when Xero refuses.
        """
        answer = self._ask(form)
        tokens = self._tokens(TokenSet(), answer, _CODE_REFUSALS)
        refresh = answer.fields().get("refresh_token")
        if not isinstance(refresh, str) or not refresh:
            return tokens
        seed = self._credentials.seed("xero_refresh_token")
        # A token in the environment is older than this login, so it is not tried after it.
        extra = tokens.extra if seed is None else {**tokens.extra, "seed": seed.fingerprint()}
        return replace(tokens, refresh=self._credentials.protect(refresh), rotated_at=self._clock.now(), extra=extra)

    def _mark(self, tokens: TokenSet) -> str:
        parts = [self._identity_url, self._connection, self._client_id().fingerprint()]
        if self._connection != "pkce":
            parts.append(self._credentials.require("xero_client_secret").fingerprint())
        return Secret("\n".join(parts)).fingerprint()

    def _mint(self, stored: TokenSet) -> TokenSet:
        if self._connection == "custom":
            # Without a scope the connection's own are given (guides/oauth2/custom-connections on developer.xero.com).
            return self._tokens(stored, self._ask({"grant_type": "client_credentials"}))
        refused: Answer | None = None
        for refresh in self._candidates(stored):
            answer = self._ask({"grant_type": "refresh_token", "refresh_token": refresh.reveal()})
            if answer.fields().get("error") != "invalid_grant":
                return self._rotated(stored, refresh, answer)
            refused = answer
        if refused is None:
            raise LoginError("Nobody is logged in to Xero.", "Log in: zoho-xero-sync auth xero")
        raise _refusal(refused, _REFUSALS)

    def _candidates(self, stored: TokenSet) -> Iterator[Secret]:
        """The newest refresh token, the one before it while its grace lasts, and a first one not used up yet."""
        tried: list[Secret] = []
        seed = self._credentials.seed("xero_refresh_token")
        if seed is not None and seed.fingerprint() == stored.extra.get("seed"):
            seed = None
        in_grace = stored.rotated_at is not None and self._clock.now() - stored.rotated_at < GRACE
        for candidate in (stored.refresh, stored.previous_refresh if in_grace else None, seed):
            if candidate is not None and candidate not in tried:
                tried.append(candidate)
                yield candidate

    def _rotated(self, stored: TokenSet, used: Secret, answer: Answer) -> TokenSet:
        tokens = self._tokens(stored, answer)
        given = answer.fields().get("refresh_token")
        new = self._credentials.protect(given) if isinstance(given, str) and given else used
        seed = self._credentials.seed("xero_refresh_token")
        extra = {**tokens.extra, "seed": used.fingerprint()} if used == seed else tokens.extra
        return replace(tokens, refresh=new, previous_refresh=used, rotated_at=self._clock.now(), extra=extra)

    def _tokens(
        self, stored: TokenSet, answer: Answer, refusals: Mapping[str, tuple[str, str]] = _REFUSALS
    ) -> TokenSet:
        given = answer.fields()
        access = given.get("access_token")
        if answer.status != 200 or not isinstance(access, str) or not access:
            raise _refusal(answer, refusals)
        scope = given.get("scope")
        told = {"scope": scope} if isinstance(scope, str) else {}
        return replace(
            stored,
            access=self._credentials.protect(access),
            expires_at=self._expiry(given.get("expires_in")),
            extra={**stored.extra, **told, "login": self._mark(stored)},
        )

    def _expiry(self, told: object) -> datetime:
        usable = isinstance(told, (int, Decimal)) and not isinstance(told, bool)
        life = min(TOKEN_LIFE, max(0, int(told))) if usable and isinstance(told, (int, Decimal)) else TOKEN_LIFE
        return self._clock.now() + timedelta(seconds=life)

    def _ask(self, form: Mapping[str, str]) -> Answer:
        """Ask the token endpoint. A lost answer is asked for again with the same token, which the grace allows."""
        client = self._client_id().reveal()
        headers: dict[str, str] = {}
        if self._connection == "pkce":
            form = {**form, "client_id": client}
        else:
            secret = self._credentials.require("xero_client_secret").reveal()
            # Both parts form-encoded first (RFC 6749, 2.3.1).
            pair = base64.b64encode(f"{quote(client, safe='')}:{quote(secret, safe='')}".encode()).decode()
            headers = {"Authorization": f"Basic {self._credentials.protect(pair).reveal()}"}
        with Transport("Xero", self._identity_url, clock=self._clock, read_budget=MINT_BUDGET) as transport:
            try:
                return transport.read("POST", TOKEN_PATH, form=form, headers=headers)
            finally:
                self.token_calls += transport.calls

    def _client_id(self) -> Secret:
        return self._credentials.require("xero_client_id")


def _lacks_scope(answer: Answer) -> bool:
    # Both spellings have been seen (developer.xero.com/faq, "insufficent_scope").
    challenge = answer.headers.get("WWW-Authenticate", "").lower()
    return "insufficient_scope" in challenge or "insufficent_scope" in challenge


def _refusal(answer: Answer, refusals: Mapping[str, tuple[str, str]]) -> LoginError | BadAnswer:
    given = answer.fields()
    error = error_word(given.get("error"))
    if error in refusals:
        return LoginError(*refusals[error])
    if "error" in given:
        return LoginError(f"Xero refused the login ({error}).", _LOG_IN)
    return BadAnswer(
        f"Xero answered a request for an access token with status {answer.status} and no token.", SAFE_TO_RERUN
    )
