"""What people do in Zoho while runs go on, and what a client sees of it."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse
from zoho_bench import Bench, make_bench

SINCE = "2026-11-20T01:00:00+00:00"
POLL = "select id, Modified_Time from {} where Modified_Time >= '" + SINCE + "' order by Modified_Time asc, id asc"


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def stages(bench: Bench, query: str = "select Stage from Deals where id is not null") -> list[str]:
    return sorted(row["Stage"] for row in bench.rows(query))


# ---- polls by Modified_Time ----


@pytest.mark.parametrize(
    ("module", "edit"),
    [
        ("Accounts", lambda state: state.update("Accounts", "acme", {"Account_Name": "Acme Group"})),
        ("Contacts", lambda state: state.update("Contacts", "buyer", {"Email": "new@example.com"})),
        ("Quotes", lambda state: state.replace_lines("Quotes", "q1", [{"Quantity": 1, "List_Price": "5.00"}])),
        ("Sales_Orders", lambda state: state.update("Sales_Orders", "so", {"Status": "Approved"})),
        ("Invoices", lambda state: state.update("Invoices", "inv", {"Status": "Approved"})),
    ],
)
def test_each_module_is_polled_by_its_own_modified_time(module: str, edit: Any) -> None:
    old = {"deal": "d1", "Modified_Time": "2026-11-01T00:00:00Z"}
    bench = make_bench(
        sales_orders=[{"key": "so", "Subject": "Order", **old}], invoices=[{"key": "inv", "Subject": "Invoice", **old}]
    )
    bench.clock.advance(60)
    before = {row["id"] for row in bench.rows(POLL.format(module))}
    edit(bench.state)
    rows = bench.rows(POLL.format(module))
    assert {row["id"] for row in rows if row["Modified_Time"] == "2026-11-20T12:01:00+11:00"} == {rows[-1]["id"]}
    assert len(before | {rows[-1]["id"]}) == len(rows)
    assert [row["id"] for row in bench.rows(POLL.format("Deals"))] == []


# ---- deleted, restored, merged ----


def test_a_restored_record_is_back_with_its_rows_and_its_time() -> None:
    bench = make_bench()
    deal, quote = bench.state.find("Deals", "d1"), bench.state.find("Quotes", "q1")
    bench.state.delete("Quotes", "q1")
    bench.state.delete("Deals", "d1")
    assert {row["id"] for row in bench.get("Deals/deleted", type="recycle").get_json()["data"]} == {deal["id"]}
    bench.clock.advance(60)
    bench.state.restore("Deals", deal["id"])
    bench.state.restore("Quotes", quote["id"])
    assert bench.state.find("Deals", "d1") == deal
    assert bench.state.find("Quotes", "q1") == quote
    assert bench.get("Deals/deleted").status_code == 204
    with pytest.raises(LookupError, match="recycle bin"):
        bench.state.restore("Deals", deal["id"])


def test_deletions_since() -> None:
    bench = make_bench()
    bench.state.delete("Deals", "d2")
    bench.clock.advance(60)
    bench.state.delete("Deals", "d3")
    headers = {**bench.headers, "If-Modified-Since": "2026-11-20T01:01:00+00:00"}
    found = bench.http.get("/crm/v8/Deals/deleted", headers=headers).get_json()["data"]
    assert [row["display_name"] for row in found] == ["third"]


@pytest.mark.parametrize(("how", "shown"), [("recycle", "Second"), ("permanent", None)])
def test_a_merged_deal_leaves_its_quotes_and_notes_to_the_survivor(how: str, shown: str | None) -> None:
    bench = make_bench(switches={"merged_away": how})
    gone, kept = bench.id("Deals", "d2"), bench.id("Deals", "d1")
    quote = bench.state.create("Quotes", {"Subject": "Two", "deal": "d2"}, lines=[{"Quantity": 1, "List_Price": 5}])
    bench.state.add_note("Deals", "d2", "Call back")
    bench.state.merge("Deals", "d2", "d1")
    (row,) = bench.get("Deals/deleted").get_json()["data"]
    assert (row["id"], row["type"], row["display_name"]) == (gone, how, shown)
    assert bench.state.find("Quotes", quote)["Deal_Name"]["id"] == kept
    assert [note["Parent_Id"]["id"] for note in bench.state.notes("Deals", "d1")] == [kept]
    assert bench.get(f"Deals/{gone}").status_code == 204


def test_a_bulk_job_moves_every_time_and_nothing_else() -> None:
    bench = make_bench()
    before = bench.state.find("Deals", "d2")
    bench.clock.advance(60)
    bench.state.rewrite_times("Deals")
    after = bench.state.find("Deals", "d2")
    assert {name for name in after if after[name] != before[name]} == {"Modified_Time"}
    assert len(bench.rows(POLL.format("Deals"))) == 3


# ---- pick lists ----


def test_a_renamed_stage() -> None:
    bench = make_bench()
    before = bench.state.find("Deals", "d2")
    bench.clock.advance(60)
    bench.state.rename_stage("Confirmed", "Ready to bill")
    assert stages(bench) == ["Closed Won", "Proposal", "Ready to bill"]
    assert stages(bench, "select Stage from Deals where Stage = 'Confirmed'") == []
    assert stages(bench, "select Stage from Deals where Stage in ('Ready to bill', 'x')") == ["Ready to bill"]
    after = bench.state.find("Deals", "d2")
    assert (after["Stage"], after["Modified_Time"]) == ("Ready to bill", before["Modified_Time"])
    # Renamed once more, it is still the same value.
    bench.state.rename_stage("Ready to bill", "Bill")
    layout = bench.get("settings/layouts", module="Deals").get_json()["layouts"][0]["id"]
    maps = bench.get("settings/pipeline", layout_id=layout).get_json()["pipeline"][0]["maps"]
    assert [(m["display_value"], m["actual_value"]) for m in maps][2] == ("Bill", "Confirmed")
    fields = {f["api_name"]: f for f in bench.get("settings/fields", module="Deals").get_json()["fields"]}
    values = [(v["display_value"], v["actual_value"], v["type"]) for v in fields["Stage"]["pick_list_values"]]
    assert values[2] == ("Bill", "Confirmed", "used")


@pytest.mark.parametrize(("stage", "status"), [("Bill", 200), ("Confirmed", 400), ("Nowhere", 400)])
def test_a_stage_is_written_by_the_name_it_has_now(stage: str, status: int) -> None:
    bench = make_bench()
    bench.state.rename_stage("Confirmed", "Bill")
    answer = bench.put("Deals", {"data": [{"id": bench.id("Deals", "d1"), "Stage": stage}]})
    result = answer.get_json()["data"][0]
    assert (answer.status_code, result["code"]) == (status, "SUCCESS" if status == 200 else "MAPPING_MISMATCH")
    assert bench.state.find("Deals", "d1")["Stage"] == ("Bill" if status == 200 else "Closed Won")


def test_translated_pick_lists() -> None:
    bench = make_bench()
    bench.state.relabel("Quotes", "Quote_Stage", {"Confirmed": "Bestätigt"})
    bench.state.relabel("Deals", "Type", {"New Business": "Neugeschäft"})
    bench.state.update("Deals", "d1", {"Type": "Neugeschäft"})
    assert [row["id"] for row in bench.rows("select id from Quotes where Quote_Stage = 'Confirmed'")] == []
    (row,) = bench.rows("select Quote_Stage, Deal_Name.Type from Quotes where Quote_Stage = 'Bestätigt'")
    assert (row["Quote_Stage"], row["Deal_Name.Type"]) == ("Bestätigt", "Neugeschäft")
    with pytest.raises(LookupError, match="Nowhere"):
        bench.state.relabel("Deals", "Stage", {"Nowhere": "x"})


def test_stages_come_and_go() -> None:
    bench = make_bench()
    bench.state.add_stage("Invoiced", "Standard")
    bench.state.update("Deals", "d3", {"Stage": "Invoiced"})
    bench.state.retire_stage("Confirmed")
    assert stages(bench) == ["Closed Won", "Confirmed", "Invoiced"]
    fields = {f["api_name"]: f for f in bench.get("settings/fields", module="Deals").get_json()["fields"]}
    kinds = {v["actual_value"]: v["type"] for v in fields["Stage"]["pick_list_values"]}
    assert (kinds["Invoiced"], kinds["Confirmed"], kinds["Closed Won"]) == ("used", "unused", "used")
    with pytest.raises(LookupError, match="pipeline"):
        bench.state.add_stage("x", "Renewal")


# ---- what holds a record, who sees it ----


def test_a_record_that_is_not_shared_is_missing_without_a_word() -> None:
    bench = make_bench()
    deal, quote = bench.id("Deals", "d1"), bench.id("Quotes", "q1")
    bench.state.hide("Deals", "d1")
    bench.state.hide("Quotes", "q1")
    assert deal not in {row["id"] for row in bench.rows("select id from Deals where id is not null")}
    assert bench.rows(f"select id from Deals where id = {deal}") == []
    assert bench.rows("select id from Quoted_Items where id is not null") == []
    assert {row["id"] for row in bench.get("Deals", fields="id").get_json()["data"]}.isdisjoint({deal})
    assert refusal(bench.get(f"Deals/{deal}")) == (403, "NO_PERMISSION")
    assert refusal(bench.get(f"Deals/{deal}/Quotes", fields="id")) == (403, "NO_PERMISSION")
    other = bench.id("Deals", "d2")
    body = {"data": [{"id": deal, "Next_Step": "x"}, {"id": other, "Next_Step": "x"}], "trigger": []}
    answer = bench.put("Deals", body)
    assert (answer.status_code, [row["code"] for row in answer.get_json()["data"]]) == (
        207,
        ["NO_PERMISSION", "SUCCESS"],
    )
    bench.state.reveal("Deals", "d1")
    bench.state.reveal("Quotes", "q1")
    assert bench.get(f"Deals/{deal}").status_code == 200
    assert bench.rows(f"select Deal_Name.Stage from Quotes where id = {quote}")[0]["Deal_Name.Stage"] == "Closed Won"


def test_a_join_through_a_hidden_account_gives_null() -> None:
    bench = make_bench()
    bench.state.hide("Accounts", "acme_west")
    (row,) = bench.rows("select Account_Name, Account_Name.Account_Name from Deals where Deal_Name = 'First'")
    assert (row["Account_Name.Account_Name"], row["Account_Name"]["name"]) == (None, "Acme West")


@pytest.mark.parametrize(
    ("process", "fields", "code"),
    [
        ("approval", {"Next_Step": "x"}, "NOT_APPROVED"),
        ("merge", {"Next_Step": "x"}, "RECORD_LOCKED"),
        ("blueprint", {"Stage": "Proposal"}, "RECORD_IN_BLUEPRINT"),
        ("blueprint", {"Next_Step": "x"}, "SUCCESS"),
    ],
)
def test_a_process_holds_a_record(process: str, fields: dict[str, str], code: str) -> None:
    bench = make_bench()
    bench.state.hold("Deals", "d1", process)
    body = {"data": [{"id": bench.id("Deals", "d1"), **fields}], "trigger": []}
    assert bench.put("Deals", body).get_json()["data"][0]["code"] == code
    shown = bench.state.find("Deals", "d1")
    assert shown["$approved"] is (process != "approval")
    assert shown["$in_merge"] is (process == "merge")
    bench.state.release("Deals", "d1")
    assert bench.put("Deals", body).status_code == 200
    with pytest.raises(ValueError, match="none of"):
        bench.state.hold("Deals", "d1", "siesta")


@pytest.mark.parametrize("hides", [False, True])
def test_what_waits_for_approval_may_be_missing(hides: bool) -> None:
    bench = make_bench(switches={"approval_hides": hides})
    bench.state.hold("Deals", "d1", "approval")
    assert bool(bench.rows("select id from Deals where Deal_Name = 'First'")) is not hides
    assert bench.get(f"Deals/{bench.id('Deals', 'd1')}").get_json()["data"][0]["$approval_state"] != "approved"
    bench.state.release("Deals", "d1")
    assert bench.rows("select id from Deals where Deal_Name = 'First'")


@pytest.mark.parametrize(
    ("reading", "scope", "status"),
    [
        ("parent", "deals", 200),
        ("parent", "custom", 401),
        ("custom", "deals", 401),
        ("custom", "custom", 200),
    ],
)
def test_the_scope_of_a_subforms_rows(reading: str, scope: str, status: int) -> None:
    form = {"Parts": {"type": "subform", "module": "Deal_Parts", "fields": {"Name1": "text"}}}
    bench = make_bench(fields={"Deals": form}, deals=[{"key": "d", "Deal_Name": "D", "Parts": [{"Name1": "x"}]}],
                       quotes=[], switches={"subform_scope": reading})  # fmt: skip
    bench.login("ZohoCRM.coql.READ", f"ZohoCRM.modules.{scope}.READ")
    assert bench.coql("select id, Name1 from Deal_Parts where id is not null").status_code == status
    bench.login("ZohoCRM.coql.READ", "ZohoCRM.modules.custom.READ", "ZohoCRM.modules.deals.READ")
    assert bench.coql("select id, Name1 from Deal_Parts where id is not null").status_code == 200


def test_the_rows_of_a_subform_are_a_list_of_their_own() -> None:
    bench = make_bench()
    rows = bench.get("Quoted_Items", fields="Description,Parent_Id", sort_by="id", sort_order="asc").get_json()["data"]
    assert {row["Parent_Id"]["id"] for row in rows} == {bench.id("Quotes", "q1")}
    assert sorted(row["Description"] or "" for row in rows) == ["", "Labour"]
    assert refusal(bench.get(f"Quoted_Items/{rows[0]['id']}")) == (400, "INVALID_MODULE")


def test_people_act_between_two_calls_of_a_run() -> None:
    bench = make_bench()
    seen: list[str] = []

    def act(kind: str) -> None:
        seen.append(kind)
        if kind == "record":
            bench.state.delete("Deals", "d1")
        if kind == "update":
            bench.state.rename_stage("Proposal", "Offer")

    bench.state.on_call.append(act)
    (row,) = bench.rows("select id from Deals where Deal_Name = 'First'")
    assert bench.get(f"Deals/{row['id']}").status_code == 204
    answer = bench.put("Deals", {"data": [{"id": bench.id("Deals", "d2"), "Stage": "Proposal"}]})
    assert answer.get_json()["data"][0]["code"] == "MAPPING_MISMATCH"
    assert seen == ["coql", "record", "update"]
