"""The transport: what is tried again, what never is, what is said, and what is never said."""

from __future__ import annotations

import json
import logging
import pickle
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses
from urllib3 import exceptions as urllib3_errors

from zoho_xero_sync.errors import AllowanceError, BugError, LoginError, RemoteError
from zoho_xero_sync.remote.http import (
    Answer,
    BadAnswer,
    DayAllowanceError,
    NoAnswer,
    NotSent,
    Transport,
    Verdict,
    verdict,
)

BASE = "https://api.example.com"
CANARY = "canary-5b1d"


class Login:
    """An authorizer that hands out numbered tokens."""

    def __init__(self, *, renewable: bool = True) -> None:
        self.token = 1
        self.judged: list[int] = []
        self.renewable = renewable

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {CANARY}-{self.token}"}

    def renew(self, answer: Answer) -> bool:
        self.judged.append(answer.status)
        if answer.status == 401 and self.renewable:
            self.token += 1
            return True
        return False


@pytest.fixture
def make(clock: Any) -> Iterator[Callable[..., Transport]]:
    opened: list[Transport] = []

    def build(base: str = BASE, service: str = "Xero", **options: Any) -> Transport:
        transport = Transport(service, base, clock=clock, random=lambda: 0.0, **options)
        opened.append(transport)
        return transport

    yield build
    for transport in opened:
        transport.close()


@pytest.fixture
def net() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def send(transport: Transport, *, writing: bool) -> Answer:
    if writing:
        return transport.write("PUT", "/things", body=b'{"a": 1.10}')
    return transport.read("GET", "/things")


# ---- the verdict on a status ----


@pytest.mark.parametrize("status", range(100, 600))
@pytest.mark.parametrize("writing", [False, True])
def test_the_verdict_on_every_status(status: int, writing: bool) -> None:
    if status in (401, 403):
        expected = Verdict.LOGIN
    elif status == 429:
        expected = Verdict.SLOW_DOWN
    elif status // 100 == 1 or (status // 100 == 3 and status != 304):
        expected = Verdict.REFUSE
    elif not writing and (status == 408 or (status >= 500 and status != 501)):
        expected = Verdict.TRY_AGAIN
    else:
        expected = Verdict.RETURN
    assert verdict(status, writing=writing) is expected


@pytest.mark.parametrize("status", [200, 201, 204, 304, 400, 404, 405, 412, 413, 501])
@pytest.mark.parametrize("writing", [False, True])
def test_an_answer_that_decides_comes_back_at_once(make, net, clock, status: int, writing: bool) -> None:
    net.add(responses.PUT if writing else responses.GET, f"{BASE}/things", status=status)
    transport = make()
    assert send(transport, writing=writing).status == status
    assert (transport.calls, clock.slept) == (1, [])


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_write_is_never_repeated_after_a_5xx(make, net, clock, status: int) -> None:
    net.add(responses.PUT, f"{BASE}/things", status=status)
    transport = make()
    assert send(transport, writing=True).status == status
    assert (transport.calls, clock.slept) == (1, [])


def test_a_read_backs_off_until_it_works(make, net, clock) -> None:
    for status in (500, 502, 503, 408):
        net.add(responses.GET, f"{BASE}/things", status=status)
    net.add(responses.GET, f"{BASE}/things", json={"ok": True})
    transport = make()
    assert transport.read("GET", "/things").json() == {"ok": True}
    assert clock.slept == [1, 2, 4, 8]
    assert transport.calls == 5


def test_jitter_only_lengthens_a_wait(clock, net) -> None:
    net.add(responses.GET, f"{BASE}/things", status=500)
    net.add(responses.GET, f"{BASE}/things", json={})
    with Transport("Xero", BASE, clock=clock, random=lambda: 1.0) as transport:
        transport.read("GET", "/things")
    assert clock.slept == [1.25]


@pytest.mark.parametrize("status", [500, 503])
def test_a_read_gives_up_within_its_budget(make, net, clock, status: int) -> None:
    net.add(responses.GET, f"{BASE}/things", status=status)
    with pytest.raises(
        RemoteError, match=f"Xero is not working: it answered GET /things with status {status}"
    ) as caught:
        make().read("GET", "/things")
    assert caught.value.exit_code == 4
    assert caught.value.hint
    assert 60 < sum(clock.slept) <= 90


