"""`check` as a pure function: what was found out goes in, one line per risk and the exit code come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from zoho_xero_sync.core.check_facts import CheckFacts, Finding, Gravity
from zoho_xero_sync.core.check_here import judge_calls, judge_here, judge_login
from zoho_xero_sync.core.check_organisation import judge_organisation
from zoho_xero_sync.core.check_write_back import judge_write_back
from zoho_xero_sync.core.check_xero import judge_books
from zoho_xero_sync.core.check_zoho import judge_zoho
from zoho_xero_sync.core.rules import Rules

# The most calls `check` makes to both services together, tokens included.
MOST_CALLS = 15

# Every risk, in the order it is told; docs/check.md explains each.
RISKS: Mapping[str, str] = {
    "zoho_login": "the Zoho login works",
    "zoho_organisation": "it reaches the organisation the ledger belongs to",
    "zoho_scopes": "it is allowed what the configuration needs",
    "xero_login": "the Xero login works",
    "xero_organisation": "it reaches the organisation the ledger belongs to",
    "xero_scopes": "it is allowed what the configuration needs",
    "login_lapse": "the Xero login does not lapse soon",
    "secrets": "the secret store can be read, by this user only",
    "cron_logins": "cron finds the logins in its own environment",
    "cron_line": "there is a job, and cron finds the program",
    "ledger": "the ledger is sound and private",
    "baseline": "the baseline is recorded and covers the stages",
    "unsettled": "no request is without its answer",
    "lock": "no other run is at work",
    "disk": "there is room beside the ledger",
    "textfile": "the metrics' file can be written",
    "deal_stages": "the stages exist and are in use",
    "stage_pipelines": "the pipelines exist and have the stages",
    "quote_stages": "the stages of quotes exist",
    "line_sources": "quotes, orders and invoices can be read",
    "subform": "the subform and its columns exist",
    "deal_fields": "every field of templates and dates exists and can be read",
    "customer_fields": "every field of accounts that a customer takes exists and can be read",
    "write_back": "the fields that are told of invoices exist and can be written",
    "accounts": "the sales accounts exist, are active and for sales",
    "rounding_account": "the rounding account can take a line",
    "zoho_taxes": "every tax of Zoho is mapped",
    "tax_types": "the tax types exist, are active and legal on sales accounts",
    "tax_rates": "a tax has one rate in both services",
    "tax_default": "lines without a tax get one that fits",
    "currencies": "the currencies of Zoho are enabled in Xero",
    "branding_theme": "the branding theme exists",
    "tracking": "tracking categories and options exist and are active",
    "time_zone": "the organisation's time zone is known",
    "lock_dates": "today is not in a locked period",
    "plan": "the plan has sales invoices, and enough of them",
    "contacts": "the contacts of customers are active and there once",
    "clock": "this machine's clock is right",
    "zoho_allowance": "calls are left at Zoho",
    "xero_allowance": "calls are left at Xero, beyond those kept for other apps",
}

_EXITS: Mapping[Gravity, int] = {"ledger": 13, "login": 12, "config": 10, "retry": 4, "deals": 3}


@dataclass(frozen=True, slots=True)
class CheckView:
    """What one `check` found, and how many calls it made to each service, tokens included."""

    at: datetime
    findings: tuple[Finding, ...]
    calls: Mapping[str, int]

    @property
    def exit_code(self) -> int:
        """0 when nothing is red, else the gravest problem's."""
        return check_exit_code(self.findings)


def judge(rules: Rules, facts: CheckFacts) -> tuple[Finding, ...]:
    """One finding per risk, several where several things are wrong, in the order of RISKS."""
    found = (
        *judge_login(facts.zoho_login),
        *judge_login(facts.xero_login),
        *judge_here(facts.here),
        *judge_zoho(rules, facts.zoho),
        *judge_write_back(rules, facts.zoho),
        *judge_books(rules, facts.zoho, facts.xero),
        *judge_organisation(rules, facts.zoho, facts.xero),
        *judge_calls(facts.zoho, facts.xero, rules.limits.xero_calls_kept),
    )
    order = {code: place for place, code in enumerate(RISKS)}
    return tuple(sorted(found, key=lambda finding: order[finding.code]))


def check_exit_code(findings: Iterable[Finding]) -> int:
    """0 when nothing is red, else the gravest problem's: 13 ledger, 12 login, 10 configuration, 4 later, 3 a person."""
    graveness = {finding.gravity for finding in findings if finding.state == "problem"}
    return next((code for gravity, code in _EXITS.items() if gravity in graveness), 0)
