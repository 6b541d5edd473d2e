"""A dry run says what Zoho would be told: what the sync after it writes into the deals, and what it adds to them."""

from __future__ import annotations

import shutil
from decimal import Decimal

import pytest
from share_tools import CONFIRMED, LINES, WON
from world_tools import Desk, OpenDesk, Record, line_of, order, problem_codes
from write_back_tools import FIELDS, fields, puts, told

PAGE = "https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID="


def previewed(desk: Desk, *argv: str, code: int = 0) -> Record:
    """The report of a dry run that left no trace."""
    files, zoho = desk.files(), desk.box.zoho.snapshot()["modules"]
    with desk.nothing_sent():
        report = desk.sync("--dry-run", *argv, code=code)
    assert (desk.files(), desk.box.zoho.snapshot()["modules"]) == (files, zoho)
    return report


def foretold(desk: Desk, deal: str) -> set[str]:
    """What a dry run says that this deal would be told, and no other."""
    (note,) = previewed(desk)["notes"]
    start = f"Zoho would be told in deal {deal}: "
    assert note.startswith(start)
    return set(note.removeprefix(start).split("; "))


def page(invoice: Record) -> str:
    """The invoice's page in Xero."""
    return f"{PAGE}{invoice['InvoiceID']}"


def test_a_payment(desk_of: OpenDesk) -> None:
    desk = told(desk_of)
    job = desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.box.xero.pay(str(desk.invoice("job")["InvoiceID"]), "396.00")
    desk.wait(minutes=16)
    today = desk.box.clock.now().date().isoformat()
    said = {"Xero_Status AUTHORISED → PAID", "Xero_Due 396 → 0", f"Xero_Paid_On (none) → {today}"}
    assert foretold(desk, job) == said
    before = puts(desk)
    desk.sync()
    assert puts(desk) == before + 1
    assert previewed(desk)["notes"] == []


def test_an_edit_of_the_total_in_xero(desk_of: OpenDesk) -> None:
    desk = told(desk_of)
    job = desk.add(order("job", "Confirmed"))
    desk.sync()
    line = {"Description": "More", "Quantity": 1, "UnitAmount": "500.00", "AccountCode": "200", "TaxType": "OUTPUT"}
    desk.box.xero.edit_invoice(str(desk.invoice("job")["InvoiceID"]), {"LineItems": [line]})
    desk.wait(minutes=16)
    said = foretold(desk, job)
    desk.sync()
    assert said == {"Xero_Total 396 → 550", "Xero_Due 396 → 550"}
    assert (fields(desk)["total"], fields(desk)["due"]) == (Decimal(550), Decimal(550))


def test_a_void(desk_of: OpenDesk) -> None:
    desk = told(desk_of, when={"leaves_stages": "void"})
    job = desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.move("job", "Closed Lost")
    assert foretold(desk, job) == {"Xero_Status AUTHORISED → VOIDED", "Xero_Due 396 → 0"}
    desk.sync()
    assert (fields(desk)["status"], fields(desk)["due"]) == ("VOIDED", Decimal(0))


def test_an_adoption_after_an_old_backup(desk_of: OpenDesk) -> None:
    desk = told(desk_of, when={"leaves_stages": "void"})
    job = desk.add(order("job", "Closed Won"))
    desk.sync()
    first = desk.invoice("job")
    desk.move("job", "Closed Lost")
    desk.sync()
    backup = desk.folder / "backup.db"
    shutil.copy(desk.ledger, backup)
    desk.move("job", "Closed Won")
    desk.sync()
    backup.replace(desk.ledger)
    desk.ledger.chmod(0o600)
    second = desk.invoice("job")
    assert line_of(previewed(desk), job)["action"] == "adopt"
    assert foretold(desk, job) == {
        f"Xero_No {first['InvoiceNumber']} → {second['InvoiceNumber']}",
        "Xero_Status VOIDED → AUTHORISED",
        "Xero_Due 0 → 396",
        f"Xero_Link {page(first)} → {page(second)}",
    }
    desk.sync()
    assert (fields(desk)["number"], fields(desk)["link"]) == (second["InvoiceNumber"], page(second))


def test_a_field_that_is_not_there(desk_of: OpenDesk) -> None:
    desk = told(desk_of, write_back={"status": "Xero_State"})
    desk.add(order("job", "Closed Won"))
    preview = previewed(desk, code=3)
    assert (preview["notes"], problem_codes(preview)) == ([], ["write_back_refused"])
    assert desk.sync(code=3)["problems"] == preview["problems"]
    assert previewed(desk, code=3)["problems"] == preview["problems"]
    before = puts(desk)
    desk.configure(write_back={"status": "Xero_Status"})
    assert len(previewed(desk)["notes"]) == 1
    desk.sync()
    assert puts(desk) == before + 1


def test_a_note(desk_of: OpenDesk) -> None:
    desk = told(desk_of, write_back={"note": True, "status": "Xero_Status"})
    job = desk.add(order("job", "Confirmed"))
    said = foretold(desk, job)
    assert said == {"Xero_Status (none) → DRAFT", "with the note “Xero invoice (Xero's next)”"}
    desk.sync()
    assert len(desk.box.zoho.notes("Deals", job)) == 1
    assert previewed(desk)["notes"] == []
    desk.move("job", "Closed Won")
    assert foretold(desk, job) == {"Xero_Status DRAFT → AUTHORISED"}
    desk.sync()
    assert len(desk.box.zoho.notes("Deals", job)) == 1


