"""A dead-man's switch: one request per event to the address its owner was given."""

from __future__ import annotations

from urllib.parse import urlsplit

from zoho_xero_sync.errors import RemoteError
from zoho_xero_sync.remote.http import Clock, NoAnswer, NotSent, Transport

# Connecting and waiting share five seconds: no run is to wait for its watcher.
_TIMEOUT = (2.5, 2.5)


def send_ping(address: str, event: str, text: str, clock: Clock) -> None:
    """POST `text` to `address`, or to `event` below it, as healthchecks.io has it (healthchecks.io/docs/http_api).

    Tried once. Raises RemoteError when it was not taken; its sentence may hold the address's path.
    """
    parts = urlsplit(address)
    path = f"{parts.path}/{event}" if event else parts.path or "/"
    base = f"{parts.scheme}://{parts.netloc}"
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    try:
        with Transport("The watcher", base, clock=clock, timeout=_TIMEOUT, read_budget=0.0) as transport:
            answer = transport.write("POST", path, body=text.encode(), headers=headers)
    except (NotSent, NoAnswer) as error:
        raise RemoteError(str(error)) from None
    if not 200 <= answer.status < 300:
        raise RemoteError(f"The watcher answered with status {answer.status}.")
