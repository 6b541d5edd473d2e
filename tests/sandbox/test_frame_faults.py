"""Every fault as a client sees it, and what the service did meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from zoho_xero_sync.sandbox import Fault, Sandbox, VirtualClock
from zoho_xero_sync.sandbox.faults import KINDS, FaultScript

_NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
Seen = Callable[[requests.Response], bool]


def _is_html(answer: requests.Response) -> bool:
    return answer.headers["Content-Type"].startswith("text/html") and answer.text.startswith("<!doctype html>")


def _is_429(problem: str, retry_after: str | None) -> Seen:
    def check(answer: requests.Response) -> bool:
        return (
            answer.content == b""
            and "Content-Type" not in answer.headers
            and answer.headers["X-Rate-Limit-Problem"] == problem
            and answer.headers.get("Retry-After") == retry_after
        )

    return check


_CUTS: list[tuple[str, type[Exception], bool]] = [
    ("refuse_before", requests.exceptions.ConnectionError, False),
    ("drop_after", requests.exceptions.ConnectionError, True),
    ("half_body", requests.exceptions.ChunkedEncodingError, True),
]

_WRONG: list[tuple[str, int, Seen, bool]] = [
    ("empty", 200, lambda answer: answer.content == b"", True),
    ("html", 200, _is_html, True),
    ("wrong_shape", 200, lambda answer: answer.json() == {"unexpected": True}, True),
    ("status_500_before", 500, lambda answer: answer.content == b"", False),
    ("status_500_after", 500, lambda answer: answer.content == b"", True),
    ("status_503", 503, lambda answer: answer.text == "The Xero API is temporarily unavailable", False),
    ("html_502", 502, _is_html, False),
    ("rate_minute", 429, _is_429("minute", "26"), False),
    ("rate_day", 429, _is_429("day", "66975"), False),
    ("rate_concurrent", 429, _is_429("concurrent", None), False),
    ("slow", 200, lambda answer: answer.json()["Contacts"][0]["Name"] == "slow", True),
    ("drip", 200, lambda answer: answer.json()["Contacts"][0]["Name"] == "drip", True),
]

# kind -> status of the call, of a new login, of the next call with it, at Zoho and at Xero.
_CHANGES: list[tuple[str, tuple[int, int, int], tuple[int, int, int]]] = [
    ("token_expired", (401, 200, 200), (401, 200, 200)),
    ("connection_revoked", (401, 200, 401), (403, 200, 403)),
]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Sandbox, requests.Session]]:
    with Sandbox({}, clock=VirtualClock(_NOW, running=False)) as sandbox, requests.Session() as session:
        client = sandbox.world["xero"]["client"]
        url = f"{sandbox.xero_url}/connect/token"
        form = {"grant_type": "client_credentials"}
        minted = session.post(url, data=form, auth=(client["id"], client["secret"]), timeout=10)
        session.headers["Authorization"] = f"Bearer {minted.json()['access_token']}"
        yield sandbox, session


@pytest.fixture
def sandbox(running: tuple[Sandbox, requests.Session]) -> Sandbox:
    running[0].faults.clear()
    running[0].calls.reset()
    return running[0]


def _put(sandbox: Sandbox, session: requests.Session, name: str) -> requests.Response:
    body = {"Contacts": [{"Name": name}]}
    url, headers = f"{sandbox.xero_url}/api.xro/2.0/Contacts", {"Accept": "application/json"}
    return session.put(url, json=body, headers=headers, timeout=10)


def _has(sandbox: Sandbox, name: str) -> bool:
    return any(contact["Name"] == name for contact in sandbox.xero.contacts())


@pytest.mark.parametrize(
    ("kind", "error", "processed"),
    _CUTS,
)
def test_a_cut_connection(
    running: tuple[Sandbox, requests.Session], sandbox: Sandbox, kind: str, error: type[Exception], processed: bool
) -> None:
    sandbox.faults.add(Fault(kind, method="PUT"))
    with pytest.raises(error):
        _put(sandbox, running[1], kind)
    assert _has(sandbox, kind) is processed
    [call] = sandbox.calls
    assert (call.fault, call.status, call.kind) == (kind, 200, "contacts.put") if processed else (kind, 0, "unserved")
    assert _put(sandbox, running[1], f"after {kind}").status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "seen", "processed"),
    _WRONG,
)
def test_a_wrong_answer(
    running: tuple[Sandbox, requests.Session], sandbox: Sandbox, kind: str, status: int, seen: Seen, processed: bool
) -> None:
    sandbox.faults.add(Fault(kind, service="xero", path=r"/Contacts$"))
    answer = _put(sandbox, running[1], kind)
    assert answer.status_code == status
    assert seen(answer)
    assert "Date" in answer.headers
    assert _has(sandbox, kind) is processed
    assert [call.fault for call in sandbox.calls] == [kind]
    assert sandbox.faults.pending() == []


def test_every_kind_is_shown_here() -> None:
    assert {kind for kind, *_ in (*_CUTS, *_WRONG, *_CHANGES)} == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "status", "code", "credits"),
    [
        ("rate_minute", 429, "TOO_MANY_REQUESTS", None),
        ("rate_day", 429, "TOO_MANY_REQUESTS", "0"),
        ("status_500_before", 500, "INTERNAL_ERROR", None),
        ("status_503", 503, "SERVICE_UNAVAILABLE", None),
    ],
)
def test_zoho_spells_trouble_its_own_way(
    sandbox: Sandbox, kind: str, status: int, code: str, credits: str | None
) -> None:
    sandbox.faults.add(Fault(kind, service="zoho"))
    answer = requests.get(f"{sandbox.zoho_url}/crm/v8/org", timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["status"] == "error"
    assert "Retry-After" not in answer.headers
    assert answer.headers.get("X-API-CREDITS-REMAINING") == credits


def test_a_slow_call_takes_virtual_time(sandbox: Sandbox) -> None:
    before = sandbox.clock.now()
    sandbox.faults.add(Fault("slow", service="zoho", seconds=400))
    requests.get(f"{sandbox.zoho_url}/crm/v8/org", timeout=10)
    assert sandbox.clock.now() - before == timedelta(seconds=400)


def test_retry_after_can_be_chosen(running: tuple[Sandbox, requests.Session], sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("rate_minute", seconds=3))
    assert _put(sandbox, running[1], "later").headers["Retry-After"] == "3"


def test_skip_and_times_and_filters() -> None:
    script = FaultScript()
    script.add(Fault("html", service="xero", method="put", path="/Invoices", skip=1, times=2))
    asked = [
        ("zoho", "PUT", "/Invoices"),
        ("xero", "GET", "/Invoices"),
        ("xero", "PUT", "/Contacts"),
        ("xero", "PUT", "/api.xro/2.0/Invoices"),
        ("xero", "PUT", "/api.xro/2.0/Invoices"),
        ("xero", "PUT", "/api.xro/2.0/Invoices"),
        ("xero", "PUT", "/api.xro/2.0/Invoices"),
    ]
    hits = [script.take(*call) is not None for call in asked]
    assert hits == [False, False, False, False, True, True, False]
    assert script.pending() == []


def test_faults_are_taken_in_the_order_they_were_queued() -> None:
    script = FaultScript()
    script.add(Fault("html"), Fault("empty", times=2))
    taken = [script.take("xero", "GET", "/") for _ in range(4)]
    assert [fault and fault.kind for fault in taken] == ["html", "empty", "empty", None]


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"kind": "explode"}, "There is no fault of kind 'explode'. Use one of: refuse_before"),
        ({"kind": "html", "service": "sage"}, "Use zoho or xero."),
        ({"kind": "html", "times": 0}, "times of at least 1"),
        ({"kind": "html", "skip": -1}, "skip of at least 0"),
        ({"kind": "slow", "seconds": -1}, "cannot be negative"),
        ({"kind": "html", "path": "("}, "is not a regular expression"),
        ({"kind": "html", "paht": "x"}, "A fault has no key 'paht'."),
        ({"kind": "html", "times": "2"}, "A fault's times cannot be '2'."),
        ({"kind": "html", "times": True}, "A fault's times cannot be True."),
        ({}, "A fault needs a kind."),
    ],
)
def test_a_fault_that_makes_no_sense(values: dict[str, Any], part: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Fault.from_dict(values)
    assert part in str(caught.value)


def test_a_fault_survives_its_json_form() -> None:
    fault = Fault("slow", service="xero", method="PUT", path="/Invoices", skip=2, times=3, seconds=1.5)
    assert Fault.from_dict(json.loads(json.dumps(fault.to_dict()))) == fault


@pytest.mark.parametrize(("kind", "zoho", "xero"), _CHANGES)
def test_a_change_in_the_service(kind: str, zoho: tuple[int, int, int], xero: tuple[int, int, int]) -> None:
    with Sandbox({}, clock=VirtualClock(_NOW, running=False)) as box, requests.Session() as session:
        clients = {"zoho": box.world["zoho"]["client"], "xero": box.world["xero"]["client"]}

        def call(service: str, token: str) -> int:
            path = "/crm/v8/org" if service == "zoho" else "/api.xro/2.0/Organisation"
            scheme = "Zoho-oauthtoken" if service == "zoho" else "Bearer"
            url = (box.zoho_url if service == "zoho" else box.xero_url) + path
            return session.get(url, headers={"Authorization": f"{scheme} {token}"}, timeout=10).status_code

        def login(service: str) -> tuple[int, str]:
            client = clients[service]
            form = {"client_id": client["id"], "client_secret": client["secret"]}
            if service == "zoho":
                form |= {"grant_type": "refresh_token", "refresh_token": client["refresh_token"]}
                answer = session.post(f"{box.zoho_url}/oauth/v2/token", data=form, timeout=10)
            else:
                form |= {"grant_type": "client_credentials"}
                answer = session.post(f"{box.xero_url}/connect/token", data=form, timeout=10)
            return answer.status_code, answer.json().get("access_token", "none")

        for service, expected in (("zoho", zoho), ("xero", xero)):
            _, token = login(service)
            assert call(service, token) == 200
            box.faults.add(Fault(kind, service=service))
            refused = call(service, token)
            status, token = login(service)
            assert (refused, status, call(service, token)) == expected


def test_a_drip_takes_its_time_after_the_work(running: tuple[Sandbox, requests.Session], sandbox: Sandbox) -> None:
    before = sandbox.clock.now()
    sandbox.faults.add(Fault("drip", service="xero", method="PUT", seconds=90))
    answer = _put(sandbox, running[1], "Dripping Tap Repairs")
    assert sandbox.clock.now() == before + timedelta(seconds=90)
    assert answer.json()["Contacts"][0]["UpdatedDateUTC"] == f"/Date({int(before.timestamp() * 1000)}+0000)/"
