"""A desk for journeys: the sandbox, a folder with a configuration, and the real command line run on both.

A test says what people do (`desk.zoho`, `desk.xero`, `desk.add`, `desk.move`), runs commands (`desk.run`, `desk.sync`),
reads what came of it, and ends with `promises.assert_promises(desk)`. Time stands still unless a test lets it pass.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import yaml
from jsonschema import Draft202012Validator

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import run as run_command
from zoho_xero_sync.sandbox import Fault, Sandbox, VirtualClock

ROOT = Path(__file__).parents[2]
START = "2026-11-20T01:00:00Z"
CLOSED = ("VOIDED", "DELETED")

# Credentials that would be recognised anywhere they leaked to.
SECRETS = {
    "ZXS_ZOHO_CLIENT_ID": "1000.JOURNEY",
    "ZXS_ZOHO_CLIENT_SECRET": "canary-zoho-client-secret-5d1f",
    "ZXS_ZOHO_REFRESH_TOKEN": "1000.canary-zoho-refresh-token-77ab.c3",
    "ZXS_XERO_CLIENT_ID": "JOURNEYXERO",
    "ZXS_XERO_CLIENT_SECRET": "canary-xero-client-secret-09e2",
}
PUBLIC = ("ZXS_ZOHO_CLIENT_ID", "ZXS_XERO_CLIENT_ID")

CONFIG: Mapping[str, Any] = {
    "version": 1,
    "secrets": {"store": "file", "file": "secrets.json"},
    "ledger": "sqlite:///ledger.db",
    "stages": [{"stage": "Confirmed", "invoice": "draft"}, {"stage": "Closed Won", "invoice": "authorised"}],
    "invoice": {"tax": {"GST": "OUTPUT", "GST Free": "EXEMPTOUTPUT"}, "tax_default": "EXEMPTOUTPUT"},
}

Record = dict[str, Any]
Line = tuple[str, int | str, str] | tuple[str, int | str, str, str]


@dataclass(frozen=True, slots=True)
class Order:
    """A deal as a world file spells it, and the accepted quote it has (None: only its Amount)."""

    deal: Record
    quote: Record | None


def order(
    key: str,
    stage: str = "Proposal",
    *,
    account: str | None = "alpine",
    lines: Sequence[Line] = (("hours", 3, "120.00"),),
    modified: str | None = None,
    **fields: Any,
) -> Order:
    """A deal with a quote of `lines` (product key, quantity, price, tax; GST by default). No lines: no quote."""
    deal: Record = {"key": key, "Deal_Name": f"Order {key}", "Stage": stage, "Amount": Decimal("250.00")}
    if account is not None:
        deal |= {"account": account, "contact": f"{account}_office"}
    stamps = {"Created_Time": modified, "Modified_Time": modified} if modified else {}
    rows = [priced(*line) for line in lines]
    quote = {"key": f"q_{key}", "Subject": f"Order {key}", "deal": key, "Quote_Stage": "Confirmed", "lines": rows}
    return Order({**deal, **stamps, **fields}, {**quote, **stamps} if lines else None)


def priced(product: str, quantity: int | str, price: str, tax: str = "GST") -> Record:
    """One row of a quote."""
    return {"product": product, "Quantity": Decimal(quantity), "List_Price": Decimal(price), "taxes": [tax]}


def history_at(number: int) -> str:
    """When the deals of `orders` were modified: days before the desk opens."""
    return "2026-11-10T00:00:00Z"


def orders(
    count: int, stage: str, *, prefix: str = "d", modified: Callable[[int], str | None] = history_at
) -> list[Order]:
    """`count` orders of different totals, spread over the three customers."""
    accounts = ("alpine", "birch", "cedar")
    return [
        order(
            f"{prefix}{number}",
            stage,
            account=accounts[number % 3],
            lines=[("hours", number % 7 + 1, f"{100 + number}.00")],
            modified=modified(number),
        )
        for number in range(count)
    ]


def world(*placed: Order, clock: str = START, pipelines: Record | None = None, xero: Record | None = None) -> Record:
    """Three customers, three products, and the orders that are given."""
    names = {"alpine": "Alpine Joinery Pty Ltd", "birch": "Birch & Stone Interiors", "cedar": "Cedar Freight Services"}
    products = {"hours": "Consulting hour", "hire": "Equipment hire", "food": "Produce hamper"}
    standard = {"Standard": ["Qualification", "Proposal", "Confirmed", "Closed Won", "Closed Lost"]}
    zoho: Record = {
        "client": {
            "id": SECRETS["ZXS_ZOHO_CLIENT_ID"],
            "secret": SECRETS["ZXS_ZOHO_CLIENT_SECRET"],
            "refresh_token": SECRETS["ZXS_ZOHO_REFRESH_TOKEN"],
        },
        "pipelines": pipelines or standard,
        "accounts": [
            {"key": key, "Account_Name": name, "Phone": "02 5550 0100", "Billing_Street": "1 High Street",
             "Billing_City": "Sydney", "Billing_Code": "2000"}
            for key, name in names.items()
        ],
        "contacts": [
            {"key": f"{key}_office", "First_Name": "Accounts", "Last_Name": name.split()[0], "account": key,
             "Email": f"accounts@{key}.example.com"}
            for key, name in names.items()
        ],
        "products": [{"key": key, "Product_Name": name, "Product_Code": key.upper()} for key, name in products.items()],
        "deals": [item.deal for item in placed],
        "quotes": [item.quote for item in placed if item.quote],
    }  # fmt: skip
    client = {"id": SECRETS["ZXS_XERO_CLIENT_ID"], "secret": SECRETS["ZXS_XERO_CLIENT_SECRET"]}
    return {"clock": clock, "zoho": zoho, "xero": {**(xero or {}), "client": client}}


@dataclass(frozen=True, slots=True)
class DeskClock:
    """The sandbox's clock as the program's: a sleep lets virtual time pass and returns at once."""

    clock: VirtualClock
    skew: timedelta = timedelta(0)

    def now(self) -> datetime:
        """The sandbox's instant, as this machine's clock shows it."""
        return self.clock.now() + self.skew

    def monotonic(self) -> float:
        """Seconds of virtual time."""
        return self.clock.now().timestamp()

    def sleep(self, seconds: float) -> None:
        """Let `seconds` of virtual time pass."""
        self.clock.advance(max(0.0, seconds))


@dataclass(frozen=True, slots=True)
class Result:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Record:
        """stdout as one JSON object, money kept exact."""
        parsed = json.loads(self.out, parse_float=Decimal)
        assert isinstance(parsed, dict)
        return parsed


@dataclass
class Desk:
    """A sandbox that is running, a folder of its own, and what was said so far (`said`, every byte of it).

    `skew` is how far this machine's clock is ahead of both services'.
    """

    box: Sandbox
    folder: Path
    environ: dict[str, str] = field(default_factory=lambda: dict(SECRETS))
    settings: Record = field(default_factory=lambda: dict(CONFIG))
    said: list[str] = field(default_factory=list)
    skew: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        zoho, xero = self.box.zoho_url, self.box.xero_url
        self.configure(
            zoho={"data_center": "au", "accounts_url": zoho, "api_url": zoho},
            xero={"connection": "custom", "identity_url": xero, "login_url": xero, "api_url": xero},
        )

    # ---- the configuration ----

    def configure(self, **changes: Any) -> None:
        """Write config.yaml with these top-level keys changed; a mapping is merged into the one that is there."""
        for key, value in changes.items():
            before = self.settings.get(key)
            self.settings[key] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
        text = yaml.safe_dump(self.settings, sort_keys=False, allow_unicode=True)
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")

    # ---- commands ----

    def run(
        self, *argv: str, code: int | None = None, interactive: bool = False, stop: Callable[[], None] | None = None
    ) -> Result:
        """Run one command line in this process, half a minute after what happened last. `code` is what it must exit."""
        self.wait(seconds=30)
        out, err = io.StringIO(), io.StringIO()
        clock = DeskClock(self.box.clock, self.skew)
        hands = Hands(out, err, self.environ, self.folder, clock, stop or (lambda: None), interactive)
        exited = run_command(list(argv), hands)
        self.wait(seconds=30)
        return self._keep(Result(exited, out.getvalue(), err.getvalue()), argv, code)

    def sync(self, *argv: str, code: int | None = 0, stop: Callable[[], None] | None = None) -> Record:
        """`sync --json` with more options; the report, checked against its schema and against the exit code."""
        result = self.run("sync", "--json", *argv, code=code, stop=stop)
        report = result.json
        check_report(report)
        assert report["exit_code"] == result.code
        return report

    def status(self) -> Record:
        """`status --json`."""
        return self.run("status", "--json").json

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """The same command line as a process of its own, under the machine's clock."""
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "NO_COLOR": "1", **self.environ}
        return subprocess.Popen(
            [sys.executable, "-m", "zoho_xero_sync", *argv],
            cwd=self.folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def finish(self, process: subprocess.Popen[str], *argv: str, code: int | None = None) -> Result:
        """Wait for a started process and keep what it said."""
        out, err = process.communicate(timeout=60)
        return self._keep(Result(process.returncode, out, err), argv, code)

    def process(self, *argv: str, code: int | None = None) -> Result:
        """Run one command line as a process."""
        return self.finish(self.start(*argv), *argv, code=code)

    def _keep(self, result: Result, argv: Sequence[str], code: int | None) -> Result:
        self.said += [result.out, result.err]
        said = f"zoho-xero-sync {' '.join(argv)} exited {result.code}\n{result.out}\n{result.err}"
        assert "Traceback" not in said, said
        assert result.code != 1, said
        assert code is None or result.code == code, said
        return result

    # ---- time, faults, the wire ----

    def wait(self, **time: float) -> None:
        """Let virtual time pass."""
        self.box.clock.advance(timedelta(**time).total_seconds())

    def fault(self, kind: str, *, service: str = "xero", **where: Any) -> None:
        """Have the next fitting call meet this fault."""
        self.box.faults.add(Fault(kind, service=service, **where))

    def writes(self) -> int:
        """How many requests asked either service for a change so far."""
        return len(self.box.calls.writes())

    @contextmanager
    def nothing_sent(self) -> Iterator[None]:
        """No write verb crosses the wire in this block."""
        before = self.writes()
        yield
        sent = self.box.calls.writes()[before:]
        assert not sent, f"sent: {[(call.method, call.path) for call in sent]}"

    # ---- people in Zoho ----

    def add(self, placed: Order) -> str:
        """Somebody enters a deal and its quote; the deal's id."""
        deal = self.box.zoho.create("Deals", placed.deal)
        if placed.quote:
            self.box.zoho.create("Quotes", placed.quote)
        return deal

    def edit(self, key: str, **fields: Any) -> str:
        """Somebody edits a deal; its id."""
        deal = self.deal(key)
        self.box.zoho.update("Deals", deal, fields)
        return deal

    def move(self, key: str, stage: str) -> str:
        """Somebody moves a deal to a stage; its id."""
        return self.edit(key, Stage=stage)

    def deal(self, key: str) -> str:
        """The id of a deal, by the key its order has."""
        return str(self.box.zoho.find("Deals", key)["id"])

    # ---- what Xero and the ledger hold ----

    def invoices(self, key: str | None = None, *, closed: bool = False) -> list[Record]:
        """Xero's live sales invoices (all with `closed`), or those that carry one deal."""
        suffix = f"/{self.deal(key)}" if key else ""
        return [
            invoice
            for invoice in self.box.xero.invoices()
            if invoice["Type"] == "ACCREC"
            and (closed or invoice["Status"] not in CLOSED)
            and str(invoice.get("Url", "")).partition("#")[0].endswith(suffix)
        ]

    def invoice(self, key: str) -> Record:
        """The one live invoice of a deal."""
        (only,) = self.invoices(key)
        return only

    def contacts(self) -> list[Record]:
        """Xero's contacts."""
        return [dict(contact) for contact in self.box.xero.contacts()]

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.folder / "ledger.db"

    def rows(self, sql: str) -> list[Record]:
        """What the ledger holds, read behind the program's back."""
        with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql)]

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Every file of the folder: when it changed, and its bytes."""
        return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(self.folder.iterdir())}


@contextmanager
def open_desk(placed: Mapping[str, Any], folder: Path, *, running: bool = False) -> Iterator[Desk]:
    """A desk on this world. With `running` the sandbox goes by the machine's clock, for processes of their own."""
    start = datetime.now(UTC) if running else datetime.fromisoformat(str(placed["clock"]))
    with Sandbox(placed, clock=VirtualClock(start, running=running)) as box:
        yield Desk(box, folder)


