"""Sending an invoice by e-mail, and its online address.

Source: developer.xero.com/documentation/api/accounting/invoices (emailing an invoice, online invoice). The sentences
for a daily limit that is reached, for a bill and for a draft without an online address are worded here.
"""

from __future__ import annotations

from dataclasses import replace

from .books import Books
from .errors import RefusedError
from .model import Email, Invoice
from .rule import rules
from .store import stable_id

RULES = rules(
    "api/accounting/invoices",
    "POST /Invoices/{InvoiceID}/Email sends a SUBMITTED, AUTHORISED or PAID sales invoice to the contact's address and "
    "to its contact persons with IncludeInEmails, answers 204 and sets SentToContact.",
    "Sending is not idempotent: the same call sends again, whatever its Idempotency-Key.",
    "1000 invoices a day leave by e-mail, 20 from a trial organisation, none from a demo company; more answer 400.",
    "An invoice has an online address once it is no draft.",
)

NOT_SENDABLE = "Draft, voided or deleted invoices cannot be emailed"
NO_ADDRESS = "Invoices for contacts with no email address assigned cannot be emailed"
DAILY_LIMIT = "The daily limit of emails for this organisation has been reached."
_PAYING, _TRIAL, _DEMO = 1000, 20, 0


def send(books: Books, invoice: Invoice) -> Email:
    """Send the invoice once more. Raises RefusedError."""
    if invoice.type != "ACCREC":
        raise RefusedError("Only sales invoices can be emailed.")
    if invoice.status not in ("SUBMITTED", "AUTHORISED", "PAID"):
        raise RefusedError(NOT_SENDABLE)
    recipients = _recipients(books, invoice)
    if not recipients:
        raise RefusedError(NO_ADDRESS)
    if sent_today(books) >= daily_limit(books):
        raise RefusedError(DAILY_LIMIT)
    email = Email(books.next_id("email"), invoice.invoice_id, books.now(), recipients)
    books.emails.put(email)
    books.invoices.put(replace(invoice, sent=True, updated=books.now()))
    books.note(invoice.invoice_id, "Invoice Sent", f"This invoice has been sent to {', '.join(recipients)}")
    return email


def daily_limit(books: Books) -> int:
    """How many invoices may leave a day."""
    organisation = books.settings.organisation
    if organisation.get("IsDemoCompany"):
        return _DEMO
    return _TRIAL if organisation.get("Class") == "TRIAL" else _PAYING


def sent_today(books: Books) -> int:
    """How many left since midnight in the organisation's time zone."""
    zone, today = books.settings.zone, books.today()
    return sum(1 for email in books.emails.all() if email.at.astimezone(zone).date() == today)


def online_url(invoice: Invoice) -> str:
    """The address of the invoice's own page. Raises RefusedError."""
    if invoice.type != "ACCREC" or invoice.status in ("DRAFT", "DELETED"):
        raise RefusedError("An online invoice is not available for draft invoices.")
    return f"https://in.xero.com/{stable_id('online invoice', invoice.invoice_id).replace('-', '')}"


def _recipients(books: Books, invoice: Invoice) -> tuple[str, ...]:
    contact = books.contacts.get(invoice.contact_id)
    if contact is None or not contact.texts.get("EmailAddress"):
        return ()
    others = [str(person["EmailAddress"]) for person in contact.persons if person.get("IncludeInEmails")]
    return tuple(dict.fromkeys(address for address in (contact.texts["EmailAddress"], *others) if address))
