"""One access token in the hand: for the requests that judge a new login before it is stored."""

from __future__ import annotations

from collections.abc import Mapping

from zoho_xero_sync.errors import BugError, LoginError
from zoho_xero_sync.remote.answer import Answer
from zoho_xero_sync.remote.secret import TokenSet


class HeldLogin:
    """An authorizer with the access token of `tokens` that gets no other one."""

    def __init__(self, service: str, scheme: str, tokens: TokenSet, more: Mapping[str, str] | None = None) -> None:
        """`scheme` is the word before the token; `more` headers join each request."""
        self._service, self._scheme, self._tokens, self._more = service, scheme, tokens, dict(more or {})

    def headers(self) -> dict[str, str]:
        """The login for one request."""
        if self._tokens.access is None:
            raise BugError(f"A new login to {self._service} was to be judged without its access token.")
        return {"Authorization": f"{self._scheme} {self._tokens.access.reveal()}", **self._more}

    def renew(self, answer: Answer) -> bool:
        """Never: a token this fresh that is refused will not get better. Raises LoginError."""
        raise LoginError(
            f"{self._service} gave a login and refuses it for {answer.request} (status {answer.status}).",
            f"Log in again and allow everything that is asked for: zoho-xero-sync auth {self._service.lower()}",
        )
