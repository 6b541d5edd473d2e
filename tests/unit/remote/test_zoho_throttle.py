"""When a body says what the status did not: Zoho asks to slow down."""

from __future__ import annotations

import json

import pytest

from zoho_xero_sync.remote.answer import Answer
from zoho_xero_sync.remote.zoho.throttle import asks_to_slow_down

ERROR = {"code": "TOO_MANY_REQUESTS", "details": {}, "message": "Please try again later", "status": "error"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (ERROR, True),
        (ERROR | {"code": "too_many_requests"}, True),
        (ERROR | {"code": "RATE_LIMIT_EXCEEDED"}, True),
        ({"data": [ERROR]}, True),
        (ERROR | {"code": "INVALID_DATA", "message": "not TOO_MANY_REQUESTS"}, False),
        # A record may hold the very words, even in a field of this name.
        ({"data": [{"id": "1", "Deal_Name": "TOO_MANY_REQUESTS"}], "info": {}}, False),
        ({"data": [{"id": "1", "code": "TOO_MANY_REQUESTS"}], "info": {}}, False),
        ({"data": [], "info": {}}, False),
        (["TOO_MANY_REQUESTS"], False),
    ],
)
def test_an_error_by_that_code_is_no_answer(body: object, expected: bool) -> None:
    assert asks_to_slow_down(Answer(200, {}, json.dumps(body).encode())) is expected


@pytest.mark.parametrize("body", [b"", b"TOO_MANY_REQUESTS", b"<html>TOO_MANY_REQUESTS</html>", b'{"code": "TOO_MANY'])
def test_what_is_no_json_is_judged_by_others(body: bytes) -> None:
    assert asks_to_slow_down(Answer(200, {}, body)) is False
