"""What hangs on documents, over HTTP: payments, credit notes, e-mail, history, files; items and options written.

Source: developer.xero.com/documentation/api/accounting (one page per resource).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote

from . import wire
from .asked import Asked, answered, batched
from .attachment_rules import NO_DOCUMENT, attach, attached, attachment_view, write_note
from .batch import Kind
from .books import Books
from .contact_rules import by_number
from .credit_rules import (
    allocate,
    by_id_or_number_of_note,
    post_credit_note,
    put_credit_note,
    unallocate,
    update_credit_note,
)
from .email_rules import online_url, send
from .errors import Answer, ApiError, RefusedError, not_found, validation
from .invoice_rules import by_id_or_number
from .listing import list_credit_notes, list_payments
from .model import CreditNote, Invoice, Note, Payment
from .money_views import allocation_view, credit_note_view, payment_view
from .payment_rules import post_payment_to, put_payment
from .posted import Posted, read_envelope
from .setting_writes import item_of, post_item, post_item_to, put_currency, put_item, put_option
from .views import Shape, refused_echo

_HOST = "https://api.xero.com/api.xro/2.0"


def get_payments(books: Books, asked: Asked) -> Answer:
    """GET /Payments and /Payments/{PaymentID}."""
    if asked.key is None:
        return answered(books, list_payments(books, asked.query))
    payment = books.payments.get(asked.key.lower())
    if payment is None:
        raise not_found()
    return answered(books, {"Payments": [payment_view(books, payment)]})


def write_payments(books: Books, asked: Asked) -> Answer:
    """PUT and POST /Payments create; POST /Payments/{PaymentID} deletes."""
    key = asked.key

    def write(posted: Posted) -> Payment:
        return put_payment(books, posted) if key is None else post_payment_to(books, key.lower(), posted)

    def one(posted: Posted) -> tuple[dict[str, object], list[str]]:
        return payment_view(books, write(posted)), []

    def echo(posted: Posted) -> dict[str, object]:
        return refused_echo(posted.raw, "PaymentID", key)

    return batched(books, asked, "Payments", Kind("HasValidationErrors", one, echo))


def get_credit_notes(books: Books, asked: Asked) -> Answer:
    """GET /CreditNotes and /CreditNotes/{CreditNoteID or number}."""
    if asked.key is None:
        return answered(books, list_credit_notes(books, asked.query))
    note = by_id_or_number_of_note(books, asked.key)
    view = credit_note_view(books, note, Shape(unit_places=asked.query.unit_places))
    return answered(books, {"CreditNotes": [view]})


def put_credit_notes(books: Books, asked: Asked) -> Answer:
    """PUT /CreditNotes: create only."""
    return _write_credit_notes(books, asked, lambda posted, places: put_credit_note(books, posted, places))


def post_credit_notes(books: Books, asked: Asked) -> Answer:
    """POST /CreditNotes and /CreditNotes/{CreditNoteID or number}."""
    if asked.key is None:
        return _write_credit_notes(books, asked, lambda posted, places: post_credit_note(books, posted, places))
    named = by_id_or_number_of_note(books, asked.key)
    return _write_credit_notes(
        books, asked, lambda posted, places: update_credit_note(books, posted, named, places), named
    )


def put_allocations(books: Books, asked: Asked) -> Answer:
    """PUT /CreditNotes/{CreditNoteID}/Allocations."""
    key = (asked.key or "").lower()

    def one(posted: Posted) -> tuple[dict[str, object], list[str]]:
        return allocation_view(books, allocate(books, key, posted)), []

    def echo(posted: Posted) -> dict[str, object]:
        return dict(posted.raw)

    return batched(books, asked, "Allocations", Kind("HasErrors", one, echo))


def delete_allocation(books: Books, asked: Asked) -> Answer:
    """DELETE /CreditNotes/{CreditNoteID}/Allocations/{AllocationID}; the allocation stands in the envelope itself."""
    note = by_id_or_number_of_note(books, asked.key or "")
    credit = unallocate(books, note, (asked.sub_key or "").lower())
    return answered(books, {**allocation_view(books, credit), "IsDeleted": True})


def post_email(books: Books, asked: Asked) -> Answer:
    """POST /Invoices/{InvoiceID}/Email: 204."""
    invoice = _invoice(books, asked)
    try:
        send(books, invoice)
    except RefusedError as refused:
        raise _refused(refused, {"InvoiceID": invoice.invoice_id}) from refused
    return Answer(204, b"", None)


def get_online_invoice(books: Books, asked: Asked) -> Answer:
    """GET /Invoices/{InvoiceID}/OnlineInvoice."""
    invoice = _invoice(books, asked)
    try:
        url = online_url(invoice)
    except RefusedError as refused:
        raise _refused(refused, {"InvoiceID": invoice.invoice_id}) from refused
    return answered(books, {"OnlineInvoices": [{"OnlineInvoiceUrl": url}]})


def get_history(books: Books, asked: Asked) -> Answer:
    """GET /{resource}/{id}/History, newest first."""
    notes = books.notes.find("record", _record_id(books, asked))
    return answered(books, {"HistoryRecords": [_note_view(note) for note in reversed(notes)]})


def put_history(books: Books, asked: Asked) -> Answer:
    """PUT /{resource}/{id}/History."""
    try:
        record_id = _record_id(books, asked)
    except ApiError as error:
        raise validation([], NO_DOCUMENT) from error

    def one(posted: Posted) -> tuple[dict[str, object], list[str]]:
        return _note_view(write_note(books, record_id, posted)), []

    def echo(posted: Posted) -> dict[str, object]:
        return dict(posted.raw)

    return batched(books, asked, "HistoryRecords", Kind("HasErrors", one, echo))


def get_attachments(books: Books, asked: Asked) -> Answer:
    """GET /{resource}/{id}/Attachments, or the bytes of /Attachments/{FileName or AttachmentID}."""
    record_id = _record_id(books, asked)
    if asked.sub_key is None:
        rows = books.attachments.find("record", record_id)
        views = [attachment_view(row, _url(asked, record_id, row.name)) for row in rows]
        return answered(books, {"Attachments": views})
    found = attached(books, record_id, asked.sub_key)
    if found is None:
        raise not_found()
    return Answer(200, found.content, found.mime)


def write_attachment(books: Books, asked: Asked) -> Answer:
    """PUT and POST /{resource}/{id}/Attachments/{FileName}."""
    record_id = _record_id(books, asked)
    name, online = asked.sub_key or "", asked.query.flag("IncludeOnline")
    try:
        kept = attach(books, record_id, name, asked.mime or "application/octet-stream", asked.body, online=online)
    except RefusedError as refused:
        raise _refused(refused, {"FileName": name}) from refused
    _flag_attached(books, record_id)
    return answered(books, {"Attachments": [attachment_view(kept, _url(asked, record_id, name))]})


def write_items(books: Books, asked: Asked) -> Answer:
    """PUT /Items, POST /Items and POST /Items/{ItemID or Code}."""
    key, places = asked.key, asked.query.unit_places
    creates = asked.method == "PUT"

    def write(posted: Posted) -> Mapping[str, object]:
        if key is not None:
            return post_item_to(books, key, posted, places)
        return put_item(books, posted, places) if creates else post_item(books, posted, places)

    def one(posted: Posted) -> tuple[dict[str, object], list[str]]:
        return dict(write(posted)), []

    def echo(posted: Posted) -> dict[str, object]:
        known = item_of(books, posted.guid("ItemID") or key or "")
        return refused_echo(posted.raw, "ItemID", str(known["ItemID"]) if known else None)

    return batched(books, asked, "Items", Kind("HasErrors", one, echo))


def put_options(books: Books, asked: Asked) -> Answer:
    """PUT /TrackingCategories/{TrackingCategoryID}/Options."""
    return _each(books, asked, "Options", lambda posted: put_option(books, (asked.key or "").lower(), posted))


def put_currencies(books: Books, asked: Asked) -> Answer:
    """PUT /Currencies."""
    return _each(books, asked, "Currencies", lambda posted: put_currency(books, posted))


def _each(books: Books, asked: Asked, collection: str, write: Callable[[Posted], Mapping[str, object]]) -> Answer:
    point = books.savepoint()
    try:
        rows = [write(posted) for posted in read_envelope(asked.body, collection)]
    except RefusedError as refused:
        books.rollback(point)
        raise _refused(refused, {}) from refused
    return answered(books, {collection: rows})


def _write_credit_notes(
    books: Books, asked: Asked, write: Callable[[Posted, int], CreditNote], known: CreditNote | None = None
) -> Answer:
    places = asked.query.unit_places

    def one(posted: Posted) -> tuple[dict[str, object], list[str]]:
        return credit_note_view(books, write(posted, places), Shape(unit_places=places)), []

    def echo(posted: Posted) -> dict[str, object]:
        return refused_echo(posted.raw, "CreditNoteID", known.credit_note_id if known else posted.guid("CreditNoteID"))

    return batched(books, asked, "CreditNotes", Kind("HasErrors", one, echo))


def _refused(refused: RefusedError, element: Mapping[str, object]) -> ApiError:
    return validation([{**element, "ValidationErrors": [{"Message": text} for text in refused.messages]}])


def _invoice(books: Books, asked: Asked) -> Invoice:
    found = by_id_or_number(books, asked.key or "")
    if found is None:
        raise not_found()
    return found


def _record_id(books: Books, asked: Asked) -> str:
    """The id of the document in the path. Raises ApiError (404)."""
    key = asked.key or ""
    if asked.resource == "creditnotes":
        return by_id_or_number_of_note(books, key).credit_note_id
    if asked.resource == "invoices":
        return _invoice(books, asked).invoice_id
    contact = books.contacts.get(key.lower()) or by_number(books, key)
    if contact is None:
        raise not_found()
    return contact.contact_id


def _flag_attached(books: Books, record_id: str) -> None:
    invoice, contact, note = (
        books.invoices.get(record_id),
        books.contacts.get(record_id),
        books.credit_notes.get(record_id),
    )
    if invoice:
        books.invoices.put(replace(invoice, attached=True))
    if contact:
        books.contacts.put(replace(contact, attached=True))
    if note:
        books.credit_notes.put(replace(note, attached=True))


def _note_view(note: Note) -> dict[str, object]:
    return {
        "Changes": note.changes,
        "DateUTCString": f"{note.at:%Y-%m-%dT%H:%M:%S}",
        "DateUTC": wire.instant_stamp(note.at),
        "User": note.user,
        "Details": note.details,
    }


def _url(asked: Asked, record_id: str, name: str) -> str:
    return f"{_HOST}/{asked.resource.capitalize()}/{record_id}/Attachments/{quote(name)}"
