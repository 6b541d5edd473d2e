"""History on request: windows, single deals, limits and the safety stop."""

from __future__ import annotations

from decimal import Decimal

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, actions, line_of, order, orders, problem_codes, world

# The deals of the windows below, and when each was last modified (the desk's clock says 2026-11-20 01:0x UTC).
MODIFIED = {
    "month": "2026-10-21T12:00:00Z",
    "first": "2026-11-01T00:00:00Z",
    "tenth": "2026-11-10T09:15:00Z",
    "late": "2026-11-10T23:59:59Z",
    "eleventh": "2026-11-11T00:00:00Z",
    "today": "2026-11-20T00:40:00Z",
}
ALL = frozenset(MODIFIED)


@pytest.fixture
def history(desk_of: OpenDesk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Six deals that were won before the baseline; this machine's time zone is UTC."""
    monkeypatch.setenv("TZ", "UTC")
    desk = desk_of(*(order(key, "Closed Won", modified=at) for key, at in MODIFIED.items()))
    desk.sync()
    return desk


@pytest.mark.parametrize(
    ("window", "wanted"),
    [
        pytest.param(["--since", "1h"], {"today"}, id="hours"),
        pytest.param(["--since", "10d"], {"tenth", "late", "eleventh", "today"}, id="days"),
        pytest.param(["--since", "9d"], {"today"}, id="fewer days"),
        pytest.param(["--since", "3w"], ALL - {"month"}, id="weeks"),
        pytest.param(["--since", "2026-11-11"], {"eleventh", "today"}, id="a date"),
        pytest.param(["--since", "2026-11-01", "--until", "2026-11-10"], {"first", "tenth", "late"}, id="whole days"),
        pytest.param(
            ["--since", "2026-11-10T09:15:00Z", "--until", "2026-11-10T09:15:00Z"], {"tenth"}, id="one second"
        ),
        pytest.param(["--since", "2026-11-10T10:15:00+01:00"], ALL - {"month", "first"}, id="another zone"),
        pytest.param(["--since", "2026-11-10T23:59:59", "--until", "2026-11-11"], {"late", "eleventh"}, id="local"),
        pytest.param(["--since", "26w", "--until", "2w"], {"month", "first"}, id="ages"),
        pytest.param(["--since", "2026-11-12", "--until", "2026-11-19"], set(), id="an empty window"),
    ],
)
def test_exactly_the_window_and_once(history: Desk, window: list[str], wanted: set[str]) -> None:
    before = history.status()["checkpoint"]
    report = history.sync(*window)
    assert actions(history, report) == dict.fromkeys(wanted, "create")
    assert report["checkpoint"] == {"before": before, "after": before}
    with history.nothing_sent():
        again = history.sync(*window)
    assert actions(history, again) == dict.fromkeys(wanted, "unchanged")
    assert_promises(history)


def test_a_deal_by_its_id_is_taken_from_history(history: Desk) -> None:
    first, tenth = history.deal("first"), history.deal("tenth")
    report = history.sync("--deal", first, "--deal", tenth, "--deal", first)
    assert actions(history, report) == {"first": "create", "tenth": "create"}
    with history.nothing_sent():
        history.sync("--deal", first)
    assert_promises(history)


def test_a_deal_by_its_id_is_answered_also_when_nothing_is_to_do(desk: Desk) -> None:
    early = desk.add(order("early", "Proposal"))
    with desk.nothing_sent():
        line = line_of(desk.sync("--deal", early), early)
    assert line["action"] == "skip"
    assert "Proposal" in line["reason"]


def test_a_deal_that_is_not_there_is_said_to_be_missing(desk: Desk) -> None:
    won = desk.add(order("won", "Closed Won"))
    report = desk.sync("--deal", "999999999999999999", "--deal", won, code=3)
    assert problem_codes(report) == ["deal_not_found"]
    assert line_of(report, won)["action"] == "create"
    assert_promises(desk)


# ---- what Xero already has ----


def carrying(deal_id: str, *totals: str, status: str = "AUTHORISED") -> Record:
    """A Xero in which invoices made by other hands carry a deal's address."""
    url = f"https://crm.zoho.com.au/crm/org7001234567/tab/Potentials/{deal_id}"
    return {
        "contacts": [{"Name": "Alpine Joinery Pty Ltd"}],
        "invoices": [
            {
                "Contact": "Alpine Joinery Pty Ltd",
                "InvoiceNumber": f"HAND-{number}",
                "Status": status,
                "DueDate": "2026-12-01",
                "Url": url,
                "LineItems": [
                    {"Description": "By hand", "Quantity": "1", "UnitAmount": total, "AccountCode": "200",
                     "TaxType": "EXEMPTOUTPUT"}
                ],
            }
            for number, total in enumerate(totals, 1)
        ],
    }  # fmt: skip


def history_with(desk_of: OpenDesk, *totals: str, status: str = "AUTHORISED") -> tuple[Desk, str]:
    """A deal of history worth 396.00 whose Xero already holds invoices that carry it."""
    won = order("won", "Closed Won", modified="2026-11-18T00:00:00Z", id="5725767004000000001")
    desk = desk_of(on=world(won, xero=carrying("5725767004000000001", *totals, status=status)))
    desk.sync()
    return desk, "5725767004000000001"


def test_an_invoice_that_carries_the_deal_is_adopted(desk_of: OpenDesk) -> None:
    desk, won = history_with(desk_of, "396.00")
    with desk.nothing_sent():
        preview = line_of(desk.sync("--dry-run", "--since", "7d"), won)
    assert preview["action"] == "adopt"
    report = desk.sync("--since", "7d")
    line = line_of(report, won)
    assert (line["action"], line["invoice"]["number"], report["counts"]["adopted"]) == ("adopt", "HAND-1", 1)
    assert [invoice["InvoiceNumber"] for invoice in desk.invoices()] == ["HAND-1"]
    with desk.nothing_sent():
        assert line_of(desk.sync("--deal", won), won)["action"] == "unchanged"
    assert_promises(desk)


@pytest.mark.parametrize(
    ("totals", "status", "code"),
    [
        (("400.00",), "AUTHORISED", "invoice_found_different"),
        (("396.00", "396.00"), "DRAFT", "several_invoices"),
        (("396.00",), "VOIDED", "invoice_gone"),
    ],
)
def test_what_cannot_be_adopted_is_held_and_not_made_again(
    desk_of: OpenDesk, totals: tuple[str, ...], status: str, code: str
) -> None:
    desk, won = history_with(desk_of, *totals, status=status)
    held = len(desk.invoices(closed=True))
    with desk.nothing_sent():
        report = desk.sync("--since", "7d", code=3)
        assert desk.sync(code=3)["counts"]["held"] == 1
    assert problem_codes(report) == [code]
    assert won in report["problems"][0]["subject"]
    assert len(desk.invoices(closed=True)) == held


# ---- limits and the safety stop ----


@pytest.fixture
def many(desk_of: OpenDesk) -> Desk:
    """Twelve deals of history, and a configuration that allows five invoices a run."""
    desk = desk_of(*orders(12, "Closed Won"))
    desk.configure(limits={"invoices_per_run": 5})
    desk.sync()
    return desk


def test_the_safety_stop_of_a_backfill_leaves_nothing_behind(many: Desk) -> None:
    states = many.rows("SELECT deal_id, state, baseline, snapshot, requested FROM deal ORDER BY deal_id")
    before = many.status()
    with many.nothing_sent():
        report = many.sync("--since", "30d", code=15)
    assert problem_codes(report) == ["safety_stop"]
    assert "12" in report["problems"][0]["message"]
    assert "--allow-many" in report["problems"][0]["hint"]
    assert set(actions(many, report).values()) == {"pending"}
    assert many.rows("SELECT deal_id, state, baseline, snapshot, requested FROM deal ORDER BY deal_id") == states
    after = many.status()
    assert (after["checkpoint"], after["pending"], after["waiting"]) == (before["checkpoint"], [], [])
    with many.nothing_sent():
        assert many.sync()["counts"]["seen"] == 0
    assert_promises(many)


def test_allow_many_lifts_the_stop_for_one_run(many: Desk) -> None:
    preview = many.sync("--dry-run", "--since", "30d")
    assert any("--allow-many" in note for note in preview["notes"])
    report = many.sync("--since", "30d", "--allow-many")
    assert report["counts"]["invoices_created"] == 12
    assert_promises(many)


def test_the_safety_stop_of_a_poll_stops_again_until_a_person_decides(desk_of: OpenDesk) -> None:
    desk = desk_of(*orders(8, "Proposal"))
    desk.configure(limits={"invoices_per_run": 5})
    desk.sync()
    for number in range(8):
        desk.move(f"d{number}", "Closed Won")
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=15)) == ["safety_stop"]
        assert problem_codes(desk.sync(code=15)) == ["safety_stop"]
        assert len(desk.status()["pending"]) == 8
    assert desk.sync("--allow-many")["counts"]["invoices_created"] == 8
    assert_promises(desk)


