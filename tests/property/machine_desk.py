"""A desk for the state machine: quick to set up again, its runs cut or joined at will, and watched from outside."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from cuts import Boundaries, Happening, Killed
from world_tools import Desk, DeskClock, Record, Result

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import run as run_command
from zoho_xero_sync.sandbox import Sandbox, VirtualClock
from zoho_xero_sync.sandbox.xero.invoice_rules import create_invoice
from zoho_xero_sync.sandbox.xero.posted import Posted
from zoho_xero_sync.sandbox.xero.state import WriteSeen

GONE = -9


@dataclass
class MachineDesk(Desk):
    """A desk whose commands may be killed (`GONE` is then their code) and on which things happen meanwhile."""

    boundaries: Boundaries = field(default_factory=Boundaries)
    unjournalled: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.box.xero.on_write.append(self._journalled)

    def command(self, *argv: str, cut: int | None = None, meanwhile: Mapping[int, Happening] | None = None) -> Result:
        """Run one command line at this very instant. Killed before boundary number `cut` + 1, its code is `GONE`."""
        out, err = io.StringIO(), io.StringIO()
        hands = Hands(
            out, err, self.environ, self.folder, DeskClock(self.box.clock, self.skew), lambda: None, interactive=False
        )
        self.boundaries.begin(cut, dict(meanwhile or {}))
        try:
            code = run_command(list(argv), hands)
        except Killed:
            code = GONE
        finally:
            self.boundaries.end()
        return self._keep(Result(code, out.getvalue(), err.getvalue()), argv, None)

    def backup(self) -> bytes:
        """The ledger's bytes."""
        return self.ledger.read_bytes()

    def restore(self, content: bytes) -> None:
        """An operator puts a backup of the ledger back."""
        self.ledger.write_bytes(content)

    def has_baseline(self) -> bool:
        """Whether a first run has told history from what is to come; one that was killed early has not."""
        return self.ledger.exists() and bool(self.rows("SELECT 1 FROM checkpoint"))

    def in_flight(self) -> int:
        """How many items the ledger has no answer for."""
        (row,) = self.rows("SELECT count(*) AS number FROM operation WHERE state = 'in_flight'")
        return int(row["number"])

    def records(self) -> dict[str, Record]:
        """The ledger's deals by id."""
        return {row["deal_id"]: row for row in self.rows("SELECT * FROM deal")}

    def by_hand(self, fields: Record) -> str:
        """A person makes a sales invoice in Xero; its id. Raises ValueError for what Xero would refuse."""
        people = self.box.xero
        with people._working():
            posted = Posted({"Type": "ACCREC", **fields}, "Invoice")
            made, _ = create_invoice(people.books, posted, 4, by_app=False)
            return str(made.invoice_id)

    def _journalled(self, write: WriteSeen) -> None:
        """Note a write that arrived at Xero before its journal row, with this key and body, was durable."""
        with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT body_hash FROM write WHERE key = ?", (write.key,)).fetchall()
        if found != [(write.body_sha256,)]:
            self.unjournalled.append(f"{write.method} {write.path}")


class Stage:
    """One pair of servers for all examples; each example gets a world of its own behind them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._servers: Sandbox | None = None

    def open(self, placed: Mapping[str, Any]) -> MachineDesk:
        """A desk on this world, in a folder that holds nothing else."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700)
        clock = VirtualClock(datetime.fromisoformat(str(placed["clock"])), running=False)
        box = Sandbox(placed, clock=clock)
        if self._servers is None:
            self._servers = box.start()
        else:
            # The ports stay; what answers at them is new.
            box._ports, box._servers = self._servers._ports, self._servers._servers
            for service, server in box._servers.items():
                server.app = box._apps[service]
        return MachineDesk(box, self._folder)

    def close(self) -> None:
        """Stop the servers and remove the folder."""
        if self._servers is not None:
            self._servers.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def unchanged(desk: MachineDesk) -> Iterator[None]:
    """Neither service nor the ledger is another one after this block."""
    before = _everything(desk)
    yield
    assert _everything(desk) == before, "a command that only looks changed something"


def _everything(desk: MachineDesk) -> tuple[str, str, str]:
    held = {"invoices": desk.box.xero.invoices(), "contacts": desk.box.xero.contacts()}
    zoho = {module: desk.box.zoho.records(module) for module in ("Deals", "Accounts", "Quotes")}
    ledger = desk.ledger.read_bytes() if desk.ledger.exists() else b""
    return _digest(held), _digest(zoho), hashlib.sha256(ledger).hexdigest()


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def money(value: object) -> Decimal:
    """A figure of either service."""
    return Decimal(str(value))
