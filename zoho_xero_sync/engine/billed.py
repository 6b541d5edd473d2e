"""Of a deal that is billed in two: the invoice its stage is about, and what the other one bills in Xero now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zoho_xero_sync.core.drafted import Drafted, Triage
from zoho_xero_sync.core.model import InvoiceLink, XeroInvoice
from zoho_xero_sync.core.parts import REMAINDER, WHOLE, link_of, others
from zoho_xero_sync.core.stages import CLOSED
from zoho_xero_sync.engine.ports import Context


def with_billing(item: Drafted, links: Sequence[InvoiceLink]) -> Drafted:
    """The item with what its stage asks to be billed, and with the invoice of that part; `links` are all the deal's."""
    asked = replace(item, others=tuple(links)).billing
    if asked is None:
        return item
    link, mine = link_of(links, asked.part), {ended.invoice_id for ended in item.ended}
    gone = tuple(other for other in links if other != link and not other.live and other.invoice_id not in mine)
    return replace(item, link=link, others=others(links, link), gone=gone)


def with_billed(context: Context, items: Sequence[Drafted]) -> list[Drafted]:
    """The items of a remainder with the invoice of the share as Xero has it now: what it bills is taken off."""
    shares = {item.deal.id: link_of(item.others, WHOLE) for item in items if _is_remainder(item)}
    ids = [link.invoice_id for link in shares.values() if link is not None]
    found = context.xero.fetch_invoices(ids) if ids else {}
    return [_with_share(item, share, found) if (share := shares.get(item.deal.id)) else item for item in items]


def _with_share(item: Drafted, share: InvoiceLink, found: Mapping[str, XeroInvoice]) -> Drafted:
    billed = found.get(share.invoice_id)
    if billed is not None and billed.status not in CLOSED:
        return replace(item, billed=billed)
    status = billed.status if billed is not None else "not to be found"
    return replace(item, gone=(*item.gone, replace(share, status=status, live=False)))


def _is_remainder(item: Drafted) -> bool:
    return item.triage is Triage.BILL and item.billing is not None and item.billing.part == REMAINDER
