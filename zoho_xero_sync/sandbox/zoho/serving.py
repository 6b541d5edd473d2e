"""How one call is served: who it is, what it may, whether there is room; then the work, and its credits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, g, request

from . import jsonout
from .catalogue import scope_name
from .errors import ZohoError
from .oauth import allows
from .state import ZohoState

Body = dict[str, Any] | None
Need = tuple[str, str | None, str]
_PREFIX = "Zoho-oauthtoken "


def serve(state: ZohoState, kind: str, need: Need, work: Callable[[], Body], *, costly: bool = False) -> Response:
    """One CRM call: who is it, may they, is there room; then the work under the state's lock, then its credits."""
    g.call_kind = kind
    with state.lock:
        g.scopes = _scopes(state)
    if not allows(g.scopes, *need):
        raise ZohoError("OAUTH_SCOPE_MISMATCH", status=401)
    with state.limits.slot(costly=costly):
        try:
            with state.lock:
                for hook in tuple(state.on_call):
                    hook(kind)
                body = work()
        finally:
            state.limits.spend(g.get("credits", 1))
    return empty(204) if body is None else to_json(body, g.get("answer_status", 200))


def _scopes(state: ZohoState) -> tuple[str, ...]:
    header = request.headers.get("Authorization", "")
    if not header.startswith(_PREFIX) or not header[len(_PREFIX) :].strip():
        raise ZohoError("AUTHENTICATION_FAILURE", status=401)
    scopes = state.oauth.scopes_of(header[len(_PREFIX) :].strip())
    if scopes is None:
        raise ZohoError("INVALID_TOKEN", status=401)
    return scopes


def module_need(state: ZohoState, name: str, operation: str) -> Need:
    """The scope a call needs for a module; the whole family for one that does not exist."""
    module = state.schema.get(name)
    return ("modules", scope_name(module, state.switches) if module is not None else None, operation)


def request_json() -> Any:
    """The body of the request. Raises ZohoError INVALID_DATA for anything that is not JSON."""
    try:
        return jsonout.loads(request.get_data())
    except ValueError as error:
        raise ZohoError("INVALID_DATA", {"expected_data_type": "jsonobject", "json_path": "$"}) from error


def refusal(state: ZohoState, error: ZohoError) -> Response:
    """A refusal as the organisation's switches have it."""
    if error.status == 304:
        return empty(304)
    if error.status != 429:
        return to_json(error.body(), error.status)
    response = to_json({**error.body(), "code": state.switches["rate_limit_code"]}, 429)
    if state.switches["retry_after"] is not None:
        response.headers["Retry-After"] = str(state.switches["retry_after"])
    return response


def empty(status: int) -> Response:
    """An answer without a body."""
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response


def to_json(value: dict[str, Any], status: int = 200) -> Response:
    """An answer with exact numbers."""
    return Response(
        jsonout.dumps(value).encode("utf-8", "replace"), status, content_type="application/json;charset=UTF-8"
    )
