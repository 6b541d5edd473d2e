"""`sync --every`: rounds under a virtual clock, trouble that does not end them, and a signal that does."""

from __future__ import annotations

import gc
import json
import os
import signal
import tracemalloc
from collections.abc import Callable
from datetime import timedelta

import pytest
from ping_server import ping_server
from promises import assert_promises
from world_tools import Desk, OpenDesk, Result, check_report, order

from zoho_xero_sync.errors import ExitCode, Interrupted
from zoho_xero_sync.ledger.lock import RunLock

# The whole proof takes half an hour: ZXS_ROUNDS=10000 pytest -n 0 tests/journey/test_every.py
ROUNDS = int(os.environ.get("ZXS_ROUNDS", "20"))
EVERY = 15.0


def stay_up(
    desk: Desk, seconds: float, *argv: str, code: int = 143, then: dict[float, Callable[[], object]] | None = None
) -> Result:
    """`sync --every 15` for so many virtual seconds; `then` is what happens how long after the start."""
    start = desk.box.clock.now() + timedelta(seconds=30)
    ahead = sorted((then or {}).items())

    def stop() -> None:
        gone = (desk.box.clock.now() - start).total_seconds()
        while ahead and gone >= ahead[0][0]:
            ahead.pop(0)[1]()
        if gone >= seconds:
            raise Interrupted(ExitCode(code))

    return desk.run("sync", "--every", "15", *argv, code=code, stop=stop)


def runs(desk: Desk) -> int:
    return int(desk.rows("SELECT count(*) AS n FROM run")[0]["n"])


# ---- rounds ----


def test_a_won_deal_is_invoiced_within_a_round_and_once(desk: Desk) -> None:
    deal = order("a", "Proposal")
    desk.add(deal)
    told = stay_up(desk, 100, then={40: lambda: desk.move("a", "Closed Won")})
    assert "Order a" in told.out
    assert told.err == ""
    assert len(desk.invoices("a")) == 1
    assert_promises(desk)


def test_idle_rounds_say_nothing_and_keep_their_distance(desk: Desk) -> None:
    before = runs(desk)
    told = stay_up(desk, EVERY * 20)
    assert (told.out, told.err) == ("", "")
    starts = [row["started_at"] for row in desk.rows("SELECT started_at FROM run ORDER BY started_at")][before:]
    assert 18 <= len(starts) <= 24


