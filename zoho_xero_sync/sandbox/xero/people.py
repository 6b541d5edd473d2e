"""What people do in Xero's web pages: look, write, edit, approve, pay, credit, archive, merge, lock."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal

from .books import API_USER, Books
from .contact_rules import by_name, by_number
from .credit_rules import allocate, put_credit_note
from .errors import ApiError, RefusedError
from .invoice_rules import by_id_or_number, create_invoice, holder_of, update_invoice
from .model import TERMINAL, Contact, Invoice
from .money_views import payment_view
from .payment_rules import receive, remove
from .posted import Posted
from .views import Shape, contact_view, invoice_view
from .world import as_posted

_WHOLE = Shape(details=False, unit_places=4)
_PERSON = "A person in Xero"


class People:
    """Hands on one organisation's books. Every method takes the lock; what Xero would refuse is a ValueError."""

    def __init__(self, lock: threading.RLock, books: Books) -> None:
        self.lock = lock
        self.books = books

    def invoices(self) -> list[dict[str, object]]:
        """Every invoice with its lines (unit prices to 4 decimals), oldest first; money as Decimal."""
        with self.lock:
            return [invoice_view(self.books, invoice, _WHOLE) for invoice in self.books.invoices.all()]

    def contacts(self) -> list[dict[str, object]]:
        """Every contact, archived ones too, oldest first."""
        with self.lock:
            return [contact_view(contact) for contact in self.books.contacts.all()]

    def invoice(self, id_or_number: str) -> dict[str, object]:
        """One invoice. Raises KeyError."""
        with self.lock:
            return invoice_view(self.books, self._invoice(id_or_number), _WHOLE)

    def contact(self, id_or_number_or_name: str) -> dict[str, object]:
        """One contact. Raises KeyError."""
        with self.lock:
            return contact_view(self._contact(id_or_number_or_name))

    def payments(self) -> list[dict[str, object]]:
        """Every payment, deleted ones too, oldest first."""
        with self.lock:
            return [payment_view(self.books, payment) for payment in self.books.payments.all()]

    def history(self, record_id: str) -> list[tuple[str, str, str]]:
        """What happened to a document, oldest first: changes, user, details."""
        with self.lock:
            return [(note.changes, note.user, note.details) for note in self.books.notes.find("record", record_id)]

    def emails(self) -> list[tuple[str, tuple[str, ...]]]:
        """Every invoice that left by e-mail, oldest first: its id and the recipients."""
        with self.lock:
            return [(email.invoice_id, email.recipients) for email in self.books.emails.all()]

    def write_invoice(self, fields: Mapping[str, object]) -> dict[str, object]:
        """A person writes a new sales invoice (another `Type`, if given), a draft unless told. Raises ValueError."""
        with self._working():
            given = {"Type": "ACCREC", **fields}
            posted = Posted({name: as_posted(value) for name, value in given.items()}, "Invoice")
            made, _ = create_invoice(self.books, posted, 4, by_app=False)
            return invoice_view(self.books, made, _WHOLE)

    def edit_invoice(self, id_or_number: str, fields: Mapping[str, object]) -> dict[str, object]:
        """A person edits an invoice, fields as in the API. Raises KeyError, or ValueError with Xero's sentences."""
        with self._working():
            posted = Posted({name: as_posted(value) for name, value in fields.items()}, "Invoice")
            changed, _ = update_invoice(self.books, posted, self._invoice(id_or_number), 4)
            return invoice_view(self.books, changed, _WHOLE)

    def approve(self, id_or_number: str) -> dict[str, object]:
        """A person approves a draft. Raises as `edit_invoice`."""
        return self.edit_invoice(id_or_number, {"Status": "AUTHORISED"})

    def void(self, id_or_number: str) -> dict[str, object]:
        """A person voids an approved, unpaid invoice. Raises as `edit_invoice`."""
        return self.edit_invoice(id_or_number, {"Status": "VOIDED"})

    def delete(self, id_or_number: str) -> dict[str, object]:
        """A person deletes a draft or a submitted invoice. Raises as `edit_invoice`."""
        return self.edit_invoice(id_or_number, {"Status": "DELETED"})

    def pay(self, id_or_number: str, amount: Decimal | str, day: date | None = None) -> dict[str, object]:
        """The customer pays `amount` (of the invoice's currency). Raises KeyError or ValueError."""
        with self._working():
            invoice = self._invoice(id_or_number)
            accounts = self.books.settings.accounts.values()
            bank = next((row for row in accounts if row.takes_payments and row.status == "ACTIVE"), None)
            found, _ = receive(self.books, invoice, Decimal(amount), day or self.books.today(), bank)
            return invoice_view(self.books, found, _WHOLE)

    def unpay(self, id_or_number: str) -> dict[str, object]:
        """A person removes every payment: the invoice is AUTHORISED again. Raises KeyError."""
        with self._working():
            invoice = self._invoice(id_or_number)
            for payment in invoice.payments:
                remove(self.books, payment)
            return invoice_view(self.books, self._invoice(invoice.invoice_id), _WHOLE)

    def credit(self, id_or_number: str, amount: Decimal | str) -> dict[str, object]:
        """A person credits `amount`, tax included, of an invoice, which is returned. Raises KeyError or ValueError."""
        with self._working():
            invoice = self._invoice(id_or_number)
            line = next(line for line in invoice.lines if line.quantity is not None)
            note = {
                "Type": f"{invoice.type}CREDIT",
                "Contact": {"ContactID": invoice.contact_id},
                "Status": "AUTHORISED",
                "LineAmountTypes": "Inclusive",
                "CurrencyCode": invoice.currency,
                "LineItems": [
                    {
                        "Description": f"Credit for {invoice.number}",
                        "Quantity": "1",
                        "UnitAmount": str(amount),
                        "AccountCode": line.account_code,
                        "TaxType": line.tax_type,
                    }
                ],
            }
            made = put_credit_note(self.books, Posted(note, "CreditNote"), 2)
            use = {"Amount": str(amount), "Invoice": {"InvoiceID": invoice.invoice_id}}
            allocate(self.books, made.credit_note_id, Posted(use, "Allocation"))
            return invoice_view(self.books, self._invoice(invoice.invoice_id), _WHOLE)

    def rename(self, id_or_number: str, number: str) -> dict[str, object]:
        """A person gives an invoice another number. Raises KeyError, or ValueError when it is taken."""
        with self._working():
            current = self._invoice(id_or_number)
            holder = holder_of(self.books, number)
            if current.status in TERMINAL or (holder and holder.invoice_id != current.invoice_id):
                raise ValueError(f"Invoice {current.number} cannot be renumbered to {number}.")
            changed = replace(current, number=number, updated=self.books.now())
            self.books.invoices.put(changed)
            self.books.note(changed.invoice_id, "Edited", f"{current.number} became {number}.")
            return invoice_view(self.books, changed, _WHOLE)

    def archive_contact(self, id_or_number_or_name: str) -> dict[str, object]:
        """A person archives a contact; its name becomes free, its ContactNumber does not. Raises KeyError."""
        return self._set_contact_status(id_or_number_or_name, "ARCHIVED")

    def restore_contact(self, id_or_number_or_name: str) -> dict[str, object]:
        """A person restores an archived contact. Raises KeyError, or ValueError when its name is taken meanwhile."""
        with self.lock:
            contact = self._contact(id_or_number_or_name)
            other = by_name(self.books, contact.name)
            if other and other.contact_id != contact.contact_id:
                raise ValueError(f"The contact name {contact.name} is already assigned to another contact.")
            return self._set_contact_status(contact.contact_id, "ACTIVE")

    def merge_contacts(self, loser: str, winner: str) -> None:
        """A person merges two contacts: the loser is archived and points at the winner, who gets its documents.

        Merging does not move UpdatedDateUTC. Raises KeyError."""
        with self._working():
            lost, kept = self._contact(loser), self._contact(winner)
            for invoice in self.books.invoices.find("contact", lost.contact_id):
                self.books.invoices.put(replace(invoice, contact_id=kept.contact_id))
            for note in list(self.books.credit_notes.all()):
                if note.contact_id == lost.contact_id:
                    self.books.credit_notes.put(replace(note, contact_id=kept.contact_id))
            self.books.contacts.put(replace(lost, status="ARCHIVED", merged_to=kept.contact_id))

    def set_lock_date(self, period: date | str | None = None, end_of_year: date | str | None = None) -> None:
        """A person sets both lock dates; None removes one."""
        with self.lock:
            self.books.settings = self.books.settings.locked_until(_day(period), _day(end_of_year))

    @contextmanager
    def _working(self) -> Iterator[None]:
        with self.lock:
            point = self.books.savepoint()
            self.books.user = _PERSON
            try:
                yield
            except RefusedError as refused:
                self.books.rollback(point)
                raise ValueError(" ".join(refused.messages)) from refused
            except ApiError as error:
                self.books.rollback(point)
                raise ValueError(error.answer.body.decode()) from error
            except BaseException:
                self.books.rollback(point)
                raise
            finally:
                self.books.user = API_USER
                self.books.commit()

    def _set_contact_status(self, key: str, status: str) -> dict[str, object]:
        with self._working():
            changed = replace(self._contact(key), status=status, updated=self.books.now())
            self.books.contacts.put(changed)
            self.books.note(changed.contact_id, status.capitalize())
            return contact_view(changed)

    def _invoice(self, key: str) -> Invoice:
        found = by_id_or_number(self.books, key)
        if found is None:
            raise KeyError(f"There is no invoice {key} in Xero.")
        return found

    def _contact(self, key: str) -> Contact:
        found = self.books.contacts.get(key.lower()) or by_number(self.books, key) or by_name(self.books, key)
        found = found or next((row for row in self.books.contacts.all() if row.name == key), None)
        if found is None:
            raise KeyError(f"There is no contact {key} in Xero.")
        return found


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
