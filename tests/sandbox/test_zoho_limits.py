"""Credits, calls in flight, the Date header and the kind of each call."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from zoho_bench import Bench, make_bench


def _deals(count: int) -> dict[str, Any]:
    return {"data": [{"id": "1"}] * count}


ALL = "select id from Deals where id is not null"


@pytest.mark.parametrize(
    ("call", "cost"),
    [
        (lambda b: b.coql(f"{ALL}"), 1),
        (lambda b: b.coql(f"{ALL} limit 200"), 1),
        (lambda b: b.coql(f"{ALL} limit 201"), 2),
        (lambda b: b.coql(f"{ALL} limit 1000"), 2),
        (lambda b: b.coql(f"{ALL} limit 1001"), 3),
        (lambda b: b.coql("select id from Deals where Deal_Name = 'none' limit 2000"), 3),
        (lambda b: b.coql("nonsense"), 1),
        (lambda b: b.get("org"), 1),
        (lambda b: b.get("Deals", fields="id"), 1),
        (lambda b: b.get("Deals", fields="id", cvid="1"), 3),
        (lambda b: b.get("Deals/1"), 1),
        (lambda b: b.get("Deals/deleted"), 2),
        (lambda b: b.put("Deals", _deals(10)), 1),
        (lambda b: b.put("Deals", _deals(11)), 2),
        (lambda b: b.put("Deals", _deals(100)), 10),
        (lambda b: b.http.get("/crm/v8/org"), 0),
    ],
)
def test_cost_of_a_call(call: Any, cost: int) -> None:
    bench = make_bench()
    before = bench.state.limits.used
    call(bench)
    assert bench.state.limits.used - before == cost


def test_tokens_cost_nothing() -> None:
    assert make_bench().state.limits.used == 0


def test_credits_are_announced_from_half_and_refused_at_the_end() -> None:
    bench = make_bench(limits={"credits": 4})
    seen = [bench.get("org").headers.get("X-API-CREDITS-REMAINING") for _ in range(4)]
    assert seen == [None, "2", "1", "0"]
    answer = bench.get("org")
    assert (answer.status_code, answer.get_json()["code"]) == (429, "TOO_MANY_REQUESTS")
    assert "Retry-After" not in answer.headers
    bench.clock.advance(24 * 3600)
    bench = _login_again(bench)
    assert bench.get("org").status_code == 200


def _login_again(bench: Bench) -> Bench:
    token = bench.state.oauth.answer(
        {
            "client_id": "1000.SANDBOX",
            "client_secret": "sandbox-zoho-secret",
            "grant_type": "refresh_token",
            "refresh_token": "1000.sandbox.refresh",
        }
    )["access_token"]
    bench.headers["Authorization"] = f"Zoho-oauthtoken {token}"
    return bench


def test_credits_come_back_as_the_window_rolls() -> None:
    bench = make_bench(limits={"credits": 2})
    bench.get("org")
    bench.clock.advance(3000)
    bench.get("org")
    assert bench.state.limits.remaining == 0
    bench.clock.advance(24 * 3600 - 3000)
    assert bench.state.limits.remaining == 1


@pytest.mark.parametrize(("edition", "credits", "concurrent"), [("free", 5000, 5), ("enterprise", 51000, 20)])
def test_editions(edition: str, credits: int, concurrent: int) -> None:
    limits = make_bench(org={"edition": edition}).state.limits
    assert (limits.credits, limits.concurrent, limits.sub_concurrent) == (credits, concurrent, 10)


def test_too_many_calls_in_flight() -> None:
    bench = make_bench()
    with ExitStack() as running:
        for _ in range(10):
            running.enter_context(bench.state.limits.slot(costly=True))
        assert bench.coql(ALL).status_code == 429
        assert bench.get("Deals", fields="id", sort_by="id").status_code == 429
        assert bench.put("Deals", _deals(11)).status_code == 429
        assert bench.put("Deals", _deals(10)).status_code == 400
        assert bench.get("org").status_code == 200
        for _ in range(10):
            running.enter_context(bench.state.limits.slot(costly=False))
        assert bench.get("org").status_code == 429
    assert bench.coql(ALL).status_code == 200


def test_switches_of_a_429() -> None:
    bench = make_bench(limits={"credits": 0}, switches={"rate_limit_code": "RATE_LIMIT_EXCEEDED", "retry_after": 30})
    answer = bench.get("org")
    assert (answer.get_json()["code"], answer.headers["Retry-After"]) == ("RATE_LIMIT_EXCEEDED", "30")


@pytest.mark.parametrize(
    ("call", "status", "kind"),
    [
        (lambda b: b.http.post("/oauth/v2/token", data={}), 200, "token"),
        (lambda b: b.http.post("/oauth/v2/token/revoke", data={}), 200, "token"),
        (lambda b: b.coql(ALL), 200, "coql"),
        (lambda b: b.coql("nonsense"), 400, "coql"),
        (lambda b: b.coql("select id from Deals where id is null"), 204, "coql"),
        (lambda b: b.get("Deals/1"), 204, "record"),
        (lambda b: b.get("Deals", fields="id"), 200, "records"),
        (lambda b: b.get("Deals/deleted"), 204, "deleted"),
        (lambda b: b.put("Deals", _deals(1)), 400, "update"),
        (lambda b: b.get("org"), 200, "org"),
        (lambda b: b.get("org/taxes"), 200, "taxes"),
        (lambda b: b.get("org/currencies"), 204, "currencies"),
        (lambda b: b.get("users"), 200, "users"),
        (lambda b: b.get("settings/modules"), 200, "settings"),
        (lambda b: b.get("settings/fields"), 400, "settings"),
        (lambda b: b.http.get("/crm/v8/org"), 401, "org"),
        (lambda b: b.http.get("/crm/v9/org"), 404, "unknown"),
        (lambda b: b.http.delete("/crm/v8/org", headers=b.headers), 405, "unknown"),
    ],
)
def test_every_answer_is_dated_and_counted(call: Any, status: int, kind: str) -> None:
    answer = call(make_bench())
    assert answer.status_code == status
    assert answer.headers["X-Sandbox-Kind"] == kind
    assert answer.headers.getlist("Date") == ["Fri, 20 Nov 2026 01:00:00 GMT"]
