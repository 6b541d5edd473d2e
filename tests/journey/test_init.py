"""`init`: by options, by questions, on bad days, and what it leaves behind."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keyring
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.core import load_keyring
from test_auth import Office
from world_tools import SECRETS, DeskClock, Result, order, orders, world

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import run
from zoho_xero_sync.config import Config, load_config
from zoho_xero_sync.config.search import Found
from zoho_xero_sync.config.writing import INVOICES, Answers, answer_problems, config_text, write_config
from zoho_xero_sync.core.rules import Rules, StageRule
from zoho_xero_sync.core.scopes import zoho_scopes
from zoho_xero_sync.errors import ConfigError
from zoho_xero_sync.ledger.store import Ledger
from zoho_xero_sync.sandbox import Fault, Sandbox, VirtualClock

CANARIES = tuple(value for name, value in SECRETS.items() if not name.endswith("CLIENT_ID"))
BASIC = ("--data-center", "au", "--stage", "Confirmed=draft", "--stage", "Closed Won=authorised", "--secrets", "file")
QUOTES = ("--quote-stage", "Confirmed", "--quote-stage", "Closed Won")
FULL = (
    *BASIC,
    *QUOTES,
    "--account",
    "260",
    "--tax",
    "GST=OUTPUT",
    "--tax",
    "GST Free=EXEMPTOUTPUT",
    "--tax-default",
    "NONE",
)
ZOHO_CLIENT = (SECRETS["ZXS_ZOHO_CLIENT_ID"], SECRETS["ZXS_ZOHO_CLIENT_SECRET"])
XERO_CLIENT = (SECRETS["ZXS_XERO_CLIENT_ID"], SECRETS["ZXS_XERO_CLIENT_SECRET"])


@dataclass
class Place:
    """A folder, the sandbox, and a person's environment."""

    box: Sandbox
    folder: Path
    environ: dict[str, str] = field(default_factory=lambda: dict(SECRETS))
    said: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)

    @property
    def urls(self) -> tuple[str, ...]:
        """The options that point at the sandbox."""
        zoho, xero = self.box.zoho_url, self.box.xero_url
        pairs = {"zoho-accounts": zoho, "zoho-api": zoho, "xero-identity": xero, "xero-login": xero, "xero-api": xero}
        return tuple(part for name, url in pairs.items() for part in (f"--{name}-url", url))

    def run(self, *argv: str, typed: tuple[str, ...] | None = None) -> Result:
        """One command line; `typed` is what a person at the terminal answers, line by line."""
        out, err = io.StringIO(), io.StringIO()
        asks = typed is not None
        hands = Hands(out, err, self.environ, self.folder, DeskClock(self.box.clock), lambda: None, False, asks)
        with CliRunner().isolation(input="".join(f"{line}\n" for line in typed or ())) as streams:
            code = run(list(argv), hands)
            asked = (streams[0].getvalue() + streams[1].getvalue()).decode()
        result = Result(code, out.getvalue(), err.getvalue() + asked)
        self.said += [result.out, err.getvalue()]
        assert "Traceback" not in result.err
        return result

    def init(self, *argv: str, typed: tuple[str, ...] | None = None) -> Result:
        """`init` with the sandbox's addresses."""
        return self.run("init", *self.urls, *argv, typed=typed)

    def grant_code(self) -> str:
        """What Zoho's console shows for the scopes that `init` prints."""
        code = self.box.zoho.issue_grant_code([scope.name for scope in zoho_scopes(Rules(stages=()))])
        self.codes.append(code)
        return code

    def logins(self) -> tuple[str, ...]:
        """What a person types to log in to both."""
        return (*ZOHO_CLIENT, self.grant_code(), *XERO_CLIENT)

    def config(self) -> Config:
        """What the file says."""
        return load_config(None, environ={}, cwd=self.folder)

    def baseline(self) -> int | None:
        """How many deals are recorded as history; None when there is no baseline."""
        url = f"sqlite:///{self.folder / 'ledger.db'}"
        if not Ledger.exists(url):
            return None
        with Ledger.open(url, read_only=True) as ledger:
            known = ledger.find_deals([str(deal["id"]) for deal in self.box.zoho.records("Deals")])
            return sum(record.baseline for record in known.values()) if ledger.checkpoint() else None


