"""Kills a run at its boundaries, lets a normal run follow, and counts doubles and losses.

    python tests/crash/runner.py xero                     every boundary that leaves something new behind
    python tests/crash/runner.py template --all           every boundary, each recovered from for itself
    python tests/crash/runner.py xero --pairs 40          also kill the run that recovers
    python tests/crash/runner.py xero --teeth blind       with a recovery that sends again without looking

One process prepares the world and stops the sandbox, so that it has no thread. For every boundary it forks one that
takes a copy of the ledger's folder, forks the run that will be killed, and serves the sandbox to it: every kill meets
the same world. What a kill leaves is the folder and the services' own state. Where both are what an earlier kill
left, byte for byte, the recovery is proven already, and without --all it is not run again.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).absolute().parents[2]
for _folder in (ROOT / "tests" / "journey", ROOT, ROOT / "tests" / "crash"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from boundaries import Boundaries  # noqa: E402 - found by the lines above, wherever this is started from
from outcomes import doubles, lost, outcome  # noqa: E402
from plots import PLOTS, Plot  # noqa: E402
from promises import assert_promises  # noqa: E402
from shared_clock import SharedClock  # noqa: E402
from teeth import TEETH  # noqa: E402
from world_tools import SECRETS, Desk, DeskClock, Record  # noqa: E402
from write_ahead import WriteAhead  # noqa: E402

from zoho_xero_sync.cli.hands import Hands  # noqa: E402
from zoho_xero_sync.cli.main import run as run_command  # noqa: E402
from zoho_xero_sync.engine import send  # noqa: E402
from zoho_xero_sync.sandbox import Sandbox  # noqa: E402

# Minutes from the kill to the next run: the key lives and is used, it lives and is not used, it is forgotten.
GAPS = (0, 4, 10)
# Small, so that a small world has several of each kind.
_BATCH = 2
_CHANGES = ("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP")
_RUNS = 3
_PENDING, _THERE_ALREADY = 4, 13


@dataclass(frozen=True, slots=True)
class Kill:
    """Kill the run at boundary `first`, the next one at `second` (0: not at all), and go on `gap` minutes later."""

    first: int
    second: int
    gap: int


class Stage:
    """One prepared world, from which every case is forked. Has no thread between cases."""

    def __init__(self, plot: Plot, folder: Path, teeth: str | None) -> None:
        self._plot, self._teeth = plot, teeth
        self._place = folder
        self._clock = SharedClock(datetime.fromisoformat(str(plot.placed["clock"])))
        # An address of its own, so that no other test's connection can be given the port between two cases.
        pid = os.getpid()
        host = f"127.{64 + pid % 128}.{pid // 128 % 256}.7" if sys.platform == "linux" else "127.0.0.1"
        self._box = Sandbox(plot.placed, clock=self._clock, host=host)
        before = folder / "before"
        before.mkdir()
        with self._box:
            desk = Desk(self._box, before, environ={**SECRETS, **plot.environ})
            desk.configure(**plot.settings)
            plot.prepare(desk)
        self._desk = desk
        self._argv = [part.format(zoho=self._box.zoho_url, xero=self._box.xero_url) for part in plot.argv]
        if threading.active_count() != 1:
            raise RuntimeError(f"a thread is left that a fork would lose: {threading.enumerate()}")

    def play(self, kill: Kill, known: frozenset[str], wanted: Record | None) -> Record:
        """What came of one case, played in a process of its own. `known` are the states that need no second proof."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                said = self._case(kill, known, wanted)
            except BaseException:
                said = {"error": traceback.format_exc()}
            with os.fdopen(writing, "w", encoding="utf-8") as pipe:
                json.dump(said, pipe)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        answer: Record = json.loads(text) if text else {"error": "the case ended without a word"}
        return {**answer, "kill": (kill.first, kill.second, kill.gap)}

    # ---- in the case's own process ----

    def _case(self, kill: Kill, known: frozenset[str], wanted: Record | None) -> Record:
        self._clock.detach()
        desk = self._desk
        desk.folder = Path(tempfile.mkdtemp(prefix="case-", dir=self._place))
        try:
            shutil.copytree(self._place / "before", desk.folder, dirs_exist_ok=True)
            runs = [(self._argv, kill.first)] + ([(("sync",), kill.second)] if kill.second else [])
            actors = [Actor(desk, argv, at, place, self._teeth) for place, (argv, at) in enumerate(runs)]
            self._box.start()
            return self._played(desk, actors, kill, known, wanted)
        finally:
            shutil.rmtree(desk.folder, ignore_errors=True)

    def _played(
        self, desk: Desk, actors: Sequence[Actor], kill: Kill, known: frozenset[str], wanted: Record | None
    ) -> Record:
        witness = WriteAhead(desk).watch()
        ends = []
        random_ids = _number_ids(len(actors))
        for actor in actors:
            desk.wait(seconds=30)
            ends.append(actor.go())
            desk.wait(seconds=30)
        uuid.uuid4 = random_ids
        state = _state(desk, self._box)
        answer: Record = {"reached": ends[0], "killed": [end is None for end in ends], "state": state}
        answer["in_flight"] = desk.ledger.exists() and bool(desk.rows("SELECT 1 FROM write WHERE state = 'in_flight'"))
        if state in known:
            return {**answer, "writes": witness.count, "broken": witness.broken, "same": True}
        desk.wait(minutes=kill.gap)
        self._plot.meanwhile(desk)
        TEETH[self._teeth]()
        error = self._made_up(desk)
        found = doubles(desk)
        missing = lost(desk, wanted) if wanted is not None and not error else []
        told = {"outcome": outcome(desk), "doubles": found, "lost": missing, "error": error}
        return {**answer, **told, "writes": witness.count, "broken": witness.broken}

    def _made_up(self, desk: Desk) -> str | None:
        """Let normal runs follow until nothing is left to do, then check every promise; what was broken, or None."""
        try:
            if self._argv[0] != "sync":
                assert desk.run(*self._argv).code in (0, _THERE_ALREADY)
            for _ in range(_RUNS):
                if desk.run("sync").code != _PENDING:
                    break
            self._plot.afterwards(desk)
            assert_promises(desk)
        except Exception:
            return traceback.format_exc()
        return None