def test_a_503_that_says_when_is_obeyed(make, net, clock) -> None:
    net.add(responses.GET, f"{BASE}/things", status=503, headers={"Retry-After": "30"})
    net.add(responses.GET, f"{BASE}/things", json={})
    make().read("GET", "/things")
    assert clock.slept == [30]


# ---- allowances ----


@pytest.mark.parametrize("writing", [False, True])
@pytest.mark.parametrize(
    ("headers", "slept"),
    [
        ({"Retry-After": "26", "X-Rate-Limit-Problem": "minute"}, [26.1]),
        ({"retry-after": "26"}, [26.1]),
        ({"Retry-After": "5", "X-Rate-Limit-Problem": "appminute"}, [5.1]),
        ({"X-Rate-Limit-Problem": "concurrent"}, [0.25]),
        ({"X-Rate-Limit-Problem": "Concurrent"}, [0.25]),
        ({}, [1]),
        ({"Retry-After": "nan"}, [1]),
        ({"Retry-After": "-3"}, [1]),
        ({"Retry-After": ""}, [1]),
    ],
)
def test_429_was_not_processed_and_is_sent_again(make, net, clock, headers, slept, writing: bool) -> None:
    method = responses.PUT if writing else responses.GET
    net.add(method, f"{BASE}/things", status=429, headers=headers)
    net.add(method, f"{BASE}/things", json={})
    assert send(make(), writing=writing).status == 200
    assert clock.slept == pytest.approx(slept)
    assert net.calls[0].request.body == net.calls[1].request.body


@pytest.mark.parametrize("writing", [False, True])
@pytest.mark.parametrize(
    ("headers", "retry_after", "text"),
    [
        ({"Retry-After": "66975", "X-Rate-Limit-Problem": "day"}, 66975, "for another 18 h 36 min"),
        ({"Retry-After": "301"}, 301, "for another 5 min"),
        ({"X-Rate-Limit-Problem": "day"}, None, "today"),
        ({"Retry-After": "9" * 400}, 999999999, "for another"),
    ],
)
def test_the_days_limit_ends_the_run_at_once(make, net, clock, headers, retry_after, text, writing: bool) -> None:
    net.add(responses.PUT if writing else responses.GET, f"{BASE}/things", status=429, headers=headers)
    with pytest.raises(AllowanceError, match=text) as caught:
        send(make(), writing=writing)
    assert isinstance(caught.value, DayAllowanceError)
    assert caught.value.retry_after == retry_after
    assert (caught.value.exit_code, clock.slept) == (4, [])


@pytest.mark.parametrize("writing", [False, True])
def test_zohos_silent_429_is_given_a_minute(make, net, clock, writing: bool) -> None:
    net.add(responses.PUT if writing else responses.GET, f"{BASE}/things", status=429)
    with pytest.raises(RemoteError, match="Zoho still asks to slow down"):
        send(make(service="Zoho"), writing=writing)
    assert clock.slept[:5] == [1, 2, 4, 8, 8]
    assert 45 < sum(clock.slept) <= 60


def test_a_wait_longer_than_the_budget_is_not_begun(make, net, clock) -> None:
    net.add(responses.GET, f"{BASE}/things", status=429, headers={"Retry-After": "200"})
    with pytest.raises(RemoteError):
        make().read("GET", "/things")
    assert clock.slept == []


def test_retry_after_as_a_date_is_measured_with_the_services_clock(make, net, clock) -> None:
    headers = {"Retry-After": "Fri, 20 Nov 2026 05:00:30 GMT", "Date": "Fri, 20 Nov 2026 05:00:00 GMT"}
    net.add(responses.GET, f"{BASE}/things", status=429, headers=headers)
    net.add(responses.GET, f"{BASE}/things", json={})
    make().read("GET", "/things")
    assert clock.slept == pytest.approx([30.1])


# ---- the login ----


