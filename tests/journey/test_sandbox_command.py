"""`sandbox`: what it prints is typed in another terminal, to the letter; and how it starts and ends."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import run
from zoho_xero_sync.cli.rehearsal import sandbox_config, sandbox_logins
from zoho_xero_sync.config import load_config
from zoho_xero_sync.errors import ExitCode, Interrupted
from zoho_xero_sync.sandbox import Sandbox, load_world
from zoho_xero_sync.sandbox.moving import move_world
from zoho_xero_sync.sandbox.world import fill_world

PROGRAM = [sys.executable, "-m", "zoho_xero_sync"]
ANY_PORTS = ["--zoho-port", "0", "--xero-port", "0"]
NOW = datetime(2030, 3, 1, 9, 30, tzinfo=UTC)

# ---- a second terminal ----


@contextmanager
def _running(*arguments: str, cwd: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command as a process of its own, and what it printed until it waits."""
    command = [*PROGRAM, "sandbox", *ANY_PORTS, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd) as process:
        try:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line.endswith("/_sandbox/state\n"):
                    break
            yield process, "".join(lines)
        finally:
            process.kill()


# Bash runs what was printed; `curl` is played by Python, so that no machine needs one, with bash's own quoting.
_TERMINAL = """
curl() { "$PYTHON" -c '
import sys, urllib.request
words = sys.argv[1:]
data = words[words.index("-d") + 1].encode() if "-d" in words else None
with urllib.request.urlopen(urllib.request.Request(words[-1], data)) as answer: answer.read()
' "$@"; }
zoho-xero-sync() { "$PYTHON" -m zoho_xero_sync "$@" && code=0 || code=$?; echo "[$*] exits $code"; }
"""


