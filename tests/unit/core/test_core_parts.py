"""A deal that is billed in two: what each stage asks for, which invoice is the newest, which shares go together."""

from __future__ import annotations

from decimal import Decimal

import pytest
from core_samples import a_link

from zoho_xero_sync.core.model import InvoiceLink, InvoiceStatus
from zoho_xero_sync.core.parts import Billing, billing, link_of, newest, others, share_text, shares_trouble
from zoho_xero_sync.core.rules import InvoiceChoice, Share, StageRule

DRAFT, AUTHORISED = InvoiceStatus.DRAFT, InvoiceStatus.AUTHORISED
HALF = Decimal(50)
SHARE = a_link(invoice_id="s", number="INV-0001")
REST = a_link(invoice_id="r", number="INV-0002", part=2)
NO_SHARE = a_link(invoice_id="t", number="INV-0003", live=False)
NO_REST = a_link(invoice_id="u", number="INV-0004", part=2, live=False)


def rule(
    stage: str, share: Share | None = None, invoice: InvoiceChoice = "authorised", at: str | None = None
) -> StageRule:
    return StageRule((stage,), invoice, at, share=share)


@pytest.mark.parametrize(
    ("asking", "links", "asked"),
    [
        (rule("A", invoice="none"), [], None),
        (rule("A", invoice="none"), [SHARE, REST], None),
        (rule("A"), [], Billing(1, None, AUTHORISED)),
        (rule("A", invoice="draft"), [SHARE], Billing(1, None, DRAFT)),
        (rule("A", HALF), [], Billing(1, HALF, AUTHORISED)),
        (rule("A", HALF), [SHARE], Billing(1, HALF, AUTHORISED)),
        (rule("B", "remainder"), [], Billing(2, "remainder", AUTHORISED)),
        (rule("B", "remainder", "draft"), [SHARE, REST], Billing(2, "remainder", DRAFT)),
        # Back in the earlier stage: the remainder stays what the deal is about, and is not approved there.
        (rule("A", HALF), [SHARE, REST], Billing(2, "remainder", DRAFT)),
        (rule("A", HALF), [REST], Billing(2, "remainder", DRAFT)),
        # One that was ended counts for nothing: the deal begins with its share again.
        (rule("A", HALF), [NO_SHARE, NO_REST], Billing(1, HALF, AUTHORISED)),
        (rule("A", HALF), [SHARE, NO_REST], Billing(1, HALF, AUTHORISED)),
        # The rules bill whole again, and the deal was billed in two by then.
        (rule("A"), [SHARE, REST], Billing(2, "remainder", AUTHORISED)),
    ],
)
def test_what_a_stage_asks_to_be_billed(asking: StageRule, links: list[InvoiceLink], asked: Billing | None) -> None:
    assert billing(asking, links) == asked


@pytest.mark.parametrize(
    ("links", "last", "beside"),
    [
        ([], None, ()),
        ([SHARE], SHARE, ()),
        ([SHARE, REST], REST, (SHARE,)),
        ([REST, SHARE], REST, (SHARE,)),
        ([SHARE, NO_REST], SHARE, ()),
        ([NO_SHARE, REST], REST, ()),
        ([NO_SHARE, NO_REST], NO_REST, ()),
        ([NO_SHARE], NO_SHARE, ()),
    ],
)
def test_the_newest_and_the_others(
    links: list[InvoiceLink], last: InvoiceLink | None, beside: tuple[InvoiceLink, ...]
) -> None:
    assert newest(links) == last
    assert others(links, last) == beside
    assert others(links, None) == tuple(link for link in links if link.live)


def test_the_invoice_of_a_part() -> None:
    assert (link_of([SHARE, REST], 1), link_of([SHARE, REST], 2), link_of([SHARE], 2)) == (SHARE, REST, None)


@pytest.mark.parametrize(
    ("rules", "trouble"),
    [
        ([], None),
        ([rule("A"), rule("B")], None),
        ([rule("A", HALF), rule("B", "remainder")], None),
        ([rule("A", HALF, "draft"), rule("B", HALF), rule("C", "remainder")], None),
        ([rule("A", invoice="none"), rule("B", HALF), rule("C", "remainder")], None),
        ([rule("A", HALF)], "bill a share of a deal and never its remainder."),
        ([rule("A", "remainder")], "bill the remainder and no share of a deal."),
        ([rule("A", HALF), rule("B", Decimal(30))], "bill a share of a deal and never its remainder."),
        ([rule("A", HALF), rule("B", Decimal(30)), rule("C", "remainder")], "bill several shares of a deal."),
        ([rule("A", HALF), rule("B")], "bill a share of a deal in one stage and the whole of it in another."),
        ([rule("A"), rule("B", "remainder")], "bill a share of a deal in one stage and the whole of it in another."),
        # What a rule without an invoice says of shares bills nothing.
        ([rule("A", HALF, "none"), rule("B", "remainder")], "bill the remainder and no share of a deal."),
        # A deal meets the rules of its own pipeline, and those for any.
        ([rule("A", HALF, at="P"), rule("B", "remainder", at="P"), rule("A", at="Q")], None),
        ([rule("A", HALF, at="P"), rule("B", "remainder", at="P"), rule("A"), rule("B")], None),
        ([rule("A", HALF, at="P"), rule("A", Decimal(30)), rule("B", "remainder")], None),
        (
            [rule("A", HALF, at="P"), rule("B", "remainder", at="Q")],
            "bill a share of a deal in the pipeline P and never its remainder.",
        ),
        (
            [rule("A", HALF, at="P"), rule("B", "remainder", at="P"), rule("C")],
            "bill a share of a deal in the pipeline P in one stage and the whole of it in another.",
        ),
        (
            [rule("A", HALF), rule("B", Decimal(30), at="P"), rule("B", "remainder"), rule("C", "remainder")],
            "bill several shares of a deal in the pipeline P.",
        ),
    ],
)
def test_which_shares_go_together(rules: list[StageRule], trouble: str | None) -> None:
    assert shares_trouble(rules) == trouble


@pytest.mark.parametrize(
    ("share", "said"),
    [(Decimal("30"), "30%"), (Decimal("33.30"), "33.3%"), (Decimal("0.01"), "0.01%"), ("remainder", "remainder")],
)
def test_a_share_in_words(share: Share, said: str) -> None:
    assert share_text(share) == said
