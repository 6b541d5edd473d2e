"""`init`: from nothing to a ledger with its baseline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from zoho_xero_sync.app import App
from zoho_xero_sync.checking.choices import read_choices
from zoho_xero_sync.cli import auth_talk as talk
from zoho_xero_sync.cli.auth_talk import NAMES
from zoho_xero_sync.cli.init_answers import (
    BEFORE_LOGIN,
    CONNECTION,
    changed,
    from_options,
    gather,
    put,
    stage_pair,
    tax_pair,
    tax_pairs,
)
from zoho_xero_sync.cli.init_choices import FIELDS, choose
from zoho_xero_sync.cli.init_fields import offer_fields
from zoho_xero_sync.cli.init_login import command, reach
from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.start import open_app, start_logging
from zoho_xero_sync.config.search import Found, find_config, place_for_new
from zoho_xero_sync.config.writing import (
    CONNECTIONS,
    DATA_CENTERS,
    SECRET_STORES,
    Answers,
    read_answers,
    require_folder,
    write_config,
)
from zoho_xero_sync.errors import ConfigError, ExitCode, LedgerError
from zoho_xero_sync.render.report_text import render_report

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
@click.option(
    "--quote-stage",
    "quote_stages",
    multiple=True,
    metavar="STAGE",
    help="A stage of quotes that counts as accepted (repeatable).",
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

    On a terminal it asks for what no option answers: it logs in first, then offers what both organisations have, by
    number. A configuration that is there already is used as it is. Deals that are in an invoiced stage now are
    history: they are recorded and never invoiced by themselves.

    Exit codes: 0 done; 2 answers missing; 4 a service is down, run again; 10 configuration; 12 login; 13 there is a
    ledger already.
    """
    given = _given(options)
    hands = session.hands
    try:
        found = find_config(session.config, hands.environ, hands.cwd)
    except ConfigError:
        place = place_for_new(session.config, hands.environ, hands.cwd)
        talks = hands.asks and not yes
        app = _converse(session, given, place) if talks else _without_asking(session, given, place, usual=yes)
    else:
        app = _as_it_stands(session, given, found)
    report = app.initialise()
    render_report(
        report, hands.console(), verbosity=session.verbosity, interactive=hands.interactive, all_problems=True
    )
    if report.exit_code == ExitCode.OK:
        if hands.asks:
            week = command(session, "sync --dry-run --since 7d")
            talk.tell(session, f"A dry run is empty until a deal enters a stage. The past week's deals, to try: {week}")
        first = f"{command(session, 'check')}, then: " if hands.asks else ""
        _say(session, f"Next: {first}{command(session, 'sync --dry-run')}")
    return report.exit_code


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The fields of Answers that options gave."""
    urls = {key: options[name] for name, key in _URLS.items() if options[name]}
    given = {name: value for name, value in options.items() if name not in _URLS and value not in (None, ())}
    if "tax" in given:
        given["tax"] = tax_pairs(given["tax"])
    return {**given, "urls": urls} if urls else given


def _without_asking(session: Session, given: dict[str, Any], place: Found, *, usual: bool) -> App:
    """The configuration from options and usual answers, then both logins."""
    write_config(place, gather(given, session.hands.environ, usual=usual))
    _say(session, f"Wrote {place.shown}.")
    return _logged_in(session)


def _as_it_stands(session: Session, given: dict[str, Any], found: Found) -> App:
    """The configuration that is there, and both logins."""
    _say(session, f"{found.shown} is there already and is used as it is.")
    if given:
        session.hands.err.write(
            f"The options that describe a configuration were not used: edit {found.shown} instead.\n"
        )
    return _logged_in(session)


def _logged_in(session: Session) -> App:
    app = open_app(session)
    try:
        app.require_no_baseline()
    except LedgerError:
        # All that may still be missing are fields that the configuration came to name since.
        offer_fields(session, app)
        raise
    for service in NAMES:
        _log_in(session, app, service)
    offer_fields(session, app)
    return app


def _converse(session: Session, given: dict[str, Any], place: Found) -> App:
    """The configuration as a conversation: both logins first, then choices from what the organisations have."""
    hands = session.hands
    require_folder(place)
    start_logging(session)
    answers = from_options(given, hands.environ)
    talk.tell(
        session,
        f"Enter alone takes the answer in brackets. {place.shown} is written at the end; Ctrl-C stops, and logins that "
        "worked by then are kept.",
    )
    for question in BEFORE_LOGIN:
        if question.field not in given:
            answers = put(question, answers, hands)
    _log_in(session, _planned(session, answers, place), "zoho")
    if CONNECTION.field not in given:
        answers = put(CONNECTION, answers, hands)
    app = _planned(session, answers, place)
    _log_in(session, app, "xero")
    if not set(FIELDS) <= given.keys():
        choices = read_choices(app.config, hands.environ, hands.clock)
        answers = changed(choose(answers, choices, given, hands), {}, hands.environ)
    write_config(place, answers)
    _say(session, f"Wrote {place.shown}.")
    app = open_app(session)
    app.require_no_baseline()
    return app


def _planned(session: Session, answers: Answers, place: Found) -> App:
    """The app of a configuration that is not written yet."""
    hands = session.hands
    config = read_answers(answers, place, hands.environ)
    return App(config, hands.environ, hands.clock, check_stop=hands.check_stop)


def _log_in(session: Session, app: App, service: str) -> None:
    _say(session, f"{NAMES[service]}: {reach(session, app, service)}")


def _say(session: Session, line: str) -> None:
    if session.verbosity >= 0:
        session.hands.console().print(line, markup=False)
