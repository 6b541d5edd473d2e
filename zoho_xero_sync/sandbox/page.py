"""The control surface under /_sandbox/: a page for people, JSON for scripts, hands on both services."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask, Response, render_template_string, request
from werkzeug.exceptions import BadRequest, HTTPException, NotFound

from .faults import KINDS, Fault
from .zoho.oauth import DEFAULT_SCOPES

if TYPE_CHECKING:
    from .server import Sandbox

T = TypeVar("T")

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Sandbox: Zoho CRM and Xero</title>
<style>
:root{color-scheme:light dark;--ink:#1d2530;--soft:#67727f;--line:#dfe3e8;--card:#fff;--back:#f4f6f8;--mark:#0b6e74}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ec;--soft:#94a0ab;--line:#343d46;--card:#1f262d;--back:#161b20;
--mark:#5cc4c9}}
*{box-sizing:border-box}
body{margin:0;padding:1.5rem 2rem 3rem;background:var(--back);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
header{display:flex;flex-wrap:wrap;gap:.5rem 2rem;align-items:baseline}
h1{font-size:1.3rem;margin:0}h2{font-size:1rem;margin:2rem 0 .6rem}
h2 small,.soft{color:var(--soft);font-weight:400}a{color:var(--mark)}
.board{display:grid;grid-auto-flow:column;grid-auto-columns:minmax(14rem,1fr);gap:.8rem;overflow-x:auto}
.stage{min-width:0}.stage h3{font-size:.85rem;margin:0 0 .4rem;color:var(--soft)}
.card,.wide,.counts span{background:var(--card);border:1px solid var(--line);border-radius:8px}
.card{padding:.6rem .7rem;margin-bottom:.5rem}.card b{display:block;overflow-wrap:anywhere}
.card form{display:flex;gap:.3rem;margin-top:.45rem}.card select{flex:1;min-width:0}
select,button{font:inherit;font-size:.82rem;color:inherit;background:transparent;border:1px solid var(--line);
border-radius:5px;padding:.15rem .4rem}option{color:#1d2530;background:#fff}
button{cursor:pointer;color:var(--mark)}button:hover,button:focus-visible{border-color:var(--mark)}
.wide{overflow-x:auto}.wide form{display:inline}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.4rem .7rem;border-top:1px solid var(--line);vertical-align:top}
thead th{border-top:0;font-size:.8rem;color:var(--soft);font-weight:600}
.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.status{font-size:.75rem;border:1px solid var(--line);border-radius:9px;padding:.05rem .5rem;white-space:nowrap}
.AUTHORISED,.PAID,.ACTIVE{color:var(--mark);border-color:currentColor}
.VOIDED,.DELETED,.ARCHIVED{color:var(--soft);text-decoration:line-through}
.counts{display:flex;flex-wrap:wrap;gap:.4rem}.counts span{padding:.2rem .6rem}
</style></head><body>
<header><h1>Sandbox</h1><span class="soft">{{ now.strftime("%a %d %b %Y, %H:%M:%S") }} UTC</span>
<form method="post" action="/_sandbox/clock"><select name="advance" aria-label="Advance the clock by">
<option value="60">1 minute</option><option value="3600">1 hour</option>
<option value="86400">1 day</option><option value="604800">1 week</option></select>
<button>Advance clock</button></form></header>

<h2>Zoho CRM deals <small>{{ company or "" }}</small></h2>
<div class="board">{% for stage, deals, count in board %}
<section class="stage"><h3>{{ stage }} · {{ count }}</h3>
{% for deal in deals %}<div class="card"><b>{{ deal.Deal_Name }}</b>
<span class="soft">{{ (deal.Account_Name or deal.Contact_Name or {}).name or "no customer" }}
{% if deal.Amount is not none %}· {{ deal.Currency or currency }} {{ deal.Amount | money }}{% endif %}</span>
<form method="post" action="/_sandbox/zoho/Deals/{{ deal.id }}">
<select name="Stage" aria-label="Stage of {{ deal.Deal_Name }}">{% for other in stages %}
<option{% if other == stage %} selected{% endif %}>{{ other }}</option>{% endfor %}</select><button>Move</button></form>
</div>{% endfor %}
{% if count > deals | length %}<p class="soft">and {{ count - deals | length }} more</p>{% endif %}
</section>{% endfor %}</div>

<h2>Xero invoices <small>{{ organisation or "" }} · {{ invoice_count }}</small></h2>
<div class="wide"><table><thead><tr><th>Number</th><th>Status</th><th>Contact</th><th>Reference</th><th>Date</th>
<th>Due</th><th class="num">Tax</th><th class="num">Total</th><th></th></tr></thead><tbody>
{% for invoice in invoices %}<tr><td>{{ invoice.InvoiceNumber }}</td>
<td><span class="status {{ invoice.Status }}">{{ invoice.Status }}</span></td>
<td>{{ (invoice.Contact or {}).Name }}</td><td>{{ invoice.Reference or "" }}</td>
<td>{{ (invoice.DateString or "")[:10] }}</td><td>{{ (invoice.DueDateString or "")[:10] }}</td>
<td class="num">{{ invoice.TotalTax | money }}</td>
<td class="num">{{ invoice.CurrencyCode }} {{ invoice.Total | money }}</td>
<td>{% for action in actions.get(invoice.Status, ()) %}
<form method="post" action="/_sandbox/xero/invoices/{{ invoice.InvoiceID }}/{{ action }}"><button>{{ action }}</button>
</form>{% endfor %}</td></tr>
{% else %}<tr><td colspan="9" class="soft">No invoice yet.</td></tr>{% endfor %}</tbody></table></div>

<h2>Xero contacts <small>{{ contact_count }}</small></h2>
<div class="wide"><table><thead><tr><th>Name</th><th>Status</th><th>Number</th><th>E-mail</th></tr></thead><tbody>
{% for contact in contacts %}<tr><td>{{ contact.Name }}</td>
<td><span class="status {{ contact.ContactStatus }}">{{ contact.ContactStatus }}</span></td>
<td>{{ contact.ContactNumber or "" }}</td><td>{{ contact.EmailAddress or "" }}</td></tr>
{% else %}<tr><td colspan="4" class="soft">No contact yet.</td></tr>{% endfor %}</tbody></table></div>

<h2>Calls <small>since the start or the last reset</small></h2>
<div class="counts">{% for name, count in counters.items() %}<span>{{ name }} <b>{{ count }}</b></span>
{% else %}<span>none</span>{% endfor %}</div>
{% if pending %}<h2>Faults waiting</h2><div class="counts">{% for fault in pending %}
<span>{{ fault.kind }} × {{ fault.times }}</span>{% endfor %}</div>{% endif %}
<p class="soft">As JSON: <a href="/_sandbox/state">state</a>, <a href="/_sandbox/calls">calls</a>,
<a href="/_sandbox/faults">faults</a></p>
</body></html>
"""

