"""The frame itself: two ports from start to stop, connections that are kept, every call counted."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, RemoteDisconnected

import pytest
import requests

from zoho_xero_sync.sandbox import Sandbox, VirtualClock
from zoho_xero_sync.sandbox.calls import Call, CallLog

_NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({}, clock=VirtualClock(_NOW, running=False)) as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        yield opened


def _login(sandbox: Sandbox, session: requests.Session) -> None:
    client = sandbox.world["xero"]["client"]
    minted = session.post(
        f"{sandbox.xero_url}/connect/token",
        data={"grant_type": "client_credentials"},
        auth=(client["id"], client["secret"]),
        timeout=10,
    )
    session.headers["Authorization"] = f"Bearer {minted.json()['access_token']}"


def _organisation(sandbox: Sandbox, session: requests.Session) -> requests.Response:
    return session.get(f"{sandbox.xero_url}/api.xro/2.0/Organisation", timeout=10)


def _workers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread is not threading.main_thread()}


def test_stop_leaves_no_thread_and_no_open_port(session: requests.Session) -> None:
    before = _workers()
    sandbox = Sandbox({}).start()
    session.get(f"{sandbox.zoho_url}/_sandbox/state", timeout=10)
    port = int(sandbox.zoho_url.rsplit(":", 1)[1])
    sandbox.stop()
    assert _workers() - before == set()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_it_starts_again_on_the_same_ports_with_the_same_state() -> None:
    sandbox = Sandbox({})
    with sandbox:
        urls = sandbox.zoho_url, sandbox.xero_url
        sandbox.zoho.create("Accounts", {"key": "acme", "Account_Name": "Acme"})
    with sandbox:
        assert (sandbox.zoho_url, sandbox.xero_url) == urls
        state = requests.get(f"{sandbox.zoho_url}/_sandbox/state", timeout=10).json()
    assert [account["Account_Name"] for account in state["zoho"]["modules"]["Accounts"]] == ["Acme"]


def test_start_and_stop_may_be_repeated() -> None:
    sandbox = Sandbox({}).start()
    assert sandbox.start() is sandbox
    sandbox.stop()
    sandbox.stop()


def test_there_is_no_address_before_the_start() -> None:
    with pytest.raises(RuntimeError, match="no address"):
        _ = Sandbox({}).zoho_url


def test_a_taken_port_is_an_oserror_and_leaves_nothing_running() -> None:
    before = _workers()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        sandbox = Sandbox({}, xero_port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            sandbox.start()
    assert _workers() - before == set()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "example.com"])
def test_it_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(ValueError, match="loopback only"):
        Sandbox({}, host=host)


def test_the_clock_starts_where_the_world_says() -> None:
    sandbox = Sandbox({"clock": "2026-11-20T01:00:00Z"})
    assert (sandbox.clock.now() - _NOW).total_seconds() < 60
    assert sandbox.clock.now() >= _NOW


def test_answers_carry_the_virtual_date(sandbox: Sandbox, session: requests.Session) -> None:
    for url in (f"{sandbox.zoho_url}/crm/v8/org", f"{sandbox.xero_url}/connections"):
        assert parsedate_to_datetime(session.get(url, timeout=10).headers["Date"]) == _NOW


def test_one_connection_serves_many_requests_even_unread_bodies(sandbox: Sandbox) -> None:
    with closing(HTTPConnection(sandbox.xero_url.removeprefix("http://"), timeout=10)) as connection:
        connection.connect()
        first = connection.sock
        for _ in range(5):
            connection.request("PUT", "/api.xro/2.0/Contacts", body=b"x" * 200_000)
            answer = connection.getresponse()
            assert (answer.status, int(answer.headers["Content-Length"])) == (401, len(answer.read()))
        assert connection.sock is first


def test_a_client_may_ask_for_the_connection_to_end(sandbox: Sandbox) -> None:
    with closing(HTTPConnection(sandbox.zoho_url.removeprefix("http://"), timeout=10)) as connection:
        connection.request("GET", "/crm/v8/org", headers={"Connection": "close"})
        connection.getresponse().read()
        with pytest.raises((BrokenPipeError, ConnectionResetError, RemoteDisconnected)):
            connection.request("GET", "/crm/v8/org")
            connection.getresponse()


def test_a_chunked_body_is_understood(sandbox: Sandbox, session: requests.Session) -> None:
    client = sandbox.world["xero"]["client"]
    form = f"grant_type=client_credentials&client_id={client['id']}&client_secret={client['secret']}".encode()
    minted = session.post(
        f"{sandbox.xero_url}/connect/token",
        data=iter([form[:20], form[20:]]),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=10,
    )
    assert minted.status_code == 200


def test_a_body_beyond_all_limits_is_refused(sandbox: Sandbox) -> None:
    port = int(sandbox.xero_url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall(b"PUT /api.xro/2.0/Contacts HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        assert raw.makefile("rb").readline().startswith(b"HTTP/1.1 413 ")


def test_many_clients_at_once_are_all_answered_and_counted(sandbox: Sandbox) -> None:
    def ask() -> None:
        with requests.Session() as own:
            statuses.extend(own.get(f"{sandbox.zoho_url}/crm/v8/org", timeout=10).status_code for _ in range(10))

    statuses: list[int] = []
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [401] * 80
    assert sandbox.calls.count("zoho") == 80


def test_calls_are_counted_by_kind_and_tokens_apart(sandbox: Sandbox, session: requests.Session) -> None:
    _login(sandbox, session)
    answer = _organisation(sandbox, session)
    assert "X-Sandbox-Kind" not in answer.headers
    session.put(f"{sandbox.xero_url}/api.xro/2.0/Contacts", json={"Contacts": [{"Name": "Acme"}]}, timeout=10)
    assert sandbox.calls.table() == {"xero.contacts.put": 1, "xero.organisation": 1, "xero.token": 1}
    assert sandbox.calls.count("xero", method="GET") == 1
    assert sandbox.calls.api_calls("xero") == 2
    assert sandbox.calls.api_calls("zoho") == 0
    assert [(call.method, call.status, call.at) for call in sandbox.calls.writes()] == [("PUT", 200, _NOW)]
    sandbox.calls.reset()
    assert len(sandbox.calls) == 0


def test_control_routes_are_not_counted(sandbox: Sandbox, session: requests.Session) -> None:
    for path in ("/", "/_sandbox/", "/_sandbox/state", "/_sandbox/calls"):
        session.get(sandbox.zoho_url + path, timeout=10)
    assert sandbox.calls.table() == {}


@pytest.mark.parametrize(
    ("method", "path", "is_write"),
    [
        ("PUT", "/api.xro/2.0/Invoices", True),
        ("POST", "/api.xro/2.0/Invoices/1", True),
        ("PUT", "/crm/v8/Deals", True),
        ("DELETE", "/connections/1", True),
        ("GET", "/api.xro/2.0/Invoices", False),
        ("POST", "/crm/v8/coql", False),
        ("POST", "/oauth/v2/token", False),
        ("POST", "/oauth/v2/token/revoke", False),
        ("POST", "/connect/token", False),
    ],
)
def test_what_counts_as_a_write(method: str, path: str, is_write: bool) -> None:
    log = CallLog()
    log.record(Call("xero", "any", method, path, 200, _NOW))
    assert bool(log.writes()) is is_write
