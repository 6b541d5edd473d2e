"""The properties of contacts, invoices, payments and credit notes that `where` and `order` may name.

Source: developer.xero.com/documentation/api/accounting/contacts and .../invoices (optimised filters and orders).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .books import Books
from .contact_rules import TEXT_LIMITS
from .filters import Field
from .model import Contact, CreditNote, Invoice, Payment


def contact_fields() -> Mapping[str, Field[Contact]]:
    """Filterable properties of a contact by lower-case name."""
    fields: dict[str, Field[Contact]] = {
        "contactid": Field("guid", lambda contact: contact.contact_id),
        "name": Field("string", lambda contact: contact.name),
        "contactstatus": Field("string", lambda contact: contact.status),
        "updateddateutc": Field("date", lambda contact: contact.updated),
        "issupplier": Field("bool", lambda contact: contact.is_supplier),
        "iscustomer": Field("bool", lambda contact: contact.is_customer),
    }
    for name in TEXT_LIMITS:
        fields[name.lower()] = Field("string", _text_of(name))
    return fields


def invoice_fields(books: Books) -> Mapping[str, Field[Invoice]]:
    """Filterable properties of an invoice by lower-case name, its contact's included."""

    def of_contact(get: Callable[[Contact], object]) -> Callable[[Invoice], object]:
        def value(invoice: Invoice) -> object:
            contact = books.contacts.get(invoice.contact_id)
            return get(contact) if contact else None

        return value

    return {
        "invoiceid": Field("guid", lambda invoice: invoice.invoice_id),
        "invoicenumber": Field("string", lambda invoice: invoice.number),
        "reference": Field("string", lambda invoice: invoice.reference),
        "type": Field("string", lambda invoice: invoice.type),
        "status": Field("string", lambda invoice: invoice.status),
        "date": Field("date", lambda invoice: invoice.day),
        "duedate": Field("date", lambda invoice: invoice.due),
        "fullypaidondate": Field("date", lambda invoice: invoice.paid_on),
        "updateddateutc": Field("date", lambda invoice: invoice.updated),
        "amountdue": Field("number", lambda invoice: invoice.amount_due),
        "amountpaid": Field("number", lambda invoice: invoice.amount_paid),
        "subtotal": Field("number", lambda invoice: invoice.totals.sub_total),
        "totaltax": Field("number", lambda invoice: invoice.totals.total_tax),
        "total": Field("number", lambda invoice: invoice.totals.total),
        "currencycode": Field("string", lambda invoice: invoice.currency),
        "lineamounttypes": Field("string", lambda invoice: invoice.amounts),
        "senttocontact": Field("bool", lambda invoice: invoice.sent),
        "contact.contactid": Field("guid", lambda invoice: invoice.contact_id),
        "contact.name": Field("string", of_contact(lambda contact: contact.name)),
        "contact.contactnumber": Field("string", of_contact(lambda contact: contact.number)),
    }


def _text_of(name: str) -> Callable[[Contact], object]:
    return lambda contact: contact.texts.get(name)


def payment_fields(books: Books) -> Mapping[str, Field[Payment]]:
    """Filterable properties of a payment by lower-case name."""

    def of_invoice(get: Callable[[Invoice], object]) -> Callable[[Payment], object]:
        def value(payment: Payment) -> object:
            invoice = books.invoices.get(payment.invoice_id)
            return get(invoice) if invoice else None

        return value

    return {
        "paymentid": Field("guid", lambda payment: payment.payment_id),
        "status": Field("string", lambda payment: payment.status),
        "paymenttype": Field("string", of_invoice(lambda invoice: f"{invoice.type}PAYMENT")),
        "date": Field("date", lambda payment: payment.day),
        "amount": Field("number", lambda payment: payment.amount),
        "reference": Field("string", lambda payment: payment.reference),
        "updateddateutc": Field("date", lambda payment: payment.updated),
        "invoice.invoiceid": Field("guid", lambda payment: payment.invoice_id),
        "invoice.invoicenumber": Field("string", of_invoice(lambda invoice: invoice.number)),
    }


def credit_note_fields() -> Mapping[str, Field[CreditNote]]:
    """Filterable properties of a credit note by lower-case name."""
    return {
        "creditnoteid": Field("guid", lambda note: note.credit_note_id),
        "creditnotenumber": Field("string", lambda note: note.number),
        "type": Field("string", lambda note: note.type),
        "status": Field("string", lambda note: note.status),
        "reference": Field("string", lambda note: note.reference),
        "date": Field("date", lambda note: note.day),
        "total": Field("number", lambda note: note.totals.total),
        "updateddateutc": Field("date", lambda note: note.updated),
        "contact.contactid": Field("guid", lambda note: note.contact_id),
    }
