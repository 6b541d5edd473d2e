"""The ledger's side: what this program remembers of deals, links, writes, e-mails and runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as calendar_date
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from zoho_xero_sync.core.model.problem import Problem
from zoho_xero_sync.core.model.wanted import CustomerKey


class DealState(StrEnum):
    """Where a deal stands in the ledger.

    `seen` needs nothing; `pending` waits for a run; `held` and `rejected` wait for a person; `skipped` was set
    aside by a person.
    """

    SEEN = "seen"
    PENDING = "pending"
    HELD = "held"
    REJECTED = "rejected"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class DealRecord:
    """What the ledger knows of a deal. `snapshot` is the row as Zoho sent it, canonical JSON text.

    `person` and `account` are the ids of its contact person and account then, `person_before` of the person it had
    when it was last settled. `customer_only` is True when the rule of its stage asked for no more when the deal was
    last read; of history it is not. `set_aside` is True of a deal that a person had set aside when it was deleted:
    should it come back, it is again. `told_at` is the time of modification that this program's own words about the
    invoice gave the deal since.
    """

    deal_id: str
    name: str
    stage: str
    state: DealState
    baseline: bool
    modified_at: datetime | None
    snapshot: str | None
    requested: bool = False
    problem: Problem | None = None
    rules: str | None = None
    person: str | None = None
    person_before: str | None = None
    account: str | None = None
    customer_only: bool = False
    told_at: datetime | None = None
    set_aside: bool = False

    @property
    def waits_for_person(self) -> bool:
        """Whether a person has to do something."""
        return self.state in (DealState.HELD, DealState.REJECTED)

    @property
    def waits(self) -> bool:
        """Whether it waits, for a person or for a run."""
        return self.waits_for_person or self.state is DealState.PENDING


@dataclass(frozen=True, slots=True)
class CustomerLink:
    """A Zoho customer and the Xero contact it is. `sent` is the text of what was last carried over.

    `number` is empty for a contact that has none and may get ours; `person` is whose name and e-mail were carried over.
    """

    customer: CustomerKey
    contact_id: str
    number: str
    name: str
    sent: str | None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceLink:
    """A deal and a Xero invoice it has. `live` is False once the invoice is voided or deleted.

    `part` is 1, or 2 for the remainder of a deal that is billed in two; a deal has one live invoice of each at most.

    `sent` is the text of what was last carried over; None for an invoice that was adopted as it stood. `total`, `sent`
    and `updated_at` are as of the last write; number, status, `due` and `paid_on` as Xero was last seen to have them.
    `document` is what the deal of an adopted invoice would have been invoiced from, when it was adopted.
    """

    deal_id: str
    invoice_id: str
    number: str
    status: str
    currency: str
    total: Decimal
    sent: str | None
    updated_at: datetime | None
    live: bool = True
    due: Decimal | None = None
    paid_on: calendar_date | None = None
    part: int = 1
    document: str | None = None


class WriteState(StrEnum):
    """A write is `in_flight` until every item of it has its own answer (`settled`), or it was never sent."""

    IN_FLIGHT = "in_flight"
    SETTLED = "settled"
    NOT_SENT = "not_sent"


class OperationState(StrEnum):
    """An item of a write: waiting for its answer, or what the answer was; `review` waits for a person."""

    IN_FLIGHT = "in_flight"
    APPLIED = "applied"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    REVIEW = "review"


class OperationKind(StrEnum):
    """What one item of a write does in Xero."""

    CREATE_CONTACT = "create_contact"
    UPDATE_CONTACT = "update_contact"
    CREATE_INVOICE = "create_invoice"
    UPDATE_INVOICE = "update_invoice"
    VOID_INVOICE = "void_invoice"
    EMAIL_INVOICE = "email_invoice"
    CREATE_ITEM = "create_item"


@dataclass(frozen=True, slots=True)
class Operation:
    """One item of a write. `subject` is the deal id, `Module:id` of the customer, or `Item:code`.

    `identity` is what finds the item again in Xero: the invoice's Url or number, the ContactNumber, the item's Code, or
    the id of what is updated or e-mailed.
    `effect` is canonical JSON of what the ledger records once it is applied (fingerprint, names, totals).
    """

    id: int
    write_id: int
    position: int
    kind: OperationKind
    subject: str
    identity: str
    effect: Mapping[str, str]
    state: OperationState
    remote_id: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class NewOperation:
    """One item of a write about to be journalled."""

    kind: OperationKind
    subject: str
    identity: str
    effect: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Write:
    """One HTTP request that changes Xero, exactly as it is sent."""

    id: int
    run_id: str
    key: str
    method: str
    path: str
    body: bytes
    state: WriteState
    created_at: datetime
    attempts: int
    operations: tuple[Operation, ...]
    last_sent_at: datetime | None = None


class EmailState(StrEnum):
    """Where the e-mail of an invoice stands: to be sent, sent, perhaps sent (a person has to look), or given up."""

    WANTED = "wanted"
    SENT = "sent"
    DOUBTFUL = "doubtful"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class EmailNote:
    """That an invoice is to leave by e-mail, once, and what became of it. One for each invoice, ever."""

    invoice_id: str
    deal_id: str
    state: EmailState


# The event of a deal that Zoho lists among its deleted records; its detail says when (`deleted_at`, ISO).
DELETED_EVENT: Final = "deal_deleted"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a deal's history."""

    at: datetime
    run_id: str | None
    deal_id: str
    kind: str
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the ledger keeps it. `report` is the JSON report without its deals."""

    run_id: str
    mode: str
    started_at: datetime
    finished_at: datetime | None
    exit_code: int | None
    report: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Which pair of organisations a ledger belongs to."""

    zoho_org_id: str
    zoho_org_name: str
    xero_tenant_id: str
    xero_org_name: str
    created_at: datetime
