"""A person lets a deal that waits go on, or sets it aside: only the ledger is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from zoho_xero_sync.core.describe import is_share
from zoho_xero_sync.core.emailing import REFUSED as EMAIL_REFUSED
from zoho_xero_sync.core.emailing import UNKNOWN as EMAIL_UNKNOWN
from zoho_xero_sync.core.model import DealRecord, DealState, EmailNote, EmailState, Event, InvoiceLink
from zoho_xero_sync.core.parts import REMAINDER, newest
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.core.settlement import DealSettlement, Settled
from zoho_xero_sync.core.stages import match_rule
from zoho_xero_sync.core.staging import pipeline_of, waits_as_left
from zoho_xero_sync.engine.busy import busy_subjects
from zoho_xero_sync.engine.linking import released
from zoho_xero_sync.engine.ports import LedgerDesk
from zoho_xero_sync.engine.write_back import settle_refused
from zoho_xero_sync.errors import UsageError


def known_deal(ledger: LedgerDesk, deal_id: str) -> DealRecord:
    """The ledger's record of the deal. Raises UsageError when there is none."""
    record = ledger.find_deals([deal_id]).get(deal_id)
    if record is None:
        raise UsageError(f"The ledger does not know deal {deal_id}.", "See what waits with: zoho-xero-sync status")
    return record


def settle_deal(ledger: LedgerDesk, rules: Rules, now: datetime, deal_id: str, *, retry: bool) -> Settled:
    """Let the next run try the deal again, or set it aside for good.

    A deal that has the invoice its stage is about is not set aside: the invoice stays as it is, and nothing waits any
    more. Where Zoho refused what the deal was to be told, to leave that as it is says nothing of the deal itself, and
    to try it again nothing of what was set aside. Raises UsageError when the ledger does not know the deal or nothing
    of it waits, and when a deal is to be set aside that Xero may have invoiced.
    """
    record = known_deal(ledger, deal_id)
    if settle_refused(ledger, deal_id, retry=retry) and not (retry and record.waits):
        kind = "write_back_retried" if retry else "write_back_kept"
        ledger.record_events([Event(now, None, deal_id, kind, {})])
        return Settled(record, words_only=True)
    return _retried(ledger, now, record) if retry else _set_aside(ledger, rules, now, record)


def _retried(ledger: LedgerDesk, now: datetime, record: DealRecord) -> Settled:
    if not (record.waits or record.state is DealState.SKIPPED):
        raise UsageError(
            f"Deal {record.deal_id} ({record.name}) does not wait for anything.",
            f"To sync it now: zoho-xero-sync sync --deal {record.deal_id}",
        )
    if record.problem is not None and record.problem.code == EMAIL_UNKNOWN:
        # A person says so: it is sent once more.
        ledger.record_emails([replace(note, state=EmailState.WANTED) for note in _open_emails(ledger, record)])
    ledger.stage([released(record)], None)
    ledger.record_events([Event(now, None, record.deal_id, "retried", {})])
    return Settled(record)


def _set_aside(ledger: LedgerDesk, rules: Rules, now: datetime, record: DealRecord) -> Settled:
    deal_id = record.deal_id
    _require_answered(ledger, record)
    _require_unsettled(ledger, record, rules)
    kept = _kept(ledger, record, rules)
    _drop_emails(ledger, now, record, kept)
    stays = kept is not None or waits_as_left(record)
    event = Event(now, None, deal_id, "kept" if stays else "skipped", {"invoice": kept.number} if kept else {})
    state = DealState.SEEN if stays else DealState.SKIPPED
    ledger.settle_deals([DealSettlement(deal_id, state, event=event)])
    return Settled(record, kept)


def _require_answered(ledger: LedgerDesk, record: DealRecord) -> None:
    """A deal on its way is not set aside while its invoice may be there; one that a run gave up is a person's."""
    if record.state is DealState.PENDING and record.deal_id in busy_subjects(ledger):
        raise UsageError(
            f"Xero has not answered yet what became of the invoice of deal {record.deal_id} ({record.name}).",
            "Let a run settle that first: zoho-xero-sync sync",
        )


def _require_unsettled(ledger: LedgerDesk, record: DealRecord, rules: Rules) -> None:
    """Raises UsageError for a deal that left or is gone, and whose invoice is over: set aside, it would stay so."""
    link = newest(ledger.find_parts([record.deal_id]).get(record.deal_id, ()))
    # A deal that was planned as deleted has no snapshot.
    left = record.snapshot is None or match_rule(rules.stages, record.stage, pipeline_of(record)) is None
    if record.state is DealState.SEEN and left and link is not None and not link.live:
        raise UsageError(
            f"Deal {record.deal_id} ({record.name}) does not wait any more: invoice {link.number} is {link.status}.",
            f"Nothing is left to do. To see it: zoho-xero-sync show {record.deal_id}",
        )


def _open_emails(ledger: LedgerDesk, record: DealRecord) -> list[EmailNote]:
    return [note for note in ledger.open_emails() if note.deal_id == record.deal_id]


def _drop_emails(ledger: LedgerDesk, now: datetime, record: DealRecord, kept: InvoiceLink | None) -> None:
    """What is set aside is not e-mailed.

    Where a person spoke of another invoice, or of one that is still to be made, an e-mail that is due stays so.
    """
    notes = _open_emails(ledger, record)
    code = record.problem.code if record.problem is not None else ""
    if code not in (EMAIL_REFUSED, EMAIL_UNKNOWN):
        notes = [note for note in notes if kept is not None and note.invoice_id == kept.invoice_id]
    if notes:
        dropped = Event(now, None, record.deal_id, "email_dropped", {})
        ledger.record_emails([replace(note, state=EmailState.DROPPED) for note in notes], [dropped])


def _kept(ledger: LedgerDesk, record: DealRecord, rules: Rules) -> InvoiceLink | None:
    # The link still shows the invoice as it was when the deal is held because a person ended it in Xero.
    if record.problem is not None and record.problem.code == "invoice_gone":
        return None
    link = newest(ledger.find_parts([record.deal_id]).get(record.deal_id, ()))
    if link is None or not link.live:
        return None
    return None if _is_remainder_set_aside(link, record, rules) else link


def _is_remainder_set_aside(link: InvoiceLink, record: DealRecord, rules: Rules) -> bool:
    """Whether a person spoke of a remainder that is not billed yet: the next touch of the deal does not bill it either.

    An invoice that is known to bill the whole deal leaves none.
    """
    rule = match_rule(rules.stages, record.stage, pipeline_of(record))
    whole = link.sent is not None and not is_share(link)
    return rule is not None and rule.part == REMAINDER and link.part != REMAINDER and not whole
