"""The documents say what the program does: every command, option, exit code and problem code, and nothing else."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from guard_tools import PACKAGE, ROOT, fenced, sections, table_rows, text

from zoho_xero_sync.cli.main import COMMANDS, cli
from zoho_xero_sync.core.checks import RISKS
from zoho_xero_sync.core.problems import CODES, RUN_CODES
from zoho_xero_sync.errors import SEVERITY, ExitCode

DEMO = "python3 -m venv .venv && .venv/bin/pip install '.[sandbox]' && .venv/bin/zoho-xero-sync demo"
TESTS = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"
PAGES = sorted(path for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
_OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
_CONTEXT = click.Context(cli, info_name="zoho-xero-sync")


def _command(name: str) -> click.Command:
    outer, _, inner = name.partition(" ")
    command = cli.get_command(_CONTEXT, outer)
    if isinstance(command, click.Group) and inner:
        command = command.get_command(_CONTEXT, inner)
    assert command is not None, f"there is no command {name}"
    return command


def _options(command: click.Command) -> set[str]:
    named = {option for param in command.params if isinstance(param, click.Option) for option in param.opts}
    return named | {option for param in command.params for option in param.secondary_opts}


GLOBAL = _options(cli) | {"-h", "--help"}


# ---- the README ----


def test_the_readme_has_the_two_commands_to_the_letter() -> None:
    lines = [line.strip() for line in text("README.md").splitlines()]
    assert lines.count(DEMO) == 1
    assert lines.count(TESTS) == 1
    assert [line for line in lines if line.startswith("python3 -m venv .venv")] == [DEMO, TESTS]


def test_ci_takes_its_test_command_from_the_readme() -> None:
    script = text(".ci/run")
    found = re.search(r"grep -E '(.+)' README\.md", script)
    assert found is not None
    assert [line.strip() for line in text("README.md").splitlines() if re.search(found[1], line)] == [TESTS]


def test_every_promise_of_the_readme_is_numbered() -> None:
    promises = re.findall(r"^(\d+)\. \*\*", sections(text("README.md"))["What it promises"], flags=re.MULTILINE)
    assert promises == [str(number) for number in range(1, 9)]


def test_the_page_on_check_has_every_risk_in_its_order() -> None:
    section = sections(text("docs/check.md"))["What it looks at"]
    assert [(row[0].strip("`"), row[1]) for row in table_rows(section)] == list(RISKS.items())


# ---- commands and options ----


def test_the_commands_page_has_every_command() -> None:
    page = text("docs/commands.md")
    listed = [re.findall(r"\[`(\w+)`\]", row[0])[0] for row in table_rows(page)]
    assert listed == list(COMMANDS)
    assert [heading for heading in sections(page) if heading in COMMANDS] == list(COMMANDS)


def _section(name: str) -> str:
    """The part of the commands page about a command, or about a command of a group (`auth zoho`)."""
    outer = sections(text("docs/commands.md"))[name.partition(" ")[0]]
    return sections(outer, level=3)[name] if " " in name else outer


def _leaves() -> list[str]:
    """Every command that can be typed; a group's own commands in the place of the group."""
    found: list[str] = []
    for name in COMMANDS:
        command = _command(name)
        found += [f"{name} {inner}" for inner in command.commands] if isinstance(command, click.Group) else [name]
    return found


@pytest.mark.parametrize("name", _leaves())
def test_the_commands_page_has_every_option_of(name: str) -> None:
    section = _section(name)
    documented = {option for row in table_rows(section) for option in _OPTION.findall(row[0].replace("\\|", "|"))}
    assert documented == _options(_command(name)) - GLOBAL


def test_the_commands_page_has_every_global_option() -> None:
    section = sections(text("docs/commands.md"))["Options of every command"]
    documented = {option for row in table_rows(section) for option in _OPTION.findall(row[0])}
    assert documented == GLOBAL


def _typed(source: str) -> list[list[str]]:
    """Every command line in a text that calls this program, as its arguments."""
    word = r"""(?:"[^"\n]*"|[^\s"'`;|&#()<>]*[^\s"'`;|&#()<>.,:])"""
    return [shlex.split(line) for line in re.findall(rf"zoho-xero-sync((?:[ \t]+{word})+)", source)]


def _shown(page: Path) -> str:
    """What a page shows as typed: its fenced blocks and code spans, or a crontab's lines, commented out or not."""
    source = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        source = fenced(source) + "\n" + "\n".join(re.findall(r"`(zoho-xero-sync [^`]+)`", source))
        return re.sub(r"\S*/zoho-xero-sync", "zoho-xero-sync", source)
    return "\n".join(re.findall(r"/(zoho-xero-sync .*)", source))


