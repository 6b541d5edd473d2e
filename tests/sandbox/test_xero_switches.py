"""Each disputed behaviour both ways, the list of rules, and the internal errors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal as D

import pytest
from xero_desk import BUYER, Desk, line

from zoho_xero_sync.sandbox.xero.enforced import RULES
from zoho_xero_sync.sandbox.xero.switches import DEFAULTS, SWITCHES

SENT = {"Status": "AUTHORISED", "DueDate": "2026-12-04"}


def status_of(desk: Desk, method: str, path: str, body: object = None, **headers: str) -> int:
    return desk.call(method, path, body, **headers).status_code


def default_format(desk: Desk) -> object:
    del desk.headers["Accept"]
    return desk.call("GET", "/Organisation").mimetype


def large_write(desk: Desk) -> object:
    return status_of(desk, "PUT", "/Contacts", {"Name": "A", "FirstName": "x" * 200})


def good_of_a_bad_batch(desk: Desk) -> object:
    desk.call("PUT", "/Contacts", {"Contacts": [{"Name": "Good"}, {"Name": ""}]})
    return len(desk.state.contacts())


def elements(desk: Desk) -> object:
    return len(desk.call("PUT", "/Contacts", {"Contacts": [{"Name": "Good"}, {"Name": ""}]}).json["Elements"])


def bad_batch_status(desk: Desk) -> object:
    return status_of(desk, "PUT", "/Contacts", {"Contacts": [{"Name": ""}]})


def missing_scope(desk: Desk) -> object:
    desk.log_in("accounting.contacts")
    return status_of(desk, "GET", "/Invoices")


def items_by_invoices(desk: Desk) -> object:
    desk.log_in("accounting.invoices")
    return status_of(desk, "PUT", "/Items", {"Code": "X"})


def post_by_name(desk: Desk) -> object:
    desk.contact()
    return status_of(desk, "POST", "/Contacts", {"Name": BUYER, "FirstName": "Changed"})


def meant_by_post(desk: Desk) -> object:
    desk.contact("Numbered", ContactNumber="n1")
    named = desk.contact("Named")
    desk.state.archive_contact("n1")
    answer = desk.call("POST", "/Contacts", {"Name": "Named", "ContactNumber": "n1"})
    (message,) = (error["Message"] for error in answer.json["Elements"][0]["ValidationErrors"])
    assert desk.state.contact(named)["Name"] == "Named"
    return message.split(".")[0]


def empty_text(desk: Desk) -> object:
    key = desk.contact(FirstName="Ada")
    return desk.post(f"/Contacts/{key}", {"FirstName": ""})["Contacts"][0]["FirstName"]


def omitted_persons(desk: Desk) -> object:
    key = desk.contact(ContactPersons=[{"FirstName": "Ada"}])
    return len(desk.post(f"/Contacts/{key}", {"LastName": "L"})["Contacts"][0]["ContactPersons"])


def case_of_numbers(desk: Desk) -> object:
    desk.invoice(InvoiceNumber="abc")
    return status_of(desk, "PUT", "/Invoices", desk.draft(InvoiceNumber="ABC"))


def capped_tax(desk: Desk) -> object:
    return status_of(desk, "PUT", "/Invoices", desk.draft(LineItems=[line(Quantity=50, UnitAmount=1, TaxAmount=5)]))


def unknown_tracking(desk: Desk) -> object:
    lines = [line(Tracking=[{"Name": "Nope", "Option": "X"}])]
    return status_of(desk, "PUT", "/Invoices", desk.draft(LineItems=lines))


def unknown_item(desk: Desk) -> object:
    return desk.refusals("PUT", "/Invoices", desk.draft(LineItems=[line(ItemCode="NOPE")]))


def offline(desk: Desk) -> object:
    answer = desk.call("GET", "/Organisation")
    return answer.text if answer.status_code == 503 else answer.status_code


def new_currency(desk: Desk) -> object:
    return status_of(desk, "PUT", "/Currencies", {"Code": "USD"})


def since_with_fractions(desk: Desk) -> object:
    desk.clock.advance(0.5)
    desk.contact()
    return len(desk.get("/Contacts", If_Modified_Since="2026-11-20T01:00:00.700")["Contacts"])


def accents(desk: Desk) -> object:
    desk.contact("Cafe Vine")
    return status_of(desk, "PUT", "/Contacts", {"Name": "Café Vine"})


def kept_server_error(desk: Desk) -> object:
    desk.state.break_writes()
    desk.call("PUT", "/Contacts", {"Name": "A"}, Idempotency_Key="k")
    return status_of(desk, "PUT", "/Contacts", {"Name": "A"}, Idempotency_Key="k")


def discount_places(desk: Desk) -> object:
    lines = [line(Quantity=1, UnitAmount=1000, DiscountRate="33.3333")]
    return desk.invoice(LineItems=lines)["SubTotal"]


def draft_in_a_locked_period(desk: Desk) -> object:
    desk.state.set_lock_date("2026-06-30")
    return status_of(desk, "PUT", "/Invoices", desk.draft(Date="2026-06-30"))


@pytest.mark.parametrize(
    ("switch", "other", "show", "usual", "changed"),
    [
        ("answer_without_accept", "json", default_format, "text/xml", "application/json"),
        ("largest_request_bytes", 100, large_write, 200, 413),
        ("summarised_error_keeps_good", True, good_of_a_bad_batch, 0, 1),
        ("elements_of_400", "all", elements, 1, 2),
        ("summarize_errors_default", False, bad_batch_status, 400, 200),
        ("missing_scope_status", 403, missing_scope, 401, 403),
        ("items_with_invoice_scope", True, items_by_invoices, 401, 200),
        ("post_name_collision", "refuse", post_by_name, 200, 400),
        (
            "post_match",
            "name_first",
            meant_by_post,
            "The specified contact details matched an archived contact",
            "The contact number n1 is already assigned to another contact",
        ),
        ("empty_text_clears", False, empty_text, "", "Ada"),
        ("omitted_persons_survive", False, omitted_persons, 1, 0),
        ("numbers_ignore_case", False, case_of_numbers, 400, 200),
        ("tax_amount_capped", True, capped_tax, 200, 400),
        ("unknown_tracking", "dropped", unknown_tracking, 400, 200),
        ("unknown_item_message", "No {code}", unknown_item, ["Item code 'NOPE' is not valid"], ["No NOPE"]),
        ("organisation_offline", True, offline, 200, "The Organisation is offline"),
        ("multicurrency", False, new_currency, 200, 400),
        ("modified_since_subseconds", True, since_with_fractions, 1, 0),
        ("names_ignore_accents", True, accents, 200, 400),
        ("server_error_kept", False, kept_server_error, 500, 200),
        ("discount_rate_places", 4, discount_places, D("666.70"), D("666.67")),
        ("lock_dates_bind_drafts", False, draft_in_a_locked_period, 400, 200),
    ],
)
def test_a_switch_changes_what_it_says(
    switch: str, other: object, show: Callable[[Desk], object], usual: object, changed: object
) -> None:
    assert show(Desk()) == usual
    assert show(Desk({"switches": {switch: other}})) == changed


def test_a_switch_can_be_turned_at_any_time() -> None:
    desk = Desk()
    desk.contact("Café Vine")
    desk.invoice(InvoiceNumber="abc")
    desk.state.switches.update(names_ignore_accents=True, numbers_ignore_case=False)
    assert status_of(desk, "PUT", "/Contacts", {"Name": "Cafe Vine"}) == 400
    desk.state.archive_contact("Café Vine")
    assert status_of(desk, "PUT", "/Contacts", {"Name": "Cafe Vine"}) == 200
    assert desk.state.rename("abc", "ABC")["InvoiceNumber"] == "ABC"


@pytest.mark.parametrize(("how", "invoices"), [("replay", 1), ("both", 2)])
def test_two_requests_with_one_key_at_once(how: str, invoices: int) -> None:
    desk = Desk({"switches": {"same_key_in_flight": how}})
    body = desk.draft()

    def send() -> str:
        answer = desk.call("PUT", "/Invoices", body, Idempotency_Key="k")
        return str(answer.json["Invoices"][0]["InvoiceID"])

    ids: list[str] = []
    both_arrived = threading.Barrier(3, timeout=10)
    desk.state.on_write.append(lambda _: both_arrived.wait())
    threads = [threading.Thread(target=lambda: ids.append(send())) for _ in range(2)]
    with desk.state.lock:  # both requests are inside the service before either is answered
        for thread in threads:
            thread.start()
        both_arrived.wait()
    for thread in threads:
        thread.join()
    assert len(desk.state.invoices()) == len(set(ids)) == invoices


@pytest.mark.parametrize(("after_commit", "stored"), [(False, 0), (True, 1)])
def test_an_internal_error_before_or_after_the_work(after_commit: bool, stored: int) -> None:
    desk = Desk()
    desk.state.break_writes(after_commit=after_commit)
    answer = desk.call("PUT", "/Contacts", {"Name": "A"})
    assert (answer.status_code, answer.data) == (500, b"")
    assert len(desk.state.contacts()) == stored
    assert status_of(desk, "GET", "/Contacts") == 200


def test_rules_are_sentences_with_an_official_source() -> None:
    rules = Desk().state.rules()
    assert len(rules) == len(set(rules)) == len(RULES) > 60
    for rule in rules:
        assert rule.text[0].isupper() or rule.text[0].isdigit() or rule.text.split()[0].islower()
        assert rule.text.endswith("."), rule
        assert rule.source.startswith("developer.xero.com/documentation/")


def test_switches_are_documented_and_known() -> None:
    for name, switch in SWITCHES.items():
        assert switch.text.endswith("."), name
        assert switch.source.startswith("developer.xero.com/documentation/"), name
        assert DEFAULTS[name] == switch.default
