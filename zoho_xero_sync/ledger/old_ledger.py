"""What the ledger that `rebuild` replaces still says, when it can be read."""

from __future__ import annotations

from zoho_xero_sync.core.carried_over import Remembered
from zoho_xero_sync.core.model import Identity
from zoho_xero_sync.errors import LedgerError
from zoho_xero_sync.ledger.store import Ledger


def remembered_by_old(url: str, identity: Identity) -> Remembered:
    """What waits in the ledger that is there, and its invoices; nothing when it is damaged, and so says no more.

    Raises LedgerError when it is sound and must not be replaced yet.
    """
    try:
        with Ledger.open(url, read_only=True) as old:
            owner, unanswered = old.identity(), old.unsettled_writes()
            waiting = frozenset(record.deal_id for record in (*old.pending_deals(), *old.waiting_deals()))
            links = old.all_parts()
            remembered = Remembered(waiting, links, old.find_deals(links))
    except LedgerError:
        return Remembered()
    if (owner.zoho_org_id, owner.xero_tenant_id) != (identity.zoho_org_id, identity.xero_tenant_id):
        raise LedgerError(
            f"The ledger belongs to {owner.zoho_org_name} and {owner.xero_org_name}, and the logins reach "
            f"{identity.zoho_org_name} and {identity.xero_org_name}.",
            "Log in to the right ones (zoho-xero-sync auth status), or name another ledger in the configuration.",
        )
    if unanswered:
        raise LedgerError(
            "The ledger still waits for Xero's answer to a write; a new one would not know of it.",
            "Let a run settle that first: zoho-xero-sync sync",
        )
    return remembered
