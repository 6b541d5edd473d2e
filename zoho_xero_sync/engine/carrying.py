"""Asking Xero for what a write may have made, where this machine's clock and Xero's differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from zoho_xero_sync.core.model import XeroInvoice
from zoho_xero_sync.engine.ports import CLOCK_MARGIN, Context


def carrying_since(context: Context, urls: Sequence[str], at: datetime) -> dict[str, tuple[XeroInvoice, ...]]:
    """By Url, every sales invoice that Xero made or changed since this machine's clock said `at`.

    The clocks may differ by CLOCK_MARGIN. When Xero's own (the Date of its answer) shows that this one is ahead by
    more, Xero is asked once more, by its own time: for a time that it has not reached yet it answers with nothing.
    """
    found = context.xero.find_carrying(urls, at - CLOCK_MARGIN)
    theirs = context.xero.read_at
    ahead = context.clock.now() - theirs if theirs is not None else timedelta(0)
    if ahead <= CLOCK_MARGIN / 2:
        return found
    return context.xero.find_carrying(urls, at - ahead - CLOCK_MARGIN)
