"""Tokens, revocation and connections over HTTP.

Source: developer.xero.com/documentation/guides/oauth2/auth-flow (token, revocation, connections).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from flask import Flask, Response, g, request

from . import wire
from .errors import Answer, ApiError, not_found
from .exchange import call_at_hand, response_of
from .gate import token_of
from .state import XeroState
from .tokens import GrantError


def add_identity(app: Flask, state: XeroState) -> None:
    """Serve the token and revocation endpoints and the connections of `state`."""
    app.add_url_rule("/connect/token", view_func=_token(state), endpoint="token", methods=["POST"])
    app.add_url_rule("/connect/revocation", view_func=_revoke(state), endpoint="revoke", methods=["POST"])
    for path in ("/connections", "/Connections"):  # the official SDK spells it with a capital
        app.add_url_rule(path, f"GET {path}", _connections(state), methods=["GET"])
        app.add_url_rule(f"{path}/<connection_id>", f"DELETE {path}", _disconnect(state), methods=["DELETE"])


def _token(state: XeroState) -> Callable[[], Response]:
    def view() -> Response:
        g.call_kind = "token"
        try:
            with state.lock:
                body = state.tokens.grant(request.form.to_dict(), _basic())
        except GrantError as error:
            return response_of(Answer(400, wire.dumps({"error": error.code})))
        return response_of(Answer(200, wire.dumps(body), headers={"Cache-Control": "no-store"}))

    return view


def _revoke(state: XeroState) -> Callable[[], Response]:
    def view() -> Response:
        g.call_kind = "token"
        form = request.form.to_dict()
        with state.lock:
            if not state.tokens.authenticates(form, _basic()):
                return response_of(Answer(400, wire.dumps({"error": "invalid_client"})))
            if state.tokens.revoke(form.get("token", "")):
                state.disconnect_all()
        return response_of(Answer(200, b"", None))

    return view


def _connections(state: XeroState) -> Callable[[], Response]:
    def view() -> Response:
        g.call_kind = "connections"
        with state.lock:
            refusal = _token_refusal(state)
            if refusal:
                return refusal
            event = request.args.get("authEventId")
            rows = [tenant.view() for tenant in state.tenants.values() if tenant.connection]
            wanted = [row for row in rows if event in (None, row["authEventId"])]
        return response_of(Answer(200, wire.dumps(wanted)))

    return view


def _disconnect(state: XeroState) -> Callable[[str], Response]:
    def view(connection_id: str) -> Response:
        g.call_kind = "connections"
        with state.lock:
            refusal = _token_refusal(state)
            if refusal:
                return refusal
            for tenant in state.tenants.values():
                if tenant.connection and tenant.connection.connection_id == connection_id.lower():
                    tenant.connection = None
                    return response_of(Answer(204, b"", None))
        return response_of(not_found().answer)

    return view


def _token_refusal(state: XeroState) -> Response | None:
    try:
        token_of(state, call_at_hand())
    except ApiError as error:
        return response_of(error.answer)
    return None


def _basic() -> tuple[str, str] | None:
    kind, _, coded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client_id, secret
