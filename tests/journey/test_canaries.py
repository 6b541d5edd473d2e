"""Credentials are nowhere: not in what is said, logged, reported or stored, whatever goes wrong, at debug level."""

from __future__ import annotations

from pathlib import Path

import pytest
from promises import assert_no_secret
from world_tools import SECRETS, Desk, order

from zoho_xero_sync.sandbox.faults import KINDS

WRONG = "canary-that-is-refused-44c1"


def loud(desk: Desk, style: str) -> tuple[str, ...]:
    """Options of every command that have it say everything, here and in a file."""
    return ("-vv", "--log-file", str(desk.folder / "run.log"), "--log-format", style)


def loudly(desk: Desk, *argv: str) -> int:
    """Run a command at debug level, its log as text and as JSON by turns; the exit code."""
    return desk.run(*loud(desk, ("text", "json")[len(desk.said) // 2 % 2]), *argv).code


def assert_clean(desk: Desk) -> None:
    """No credential, good or refused, is where it should not be."""
    assert_no_secret(desk)
    places = [*desk.said, *(path.read_bytes().decode("utf-8", "replace") for path in desk.folder.iterdir())]
    assert not [place for place in places if WRONG in place]


@pytest.mark.slow
@pytest.mark.parametrize("service", ["zoho", "xero"])
def test_no_fault_brings_a_credential_to_light(service: str, desk: Desk) -> None:
    for number, kind in enumerate(kind for kind in KINDS if kind != "connection_revoked"):
        desk.wait(hours=25)
        desk.add(order(f"deal{number}", "Closed Won"))
        desk.fault(kind, service=service, skip=number % 3, times=40, seconds=5)
        loudly(desk, "sync", "--json")
        desk.box.faults.clear()
    desk.wait(hours=25)
    desk.add(order("last", "Closed Won"))
    desk.fault("connection_revoked", service=service)
    assert loudly(desk, "sync") == 12
    assert_clean(desk)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(SECRETS))
def test_a_refused_credential_is_not_repeated(name: str, desk: Desk) -> None:
    desk.wait(hours=25)
    desk.environ[name] = WRONG
    desk.add(order("job", "Closed Won"))
    (desk.folder / "secrets.json").unlink()
    assert loudly(desk, "sync") in (4, 12)
    assert "POST" in (desk.folder / "run.log").read_text(encoding="utf-8"), "the log is not at debug level"
    for argv in (("sync", "--json"), ("check",), ("auth", "status"), ("show", desk.deal("job"))):
        loudly(desk, *argv)
    assert_clean(desk)


def test_commands_that_fail_do_not_repeat_what_they_were_given(desk: Desk) -> None:
    settings = (desk.folder / "config.yaml").read_text(encoding="utf-8")
    (desk.folder / "broken.yaml").write_text(settings + f"zoho_client_secret: {WRONG}\n", encoding="utf-8")
    (desk.folder / "secrets.json").write_text(f'{{"zoho": "{WRONG}"', encoding="utf-8")
    assert desk.run(*loud(desk, "json"), "--config", "broken.yaml", "sync").code == 10
    (desk.folder / "broken.yaml").unlink()
    desk.wait(hours=25)
    desk.add(order("job", "Closed Won"))
    for argv in (("sync",), ("status",), ("check",), ("auth", "status")):
        loudly(desk, *argv)
    (desk.folder / "secrets.json").unlink()
    assert_clean(desk)


@pytest.mark.slow
def test_a_process_has_no_credential_among_its_arguments(desk: Desk) -> None:
    process = desk.start(*loud(desk, "json"), "sync", "--json")
    given = ""
    while not given and process.poll() is None:  # Nothing is there until the program took the place of its starter.
        given = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode("utf-8", "replace")
    desk.finish(process)
    assert "zoho_xero_sync" in given
    assert not [value for value in SECRETS.values() if value in given]
