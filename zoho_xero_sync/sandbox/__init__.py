"""Both services on loopback over real HTTP, for `demo`, `sandbox`, tests and rehearsals. Needs the extra `sandbox`."""

from __future__ import annotations

from .clock import VirtualClock
from .faults import Fault
from .generate import generate_world
from .server import Sandbox
from .world import load_world

__all__ = ["Fault", "Sandbox", "VirtualClock", "generate_world", "load_world"]
