"""A ledger that was lost and made again behaves as the one that was lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, actions, history_at, order, problem_codes, world

from zoho_xero_sync.sandbox.generate import generate_world

LINE = {
    "Description": "By hand", "Quantity": 1, "UnitAmount": Decimal("5.00"), "AccountCode": "200", "TaxType": "OUTPUT",
}  # fmt: skip
NUMBERS = {"xero": {}, "template": {"invoice": {"number": "ZC-{id}"}}}


def lose(desk: Desk) -> None:
    """The ledger's file is gone."""
    desk.ledger.unlink()


def rebuilt(desk: Desk, *argv: str, code: int = 0) -> Record:
    """`rebuild --json`, which writes to neither service."""
    with desk.nothing_sent():
        return desk.run("rebuild", "--json", *argv, code=code).json


def worked_on(desk: Desk) -> None:
    """A ledger with history, invoices of every kind, and customers."""
    for number, stage in enumerate(("Confirmed", "Closed Won", "Confirmed", "Closed Won", "Confirmed", "Closed Won")):
        account = ("alpine", "birch", "cedar")[number % 3]
        lines = [("hours", number + 1, "99.95"), ("food", 2, "5")]
        desk.add(order(f"job{number}", stage, account=account, lines=lines))
    desk.sync()


@pytest.fixture(params=["xero", pytest.param("template", marks=pytest.mark.slow)])
def office(request: pytest.FixtureRequest, desk_of: OpenDesk) -> Desk:
    """A desk at work for a while, under one of the number policies."""
    desk = desk_of(order("old", "Closed Won"))
    desk.configure(**NUMBERS[request.param])
    desk.sync()
    worked_on(desk)
    return desk


def known(desk: Desk) -> dict[str, list[Record]]:
    """What the ledger holds that decides what later runs do."""
    invoice = "deal_id, invoice_id, number, status, currency, total, sent, updated_at, live"
    deal = "deal_id, name, stage, state, baseline, modified_at, requested, problem_code, person"
    content = "CASE baseline WHEN 0 THEN snapshot END AS content"
    return {
        "invoices": desk.rows(f"SELECT {invoice} FROM invoice_link ORDER BY deal_id"),
        "deals": desk.rows(f"SELECT {deal}, {content} FROM deal ORDER BY deal_id"),
        "customers": desk.rows("SELECT * FROM customer_link ORDER BY module, zoho_id"),
        "covered": desk.rows("SELECT * FROM covered_stage ORDER BY stage"),
        "whose": desk.rows("SELECT zoho_org_id, xero_tenant_id FROM ledger"),
    }


def test_a_lost_ledger_is_made_again_to_the_letter(office: Desk) -> None:
    before = known(office)
    lose(office)
    made = rebuilt(office)
    assert known(office) == before
    assert made["counts"]["linked"] == 6 and made["counts"]["baseline"] == 1 and made["counts"]["customers"] == 3
    assert made["totals"] == {"AUD": str(sum(invoice["Total"] for invoice in office.invoices()))}
    with office.nothing_sent():
        assert office.sync()["deals"] == []
    assert_promises(office)


# ---- what happens later ----


def reworded(desk: Desk, key: str) -> None:
    """A person edits the invoice of a deal in Xero."""
    desk.box.xero.edit_invoice(number_of(desk, key), {"Reference": "my own words"})


def number_of(desk: Desk, key: str) -> str:
    """The number of a deal's invoice."""
    return str(desk.invoice(key)["InvoiceNumber"])


def renamed(desk: Desk, key: str) -> None:
    """A person edits a deal, in a field that its invoice shows."""
    desk.edit(key, Deal_Name=f"Order {key}, second thoughts")


def new_phone(desk: Desk) -> None:
    """A customer changes in Zoho, and one of its deals with it."""
    account = str(desk.box.zoho.find("Accounts", "alpine")["id"])
    desk.box.zoho.update("Accounts", account, {"Phone": "02 5550 0199"})


