"""A deal that is billed in two: which of its invoices a stage is about, and which stand already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from zoho_xero_sync.core.model import InvoiceLink, InvoiceStatus
from zoho_xero_sync.core.money import plain_text
from zoho_xero_sync.core.rules import Rules, Share, StageRule
from zoho_xero_sync.core.stages import match_rule, target_status

WHOLE, REMAINDER = 1, 2


@dataclass(frozen=True, slots=True)
class Billing:
    """What a stage asks to be billed of a deal: which part, how much of it, and the status of its invoice."""

    part: int
    share: Share | None
    status: InvoiceStatus


def billing(rule: StageRule, links: Sequence[InvoiceLink]) -> Billing | None:
    """What the rule asks of a deal that has these invoices; None for the customer only.

    A deal that went back after its remainder was billed keeps it: the remainder follows the deal, and is not approved
    by a stage that asks for the part before it. A stage that bills deals whole asks for both parts, and approves it.
    """
    status = target_status(rule)
    if status is None:
        return None
    if rule.part < REMAINDER and any(link.live and link.part == REMAINDER for link in links):
        return Billing(REMAINDER, "remainder", status if rule.share is None else InvoiceStatus.DRAFT)
    return Billing(rule.part, rule.share, status)


def link_of(links: Iterable[InvoiceLink], part: int) -> InvoiceLink | None:
    """The invoice of this part, when there is one."""
    return next((link for link in links if link.part == part), None)


def newest(links: Iterable[InvoiceLink]) -> InvoiceLink | None:
    """The deal's live invoice, that of the remainder first; else the last one it had."""
    return max(links, key=lambda link: (link.live, link.part), default=None)


def others(links: Iterable[InvoiceLink], chosen: InvoiceLink | None) -> tuple[InvoiceLink, ...]:
    """The live invoices beside the chosen one."""
    return tuple(link for link in links if link.live and link != chosen)


def shares_trouble(rules: Sequence[StageRule]) -> str | None:
    """What is wrong with the shares of the rules that a deal of one pipeline meets, else None.

    A deal is billed whole, or in two: one percentage, and then the remainder, without which the rest is never billed.
    """
    for pipeline in dict.fromkeys(rule.pipeline for rule in rules):
        won = (match_rule(rules, stage, pipeline) for rule in rules for stage in rule.stages)
        shares = {rule.share for rule in won if rule is not None and rule.invoice != "none"}
        if shares <= {None}:
            continue
        where = f" in the pipeline {pipeline}" if pipeline else ""
        percents = [share for share in shares if isinstance(share, Decimal)]
        if None in shares:
            return f"bill a share of a deal{where} in one stage and the whole of it in another."
        if "remainder" not in shares:
            return f"bill a share of a deal{where} and never its remainder."
        if len(percents) != 1:
            said = "several shares" if percents else "the remainder and no share"
            return f"bill {said} of a deal{where}."
    return None


def percentage(rules: Rules, pipeline: str | None) -> Decimal | None:
    """The share that a deal of this pipeline is billed first; None where deals are billed whole."""
    met = (rule.share for rule in rules.stages if rule.pipeline in (None, pipeline))
    return next((share for share in met if isinstance(share, Decimal)), None)


def share_text(share: Share) -> str:
    """The share as the configuration writes it: `30%`, `remainder`."""
    return share if isinstance(share, str) else f"{plain_text(share)}%"
