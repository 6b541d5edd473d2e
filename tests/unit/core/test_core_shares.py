"""A share of a deal and the remainder: both come to the deal to the cent, or the remainder is a problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from core_samples import a_deal, a_rate, a_xero_invoice, an_invoice_line
from hypothesis import assume, event, given
from hypothesis import strategies as st

from zoho_xero_sync.core.model import InvoiceLine, LineRole, Part, Problem, TrackingOption, XeroInvoice, XeroLine
from zoho_xero_sync.core.money import rounded
from zoho_xero_sync.core.pricing import predicted_totals, xero_line_tax
from zoho_xero_sync.core.rules import Share
from zoho_xero_sync.core.shares import Whole, in_part

PERCENTS = {"OUTPUT": "10", "NONE": "0", "ODD": "8.875", "UK": "20", "NZ": "15"}
RATES = {name: a_rate(name, percent) for name, percent in PERCENTS.items()}
KINDS = ("exclusive", "inclusive", "no_tax")
CENT = Decimal("0.01")


def a_line(
    amount: Decimal | str, tax_type: str = "OUTPUT", amounts: str = "exclusive", text: str = "Row"
) -> InvoiceLine:
    amount = Decimal(amount)
    tax = xero_line_tax(amount, RATES[tax_type].rate, amounts)
    return an_invoice_line(str(amount), str(tax), tax_type=tax_type, description=text)


def a_whole(lines: Sequence[InvoiceLine], amounts: str = "exclusive", currency: str = "AUD") -> Whole:
    return Whole(tuple(lines), RATES, amounts, currency)


def as_billed(lines: Sequence[InvoiceLine], amounts: str = "exclusive", number: str = "INV-0001") -> XeroInvoice:
    """The invoice that Xero makes of these lines."""
    sub_total, total_tax, total = predicted_totals(lines, amounts)
    theirs = tuple(
        XeroLine(
            f"l{place}",
            line.description,
            line.quantity,
            line.unit_amount,
            line.line_amount,
            line.tax_amount,
            line.account_code,
            line.tax_type,
        )
        for place, line in enumerate(lines)
    )
    return a_xero_invoice(number=number, sub_total=sub_total, total_tax=total_tax, total=total, lines=theirs)


def parted(whole: Whole, share: Share, billed: XeroInvoice | None = None) -> tuple[tuple[InvoiceLine, ...], Part]:
    found = in_part(a_deal(), whole, share, billed)
    assert not isinstance(found, Problem), found
    return found


def problem(whole: Whole, share: Share, billed: XeroInvoice | None = None) -> Problem:
    found = in_part(a_deal(), whole, share, billed)
    assert isinstance(found, Problem), found
    return found


# ---- what the lines say ----


def test_the_lines_of_a_share() -> None:
    tracking = (TrackingOption("Region", "North"),)
    row = replace(
        a_line("100.05", text="Hours"),
        quantity=Decimal(3),
        unit_amount=Decimal("33.35"),
        item_code="H",
        tracking=tracking,
    )
    rounding = replace(a_line("0.01", "NONE", text=""), role=LineRole.ROUNDING)
    (first, second, third), part = parted(a_whole([row, a_line("-10.00", "NONE"), rounding]), Decimal("33.30"))
    assert first == an_invoice_line("33.32", "3.33", description="Hours\n33.3% of 100.05", tracking=tracking)
    assert (second.description, second.line_amount) == ("Row\n33.3% of -10.00", Decimal("-3.33"))
    assert (third.description, third.line_amount, third.role) == ("33.3% of 0.01", Decimal("0.00"), LineRole.ROUNDING)
    assert (part.number, part.said, part.total, part.less) == (1, "33.3%", Decimal("100.07"), ())
    assert part.whole[0] is row


def test_the_lines_of_a_remainder() -> None:
    tracking = (TrackingOption("Region", "North"),)
    row = replace(a_line("100.00", text="Hours"), item_code="H", tracking=tracking)
    billed = as_billed([a_line("30.00", text="Hours\n30% of 100.00"), a_line("0.00"), a_line("5.00", "NONE", text="")])
    lines, part = parted(a_whole([row]), "remainder", billed)
    assert lines[0] is row
    assert [(line.description, line.line_amount, line.tax_amount, line.tax_type) for line in lines[1:]] == [
        ("Hours\n30% of 100.00\nbilled with INV-0001", Decimal("-30.00"), Decimal("-3.00"), "OUTPUT"),
        ("billed with INV-0001", Decimal("-5.00"), Decimal("0.00"), "NONE"),
    ]
    assert all(line.role is LineRole.BILLED and line.tracking == tracking and line.quantity == 1 for line in lines[1:])
    assert (part.number, part.total, part.less, part.billed) == (2, Decimal("110.00"), ("INV-0001",), Decimal("38.00"))


def test_a_description_of_any_length_keeps_its_note() -> None:
    (share,), _ = parted(a_whole([a_line("100.00", text="x" * 4000)]), Decimal(30))
    assert len(share.description) == 4000
    assert share.description.endswith("x\n30% of 100.00")
    lines, _ = parted(a_whole([a_line("100.00")]), "remainder", as_billed([share]))
    assert len(lines[1].description) == 4000
    assert lines[1].description.endswith("x\nbilled with INV-0001")


def test_without_a_share_the_remainder_is_the_whole() -> None:
    whole = a_whole([a_line("100.00")])
    assert parted(whole, "remainder") == (whole.lines, Part(2, "remainder", whole.lines, Decimal("110.00")))


@pytest.mark.parametrize("amounts", KINDS)
def test_a_share_whose_taxes_come_to_nothing(amounts: str) -> None:
    """Its totals do not say whether its lines have their tax in them."""
    rows = {"inclusive": [("110.00", "OUTPUT"), ("-60.00", "UK")]}.get(
        amounts, [("100.00", "OUTPUT"), ("-50.00", "UK")]
    )
    whole = a_whole([a_line(amount, tax_type, amounts) for amount, tax_type in rows], amounts)
    share, _ = parted(whole, Decimal(10))
    billed = as_billed(share, amounts)
    assert billed.total_tax == 0
    lines, _ = parted(whole, "remainder", billed)
    assert [line.line_amount for line in lines[2:]] == [-line.line_amount for line in share]


# ---- what cannot be billed ----


def test_nothing_is_left_when_all_is_billed() -> None:
    whole = a_whole([a_line("100.00"), a_line("20.00", "NONE")])
    lines, part = parted(whole, "remainder", as_billed(whole.lines))
    assert lines == ()
    assert (part.total, part.billed, part.less) == (Decimal("130.00"), Decimal("130.00"), ("INV-0001",))


UNTAXED = replace(a_line("30.00"), tax_amount=Decimal("2.99"))
TROUBLES = [
    ("remainder", as_billed([a_line("100.01")]), "exclusive", "negative_total", "billed 110.01 of it already"),
    ("remainder", as_billed([UNTAXED]), "exclusive", "total_mismatch", "bears a tax that its rates do not give"),
    ("remainder", as_billed([UNTAXED], "inclusive"), "inclusive", "total_mismatch", "a tax that its rates do not give"),
    ("remainder", replace(as_billed([a_line("9.00")]), currency="NZD"), "exclusive", "total_mismatch", "is in NZD"),
    ("remainder", replace(as_billed([a_line("9.00")]), lines=None), "exclusive", "total_mismatch", "INV-0001"),
    (Decimal("0.001"), None, "exclusive", "zero_total", "0.001% of the deal's 110.00 AUD comes to 0.00"),
]


@pytest.mark.parametrize(("share", "billed", "amounts", "code", "said"), TROUBLES)
def test_what_waits_for_a_person(share: Share, billed: XeroInvoice | None, amounts: str, code: str, said: str) -> None:
    found = problem(a_whole([a_line("100.00", amounts=amounts)], amounts), share, billed)
    assert (found.code, found.subject) == (code, f"deal {a_deal().id}")
    assert said in found.message
    assert f"zoho-xero-sync resolve {a_deal().id}" in found.hint


def test_a_share_below_zero_is_no_invoice() -> None:
    """A deal of 0.01 whose share is nothing net, and less than that with its tax."""
    lines = [a_line("10.15", "NONE"), a_line("-0.15", "NONE"), a_line("-9.11")]
    whole = a_whole([*lines, a_line("0.03", "NONE")])
    assert predicted_totals(whole.lines, "exclusive")[2] == CENT
    codes = {
        problem(whole, Decimal(percent) / 10).code for percent in range(1, 500) if _share_total(whole, percent) <= 0
    }
    assert codes == {"zero_total", "negative_total"}


def _share_total(whole: Whole, tenths: int) -> Decimal:
    found = in_part(a_deal(), whole, Decimal(tenths) / 10, None)
    return Decimal(0) if isinstance(found, Problem) else predicted_totals(found[0], whole.amounts)[2]


# ---- to the cent, for any lines ----

AMOUNTS = st.one_of(st.integers(-3_000_00, 9_000_00), st.integers(-20, 20)).map(lambda cents: cents * CENT)
PERCENT = st.integers(1, 9999).map(lambda hundredths: hundredths * CENT)


@st.composite
def wholes(draw: st.DrawFn) -> Whole:
    """The lines of a deal of more than zero, some of them negative or nothing, at several rates."""
    kind = draw(st.sampled_from(KINDS))
    rows = draw(st.lists(st.tuples(AMOUNTS, st.sampled_from(sorted(RATES))), min_size=1, max_size=6))
    lines = [a_line(amount, tax_type, kind) for amount, tax_type in rows]
    total = predicted_totals(lines, kind)[2]
    if total <= 0:
        lines.append(a_line(draw(st.sampled_from([CENT, Decimal("100.00")])) - total, "NONE", kind))
    return a_whole(lines, kind)


@given(wholes(), PERCENT)
def test_a_share_is_the_percentage_of_all_rounded_once(whole: Whole, percent: Decimal) -> None:
    found = in_part(a_deal(), whole, percent, None)
    if isinstance(found, Problem):
        event(found.code)
        assert found.code in ("zero_total", "negative_total")
        return
    lines, _ = found
    asked = sum(line.line_amount for line in whole.lines) * percent / 100
    assert sum(line.line_amount for line in lines) == rounded(asked)
    assert predicted_totals(lines, whole.amounts)[2] > 0
    for line, row in zip(lines, whole.lines, strict=True):
        assert (line.quantity, line.unit_amount, line.discount) == (Decimal(1), line.line_amount, Decimal(0))
        assert line.tax_amount == xero_line_tax(line.line_amount, RATES[row.tax_type].rate, whole.amounts)
        # Running sums are rounded, so no line is off by more than a cent.
        assert abs(line.line_amount - row.line_amount * percent / 100) <= CENT
        assert line.item_code is None


@given(wholes(), PERCENT)
def test_share_and_remainder_are_the_whole_to_the_cent(whole: Whole, percent: Decimal) -> None:
    share = in_part(a_deal(), whole, percent, None)
    assume(not isinstance(share, Problem))
    assert not isinstance(share, Problem)
    billed = as_billed(share[0], whole.amounts)
    _is_exact(whole, billed)
    # A share is a part: only where cents of tax make it more than the whole is there no remainder.
    if billed.total < predicted_totals(whole.lines, whole.amounts)[2]:
        assert parted(whole, "remainder", billed)[0]


@given(wholes(), wholes())
def test_whatever_was_billed_the_remainder_is_exact_or_a_problem(whole: Whole, other: Whole) -> None:
    """An invoice of any lines and any kind of amounts, as a person may have made of the share."""
    _is_exact(whole, as_billed(other.lines, other.amounts))


@given(wholes(), wholes(), st.lists(st.integers(-2, 2), min_size=6, max_size=6))
def test_taxes_by_hand_are_exact_or_a_problem(whole: Whole, other: Whole, cents: list[int]) -> None:
    lines = [
        replace(line, tax_amount=line.tax_amount + more * CENT) for line, more in zip(other.lines, cents, strict=False)
    ]
    _is_exact(whole, as_billed(lines, other.amounts))


@given(wholes(), PERCENT, st.sampled_from(KINDS))
def test_a_share_in_the_other_kind_of_amounts(whole: Whole, percent: Decimal, kind: str) -> None:
    """The configuration's `amounts` changed between the share and the remainder."""
    before = a_whole([a_line(line.line_amount, line.tax_type, kind) for line in whole.lines], kind)
    share = in_part(a_deal(), before, percent, None)
    assume(not isinstance(share, Problem))
    assert not isinstance(share, Problem)
    _is_exact(whole, as_billed(share[0], kind))


def _is_exact(whole: Whole, billed: XeroInvoice) -> None:
    """The remainder makes of what was billed the whole: net, tax and total; or it says why it does not."""
    totals = predicted_totals(whole.lines, whole.amounts)
    found = in_part(a_deal(), whole, "remainder", billed)
    if isinstance(found, Problem):
        event(found.code)
        assert found.code == ("negative_total" if billed.total > totals[2] else "total_mismatch")
        return
    lines, part = found
    assert (part.total, part.billed) == (totals[2], billed.total)
    if not lines:
        event("nothing is left")
        assert billed.total == totals[2]
        return
    event("exact")
    for line in lines:
        assert line.tax_amount == xero_line_tax(line.line_amount, RATES[line.tax_type].rate, whole.amounts)
    rest = predicted_totals(lines, whole.amounts)
    both = (rest[0] + billed.sub_total, rest[1] + billed.total_tax, rest[2] + billed.total)
    assert both == totals
