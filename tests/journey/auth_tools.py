"""An office for logging in: a sandbox, a configuration, a terminal and a browser; nobody is logged in at first."""

from __future__ import annotations

import io
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

import yaml
from click.testing import CliRunner
from world_tools import CONFIG, SECRETS, DeskClock, Result, order, world

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import run
from zoho_xero_sync.sandbox import Sandbox, VirtualClock

ZOHO_CLIENT = (SECRETS["ZXS_ZOHO_CLIENT_ID"], SECRETS["ZXS_ZOHO_CLIENT_SECRET"])
XERO_CLIENT = (SECRETS["ZXS_XERO_CLIENT_ID"], SECRETS["ZXS_XERO_CLIENT_SECRET"])
# What the configuration of these tests needs, as the API console takes it.
SCOPES = (
    "ZohoCRM.coql.READ,ZohoCRM.modules.deals.READ,ZohoCRM.modules.accounts.READ,ZohoCRM.modules.contacts.READ,"
    "ZohoCRM.modules.quotes.READ,ZohoCRM.modules.products.READ,ZohoCRM.org.READ,ZohoCRM.settings.taxes.READ,"
    "ZohoCRM.settings.fields.READ,ZohoCRM.settings.layouts.READ,ZohoCRM.settings.pipeline.READ,"
    "ZohoCRM.settings.currencies.READ"
)
HOME = "Sandbox Pty Ltd"
OTHER = "Second Harbour Trading"

Page = Callable[[str], None]


