"""What came of the runs around a kill, as a person would call it; what is there twice, and what is missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal

from world_tools import Desk, Record


def outcome(desk: Desk) -> Record:
    """What a person would call the result: what each deal was billed, and each contact, without ids and numbers.

    The invoices of a deal that have one status are taken together: a deal may have been billed in two or whole.
    """
    deals = {deal["id"]: deal["Deal_Name"] for deal in desk.box.zoho.records("Deals")}
    names = {str(contact["ContactID"]): str(contact["Name"]) for contact in desk.contacts()}
    billed: defaultdict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for invoice in desk.invoices(closed=True):
        deal = deals.get(str(invoice.get("Url", "")).partition("#")[0].rpartition("/")[2], "?")
        customer = names[str(invoice["Contact"]["ContactID"])]
        billed[deal, str(invoice["Status"]), customer, str(invoice["Reference"])] += invoice["Total"]
    invoices = sorted([*row, str(total)] for row, total in billed.items())
    contacts = sorted(
        [str(contact["Name"]), str(contact.get("ContactNumber")), _phone(contact), _street(contact)]
        for contact in desk.contacts()
    )
    references = {str(invoice["InvoiceID"]): str(invoice["Reference"]) for invoice in desk.invoices(closed=True)}
    emailed = sorted({references[invoice_id] for invoice_id, _ in desk.box.xero.emails()})
    items = sorted(desk.box.xero.books.settings.items)
    fields = sorted(_told(deal) for deal in desk.box.zoho.records("Deals"))
    return {"invoices": invoices, "contacts": contacts, "emails": emailed, "items": items, "told": fields}


def _told(deal: Record) -> list[str]:
    return [str(deal["Deal_Name"]), *(str(deal[name]) for name in sorted(deal) if name.startswith("Xero_"))]


def _phone(contact: Record) -> str:
    return " ".join(sorted(str(phone.get("PhoneNumber") or "") for phone in contact.get("Phones") or ())).strip()


def _street(contact: Record) -> str:
    lines = (str(address.get("AddressLine1") or "") for address in contact.get("Addresses") or ())
    return " ".join(sorted(lines)).strip()


def _mark(invoice: Record) -> str:
    """The deal's page, and the part of it that is billed."""
    page, _, rest = str(invoice.get("Url")).partition("#")
    return f"{page}, remainder" if rest.endswith("-2") else page


def doubles(desk: Desk) -> list[str]:
    """Deals with two invoices of one part, or two notes, customers with two contacts, and invoices e-mailed twice.

    Closed invoices count too, but for those that the program ended itself because their deal left.
    """
    ended = desk.rows("SELECT remote_id FROM operation WHERE kind = 'void_invoice' AND state = 'applied'")
    left = {row["remote_id"] for row in ended}
    standing = [invoice for invoice in desk.invoices(closed=True) if invoice["InvoiceID"] not in left]
    carried = Counter(_mark(invoice) for invoice in standing)
    people = Counter(str(contact["Name"]).casefold() for contact in desk.contacts())
    people |= Counter(str(contact["ContactNumber"]) for contact in desk.contacts() if contact.get("ContactNumber"))
    deals = [str(deal["id"]) for deal in desk.box.zoho.records("Deals")]
    noted = Counter({f"note on {deal}": len(desk.box.zoho.notes("Deals", deal)) for deal in deals})
    emailed = Counter(f"e-mail of {invoice_id}" for invoice_id, _ in desk.box.xero.emails())
    return [name for name, count in (*carried.items(), *people.items(), *emailed.items(), *noted.items()) if count > 1]


def lost(desk: Desk, wanted: Record) -> list[str]:
    """What there is when nothing is killed and is not here: invoices, contacts and e-mails."""
    found = outcome(desk)
    missing = [row for row in wanted["invoices"] if row not in found["invoices"]]
    other = [row for row in wanted["contacts"] if row not in found["contacts"]]
    near = [row for row in found["contacts"] if row not in wanted["contacts"]]
    missing += [f"item {code}" for code in wanted["items"] if code not in found["items"]]
    missing += [f"written back: {row}" for row in wanted["told"] if row not in found["told"]]
    missing += [f"e-mail of {name}" for name in wanted["emails"] if name not in found["emails"]]
    return [str(row) for row in missing] + ([f"contacts {other}, but there are {near}"] if other else [])
