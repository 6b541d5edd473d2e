"""Reconciling, deal by deal: what each state of the three sides is judged to be, and totals that always add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoho_xero_sync.core.model import (
    Deal,
    DealRecord,
    DealRow,
    DealState,
    InvoiceLink,
    Problem,
    SourceDocument,
    XeroInvoice,
)
from zoho_xero_sync.core.reconcile import Case, Certainty, Dossier, Kind, Period, Standing, in_period
from zoho_xero_sync.core.reconcile_pairs import propose_pairs, with_probable_doubles
from zoho_xero_sync.core.reconcile_rules import judge
from zoho_xero_sync.core.reconcile_totals import control_totals
from zoho_xero_sync.core.rules import Rules, StageRule, WhenRules
from zoho_xero_sync.core.window import Window

AT = datetime(2026, 11, 20, 1, tzinfo=UTC)
DEAL = "5725767000000410003"
PREFIX = "https://crm.zoho.com.au/crm/org7001234567/tab/Potentials/"
WON = StageRule(("Closed Won",), "authorised")
CUSTOMER = StageRule(("Qualification",), "none")
RULES = Rules(stages=(WON, CUSTOMER))
PROBLEM = Problem("zero_total", f"deal {DEAL}", "Nothing is owed.", "zoho-xero-sync resolve DEAL --skip")


def row(stage: str = "Closed Won", deal_id: str = DEAL, name: str = "Garden party", closing: str = "") -> DealRow:
    """A deal as Zoho shows it."""
    content = Deal(deal_id, name, stage, None, None, "AUD", AT, None, None, {"Closing_Date": closing})
    return DealRow(deal_id, name, stage, None, AT, "{}", content)


def record(state: DealState = DealState.SEEN, **changes: Any) -> DealRecord:
    """A deal as the ledger knows it."""
    known = DealRecord(DEAL, "Garden party", "Closed Won", state, False, AT, "{}")
    problem = PROBLEM if state in (DealState.HELD, DealState.REJECTED) else None
    return replace(known, problem=problem, **changes)


def invoice(number: str = "INV-1", **changes: Any) -> XeroInvoice:
    """A sales invoice of ours in Xero."""
    plain = XeroInvoice(
        number, number, "AUTHORISED", "contact", "Garden party", f"{PREFIX}{DEAL}#zxs-00000000", "AUD",
        date(2026, 11, 20), None, Decimal(10), Decimal(0), Decimal(10), Decimal(0), Decimal(0), AT,
    )  # fmt: skip
    return replace(plain, **changes)


def link(**changes: Any) -> InvoiceLink:
    """An invoice as the ledger knows it, adopted as it stood."""
    return replace(InvoiceLink(DEAL, "INV-1", "INV-1", "AUTHORISED", "AUD", Decimal(10), None, AT), **changes)


def dossier(**changes: Any) -> Dossier:
    """An invoiced deal on which all three agree."""
    agreed = Dossier(
        DEAL, row(), WON, record(), link(), (invoice(),), invoice(), None, None, Decimal(10), "AUD", "contact"
    )  # fmt: skip
    return replace(agreed, **changes)


def bare(**changes: Any) -> Dossier:
    """The same deal without any invoice."""
    return dossier(**{"link": None, "carrying": (), "linked": None, **changes})


VOIDED = invoice(status="VOIDED")
GONE = {"row": None, "rule": None, "amount": None}
LEFT = {"row": row("Proposal"), "rule": None}
SECOND = invoice("INV-2")
CASES: dict[str, tuple[Dossier, Standing | None, set[Kind]]] = {
    "all agree": (dossier(), Standing.INVOICED, set()),
    "history": (bare(record=record(baseline=True)), Standing.EXCLUDED, set()),
    "set aside": (bare(record=record(DealState.SKIPPED)), Standing.EXCLUDED, set()),
    "set aside, with an invoice": (
        dossier(record=record(DealState.SKIPPED), link=None, linked=None), Standing.INVOICED, set(),
    ),
    "customer only": (bare(row=row("Qualification"), rule=CUSTOMER), Standing.EXCLUDED, set()),
    "ended, and known": (dossier(link=link(status="VOIDED", live=False), linked=VOIDED, carrying=(VOIDED,)),
                         Standing.EXCLUDED, set()),
    "ended, and forgotten": (bare(record=None, carrying=(VOIDED,)), Standing.EXCLUDED, {Kind.UNLINKED}),
    "held": (bare(record=record(DealState.HELD)), Standing.HELD, {Kind.HELD}),
    "rejected": (bare(record=record(DealState.REJECTED)), Standing.HELD, {Kind.HELD}),
    "held with an invoice": (dossier(record=record(DealState.HELD)), Standing.INVOICED, {Kind.HELD}),
    "pending": (bare(record=record(DealState.PENDING)), Standing.PENDING, set()),
    "not read yet": (bare(record=None, awaited=True), Standing.PENDING, set()),
    "under way": (bare(busy=True), Standing.PENDING, set()),
    "under way, and strange": (dossier(linked=VOIDED, busy=True), Standing.INVOICED, set()),
    "missing": (bare(), Standing.MISSING, {Kind.MISSING}),
    "never heard of": (bare(record=None), Standing.MISSING, {Kind.MISSING}),
    "paid": (dossier(linked=invoice(status="PAID"), carrying=()), Standing.INVOICED, {Kind.STATUS}),
    "renumbered": (dossier(linked=replace(invoice(), number="X"), carrying=()), Standing.INVOICED, {Kind.STATUS}),
    "voided": (dossier(linked=VOIDED, carrying=(VOIDED,)), Standing.EXCLUDED, {Kind.STATUS}),
    "another total": (dossier(amount=Decimal(11)), Standing.INVOICED, {Kind.DRIFTED}),
    "another currency": (dossier(currency="NZD"), Standing.INVOICED, {Kind.DRIFTED}),
    "another total, to be read": (dossier(amount=Decimal(11), awaited=True), Standing.INVOICED, set()),
    "two": (dossier(carrying=(invoice(), SECOND)), Standing.INVOICED, {Kind.DOUBLED}),
    "two, one of them voided": (dossier(carrying=(invoice(), replace(SECOND, status="VOIDED"))),
                                Standing.INVOICED, set()),
    "one voided, the other unknown": (dossier(linked=VOIDED, carrying=(VOIDED, SECOND)), Standing.INVOICED,
                                      {Kind.STATUS, Kind.UNLINKED}),
    "forgotten": (dossier(link=None, linked=None, record=None), Standing.INVOICED, {Kind.UNLINKED}),
    "not in Xero": (bare(link=link()), Standing.MISSING, {Kind.ABSENT}),
    "deleted": (dossier(**GONE), None, {Kind.ORPHANED}),
    "deleted and kept": (dossier(**GONE, kept=True), None, set()),
    "deleted and held": (dossier(**GONE, record=record(DealState.HELD)), None, {Kind.HELD}),
    "deleted and ended": (dossier(**GONE, linked=VOIDED, carrying=(), link=link(status="VOIDED", live=False)), None,
                          set()),
    "deleted and forgotten": (dossier(**GONE, record=None, link=None, linked=None), None, {Kind.ORPHANED}),
    "left unseen": (dossier(**LEFT), None, {Kind.ORPHANED}),
    "left and seen": (dossier(**LEFT, record=record(stage="Proposal")), None, set()),
    "left and kept": (dossier(**LEFT, kept=True), None, set()),
    "left just now": (dossier(**LEFT, awaited=True), None, set()),
    "left and forgotten": (dossier(**LEFT, record=None, link=None, linked=None), None, {Kind.ORPHANED}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_deal_is_judged(name: str) -> None:
    given_, standing, kinds = CASES[name]
    case = judge(given_, RULES, AT, PREFIX)
    assert (case.standing, {finding.kind for finding in case.findings}) == (standing, kinds)
    assert len(case.findings) == len(kinds)
    assert case.reason


@pytest.mark.parametrize(
    ("when", "state"), [(WhenRules(deal_deleted="keep"), GONE), (WhenRules(leaves_stages="keep"), LEFT)]
)
def test_what_a_rule_keeps_is_no_orphan(when: WhenRules, state: dict[str, Any]) -> None:
    for kept in (GONE, LEFT):
        found = judge(dossier(**kept), replace(RULES, when=when), AT, PREFIX).findings
        assert bool(found) == (kept is not state)


def test_only_what_is_safe_has_a_repair() -> None:
    repaired = {name for name, (given_, _, _) in CASES.items()
                for finding in judge(given_, RULES, AT, PREFIX).findings if finding.repair}  # fmt: skip
    assert repaired == {
        "missing", "never heard of", "paid", "renumbered", "voided", "forgotten", "ended, and forgotten",
        "one voided, the other unknown", "deleted and forgotten", "left and forgotten",
    }  # fmt: skip
    strange = dossier(link=None, linked=None, record=None, stranger=True)
    (finding,) = judge(strange, RULES, AT, PREFIX).findings
    assert finding.repair is None and "Another ledger" in finding.hint


# ---- control totals ----

AMOUNTS = st.one_of(st.none(), st.decimals("-9999", "9999", places=2))
CURRENCIES = st.sampled_from(["AUD", "NZD"])
TOTALS = st.decimals(0, 9999, places=2)
INVOICES = st.lists(st.builds(lambda total, code: invoice(total=total, currency=code), TOTALS, CURRENCIES), max_size=3)


def _case(amount: Decimal | None, currency: str, standing: Standing | None, found: Sequence[XeroInvoice]) -> Case:
    known = dossier(amount=amount, currency=currency)
    if found and standing is not None:
        standing = Standing.INVOICED
    return Case(known, standing, "", found[0] if found else None, tuple(found[1:]))


@given(st.lists(st.builds(_case, AMOUNTS, CURRENCIES, st.sampled_from([None, *Standing]), INVOICES), max_size=8))
def test_totals_add_up(cases: list[Case]) -> None:
    totals = control_totals([replace(case, standing=Standing.MISSING)
                             if case.standing is Standing.INVOICED and case.invoice is None else case
                             for case in cases])  # fmt: skip
    for one in totals:
        invoiced = one.standings[Standing.INVOICED].total
        assert one.ours.total == invoiced + one.drifted + one.doubled.total + one.orphaned.total + one.unpriced.total
        assert one.qualifying.total == sum(part.total for part in one.standings.values())
    in_xero = [each for case in cases if case.invoice for each in (case.invoice, *case.extras)]
    assert sum(one.ours.count for one in totals) == len(in_xero)
    assert sum(one.qualifying.count for one in totals) == sum(case.standing is not None for case in cases)


# ---- pairs ----


def unbilled(deal_id: str, name: str, total: str = "10", closing: str = "2026-11-01") -> Case:
    """A deal of the time before, without an invoice of ours."""
    document = SourceDocument("quote", "1", "Q-1001", "AUD", (), Decimal(total))
    known = bare(deal_id=deal_id, row=row(deal_id=deal_id, name=name, closing=closing), amount=Decimal(total))
    return Case(replace(known, document=document), Standing.EXCLUDED, "history")


def hand(number: str, reference: str = "", day: str = "2026-11-03", **changes: Any) -> XeroInvoice:
    """An invoice somebody wrote."""
    return invoice(number, url="", reference=reference, date=date.fromisoformat(day), **changes)


A, B = "5725767000000000001", "5725767000000000002"
PAIRINGS: dict[str, tuple[list[Case], list[XeroInvoice], dict[str, tuple[str, str]], set[str]]] = {
    "named": ([unbilled(A, "Garden party")], [hand("X-1", "For the Garden-Party!")], {A: ("certain", "X-1")}, set()),
    "named by its number": ([unbilled(A, "Garden party")], [hand(f"CRM-{A}")], {A: ("certain", f"CRM-{A}")}, set()),
    "named by its quote": ([unbilled(A, "Garden party")], [hand("X-1", "see Q-1001")], {A: ("certain", "X-1")}, set()),
    "part of a word": ([unbilled(A, "Gala", closing="")], [hand("X-1", "Galapagos", "2026-01-01")], {}, set()),
    "too short a name": ([unbilled(A, "Job")], [hand("X-1", "Job", "2026-01-01")], {}, set()),
    "near": ([unbilled(A, "Garden party")], [hand("X-1", "", "2026-12-02")], {A: ("probable", "X-1")}, set()),
    "not near": ([unbilled(A, "Garden party")], [hand("X-1", "", "2026-12-03")], {}, set()),
    "another total": ([unbilled(A, "Garden party", "11")], [hand("X-1", "Garden party")], {}, set()),
    "another currency": ([unbilled(A, "Garden party")], [hand("X-1", "Garden party", currency="NZD")], {}, set()),
    "another contact": ([unbilled(A, "Garden party")], [hand("X-1", "Garden party", contact_id="else")], {}, set()),
    "voided": ([unbilled(A, "Garden party")], [hand("X-1", "Garden party", status="VOIDED")], {}, set()),
    "two invoices": ([unbilled(A, "Garden party")], [hand("X-1"), hand("X-2")], {}, {A}),
    "two deals": ([unbilled(A, "Garden party"), unbilled(B, "Wedding")], [hand("X-1")], {}, {A, B}),
    "the named one first": (
        [unbilled(A, "Garden party"), unbilled(B, "Wedding")], [hand("X-1", "Garden party"), hand("X-2")],
        {A: ("certain", "X-1"), B: ("probable", "X-2")}, set(),
    ),
    "two named alike": ([unbilled(A, "Garden party"), unbilled(B, "Garden party")], [hand("X-1", "Garden party")], {},
                        {A, B}),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRINGS)
def test_pairs_fit_each_other_and_nobody_else(name: str) -> None:
    cases, invoices, wanted, unclear = PAIRINGS[name]
    pairs, undecided = propose_pairs(cases, {A: {"contact"}, B: {"contact"}}, invoices)
    assert {pair.deal_id: (pair.certainty.value, pair.invoice.number) for pair in pairs} == wanted
    assert {item.deal_id for item in undecided} == unclear
    assert all(pair.why for pair in pairs) and Certainty("certain") is Certainty.CERTAIN


@pytest.mark.parametrize(
    ("reference", "number", "found"),
    [
        ("Garden party", "X-1", True),
        ("garden  PARTY, second half", "X-1", True),
        ("Copy of INV-1", "X-1", True),
        ("", f"CRM-{DEAL}", True),
        ("Wedding", "X-1", False),
        ("", "X-1", False),
    ],
)
def test_a_second_invoice_by_another_hand_is_probable(reference: str, number: str, found: bool) -> None:
    case = judge(dossier(), RULES, AT, PREFIX)
    (after,) = with_probable_doubles([case], [hand(number, reference)])
    assert [finding.kind for finding in after.findings] == [Kind.PROBABLE_DOUBLE] * found


def test_of_sales_that_repeat_the_nearest_one_is_doubled() -> None:
    months = [judge(dossier(deal_id=deal, linked=invoice(date=day), carrying=()), RULES, AT, PREFIX)
              for deal, day in ((A, date(2026, 9, 1)), (B, date(2026, 10, 1)))]  # fmt: skip
    after = with_probable_doubles(months, [hand("X-1", "Garden party", "2026-10-03")])
    assert [case.dossier.deal_id for case in after if case.findings] == [B]


@pytest.mark.parametrize(
    ("changes", "inside"),
    [
        ({}, True),
        ({"date": date(2026, 1, 1)}, True),
        ({"updated_at": None}, True),
        ({"date": None, "updated_at": None}, False),
        ({"date": date(2026, 11, 18), "updated_at": None}, False),
        ({"date": date(2026, 11, 21), "updated_at": None}, False),
    ],
)
def test_an_invoice_belongs_to_a_period(changes: dict[str, Any], inside: bool) -> None:
    window = Window(datetime(2026, 11, 19, tzinfo=UTC), datetime(2026, 11, 20, 12, tzinfo=UTC))
    period = Period(window, date(2026, 11, 19), date(2026, 11, 20))
    assert in_period(period, invoice(**changes)) is inside
