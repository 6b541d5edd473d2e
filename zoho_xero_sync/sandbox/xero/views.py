"""How contacts and invoices look in an answer: single, paged, summary, and the reduced shape of unpaged lists.

Sources: developer.xero.com/documentation/api/accounting/contacts and .../invoices. Fixed address and phone slots,
/Date(ms+0000)/ with DateString companions, money with two decimals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import wire
from .arithmetic import rounded
from .books import Books
from .model import Contact, Credit, Invoice, Line

_ADDRESS_SLOTS = ("STREET", "POBOX")
_PHONE_SLOTS = ("DDI", "DEFAULT", "FAX", "MOBILE")
_ADDRESS_BLANKS = ("City", "Region", "PostalCode", "Country")
_PHONE_BLANKS = ("PhoneNumber", "PhoneAreaCode", "PhoneCountryCode")
_TEXTS = ("FirstName", "LastName", "EmailAddress")
_OPTIONAL_TEXTS = ("ContactNumber", "AccountNumber", "CompanyNumber", "TaxNumber")
_LISTED_OTHERS = ("DefaultCurrency", "AccountsReceivableTaxType", "AccountsPayableTaxType", "TaxNumberType")
_MONEY_LISTS = ("Payments", "CreditNotes", "Prepayments", "Overpayments")


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of a record to show."""

    lines: bool = True
    details: bool = True
    summary: bool = False
    unit_places: int = 2
    written: bool = False


SINGLE = Shape()
UNPAGED = Shape(lines=False, details=False)


def contact_view(contact: Contact, shape: Shape = SINGLE) -> dict[str, object]:
    """A contact as JSON."""
    view: dict[str, object] = {"ContactID": contact.contact_id, "ContactStatus": contact.status, "Name": contact.name}
    view |= {name: contact.texts.get(name, "") for name in _TEXTS}
    view |= {name: contact.texts[name] for name in _OPTIONAL_TEXTS if contact.texts.get(name)}
    view |= {"BankAccountDetails": contact.others.get("BankAccountDetails", "")}
    view |= {name: contact.others[name] for name in _LISTED_OTHERS if name in contact.others}
    view["UpdatedDateUTC"] = wire.instant_stamp(contact.updated)
    view["HasValidationErrors"] = False
    if shape.summary:
        return view
    view |= {
        "Addresses": _slots("AddressType", _ADDRESS_SLOTS, contact.addresses, _ADDRESS_BLANKS),
        "Phones": _slots("PhoneType", _PHONE_SLOTS, contact.phones, _PHONE_BLANKS),
        "ContactGroups": [],
        "IsSupplier": contact.is_supplier,
        "IsCustomer": contact.is_customer,
        "ContactPersons": [],
        "HasAttachments": contact.attached,
    }
    if not shape.details:
        return view
    view |= dict(contact.others)
    view["ContactPersons"] = [dict(person) for person in contact.persons]
    if contact.merged_to:
        view["MergedToContactID"] = contact.merged_to
    return view