_FORM = "application/x-www-form-urlencoded"
_ACTIONS = {"DRAFT": ("approve", "delete"), "SUBMITTED": ("approve", "delete"), "AUTHORISED": ("void",)}
_CARDS_PER_STAGE = 40
_ROWS = 200


def create_control_app(sandbox: Sandbox) -> Flask:
    """A Flask app with the routes under `/` and `/_sandbox/`, the same on both ports. Its calls are never counted.

    Bodies are JSON or form fields; a browser's form is sent back to the page, everything else is answered in JSON. What
    does not exist is a 404 and what makes no sense a 400, both `{"error": sentence}`.
    """
    app = Flask("zoho_xero_sync.sandbox.control", static_folder=None)
    app.jinja_env.filters["money"] = _money
    app.register_error_handler(HTTPException, _problem)
    app.add_url_rule("/", "home", lambda: render_page(sandbox))
    app.add_url_rule("/_sandbox/", "page", lambda: render_page(sandbox))
    _add_reading(app, sandbox)
    _add_zoho(app, sandbox)
    _add_xero(app, sandbox)
    return app


def render_page(sandbox: Sandbox) -> str:
    """The state of both services as one self-contained HTML page. Every value is escaped."""
    with sandbox.zoho.lock:
        deals = sandbox.zoho.records("Deals")
    with sandbox.xero.lock:
        invoices, contacts = sandbox.xero.invoices(), sandbox.xero.contacts()
    stages = _stages(sandbox.world, deals)
    board = [(stage, [deal for deal in deals if deal.get("Stage") == stage]) for stage in stages]
    return render_template_string(
        _PAGE,
        actions=_ACTIONS,
        now=sandbox.clock.now(),
        currency=sandbox.world["zoho"]["org"].get("iso_code"),
        company=sandbox.world["zoho"]["org"].get("company_name"),
        organisation=sandbox.world["xero"]["organisation"].get("Name"),
        board=[(stage, of_stage[:_CARDS_PER_STAGE], len(of_stage)) for stage, of_stage in board],
        stages=stages,
        invoices=invoices[-_ROWS:][::-1],
        invoice_count=len(invoices),
        contacts=contacts[-_ROWS:][::-1],
        contact_count=len(contacts),
        counters=sandbox.calls.table(),
        pending=sandbox.faults.pending(),
    )


