"""Filling the books from a world: contacts and invoices that are there before the story begins.

World entries are written like API elements and pass the same rules, so a world cannot hold what Xero would refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

from .books import Books
from .contact_rules import by_name, create_contact
from .errors import ApiError, RefusedError
from .invoice_rules import create_invoice
from .invoice_status import AT_BIRTH
from .payment_rules import receive
from .posted import Posted
from .store import stable_id

_UNIT_PLACES = 4


def section(world: Mapping[str, object]) -> Mapping[str, object]:
    """The xero part of a whole world, or the mapping itself when it is that part already; plain JSON values."""
    whole = any(name in world for name in ("xero", "zoho", "clock"))
    part = as_posted((world.get("xero") or {}) if whole else world)
    if not isinstance(part, dict):
        raise ValueError("xero: must be a mapping.")
    return part


def fill(books: Books, world: Mapping[str, object]) -> None:
    """Create the world's contacts and invoices. Raises ValueError naming the entry that Xero would refuse."""
    settings = books.settings
    books.settings = settings.locked_until(None, None)
    for index, raw in enumerate(_entries(world, "contacts")):
        _guarded(f"xero.contacts[{index}]", partial(_contact, books, raw))
    for index, raw in enumerate(_entries(world, "invoices")):
        _guarded(f"xero.invoices[{index}]", partial(_invoice, books, raw))
    books.settings = settings
    books.commit()


def as_posted(value: object) -> object:
    """Values of YAML or of a caller as parsed JSON has them: floats as decimals of the same digits, dates as text."""
    if isinstance(value, Mapping):
        return {str(name): as_posted(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_posted(item) for item in value]
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value


def _contact(books: Books, raw: Mapping[str, object]) -> None:
    fields = {"ContactID": stable_id("world contact", raw.get("Name")), **raw}
    contact = create_contact(books, Posted(fields, "Contact"))
    updated = _moment(raw.get("UpdatedDateUTC"))
    if updated:
        books.contacts.put(replace(contact, updated=updated))


def _invoice(books: Books, raw: Mapping[str, object]) -> None:
    named = raw.get("Contact")
    contact = by_name(books, named) if isinstance(named, str) else None
    if isinstance(named, str) and contact is None:
        raise ValueError(f"Contact '{named}' is not among the world's active contacts.")
    wanted = str(raw.get("Status", "DRAFT"))
    status = wanted if wanted in AT_BIRTH else ("DRAFT" if wanted == "DELETED" else "AUTHORISED")
    fields = {"Type": "ACCREC", **raw, "Status": status}
    if contact:
        fields["Contact"] = {"ContactID": contact.contact_id}
    invoice, _ = create_invoice(books, Posted(fields, "Invoice"), _UNIT_PLACES, by_app=bool(raw.get("ByApp", False)))
    if wanted == "PAID" and invoice.status != "PAID":
        invoice, _ = receive(books, invoice, invoice.amount_due, invoice.day)
    elif wanted in ("VOIDED", "DELETED"):
        invoice = replace(invoice, status=wanted)
    elif raw.get("AmountPaid"):
        invoice, _ = receive(books, invoice, Decimal(str(raw["AmountPaid"])), invoice.day)
    books.invoices.put(replace(invoice, updated=_moment(raw.get("UpdatedDateUTC")) or invoice.updated))


def _guarded(where: str, make: Callable[[], None]) -> None:
    try:
        make()
    except RefusedError as refused:
        raise ValueError(f"{where}: {' '.join(refused.messages)}") from refused
    except ApiError as error:
        raise ValueError(f"{where}: {error.answer.body.decode()}") from error
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _entries(world: Mapping[str, object], name: str) -> Iterable[Mapping[str, object]]:
    given = world.get(name) or []
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise ValueError(f"xero.{name}: must be a list of mappings.")
    return given


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(str(value))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
