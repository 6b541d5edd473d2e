"""Who may import whom: the rooms of the package keep apart, and each outside library has its one place."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires

import pytest
from guard_tools import NAME, Module, imports, modules, parsed

# Room to the rooms it may import. The package itself ("") holds nothing but its version.
ROOMS: dict[str, set[str]] = {
    "": set(),
    "__main__": {"cli"},
    "errors": set(),
    "log": {"errors"},
    "core": {"core"},
    "config": {"config", "core", "errors"},
    "ledger": {"ledger", "core", "errors"},
    "remote": {"remote", "core", "errors", ""},
    "engine": {"engine", "core", "errors"},
    "render": {"render", "core", "errors"},
    "services": {"config", "core", "errors", "log", "remote"},
    "consent": {"config", "core", "errors", "ledger", "log", "remote"},
    "login_status": {"config", "core", "errors", "ledger", "log", "remote", "services"},
    "checking": {"checking", "config", "core", "errors", "ledger", "log", "remote", "services"},
    "run_reports": {"core", "errors", "ledger"},
    "app": {"config", "core", "engine", "errors", "ledger", "log", "login_status", "remote", "run_reports", "services"},
    "metrics": {"core"},
    "watching": {"app", "config", "core", "errors", "log", "metrics", "remote"},
    "rounds": {"app", "config", "core", "errors", "remote", "services"},
    "cli": {"cli", "app", "config", "core", "errors", "log", "render", ""},
    "sandbox": {"sandbox"},
}

# Doors between rooms that otherwise do not meet: (who, whose), and why.
DOORS = {
    ("services", "engine.ports"): "the ports are what services are built to",
    ("cli", "engine.ports"): "what a person asked of a run",
    ("rounds", "engine.ports"): "what services are built with",
    ("watching", "engine.ports"): "what a person asked of a run",
    ("cli", "rounds"): "sync --every",
    ("cli", "watching"): "who is told of a sync",
    ("cli", "checking"): "what check shows and init offers",
    ("cli", "consent"): "logging in is a conversation",
    ("cli", "login_status"): "what auth status shows",
    ("cli", "run_reports"): "a run that never began has a report too",
    ("cli", "remote.callback"): "where the browser comes back to, while the person is asked",
    ("cli", "remote.patience"): "the clock every command is handed",
    ("cli", "remote.secrets"): "where init puts the logins it is told",
    ("cli", "sandbox"): "demo and sandbox run it",
}

# Outside library to the only modules (or rooms) that know it.
PLACES = {
    "alembic": ("ledger",),
    "sqlalchemy": ("ledger",),
    "sqlite3": ("ledger",),
    "click": ("cli",),
    "rich": ("cli", "render"),
    "requests": ("remote.http",),
    "urllib3": ("remote.http",),
    "http.client": (),
    "urllib.request": (),
    "keyring": ("remote.secrets",),
    "yaml": ("config", "sandbox"),
    "flask": ("sandbox",),
    "werkzeug": ("sandbox",),
    "platformdirs": ("config", "ledger"),
    "dateutil": ("cli", "remote"),
    "tzlocal": ("remote.xero.settings",),
    "_typeshed": ("sandbox",),
}

# What the rooms of pure functions may not touch: the machine, its clock, chance.
IMPURE = {"io", "logging", "os", "pathlib", "random", "secrets", "shutil", "signal", "socket", "sqlite3", "subprocess"}
IMPURE |= {"sys", "tempfile", "threading", "time", "uuid"}
PURE = ("core", "render", "engine")


def _within(name: str, place: str) -> bool:
    return name == place or name.startswith(f"{place}.")


def crossings(module: Module) -> Iterator[str]:
    """Imports of rooms that the module's room may not know."""
    for node, target in imports(module):
        if not _within(target, NAME):
            continue
        inner = target.removeprefix(NAME).removeprefix(".")
        room = inner.partition(".")[0]
        room = room if room in ROOMS else ""
        door = any(_within(module.name, who) and _within(inner, whose) for who, whose in DOORS)
        if room not in ROOMS[module.room] and not door:
            yield f"{module.at(node)}: {module.name or NAME} imports {target}"


