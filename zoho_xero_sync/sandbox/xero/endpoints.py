"""The Accounting API's resources: what each call reads or writes and how it is answered.

Source: developer.xero.com/documentation/api/accounting (one page per resource).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from . import wire
from .asked import Asked, answered, batched
from .batch import Kind
from .books import Books
from .contact_rules import by_number, post_contact, post_contact_to, put_contact
from .errors import Answer, not_found
from .filters import Field, parse_where
from .invoice_rules import by_id_or_number, holder_of, post_invoice, put_invoice, update_invoice
from .listing import list_contacts, list_invoices
from .model import Contact, Invoice
from .posted import Posted
from .views import Shape, contact_view, invoice_view, refused_echo

_ACTIONS = (
    "AttachFilesIntoInvoice",
    "CreateApprovedInvoice",
    "CreateContact",
    "CreateDraftInvoice",
    "CreateInvoicePayment",
    "UseMulticurrency",
)


def get_contacts(books: Books, asked: Asked) -> Answer:
    """GET /Contacts and /Contacts/{ContactID or ContactNumber}."""
    if asked.key is None:
        return answered(books, list_contacts(books, asked.query))
    contact = books.contacts.get(asked.key.lower()) or by_number(books, asked.key)
    if contact is None:
        raise not_found()
    return answered(books, {"Contacts": [contact_view(contact)]})


def get_invoices(books: Books, asked: Asked) -> Answer:
    """GET /Invoices and /Invoices/{InvoiceID or InvoiceNumber}."""
    if asked.key is None:
        return answered(books, list_invoices(books, asked.query))
    invoice = by_id_or_number(books, asked.key)
    if invoice is None:
        raise not_found()
    shape = Shape(unit_places=asked.query.unit_places)
    return answered(books, {"Invoices": [invoice_view(books, invoice, shape)]})


def put_contacts(books: Books, asked: Asked) -> Answer:
    """PUT /Contacts: create only."""
    return _write_contacts(books, asked, put_contact)


def post_contacts(books: Books, asked: Asked) -> Answer:
    """POST /Contacts and /Contacts/{ContactID}."""
    key = asked.key
    if key is None:
        return _write_contacts(books, asked, post_contact)
    if books.contacts.get(key.lower()) is None:
        raise not_found()
    return _write_contacts(books, asked, lambda books, posted: post_contact_to(books, key.lower(), posted))


def put_invoices(books: Books, asked: Asked) -> Answer:
    """PUT /Invoices: create only."""
    return _write_invoices(books, asked, put_invoice, lambda _: None)


def post_invoices(books: Books, asked: Asked) -> Answer:
    """POST /Invoices and /Invoices/{InvoiceID or InvoiceNumber}."""
    if asked.key is None:

        def existing(posted: Posted) -> Invoice | None:
            by_id = books.invoices.get(posted.guid("InvoiceID") or "")
            return by_id or holder_of(books, posted.text("InvoiceNumber"))

        return _write_invoices(books, asked, post_invoice, existing)
    named = by_id_or_number(books, asked.key)
    if named is None:
        raise not_found()
    invoice_id = named.invoice_id

    def write(books: Books, posted: Posted, unit_places: int) -> tuple[Invoice, list[str]]:
        current = books.invoices.get(invoice_id) or named
        return update_invoice(books, posted, current, unit_places)

    return _write_invoices(books, asked, write, lambda _: named)


def get_organisation(books: Books, asked: Asked) -> Answer:
    """GET /Organisation and /Organisation/Actions; lock dates are absent when unset."""
    settings = books.settings
    if asked.key is not None:
        if asked.key.lower() != "actions":
            raise not_found()
        refused = () if books.flag("multicurrency") else ("UseMulticurrency",)
        actions = [{"Name": name, "Status": "NOT-ALLOWED" if name in refused else "ALLOWED"} for name in _ACTIONS]
        return answered(books, {"Actions": actions})
    locks = {"PeriodLockDate": settings.period_lock, "EndOfYearLockDate": settings.year_lock}
    view = {name: value for name, value in settings.organisation.items() if name not in locks}
    view |= {name: wire.day_stamp(day) for name, day in locks.items() if day}
    return answered(books, {"Organisations": [view]})


def get_accounts(books: Books, asked: Asked) -> Answer:
    """GET /Accounts and /Accounts/{AccountID}; never paged."""
    rows = [account.wire for account in books.settings.accounts.values()]
    return _settings(books, asked, "Accounts", rows, ("AccountID",))


def get_tax_rates(books: Books, asked: Asked) -> Answer:
    """GET /TaxRates and /TaxRates/{TaxType}."""
    rows = [rate.wire for rate in books.settings.tax_rates.values()]
    return _settings(books, asked, "TaxRates", rows, ("TaxType",))


def get_currencies(books: Books, asked: Asked) -> Answer:
    """GET /Currencies."""
    return _settings(books, asked, "Currencies", list(books.settings.currencies.values()), ())


def get_branding_themes(books: Books, asked: Asked) -> Answer:
    """GET /BrandingThemes and /BrandingThemes/{BrandingThemeID}."""
    return _settings(books, asked, "BrandingThemes", list(books.settings.themes.values()), ("BrandingThemeID",))


def get_tracking_categories(books: Books, asked: Asked) -> Answer:
    """GET /TrackingCategories; archived ones only with includeArchived=true."""
    rows = list(books.settings.categories)
    if not asked.query.flag("includeArchived"):
        rows = [row for row in rows if row["Status"] == "ACTIVE"]
    return _settings(books, asked, "TrackingCategories", rows, ("TrackingCategoryID",))


def get_items(books: Books, asked: Asked) -> Answer:
    """GET /Items and /Items/{ItemID or Code}; never paged."""
    return _settings(books, asked, "Items", list(books.settings.items.values()), ("ItemID", "Code"))


def _settings(
    books: Books, asked: Asked, collection: str, rows: Iterable[Mapping[str, object]], keys: tuple[str, ...]
) -> Answer:
    found = list(rows)
    if asked.key is not None:
        found = [row for row in found if any(str(row.get(key)).lower() == asked.key.lower() for key in keys)]
        if not found:
            raise not_found()
    where = asked.query.text("where")
    if where:
        accepts = parse_where(where, _row_fields(found), collection).accepts
        found = [row for row in found if accepts(row)]
    return answered(books, {collection: found})


def _row_fields(rows: Iterable[Mapping[str, object]]) -> Mapping[str, Field[Mapping[str, object]]]:
    fields: dict[str, Field[Mapping[str, object]]] = {}
    for row in rows:
        for name, value in row.items():
            if isinstance(value, (str, bool)):
                fields.setdefault(name.lower(), _row_field(name, value))
    return fields


def _row_field(name: str, value: str | bool) -> Field[Mapping[str, object]]:
    if isinstance(value, bool):
        return Field("bool", lambda row: row.get(name))
    return Field("guid" if wire.is_guid(value) else "string", lambda row: row.get(name))


def _write_contacts(books: Books, asked: Asked, write: Callable[[Books, Posted], Contact]) -> Answer:
    def one(posted: Posted) -> tuple[dict[str, object], list[str]]:
        return contact_view(write(books, posted)), []

    def echo(posted: Posted) -> dict[str, object]:
        known = books.contacts.get(posted.guid("ContactID") or (asked.key or "").lower())
        return refused_echo(posted.raw, "ContactID", known.contact_id if known else None, known)

    return batched(books, asked, "Contacts", Kind("HasValidationErrors", one, echo))


def _write_invoices(
    books: Books,
    asked: Asked,
    write: Callable[[Books, Posted, int], tuple[Invoice, list[str]]],
    known: Callable[[Posted], Invoice | None],
) -> Answer:
    places = asked.query.unit_places

    def one(posted: Posted) -> tuple[dict[str, object], list[str]]:
        invoice, warnings = write(books, posted, places)
        return invoice_view(books, invoice, Shape(unit_places=places, written=True)), warnings

    def echo(posted: Posted) -> dict[str, object]:
        invoice = known(posted)
        return refused_echo(posted.raw, "InvoiceID", invoice.invoice_id if invoice else None, invoice)

    return batched(books, asked, "Invoices", Kind("HasErrors", one, echo))
