"""What this program writes into deals moves their Modified_Time: that starts no round and hides no change."""

from __future__ import annotations

from decimal import Decimal

import pytest
from share_tools import CONFIRMED, WON
from world_tools import Desk, OpenDesk, Record, idle, order, polled, priced, problem_codes, world
from write_back_tools import FIELDS, QUIET, TYPES, fields, puts, told

FORM = {
    "module": "Billing_Lines", "product": "What", "quantity": "Qty", "price": "Rate", "discount": "Less",
    "description": "Note",
}  # fmt: skip
COLUMNS = {"What": "text", "Qty": "double", "Rate": "currency", "Less": "currency", "Note": "text"}
OTHER_REFERENCE = {"reference": "{Deal_Name} {Next_Step}"}


def by_hand(desk: Desk) -> str:
    """A draft that a person made for the job in Xero; its number."""
    line = {"Description": "By hand", "Quantity": 1, "UnitAmount": "396.00", "AccountCode": "200",
            "TaxType": "EXEMPTOUTPUT"}  # fmt: skip
    (contact,) = desk.contacts()
    wanted = {"Contact": {"ContactID": contact["ContactID"]}, "LineItems": [line], "DueDate": "2026-12-24"}
    return str(desk.box.xero.write_invoice({**wanted, "Status": "DRAFT"})["InvoiceNumber"])


def rows(quantity: int) -> list[Record]:
    """The job's own rows."""
    return [{"What": "Setup", "Qty": quantity, "Rate": Decimal("100.00")}]


@pytest.mark.parametrize(("before", "after"), [(3, 3), (0, 0), (0, 1)])
def test_rows_that_change_while_the_run_is_at_work_are_seen(desk_of: OpenDesk, before: int, after: int) -> None:
    """Nothing but Modified_Time shows that a subform's rows changed, be it in the second in which they were read."""
    made = world()
    form = {"type": "subform", "module": "Billing_Lines", "fields": COLUMNS}
    made["zoho"]["fields"] = {"Deals": {"Billing_Lines": form, **TYPES}}
    lines, invoice = {"from": ["subform"], "subform": FORM}, {"tax_default": "OUTPUT"}
    desk = told(desk_of, made, lines=lines, invoice=invoice)
    polled(desk, 4)
    job = desk.add(order("job", "Confirmed", lines=(), Billing_Lines=rows(1)))
    desk.wait(minutes=1)

    def add_a_unit(kind: str) -> None:
        if kind == "update" and desk.invoices("job"):
            desk.box.zoho.on_call.clear()
            desk.wait(seconds=before)
            desk.box.zoho.update("Deals", job, {"Billing_Lines": rows(2)})
            desk.wait(seconds=after)

    desk.box.zoho.on_call.append(add_a_unit)
    desk.sync()
    assert (desk.box.zoho.on_call, puts(desk), fields(desk)) == ([], 1, {})
    polled(desk, 4)
    assert desk.invoice("job")["Total"] == fields(desk)["total"] == Decimal("220.00")
    idle(desk)


def test_a_deal_that_was_told_is_planned_with_every_column_of_today(desk_of: OpenDesk) -> None:
    """Its quote changes; the deal itself was last read before the configuration named another column."""
    desk = told(desk_of, poll={**QUIET, "documents": 15})
    desk.add(order("job", "Confirmed", Next_Step="PO 77"))
    desk.sync()
    polled(desk, 4)
    desk.configure(invoice=OTHER_REFERENCE)
    polled(desk, 4)
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 5, "120.00")])
    polled(desk, 4)
    invoice = desk.invoice("job")
    assert (invoice["Total"], invoice["Reference"]) == (Decimal("660.00"), "Order job PO 77")


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["hold", "void"])
def test_a_deal_that_was_told_has_not_left_because_pipelines_are_named(desk_of: OpenDesk, policy: str) -> None:
    desk = told(desk_of, poll={**QUIET, "documents": 15}, when={"leaves_stages": policy})
    desk.add(order("job", "Confirmed"))
    desk.sync()
    polled(desk, 4)
    desk.configure(stages=[{**rule, "pipeline": "Standard"} for rule in desk.settings["stages"]])
    polled(desk, 4)
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 5, "120.00")])
    assert problem_codes(polled(desk, 4)) == []
    assert desk.invoice("job")["Total"] == Decimal("660.00")


