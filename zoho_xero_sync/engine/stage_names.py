"""Whether the stages of the rules still exist in Zoho: deals of a renamed stage would pass unseen."""

from __future__ import annotations

import json
from datetime import timedelta

from zoho_xero_sync.core.model import Problem
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.engine.ports import Context, LedgerView

FACT = "zoho.stages"
_KEPT_FOR = timedelta(hours=24)
_KEPT_WHILE_MISSING = timedelta(minutes=15)


def stages_text(context: Context) -> str:
    """The stages Zoho has now, as they are kept. One call."""
    return json.dumps(context.zoho.deal_stages())


def watched_stages(context: Context, ledger: LedgerView) -> tuple[Problem | None, str | None]:
    """What is wrong with the rules' stages, and the text to keep when Zoho was asked for its own: one call a day.

    While one is missing Zoho is asked again soon.
    """
    kept = ledger.fact(FACT)
    text = None if kept is None else kept[0]
    age = timedelta.max if kept is None else context.clock.now() - kept[1]
    limit = _KEPT_FOR if text is None or not _missing(context.rules, text) else _KEPT_WHILE_MISSING
    fresh = text is not None and timedelta(0) <= age < limit
    told = text if fresh and text is not None else stages_text(context)
    return stage_problem(context.rules, told), (None if fresh else told)


def lost_stages(context: Context) -> tuple[str, ...]:
    """The stages of the rules that Zoho does not have now; none for a login that may not see them. One call."""
    return tuple(_missing(context.rules, stages_text(context)))


def stage_problem(rules: Rules, text: str) -> Problem | None:
    """The problem of the rules' stages that are not among these; None for a login that may not see them: `check` says.

    Names are Zoho's display values, which queries answer with
    (www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html).
    """
    missing = _missing(rules, text)
    return _problem(missing, json.loads(text)) if missing else None


def _missing(rules: Rules, text: str) -> list[str]:
    shown = json.loads(text)
    if shown is None:
        return []
    return [
        stage for stage in dict.fromkeys(name for rule in rules.stages for name in rule.stages) if stage not in shown
    ]


def _problem(missing: list[str], shown: list[str]) -> Problem:
    names = ", ".join(f"'{name}'" for name in missing)
    many = len(missing) > 1
    return Problem(
        "stage_unknown",
        "run",
        f"Zoho has no deal stage{'s' if many else ''} {names}, so deals there are not noticed; "
        f"{'they were' if many else 'it was'} perhaps renamed.",
        "Correct `stages` in the configuration, then sync --dry-run. What waited or came in since is history to "
        f"the next run: ask for it with sync --since. Zoho's stages: {', '.join(shown)}.",
        "stages",
    )
