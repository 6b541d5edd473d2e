"""The proof that an invoice totals what the source document totals, or each part of the difference by its cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from zoho_xero_sync.core.header_lines import rounding_line
from zoho_xero_sync.core.model import Books, Deal, InvoiceLine, LineRole, Problem, SourceDocument
from zoho_xero_sync.core.money import money_text, plain_text
from zoho_xero_sync.core.pricing import expected_total, predicted_totals
from zoho_xero_sync.core.rules import InvoiceRules
from zoho_xero_sync.core.taxes import is_tax_of

_ZERO = Decimal(0)


class Cause(StrEnum):
    """Why an invoice would not total what its document totals."""

    STATED = "the document's own figures do not add up to its Grand_Total"
    DISCOUNT = "the document's own discount is on no line"
    ADJUSTMENT = "the document's adjustment is on no line"
    HEADER_TAX = "the document's own tax is on no line"
    NO_TAX = "the document charges tax, and invoice.amounts is no_tax"
    UNTAXED_ROWS = "rows without a tax in Zoho would bear one in Xero"
    TAX_BY_HAND = "a row's tax is not what its rate gives"
    SPREAD_TAX = "no whole cents of discount make the total, because tax is rounded for each line"
    TAX_ROUNDING = "Zoho and Xero round the tax at different places"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a difference: what the document has and the invoice would not."""

    cause: Cause
    amount: Decimal


def difference_parts(document: SourceDocument, lines: Sequence[InvoiceLine], rules: InvoiceRules) -> tuple[Part, ...]:
    """Where a difference comes from; the parts add up to the document's total less the invoice's, none is zero."""
    sub_total, total_tax, total = predicted_totals(lines, rules.amounts)
    difference = expected_total(document, sub_total, total_tax, rules.amounts) - total
    rows = sum((line.net + line.tax for line in document.lines), _ZERO)
    own = rows - document.discount + document.tax + document.adjustment
    roles = {line.role for line in lines}
    has_discount = LineRole.DISCOUNT in roles or any(line.share for line in lines)
    named = [
        Part(Cause.STATED, _ZERO if document.grand_total is None else document.grand_total - own),
        Part(Cause.DISCOUNT, _ZERO if has_discount else -document.discount),
        Part(Cause.ADJUSTMENT, _ZERO if LineRole.ADJUSTMENT in roles else document.adjustment),
    ]
    rest = difference - sum((part.amount for part in named), _ZERO)
    named.append(Part(_tax_cause(document, lines, rules), rest))
    return tuple(part for part in named if part.amount)


def _tax_cause(document: SourceDocument, lines: Sequence[InvoiceLine], rules: InvoiceRules) -> Cause:
    rows = [(row, line) for row, line in zip(document.lines, lines, strict=False) if line.role is LineRole.ROW]
    if rules.amounts == "no_tax":
        return Cause.NO_TAX
    if document.tax and not document.taxes:
        return Cause.HEADER_TAX
    if any(line.tax_amount and not row.taxes and not document.taxes for row, line in rows):
        return Cause.UNTAXED_ROWS
    if not all(is_tax_of(row, document.currency) for row, _ in rows):
        return Cause.TAX_BY_HAND
    return Cause.SPREAD_TAX if any(line.share for _, line in rows) else Cause.TAX_ROUNDING


def proven(
    deal: Deal,
    document: SourceDocument,
    lines: tuple[InvoiceLine, ...],
    rules: InvoiceRules,
    books: Books,
    currency: str,
) -> tuple[InvoiceLine, ...] | Problem:
    """The lines, with a rounding line where the rules allow one, once their total is the document's total."""
    sub_total, total_tax, total = predicted_totals(lines, rules.amounts)
    expected = expected_total(document, sub_total, total_tax, rules.amounts)
    if expected != total:
        rounding = rounding_line(expected - total, rules, books)
        if rounding is None:
            parts = difference_parts(document, lines, rules)
            return Problem(
                "total_mismatch",
                f"deal {deal.id}",
                f"The invoice would not be exact: {explain_difference(document, total, expected, parts)} {currency}.",
                _mismatch_hint(deal, document, total_tax, parts),
                "Grand_Total" if document.grand_total is not None else "Amount",
            )
        lines = (*lines, rounding)
    if expected < 0:
        return _unbillable(deal, "negative_total", f"The {document.source} totals {money_text(expected, currency)}.")
    if expected == 0:
        return _unbillable(deal, "zero_total", f"The {document.source} totals zero.")
    return lines


def explain_difference(document: SourceDocument, total: Decimal, expected: Decimal, parts: Sequence[Part] = ()) -> str:
    """The arithmetic of a difference as one sentence, with each part's cause and the document's other own figures."""
    said = [f"its lines come to {plain_text(total)} in Xero and the {document.source} says {plain_text(expected)}"]
    named = (
        ("header discount", -document.discount, Cause.DISCOUNT),
        ("header tax", document.tax, Cause.HEADER_TAX),
        ("adjustment", document.adjustment, Cause.ADJUSTMENT),
    )
    causes = {part.cause for part in parts}
    own = [f"{name} {plain_text(value)}" for name, value, cause in named if value and cause not in causes]
    if own:
        said.append(f"the document carries {', '.join(own)}")
    said += [f"{part.cause} ({plain_text(part.amount)})" for part in parts]
    return f"{'; '.join(said)}; the difference is {plain_text(expected - total)}"


def _mismatch_hint(deal: Deal, document: SourceDocument, total_tax: Decimal, parts: Sequence[Part]) -> str:
    causes = {part.cause for part in parts}
    retry = f"then type: zoho-xero-sync resolve {deal.id} --retry"
    if causes == {Cause.ADJUSTMENT}:
        return f"Name its account in invoice.adjustment_account, or correct the document in Zoho; {retry} (or --skip)"
    if causes == {Cause.DISCOUNT}:
        return f"Set invoice.header_discount to spread or line, or correct the document in Zoho; {retry} (or --skip)"
    if causes == {Cause.SPREAD_TAX}:
        return f"Name an account in invoice.rounding, or set invoice.header_discount: line; {retry}"
    if causes & {Cause.NO_TAX, Cause.UNTAXED_ROWS, Cause.TAX_BY_HAND}:
        zoho_tax = sum((line.tax for line in document.lines), _ZERO) + document.tax
        return (
            f"Zoho's rows carry {plain_text(zoho_tax)} of tax and Xero would compute "
            f"{plain_text(total_tax)}: set invoice.tax or invoice.tax_default so that they agree, {retry}"
        )
    if causes == {Cause.TAX_ROUNDING}:
        return f"Name an account for such differences in invoice.rounding; {retry} (or invoice it by hand and --skip)"
    return f"Make the document's rows carry its whole total, or invoice it by hand; {retry} (or --skip)"


def _unbillable(deal: Deal, code: str, message: str) -> Problem:
    return Problem(
        code,
        f"deal {deal.id}",
        f"{message} Only positive totals are invoiced.",
        f"Correct the deal in Zoho, or set it aside: zoho-xero-sync resolve {deal.id} --skip",
        "Amount",
    )
