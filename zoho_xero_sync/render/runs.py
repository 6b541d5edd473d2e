"""A run of the past in a few words."""

from __future__ import annotations

import json

from zoho_xero_sync.core.model import RunRecord
from zoho_xero_sync.render.summary import deeds

# Exit codes in a word or two (docs/exit-codes.md has them in full).
_EXITS = {
    0: "ok",
    1: "error in this program",
    2: "wrong usage",
    3: "some deals wait",
    4: "to be continued",
    10: "configuration invalid",
    11: "locked",
    12: "login needed",
    13: "ledger unusable",
    15: "safety stop",
    130: "interrupted",
    143: "interrupted",
}


def exit_word(code: int | None) -> str:
    """What an exit code means; a run without one never finished."""
    return "unfinished" if code is None else _EXITS.get(code, f"exit {code}")


def run_deeds(run: RunRecord) -> str:
    """What the run did, from the counts it left in the ledger; empty when it did nothing or left none."""
    try:
        told = json.loads(run.report or "{}")
        counts = told.get("counts", {})
        return ", ".join(deeds({str(name): int(number) for name, number in counts.items()}, planned=False))
    except (ValueError, TypeError, AttributeError):
        return ""
