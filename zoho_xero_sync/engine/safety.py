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
from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.engine.ports import Context, LedgerDesk, LedgerView, Options
from zoho_xero_sync.engine.tally import Tally
from zoho_xero_sync.errors import SafetyError

_FACT = "safety_stop"
# What people do may have settled it; this often it is planned anew.
_STANDS = timedelta(minutes=15)
_REASON = "waits: the safety stop was reached"


def stop_if_too_many(context: Context, actions: Sequence[Action], options: Options, tally: Tally) -> None:
    """Raises SafetyError when the actions would make or end more invoices than the limit; a dry run notes it."""
    limit = context.rules.limits.invoices_per_run
    wanted, ending = count_new_invoices(actions), count_ended_invoices(actions)
    making = wanted if options.limit is None else min(wanted, options.limit)
    if max(making, ending) <= limit or options.allow_many:
        return
    deeds = [f"make {counted(making, 'invoice')}"] if making > limit else []
    deeds += [f"void or delete {counted(ending, 'invoice')}"] if ending > limit else []
    message = f"This run would {' and '.join(deeds)}, more than limits.invoices_per_run allows ({limit})."
    if options.dry_run:
        tally.notes.append(f"{message} A sync would stop before sending any; --allow-many lets it pass.")
        return
    for action in actions:
        waits = DealResult(action.deal_id, action.deal_name, action.stage, "pending", _REASON, worth=action.worth)
        tally.results[action.deal_id] = waits
    raise SafetyError(f"{message} Nothing was sent.", _hint(ending > limit))


def _hint(ending: bool) -> str:
    if not ending:
        return "Look first with --dry-run, then run the same sync with --allow-many (or with --limit N)."
    return (
        "Look first with --dry-run. If deals were moved or deleted by mistake, put them back in Zoho; otherwise run "
        "the same sync with --allow-many."
    )


def say_again(context: Context, ledger: LedgerView, options: Options, tally: Tally) -> SafetyError | None:
    """The stop of an earlier run while it stands: same rules, deals and invoices as then, and not too long ago."""
    noted = ledger.fact(_FACT)
    if noted is None or options.requested or options.allow_many or ledger.unsettled_writes():
        return None
    at, now = noted[1], context.clock.now()
    pending = ledger.pending_deals()
    stamp, _, said = noted[0].partition("\n")
    message, _, hint = said.partition("\n")
    if not (message and at <= now < at + _STANDS and stamp == _stamp(context, ledger, options, pending)):
        return None
    for record in pending:
        tally.results[record.deal_id] = DealResult(record.deal_id, record.name, record.stage, "pending", _REASON)
    return SafetyError(message, hint)


def remember_stop(context: Context, ledger: LedgerDesk, options: Options, stop: SafetyError) -> None:
    """Note why the run stopped, and what it was that waited then."""
    stamp = _stamp(context, ledger, options, ledger.pending_deals())
    ledger.record_fact(_FACT, f"{stamp}\n{stop.message}\n{stop.hint}", context.clock.now())


def forget_stop(context: Context, ledger: LedgerDesk) -> None:
    """Note that a run went on."""
    noted = ledger.fact(_FACT)
    if noted is not None and noted[0]:
        ledger.record_fact(_FACT, "", context.clock.now())


def _stamp(context: Context, ledger: LedgerView, options: Options, pending: Sequence[DealRecord]) -> str:
    deals = sorted((record.deal_id, record.snapshot or "", record.requested) for record in pending)
    parts = ledger.find_parts([record.deal_id for record in pending])
    links = sorted((link.invoice_id, link.status, link.live) for found in parts.values() for link in found)
    text = json.dumps([context.rules.fingerprint(), options.limit, deals, links])
    return hashlib.sha256(text.encode()).hexdigest()
