"""`stages[].share`: what a rule may say, and which shares go together for the deals of one pipeline."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from zoho_xero_sync.config import load_config
from zoho_xero_sync.core.rules import Share
from zoho_xero_sync.errors import ConfigError

ADVICE = "Give each rule that invoices a share: one percentage, such as 30%, then remainder."
NO_SHARE = (
    "4: stages[0].share: is neither a percentage below 100, with two decimals at most, nor remainder. "
    "Write 30% or remainder."
)


def written(*rules: str) -> str:
    """A configuration with these rules, the first one in line 4; a rule is stage, share, and what else it says."""
    return "\n".join(["version: 1", "", "stages:", *(f"  - {{{rule}}}" for rule in rules)]) + "\n"


def read(directory: Path, *rules: str) -> list[Share | None]:
    (directory / "config.yaml").write_text(written(*rules), encoding="utf-8")
    return [rule.share for rule in load_config(None, environ={}, cwd=directory).rules.stages]


def problems(directory: Path, *rules: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(directory, *rules)
    return [line.removeprefix("config.yaml:").strip() for line in str(caught.value).splitlines()]


def billing(stage: str, share: str | None = None, more: str = "invoice: authorised") -> str:
    return f"stage: {stage}, {more}" + (f", share: {share}" if share is not None else "")


@pytest.mark.parametrize(
    ("said", "percent"),
    [
        ("30%", "30"),
        ('"30 %"', "30"),
        ("30 %", "30"),
        ("33.33%", "33.33"),
        ("0.01%", "0.01"),
        ("99.99%", "99.99"),
        ("07.5%", "7.5"),
    ],
)
def test_a_percentage_is_read_exactly(tmp_path: Path, said: str, percent: str) -> None:
    assert read(tmp_path, billing("Confirmed", said), billing("Won", "remainder")) == [Decimal(percent), "remainder"]


@pytest.mark.parametrize(
    "said",
    ["0%", "0.00%", "100%", "100.00%", "30", "0.3", "thirty", "-30%", "33.333%", "30%%", "1e1%", "3 0%", "rest",
     "[30%]", "''", "true", "٣٠%"],
)  # fmt: skip
def test_what_is_no_share(tmp_path: Path, said: str) -> None:
    assert NO_SHARE in problems(tmp_path, billing("Confirmed", said), billing("Won", "remainder"))


def test_no_share_is_the_whole(tmp_path: Path) -> None:
    assert read(tmp_path, billing("Confirmed"), billing("Won", "null")) == [None, None]


NOTHING = "4: stages[0].share: has nothing to bill: this rule makes no invoice. Set invoice, or remove it."
TOGETHER = [
    pytest.param([billing("A", "30%"), billing("B", "remainder")], None, id="a share, then the remainder"),
    pytest.param([billing("B", "remainder"), billing("A", "30%")], None, id="whichever stands first"),
    pytest.param(
        [billing("A", "30%", "invoice: draft"), billing("B", "30%"), billing("C", "remainder")],
        None,
        id="two stages of the same share",
    ),
    pytest.param(
        [billing("A", "30%"), billing("B", "remainder", "invoice: draft"), billing("C", "remainder")],
        None,
        id="two stages of the remainder",
    ),
    pytest.param(
        [billing("L", more="invoice: none"), billing("A", "30%"), billing("B", "remainder")],
        None,
        id="a customer only beside them",
    ),
    pytest.param(
        [billing("A", "30%"), billing("B")],
        f"4: stages: bill a share of a deal in one stage and the whole of it in another. {ADVICE}",
        id="a share, then the whole",
    ),
    pytest.param(
        [billing("A", "30%"), billing("B", "remainder"), billing("C")],
        f"4: stages: bill a share of a deal in one stage and the whole of it in another. {ADVICE}",
        id="the whole beside both",
    ),
    pytest.param(
        [billing("A", "30%")],
        f"4: stages: bill a share of a deal and never its remainder. {ADVICE}",
        id="a share alone",
    ),
    pytest.param(
        [billing("A", "remainder")],
        f"4: stages: bill the remainder and no share of a deal. {ADVICE}",
        id="the remainder alone",
    ),
    pytest.param(
        [billing("A", "30%"), billing("B", "40%"), billing("C", "remainder")],
        f"4: stages: bill several shares of a deal. {ADVICE}",
        id="two percentages",
    ),
    pytest.param([billing("A", "30%", "invoice: none"), billing("B")], NOTHING, id="a share of no invoice"),
    pytest.param([billing("A", "remainder", "invoice: none"), billing("B")], NOTHING, id="the remainder of no invoice"),
    pytest.param(
        [
            billing("A", "30%", "pipeline: P, invoice: draft"),
            billing("B", "remainder", "pipeline: P, invoice: draft"),
            billing("A", "50%", "pipeline: Q, invoice: draft"),
            billing("B", "remainder", "pipeline: Q, invoice: draft"),
            billing("A", None, "pipeline: R, invoice: draft"),
        ],
        None,
        id="each pipeline its own",
    ),
    pytest.param(
        [
            billing("A", "30%", "pipeline: P, invoice: draft"),
            billing("A", "50%", "pipeline: Q, invoice: draft"),
            billing("B", "remainder"),
        ],
        f"4: stages: bill the remainder and no share of a deal. {ADVICE}",
        id="in any other pipeline the remainder alone",
    ),
    pytest.param(
        [
            billing("A", "30%", "pipeline: P, invoice: draft"),
            billing("B", "remainder", "pipeline: P, invoice: draft"),
            billing("C", None, "invoice: draft"),
        ],
        f"4: stages: bill a share of a deal in the pipeline P in one stage and the whole of it in another. {ADVICE}",
        id="the whole in every pipeline",
    ),
    pytest.param(
        [
            billing("A", "30%", "pipeline: P, invoice: draft"),
            billing("B", "remainder", "pipeline: P, invoice: draft"),
            billing("A"),
            billing("B"),
        ],
        None,
        id="the whole in every other pipeline",
    ),
]


@pytest.mark.parametrize(("rules", "problem"), TOGETHER)
def test_which_shares_go_together(tmp_path: Path, rules: list[str], problem: str | None) -> None:
    if problem is None:
        assert len(read(tmp_path, *rules)) == len(rules)
    else:
        assert problems(tmp_path, *rules) == [problem]
