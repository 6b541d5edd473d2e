"""The report as plain lines, for cron's mail, pipes and grep. Fields of a line are parted by two spaces."""

from __future__ import annotations

from collections.abc import Iterator

from zoho_xero_sync.core.model import Problem
from zoho_xero_sync.core.report import DealResult, InvoiceResult, Report
from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.render.clean import clean
from zoho_xero_sync.render.field_changes import NONE, worth_showing
from zoho_xero_sync.render.findings import deal_of, problem_by_deal, run_problems
from zoho_xero_sync.render.summary import baseline_text, ending, summary, totals
from zoho_xero_sync.render.wording import money

CONTACT_MARKS = {"create": "new contact", "update": "updated contact", "adopt": "found contact"}
WITH_PROBLEM = ("hold", "reject", "uncertain")
_HAPPENED = ("create", "adopt", "update", "void", "contact_only")
_QUIET = ("unchanged", "skip")


def plain_lines(report: Report, *, verbosity: int, all_problems: bool) -> list[str]:
    """The lines to print; none at all when nothing happened and no problem is new.

    A dry run tells everything, because a person asked. Otherwise only what happened and the problems that are new
    (all of them with `all_problems`) are told.
    """
    asked = report.mode == "dry_run" or all_problems
    problems = [problem for problem in report.problems if asked or _is_new(report, problem)]
    lines = [*map(_problem_line, _of_run(report, problems))]
    baseline = baseline_text(report)
    if baseline and (asked or report.mode == "baseline" or report.baseline):
        lines.append(f"baseline  {baseline}")
    lines += _deal_lines(report, problems, asked=asked, verbosity=verbosity)
    if not (lines or asked or report.announced or verbosity >= 1):
        return []
    lines += [f"note  {clean(note)}" for note in report.notes]
    lines += [
        f"total  {total.label.lower()}  {counted(total.invoices, 'invoice')}  {money(total.amount, total.currency)}"
        for total in totals(report.deals)
    ]
    lines.append(summary(report))
    return [*lines, ending(report)] if ending(report) else lines


def _is_new(report: Report, problem: Problem) -> bool:
    return (problem.code, problem.subject) in report.new_problems


def _of_run(report: Report, problems: list[Problem]) -> list[Problem]:
    """Those of `problems` that have no deal's line to stand in."""
    listed = {deal.deal_id for deal in report.deals if deal.action in WITH_PROBLEM}
    own = run_problems(report)
    return [problem for problem in problems if problem in own or deal_of(problem) not in listed]


def _problem_line(problem: Problem) -> str:
    subject = "" if deal_of(problem) is None else clean(problem.subject)
    return _line("problem", problem.code, subject, clean(problem.message), _next(problem.hint))


def _deal_lines(report: Report, problems: list[Problem], *, asked: bool, verbosity: int) -> Iterator[str]:
    by_deal = problem_by_deal(report)
    told = {deal_of(problem) for problem in problems}
    dry_run = report.mode == "dry_run"
    for deal in report.deals:
        if deal.action in WITH_PROBLEM:
            if deal.deal_id in told or (asked and deal.deal_id not in by_deal):
                yield _held_line(deal, by_deal.get(deal.deal_id))
        elif deal.action in _HAPPENED or (deal.action in _QUIET and verbosity >= 1) or (asked and _is_waiting(deal)):
            yield _deal_line(deal)
            if dry_run or verbosity >= 1:
                yield from _change_lines(deal, verbosity)


def _is_waiting(deal: DealResult) -> bool:
    return deal.action == "pending"


def _deal_line(deal: DealResult) -> str:
    invoice = deal.invoice
    mark = CONTACT_MARKS.get(deal.contact.action, "") if deal.contact else ""
    return _line(
        deal.action,
        invoice.status if invoice else "",
        money(invoice.total, invoice.currency) if invoice else "",
        _name(deal),
        _number(invoice),
        mark,
        clean(deal.reason or ""),
    )


def _held_line(deal: DealResult, problem: Problem | None) -> str:
    if problem is None:
        return _line(deal.action, _name(deal), clean(deal.reason or ""), _next(deal.next_step or ""))
    return _line(deal.action, problem.code, _name(deal), clean(problem.message), _next(problem.hint))


def _change_lines(deal: DealResult, verbosity: int) -> Iterator[str]:
    for change in worth_showing(deal, verbosity):
        before = NONE if change.before is None else clean(change.before)
        after = NONE if change.after is None else clean(change.after)
        yield f"    {clean(change.field)}  {before} → {after}"


def _name(deal: DealResult) -> str:
    name = clean(deal.deal_name)
    return f"{name} ({clean(deal.deal_id)})" if name else clean(deal.deal_id)


def _number(invoice: InvoiceResult | None) -> str:
    return clean(invoice.number) if invoice and invoice.number else ""


def _next(hint: str) -> str:
    return f"Next: {clean(hint)}" if hint else ""


def _line(*fields: str) -> str:
    return "  ".join(str(field) for field in fields if field)
