"""Stages: which rule a deal meets, what it asks for, and how an invoice moves up Xero's ladder."""

from __future__ import annotations

import pytest

from zoho_xero_sync.core.model import InvoiceStatus
from zoho_xero_sync.core.rules import InvoiceChoice, StageRule
from zoho_xero_sync.core.stages import (
    Step,
    covered_stages,
    covers,
    match_rule,
    status_step,
    target_status,
    uncovered_stages,
)

DRAFT = StageRule(("Confirmed",), "draft")
RETAIL = StageRule(("Closed Won", "Invoice Ready"), "submitted", pipeline="Retail")
ANY = StageRule(("Closed Won",), "authorised")
LATE = StageRule(("Confirmed",), "authorised")
RULES = (DRAFT, RETAIL, ANY, LATE)


@pytest.mark.parametrize(
    ("stage", "pipeline", "rule"),
    [
        ("Confirmed", None, DRAFT),
        ("Confirmed", "Retail", DRAFT),
        ("Closed Won", "Retail", RETAIL),
        ("Closed Won", "Trade", ANY),
        ("Closed Won", None, ANY),
        ("Invoice Ready", "Retail", RETAIL),
        ("Invoice Ready", "Trade", None),
        ("Invoice Ready", None, None),
        ("closed won", None, None),
        ("Closed Won ", None, None),
        ("", None, None),
    ],
)
def test_the_first_rule_that_matches_wins(stage: str, pipeline: str | None, rule: StageRule | None) -> None:
    assert match_rule(RULES, stage, pipeline) is rule


def test_a_rule_for_a_pipeline_that_comes_later_does_not_win_over_an_earlier_general_one() -> None:
    assert match_rule((ANY, RETAIL), "Closed Won", "Retail") is ANY


def test_the_baseline_covers_every_stage_with_its_pipeline() -> None:
    assert covered_stages(RULES) == {
        ("Confirmed", ""),
        ("Closed Won", "Retail"),
        ("Invoice Ready", "Retail"),
        ("Closed Won", ""),
    }


@pytest.mark.parametrize(
    ("covered", "stage", "pipeline", "answer"),
    [
        ({("Closed Won", "")}, "Closed Won", None, True),
        ({("Closed Won", "")}, "Closed Won", "Retail", True),
        ({("Closed Won", "Retail")}, "Closed Won", "Retail", True),
        ({("Closed Won", "Retail")}, "Closed Won", "Trade", False),
        ({("Closed Won", "Retail")}, "Closed Won", None, False),
        ({("Closed Won", "")}, "Confirmed", None, False),
        (set(), "Closed Won", None, False),
    ],
)
def test_a_stage_covered_without_a_pipeline_is_covered_in_every_pipeline(
    covered: set[tuple[str, str]], stage: str, pipeline: str | None, answer: bool
) -> None:
    assert covers(covered, stage, pipeline) is answer


@pytest.mark.parametrize(
    ("covered", "missing"),
    [
        ({("Confirmed", ""), ("Closed Won", ""), ("Invoice Ready", "")}, set()),
        ({("Confirmed", ""), ("Closed Won", "Retail")}, {("Closed Won", ""), ("Invoice Ready", "Retail")}),
        ({("Confirmed", "Retail"), ("Closed Won", ""), ("Invoice Ready", "Trade")},
         {("Confirmed", ""), ("Invoice Ready", "Retail")}),
    ],
)  # fmt: skip
def test_what_a_baseline_still_has_to_cover(covered: set[tuple[str, str]], missing: set[tuple[str, str]]) -> None:
    assert uncovered_stages(RULES, covered) == missing


@pytest.mark.parametrize(
    ("invoice", "status"),
    [
        ("none", None),
        ("draft", InvoiceStatus.DRAFT),
        ("submitted", InvoiceStatus.SUBMITTED),
        ("authorised", InvoiceStatus.AUTHORISED),
    ],
)
def test_what_a_rule_asks_for(invoice: InvoiceChoice, status: InvoiceStatus | None) -> None:
    assert target_status(StageRule(("X",), invoice)) is status


LADDER = ("DRAFT", "SUBMITTED", "AUTHORISED", "PAID")


@pytest.mark.parametrize("target", [InvoiceStatus.DRAFT, InvoiceStatus.SUBMITTED, InvoiceStatus.AUTHORISED])
@pytest.mark.parametrize("current", [*LADDER, "VOIDED", "DELETED"])
def test_an_invoice_only_ever_moves_up(current: str, target: InvoiceStatus) -> None:
    step = status_step(current, target)
    if current in ("VOIDED", "DELETED"):
        assert step is Step.CLOSED
    else:
        assert (step is Step.ADVANCE) is (LADDER.index(target.value) > LADDER.index(current))
