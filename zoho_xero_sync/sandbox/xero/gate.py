"""What every API call passes before it is handled: token, scope, organisation, limits, idempotency, journal.

Sources: developer.xero.com/documentation/guides/oauth2/troubleshooting (401 and 403), .../limits (429),
.../idempotent-requests/idempotency.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from .errors import Answer, ApiError, forbidden, not_found, too_many, unauthorized, validation
from .idempotency import LONGEST_KEY, KeyReusedError
from .limits import APP_MINUTE
from .state import WriteSeen, XeroState

# The whole URL, host included: longer ones are not found (github.com/XeroAPI/Xero-NetStandard/issues/471).
LONGEST_URL = 2091
_HOST = "https://api.xero.com"


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


def handle(state: XeroState, call: Call, scope: str, work: Callable[[], Answer]) -> Answer:
    """The answer to `call`: a refusal of the gate, a replay, or what `work` makes under the lock."""
    seen = _seen(call) if call.writes else None
    if seen:
        for hook in state.on_write:
            hook(seen)
    answer = _through(state, call, scope, work)
    if seen:
        with state.lock:
            state.writes.append(seen._replace(status=answer.status))
    return answer


def _through(state: XeroState, call: Call, scope: str, work: Callable[[], Answer]) -> Answer:
    if len(_HOST + call.url) > LONGEST_URL:
        return not_found().answer
    try:
        with state.lock:
            authorize(state, call, scope if call.writes else f"{scope}.read")
    except ApiError as error:
        return _with(error.answer, {"X-AppMinLimit-Remaining": str(APP_MINUTE)})
    breach = state.limits.enter()
    if breach:
        return _with(too_many(breach.problem, breach.retry_after), state.limits.headers())
    try:
        with state.lock:
            answer = _once(state, call, work)
    finally:
        state.limits.leave()
    return _with(answer, state.limits.headers())


def authorize(state: XeroState, call: Call, scope: str | None) -> None:
    """Check token, scope and organisation, in that order; `scope` None asks for the token alone. Raises ApiError."""
    kind, _, token = call.headers.get("authorization", "").partition(" ")
    access = state.tokens.access(token.strip()) if kind.lower() == "bearer" else None
    if access is None:
        raise unauthorized("AuthenticationUnsuccessful")
    if state.books.now() >= access.expires_at:
        raise unauthorized(f"TokenExpired: token expired at {access.expires_at:%m/%d/%Y %H:%M:%S}")
    if scope is None:
        return
    if not {scope, scope.removesuffix(".read")} & access.scopes:
        raise unauthorized("AuthorizationUnsuccessful", scope=True)
    tenant = call.headers.get("xero-tenant-id", "").lower()
    optional = state.tokens.client.connection == "custom"
    if state.connection is None or not (tenant == state.tenant_id or (optional and not tenant)):
        raise forbidden()


def _once(state: XeroState, call: Call, work: Callable[[], Answer]) -> Answer:
    key = call.headers.get("idempotency-key") if call.writes else None
    if not key:
        return _worked(state, work)
    if len(key) > LONGEST_KEY:
        return validation([], f"The Idempotency-Key can have at most {LONGEST_KEY} characters.").answer
    request = (call.method, call.url, hashlib.sha256(call.body).hexdigest())
    try:
        kept = state.keys.recall(key, request)
    except KeyReusedError:
        return _reused(state, key)
    if kept:
        return kept
    answer = _worked(state, work)
    state.keys.remember(key, request, answer)
    return answer


def _worked(state: XeroState, work: Callable[[], Answer]) -> Answer:
    point = state.books.savepoint()
    try:
        return work()
    except ApiError as error:
        return error.answer
    except BaseException:
        state.books.rollback(point)
        raise
    finally:
        state.books.commit()


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
