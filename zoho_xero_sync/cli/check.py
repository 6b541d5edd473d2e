"""`check`: would the next run go well? Asks both services, changes nothing."""

from __future__ import annotations

import click

from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.start import start_logging
from zoho_xero_sync.config import load_config
from zoho_xero_sync.render.check_text import check_json, render_check


@click.command(short_help="Every name and login, before a run needs it.")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_obj
def check(session: Session, as_json: bool) -> int:
    """One line per risk, green or red, with what to do; at most 15 calls, all of them reads.

    Exit codes: 0 nothing is red; 3 deals would be held, or a person must act; 4 a service did not answer; 10 the
    configuration names something that does not exist; 12 log in; 13 ledger. The gravest one counts.
    """
    from zoho_xero_sync.checking import run_check

    start_logging(session)
    hands = session.hands
    config = load_config(session.config, environ=hands.environ, cwd=hands.cwd)
    view = run_check(config, hands.environ, hands.clock)
    if as_json:
        hands.out.write(check_json(view) + "\n")
    else:
        render_check(view, hands.console(), hands.interactive, quiet=session.verbosity < 0)
    return view.exit_code
