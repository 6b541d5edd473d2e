"""`auth`: logging in to both services, how the logins stand, and logging out."""

from __future__ import annotations

from typing import NamedTuple

import click

from zoho_xero_sync.cli import auth_talk as talk
from zoho_xero_sync.cli.log_in import TIMEOUT, Way, log_in_xero, log_in_zoho
from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.start import start_logging
from zoho_xero_sync.config import Config, load_config
from zoho_xero_sync.consent import Consent
from zoho_xero_sync.core.logins import LoginState
from zoho_xero_sync.errors import ConfigError, ExitCode, LoginError, worst
from zoho_xero_sync.login_status import login_views
from zoho_xero_sync.remote.callback import PORT
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.login_text import logins_json, render_logins

_EXIT: dict[LoginState, ExitCode] = {
    "ok": ExitCode.OK,
    "missing": ExitCode.LOGIN,
    "lapsed": ExitCode.LOGIN,
    "lacks_scope": ExitCode.LOGIN,
    "refused": ExitCode.LOGIN,
    "elsewhere": ExitCode.LOGIN,
    "unreachable": ExitCode.RETRY,
}
_port = click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    default=PORT,
    show_default=True,
    metavar="PORT",
    help="Where the browser comes back to; the app's redirect URI must have the same.",
)
_timeout = click.option(
    "--timeout",
    type=click.IntRange(1, 3600),
    default=TIMEOUT,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the browser.",
)
_new_client = click.option("--new-client", is_flag=True, help="Ask for the client id and secret again.")


class Desk(NamedTuple):
    """What every `auth` command works with."""

    session: Session
    config: Config

    def consent(self) -> Consent:
        """The logins of this configuration."""
        return Consent(self.config, self.session.hands.environ, self.session.hands.clock)


def _desk(session: Session) -> Desk:
    start_logging(session)
    hands = session.hands
    return Desk(session, load_config(session.config, environ=hands.environ, cwd=hands.cwd))


@click.group(short_help="Log in to Zoho and Xero, see how logins stand, log out.")
def auth() -> None:
    """Log in to both services, see who is logged in and when each login lapses, log out."""


@auth.command(short_help="Log in to Zoho.")
@click.option("--code", metavar="CODE", help="The self client's grant code; - reads it from stdin.")
@click.option("--browser", is_flag=True, help="Log in with a browser on this machine, by a redirect.")
@click.option("--paste", is_flag=True, help="Log in with a browser elsewhere, and paste the address it ends at.")
@_port
@_timeout
@_new_client
@click.pass_obj
def zoho(
    session: Session, code: str | None, browser: bool, paste: bool, port: int, timeout: int, new_client: bool
) -> int:
    """Log in to Zoho with a self client's grant code; --browser and --paste use a server-based client instead.

    Exit codes: 0 logged in; 4 Zoho is down or asks to wait; 12 refused, or a scope is missing; 13 the ledger belongs
    to another organisation.
    """
    talk.require_one(code=code, browser=browser, paste=paste)
    way = Way(browser, paste, port, timeout, code, new_client)
    found = log_in_zoho(session, _desk(session).config, way)
    talk.result(session, f"Logged in to Zoho: {found.name} ({found.id}). It works until it is revoked.")
    return int(ExitCode.OK)


@auth.command(short_help="Log in to Xero.")
@click.option("--tenant", metavar="NAME", help="The organisation, by name or id, where the login reaches several.")
@click.option("--paste", is_flag=True, help="Log in with a browser elsewhere, and paste the address it ends at.")
@_port
@_timeout
@_new_client
@click.pass_obj
def xero(session: Session, tenant: str | None, paste: bool, port: int, timeout: int, new_client: bool) -> int:
    """Log in to Xero, the way xero.connection says: a custom connection needs no browser, pkce and web do.

    Exit codes: 0 logged in; 4 Xero is down; 10 xero.tenant must name one of several organisations; 12 refused, or a
    scope is missing; 13 the ledger belongs to another organisation.
    """
    config = _desk(session).config
    connection = config.xero.connection
    found = log_in_xero(session, config, Way(paste=paste, port=port, timeout=timeout, new_client=new_client), tenant)
    lapse = "It needs no renewal." if connection == "custom" else "It lapses after 60 days without use."
    talk.result(session, f"Logged in to Xero: {found.name} ({found.id}). {lapse}")
    return int(ExitCode.OK)


@auth.command(short_help="Who is logged in, and when each login lapses.")
@click.option("--check", is_flag=True, help="Ask both services, which also renews the logins.")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_obj
def status(session: Session, check: bool, as_json: bool) -> int:
    """Both logins: whose they are, how old, how each lapses and what to type next; from memory unless --check.

    Exit codes: 0 both are fine; 4 a service could not be asked; 12 one is missing, lapsed or refused, or lacks a
    scope; 13 one belongs to another organisation than the ledger.
    """
    desk = _desk(session)
    hands = session.hands
    views = login_views(desk.config, hands.environ, hands.clock, ask=check)
    if as_json:
        hands.out.write(logins_json(views, hands.clock.now()) + "\n")
    else:
        render_logins(views, hands.console(), hands.interactive, hands.clock.now())
    return int(worst({_EXIT[view.state] for view in views}))


@auth.command(short_help="Forget a login.")
@click.argument("service", type=click.Choice(["zoho", "xero"]))
@click.option("--revoke", is_flag=True, help="Zoho: also end the refresh token at Zoho.")
@click.option("--keep-connection", is_flag=True, help="Xero: forget the tokens only; the app stays connected.")
@click.pass_obj
def logout(session: Session, service: str, revoke: bool, keep_connection: bool) -> int:
    """Forget the login to SERVICE. For Xero it also disconnects the app from this one organisation, and no other.

    Exit codes: 0 forgotten; 4 the service is down and nothing was forgotten; 12 there is no login to revoke.
    """
    if revoke and service == "xero":
        raise click.UsageError("--revoke is Zoho's: at Xero it would end every organisation's connection.")
    if keep_connection and service == "zoho":
        raise click.UsageError("--keep-connection is Xero's.")
    consent = _desk(session).consent()
    if service == "zoho":
        ended = consent.log_out_zoho(revoke=revoke)
        rest = "It was ended at Zoho too." if ended else "At Zoho it stays valid until it is revoked there."
        talk.result(session, f"The Zoho login is forgotten. {rest}")
    else:
        _leave_xero(session, consent, keep_connection=keep_connection)
    variable = consent.still_set(service)
    if variable is not None:
        talk.result(session, f"{variable} is still set and logs in again: unset it here and for cron.")
    return int(ExitCode.OK)


def _leave_xero(session: Session, consent: Consent, *, keep_connection: bool) -> None:
    try:
        removed = consent.log_out_xero(keep_connection=keep_connection)
    except (ConfigError, LoginError) as error:
        # A login that no longer works can still be forgotten.
        consent.forget_xero()
        talk.tell(session, error.message)
        removed = ""
    rest = "No connection was removed: see Settings, Connected apps in Xero."
    if removed:
        rest = f"{clean(removed)} is disconnected from the app; no other organisation is."
    elif keep_connection:
        rest = "The app stays connected."
    talk.result(session, f"The Xero login is forgotten. {rest}")
