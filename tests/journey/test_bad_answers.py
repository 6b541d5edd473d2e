"""Answers nobody should send: every read and every write of a run meets them, and nothing is lost or done twice."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, order, orders, priced, problem_codes

from zoho_xero_sync.sandbox import Fault

pytestmark = pytest.mark.slow

FOREVER = 500
# Answers that cannot be believed, and troubles after which a read is made again by itself.
UNREADABLE = ("empty", "html", "wrong_shape")
PASSING = ("refuse_before", "half_body", "status_503", "html_502")
# Whether a write that met the trouble was done by the service.
NOT_DONE = ("refuse_before", "html_502", "rate_day")
DONE = ("drop_after", "half_body", "status_500_after", *UNREADABLE)


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


# Nothing is staged when one of these fails, so the checkpoint stays.
BEFORE_STAGING = ("zoho token", "zoho organisation", "deals")


def prepare(desk: Desk, name: str) -> tuple[str, str, str]:
    """Enter the deals of a round that the next run may see: a confirmed one, which gets its draft."""
    keys = (f"moved_{name}", f"new_{name}", f"more_{name}")
    for customer in keys[:2]:
        desk.box.zoho.create("Accounts", {"key": customer, "Account_Name": f"Customer {customer}"})
        person = {"Last_Name": "Office", "Email": f"{customer}@example.com", "account": customer}
        desk.box.zoho.create("Contacts", {"key": f"{customer}_office", **person})
    desk.add(order(keys[0], "Confirmed", account=keys[0]))
    return keys


def ripen(desk: Desk, keys: tuple[str, str, str]) -> None:
    """Have the next run make every kind of call there is, about the three deals of a round that was prepared.

    The confirmed deal has moved on, so its draft is approved, and its customer was renamed; one deal is new, for a new
    customer, and a row of it carries a tax that its amount does not tell, so its quote is read by id; one is new for a
    known customer. What was kept from earlier runs (tokens, settings) is too old to be used.
    """
    moved, new, more = keys
    desk.wait(hours=25)
    desk.box.zoho.update("Accounts", moved, {"Account_Name": f"Customer {moved} Group"})
    desk.move(moved, "Closed Won")
    desk.add(order(new, "Closed Won", account=new))
    desk.add(order(more, "Closed Won", account=moved))
    desk.box.zoho.replace_lines("Quotes", f"q_{new}", [priced("hours", 1, "0.01"), priced("hours", 2, "80.00")])


@pytest.fixture
def ripe(desk: Desk) -> tuple[str, str, str]:
    """The keys of one round on the standard desk, which the next run meets."""
    keys = prepare(desk, "only")
    desk.sync()
    ripen(desk, keys)
    desk.box.calls.reset()
    return keys


def assert_done(desk: Desk, keys: tuple[str, ...]) -> None:
    """Every deal of a round has its one approved invoice, and its customer the newest name."""
    assert [desk.invoice(key)["Status"] for key in keys] == ["AUTHORISED"] * len(keys)
    assert desk.invoice(keys[0])["Contact"]["Name"] == f"Customer {keys[0]} Group"


def assert_ended(desk: Desk, keys: tuple[str, ...]) -> None:
    """The bad day is over: one run brings the round to its end, and every promise holds."""
    desk.box.faults.clear()
    assert desk.sync(code=0)["counts"]["pending"] == 0
    assert_done(desk, keys)
    assert_promises(desk)


def assert_honest(report: Record) -> None:
    """The run exits 0 only when nothing is left open, and what is open is said with a next step."""
    left = report["counts"]["pending"] + report["counts"]["uncertain"]
    assert report["exit_code"] == (4 if left else 0), report
    assert {deal["action"] for deal in report["deals"]} <= {"create", "update", "unchanged", "uncertain", "pending"}
    assert set(problem_codes(report)) <= {"outcome_unknown", "service_unavailable", "allowance_used"}
    assert all(problem["message"] and problem["hint"] for problem in report["problems"])


def assert_says_what_to_do(report: Record, service: str) -> None:
    """The run has one problem of its own, which names the service and a next step."""
    (problem,) = [problem for problem in report["problems"] if problem["subject"] == "run"]
    assert problem["code"] in ("service_unavailable", "allowance_used"), problem
    assert service in problem["message"].lower(), problem
    assert problem["hint"], problem


def test_a_round_makes_every_kind_of_call(desk: Desk, ripe: tuple[str, str, str]) -> None:
    desk.sync(code=0)
    made = [(call.service, call.method, call.path) for call in desk.box.calls]
    for call in (*READS, *WRITES):
        fault = call.fault("slow", 1)
        assert sum(fault.waits_for(*one) for one in made) > call.skip, call.name
    assert_ended(desk, ripe)


@pytest.mark.parametrize("call", READS, ids=lambda call: call.name)
def test_a_read_that_stays_broken_ends_the_run_and_loses_nothing(
    call: Call, desk: Desk, ripe: tuple[str, str, str]
) -> None:
    for kind in (*UNREADABLE, "half_body", "html_502"):
        broken = call.fault(kind, FOREVER)
        desk.box.faults.add(broken)
        with desk.nothing_sent():
            report = desk.sync(code=4)
        assert broken not in desk.box.faults.pending(), f"{kind} was never met"
        assert_says_what_to_do(report, call.service)
        assert {deal["action"] for deal in report["deals"]} <= {"pending"}
        stays = report["checkpoint"]["before"] == report["checkpoint"]["after"]
        assert stays == (call.name in BEFORE_STAGING), kind
        desk.box.faults.clear()
        desk.wait(hours=25)
    assert_ended(desk, ripe)


@pytest.mark.parametrize("kind", PASSING)
def test_reads_that_fail_once_are_made_again_in_the_same_run(kind: str, desk: Desk, ripe: tuple[str, str, str]) -> None:
    desk.box.faults.add(*(call.fault(kind, 1) for call in READS))
    desk.sync(code=0)
    assert not desk.box.faults.pending()
    assert_ended(desk, ripe)


@pytest.mark.parametrize("kind", ["rate_minute", "rate_concurrent"])
def test_being_asked_to_slow_down_is_waited_out(kind: str, desk: Desk, ripe: tuple[str, str, str]) -> None:
    desk.box.faults.add(*(call.fault(kind, 1) for call in (*READS, *WRITES)))
    desk.sync(code=0)
    assert not desk.box.faults.pending()
    assert_ended(desk, ripe)


@pytest.mark.parametrize("call", [READS[2], READS[5], READS[9], READS[12]], ids=lambda call: call.name)
def test_a_day_without_calls_left_ends_the_run_and_the_next_goes_on(
    call: Call, desk: Desk, ripe: tuple[str, str, str]
) -> None:
    desk.box.faults.add(call.fault("rate_day", FOREVER))
    with desk.nothing_sent():
        assert_says_what_to_do(desk.sync(code=4), call.service)
    desk.box.faults.clear()
    desk.wait(hours=25)
    assert_ended(desk, ripe)


@pytest.mark.parametrize("kind", [*NOT_DONE, *DONE])
def test_a_write_that_stays_broken_is_settled_before_anything_is_sent_again(kind: str, desk: Desk) -> None:
    keys = prepare(desk, "0")
    desk.sync()
    for number, call in enumerate(WRITES, start=1):
        ripen(desk, keys)
        broken = call.fault(kind, FOREVER)
        desk.box.faults.add(broken)
        report = desk.sync(code=4 if kind in NOT_DONE else None)
        assert broken not in desk.box.faults.pending(), f"{call.name}: {kind} was never met"
        assert_honest(report)
        desk.box.faults.clear()
        # Past the life of an idempotency key, so that Xero has to be looked into.
        desk.wait(minutes=10, hours=25 if kind == "rate_day" else 0)
        following = prepare(desk, str(number))
        assert desk.sync(code=0)["counts"]["pending"] == 0
        assert_done(desk, keys)
        keys = following
    assert_promises(desk)


@pytest.mark.parametrize("kind", ["refuse_before", "drop_after", "half_body", "wrong_shape"])
def test_a_write_that_fails_once_is_settled_in_the_same_run(kind: str, desk: Desk) -> None:
    keys = prepare(desk, "0")
    desk.sync()
    for number, call in enumerate(WRITES, start=1):
        ripen(desk, keys)
        desk.box.faults.add(call.fault(kind, 1))
        report = desk.sync(code=None)
        assert not desk.box.faults.pending(), f"{call.name}: {kind} was never met"
        assert_honest(report)
        assert not report["counts"]["uncertain"]
        following = prepare(desk, str(number))
        desk.sync(code=0)
        assert_done(desk, keys)
        keys = following
    assert_promises(desk)


@pytest.mark.parametrize("kind", ["refuse_before", "drop_after", "wrong_shape"])
def test_a_lost_batch_does_not_delay_the_others(kind: str, desk_of: OpenDesk) -> None:
    placed = orders(130, "Proposal")
    desk = desk_of(*placed)
    desk.sync()
    for number in range(130):
        desk.move(f"d{number}", "Closed Won")
    desk.fault(kind, method="PUT", path="/Invoices$")
    report = desk.sync(code=None)
    assert_honest(report)
    assert len(desk.invoices()) == 130
    desk.sync(code=0)
    assert_promises(desk)
