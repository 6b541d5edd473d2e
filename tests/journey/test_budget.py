"""What a run may cost in calls, counted by the sandbox under Xero's real limits; benchmarks/ prints the whole table."""

from __future__ import annotations

import math

import pytest
from promises import assert_promises
from world_tools import SECRETS, START, Desk, OpenDesk, Record

from zoho_xero_sync.sandbox import generate_world

pytestmark = pytest.mark.slow

WAVE = 1000


def generated(count: int, customers: int, stage: str) -> Record:
    """`count` deals with an accepted quote of three lines each, on the desk's credentials and the real limits."""
    placed = generate_world("budget", deals=count, customers=customers, stage=stage, clock=START)
    placed["zoho"]["client"] = {
        "id": SECRETS["ZXS_ZOHO_CLIENT_ID"],
        "secret": SECRETS["ZXS_ZOHO_CLIENT_SECRET"],
        "refresh_token": SECRETS["ZXS_ZOHO_REFRESH_TOKEN"],
    }
    client = {"id": SECRETS["ZXS_XERO_CLIENT_ID"], "secret": SECRETS["ZXS_XERO_CLIENT_SECRET"]}
    placed["xero"] |= {"client": client}
    return placed


def go(desk: Desk, *options: str, code: int | None = 0) -> Record:
    """`sync --json`; its report is not held against the schema, which takes longer than the run that made it."""
    report = desk.run("sync", "--json", *options, code=code).json
    return {name: report[name] for name in ("counts", "exit_code")}


def spent(desk: Desk) -> tuple[int, int, int]:
    """Calls of Zoho and of Xero, and tokens asked for, since the last time this was asked."""
    calls = desk.box.calls
    counted = calls.api_calls("zoho"), calls.api_calls("xero"), calls.count(kind="token")
    calls.reset()
    return counted


def open_up(desk: Desk, deals: list[str]) -> None:
    """The deals are won, one every half second."""
    for deal in deals:
        desk.box.zoho.update("Deals", deal, {"Stage": "Closed Won"})
        desk.wait(seconds=0.5)


def assert_no_429(desk: Desk) -> None:
    """Xero never had to say that it was asked too often."""
    assert not desk.box.xero.limits.refused
    assert not [call for call in desk.box.calls if call.status == 429]


def test_a_thousand_new_deals_then_a_thousand_of_known_customers(desk_of: OpenDesk) -> None:
    desk = desk_of(on=generated(2 * WAVE, WAVE, "Proposal"))
    desk.configure(limits={"invoices_per_run": WAVE})
    deals = [deal["id"] for deal in desk.box.zoho.records("Deals")]
    go(desk)
    first_calls = spent(desk)

    open_up(desk, deals[:WAVE])
    assert go(desk, code=0)["counts"]["invoices_created"] == WAVE
    zoho, xero, _ = spent(desk)
    # The settings that the baseline's run read are part of an empty ledger's price.
    assert xero + first_calls[1] <= 45
    assert zoho + first_calls[0] <= 60

    # What was just done is read again, because the window overlaps; it is known by its content.
    assert go(desk, code=0)["counts"]["invoices_created"] == 0
    assert spent(desk) == (1, 0, 0)

    open_up(desk, deals[WAVE:])
    assert go(desk, code=0)["counts"]["invoices_created"] == WAVE
    zoho, xero, _ = spent(desk)
    assert xero <= 25
    assert zoho <= 60

    # What changes beside the deals is asked for at its own pace: never more than five calls, and soon none.
    desk.wait(minutes=10)
    for _ in range(2):
        go(desk, code=0)
        zoho, xero, _ = spent(desk)
        assert zoho + xero <= 5
    go(desk, code=0)
    assert spent(desk) == (1, 0, 0)
    assert_no_429(desk)
    assert_promises(desk)


def test_a_thousand_deals_as_a_backfill_of_an_empty_ledger(desk_of: OpenDesk) -> None:
    desk = desk_of(on=generated(WAVE, WAVE, "Closed Won"))
    report = go(desk, "--since", "2w", "--allow-many", code=0)
    assert report["counts"]["invoices_created"] == WAVE
    zoho, xero, _ = spent(desk)
    assert xero <= 45
    assert zoho <= 60
    assert_no_429(desk)


def test_a_backfill_uses_the_minute_without_ever_overstepping_it(desk_of: OpenDesk) -> None:
    # A fifteenth of the real minute, so that 300 deals take as long as 4,500 would.
    placed = generated(300, 300, "Closed Won")
    placed["xero"] |= {"limits": {"minute": 4}}
    desk = desk_of(on=placed)
    assert go(desk, "--since", "2w", "--allow-many", code=0)["counts"]["invoices_created"] == 300
    assert_no_429(desk)
    at = [call.at for call in desk.box.calls if call.service == "xero" and call.kind != "token"]
    minutes = (at[-1] - at[0]).total_seconds() / 60
    assert minutes >= 3
    # Whoever starts with a full minute may make one minute's calls more than the minutes that pass.
    assert len(at) >= 0.9 * 4 * (math.floor(minutes) + 1)


@pytest.mark.parametrize("day", [12, 17], ids=["among the customers", "among the invoices"])
def test_a_day_that_ends_midway_stops_cleanly_and_the_next_goes_on(day: int, desk_of: OpenDesk) -> None:
    placed = generated(250, 250, "Closed Won")
    placed["xero"] |= {"limits": {"day": day}}
    desk = desk_of(on=placed)
    desk.configure(limits={"xero_calls_kept": 3})
    report = go(desk, "--since", "2w", "--allow-many", code=4)
    made = report["counts"]["invoices_created"]
    assert 0 < len(desk.contacts()) < 250 or 0 < made < 250
    assert made + report["counts"]["pending"] == 250
    assert len(desk.invoices()) == made
    # What is kept for other apps was not touched.
    assert desk.box.xero.limits.remaining()["day"] == 3
    spent(desk)
    # Until Xero may have more, it is not asked, and nothing is forgotten.
    assert go(desk, code=4)["counts"]["pending"] == 250 - made
    assert spent(desk)[1] == 0
    for _ in range(3):
        desk.wait(hours=25)
        report = go(desk, "--allow-many", code=None)
        made += report["counts"]["invoices_created"]
        if report["exit_code"] != 4:
            break
    assert (report["exit_code"], made) == (0, 250)
    assert_no_429(desk)
    assert_promises(desk)
