"""`status` and `show`: looking without touching."""

from __future__ import annotations

import click

from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.start import open_app
from zoho_xero_sync.cli.sync import deal_id
from zoho_xero_sync.errors import ExitCode
from zoho_xero_sync.render.show_text import render_show, show_json
from zoho_xero_sync.render.status_text import render_status, status_json


@click.command(short_help="Last runs, checkpoint, what waits and why.")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_obj
def status(session: Session, as_json: bool) -> int:
    """Where things stand, from the ledger alone: it asks neither service.

    Exit codes: 0 nothing waits; 3 some deals wait for a person; 4 an answer from Xero is still missing; 13 ledger.
    """
    view = open_app(session).status()
    if as_json:
        session.hands.out.write(status_json(view) + "\n")
    else:
        render_status(view, session.hands.console(), session.hands.interactive)
    if view.uncertain:
        return int(ExitCode.RETRY)
    return int(ExitCode.ATTENTION if view.waiting else ExitCode.OK)


@click.command(short_help="Everything about one deal.")
@click.argument("deal", callback=deal_id)
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_obj
def show(session: Session, deal: str, as_json: bool) -> int:
    """What Zoho says of DEAL, how its invoice is derived, what was sent when, and links to both services."""
    view = open_app(session).show(deal)
    if as_json:
        session.hands.out.write(show_json(view) + "\n")
    else:
        render_show(view, session.hands.console(), session.hands.interactive)
    return int(ExitCode.OK)