def history() -> dict[str, Any]:
    """Three deals in invoiced stages, one that is not."""
    return world(order("old", "Closed Won"), order("older", "Closed Won"), order("agreed", "Confirmed"), order("new"))


@contextmanager
def place_on(placed: Mapping[str, Any], folder: Path) -> Iterator[Place]:
    clock = VirtualClock(datetime.fromisoformat(str(placed["clock"])), running=False)
    with Sandbox(placed, clock=clock) as box:
        place = Place(box, folder)
        yield place
        files = [path.read_text("utf-8") for path in folder.glob("*.yaml")]
        ledgers = [path.read_bytes().decode("latin-1") for path in folder.glob("*.db")]
        for canary in (*CANARIES, *place.codes):
            assert not any(canary in text for text in (*place.said, *files, *ledgers))
        assert not box.calls.writes()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with place_on(history(), tmp_path) as ready:
        yield ready


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# ---- by options ----


def test_by_options(place: Place) -> None:
    before = os.umask(0o077)
    try:
        result = place.init(*FULL)
    finally:
        os.umask(before)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "Wrote config.yaml.",
        "Zoho: Sandbox Pty Ltd",
        "Xero: Sandbox Pty Ltd",
        "baseline  3 deals are already in an invoiced stage: they are history and are left alone. "
        "From now on a deal is invoiced when it enters one.",
        "Nothing was sent; 3 Zoho and 4 Xero calls.",
        "Next: zoho-xero-sync sync --dry-run",
    ]
    assert mode(place.folder / "config.yaml") == 0o644
    assert mode(place.folder / "secrets.json") == mode(place.folder / "ledger.db") == 0o600
    config = place.config()
    assert config.rules.stages == (
        StageRule(("Confirmed",), "draft"),
        StageRule(("Closed Won",), "authorised"),
    )
    assert (config.rules.invoice.account, config.rules.invoice.tax_default) == ("260", "NONE")
    assert dict(config.rules.invoice.tax) == {"GST": "OUTPUT", "GST Free": "EXEMPTOUTPUT"}
    assert (config.secrets.store, config.zoho.data_center, config.xero.connection) == ("file", "au", "custom")
    assert (config.zoho.api_url, config.xero.login_url) == (place.box.zoho_url, place.box.xero_url)
    assert place.baseline() == 3


def test_what_it_leaves_is_ready_for_cron(place: Place) -> None:
    place.init(*FULL)
    place.environ.clear()  # cron's environment has none of the variables
    assert place.run("sync", "--dry-run").code == 0
    cron = place.run("sync")
    assert (cron.code, cron.out, cron.err) == (0, "", "")
    place.box.zoho.update("Deals", str(place.box.zoho.find("Deals", "old")["id"]), {"Deal_Name": "Renamed"})
    assert place.run("sync").code == 0
    assert place.box.xero.invoices() == []


def test_the_usual_answers(place: Place) -> None:
    assert place.init("--yes").code == 0
    config = place.config()
    assert [(rule.stages, rule.invoice) for rule in config.rules.stages] == [
        (("Confirmed",), "draft"),
        (("Closed Won",), "authorised"),
    ]
    assert config.secrets.store == "file"


def test_quiet_says_nothing_but_the_baseline(place: Place) -> None:
    out = place.run("--quiet", "init", *BASIC, *place.urls).out
    assert "Wrote" not in out
    assert "3 deals" in out