def test_words_after_the_clocks_were_put_forward_start_no_round(desk_of: OpenDesk) -> None:
    """Zoho writes every time with the offset of the day it is asked on."""
    desk = told(desk_of)
    desk.add(order("job", "Confirmed", modified="2026-09-10T00:00:00Z"))
    desk.sync("--since", "2026-09-01")
    assert fields(desk)["status"] == "DRAFT"
    idle(desk)


@pytest.mark.slow
def test_what_a_person_left_as_it_is_stays_so_over_the_change_of_the_clocks(desk_of: OpenDesk) -> None:
    made = world(clock="2026-09-20T01:00:00Z")
    made["zoho"]["fields"] = {"Deals": TYPES}
    desk = told(desk_of, made)
    job = desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 5, "120.00")])
    desk.edit("job", Amount=Decimal("660.00"))
    desk.sync(code=3)
    desk.run("resolve", job, "--skip", code=0)
    desk.sync()
    desk.wait(days=30)
    desk.sync()
    desk.box.xero.pay(str(desk.invoice("job")["InvoiceID"]), "10.00")
    assert polled(desk, 4)["problems"] == []
    assert fields(desk)["due"] == Decimal("386")


def test_words_after_another_column_was_configured_start_no_round(desk_of: OpenDesk) -> None:
    """Other rules are for what comes: a payment that is told is no change of the deal."""
    desk = told(desk_of)
    desk.add(order("job", "Closed Won", Next_Step="PO 77"))
    desk.sync()
    polled(desk, 4)
    desk.configure(invoice=OTHER_REFERENCE)
    polled(desk, 4)
    desk.box.xero.pay(str(desk.invoice("job")["InvoiceID"]), "10.00")
    assert polled(desk, 4)["problems"] == []
    assert (fields(desk)["due"], desk.invoice("job")["Reference"]) == (Decimal("386"), "Order job")


@pytest.mark.slow
def test_turning_it_on_beside_another_column_changes_no_draft(desk_of: OpenDesk) -> None:
    desk = told(desk_of, write_back={})
    desk.add(order("job", "Confirmed", Next_Step="PO 77"))
    desk.sync()
    polled(desk, 4)
    desk.configure(invoice=OTHER_REFERENCE, write_back=FIELDS)
    polled(desk, 4)
    assert (fields(desk)["status"], desk.invoice("job")["Reference"]) == ("DRAFT", "Order job")


@pytest.mark.slow
def test_the_words_of_an_adopted_draft_do_not_approve_it(desk_of: OpenDesk) -> None:
    contacts = [{"Name": "Alpine Joinery Pty Ltd"}]
    made = world(order("job", "Closed Won", modified="2026-09-10T00:00:00Z"), xero={"contacts": contacts})
    made["zoho"]["fields"] = {"Deals": TYPES}
    desk = told(desk_of, made)
    number = by_hand(desk)
    desk.run("resolve", desk.deal("job"), "--adopt", number, code=0)
    polled(desk, 4)
    desk.configure(invoice=OTHER_REFERENCE)
    desk.box.xero.rename(number, "HAND-2")
    polled(desk, 4)
    assert (fields(desk)["number"], desk.box.xero.invoice("HAND-2")["Status"]) == ("HAND-2", "DRAFT")


@pytest.mark.slow
def test_one_word_ends_all_invoices_of_the_deals_also_where_these_are_told(desk_of: OpenDesk) -> None:
    """The words about the first invoice come some seconds after it: they are no new start of the deal's."""
    settings = {"when": {"leaves_stages": "void"}, "limits": {"invoices_per_run": 1}, "stages": [CONFIRMED, WON]}
    desk = told(desk_of, **settings)
    for stage in ("Confirmed", "Closed Won", "Closed Lost"):
        for key in ("a", "b"):
            if stage == "Confirmed":
                desk.add(order(key, stage))
            else:
                desk.move(key, stage)
        if stage == "Closed Lost":
            desk.box.zoho.on_call.append(lambda kind: desk.wait(seconds=4) if kind == "update" else None)
            assert "void or delete 4" in desk.sync(code=15)["problems"][0]["message"]
        desk.sync("--allow-many")
        desk.wait(minutes=1)
    desk.sync()
    assert desk.invoices() == []
