"""A document's own discount spread over its lines: cents in proportion, and net amounts whose tax still fits."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from zoho_xero_sync.core.money import rounded

_CENT = Decimal("0.01")
_ZERO = Decimal(0)


def shares(total: Decimal, weights: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """`total` in proportion to the weights, in whole cents by largest remainder; the sum is exactly `total`.

    No share is larger than its weight or of the other sign. Raises ValueError unless 0 <= total <= sum of the
    weights, all of them whole cents.
    """
    cents, parts = _cents(total), [_cents(weight) for weight in weights]
    whole = sum(parts)
    if not 0 <= cents <= whole:
        raise ValueError(f"{total} cannot be spread over {sum(weights, _ZERO)}")
    if not cents:
        return tuple(_ZERO for _ in parts)
    found = [cents * part // whole for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda index: (-(cents * parts[index] % whole), index))
    for index in by_remainder[: cents - sum(found)]:
        found[index] += 1
    return tuple(share * _CENT for share in found)


def _cents(value: Decimal) -> int:
    if value != rounded(value):
        raise ValueError(f"{value} is not a number of whole cents")
    return int(value.scaleb(2))


def fitting_nets(nets: Sequence[Decimal], rates: Sequence[Decimal], grosses: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """For each line a net that with its tax (`rates`, in percent) comes to its gross, or as near as cents allow.

    Their sum is the sum of the grosses wherever moving single cents can make it so. No net is further from zero than
    the one in `nets`, nor of the other sign.
    """
    found = [_highest_net(gross, rate, net) for net, rate, gross in zip(nets, rates, grosses, strict=True)]
    reached = [_gross(net, rate) for net, rate in zip(found, rates, strict=True)]
    short = [gross - got for gross, got in zip(grosses, reached, strict=True)]
    balance = _Balance(nets, rates, found, sum(short, _ZERO))
    balance.settle(sorted(range(len(found)), key=lambda index: (-abs(short[index]), index)))
    return tuple(balance.found)


def _gross(net: Decimal, rate: Decimal) -> Decimal:
    return net + rounded(net * rate / 100)


def _highest_net(gross: Decimal, rate: Decimal, cap: Decimal) -> Decimal:
    """The net furthest from zero, and not beyond `cap`, whose gross is not beyond `gross`."""
    step = _CENT.copy_sign(gross)
    net = min(rounded(gross * 100 / (100 + rate)), cap, key=abs)
    while abs(_gross(net, rate)) > abs(gross):
        net -= step
    return net


class _Balance:
    """Nets being moved by single cents until nothing is `missing` from their grosses."""

    def __init__(
        self, caps: Sequence[Decimal], rates: Sequence[Decimal], found: list[Decimal], missing: Decimal
    ) -> None:
        self._caps, self._rates = caps, rates
        self.found, self.missing = found, missing

    def settle(self, order: Sequence[int]) -> None:
        """Move lines in this order; what no whole cents can make stays missing."""
        moved = True
        while self.missing and moved:
            moved = False
            for index in order:
                gain = self._gain(index, self.missing)
                if gain and abs(gain) <= abs(self.missing):
                    self._move(index, self.missing)
                    moved = True
        if self.missing:
            self._exchange(order)

    def _gain(self, index: int, wanted: Decimal) -> Decimal:
        """What one cent towards `wanted` on this line adds to the gross; zero where the line may not move."""
        before = self.found[index]
        after = before + _CENT.copy_sign(wanted)
        cap = self._caps[index]
        if not min(_ZERO, cap) <= after <= max(_ZERO, cap):
            return _ZERO
        return _gross(after, self._rates[index]) - _gross(before, self._rates[index])

    def _move(self, index: int, wanted: Decimal) -> None:
        self.missing -= self._gain(index, wanted)
        self.found[index] += _CENT.copy_sign(wanted)

    def _exchange(self, order: Sequence[int]) -> None:
        """One line a cent up and another a cent down, where the two together add what is missing."""
        wanted = self.missing
        for up in order:
            rise = self._gain(up, wanted)
            for down in order:
                if rise and down != up and rise + self._gain(down, -wanted) == wanted:
                    self._move(up, wanted)
                    self._move(down, -wanted)
                    return
