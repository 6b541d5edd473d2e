"""Starts a series of kills as a process without a thread, which pytest's own workers are not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_SUMMARY = re.compile(
    r"(\d+) kills, (\d+) different recoveries, (\d+) writes .*: (\d+) doubles, (\d+) lost, (\d+) wrong"
)

# ZXS_KILLS=all: every boundary, each after every gap, instead of those that leave something else behind.
ALL = os.environ.get("ZXS_KILLS") == "all"


@dataclass(frozen=True, slots=True)
class Series:
    """What a series of kills came to, and all that was said."""

    kills: int
    recoveries: int
    writes: int
    doubles: int
    lost: int
    wrong: int
    said: str

    def require_sound(self, least: int) -> None:
        """Raise AssertionError when a promise was broken, or when fewer than `least` runs were killed."""
        print(self.said)
        assert (self.doubles, self.lost, self.wrong) == (0, 0, 0), self.said
        assert self.kills >= least, self.said


def kill(plot: str, *options: str) -> Series:
    """Play one series; see runner.py for plots and options."""
    runner = Path(__file__).with_name("runner.py")
    done = subprocess.run([sys.executable, str(runner), plot, *options], capture_output=True, text=True, check=False)
    found = _SUMMARY.search(done.stdout)
    assert found, done.stdout + done.stderr
    kills, recoveries, writes, doubles, lost, wrong = map(int, found.groups())
    series = Series(kills, recoveries, writes, doubles, lost, wrong, done.stdout)
    assert done.returncode == (1 if series.wrong else 0), done.stdout + done.stderr
    return series
