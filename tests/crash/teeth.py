"""Programs that break a promise on purpose, so that the kills can be seen to notice. For a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zoho_xero_sync.core.model import Write, WriteState
from zoho_xero_sync.engine import run
from zoho_xero_sync.engine.ports import Context, LedgerDesk
from zoho_xero_sync.engine.recover import _outcomes
from zoho_xero_sync.engine.send import Sender
from zoho_xero_sync.ledger.store import Ledger


def _sound() -> None:
    """The program as it is."""


def _blind() -> None:
    """Recovery that sends again what has no answer, under a new key and without looking."""

    def recover(context: Context, ledger: LedgerDesk) -> None:
        for write in ledger.unsettled_writes():
            reply = context.xero.send(write.method, write.path, write.body, context.new_key(), write.operations)
            links = ledger.find_invoice_links([operation.subject for operation in write.operations])
            Sender(context, ledger).record(write, _outcomes(write, reply), reply, links)

    setattr(run, "recover", recover)  # noqa: B010


TEETH: Mapping[str | None, Callable[[], None]] = {None: _sound, "blind": _blind}
