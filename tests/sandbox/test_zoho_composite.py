"""Several calls in one."""

from __future__ import annotations

from typing import Any

import pytest
from zoho_bench import Bench, make_bench

SCOPE = "ZohoCRM.composite_requests.CUSTOM"
NAME = "__composite_requests"


def _bench(*scopes: str) -> Bench:
    bench = make_bench()
    bench.login(*(scopes or (SCOPE, "ZohoCRM.modules.ALL", "ZohoCRM.coql.READ")))
    return bench


def _sub(uri: str, method: str = "GET", name: str = "1", **more: Any) -> dict[str, Any]:
    return {"sub_request_id": name, "method": method, "uri": uri, **more}


def test_each_part_is_answered_as_if_it_had_come_alone() -> None:
    bench = _bench()
    deal = bench.id("Deals", "d1")
    query = {"select_query": f"select Stage from Deals where id = {deal}"}
    parts = [
        _sub(f"/crm/v8/Deals/{deal}", name="one", params={"fields": "Stage"}),
        _sub("/crm/v8/Deals", "PUT", "two", body={"data": [{"id": deal, "Stage": "Confirmed"}], "trigger": []}),
        _sub("/crm/v8/coql", "POST", "three", body=query),
    ]
    answer = bench.post(NAME, {NAME: parts, "rollback_on_fail": False, "parallel_execution": False})
    results = answer.get_json()[NAME]
    assert (answer.status_code, [row["status"] for row in results]) == (200, ["success"] * 3)
    told = [row["details"]["response"] for row in results]
    assert told[0]["body"]["data"] == [{"id": deal, "Stage": "Closed Won"}]
    assert told[2]["body"]["data"] == [{"id": deal, "Stage": "Confirmed"}]
    # The call itself and its three parts.
    assert bench.state.limits.used == 4


def test_a_part_that_is_refused_and_one_that_is_empty() -> None:
    bench = _bench()
    parts = [_sub("/crm/v8/Nope?fields=id"), _sub("/crm/v8/Deals/7", name="2"), _sub("/crm/v8/org", name="3")]
    answer = bench.post(NAME, {NAME: parts})
    told = [row["details"]["response"] for row in answer.get_json()[NAME]]
    assert (answer.status_code, [row["status_code"] for row in told]) == (207, [400, 204, 401])
    assert (told[0]["body"]["code"], told[1]["body"], told[2]["body"]["code"]) == (
        "INVALID_MODULE", None, "OAUTH_SCOPE_MISMATCH",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "MANDATORY_NOT_FOUND"),
        ({NAME: []}, "INVALID_DATA"),
        ({NAME: [_sub("/crm/v8/org", name=str(n)) for n in range(6)]}, "LIMIT_EXCEEDED"),
        ({NAME: [_sub("/crm/v8/org"), _sub("/crm/v8/org")]}, "DUPLICATE_DATA"),
        ({NAME: [_sub("/crm/v8/org")], "rollback_on_fail": True}, "NOT_SUPPORTED"),
        ({NAME: [_sub("/crm/v7/org")]}, "INVALID_DATA"),
        ({NAME: [_sub("https://example.com/crm/v8/org")]}, "INVALID_DATA"),
        ({NAME: [_sub(f"/crm/v8/{NAME}", "POST")]}, "INVALID_DATA"),
        ({NAME: [_sub("/crm/v8/org", "TRACE")]}, "INVALID_DATA"),
        ({NAME: [{"method": "GET", "uri": "/crm/v8/org"}]}, "MANDATORY_NOT_FOUND"),
    ],
)
def test_refused_calls(body: dict[str, Any], code: str) -> None:
    answer = _bench().post(NAME, body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)


def test_it_needs_its_own_scope() -> None:
    answer = _bench("ZohoCRM.modules.ALL").post(NAME, {NAME: [_sub("/crm/v8/Deals?fields=id")]})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "OAUTH_SCOPE_MISMATCH")