@pytest.mark.parametrize("writing", [False, True])
def test_a_refused_token_is_renewed_once_and_the_same_bytes_are_sent(make, net, writing: bool) -> None:
    method = responses.PUT if writing else responses.GET
    net.add(method, f"{BASE}/things", status=401)
    net.add(method, f"{BASE}/things", json={})
    transport = make(authorizer=Login())
    assert send(transport, writing=writing).status == 200
    sent = [call.request.headers["Authorization"] for call in net.calls]
    assert sent == [f"Bearer {CANARY}-1", f"Bearer {CANARY}-2"]
    assert net.calls[0].request.body == net.calls[1].request.body
    assert transport.calls == 2


def test_a_login_refused_twice_ends_the_run(make, net) -> None:
    net.add(responses.GET, f"{BASE}/things", status=401)
    transport = make(authorizer=Login())
    with pytest.raises(LoginError) as caught:
        transport.read("GET", "/things")
    assert caught.value.hint == "Log in again: zoho-xero-sync auth xero"
    assert transport.calls == 2


@pytest.mark.parametrize("status", [401, 403])
def test_what_the_authorizer_has_no_word_for_comes_back(make, net, status: int) -> None:
    net.add(responses.GET, f"{BASE}/things", status=status)
    login = Login(renewable=False)
    assert make(authorizer=login).read("GET", "/things").status == status
    assert login.judged == [status]


def test_without_a_login_401_comes_back(make, net) -> None:
    net.add(responses.POST, f"{BASE}/token", status=401, json={"error": "invalid_client"})
    assert make().read("POST", "/token", form={"a": "b"}).status == 401


# ---- what never arrived, and what may have ----


def _connection_error(reason: Exception) -> requests.ConnectionError:
    return requests.ConnectionError(urllib3_errors.MaxRetryError(None, "/", reason))  # type: ignore[arg-type]


PROVEN = {
    "refused": _connection_error(urllib3_errors.NewConnectionError(None, "refused")),  # type: ignore[arg-type]
    "no such host": _connection_error(urllib3_errors.NameResolutionError("h", None, socket.gaierror(-2, "x"))),  # type: ignore[arg-type]
    "connect timeout": requests.ConnectTimeout("slow"),
    "proxy unreachable": requests.exceptions.ProxyError(
        urllib3_errors.MaxRetryError(
            None,  # type: ignore[arg-type]
            "/",
            urllib3_errors.ProxyError("no proxy", urllib3_errors.NewConnectionError(None, "refused")),  # type: ignore[arg-type]
        )
    ),
}
UNPROVEN = {
    "closed": requests.ConnectionError(urllib3_errors.ProtocolError("aborted", ConnectionResetError())),
    "closed without a word": requests.ConnectionError("gone"),
    "read timeout": requests.ReadTimeout("slow"),
    "half a body": requests.exceptions.ChunkedEncodingError("cut"),
    "bad gzip": requests.exceptions.ContentDecodingError("garbage"),
    "tls broke later": requests.exceptions.SSLError(ssl.SSLError("bad record mac")),
    "bare os error": OSError("odd"),
    "bare urllib3 error": urllib3_errors.ProtocolError("odd"),
    "refused by itself": requests.ConnectionError(ConnectionRefusedError()),
}


@pytest.mark.parametrize("error", PROVEN.values(), ids=PROVEN.keys())
def test_a_connection_never_made_is_tried_again_and_then_not_sent(make, net, clock, error: Exception) -> None:
    net.add(responses.PUT, f"{BASE}/things", body=error)
    transport = make()
    with pytest.raises(NotSent, match=r"Xero could not be reached: no connection to api\.example\.com"):
        send(transport, writing=True)
    assert transport.calls == 0
    assert 60 < sum(clock.slept) <= 90


@pytest.mark.parametrize("error", UNPROVEN.values(), ids=UNPROVEN.keys())
def test_anything_else_leaves_a_write_unknown_and_unrepeated(make, net, clock, error: Exception) -> None:
    net.add(responses.PUT, f"{BASE}/things", body=error)
    transport = make()
    with pytest.raises(NoAnswer, match="Xero gave no complete answer to PUT /things"):
        send(transport, writing=True)
    assert (transport.calls, clock.slept) == (1, [])