@cache
def _schema() -> Draft202012Validator:
    text = (ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text), format_checker=Draft202012Validator.FORMAT_CHECKER)


def check_report(report: Record) -> None:
    """Raise when a report is not what docs/report.schema.json promises."""
    _schema().validate(report)


def polled(desk: Desk, count: int = 3) -> Record:
    """Runs of cron until every poll beside the deals has come, whatever they find; the report of the last."""
    for _ in range(count):
        desk.wait(minutes=20)
        report = desk.sync(code=None)
    return report


def idle(desk: Desk, *, code: int = 0) -> None:
    """The next run is one call to Zoho, none to Xero, and nothing to do."""
    calls = desk.box.calls
    before = calls.api_calls("zoho"), calls.api_calls("xero")
    with desk.nothing_sent():
        report = desk.sync(code=code)
    assert (calls.api_calls("zoho") - before[0], calls.api_calls("xero") - before[1]) == (1, 0)
    assert report["counts"]["seen"] == 0


def actions(desk: Desk, report: Record) -> dict[str, str]:
    """The report's actions by deal name without the word "Order"."""
    return {deal["deal_name"].removeprefix("Order "): deal["action"] for deal in report["deals"]}


def line_of(report: Record, deal_id: str) -> Record:
    """The report's line of one deal."""
    (only,) = [deal for deal in report["deals"] if deal["deal_id"] == deal_id]
    return dict(only)


def problem_codes(report: Record) -> list[str]:
    """The codes of a report's problems, sorted."""
    return sorted(problem["code"] for problem in report["problems"])


class OpenDesk(Protocol):
    """Opens a desk on orders put into the standard world, or on a world of one's own."""

    def __call__(self, *placed: Order, on: Record | None = None, running: bool = False) -> Desk:
        """A desk without a ledger yet."""
        ...
