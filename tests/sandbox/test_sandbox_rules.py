"""What the sandbox says about itself: its rules, its switches, docs/sandbox.md and `sandbox --strict`."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sync_bench import Program

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import run
from zoho_xero_sync.errors import ExitCode, Interrupted
from zoho_xero_sync.sandbox import Sandbox, load_world
from zoho_xero_sync.sandbox.faults import KINDS
from zoho_xero_sync.sandbox.rules import MODES, RULES, SWITCHES, page, shown, switched

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sandbox.md"
SOURCES = {"zoho": "www.zoho.com/", "xero": "developer.xero.com/documentation/"}


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m zoho_xero_sync.sandbox.rules > docs/sandbox.md"


def test_the_page_is_printed() -> None:
    command = [sys.executable, "-m", "zoho_xero_sync.sandbox.rules"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == page()


def test_the_page_has_every_rule_switch_and_fault() -> None:
    lines = page().splitlines()
    for service, rules in RULES.items():
        assert len([line for line in lines if line.startswith("- ") and f"https://{SOURCES[service]}" in line]) == len(
            rules
        )
    rows = [line.split("`")[1] for line in lines if line.startswith("| `") and "switches`" not in line]
    assert rows == [*SWITCHES["zoho"], *SWITCHES["xero"], *KINDS]


@pytest.mark.parametrize("service", RULES)
def test_rules_and_switches_are_sentences_with_an_official_source(service: str) -> None:
    rules, switches = RULES[service], SWITCHES[service]
    assert len(rules) == len(set(rules)) > 40
    for text, source in [*rules, *((switch.text, switch.source) for switch in switches.values())]:
        assert text.endswith("."), text
        assert source.startswith(SOURCES[service]), source


def test_both_halves_tell_their_rules() -> None:
    with Sandbox({}) as box:
        assert (tuple(box.zoho.rules()), tuple(box.xero.rules())) == (RULES["zoho"], RULES["xero"])


@pytest.mark.parametrize("service", SWITCHES)
def test_the_harshest_reading_is_one_the_switch_has(service: str) -> None:
    for name, switch in SWITCHES[service].items():
        assert type(switch.harshest) is type(switch.default), name
        assert switch.strict is None or switch.strict != switch.default, name


def test_a_mode_sets_every_switch_and_leaves_the_world_alone() -> None:
    world = {"zoho": {"taxes": {"GST": "10"}, "switches": {"ids_limit": 7}}}
    strict, likely = (Sandbox(switched(world, mode)) for mode in MODES)
    assert world["zoho"]["switches"] == {"ids_limit": 7}
    assert (strict.zoho.switches["ids_limit"], likely.zoho.switches["ids_limit"]) == (50, 100)
    for service, states in (("zoho", (strict.zoho, likely.zoho)), ("xero", (strict.xero, likely.xero))):
        known = SWITCHES[service].items()
        assert states[0].switches == {name: switch.harshest for name, switch in known}
        assert states[1].switches == {name: switch.default for name, switch in known}
    assert strict.zoho.org.taxes.keys() == {"GST"}


class _OneWait:
    """A clock whose first wait is ended by Ctrl-C."""

    def now(self) -> datetime:
        return datetime(2030, 3, 1, 9, 30, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise Interrupted(ExitCode.INTERRUPTED)


def _printed(cwd: Path, *arguments: str) -> list[str]:
    out = io.StringIO()
    hands = Hands(out, io.StringIO(), {}, cwd, _OneWait(), lambda: None, interactive=False)
    assert run(["sandbox", "--zoho-port", "0", "--xero-port", "0", *arguments], hands) == ExitCode.INTERRUPTED
    return out.getvalue().splitlines()


@pytest.mark.parametrize("mode", MODES)
def test_the_command_prints_what_it_enforces_and_what_it_set(mode: str, tmp_path: Path) -> None:
    lines = _printed(tmp_path, f"--{mode}")
    for service, rules in RULES.items():
        assert [line for line in lines for rule in rules if line == f"  {rule.text}  {rule.source}"] == [
            f"  {rule.text}  {rule.source}" for rule in rules
        ]
        for name, switch in SWITCHES[service].items():
            value = switch.harshest if mode == "strict" else switch.default
            assert f"  {name}: {shown(value)}  {switch.text}" in lines
    plain = _printed(tmp_path)
    assert len(plain) < len(lines)
    assert not any("enforces" in line for line in plain)


def _invoices(world: dict[str, Any], program: Any) -> list[tuple[object, ...]]:
    with Sandbox(world) as box:
        program(box).sync()
        report = program(box).sync(since=datetime(2020, 1, 1, tzinfo=UTC))
        assert report.counts["invoices_created"] > 5
        return sorted((str(row["Reference"]), str(row["Total"]), str(row["Status"])) for row in box.xero.invoices())


def test_the_strict_sandbox_gets_the_same_invoices(tmp_path: Path) -> None:
    world = load_world("demo")

    def on(mode: str) -> list[tuple[object, ...]]:
        folder = tmp_path / mode
        folder.mkdir()
        return _invoices(switched(world, mode), lambda box: Program(box, folder))

    assert on("strict") == on("live-like")
