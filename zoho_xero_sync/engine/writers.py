"""Whether this ledger is the only one whose invoices appear in the Xero organisation."""

from __future__ import annotations

import json
from collections.abc import Iterable

from zoho_xero_sync.core.marks import Swept
from zoho_xero_sync.engine.books import BookKeeper
from zoho_xero_sync.engine.ports import Context, LedgerView
from zoho_xero_sync.errors import TwoLedgersError

# The ledgers whose invoices were there before this one made its first: lost, replaced, or stopped by now.
EARLIER_LEDGERS = "xero.earlier_ledgers"


def knows_earlier_ledgers(context: Context, ledger: LedgerView) -> bool:
    """Whether the ledger has noted who wrote before it; without a ledger there is nothing to note."""
    return not context.tag or ledger.fact(EARLIER_LEDGERS) is not None


def require_only_writer(context: Context, ledger: LedgerView, keeper: BookKeeper, swept: Swept) -> None:
    """Raise TwoLedgersError when a ledger that is neither this one nor an earlier one has marked an invoice.

    The first sweep of a ledger is of everything, and notes whoever marked invoices before. So of two ledgers that
    write at the same time the younger one goes on, and the older one, which never met its mark, stops.
    """
    if not context.tag:
        return
    noted = ledger.fact(EARLIER_LEDGERS)
    if noted is None:
        keeper.fetched[EARLIER_LEDGERS] = earlier_ledgers(swept.tags)
        return
    strangers = sorted(swept.tags.keys() - {context.tag, *json.loads(noted[0])})
    if strangers:
        raise TwoLedgersError(
            f"Another ledger writes to this Xero organisation too: invoice {swept.tags[strangers[0]]} is marked by "
            f"ledger {strangers[0]}, and this one is {context.tag}. Nothing was sent.",
            "Find the other machine or folder that runs this program, and stop one of the two. To go on with this one: "
            "zoho-xero-sync rebuild --replace",
        )


def earlier_ledgers(tags: Iterable[str]) -> str:
    """The fact's text for these tags."""
    return json.dumps(sorted(tags))
