"""`check`: would the next run go well? Asks both services, changes nothing."""

from __future__ import annotations

from pathlib import Path

import click

from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.start import start_logging
from zoho_xero_sync.cli.sync import check_when, parse_when
from zoho_xero_sync.config import load_config
from zoho_xero_sync.errors import UsageError
from zoho_xero_sync.render.check_text import check_json, render_check


@click.command(short_help="Every name and login, before a run needs it.")
@click.option(
    "--coverage",
    callback=check_when,
    metavar="WHEN",
    help="What documents since then name and no rule covers: a date, a time or an age (90d).",
)
@click.option(
    "--golden",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Work out the cases of this file instead, and compare the invoices (docs/golden.md).  [repeatable]",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_obj
def check(session: Session, coverage: str | None, golden: tuple[Path, ...], as_json: bool) -> int:
    """One line per risk, green or red, with what to do; at most 15 calls, all of them reads.

    Exit codes: 0 nothing is red; 3 deals would be held, or a person must act; 4 a service did not answer; 10 the
    configuration names something that does not exist; 12 log in; 13 ledger. The gravest one counts.
    """
    if golden and coverage:
        raise UsageError("--golden and --coverage are two different looks.", "Type one of them at a time.")
    start_logging(session)
    if golden:
        return _golden(session, golden, as_json=as_json)
    if coverage:
        return _coverage(session, coverage, as_json=as_json)
    from zoho_xero_sync.checking import run_check

    hands = session.hands
    config = load_config(session.config, environ=hands.environ, cwd=hands.cwd)
    view = run_check(config, hands.environ, hands.clock)
    if as_json:
        hands.out.write(check_json(view) + "\n")
    else:
        render_check(view, hands.console(), hands.interactive, quiet=session.verbosity < 0)
    return view.exit_code


def _golden(session: Session, files: tuple[Path, ...], *, as_json: bool) -> int:
    from zoho_xero_sync.checking.golden import run_golden
    from zoho_xero_sync.render.golden_text import golden_json, render_golden

    hands = session.hands
    view = run_golden(files, session.config, hands.environ, hands.cwd, hands.clock)
    if as_json:
        hands.out.write(golden_json(view) + "\n")
    else:
        render_golden(view, hands.console(), hands.interactive, quiet=session.verbosity < 0)
    return view.exit_code


def _coverage(session: Session, coverage: str, *, as_json: bool) -> int:
    from zoho_xero_sync.checking.coverage import run_coverage
    from zoho_xero_sync.render.coverage_text import coverage_json, render_coverage

    hands = session.hands
    config = load_config(session.config, environ=hands.environ, cwd=hands.cwd)
    view = run_coverage(config, hands.environ, hands.clock, parse_when(coverage, hands.clock.now()))
    if as_json:
        hands.out.write(coverage_json(view) + "\n")
    else:
        render_coverage(view, hands.console(), hands.interactive, quiet=session.verbosity < 0)
    return view.exit_code