def paid(desk: Desk, key: str) -> None:
    """The customer pays the whole invoice."""
    desk.box.xero.pay(number_of(desk, key), desk.invoice(key)["Total"])


Act = Callable[[Desk, str], object]

# What happened to a deal before its ledger was lost: its stage, and what people did then.
BEFORE: Mapping[str, tuple[str, Act | None]] = {
    "moves": ("Confirmed", None),
    "changes": ("Confirmed", None),
    "changes_approved": ("Closed Won", None),
    "leaves": ("Confirmed", None),
    "leaves_paid": ("Closed Won", lambda desk, key: paid(desk, key)),
    "reworded_changes": ("Confirmed", reworded),
    "reworded_moves": ("Confirmed", reworded),
    "reworded_later": ("Confirmed", None),
    "voided_changes": ("Closed Won", lambda desk, key: desk.box.xero.void(number_of(desk, key))),
    "voided_later": ("Closed Won", None),
    "deleted_moves": ("Confirmed", lambda desk, key: desk.box.xero.delete(number_of(desk, key))),
    "part_paid": ("Closed Won", lambda desk, key: desk.box.xero.pay(number_of(desk, key), Decimal(1))),
    "approved_by_hand": ("Confirmed", lambda desk, key: desk.box.xero.approve(number_of(desk, key))),
    "touched": ("Closed Won", None),
    "quiet": ("Closed Won", None),
}

# What happens to the same deals afterwards.
LATER: Mapping[str, Act] = {
    "moves": lambda desk, key: desk.move(key, "Closed Won"),
    "changes": renamed,
    "changes_approved": renamed,
    "leaves": lambda desk, key: desk.move(key, "Proposal"),
    "leaves_paid": renamed,
    "reworded_changes": renamed,
    "reworded_moves": lambda desk, key: desk.move(key, "Closed Won"),
    "reworded_later": lambda desk, key: (reworded(desk, key), renamed(desk, key)),
    "voided_changes": renamed,
    "voided_later": lambda desk, key: (desk.box.xero.void(number_of(desk, key)), renamed(desk, key)),
    "deleted_moves": lambda desk, key: desk.move(key, "Closed Won"),
    "part_paid": renamed,
    "approved_by_hand": lambda desk, key: desk.move(key, "Closed Won"),
    "touched": lambda desk, key: desk.edit(key, Next_Step="call them"),
    "old": lambda desk, key: desk.edit(key, Next_Step="call them"),
}


def later(desk: Desk) -> list[Any]:
    """What two more runs do once all of this happened, and what is in Xero then, but for ids."""
    for key, act in LATER.items():
        act(desk, key)
    new_phone(desk)
    desk.move("old_returns", "Proposal")
    desk.add(order("more", "Closed Won", account="alpine"))
    first = desk.sync(code=None)
    desk.move("old_returns", "Closed Won")
    runs = (first, desk.sync(code=None), desk.sync(code=None))
    told = [(actions(desk, run), problem_codes(run), run["exit_code"]) for run in runs]
    changes = [sorted((deal["deal_name"], str(deal["changes"])) for deal in run["deals"]) for run in runs]
    invoices = [
        (row["Reference"], row["Status"], row["Total"], row["InvoiceNumber"]) for row in desk.invoices(closed=True)
    ]
    contacts = sorted((contact["Name"], str(contact.get("Phones"))) for contact in desk.contacts())
    return [told, changes, sorted(invoices), contacts]