def _type(commands: str, tmp_path: Path) -> str:
    environ = {**os.environ, "PYTHON": sys.executable, "TMPDIR": str(tmp_path)}
    for name in [name for name in environ if name.startswith("ZXS_")]:
        del environ[name]
    ended = subprocess.run(
        ["bash", "-eu"],
        input=_TERMINAL + commands,
        capture_output=True,
        text=True,
        env=environ,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def _commands(printed: str) -> str:
    """The lines that are typed: what stands at the left edge and is not one of the sentences between."""
    typed, in_document = [], False
    for line in printed.splitlines():
        in_document = in_document or line.startswith("cat >")
        if in_document or re.match(r"(cd|cat|export|zoho-xero-sync|curl) ", line):
            typed.append(line)
        in_document = in_document and line != "END"
    return "\n".join(typed) + "\n"


def _state(printed: str) -> dict[str, Any]:
    found = re.search(r"curl -s (http://127.0.0.1:\d+/_sandbox/state)", printed)
    assert found
    with urllib.request.urlopen(found.group(1), timeout=10) as answer:
        state: dict[str, Any] = json.load(answer)
    return state


@pytest.mark.slow
def test_what_it_prints_works_in_a_second_terminal(tmp_path: Path) -> None:
    with _running(cwd=tmp_path) as (_, printed):
        before = _state(printed)
        out = _type(_commands(printed), tmp_path)
        after = _state(printed)
    exits = re.findall(r"^\[(.+)\] exits (\d+)$", out, re.MULTILINE)
    assert exits == [
        ("init", "0"),
        ("sync --since 7d --dry-run", "3"),
        ("sync --since 7d", "3"),
        ("sync", "3"),
        ("sync", "3"),
        ("status", "3"),
    ]
    said = dict(
        zip(("init", "look", "do", "idle", "move", "status"), re.split(r"\[.+\] exits \d\n", out), strict=False)
    )
    assert "8 deals are already in an invoiced stage" in said["init"]
    assert "6 invoices to create" in said["look"]
    assert "6 invoices created" in said["do"]
    assert said["idle"] == ""
    assert re.search(r"^update  AUTHORISED  .*Rooftop launch party", said["move"], re.MULTILINE)
    assert before["xero"]["invoices"] == []
    statuses = {invoice["Reference"]: invoice["Status"] for invoice in after["xero"]["invoices"]}
    assert statuses["Rooftop launch party"] == "AUTHORISED"
    assert sorted(statuses.values()) == ["AUTHORISED"] * 4 + ["DRAFT"] * 2
    passed = datetime.fromisoformat(after["clock"]) - datetime.fromisoformat(before["clock"])
    assert timedelta(hours=1) < passed < timedelta(hours=2)


def test_a_configuration_it_wrote_works_and_is_not_overwritten(tmp_path: Path) -> None:
    with _running("--write-config", "its own.yaml", cwd=tmp_path) as (_, printed):
        config = (tmp_path / "its own.yaml").read_bytes()
        assert "cat >" not in printed
        setting_up = _commands(printed).split("zoho-xero-sync sync")[0]
        assert "[init] exits 0" in _type(setting_up, tmp_path)
        assert (tmp_path / "ledger.db").is_file()
        code, out, err = _ended("--write-config", "its own.yaml", cwd=tmp_path)
    assert (code, out) == (2, "")
    assert "its own.yaml is there already and is not overwritten." in err
    assert (tmp_path / "its own.yaml").read_bytes() == config


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_and_closes_its_ports(number: signal.Signals, code: int, tmp_path: Path) -> None:
    with _running(cwd=tmp_path) as (process, printed):
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert err.strip() == "The sandbox has ended; what was in it is forgotten."
    ports = {int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)", printed)}
    assert len(ports) == 2
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


# ---- in process ----


@dataclass(slots=True)
class _OneWait:
    """A clock whose first wait is ended by Ctrl-C; meanwhile `state` is what the sandbox shows."""

    out: io.StringIO
    state: dict[str, Any] = field(default_factory=dict)

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.state = _state(self.out.getvalue())
        raise Interrupted(ExitCode.INTERRUPTED)


def _never() -> None:
    """Nobody asks to stop before the first wait."""


def _ended(*arguments: str, cwd: Path) -> tuple[int, str, str]:
    code, out, err, _ = _seen(*ANY_PORTS, *arguments, cwd=cwd)
    return code, out, err


def _seen(*arguments: str, cwd: Path) -> tuple[int, str, str, dict[str, Any]]:
    out, err = io.StringIO(), io.StringIO()
    clock = _OneWait(out)
    code = run(["sandbox", *arguments], Hands(out, err, {}, cwd, clock, _never, interactive=False))
    return code, out.getvalue(), err.getvalue(), clock.state


def test_its_present_is_now(tmp_path: Path) -> None:
    code, _, _, state = _seen(*ANY_PORTS, cwd=tmp_path)
    assert code == ExitCode.INTERRUPTED
    assert timedelta(0) <= datetime.fromisoformat(state["clock"]) - NOW < timedelta(minutes=1)
    modified = {
        deal["Deal_Name"]: datetime.fromisoformat(deal["Modified_Time"]) for deal in state["zoho"]["modules"]["Deals"]
    }
    cruise = modified.pop("New Year's Eve cruise")
    assert NOW - timedelta(days=400) < cruise < NOW - timedelta(days=300)
    assert all(NOW - timedelta(days=7) < moment <= NOW for moment in modified.values())


def test_a_world_of_its_own_and_a_made_up_one(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "zoho:\n"
        "  pipelines: {Standard: [New, 'Paid: \"now\"']}\n"
        '  deals: [{key: d, Deal_Name: "Only\\t[bold]deal", Stage: New, Pipeline: Standard, Amount: 5.00, '
        "Closing_Date: 2030-03-02}]\n",
        encoding="utf-8",
    )
    code, out, err, state = _seen(*ANY_PORTS, "--world", "mine.yaml", cwd=tmp_path)
    assert (code, "forgotten" in err) == (ExitCode.INTERRUPTED, True)
    assert len(state["zoho"]["modules"]["Deals"]) == 1
    assert 'Only [bold]deal moves from New to Paid: "now"' in out
    assert "-d 'Stage=Paid: \"now\"'" in out
    _, out, _, state = _seen(*ANY_PORTS, "--deals", "250", cwd=tmp_path)
    assert len(state["zoho"]["modules"]["Deals"]) == 250
    assert "zoho-xero-sync sync --since 7d --allow-many\n" in out
    assert "zoho-xero-sync sync --since 7d --dry-run\n" in out
    assert "moves from" not in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--world", "demoo"], "No world can be read from demoo. Give a YAML file, or one of: demo."),
        (["--world", "bad.yaml"], "zoho: unknown key 'dealz', did you mean 'deals'?"),
        (["--world", "impossible.yaml"], "zoho.deals[d]:"),
        (["--world", "demo", "--deals", "5"], "--world and --deals cannot be combined"),
        (["--deals", "0"], "Invalid value for '--deals'"),
        (["--write-config", "no/such/directory.yaml"], "cannot be written: No such file or directory."),
        (["--zoho-port", "65536"], "Invalid value for '--zoho-port'"),
    ],
)
def test_what_cannot_be_is_a_sentence(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("zoho: {dealz: []}\n", encoding="utf-8")
    (tmp_path / "impossible.yaml").write_text(
        "zoho: {deals: [{key: d, Deal_Name: D, Amount: often}]}\n", encoding="utf-8"
    )
    code, out, err = _ended(*arguments, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for arguments in (["--zoho-port", port, "--xero-port", "0"], ["--zoho-port", "0", "--xero-port", port]):
            code, out, err, _ = _seen(*arguments, cwd=tmp_path)
            assert (code, out) == (2, "")
            assert err.splitlines()[0] == f"Port {port} cannot be used: address already in use."
    code, _, err, _ = _seen("--zoho-port", port, "--xero-port", port, cwd=tmp_path)
    assert (code, err.splitlines()[0]) == (2, f"Port {port} cannot be used: address already in use.")


# ---- the configuration and the moved world ----

_TAXES: dict[str, Any] = {
    "zoho": {"taxes": {"VAT": "20", "Odd: rate": "17.5", "None": "0"}, "pipelines": {"P": ["Open", "Closed Won"]}},
    "xero": {
        "tax_rates": [
            {"Name": "Purchases", "TaxType": "INPUT", "EffectiveRate": "20", "CanApplyToRevenue": False},
            {"Name": "Sales", "TaxType": "OUTPUT2", "EffectiveRate": "20.0", "CanApplyToRevenue": True},
            {"Name": "Zero", "TaxType": "ZERORATEDOUTPUT", "EffectiveRate": "0", "CanApplyToRevenue": True},
        ],
        "accounts": [
            {"Code": "90", "Name": "Post", "Type": "EXPENSE", "TaxType": "INPUT"},
            {"Code": "4000", "Name": "Sales", "Type": "REVENUE", "TaxType": "OUTPUT2"},
        ],
        "connection": "web",
        "refresh_token": "first-one",
    },
}


def test_the_configuration_fits_the_world(tmp_path: Path) -> None:
    with Sandbox(fill_world(_TAXES)) as box:
        (tmp_path / "config.yaml").write_text(sandbox_config(box), encoding="utf-8")
        logins = sandbox_logins(box.world)
    rules = load_config(tmp_path / "config.yaml", environ=logins, cwd=tmp_path).rules
    assert dict(rules.invoice.tax) == {"VAT": "OUTPUT2", "None": "ZERORATEDOUTPUT"}
    assert rules.invoice.tax_default == "ZERORATEDOUTPUT"
    assert rules.invoice.account == "4000"
    assert [rule.stages for rule in rules.stages] == [("Closed Won",)]
    assert logins["ZXS_XERO_REFRESH_TOKEN"] == "first-one"


@pytest.mark.parametrize(
    ("given", "moved"),
    [
        ("2026-11-20T01:00:00Z", "2030-03-01T09:30:00+00:00"),
        ("2026-11-19T12:00:00+11:00", "2030-02-28T20:30:00+11:00"),
        ("2026-11-20", "2030-03-01"),
        ("2026-12-04", "2030-03-15"),
        ("2026-99-99", "2026-99-99"),
        ("9999-12-31", "9999-12-31"),
        ("Due 2026-11-20", "Due 2026-11-20"),
        (20261120, 20261120),
        (None, None),
    ],
)
def test_a_world_moves_as_a_whole(given: Any, moved: Any) -> None:
    world = {"clock": "2026-11-20T01:00:00Z", "zoho": {"deals": [{"key": "d", "When": given}]}}
    there = move_world(world, NOW)
    assert there["clock"] == "2030-03-01T09:30:00+00:00"
    expected = datetime.fromisoformat(moved) if isinstance(moved, str) and "T" in moved else moved
    found = there["zoho"]["deals"][0]["When"]
    assert (datetime.fromisoformat(found) if isinstance(expected, datetime) else found) == expected
    assert world["clock"] == "2026-11-20T01:00:00Z"


def test_a_world_without_a_clock_starts_now_as_it_is() -> None:
    assert move_world({"zoho": {"deals": []}}, NOW) == {"zoho": {"deals": []}, "clock": "2030-03-01T09:30:00+00:00"}


def test_the_demo_world_is_still_sound_when_moved() -> None:
    moved = fill_world(move_world(load_world("demo"), NOW))
    assert len(moved["zoho"]["deals"]) == 10
