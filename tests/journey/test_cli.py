"""The command line as people and cron meet it: what is printed, where, when, and with which exit code."""

from __future__ import annotations

import re
import stat
from decimal import Decimal

import pytest
from promises import assert_no_secret, assert_promises
from world_tools import SECRETS, Desk, OpenDesk, line_of, order, polled, priced, problem_codes

SILENT = ("", "")


def said(desk: Desk, *argv: str, code: int) -> tuple[str, str]:
    """stdout and stderr of one command."""
    result = desk.run(*argv, code=code)
    return result.out, result.err


def flowing(text: str) -> str:
    """A screen's text without its line breaks and columns."""
    return " ".join(text.split())


# ---- cron mails what is printed ----


def test_cron_hears_nothing_when_nothing_happened(desk: Desk) -> None:
    assert said(desk, "sync", code=0) == SILENT
    desk.add(order("early", "Proposal"))
    assert said(desk, "sync", code=0) == SILENT


def test_cron_hears_what_happened_once(desk: Desk) -> None:
    desk.add(order("one", "Closed Won"))
    out, err = said(desk, "sync", code=0)
    assert err == ""
    assert out.splitlines()[0].split("  ")[:3] == ["create", "AUTHORISED", "AUD 396.00"]
    assert "Order one" in out
    assert said(desk, "sync", code=0) == SILENT


def test_a_problem_is_announced_when_it_appears_and_when_it_changes(desk: Desk) -> None:
    held = desk.add(order("held", "Closed Won", account=None))
    out, _ = said(desk, "sync", code=3)
    assert out.count("customer_missing") == 1
    assert held in out
    assert said(desk, "sync", code=3) == SILENT
    assert said(desk, "sync", code=3) == SILENT

    desk.edit("held", Description="looked at, and not corrected")
    assert said(desk, "sync", code=3) == SILENT, "it is the same problem"

    desk.edit("held", Account_Name="birch")
    desk.box.zoho.update("Quotes", "q_held", {"Adjustment": Decimal("-5.00")})
    out, _ = said(desk, "sync", code=3)
    assert "total_mismatch" in out
    assert "customer_missing" not in out
    assert said(desk, "sync", code=3) == SILENT

    desk.box.zoho.update("Quotes", "q_held", {"Adjustment": Decimal("0.00")})
    desk.run("resolve", held, "--retry", code=0)
    out, _ = said(desk, "sync", code=0)
    assert out.startswith("create")
    assert_promises(desk)


def test_a_service_that_stays_down_is_announced_once(desk: Desk) -> None:
    desk.box.stop()
    out, err = said(desk, "sync", code=4)
    assert "service_unavailable" in out + err
    assert said(desk, "sync", code=4) == SILENT
    assert said(desk, "sync", code=4) == SILENT
    desk.box.start()
    assert said(desk, "sync", code=0) == SILENT
    desk.box.stop()
    assert said(desk, "sync", code=4) != SILENT, "it is down again"


def test_a_lapsed_login_is_announced_once(desk: Desk) -> None:
    desk.box.zoho.oauth.revoke_everything()
    out, err = said(desk, "sync", code=12)
    assert "zoho-xero-sync auth zoho" in out + err
    assert said(desk, "sync", code=12) == SILENT


def test_a_login_that_reaches_no_organisation_any_more_is_a_matter_of_logging_in(desk: Desk) -> None:
    desk.add(order("one", "Confirmed"))
    desk.box.xero.disconnect_all()
    desk.wait(hours=1)
    with desk.nothing_sent():
        out, err = said(desk, "sync", code=12)
    assert "zoho-xero-sync auth xero" in out + err
    assert "no organisation" in out + err
    desk.box.xero.reconnect()
    assert said(desk, "sync", code=0)[0].startswith("create")


def test_a_safety_stop_is_announced_once(desk: Desk) -> None:
    desk.configure(limits={"invoices_per_run": 1})
    for key in ("one", "two"):
        desk.add(order(key, "Closed Won"))
    out, err = said(desk, "sync", code=15)
    assert "--allow-many" in out + err
    assert said(desk, "sync", code=15) == SILENT


def test_a_person_who_asks_is_told_what_still_waits(desk: Desk) -> None:
    desk.add(order("held", "Closed Won", account=None))
    desk.run("sync", code=3)
    assert "customer_missing" in said(desk, "sync", "--dry-run", code=3)[0]
    assert "customer_missing" in said(desk, "-v", "sync", code=3)[0]
    assert "nobody to invoice" in flowing(desk.run("sync", code=3, interactive=True).out)


# ---- resolve, status, show ----


