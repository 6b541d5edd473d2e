"""What holds for every test."""

from __future__ import annotations

import gc

from hypothesis import settings

# Thousands of short tests make much garbage and few cycles.
gc.set_threshold(100_000, 50, 50)

# How long one example takes says more about what else the machine is doing than about the program.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")
