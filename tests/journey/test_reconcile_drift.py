"""What `reconcile` advises where a deal and its invoice differ is what works."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from test_reconcile import by_hand, one, reconciled, requote
from world_tools import Desk, Record, order, problem_codes


def adopted(desk: Desk) -> str:
    """A deal that waited was given its invoice by a person; its id."""
    desk.configure(limits={"invoice_total": "100.00"})
    desk.add(order("other", "Closed Won", lines=[("hours", 1, "10.00")]))
    desk.add(order("job", "Closed Won"))
    desk.sync(code=3)
    deal = desk.deal("job")
    desk.run("resolve", deal, "--adopt", by_hand(desk, "job", Status="AUTHORISED"), code=0)
    desk.configure(limits={"invoice_total": None})
    return deal


def drafted(desk: Desk) -> str:
    deal = desk.add(order("job", "Confirmed"))
    desk.sync()
    return deal


def approved(desk: Desk) -> str:
    deal = desk.add(order("job", "Closed Won"))
    desk.sync()
    return deal


def locked(desk: Desk) -> str:
    """A draft dated in a period that is closed by now."""
    deal = drafted(desk)
    desk.wait(days=3)
    desk.box.xero.set_lock_date("2026-11-21")
    return deal


ADVICE: Mapping[str, tuple[Callable[[Desk], str], Record, str | None]] = {
    "draft": (drafted, {}, None),
    "approved, and updated": (approved, {"when": {"changed_after_approval": "update"}}, None),
    "approved": (approved, {}, "changed_after_approval"),
    "locked": (locked, {}, "date_locked"),
    "adopted": (adopted, {}, "xero_total_differs"),
}


@pytest.mark.parametrize("kind", ADVICE)
def test_what_is_advised_for_a_deal_that_changed_is_what_a_sync_does(desk: Desk, kind: str) -> None:
    make, settings, code = ADVICE[kind]
    desk.configure(**settings)
    deal = make(desk)
    requote(desk, "job", "99.00")
    hint = str(one(reconciled(desk), "drifted", "job")["hint"])
    assert (f"sync --deal {deal}" in hint) == (code is None)
    assert code is None or (f"only holds the deal for it ({code})" in hint and f"show {deal}" in hint)
    report = desk.sync("--deal", deal, code=3 if code else 0)
    assert problem_codes(report) == ([code] if code else [])
    if code is None:
        assert reconciled(desk, code=0)["findings"] == []


def test_a_change_that_a_person_set_aside_is_listed_as_that(desk: Desk) -> None:
    deal = approved(desk)
    requote(desk, "job", "99.00")
    desk.edit("job", Next_Step="x")
    desk.sync(code=3)
    desk.run("resolve", deal, "--skip", code=0)
    found = one(reconciled(desk), "drifted", "job")
    assert "A person said that it stays as it is." in found["message"] and "sync --deal" not in found["hint"]
