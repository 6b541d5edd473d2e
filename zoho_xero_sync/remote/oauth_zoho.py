"""Zoho's login: an access token minted from the refresh token, shared by all runs while it lives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from zoho_xero_sync.errors import SAFE_TO_RERUN, LoginError, RemoteError, ScopeError
from zoho_xero_sync.remote.answer import Answer, BadAnswer
from zoho_xero_sync.remote.http import Transport
from zoho_xero_sync.remote.login import Login, error_word
from zoho_xero_sync.remote.patience import Clock
from zoho_xero_sync.remote.secret import Secret, TokenSet
from zoho_xero_sync.remote.secrets import Credentials

TOKEN_PATH = "/oauth/v2/token"  # noqa: S105 - a path, not a password
TOKEN_LIFE = 3600
MINT_BUDGET = 45.0

# The API hosts of every data centre, with their sandbox and developer editions
# (www.zoho.com/crm/developer/docs/api/v8/multi-dc.html).
API_HOST = re.compile(r"https://(www|sandbox|developer)\.zohoapis\.(com|eu|in|com\.au|jp|com\.cn|ca|sa|uk|ae)")

_LOG_IN = "Log in again: zoho-xero-sync auth zoho"

# What the token endpoint refuses (www.zoho.com/crm/developer/docs/api/v8/refresh.html).
_REFUSALS: Mapping[str, tuple[str, str]] = {
    "invalid_code": (
        "Zoho no longer accepts the stored login: it was revoked, replaced, or made in another data centre.",
        _LOG_IN,
    ),
    "invalid_client": (
        "Zoho does not know the client id in this data centre.",
        "Check zoho.data_center and the client id in the API console, then: zoho-xero-sync auth zoho",
    ),
    "invalid_redirect_uri": (
        "The Zoho client does not have this program's address among its authorized redirect URIs.",
        "Add the address to the client in the API console, then: zoho-xero-sync auth zoho --browser",
    ),
    "invalid_client_secret": (
        "Zoho does not accept the client secret; each data centre has its own.",
        "Copy the secret from the API console of this data centre, then: zoho-xero-sync auth zoho",
    ),
}
# The same word means something else for a grant code (www.zoho.com/crm/developer/docs/api/v8/access-refresh.html).
_CODE_REFUSALS: Mapping[str, tuple[str, str]] = {
    **_REFUSALS,
    "invalid_code": (
        "Zoho does not accept the code: it is good once and for a few minutes, and only with the client and in the "
        "data centre it was made in.",
        "Make a new one: zoho-xero-sync auth zoho",
    ),
}
_PASSING = ("general_error", "server_error", "temporarily_unavailable")


class ZohoAuthorizer:
    """Puts Zoho's token on each request (www.zoho.com/crm/developer/docs/api/v8/access-refresh.html)."""

    def __init__(
        self,
        credentials: Credentials,
        accounts_url: str,
        clock: Clock,
        lock: Callable[[], AbstractContextManager[object]],
    ) -> None:
        """`lock` keeps other processes from minting at the same time; Zoho blocks a client after ten in ten minutes.

        `token_calls` counts the requests for tokens, refused ones included.
        """
        self.token_calls = 0
        self._credentials, self._accounts_url, self._clock = credentials, accounts_url, clock
        self._login = Login("Zoho", credentials, clock, lock, mark=self._mark, mint=self._mint)

    @property
    def minted(self) -> int:
        """How many access tokens this process asked for."""
        return self._login.minted

    def headers(self) -> dict[str, str]:
        """The login for one request. Raises LoginError when it is missing or dead, RemoteError when Zoho is."""
        return {"Authorization": f"Zoho-oauthtoken {self._login.access().reveal()}"}

    def renew(self, answer: Answer) -> bool:
        """True when a 401 was about the token and a new one was got; ScopeError when a scope is missing."""
        code = _code(answer)
        if code == "OAUTH_SCOPE_MISMATCH":
            raise ScopeError(
                f"The Zoho login lacks the scope for {answer.request} (OAUTH_SCOPE_MISMATCH).",
                "Log in again and allow everything that is asked for: zoho-xero-sync auth zoho",
            )
        if answer.status != 401 or code not in ("", "INVALID_TOKEN", "AUTHENTICATION_FAILURE"):
            return False
        self._login.renew()
        return True

    def api_base(self, default: str) -> str:
        """Where the API of this login is: what Zoho said with the token when that is one of its hosts, else `default`.

        A `default` that is not one of Zoho's hosts is somebody's override and wins. Asks nobody.
        """
        return trusted_api(self._login.told("api_domain"), default)

    def grant(self, code: str, redirect_uri: str | None) -> TokenSet:
        """The tokens for a grant code, not stored; `redirect_uri` is that of the browser's way, None for a self client.

        The refresh token is there only when Zoho gave one. Raises LoginError for a code or client that is refused.
        """
        form = {"grant_type": "authorization_code", "code": self._credentials.protect(code).reveal()}
        form |= {} if redirect_uri is None else {"redirect_uri": redirect_uri}
        given, tokens = self._ask(TokenSet(), form, _CODE_REFUSALS)
        refresh = given.get("refresh_token")
        tokens = replace(tokens, refresh=self._credentials.protect(refresh) if isinstance(refresh, str) else None)
        return replace(tokens, extra={**tokens.extra, "login": self._mark(tokens)})

    def revoke(self, refresh: Secret) -> bool:
        """End a refresh token and all access tokens made with it; False when Zoho did not know it."""
        with Transport("Zoho", self._accounts_url, clock=self._clock, read_budget=MINT_BUDGET) as transport:
            answer = transport.read("POST", f"{TOKEN_PATH}/revoke", form={"token": refresh.reveal()})
        return answer.fields().get("status") == "success"

    def _mark(self, tokens: TokenSet) -> str:
        refresh = tokens.refresh.fingerprint() if tokens.refresh is not None else ""
        client = self._credentials.require("zoho_client_id").fingerprint()
        return Secret(f"{self._accounts_url}\n{client}\n{refresh}").fingerprint()

    def _mint(self, stored: TokenSet) -> TokenSet:
        if stored.refresh is None:
            raise LoginError("Nobody is logged in to Zoho.", "Log in: zoho-xero-sync auth zoho")
        form = {"grant_type": "refresh_token", "refresh_token": stored.refresh.reveal()}
        _, tokens = self._ask(stored, form, _REFUSALS)
        return replace(tokens, extra={**tokens.extra, "login": self._mark(stored)})

    def _ask(
        self, stored: TokenSet, form: Mapping[str, str], refusals: Mapping[str, tuple[str, str]]
    ) -> tuple[Mapping[str, object], TokenSet]:
        """What the token endpoint gave, and `stored` with the new access token."""
        # In the body, not the query: URLs end up in logs.
        client = {
            "client_id": self._credentials.require("zoho_client_id").reveal(),
            "client_secret": self._credentials.require("zoho_client_secret").reveal(),
        }
        asked_at = self._clock.now()
        with Transport("Zoho", self._accounts_url, clock=self._clock, read_budget=MINT_BUDGET) as transport:
            try:
                answer = transport.read("POST", TOKEN_PATH, form={**form, **client})
            finally:
                self.token_calls += transport.calls
        given = answer.fields()
        access = given.get("access_token")
        # Refusals come with status 200 too: only the token itself proves success.
        if not isinstance(access, str) or not access:
            raise _refusal(answer, given, refusals)
        told = {name: value for name in ("api_domain", "scope") if isinstance(value := given.get(name), str)}
        tokens = replace(
            stored,
            access=self._credentials.protect(access),
            expires_at=asked_at + timedelta(seconds=_lifetime(given)),
            extra={**stored.extra, **told},
        )
        return given, tokens


