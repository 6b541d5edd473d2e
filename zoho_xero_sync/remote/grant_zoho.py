"""Logging in to Zoho: the address of its consent page, whose answer is trusted, and what a grant code becomes.

www.zoho.com/crm/developer/docs/api/v8/auth-request.html, .../access-refresh.html, .../multi-dc.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlencode

from zoho_xero_sync.core.model import ZohoOrganisation
from zoho_xero_sync.core.scopes import Scope, missing_scopes
from zoho_xero_sync.errors import LoginError
from zoho_xero_sync.remote.callback import Returned, refusal
from zoho_xero_sync.remote.held import HeldLogin
from zoho_xero_sync.remote.http import Transport
from zoho_xero_sync.remote.oauth_zoho import API_HOST, ZohoAuthorizer
from zoho_xero_sync.remote.patience import Clock
from zoho_xero_sync.remote.secret import TokenSet
from zoho_xero_sync.remote.zoho.client import ZohoClient

# The accounts servers of every data centre (www.zoho.com/crm/developer/docs/api/v8/multi-dc.html).
_ACCOUNTS = re.compile(
    r"https://accounts\.(?:zoho\.(?P<place>com|eu|in|com\.au|jp|com\.cn|sa|uk|ae)|zohocloud\.(?P<cloud>ca))"
)
_CENTERS = {"com": "us", "com.au": "au", "com.cn": "cn"}
_AGAIN = "Log in again: zoho-xero-sync auth zoho"


def scope_list(scopes: Iterable[Scope]) -> str:
    """The scopes as the API console and the consent page take them."""
    return ",".join(scope.name for scope in scopes)


def consent_address(accounts_url: str, client_id: str, scopes: Iterable[Scope], back: str, state: str) -> str:
    """The page where a person allows the login. Without access_type=offline and prompt=consent Zoho gives no new
    refresh token."""
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "scope": scope_list(scopes),
        "redirect_uri": back,
        "access_type": "offline",
        "prompt": "consent",
        "state": state,
    }
    return f"{accounts_url}/oauth/v2/auth?{urlencode(asked)}"


def returned_code(returned: Returned, accounts_url: str) -> str:
    """The grant code of a redirect, after its data centre was found to be the configuration's.

    Raises LoginError for a refusal, an accounts server that is not Zoho's, and another data centre; the code and the
    client secret are sent nowhere then.
    """
    if returned.error is not None or returned.code is None:
        raise refusal("Zoho", returned)
    server = (returned.accounts_server or accounts_url).rstrip("/")
    if server == accounts_url:
        return returned.code
    found = _ACCOUNTS.fullmatch(server)
    if found is None:
        raise LoginError(
            "The login came back with an accounts server that is not one of Zoho's. Nothing was sent to it.", _AGAIN
        )
    ending = found["place"] or found["cloud"]
    center = _CENTERS.get(ending, ending)
    raise LoginError(
        f"This login lives in Zoho's data centre {center}, and the configuration says another one.",
        f"Set zoho.data_center: {center} in the configuration, then: zoho-xero-sync auth zoho",
    )


def grant(authorizer: ZohoAuthorizer, code: str, back: str | None, scopes: Iterable[Scope], api_url: str) -> TokenSet:
    """The tokens for a grant code, not stored: with a refresh token, every scope, and an API address of Zoho's.

    `back` is the redirect address of the browser's way, None for a self client. Raises LoginError, or RemoteError when
    Zoho gives no answer or no token for some minutes.
    """
    tokens = authorizer.grant(code, back)
    told = tokens.extra.get("api_domain")
    if told is not None and API_HOST.fullmatch(api_url) and not API_HOST.fullmatch(told):
        raise LoginError(
            "Zoho's answer names an address of its API that is not one of Zoho's. The login was not stored.", _AGAIN
        )
    if tokens.refresh is None:
        raise LoginError(
            "Zoho gave a login that ends within the hour, without a refresh token.",
            "Log in again and accept the consent page anew: zoho-xero-sync auth zoho",
        )
    lacking = missing_scopes(scopes, tokens.extra.get("scope"))
    if lacking:
        raise LoginError(
            f"The Zoho login lacks {scope_list(lacking)} ({'; '.join(scope.reason for scope in lacking)}).",
            "Make it again with every scope that is listed: zoho-xero-sync auth zoho",
        )
    return tokens


def find_organisation(tokens: TokenSet, api_base: str, clock: Clock, config_file: str) -> ZohoOrganisation:
    """Whose login these tokens are, asked with them alone. Raises LoginError or RemoteError."""
    login = HeldLogin("Zoho", "Zoho-oauthtoken", tokens)
    with Transport("Zoho", api_base, clock=clock, authorizer=login) as transport:
        return ZohoClient(transport, config_file=config_file).organisation()
