"""One sandbox with Xero's real limits, and the program as a process of its own beside it, on the sandbox's clock."""

from __future__ import annotations

import io
import json
import multiprocessing
import resource
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import run
from zoho_xero_sync.sandbox import Fault, Sandbox, VirtualClock

_CONFIG = """version: 1
zoho: {{data_center: au, accounts_url: "{zoho}", api_url: "{zoho}"}}
xero: {{connection: custom, identity_url: "{xero}", login_url: "{xero}", api_url: "{xero}"}}
secrets: {{store: file, file: secrets.json}}
stages:
  - {{stage: Closed Won, invoice: authorised}}
invoice:
  tax: {{GST: OUTPUT, "GST Free": EXEMPTOUTPUT}}
  tax_default: EXEMPTOUTPUT
"""
_ALWAYS = 10**9
# Xero's limits are those of one organisation's API; these go to no organisation.
_OUTSIDE_THE_LIMITS = ("token", "connections")


class SandboxClock:
    """The sandbox's time, asked for over its control page: a sleep moves it and takes no time."""

    def __init__(self, address: str) -> None:
        self._address = f"{address}/_sandbox/clock"

    def now(self) -> datetime:
        """The sandbox's instant."""
        return self._advance(0)

    def monotonic(self) -> float:
        """Virtual seconds."""
        return self.now().timestamp()

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        self._advance(max(0.0, seconds))

    def _advance(self, seconds: float) -> datetime:
        body = json.dumps({"advance": seconds}).encode()
        request = urllib.request.Request(self._address, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return datetime.fromisoformat(json.load(answer)["clock"])


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run cost: calls by kind, virtual minutes, and real seconds and megabytes of its own process."""

    code: int
    report: Mapping[str, Any]
    calls: Mapping[str, int]
    refused: int
    minutes: float
    seconds: float
    peak_mb: float
    pace: float

    def count(self, service: str) -> int:
        """Calls of one service, without tokens."""
        return sum(
            times for kind, times in self.calls.items() if kind.startswith(f"{service}.") and "token" not in kind
        )

    @property
    def tokens(self) -> int:
        """Access tokens that were asked for."""
        return sum(times for kind, times in self.calls.items() if kind.endswith(".token"))

    @property
    def invoices(self) -> int:
        """Invoices that were made."""
        return int(self.report["counts"]["invoices_created"])


class Desk:
    """A world, a folder with a configuration, and runs against it. Use as a context manager.

    Every Xero call takes `latency` virtual seconds.
    """

    def __init__(self, world: Mapping[str, Any], folder: Path, *, latency: float) -> None:
        self.box = Sandbox(world, clock=VirtualClock(datetime.fromisoformat(str(world["clock"])), running=False))
        self.folder = folder
        zoho, xero = self.box.world["zoho"]["client"], self.box.world["xero"]["client"]
        self._environ = {
            "ZXS_ZOHO_CLIENT_ID": zoho["id"],
            "ZXS_ZOHO_CLIENT_SECRET": zoho["secret"],
            "ZXS_ZOHO_REFRESH_TOKEN": zoho["refresh_token"],
            "ZXS_XERO_CLIENT_ID": xero["id"],
            "ZXS_XERO_CLIENT_SECRET": xero["secret"],
        }
        self.box.faults.add(Fault("slow", service="xero", seconds=latency, times=_ALWAYS))

    def __enter__(self) -> Self:
        self.box.start()
        text = _CONFIG.format(zoho=self.box.zoho_url, xero=self.box.xero_url)
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.box.stop()

    def sync(self, *options: str) -> Ran:
        """One `sync --json` in a process of its own. Raises RuntimeError when it crashed."""
        self.box.calls.reset()
        refused = sum(self.box.xero.limits.refused.values())
        begun = self.box.clock.now()
        arguments = ("sync", "--json", *options)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            code, out, err, seconds, peak = pool.apply(
                _timed, (arguments, self._environ, str(self.folder), self.box.zoho_url)
            )
        if code == 1:
            raise RuntimeError(err)
        return Ran(
            code=code,
            report=json.loads(out),
            calls=self.box.calls.table(),
            refused=sum(self.box.xero.limits.refused.values()) - refused,
            minutes=(self.box.clock.now() - begun).total_seconds() / 60,
            seconds=seconds,
            peak_mb=peak,
            pace=self._pace(),
        )

    def win(self, deals: list[str], *, every: float) -> None:
        """The deals enter Closed Won, one every so many virtual seconds."""
        for deal in deals:
            self.box.zoho.update("Deals", deal, {"Stage": "Closed Won"})
            self.box.clock.advance(every)

    def wait(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.box.clock.advance(seconds)

    def doubles(self) -> int:
        """How many deals have more than one invoice in Xero."""
        carried = Counter(str(invoice.get("Url")).partition("#")[0] for invoice in self.box.xero.invoices())
        return sum(times > 1 for times in carried.values())

    def _pace(self) -> float:
        """The share of the minute's allowed calls that were made, over the whole minutes from the first call on.

        0 when the run was over within a minute. The minute that was not full when the run ended does not count.
        """
        at = [call.at for call in self.box.calls if call.service == "xero" and call.kind not in _OUTSIDE_THE_LIMITS]
        minutes = int((at[-1] - at[0]).total_seconds() // 60) if at else 0
        if not minutes:
            return 0.0
        made = sum((moment - at[0]).total_seconds() < minutes * 60 for moment in at)
        return made / (self.box.xero.limits.minute * minutes)


def _timed(
    arguments: tuple[str, ...], environ: Mapping[str, str], folder: str, address: str
) -> tuple[int, str, str, float, float]:
    out, err = io.StringIO(), io.StringIO()
    hands = Hands(out, err, environ, Path(folder), SandboxClock(address), lambda: None, False)
    begun = time.perf_counter()
    code = run(arguments, hands)
    seconds = time.perf_counter() - begun
    return code, out.getvalue(), err.getvalue(), seconds, _peak_mb()


def _peak_mb() -> float:
    """This process's own peak; Linux counts a parent's into ru_maxrss, so its VmHWM is read where there is one."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
