"""Staging in memory over a ledger that stays untouched: what a dry run plans from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from zoho_xero_sync.core.model import (
    CustomerKey,
    CustomerLink,
    DealRecord,
    DealState,
    EmailNote,
    InvoiceLink,
    SeenRecord,
    Write,
)
from zoho_xero_sync.core.parts import newest
from zoho_xero_sync.core.sighting import Edits
from zoho_xero_sync.core.write_back import DueWriteBack, WriteBack
from zoho_xero_sync.engine.ports import LedgerView


class Overlay:
    """A ledger view with staged deals laid over it; nothing reaches the ledger below, which may be missing."""

    def __init__(self, below: LedgerView | None) -> None:
        self._below = below
        self._staged: dict[str, DealRecord] = {}
        self._invoices: dict[str, dict[str, InvoiceLink]] = {}
        self._edits: dict[str, Edits] = {}
        self._deletions: dict[str, datetime] = {}

    def lay(self, deals: Sequence[DealRecord]) -> None:
        """Stage these deals in memory."""
        self._staged |= {deal.deal_id: deal for deal in deals}

    def lay_invoices(self, links: Sequence[InvoiceLink], edits: Sequence[Edits] = ()) -> None:
        """Take these invoices and edits for the stored ones; a live invoice that is not stored is its part's."""
        for link in links:
            self._invoices.setdefault(link.deal_id, {})[link.invoice_id] = link
        self._edits |= {seen.invoice_id: seen for seen in edits}

    def lay_deletions(self, deletions: Mapping[str, datetime]) -> None:
        """Take these deals for deleted."""
        self._deletions |= deletions

    def covered_stages(self) -> frozenset[tuple[str, str]]:
        """The stages whose history the ledger below has noted."""
        return self._below.covered_stages() if self._below else frozenset()

    def checkpoint(self) -> datetime | None:
        """Where the ledger below would start its next poll."""
        return self._below.checkpoint() if self._below else None

    def find_deals(self, ids: Collection[str]) -> dict[str, DealRecord]:
        """The records of these deals, a staged one before the stored one."""
        found = self._below.find_deals(ids) if self._below else {}
        return found | {deal_id: self._staged[deal_id] for deal_id in ids if deal_id in self._staged}

    def pending_deals(self) -> list[DealRecord]:
        """Pending deals, staged ones included."""
        return self._in_state(self._below.pending_deals() if self._below else [], DealState.PENDING)

    def waiting_deals(self) -> list[DealRecord]:
        """Held and rejected deals, staged ones included."""
        below = self._below.waiting_deals() if self._below else []
        return self._in_state(below, DealState.HELD, DealState.REJECTED)

    def customers_only(self) -> list[DealRecord]:
        """Deals settled with their customer only, staged ones included."""
        below = self._below.customers_only() if self._below else []
        return [record for record in self._in_state(below, DealState.SEEN) if record.customer_only]

    def count_modified_since(self, instant: datetime) -> int:
        """How many deals the ledger below knows from this instant on."""
        return self._below.count_modified_since(instant) if self._below else 0

    def find_customer_links(self, keys: Collection[CustomerKey]) -> dict[CustomerKey, CustomerLink]:
        """The stored links of these customers."""
        return self._below.find_customer_links(keys) if self._below else {}

    def find_contact_links(self, contact_ids: Collection[str]) -> dict[str, CustomerKey]:
        """As the ledger below."""
        return self._below.find_contact_links(contact_ids) if self._below else {}

    def find_invoice_links(self, deal_ids: Collection[str]) -> dict[str, InvoiceLink]:
        """The links of these deals, a laid one before the stored one: a live one first, else the last one it had."""
        stored = self._below.find_invoice_links(deal_ids) if self._below else {}
        laid = self._invoices.keys() & set(deal_ids)
        last = self.last_linked(laid)
        chosen = {
            deal_id: newest(link for link in links if link.live) or _named(last.get(deal_id), links) or newest(links)
            for deal_id, links in (self.find_parts(laid) if laid else {}).items()
        }
        return stored | {deal_id: link for deal_id, link in chosen.items() if link is not None}

    def last_linked(self, deal_ids: Collection[str]) -> dict[str, str]:
        """As the ledger below."""
        return self._below.last_linked(deal_ids) if self._below else {}

    def find_parts(self, deal_ids: Collection[str]) -> dict[str, tuple[InvoiceLink, ...]]:
        """The links of each part of these deals, a laid one before the stored one."""
        found = self._below.find_parts(deal_ids) if self._below else {}
        parts = {deal_id: self._laid_over(deal_id, found.get(deal_id, ())) for deal_id in deal_ids}
        return {deal_id: links for deal_id, links in parts.items() if links}

    def invoice_numbers(self, deal_ids: Collection[str]) -> dict[str, frozenset[str]]:
        """As the ledger below."""
        return self._below.invoice_numbers(deal_ids) if self._below else {}

    def has_live_work(self) -> bool:
        """As the ledger below."""
        return self._below.has_live_work() if self._below else False

    def live_deals_of(self, *, accounts: Collection[str] = (), persons: Collection[str] = ()) -> list[DealRecord]:
        """As the ledger below."""
        return self._below.live_deals_of(accounts=accounts, persons=persons) if self._below else []

    def find_seen(self, module: str, ids: Collection[str]) -> dict[str, SeenRecord]:
        """As the ledger below."""
        return self._below.find_seen(module, ids) if self._below else {}

    def live_invoices(self) -> list[InvoiceLink]:
        """As the ledger below."""
        return self._below.live_invoices() if self._below else []

    def ended_among(self, invoice_ids: Collection[str]) -> frozenset[str]:
        """As the ledger below."""
        return self._below.ended_among(invoice_ids) if self._below else frozenset()

    def ended_invoices(self, deal_ids: Collection[str]) -> dict[str, tuple[InvoiceLink, ...]]:
        """As the ledger below."""
        return self._below.ended_invoices(deal_ids) if self._below else {}

    def find_deletions(self, deal_ids: Collection[str]) -> dict[str, datetime]:
        """When these deals were last seen to be deleted, what was just read before what is stored."""
        found = self._below.find_deletions(deal_ids) if self._below else {}
        return found | {deal_id: at for deal_id, at in self._deletions.items() if deal_id in deal_ids}

    def held_before(self, deal_ids: Collection[str]) -> frozenset[str]:
        """As the ledger below."""
        return self._below.held_before(deal_ids) if self._below else frozenset()

    def open_emails(self) -> list[EmailNote]:
        """As the ledger below."""
        return self._below.open_emails() if self._below else []

    def find_edits(self, invoice_ids: Collection[str]) -> dict[str, Edits]:
        """The edits of these invoices, laid ones before the stored ones."""
        found = self._below.find_edits(invoice_ids) if self._below else {}
        return found | {invoice_id: self._edits[invoice_id] for invoice_id in invoice_ids if invoice_id in self._edits}

    def due_write_backs(self, rules: str, limit: int, at: datetime) -> list[DueWriteBack]:
        """The deals that are due below, and those whose invoice is another one, or otherwise, by what was laid.

        A deal that was gone is due only where it is due below, or was read again. When a laid invoice was made is not
        known here.
        """
        below = self._below.due_write_backs(rules, limit, at) if self._below else []
        due = {item.link.deal_id: item for item in below}
        before = self.find_write_backs(self._invoices.keys() | self._staged.keys())
        back = {deal_id for deal_id, row in before.items() if row.gone_at is not None and self._is_read(deal_id)}
        links = self.find_invoice_links(self._invoices.keys() | back)
        edits = self.find_edits([link.invoice_id for link in links.values()])
        was = self._below.find_invoice_links(links) if self._below else {}
        edited = self._below.find_edits([link.invoice_id for link in was.values()]) if self._below else {}
        for deal_id, link in links.items():
            row, old, seen = before.get(deal_id), was.get(deal_id), edits.get(link.invoice_id)
            if deal_id in due:
                due[deal_id] = replace(due[deal_id], link=link, edits=seen)
            elif deal_id in back:
                due[deal_id] = DueWriteBack(link, seen, "", row, None)
            elif row is not None and row.gone_at is not None:
                continue
            elif old is None or _shown(link, seen) != _shown(old, edited.get(old.invoice_id)):
                due[deal_id] = DueWriteBack(link, seen, "", row, None)
        return list(due.values())[:limit]

    def find_write_backs(self, deal_ids: Collection[str]) -> dict[str, WriteBack]:
        """As the ledger below."""
        return self._below.find_write_backs(deal_ids) if self._below else {}

    def refused_write_backs(self) -> list[WriteBack]:
        """As the ledger below."""
        return self._below.refused_write_backs() if self._below else []

    def unsettled_writes(self) -> list[Write]:
        """Writes whose answer the ledger below still lacks."""
        return self._below.unsettled_writes() if self._below else []

    def fact(self, name: str) -> tuple[str, datetime] | None:
        """What the ledger below noted under this name, and when."""
        return self._below.fact(name) if self._below else None

    def _is_read(self, deal_id: str) -> bool:
        """Whether Zoho showed the deal when it was read just now."""
        record = self._staged.get(deal_id)
        return record is not None and record.snapshot is not None

    def _laid_over(self, deal_id: str, stored: Sequence[InvoiceLink]) -> tuple[InvoiceLink, ...]:
        laid = self._invoices.get(deal_id, {})
        parts = {link.part: laid.get(link.invoice_id, link) for link in stored}
        known = {link.invoice_id for link in stored}
        for invoice_id, link in laid.items():
            if invoice_id not in known and (link.live or link.part not in parts):
                parts[link.part] = link
        return tuple(parts[part] for part in sorted(parts))

    def _in_state(self, below: list[DealRecord], *states: DealState) -> list[DealRecord]:
        kept = [deal for deal in below if deal.deal_id not in self._staged]
        return kept + [deal for deal in self._staged.values() if deal.state in states]


def _named(invoice_id: str | None, links: Sequence[InvoiceLink]) -> InvoiceLink | None:
    """The one of the links that is this invoice's."""
    return next((link for link in links if link.invoice_id == invoice_id), None)


def _shown(link: InvoiceLink, edits: Edits | None) -> tuple[object, ...]:
    """All of an invoice that may be told, as the stamps of the ledger have it."""
    return link.invoice_id, link.number, link.status, link.total, link.due, link.paid_on, edits
