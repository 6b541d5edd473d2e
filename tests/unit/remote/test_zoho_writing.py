"""Fields and notes of deals: exact figures, an answer for each record, and no automation of the organisation's own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from remote_tools import ZohoBench

from zoho_xero_sync.core.new_fields import field_for
from zoho_xero_sync.core.write_back import Note, Written
from zoho_xero_sync.errors import LoginError, RemoteError
from zoho_xero_sync.remote.zoho.new_fields import create_fields
from zoho_xero_sync.remote.zoho.writing import add_notes, update_deals

GONE = "5725767000000000009"


@pytest.fixture
def bench() -> ZohoBench:
    """Two deals, and fields to write to."""
    fields = {"Sum": "currency", "Paid": "date", "No": {"type": "text", "length": 10}}
    deals = [{"key": key, "Deal_Name": key, "Stage": "Proposal"} for key in ("one", "two")]
    return ZohoBench({"fields": {"Deals": fields}, "deals": deals})


def test_every_record_has_its_own_answer(bench: ZohoBench) -> None:
    one, two = bench.id("Deals", "one"), bench.id("Deals", "two")
    changes = [
        (one, {"Sum": Decimal("1234.50"), "Paid": "2026-11-20", "No": "INV-1"}),
        (GONE, {"No": "INV-2"}),
        (two, {"No": "a number too long"}),
    ]
    good, gone, bad = update_deals(bench.client, changes, None)
    deal = bench.state.find("Deals", "one")
    assert (deal["Sum"], deal["Paid"], deal["No"]) == (Decimal("1234.50"), "2026-11-20", "INV-1")
    assert (good.modified_at, good.problem) == (datetime.fromisoformat(deal["Modified_Time"]), None)
    assert (gone.gone, gone.problem) == (True, None)
    assert bad.problem is not None
    assert bad.problem.startswith("INVALID_DATA (No)")
    assert bench.state.workflow_runs == 0


def test_a_record_that_was_modified_since_is_left_as_it_is(bench: ZohoBench) -> None:
    one, two = bench.id("Deals", "one"), bench.id("Deals", "two")
    read_at = bench.state.now()
    bench.clock.advance(seconds=1)
    bench.state.update("Deals", "one", {"No": "theirs"})
    changed, good = update_deals(bench.client, [(one, {"No": "ours"}), (two, {"No": "ours"})], read_at)
    assert changed == Written(changed=True)
    assert (good.changed, good.problem) == (False, None)
    assert [bench.state.find("Deals", key)["No"] for key in ("one", "two")] == ["theirs", "ours"]


def test_a_field_is_emptied(bench: ZohoBench) -> None:
    one = bench.id("Deals", "one")
    update_deals(bench.client, [(one, {"Paid": "2026-11-20"})], None)
    update_deals(bench.client, [(one, {"Paid": None})], None)
    assert bench.state.find("Deals", "one").get("Paid") is None


def test_notes(bench: ZohoBench) -> None:
    one = bench.id("Deals", "one")
    said = Note("T" * 200, "Invoice INV-1 – 396.00 AUD")
    good, gone = add_notes(bench.client, [(one, said), (GONE, said)])
    assert (good.problem, good.gone, good.answered) == (None, False, True)
    assert gone == Written(gone=True)
    (note,) = bench.state.notes("Deals", one)
    assert (len(note["Note_Title"]), note["Note_Content"]) == (120, said.text)


def test_a_login_that_is_refused_writes_nothing(bench: ZohoBench) -> None:
    bench.state.oauth.set_scopes(("ZohoCRM.modules.READ",))
    with pytest.raises(LoginError, match="what was written to Deals"):
        update_deals(bench.client, [(bench.id("Deals", "one"), {"No": "1"})], None)
    assert bench.state.find("Deals", "one").get("No") is None


def test_fields_are_made_under_the_names_they_should_have(bench: ZohoBench) -> None:
    keys = {"number": "Xero_Invoice_No", "status": "Xero_Status", "total": "Xero_Total", "due": "Xero_Due"}
    keys |= {"link": "Xero_Page", "paid_on": "Xero_Paid_On"}
    create_fields(bench.client, [field_for(key, name) for key, name in keys.items()])
    assert set(keys.values()) <= set(bench.state.schema["Deals"].fields)
    assert [path for method, path, _ in bench.wire.asked if method == "POST"] == ["/crm/v8/settings/fields"] * 2
    with pytest.raises(RemoteError, match="DUPLICATE_DATA"):
        create_fields(bench.client, [field_for("due", "Xero_Due")])
