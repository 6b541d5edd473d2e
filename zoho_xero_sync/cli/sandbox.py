"""`sandbox`: both services on loopback until Ctrl-C, with everything a second terminal needs to use them."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.rehearsal import require_sandbox, sandbox_config
from zoho_xero_sync.cli.sandbox_notes import enforced_notes, sandbox_notes
from zoho_xero_sync.errors import Interrupted, UsageError

if TYPE_CHECKING:
    from zoho_xero_sync.sandbox import Sandbox

_HOST = "127.0.0.1"
_PORT = click.IntRange(0, 65535)
_SEED = 1
# Nothing happens in this thread; a signal ends the wait.
_HOUR = 3600.0


@click.command(short_help="Both services on this machine until Ctrl-C, to rehearse with.")
@click.option("--world", metavar="NAME|FILE", help="What the services hold: demo (the default), or a YAML file.")
@click.option("--deals", type=click.IntRange(1, 100_000), metavar="N", help="A made-up world with N won deals instead.")
@click.option("--zoho-port", type=_PORT, default=8701, show_default=True, metavar="PORT", help="0 takes a free one.")
@click.option("--xero-port", type=_PORT, default=8702, show_default=True, metavar="PORT", help="0 takes a free one.")
@click.option(
    "--write-config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the configuration that points at it; an existing file is never overwritten.",
)
@click.option("--strict", "mode", flag_value="strict", help="Disputed behaviour at its harshest; print the rules.")
@click.option("--live-like", "mode", flag_value="live-like", help="Disputed behaviour as likely; print the rules.")
@click.pass_obj
def sandbox(
    session: Session,
    world: str | None,
    deals: int | None,
    zoho_port: int,
    xero_port: int,
    config_file: Path | None,
    mode: str | None,
) -> int:
    """Start a sandbox of Zoho CRM and Xero on this machine, print how to use it, and stay up until Ctrl-C.

    The times in its world are moved so that its present is now. What happens in it is forgotten when it ends.
    --strict and --live-like set every switch of the world (docs/sandbox.md) and print what the sandbox enforces.
    Exit codes: 130 ended by Ctrl-C; 143 ended by SIGTERM; 2 a port is taken, the world has mistakes, FILE is there
    already, or the sandbox is not installed.
    """
    if world is not None and deals is not None:
        raise click.UsageError("--world and --deals cannot be combined: --deals makes a world of its own.")
    require_sandbox()
    hands = session.hands
    box = _build(_switched(_world(hands, world, deals), mode), zoho_port, xero_port)
    _start(box, zoho_port, xero_port)
    try:
        target = _write_config(hands.cwd / config_file.expanduser(), box) if config_file is not None else None
        _tell(hands, box, target, mode)
        return _wait(hands)
    finally:
        box.stop()


def _world(hands: Hands, name: str | None, deals: int | None) -> dict[str, Any]:
    from zoho_xero_sync.sandbox import generate_world, load_world
    from zoho_xero_sync.sandbox.moving import move_world
    from zoho_xero_sync.sandbox.world import fill_world

    if deals is not None:
        return move_world(fill_world(generate_world(_SEED, deals=deals)), hands.clock.now())
    wanted = name or "demo"
    # A file is looked for where the command was typed; a bare word may also be a bundled world.
    file = hands.cwd / Path(wanted).expanduser()
    try:
        return move_world(load_world(file if file.is_file() else wanted), hands.clock.now())
    except ValueError as error:
        raise _wrong_world(error) from None


def _switched(world: dict[str, Any], mode: str | None) -> dict[str, Any]:
    from zoho_xero_sync.sandbox.rules import switched

    return world if mode is None else switched(world, mode)


def _build(world: Mapping[str, Any], zoho_port: int, xero_port: int) -> Sandbox:
    from zoho_xero_sync.sandbox import Sandbox

    try:
        return Sandbox(world, host=_HOST, zoho_port=zoho_port, xero_port=xero_port)
    except ValueError as error:
        raise _wrong_world(error) from None


def _wrong_world(error: ValueError) -> UsageError:
    return UsageError(str(error), "Put it right, or leave --world out for the demo's world.")


def _start(box: Sandbox, zoho_port: int, xero_port: int) -> None:
    try:
        box.start()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "it is refused"
        port = _unusable((zoho_port, xero_port))
        which = f"Port {port}" if port else "One of the two ports"
        raise UsageError(
            f"{which} cannot be used: {reason[0].lower()}{reason[1:]}.",
            "End what uses it, or choose others with --zoho-port and --xero-port (0 takes a free one).",
        ) from None


def _unusable(ports: tuple[int, int]) -> int | None:
    """The port that cannot be had, tried one at a time; only to name it."""
    if ports[0] and ports[0] == ports[1]:
        return ports[0]
    for port in ports:
        try:
            socket.create_server((_HOST, port)).close()
        except OSError:
            return port
    return None


def _write_config(file: Path, box: Sandbox) -> Path:
    """Write the configuration to a new file and return its absolute path. Raises UsageError."""
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(sandbox_config(box))
    except FileExistsError:
        raise UsageError(f"{file} is there already and is not overwritten.", "Name another file.") from None
    except OSError as error:
        reason = error.strerror or "it is not a file name"
        raise UsageError(
            f"{file} cannot be written: {reason}.", "Name a file in a directory you may write to."
        ) from None
    return file.resolve()


def _tell(hands: Hands, box: Sandbox, config_file: Path | None, mode: str | None) -> None:
    console = hands.console()
    rules = enforced_notes(mode) if mode is not None else ()
    for line in chain(rules, sandbox_notes(box, config_file)):
        # Long lines are for copying, so they are left whole.
        console.print(line, soft_wrap=True)
    hands.out.flush()


def _wait(hands: Hands) -> int:
    try:
        while True:
            hands.check_stop()
            hands.clock.sleep(_HOUR)
    except Interrupted as error:
        hands.err.write("\nThe sandbox has ended; what was in it is forgotten.\n")
        return int(error.signal_exit_code)