def test_without_a_terminal_what_is_missing_is_named(place: Place) -> None:
    result = place.init("--stage", "Closed Won=draft")
    assert result.code == 2
    assert "--data-center, --secrets" in result.err
    assert "--stage" not in result.err.splitlines()[-1].partition("needed:")[2].partition(". ")[0]
    assert list(place.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--stage", "Closed Won"), "'Closed Won' is not STAGE=INVOICE"),
        (("--stage", "=draft"), "is not STAGE=INVOICE"),
        (("--stage", "Closed Won="), "is not STAGE=INVOICE"),
        (("--stage", "Closed Won=authorized"), "Did you mean authorised?"),
        (("--stage", "Confirmed=draft"), "is already taken"),
        (("--tax", "GST"), "is not ZOHO TAX=XERO TAXTYPE"),
        (("--tax", "GST=OUTPUT", "--tax", "GST=INPUT"), "'GST' is given twice"),
        (("--tax", "GST=GST on Income"), "is not a Xero TaxType"),
        (("--tax-default", "GST on Income"), "invoice.tax_default: 'GST on Income' is not a Xero TaxType"),
        (("--account", "Sales, all of it"), "invoice.account: is longer than the 10 characters"),
        (("--data-center", "nz"), "'nz' is not one of"),
        (("--connection", "password"), "'password' is not one of"),
        (("--secrets", "vault"), "'vault' is not one of"),
        (("--zoho-api-url", "http://zoho.example.com"), "zoho.api_url: http://zoho.example.com is not encrypted"),
        (("--tenant", "1000." + "0123456789abcdef" * 2 + "." + "0123456789abcdef" * 2), "looks like a secret"),
    ],
)
def test_options_that_cannot_be_used(place: Place, options: tuple[str, ...], told: str) -> None:
    result = place.init(*BASIC, *options)
    assert result.code == 2
    assert told in result.err
    assert list(place.folder.iterdir()) == []


# ---- by questions ----


def conversation(place: Place, *choices: str) -> tuple[str, ...]:
    """What a person types from nothing: all that is proposed, but for `choices`, the first answers after the logins."""
    logins = place.logins()
    return ("", "", *logins[:3], "", *logins[3:], *choices, *("",) * (8 - len(choices)))


ASKED = (
    "Zoho data center [au]:", "Logins in (keyring, file, env) [file]:",
    "Zoho client id:", "Zoho client secret (not shown while you type):", "Code (not shown while you type):",
    "Xero connection (custom, pkce, web) [custom]:",
    "Xero client id:", "Xero client secret (not shown while you type):",
    "Stages [3,4]:", "Invoice of Confirmed [1]:", "Invoice of Closed Won [3]:", "Quotes [5,6]:", "Sales account [1]:",
    "GST (10 %) is [1]:", "GST Free (0 %) is [2]:", "Without a tax [2]:",
)  # fmt: skip


def test_from_nothing_to_a_dry_run(place: Place) -> None:
    place.environ.clear()
    typed = conversation(place)
    result = place.init(typed=typed)
    assert result.code == 0
    places = [result.err.find(question) for question in ASKED]
    assert -1 not in places
    assert places == sorted(places)
    assert "refresh token" not in result.err.lower()
    assert result.out.splitlines() == [
        "Zoho: Sandbox Pty Ltd",
        "Xero: Sandbox Pty Ltd",
        "Wrote config.yaml.",
        "baseline  3 deals are already in an invoiced stage: they are history and are left alone. "
        "From now on a deal is invoiced when it enters one.",
        "Nothing was sent; 3 Zoho and 4 Xero calls.",
        "Next: zoho-xero-sync check, then: zoho-xero-sync sync --dry-run",
    ]
    looked_up = [text for text in typed if text]
    print(f"{len(typed)} answers, {len(looked_up)} of them from the two consoles, {len(typed) - len(looked_up)} Enter")
    assert (len(typed), len(looked_up)) == (len(ASKED), 5)
    invoice = place.config().rules.invoice
    assert (invoice.account, invoice.tax_default) == ("200", "EXEMPTOUTPUT")
    assert dict(invoice.tax) == {"GST": "OUTPUT", "GST Free": "EXEMPTOUTPUT"}
    assert place.config().rules.lines.quote_stages == ("Confirmed", "Closed Won")
    checked = place.run("check")
    assert checked.code == 0
    assert "PROBLEM" not in checked.out
    assert place.run("sync", "--dry-run").code == 0


def test_other_choices(place: Place) -> None:
    place.environ.clear()
    result = place.init(typed=conversation(place, "4, 2 4", "2", "4", "6", "2", "1", "4", "5"))
    assert result.code == 0
    rules = place.config().rules
    assert rules.stages == (StageRule(("Closed Won",), "submitted"), StageRule(("Proposal",), "none"))
    assert rules.lines.quote_stages == ("Closed Won",)
    assert (rules.invoice.account, rules.invoice.tax_default) == ("260", None)
    assert dict(rules.invoice.tax) == {"GST": "OUTPUT", "GST Free": "NONE"}


