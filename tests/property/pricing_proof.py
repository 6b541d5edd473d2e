"""One generated document through the pricing rules, and everything that must hold of what comes out."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from fractions import Fraction

from generated_documents import Case
from reference_pricing import SentLine, xero_totals

from zoho_xero_sync.core.invoices import AMOUNTS, draft_invoice
from zoho_xero_sync.core.lines import draft_lines
from zoho_xero_sync.core.model import (
    CustomerKey,
    InvoiceDraft,
    InvoiceLine,
    InvoiceStatus,
    LineRole,
    Problem,
    XeroInvoice,
    XeroLine,
)
from zoho_xero_sync.core.pricing import expected_total, predicted_totals
from zoho_xero_sync.core.proof import Cause, difference_parts
from zoho_xero_sync.sandbox.xero import arithmetic

_CUSTOMER = CustomerKey("Accounts", "1")
_SETTINGS = {name: setting for setting, name in AMOUNTS.items()}


def price(case: Case) -> InvoiceDraft | Problem:
    """What the program makes of the case."""
    return draft_invoice(case.deal, _CUSTOMER, case.document, InvoiceStatus.DRAFT, case.setting)


def judge(case: Case, found: InvoiceDraft | Problem) -> str:
    """The outcome by name, once it is proven; AssertionError for a difference nobody is told of."""
    if isinstance(found, InvoiceDraft):
        return _proven(case, found)
    assert found.message.endswith(".") and found.hint, found
    if found.code == "total_mismatch":
        return _named(case, found)
    _agrees_with_what_was_spoilt(case, found)
    return f"held: {found.code}"


def _proven(case: Case, draft: InvoiceDraft) -> str:
    document, rates = case.document, case.setting.books.tax_rates
    amounts = _SETTINGS[draft.amounts]
    sent = [
        SentLine(
            Fraction(line.quantity),
            Fraction(line.unit_amount),
            Fraction(line.discount),
            Fraction(rates[line.tax_type].rate),
        )
        for line in draft.lines
    ]
    reference = xero_totals(sent, amounts)
    assert document.grand_total is not None
    assert Fraction(draft.total) == reference.total == Fraction(document.grand_total), (case, draft)
    assert Fraction(draft.total_tax) == reference.total_tax, (case, draft)
    assert Fraction(draft.sub_total) == reference.sub_total, (case, draft)
    _agrees_with_the_sandbox(case, draft)
    assert case.spoilt != "wrong_rate" or not _taxes_a_row(case), (case, draft)
    for row, line in zip(document.lines, draft.lines, strict=False):
        _keeps_its_row(row.net, row.tax, line, amounts, header_tax=document.tax)
    assert not list(floats_in(draft))
    roles = [line.role for line in draft.lines[len(document.lines) :]]
    return "exact, with a rounding line" if LineRole.ROUNDING in roles else "exact"


def judge_in_two(case: Case, whole: InvoiceDraft, percent: Decimal) -> str:
    """The outcome by name of billing the case in two, once both parts are proven to come to the whole.

    A share too small to be an invoice leaves all to the remainder; one that comes to the whole or more, by the cents
    its taxes are rounded by, leaves nothing.
    """
    share = price(replace(case, setting=replace(case.setting, share=percent)))
    if isinstance(share, Problem):
        assert share.code in ("zero_total", "negative_total"), (case, share)
        return "no share"
    billed = _in_xero(share)
    setting = replace(case.setting, part=2, share="remainder", billed=billed)
    rest = price(replace(case, setting=setting))
    if billed.total >= whole.total:
        assert isinstance(rest, Problem) or not rest.lines, (case, rest)
        return "nothing left"
    assert isinstance(rest, InvoiceDraft), (case, rest)
    both = (share.sub_total + rest.sub_total, share.total_tax + rest.total_tax, share.total + rest.total)
    assert both == (whole.sub_total, whole.total_tax, whole.total), (case, share, rest)
    _agrees_with_the_sandbox(case, share)
    _agrees_with_the_sandbox(case, rest)
    assert not list(floats_in(share)) and not list(floats_in(rest))
    return "in two"


def _in_xero(draft: InvoiceDraft) -> XeroInvoice:
    """The invoice that Xero makes of the draft."""
    lines = tuple(
        XeroLine(
            "",
            line.description,
            line.quantity,
            line.unit_amount,
            line.line_amount,
            line.tax_amount,
            line.account_code,
            line.tax_type,
        )
        for line in draft.lines
    )
    return XeroInvoice(
        id="1",
        number="INV-0001",
        status="AUTHORISED",
        contact_id="1",
        reference=draft.reference,
        url=draft.url,
        currency=draft.currency,
        date=draft.date,
        due_date=draft.due_date,
        sub_total=draft.sub_total,
        total_tax=draft.total_tax,
        total=draft.total,
        amount_paid=Decimal(0),
        amount_credited=Decimal(0),
        updated_at=None,
        lines=lines,
    )


def _taxes_a_row(case: Case) -> bool:
    if case.setting.rules.invoice.amounts == "no_tax":
        return False
    return any(line.taxes for line in case.document.lines) or bool(case.document.taxes)


def _agrees_with_the_sandbox(case: Case, draft: InvoiceDraft) -> None:
    """The sandbox computes each line by itself, and accepts it."""
    lines: list[tuple[Decimal, Decimal]] = []
    for line in draft.lines:
        quantity = arithmetic.rounded(line.quantity, arithmetic.QUANTITY_PLACES)
        unit = arithmetic.rounded(line.unit_amount, 4)
        amount = arithmetic.line_amount(quantity, unit, discount_amount=line.discount or None)
        rate = case.setting.books.tax_rates[line.tax_type].rate
        assert line.discount <= max(arithmetic.gross_amount(quantity, unit), Decimal(0)), (case, line)
        assert abs(amount) <= arithmetic.LARGEST_LINE and quantity > 0 and len(line.description) <= 4000
        lines.append((amount, arithmetic.tax_on(amount, rate, draft.amounts)))
    totals = arithmetic.totals(lines, draft.amounts)
    assert (totals.sub_total, totals.total_tax, totals.total) == (draft.sub_total, draft.total_tax, draft.total)


def _keeps_its_row(net: Decimal, tax: Decimal, line: InvoiceLine, amounts: str, *, header_tax: Decimal) -> None:
    """No line changes its sign, none grows by a discount, and without one each totals what its row does."""
    whole = net + tax if amounts == "inclusive" else net
    assert line.role is LineRole.ROW and line.line_amount * whole >= 0, (whole, line)
    if not header_tax or amounts != "inclusive":
        assert line.line_amount + line.share == whole and abs(line.line_amount) <= abs(whole), (whole, line)


def _named(case: Case, problem: Problem) -> str:
    """A mismatch whose parts add up to the difference, and whose causes are really there."""
    rules, document = case.setting.rules.invoice, case.document
    lines = draft_lines(case.deal, document, rules, case.setting.books)
    assert not isinstance(lines, Problem)
    sub_total, total_tax, total = predicted_totals(lines, rules.amounts)
    parts = difference_parts(document, lines, rules)
    difference = expected_total(document, sub_total, total_tax, rules.amounts) - total
    assert parts and sum((part.amount for part in parts), Decimal(0)) == difference, (case, parts)
    causes = {part.cause for part in parts}
    assert all(str(cause) in problem.message for cause in causes), (causes, problem)
    for cause in causes:
        assert _is_there(cause, case), (cause, case)
    return "mismatch: " + " and ".join(sorted(cause.name.lower() for cause in causes))


def _is_there(cause: Cause, case: Case) -> bool:
    document, rules = case.document, case.setting.rules.invoice
    several = any(len(line.taxes or ()) > 1 for line in document.lines)
    rounds_otherwise = document.currency in ("JPY", "KWD") or several or bool(document.taxes)
    evidence = {
        Cause.STATED: case.spoilt == "stated",
        Cause.DISCOUNT: bool(document.discount),
        Cause.ADJUSTMENT: bool(document.adjustment)
        and (rules.adjustment_account is None or _is_fine(document.adjustment)),
        Cause.HEADER_TAX: False,
        Cause.NO_TAX: bool(document.tax) or any(line.tax for line in document.lines),
        Cause.UNTAXED_ROWS: case.spoilt == "default_taxed",
        Cause.TAX_BY_HAND: case.spoilt == "tax_by_hand",
        Cause.SPREAD_TAX: bool(document.discount) and rules.header_discount == "spread",
        Cause.TAX_ROUNDING: rounds_otherwise,
    }
    return evidence[cause]


def _is_fine(amount: Decimal) -> bool:
    return amount != amount.quantize(Decimal("0.01"))


def _agrees_with_what_was_spoilt(case: Case, problem: Problem) -> None:
    amounts = [line.net + line.tax for line in case.document.lines] + [line.net for line in case.document.lines]
    amounts += [amount + case.document.tax for amount in amounts]
    reasons = {
        "tax_rate_differs": case.spoilt in ("wrong_rate", "tax_by_hand"),
        "amount_inexact": any(_is_fine(amount) or abs(amount) > arithmetic.LARGEST_LINE for amount in amounts),
        "zero_total": case.document.grand_total == 0,
        "negative_total": (case.document.grand_total or 0) < 0,
    }
    assert reasons.get(problem.code), (problem, case)


def floats_in(value: object, path: str = "draft") -> list[str]:
    """Where `value` holds a float, however deep."""
    if isinstance(value, float):
        return [path]
    if is_dataclass(value) and not isinstance(value, type):
        return [
            where
            for member in fields(value)
            for where in floats_in(getattr(value, member.name), f"{path}.{member.name}")
        ]
    if isinstance(value, dict):
        return [where for key, item in value.items() for where in floats_in(item, f"{path}[{key}]")]
    if isinstance(value, tuple | list):
        return [where for index, item in enumerate(value) for where in floats_in(item, f"{path}[{index}]")]
    return []
