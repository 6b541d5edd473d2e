"""One deal for which Xero never answers: the others are invoiced in the same run, and it ends with a person."""

from __future__ import annotations

from collections import Counter

import pytest
import requests
from promises import assert_promises
from world_tools import SECRETS, Desk, OpenDesk, Record, actions, line_of, order, orders, problem_codes

from zoho_xero_sync.sandbox import Fault

FOREVER = 100_000


def poison(desk: Desk, body: str, kind: str, path: str = "/Invoices$", method: str | None = None) -> Fault:
    """Every request to Xero whose body says this meets this fault."""
    fault = Fault(kind, "xero", method, path, times=FOREVER, body=body)
    desk.box.faults.add(fault)
    return fault


def until_a_person_is_asked(desk: Desk) -> Record:
    """Runs every ten minutes until nothing is unknown any more; the last report."""
    for _ in range(40):
        desk.wait(minutes=10)
        report = desk.sync(code=None)
        assert report["exit_code"] in (3, 4), report
        if report["exit_code"] == 3:
            return report
    raise AssertionError("the deal is still unknown")


def arrive_late(desk: Desk) -> None:
    """The last request for invoices that was lost on its way reaches Xero after all."""
    (lost,) = desk.rows(
        "SELECT key, method, path, body FROM write WHERE path LIKE '%Invoices%' ORDER BY id DESC LIMIT 1"
    )
    client = (SECRETS["ZXS_XERO_CLIENT_ID"], SECRETS["ZXS_XERO_CLIENT_SECRET"])
    url, grant = desk.box.xero_url, {"grant_type": "client_credentials"}
    token = requests.post(f"{url}/connect/token", data=grant, auth=client, timeout=10).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "Idempotency-Key": lost["key"]}
    # The witness of write-ahead is right that it is not in flight any more.
    watching, desk.box.xero.on_write[:] = list(desk.box.xero.on_write), []
    sent = requests.request(lost["method"], url + lost["path"], data=lost["body"], headers=headers, timeout=10)
    sent.raise_for_status()
    desk.box.xero.on_write[:] = watching


@pytest.mark.parametrize("kind", ["status_500_before", pytest.param("refuse_before", marks=pytest.mark.slow)])
def test_of_fifty_deals_one_is_refused_and_one_never_answered(kind: str, desk_of: OpenDesk) -> None:
    desk = desk_of(*orders(50, "Proposal"))
    desk.configure(invoice={"date": "closing_date", "due": {"days": 14}})
    desk.sync()
    # After the settings were read, so that it is Xero that refuses.
    desk.box.xero.set_lock_date("2026-06-30")
    for number in range(50):
        desk.edit(f"d{number}", Stage="Closed Won", Closing_Date="2026-06-01" if number == 13 else "2026-11-19")
    refused, unanswered = desk.deal("d13"), desk.deal("d31")
    poison(desk, rf"/{unanswered}\b", kind)

    first = desk.sync(code=4)
    assert Counter(actions(desk, first).values()) == {"create": 48, "reject": 1, "uncertain": 1}
    assert line_of(first, refused)["action"] == "reject"
    assert line_of(first, unanswered)["action"] == "uncertain"
    assert len(desk.invoices()) == 48

    last = until_a_person_is_asked(desk)
    told = {problem["subject"]: problem for problem in last["problems"]}
    assert told[f"deal {refused}"]["code"] == "date_locked"
    assert told[f"deal {unanswered}"]["code"] == "never_answered"
    assert f"resolve {unanswered} --retry" in told[f"deal {unanswered}"]["hint"]
    with desk.nothing_sent():
        desk.sync(code=3)
    assert len(desk.invoices()) == 48

    desk.box.faults.clear()
    assert_promises(desk)
    desk.run("resolve", unanswered, "--retry", code=0)
    assert line_of(desk.sync(code=3), unanswered)["action"] == "create"
    assert len(desk.invoices()) == 49
    assert_promises(desk)


@pytest.mark.slow
def test_a_customer_that_is_never_answered_delays_no_other(desk: Desk) -> None:
    for key in ("alpine", "birch", "cedar"):
        desk.add(order(key, "Closed Won", account=key))
    held = desk.deal("birch")
    poison(desk, "Birch", "status_500_before", path="/Contacts$")
    first = desk.sync(code=4)
    assert actions(desk, first) == {"alpine": "create", "birch": "uncertain", "cedar": "create"}
    last = until_a_person_is_asked(desk)
    assert problem_codes(last) == ["never_answered"]
    assert "customer's contact" in line_of(last, held)["reason"]
    desk.box.faults.clear()
    desk.run("resolve", held, "--retry", code=0)
    assert line_of(desk.sync(), held)["action"] == "create"
    assert_promises(desk)


@pytest.mark.slow
def test_a_change_that_is_never_answered_delays_no_other(desk: Desk) -> None:
    for key in ("one", "two", "three"):
        desk.add(order(key, "Confirmed"))
    desk.sync()
    for key in ("one", "two", "three"):
        desk.move(key, "Closed Won")
    poison(desk, str(desk.invoice("two")["InvoiceID"]), "status_500_before", method="POST")
    assert actions(desk, desk.sync(code=4)) == {"one": "update", "two": "pending", "three": "update"}
    assert problem_codes(until_a_person_is_asked(desk)) == ["never_answered"]
    assert [desk.invoice(key)["Status"] for key in ("one", "two", "three")] == ["AUTHORISED", "DRAFT", "AUTHORISED"]
    desk.box.faults.clear()
    assert_promises(desk)


@pytest.mark.slow
def test_what_was_given_up_and_appears_in_xero_is_adopted(desk: Desk) -> None:
    desk.add(order("other", "Closed Won"))
    late = desk.add(order("late", "Closed Won"))
    poison(desk, rf"/{late}\b", "status_500_before", method="PUT")
    desk.sync(code=4)
    assert problem_codes(until_a_person_is_asked(desk)) == ["never_answered"]
    desk.box.faults.clear()
    arrive_late(desk)
    assert line_of(desk.sync(), late)["action"] == "adopt"
    assert len(desk.invoices("late")) == 1
    assert_promises(desk)


@pytest.mark.slow
def test_hours_in_which_xero_answers_nobody_are_nobodys_fault(desk_of: OpenDesk) -> None:
    desk = desk_of(*orders(12, "Proposal"))
    desk.sync()
    for number in range(12):
        desk.move(f"d{number}", "Closed Won")
    poison(desk, "", "html_502")
    for _ in range(18):
        desk.wait(minutes=10)
        assert desk.sync(code=4)["counts"]["held"] == 0
    desk.box.faults.clear()
    for _ in range(3):
        desk.wait(minutes=10)
        desk.sync(code=None)
    assert desk.sync()["counts"]["pending"] == 0
    assert len(desk.invoices()) == 12
    assert_promises(desk)
