"""The exit code: a pure function of what a run came to."""

from __future__ import annotations

from itertools import combinations

import pytest

from zoho_xero_sync import errors
from zoho_xero_sync.core.exits import exit_code
from zoho_xero_sync.core.problems import CODES, RUN_CODES
from zoho_xero_sync.core.report import COUNTS
from zoho_xero_sync.remote.answer import BadAnswer
from zoho_xero_sync.remote.http import DayAllowanceError


def counts(**some: int) -> dict[str, int]:
    return dict.fromkeys(COUNTS, 0) | some


CREATED = {"seen": 3, "invoices_created": 2}
TABLE = [
    # (counts, run problems, code)
    ({}, (), 0),
    (CREATED, (), 0),
    ({"unchanged": 5}, (), 0),
    ({"pending": 4}, (), 0),
    ({"held": 1}, (), 3),
    ({"rejected": 1}, (), 3),
    ({"uncertain": 1}, (), 4),
    ({"uncertain": 1, "held": 1}, (), 4),
    ({}, ("deal_not_found",), 3),
    ({}, ("service_unavailable",), 4),
    ({}, ("allowance_used",), 4),
    ({"held": 1}, ("allowance_used",), 4),
    ({}, ("safety_stop",), 15),
    ({"uncertain": 1, "held": 1}, ("safety_stop",), 15),
    ({}, ("login_needed",), 12),
    ({"uncertain": 1}, ("login_needed", "safety_stop"), 12),
    ({}, ("ledger_unusable", "login_needed"), 13),
    ({}, ("unexpected_error", "ledger_unusable", "login_needed", "safety_stop"), 1),
    ({}, ("config_invalid",), 10),
    ({"held": 2}, ("config_invalid",), 10),
    ({}, ("locked",), 11),
    ({}, ("wrong_usage",), 2),
]


@pytest.mark.parametrize(("some", "problems", "code"), TABLE)
def test_the_code_of_a_run(some: dict[str, int], problems: tuple[str, ...], code: int) -> None:
    assert exit_code(counts(**some), frozenset(problems)) == code


@pytest.mark.parametrize("problems", [pair for size in (1, 2, 3) for pair in combinations(sorted(RUN_CODES), size)])
def test_a_run_that_ended_early_never_says_all_is_well(problems: tuple[str, ...]) -> None:
    code = exit_code(counts(invoices_created=1), frozenset(problems))
    assert code in {RUN_CODES[problem] for problem in problems}
    order = [1, 13, 12, 15, 4, 3]
    codes = [RUN_CODES[problem] for problem in problems if RUN_CODES[problem] in order]
    if len(codes) == len(problems):
        assert code == min(codes, key=order.index)


@pytest.mark.parametrize(
    ("some", "problems", "code"),
    [
        ({}, (), 0),
        ({"unchanged": 3, "seen": 3}, (), 0),
        ({"invoices_created": 1}, (), 5),
        ({"invoices_updated": 1}, (), 5),
        ({"invoices_voided": 1}, (), 5),
        ({"contacts_created": 1}, (), 5),
        ({"contacts_updated": 1}, (), 5),
        ({"adopted": 1}, (), 5),
        ({"held": 1}, (), 3),
        ({"held": 1, "invoices_created": 1}, (), 5),
        ({"invoices_created": 1}, ("login_needed",), 12),
        ({"invoices_created": 1}, ("service_unavailable",), 4),
        ({"invoices_created": 1, "uncertain": 1}, (), 4),
        ({"invoices_created": 1}, ("config_invalid",), 10),
    ],
)
def test_a_detailed_dry_run_says_whether_there_is_something_to_do(
    some: dict[str, int], problems: tuple[str, ...], code: int
) -> None:
    assert exit_code(counts(**some), frozenset(problems), detailed_dry_run=True) == code
    plain = exit_code(counts(**some), frozenset(problems))
    assert plain != 5 and (code == plain or code == 5)


@pytest.mark.parametrize(
    ("some", "problems", "code"),
    [({}, (), 5), ({"held": 1}, (), 5), ({}, ("service_unavailable",), 4), ({}, ("config_invalid",), 10)],
)
def test_words_for_zoho_are_something_to_do(some: dict[str, int], problems: tuple[str, ...], code: int) -> None:
    assert exit_code(counts(**some), frozenset(problems), detailed_dry_run=True, words=True) == code
    assert exit_code(counts(**some), frozenset(problems), words=True) == exit_code(counts(**some), frozenset(problems))


def _family(kind: type[errors.SyncError]) -> set[type[errors.SyncError]]:
    return {kind}.union(*(_family(child) for child in kind.__subclasses__()))


def test_every_error_that_can_end_a_run_has_a_code_of_the_closed_list_and_its_own_exit() -> None:
    family = _family(errors.SyncError)
    assert {BadAnswer, DayAllowanceError, errors.SafetyError} <= family
    for kind in family - {errors.Interrupted}:
        assert kind.code in CODES, kind.__name__
        assert exit_code(counts(), frozenset({kind.code})) == kind.exit_code, kind.__name__
    assert set(RUN_CODES) <= set(CODES)
