"""How `init` logs in: with the login that is there, else by the conversation that `auth` has."""

from __future__ import annotations

import re
import shlex

from zoho_xero_sync.app import App
from zoho_xero_sync.cli import auth_talk as talk
from zoho_xero_sync.cli.log_in import Way, log_in_xero, log_in_zoho
from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.errors import LoginError
from zoho_xero_sync.render.clean import clean

_TRIES = 3
_AUTH = re.compile(r"zoho-xero-sync auth (zoho|xero)")


def reach(session: Session, app: App, service: str) -> str:
    """The organisation's name, safe to print. A person is asked for a login that is missing, and again when refused.

    Raises LoginError when nobody can be asked or it stays refused.
    """
    logins = app.logins()
    stored = app.config.secrets.store != "env"
    if stored:
        logins.keep_environment(service)
    missing = logins.missing(service)
    given = logins.in_environment(service)
    if missing and not session.hands.asks:
        raise _not_set(session, service, missing, stored=stored)
    refused = False
    if not missing:
        try:
            return clean(app.reach(service))
        except LoginError as error:
            if given or not (stored and session.hands.asks):
                raise _refused(session, error, given) from None
            _tell(session, error)
            refused = True
    return _converse(session, app, service, new_client=refused)


def _converse(session: Session, app: App, service: str, *, new_client: bool, tries: int = _TRIES) -> str:
    talk.tell(session, f"\nThe {talk.NAMES[service]} login")
    # Where no browser can be shown, the person takes the address to another machine.
    way = Way(paste=service == "xero" and not talk.can_show_pages(session.hands), new_client=new_client)
    try:
        if service == "zoho":
            return log_in_zoho(session, app.config, way).name
        return log_in_xero(session, app.config, way).name
    except LoginError as error:
        client = (f"{service}_client_id", f"{service}_client_secret")
        given = tuple(name for name in app.logins().in_environment(service) if name in client)
        if tries == 1 or given or app.config.secrets.store == "env":
            raise _refused(session, error, given) from None
        _tell(session, error)
    return _converse(session, app, service, new_client=True, tries=tries - 1)


def _tell(session: Session, error: LoginError) -> None:
    session.hands.err.write(f"{error.message}\n")


def command(session: Session, words: str) -> str:
    """The command line of this program for the session's configuration."""
    config = f" --config {shlex.quote(str(session.config))}" if session.config else ""
    return f"zoho-xero-sync{config} {words}"


def _variables(names: tuple[str, ...]) -> str:
    return ", ".join(f"ZXS_{name.upper()}" for name in names)


def _not_set(session: Session, service: str, names: tuple[str, ...], *, stored: bool) -> LoginError:
    variables = _variables(names)
    again = command(session, "init")
    if stored:
        hint = f"Run {again} on a terminal, which asks for it, or set {variables} for one run; init stores them."
    else:
        hint = f"Set {variables} here and for cron, then run again: {again}"
    return LoginError(f"The {talk.NAMES[service]} login is not complete: {variables} not set.", hint)


def _refused(session: Session, error: LoginError, variables: tuple[str, ...]) -> LoginError:
    hint = _AUTH.sub(lambda _: command(session, "init"), error.hint)
    if variables:
        hint = f"{hint.rstrip('.')}. The login came from {_variables(variables)}."
    return LoginError(error.message, hint)
