"""What `sandbox` prints: the addresses, the configuration, the logins and the commands, all to be copied."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from zoho_xero_sync.cli.rehearsal import sandbox_config, sandbox_logins, sandbox_stages
from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.render.clean import clean

if TYPE_CHECKING:
    from zoho_xero_sync.sandbox import Sandbox

# Above this many invoices a run stops (limits.invoices_per_run of a configuration that does not say).
_SAFETY_STOP = 200


def sandbox_notes(box: Sandbox, config_file: Path | None) -> Iterator[Text]:
    """The lines to print for a running sandbox; `config_file` is where its configuration was written.

    Commands start at the left edge and have no comments in them, so that any shell takes what is copied.
    """
    yield Text("A sandbox of Zoho CRM and Xero is running on this machine. Ctrl-C ends it.", style="bold")
    yield Text()
    yield _named("Zoho CRM", box.zoho_url)
    yield _named("Xero", box.xero_url)
    yield _named("By hand", f"{box.zoho_url}/_sandbox/", "move deals, approve invoices, in a browser")
    yield from _setting_up(box, config_file)
    yield from _first_use(box)
    yield from _moving(box)
    yield from _by_hand(box)
    yield from _conversation(box)


def enforced_notes(mode: str) -> Iterator[Text]:
    """What the sandbox enforces, by service with the page each rule is from, and how `mode` set its switches."""
    from zoho_xero_sync.sandbox.rules import NAMES, RULES, SWITCHES, shown

    for service, rules in RULES.items():
        yield Text(f"What {NAMES[service]} enforces: {counted(len(rules), 'rule')}", style="bold")
        for rule in rules:
            yield Text(f"  {rule.text}").append(f"  {rule.source}", style="dim")
        yield Text()
    for service, switches in SWITCHES.items():
        words = "disputed behaviour at its harshest" if mode == "strict" else "disputed behaviour as is likely"
        yield Text(f"{NAMES[service]}, {words}: {service}.switches", style="bold")
        for name, switch in switches.items():
            value = switch.harshest if mode == "strict" else switch.default
            yield Text(f"  {name}: {shown(value)}").append(f"  {switch.text}", style="dim")
        yield Text()


def _setting_up(box: Sandbox, config_file: Path | None) -> Iterator[Text]:
    if config_file is None:
        yield from _step("In another terminal: a new directory, the configuration, and logins that are no secrets")
        yield Text('cd "$(mktemp -d)"')
        yield Text("cat > config.yaml <<'END'")
        yield from map(Text, sandbox_config(box).splitlines())
        yield Text("END")
    else:
        yield from _step("In another terminal: the configuration that was written, and logins that are no secrets")
        yield Text(f"export ZXS_CONFIG={shlex.quote(str(config_file))}")
    for name, value in sandbox_logins(box.world).items():
        yield Text(f"export {name}={shlex.quote(value)}")


def _conversation(box: Sandbox) -> Iterator[Text]:
    """What a person copies from the two consoles, for a rehearsal of the conversation that `init` is without them."""
    logins = sandbox_logins(box.world)
    yield from _step("Or log in as with real consoles: leave out the ZXS_ lines and have these ready for auth or init")
    for name, value in logins.items():
        if "REFRESH" not in name:
            yield _named(name.removeprefix("ZXS_").replace("_", " ").lower(), value, width=20)
    yield Text("The grant code, good for ten minutes of the sandbox's clock:", style="dim")
    yield Text(_posted(box, "grant-code"))


def _first_use(box: Sandbox) -> Iterator[Text]:
    stages = sandbox_stages(box.world)
    deals = counted(sum(deal["Stage"] in stages for deal in box.zoho.records("Deals")), "deal")
    yield from _step(f"Begin: what is won already becomes history ({deals})")
    yield Text("zoho-xero-sync init")
    yield from _step("Ask for the last week all the same: look first, then do it")
    yield Text("zoho-xero-sync sync --since 7d --dry-run")
    many = " --allow-many" if len(box.zoho.records("Deals")) > _SAFETY_STOP else ""
    yield Text(f"zoho-xero-sync sync --since 7d{many}")
    yield from _step("What cron runs: nothing to do")
    yield Text("zoho-xero-sync sync")


def _moving(box: Sandbox) -> Iterator[Text]:
    """A deal moved on to the last stage that counts, when there is one to move."""
    stages = list(sandbox_stages(box.world))
    for last in stages[-1:]:
        places = {stage: place for place, stage in enumerate(stages)}
        others = [deal for deal in box.zoho.records("Deals") if deal["Stage"] != last]
        for deal in sorted(others, key=lambda deal: (places.get(deal["Stage"], -1), deal["Deal_Name"]))[-1:]:
            name, stage = clean(str(deal["Deal_Name"])), clean(str(deal["Stage"]))
            yield from _step(f"In Zoho, {name} moves from {stage} to {clean(last)}; sync again")
            yield Text(_post(box, f"zoho/Deals/{deal['id']}", f"Stage={last}"))
            yield Text("zoho-xero-sync sync")
            yield Text("zoho-xero-sync status")


def _by_hand(box: Sandbox) -> Iterator[Text]:
    yield from _step("An hour passes; Xero does the next write and loses its answer; all that both services hold")
    yield Text(_post(box, "clock", "advance=3600"))
    yield Text(_post(box, "faults", '{"kind": "drop_after", "service": "xero", "method": "PUT"}'))
    yield Text(f"curl -s {box.zoho_url}/_sandbox/state")


def _post(box: Sandbox, path: str, data: str) -> str:
    return f"curl -fsS -o /dev/null -d {shlex.quote(data)} {box.zoho_url}/_sandbox/{path}"


def _posted(box: Sandbox, path: str) -> str:
    return f"curl -fsS -X POST {box.zoho_url}/_sandbox/{path}"


def _named(name: str, address: str, remark: str = "", width: int = 10) -> Text:
    text = Text(f"  {name:<{width}}").append(address, style="bold cyan")
    return text.append(f"   {remark}", style="dim") if remark else text


def _step(words: str) -> Iterator[Text]:
    yield Text()
    yield Text(words, style="dim")
