"""How the logins of one configuration stand: from memory, or by asking both services."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from zoho_xero_sync.config import Config
from zoho_xero_sync.core.logins import XERO_UNUSED, LoginView, lapse_note, threshold
from zoho_xero_sync.core.model import Identity
from zoho_xero_sync.core.scopes import missing_scopes, xero_scopes, zoho_scopes
from zoho_xero_sync.errors import LedgerError, LoginError, RemoteError
from zoho_xero_sync.ledger.store import Ledger
from zoho_xero_sync.log import register_secret
from zoho_xero_sync.remote.patience import Clock
from zoho_xero_sync.remote.secret import TokenSet
from zoho_xero_sync.remote.secrets import open_store
from zoho_xero_sync.services import Logins, Services

log = logging.getLogger(__name__)

_ZOHO_RULE = "works until it is revoked; Zoho keeps 20 per user and ends the oldest"
_XERO_RULES: Mapping[str, str] = {
    "custom": "works while the app's secret and the connection do; nothing to renew",
    "web": "lapses after 60 days without use",
    "pkce": "lapses after 60 days without use",
}
_NAMES = {"zoho": "Zoho", "xero": "Xero"}
_FACT = "xero.lapse_told"


def login_views(config: Config, environ: Mapping[str, str], clock: Clock, *, ask: bool) -> tuple[LoginView, ...]:
    """Both logins, Zoho's first. With `ask` both services are asked, which also uses (and so renews) the logins.

    Raises LoginError when the secret store itself cannot be used, LedgerError for a ledger that cannot be read, and
    ConfigError when xero.tenant must choose an organisation.
    """
    identity = None
    if Ledger.exists(config.ledger):
        with Ledger.open(config.ledger, read_only=True) as ledger:
            identity = ledger.identity()
    views = []
    for service in _NAMES:
        view = _remembered(config, environ, clock, service, identity)
        if ask and view.state in ("ok", "lapsed"):
            view = _asked(config, environ, clock, view, identity)
        views.append(view)
    return tuple(views)


def _remembered(
    config: Config, environ: Mapping[str, str], clock: Clock, service: str, identity: Identity | None
) -> LoginView:
    credentials = open_store(config.secrets.store, config.secrets.file, environ, register=register_secret)
    logins = Logins(config, environ)
    tokens = credentials.load_tokens(service)
    custom = service == "xero" and config.xero.connection == "custom"
    rotating = service == "xero" and not custom
    view = LoginView(
        service=service,
        kind="client with a refresh token" if service == "zoho" else f"{config.xero.connection} connection",
        state="ok",
        organisation=tokens.extra.get("organisation") or _pinned(identity, service)[1],
        organisation_id=tokens.extra.get("organisation_id") or _pinned(identity, service)[0],
        kept=_kept(config, logins, service),
        lapse_rule=_ZOHO_RULE if service == "zoho" else _XERO_RULES[config.xero.connection],
        since=_instant(tokens.extra.get("granted_at")),
        used=tokens.rotated_at if rotating else None,
        lapses=_lapse(tokens) if rotating else None,
    )
    return _judged(view, config, logins.missing(service), tokens, clock.now())


def _judged(view: LoginView, config: Config, missing: tuple[str, ...], tokens: TokenSet, now: datetime) -> LoginView:
    name, again = _NAMES[view.service], f"zoho-xero-sync auth {view.service}"
    if missing:
        what = ", ".join(part.split("_", 1)[1].replace("_", " ") for part in missing)
        trouble = f"Nobody is logged in to {name}: no {what}."
        return replace(view, state="missing", trouble=trouble, hint=f"Type: {again}")
    if view.lapses is not None and view.lapses <= now:
        trouble = f"The {name} login lapsed on {view.lapses:%Y-%m-%d}, after 60 days without use."
        return replace(view, state="lapsed", trouble=trouble, hint=f"Type: {again}")
    needed = zoho_scopes(config.rules) if view.service == "zoho" else xero_scopes(config.xero.connection, config.rules)
    lacking = missing_scopes([scope for scope in needed if scope.name != "offline_access"], tokens.extra.get("scope"))
    if lacking:
        trouble = f"The {name} login lacks {', '.join(scope.name for scope in lacking)}."
        return replace(view, state="lacks_scope", trouble=trouble, hint=f"Allow it and log in again: {again}")
    if view.lapses is not None and threshold(view.lapses, now) is not None:
        return replace(view, hint="Use renews it: zoho-xero-sync auth status --check")
    return view


def _asked(
    config: Config, environ: Mapping[str, str], clock: Clock, view: LoginView, identity: Identity | None
) -> LoginView:
    try:
        with Services(config, environ, clock, None, identity) as services:
            name = services.reach(view.service)
    except LoginError as error:
        return replace(view, state="refused", trouble=error.message, hint=error.hint, checked=True)
    except LedgerError as error:
        return replace(view, state="elsewhere", trouble=error.message, hint=error.hint, checked=True)
    except RemoteError as error:
        return replace(view, state="unreachable", trouble=error.message, hint=error.hint, checked=True)
    fresh = _remembered(config, environ, clock, view.service, identity)
    return replace(fresh, organisation=name, checked=True)


def _kept(config: Config, logins: Logins, service: str) -> str:
    if set(logins.needed(service)) <= set(logins.in_environment(service)):
        return "environment"
    place = "keyring" if config.secrets.store == "keyring" else str(config.secrets.file)
    return f"environment and {place}" if logins.in_environment(service) else place


def _pinned(identity: Identity | None, service: str) -> tuple[str | None, str | None]:
    if identity is None:
        return None, None
    if service == "zoho":
        return identity.zoho_org_id, identity.zoho_org_name
    return identity.xero_tenant_id, identity.xero_org_name


def _lapse(tokens: TokenSet) -> datetime | None:
    return None if tokens.rotated_at is None else tokens.rotated_at + XERO_UNUSED


def _instant(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def new_lapse_note(config: Config, environ: Mapping[str, str], now: datetime, ledger: Ledger) -> str | None:
    """The warning of a Xero login that lapses in 14, 7 or 2 days, or has lapsed, once for each.

    The ledger remembers what was told. A run with nothing to do asks Xero nothing, so it would not notice a lapse.
    """
    if config.xero.connection == "custom":
        return None
    credentials = open_store(config.secrets.store, config.secrets.file, environ, register=register_secret)
    try:
        lapses = _lapse(credentials.load_tokens("xero"))
    except LoginError:
        # The run itself is done; what is wrong with the store is said by the next one that needs it.
        return None
    if lapses is None:
        return None
    days = threshold(lapses, now) if lapses > now else 0
    if days is None:
        return None
    told = f"{days} {lapses.isoformat()}"
    known = ledger.fact(_FACT)
    if known is not None and known[0] == told:
        return None
    ledger.record_fact(_FACT, told, now)
    note = lapse_note(lapses, now)
    # A run that did nothing prints nothing, its notes neither; the log's warnings still reach cron's mail.
    log.warning(note)
    return note
