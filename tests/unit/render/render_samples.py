"""Reports to render: small builders, and one run that has something of everything."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console

from zoho_xero_sync.core.model import Change, Problem
from zoho_xero_sync.core.report import ContactResult, DealResult, InvoiceResult, Report, count
from zoho_xero_sync.render.report_text import render_report

NOW = datetime(2026, 11, 20, 1, 0, 0, 250_000, tzinfo=UTC)
EARLIER = datetime(2026, 11, 20, 0, 55, tzinfo=UTC)
FIRST_ID = 5725767000000411001
UUID = "0b5a2c1e-7f0d-4d0e-9a57-1d6c1b0f{:04x}"


def deal_id(position: int) -> str:
    return str(FIRST_ID + position)


def create(position: int = 0, name: str = "Warehouse shelving", total: str = "1234.50", **more: Any) -> DealResult:
    result = DealResult(
        deal_id(position),
        name,
        "Closed Won",
        "create",
        "entered Closed Won",
        ContactResult(None, "Harbour Freight Pty Ltd", "create"),
        InvoiceResult(None, None, "AUTHORISED", Decimal(total), "AUD", "create"),
        (Change("Reference", None, name), Change("Status", None, "AUTHORISED")),
    )
    return replace(result, **more)


def invoice(total: str = "1234.50", currency: str = "AUD", **more: Any) -> InvoiceResult:
    made = InvoiceResult(UUID.format(7), "INV-0007", "AUTHORISED", Decimal(total), currency, "update")
    return replace(made, **more)


def update(position: int = 1, name: str = "Forklift hire, third quarter", **more: Any) -> DealResult:
    result = DealResult(
        deal_id(position),
        name,
        "Closed Won",
        "update",
        "moved on to Closed Won",
        ContactResult(UUID.format(1), "Northside Builders", "unchanged"),
        invoice("880.00"),
        (Change("Status", "DRAFT", "AUTHORISED"),),
    )
    return replace(result, **more)


def void(position: int = 2, name: str = "Site survey", **more: Any) -> DealResult:
    result = DealResult(
        deal_id(position),
        name,
        "Closed Lost",
        "void",
        "left the invoiced stages for Closed Lost",
        None,
        invoice("150.00", number="INV-0008", status="VOIDED", action="void"),
        (Change("Status", "AUTHORISED", "VOIDED"),),
    )
    return replace(result, **more)


def adopt(position: int = 3, name: str = "Annual maintenance", **more: Any) -> DealResult:
    result = DealResult(
        deal_id(position),
        name,
        "Closed Won",
        "adopt",
        "Xero already has invoice INV-0009 for this deal",
        ContactResult(UUID.format(2), "Tanaka Trading", "adopt"),
        invoice("120000", "JPY", number="INV-0009", action="adopt"),
    )
    return replace(result, **more)


def contact_only(position: int = 4, name: str = "Prospect brochure", **more: Any) -> DealResult:
    result = DealResult(
        deal_id(position),
        name,
        "Confirmed",
        "contact_only",
        "the customer changed",
        ContactResult(UUID.format(3), "Riverside Clinic", "update"),
        None,
        (Change("EmailAddress", "accounts@example.com", "billing@example.com"),),
    )
    return replace(result, **more)


def held(position: int = 5, name: str = "Office fit-out", **more: Any) -> DealResult:
    message = (
        "The invoice would not be exact: its lines come to 990 in Xero and the quote says 989.99; "
        "the difference is -0.01 AUD."
    )
    result = DealResult(
        deal_id(position),
        name,
        "Closed Won",
        "hold",
        message,
        next_step=retry("Make the document's rows carry its whole total, or invoice it by hand", deal_id(position)),
    )
    return replace(result, **more)


def rejected(position: int = 6, name: str = "Spare parts", **more: Any) -> DealResult:
    result = DealResult(
        deal_id(position),
        name,
        "Closed Won",
        "reject",
        "Xero refused the invoice: Account code '200' is not a valid code for this document.",
        next_step=retry("Correct the cause", deal_id(position)),
    )
    return replace(result, **more)


def uncertain(position: int = 7, name: str = "Cold store repair", **more: Any) -> DealResult:
    result = DealResult(
        deal_id(position),
        name,
        "Closed Won",
        "uncertain",
        "the answer from Xero was lost; Xero is asked before anything is sent again",
        invoice=invoice("410.00", id=None, number=None, action="create"),
        next_step="Run sync again: it settles this first.",
    )
    return replace(result, **more)


def plain(action: str, position: int = 8, name: str = "Old order", **more: Any) -> DealResult:
    reasons = {"pending": "beyond --limit; stays pending", "skip": "stage Proposal is not one that is invoiced"}
    reason = reasons.get(action, "nothing that the invoice depends on changed")
    return replace(DealResult(deal_id(position), name, "Closed Won", action, reason), **more)


def retry(advice: str, deal: str) -> str:
    return f"{advice}, then type: zoho-xero-sync resolve {deal} --retry"


_CODES = {"hold": "total_mismatch", "reject": "xero_refused", "uncertain": "outcome_unknown"}


def problem_of(deal: DealResult, code: str | None = None) -> Problem:
    found = code or _CODES[deal.action]
    return Problem(found, f"deal {deal.deal_id}", deal.reason or "", deal.next_step or "")


def run_problem(code: str = "login_needed") -> Problem:
    return Problem(code, "run", "Nobody is logged in to Xero.", "Log in: zoho-xero-sync auth xero")


def report(deals: Sequence[DealResult] = (), mode: str = "dry_run", **more: Any) -> Report:
    problems = tuple(problem_of(deal) for deal in deals if deal.action in _CODES)
    made = Report(
        run_id="20261120T010000Z-5f3a",
        mode=mode,
        started_at=NOW,
        finished_at=NOW,
        window=(EARLIER, None),
        checkpoint=(EARLIER, NOW),
        counts=count(tuple(deals)),
        api_calls={"zoho": 5, "xero": 3},
        deals=tuple(deals),
        problems=problems,
        exit_code=3 if problems else 0,
        new_problems=frozenset((problem.code, problem.subject) for problem in problems),
    )
    return replace(made, **more)


def everything(mode: str = "dry_run") -> Report:
    """One deal of every action."""
    deals = (
        create(),
        update(),
        void(),
        adopt(),
        contact_only(),
        held(),
        rejected(),
        uncertain(),
        plain("unchanged", 8),
        plain("pending", 9, "Later order"),
        plain("skip", 10, "Early talk"),
    )
    return report(deals, mode)


def text_of(
    made: Report, *, width: int = 100, interactive: bool = True, verbosity: int = 0, all_problems: bool = False
) -> str:
    """What a terminal of `width` columns, or a pipe, would show, without colours."""
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=interactive, color_system=None)
    render_report(made, console, verbosity=verbosity, interactive=interactive, all_problems=all_problems)
    return stream.getvalue()
