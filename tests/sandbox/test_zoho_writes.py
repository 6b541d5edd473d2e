"""Writing to Zoho: write-back by the hundred with every answer it can have, inserts, upserts, notes, links."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from zoho_bench import WORLD, Bench, exact, make_bench

LATER = "2026-11-20T12:01:00+11:00"
BACK = {
    "Xero_Number": {"type": "text", "length": 50},
    "Xero_Total": "currency",
    "Xero_Link": "website",
    "Xero_Paid": "date",
    "Xero_Key": {"type": "text", "length": 40, "unique": True},
}


def bench_with(count: int = 0) -> Bench:
    """WORLD with fields to write back to, and `count` more deals named n0, n1, ..."""
    more = [{"key": f"n{number}", "Deal_Name": f"N{number}", "Stage": "Proposal"} for number in range(count)]
    return make_bench({**WORLD, "fields": {"Deals": BACK}, "deals": [_plain(d) for d in WORLD["deals"]] + more})


def _plain(deal: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in deal.items() if name != "Regions"}


# ---- write-back ----


def test_write_back_by_the_hundred_tells_each_record_its_own() -> None:
    bench = bench_with(100)
    state = bench.state
    ids = [bench.id("Deals", f"n{number}") for number in range(100)]
    state.update("Deals", "n3", {"Locked__s": True})
    state.hold("Deals", "n5", "approval")
    state.hide("Deals", "n7")
    state.delete("Deals", "n9")
    state.hold("Deals", "n11", "blueprint")
    state.update("Deals", "n99", {"Xero_Key": "K"})
    bench.clock.advance(60)
    data: list[dict[str, Any]] = [
        {"id": id_, "Xero_Number": f"INV-{n}", "Xero_Total": n + 0.5, "Xero_Link": "https://example.com/i/1?a=b",
         "Xero_Paid": "2026-11-20"}
        for n, id_ in enumerate(ids)
    ]  # fmt: skip
    data[11]["Xero_Number"] = "x" * 51
    data[13]["Xero_Paid"] = "20 Nov"
    data[15]["Xero_Total"] = "12.50"
    data[17]["Xero_Link"] = "no address"
    data[19]["Xero_Key"] = "K"
    data[21]["Xero_Total"] = 12345678901234567
    answer = bench.put("Deals", {"data": data, "trigger": []})
    results = exact(answer)["data"]
    refused = {
        n: (row["code"], row["details"].get("api_name")) for n, row in enumerate(results) if row["code"] != "SUCCESS"
    }
    assert answer.status_code == 207
    assert refused == {
        3: ("RECORD_LOCKED", None),
        5: ("NOT_APPROVED", None),
        7: ("NO_PERMISSION", None),
        9: ("INVALID_DATA", "id"),
        11: ("INVALID_DATA", "Xero_Number"),
        13: ("INVALID_DATA", "Xero_Paid"),
        15: ("INVALID_DATA", "Xero_Total"),
        17: ("INVALID_DATA", "Xero_Link"),
        19: ("DUPLICATE_DATA", "Xero_Key"),
        21: ("INVALID_DATA", "Xero_Total"),
    }
    assert [row["details"]["id"] for row in results if row["code"] == "SUCCESS"] == [
        id_ for n, id_ in enumerate(ids) if n not in refused
    ]
    assert {row["details"]["Modified_Time"] for row in results if row["code"] == "SUCCESS"} == {LATER}
    assert state.find("Deals", "n0")["Xero_Total"] == Decimal("0.5")
    assert state.workflow_runs == 0
    assert state.limits.used == 10


@pytest.mark.parametrize(
    ("trigger", "status", "runs"), [([], 200, 0), (["workflow"], 200, 1), (None, 200, 1), (["all"], 400, 0)]
)
def test_triggers(trigger: list[str] | None, status: int, runs: int) -> None:
    bench = bench_with()
    body: dict[str, Any] = {"data": [{"id": bench.id("Deals", "d1"), "Next_Step": "x"}]}
    answer = bench.put("Deals", body if trigger is None else {**body, "trigger": trigger})
    assert (answer.status_code, bench.state.workflow_runs) == (status, runs)


# ---- insert and upsert ----


def test_records_are_made_and_made_again() -> None:
    bench = bench_with()
    body = {"data": [{"Last_Name": "Case", "Email": "case@example.com", "Nope": 1}], "trigger": []}
    first, second = bench.post("Contacts", body), bench.post("Contacts", body)
    assert (first.status_code, second.status_code) == (201, 201)
    made = first.get_json()["data"][0]
    assert (made["code"], made["message"], made["status"]) == ("SUCCESS", "record added", "success")
    assert made["details"].keys() == {
        "id", "Created_Time", "Created_By", "Modified_Time", "Modified_By", "$approval_state",
    }  # fmt: skip
    assert len(bench.rows("select id from Contacts where Email = 'case@example.com'")) == 2
    assert bench.state.find("Contacts", made["details"]["id"])["Created_By"]["name"] == "Integration User"


def test_a_document_is_made_with_its_rows_and_totals() -> None:
    bench = bench_with()
    rows = [{"Product_Name": {"id": bench.id("Products", "widget")}, "Quantity": 2, "List_Price": 10.5,
             "Line_Tax": [{"name": "GST", "percentage": 10}], "Nope": 1}]  # fmt: skip
    quote = {"Subject": "Made", "Deal_Name": {"id": bench.id("Deals", "d2")}, "Quoted_Items": rows}
    answer = bench.post("Quotes", {"data": [quote]})
    assert answer.status_code == 201, answer.text
    made = bench.state.find("Quotes", answer.get_json()["data"][0]["details"]["id"])
    assert (made["Grand_Total"], made["Quote_Stage"], made["Quoted_Items"][0]["Tax"]) == (
        Decimal("23.10"), "Draft", Decimal("2.10"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("module", "record", "code", "name"),
    [
        ("Accounts", {}, "MANDATORY_NOT_FOUND", "Account_Name"),
        ("Deals", {"Deal_Name": "D"}, "MANDATORY_NOT_FOUND", "Stage"),
        ("Deals", {"Deal_Name": "D", "Stage": "Nowhere"}, "MAPPING_MISMATCH", "Stage"),
        ("Deals", {"Deal_Name": "D", "Stage": "Proposal", "Xero_Key": "K"}, "DUPLICATE_DATA", "Xero_Key"),
        ("Contacts", {"Last_Name": "C", "Email": "nobody"}, "INVALID_DATA", "Email"),
        ("Quotes", {"Subject": "Q"}, "MANDATORY_NOT_FOUND", "Quoted_Items"),
        ("Quotes", {"Subject": "Q", "Quoted_Items": {}}, "INVALID_DATA", None),
        ("Quotes", {"Subject": "Q", "Quoted_Items": [{"Line_Tax": [{"name": "VAT"}]}]}, "INVALID_DATA", "Line_Tax"),
        ("Quotes", {"Subject": "Q", "Quoted_Items": [{"Quantity": "many"}]}, "INVALID_DATA", None),
    ],
)
def test_refused_inserts(module: str, record: dict[str, Any], code: str, name: str | None) -> None:
    bench = bench_with()
    bench.state.update("Deals", "d1", {"Xero_Key": "K"})
    before = len(bench.state.records(module))
    answer = bench.post(module, {"data": [record]})
    result = answer.get_json()["data"][0]
    assert (answer.status_code, result["code"], result["details"].get("api_name")) == (400, code, name)
    assert len(bench.state.records(module)) == before


def test_inserts_need_their_own_scope_and_take_unknown_modules_for_errors() -> None:
    bench = bench_with()
    assert bench.post("Nope", {"data": [{}]}).get_json()["code"] == "INVALID_MODULE"
    bench.login("ZohoCRM.modules.contacts.READ", "ZohoCRM.modules.contacts.UPDATE")
    assert bench.post("Contacts", {"data": [{"Last_Name": "C"}]}).get_json()["code"] == "OAUTH_SCOPE_MISMATCH"


@pytest.mark.parametrize(
    ("record", "fields", "action", "field"),
    [
        ({"Account_Name": "Acme West", "Phone": "1"}, None, "update", "Account_Name"),
        ({"Account_Name": "Brand new"}, None, "insert", None),
        ({"Account_Name": "Brand new", "Billing_City": "Sydney"}, ["Billing_City"], "update", "Billing_City"),
    ],
)
def test_upserts(record: dict[str, Any], fields: list[str] | None, action: str, field: str | None) -> None:
    bench = bench_with()
    before = len(bench.state.records("Accounts"))
    body: dict[str, Any] = {"data": [record], "trigger": []}
    answer = bench.post("Accounts/upsert", body if fields is None else {**body, "duplicate_check_fields": fields})
    (result,) = answer.get_json()["data"]
    assert (answer.status_code, result["action"], result["duplicate_field"]) == (200, action, field)
    assert len(bench.state.records("Accounts")) - before == (action == "insert")


@pytest.mark.parametrize("fields", ["Phone", ["Nope"]])
def test_refused_upserts(fields: Any) -> None:
    answer = bench_with().post("Accounts/upsert", {"data": [{"Account_Name": "A"}], "duplicate_check_fields": fields})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "INVALID_DATA")


# ---- notes ----


@pytest.mark.parametrize("form", ["module", "flat", "address"])
def test_a_note_on_a_deal(form: str) -> None:
    bench = bench_with()
    before = bench.state.find("Deals", "d1")
    note: dict[str, Any] = {"Note_Title": "Invoiced", "Note_Content": "INV-0001 — 110.00 AUD"}
    bench.clock.advance(60)
    if form == "address":
        answer = bench.post(f"Deals/{before['id']}/Notes", {"data": [note]})
    elif form == "flat":
        answer = bench.post("Notes", {"data": [{**note, "Parent_Id": before["id"], "$se_module": "Deals"}]})
    else:
        parent = {"id": before["id"], "module": {"api_name": "Deals"}}
        answer = bench.post("Notes", {"data": [{**note, "Parent_Id": parent}]})
    assert (answer.status_code, answer.get_json()["data"][0]["message"]) == (201, "record added")
    note_id = answer.get_json()["data"][0]["details"]["id"]
    listed = bench.get(
        f"Deals/{before['id']}/Notes", fields="Note_Title,Note_Content,Parent_Id,Created_Time"
    ).get_json()
    assert listed["info"]["count"] == 1
    (shown,) = listed["data"]
    assert (shown["id"], shown["Note_Content"], shown["Created_Time"]) == (note_id, note["Note_Content"], LATER)
    assert (shown["Parent_Id"]["id"], shown["Parent_Id"]["module"]["api_name"]) == (before["id"], "Deals")
    after = bench.state.find("Deals", "d1")
    assert (after["Modified_Time"], after["Last_Activity_Time"]) == (before["Modified_Time"], LATER)
    assert bench.get(f"Notes/{note_id}").get_json()["data"][0]["Note_Title"] == "Invoiced"


def test_notes_are_queried_by_their_record() -> None:
    bench = bench_with()
    bench.state.add_note("Deals", "d1", "one")
    bench.state.add_note("Deals", "d2", "two")
    deal = bench.id("Deals", "d1")
    (row,) = bench.rows(f"select Note_Title, Parent_Id from Notes where Parent_Id = {deal}")
    assert row["Parent_Id"] == {"id": deal}


def test_a_note_sent_twice_is_there_twice_and_a_list_of_all_is_refused() -> None:
    bench = bench_with()
    deal = bench.id("Deals", "d1")
    for _ in range(2):
        bench.post(f"Deals/{deal}/Notes", {"data": [{"Note_Content": "x"}]})
    assert len(bench.state.notes("Deals", "d1")) == 2
    answer = bench.get("Notes", fields="id")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "NOT_SUPPORTED")
    assert bench.get(f"Deals/{bench.id('Deals', 'd2')}/Notes", fields="id").status_code == 204
    assert bench.post("Deals/7/Notes", {"data": [{"Note_Content": "x"}]}).get_json()["code"] == "INVALID_DATA"


@pytest.mark.parametrize(
    ("note", "code", "name"),
    [
        ({"Note_Title": "x"}, "MANDATORY_NOT_FOUND", "Note_Content"),
        ({"Note_Content": "x"}, "MANDATORY_NOT_FOUND", "Parent_Id"),
        ({"Note_Content": "x", "Parent_Id": "7"}, "EXPECTED_FIELD_MISSING", "Parent_Id"),
        ({"Note_Content": "x", "Parent_Id": {"id": "7", "module": {"api_name": "Deals"}}}, "INVALID_DATA", "Parent_Id"),
        ({"Note_Content": "x", "Parent_Id": {"id": "7", "module": {"api_name": "Nope"}}}, "INVALID_MODULE", None),
        ({"Note_Content": "x" * 65536, "Parent_Id": {}}, "EXPECTED_FIELD_MISSING", "Parent_Id"),
    ],
)
def test_refused_notes(note: dict[str, Any], code: str, name: str | None) -> None:
    bench = bench_with()
    good = {"Note_Content": "x", "Parent_Id": {"id": bench.id("Deals", "d1"), "module": {"api_name": "Deals"}}}
    answer = bench.post("Notes", {"data": [note, good]})
    first, second = answer.get_json()["data"]
    assert (answer.status_code, first["code"], first["details"].get("api_name")) == (207, code, name)
    assert second["code"] == "SUCCESS"


@pytest.mark.parametrize(("name", "size"), [("Note_Title", 120), ("Note_Content", 65535)])
def test_the_lengths_of_a_note(name: str, size: int) -> None:
    bench = bench_with()
    path = f"Deals/{bench.id('Deals', 'd1')}/Notes"
    note = {"Note_Content": "x"}
    assert bench.post(path, {"data": [{**note, name: "x" * size}]}).status_code == 201
    refusal = bench.post(path, {"data": [{**note, name: "x" * (size + 1)}]}).get_json()["data"][0]
    assert (refusal["code"], refusal["details"]["maximum_length"]) == ("INVALID_DATA", size)


# ---- what hangs on a deal ----


def test_stages_a_deal_went_through() -> None:
    bench = bench_with()
    deal = bench.state.create("Deals", {"key": "way", "Deal_Name": "Way", "Stage": "Proposal", "Amount": 10})
    bench.clock.advance(2 * 86400)
    bench.login()
    bench.put("Deals", {"data": [{"id": deal, "Stage": "Confirmed", "Amount": 20}], "trigger": []})
    bench.state.update("Deals", "way", {"Next_Step": "call"})
    bench.clock.advance(60)
    bench.state.update("Deals", "way", {"Stage": "Proposal"})
    columns = "Stage,Moved_To__s,Stage_Duration_Calendar_Days,Modified_Time,Amount,Modified_By"
    rows = exact(bench.get(f"Deals/{deal}/Stage_History", fields=columns))["data"]
    assert [(r["Stage"], r["Moved_To__s"], r["Stage_Duration_Calendar_Days"], r["Amount"]) for r in rows] == [
        ("Proposal", None, 0, 20),
        ("Confirmed", "Proposal", 0, 20),
        ("Proposal", "Confirmed", 2, 10),
    ]
    assert [row["Modified_Time"] for row in rows] == [
        "2026-11-22T12:01:00+11:00", "2026-11-22T12:00:00+11:00", "2026-11-20T12:00:00+11:00",
    ]  # fmt: skip
    assert rows[1]["Modified_By"]["name"] == "Integration User"
    queried = bench.rows(f"select Stage from DealHistory where Potential_Name = {deal} order by id asc")
    assert [row["Stage"] for row in queried] == ["Proposal", "Confirmed", "Proposal"]
    bench.state.delete("Deals", "way")
    assert bench.rows(f"select Stage from DealHistory where Potential_Name = {deal}") == []


def test_the_other_reading_of_a_history_rows_time() -> None:
    bench = make_bench(switches={"stage_history_time": "left"})
    bench.clock.advance(60)
    bench.state.update("Deals", "d3", {"Stage": "Confirmed"})
    rows = bench.rows(f"select Stage, Modified_Time from DealHistory where Potential_Name = {bench.id('Deals', 'd3')}")
    assert {row["Modified_Time"] for row in rows} == {LATER}


def test_products_and_roles() -> None:
    bench = bench_with()
    before = bench.state.find("Deals", "d1")
    path = f"Deals/{before['id']}"
    assert bench.get(f"{path}/Products", fields="Product_Name").status_code == 204
    body = {"data": [{"id": bench.id("Products", "widget")}, {"id": "7"}]}
    answer = bench.put(f"{path}/Products", body)
    assert (answer.status_code, [row["code"] for row in answer.get_json()["data"]]) == (
        207,
        ["SUCCESS", "INVALID_DATA"],
    )
    bench.state.link_product("d1", "widget")
    (product,) = exact(bench.get(f"{path}/Products", fields="Product_Name,Unit_Price,Quantity"))["data"]
    assert product == {"id": bench.id("Products", "widget"), "Product_Name": "Widget", "Unit_Price": Decimal("9.99")}
    bench.state.give_role("d1", "buyer", "Decision Maker")
    (person,) = bench.get(f"{path}/Contact_Roles", fields="Email,Contact_Role").get_json()["data"]
    assert (person["Email"], person["Contact_Role"]["name"]) == ("pat@example.com", "Decision Maker")
    assert bench.state.find("Deals", "d1")["Modified_Time"] == before["Modified_Time"]
    assert bench.put(f"{path}/Quotes", body).get_json()["code"] == "NOT_SUPPORTED"


def test_the_related_lists_of_deals() -> None:
    bench = bench_with()
    found = bench.get("settings/related_lists", module="Deals").get_json()["related_lists"]
    lists = {row["api_name"]: row["module"]["api_name"] for row in found}
    assert lists == {
        "Notes": "Notes", "Stage_History": "DealHistory", "Contact_Roles": "Contacts", "Products": "Products",
        "Quotes": "Quotes", "Sales_Orders": "Sales_Orders", "Invoices": "Invoices",
    }  # fmt: skip
    for name in lists:
        assert bench.get(f"Deals/{bench.id('Deals', 'd1')}/{name}", fields="id").status_code in {200, 204}
    assert bench.get("settings/related_lists").get_json()["code"] == "REQUIRED_PARAM_MISSING"
