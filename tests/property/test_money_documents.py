"""Any document Zoho builds is invoiced to the cent, or its difference is named to the cent: thousands of them."""

from __future__ import annotations

import os
from collections import Counter
from decimal import Decimal
from random import Random

import pytest
from generated_documents import REGIMES, cases
from pricing_proof import floats_in, judge, judge_in_two, price

from zoho_xero_sync.core.fingerprint import canonical, canonical_json
from zoho_xero_sync.core.model import InvoiceDraft
from zoho_xero_sync.core.proof import Cause

COUNT = int(os.environ.get("ZXS_DOCUMENTS", "1500"))


def test_no_document_differs_in_silence() -> None:
    outcomes: Counter[str] = Counter()
    regimes: set[str] = set()
    for case in cases(seed=20261120, count=COUNT):
        found = price(case)
        outcomes[judge(case, found)] += 1
        regimes.add(case.regime)
    assert regimes == {regime.name for regime in REGIMES}
    assert outcomes["exact"] > COUNT / 2 and outcomes["exact, with a rounding line"]
    assert _causes(outcomes) == {cause.name.lower() for cause in Cause} - {Cause.HEADER_TAX.name.lower()}


def _causes(outcomes: Counter[str]) -> set[str]:
    named = [outcome.removeprefix("mismatch: ") for outcome in outcomes if outcome.startswith("mismatch: ")]
    return {cause for outcome in named for cause in outcome.split(" and ")}


def test_any_document_is_billed_in_two_to_the_cent() -> None:
    outcomes: Counter[str] = Counter()
    random = Random(20261122)
    for case in cases(seed=20261122, count=COUNT):
        found = price(case)
        if isinstance(found, InvoiceDraft):
            percent = Decimal(random.choice((1, 3000, 3333, 5000, 9999, random.randint(1, 9999)))) / 100
            outcomes[judge_in_two(case, found, percent)] += 1
    assert outcomes["in two"] > COUNT / 2


def test_a_draft_s_canonical_form_is_its_own_canonical_form() -> None:
    for case in cases(seed=7, count=100):
        found = price(case)
        form = canonical(found)
        assert canonical(form) == form
        assert canonical_json(form) == canonical_json(found) == canonical_json(price(case))


@pytest.mark.parametrize("value", [1.0, (1, (2.5,)), {"a": [0.1]}])
def test_a_float_is_found_wherever_it_is(value: object) -> None:
    """The walk that proves there is no float on the path of money must be able to find one."""
    assert floats_in(value)


def test_no_float_is_on_the_path_of_money() -> None:
    for case in cases(seed=11, count=100):
        found = price(case)
        assert not floats_in(case.document) and not floats_in(case.setting) and not floats_in(found)
        assert not isinstance(found, InvoiceDraft) or found.lines
