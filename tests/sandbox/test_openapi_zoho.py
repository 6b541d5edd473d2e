"""Every request of this product and every answer of the sandbox, against Zoho's own OpenAPI files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openapi_zoho
import pytest
import requests
from openapi import Exchange
from sync_bench import Program, recorded
from zoho_bench import WORLD

from zoho_xero_sync.sandbox import Sandbox, load_world

pytestmark = pytest.mark.skipif(not openapi_zoho.FILES.exists(), reason="Zoho's OpenAPI files are not here")


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> list[Exchange]:
    """What goes over the wire to and from the Zoho half of every sandbox, from now on."""
    return recorded(monkeypatch, "zoho")


def test_a_whole_sync_keeps_to_the_files(wire: list[Exchange], tmp_path: Path) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    with Sandbox(load_world("demo")) as box:
        program = Program(box, tmp_path)
        program.sync()
        program.sync(dry_run=True, since=start)
        assert program.sync(since=start).counts["invoices_created"] > 5
        box.clock.advance(60)
        program.sync()
    paths = {row.path for row in wire if row.status == 200}
    assert {"/crm/v8/coql", "/crm/v8/org"} <= paths
    assert openapi_zoho.problems(wire) == []


class _Caller:
    """Plain requests to a sandbox with a bit of everything in it."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        client = box.world["zoho"]["client"]
        form = {"client_id": client["id"], "client_secret": client["secret"], "grant_type": "refresh_token",
                "refresh_token": client["refresh_token"]}  # fmt: skip
        token = requests.post(f"{box.zoho_url}/oauth/v2/token", data=form, timeout=10).json()["access_token"]
        self.headers = {"Authorization": f"Zoho-oauthtoken {token}"}

    def __call__(self, method: str, path: str, expected: int, body: Any = None) -> Any:
        url = f"{self.box.zoho_url}/crm/v8/{path}"
        answer = requests.request(method, url, json=body, headers=self.headers, timeout=10)
        assert answer.status_code == expected, answer.text
        return answer.json() if answer.content else None

    def coql(self, query: str, expected: int) -> None:
        self("POST", "coql", expected, {"select_query": query})


@pytest.fixture
def caller() -> Iterator[_Caller]:
    with Sandbox({"zoho": {**WORLD, "org": {"multi_currency": True}}}) as box:
        yield _Caller(box)


def test_what_the_organisation_says_about_itself(wire: list[Exchange], caller: _Caller) -> None:
    layout = caller("GET", "settings/layouts?module=Deals", 200)["layouts"][0]["id"]
    for path in ("org", "org/currencies", "settings/fields?module=Deals", "settings/fields?module=Quotes"):
        caller("GET", path, 200)
    caller("GET", f"settings/pipeline?layout_id={layout}", 200)
    caller("GET", "settings/pipeline", 400)
    assert openapi_zoho.problems(wire) == []


def test_records(wire: list[Exchange], caller: _Caller) -> None:
    deal, quote = caller.box.zoho.find("Deals", "d1")["id"], caller.box.zoho.find("Quotes", "q1")["id"]
    caller("GET", "Deals?fields=Deal_Name,Stage&per_page=1", 200)
    caller("GET", "Deals?fields=id&page=11", 400)
    caller("GET", "Deals", 400)
    caller("GET", f"Deals/{deal}", 200)
    caller("GET", f"Quotes/{quote}?fields=Subject", 200)
    good, bad = {"id": deal, "Amount": 5}, {"id": "1"}
    caller("PUT", "Deals", 200, {"data": [good], "trigger": []})
    caller("PUT", f"Deals/{deal}", 200, {"data": [{"Amount": 6}], "trigger": []})
    caller("PUT", "Deals", 207, {"data": [good, bad], "trigger": []})
    caller("PUT", "Deals", 400, {"data": [bad], "trigger": []})
    caller.box.zoho.delete("Deals", "d2")
    caller.box.zoho.delete("Deals", "d3", permanent=True)
    caller("GET", "Deals/deleted?type=all", 200)
    caller("GET", "Accounts/deleted", 204)
    caller("GET", f"Deals/{deal}/Quotes?fields=Subject&per_page=5", 200)
    caller("GET", f"Quotes/{quote}/Invoices?fields=Subject", 400)
    caller("GET", f"Deals/{deal}/Invoices?fields=Subject", 204)
    assert openapi_zoho.problems(wire) == []


