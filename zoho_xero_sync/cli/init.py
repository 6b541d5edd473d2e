"""`init`: from nothing to a ledger with its baseline."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any

import click

from zoho_xero_sync.app import App
from zoho_xero_sync.cli.init_answers import gather, stage_pair, tax_pair, tax_pairs
from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.questions import ask, not_blank
from zoho_xero_sync.cli.start import open_app
from zoho_xero_sync.config.search import find_config, place_for_new
from zoho_xero_sync.config.writing import CONNECTIONS, DATA_CENTERS, SECRET_STORES, write_config
from zoho_xero_sync.errors import ConfigError, ExitCode, LoginError
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.report_text import render_report

_SERVICES = {"zoho": "Zoho", "xero": "Xero"}
_TRIES = 3
_AUTH = re.compile(r"zoho-xero-sync auth (zoho|xero)")
_URLS = {
    "zoho_accounts_url": "zoho.accounts_url",
    "zoho_api_url": "zoho.api_url",
    "xero_identity_url": "xero.identity_url",
    "xero_login_url": "xero.login_url",
    "xero_api_url": "xero.api_url",
}


def _each(read: Callable[[str], tuple[str, str]]) -> Callable[..., tuple[tuple[str, str], ...]]:
    def callback(context: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        try:
            return tuple(read(text) for text in value)
        except click.UsageError as error:
            raise click.BadParameter(error.message, context, param) from None

    return callback


@click.command(short_help="Write config.yaml, log in, record the baseline.")
@click.option("--data-center", type=click.Choice(DATA_CENTERS), help="Where you log in to Zoho.")
@click.option(
    "--stage",
    "stages",
    multiple=True,
    metavar="STAGE=INVOICE",
    callback=_each(stage_pair),
    help='A stage and its invoice, such as "Closed Won=authorised" (repeatable).',
)
@click.option("--account", metavar="CODE", help="Xero's sales account.  [default: 200]")
@click.option(
    "--tax",
    multiple=True,
    metavar="ZOHO=XERO",
    callback=_each(tax_pair),
    help="A tax, such as GST=OUTPUT (repeatable).",
)
@click.option("--tax-default", metavar="TAXTYPE", help="Xero TaxType of lines without a Zoho tax.")
@click.option("--connection", type=click.Choice(CONNECTIONS), help="How to log in to Xero.  [default: custom]")
@click.option("--tenant", metavar="NAME", help="The Xero organisation, where the login reaches several.")
@click.option("--secrets", type=click.Choice(SECRET_STORES), help="Where logins are kept.")
@click.option("--zoho-accounts-url", metavar="URL", help="For a sandbox: Zoho's accounts server.")
@click.option("--zoho-api-url", metavar="URL", help="For a sandbox: Zoho's API.")
@click.option("--xero-identity-url", metavar="URL", help="For a sandbox: Xero's token server.")
@click.option("--xero-login-url", metavar="URL", help="For a sandbox: Xero's login page.")
@click.option("--xero-api-url", metavar="URL", help="For a sandbox: Xero's API.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing about the configuration; take the usual answers.")
@click.pass_obj
def init(session: Session, /, yes: bool, **options: Any) -> int:
    """Set up: write a commented config.yaml, log in to both services, create the ledger and record the baseline.

    What no option answers is asked for. A configuration that is there already is used as it is. Deals that are in an
    invoiced stage now are history: they are recorded and never invoiced by themselves.

    Exit codes: 0 done; 2 answers missing; 4 a service is down, run again; 10 configuration; 12 login; 13 there is a
    ledger already.
    """
    _settle_config(session, _given(options), usual=yes)
    app = open_app(session)
    app.require_no_baseline()
    for service in _SERVICES:
        _say(session, f"{_SERVICES[service]}: {clean(_log_in(session, app, service))}")
    report = app.initialise()
    hands = session.hands
    render_report(
        report, hands.console(), verbosity=session.verbosity, interactive=hands.interactive, all_problems=True
    )
    if report.exit_code == ExitCode.OK:
        _say(session, f"Next: {_command(session, 'sync --dry-run')}")
    return report.exit_code


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The fields of Answers that options gave."""
    urls = {key: options[name] for name, key in _URLS.items() if options[name]}
    given = {name: value for name, value in options.items() if name not in _URLS and value not in (None, ())}
    if "tax" in given:
        given["tax"] = tax_pairs(given["tax"])
    return {**given, "urls": urls} if urls else given