def test_idle_rounds_cost_one_call_each_and_no_memory(desk: Desk) -> None:
    stay_up(desk, EVERY * 10)
    before = runs(desk)
    desk.box.calls.reset()
    marks: list[int] = []
    spent = {"zoho": 0, "xero": 0, "tokens": 0}

    def count() -> None:
        spent["zoho"] += desk.box.calls.api_calls("zoho")
        spent["xero"] += desk.box.calls.api_calls("xero")
        spent["tokens"] += desk.box.calls.count(kind="token")
        desk.box.calls.reset()
        gc.collect()
        marks.append(used())

    tracemalloc.start()
    # Rounds are up to a tenth later than asked for.
    seconds = EVERY * ROUNDS * 1.1
    then = {seconds * share: count for share in (0.25, 0.5, 0.75)}
    stay_up(desk, seconds, then=then)
    count()
    tracemalloc.stop()
    made = runs(desk) - before
    hours = seconds / 3600
    print(f"{made} rounds, {spent}, bytes held at 25, 50, 75 and 100 %: {marks}")
    assert made >= ROUNDS
    # A new token is asked whose organisation it reaches, and once a day the stages' names are read: a call more each.
    assert spent["tokens"] <= hours * 1.1 + 1
    assert spent["zoho"] == made + spent["tokens"] + int(hours // 24)
    assert spent["xero"] == 0
    assert marks[2] - marks[0] < 100_000, marks


def used() -> int:
    """Bytes this program and what it calls hold, without the sandbox and its server."""
    ours = tracemalloc.take_snapshot().filter_traces(
        [
            tracemalloc.Filter(True, "*/zoho_xero_sync/*"),
            tracemalloc.Filter(True, "*/sqlalchemy/*"),
            tracemalloc.Filter(True, "*/requests/*"),
            tracemalloc.Filter(True, "*/urllib3/*"),
        ]
    )
    kept = ours.filter_traces([tracemalloc.Filter(False, "*/zoho_xero_sync/sandbox/*")])
    return sum(statistic.size for statistic in kept.statistics("filename"))


def test_each_round_counts_its_own_calls(desk: Desk) -> None:
    told = stay_up(desk, EVERY * 4, "--json")
    reports = [json.loads(line) for line in told.out.splitlines()]
    assert len(reports) >= 3
    for report in reports:
        check_report(report)
    assert [report["api_calls"] for report in reports[1:]] == [{"zoho": 1, "xero": 0}] * (len(reports) - 1)


def test_the_first_round_of_a_new_ledger_records_the_baseline(desk_of: OpenDesk) -> None:
    desk = desk_of(order("old", "Closed Won"), order("new"))
    stay_up(desk, 100, then={40: lambda: desk.move("new", "Confirmed")})
    assert (len(desk.invoices("old")), len(desk.invoices("new"))) == (0, 1)


def test_the_lock_is_free_between_rounds_and_a_busy_one_is_passed_over(desk: Desk) -> None:
    ours = RunLock.for_url(f"sqlite:///{desk.ledger}")
    desk.add(order("a", "Closed Won"))
    told = stay_up(desk, 120, then={20: ours.__enter__, 80: lambda: ours.__exit__(None, None, None)})
    assert told.err == ""
    assert len(desk.invoices("a")) == 1


# ---- trouble ----


def test_an_outage_is_told_once_and_survived(desk: Desk) -> None:
    desk.add(order("a", "Proposal"))
    desk.fault("status_503", service="zoho", times=20)
    told = stay_up(desk, 900, then={700: lambda: desk.move("a", "Closed Won")})
    assert told.out.count("Zoho is not working") == 1
    assert len(desk.invoices("a")) == 1


def test_a_lost_ledger_is_told_once_and_tried_ever_more_seldom(desk: Desk) -> None:
    away = desk.ledger.with_suffix(".away")
    before = runs(desk)
    broken = b"not a ledger" * 20

    def lose() -> None:
        desk.ledger.rename(away)
        desk.ledger.write_bytes(broken)
        desk.ledger.chmod(0o600)

    told = stay_up(desk, 1200, then={10: lose, 600: lambda: away.replace(desk.ledger)})
    assert told.err.count("is not a ledger") == 1
    assert told.err.count("Runs go on again.") == 1
    assert runs(desk) > before + 2


def test_a_refused_login_is_told_once_and_asked_for_seldom(desk: Desk) -> None:
    right = dict(desk.environ)
    desk.wait(minutes=50)

    def wrong() -> None:
        desk.environ["ZXS_ZOHO_CLIENT_SECRET"] = "canary-mistyped"
        desk.box.calls.reset()

    told = stay_up(desk, 2.3 * 3600, then={10: wrong, 2 * 3600: lambda: desk.environ.update(right)})
    assert (told.out + told.err).count("auth zoho") == 1
    # Every 15 seconds it would have been some four hundred.
    assert desk.box.calls.count(kind="token") < 20
    last = desk.rows("SELECT exit_code FROM run ORDER BY started_at DESC LIMIT 1")
    assert last[0]["exit_code"] == 0


# ---- the configuration ----


def test_a_changed_configuration_counts_from_the_next_round(desk: Desk) -> None:
    desk.add(order("a", "Proposal"))
    stages = [{"stage": "Proposal", "invoice": "draft"}, *desk.settings["stages"]]
    told = stay_up(
        desk, 200, then={20: lambda: desk.configure(stages=stages), 100: lambda: desk.add(order("b", "Proposal"))}
    )
    assert told.err == "config.yaml was changed; runs go by it from now on.\n"
    assert (len(desk.invoices("a")), len(desk.invoices("b"))) == (0, 1)


def test_a_broken_configuration_is_told_once_and_the_one_before_kept(desk: Desk) -> None:
    good = (desk.folder / "config.yaml").read_text(encoding="utf-8")
    desk.add(order("a", "Proposal"))
    told = stay_up(
        desk,
        300,
        then={
            20: lambda: (desk.folder / "config.yaml").write_text("version: 1\nstages: []\nfrobnicate: 1\n"),
            100: lambda: desk.move("a", "Closed Won"),
            200: lambda: (desk.folder / "config.yaml").write_text(good),
        },
    )
    assert told.err.count("frobnicate") == 1
    assert told.err.count("runs go on as it was before") == 1
    assert len(desk.invoices("a")) == 1


def test_a_wrong_configuration_at_the_start_ends_it(desk: Desk) -> None:
    desk.configure(frobnicate=1)
    assert "frobnicate" in desk.run("sync", "--every", "15", code=10).err


@pytest.mark.parametrize(
    "argv",
    [("4",), ("x",), ("15", "--dry-run"), ("15", "--since", "7d"), ("15", "--deal", "1234567"), ("15", "--allow-many")],
)
def test_what_does_not_go_with_every(desk: Desk, argv: tuple[str, ...]) -> None:
    desk.run("sync", "--every", *argv, code=2)


# ---- the end ----


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_real_process(desk_of: OpenDesk, number: signal.Signals, code: int) -> None:
    desk = desk_of(running=True)
    with ping_server() as watcher:
        desk.configure(watch={"ping": watcher.url})
        process = desk.start("sync", "--every", "5")
        try:
            assert watcher.heard.wait(60)
            process.send_signal(number)
            told = desk.finish(process, "sync", "--every", "5", code=code)
        finally:
            process.kill()
    assert watcher.events == ["/start", ""]
    assert "interrupted" not in told.err
