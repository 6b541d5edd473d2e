"""Invoices made by hand that belong to a deal: its whole invoice, made before this program was, or a second one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date as calendar_date
from datetime import timedelta

from zoho_xero_sync.core.model import Deal, InvoiceLink, Problem, SourceDocument, XeroInvoice
from zoho_xero_sync.core.money import money_text
from zoho_xero_sync.core.reconcile import Case, Certainty, Dossier, Finding, Kind, Pair, Standing, Undecided
from zoho_xero_sync.core.stages import CLOSED

# How far an invoice's date may be from the deal's closing for the two to be probably one.
NEAR = timedelta(days=31)
# A name of fewer characters than this is in too many references to say anything.
_TELLING = 4
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class _Fit:
    case: Case
    invoice: XeroInvoice
    why: str


def unbilled(case: Case) -> bool:
    """Whether the deal could have an invoice that somebody made by hand: it should have one, and none is ours."""
    rule = case.dossier.rule
    return case.standing not in (None, Standing.INVOICED) and rule is not None and rule.invoice != "none"


def propose_pairs(
    cases: Sequence[Case], contacts: Mapping[str, Collection[str]], invoices: Sequence[XeroInvoice]
) -> tuple[tuple[Pair, ...], tuple[Undecided, ...]]:
    """Pairs of a deal and an invoice that fit each other and nobody else; and the deals for which that is not so.

    `contacts` are, by deal id, the Xero contacts that are its customer; `invoices` those that are nobody's yet. A pair
    is certain when contact, total and currency are equal and the reference or number names the deal or its quote;
    probable when the invoice is only dated near the deal's closing.
    """
    open_deals = [case for case in cases if unbilled(case) and not case.dossier.busy]
    by_contact: defaultdict[str, list[XeroInvoice]] = defaultdict(list)
    for invoice in invoices:
        if invoice.status not in CLOSED:
            by_contact[invoice.contact_id].append(invoice)
    alike = [
        (case, invoice)
        for case in open_deals
        for contact in sorted(contacts.get(case.dossier.deal_id, ()))
        for invoice in by_contact[contact]
        if _same_amount(case.dossier, invoice)
    ]
    named = [_Fit(case, invoice, why) for case, invoice in alike if (why := _names(case.dossier, invoice))]
    certain, unsure = _unique(named)
    taken = {fit.invoice.id for fit in named}
    settled = {fit.case.dossier.deal_id for fit in named}
    dated = [
        _Fit(case, invoice, "the same customer and total, dated near the deal's closing")
        for case, invoice in alike
        if invoice.id not in taken and case.dossier.deal_id not in settled and _near(case.dossier, invoice)
    ]
    probable, unclear = _unique(dated)
    pairs = (*(_pair(fit, Certainty.CERTAIN) for fit in certain), *(_pair(fit, Certainty.PROBABLE) for fit in probable))
    return pairs, tuple(_undecided([*unsure, *unclear]))


def _unique(fits: Sequence[_Fit]) -> tuple[list[_Fit], list[_Fit]]:
    """The fits whose deal and invoice have no other, and the rest."""
    deals: defaultdict[str, int] = defaultdict(int)
    invoices: defaultdict[str, int] = defaultdict(int)
    for fit in fits:
        deals[fit.case.dossier.deal_id] += 1
        invoices[fit.invoice.id] += 1
    alone = [fit for fit in fits if deals[fit.case.dossier.deal_id] == invoices[fit.invoice.id] == 1]
    kept = {(fit.case.dossier.deal_id, fit.invoice.id) for fit in alone}
    return alone, [fit for fit in fits if (fit.case.dossier.deal_id, fit.invoice.id) not in kept]


def _pair(fit: _Fit, certainty: Certainty) -> Pair:
    dossier = fit.case.dossier
    snapshot = dossier.row.snapshot if dossier.row is not None else None
    return Pair(certainty, dossier.deal_id, dossier.name, dossier.stage, fit.invoice, fit.why, snapshot)


def _undecided(fits: Sequence[_Fit]) -> Iterator[Undecided]:
    by_deal: defaultdict[str, list[_Fit]] = defaultdict(list)
    for fit in fits:
        by_deal[fit.case.dossier.deal_id].append(fit)
    for deal_id, those in by_deal.items():
        yield Undecided(deal_id, those[0].case.dossier.name, tuple(fit.invoice for fit in those))


def _same_amount(dossier: Dossier, invoice: XeroInvoice) -> bool:
    return dossier.amount is not None and (dossier.amount, dossier.currency) == (invoice.total, invoice.currency)


def _near(dossier: Dossier, invoice: XeroInvoice) -> bool:
    day = _closing(dossier)
    return day is not None and invoice.date is not None and abs(invoice.date - day) <= NEAR


def _closing(dossier: Dossier) -> calendar_date | None:
    """The deal's closing date, else the day it was last modified."""
    content = dossier.row.content if dossier.row is not None else None
    if content is None or isinstance(content, Problem):
        return None
    try:
        return calendar_date.fromisoformat(content.fields.get("Closing_Date", ""))
    except ValueError:
        return content.modified_at.date()


