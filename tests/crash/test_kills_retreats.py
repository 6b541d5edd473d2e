"""SIGKILL around the writes of a run in which deals are deleted, merged and lost, and others are back."""

from __future__ import annotations

import pytest
from kill_tools import ALL, kill

pytestmark = pytest.mark.slow


def test_no_kill_makes_a_double_or_loses_anything() -> None:
    options = ["--all"] if ALL else ["--near", "/Invoices", "--gaps", "0", "10"]
    kill("retreats", *options).require_sound(least=8)
