"""`sync`: the cron job, the backfill and the dry run."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from dateutil import tz
from dateutil.parser import isoparse

from zoho_xero_sync.cli.every import run_rounds
from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.start import open_app
from zoho_xero_sync.core.report import Report
from zoho_xero_sync.engine.ports import Options
from zoho_xero_sync.errors import ExitCode, LockedError, SyncError
from zoho_xero_sync.render.progress import Progress
from zoho_xero_sync.render.report_json import report_json
from zoho_xero_sync.render.report_text import render_report
from zoho_xero_sync.run_reports import failed_report, new_run_id
from zoho_xero_sync.watching import Watch

_AGE = re.compile(r"(\d{1,5})\s*([hdw])", re.IGNORECASE)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DEAL_ID = re.compile(r"\d{5,25}")


def parse_when(text: str, now: datetime, *, end: bool = False) -> datetime:
    """An instant from a date, a date-time or an age (`36h`, `7d`, `2w`); aware UTC.

    A date or a time without a zone is this machine's. A date as an end means the end of that day. Raises ValueError.
    """
    age = _AGE.fullmatch(text.strip())
    if age:
        return now - int(age.group(1)) * _UNITS[age.group(2).lower()]
    moment = isoparse(text.strip())
    if end and len(text.strip()) <= len("2026-01-31"):
        moment += timedelta(days=1) - timedelta(seconds=1)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=tz.tzlocal())
    return moment.astimezone(UTC)


def check_when(context: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Check a date, a time or an age as given on the command line."""
    try:
        parse_when(value or "1h", datetime.now(UTC))
    except (ValueError, OverflowError):
        wanted = "a date (2026-01-31), a date-time, or an age such as 36h, 7d or 2w"
        raise click.BadParameter(f"{value!r} is not {wanted}.", context, param) from None
    return value


def deal_id(context: click.Context, param: click.Parameter, value: Any) -> Any:
    """Check one deal id, or several, as given on the command line."""
    for text in value if isinstance(value, tuple) else (value,):
        if not _DEAL_ID.fullmatch(text):
            where = "it is the long number at the end of the deal's web address"
            raise click.BadParameter(f"{text!r} is not a deal id: {where}.", context, param)
    return value


@click.command(short_help="The cron job: make and move on what Zoho asks for.")
@click.option("--dry-run", is_flag=True, help="Read both services, write neither; print what would happen.")
@click.option(
    "--since", callback=check_when, metavar="WHEN", help="Backfill: deals modified since a date, time or age (7d)."
)
@click.option("--until", callback=check_when, metavar="WHEN", help="The end of the backfill window.")
@click.option("--deal", "deals", multiple=True, callback=deal_id, metavar="ID", help="Only this deal (repeatable).")
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most N new invoices; the rest stay pending.")
@click.option("--allow-many", is_flag=True, help="Lift the safety stop (limits.invoices_per_run) for this run.")
@click.option(
    "--every", type=click.IntRange(5, 86400), metavar="SECONDS", help="Stay up, and run again this long after each run."
)
@click.option("--json", "as_json", is_flag=True, help="The report as JSON on stdout, nothing else there.")
@click.option("--detailed-exitcode", is_flag=True, help="With --dry-run: exit 5 when there is something to do.")
@click.pass_obj
def sync(
    session: Session,
    dry_run: bool,
    since: str | None,
    until: str | None,
    deals: tuple[str, ...],
    limit: int | None,
    allow_many: bool,
    every: int | None,
    as_json: bool,
    detailed_exitcode: bool,
) -> int:
    """Read what changed in Zoho and make it so in Xero.

    Exit codes: 0 done or nothing to do; 3 some deals wait for a person; 4 run again later; 5 (detailed dry run)
    changes pending; 10 configuration; 11 another run is busy; 12 log in; 13 ledger; 15 safety stop.
    """
    now = session.hands.clock.now()
    if until is not None and since is None:
        raise click.UsageError("--until needs --since.")
    if since is not None and deals:
        raise click.UsageError("--since and --deal cannot be combined: a backfill is a window, --deal names deals.")
    if detailed_exitcode and not dry_run:
        raise click.UsageError("--detailed-exitcode goes with --dry-run.")
    if every is not None and (dry_run or since is not None or deals or allow_many):
        raise click.UsageError("--every is for the ordinary run: without --dry-run, --since, --deal and --allow-many.")
    options = Options(
        dry_run=dry_run,
        since=parse_when(since, now) if since else None,
        until=parse_when(until, now, end=True) if until else None,
        deals=tuple(dict.fromkeys(deals)),
        limit=limit,
        allow_many=allow_many,
    )
    if options.since is not None and options.since > now:
        raise click.UsageError("--since is in the future: no deal can have changed after it.")
    if options.since is not None and options.until is not None and options.until < options.since:
        raise click.UsageError("--until is before --since.")
    if every is not None:
        return run_rounds(session, options, every, as_json=as_json)
    return _run(session, options, as_json=as_json, detailed=detailed_exitcode)


def _run(session: Session, options: Options, *, as_json: bool, detailed: bool) -> int:
    hands = session.hands
    try:
        with Progress(hands.console(stderr=True)) as progress:
            app = open_app(session, progress)
            watch = Watch(app.config.watch, hands.clock, loud=hands.interactive)
            report = watch.sync(app, options, detailed=detailed)
    except LockedError as error:
        # Nobody has to act on a busy lock, so cron is not made to mail it.
        if as_json:
            return _show(session, _failed(session, options, error), as_json=True)
        if hands.interactive or session.verbosity > 0:
            raise
        return int(ExitCode.LOCKED)
    except SyncError as error:
        if not as_json:
            raise
        return _show(session, _failed(session, options, error), as_json=True)
    return _show(session, report, as_json=as_json)


def _failed(session: Session, options: Options, error: SyncError) -> Report:
    return failed_report(new_run_id(), "dry_run" if options.dry_run else "apply", session.hands.clock.now(), error)


def _show(session: Session, report: Report, *, as_json: bool) -> int:
    hands = session.hands
    if as_json:
        hands.out.write(report_json(report) + "\n")
        return report.exit_code
    render_report(
        report,
        hands.console(),
        verbosity=session.verbosity,
        interactive=hands.interactive,
        all_problems=hands.interactive or session.verbosity > 0 or report.mode == "dry_run",
    )
    return report.exit_code