def test_only_what_can_be_used_is_offered(tmp_path: Path) -> None:
    chart = [
        {"Code": "410", "Name": "Events", "Type": "SALES", "TaxType": "OUTPUT"},
        {"Code": "200", "Name": "Old sales", "Type": "REVENUE", "TaxType": "OUTPUT", "Status": "ARCHIVED"},
        {"Code": "400", "Name": "Advertising", "Type": "EXPENSE", "TaxType": "INPUT"},
    ]
    with place_on(world(xero={"accounts": chart}), tmp_path) as place:
        result = place.init(typed=("",) * 11)
        assert result.code == 0
        assert "  1  410 Events" in result.err
        assert "Old sales" not in result.err
        assert "Advertising" not in result.err
        rates = place.box.xero.books.settings.tax_rates.values()
        legal = {rate.tax_type for rate in rates if rate.wire["CanApplyToRevenue"] and rate.status == "ACTIVE"}
        assert {rate.tax_type for rate in rates if f"({rate.tax_type})" in result.err} == legal
        assert len(legal) < len(rates)
        assert place.config().rules.invoice.account == "410"
        assert place.run("check").code == 0


def test_a_world_of_several_pipelines(tmp_path: Path) -> None:
    pipelines = {"Standard": ["Proposal", "Closed Won"], "Renewals": ["Due", "Closed Won"]}
    with place_on(world(pipelines=pipelines), tmp_path) as place:
        result = place.init(typed=("", "", "", "1,2,3", *("",) * 8))
        assert result.code == 0
        assert "2  Closed Won (Standard, Renewals)" in result.err
        assert [rule.stages for rule in place.config().rules.stages] == [("Proposal",), ("Closed Won",), ("Due",)]


def test_a_wrong_answer_is_asked_for_again(place: Place) -> None:
    typed = ("Australia", "au", "vault", "file", "oauth", "custom", "Closed Won", "0", "6", "4", "9", "3", "",
             "1 2", "2", "", "", "")  # fmt: skip
    result = place.init(typed=typed)
    assert result.code == 0
    for told in ("is not one of us", "is not one of keyring", "is not one of custom", "Type a number from 1 to 4.",
                 "Type a number from 1 to 5, or several with commas.", "Type one number."):  # fmt: skip
        assert told in result.err
    rules = place.config().rules
    assert [rule.stages for rule in rules.stages] == [("Closed Won",)]
    assert rules.invoice.account == "260"


def test_what_fails_after_the_logins_is_not_typed_again(place: Place) -> None:
    place.environ.clear()
    place.box.faults.add(Fault("status_500_before", service="xero", path="TaxRates", times=99))
    assert place.init(typed=conversation(place)).code == 4
    assert [path.name for path in place.folder.glob("*.yaml")] == []
    place.box.faults.clear()
    result = place.init(typed=("",) * 11)
    assert result.code == 0
    assert "client id:" not in result.err
    assert place.baseline() == 3


def test_only_what_no_option_answers_is_asked(place: Place) -> None:
    result = place.init(*FULL, "--connection", "custom", typed=())
    assert result.code == 0
    assert "[" not in result.err


def test_a_refused_login_is_asked_for_again(place: Place) -> None:
    place.environ.clear()
    wrong = (ZOHO_CLIENT[0], "mistyped-secret", place.grant_code())
    again = (*ZOHO_CLIENT, place.grant_code())
    result = place.init(*FULL, "--connection", "custom", typed=(*wrong, *again, "", "  ", *XERO_CLIENT))
    assert result.code == 0
    assert "Zoho does not accept the client secret" in result.err
    assert "mistyped-secret" not in result.out + result.err
    assert "An answer is needed" in result.err
    assert place.baseline() == 3


def test_a_login_that_stays_refused_ends_it(place: Place) -> None:
    place.environ.clear()
    wrong = (ZOHO_CLIENT[0], "mistyped-secret", place.grant_code())
    result = place.init(*FULL, "--connection", "custom", typed=wrong * 3)
    assert result.code == 12
    assert result.err.count("Zoho does not accept the client secret") == 3
    assert place.said[-1].endswith("then: zoho-xero-sync init\n")
    assert place.baseline() is None
    assert list(place.folder.iterdir()) == []  # what was refused is not kept
    assert place.init(*FULL, "--connection", "custom", typed=place.logins()).code == 0


