"""Logging in to one service as a conversation: what `auth` and `init` share."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from zoho_xero_sync.cli import auth_talk as talk
from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.config import Config
from zoho_xero_sync.consent import Consent
from zoho_xero_sync.remote.callback import PORT, redirect_uri
from zoho_xero_sync.render.clean import clean

TIMEOUT = 300


@dataclass(frozen=True, slots=True)
class Way:
    """How the person comes back from the login page; `timeout` in seconds.

    For Zoho a self client's grant code is the way unless `browser` or `paste` is set; `code` is one that is known.
    """

    browser: bool = False
    paste: bool = False
    port: int = PORT
    timeout: int = TIMEOUT
    code: str | None = None
    new_client: bool = False


@dataclass(frozen=True, slots=True)
class Reached:
    """The organisation that a login reaches, safe to print."""

    name: str
    id: str


def log_in_zoho(session: Session, config: Config, way: Way) -> Reached:
    """Ask for what is missing, exchange the consent, store the login.

    Raises as Consent.log_in_zoho, and UsageError when the environment fixes another login.
    """
    first = _consent(session, config)
    first.require_no_fixed_zoho()
    typed = talk.ask_client(session, config, first, "zoho", anew=way.new_client)
    consent = _consent(session, config, typed)
    back = redirect_uri(way.port) if way.browser or way.paste else None
    if back is None:
        code = talk.self_client_code(session, config, consent, way.code)
    else:
        state = secrets.token_urlsafe(24)
        address = consent.zoho_address(back, state)
        talk.tell(session, "It asks for these scopes; they allow reading and nothing else:")
        talk.show_scopes(session, consent.scopes("zoho"))
        returned = talk.walk(
            session, "zoho", address, state, back=back, port=way.port, paste=way.paste, timeout=way.timeout
        )
        code = consent.zoho_code(returned)
    found = consent.log_in_zoho(code, back)
    return Reached(clean(found.name), clean(found.id))


def log_in_xero(session: Session, config: Config, way: Way, tenant: str | None = None) -> Reached:
    """Ask for what is missing, walk to Xero's page unless it is a custom connection, store the login.

    Raises as Consent.log_in_xero.
    """
    first = _consent(session, config)
    connection = config.xero.connection
    app = "Custom Connection" if connection == "custom" else f"{connection} app"
    talk.tell(session, f"The {app} must have these scopes, and no more:")
    talk.show_scopes(session, first.scopes("xero"))
    typed = talk.ask_client(session, config, first, "xero", anew=way.new_client)
    consent = _consent(session, config, typed)
    form = None
    if connection != "custom":
        back = redirect_uri(way.port)
        address, attempt = consent.xero_attempt(back)
        returned = talk.walk(
            session, "xero", address, attempt.state, back=back, port=way.port, paste=way.paste, timeout=way.timeout
        )
        form = attempt.form(returned)

    def choose(tenants: Sequence[tuple[str, str]]) -> int | None:
        return talk.pick(session, [(clean(name), clean(number)) for name, number in tenants])

    found = consent.log_in_xero(form, tenant, choose)
    return Reached(clean(found.name), clean(found.id))


def _consent(session: Session, config: Config, typed: dict[str, str] | None = None) -> Consent:
    return Consent(config, session.hands.environ, session.hands.clock, typed)
