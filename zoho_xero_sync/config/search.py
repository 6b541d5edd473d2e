"""Where the configuration is looked for, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zoho_xero_sync.errors import ConfigError, ConfigProblem

NAME = "config.yaml"
_INIT = "Run `zoho-xero-sync init` to write one, or name yours with --config."


@dataclass(frozen=True, slots=True)
class Found:
    """A configuration file: its absolute path, and its name as a person would give it."""

    path: Path
    shown: str


def find_config(path: Path | None, environ: Mapping[str, str], cwd: Path) -> Found:
    """The file to read: `path`, else $ZXS_CONFIG, else ./config.yaml, else the user's configuration directory.

    Raises ConfigError, naming where it looked, when there is none.
    """
    named = path or _from_environment(environ)
    if named is not None:
        return _named(named, cwd, "--config" if path else "ZXS_CONFIG")
    here = cwd / NAME
    if _is_there(here):
        return Found(here, NAME)
    at_home = user_config_file()
    if _is_there(at_home):
        return Found(at_home, str(at_home))
    problem = ConfigProblem(NAME, 0, "", f"There is no configuration here, nor at {at_home}.", _INIT)
    raise ConfigError((problem,))


def place_for_new(path: Path | None, environ: Mapping[str, str], cwd: Path) -> Found:
    """Where a first configuration is to be written: `path`, else $ZXS_CONFIG, else ./config.yaml."""
    named = path or _from_environment(environ) or Path(NAME)
    return Found(_absolute(named, cwd), str(named))


def user_config_file() -> Path:
    """Where a user's own configuration lives on this platform."""
    from platformdirs import user_config_path

    return user_config_path("zoho-xero-sync", appauthor=False) / NAME


def _from_environment(environ: Mapping[str, str]) -> Path | None:
    value = environ.get("ZXS_CONFIG", "").strip()
    return Path(value) if value else None


def _named(path: Path, cwd: Path, by: str) -> Found:
    absolute = _absolute(path, cwd)
    if _is_there(absolute):
        return Found(absolute, str(path))
    problem = ConfigProblem(str(path), 0, "", f"There is no such file, though {by} names it.", _INIT)
    raise ConfigError((problem,))


def _absolute(path: Path, cwd: Path) -> Path:
    try:
        return cwd / path.expanduser()
    except RuntimeError:
        return cwd / path


def _is_there(path: Path) -> bool:
    # A path that cannot even be looked at is there as far as this goes: reading it tells why.
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True
    return True
