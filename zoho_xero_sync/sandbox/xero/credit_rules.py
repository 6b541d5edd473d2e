"""Credit notes, and setting them against invoices.

Source: developer.xero.com/documentation/api/accounting/creditnotes. Lines follow the rules of invoice lines. The
sentences for a taken number and for an allocation that is too large are worded here.
"""

from __future__ import annotations

from dataclasses import replace

from .arithmetic import rounded, totals
from .books import Books, fold
from .errors import RefusedError, not_found
from .invoice_contact import contact_for
from .invoice_rules import UNKNOWN_INVOICE, by_id_or_number, settled
from .invoice_status import AT_BIRTH, HAS_PAYMENT, NEXT, NOT_VALID, locked
from .line_rules import NO_LINES, Notes, Terms, build_lines
from .model import AMOUNT_TYPES, INVOICE_STATUSES, TERMINAL, Credit, CreditNote
from .posted import Posted
from .rule import rules

RULES = rules(
    "api/accounting/creditnotes",
    "A credit note has the lines, the arithmetic and the states of an invoice; it needs no due date.",
    "An AUTHORISED credit note can be set against AUTHORISED invoices of the same contact and currency, up to what is "
    "left of it and what is outstanding on them; the invoice's AmountCredited and AmountDue move.",
    "A credit note with allocations cannot be edited or voided until they are deleted.",
)

UNKNOWN = "An existing CreditNote with the specified CreditNoteID could not be found"
TYPES = ("ACCRECCREDIT", "ACCPAYCREDIT")


def put_credit_note(books: Books, posted: Posted, unit_places: int) -> CreditNote:
    """PUT: create only. Raises RefusedError with every problem found."""
    kind = posted.choice("Type", TYPES)
    status = posted.choice("Status", INVOICE_STATUSES) or "DRAFT"
    if kind is None:
        raise RefusedError("The Type field must be specified.")
    if status not in AT_BIRTH:
        raise RefusedError(NOT_VALID)
    blank = CreditNote(
        credit_note_id=books.next_id("credit note"),
        type=kind,
        contact_id="",
        day=books.today(),
        updated=books.now(),
        status=status,
        currency=books.settings.base_currency,
        branding_theme_id=books.settings.default_theme,
    )
    return _store(books, posted, blank, unit_places)


def post_credit_note(books: Books, posted: Posted, unit_places: int) -> CreditNote:
    """POST: update what CreditNoteID, else an existing number, identifies; else create. Raises RefusedError."""
    note_id = posted.guid("CreditNoteID")
    if note_id:
        current = books.credit_notes.get(note_id)
        if current is None:
            raise RefusedError(UNKNOWN)
        return update_credit_note(books, posted, current, unit_places)
    holders = books.credit_notes.find("number", fold(posted.text("CreditNoteNumber") or ""))
    return (
        update_credit_note(books, posted, holders[0], unit_places)
        if holders
        else put_credit_note(books, posted, unit_places)
    )


def update_credit_note(books: Books, posted: Posted, current: CreditNote, unit_places: int) -> CreditNote:
    """Store and return the changed credit note. Raises RefusedError."""
    wanted = posted.choice("Status", INVOICE_STATUSES)
    if current.allocations:
        raise RefusedError(HAS_PAYMENT)
    if current.status in TERMINAL or (wanted and wanted not in NEXT[current.status]):
        raise RefusedError(NOT_VALID)
    if wanted in TERMINAL:
        gone = replace(current, status=wanted, updated=books.now())
        books.credit_notes.put(gone)
        books.note(gone.credit_note_id, wanted.capitalize())
        return gone
    return _store(books, posted, replace(current, status=wanted or current.status), unit_places)


def by_id_or_number_of_note(books: Books, key: str) -> CreditNote:
    """The credit note with that id or number. Raises ApiError (404)."""
    numbered = books.credit_notes.find("number", fold(key))
    found = books.credit_notes.get(key.lower()) or (numbered[0] if numbered else None)
    if found is None:
        raise not_found()
    return found


