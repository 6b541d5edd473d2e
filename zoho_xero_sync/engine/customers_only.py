"""Deals of stages that ask for the customer only: which have an invoice nevertheless, and which stay without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from zoho_xero_sync.core.model import DealRecord, DealRow, InvoiceLink
from zoho_xero_sync.core.parts import REMAINDER
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.core.stages import match_rule
from zoho_xero_sync.core.staging import bills, pipeline_of
from zoho_xero_sync.engine.ports import Context, LedgerDesk, LedgerView

# The rules under which it was last said what they leave alone.
_FACT = "left_alone_by"


def with_invoices(
    ledger: LedgerView, rules: Rules, known: Mapping[str, DealRecord], rows: Mapping[str, DealRow]
) -> dict[str, DealRecord]:
    """The records, in which a deal is not one of its customer only while an invoice is what its stage is about now.

    An invoice that is live is, and one that a person ended: nobody but a person decides what comes after it.
    """
    only = [deal_id for deal_id, record in known.items() if record.customer_only and deal_id in rows]
    if not only:
        return dict(known)
    parts, ended = ledger.find_parts(only), ledger.ended_invoices(only)
    billed: set[str] = set()
    for deal_id, links in parts.items():
        ours = {link.invoice_id for link in ended.get(deal_id, ())}
        counting = (link for link in links if link.live or link.invoice_id not in ours)
        if any(_is_about(rows[deal_id], rules, link) for link in counting):
            billed.add(deal_id)
    return {**known, **{deal_id: replace(known[deal_id], customer_only=False) for deal_id in billed}}


def notes_of_left_alone(context: Context, ledger: LedgerView) -> list[str]:
    """What stays without an invoice though its stage is billed by now; nothing under rules that were told of."""
    noted = ledger.fact(_FACT)
    if noted is not None and noted[0] == context.rules.fingerprint():
        return []
    rules = context.rules.stages
    there = [
        record for record in ledger.customers_only() if bills(match_rule(rules, record.stage, pipeline_of(record)))
    ]
    if not there:
        return []
    stages = " and ".join(sorted({record.stage for record in there}))
    what = "1 deal is" if len(there) == 1 else f"{len(there):,} deals are"
    return [
        f"{what} in {stages} since the rule asked for the customer only, and left alone. To have one invoiced, type: "
        "zoho-xero-sync sync --deal ID; to see which: zoho-xero-sync -v reconcile"
    ]


def tell_left_alone(context: Context, ledger: LedgerDesk) -> list[str]:
    """As notes_of_left_alone, which then are told."""
    notes = notes_of_left_alone(context, ledger)
    noted = ledger.fact(_FACT)
    if noted is None or noted[0] != context.rules.fingerprint():
        ledger.record_fact(_FACT, context.rules.fingerprint(), context.clock.now())
    return notes


def _is_about(row: DealRow, rules: Rules, link: InvoiceLink) -> bool:
    """Whether the deal's stage bills what this invoice does; a remainder that is not billed yet is another invoice."""
    rule = match_rule(rules.stages, row.stage, row.pipeline)
    return rule is None or rule.part != REMAINDER or link.part == REMAINDER
