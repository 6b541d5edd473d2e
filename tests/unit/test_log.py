"""Log lines: where they go, how they look, and what may never be in them."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoho_xero_sync import log
from zoho_xero_sync.errors import UsageError

LOGGER = logging.getLogger("zoho_xero_sync.engine.run")
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (\w+) (\S+) (\S+): (.*)")
CANARY = "Canary/secret+value=1 é\"'\\%"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(log, "_secrets", log._Secrets())
    yield
    log.shutdown()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def say_all() -> None:
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        LOGGER.log(level, "said")


def heard_by_us_alone(record: logging.LogRecord) -> None:
    """Past pytest's own handler, which shares the record and would fail on it or write to it."""
    for handler in log._installed:
        handler.handle(record)


@pytest.mark.parametrize(
    ("verbosity", "levels", "in_file"),
    [
        (-1, ["error"], ["info", "warning", "error"]),
        (0, ["warning", "error"], ["info", "warning", "error"]),
        (1, ["info", "warning", "error"], ["info", "warning", "error"]),
        (2, ["debug", "info", "warning", "error"], ["debug", "info", "warning", "error"]),
        (9, ["debug", "info", "warning", "error"], ["debug", "info", "warning", "error"]),
    ],
)
def test_verbosity(tmp_path: Path, stream: io.StringIO, verbosity: int, levels: list[str], in_file: list[str]) -> None:
    log.configure(verbosity, tmp_path / "sync.log", "run1", stream)
    say_all()
    written = (tmp_path / "sync.log").read_text("utf-8")
    assert [match[1] for match in LINE.finditer(stream.getvalue())] == levels
    assert [match[1] for match in LINE.finditer(written)] == in_file


def test_a_line_has_time_level_run_and_origin(stream: io.StringIO) -> None:
    log.configure(0, None, "run1", stream)
    LOGGER.handle(LOGGER.makeRecord(LOGGER.name, logging.WARNING, "f", 1, "%s of %d", ("one", 2), None))
    record = LOGGER.makeRecord(LOGGER.name, logging.ERROR, "f", 1, "fixed", (), None)
    record.created = 1_767_225_600.5
    LOGGER.handle(record)
    first, second = stream.getvalue().splitlines()
    assert LINE.fullmatch(first) is not None
    assert first.endswith(" warning run1 engine.run: one of 2")
    assert second == "2026-01-01T00:00:00.500Z error run1 engine.run: fixed"


