"""The sandbox's consent page: who may ask, what comes back, and what its code is good for."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from zoho_bench import CREDENTIALS, Bench, make_bench

PAGE = "/oauth/v2/auth"
BACK = "http://localhost:8742/callback"
ASKED = {
    "response_type": "code",
    "client_id": CREDENTIALS["client_id"],
    "redirect_uri": BACK,
    "scope": "ZohoCRM.org.READ,ZohoCRM.coql.READ",
    "access_type": "offline",
    "prompt": "consent",
    "state": "s1",
}


def decide(bench: Bench, decision: str = "accept", **changes: str) -> dict[str, str]:
    answer = bench.http.post(PAGE, data={**ASKED, **changes, "decision": decision})
    assert answer.status_code == 302
    location = answer.headers["Location"]
    assert location.startswith(f"{BACK}?")
    return dict(parse_qsl(urlsplit(location).query))


def exchange(bench: Bench, code: str, **form: str) -> Any:
    form = {"redirect_uri": BACK, **form}
    data = {**CREDENTIALS, "grant_type": "authorization_code", "code": code, **form}
    return bench.http.post("/oauth/v2/token", data={name: value for name, value in data.items() if value}).get_json()


def test_the_page_names_the_scopes() -> None:
    answer = make_bench().http.get(PAGE, query_string=ASKED)
    assert answer.status_code == 200
    assert "<code>ZohoCRM.coql.READ</code>" in answer.text
    assert 'value="s1"' in answer.text


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"client_id": "1000.OTHER"}, "Invalid Client Id"),
        ({"redirect_uri": f"{BACK}/"}, "Invalid Redirect Uri"),
        ({"redirect_uri": "http://127.0.0.1:8742/callback"}, "Invalid Redirect Uri"),
        ({"response_type": "token"}, "Invalid Response Type"),
        ({"scope": "ZohoCRM.org.READ ZohoCRM.coql.READ"}, "Invalid OAuth Scope"),
        ({"scope": ""}, "Invalid OAuth Scope"),
    ],
)
def test_a_bad_request_never_redirects(method: str, changes: dict[str, str], problem: str) -> None:
    http = make_bench().http
    asked = {**ASKED, **changes, "decision": "accept"}
    answer = http.get(PAGE, query_string=asked) if method == "get" else http.post(PAGE, data=asked)
    assert (answer.status_code, problem in answer.text) == (400, True)
    assert "Location" not in answer.headers


def test_what_comes_back() -> None:
    bench = make_bench()
    back = decide(bench)
    code = back.pop("code")
    assert back == {"state": "s1", "location": "au", "accounts-server": "http://localhost"}
    assert exchange(bench, code)["scope"] == "ZohoCRM.org.READ ZohoCRM.coql.READ"
    assert exchange(bench, code) == {"error": "invalid_code"}


def test_a_rejection() -> None:
    assert decide(make_bench(), "reject") == {"state": "s1", "error": "access_denied"}


def test_the_code_is_bound_to_its_address_and_short_lived() -> None:
    bench = make_bench()
    for redirect in ("", "http://localhost:1/callback"):
        assert exchange(bench, decide(bench)["code"], redirect_uri=redirect) == {"error": "invalid_redirect_uri"}
    code = decide(bench)["code"]
    bench.clock.advance(120)
    assert exchange(bench, code) == {"error": "invalid_code"}


@pytest.mark.parametrize(
    ("consents", "refreshes"),
    [
        ([{"access_type": "online"}], [False]),
        ([{"prompt": ""}, {"prompt": ""}, {"prompt": "consent"}], [True, False, True]),
    ],
)
def test_when_a_refresh_token_is_given(consents: list[dict[str, str]], refreshes: list[bool]) -> None:
    bench = make_bench()
    given = [exchange(bench, decide(bench, **changes)["code"]) for changes in consents]
    assert ["refresh_token" in answer for answer in given] == refreshes
