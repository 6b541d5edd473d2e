"""`rebuild`: a lost ledger, made again from what both services hold."""

from __future__ import annotations

import click

from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.start import open_app
from zoho_xero_sync.render.progress import Progress
from zoho_xero_sync.render.rebuild_json import rebuild_json
from zoho_xero_sync.render.rebuild_text import render_rebuild


@click.command(short_help="Make a lost ledger again from Xero and Zoho.")
@click.option("--dry-run", is_flag=True, help="Read both services and print what would come back; make no ledger.")
@click.option("--replace", is_flag=True, help="Set aside the ledger that is there (damaged, or not the only one).")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_obj
def rebuild(session: Session, dry_run: bool, replace: bool, as_json: bool) -> int:
    """Make the ledger again from the marks that invoices carry in Xero; nothing is written to either service.

    Exit codes: 0 done; 3 done, and some deals wait for a person; 4 a service did not answer; 10 configuration; 11 a
    run is busy; 12 log in; 13 there is a ledger that must not be replaced.
    """
    hands = session.hands
    with Progress(hands.console(stderr=True)) as progress:
        view = open_app(session, progress).rebuild(dry_run=dry_run, replace_old=replace)
    if as_json:
        hands.out.write(rebuild_json(view) + "\n")
    else:
        render_rebuild(view, hands.console(), hands.interactive)
    return view.rebuilt.exit_code
