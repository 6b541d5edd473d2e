"""House rules of the source text: exact money, aware time, no leftovers, and a word on everything public."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from guard_tools import PACKAGE, ROOT, Module, modules, parsed, project_files

Rule = Callable[[Module], Iterator[str]]

# Money passes through these rooms, so a binary fraction has no business in them.
MONEY_ROOMS = ("core", "engine", "ledger", "render", "config")

# Where a float is a number of seconds: Retry-After, a token's life, the sandbox's clock.
SECONDS = {"remote.answer", "remote.oauth_zoho", "sandbox.page"}


def _called(node: ast.AST) -> str:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def floats(module: Module) -> Iterator[str]:
    """Conversions to float, but for seconds, and float literals where money passes."""
    for node in ast.walk(module.tree):
        if _called(node) == "float" and module.name not in SECONDS:
            yield f"{module.at(node)}: float()"
        elif isinstance(node, ast.Constant) and isinstance(node.value, float) and module.room in MONEY_ROOMS:
            yield f"{module.at(node)}: {node.value}"


def json_floats(module: Module) -> Iterator[str]:
    """JSON that is read with binary fractions. Text this program wrote itself holds none."""
    for node in ast.walk(module.tree):
        if _called(node) == "json.loads" and module.room == "remote" and isinstance(node, ast.Call):
            named = {keyword.arg for keyword in node.keywords}
            if "parse_float" not in named and module.name not in {"remote.secrets", "remote.filestore"}:
                yield f"{module.at(node)}: json.loads without parse_float"


_NAIVE = re.compile(r"(?:.*\.)?(?:datetime\.utcnow|datetime\.utcfromtimestamp|date(?:time)?\.today)")


def naive_times(module: Module) -> Iterator[str]:
    """Times without a zone, and this machine's idea of the day."""
    for node in ast.walk(module.tree):
        name = _called(node)
        zoneless = name.endswith("datetime.now") and isinstance(node, ast.Call) and not (node.args or node.keywords)
        if zoneless or (name and _NAIVE.fullmatch(name)):
            yield f"{module.at(node)}: {name}"


def prints(module: Module) -> Iterator[str]:
    """Talk that no caller asked for."""
    for node in ast.walk(module.tree):
        if _called(node) in {"print", "breakpoint", "pprint", "pprint.pprint"}:
            yield f"{module.at(node)}: {_called(node)}"


def unfinished(module: Module) -> Iterator[str]:
    """Code that says it is not there yet."""
    for node in ast.walk(module.tree):
        raised = ast.unparse(node.exc) if isinstance(node, ast.Raise) and node.exc else ""
        if raised.startswith("NotImplementedError"):
            yield f"{module.at(node)}: {raised}"


def undocumented(module: Module) -> Iterator[str]:
    """Modules, public classes and public functions without a docstring; methods of a Protocol need none."""
    if not ast.get_docstring(module.tree):
        yield f"{module.at(module.tree)}: the module"
    yield from _undocumented(module, module.tree, protocol=False)


def _undocumented(module: Module, parent: ast.AST, *, protocol: bool) -> Iterator[str]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, (ast.If, ast.Try)):
            yield from _undocumented(module, node, protocol=protocol)
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) or node.name.startswith("_"):
            continue
        if not protocol and not ast.get_docstring(node):
            yield f"{module.at(node)}: {node.name}"
        if isinstance(node, ast.ClassDef):
            inner = any("Protocol" in ast.unparse(base) for base in node.bases)
            yield from _undocumented(module, node, protocol=inner)


RULES: dict[str, tuple[Rule, list[tuple[str, str]]]] = {
    "money is never a float": (
        floats,
        [("core.money", '"""M."""\nx = float("1")'), ("cli.sync", "float(1)"), ("core.money", "x = 0.1")],
    ),
    "JSON from outside keeps its digits": (json_floats, [("remote.answer", "import json\njson.loads(b'1.1')")]),
    "times have their zone": (
        naive_times,
        [("app", "datetime.now()"), ("app", "datetime.datetime.utcnow()"), ("core.window", "date.today()")],
    ),
    "nothing prints": (prints, [("engine.run", "print('here')")]),
    "nothing is left for later": (
        unfinished,
        [("engine.run", "raise NotImplementedError"), ("engine.run", "raise NotImplementedError('later')")],
    ),
    "everything public says what it is": (
        undocumented,
        [
            ("core.plan", "x = 1"),
            ("core.plan", '"""M."""\ndef plan(): ...'),
            ("core.plan", '"""M."""\nclass Plan:\n    """P."""\n    def show(self): ...'),
        ],
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_package_keeps(rule: str) -> None:
    check, _ = RULES[rule]
    assert [line for module in modules() for line in check(module)] == []


@pytest.mark.parametrize(("rule", "name", "source"), [(rule, *bad) for rule in RULES for bad in RULES[rule][1]])
def test_a_breach_is_seen(rule: str, name: str, source: str) -> None:
    check, _ = RULES[rule]
    assert len(list(check(parsed(name, source)))) == 1


LEFTOVER = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
MACHINE = re.compile(r"/(?:root|Users|work|workspace)/|index-url|artifactory|nexus\.", re.IGNORECASE)
EXCUSE = re.compile(r"#\s*(?:noqa|type:\s*ignore)(?:[:\[][\w, -]+?\]?)?(?P<reason>[ \t].*)?$", re.MULTILINE)


@pytest.mark.parametrize("pattern", [LEFTOVER, MACHINE], ids=["leftovers", "places of one machine"])
def test_no_file_holds(pattern: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in project_files()
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
        if path != Path(__file__).resolve()
    ]
    assert found == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (LEFTOVER, "# TODO: later"),
        (MACHINE, "see /root/notes.txt"),
        (MACHINE, "pip install --index-url https://example.com/simple"),
    ],
)
def test_leftovers_and_places_are_recognised(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def _excuses(source: str) -> list[str]:
    return [match.group() for match in EXCUSE.finditer(source) if len((match["reason"] or "").strip(" -()")) < 10]


def test_every_exception_to_the_checkers_gives_its_reason() -> None:
    bare = {
        str(path.relative_to(ROOT)): found
        for path in sorted(PACKAGE.rglob("*.py"))
        if (found := _excuses(path.read_text(encoding="utf-8")))
    }
    assert bare == {}


def test_a_bare_exception_is_seen() -> None:
    assert _excuses("x = 1  # noqa: S101\ny = 2") == ["# noqa: S101"]
    assert _excuses("x = f()  # type: ignore[arg-type]") == ["# type: ignore[arg-type]"]
    assert _excuses("x = 1  # noqa: S101 - the value is not a password") == []
