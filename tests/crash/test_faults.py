"""docs/faults.md is whole and current, and a thin slice of it is played in every run of the tests."""

from __future__ import annotations

from pathlib import Path

from fault_matrix import MODES, PAGE, REQUESTS, Cell, open_bench, page, parse

from zoho_xero_sync.sandbox.faults import KINDS

HOW_TO = "make it anew: python tests/crash/fault_matrix.py"
SLICE = (
    ("zoho", "the quotes", "refuse_before", "once"),
    ("xero", "**new invoices**", "status_500_before", "while it lasts"),
)


def test_the_page_shows_every_cell_and_every_fault() -> None:
    text = PAGE.read_text(encoding="utf-8")
    cells = parse(text)
    assert set(cells) == {Cell(request, kind, mode) for request in REQUESTS for kind in KINDS for mode in MODES}, HOW_TO
    assert page(cells) == text, HOW_TO


def test_no_fault_ends_in_anything_but_done() -> None:
    cells = parse(PAGE.read_text(encoding="utf-8"))
    assert {codes[-1] for codes in cells.values()} == {0}
    assert {code for codes in cells.values() for code in codes[:-1]} <= {4, 12}


def test_a_slice_of_the_page_is_what_happens(tmp_path: Path) -> None:
    cells = parse(PAGE.read_text(encoding="utf-8"))
    named = {(request.service, request.name): request for request in REQUESTS}
    with open_bench(tmp_path) as bench:
        for service, name, kind, mode in SLICE:
            request = named[service, name]
            assert bench.play([request], kind, mode) == cells[Cell(request, kind, mode)], (name, kind, mode, HOW_TO)