@pytest.mark.slow
@pytest.mark.parametrize("rules", [{}, {"leaves_stages": "void", "changed_after_approval": "update"}])
def test_a_rebuilt_ledger_goes_on_as_the_lost_one_would_have(desk_of: OpenDesk, rules: Record) -> None:
    outcomes = []
    for lost in (False, True):
        desk = desk_of(order("old", "Closed Won"), order("old_returns", "Closed Won"))
        desk.configure(when=rules)
        desk.sync()
        for place, (key, (stage, _)) in enumerate(BEFORE.items()):
            account = ("alpine", "birch", "cedar")[place % 3]
            desk.add(order(key, stage, account=account, lines=[("hours", place + 1, "99.95"), ("food", 2, "5")]))
        desk.sync()
        for key, (_, act) in BEFORE.items():
            if act is not None:
                act(desk, key)
        desk.sync()
        if lost:
            lose(desk)
            rebuilt(desk)
            with desk.nothing_sent():
                assert desk.sync()["deals"] == []
        else:
            desk.wait(minutes=2)
        outcomes.append(later(desk))
        assert_promises(desk, again=False)
    assert outcomes[0] == outcomes[1]
    done = set(outcomes[0][0][0][0].values())
    assert {"update", "hold", "create", "unchanged"} <= done, "nothing was put to the test"


# ---- what else the two services may hold ----


@pytest.mark.slow
def test_what_cannot_be_certain_is_listed_or_held_and_nothing_is_invoiced(desk_of: OpenDesk) -> None:
    desk = desk_of(order("old", "Closed Won", modified=history_at(0)), order("late"))
    desk.sync()
    for key in ("twice", "spare", "ended", "gone", "differs", "paid_and_left", "unmarked"):
        desk.add(order(key, "Closed Won"))
    desk.sync()
    first, url = number_of(desk, "twice"), str(desk.invoice("twice")["Url"])
    desk.box.xero.edit_invoice(number_of(desk, "spare"), {"Url": url})
    desk.box.xero.edit_invoice(number_of(desk, "unmarked"), {"Url": "https://example.com/"})
    desk.box.xero.edit_invoice(number_of(desk, "differs"), {"LineItems": [LINE]})
    desk.box.xero.void(number_of(desk, "ended"))
    paid(desk, "paid_and_left")
    desk.move("paid_and_left", "Proposal")
    lose(desk)
    desk.move("late", "Closed Won")
    desk.box.zoho.delete("Deals", desk.deal("gone"))
    made = rebuilt(desk, "--dry-run", code=3)
    assert not desk.ledger.exists()
    told = rebuilt(desk, code=3)
    assert made["set_aside"] is None
    differs = ("run_id", "mode", "finished_at", "checkpoint", "api_calls")
    assert {**told, **dict.fromkeys(differs)} == {**made, **dict.fromkeys(differs)}
    counts = told["counts"]
    assert (counts["linked"], counts["ended"], counts["unseen"], counts["left"], counts["held"]) == (0, 1, 1, 1, 2)
    assert sorted(problem["code"] for problem in told["problems"]) == ["invoice_found_different", "several_invoices"]
    waited = {deal["deal_name"]: deal["command"] for deal in told["may_have_waited"]}
    assert set(waited) == {"Order late", "Order spare", "Order unmarked"}
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=3)) == ["invoice_found_different", "several_invoices"]
    desk.run(*waited["Order late"].split()[1:], code=3)
    assert desk.invoice("late")["Status"] == "AUTHORISED"
    # The double is settled by a person, and the deal goes on with the invoice that is left.
    desk.box.xero.void(first)
    desk.run("resolve", desk.deal("twice"), "--retry", code=0)
    assert actions(desk, desk.sync(code=3))["twice"] == "adopt"


@pytest.mark.slow
def test_an_invoice_that_lost_its_link_is_known_by_its_number(desk_of: OpenDesk) -> None:
    desk = desk_of()
    desk.configure(**NUMBERS["template"])
    desk.sync()
    deal = desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.box.xero.edit_invoice(f"ZC-{deal}", {"Url": "https://example.com/"})
    lose(desk)
    assert rebuilt(desk)["counts"]["linked"] == 1
    assert [row["number"] for row in desk.rows("SELECT number FROM invoice_link")] == [f"ZC-{deal}"]


