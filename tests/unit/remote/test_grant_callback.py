"""The way back from a login page: only this login's own answer ends the wait, and the page tells nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from zoho_xero_sync.errors import LoginError, UsageError
from zoho_xero_sync.remote.callback import (
    Listener,
    Returned,
    StrangeReturnError,
    read_returned,
    redirect_uri,
    refusal,
)

STATE = "state-of-this-login"
BACK = "http://localhost:8742/callback"


def test_the_address_is_localhost_by_name() -> None:
    assert redirect_uri(8742) == BACK


@pytest.mark.parametrize(
    ("address", "code", "error"),
    [
        (f"{BACK}?code=abc&state={STATE}", "abc", None),
        (f"/callback?state={STATE}&code=a%2Fb%2Bc", "a/b+c", None),
        (f"  {BACK}?code=abc&state={STATE}&scope=accounting.invoices  ", "abc", None),
        (f"http://127.0.0.1:8742/callback?code=abc&state={STATE}#part", "abc", None),
        (f"{BACK}?error=access_denied&state={STATE}", None, "access_denied"),
        (f"{BACK}?error=access_denied", None, "access_denied"),
        (f"{BACK}?error=access_denied&code=abc&state={STATE}", None, "access_denied"),
    ],
)
def test_what_comes_back_is_read(address: str, code: str | None, error: str | None) -> None:
    returned = read_returned(address, STATE)
    assert (returned.code, returned.error) == (code, error)


def test_zohos_own_words_are_read() -> None:
    address = f"{BACK}?code=1&state={STATE}&location=eu&accounts-server=https%3A%2F%2Faccounts.zoho.eu"
    assert read_returned(address, STATE) == Returned("1", None, "https://accounts.zoho.eu", "eu")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "abc",
        "http://[",
        f"{BACK}?state={STATE}",
        f"{BACK}?code=&state={STATE}",
        f"{BACK}?code=abc",
        f"{BACK}?code=abc&state=other",
        f"{BACK}?error=access_denied&state=other",
        f"{BACK}?code=abc&code=def&state={STATE}",
        f"{BACK}?code=abc&state={STATE}&state={STATE}",
        f"{BACK}?code=a%0Ab&state={STATE}",
        f"http://localhost:8742/?code=abc&state={STATE}",
        f"https://example.com/callback?code=abc&state={STATE}",
        f"{BACK}?code=abc&state=%C3%A9",
        f"{BACK}?{'&'.join('a=1' for _ in range(100))}",
    ],
)
def test_what_is_not_this_logins_way_back_is_strange(address: str) -> None:
    with pytest.raises(StrangeReturnError):
        read_returned(address, STATE)


def test_the_code_is_not_shown() -> None:
    assert "abc" not in repr(read_returned(f"{BACK}?code=abc&state={STATE}", STATE))


def ask(port: int, request: bytes, *, hang: bool = False) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        if hang:
            return b""
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def listen(clock: Any, visits: Callable[[int], None]) -> Returned | None:
    """What a listener got from these visits; when they are over without a way back, its time is up."""
    port = free_port()

    def go() -> None:
        visits(port)
        clock.pass_time(300)

    with Listener(port, STATE) as listener:
        until = clock.monotonic() + 300
        thread = threading.Thread(target=go)
        thread.start()
        returned = listener.wait(until, clock, lambda: None)
        thread.join()
    return returned


def test_strangers_are_refused_and_waited_past(clock: Any) -> None:
    answers: list[bytes] = []

    def visits(port: int) -> None:
        answers.append(ask(port, get("/favicon.ico")))
        answers.append(ask(port, get("/callback?code=forged&state=other")))
        answers.append(ask(port, get("/callback?code=" + "a" * 9000 + f"&state={STATE}")))
        answers.append(ask(port, b"POST /callback HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"))
        answers.append(ask(port, b"\x16\x03\x01 no HTTP at all\r\n\r\n"))
        ask(port, b"", hang=True)
        answers.append(ask(port, get(f"/callback?code=ours&state={STATE}")))

    returned = listen(clock, visits)
    assert returned is not None
    assert returned.code == "ours"
    assert [answer.split(b" ")[1] for answer in answers if answer.startswith(b"HTTP/1")] == [
        b"404", b"400", b"404", b"501", b"200",
    ]  # fmt: skip
    last = answers[-1]
    assert b"Close this page" in last
    assert b"ours" not in last
    assert b"Referrer-Policy: no-referrer" in last
    assert b"Python" not in b"".join(answers)


def test_a_silent_connection_does_not_stop_the_wait(clock: Any) -> None:
    def visits(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=10):
            ask(port, get(f"/callback?code=ours&state={STATE}"))

    returned = listen(clock, visits)
    assert returned is not None


def test_time_runs_out(clock: Any) -> None:
    assert listen(clock, lambda port: None) is None


def test_the_wait_ends_when_asked(clock: Any) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with Listener(free_port(), STATE) as listener, pytest.raises(KeyboardInterrupt):
        listener.wait(clock.monotonic() + 300, clock, stop)


def test_only_this_machine_is_listened_to() -> None:
    port = free_port()
    with Listener(port, STATE), socket.create_server(("127.0.0.2", port)):
        pass


def test_a_taken_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(UsageError) as told:
        Listener(other.getsockname()[1], STATE)
    assert "--paste" in told.value.hint


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("access_denied", "somebody chose not to allow it"),
        ("server_error", "(server_error)"),
        ("<script>", "(unknown error)"),
    ],
)
def test_a_refusal_in_words(error: str, sentence: str) -> None:
    found = refusal("Xero", Returned(None, error))
    assert isinstance(found, LoginError)
    assert sentence in found.message
    assert "zoho-xero-sync auth xero" in found.hint