def test_a_limit_makes_so_many_and_keeps_the_rest(desk_of: OpenDesk) -> None:
    desk = desk_of(*orders(7, "Proposal"))
    desk.sync()
    for number in range(7):
        desk.move(f"d{number}", "Closed Won")
        desk.wait(seconds=1)
    preview = desk.sync("--dry-run", "--limit", "3")
    first = desk.sync("--limit", "3")
    assert actions(desk, first) == actions(desk, preview)
    assert (first["counts"]["invoices_created"], first["counts"]["pending"]) == (3, 4)
    made = {f"d{number}": "create" for number in range(3)}
    assert {name: action for name, action in actions(desk, first).items() if action == "create"} == made, "oldest first"
    assert len(desk.status()["pending"]) == 4
    with desk.nothing_sent():
        assert desk.sync("--limit", "0")["counts"]["pending"] == 4
    second = desk.sync()
    assert second["counts"]["invoices_created"] == 4
    assert_promises(desk)


def test_a_limit_below_the_stop_passes_it(many: Desk) -> None:
    report = many.sync("--since", "30d", "--limit", "4")
    assert (report["counts"]["invoices_created"], report["counts"]["pending"]) == (4, 8)
    rest = many.sync("--allow-many")
    assert rest["counts"]["invoices_created"] == 8
    assert_promises(many)


def test_a_held_deal_does_not_count_for_the_stop(desk_of: OpenDesk) -> None:
    bad = [order(f"bad{number}", "Proposal", account=None) for number in range(4)]
    desk = desk_of(*orders(5, "Proposal"), *bad)
    desk.configure(limits={"invoices_per_run": 5})
    desk.sync()
    for deal in desk.box.zoho.records("Deals"):
        desk.box.zoho.update("Deals", deal["id"], {"Stage": "Closed Won"})
    report = desk.sync(code=3)
    assert (report["counts"]["invoices_created"], report["counts"]["held"]) == (5, 4)
    assert_promises(desk)


def test_an_amount_alone_is_enough(desk: Desk) -> None:
    desk.add(order("plain", "Closed Won", lines=(), Amount=Decimal("1234.50")))
    desk.sync()
    assert desk.invoice("plain")["Total"] == Decimal("1234.50")
    assert_promises(desk)