def test_the_end_of_the_input_writes_nothing(place: Place) -> None:
    assert place.init(typed=("au",)).code == 130
    assert list(place.folder.iterdir()) == []


# ---- at a real terminal ----


class Terminal:
    """The program as a process of its own at a pseudo-terminal."""

    def __init__(self, folder: Path, *argv: str) -> None:
        self._mine, theirs = pty.openpty()
        environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm", "COLUMNS": "100"}
        command = [sys.executable, "-m", "zoho_xero_sync", *argv]
        self.process = subprocess.Popen(
            command, cwd=folder, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self.screen = ""

    def wait_for(self, text: str) -> None:
        """Read on until `text` is on the screen."""
        seen = len(self.screen)
        while text not in self.screen[seen:]:
            part = self._read()
            assert part, f"never saw {text!r} in:\n{self.screen}"
            self.screen += part

    def answer(self, question: str, text: str) -> None:
        """Type a line once the question is there."""
        self.wait_for(question)
        self.type(text)

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._mine, f"{text}\n".encode())

    def close(self) -> int:
        """Read to the end; the exit code."""
        while part := self._read():
            self.screen += part
        os.close(self._mine)
        return self.process.wait(timeout=30)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal until it is heard: one that comes while the line editor is being set up is not."""
        for _ in range(20):
            self.process.send_signal(number)
            try:
                self.process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                continue
            return

    def _read(self) -> str:
        ready, _, _ = select.select([self._mine], [], [], 30)
        assert ready, f"nothing more came after:\n{self.screen}"
        try:
            return os.read(self._mine, 65536).decode()
        except OSError:  # Linux says EIO when the last writer is gone
            return ""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Place]:
    placed = history()
    with Sandbox(placed, clock=VirtualClock(datetime.now(UTC))) as box:
        yield Place(box, tmp_path, {})


def test_at_a_terminal(live: Place) -> None:
    terminal = Terminal(live.folder, "init", *live.urls)
    typed = conversation(live)
    for question, text in zip(ASKED, typed, strict=True):
        terminal.answer(question, text)
    assert terminal.close() == 0
    assert "3 deals are already in an invoiced stage" in " ".join(terminal.screen.split())
    last = terminal.screen.strip().splitlines()[-1]
    assert last == "Next: zoho-xero-sync check, then: zoho-xero-sync sync --dry-run"
    assert not any(canary in terminal.screen for canary in (*CANARIES, *live.codes))
    assert live.baseline() == 3
    for command in (["check"], ["sync", "--dry-run"]):
        assert live.run(*command).code == 0


def test_a_login_by_the_browser_of_another_machine(tmp_path: Path) -> None:
    placed = world(order("old", "Closed Won"), xero={"connection": "pkce"})
    placed["xero"]["client"]["redirect_uris"] = ["http://localhost:8742/callback"]
    with Sandbox(placed, clock=VirtualClock(datetime.now(UTC))) as box:
        live = Place(box, tmp_path, {})
        terminal = Terminal(tmp_path, "init", *FULL, "--connection", "pkce", *live.urls)
        logins = live.logins()
        for question, text in zip(("Zoho client id", "Zoho client secret", "Code ("), logins, strict=False):
            terminal.answer(question, text)
        terminal.answer("Xero client id", XERO_CLIENT[0])
        terminal.wait_for("Address (not shown")
        (address,) = re.findall(r"^(http://\S+/authorize\?\S+)", terminal.screen, flags=re.MULTILINE)
        terminal.type(str(Office(box, tmp_path, 8742).decide(address)))
        assert terminal.close() == 0
        assert "Xero: Sandbox Pty Ltd" in terminal.screen
        assert live.baseline() == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_question_at_once(live: Place, number: signal.Signals, code: int) -> None:
    terminal = Terminal(live.folder, "init", *live.urls)
    terminal.wait_for("Zoho data center [au]")
    terminal.signal(number)
    assert terminal.close() == code
    assert list(live.folder.iterdir()) == []


# ---- logins ----


def test_a_refused_login_without_a_terminal(place: Place) -> None:
    place.environ["ZXS_XERO_CLIENT_SECRET"] = "wrong-one"
    result = place.init(*FULL)
    assert result.code == 12
    assert result.err.splitlines() == [
        "Xero does not accept the client id or the client secret.",
        "Copy both from the app's page in developer.xero.com, then: zoho-xero-sync init. "
        "The login came from ZXS_XERO_CLIENT_ID, ZXS_XERO_CLIENT_SECRET.",
    ]
    assert place.baseline() is None
    place.environ |= SECRETS
    assert place.init().code == 0


@pytest.mark.parametrize("store", ["env", "file"])
def test_a_missing_login_names_its_variables(place: Place, store: str) -> None:
    del place.environ["ZXS_ZOHO_REFRESH_TOKEN"], place.environ["ZXS_ZOHO_CLIENT_SECRET"]
    result = place.init(*BASIC, "--secrets", store, typed=None)
    assert result.code == 12
    assert "ZXS_ZOHO_CLIENT_SECRET, ZXS_ZOHO_REFRESH_TOKEN not set" in result.err
    assert "ZXS_ZOHO_CLIENT_ID" not in result.err
    assert place.baseline() is None


def test_a_stored_login_that_is_refused_is_asked_for_anew(place: Place) -> None:
    place.init(*BASIC)
    (place.folder / "ledger.db").unlink()
    place.environ.clear()
    stored = place.folder / "secrets.json"
    damaged = {**json.loads(stored.read_text("utf-8")), "zoho_client_secret": "rotated-since"}
    stored.write_text(json.dumps({name: text for name, text in damaged.items() if not name.endswith("_tokens")}))
    result = place.init(typed=(*ZOHO_CLIENT, place.grant_code()))
    assert result.code == 0
    assert "Zoho does not accept the client secret" in result.err
    assert place.run("sync", "--dry-run").code == 0


def test_a_folder_that_is_not_there_is_told_before_anything_is_asked(place: Place) -> None:
    result = place.run("--config", "nowhere/config.yaml", "init", typed=())
    assert result.code == 10
    assert "mkdir -p" in result.err


def test_with_the_environment_nothing_is_asked_or_stored(place: Place) -> None:
    answers = ("--account", "200", "--tax-default", "NONE", "--tax", "GST=OUTPUT", "--connection", "custom")
    result = place.init(*BASIC, *QUOTES, "--secrets", "env", *answers, typed=())
    assert result.code == 0
    stored = (place.folder / "secrets.json").read_text()  # tokens only
    assert not any(canary in stored for canary in CANARIES)


class MemoryKeyring(KeyringBackend):
    """A desktop's keyring, in memory."""

    priority = 1

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def use_keyring() -> Iterator[Callable[[KeyringBackend], None]]:
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_logins_in_the_keyring(place: Place, use_keyring: Callable[[KeyringBackend], None]) -> None:
    memory = MemoryKeyring()
    use_keyring(memory)
    assert place.init(*BASIC, "--secrets", "keyring").code == 0
    assert set(SECRETS.values()) <= set(memory.kept.values())
    assert not (place.folder / "secrets.json").exists()
    place.environ.clear()
    assert place.run("sync", "--dry-run").code == 0


