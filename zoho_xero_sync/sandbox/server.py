"""Both services on two loopback ports over real HTTP, with every call counted and every fault played."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from io import BytesIO
from types import TracebackType
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

from .calls import Call, CallLog, kind_of_unserved
from .clock import VirtualClock
from .faults import CHANGES, Answer, Cut, FaultScript, play
from .page import create_control_app
from .world import fill_world

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .xero.state import XeroState
    from .zoho.state import ZohoState

_KIND_HEADER = "x-sandbox-kind"
_LARGEST_BODY = 32 * 1024 * 1024
_BACKLOG = 128
# Pieces in which a dripping answer leaves.
_PIECES = 16
_NO_BODY = frozenset({204, 304})


class Sandbox:
    """Both services, running from `start` to `stop` (or inside a `with`), on loopback only.

    `world` is a dict as `load_world` or `generate_world` return it; missing parts get defaults. `clock` overrides the
    world's own. A port of 0 takes a free one, and keeps it when the sandbox is started again. State survives a stop.
    Raises ValueError for a world with mistakes or a host that is not loopback, OSError for a port that is taken.
    """

    zoho: ZohoState
    xero: XeroState

    def __init__(
        self,
        world: Mapping[str, Any],
        *,
        clock: VirtualClock | None = None,
        host: str = "127.0.0.1",
        zoho_port: int = 0,
        xero_port: int = 0,
    ) -> None:
        from .xero.app import create_app as create_xero
        from .xero.state import XeroState
        from .zoho.app import create_app as create_zoho
        from .zoho.state import ZohoState

        if not _is_loopback(host):
            raise ValueError(f"The sandbox listens on loopback only, not on {host}. Use 127.0.0.1.")
        self._host = host
        self._ports = {"zoho": zoho_port, "xero": xero_port}
        self._servers: dict[str, _Server] = {}
        self.world = fill_world(world)
        self.clock = clock or VirtualClock(_start(self.world))
        self.calls = CallLog()
        self.faults = FaultScript()
        self.zoho = ZohoState.from_world(self.world, self.clock)
        self.xero = XeroState.from_world(self.world, self.clock)
        control = create_control_app(self)
        self._apps: dict[str, WSGIApplication] = {
            "zoho": Gate("zoho", create_zoho(self.zoho), control, self),
            "xero": Gate("xero", create_xero(self.xero), control, self),
        }

    @property
    def zoho_url(self) -> str:
        """Base URL of the Zoho accounts server and API, without a trailing slash."""
        return self._url("zoho")

    @property
    def xero_url(self) -> str:
        """Base URL of the Xero identity server and API, without a trailing slash."""
        return self._url("xero")

    def start(self) -> Sandbox:
        """Bind both ports and answer in background threads; does nothing when already running."""
        if self._servers:
            return self
        try:
            for service, app in self._apps.items():
                server = _Server.listening(self._host, self._ports[service], app)
                self._servers[service] = server
                self._ports[service] = server.port
                server.run()
        except OSError:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Close both ports and every open connection; returns when the last request has ended."""
        while self._servers:
            _, server = self._servers.popitem()
            server.stop()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _url(self, service: str) -> str:
        port = self._ports[service]
        if not port:
            raise RuntimeError("The sandbox has no address before it is started.")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{port}"


