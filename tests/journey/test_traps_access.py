"""Traps that other synchronisers fell into with logins, organisations and exit codes, and services that are away.

The numbers are those of the list this project was planned with.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from auth_tools import HOME, OTHER, Office, office_in
from promises import assert_no_secret, assert_promises
from trap_tools import INVOICES, also, answered, links
from world_tools import Desk, OpenDesk, actions, order, problem_codes, world

from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.core.scopes import xero_scopes
from zoho_xero_sync.remote.http import SystemClock, Transport
from zoho_xero_sync.remote.login import Login
from zoho_xero_sync.remote.secret import TokenSet
from zoho_xero_sync.remote.secrets import open_store, token_lock


def test_trap_32_an_empty_currency_is_not_guessed(desk_of: OpenDesk) -> None:
    """Neither the deal nor the organisation names one: the deal waits."""
    placed = world(order("job"))
    placed["zoho"]["org"] = {"iso_code": ""}
    desk = desk_of(on=placed)
    desk.sync()
    desk.move("job", "Closed Won")
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=3)) == ["currency_missing"]


def test_trap_37_two_processes_do_not_both_renew_the_token(tmp_path: Path) -> None:
    """Each has its own store object, as processes have; the lock between them is the real one."""
    minted: list[int] = []
    together = threading.Barrier(4)

    def mint(stored: TokenSet) -> TokenSet:
        minted.append(1)
        access, until = stores[0].protect(f"token {len(minted)}"), clock.now() + timedelta(hours=1)
        return replace(stored, access=access, expires_at=until, extra={"login": "mine"})

    clock, file = SystemClock(), tmp_path / "secrets.json"
    stores = [open_store("file", file, {}, register=lambda secret: None) for _ in range(4)]
    got: list[str] = []

    def run(number: int) -> None:
        login = Login("Xero", stores[number], clock, token_lock(file), mark=lambda tokens: "mine", mint=mint)
        together.wait(10)
        got.append(login.access().reveal())

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert got == ["token 1"] * 4


@pytest.mark.slow
def test_trap_38_no_credential_is_in_a_log(desk: Desk) -> None:
    desk.add(order("job", "Closed Won"))
    desk.box.zoho.oauth.revoke_everything()
    desk.run("-vv", "--log-file", str(desk.folder / "run.log"), "sync", code=12)
    text = (desk.folder / "run.log").read_text(encoding="utf-8")
    assert "/oauth/v2/token" in text
    assert_no_secret(desk)


@pytest.mark.parametrize("connection", ["custom", "pkce", "web"])
def test_trap_39_no_retired_scope_is_asked_for(connection: str) -> None:
    """Xero ended its broad scopes for new apps in 2026."""
    asked = {scope.name for scope in xero_scopes(connection, Rules(stages=()))}
    retired = {"accounting.transactions", "accounting.transactions.read", "accounting.reports.read"}
    assert not asked & retired and "accounting.invoices" in asked


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Office]:
    """A web app that two organisations are connected to."""
    with office_in(tmp_path, "web", organisations=[{"Name": OTHER}]) as ready:
        yield ready


@pytest.mark.slow
def test_trap_40_logging_out_cuts_nobody_elses_connection(both: Office) -> None:
    """Revoking the token would end the links of every organisation; one connection is removed instead."""
    both.log_in_xero("--tenant", HOME)
    both.run("auth", "logout", "xero")
    assert [tenant.connection is not None for tenant in both.box.xero.tenants.values()] == [False, True]
    assert not [call for call in both.box.calls.all() if call.path.endswith("revocation")]


def revoked(desk: Desk) -> None:
    desk.box.zoho.oauth.revoke_everything()


def down(desk: Desk) -> None:
    desk.fault("status_503", service="xero", times=500)


def offline(desk: Desk) -> None:
    desk.box.xero.switches["organisation_offline"] = True


def maintenance(desk: Desk) -> None:
    desk.fault("html_502", service="xero", times=500)


def crowded(desk: Desk) -> None:
    desk.fault("rate_concurrent", service="xero", times=500)


def unheard(desk: Desk) -> None:
    desk.fault("drop_after", method="PUT", path=INVOICES)
    desk.fault("status_503", method="PUT", path=INVOICES, skip=1)
    desk.fault("status_503", method="GET", path=INVOICES, skip=1, times=300)


def nobody(desk: Desk) -> None:
    desk.box.zoho.update("Deals", desk.deal("job"), {"Account_Name": None, "Contact_Name": None})


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (offline, 4),
        (crowded, 4),
        *(also(*case) for case in ((revoked, 12), (down, 4), (maintenance, 4), (unheard, 4), (nobody, 3))),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_trap_44_nothing_that_failed_says_ok(desk: Desk, harm: Callable[[Desk], None], code: int) -> None:
    desk.add(order("job", "Closed Won"))
    harm(desk)
    report = desk.sync(code=code)
    assert report["problems"] and all(problem["hint"] for problem in report["problems"])
    desk.box.faults.clear()
    desk.box.xero.switches["organisation_offline"] = False
    if code == 4:
        desk.sync()
        assert links(desk) == {desk.deal("job"): desk.invoice("job")["InvoiceID"]}
        assert_promises(desk)


@pytest.mark.slow
def test_trap_45_work_for_one_organisation_is_not_done_in_another(desk: Desk, desk_of: OpenDesk) -> None:
    """What waits in the ledger was planned for the books it was made with."""
    desk.add(order("job", "Closed Won"))
    desk.fault("status_503", service="xero", path="/(Contacts|Invoices)", times=500)
    desk.sync(code=4)
    desk.box.faults.clear()
    other = world(xero={"organisation": {"OrganisationID": "aaaaaaaa-0000-4000-8000-0a5a4d9b7e01", "Name": "Another"}})
    there = desk_of(on=other)
    desk.configure(xero=dict.fromkeys(("identity_url", "login_url", "api_url"), there.box.xero_url))
    with there.nothing_sent():
        assert problem_codes(desk.sync(code=13)) == ["ledger_unusable"]
    desk.configure(xero=dict.fromkeys(("identity_url", "login_url", "api_url"), desk.box.xero_url))
    assert actions(desk, desk.sync()) == {"job": "create"}


# ---- what else the services do ----


@pytest.mark.parametrize(("status", "envelope"), [(200, "row"), (400, "flat"), also(200, "flat"), also(400, "row")])
def test_zoho_asks_to_slow_down_in_a_body(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, status: int, envelope: str
) -> None:
    """Its code of a 429 under another status is waited out like one, and never taken for an answer."""
    said = {"code": "TOO_MANY_REQUESTS", "details": {}, "message": "Please try again later", "status": "error"}
    body = json.dumps(said if envelope == "flat" else {"data": [said]}).encode()
    send: Any = Transport._send
    left = [2]

    def throttled(transport: Transport, call: Any, headers: Any) -> Any:
        answer = send(transport, call, headers)
        if transport.service != "Zoho" or not left[0] or "/oauth/" in call.path:
            return answer
        left[0] -= 1
        return replace(answer, status=status, body=body)

    monkeypatch.setattr(Transport, "_send", throttled)
    desk.add(order("job", "Closed Won"))
    assert actions(desk, desk.sync()) == {"job": "create"}
    assert left == [0]
    left[0] = 10_000
    desk.add(order("next", "Closed Won"))
    assert problem_codes(desk.sync(code=4)) == ["service_unavailable"]


def test_a_quarrel_about_a_key_refuses_no_deal(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 400 about the Idempotency-Key says nothing about the invoices: Xero is asked what it has."""
    body = b'{"Type":"ValidationException","Message":"The Idempotency-Key has been used with another request."}'
    answered(monkeypatch, lambda answer: replace(answer, status=400, body=body))
    job = desk.add(order("job", "Closed Won"))
    desk.sync()
    assert links(desk) == {job: desk.invoice("job")["InvoiceID"]}
    assert_promises(desk)


