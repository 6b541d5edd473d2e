"""What `reconcile` found, for a spreadsheet: every deal of the period, and every invoice that is not a deal's one."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from zoho_xero_sync.core.model import XeroInvoice
from zoho_xero_sync.core.money import money_text
from zoho_xero_sync.core.reconcile import Case, Finding, Kind, Reconciliation
from zoho_xero_sync.render.clean import clean

COLUMNS = (
    "standing", "findings", "deal_id", "deal_name", "stage", "reason", "zoho_currency", "zoho_total", "invoice",
    "invoice_status", "invoice_reference", "xero_currency", "xero_total", "ours", "differences", "messages", "commands",
)  # fmt: skip
# What Excel, LibreOffice and Google Sheets take for a formula at the start of a cell (OWASP, CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def reconcile_csv(found: Reconciliation) -> str:
    """Rows with a header, comma-separated, lines ended by CRLF (RFC 4180).

    Each deal has one row, with its invoice, and each further invoice one of its own: over the rows whose `ours` is
    yes, `xero_total` adds up to Xero's side of the control totals; over all rows, `zoho_total` to Zoho's.
    """
    text = _Text()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for case in found.cases:
        writer.writerows([_safe(cell) for cell in row] for row in _rows(case))
    return "".join(text.parts)


class _Text:
    """What the writer of the standard library writes to."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def write(self, part: str, /) -> int:
        """Keep one more part; its length."""
        self.parts.append(part)
        return len(part)


def _rows(case: Case) -> Iterator[tuple[str, ...]]:
    dossier = case.dossier
    amount = "" if dossier.amount is None or case.standing is None else money_text(dossier.amount, dossier.currency)
    about = [finding for finding in case.findings if finding.kind is not Kind.PROBABLE_DOUBLE]
    yield (*_named(case, about), dossier.currency, amount, *_invoice(case.invoice, ours=True), *_said(about))
    doubled = [finding for finding in about if finding.kind is Kind.DOUBLED]
    for extra in case.extras:
        yield (*_named(case, doubled), "", "", *_invoice(extra, ours=True), "", "", "")
    for finding in case.findings:
        if finding.kind is Kind.PROBABLE_DOUBLE:
            yield (*_named(case, [finding]), "", "", *_invoice(finding.invoices[0], ours=False), *_said([finding]))


def _named(case: Case, findings: list[Finding]) -> tuple[str, ...]:
    dossier = case.dossier
    kinds = " ".join(finding.kind.value for finding in findings)
    standing = case.standing.value if case.standing else ""
    return standing, kinds, dossier.deal_id, dossier.name, dossier.stage, case.reason


def _invoice(invoice: XeroInvoice | None, *, ours: bool) -> tuple[str, ...]:
    if invoice is None:
        return ("", "", "", "", "", "")
    total = money_text(invoice.total, invoice.currency)
    return invoice.number, invoice.status, invoice.reference, invoice.currency, total, "yes" if ours else "no"


def _said(findings: list[Finding]) -> tuple[str, str, str]:
    differences = "; ".join(
        f"{item.field}: Zoho {item.zoho or '(none)'}, ledger {item.ledger or '(none)'}, Xero {item.xero or '(none)'}"
        for finding in findings
        for item in finding.differences
    )
    messages = " ".join(finding.message for finding in findings)
    return differences, messages, " ".join(finding.hint for finding in findings)


def _safe(cell: str) -> str:
    """The cell on one line, and with an apostrophe before what a spreadsheet would run; amounts stay numbers."""
    text = clean(cell)
    if not text.startswith(_FORMULA) or _is_amount(text):
        return text
    return f"'{text}"


def _is_amount(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()
