"""What a deal that was just read becomes in the ledger: nothing, seen, pending or held."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from zoho_xero_sync.core.model import Deal, DealRecord, DealRow, DealState, InvoiceLink, Problem
from zoho_xero_sync.core.rules import Rules, StageRule
from zoho_xero_sync.core.stages import match_rule


def why_left_alone(record: DealRecord) -> str:
    """Why a deal in a stage that is invoiced gets no invoice: it is history, or `stays_unbilled`."""
    if record.baseline:
        return "was already in its stage when the baseline was recorded"
    how = f"to have it invoiced, type: zoho-xero-sync sync --deal {record.deal_id}"
    return f"entered {record.stage} when its rule asked for the customer only; {how}"


def waits_as_left(record: DealRecord) -> bool:
    """Whether the deal waits because it left or was deleted: set aside, it would stay so if it came back."""
    return record.problem is not None and record.problem.code in ("left_stages", "deal_deleted")


def stage_row(row: DealRow, known: DealRecord | None, rules: Rules, *, requested: bool) -> DealRecord | None:
    """The record to store for this row, or None when there is nothing to remember.

    A deal enters the ledger only through a stage that is invoiced. What `is_known` is not work. A baseline deal stays
    history until it leaves the stages, or until a person asks for it.
    """
    qualifies = match_rule(rules.stages, row.stage, row.pipeline) is not None
    stays = known is not None and not requested and stays_unbilled(known, row, rules)
    requested = requested or (known is not None and known.requested and not stays)
    unreadable = isinstance(row.content, Problem)
    if known is None and not qualifies and not (unreadable and not row.stage):
        return None
    settles = stays and known is not None and known.state is DealState.PENDING
    if known is not None and is_known(row, known) and not requested and not settles:
        return None
    baseline = known is not None and known.baseline and qualifies and not requested
    settled = baseline or stays or (known is not None and not requested and stays_outside(row, known, rules))
    state = _state(row, known, settled=settled, requested=requested)
    return DealRecord(
        deal_id=row.id,
        name=row.name,
        stage=row.stage,
        state=state,
        baseline=baseline,
        modified_at=row.modified_at,
        snapshot=row.snapshot,
        requested=requested,
        problem=row.content if isinstance(row.content, Problem) and state is DealState.HELD else None,
        rules=known.rules if known else None,
        person=row.content.person.id if isinstance(row.content, Deal) and row.content.person else None,
        person_before=_settled_person(known),
        account=row.content.account.id if isinstance(row.content, Deal) and row.content.account else None,
        customer_only=not baseline and (stays or wants_customer_only(row, rules)),
    )


def is_known(row: DealRow, known: DealRecord) -> bool:
    """Whether the deal is as it was when it was last read, to the letter or but for what this program told it since."""
    if known.snapshot is None:
        return False
    told = known.told_at is not None and known.told_at == row.modified_at
    return known.snapshot == row.snapshot or (told and _same_content(known.snapshot, row.snapshot))


def _same_content(before: str, now: str) -> bool:
    """Whether two reads differ in the time of modification alone, as far as both asked for the same columns.

    Zoho writes times with the offset of the day they are read on, so these are compared as what they stand for.
    """
    old, new = (json.loads(text, parse_float=Decimal) for text in (before, now))
    columns = (old.keys() & new.keys()) - {"Modified_Time"}
    return all(_meant(old[name]) == _meant(new[name]) for name in columns)


def _meant(value: object) -> object:
    """The value, or the instant that it writes with an offset."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return value
    return value if moment is None or moment.tzinfo is None else moment


def wants_customer_only(row: DealRow, rules: Rules) -> bool:
    """Whether the deal's stage asks for its customer and for no invoice."""
    rule = match_rule(rules.stages, row.stage, row.pipeline)
    return rule is not None and rule.invoice == "none"


def stays_unbilled(record: DealRecord, row: DealRow, rules: Rules) -> bool:
    """Whether a deal is where only its customer was wanted, in a stage that is billed by now: it did not enter it.

    What a run left pending is not billed by another rule than it entered by; what waits for a person is. This is not to
    be asked of a deal that has an invoice.
    """
    rule = match_rule(rules.stages, row.stage, row.pipeline)
    there = record.customer_only and record.state in (DealState.SEEN, DealState.PENDING)
    return there and record.stage == row.stage and _same_pipeline(record, row) and bills(rule)


def bills(rule: StageRule | None) -> bool:
    """Whether the rule asks for an invoice."""
    return rule is not None and rule.invoice != "none"


def _same_pipeline(record: DealRecord, row: DealRow) -> bool:
    """False only where both were read with their pipeline: it is asked for only while a rule names one."""
    before, now = (json.loads(text) if text else {} for text in (record.snapshot, row.snapshot))
    return "Pipeline" not in before or "Pipeline" not in now or before["Pipeline"] == now["Pipeline"]


def pipeline_of(record: DealRecord) -> str | None:
    """The pipeline in which the deal was last read; None when it had none, or no rule asked for it then."""
    held = json.loads(record.snapshot).get("Pipeline") if record.snapshot else None
    return held if isinstance(held, str) else None


def stays_outside(row: DealRow, known: DealRecord, rules: Rules) -> bool:
    """Whether a settled deal is still in a stage that no rule names: it did not leave, though the rules may have."""
    named = any(row.stage in rule.stages for rule in rules.stages)
    return known.state is DealState.SEEN and known.stage == row.stage and not named


def _settled_person(known: DealRecord | None) -> str | None:
    if known is None:
        return None
    return known.person if known.state is DealState.SEEN else known.person_before


def _state(row: DealRow, known: DealRecord | None, *, settled: bool, requested: bool) -> DealState:
    # Nobody is asked to correct what would be left alone anyway: history, and what a person set aside.
    if settled:
        return DealState.SEEN
    if known is not None and (known.state is DealState.SKIPPED or known.set_aside) and not requested:
        return DealState.SKIPPED
    return DealState.HELD if isinstance(row.content, Problem) else DealState.PENDING


def new_history(
    found: Sequence[DealRecord], known: Mapping[str, DealRecord], links: Mapping[str, InvoiceLink]
) -> list[DealRecord]:
    """Of the deals found in stages that nobody watched until now, the records of those that become history.

    These are the ones that are not known, and known ones that need nothing and have no live invoice. What waits, was
    set aside, has an invoice or is history already is left alone.
    """
    distinct = {deal.deal_id: deal for deal in found}
    unknown = [replace(deal, baseline=True) for deal in distinct.values() if deal.deal_id not in known]
    here = [known[deal_id] for deal_id in distinct if deal_id in known]
    idle = [deal for deal in here if deal.state is DealState.SEEN and not deal.baseline and not _billed(deal, links)]
    return [*unknown, *(replace(deal, baseline=True, customer_only=False) for deal in idle)]


def _billed(deal: DealRecord, links: Mapping[str, InvoiceLink]) -> bool:
    link = links.get(deal.deal_id)
    return link is not None and link.live


def baseline_record(row: DealRow) -> DealRecord:
    """A deal that was in an invoiced stage before this program began: history, left alone."""
    return DealRecord(row.id, row.name, row.stage, DealState.SEEN, True, row.modified_at, None)
