"""The progress bar: for a person at a terminal, during long work, and gone afterwards."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from zoho_xero_sync.render.progress import Progress


def drawn(calls: list[tuple[str, int, int]], *, terminal: bool = True, interactive: bool | None = None) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=terminal, color_system=None)
    with Progress(console, interactive=interactive) as progress:
        for call in calls:
            progress(*call)
    return stream.getvalue()


def test_long_work_shows_a_bar_and_takes_it_away() -> None:
    text = drawn([("invoices", 50, 1000), ("invoices", 100, 1000)])
    assert "Invoices" in text
    assert "100/1000" in text
    assert text.rstrip().endswith("\x1b[2K")


@pytest.mark.parametrize(
    ("calls", "terminal", "interactive"),
    [
        ([("invoices", 50, 1000)], False, None),
        ([("invoices", 50, 1000)], True, False),
        ([("invoices", 7, 7)], True, None),
        ([("recovering", 1, 1)], True, None),
        ([("nothing", 0, 0)], True, None),
        ([], True, None),
    ],
    ids=["not a terminal", "not interactive", "one batch", "one write", "no work", "no report"],
)
def test_otherwise_not_a_byte(calls: list[tuple[str, int, int]], terminal: bool, interactive: bool | None) -> None:
    assert drawn(calls, terminal=terminal, interactive=interactive) == ""


def test_each_kind_of_work_has_its_own_bar() -> None:
    text = drawn([("contacts", 60, 120), ("contacts", 120, 120), ("invoices", 50, 1000)])
    assert "Contacts" in text
    assert "Invoices" in text


def test_names_cannot_steer_the_terminal() -> None:
    assert "\x1b[31m" not in drawn([("\x1b[31mred [bold]x[/bold]", 1, 2)])


def test_the_bar_is_taken_away_when_the_work_fails() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=True, color_system=None)
    with pytest.raises(RuntimeError, match="cut"), Progress(console) as progress:
        progress("invoices", 50, 1000)
        raise RuntimeError("cut")
    assert stream.getvalue().rstrip().endswith("\x1b[2K")
