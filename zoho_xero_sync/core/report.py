"""What a run did or would do, as one value; its exit code is a pure function of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from zoho_xero_sync.core.model import Change, Problem, Worth

# Every action a deal can end with (contract, section 4).
ACTIONS = (
    "create",
    "update",
    "void",
    "adopt",
    "unchanged",
    "contact_only",
    "hold",
    "reject",
    "uncertain",
    "pending",
    "skip",
)


@dataclass(frozen=True, slots=True)
class ContactResult:
    """The customer's contact in Xero; `id` is None while it does not exist."""

    id: str | None
    name: str
    action: str


@dataclass(frozen=True, slots=True)
class InvoiceResult:
    """The deal's invoice in Xero; `id` and `number` are None while they do not exist."""

    id: str | None
    number: str | None
    status: str
    total: Decimal
    currency: str
    action: str


@dataclass(frozen=True, slots=True)
class DealResult:
    """What became of one deal. `reason` says why in plain words; `next_step` is what a person types.

    `worth` is what the deal was sold for, where this run read it.
    """

    deal_id: str
    deal_name: str
    stage: str
    action: str
    reason: str | None = None
    contact: ContactResult | None = None
    invoice: InvoiceResult | None = None
    changes: tuple[Change, ...] = ()
    next_step: str | None = None
    worth: Worth | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One run. `mode` is apply, dry_run or baseline; times are aware UTC.

    `baseline` is the number of deals recorded (or, in a dry run without a ledger, that would be recorded) as history.
    `new_problems` are the codes and subjects announced for the first time or changed in this run.
    """

    run_id: str
    mode: str
    started_at: datetime
    finished_at: datetime
    window: tuple[datetime | None, datetime | None]
    checkpoint: tuple[datetime | None, datetime | None]
    counts: Mapping[str, int]
    api_calls: Mapping[str, int]
    deals: tuple[DealResult, ...]
    problems: tuple[Problem, ...]
    exit_code: int
    baseline: int | None = None
    notes: tuple[str, ...] = ()
    announced: bool = False
    new_problems: frozenset[tuple[str, str]] = field(default_factory=frozenset)


COUNTS = (
    "seen",
    "unchanged",
    "contacts_created",
    "contacts_updated",
    "invoices_created",
    "invoices_updated",
    "invoices_voided",
    "adopted",
    "held",
    "rejected",
    "uncertain",
    "pending",
)

_INVOICES = {"create": "invoices_created", "update": "invoices_updated", "void": "invoices_voided"}


def count(deals: tuple[DealResult, ...]) -> dict[str, int]:
    """The report's counts, every key of `COUNTS` present. A contact shared by several deals counts once."""
    counts = dict.fromkeys(COUNTS, 0)
    counts["seen"] = len(deals)
    contacts: set[tuple[str, str]] = set()
    per_action = {"unchanged": "unchanged", "adopt": "adopted", "hold": "held", "reject": "rejected"}
    per_action |= {"uncertain": "uncertain", "pending": "pending"}
    for deal in deals:
        if deal.action in per_action:
            counts[per_action[deal.action]] += 1
        if deal.contact and deal.contact.action in ("create", "update"):
            contacts.add((deal.contact.action, deal.contact.id or deal.contact.name))
        # An invoice that is held, refused, unknown or waiting was not made; only finished actions count.
        if deal.invoice and deal.action in ("create", "update", "void"):
            counts[_INVOICES[deal.action]] += 1
    counts["contacts_created"] = sum(1 for action, _ in contacts if action == "create")
    counts["contacts_updated"] = sum(1 for action, _ in contacts if action == "update")
    return counts
