"""Records by id, lists, deletions and writing back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from zoho_bench import WORLD, Bench, exact, make_bench

LATER = "2026-11-20T12:00:00+11:00"


def test_full_record_of_a_quote() -> None:
    bench = make_bench()
    quote = exact(bench.get(f"Quotes/{bench.id('Quotes', 'q1')}"))["data"][0]
    deal = bench.id("Deals", "d1")
    assert quote["Deal_Name"] == {"name": "First", "id": deal}
    assert quote["Account_Name"] == {"name": "Acme West", "id": bench.id("Accounts", "acme_west")}
    assert quote["Owner"] == {"name": "Sales Desk", "id": "5725767000000000101", "email": "sales@example.com"}
    assert (quote["$line_tax"], quote["$has_more"]) == ([], {"Quoted_Items": False})
    first, second = quote["Quoted_Items"]
    assert first["Product_Name"] == {"name": "Widget", "id": bench.id("Products", "widget"), "Product_Code": "W-1"}
    assert first["Line_Tax"][0]["value"] == Decimal("2.62")
    assert (second["Product_Name"], second["Description"], second["Line_Tax"]) == (None, "Labour", [])
    assert [row["Sequence_Number"] for row in quote["Quoted_Items"]] == [1, 2]
    assert first["Parent_Id"] == {"name": "Quote one", "id": quote["id"]}


def test_invoices_know_their_deal_under_another_name() -> None:
    bench = make_bench()
    new = bench.state.create("Invoices", {"Subject": "I", "deal": "d1"})
    invoice = bench.get(f"Invoices/{new}").get_json()["data"][0]
    assert invoice["Deal_Name__s"]["id"] == bench.id("Deals", "d1")
    assert "Deal_Name" not in invoice


def test_single_record_with_fields() -> None:
    bench = make_bench()
    deal = bench.id("Deals", "d1")
    assert bench.get(f"Deals/{deal}", fields="Deal_Name,Nope").get_json()["data"] == [
        {"id": deal, "Deal_Name": "First"}
    ]


@pytest.mark.parametrize("status", [204, 400, 404])
def test_missing_record(status: int) -> None:
    answer = make_bench(switches={"missing_record_status": status}).get("Deals/5725767000000999999")
    assert answer.status_code == status
    if status != 204:
        assert (answer.get_json()["code"], answer.get_json()["details"]) == ("INVALID_DATA", {"resource_path_index": 1})


@pytest.mark.parametrize("path", ["Potentials/1", "Quoted_Items/1", "users/1", "Potentials?fields=id", "Nope/deleted"])
def test_modules_that_are_not_there(path: str) -> None:
    answer = make_bench().get(path)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "INVALID_MODULE")
    assert answer.get_json()["details"] == {"resource_path_index": 0}


@pytest.mark.parametrize(
    ("arguments", "code", "details"),
    [
        ({}, "REQUIRED_PARAM_MISSING", {"param_name": "fields"}),
        ({"fields": ",".join(f"F{n}" for n in range(51))}, "LIMIT_EXCEEDED", {"param_name": "fields", "limit": 50}),
        ({"fields": "id", "per_page": "201"}, "INVALID_DATA", {"param_name": "per_page", "maximum_value": 200}),
        ({"fields": "id", "per_page": "x"}, "INVALID_DATA", {"param_name": "per_page", "maximum_value": 200}),
        ({"fields": "id", "page": "0"}, "INVALID_DATA", {"param_name": "page"}),
        ({"fields": "id", "page": "11"}, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", {"limit": 2000}),
        ({"fields": "id", "page_token": "x", "page": "1"}, "AMBIGUITY_DURING_PROCESSING", None),
        ({"fields": "id", "page_token": "x"}, "TOKEN_BOUND_DATA_MISMATCH", None),
        ({"fields": "id", "sort_by": "Deal_Name"}, "INVALID_DATA", None),
        ({"fields": "id", "sort_order": "up"}, "INVALID_DATA", None),
        ({"fields": "id", "ids": "abc"}, "INVALID_DATA", {"param_name": "ids"}),
        ({"fields": "id", "ids": ",".join(["1"] * 101)}, "LIMIT_EXCEEDED", {"param_name": "ids", "limit": 100}),
    ],
)
def test_refused_lists(arguments: dict[str, str], code: str, details: dict[str, Any] | None) -> None:
    answer = make_bench().get("Deals", **arguments)
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)
    assert details is None or answer.get_json()["details"] == details


def test_list_gives_id_and_the_named_fields_only() -> None:
    bench = make_bench()
    body = exact(bench.get("Quotes", fields="Subject,Grand_Total,Quoted_Items,Nope,$approval_state"))
    row = {"Subject": "Quote one", "Grand_Total": Decimal("44.34"), "$approval_state": "approved"}
    assert body["data"] == [{"id": bench.id("Quotes", "q1"), **row}]
    bench.state.switches["list_subform"] = "error"
    assert bench.get("Quotes", fields="Subject,Quoted_Items").status_code == 400


def test_list_order_and_chosen_ids() -> None:
    bench = make_bench()
    ids = [bench.id("Deals", key) for key in ("d1", "d2", "d3")]
    default = [row["id"] for row in bench.get("Deals", fields="id").get_json()["data"]]
    assert default == sorted(ids, key=int, reverse=True)
    by_time = bench.get("Deals", fields="Deal_Name", sort_by="Modified_Time", sort_order="asc").get_json()["data"]
    assert by_time[0]["Deal_Name"] == "Second"
    chosen = bench.get("Deals", fields="id", ids=f"{ids[0]},{ids[1]},5725767000000999999").get_json()["data"]
    assert {row["id"] for row in chosen} == set(ids[:2])


def test_empty_list_is_204() -> None:
    assert make_bench().get("Sales_Orders", fields="id").status_code == 204


@pytest.mark.parametrize(
    ("since", "status", "names"),
    [
        ("2026-11-19T09:59:59+00:00", 200, {"First", "third"}),
        ("2026-11-19T10:00:00+00:00", 304, set()),
        ("2026-09-01T19:59:59+10:00", 200, {"First", "Second", "third"}),
        ("yesterday", 400, set()),
    ],
)
def test_if_modified_since(since: str, status: int, names: set[str]) -> None:
    bench = make_bench()
    headers = {**bench.headers, "If-Modified-Since": since}
    answer = bench.http.get("/crm/v8/Deals?fields=Deal_Name", headers=headers)
    assert answer.status_code == status
    assert {row["Deal_Name"] for row in (answer.get_json(silent=True) or {}).get("data", [])} == names


def _many(count: int) -> Bench:
    return make_bench({"deals": [{"key": f"d{n}", "Deal_Name": f"Deal {n}"} for n in range(count)]})


def test_page_tokens_go_on_where_pages_end() -> None:
    bench = _many(2150)
    seen: list[str] = []
    arguments: dict[str, str] = {}
    while True:
        body = bench.get("Deals", fields="id", **arguments).get_json()
        seen += [row["id"] for row in body["data"]]
        assert body["info"]["page"] == len(seen) // 200 + (len(seen) % 200 > 0)
        if not body["info"]["more_records"]:
            break
        arguments = {"page_token": body["info"]["next_page_token"]}
    assert (len(seen), len(set(seen))) == (2150, 2150)
    assert bench.get("Deals", fields="id", page="10").get_json()["info"]["more_records"] is True
    assert bench.get("Deals", fields="id", page="11").status_code == 400


def test_page_token_is_bound_and_expires() -> None:
    bench = _many(3)
    token = bench.get("Deals", fields="id", per_page="2").get_json()["info"]["next_page_token"]
    assert (
        bench.get("Deals", fields="id,Stage", per_page="2", page_token=token).get_json()["code"]
        == "TOKEN_BOUND_DATA_MISMATCH"
    )
    assert (
        bench.get("Accounts", fields="id", per_page="2", page_token=token).get_json()["code"]
        == "TOKEN_BOUND_DATA_MISMATCH"
    )
    assert len(bench.get("Deals", fields="id", per_page="2", page_token=token).get_json()["data"]) == 1
    bench.state.page_tokens[token] = _expired(bench, token)
    assert bench.get("Deals", fields="id", per_page="2", page_token=token).get_json()["code"] == "EXPIRED_VALUE"


def _expired(bench: Bench, token: str) -> Any:
    from dataclasses import replace

    return replace(bench.state.page_tokens[token], expires=bench.state.now())


def test_deleted_and_merged_records() -> None:
    bench = make_bench()
    deal, acme, west = bench.id("Deals", "d2"), bench.id("Accounts", "acme"), bench.id("Accounts", "acme_west")
    bench.state.delete("Deals", "d2")
    body = bench.get("Deals/deleted").get_json()
    assert body["info"] == {"per_page": 200, "count": 1, "page": 1, "more_records": False}
    assert body["data"] == [
        {
            "id": deal,
            "display_name": "Second",
            "type": "recycle",
            "deleted_time": LATER,
            "deleted_by": {"name": "Sales Desk", "id": "5725767000000000101"},
            "created_by": {"name": "Sales Desk", "id": "5725767000000000101"},
        }
    ]
    assert bench.get(f"Deals/{deal}").status_code == 204
    assert bench.rows(f"select id from Deals where id = {deal}") == []
    bench.state.merge("Accounts", "acme_west", "acme")
    assert bench.get("Accounts/deleted").get_json()["data"][0]["id"] == west
    moved = bench.state.find("Deals", "d1")
    assert (moved["Account_Name"]["id"], moved["Modified_Time"]) == (acme, "2026-11-19T21:00:00+11:00")
    assert bench.state.find("Quotes", "q1")["Account_Name"]["id"] == acme


def test_permanent_deletion_forgets_the_name_and_bad_type_is_refused() -> None:
    bench = make_bench()
    bench.state.delete("Deals", "d2", permanent=True)
    row = bench.get("Deals/deleted", type="permanent").get_json()["data"][0]
    assert (row["display_name"], row["deleted_by"], row["created_by"], row["type"]) == (None, None, None, "permanent")
    assert bench.get("Deals/deleted", type="recycle").status_code == 204
    assert bench.get("Deals/deleted", type="gone").get_json()["code"] == "PATTERN_NOT_MATCHED"


@pytest.mark.parametrize(("permanent", "days"), [(False, 60), (True, 120)])
def test_deletions_are_listed_for_a_while(permanent: bool, days: int) -> None:
    bench = make_bench()
    bench.state.delete("Deals", "d2", permanent=permanent)
    for seconds, status in ((0, 200), (days * 86400 - 1, 200), (1, 204)):
        bench.clock.advance(seconds)
        token = bench.http.post("/oauth/v2/token", data=_refresh()).get_json()["access_token"]
        bench.headers["Authorization"] = f"Zoho-oauthtoken {token}"
        assert bench.get("Deals/deleted").status_code == status


def _refresh() -> dict[str, str]:
    from zoho_bench import REFRESH

    return REFRESH


def test_deleting_a_document_takes_its_rows_and_a_deleted_product_keeps_its_name() -> None:
    bench = make_bench()
    bench.state.delete("Products", "widget")
    assert (
        bench.rows("select Product_Name from Quoted_Items where Product_Name is not null")[0]["Product_Name"]["name"]
        == "Widget"
    )
    bench.state.delete("Quotes", "q1")
    assert bench.rows("select id from Quoted_Items where id is not null") == []


def test_update_one_and_many() -> None:
    bench = make_bench()
    first, second = bench.id("Deals", "d1"), bench.id("Deals", "d2")
    body = {"data": [{"id": first, "Next_Step": "x", "Nope": 1, "Expected_Revenue": 5}], "trigger": []}
    answer = bench.put("Deals", body)
    assert (answer.status_code, answer.get_json()) == (
        200,
        {
            "data": [
                {
                    "code": "SUCCESS",
                    "details": {
                        "id": first,
                        "Modified_Time": LATER,
                        "Modified_By": {"name": "Integration User", "id": "5725767000000000102"},
                        "Created_Time": "2026-11-19T21:00:00+11:00",
                        "Created_By": {"name": "Sales Desk", "id": "5725767000000000101"},
                        "$approval_state": "approved",
                    },
                    "message": "record updated",
                    "status": "success",
                }
            ]
        },
    )
    assert bench.state.workflow_runs == 0
    deal = bench.state.find("Deals", "d1")
    assert (deal["Next_Step"], deal["Expected_Revenue"], deal["Modified_Time"]) == ("x", None, LATER)
    mixed = bench.put("Deals", {"data": [{"id": "1", "Next_Step": "y"}, {"id": second, "Next_Step": "y"}]})
    assert (mixed.status_code, [item["code"] for item in mixed.get_json()["data"]]) == (
        207,
        ["INVALID_DATA", "SUCCESS"],
    )
    assert bench.state.workflow_runs == 1
    assert bench.put(f"Deals/{first}", {"data": [{"Amount": 7}]}).status_code == 200
    assert bench.state.find("Deals", "d1")["Amount"] == 7


def item(code: str, **details: Any) -> tuple[str, dict[str, Any]]:
    return code, details


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"id": None}, item("MANDATORY_NOT_FOUND", api_name="id", json_path="$.data[0].id")),
        ({"id": "1"}, item("INVALID_DATA", api_name="id", json_path="$.data[0].id")),
        (
            {"Deal_Name": "x" * 121},
            item("INVALID_DATA", api_name="Deal_Name", json_path="$.data[0].Deal_Name", maximum_length=120),
        ),
        ({"Deal_Name": None}, item("MANDATORY_NOT_FOUND", api_name="Deal_Name", json_path="$.data[0].Deal_Name")),
        (
            {"Amount": "7"},
            item("INVALID_DATA", api_name="Amount", json_path="$.data[0].Amount", expected_data_type="double"),
        ),
        (
            {"Amount": True},
            item("INVALID_DATA", api_name="Amount", json_path="$.data[0].Amount", expected_data_type="double"),
        ),
        (
            {"Closing_Date": "soon"},
            item(
                "INVALID_DATA", api_name="Closing_Date", json_path="$.data[0].Closing_Date", expected_data_type="string"
            ),
        ),
        (
            {"Account_Name": {"id": "1"}},
            item("INVALID_DATA", api_name="Account_Name", json_path="$.data[0].Account_Name"),
        ),
        ({"Stage": "Nowhere"}, item("MAPPING_MISMATCH", api_name="Stage", json_path="$.data[0].Stage")),
    ],
)
def test_refused_items_change_nothing(fields: dict[str, Any], expected: tuple[str, dict[str, Any]]) -> None:
    bench = make_bench()
    before = bench.state.find("Deals", "d1")
    answer = bench.put("Deals", {"data": [{"id": before["id"], **fields}]})
    got = answer.get_json()["data"][0]
    assert (answer.status_code, (got["code"], got["details"]), got["status"]) == (400, expected, "error")
    assert bench.state.find("Deals", "d1") == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "MANDATORY_NOT_FOUND"),
        ({"data": {}}, "INVALID_DATA"),
        ({"data": []}, "INVALID_DATA"),
        ({"data": [{"id": "1"}] * 101}, "INVALID_DATA"),
        ([], "MANDATORY_NOT_FOUND"),
    ],
)
def test_refused_bodies(body: Any, code: str) -> None:
    answer = make_bench().put("Deals", body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)


def test_if_unmodified_since_and_locks() -> None:
    bench = make_bench()
    deal = bench.id("Deals", "d1")
    body = {"data": [{"id": deal, "Next_Step": "x"}]}
    stale = bench.put("Deals", body, If_Unmodified_Since="2026-11-19T20:59:59+11:00")
    refusal = stale.get_json()["data"][0]
    assert (stale.status_code, refusal["code"]) == (412, "ALREADY_MODIFIED")
    assert (refusal["details"]["id"], refusal["details"]["Modified_Time"]) == (deal, "2026-11-19T21:00:00+11:00")
    assert bench.put("Deals", body, If_Unmodified_Since="2026-11-19T10:00:00+00:00").status_code == 200
    assert bench.put("Deals", body, If_Unmodified_Since="x").status_code == 400
    bench.state.update("Deals", "d1", {"Locked__s": True})
    assert bench.put("Deals", body).get_json()["data"][0]["code"] == "RECORD_LOCKED"


def test_unique_fields() -> None:
    fields = {"Deals": {"Xero_Invoice_ID": {"type": "text", "length": 50, "unique": True}}}
    bench = make_bench({**WORLD, "fields": {"Deals": {**WORLD["fields"]["Deals"], **fields["Deals"]}}})
    first, second = bench.id("Deals", "d1"), bench.id("Deals", "d2")
    assert bench.put("Deals", {"data": [{"id": first, "Xero_Invoice_ID": "a"}]}).status_code == 200
    refusal = bench.put("Deals", {"data": [{"id": second, "Xero_Invoice_ID": "a"}]}).get_json()["data"][0]
    assert (refusal["code"], refusal["details"]["duplicate_record"]["id"]) == ("DUPLICATE_DATA", first)
    assert bench.put("Deals", {"data": [{"id": first, "Xero_Invoice_ID": "a"}]}).status_code == 200


def test_text_survives_as_written() -> None:
    bench = make_bench()
    name = "  “Ünïcode” 😀 <b>&amp; O'Brien\\  "
    bench.put("Deals", {"data": [{"id": bench.id("Deals", "d1"), "Deal_Name": name}]})
    assert bench.rows("select Deal_Name from Deals where Amount > 1000")[0]["Deal_Name"] == name
