"""Drafts as flat, readable fields in Xero's own names: what differs, what was sent, what is shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from zoho_xero_sync.core.customers import contact_name
from zoho_xero_sync.core.fingerprint import canonical_json
from zoho_xero_sync.core.marks import plain_url
from zoho_xero_sync.core.model import Change, ContactDraft, InvoiceDraft, InvoiceLink, LineRole, XeroInvoice
from zoho_xero_sync.core.money import money_text, plain_text

PERSONS = "ContactPersons"
# Remembered beside what was sent, to name the document a changed invoice was made from; no change by itself.
DOCUMENT = "Document"
# Remembered of a share, to tell it from an invoice of the whole deal; no change by itself.
SHARE = "Share"

# What Xero gives back of an invoice as it was sent: of its header, and of each line.
_SHOWN = frozenset(
    {"Reference", "CurrencyCode", "Date", "DueDate", "Total"}
    | {"Description", "Quantity", "UnitAmount", "AccountCode", "TaxType"}
)


def contact_fields(draft: ContactDraft) -> dict[str, str]:
    """Every field of the contact that is not empty, by its Xero name."""
    fields = {
        "Name": draft.name,
        "ContactNumber": draft.number,
        "FirstName": draft.first_name,
        "LastName": draft.last_name,
        "EmailAddress": draft.email,
    }
    for kind, address in draft.addresses.items():
        parts = (address.street, address.city, address.state, address.code, address.country)
        fields[f"Addresses[{kind}]"] = ", ".join(" ".join(part.split()) for part in parts if part.strip())
    for kind, phone in draft.phones.items():
        fields[f"Phones[{kind}]"] = phone
    fields |= draft.extra
    for position, person in enumerate(draft.persons or (), start=1):
        email = f" <{person.email}>" if person.email else ""
        fields[f"{PERSONS}[{position}]"] = f"{contact_name(person.full_name)}{email}"
    return {name: value for name, value in fields.items() if value}


def invoice_fields(draft: InvoiceDraft) -> dict[str, str]:
    """Every business field of the invoice by its Xero name.

    Status is not among them (it is the stage's matter), nor are dates counted from today (they are not the deal's).
    """
    fields = {
        "Contact": f"{draft.customer.module}:{draft.customer.id}",
        "InvoiceNumber": draft.number or "",
        "Reference": draft.reference,
        "Url": plain_url(draft.url),
        "CurrencyCode": draft.currency,
        "LineAmountTypes": draft.amounts,
        "CurrencyRate": "" if draft.currency_rate is None else plain_text(draft.currency_rate),
        "BrandingThemeID": draft.branding_theme or "",
    }
    if draft.dates_follow_deal:
        fields |= {"Date": draft.date.isoformat(), "DueDate": draft.due_date.isoformat()}
    for position, line in enumerate(draft.lines, start=1):
        at = f"LineItems[{position}]"
        fields |= {
            # What is taken off is worded as the share's invoice is, and its words are no change of the deal.
            f"{at}.Description": "" if line.role is LineRole.BILLED else line.description,
            f"{at}.Quantity": plain_text(line.quantity),
            f"{at}.UnitAmount": plain_text(line.unit_amount),
            f"{at}.DiscountAmount": plain_text(line.discount) if line.discount else "",
            f"{at}.AccountCode": line.account_code,
            f"{at}.TaxType": line.tax_type,
            f"{at}.ItemCode": line.item_code or "",
            f"{at}.Tracking": "; ".join(f"{option.category}: {option.option}" for option in line.tracking),
        }
    fields["Total"] = money_text(draft.total, draft.currency)
    return {name: value for name, value in fields.items() if value}


def drift(sent: str, current: XeroInvoice) -> tuple[Change, ...]:
    """What a person changed in Xero since: the fields that were sent, then and as Xero has them now.

    Only fields that Xero gives back as they were sent are compared, and text without regard to spacing.
    """
    before: dict[str, str] = json.loads(sent)
    now = _current_fields(current)
    compared = [name for name in before if is_shown(name) and (name in now or name.startswith("LineItems"))]
    changed = [
        Change(name, before[name], now.get(name))
        for name in compared
        if _spaced(before[name]) != _spaced(now.get(name, ""))
    ]
    added = [Change(name, None, value) for name, value in now.items() if name not in before and value]
    return (*changed, *(change for change in added if change.field.endswith(".UnitAmount")))


def is_shown(field: str) -> bool:
    """Whether `drift` compares the field: of the others, nothing is known of how they are in Xero."""
    name = field.rpartition(".")[2] if field.startswith("LineItems") else field
    return name in _SHOWN


def shows(changes: Iterable[Change]) -> bool:
    """Whether it can be seen in Xero that any of these was made: the invoice's contact, or a field that is shown."""
    return any(change.field == "Contact" or is_shown(change.field) for change in changes)


def noted_time(sent: str | None, current: XeroInvoice) -> datetime | None:
    """When Xero last changed the invoice, as long as it is what was sent; None where a person's hand is in it.

    With that time noted, Xero's version counts as the one that was sent. Another total of the same lines is Xero's.
    """
    edited = sent is not None and any(change.field != "Total" for change in drift(sent, current))
    return None if edited else current.updated_at


def _current_fields(current: XeroInvoice) -> dict[str, str]:
    fields = {"Reference": current.reference, "CurrencyCode": current.currency}
    dates = {"Date": current.date, "DueDate": current.due_date}
    fields |= {name: value.isoformat() for name, value in dates.items() if value is not None}
    for position, line in enumerate(current.lines or (), start=1):
        at = f"LineItems[{position}]"
        fields |= {
            f"{at}.Description": line.description,
            f"{at}.Quantity": plain_text(line.quantity),
            f"{at}.UnitAmount": plain_text(line.unit_amount),
            f"{at}.AccountCode": line.account_code,
            f"{at}.TaxType": line.tax_type,
        }
    return fields | {"Total": money_text(current.total, current.currency)}


def _spaced(text: str) -> str:
    return " ".join(text.split())


def as_sent(fields: Mapping[str, str]) -> str:
    """The one text of these fields, kept in the ledger to tell a change from a touch."""
    return canonical_json(fields)


def sent_invoice(draft: InvoiceDraft) -> str:
    """What the ledger remembers of an invoice as it is sent: its business fields, its document, and its share."""
    document = {DOCUMENT: draft.document} if draft.document else {}
    share = {SHARE: draft.part.said} if draft.part is not None else {}
    return as_sent(invoice_fields(draft) | document | share)


def is_share(link: InvoiceLink) -> bool:
    """Whether the invoice was made to bill a part of its deal."""
    return bool(link.sent) and SHARE in json.loads(link.sent or "{}")


def differences(sent: str | None, fields: Mapping[str, str]) -> tuple[Change, ...]:
    """Field by field what differs from what was sent before, in the fields' own order; all of them when nothing was."""
    before: dict[str, str] = json.loads(sent) if sent else {}
    before.pop(DOCUMENT, None)
    before.pop(SHARE, None)
    changed = [Change(name, before.get(name), value) for name, value in fields.items() if before.get(name) != value]
    gone = [Change(name, value, None) for name, value in before.items() if name not in fields]
    return (*changed, *gone)
