"""Every fault the sandbox knows, on every kind of request a run makes: what a run answers, and when it is over.

`python tests/crash/fault_matrix.py` plays them all and puts the results into docs/faults.md; tests play them again and
compare. A cell is the exit codes of the runs from the first that meets the fault to the first that leaves nothing open.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path

ROOT = Path(__file__).absolute().parents[2]
for _folder in (ROOT / "tests" / "journey", ROOT):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from promises import assert_promises  # noqa: E402 - found by the lines above, wherever this is started from
from world_tools import SECRETS, Desk, open_desk, order, priced, world  # noqa: E402

from zoho_xero_sync.sandbox import Fault  # noqa: E402
from zoho_xero_sync.sandbox.faults import KINDS  # noqa: E402

PAGE = ROOT / "docs" / "faults.md"
SERVICES = ("zoho", "xero")
FOREVER = 500
MODES: Mapping[str, int] = {"once": 1, "twice": 2, "while it lasts": FOREVER}
REVOKED = "connection_revoked"
# What ends a run at the first request that meets it: these are played one by one from the start.
STOPPING = ("empty", "html", "wrong_shape", "rate_day", REVOKED)
SECONDS = {"slow": 30.0, "drip": 30.0}

Codes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One kind of request of a run that has everything to do: how a fault finds it, and what it is for."""

    name: str
    service: str
    method: str
    path: str
    skip: int = 0
    body: str | None = None

    def fault(self, kind: str, times: int) -> Fault:
        """The fault on this request."""
        return Fault(
            kind, self.service, self.method, self.path, self.skip, times, SECONDS.get(kind), body=self.body
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One request, one fault, once or again."""

    request: Request
    kind: str
    mode: str


REQUESTS = (
    Request("a token", "zoho", "POST", "^/oauth/v2/token$"),
    Request("the organisation", "zoho", "GET", "^/crm/v8/org$"),
    Request("the changed deals", "zoho", "POST", "^/crm/v8/coql$", body="from Deals where"),
    Request("the quotes", "zoho", "POST", "^/crm/v8/coql$", body="from Quotes where"),
    Request("the quotes' rows", "zoho", "POST", "^/crm/v8/coql$", body="from Quoted_Items where"),
    Request("the tax rates", "zoho", "GET", "^/crm/v8/org/taxes$"),
    Request("one quote in full", "zoho", "GET", "^/crm/v8/Quotes/"),
    Request("a token", "xero", "POST", "^/connect/token$"),
    Request("the connections", "xero", "GET", "^/connections$"),
    Request("the organisation", "xero", "GET", "/Organisation$"),
    Request("the accounts", "xero", "GET", "/Accounts$"),
    Request("the tax rates", "xero", "GET", "/TaxRates$"),
    Request("contacts that match", "xero", "GET", "/Contacts$"),
    Request("invoices as they are", "xero", "GET", "/Invoices$"),
    Request("invoices that carry a deal", "xero", "GET", "/Invoices$", 1),
    Request("**new contacts**", "xero", "PUT", "/Contacts$"),
    Request("**changed contacts**", "xero", "POST", "/Contacts$"),
    Request("**new invoices**", "xero", "PUT", "/Invoices$"),
    Request("**changed invoices**", "xero", "POST", "/Invoices$", body="LineItems|AUTHORISED"),
    Request("**ended invoices**", "xero", "POST", "/Invoices$", body="DELETED|VOIDED"),
)


def requests_to(service: str) -> tuple[Request, ...]:
    """The requests that go to "zoho" or "xero"."""
    return tuple(request for request in REQUESTS if request.service == service)


class Bench:
    """One desk on which cell after cell is played; each leaves every deal of its own settled."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._numbers = count()
        desk.configure(when={"leaves_stages": "void"})
        desk.sync(code=0)
        self._keys = self._prepare()
        desk.sync(code=0)

    def play(self, requests: Sequence[Request], kind: str, mode: str) -> Codes:
        """The exit codes from the run that meets the fault on all of these requests to the one that ends it.

        Empty when that run did not come to all of several requests.
        """
        desk, keys = self.desk, self._keys
        self._ripen(keys)
        # The last first: a call passes by the faults that still skip it.
        faults = [request.fault(kind, MODES[mode]) for request in reversed(requests)]
        desk.box.faults.add(*faults)
        codes = [self._run()]
        untouched = [fault for fault in desk.box.faults.pending() if fault in faults]
        assert len(requests) > 1 or not untouched, f"{kind} was never met: {untouched}"
        if mode != "twice" or kind == REVOKED:
            self._end(kind)
        self._keys = self._prepare()
        while codes[-1] != 0 and len(codes) < 5:
            desk.wait(minutes=10)
            codes.append(self._run())
            if codes[-1] and len(codes) > 1:
                self._end(kind)
        self._end(kind)
        assert codes[-1] == 0, f"{[request.name for request in requests]}, {kind} {mode}: {codes}"
        if len(codes) == 1:
            desk.sync(code=0)
        self._assert_done(keys)
        return () if untouched else tuple(codes)

    def _run(self) -> int:
        report = self.desk.sync(code=None)
        left = report["counts"]["pending"] + report["counts"]["uncertain"]
        assert left == 0 or report["exit_code"] not in (0, 3), report
        assert all(problem["message"] and problem["hint"] for problem in report["problems"]), report
        return int(report["exit_code"])

    def _end(self, kind: str) -> None:
        """The trouble is over; what takes a person or a day has happened."""
        self.desk.box.faults.clear()
        if kind == "rate_day":
            self.desk.wait(hours=25)
        if kind == REVOKED:
            self.desk.box.xero.reconnect()
            self.desk.box.zoho.oauth.connect_again(SECRETS["ZXS_ZOHO_REFRESH_TOKEN"])

    def _prepare(self) -> tuple[str, ...]:
        """The deals that the next cell needs: two confirmed ones, which get their drafts, and two new customers."""
        number = next(self._numbers)
        moved, new, more, left = (f"{word}{number}" for word in ("moved", "new", "more", "left"))
        zoho = self.desk.box.zoho
        for customer in (moved, new):
            zoho.create("Accounts", {"key": customer, "Account_Name": f"Customer {customer}"})
            person = {"Last_Name": "Office", "Email": f"{customer}@example.com", "account": customer}
            zoho.create("Contacts", {"key": f"{customer}_office", **person})
        self.desk.add(order(moved, "Confirmed", account=moved))
        self.desk.add(order(left, "Confirmed", account="alpine"))
        return moved, new, more, left

    def _ripen(self, keys: tuple[str, ...]) -> None:
        """Have the next run make every kind of request; tokens and settings of earlier runs are too old to be used."""
        moved, new, more, left = keys
        desk = self.desk
        desk.wait(hours=25)
        desk.box.zoho.update("Accounts", moved, {"Account_Name": f"Customer {moved} Group"})
        desk.move(moved, "Closed Won")
        desk.move(left, "Proposal")
        desk.add(order(new, "Closed Won", account=new))
        desk.add(order(more, "Closed Won", account=moved))
        # A row whose tax its amount does not tell: its quote is read in full.
        desk.box.zoho.replace_lines("Quotes", f"q_{new}", [priced("hours", 1, "0.01"), priced("hours", 2, "80.00")])

    def _assert_done(self, keys: tuple[str, ...]) -> None:
        moved, new, more, left = keys
        assert [self.desk.invoice(key)["Status"] for key in (moved, new, more)] == ["AUTHORISED"] * 3
        assert self.desk.invoice(moved)["Contact"]["Name"] == f"Customer {moved} Group"
        assert not self.desk.invoices(left)


@contextmanager
def open_bench(folder: Path) -> Iterator[Bench]:
    """A bench on an empty world; at its end every promise holds."""
    with open_desk(world(), folder) as desk:
        bench = Bench(desk)
        yield bench
        desk.sync(code=0)
        assert_promises(desk)


def parse(text: str) -> dict[Cell, Codes]:
    """The results that docs/faults.md shows."""
    cells: dict[Cell, Codes] = {}
    for service in SERVICES:
        part = text.partition(f"## Requests to {service.capitalize()}\n\n")[2].partition("\n## ")[0]
        head, _, *rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("|")]
        kinds = [re.findall(r"`(\w+)`", column) for column in head[1:]]
        named = {request.name: request for request in requests_to(service)}
        for name, *words in rows:
            for group, word in zip(kinds, words, strict=True):
                told = [tuple(int(code) for code in part.split(", ")) for part in word.split(" · ")]
                for kind in group:
                    cells |= {
                        Cell(named[name], kind, mode): told[min(i, len(told) - 1)] for i, mode in enumerate(MODES)
                    }
    return cells


