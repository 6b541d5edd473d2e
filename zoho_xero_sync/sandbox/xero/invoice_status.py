"""The states of an invoice: what may follow what, and what an edit of each state is refused with.

Source: developer.xero.com/documentation/api/accounting/invoices (status codes, updating invoices).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from .model import TERMINAL, Invoice
from .rule import rules
from .settings import Settings
from .wire import long_day

RULES = (
    *rules(
        "api/accounting/invoices",
        "A new invoice is DRAFT, SUBMITTED or AUTHORISED.",
        "DRAFT and SUBMITTED may become each other, AUTHORISED or DELETED; AUTHORISED may become VOIDED only.",
        "PAID is set by Xero alone, when nothing is due, and goes back to AUTHORISED when a payment is removed.",
        "VOIDED and DELETED are final; such an invoice can still be read.",
        "With payments or credit notes allocated, no status can be applied, not even AUTHORISED again.",
    ),
    *rules("api/accounting/organisation", "A document cannot be dated in a locked period, nor edited when it is."),
)

NOT_VALID = "Invoice not of valid status for modification"
HAS_PAYMENT = "This document cannot be edited as it has a payment or credit note allocated to it."
AT_BIRTH = ("DRAFT", "SUBMITTED", "AUTHORISED")
NEXT: Mapping[str, frozenset[str]] = {
    "DRAFT": frozenset({"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"}),
    "SUBMITTED": frozenset({"SUBMITTED", "AUTHORISED", "DRAFT", "DELETED"}),
    "AUTHORISED": frozenset({"AUTHORISED", "VOIDED"}),
    "PAID": frozenset({"PAID"}),
    "VOIDED": frozenset(),
    "DELETED": frozenset(),
}


def refused_status(current: Invoice, posted: str | None) -> str | None:
    """Why `current` cannot be edited, or cannot take the status that was posted; None when it can."""
    if current.status in TERMINAL:
        return NOT_VALID
    if posted is None:
        return None
    if current.allocated and posted in ("DRAFT", "SUBMITTED", "AUTHORISED", "VOIDED"):
        return (
            f"The status {posted} cannot be applied to the invoice "
            "because it has payments or credit notes allocated to it."
        )
    return None if posted in NEXT[current.status] else NOT_VALID


def locked(settings: Settings, day: date) -> str | None:
    """The sentence for a document dated in a locked period; lock dates include their own day."""
    if settings.year_lock and day <= settings.year_lock:
        return (
            "The document date cannot be before the end of year lock date, "
            f"currently set at {long_day(settings.year_lock)}"
        )
    if settings.period_lock and day <= settings.period_lock:
        return (
            "The document date cannot be before the period lock date, "
            f"currently set at {long_day(settings.period_lock)}"
        )
    return None
