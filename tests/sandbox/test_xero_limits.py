"""Limits, idempotency keys, the journal of writes, and the headers every answer carries."""

from __future__ import annotations

import pytest
from xero_desk import BASE, Desk

from zoho_xero_sync.sandbox.xero.state import WriteSeen


def remaining(desk: Desk) -> tuple[int, int]:
    """Minute and day calls left, without spending one."""
    left = desk.state.limits.remaining()
    return left["minute"], left["day"]


def test_minute_limit_rolls() -> None:
    desk = Desk({"limits": {"minute": 3}})
    for left in ("2", "1", "0"):
        answer = desk.call("GET", "/Organisation")
        assert (answer.status_code, answer.headers["X-MinLimit-Remaining"]) == (200, left)
        desk.clock.advance(10)
    refused = desk.call("GET", "/Organisation")
    assert refused.status_code == 429
    assert refused.data == b""
    assert "Content-Type" not in refused.headers
    assert (refused.headers["X-Rate-Limit-Problem"], refused.headers["Retry-After"]) == ("minute", "30")
    desk.clock.advance(29)
    assert desk.call("GET", "/Organisation").headers["Retry-After"] == "1"
    desk.clock.advance(1)
    assert desk.call("GET", "/Organisation").status_code == 200
    assert desk.call("GET", "/Organisation").status_code == 429
    assert desk.state.snapshot()["rate_limited"] == {"minute": 3}


def test_fixed_minute_window_is_a_switch() -> None:
    desk = Desk({"limits": {"minute": 2}, "switches": {"minute_window": "fixed"}})
    desk.call("GET", "/Organisation")
    desk.clock.advance(50)
    desk.call("GET", "/Organisation")
    assert desk.call("GET", "/Organisation").headers["Retry-After"] == "10"
    desk.clock.advance(10)
    assert [desk.call("GET", "/Organisation").status_code for _ in range(3)] == [200, 200, 429]


def test_day_limit_is_fixed_from_its_first_call() -> None:
    desk = Desk({"limits": {"day": 10}})
    desk.call("GET", "/Organisation")
    desk.state.use_calls(9)
    desk.clock.advance(60)
    refused = desk.call("GET", "/Organisation")
    assert (refused.status_code, refused.headers["X-Rate-Limit-Problem"]) == (429, "day")
    assert refused.headers["Retry-After"] == str(24 * 3600 - 60)
    assert refused.headers["X-DayLimit-Remaining"] == "0"
    desk.clock.advance(24 * 3600 - 60)
    desk.log_in()
    assert desk.call("GET", "/Organisation").headers["X-DayLimit-Remaining"] == "9"


def test_concurrency_has_no_retry_after() -> None:
    desk = Desk()
    for _ in range(5):
        assert desk.state.limits.enter() is None
    refused = desk.call("GET", "/Organisation")
    assert (refused.status_code, refused.headers["X-Rate-Limit-Problem"]) == (429, "concurrent")
    assert "Retry-After" not in refused.headers
    desk.state.limits.leave()
    assert desk.call("GET", "/Organisation").status_code == 200


def test_token_and_connections_are_not_counted() -> None:
    desk = Desk()
    desk.log_in()
    desk.client.get("/connections", headers=desk.headers)
    assert remaining(desk) == (60, 5000)


def test_every_answer_is_stamped() -> None:
    desk = Desk()
    for path, kind in (("/Organisation", "organisation"), ("/Contacts", "contacts.get"), ("/Nowhere", "other")):
        answer = desk.call("GET", path)
        assert answer.headers["Date"] == "Fri, 20 Nov 2026 01:00:00 GMT"
        assert answer.headers["X-Sandbox-Kind"] == kind
        assert answer.headers["Xero-Correlation-Id"]


ONE = {"Contacts": [{"Name": "One"}]}
TWO = {"Contacts": [{"Name": "Two"}]}


