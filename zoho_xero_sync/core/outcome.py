"""What the answer to a write means: applied, rejected, not sent or unknown, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from zoho_xero_sync.core.model import XeroContact, XeroInvoice, XeroItem

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Emailed:
    """Xero took an invoice to be e-mailed; it answers nothing more."""

    invoice_id: str


@dataclass(frozen=True, slots=True)
class Applied(Generic[Item]):
    """Xero did it; `item` is what it returned, with a real id."""

    item: Item


@dataclass(frozen=True, slots=True)
class Rejected:
    """Xero said no, with its own words. Its echo of the item is not kept: it shows the wish, not the state."""

    message: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """The connection was never made, or Xero said it did not process it: sending again is safe."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything may have happened: Xero is asked before anything is sent again."""

    reason: str


Outcome = Applied[Item] | Rejected | NotSent | Unknown
AnyOutcome = Outcome[XeroContact] | Outcome[XeroInvoice] | Outcome[Emailed] | Outcome[XeroItem]


@dataclass(frozen=True, slots=True)
class Refused:
    """Xero refused the request as a whole and processed none of it; which item is to blame it did not say."""

    message: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of sending one write: an outcome for each of its operations in their order, or a refusal of it all.

    `status` and `request_id` are None when nothing came back.
    """

    verdict: tuple[AnyOutcome, ...] | Refused
    status: int | None = None
    request_id: str | None = None
