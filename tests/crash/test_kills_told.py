"""SIGKILL around everything a run does when it sees people's work in Xero and writes invoices back to Zoho."""

from __future__ import annotations

import pytest
from kill_tools import ALL, kill

pytestmark = pytest.mark.slow


def test_no_kill_makes_a_second_note_or_leaves_a_deal_untold() -> None:
    options = ["--all"] if ALL else ["--near", "/crm/v8/", "--gaps", "0", "10"]
    kill("told", *options).require_sound(least=4)
