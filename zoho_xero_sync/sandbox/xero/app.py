"""The Xero half over HTTP: identity, connections and the Accounting API at their real paths.

Sources: developer.xero.com/documentation/guides/oauth2/auth-flow (token, revocation, connections) and
developer.xero.com/documentation/api/accounting.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Callable
from email.utils import format_datetime

from flask import Flask, Response, g, request

from . import wire
from .endpoints import ROUTES, Asked, Handler
from .errors import Answer, ApiError, not_found
from .gate import Call, authorize, handle
from .listing import Query
from .state import XeroState
from .tokens import GrantError

BASE = "/api.xro/2.0"
_LARGEST_BODY = 10 * 1024 * 1024


def create_app(state: XeroState) -> Flask:
    """A Flask app that serves `state`. Every answer carries Date (virtual), Xero-Correlation-Id and X-Sandbox-Kind."""
    app = Flask("xero_sandbox", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY
    app.before_request(_unclassified)
    app.after_request(_stamped(state))
    app.add_url_rule("/connect/token", view_func=_token(state), endpoint="token", methods=["POST"])
    app.add_url_rule("/connect/revocation", view_func=_revoke(state), endpoint="revoke", methods=["POST"])
    for path in ("/connections", "/Connections"):  # the official SDK spells it with a capital
        app.add_url_rule(path, f"GET {path}", _connections(state), methods=["GET"])
        app.add_url_rule(f"{path}/<connection_id>", f"DELETE {path}", _disconnect(state), methods=["DELETE"])
    for method, resource, kind, scope, handler in ROUTES:
        view = _resource(state, kind, scope, handler)
        app.add_url_rule(f"{BASE}/{resource}", f"{method} {resource}", view, methods=[method])
        if method != "PUT":
            app.add_url_rule(f"{BASE}/{resource}/<path:key>", f"{method} {resource} key", view, methods=[method])
    app.register_error_handler(404, lambda _: _response(not_found().answer))
    app.register_error_handler(405, lambda _: _response(Answer(501, b"", "text/html")))
    return app


def _resource(state: XeroState, kind: str, scope: str, handler: Handler) -> Callable[..., Response]:
    def view(key: str | None = None) -> Response:
        g.call_kind = kind
        call = _call()
        args = {name.lower(): value for name, value in request.args.items()}
        asked = Asked(key, Query(args, call.headers.get("if-modified-since")), call.body)
        return _response(handle(state, call, scope, lambda: handler(state.books, asked)))

    return view


def _token(state: XeroState) -> Callable[[], Response]:
    def view() -> Response:
        g.call_kind = "token"
        try:
            with state.lock:
                body = state.tokens.grant(request.form.to_dict(), _basic())
        except GrantError as error:
            return _response(Answer(400, wire.dumps({"error": error.code})))
        return _response(Answer(200, wire.dumps(body), headers={"Cache-Control": "no-store"}))

    return view


def _revoke(state: XeroState) -> Callable[[], Response]:
    def view() -> Response:
        g.call_kind = "token"
        form = request.form.to_dict()
        with state.lock:
            if not state.tokens.authenticates(form, _basic()):
                return _response(Answer(400, wire.dumps({"error": "invalid_client"})))
            if state.tokens.revoke(form.get("token", "")):
                state.connection = None
        return _response(Answer(200, b"", None))

    return view


def _connections(state: XeroState) -> Callable[[], Response]:
    def view() -> Response:
        g.call_kind = "connections"
        with state.lock:
            refusal = _token_refusal(state)
            if refusal:
                return refusal
            wanted = request.args.get("authEventId", state.tokens.auth_event_id)
            rows = _connection_rows(state) if wanted == state.tokens.auth_event_id else []
        return _response(Answer(200, wire.dumps(rows)))

    return view


def _disconnect(state: XeroState) -> Callable[[str], Response]:
    def view(connection_id: str) -> Response:
        g.call_kind = "connections"
        with state.lock:
            refusal = _token_refusal(state)
            if refusal:
                return refusal
            if state.connection is None or state.connection.connection_id != connection_id.lower():
                return _response(not_found().answer)
            state.connection = None
        return _response(Answer(204, b"", None))

    return view


def _connection_rows(state: XeroState) -> list[dict[str, object]]:
    connection = state.connection
    if connection is None:
        return []
    return [
        {
            "id": connection.connection_id,
            "authEventId": state.tokens.auth_event_id,
            "tenantId": state.tenant_id,
            "tenantType": "ORGANISATION",
            "tenantName": state.books.settings.organisation["Name"],
            "createdDateUtc": f"{connection.created:%Y-%m-%dT%H:%M:%S.%f}0",
            "updatedDateUtc": f"{connection.updated:%Y-%m-%dT%H:%M:%S.%f}0",
        }
    ]


def _token_refusal(state: XeroState) -> Response | None:
    try:
        authorize(state, _call(), None)
    except ApiError as error:
        return _response(error.answer)
    return None


def _call() -> Call:
    query = request.query_string.decode("latin-1")
    return Call(
        method=request.method,
        path=request.path,
        url=f"{request.path}?{query}" if query else request.path,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.get_data(cache=True),
    )


def _basic() -> tuple[str, str] | None:
    kind, _, coded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status, content_type=answer.content_type or "text/plain")
    if answer.content_type is None:
        del response.headers["Content-Type"]
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response


def _unclassified() -> None:
    g.call_kind = "other"


def _stamped(state: XeroState) -> Callable[[Response], Response]:
    def stamp(response: Response) -> Response:
        response.headers["Date"] = format_datetime(state.books.now(), usegmt=True)
        response.headers["Xero-Correlation-Id"] = str(uuid.uuid4())
        response.headers["X-Sandbox-Kind"] = g.call_kind
        return response

    return stamp
