"""Under cron with each secret store: real processes, started by /bin/sh from the documented lines.

Each either works, or `check` says before the first night why it will not, and what to change.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from auth_tools import SCOPES
from promises import assert_promises
from world_tools import ROOT, SECRETS, Desk, OpenDesk, order, world

pytestmark = pytest.mark.slow

# What the lines of docs/cron.md call the program, its configuration, and the file of variables.
PROGRAM, CONFIG_FILE, ENV_FILE = (
    "/opt/zoho-xero-sync/bin/zoho-xero-sync", "/etc/zoho-xero-sync/config.yaml", "/etc/zoho-xero-sync/env"
)  # fmt: skip

# A keyring in a plain file, as keyring's own configuration may name one.
BACKEND = """
import json, os, pathlib
from keyring.backend import KeyringBackend

PLACE = pathlib.Path(__file__).with_name("ring.json")

class FileKeyring(KeyringBackend):
    priority = 1

    def _kept(self):
        return json.loads(PLACE.read_text()) if PLACE.exists() else {}

    def get_password(self, service, username):
        return self._kept().get(f"{service} {username}")

    def set_password(self, service, username, password):
        text = json.dumps({**self._kept(), f"{service} {username}": password})
        os.close(os.open(PLACE, os.O_CREAT | os.O_WRONLY, 0o600))
        PLACE.write_text(text)

    def delete_password(self, service, username):
        kept = self._kept()
        del kept[f"{service} {username}"]
        PLACE.write_text(json.dumps(kept))
