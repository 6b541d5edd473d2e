"""Lists: which records a GET asks for, in what order, and which page of them.

Source: developer.xero.com/documentation/api/accounting/requests-and-responses (paging, ordering, If-Modified-Since),
.../contacts and .../invoices (list parameters). Page sizes outside 1..1000 are snapped; a page brings `pagination`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Generic, TypeVar

from .books import Books, fold, fold_accents
from .errors import high_volume, precondition_failed, query_parse
from .fields import contact_fields, credit_note_fields, invoice_fields, payment_fields
from .filters import Field, parse_order, parse_where, sort_records
from .model import Contact, Invoice
from .money_views import credit_note_view, payment_view
from .rule import rules
from .views import Shape, contact_view, invoice_view
from .wire import as_guid

RULES = (
    *rules(
        "api/accounting/requests-and-responses",
        "page brings pages of 100, or pageSize from 1 to 1000 (others are snapped), and a pagination block.",
        "The default order is UpdatedDateUTC, then the id.",
        "If-Modified-Since is a header in UTC, to the second; one that does not parse answers 412.",
        "where compares strings without case and accents; what it cannot parse answers 400 QueryParseException.",
    ),
    *rules(
        "api/accounting/invoices",
        "A list of invoices brings line items only when it is paged; its contacts never carry the e-mail address.",
    ),
    *rules(
        "api/accounting/contacts",
        "A list of contacts leaves out archived ones unless includeArchived=true.",
        "An unpaged list of contacts leaves out contact persons, defaults and the id of the contact merged into.",
    ),
)

R = TypeVar("R")

DEFAULT_PAGE = 100
LARGEST_PAGE = 1000
_CHOICES: Mapping[str, Callable[[Invoice], str]] = {
    "InvoiceNumbers": lambda invoice: invoice.number,
    "ContactIDs": lambda invoice: invoice.contact_id,
    "Statuses": lambda invoice: invoice.status,
}
_CONTACT_TEXTS = ("FirstName", "LastName", "ContactNumber", "CompanyNumber", "EmailAddress")


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of a list request, names in lower case."""

    args: Mapping[str, str]
    modified_since: str | None

    def text(self, name: str) -> str | None:
        """A parameter, None when absent or empty."""
        return self.args.get(name.lower()) or None

    def flag(self, name: str) -> bool:
        """A boolean parameter."""
        return (self.text(name) or "").lower() == "true"

    def items(self, name: str) -> list[str] | None:
        """A comma separated parameter."""
        text = self.text(name)
        return None if text is None else [item.strip() for item in text.split(",") if item.strip()]

    def whole(self, name: str) -> int | None:
        """A whole number. Raises ApiError (400)."""
        text = self.text(name)
        if text is None:
            return None
        if not text.lstrip("-").isdecimal() or len(text) > 9:
            raise query_parse(f"The value '{text}' is not valid for {name}")
        return int(text)

    @property
    def unit_places(self) -> int:
        """4 with unitdp=4, else 2."""
        return 4 if self.text("unitdp") == "4" else 2


def list_contacts(books: Books, query: Query) -> dict[str, object]:
    """The `pagination` (when paged) and `Contacts` of a list answer. Raises ApiError for a bad filter."""
    fields = contact_fields()
    found = _by_ids(query.items("IDs"), books.contacts.get, books.contacts.all())
    if not query.flag("includeArchived"):
        found = [contact for contact in found if contact.status == "ACTIVE"]
    found = _searched(found, query.text("searchTerm"), _contact_texts)
    where = query.text("where")
    if where:
        wanted = parse_where(where, fields, "Contact")
        if wanted.has_or and wanted.terms.get("contactnumber", 0) > books.number("contact_number_terms"):
            raise high_volume("Contact")
        found = [contact for contact in found if wanted.accepts(contact)]
    found = _modified(books, found, query.modified_since, lambda contact: contact.updated)
    found = _ordered(found, query, fields, "contactid", "Contact")
    summary = query.flag("summaryOnly")
    page = _page(found, query, forced=summary)
    shape = Shape(details=page.block is not None, summary=summary)
    return {**page.envelope, "Contacts": [contact_view(contact, shape) for contact in page.rows]}


def list_invoices(books: Books, query: Query) -> dict[str, object]:
    """The `pagination` (when paged) and `Invoices` of a list answer; lines only in pages. Raises ApiError."""
    fields = invoice_fields(books)
    found = _by_ids(query.items("IDs"), books.invoices.get, books.invoices.all())
    found = _chosen(found, query)
    found = _searched(found, query.text("searchTerm"), lambda invoice: (invoice.number, invoice.reference))
    found = _filtered(found, query, fields, "Invoice")
    found = _modified(books, found, query.modified_since, lambda invoice: invoice.updated)
    found = _ordered(found, query, fields, "invoiceid", "Invoice")
    summary = query.flag("summaryOnly")
    page = _page(found, query, forced=summary or query.text("statuses") is not None)
    shape = Shape(page.block is not None and not summary, details=False, summary=summary, unit_places=query.unit_places)
    return {**page.envelope, "Invoices": [invoice_view(books, invoice, shape) for invoice in page.rows]}