@pytest.mark.parametrize("error", [*PROVEN.values(), *UNPROVEN.values()], ids=[*PROVEN, *UNPROVEN])
def test_a_read_is_tried_again_after_either(make, net, error: Exception) -> None:
    net.add(responses.GET, f"{BASE}/things", body=error)
    net.add(responses.GET, f"{BASE}/things", json={"ok": 1})
    assert make().read("GET", "/things").json() == {"ok": 1}


@pytest.mark.parametrize("error", [PROVEN["refused"], UNPROVEN["closed"]])
def test_a_read_that_never_works_is_one_plain_sentence(make, net, error: Exception) -> None:
    net.add(responses.GET, f"{BASE}/things", body=error)
    with pytest.raises(RemoteError) as caught:
        make().read("GET", "/things", params={"q": CANARY})
    assert caught.value.exit_code == 4
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


@pytest.mark.parametrize("writing", [False, True])
def test_a_certificate_that_cannot_be_verified_is_not_tried_again(make, net, clock, writing: bool) -> None:
    inner = urllib3_errors.SSLError(ssl.SSLCertVerificationError("self-signed"))
    error = requests.exceptions.SSLError(urllib3_errors.MaxRetryError(None, "/", inner))  # type: ignore[arg-type]
    net.add(responses.PUT if writing else responses.GET, f"{BASE}/things", body=error)
    with pytest.raises(NotSent if writing else RemoteError, match="certificate"):
        send(make(), writing=writing)
    assert clock.slept == []


def test_a_write_that_gets_through_after_a_refusal_is_sent_once(make, net) -> None:
    net.add(responses.PUT, f"{BASE}/things", body=PROVEN["refused"])
    net.add(responses.PUT, f"{BASE}/things", json={})
    transport = make()
    assert send(transport, writing=True).status == 200
    assert transport.calls == 1


# ---- over real sockets ----


def test_a_closed_port_proves_not_sent(make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSent):
        send(make(f"http://127.0.0.1:{port}"), writing=True)


@pytest.mark.parametrize(
    "step",
    [
        b"",
        "reset",
        b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"half":',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"hal\r\n',
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Encoding: gzip\r\n\r\nabc",
    ],
    ids=["closed", "reset", "half a body", "half a chunk", "garbage", "broken gzip"],
)
def test_a_cut_answer_over_a_real_socket(make, raw, answer_bytes, step) -> None:
    raw.script = [step, step, answer_bytes(200, b'{"ok": 1}')]
    transport = make(raw.url)
    with pytest.raises(NoAnswer):
        send(transport, writing=True)
    assert len(raw.received) == 1
    assert raw.received[0].endswith(b'{"a": 1.10}')
    assert transport.read("GET", "/things").json() == {"ok": 1}
    assert transport.calls == 3


def test_half_the_headers_look_like_an_empty_answer(make, raw) -> None:
    raw.script = [b"HTTP/1.1 200 OK\r\nContent-Le"]
    answer = send(make(raw.url), writing=True)
    with pytest.raises(BadAnswer, match="empty body"):
        answer.json()


