"""SIGKILL at every boundary of a run that does everything, invoices being numbered by Xero, and while it logs in."""

from __future__ import annotations

import pytest
from kill_tools import ALL, kill

pytestmark = pytest.mark.slow

FULL = ["--all"] if ALL else []


def test_no_kill_makes_a_double_or_loses_anything() -> None:
    series = kill("xero", *(FULL or ["--gaps", "10", "--every", "3"]))
    series.require_sound(least=150 if ALL else 55)
    assert series.writes > series.recoveries


def test_no_kill_at_a_write_makes_a_double_when_the_next_run_is_at_once() -> None:
    kill("xero", "--near", "/api.xro/", "--gaps", "0").require_sound(least=20)


def test_the_kills_notice_a_recovery_that_sends_again_blindly() -> None:
    series = kill("xero", "--teeth", "blind", "--gaps", "0", "--near", "after PUT /api.xro/2.0/Invoices")
    assert series.doubles == series.kills > 0, series.said


def test_the_kills_notice_a_journal_that_is_written_too_late() -> None:
    series = kill("xero", "--teeth", "forgetful", "--gaps", "0", "--near", "after PUT /api.xro/2.0/Invoices")
    assert series.wrong == series.kills > 0, series.said
    assert "and the ledger does not know it" in series.said


def test_a_kill_while_tokens_are_renewed_never_costs_the_login() -> None:
    options = [*FULL, "--gaps", "0", "25"] if ALL else ["--near", "os.", "--gaps", "25"]
    kill("login", *options).require_sound(least=15)
