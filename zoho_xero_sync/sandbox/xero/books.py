"""One organisation's books: its records, settings, clock and switches. The rules read and write through this."""

from __future__ import annotations

import unicodedata
from collections import Counter
from datetime import date, datetime
from typing import Any

from zoho_xero_sync.sandbox.clock import VirtualClock

from .model import Attachment, Contact, CreditNote, Email, Invoice, Note, Payment
from .settings import Settings
from .store import Table, stable_id

API_USER = "System Generated"

Savepoint = tuple[tuple[int, ...], Counter[str], Settings]


class Books:
    """Mutable state of the organisation; the caller holds the lock."""

    def __init__(self, settings: Settings, clock: VirtualClock, switches: dict[str, object]) -> None:
        self.settings = settings
        self.clock = clock
        self.switches = switches
        self.counters: Counter[str] = Counter()
        self.user = API_USER
        self.contacts: Table[Contact] = Table(
            lambda contact: contact.contact_id,
            {
                "number": lambda contact: fold(contact.number) or None,
                "name": lambda contact: fold_accents(contact.name) if contact.status == "ACTIVE" else None,
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
        self.payments: Table[Payment] = Table(lambda payment: payment.payment_id, {})
        self.credit_notes: Table[CreditNote] = Table(
            lambda note: note.credit_note_id,
            {"number": lambda note: fold(note.number) or None if note.type == "ACCRECCREDIT" else None},
        )
        self.notes: Table[Note] = Table(lambda note: note.note_id, {"record": lambda note: note.record_id})
        self.attachments: Table[Attachment] = Table(
            lambda attachment: attachment.attachment_id, {"record": lambda attachment: attachment.record_id}
        )
        self.emails: Table[Email] = Table(lambda email: email.email_id, {})
        self._tables: tuple[Table[Any], ...] = (
            self.contacts,
            self.invoices,
            self.payments,
            self.credit_notes,
            self.notes,
            self.attachments,
            self.emails,
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

    def note(self, record_id: str, changes: str, details: str = "") -> Note:
        """One more line in the history of a document, by whoever works on the books now."""
        entry = Note(self.next_id("note"), record_id, self.now(), self.user, changes, details)
        self.notes.put(entry)
        return entry

    def same_name(self, name: str) -> list[Contact]:
        """The active contacts with that name."""
        found = self.contacts.find("name", fold_accents(name))
        if self.flag("names_ignore_accents"):
            return found
        return [contact for contact in found if fold(contact.name) == fold(name)]

    def same_number(self, number: str) -> list[Invoice]:
        """The sales invoices with that InvoiceNumber."""
        found = self.invoices.find("number", fold(number))
        return found if self.flag("numbers_ignore_case") else [row for row in found if row.number == number]

    def savepoint(self) -> Savepoint:
        """A point to return to."""
        return tuple(table.mark() for table in self._tables), self.counters.copy(), self.settings

    def rollback(self, point: Savepoint) -> None:
        """Undo everything since `point`."""
        marks, counters, self.settings = point
        for table, mark in zip(self._tables, marks, strict=True):
            table.rollback(mark)
        self.counters = counters.copy()

    def commit(self) -> None:
        """Keep everything."""
        for table in self._tables:
            table.commit()


def fold(text: str) -> str:
    """Text without case."""
    return text.casefold()


def fold_accents(text: str) -> str:
    """Text without case and accents, as Xero's filters compare strings."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
