"""What `init` needs for a configuration: from options, as usual, or from questions that need no login."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import click

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.questions import ask
from zoho_xero_sync.config.writing import CONNECTIONS, DATA_CENTERS, INVOICES, SECRET_STORES, Answers, answer_problems

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """One field of the answers, and how a person is asked for it."""

    field: str
    about: str
    text: str
    usual: str
    read: Callable[[str], object]


def stage_pair(text: str) -> Pair:
    """Stage and invoice of `Closed Won=authorised`. Raises click.UsageError for anything else."""
    stage, equals, invoice = text.rpartition("=")
    if not equals or not stage.strip() or not invoice.strip():
        raise click.UsageError(
            f'{text.strip()!r} is not STAGE=INVOICE, such as "Closed Won=authorised" (invoice: {", ".join(INVOICES)}).'
        )
    return stage.strip(), invoice.strip()


def tax_pair(text: str) -> Pair:
    """Zoho tax and Xero TaxType of `GST=OUTPUT`. Raises click.UsageError for anything else."""
    name, equals, tax_type = text.rpartition("=")
    if not equals or not name.strip() or not tax_type.strip():
        raise click.UsageError(f"{text.strip()!r} is not ZOHO TAX=XERO TAXTYPE, such as GST=OUTPUT.")
    return name.strip(), tax_type.strip()


def tax_pairs(pairs: Sequence[Pair]) -> Mapping[str, str]:
    """The taxes by Zoho name. Raises click.UsageError for a name that comes twice."""
    taxes = dict(pairs)
    twice = next((name for name in taxes if [pair[0] for pair in pairs].count(name) > 1), None)
    if twice is not None:
        raise click.UsageError(f"The Zoho tax {twice!r} is given twice.")
    return MappingProxyType(taxes)


BEFORE_LOGIN = (
    Question(
        "data_center",
        "Zoho keeps each account in one data center: the ending of the address where you log in to Zoho CRM "
        f"(crm.zoho.com.au: au; crm.zoho.com: us). One of: {', '.join(DATA_CENTERS)}.",
        "Zoho data center",
        "au",
        lambda text: text.strip().lower(),
    ),
    Question(
        "secrets",
        "Where logins are kept: file (secrets.json beside the configuration, readable by you only; works under cron), "
        "keyring (the desktop's own; often not there under cron) or env (you set the ZXS_ variables).",
        f"Logins in ({', '.join(SECRET_STORES)})",
        "file",
        lambda text: text.strip().lower(),
    ),
)

CONNECTION = Question(
    "connection",
    # Where it is sold: developer.xero.com/custom-development.
    "How this program logs in to Xero: custom (a Custom Connection: one organisation, no browser, best for cron; "
    "paid by the month, in Australia, New Zealand, the UK and the US only); or by the browser, pkce (an app without a "
    "secret) or web (one with a secret).",
    f"Xero connection ({', '.join(CONNECTIONS)})",
    "custom",
    lambda text: text.strip().lower(),
)

# What no answer may be assumed for silently.
_NEEDED = {"data_center": "--data-center", "stages": "--stage", "secrets": "--secrets"}


def gather(given: Mapping[str, Any], environ: Mapping[str, str], *, usual: bool) -> Answers:
    """The answers without asking: those `given` by option, the others as usual.

    Raises click.UsageError for options that cannot be used and, unless `usual`, for needed answers that are missing.
    """
    missing = [option for field, option in _NEEDED.items() if field not in given]
    if missing and not usual:
        raise click.UsageError(
            f"Without a terminal to ask at, these answers are needed: {', '.join(missing)}. "
            "--yes takes the usual answers instead."
        )
    return from_options(given, environ)


def from_options(given: Mapping[str, Any], environ: Mapping[str, str]) -> Answers:
    """The usual answers with those that options gave. Raises click.UsageError for some that cannot be used."""
    return changed(Answers(), given, environ)


def changed(answers: Answers, changes: Mapping[str, Any], environ: Mapping[str, str]) -> Answers:
    """The answers with some of another value. Raises click.UsageError for what a configuration may not hold."""
    # Questions and options go by the names of the fields; what they hold is for the reader of configurations to judge.
    answered = replace(answers, **changes)
    problems = answer_problems(answered, environ)
    if problems:
        raise click.UsageError("\n".join(f"{item.key}: {item.message} {item.hint}".strip() for item in problems))
    return answered


def put(question: Question, answers: Answers, hands: Hands) -> Answers:
    """The answers with the person's answer to the question, asked again until it can be used."""

    def check(text: str) -> Answers:
        return changed(answers, {question.field: question.read(text)}, hands.environ)

    hands.console(stderr=True).print(f"\n{question.about}", markup=False, style="dim")
    return ask(question.text, check, default=question.usual)
