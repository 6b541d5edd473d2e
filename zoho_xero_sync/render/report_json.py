"""The report as JSON, exactly as docs/report.schema.json describes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from zoho_xero_sync.core.control_totals import ControlTotal, control_totals
from zoho_xero_sync.core.model import Change, Problem
from zoho_xero_sync.core.money import money_text
from zoho_xero_sync.core.report import COUNTS, ContactResult, DealResult, InvoiceResult, Report

SCHEMA_VERSION = 1


def report_json(report: Report) -> str:
    """The report as one JSON object, indented, in the documented key order and without a final newline.

    Money is text with the currency's decimals and instants are whole seconds of UTC. Characters beyond ASCII are
    escaped, so that the text is the same in every locale and cannot steer a terminal.
    """
    return json.dumps(report_value(report), indent=2, ensure_ascii=True, allow_nan=False)


def report_value(report: Report) -> dict[str, object]:
    """The report as plain JSON values, in the documented key order."""
    window_from, window_to = report.window
    before, after = report.checkpoint
    return {
        "schema": SCHEMA_VERSION,
        "run_id": report.run_id,
        "mode": report.mode,
        "started_at": instant(report.started_at),
        "finished_at": instant(report.finished_at),
        "window": {"from": instant(window_from), "to": instant(window_to)},
        "checkpoint": {"before": instant(before), "after": instant(after)},
        "counts": {name: report.counts.get(name, 0) for name in COUNTS},
        "api_calls": {name: report.api_calls.get(name, 0) for name in ("zoho", "xero")},
        "deals": [_deal(deal) for deal in report.deals],
        "problems": [problem_value(problem) for problem in report.problems],
        "exit_code": report.exit_code,
        "baseline": report.baseline,
        "notes": list(report.notes),
        "totals": [_control_total(total) for total in control_totals(report.deals)],
    }


def problem_value(problem: Problem) -> dict[str, object]:
    """A problem as plain JSON values; `path` is null when no field is to blame."""
    return {
        "code": problem.code,
        "subject": problem.subject,
        "path": problem.path,
        "message": problem.message,
        "hint": problem.hint,
    }


def change_value(change: Change) -> dict[str, object]:
    """A change as plain JSON values; null on the side where the field is not there."""
    return {"field": change.field, "before": change.before, "after": change.after}


def instant(at: datetime | None) -> str | None:
    """`2026-11-20T01:00:00Z`: UTC, cut to whole seconds; None for None."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _control_total(total: ControlTotal) -> dict[str, object]:
    parts = {name: getattr(total, name) for name in ("sold", "invoiced", "held", "pending", "uncertain")}
    sums = {
        name: {"deals": part.deals, "amount": money_text(part.amount, total.currency)} for name, part in parts.items()
    }
    return {"currency": total.currency, **sums, "difference": money_text(total.difference, total.currency)}


def _deal(deal: DealResult) -> dict[str, object]:
    return {
        "deal_id": deal.deal_id,
        "deal_name": deal.deal_name,
        "stage": deal.stage,
        "action": deal.action,
        "reason": deal.reason,
        "contact": _contact(deal.contact) if deal.contact else None,
        "invoice": _invoice(deal.invoice) if deal.invoice else None,
        "changes": [change_value(change) for change in deal.changes],
        "next_step": deal.next_step,
    }


def _contact(contact: ContactResult) -> dict[str, object]:
    return {"id": contact.id or None, "name": contact.name, "action": contact.action}


def _invoice(invoice: InvoiceResult) -> dict[str, object]:
    return {
        "id": invoice.id or None,
        "number": invoice.number or None,
        "status": str(invoice.status),
        "total": money_text(invoice.total, invoice.currency),
        "currency": invoice.currency,
        "action": invoice.action,
    }
