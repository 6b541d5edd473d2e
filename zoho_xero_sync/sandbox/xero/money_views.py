"""How payments, credit notes and their allocations look in an answer.

Sources: developer.xero.com/documentation/api/accounting/payments and .../creditnotes.
"""

from __future__ import annotations

from . import wire
from .arithmetic import rounded
from .books import Books
from .model import Credit, CreditNote, Invoice, Payment
from .views import SINGLE, Shape, contact_of, line_view

_RATE_PLACES = 10


def payment_view(books: Books, payment: Payment) -> dict[str, object]:
    """A payment as JSON, with the short form of its invoice."""
    invoice = books.invoices.get(payment.invoice_id)
    view: dict[str, object] = {
        "PaymentID": payment.payment_id,
        "Date": wire.day_stamp(payment.day),
        "BankAmount": rounded(payment.amount),
        "Amount": payment.amount,
        "Reference": payment.reference,
        "CurrencyRate": rounded(payment.currency_rate, _RATE_PLACES),
        "PaymentType": f"{invoice.type if invoice else 'ACCREC'}PAYMENT",
        "Status": payment.status,
        "UpdatedDateUTC": wire.instant_stamp(payment.updated),
        "UpdatedDateUTCString": f"{payment.updated:%Y-%m-%dT%H:%M:%SZ}",
        "HasAccount": payment.account_id is not None,
        "IsReconciled": False,
        "HasValidationErrors": False,
    }
    account = next((row for row in books.settings.accounts.values() if row.account_id == payment.account_id), None)
    if account:
        view["Account"] = {"AccountID": account.account_id, "Code": account.code, "Name": account.wire.get("Name", "")}
    if invoice:
        view["Invoice"] = _invoice_of(books, invoice)
    return view


def credit_note_view(books: Books, note: CreditNote, shape: Shape = SINGLE) -> dict[str, object]:
    """A credit note as JSON."""
    return {
        "CreditNoteID": note.credit_note_id,
        "CreditNoteNumber": note.number,
        "Payments": [],
        "ID": note.credit_note_id,
        "HasErrors": False,
        "CurrencyRate": rounded(note.currency_rate, _RATE_PLACES),
        "Type": note.type,
        "Reference": note.reference,
        "RemainingCredit": note.remaining,
        "Allocations": [allocation_view(books, credit) for credit in note.allocations],
        "HasAttachments": note.attached,
        "Contact": contact_of(books, note.contact_id, full=shape.details),
        "DateString": wire.day_string(note.day),
        "Date": wire.day_stamp(note.day),
        "BrandingThemeID": note.branding_theme_id,
        "Status": note.status,
        "LineAmountTypes": note.amounts,
        "LineItems": [line_view(line, shape.unit_places) for line in note.lines] if shape.lines else [],
        "SubTotal": note.totals.sub_total,
        "TotalTax": note.totals.total_tax,
        "Total": note.totals.total,
        "UpdatedDateUTC": wire.instant_stamp(note.updated),
        "CurrencyCode": note.currency,
    }


def allocation_view(books: Books, credit: Credit) -> dict[str, object]:
    """An allocation of a credit note as JSON."""
    invoice = books.invoices.get(credit.invoice_id)
    return {
        "AllocationID": credit.allocation_id,
        "Amount": credit.amount,
        "Date": wire.day_stamp(credit.day),
        "Invoice": {"InvoiceID": credit.invoice_id, "InvoiceNumber": invoice.number if invoice else ""},
        "ValidationErrors": [],
    }


def _invoice_of(books: Books, invoice: Invoice) -> dict[str, object]:
    return {
        "Type": invoice.type,
        "InvoiceID": invoice.invoice_id,
        "InvoiceNumber": invoice.number,
        "Reference": invoice.reference,
        "Prepayments": [],
        "Overpayments": [],
        "IsDiscounted": invoice.total_discount is not None,
        "HasErrors": False,
        "Contact": contact_of(books, invoice.contact_id, full=False),
        "LineItems": [],
        "CurrencyCode": invoice.currency,
    }
