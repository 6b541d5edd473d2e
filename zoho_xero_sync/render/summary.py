"""A report in a few sentences and sums, the same words on a terminal and in a mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal

from zoho_xero_sync.core.control_totals import ControlTotal, control_totals
from zoho_xero_sync.core.report import DealResult, Report
from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.findings import run_problems
from zoho_xero_sync.render.wording import figure, when

# What changes something in Xero or the ledger, with what it is called once done and while it is only planned.
_DOINGS = (
    ("invoices_created", "invoice", "created", "to create"),
    ("invoices_updated", "invoice", "updated", "to update"),
    ("invoices_voided", "invoice", "voided", "to void"),
    ("adopted", "invoice", "adopted", "to adopt"),
    ("contacts_created", "contact", "created", "to create"),
    ("contacts_updated", "contact", "updated", "to update"),
)
_REMAINS = (("held", "held"), ("rejected", "rejected"), ("uncertain", "unknown"), ("pending", "pending"))
_TOTALLED = {"create": "New", "adopt": "Adopted", "update": "Updated", "void": "Voided"}
_TITLES = {"apply": "Sync", "dry_run": "Dry run", "baseline": "Baseline"}


@dataclass(frozen=True, slots=True)
class Total:
    """How many invoices of one currency were (or would be) new, adopted, updated or voided, and their sum."""

    label: str
    invoices: int
    currency: str
    amount: Decimal


def totals(deals: Iterable[DealResult]) -> tuple[Total, ...]:
    """One total per kind and currency, kinds in the order of life, currencies by name."""
    sums: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for deal in deals:
        if deal.invoice and deal.action in _TOTALLED:
            key = (deal.action, deal.invoice.currency)
            number, amount = sums.get(key, (0, Decimal(0)))
            sums[key] = (number + 1, amount + deal.invoice.total)
    order = list(_TOTALLED)
    keys = sorted(sums, key=lambda key: (order.index(key[0]), key[1]))
    return tuple(Total(_TOTALLED[action], *_flat(sums[action, currency], currency)) for action, currency in keys)


def _flat(summed: tuple[int, Decimal], currency: str) -> tuple[int, str, Decimal]:
    number, amount = summed
    return number, currency, amount


def control_lines(deals: Iterable[DealResult]) -> tuple[str, ...]:
    """`Sold AUD 3,000.00 (2 deals) = 2,000.00 invoiced + 1,000.00 held`, one for each currency of the run's deals."""
    return tuple(_control_line(total) for total in control_totals(deals))


def _control_line(total: ControlTotal) -> str:
    named = ("invoiced", "held", "pending", "uncertain")
    sums = [(name, getattr(total, name)) for name in named]
    parts = [f"{figure(part.amount, total.currency)} {name}" for name, part in sums if part.deals]
    parts += [f"{figure(total.difference, total.currency)} difference"] if total.difference else []
    sold = f"{clean(total.currency)} {figure(total.sold.amount, total.currency)}"
    return f"Sold {sold} ({counted(total.sold.deals, 'deal')}) = {' + '.join(parts)}"


def has_doings(report: Report) -> bool:
    """True when something was (or would be) written."""
    return any(report.counts.get(name) for name, *_ in _DOINGS)


def title(report: Report) -> str:
    """`Dry run` and what it does not do, or `Sync`."""
    name = _TITLES.get(report.mode, report.mode)
    return f"{name}: nothing is written" if report.mode == "dry_run" else name


def window_text(report: Report) -> str:
    """Which changes of deals were looked at; empty when the run did not read by time."""
    start, end = report.window
    if start is None:
        return ""
    if end is None:
        return f"deals changed since {when(start)}"
    day = f"{start.astimezone(UTC):%Y-%m-%d} "
    return f"deals changed {when(start).removesuffix(' UTC')} – {when(end).removeprefix(day)}"


def baseline_text(report: Report) -> str:
    """What was (or would be) recorded as history; empty when nothing was."""
    if report.baseline is None:
        return ""
    planned = report.mode == "dry_run"
    is_are = "is" if report.baseline == 1 else "are"
    if not report.baseline:
        history = "No deal is in an invoiced stage yet, so there is no history to leave alone."
    else:
        they = "it" if report.baseline == 1 else "they"
        fate = "would be recorded as history and left alone" if planned else f"{is_are} history and {is_are} left alone"
        history = f"{counted(report.baseline, 'deal')} {is_are} already in an invoiced stage: {they} {fate}."
    if report.mode != "baseline" and not planned:
        return history
    then = "After that" if planned else "From now on"
    return f"{history} {then} a deal is invoiced when it enters one."


def summary(report: Report) -> str:
    """The run in one line: what was done, what remains, and what it cost."""
    calls = f"{report.api_calls.get('zoho', 0):,} Zoho and {report.api_calls.get('xero', 0):,} Xero calls"
    done = ", ".join(deeds(report.counts, planned=report.mode == "dry_run"))
    return f"{done or _idle(report)}; {calls}."


def ending(report: Report) -> str:
    """What a dry run says last; empty for other runs."""
    if report.mode != "dry_run":
        return ""
    return f"Nothing was written.{' The same command without --dry-run does this.' if has_doings(report) else ''}"


def _idle(report: Report) -> str:
    if run_problems(report):
        return "Nothing was done"
    if report.mode == "baseline":
        return "Nothing was sent"
    return "Nothing to do"


def deeds(counts: Mapping[str, int], *, planned: bool) -> list[str]:
    """`14 invoices created`, `2 updated`, `3 contacts created`, `1 held`: the noun where it is new."""
    told: list[str] = []
    last = ""
    for name, noun, done, to_do in _DOINGS:
        number = counts.get(name, 0)
        if number:
            told.append(f"{counted(number, noun) if noun != last else f'{number:,}'} {to_do if planned else done}")
            last = noun
    return [*told, *(f"{number:,} {word}" for name, word in _REMAINS if (number := counts.get(name, 0)))]
