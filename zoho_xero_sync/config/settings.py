"""The configuration as the rest of the program sees it: complete, checked, frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from zoho_xero_sync.core.rules import Rules

XeroConnection = Literal["custom", "pkce", "web"]
SecretStoreKind = Literal["keyring", "file", "env"]


@dataclass(frozen=True, slots=True)
class ZohoConfig:
    """The Zoho side. Addresses are base URLs without a trailing slash; `crm_url` is what a person opens."""

    data_center: str
    accounts_url: str
    api_url: str
    crm_url: str


@dataclass(frozen=True, slots=True)
class XeroConfig:
    """The Xero side. `tenant` is an organisation's name or id, None when the login reaches only one."""

    connection: XeroConnection
    tenant: str | None
    identity_url: str
    login_url: str
    api_url: str


@dataclass(frozen=True, slots=True)
class SecretsConfig:
    """Where logins are kept; `file` is absolute."""

    store: SecretStoreKind
    file: Path


@dataclass(frozen=True, slots=True)
class WatchConfig:
    """Who is told of each run: an address to ping, whose path is as good as a secret, and an absolute metrics file."""

    ping: str | None = field(default=None, repr=False)
    textfile: Path | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration. `file` is absolute, `base` its directory; `ledger` is a URL with an absolute path."""

    file: Path
    base: Path
    zoho: ZohoConfig
    xero: XeroConfig
    secrets: SecretsConfig
    ledger: str
    rules: Rules
    watch: WatchConfig
