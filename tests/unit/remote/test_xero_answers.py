"""What an answer to a write proves about each of its items, and what it does not."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from remote_tools import an_answer

from zoho_xero_sync.core.model import Operation, OperationKind, OperationState, XeroContact, XeroInvoice, XeroItem
from zoho_xero_sync.core.outcome import Applied, Emailed, NotSent, Refused, Rejected, Unknown
from zoho_xero_sync.remote.xero.answers import Verdicts, read_answer
from zoho_xero_sync.remote.xero.wire import ZERO_ID

LINK = "https://crm.zoho.com.au/crm/org70001/tab/Potentials/"
CREATE, UPDATE = OperationKind.CREATE_INVOICE, OperationKind.UPDATE_INVOICE
MAKE, CHANGE = OperationKind.CREATE_CONTACT, OperationKind.UPDATE_CONTACT


def guid(number: int) -> str:
    return f"{number:08d}-0000-0000-0000-000000000001"


def operations(count: int, kind: OperationKind = CREATE) -> tuple[Operation, ...]:
    marks = {CREATE: f"{LINK}%s", MAKE: "57250%s"}
    identities = [marks[kind] % n if kind in marks else guid(n) for n in range(count)]
    return tuple(
        Operation(n, 1, n, kind, str(n), identity, {}, OperationState.IN_FLIGHT)
        for n, identity in enumerate(identities)
    )


def invoice(number: int, **changes: Any) -> dict[str, Any]:
    element = {
        "InvoiceID": guid(number),
        "InvoiceNumber": f"INV-{number:04d}",
        "Url": f"{LINK}{number}",
        "Status": "AUTHORISED",
        "Total": 110,
        "CurrencyCode": "AUD",
        "Contact": {"ContactID": guid(99)},
        "HasErrors": False,
        "StatusAttributeString": "OK",
    }
    return {key: value for key, value in (element | changes).items() if value is not None}


def refused(number: int, **changes: Any) -> dict[str, Any]:
    errors = [{"Message": f"Refused {number}."}]
    zero = {"InvoiceID": ZERO_ID, "InvoiceNumber": "", "Status": "AUTHORISED"}
    return invoice(
        number, **(zero | {"HasErrors": True, "StatusAttributeString": "ERROR", "ValidationErrors": errors} | changes)
    )


def nameless(number: int) -> dict[str, Any]:
    """A refused element that echoes nothing of ours."""
    return refused(number, Url=None, InvoiceNumber=None)


def unmarked(number: int) -> dict[str, Any]:
    """A good element that does not say whose it is."""
    return invoice(number, Url=None)


def contact(number: int, **changes: Any) -> dict[str, Any]:
    element = {"ContactID": guid(number), "ContactNumber": f"57250{number}", "Name": f"Customer {number}"}
    return element | {"HasValidationErrors": False, "StatusAttributeString": "OK"} | changes


def verdicts(elements: list[Any], kind: OperationKind = CREATE, count: int | None = None) -> Verdicts:
    collection = "Contacts" if kind in (MAKE, CHANGE) else "Invoices"
    body = json.dumps({"Status": "OK", collection: elements})
    found = read_answer(an_answer(200, body), operations(len(elements) if count is None else count, kind))
    assert isinstance(found, list)
    return found


def shape(found: Verdicts) -> list[str]:
    """Each outcome in short: which item was applied, the words of a refusal, or unknown."""
    names = []
    for outcome in found:
        if isinstance(outcome, Applied):
            assert isinstance(outcome.item, (XeroContact, XeroInvoice))
            names.append(outcome.item.id[:8].lstrip("0") or "0")
        elif isinstance(outcome, Rejected):
            names.append(outcome.message)
        else:
            assert isinstance(outcome, Unknown) and outcome.reason
            names.append("?")
    return names


CASES: list[tuple[str, list[Any], list[str]]] = [
    ("all well", [invoice(0), invoice(1), invoice(2)], ["0", "1", "2"]),
    ("one refused", [invoice(0), refused(1), invoice(2)], ["0", "Refused 1.", "2"]),
    ("all refused", [refused(0), refused(1)], ["Refused 0.", "Refused 1."]),
    ("a refused one without its mark, in its place", [invoice(0), nameless(1), invoice(2)], ["0", "Refused 1.", "2"]),
    ("all refused without marks", [nameless(0), nameless(1)], ["Refused 0.", "Refused 1."]),
    ("a refused one without its mark, others moved", [invoice(2), nameless(1), invoice(0)], ["0", "?", "2"]),
    ("two without marks, others in place", [nameless(0), invoice(1), nameless(2)], ["Refused 0.", "1", "Refused 2."]),
    ("two without marks, one moved", [nameless(0), invoice(2), nameless(1)], ["?", "?", "2"]),
    ("one twice", [invoice(0), invoice(0), invoice(2)], ["?", "?", "?"]),
    ("one twice, once refused", [invoice(0), refused(0), invoice(2)], ["?", "?", "?"]),
    ("a stranger", [invoice(0), invoice(7), invoice(2)], ["0", "?", "2"]),
    ("a refused stranger", [invoice(0), refused(7), invoice(2)], ["0", "?", "2"]),
    ("a refused stranger by its id", [invoice(0), refused(7, InvoiceID=guid(7), Url=None)], ["0", "?"]),
    ("a stranger beside a nameless one", [refused(7), nameless(1), invoice(2)], ["?", "?", "2"]),
    ("good, with an id of zeros", [invoice(0), invoice(1, InvoiceID=ZERO_ID)], ["0", "?"]),
    ("good, without an id", [invoice(0), invoice(1, InvoiceID=None)], ["0", "?"]),
    ("good, without its mark", [invoice(0), invoice(1, Url=None)], ["0", "?"]),
    ("good, with another status than any", [invoice(0), invoice(1, Status="SETTLED")], ["0", "?"]),
    ("good, without a status", [invoice(0), invoice(1, Status=None)], ["0", "?"]),
    ("good, with a total in words", [invoice(0), invoice(1, Total="110.00")], ["0", "?"]),
    ("flagged without a word", [invoice(0), refused(1, ValidationErrors=[])], ["0", "Xero gave no reason"]),
    ("flag only", [refused(0, StatusAttributeString="OK")], ["Refused 0."]),
    ("status only", [refused(0, HasErrors=False)], ["Refused 0."]),
    ("refused with a real id", [refused(0, InvoiceID=guid(0), Status="DELETED")], ["Refused 0."]),
    ("a warning", [invoice(0, StatusAttributeString="WARNING", Warnings=[{"Message": "Rate."}])], ["0"]),
    ("no per-element result", [invoice(0, StatusAttributeString=None, HasErrors=None)], ["0"]),
    (
        "words in a line",
        [refused(0, ValidationErrors=[], LineItems=[{"ValidationErrors": [{"Message": "In a line."}]}])],
        ["In a line."],
    ),
    ("too few", [invoice(0)], ["?", "?", "?"]),
    ("too many", [invoice(0), invoice(1), invoice(2), invoice(3)], ["?", "?", "?"]),
    ("none", [], ["?", "?"]),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_each_item_is_known_by_its_own_mark(case: tuple[str, list[Any], list[str]]) -> None:
    _, elements, expected = case
    assert shape(verdicts(elements, count=len(expected))) == expected


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_any_order_of_marked_elements_gives_the_same_outcomes(order: tuple[int, ...]) -> None:
    elements = [invoice(0), refused(1), invoice(2), refused(3)]
    assert shape(verdicts([elements[place] for place in order])) == ["0", "Refused 1.", "2", "Refused 3."]


@given(st.data(), st.integers(1, 6))
def test_no_shuffled_or_spoiled_answer_ever_gives_an_item_to_another_deal(data: st.DataObject, count: int) -> None:
    """Whatever is lost, doubled, moved or strange: what is applied is applied to its own operation."""
    kinds = st.sampled_from([invoice, refused, nameless, unmarked])
    elements = [data.draw(kinds)(data.draw(st.integers(0, count + 1))) for _ in range(count)]
    found = verdicts(elements, count=count)
    marked = {element["Url"] for element in elements if "Url" in element and not element["HasErrors"]}
    for number, outcome in enumerate(found):
        if isinstance(outcome, Applied):
            assert isinstance(outcome.item, XeroInvoice)
            assert outcome.item.id == guid(number) and f"{LINK}{number}" in marked


@pytest.mark.parametrize(
    ("kind", "element", "expected"),
    [
        (UPDATE, invoice(0, Url=None), "0"),
        (UPDATE, invoice(0, Url=f"{LINK}other"), "0"),
        (UPDATE, refused(0, InvoiceID=guid(0)), "Refused 0."),
        (UPDATE, invoice(5), "?"),
        (MAKE, contact(0), "0"),
        (MAKE, contact(0, ContactNumber=""), "?"),
        (MAKE, contact(0, ContactID=ZERO_ID), "?"),
        (MAKE, contact(0, HasValidationErrors=True, ValidationErrors=[{"Message": "Taken."}]), "Taken."),
        (MAKE, contact(0, ContactNumber="other"), "?"),
        (CHANGE, contact(0, ContactNumber="SHOP-77"), "0"),
        (CHANGE, contact(0, StatusAttributeString="ERROR"), "Xero gave no reason"),
        (CHANGE, contact(5), "?"),
    ],
)
def test_updates_are_known_by_id_and_new_contacts_by_number(
    kind: OperationKind, element: dict[str, Any], expected: str
) -> None:
    assert shape(verdicts([element], kind)) == [expected]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!DOCTYPE html><html><title>Sorry</title></html>",
        b'{"Invoices": [{"InvoiceID": "0000',
        b"[]",
        b"null",
        b'"OK"',
        b"{}",
        b'{"Invoices": null}',
        b'{"Invoices": [null, null]}',
        b'{"Contacts": []}',
        b"\xff\xfe",
        b"[" * 50_000,
    ],
    ids=lambda body: body[:20].decode("latin-1") or "empty",
)
@pytest.mark.parametrize("status", [200, 201])
def test_an_answer_that_cannot_be_read_leaves_everything_unknown(body: bytes, status: int) -> None:
    found = read_answer(an_answer(status, body), operations(2))
    assert isinstance(found, list) and shape(found) == ["?", "?"]


@pytest.mark.parametrize("status", [100, 204, 301, 302, 304, 500, 501, 502, 503, 504, 520])
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"Invoices": []}'])
def test_a_status_that_proves_nothing_leaves_everything_unknown(status: int, body: bytes) -> None:
    found = read_answer(an_answer(status, body), operations(2))
    assert isinstance(found, list) and shape(found) == ["?", "?"]


def test_a_500_with_good_elements_is_still_unknown() -> None:
    found = read_answer(an_answer(500, json.dumps({"Invoices": [invoice(0)]})), operations(1))
    assert isinstance(found, list) and shape(found) == ["?"]


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_status_that_proves_it_was_not_processed(status: int) -> None:
    found = read_answer(an_answer(status, b""), operations(3))
    assert isinstance(found, list) and len(found) == 3
    assert all(isinstance(outcome, NotSent) and str(status) in outcome.reason for outcome in found)


QUARREL = "Idempotency Key: k is used with a different request."


@pytest.mark.parametrize(
    "body", [{"Message": QUARREL}, {"Message": "x", "Elements": [{"ValidationErrors": [{"Message": QUARREL}]}]}]
)
def test_a_quarrel_about_the_key_says_nothing_of_the_items(body: Any) -> None:
    found = read_answer(an_answer(400, json.dumps(body)), operations(2))
    assert isinstance(found, list) and len(found) == 2
    assert all(isinstance(outcome, Unknown) and QUARREL in outcome.reason for outcome in found)


ELEMENT = {"ValidationErrors": [{"Message": "Bad line."}], "LineItems": [{"ValidationErrors": [{"Message": "Deep."}]}]}


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (400, {"Type": "ValidationException", "Message": "A validation exception occurred", "Elements": [ELEMENT]},
         "Bad line.; Deep."),
        (400, {"Type": "PostDataInvalidException", "Message": "Error converting value."}, "Error converting value."),
        (400, {"Elements": []}, "status 400"),
        (400, [], "status 400"),
        (404, "The resource you're looking for cannot be found", "status 404"),
        (413, "<html>", "status 413"),
        (412, "", "status 412"),
    ],
)  # fmt: skip
def test_a_request_refused_as_a_whole_says_why(status: int, body: Any, message: str) -> None:
    raw = body if isinstance(body, str) else json.dumps(body)
    assert read_answer(an_answer(status, raw), operations(2)) == Refused(message)


EMAIL = Operation(1, 1, 0, OperationKind.EMAIL_INVOICE, "7", guid(1), {}, OperationState.IN_FLIGHT)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (204, Applied(Emailed(guid(1)))),
        (200, Unknown("Xero answered with status 200 and not 204")),
        (500, Unknown("Xero answered with status 500")),
        (403, NotSent("Xero did not process it (status 403)")),
    ],
)
def test_an_e_mail_left_only_when_xero_says_so(status: int, expected: object) -> None:
    assert read_answer(an_answer(status, ""), [EMAIL]) == [expected]


def test_an_item_is_known_by_its_code() -> None:
    kind = OperationKind.CREATE_ITEM
    asked = [
        Operation(n, 1, n, kind, f"Item:{code}", code, {}, OperationState.IN_FLIGHT) for n, code in enumerate("AB")
    ]
    refusal = {
        "Code": "B",
        "ItemID": ZERO_ID,
        "StatusAttributeString": "ERROR",
        "ValidationErrors": [{"Message": "No."}],
    }
    body = json.dumps({"Items": [{"Code": "A", "ItemID": guid(5)}, refusal]})
    assert read_answer(an_answer(200, body), asked) == [Applied(XeroItem(guid(5), "A")), Rejected("No.")]
