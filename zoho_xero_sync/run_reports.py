"""Reports around a run: the one being made, one for a run that never began, and what of it the ledger keeps."""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from zoho_xero_sync.core.model import Problem
from zoho_xero_sync.core.report import COUNTS, Report
from zoho_xero_sync.errors import LedgerError, SyncError
from zoho_xero_sync.ledger.store import Ledger

log = logging.getLogger(__name__)

_DIGITS = re.compile(r"\d+")


@dataclass(slots=True)
class RunInProgress:
    """A run that has begun, and its report as soon as there is one."""

    id: str
    report: Report | None = None


@contextmanager
def reported(run: RunInProgress) -> Iterator[None]:
    """What comes after a run's report is convenience: a ledger that takes no more does not make it another one.

    The next run says what is wrong with the ledger when it begins.
    """
    try:
        yield
    except LedgerError:
        if run.report is None:
            raise
        log.warning("the ledger took no more after the report of run %s", run.id)


def new_run_id() -> str:
    """A short name for one run, in reports, logs and the ledger."""
    return uuid.uuid4().hex[:12]


def failed_report(run_id: str, mode: str, at: datetime, error: SyncError) -> Report:
    """The report of a run that ended before it began."""
    problem = Problem(error.code, "run", error.message, error.hint)
    return Report(
        run_id=run_id,
        mode=mode,
        started_at=at,
        finished_at=at,
        window=(None, None),
        checkpoint=(None, None),
        counts=dict.fromkeys(COUNTS, 0),
        api_calls={"zoho": 0, "xero": 0},
        deals=(),
        problems=(problem,),
        exit_code=int(error.exit_code),
        new_problems=frozenset({(problem.code, problem.subject)}),
    )


def worth_keeping(report: Report) -> bool:
    """Whether the ledger keeps the report: a run that found nothing leaves none."""
    return bool(report.deals or report.problems or report.baseline or report.announced)


def still_new(report: Report, ledger: Ledger) -> frozenset[tuple[str, str]]:
    """The report's new problems, without problems of the run that the run before had already told.

    Counts and times in a sentence do not make it a new one.
    """
    told = _told_last(ledger)
    known = {
        (problem.code, problem.subject)
        for problem in report.problems
        if problem.subject == "run" and (problem.code, _plain(problem)) in told
    }
    return report.new_problems - known


def _told_last(ledger: Ledger) -> set[tuple[str, str]]:
    finished = [run for run in ledger.runs(5) if run.finished_at is not None]
    if not finished or finished[0].report is None:
        return set()
    problems = json.loads(finished[0].report)["problems"]
    return {(code, _DIGITS.sub("#", message)) for code, subject, message in problems if subject == "run"}


def _plain(problem: Problem) -> str:
    return _DIGITS.sub("#", problem.message)