def _trouble(arguments: list[str]) -> str | None:
    """What is wrong with a command line of the documents; its placeholders stand for any value."""
    words = iter(arguments)
    command: click.Command = cli
    for word in words:
        if word.startswith("-"):
            option = next((param for param in command.params if word.partition("=")[0] in param.opts), None)
            if option is None and word not in ("-h", "--help"):
                return f"{command.name} has no option {word}"
            if isinstance(option, click.Option) and not option.is_flag and not option.count and "=" not in word:
                next(words, None)
        elif command is cli:
            if word == "COMMAND":
                return None
            if word not in COMMANDS:
                return f"there is no command {word}"
            command = _command(word)
        elif isinstance(command, click.Group):
            if word not in command.commands:
                return f"{command.name} has no command {word}"
            command = command.commands[word]
    return None


def test_command_lines_are_understood() -> None:
    assert _typed("type `zoho-xero-sync resolve DEAL --skip`, then") == [["resolve", "DEAL", "--skip"]]
    assert _trouble(["--config", "FILE", "sync", "--since", "7d", "--dry-run"]) is None
    assert _trouble(["sync", "--since", "7d", "--dry"]) == "sync has no option --dry"
    assert _trouble(["frobnicate"]) == "there is no command frobnicate"
    assert _trouble(["auth", "status", "--json"]) is None
    assert _trouble(["auth", "nobody"]) == "auth has no command nobody"
    assert _trouble(["auth", "zoho", "--json"]) == "zoho has no option --json"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "crontab.example"], ids=lambda path: path.name)
def test_every_command_line_in(page: Path) -> None:
    assert [trouble for arguments in _typed(_shown(page)) if (trouble := _trouble(arguments))] == []


# ---- crontab ----


def test_the_crontab_has_lines_that_cron_reads() -> None:
    lines = [line for line in text("crontab.example").splitlines() if line and not line.startswith("#")]
    jobs = [line for line in lines if not re.match(r"[A-Z]+=", line)]
    assert lines[0].startswith("MAILTO=")
    field = r"(?:\*|\d+(?:-\d+)?(?:,\d+)*)(?:/\d+)?"
    assert [line for line in jobs if not re.match(rf"(?:{field} ){{5}}\S", line)] == []
    assert [line for line in jobs if re.search(r"(?<!\\)%", line)] == []
    assert any("zoho-xero-sync --config" in line and line.endswith(" sync") for line in jobs)


# ---- exit codes ----


def test_the_exit_code_table_is_the_programs() -> None:
    rows = table_rows(text("docs/exit-codes.md"))
    assert [(int(row[0]), row[1]) for row in rows] == [(int(code), code.name) for code in ExitCode]


def test_the_order_of_severity_is_the_programs() -> None:
    sentence = re.search(r"most severe one wins: (.+)\.", text("docs/exit-codes.md"))
    assert sentence is not None
    assert [int(number) for number in re.findall(r"\d+", sentence[1])] == [int(code) for code in SEVERITY]


# ---- problem codes ----


def _documented_codes() -> dict[str, tuple[str, str]]:
    tables = sections(text("docs/problem-codes.md")).values()
    return {row[0].strip("`"): (row[1], row[2]) for section in tables for row in table_rows(section)}


def test_the_problem_code_tables_are_the_programs() -> None:
    documented = _documented_codes()
    assert {code: meaning for code, (meaning, _) in documented.items()} == dict(CODES)
    assert list(documented) == list(CODES)
    assert [code for code, (_, advice) in documented.items() if len(advice) < 20] == []


def test_every_problem_code_is_used() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py") if path.name != "problems.py")
    assert [code for code in CODES if f'"{code}"' not in source] == []


def test_every_code_in_the_source_is_listed() -> None:
    made = re.compile(r"(?:\bProblem\(\s*|_waiting\(\s*item,\s*|_unbillable\(deal, |\bcode = )\"(\w+)\"")
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py") if "sandbox" not in path.parts
    )
    found = set(made.findall(source))
    assert len(found) > 20
    assert found - set(CODES) == set()


def test_codes_of_the_run_ask_for_codes_that_exist() -> None:
    assert set(RUN_CODES) <= set(CODES)
    assert set(RUN_CODES.values()) <= {int(code) for code in ExitCode}


# ---- links ----


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (page.parent / name).resolve() if name else page
        if not file.is_file() or (anchor and anchor not in _anchors(file)):
            broken.append(target)
    assert broken == []


def test_every_page_is_reachable_from_the_readme() -> None:
    linked = set(re.findall(r"\(docs/([\w-]+\.md)[)#]", text("README.md")))
    assert linked == {path.name for path in (ROOT / "docs").glob("*.md")}
