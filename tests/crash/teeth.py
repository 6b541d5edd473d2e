"""Programs that break a promise on purpose, so that the kills can be seen to notice. For a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zoho_xero_sync.core.model import Write
from zoho_xero_sync.core.outcome import Refused
from zoho_xero_sync.engine import run
from zoho_xero_sync.engine.ports import Context, LedgerDesk
from zoho_xero_sync.engine.send import Sender
from zoho_xero_sync.ledger import journal
from zoho_xero_sync.ledger.store import Ledger


class _Forgotten(Exception):
    """Takes an intent back before it is committed."""


def _sound() -> None:
    """The program as it is."""


def _blind() -> None:
    """Recovery that sends again what has no answer, under a new key and without looking."""

    def recover(context: Context, ledger: LedgerDesk) -> None:
        for write in ledger.unsettled_writes():
            reply = context.xero.send(write.method, write.path, write.body, context.new_key(), write.operations)
            links = ledger.find_invoice_links([operation.subject for operation in write.operations])
            if not isinstance(reply.verdict, Refused):
                Sender(context, ledger).record(write, reply.verdict, reply, links)

    setattr(run, "recover", recover)  # noqa: B010 - a name that mypy knows as a function


def _forgetful() -> None:
    """A journal that is written once the answer is there: what is cut off in between, nobody knows of."""
    begin, record = Ledger.begin_write, Ledger.record_answers
    late: dict[int, dict[str, Any]] = {}

    def begin_write(ledger: Ledger, **intent: Any) -> Write:
        kept: list[Write] = []
        try:
            with ledger._writing() as connection:
                kept.append(journal.insert_write(connection, **intent))
                raise _Forgotten
        except _Forgotten:
            late[kept[0].id] = intent
        return kept[0]

    def record_answers(ledger: Ledger, write_id: int, *answers: Any, **told: Any) -> None:
        if write_id in late:
            begin(ledger, **late.pop(write_id))
        record(ledger, write_id, *answers, **told)

    setattr(Ledger, "begin_write", begin_write)  # noqa: B010 - a name that mypy knows as a function
    setattr(Ledger, "record_answers", record_answers)  # noqa: B010


TEETH: Mapping[str | None, Callable[[], None]] = {None: _sound, "blind": _blind, "forgetful": _forgetful}
