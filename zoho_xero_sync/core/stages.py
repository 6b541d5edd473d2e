"""Which stage means what, and what a deal's move means for its invoice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from zoho_xero_sync.core.model import InvoiceStatus
from zoho_xero_sync.core.rules import StageRule

# Xero's ladder; an invoice is only ever moved up it (developer.xero.com/documentation/api/accounting/invoices).
_LADDER = (InvoiceStatus.DRAFT, InvoiceStatus.SUBMITTED, InvoiceStatus.AUTHORISED, InvoiceStatus.PAID)

CLOSED = (InvoiceStatus.VOIDED, InvoiceStatus.DELETED)


def match_rule(rules: Sequence[StageRule], stage: str, pipeline: str | None) -> StageRule | None:
    """The first rule for this stage (and pipeline, where the rule names one), or None."""
    return next(
        (rule for rule in rules if stage in rule.stages and rule.pipeline in (None, pipeline)),
        None,
    )


def covered_stages(rules: Sequence[StageRule]) -> frozenset[tuple[str, str]]:
    """Every (stage, pipeline) the rules bill, pipeline empty for any; what a baseline must cover."""
    return frozenset((stage, rule.pipeline or "") for rule in rules for stage in rule.stages)


def covers(covered: Collection[tuple[str, str]], stage: str, pipeline: str | None) -> bool:
    """Whether a baseline of these pairs covers the stage in this pipeline; a pair without one covers every pipeline."""
    return not {(stage, ""), (stage, pipeline or "")}.isdisjoint(covered)


def uncovered_stages(rules: Sequence[StageRule], covered: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """The pairs the rules bill and a baseline of `covered` does not cover."""
    return frozenset(pair for pair in covered_stages(rules) if not covers(covered, *pair))


def target_status(rule: StageRule) -> InvoiceStatus | None:
    """The invoice status the rule asks for; None for a customer only."""
    return None if rule.invoice == "none" else InvoiceStatus(rule.invoice.upper())


class Step(StrEnum):
    """How an invoice's status relates to what a rule asks for."""

    ADVANCE = "advance"
    STAY = "stay"
    CLOSED = "closed"


def status_step(current: str, target: InvoiceStatus) -> Step:
    """Whether the invoice moves on, stays (also when a person moved it further), or is closed for good."""
    status = InvoiceStatus(current)
    if status in CLOSED:
        return Step.CLOSED
    return Step.ADVANCE if _LADDER.index(target) > _LADDER.index(status) else Step.STAY
