"""The calls that change something: records, notes, links, fields, and several of them in one."""

from __future__ import annotations

from flask import Flask, Response, g, request

from . import composite, inserting, jsonout, writeback
from .limits import write_cost
from .new_fields import create_fields
from .related import link
from .serving import Body, module_need, request_json, serve
from .state import ZohoState

_SUB_CONCURRENT_RECORDS = 10


def add_writes(app: Flask, state: ZohoState) -> None:
    """Add every route that writes."""
    _add_records(app, state)
    _add_related(app, state)
    _add_composite(app, state)

    @app.post("/crm/v8/settings/fields")
    def new_fields() -> Response:
        def work() -> Body:
            body, g.answer_status = create_fields(state, request.args, request_json())
            return body

        return serve(state, "settings", ("settings", "fields", "CREATE"), work)


def _add_records(app: Flask, state: ZohoState) -> None:
    @app.put("/crm/v8/<name>")
    @app.put("/crm/v8/<name>/<int:record_id>")
    def update_records(name: str, record_id: int | None = None) -> Response:
        def work() -> Body:
            since = request.headers.get("If-Unmodified-Since")
            target = None if record_id is None else str(record_id)
            body, g.answer_status = writeback.update(state, name, target, request_json(), since)
            return body

        return serve(state, "update", module_need(state, name, "UPDATE"), work, costly=_counted())

    @app.post("/crm/v8/<name>")
    def insert_records(name: str) -> Response:
        def work() -> Body:
            body, g.answer_status = inserting.insert(state, name, request_json())
            return body

        return serve(state, "insert", module_need(state, name, "CREATE"), work, costly=_counted())

    @app.post("/crm/v8/<name>/upsert")
    def upsert_records(name: str) -> Response:
        def work() -> Body:
            body, g.answer_status = inserting.upsert(state, name, request_json())
            return body

        return serve(state, "upsert", module_need(state, name, "CREATE"), work, costly=_counted())


def _add_related(app: Flask, state: ZohoState) -> None:
    @app.post("/crm/v8/<name>/<int:record_id>/Notes")
    def note_on_record(name: str, record_id: int) -> Response:
        def work() -> Body:
            parent = inserting.note_parent(state, name, str(record_id))
            body, g.answer_status = inserting.insert(state, "Notes", request_json(), parent)
            return body

        return serve(state, "insert", module_need(state, "Notes", "CREATE"), work, costly=_counted())

    @app.put("/crm/v8/<name>/<int:record_id>/<related>")
    def link_records(name: str, record_id: int, related: str) -> Response:
        def work() -> Body:
            body, g.answer_status = link(state, name, str(record_id), related, request_json())
            return body

        return serve(state, "update", module_need(state, name, "UPDATE"), work, costly=_counted())


def _add_composite(app: Flask, state: ZohoState) -> None:
    """Sub-requests go through the whole app: each is checked, counted and paid for as if it had come alone."""

    @app.post(f"/crm/v8/{composite.NAME}")
    def composite_requests() -> Response:
        headers = {"Authorization": request.headers.get("Authorization", "")}

        def call(sub: composite.SubRequest) -> composite.SubAnswer:
            data = None if sub.body is None else jsonout.dumps(sub.body)
            answer = app.test_client().open(
                sub.path,
                method=sub.method,
                query_string=sub.params or None,
                headers={**sub.headers, **headers},
                data=data,
            )
            told = answer.get_data()
            shown = {"Content-Type": answer.headers["Content-Type"]} if "Content-Type" in answer.headers else {}
            return composite.SubAnswer(answer.status_code, shown, jsonout.loads(told) if told else None)

        def work() -> Body:
            body, g.answer_status = composite.composite(request_json(), call)
            return body

        return serve(state, "composite", ("composite_requests", None, "CUSTOM"), work)


def _counted() -> bool:
    """Set the credits of a write by its records; whether it is a costly one."""
    wanted = writeback.count_items(request.get_json(silent=True))
    g.credits = write_cost(wanted)
    return wanted > _SUB_CONCURRENT_RECORDS