def test_retry_reads_the_deal_afresh(desk: Desk) -> None:
    held = desk.add(order("held", "Closed Won"))
    desk.box.zoho.update("Quotes", "q_held", {"Adjustment": Decimal("-5.00")})
    desk.sync(code=3)
    desk.box.zoho.update("Quotes", "q_held", {"Adjustment": Decimal("0.00")})
    with desk.nothing_sent():
        desk.sync(code=3)
    out, _ = said(desk, "resolve", held, "--retry", code=0)
    assert "Order held" in out
    assert line_of(desk.sync(), held)["action"] == "create"
    assert_promises(desk)


def test_skip_sets_a_deal_aside_until_it_is_brought_back(desk: Desk) -> None:
    held = desk.add(order("held", "Closed Won", account=None))
    desk.sync(code=3)
    out, _ = said(desk, "resolve", held, "--skip", code=0)
    assert f"zoho-xero-sync resolve {held} --retry" in out
    desk.edit("held", Account_Name="alpine")
    with desk.nothing_sent():
        desk.sync(code=0)
        assert held not in str(desk.sync("--since", "30d")["deals"]), "a window does not bring it back"
    assert desk.status()["waiting"] == []
    assert_promises(desk)

    desk.run("resolve", held, "--retry", code=0)
    assert line_of(desk.sync(), held)["action"] == "create"
    assert_promises(desk)


def test_a_deal_that_left_and_whose_invoice_a_person_voided_is_not_set_aside_for_the_day_it_comes_back(
    desk: Desk,
) -> None:
    """The hint says "void …, then --skip"; a poll may have seen the void before the second is typed."""
    job = desk.add(order("job", "Closed Won"))
    desk.sync()
    desk.move("job", "Proposal")
    (problem,) = desk.sync(code=3)["problems"]
    assert "Void or keep" in problem["hint"] and "--skip" in problem["hint"]
    desk.box.xero.void(str(desk.invoice("job")["InvoiceID"]))
    polled(desk)
    assert desk.status()["waiting"] == []
    assert "does not wait any more: invoice INV-0001 is VOIDED" in desk.run("resolve", job, "--skip", code=2).err
    desk.move("job", "Closed Won")
    assert problem_codes(desk.sync(code=3)) == ["invoice_gone"]


def test_skip_keeps_the_invoice_of_a_deal_that_left_and_it_moves_on_when_the_deal_is_back(desk: Desk) -> None:
    gone = desk.add(order("gone", "Confirmed"))
    desk.sync()
    number = desk.invoice("gone")["InvoiceNumber"]
    desk.move("gone", "Proposal")
    desk.sync(code=3)
    with desk.nothing_sent():
        out, _ = said(desk, "resolve", gone, "--skip", code=0)
        assert f"keeps its invoice {number} as it is" in out
        desk.sync()
    assert desk.status()["waiting"] == []
    assert desk.invoice("gone")["Status"] == "DRAFT"
    assert_promises(desk)

    desk.move("gone", "Closed Won")
    line = line_of(desk.sync(), gone)
    assert (line["action"], line["invoice"]["number"]) == ("update", number)
    assert desk.invoice("gone")["Status"] == "AUTHORISED"
    assert_promises(desk)


def test_a_held_deal_that_was_deleted_is_closed_and_says_so(desk: Desk) -> None:
    held = desk.add(order("held", "Closed Won", account=None))
    desk.sync(code=3)
    desk.box.zoho.delete("Deals", held)
    desk.run("resolve", held, "--retry", code=0)
    (line,) = desk.sync()["deals"]
    assert (line["action"], line["reason"]) == ("skip", "was deleted in Zoho; it has no invoice")
    assert desk.status()["waiting"] == []
    assert_promises(desk)


def test_a_held_deal_that_is_not_shown_any_more_says_so(desk: Desk) -> None:
    held = desk.add(order("held", "Closed Won", account=None))
    desk.sync(code=3)
    desk.box.zoho.hide("Deals", held)
    desk.run("resolve", held, "--retry", code=0)
    (problem,) = desk.sync(code=3)["problems"]
    assert problem["code"] == "deal_not_found"
    assert f"zoho-xero-sync resolve {held} --skip" in problem["hint"]
    desk.run("resolve", held, "--skip", code=0)
    desk.sync()
    assert_promises(desk)


@pytest.mark.parametrize("argv", [["--retry"], ["--skip"]])
def test_only_what_the_ledger_knows_can_be_resolved(desk: Desk, argv: list[str]) -> None:
    result = desk.run("resolve", "5725767000000099999", *argv, code=2)
    assert "does not know" in result.err
    assert "zoho-xero-sync status" in result.err