def test_times_are_utc_wherever_the_machine_is(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        log.configure(0, None, "run1", stream)
        record = LOGGER.makeRecord(LOGGER.name, logging.ERROR, "f", 1, "x", (), None)
        record.created = 1_767_225_600.0
        LOGGER.handle(record)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert stream.getvalue().startswith("2026-01-01T00:00:00.000Z ")


def test_other_libraries_are_heard_from_warnings_on(stream: io.StringIO) -> None:
    log.configure(2, None, "run1", stream)
    logging.getLogger("otherlib.pool").debug("GET /?token=x")
    logging.getLogger("otherlib.pool").warning("retrying /?token=abcdef")
    assert stream.getvalue().endswith(" warning run1 otherlib.pool: retrying /?token=***\n")
    assert stream.getvalue().count("\n") == 1


def test_a_message_cannot_forge_a_line(stream: io.StringIO) -> None:
    log.configure(0, None, "run1", stream)
    LOGGER.warning("deal %s", "A\n2026-01-01T00:00:00.000Z error\r\x1b[31m\u2028 é")
    assert stream.getvalue().count("\n") == 1
    assert r"A\n2026-01-01T00:00:00.000Z error\r\x1b[31m\u2028 é" in stream.getvalue()


def test_a_message_that_does_not_fit_its_values_is_still_told(stream: io.StringIO) -> None:
    log.configure(0, None, "run1", stream)
    heard_by_us_alone(LOGGER.makeRecord(LOGGER.name, logging.WARNING, "f", 1, "%d deals", ("many",), None))
    assert "%d deals (its values do not fit it)" in stream.getvalue()


def test_configure_again_replaces_the_set_up(tmp_path: Path, stream: io.StringIO) -> None:
    before = list(logging.getLogger().handlers)
    log.configure(0, tmp_path / "a.log", "run1", stream)
    later = io.StringIO()
    log.configure(0, None, "run2", later)
    LOGGER.warning("once")
    assert stream.getvalue() == ""
    assert (tmp_path / "a.log").read_text("utf-8") == ""
    assert later.getvalue().count(" run2 ") == 1
    log.shutdown()
    assert logging.getLogger().handlers == before


def test_a_stream_that_is_gone_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    log.configure(0, None, "run1", Gone())
    LOGGER.warning("x")
    assert capsys.readouterr() == ("", "")


# ---- The file ----


def test_the_file_is_private_from_its_creation(tmp_path: Path, stream: io.StringIO) -> None:
    file = tmp_path / "sync.log"
    before = os.umask(0)
    try:
        log.configure(0, file, "run1", stream)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    LOGGER.warning("one")
    log.configure(0, file, "run2", stream)
    LOGGER.warning("two")
    assert [match[2] for match in LINE.finditer(file.read_text("utf-8"))] == ["run1", "run2"]


def test_a_file_that_logrotate_moved_is_opened_again(tmp_path: Path, stream: io.StringIO) -> None:
    file = tmp_path / "sync.log"
    log.configure(0, file, "run1", stream)
    LOGGER.warning("one")
    file.rename(tmp_path / "sync.log.1")
    LOGGER.warning("two")
    assert "two" in file.read_text("utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["missing/sync.log", "directory", "link", "nul\0"])
def test_a_file_that_cannot_be_opened_is_wrong_usage(tmp_path: Path, stream: io.StringIO, name: str) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "target").touch()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(UsageError, match=r"^The log file .* cannot be opened: ") as caught:
        log.configure(0, tmp_path / name, "run1", stream)
    assert caught.value.hint == "Name a file in a directory this user may write to."


def test_a_full_disk_is_told_once(
    tmp_path: Path, stream: io.StringIO, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log.configure(0, tmp_path / "sync.log", "run1", stream)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log._FileHandler, "flush", full)
    LOGGER.warning("one")
    LOGGER.warning("two")
    log.shutdown()
    assert capsys.readouterr().err == f"zoho-xero-sync: the log file {tmp_path}/sync.log cannot be written.\n"


# ---- Secrets ----


def spellings(secret: str) -> set[str]:
    in_code = {json.dumps(secret)[1:-1], repr(secret)[1:-1], repr(secret.encode())[2:-1]}
    return {secret, quote(secret, safe=""), quote_plus(secret)} | in_code


def test_a_registered_secret_is_in_no_line(tmp_path: Path, stream: io.StringIO) -> None:
    log.register_secret(CANARY)
    log.configure(2, tmp_path / "sync.log", "run1", stream)
    LOGGER.debug("plain %s", CANARY)
    LOGGER.info("in a value %r", {"x": CANARY})
    LOGGER.warning(f"in json {json.dumps([CANARY])} and in a path /a?b={quote_plus(CANARY)}")
    LOGGER.warning("bytes %r", CANARY.encode())
    try:
        raise ValueError(f"the answer was {CANARY}") from KeyError(CANARY)
    except ValueError:
        LOGGER.exception("failed with %s", CANARY, stack_info=True)
    for text in (stream.getvalue(), (tmp_path / "sync.log").read_text("utf-8")):
        assert text.count("Traceback") == 1
        assert text.count("ValueError: the answer was ***") == 1
        assert not [spelling for spelling in spellings(CANARY) if spelling in text]


def test_the_record_itself_keeps_no_trace_for_others(stream: io.StringIO) -> None:
    log.configure(0, None, "run1", stream)
    try:
        raise ValueError("x")
    except ValueError as error:
        record = LOGGER.makeRecord(LOGGER.name, logging.ERROR, "f", 1, "m", (), (type(error), error, None))
    heard_by_us_alone(record)
    assert record.exc_text is None
    assert "ValueError: x" in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Authorization: Bearer abc.def-123", "Authorization: ***"),
        ("{'Authorization': 'Zoho-oauthtoken 1000.aa.bb', 'Accept': 'x'}", "{'Authorization': '***', 'Accept': 'x'}"),
        ('{"authorization":"Basic dXNlcjpwYXNz"}', '{"authorization":"***"}'),
        ("sent Bearer abcdefgh12345678==", "sent Bearer ***"),
        ("POST /token?client_secret=abc&refresh_token=def&x=1", "POST /token?client_secret=***&refresh_token=***&x=1"),
        ('{"access_token": "abc", "expires_in": 3600}', '{"access_token": "***", "expires_in": 3600}'),
        ("{'refresh_token': 'abc'}", "{'refresh_token': '***'}"),
        ("GET /callback?code=abc&state=xyz&scope=a", "GET /callback?code=***&state=***&scope=a"),
        ("password=abc", "password=***"),
        ("https://me:abc@example.com/x", "https://***@example.com/x"),
        (f"it was 1000.{'a1' * 16}.{'b2' * 16}.", "it was ***."),
        ("it was eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOjF9.c2ln", "it was ***"),
    ],
)
def test_what_looks_like_a_credential_is_masked(text: str, redacted: str) -> None:
    assert log.redact(text) == redacted
    assert log.redact(redacted) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "deal 5725767000000123456: the basic plan is AUTHORISED",
        "1 token minted, status code: 200",
        "GET /api.xro/2.0/Invoices 200 131 ms",
        "https://crm.zoho.com/crm/tab/Potentials/5725767000000123456",
        "the total is 1000.25",
    ],
)
def test_plain_talk_is_left_alone(text: str) -> None:
    assert log.redact(text) == text


