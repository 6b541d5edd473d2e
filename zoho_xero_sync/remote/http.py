"""The one place that speaks HTTP: one session, one fixed host, patient reads, and writes processed at most once."""

from __future__ import annotations

import ipaddress
import json as jsonlib
import logging
import os
import random as randomlib
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import quote, urlencode, urlsplit

import requests
from requests.utils import get_environ_proxies
from urllib3 import exceptions as urllib3_errors

from zoho_xero_sync import __version__
from zoho_xero_sync.errors import SAFE_TO_RERUN, AllowanceError, BugError, LoginError, RemoteError
from zoho_xero_sync.remote.answer import Answer, BadAnswer, Heard, NoAnswer, NotSent
from zoho_xero_sync.remote.patience import Clock, Patience, SystemClock, Verdict, verdict

__all__ = [
    "Answer",
    "Authorizer",
    "BadAnswer",
    "Clock",
    "DayAllowanceError",
    "Heard",
    "NoAnswer",
    "NotSent",
    "Pace",
    "SystemClock",
    "Transport",
    "Verdict",
    "by_status_alone",
    "verdict",
]

log = logging.getLogger(__name__)
# urllib3 logs whole URLs, queries included, at DEBUG and WARNING; this program promises never to.
logging.getLogger("urllib3").setLevel(logging.ERROR)

Params = Mapping[str, str | int]

# A 429 that asks for more than this is the day's limit, whatever it calls itself: nobody sleeps inside cron that long.
LONGEST_WAIT = 300.0
# Zoho's 429 carries neither a reason nor a Retry-After (www.zoho.com/crm/developer/docs/api/v8/api-limits.html).
# Concurrency clears within seconds; what lasts a minute is taken for spent credits.
THROTTLE_BUDGET = 60.0
LARGEST_BODY = 64 * 1024 * 1024
# A connection idle this long may already be closed at the other end; a write must not find that out.
IDLE_LIMIT = 4.0


