"""What the fields of a deal in Zoho are told of its invoice, and what of it is news there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from zoho_xero_sync.core.fingerprint import fingerprint
from zoho_xero_sync.core.model import Change, InvoiceLink, Problem
from zoho_xero_sync.core.money import money_text, plain_text
from zoho_xero_sync.core.parts import WHOLE
from zoho_xero_sync.core.rules import WriteBackRules
from zoho_xero_sync.core.sighting import Edits, standing_edits, still_due

FieldValue = str | Decimal | None

# A deal that comes back from the recycle bin keeps its Modified_Time (assumed: no page of Zoho's says it), so no poll
# shows it: while its invoice lives it is tried again, as long as the bin keeps what was deleted
# (www.zoho.com/crm/developer/docs/api/v8/get-deleted-records.html).
GONE_IS_TRIED_AFTER = timedelta(days=1)
GONE_IS_KEPT = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class WriteBack:
    """What a deal was last told. `sent` is by API name; `stamp` stands for the invoice as it was then.

    `noted` is the invoice whose note was sent, whatever came of it; `problem` is why Zoho refused, in its words;
    `gone_since` and `gone_at` are Zoho's times at which it had no such deal, at first and at last.
    """

    deal_id: str
    stamp: str
    sent: Mapping[str, str]
    noted: str | None = None
    problem: str | None = None
    gone_since: datetime | None = None
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DueWriteBack:
    """A linked deal whose invoice is not as Zoho was last told. `made_at` is when this program made the invoice."""

    link: InvoiceLink
    edits: Edits | None
    stamp: str
    before: WriteBack | None
    made_at: datetime | None


@dataclass(frozen=True, slots=True)
class Note:
    """A note on a deal."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """What Zoho answered for one record: the time of modification it now bears, or why it was refused.

    `gone` is set for a record that is not there any more, `changed` for one that somebody changed since it was read;
    `answered` is False when the answer was lost.
    """

    modified_at: datetime | None = None
    problem: str | None = None
    gone: bool = False
    changed: bool = False
    answered: bool = True


def rules_stamp(rules: WriteBackRules) -> str:
    """A short text that differs as soon as other fields are to be told."""
    return fingerprint(rules.fields)[:16]


def xero_url(invoice_id: str) -> str:
    """The invoice's page; it opens in the organisation the browser is in."""
    return f"https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID={invoice_id}"


def told_fields(link: InvoiceLink, edits: Edits | None, rules: WriteBackRules) -> dict[str, FieldValue]:
    """By API name, what the fields of the deal are to say; None empties one."""
    total = next((change.after for change in standing_edits(link, edits) if change.field == "Total"), None)
    known: dict[str, FieldValue] = {
        "number": link.number or None,
        "status": str(link.status),
        "total": Decimal(total) if total else link.total,
        "due": still_due(link),
        "link": xero_url(link.invoice_id) if link.invoice_id else None,
        "paid_on": link.paid_on.isoformat() if link.paid_on else None,
    }
    return {name: known[key] for key, name in rules.fields.items()}


def as_told(values: Mapping[str, FieldValue]) -> dict[str, str]:
    """The values as the ledger keeps them."""
    return {name: _text(value) for name, value in values.items()}


def untold(values: Mapping[str, FieldValue], before: WriteBack | None) -> dict[str, FieldValue]:
    """Those of the values that the deal was not told yet."""
    sent = before.sent if before else {}
    return {name: value for name, value in values.items() if _text(value) != sent.get(name, "")}


def told_changes(values: Mapping[str, FieldValue], before: WriteBack | None) -> tuple[Change, ...]:
    """The values that are news to the deal, each with what it was told before."""
    sent = before.sent if before else {}
    return tuple(Change(name, sent.get(name) or None, _text(value)) for name, value in untold(values, before).items())


def note_of(link: InvoiceLink) -> Note:
    """The note for a new invoice."""
    total = f"{money_text(link.total, link.currency)} {link.currency}"
    text = f"Invoice {link.number} ({link.status}) over {total} was made in Xero.\n{xero_url(link.invoice_id)}"
    return Note(f"Xero invoice {link.number}", text)


def wants_note(due: DueWriteBack, since: datetime) -> bool:
    """Whether the deal gets a note for its invoice, where notes are made of what was invoiced `since`."""
    link, noted = due.link, due.before.noted if due.before else None
    # A deal that is back has its note already; one that is billed in two gets another for the remainder.
    has_it = noted is not None and (link.part == WHOLE or noted == link.invoice_id)
    return due.made_at is not None and due.made_at >= since and not has_it and link.live


def refused_problem(row: WriteBack) -> Problem:
    """Why a deal's fields do not say what they should, and what a person can do about it."""
    return Problem(
        "write_back_refused",
        f"deal {row.deal_id}",
        f"Zoho refused to write the invoice back to deal {row.deal_id}: {row.problem}",
        f"Correct the cause, then type: zoho-xero-sync resolve {row.deal_id} --retry (or --skip to leave it as it is)",
    )


def missing_fields_problem(names: Sequence[str]) -> Problem:
    """Why nothing is written back at all."""
    return Problem(
        "write_back_refused",
        "run",
        f"Deals in Zoho have no field that can be written called {' or '.join(names)}, so nothing is written back.",
        "Make it in Zoho, or correct write_back in the configuration; then type: zoho-xero-sync check",
        "write_back",
    )


def changes_line(changes: Sequence[Change]) -> str:
    """The changes on one line."""
    return "; ".join(f"{change.field} {change.before or '(none)'} → {change.after or '(none)'}" for change in changes)


def _text(value: FieldValue) -> str:
    if value is None:
        return ""
    return plain_text(value) if isinstance(value, Decimal) else value