def _settle_config(session: Session, given: dict[str, Any], *, usual: bool) -> None:
    hands = session.hands
    try:
        found = find_config(session.config, hands.environ, hands.cwd)
    except ConfigError:
        place = place_for_new(session.config, hands.environ, hands.cwd)
        write_config(place, gather(given, hands, usual=usual))
        _say(session, f"Wrote {place.shown}.")
        return
    _say(session, f"{found.shown} is there already and is used as it is.")
    if given:
        hands.err.write(f"The options that describe a configuration were not used: edit {found.shown} instead.\n")


# ---- logins ----


def _log_in(session: Session, app: App, service: str) -> str:
    """The organisation's name. What is missing is asked for, and asked for again when the service refuses it."""
    logins = app.logins()
    stored = app.config.secrets.store != "env"
    if stored:
        logins.keep_environment(service)
    missing = logins.missing(service)
    if missing and not (stored and session.hands.asks):
        raise _not_set(session, service, missing, stored=stored)
    _ask_for(session, app, service, missing)
    for _ in range(_TRIES - 1):
        try:
            return app.reach(service)
        except LoginError as error:
            if not (stored and session.hands.asks) or logins.in_environment(service):
                raise _refused(session, error, logins.in_environment(service)) from None
            session.hands.err.write(f"{error.message}\n")
        _ask_for(session, app, service, logins.needed(service))
    try:
        return app.reach(service)
    except LoginError as error:
        raise _refused(session, error, ()) from None


def _ask_for(session: Session, app: App, service: str, names: tuple[str, ...]) -> None:
    if not names:
        return
    logins = app.logins()
    session.hands.console(stderr=True).print(f"\n{_about(app, service)}", markup=False, style="dim")
    for name in names:
        what = name.replace("_", " ").capitalize()
        secret = not name.endswith("client_id")
        text = f"{what} (not shown while you type)" if secret else what
        logins.keep(name, ask(text, not_blank, hidden=secret))


def _about(app: App, service: str) -> str:
    place = {"file": str(app.config.secrets.file), "keyring": "the keyring"}.get(app.config.secrets.store, "")
    kept = f"What you enter is kept in {place}, never in the configuration."
    if service == "zoho":
        console = app.config.zoho.crm_url.replace("//crm.", "//api-console.")
        return (
            f"The Zoho login: client id and secret of a client in {console}, and a refresh token made with it "
            f"that may read modules, COQL and the organisation. {kept}"
        )
    return f"The Xero login: as the app's page under https://developer.xero.com/app/manage shows it. {kept}"


def _variables(names: tuple[str, ...]) -> str:
    return ", ".join(f"ZXS_{name.upper()}" for name in names)


def _not_set(session: Session, service: str, names: tuple[str, ...], *, stored: bool) -> LoginError:
    variables = _variables(names)
    again = _command(session, "init")
    if stored:
        hint = f"Run {again} on a terminal, which asks for it, or set {variables} for one run; init stores them."
    else:
        hint = f"Set {variables} here and for cron, then run again: {again}"
    return LoginError(f"The {_SERVICES[service]} login is not complete: {variables} not set.", hint)


def _refused(session: Session, error: LoginError, variables: tuple[str, ...]) -> LoginError:
    hint = _AUTH.sub(lambda _: _command(session, "init"), error.hint)
    if variables:
        hint = f"{hint.rstrip('.')}. The login came from {_variables(variables)}."
    return LoginError(error.message, hint)


# ---- saying ----


def _say(session: Session, line: str) -> None:
    if session.verbosity >= 0:
        session.hands.console().print(line, markup=False)


def _command(session: Session, command: str) -> str:
    config = f" --config {shlex.quote(str(session.config))}" if session.config else ""
    return f"zoho-xero-sync{config} {command}"