def trusted_api(told: str | None, default: str) -> str:
    """`told` when it is one of Zoho's API hosts and `default` is one too, else `default`."""
    return told if told and API_HOST.fullmatch(told) and API_HOST.fullmatch(default.rstrip("/")) else default


def _refusal(
    answer: Answer, given: Mapping[str, object], refusals: Mapping[str, tuple[str, str]]
) -> LoginError | RemoteError:
    error = error_word(given.get("error"))
    why = str(given.get("error_description", "")).lower()
    if error.lower() == "access denied" or "too many requests" in why:
        return RemoteError(
            "Zoho gives no new access token for some minutes, because too many were asked for.",
            "The login itself is fine. Wait ten minutes; the next run goes on.",
        )
    if error in refusals:
        return LoginError(*refusals[error])
    if "error" not in given or error in _PASSING:
        return BadAnswer(
            f"Zoho answered a request for an access token with status {answer.status} and no token.",
            SAFE_TO_RERUN,
        )
    return LoginError(f"Zoho refused the login ({error}).", _LOG_IN)


def _lifetime(given: Mapping[str, object]) -> float:
    """Seconds. Old answers give `expires_in_sec`, and milliseconds in `expires_in`."""
    for name in ("expires_in_sec", "expires_in"):
        value = given.get(name)
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            return min(float(TOKEN_LIFE), max(0.0, float(value)))
    return float(TOKEN_LIFE)


def _code(answer: Answer) -> str:
    """The error code, upper case, from either of Zoho's envelopes; "" when there is none."""
    given = answer.fields()
    rows = given.get("data")
    first = rows[0] if isinstance(rows, list) and rows else None
    code = given.get("code") or (first.get("code") if isinstance(first, dict) else None)
    return code.upper() if isinstance(code, str) else ""