def test_a_key_replays_the_first_answer() -> None:
    desk = Desk()
    first = desk.call("PUT", "/Contacts", ONE, Idempotency_Key="k")
    again = desk.call("PUT", "/Contacts", ONE, Idempotency_Key="k")
    assert again.data == first.data
    assert again.status_code == 200
    assert len(desk.state.contacts()) == 1
    assert remaining(desk) == (58, 4998)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/Contacts", TWO),
        ("POST", "/Contacts", ONE),
        ("PUT", "/Contacts?summarizeErrors=false", ONE),
        ("PUT", "/Invoices", ONE),
    ],
)
def test_a_key_belongs_to_one_request(method: str, path: str, body: object) -> None:
    desk = Desk()
    desk.call("PUT", "/Contacts", ONE, Idempotency_Key="k")
    answer = desk.call(method, path, body, Idempotency_Key="k")
    assert answer.status_code == 400
    assert answer.json["Message"] == "Idempotency Key: k is used with a different request."
    desk.state.switches["key_reuse_envelope"] = "element"
    nested = desk.call(method, path, body, Idempotency_Key="k").json["Elements"][0]["ValidationErrors"][0]
    assert nested["Message"] == "Idempotency Key: k is used with a different request."
    assert len(desk.state.contacts()) == 1


def test_refusals_and_partial_batches_are_replayed() -> None:
    desk = Desk()
    desk.contact("One")
    first = desk.call("PUT", "/Contacts", ONE, Idempotency_Key="refused")
    mixed = {"Contacts": [{"Name": "One"}, {"Name": "Two"}]}
    partial = desk.call("PUT", "/Contacts?summarizeErrors=false", mixed, Idempotency_Key="partial")
    broken = desk.call("PUT", "/Contacts", b"{", Idempotency_Key="broken")
    desk.state.archive_contact("One")
    for answer, path, body, key in (
        (first, "/Contacts", ONE, "refused"),
        (partial, "/Contacts?summarizeErrors=false", mixed, "partial"),
        (broken, "/Contacts", b"{", "broken"),
    ):
        again = desk.call("PUT", path, body, Idempotency_Key=key)
        assert (again.status_code, again.data) == (answer.status_code, answer.data)
    assert len(desk.state.contacts()) == 2


def test_a_key_lives_six_minutes_from_its_first_call() -> None:
    desk = Desk()
    desk.call("PUT", "/Contacts", ONE, Idempotency_Key="k")
    desk.clock.advance(359)
    assert desk.call("PUT", "/Contacts", ONE, Idempotency_Key="k").status_code == 200
    desk.clock.advance(1)
    assert desk.call("PUT", "/Contacts", ONE, Idempotency_Key="k").status_code == 400
    assert desk.call("PUT", "/Contacts", TWO, Idempotency_Key="j").status_code == 200
    desk.state.forget_keys()
    assert desk.call("PUT", "/Contacts", TWO, Idempotency_Key="j").status_code == 400


def test_key_length_and_reads() -> None:
    desk = Desk()
    assert desk.call("PUT", "/Contacts", ONE, Idempotency_Key="k" * 129).status_code == 400
    assert desk.call("PUT", "/Contacts", ONE, Idempotency_Key="k" * 128).status_code == 200
    before = desk.get("/Contacts", Idempotency_Key="r")["Contacts"]
    desk.contact("Two")
    assert len(desk.get("/Contacts", Idempotency_Key="r")["Contacts"]) == len(before) + 1


def test_limits_refuse_before_the_key_is_spent() -> None:
    desk = Desk({"limits": {"minute": 1}})
    desk.call("GET", "/Organisation")
    assert desk.call("PUT", "/Contacts", ONE, Idempotency_Key="k").status_code == 429
    desk.clock.advance(60)
    assert desk.call("PUT", "/Contacts", ONE, Idempotency_Key="k").status_code == 200


def test_writes_are_journalled_and_announced_first() -> None:
    desk = Desk()
    arrived: list[tuple[WriteSeen, int]] = []
    desk.state.on_write.append(lambda seen: arrived.append((seen, len(desk.state.contacts()))))
    desk.put("/Contacts", ONE, Idempotency_Key="k")
    desk.call("PUT", "/Contacts", ONE)
    desk.get("/Contacts")
    assert [(write.method, write.path, write.key, write.status) for write in desk.state.writes] == [
        ("PUT", f"{BASE}/Contacts", "k", 200),
        ("PUT", f"{BASE}/Contacts", None, 400),
    ]
    assert [(seen.status, contacts) for seen, contacts in arrived] == [(None, 0), (None, 1)]
    assert arrived[0][0].body_sha256 == desk.state.writes[0].body_sha256
    assert len(arrived[0][0].body_sha256) == 64
