"""Where the services and the ledger live: hosts by data centre, overrides, and the ledger's address."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from yaml import Node

from zoho_xero_sync.config.values import WrongValueError, shown, text

_SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class ZohoHosts:
    """The hosts of one Zoho data centre, without a trailing slash: logins, API, and the CRM a person opens."""

    accounts_url: str
    api_url: str
    crm_url: str


def _zoho(ending: str, accounts: str | None = None, crm: str | None = None) -> ZohoHosts:
    return ZohoHosts(
        f"https://accounts.{accounts or f'zoho.{ending}'}",
        f"https://www.zohoapis.{ending}",
        f"https://crm.{crm or f'zoho.{ending}'}",
    )


# Zoho CRM API v8, "Multi DC" (www.zoho.com/crm/developer/docs/api/v8/multi-dc.html).
ZOHO_HOSTS: Mapping[str, ZohoHosts] = {
    "us": _zoho("com"),
    "eu": _zoho("eu"),
    "in": _zoho("in"),
    "au": _zoho("com.au"),
    "jp": _zoho("jp"),
    "cn": _zoho("com.cn"),
    "ca": _zoho("ca", "zohocloud.ca", "zohocloud.ca"),
    "sa": _zoho("sa"),
    "uk": _zoho("uk"),
    "ae": _zoho("ae"),
}

# Xero: OAuth 2.0 (developer.xero.com/documentation/guides/oauth2/auth-flow).
XERO_IDENTITY_URL = "https://identity.xero.com"
XERO_LOGIN_URL = "https://login.xero.com"
XERO_API_URL = "https://api.xero.com"


def base_url(node: Node) -> str:
    """An address of a service without trailing slash: https, or http on this machine only; nothing after the host."""
    address = text(node)
    parts = _web_address(address, shown(address))
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise WrongValueError("has more than scheme, host and port.", f"Write {parts.scheme}://{parts.netloc} only.")
    return f"{parts.scheme}://{parts.netloc}"


def ping_url(node: Node) -> str:
    """An address to ping, without trailing slash: https, or http on this machine only; no query. Never quoted back."""
    parts = _web_address(text(node), "the value")
    if parts.query or parts.fragment:
        raise WrongValueError("has a query or a fragment.", "Give the address up to its path.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def path_from(base: Path, environ: Mapping[str, str]) -> Callable[[Node], Path]:
    """A reader of file paths: `~` is expanded, a relative path is below `base`."""

    def read(node: Node) -> Path:
        return _absolute(text(node), base, environ)

    return read


def ledger_address(base: Path, environ: Mapping[str, str]) -> Callable[[Node], str]:
    """A reader of the ledger's address; the file in it comes out absolute."""

    def read(node: Node) -> str:
        address = text(node)
        name = address.removeprefix(_SQLITE)
        if not address.startswith(_SQLITE) or not name or name == ":memory:":
            raise WrongValueError(f"{shown(address)} does not name a SQLite file.", "Write it as sqlite:///ledger.db.")
        if "?" in name or "#" in name:
            raise WrongValueError("has options after the file.", "Give the file only.")
        return _SQLITE + str(_absolute(name, base, environ))

    return read


def _web_address(address: str, named: str) -> SplitResult:
    parts = _split(address)
    if "@" in parts.netloc:
        raise WrongValueError("holds a user name or password.", "Give the address without them.")
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise WrongValueError(f"{named} is not a web address.", "Write it as https://host.")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise WrongValueError(
            f"{parts.scheme}://{parts.netloc} is not encrypted.",
            "Use https; http is allowed on localhost, 127.0.0.1 and [::1] only.",
        )
    return parts


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise WrongValueError("is not a web address.", "Write it as https://host.") from None
    if any(sign.isspace() or not sign.isprintable() or sign == "\\" for sign in address):
        raise WrongValueError("is not a web address.", "Write it as https://host.")
    return parts


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address in ipaddress.ip_network("127.0.0.0/8") or address == ipaddress.ip_address("::1")


def _absolute(name: str, base: Path, environ: Mapping[str, str]) -> Path:
    if "\0" in name:
        raise WrongValueError("is not a file name.", "Give a path.")
    if name == "~" or name.startswith("~/"):
        home = environ.get("HOME") or str(Path.home())
        name = home + name[1:]
    try:
        path = Path(name).expanduser()
    except RuntimeError:
        message = f"{shown(name)} names a user without a home directory."
        raise WrongValueError(message, "Give the path in full.") from None
    return Path(os.path.normpath(base / path))
