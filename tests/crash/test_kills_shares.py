"""SIGKILL around the writes of a run that bills shares and remainders of deals, and ends both invoices of lost ones."""

from __future__ import annotations

import pytest
from kill_tools import ALL, kill

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("plot", ["shares", "shares-template", "shares-moved"] if ALL else ["shares-moved"])
def test_no_kill_makes_a_double_or_loses_anything(plot: str) -> None:
    options = ["--all"] if ALL else ["--near", "after PUT /api.xro/2.0/Invoices", "--gaps", "10"]
    kill(plot, *options).require_sound(least=4)