class Actor:
    """A process that waits to be told, runs one command line, and kills itself at a boundary."""

    def __init__(self, desk: Desk, argv: Sequence[str], kill_at: int, place: int, teeth: str | None) -> None:
        self._start, start = os.pipe()[::-1]
        self._told, tell = os.pipe()
        self._pid = os.fork()
        if self._pid:
            os.close(start)
            os.close(tell)
            return
        os.close(self._start)
        try:
            os.read(start, 1)
            _number_ids(place)
            TEETH[teeth]()
            names = _perform(desk, argv, kill_at)
            with os.fdopen(tell, "w", encoding="utf-8") as pipe:
                json.dump(names, pipe)
        finally:
            os._exit(0)

    def go(self) -> list[str] | None:
        """Let it run to its end; the boundaries it passed, or None when it was killed."""
        os.write(self._start, b"!")
        os.close(self._start)
        with os.fdopen(self._told, encoding="utf-8") as pipe:
            text = pipe.read()
        os.waitpid(self._pid, 0)
        return list(json.loads(text)) if text else None


def _number_ids(series: int) -> Callable[[], uuid.UUID]:
    """Make new ids the same in every case, so that two kills that leave the same behind can be seen to."""
    before, numbers = uuid.uuid4, random.Random(series)
    uuid.uuid4 = lambda: uuid.UUID(int=numbers.getrandbits(128), version=4)
    return before


def _perform(desk: Desk, argv: Sequence[str], kill_at: int) -> list[str]:
    counted = Boundaries(kill_at)
    hands = Hands(
        io.StringIO(), io.StringIO(), desk.environ, desk.folder, DeskClock(desk.box.clock), lambda: None, False
    )
    counted.install()
    code = run_command(list(argv), hands)
    return [f"exit code {code}", *counted.names]


def _state(desk: Desk, box: Sandbox) -> str:
    """What is left after a kill, as one hash: the ledger's bytes, the other files' names, what both services did."""
    left = hashlib.sha256()
    for path in sorted(desk.folder.iterdir()):
        # Tokens are random, and so is a rollback journal's check value; a journal that is there is a state of its own.
        exact = path.name == desk.ledger.name
        kept = path.read_bytes() if exact else sorted(json.loads(path.read_bytes())) if path.suffix == ".json" else ""
        name = path.name if path.suffix in (".json", ".db", ".yaml", ".lock") else path.suffix
        left.update(repr((name, kept, path.stat().st_size > 0)).encode())
    calls = [(call.method, call.path, call.status) for call in box.calls.all()]
    left.update(repr([call for call in calls if call[0] != "GET"]).encode())
    return left.hexdigest()


@dataclass
class Tally:
    """What a series of kills came to."""

    kills: int = 0
    recoveries: int = 0
    writes: int = 0
    doubles: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, case: Record, names: Sequence[str]) -> None:
        """Count one case."""
        self.kills += case.get("killed", []).count(True)
        self.recoveries += "same" not in case
        self.writes += case.get("writes", 0)
        self.doubles += bool(case.get("doubles"))
        self.lost += bool(case.get("lost"))
        first, second, gap = case["kill"]
        found = {name: case[name] for name in ("error", "doubles", "lost", "broken") if case.get(name)}
        if found:
            said = "".join(f"\n  {name}: {value}" for name, value in found.items())
            self.wrong.append(f"killed at {first} ({names[first - 1]}), then at {second}, {gap} min:{said}")


