"""What holds for every test."""

from __future__ import annotations

import gc
import os
import tempfile
from pathlib import Path

from hypothesis import settings

# Thousands of short tests make much garbage and few cycles.
gc.set_threshold(100_000, 50, 50)

# How long one example takes says more about what else the machine is doing than about the program. The same tree gets
# the same answer; ZXS_SEED=random looks for new examples.
settings.register_profile("any-machine", deadline=None, derandomize=os.environ.get("ZXS_SEED") != "random")
settings.load_profile("any-machine")

# Every commit of a ledger waits for the disk several times, which no test is about; TMPDIR names another place.
_IN_MEMORY = Path("/dev/shm")
_ROOM = 2**30


def _is_of_use(place: Path) -> bool:
    """Whether programs may be run from files there, and all that the tests write fits."""
    if not (place.is_dir() and os.access(place, os.W_OK)):
        return False
    mounted = os.statvfs(place)
    return not mounted.f_flag & os.ST_NOEXEC and mounted.f_bavail * mounted.f_frsize > _ROOM


if "TMPDIR" not in os.environ and _is_of_use(_IN_MEMORY):
    os.environ["TMPDIR"] = tempfile.tempdir = str(_IN_MEMORY)