def test_what_goes_over_the_wire(make, raw, answer_bytes, monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    raw.script = [answer_bytes(200), answer_bytes(200)]
    transport = make(raw.url + "/prefix/")
    transport.read("GET", "/a b/ü", params={"where": 'Name=="A & B+C"', "page": 1, "flag": True})
    transport.read("POST", "/coql", json={"q": "ü"})
    first, second = raw.received
    head = first.decode()
    assert head.startswith(
        "GET /prefix/a%20b/%C3%BC?where=Name%3D%3D%22A%20%26%20B%2BC%22&page=1&flag=true HTTP/1.1\r\n"
    )
    assert "User-Agent: zoho-xero-sync/" in head
    assert "Accept: application/json" in head
    assert b"Content-Type: application/json" in second
    assert json.loads(second.partition(b"\r\n\r\n")[2]) == {"q": "ü"}


def test_netrc_never_replaces_the_login(make, raw, answer_bytes, monkeypatch, tmp_path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    raw.script = [answer_bytes(200)]
    make(raw.url, authorizer=Login()).read("GET", "/things")
    assert f"Authorization: Bearer {CANARY}-1".encode() in raw.received[0]


def test_cookies_are_not_kept(make, raw, answer_bytes) -> None:
    raw.script = [answer_bytes(200, Set_Cookie="a=b"), answer_bytes(200)]
    transport = make(raw.url)
    transport.read("GET", "/things")
    transport.read("GET", "/things")
    assert b"Cookie:" not in raw.received[1]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_never_followed(make, raw, answer_bytes, status: int) -> None:
    there = f"http://elsewhere.example.com/?t={CANARY}"
    raw.script = [answer_bytes(status, Location=there)] * 2
    transport = make(raw.url, authorizer=Login())
    with pytest.raises(RemoteError, match=r"elsewhere\.example\.com") as caught:
        transport.read("GET", "/things")
    assert CANARY not in str(caught.value)
    with pytest.raises(NoAnswer):
        send(transport, writing=True)
    assert len(raw.received) == 2


def test_an_answer_without_an_end_is_given_up(make, raw, monkeypatch) -> None:
    monkeypatch.setattr("zoho_xero_sync.remote.http.LARGEST_BODY", 1000)
    raw.script = [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000]
    with pytest.raises(NoAnswer, match="does not end"):
        send(make(raw.url), writing=True)


def test_a_write_after_a_pause_uses_a_new_connection(make, clock, monkeypatch) -> None:
    opened: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                opened.append(1)
                threading.Thread(target=keep_alive, args=(connection,), daemon=True).start()

        def keep_alive(connection: socket.socket) -> None:
            with connection:
                while connection.recv(65536):
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        threading.Thread(target=serve, daemon=True).start()
        with Transport("Xero", f"http://127.0.0.1:{listener.getsockname()[1]}", clock=clock) as transport:
            transport.read("GET", "/a")
            transport.read("GET", "/b")
            assert len(opened) == 1
            clock.pass_time(30)
            transport.write("PUT", "/c", body=b"")
            assert len(opened) == 2
        listener.shutdown(socket.SHUT_RDWR)


# ---- addresses ----


@pytest.mark.parametrize(
    "base",
    [
        "http://api.example.com",
        "ftp://api.example.com",
        "api.example.com",
        "",
        "https://",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        f"https://user:{CANARY}@api.example.com",
        f"https://api.example.com/?token={CANARY}",
        "https://api.example.com/#x",
        "https://[::1",
        "http://[::1]:99999",
        "http://10.0.0.1",
    ],
)
def test_a_base_that_is_not_safe_is_refused(clock, base: str) -> None:
    with pytest.raises(RemoteError) as caught:
        Transport("Zoho", base, clock=clock)
    assert caught.value.hint
    assert CANARY not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    "base", ["https://a.example.com", "http://127.0.0.1:8", "http://127.9.9.9", "http://[::1]:8", "http://localhost"]
)
def test_a_base_that_is_safe(clock, base: str) -> None:
    Transport("Zoho", base, clock=clock).close()


@pytest.mark.parametrize(
    "path",
    ["things", "//evil.example.com/x", "/a?b=c", "/a#b", "/a/../b", "/a\r\nX: y", "https://evil.example.com", "/a\\b"],
)
def test_a_path_that_leaves_the_host_is_a_bug(make, net, path: str) -> None:
    with pytest.raises(BugError):
        make().read("GET", path)
    assert len(net.calls) == 0


def test_a_header_with_a_line_break_is_a_bug(make, net) -> None:
    with pytest.raises(BugError):
        make().write("PUT", "/things", body=b"", headers={"Idempotency-Key": "a\r\nb"})


# ---- reading an answer ----


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "an empty body"),
        (b"  \n", "an empty body"),
        (b"<html><body>Maintenance</body></html>", "a web page"),
        (b'{"a": 1', "cut off or malformed"),
        (b"\xff\xfe{}", "cut off or malformed"),
        (b'{"a": 1, "a": 2}', "cut off or malformed"),
        (b'{"a": NaN}', "cut off or malformed"),
        (b'{"a": 1e99999999999999999999}', "cut off or malformed"),
        (b"[" * 100000, "cut off or malformed"),
        (b'{"a": ' + b"1" * 5000 + b"}", "cut off or malformed"),
    ],
)
def test_a_body_that_cannot_be_read_is_one_sentence(body: bytes, text: str) -> None:
    with pytest.raises(BadAnswer, match=text) as caught:
        Answer(200, {}, body, "Xero", "GET /Invoices").json()
    assert str(caught.value).startswith("Xero answered GET /Invoices with ")
    assert caught.value.exit_code == 4


