"""What holds for every test."""

from __future__ import annotations

import gc
import os
import tempfile
from functools import wraps
from pathlib import Path
from typing import Any

from hypothesis import settings
from werkzeug.routing import Rule

# Thousands of short tests make much garbage and few cycles.
gc.set_threshold(100_000, 50, 50)

# How long one example takes says more about what else the machine is doing than about the program.
settings.register_profile("any-machine", deadline=None)
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


def _built_once(compile_builder: Any) -> Any:
    """Every sandbox has the same rules; what turns one back into an address, werkzeug compiles for each anew."""
    made: dict[object, Any] = {}

    @wraps(compile_builder)
    def built(rule: Any, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        # Converters are asked of the rule when an address is built, so like rules have like builders.
        key = (rule.rule, tuple(rule._trace), append_unknown)
        if key not in made:
            made[key] = compile_builder(rule, append_unknown)
        return made[key]

    return built


if hasattr(Rule, "_compile_builder"):
    setattr(Rule, "_compile_builder", _built_once(Rule._compile_builder))  # noqa: B010 - a name that mypy knows as a method
