"""Secrets that were written into the file: found by their key or their look, never shown."""

from __future__ import annotations

import re

_SECRET_KEY = re.compile(
    r"(zxs_)?(zoho_|xero_)?"
    r"(client_?secret|(refresh_?|access_?|api_?|auth_?|id_?|grant_?)?token|pass(word|wd|phrase)|api_?key|secret)",
    re.IGNORECASE,
)
_CLIENT_ID_KEY = re.compile(r"(zxs_)?(zoho_|xero_)?client_?id", re.IGNORECASE)
# Zoho's tokens are 1000.<32 hex>.<32 hex> and its client secrets 42 hex digits; Xero's access tokens are JWTs, its
# refresh tokens and client secrets 40 and more characters of base64url.
_TOKEN = re.compile(r"1000\.[0-9a-f]{16,}\.[0-9a-f]{16,}|eyJ[\w-]{8,}\.[\w-]{8,}\.", re.IGNORECASE)
_OPAQUE = re.compile(r"(?=(?:[^0-9]*[0-9]){3})(?=.*[A-Za-z])[\w-]{40,}")
_URL_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s]*:[^/@\s]*@", re.IGNORECASE)


def is_secret_key(name: str) -> bool:
    """True for a key that can only hold a secret."""
    return _SECRET_KEY.fullmatch(name.strip().replace("-", "_")) is not None


def is_client_id_key(name: str) -> bool:
    """True for a key that holds an app's client id: no secret, but kept with them."""
    return _CLIENT_ID_KEY.fullmatch(name.strip().replace("-", "_")) is not None


def seems_secret(value: str) -> bool:
    """True when the text holds a token, or a word of it looks like a client secret."""
    words = re.split(r"[\s\"'=:;,]+", value)
    return _TOKEN.search(value) is not None or any(_OPAQUE.fullmatch(word) for word in words)


def holds_password(value: str) -> bool:
    """True for an address with a password in it."""
    return _URL_PASSWORD.search(value) is not None


def where_it_belongs(key: str, name: str) -> str:
    """What to do about a secret found at the dotted `key`; `name` is its own key when that tells what it is."""
    service = next((service for service in ("zoho", "xero") if service in key.lower()), "")
    login = f"`zoho-xero-sync auth {service}`" if service else "`zoho-xero-sync auth zoho` or `auth xero`"
    what = _variable(name) if service and name else ""
    variable = f"ZXS_{service.upper()}_{what}" if what else "its ZXS_ variable"
    where = f"Remove it, and set {variable} in the environment or run {login}."
    return where if what == "CLIENT_ID" else f"{where} Then replace it, because it was on disk."


def _variable(name: str) -> str:
    plain = name.lower().replace("-", "").replace("_", "")
    if "clientid" in plain:
        return "CLIENT_ID"
    if "clientsecret" in plain:
        return "CLIENT_SECRET"
    return "REFRESH_TOKEN" if "refreshtoken" in plain else ""
