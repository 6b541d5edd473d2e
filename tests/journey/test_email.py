"""An approved invoice leaves by e-mail once, ever: whatever is cut, refused, answered wrongly, or done by people."""

from __future__ import annotations

import pytest
from _pytest.mark.structures import ParameterSet
from promises import assert_promises
from world_tools import CONFIG, Desk, OpenDesk, Record, line_of, order, orders, problem_codes, world


def slow(kind: str) -> ParameterSet:
    """One more case, for the longer run."""
    return pytest.param(kind, marks=pytest.mark.slow)


EMAIL = "/Email$"
# What happens to the call although Xero did its work, and although it never saw it.
DONE = ("drop_after", *(slow(kind) for kind in ("status_500_after", "html", "empty")))
LOST = ("refuse_before", "status_500_before", "status_503")


def emailing(desk: Desk, choice: bool | str = True) -> Desk:
    """The desk with e-mail for what is Closed Won."""
    draft, won = (dict(rule) for rule in CONFIG["stages"])
    desk.configure(stages=[draft, {**won, "email": choice}])
    return desk


@pytest.fixture
def ready(desk_of: OpenDesk) -> Desk:
    """A desk with a draft for the deal `job`, and with e-mail for what is approved."""
    desk = emailing(desk_of(order("job")))
    desk.sync()
    desk.move("job", "Confirmed")
    desk.sync()
    assert not sent(desk), "a draft left"
    return desk


def sent(desk: Desk) -> list[str]:
    """The ids of the invoices that left, in order."""
    return [invoice_id for invoice_id, _ in desk.box.xero.emails()]


def states(desk: Desk) -> list[str]:
    return [row["state"] for row in desk.rows("SELECT state FROM email ORDER BY id")]


def codes(report: Record) -> list[str]:
    return problem_codes(report)


def test_once_when_the_deal_moves_on_and_never_again(ready: Desk) -> None:
    ready.move("job", "Closed Won")
    preview = ready.run("sync", "--dry-run", code=0)
    assert "Would e-mail 1 invoice: INV-0001" in preview.out
    assert not sent(ready)
    report = ready.sync()
    number = ready.invoice("job")["InvoiceNumber"]
    assert report["notes"] == [f"E-mailed 1 invoice: {number}."]
    assert ready.box.xero.emails() == [(ready.invoice("job")["InvoiceID"], ("accounts@alpine.example.com",))]
    ready.edit("job", Next_Step="nothing that is invoiced")
    ready.sync()
    ready.move("job", "Confirmed")
    ready.sync()
    ready.move("job", "Closed Won")
    ready.sync()
    assert len(sent(ready)) == 1
    assert "email invoice: applied" in ready.run("show", ready.deal("job")).out
    assert_promises(ready)


@pytest.mark.slow
def test_a_new_invoice_leaves_in_the_run_that_makes_it(desk: Desk) -> None:
    emailing(desk).add(order("job", "Closed Won"))
    assert "Would e-mail 1 invoice" in desk.run("sync", "--dry-run").out
    desk.sync()
    assert sent(desk) == [desk.invoice("job")["InvoiceID"]]
    with desk.nothing_sent():
        before = desk.sync()["api_calls"]
    assert before == {"zoho": 1, "xero": 0}


def test_what_was_approved_before_is_not_sent_on_the_first_day(desk_of: OpenDesk) -> None:
    desk = desk_of(order("history", "Closed Won"), order("asked", "Closed Won"))
    desk.sync()
    desk.sync("--deal", desk.deal("asked"))
    desk.add(order("before", "Closed Won"))
    desk.sync()
    emailing(desk)
    desk.sync()
    for key in ("before", "asked", "history"):
        desk.edit(key, Next_Step="call back")
    desk.sync()
    desk.sync("--since", "2026-01-01")
    # Only `history` is made now, because a person asks for it; the two others were approved before.
    assert sent(desk) == [desk.invoice("history")["InvoiceID"]]


