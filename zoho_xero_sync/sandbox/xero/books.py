"""One organisation's books: its records, settings, clock and switches. The rules read and write through this."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

from zoho_xero_sync.sandbox.clock import VirtualClock

from .model import Contact, Invoice
from .settings import Settings
from .store import Table, stable_id

SWITCHES: Mapping[str, object] = {
    # Xero documents 6 minutes; about 20 were measured. A caller may rely on 6 only.
    "idempotency_seconds": 360,
    # Where the sentence of a reused key stands: "message" (top level) or "element".
    "key_reuse_envelope": "message",
    # Documented as fixed windows, older pages say rolling; rolling is the stricter one.
    "minute_window": "rolling",
    # Whether a summarised 400 keeps the good elements of the batch: undocumented.
    "summarised_error_keeps_good": False,
    # Whether the Elements of a 400 are the refused ones only ("failing") or every element ("all"): undocumented.
    "elements_of_400": "failing",
    # Whether the number of a voided or deleted invoice can be used again: undocumented.
    "voided_number_taken": True,
    "deleted_number_taken": False,
    # Ties: Xero publishes no rule. "half_up" or "half_even".
    "ties": "half_up",
    # Largest accepted difference between a LineAmount sent and computed: undocumented.
    "line_amount_tolerance": "0.00",
    # Decimals kept of a DiscountRate: undocumented, the stricter reading.
    "discount_rate_places": 2,
    # An unknown account on a draft: "error", or "warning" (the code is removed), both were seen.
    "unknown_account_on_draft": "error",
    # Whether a draft may be dated in a locked period: undocumented.
    "lock_dates_bind_drafts": True,
    # Whether If-Modified-Since returns records changed in that very second: undocumented.
    "modified_since_inclusive": False,
    # Whether two names that differ only by accents collide: undocumented (filters ignore accents).
    "names_ignore_accents": False,
    # Country of an address: the Contacts page allows letters only; blanks are let through.
    "country_letters_only": True,
    # ContactNumber terms joined with OR beyond which a contact filter is refused, as big organisations report.
    "contact_number_terms": 10,
}

Savepoint = tuple[int, int, Counter[str]]


class Books:
    """Mutable state of the organisation; the caller holds the lock."""

    def __init__(self, settings: Settings, clock: VirtualClock, switches: dict[str, object]) -> None:
        self.settings = settings
        self.clock = clock
        self.switches = switches
        self.counters: Counter[str] = Counter()
        self.contacts: Table[Contact] = Table(
            lambda contact: contact.contact_id,
            {
                "number": lambda contact: fold(contact.number) or None,
                "name": lambda contact: self.name_key(contact.name) if contact.status == "ACTIVE" else None,
                "account_number": lambda contact: fold(contact.texts.get("AccountNumber", "")) or None,
            },
        )
        self.invoices: Table[Invoice] = Table(
            lambda invoice: invoice.invoice_id,
            {
                "number": lambda invoice: fold(invoice.number) or None if invoice.type == "ACCREC" else None,
                "url": lambda invoice: invoice.url or None,
                "contact": lambda invoice: invoice.contact_id,
            },
        )

    def now(self) -> datetime:
        """The current instant."""
        return self.clock.now()

    def today(self) -> date:
        """The calendar day in the organisation's own time zone, the default of an invoice's Date."""
        return self.clock.now().astimezone(self.settings.zone).date()

    def flag(self, switch: str) -> bool:
        """A switch that is on or off."""
        return bool(self.switches[switch])

    def word(self, switch: str) -> str:
        """A switch that is a word."""
        return str(self.switches[switch])

    def number(self, switch: str) -> int:
        """A switch that is a whole number."""
        return int(str(self.switches[switch]))

    def next_id(self, kind: str) -> str:
        """A GUID nobody has, the same in every run of the same story."""
        self.counters[kind] += 1
        return stable_id(kind, self.counters[kind])

    def name_key(self, name: str) -> str:
        """What two contact names are compared by."""
        return fold_accents(name) if self.flag("names_ignore_accents") else fold(name)

    def savepoint(self) -> Savepoint:
        """A point to return to."""
        return self.contacts.mark(), self.invoices.mark(), self.counters.copy()

    def rollback(self, point: Savepoint) -> None:
        """Undo everything since `point`."""
        contacts, invoices, counters = point
        self.contacts.rollback(contacts)
        self.invoices.rollback(invoices)
        self.counters = counters.copy()

    def commit(self) -> None:
        """Keep everything."""
        self.contacts.commit()
        self.invoices.commit()


def fold(text: str) -> str:
    """Text without case."""
    return text.casefold()


def fold_accents(text: str) -> str:
    """Text without case and accents, as Xero's filters compare strings."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
