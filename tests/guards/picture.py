"""The dry run shown in the README, taken from the real command over the demo's world.

`python tests/guards/picture.py` puts a fresh one into README.md and docs/dry-run.svg; a test compares the two.
"""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import run
from zoho_xero_sync.cli.rehearsal import SandboxClock, sandbox_config, sandbox_logins
from zoho_xero_sync.sandbox import Sandbox, VirtualClock, load_world

ROOT: Final = Path(__file__).resolve().parents[2]
README: Final = ROOT / "README.md"
SVG: Final = ROOT / "docs" / "dry-run.svg"
WIDTH: Final = 100
NOW: Final = datetime(2026, 11, 20, 1, tzinfo=UTC)
COMMAND: Final = ("sync", "--dry-run")

# Deals that are still being talked about when the baseline is recorded, and where they go after it.
BEFORE: Final = ("rooftop", "garden", "gallery", "lunch", "gala", "breakfast", "deposit")
EARLIER: Final = {"rooftop": "Confirmed", "deposit": "Confirmed"}
TODAY: Final = {
    "rooftop": "Closed Won",
    "garden": "Confirmed",
    "gallery": "Closed Won",
    "gala": "Closed Won",
    "breakfast": "Closed Won",
}

_BLOCK = re.compile(r"(<!-- dry run -->\n```text\n)(.*?)(^```)", re.MULTILINE | re.DOTALL)
_WEB_FONT = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Picture:
    """One dry run: the terminal's text with the command above it, and the same as SVG."""

    text: str
    svg: str


@dataclass(frozen=True, slots=True)
class RecordingHands(Hands):
    """Hands whose stdout is a terminal of fixed width that remembers what it showed."""

    screen: Console = field(default_factory=Console)

    def console(self, *, stderr: bool = False) -> Console:
        """The remembering screen; what goes to stderr is not part of the picture."""
        return Console(file=self.err) if stderr else self.screen


def take_picture() -> Picture:
    """The dry run as a terminal of 100 columns shows it. Raises RuntimeError when a step of the story fails."""
    still = VirtualClock(NOW, running=False)
    with Sandbox(load_world("demo"), clock=still) as box, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.yaml").write_text(sandbox_config(box), encoding="utf-8")
        _move(box, dict.fromkeys(BEFORE, "Proposal"))
        _run(box, folder, ["sync"])
        box.clock.advance(3600)
        _move(box, EARLIER)
        _run(box, folder, ["sync"])
        box.clock.advance(3600)
        _move(box, TODAY)
        screen = Console(
            file=io.StringIO(),
            width=WIDTH,
            record=True,
            force_terminal=True,
            color_system="truecolor",
            highlight=False,
            emoji=False,
            legacy_windows=False,
            _environ={},
        )
        screen.print("$ zoho-xero-sync " + " ".join(COMMAND), style="bold")
        _run(box, folder, COMMAND, screen)
    text = "\n".join(line.rstrip() for line in screen.export_text(clear=False).splitlines())
    svg = screen.export_svg(title="zoho-xero-sync", unique_id="dry-run")
    return Picture(f"{text.strip()}\n", _WEB_FONT.sub("\n", svg))


def _move(box: Sandbox, stages: dict[str, str]) -> None:
    for deal, stage in stages.items():
        box.clock.advance(60)
        box.zoho.update("Deals", box.zoho.find("Deals", deal)["id"], {"Stage": stage})


def _run(box: Sandbox, folder: Path, command: Sequence[str], screen: Console | None = None) -> None:
    hands = RecordingHands(
        out=io.StringIO(),
        err=io.StringIO(),
        environ={"HOME": str(folder), **sandbox_logins(box.world)},
        cwd=folder,
        clock=SandboxClock(box.clock),
        check_stop=lambda: None,
        interactive=screen is not None,
        screen=screen or Console(file=io.StringIO()),
    )
    code = run(command, hands)
    if code not in (0, 3):
        raise RuntimeError(f"{' '.join(command)} ended with {code}: {hands.err.getvalue()}")


def shown_text() -> str:
    """The dry run as the README shows it."""
    found = _BLOCK.search(README.read_text(encoding="utf-8"))
    return found.group(2) if found else ""


def hang(picture: Picture) -> None:
    """Put the picture into README.md and docs/dry-run.svg."""
    text = README.read_text(encoding="utf-8")
    README.write_text(_BLOCK.sub(lambda found: f"{found[1]}{picture.text}{found[3]}", text), encoding="utf-8")
    SVG.write_text(picture.svg, encoding="utf-8")


if __name__ == "__main__":
    os.environ.pop("COLUMNS", None)
    taken = take_picture()
    hang(taken)
    sys.stdout.write(taken.text)
