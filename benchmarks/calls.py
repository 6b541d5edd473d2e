"""What runs cost in calls, time and memory, counted by the sandbox under Xero's real limits.

    python benchmarks/calls.py [--deals 1000] [--backfill 10000] [--latency 0.6]

Prints one line a run, its calls by kind, and each target with what was measured; exits 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desk import Desk, Ran

from zoho_xero_sync.sandbox import generate_world

_DAY = 25 * 3600


@dataclass(slots=True)
class Sheet:
    """The lines printed so far, and which targets were missed."""

    targets: list[tuple[bool, str]] = field(default_factory=list)

    def head(self) -> None:
        """The column heads."""
        names = ("Zoho", "Xero", "tokens", "429", "invoices", "exit", "virtual min", "real s", "peak MB")
        print(f"{'run':<46}" + "".join(f"{name:>12}" for name in names))

    def line(self, name: str, ran: Ran) -> Ran:
        """One run, and under it its calls by kind."""
        figures = [ran.count("zoho"), ran.count("xero"), ran.tokens, ran.refused, ran.invoices, ran.code]
        measured = [f"{ran.minutes:.1f}", f"{ran.seconds:.1f}", f"{ran.peak_mb:.0f}"]
        print(f"{name:<46}" + "".join(f"{figure:>12}" for figure in [*figures, *measured]))
        kinds = ", ".join(f"{kind} {times}" for kind, times in ran.calls.items())
        print(f"    {kinds or 'no call at all'}", flush=True)
        return ran

    def target(self, what: str, measured: float, limit: float, *, least: bool = False) -> None:
        """A figure that must be at most (or at least) `limit`."""
        met = measured >= limit if least else measured <= limit
        shown = f"{measured:.1%}" if least else f"{measured:g}"
        wanted = f"at least {limit:.0%}" if least else f"at most {limit:g}"
        self.targets.append((met, f"{'met   ' if met else 'MISSED'}  {what}: {shown} ({wanted})"))


def world(deals: int, customers: int, stage: str, **limits: int) -> dict[str, Any]:
    """Deals with an accepted quote of three lines each, spread evenly over the customers; no contact in Xero."""
    built = generate_world("benchmark", deals=deals, customers=customers, stage=stage)
    built["xero"]["limits"] = limits
    return built


def polls(count: int, sheet: Sheet, folder: Path, latency: float) -> None:
    """New deals after a baseline: first of new customers, then of the same ones; and runs that find nothing."""
    with Desk(world(2 * count, count, "Proposal"), folder, latency=latency) as desk:
        deals = [deal["id"] for deal in desk.box.zoho.records("Deals")]
        first = sheet.line("the first run records the baseline", desk.sync())
        desk.wait(60)
        desk.win(deals[:count], every=1)
        new = sheet.line(f"{count} new deals, new customers", desk.sync("--allow-many"))
        after = sheet.line("idle, inside the overlap", desk.sync())
        desk.win(deals[count:], every=1)
        known = sheet.line(f"{count} new deals, known customers", desk.sync("--allow-many"))
        desk.wait(600)
        idle = sheet.line("idle", desk.sync())
        doubles = desk.doubles()
    sheet.target("Xero calls, new customers, with the baseline's run", new.count("xero") + first.count("xero"), 45)
    sheet.target("Zoho calls, new customers, with the baseline's run", new.count("zoho") + first.count("zoho"), 60)
    sheet.target("Xero calls, known customers", known.count("xero"), 25)
    sheet.target("Zoho calls of an idle run inside the overlap", after.count("zoho"), 1)
    sheet.target("Xero calls and tokens of an idle run inside the overlap", after.count("xero") + after.tokens, 0)
    sheet.target("calls of an idle run later, its polls included", idle.count("zoho") + idle.count("xero"), 5)
    everything = (first, new, after, known, idle)
    sheet.target("answers 429, polls", sum(ran.refused for ran in everything), 0)
    sheet.target("deals without an invoice, polls", 2 * count - new.invoices - known.invoices, 0)
    sheet.target("deals invoiced twice, polls", doubles, 0)


def empty_ledger(count: int, sheet: Sheet, folder: Path, latency: float) -> None:
    """The same deals asked for as a backfill, by a program that has no ledger yet."""
    with Desk(world(count, count, "Closed Won"), folder, latency=latency) as desk:
        ran = sheet.line(f"{count} deals, backfill of an empty ledger", desk.sync("--since", "2w", "--allow-many"))
    sheet.target("Xero calls, backfill of an empty ledger", ran.count("xero"), 45)
    sheet.target("Zoho calls, backfill of an empty ledger", ran.count("zoho"), 60)
    sheet.target("answers 429, backfill of an empty ledger", ran.refused, 0)


def backfill(count: int, sheet: Sheet, folder: Path, latency: float) -> None:
    """A large backfill, limited by the minute."""
    with Desk(world(count, count, "Closed Won"), folder, latency=latency) as desk:
        ran = sheet.line(f"{count} deals, backfill", desk.sync("--since", "2w", "--allow-many"))
        doubles = desk.doubles()
    sheet.target("share of the minute's calls that was used", ran.pace, 0.9, least=True)
    sheet.target("answers 429, large backfill", ran.refused, 0)
    sheet.target("deals without an invoice, large backfill", count - ran.invoices, 0)
    sheet.target("deals invoiced twice, large backfill", doubles, 0)


def short_days(count: int, sheet: Sheet, folder: Path, latency: float) -> None:
    """The same, when Xero allows so few calls a day that the backfill takes several."""
    day = 100 + max(20, count // 50)
    with Desk(world(count, count, "Closed Won", day=day), folder, latency=latency) as desk:
        ran = sheet.line(f"{count} deals, {day} calls a day: day 1", desk.sync("--since", "2w", "--allow-many"))
        runs = [ran]
        sheet.line("    the same day, an hour later", _later(desk, 3600))
        while ran.code == 4 and len(runs) < 6:
            ran = sheet.line(f"    day {len(runs) + 1}", _later(desk, _DAY))
            runs.append(ran)
        doubles = desk.doubles()
    sheet.target("runs that did not end with exit 4 before the last", sum(ran.code != 4 for ran in runs[:-1]), 0)
    sheet.target("exit of the run that finished", runs[-1].code, 0)
    sheet.target("answers 429, short days", sum(ran.refused for ran in runs), 0)
    sheet.target("deals without an invoice, short days", count - sum(ran.invoices for ran in runs), 0)
    sheet.target("deals invoiced twice, short days", doubles, 0)


def _later(desk: Desk, seconds: float) -> Ran:
    desk.wait(seconds)
    return desk.sync("--allow-many")


def main() -> int:
    """Run everything and print it; 1 when a target was missed."""
    parser = argparse.ArgumentParser(description="What runs cost in calls, time and memory.")
    parser.add_argument("--deals", type=int, default=1000, help="deals of the small runs")
    parser.add_argument("--backfill", type=int, default=10_000, help="deals of the large ones")
    parser.add_argument("--latency", type=float, default=0.6, help="virtual seconds a Xero call takes")
    asked = parser.parse_args()
    sheet = Sheet()
    sheet.head()
    for measure, count in _measures(asked.deals, asked.backfill):
        with tempfile.TemporaryDirectory() as folder:
            measure(count, sheet, Path(folder), asked.latency)
    print()
    for _, text in sheet.targets:
        print(text)
    return 0 if all(met for met, _ in sheet.targets) else 1


def _measures(small: int, large: int) -> Iterator[tuple[Callable[[int, Sheet, Path, float], None], int]]:
    yield from ((polls, small), (empty_ledger, small), (backfill, large), (short_days, large))


if __name__ == "__main__":
    sys.exit(main())
