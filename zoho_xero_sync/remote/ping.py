"""A dead-man's switch: one request per event to the address its owner was given."""

from __future__ import annotations

from urllib.parse import urlsplit

from zoho_xero_sync.remote.http import Clock, Transport

# Connecting and waiting share five seconds: no run is to wait for its watcher.
_TIMEOUT = (2.5, 2.5)


def send_ping(address: str, event: str, text: str, clock: Clock) -> None:
    """POST `text` to `address`, or to `event` below it: the convention of healthchecks.io ("Pinging API", Start, Fail).

    Tried once. Raises RemoteError, NotSent or NoAnswer when it was not taken; their sentences may hold the address.
    """
    parts = urlsplit(address)
    path = f"{parts.path}/{event}" if event else parts.path or "/"
    with Transport(
        "The watcher", f"{parts.scheme}://{parts.netloc}", clock=clock, timeout=_TIMEOUT, read_budget=0.0
    ) as transport:
        answer = transport.write(
            "POST", path, body=text.encode(), headers={"Content-Type": "text/plain; charset=utf-8"}
        )
    if not 200 <= answer.status < 300:
        raise RefusedPing(f"The watcher answered the ping with status {answer.status}.")


class RefusedPing(Exception):
    """The address answered, but did not take the ping."""
