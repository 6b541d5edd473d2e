"""`resolve`: settling what waits for a person."""

from __future__ import annotations

import click

from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.start import open_app
from zoho_xero_sync.cli.sync import deal_id
from zoho_xero_sync.core.model import DealState, InvoiceLink
from zoho_xero_sync.errors import ExitCode


@click.command(short_help="Settle what waits for a person.")
@click.argument("deal", callback=deal_id)
@click.option("--retry", is_flag=True, help="Let the next run try the deal again.")
@click.option(
    "--skip",
    is_flag=True,
    help="Set the deal aside: it is not invoiced, whatever happens to it. An invoice it has already stays as it is.",
)
@click.option(
    "--link-contact",
    "contact",
    metavar="CONTACT",
    help="This Xero contact (ContactID or ContactNumber) is the deal's customer; the next run tries the deal again.",
)
@click.pass_obj
def resolve(session: Session, deal: str, retry: bool, skip: bool, contact: str | None) -> int:
    """Settle DEAL: have it tried again, set it aside (until --retry), or say which Xero contact its customer is."""
    if retry + skip + (contact is not None) != 1:
        raise click.UsageError("Say one thing to do with the deal: --retry, --skip or --link-contact CONTACT.")
    if contact is not None:
        return _link(session, deal, contact.strip())
    record, kept = open_app(session).resolve(deal, retry=retry)
    for line in _told(f"Deal {deal} ({record.name})", deal, kept, retry=retry):
        session.hands.console().print(line, markup=False)
    return int(ExitCode.OK)


def _told(named: str, deal: str, kept: InvoiceLink | None, *, retry: bool) -> tuple[str, ...]:
    if retry:
        return (f"{named} is tried again by the next run.",)
    if kept is not None:
        said = f"{named} keeps its invoice {kept.number} as it is, and nothing waits any more."
        return said, "A later change of the deal, or its return to an invoiced stage, is taken up as usual."
    return (
        f"{named} is set aside and will not be invoiced.",
        f"To bring it back: zoho-xero-sync resolve {deal} --retry",
    )


def _link(session: Session, deal: str, contact: str) -> int:
    if not contact:
        raise click.UsageError("--link-contact needs a ContactID or a ContactNumber.")
    record, link = open_app(session).link_contact(deal, contact)
    console = session.hands.console()
    said = f"The customer of deal {deal} ({record.name}) is the Xero contact {link.name} ({link.contact_id})."
    console.print(said, markup=False)
    if record.state is not DealState.SEEN:
        console.print("The next run tries the deal again.", markup=False)
    return int(ExitCode.OK)
