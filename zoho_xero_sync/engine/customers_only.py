"""Deals of stages that ask for the customer only: which have an invoice nevertheless, and which stay without."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from zoho_xero_sync.core.model import DealRecord, DealRow, InvoiceLink
from zoho_xero_sync.core.parts import REMAINDER
from zoho_xero_sync.core.rules import Rules, StageRule
from zoho_xero_sync.core.stages import match_rule
from zoho_xero_sync.core.staging import bills, pipeline_of
from zoho_xero_sync.core.wording import counted, some_of
from zoho_xero_sync.engine.allowance import waiting_until
from zoho_xero_sync.engine.ports import Context, LedgerDesk, LedgerView

# How many deals a note names.
_NAMED = 3
# The stages' rules under which it was last said what they leave alone.
_FACT = "left_alone_by"


def with_invoices(
    ledger: LedgerView, rules: Rules, known: Mapping[str, DealRecord], rows: Mapping[str, DealRow]
) -> dict[str, DealRecord]:
    """The records, in which a deal is not one of its customer only while an invoice is what its stage is about now.

    An invoice that is live is, and one that a person ended: nobody but a person decides what comes after it.
    """
    only = {deal_id: record for deal_id, record in known.items() if record.customer_only and deal_id in rows}
    asked = {deal_id: match_rule(rules.stages, rows[deal_id].stage, rows[deal_id].pipeline) for deal_id in only}
    followed = _followed(ledger, asked)
    return {**known, **{deal_id: replace(only[deal_id], customer_only=False) for deal_id in followed}}


def notes_of_left_alone(context: Context, ledger: LedgerView) -> list[str]:
    """What stays without an invoice though its stage is billed by now; nothing once that was told of these stages.

    While Xero must not be asked nothing is told: what waits for that is not settled yet.
    """
    if not _is_due(context, ledger):
        return []
    rules = context.rules.stages
    there = {record.deal_id: record for record in ledger.customers_only()}
    asked = {deal_id: match_rule(rules, record.stage, pipeline_of(record)) for deal_id, record in there.items()}
    away = _followed(ledger, asked) | set(ledger.find_deletions(list(there)))
    left = [record for deal_id, record in there.items() if bills(asked[deal_id]) and deal_id not in away]
    if not left:
        return []
    stages = " and ".join(sorted({record.stage for record in left}))
    what = counted(len(left), "deal is", "deals are")
    named = some_of([f"{record.name} ({record.deal_id})" for record in left], _NAMED)
    return [
        f"{what} in {stages} since the rule asked for the customer only, and left alone: {named}. To have one "
        "invoiced, type: zoho-xero-sync sync --deal ID"
    ]


def tell_left_alone(context: Context, ledger: LedgerDesk) -> list[str]:
    """As notes_of_left_alone, which then are told."""
    if not _is_due(context, ledger):
        return []
    notes = notes_of_left_alone(context, ledger)
    ledger.record_fact(_FACT, _stages(context), context.clock.now())
    return notes


def _is_due(context: Context, ledger: LedgerView) -> bool:
    noted = ledger.fact(_FACT)
    told = noted is not None and noted[0] == _stages(context)
    return not told and waiting_until(ledger, context.clock) is None


def _stages(context: Context) -> str:
    return hashlib.sha256(repr(context.rules.stages).encode()).hexdigest()


def _followed(ledger: LedgerView, asked: Mapping[str, StageRule | None]) -> set[str]:
    """Those deals that have an invoice which the rule of their stage is about."""
    if not asked:
        return set()
    parts, ended = ledger.find_parts(list(asked)), ledger.ended_invoices(list(asked))
    followed: set[str] = set()
    for deal_id, links in parts.items():
        ours = {link.invoice_id for link in ended.get(deal_id, ())}
        counting = (link for link in links if link.live or link.invoice_id not in ours)
        if any(_is_about(asked[deal_id], link) for link in counting):
            followed.add(deal_id)
    return followed


def _is_about(rule: StageRule | None, link: InvoiceLink) -> bool:
    """Whether the rule bills what this invoice does; a remainder that is not billed yet is another invoice."""
    return rule is None or rule.part != REMAINDER or link.part == REMAINDER
