"""One deal, one invoice: how it lives when deals, customers and people in Xero move on."""

from __future__ import annotations

from decimal import Decimal

import pytest
from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, actions, line_of, order, priced, problem_codes, world


def confirmed(desk: Desk, key: str = "job", stage: str = "Confirmed") -> str:
    """A deal that has just been invoiced; its id."""
    deal = desk.add(order(key, stage))
    assert line_of(desk.sync(), deal)["action"] == "create"
    return deal


# ---- the deal changes ----


def test_a_draft_follows_its_deal(desk: Desk) -> None:
    job = confirmed(desk)
    before = desk.invoice("job")
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hire", 2, "80.00"), priced("food", 4, "10.05", "GST Free")])
    desk.edit("job", Deal_Name="Order job, extended")
    line = line_of(desk.sync(), job)
    assert line["action"] == "update"
    fields = {change["field"]: (change["before"], change["after"]) for change in line["changes"]}
    assert fields["Reference"] == ("Order job", "Order job, extended")
    assert fields["Total"] == ("396.00", "216.20")
    after = desk.invoice("job")
    assert (after["InvoiceID"], after["Status"], after["Total"]) == (before["InvoiceID"], "DRAFT", Decimal("216.20"))
    assert [row["Description"] for row in after["LineItems"]] == ["Equipment hire", "Produce hamper"]
    assert_promises(desk)


def test_moving_on_with_other_lines_updates_and_approves_in_one_go(desk: Desk) -> None:
    job = confirmed(desk)
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 5, "120.00")])
    desk.move("job", "Closed Won")
    line = line_of(desk.sync(), job)
    assert (line["action"], line["invoice"]["status"], line["invoice"]["total"]) == ("update", "AUTHORISED", "660.00")
    assert desk.invoice("job")["Status"] == "AUTHORISED"
    assert_promises(desk)


def test_moving_back_never_takes_an_approval_back(desk: Desk) -> None:
    confirmed(desk, stage="Closed Won")
    desk.move("job", "Confirmed")
    with desk.nothing_sent():
        desk.sync()
    assert desk.invoice("job")["Status"] == "AUTHORISED"
    assert_promises(desk)


def test_a_deal_that_changes_after_approval_is_held(desk: Desk) -> None:
    job = confirmed(desk, stage="Closed Won")
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 4, "120.00")])
    desk.edit("job", Amount=Decimal("528.00"))
    with desk.nothing_sent():
        report = desk.sync(code=3)
    assert problem_codes(report) == ["changed_after_approval"]
    assert desk.invoice("job")["Total"] == Decimal("396.00")
    assert_promises(desk)

    desk.configure(when={"changed_after_approval": "update"})
    assert line_of(desk.sync(), job)["action"] == "update"
    assert (desk.invoice("job")["Status"], desk.invoice("job")["Total"]) == ("AUTHORISED", Decimal("528.00"))
    assert_promises(desk)


def test_an_invoice_with_payments_is_never_changed(desk: Desk) -> None:
    confirmed(desk, stage="Closed Won")
    desk.configure(when={"changed_after_approval": "update"})
    desk.box.xero.pay(str(desk.invoice("job")["InvoiceID"]), "100.00")
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 4, "120.00")])
    desk.edit("job", Amount=Decimal("528.00"))
    with desk.nothing_sent():
        report = desk.sync(code=3)
    assert "has payments" in report["problems"][0]["message"]
    assert_promises(desk)


@pytest.mark.parametrize(
    ("policy", "stage", "action", "status", "code"),
    [
        ("hold", "Confirmed", "hold", "DRAFT", 3),
        ("hold", "Closed Won", "hold", "AUTHORISED", 3),
        ("void", "Confirmed", "void", "DELETED", 0),
        ("void", "Closed Won", "void", "VOIDED", 0),
        ("keep", "Confirmed", "unchanged", "DRAFT", 0),
        ("keep", "Closed Won", "unchanged", "AUTHORISED", 0),
    ],
)
def test_a_deal_that_leaves(desk: Desk, policy: str, stage: str, action: str, status: str, code: int) -> None:
    desk.configure(when={"leaves_stages": policy})
    job = confirmed(desk, stage=stage)
    desk.move("job", "Closed Lost")
    report = desk.sync(code=code)
    assert line_of(report, job)["action"] == action
    assert report["counts"]["invoices_voided"] == (action == "void")
    (invoice,) = desk.invoices("job", closed=True)
    assert invoice["Status"] == status
    assert_promises(desk)


def test_a_paid_invoice_is_not_voided(desk: Desk) -> None:
    desk.configure(when={"leaves_stages": "void"})
    confirmed(desk, stage="Closed Won")
    desk.box.xero.pay(str(desk.invoice("job")["InvoiceID"]), "396.00")
    desk.move("job", "Closed Lost")
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=3)) == ["left_stages"]
    assert desk.invoice("job")["Status"] == "PAID"
    assert_promises(desk)


