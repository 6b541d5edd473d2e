"""Tokens across processes and crashes: one process gets a new one, it is stored before it counts, and no loop asks."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from auth_tools import Office, office_in
from world_tools import order

from zoho_xero_sync.remote import filestore
from zoho_xero_sync.sandbox import Fault


def token_calls(office: Office) -> list[str]:
    """The services that were asked for a token since the log was cleared."""
    return sorted(call.service for call in office.box.calls.all() if call.kind == "token")


def sell(office: Office) -> None:
    """A deal that a run must go to Xero for."""
    placed = order("new", "Closed Won")
    office.box.zoho.create("Deals", placed.deal)
    office.box.zoho.create("Quotes", placed.quote)


@pytest.fixture
def pkce(tmp_path: Path) -> Iterator[Office]:
    with office_in(tmp_path, "pkce") as office:
        office.log_in_zoho()
        office.log_in_xero()
        office.run("sync")
        yield office


@pytest.mark.slow
@pytest.mark.parametrize("connection", ["custom", "pkce"])
def test_many_processes_at_once_get_one_new_token(tmp_path: Path, connection: str) -> None:
    with office_in(tmp_path, connection, running=True) as office:
        office.log_in_zoho()
        office.log_in_xero()
        office.box.zoho.oauth.expire_access_tokens()
        office.box.xero.tokens.expire_access_tokens()
        file = tmp_path / "secrets.json"
        kept = json.loads(file.read_text("utf-8"))
        for name in ("zoho_tokens", "xero_tokens"):
            tokens = json.loads(kept[name])
            kept[name] = json.dumps({**tokens, "expires_at": "2026-01-01T00:00:00+00:00"})
        file.write_text(json.dumps(kept), encoding="utf-8")
        office.box.calls.reset()
        command = [sys.executable, "-m", "zoho_xero_sync", "auth", "status", "--check"]
        environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        started = [
            subprocess.Popen(
                command, cwd=tmp_path, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True,
            )
            for _ in range(4)
        ]  # fmt: skip
        said = [process.communicate(timeout=120) for process in started]
        assert [process.returncode for process in started] == [0] * 4, said
        assert token_calls(office) == ["xero", "zoho"]
        office.said += [text for pair in said for text in pair]


@pytest.mark.parametrize(("minutes", "code"), [(29, 0), (31, 12)])
def test_a_token_that_was_used_up_and_never_stored_works_for_half_an_hour(
    pkce: Office, tmp_path: Path, minutes: int, code: int
) -> None:
    file = tmp_path / "secrets.json"
    pkce.wait(hours=1)
    before = file.read_bytes()
    pkce.status("--check")
    # The power fails between Xero's answer and the disk.
    file.write_bytes(before)
    pkce.wait(minutes=minutes)
    login = pkce.status("--check", code=code)["xero"]
    assert login["state"] == ("refused" if code else "ok")


def test_the_token_before_is_kept_with_the_new_one(pkce: Office) -> None:
    first = pkce.secrets()["xero_tokens"]["refresh"]
    pkce.wait(hours=1)
    pkce.status("--check")
    kept = pkce.secrets()["xero_tokens"]
    assert (kept["previous_refresh"], kept["refresh"] != first) == (first, True)


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def read_only(*_: object) -> None:
    raise OSError(errno.EROFS, "Read-only file system")


@pytest.mark.parametrize("trouble", [full, read_only])
def test_while_no_token_can_be_stored_none_is_asked_for_and_nothing_is_sent(
    pkce: Office, monkeypatch: pytest.MonkeyPatch, trouble: Callable[..., None]
) -> None:
    sell(pkce)
    pkce.wait(hours=2)
    pkce.box.calls.reset()
    kept = pkce.secrets()
    with monkeypatch.context() as patch:
        patch.setattr(filestore, "_write_new", trouble)
        # Every minute for longer than the grace of a token that was used up.
        for _ in range(3):
            problem = json.loads(pkce.run("sync", "--json", code=12).out)["problems"][0]
            assert "could not be written: " in problem["message"]
            assert problem["hint"] == "Make room or correct its directory's rights, then run the command again."
            pkce.wait(minutes=20)
    assert pkce.box.calls.all() == ()
    assert pkce.secrets() == kept
    assert {login["state"] for login in pkce.status("--check").values()} == {"ok"}


def test_a_token_that_then_cannot_be_stored_is_not_used(pkce: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    sell(pkce)
    pkce.wait(hours=2)
    pkce.box.calls.reset()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        pkce.run("sync", code=12)
    assert token_calls(pkce) == ["zoho"]
    assert len(pkce.box.calls) == 1
    assert {login["state"] for login in pkce.status("--check").values()} == {"ok"}


def test_a_token_that_the_service_ended_early_is_replaced_once(pkce: Office) -> None:
    for service in ("zoho", "xero"):
        pkce.box.faults.add(Fault("token_expired", service=service))
    pkce.box.calls.reset()
    assert {login["state"] for login in pkce.status("--check").values()} == {"ok"}
    assert token_calls(pkce) == ["xero", "zoho"]
