"""A report's problems as people should meet them: the run's first, and repeats of one cause together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zoho_xero_sync.core.model import Problem
from zoho_xero_sync.core.report import DealResult, Report

# What stands for the deal's id where one command is shown for several deals.
ANY_DEAL = "DEAL"
_SUBJECT = "deal "


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause and the deals it stops: id and name, in the report's order.

    Where there are several deals, their ids are replaced by `DEAL` in message and hint.
    """

    code: str
    message: str
    hint: str
    deals: tuple[tuple[str, str], ...]


def deal_of(problem: Problem) -> str | None:
    """The id of the deal the problem is about; None for a problem of the whole run."""
    return problem.subject.removeprefix(_SUBJECT) if problem.subject.startswith(_SUBJECT) else None


def run_problems(report: Report) -> tuple[Problem, ...]:
    """Problems of the run as a whole."""
    return tuple(problem for problem in report.problems if deal_of(problem) is None)


def problem_by_deal(report: Report) -> dict[str, Problem]:
    """The problem of each deal that has one."""
    return {deal_id: problem for problem in report.problems if (deal_id := deal_of(problem)) is not None}


def findings(report: Report, actions: frozenset[str]) -> tuple[Finding, ...]:
    """What stops the deals that ended with one of `actions`, one entry per cause."""
    known = problem_by_deal(report)
    listed = [(deal, known.get(deal.deal_id) or _untold(deal)) for deal in report.deals if deal.action in actions]
    return collapsed((deal.deal_id, deal.deal_name, problem) for deal, problem in listed)


def unlisted_findings(report: Report) -> tuple[Finding, ...]:
    """Problems of deals that are not among the report's deals, such as one that Zoho does not have."""
    listed = {deal.deal_id for deal in report.deals}
    return collapsed((found, "", problem) for found, problem in problem_by_deal(report).items() if found not in listed)


def _untold(deal: DealResult) -> Problem:
    return Problem("", f"{_SUBJECT}{deal.deal_id}", deal.reason or f"{deal.action}.", deal.next_step or "")


def collapsed(entries: Iterable[tuple[str, str, Problem]]) -> tuple[Finding, ...]:
    """One finding per cause from deal ids, names and problems; the order of first appearance is kept."""
    groups: dict[tuple[str, str, str], list[tuple[str, str, Problem]]] = {}
    for deal_id, name, problem in entries:
        key = (problem.code, _general(problem.message, deal_id), _general(problem.hint, deal_id))
        groups.setdefault(key, []).append((deal_id, name, problem))
    return tuple(_finding(key, group) for key, group in groups.items())


def _finding(key: tuple[str, str, str], group: list[tuple[str, str, Problem]]) -> Finding:
    deals = tuple((deal_id, name) for deal_id, name, _ in group)
    if len(group) == 1:
        problem = group[0][2]
        return Finding(problem.code, problem.message, problem.hint, deals)
    return Finding(*key, deals)


def _general(text: str, deal_id: str) -> str:
    return text.replace(deal_id, ANY_DEAL) if deal_id else text