def allocate(books: Books, note_id: str, posted: Posted) -> Credit:
    """Set part of a credit note against an invoice. Raises RefusedError with every problem found."""
    note = books.credit_notes.get(note_id)
    named = posted.child("Invoice")
    key = (named.guid("InvoiceID") or named.text("InvoiceNumber")) if named else None
    invoice = by_id_or_number(books, key) if key else None
    if note is None or invoice is None:
        raise RefusedError(UNKNOWN if note is None else UNKNOWN_INVOICE)
    given = posted.decimal("Amount")
    amount = rounded(posted.decimal("AppliedAmount") or note.totals.total * 0 if given is None else given)
    problems = []
    if note.status != "AUTHORISED" or invoice.status != "AUTHORISED":
        problems.append("Credit notes can only be allocated when they and the invoice are AUTHORISED.")
    of_invoice = (invoice.contact_id, invoice.currency, f"{invoice.type}CREDIT")
    if (note.contact_id, note.currency, note.type) != of_invoice:
        problems.append("A credit note can only be allocated to an invoice of the same contact and currency.")
    if amount <= 0:
        problems.append("The allocation amount must be greater than zero.")
    if amount > note.remaining or amount > invoice.amount_due:
        problems.append("The allocation amount exceeds the amount outstanding on the credit note or the invoice.")
    if problems:
        raise RefusedError(*problems)
    credit = Credit(
        allocation_id=books.next_id("allocation"),
        credit_note_id=note.credit_note_id,
        invoice_id=invoice.invoice_id,
        day=posted.day("Date") or books.today(),
        amount=amount,
    )
    books.credit_notes.put(_used(books, replace(note, allocations=(*note.allocations, credit), updated=books.now())))
    books.invoices.put(settled(books, replace(invoice, credits=(*invoice.credits, credit), updated=books.now())))
    books.note(invoice.invoice_id, "Credit Applied", f"Credit of {amount} from {note.number}.")
    return credit


def unallocate(books: Books, note: CreditNote, allocation_id: str) -> Credit:
    """Take an allocation back. Raises ApiError (404) when the credit note has no such allocation."""
    credit = next((entry for entry in note.allocations if entry.allocation_id == allocation_id), None)
    if credit is None:
        raise not_found()
    left = tuple(entry for entry in note.allocations if entry is not credit)
    books.credit_notes.put(_used(books, replace(note, allocations=left, updated=books.now())))
    invoice = books.invoices.get(credit.invoice_id)
    if invoice:
        kept = tuple(entry for entry in invoice.credits if entry.allocation_id != allocation_id)
        books.invoices.put(settled(books, replace(invoice, credits=kept, updated=books.now())))
        books.note(invoice.invoice_id, "Credit Removed", f"Credit of {credit.amount} from {note.number}.")
    return credit


def _used(books: Books, note: CreditNote) -> CreditNote:
    return replace(note, status="AUTHORISED" if note.remaining else "PAID")


def _store(books: Books, posted: Posted, target: CreditNote, unit_places: int) -> CreditNote:
    notes = Notes([], [])
    contact_id = target.contact_id
    if posted.has("Contact") or not contact_id:
        try:
            contact_id = contact_for(books, posted.child("Contact")).contact_id
        except RefusedError as refused:
            notes.problems.extend(refused.messages)
    amounts = posted.choice("LineAmountTypes", AMOUNT_TYPES) or target.amounts
    terms = Terms(target.type == "ACCRECCREDIT", amounts, unit_places, target.status == "AUTHORISED")
    given = posted.children("LineItems")
    lines = target.lines if given is None else build_lines(books, given, target.lines, terms, notes)
    changed = replace(
        target,
        contact_id=contact_id,
        day=posted.day("Date") or target.day,
        number=posted.text("CreditNoteNumber") or target.number,
        reference=posted.text("Reference") or target.reference,
        amounts=amounts,
        currency=posted.text("CurrencyCode") or target.currency,
        currency_rate=posted.decimal("CurrencyRate") or target.currency_rate,
        lines=lines,
        totals=totals(((line.line_amount, line.tax_amount) for line in lines), amounts),
        updated=books.now(),
    )
    notes.problems.extend(_problems(books, changed))
    if notes.problems:
        raise RefusedError(*dict.fromkeys(notes.problems))
    stored = changed if changed.number or changed.type != "ACCRECCREDIT" else replace(changed, number=_number(books))
    books.credit_notes.put(stored)
    books.note(stored.credit_note_id, "Edited" if target.lines else "Created", f"Credit note for {stored.totals.total}")
    return stored


def _problems(books: Books, note: CreditNote) -> list[str]:
    problems = [] if note.lines else [NO_LINES]
    if note.currency not in books.settings.currencies:
        problems.append(f"Organisation is not subscribed to currency {note.currency}")
    holders = books.credit_notes.find("number", fold(note.number)) if note.type == "ACCRECCREDIT" else []
    if note.number and any(other.credit_note_id != note.credit_note_id for other in holders):
        problems.append("Credit Note # must be unique.")
    if note.totals.total < 0:
        problems.append("The document total cannot be negative.")
    lock = locked(books.settings, note.day)
    return [*problems, lock] if lock else problems


def _number(books: Books) -> str:
    while True:
        books.counters["credit note number"] += 1
        number = f"CN-{books.counters['credit note number']:04}"
        if not books.credit_notes.find("number", fold(number)):
            return number
