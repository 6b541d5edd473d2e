"""One access token for all runs: used while it lives, renewed by one process at a time, stored before use."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

from zoho_xero_sync.errors import BugError, LoginError
from zoho_xero_sync.remote.patience import Clock
from zoho_xero_sync.remote.secret import Secret, TokenSet
from zoho_xero_sync.remote.secrets import Credentials

# A token refused this soon after it was got will not get better by getting another, and each costs one of Zoho's ten
# per ten minutes (www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html).
FRESH = 300.0


class Login:
    """The access token of one service. `minted` counts the new ones this process got."""

    def __init__(
        self,
        service: str,
        credentials: Credentials,
        clock: Clock,
        lock: Callable[[], AbstractContextManager[object]],
        *,
        mark: Callable[[TokenSet], str],
        mint: Callable[[TokenSet], TokenSet],
    ) -> None:
        """`mark` tells which login a token set belongs to; `mint` gets a new one, by what the stored one holds."""
        self.minted = 0
        self._service, self._credentials, self._clock, self._lock = service, credentials, clock, lock
        self._mark, self._mint = mark, mint
        self._tokens: TokenSet | None = None
        self._renewed_at: float | None = None

    def access(self) -> Secret:
        """A living access token: ours, else the stored one, else a new one. Raises LoginError or RemoteError."""
        if self._tokens is None or not self._tokens.alive(self._clock.now()):
            self._tokens = self._obtain(rejected=None)
        return _access(self._tokens)

    def renew(self) -> None:
        """Replace the token that the service just refused, or take the one another process got meanwhile.

        Raises LoginError when the refused one is fresh itself.
        """
        now = self._clock.monotonic()
        if self._renewed_at is not None and now - self._renewed_at < FRESH:
            raise LoginError(
                f"{self._service} refuses the login even with a new token.",
                f"Log in again: zoho-xero-sync auth {self._service.lower()}",
            )
        self._tokens = self._obtain(rejected=self._tokens.access if self._tokens is not None else None)
        self._renewed_at = now

    def told(self, name: str) -> str | None:
        """What the newest answer with a token said besides, without asking for one."""
        tokens = self._tokens or self._credentials.load_tokens(self._service.lower())
        return tokens.extra.get(name)

    def _obtain(self, rejected: Secret | None) -> TokenSet:
        name = self._service.lower()
        stored = self._credentials.load_tokens(name)
        if self._usable(stored, rejected):
            return stored
        with self._lock():
            stored = self._credentials.load_tokens(name)
            if self._usable(stored, rejected):
                return stored
            # A refresh token that is used up and whose successor cannot be kept is a login lost.
            self._credentials.prove_store(name)
            tokens = self._mint(stored)
            self.minted += 1
            self._credentials.save_tokens(name, tokens)
            return tokens

    def _usable(self, tokens: TokenSet, rejected: Secret | None) -> bool:
        if not tokens.alive(self._clock.now()) or tokens.access == rejected:
            return False
        return tokens.extra.get("login") == self._mark(tokens)


def _access(tokens: TokenSet) -> Secret:
    if tokens.access is None:
        raise BugError("A token was taken for usable that holds no access token.")
    return tokens.access


def error_word(value: object) -> str:
    """An OAuth error code fit to be shown; "unknown error" for anything else."""
    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z_ ]{1,40}", value) else "unknown error"