"""


def documented(start: str) -> str:
    """The line of docs/cron.md whose command begins with `start`, without its times."""
    lines = re.findall(r"^\* \* \* \* \* (.+)$", (ROOT / "docs" / "cron.md").read_text("utf-8"), flags=re.MULTILINE)
    (only,) = [line for line in lines if line.startswith(start)]
    return only


@dataclass
class Machine:
    """A user's machine: a home, a crontab with one of the documented lines, and a desk to work on."""

    desk: Desk
    home: Path
    line: str

    @classmethod
    def of(cls, desk: Desk, start: str) -> Machine:
        """The machine with the documented line that begins with `start` in its crontab."""
        home = desk.folder.parent / "home"
        (home / "bin").mkdir(parents=True)
        program = home / "bin" / "zoho-xero-sync"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m zoho_xero_sync "$@"\n', encoding="utf-8")
        program.chmod(0o700)
        places = {PROGRAM: str(program), CONFIG_FILE: str(desk.folder / "config.yaml"), ENV_FILE: str(home / "env")}
        line = documented(start)
        for place, here in places.items():
            line = line.replace(place, here)
        crontab = home / "bin" / "crontab"
        crontab.write_text(f"#!/bin/sh\necho '* * * * * {line}'\n", encoding="utf-8")
        crontab.chmod(0o700)
        desk.configure(invoice={"tax": {"GST": "OUTPUT", "GST Free": "EXEMPTOUTPUT"}})
        return cls(desk, home, line)

    def shell(self, *argv: str, typed: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """What a person types, in a shell with `typed` among its variables."""
        environ = {"HOME": str(self.home), "PATH": f"{self.home}/bin:{os.environ['PATH']}", "NO_COLOR": "1"}
        config = str(self.desk.folder / "config.yaml")
        return self._said(
            subprocess.run(
                ["zoho-xero-sync", "--config", config, *argv],
                cwd=self.home, env={**environ, **(typed or {})}, stdin=subprocess.DEVNULL, capture_output=True,
                text=True, timeout=60, check=False, executable=self.home / "bin" / "zoho-xero-sync",
            )
        )  # fmt: skip

    def night(self) -> subprocess.CompletedProcess[str]:
        """What cron does: nothing but its four variables, the home directory, and /bin/sh."""
        environ = {"HOME": str(self.home), "LOGNAME": "books", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
        return self._said(
            subprocess.run(
                ["/bin/sh", "-c", self.line],
                cwd=self.home, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                check=False,
            )
        )  # fmt: skip

    def _said(self, done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
        told = done.stdout + done.stderr
        assert "Traceback" not in told, told
        assert not [secret for name, secret in SECRETS.items() if not name.endswith("_ID") and secret in told]
        return done

    def line_of_check(self, subject: str, typed: Mapping[str, str] | None = None) -> str:
        """The line of `check` on `subject`, with the hint below it."""
        done = self.shell("check", typed=typed)
        found = re.search(rf"^\S+: {subject}: .*(\n  .*)*", done.stdout, flags=re.MULTILINE)
        assert found, done.stdout + done.stderr
        return " ".join(found[0].split())


def assert_works(machine: Machine) -> None:
    """`check` is content, a deal is invoiced by night and mailed once, and an idle run says nothing."""
    told = machine.shell("check").stdout
    assert "ok: Logins under cron: found in cron's own environment\n" in told
    assert "ok: Cron job: found in crontab -l\n" in told
    first = machine.night()
    assert (first.returncode, first.stderr) == (0, ""), first
    machine.desk.add(order("job", "Closed Won"))
    made = machine.night()
    assert (made.returncode, made.stderr) == (0, ""), made
    assert "Order job" in made.stdout
    idle = machine.night()
    assert (idle.returncode, idle.stdout, idle.stderr) == (0, "", "")
    assert len(machine.desk.invoices("job")) == 1
    assert_promises(machine.desk)


def keep(machine: Machine, typed: Mapping[str, str] | None = None) -> None:
    """Log in as a person does; a login in the environment is kept where secrets.store says."""
    with_client = {name: value for name, value in SECRETS.items() if not name.endswith("REFRESH_TOKEN")}
    code = machine.desk.box.zoho.issue_grant_code(SCOPES.split(","))
    for argv in (("auth", "zoho", "--code", code), ("auth", "xero")):
        done = machine.shell(*argv, typed={**with_client, **(typed or {})})
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_file(desk_of: OpenDesk) -> None:
    machine = Machine.of(desk_of(on=world(), running=True), "/opt/")
    machine.desk.configure(secrets={"store": "file", "file": str(machine.home / "secrets.json")})
    keep(machine)
    assert_works(machine)


def test_a_keyring_that_cron_cannot_reach_is_told_before_the_first_night(desk_of: OpenDesk) -> None:
    machine = Machine.of(desk_of(on=world(), running=True), "/opt/")
    machine.desk.configure(secrets={"store": "keyring", "file": str(machine.home / "secrets.json")})
    # As a desktop's: it is there for the shell, by a variable that cron does not have.
    (machine.home / "ring.py").write_text(BACKEND, encoding="utf-8")
    desktop = {"PYTHON_KEYRING_BACKEND": "ring.FileKeyring", "PYTHONPATH": str(machine.home)}
    keep(machine, desktop)
    told = machine.line_of_check("Logins under cron", desktop)
    assert told.startswith("PROBLEM: Logins under cron: Under cron: The keyring could not be used (NoKeyringError).")
    assert "set `secrets.store: file` in the configuration and log in again" in told
    night = machine.night()
    assert (night.returncode, night.stdout) == (12, "")
    assert "The keyring could not be used" in night.stderr
    # The hint is followed.
    machine.desk.configure(secrets={"store": "file"})
    keep(machine)
    assert machine.night().returncode == 0


def test_a_keyring_that_keyrings_own_configuration_names(desk_of: OpenDesk) -> None:
    machine = Machine.of(desk_of(on=world(), running=True), "/opt/")
    machine.desk.configure(secrets={"store": "keyring", "file": str(machine.home / "secrets.json")})
    rings = machine.home / "rings"
    rings.mkdir()
    (rings / "ring.py").write_text(BACKEND, encoding="utf-8")
    settings = machine.home / ".config" / "python_keyring" / "keyringrc.cfg"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"[backend]\ndefault-keyring=ring.FileKeyring\nkeyring-path={rings}\n", encoding="utf-8")
    keep(machine)
    assert (rings / "ring.json").exists()
    assert not (machine.home / "secrets.json").exists()
    assert_works(machine)


def test_variables(desk_of: OpenDesk) -> None:
    machine = Machine.of(desk_of(on=world(), running=True), "/opt/")
    tokens = machine.home / "tokens.json"
    machine.desk.configure(secrets={"store": "env", "file": str(tokens)})
    told = machine.line_of_check("Logins under cron", SECRETS)
    assert told.startswith(
        "PROBLEM: Logins under cron: Cron would not find ZXS_ZOHO_CLIENT_ID, ZXS_ZOHO_CLIENT_SECRET,"
    )
    assert "a file of mode 0600 that the job reads first" in told
    night = machine.night()
    assert (night.returncode, night.stdout) == (12, "")
    assert "ZXS_ZOHO_CLIENT_ID" in night.stderr


def test_variables_from_a_file_that_the_job_reads(desk_of: OpenDesk) -> None:
    machine = Machine.of(desk_of(on=world(), running=True), "set -a;")
    machine.desk.configure(secrets={"store": "env", "file": str(machine.home / "tokens.json")})
    variables = machine.home / "env"
    variables.write_text("".join(f"{name}={value}\n" for name, value in SECRETS.items()), encoding="utf-8")
    variables.chmod(0o600)
    # The shell has them too, or there would be nothing to compare with.
    done = machine.shell("check", typed=SECRETS)
    assert "ok: Logins under cron: found in cron's own environment" in done.stdout, done.stdout
    first = machine.night()
    assert (first.returncode, first.stderr) == (0, ""), first
    machine.desk.add(order("job", "Closed Won"))
    assert "Order job" in machine.night().stdout
    kept = (machine.home / "tokens.json").read_text("utf-8")
    assert not [value for value in SECRETS.values() if value in kept]
    assert_promises(machine.desk)
