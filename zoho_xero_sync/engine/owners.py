"""Which deal an invoice in Xero is: by the ledger first, and by the mark it carries where the ledger does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zoho_xero_sync.core.model import XeroInvoice
from zoho_xero_sync.engine.ports import LedgerView


def owners(ledger: LedgerView) -> dict[str, str]:
    """By InvoiceID, the deal that has this live invoice."""
    return {link.invoice_id: link.deal_id for link in ledger.live_invoices()}


def own_invoices(
    known: Mapping[str, str], carrying: Mapping[str, Sequence[XeroInvoice]]
) -> dict[str, tuple[XeroInvoice, ...]]:
    """By deal, the invoices with its mark, without those that are `known` to be another deal's; deals with any.

    A person can put another deal's mark on an invoice.
    """
    own = {
        deal_id: tuple(invoice for invoice in invoices if known.get(invoice.id, deal_id) == deal_id)
        for deal_id, invoices in carrying.items()
    }
    return {deal_id: invoices for deal_id, invoices in own.items() if invoices}
