"""Related lists and search."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse
from zoho_bench import NOW, REFRESH, Bench, make_bench

SEARCH = "ZohoSearch.securesearch.READ"


def _bench(*scopes: str, **overrides: Any) -> Bench:
    bench = make_bench(**overrides)
    bench.state.oauth.set_scopes(scopes or ("ZohoCRM.modules.ALL", SEARCH))
    token = bench.http.post("/oauth/v2/token", data=REFRESH).get_json()["access_token"]
    bench.headers["Authorization"] = f"Zoho-oauthtoken {token}"
    return bench


def _refusal(answer: TestResponse) -> tuple[int, str, dict[str, Any]]:
    body = answer.get_json()
    return answer.status_code, body["code"], body["details"]


# ---- related lists ----


def test_the_documents_of_a_deal_without_their_rows() -> None:
    bench = _bench()
    found = bench.get(f"Deals/{bench.id('Deals', 'd1')}/Quotes", fields="Subject,Quoted_Items").get_json()
    assert found["data"] == [{"id": bench.id("Quotes", "q1"), "Subject": "Quote one"}]
    assert found["info"] == {"per_page": 200, "count": 1, "page": 1, "more_records": False}


def test_a_related_list_has_pages_newest_first() -> None:
    bench = _bench()
    acme = bench.id("Accounts", "acme")
    ids = [bench.state.create("Contacts", {"Last_Name": f"N{n}", "account": "acme"}) for n in range(3)]
    pages = [bench.get(f"Accounts/{acme}/Contacts", fields="id", per_page=2, page=page).get_json() for page in (1, 2)]
    assert [row["id"] for page in pages for row in page["data"]] == [*reversed(ids), bench.id("Contacts", "buyer")]
    assert [page["info"]["more_records"] for page in pages] == [True, False]
    assert bench.get(f"Accounts/{acme}/Contacts", fields="id", page=3).status_code == 204


@pytest.mark.parametrize(
    ("path", "arguments", "expected"),
    [
        ("Deals/{d1}/Quotes", {}, (400, "REQUIRED_PARAM_MISSING", {"param_name": "fields"})),
        ("Deals/{d1}/Accounts", {"fields": "id"}, (400, "INVALID_DATA", {"resource_path_index": 2})),
        ("Deals/{d1}/Quoted_Items", {"fields": "id"}, (400, "INVALID_DATA", {"resource_path_index": 2})),
        ("Deals/{d1}/Nonsense", {"fields": "id"}, (400, "INVALID_DATA", {"resource_path_index": 2})),
        ("Deals/7/Quotes", {"fields": "id"}, (400, "INVALID_DATA", {"resource_path_index": 1})),
        ("Nonsense/7/Quotes", {"fields": "id"}, (400, "INVALID_MODULE", {"resource_path_index": 0})),
    ],
)
def test_refused_related_lists(path: str, arguments: dict[str, str], expected: tuple[int, str, Any]) -> None:
    bench = _bench()
    assert _refusal(bench.get(path.format(d1=bench.id("Deals", "d1")), **arguments)) == expected


def test_a_related_list_needs_both_scopes() -> None:
    bench = _bench("ZohoCRM.modules.deals.READ")
    answer = bench.get(f"Deals/{bench.id('Deals', 'd1')}/Quotes", fields="id")
    assert _refusal(answer) == (401, "OAUTH_SCOPE_MISMATCH", {})


# ---- search ----


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"criteria": "(Stage:equals:Closed Won)"}, ["First"]),
        ({"criteria": "(Deal_Name:equals:THIRD)"}, ["third"]),
        ({"criteria": "((Stage:in:Proposal,Confirmed)and(Deal_Name:starts_with:s))"}, ["Second"]),
        ({"criteria": "((Stage:equals:Proposal)or(Amount:greater_than:1000))"}, ["First", "third"]),
        (
            {"criteria": "(((Stage:equals:Proposal)or(Stage:equals:Confirmed))and(Stage:not_equal:Proposal))"},
            ["Second"],
        ),
        ({"criteria": "(Amount:equals:1234.5)"}, ["First"]),
        ({"criteria": "(Closing_Date:less_equal:2026-11-30)"}, ["First"]),
        ({"criteria": "(Modified_Time:less_than:2026-10-01T00:00:00+00:00)"}, ["Second"]),
        ({"criteria": "(Account_Name:equals:acme west)"}, ["First"]),
        ({"criteria": "(Deal_Name:equals:none \\(of\\) them)"}, []),
        ({"word": "CONFIRM"}, ["Second"]),
        ({"email": "nobody@example.com"}, []),
    ],
)
def test_what_a_search_finds(arguments: dict[str, str], found: list[str]) -> None:
    answer = _bench().get("Deals/search", fields="Deal_Name", **arguments)
    assert answer.status_code == (200 if found else 204), answer.text
    rows = answer.get_json()["data"] if found else []
    assert sorted(row["Deal_Name"] for row in rows) == sorted(found)
    assert all(row.keys() == {"id", "Deal_Name"} for row in rows)


def test_an_e_mail_finds_a_person() -> None:
    [person] = _bench().get("Contacts/search", email="PAT@example.com").get_json()["data"]
    assert person["Full_Name"] == "Pat Buyer"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "EXPECTED_PARAM_MISSING"),
        ({"criteria": "Stage:equals:Proposal"}, "INVALID_QUERY"),
        ({"criteria": "(Stage:equals:Proposal"}, "INVALID_QUERY"),
        ({"criteria": "(Stage:equals:Proposal)(Stage:equals:Lost)"}, "INVALID_QUERY"),
        ({"criteria": "(Nonsense:equals:1)"}, "INVALID_QUERY"),
        ({"criteria": "(Stage:greater_than:1)"}, "INVALID_QUERY"),
        ({"criteria": "(Amount:equals:much)"}, "INVALID_QUERY"),
        ({"criteria": "(" + "and".join(["(Stage:equals:Proposal)"] * 16) + ")"}, "CRITERIA_LIMIT_EXCEEDED"),
        ({"word": "x", "page": "11"}, "LIMIT_REACHED"),
    ],
)
def test_refused_searches(arguments: dict[str, str], code: str) -> None:
    answer = _bench().get("Deals/search", **arguments)
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)


def test_a_search_needs_its_own_scope() -> None:
    answer = _bench("ZohoCRM.modules.ALL").get("Deals/search", word="first")
    assert _refusal(answer) == (401, "OAUTH_SCOPE_MISMATCH", {})


def test_the_index_may_lag_behind() -> None:
    bench = _bench(switches={"search_lag_seconds": 60})
    bench.state.create("Deals", {"Deal_Name": "Just now"})
    assert bench.clock.now() == NOW
    seen = []
    for seconds in (0, 59, 1):
        bench.clock.advance(seconds)
        seen.append(bench.get("Deals/search", word="just now").status_code)
    assert seen == [204, 204, 200]