@dataclass
class Office:
    """A sandbox, a configuration, a terminal, a browser: all that a login needs. Nobody is logged in at first."""

    box: Sandbox
    folder: Path
    port: int
    environ: dict[str, str] = field(default_factory=lambda: {"DISPLAY": ":0"})
    said: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    visits: list[tuple[int, str]] = field(default_factory=list)
    screen: io.StringIO = field(default_factory=io.StringIO)
    browsing: threading.Thread = field(default_factory=threading.Thread)

    def configure(self, **changes: Any) -> None:
        zoho, xero = self.box.zoho_url, self.box.xero_url
        settings = {
            **CONFIG,
            "zoho": {"data_center": "au", "accounts_url": zoho, "api_url": zoho},
            "xero": {
                "connection": self.box.world["xero"]["connection"],
                **dict.fromkeys(("identity_url", "login_url", "api_url"), xero),
            },
        }
        for key, value in changes.items():
            settings[key] = {**settings[key], **value} if isinstance(settings.get(key), dict) else value
        (self.folder / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")

    def run(
        self,
        *argv: str,
        typed: Sequence[str] | None = None,
        piped: str = "",
        page: Page | None = None,
        stop: Callable[[], None] = lambda: None,
        code: int = 0,
        tty: bool = False,
    ) -> Result:
        """One command line; `typed` is what a person at the terminal answers, `page` what the browser does."""
        out, err = io.StringIO(), io.StringIO()
        self.screen = err
        clock, asks = DeskClock(self.box.clock), typed is not None
        hands = Hands(out, err, self.environ, self.folder, clock, stop, tty, asks, open_page=page or self.nobody)
        with CliRunner().isolation(input="".join(f"{line}\n" for line in typed or (piped,))) as streams:
            exited = run(list(argv), hands)
            asked = (streams[0].getvalue() + streams[1].getvalue()).decode()
        result = Result(exited, out.getvalue(), err.getvalue() + asked)
        self.said += [result.out, err.getvalue()]
        assert exited == code, f"{' '.join(argv)} exited {exited}\n{result.out}\n{result.err}"
        assert "Traceback" not in result.err
        return result

    # ---- people ----

    def nobody(self, address: str) -> None:
        """Nobody looks at the page; an hour passes."""
        self.box.clock.advance(3600)

    def browser(self, decision: str = "allow", *, tenants: Sequence[str] | None = None) -> Page:
        """A person who opens the page, decides, and follows where it leads; time passes if it leads nowhere."""

        def act(address: str) -> None:
            try:
                back = self.decide(address, decision, tenants)
                self.visit(back) if back else self.nobody(address)
            except (OSError, AssertionError):
                self.nobody(address)
                raise

        return lambda address: threading.Thread(target=act, args=(address,), daemon=True).start()

    def decide(self, address: str, decision: str = "allow", tenants: Sequence[str] | None = None) -> str | None:
        """Where the login page sends the browser; None when it shows an error."""
        try:
            with urlopen(address, timeout=10) as answer:
                page = answer.read().decode()
        except URLError:
            return None
        target, fields, chosen = self.filled(address, page, decision, tenants)
        request = Request(target, data=urlencode([*fields, chosen]).encode())
        try:
            build_opener(_Stay).open(request, timeout=10)
        except URLError as answered:
            location = answered.headers["Location"]
            self.codes += [value for name, value in parse_qsl(urlsplit(location).query) if name == "code"]
            return str(location)
        return None

    def filled(
        self, address: str, page: str, decision: str, tenants: Sequence[str] | None = None
    ) -> tuple[str, list[tuple[str, str]], tuple[str, str]]:
        """The login page's form: where it goes, its fields with the organisations ticked, and the button pressed."""
        parts = urlsplit(address)
        fields = parse_qsl(parts.query)
        for value, name in re.findall(r'value="([^"]+)" checked>\s*([^<(\n]+)', page):
            fields += [("tenant", value)] if tenants is None or name.strip() in tenants else []
        words = {"allow": "accept", "deny": "reject"} if parts.path.startswith("/oauth") else {}
        target = f"{parts.scheme}://{parts.netloc}{parts.path}"
        return target, fields, ("decision", words.get(decision, decision))

    def visit(self, address: str) -> None:
        """The browser follows; what it saw is kept."""
        try:
            with urlopen(address, timeout=10) as answer:
                self.visits.append((answer.status, answer.read().decode()))
        except URLError as refused:
            self.visits.append((getattr(refused, "code", 0), ""))

    # ---- shortcuts ----

    def grant_code(self, scopes: str = SCOPES) -> str:
        """What the API console shows under Generate Code."""
        code = self.box.zoho.issue_grant_code(scopes.split(","))
        self.codes.append(code)
        return code

    def log_in_zoho(self, scopes: str = SCOPES, code: int = 0) -> Result:
        return self.run("auth", "zoho", typed=[*ZOHO_CLIENT, self.grant_code(scopes)], code=code)

    def log_in_xero(self, *argv: str, code: int = 0, **browser: Any) -> Result:
        connection = self.box.world["xero"]["connection"]
        typed = XERO_CLIENT[:1] if connection == "pkce" else XERO_CLIENT
        port = () if connection == "custom" else ("--port", str(self.port))
        return self.run("auth", "xero", *port, *argv, typed=typed, page=self.browser(**browser), code=code)

    def status(self, *argv: str, code: int = 0) -> dict[str, dict[str, Any]]:
        found = json.loads(self.run("auth", "status", "--json", *argv, code=code).out)
        return {login["service"]: login for login in found["logins"]}

    def secrets(self) -> dict[str, Any]:
        file = self.folder / "secrets.json"
        stored = json.loads(file.read_text("utf-8")) if file.exists() else {}
        return {name: json.loads(text) if name.endswith("_tokens") else text for name, text in stored.items()}

    def wait(self, **time: float) -> None:
        self.box.clock.advance(timedelta(**time).total_seconds())


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Let the redirect be seen."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def office_in(folder: Path, connection: str = "custom", *, running: bool = False, **xero: Any) -> Iterator[Office]:
    port = free_port()
    backs = [f"http://localhost:{port}/callback"]
    placed = world(order("old", "Closed Won"), xero={"connection": connection, **xero})
    placed["zoho"]["client"]["redirect_uris"] = placed["xero"]["client"]["redirect_uris"] = backs
    start = datetime.now(UTC) if running else datetime.fromisoformat(str(placed["clock"]))
    with Sandbox(placed, clock=VirtualClock(start, running=running)) as box:
        office = Office(box, folder, port)
        office.configure()
        yield office
        _assert_no_secret_told(office)
        assert not box.calls.writes() or {call.path.split("/")[1] for call in box.calls.writes()} == {"connections"}


def _assert_no_secret_told(office: Office) -> None:
    known = [SECRETS["ZXS_ZOHO_CLIENT_SECRET"], SECRETS["ZXS_XERO_CLIENT_SECRET"], *office.codes]
    for value in office.secrets().values():
        known += (
            [str(value[name]) for name in ("access", "refresh") if name in value] if isinstance(value, dict) else []
        )
    others = [path.read_bytes().decode("latin-1") for path in office.folder.iterdir() if path.name != "secrets.json"]
    for secret in known:
        assert not any(secret in text for text in (*office.said, *others))