def test_a_deal_that_is_fine_needs_no_retry(desk: Desk) -> None:
    deal = desk.add(order("fine", "Closed Won"))
    desk.sync()
    assert f"zoho-xero-sync sync --deal {deal}" in desk.run("resolve", deal, "--retry", code=2).err


def test_status_asks_nobody(desk: Desk) -> None:
    held = desk.add(order("held", "Closed Won", account=None))
    desk.add(order("kept", "Closed Won"))
    desk.sync("--limit", "0", code=3)
    desk.box.calls.reset()
    status = desk.status()
    text = desk.run("status", code=3).out
    assert list(desk.box.calls) == []
    assert [deal["deal_id"] for deal in status["waiting"]] == [held]
    assert [deal["deal_name"] for deal in status["pending"]] == ["Order kept"]
    assert status["runs"][0]["exit_code"] == 3
    assert status["allowances"]["xero"].isdigit()
    for words in ("Sandbox Pty Ltd", "customer_missing", "Order held", "Order kept", "checkpoint"):
        assert words in text
    assert "Sandbox Pty Ltd" in desk.run("status", interactive=True, code=3).out


def test_show_tells_everything_about_a_deal(desk: Desk) -> None:
    deal = desk.add(order("job", "Confirmed", lines=[("hours", 3, "120.00"), ("food", 2, "10.05", "GST Free")]))
    with desk.nothing_sent():
        before = desk.run("show", deal, code=0).out
    assert "Order job" in before
    assert "416.10" in before
    desk.sync()
    number = str(desk.invoice("job")["InvoiceNumber"])
    with desk.nothing_sent():
        after = desk.run("show", deal, code=0).out
        shown = desk.run("show", deal, "--json", code=0).json
        screen = desk.run("show", deal, code=0, interactive=True).out
    for words in (number, "Consulting hour", "Produce hamper", "360.00", "36.00", "20.10", "416.10", "1 attempt"):
        assert words in after
        assert words in screen
    assert f"/Potentials/{deal}\n" in after
    assert deal in str(shown)


def test_show_explains_a_held_deal(desk: Desk) -> None:
    held = desk.add(order("held", "Closed Won", account=None))
    desk.sync(code=3)
    text = desk.run("show", held, code=0).out
    assert "nobody to invoice" in text


def test_show_of_an_unknown_deal(desk: Desk) -> None:
    assert "no deal" in desk.run("show", "5725767000000099999", code=2).err


# ---- the configuration ----


def test_every_mistake_of_the_configuration_is_told_at_once(desk: Desk) -> None:
    desk.configure(
        colour="blue", limits={"invoices_per_run": "many"}, stages=[{"stage": "Closed Won", "invoice": "sent"}]
    )
    result = desk.run("sync", code=10)
    assert result.out == ""
    told = result.err.strip().splitlines()
    assert len(told) >= 3
    for key in ("colour", "limits.invoices_per_run", "stages"):
        assert any(re.search(rf"config\.yaml:\d+: .*{re.escape(key)}", line) for line in told), key


def test_a_secret_in_the_configuration_is_refused_and_not_repeated(desk: Desk) -> None:
    desk.configure(zoho={"client_secret": SECRETS["ZXS_ZOHO_CLIENT_SECRET"]})
    result = desk.run("sync", code=10)
    assert SECRETS["ZXS_ZOHO_CLIENT_SECRET"] not in result.err
    assert "ZXS_ZOHO_CLIENT_SECRET" in result.err


def test_a_missing_configuration_says_how_to_make_one(desk: Desk) -> None:
    (desk.folder / "config.yaml").unlink()
    result = desk.run("sync", code=10)
    assert "zoho-xero-sync init" in result.err
    assert desk.run("--config", "elsewhere.yaml", "status", code=10).err


def test_the_configuration_is_found_where_it_is_named(desk: Desk) -> None:
    place = desk.folder / "conf"
    place.mkdir(mode=0o700)
    (desk.folder / "config.yaml").rename(place / "mine.yaml")
    for argv, environ in ((["--config", "conf/mine.yaml"], {}), ([], {"ZXS_CONFIG": str(place / "mine.yaml")})):
        desk.environ.update(environ)
        result = desk.run(*argv, "status", code=13)
        assert "There is no ledger at" in result.err, "paths in it are relative to the file"


# ---- wrong usage ----


