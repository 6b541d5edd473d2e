"""How an invoice comes about: each figure of the document, the rule that carries it over, and what it is in Xero."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import zip_longest

from zoho_xero_sync.core.invoices import AMOUNTS
from zoho_xero_sync.core.model import InvoiceDraft, InvoiceLine, LineRole, SourceDocument, SourceLine
from zoho_xero_sync.core.money import money_text, plain_text
from zoho_xero_sync.core.pricing import expected_total, predicted_totals
from zoho_xero_sync.core.rules import InvoiceRules
from zoho_xero_sync.core.taxes import tax_key

_ZERO = Decimal(0)
_SETTINGS = {name: setting for setting, name in AMOUNTS.items()}


@dataclass(frozen=True, slots=True)
class Times:
    """A quantity at a price."""

    quantity: Decimal
    price: Decimal


# Money as a number, anything else as text; None where that side has no such field.
Figure = Decimal | Times | str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One figure from Zoho's field, by a rule (a key below `invoice` of the configuration), to Xero's field."""

    zoho_field: str
    zoho: Figure
    rule: str
    xero_field: str
    xero: Figure


@dataclass(frozen=True, slots=True)
class DerivedLine:
    """A row and the line that it becomes; `zoho` and `xero` are what each comes to with its tax."""

    name: str
    steps: tuple[Step, ...]
    zoho: Decimal | None
    xero: Decimal | None


@dataclass(frozen=True, slots=True)
class Derivation:
    """The whole deal. The lines' `zoho` add up to `expected`, their `xero` to `predicted`.

    `expected` is the document's total, `predicted` what Xero will compute for all of it. Where the invoice is for a
    part of the deal, `part` are the steps from that to `billed`, its own total; without any, `billed` is `predicted`.
    `returned` is what Xero answered.
    """

    lines: tuple[DerivedLine, ...]
    totals: tuple[Step, ...]
    expected: Decimal | None
    predicted: Decimal | None
    returned: Decimal | None
    part: tuple[Step, ...] = ()
    billed: Decimal | None = None


def derive(
    document: SourceDocument, draft: InvoiceDraft | None, rules: InvoiceRules, returned: Decimal | None
) -> Derivation:
    """How the draft comes about from the document; without a draft, the document's side alone."""
    billed = draft.total if draft else None
    part = tuple(_part_steps(draft)) if draft else ()
    draft = _in_full(draft)
    lines = draft.lines if draft else ()
    pairs = list(zip_longest(document.lines, lines))
    return Derivation(
        lines=tuple(_line(row, line, document, draft, rules) for row, line in pairs),
        totals=tuple(_totals(document, draft)),
        expected=document_total(document, draft),
        predicted=draft.total if draft else None,
        returned=returned,
        part=part,
        billed=billed,
    )


def _in_full(draft: InvoiceDraft | None) -> InvoiceDraft | None:
    """The draft of the whole deal that this one bills a part of."""
    if draft is None or draft.part is None:
        return draft
    whole = draft.part.whole
    sub_total, total_tax, total = predicted_totals(whole, _SETTINGS[draft.amounts])
    return replace(draft, lines=whole, sub_total=sub_total, total_tax=total_tax, total=total, part=None)


def _part_steps(draft: InvoiceDraft) -> Iterator[Step]:
    part = draft.part
    if part is None:
        return
    for number in part.less:
        yield Step("", None, f"less invoice {number}", "", -part.billed)
    yield Step("", None, f"share: {part.said}", "Total of this invoice", draft.total)


def document_total(document: SourceDocument, draft: InvoiceDraft | None) -> Decimal | None:
    """What Zoho says the invoice must total: the document's Grand_Total, else what a deal's Amount comes to."""
    draft = _in_full(draft)
    if draft is None:
        return document.grand_total
    return expected_total(document, draft.sub_total, draft.total_tax, _SETTINGS[draft.amounts])


def _line(
    row: SourceLine | None,
    line: InvoiceLine | None,
    document: SourceDocument,
    draft: InvoiceDraft | None,
    rules: InvoiceRules,
) -> DerivedLine:
    amounts = draft.amounts if draft else ""
    with_tax = _with_tax(line, amounts) if line else None
    if row is None:
        shared = any(_has_part(made, document) for made in draft.lines) if draft else False
        return _own_line(line, document, rules, with_tax, shared=shared)
    plain = row.net + row.tax
    currency = draft.currency if draft else document.currency or ""
    steps = [*_row_steps(row, line, rules, currency), *_tax_steps(row, line, document, rules)]
    part = _ZERO
    if line and with_tax is not None and _has_part(line, document):
        part = with_tax - plain
    if part and line:
        how = f"header_discount: {rules.header_discount}" if line.share else ""
        steps.append(Step(_part_name(line, document), part, how, "", None))
    steps += _places(row, line, rules) if line else ()
    code = f" ({row.product_code})" if row.product_code else ""
    name = f"{row.product_name.strip() or row.description.strip() or '(no name)'}{code}"
    return DerivedLine(name, tuple(steps), plain + part, with_tax)


