"""`demo`: told for real, every chapter's facts, and that it notices when one is not so."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from zoho_xero_sync.cli import demo_facts
from zoho_xero_sync.cli.demo_desk import Column, DemoDesk
from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import run
from zoho_xero_sync.errors import ExitCode, Interrupted
from zoho_xero_sync.remote.http import SystemClock

NEW = {
    "Rooftop launch party": ("DRAFT", "6,760.93"),
    "Garden party": ("DRAFT", "2,935.54"),
    "End-of-year staff lunch": ("AUTHORISED", "7,165.92"),
    "Members' gala dinner": ("AUTHORISED", "13,766.78"),
}
CANARY = {"ZXS_ZOHO_CLIENT_SECRET": "canary-of-the-person", "ZXS_CONFIG": "/nowhere/config.yaml"}


def _never() -> None:
    """Nobody asks to stop."""


def _hands(cwd: Path, environ: Mapping[str, str] | None = None) -> Hands:
    return Hands(io.StringIO(), io.StringIO(), environ or {}, cwd, SystemClock(), _never, interactive=False)


def _told(hands: Hands) -> tuple[str, str]:
    assert isinstance(hands.out, io.StringIO)
    assert isinstance(hands.err, io.StringIO)
    return hands.out.getvalue(), hands.err.getvalue()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a piped demo prints; it ends well, says nothing on stderr and leaves nothing where it was typed."""
    cwd, temporary = tmp_path_factory.mktemp("cwd"), tmp_path_factory.mktemp("temporary")
    (cwd / "config.yaml").write_text("this is not: [a configuration", encoding="utf-8")
    hands = _hands(cwd, CANARY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        code = run(["demo"], hands)
    out, err = _told(hands)
    assert (code, err) == (0, "")
    assert list(temporary.iterdir()) == []
    assert [path.name for path in cwd.iterdir()] == ["config.yaml"]
    assert "canary" not in out
    return out


def _chapter(story: str, title: str) -> str:
    """One chapter's text, from its heading to the next one."""
    found = re.search(rf"^\d  {re.escape(title)}\n(.*?)(?=^\d  \S|\Z)", story, re.DOTALL | re.MULTILINE)
    assert found, f"there is no chapter {title!r} in:\n{story}"
    return found.group(1)


def test_the_commands_are_those_a_person_types_in_their_order(story: str) -> None:
    commands = re.findall(r"^\$ (.+)$", story, re.MULTILINE)
    held = re.search(r"resolve (\d+) --retry", story)
    assert held
    assert commands == [
        "zoho-xero-sync init",
        "zoho-xero-sync sync --dry-run",
        "zoho-xero-sync sync",
        "zoho-xero-sync sync",
        "zoho-xero-sync sync",
        "zoho-xero-sync sync",
        f"zoho-xero-sync resolve {held.group(1)} --retry",
        "zoho-xero-sync sync",
    ]


def test_deals_wait_in_zoho_and_one_is_history(story: str) -> None:
    table = _chapter(story, "Deals in Zoho CRM")
    assert re.search(r"New Year's Eve cruise +Café Lumière Pty Ltd +AUD 9,900.00  Closed Won", table)
    for name in (*NEW, "Season launch breakfast"):
        assert re.search(rf"^{re.escape(name)} .*  Proposal$", table, re.MULTILINE)
    first_use = _chapter(story, "First use: history is left alone")
    assert "1 deal is already in an invoiced stage: it is history and is left alone" in first_use
    assert "cruise" not in story.split("2  First use")[1]


def test_the_dry_run_shows_what_the_sync_then_does(story: str) -> None:
    planned, done = _chapter(story, "Look first"), _chapter(story, "Do it")
    for name, (status, amount) in NEW.items():
        line = rf"^create  {status}  AUD {amount}  {re.escape(name)} \(\d+\)  "
        assert re.search(line, planned, re.MULTILINE)
        assert re.search(line + r"INV-\d+  ", done, re.MULTILINE)
    assert "4 invoices to create, 3 contacts to create" in planned
    assert "Nothing was written." in planned
    assert "4 invoices created, 3 contacts created" in done


def test_xero_holds_one_invoice_for_each(story: str) -> None:
    table = _chapter(story, "Do it").split("What Xero now holds")[1]
    rows = re.findall(r"^(INV-\d+)  (.+?)  +(DRAFT|AUTHORISED)  +AUD ([\d,.]+)  2026-12-04$", table, re.MULTILINE)
    assert sorted((status, amount) for _, _, status, amount in rows) == sorted(NEW.values())
    assert [number for number, *_ in rows] == ["INV-0001", "INV-0002", "INV-0003", "INV-0004"]
    assert {"Northside Theatre Ltd", "Sam Sample"} < {contact for _, contact, *_ in rows}


def test_the_second_run_is_silent_and_costs_one_call(story: str) -> None:
    lines = _chapter(story, "A minute later").split("$ zoho-xero-sync sync\n")[1].strip().splitlines()
    assert lines == ["→ It cost 1 call to Zoho and 0 calls to Xero."]


def test_moving_on_approves_the_same_invoice(story: str) -> None:
    number = re.search(r"Rooftop launch party \(\d+\)  (INV-\d+)", _chapter(story, "Do it"))
    assert number
    moved = _chapter(story, "A deal moves on, and takes its invoice along")
    assert re.search(
        rf"^update  AUTHORISED  AUD 6,760.93  Rooftop launch party \(\d+\)  {number.group(1)}", moved, re.MULTILINE
    )
    assert "1 invoice updated" in moved


def test_the_held_deal_has_its_reason_and_is_settled(story: str) -> None:
    chapter = _chapter(story, "What cannot be exact waits for a person")
    held, settled = chapter.split("$ zoho-xero-sync resolve")
    assert re.search(r"^hold  total_mismatch  Season launch breakfast .* -25", held, re.MULTILINE)
    assert "create" not in held
    assert re.search(r"^create  AUTHORISED  AUD 2,575.98  Season launch breakfast", settled, re.MULTILINE)


def test_the_end_says_what_it_cost_and_what_to_type_next(story: str) -> None:
    end = _chapter(story, "The bill")
    assert "5 invoices for 5 deals" in end
    assert re.search(r"\d+ Zoho calls and \d+ Xero calls in all", end)
    assert re.search(r"All \d\d facts", end)
    assert "zoho-xero-sync sandbox" in end
    assert "zoho-xero-sync init" in end


def test_a_fact_that_is_not_so_is_said_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = demo_facts.wanted_total
    monkeypatch.setattr(demo_facts, "wanted_total", lambda box, deal: honest(box, deal) + Decimal("0.01"))
    hands = _hands(tmp_path)
    assert run(["demo"], hands) == ExitCode.BUG
    out, _ = _told(hands)
    assert "Not as it should be: the invoice of Rooftop launch party comes to 6760.94, not 6760.93" in out
    assert re.search(r"\d of \d\d facts were not as they should be", out)
    assert "Now you:" not in out


def test_an_exit_code_that_is_not_so_is_a_wrong_fact(tmp_path: Path) -> None:
    hands = _hands(tmp_path)
    desk = DemoDesk(hands, hands)
    desk.type("status")
    assert desk.wrong == ["`status` ends with exit code 0, not 10"]
    assert "Not as it should be" in _told(hands)[0]


def test_a_table_in_a_pipe_is_aligned_whatever_its_letters(tmp_path: Path) -> None:
    hands = _hands(tmp_path)
    DemoDesk(hands, hands).table((Column("Deal"), Column("Amount", right=True)), [("茶会", "1.00"), ("[red]", "12.50")])
    assert _told(hands)[0].splitlines() == ["", "Deal   Amount", "茶会     1.00", "[red]   12.50"]


@pytest.mark.parametrize("after", [0, 1, 2, 5, 8])
def test_a_signal_ends_it_and_nothing_stays(after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    asked = iter(range(after))

    def check_stop() -> None:
        if next(asked, None) is None:
            raise Interrupted(ExitCode.TERMINATED)

    hands = Hands(io.StringIO(), io.StringIO(), {}, tmp_path, SystemClock(), check_stop, interactive=False)
    assert run(["demo"], hands) == ExitCode.TERMINATED
    assert list(tmp_path.iterdir()) == []
    out, err = _told(hands)
    assert "Now you:" not in out
    assert err.splitlines()[-1] == "The demo was stopped; nothing of it is left behind."


@pytest.mark.parametrize("command", ["demo", "sandbox"])
@pytest.mark.parametrize("missing", ["flask", "werkzeug"])
def test_without_the_extra_one_sentence_says_what_to_install(command: str, missing: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        f"from zoho_xero_sync.cli.main import run; sys.exit(run([{command!r}]))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines() == [
        "The sandbox needs the web framework Flask, and it is not installed.",
        "Install it with: pip install 'zoho-xero-sync[sandbox]'",
    ]


@pytest.mark.parametrize("columns", [80, 100])
def test_on_a_terminal_it_has_colour_and_keeps_to_the_width(columns: int, tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    environ |= {"TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "40", "PYTHONIOENCODING": "utf-8"}
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "zoho_xero_sync", "demo"], stdout=slave, stderr=slave, cwd=tmp_path, env=environ
    ) as demo:
        os.close(slave)
        text = _read(master).decode()
    os.close(master)
    assert demo.returncode == 0
    assert "\x1b[1;36m" in text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r", "")
    assert max(map(len, plain.splitlines())) <= columns
    assert re.search(r"DRAFT +→ +AUTHORISED", plain)
    assert len(plain.splitlines()) < 200


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_any_locale_can_show_it(encoding: str, tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONIOENCODING": encoding}
    demo = subprocess.run(
        [sys.executable, "-m", "zoho_xero_sync", "demo"], capture_output=True, cwd=tmp_path, env=environ, timeout=60
    )
    assert (demo.returncode, demo.stderr) == (0, b"")
    assert "It cost 1 call to Zoho and 0 calls to Xero." in demo.stdout.decode(encoding)


def _read(master: int) -> bytes:
    """Everything until the other end is closed; a minute without a word is an error."""
    text = b""
    while select.select([master], [], [], 60)[0]:
        try:
            more = os.read(master, 65536)
        except OSError:  # Linux's way of saying that nobody holds the other end any more
            return text
        if not more:
            return text
        text += more
    raise AssertionError(f"The demo has said nothing for a minute, after:\n{text.decode()}")
