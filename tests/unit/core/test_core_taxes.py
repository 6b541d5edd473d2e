"""Taxes: what a row's tax amount tells about its taxes, and under which name they are mapped."""

from __future__ import annotations

from decimal import Decimal

import pytest
from core_samples import a_row
from hypothesis import given
from hypothesis import strategies as st

from zoho_xero_sync.core.model import Tax
from zoho_xero_sync.core.taxes import infer_taxes, row_tax, tax_key

D = Decimal
GST, PST, QST = Tax("GST", D(5)), Tax("PST", D(7)), Tax("QST", D("9.975"))
TWIN = Tax("HST old", D(5))
FREE, EXPORT = Tax("GST Free", D(0)), Tax("Export", D(0))


@pytest.mark.parametrize(
    ("taxes", "key"),
    [((), ""), ((GST,), "GST"), ((PST, GST), "GST + PST"), ((GST, PST), "GST + PST"), ((QST, GST), "GST + QST")],
)
def test_several_taxes_are_mapped_by_their_names_in_order(taxes: tuple[Tax, ...], key: str) -> None:
    assert tax_key(taxes) == key


def test_each_tax_of_a_row_is_rounded_before_they_are_added() -> None:
    assert row_tax(D("10.10"), (Tax("A", D("2.5")), Tax("B", D("2.5")))) == D("0.50")
    assert row_tax(D("10.10"), (Tax("A", D(5)),)) == D("0.51")
    assert row_tax(D("-10.00"), (GST,)) == D("-0.50")


CASES = [
    # What the row's net and tax are, the organisation's taxes, what is mapped, what untaxed rows get -> the taxes.
    ("one tax fits", "100", "5", (GST, PST), {"GST": "OUTPUT"}, None, (GST,)),
    ("an unmapped tax is still known", "100", "7", (GST, PST), {"GST": "OUTPUT"}, None, (PST,)),
    ("two together fit", "100", "12", (GST, PST), {}, None, (GST, PST)),
    ("three together fit", "100", "21.98", (GST, PST, QST), {}, None, (GST, PST, QST)),
    ("no tax at all, nothing of zero", "100", "0", (GST, PST), {}, None, ()),
    ("none fits", "100", "6", (GST, PST), {"GST": "OUTPUT"}, None, None),
    ("an amount typed by hand", "100", "4.99", (GST,), {"GST": "OUTPUT"}, None, None),
    ("no taxes in the organisation", "100", "0", (), {}, None, ()),
    ("a tax where there are none", "100", "5", (), {}, None, None),
    ("twins of one type agree", "100", "5", (GST, TWIN), {"GST": "OUTPUT", "HST old": "OUTPUT"}, None, (GST,)),
    ("twins of two types do not", "100", "5", (GST, TWIN), {"GST": "OUTPUT", "HST old": "TAX001"}, None, None),
    ("twins of which one is unmapped", "100", "5", (GST, TWIN), {"GST": "OUTPUT"}, None, None),
    ("zero: free or untaxed, unlike", "100", "0", (GST, FREE), {"GST Free": "EXEMPTOUTPUT"}, None, None),
    ("zero: free or untaxed, alike", "100", "0", (GST, FREE), {"GST Free": "EXEMPTOUTPUT"}, "EXEMPTOUTPUT", ()),
    ("zero: free or untaxed, other", "100", "0", (GST, FREE), {"GST Free": "EXEMPTOUTPUT"}, "NONE", None),
    ("zero: two free ones", "100", "0", (FREE, EXPORT), {"GST Free": "E", "Export": "Z"}, "E", None),
    ("zero: two free ones, alike", "100", "0", (FREE, EXPORT), {"GST Free": "E", "Export": "E"}, "E", ()),
    ("a cent that may be rounded away", "0.04", "0.00", (GST,), {"GST": "OUTPUT"}, "NONE", None),
    ("a cent that may be rounded away, alike", "0.04", "0.00", (GST,), {"GST": "NONE"}, "NONE", ()),
    ("a net of zero tells nothing", "0", "0", (GST, PST), {"GST": "OUTPUT", "PST": "TAX001"}, "NONE", None),
    ("a returned item", "-100", "-5", (GST, PST), {"GST": "OUTPUT"}, None, (GST,)),
    (
        "one or two small ones",
        "1.00",
        "0.12",
        (GST, PST, Tax("Both", D(12))),
        {"Both": "B", "GST + PST": "B"},
        None,
        "any",
    ),
]


@pytest.mark.parametrize(
    ("net", "tax", "organisation", "mapped", "untaxed", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_taxes_are_known_only_when_nothing_else_is_possible(
    net: str,
    tax: str,
    organisation: tuple[Tax, ...],
    mapped: dict[str, str],
    untaxed: str | None,
    expected: tuple[Tax, ...] | str | None,
) -> None:
    found = infer_taxes(a_row(net=D(net), tax=D(tax), taxes=None), organisation, mapped, untaxed)
    if expected == "any":
        assert found is not None and {mapped[tax_key(found)]} == {"B"}
    else:
        assert found == expected


percents = st.sampled_from([D(0), D("2.5"), D(5), D(7), D("9.975"), D(10), D(15), D(20)])
organisations = st.lists(percents, max_size=5).map(
    lambda rates: tuple(Tax(f"T{number}", rate) for number, rate in enumerate(rates))
)
types = st.sampled_from(["OUTPUT", "EXEMPTOUTPUT", "NONE"])


@given(
    st.data(),
    organisations,
    st.decimals(min_value="-50", max_value=500, places=2, allow_nan=False),
    st.one_of(st.none(), types),
)
def test_an_inference_never_ends_in_another_tax_type_than_the_row_s_own(
    data: st.DataObject, organisation: tuple[Tax, ...], net: Decimal, untaxed: str | None
) -> None:
    """Whatever taxes a row really has, what is inferred from its amount maps to the same type, or nothing is."""
    charged = [tax for tax in organisation if tax.percent]
    free = [tax for tax in organisation if not tax.percent]
    real: tuple[Tax, ...] = ()
    if organisation:
        choices = [st.lists(st.sampled_from(charged), max_size=3, unique=True)] if charged else []
        choices += [st.lists(st.sampled_from(free), max_size=1)] if free else []
        real = tuple(data.draw(st.one_of(choices)))
    mapped = {tax.name: data.draw(types) for tax in organisation if data.draw(st.booleans())}
    row = a_row(net=net, tax=row_tax(net, real), taxes=None)
    found = infer_taxes(row, organisation, mapped, untaxed)
    if found is None:
        return
    target = mapped.get(tax_key(found)) if found else untaxed
    really = mapped.get(tax_key(real)) if real else untaxed
    assert target == really
    assert row_tax(net, found) == row.tax
