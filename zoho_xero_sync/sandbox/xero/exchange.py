"""Between Flask and the sandbox's own values: the request at hand, and an answer as a response."""

from __future__ import annotations

from flask import Response, request

from .errors import Answer
from .gate import Call


def call_at_hand() -> Call:
    """The request Flask handles now, its body read."""
    query = request.query_string.decode("latin-1")
    return Call(
        method=request.method,
        path=request.path,
        url=f"{request.path}?{query}" if query else request.path,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.get_data(cache=True),
    )


def response_of(answer: Answer) -> Response:
    """The answer as Flask sends it."""
    response = Response(answer.body, answer.status, content_type=answer.content_type or "text/plain")
    if answer.content_type is None:
        del response.headers["Content-Type"]
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response
