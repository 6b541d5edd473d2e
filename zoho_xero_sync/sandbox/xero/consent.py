"""The authorisation page: who asks, for which organisations and scopes, Allow or Deny.

Source: developer.xero.com/documentation/guides/oauth2/auth-flow (authorisation), .../pkce-flow, .../troubleshooting.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from flask import Flask, Response, g, render_template_string, request

from .state import XeroState
from .tokens import GrantError

PATH = "/identity/connect/authorize"
_ASKED = ("response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method")

_STYLE = """<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}
h1{font-size:1.3rem}ul,fieldset{padding-left:1rem}button{font:inherit;padding:.4rem 1.2rem;margin-right:.6rem}
fieldset{border:1px solid #8888;border-radius:6px;margin:1rem 0;padding:.6rem 1rem}label{display:block}
.note{opacity:.7;font-size:.85rem}[role=alert]{border-left:4px solid #b00;padding-left:.7rem}</style>"""
_PAGE = (
    '<!doctype html><html lang="en"><head><title>Allow access | Xero sandbox</title>'
    + _STYLE
    + """</head><body><main>
<h1>{{ app }} wants access to your Xero data</h1>
{% if problem %}<p role="alert">{{ problem }}</p>{% endif %}
<form method="post" action="{{ path }}">
{% for name, value in asked.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
<fieldset><legend>Organisations</legend>
{% for tenant in tenants %}<label><input type="checkbox" name="tenant" value="{{ tenant.tenant_id }}" checked>
{{ tenant.name }}{% if tenant.connection %} (connected){% endif %}</label>{% endfor %}</fieldset>
<p>It will be able to:</p><ul>{% for scope in scopes %}<li><code>{{ scope }}</code></li>{% endfor %}</ul>
<p><button name="decision" value="allow">Allow access</button><button name="decision" value="deny">Deny</button></p>
</form><p class="note">This is the sandbox: nothing here reaches Xero.</p></main></body></html>"""
)
_ERROR = (
    '<!doctype html><html lang="en"><head><title>Error | Xero sandbox</title>'
    + _STYLE
    + """</head><body><main><h1>Sorry, something went wrong</h1>
<p>Error: <code>{{ code }}</code></p><p class="note">Error id: {{ error_id }}</p></main></body></html>"""
)


def add_consent(app: Flask, state: XeroState) -> None:
    """Serve the authorisation page of `state`. A bad request shows an error page (500) and never redirects."""
    app.add_url_rule(PATH, "authorize", _asking(state), methods=["GET"])
    app.add_url_rule(PATH, "decide", _deciding(state), methods=["POST"])


def _asking(state: XeroState) -> Callable[[], Response]:
    def view() -> Response:
        g.call_kind = "authorize"
        with state.lock:
            return _error(state, request.args) or _page(state, request.args)

    return view


def _deciding(state: XeroState) -> Callable[[], Response]:
    def view() -> Response:
        g.call_kind = "authorize"
        form = request.form
        with state.lock:
            refusal = _error(state, form)
            if refusal:
                return refusal
            if form.get("decision") != "allow":
                denied = {"error": "access_denied", "error_description": "The user denied the request."}
                return _back(form, denied)
            chosen = [tenant for tenant in state.tenants.values() if tenant.tenant_id in form.getlist("tenant")]
            if not chosen:
                return _page(state, form, "Choose at least one organisation.")
            connected = {tenant.tenant_id for tenant in state.tenants.values() if tenant.connection}
            cap = state.books.number("connection_cap")
            if len(connected | {tenant.tenant_id for tenant in chosen}) > cap:
                return _page(state, form, f"This app can be connected to at most {cap} organisations.")
            event = state.tokens.new_consent()
            for tenant in chosen:
                state.connect(tenant, event)
            challenge = form.get("code_challenge") or None
            code = state.tokens.make_code(form["redirect_uri"], form["scope"], challenge, event)
            return _back(form, {"code": code, "scope": form["scope"]})

    return view


def _error(state: XeroState, asked: Mapping[str, str]) -> Response | None:
    try:
        if asked.get("response_type") != "code":
            raise GrantError("unsupported_response_type")
        names = ("client_id", "redirect_uri", "scope", "code_challenge", "code_challenge_method")
        state.tokens.check_request(*(asked.get(name, "") for name in names))
    except GrantError as error:
        page = render_template_string(_ERROR, code=error.code, error_id=uuid.uuid4())
        return _html(page, 500)
    return None


def _page(state: XeroState, asked: Mapping[str, str], problem: str = "") -> Response:
    page = render_template_string(
        _PAGE,
        app=state.tokens.client.name,
        asked={name: asked[name] for name in _ASKED if asked.get(name)},
        path=PATH,
        problem=problem,
        scopes=asked.get("scope", "").split(),
        tenants=list(state.tenants.values()),
    )
    return _html(page, 200)


def _back(asked: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    told = {**answer, **({"state": asked["state"]} if asked.get("state") else {})}
    uri = asked["redirect_uri"]
    return Response(status=302, headers={"Location": f"{uri}{'&' if '?' in uri else '?'}{urlencode(told)}"})


def _html(page: str, status: int) -> Response:
    headers = {"X-Frame-Options": "DENY", "Cache-Control": "no-store"}
    return Response(page, status, headers=headers, content_type="text/html; charset=utf-8")