def play_all(requests: Sequence[Request], kinds: Sequence[str], folder: Path) -> dict[Cell, Codes]:
    """The cells of these requests and kinds. A fault that no run shows on all of them together is not played singly."""
    cells: dict[Cell, Codes] = {}
    for kind in kinds:
        place = folder / kind
        place.mkdir()
        with open_bench(place) as bench:
            for mode in MODES:
                if kind == REVOKED and mode != "once":
                    # It lasts by itself until a person has ended it.
                    cells |= {Cell(request, kind, mode): cells[Cell(request, kind, "once")] for request in requests}
                elif kind not in STOPPING and bench.play(requests, kind, mode) == (0,):
                    cells |= {Cell(request, kind, mode): (0,) for request in requests}
                else:
                    cells |= {Cell(request, kind, mode): bench.play([request], kind, mode) for request in requests}
    return cells


# ---- the page ----

INTRO = """\
# What happens when a service has a bad day

Made by `python tests/crash/fault_matrix.py` from real runs; tests play them again and compare.

Every kind of request that a run makes to Zoho and to Xero met every fault below: once, twice in a row, and for as long
as a whole run lasts. Then the fault was taken away, and runs followed until nothing was left open. After that each deal
had exactly one invoice, each customer one contact, and every total was the quote's.

A cell shows the [exit codes](exit-codes.md) of the runs, from the one that met the fault to the one that left nothing
open; where they differ, for the fault once · twice · lasting.

- **0**: the run asked again and finished its work.
- **4, 0**: the run stopped and said so, and the next one did the rest. Nobody has to do anything.
- **12, 0**: the run asked for a log-in; the next one found it good again, by itself or because somebody had logged in.

Requests in bold change something in Xero. When one of them gets no answer that can be read, Xero is asked what it has
before anything is sent again, and a deal for which this never ends waits for a person
([`never_answered`](problem-codes.md)) while the others go on.
"""


