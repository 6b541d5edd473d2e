"""The way back from a service's login page: an address on this machine that takes one answer, or the pasted address.

The browser is sent to http://localhost:PORT/callback, which must be registered to the letter with the service
(developer.xero.com/documentation/guides/oauth2/auth-flow: http is allowed for localhost only, 127.0.0.1 is refused).
"""

from __future__ import annotations

import hmac
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from zoho_xero_sync.errors import LoginError, UsageError
from zoho_xero_sync.remote.patience import Clock

PORT = 8742
PATH = "/callback"
_HOST = "127.0.0.1"
# Seconds between two looks at the clock and at signals.
_TICK = 0.1
# Seconds a connection may keep silent; browsers open some and never use them.
_SILENCE = 1.0
_LONGEST = 8192
_PARAMETER = re.compile(r"[\x21-\x7e]{1,4096}")
_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>zoho-xero-sync</title></head>'
    '<body style="font:16px/1.5 system-ui,sans-serif;margin:4rem auto;max-width:34rem"><p>{}</p></body></html>\n'
)


@dataclass(frozen=True, slots=True)
class Returned:
    """What a login page sent the browser back with: a `code`, or the `error` it refused with.

    `accounts_server` and `location` are Zoho's; None when they were not there.
    """

    code: str | None = field(repr=False)
    error: str | None
    accounts_server: str | None = None
    location: str | None = None


class StrangeReturnError(ValueError):
    """An address that is not the way back from this login; says why in one sentence."""


def redirect_uri(port: int) -> str:
    """The address to register with the service, for this port."""
    return f"http://localhost:{port}{PATH}"


def read_returned(address: str, state: str) -> Returned:
    """What the address (whole, or from its path on) says. Raises StrangeReturnError when it is not this login's."""
    try:
        parts = urlsplit(address.strip())
        given = parse_qs(parts.query, max_num_fields=40)
    except ValueError:
        raise StrangeReturnError("That is not a web address.") from None
    if parts.path != PATH or (parts.hostname or "localhost") not in ("localhost", _HOST):
        raise StrangeReturnError(
            "That is not the address the browser was sent back to: it begins with http://localhost"
        )
    found = {name: _only(given, name) for name in ("code", "error", "state", "accounts-server", "location")}
    if not (found["code"] or found["error"]):
        raise StrangeReturnError("That address carries neither a code nor an error: copy it to its end.")
    ours = hmac.compare_digest((found["state"] or "").encode(), state.encode())
    # A refusal may come without the state; forging one only ends the attempt.
    if not ours and (found["code"] or found["state"]):
        raise StrangeReturnError("That address belongs to another login than the one that waits here.")
    return Returned(
        None if found["error"] else found["code"], found["error"], found["accounts-server"], found["location"]
    )


def _only(given: Mapping[str, list[str]], name: str) -> str | None:
    values = given.get(name, [])
    return values[0] if len(values) == 1 and _PARAMETER.fullmatch(values[0].replace(" ", "_")) else None


class Listener:
    """Listens on this machine for the browser that comes back. Use as a context manager.

    Anything that is not this login's way back is refused and waited past, so that no other page can end the login.
    """

    def __init__(self, port: int, state: str) -> None:
        """Raises UsageError when the port is taken."""
        self._state = state
        try:
            self._server = _Server((_HOST, port), _Handler)
        except OSError as error:
            reason = error.strerror or "it is refused"
        else:
            self._server.state = state
            self._server.timeout = _TICK
            return
        raise UsageError(
            f"Port {port} on this machine cannot be listened on: {reason[0].lower()}{reason[1:]}.",
            "End the program that uses it, or log in with --paste, which needs no port.",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server_close()

    def wait(self, until: float, clock: Clock, check_stop: Callable[[], None]) -> Returned | None:
        """What the browser came back with, or None when it did not before `until` on the monotonic clock.

        `check_stop` is asked ten times a second and may raise.
        """
        while self._server.returned is None and clock.monotonic() < until:
            check_stop()
            self._server.handle_request()
        return self._server.returned


class _Server(HTTPServer):
    # Another login a moment ago leaves its connections behind.
    allow_reuse_address = True
    state = ""
    returned: Returned | None = None

    def server_bind(self) -> None:
        """Bind without asking a name server for this machine's name, as the base class does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "localhost", self.socket.getsockname()[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no trouble of ours."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _SILENCE
    # No version of anything is told.
    server_version, sys_version = "zoho-xero-sync", ""

    def do_GET(self) -> None:
        """Take the way back; everything else is not found or refused."""
        if urlsplit(self.path).path != PATH or len(self.path) > _LONGEST:
            self._answer(404, "There is nothing here.")
            return
        try:
            returned = read_returned(self.path, self.server.state)
        except StrangeReturnError:
            self._answer(400, "This is not the login that zoho-xero-sync waits for. Go on in the terminal.")
            return
        done = "Logged in" if returned.code else "The login was refused"
        self._answer(200, f"{done}. Close this page and go on in the terminal.")
        self.server.returned = returned

    def _answer(self, status: int, sentence: str) -> None:
        body = _PAGE.format(sentence).encode()
        self.send_response(status)
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "Referrer-Policy": "no-referrer",
            "Connection": "close",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the address carries the code."""


def refusal(service: str, returned: Returned) -> LoginError:
    """The error for a login page that refused, in words."""
    again = f"zoho-xero-sync auth {service.lower()}"
    if returned.error == "access_denied":
        return LoginError(
            f"The login was refused on {service}'s page: somebody chose not to allow it.",
            f"Log in again and allow what is asked for: {again}",
        )
    word = returned.error if returned.error and re.fullmatch(r"[A-Za-z_]{1,40}", returned.error) else "unknown error"
    return LoginError(f"{service}'s login page refused ({word}).", f"Log in again: {again}")
