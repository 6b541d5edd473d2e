"""The Xero half of the sandbox as an object: the service's whole state, and what people do in its web pages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from zoho_xero_sync.sandbox.clock import VirtualClock

from . import wire
from .books import SWITCHES, Books
from .contact_rules import by_name, by_number
from .errors import ApiError, RefusedError
from .idempotency import KeyMemory
from .invoice_rules import by_id_or_number, holder_of, update_invoice
from .limits import Limits
from .model import TERMINAL, Contact, Invoice
from .organisation import read_settings
from .posted import Posted
from .store import stable_id
from .tokens import DEFAULT_SCOPES, GRANTS, Client, Tokens
from .views import Shape, contact_view, invoice_view
from .world import as_posted, fill, paid, section

_WHOLE = Shape(details=False, unit_places=4)
_DEFAULT_CLIENT = {"id": "SANDBOXXERO", "secret": "sandbox-xero-secret"}


class WriteSeen(NamedTuple):
    """A PUT, POST or DELETE that arrived at the API; `status` is None until it is answered."""

    method: str
    path: str
    key: str | None
    body_sha256: str
    status: int | None


@dataclass(frozen=True, slots=True)
class Connection:
    """The consent that ties the app to the organisation."""

    connection_id: str
    created: datetime
    updated: datetime


class XeroState:
    """One organisation, one app. Every method takes the lock; the app holds it while it handles a request.

    `switches` are the disputed rules with their defaults (see `books.SWITCHES`); change them at any time. `writes`
    lists the writes that arrived, in order of their answers; `on_write` hooks run before a write is processed."""

    def __init__(self, books: Books, tokens: Tokens, limits: Limits, tenant_id: str) -> None:
        self.lock = threading.RLock()
        self.books = books
        self.tokens = tokens
        self.limits = limits
        self.tenant_id = tenant_id
        self.keys = KeyMemory(books.clock, books.switches)
        self.switches = books.switches
        self.writes: list[WriteSeen] = []
        self.on_write: list[Callable[[WriteSeen], None]] = []
        now = books.now()
        self.connection: Connection | None = Connection(stable_id("connection", tenant_id), now, now)

    @classmethod
    def from_world(cls, d: Mapping[str, object], clock: VirtualClock) -> XeroState:
        """The state a world describes (the whole world or its xero section). Raises ValueError naming what is wrong."""
        world = section(d)
        switches = _switches(world)
        settings = read_settings(world)
        books = Books(settings, clock, switches)
        tenant_id = str(settings.organisation["OrganisationID"]).lower()
        tokens = Tokens(clock, _client(world), stable_id("consent", tenant_id))
        if world.get("refresh_token"):
            tokens.adopt_refresh_token(str(world["refresh_token"]))
        given = world.get("limits")
        limits = {str(name): int(str(value)) for name, value in given.items()} if isinstance(given, dict) else {}
        if not set(limits) <= {"minute", "concurrent", "day"}:
            raise ValueError("xero.limits: knows minute, concurrent and day only.")
        fill(books, world)
        return cls(books, tokens, Limits(clock, switches, **limits), tenant_id)

    def snapshot(self) -> dict[str, object]:
        """Everything a person may see, as plain JSON with decimals as strings; no secret and no token."""
        with self.lock:
            view = {
                "organisation": dict(self.books.settings.organisation),
                "tenant_id": self.tenant_id,
                "connected": self.connection is not None,
                "contacts": self.contacts(),
                "invoices": self.invoices(),
                "limits": {
                    "minute": self.limits.minute,
                    "concurrent": self.limits.concurrent,
                    "day": self.limits.day,
                    "remaining": self.limits.remaining(),
                },
                "rate_limited": dict(self.limits.refused),
                "writes": len(self.writes),
                "switches": dict(self.switches),
            }
            plain = wire.plain(view)
            return plain if isinstance(plain, dict) else {}

    def invoices(self) -> list[dict[str, object]]:
        """Every invoice with its lines (unit prices to 4 decimals), oldest first; money as Decimal."""
        with self.lock:
            return [invoice_view(self.books, invoice, _WHOLE) for invoice in self.books.invoices.all()]

    def contacts(self) -> list[dict[str, object]]:
        """Every contact, archived ones too, oldest first."""
        with self.lock:
            return [contact_view(contact) for contact in self.books.contacts.all()]

    def invoice(self, id_or_number: str) -> dict[str, object]:
        """One invoice. Raises KeyError."""
        with self.lock:
            return invoice_view(self.books, self._invoice(id_or_number), _WHOLE)

    def contact(self, id_or_number_or_name: str) -> dict[str, object]:
        """One contact. Raises KeyError."""
        with self.lock:
            return contact_view(self._contact(id_or_number_or_name))

    def edit_invoice(self, id_or_number: str, fields: Mapping[str, object]) -> dict[str, object]:
        """A person edits an invoice, fields as in the API. Raises KeyError, or ValueError with Xero's sentences."""
        with self.lock:
            current = self._invoice(id_or_number)
            posted = Posted({name: as_posted(value) for name, value in fields.items()}, "Invoice")
            point = self.books.savepoint()
            try:
                changed, _ = update_invoice(self.books, posted, current, 4)
            except RefusedError as refused:
                self.books.rollback(point)
                raise ValueError(" ".join(refused.messages)) from refused
            except ApiError as error:
                self.books.rollback(point)
                raise ValueError(error.answer.body.decode()) from error
            self.books.commit()
            return invoice_view(self.books, changed, _WHOLE)

    def approve(self, id_or_number: str) -> dict[str, object]:
        """A person approves a draft. Raises as `edit_invoice`."""
        return self.edit_invoice(id_or_number, {"Status": "AUTHORISED"})

    def void(self, id_or_number: str) -> dict[str, object]:
        """A person voids an approved, unpaid invoice. Raises as `edit_invoice`."""
        return self.edit_invoice(id_or_number, {"Status": "VOIDED"})

    def delete(self, id_or_number: str) -> dict[str, object]:
        """A person deletes a draft or a submitted invoice. Raises as `edit_invoice`."""
        return self.edit_invoice(id_or_number, {"Status": "DELETED"})

    def pay(self, id_or_number: str, amount: Decimal | str, day: date | None = None) -> dict[str, object]:
        """The customer pays `amount` (of the invoice's currency). Raises KeyError or ValueError."""
        with self.lock:
            found = paid(self.books, self._invoice(id_or_number), Decimal(amount), day or self.books.today())
            return self._keep(found)

    def unpay(self, id_or_number: str) -> dict[str, object]:
        """A person removes every payment: the invoice is AUTHORISED again. Raises KeyError."""
        with self.lock:
            current = self._invoice(id_or_number)
            status = "AUTHORISED" if current.status == "PAID" else current.status
            return self._keep(replace(current, payments=(), status=status, paid_on=None))

    def rename(self, id_or_number: str, number: str) -> dict[str, object]:
        """A person gives an invoice another number. Raises KeyError, or ValueError when it is taken."""
        with self.lock:
            current = self._invoice(id_or_number)
            holder = holder_of(self.books, number)
            if current.status in TERMINAL or (holder and holder.invoice_id != current.invoice_id):
                raise ValueError(f"Invoice {current.number} cannot be renumbered to {number}.")
            return self._keep(replace(current, number=number))

    def archive_contact(self, id_or_number_or_name: str) -> dict[str, object]:
        """A person archives a contact; its name becomes free, its ContactNumber does not. Raises KeyError."""
        return self._set_contact_status(id_or_number_or_name, "ARCHIVED")

    def restore_contact(self, id_or_number_or_name: str) -> dict[str, object]:
        """A person restores an archived contact. Raises KeyError, or ValueError when its name is taken meanwhile."""
        with self.lock:
            contact = self._contact(id_or_number_or_name)
            other = by_name(self.books, contact.name)
            if other and other.contact_id != contact.contact_id:
                raise ValueError(f"The contact name {contact.name} is already assigned to another contact.")
            return self._set_contact_status(contact.contact_id, "ACTIVE")

    def merge_contacts(self, loser: str, winner: str) -> None:
        """A person merges two contacts: the loser is archived and points at the winner, who gets its invoices.

        Merging does not move UpdatedDateUTC. Raises KeyError."""
        with self.lock:
            lost, kept = self._contact(loser), self._contact(winner)
            for invoice in self.books.invoices.find("contact", lost.contact_id):
                self.books.invoices.put(replace(invoice, contact_id=kept.contact_id))
            self.books.contacts.put(replace(lost, status="ARCHIVED", merged_to=kept.contact_id))
            self.books.commit()

    def set_lock_date(self, period: date | str | None = None, end_of_year: date | str | None = None) -> None:
        """A person sets both lock dates; None removes one."""
        with self.lock:
            self.books.settings = self.books.settings.locked_until(_day(period), _day(end_of_year))

    def use_calls(self, count: int) -> None:
        """Spend `count` calls of the day's allowance."""
        self.limits.use_calls(count)

    def forget_keys(self) -> None:
        """Lose every idempotency key early."""
        with self.lock:
            self.keys.forget()

    def disconnect(self) -> None:
        """A person removes the app from the organisation: API calls answer 403 from now on."""
        with self.lock:
            self.connection = None

    def reconnect(self) -> None:
        """A person consents again."""
        with self.lock:
            created = self.connection.created if self.connection else self.books.now()
            self.connection = Connection(stable_id("connection", self.tenant_id), created, self.books.now())

    def _keep(self, invoice: Invoice) -> dict[str, object]:
        changed = replace(invoice, updated=self.books.now())
        self.books.invoices.put(changed)
        self.books.commit()
        return invoice_view(self.books, changed, _WHOLE)

    def _set_contact_status(self, key: str, status: str) -> dict[str, object]:
        with self.lock:
            changed = replace(self._contact(key), status=status, updated=self.books.now())
            self.books.contacts.put(changed)
            self.books.commit()
            return contact_view(changed)

    def _invoice(self, key: str) -> Invoice:
        found = by_id_or_number(self.books, key)
        if found is None:
            raise KeyError(f"There is no invoice {key} in Xero.")
        return found

    def _contact(self, key: str) -> Contact:
        found = self.books.contacts.get(key.lower()) or by_number(self.books, key) or by_name(self.books, key)
        found = found or next((row for row in self.books.contacts.all() if row.name == key), None)
        if found is None:
            raise KeyError(f"There is no contact {key} in Xero.")
        return found


def _switches(world: Mapping[str, object]) -> dict[str, object]:
    given = world.get("switches") or {}
    if not isinstance(given, dict) or not set(given) <= set(SWITCHES):
        raise ValueError(f"xero.switches: knows {', '.join(SWITCHES)} only.")
    return {**SWITCHES, **given}


def _client(world: Mapping[str, object]) -> Client:
    given = world.get("client") or {}
    if not isinstance(given, dict):
        raise ValueError("xero.client: must be a mapping.")
    connection = str(world.get("connection", "custom"))
    if connection not in GRANTS:
        raise ValueError(f"xero.connection: '{connection}' is not one of {', '.join(GRANTS)}.")
    fields = {**_DEFAULT_CLIENT, **given}
    scopes = frozenset(str(scope) for scope in fields.get("scopes", DEFAULT_SCOPES))
    return Client(str(fields["id"]), str(fields["secret"]), connection, scopes)


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