def test_no_keyring(place: Place, use_keyring: Callable[[KeyringBackend], None]) -> None:
    use_keyring(load_keyring("keyring.backends.fail.Keyring"))
    result = place.init(*BASIC, "--secrets", "keyring")
    assert result.code == 12
    assert "keyring could not be used" in result.err
    assert "secrets.store: file" in result.err


# ---- a configuration, or a ledger, that is there already ----


def test_the_second_time(place: Place) -> None:
    place.init(*BASIC)
    before = {path.name: path.read_bytes() for path in place.folder.iterdir()}
    calls = len(place.box.calls.all())
    result = place.run("init", "--yes")
    assert result.code == 13
    assert result.out == "config.yaml is there already and is used as it is.\n"
    assert result.err.splitlines() == [
        f"There is a ledger already at {place.folder / 'ledger.db'}, and its baseline is recorded.",
        "Nothing is left to set up. Go on with: zoho-xero-sync sync --dry-run",
    ]
    assert {path.name: path.read_bytes() for path in place.folder.iterdir()} == before
    assert len(place.box.calls.all()) == calls


def test_a_configuration_is_never_written_over(place: Place) -> None:
    place.init(*BASIC)
    (place.folder / "ledger.db").unlink()
    before = (place.folder / "config.yaml").read_bytes()
    result = place.init("--stage", "Proposal=draft")
    assert result.code == 0
    assert "were not used: edit config.yaml instead" in result.err
    assert (place.folder / "config.yaml").read_bytes() == before


