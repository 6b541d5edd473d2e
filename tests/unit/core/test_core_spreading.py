"""Spreading a discount: the sum is exact, no line changes its sign, and the tax fits wherever cents can make it fit."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoho_xero_sync.core.money import rounded
from zoho_xero_sync.core.spreading import fitting_nets, shares

D = Decimal
CENT = D("0.01")


@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [
        ("10", ["100", "100"], ["5.00", "5.00"]),
        ("10", ["100", "100", "100"], ["3.34", "3.33", "3.33"]),
        ("0.01", ["1", "2", "3"], ["0.00", "0.00", "0.01"]),
        ("0.02", ["1", "1", "1"], ["0.01", "0.01", "0.00"]),
        ("5", ["0", "50"], ["0.00", "5.00"]),
        ("10", ["150", "-50"], ["15.00", "-5.00"]),
        ("33.33", ["33.33"], ["33.33"]),
        ("0", ["0", "0"], ["0", "0"]),
        ("0", ["10", "5"], ["0", "0"]),
        ("100.01", ["66.67", "33.34"], ["66.67", "33.34"]),
    ],
)
def test_shares_by_largest_remainder(total: str, weights: list[str], expected: list[str]) -> None:
    assert [str(share) for share in shares(D(total), [D(weight) for weight in weights])] == expected


@pytest.mark.parametrize(
    ("total", "weights"), [("1", ["0.5"]), ("-1", ["5"]), ("0.005", ["1"]), ("1", ["1.005"]), ("1", []), ("1", ["0"])]
)
def test_what_cannot_be_spread_is_refused(total: str, weights: list[str]) -> None:
    with pytest.raises(ValueError, match=r"cannot be spread|whole cents"):
        shares(D(total), [D(weight) for weight in weights])


weights_of_cents = st.lists(st.integers(-5_000, 200_000).map(lambda cents: cents * CENT), min_size=1, max_size=20)


@given(weights_of_cents, st.data())
def test_shares_sum_exactly_and_keep_every_line_s_sign(weights: list[Decimal], data: st.DataObject) -> None:
    whole = sum(weights, D(0))
    if whole < 0:
        return
    total = data.draw(st.integers(0, int(whole * 100))) * CENT
    found = shares(total, weights)
    assert sum(found, D(0)) == total
    assert found == shares(total, weights)
    for share, weight in zip(found, weights, strict=True):
        assert abs(share) <= abs(weight) and share * weight >= 0
        assert whole == 0 or abs(share - total * weight / whole) < CENT


rates = st.sampled_from([D(0), D("2.5"), D(5), D("8.625"), D(10), D("12.5"), D(15), D(20), D(50)])


@given(st.lists(st.tuples(st.integers(-300, 30_000), rates), min_size=1, max_size=8), st.data())
def test_nets_come_to_their_grosses_wherever_cents_allow(lines: list[tuple[int, Decimal]], data: st.DataObject) -> None:
    nets, percents = [cents * CENT for cents, _ in lines], [rate for _, rate in lines]
    grosses = [_gross(net, rate) for net, rate in zip(nets, percents, strict=True)]
    if sum(grosses, D(0)) <= 0:
        return
    discount = data.draw(st.integers(0, int(sum(grosses, D(0)) * 100))) * CENT
    wanted = [gross - share for gross, share in zip(grosses, shares(discount, grosses), strict=True)]
    found = fitting_nets(nets, percents, wanted)
    reached = [_gross(net, rate) for net, rate in zip(found, percents, strict=True)]
    missing = sum(wanted, D(0)) - sum(reached, D(0))
    assert abs(missing) <= CENT
    assert all(abs(now) <= abs(net) and now * net >= 0 for now, net in zip(found, nets, strict=True))
    # A line that bears no tax takes any cent that has room on it.
    free = [index for index, rate in enumerate(percents) if not rate and abs(found[index]) not in (0, abs(nets[index]))]
    assert not missing or not free
    assert not missing or not _one_cent_would_do(nets, percents, found, missing)


def _gross(net: Decimal, rate: Decimal) -> Decimal:
    return net + rounded(net * rate / 100)


def _one_cent_would_do(
    nets: list[Decimal], percents: list[Decimal], found: tuple[Decimal, ...], missing: Decimal
) -> bool:
    """Whether moving one line, or one up and another down, by a cent makes what is missing."""
    moves: list[tuple[int, Decimal]] = []
    for index, step in product(range(len(found)), (CENT, -CENT)):
        after = found[index] + step
        if min(D(0), nets[index]) <= after <= max(D(0), nets[index]):
            moves.append((index, _gross(after, percents[index]) - _gross(found[index], percents[index])))
    singles = any(gain == missing for _, gain in moves)
    return singles or any(a + b == missing for (i, a), (j, b) in product(moves, moves) if i != j)


def test_a_gross_that_no_net_has_stays_a_cent_short() -> None:
    """At 10 %, 0.05 bears 0.01 and 0.04 bears none: no net comes to 0.05 of gross."""
    assert fitting_nets([D("0.05")], [D(10)], [D("0.05")]) == (D("0.04"),)
    assert fitting_nets([D("0.05"), D("0.10")], [D(10), D(0)], [D("0.05"), D("0.09")]) == (D("0.04"), D("0.10"))
    assert fitting_nets([], [], []) == ()
