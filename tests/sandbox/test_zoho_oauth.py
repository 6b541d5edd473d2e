"""Tokens, scopes and how a call without the right ones is refused."""

from __future__ import annotations

from typing import Any

import pytest
from zoho_bench import CREDENTIALS, REFRESH, Bench, make_bench

DEALS = {"select_query": "select id from Deals where id is not null"}


def mint(bench: Bench, **form: str) -> Any:
    return bench.http.post("/oauth/v2/token", data={**REFRESH, **form})


def ask(bench: Bench, token: str) -> Any:
    return bench.http.post("/crm/v8/coql", json=DEALS, headers={"Authorization": f"Zoho-oauthtoken {token}"})


def test_refresh_answer() -> None:
    body = mint(make_bench()).get_json()
    assert body.pop("access_token").startswith("1000.")
    assert "ZohoCRM.coql.READ" in body.pop("scope").split(" ")
    assert body == {"api_domain": "http://localhost", "token_type": "Bearer", "expires_in": 3600}


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_id": "1000.OTHER"}, "invalid_client"),
        ({"client_secret": "wrong"}, "invalid_client_secret"),
        ({"refresh_token": "1000.unknown"}, "invalid_code"),
        ({"grant_type": "authorization_code", "code": "1000.unknown"}, "invalid_code"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_token_errors_come_under_200(form: dict[str, str], error: str) -> None:
    bench = make_bench()
    answer = mint(bench, **form)
    assert (answer.status_code, answer.get_json()) == (200, {"error": error})
    bench.state.switches["token_error_status"] = 400
    assert mint(bench, **form).status_code == 400


def test_secrets_count_only_in_the_body() -> None:
    answer = make_bench().http.post("/oauth/v2/token", query_string=REFRESH)
    assert answer.get_json() == {"error": "invalid_client"}


def test_grant_code_is_good_once_and_for_ten_minutes() -> None:
    bench = make_bench()
    code = bench.state.issue_grant_code(["ZohoCRM.org.READ"])
    exchange = {**CREDENTIALS, "grant_type": "authorization_code", "code": code}
    body = bench.http.post("/oauth/v2/token", data=exchange).get_json()
    assert body["scope"] == "ZohoCRM.org.READ"
    assert "refresh_token" not in mint(bench, refresh_token=body["refresh_token"]).get_json()
    assert bench.http.post("/oauth/v2/token", data=exchange).get_json() == {"error": "invalid_code"}
    late = {**exchange, "code": bench.state.issue_grant_code(["ZohoCRM.org.READ"])}
    bench.clock.advance(600)
    assert bench.http.post("/oauth/v2/token", data=late).get_json() == {"error": "invalid_code"}


def test_eleventh_mint_in_ten_minutes_is_throttled() -> None:
    bench = make_bench()
    statuses = [mint(bench).status_code for _ in range(10)]
    assert statuses == [200] * 9 + [400]
    body = mint(bench).get_json()
    assert (body["error"], body["status"]) == ("Access Denied", "failure")
    assert "too many requests continuously" in body["error_description"]
    bench.clock.advance(600)
    assert "access_token" in mint(bench).get_json()


def test_twenty_first_refresh_token_ends_the_first() -> None:
    bench = make_bench()
    for _ in range(20):
        code = bench.state.issue_grant_code(["ZohoCRM.org.READ"])
        bench.http.post("/oauth/v2/token", data={**CREDENTIALS, "grant_type": "authorization_code", "code": code})
    assert mint(bench).get_json() == {"error": "invalid_code"}
    assert bench.get("org").get_json()["code"] == "INVALID_TOKEN"


def test_access_token_lives_an_hour() -> None:
    bench = make_bench()
    bench.clock.advance(3599)
    assert bench.get("org").status_code == 200
    bench.clock.advance(1)
    answer = bench.get("org")
    assert (answer.status_code, answer.get_json()["code"]) == (401, "INVALID_TOKEN")


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("1000.sandbox.refresh", "invalid"),
        ("", "missing"),
    ],
)
def test_revoke(token: str, code: str) -> None:
    bench = make_bench()
    answer = bench.http.post("/oauth/v2/token/revoke", data={"token": token})
    if code == "missing":
        assert answer.get_json() == {"error": "invalid_code"}
        assert bench.get("org").status_code == 200
    else:
        assert answer.get_json() == {"status": "success"}
        assert bench.get("org").get_json()["code"] == "INVALID_TOKEN"
        assert mint(bench).get_json() == {"error": "invalid_code"}


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "AUTHENTICATION_FAILURE"),
        ("Zoho-oauthtoken ", "AUTHENTICATION_FAILURE"),
        ("Bearer 1000.a.b", "AUTHENTICATION_FAILURE"),
        ("nonsense", "AUTHENTICATION_FAILURE"),
        ("Zoho-oauthtoken 1000.a.b", "INVALID_TOKEN"),
    ],
)
def test_refused_headers(header: str | None, code: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = make_bench().http.get("/crm/v8/org", headers=headers)
    assert (answer.status_code, answer.get_json()["code"], answer.get_json()["status"]) == (401, code, "error")


MODULES = "ZohoCRM.modules.READ"
COQL = "ZohoCRM.coql.READ"


@pytest.mark.parametrize(
    ("scopes", "query", "allowed"),
    [
        ([COQL, MODULES], "select id from Deals where id is not null", True),
        (["ZohoCRM.coql.ALL", "ZohoCRM.modules.ALL"], "select id from Deals where id is not null", True),
        ([MODULES], "select id from Deals where id is not null", False),
        ([COQL], "select id from Deals where id is not null", False),
        ([COQL, "ZohoCRM.modules.Deals.READ"], "select id from Deals where id is not null", True),
        ([COQL, "ZohoCRM.modules.deals.UPDATE"], "select id from Deals where id is not null", False),
        ([COQL, "ZohoCRM.modules.deals.READ"], "select Account_Name from Deals where id is not null", True),
        ([COQL, "ZohoCRM.modules.deals.READ"], "select Account_Name.Phone from Deals where id is not null", False),
        ([COQL, "ZohoCRM.modules.deals.READ"], "select id from Deals where Account_Name.Phone is null", False),
        ([COQL, "ZohoCRM.modules.deals.READ"], "select id from Deals where id = 1 order by Account_Name.Phone", False),
        (
            [COQL, "ZohoCRM.modules.deals.READ", "ZohoCRM.modules.accounts.READ"],
            "select Account_Name.Phone from Deals where id is not null",
            True,
        ),
        ([COQL, "ZohoCRM.modules.deals.READ"], "select Owner.last_name from Deals where id is not null", True),
        ([COQL, "ZohoCRM.modules.salesorders.READ"], "select id from Ordered_Items where id is null", True),
        ([COQL, "ZohoCRM.modules.quotes.READ"], "select id from Ordered_Items where id is null", False),
    ],
)
def test_query_scopes(scopes: list[str], query: str, allowed: bool) -> None:
    bench = make_bench(client={"scopes": scopes})
    answer = bench.coql(query)
    refusal = None if answer.status_code in {200, 204} else (answer.status_code, answer.get_json()["code"])
    assert refusal == (None if allowed else (401, "OAUTH_SCOPE_MISMATCH"))


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("org", "ZohoCRM.org.READ"),
        ("org/currencies", "ZohoCRM.settings.currencies.READ"),
        ("org/taxes", "ZohoCRM.settings.taxes.READ"),
        ("users", "ZohoCRM.users.READ"),
        ("settings/modules", "ZohoCRM.settings.modules.READ"),
        ("settings/modules/Deals", "ZohoCRM.settings.modules.READ"),
        ("settings/fields?module=Deals", "ZohoCRM.settings.fields.READ"),
        ("settings/layouts?module=Deals", "ZohoCRM.settings.layouts.READ"),
        ("settings/pipeline?layout_id=1", "ZohoCRM.settings.pipeline.READ"),
        ("Deals?fields=id", "ZohoCRM.modules.deals.READ"),
        ("Deals/1", "ZohoCRM.modules.deals.READ"),
        ("Deals/deleted", "ZohoCRM.modules.deals.READ"),
        ("Sales_Orders?fields=id", "ZohoCRM.modules.salesorders.READ"),
    ],
)
def test_each_path_needs_its_scope(path: str, scope: str) -> None:
    without = make_bench(client={"scopes": ["ZohoCRM.bulk.READ"]})
    refused = without.get(path)
    assert (refused.status_code, refused.get_json()["code"]) == (401, "OAUTH_SCOPE_MISMATCH")
    assert make_bench(client={"scopes": [scope]}).get(path).status_code != 401


def test_writing_needs_update() -> None:
    bench = make_bench(client={"scopes": ["ZohoCRM.modules.deals.READ"]})
    assert bench.put("Deals", {"data": [{"id": "1"}]}).get_json()["code"] == "OAUTH_SCOPE_MISMATCH"
    bench = make_bench(client={"scopes": ["ZohoCRM.modules.deals.UPDATE"]})
    assert bench.put("Deals", {"data": [{"id": "1"}]}).get_json()["data"][0]["code"] == "INVALID_DATA"


def test_a_persons_hands_on_logins() -> None:
    bench = make_bench()
    token = bench.headers["Authorization"].split()[1]
    assert ask(bench, token).status_code == 200
    bench.state.oauth.expire_access_tokens()
    assert ask(bench, token).get_json()["code"] == "INVALID_TOKEN"
    bench.state.oauth.set_scopes(["ZohoCRM.org.READ"])
    assert ask(bench, mint(bench).get_json()["access_token"]).get_json()["code"] == "OAUTH_SCOPE_MISMATCH"
    bench.state.oauth.revoke_everything()
    assert mint(bench).get_json() == {"error": "invalid_code"}
