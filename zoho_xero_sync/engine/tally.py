"""What a run collects while it goes, and the report that becomes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from zoho_xero_sync.core.exits import exit_code
from zoho_xero_sync.core.model import Action, DealRecord, OperationState, Problem
from zoho_xero_sync.core.report import DealResult, Report, count
from zoho_xero_sync.core.results import planned, waiting, with_problem
from zoho_xero_sync.engine.ports import Context, LedgerView
from zoho_xero_sync.errors import Interrupted, SyncError

Span = tuple[datetime | None, datetime | None]
_WITH_PROBLEM = ("hold", "reject", "uncertain")


@dataclass(slots=True)
class Tally:
    """The results of one run so far.

    `known` are the problems deals had before it, to tell new ones; `told` other problems that were told before, each
    as code, subject and message. `words` says that a sync would tell Zoho something. `read_at` is Zoho's clock when
    the deals were read, up to which nothing of the deals in `read` is unknown; None stands for all deals.
    """

    context: Context
    started: datetime
    results: dict[str, DealResult] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)
    run_problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    announced: list[str] = field(default_factory=list)
    known: dict[str, Problem] = field(default_factory=dict)
    told: set[tuple[str, str, str]] = field(default_factory=set)
    window: Span = (None, None)
    checkpoint: Span = (None, None)
    read_at: datetime | None = None
    read: frozenset[str] | None = None
    baseline: int | None = None
    words: bool = False
    error: SyncError | None = None

    def remember(self, records: Mapping[str, DealRecord]) -> None:
        """Note what was already known to be wrong with these deals before this run."""
        for deal_id, record in records.items():
            if record.problem is not None:
                self.known.setdefault(deal_id, record.problem)

    def add_planned(self, action: Action) -> None:
        """The action as a line of the report, with its problem when it has one."""
        result = planned(action)
        if action.problem is not None:
            self.problems[action.deal_id] = action.problem
            result = with_problem(result, action.problem)
        self.results[action.deal_id] = result

    def fail(self, error: SyncError) -> None:
        """The run ended early."""
        self.error = error
        self.run_problems.append(Problem(error.code, "run", error.message, error.hint))

    def report(self, mode: str, ledger: LedgerView | None, *, detailed: bool) -> Report:
        """The run as one value; deals that have been waiting since earlier runs are part of it."""
        own = len(self.results)
        records: dict[str, DealRecord] = {}
        # After a signal nothing more is read: the report is of what was done.
        if ledger is not None and not isinstance(self.error, Interrupted):
            records = ledger.find_deals(list(self.results))
            self._add_waiting(ledger)
            if mode == "apply":
                self._add_unanswered(ledger)
        deals = tuple(self.results.values())
        counts = count(deals) | {"seen": own}
        problems = (*self.run_problems, *self._deal_problems(records))
        return Report(
            run_id=self.context.run_id,
            mode=mode,
            started_at=self.started,
            finished_at=self.context.clock.now(),
            window=self.window,
            checkpoint=self.checkpoint,
            counts=counts,
            api_calls={"zoho": self.context.zoho.calls, "xero": self.context.xero.calls},
            deals=deals,
            problems=problems,
            exit_code=self._exit_code(counts, detailed=detailed),
            baseline=self.baseline,
            notes=(*self.announced, *self.notes),
            announced=bool(self.announced),
            new_problems=frozenset(self._new(problems)),
        )

    def _add_waiting(self, ledger: LedgerView) -> None:
        for record in ledger.waiting_deals():
            if record.deal_id not in self.results:
                self.results[record.deal_id] = waiting(record)
                if record.problem is not None:
                    self.problems[record.deal_id] = record.problem

    def _add_unanswered(self, ledger: LedgerView) -> None:
        """What is unknown although no deal of this run says so: the deal was deleted meanwhile, or not asked for."""
        if self.error is not None or any(result.action == "uncertain" for result in self.results.values()):
            return
        if any(problem.code == "outcome_unknown" for problem in self.run_problems):
            return
        subjects = {
            operation.subject
            for write in ledger.unsettled_writes()
            for operation in write.operations
            if operation.state is OperationState.IN_FLIGHT
        }
        if subjects:
            message = f"Xero has not told yet what became of {len(subjects)} records that an earlier run sent."
            hint = "Run sync again: it settles this first."
            self.run_problems.append(Problem("outcome_unknown", "run", message, hint))

    def _exit_code(self, counts: Mapping[str, int], *, detailed: bool) -> int:
        if isinstance(self.error, Interrupted):
            return int(self.error.signal_exit_code)
        codes = frozenset(problem.code for problem in self.run_problems)
        return exit_code(counts, codes, detailed_dry_run=detailed, words=self.words)

    def _deal_problems(self, records: Mapping[str, DealRecord]) -> Iterator[Problem]:
        for deal_id, result in self.results.items():
            if result.action not in _WITH_PROBLEM:
                continue
            stored = records.get(deal_id)
            problem = self.problems.get(deal_id) or (stored.problem if stored else None)
            yield problem or _unanswered(deal_id, result)

    def _new(self, problems: tuple[Problem, ...]) -> Iterator[tuple[str, str]]:
        for problem in problems:
            if (problem.code, problem.subject, problem.message) in self.told:
                continue
            before = self.known.get(problem.subject.removeprefix("deal "))
            if before is None or (before.code, before.message) != (problem.code, problem.message):
                yield problem.code, problem.subject


def _unanswered(deal_id: str, result: DealResult) -> Problem:
    return Problem("outcome_unknown", f"deal {deal_id}", f"{result.reason}.", result.next_step or "")


def summary(report: Report) -> str:
    """The run's report without its deals, as JSON text for the ledger."""
    told = [[problem.code, problem.subject, problem.message] for problem in report.problems[:50]]
    parts = {"counts": dict(report.counts), "api_calls": dict(report.api_calls), "problems": told}
    return json.dumps(parts, sort_keys=True)
