"""What may be written to an invoice, and which invoice a request means.

Source: developer.xero.com/documentation/api/accounting/invoices (PUT creates; POST updates the invoice that InvoiceID
or an existing ACCREC InvoiceNumber identifies). Sentences without a published wording are worded here: lengths, Url,
negative totals, branding theme.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlsplit

from . import arithmetic
from .books import Books
from .errors import RefusedError, too_long
from .invoice_contact import contact_for
from .invoice_status import AT_BIRTH, HAS_PAYMENT, NOT_VALID, locked, refused_status
from .line_rules import NO_LINES, Notes, Terms, build_lines, recheck_lines
from .model import AMOUNT_TYPES, INVOICE_STATUSES, TERMINAL, Invoice, Line
from .posted import Posted
from .rule import rules

RULES = rules(
    "api/accounting/invoices",
    "PUT /Invoices creates only; an ACCREC InvoiceNumber that exists is refused: Invoice # must be unique.",
    "POST /Invoices updates the invoice that InvoiceID, else an existing ACCREC InvoiceNumber, identifies.",
    "Without InvoiceNumber a sales invoice gets the next of the organisation's own sequence, INV-0001 and on.",
    "InvoiceNumber and Reference have at most 255 characters; InvoiceNumber holds printable ASCII only.",
    "Date defaults to today in the organisation's time zone; DueDate is not derived and must be there on approval.",
    "An invoice needs a contact and at least one line item; a draft may lack the account code and the due date.",
    "CurrencyCode must be one the organisation is subscribed to; it defaults to the base currency.",
    "Url must be an absolute URL and must not contain the word Xero.",
    "With a payment or credit note allocated, only Reference, DueDate, InvoiceNumber, BrandingThemeID, Contact, Url "
    "and a line's Description, AccountCode and Tracking can change.",
    "An unknown InvoiceID in the body is refused in its element; in the URL it answers 404.",
)

UNKNOWN_INVOICE = "An existing Invoice with the specified InvoiceID could not be found"
DUPLICATE = "Invoice # must be unique."
NO_DUE_DATE = "The document DueDate field must be specified."
_LONGEST = 255
_PRINTABLE = re.compile(r"[ -~]*")


def create_invoice(books: Books, posted: Posted, unit_places: int, *, by_app: bool) -> tuple[Invoice, list[str]]:
    """Store and return a new invoice, with warnings. Raises RefusedError with every problem found."""
    kind = posted.choice("Type", ("ACCREC", "ACCPAY"))
    status = posted.choice("Status", INVOICE_STATUSES) or "DRAFT"
    if kind is None:
        raise RefusedError("The Type field must be specified.")
    if status not in AT_BIRTH:
        raise RefusedError(NOT_VALID)
    blank = Invoice(
        invoice_id=books.next_id("invoice"),
        type=kind,
        contact_id="",
        day=books.today(),
        updated=books.now(),
        status=status,
        currency=books.settings.base_currency,
        branding_theme_id=books.settings.default_theme,
        by_app=by_app,
    )
    return _store(books, posted, blank, blank, unit_places)


def update_invoice(books: Books, posted: Posted, current: Invoice, unit_places: int) -> tuple[Invoice, list[str]]:
    """Store and return the changed invoice, with warnings; what is not posted stays. Raises RefusedError."""
    wanted = posted.choice("Status", INVOICE_STATUSES)
    refusal = refused_status(current, wanted) or _locked(books, current)
    if refusal:
        raise RefusedError(refusal)
    if wanted in TERMINAL:
        gone = replace(current, status=wanted, updated=books.now())
        books.invoices.put(gone)
        books.note(gone.invoice_id, wanted.capitalize())
        return gone, []
    return _store(books, posted, current, replace(current, status=wanted or current.status), unit_places)


def put_invoice(books: Books, posted: Posted, unit_places: int) -> tuple[Invoice, list[str]]:
    """PUT: create only. Raises RefusedError for an InvoiceID or an ACCREC InvoiceNumber that exists."""
    invoice_id = posted.guid("InvoiceID")
    if invoice_id:
        raise RefusedError(DUPLICATE if books.invoices.get(invoice_id) else UNKNOWN_INVOICE)
    return create_invoice(books, posted, unit_places, by_app=True)


def post_invoice(books: Books, posted: Posted, unit_places: int) -> tuple[Invoice, list[str]]:
    """POST: update what InvoiceID, else an existing InvoiceNumber, identifies; else create. Raises RefusedError."""
    current = meant_invoice(books, posted)
    if current is None:
        return create_invoice(books, posted, unit_places, by_app=True)
    return update_invoice(books, posted, current, unit_places)


def meant_invoice(books: Books, posted: Posted) -> Invoice | None:
    """The existing invoice a POST is about. Raises RefusedError for an unknown InvoiceID."""
    invoice_id = posted.guid("InvoiceID")
    if invoice_id:
        found = books.invoices.get(invoice_id)
        if found is None:
            raise RefusedError(UNKNOWN_INVOICE)
        return found
    if (posted.text("Type") or "ACCREC") != "ACCREC":
        return None
    return holder_of(books, posted.text("InvoiceNumber"))


def holder_of(books: Books, number: str | None) -> Invoice | None:
    """The ACCREC invoice that blocks `number`: a live one first, else one whose number stays taken by the switches."""
    found = books.same_number(number) if number else []
    taken = {"VOIDED": books.flag("voided_number_taken"), "DELETED": books.flag("deleted_number_taken")}
    return next((invoice for invoice in _live_first(found) if taken.get(invoice.status, True)), None)


def by_id_or_number(books: Books, key: str) -> Invoice | None:
    """The invoice with that id, else with that number, a live one first."""
    return books.invoices.get(key.lower()) or next(iter(_live_first(books.same_number(key))), None)


def _store(
    books: Books, posted: Posted, before: Invoice, target: Invoice, unit_places: int
) -> tuple[Invoice, list[str]]:
    notes = Notes([], [])
    changed = _header(books, posted, target, notes)
    approving = changed.status in ("AUTHORISED", "PAID")
    terms = Terms(changed.type == "ACCREC", changed.amounts, unit_places, approving)
    changed = replace(changed, lines=_lines(books, posted, before, terms, notes))
    changed = _totalled(changed)
    if approving and changed.due is None:
        notes.problems.append(NO_DUE_DATE)
    if changed.totals.total < 0:
        notes.problems.append("The document total cannot be negative.")
    lock = _locked(books, changed)
    if lock:
        notes.problems.append(lock)
    if before.allocated and _touches_money(before, changed):
        notes.problems.append(HAS_PAYMENT)
    if notes.problems:
        raise RefusedError(*dict.fromkeys(notes.problems))
    stored = settled(books, replace(_numbered(books, changed), updated=books.now()))
    books.invoices.put(stored)
    books.note(stored.invoice_id, _changes(before, stored), f"INV {stored.number} for {stored.totals.total}")
    _mark_contact(books, stored)
    return stored, notes.warnings


def _header(books: Books, posted: Posted, target: Invoice, notes: Notes) -> Invoice:
    contact_id = target.contact_id
    if posted.has("Contact") or not contact_id:
        try:
            contact_id = contact_for(books, posted.child("Contact")).contact_id
        except RefusedError as refused:
            notes.problems.extend(refused.messages)
    currency = posted.text("CurrencyCode") or target.currency
    return replace(
        target,
        contact_id=contact_id,
        day=posted.day("Date") or target.day,
        due=posted.day("DueDate") or target.due,
        expected=posted.day("ExpectedPaymentDate") or target.expected,
        amounts=posted.choice("LineAmountTypes", AMOUNT_TYPES) or target.amounts,
        number=_number(books, posted, target, notes),
        reference=_text(posted, "Reference", target.reference, notes),
        url=_url(posted, target.url, notes),
        currency=currency,
        currency_rate=_currency_rate(books, posted, target, currency, notes),
        branding_theme_id=_theme(books, posted, target, notes),
        sent=_sent(posted, target),
    )


def _number(books: Books, posted: Posted, target: Invoice, notes: Notes) -> str:
    number = _text(posted, "InvoiceNumber", target.number, notes) or target.number
    if not _PRINTABLE.fullmatch(number):
        notes.problems.append("Invoice # can only contain printable ASCII characters.")
    holder = holder_of(books, number) if target.type == "ACCREC" else None
    if holder and holder.invoice_id != target.invoice_id:
        notes.problems.append(DUPLICATE)
    return number


def _text(posted: Posted, name: str, current: str, notes: Notes) -> str:
    text = posted.text(name)
    if text is None:
        return current
    if len(text) > _LONGEST:
        notes.problems.append(too_long(name, _LONGEST))
    return text


def _url(posted: Posted, current: str, notes: Notes) -> str:
    url = posted.text("Url")
    if not url:
        return current if url is None else ""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or any(blank in url for blank in " \t\n"):
        notes.problems.append("Url must be a valid absolute URL.")
    elif "xero" in url.lower():
        notes.problems.append("Url must not contain the word Xero.")
    return url


def _currency_rate(books: Books, posted: Posted, target: Invoice, currency: str, notes: Notes) -> Decimal:
    if currency not in books.settings.currencies:
        notes.problems.append(f"Organisation is not subscribed to currency {currency}")
    given = posted.decimal("CurrencyRate")
    if given is not None and given <= 0:
        notes.problems.append("The CurrencyRate must be greater than zero.")
    if currency == books.settings.base_currency:
        return Decimal(1)
    if given is not None:
        return arithmetic.rounded(given, 6, books.word("ties"))
    if currency == target.currency and target.contact_id:
        return target.currency_rate
    return books.settings.currency_rates.get(currency, Decimal(1))


def _theme(books: Books, posted: Posted, target: Invoice, notes: Notes) -> str:
    theme = posted.guid("BrandingThemeID")
    if theme and theme not in books.settings.themes:
        notes.problems.append("The branding theme with the specified BrandingThemeID could not be found.")
    return theme or target.branding_theme_id


def _sent(posted: Posted, target: Invoice) -> bool:
    wanted = posted.flag("SentToContact")
    if wanted is None or target.status not in ("AUTHORISED", "PAID"):
        return target.sent
    return wanted


def _lines(books: Books, posted: Posted, before: Invoice, terms: Terms, notes: Notes) -> tuple[Line, ...]:
    given = posted.children("LineItems")
    if given is None and before.lines:
        return recheck_lines(books, before.lines, terms, notes, retax=terms.amounts != before.amounts)
    if not given:
        notes.problems.append(NO_LINES)
        return ()
    return build_lines(books, given, before.lines, terms, notes)


def _totalled(invoice: Invoice) -> Invoice:
    sums = arithmetic.totals(((line.line_amount, line.tax_amount) for line in invoice.lines), invoice.amounts)
    discounts = [
        arithmetic.gross_amount(line.quantity, line.unit_amount) - line.line_amount
        for line in invoice.lines
        if line.quantity is not None and (line.discount_rate or line.discount_amount)
    ]
    return replace(invoice, totals=sums, total_discount=sum(discounts, Decimal("0.00")) if discounts else None)


def settled(books: Books, invoice: Invoice) -> Invoice:
    """The invoice with the status its payments make: PAID when nothing is due, AUTHORISED again when something is."""
    if invoice.status not in ("AUTHORISED", "PAID"):
        return invoice
    if invoice.amount_due == 0:
        days = [*(payment.day for payment in invoice.payments), *(credit.day for credit in invoice.credits)]
        paid_on = max(days, default=invoice.paid_on or books.today())
        return replace(invoice, status="PAID", paid_on=paid_on)
    return replace(invoice, status="AUTHORISED", paid_on=None)


def _numbered(books: Books, invoice: Invoice) -> Invoice:
    if invoice.number or invoice.type != "ACCREC":
        return invoice
    while True:
        books.counters["invoice number"] += 1
        number = f"INV-{books.counters['invoice number']:04}"
        if not books.same_number(number):
            return replace(invoice, number=number)


def _touches_money(before: Invoice, after: Invoice) -> bool:
    header = ("day", "amounts", "currency", "currency_rate", "expected", "totals")
    if any(getattr(before, name) != getattr(after, name) for name in header):
        return True
    return [line.money for line in before.lines] != [line.money for line in after.lines]


def _locked(books: Books, invoice: Invoice) -> str | None:
    if invoice.status == "DRAFT" and not books.flag("lock_dates_bind_drafts"):
        return None
    return locked(books.settings, invoice.day)


def _changes(before: Invoice, stored: Invoice) -> str:
    if not before.lines:
        return "Created"
    return "Approved" if before.status in ("DRAFT", "SUBMITTED") and stored.status == "AUTHORISED" else "Edited"


def _mark_contact(books: Books, invoice: Invoice) -> None:
    contact = books.contacts.get(invoice.contact_id)
    if contact is None:
        return
    if invoice.type == "ACCREC" and not contact.is_customer:
        books.contacts.put(replace(contact, is_customer=True))
    if invoice.type == "ACCPAY" and not contact.is_supplier:
        books.contacts.put(replace(contact, is_supplier=True))


def _live_first(found: Iterable[Invoice]) -> list[Invoice]:
    return sorted(found, key=lambda invoice: (invoice.status == "DELETED") + 2 * (invoice.status == "VOIDED"))
