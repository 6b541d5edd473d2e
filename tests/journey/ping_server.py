"""Somebody who is pinged: a real server on loopback that notes what it was told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "canary-ping-token-3f9a"


@dataclass
class Watcher:
    """`told` are the paths below the check's own and the bodies, in order; `heard` is set when one was told."""

    url: str = ""
    status: int = 200
    told: list[tuple[str, str]] = field(default_factory=list)
    heard: threading.Event = field(default_factory=threading.Event)

    @property
    def events(self) -> list[str]:
        """What was told, without the bodies."""
        return [event for event, _ in self.told]


@contextmanager
def ping_server() -> Iterator[Watcher]:
    """A watcher at `url` until the block ends."""
    watcher = Watcher()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            watcher.told.append((self.path.removeprefix(f"/{TOKEN}"), body))
            self.send_response(watcher.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            if self.path == f"/{TOKEN}":
                watcher.heard.set()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        watcher.url = f"http://127.0.0.1:{server.server_port}/{TOKEN}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield watcher
        finally:
            server.shutdown()
            thread.join()
