"""Plain lines for cron and pipes: one fact a line, and silence when there is nothing to say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from render_samples import (
    adopt,
    contact_only,
    create,
    deal_id,
    everything,
    held,
    plain,
    rejected,
    report,
    run_problem,
    text_of,
    uncertain,
    update,
    void,
)

from zoho_xero_sync.core.model import Problem
from zoho_xero_sync.core.report import DealResult, Report


def lines_of(made: Report, **options: Any) -> list[str]:
    return text_of(made, interactive=False, width=80, **options).splitlines()


SILENT = [
    ("idle", report([], "apply")),
    ("nothing changed", report([plain("unchanged"), plain("skip", 9)], "apply")),
    ("known hold", report([held()], "apply", new_problems=frozenset())),
    ("known refusal", report([rejected()], "apply", new_problems=frozenset())),
    ("known unknown", report([uncertain()], "apply", new_problems=frozenset())),
    ("known login", report([], "apply", problems=(run_problem(),), new_problems=frozenset())),
    ("still pending", report([plain("pending")], "apply")),
    ("only a note", report([], "apply", notes=("A remark.",))),
    ("empty baseline", report([], "apply", baseline=0)),
]


@pytest.mark.parametrize("made", [made for _, made in SILENT], ids=[name for name, _ in SILENT])
def test_nothing_new_prints_nothing_at_all(made: Report) -> None:
    assert text_of(made, interactive=False) == ""


@pytest.mark.parametrize("made", [made for _, made in SILENT], ids=[name for name, _ in SILENT])
def test_a_dry_run_always_answers(made: Report) -> None:
    assert lines_of(replace(made, mode="dry_run"))[-1] == "Nothing was written."


DEAL = f"({deal_id(0)})"


@pytest.mark.parametrize(
    ("deal", "line"),
    [
        (
            create(),
            f"create  AUTHORISED  AUD 1,234.50  Warehouse shelving {DEAL}  new contact  entered Closed Won",
        ),
        (
            update(0),
            f"update  AUTHORISED  AUD 880.00  Forklift hire, third quarter {DEAL}  INV-0007  moved on to Closed Won",
        ),
        (void(0), f"void  VOIDED  AUD 150.00  Site survey {DEAL}  INV-0008  left the invoiced stages for Closed Lost"),
        (
            adopt(0),
            f"adopt  AUTHORISED  JPY 120,000  Annual maintenance {DEAL}  INV-0009  found contact  "
            "Xero already has invoice INV-0009 for this deal",
        ),
        (contact_only(0), f"contact_only  Prospect brochure {DEAL}  updated contact  the customer changed"),
    ],
    ids=["create", "update", "void", "adopt", "contact_only"],
)
@pytest.mark.parametrize("mode", ["apply", "dry_run"])
def test_what_happened_is_one_stable_line(deal: DealResult, line: str, mode: str) -> None:
    assert line in lines_of(report([deal], mode))


@pytest.mark.parametrize("deal", [held(), rejected(), uncertain()], ids=["hold", "reject", "uncertain"])
def test_a_new_problem_is_one_line_with_its_next_step(deal: DealResult) -> None:
    made = report([deal], "apply")
    first = lines_of(made)[0]
    problem = made.problems[0]
    assert first == (
        f"{deal.action}  {problem.code}  {deal.deal_name} ({deal.deal_id})  {problem.message}  Next: {problem.hint}"
    )


def test_only_new_problems_are_announced_unless_all_are_asked_for() -> None:
    fresh, old = held(1), held(2, "Old trouble")
    made = report([fresh, old], "apply", new_problems=frozenset({("total_mismatch", f"deal {fresh.deal_id}")}))
    told = "\n".join(lines_of(made))
    assert fresh.deal_id in told
    assert old.deal_id not in told
    assert old.deal_id in "\n".join(lines_of(made, all_problems=True))


def test_a_changed_problem_is_announced_by_its_new_code() -> None:
    deal = held()
    made = report([deal], "apply", new_problems=frozenset({("customer_missing", f"deal {deal.deal_id}")}))
    assert lines_of(made) == []


def test_problems_of_the_run_come_first_with_their_next_step() -> None:
    made = report([create()], "apply", problems=(run_problem(),), new_problems=frozenset({("login_needed", "run")}))
    assert lines_of(made)[0] == (
        "problem  login_needed  Nobody is logged in to Xero.  Next: Log in: zoho-xero-sync auth xero"
    )


def test_a_problem_of_an_unlisted_deal_names_it() -> None:
    unknown = Problem("deal_not_found", "deal 99", "Zoho has no deal 99.", "Check the id.")
    made = report([], "apply", problems=(unknown,), new_problems=frozenset({("deal_not_found", "deal 99")}))
    assert lines_of(made)[0] == "problem  deal_not_found  deal 99  Zoho has no deal 99.  Next: Check the id."


def test_nothing_is_wrapped_coloured_or_boxed() -> None:
    long_name = "Refurbishment of the northern distribution centre " * 6
    made = report([create(name=long_name), *everything("apply").deals[1:]], "apply")
    text = text_of(made, interactive=False, width=40)
    assert long_name.strip() in text
    assert "\x1b" not in text
    assert not set(text) & set("─│╭╮╰╯━┃")
    assert len(text.splitlines()) == len(lines_of(made))


def test_a_dry_run_tells_everything_field_by_field() -> None:
    told = lines_of(everything())
    assert "    Status  DRAFT → AUTHORISED" in told
    assert any(line.startswith("pending  Later order") for line in told)
    assert not any(line.startswith(("unchanged", "skip")) for line in told)
    assert any(line.startswith("skip") for line in lines_of(everything(), verbosity=1))


def test_totals_and_summary_follow_what_happened() -> None:
    told = lines_of(report([create(0), create(1)], "apply"))
    assert told[-2:] == [
        "total  new  2 invoices  AUD 2,469.00",
        "2 invoices created, 1 contact created; 5 Zoho and 3 Xero calls.",
    ]


def test_every_line_is_one_deal_even_when_names_break_lines() -> None:
    made = report([create(name="First\nsecond\r\nthird\u2028fourth\x85fifth")], "apply")
    assert lines_of(made)[0].count("First second third fourth fifth") == 1


def test_a_thousand_deals_are_a_thousand_lines() -> None:
    made = report([create(position) for position in range(1000)], "apply")
    assert sum(line.startswith("create  ") for line in lines_of(made)) == 1000
