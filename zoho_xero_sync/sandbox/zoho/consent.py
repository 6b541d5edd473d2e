"""The accounts server's consent page: who asks, for which scopes, Accept or Reject, and the way back.

Source: www.zoho.com/crm/developer/docs/api/v8/auth-request.html, .../multi-dc.html (location and accounts-server).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from flask import Flask, Response, g, render_template_string, request

from .state import ZohoState

PATH = "/oauth/v2/auth"
_ASKED = ("response_type", "client_id", "redirect_uri", "scope", "access_type", "prompt", "state")

_HEAD = """<!doctype html><html lang="en"><head><title>{{ title }} | Zoho sandbox</title>
<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><style>
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}
h1{font-size:1.3rem}ul{padding-left:1rem}button{font:inherit;padding:.4rem 1.2rem;margin-right:.6rem}
.note{opacity:.7;font-size:.85rem}</style></head><body><main>"""
_PAGE = (
    _HEAD
    + """<h1>An application wants access to {{ company }}</h1>
<form method="post" action="{{ path }}">
{% for name, value in asked.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
<p>It will be able to:</p><ul>{% for scope in scopes %}<li><code>{{ scope }}</code></li>{% endfor %}</ul>
<p><button name="decision" value="accept">Accept</button><button name="decision" value="reject">Reject</button></p>
</form><p class="note">This is the sandbox: nothing here reaches Zoho.</p></main></body></html>"""
)
_ERROR = _HEAD + "<h1>Error Occurred</h1><p>{{ problem }}</p></main></body></html>"


def add_consent(app: Flask, state: ZohoState) -> None:
    """Serve the consent page of `state`. A bad client, redirect URI or scope shows an error page, never redirects."""

    @app.get(PATH)
    def ask() -> Response:
        g.call_kind = "authorize"
        with state.lock:
            return _judged(state, request.args, lambda: _page(state, request.args))

    @app.post(PATH)
    def decide() -> Response:
        g.call_kind = "authorize"
        with state.lock:
            return _judged(state, request.form, lambda: _decided(state, request.form))


def _judged(state: ZohoState, asked: Mapping[str, str], work: Callable[[], Response]) -> Response:
    problem = state.oauth.problem_of(asked)
    if problem is None:
        return work()
    return _html(render_template_string(_ERROR, title="Error", problem=problem), 400)


def _page(state: ZohoState, asked: Mapping[str, str]) -> Response:
    page = render_template_string(
        _PAGE,
        title="Accept access",
        company=state.org.company_name,
        asked={name: asked[name] for name in _ASKED if asked.get(name)},
        path=PATH,
        scopes=asked["scope"].split(","),
    )
    return _html(page, 200)


def _decided(state: ZohoState, asked: Mapping[str, str]) -> Response:
    told = {"state": asked["state"]} if asked.get("state") else {}
    if asked.get("decision") != "accept":
        return _back(asked, {**told, "error": "access_denied"})
    server = state.oauth.accounts_server or request.host_url.rstrip("/")
    code = state.oauth.issue_browser_code(asked)
    return _back(asked, {**told, "code": code, "location": state.oauth.location, "accounts-server": server})


def _back(asked: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    uri = asked["redirect_uri"]
    return Response(status=302, headers={"Location": f"{uri}{'&' if '?' in uri else '?'}{urlencode(answer)}"})


def _html(page: str, status: int) -> Response:
    headers = {"X-Frame-Options": "DENY", "Cache-Control": "no-store"}
    return Response(page, status, headers=headers, content_type="text/html; charset=utf-8")