def strays(module: Module) -> Iterator[str]:
    """Imports of outside libraries away from their place, and of libraries that have none."""
    for node, target in imports(module):
        if _within(target, NAME):
            continue
        library = next((name for name in PLACES if _within(target, name)), None)
        if library is None and target.partition(".")[0] in sys.stdlib_module_names:
            continue
        if library is None or not any(_within(module.name, place) for place in PLACES[library]):
            yield f"{module.at(node)}: {module.name} imports {target}"


def impurities(module: Module) -> Iterator[str]:
    """Imports that would let a pure room reach the machine."""
    if module.room in PURE:
        for node, target in imports(module):
            if target.partition(".")[0] in IMPURE:
                yield f"{module.at(node)}: {module.name} imports {target}"


def test_every_room_has_its_rule() -> None:
    assert {module.room for module in modules()} == set(ROOMS)


def test_rooms_import_only_what_they_may() -> None:
    assert [line for module in modules() for line in crossings(module)] == []


def test_outside_libraries_stay_in_their_place() -> None:
    assert [line for module in modules() for line in strays(module)] == []


def test_pure_rooms_stay_pure() -> None:
    assert [line for module in modules() for line in impurities(module)] == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("core.plan", "from zoho_xero_sync.errors import SyncError"),
        ("core.plan", "def f():\n    from zoho_xero_sync.ledger.store import Ledger"),
        ("ledger.store", "from zoho_xero_sync.remote.http import Answer"),
        ("remote.http", "import zoho_xero_sync.ledger.store"),
        ("remote.xero.desk", "from ...ledger import store"),
        ("engine.run", "from zoho_xero_sync import ledger"),
        ("render.runs", "from zoho_xero_sync.app import App"),
        ("services", "from zoho_xero_sync.engine.run import apply_changes"),
        ("cli.sync", "from zoho_xero_sync.ledger.store import Ledger"),
        ("app", "from zoho_xero_sync.sandbox import Sandbox"),
        ("sandbox.page", "from zoho_xero_sync.core.money import money_text"),
    ],
)
def test_a_forbidden_import_is_seen(name: str, source: str) -> None:
    assert len(list(crossings(parsed(name, source)))) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("core.plan", "import yaml"),
        ("remote.xero.client", "import requests"),
        ("engine.run", "from sqlalchemy import select"),
        ("remote.oauth_xero", "def f():\n    import keyring"),
        ("cli.demo", "from flask import Flask"),
        ("remote.http", "from urllib.request import urlopen"),
        ("cli.sync", "import pandas"),
    ],
)
def test_a_stray_library_is_seen(name: str, source: str) -> None:
    assert len(list(strays(parsed(name, source)))) == 1


@pytest.mark.parametrize("source", ["import time", "from os import environ", "from pathlib import Path"])
def test_an_impurity_is_seen(source: str) -> None:
    assert len(list(impurities(parsed("core.window", source)))) == 1


def test_imported_libraries_are_declared() -> None:
    """What the package imports it asks to have installed; nothing arrives by luck of another package's needs."""
    homes = packages_distributions()
    imported = {library for library in PLACES if library not in sys.stdlib_module_names and library in homes}
    declared = {_distribution(line) for line in requires("zoho-xero-sync") or ()}
    # requests' own transport, whose errors tell whether anything was sent.
    undeclared = {library for library in imported if not declared & {home.lower() for home in homes[library]}}
    assert undeclared - {"urllib3"} == set()


def _distribution(requirement: str) -> str:
    name = requirement.partition(";")[0]
    for mark in "[<>=!~ ":
        name = name.partition(mark)[0]
    return name.strip().lower()
