"""Golden cases: a deal and its document go in, and the invoice that comes out is compared with the one written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from zoho_xero_sync.core.model import Books, Change, ContactDraft, InvoiceDraft, InvoiceLine, Problem, Tax
from zoho_xero_sync.core.money import plain_text
from zoho_xero_sync.core.rules import LineSource, Rules

# A value of a golden file: text, a list or a mapping of them, or nothing.
Value = str | list["Value"] | dict[str, "Value"] | None
Record = Mapping[str, Value]

LINES = "LineItems"
# Xero's names of what a case may say of an invoice and of its lines; figures are compared as numbers.
INVOICE_FIELDS = (
    *("Contact", "Reference", "InvoiceNumber", "Status", "Date", "DueDate", "CurrencyCode", "CurrencyRate"),
    *("LineAmountTypes", "SubTotal", "TotalTax", "Total"),
)
LINE_FIELDS = (
    *("Description", "Quantity", "UnitAmount", "DiscountAmount", "LineAmount", "TaxAmount"),
    *("TaxType", "AccountCode", "ItemCode", "Tracking"),
)
FIGURES = frozenset(
    {"CurrencyRate", "SubTotal", "TotalTax", "Total"}
    | {"Quantity", "UnitAmount", "DiscountAmount", "LineAmount", "TaxAmount"}
)


@dataclass(frozen=True, slots=True)
class GoldenProblem:
    """The problem a case expects: its code, and words that its message contains."""

    code: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """One case as written. `documents` are by source; `expected` is the invoice by field, flat, or the problem."""

    name: str
    line: int
    rules: Rules
    deal: Record
    documents: Mapping[LineSource, tuple[Record, ...]]
    expected: Mapping[str, str] | GoldenProblem


@dataclass(frozen=True, slots=True)
class GoldenSetting:
    """What the cases of a file are worked out in; None where it comes from the live organisations."""

    books: Books | None = None
    home_currency: str | None = None
    taxes: tuple[Tax, ...] | None = None
    today: date | None = None


@dataclass(frozen=True, slots=True)
class GoldenFile:
    """A file of cases; `name` is the file as the person gave it."""

    name: str
    setting: GoldenSetting
    cases: tuple[GoldenCase, ...]


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """How one case came out: `differences` hold what the file says (before) and what is so (after)."""

    file: str
    line: int
    name: str
    differences: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class GoldenView:
    """What `check --golden` found, and what it cost."""

    results: tuple[GoldenResult, ...]
    calls: Mapping[str, int] = field(default_factory=lambda: {"zoho": 0, "xero": 0})

    @property
    def exit_code(self) -> int:
        """0 when every case came out as written, else 3: a person has to look."""
        return 3 if any(result.differences for result in self.results) else 0


def compared(
    expected: Mapping[str, str] | GoldenProblem, found: tuple[ContactDraft, InvoiceDraft] | Problem
) -> tuple[Change, ...]:
    """Where what came out is not what the case says; nothing when it is."""
    if isinstance(expected, GoldenProblem):
        return tuple(_problem_differences(expected, found))
    if isinstance(found, Problem):
        return (Change("problem", None, f"{found.code}: {found.message}"),)
    values = invoice_values(*found)
    return tuple(
        Change(name, text, values.get(name)) for name, text in expected.items() if not _same(name, text, values)
    )


def _problem_differences(
    expected: GoldenProblem, found: tuple[ContactDraft, InvoiceDraft] | Problem
) -> Iterator[Change]:
    if not isinstance(found, Problem):
        yield Change("problem", expected.code, None)
        yield Change("Total", None, plain_text(found[1].total))
    elif found.code != expected.code:
        yield Change("problem", expected.code, f"{found.code}: {found.message}")
    elif expected.says not in found.message:
        yield Change("problem.says", expected.says, found.message)


def invoice_values(contact: ContactDraft, draft: InvoiceDraft) -> dict[str, str]:
    """The invoice as text by field, lines counted from one: `Total`, `LineItems`, `LineItems[1].TaxType`."""
    values = {
        "Contact": contact.name,
        "Reference": draft.reference,
        "InvoiceNumber": draft.number or "",
        "Status": str(draft.status),
        "Date": draft.date.isoformat(),
        "DueDate": draft.due_date.isoformat(),
        "CurrencyCode": draft.currency,
        "CurrencyRate": "" if draft.currency_rate is None else plain_text(draft.currency_rate),
        "LineAmountTypes": draft.amounts,
        "SubTotal": plain_text(draft.sub_total),
        "TotalTax": plain_text(draft.total_tax),
        "Total": plain_text(draft.total),
        LINES: str(len(draft.lines)),
    }
    for number, line in enumerate(draft.lines, start=1):
        values |= {f"{LINES}[{number}].{name}": text for name, text in _line_values(line).items()}
    return values


def _line_values(line: InvoiceLine) -> dict[str, str]:
    return {
        "Description": line.description,
        "Quantity": plain_text(line.quantity),
        "UnitAmount": plain_text(line.unit_amount),
        "DiscountAmount": plain_text(line.discount),
        "LineAmount": plain_text(line.line_amount),
        "TaxAmount": plain_text(line.tax_amount),
        "TaxType": line.tax_type,
        "AccountCode": line.account_code,
        "ItemCode": line.item_code or "",
        "Tracking": "; ".join(f"{option.category}: {option.option}" for option in line.tracking),
    }


def _same(name: str, text: str, values: Mapping[str, str]) -> bool:
    found = values.get(name)
    if found is None or name.rpartition(".")[2] not in FIGURES:
        return found == text
    try:
        return Decimal(text or "0") == Decimal(found or "0")
    except InvalidOperation:
        return False
