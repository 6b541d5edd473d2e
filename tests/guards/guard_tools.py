"""What the guards read: the package's modules as syntax trees, and the project's text files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = "zoho_xero_sync"
PACKAGE = ROOT / NAME
_LEFT_OUT = {"__pycache__", "build", "dist", "node_modules"}
_TEXT = {".py", ".md", ".yaml", ".toml", ".json", ".example", ".svg", ".sh", ".txt", ""}


@dataclass(frozen=True, slots=True)
class Module:
    """One module of the package: dotted name below the package ("core.plan", "" for the package itself), and tree."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        """The first part of the name: the room the module lives in."""
        return self.name.partition(".")[0]

    def at(self, node: ast.AST) -> str:
        """Where a node stands, as file:line."""
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def parsed(name: str, source: str) -> Module:
    """A module made of `source`, as if it stood in the package under `name`."""
    return Module(name, PACKAGE / f"{name.replace('.', '/')}.py", ast.parse(source))


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package."""
    return tuple(_module(path) for path in sorted(PACKAGE.rglob("*.py")))


def _module(path: Path) -> Module:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, path, ast.parse(path.read_text(encoding="utf-8")))


def imports(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """Every import in the module, lazy ones too, as absolute dotted names; `from a import b` may be a.b or a's b."""
    package = f"{NAME}.{module.name}" if module.name else NAME
    parents = package.split(".") if module.path.name == "__init__.py" else package.split(".")[:-1]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = parents[: len(parents) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node, f"{base}.{alias.name}") for alias in node.names)


def project_files() -> list[Path]:
    """The project's own text files: no caches, environments or builds."""
    return sorted(path for path in _walk(ROOT) if path.suffix in _TEXT)


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        hidden = path.name.startswith(".") and path.name not in {".ci", ".gitignore"}
        if hidden or path.name in _LEFT_OUT or path.name.endswith(".egg-info"):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
        elif path.is_file():
            yield path


def text(name: str) -> str:
    """One of the project's files."""
    return (ROOT / name).read_text(encoding="utf-8")


def table_rows(markdown: str, *, below: str = "") -> list[list[str]]:
    """The cells of the first table after the heading `below`, without its head."""
    lines = markdown.partition(below)[2].splitlines() if below else markdown.splitlines()
    rows: list[list[str]] = []
    for line in lines:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif rows:
            break
    return rows[2:]


def sections(markdown: str, level: int = 2) -> dict[str, str]:
    """Heading to text for every heading of this level."""
    parts = re.split(rf"^{'#' * level} (.+)$", markdown, flags=re.MULTILINE)
    return {heading.strip(): body for heading, body in zip(parts[1::2], parts[2::2], strict=True)}


def fenced(markdown: str) -> str:
    """The text of all fenced blocks, one after the other."""
    return "\n".join(re.findall(r"^```[^\n]*\n(.*?)^```", markdown, flags=re.MULTILINE | re.DOTALL))
