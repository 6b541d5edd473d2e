"""Several calls in one: up to five sub-requests, each answered as if it had come alone.

Source: www.zoho.com/crm/developer/docs/api/v8/composite-api.html.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .errors import ZohoError
from .rule import rules

Json = dict[str, Any]
RULES = rules(
    "composite-api.html",
    "A composite call has 1 to 5 sub-requests of the same version, each with its own sub_request_id; its scope is "
    "ZohoCRM.composite_requests.CUSTOM beside those of the sub-requests, whose credits are counted too.",
    "What a sub-request is refused with is in its details.response; the call is 200 when all went well, else 207.",
    "rollback_on_fail and parallel_execution exclude each other; the sandbox plays no rollback and refuses it.",
)
MAX_REQUESTS = 5
NAME = "__composite_requests"
_PREFIX = "/crm/v8/"
_METHODS = ("GET", "POST", "PUT", "DELETE")


class SubRequest(NamedTuple):
    """One sub-request: what is called, how, and with what."""

    name: str
    method: str
    path: str
    params: Json
    headers: dict[str, str]
    body: Any


class SubAnswer(NamedTuple):
    """What a sub-request was answered with."""

    status: int
    headers: dict[str, str]
    body: Any


def composite(body: Any, call: Callable[[SubRequest], SubAnswer]) -> tuple[Json, int]:
    """POST /__composite_requests: the answer and its status. Raises ZohoError when the call as a whole is refused."""
    requests = _requests(body)
    results, good = [], True
    for request in requests:
        answer = call(request)
        ok = answer.status < 400
        good = good and ok
        response = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
        results.append(
            {
                "code": "SUCCESS" if ok else "EXECUTION_FAILED",
                "details": {"sub_request_id": request.name, "response": response},
                "message": "sub request executed" if ok else "sub request failed",
                "status": "success" if ok else "error",
            }
        )
    return {NAME: results}, 200 if good else 207


def _requests(body: Any) -> list[SubRequest]:
    where = {"api_name": NAME, "json_path": f"$.{NAME}"}
    given = body.get(NAME) if isinstance(body, dict) else None
    if given is None:
        raise ZohoError("MANDATORY_NOT_FOUND", where)
    if not isinstance(given, list) or not given or not all(isinstance(item, dict) for item in given):
        raise ZohoError("INVALID_DATA", {"expected_data_type": "jsonarray", **where})
    if len(given) > MAX_REQUESTS:
        raise ZohoError("LIMIT_EXCEEDED", {"limit": MAX_REQUESTS, **where})
    if body.get("rollback_on_fail"):
        raise ZohoError("NOT_SUPPORTED", {"api_name": "rollback_on_fail", "json_path": "$.rollback_on_fail"})
    found = [_request(item, f"$.{NAME}[{position}]") for position, item in enumerate(given)]
    if len({request.name for request in found}) != len(found):
        raise ZohoError("DUPLICATE_DATA", {"api_name": "sub_request_id", "json_path": f"$.{NAME}"})
    return found


def _request(item: Json, path: str) -> SubRequest:
    for name in ("sub_request_id", "method", "uri"):
        if not isinstance(item.get(name), str) or not item[name]:
            raise ZohoError("MANDATORY_NOT_FOUND", {"api_name": name, "json_path": f"{path}.{name}"})
    if item["method"] not in _METHODS:
        wrong = {"api_name": "method", "json_path": f"{path}.method", "supported_values": list(_METHODS)}
        raise ZohoError("INVALID_DATA", wrong)
    uri = urlsplit(item["uri"])
    if uri.netloc or not uri.path.startswith(_PREFIX) or uri.path.startswith(f"{_PREFIX}{NAME}"):
        raise ZohoError("INVALID_DATA", {"api_name": "uri", "json_path": f"{path}.uri"})
    headers = {str(name): str(value) for name, value in (item.get("headers") or {}).items()}
    return SubRequest(
        item["sub_request_id"], item["method"], item["uri"], item.get("params") or {}, headers, item.get("body")
    )
