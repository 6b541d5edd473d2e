"""Everything about one deal as JSON."""

from __future__ import annotations

import json
from decimal import Decimal

from zoho_xero_sync.core.derivation import document_total
from zoho_xero_sync.core.model import (
    Action,
    ContactStep,
    CustomerLink,
    Event,
    InvoiceDraft,
    InvoiceLine,
    InvoiceLink,
    InvoiceStep,
    SourceDocument,
    SourceLine,
    Write,
)
from zoho_xero_sync.core.money import money_text, plain_text
from zoho_xero_sync.core.sighting import still_due
from zoho_xero_sync.core.views import DealView
from zoho_xero_sync.render.derivation import currency_of, derivation_value, derived
from zoho_xero_sync.render.report_json import change_value, instant, problem_value


def show_json(view: DealView) -> str:
    """Everything about the deal as one JSON object, indented and ASCII, without a final newline.

    Money is text: totals with the currency's decimals, other figures exact and without trailing zeros. Bodies of
    requests are never part of it.
    """
    draft = view.action.invoice.draft if view.action and view.action.invoice else None
    derivation = derived(view)
    value = {
        "schema": 1,
        "deal_id": view.deal_id,
        "deal_name": view.name,
        "stage": view.stage,
        "state": view.state,
        "problem": problem_value(view.record.problem) if view.record and view.record.problem else None,
        "customer": _customer(view.customer) if view.customer else None,
        "invoice": _link(view.invoice) if view.invoice else None,
        "others": [_link(link) for link in view.others],
        "drift": [change_value(change) for change in view.drift],
        "document": _document(view.document, draft) if view.document else None,
        "action": _action(view.action) if view.action else None,
        "derivation": derivation_value(derivation, currency_of(view)) if derivation else None,
        "events": [_event(event) for event in view.events],
        "writes": [_write(write) for write in view.writes],
        "zoho_link": view.zoho_link,
        "xero_link": view.xero_link,
        "note": view.note,
    }
    return json.dumps(value, indent=2, ensure_ascii=True)


def _customer(link: CustomerLink) -> dict[str, object]:
    return {
        "module": link.customer.module,
        "id": link.customer.id,
        "contact_id": link.contact_id,
        "number": link.number,
        "name": link.name,
    }


def _link(link: InvoiceLink) -> dict[str, object]:
    return {
        "id": link.invoice_id,
        "number": link.number,
        "status": link.status,
        "currency": link.currency,
        "total": money_text(link.total, link.currency),
        "due": money_text(still_due(link), link.currency),
        "paid_on": link.paid_on.isoformat() if link.paid_on else None,
        "live": link.live,
    }


def _document(document: SourceDocument, draft: InvoiceDraft | None) -> dict[str, object]:
    expected = document_total(document, draft)
    currency = draft.currency if draft else document.currency or ""
    return {
        "source": document.source,
        "id": document.id,
        "number": document.number,
        "currency": document.currency,
        "lines": [_row(row) for row in document.lines],
        "discount": plain_text(document.discount),
        "tax": plain_text(document.tax),
        "adjustment": plain_text(document.adjustment),
        "total": None if expected is None else money_text(expected, currency),
    }


def _row(row: SourceLine) -> dict[str, object]:
    return {
        "product": row.product_name,
        "code": row.product_code,
        **_figures(row.quantity, row.price, row.discount, row.net, row.tax),
        "taxes": [{"name": tax.name, "percent": plain_text(tax.percent)} for tax in row.taxes or ()],
    }


def _figures(quantity: Decimal, price: Decimal, discount: Decimal, net: Decimal, tax: Decimal) -> dict[str, object]:
    named = {"quantity": quantity, "price": price, "discount": discount, "net": net, "tax": tax}
    return {name: plain_text(value) for name, value in named.items()}


def _action(action: Action) -> dict[str, object]:
    return {
        "action": action.action,
        "reason": action.reason,
        "problem": problem_value(action.problem) if action.problem else None,
        "contact": _contact_step(action.contact) if action.contact else None,
        "invoice": _invoice_step(action.invoice) if action.invoice else None,
    }


def _contact_step(step: ContactStep) -> dict[str, object]:
    return {
        "action": step.action,
        "id": step.contact_id,
        "name": step.draft.name,
        "changes": [change_value(change) for change in step.changes],
    }


def _invoice_step(step: InvoiceStep) -> dict[str, object]:
    draft = step.draft
    return {
        "action": step.action,
        "id": step.invoice_id,
        "number": step.number,
        "status": str(step.status),
        "currency": step.currency,
        "total": money_text(step.total, step.currency),
        "sub_total": money_text(draft.sub_total, draft.currency) if draft else None,
        "total_tax": money_text(draft.total_tax, draft.currency) if draft else None,
        "lines": [_line(line) for line in draft.lines] if draft else [],
        "changes": [change_value(change) for change in step.changes],
    }


def _line(line: InvoiceLine) -> dict[str, object]:
    return {
        "description": line.description,
        **_figures(line.quantity, line.unit_amount, line.discount, line.line_amount, line.tax_amount),
        "account": line.account_code,
        "tax_type": line.tax_type,
        "item": line.item_code,
        "tracking": [{"category": option.category, "option": option.option} for option in line.tracking],
    }


def _event(event: Event) -> dict[str, object]:
    return {"at": instant(event.at), "run_id": event.run_id, "kind": event.kind, "detail": dict(event.detail)}


def _write(write: Write) -> dict[str, object]:
    return {
        "id": write.id,
        "run_id": write.run_id,
        "created_at": instant(write.created_at),
        "method": write.method,
        "path": write.path,
        "state": str(write.state),
        "attempts": write.attempts,
        "operations": [
            {
                "kind": str(operation.kind),
                "subject": operation.subject,
                "state": str(operation.state),
                "remote_id": operation.remote_id,
                "message": operation.message,
            }
            for operation in write.operations
        ],
    }
