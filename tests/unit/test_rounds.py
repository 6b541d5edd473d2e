"""Rounds of one process: how long they rest, and when the configuration is read again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from zoho_xero_sync.config import load_config
from zoho_xero_sync.errors import ConfigError
from zoho_xero_sync.rounds import Rounds

LEAST = "version: 1\nstages: [{stage: Won, invoice: draft}]\n"


@dataclass
class Clock:
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 11, 20, tzinfo=UTC)

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def rounds(folder: Path, seconds: float = 15.0, chance: float = 0.5) -> tuple[Rounds, Clock]:
    (folder / "config.yaml").write_text(LEAST, encoding="utf-8")
    clock = Clock()
    config = load_config(None, environ={}, cwd=folder)
    return Rounds(config, seconds, {}, clock, lambda: chance), clock


def rested(made: tuple[Rounds, Clock], code: int) -> float:
    made[1].slept.clear()
    made[0].rest(code)
    return round(sum(made[1].slept), 6)


@pytest.mark.parametrize(
    ("seconds", "codes", "waits"),
    [
        (15, [0, 0, 3, 11, 0], [15, 15, 15, 15, 15]),
        (15, [4, 4, 4, 4, 4, 4, 4], [15, 30, 60, 120, 240, 300, 300]),
        (15, [12, 13, 1, 15, 10, 12], [60, 120, 240, 480, 900, 900]),
        (15, [4, 12, 0, 4, 0], [15, 120, 15, 15, 15]),
        (600, [4, 4, 12, 12], [600, 600, 900, 900]),
        (3600, [4, 12, 0], [3600, 3600, 3600]),
    ],
)
def test_how_long_it_rests(tmp_path: Path, seconds: float, codes: list[int], waits: list[float]) -> None:
    made = rounds(tmp_path, seconds)
    assert [rested(made, code) for code in codes] == waits


def test_trouble_for_years_is_no_trouble(tmp_path: Path) -> None:
    made = rounds(tmp_path)
    assert {rested(made, 12) for _ in range(2000)} == {60, 120, 240, 480, 900}


@pytest.mark.parametrize(("chance", "wait"), [(0.0, 13.5), (0.5, 15.0), (1.0, 16.5)])
def test_give_or_take_a_tenth(tmp_path: Path, chance: float, wait: float) -> None:
    assert rested(rounds(tmp_path, chance=chance), 0) == wait


def test_a_touched_configuration_ends_the_wait(tmp_path: Path) -> None:
    made = rounds(tmp_path)
    for _ in range(5):
        rested(made, 12)
    (tmp_path / "config.yaml").write_text(LEAST + "# looked at\n", encoding="utf-8")
    assert rested(made, 12) == 0
    assert made[0].reread() is False
    assert rested(made, 12) == 900


def test_the_configuration_is_read_again_when_it_changed(tmp_path: Path) -> None:
    made, _ = rounds(tmp_path)
    before = made.config
    assert made.reread() is False
    (tmp_path / "config.yaml").write_text(LEAST + "ledger: sqlite:///other.db\n", encoding="utf-8")
    assert made.reread() is True
    assert made.config.ledger.endswith("other.db") is True
    (tmp_path / "config.yaml").write_text("version: 2\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        made.reread()
    assert made.reread() is False
    assert made.config != before
    assert made.config.ledger.endswith("other.db")
    (tmp_path / "config.yaml").unlink()
    with pytest.raises(ConfigError):
        made.reread()
    assert made.reread() is False