def test_nothing_but_a_note(desk_of: OpenDesk) -> None:
    desk = told(desk_of, write_back={"note": True})
    job = desk.add(order("job", "Closed Won"))
    assert foretold(desk, job) == {"with the note “Xero invoice (Xero's next)”"}
    desk.fault("rate_day", service="zoho", method="POST", path="/crm/v8/Notes", times=40)
    desk.sync(code=4)
    desk.box.faults.clear()
    assert foretold(desk, job) == {f"with the note “Xero invoice {desk.invoice('job')['InvoiceNumber']}”"}
    desk.sync()
    assert len(desk.box.zoho.notes("Deals", job)) == 1


def test_the_detailed_exit_code_where_words_are_all_there_is_to_write(desk_of: OpenDesk) -> None:
    desk = told(desk_of, write_back={})
    desk.add(order("job", "Confirmed"))
    desk.sync()
    desk.configure(write_back=FIELDS)
    assert previewed(desk, code=0)["notes"] == previewed(desk, "--detailed-exitcode", code=5)["notes"] != []
    desk.sync()
    previewed(desk, "--detailed-exitcode", code=0)


def test_a_deal_that_is_billed_in_two_and_lost(desk_of: OpenDesk) -> None:
    desk = told(desk_of, stages=[CONFIRMED, WON], when={"leaves_stages": "void"})
    job = desk.add(order("job", "Confirmed", lines=LINES))
    desk.sync()
    (share,) = desk.invoices("job")
    desk.move("job", "Closed Won")
    assert foretold(desk, job) == {
        f"Xero_No {share['InvoiceNumber']} → (Xero's next)",
        "Xero_Total 92.25 → 215.25",
        "Xero_Due 92.25 → 215.25",
        f"Xero_Link {page(share)} → (its page)",
    }
    desk.sync()
    rest = next(one for one in desk.invoices("job") if one["InvoiceID"] != share["InvoiceID"])
    desk.move("job", "Closed Lost")
    assert foretold(desk, job) == {
        f"Xero_No {rest['InvoiceNumber']} → {share['InvoiceNumber']}",
        "Xero_Total 215.25 → 92.25",
        "Xero_Due 215.25 → 92.25",
        f"Xero_Link {page(rest)} → {page(share)}",
    }
    desk.sync()
    assert (fields(desk)["number"], fields(desk)["due"]) == (share["InvoiceNumber"], Decimal("92.25"))
    foresaid = foretold(desk, job)
    desk.sync()
    assert (fields(desk)["number"], fields(desk)["status"]) == (rest["InvoiceNumber"], "VOIDED")
    assert {f"Xero_No {share['InvoiceNumber']} → {rest['InvoiceNumber']}", "Xero_Due 92.25 → 0"} <= foresaid
    assert previewed(desk)["notes"] == []


def test_a_share_that_was_made_anew_and_is_lost_again(desk_of: OpenDesk) -> None:
    """The last invoice of such a deal is its share, not the remainder that it had before."""
    desk = told(desk_of, stages=[CONFIRMED, WON], when={"leaves_stages": "void"})
    job = desk.add(order("job", "Confirmed", lines=LINES))
    for stage in ("Closed Won", "Closed Lost", None, "Confirmed"):
        desk.sync()
        if stage is not None:
            desk.move("job", stage)
    desk.sync()
    (again,) = desk.invoices("job")
    desk.move("job", "Closed Lost")
    assert foretold(desk, job) == {"Xero_Status AUTHORISED → VOIDED", "Xero_Due 92.25 → 0"}
    desk.sync()
    assert (fields(desk)["number"], fields(desk)["status"]) == (again["InvoiceNumber"], "VOIDED")


def test_a_deal_that_zoho_refused_is_not_said_to_be_told(desk_of: OpenDesk) -> None:
    desk = told(desk_of)
    job = desk.add(order("job", "Closed Won"))
    desk.box.zoho.hold("Deals", job, "merge")
    desk.sync(code=3)
    desk.box.zoho.release("Deals", job)
    desk.edit("job", Description="looked at")
    preview = previewed(desk, code=3)
    assert (preview["notes"], problem_codes(preview)) == ([], ["write_back_refused"])
    before = puts(desk)
    desk.sync(code=3)
    assert puts(desk) == before


def test_a_deal_that_was_deleted_is_told_nothing(desk_of: OpenDesk) -> None:
    desk = told(desk_of, when={"deal_deleted": "void"}, poll={"documents": 0, "customers": 0})
    job = desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.box.zoho.delete("Deals", "job")
    desk.wait(minutes=20)
    preview = previewed(desk)
    assert (line_of(preview, job)["action"], preview["notes"]) == ("void", [])


@pytest.mark.parametrize("write_back", [FIELDS, {"note": True}, {}], ids=["fields", "notes", "nothing"])
def test_an_idle_dry_run_is_one_call(desk_of: OpenDesk, write_back: Record) -> None:
    desk = told(desk_of, write_back=write_back)
    desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.sync()
    assert previewed(desk)["api_calls"] == {"zoho": 1, "xero": 0}
