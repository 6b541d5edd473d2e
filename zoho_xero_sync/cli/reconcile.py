"""`reconcile`: Zoho, the ledger and Xero compared, and at cut-over the invoices that were made by hand."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import click
from dateutil import tz

from zoho_xero_sync.app import App
from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.questions import ask
from zoho_xero_sync.cli.start import open_app
from zoho_xero_sync.cli.sync import check_when, parse_when
from zoho_xero_sync.core.reconcile import Certainty, Pair, Period, Reconciliation
from zoho_xero_sync.core.window import Window
from zoho_xero_sync.errors import UsageError
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.progress import Progress
from zoho_xero_sync.render.reconcile_csv import reconcile_csv
from zoho_xero_sync.render.reconcile_json import reconcile_json
from zoho_xero_sync.render.reconcile_text import render_pairs, render_reconciliation

PERIOD = timedelta(days=90)


@click.command(short_help="Compare Zoho, the ledger and Xero.")
@click.option(
    "--since", callback=check_when, metavar="WHEN", help="The start of the period: a date, time or age (90d)."
)
@click.option("--until", callback=check_when, metavar="WHEN", help="The end of the period.")
@click.option("--fix", is_flag=True, help="Have the ledger take over what is safe to take over.")
@click.option("--adopt", is_flag=True, help="Propose invoices made by hand for the deals that have none.")
@click.option("-y", "--yes", is_flag=True, help="With --adopt: link the certain pairs without asking.")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout, nothing else there.")
@click.option(
    "--csv", "csv_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Also as a CSV file."
)
@click.pass_obj
def reconcile(
    session: Session,
    since: str | None,
    until: str | None,
    fix: bool,
    adopt: bool,
    yes: bool,
    as_json: bool,
    csv_file: Path | None,
) -> int:
    """List every difference between the deals of a period, the ledger and Xero; neither service is written to.

    Exit codes: 0 nothing to see; 3 something to see; 4 a service did not answer; 10 configuration; 11 a run is busy;
    12 log in; 13 ledger.
    """
    if yes and not adopt:
        raise click.UsageError("--yes goes with --adopt.")
    if fix and adopt:
        raise click.UsageError("--fix and --adopt are two steps: first the one, then the other.")
    period = _period(session, since, until)
    hands = session.hands
    with Progress(hands.console(stderr=True)) as progress:
        app = open_app(session, progress)
        found = app.reconcile(period, fix=fix, pairing=adopt)
    if adopt:
        found = _adopted(session, app, found, yes=yes, ask_them=not as_json)
    if csv_file is not None:
        _save(csv_file, reconcile_csv(found))
    if as_json:
        hands.out.write(reconcile_json(found) + "\n")
    elif found.exit_code or found.adopted or session.verbosity >= 0:
        render_reconciliation(found, hands.console(), hands.interactive)
    return found.exit_code


def _period(session: Session, since: str | None, until: str | None) -> Period:
    now = session.hands.clock.now()
    end = parse_when(until, now, end=True) if until else None
    start = parse_when(since, now) if since else (end or now) - PERIOD
    if start > now:
        raise click.UsageError("--since is in the future: nothing has happened since.")
    if end is not None and end < start:
        raise click.UsageError("--until is before --since.")
    return Period(Window(start.replace(microsecond=0), end), _day(start), _day(end) if end is not None else None)


def _day(moment: datetime) -> date:
    """The day that the moment is on this machine, by whose days dates are typed."""
    return moment.astimezone(tz.tzlocal()).date()


def _save(file: Path, text: str) -> None:
    try:
        # With a byte order mark, which is how a spreadsheet knows the encoding.
        with open(file, "w", encoding="utf-8-sig", newline="", opener=_private) as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.", "Name another file with --csv.") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


# ---- adoption ----


def _adopted(session: Session, app: App, found: Reconciliation, *, yes: bool, ask_them: bool) -> Reconciliation:
    """What there is to see once a person has said which proposals are right, and these are linked."""
    chosen = tuple(_chosen(session, found.pairs, yes=yes, ask_them=ask_them and session.hands.asks))
    linked, left = app.adopt_pairs(chosen) if chosen else ((), ())
    for sentence in left:
        session.hands.err.write(f"{clean(sentence)}\n")
    if not linked:
        return found
    after = app.reconcile(found.period, fix=False, pairing=True)
    calls = {service: number + found.calls.get(service, 0) for service, number in after.calls.items()}
    return replace(after, adopted=linked, calls=calls)


def _chosen(session: Session, pairs: tuple[Pair, ...], *, yes: bool, ask_them: bool) -> list[Pair]:
    """The certain ones with one yes for all of them, the probable ones with a yes each."""
    certain = tuple(pair for pair in pairs if pair.certainty is Certainty.CERTAIN)
    if not ask_them:
        return list(certain) if yes else []
    console = session.hands.console(stderr=True)
    chosen: list[Pair] = []
    if certain:
        render_pairs(certain, console, session.hands.interactive)
        if yes or ask(f"Link these {len(certain)} certain pairs? (y/n)", _yes_or_no, default="n"):
            chosen += certain
    for pair in pairs:
        if pair.certainty is Certainty.PROBABLE:
            render_pairs((pair,), console, session.hands.interactive)
            if ask("Is this the deal's invoice? (y/n)", _yes_or_no, default="n"):
                chosen.append(pair)
    return chosen


def _yes_or_no(answer: str) -> bool:
    word = answer.strip().casefold()
    if word in ("y", "yes"):
        return True
    if word in ("n", "no"):
        return False
    raise click.UsageError("Type y or n.")
