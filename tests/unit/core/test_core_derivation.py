"""The derivation of every document of the table of real cases: both sides add up, and every rule is named."""

from __future__ import annotations

from decimal import Decimal

import pytest
from core_samples import a_document, invoice_rules
from test_real_world_prices import CASES, TYPES, Case, attempted

from zoho_xero_sync.core.derivation import Derivation, derive
from zoho_xero_sync.core.model import InvoiceDraft, SourceDocument

ZERO = Decimal(0)


def derived(case: Case) -> tuple[SourceDocument, InvoiceDraft | None, Derivation]:
    draft = attempted(case)
    rules = invoice_rules(**({"tax": TYPES, "tax_default": "NONE"} | dict(case.rules)))
    document = a_document(*case.rows, **case.own)
    found = draft if isinstance(draft, InvoiceDraft) else None
    return document, found, derive(document, found, rules, None)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_both_sides_add_up(case: Case) -> None:
    document, draft, derivation = derived(case)
    zoho = [line.zoho or ZERO for line in derivation.lines]
    xero = [line.xero or ZERO for line in derivation.lines]
    if draft is None:
        assert sum(zoho) == sum((row.net + row.tax for row in document.lines), ZERO) and not any(xero)
        return
    assert sum(xero) == derivation.predicted == draft.total
    assert sum(zoho) == derivation.expected == draft.total
    assert len(derivation.lines) == len(draft.lines)
    for line in derivation.lines:
        billed = [step.xero for step in line.steps if step.xero_field in ("LineAmount", "TaxAmount")]
        figures = [figure for figure in billed if isinstance(figure, Decimal)]
        # A line whose amount has its tax inside comes to that amount.
        assert line.xero in (sum(figures), figures[0])
        assert any(step.xero_field == "AccountCode" for step in line.steps)
    added = [step.xero for step in derivation.totals if isinstance(step.xero, Decimal)]
    assert sum(added) == draft.total


def test_the_rule_of_each_figure_is_named() -> None:
    told = {case.name: {step.rule for line in derived(case)[2].lines for step in line.steps} for case in CASES}
    for name, rule in (
        ("a third of a hundred", "tax: GST → T-GST"),
        ("a third with five decimals", "one unit, so that it is exact"),
        ("10 % inclusive", "amounts: inclusive"),
        ("10 % off the whole, spread", "header_discount: spread"),
        ("10 % off the whole, as a line", "header_discount: line"),
        ("an adjustment", "adjustment_account"),
        ("two taxes rounded apart, with a rounding account", "rounding"),
        ("no tax at all", "tax_default: NONE"),
    ):
        assert rule in told[name], (name, told[name])
