"""Answers nobody should send: each read and each write of a run meets each of them, and nothing is lost or done twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest
from conftest import OpenDesk
from promises import assert_promises
from world_tools import Desk, Record, line_of, order, priced

from zoho_xero_sync.sandbox import Fault

FOREVER = 500
# Faults after which a read is tried again by itself, and answers that are believed at once to be unreadable.
PASSING = ("refuse_before", "drop_after", "half_body", "status_500_before", "status_500_after", "status_503", "html_502")
UNREADABLE = ("empty", "html", "wrong_shape")
RATES = ("rate_minute", "rate_day", "rate_concurrent")


@dataclass(frozen=True, slots=True)
class Call:
    """One kind of call of a run that has everything to read: how a fault finds it."""

    name: str
    service: str
    method: str
    path: str
    skip: int = 0

    def fault(self, kind: str, times: int) -> Fault:
        """The fault on this call."""
        return Fault(kind, self.service, self.method, self.path, skip=self.skip, times=times)


READS = (
    Call("zoho token", "zoho", "POST", "^/oauth/v2/token$"),
    Call("zoho organisation", "zoho", "GET", "^/crm/v8/org$"),
    Call("deals", "zoho", "POST", "^/crm/v8/coql$"),
    Call("quotes", "zoho", "POST", "^/crm/v8/coql$", 1),
    Call("rows", "zoho", "POST", "^/crm/v8/coql$", 2),
    Call("taxes", "zoho", "GET", "^/crm/v8/org/taxes$"),
    Call("quote by id", "zoho", "GET", "^/crm/v8/Quotes/"),
    Call("xero token", "xero", "POST", "^/connect/token$"),
    Call("connections", "xero", "GET", "^/connections$"),
    Call("xero organisation", "xero", "GET", "/Organisation$"),
    Call("accounts", "xero", "GET", "/Accounts$"),
    Call("tax rates", "xero", "GET", "/TaxRates$"),
    Call("contacts", "xero", "GET", "/Contacts$"),
    Call("invoices", "xero", "GET", "/Invoices$"),
)
WRITES = (
    Call("new contacts", "xero", "PUT", "/Contacts$"),
    Call("changed contacts", "xero", "POST", "/Contacts$"),
    Call("new invoices", "xero", "PUT", "/Invoices$"),
    Call("changed invoices", "xero", "POST", "/Invoices$"),
)


@pytest.fixture
def full(desk_of: OpenDesk) -> Iterator[Desk]:
    """A desk whose next run makes every kind of call there is: everything that was kept is too old to be used.

    One deal has moved on, so its invoice is approved and its customer renamed; two are new, one for a new customer; a row
    carries a tax that its amount does not tell, so its quote is read by id.
    """
    desk = desk_of(order("old"), order("new", account="birch"), order("twice", account="alpine"))
    desk.sync()
    desk.move("old", "Confirmed")
    desk.sync()
    desk.wait(hours=25)
    desk.box.zoho.update("Accounts", "alpine", {"Account_Name": "Alpine Joinery Group"})
    desk.box.zoho.replace_lines("Quotes", "q_new", [priced("hours", 1, "0.01"), priced("hours", 2, "80.00")])
    for key in ("old", "new", "twice"):
        desk.move(key, "Closed Won")
    desk.box.calls.reset()
    yield desk


def finish(desk: Desk) -> None:
    """The bad day is over: a run brings everything to its end, and every promise holds."""
    desk.box.faults.clear()
    assert desk.sync(code=0)["counts"]["pending"] == 0
    assert {key: desk.invoice(key)["Status"] for key in ("old", "new", "twice")} == {
        "old": "AUTHORISED",
        "new": "AUTHORISED",
        "twice": "AUTHORISED",
    }
    assert_promises(desk)


def told(report: Record) -> str:
    """What the run itself has to say, hints included."""
    return "\n".join(f"{p['message']} {p['hint']}" for p in report["problems"] if p["subject"] == "run")


@pytest.mark.parametrize("call", READS, ids=lambda call: call.name)
def test_a_read_that_stays_broken_ends_the_run_and_loses_nothing(call: Call, full: Desk) -> None:
    for kind in (*PASSING, *UNREADABLE, *RATES):
        full.box.faults.add(call.fault(kind, FOREVER))
        with full.nothing_sent():
            report = full.sync(code=None)
        assert full.box.faults.pending() != [call.fault(kind, FOREVER)], f"{kind} was never met"
        assert report["exit_code"] == 4, f"{kind}: {report}"
        (problem,) = [problem for problem in report["problems"] if problem["subject"] == "run"]
        assert problem["code"] in ("service_unavailable", "allowance_used"), f"{kind}: {problem}"
        assert call.service in problem["message"].lower(), f"{kind}: {problem}"
        assert problem["hint"], f"{kind}: {problem}"
        assert {deal["action"] for deal in report["deals"]} <= {"pending"}, f"{kind}: {report}"
        full.box.faults.clear()
        full.wait(hours=25)
    finish(full)


@pytest.mark.parametrize("kind", PASSING)
def test_reads_that_fail_once_are_made_again(kind: str, full: Desk) -> None:
    full.box.faults.add(*(call.fault(kind, 1) for call in READS))
    report = full.sync(code=0)
    assert not full.box.faults.pending()
    assert report["counts"]["invoices_created"] == 2
    finish(full)


@pytest.mark.parametrize("age", [1, 10], ids=["within the key's life", "after it"])
@pytest.mark.parametrize("kind", [*PASSING, *UNREADABLE, *RATES])
@pytest.mark.parametrize("call", WRITES, ids=lambda call: call.name)
def test_a_write_that_stays_broken_is_settled_before_anything_is_sent_again(
    call: Call, kind: str, age: int, full: Desk
) -> None:
    full.box.faults.add(call.fault(kind, FOREVER))
    report = full.sync(code=4)
    assert full.box.faults.pending() != [call.fault(kind, FOREVER)], "the fault was never met"
    done = {deal["deal_name"]: deal["action"] for deal in report["deals"]}
    for name, action in done.items():
        assert action in ("create", "update", "uncertain", "pending"), f"{name}: {action}"
    if kind not in RATES:
        assert all(p["message"] and p["hint"] for p in report["problems"]), report["problems"]
    full.box.faults.clear()
    full.wait(minutes=age)
    if kind == "rate_day":
        full.wait(hours=25)
    finish(full)


@pytest.mark.parametrize("kind", [*PASSING, *UNREADABLE])
@pytest.mark.parametrize("call", WRITES, ids=lambda call: call.name)
def test_a_write_that_fails_once_is_settled_in_the_same_run(call: Call, kind: str, full: Desk) -> None:
    full.box.faults.add(call.fault(kind, 1))
    report = full.sync(code=None)
    assert not full.box.faults.pending()
    open_ends = report["counts"]["pending"] + report["counts"]["uncertain"]
    assert report["exit_code"] == (4 if open_ends else 0), report
    finish(full)
