"""The invoice's dates: today or a field of the deal, when it is due, and what a lock date makes of them."""

from __future__ import annotations

import calendar
import json
from dataclasses import dataclass
from datetime import date, timedelta

from zoho_xero_sync.core.model import Deal, Problem
from zoho_xero_sync.core.rules import Due, DueDays, DueEndOfNextMonth, DueField, InvoiceRules


@dataclass(frozen=True, slots=True)
class Dates:
    """An invoice's date and due date; `follow_deal` when a later change in the deal is a change of the invoice."""

    issued: date
    due: date
    follow_deal: bool


def invoice_dates(
    deal: Deal, rules: InvoiceRules, today: date, locked_until: date | None, sent: Dates | None, *, made: bool
) -> Dates | Problem:
    """The dates, outside of what Xero has locked, or the problem.

    `made` says that the invoice exists: then its dates stay in a locked period as they were `sent`, since nobody can
    change them there.
    """
    dates = _wanted(deal, rules, today)
    if isinstance(dates, Problem) or locked_until is None or dates.issued > locked_until:
        return dates
    if made:
        return sent or dates
    if rules.locked_date == "hold":
        return _locked(deal, dates.issued, locked_until)
    opened = locked_until + timedelta(days=1)
    due = dates.due if isinstance(rules.due, DueField) else _due(deal, rules.due, opened)
    if isinstance(due, Problem):
        return due
    return Dates(opened, max(due, opened), dates.follow_deal)


def dates_sent(sent: str | None) -> Dates | None:
    """The dates an invoice was last sent with, from the ledger's text of it; None where they were not the deal's."""
    fields: dict[str, str] = json.loads(sent) if sent else {}
    if "Date" not in fields or "DueDate" not in fields:
        return None
    return Dates(date.fromisoformat(fields["Date"]), date.fromisoformat(fields["DueDate"]), True)


def _wanted(deal: Deal, rules: InvoiceRules, today: date) -> Dates | Problem:
    invoice_date = today if rules.date_field is None else _date_field(deal, rules.date_field)
    if isinstance(invoice_date, Problem):
        return invoice_date
    due_date = _due(deal, rules.due, invoice_date)
    if isinstance(due_date, Problem):
        return due_date
    return Dates(invoice_date, due_date, rules.date_field is not None)


def _locked(deal: Deal, day: date, locked_until: date) -> Problem:
    return Problem(
        "date_locked",
        f"deal {deal.id}",
        f"The invoice would be dated {day.isoformat()}, and the books are locked up to {locked_until.isoformat()}.",
        "Give it a later date in Zoho, set invoice.locked_date: first_open_day, or move the lock date in Xero; "
        f"then type: zoho-xero-sync resolve {deal.id} --retry",
        "invoice.date",
    )


def _due(deal: Deal, due: Due, invoice_date: date) -> date | Problem:
    if isinstance(due, DueDays):
        return invoice_date + timedelta(days=due.days)
    if isinstance(due, DueEndOfNextMonth):
        year, month = divmod(invoice_date.year * 12 + invoice_date.month, 12)
        return date(year, month + 1, calendar.monthrange(year, month + 1)[1])
    return _date_field(deal, due.api_name)


def _date_field(deal: Deal, api_name: str) -> date | Problem:
    text = deal.fields.get(api_name, "")
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        found = None
    # Zoho writes dates in one form only; fromisoformat knows more.
    if found is not None and found.isoformat() == text[:10]:
        return found
    return Problem(
        "date_missing",
        f"deal {deal.id}",
        f"The deal's field {api_name}, which gives the invoice a date, is {'empty' if not text else repr(text)}.",
        f"Fill in {api_name} in Zoho, then type: zoho-xero-sync resolve {deal.id} --retry",
        api_name,
    )
