"""What logging in says and asks: the scopes, the client, the code, the browser's way and the pasted address."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
from rich.text import Text

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.questions import ask, ask_one, not_blank
from zoho_xero_sync.config import Config
from zoho_xero_sync.consent import Consent
from zoho_xero_sync.core.scopes import Scope
from zoho_xero_sync.errors import LoginError, UsageError
from zoho_xero_sync.remote.callback import Listener, Returned, StrangeReturnError, read_returned

NAMES = {"zoho": "Zoho", "xero": "Xero"}
# Where Xero's apps are made and looked at.
_XERO_APPS = "https://developer.xero.com/app/manage"


def tell(session: Session, text: str, *, dim: bool = False) -> None:
    """Talk to the person, on stderr; nothing with --quiet."""
    if session.verbosity >= 0:
        style = "dim" if dim else ""
        session.hands.console(stderr=True).print(Text(text, style=style), soft_wrap=True)


def result(session: Session, text: str) -> None:
    """What came of it, on stdout."""
    session.hands.console().print(Text(text), soft_wrap=True)


def show_scopes(session: Session, scopes: Sequence[Scope]) -> None:
    """Each scope with its reason."""
    width = max(len(scope.name) for scope in scopes)
    for scope in scopes:
        tell(session, f"  {scope.name:<{width}}  {scope.reason}", dim=True)


def console_address(config: Config) -> str:
    """Zoho's API console in this data centre."""
    return config.zoho.crm_url.replace("//crm.", "//api-console.")


def ask_client(session: Session, config: Config, consent: Consent, service: str, *, anew: bool) -> dict[str, str]:
    """The client id and secret that are known nowhere (all of them with `anew`), from the person.

    Raises LoginError with the variables to set when nobody can be asked, or the environment is their declared place.
    """
    given = consent.from_environment(service)
    wanted = consent.client_names(service) if anew else consent.client_missing(service)
    names = [name for name in wanted if name not in given]
    if not names:
        return {}
    if not session.hands.asks or config.secrets.store == "env":
        variables = ", ".join(f"ZXS_{name.upper()}" for name in names)
        where = "Set them here and for cron" if config.secrets.store == "env" else "Run it on a terminal, or set them"
        raise LoginError(
            f"Who this program is to {NAMES[service]} is not known: {variables} not set.",
            f"{where}, then: zoho-xero-sync auth {service}",
        )
    shown = f"The app at {_XERO_APPS} shows what is asked here; make it first."
    if service == "zoho":
        page = console_address(config)
        shown = f"The client at {page} (usually a Self Client) shows what is asked here; make it first."
    place = "the keyring" if config.secrets.store == "keyring" else str(config.secrets.file)
    tell(session, f"\n{shown} It is kept in {place}, never in the configuration.", dim=True)
    return {name: _ask_one(name) for name in names}


def _ask_one(name: str) -> str:
    text = name.replace("_", " ").capitalize()
    if name.endswith("client_id"):
        return ask(text, not_blank)
    return ask(f"{text} (not shown while you type)", not_blank, hidden=True)


# ---- Zoho's self client ----


def self_client_code(session: Session, config: Config, consent: Consent, code: str | None) -> str:
    """The grant code: given, read from stdin for `-`, or asked for with the scopes to paste shown first."""
    if code == "-":
        return not_blank(sys.stdin.readline())
    if code is not None:
        return not_blank(code)
    scopes = consent.scopes("zoho")
    tell(session, f"1. Open {console_address(config)} and choose the Self Client (make one the first time).")
    tell(session, "2. Under Generate Code, paste these scopes; they allow reading and nothing else:\n")
    # One line without colour, to be copied whole.
    tell(session, ",".join(scope.name for scope in scopes) + "\n")
    show_scopes(session, scopes)
    tell(session, "\n3. Choose 10 minutes, describe it in any words, Create, choose the organisation, copy the code.")
    if not session.hands.asks:
        raise click.UsageError("Without a terminal to ask at, give the code with --code CODE, or --code - on stdin.")
    return ask("Code (not shown while you type)", not_blank, hidden=True)


# ---- by the browser ----


def walk(
    session: Session, service: str, address: str, state: str, *, back: str, port: int, paste: bool, timeout: int
) -> Returned:
    """Send the person to the login page and give what the browser came back with.

    Raises LoginError when nobody came back in time and UsageError when the port is taken.
    """
    tell(session, f"The {NAMES[service]} app must have this redirect URI, to the letter: {back}")
    if paste:
        return _pasted(session, service, address, state)
    clock = session.hands.clock
    with Listener(port, state) as listener:
        until = clock.monotonic() + timeout
        tell(session, "Allow the login in your browser. If none opens, open this address on this machine:")
        tell(session, f"\n{address}\n")
        tell(session, f"Waiting {_minutes(timeout)}. No browser on this machine: Ctrl-C, then --paste.", dim=True)
        if can_show_pages(session.hands):
            session.hands.open_page(address)
        returned = listener.wait(until, clock, session.hands.check_stop)
    if returned is None:
        raise _nobody_came(service, back, timeout)
    return returned


def can_show_pages(hands: Hands) -> bool:
    """Whether a browser window may be opened: a text browser would take this terminal over."""
    if sys.platform == "darwin":
        return True
    return any(hands.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))


def _pasted(session: Session, service: str, address: str, state: str) -> Returned:
    if not session.hands.asks:
        raise click.UsageError("--paste needs a terminal to ask at.")
    tell(session, f"1. Open this address in a browser on any machine and allow the login:\n\n{address}\n")
    tell(session, "2. The browser then cannot reach a page whose address begins with http://localhost. That is right:")
    tell(session, "   copy that whole address from the address bar and paste it here.")
    tell(session, f"   {_never_redirects(service)}", dim=True)

    def check(text: str) -> Returned:
        try:
            return read_returned(text, state)
        except StrangeReturnError as error:
            raise click.UsageError(str(error)) from None

    return ask("Address (not shown while you type)", check, hidden=True)


def _never_redirects(service: str) -> str:
    return (
        f"A page of {NAMES[service]} that shows an error and goes nowhere means: the client id, a scope or the "
        "redirect URI is not as the app has it."
    )


def _nobody_came(service: str, back: str, timeout: int) -> LoginError:
    return LoginError(
        f"Nobody came back from {NAMES[service]}'s login page within {_minutes(timeout)}. {_never_redirects(service)}",
        f"Compare the app's page with the client id and with {back}, then: zoho-xero-sync auth {service}",
    )


def _minutes(seconds: int) -> str:
    if seconds % 60 or not seconds:
        return f"{seconds} seconds"
    return "1 minute" if seconds == 60 else f"{seconds // 60} minutes"


def pick(session: Session, names: Sequence[tuple[str, str]]) -> int | None:
    """The place of the organisation a person picks from (name, id) pairs; None when nobody can be asked."""
    if not session.hands.asks:
        return None
    tell(session, "\nThis login reaches several organisations:")
    for place, (name, number) in enumerate(names, 1):
        tell(session, f"  {place}  {name}  {number}")

    return ask_one("Which one is to be invoiced from", [name for name, _ in names], None)


def require_one(**given: object) -> None:
    """Raises UsageError when more than one of the named options is given."""
    named = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} cannot be combined.", "Give one of them.")
