"""Gathers what `check` judges, the most valuable facts first, so that the calls it may make are well spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from zoho_xero_sync.checking.asking import Asking
from zoho_xero_sync.checking.here import look_here
from zoho_xero_sync.config import Config
from zoho_xero_sync.core.check_facts import (
    CheckFacts,
    ContactFacts,
    LoginFacts,
    Unread,
    XeroFacts,
    XeroOrganisation,
    ZohoFacts,
)
from zoho_xero_sync.core.check_zoho import named_account_fields, source_module
from zoho_xero_sync.core.checks import CheckView, judge
from zoho_xero_sync.core.logins import XERO_UNUSED, lapse_note, threshold
from zoho_xero_sync.core.model import CustomerLink, Identity, ZohoOrganisation
from zoho_xero_sync.core.scopes import missing_scopes, xero_scopes, zoho_scopes
from zoho_xero_sync.errors import LoginError, SyncError
from zoho_xero_sync.ledger.store import Ledger
from zoho_xero_sync.log import register_secret
from zoho_xero_sync.remote.patience import Clock
from zoho_xero_sync.remote.secrets import open_store
from zoho_xero_sync.remote.xero import survey
from zoho_xero_sync.remote.zoho import metadata
from zoho_xero_sync.services import Services

_CREDITS = "X-API-CREDITS-REMAINING"
_CONTACTS = 40


def run_check(config: Config, environ: Mapping[str, str], clock: Clock) -> CheckView:
    """Everything looked at once. Reads both services with at most 15 calls and writes nothing but a new token."""
    here = look_here(config, environ)
    identity, links = _remembered(config)
    # What is left of the allowance is a finding here, not a reason to stop.
    limits = replace(config.rules.limits, xero_calls_kept=0)
    asked = replace(config, rules=replace(config.rules, limits=limits))
    try:
        with Services(asked, environ, clock, None, identity) as services:
            facts = _ask(config, environ, clock, Asking(services), identity, links)
    except LoginError as error:
        facts = _unasked(error, clock)
    whole = CheckFacts(here, *facts)
    return CheckView(clock.now(), judge(config.rules, whole), whole.calls)


_Asked = tuple[LoginFacts, LoginFacts, ZohoFacts, XeroFacts, dict[str, int]]


def _ask(
    config: Config,
    environ: Mapping[str, str],
    clock: Clock,
    asking: Asking,
    identity: Identity | None,
    links: list[CustomerLink],
) -> _Asked:
    reached = {service: asking.reach(service) for service in ("zoho", "xero")}
    zoho = _read_zoho(config, asking)
    xero = _read_xero(config, asking, clock, zoho)
    # What is least likely to be wrong, or dearest, comes last.
    if any(rule.pipeline for rule in config.rules.stages):
        client = asking.services.zoho_client
        zoho = replace(zoho, pipelines=asking.read("zoho", lambda: metadata.read_pipelines(client), calls=2))
    xero = replace(xero, contacts=_read_contacts(asking, links))
    logins = [_login(config, environ, clock, service, found, identity) for service, found in reached.items()]
    zoho_heard, xero_heard = asking.services.heard("zoho"), asking.services.heard("xero")
    zoho = replace(
        zoho,
        calls_left=_number(zoho_heard.headers.get(_CREDITS)) if zoho_heard else None,
        skew=zoho_heard.skew if zoho_heard else None,
    )
    left = asking.services.pace.day_remaining
    xero = replace(xero, calls_left=left, skew=xero_heard.skew if xero_heard else None)
    return logins[0], logins[1], zoho, xero, asking.services.calls()


def _unasked(error: LoginError, clock: Clock) -> _Asked:
    """The facts when the secret store itself cannot be used: one cause, told once."""
    cause = Unread("the logins could not be read; see secrets.")
    zoho = ZohoFacts(cause, cause, cause)
    xero = XeroFacts(cause, cause, cause, clock.now().date(), contacts=cause)
    return LoginFacts("zoho", None, cause), LoginFacts("xero", None, cause), zoho, xero, {"zoho": 0, "xero": 0}


def _remembered(config: Config) -> tuple[Identity | None, list[CustomerLink]]:
    try:
        if not Ledger.exists(config.ledger):
            return None, []
        with Ledger.open(config.ledger, read_only=True) as ledger:
            return ledger.identity(), ledger.newest_customers(_CONTACTS)
    except SyncError:
        # Told as the finding on the ledger.
        return None, []


# ---- logins ----


def _login(
    config: Config,
    environ: Mapping[str, str],
    clock: Clock,
    service: str,
    found: str | Unread,
    identity: Identity | None,
) -> LoginFacts:
    pinned = None if identity is None else identity.zoho_org_name if service == "zoho" else identity.xero_org_name
    trouble = found if isinstance(found, Unread) else None
    facts = LoginFacts(service, None if trouble else str(found), trouble, pinned=pinned)
    try:
        credentials = open_store(config.secrets.store, config.secrets.file, environ, register=register_secret)
        tokens = credentials.load_tokens(service)
    except SyncError:
        # Told as the finding on the secrets.
        return facts
    rules, connection = config.rules, config.xero.connection
    needed = zoho_scopes(rules) if service == "zoho" else xero_scopes(connection, rules)
    online = [scope for scope in needed if scope.name != "offline_access"]
    lacking = tuple(scope.name for scope in missing_scopes(online, tokens.extra.get("scope")))
    return replace(facts, lacking=lacking, lapse=_lapse(service, connection, tokens.rotated_at, clock.now()))


def _lapse(service: str, connection: str, rotated_at: datetime | None, now: datetime) -> str:
    """The warning ahead of a lapse; empty while it is far and for logins that do not lapse."""
    if service == "zoho" or connection == "custom" or rotated_at is None:
        return ""
    lapses = rotated_at + XERO_UNUSED
    return lapse_note(lapses, now) if threshold(lapses, now) is not None else ""


# ---- Zoho ----


def _read_zoho(config: Config, asking: Asking) -> ZohoFacts:
    client, rules = asking.services.zoho_client, config.rules
    organisation: ZohoOrganisation | Unread
    organisation = asking.services.read_organisation or Unread("Zoho could not be asked; see zoho_login.")
    deal_fields = asking.read("zoho", lambda: metadata.read_fields(client, "Deals"))
    taxes = asking.read("zoho", client.taxes)
    modules = {}
    for source in rules.lines.sources:
        module = source_module(source, rules)
        if module is not None:
            modules[source] = asking.read("zoho", partial(metadata.read_fields, client, module))
    currencies: tuple[str, ...] | Unread | None = None
    if isinstance(organisation, ZohoOrganisation) and organisation.multi_currency:
        currencies = asking.read("zoho", lambda: metadata.read_currencies(client))
    facts = ZohoFacts(organisation, deal_fields, taxes, modules, currencies)
    if not named_account_fields(rules):
        return facts
    return replace(facts, account_fields=asking.read("zoho", lambda: metadata.read_fields(client, "Accounts")))


# ---- Xero ----


def _read_xero(config: Config, asking: Asking, clock: Clock, zoho: ZohoFacts) -> XeroFacts:
    client, invoice = asking.services.xero_client, config.rules.invoice
    organisation = asking.read("xero", lambda: survey.read_organisation(client))
    accounts = asking.read("xero", lambda: survey.read_accounts(client))
    tax_rates = asking.read("xero", lambda: survey.read_tax_rates(client))
    facts = XeroFacts(organisation, accounts, tax_rates, _today(organisation, clock.now()))
    if invoice.branding_theme is not None:
        facts = replace(facts, themes=asking.read("xero", lambda: survey.read_themes(client)))
    if invoice.tracking:
        facts = replace(facts, tracking=asking.read("xero", lambda: survey.read_tracking(client)))
    if _foreign(zoho, organisation):
        facts = replace(facts, currencies=asking.read("xero", lambda: survey.read_currencies(client)))
    return facts


def _today(organisation: XeroOrganisation | Unread, now: datetime) -> date:
    if isinstance(organisation, Unread) or organisation.time_zone is None:
        return now.date()
    return now.astimezone(ZoneInfo(organisation.time_zone)).date()


def _foreign(zoho: ZohoFacts, organisation: XeroOrganisation | Unread) -> bool:
    """Whether Zoho has a currency that is not Xero's base one."""
    if isinstance(organisation, Unread) or isinstance(zoho.organisation, Unread):
        return False
    active = zoho.currencies if isinstance(zoho.currencies, tuple) else ()
    return bool(set(active or (zoho.organisation.currency,)) - {organisation.base_currency})


def _read_contacts(asking: Asking, links: list[CustomerLink]) -> ContactFacts | Unread | None:
    if not links:
        return None
    client = asking.services.xero_client
    found = asking.read("xero", lambda: survey.read_contacts(client, links))
    if isinstance(found, Unread):
        return found
    sharing = asking.read("xero", lambda: survey.read_sharing(client, found))
    return found if isinstance(sharing, Unread) else replace(found, sharing=sharing)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