def test_a_blank_secret_masks_nothing() -> None:
    log.register_secret("")
    log.register_secret("  ")
    assert log.redact("a  b") == "a  b"


@given(
    st.lists(st.text(alphabet=st.characters(exclude_characters="*", exclude_categories=["Cs"]), min_size=4)),
    st.text(),
    st.text(),
)
def test_no_text_keeps_a_registered_secret(secrets: list[str], before: str, after: str) -> None:
    known = log._Secrets()
    for secret in secrets:
        known.add(secret)
    for secret in secrets:
        masked = known.mask(before + secret + after)
        assert not secret.strip() or not any(secret in piece for piece in masked.split(log.MASK))


def test_json_lines(stream: io.StringIO) -> None:
    log.register_secret(CANARY)
    log.configure(0, None, "run1", stream, as_json=True)
    LOGGER.warning('a "quoted"\nname, %s, token=abc"', CANARY)
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        LOGGER.error("broke", exc_info=error)
    said, broke = (json.loads(line) for line in stream.getvalue().splitlines())
    assert list(said) == ["at", "level", "run", "logger", "message"]
    assert (said["level"], said["run"], said["logger"]) == ("warning", "run1", "engine.run")
    assert said["message"] == 'a "quoted"\nname, ***, token=***"'
    assert broke["trace"].endswith("ValueError: ***")


def test_old_secrets_are_forgotten_and_those_in_use_are_not() -> None:
    log.register_secret(CANARY)
    for number in range(3 * log._SECRETS_KEPT):
        log.register_secret(f"token-number-{number}-of-many")
        log.register_secret(CANARY)
    assert log.redact(f"x {CANARY} y") == "x *** y"
    assert log.redact(f"token-number-{number}-of-many") == "***"
    assert len(log._secrets._spellings) == log._SECRETS_KEPT
