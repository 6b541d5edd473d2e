"""SIGKILL at every boundary of a run that does everything, invoices being numbered by Xero; what else may be killed."""

from __future__ import annotations

import pytest
from kill_tools import ALL, kill

pytestmark = pytest.mark.slow


def test_no_kill_makes_a_double_or_loses_anything() -> None:
    series = kill("xero", *(["--all"] if ALL else []))
    series.require_sound(least=150)
    assert series.writes > series.recoveries


def test_the_kills_notice_a_recovery_that_sends_again_blindly() -> None:
    series = kill("xero", "--teeth", "blind", "--gaps", "0", "--near", "after PUT /api.xro/2.0/Invoices")
    assert series.doubles == series.kills > 0, series.said


def test_the_kills_notice_a_journal_that_is_written_too_late() -> None:
    series = kill("xero", "--teeth", "forgetful", "--gaps", "0", "--near", "after PUT /api.xro/2.0/Invoices")
    assert series.wrong == series.kills > 0, series.said
    assert "and the ledger does not know it" in series.said