def every_kill(
    stage: Stage, reference: Record, names: Sequence[str], places: Sequence[int], gaps: Sequence[int], *, full: bool
) -> Tally:
    """Kill at each of these boundaries and go on after a gap: `full` after every gap and whatever was left behind.

    Else what was left behind is recovered from once, after a gap that changes from kill to kill, and after every gap
    while a write is in flight.
    """
    tally = Tally()
    known: frozenset[str] = frozenset()
    for turn, first in enumerate(places):
        for gap in (*gaps[turn % len(gaps) :], *gaps[: turn % len(gaps)]):
            case = stage.play(Kill(first, 0, gap), known, reference["outcome"])
            tally.add(case, names)
            if not full and ("same" in case or not case.get("in_flight")):
                break
        if not full:
            known |= {case.get("state", "")}
    return tally


def telling(names: Sequence[str]) -> list[int]:
    """The boundaries after which the disk or a service is another, and both sides of every commit and write.

    Between the end of one call and the beginning of the next nothing outside the process changes; a kill at each side
    of a read, or of a transaction that only reads, leaves the same behind.
    """
    chosen: list[int] = []
    changed = False
    for place, name in enumerate(names, 1):
        when, what, *rest = name.split()
        changed = False if what == "BEGIN" else changed or what in _CHANGES
        sent = what in ("PUT", "POST") and rest[0].startswith(("/api.xro/", "/crm/v8/Deals", "/crm/v8/Notes"))
        both = (what == "COMMIT" and changed) or sent
        after = what in _CHANGES or what.startswith("os.") or (what == "POST" and "/token" in rest[0])
        if both or (after and when == "after"):
            chosen.append(place)
    return chosen


def pairs_of_kills(stage: Stage, reference: Record, names: Sequence[str], gaps: Sequence[int], count: int) -> Tally:
    """Kill a run and the one that recovers; both where and the gap are drawn, always the same."""
    tally, drawn = Tally(), random.Random(4)
    around = [place for place, name in enumerate(names, 1) if "/api.xro/" in name or "COMMIT" in name]
    for _ in range(count):
        kill = Kill(drawn.choice(around), drawn.randint(1, len(names)), drawn.choice(gaps))
        tally.add(stage.play(kill, frozenset(), reference["outcome"]), names)
    return tally


def main(arguments: Sequence[str]) -> int:
    """Play one plot and print what came of it; 0 when no promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plot", choices=sorted(PLOTS))
    parser.add_argument("--all", action="store_true", help="recover from every kill, from like states too")
    parser.add_argument("--pairs", type=int, default=0, metavar="N", help="N pairs of kills instead of single ones")
    parser.add_argument("--gaps", type=int, nargs="+", default=list(GAPS), metavar="MINUTES")
    parser.add_argument("--teeth", choices=sorted(name for name in TEETH if name), help="break the program on purpose")
    parser.add_argument("--only", type=int, nargs="+", metavar="N", help="kill at these boundaries only")
    parser.add_argument("--near", metavar="TEXT", help="kill at boundaries with this in their names only")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="kill at each Nth of the boundaries only")
    parser.add_argument("--list", action="store_true", help="name the boundaries and kill nothing")
    chosen = parser.parse_args(arguments)
    send.BATCH_ITEMS = _BATCH
    began = time.monotonic()
    quick = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="kills-", dir=quick if quick.is_dir() else None) as folder:
        stage = Stage(PLOTS[chosen.plot](), Path(folder), chosen.teeth)
        reference = stage.play(Kill(0, 0, 0), frozenset(), None)
        if reference.get("error"):
            print(reference["error"])
            return 2
        code, *names = reference["reached"]
        if chosen.list:
            print(code, *(f"{place:4} {name}" for place, name in enumerate(names, 1)), sep="\n")
            return 0
        if chosen.pairs:
            tally = pairs_of_kills(stage, reference, names, chosen.gaps, chosen.pairs)
        else:
            every = list(range(1, len(names) + 1))
            places = chosen.only or (every if chosen.all else telling(names))
            places = [place for place in places if not chosen.near or chosen.near in names[place - 1]][:: chosen.every]
            tally = every_kill(stage, reference, names, places, chosen.gaps, full=chosen.all or bool(chosen.only))
    for wrong in tally.wrong:
        print(wrong)
    what = f"{chosen.pairs} pairs" if chosen.pairs else f"{len(names)} boundaries × {len(chosen.gaps)} gaps"
    print(
        f"{chosen.plot}: {what}: {tally.kills} kills, {tally.recoveries} different recoveries, "
        f"{tally.writes} writes seen in the ledger first: {tally.doubles} doubles, {tally.lost} lost, "
        f"{len(tally.wrong)} wrong, {time.monotonic() - began:.0f} s"
    )
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
