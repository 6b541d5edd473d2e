"""Zoho's two hosts in one WSGI app: the accounts server under /oauth, the CRM API under /crm/v8."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import format_datetime
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from . import jsonout, metadata, records, writeback
from .consent import add_consent
from .coql.answer import answer as answer_query
from .errors import ZohoError
from .limits import CUSTOM_VIEW_COST, DELETED_COST, write_cost
from .oauth import TokenError, allows
from .related import get_related
from .search import search
from .state import ZohoState

Body = dict[str, Any] | None
Need = tuple[str, str | None, str]
_PREFIX = "Zoho-oauthtoken "
_SUB_CONCURRENT_RECORDS = 10


def create_app(state: ZohoState) -> Flask:
    """The app over one organisation. Every answer carries `Date` from the virtual clock and, for the frame's counters,
    `X-Sandbox-Kind`."""
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    _add_accounts(app, state)
    add_consent(app, state)
    _add_crm(app, state)
    _add_metadata(app, state)
    _add_errors(app, state)

    @app.after_request
    def stamp(response: Response) -> Response:
        response.headers["Date"] = format_datetime(state.now(), usegmt=True)
        response.headers["X-Sandbox-Kind"] = g.get("call_kind", "unknown")
        announced = state.limits.announced
        if announced is not None and request.path.startswith("/crm/"):
            response.headers["X-API-CREDITS-REMAINING"] = str(announced)
        return response

    return app


def _add_accounts(app: Flask, state: ZohoState) -> None:
    @app.post("/oauth/v2/token")
    def token() -> Response:
        g.call_kind = "token"
        with state.lock:
            body = state.oauth.answer(request.form)
        return _json({**body, "api_domain": request.host_url.rstrip("/")})

    @app.post("/oauth/v2/token/revoke")
    def revoke() -> Response:
        g.call_kind = "token"
        with state.lock:
            state.oauth.revoke(request.values.get("token", ""))
        return _json({"status": "success"})


def _add_crm(app: Flask, state: ZohoState) -> None:
    @app.post("/crm/v8/coql")
    def coql() -> Response:
        def work() -> Body:
            body, g.credits = answer_query(state, _request_json(), g.scopes)
            return body

        return _serve(state, "coql", ("coql", None, "READ"), work, costly=True)

    @app.get("/crm/v8/<name>")
    def list_records(name: str) -> Response:
        def work() -> Body:
            return records.get_list(state, name, request.args, request.headers.get("If-Modified-Since"))

        costly = "sort_by" in request.args or "cvid" in request.args
        g.credits = CUSTOM_VIEW_COST if "cvid" in request.args else 1
        return _serve(state, "records", _module_need(state, name, "READ"), work, costly=costly)

    @app.get("/crm/v8/<name>/deleted")
    def deleted_records(name: str) -> Response:
        def work() -> Body:
            return records.get_deleted(state, name, request.args, request.headers.get("If-Modified-Since"))

        g.credits = DELETED_COST
        return _serve(state, "deleted", _module_need(state, name, "READ"), work)

    @app.get("/crm/v8/<name>/<int:record_id>")
    def get_record(name: str, record_id: int) -> Response:
        def work() -> Body:
            return records.get_one(state, name, str(record_id), request.args)

        return _serve(state, "record", _module_need(state, name, "READ"), work)

    @app.get("/crm/v8/<name>/search")
    def search_records(name: str) -> Response:
        def work() -> Body:
            return search(state, name, request.args, g.scopes)

        return _serve(state, "search", _module_need(state, name, "READ"), work)

    @app.get("/crm/v8/<name>/<int:record_id>/<related>")
    def related_records(name: str, record_id: int, related: str) -> Response:
        def work() -> Body:
            if related in state.schema and not allows(g.scopes, *_module_need(state, related, "READ")):
                raise ZohoError("OAUTH_SCOPE_MISMATCH", status=401)
            return get_related(state, name, str(record_id), related, request.args)

        return _serve(state, "related", _module_need(state, name, "READ"), work)

    @app.put("/crm/v8/<name>")
    @app.put("/crm/v8/<name>/<int:record_id>")
    def update_records(name: str, record_id: int | None = None) -> Response:
        def work() -> Body:
            since = request.headers.get("If-Unmodified-Since")
            target = None if record_id is None else str(record_id)
            body, g.answer_status = writeback.update(state, name, target, _request_json(), since)
            return body

        wanted = writeback.count_items(request.get_json(silent=True))
        g.credits = write_cost(wanted)
        costly = wanted > _SUB_CONCURRENT_RECORDS
        return _serve(state, "update", _module_need(state, name, "UPDATE"), work, costly=costly)


def _add_metadata(app: Flask, state: ZohoState) -> None:
    settings: list[tuple[str, str, Need, Callable[[], Body]]] = [
        ("org", "org", ("org", None, "READ"), lambda: metadata.org(state)),
        ("org/currencies", "currencies", ("settings", "currencies", "READ"), lambda: metadata.currencies(state)),
        ("org/taxes", "taxes", ("settings", "taxes", "READ"), lambda: metadata.taxes(state)),
        ("users", "users", ("users", None, "READ"), lambda: metadata.users(state)),
        ("settings/modules", "settings", ("settings", "modules", "READ"), lambda: metadata.modules(state)),
        ("settings/fields", "settings", ("settings", "fields", "READ"), lambda: metadata.fields(state, request.args)),
        (
            "settings/layouts",
            "settings",
            ("settings", "layouts", "READ"),
            lambda: metadata.layouts(state, request.args),
        ),
        (
            "settings/pipeline",
            "settings",
            ("settings", "pipeline", "READ"),
            lambda: metadata.pipelines(state, request.args),
        ),
    ]
    for path, kind, need, work in settings:
        app.add_url_rule(f"/crm/v8/{path}", path, _view(state, kind, need, work), methods=["GET"])

    @app.get("/crm/v8/settings/modules/<name>")
    def one_module(name: str) -> Response:
        need: Need = ("settings", "modules", "READ")
        return _serve(state, "settings", need, lambda: metadata.module_by_name(state, name))


def _add_errors(app: Flask, state: ZohoState) -> None:
    @app.errorhandler(ZohoError)
    def refused(error: ZohoError) -> Response:
        return _refusal(state, error)

    @app.errorhandler(TokenError)
    def token_refused(error: TokenError) -> Response:
        status = 400 if error.throttled or state.switches["token_error_status"] == 400 else 200
        return _json(error.body(), status)

    @app.errorhandler(HTTPException)
    def wrong_url(error: HTTPException) -> Response:
        if isinstance(error, NotFound):
            return _refusal(state, ZohoError("INVALID_URL_PATTERN", status=404))
        if isinstance(error, MethodNotAllowed):
            return _refusal(state, ZohoError("INVALID_REQUEST_METHOD", status=405))
        return _refusal(state, ZohoError("INVALID_DATA", status=error.code or 400))


def _view(state: ZohoState, kind: str, need: Need, work: Callable[[], Body]) -> Callable[[], Response]:
    return lambda: _serve(state, kind, need, work)


def _serve(state: ZohoState, kind: str, need: Need, work: Callable[[], Body], *, costly: bool = False) -> Response:
    """One CRM call: who is it, may they, is there room; then the work under the state's lock, then its credits."""
    g.call_kind = kind
    with state.lock:
        g.scopes = _scopes(state)
    if not allows(g.scopes, *need):
        raise ZohoError("OAUTH_SCOPE_MISMATCH", status=401)
    with state.limits.slot(costly=costly):
        try:
            with state.lock:
                body = work()
        finally:
            state.limits.spend(g.get("credits", 1))
    return _empty(204) if body is None else _json(body, g.get("answer_status", 200))


