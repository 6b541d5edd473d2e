"""`resolve --skip` says no more than is true of a deal that Xero may have invoiced."""

from __future__ import annotations

import pytest
from promises import assert_promises
from world_tools import Desk, order


@pytest.mark.parametrize("lost", ["drop_after", "html_502"])
def test_a_deal_is_not_set_aside_while_xero_may_have_its_invoice(desk: Desk, lost: str) -> None:
    job = desk.add(order("job", "Closed Won"))
    desk.fault(lost, method="PUT", path="Invoices")
    desk.fault("status_503", method="GET", path="Invoices", skip=1, times=9)
    desk.sync(code=4)
    desk.box.faults.clear()
    before = desk.ledger.read_bytes()
    said = desk.run("resolve", job, "--skip", code=2).err
    assert "has not answered yet" in said and "zoho-xero-sync sync" in said
    assert desk.ledger.read_bytes() == before
    desk.sync()
    number = str(desk.invoice("job")["InvoiceNumber"])
    assert f"keeps its invoice {number}" in desk.run("resolve", job, "--skip", code=0).out
    assert_promises(desk)