class Gate:
    """WSGI middleware in front of one service: control routes pass by, all else is counted and may meet a fault."""

    def __init__(self, service: str, app: WSGIApplication, control: WSGIApplication, sandbox: Sandbox) -> None:
        self._service = service
        self._app = app
        self._control = control
        self._sandbox = sandbox

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", "/"))
        if path in ("", "/", "/_sandbox") or path.startswith("/_sandbox/"):
            return self._control(environ, start_response)
        sandbox = self._sandbox
        method = str(environ["REQUEST_METHOD"])
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = BytesIO(body)
        fault = sandbox.faults.take(self._service, method, path, body.decode(errors="replace"))
        if fault is not None and fault.kind in CHANGES:
            _change(sandbox, self._service, fault.kind)
        played = play(fault, self._service, lambda: _ask(self._app, environ), sandbox.clock)
        sandbox.calls.record(
            Call(
                service=self._service,
                kind=_kind(played.served, path),
                method=method,
                path=path,
                status=played.sent.status if played.served is None else played.served.status,
                at=sandbox.clock.now(),
                fault=fault.kind if fault else None,
            )
        )
        return self._send(played.sent, played.cut, environ, start_response)

    def _send(
        self, answer: Answer, cut: Cut, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if cut is Cut.ALL:
            with contextlib.suppress(OSError):
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            start_response("500 Cut", [])
            return []
        headers = [header for header in answer.headers if header[0].lower() not in (_KIND_HEADER, "content-length")]
        if not any(name.lower() == "date" for name, _ in headers):
            headers.append(("Date", format_datetime(self._sandbox.clock.now(), usegmt=True)))
        if answer.status not in _NO_BODY:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(f"{answer.status} {_phrase(answer.status)}", headers)
        if cut is Cut.PIECES:
            size = -(-len(answer.body) // _PIECES) or 1
            return [answer.body[start : start + size] for start in range(0, len(answer.body), size)]
        return [answer.body[: len(answer.body) // 2] if cut is Cut.HALF else answer.body]


class _Handler(WSGIRequestHandler):
    """Serves one connection with HTTP/1.1 keep-alive, which werkzeug's own handler always ends after one answer.

    The request body is read completely before the application runs, so the next request line is where it should be;
    head and body leave in one packet, so no client waits for a delayed acknowledgement.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        body = self._request_body(environ)
        if body is None:
            self.close_connection = True
            self._write("413 Content Too Large", [("Content-Length", "0"), ("Connection", "close")])
            return
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        chunks, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        self._write(status, list(headers), *chunks)

    def _request_body(self, environ: WSGIEnvironment) -> bytes | None:
        if environ.get("wsgi.input_terminated"):
            body: bytes = environ["wsgi.input"].read(_LARGEST_BODY + 1)
            return body if len(body) <= _LARGEST_BODY else None
        text = environ.get("CONTENT_LENGTH") or "0"
        if not text.isdecimal() or int(text) > _LARGEST_BODY:
            return None
        return self.rfile.read(int(text))

    def _write(self, status: str, headers: list[tuple[str, str]], *chunks: bytes) -> None:
        """Send head and first chunk in one packet, every further chunk in one of its own."""
        length = sum(map(len, chunks))
        declared = {name.lower(): value for name, value in headers}.get("content-length")
        if declared is None and int(status[:3]) not in _NO_BODY:
            headers = [*headers, ("Content-Length", str(length))]
        if declared is not None and self.command != "HEAD" and int(declared) != length:
            self.close_connection = True
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        first, *rest = chunks if chunks and self.command != "HEAD" else (b"",)
        try:
            self.wfile.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + first)
            for chunk in rest:
                self.wfile.write(chunk)
        except ConnectionError:
            self.close_connection = True

    def log(self, type: str, message: str, *args: object) -> None:
        """Keep quiet: the call log is where requests are read."""


class _Server(ThreadedWSGIServer):
    """A threaded server that knows its open connections, so that stopping it leaves no thread and no socket behind."""

    _loop: threading.Thread

    def __init__(self, host: str, app: WSGIApplication, listener: socket.socket) -> None:
        self._changed = threading.Condition()
        self._open: set[socket.socket] = set()
        super().__init__(host, listener.getsockname()[1], app, handler=_Handler, fd=listener.fileno())

    @classmethod
    def listening(cls, host: str, port: int, app: WSGIApplication) -> _Server:
        """Bind and listen. Raises OSError when the port is taken (werkzeug itself would end the process)."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family, backlog=_BACKLOG) as listener:
            return cls(host, app, listener)

    def run(self) -> None:
        """Answer requests in a daemon thread until `stop`."""
        self._loop = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._loop.start()

    def stop(self) -> None:
        """Stop accepting, cut what is open, wait for the handlers, close the port."""
        # Wakes the loop where the system can, which else sleeps to the end of its interval.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.shutdown()
        with self._changed:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._open, timeout=5)
        self._loop.join()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()


def _change(sandbox: Sandbox, service: str, kind: str) -> None:
    """Do to a service what a fault of `CHANGES` stands for."""
    if service == "xero" and kind == "token_expired":
        with sandbox.xero.lock:
            sandbox.xero.tokens.expire_access_tokens()
    elif service == "xero":
        with sandbox.xero.lock:
            sandbox.xero.tokens.lapse()
            sandbox.xero.disconnect_all()
    else:
        with sandbox.zoho.lock:
            book = sandbox.zoho.oauth
            (book.expire_access_tokens if kind == "token_expired" else book.revoke_everything)()


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _ask(app: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    chunks, status, headers = run_wsgi_app(app, environ, buffered=True)
    return Answer(int(status[:3]), tuple((name, value) for name, value in headers), b"".join(chunks))


def _kind(served: Answer | None, path: str) -> str:
    if served is None:
        return kind_of_unserved(path)
    return next((value for name, value in served.headers if name.lower() == _KIND_HEADER), "other")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _start(world: Mapping[str, Any]) -> datetime | None:
    written = world.get("clock")
    return datetime.fromisoformat(str(written)) if written is not None else None
