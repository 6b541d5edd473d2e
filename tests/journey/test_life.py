"""Life of one invoice."""

from __future__ import annotations

from promises import assert_promises
from world_tools import Desk, actions, order


def test_first(desk: Desk) -> None:
    desk.add(order("roof"))
    desk.sync()
    desk.move("roof", "Confirmed")
    report = desk.sync()
    assert actions(desk, report) == {"roof": "create"}
    assert_promises(desk)