def _scopes(state: ZohoState) -> tuple[str, ...]:
    header = request.headers.get("Authorization", "")
    if not header.startswith(_PREFIX) or not header[len(_PREFIX) :].strip():
        raise ZohoError("AUTHENTICATION_FAILURE", status=401)
    scopes = state.oauth.scopes_of(header[len(_PREFIX) :].strip())
    if scopes is None:
        raise ZohoError("INVALID_TOKEN", status=401)
    return scopes


def _module_need(state: ZohoState, name: str, operation: str) -> Need:
    module = state.schema.get(name)
    return ("modules", module.scope if module is not None else None, operation)


def _request_json() -> Any:
    try:
        return jsonout.loads(request.get_data())
    except ValueError as error:
        raise ZohoError("INVALID_DATA", {"expected_data_type": "jsonobject", "json_path": "$"}) from error


def _refusal(state: ZohoState, error: ZohoError) -> Response:
    if error.status == 304:
        return _empty(304)
    if error.status != 429:
        return _json(error.body(), error.status)
    response = _json({**error.body(), "code": state.switches["rate_limit_code"]}, 429)
    if state.switches["retry_after"] is not None:
        response.headers["Retry-After"] = str(state.switches["retry_after"])
    return response


def _empty(status: int) -> Response:
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response


def _json(value: dict[str, Any], status: int = 200) -> Response:
    return Response(
        jsonout.dumps(value).encode("utf-8", "replace"), status, content_type="application/json;charset=UTF-8"
    )