@pytest.mark.parametrize("by", [slow("approved"), slow("sent"), slow("adopted")])
def test_what_a_person_did_is_not_done_again(by: str, ready: Desk) -> None:
    invoice = ready.invoice("job")["InvoiceID"]
    if by == "approved":
        ready.box.xero.approve(invoice)
    elif by == "sent":
        ready.box.xero.approve(invoice)
        ready.box.xero.edit_invoice(invoice, {"SentToContact": True})
    else:
        ready.box.xero.approve(invoice)
        ready.ledger.unlink()
        ready.sync()
    ready.move("job", "Closed Won")
    ready.sync("--deal", ready.deal("job"))
    assert not sent(ready)
    assert_promises(ready)


@pytest.mark.slow
def test_what_a_person_sent_while_ours_waited_is_not_sent_again(ready: Desk) -> None:
    ready.move("job", "Closed Won")
    ready.fault("refuse_before", path="/Invoices$", method="GET", times=40, skip=1)
    ready.sync(code=None)
    ready.box.faults.clear()
    assert states(ready) == ["wanted"]
    ready.box.xero.edit_invoice(ready.invoice("job")["InvoiceID"], {"SentToContact": True})
    ready.sync()
    assert (sent(ready), states(ready)) == ([], ["sent"])


@pytest.mark.parametrize("kind", DONE)
def test_an_answer_that_is_lost_is_found_in_xero(kind: str, ready: Desk) -> None:
    ready.move("job", "Closed Won")
    ready.fault(kind, path=EMAIL)
    assert codes(ready.sync(code=4)) == ["outcome_unknown"]
    ready.sync()
    assert (len(sent(ready)), states(ready)) == (1, ["sent"])
    assert_promises(ready)


@pytest.mark.slow
@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize(("answer", "emails"), [("--skip", 0), ("--retry", 1)])
def test_on_doubt_a_person_decides(kind: str, answer: str, emails: int, ready: Desk) -> None:
    deal = ready.move("job", "Closed Won")
    ready.fault(kind, path=EMAIL)
    assert codes(ready.sync(code=4)) == ["outcome_unknown"]
    # It may still be on its way.
    assert codes(ready.sync(code=4)) == ["outcome_unknown"]
    ready.wait(minutes=5)
    report = ready.sync(code=3)
    assert codes(report) == ["email_unknown"]
    assert "history in Xero" in line_of(report, deal)["next_step"]
    # Neither time nor a change of the deal sends it.
    ready.edit("job", Next_Step="call back")
    assert codes(ready.sync(code=3)) == ["email_unknown"]
    assert not sent(ready)
    ready.run("resolve", deal, answer, code=0)
    ready.sync()
    assert len(sent(ready)) == emails
    assert_promises(ready)


@pytest.mark.slow
def test_a_contact_without_an_address_is_advice(desk_of: OpenDesk) -> None:
    placed = world(order("job"))
    placed["zoho"]["contacts"] = [{**person, "Email": None} for person in placed["zoho"]["contacts"]]
    desk = emailing(desk_of(on=placed))
    desk.sync()
    deal = desk.move("job", "Closed Won")
    report = desk.sync(code=3)
    assert codes(report) == ["email_refused"]
    assert "no email address" in line_of(report, deal)["reason"]
    assert desk.invoice("job")["Status"] == "AUTHORISED"
    with desk.nothing_sent():
        desk.sync(code=3)
    person = str(desk.box.zoho.find("Contacts", "alpine_office")["id"])
    desk.box.zoho.update("Contacts", person, {"Email": "office@example.com"})
    desk.run("resolve", deal, "--retry", code=0)
    desk.sync()
    assert desk.box.xero.emails() == [(desk.invoice("job")["InvoiceID"], ("office@example.com",))]
    assert_promises(desk)


@pytest.mark.slow
def test_the_daily_limit_waits_by_itself_and_stops_no_invoice(desk_of: OpenDesk) -> None:
    placed = world(*orders(3, "Proposal"), xero={"organisation": {"Class": "TRIAL"}})
    desk = emailing(desk_of(on=placed))
    desk.sync()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoho_xero_sync.sandbox.xero.email_rules._TRIAL", 2)
        for number in range(3):
            desk.move(f"d{number}", "Closed Won")
        report = desk.sync()
        assert len(sent(desk)) == 2
        assert any("1 e-mail is left: Xero sends no more of them today" in note for note in report["notes"])
        desk.add(order("later", "Closed Won"))
        with_more = desk.sync()
        assert any("2 e-mails are left" in note for note in with_more["notes"])
        assert desk.invoice("later")["Status"] == "AUTHORISED"
        desk.wait(hours=25)
        desk.sync()
        assert len(set(sent(desk))) == len(sent(desk)) == 4
    assert_promises(desk)