def test_inserts_notes_and_what_hangs_on_a_deal(wire: list[Exchange], caller: _Caller) -> None:
    zoho = caller.box.zoho
    deal = zoho.find("Deals", "d1")["id"]
    parent = {"id": deal, "module": {"api_name": "Deals"}}
    caller("POST", "Contacts", 201, {"data": [{"Last_Name": "New"}], "trigger": []})
    caller("POST", "Contacts", 207, {"data": [{"Last_Name": "New"}, {}], "trigger": []})
    caller("POST", "Accounts", 400, {"data": [{}], "trigger": []})
    caller("POST", "Accounts/upsert", 200, {"data": [{"Account_Name": "Acme West"}, {"Account_Name": "New"}]})
    caller("POST", "Notes", 201, {"data": [{"Note_Title": "t", "Note_Content": "x", "Parent_Id": parent}]})
    caller("PUT", f"Deals/{deal}/Products", 200, {"data": [{"id": zoho.find("Products", "widget")["id"]}]})
    for name in ("Notes", "Products", "Stage_History"):
        caller("GET", f"Deals/{deal}/{name}?fields=id", 200)
    note = caller("GET", f"Deals/{deal}/Notes?fields=Note_Content,Parent_Id", 200)["data"][0]["id"]
    caller("GET", f"Notes/{note}", 200)
    assert openapi_zoho.problems(wire) == []


def test_new_fields(wire: list[Exchange], caller: _Caller) -> None:
    path = "settings/fields?module=Deals"
    caller("POST", path, 201, {"fields": [{"field_label": "Xero Number", "data_type": "text", "length": 50}]})
    caller("POST", path, 400, {"fields": [{"data_type": "text"}]})
    caller("POST", path, 400, {"fields": [{"field_label": "Xero Other", "data_type": "money"}]})
    caller("GET", path, 200)
    assert openapi_zoho.problems(wire) == []


def test_held_records(wire: list[Exchange], caller: _Caller) -> None:
    zoho = caller.box.zoho
    deal = zoho.find("Deals", "d1")["id"]
    for process, fields in (("approval", {}), ("merge", {}), ("blueprint", {"Stage": "Proposal"})):
        zoho.hold("Deals", "d1", process)
        caller("PUT", "Deals", 400, {"data": [{"id": deal, **fields}], "trigger": []})
        caller("GET", f"Deals/{deal}", 200)
        zoho.release("Deals", "d1")
    zoho.hide("Deals", "d1")
    caller("PUT", "Deals", 403, {"data": [{"id": deal}], "trigger": []})
    assert openapi_zoho.problems(wire) == []


def test_searches(wire: list[Exchange], caller: _Caller) -> None:
    caller.box.zoho.oauth.set_scopes(("ZohoCRM.modules.ALL", "ZohoSearch.securesearch.READ"))
    again = _Caller(caller.box)
    again("GET", "Deals/search?criteria=(Stage:equals:Confirmed)&fields=Deal_Name&page=1", 200)
    again("GET", "Contacts/search?email=nobody@example.com", 204)
    assert openapi_zoho.problems(wire) == []


def test_queries(wire: list[Exchange], caller: _Caller) -> None:
    caller.coql("select id, Deal_Name, Account_Name.Account_Name from Deals where id is not null", 200)
    caller.coql("select id from Deals where id = '1'", 204)
    for refused in (
        "select id, Deal_Name from Deals",
        "select id from Nope where id is not null",
        "select Nope from Deals where id is not null",
        "select id from Deals where Modified_Time > 'x'",
        "select id from Deals where id is not null limit 9999",
        "select id from Deals where Stage = 'a' and Stage = 'b' and Stage = 'c'",
    ):
        caller.coql(refused, 400)
    assert openapi_zoho.problems(wire) == []


def exchange(answer: Any, path: str = "coql", *, method: str = "POST", status: int = 200, query: str = "") -> Exchange:
    body = b'{"select_query": "select"}' if path == "coql" else b"{}"
    told = b"" if answer is None else json.dumps(answer).encode()
    return Exchange(method, f"/crm/v8/{path}", query, {}, body, status, "application/json", told)


_REFUSAL = {"code": "INVALID_MODULE", "details": {}, "message": "no", "status": "failed"}


@pytest.mark.parametrize(
    ("seen", "part"),
    [
        (exchange({"data": [], "inof": {}}), "'inof' was unexpected"),
        (exchange({"data": [{"id": 5}]}), "data.0.id: 5 is not of type 'string'"),
        (exchange({"data": [], "info": {"count": "1"}}), "info.count: '1' is not of type 'integer'"),
        (exchange(_REFUSAL, status=400), "status: 'failed' is not one of"),
        (exchange({}, "Deals/7/Quotes/7/Nonsense", method="GET"), "there is no such operation"),
        (exchange({"org": []}, "org", method="GET", query="pgae=1"), "unknown parameter pgae"),
        (exchange({"org": [{"mc_status": "yes"}]}, "org", method="GET"), "mc_status: 'yes' is not of type 'boolean'"),
        (exchange({"data": []}, "Deals", method="GET", status=202), "the file knows no such answer"),
        (exchange({"data": []}, "Deals", method="GET", status=204), "204 with a body"),
        (exchange({"data": [{"code": "SUCCESS", "message": "done"}]}, "Deals", method="PUT"), "'done' is not one of"),
    ],
)
def test_the_check_finds_what_is_wrong(seen: Exchange, part: str) -> None:
    found = openapi_zoho.problems([seen])
    assert found
    assert any(part in problem for problem in found), found
