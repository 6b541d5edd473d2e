"""Control totals: every cent that was sold is somewhere, whatever became of the deals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from core_samples import a_deal, a_document, a_row, an_invoice_draft
from hypothesis import given
from hypothesis import strategies as st

from zoho_xero_sync.core.control_totals import ControlTotal, Sum, control_totals, worth
from zoho_xero_sync.core.model import Problem, Worth
from zoho_xero_sync.core.report import ACTIONS, DealResult, InvoiceResult

D = Decimal


def a_result(action: str, sold: str | None = "110.00", billed: str | None = None, currency: str = "AUD") -> DealResult:
    made = InvoiceResult(None, None, "DRAFT", D(billed), currency, action) if billed else None
    return DealResult(
        "1", "Fit-out", "Closed Won", action, invoice=made, worth=Worth(D(sold), currency) if sold else None
    )


def _adds_up(total: ControlTotal) -> bool:
    parts = (total.invoiced, total.held, total.pending, total.uncertain)
    return (
        sum((part.amount for part in parts), total.difference) == total.sold.amount
        and sum(part.deals for part in parts) == total.sold.deals
    )


@pytest.mark.parametrize(
    ("action", "billed", "where"),
    [
        ("create", "110.00", "invoiced"),
        ("unchanged", "110.00", "invoiced"),
        ("contact_only", "110.00", "invoiced"),
        ("adopt", "110.00", "invoiced"),
        ("hold", None, "held"),
        ("hold", "110.00", "held"),
        ("reject", None, "held"),
        ("pending", "110.00", "pending"),
        ("uncertain", "110.00", "uncertain"),
    ],
)
def test_a_deal_is_in_one_sum(action: str, billed: str | None, where: str) -> None:
    (total,) = control_totals([a_result(action, billed=billed)])
    assert getattr(total, where) == total.sold == Sum(1, D("110.00"))
    assert _adds_up(total) and not total.difference


def test_a_difference_is_told_and_currencies_are_kept_apart() -> None:
    deals = [
        a_result("adopt", "110.00", "100.00"),
        a_result("hold", "20.00"),
        a_result("create", "5", "5", currency="USD"),
        a_result("hold", None),
    ]
    aud, usd = control_totals(deals)
    assert (aud.currency, aud.sold, aud.invoiced, aud.held) == (
        "AUD", Sum(2, D("130.00")), Sum(1, D("100.00")), Sum(1, D("20.00")),
    )  # fmt: skip
    assert aud.difference == D("10.00") and (usd.currency, usd.difference) == ("USD", D(0))
    assert control_totals([a_result("hold", None)]) == ()


cents = st.integers(-(10**9), 10**9).map(lambda number: str(D(number) / 100))


@given(st.lists(st.tuples(st.sampled_from(ACTIONS), cents, st.none() | cents, st.sampled_from(["AUD", "JPY"]))))
def test_they_always_add_up(runs: list[tuple[Any, ...]]) -> None:
    totals = control_totals([a_result(*run) for run in runs])
    assert all(map(_adds_up, totals))
    assert sum(total.sold.deals for total in totals) == len(runs)


def test_what_a_deal_is_worth() -> None:
    row = a_row("1", "100", tax=D("10.00"))
    stated = a_document(row, grand_total=D("111.00"), currency="usd")
    assert worth(a_deal(), stated, None, "AUD") == Worth(D("111.00"), "USD")
    bare = a_document(row, grand_total=None, currency=None)
    draft = an_invoice_draft()
    assert worth(a_deal(currency=None), bare, draft, "NZD") == Worth(draft.total, "NZD")
    assert worth(a_deal(), bare, Problem("total_limit", "", "", ""), "NZD") == Worth(D(100), "AUD")
    assert worth(a_deal(), Problem("no_lines", "", "", ""), None, "AUD") is None
