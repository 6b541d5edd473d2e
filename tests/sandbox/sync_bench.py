"""This program, in process, on a sandbox: shared by the tests that watch what goes over the wire."""

from __future__ import annotations

import time
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openapi import Exchange

from zoho_xero_sync.app import App
from zoho_xero_sync.config import load_config
from zoho_xero_sync.core.report import Report
from zoho_xero_sync.engine.ports import Options
from zoho_xero_sync.sandbox import Sandbox, VirtualClock, server

CONFIG = """version: 1
zoho: {{data_center: au, accounts_url: "{zoho}", api_url: "{zoho}"}}
xero: {{connection: custom, identity_url: "{xero}", login_url: "{xero}", api_url: "{xero}"}}
secrets: {{store: env}}
stages:
  - {{stage: Confirmed, invoice: draft}}
  - {{stage: Closed Won, invoice: authorised}}
when: {{leaves_stages: void}}
invoice: {{tax: {{GST: OUTPUT, "GST Free": EXEMPTOUTPUT}}, tax_default: EXEMPTOUTPUT}}
"""


class _Clock:
    """The sandbox's time; sleeping moves it on."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._slept = 0.0

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return time.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        self._slept += seconds
        self._clock.advance(seconds)


class Program:
    """This program, in process, on a sandbox."""

    def __init__(self, box: Sandbox, folder: Path) -> None:
        file = folder / "config.yaml"
        file.write_text(CONFIG.format(zoho=box.zoho_url, xero=box.xero_url))
        zoho, xero = box.world["zoho"]["client"], box.world["xero"]["client"]
        environ = {
            "ZXS_ZOHO_CLIENT_ID": zoho["id"],
            "ZXS_ZOHO_CLIENT_SECRET": zoho["secret"],
            "ZXS_ZOHO_REFRESH_TOKEN": zoho["refresh_token"],
            "ZXS_XERO_CLIENT_ID": xero["id"],
            "ZXS_XERO_CLIENT_SECRET": xero["secret"],
        }
        self._app = App(load_config(file, environ=environ, cwd=folder), environ, clock=_Clock(box.clock))

    def sync(self, **options: Any) -> Report:
        return self._app.sync(Options(**options))


def recorded(monkeypatch: pytest.MonkeyPatch, service: str) -> list[Exchange]:
    """What goes over the wire to and from `service` ("zoho" or "xero") of every sandbox, from now on."""
    seen: list[Exchange] = []
    real = server.Gate.__call__

    def recording(gate: Any, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = BytesIO(body)
        told: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            told.extend((status, headers))
            return start_response(status, headers, *rest)

        answer = b"".join(real(gate, environ, start))
        headers = {name[5:].replace("_", "-").lower(): text for name, text in environ.items() if name[:5] == "HTTP_"}
        headers["content-type"] = environ.get("CONTENT_TYPE", "")
        if gate._service == service:
            mime = next((text for name, text in told[1] if name.lower() == "content-type"), "")
            query, path = environ.get("QUERY_STRING", ""), environ["PATH_INFO"]
            status = int(told[0][:3])
            seen.append(Exchange(environ["REQUEST_METHOD"], path, query, headers, body, status, mime, answer))
        return [answer]

    monkeypatch.setattr(server.Gate, "__call__", recording)
    return seen
