"""SIGKILL with invoice numbers of our own, killed recoveries and first runs; test_kills_xero_numbers has the rest."""

from __future__ import annotations

import pytest
from kill_tools import ALL, kill

pytestmark = pytest.mark.slow

FULL = ["--all"] if ALL else []


def test_no_kill_makes_a_double_or_loses_anything() -> None:
    options = FULL or ["--near", "/api.xro/", "--gaps", "0", "10"]
    kill("template", *options).require_sound(least=150 if ALL else 30)


@pytest.mark.parametrize("plot", ["xero", "template"])
def test_a_killed_recovery_is_recovered_from(plot: str) -> None:
    count = 400 if ALL else 12
    kill(plot, "--pairs", str(count)).require_sound(least=count + count // 2)


@pytest.mark.parametrize("plot", ["init", "first-run"] if ALL else ["init"])
def test_a_killed_first_run_leaves_no_half_made_ledger(plot: str) -> None:
    kill(plot, *(FULL or ["--near", "after os.replace"]), "--gaps", "0").require_sound(least=4)


def test_a_kill_while_items_are_made_loses_none() -> None:
    kill("email", "--near", "/Items", "--gaps", "0", "10").require_sound(least=4)


def test_a_kill_never_sends_an_e_mail_twice() -> None:
    kill("email", *(FULL or ["--near", "Email", "--gaps", "0", "4"])).require_sound(least=6)


def test_the_kills_notice_an_e_mail_that_is_sent_again_blindly() -> None:
    series = kill("email", "--teeth", "blind", "--gaps", "0", "--near", "after POST /api.xro/2.0/Invoices/")
    assert series.doubles == series.kills > 0, series.said