def test_a_file_that_appears_meanwhile_wins(tmp_path: Path) -> None:
    there = tmp_path / "config.yaml"
    there.write_text("somebody else's")
    with pytest.raises(ConfigError, match="not replaced"):
        write_config(Found(there, "config.yaml"), Answers())
    assert there.read_text() == "somebody else's"
    assert list(tmp_path.iterdir()) == [there]


@pytest.mark.parametrize(
    ("named", "code", "told"),
    [
        ("books.yaml", 0, "Next: zoho-xero-sync --config {} sync --dry-run"),
        ("nowhere/books.yaml", 10, "Make it first: mkdir -p"),
        ("a folder", 10, "This is a directory"),
    ],
)
def test_another_place(place: Place, named: str, code: int, told: str) -> None:
    (place.folder / "a folder").mkdir()
    where = str(place.folder / named)
    result = place.run("--config", where, "init", *BASIC, *place.urls)
    assert result.code == code
    assert told.format(where) in result.out + result.err
    assert not (place.folder / "config.yaml").exists()


def test_the_place_that_the_environment_names(place: Place) -> None:
    place.environ["ZXS_CONFIG"] = "books.yaml"
    assert place.init(*BASIC).code == 0
    assert (place.folder / "books.yaml").exists()
    assert place.run("sync", "--dry-run").code == 0


def test_a_folder_that_may_not_be_written(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> tuple[int, str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    result = place.init(*BASIC)
    assert result.code == 10
    assert "config.yaml: The file cannot be written: Permission denied." in result.err


def test_a_file_that_is_no_ledger(place: Place) -> None:
    (place.folder / "ledger.db").write_text("not a ledger")
    (place.folder / "ledger.db").chmod(0o600)
    result = place.init(*BASIC)
    assert result.code == 13
    assert (place.folder / "ledger.db").read_text() == "not a ledger"


# ---- bad days ----


def test_nobody_answers(place: Place) -> None:
    urls = place.urls
    place.box.stop()
    down = place.run("init", *BASIC, *urls)
    assert down.code == 4
    assert "Zoho" in down.err
    assert place.config().rules.stages
    assert not (place.folder / "ledger.db").exists()
    place.box.start()
    assert place.init().code == 0
    assert place.baseline() == 3


CALLS = 11


@pytest.mark.parametrize("skip", range(CALLS))
def test_a_service_that_fails_at_any_call(place: Place, skip: int) -> None:
    for kind in ("refuse_before", "wrong_shape", "rate_day"):
        place.box.faults.add(Fault(kind, skip=skip, times=1000))
        failed = place.init(*BASIC)
        assert failed.code in (4, 12), (kind, failed)
        assert failed.err.strip(), kind
        assert not (place.folder / "ledger.db").exists()
        place.box.faults.clear()
        place.box.clock.advance(3600)
        (place.folder / "secrets.json").unlink(missing_ok=True)
    place.box.calls.reset()
    done = place.init()
    assert done.code == 0, done
    assert place.baseline() == 3
    assert len(place.box.calls.all()) == CALLS  # each of them was made to fail once


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("boundary", ["begin_run", "record_baseline"])
@pytest.mark.parametrize("then", [("init",), ("sync",), ("sync", "--since", "2020-01-01", "--dry-run")])
def test_killed_before_the_baseline(
    place: Place, monkeypatch: pytest.MonkeyPatch, boundary: str, then: tuple[str, ...]
) -> None:
    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Ledger, boundary, kill)
        place.init(*BASIC)
    assert (place.folder / "ledger.db").exists()
    assert place.baseline() is None
    if "--dry-run" not in then:
        completed = place.run(*then)
        assert completed.code == 0
        assert "3 deals are already in an invoiced stage: they are history and are left alone. From" in completed.out
        assert place.baseline() == 3
    before = (place.folder / "ledger.db").read_bytes()
    assert "INV" not in place.run("sync", "--dry-run").out
    assert (place.folder / "ledger.db").read_bytes() == before
    assert place.box.xero.invoices() == []


def test_killed_after_the_baseline(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Ledger, "record_fact", kill)
        place.init(*BASIC)
    assert place.baseline() == 3
    assert place.run("init").code == 13
    assert place.run("sync").code == 0


def test_the_checkpoint_is_when_the_reading_began(tmp_path: Path) -> None:
    """What changes while a long baseline is read belongs to the first poll, not to nobody."""
    stages = [f"Stage {number:02}" for number in range(60)]  # more than one query asks for
    placed = world(*orders(3, "Stage 07"), pipelines={"Standard": stages})
    with place_on(placed, tmp_path) as place:
        place.box.faults.add(Fault("slow", service="zoho", path="coql", skip=1, seconds=1800))
        began = place.box.clock.now()
        options = [part for stage in stages for part in ("--stage", f"{stage}=draft")]
        assert place.init("--data-center", "au", "--secrets", "file", *options).code == 0
        with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", read_only=True) as ledger:
            checkpoint = ledger.checkpoint()
        assert checkpoint is not None
        assert (checkpoint - began).total_seconds() < 60
        assert (place.box.clock.now() - began).total_seconds() >= 1800


# ---- the file ----

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).map(str.strip).filter(bool)
ANSWERS = st.builds(
    Answers,
    stages=st.lists(st.tuples(NAMES, st.sampled_from(INVOICES)), min_size=1, max_size=4).map(tuple),
    account=st.text("0123456789ABCxyz-_.'\"#:", min_size=1, max_size=10).map(str.strip).filter(bool),
    tax=st.dictionaries(NAMES, st.from_regex(r"[A-Z0-9]{1,10}", fullmatch=True), max_size=3),
    tax_default=st.none() | st.from_regex(r"[A-Z0-9]{1,10}", fullmatch=True),
    tenant=st.none() | NAMES,
    secrets=st.sampled_from(("env", "file", "keyring")),
)


