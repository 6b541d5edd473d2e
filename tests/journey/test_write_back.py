"""Back to Zoho: the deal's own fields say how its invoice stands, and writing them never causes another round."""

from __future__ import annotations

from decimal import Decimal

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, idle, line_of, order, priced, problem_codes
from write_back_tools import QUIET, fields, placed, puts, told

# What changed among the deals, and among the invoices.
POLLED = ["POST /crm/v8/coql", "GET /api.xro/2.0/Invoices"]


@pytest.fixture
def telling(desk_of: OpenDesk) -> Desk:
    """A desk whose configuration writes everything back."""
    return told(desk_of)


def later(desk: Desk, *, code: int = 0) -> Record:
    """A sync after the polls' pace has passed."""
    desk.wait(minutes=16)
    return desk.sync(code=code)


def asked(desk: Desk, *, code: int = 0) -> list[str]:
    """What such a sync asks, but for tokens and for whose they are."""
    before = len(desk.box.calls)
    later(desk, code=code)
    calls = [f"{call.method} {call.path.partition('?')[0]}" for call in list(desk.box.calls)[before:]]
    return [call for call in calls if not call.endswith(("/token", "/connections", "/org"))]


def test_the_whole_life_comes_back_without_another_round(telling: Desk) -> None:
    desk = telling
    draft, won = (dict(rule) for rule in desk.settings["stages"])
    desk.configure(stages=[draft, {**won, "email": True}])
    deal = desk.add(order("job", "Confirmed"))
    assert line_of(desk.sync(), deal)["action"] == "create"
    invoice = desk.invoice("job")
    said = {
        "number": invoice["InvoiceNumber"],
        "status": "DRAFT",
        "total": Decimal("396.00"),
        "due": Decimal("396.00"),
        "link": f"https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID={invoice['InvoiceID']}",
    }
    assert fields(desk) == said
    assert desk.box.xero.emails() == []
    idle(desk)

    desk.move("job", "Closed Won")
    assert desk.sync()["notes"] == [f"E-mailed 1 invoice: {invoice['InvoiceNumber']}."]
    assert fields(desk) == said | {"status": "AUTHORISED"}
    sent = [(invoice["InvoiceID"], ("accounts@alpine.example.com",))]
    assert desk.box.xero.emails() == sent
    idle(desk)
    # The poll finds what the run itself did to the invoice: the approval, the e-mail.
    assert asked(desk) == POLLED

    desk.box.xero.pay(str(invoice["InvoiceID"]), "96.00")
    assert asked(desk) == [*POLLED, "PUT /crm/v8/Deals"]
    assert fields(desk) == said | {"status": "AUTHORISED", "due": Decimal("300.00")}
    idle(desk)

    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 5, "120.00")])
    desk.edit("job", Amount=Decimal("660.00"))
    with desk.nothing_sent():
        report = desk.sync(code=3)
    assert problem_codes(report) == ["changed_after_approval"]
    assert "has payments" in report["problems"][0]["message"]
    assert f"zoho-xero-sync resolve {deal} --retry" in report["problems"][0]["hint"]
    idle(desk, code=3)

    desk.box.xero.pay(str(invoice["InvoiceID"]), "300.00")
    # The deal is looked at again, because its invoice is another one now, and goes on waiting.
    assert [call for call in asked(desk, code=3) if call.startswith("PUT")] == ["PUT /crm/v8/Deals"]
    today = desk.box.clock.now().date().isoformat()
    paid = said | {"status": "PAID", "due": Decimal("0.00"), "paid_on": today}
    assert fields(desk) == paid
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 3, "120.00")])
    desk.edit("job", Amount=Decimal("396.00"))
    with desk.nothing_sent():
        desk.sync()
        idle(desk)
        assert asked(desk) == POLLED
    assert (fields(desk), desk.box.xero.emails()) == (paid, sent)
    assert desk.box.zoho.workflow_runs == 0
    assert_promises(desk)


@pytest.mark.slow
def test_a_payment_taken_back_empties_its_date(telling: Desk) -> None:
    telling.add(order("job", "Closed Won"))
    telling.sync()
    invoice = str(telling.invoice("job")["InvoiceID"])
    telling.box.xero.pay(invoice, "396.00")
    later(telling)
    assert "paid_on" in fields(telling)
    telling.box.xero.unpay(invoice)
    later(telling)
    assert "paid_on" not in fields(telling)
    assert fields(telling)["due"] == Decimal("396.00")


@pytest.mark.slow
def test_an_ended_invoice_comes_back_too(telling: Desk) -> None:
    telling.add(order("job", "Closed Won"))
    telling.sync()
    telling.box.xero.void(str(telling.invoice("job")["InvoiceID"]))
    later(telling, code=3)
    assert (fields(telling)["status"], fields(telling)["due"]) == ("VOIDED", Decimal(0))


