"""What the organisation says about itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from zoho_bench import exact, make_bench


def test_org() -> None:
    (org,) = make_bench(org={"company_name": "Example Trading", "iso_code": "NZD"}).get("org").get_json()["org"]
    assert org["company_name"] == "Example Trading"
    assert (org["iso_code"], org["time_zone"], org["mc_status"]) == ("NZD", "Australia/Sydney", False)
    assert (org["id"], org["license_details"]["paid_type"]) == ("5725767000000000001", "enterprise")


def test_currencies_are_204_until_there_are_several() -> None:
    assert make_bench().get("org/currencies").status_code == 204
    bench = make_bench(org={"multi_currency": True}, currencies=["AUD", {"iso_code": "USD", "exchange_rate": "0.65"}])
    listed = bench.get("org/currencies").get_json()["currencies"]
    assert [(c["iso_code"], c["exchange_rate"], c["is_base"]) for c in listed] == [
        ("AUD", "1.000000000", True),
        ("USD", "0.65", False),
    ]


def test_taxes_and_users() -> None:
    bench = make_bench()
    taxes = exact(bench.get("org/taxes"))["taxes"]
    assert [(t["name"], t["display_label"], t["value"], t["sequence_number"]) for t in taxes] == [
        ("GST", "GST", 10, 1),
        ("Levy", "Levy", Decimal("2.5"), 2),
    ]
    assert {user["email"] for user in bench.get("users").get_json()["users"]} == {
        "sales@example.com",
        "integration@example.com",
    }


def _fields(module: str, **overrides: Any) -> dict[str, dict[str, Any]]:
    answer = make_bench(**overrides).get("settings/fields", module=module)
    return {field["api_name"]: field for field in answer.get_json()["fields"]}


@pytest.mark.parametrize(
    ("module", "field", "data_type", "json_type"),
    [
        ("Deals", "Deal_Name", "text", "string"),
        ("Deals", "Stage", "picklist", "string"),
        ("Deals", "Amount", "currency", "double"),
        ("Deals", "Probability", "integer", "integer"),
        ("Deals", "Closing_Date", "date", "string"),
        ("Deals", "Modified_Time", "datetime", "string"),
        ("Deals", "Account_Name", "lookup", "jsonobject"),
        ("Deals", "Owner", "ownerlookup", "jsonobject"),
        ("Deals", "Regions", "multiselectpicklist", "jsonarray"),
        ("Deals", "Invoice_Date", "date", "string"),
        ("Quotes", "Quoted_Items", "subform", "jsonarray"),
        ("Quotes", "Grand_Total", "formula", "double"),
        ("Quoted_Items", "Parent_Id", "lookup", "jsonobject"),
        ("Invoices", "Deal_Name__s", "lookup", "jsonobject"),
        ("Contacts", "Mailing_Zip", "text", "string"),
        ("Accounts", "Billing_Code", "text", "string"),
    ],
)
def test_field_types(module: str, field: str, data_type: str, json_type: str) -> None:
    meta = _fields(module)[field]
    assert (meta["data_type"], meta["json_type"]) == (data_type, json_type)
    assert meta["custom_field"] is (field in {"Regions", "Invoice_Date"})


def test_field_details() -> None:
    deals = _fields("Deals")
    assert deals["Deal_Name"]["length"] == 120
    assert deals["Account_Name"]["lookup"]["module"]["api_name"] == "Accounts"
    stages = [value["display_value"] for value in deals["Stage"]["pick_list_values"]]
    assert stages == ["Qualification", "Proposal", "Confirmed", "Closed Won", "Closed Lost"]
    assert "Currency" not in deals
    assert "Currency" in _fields("Deals", org={"multi_currency": True})
    assert "Email" not in _fields("Accounts")
    assert "Deal_Name" not in _fields("Invoices")


@pytest.mark.parametrize(
    ("path", "arguments", "code", "details"),
    [
        ("settings/fields", {}, "REQUIRED_PARAM_MISSING", {"param_name": "module"}),
        ("settings/fields", {"module": "Potentials"}, "INVALID_MODULE", None),
        ("settings/layouts", {}, "REQUIRED_PARAM_MISSING", {"param_name": "module"}),
        ("settings/pipeline", {}, "REQUIRED_PARAM_MISSING", {"param": "layout_id"}),
        ("settings/pipeline", {"layout_id": "7"}, "INVALID_DATA", {"param_name": "layout_id"}),
        ("settings/modules/Potentials", {}, "INVALID_MODULE", None),
    ],
)
def test_refused(path: str, arguments: dict[str, str], code: str, details: dict[str, str] | None) -> None:
    answer = make_bench().get(path, **arguments)
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)
    assert details is None or answer.get_json()["details"] == details


def test_modules() -> None:
    bench = make_bench()
    names = {module["api_name"] for module in bench.get("settings/modules").get_json()["modules"]}
    assert {"Deals", "Accounts", "Contacts", "Products", "Quotes", "Sales_Orders", "Invoices", "Quoted_Items"} <= names
    assert bench.get("settings/modules/Deals").get_json()["modules"][0]["api_supported"] is True


def test_pipelines_hang_on_the_deals_layout() -> None:
    bench = make_bench(
        pipelines={"Standard": ["Proposal", "Confirmed", "Closed Won"], "Renewal": ["Confirmed", "Closed Lost"]}
    )
    (layout,) = bench.get("settings/layouts", module="Deals").get_json()["layouts"]
    found = bench.get("settings/pipeline", layout_id=layout["id"]).get_json()["pipeline"]
    assert [(p["display_value"], p["default"]) for p in found] == [("Standard", True), ("Renewal", False)]
    assert [(m["display_value"], m["forecast_type"]) for m in found[0]["maps"]] == [
        ("Proposal", "Open"),
        ("Confirmed", "Open"),
        ("Closed Won", "Closed Won"),
    ]
    assert {section["api_name"] for section in layout["sections"]} == {"Deals_Information"}