def test_what_a_killed_creation_left_is_cleared(desk: Desk) -> None:
    mine = [desk.folder / f".ledger.db.{name}" for name in ("abcd1234.new", "abcd1234.new-journal", "zz_90210.new")]
    others = [desk.folder / name for name in (".other.db.abcd1234.new", ".ledger.db.run.lock", "ledger.db.new")]
    for path in (*mine, *others):
        path.write_bytes(b"left")
    desk.sync()
    assert [path.exists() for path in mine] == [False] * 3
    assert all(path.exists() for path in others)


def test_after_a_cut_inside_a_commit_every_reader_says_what_to_type(desk: Desk) -> None:
    """Reading alone cannot undo half a change; the next sync does, and nothing is lost."""
    desk.add(order("job", "Closed Won"))
    journal = desk.folder / "ledger.db-journal"
    with closing(sqlite3.connect(desk.ledger, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 2")
        connection.execute("BEGIN IMMEDIATE")
        for number in range(40):
            connection.execute("INSERT INTO covered_stage VALUES (?, ?)", (f"half {number}", "x" * 20_000))
        half = desk.ledger.read_bytes(), journal.read_bytes()
        connection.execute("ROLLBACK")
    desk.ledger.write_bytes(half[0])
    journal.write_bytes(half[1])
    journal.chmod(0o600)
    for command in (["status"], ["show", desk.deal("job")], ["sync", "--dry-run"]):
        assert "Run `zoho-xero-sync sync`" in desk.run(*command, code=13).err
    assert (desk.ledger.read_bytes(), journal.read_bytes()) == half
    assert actions(desk, desk.sync()) == {"job": "create"}
    desk.run("status", code=0)
    assert_promises(desk)
