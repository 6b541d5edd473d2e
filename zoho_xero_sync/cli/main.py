"""The command line: one group, its global options, and the one place where errors become exit codes."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TextIO

import click

from zoho_xero_sync import __version__
from zoho_xero_sync.cli.hands import Hands, discard
from zoho_xero_sync.errors import ExitCode, Interrupted, SyncError

log = logging.getLogger("zoho_xero_sync.cli")

# Command to (module, attribute); a module is imported only when its command runs or its help is asked for.
COMMANDS = {
    "demo": ("zoho_xero_sync.cli.demo", "demo"),
    "sandbox": ("zoho_xero_sync.cli.sandbox", "sandbox"),
    "init": ("zoho_xero_sync.cli.init", "init"),
    "auth": ("zoho_xero_sync.cli.auth", "auth"),
    "check": ("zoho_xero_sync.cli.check", "check"),
    "sync": ("zoho_xero_sync.cli.sync", "sync"),
    "status": ("zoho_xero_sync.cli.look", "status"),
    "show": ("zoho_xero_sync.cli.look", "show"),
    "resolve": ("zoho_xero_sync.cli.resolve", "resolve"),
    "reconcile": ("zoho_xero_sync.cli.reconcile", "reconcile"),
    "rebuild": ("zoho_xero_sync.cli.rebuild", "rebuild"),
}


@dataclass(frozen=True, slots=True)
class Session:
    """One invocation: the world, and the global options."""

    hands: Hands
    config: Path | None
    verbosity: int
    log_file: Path | None
    json_log: bool = False


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order a person meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name]
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}.{attribute} is not a command")
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--config", type=click.Path(path_type=Path), help="The configuration file.", metavar="FILE")
@click.option("-v", "--verbose", count=True, help="Say more; twice for every request.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
@click.option("--log-file", type=click.Path(path_type=Path), help="Also write the log to this file.", metavar="FILE")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="How a line of the log looks.")
@click.version_option(__version__, prog_name="zoho-xero-sync")
@click.pass_context
def cli(
    context: click.Context, config: Path | None, verbose: int, quiet: bool, log_file: Path | None, log_format: str
) -> None:
    """Turn Zoho CRM deals into Xero contacts and invoices: once, and to the cent."""
    hands = context.ensure_object(Hands)
    context.obj = Session(hands, config, -1 if quiet else verbose, log_file, log_format == "json")


def run(arguments: Sequence[str], hands: Hands | None = None) -> int:
    """Run one command line and return its exit code. Nothing that can be expected leaves a traceback."""
    from zoho_xero_sync.log import shutdown

    world = hands or Hands.real()
    try:
        return _written(world, _run(arguments, world))
    finally:
        shutdown()


def _run(arguments: Sequence[str], world: Hands) -> int:
    try:
        result = cli.main(list(arguments), prog_name="zoho-xero-sync", standalone_mode=False, obj=world)
        return result if isinstance(result, int) else int(ExitCode.OK)
    except SystemExit:
        # Only click's own way out: a reader went away while it wrote a help text.
        return int(ExitCode.OK)
    except click.exceptions.Abort:
        return _tell(world, "Stopped.", "", ExitCode.INTERRUPTED)
    except click.ClickException as error:
        usage = error.ctx.get_usage() + "\n" if isinstance(error, click.UsageError) and error.ctx else ""
        return _tell(world, f"{usage}{error.format_message()}", "", ExitCode.USAGE)
    except Interrupted as error:
        return _tell(world, error.message, error.hint, error.signal_exit_code)
    except SyncError as error:
        return _tell(world, error.message, error.hint, error.exit_code)
    except BrokenPipeError:
        return int(ExitCode.OK)
    except KeyboardInterrupt:
        return _tell(world, "Stopped at once.", "Run it again: what was sent is settled first.", ExitCode.INTERRUPTED)
    except Exception as error:
        if isinstance(error, OSError) and not _flushes(world.out):
            return int(ExitCode.BUG)  # told by whoever looks at the output last
        log.error("unexpected error", exc_info=error)
        where = traceback.extract_tb(error.__traceback__)[-1]
        sentence = (
            f"Unexpected error in this program: {type(error).__name__} ({Path(where.filename).name}:{where.lineno})."
        )
        return _tell(world, sentence, "Run it again with --log-file FILE and report the traceback in it.", ExitCode.BUG)


def _written(hands: Hands, code: int) -> int:
    """The exit code once the results have left this program: they may not have, on a full disk."""
    try:
        hands.out.flush()
    except BrokenPipeError:
        discard(hands.out)
        return int(ExitCode.OK)
    except OSError as error:
        discard(hands.out)
        sentence = f"The output could not be written: {error.strerror}."
        return _tell(hands, sentence, "What was done is recorded: see zoho-xero-sync status", ExitCode.BUG)
    return code


def _flushes(stream: TextIO) -> bool:
    try:
        stream.flush()
    except OSError:
        return False
    return True


def _tell(hands: Hands, message: str, hint: str, code: ExitCode) -> int:
    from zoho_xero_sync.log import redact

    try:
        hands.err.write(redact(f"{message}\n{hint}\n" if hint else f"{message}\n"))
        hands.err.flush()
    except OSError:
        discard(hands.err)
    return int(code)
