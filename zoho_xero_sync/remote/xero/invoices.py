"""Invoices in Xero: reading them, finding those that carry a deal, and the bodies that create and change them.

developer.xero.com/documentation/api/accounting/invoices.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from zoho_xero_sync.core.marks import Swept, deal_of, same_mark, tag_of
from zoho_xero_sync.core.model import InvoiceDraft, InvoiceLine, InvoiceStatus, XeroInvoice, XeroLine
from zoho_xero_sync.errors import RemoteError
from zoho_xero_sync.remote.xero import wire
from zoho_xero_sync.remote.xero.client import XeroClient

PATH = "/Invoices"
COLLECTION = "Invoices"
# unitdp=4 keeps four decimals of unit prices, and must be sent on reads too.
QUERY = "?summarizeErrors=false&unitdp=4"

_STATUSES = frozenset(InvoiceStatus)
_READ: dict[str, str | int] = {"unitdp": 4}


def parse_invoice(element: wire.Element) -> XeroInvoice | None:
    """The invoice, or None for an element without a real id.

    Raises RemoteError for a status that is none of Xero's, and for totals that are not numbers.
    """
    invoice_id = wire.real_id(element, "InvoiceID")
    if invoice_id is None:
        return None
    status = wire.text(element, "Status")
    if status not in _STATUSES:
        raise RemoteError(
            f"Xero answered invoice {invoice_id} with the status {status or '(none)'}, which is not known here.",
            "It is safe to run again; if it stays, report it.",
        )
    contact = element.get("Contact")
    lines = element.get("LineItems")
    return XeroInvoice(
        id=invoice_id,
        number=wire.text(element, "InvoiceNumber"),
        status=status,
        contact_id=wire.text(contact, "ContactID") if isinstance(contact, dict) else "",
        reference=wire.text(element, "Reference"),
        url=wire.text(element, "Url"),
        currency=wire.text(element, "CurrencyCode"),
        date=wire.calendar_date(element, "Date"),
        due_date=wire.calendar_date(element, "DueDate"),
        sub_total=wire.number(element, "SubTotal"),
        total_tax=wire.number(element, "TotalTax"),
        total=wire.number(element, "Total"),
        amount_paid=wire.number(element, "AmountPaid"),
        amount_credited=wire.number(element, "AmountCredited"),
        updated_at=wire.instant(element, "UpdatedDateUTC"),
        lines=tuple(_line(line) for line in lines if isinstance(line, dict)) if isinstance(lines, list) else None,
        paid_on=wire.calendar_date(element, "FullyPaidOnDate"),
        sent_to_contact=element.get("SentToContact") is True,
    )


def _line(element: wire.Element) -> XeroLine:
    return XeroLine(
        id=wire.text(element, "LineItemID"),
        description=wire.text(element, "Description"),
        quantity=wire.number(element, "Quantity"),
        unit_amount=wire.number(element, "UnitAmount"),
        line_amount=wire.number(element, "LineAmount"),
        tax_amount=wire.number(element, "TaxAmount"),
        account_code=wire.text(element, "AccountCode"),
        tax_type=wire.text(element, "TaxType"),
    )


def fetch_invoices(client: XeroClient, ids: Sequence[str]) -> dict[str, XeroInvoice]:
    """The invoices with these ids, by id, voided and deleted ones included."""
    found = _parsed(client.by_ids(PATH, COLLECTION, "IDs", ids, _READ))
    return {invoice.id: invoice for invoice in found}


def fetch_sales(client: XeroClient, since: datetime | None) -> tuple[XeroInvoice, ...]:
    """Every sales invoice that Xero updated since then (None: every one), ended ones included: a call per 1000."""
    return tuple(_parsed(_sales_invoices(client, since)))


def find_named(client: XeroClient, named: str) -> tuple[XeroInvoice, ...]:
    """The sales invoices, ended ones included, whose InvoiceID or InvoiceNumber is `named`."""
    if wire.is_guid(named):
        found = client.by_ids(PATH, COLLECTION, "IDs", [named], _READ)
    else:
        where = f'Type=="ACCREC" AND InvoiceNumber=={wire.quoted(named)}'
        found = client.pages(PATH, COLLECTION, _READ | {"where": where})
    return tuple(_parsed(element for element in found if wire.text(element, "Type") == "ACCREC"))


def find_by_urls(
    client: XeroClient, urls: Sequence[str], since: datetime | None = None
) -> dict[str, tuple[XeroInvoice, ...]]:
    """By Url, the invoices that carry it, whichever ledger marked them: one sweep of the sales invoices.

    Only of those Xero updated since then; a call per 1000.

    Url is not among the fields Xero filters by.
    """
    wanted = {same_mark(url): url for url in urls}
    found: dict[str, list[XeroInvoice]] = {}
    for element in _sales_invoices(client, since):
        url = wanted.get(same_mark(wire.text(element, "Url")))
        invoice = parse_invoice(element) if url is not None else None
        if url is not None and invoice is not None:
            found.setdefault(url, []).append(invoice)
    return {url: tuple(invoices) for url, invoices in found.items()}


def sweep(
    client: XeroClient,
    link_prefix: str,
    deals: Collection[str] | None,
    *,
    numbers: Collection[str] = (),
    since: datetime | None = None,
) -> Swept:
    """The sales invoices that carry one of these deals (None: any deal of the organisation), or have one of these
    numbers, and the tags of all that carry a deal; only those Xero updated since then. A call per 1000.
    """
    carrying: dict[str, list[XeroInvoice]] = {}
    numbered: dict[str, list[XeroInvoice]] = {}
    tags: dict[str, str] = {}
    for element in _sales_invoices(client, since):
        url, number = wire.text(element, "Url"), wire.text(element, "InvoiceNumber")
        deal = deal_of(url, link_prefix)
        if deal is not None and tag_of(url):
            tags[tag_of(url)] = number
        carries = deal is not None and (deals is None or deal in deals)
        invoice = parse_invoice(element) if carries or number in numbers else None
        if invoice is not None and deal is not None and carries:
            carrying.setdefault(deal, []).append(invoice)
        if invoice is not None and number in numbers:
            numbered.setdefault(number, []).append(invoice)
    return Swept(_frozen(carrying), _frozen(numbered), tags)


def _frozen(found: Mapping[str, list[XeroInvoice]]) -> dict[str, tuple[XeroInvoice, ...]]:
    return {key: tuple(invoices) for key, invoices in found.items()}


def _sales_invoices(client: XeroClient, since: datetime | None) -> Iterator[wire.Element]:
    params: dict[str, str | int] = _READ | {"where": 'Type=="ACCREC"'}
    return client.pages(PATH, COLLECTION, params, modified_since=since)


def _parsed(found: Iterable[wire.Element]) -> list[XeroInvoice]:
    invoices = (parse_invoice(element) for element in found)
    return [invoice for invoice in invoices if invoice is not None]


def create_element(draft: InvoiceDraft, contact_id: str, *, mark_sent: bool = False) -> dict[str, object]:
    """The element of a PUT that creates the invoice. The contact is its id only: any other field would change it."""
    element = _header(draft) | {
        "Type": "ACCREC",
        "Contact": {"ContactID": contact_id},
        "Date": draft.date.isoformat(),
        "DueDate": draft.due_date.isoformat(),
        "Status": draft.status.value,
        "LineItems": [_line_element(line, None) for line in draft.lines],
    }
    if mark_sent:
        element["SentToContact"] = True
    return element | ({"InvoiceNumber": draft.number} if draft.number else {})


def update_element(
    draft: InvoiceDraft,
    current: XeroInvoice,
    contact_id: str,
    *,
    content: bool,
    advance: bool,
    mark_sent: bool = False,
) -> dict[str, object]:
    """The element of a POST that changes exactly this invoice; what stays as it is stays out of it.

    Lines keep their LineItemID, so that they are updated and not remade; one left out is deleted by Xero. A status
    that stays is never sent, and on an invoice with payments nothing but what Xero takes there.
    """
    element: dict[str, object] = {"InvoiceID": current.id}
    if content and (current.amount_paid or current.amount_credited):
        element |= _paid_header(draft)
    elif content:
        element |= _header(draft)
        if contact_id != current.contact_id:
            element["Contact"] = {"ContactID": contact_id}
        if draft.dates_follow_deal:
            element |= {"Date": draft.date.isoformat(), "DueDate": draft.due_date.isoformat()}
        ids = matched_ids(draft.lines, current.lines or ())
        element["LineItems"] = [_line_element(line, line_id) for line, line_id in zip(draft.lines, ids, strict=True)]
    if advance:
        element["Status"] = draft.status.value
    # Xero takes SentToContact for approved invoices only (developer.xero.com/documentation/api/accounting/invoices).
    if mark_sent:
        element["SentToContact"] = True
    return element


def matched_ids(wanted: Sequence[InvoiceLine], there: Sequence[XeroLine]) -> list[str | None]:
    """For each line the LineItemID of the one it takes the place of: the same words first, then the same position.

    None for a line that is new. Each id is given once. What takes off does not take the place of what is sold, whose
    discount it would keep.
    """
    left = {line.id: line for line in there if line.id}
    ids: list[str | None] = [None] * len(wanted)
    for place, line in enumerate(wanted):
        same = (old.id for old in left.values() if old.description.split() == line.description.split())
        ids[place] = next(same, None)
        left.pop(ids[place] or "", None)
    for place in range(min(len(wanted), len(there))):
        if ids[place] is None and there[place].id in left and wanted[place].unit_amount >= 0:
            ids[place] = there[place].id
            del left[there[place].id]
    return ids


def _paid_header(draft: InvoiceDraft) -> dict[str, object]:
    """What Xero changes on an invoice with payments (.../accounting/invoices, updating invoices), lines left alone."""
    header: dict[str, object] = {"Reference": draft.reference}
    header |= {"DueDate": draft.due_date.isoformat()} if draft.dates_follow_deal else {}
    return header | ({"BrandingThemeID": draft.branding_theme} if draft.branding_theme else {})


def status_element(invoice_id: str, status: str) -> dict[str, object]:
    """The element of a POST that only ends an invoice (VOIDED or DELETED); its lines are kept by Xero."""
    return {"InvoiceID": invoice_id, "Status": status}


def _header(draft: InvoiceDraft) -> dict[str, object]:
    header: dict[str, object] = {
        "Reference": draft.reference,
        "Url": draft.url,
        "CurrencyCode": draft.currency,
        "LineAmountTypes": draft.amounts,
    }
    if draft.currency_rate is not None:
        header["CurrencyRate"] = draft.currency_rate
    return header | ({"BrandingThemeID": draft.branding_theme} if draft.branding_theme else {})


def _line_element(line: InvoiceLine, line_id: str | None) -> dict[str, object]:
    element: dict[str, object] = {"LineItemID": line_id} if line_id else {}
    element |= {
        "Description": line.description,
        "Quantity": line.quantity,
        "UnitAmount": line.unit_amount,
        "AccountCode": line.account_code,
        "TaxType": line.tax_type,
    }
    # A line that exists keeps the discount it has, unless it is told of another. One that takes off has none, and a
    # discount of nothing is more than its amount.
    if line.discount or (line_id and line.unit_amount >= 0):
        element["DiscountAmount"] = line.discount
    if line.item_code:
        element["ItemCode"] = line.item_code
    if line.tracking:
        element["Tracking"] = [{"Name": option.category, "Option": option.option} for option in line.tracking]
    return element
