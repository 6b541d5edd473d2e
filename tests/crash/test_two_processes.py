"""Two real processes that start at one instant, and one that was killed with the lock in its hand.

Started as a program this file is a zygote: it has everything imported and, for each line it reads, forks processes
that wait at a barrier and then run one command each.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JOURNEY = Path(__file__).parents[1] / "journey"
sys.path.insert(0, str(JOURNEY))

import pytest  # noqa: E402 - the journeys' desk is beside this folder
from promises import assert_promises  # noqa: E402 - as above
from world_tools import SECRETS, Desk, open_desk, order, world  # noqa: E402 - as above

from zoho_xero_sync.cli.hands import Hands  # noqa: E402 - as above
from zoho_xero_sync.cli.main import run  # noqa: E402 - as above
from zoho_xero_sync.remote.patience import SystemClock  # noqa: E402 - as above

ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Ended:
    """How one process ended: its exit code (-9 when it was killed), how long it took, and what it said."""

    code: int
    seconds: float
    said: str


class Zygote:
    """Forks runs that begin at one instant."""

    def __init__(self) -> None:
        environ = {**os.environ, "NO_COLOR": "1", **SECRETS}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve())],
            env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def runs(self, *folders: Path, killed_at: str | None = None) -> list[Ended]:
        """One `sync` in each folder, all released together; `killed_at` "before" or "after" its first write."""
        assert self._process.stdin
        assert self._process.stdout
        asked = {"folders": [str(folder) for folder in folders], "killed_at": killed_at}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return [Ended(**ended) for ended in json.loads(self._process.stdout.readline())]

    def close(self) -> None:
        """End the zygote."""
        self._process.communicate(timeout=30)


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    """One zygote for all tests here."""
    started = Zygote()
    yield started
    started.close()


@contextmanager
def running_desk(folder: Path, **invoice: str) -> Iterator[Desk]:
    """A desk under the machine's clock, its baseline recorded."""
    folder.mkdir()
    with open_desk(world(), folder, running=True) as desk:
        # Many runs within one real minute are more than people make.
        desk.box.xero.limits.minute = 100_000
        desk.configure(invoice=invoice)
        desk.run("sync", code=0)
        yield desk


def carried(desk: Desk) -> Counter[str]:
    """How many live invoices each deal has, by the name in their reference."""
    return Counter(str(invoice["Reference"]) for invoice in desk.invoices())


@pytest.mark.slow
def test_two_runs_on_one_ledger_that_start_at_one_instant(tmp_path: Path, zygote: Zygote) -> None:
    ends: Counter[tuple[int, ...]] = Counter()
    slowest = 0.0
    with running_desk(tmp_path / "desk") as desk:
        for number in range(ROUNDS):
            desk.add(order(f"r{number}", ("Closed Won", "Confirmed")[number % 2]))
            both = zygote.runs(desk.folder, desk.folder)
            ends[tuple(sorted(one.code for one in both))] += 1
            assert {one.code for one in both} <= {0, 11}, both
            assert any(one.code == 0 for one in both), both
            slowest = max([slowest, *(one.seconds for one in both if one.code == 11)])
            assert carried(desk) == Counter({f"Order r{done}": 1 for done in range(number + 1)})
        assert slowest < 1.0, f"a run that found the lock held took {slowest:.2f} s to leave"
        assert ends[0, 11], f"never at the same time: {ends}"
        assert_promises(desk)
    print(f"\n{ROUNDS} rounds: {dict(ends)}, the slowest to leave took {slowest * 1000:.0f} ms, 0 doubles")


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_killed_with_the_lock_held_keeps_nobody_out(tmp_path: Path, zygote: Zygote, moment: str) -> None:
    with running_desk(tmp_path / "desk") as desk:
        desk.add(order("one", "Closed Won"))
        (killed,) = zygote.runs(desk.folder, killed_at=moment)
        assert killed.code == -signal.SIGKILL
        (following,) = zygote.runs(desk.folder)
        assert following.code != 11, following
        assert following.seconds < 10
        # Where nothing arrived, the identical request was sent again; what became of it is settled by now.
        assert zygote.runs(desk.folder)[0].code == 0
        assert carried(desk) == {"Order one": 1}
        assert_promises(desk)


@pytest.mark.slow
def test_two_ledgers_with_numbers_of_their_own_never_double(tmp_path: Path, zygote: Zygote) -> None:
    """Two ledgers at one instant are not seen by each other; the deal's own invoice number is given once by Xero."""
    with running_desk(tmp_path / "one", number="ZC-{id}") as desk:
        other = Desk(desk.box, _folder(tmp_path / "two"))
        other.configure(invoice={"number": "ZC-{id}"})
        other.run("sync", code=0)
        for number in range(10):
            desk.add(order(f"r{number}", "Closed Won"))
            ends = zygote.runs(desk.folder, other.folder)
            assert {one.code for one in ends} <= {0, 3, 4, 13}, ends
            assert carried(desk) == Counter({f"Order r{done}": 1 for done in range(number + 1)}), ends


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


# ---- the zygote ----


def _serve() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_together(asked["folders"], asked["killed_at"])), flush=True)


def _together(folders: list[str], killed_at: str | None) -> list[dict[str, Any]]:
    """Fork a process for each folder, let them go at once, and wait for all of them."""
    gate, opener = os.pipe()
    started = []
    for folder in folders:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(opener)
            os.close(reading)
            _child(gate, writing, folder, killed_at)
        os.close(writing)
        started.append((child, reading))
    os.close(gate)
    # Closing its only writer ends every read of the gate at the same instant.
    os.close(opener)
    return [_wait(child, reading) for child, reading in started]


def _wait(child: int, reading: int) -> dict[str, Any]:
    with os.fdopen(reading) as told:
        ended = told.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return dict(json.loads(ended)) if ended else {"code": status, "seconds": 0.0, "said": ""}


def _child(gate: int, writing: int, folder: str, killed_at: str | None) -> None:
    with ExitStack() as stack:
        stack.callback(os._exit, 0)
        if killed_at is not None:
            _kill_at_first_write(killed_at)
        os.read(gate, 1)
        began = time.monotonic()
        out, err = io.StringIO(), io.StringIO()
        hands = Hands(out, err, os.environ, Path(folder), SystemClock(), lambda: None, interactive=False)
        code = run(["sync"], hands)
        told = {"code": code, "seconds": time.monotonic() - began, "said": out.getvalue() + err.getvalue()}
        os.write(writing, json.dumps(told).encode())


def _kill_at_first_write(moment: str) -> None:
    from requests.adapters import HTTPAdapter

    send: Callable[..., Any] = HTTPAdapter.send

    def cut(adapter: HTTPAdapter, request: Any, *args: Any, **options: Any) -> Any:
        writes = request.method == "PUT" and request.url.partition("?")[0].endswith("/Invoices")
        if writes and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = send(adapter, request, *args, **options)
        if writes:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    pytest.MonkeyPatch().setattr(HTTPAdapter, "send", cut)


if __name__ == "__main__":
    import zoho_xero_sync.app
    import zoho_xero_sync.cli.sync  # noqa: F401 - what a run imports is there before the fork

    _serve()
