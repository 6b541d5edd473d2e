"""Traps that other synchronisers fell into while writing: numbers, keys, lost answers, crashes.

The numbers are those of the list this project was planned with.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from promises import assert_promises
from trap_tools import INVOICES, also, answered, ask_nobody, late_lists, links, written
from world_tools import Desk, actions, line_of, order, priced, problem_codes

from zoho_xero_sync.ledger.store import Ledger
from zoho_xero_sync.sandbox.xero.state import WriteSeen

BY_DEAL = {"number": "ZC-{id}"}


def lose_the_invoice(desk: Desk, key: str = "job") -> str:
    """A run makes a draft in Xero, and every answer about it is lost; the deal."""
    job = desk.add(order(key, "Confirmed"))
    desk.fault("drop_after", method="PUT", path=INVOICES)
    desk.fault("status_503", method="PUT", path=INVOICES, skip=1)
    desk.fault("status_503", method="GET", path=INVOICES, skip=1, times=300)
    desk.sync(code=4)
    desk.box.faults.clear()
    assert len(desk.invoices(key)) == 1
    return job


def test_trap_10_a_change_that_failed_is_not_taken_for_done(desk: Desk) -> None:
    desk.add(order("job", "Confirmed"))
    desk.sync()
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 5, "120.00")])
    desk.edit("job", Next_Step="quote revised")
    desk.fault("status_503", method="POST", path=INVOICES, times=5)
    desk.sync(code=4)
    desk.box.faults.clear()
    assert line_of(desk.sync(), desk.deal("job"))["action"] == "update"
    assert desk.invoice("job")["Total"] == Decimal("660.00")
    assert_promises(desk)


@pytest.fixture
def taken(desk: Desk) -> str:
    """A deal whose number somebody gave to an invoice of another deal."""
    desk.add(order("other", "Closed Won", account="birch"))
    desk.sync()
    job = desk.add(order("job", "Closed Won"))
    desk.box.xero.rename(str(desk.invoice("other")["InvoiceID"]), f"ZC-{job}")
    desk.configure(invoice=BY_DEAL)
    return job


def test_trap_11_a_taken_number_gets_no_suffix(desk: Desk, taken: str) -> None:
    report = desk.sync(code=3)
    assert line_of(report, taken)["action"] == "hold"
    assert problem_codes(report) == ["number_taken"]
    assert "invoice.number" in report["problems"][0]["hint"]
    with desk.nothing_sent():
        desk.sync(code=3)
    assert len(desk.invoices(closed=True)) == 1
    desk.box.xero.rename(str(desk.invoice("other")["InvoiceID"]), "INV-9000")
    desk.run("resolve", taken, "--retry", code=0)
    desk.sync()
    assert desk.invoice("job")["InvoiceNumber"] == f"ZC-{taken}"


@pytest.mark.parametrize("lost", ["drop_after", also("status_500_after")])
def test_trap_12_a_taken_number_may_be_our_own(desk: Desk, monkeypatch: pytest.MonkeyPatch, lost: str) -> None:
    """The answer is lost, the key forgotten at once, and the list does not show the invoice yet: only its number does.

    It is adopted, for it carries the deal; the number alone would prove nothing.
    """
    desk.configure(invoice=BY_DEAL)
    desk.add(order("first", "Closed Won"))
    desk.sync()
    desk.box.xero.switches["idempotency_seconds"] = 0
    job = desk.add(order("job", "Closed Won"))
    desk.fault(lost, method="PUT", path=INVOICES)
    late_lists(monkeypatch, times=2)
    desk.sync()
    assert links(desk)[job] == desk.invoice("job")["InvoiceID"]
    assert [seen.status for seen in desk.box.xero.writes].count(200) >= 2
    assert_promises(desk)


def test_trap_13_another_invoice_is_never_written_over(desk: Desk, taken: str) -> None:
    """A POST with a number that exists changes that invoice; a PUT is refused."""
    before = desk.invoice("other")
    desk.sync(code=3)
    assert desk.invoice("other") == before
    assert written(desk, "POST") == []
    assert not any("InvoiceID" in element for batch in written(desk, "PUT") for element in batch)


def test_trap_14_going_back_to_what_was_sent_before_is_sent_again(desk: Desk) -> None:
    """Four, three, four hours within a few minutes: a key made of the content would swallow the last."""
    desk.add(order("job", "Confirmed"))
    desk.sync()
    for hours, total in ((4, "528.00"), (3, "396.00"), (4, "528.00")):
        desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", hours, "120.00")])
        desk.edit("job", Next_Step=f"{hours} hours")
        desk.sync()
        assert desk.invoice("job")["Total"] == Decimal(total)
    assert_promises(desk)


def test_trap_15_an_answer_from_memory_does_not_bring_back_what_a_person_deleted(desk: Desk) -> None:
    """Xero would repeat, under the same key, the answer about an invoice that is gone by now."""
    job = lose_the_invoice(desk)
    desk.box.xero.delete(str(desk.invoice("job")["InvoiceID"]))
    desk.run("sync")
    desk.run("sync")
    assert job not in links(desk)
    assert len(desk.invoices("job", closed=True)) == 1, "and it is not made again"
    assert desk.invoices("job") == []


@pytest.mark.parametrize("minutes", [0, 4, *(also(minutes) for minutes in (2, 7, 60, 26 * 60))])
def test_trap_16_a_key_may_be_forgotten_at_any_time(desk: Desk, minutes: int) -> None:
    job = lose_the_invoice(desk)
    desk.box.xero.forget_keys()
    desk.wait(minutes=minutes)
    desk.sync()
    assert links(desk) == {job: desk.invoice("job")["InvoiceID"]}
    assert_promises(desk)


def test_trap_17_a_key_is_never_used_for_other_bytes(desk: Desk) -> None:
    """The deal and the configuration change between a request and its repetition."""
    desk.add(order("job", "Confirmed"))
    desk.fault("status_500_before", method="PUT", path=INVOICES, times=2)
    seen: dict[str | None, set[str]] = {}

    def note(write: WriteSeen) -> None:
        seen.setdefault(write.key, set()).add(write.body_sha256)

    desk.box.xero.on_write.append(note)
    desk.fault("status_503", method="GET", path=INVOICES, skip=1, times=300)
    desk.sync(code=4)
    desk.box.faults.clear()
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 5, "120.00")])
    desk.edit("job", Deal_Name="Order job, extended")
    desk.configure(invoice={"reference": "{Deal_Name} / {id}"})
    desk.wait(minutes=1)
    for _ in range(3):
        desk.run("sync")
    assert None not in seen and all(len(bodies) == 1 for bodies in seen.values())
    assert 400 not in {write.status for write in desk.box.xero.writes}
    assert desk.invoice("job")["Total"] == Decimal("660.00")
    assert_promises(desk)


def test_trap_18_an_error_that_a_key_remembers_is_left_behind(desk: Desk) -> None:
    """Xero repeats its own error under the key for as long as it lives: a look, and then a new key."""
    desk.box.xero.break_writes(1)
    job = desk.add(order("job", "Closed Won"))
    desk.run("sync", code=4)
    for _ in range(3):
        desk.wait(minutes=3)
        desk.run("sync")
    assert links(desk) == {job: desk.invoice("job")["InvoiceID"]}
    assert len({row["key"] for row in desk.rows("SELECT key FROM write")}) > 1
    assert_promises(desk)


@pytest.mark.parametrize("collection", ["Contacts", "Invoices"])
def test_trap_19_a_refused_batch_may_have_been_made_in_part(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, collection: str
) -> None:
    """The batch is answered 400 although Xero made its good elements: Xero is asked before halves are sent."""
    refusal = b'{"ErrorNumber":10,"Type":"ValidationException","Message":"A validation exception occurred"}'
    answered(monkeypatch, lambda answer: replace(answer, status=400, body=refusal), collection)
    for number, account in enumerate(("alpine", "birch", "cedar", "alpine")):
        desk.add(order(f"job{number}", "Closed Won", account=account))
    report = desk.sync()
    assert set(actions(desk, report).values()) == {"create"}
    assert len(desk.invoices(closed=True)) == 4
    assert len(desk.contacts()) == 3
    assert len(written(desk, "PUT", collection)) == 1
    assert_promises(desk)


def test_trap_35_a_voided_number_is_not_used_again(desk: Desk) -> None:
    desk.configure(invoice=BY_DEAL, when={"leaves_stages": "void"})
    job = desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.move("job", "Proposal")
    desk.sync()
    assert desk.invoices("job") == []
    desk.move("job", "Closed Won")
    assert line_of(desk.sync(), job)["action"] == "create"
    numbers = [invoice["InvoiceNumber"] for invoice in desk.invoices("job", closed=True)]
    assert numbers == [f"ZC-{job}", f"ZC-{job}-2"]
    assert_promises(desk)


def test_trap_43_every_write_has_a_key_of_its_own(desk: Desk) -> None:
    seen: list[WriteSeen] = []
    desk.box.xero.on_write.append(seen.append)
    desk.fault("drop_after", method="PUT", path="/Contacts$")
    desk.fault("drop_after", method="PUT", path=INVOICES)
    desk.add(order("job", "Confirmed"))
    for _ in range(3):
        desk.run("sync")
    desk.move("job", "Closed Won")
    desk.sync()
    bodies = {write.key: write.body_sha256 for write in seen}
    assert None not in bodies and len(set(bodies.values())) == len(bodies)
    assert all(bodies[write.key] == write.body_sha256 for write in seen)
    assert_promises(desk)


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("landed", ["contact", "invoice"])
def test_trap_47_a_crash_between_xero_and_the_ledger(desk: Desk, monkeypatch: pytest.MonkeyPatch, landed: str) -> None:
    job = desk.add(order("job", "Closed Won"))
    left = 1 if landed == "contact" else 2
    record = Ledger.record_answers

    def die(ledger: Ledger, *args: Any, **more: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Killed
        record(ledger, *args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "record_answers", die)
        with pytest.raises(Killed):
            desk.run("sync")
    assert len(desk.contacts()) == 1 and len(desk.invoices()) == (landed == "invoice")
    desk.sync()
    assert links(desk) == {job: desk.invoice("job")["InvoiceID"]}
    assert len(desk.contacts()) == 1
    assert_promises(desk)


@pytest.mark.parametrize("minutes", [11, also(600)])
def test_trap_48_an_old_claim_does_not_make_again_what_landed(desk: Desk, minutes: int) -> None:
    """Whoever takes a request for dead after ten minutes, and makes it again, makes a double."""
    job = lose_the_invoice(desk)
    ask_nobody(desk)
    desk.wait(minutes=minutes)
    desk.sync(code=4)
    desk.box.faults.clear()
    desk.sync()
    assert links(desk) == {job: desk.invoice("job")["InvoiceID"]}
    assert len(written(desk, "PUT")) == 1
    assert_promises(desk)


@pytest.mark.parametrize("kind", ["drop_after", also("status_500_before")])
def test_a_customer_whose_answer_was_lost_delays_no_invoice(desk: Desk, kind: str) -> None:
    """The customers are settled by asking Xero, and their deals are invoiced by the same run."""
    desk.fault(kind, method="PUT", path="/Contacts$")
    for number, account in enumerate(("alpine", "birch", "alpine")):
        desk.add(order(f"job{number}", "Closed Won", account=account))
    assert set(actions(desk, desk.sync()).values()) == {"create"}
    assert len(desk.contacts()) == 2 and len(links(desk)) == 3
    assert_promises(desk)


@pytest.mark.parametrize("lists", [2, also(1), also(4)])
def test_a_list_that_lags_makes_no_double(desk: Desk, monkeypatch: pytest.MonkeyPatch, lists: int) -> None:
    """Xero's own numbers, and a list that does not show the invoice yet: the key, which lives, brings the answer."""
    desk.add(order("first", "Closed Won"))
    desk.sync()
    job = desk.add(order("job", "Closed Won"))
    desk.fault("drop_after", method="PUT", path=INVOICES)
    late_lists(monkeypatch, times=lists)
    desk.sync()
    assert links(desk)[job] == desk.invoice("job")["InvoiceID"]
    assert len(desk.invoices(closed=True)) == 2
    assert_promises(desk)
