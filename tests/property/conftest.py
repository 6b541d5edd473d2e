"""The desk of the journeys is the desk of the state machine too."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "journey"))