@pytest.mark.parametrize("policy", ["hold", "keep"])
def test_a_deal_that_leaves_and_comes_back_goes_on_with_its_invoice(desk: Desk, policy: str) -> None:
    desk.configure(when={"leaves_stages": policy})
    confirmed(desk)
    desk.move("job", "Proposal")
    desk.sync(code=3 if policy == "hold" else 0)
    desk.move("job", "Confirmed")
    report = desk.sync()
    assert (report["counts"]["invoices_created"], problem_codes(report)) == (0, [])
    assert len(desk.invoices("job", closed=True)) == 1
    assert_promises(desk)


# ---- people work in Xero ----


def touch_then_move(desk: Desk, stage: str = "Closed Won") -> Record:
    """The deal moves on after a person was at its invoice; the report, with nothing having been sent."""
    with desk.nothing_sent():
        desk.move("job", stage)
        return desk.sync(code=3)


def test_an_invoice_a_person_ended_is_not_made_again(desk: Desk) -> None:
    job = confirmed(desk)
    desk.box.xero.delete(str(desk.invoice("job")["InvoiceID"]))
    report = touch_then_move(desk)
    assert problem_codes(report) == ["invoice_gone"]
    with desk.nothing_sent():
        desk.run("resolve", job, "--retry", code=0)
        assert problem_codes(desk.sync(code=3)) == ["invoice_gone"]
        desk.sync("--since", "30d", code=3)
        desk.sync("--deal", job, code=3)
    assert desk.invoices("job") == []
    assert_promises(desk)

    desk.run("resolve", job, "--skip", code=0)
    desk.edit("job", Amount=Decimal("1.00"))
    with desk.nothing_sent():
        desk.sync()
    assert_promises(desk)


def test_a_voided_invoice_is_not_made_again(desk: Desk) -> None:
    confirmed(desk, stage="Closed Won")
    desk.box.xero.void(str(desk.invoice("job")["InvoiceID"]))
    desk.edit("job", Deal_Name="Order job, again")
    with desk.nothing_sent():
        assert problem_codes(desk.sync(code=3)) == ["invoice_gone"]
    assert len(desk.invoices("job", closed=True)) == 1
    assert_promises(desk)


def test_a_draft_a_person_edited_is_not_overwritten(desk: Desk) -> None:
    job = confirmed(desk)
    number = str(desk.invoice("job")["InvoiceID"])
    lines = [{"Description": "Agreed by phone", "Quantity": "1", "UnitAmount": "300.00", "AccountCode": "200",
              "TaxType": "OUTPUT"}]  # fmt: skip
    desk.box.xero.edit_invoice(number, {"LineItems": lines})
    report = touch_then_move(desk)
    assert problem_codes(report) == ["changed_in_xero"]
    kept = desk.invoice("job")
    assert (kept["Status"], kept["Total"]) == ("DRAFT", Decimal("330.00"))
    assert_promises(desk)

    # Once both say the same again, the next step settles it.
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 1, "300.00")])
    desk.box.xero.edit_invoice(number, {"LineItems": [{**lines[0], "UnitAmount": "360.00"}]})
    desk.box.zoho.replace_lines("Quotes", "q_job", [priced("hours", 3, "120.00")])
    desk.run("resolve", job, "--retry", code=0)
    desk.sync()
    assert (desk.invoice("job")["Status"], desk.invoice("job")["Total"]) == ("AUTHORISED", Decimal("396.00"))
    assert_promises(desk)


def test_what_a_person_approved_early_is_left_approved(desk: Desk) -> None:
    confirmed(desk)
    desk.box.xero.approve(str(desk.invoice("job")["InvoiceID"]))
    desk.move("job", "Closed Won")
    with desk.nothing_sent():
        desk.sync()
    assert desk.invoice("job")["Status"] == "AUTHORISED"
    assert_promises(desk)


# ---- customers ----


def test_two_deals_of_one_account_share_one_contact(desk: Desk) -> None:
    desk.add(order("one", "Closed Won"))
    desk.add(order("two", "Confirmed"))
    report = desk.sync()
    assert (report["counts"]["contacts_created"], report["counts"]["invoices_created"]) == (1, 2)
    desk.add(order("three", "Confirmed"))
    report = desk.sync()
    assert (report["counts"]["contacts_created"], report["counts"]["invoices_created"]) == (0, 1)
    (contact,) = desk.contacts()
    account = desk.box.zoho.find("Accounts", "alpine")
    assert (contact["Name"], contact["ContactNumber"]) == (account["Account_Name"], account["id"])
    assert contact["EmailAddress"] == "accounts@alpine.example.com"
    assert {invoice["Contact"]["ContactID"] for invoice in desk.invoices()} == {contact["ContactID"]}
    assert_promises(desk)


