"""docs/life.md says what the planner does."""

from __future__ import annotations

from life_page import PAGE, page

from zoho_xero_sync.core.life import TABLE, Do, value_of
from zoho_xero_sync.core.problems import CODES
from zoho_xero_sync.core.rules import WhenRules


def test_the_page_is_printed_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "print a new one: python tests/guards/life_page.py"


def test_every_cell_can_be_decided_and_explained() -> None:
    for cell in TABLE.values():
        assert value_of(cell.key, WhenRules()) in cell.deeds
        assert all((deed.code in CODES) is (deed.do is Do.HOLD) for deed in cell.deeds.values())