def test_a_person_in_the_same_second_is_not_overlooked(telling: Desk) -> None:
    deal = telling.add(order("job", "Confirmed"))
    telling.sync()
    modified = telling.box.zoho.find("Deals", "job")["Modified_Time"]
    telling.box.zoho.update("Deals", deal, {"Deal_Name": "Order job, renamed", "Modified_Time": modified})
    assert line_of(telling.sync(), deal)["action"] == "update"
    assert telling.invoice("job")["Reference"] == "Order job, renamed"


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["drop_after", "half_body", "empty", "wrong_shape", "refuse_before", "status_500_after"]
)
def test_an_answer_that_is_lost_is_written_again(telling: Desk, kind: str) -> None:
    telling.add(order("job", "Confirmed"))
    telling.fault(kind, service="zoho", method="PUT")
    report = telling.sync(code=4)
    assert report["counts"]["invoices_created"] == 1
    telling.box.faults.clear()
    telling.sync()
    assert fields(telling)["status"] == "DRAFT"
    idle(telling)
    assert len(telling.invoices("job")) == 1
    assert_promises(telling)


def test_a_refused_deal_stops_no_other_and_is_tried_again_on_demand(telling: Desk) -> None:
    good, bad = telling.add(order("good", "Confirmed")), telling.add(order("bad", "Confirmed", account="birch"))
    telling.box.zoho.hold("Deals", bad, "merge")
    report = telling.sync(code=3)
    assert report["counts"]["invoices_created"] == 2
    assert problem_codes(report) == ["write_back_refused"]
    assert report["problems"][0]["subject"] == f"deal {bad}"
    assert (fields(telling, "good")["status"], fields(telling, "bad")) == ("DRAFT", {})
    assert "write_back_refused" in telling.run("status", code=0).out
    idle(telling, code=3)

    telling.box.zoho.release("Deals", bad)
    idle(telling, code=3)
    telling.run("resolve", bad, "--retry", code=0)
    telling.sync()
    assert fields(telling, "bad")["status"] == "DRAFT"
    idle(telling)
    assert good != bad


def test_a_field_that_is_not_there_is_told_and_not_lost(telling: Desk) -> None:
    telling.configure(write_back={"status": "Xero_State"})
    telling.add(order("job", "Confirmed"))
    report = telling.sync(code=3)
    assert report["counts"]["invoices_created"] == 1
    assert problem_codes(report) == ["write_back_refused"]
    assert "Xero_State" in report["problems"][0]["message"]
    telling.configure(write_back={"status": "Xero_Status"})
    telling.sync()
    assert fields(telling)["status"] == "DRAFT"
    idle(telling)


@pytest.mark.slow
def test_a_refused_deal_can_be_left_as_it_is(telling: Desk) -> None:
    deal = telling.add(order("job", "Confirmed"))
    telling.box.zoho.hold("Deals", deal, "merge")
    telling.sync(code=3)
    telling.run("resolve", deal, "--skip", code=0)
    idle(telling)
    assert fields(telling) == {}


def test_a_dry_run_says_what_would_be_told(telling: Desk) -> None:
    deal = telling.add(order("job", "Confirmed"))
    with telling.nothing_sent():
        (note,) = telling.sync("--dry-run")["notes"]
    assert note.startswith(f"Zoho would be told in deal {deal}: Xero_No (none) → (Xero's next); Xero_Status")
    assert "Xero_Total (none) → 396" in note


@pytest.mark.slow
def test_deals_invoiced_before_are_told_once_it_is_turned_on(desk_of: OpenDesk) -> None:
    desk = desk_of(on=placed())
    desk.sync()
    desk.add(order("job", "Confirmed"))
    desk.sync()
    desk.configure(write_back={"status": "Xero_Status"})
    before = puts(desk)
    desk.sync()
    assert (puts(desk) - before, fields(desk)) == (1, {"status": "DRAFT"})
    idle(desk)


@pytest.mark.slow
def test_one_note_and_never_a_second(desk_of: OpenDesk) -> None:
    desk = desk_of(on=placed())
    desk.sync()
    earlier = desk.add(order("earlier", "Confirmed"))
    desk.sync()
    desk.configure(write_back={"note": True}, poll=QUIET)
    desk.sync()
    job = desk.add(order("job", "Confirmed", account="birch"))
    desk.sync()
    desk.move("job", "Closed Won")
    desk.sync()
    idle(desk)
    (note,) = desk.box.zoho.notes("Deals", job)
    assert desk.invoice("job")["InvoiceNumber"] in note["Note_Content"]
    assert desk.box.zoho.notes("Deals", earlier) == []
    assert_promises(desk)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "code", "notes"),
    [
        ("drop_after", 0, 1),
        ("half_body", 0, 1),
        ("empty", 0, 1),
        ("status_500_after", 0, 1),
        ("refuse_before", 0, 0),
        ("rate_concurrent", 0, 1),
        ("rate_day", 4, 1),
    ],
)
def test_a_note_is_sent_again_only_when_it_surely_was_not(desk_of: OpenDesk, kind: str, code: int, notes: int) -> None:
    desk = desk_of(on=placed())
    desk.configure(write_back={"note": True}, poll=QUIET)
    desk.sync()
    job = desk.add(order("job", "Confirmed"))
    desk.fault(kind, service="zoho", method="POST", path="/crm/v8/Notes", times=40 if kind == "rate_day" else 1)
    desk.sync(code=code)
    desk.box.faults.clear()
    desk.sync()
    idle(desk)
    assert len(desk.box.zoho.notes("Deals", job)) == notes