def test_fractions_are_exact_decimals() -> None:
    body = b'\xef\xbb\xbf{"a": 0.10, "b": 24.15, "c": 7, "same": 1, "same": 1}'
    parsed = Answer(200, {}, body).json()
    assert parsed == {"a": Decimal("0.10"), "b": Decimal("24.15"), "c": 7, "same": 1}
    assert isinstance(parsed, dict)
    assert str(parsed["a"]) == "0.10"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Fri, 20 Nov 2026 01:02:03 GMT", datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 12:02:03 +1100", datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 01:02:03 -0000", datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)),
        ("yesterday", None),
        ("Fri, 99 Nov 2026 01:02:03 GMT", None),
        ("", None),
    ],
)
def test_the_services_own_clock(value: str, expected: datetime | None) -> None:
    assert Answer(200, {"dAtE": value}, b"").date == expected


def test_headers_are_found_in_any_case() -> None:
    answer = Answer(200, {"x-minlimit-REMAINING": "3", "xero-correlation-id": "abc"}, b"")
    assert answer.headers["X-MinLimit-Remaining"] == "3"
    assert answer.headers.get("X-Absent") is None
    assert answer.request_id == "abc"
    assert Answer(200, {}, b"").request_id is None


# ---- the pace is asked and told ----


def test_the_pace_is_asked_before_and_told_after_each_try(make, net) -> None:
    events: list[object] = []

    class Recorder:
        def before(self) -> None:
            events.append("before")

        def after(self, answer: Answer) -> None:
            events.append(answer.status)

    net.add(responses.GET, f"{BASE}/things", status=503)
    net.add(responses.GET, f"{BASE}/things", body=UNPROVEN["closed"])
    net.add(responses.GET, f"{BASE}/things", json={})
    make(pace=Recorder()).read("GET", "/things")
    assert events == ["before", 503, "before", "before", 200]


def test_waiting_for_the_pace_is_not_the_services_fault(make, net, clock) -> None:
    class Slow:
        waited = False

        def before(self) -> None:
            if not self.waited:
                clock.pass_time(500)
            self.waited = True

        def after(self, answer: Answer) -> None:
            pass

    net.add(responses.GET, f"{BASE}/things", status=503)
    net.add(responses.GET, f"{BASE}/things", json={})
    assert make(pace=Slow()).read("GET", "/things").status == 200


# ---- nothing secret is seen ----


def test_logs_hold_no_query_header_or_body(make, raw, answer_bytes, caplog) -> None:
    raw.script = [
        answer_bytes(200, f'{{"access_token": "{CANARY}"}}'.encode(), Xero_Correlation_Id="corr-1"),
        b"",
        answer_bytes(200),
    ]
    with caplog.at_level(logging.DEBUG):
        transport = make(raw.url, authorizer=Login())
        answer = transport.read("GET", "/things", params={"token": CANARY}, headers={"X-Key": CANARY})
        transport.read("POST", "/form", form={"refresh_token": CANARY})
    assert CANARY not in caplog.text
    assert "Xero GET /things: 200 in 0 ms, id corr-1" in caplog.text
    assert "Xero POST /form: NoAnswer" in caplog.text
    assert CANARY not in repr(answer) + repr(answer.headers)


def test_errors_survive_pickling_without_the_request(make, net) -> None:
    net.add(responses.PUT, f"{BASE}/things", body=UNPROVEN["closed"])
    with pytest.raises(NoAnswer) as caught:
        make(authorizer=Login()).write("PUT", "/things", body=CANARY.encode())
    assert CANARY.encode() not in pickle.dumps(caught.value)
    assert caught.value.__context__ is None
