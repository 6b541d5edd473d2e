"""The top of the file, and the sections about the services and the ledger."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from yaml import MappingNode, Node, ScalarNode

from zoho_xero_sync.config import addresses
from zoho_xero_sync.config.reading_rules import read_rules
from zoho_xero_sync.config.section import Problems, Section
from zoho_xero_sync.config.settings import (
    Config,
    SecretsConfig,
    SecretStoreKind,
    WatchConfig,
    XeroConfig,
    XeroConnection,
    ZohoConfig,
)
from zoho_xero_sync.config.values import WrongValueError, choice, optional, text

_VERSION = "1"
_CONNECTIONS: tuple[XeroConnection, ...] = get_args(XeroConnection)
_STORES: tuple[SecretStoreKind, ...] = get_args(SecretStoreKind)


def read_config(problems: Problems, root: MappingNode, file: Path, environ: Mapping[str, str]) -> Config:
    """The configuration in `root`; whatever is wrong is added to `problems` and replaced by its default."""
    base = file.parent
    top = Section(problems, root, "", "")
    top.require("version", _version, _VERSION, "Add version: 1 as the first line.")
    return Config(
        file=file,
        base=base,
        zoho=_zoho(top.section("zoho")),
        xero=_xero(top.section("xero")),
        secrets=_secrets(top.section("secrets"), base, environ),
        ledger=top.read("ledger", addresses.ledger_address(base, environ), f"sqlite:///{base / 'ledger.db'}"),
        rules=read_rules(top),
        watch=_watch(top.section("watch"), base, environ),
    )


def _version(node: Node) -> str:
    if not isinstance(node, ScalarNode) or node.value.strip() != _VERSION:
        raise WrongValueError("is not 1, the only version known.", "Write version: 1, or update zoho-xero-sync.")
    return _VERSION


def _zoho(section: Section) -> ZohoConfig:
    data_center = section.read("data_center", choice(tuple(addresses.ZOHO_HOSTS)), "au")
    hosts = dataclasses.asdict(addresses.ZOHO_HOSTS[data_center])
    for name in ("accounts_url", "api_url"):
        hosts[name] = section.read(name, optional(addresses.base_url), None) or hosts[name]
    return ZohoConfig(data_center, **hosts)


def _xero(section: Section) -> XeroConfig:
    def url(name: str, default: str) -> str:
        return section.read(name, optional(addresses.base_url), None) or default

    return XeroConfig(
        connection=section.read("connection", choice(_CONNECTIONS), "custom"),
        tenant=section.read("tenant", optional(text), None),
        identity_url=url("identity_url", addresses.XERO_IDENTITY_URL),
        login_url=url("login_url", addresses.XERO_LOGIN_URL),
        api_url=url("api_url", addresses.XERO_API_URL),
    )


def _secrets(section: Section, base: Path, environ: Mapping[str, str]) -> SecretsConfig:
    return SecretsConfig(
        store=section.read("store", choice(_STORES), "keyring"),
        file=section.read("file", addresses.path_from(base, environ), base / "secrets.json"),
    )


def _watch(section: Section, base: Path, environ: Mapping[str, str]) -> WatchConfig:
    return WatchConfig(
        ping=section.read("ping", optional(addresses.ping_url), None),
        textfile=section.read("textfile", optional(addresses.path_from(base, environ)), None),
    )