@settings(max_examples=60, deadline=None)
@given(answers=ANSWERS)
def test_what_is_accepted_reads_back_as_answered(tmp_path_factory: pytest.TempPathFactory, answers: Answers) -> None:
    if answer_problems(answers, {}):
        return
    folder = tmp_path_factory.mktemp("answers")
    write_config(Found(folder / "config.yaml", "config.yaml"), answers)
    config = load_config(None, environ={}, cwd=folder)
    assert [(rule.stages, rule.invoice) for rule in config.rules.stages] == [((s,), i) for s, i in answers.stages]
    assert (config.rules.invoice.account, config.rules.invoice.tax_default) == (answers.account, answers.tax_default)
    assert dict(config.rules.invoice.tax) == dict(answers.tax)
    assert (config.xero.tenant, config.secrets.store) == (answers.tenant, answers.secrets)


@pytest.mark.parametrize(
    "name", ["Won: paid", "# 1", "- x", "Yes", "200", "null", "'", '"', "{a}", "Café ☕ 🎉", "a\\b\x85"]
)
def test_ordinary_but_awkward_names_are_accepted(name: str) -> None:
    assert answer_problems(replace(Answers(), stages=((name, "draft"),), tax={name: "OUTPUT"}), {}) == ()


def test_the_commented_settings_are_the_defaults(tmp_path: Path) -> None:
    def load(text: str) -> Config:
        (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
        return load_config(None, environ={}, cwd=tmp_path)

    answers = replace(Answers(), tax={"GST": "OUTPUT"})
    text = config_text(answers)
    body, _, tail = text.partition("remove a # to change it.\n")
    head, _, rest = body.partition("version: 1")
    opened = [line[1:] if line.startswith("#") else line for line in tail.splitlines()]
    inside = rest.replace("# due:", "  due:").replace("# amounts:", "  amounts:")
    uncommented = "\n".join([f"{head}version: 1{inside}", *opened]) + "\n"
    for key in ("leaves_stages", "quote_stages", "invoices_per_run", "due", "amounts"):
        assert key in uncommented
    assert load(uncommented) == load(text)


def test_every_line_fits(tmp_path: Path) -> None:
    assert max(len(line) for line in config_text(Answers()).splitlines()) <= 120
