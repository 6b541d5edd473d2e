"""What becomes of a deal or of an item: how a deal was settled, by a run or a person, and what Xero answered."""

from __future__ import annotations

from dataclasses import dataclass

from zoho_xero_sync.core.model import (
    CustomerLink,
    DealRecord,
    DealState,
    EmailNote,
    Event,
    InvoiceLink,
    OperationState,
    Problem,
)


@dataclass(frozen=True, slots=True)
class DealSettlement:
    """Where a deal stands after its turn. Settling it also ends a person's request for it."""

    deal_id: str
    state: DealState
    problem: Problem | None = None
    rules: str | None = None
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class OperationAnswer:
    """The outcome of one item of a write, and everything that is to be remembered together with it.

    `state` is never `in_flight`; an item whose outcome is unknown has no answer. `remote_id` is required for
    `applied`, and is the id Xero gave (never the zero GUID of a refused item).
    """

    operation_id: int
    state: OperationState
    remote_id: str | None = None
    message: str | None = None
    customer: CustomerLink | None = None
    invoice: InvoiceLink | None = None
    settlement: DealSettlement | None = None
    event: Event | None = None
    email: EmailNote | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What a person's word came to: the deal's record as it was, and the invoice that it keeps.

    `words_only` says that nothing but what Zoho refused to write into the deal was settled.
    """

    record: DealRecord
    kept: InvoiceLink | None = None
    words_only: bool = False
