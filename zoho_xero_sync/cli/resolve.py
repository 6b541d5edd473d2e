"""`resolve`: settling what waits for a person."""

from __future__ import annotations

import click

from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.start import open_app
from zoho_xero_sync.cli.sync import deal_id
from zoho_xero_sync.core.model import DealRecord, DealState
from zoho_xero_sync.core.settlement import Settled
from zoho_xero_sync.core.staging import waits_as_left
from zoho_xero_sync.errors import ExitCode
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.wording import money


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
@click.option(
    "--adopt",
    "invoice",
    metavar="INVOICE",
    help="This sales invoice in Xero (its number or InvoiceID) is the deal's, as it stands.",
)
@click.option("-y", "--yes", is_flag=True, help="With --adopt: also when its contact is another one.")
@click.pass_obj
def resolve(
    session: Session, deal: str, retry: bool, skip: bool, contact: str | None, invoice: str | None, yes: bool
) -> int:
    """Settle DEAL: have it tried again, set it aside (until --retry), or name its contact or invoice in Xero."""
    if retry + skip + (contact is not None) + (invoice is not None) != 1:
        raise click.UsageError(
            "Say one thing to do with the deal: --retry, --skip, --link-contact CONTACT or --adopt INVOICE."
        )
    if yes and invoice is None:
        raise click.UsageError("--yes goes with --adopt.")
    if contact is not None:
        return _link(session, deal, contact.strip())
    if invoice is not None:
        return _adopt(session, deal, invoice.strip(), sure=yes)
    settled = open_app(session).resolve(deal, retry=retry)
    for line in _settled(settled, retry=retry):
        session.hands.console().print(line, markup=False)
    return int(ExitCode.OK)


def _settled(settled: Settled, *, retry: bool) -> tuple[str, ...]:
    record, kept = settled.record, settled.kept
    named = f"Deal {record.deal_id} ({record.name})"
    if settled.words_only:
        return _words_settled(record, named, retry=retry)
    if retry:
        return (f"{named} is tried again by the next run.",)
    if kept is None and not waits_as_left(record):
        again = f"zoho-xero-sync resolve {record.deal_id} --retry"
        return f"{named} is set aside and will not be invoiced.", f"To bring it back: {again}"
    what = f"its invoice {kept.number} as it is" if kept is not None else "what Xero has for it as it is"
    return (
        f"{named} keeps {what}, and nothing waits any more.",
        "A later change of the deal, or its return to an invoiced stage, is taken up as usual.",
    )


def _words_settled(record: DealRecord, named: str, *, retry: bool) -> tuple[str, ...]:
    if retry:
        return (f"{named} is told of its invoice by the next run.",)
    said = f"{named} keeps its fields in Zoho as they are, until there is something new to tell of its invoice."
    if record.problem is None:
        return (said,)
    return said, f"The deal still waits: {record.problem.message}"


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


def _adopt(session: Session, deal: str, invoice: str, *, sure: bool) -> int:
    if not invoice:
        raise click.UsageError("--adopt needs the number or the InvoiceID of an invoice.")
    adopted = open_app(session).adopt(deal, invoice, sure=sure)
    found = adopted.invoice
    console = session.hands.console()
    total = money(found.total, found.currency)
    named = f"Deal {deal} ({clean(adopted.deal_name)})"
    console.print(f"{named} has invoice {found.number} now, as it stands: {total}, {found.status}.", markup=False)
    for note in adopted.notes:
        console.print(clean(note), markup=False)
    console.print(
        "It is not made again, and later changes of the deal's lines are not carried over to it.", markup=False
    )
    return int(ExitCode.OK)
