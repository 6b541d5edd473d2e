"""The control routes: what a person or a script sees and moves under /_sandbox/."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests

from zoho_xero_sync.sandbox import Fault, Sandbox, VirtualClock, load_world

_NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
_LINES = [{"Description": "Work", "Quantity": 1, "UnitAmount": "100.00", "AccountCode": "200"}]


def _world() -> dict[str, Any]:
    world = load_world("demo")
    contact = "Coastal Linen Hire Pty Ltd"
    dates = {"Date": "2026-11-01", "DueDate": "2026-11-15"}
    world["xero"]["invoices"] = [
        {"InvoiceNumber": "A-1", "Contact": contact, "Status": "DRAFT", "LineItems": _LINES, **dates},
        {"InvoiceNumber": "A-2", "Contact": contact, "Status": "AUTHORISED", "LineItems": _LINES, **dates},
        {"InvoiceNumber": "A-3", "Contact": contact, "Status": "DRAFT", "LineItems": _LINES, **dates},
        {"InvoiceNumber": "A-4", "Contact": contact, "Status": "AUTHORISED", "LineItems": _LINES, **dates},
    ]
    world["zoho"]["accounts"].append({"key": "script", "Account_Name": "<script>alert(1)</script> & Co"})
    world["zoho"]["deals"].append(
        {
            "key": "evil",
            "Deal_Name": "<b>bold</b>",
            "Stage": "Proposal",
            "account": "script",
            "Amount": Decimal("1234.5"),
        }
    )
    return world


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(_world(), clock=VirtualClock(_NOW, running=False)) as running:
        yield running


def _send(method: str, url: str, path: str, **body: Any) -> requests.Response:
    return requests.request(method, f"{url}/_sandbox{path}", timeout=10, allow_redirects=False, **body)


def _ok(answer: requests.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_page_shows_both_services_and_escapes_what_it_shows(sandbox: Sandbox) -> None:
    pages = [
        requests.get(url + path, timeout=10).text
        for url in (sandbox.zoho_url, sandbox.xero_url)
        for path in ("/", "/_sandbox/")
    ]
    assert len(set(pages)) == 1
    page = pages[0]
    for part in (
        "Closed Won",
        "Café Lumière",
        "A-1",
        "Coastal Linen Hire",
        "1,234.50",
        "Gallery opening",
        "20 Nov 2026",
    ):
        assert part in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co" in page
    assert "<script" not in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page


def test_state_holds_both_snapshots_and_no_secret(sandbox: Sandbox) -> None:
    answer = _send("GET", sandbox.zoho_url, "/state")
    state = _ok(answer)
    assert set(state) == {"clock", "zoho", "xero", "calls"}
    assert state["clock"] == "2026-11-20T01:00:00+00:00"
    clients = sandbox.world["zoho"]["client"], sandbox.world["xero"]["client"]
    for secret in (clients[0]["secret"], clients[0]["refresh_token"], clients[1]["secret"]):
        assert secret not in answer.text


def test_calls_can_be_read_and_reset(sandbox: Sandbox) -> None:
    requests.get(f"{sandbox.zoho_url}/crm/v8/org", timeout=10)
    seen = _ok(_send("GET", sandbox.xero_url, "/calls"))
    assert sum(seen["table"].values()) == len(seen["calls"]) == 1
    assert (seen["calls"][0]["service"], seen["calls"][0]["path"]) == ("zoho", "/crm/v8/org")
    _ok(_send("POST", sandbox.xero_url, "/calls/reset"))
    assert _ok(_send("GET", sandbox.xero_url, "/calls")) == {"table": {}, "calls": []}


def test_the_clock_moves(sandbox: Sandbox) -> None:
    assert (
        _ok(_send("POST", sandbox.zoho_url, "/clock", json={"advance": 90.5}))["clock"]
        == "2026-11-20T01:01:30.500000+00:00"
    )
    body = {"set": "2026-11-20T12:00:00+11:00"}
    assert _ok(_send("POST", sandbox.zoho_url, "/clock", json=body))["clock"] == "2026-11-20T01:00:00+00:00"


@pytest.mark.parametrize("key", ["rooftop", "Rooftop launch party"])
def test_a_deal_is_moved_by_key_or_name(sandbox: Sandbox, key: str) -> None:
    moved = _ok(_send("POST", sandbox.zoho_url, f"/zoho/Deals/{key}", json={"Stage": "Closed Won"}))
    assert (moved["Stage"], moved["Deal_Name"]) == ("Closed Won", "Rooftop launch party")
    assert sandbox.zoho.find("Deals", moved["id"])["Stage"] == "Closed Won"
    sandbox.zoho.update("Deals", moved["id"], {"Stage": "Confirmed"})


def test_a_browser_goes_back_to_the_page_a_script_gets_json(sandbox: Sandbox) -> None:
    form = {"Stage": "Proposal", "Amount": "99.95"}
    answer = _send("POST", sandbox.zoho_url, "/zoho/Deals/tasting", data=form, headers={"Accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/_sandbox/")
    assert _ok(_send("POST", sandbox.zoho_url, "/zoho/Deals/tasting", data=form))["Stage"] == "Proposal"
    assert sandbox.zoho.find("Deals", "tasting")["Amount"] == Decimal("99.95")


def test_a_grant_code_is_given_as_the_api_console_gives_one(sandbox: Sandbox) -> None:
    code = _send("POST", sandbox.zoho_url, "/grant-code", data={"scope": "ZohoCRM.org.READ"}).text.strip()
    client = sandbox.world["zoho"]["client"]
    asked = {"grant_type": "authorization_code", "code": code, "client_id": client["id"]}
    answer = requests.post(
        f"{sandbox.zoho_url}/oauth/v2/token", data={**asked, "client_secret": client["secret"]}, timeout=10
    ).json()
    assert answer["scope"] == "ZohoCRM.org.READ"
    assert answer["refresh_token"]


def test_json_without_its_content_type_is_still_json(sandbox: Sandbox) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = _send("POST", sandbox.zoho_url, "/zoho/Deals/tasting", data='{"Amount": 12.30}', headers=headers)
    assert _ok(answer)["Deal_Name"] == "Spring tasting evening"
    assert sandbox.zoho.find("Deals", "tasting")["Amount"] == Decimal("12.30")


def test_records_are_made_given_other_lines_and_deleted(sandbox: Sandbox) -> None:
    url = sandbox.zoho_url
    deal = _ok(_send("POST", url, "/zoho/Deals", json={"Deal_Name": "New one", "Stage": "Proposal", "account": "kelp"}))
    lines = [{"product": "menu", "Quantity": 2, "List_Price": 10.05, "taxes": ["GST"]}]
    made = {"Subject": "New quote", "deal": deal["id"], "Quote_Stage": "Confirmed", "lines": lines}
    quote = _ok(_send("POST", url, "/zoho/Quotes", json=made))
    assert sandbox.zoho.find("Quotes", quote["id"])["Grand_Total"] == Decimal("22.11")
    _ok(_send("POST", url, f"/zoho/Quotes/{quote['id']}", json={"lines": [{**lines[0], "Quantity": 1}]}))
    assert sandbox.zoho.find("Quotes", quote["id"])["Grand_Total"] == Decimal("11.06")
    assert _ok(_send("DELETE", url, f"/zoho/Quotes/{quote['id']}")) == {"deleted": quote["id"]}
    assert _send("GET", url, f"/zoho/Quotes/{quote['id']}").status_code == 404


@pytest.mark.parametrize(
    ("number", "action", "body", "status"),
    [
        ("A-1", "approve", {}, "AUTHORISED"),
        ("A-2", "void", {}, "VOIDED"),
        ("A-3", "delete", {}, "DELETED"),
        ("A-4", "pay", {"amount": "110.00"}, "PAID"),
    ],
)
def test_a_persons_hands_in_xero(sandbox: Sandbox, number: str, action: str, body: dict[str, str], status: str) -> None:
    invoice = _ok(_send("POST", sandbox.xero_url, f"/xero/invoices/{number}/{action}", json=body))
    assert (invoice["InvoiceNumber"], invoice["Status"]) == (number, status)


def test_an_invoice_is_edited_and_a_contact_archived(sandbox: Sandbox) -> None:
    url = sandbox.xero_url
    assert _ok(_send("POST", url, "/xero/invoices/A-1/edit", json={"Reference": "by hand"}))["Reference"] == "by hand"
    contact = _ok(_send("POST", url, "/xero/contacts/Coastal Linen Hire Pty Ltd/archive"))
    assert contact["ContactStatus"] == "ARCHIVED"
    assert _ok(_send("POST", url, "/xero/forget-keys")) == {"forgotten": True}


def test_faults_are_queued_listed_and_cleared(sandbox: Sandbox) -> None:
    url = sandbox.zoho_url
    _ok(_send("POST", url, "/faults", json={"kind": "slow", "service": "xero", "seconds": 2.5}))
    pending = _ok(_send("POST", url, "/faults", json=[{"kind": "html"}, {"kind": "empty", "skip": 1}]))["pending"]
    assert [fault["kind"] for fault in pending] == ["slow", "html", "empty"]
    assert sandbox.faults.pending()[0] == Fault("slow", service="xero", seconds=2.5)
    assert "drop_after" in _ok(_send("GET", url, "/faults"))["kinds"]
    assert _ok(_send("DELETE", url, "/faults")) == {"pending": []}
    assert sandbox.faults.pending() == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "part"),
    [
        ("POST", "/zoho/Deals/nothing", {"json": {}}, 404, "Deals: there is no 'nothing'"),
        ("POST", "/zoho/Dealz", {"json": {}}, 404, "Zoho has no module 'Dealz'"),
        ("DELETE", "/zoho/Deals/nothing", {}, 404, "Deals: there is no 'nothing'"),
        ("POST", "/zoho/Deals/gala", {"json": {"Amount": "much"}}, 400, "much"),
        ("POST", "/zoho/Deals/gala", {"data": {"Amount": "NaN"}}, 400, "'NaN' is not an amount"),
        ("POST", "/zoho/Deals/gala", {"json": {"Satge": "x"}}, 400, "Satge"),
        ("POST", "/zoho/Deals/gala", {"json": [1]}, 400, "Send a JSON object or form fields."),
        ("POST", "/zoho/Deals/gala", {"data": b"{"}, 400, "The body is neither JSON nor form fields."),
        ("POST", "/xero/invoices/A-9/approve", {}, 404, "There is no invoice 'A-9' in Xero."),
        ("POST", "/xero/invoices/A-1/pay", {"json": {}}, 400, "None is not an amount"),
        ("POST", "/xero/invoices/A-1/frobnicate", {}, 404, "There is nothing at POST"),
        ("POST", "/xero/contacts/Nobody/archive", {}, 404, "There is no contact 'Nobody' in Xero."),
        ("POST", "/clock", {"json": {}}, 400, 'Send {"advance": seconds}'),
        ("POST", "/clock", {"json": {"advance": "x"}}, 400, "The clock cannot advance by 'x'."),
        ("POST", "/clock", {"json": {"advance": 1e300}}, 400, "The clock cannot advance"),
        ("POST", "/clock", {"json": {"set": "noon"}}, 400, "'noon' is not a time."),
        ("POST", "/clock", {"json": {"set": "2026-11-20T12:00:00"}}, 400, "has no time zone."),
        ("POST", "/faults", {"json": {"kind": "explode"}}, 400, "There is no fault of kind 'explode'."),
        ("POST", "/faults", {"json": [1]}, 400, "Send one fault such as"),
        ("GET", "/nothing", {}, 404, "There is nothing at GET /_sandbox/nothing."),
        ("DELETE", "/state", {}, 405, "There is nothing at DELETE /_sandbox/state."),
    ],
)
def test_mistakes_are_answered_in_one_sentence(
    sandbox: Sandbox, method: str, path: str, body: dict[str, Any], status: int, part: str
) -> None:
    answer = _send(method, sandbox.zoho_url, path, **body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json")
    assert part in answer.json()["error"]
