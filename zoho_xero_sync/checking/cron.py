"""How cron, or systemd, would run this program: is there a job, and would it find the logins?"""

from __future__ import annotations

import json
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zoho_xero_sync.config import Config
from zoho_xero_sync.core.check_facts import CronFacts, Unread
from zoho_xero_sync.remote.secrets import variable

# What cron sets for a job, and nothing else (man 5 crontab, "cron sets several environment variables").
_PATH = "/usr/bin:/bin"
_SHELL = "/bin/sh"
_SLOWEST = 60.0

_ASSIGNMENT = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*$")
_OURS = re.compile(r"zoho[-_]xero[-_]sync")
# The program by its bare name, as a word of its own.
_BARE = re.compile(r"(?:^|[\s;&|(])zoho-xero-sync(?=\s|$)")
_INLINE = re.compile(r"(?:^|\s)(ZXS_[A-Z_]+)=(\S+)")
# A file of variables that the job's shell reads first: `. /etc/zoho-xero-sync/env;`
_SOURCED = re.compile(r"(?:^|[\s;&])\.\s+(/[^\s;&|]+)")


@dataclass(slots=True)
class _Jobs:
    """The jobs that were found, and the variables they are given."""

    places: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    bare: bool = False


def look_at_cron(config: Config, environ: Mapping[str, str], missing: frozenset[str]) -> CronFacts:
    """Whether there is a job, and which logins it would not find although this shell does.

    `missing` are the secrets that are not here either. A second process with cron's environment looks them up.
    """
    home = environ.get("HOME") or _user().pw_dir
    jobs = _find_jobs(environ, Path(home))
    given = {"HOME": home, "LOGNAME": _user().pw_name, "PATH": _PATH, "SHELL": _SHELL, **jobs.variables}
    program = shutil.which("zoho-xero-sync", path=given["PATH"]) is not None if jobs.bare else None
    return CronFacts(tuple(jobs.places), _probe(config, given, missing), program)


def _user() -> pwd.struct_passwd:
    return pwd.getpwuid(os.getuid())


# ---- jobs ----


def _find_jobs(environ: Mapping[str, str], home: Path) -> _Jobs:
    jobs = _Jobs()
    _take_crontab(jobs, "crontab -l", _crontab(environ))
    for path in (Path("/etc/crontab"), *_files(Path("/etc/cron.d"), "*")):
        _take_crontab(jobs, str(path), _text(path))
    units = home / ".config/systemd/user", Path("/etc/systemd/system")
    for path in (unit for folder in units for unit in _files(folder, "*.service")):
        _take_unit(jobs, str(path), _text(path))
    return jobs


def _crontab(environ: Mapping[str, str]) -> str:
    """This user's crontab; empty when there is none, or no cron."""
    program = shutil.which("crontab", path=environ.get("PATH", ""))
    if program is None:
        return ""
    try:
        # The program and its argument are fixed; only where it lies comes from PATH.
        done = subprocess.run([program, "-l"], capture_output=True, timeout=_SLOWEST, check=False)  # noqa: S603 - no shell, fixed words
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""


def _take_crontab(jobs: _Jobs, place: str, text: str) -> None:
    variables: dict[str, str] = {}
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            continue
        assigned = _ASSIGNMENT.fullmatch(line)
        if assigned:
            variables[assigned[1]] = _unquoted(assigned[2])
        elif _OURS.search(line):
            jobs.places += [place] if place not in jobs.places else []
            read = [pair for file in _SOURCED.findall(line) for pair in _file_variables(file)]
            jobs.variables |= {**variables, **dict(read), **dict(_INLINE.findall(line))}
            jobs.bare = jobs.bare or _BARE.search(line) is not None


def _take_unit(jobs: _Jobs, place: str, text: str) -> None:
    lines = [line.strip() for line in text.splitlines()]
    starts = [line.partition("=")[2] for line in lines if line.startswith("ExecStart=")]
    if not any(_OURS.search(start) for start in starts):
        return
    jobs.places.append(place)
    jobs.variables |= dict(_unit_variables(lines))


def _unit_variables(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        key, _, value = line.partition("=")
        if key == "EnvironmentFile":
            yield from _file_variables(value.lstrip("-"))
        elif key == "Environment":
            assigned = (part.partition("=") for part in _words(value))
            yield from ((name, text) for name, sign, text in assigned if sign)


def _file_variables(file: str) -> Iterator[tuple[str, str]]:
    found = (_ASSIGNMENT.fullmatch(line.strip().removeprefix("export ")) for line in _text(Path(file)).splitlines())
    yield from ((each[1], _unquoted(each[2])) for each in found if each)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _files(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(path for path in folder.glob(pattern) if path.is_file())
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


# ---- logins ----


def _probe(config: Config, given: Mapping[str, str], missing: frozenset[str]) -> Mapping[str, tuple[str, ...]] | Unread:
    command = [sys.executable, "-m", "zoho_xero_sync.checking.cron_probe", str(config.file)]
    try:
        # This very program again, with cron's variables and nothing of this shell's.
        done = subprocess.run(  # noqa: S603 - no shell, our own words
            command, env=dict(given), cwd=given["HOME"], capture_output=True, timeout=_SLOWEST, check=False
        )
        told = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        why = "The program could not be started with cron's environment."
        return Unread(why, "Try it: env -i HOME=$HOME PATH=/usr/bin:/bin zoho-xero-sync auth status", "deals")
    if told["trouble"]:
        return Unread(f"Under cron: {told['trouble']}", told["hint"], "login")
    lost = {
        service: tuple(variable(name) for name in names if name not in missing)
        for service, names in told["missing"].items()
    }
    if missing and not any(lost.values()):
        return Unread("nobody is logged in yet; see zoho_login and xero_login.")
    return lost
