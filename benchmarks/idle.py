"""What idling costs while many deals are live: the deals' call, and each poll at its own pace.

Prints the calls of a day by kind and per hour, the most of a run that finds nothing, and each target with what was
measured; exits 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from desk import Desk, Ran

from zoho_xero_sync.sandbox import generate_world

# The configuration's defaults, in minutes: quotes; accounts and persons; deleted deals; invoices in Xero.
_EXPECTED = {"documents": 60 / 5, "customers": 2 * 60 / 15, "deleted": 60 / 15, "invoices": 60 / 15}


def measure(deals: int, hours: int, every: int, folder: Path) -> int:
    """Invoice the deals, let every poll have its turn, then run for so many hours in which nothing changes."""
    built = generate_world("benchmark", deals=deals, customers=deals // 4, stage="Proposal")
    with Desk(built, folder, latency=0.6) as desk:
        desk.sync()
        desk.wait(60)
        desk.win([deal["id"] for deal in desk.box.zoho.records("Deals")], every=1)
        made = desk.sync("--allow-many")
        print(f"{made.invoices} live deals of {deals // 4} customers, a run every {every} minutes for {hours} hours")
        # Half an hour: the slowest poll has been at everything that was just made.
        for _ in range(6):
            desk.wait(300)
            desk.sync()
        ran: list[Ran] = []
        for _ in range(hours * 60 // every):
            desk.wait(every * 60 - 2)
            ran.append(desk.sync())
    return _told(ran, deals, made, hours)


def _told(ran: list[Ran], deals: int, made: Ran, hours: int) -> int:
    kinds: Counter[str] = Counter()
    for run in ran:
        kinds.update(run.calls)
    for kind, times in sorted(kinds.items()):
        print(f"    {kind:<24}{times:>6} calls{times / hours:>8.1f} an hour")
    most = max(run.count("zoho") + run.count("xero") for run in ran)
    quiet = sum(run.count("zoho") == 1 and not run.count("xero") for run in ran)
    print(f"    runs of one call: {quiet} of {len(ran)}")
    # Beside the deals' one call in each run, the queries are those of the quotes, the accounts and the persons.
    asked = (kinds["zoho.coql"] - len(ran)) / hours
    allowed = _EXPECTED["documents"] + _EXPECTED["customers"]
    targets = [
        ("deals without an invoice", deals - made.invoices, 0),
        ("most calls of a run that finds nothing", most, 5),
        ("polls of documents and customers an hour", asked, allowed),
        ("polls of deleted deals an hour", kinds["zoho.deleted"] / hours, _EXPECTED["deleted"]),
        ("polls of invoices an hour", kinds["xero.invoices.get"] / hours, _EXPECTED["invoices"]),
        ("deals planned again", sum(int(run.report["counts"]["seen"]) for run in ran), 0),
        ("writes", sum(times for kind, times in kinds.items() if kind.endswith((".put", ".post"))), 0),
    ]
    for what, measured, limit in targets:
        met = "met   " if measured <= limit else "MISSED"
        print(f"{met}  {what}: {measured:g} (at most {limit:g})")
    return int(any(measured > limit for _, measured, limit in targets))


def main() -> int:
    """Measure and print; 1 when a target was missed."""
    parser = argparse.ArgumentParser(description="What idling costs while many deals are live.")
    parser.add_argument("--deals", type=int, default=1000)
    parser.add_argument("--hours", type=int, default=4, help="virtual hours in which nothing changes")
    parser.add_argument("--every", type=int, default=5, help="minutes between two runs")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return measure(asked.deals, asked.hours, asked.every, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
