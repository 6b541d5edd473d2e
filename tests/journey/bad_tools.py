"""A desk for bad days: one sandbox with a clock that stands still, one configuration, and the real command line."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import run
from zoho_xero_sync.sandbox import Sandbox, VirtualClock

CONFIG = """version: 1
zoho: {{data_center: au, accounts_url: "{zoho}", api_url: "{zoho}"}}
xero: {{connection: custom, identity_url: "{xero}", login_url: "{xero}", api_url: "{xero}"}}
secrets: {{store: env}}
stages:
  - {{stage: Confirmed, invoice: draft}}
  - {{stage: Closed Won, invoice: authorised}}
invoice:
  tax: {{GST: OUTPUT, "GST Free": EXEMPTOUTPUT}}
  tax_default: EXEMPTOUTPUT
limits: {{invoices_per_run: 20000}}
"""
QUALIFYING = ("Confirmed", "Closed Won")


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command came to. `report` is what `sync --json` printed, empty for other commands."""

    code: int
    out: str
    err: str
    report: Mapping[str, Any]

    @property
    def actions(self) -> dict[str, str]:
        """What became of each deal."""
        return {deal["deal_id"]: deal["action"] for deal in self.report["deals"]}

    @property
    def codes(self) -> dict[str, str]:
        """The problem code of each deal that has one, and of the run under "run"."""
        return {problem["subject"].removeprefix("deal "): problem["code"] for problem in self.report["problems"]}


@dataclass(frozen=True, slots=True)
class DeskClock:
    """The sandbox's time as the program's: a sleep moves it and takes no time."""

    clock: VirtualClock
    origin: datetime

    def now(self) -> datetime:
        """The sandbox's instant."""
        return self.clock.now()

    def monotonic(self) -> float:
        """Virtual seconds since the desk was set up."""
        return (self.clock.now() - self.origin).total_seconds()

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.clock.advance(seconds)


class Desk:
    """Both services, a configuration in `folder`, and hands to run commands. Use as a context manager."""

    def __init__(self, world: Mapping[str, Any], folder: Path) -> None:
        start = datetime.fromisoformat(str(world["clock"]))
        self.box = Sandbox(world, clock=VirtualClock(start, running=False))
        self.folder = folder
        self.clock = DeskClock(self.box.clock, start)
        zoho, xero = self.box.world["zoho"]["client"], self.box.world["xero"]["client"]
        self.environ = {
            "ZXS_ZOHO_CLIENT_ID": zoho["id"],
            "ZXS_ZOHO_CLIENT_SECRET": zoho["secret"],
            "ZXS_ZOHO_REFRESH_TOKEN": zoho["refresh_token"],
            "ZXS_XERO_CLIENT_ID": xero["id"],
            "ZXS_XERO_CLIENT_SECRET": xero["secret"],
        }

    def __enter__(self) -> Self:
        self.box.start()
        text = CONFIG.format(zoho=self.box.zoho_url, xero=self.box.xero_url)
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.box.stop()

    def run(self, *arguments: str) -> Ran:
        """One command line in this process. Nothing of what it prints may be a traceback or a secret."""
        out, err = io.StringIO(), io.StringIO()
        hands = Hands(out, err, self.environ, self.folder, self.clock, lambda: None, False)
        code = run(arguments, hands)
        said = out.getvalue() + err.getvalue()
        assert "Traceback" not in said and code != 1, said
        assert not any(value in said for name, value in self.environ.items() if "CLIENT_ID" not in name)
        report = json.loads(out.getvalue(), parse_float=Decimal) if "--json" in arguments else {}
        return Ran(code, out.getvalue(), err.getvalue(), report)

    def sync(self, *options: str) -> Ran:
        """`sync --json` with these options."""
        return self.run("sync", "--json", *options)

    def move(self, deals: Iterable[str], stage: str, *, every: float = 0) -> None:
        """People move deals to a stage, `every` so many virtual seconds; the clock has moved on before and after."""
        self.box.clock.advance(1)
        for deal in deals:
            self.box.zoho.update("Deals", deal, {"Stage": stage})
            self.box.clock.advance(every)
        self.box.clock.advance(1)

    def patch(self, module: str, key: str, **values: object) -> None:
        """Put raw values into a record's store, past every check that Zoho's own forms would make."""
        table = self.box.zoho.tables[module]
        record = table.records[table.keys.get(key, key)]
        table.change(record, values)

    def patch_row(self, quote: str, row: int, **values: object) -> None:
        """The same for one row (from 0) of a quote."""
        state = self.box.zoho
        found = state.rows_of("Quoted_Items", state.find("Quotes", quote)["id"])[row]
        state.tables["Quoted_Items"].change(found, values)

    def deal(self, key: str) -> str:
        """The id of a deal by its name in the world."""
        return str(self.box.zoho.find("Deals", key)["id"])

    def invoices(self) -> dict[str, list[dict[str, Any]]]:
        """Xero's sales invoices by the deal whose mark they carry."""
        found: dict[str, list[dict[str, Any]]] = {}
        for invoice in self.box.xero.invoices():
            found.setdefault(str(invoice.get("Url", "")).rpartition("/")[2], []).append(invoice)
        return found

    def assert_promises(self, ran: Ran) -> None:
        """Never twice, nothing lost, to the cent.

        Every deal in a qualifying stage has exactly one invoice that totals what its quote totals, or waits with a
        reason and a next step; no deal has two, no customer has two contacts. `ran` is the last sync.
        """
        invoices = self.invoices()
        twice = {deal: len(found) for deal, found in invoices.items() if len(found) > 1}
        assert not twice, f"invoiced twice: {twice}"
        numbers = Counter(contact.get("ContactNumber") for contact in self.box.xero.contacts())
        assert not [number for number, times in numbers.items() if number and times > 1], "a customer with two contacts"
        waiting = {deal["deal_id"]: deal for deal in ran.report["deals"] if deal["action"] in ("hold", "reject")}
        totals = {quote["Deal_Name"]["id"]: quote["Grand_Total"] for quote in self.box.zoho.records("Quotes")}
        for deal in self.box.zoho.records("Deals"):
            if deal["Stage"] not in QUALIFYING:
                continue
            found = invoices.get(deal["id"], [])
            if deal["id"] in waiting:
                told = waiting[deal["id"]]
                assert told["reason"] and told["next_step"], told
            else:
                assert len(found) == 1, f"deal {deal['id']} is neither invoiced nor waiting"
                assert found[0]["Total"] == totals.get(deal["id"], found[0]["Total"])
