"""Custom fields made through the API and by administrators."""

from __future__ import annotations

from typing import Any

import pytest
from zoho_bench import Bench, exact, make_bench

NUMBER = {"field_label": "Xero Invoice Number", "data_type": "text", "length": 50}


def _fields(bench: Bench) -> dict[str, dict[str, Any]]:
    return {f["api_name"]: f for f in bench.get("settings/fields", module="Deals").get_json()["fields"]}


def test_fields_are_made_and_can_be_written_and_queried() -> None:
    bench = make_bench()
    wanted = [
        NUMBER,
        {"field_label": "Xero Total", "data_type": "currency"},
        {"field_label": "Xero Link", "data_type": "website"},
        {"field_label": "Xero Paid On", "data_type": "date"},
        {"field_label": "Xero Status", "data_type": "picklist", "pick_list_values": [{"display_value": "Paid"}]},
    ]
    answer = bench.post("settings/fields", {"fields": wanted}, module="Deals")
    assert (answer.status_code, {row["code"] for row in answer.get_json()["fields"]}) == (201, {"SUCCESS"})
    found = _fields(bench)
    ids = [row["details"]["id"] for row in answer.get_json()["fields"]]
    names = {field["id"]: name for name, field in found.items()}
    assert [names[made] for made in ids] == [
        "Xero_Invoice_Number", "Xero_Total", "Xero_Link", "Xero_Paid_On", "Xero_Status",
    ]  # fmt: skip
    assert (found["Xero_Invoice_Number"]["length"], found["Xero_Invoice_Number"]["custom_field"]) == (50, True)
    values = {"Xero_Invoice_Number": "INV-1", "Xero_Total": 12.5, "Xero_Link": "https://example.com/1",
              "Xero_Paid_On": "2026-11-20", "Xero_Status": "Paid"}  # fmt: skip
    body = {"data": [{"id": bench.id("Deals", "d1"), **values}], "trigger": []}
    assert bench.put("Deals", body).status_code == 200
    query = f"select {', '.join(values)} from Deals where Xero_Invoice_Number = 'INV-1'"
    (row,) = exact(bench.coql(query))["data"]
    assert {name: row[name] for name in values} == values


def test_names_are_derived_and_a_taken_one_gets_a_number() -> None:
    bench = make_bench(
        fields={"Deals": {"Xero_Total": {"type": "currency", "label": "Old total"}}}, deals=[], quotes=[]
    )
    assert bench.post("settings/fields", {"fields": [{"field_label": "Xero total", "data_type": "currency"}]},
                      module="Deals").status_code == 201  # fmt: skip
    assert _fields(bench)["Xero_total1"]["field_label"] == "Xero total"
    assert bench.state.add_field("Deals", "Über (net)", "currency") == "Über_net"


def test_a_field_that_is_removed_takes_its_values_along() -> None:
    bench = make_bench()
    name = bench.state.add_field("Deals", "Xero Number", "text", length=20)
    deal = bench.id("Deals", "d1")
    bench.put("Deals", {"data": [{"id": deal, name: "INV-1"}]})
    bench.state.remove_field("Deals", name)
    # What is not there any more is dropped from a write without a word, and refused in a query.
    assert bench.put("Deals", {"data": [{"id": deal, name: "INV-2"}]}).status_code == 200
    assert bench.coql(f"select {name} from Deals where id = {deal}").get_json()["code"] == "INVALID_QUERY"
    assert bench.state.add_field("Deals", "Xero Number", "text") == name
    assert bench.state.find("Deals", "d1")[name] is None
    with pytest.raises(LookupError, match="no field"):
        bench.state.remove_field("Deals", "Nope")


@pytest.mark.parametrize(
    ("fields", "code", "details"),
    [
        (None, "MANDATORY_NOT_FOUND", {"api_name": "fields"}),
        ([], "INVALID_DATA", {"expected_data_type": "jsonarray"}),
        ([{**NUMBER, "field_label": f"F{n}"} for n in range(6)], "LIMIT_EXCEEDED", {"limit": 5}),
        ([{"data_type": "text"}], "MANDATORY_NOT_FOUND", {"api_name": "field_label"}),
        ([{"field_label": "X"}], "MANDATORY_NOT_FOUND", {"api_name": "data_type"}),
        ([{**NUMBER, "field_label": "x" * 26}], "INVALID_DATA", {"maximum_length": 25}),
        ([{**NUMBER, "field_label": "AMOUNT"}], "DUPLICATE_DATA", {"api_name": "field_label"}),
        ([NUMBER, NUMBER], "DUPLICATE_DATA", {"json_path": "$.fields[1].field_label"}),
        ([{**NUMBER, "data_type": "money"}], "INVALID_DATA", {"api_name": "data_type"}),
        ([{**NUMBER, "length": 256}], "INVALID_DATA", {"maximum_length": 255}),
        ([{**NUMBER, "length": "50"}], "INVALID_DATA", {"expected_data_type": "integer"}),
        ([{"field_label": "P", "data_type": "picklist"}], "MANDATORY_NOT_FOUND", {"api_name": "pick_list_values"}),
        (
            [{"field_label": "P", "data_type": "picklist", "pick_list_values": ["a"]}],
            "INVALID_DATA",
            {"api_name": "pick_list_values"},
        ),
    ],
)
def test_refused_fields_leave_none_behind(fields: Any, code: str, details: dict[str, Any]) -> None:
    bench = make_bench()
    before = _fields(bench)
    answer = bench.post("settings/fields", {} if fields is None else {"fields": fields}, module="Deals")
    (told,) = answer.get_json()["fields"]
    assert (answer.status_code, told["code"]) == (400, code)
    assert told["details"].items() >= details.items()
    assert _fields(bench) == before


def test_who_may_make_fields() -> None:
    bench = make_bench()
    assert bench.post("settings/fields", {"fields": [NUMBER]}).get_json()["code"] == "REQUIRED_PARAM_MISSING"
    assert bench.post("settings/fields", {"fields": [NUMBER]}, module="Nope").get_json()["code"] == "INVALID_MODULE"
    bench.login("ZohoCRM.settings.fields.READ")
    assert bench.post("settings/fields", {"fields": [NUMBER]}, module="Deals").status_code == 401
    free = make_bench(org={"edition": "free"})
    assert (
        free.post("settings/fields", {"fields": [NUMBER]}, module="Deals").get_json()["code"] == "FEATURE_NOT_SUPPORTED"
    )
