"""`resolve`: settling what waits for a person."""

from __future__ import annotations

import click

from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.start import open_app
from zoho_xero_sync.cli.sync import deal_id
from zoho_xero_sync.errors import ExitCode


@click.command(short_help="Settle what waits for a person.")
@click.argument("deal", callback=deal_id)
@click.option("--retry", is_flag=True, help="Let the next run try the deal again.")
@click.option("--skip", is_flag=True, help="Set the deal aside: it is not invoiced, whatever happens to it.")
@click.pass_obj
def resolve(session: Session, deal: str, retry: bool, skip: bool) -> int:
    """Settle DEAL: have it tried again, or set it aside (until --retry)."""
    if retry == skip:
        raise click.UsageError("Say what to do with the deal: --retry or --skip.")
    record = open_app(session).resolve(deal, retry=retry)
    what = "is tried again by the next run" if retry else "is set aside and will not be invoiced"
    session.hands.console().print(f"Deal {deal} ({record.name}) {what}.", markup=False)
    if skip:
        session.hands.console().print(f"To bring it back: zoho-xero-sync resolve {deal} --retry", markup=False)
    return int(ExitCode.OK)