def page(cells: Mapping[Cell, Codes]) -> str:
    """docs/faults.md for these results."""
    parts = [INTRO, "## The faults\n\n" + _legend()]
    parts += [f"## Requests to {service.capitalize()}\n\n" + _table(cells, service) for service in SERVICES]
    return "\n".join(parts)


def _legend() -> str:
    rows = [f"| `{kind}` | {meaning} |" for kind, meaning in KINDS.items()]
    return "\n".join(["| fault | what the sandbox does |", "|---|---|", *rows]) + "\n"


def _table(cells: Mapping[Cell, Codes], service: str) -> str:
    """Requests with equal results share a row, faults with equal results a column."""
    requests = requests_to(service)
    column = {kind: tuple(_word(cells, request, kind) for request in requests) for kind in KINDS}
    kinds = [list(group) for _, group in groupby(sorted(KINDS, key=lambda kind: column[kind]), column.__getitem__)]
    kinds.sort(key=lambda group: list(KINDS).index(group[0]))
    heads = ["<br>".join(f"`{kind}`" for kind in sorted(group, key=list(KINDS).index)) for group in kinds]
    lines = [f"| request for | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for request in requests:
        words = [_word(cells, request, group[0]) for group in kinds]
        lines.append(f"| {request.name} | {' | '.join(words)} |")
    return "\n".join(lines) + "\n"


def _word(cells: Mapping[Cell, Codes], request: Request, kind: str) -> str:
    told = [", ".join(map(str, cells[Cell(request, kind, mode)])) for mode in MODES]
    return told[0] if len(set(told)) == 1 else " · ".join(told)


def differences(service: str, kind: str, folder: Path) -> dict[Cell, tuple[Codes, Codes]]:
    """Play a fifth of a service's requests with one fault in one way; cells that the page shows otherwise, with both.

    Which requests, and which of once, twice and lasting it is, goes round with the faults. Only `main` plays them all.
    """
    shown, modes, played = parse(PAGE.read_text(encoding="utf-8")), list(MODES), {}
    turn = list(KINDS).index(kind)
    with open_bench(folder) as bench:
        for number, request in enumerate(requests_to(service)[turn % 5 :: 5], turn):
            cell = Cell(request, kind, modes[number % len(modes)])
            played[cell] = bench.play([request], kind, cell.mode)
    return {cell: (codes, shown[cell]) for cell, codes in played.items() if codes != shown[cell]}


def play_kind(service: str, kind: str) -> dict[Cell, Codes]:
    """Every cell of one service and one fault."""
    with tempfile.TemporaryDirectory() as name:
        return play_all(requests_to(service), [kind], Path(name))


def main(processes: int) -> None:
    """Play everything, in this many processes, and write the page."""
    tasks = [(service, kind) for kind in KINDS for service in SERVICES]
    with multiprocessing.Pool(processes) as pool:
        cells = {cell: codes for played in pool.starmap(play_kind, tasks, 1) for cell, codes in played.items()}
    PAGE.write_text(page(cells), encoding="utf-8")
    print(f"{len(cells)} cells")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else os.cpu_count() or 1)