def test_a_renamed_account_updates_its_contact(desk: Desk) -> None:
    job = confirmed(desk)
    (before,) = desk.contacts()
    desk.box.zoho.update("Accounts", "alpine", {"Account_Name": "Alpine Fitouts Pty Ltd", "Billing_City": "Newcastle"})
    desk.edit("job", Description="so that the deal is read")
    report = desk.sync()
    line = line_of(report, job)
    assert (line["action"], report["counts"]["contacts_updated"]) == ("contact_only", 1)
    assert {"field": "Name", "before": "Alpine Joinery Pty Ltd", "after": "Alpine Fitouts Pty Ltd"} in line["changes"]
    (after,) = desk.contacts()
    assert (after["ContactID"], after["Name"]) == (before["ContactID"], "Alpine Fitouts Pty Ltd")
    assert_promises(desk)


def test_updates_of_customers_can_be_switched_off(desk: Desk) -> None:
    desk.configure(customer={"update": False})
    confirmed(desk)
    desk.box.zoho.update("Accounts", "alpine", {"Account_Name": "Alpine Fitouts Pty Ltd"})
    desk.edit("job", Description="so that the deal is read")
    with desk.nothing_sent():
        desk.sync()
    assert [contact["Name"] for contact in desk.contacts()] == ["Alpine Joinery Pty Ltd"]


@pytest.mark.parametrize(
    ("known", "stamped"),
    [
        ({"Name": "Alpine Joinery Pty Ltd"}, True),
        ({"Name": "Alpine J. (old name)", "EmailAddress": "accounts@alpine.example.com"}, True),
        ({"Name": "Alpine Joinery Pty Ltd", "ContactNumber": "CRM-77"}, False),
    ],
)
def test_a_contact_that_xero_already_has_is_used(desk_of: OpenDesk, known: Record, stamped: bool) -> None:
    desk = desk_of(on=world(xero={"contacts": [known]}))
    desk.sync()
    desk.add(order("job", "Closed Won"))
    report = desk.sync()
    assert report["counts"]["contacts_created"] == 0
    (contact,) = desk.contacts()
    number = desk.box.zoho.find("Accounts", "alpine")["id"] if stamped else "CRM-77"
    assert contact["ContactNumber"] == number
    assert_promises(desk)


def test_a_person_without_an_account_is_invoiced(desk: Desk) -> None:
    desk.add(order("private", "Closed Won", account=None, contact="cedar_office"))
    desk.sync()
    (contact,) = desk.contacts()
    assert contact["Name"] == "Accounts Cedar"
    assert_promises(desk)


def test_a_contact_that_xero_refuses_stops_its_own_deals_only(desk_of: OpenDesk) -> None:
    """Xero has another active contact of that name under another number, so a new one of the name is refused."""
    desk = desk_of(on=world(xero={"contacts": [{"Name": "Alpine Joinery Pty Ltd", "ContactNumber": "CRM-77"}]}))
    desk.configure(customer={"match": ["number"]})
    desk.sync()
    bad = [desk.add(order("bad1", "Closed Won")), desk.add(order("bad2", "Confirmed"))]
    desk.add(order("good", "Closed Won", account="birch"))
    report = desk.sync(code=3)
    assert actions(desk, report) == {"bad1": "reject", "bad2": "reject", "good": "create"}
    assert problem_codes(report) == ["contact_refused", "contact_refused"]
    assert "already" in report["problems"][0]["message"]
    assert len(desk.invoices()) == 1
    assert_promises(desk)

    desk.box.zoho.update("Accounts", "alpine", {"Account_Name": "Alpine Joinery (Sydney) Pty Ltd"})
    for deal in bad:
        desk.run("resolve", deal, "--retry", code=0)
    assert actions(desk, desk.sync()) == {"bad1": "create", "bad2": "create"}
    assert_promises(desk)


def test_a_deal_that_gets_another_customer_takes_its_draft_along(desk: Desk) -> None:
    job = confirmed(desk)
    desk.edit("job", Account_Name="birch", Contact_Name="birch_office")
    assert line_of(desk.sync(), job)["action"] == "update"
    assert desk.invoice("job")["Contact"]["Name"] == "Birch & Stone Interiors"
    assert_promises(desk)