def invoice_view(books: Books, invoice: Invoice, shape: Shape = SINGLE) -> dict[str, object]:
    """An invoice as JSON; in lists (`details` off) its contact is the short form without EmailAddress."""
    sums = invoice.totals
    settled = invoice.amount_paid + invoice.amount_credited
    due = sums.total - settled if shape.written else invoice.amount_due
    view: dict[str, object] = {
        "Type": invoice.type,
        "InvoiceID": invoice.invoice_id,
        "InvoiceNumber": invoice.number,
        "Reference": invoice.reference,
        "Payments": [
            {"PaymentID": payment.payment_id, "Date": wire.day_stamp(payment.day), "Amount": payment.amount}
            for payment in invoice.payments
        ],
        "CreditNotes": [_credit_of(books, credit) for credit in invoice.credits],
        "Prepayments": [],
        "Overpayments": [],
        "AmountDue": due,
        "AmountPaid": invoice.amount_paid,
        "AmountCredited": invoice.amount_credited,
        "SentToContact": invoice.sent,
        "CurrencyRate": rounded(invoice.currency_rate, 10),
        "IsDiscounted": invoice.total_discount is not None,
        "HasAttachments": invoice.attached,
        "HasErrors": False,
        "Contact": contact_of(books, invoice.contact_id, full=shape.details),
        "DateString": wire.day_string(invoice.day),
        "Date": wire.day_stamp(invoice.day),
        "BrandingThemeID": invoice.branding_theme_id,
        "Status": invoice.status,
        "LineAmountTypes": invoice.amounts,
        "LineItems": [line_view(line, shape.unit_places) for line in invoice.lines] if shape.lines else [],
        "SubTotal": sums.sub_total,
        "TotalTax": sums.total_tax,
        "Total": sums.total,
        "UpdatedDateUTC": wire.instant_stamp(invoice.updated),
        "UpdatedDateUTCString": f"{invoice.updated:%Y-%m-%dT%H:%M:%SZ}",
        "CurrencyCode": invoice.currency,
    }
    if invoice.url:
        view["Url"] = invoice.url
    if invoice.due:
        view |= {"DueDateString": wire.day_string(invoice.due), "DueDate": wire.day_stamp(invoice.due)}
    if invoice.expected:
        view["ExpectedPaymentDate"] = wire.day_stamp(invoice.expected)
    if invoice.paid_on and invoice.status == "PAID":
        view["FullyPaidOnDate"] = wire.day_stamp(invoice.paid_on)
    if invoice.total_discount is not None:
        view["TotalDiscount"] = invoice.total_discount
    if shape.summary:
        return {name: value for name, value in view.items() if name not in (*_MONEY_LISTS, "LineItems")}
    return view


def refused_echo(
    posted: Mapping[str, object], id_name: str, record_id: str | None, known: object = None
) -> dict[str, object]:
    """A refused element: what was asked for, never what is stored. A refused create carries the zero GUID."""
    hidden = {id_name.lower(), *(("invoicenumber",) if isinstance(known, Invoice) else ())}
    echo = {name: value for name, value in posted.items() if name.lower() not in hidden}
    return {id_name: record_id or wire.ZERO_GUID, **echo}


def contact_of(books: Books, contact_id: str, *, full: bool) -> dict[str, object]:
    """The Contact element of a document; the short form has no EmailAddress."""
    contact = books.contacts.get(contact_id)
    if contact is None:
        return {}
    if full:
        return contact_view(contact, UNPAGED)
    return {
        "ContactID": contact.contact_id,
        "Name": contact.name,
        "Addresses": [],
        "Phones": [],
        "ContactGroups": [],
        "ContactPersons": [],
        "HasValidationErrors": False,
    }


def line_view(line: Line, unit_places: int) -> dict[str, object]:
    """A line item as JSON."""
    view: dict[str, object] = {"LineItemID": line.line_id}
    if line.description is not None:
        view["Description"] = line.description
    if line.quantity is not None:
        view |= {"Quantity": line.quantity, "UnitAmount": rounded(line.unit_amount, unit_places)}
    view |= {"TaxAmount": line.tax_amount, "LineAmount": line.line_amount}
    optional = {
        "TaxType": line.tax_type,
        "AccountCode": line.account_code,
        "AccountID": line.account_id,
        "ItemCode": line.item_code,
        "DiscountRate": line.discount_rate,
        "DiscountAmount": line.discount_amount,
    }
    view |= {name: value for name, value in optional.items() if value is not None}
    view["Tracking"] = [
        {
            "Name": choice.name,
            "Option": choice.option,
            "TrackingCategoryID": choice.category_id,
            "TrackingOptionID": choice.option_id,
        }
        for choice in line.tracking
    ]
    view["ValidationErrors"] = []
    return view


def _credit_of(books: Books, credit: Credit) -> dict[str, object]:
    note = books.credit_notes.get(credit.credit_note_id)
    return {
        "CreditNoteID": credit.credit_note_id,
        "CreditNoteNumber": note.number if note else "",
        "Date": wire.day_stamp(credit.day),
        "AppliedAmount": credit.amount,
        "Total": note.totals.total if note else credit.amount,
    }


def _slots(
    kind_name: str, kinds: tuple[str, ...], given: Mapping[str, Mapping[str, str]], blanks: tuple[str, ...]
) -> list[dict[str, object]]:
    shown = (*kinds, *(kind for kind in given if kind not in kinds))
    return [{kind_name: kind, **dict.fromkeys(blanks, ""), **given.get(kind, {})} for kind in shown]