def _stages(world: Mapping[str, Any], deals: list[dict[str, Any]]) -> list[str]:
    known = [stage for pipeline in world["zoho"]["pipelines"].values() for stage in pipeline]
    return list(dict.fromkeys([*known, *(str(deal.get("Stage")) for deal in deals)]))


def _add_reading(app: Flask, sandbox: Sandbox) -> None:
    @app.get("/_sandbox/state")
    def state() -> Response:
        return _answer(
            {
                "clock": sandbox.clock.now().isoformat(),
                "zoho": sandbox.zoho.snapshot(),
                "xero": sandbox.xero.snapshot(),
                "calls": sandbox.calls.table(),
            }
        )

    @app.get("/_sandbox/calls")
    def calls() -> Response:
        return _answer({"table": sandbox.calls.table(), "calls": [call.to_dict() for call in sandbox.calls]})

    @app.post("/_sandbox/calls/reset")
    def reset_calls() -> Response:
        sandbox.calls.reset()
        return _done({"table": {}})

    @app.post("/_sandbox/clock")
    def clock() -> Response:
        _move_clock(sandbox, _body())
        return _done({"clock": sandbox.clock.now().isoformat()})

    @app.get("/_sandbox/faults")
    def faults() -> Response:
        return _answer({"kinds": dict(KINDS), "pending": [fault.to_dict() for fault in sandbox.faults.pending()]})

    @app.post("/_sandbox/faults")
    def add_faults() -> Response:
        body = _json_body()
        wanted = body if isinstance(body, list) else [body]
        if not all(isinstance(item, dict) for item in wanted):
            raise BadRequest('Send one fault such as {"kind": "drop_after", "service": "xero"}, or a list of them.')
        sandbox.faults.add(*_try(lambda: [Fault.from_dict(_plain(item)) for item in wanted]))
        return _done({"pending": [fault.to_dict() for fault in sandbox.faults.pending()]})

    @app.delete("/_sandbox/faults")
    def clear_faults() -> Response:
        sandbox.faults.clear()
        return _done({"pending": []})


def _add_zoho(app: Flask, sandbox: Sandbox) -> None:
    zoho = sandbox.zoho

    def found(module: str, key: str) -> dict[str, Any]:
        return _try(lambda: zoho.find(module, key))

    @app.post("/_sandbox/zoho/<module>")
    def create(module: str) -> Response:
        fields = _body()
        lines = fields.pop("lines", None)
        with zoho.lock:
            new = _try(lambda: zoho.create(module, fields, lines=lines))
            return _done(found(module, new))

    # Stands in for the Generate Code tab of a Self Client (www.zoho.com/accounts/protocol/oauth/self-client/).
    @app.post("/_sandbox/grant-code")
    def grant_code() -> Response:
        scopes = str(_body().get("scope", ",".join(DEFAULT_SCOPES)))
        return Response(zoho.issue_grant_code(scopes.split(",")) + "\n", mimetype="text/plain")

    @app.get("/_sandbox/zoho/<module>/<path:key>")
    def read(module: str, key: str) -> Response:
        with zoho.lock:
            return _answer(found(module, key))

    @app.post("/_sandbox/zoho/<module>/<path:key>")
    def update(module: str, key: str) -> Response:
        with zoho.lock:
            record = found(module, key)
            fields = {name: _as_typed(value, record.get(name)) for name, value in _body().items()}
            lines = fields.pop("lines", None)
            if fields:
                _try(lambda: zoho.update(module, record["id"], fields))
            if lines is not None:
                _try(lambda: zoho.replace_lines(module, record["id"], lines))
            return _done(found(module, record["id"]))

    @app.delete("/_sandbox/zoho/<module>/<path:key>")
    def delete(module: str, key: str) -> Response:
        with zoho.lock:
            record = found(module, key)
            _try(lambda: zoho.delete(module, record["id"]))
        return _done({"deleted": record["id"]})