@pytest.mark.slow
def test_a_deal_that_moved_on_while_there_was_no_ledger_goes_on(desk: Desk) -> None:
    desk.add(order("job", "Confirmed"))
    desk.sync()
    lose(desk)
    desk.move("job", "Closed Won")
    assert rebuilt(desk)["counts"]["behind"] == 1
    assert actions(desk, desk.sync()) == {"job": "update"}
    assert desk.invoice("job")["Status"] == "AUTHORISED"
    assert_promises(desk)


@pytest.mark.slow
def test_a_kept_invoice_is_not_voided_by_a_ledger_that_forgot_the_decision(desk: Desk) -> None:
    desk.configure(when={"leaves_stages": "void"})
    job = desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.move("job", "Proposal")
    lose(desk)
    (problem,) = rebuilt(desk, code=3)["problems"]
    assert problem["code"] == "left_stages" and f"resolve {job} --retry" in problem["hint"]
    with desk.nothing_sent():
        desk.sync(code=3)
    desk.run("resolve", job, "--retry", code=0)
    assert actions(desk, desk.sync()) == {"job": "void"}


# ---- the command ----


def test_a_ledger_that_is_there_is_not_replaced_unasked(desk: Desk) -> None:
    before = desk.ledger.read_bytes()
    refused = desk.run("rebuild", code=13)
    assert "rebuild --replace" in refused.err and desk.ledger.read_bytes() == before
    made = rebuilt(desk, "--replace")
    kept = desk.folder / str(made["set_aside"]).rpartition("/")[2]
    assert kept.read_bytes() == before and desk.ledger.exists()
    assert_promises(desk)


@pytest.mark.slow
def test_a_journal_left_beside_a_lost_ledger_is_not_played_into_the_new_one(desk: Desk) -> None:
    desk.add(order("job", "Closed Won"))
    desk.sync()
    lose(desk)
    stale = desk.folder / "ledger.db-journal"
    stale.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(504))
    stale.chmod(0o600)
    rebuilt(desk)
    assert not stale.exists()
    assert_promises(desk)


@pytest.mark.slow
def test_a_service_that_fails_half_way_leaves_everything_as_it_was(desk: Desk) -> None:
    desk.add(order("job", "Closed Won"))
    desk.sync()
    before = desk.files()
    desk.fault("status_503", service="xero", method="GET", path="/Contacts", times=20)
    desk.run("rebuild", "--replace", code=4)
    desk.box.faults.clear()
    assert {name for name in desk.files() if name.startswith(("ledger.db", ".ledger"))} == {
        name for name in before if name.startswith(("ledger.db", ".ledger"))
    }
    assert desk.files()["ledger.db"] == before["ledger.db"]


@pytest.mark.slow
def test_people_read_what_came_back_and_what_to_type(desk: Desk) -> None:
    desk.add(order("job", "Closed Won"))
    desk.sync()
    lose(desk)
    said = desk.run("rebuild", code=0).out
    assert "1 deal has its invoice again" in said
    assert "The live invoices total AUD 396.00." in said
    assert "all of them reads" in said and "zoho-xero-sync sync --dry-run" in said


@pytest.mark.slow
def test_a_thousand_invoices_come_back_with_less_than_sixty_calls(desk_of: OpenDesk) -> None:
    made = generate_world(7, deals=1000, stage="Proposal", customers=300)
    made["zoho"]["client"] = world()["zoho"]["client"]
    made["xero"]["client"] = world()["xero"]["client"]
    desk = desk_of(on=made)
    desk.sync()
    for deal in desk.box.zoho.records("Deals"):
        desk.box.zoho.update("Deals", deal["id"], {"Stage": "Closed Won"})
    desk.sync("--allow-many")
    assert len(desk.invoices()) == 1000
    before = known(desk)
    lose(desk)
    desk.wait(days=3)
    told = rebuilt(desk)
    calls = told["api_calls"]
    assert told["counts"]["linked"] == 1000 and told["counts"]["customers"] == 300
    assert sum(calls.values()) < 60, calls
    assert known(desk) == before
    with desk.nothing_sent():
        assert desk.sync()["deals"] == []
