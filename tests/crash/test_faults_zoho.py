"""docs/faults.md, its table of requests to Zoho, is what happens."""

from __future__ import annotations

from pathlib import Path

import pytest
from fault_matrix import differences

from zoho_xero_sync.sandbox.faults import KINDS

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_ends_as_the_page_says(kind: str, tmp_path: Path) -> None:
    assert not differences("zoho", kind, tmp_path), "make it anew: python tests/crash/fault_matrix.py"
