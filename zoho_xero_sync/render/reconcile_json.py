"""What `reconcile` found, as JSON: docs/reconcile.schema.json describes it."""

from __future__ import annotations

import json

from zoho_xero_sync.core.model import XeroInvoice
from zoho_xero_sync.core.money import money_text
from zoho_xero_sync.core.reconcile import Case, Finding, Kind, Pair, Reconciliation, Standing, Sum, Totals
from zoho_xero_sync.render.report_json import instant

Value = dict[str, object]


def reconcile_json(found: Reconciliation) -> str:
    """The whole as one JSON object, indented and ASCII, without a final newline. Money is text."""
    return json.dumps(_value(found), indent=2, ensure_ascii=True)


def _value(found: Reconciliation) -> Value:
    findings = found.findings
    return {
        "schema": 1,
        "run_id": found.run_id,
        "finished_at": instant(found.at),
        "window": {"from": instant(found.window.start), "to": instant(found.window.end)},
        "counts": {kind.value: sum(finding.kind is kind for finding in findings) for kind in Kind},
        "totals": [_totals(totals) for totals in found.totals],
        "deals": [_deal(case) for case in found.cases],
        "findings": [_finding(finding) for finding in findings],
        "proposals": [_pair(pair) for pair in found.pairs],
        "undecided": [
            {"deal_id": item.deal_id, "deal_name": item.deal_name, "invoices": [_invoice(one) for one in item.invoices]}
            for item in found.undecided
        ],
        "adopted": [_pair(pair) for pair in found.adopted],
        "api_calls": dict(found.calls),
        "exit_code": found.exit_code,
    }


def _totals(totals: Totals) -> Value:
    currency = totals.currency
    invoiced = totals.standings[Standing.INVOICED]
    return {
        "currency": currency,
        "zoho": {
            "qualifying": _sum(totals.qualifying, currency),
            **{standing.value: _sum(totals.standings[standing], currency) for standing in Standing},
            "without_amount": totals.without_amount,
        },
        "xero": {
            "ours": _sum(totals.ours, currency),
            "invoiced": money_text(invoiced.total, currency),
            "drifted": money_text(totals.drifted, currency),
            "doubled": _sum(totals.doubled, currency),
            "orphaned": _sum(totals.orphaned, currency),
            "unpriced": _sum(totals.unpriced, currency),
        },
    }


def _sum(value: Sum, currency: str) -> Value:
    return {"count": value.count, "total": money_text(value.total, currency)}


def _deal(case: Case) -> Value:
    dossier = case.dossier
    return {
        "deal_id": dossier.deal_id,
        "deal_name": dossier.name,
        "stage": dossier.stage,
        "standing": case.standing.value if case.standing else None,
        "reason": case.reason,
        "amount": None if dossier.amount is None else money_text(dossier.amount, dossier.currency),
        "currency": dossier.currency,
        "invoices": [_invoice(one) for one in ((case.invoice, *case.extras) if case.invoice else ())],
    }


def _finding(finding: Finding) -> Value:
    return {
        "kind": finding.kind.value,
        "deal_id": finding.deal_id,
        "deal_name": finding.deal_name,
        "stage": finding.stage,
        "message": finding.message,
        "hint": finding.hint,
        "invoices": [_invoice(one) for one in finding.invoices],
        "differences": [
            {"field": item.field, "zoho": item.zoho, "ledger": item.ledger, "xero": item.xero}
            for item in finding.differences
        ],
        "repair": finding.repair.said if finding.repair is not None else None,
        "fixed": finding.fixed,
    }


def _invoice(invoice: XeroInvoice) -> Value:
    return {
        "id": invoice.id,
        "number": invoice.number,
        "status": invoice.status,
        "reference": invoice.reference,
        "date": invoice.date.isoformat() if invoice.date else None,
        "total": money_text(invoice.total, invoice.currency),
        "currency": invoice.currency,
    }


def _pair(pair: Pair) -> Value:
    return {
        "certainty": pair.certainty.value,
        "deal_id": pair.deal_id,
        "deal_name": pair.deal_name,
        "stage": pair.stage,
        "why": pair.why,
        "invoice": _invoice(pair.invoice),
    }