def list_payments(books: Books, query: Query) -> dict[str, object]:
    """The `pagination` (when paged) and `Payments` of a list answer, deleted ones too. Raises ApiError."""
    fields = payment_fields(books)
    found = _filtered(list(books.payments.all()), query, fields, "Payment")
    found = _modified(books, found, query.modified_since, lambda payment: payment.updated)
    page = _page(_ordered(found, query, fields, "paymentid", "Payment"), query, forced=False)
    return {**page.envelope, "Payments": [payment_view(books, payment) for payment in page.rows]}


def list_credit_notes(books: Books, query: Query) -> dict[str, object]:
    """The `pagination` (when paged) and `CreditNotes` of a list answer; lines only in pages. Raises ApiError."""
    fields = credit_note_fields()
    found = _filtered(list(books.credit_notes.all()), query, fields, "CreditNote")
    found = _modified(books, found, query.modified_since, lambda note: note.updated)
    page = _page(_ordered(found, query, fields, "creditnoteid", "CreditNote"), query, forced=False)
    shape = Shape(page.block is not None, details=False, unit_places=query.unit_places)
    return {**page.envelope, "CreditNotes": [credit_note_view(books, note, shape) for note in page.rows]}


def _filtered(rows: list[R], query: Query, fields: Mapping[str, Field[R]], entity: str) -> list[R]:
    where = query.text("where")
    if not where:
        return rows
    accepts = parse_where(where, fields, entity).accepts
    return [row for row in rows if accepts(row)]


@dataclass(frozen=True, slots=True)
class _Page(Generic[R]):
    rows: list[R]
    block: dict[str, int] | None

    @property
    def envelope(self) -> dict[str, object]:
        return {} if self.block is None else {"pagination": self.block}


def _chosen(found: Iterable[Invoice], query: Query) -> list[Invoice]:
    rows = list(found)
    for name, value_of in _CHOICES.items():
        wanted = query.items(name)
        if wanted is not None:
            keys = {as_guid(item) if name.endswith("IDs") else fold(item) for item in wanted}
            rows = [invoice for invoice in rows if fold(value_of(invoice)) in keys]
    return [invoice for invoice in rows if invoice.by_app] if query.flag("createdByMyApp") else rows


def _by_ids(ids: list[str] | None, get: Callable[[str], R | None], everything: Iterable[R]) -> list[R]:
    if ids is None:
        return list(everything)
    found = (get(record_id) for record_id in dict.fromkeys(as_guid(item) for item in ids))
    return [record for record in found if record is not None]


def _searched(rows: list[R], term: str | None, texts_of: Callable[[R], Iterable[str]]) -> list[R]:
    if term is None:
        return rows
    wanted = fold_accents(term)
    return [row for row in rows if any(wanted in fold_accents(text) for text in texts_of(row))]


def _contact_texts(contact: Contact) -> Iterable[str]:
    return (contact.name, *(contact.texts.get(name, "") for name in _CONTACT_TEXTS))


def _modified(books: Books, rows: list[R], header: str | None, updated: Callable[[R], datetime]) -> list[R]:
    if header is None:
        return rows
    since = _instant(header)
    if not books.flag("modified_since_subseconds"):
        since = since.replace(microsecond=0)
    if books.flag("modified_since_inclusive"):
        return [row for row in rows if updated(row) >= since]
    return [row for row in rows if updated(row) > since]


def _instant(header: str) -> datetime:
    """The header in UTC: yyyy-mm-ddThh:mm:ss, or an HTTP date."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(header.strip())
        except (ValueError, TypeError):
            continue
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    raise precondition_failed()


def _ordered(rows: list[R], query: Query, fields: Mapping[str, Field[R]], id_name: str, entity: str) -> list[R]:
    order = query.text("order")
    chosen = parse_order(order, fields, entity) if order else [(fields["updateddateutc"], False)]
    return sort_records(rows, [*chosen, (fields[id_name], False)])


def _page(rows: list[R], query: Query, *, forced: bool) -> _Page[R]:
    number, size = query.whole("page"), query.whole("pageSize")
    if number is None and size is None and not forced:
        return _Page(rows, None)
    number = max(1, number or 1)
    size = min(max(1, DEFAULT_PAGE if size is None else size), LARGEST_PAGE)
    start = (number - 1) * size
    pages = -(-len(rows) // size)
    block = {"page": number, "pageSize": size, "pageCount": pages, "itemCount": len(rows)}
    return _Page(rows[start : start + size], block)