def _has_part(line: InvoiceLine, document: SourceDocument) -> bool:
    """Whether the line bears a part of the document's own figures, or a tax that its row does not have."""
    return bool(line.share or document.taxes) or document.grand_total is None


def _part_name(line: InvoiceLine, document: SourceDocument) -> str:
    named = [name for name, own in (("Discount", line.share), ("Tax", document.taxes)) if own]
    return f"Share of the {' and '.join(named)}" if named else "Tax by the rules"


def _with_tax(line: InvoiceLine, amounts: str) -> Decimal:
    return line.line_amount + (line.tax_amount if amounts == AMOUNTS["exclusive"] else _ZERO)


def _row_steps(row: SourceLine, line: InvoiceLine | None, rules: InvoiceRules, currency: str) -> Iterator[Step]:
    asked = Times(row.quantity, row.price)
    made = Times(line.quantity, line.unit_amount) if line else None
    how = ""
    if line and made != asked:
        how = f"amounts: {rules.amounts}" if line.quantity == row.quantity else "one unit, so that it is exact"
    yield Step("Quantity × List_Price", asked, how, "Quantity × UnitAmount" if line else "", made)
    if row.discount or (line and line.discount):
        shared = line is not None and line.discount and line.share
        how = f"{money_text(line.share, currency)} of the Discount" if line and shared else ""
        less = -line.discount if line and line.discount else None
        yield Step("Discount", -row.discount if row.discount else None, how, "DiscountAmount" if less else "", less)
    yield Step("Total_After_Discount", row.net, "", "LineAmount" if line else "", line.line_amount if line else None)


def _tax_steps(
    row: SourceLine, line: InvoiceLine | None, document: SourceDocument, rules: InvoiceRules
) -> Iterator[Step]:
    taxes = (*(row.taxes or ()), *document.taxes)
    rates = " + ".join(f"{tax.name} {plain_text(tax.percent)}%" for tax in taxes)
    if line is None:
        yield Step(f"Tax, {rates or 'none'}", row.tax, "", "", None)
        return
    if taxes:
        how = f"tax: {tax_key(taxes)} → {line.tax_type}"
    else:
        how = f"{'tax_default' if rules.tax_default else 'the account'}: {line.tax_type}"
    yield Step(f"Tax, {rates or 'none'}", row.tax, how, "TaxAmount", line.tax_amount)


def _places(row: SourceLine, line: InvoiceLine, rules: InvoiceRules) -> Iterator[Step]:
    """Where the line goes: its account, and its item and tracking where it has them."""
    chosen = (
        ("Product_Code", row.product_code),
        (rules.account_field or "", row.account_key),
        ("Product_Category", row.category),
    )
    field, key = next(((name, key) for name, key in chosen if rules.accounts.get(key)), ("", ""))
    yield Step(field, key or None, f"accounts: {key}" if key else "account", "AccountCode", line.account_code)
    if line.item_code:
        yield Step("Product_Code", row.product_code, f"items: {rules.items}", "ItemCode", line.item_code)
    for option in line.tracking:
        yield Step("", None, "tracking", "Tracking", f"{option.category}: {option.option}")


def _own_line(
    line: InvoiceLine | None,
    document: SourceDocument,
    rules: InvoiceRules,
    with_tax: Decimal | None,
    *,
    shared: bool,
) -> DerivedLine:
    """A line that no row becomes: the document's own discount or adjustment, or a rounding difference."""
    if line is None:
        raise ValueError("a derived line needs a row or an invoice line")
    named = {
        LineRole.DISCOUNT: ("Discount", -document.discount, f"header_discount: {rules.header_discount}"),
        LineRole.ADJUSTMENT: ("Adjustment", document.adjustment, "adjustment_account"),
    }
    field, given, how = named.get(line.role, ("", None, "rounding"))
    steps = [Step(field, given, how, "LineAmount", line.line_amount)]
    if line.tax_amount:
        own = -(abs(with_tax or _ZERO) - document.discount)
        steps.append(Step("Tax that it lessens", own, "", "TaxAmount", line.tax_amount))
    steps.append(Step("", None, how if given is None else "", "AccountCode", line.account_code))
    # What Xero rounds elsewhere is a part of the document only where its figures were shared out over the lines.
    sold = None if line.role is LineRole.ROUNDING and not shared else with_tax
    return DerivedLine(line.description, tuple(steps), sold, with_tax)


def _totals(document: SourceDocument, draft: InvoiceDraft | None) -> Iterator[Step]:
    rows = sum((row.net + row.tax for row in document.lines), _ZERO)
    zoho: list[tuple[str, Figure]] = [
        ("Sub_Total (with tax)", rows),
        ("Discount", -document.discount or None),
        ("Tax", document.tax or None),
        ("Adjustment", document.adjustment or None),
    ]
    zoho = [(name, value) for name, value in zoho if value is not None]
    xero: list[tuple[str, Figure]] = [("SubTotal", draft.sub_total), ("TotalTax", draft.total_tax)] if draft else []
    for left, right in zip_longest(zoho, xero, fillvalue=("", None)):
        yield Step(left[0], left[1], "", right[0], right[1])