@pytest.mark.slow
def test_limit_and_request_hold_for_e_mails_too(desk: Desk) -> None:
    emailing(desk)
    for key in ("a", "b", "c"):
        desk.add(order(key, "Closed Won"))
    desk.fault("rate_day", path=EMAIL, seconds=120)
    desk.sync(code=4)
    assert (len(desk.invoices()), sent(desk)) == (3, [])
    desk.wait(minutes=20)
    desk.sync("--deal", desk.deal("b"))
    assert sent(desk) == [desk.invoice("b")["InvoiceID"]]
    desk.sync("--limit", "1")
    assert len(sent(desk)) == 2
    desk.sync()
    assert len(set(sent(desk))) == len(sent(desk)) == 3


@pytest.mark.slow
def test_it_waits_while_the_deal_waits_and_ends_with_the_invoice(ready: Desk) -> None:
    ready.move("job", "Closed Won")
    ready.fault("rate_day", path=EMAIL, seconds=120)
    ready.sync(code=4)
    ready.wait(minutes=20)
    ready.box.zoho.replace_lines("Quotes", "q_job", [{"product": "hours", "Quantity": 9, "List_Price": 10}])
    deal = ready.edit("job", Next_Step="call back")
    ready.sync(code=3)
    assert (sent(ready), states(ready)) == ([], ["wanted"])
    ready.run("resolve", deal, "--skip", code=0)
    ready.sync(code=None)
    assert (sent(ready), states(ready)) == ([], ["dropped"])


@pytest.mark.slow
def test_marked_as_sent_without_an_e_mail(desk_of: OpenDesk) -> None:
    desk = emailing(desk_of(order("moved"), order("fresh")), "sent")
    desk.sync()
    desk.move("moved", "Confirmed")
    desk.sync()
    desk.move("moved", "Closed Won")
    desk.move("fresh", "Closed Won")
    preview = desk.run("sync", "--dry-run", code=0)
    assert "SentToContact" in preview.out
    desk.sync()
    assert [desk.invoice(key)["SentToContact"] for key in ("moved", "fresh")] == [True, True]
    assert (sent(desk), states(desk)) == ([], [])
    assert_promises(desk)


@pytest.mark.slow
def test_a_deal_that_comes_back_has_its_new_invoice_e_mailed(ready: Desk) -> None:
    ready.configure(when={"leaves_stages": "void"})
    ready.move("job", "Closed Won")
    ready.sync()
    ready.move("job", "Closed Lost")
    ready.sync()
    ready.move("job", "Closed Won")
    ready.sync()
    first, second = ready.invoices("job", closed=True)
    assert (first["Status"], second["Status"]) == ("VOIDED", "AUTHORISED")
    assert sent(ready) == [first["InvoiceID"], second["InvoiceID"]]
    assert_promises(ready, again=True)


@pytest.mark.slow
def test_an_approved_invoice_that_changes_is_not_sent_again(ready: Desk) -> None:
    ready.configure(when={"changed_after_approval": "update"})
    ready.move("job", "Closed Won")
    ready.sync()
    line = {"product": "hours", "Quantity": 9, "List_Price": 10, "taxes": ["GST"]}
    ready.box.zoho.replace_lines("Quotes", "q_job", [line])
    ready.edit("job", Next_Step="call back")
    ready.sync()
    assert str(ready.invoice("job")["Total"]) == "99.00"
    assert len(sent(ready)) == 1


@pytest.mark.slow
def test_when_the_configuration_asks_no_more_what_waits_is_given_up(ready: Desk) -> None:
    ready.move("job", "Closed Won")
    ready.fault("rate_day", path=EMAIL, seconds=120)
    ready.sync(code=4)
    ready.wait(minutes=20)
    emailing(ready, choice=False)
    ready.sync()
    assert (sent(ready), states(ready)) == ([], ["dropped"])
    emailing(ready)
    ready.sync()
    assert not sent(ready)