def _names(dossier: Dossier, invoice: XeroInvoice) -> str:
    """Which of the deal's names the invoice's reference or number holds, in words; empty for none."""
    said = _words(f"{invoice.reference} {invoice.number}")
    content = dossier.row.content if dossier.row is not None else None
    names = {"the deal's id": dossier.deal_id, "the deal's name": content.name if isinstance(content, Deal) else ""}
    if isinstance(dossier.document, SourceDocument):
        names[f"the number of the {dossier.document.source}"] = dossier.document.number
    for what, name in names.items():
        if len(name.strip()) >= _TELLING and _within(_words(name), said):
            return f"the same customer and total, and its reference or number names {what}"
    return ""


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _within(part: Sequence[str], whole: Sequence[str]) -> bool:
    size = len(part)
    return bool(part) and any(list(whole[at : at + size]) == list(part) for at in range(len(whole) - size + 1))


# ---- doubles that somebody else made ----


def with_probable_doubles(cases: Sequence[Case], invoices: Sequence[XeroInvoice]) -> list[Case]:
    """The cases, each invoiced one with the invoices by another hand that look like a second one of the same sale.

    These have the same contact, total and currency, and a reference or number that names the deal, its document or our
    invoice, or is alike ours.
    """
    billed: defaultdict[tuple[object, ...], list[tuple[Case, XeroInvoice]]] = defaultdict(list)
    for case in cases:
        if case.invoice is not None and case.standing is not None:
            billed[_bill(case.invoice)].append((case, case.invoice))
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    for other in invoices:
        if other.status in CLOSED or not other.total:
            continue
        alike = [(case, ours) for case, ours in billed[_bill(other)] if _alike(case.dossier, ours, other)]
        if alike:
            # Of sales that repeat every month it is a second one of the nearest.
            case, ours = min(alike, key=lambda pair: _days_apart(pair[1], other))
            found[case.dossier.deal_id].append(_double(case, ours, other))
    return [replace(case, findings=(*case.findings, *found.get(case.dossier.deal_id, ()))) for case in cases]


def _bill(invoice: XeroInvoice) -> tuple[object, ...]:
    return invoice.contact_id, invoice.total, invoice.currency


def _days_apart(one: XeroInvoice, other: XeroInvoice) -> int:
    return abs((one.date - other.date).days) if one.date is not None and other.date is not None else 0


def _alike(dossier: Dossier, ours: XeroInvoice, other: XeroInvoice) -> bool:
    said = _words(f"{other.reference} {other.number}")
    mine, theirs = _words(ours.reference), _words(other.reference)
    same = len("".join(mine)) >= _TELLING and len("".join(theirs)) >= _TELLING
    alike = same and (_within(theirs, mine) or _within(mine, theirs))
    return alike or _within(_words(ours.number), said) or bool(_names(dossier, other))


def _double(case: Case, ours: XeroInvoice, other: XeroInvoice) -> Finding:
    dossier = case.dossier
    total = f"{money_text(other.total, other.currency)} {other.currency}"
    reference = f", reference {other.reference}" if other.reference else ""
    message = (
        f"Invoice {other.number} ({total}, {other.status}{reference}) is probably a second one of what {ours.number} "
        "bills: the same customer and total, and their references are alike. This program did not make it."
    )
    hint = f"Void the wrong one in Xero; to look at the deal's: zoho-xero-sync show {dossier.deal_id}"
    return Finding(Kind.PROBABLE_DOUBLE, dossier.deal_id, dossier.name, dossier.stage, message, hint, (other, ours))


def with_likely_invoices(case: Case, pairs: Sequence[Pair], undecided: Sequence[Undecided]) -> Case:
    """The case; one that is missing an invoice is not to be invoiced while one made by hand seems to be its own."""
    likely = [pair.invoice for pair in pairs if pair.deal_id == case.dossier.deal_id]
    likely += [invoice for item in undecided if item.deal_id == case.dossier.deal_id for invoice in item.invoices]
    if not likely or case.standing is not Standing.MISSING:
        return case
    return replace(case, findings=tuple(_likely(finding, likely) for finding in case.findings))


def _likely(finding: Finding, likely: Sequence[XeroInvoice]) -> Finding:
    if finding.kind is not Kind.MISSING:
        return finding
    listed = " or ".join(invoice.number for invoice in likely)
    adopt = f"zoho-xero-sync resolve {finding.deal_id} --adopt {likely[0].number or likely[0].id}"
    message = f"{finding.message} Invoice {listed}, which carries no mark, seems to be its own."
    hint = f"If it is, type: {adopt}  If not: zoho-xero-sync sync --deal {finding.deal_id}"
    return replace(finding, message=message, hint=hint, repair=None, invoices=tuple(likely))


def unclaimed(
    invoices: Sequence[XeroInvoice], marked: Collection[str], links: Sequence[InvoiceLink]
) -> tuple[XeroInvoice, ...]:
    """The invoices that the ledger does not know and that carry no deal's mark; `marked` are the ids of the others."""
    known = {link.invoice_id for link in links} | set(marked)
    return tuple(invoice for invoice in invoices if invoice.id not in known)