@pytest.mark.parametrize(
    "argv",
    [
        ["sink"],
        ["sync", "--sinse", "7d"],
        ["sync", "--since", "yesterday"],
        ["sync", "--since", "7y"],
        ["sync", "--since", "2026-13-01"],
        ["sync", "--until", "2026-11-01"],
        ["sync", "--since", "2026-11-10", "--until", "2026-11-01"],
        ["sync", "--since", "2199-01-31"],
        ["sync", "--since", "7d", "--deal", "5725767000000000001"],
        ["sync", "--deal", "roof"],
        ["sync", "--deal", "5725767'; drop"],
        ["sync", "--limit", "-1"],
        ["sync", "--limit", "few"],
        ["sync", "--detailed-exitcode"],
        ["resolve", "5725767000000000001"],
        ["resolve", "5725767000000000001", "--retry", "--skip"],
        ["resolve", "--retry"],
        ["show"],
        ["show", "roof"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_explained_and_does_nothing(desk_of: OpenDesk, argv: list[str]) -> None:
    desk = desk_of()
    files = desk.files()
    result = desk.run(*argv, code=2)
    assert result.out == ""
    assert "Usage: zoho-xero-sync" in result.err
    assert len(result.err.splitlines()) <= 6
    assert list(desk.box.calls) == []
    assert desk.files() == files


def test_help_and_version_need_nothing(desk_of: OpenDesk, capsys: pytest.CaptureFixture[str]) -> None:
    desk = desk_of()
    (desk.folder / "config.yaml").unlink()
    desk.environ.clear()
    for argv in ([], ["init"], ["sync"], ["status"], ["show"], ["resolve"], ["demo"], ["sandbox"]):
        desk.run(*argv, "--help", code=0)
        assert capsys.readouterr().out.startswith(" ".join(["Usage: zoho-xero-sync", *argv]))
    assert re.search(r"\d+\.\d+\.\d+", desk.process("--version", code=0).out)


# ---- logs and secrets ----


def test_the_log_tells_every_request_and_no_secret(desk: Desk) -> None:
    desk.add(order("one", "Closed Won"))
    desk.wait(hours=2)
    log = desk.folder / "sync.log"
    result = desk.run("-vv", "--log-file", str(log), "sync", code=0)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    for text in (log.read_text(encoding="utf-8"), result.err):
        assert "PUT" in text
        assert "/Invoices" in text
    assert result.out.startswith("create")
    assert_no_secret(desk)
    assert_promises(desk)


@pytest.mark.parametrize("store", ["file", "env"])
def test_secrets_stay_where_they_belong(desk_of: OpenDesk, store: str) -> None:
    desk = desk_of(order("one"))
    desk.configure(secrets={"store": store})
    loud = ["-vv", "--log-file", str(desk.folder / "sync.log"), "sync"]
    desk.run(*loud, code=0)
    desk.move("one", "Closed Won")
    desk.fault("status_500_after", method="PUT", path="/Invoices$")
    desk.run(*loud)
    desk.environ["ZXS_XERO_CLIENT_SECRET"] = "canary-that-is-wrong-31"
    desk.wait(hours=1)
    desk.add(order("two", "Closed Won"))
    desk.run(*loud, code=12)
    assert "canary-that-is-wrong-31" not in "".join(desk.said)
    desk.environ["ZXS_XERO_CLIENT_SECRET"] = SECRETS["ZXS_XERO_CLIENT_SECRET"]
    desk.run(*loud, code=0)
    assert_promises(desk)


def test_text_from_the_services_cannot_steer_a_terminal(desk: Desk) -> None:
    hostile = "Order \u001b[2J\u001b]0;owned\u0007[red]x[/red]\r\n\u202eevil"
    desk.add(order("one", "Closed Won", Deal_Name=hostile))
    desk.add(order("two", "Closed Won", account=None, Deal_Name=hostile))
    for interactive in (False, True):
        for argv in (["sync", "--dry-run"], ["sync"], ["status"], ["show", desk.deal("two")]):
            result = desk.run(*argv, interactive=interactive)
            for character in ("\u001b]", "\u001b[2J", "\u0007", "\r", "\u202e"):
                assert character not in result.out + result.err, argv
    assert "[red]x[/red]" in desk.run("-v", "sync", code=3).out
    assert_promises(desk)


def test_a_draft_that_changed_tells_its_fields(desk: Desk) -> None:
    desk.add(order("one", "Confirmed"))
    desk.run("sync", code=0)
    desk.box.zoho.replace_lines("Quotes", "q_one", [priced("hire", 1, "80.00")])
    desk.edit("one", Amount=Decimal("88.00"))
    text = desk.run("sync", "--dry-run", code=0).out
    assert "396.00 → 88.00" in text
    desk.run("sync", code=0)
    assert_promises(desk)
