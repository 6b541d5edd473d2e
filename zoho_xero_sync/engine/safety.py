"""The safety stop: a run that would make or end more invoices than its limit ends before it sends anything.

While nothing changes the stop stands, and is said again without planning everything anew: that would cost Xero calls
every minute, for as long as nobody looks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta

from zoho_xero_sync.core.model import Action, DealRecord
from zoho_xero_sync.core.plan import count_ended_invoices, count_new_invoices
from zoho_xero_sync.core.report import DealResult
from zoho_xero_sync.core.results import planned
from zoho_xero_sync.core.wording import some_invoices
from zoho_xero_sync.engine.ports import Context, LedgerDesk, LedgerView, Options
from zoho_xero_sync.engine.tally import Tally
from zoho_xero_sync.errors import SafetyError

_FACT = "safety_stop"
# What people do in Xero may have settled it; this often it is planned anew.
_STANDS = timedelta(hours=1)
_REASON = "waits: the safety stop was reached"


def stop_if_too_many(context: Context, actions: Sequence[Action], options: Options, tally: Tally) -> None:
    """Raises SafetyError when the actions would make or end more invoices than the limit; a dry run notes it."""
    limit = context.rules.limits.invoices_per_run
    wanted, ending = count_new_invoices(actions), count_ended_invoices(actions)
    making = wanted if options.limit is None else min(wanted, options.limit)
    if max(making, ending) <= limit or options.allow_many:
        return
    deeds = [f"make {some_invoices(making)}"] if making > limit else []
    deeds += [f"void or delete {some_invoices(ending)}"] if ending > limit else []
    message = f"This run would {' and '.join(deeds)}, more than limits.invoices_per_run allows ({limit})."
    if options.dry_run:
        tally.notes.append(f"{message} A sync would stop before sending any; --allow-many lets it pass.")
        return
    for action in actions:
        tally.results[action.deal_id] = planned(action, "pending", reason=_REASON)
    raise SafetyError(f"{message} Nothing was sent.", _hint(ending > limit))


def _hint(ending: bool) -> str:
    if not ending:
        return "Look first with --dry-run, then run the same sync with --allow-many (or with --limit N)."
    return (
        "Look first with --dry-run. If deals were moved or deleted by mistake, put them back in Zoho; otherwise run "
        "the same sync with --allow-many."
    )


def say_again(context: Context, ledger: LedgerView, options: Options, tally: Tally) -> SafetyError | None:
    """The stop of an earlier run, while it stands: same rules, same deals as Zoho had them then, not an hour old."""
    noted = ledger.fact(_FACT)
    if noted is None or options.requested or options.allow_many or options.limit is not None:
        return None
    if ledger.unsettled_writes():
        return None
    text, at = noted
    pending = ledger.pending_deals()
    stop = json.loads(text)
    if not at <= context.clock.now() < at + _STANDS or stop["stamp"] != _stamp(context, pending):
        return None
    for record in pending:
        tally.results[record.deal_id] = DealResult(record.deal_id, record.name, record.stage, "pending", _REASON)
    return SafetyError(stop["message"], stop["hint"])


def remember_stop(context: Context, ledger: LedgerDesk, stop: SafetyError) -> None:
    """Note why the run stopped, and what it was that waited then."""
    stamp = _stamp(context, ledger.pending_deals())
    note = {"stamp": stamp, "message": stop.message, "hint": stop.hint}
    ledger.record_fact(_FACT, json.dumps(note), context.clock.now())


def _stamp(context: Context, pending: Sequence[DealRecord]) -> str:
    deals = sorted((record.deal_id, record.snapshot or "", record.requested) for record in pending)
    return hashlib.sha256(json.dumps([context.rules.fingerprint(), deals]).encode()).hexdigest()
