"""The JSON report: exactly the documented shape, whatever a run came to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from render_samples import NOW, create, everything, held, invoice, problem_of, report, run_problem, update

from zoho_xero_sync.core.model import Change
from zoho_xero_sync.core.problems import CODES
from zoho_xero_sync.core.report import ACTIONS, COUNTS, ContactResult, Report
from zoho_xero_sync.render.report_json import report_json

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parents[3] / "docs" / "report.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def value_of(made: Report) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(report_json(made))
    return value


def errors_of(value: object) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(value)]


def test_the_schema_itself_is_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "made",
    [
        everything("apply"),
        everything("dry_run"),
        report([], "apply"),
        report([], "baseline", baseline=500, window=(None, None), checkpoint=(None, NOW)),
        report([], "dry_run", baseline=0, notes=("A remark.",), window=(None, None), checkpoint=(None, None)),
        report([], "apply", problems=(run_problem(),), exit_code=12),
        report([create(deal_name="", name="")], "dry_run"),
        report([create(deal_name="Bell \x07 \x1b[31mred\u202e \ud800 é 🚚", name="")], "dry_run"),
    ],
    ids=["apply", "dry run", "idle", "baseline", "first dry run", "no login", "no name", "hostile name"],
)
def test_every_report_matches_the_schema(made: Report) -> None:
    text = report_json(made)
    assert errors_of(json.loads(text)) == []
    assert text.isascii()


def test_the_keys_are_those_of_the_contract_in_its_order() -> None:
    value = value_of(everything())
    assert list(value) == [
        "schema", "run_id", "mode", "started_at", "finished_at", "window", "checkpoint", "counts", "api_calls",
        "deals", "problems", "exit_code", "baseline", "notes", "totals",
    ]  # fmt: skip
    assert list(value["counts"]) == list(COUNTS)
    deal = value["deals"][1]
    assert list(deal) == [
        "deal_id", "deal_name", "stage", "action", "reason", "contact", "invoice", "changes", "next_step",
    ]  # fmt: skip
    assert list(deal["contact"]) == ["id", "name", "action"]
    assert list(deal["invoice"]) == ["id", "number", "status", "total", "currency", "action"]
    assert list(deal["changes"][0]) == ["field", "before", "after"]
    assert list(value["problems"][0]) == ["code", "subject", "path", "message", "hint"]


def test_the_closed_lists_of_the_schema_are_those_of_the_program() -> None:
    assert SCHEMA["$defs"]["problem"]["properties"]["code"]["enum"] == list(CODES)
    assert SCHEMA["$defs"]["deal"]["properties"]["action"]["enum"] == list(ACTIONS)
    assert SCHEMA["properties"]["counts"]["required"] == list(COUNTS)
    assert list(SCHEMA["properties"]["counts"]["properties"]) == list(COUNTS)


@pytest.mark.parametrize(
    ("total", "currency", "text"),
    [
        ("1234.5", "AUD", "1234.50"),
        ("1234567.50", "AUD", "1234567.50"),
        ("980", "JPY", "980"),
        ("1.5", "KWD", "1.500"),
        ("1E+3", "AUD", "1000.00"),
        ("-0.01", "EUR", "-0.01"),
        ("0.125", "AUD", "0.125"),
    ],
)
def test_money_is_text_with_the_currencys_decimals(total: str, currency: str, text: str) -> None:
    made = report([create(invoice=invoice(total, currency, action="create"))])
    assert value_of(made)["deals"][0]["invoice"]["total"] == text
    assert errors_of(value_of(made)) == []


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 20, 1, 0, tzinfo=UTC), "2026-11-20T01:00:00Z"),
        (datetime(2026, 11, 20, 1, 0, 59, 999_999, tzinfo=UTC), "2026-11-20T01:00:59Z"),
        (datetime(2026, 11, 20, 12, 0, tzinfo=timezone(timedelta(hours=11))), "2026-11-20T01:00:00Z"),
    ],
)
def test_instants_are_whole_seconds_of_utc(at: datetime, text: str) -> None:
    value = value_of(report([], started_at=at, window=(at, None)))
    assert value["started_at"] == text
    assert value["window"] == {"from": text, "to": None}


def test_what_does_not_exist_yet_is_null() -> None:
    made = create(
        contact=ContactResult("", "Harbour Freight Pty Ltd", "create"),
        invoice=invoice(id="", number="", action="create"),
    )
    deal = value_of(report([made]))["deals"][0]
    assert (deal["contact"]["id"], deal["invoice"]["id"], deal["invoice"]["number"]) == (None, None, None)
    bare = value_of(report([held(contact=None)]))["deals"][0]
    assert (bare["contact"], bare["invoice"], bare["changes"]) == (None, None, [])


def test_text_survives_whole() -> None:
    name = "Café «ünïcode» 日本 🚚 [red]x[/red] \n second line"
    made = report([update(name=name, changes=(Change("Reference", None, name),))])
    deal = value_of(made)["deals"][0]
    assert deal["deal_name"] == deal["changes"][0]["after"] == name


WRONG = [
    ("a new mode", {"mode": "rehearsal"}),
    ("money as a number", {"deals.0.invoice.total": 1234.5}),
    ("money with separators", {"deals.0.invoice.total": "1,234.50"}),
    ("money with an exponent", {"deals.0.invoice.total": "1E+3"}),
    ("a local instant", {"started_at": "2026-11-20T01:00:00+11:00"}),
    ("a fraction of a second", {"started_at": "2026-11-20T01:00:00.5Z"}),
    ("an unknown action", {"deals.0.action": "explode"}),
    ("a contact id that is none", {"deals.0.contact.id": "7"}),
    ("a deal id that is none", {"deals.0.deal_id": "INV-1"}),
    ("an unknown problem", {"problems.0.code": "gremlins"}),
    ("an unknown exit code", {"exit_code": 99}),
    ("an extra key", {"surprise": 1}),
]


@pytest.mark.parametrize("wrong", [wrong for _, wrong in WRONG], ids=[name for name, _ in WRONG])
def test_the_schema_refuses(wrong: dict[str, object]) -> None:
    value = value_of(report([create(), held()]))
    assert errors_of(value) == []
    for path, put in wrong.items():
        *parents, last = path.split(".")
        target: Any = value
        for key in parents:
            target = target[int(key) if key.isdigit() else key]
        target[last] = put
    assert errors_of(value)


@pytest.mark.parametrize("code", CODES)
def test_the_schema_accepts_every_problem_code(code: str) -> None:
    made = report([held()])
    changed = replace(made, problems=(problem_of(held(), code),))
    assert errors_of(value_of(changed)) == []