def _add_xero(app: Flask, sandbox: Sandbox) -> None:
    xero = sandbox.xero

    def act(action: str, invoice: str) -> None:
        if action == "pay":
            xero.pay(invoice, _amount(_body().get("amount")))
        elif action == "edit":
            xero.edit_invoice(invoice, _body())
        else:
            {"approve": xero.approve, "void": xero.void, "delete": xero.delete}[action](invoice)

    @app.post("/_sandbox/xero/invoices/<path:key>/<any(approve, void, delete, pay, edit):action>")
    def invoice(key: str, action: str) -> Response:
        missing = f"There is no invoice {key!r} in Xero."
        with xero.lock:
            invoice_id = str(_try(lambda: xero.invoice(key), missing)["InvoiceID"])
            _try(lambda: act(action, invoice_id))
            return _done(xero.invoice(invoice_id))

    @app.post("/_sandbox/xero/contacts/<path:key>/archive")
    def archive(key: str) -> Response:
        missing = f"There is no contact {key!r} in Xero."
        with xero.lock:
            contact_id = str(_try(lambda: xero.contact(key), missing)["ContactID"])
            _try(lambda: xero.archive_contact(contact_id))
            return _done(xero.contact(contact_id))

    @app.post("/_sandbox/xero/forget-keys")
    def forget_keys() -> Response:
        xero.forget_keys()
        return _done({"forgotten": True})


def _move_clock(sandbox: Sandbox, body: Mapping[str, Any]) -> None:
    usage = 'Send {"advance": seconds} or {"set": "2026-11-20T09:00:00Z"}.'
    if set(body) == {"advance"}:
        try:
            sandbox.clock.advance(timedelta(seconds=float(body["advance"])).total_seconds())
        except (ValueError, TypeError, OverflowError):
            raise BadRequest(f"The clock cannot advance by {body['advance']!r}. {usage}") from None
        return
    if set(body) != {"set"}:
        raise BadRequest(usage)
    try:
        instant = datetime.fromisoformat(str(body["set"]))
    except ValueError:
        raise BadRequest(f"{body['set']!r} is not a time. {usage}") from None
    if instant.tzinfo is None:
        raise BadRequest(f"{body['set']!r} has no time zone. {usage}")
    sandbox.clock.set(instant)


def _body() -> dict[str, Any]:
    """The request's fields: a JSON object (money as Decimal) or a form's fields as text."""
    text = request.get_data(parse_form_data=False).lstrip()
    if request.mimetype == _FORM and not text.startswith((b"{", b"[")):
        return dict(request.form)
    body = _json_body()
    if not isinstance(body, dict):
        raise BadRequest("Send a JSON object or form fields.")
    return body


def _json_body() -> Any:
    try:
        return json.loads(request.get_data() or b"{}", parse_float=Decimal)
    except ValueError:
        raise BadRequest("The body is neither JSON nor form fields.") from None


def _as_typed(value: Any, stored: Any) -> Any:
    """A form's text in the type of the number it replaces; anything else unchanged."""
    is_number = isinstance(stored, int | Decimal) and not isinstance(stored, bool)
    return _amount(value) if isinstance(value, str) and is_number else value


def _amount(value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise BadRequest(f"{value!r} is not an amount. Write it like 1234.50.") from None
    if not amount.is_finite():
        raise BadRequest(f"{value!r} is not an amount. Write it like 1234.50.")
    return amount


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: float(value) if isinstance(value, Decimal) else value for key, value in values.items()}


def _try(action: Callable[[], T], missing: str | None = None) -> T:
    try:
        return action()
    except LookupError as error:
        raise NotFound(missing or str(error.args[0] if error.args else error)) from error
    except ValueError as error:
        raise BadRequest(str(error)) from error


def _problem(error: HTTPException) -> Response:
    text = error.description or error.name
    if error.code in (404, 405) and error.description == type(error).description:
        text = f"There is nothing at {request.method} {request.path}. Open /_sandbox/ in a browser."
    return _answer({"error": text}, error.code or 500)


def _done(body: object) -> Response:
    """A person's browser goes back to the page, a program gets the result."""
    if request.mimetype == _FORM and "text/html" in request.headers.get("Accept", ""):
        return Response(status=303, headers={"Location": "/_sandbox/"})
    return _answer(body)


def _answer(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body, default=str), status, mimetype="application/json")


def _money(value: object) -> str:
    return "" if value is None else f"{Decimal(str(value)):,.2f}"
