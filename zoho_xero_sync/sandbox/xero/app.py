"""The Xero half over HTTP: identity, connections and the Accounting API at their real paths.

Sources: developer.xero.com/documentation/guides/oauth2/auth-flow and developer.xero.com/documentation/api/accounting.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from email.utils import format_datetime

from flask import Flask, Response, g, request

from . import wire
from .asked import Asked
from .books import Books
from .consent import add_consent
from .errors import JSON, Answer, not_found, not_implemented
from .exchange import call_at_hand, response_of
from .gate import handle
from .identity import add_identity
from .listing import Query
from .routes import Found, find_route
from .state import XeroState
from .xmlform import is_xml, read_xml, wants_xml, write_xml

BASE = "/api.xro/2.0"
_LARGEST_BODY = 32 * 1024 * 1024
_METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH"]


def create_app(state: XeroState) -> Flask:
    """A Flask app that serves `state`. Every answer carries Date (virtual), Xero-Correlation-Id and X-Sandbox-Kind."""
    app = Flask("xero_sandbox", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY
    app.before_request(_unclassified)
    app.after_request(_stamped(state))
    add_identity(app, state)
    add_consent(app, state)
    app.add_url_rule(f"{BASE}/<path:path>", "api", _api(state), methods=_METHODS)
    app.register_error_handler(404, lambda _: response_of(not_found().answer))
    app.register_error_handler(405, lambda _: response_of(not_implemented()))
    return app


def _api(state: XeroState) -> Callable[[str], Response]:
    def view(path: str) -> Response:
        try:
            found = find_route(request.method, path)
        except LookupError:
            return response_of(not_implemented())
        if found is None:
            return response_of(not_found().answer)
        g.call_kind = found.route.kind
        call = call_at_hand()

        def work(books: Books) -> Answer:
            return found.route.handler(books, _asked(found, call.headers.get("if-modified-since"), call.body))

        answer = handle(state, call, found.route, work)
        return response_of(_in_form(answer, state.books.word("answer_without_accept")))

    return view


def _asked(found: Found, modified_since: str | None, body: bytes) -> Asked:
    route = found.route
    args = {name.lower(): value for name, value in request.args.items()}
    mime = request.mimetype
    if route.sub != "attachments" and is_xml(mime, body):
        body = wire.dumps(read_xml(body)) if body.strip() else body
    return Asked(route.method, route.resource, found.key, found.sub_key, Query(args, modified_since), body, mime)


def _in_form(answer: Answer, undecided: str) -> Answer:
    """The answer in JSON or XML as the request accepts; what the gateway says (401, 403) stays JSON."""
    if answer.content_type != JSON or answer.status not in (200, 400):
        return answer
    if not wants_xml(request.headers.get("Accept", ""), undecided):
        return answer
    content = wire.loads(answer.body)
    body = write_xml(content if isinstance(content, dict) else {})
    return replace(answer, body=body, content_type="text/xml; charset=utf-8")


def _unclassified() -> None:
    g.call_kind = "other"


def _stamped(state: XeroState) -> Callable[[Response], Response]:
    def stamp(response: Response) -> Response:
        response.headers["Date"] = format_datetime(state.books.now(), usegmt=True)
        response.headers["Xero-Correlation-Id"] = str(uuid.uuid4())
        response.headers["X-Sandbox-Kind"] = g.call_kind
        return response

    return stamp
