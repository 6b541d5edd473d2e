"""Which deals a write touches: those it is about, and those whose customer it is about."""

from __future__ import annotations

from zoho_xero_sync.core.customers import customer_key
from zoho_xero_sync.core.model import Deal, DealRecord, OperationState
from zoho_xero_sync.core.recording import customer_subject
from zoho_xero_sync.engine.ports import Context, LedgerView


def busy_subjects(ledger: LedgerView) -> set[str]:
    """The journal's names of the deals and customers that have a write without an answer."""
    return {
        operation.subject
        for write in ledger.unsettled_writes()
        for operation in write.operations
        if operation.state is OperationState.IN_FLIGHT
    }


def subject_of_customer(context: Context, record: DealRecord) -> str | None:
    """The journal's name of the deal's customer; None when the deal has none or cannot be read."""
    if record.snapshot is None:
        return None
    content = context.zoho.read_snapshot(record.snapshot).content
    key = customer_key(content, context.rules.customer) if isinstance(content, Deal) else None
    return customer_subject(key) if key else None


def is_busy(context: Context, record: DealRecord, busy: set[str]) -> bool:
    """Whether the deal, or its customer, is among the busy ones."""
    return bool(busy) and (record.deal_id in busy or subject_of_customer(context, record) in busy)