def test_an_archived_contact_is_a_persons_decision(desk: Desk) -> None:
    confirmed(desk)
    desk.box.xero.archive_contact("Alpine Joinery Pty Ltd")
    second = desk.add(order("second", "Closed Won"))
    report = desk.sync(code=3)
    assert line_of(report, second)["action"] in ("hold", "reject")
    assert_promises(desk)
    desk.box.xero.restore_contact("Alpine Joinery Pty Ltd")
    desk.run("resolve", second, "--retry", code=0)
    assert line_of(desk.sync(), second)["action"] == "create"
    assert_promises(desk)


def test_a_closed_period_refuses_and_the_others_go_on(desk: Desk) -> None:
    desk.configure(invoice={"date": "closing_date"})
    late = desk.add(order("late", "Closed Won", Closing_Date="2026-06-15"))
    desk.add(order("current", "Closed Won", Closing_Date="2026-11-20"))
    desk.box.xero.set_lock_date("2026-06-30")
    report = desk.sync(code=3)
    assert actions(desk, report) == {"late": "reject", "current": "create"}
    assert_promises(desk)
    desk.box.xero.set_lock_date(None)
    desk.run("resolve", late, "--retry", code=0)
    assert line_of(desk.sync(), late)["action"] == "create"
    assert_promises(desk)


# ---- what the stages ask for ----


def test_stages_and_pipelines_choose_what_is_made(desk_of: OpenDesk) -> None:
    pipelines = {"Standard": ["Proposal", "Confirmed", "Closed Won"], "Hire": ["Proposal", "Confirmed", "Closed Won"]}
    desk = desk_of(on=world(pipelines=pipelines))
    desk.configure(
        stages=[
            {"stage": "Closed Won", "pipeline": "Hire", "invoice": "submitted"},
            {"stage": "Confirmed", "pipeline": "Hire", "invoice": "none"},
            {"stage": ["Closed Won", "Confirmed"], "pipeline": "Standard", "invoice": "authorised"},
        ]
    )
    desk.sync()
    for key, pipeline, stage, account in (
        ("a", "Hire", "Closed Won", "alpine"),
        ("b", "Hire", "Confirmed", "birch"),
        ("c", "Standard", "Confirmed", "alpine"),
        ("d", "Standard", "Proposal", "cedar"),
    ):
        desk.add(order(key, stage, account=account, Pipeline=pipeline))
    report = desk.sync()
    assert actions(desk, report) == {"a": "create", "b": "contact_only", "c": "create"}
    assert {invoice["Reference"]: invoice["Status"] for invoice in desk.invoices()} == {
        "Order a": "SUBMITTED",
        "Order c": "AUTHORISED",
    }
    assert sorted(contact["Name"] for contact in desk.contacts()) == [
        "Alpine Joinery Pty Ltd",
        "Birch & Stone Interiors",
    ]
    assert_promises(desk)

    desk.move("b", "Closed Won")
    assert actions(desk, desk.sync()) == {"b": "create"}
    assert desk.invoice("b")["Status"] == "SUBMITTED"
    assert_promises(desk)


def test_every_status_on_the_way(desk: Desk) -> None:
    desk.configure(
        stages=[
            {"stage": "Qualification", "invoice": "none"},
            {"stage": "Proposal", "invoice": "draft"},
            {"stage": "Confirmed", "invoice": "submitted"},
            {"stage": "Closed Won", "invoice": "authorised"},
        ]
    )
    desk.sync()
    desk.add(order("job", "Qualification"))
    assert actions(desk, desk.sync()) == {"job": "contact_only"}
    seen = []
    for stage in ("Proposal", "Confirmed", "Closed Won"):
        desk.move("job", stage)
        desk.sync()
        seen.append((desk.invoice("job")["InvoiceNumber"], desk.invoice("job")["Status"]))
    number = seen[0][0]
    assert seen == [(number, "DRAFT"), (number, "SUBMITTED"), (number, "AUTHORISED")]
    assert_promises(desk)


def test_numbers_from_a_template(desk: Desk) -> None:
    desk.configure(invoice={"number": "ZC-{id}"})
    job = confirmed(desk)
    assert desk.invoice("job")["InvoiceNumber"] == f"ZC-{job}"
    desk.move("job", "Closed Won")
    desk.sync()
    assert (desk.invoice("job")["InvoiceNumber"], desk.invoice("job")["Status"]) == (f"ZC-{job}", "AUTHORISED")
    assert_promises(desk)


def test_a_number_that_xero_already_has_is_not_written_over(desk: Desk) -> None:
    desk.configure(invoice={"number": "ZC-{Deal_Name}"})
    confirmed(desk)
    twin = desk.add(order("twin", "Closed Won", account="birch", Deal_Name="Order job"))
    report = desk.sync(code=3)
    assert line_of(report, twin)["action"] == "hold" and problem_codes(report) == ["number_taken"]
    assert desk.invoice("job")["Total"] == Decimal("396.00")
    assert desk.invoices("twin") == []
    assert_promises(desk)
