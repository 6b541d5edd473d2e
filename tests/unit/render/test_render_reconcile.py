"""What `reconcile` says to people: findings with what settles them, sums in columns, nothing a stranger smuggled in."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from zoho_xero_sync.core.model import XeroInvoice
from zoho_xero_sync.core.reconcile import (
    Case,
    Certainty,
    Difference,
    Dossier,
    Finding,
    Kind,
    Pair,
    Period,
    Reconciliation,
    Repair,
    Standing,
    Undecided,
)
from zoho_xero_sync.core.reconcile_totals import control_totals
from zoho_xero_sync.core.window import Window
from zoho_xero_sync.render.reconcile_csv import COLUMNS, reconcile_csv
from zoho_xero_sync.render.reconcile_text import render_reconciliation

AT = datetime(2026, 11, 20, 1, tzinfo=UTC)
DEAL = "5725767000000410003"
STRANGE = "=cmd|' /C calc'!A0\x1b[2J\u202e"
INVOICE = XeroInvoice(
    "1", "INV-1", "PAID", "c", STRANGE, "", "AUD", date(2026, 11, 20), None, Decimal(10), Decimal(0),
    Decimal("1234.50"), Decimal(0), Decimal(0), AT,
)  # fmt: skip
CHANGED = tuple(Difference(f"LineItems[{n}].Quantity", "1", "1", None) for n in range(1, 12))


def finding(kind: Kind, **changes: Any) -> Finding:
    """One thing to see."""
    hint = f"Type: zoho-xero-sync show {DEAL}"
    return replace(Finding(kind, DEAL, STRANGE, "Closed Won", "What happened.", hint), **changes)


def found(*findings: Finding, extras: tuple[XeroInvoice, ...] = ()) -> Reconciliation:
    """A period of one deal."""
    dossier = Dossier(DEAL, None, None, None, None, (INVOICE,), None, None, None, None, "AUD")
    case = Case(dossier, Standing.INVOICED, "", INVOICE, extras, findings)
    pair = Pair(Certainty.CERTAIN, DEAL, STRANGE, "Closed Won", INVOICE, "the same")
    undecided = Undecided(DEAL, STRANGE, (INVOICE, INVOICE))
    totals = control_totals([case])
    return Reconciliation(
        "run",
        AT,
        Period(Window(AT), AT.date()),
        (case,),
        totals,
        (pair,),
        (undecided,),
        (pair,),
        {"zoho": 2, "xero": 1},
    )


def shown(view: Reconciliation, *, interactive: bool) -> str:
    """What is printed."""
    out = io.StringIO()
    render_reconciliation(view, Console(file=out, width=120, force_terminal=False, highlight=False), interactive)
    return out.getvalue()


@pytest.mark.parametrize("interactive", [True, False])
@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_is_told_with_what_settles_it(kind: Kind, interactive: bool) -> None:
    told = shown(found(finding(kind, differences=CHANGED)), interactive=interactive)
    assert "What happened." in told and f"zoho-xero-sync show {DEAL}" in told
    assert "\x1b" not in told and "\u202e" not in told
    assert "1 difference to see" in told and "2 to Zoho and 1 to Xero" in told
    assert ("and 3 more fields" in told) == (kind is Kind.DRIFTED)


def test_what_was_fixed_is_said_and_its_hint_is_not() -> None:
    repair = Repair("the ledger has what Xero says")
    told = shown(found(finding(Kind.STATUS, repair=repair, fixed=True)), interactive=False)
    assert "Fixed: the ledger has what Xero says." in told and "zoho-xero-sync show" not in told
    assert "Nothing to see; 1 fixed in the ledger." in told
    assert "reconcile --fix" in shown(found(finding(Kind.STATUS, repair=repair)), interactive=False)


def test_the_sums_stand_in_columns() -> None:
    told = shown(found(), interactive=False)
    rows = [line for line in told.splitlines() if line.startswith(("  = ", "  + "))]
    assert len(rows) == 12 and len({len(line) for line in rows[:6]}) == len({len(line) for line in rows[6:]}) == 1
    assert rows[6].endswith("1,234.50") and rows[-1].endswith("1,234.50")
    assert "1 deal comes to nobody knows what" in told


CELLS: Mapping[str, str] = {
    "=1+1": "'=1+1",
    " =1": "'=1",
    "\t@SUM(A1)": "'@SUM(A1)",
    "+61 2 5550": "'+61 2 5550",
    "-1+2": "'-1+2",
    "\uff1d1": "'\uff1d1",
    "a\r\n=1": "a =1",
    "-12.50": "-12.50",
    'say "hi", then': 'say "hi", then',
}


@pytest.mark.parametrize("text", CELLS)
def test_a_spreadsheet_runs_nothing(text: str) -> None:
    rows = list(csv.reader(io.StringIO(reconcile_csv(found(finding(Kind.HELD, message=text))))))
    assert tuple(rows[0]) == COLUMNS
    assert rows[1][COLUMNS.index("messages")] == CELLS[text]
    assert {len(row) for row in rows} == {len(COLUMNS)}
