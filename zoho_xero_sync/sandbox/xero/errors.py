"""The error answers of the Xero API, each in the shape the service gives it.

Sources: developer.xero.com/documentation/api/accounting/responsecodes and
developer.xero.com/documentation/guides/oauth2/troubleshooting.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import wire
from .rule import rules

RULES = (
    *rules(
        "guides/oauth2/troubleshooting",
        "A token that is missing, unknown or revoked answers 401 AuthenticationUnsuccessful.",
        "A token without the scope answers 401 AuthorizationUnsuccessful with WWW-Authenticate: insufficient_scope; a "
        "new token does not help.",
    ),
    *rules(
        "api/accounting/responsecodes",
        "400 carries ErrorNumber, Type and Message: ValidationException (10) with Elements, PostDataInvalidException "
        "(14), QueryParseException (16).",
        "An unknown id, number or path answers 404 as text/html; a method that does not exist there answers 501.",
        "An organisation that is offline answers 503 with a sentence as plain text.",
    ),
)

JSON = "application/json; charset=utf-8"
HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer: status, body bytes, content type (None sends no such header), extra headers."""

    status: int
    body: bytes = b""
    content_type: str | None = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


class ApiError(Exception):
    """The whole request ends with `answer`; nothing it did is kept."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


class RefusedError(Exception):
    """One element fails validation with `messages`, in the order Xero lists them."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages


def validation(elements: Sequence[Mapping[str, object]], message: str = "A validation exception occurred") -> ApiError:
    """400 ValidationException with the refused elements."""
    return _numbered(10, "ValidationException", message, {"Elements": list(elements)})


def post_data_invalid(message: str) -> ApiError:
    """400 PostDataInvalidException: the JSON, an enum, a date or a number does not parse."""
    return _numbered(14, "PostDataInvalidException", message)


def query_parse(message: str) -> ApiError:
    """400 QueryParseException: `where` or `order` is not understood."""
    return _numbered(16, "QueryParseException", message)


def high_volume(kind: str) -> ApiError:
    """400 HighVolumeException, ErrorNumber 51 (github.com/XeroAPI/xero-python/issues/148)."""
    return _numbered(
        51,
        "HighVolumeException",
        f"Your request is not filtering {kind}s efficiently, given the extremely high volume for this organisation. "
        "Please check https://developer.xero.com/documentation/api/efficient-data-retrieval for tips on making "
        f"{kind} retrieval more efficient.",
    )


def unauthorized(detail: str) -> ApiError:
    """401: the token is missing, unknown, revoked or expired."""
    return ApiError(Answer(401, wire.dumps(_problem("Unauthorized", 401, detail))))


def scope_missing(status: int = 401) -> ApiError:
    """401 (or 403) with the marker of a missing scope, which no refresh can cure."""
    title = "Unauthorized" if status == 401 else "Forbidden"
    body = wire.dumps(_problem(title, status, "AuthorizationUnsuccessful"))
    return ApiError(Answer(status, body, headers={"WWW-Authenticate": "insufficient_scope"}))


def forbidden() -> ApiError:
    """403: tenant header missing or wrong, or the connection is gone."""
    return ApiError(Answer(403, wire.dumps(_problem("Forbidden", 403, "AuthenticationUnsuccessful"))))


def not_found() -> ApiError:
    """404 as text/html, never JSON."""
    return ApiError(Answer(404, b"The resource you're looking for cannot be found", HTML))


def too_large() -> ApiError:
    """413: the body of a write is larger than the limit."""
    return ApiError(Answer(413, b"", HTML))


def offline() -> ApiError:
    """503: the organisation is offline."""
    return ApiError(Answer(503, b"The Organisation is offline", "text/plain; charset=utf-8"))


def not_implemented() -> Answer:
    """501: the path exists and that method does not; always XML (github.com/freakboy3742/pyxero, its test data)."""
    body = (
        b"<ApiException><ErrorNumber>20</ErrorNumber><Type>ApiMethodNotImplementedException</Type>"
        b"<Message>The Api Method called is not implemented</Message></ApiException>"
    )
    return Answer(501, body, "text/xml; charset=utf-8")


def precondition_failed() -> ApiError:
    """412: a conditional header that does not parse."""
    return ApiError(Answer(412, b"", HTML))


def too_many(problem: str, retry_after: int | None) -> Answer:
    """429 with an empty body and no content type; Retry-After is absent for concurrency."""
    headers = {"X-Rate-Limit-Problem": problem}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Answer(429, b"", None, headers)


def too_long(name: str, limit: int) -> str:
    """The sentence for a text over its documented length; the service's own wording is not published."""
    return f"The field {name} must be a string with a maximum length of {limit}."


def _numbered(number: int, kind: str, message: str, more: Mapping[str, object] | None = None) -> ApiError:
    body = {"ErrorNumber": number, "Type": kind, "Message": message, **(more or {})}
    return ApiError(Answer(400, wire.dumps(body)))


def _problem(title: str, status: int, detail: str) -> dict[str, object]:
    return {
        "Type": None,
        "Title": title,
        "Status": status,
        "Detail": detail,
        "Instance": str(uuid.uuid4()),
        "Extensions": {},
    }
