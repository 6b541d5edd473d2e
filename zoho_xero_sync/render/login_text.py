"""Both logins, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Console
from rich.text import Text

from zoho_xero_sync.core.logins import LoginView
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.facts import facts, section
from zoho_xero_sync.render.report_json import instant
from zoho_xero_sync.render.wording import age, print_plain, when

_NAMES = {"zoho": "Zoho", "xero": "Xero"}
_STATES = {
    "ok": "logged in",
    "missing": "not logged in",
    "lapsed": "lapsed",
    "lacks_scope": "lacks a scope",
    "refused": "refused",
    "elsewhere": "belongs to another organisation",
    "unreachable": "could not be asked",
}


def render_logins(views: Sequence[LoginView], console: Console, interactive: bool, now: datetime) -> None:
    """Print both logins: a block each on a terminal, otherwise one line each."""
    if not interactive:
        print_plain(console, (_line(view, now) for view in views))
        return
    for view in views:
        good = view.state == "ok"
        pairs = [("State", Text(_state(view), style="green" if good else "bold red"))]
        pairs += [(name, Text(value)) for name, value in _facts(view, now)]
        console.print(section(_NAMES[view.service], facts(pairs)), highlight=False)


def logins_json(views: Sequence[LoginView], now: datetime) -> str:
    """Both logins as one JSON object, indented and ASCII, without a final newline."""
    value = {"schema": 1, "now": instant(now), "logins": [_value(view) for view in views]}
    return json.dumps(value, indent=2, ensure_ascii=True)


def _value(view: LoginView) -> dict[str, object]:
    return {
        "service": view.service,
        "state": view.state,
        "checked": view.checked,
        "kind": view.kind,
        "organisation": view.organisation,
        "organisation_id": view.organisation_id,
        "kept": view.kept,
        "logged_in_at": instant(view.since),
        "used_at": instant(view.used),
        "lapses_at": instant(view.lapses),
        "lapse_rule": view.lapse_rule,
        "trouble": view.trouble or None,
        "hint": view.hint or None,
    }


def _state(view: LoginView) -> str:
    how = "asked just now" if view.checked else "from memory; --check asks"
    return f"{_STATES[view.state]} ({how})"


def _facts(view: LoginView, now: datetime) -> Iterator[tuple[str, str]]:
    if view.trouble:
        yield "Trouble", clean(view.trouble)
    if view.organisation:
        yield "Organisation", f"{clean(view.organisation)} ({clean(view.organisation_id or '')})".replace(" ()", "")
    yield "Kind", view.kind
    yield "Kept in", clean(view.kept)
    if view.since:
        yield "Since", f"{when(view.since)}, {age(view.since, now)}"
    if view.used:
        yield "Last used", f"{when(view.used)}, {age(view.used, now)}"
    yield "Lapse", f"{when(view.lapses)}: {view.lapse_rule}" if view.lapses else view.lapse_rule
    if view.hint:
        yield "Next", clean(view.hint)


def _line(view: LoginView, now: datetime) -> str:
    pairs = [f"{name.lower()}: {value}" for name, value in _facts(view, now)]
    return "  ".join([view.service, _state(view), *pairs])
