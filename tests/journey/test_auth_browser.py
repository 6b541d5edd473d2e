"""`auth` with a real browser: a headless Chromium, and whatever $BROWSER names."""

from __future__ import annotations

import html
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from auth_tools import HOME, XERO_CLIENT, ZOHO_CLIENT, Office, Page, office_in


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with office_in(tmp_path) as ready:
        yield ready


@pytest.fixture
def pkce(tmp_path: Path) -> Iterator[Office]:
    with office_in(tmp_path, "pkce") as ready:
        yield ready


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--virtual-time-budget=10000", "--dump-dom",
)  # fmt: skip


def chromium(office: Office, folder: Path, decision: str = "allow") -> Page:
    """A headless Chromium that sends the login page's own form and follows where it leads."""
    profile, form, seen = folder / "profile", folder / "person.html", folder / "seen.html"

    def act(address: str) -> None:
        try:
            with urlopen(address, timeout=10) as answer:
                page = answer.read().decode()
            target, fields, chosen = office.filled(address, page, decision)
            inputs = "".join(f'<input name="{name}" value="{html.escape(value)}">' for name, value in [*fields, chosen])
            form.write_text(
                f'<form method="post" action="{target}">{inputs}</form><script>document.forms[0].submit()</script>'
            )
            done = subprocess.run(
                [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", form.as_uri()],
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            seen.write_text(done.stdout, encoding="utf-8")
        finally:
            # Has it not come back by now, it never will.
            office.nobody(address)

    def show(address: str) -> None:
        office.browsing = threading.Thread(target=act, args=(address,))
        office.browsing.start()

    return show


def shown(office: Office, folder: Path) -> str:
    """The page that Chromium ended at."""
    office.browsing.join()
    return (folder / "seen.html").read_text(encoding="utf-8")


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the browser's own."""
    return tmp_path_factory.mktemp("browser")


needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed on this machine")


@needs_chromium
@pytest.mark.parametrize("connection", ["pkce", "web"])
def test_chromium_logs_in_to_xero(tmp_path: Path, elsewhere: Path, connection: str) -> None:
    with office_in(tmp_path, connection) as office:
        typed = XERO_CLIENT[:1] if connection == "pkce" else XERO_CLIENT
        page = chromium(office, elsewhere)
        result = office.run("auth", "xero", "--port", str(office.port), typed=typed, page=page)
        assert f"Logged in to Xero: {HOME}" in result.out
        assert "Logged in. Close this page" in shown(office, elsewhere)


@needs_chromium
def test_chromium_logs_in_to_zoho(office: Office, elsewhere: Path) -> None:
    page = chromium(office, elsewhere)
    result = office.run("auth", "zoho", "--browser", "--port", str(office.port), typed=ZOHO_CLIENT, page=page)
    assert f"Logged in to Zoho: {HOME}" in result.out
    assert "Logged in. Close this page" in shown(office, elsewhere)


@needs_chromium
def test_chromium_brings_a_refusal_back(pkce: Office, elsewhere: Path) -> None:
    page = chromium(pkce, elsewhere, "deny")
    result = pkce.run("auth", "xero", "--port", str(pkce.port), typed=XERO_CLIENT[:1], page=page, code=12)
    assert "somebody chose not to allow it" in result.err
    assert "The login was refused. Close this page" in shown(pkce, elsewhere)


def test_the_program_itself_opens_the_browser_that_is_set(tmp_path: Path, elsewhere: Path) -> None:
    """As a process of its own, under the machine's clock, with $BROWSER."""
    with office_in(tmp_path, "pkce", running=True) as office:
        note = elsewhere / "address"
        script = elsewhere / "person.py"
        script.write_text(f"import sys, pathlib; pathlib.Path({str(note)!r}).write_text(sys.argv[1])\n")
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "BROWSER": f"{sys.executable} {script} %s",
            "ZXS_XERO_CLIENT_ID": XERO_CLIENT[0],
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "zoho_xero_sync", "auth", "xero", "--port", str(office.port), "--timeout", "60"],
            cwd=tmp_path, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        pause = threading.Event()
        for _ in range(300):
            if process.poll() is not None or (note.exists() and note.read_text()):
                break
            pause.wait(0.1)
        if process.poll() is None:
            office.visit(str(office.decide(note.read_text())))
        out, err = process.communicate(timeout=60)
        office.said += [out, err]
        assert (process.returncode, out.startswith(f"Logged in to Xero: {HOME}")) == (0, True), err
