"""The report on a terminal: complete, in order, and inside the width."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import pytest
from render_samples import (
    EARLIER,
    adopt,
    contact_only,
    create,
    deal_id,
    everything,
    held,
    invoice,
    plain,
    problem_of,
    rejected,
    report,
    retry,
    run_problem,
    text_of,
    uncertain,
    update,
    void,
)
from rich.cells import cell_len
from rich.console import Console

from zoho_xero_sync.core.model import Change, Problem
from zoho_xero_sync.core.report import ContactResult, DealResult, Report
from zoho_xero_sync.render.report_text import render_report

HOSTILE = "\x1b[31mRed\x1b[0m [bold]loud[/bold] \u202egnirts\u202c line\nbreak\ttab \x9b2J \x07"
WIDE = "倉庫の棚 🚚 納品と設置工事一式"


def widest(text: str) -> int:
    return max(cell_len(line.rstrip()) for line in text.splitlines())


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("deal", "word", "said"),
    [
        (create(), "create", ["Warehouse shelving", "Harbour Freight Pty Ltd new", "AUD 1,234.50", "AUTHORISED"]),
        (update(), "update", ["INV-0007", "moved on to Closed Won", "Status", "DRAFT", "→ AUTHORISED"]),
        (void(), "void", ["INV-0008", "VOIDED", "left the invoiced", "Closed Lost"]),
        (adopt(), "adopt", ["INV-0009", "JPY 120,000", "Tanaka Trading found in Xero"]),
        (contact_only(), "contact", ["Riverside Clinic updated", "EmailAddress", "billing@example.com"]),
        (held(), "HOLD", ["total mismatch", "total_mismatch", "Waiting for a person", "989.99"]),
        (rejected(), "REJECT", ["xero refused", "Account code '200' is not a valid code"]),
        (uncertain(), "UNCERTAIN", ["Outcome still unknown", "Run sync again: it settles this first."]),
        (plain("pending"), "pending", ["beyond --limit; stays pending"]),
    ],
    ids=["create", "update", "void", "adopt", "contact_only", "hold", "reject", "uncertain", "pending"],
)
@pytest.mark.parametrize("width", [80, 100, 140])
def test_each_action_is_told(deal: DealResult, word: str, said: list[str], width: int) -> None:
    text = text_of(report([deal]), width=width)
    assert deal.deal_id in text
    assert any(line.startswith(word) for line in text.splitlines())
    for part in said:
        assert part in text or part in squeezed(text)


@pytest.mark.parametrize("action", ["unchanged", "skip"])
def test_what_needs_nothing_is_counted_and_listed_only_when_asked(action: str) -> None:
    made = report([create(), plain(action, 8), plain(action, 9)])
    assert "2 need nothing (zoho-xero-sync -v sync lists them)" in text_of(made)
    assert deal_id(8) not in text_of(made)
    assert deal_id(8) in text_of(made, verbosity=1)


@pytest.mark.parametrize("width", [80, 100, 132])
@pytest.mark.parametrize("verbosity", [0, 1])
@pytest.mark.parametrize("mode", ["dry_run", "apply"])
def test_no_line_is_wider_than_the_terminal(width: int, verbosity: int, mode: str) -> None:
    long_name = "Refurbishment of the northern distribution centre " * 6
    unbroken = "x" * 300
    address = Change("Addresses[POBOX]", "1 Example Street, " * 9, "2 Example Street, " * 9)
    deals = (
        *everything().deals,
        create(20, long_name, "98765432.10"),
        create(21, unbroken),
        create(22, WIDE, contact=ContactResult(None, WIDE * 3, "create")),
        update(23, HOSTILE, changes=(address,)),
        held(24, HOSTILE, reason="A reason without end. " * 20),
    )
    made = report(deals, mode, notes=("A note of many words. " * 10,))
    made = report(deals, mode, problems=(*made.problems, run_problem()), baseline=12)
    assert widest(text_of(made, width=width, verbosity=verbosity)) <= width


def test_amounts_are_never_cut() -> None:
    deals = [create(0, "Plant", "98765432.10"), adopt(1, invoice=invoice("123456789012", "JPY", action="adopt"))]
    text = text_of(report(deals), width=80)
    assert "AUD 98,765,432.10" in text
    assert "JPY 123,456,789,012" in text


def test_hostile_text_is_neutralised() -> None:
    deal = update(
        name=HOSTILE,
        reason=HOSTILE,
        stage=HOSTILE,
        contact=ContactResult(None, HOSTILE, "update"),
        changes=(Change(HOSTILE, HOSTILE, HOSTILE),),
    )
    wait = held(reason=HOSTILE, next_step=HOSTILE, name=HOSTILE)
    problem = Problem("service_unavailable", "run", HOSTILE, HOSTILE)
    made = report([deal, wait], notes=(HOSTILE,))
    made = report([deal, wait], notes=(HOSTILE,), problems=(*made.problems, problem))
    for interactive in (True, False):
        text = text_of(made, interactive=interactive, width=300, all_problems=True)
        assert not set(text) & set("\x1b\x9b\x07\u202e\u202c\t")
        assert "Red [bold]loud[/bold] gnirts line break tab" in text


def test_markup_is_shown_and_not_obeyed() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=100, force_terminal=True, color_system="standard")
    made = report([create(name="[red]Sale[/red] [link=https://example.com]x[/link] :smile:")])
    render_report(made, console, verbosity=0, interactive=True, all_problems=False)
    text = stream.getvalue()
    assert "example.com]x" in text
    assert ":smile:" in text
    assert "\x1b]8" not in text


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = io.StringIO()
    console = Console(file=stream, width=100, force_terminal=True, color_system="standard")
    render_report(everything(), console, verbosity=0, interactive=True, all_problems=False)
    assert "\x1b[3" not in stream.getvalue()


def test_columns_stay_aligned_with_wide_characters() -> None:
    deals = [create(0, "Plain"), create(1, "日本の棚"), create(2, "Café 🚚")]
    lines = [line for line in text_of(report(deals), width=100).splitlines() if line.startswith("create")]
    assert {cell_len(line[: line.index("Harbour")]) for line in lines} == {cell_len(lines[0].split("Harbour")[0])}
    assert {cell_len(line.rstrip()) for line in lines} == {100}


def test_many_ordinary_creates_are_folded_with_their_sum() -> None:
    deals = [*(create(position, total="10.00") for position in range(1000)), update(2000), held(2001)]
    text = text_of(report(deals))
    assert sum(line.startswith("create") for line in text.splitlines()) == 16
    assert "… and 985 more" in text
    assert "AUD 9,850.00" in text
    assert deal_id(2000) in text
    assert deal_id(2001) in text
    assert "1,000 invoices" in text
    assert "AUD 10,000.00" in squeezed(text)
    assert deal_id(999) in text_of(report(deals), verbosity=1)


def test_no_problem_is_hidden_in_a_crowd() -> None:
    deals = [held(position, f"Repair {position}") for position in range(100)]
    text = text_of(report(deals))
    assert all(deal.deal_id in text for deal in deals)
    assert "listed below" in text


def test_changes_of_existing_invoices_are_never_folded() -> None:
    deals = [update(position, changes=(Change("Reference", f"A{position}", "B"),)) for position in range(60)]
    text = text_of(report(deals))
    assert all(deal.deal_id in text for deal in deals)
    assert "A59" in text


def test_repeats_of_one_message_collapse_into_one() -> None:
    deals = [
        held(position, f"Repair {position}", reason="The Zoho tax 'GST' has no entry in invoice.tax.",
             next_step=retry("Add it", deal_id(position)))
        for position in range(12)
    ]  # fmt: skip
    text = text_of(report(deals))
    assert text.count("The Zoho tax 'GST' has no entry in invoice.tax.") == 1
    assert "12 deals" in text
    assert "zoho-xero-sync resolve DEAL --retry" in text


def test_one_deal_is_told_with_its_own_command_on_a_line_of_its_own() -> None:
    lines = [line.strip() for line in text_of(report([held()]), width=80).splitlines()]
    assert f"zoho-xero-sync resolve {deal_id(5)} --retry" in lines


def test_problems_of_the_run_come_first() -> None:
    made = everything("apply")
    text = text_of(report(made.deals, "apply", problems=(*made.problems, run_problem())))
    assert text.index("Nobody is logged in to Xero.") < text.index("Warehouse shelving")
    assert "login needed" in text
    assert "Next: Log in:" in text


def test_a_problem_of_a_deal_that_is_not_listed_is_told() -> None:
    unknown = Problem("deal_not_found", "deal 99", "Zoho has no deal 99.", "Check the id.")
    text = text_of(report([], problems=(unknown,)))
    assert "Zoho has no deal 99." in text
    assert "Check the id." in text


def test_a_hold_without_a_listed_problem_is_told_all_the_same() -> None:
    text = squeezed(text_of(report([held()], problems=())))
    assert "The invoice would not be exact" in text
    assert "resolve" in text


def test_fields_of_new_invoices_are_shown_only_when_asked() -> None:
    made = report([create()])
    assert "What changes" not in text_of(made)
    assert "Reference" in text_of(made, verbosity=1)


@pytest.mark.parametrize("interactive", [True, False])
def test_a_known_customers_new_field_is_shown_beside_a_new_invoice(interactive: bool) -> None:
    changes = (Change("Phones[DEFAULT]", None, "555 0100"), Change("Reference", None, "x"))
    known = create(contact=ContactResult(None, "Northside Builders", "update"), changes=changes)
    assert "555 0100" in text_of(report([known]), interactive=interactive)
    assert "555 0100" not in text_of(report([create(changes=changes)]), interactive=interactive)


@pytest.mark.parametrize("action", ["pending", "uncertain"])
@pytest.mark.parametrize("interactive", [True, False])
def test_what_was_not_done_changed_nothing(action: str, interactive: bool) -> None:
    text = text_of(report([update(action=action)], "apply"), interactive=interactive, all_problems=True)
    assert "DRAFT" not in text


def test_a_customers_change_is_shown_beside_a_new_invoice() -> None:
    changes = (Change("EmailAddress", "old@example.com", "new@example.com"), Change("Reference", None, "x"))
    text = text_of(report([create(changes=changes)]))
    assert "old@example.com" in text
    assert "Reference" not in text


def test_the_same_change_of_many_invoices_is_told_once() -> None:
    deals = [update(position, f"Hire {position}") for position in range(8)]
    text = text_of(report(deals))
    assert sum("DRAFT" in line and "→" in line for line in text.splitlines()) == 1
    assert "and 3 more" in text


@pytest.mark.parametrize(
    ("deals", "lines"),
    [
        ([create(0, total="1000.25"), create(1, total="0.25")], ["New 2 invoices AUD 1,000.50"]),
        (
            [create(0, invoice=invoice("120000", "JPY", action="create")), create(1, invoice=invoice("1.5", "KWD"))],
            ["New 1 invoice JPY 120,000", "New 1 invoice KWD 1.500"],
        ),
        (
            [create(0, total="0.10"), create(1, total="0.20"), update(2), void(3), adopt(4)],
            [
                "New 2 invoices AUD 0.30",
                "Adopted 1 invoice JPY 120,000",
                "Updated 1 invoice AUD 880.00",
                "Voided 1 invoice AUD 150.00",
            ],
        ),
    ],
    ids=["one currency", "no and three decimals", "every kind"],
)
def test_totals_are_exact_and_per_currency(deals: list[DealResult], lines: list[str]) -> None:
    told = [squeezed(line) for line in text_of(report(deals)).splitlines()]
    assert [line for line in told if line.split(" ")[0] in ("New", "Adopted", "Updated", "Voided")] == lines


def test_waiting_and_unknown_invoices_are_in_no_total() -> None:
    pending = plain("pending", invoice=invoice("5.00", action="create"))
    text = text_of(report([pending, uncertain(), held()]))
    assert "New" not in text


@pytest.mark.parametrize(
    ("made", "last"),
    [
        (report([], "apply"), "Nothing to do; 5 Zoho and 3 Xero calls."),
        (report([], "dry_run"), "Nothing was written."),
        (report([create()], "dry_run"), "Nothing was written. The same command without --dry-run does this."),
        (
            report([create(0), create(1), held()], "apply"),
            "2 invoices created, 1 contact created, 1 held; 5 Zoho and 3 Xero calls.",
        ),
        (report([], "apply", problems=(run_problem(),)), "Nothing was done; 5 Zoho and 3 Xero calls."),
        (report([], "baseline", baseline=3), "Nothing was sent; 5 Zoho and 3 Xero calls."),
    ],
    ids=["idle", "idle dry run", "dry run", "apply", "no login", "baseline"],
)
def test_the_last_line_sums_up(made: Report, last: str) -> None:
    assert text_of(made).splitlines()[-1].strip() == last


@pytest.mark.parametrize(
    ("mode", "baseline", "said"),
    [
        ("baseline", 500, "500 deals are already in an invoiced stage: they are history and are left alone. From now"),
        ("baseline", 1, "1 deal is already in an invoiced stage: it is history and is left alone. From now"),
        ("baseline", 0, "No deal is in an invoiced stage yet"),
        ("dry_run", 500, "they would be recorded as history and left alone. After that"),
        ("apply", 2, "2 deals are already in an invoiced stage: they are history and are left alone."),
    ],
)
@pytest.mark.parametrize("interactive", [True, False])
def test_the_baseline_is_explained(mode: str, baseline: int, said: str, interactive: bool) -> None:
    text = text_of(report([], mode, baseline=baseline), interactive=interactive, width=200)
    assert said in squeezed(text)


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ((EARLIER, None), "since 2026-11-20 00:55 UTC"),
        ((EARLIER + timedelta(seconds=1), EARLIER + timedelta(seconds=7)), "2026-11-20 00:55:01 – 00:55:07 UTC"),
        ((EARLIER, EARLIER + timedelta(days=1)), "2026-11-20 00:55 – 2026-11-21 00:55 UTC"),
    ],
)
def test_the_title_names_the_window(window: tuple[datetime, datetime | None], said: str) -> None:
    assert (
        text_of(report([], "dry_run", window=window), width=100)
        .splitlines()[0]
        .strip()
        .endswith(f"deals changed {said}")
    )


def test_the_title_of_one_day_fits_a_narrow_terminal() -> None:
    window = (EARLIER + timedelta(seconds=1), EARLIER + timedelta(hours=3, seconds=2))
    first = text_of(report([], "dry_run", window=window), width=80).splitlines()[0]
    assert "2026-11-20 00:55:01 – 03:55:02 UTC" in first


def test_a_run_by_id_has_no_window() -> None:
    assert "changed" not in text_of(report([], "apply", window=(None, None)))


def test_sums_use_exact_decimals() -> None:
    deals = [create(position, total="0.1") for position in range(3)]
    assert "AUD 0.30" in squeezed(text_of(report(deals)))


def test_the_reports_own_problem_is_preferred_to_the_deals_reason() -> None:
    deal = held()
    other = Problem("tax_unmapped", f"deal {deal.deal_id}", "A tax is unmapped.", "Map it.")
    text = text_of(report([deal], problems=(other,)))
    assert "A tax is unmapped." in text
    assert "tax unmapped" in text
    assert problem_of(deal).message not in squeezed(text)