class DayAllowanceError(AllowanceError):
    """The service allows no more calls for now; `retry_after` is in seconds, None when it did not say."""

    def __init__(self, message: str, hint: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after


class Authorizer(Protocol):
    """Puts the login on each request."""

    def headers(self) -> dict[str, str]:
        """Headers for one request; gets a token first when none lives. Raises LoginError or RemoteError."""
        ...

    def renew(self, answer: Answer) -> bool:
        """Judge a 401 or 403: True when a new token was got and the request is worth sending once more.

        Raises LoginError when the answer says what is wrong with the login; False leaves the answer to the caller.
        """
        ...


class Pace(Protocol):
    """Keeps calls inside the service's allowances."""

    def before(self) -> None:
        """Wait until a call is allowed, or raise AllowanceError."""
        ...

    def after(self, answer: Answer) -> None:
        """Learn from the answer's headers."""
        ...


def by_status_alone(answer: Answer) -> bool:
    """Never: a service that is too busy says so by status 429 and nothing else."""
    return False


@dataclass(frozen=True)
class _Call:
    method: str
    path: str
    url: str
    body: bytes | None
    headers: Mapping[str, str] = field(repr=False)
    writing: bool

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"


class Transport:
    """Requests to one service at one fixed host. Close it, or use it as a context manager.

    `calls` counts the requests that reached the wire. Never logs headers, bodies or queries; never follows redirects.
    """

    def __init__(
        self,
        service: str,
        base_url: str,
        *,
        clock: Clock,
        authorizer: Authorizer | None = None,
        pace: Pace | None = None,
        timeout: tuple[float, float] = (10.0, 60.0),
        read_budget: float = 90.0,
        random: Callable[[], float] = randomlib.random,
        throttled: Callable[[Answer], bool] = by_status_alone,
    ) -> None:
        """`timeout` is (connect, read) and `read_budget` the whole patience for one request, in seconds.

        `throttled` tells an answer that means 429 whatever its status: not processed, to be asked again later.

        Raises RemoteError when `base_url` is neither https nor http on loopback.
        """
        self.service = service
        self.calls = 0
        self.heard: Heard | None = None
        self._base = _checked_base(service, base_url)
        self._host = urlsplit(self._base).hostname or ""
        self._clock, self._authorizer, self._pace = clock, authorizer, pace
        self._timeout, self._budget, self._random = timeout, read_budget, random
        self._throttled = throttled
        self._used_at = clock.monotonic()
        self._session = _session(self._base)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def require_allowance(self) -> None:
        """Wait as before a request, or raise AllowanceError; nothing is sent."""
        if self._pace is not None:
            self._pace.before()

    def read(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request that changes nothing (or may be repeated freely), as often as its time budget allows.

        Returns the answer, also a 4xx; only 401/403 that the authorizer explains and 429 that lasts do not come back.
        Raises RemoteError when the budget is gone, AllowanceError at the day's limit, LoginError for a refused login.
        """
        extra: dict[str, str] = {}
        body = None
        if json is not None:
            body, extra = jsonlib.dumps(json).encode(), {"Content-Type": "application/json"}
        if form is not None:
            body, extra = urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
        return self._exchange(self._call(method, path, params, body, {**extra, **(headers or {})}, writing=False))

    def write(
        self,
        method: str,
        path: str,
        *,
        body: bytes,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send `body` as it is, processed at most once; returns the answer as it came, also a 5xx.

        Sent again only after 401 (with a new token) and 429, which prove that nothing was processed. Raises NotSent
        when it never reached the service and NoAnswer when the outcome is unknown; any SyncError raised here
        (AllowanceError, LoginError, RemoteError …) also means that it was not processed.
        """
        merged = {"Content-Type": "application/json", **(headers or {})}
        return self._exchange(self._call(method, path, params, body, merged, writing=True))

    def _call(
        self,
        method: str,
        path: str,
        params: Params | None,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        writing: bool,
    ) -> _Call:
        segments = path.split("/")
        if not path.startswith("/") or path.startswith("//") or ".." in segments or set(path) & set("?#\\\r\n\t"):
            raise BugError(f"A request to {self.service} was built with the impossible path {path!r}.")
        url = self._base + quote(path, safe="/%:@!$&'()*+,;=~")
        if params:
            url += "?" + urlencode({name: _text(value) for name, value in params.items()}, quote_via=quote, safe="")
        return _Call(method.upper(), path, url, body, headers, writing)

    def _exchange(self, call: _Call) -> Answer:
        patience = Patience(self._clock, self._budget, self._random)
        renewed = False
        while True:
            outcome = self._attempt(call, patience)
            if isinstance(outcome, (NotSent, NoAnswer)):
                if call.writing and isinstance(outcome, NoAnswer):
                    raise outcome
                if outcome.final or not patience.back_off():
                    raise outcome if call.writing else RemoteError(str(outcome), SAFE_TO_RERUN)
                continue
            judged = verdict(outcome.status, writing=call.writing)
            if judged is Verdict.RETURN and self._throttled(outcome):
                judged = Verdict.SLOW_DOWN
            if judged is Verdict.LOGIN and self._authorizer is not None:
                if not self._authorizer.renew(outcome):
                    return outcome
                if renewed:
                    raise LoginError(
                        f"{self.service} refuses the login even with a new token.",
                        f"Log in again: zoho-xero-sync auth {self.service.lower()}",
                    )
                renewed = True
            elif judged is Verdict.SLOW_DOWN:
                self._slow_down(outcome, patience)
            elif judged is Verdict.TRY_AGAIN:
                self._try_again(outcome, patience)
            elif judged is Verdict.REFUSE:
                raise self._refusal(outcome, call)
            else:
                return outcome

    def _attempt(self, call: _Call, patience: Patience) -> Answer | NotSent | NoAnswer:
        login = self._authorizer.headers() if self._authorizer is not None else {}
        if self._pace is not None:
            self._pace.before()
        patience.start()
        outcome = self._send(call, {**call.headers, **login})
        if isinstance(outcome, Answer) and self._pace is not None:
            self._pace.after(outcome)
        return outcome

    def _send(self, call: _Call, headers: Mapping[str, str]) -> Answer | NotSent | NoAnswer:
        request = requests.Request(call.method, call.url, headers=dict(headers), data=call.body)
        try:
            prepared = self._session.prepare_request(request)
        except (requests.RequestException, ValueError):
            prepared = None
        if prepared is None:
            raise BugError(f"A request to {self.service} could not be built: {call.label}.")
        if call.writing and self._clock.monotonic() - self._used_at > IDLE_LIMIT:
            self._session.get_adapter(self._base).close()
        started = self._clock.monotonic()
        outcome = self._transfer(prepared, call, started)
        if not isinstance(outcome, Answer):
            # Nothing is known of a connection that just failed; the next try must not inherit it.
            self._session.get_adapter(self._base).close()
        self._used_at = self._clock.monotonic()
        self.calls += not isinstance(outcome, NotSent)
        if isinstance(outcome, Answer):
            self.heard = Heard(outcome.headers, outcome.date, self._clock.now())
        self._log(call, outcome, self._used_at - started)
        return outcome

    def _transfer(self, prepared: requests.PreparedRequest, call: _Call, started: float) -> Answer | NotSent | NoAnswer:
        deadline = started + sum(self._timeout) * 2
        proxies = {} if _is_loopback(self._host) else get_environ_proxies(call.url)
        body = bytearray()
        try:
            with self._session.send(
                prepared, timeout=self._timeout, stream=True, allow_redirects=False, proxies=proxies
            ) as response:
                for chunk in response.iter_content(65536):
                    body += chunk
                    if len(body) > LARGEST_BODY or self._clock.monotonic() > deadline:
                        return NoAnswer(f"{self.service} sent an answer to {call.label} that does not end.")
                return Answer(response.status_code, response.headers, bytes(body), self.service, call.label)
        except (requests.RequestException, urllib3_errors.HTTPError, OSError) as error:
            return _failure(error, self.service, self._host, call.label)

    def _log(self, call: _Call, outcome: Answer | NotSent | NoAnswer, seconds: float) -> None:
        if isinstance(outcome, Answer):
            result, request_id = str(outcome.status), outcome.request_id or "-"
        else:
            result, request_id = type(outcome).__name__, "-"
        log.debug("%s %s: %s in %d ms, id %s", self.service, call.label, result, seconds * 1000, request_id)

    def _slow_down(self, answer: Answer, patience: Patience) -> None:
        asked = answer.retry_after(self._clock.now())
        problem = answer.headers.get("X-Rate-Limit-Problem", "").strip().lower()
        if problem == "day" or (asked is not None and asked > LONGEST_WAIT):
            raise DayAllowanceError(
                f"{self.service} allows no more calls{_for_how_long(asked)}.",
                "Nothing is lost: a run after that goes on where this one stopped.",
                retry_after=None if asked is None else int(asked),
            )
        if asked is not None:
            # Whole seconds are sent; a little more keeps us behind the edge of the window.
            going_on = patience.wait(asked + 0.1 + self._random() / 4)
        elif problem == "concurrent":
            going_on = patience.back_off(first=0.25, longest=2.0)
        else:
            going_on = patience.back_off(longest=8.0, budget=min(THROTTLE_BUDGET, self._budget))
        if not going_on:
            raise RemoteError(
                f"{self.service} still asks to slow down (429) after {patience.spent:.0f} s: its allowance of calls "
                "is used up, or other programs use it too.",
                SAFE_TO_RERUN,
            )

    def _try_again(self, answer: Answer, patience: Patience) -> None:
        asked = answer.retry_after(self._clock.now())
        going_on = patience.back_off() if asked is None else patience.wait(asked + self._random() / 4)
        if not going_on:
            raise RemoteError(
                f"{self.service} is not working: it answered {answer.request} with status {answer.status} "
                f"for {patience.spent:.0f} s.",
                SAFE_TO_RERUN,
            )

    def _refusal(self, answer: Answer, call: _Call) -> RemoteError | NoAnswer:
        target = urlsplit(answer.headers.get("Location", "")).hostname
        where = f"to {target}" if target else "elsewhere"
        sentence = f"{self._host} sent {call.label} on {where} (status {answer.status}), which is never followed."
        if call.writing:
            return NoAnswer(sentence)
        return RemoteError(
            sentence, f"Check the address of {self.service} in the configuration, and any proxy in between."
        )


def _session(base: str) -> requests.Session:
    session = requests.Session()
    # Not trust_env: requests would also let ~/.netrc replace our Authorization header. Proxies are looked up by hand.
    session.trust_env = False
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = f"zoho-xero-sync/{__version__}"
    session.headers["Accept"] = "application/json"
    return session


def _checked_base(service: str, base_url: str) -> str:
    hint = f"Correct the address of {service} in the configuration: https://host, or http on this machine only."
    try:
        parts = urlsplit(base_url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        raise RemoteError(f"The address of {service} is not a web address.", hint)
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise RemoteError(f"The address of {service} may hold a host and a path only.", hint)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise RemoteError(f"The address of {service} ({host}) is not https.", hint)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _failure(error: Exception, service: str, host: str, label: str) -> NotSent | NoAnswer:
    """Only a connection that was never made proves "not sent"; requests' class alone does not tell."""
    causes = tuple(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return NotSent(
            f"The certificate of {host} ({service}) cannot be verified: this machine's clock or its certificates "
            "are wrong, or a proxy replaces them.",
            final=True,
        )
    if isinstance(error, requests.exceptions.InvalidProxyURL):
        return NotSent("The proxy named in the environment (HTTPS_PROXY) is not a web address.", final=True)
    if isinstance(error, requests.ConnectTimeout) or any(
        isinstance(cause, urllib3_errors.NewConnectionError) for cause in causes
    ):
        return NotSent(f"{service} could not be reached: no connection to {host}.")
    return NoAnswer(f"{service} gave no complete answer to {label}: the connection broke or timed out.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and what urllib3 wrapped in it. Not `__context__`, which may hold an unrelated, earlier failure."""
    seen: list[BaseException] = [error]
    for current in seen:
        yield current
        inner = (*current.args, getattr(current, "reason", None), getattr(current, "original_error", None))
        seen.extend(cause for cause in inner if isinstance(cause, BaseException) and cause not in seen)


def _text(value: str | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _for_how_long(seconds: float | None) -> str:
    if seconds is None:
        return " today"
    hours, minutes = divmod(int(seconds) // 60, 60)
    return f" for another {hours} h {minutes} min" if hours else f" for another {minutes} min"
