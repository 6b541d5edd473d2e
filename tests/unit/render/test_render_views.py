"""What `status` and `show` print: complete, exact, and free of what must not be shown."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from view_samples import (
    DEAL,
    DOCUMENT,
    DRAFT,
    LINK,
    NOW,
    deal_view,
    held_record,
    invoice_line,
    operation,
    source_line,
    status,
    write,
)

from zoho_xero_sync.core.model import Action, InvoiceStep, OperationState, WriteState
from zoho_xero_sync.render.show_text import render_show, show_json
from zoho_xero_sync.render.status_text import render_status, status_json

HOSTILE = "\x1b[31mRed\x1b[0m [bold]loud[/bold] \u202etxt\u202c\nbreak"


def shown(
    render: Callable[[Any, Console, bool], None], view: object, *, width: int = 100, interactive: bool = True
) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=interactive, color_system=None)
    render(view, console, interactive)
    return stream.getvalue()


def squeezed(text: str) -> str:
    return " ".join(text.split())


def with_draft(draft: Any, **more: Any) -> Any:
    step = InvoiceStep("create", draft, draft.status, draft.total, draft.currency)
    action = Action(DEAL, "Warehouse shelving", "Closed Won", "create", "entered Closed Won", None, step)
    return deal_view(action=action, **more)


@pytest.mark.parametrize("interactive", [True, False])
@pytest.mark.parametrize("width", [80, 100])
def test_status_tells_all(interactive: bool, width: int) -> None:
    text = squeezed(shown(render_status, status(), width=width, interactive=interactive))
    for part in (
        "Example Shelving (60001234)",
        "sqlite:///ledger.db",
        "2026-11-20 00:57 UTC, 3 minutes ago",
        "4,900 of 5,000 credits",
        "980 of 1,000 today",
        "The deal has neither an account nor a contact person.",
        "zoho-xero-sync resolve",
        "Later order",
        "create invoice",
        "sent 2 times, first 9 minutes ago",
        "unfinished",
        "2 invoices",
    ):
        assert part in text


def test_status_groups_one_cause() -> None:
    text = shown(render_status, status())
    assert "2 deals" in text
    assert text.count("The deal has neither an account nor a contact person.") == 2


def test_status_of_a_quiet_ledger() -> None:
    quiet = status(waiting=(), pending=(), uncertain=(), runs=(), checkpoint=None)
    text = shown(render_status, quiet)
    assert "Nothing waits for a person." in text
    assert "none yet" in text


@pytest.mark.parametrize("interactive", [True, False])
def test_status_says_until_when_xero_is_left_alone(interactive: bool) -> None:
    until = NOW + timedelta(hours=2)
    sentence = "Xero is asked again after 2026-11-20 03:00 UTC"
    assert sentence in shown(render_status, status(wait_until=until), interactive=interactive)
    past = status(wait_until=NOW - timedelta(hours=2))
    assert "asked again" not in shown(render_status, past, interactive=interactive)


def test_status_of_many_pending_deals_says_how_many() -> None:
    pending = tuple(replace(held_record(position), problem=None) for position in range(40))
    text = shown(render_status, status(pending=pending))
    assert "Pending: 40 deals" in text
    assert "… and 30 more" in text


def test_status_survives_a_run_whose_summary_is_damaged() -> None:
    damaged = tuple(
        replace(run, report=text) for run, text in zip(status().runs, ("{", "[]", '{"counts": 7}'), strict=True)
    )
    text = shown(render_status, status(runs=damaged))
    assert text.count("2026-11-") >= 3


def test_status_as_json() -> None:
    value = json.loads(status_json(status()))
    assert value["zoho"] == {"id": "60001234", "name": "Example Shelving"}
    assert value["checkpoint"] == "2026-11-20T00:57:00Z"
    assert [run["exit_code"] for run in value["runs"]] == [3, 0, None]
    assert value["waiting"][0]["problem"]["code"] == "customer_missing"
    assert value["pending"][0]["deal_id"] == "77"
    assert value["uncertain"][0]["operations"][0]["subject"] == DEAL
    assert value["wait_until"] is None


@pytest.mark.parametrize("interactive", [True, False])
@pytest.mark.parametrize("width", [80, 100])
def test_show_derives_every_figure(interactive: bool, width: int) -> None:
    text = squeezed(shown(render_show, deal_view(), width=width, interactive=interactive))
    for part in (
        "Warehouse shelving",
        DEAL,
        "Harbour Freight Pty Ltd",
        "INV-0007",
        "AUD 2,092.75",
        "moved on to Closed Won",
        "AUTHORISED",
        "quote Q-17",
        "(SH-1)",
        "GST 10%",
        "AccountCode 200",
        "tax: GST",
        "95.3333",
        "12.50",
        "1,200.00",
        "70.25",
        "1,902.50",
        "190.25",
        "2026-11-20 01:00 UTC",
        "PUT /api.xro/2.0/Invoices",
        "2 attempts",
        "create invoice: applied",
    ):
        assert part in text


def test_show_proves_that_the_totals_meet() -> None:
    assert "Equal to the cent." in shown(render_show, deal_view())
    off = replace(DRAFT, total=Decimal("2092.76"))
    assert "They differ by AUD 0.01." in shown(render_show, with_draft(off))


def test_show_names_what_zoho_adds_outside_its_lines() -> None:
    document = replace(DOCUMENT, discount=Decimal("50"), adjustment=Decimal("0.01"), tax=Decimal("3"))
    text = squeezed(shown(render_show, deal_view(document=document)))
    for part in ("Discount -50.00", "Tax 3.00", "Adjustment 0.01"):
        assert part in text


def test_show_has_a_line_for_rounding_that_has_no_row() -> None:
    rounding = replace(invoice_line("Rounding", "1", "0.01", "0", "0.01", "0"), account_code="860")
    draft = replace(DRAFT, lines=(*DRAFT.lines, rounding), sub_total=Decimal("1902.51"), total=Decimal("2092.76"))
    document = replace(DOCUMENT, grand_total=Decimal("2092.76"))
    text = squeezed(shown(render_show, with_draft(draft, document=document)))
    assert "Rounding" in text and "AccountCode 860" in text
    assert "Equal to the cent." in text


@pytest.mark.parametrize(
    ("amounts", "tax", "total", "expected"),
    [
        ("Exclusive", "100", "1100", "1,100.00"),
        ("Inclusive", "90.91", "1000", "1,000.00"),
        ("NoTax", "0", "1000", "1,000.00"),
    ],
)
def test_an_amount_without_a_total_of_its_own_is_derived(amounts: str, tax: str, total: str, expected: str) -> None:
    document = replace(
        DOCUMENT,
        source="amount",
        number="",
        grand_total=None,
        lines=(source_line("Deal", "1", "1000", "0", "1000", "0"),),
    )
    figures = {"sub_total": Decimal(total) - Decimal(tax), "total_tax": Decimal(tax), "total": Decimal(total)}
    draft = replace(DRAFT, amounts=amounts, **figures)
    text = squeezed(shown(render_show, with_draft(draft, document=document)))
    assert f"Total AUD {expected} Total AUD {expected}" in text
    assert "Equal to the cent." in text


@pytest.mark.parametrize("interactive", [True, False])
def test_show_of_a_held_deal_gives_the_reason_and_the_command(interactive: bool) -> None:
    record = held_record()
    action = Action(
        DEAL, "Repair", "Closed Won", "hold", record.problem and record.problem.message, problem=record.problem
    )
    for view in (
        deal_view(record=record, action=action),
        deal_view(record=record, action=None, note="Zoho is not reachable."),
    ):
        text = shown(render_show, view, interactive=interactive)
        assert "The deal has neither an account nor a contact person." in text
        assert f"zoho-xero-sync resolve {DEAL} --retry" in text


@pytest.mark.parametrize("interactive", [True, False])
def test_show_of_a_deal_that_nobody_knows(interactive: bool) -> None:
    bare = deal_view(
        record=None, customer=None, invoice=None, document=None, action=None, events=(), writes=(), xero_link=None,
        note="This ledger has not seen the deal.",
    )  # fmt: skip
    assert "This ledger has not seen the deal." in shown(render_show, bare, interactive=interactive)
    assert json.loads(show_json(bare))["action"] is None


def test_show_tells_when_xero_holds_another_total() -> None:
    text = shown(render_show, deal_view(invoice=replace(LINK, total=Decimal("2000"))))
    assert "Xero holds AUD 2,000.00." in text


@pytest.mark.parametrize("width", [80, 100])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    big = source_line("Crane " * 30, "1234.5678", "98765.4321", "12345.67", "121932631.11", "12193263.11", "C" * 30)
    line = invoice_line("Crane", "1234.5678", "98765.4321", "12345.67", "121932631.11", "12193263.11")
    view = with_draft(
        replace(DRAFT, lines=(line,)),
        document=replace(DOCUMENT, lines=(big,)),
        name="Long name " * 30,
        note="Word " * 60,
    )
    text = shown(render_show, view, width=width)
    assert max(cell_len(row.rstrip()) for row in text.splitlines()) <= width
    for number in ("1,234.5678", "98,765.4321", "12,345.67", "121,932,631.11", "12,193,263.11"):
        assert number in text
    crowded = shown(render_status, status(ledger="sqlite:///" + "x" * 200), width=width)
    assert max(cell_len(row.rstrip()) for row in crowded.splitlines()) <= width


@pytest.mark.parametrize("interactive", [True, False])
def test_bodies_and_keys_are_never_shown(interactive: bool) -> None:
    unknown = write(WriteState.IN_FLIGHT, operation(OperationState.REJECTED, "Account code is not valid"))
    view = deal_view(writes=(unknown,))
    texts = [shown(render_show, view, interactive=interactive), show_json(view), status_json(status())]
    texts.append(shown(render_status, status(), interactive=interactive))
    assert "Account code is not valid" in texts[0]
    assert not [text for text in texts if "canary" in text]


@pytest.mark.parametrize("interactive", [True, False])
def test_hostile_text_is_neutralised(interactive: bool) -> None:
    problem = held_record().problem
    assert problem is not None
    bad = replace(problem, message=HOSTILE, hint=HOSTILE)
    record = replace(held_record(problem=bad), name=HOSTILE, stage=HOSTILE)
    lines = (replace(DOCUMENT.lines[0], product_name=HOSTILE, product_code=HOSTILE),)
    view = deal_view(name=HOSTILE, stage=HOSTILE, note=HOSTILE, record=record, document=replace(DOCUMENT, lines=lines))
    state = status(waiting=(record,), pending=(record,), ledger=HOSTILE, allowances={HOSTILE: HOSTILE})
    for text in (
        shown(render_show, view, width=300, interactive=interactive),
        shown(render_status, state, width=300, interactive=interactive),
    ):
        assert not set(text) & set("\x1b\u202e\u202c")
        assert "Red [bold]loud[/bold] txt break" in text


def test_show_as_json_is_exact() -> None:
    value = json.loads(show_json(deal_view()))
    assert value["document"]["total"] == value["action"]["invoice"]["total"] == "2092.75"
    assert value["document"]["lines"][1] == {
        "product": "Installation", "code": "", "quantity": "7.5", "price": "95.3333", "discount": "12.5",
        "net": "702.5", "tax": "70.25", "taxes": [{"name": "GST", "percent": "10"}],
    }  # fmt: skip
    assert value["action"]["invoice"]["changes"] == [{"field": "Status", "before": "DRAFT", "after": "AUTHORISED"}]
    assert value["events"][0]["at"] == "2026-11-20T01:00:00Z"
    assert value["writes"][0]["operations"][0]["state"] == "applied"
