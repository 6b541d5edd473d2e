"""What the sandbox enforces, which readings of disputed behaviour it knows, and the faults it plays.

`python -m zoho_xero_sync.sandbox.rules` prints all of it as the page docs/sandbox.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .faults import KINDS
from .rule import Rule, Switch
from .xero.enforced import RULES as XERO_RULES
from .xero.switches import SWITCHES as XERO_SWITCHES
from .zoho.enforced import RULES as ZOHO_RULES
from .zoho.switches import SWITCHES as ZOHO_SWITCHES

# Section of a world -> what that service enforces, and its switches.
RULES: Mapping[str, tuple[Rule, ...]] = {"zoho": ZOHO_RULES, "xero": XERO_RULES}
SWITCHES: Mapping[str, Mapping[str, Switch]] = {"zoho": ZOHO_SWITCHES, "xero": XERO_SWITCHES}
NAMES: Mapping[str, str] = {"zoho": "Zoho CRM", "xero": "Xero"}
MODES = ("strict", "live-like")

_HEAD = """# What the sandbox enforces

Made by `python -m zoho_xero_sync.sandbox.rules > docs/sandbox.md`.

The sandbox refuses what the services refuse. Each rule has the official page it is from.
[`zoho-xero-sync sandbox --live-like`](commands.md#sandbox) and `--strict` print the same rules as they start; how the
two differ is under [switches](#switches).
"""
_SWITCHES = """## Switches

Where the pages are silent, or say two things, the reading taken is a switch. A world sets it under `zoho.switches` or
`xero.switches`. `--live-like` sets every switch to its default, `--strict` to the reading that asks most of a client.
"""
_FAULTS = """## Faults

A fault is played to chosen calls: `POST /_sandbox/faults` with its `kind`, and where wanted `service`, `method`, `path`
(a regular expression), `skip`, `times` and `seconds`.
"""


def switched(world: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """The world with every switch of both services set: to its harshest reading (strict) or its default (live-like)."""
    changed = dict(world)
    for service, switches in SWITCHES.items():
        values = {name: s.harshest if mode == "strict" else s.default for name, s in switches.items()}
        changed[service] = {**(world.get(service) or {}), "switches": values}
    return changed


def page() -> str:
    """docs/sandbox.md."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield _HEAD
    for service, found in RULES.items():
        yield f"## {NAMES[service]}\n"
        yield from (f"- {rule.text} ([{_short(rule.source)}](https://{rule.source}))" for rule in found)
        yield ""
    yield _SWITCHES
    for service, switches in SWITCHES.items():
        rows = (_switch_row(name, switch) for name, switch in switches.items())
        yield from _table(f"`{service}.switches`", "default", "strict", "what it decides", rows=rows)
    yield _FAULTS
    yield from _table("kind", "what happens", rows=((f"`{kind}`", text) for kind, text in KINDS.items()))


def _switch_row(name: str, switch: Switch) -> tuple[str, ...]:
    source = f"([{_short(switch.source)}](https://{switch.source}))"
    return (f"`{name}`", f"`{shown(switch.default)}`", f"`{shown(switch.harshest)}`", f"{switch.text} {source}")


def shown(value: object) -> str:
    """A switch's value as a world's YAML spells it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _table(*heads: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield _row(heads)
    yield "|" + "---|" * len(heads)
    yield from map(_row, rows)
    yield ""


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _short(source: str) -> str:
    return source.rstrip("/").rpartition("/")[2].removesuffix(".html")


if __name__ == "__main__":
    sys.stdout.write(page())
