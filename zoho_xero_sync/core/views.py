"""What `status` and `show` show, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from zoho_xero_sync.core.model import (
    Action,
    Change,
    CustomerLink,
    DealRecord,
    Event,
    Identity,
    InvoiceLink,
    Problem,
    RunRecord,
    SourceDocument,
    Write,
)
from zoho_xero_sync.core.rules import InvoiceRules


@dataclass(frozen=True, slots=True)
class StatusView:
    """Where things stand, from the ledger alone. `uncertain` are writes whose answer is still missing.

    `allowances` are the last known calls left by service; `wait_until` is set while Xero must not be asked.
    `refused` are the deals whose fields Zoho did not let be written.
    """

    identity: Identity
    ledger: str
    now: datetime
    checkpoint: datetime | None
    runs: tuple[RunRecord, ...]
    waiting: tuple[DealRecord, ...]
    pending: tuple[DealRecord, ...]
    uncertain: tuple[Write, ...]
    allowances: Mapping[str, str] = field(default_factory=dict)
    wait_until: datetime | None = None
    refused: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class DealView:
    """Everything about one deal. `document` and `action` are read and planned now, and are None when they cannot be.

    `action` is what a sync asked for this deal would do; `note` says why there is none, or that no run does it by
    itself. `rules` are those that the invoice is derived by.
    `drift` is what people changed in the invoice in Xero: as it was sent, and as it is there. `others` are live
    invoices beside it, of a deal that is billed in two.
    """

    deal_id: str
    name: str
    stage: str
    state: str
    record: DealRecord | None
    customer: CustomerLink | None
    invoice: InvoiceLink | None
    document: SourceDocument | None
    action: Action | None
    events: tuple[Event, ...]
    writes: tuple[Write, ...]
    zoho_link: str
    xero_link: str | None
    note: str | None = None
    drift: tuple[Change, ...] = ()
    others: tuple[InvoiceLink, ...] = ()
    rules: InvoiceRules | None = None
