"""Zoho's two hosts in one WSGI app: the accounts server under /oauth, the CRM API under /crm/v8."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import format_datetime

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from . import metadata, records
from .consent import add_consent
from .coql.answer import answer as answer_query
from .errors import ZohoError
from .limits import CUSTOM_VIEW_COST, DELETED_COST
from .oauth import TokenError, allows
from .related import get_related, related_lists, related_module
from .search import search
from .serving import Body, Need, module_need, refusal, request_json, serve, to_json
from .state import ZohoState
from .write_routes import add_writes


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
    add_writes(app, state)

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
        return to_json({**body, "api_domain": request.host_url.rstrip("/")})

    @app.post("/oauth/v2/token/revoke")
    def revoke() -> Response:
        g.call_kind = "token"
        with state.lock:
            state.oauth.revoke(request.values.get("token", ""))
        return to_json({"status": "success"})


def _add_crm(app: Flask, state: ZohoState) -> None:
    @app.post("/crm/v8/coql")
    def coql() -> Response:
        def work() -> Body:
            body, g.credits = answer_query(state, request_json(), g.scopes)
            return body

        return serve(state, "coql", ("coql", None, "READ"), work, costly=True)

    @app.get("/crm/v8/<name>")
    def list_records(name: str) -> Response:
        def work() -> Body:
            return records.get_list(state, name, request.args, request.headers.get("If-Modified-Since"))

        costly = "sort_by" in request.args or "cvid" in request.args
        g.credits = CUSTOM_VIEW_COST if "cvid" in request.args else 1
        return serve(state, "records", module_need(state, name, "READ"), work, costly=costly)

    @app.get("/crm/v8/<name>/deleted")
    def deleted_records(name: str) -> Response:
        def work() -> Body:
            return records.get_deleted(state, name, request.args, request.headers.get("If-Modified-Since"))

        g.credits = DELETED_COST
        return serve(state, "deleted", module_need(state, name, "READ"), work)

    @app.get("/crm/v8/<name>/<int:record_id>")
    def get_record(name: str, record_id: int) -> Response:
        def work() -> Body:
            return records.get_one(state, name, str(record_id), request.args)

        return serve(state, "record", module_need(state, name, "READ"), work)

    @app.get("/crm/v8/<name>/search")
    def search_records(name: str) -> Response:
        def work() -> Body:
            return search(state, name, request.args, g.scopes)

        return serve(state, "search", module_need(state, name, "READ"), work)

    @app.get("/crm/v8/<name>/<int:record_id>/<related>")
    def related_records(name: str, record_id: int, related: str) -> Response:
        def work() -> Body:
            shown = related_module(state, name, related).api_name if name in state.schema else name
            if not allows(g.scopes, *module_need(state, shown, "READ")):
                raise ZohoError("OAUTH_SCOPE_MISMATCH", status=401)
            return get_related(state, name, str(record_id), related, request.args)

        return serve(state, "related", module_need(state, name, "READ"), work)


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
        (
            "settings/related_lists",
            "settings",
            ("settings", "related_lists", "READ"),
            lambda: related_lists(state, request.args),
        ),
    ]
    for path, kind, need, work in settings:
        app.add_url_rule(f"/crm/v8/{path}", path, _view(state, kind, need, work), methods=["GET"])

    @app.get("/crm/v8/settings/modules/<name>")
    def one_module(name: str) -> Response:
        need: Need = ("settings", "modules", "READ")
        return serve(state, "settings", need, lambda: metadata.module_by_name(state, name))


def _add_errors(app: Flask, state: ZohoState) -> None:
    @app.errorhandler(ZohoError)
    def refused(error: ZohoError) -> Response:
        return refusal(state, error)

    @app.errorhandler(TokenError)
    def token_refused(error: TokenError) -> Response:
        status = 400 if error.throttled or state.switches["token_error_status"] == 400 else 200
        return to_json(error.body(), status)

    @app.errorhandler(HTTPException)
    def wrong_url(error: HTTPException) -> Response:
        if isinstance(error, NotFound):
            return refusal(state, ZohoError("INVALID_URL_PATTERN", status=404))
        if isinstance(error, MethodNotAllowed):
            return refusal(state, ZohoError("INVALID_REQUEST_METHOD", status=405))
        return refusal(state, ZohoError("INVALID_DATA", status=error.code or 400))


def _view(state: ZohoState, kind: str, need: Need, work: Callable[[], Body]) -> Callable[[], Response]:
    return lambda: serve(state, kind, need, work)
