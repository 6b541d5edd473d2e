"""What `rebuild` did, as JSON."""

from __future__ import annotations

import json

from zoho_xero_sync.core.model import DealRecord
from zoho_xero_sync.core.money import money_text
from zoho_xero_sync.core.rebuild import Found, RebuildView, invoiced_totals
from zoho_xero_sync.render.report_json import instant


def rebuild_json(view: RebuildView) -> str:
    """The view as one JSON object, indented and ASCII, without a final newline. Money is text, by currency."""
    rebuilt = view.rebuilt
    totals = invoiced_totals(rebuilt.restored)
    value = {
        "schema": 1,
        "run_id": view.run_id,
        "mode": "dry_run" if view.dry_run else "rebuild",
        "finished_at": instant(view.at),
        "ledger": view.ledger,
        "set_aside": view.set_aside,
        "checkpoint": instant(rebuilt.checkpoint),
        "counts": rebuild_counts(view),
        "totals": {currency: money_text(total, currency) for currency, total in sorted(totals.items())},
        "api_calls": dict(view.calls),
        "may_have_waited": [_deal(record) for record in rebuilt.may_have_waited],
        "not_invoiced_again": [_deal(item.record) for item in rebuilt.not_invoiced_again],
        "problems": [
            {
                "code": record.problem.code,
                "subject": record.problem.subject,
                "path": record.problem.path,
                "message": record.problem.message,
                "hint": record.problem.hint,
            }
            for record in rebuilt.held
            if record.problem is not None
        ],
        "exit_code": rebuilt.exit_code,
    }
    return json.dumps(value, indent=2, ensure_ascii=True)


def rebuild_counts(view: RebuildView) -> dict[str, int]:
    """How many deals came back in each way, and how many customers."""
    rebuilt = view.rebuilt
    found = {kind.value: sum(item.found is kind for item in rebuilt.restored) for kind in Found}
    return found | {
        "customers": len(rebuilt.customers),
        "customers_only": len(rebuilt.customers_only),
        "pending": len(rebuilt.pending),
        "baseline": len(rebuilt.baseline),
        "may_have_waited": len(rebuilt.may_have_waited),
    }


def ask_for(deal_id: str) -> str:
    """What to type to have one deal looked at."""
    return f"zoho-xero-sync sync --deal {deal_id}"


def _deal(record: DealRecord) -> dict[str, str | None]:
    return {
        "deal_id": record.deal_id,
        "deal_name": record.name,
        "stage": record.stage,
        "modified_at": instant(record.modified_at) if record.modified_at else None,
        "command": ask_for(record.deal_id),
    }
