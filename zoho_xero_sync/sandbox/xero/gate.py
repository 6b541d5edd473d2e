"""What every API call passes before it is handled: token, scope, organisation, limits, idempotency, journal.

Sources: developer.xero.com/documentation/guides/oauth2/troubleshooting (401 and 403), .../limits (429),
.../idempotent-requests/idempotency.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from .books import Books
from .errors import (
    Answer,
    ApiError,
    forbidden,
    not_found,
    offline,
    scope_missing,
    too_large,
    too_many,
    unauthorized,
    validation,
)
from .idempotency import LONGEST_KEY, KeyReusedError
from .limits import APP_MINUTE
from .routes import Route
from .state import WriteSeen, XeroState
from .tenants import Tenant
from .tokens import Access

# The whole URL, host included: longer ones are not found (github.com/XeroAPI/Xero-NetStandard/issues/471).
LONGEST_URL = 2091
_HOST = "https://api.xero.com"

Work = Callable[[Books], Answer]


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to the API; `url` is path and query as they came, header names in lower case."""

    method: str
    path: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def writes(self) -> bool:
        """Whether it may change anything."""
        return self.method in ("PUT", "POST", "DELETE", "PATCH")

    @property
    def key(self) -> str | None:
        """The Idempotency-Key of a write."""
        return self.headers.get("idempotency-key") or None if self.writes else None


def handle(state: XeroState, call: Call, route: Route, work: Work) -> Answer:
    """The answer to `call`: a refusal of the gate, a replay, or what `work` makes under the lock."""
    key = call.key if route.keyed else None
    overlaps = state.keys.arrive(key) if key else False
    try:
        return _journaled(state, call, lambda: _through(state, call, route, key, overlaps, work))
    finally:
        if key:
            state.keys.depart(key)


def _journaled(state: XeroState, call: Call, answer_to: Callable[[], Answer]) -> Answer:
    if not call.writes:
        return answer_to()
    seen = _seen(call)
    for hook in state.on_write:
        hook(seen)
    answer = answer_to()
    with state.lock:
        state.writes.append(seen._replace(status=answer.status))
    return answer


def _through(state: XeroState, call: Call, route: Route, key: str | None, overlaps: bool, work: Work) -> Answer:
    if len(_HOST + call.url) > LONGEST_URL:
        return not_found().answer
    try:
        with state.lock:
            tenant = _admitted(state, call, route)
    except ApiError as error:
        return _with(error.answer, {"X-AppMinLimit-Remaining": str(APP_MINUTE)})
    breach = tenant.limits.enter()
    if breach:
        return _with(too_many(breach.problem, breach.retry_after), tenant.limits.headers())
    try:
        with state.lock:
            again = overlaps and tenant.books.word("same_key_in_flight") == "both"
            answer = _once(state, tenant, call, None if again else key, work)
    finally:
        tenant.limits.leave()
    return _with(answer, tenant.limits.headers())


def token_of(state: XeroState, call: Call) -> Access:
    """What the call's token stands for. Raises ApiError (401)."""
    kind, _, token = call.headers.get("authorization", "").partition(" ")
    access = state.tokens.access(token.strip()) if kind.lower() == "bearer" else None
    if access is None:
        raise unauthorized("AuthenticationUnsuccessful")
    if state.books.now() >= access.expires_at:
        raise unauthorized(f"TokenExpired: token expired at {access.expires_at:%m/%d/%Y %H:%M:%S}")
    return access


def _admitted(state: XeroState, call: Call, route: Route) -> Tenant:
    """The organisation of the call, once token, scope and organisation are checked in that order."""
    access = token_of(state, call)
    if not _allows(access, route.scopes(state.books)):
        raise scope_missing(state.books.number("missing_scope_status"))
    named = call.headers.get("xero-tenant-id", "").lower()
    if not named and state.tokens.client.connection == "custom":
        named = state.tenant_id
    tenant = state.tenants.get(named)
    if tenant is None or tenant.connection is None:
        raise forbidden()
    return tenant


def _allows(access: Access, wanted: Collection[str]) -> bool:
    return any({scope, scope.removesuffix(".read")} & access.scopes for scope in wanted)


def _once(state: XeroState, tenant: Tenant, call: Call, key: str | None, work: Work) -> Answer:
    if not key:
        return _worked(state, tenant, call, work)
    if len(key) > LONGEST_KEY:
        return validation([], f"The Idempotency-Key can have at most {LONGEST_KEY} characters.").answer
    request = (call.method, call.url, hashlib.sha256(call.body).hexdigest())
    try:
        kept = state.keys.recall(key, request)
    except KeyReusedError:
        return _reused(state, key)
    if kept:
        return kept
    answer = _worked(state, tenant, call, work)
    if answer.status < 500 or tenant.books.flag("server_error_kept"):
        state.keys.remember(key, request, answer)
    return answer


def _worked(state: XeroState, tenant: Tenant, call: Call, work: Work) -> Answer:
    if tenant.books.flag("organisation_offline"):
        return offline().answer
    if call.writes and len(call.body) > max(_limits_of_size(tenant.books, call)):
        return too_large().answer
    breaks = state.take_breakdown() if call.writes else None
    if breaks is False:
        return _internal_error()
    point = tenant.books.savepoint()
    try:
        answer = work(tenant.books)
    except ApiError as error:
        return error.answer
    except BaseException:
        tenant.books.rollback(point)
        raise
    finally:
        tenant.books.commit()
    return answer if breaks is None else _internal_error()


def _limits_of_size(books: Books, call: Call) -> tuple[int, ...]:
    largest = books.number("largest_request_bytes")
    if "/attachments/" not in call.path.lower():
        return (largest,)
    # A file that is too large is refused in words by its own rule, so the gate lets one more byte through.
    return (largest, books.number("largest_attachment_bytes") + 1)


def _internal_error() -> Answer:
    return Answer(500, b"", None)


def _reused(state: XeroState, key: str) -> Answer:
    message = f"Idempotency Key: {key} is used with a different request."
    if state.books.word("key_reuse_envelope") == "element":
        return validation([{"ValidationErrors": [{"Message": message}]}]).answer
    return validation([], message).answer


def _seen(call: Call) -> WriteSeen:
    key = call.headers.get("idempotency-key")
    return WriteSeen(call.method, call.path, key, hashlib.sha256(call.body).hexdigest(), None)


def _with(answer: Answer, headers: Mapping[str, str]) -> Answer:
    return replace(answer, headers={**headers, **answer.headers})
