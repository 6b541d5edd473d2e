"""Whose login is this? Asked whenever a new token was got, because a changed login may reach another organisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from zoho_xero_sync.errors import LedgerError, LoginError, SyncError
from zoho_xero_sync.remote.http import Answer


class MintingAuthorizer(Protocol):
    """An authorizer that counts the tokens it asked for."""

    @property
    def minted(self) -> int: ...
    def headers(self) -> dict[str, str]: ...
    def renew(self, answer: Answer) -> bool: ...


class WatchedLogin:
    """An authorizer that has `verify` approve each new token before the first request uses it.

    `verify` makes its own requests with the inner authorizer and raises when the login reaches the wrong organisation.
    """

    def __init__(self, inner: MintingAuthorizer, verify: Callable[[], None]) -> None:
        self._inner, self._verify = inner, verify
        self._verified = 0

    def headers(self) -> dict[str, str]:
        """The login for one request."""
        headers = self._inner.headers()
        while self._verified < self._inner.minted:
            minted = self._inner.minted
            self._verify()
            self._verified = minted
            headers = self._inner.headers()
        return headers

    def renew(self, answer: Answer) -> bool:
        """As the inner authorizer judges; an organisation that is refused is told from a login of another one."""
        try:
            return self._inner.renew(answer)
        except LoginError:
            if answer.status == 403:
                self._explain()
            raise

    def _explain(self) -> None:
        """A token that another run got and did not approve may reach somebody else's organisation; say so then."""
        try:
            self._verify()
        except (LedgerError, LoginError):
            raise
        except SyncError:
            # The refusal itself is the better reason then.
            return
